"""Parquet against three other implementations: what our writer writes, pyarrow, DuckDB and polars
read the same; what pyarrow and DuckDB write under many settings, our reader reads the same."""
# time-limit: 300

import datetime
import decimal
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from build_program import build_program  # noqa: E402

try:
    import duckdb
    import polars
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as missing:
    raise unittest.SkipTest("the oracle %s is not installed (tools/setup.sh test)" % missing.name)

ROWS = 140000  # two row groups


def setUpModule():
    global FOLDER, TOOL
    FOLDER = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
    TOOL = build_program("parquet_tool", FOLDER.name)


def tearDownModule():
    FOLDER.cleanup()


def here(name):
    return os.path.join(FOLDER.name, name)


def tool(*words, fails=False):
    done = subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True)
    if fails:
        return done.returncode, done.stderr
    if done.returncode != 0:
        raise AssertionError("parquet_tool %s: %s" % (" ".join(map(str, words)), done.stderr))
    lines = done.stdout.split("\n")
    return json.loads(lines[0]), [json.loads(line) for line in lines[1:-1]]


def columns_of(head, rows):
    return {c[0]: [row[i] for row in rows] for i, c in enumerate(head["columns"])}


def plain(value):
    """A value of another program as parquet_tool prints it."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return struct.pack(">d", value).hex()
    return (value.encode() if isinstance(value, str) else bytes(value)).hex()


class Same(unittest.TestCase):
    def same_columns(self, expected, got, who):
        self.assertEqual(list(expected), list(got), who)
        for name, values in expected.items():
            theirs = [plain(v) for v in got[name]]
            if theirs == values:
                continue
            row = next(i for i, (a, b) in enumerate(zip(values, theirs)) if a != b)
            self.fail("%s, column %s, row %d: %r instead of %r"
                      % (who, name, row, theirs[row], values[row]))


class OursReadByOthers(Same):
    @classmethod
    def setUpClass(cls):
        cls.path = here("ours.parquet")
        cls.head, cls.rows = tool("make", cls.path, ROWS, 11)
        cls.expected = columns_of(cls.head, cls.rows)

    def test_our_own_reader(self):
        self.assertEqual((self.head, self.rows), tool("dump", self.path))

    def test_some_columns_only(self):
        _, rows = tool("dump", self.path, "fate", "line")
        self.assertEqual(rows, [list(r) for r in zip(self.expected["fate"], self.expected["line"])])

    def test_same_rows_give_same_bytes(self):
        tool("make", here("again.parquet"), ROWS, 11)
        with open(self.path, "rb") as a, open(here("again.parquet"), "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_pyarrow(self):
        file = pq.ParquetFile(self.path, page_checksum_verification=True)
        self.same_columns(self.expected, file.read().to_pydict(), "pyarrow")
        self.assertEqual(file.metadata.metadata[b"by"], b'parquet_tool "make"')
        self.assertTrue(file.metadata.created_by.startswith("tamis version "))
        types = {f.name: str(f.type) for f in file.schema_arrow}
        some = ("place", "signed", "small", "yes", "value", "id", "raw")
        self.assertEqual([types[n] for n in some],
                         ["uint64", "int64", "int32", "bool", "double", "string", "binary"])

    def test_pyarrow_statistics(self):
        table, meta = pq.read_table(self.path), pq.read_metadata(self.path)
        self.assertGreater(meta.num_row_groups, 1)
        at = 0
        for g in range(meta.num_row_groups):
            group = meta.row_group(g)
            part = table.slice(at, group.num_rows)
            at += group.num_rows
            for c in range(meta.num_columns):
                stats, values = group.column(c).statistics, part.column(c).to_pylist()
                there = [v for v in values if v is not None]
                self.assertEqual(stats.null_count, len(values) - len(there))
                if stats.has_min_max:
                    self.assertEqual((stats.min, stats.max), (min(there), max(there)), c)
                elif there:
                    ends = [len(plain(v)) // 2 for v in (min(there), max(there))]
                    self.assertGreater(max(ends), 64)
        self.assertEqual(at, ROWS)

    def test_pyarrow_filters_by_statistics(self):
        limit = self.expected["place"][-10]
        found = pq.read_table(self.path, filters=[("place", ">=", limit)])
        self.assertEqual(found.num_rows, 10)

    def test_every_encoding_was_met(self):
        meta, seen = pq.read_metadata(self.path), set()
        for g in range(meta.num_row_groups):
            for c in range(meta.num_columns):
                column = meta.row_group(g).column(c)
                seen.update(column.encodings, [column.compression])
        self.assertLessEqual({"PLAIN", "RLE_DICTIONARY", "DELTA_BINARY_PACKED", "ZSTD",
                              "DELTA_LENGTH_BYTE_ARRAY", "UNCOMPRESSED"}, seen)

    def test_duckdb(self):
        found = duckdb.sql("SELECT * FROM read_parquet('%s')" % self.path)
        theirs = dict(zip(found.columns, map(list, zip(*found.fetchall()))))
        self.same_columns(self.expected, theirs, "DuckDB")
        one = self.expected["place"][70000]
        query = "SELECT line FROM read_parquet('%s') WHERE place = %d" % (self.path, one)
        self.assertEqual(duckdb.sql(query).fetchall(), [(self.expected["line"][70000],)])

    def test_polars(self):
        found = polars.read_parquet(self.path)
        self.same_columns(self.expected, found.to_dict(as_series=False), "polars")
        limit = self.expected["place"][-10]
        lazy = polars.scan_parquet(self.path).filter(polars.col("place") >= limit)
        self.assertEqual(lazy.collect().height, 10)

    def test_every_small_number_of_rows(self):
        for rows in (0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129, 130, 257):
            path = here("small.parquet")
            head, lines = tool("make", path, rows, rows)
            self.assertEqual((head, lines), tool("dump", path))
            expected = columns_of(head, lines)
            self.same_columns(expected, pq.read_table(path).to_pydict(), "pyarrow %d" % rows)
            found = polars.read_parquet(path).to_dict(as_series=False)
            self.same_columns(expected, found, "polars %d" % rows)


def foreign_table(rows, nulls):
    """Columns of many types whose values are awkward."""
    dice = random.Random(rows + nulls)

    def column(make, kind):
        values = [None if nulls and dice.random() < 0.3 else make(i) for i in range(rows)]
        return pa.array(values, kind)

    words = ["", "a", "über", "篩", "🍳" * 40, "sieve " * 30]
    odd = [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1e300, 0.1]
    day = datetime.date(1969, 12, 30)
    return pa.table({
        "i64": column(lambda i: dice.randrange(-2**63, 2**63), pa.int64()),
        "u64": column(lambda i: dice.randrange(2**64), pa.uint64()),
        "sorted": column(lambda i: i * 3 - 1000, pa.int64()),
        "i32": column(lambda i: dice.randrange(-2**31, 2**31), pa.int32()),
        "u32": column(lambda i: dice.randrange(2**32), pa.uint32()),
        "i16": column(lambda i: dice.randrange(-2**15, 2**15), pa.int16()),
        "u8": column(lambda i: dice.randrange(256), pa.uint8()),
        "bool": column(lambda i: dice.random() < 0.5, pa.bool_()),
        "bool_runs": column(lambda i: i // 100 % 2 == 0, pa.bool_()),
        "f64": column(lambda i: dice.choice(odd) if i % 2 else dice.gauss(0, 1e6), pa.float64()),
        "f32": column(lambda i: struct.unpack("f", struct.pack("f", dice.gauss(0, 9)))[0],
                      pa.float32()),
        "text": column(lambda i: dice.choice(words), pa.string()),
        "large": column(lambda i: "row %d %s" % (i, dice.choice(words)), pa.large_string()),
        "shared_heads": column(lambda i: "https://example.org/page/%08d" % i, pa.string()),
        "binary": column(lambda i: dice.randbytes(dice.randrange(40)), pa.binary()),
        "fixed": column(lambda i: dice.randbytes(5), pa.binary(5)),
        "day": column(lambda i: day + datetime.timedelta(i % 900), pa.date32()),
        "when": column(lambda i: i * 1000003, pa.timestamp("us", "UTC")),
        "none": pa.array([None] * rows, pa.string()),
    })


def as_dumped(table):
    """What parquet_tool should print of a table: dates and times are the numbers they are."""
    out = {}
    for name, column in zip(table.column_names, table.columns):
        if pa.types.is_date32(column.type):
            column = column.cast(pa.int32())
        elif pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())
        out[name] = [plain(v) for v in column.to_pylist()]
    return out


class OthersReadByUs(Same):
    def check(self, table, path, who):
        head, rows = tool("dump", path)
        self.assertEqual(head["rows"], table.num_rows)
        self.same_columns(as_dumped(table), columns_of(head, rows), who)

    def same_columns(self, expected, got, who):
        for name in expected:
            self.assertEqual(expected[name], got[name], "%s, column %s" % (who, name))

    def test_pyarrow_settings(self):
        settings = [dict(compression=c, data_page_version=v, use_dictionary=d)
                    for c in ("none", "zstd", "gzip") for v in ("1.0", "2.0")
                    for d in (True, False)]
        settings += [dict(compression="zstd", data_page_size=500, row_group_size=333),
                     dict(compression="zstd", dictionary_pagesize_limit=2000),
                     dict(compression="none", write_page_checksum=True, write_page_index=True),
                     dict(compression="zstd", version="1.0"),
                     dict(compression="zstd", write_statistics=False, store_schema=False)]
        for nulls in (False, True):
            for rows in (0, 1, 3000):
                table = foreign_table(rows, nulls)
                for options in settings:
                    path = here("foreign.parquet")
                    pq.write_table(table, path, **options)
                    self.check(table, path, "%s %s %s" % (options, rows, nulls))

    def test_pyarrow_encodings(self):
        table = foreign_table(2000, True)
        whole = {n: "DELTA_BINARY_PACKED" for n in ("i64", "u64", "sorted", "i32", "u32", "when")}
        text = ["text", "large", "shared_heads", "binary", "none"]
        numbers = ["f64", "f32", "i64", "i32", "fixed", "u64"]
        maps = [whole, {n: "DELTA_LENGTH_BYTE_ARRAY" for n in text},
                {n: "DELTA_BYTE_ARRAY" for n in text + ["fixed"]},
                {n: "BYTE_STREAM_SPLIT" for n in numbers}, {"bool": "RLE", "bool_runs": "RLE"}]
        for encodings in maps:
            for version in ("1.0", "2.0"):
                path = here("encoded.parquet")
                pq.write_table(table, path, use_dictionary=False, column_encoding=encodings,
                               data_page_version=version, compression="zstd", data_page_size=3000)
                self.check(table, path, "%s %s" % (encodings, version))

    def test_duckdb_settings(self):
        table = foreign_table(5000, True).drop_columns(["fixed", "when", "day"])
        connection = duckdb.connect()
        connection.register("t", table)
        for codec in ("zstd", "gzip", "uncompressed"):
            for version in ("V1", "V2"):
                path = here("duck.parquet")
                connection.execute(
                    "COPY t TO '%s' (FORMAT parquet, CODEC '%s', PARQUET_VERSION %s, "
                    "ROW_GROUP_SIZE 2048)" % (path, codec, version))
                head, rows = tool("dump", path)
                # Not through pyarrow, which cannot read DuckDB's wide differences of INT32.
                self.same_columns(as_dumped(table), columns_of(head, rows), "DuckDB " + version)

    def test_polars_settings(self):
        frame = polars.from_arrow(foreign_table(5000, True).drop_columns(["fixed"]))
        for codec in ("zstd", "gzip", "uncompressed"):
            path = here("polars.parquet")
            frame.write_parquet(path, compression=codec, row_group_size=1234, data_page_size=4000)
            head, rows = tool("dump", path)
            self.same_columns(as_dumped(pq.read_table(path)), columns_of(head, rows), "polars")

    def refused(self, table, sentence, **options):
        path = here("refused.parquet")
        pq.write_table(table, path, **options)
        code, message = tool("dump", path, fails=True)
        self.assertNotEqual(code, 0)
        self.assertIn(sentence, message)
        self.assertIn("refused.parquet", message)

    def test_what_is_not_read_is_refused_by_name(self):
        some = pa.table({"x": ["a", "b"]})
        self.refused(some, "compressed with snappy", compression="snappy")
        self.refused(some, "compressed with brotli", compression="brotli")
        self.refused(some, "compressed with LZ4", compression="lz4")
        self.refused(pa.table({"messages": [[1, 2], [3]]}), "column messages is nested")
        self.refused(pa.table({"m": [{"a": 1}]}), "column m is nested")
        money = pa.array([decimal.Decimal("1.25")], pa.decimal128(9, 2))
        self.refused(pa.table({"money": money}), "DECIMAL", compression="zstd")

    def test_a_damaged_page_is_named(self):
        path = here("ours.parquet")
        tool("make", path, 1000, 3)
        with open(path, "r+b") as file:
            file.seek(100)
            byte = file.read(1)
            file.seek(100)
            file.write(bytes([byte[0] ^ 1]))
        code, message = tool("dump", path, fails=True)
        self.assertNotEqual(code, 0)
        self.assertIn("row group 1, column place: a page is damaged: wrong checksum", message)


if __name__ == "__main__":
    unittest.main()
