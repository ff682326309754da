"""Near duplicates of JSONL by word 5-grams, file to file, beside datasketch, rensa (full sketches),
datatrove and text-dedup: 14 bands of 8 rows for all, one thread, text in and lines out.

Data are bench/make_near.py's: made-up sentences, short and of about 3 KB, 10 % near duplicates of
known similarity, 5 % exact ones. The rivals keep whoever their bands separate; ours compares
exactly what its bands bring together, so its time holds that too. Recall is measured for every tool
on a file with more near duplicates against brute force at 0.8, and must not be less for ours (by
more than three standard errors of the difference of two such counts). Then the sketch alone beside
rensa's, from hashes that are there, and two threads against one.

  TAMIS_BENCH_NEAR_MB   size of the data (50); the slow rivals get a part of it
"""

import os
import subprocess

import benchkit as kit
import make_near
from near_truth import Truth

PYTHON = os.environ.get("TAMIS_RIVALS", os.path.join(kit.ROOT, "build/rivals/bin/python"))
MB = int(os.environ.get("TAMIS_BENCH_NEAR_MB", "50"))
BANDS, ROWS, NGRAM, THRESHOLD = 14, 8, 5, 0.8

# name, script, least ratio, share of the data, most runs
RIVALS = (("datasketch 2.0", "datasketch", 100, 1.0, 5),
          ("rensa 0.5, full sketches", "rensa", 20, 1.0, 5),
          ("text-dedup 0.4 minhash", "textdedup", 50, 0.4, 3),
          ("datatrove 0.10, four stages", "datatrove", 100, 0.2, 2))

KERNEL = """
import numpy, sys, time
from rensa import RMinHash
slots, grams, documents = map(int, sys.argv[1:])
hashes = numpy.random.RandomState(1).randint(0, 2**64, grams * documents, dtype=numpy.uint64)
offsets = numpy.arange(0, grams * documents + 1, grams, dtype=numpy.uint64)
best = 1e9
for _ in range(5):
    began = time.process_time()
    RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, slots, 42)
    best = min(best, time.process_time() - began)
print(best * 1e9 / (grams * documents))
"""


def data(megabytes, near=0.10):
    path = os.path.join(kit.FOLDER, f"near-{megabytes}-{near}.jsonl")
    if not os.path.exists(path):
        os.makedirs(kit.FOLDER, exist_ok=True)
        make_near.make(path, megabytes, near=near)
    return path


def need():
    said = subprocess.run([kit.TAMIS, "dedup.near", "--help"], capture_output=True)
    if said.returncode:
        raise kit.Missing("this tamis has no dedup.near")
    if not os.access(PYTHON, os.X_OK):
        raise kit.Missing("no build/rivals: tools/setup.sh bench makes it")


def ours(path, threads=1, threshold=THRESHOLD, sketch="fast"):
    return [kit.TAMIS, "dedup.near", path, "--by", "document", "--ngram", str(NGRAM),
            "--bands", str(BANDS), "--rows", str(ROWS), "--threshold", str(threshold),
            "--sketch", sketch, "--threads", str(threads), "-q", "-o", "-"]


def theirs(script, path, out):
    return [PYTHON, "-B", os.path.join(kit.ROOT, "bench", f"rival_{script}.py"), path, out,
            "--ngram", str(NGRAM), "--bands", str(BANDS), "--rows", str(ROWS)]


def recalls(out, other):
    """{name: (recall, share of wrong losses)}, and how many duplicates there were."""
    path = data(8, near=0.4)
    truth, said = Truth(path, THRESHOLD), {}
    for sketch in ("fast", "classic"):
        kit.once(ours(path, sketch=sketch), out)
        said[f"tamis, {sketch}"] = truth.judge(out)
    for name, script, *_ in RIVALS:
        kit.once(theirs(script, path, other))
        said[name] = truth.judge(other)
    for name, (recall, wrong) in said.items():
        print(f"   recall at {THRESHOLD} of {len(truth.pairs)} duplicates: {recall:.4f}, "
              f"lost though like nothing else: {wrong:.4f}   {name}")
    return said, len(truth.pairs)


def beside(rival, said, pairs, out, other):
    name, script, want, share, runs = rival
    path = data(max(1, round(MB * share)))
    a, b = kit.pair(ours(path), theirs(script, path, other), out, runs=min(kit.RUNS, runs))
    mine, yours = said["tamis, fast"][0], said[name][0]
    middle = (mine + yours) / 2
    error = 3 * (2 * middle * (1 - middle) / pairs) ** 0.5
    note = (f"recall {mine:.3f} against {yours:.3f} of {pairs} duplicates at {THRESHOLD}; lost "
            f"though like nothing else: {said['tamis, fast'][1]:.3f} against {said[name][1]:.3f}")
    met = kit.claim(f"near-{script}", "near dedup, 5-grams, 14 x 8, 1 thread", name, want, a, b,
                    kit.describe(path), note=note)
    if mine < yours - error:
        print(f"   FALLS SHORT in recall: {mine:.4f} against {yours:.4f}")
        met = False
    return met


def kernel():
    """The sketch alone, 128 values, from hashes."""
    library = os.path.join(os.path.dirname(kit.TAMIS), "libtamis.a")
    libraries = subprocess.run(["make", "-s", "-C", kit.ROOT, "print-DEP_LIBS"], check=True,
                               capture_output=True, text=True).stdout.split()
    program = os.path.join(kit.FOLDER, "sketch_kernel")
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-I" + os.path.join(kit.ROOT, "src"), "-o",
                    program, os.path.join(kit.ROOT, "bench/sketch_kernel.c"), library, *libraries,
                    "-lm", "-pthread"], check=True)
    met = True
    env = {**os.environ, "RAYON_NUM_THREADS": "1"}
    for grams, documents in ((60, 50000), (500, 10000), (5000, 1000)):
        sizes = ["128", str(grams), str(documents)]
        a = subprocess.run([program, "fast", *sizes], capture_output=True, text=True, check=True)
        b = subprocess.run([PYTHON, "-c", KERNEL, *sizes], capture_output=True, text=True,
                           check=True, env=env)
        nanoseconds = [{"ns": float(x.stdout.split()[0])} for x in (a, b)]
        met &= kit.claim(f"near-kernel-{grams}", f"sketch of 128 from {grams} hashes, ns a hash",
                         "rensa 0.5, full sketches", 3, *nanoseconds, by="ns",
                         data=f"{documents} random sets")
    return met


def threads(out):
    path = data(4 * MB)
    one, two = kit.pair(ours(path, 1), ours(path, 2), out)
    return kit.claim("near-threads", "near dedup, 2 threads", "1 thread", 1.8, two, one,
                     kit.describe(path))


def measure():
    need()
    out, other = (os.path.join(kit.OUT, name) for name in ("near-ours.jsonl", "near-theirs.jsonl"))
    try:
        said, pairs = recalls(out, other)
        met = True
        for rival in RIVALS:
            met &= beside(rival, said, pairs, out, other)
        met &= kernel()
        return met & threads(out)
    finally:
        for path in (out, other):
            if os.path.exists(path):
                os.remove(path)


if __name__ == "__main__":
    kit.main(measure)
