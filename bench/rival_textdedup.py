"""text-dedup: its minhash program on a JSONL file, one process, and its result written as JSONL.
min_length is 1, because by default it drops every short text."""

import json
import os
import shutil
import sys
import tempfile

import rival_common as common

args = common.arguments()

import datasets  # noqa: E402
from text_dedup import logger, minhash  # noqa: E402


def count(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


datasets.disable_progress_bars()
logger.setLevel("ERROR")
clock = common.Clock()
folder = tempfile.mkdtemp(dir=os.path.dirname(os.path.abspath(args.target)))
try:
    minhash.main.callback(
        path="json", data_files=args.source, split="train", cache_dir=folder + "/cache",
        output=folder + "/out", num_proc=1, clean_cache=False, column="text", batch_size=10000,
        ngram=args.ngram, min_length=1, num_perm=args.perms, b=args.bands, r=args.rows,
        hash_func="sha1", hash_bits="64")
    clock.lap("minhash")
    datasets.load_from_disk(folder + "/out").to_json(args.target, force_ascii=False)
    clock.lap("JSONL")
finally:
    shutil.rmtree(folder)
clock.tell(count(args.source), count(args.target))
