"""Records about which checks and repairs have nothing to say in the pass that looks are not shown
to them again in the writing pass. That must not show: one run of checks, repairs, a filter and two
deduplications gives what the same steps give one run after another, where nothing is looked at
twice; findings too."""
# time-limit: 120

import json
import os
import random
import subprocess
import tempfile
import unittest

import pyarrow.parquet as parquet

TAMIS = os.path.abspath(os.environ.get("TAMIS", "build/release/tamis"))
STEPS = ["check.record: {}", "clean.text: {}", "filter: {drop: 'words(response) < 2'}",
         "dedup.exact: {by: [response]}", "tag: {set: {seen: 'yes'}}",
         "dedup.exact: {name: prompts, by: [prompt], normalise: [case]}"]
ODD = ["", " ends in blanks  ", "a\u200bmark", "bell\x07", "e\u0301", "one\n\n\n\ntwo", "caf\u00e9"]


def row(rng, n):
    asked = rng.choice(["Why", "WHY", "how", "who"]) + f" {rng.randrange(4000)}?"
    said = rng.choice(ODD) if rng.random() < 0.02 else f"because of {rng.randrange(9000)} " * 9
    line = json.dumps({"messages": [{"role": "user", "content": asked},
                                    {"role": "assistant", "content": said.strip("\r")}], "n": n})
    if rng.random() < 0.01:
        line = line[:-1] + ',"n":0}'
    return line[:9] if rng.random() < 0.005 else line


class Quiet(unittest.TestCase):
    def refine(self, folder, name, source, steps, threads):
        recipe = os.path.join(folder, name + ".yaml")
        with open(recipe, "w", encoding="utf-8") as file:
            file.write(f"inputs: {{in: {{path: {source}}}}}\nsteps:\n")
            file.writelines(f"  - {step}\n" for step in steps)
            file.write("output: {format: jsonl, ledger: signals}\n")
        out = os.path.join(folder, name)
        said = subprocess.run([TAMIS, "run", recipe, "-o", out + "/", "--threads", str(threads),
                               "--limit-unreadable", "100%"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(said.returncode, 0, said.stderr)
        with open(os.path.join(out, "manifest.json"), encoding="utf-8") as file:
            counts = json.load(file)["steps"]
        data = os.path.join(out, "data-00000.jsonl")
        found = parquet.read_table(os.path.join(out, "findings.parquet"))
        return data, counts, found.select(["step", "code", "part", "at", "bytes"]).to_pylist()

    def test_one_run_or_many(self):
        rng = random.Random(5)
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "in.jsonl")
            with open(source, "w", encoding="utf-8") as file:
                file.writelines(row(rng, n) + "\n" for n in range(9000))
            together, counts, found = self.refine(folder, "all", source, STEPS, 2)
            apart, counts_apart, found_apart, at = [], [], [], source
            for i, step in enumerate(STEPS):
                at, some, more = self.refine(folder, f"step{i}", at, [step], 1)
                counts_apart += some
                found_apart.append([f for f in more if i == 0 or f["step"]])
            with open(together, "rb") as one, open(at, "rb") as other:
                self.assertEqual(one.read(), other.read())
            for one, other in zip(counts, counts_apart):
                for what in ("counts", "findings"):
                    self.assertEqual(one[what], other[what], (one["op"], what))
            for op, own in zip(["check.record", "clean.text"], found_apart):
                mine = [(f["code"], f["part"]) for f in found if f["step"] == op]
                self.assertEqual(mine, [(f["code"], f["part"]) for f in own if f["step"] == op])
                self.assertTrue(mine)
            twice = [f["at"] for f in found if not f["step"]]
            self.assertEqual(twice, [f["at"] for f in found_apart[0] if not f["step"]])
            self.assertTrue(twice)


if __name__ == "__main__":
    unittest.main()
