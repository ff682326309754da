"""What the rivals of dedup.near share: arguments, JSONL in and out, word n-grams.

Each rival_*.py is a program of its own, run by the Python that has the rivals (build/rivals,
installed by tools/setup.sh bench from bench/requirements-near.txt):

    rival_X.py IN.jsonl OUT.jsonl [--ngram 5] [--bands 14] [--rows 8] [--perms bands x rows]

It writes the lines that survive, first of each group kept where the tool can, and a line of JSON
with what it read, kept and how long its steps took, on standard error. Where a tool leaves the
n-grams to its user, they are made the fastest way Python has: lower-cased runs of \\w, joined by
one space; a text with fewer than n words is one n-gram.
"""

import argparse
import json
import os
import re
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"

WORDS = re.compile(r"\w+").findall


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--ngram", type=int, default=5)
    parser.add_argument("--bands", type=int, default=14)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--perms", type=int, default=0)
    args = parser.parse_args()
    args.perms = args.perms or args.bands * args.rows
    return args


def grams(text, n):
    """Word n-grams as strings, repeated as they are."""
    words = WORDS(text.lower())
    if len(words) < n:
        return [" ".join(words)]
    return list(map(" ".join, zip(*(words[i:] for i in range(n)))))


class Clock:
    """Seconds a step."""

    def __init__(self):
        self.steps, self.last = {}, time.perf_counter()

    def lap(self, step):
        now = time.perf_counter()
        self.steps[step] = round(self.steps.get(step, 0) + now - self.last, 3)
        self.last = now

    def tell(self, read, kept):
        print(json.dumps({"read": read, "kept": kept, "seconds": self.steps}), file=sys.stderr)
