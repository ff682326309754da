"""One side of bench_python.py: a pyarrow table in memory is deduplicated, one thread, and the time
from table to table is told, as JSON on standard output. Reading the file and importing packages are
not in it. Run by the Python that has the rivals (build/rivals), so that both sides have the same
interpreter and the same pyarrow; PYTHONPATH leads to the package under test.

    python_side.py {tamis,rensa,tamis-exact,semhash} IN.jsonl OUT.jsonl

OUT gets the lines that survive, for the comparison of answers.
"""

import json
import sys
import time

import rival_common as common
import pyarrow as pa

BANDS, ROWS, NGRAM, THRESHOLD = 14, 8, 5, 0.8
BATCH = 2000


def tamis_near(table):
    import tamis

    return tamis.read(table).dedup.near(
        by="document", ngram=NGRAM, bands=BANDS, rows=ROWS, threshold=THRESHOLD
    ).to_arrow(threads=1)


def tamis_exact(table):
    import tamis

    return tamis.read(table).dedup.exact(by="document").to_arrow(threads=1)


def rensa(table):
    """Full sketches, as in rival_rensa.py: not the sampled path."""
    from rensa import RMinHash, RMinHashLSH

    lsh = RMinHashLSH(threshold=THRESHOLD, num_perm=BANDS * ROWS, num_bands=BANDS)
    kept = []
    for first in range(0, table.num_rows, BATCH):
        texts = table["text"].slice(first, BATCH).to_pylist()
        sets = [common.grams(text, NGRAM) for text in texts]
        sketches = RMinHash.from_token_sets(sets, num_perm=BANDS * ROWS, seed=42)
        for row, sketch in enumerate(sketches, first):
            if not lsh.query(sketch):
                lsh.insert(row, sketch)
                kept.append(row)
    return table.take(kept)


def semhash(table):
    """Its exact path alone: the rest needs a model, which has to be downloaded."""
    from semhash.records import remove_exact_duplicates

    kept, _ = remove_exact_duplicates(table.to_pylist(), ["text"])
    return pa.Table.from_pylist(kept, table.schema)


SIDES = {"tamis": tamis_near, "rensa": rensa, "tamis-exact": tamis_exact, "semhash": semhash}


def peak():
    """MiB at most; not by getrusage, which counts the process that started this one."""
    with open("/proc/self/status", encoding="utf-8") as file:
        (kib,) = (line.split()[1] for line in file if line.startswith("VmHWM:"))
    return int(kib) / 1024


def main():
    side, source, target = sys.argv[1:]
    with open(source, "rb") as file:
        lines = file.read().splitlines()
    rows = [json.loads(line) for line in lines]
    table = pa.table({"id": [row["id"] for row in rows], "text": [row["text"] for row in rows]})
    small = table.slice(0, 50)
    SIDES[side](small)  # imports, and whatever a first call sets up
    wall, cpu = time.perf_counter(), time.process_time()
    made = SIDES[side](table)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    line_of = dict(zip(table["id"].to_pylist(), lines))
    with open(target, "wb") as out:
        out.writelines(line_of[name] + b"\n" for name in made["id"].to_pylist())
    print(json.dumps({"wall": wall, "cpu": cpu, "mib": peak()}))


if __name__ == "__main__":
    main()
