"""A pyarrow table deduplicated from Python, table to table, one thread: near duplicates beside
rensa (full sketches), and exact ones beside semhash's exact path.

Both sides run in one kind of process (python_side.py), which times from table to table. Near
duplicates have the parameters and the recall check of bench_near.py; exact ones must be the same
rows. semhash's semantic path needs a model that has to be downloaded, and is no part of this.

  TAMIS_BENCH_PYTHON_MB   size of the data (50)
"""

import json
import os
import subprocess

import bench_near
import benchkit as kit
from near_truth import Truth

MB = int(os.environ.get("TAMIS_BENCH_PYTHON_MB", "50"))
TREE = os.path.join(os.path.dirname(kit.TAMIS), "python")


def need():
    bench_near.need()
    for package in ("rensa", "semhash", "pyarrow"):
        if subprocess.run([bench_near.PYTHON, "-c", f"import {package}"], check=False,
                          stderr=subprocess.DEVNULL).returncode:
            raise kit.Missing(f"{package} is not in build/rivals: tools/setup.sh bench")
    subprocess.run(["make", "-s", "-C", kit.ROOT, "python"], check=True)


def once(side, path, out):
    script = os.path.join(kit.ROOT, "bench/python_side.py")
    done = subprocess.run([bench_near.PYTHON, "-B", script, side, path, out], check=True,
                          stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": TREE})
    return json.loads(done.stdout)


def pair(ours, theirs, path, out):
    a, b = [], []
    for _ in range(kit.RUNS):
        a.append(once(ours, path, out))
        b.append(once(theirs, path, out))
    return kit.summary(a), kit.summary(b)


def near(out):
    path = bench_near.data(8, near=0.4)
    truth, recall = Truth(path, bench_near.THRESHOLD), {}
    for side in ("tamis", "rensa"):
        once(side, path, out)
        recall[side] = truth.judge(out)[0]
    pairs = len(truth.pairs)
    middle = sum(recall.values()) / 2
    error = 3 * (2 * middle * (1 - middle) / pairs) ** 0.5
    data = bench_near.data(MB)
    a, b = pair("tamis", "rensa", data, out)
    met = kit.claim("python-near", "Python: near dedup of a pyarrow table, 1 thread",
                    "rensa 0.5, full sketches", 20, a, b, kit.describe(data),
                    note=f"table to table; recall {recall['tamis']:.3f} against "
                         f"{recall['rensa']:.3f} of {pairs} duplicates at {bench_near.THRESHOLD}")
    if recall["tamis"] < recall["rensa"] - error:
        print(f"   FALLS SHORT in recall: {recall}")
        return False
    return met


def exact(out):
    path, digests = bench_near.data(MB), []
    for side in ("tamis-exact", "semhash"):
        once(side, path, out)
        digests.append(kit.digest(out))
    if digests[0] != digests[1]:
        raise RuntimeError("other rows survive than semhash keeps")
    a, b = pair("tamis-exact", "semhash", path, out)
    return kit.claim("python-exact", "Python: exact dedup of a pyarrow table, 1 thread",
                     "semhash 0.5, its exact path", 20, a, b, kit.describe(path),
                     note="table to table; the same rows")


def measure():
    need()
    out = os.path.join(kit.OUT, "python-side.jsonl")
    try:
        met = near(out)
        return met & exact(out)
    finally:
        if os.path.exists(out):
            os.remove(out)


if __name__ == "__main__":
    kit.main(measure)
