"""datatrove: the four stages of its MinHash example (signatures, buckets, clusters, filter) with
the local executor, one task at a time, English. Everything else as it comes: 64-bit xxhash, its
text simplification, spaCy's English words. It keeps one of each group, not always the first."""

import glob
import os
import shutil
import sys
import tempfile

import rival_common as common

args = common.arguments()

from datatrove.executor import LocalPipelineExecutor  # noqa: E402
from datatrove.pipeline.dedup import (MinhashDedupBuckets, MinhashDedupCluster,  # noqa: E402
                                      MinhashDedupFilter, MinhashDedupSignature)
from datatrove.pipeline.dedup.minhash import MinhashConfig  # noqa: E402
from datatrove.pipeline.readers import JsonlReader  # noqa: E402
from datatrove.pipeline.writers import JsonlWriter  # noqa: E402
from datatrove.utils.logging import logger  # noqa: E402


def count(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def stage(name, *pipeline, tasks=1):
    executor = LocalPipelineExecutor(pipeline=list(pipeline), tasks=tasks, workers=1,
                                     logging_dir=os.path.join(folder, "logs", name))
    executor.run()
    clock.lap(name)


logger.remove()
clock = common.Clock()
config = MinhashConfig(n_grams=args.ngram, num_buckets=args.bands, hashes_per_bucket=args.rows)
folder = tempfile.mkdtemp(dir=os.path.dirname(os.path.abspath(args.target)))
reader = JsonlReader(os.path.dirname(os.path.abspath(args.source)),
                     glob_pattern=os.path.basename(args.source))
try:
    stage("signatures", reader, MinhashDedupSignature(folder + "/signatures", config))
    stage("buckets", MinhashDedupBuckets(folder + "/signatures", folder + "/buckets",
                                         config=config), tasks=args.bands)
    stage("clusters", MinhashDedupCluster(folder + "/buckets", folder + "/remove", config))
    stage("filter", reader, MinhashDedupFilter(folder + "/remove"),
          JsonlWriter(folder + "/out", compression=None))
    written = glob.glob(folder + "/out/*.jsonl")
    if len(written) != 1:
        sys.exit(f"{len(written)} files were written, not one")
    shutil.move(written[0], args.target)
finally:
    shutil.rmtree(folder)
clock.tell(count(args.source), count(args.target))
