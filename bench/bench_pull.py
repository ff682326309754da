"""Two fields of every line, everything validated, one thread.

In memory beside simdjson On-Demand (bench_pull.c, pull_simdjson.cpp), which skips without
validating; and from the file, warm, beside DuckDB, orjson and polars, each timed inside its own
process so that no start-up counts: the processor seconds of the second of two rounds."""

import os
import re
import subprocess
import sys

import benchkit as kit

TIMED = """
import sys, time
def timed(what):
    what()
    began = time.process_time()
    answer = what()
    print(time.process_time() - began, answer)
"""
DUCK = TIMED + """
import duckdb
c = duckdb.connect()
c.execute("set threads=1")
timed(lambda: c.execute(f"select sum(strlen(id)) + sum(strlen(source)) from read_json("
                f"'{sys.argv[1]}', format='newline_delimited', columns={{id: 'VARCHAR', source: "
                "'VARCHAR'}, maximum_object_size=67108864)").fetchone()[0])
"""
ORJSON = TIMED + """
import orjson
def pull():
    total = 0
    with open(sys.argv[1], "rb") as file:
        for line in file:
            row = orjson.loads(line)
            total += len(row["id"]) + len(row["source"])
    return total
timed(pull)
"""
POLARS = """
import os
os.environ["POLARS_MAX_THREADS"] = "1"
""" + TIMED + """
import polars
schema = {"id": polars.String, "source": polars.String}
timed(lambda: polars.scan_ndjson(sys.argv[1], schema=schema).select(
    (polars.col("id").str.len_bytes() + polars.col("source").str.len_bytes()).sum()
    ).collect().item())
"""


def build():
    """The two C programs of the in-memory pair."""
    library = os.path.join(os.path.dirname(kit.TAMIS), "libtamis.a")
    flags = subprocess.run(["make", "-s", "-C", kit.ROOT, "print-DEP_LIBS"], check=True,
                           capture_output=True, text=True).stdout.split()
    ours, theirs = (os.path.join(kit.FOLDER, n) for n in ("bench_pull", "pull_simdjson"))
    os.makedirs(kit.FOLDER, exist_ok=True)
    subprocess.run(["cc", "-O3", "-D_GNU_SOURCE", "-I" + os.path.join(kit.ROOT, "src"), "-o", ours,
                    os.path.join(kit.ROOT, "bench/bench_pull.c"), library, *flags, "-lm",
                    "-pthread"], check=True)
    subprocess.run(["g++", "-O3", "-march=native", "-o", theirs,
                    os.path.join(kit.ROOT, "bench/pull_simdjson.cpp"), "-lsimdjson"], check=True)
    return ours, theirs


def rate(line):
    return float(re.search(r"median ([\d.]+) GB/s", line).group(1))


def in_memory(shape, path):
    try:
        ours, theirs = build()
    except (subprocess.CalledProcessError, FileNotFoundError):
        print("   simdjson left out: libsimdjson-dev and a C++ compiler are needed")
        return True
    a, b, sums = [], [], set()
    for _ in range(3):
        for program, rates in ((ours, a), (theirs, b)):
            said = subprocess.run([program, path, "id", "source", "5"], check=True,
                                  capture_output=True, text=True).stdout
            rates.append(rate(said))
            sums.add(re.search(r"(\d+) records sum (\d+)", said).groups())
    if len(sums) != 1:
        raise RuntimeError(f"not the same answer: {sums}")
    size = os.path.getsize(path) / 1e9
    ours, theirs = ({"cpu": round(size / kit.median(r), 4)} for r in (a, b))
    return kit.claim(f"pull-{shape}-simdjson", f"pull two fields of {shape}, in memory, 1 thread",
                     "simdjson On-Demand", 0.7, ours, theirs, kit.describe(path), by="cpu",
                     note=f"{kit.median(a):.2f} against {kit.median(b):.2f} GB/s; it does not "
                     "validate what it skips")


def from_file(shape, path, name, want, code):
    ours, theirs = [], []
    for _ in range(3):
        said = subprocess.run([os.path.join(kit.FOLDER, "bench_pull"), path, "id", "source", "3",
                               "file"], check=True, capture_output=True, text=True).stdout
        total = re.search(r"sum (\d+)", said).group(1)
        ours.append(os.path.getsize(path) / 1e9 / rate(said))
        seconds, answer = subprocess.run([sys.executable, "-c", code, path], check=True,
                                         capture_output=True, text=True).stdout.split()
        theirs.append(float(seconds))
        if answer != total:
            raise RuntimeError(f"{name} sums {answer}, we {total}")
    ours, theirs = ({"cpu": round(kit.median(r), 4)} for r in (ours, theirs))
    return kit.claim(f"pull-{shape}-{name.split(',')[0].lower()}",
                     f"pull two fields of {shape}, from the file, 1 thread", name, want, ours,
                     theirs, kit.describe(path), by="cpu")


def measure():
    met = True
    for shape in ("chats", "docs"):
        path = kit.words(shape)
        met &= in_memory(shape, path)
        for name, want, code in (("DuckDB, 1 thread", 5, DUCK), ("orjson", 6, ORJSON),
                                 ("polars, 1 thread", 6, POLARS)):
            met &= from_file(shape, path, name, want, code)
    return met


if __name__ == "__main__":
    kit.main(measure)
