"""What tests of near duplicates share: an oracle of a few lines, which compares every pair (words
by a regular expression, sets of tuples), texts that are nearly alike, and orders of keep lists.

With as many bands as SURE has, every pair that could be merged is a candidate, so the oracle says
of each record where it goes and with which value."""

import itertools
import re

from dedupkit import DedupCase

SURE = ["--bands", "300", "--rows", "1", "--compare-most", "1000000"]


def terms(text):
    return re.findall(r"\w+", text.casefold())


def set_of(text, n, chars=False):
    """What a text is compared by: (kind, set), or None when there is nothing to compare."""
    words = terms(text)
    if not words:
        return ("text", frozenset([text.strip()])) if text.strip() else None
    units = " ".join(words) if chars else words
    grams = frozenset(tuple(units[i:i + n]) for i in range(len(units) - n + 1))
    return ("grams", grams) if grams else ("terms", frozenset([tuple(words)]))


def similarity(a, b, measure="jaccard"):
    if a is None or b is None or a[0] != b[0]:
        return 0.0
    both = len(a[1] & b[1])
    return both / (min(len(a[1]), len(b[1])) if measure == "containment" else len(a[1] | b[1]))


class Oracle:
    """Records are numbered in the order of the inputs; references come before all of them."""

    def __init__(self, texts, ranks, order, threshold=0.8, ngram=5, measure="jaccard",
                 link="representative", across="all", units="words"):
        self.sets = [set_of(text, ngram, units == "characters") for text in texts]
        self.ranks, self.across, self.threshold = ranks, across, threshold
        self.measure = measure
        self.order = sorted(range(len(texts)), key=lambda i: (ranks[i], order[i], i))
        self.merged = self.chains() if link == "chain" else self.representatives()

    def may_merge(self, into, other):
        if not self.ranks[into] or self.across == "all":
            return True
        return self.across == "inputs" and self.ranks[into] < self.ranks[other]

    def near(self, a, b):
        s = similarity(self.sets[a], self.sets[b], self.measure)
        return s if s >= self.threshold and self.may_merge(a, b) else 0.0

    def representatives(self):
        kept, merged = [], {}
        for i in self.order:
            into = next((k for k in kept if self.ranks[i] and self.near(k, i)), None)
            if into is None:
                kept.append(i)
            else:
                merged[i] = (into, self.near(into, i))
        return merged

    def chains(self):
        chain = list(range(len(self.order)))

        def root(i):
            while chain[i] != i:
                i = chain[i]
            return i

        for a, b in itertools.combinations(range(len(self.order)), 2):
            if self.near(self.order[a], self.order[b]):
                first, second = sorted((root(a), root(b)))
                chain[second] = first
        merged = {}
        for at, i in enumerate(self.order):
            first = self.order[root(at)]
            if first != i and self.ranks[i] and self.may_merge(first, i):
                value = similarity(self.sets[i], self.sets[first], self.measure)
                merged[i] = (first, value)
        return merged


WORDS = ["w%d" % n for n in range(150)] + ["the", "of", "and", "to"] * 8
SHORT = ["", " ", "No", "no!", "Yes", "No thanks", "no, thanks", "42", "...", "....", "\n"]


def varied(chance, words):
    """The same words with a few insertions, deletions, substitutions or a move."""
    words = list(words)
    for _ in range(chance.choice((0, 0, 1, 1, 2, 4, 9))):
        at = chance.randrange(len(words) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            words.insert(at, chance.choice(WORDS))
        elif kind == 1 and len(words) > 1:
            del words[at - 1]
        elif kind == 2 and at:
            words[at - 1] = chance.choice(WORDS)
        elif kind == 3:
            words = words[at:] + words[:at]
    return words


def dressed(chance, words):
    out = ""
    for word in words:
        out += chance.choice((word, word, word.upper(), word.title()))
        out += chance.choice((" ", " ", " ", ", ", ".\n", "  - "))
    return out


def made(chance, count):
    """Records of families of similar texts, among texts that are too short for an n-gram."""
    families = [[chance.choice(WORDS) for _ in range(chance.randrange(1, 70))]
                for _ in range(max(2, count // 6))]
    scores = chance.sample(range(10 * count), count)
    out = []
    for number in range(count):
        family = chance.choice(families)
        text = dressed(chance, varied(chance, family))
        if chance.random() < 0.1:
            text = chance.choice(SHORT)
        elif chance.random() < 0.3:
            families.append(terms(text) or ["a"])
        out.append({"id": number, "score": scores[number], "text": text})
    return out


ORDERS = {
    "first": lambda r, source: 0,
    "max $.score": lambda r, source: -r["score"],
    "min $.score": lambda r, source: r["score"],
    "longest,first": lambda r, source: -len(r["text"]),
    "shortest,max $.score": lambda r, source: (len(r["text"]), -r["score"]),
    "source_order,max $.score": lambda r, source: (source, -r["score"]),
    "shortest,source_order,first": lambda r, source: (len(r["text"]), source),
}


def ranked(inputs, references, across):
    """All records, references first; the source of each (0: a reference), and its rank: who may be
    merged into whom."""
    records = [*references, *itertools.chain(*inputs)]
    sources = [0] * len(references)
    for n, part in enumerate(inputs):
        sources += [1 + n] * len(part)
    return records, sources, [n if across == "inputs" else min(n, 1) for n in sources]


class NearCase(DedupCase):
    def near(self, inputs, *more, **how):
        return self.merge("dedup.near", inputs, *more, **how)
