"""Arrow exports taken over by pyarrow, polars and DuckDB through the C stream interface: the values
are those that were built, pyarrow's own validator is content, and everything is given back."""

import ctypes
import gc
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from build_program import build_shared  # noqa: E402

try:
    import duckdb
    import polars
    import pyarrow as pa
except ImportError as missing:
    raise unittest.SkipTest("the oracle %s is not installed (tools/setup.sh test)" % missing.name)

NEVER = 2**64 - 1


def setUpModule():
    global FOLDER, LIB
    FOLDER = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
    sources = ["src/base/*.c", "src/text/*.c", "src/record/arrow*.c"]
    LIB = ctypes.CDLL(build_shared("arrow_feed", FOLDER.name, sources))
    LIB.feed_open.argtypes = [ctypes.c_void_p] + [ctypes.c_uint64] * 3
    LIB.feed_live.restype = ctypes.c_uint64


def tearDownModule():
    FOLDER.cleanup()


def expected(rows):
    def text(row):
        return "row %d 🍳" % row if row % 2 else ""

    def column(number, value):
        return [None if (row + number) % 3 == 0 else value(row) for row in range(rows)]

    return {
        "u64": [2**64 - 1 - row for row in range(rows)],
        "i64": column(1, lambda row: -row),
        "f64": column(2, lambda row: row / 8),
        "bool": column(3, lambda row: row % 2 == 1),
        "text": column(4, text),
        "large": [text(row) for row in range(rows)],
        "bytes": column(6, lambda row: text(row).encode()),
        "large_bytes": column(7, lambda row: text(row).encode()),
        "nothing": [None] * rows,
    }


class Exports(unittest.TestCase):
    def setUp(self):
        gc.collect()
        self.live = LIB.feed_live()

    def tearDown(self):
        gc.collect()
        self.assertEqual(LIB.feed_live(), self.live, "memory was not given back")

    def reader(self, rows, batch, fails_at=NEVER):
        stream = ctypes.create_string_buffer(5 * ctypes.sizeof(ctypes.c_void_p))
        address = ctypes.addressof(stream)
        self.assertEqual(LIB.feed_open(address, rows, batch, fails_at), 0)
        return pa.RecordBatchReader._import_from_c(address)

    def test_types_and_nullability(self):
        schema = self.reader(1, 1).schema
        self.assertEqual([str(f.type) for f in schema],
                         ["uint64", "int64", "double", "bool", "string", "large_string", "binary",
                          "large_binary", "large_string"])
        self.assertEqual([f.name for f in schema if not f.nullable], ["u64", "large"])

    def test_pyarrow_reads_and_validates(self):
        for rows, batch in ((0, 1), (1, 1), (7, 3), (8, 8), (64, 9), (5000, 777), (5000, 5000)):
            table = self.reader(rows, batch).read_all()
            table.validate(full=True)
            self.assertEqual(table.to_pydict(), expected(rows), (rows, batch))
            del table

    def test_batches_outlive_the_stream(self):
        reader = self.reader(100, 10)
        batches = list(reader)
        reader.close()
        del reader
        gc.collect()
        kept = batches[3].column("large")  # a child, after its parent has gone
        del batches
        gc.collect()
        self.assertEqual(kept.to_pylist(), expected(40)["large"][30:])
        del kept

    def test_a_stream_that_is_left_is_given_back(self):
        reader = self.reader(1000, 10)
        reader.read_next_batch()
        del reader

    def test_a_failure_has_its_sentence(self):
        reader = self.reader(100, 10, fails_at=25)
        with self.assertRaisesRegex(pa.ArrowInvalid, "row 25 is bad"):
            reader.read_all()
        del reader

    def test_polars(self):
        frame = polars.from_arrow(self.reader(5000, 777).read_all())
        self.assertEqual(frame.to_dict(as_series=False), expected(5000))
        del frame

    def test_duckdb(self):
        feed = self.reader(5000, 777)
        connection = duckdb.connect()
        relation = connection.from_arrow(feed)
        found = dict(zip(relation.columns, map(list, zip(*relation.fetchall()))))
        self.assertEqual(found, expected(5000))
        connection.close()
        del feed, relation, connection


if __name__ == "__main__":
    unittest.main()
