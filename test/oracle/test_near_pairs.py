"""Near duplicates on 1,600 pairs of texts whose similarity is known: our n-grams count what sets of
Python's tuples and strings count, and each sketch catches as many pairs as its theory says.

A pair of Jaccard s is caught by b bands of r rows with 1 - (1 - s^r)^b when rows are independent.
The classic sketch must do just that. The fast one is sharper: its values are drawn without
replacement as long as there are elements for all slots, so they vary less, and small sets near to
each other are caught more often, those that are far apart less often. So it may not be below where
duplicates are, nor above where they are not.
"""
# time-limit: 240

import gzip
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from build_program import ROOT, build_program  # noqa: E402

SHARED = os.path.abspath(os.environ.get("TAMIS_SHARED", os.path.join(ROOT, "..", "shared")))
PAIRS = os.path.join(SHARED, "data/dedup/near_dup_pairs.jsonl.gz")
PLAIN = os.path.basename(os.environ.get("TAMIS_BUILD", "release")) in ("release", "clang")
SEEDS = 1000 if PLAIN else 20  # under a sanitizer it is the memory that is looked at

BANDS = ((16, 8), (14, 8), (25, 10))
KINDS = ("classic", "fast")
WORDS = 3


def setUpModule():
    global FOLDER, FEED, ROWS
    if not os.path.exists(PAIRS):
        raise unittest.SkipTest("the pairs are not here (TAMIS_SHARED)")
    FOLDER = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
    FEED = build_program("near_feed", FOLDER.name)
    with gzip.open(PAIRS) as file:
        ROWS = [json.loads(line) for line in file]


def tearDownModule():
    FOLDER.cleanup()


def feed(pairs, *words):
    """A list of numbers a pair."""
    given = b""
    for a, b in pairs:
        a, b = a.encode(), b.encode()
        given += b"%d %d\n%s%s" % (len(a), len(b), a, b)
    done = subprocess.run([FEED, *words], input=given, stdout=subprocess.PIPE, check=True)
    return [[int(n) for n in line.split()] for line in done.stdout.splitlines()]


def terms(text):
    return re.findall(r"\w+", text.lower())


def word_grams(text, n):
    words = terms(text)
    return {tuple(words[i:i + n]) for i in range(len(words) - n + 1)}


def char_grams(text, n):
    joined = " ".join(terms(text))
    return {joined[i:i + n] for i in range(len(joined) - n + 1)}


def has_marks(text):
    return any(unicodedata.category(c)[0] == "M" for c in text)


def without_marks(text):
    r"""To Python's \w a combining mark separates; to us it belongs to its word."""
    return "".join(" " if unicodedata.category(c)[0] == "M" else c for c in text)


def jaccard(counts):
    in_a, in_b, both = counts
    return both / (in_a + in_b - both) if in_a + in_b else 0.0


class Similarity(unittest.TestCase):
    def test_same_jaccard_as_was_computed_for_every_pair(self):
        self.assertEqual(len(ROWS), 1600)
        pairs = [(without_marks(row["a"]), without_marks(row["b"])) for row in ROWS]
        for units, n, known in (("words", 3, "jaccard_word3"), ("characters", 5, "jaccard_char5")):
            for row, counts in zip(ROWS, feed(pairs, "count", units, str(n))):
                self.assertEqual(round(jaccard(counts), 4), row[known], (row["id"], units))

    def test_same_counts_as_sets_of_python(self):
        rows = [row for row in ROWS if not has_marks(row["a"] + row["b"])]
        self.assertEqual(len(rows), 1520)
        pairs = [(row["a"], row["b"]) for row in rows]
        for units, grams, sizes in (("words", word_grams, (1, 2, 5, 13)),
                                    ("characters", char_grams, (1, 3, 5, 20))):
            for n in sizes:
                for row, counts in zip(rows, feed(pairs, "count", units, str(n))):
                    a, b = grams(row["a"], n), grams(row["b"], n)
                    self.assertEqual(counts, [len(a), len(b), len(a & b)], (row["id"], units, n))

    def test_marks_belong_to_their_words(self):
        rows = [row for row in ROWS if has_marks(row["b"])]
        self.assertEqual(len(rows), 80)
        for row, (_, in_b, _) in zip(rows, feed([(r["a"], r["b"]) for r in rows], "count", "words",
                                                "1")):
            self.assertEqual(in_b, len(set(re.findall("[\\w\u0300-\u036f]+", row["b"].lower()))))


