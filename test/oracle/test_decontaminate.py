"""decontaminate against a naive oracle: every record against every item, n-gram by n-gram.

What is dropped, every span with its place, its share and the item it names must be the same
(leakkit.py). Beside it what is known of published sets (with ../shared).
"""

import gzip
import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import SHARED, manifest  # noqa: E402
from leakkit import Case, Oracle, parquet, terms_of  # noqa: E402

WORDS = (
    "red Blue GREEN tea cup 17 5 x_1 naïve cafe\u0301 straße İstanbul don't re-use 水 日本 ไทย "
    "ab\u200bc soft\u00adly ΑΣ ﬁn two"
).split()
GAPS = [" ", " ", " ", ", ", "\n", " — ", "**", " (", ".  ", "\u200b "]


def phrase(chance, length):
    return "".join(chance.choice(WORDS) + chance.choice(GAPS) for _ in range(length))


def shouted(chance, text):
    """The same terms in other clothes."""
    return chance.choice([str, str.upper, str.lower])(text).replace(", ", chance.choice(GAPS[:9]))


def fragments(chance, items, count):
    """A text of pieces of items and other words."""
    out = ""
    for _ in range(count):
        if chance.random() < 0.6:
            words = chance.choice(items).split(" ")
            at = chance.randrange(len(words))
            out += " ".join(words[at : at + chance.randrange(1, 40)]) + " "
        else:
            out += phrase(chance, chance.randrange(6))
    return out


def made_record(chance, make):
    if chance.random() < 0.3:
        return {"text": make()}
    return {"prompt": make(), "completion": make()}


class Random(Case):
    """Data made at random, against the oracle."""

    def run_both(self, references, records, **settings):
        oracle = Oracle(references, **settings)
        expect = [
            (line, "T1722" if short else "T1721", at, size, round(share, 9), number)
            for line, record in enumerate(records)
            for _, at, size, share, number, short in oracle.findings(record)
        ]
        given = []
        for name, value in settings.items():
            given += ["--" + name, str(value)]
        folder = self.run_folder(
            "out",
            "decontaminate",
            self.lines("in", records),
            "--against",
            self.lines("ref", references),
            *given,
            "--overwrite",
            "--threads",
            "2",
        )
        got = [(f[0], f[1], *f[3:]) for f in self.findings(folder, ("in", "ref"))]
        self.assertEqual(got, expect, settings)
        dropped = {f[0] for f in expect}
        self.assertEqual(manifest(folder)["counts"]["dropped"], len(dropped), settings)
        kept = [r for line, r in enumerate(records) if line not in dropped]
        self.assertEqual([json.loads(x) for x in self.data(folder).splitlines()], kept)
        return len(expect)

    @unittest.skipUnless(parquet, "pyarrow is not installed")
    def test_each_benchmark_has_its_findings(self):
        """Of several files each is held against by itself: what stands in two is found twice, and
        the table counts for each the records that hold an item of it."""
        chance = random.Random(12)
        for trial in range(30):
            texts = [phrase(chance, chance.randrange(5, 30)) for _ in range(8)]
            files = [[made_record(chance, lambda: chance.choice(texts)) for _ in range(6)]
                     for _ in range(3)]
            records = [made_record(chance, lambda: fragments(chance, texts, chance.randrange(4)))
                       for _ in range(30)]
            overlap = chance.choice([0, 0.5])
            expect, table = [], [set(), set(), set()]
            for number, references in enumerate(files):
                oracle = Oracle(references, overlap=overlap)
                for line, record in enumerate(records):
                    for part, at, size, share, item, _ in oracle.findings(record):
                        expect.append((line, part, at, number, size, round(share, 9), item))
                        table[number].add(line)
            names = [self.lines(f"b{n}", references) for n, references in enumerate(files)]
            against = [word for name in names for word in ("--against", name)]
            folder = self.run_folder("out", "decontaminate", self.lines("in", records), *against,
                                     "--overlap", str(overlap), "--overwrite")
            rows = parquet.read_table(os.path.join(folder, "findings.parquet")).to_pylist()
            lines = {n: self.offsets(f"b{n}") for n in range(3)}
            offsets = self.offsets("in")
            got = []
            for row in rows:
                number = (row["other_place"] >> 40) - 2
                got.append((offsets[row["place"] & (1 << 40) - 1], row["at"], number, row["bytes"],
                            round(row["value"], 9),
                            lines[number][row["other_place"] & (1 << 40) - 1]))
            self.assertEqual(sorted(got), sorted((e[0], *e[2:]) for e in expect), trial)
            counted = [sum(r["records"].values())
                       for r in manifest(folder)["steps"][0]["references"]]
            self.assertEqual(counted, [len(t) for t in table])

    @unittest.skipUnless(parquet, "pyarrow is not installed")
    def test_same_findings_as_the_oracle(self):
        chance = random.Random(11)
        total = 0
        for trial in range(60):
            texts = [phrase(chance, chance.randrange(1, 30)) for _ in range(12)]
            texts += [chance.choice(texts) + phrase(chance, 4) for _ in range(8)]
            references = [made_record(chance, lambda: chance.choice(texts)) for _ in range(25)]
            records = [
                made_record(
                    chance, lambda: shouted(chance, fragments(chance, texts, chance.randrange(4)))
                )
                for _ in range(40)
            ]
            settings = {
                "ngram": chance.choice([1, 2, 3, 4, 5, 8, 8, 13, 13, 20, 64]),
                "overlap": chance.choice([0.0, 0.0, 0.3, 0.75, 1.0]),
                "least": chance.choice([2, 3, 5]),
                "common": chance.choice([100, 100, 6]),
                "short": chance.choice(["exact", "exact", "none"]),
            }
            with self.subTest(trial=trial):
                total += self.run_both(references, records, **settings)
        self.assertGreater(total, 800)  # the data are a test


