#!/usr/bin/env python3
"""Makes JSONL with planted near duplicates, for the benches of dedup.near.

    bench/make_near.py OUT.jsonl [--megabytes N] [--seed N] [--near SHARE] [--exact SHARE]

Lines are {"id": ..., "text": ...}. Half the records are short (20 to 80 words), half about 3 KB.
The words are made up of syllables and drawn by Zipf's law, so nothing is taken from anywhere.
A share of the records (10 %) are an earlier one with words substituted, inserted, deleted or a run
of words moved, aimed at a similarity of 0.3 to 0.98; another share (5 %) repeats an earlier one.
OUT.jsonl.truth has a line a planted record: [id, id of the original, how, Jaccard], the Jaccard
counted exactly over sets of lower-cased word 5-grams. The same arguments give the same bytes.
"""

import argparse
import json
import os
import random

ONSETS = ["b", "br", "d", "dr", "f", "fl", "g", "gr", "h", "k", "kl", "l", "m", "n", "p", "pl", "r",
          "s", "sk", "st", "t", "tr", "v", "w", "z"]
NUCLEI = ["a", "e", "i", "o", "u", "ai", "ea", "oo"]
CODAS = ["", "", "", "l", "m", "n", "r", "s", "t", "nd", "sh"]
NGRAM = 5
WAYS = ("substitute", "insert", "delete", "move")
POOL = 20000  # originals that a duplicate may be of


def vocabulary(rng, size=30000):
    words = set()
    while len(words) < size:
        words.add("".join(rng.choice(ONSETS) + rng.choice(NUCLEI) + rng.choice(CODAS)
                          for _ in range(rng.choice((1, 1, 2, 2, 3)))))
    words = sorted(words)
    rng.shuffle(words)
    return words


class Words:
    """Words by Zipf's law, drawn a million at a time."""

    def __init__(self, rng):
        self.rng, self.words = rng, vocabulary(rng)
        total, self.upto = 0.0, []
        for rank in range(len(self.words)):
            total += 1.0 / (rank + 10)
            self.upto.append(total)
        self.drawn, self.at = [], 0

    def take(self, count):
        if self.at + count > len(self.drawn):
            self.drawn = self.rng.choices(self.words, cum_weights=self.upto, k=1 << 20)
            self.at = 0
        self.at += count
        return self.drawn[self.at - count:self.at]


def sentences(words, rng):
    """The words as tokens with what follows each: capitals, commas, ends of sentences and lines."""
    tokens, at = [], 0
    while at < len(words):
        run = list(words[at:at + rng.randint(6, 18)])
        at += len(run)
        run[0] = run[0].capitalize()
        if len(run) > 9:
            run[5] += ","
        run[-1] += rng.choice((".", ".", "?", ".\n"))
        tokens += run
    return tokens


def text_of(tokens):
    return " ".join(tokens).replace("\n ", "\n")


def grams(tokens):
    words = [token.strip(",.?\n").lower() for token in tokens]
    return set(zip(*(words[i:] for i in range(NGRAM))))


def jaccard(a, b):
    a, b = grams(a), grams(b)
    common = len(a & b)
    return common / (len(a) + len(b) - common)


def changed(tokens, how, target, rng, supply):
    """A copy whose similarity is about the target."""
    out, n = list(tokens), len(tokens) - NGRAM + 1
    if how == "substitute":  # each kills 5 n-grams on both sides
        edits = n * (1 - target) / (NGRAM * (1 + target))
    elif how == "move":  # a run cut out and put elsewhere breaks three places
        edits = n * (1 - target) / (3 * (NGRAM - 1) * (1 + target))
    else:  # about 4 n-grams on one side and 5 on the other
        edits = n * (1 - target) / (4.5 * (1 + target))
    for _ in range(max(1, round(edits))):
        at = rng.randrange(len(out))
        if how == "substitute":
            out[at] = supply.take(1)[0]
        elif how == "insert":
            out.insert(at, supply.take(1)[0])
        elif how == "delete" and len(out) > NGRAM:
            del out[at]
        elif how == "move":
            run = out[at:at + 8]
            del out[at:at + 8]
            to = rng.randrange(len(out) + 1)
            out[to:to] = run
    return out


def records(rng, near, exact):
    """(text, truth or None) without end."""
    supply, pool, number = Words(rng), [], 0
    while True:
        draw = rng.random()
        if draw < near and len(pool) > 100:
            of, tokens = rng.choice(pool)
            how, target = rng.choice(WAYS), rng.uniform(0.3, 0.98)
            copy = changed(tokens, how, target, rng, supply)
            yield text_of(copy), [number, of, how, round(jaccard(tokens, copy), 6)]
        elif draw < near + exact and len(pool) > 100:
            of, tokens = rng.choice(pool)
            yield text_of(tokens), [number, of, "exact", 1.0]
        else:
            count = rng.randint(20, 80) if rng.random() < 0.5 else rng.randint(350, 500)
            tokens = sentences(supply.take(count), rng)
            if len(pool) < POOL:
                pool.append((number, tokens))
            else:
                pool[rng.randrange(POOL)] = (number, tokens)
            yield text_of(tokens), None
        number += 1


def make(path, megabytes, seed=7, near=0.10, exact=0.05):
    rng, written, number = random.Random(seed), 0, 0
    with open(path + ".new", "w", encoding="ascii") as out, \
            open(path + ".truth", "w", encoding="ascii") as truth:
        for text, planted in records(rng, near, exact):
            line = json.dumps({"id": str(number), "text": text}) + "\n"
            out.write(line)
            if planted:
                truth.write(json.dumps(planted) + "\n")
            written, number = written + len(line), number + 1
            if written >= megabytes * 1000000:
                break
    os.rename(path + ".new", path)
    return number


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--near", type=float, default=0.10)
    parser.add_argument("--exact", type=float, default=0.05)
    args = parser.parse_args()
    count = make(args.out, args.megabytes, args.seed, args.near, args.exact)
    print(f"{count} records, {os.path.getsize(args.out) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
