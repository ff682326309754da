"""The figures of the guide of what finds rephrased questions: every row of its tables again."""

import gzip
import json
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import ROOT, SHARED, LawCase, manifest  # noqa: E402

REPHRASED = os.path.join(SHARED, "data/cot/gsm8k_rephrased.jsonl.gz")
OTHERS = os.path.join(SHARED, "data/cot/gsm8k_train.jsonl.gz")
ROW = re.compile(r"^\| (\d+), (any|\d+%) \| ([\d.]+) % \| ([\d.]+) % \|$", re.M)


def load(path, field):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line)[field] for line in file]


@unittest.skipUnless(os.path.exists(REPHRASED), "the questions are not here (TAMIS_SHARED)")
class Figures(LawCase):
    def setUp(self):
        super().setUp()
        self.exam = self.texts("exam", load(REPHRASED, "original_question"))
        self.sets = [self.texts("rephrased", load(REPHRASED, "rephrased")),
                     self.texts("others", load(OTHERS, "question"))]
        with open(os.path.join(ROOT, "docs/guide/decontaminate.md"), encoding="utf-8") as file:
            page = file.read()
        self.grams, _, self.near = page.partition("`dedup.near`: `ngram`, `threshold`")

    def texts(self, name, texts):
        return self.write(name + ".jsonl", "".join(json.dumps({"text": t}) + "\n" for t in texts))

    def check(self, rows, *words):
        for ngram, share, *told in rows:
            for source, want in zip(self.sets, told):
                given = [w.format(ngram=ngram, share="0" if share == "any" else share)
                         for w in words]
                folder = self.run_folder("out", given[0], source, "--against", self.exam,
                                         "--overwrite", *given[1:])
                counts = manifest(folder)["counts"]
                got = 100 * (counts["dropped"] + counts["merged"]) / counts["read"]
                digits = len(want.partition(".")[2])
                self.assertEqual(f"{got:.{digits}f}", want, (given, source))

    def test_by_ngrams(self):
        rows = ROW.findall(self.grams)
        self.assertEqual(len(rows), 9)
        self.assertEqual(rows[0][:3], ("13", "any", "0.0"))
        self.check(rows, "decontaminate", "--ngram", "{ngram}", "--overlap", "{share}")

    def test_near(self):
        rows = ROW.findall(self.near)
        self.assertEqual(len(rows), 3)
        self.check(rows, "dedup.near", "--across", "none", "--ngram", "{ngram}", "--threshold",
                   "{share}")


if __name__ == "__main__":
    unittest.main()
