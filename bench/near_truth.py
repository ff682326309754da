"""Recall of a near deduplication against brute force.

Truth: every pair of records that share a word 5-gram is compared exactly (no pair that shares none
can be similar), and the first is kept: a record is a duplicate of the first kept one before it that
it reaches the threshold with. A tool has found a duplicate if it does not keep both. Also counted:
what a tool threw away that is not similar to anything it was read with.
"""

import collections
import json
import re

WORDS = re.compile(r"\w+").findall


def grams(text, n):
    words = WORDS(text.lower())
    if len(words) < n:
        return frozenset([tuple(words)])
    return frozenset(zip(*(words[i:] for i in range(n))))


class Truth:
    def __init__(self, path, threshold, n=5):
        self.pairs = []  # (id, id of its representative, Jaccard)
        self.alone = set()  # ids that reach the threshold with no other record
        self._compare(*self._read(path, n), threshold)

    @staticmethod
    def _read(path, n):
        ids, sets = [], []
        with open(path, "rb") as file:
            for line in file:
                row = json.loads(line)
                ids.append(row["id"])
                sets.append(grams(row["text"], n))
        return ids, sets

    def _compare(self, ids, sets, threshold):
        holders, kept, similar = collections.defaultdict(list), set(), set()
        for i, mine in enumerate(sets):
            common = collections.Counter(j for gram in mine for j in holders[gram])
            near = {}
            for j, count in common.items():
                jaccard = count / (len(mine) + len(sets[j]) - count)
                if jaccard >= threshold:
                    near[j] = jaccard
            first = min((j for j in near if j in kept), default=None)
            if near:
                similar.add(i)
                similar.update(near)
            if first is None:
                kept.add(i)
            else:
                self.pairs.append((ids[i], ids[first], near[first]))
            for gram in mine:
                holders[gram].append(i)
        self.alone = {ids[i] for i in range(len(ids)) if i not in similar}

    def judge(self, path):
        """(share of duplicates found, share of what was thrown away that was alone)."""
        with open(path, "rb") as file:
            kept = {json.loads(line)["id"] for line in file}
        found = sum(1 for a, b, _ in self.pairs if not (a in kept and b in kept))
        wrong = len(self.alone - kept)
        gone = wrong + found
        return found / len(self.pairs), wrong / gone if gone else 0.0
