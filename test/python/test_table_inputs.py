"""Tables in memory: what comes back is the table's own rows, with types that JSON does not have.

The oracle is the table itself: for steps whose choice is easy to say in Python, the rows that they
keep are taken from it there and compared value for value and type for type.
"""

import datetime
import decimal
import gc
import json
import os
import random
import subprocess
import sys
import unittest

from python_package import environment, need, package

package()
need("pyarrow")
import pyarrow as pa  # noqa: E402

import tamis  # noqa: E402
from tamis import _tamis  # noqa: E402

ZERO = "\u200b"  # clean.text takes it out


def everything(rows=40):
    """A table with a column of every type that has a JSON form, nulls among its values."""
    rand = random.Random(5)

    def column(kind, make):
        return pa.array([None if rand.random() < 0.2 else make(i) for i in range(rows)], kind)

    day = datetime.datetime(2024, 2, 29, 12, 30, 1, 5)
    return pa.table(
        {
            "text": pa.array([f"record {i % 25}" for i in range(rows)]),
            "null": pa.nulls(rows),
            "bool": column(pa.bool_(), lambda i: i % 2 == 0),
            **{str(kind): column(kind, lambda i: i % 100) for kind in (
                pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(),
                pa.int64(), pa.uint64())},
            "half": column(pa.float16(), lambda i: __import__("numpy").float16(i / 4)),
            "float": column(pa.float32(), lambda i: i / 3),
            "double": column(pa.float64(), lambda i: float("nan") if i % 9 == 0 else i / 7),
            "decimal": column(pa.decimal128(12, 3), lambda i: decimal.Decimal(i) / 8),
            "wide": column(pa.decimal256(50, 2), lambda i: decimal.Decimal(i)),
            "large": column(pa.large_string(), lambda i: "x" * i),
            "view": column(pa.string_view(), lambda i: "view " * i),
            "bytes": column(pa.binary(), lambda i: bytes([255, i])),
            "fixed": column(pa.binary(3), lambda i: bytes([i, 0, 255])),
            "date": column(pa.date32(), lambda i: day.date()),
            "date64": column(pa.date64(), lambda i: day.date()),
            "time": column(pa.time64("us"), lambda i: day.time()),
            "stamp": column(pa.timestamp("ns", "Europe/Paris"), lambda i: day),
            "span": column(pa.duration("ms"), lambda i: datetime.timedelta(seconds=i)),
            "list": column(pa.list_(pa.int32()), lambda i: [i, None]),
            "views": column(pa.list_(pa.string_view()), lambda i: ["a", None, "b" * i]),
            "pair": column(pa.list_(pa.float32(), 2), lambda i: [i, i + 1]),
            "struct": column(pa.struct([("a", pa.date32()), ("b", pa.string_view())]),
                             lambda i: {"a": day.date(), "b": str(i)}),
            "map": column(pa.map_(pa.string(), pa.int32()), lambda i: [("k", i)]),
            "word": column(pa.string(), lambda i: "ab"[i % 2]).dictionary_encode(),
        },
        metadata={"made": "by hand"},
    )


CLUSTER = "dedup.exact.cluster"


def first_ones(table):
    """The row numbers that dedup.exact keeps: the first of each text."""
    seen, rows = set(), []
    for row, text in enumerate(table["text"].to_pylist()):
        if text not in seen:
            seen.add(text)
            rows.append(row)
    return rows


def slices(table, rows):
    """These rows, in a way that works for every type."""
    return pa.concat_tables([table.slice(row, 1) for row in rows])


