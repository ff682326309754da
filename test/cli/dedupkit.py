"""What tests of duplicates share: runs over lists of records, and what the ledger says of them."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../laws"))
from lawkit import LawCase  # noqa: E402

try:
    import pyarrow.parquet as parquet
except ImportError as missing:
    raise unittest.SkipTest("%s is not installed (tools/setup.sh test)" % missing.name)

RUN = ("--threads", "--memory", "--batch-records")


def lines(records):
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)


class DedupCase(LawCase):
    def findings(self, folder):
        return parquet.read_table(os.path.join(folder, "findings.parquet")).to_pylist()

    def ledger(self, folder):
        """Its rows by the order of lines in all inputs, and {number of a row: (fate, number of the
        other, or its place when it is none of the rows, value)}."""
        rows = parquet.read_table(os.path.join(folder, "ledger.parquet")).to_pylist()
        rows.sort(key=lambda r: (r["place"], r["path"]))
        number = {r["place"]: n for n, r in enumerate(rows)}
        return rows, {n: (r["fate"], number.get(r["other_place"], r["other_place"]), r["value"])
                      for n, r in enumerate(rows)}

    def merge(self, op, inputs, *more, references=(), name="out", env=None):
        """Runs over lists of records, a file each; gives the folder."""
        paths = [self.write("in%d.jsonl" % n, lines(records)) for n, records in enumerate(inputs)]
        if len(paths) > 1:  # several inputs of a recipe, not several files of one
            given = dict(zip(more[::2], more[1::2]))
            args = {k[2:].replace("-", "_"): v for k, v in given.items() if k not in RUN}
            text = ""
            if references:
                text = "references: {old: %s}\n" % self.write("ref.jsonl", lines(references))
                args["against"] = ["old"]
            text += "inputs: {%s}\nsteps:\n  - %s: %s\n" % (
                ", ".join("n%d: {path: %s}" % p for p in enumerate(paths)), op, json.dumps(args))
            more = [w for k, v in given.items() if k in RUN for w in (k, v)]
            return self.run_folder(name, "run", self.write("r.yaml", text), *more, "--overwrite",
                                   env=env)
        if references:
            more = [*more, "--against", self.write("ref.jsonl", lines(references))]
        more = [w for w in more if w != "true"]  # a switch has no value there
        return self.run_folder(name, op, *paths, *more, "--overwrite", env=env)

    def kept(self, folder):
        return [json.loads(line) for line in self.data(folder).splitlines()]

    def ids(self, folder):
        return [r["id"] for r in self.kept(folder)]
