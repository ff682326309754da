"""What the tests of decontaminate share: an oracle that compares lists of words, and the findings
of a run by the lines of its files.

The oracle knows neither hashes nor filters and samples nothing: every record against every item,
n-gram by n-gram.
"""

import json
import os
import sys
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import LawCase  # noqa: E402

try:
    import pyarrow.parquet as parquet
except ImportError:
    parquet = None

INVISIBLE = set(
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2066\u2067\u2068\u2069"
)
UNSPACED = ((0xE00, 0xFFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x30FF), (0x4E00, 0x9FFF))


def terms_of(text):
    """[(term, from, to)]: places in bytes."""
    found, word, begin, end, at = [], "", 0, 0, 0

    def close():
        nonlocal word
        if word:
            folded = unicodedata.normalize("NFC", word).casefold()
            found.append((folded, begin, end))
        word = ""

    for c in text:
        size = len(c.encode())
        if c in INVISIBLE:
            at += size
            continue
        term = c == "_" or unicodedata.category(c)[0] in "LMN"
        own = term and any(low <= ord(c) <= high for low, high in UNSPACED)
        if not term or own:
            close()
        if own:
            found.append((c, at, at + size))
        elif term:
            if not word:
                begin = at
            word += c
            end = at + size
        at += size
    close()
    return found


def parts_of(record):
    """[(text, response)] in the order of the record's parts."""
    if "text" in record:
        return [(record["text"], False)]
    return [(record["prompt"], False), (record["completion"], True)]


class Oracle:
    def __init__(self, references, ngram=13, overlap=0.0, least=5, common=100, short="exact"):
        self.n, self.overlap = ngram, overlap
        self.items, seen = [], set()
        for number, record in enumerate(references):
            for text, response in parts_of(record):
                terms = tuple(t[0] for t in terms_of(text))
                brief = len(terms) < ngram
                if len(terms) < least or (brief and (short == "none" or response)):
                    continue
                if terms not in seen:
                    self.items.append((number, terms, brief))
                seen.add(terms)
        of = {}
        for i, (_, terms, brief) in enumerate(self.items):
            for gram in [] if brief else self.grams(terms, ngram):
                of.setdefault(gram, set()).add(i)
        self.common = {gram for gram, items in of.items() if len(items) > common}

    @staticmethod
    def grams(terms, n):
        return [tuple(terms[i : i + n]) for i in range(len(terms) - n + 1)]

    def looked_for(self, item):
        """[gram] of an item that count."""
        _, terms, brief = self.items[item]
        if brief:
            return [terms]
        grams = set(self.grams(terms, self.n))
        return [g for g in grams if g not in self.common] or grams

    def findings(self, record):
        """[(part, at, bytes, share, record of the reference, short)]"""
        parts = [terms_of(text) for text, _ in parts_of(record)]
        plain = [[t[0] for t in part] for part in parts]
        held = {n: {g for p in plain for g in self.grams(p, n)} for n in range(1, self.n + 1)}
        share = {}
        for i in range(len(self.items)):
            grams = self.looked_for(i)
            hits = sum(gram in held[len(gram)] for gram in grams)
            if hits and hits / len(grams) >= self.overlap:
                share[i] = hits / len(grams)
        told = []
        for number, part in enumerate(parts):
            hits = []
            for i in share:
                for gram in set(self.looked_for(i)):
                    for at in range(len(part) - len(gram) + 1):
                        if tuple(plain[number][at : at + len(gram)]) == gram:
                            hits.append((at, at + len(gram), i))
            told += [(number, *span) for span in self.spans(part, sorted(hits), share)]
        return told

    def spans(self, part, hits, share):
        joined = []
        for begin, end, item in hits:
            if joined and begin <= joined[-1][1]:
                joined[-1][1] = max(end, joined[-1][1])
                joined[-1][2].add(item)
            else:
                joined.append([begin, end, {item}])
        for begin, end, items in joined:
            best = min(items, key=lambda i: (-share[i], i))
            number, _, brief = self.items[best]
            at = part[begin][1]
            yield at, part[end - 1][2] - at, share[best], number, brief


class Case(LawCase):
    def findings(self, folder, lines):
        """[(line, code, part, at, bytes, value, line of the reference)]"""
        rows = parquet.read_table(os.path.join(folder, "findings.parquet")).to_pylist()
        offsets = {name: self.offsets(name) for name in lines}
        return [
            (
                offsets["in"][row["place"] & (1 << 40) - 1],
                row["code"],
                row["part"],
                row["at"],
                row["bytes"],
                round(row["value"], 9),
                offsets["ref"][row["other_place"] & (1 << 40) - 1],
            )
            for row in rows
        ]

    def offsets(self, name):
        out, at = {}, 0
        with open(self.path(name + ".jsonl"), "rb") as file:
            for number, line in enumerate(file):
                out[at] = number
                at += len(line)
        return out

    def lines(self, name, records):
        text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
        return self.write(name + ".jsonl", text)

    def decontaminated(self, records, *more, references):
        return self.run_folder(
            "out",
            "decontaminate",
            self.lines("in", records),
            "--against",
            self.lines("ref", references),
            "--overwrite",
            *more,
        )
