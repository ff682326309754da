"""Tables as inputs: what a plan reads of a table is what pyarrow says its rows are, for every type,
however the table is cut into batches and slices, from pyarrow, pandas and polars, for any number of
threads; and no buffer is copied or kept."""

import datetime as dt
import gc
import hashlib
import json
import os
import random
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

try:
    import numpy
    import pandas
    import polars
    import pyarrow as pa
except ImportError as missing:
    raise unittest.SkipTest("the oracle %s is not installed (tools/setup.sh test)" % missing.name)

import tamis_library  # noqa: E402
from table_rows import ODD_TEXTS, Same, columns, parse  # noqa: E402

SEED = 20260731
NOTHING = "steps: []"


def setUpModule():
    global FOLDER, LIB
    FOLDER = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
    LIB = tamis_library.load(FOLDER.name)


def tearDownModule():
    FOLDER.cleanup()


def rows_of(table, threads=1, recipe=NOTHING, **more):
    with tamis_library.Plan(LIB, recipe, {"table": table}, threads=threads, **more) as plan:
        return plan.stream().read_all()


class Types(unittest.TestCase):
    def assert_rows(self, table, out):
        self.assertEqual(out.column("line").to_pylist(), list(range(1, table.num_rows + 1)))
        places = out.column("place").to_pylist()
        self.assertEqual(places, [2**40 + i for i in range(table.num_rows)])
        self.assertEqual(set(out.column("source").to_pylist()) - {"table"}, set())
        same = Same(self)
        for text, want in zip(out.column("record").to_pylist(), table.to_pylist()):
            same.row(table.schema, parse(text), want)

    def test_every_type(self):
        table = pa.table(columns(random.Random(SEED), 200))
        table.validate(full=True)
        self.assert_rows(table, rows_of(table))

    def test_slices_and_chunks(self):
        rng = random.Random(SEED + 1)
        whole = pa.table(columns(rng, 150))
        pieces = []
        for _ in range(12):
            at = rng.randrange(150)
            pieces.append(whole.slice(at, rng.randrange(150 - at)))
        table = pa.concat_tables(pieces + [whole.slice(0, 0)])
        self.assertGreater(table.column(0).num_chunks, 5)
        self.assert_rows(table, rows_of(table))

    def test_children_with_offsets_of_their_own(self):
        inner = pa.array(ODD_TEXTS).slice(3)
        numbers = pa.array(range(100), pa.int32()).slice(7)
        table = pa.table({
            "struct": pa.StructArray.from_arrays([inner, numbers.slice(1, len(inner))],
                                                 ["text", "number"]).slice(2),
            "list": pa.ListArray.from_arrays(pa.array(range(0, 26, 2), pa.int32()),
                                             numbers).slice(0, len(inner) - 2)})
        self.assert_rows(table, rows_of(table))

    def test_the_text_is_that_of_json_dumps(self):
        table = pa.table({"a": ODD_TEXTS, "b \"": list(range(len(ODD_TEXTS))),
                          "f": [n / 8 for n in range(len(ODD_TEXTS))],
                          "l": [[t, None] for t in ODD_TEXTS]})
        wanted = [json.dumps(row, ensure_ascii=False, separators=(",", ":"))
                  for row in table.to_pylist()]
        self.assertEqual(rows_of(table).column("record").to_pylist(), wanted)

    def test_empty(self):
        table = pa.table({"a": pa.array([], pa.string())})
        self.assertEqual(rows_of(table).num_rows, 0)
        none = pa.RecordBatchReader.from_batches(table.schema, [])
        with tamis_library.Plan(LIB, "steps: [dedup.exact]", {"none": none}) as plan:
            self.assertEqual(plan.run()["counts"]["read"], 0)

    def test_numbers_that_json_has_not_are_counted(self):
        table = pa.table({"a": [1.0, float("nan"), 2.0], "b": [None, float("inf"), -float("inf")]})
        with tamis_library.Plan(LIB, NOTHING, {"t": table}) as plan:
            self.assertEqual(plan.run()["reader"]["findings"], {"T1032": 2})


