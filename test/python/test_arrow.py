"""What a Dataset gives to pyarrow, pandas, polars and DuckDB: the same values to all of them, in
the very buffers that the library filled, and nothing kept when they are done.
"""

import ctypes
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from python_package import ROOT, need, package

package()
need("pyarrow")
import pyarrow as pa  # noqa: E402

import tamis  # noqa: E402
from tamis import _tamis  # noqa: E402


class Array(ctypes.Structure):
    """ArrowArray."""


Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]


class Stream(ctypes.Structure):
    """ArrowArrayStream."""


GET = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.c_void_p)
Stream._fields_ = [
    ("get_schema", GET),
    ("get_next", GET),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(Stream))),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(Stream))),
    ("private_data", ctypes.c_void_p),
]


def stream_of(capsule):
    """The struct in a capsule."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return Stream.from_address(pointer(capsule, b"arrow_array_stream"))


def addresses(array):
    """Of all buffers of a struct array's children."""
    for number in range(array.n_children):
        child = array.children[number].contents
        yield [child.buffers[at] or 0 for at in range(child.n_buffers)]


class Arrow(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        subprocess.run([sys.executable, os.path.join(ROOT, "tools/make_demo.py"), cls.folder,
                        "--records", "3000", "--files", "2"], check=True)

    def chain(self):
        return (
            tamis.read(os.path.join(self.folder, "chats-*.jsonl*"))
            .options(unreadable="10%")
            .length()
            .dedup.near(by="response", threshold=0.8)
        )

    def write(self, text):
        path = os.path.join(self.folder, "some.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    # ---- values ------------------------------------------------------------------------------

    def test_pyarrow(self):
        table = self.chain().to_arrow()
        table.validate(full=True)
        self.assertEqual(table.column_names[:6],
                         ["place", "path", "source", "line", "layout", "record"])
        self.assertEqual(table["record"].to_pylist(), list(self.chain().records(str)))
        self.assertEqual(str(table.schema.field("record").type), "large_string")
        self.assertEqual(table["place"].to_pylist(), sorted(table["place"].to_pylist()))
        for row in table.slice(0, 50).to_pylist():
            self.assertEqual(row["length.turns"], len(json.loads(row["record"])["messages"]))
        self.assertEqual(pa.table(self.chain()), table)
        self.assertEqual(pa.RecordBatchReader.from_stream(self.chain()).read_all(), table)

    def test_pandas(self):
        need("pandas")
        table, frame = self.chain().to_arrow(), self.chain().to_pandas()
        self.assertEqual(frame.to_dict("records"), table.to_pandas().to_dict("records"))
        self.assertEqual(str(frame["length.words"].dtype), "float64")
        self.assertEqual(list(frame["record"]), table["record"].to_pylist())

    def test_polars(self):
        need("polars")
        import polars as pl

        table, frame = self.chain().to_arrow(), self.chain().to_polars()
        self.assertEqual(frame.to_dicts(), table.to_pylist())
        self.assertEqual(frame.schema["record"], pl.String)
        self.assertEqual(frame.schema["place"], pl.UInt64)
        self.assertTrue(pl.DataFrame(self.chain()).equals(frame))
        self.assertTrue(pl.from_arrow(table).equals(frame))

    def test_duckdb(self):
        need("duckdb")
        import duckdb

        reader = pa.RecordBatchReader.from_stream(self.chain())
        table = self.chain().to_arrow()
        rows = duckdb.sql('select count(*), sum("length.words") from reader').fetchone()
        self.assertEqual(rows, (table.num_rows, sum(table["length.words"].to_pylist())))

    def test_texts(self):
        table = self.chain().to_arrow(parts=True)
        self.assertEqual(table.column_names[4:], ["layout", "part", "role", "kind", "turn",
                                                  "answer", "response", "text"])
        records = {row["place"]: json.loads(row["record"])
                   for row in self.chain().to_arrow().to_pylist()}
        for row in table.to_pylist():
            if row["part"] == f"messages[{row['turn']}].content" and row["text"] is not None:
                message = records[row["place"]]["messages"][row["turn"]]
                self.assertEqual(row["text"], message["content"])

    def test_another_order(self):
        shuffled = self.chain().options(seed=5).shuffle()
        records = list(shuffled.records(str))
        plain = self.chain().to_arrow()
        self.assertNotEqual(records, plain["record"].to_pylist())
        table = shuffled.to_arrow()
        self.assertEqual(table["record"].to_pylist(), records)
        self.assertTrue(table.sort_by("place").equals(plain))
        parts = shuffled.to_arrow(parts=True)
        self.assertEqual(list(dict.fromkeys(parts["place"].to_pylist())),
                         table["place"].to_pylist())
        rows = plain.to_pylist()
        rows.sort(key=lambda row: -row["length.words"])
        self.assertEqual(self.chain().sort(by="max length.words").to_arrow().to_pylist(), rows)
        need("pandas")
        self.assertEqual(list(shuffled.to_pandas()["record"]), records)
        need("polars")
        self.assertEqual(list(shuffled.to_polars()["record"]), records)

    def test_nulls_and_nothing_at_all(self):
        path = self.write('{"a": 1}\n{"text": "x y"}\n')
        table = tamis.read(path).filter("$.a = 1 or $.text = 'x y'").to_arrow()
        self.assertEqual(table["layout"].to_pylist(), [None, None])
        none = tamis.read(path).filter("$.a = 2")
        self.assertEqual(none.to_arrow().num_rows, 0)
        self.assertEqual(none.to_arrow().schema, table.schema)
        self.assertEqual(none.to_pandas().shape, (0, 6))
        self.assertEqual(list(none), [])
        need("polars")
        self.assertEqual(none.to_polars().shape, (0, 6))

    # ---- buffers -----------------------------------------------------------------------------

    def test_no_buffer_is_copied(self):
        stream = self.chain().stream()
        capsule = stream.__arrow_c_stream__()
        raw = stream_of(capsule)
        compared = 0
        while True:
            batch, schema = Array(), (ctypes.c_byte * 72)()
            self.assertEqual(raw.get_next(ctypes.byref(raw), ctypes.addressof(batch)), 0)
            if not batch.release:
                break
            given = list(addresses(batch))
            self.assertEqual(raw.get_schema(ctypes.byref(raw), ctypes.addressof(schema)), 0)
            seen = pa.RecordBatch._import_from_c(ctypes.addressof(batch), ctypes.addressof(schema))
            for column, at in zip(seen.columns, given):
                mine = [buffer.address if buffer else 0 for buffer in column.buffers()]
                for address, its in zip(mine, at):  # pyarrow drops a buffer of no bytes
                    self.assertIn(address, (its, 0))
                self.assertEqual(len(mine), len(at))
                compared += sum(1 for address in mine if address)
        self.assertGreater(compared, 30)

    def test_a_stream_is_read_once(self):
        stream = self.chain().stream()
        stream.__arrow_c_stream__()
        with self.assertRaisesRegex(RuntimeError, "read once"):
            stream.__arrow_c_stream__()
        with self.assertRaisesRegex(RuntimeError, "read once"):
            stream.read("record")
        with self.assertRaises(KeyError):
            self.chain().stream().read("recrod")

    def test_everything_is_given_back(self):
        def use():
            table = self.chain().to_arrow()
            self.chain().to_polars() if "polars" in sys.modules else None
            next(iter(self.chain()))  # the rest is never read
            self.chain().stream().__arrow_c_stream__()  # nor is this
            self.chain().plan()
            reader = pa.RecordBatchReader.from_stream(self.chain())
            reader.read_next_batch()
            return table.slice(5, 7)["record"]

        use()
        gc.collect()
        before, foreign = _tamis.allocated(), pa.total_allocated_bytes()
        for _ in range(3):
            kept = use()
            gc.collect()
            self.assertGreater(_tamis.allocated(), before)  # a slice holds its buffers
            self.assertEqual(len(kept.to_pylist()), 7)
            del kept
            gc.collect()
            self.assertEqual(_tamis.allocated(), before)
            self.assertEqual(pa.total_allocated_bytes(), foreign)

    # ---- ends --------------------------------------------------------------------------------

    def test_errors_come_through_readers(self):
        path = self.write('{"text": "a"}\n{"text": \n')
        for way in (tamis.Dataset.to_arrow, tamis.Dataset.to_pandas, tamis.Dataset.to_polars):
            if way is tamis.Dataset.to_polars:
                need("polars")
            with self.assertRaises(tamis.FindingsError) as raised:
                way(tamis.read(path))
            self.assertIn("1 of 2 records are unreadable", str(raised.exception))
        with self.assertRaisesRegex((pa.ArrowInvalid, OSError), "1 of 2 records are unreadable"):
            pa.table(tamis.read(path))

    def test_what_progress_raises_comes_through_readers(self):
        def full(now):
            raise LookupError("enough")

        with self.assertRaisesRegex(LookupError, "enough"):
            self.chain().to_arrow(progress=full)


if __name__ == "__main__":
    unittest.main()
