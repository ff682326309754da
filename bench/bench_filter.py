"""JSONL to JSONL with a filter on a field, verbatim out, file to file, one thread.

DuckDB declares the columns and writes JSON; it re-prints every value, so its answer is compared by
the number of records. jq, Miller and orjson do what their users do. Output goes to a file by
redirection or by the rival's own writer; nobody syncs."""

import os
import sys

import benchkit as kit

DUCK = """
import duckdb, sys
c = duckdb.connect()
c.execute("set threads=1")
c.execute(f"copy (select * from read_json('{sys.argv[1]}', format='newline_delimited', "
          f"columns={sys.argv[3]}, maximum_object_size=67108864) where {sys.argv[4]}) "
          f"to '{sys.argv[2]}' (format json)")
"""
ORJSON = """
import orjson, sys
with open(sys.argv[1], "rb") as file, open(sys.argv[2], "wb") as out:
    for line in file:
        row = orjson.loads(line)
        if %s:
            out.write(line)
"""
CHATS = {"ours": "$.source = 'forum'", "duck": "source = 'forum'",
         "columns": "{id: 'VARCHAR', messages: 'JSON', source: 'VARCHAR', turns: 'BIGINT', "
                    "ok: 'BOOLEAN'}",
         "python": "row['source'] == 'forum'", "jq": '.source == "forum"',
         "mlr": '$source == "forum"'}
DOCS = {"ours": "$.score >= 0.5", "duck": "score >= 0.5",
        "columns": "{id: 'VARCHAR', title: 'VARCHAR', text: 'VARCHAR', tags: 'VARCHAR[]', "
                   "source: 'VARCHAR', score: 'DOUBLE', meta: 'STRUCT(lang VARCHAR, year BIGINT)'}",
        "python": "row['score'] >= 0.5", "jq": ".score >= 0.5", "mlr": "$score >= 0.5"}


def count(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def measure():
    met = True
    out, other = (os.path.join(kit.OUT, name) for name in ("ours.out", "theirs.out"))
    for shape, how in (("chats", CHATS), ("docs", DOCS)):
        path = kit.words(shape)
        ours = [kit.TAMIS, "filter", path, "--keep", how["ours"], "--threads", "1", "-q", "-o",
                "-"]
        rivals = [("DuckDB", 5, [sys.executable, "-c", DUCK, path, other, how["columns"],
                                 how["duck"]]),
                  ("orjson", 5, [sys.executable, "-c", ORJSON % how["python"], path, other]),
                  ("jq", 50, ["jq", "-c", f"select({how['jq']})", path]),
                  ("Miller", 50, ["mlr", "--ijsonl", "--ojsonl", "filter", how["mlr"], path])]
        for name, want, theirs in rivals:
            own_writer = other in theirs
            try:
                kit.need(theirs[0])
                kit.once(ours, out)
                kit.once(theirs, os.devnull if own_writer else other)
                if count(out) != count(other):
                    raise RuntimeError(f"{name} keeps {count(other)}, we keep {count(out)}")
                runs = 2 if want == 50 else kit.RUNS
                a, b = kit.pair(ours, theirs, out, os.devnull if own_writer else other, runs)
            except (kit.Missing, RuntimeError) as why:
                print(f"   {name} left out: {why}")
                continue
            met &= kit.claim(f"filter-{shape}-{name.lower()}",
                             f"filter {shape}, verbatim, 1 thread", name, want, a, b,
                             kit.describe(path))
    for path in (out, other):
        if os.path.exists(path):
            os.remove(path)
    return met


if __name__ == "__main__":
    kit.main(measure)