class Refused(unittest.TestCase):
    def refused(self, says, table, status=tamis_library.USAGE, recipe=NOTHING, **more):
        with self.assertRaisesRegex(tamis_library.Failed, says) as caught:
            tamis_library.Plan(LIB, recipe, table, **more)
        self.assertEqual(caught.exception.status, status)
        return caught.exception

    def test_types_without_a_form_are_named(self):
        months = pa.array([(1, 2, 3)], pa.month_day_nano_interval())
        self.refused('column "meta.when" of the table is an interval .Arrow format "tin"',
                     {"t": pa.table({"meta": pa.StructArray.from_arrays([months], ["when"])})})
        union = pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()),
                                         [pa.array([1])])
        self.refused('column "u" .* a union', {"t": pa.table({"u": union})})
        runs = pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array(["a"]))
        self.refused('column "r" .* run-end encoded', {"t": pa.table({"r": runs})})

    def test_what_is_no_table(self):
        self.refused("one column without a name", {"s": polars.Series([1, 2])})

    def test_a_stream_that_fails_says_why(self):
        def batches():
            yield pa.record_batch({"a": [1]})
            raise ValueError("the source of rows broke")

        reader = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches())
        self.refused("the source of rows broke", {"t": reader}, tamis_library.INPUT)

    def test_names(self):
        table = pa.table({"a": [1]})
        self.refused("not \"-\"", {"-": table})
        self.refused('the table "b" is no input', {"a": table, "b": table}, inputs=["a"])
        self.refused("an input and a reference at once", {"a": table}, inputs=["a"],
                     recipe="{references: {r: {path: a}}, steps: [{dedup.exact: {against: r}}]}")
        self.refused("for files", {"a": table}, settings=["input.codec=gzip"])

    def test_streams_are_taken_over_whatever_happens(self):
        gc.collect()
        before = pa.total_allocated_bytes()
        table = pa.table({"a": ["x" * 1000] * 100})
        for more in ({"recipe": "steps: [nothing]"}, {"inputs": ["no-such-file"]},
                     {"settings": ["nonsense"]}):
            with self.assertRaises(tamis_library.Failed):
                tamis_library.Plan(LIB, more.pop("recipe", NOTHING), {"a": table}, **more)
        plan = tamis_library.Plan(LIB, NOTHING, {"a": table})
        self.assertTrue(plan.released())
        kept = pa.total_allocated_bytes()
        del table
        gc.collect()
        self.assertEqual(pa.total_allocated_bytes(), kept, "the plan keeps the arrays")
        plan.close()
        gc.collect()
        self.assertEqual(pa.total_allocated_bytes(), before)


def chats(rows, rng):
    """Enough for several blocks, with duplicates a set step must find."""
    words = ["row", "sieve", "flour", "\"mill\"", "grain\n", "日本", "tab\t"]
    return pa.table({
        "id": list(range(rows)),
        "messages": [[{"role": "user", "content": "q %d" % (i % 5000)},
                      {"role": "assistant",
                       "content": " ".join(rng.choice(words) for _ in range(rng.randrange(60)))}]
                     for i in range(rows)]})


def cut(table, rng):
    """The same rows in batches of other sizes, some of them empty."""
    at, pieces = 0, []
    while at < table.num_rows:
        size = rng.choice([0, 1, 7, 1000, 4096, 5000])
        pieces.append(table.slice(at, size))
        at += size
    return pa.Table.from_batches([b for p in pieces for b in p.to_batches()], table.schema)