class Pile:
    """Pairs of one bin: what theory says of them and how often each sketch caught them."""

    def __init__(self):
        self.pairs, self.expected, self.variance = 0, 0.0, 0.0
        self.caught = dict.fromkeys(KINDS, 0.0)

    def add(self, expected, caught):
        self.pairs += 1
        self.expected += expected
        self.variance += expected * (1 - expected) / SEEDS
        for kind in KINDS:
            self.caught[kind] += caught[kind] / SEEDS

    def above(self, kind):
        return (self.caught[kind] - self.expected) / self.pairs

    def tolerance(self):
        return max(0.005, 4 * math.sqrt(self.variance) / self.pairs)

    def row(self, name):
        return "%-12s %5d  %6.2f %%  %+7.2f  %+7.2f  %5.2f" % (
            name, self.pairs, 100 * self.expected / self.pairs, 100 * self.above("classic"),
            100 * self.above("fast"), 100 * self.tolerance())


HEAD = "%-12s %5s  %8s  %7s  %7s  %5s"


class CatchRates(unittest.TestCase):
    """At 1,000 seeds, for pairs of word 3-grams of all twenty kinds of edits."""

    @classmethod
    def setUpClass(cls):
        pairs = [(row["a"], row["b"]) for row in ROWS]
        similar = [jaccard(c) for c in feed(pairs, "count", "words", str(WORDS))]
        names = ["%s,%d,%d" % (kind, b, r) for b, r in BANDS for kind in KINDS]
        caught = feed(pairs, "catch", str(WORDS), str(SEEDS), *names)
        cls.similar = similar
        cls.piles, cls.edits = {}, {}
        for at, (b, r) in enumerate(BANDS):
            bins, edits = {}, {}
            for row, s, counts in zip(ROWS, similar, caught):
                one = dict(zip(KINDS, counts[2 * at:2 * at + 2]))
                expected = 1 - (1 - s**r)**b
                bins.setdefault(int(s * 20 + 1e-9) / 20, Pile()).add(expected, one)
                edits.setdefault(row["edit"], Pile()).add(expected, one)
            cls.piles[b, r], cls.edits[b, r] = bins, edits
            print(HEAD % ("%d x %d" % (b, r), "pairs", "theory", "classic", "fast", "may"))
            for bin_name in sorted(bins):
                print(bins[bin_name].row("%.2f" % bin_name))

    def test_all_pairs_are_asked_about(self):
        for bins in self.piles.values():
            self.assertEqual(sum(pile.pairs for pile in bins.values()), 1600)
            self.assertEqual(len(bins), 21)

    def test_classic_sketch_catches_what_its_theory_says(self):
        for bands, bins in self.piles.items():
            for name, pile in bins.items():
                self.assertLessEqual(abs(pile.above("classic")), pile.tolerance(), (bands, name))

    def test_of_every_kind_of_edit(self):
        """Insertions, deletions, moves and substitutions alike: only the sets count."""
        for bands, edits in self.edits.items():
            self.assertEqual(len(edits), 20)
            for name, pile in edits.items():
                self.assertLessEqual(abs(pile.above("classic")), pile.tolerance(), (bands, name))

    def test_fast_sketch_catches_no_fewer_duplicates_and_no_more_others(self):
        for (b, r), bins in self.piles.items():
            half = (1 / b)**(1 / r)  # about where the curve is steepest
            for name, pile in bins.items():
                above = pile.above("fast")
                if name + 0.05 > half:
                    self.assertGreaterEqual(above, -pile.tolerance(), (b, r, name))
                else:
                    self.assertLessEqual(above, pile.tolerance(), (b, r, name))


if __name__ == "__main__":
    unittest.main()
