"""Exact duplicates of JSONL by a text, first one kept, file to file. Ours compares the texts byte
for byte after the hash; the set of digests trusts its digest."""

import os
import sys

import benchkit as kit

DUCK = """
import duckdb, sys
c = duckdb.connect()
c.execute("set threads=2")
c.execute(f"copy (select * from read_json('{sys.argv[1]}', format='newline_delimited', columns="
          "{id: 'VARCHAR', title: 'VARCHAR', text: 'VARCHAR', tags: 'VARCHAR[]', "
          "source: 'VARCHAR', score: 'DOUBLE', meta: 'STRUCT(lang VARCHAR, year BIGINT)'}, "
          "maximum_object_size=67108864) "
          f"qualify row_number() over (partition by text) = 1) to '{sys.argv[2]}' (format json)")
"""
POLARS = """
import polars, sys
polars.scan_ndjson(sys.argv[1]).unique(subset="text", keep="first",
                                       maintain_order=True).sink_ndjson(sys.argv[2])
"""
DIGESTS = """
import hashlib, json, sys
seen = set()
with open(sys.argv[1], "rb") as file, open(sys.argv[2], "wb") as out:
    for line in file:
        digest = hashlib.md5(json.loads(line)["text"].encode()).digest()
        if digest not in seen:
            seen.add(digest)
            out.write(line)
"""


def count(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def measure():
    met = True
    path = kit.doubled(kit.words("docs"))
    out, other = (os.path.join(kit.OUT, name) for name in ("ours.out", "theirs.out"))
    ours = [kit.TAMIS, "dedup.exact", path, "--by", "document", "--normalise", "", "--threads", "2",
            "-q", "-o", "-"]
    for name, want, code in (("DuckDB, 2 threads", 5, DUCK), ("polars", 5, POLARS),
                             ("a Python set of digests", 15, DIGESTS)):
        theirs = [sys.executable, "-c", code, path, other]
        kit.once(ours, out), kit.once(theirs)
        if count(out) != count(other):
            raise RuntimeError(f"{name} keeps {count(other)}, we keep {count(out)}")
        a, b = kit.pair(ours, theirs, out)
        met &= kit.claim(f"dedup-{name.split(',')[0].split()[-1].lower()}",
                         "exact dedup by a text, 2 threads", name, want, a, b, kit.describe(path))
    for path in (out, other):
        if os.path.exists(path):
            os.remove(path)
    return met


if __name__ == "__main__":
    kit.main(measure)