class Blocks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table = chats(30000, random.Random(SEED + 2))
        cls.lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":"))
                     for row in cls.table.to_pylist()]

    def test_all_rows_in_order_for_any_threads_and_batches(self):
        for threads in (1, 3):
            for table in (self.table, cut(self.table, random.Random(threads))):
                out = rows_of(table, threads)
                self.assertEqual(out.column("record").to_pylist(), self.lines)
                self.assertEqual(out.column("line").to_pylist(), list(range(1, 30001)))

    def test_set_steps_read_several_times(self):
        recipe = "steps: [{dedup.exact: {by: prompt}}, {head: {records: 1000}}]"
        texts = []
        for threads in (1, 3):
            for table in (self.table, cut(self.table, random.Random(threads))):
                out = rows_of(table, threads, recipe)
                self.assertEqual(out.num_rows, 1000)
                texts.append(out.column("record").to_pylist())
        self.assertEqual(len(set(map(tuple, texts))), 1)
        kept = {parse(text)["messages"][0]["content"] for text in texts[0]}
        self.assertEqual(len(kept), 1000)

    def test_a_run_folder_is_that_of_the_file_with_these_lines(self):
        path = os.path.join(FOLDER.name, "lines.jsonl")
        with open(path, "w", encoding="utf-8") as out:
            out.writelines(line + "\n" for line in self.lines)
        recipe = "steps: [clean.text, {dedup.exact: {by: prompt}}]"
        results = {}
        for name, tables, inputs in (("table", {"table": self.table}, None),
                                     ("file", {}, [path])):
            folder = os.path.join(FOLDER.name, name)
            with tamis_library.Plan(LIB, recipe, tables, inputs, folder=folder, threads=3) as plan:
                plan.run()
            with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
                results[name] = json.load(file)
        one, other = results["table"], results["file"]
        self.assertEqual(one["counts"], other["counts"])
        self.assertEqual(one["inputs"][0]["sha256"], other["inputs"][0]["sha256"])
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        self.assertEqual(one["inputs"][0]["sha256"], digest)
        for name in ("bytes", "decoded_bytes", "records"):
            self.assertEqual(one["inputs"][0][name], other["inputs"][0][name], name)
        data = [[o["sha256_decoded"] for o in r["outputs"]] for r in (one, other)]
        self.assertEqual(data[0], data[1])

    def test_tables_as_references_and_beside_files(self):
        recipe = ("{references: {known: {path: seen}}, "
                  "steps: [{dedup.exact: {by: prompt, against: known}}]}")
        tables = {"new": self.table.slice(0, 4000), "seen": self.table.slice(1000, 1000)}
        with tamis_library.Plan(LIB, recipe, tables) as plan:
            out = plan.stream().read_all()
        self.assertEqual(set(out.column("source").to_pylist()), {"new"})
        self.assertEqual(out.column("line").to_pylist(),
                         list(range(1, 1001)) + list(range(2001, 4001)))

    def test_rows_longer_than_the_limit_are_unreadable(self):
        table = pa.table({"text": ["short", "\x01" * 3000, "x" * 9000, "short too"] * 50})
        with tamis_library.Plan(LIB, "{steps: [], limits: {max_line: 8KiB, unreadable: 100%}}",
                                {"t": table}, threads=3) as plan:
            out = plan.stream().read_all()
            told = json.loads(LIB.tamis_result_json(plan.handle))
        self.assertEqual(told["counts"]["unreadable"], 100)
        self.assertEqual(told["reader"]["unreadable"], {"T1110": 100})
        self.assertEqual(out.column("line").to_pylist(),
                         [n for n in range(1, 201) if n % 4 in (0, 1)])

    def test_text_that_is_not_utf8_follows_the_rule_of_records(self):
        bad = pa.Array.from_buffers(pa.string(), 3, [
            None, pa.py_buffer(numpy.array([0, 2, 4, 6], "int32").tobytes()),
            pa.py_buffer(b"ok\xff\xfeok")])
        for utf8, read in (("strict", [1, 3]), ("replace", [1, 2, 3])):
            with tamis_library.Plan(LIB, "{steps: [], limits: {unreadable: 100%}}",
                                    {"t": pa.table({"text": bad})},
                                    settings=["input.utf8=" + utf8]) as plan:
                out = plan.stream().read_all()
            self.assertEqual(out.column("line").to_pylist(), read, utf8)


class Exporters(unittest.TestCase):
    """What polars and pandas hand over: views, large lists, chunks, their own nulls."""

    def test_polars(self):
        frame = polars.DataFrame({
            "text": ODD_TEXTS, "number": range(len(ODD_TEXTS)),
            "flag": [None, True, False] * 5 + [None] * 2,
            "score": [0.1, None] * 8 + [float("nan")],
            "small": polars.Series([0.1] * len(ODD_TEXTS), dtype=polars.Float32),
            "list": [[t, None] for t in ODD_TEXTS],
            "struct": [{"role": "user", "content": t} for t in ODD_TEXTS],
            "category": polars.Series(["a", "b", None] * 5 + ["c"] * 2, dtype=polars.Categorical),
            "day": [dt.date(2024, 1, 31)] * len(ODD_TEXTS),
            "moment": [dt.datetime(2024, 1, 31, 12, 0, 0, 500)] * len(ODD_TEXTS),
            "span": [dt.timedelta(seconds=1.5)] * len(ODD_TEXTS),
            "bytes": [t.encode() for t in ODD_TEXTS]})
        frame = polars.concat([frame.slice(2, 9), frame, frame.slice(15)])
        table = frame.to_arrow()
        out = rows_of(frame, 3)
        same = Same(self)
        for text, want in zip(out.column("record").to_pylist(), table.to_pylist()):
            same.row(table.schema, parse(text), want)
        self.assertEqual(out.num_rows, frame.height)

    def test_pandas(self):
        frame = pandas.DataFrame({
            "text": ODD_TEXTS, "object": [None, "b"] * 8 + [None],
            "number": pandas.array([1, None] * 8 + [3], "Int64"), "float": [1.5, None] * 8 + [2.0],
            "category": pandas.Categorical(["x", "y"] * 8 + ["x"]),
            "moment": pandas.Timestamp("2024-05-06 07:08:09.123456789"),
            "list": [[1, 2]] * 17})
        table = pa.Table.from_pandas(frame)
        out = rows_of(frame, 3)
        same = Same(self)
        for text, want in zip(out.column("record").to_pylist(), table.to_pylist()):
            same.row(table.schema, parse(text), want)
        self.assertEqual(out.num_rows, 17)


if __name__ == "__main__":
    unittest.main()
