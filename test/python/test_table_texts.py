"""Rows whose texts are looked at where they lie: the same as the JSONL that they stand for.

Rounds that ask for texts alone read them out of the arrays, and rows that nothing is decided about
are never written as JSON. The oracle is the file of the same rows, whose JSON is made here, by
Python: what is kept, what is found, and every count of the result must be the same, for random
tables of all layouts of plain texts, with nulls, slices, chunks, views, dictionaries, columns
beside, broken UTF-8, and steps before and behind.
"""

import json
import math
import os
import random
import tempfile
import unittest

from python_package import need, package

package()
need("pyarrow")
import pyarrow as pa  # noqa: E402

import tamis  # noqa: E402

CHANGES = 2
WORDS = ["red", "wine", "GNU", "caf\u00e9", "\u6771\u4eac\u90fd", "a\"b", "c\\d", "x\ty", "\x01",
         "\x0b", "\x7f", "\U0001f600", "\r\n", "", " "]
KINDS = (pa.string(), pa.large_string(), pa.string_view(), "dictionary", "large dictionary")


def as_json(value):
    """As tables are written: what JSON demands to be escaped is, and nothing else."""
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    if isinstance(value, dict):
        return "{" + ",".join(f"{as_json(k)}:{as_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(as_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def spoilt(text):
    """With bytes that are no UTF-8."""
    return text + "\udcff\udce4"


def texts_column(rand, values):
    """Any of the kinds of columns that hold texts; bytes may be broken."""
    raw = [None if v is None else v.encode("utf-8", "surrogateescape") for v in values]
    kind = rand.choice(KINDS)
    if not all(v is None or v.isprintable() or "\udcff" not in v for v in values):
        large = rand.random() < 0.5
        made = pa.array(raw, pa.large_binary() if large else pa.binary())
        return pa.Array.from_buffers(pa.large_string() if large else pa.string(), len(made),
                                     made.buffers(), made.null_count)
    if isinstance(kind, str):
        plain = pa.large_string() if "large" in kind else pa.string()
        return pa.array(values, plain).dictionary_encode()
    return pa.array(values, kind)


def chunked(rand, column):
    cuts = sorted(rand.randrange(len(column) + 1) for _ in range(rand.randrange(4)))
    ends = [*cuts, len(column)]
    return pa.chunked_array([column.slice(a, b - a) for a, b in zip([0, *cuts], ends)], column.type)


class Tables:
    """Random ones: rows as Python has them, and the table."""

    def __init__(self, seed, hostile=False):
        self.rand = rand = random.Random(seed)
        self.rows = []
        rows = rand.choice([0, 1, 2, 40, 700])
        shape = rand.choice([["text"], ["prompt", "completion"], ["instruction", "input", "output"],
                             ["prompt", "chosen", "rejected"], ["text", "label"], ["prompt"]])
        beside = rand.sample(["n", "note", "flag", "list", "tags", "ratio", "caf\u00e9", "image"],
                             rand.randrange(4))
        names = [*shape, *beside]
        rand.shuffle(names)
        nulls = rand.choice([0, 0, 0.05])
        broken = rand.choice([0, 0.02]) if hostile else 0
        for i in range(rows):
            row = {name: self.value(name, i, nulls, broken) for name in names}
            again = self.rows and rand.random() < 0.4
            self.rows.append({**rand.choice(self.rows), **({"n": i} if "n" in row else {})}
                             if again else row)
        columns = {}
        for name in names:
            values = [row[name] for row in self.rows]
            columns[name] = chunked(rand, self.column(name, values))
        before, behind = rand.randrange(3), rand.randrange(3)
        whole = {name: self.padded(column, before, behind) for name, column in columns.items()}
        self.table = pa.table(whole).slice(before, rows)

    @staticmethod
    def padded(column, before, behind):
        """More rows in front and behind, so that a slice of it has offsets."""
        first = column.slice(0, 1)
        return pa.chunked_array([*[c for _ in range(before) for c in first.chunks or
                                   [pa.nulls(1, column.type)]], *column.chunks,
                                 *[pa.nulls(1, column.type) for _ in range(behind)]], column.type)

    def value(self, name, i, nulls, broken):
        rand = self.rand
        if name == "n":
            return i
        if rand.random() < nulls:
            return None
        if name == "flag":
            return rand.random() < 0.5
        if name == "ratio":
            return rand.choice([0.5, -2.25, float("nan")])
        if name == "list":
            return [rand.randrange(9), None]
        if name == "tags":
            return {"a": rand.choice(WORDS), "b": [rand.choice(WORDS)]}
        text = " ".join(rand.choice(WORDS) for _ in range(rand.choice([1, 3, 12, 60])))
        return spoilt(text) if rand.random() < broken else text

    def column(self, name, values):
        kinds = {"n": pa.int64(), "flag": pa.bool_(), "ratio": pa.float64(),
                 "list": pa.list_(pa.int32()),
                 "tags": pa.struct([("a", pa.string_view()), ("b", pa.list_(pa.string()))])}
        if name in kinds:
            return pa.array(values, kinds[name])
        return texts_column(self.rand, values)

    def jsonl(self):
        lines = [as_json(row) + "\n" for row in self.rows]
        return "".join(lines).encode("utf-8", "surrogateescape")


def plans(rand):
    """Steps for a Dataset, by name."""
    yield "exact", lambda d: d.dedup.exact()
    yield "exact, spelled", lambda d: d.dedup.exact(normalise=["case", "space"], alike="flag")
    yield "exact, whole", lambda d: d.dedup.exact(by="everything")
    yield "exact, fields", lambda d: d.dedup.exact(within=["$.n"], keep=["longest", "first"])
    yield "exact, prefix", lambda d: d.dedup.exact(prefix=True)
    yield "near", lambda d: d.dedup.near(threshold=0.5, ngram=2)
    yield "near, longest", lambda d: d.dedup.near(threshold=0.6, ngram=1, keep=["longest", "first"])
    yield "twice", lambda d: d.dedup.exact().dedup.near(threshold=0.5, ngram=2)
    yield "head", lambda d: d.head(records=rand.randrange(1, 30)).dedup.exact()
    yield "clean", lambda d: d.clean.text(fix=["control"], then="fix").dedup.exact()


def told(result):
    """A result without what differs between a table and a file: names, times, places."""
    if isinstance(result, dict):
        drop = ("seconds", "peak_memory", "container", "path", "source", "params")
        return {k: told(v) for k, v in result.items() if k not in drop}
    return [told(v) for v in result] if isinstance(result, list) else result


class Texts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "rows.jsonl")

    def of_file(self, of, plan):
        with open(self.file, "wb") as file:
            file.write(of.jsonl())
        made = plan(tamis.read(self.file))
        stream = made.stream(threads=1)
        kept = []
        while (batch := stream.read("record")) is not None:
            kept.extend(batch)
        return kept, json.loads(stream.result())

    def of_table(self, of, plan, threads):
        """What is kept as JSON, and the result, by the stream of changes."""
        made = plan(tamis.read(of.table))._set({"threads": threads})
        stream = made._collect(CHANGES)
        books = pa.table(stream)
        result = json.loads(stream.result())
        rows, now = books["place"].to_pylist(), books["now"].to_pylist()
        lines = of.jsonl().split(b"\n")
        return [lines[place & (1 << 40) - 1] if new is None else new.encode()
                for place, new in zip(rows, now)], result

    def check(self, seed, hostile=False):
        of = Tables(seed, hostile)
        for name, plan in plans(of.rand):
            if "n" not in of.table.column_names and "fields" in name:
                continue
            rand = of.rand.getstate()
            with self.subTest(seed=seed, plan=name, rows=len(of.rows)):
                try:
                    wanted = self.of_file(of, lambda d: self.lenient(plan(d)))
                except tamis.TamisError as error:
                    of.rand.setstate(rand)
                    with self.assertRaises(type(error)):
                        self.of_table(of, lambda d: self.lenient(plan(d)), 1)
                    continue
                of.rand.setstate(rand)
                kept, result = self.of_table(of, lambda d: self.lenient(plan(d)), 1 + seed % 3)
                self.assertEqual(kept, wanted[0])
                self.assertEqual(told(result), self.with_lost(of, told(wanted[1])))

    @staticmethod
    def lenient(made):
        return made._with(settings={**made._settings, "unreadable": "100%"})

    @staticmethod
    def with_lost(of, result):
        """NaN is a null in the file, and said to be one for the table."""
        read = result["counts"]["read"]
        lost = sum(isinstance(row.get("ratio"), float) and math.isnan(row["ratio"])
                   and "\udcff" not in as_json(row) for row in of.rows[:read])
        if lost:
            result["reader"]["findings"]["T1032"] = lost
        return result

    def test_random_tables(self):
        for seed in range(8):
            self.check(seed)

    def test_broken_texts(self):
        for seed in range(100, 106):
            self.check(seed, hostile=True)

    def test_many_blocks(self):
        """More rows than a block has, so that whole blocks pass."""
        rand = random.Random(3)
        of = Tables(1)
        of.rows = [{"id": f"r{i}", "text": f"{i % 4000} " + "word \"x\"\n" * rand.randrange(90)}
                   for i in range(12000)]
        of.table = pa.table({k: [row[k] for row in of.rows] for k in ("id", "text")})
        for name, plan in (("exact", lambda d: d.dedup.exact()),
                           ("near", lambda d: d.dedup.near(threshold=0.8)),
                           ("none", lambda d: d)):
            with self.subTest(plan=name):
                wanted = self.of_file(of, plan)
                for threads in (1, 3):
                    kept, result = self.of_table(of, plan, threads)
                    self.assertEqual(kept, wanted[0])
                    self.assertEqual(told(result), told(wanted[1]))

    def test_signals_are_those_of_the_file(self):
        """Of records that nothing was decided about, too. Clusters are named by places, which are
        others."""
        of = Tables(1)
        def text(i):
            han = "\u5929\u5730\u7384\u9ec3\u5b87\u5b99" * 3 + chr(0x4E00 + i)
            return f"{i % 900} some words that say little" if i % 7 else han
        of.rows = [{"text": text(i)} for i in range(1000)]
        of.table = pa.table({"text": [row["text"] for row in of.rows]})
        for plan in (lambda d: d.dedup.near(threshold=0.9, ngram=2),
                     lambda d: d.dedup.exact(),
                     lambda d: d.dedup.exact().dedup.near(threshold=0.9, ngram=2)):
            with open(self.file, "wb") as file:
                file.write(of.jsonl())
            wanted = plan(tamis.read(self.file)).to_arrow()
            for threads in (1, 3):
                got = plan(tamis.read(of.table))._set({"threads": threads}).to_arrow()
                names = [n for n in got.column_names if n.startswith("dedup.")]
                self.assertEqual(names, [n for n in wanted.column_names if n.startswith("dedup.")])
                for name in names:
                    ours, theirs = got[name].to_pylist(), wanted[name].to_pylist()
                    if name.endswith(".cluster"):
                        ours, theirs = ([v is None for v in column] for column in (ours, theirs))
                    self.assertEqual(ours, theirs, name)

    def test_rows_are_given_back_uncopied(self):
        """Long rows that stand together are slices of the caller's own."""
        texts = [f"{i}" + "x" * 5000 for i in range(2000)]
        texts[77] = texts[1500] = texts[3]
        table = pa.table({"text": texts})
        made = tamis.read(table).dedup.exact().to_arrow()
        self.assertEqual(made["text"].to_pylist(), [t for i, t in enumerate(texts)
                                                    if i not in (77, 1500)])
        lies = {chunk.buffers()[2].address for chunk in made["text"].chunks}
        self.assertEqual(lies, {table["text"].chunk(0).buffers()[2].address})


if __name__ == "__main__":
    unittest.main()