class Pyarrow(unittest.TestCase):
    maxDiff = None

    def assert_same(self, made, wanted):
        if CLUSTER in made.column_names:  # what dedup.exact gives beside the columns
            self.assertEqual(made.column_names, [*wanted.column_names, CLUSTER])
            made = made.drop_columns(CLUSTER)
        self.assertEqual(made.schema, wanted.schema)
        self.assertEqual(made.schema.metadata, wanted.schema.metadata)
        for name in wanted.column_names:
            if name != "double":  # NaN
                self.assertEqual(made[name].to_pylist(), wanted[name].to_pylist(), name)
        if "double" in wanted.column_names:
            self.assertEqual(repr(made["double"].to_pylist()), repr(wanted["double"].to_pylist()))
        made.validate(full=True)

    def test_every_type_comes_back(self):
        table = everything()
        made = tamis.read(table).dedup.exact(by="document").to_arrow()
        self.assert_same(made, slices(table, first_ones(table)))
        self.assertEqual(made.num_rows, 25)

    def test_chunks_do_not_matter(self):
        table = everything()
        cut = pa.concat_tables([table.slice(0, 1), table.slice(1, 0), table.slice(1, 20),
                                table.slice(21)])
        made = tamis.read(cut).dedup.exact(by="document").to_arrow()
        self.assert_same(made, slices(table, first_ones(table)))
        offset = pa.concat_tables([table, table]).slice(len(table))
        self.assert_same(tamis.read(offset).dedup.exact(by="document").to_arrow(),
                         slices(table, first_ones(table)))

    def test_nothing_kept_and_nothing_there(self):
        table = everything()
        for made in (tamis.read(table).filter("$.text = 'none'").to_arrow(),
                     tamis.read(table.slice(0, 0)).options(unreadable="100%").to_arrow()):
            self.assert_same(made, table.slice(0, 0))

    def test_signals_and_routes_stand_behind_the_columns(self):
        table = everything()
        made = tamis.read(table).length().split(eval=10).to_arrow()
        self.assertEqual(made.column_names[:len(table.column_names)], table.column_names)
        self.assertEqual(made.column_names[len(table.column_names)], "route")
        self.assertEqual(made["route"].to_pylist().count("eval"), 10)
        words = [len(text.split()) for text in table["text"].to_pylist()]
        self.assertEqual(made["length.words"].to_pylist(), words)
        clash = table.append_column("length.words", table["int8"])
        with self.assertRaisesRegex(ValueError, "length.words"):
            tamis.read(clash).length().to_arrow()
        named = tamis.read(clash).length(name="size").to_arrow()
        self.assertEqual(named["size.words"].to_pylist(), words)

    def test_changed_texts_are_changed_and_nothing_else(self):
        table = everything()
        texts = [text + (ZERO if i % 3 else "") for i, text in
                 enumerate(table["text"].to_pylist())]
        for kind in (pa.string(), pa.large_string(), pa.string_view()):
            dirty = table.set_column(0, "text", pa.array(texts, kind))
            made = tamis.read(dirty).clean.text().to_arrow()
            self.assert_same(made, dirty.set_column(
                0, "text", pa.array(table["text"].to_pylist(), kind)))
        words = pa.array(texts).dictionary_encode()
        made = tamis.read(table.set_column(0, "text", words)).clean.text().to_arrow()
        self.assertEqual(made["text"].type, words.type)
        self.assertEqual(made["text"].to_pylist(), table["text"].to_pylist())

    def messages(self):
        kind = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string()),
                                   ("at", pa.timestamp("us")), ("raw", pa.binary())]))
        rows = [
            [{"role": "user", "content": f"question {i}{ZERO}", "at": datetime.datetime(2024, 1, 1),
              "raw": b"\xff"},
             {"role": "assistant", "content": f"answer {i}", "at": None, "raw": None}] * 2
            for i in range(6)
        ]
        return pa.table({"messages": pa.array(rows, kind), "n": pa.array(range(6), pa.int8())})

    def test_nested_texts_are_changed_in_their_place(self):
        table = self.messages()
        made = tamis.read(table).clean.text().to_arrow()
        wanted = table["messages"].to_pylist()
        for turns in wanted:
            for turn in turns:
                turn["content"] = turn["content"].replace(ZERO, "")
        self.assertEqual(made.schema, table.schema)
        self.assertEqual(made["messages"].to_pylist(), wanted)

    def test_records_that_a_step_makes_are_rows_too(self):
        table = self.messages()
        made = tamis.read(table).split.turns().to_arrow()
        self.assertEqual(made.schema, table.schema)
        wanted = [(turns[:count], n) for turns, n in zip(*(c.to_pylist() for c in table.columns))
                  for count in (2, 4)]
        self.assertEqual(list(zip(*(c.to_pylist() for c in made.columns))), wanted)

    def test_fields_that_steps_set_and_remove(self):
        table = everything(9)
        made = tamis.read(table).tag(set={"origin": "mine", "size": "= words(all)", "int8": 7},
                                     remove=["word", "map"]).to_arrow()
        self.assertEqual(made["origin"].to_pylist(), ["mine"] * 9)
        self.assertEqual(made["size"].to_pylist(), [2] * 9)
        self.assertEqual(made["int8"].to_pylist(), [7] * 9)
        self.assertEqual(made.schema.field("int8").type, pa.int8())
        self.assertNotIn("word", made.column_names)
        self.assertNotIn("map", made.column_names)
        self.assert_same(made.select(["stamp", "struct"]), table.select(["stamp", "struct"]))
        with self.assertRaisesRegex(ValueError, "column 'int8'"):
            tamis.read(table).tag(set={"int8": "many"}).to_arrow()

    def test_another_order(self):
        table = everything()
        lengths = [len(text or "") for text in table["large"].to_pylist()]
        longest = sorted(range(table.num_rows), key=lambda row: -lengths[row])
        by_length = tamis.read(table).sort(by="max chars($.large)")
        known = [row for row in longest if table["large"][row].is_valid]
        unknown = [row for row in range(table.num_rows) if row not in known]
        self.assert_same(by_length.to_arrow(), slices(table, known + unknown))
        shuffled = tamis.read(table).options(seed=3).shuffle()
        made = shuffled.to_arrow()
        texts = [record["text"] for record in shuffled]
        self.assertNotEqual(texts, table["text"].to_pylist())
        self.assertEqual(made["text"].to_pylist(), texts)
        names = [name for name in table.column_names if name != "double"]  # NaN
        count = [(repr(row),) for row in table.select(names).to_pylist()]
        self.assertCountEqual([(repr(row),) for row in made.select(names).to_pylist()], count)
        two = tamis.read(table, table.slice(7)).options(seed=3).shuffle()
        self.assertEqual(two.to_arrow()["text"].to_pylist(), [row["text"] for row in two])

    def test_rows_that_are_changed_or_made_in_another_order(self):
        table = self.messages()
        shuffled = tamis.read(table).options(seed=3).clean.text().split.turns().shuffle()
        made = shuffled.to_arrow()
        self.assertEqual(made.schema, table.schema)
        wanted = [([turn["content"] for turn in record["messages"]], record["n"])
                  for record in shuffled]
        self.assertNotEqual([n for _, n in wanted], sorted(n for _, n in wanted))
        self.assertEqual([([turn["content"] for turn in row["messages"]], row["n"])
                          for row in made.to_pylist()], wanted)
        before = dict(zip(table["n"].to_pylist(), table["messages"].to_pylist()))
        for row in made.to_pylist():
            for turn, old in zip(row["messages"], before[row["n"]]):
                self.assertEqual(turn, {**old, "content": old["content"].replace(ZERO, "")})

    def test_several_tables_and_tables_as_references(self):
        one, two = everything(10), everything(30)
        both = tamis.read(one, two).dedup.exact(by="document")
        whole = pa.concat_tables([one, two])
        self.assert_same(both.to_arrow(), slices(whole, first_ones(whole)))
        added = (tamis.read(one) + tamis.read(two)).dedup.exact(by="document", across="inputs")
        self.assertEqual(added.counts()["merged"], 15)  # 10 texts, twice in the second table
        left = tamis.read(two).dedup.exact(by="document", against=one, across="none")
        self.assertEqual(set(left.to_arrow()["text"].to_pylist()),
                         {f"record {i}" for i in range(10, 25)})
        named = tamis.read(two).references(old=tamis.read(one)).dedup.exact(
            by="document", against="old", across="none")
        self.assertEqual(named.counts(), left.counts())
        with self.assertRaisesRegex(TypeError, "read already"):
            tamis.read(left)

    def test_files_and_tables_together_are_records(self):
        path = os.path.join(os.environ.get("TAMIS_TMP", "/tmp"), "one.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"text": "record 0"}\n')
        mixed = tamis.read(path, everything(3)).dedup.exact(by="document").to_arrow()
        self.assertEqual(mixed["source"].to_pylist(), [path, "table", "table"])
        self.assertEqual(json.loads(mixed["record"][1].as_py())["text"], "record 1")

    def test_whoever_gives_arrow(self):
        table = everything()
        rows = first_ones(table)
        reader = tamis.read(table.to_reader(7)).dedup.exact(by="document")
        for _ in range(2):  # read once, used twice
            self.assert_same(reader.to_arrow(), slices(table, rows))
        (batch,) = table.slice(0, 9).combine_chunks().to_batches()
        self.assertEqual(tamis.read(batch).counts()["kept"], 9)

        class Other:
            def __arrow_c_stream__(self, requested_schema=None):
                return table.__arrow_c_stream__(requested_schema)

        self.assert_same(tamis.read(Other()).dedup.exact(by="document").to_arrow(),
                         slices(table, rows))
        self.assert_same(pa.table(tamis.read(table).dedup.exact(by="document")),
                         slices(table, rows))

    def test_duckdb(self):
        need("duckdb")
        import duckdb

        relation = duckdb.sql("select 'record ' || (range % 4)::varchar as text, range as n "
                              "from range(10)")
        made = tamis.read(relation).dedup.exact().to_arrow()
        self.assertEqual(made["n"].to_pylist(), [0, 1, 2, 3])
        kept = tamis.read(relation).dedup.exact()  # noqa: F841  (duckdb finds it by name)
        reader = pa.RecordBatchReader.from_stream(kept)  # noqa: F841
        self.assertEqual(duckdb.sql("select sum(n) from reader").fetchone(), (6,))

    def test_what_stands_together_is_not_copied(self):
        table = pa.table({"text": [f"number {i}" for i in range(5000)]})
        (column,) = table["text"].chunks
        for made in (tamis.read(table).to_arrow(), tamis.read(table).head(4000).to_arrow(),
                     tamis.read(table).filter("$.text != 'number 2000'").to_arrow()):
            for chunk in made["text"].chunks:
                self.assertEqual([b and b.address for b in chunk.buffers()],
                                 [b and b.address for b in column.buffers()])

    def test_tables_are_given_back(self):
        def use():
            table = everything(200)
            kept = tamis.read(table).clean.text().dedup.exact(by="document")
            kept.to_arrow()
            kept.counts()
            next(iter(kept))
            tamis.read(table).dedup.near(against=table.slice(3)).plan()
            with self.assertRaises(tamis.UsageError):
                tamis.read(table).filter("wrong(").counts()
            with self.assertRaises(tamis.UsageError):
                tamis.read(table).filter("wrong(text) = 1").counts()

        use()
        gc.collect()
        before, foreign = _tamis.allocated(), pa.total_allocated_bytes()
        for _ in range(3):
            use()
            gc.collect()
            self.assertEqual(_tamis.allocated(), before)
            self.assertEqual(pa.total_allocated_bytes(), foreign)

    def test_a_type_without_a_form_is_refused_by_name(self):
        odd = pa.array([(1, 2, 3)], pa.month_day_nano_interval())
        table = pa.table({"text": ["a"], "odd": odd})
        with self.assertRaisesRegex(tamis.TamisError, '"odd"'):
            tamis.read(table).counts()


class Polars(unittest.TestCase):
    def setUp(self):
        need("polars")

    def frame(self):
        import polars as pl

        return pl.DataFrame({
            "prompt": [f"question {i % 5}" for i in range(20)],
            "response": [f"answer {i % 5}{ZERO if i % 2 else ''}" for i in range(20)],
            "when": [datetime.datetime(2024, 1, 1, i) for i in range(20)],
            "kind": pl.Series(["a", "b", None, "a"] * 5, dtype=pl.Categorical),
            "size": pl.Series(["s", "l"] * 10, dtype=pl.Enum(["s", "l"])),
            "small": pl.Series(range(20), dtype=pl.Int8),
            "list": [[i, None] for i in range(20)],
            "nested": [{"a": datetime.date(2024, 1, 1), "b": ["x"] * (i % 3)} for i in range(20)],
        })

    def test_frames_come_back_as_frames(self):
        import polars as pl

        frame = self.frame()
        made = tamis.read(frame).clean.text().dedup.exact(by=["prompt", "response"])
        wanted = frame.head(5).with_columns(pl.col("response").str.replace(ZERO, ""))
        rows = made.to_polars()
        self.assertEqual(rows.columns, [*frame.columns, CLUSTER])
        self.assertEqual(rows.drop(CLUSTER).schema, frame.schema)
        self.assertTrue(rows.drop(CLUSTER).equals(wanted))
        self.assertEqual(made.to_arrow()["when"].to_pylist(), wanted["when"].to_list())
        self.assertTrue(pl.DataFrame(made).equals(rows))
        long = tamis.read(frame).length().to_polars()
        self.assertEqual(long["length.turns"].to_list(), [2.0] * 20)
        added = tamis.read(frame).tag(set={"new": "x"}, remove=["list"]).to_polars()
        self.assertEqual(added["new"].to_list(), ["x"] * 20)
        self.assertNotIn("list", added.columns)
        twice = tamis.read(frame, frame.tail(3)).to_polars()
        self.assertTrue(twice.equals(pl.concat([frame, frame.tail(3)])))
        turned = tamis.read(frame).clean.text().sort(by="max $.small").to_polars()
        cleaned = frame.with_columns(pl.col("response").str.replace(ZERO, ""))
        self.assertTrue(turned.equals(cleaned.reverse()))
        none = tamis.read(frame).filter("$.prompt = 'none'").to_polars()
        self.assertEqual((none.schema, len(none)), (frame.schema, 0))

    def test_without_pyarrow(self):
        program = """
import sys
for name in ("pyarrow", "pandas", "numpy"):
    sys.modules[name] = None
import polars as pl, tamis
frame = pl.DataFrame({"text": ["a b", "a b", "c\\u200b"], "n": [1, 2, 3]})
kept = tamis.read(frame).clean.text().dedup.exact().length()
rows = [row[:5] for row in kept.to_polars().drop("dedup.exact.cluster").rows()]
assert rows == [("a b", 1, 3.0, 2.0, 1.0), ("c", 3, 1.0, 1.0, 1.0)], rows
assert pl.DataFrame(kept).columns[:2] == ["text", "n"]
class Other:
    def __arrow_c_stream__(self, requested_schema=None):
        return frame.__arrow_c_stream__(requested_schema)
rows = pl.DataFrame(tamis.read(Other()).dedup.exact(by="document"))
assert rows["record"].to_list() == ['{"text":"a b","n":1}', '{"text":"c\\u200b","n":3}'], rows
print("well")
"""
        done = subprocess.run([sys.executable, "-c", program], env=environment(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.stdout, "well\n")


class Pandas(unittest.TestCase):
    def setUp(self):
        need("pandas")

    def test_frames_come_back_as_frames(self):
        import pandas as pd

        frame = pd.DataFrame(
            {
                "text": [f"text {i % 4}{ZERO if i % 2 else ''}" for i in range(12)],
                "when": pd.date_range("2024-01-01", periods=12, tz="Europe/Paris"),
                "kind": pd.Categorical(["a", None, "b", "a"] * 3),
                "maybe": pd.array([1, None, 3, 4] * 3, dtype="Int64"),
                "list": [[i] for i in range(12)],
                "float": [1.5, float("nan"), 2.0] * 4,
            },
            index=[f"row {i}" for i in range(12)],
        )
        made = tamis.read(frame).clean.text().dedup.exact().to_pandas()
        wanted = frame.iloc[:12].copy()
        wanted["text"] = wanted["text"].str.replace(ZERO, "")
        self.assertEqual(tamis.read(frame).clean.text().dedup.exact(by="document").counts()["kept"],
                         4)
        four = tamis.read(frame).clean.text().dedup.exact(by="document").to_pandas()
        pd.testing.assert_frame_equal(four.drop(columns=CLUSTER), wanted.iloc[:4])
        self.assertEqual(list(made.drop(columns=CLUSTER).dtypes), list(frame.dtypes))
        signals = tamis.read(frame).length().to_pandas()
        self.assertEqual(list(signals["length.words"]), [2.0] * 12)
        self.assertEqual(list(signals.index), list(frame.index))
        added = tamis.read(frame).tag(set={"new": 3}, remove=["list"]).to_pandas()
        self.assertEqual(list(added["new"]), [3] * 12)
        self.assertNotIn("list", added)
        self.assertEqual(tamis.read(frame).filter("$.text = 'none'").to_pandas().shape, (0, 6))
        turned = tamis.read(frame).clean.text().sort(by="max $.when").to_pandas()
        pd.testing.assert_frame_equal(turned, wanted.iloc[::-1])
        arrow = tamis.read(frame).head(2).to_arrow()
        self.assertEqual(arrow["maybe"].to_pylist(), [1, None])


if __name__ == "__main__":
    unittest.main()
