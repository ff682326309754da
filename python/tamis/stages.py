"""A run cut into splits and stages: the face of libtamis that tamis.spark is built on.

The functions are those of include/tamis.h under "One run on many machines", which says what a stage
is and what its rows hold. Rows cross as pyarrow readers through the Arrow C interface, so nothing
is copied on the way. The library is looked for in TAMIS_LIBRARY, then beside this file.
"""

import ctypes
import glob
import json
import os

import pyarrow as pa

FACT, DECISION, STATE = 0, 1, 2

ROWS = pa.schema(
    [
        pa.field("what", pa.int64()),
        pa.field("stage", pa.int64()),
        pa.field("split", pa.int64()),
        pa.field("key", pa.binary()),
        pa.field("order", pa.binary()),
        pa.field("rid", pa.binary()),
        pa.field("data", pa.binary()),
    ]
)

_TEXTS = ctypes.POINTER(ctypes.c_char_p)


class _Options(ctypes.Structure):
    _fields_ = [
        ("bytes", ctypes.c_size_t),
        ("recipe", ctypes.c_char_p),
        ("recipe_name", ctypes.c_char_p),
        ("recipe_file", ctypes.c_char_p),
        ("op", ctypes.c_char_p),
        ("params", _TEXTS),
        ("settings", _TEXTS),
        ("inputs", _TEXTS),
        ("folder", ctypes.c_char_p),
        ("file", ctypes.c_char_p),
        ("threads", ctypes.c_uint),
        ("overwrite", ctypes.c_int),
        ("no_resume", ctypes.c_int),
    ]


class _Error(ctypes.Structure):
    _fields_ = [
        ("status", ctypes.c_int),
        ("line", ctypes.c_uint64),
        ("column", ctypes.c_uint64),
        ("code", ctypes.c_char * 8),
        ("source", ctypes.c_char * 256),
        ("message", ctypes.c_char * 768),
    ]


class _Stream(ctypes.Structure):
    """An ArrowArrayStream: four functions and a pointer, looked at by nobody here."""

    _fields_ = [("field", ctypes.c_void_p * 5)]


class StageError(RuntimeError):
    """What libtamis says went wrong: status (as the program's exit codes), code and place."""

    def __init__(self, status, message, code="", source="", line=0, column=0):
        where = ":".join(str(part) for part in (source, line, column) if part)
        super().__init__(f"{where}: {message}" if where else message)
        self.status, self.code = status, code
        self.source, self.line, self.column = source, line, column


_loaded = None


def _candidates():
    here = os.path.dirname(os.path.abspath(__file__))
    named = os.environ.get("TAMIS_LIBRARY")
    yield from [named] if named else []
    for pattern in ("libtamis.so*", "_tamis*.so", "_*.so"):
        yield from sorted(glob.glob(os.path.join(here, pattern)))


def library():
    """libtamis, loaded once a process."""
    global _loaded
    if _loaded is not None:
        return _loaded
    for path in _candidates():
        found = ctypes.CDLL(path)
        if not hasattr(found, "tamis_stage_map"):
            continue
        for name in ("tamis_version", "tamis_stages_json", "tamis_result_json"):
            getattr(found, name).restype = ctypes.c_char_p
        _loaded = found
        return found
    raise ImportError("libtamis is not found: install the tamis wheel, or set TAMIS_LIBRARY")


def _texts(values):
    if values is None:
        return None
    coded = [os.fsencode(value) for value in values]
    return (ctypes.c_char_p * (len(coded) + 1))(*coded, None)


def _bytes(value):
    return None if value is None else os.fsencode(value)


class Plan:
    """One plan, as a driver (Plan.open, then ticket) or as a worker (Plan.of_ticket) has it."""

    def __init__(self, handle):
        self._handle = handle

    @staticmethod
    def _call(name, *args):
        error = _Error()
        function = getattr(library(), name)
        status = function(*args, ctypes.byref(error))
        if status == 0:
            return
        raise StageError(
            status,
            error.message.decode("utf-8", "replace"),
            error.code.decode(),
            error.source.decode("utf-8", "replace"),
            error.line,
            error.column,
        )

    @classmethod
    def open(
        cls, *, recipe=None, recipe_file=None, inputs=None, settings=None, folder, overwrite=False
    ):
        """Reads the recipe and samples the inputs; writes nothing."""
        handle = ctypes.c_void_p()
        options = _Options(
            bytes=ctypes.sizeof(_Options),
            recipe=_bytes(recipe),
            recipe_file=_bytes(recipe_file),
            settings=_texts(settings),
            inputs=_texts(inputs),
            folder=_bytes(folder),
            threads=1,
            overwrite=int(overwrite),
        )
        cls._call("tamis_open", ctypes.byref(handle), ctypes.byref(options))
        return cls(handle)

    @classmethod
    def of_ticket(cls, ticket):
        """The plan that the ticket was written for; looks at no input."""
        handle = ctypes.c_void_p()
        cls._call("tamis_open_ticket", ctypes.byref(handle), ticket, ctypes.c_size_t(len(ticket)))
        return cls(handle)

    def ticket(self, split_bytes=0):
        at, count = ctypes.c_void_p(), ctypes.c_size_t()
        self._call(
            "tamis_ticket",
            self._handle,
            ctypes.c_uint64(split_bytes),
            ctypes.byref(at),
            ctypes.byref(count),
        )
        return ctypes.string_at(at, count.value)

    def stages(self):
        """Splits and stages, as tamis_stages_json describes them."""
        text = library().tamis_stages_json(self._handle)
        if text is None:
            raise MemoryError("no memory for the stages")
        return json.loads(text)

    def tell(self, stage, told):
        self._call("tamis_stage_tell", self._handle, stage, told, ctypes.c_size_t(len(told)))

    def fold(self, stage, into, state):
        """Merges two states into a new one."""
        buffer = ctypes.create_string_buffer(into, len(into))
        self._call(
            "tamis_stage_fold", self._handle, stage, buffer, state, ctypes.c_size_t(len(into))
        )
        return buffer.raw

    def _stream(self, name, stage, number, batches):
        given, made = _Stream(), _Stream()
        if batches is not None:
            pa.RecordBatchReader.from_batches(*batches)._export_to_c(ctypes.addressof(given))
        self._call(name, self._handle, stage, number, ctypes.byref(given), ctypes.byref(made))
        return pa.RecordBatchReader._import_from_c(ctypes.addressof(made))

    def map(self, stage, split, decisions=None):
        """Rows of one split; decisions: a pair of schema and batches, or None."""
        return self._stream("tamis_stage_map", stage, ctypes.c_uint32(split), decisions)

    def reduce(self, stage, first, facts):
        """Rows of sorted facts, a pair of schema and batches."""
        return self._stream("tamis_stage_reduce", stage, ctypes.c_uint64(first), facts)

    def begin(self):
        self._call("tamis_stages_begin", self._handle)

    def join(self):
        """Puts the run folder together; what came of it, also when that is bad, as a dict."""
        status, message = 0, ""
        try:
            self._call("tamis_stages_join", self._handle)
        except StageError as error:
            status, message = error.status, str(error)
        text = library().tamis_result_json(self._handle)
        return {"status": status, "message": message, "result": text and json.loads(text)}

    def end(self):
        self._call("tamis_stages_end", self._handle)

    def close(self):
        handle, self._handle = self._handle, None
        if handle:
            library().tamis_close(handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
