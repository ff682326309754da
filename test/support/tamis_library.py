"""The library of the build under test in Python, by its C interface alone: tables in as Arrow
streams, kept records out as one. For tests that hold it against pyarrow, pandas and polars."""

import ctypes
import json
import os
import subprocess
import unittest

from build_program import ROOT, make_variable

import pyarrow as pa

OK, FINDINGS, USAGE, INPUT, CANCELLED, INTERNAL = range(6)
RECORDS, PARTS = range(2)


class Stream(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in
                ("get_schema", "get_next", "get_last_error", "release", "private_data")]


class InputTable(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("stream", ctypes.POINTER(Stream))]


class Options(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_size_t), ("recipe", ctypes.c_char_p),
                ("recipe_name", ctypes.c_char_p), ("recipe_file", ctypes.c_char_p),
                ("op", ctypes.c_char_p), ("params", ctypes.POINTER(ctypes.c_char_p)),
                ("settings", ctypes.POINTER(ctypes.c_char_p)),
                ("inputs", ctypes.POINTER(ctypes.c_char_p)), ("folder", ctypes.c_char_p),
                ("file", ctypes.c_char_p), ("threads", ctypes.c_uint), ("overwrite", ctypes.c_int),
                ("no_resume", ctypes.c_int), ("tables", ctypes.POINTER(InputTable))]


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("line", ctypes.c_uint64), ("column", ctypes.c_uint64),
                ("code", ctypes.c_char * 8), ("source", ctypes.c_char * 256),
                ("message", ctypes.c_char * 768)]


class Failed(Exception):
    def __init__(self, error):
        super().__init__(error.message.decode())
        self.status, self.line = error.status, error.line
        self.source, self.code = error.source.decode(), error.code.decode()


def texts(values):
    if values is None:
        return None
    return (ctypes.c_char_p * (len(values) + 1))(*[v.encode() for v in values], None)


def load(folder):
    """The shared library, linked from the archive of the build under test."""
    out = os.path.abspath(os.environ.get("TAMIS_BUILD", os.path.join(ROOT, "build/release")))
    build, variant = os.path.split(out)
    if variant not in ("release", "clang", "debug"):
        raise unittest.SkipTest("a library with sanitizers cannot be loaded into Python")
    target = os.path.join(folder, "libtamis.so")
    libraries = make_variable(variant, build, "DEP_LIBS")
    subprocess.run("cc -shared -o %s -Wl,--whole-archive %s/libtamis.a -Wl,--no-whole-archive %s "
                   "-lm -pthread" % (target, out, libraries), shell=True, check=True)
    library = ctypes.CDLL(target)
    library.tamis_open.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(Options),
                                   ctypes.POINTER(Error)]
    library.tamis_run.argtypes = [ctypes.c_void_p, ctypes.POINTER(Error)]
    library.tamis_stream.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Stream),
                                     ctypes.POINTER(Error)]
    library.tamis_close.argtypes = [ctypes.c_void_p]
    for name in ("tamis_plan_json", "tamis_result_json"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
        getattr(library, name).restype = ctypes.c_char_p
    return library


def arrow_stream(table):
    """A C stream of anything that exports one by the PyCapsule interface, or of pyarrow batches."""
    stream = Stream()
    if isinstance(table, pa.RecordBatchReader):
        reader = table
    elif isinstance(table, pa.Table):
        reader = table.to_reader()
    else:
        capsule = table.__arrow_c_stream__()
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        inner = ctypes.cast(pointer(capsule, b"arrow_array_stream"), ctypes.POINTER(Stream))
        ctypes.memmove(ctypes.byref(stream), inner, ctypes.sizeof(Stream))
        inner.contents.release = None
        return stream
    reader._export_to_c(ctypes.addressof(stream))
    return stream


class Plan:
    def __init__(self, library, recipe, tables, inputs=None, folder=None, file=None, threads=1,
                 settings=None, overwrite=False):
        self.library, self.handle, self.error = library, ctypes.c_void_p(), Error()
        self.streams = [(name, arrow_stream(table)) for name, table in tables.items()]
        given = (InputTable * (len(self.streams) + 1))(
            *[InputTable(name.encode(), ctypes.pointer(stream)) for name, stream in self.streams])
        options = Options(bytes=ctypes.sizeof(Options), recipe=recipe.encode(), threads=threads,
                          inputs=texts(inputs), settings=texts(settings), tables=given,
                          overwrite=overwrite, folder=folder and folder.encode(),
                          file=file and file.encode())
        self.check(library.tamis_open(self.handle, options, self.error))

    def check(self, status):
        if status != OK:
            raise Failed(self.error)

    def released(self):
        return all(not stream.release for _, stream in self.streams)

    def plan(self):
        return json.loads(self.library.tamis_plan_json(self.handle))

    def run(self):
        self.check(self.library.tamis_run(self.handle, self.error))
        return json.loads(self.library.tamis_result_json(self.handle))

    def stream(self, table=RECORDS):
        stream = Stream()
        self.check(self.library.tamis_stream(self.handle, table, stream, self.error))
        return pa.RecordBatchReader._import_from_c(ctypes.addressof(stream))

    def close(self):
        self.library.tamis_close(self.handle)
        self.handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