def shared_lines(path):
    full = os.path.join(SHARED, "data", path)
    if not os.path.exists(full):
        raise unittest.SkipTest(f"{path} is not there: see ../shared")
    with gzip.open(full, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Published(Case):
    """What is known of published sets; skipped without ../shared."""

    def count(self, references, texts, *more):
        self.write("ref.jsonl", "".join(json.dumps({"text": t}) + "\n" for t in references))
        self.write("in.jsonl", "".join(json.dumps({"text": t}) + "\n" for t in texts))
        folder = self.run_folder(
            "out", "decontaminate", "in.jsonl", "--against", "ref.jsonl", "--overwrite", *more
        )
        return manifest(folder)["counts"]["dropped"]

    def test_rephrased_questions_are_found_by_no_ngram(self):
        rows = shared_lines("cot/gsm8k_rephrased.jsonl.gz")
        originals = [row["original_question"] for row in rows]
        self.assertEqual(self.count(originals, originals), len(rows))
        self.assertEqual(self.count(originals, [row["rephrased"] for row in rows]), 0)

    def test_same_as_sets_of_ngrams_in_python(self):
        tests = [row["original_question"] for row in shared_lines("cot/gsm8k_rephrased.jsonl.gz")]
        rows = shared_lines("cot/gsm8k_train.jsonl.gz")
        trains = [row["question"] + "\n" + row["answer"] for row in rows]
        for n in (8, 13):
            known = {g for t in tests for g in Oracle.grams([w[0] for w in terms_of(t)], n)}
            expect = sum(
                not known.isdisjoint(Oracle.grams([w[0] for w in terms_of(t)], n)) for t in trains
            )
            more = ["--ngram", str(n), "--short", "none", "--common", "9999"]
            got = self.count(tests, trains, *more)
            self.assertEqual(got, expect)


if __name__ == "__main__":
    unittest.main()
