#!/usr/bin/env python3
"""`audit` sees every file that a run wrote: each one changed by a byte, made longer, cut short or
taken away, the digests against another implementation, and the report, which is written last; and
every count of the manifest (flow/audit_books.c), each made greater by one."""
# time-limit: 120

import hashlib
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import LawCase, manifest  # noqa: E402

RECIPE = """
steps:
  - check.record
  - clean.text
  - dedup.exact
  - split: {eval: 20%}
output: {ledger: signals}
limits: {unreadable: 100%}
"""
GOOD = '{"prompt":"q%d","completion":"one\\u200b %d"}\n'
EMPTY = '{"prompt":"e","completion":""}\n'  # parked


class Audit(LawCase):
    def setUp(self):
        super().setUp()
        self.write("r.yaml", RECIPE)
        lines = "".join(GOOD % (n, n) for n in range(300))
        self.write("a.jsonl", lines + EMPTY + '{"text":\n' + lines)

    def run_it(self, name, *more):
        return self.run_folder(name, "run", "r.yaml", "a.jsonl", *more)

    def differing(self, folder, expect):
        told = json.loads(self.tamis("audit", folder, "--json", expect=expect).stdout)
        return {thing["name"] for thing in told["looked_at"] if not thing["well"]}

    @staticmethod
    def load(path):
        with open(path, "rb") as file:
            return file.read()

    def test_no_file_of_a_run_can_change_unseen(self):
        folder = self.run_it("out")
        names = sorted(set(os.listdir(folder)) - {"manifest.json", "run.json"})
        self.assertEqual([n.split("-")[0] for n in names],
                         ["eval", "findings.parquet", "ledger.parquet", "parked", "report.html",
                          "train", "unreadable.bin", "unreadable.jsonl"])
        self.assertEqual(self.differing(folder, 0), set())
        for name in names:
            path = os.path.join(folder, name)
            whole = self.load(path)
            spoiled = bytearray(whole)
            spoiled[len(whole) // 2] ^= 1
            for other in (bytes(spoiled), whole + b"x", whole[:-1], b""):
                self.write(path, other)
                self.assertIn(name, self.differing(folder, 1), len(other))
            os.unlink(path)
            self.assertIn(name, self.differing(folder, 1))
            self.write(path, whole)
        self.assertEqual(self.differing(folder, 0), set())

    def test_no_count_of_a_manifest_can_change_unseen(self):
        """Each is made greater by one: of the run, of a step, of a code, of a source, of a file."""
        folder = self.run_it("counted")
        path = os.path.join(folder, "manifest.json")
        whole = json.loads(self.load(path))
        counted = [(whole["counts"], None), (whole["reader"]["unreadable"], None)]
        for step in whole["steps"]:
            counted += [(step["counts"], set(step["counts"]) - {"written"}),
                        (step["findings"], None)]
        for source in whole["inputs"]:
            counted += [(source, ("bytes", "records", "unreadable")), (source["layouts"], None)]
        counted += [(output, ("bytes", "records")) for output in whole["outputs"]]
        tried = 0
        for counts, names in counted:
            for name in names or counts:
                counts[name] += 1
                self.write(path, json.dumps(whole))
                told = self.differing(folder, 1) - {"manifest.json"}  # whose digest sees anything
                self.assertNotEqual(told, set(), (counts, name))
                counts[name] -= 1
                tried += 1
        self.assertGreater(tried, 50)
        whole["steps"].pop(2)
        self.write(path, json.dumps(whole))
        self.assertIn("step", self.differing(folder, 1))

    def test_what_a_manifest_says_was_done_cannot_change_unseen(self):
        folder, other = self.run_it("done"), self.run_folder("other", "length", "a.jsonl")
        path = os.path.join(folder, "manifest.json")
        whole = self.load(path)
        for change in ({"recipe": "steps: []"}, {"seed": 7}, {"version": "0"}, {"plan": {}},
                       {"identity": "0" * 32}):
            self.write(path, json.dumps(dict(json.loads(whole), **change)))
            self.assertIn("manifest.json", self.differing(folder, 1), change)
        self.write(path, self.load(os.path.join(other, "manifest.json")))
        self.assertIn("manifest.json", self.differing(folder, 1))
        self.write(path, whole)
        self.assertEqual(self.differing(folder, 0), set())

    def test_data_that_no_run_wrote_are_told(self):
        folder = self.run_it("stray")
        for name, told in (("train-00007.jsonl.zst", True), ("data-00000.jsonl", True),
                           ("notes.txt", False), ("train.jsonl", False),
                           ("other-00000.jsonl", False)):
            path = os.path.join(folder, name)
            self.write(path, b"")
            self.assertEqual(self.differing(folder, int(told)), {name} if told else set())
            os.unlink(path)

    def test_what_writes_no_data_has_no_copies(self):
        self.write("b.jsonl", "".join(GOOD % (n, n) for n in range(30)))
        for words in (("inspect", "b.jsonl", "-o", "seen/"),
                      ("check", "b.jsonl", "--run", "seen/", "--overwrite")):
            self.tamis(*words)
            self.assertEqual(self.differing("seen", 0), set())
            told = json.loads(self.tamis("explain", "seen", "b.jsonl:1", "--json").stdout)
            self.assertEqual((told["records"][0]["fate"], "written" in told["records"][0]),
                             ("kept", False))

    def test_the_digests_are_those_of_the_files_and_the_same_for_all_threads(self):
        one, three = self.run_it("one", "--threads", "1"), self.run_it("three", "--threads", "3")
        files = manifest(one)["files"]
        self.assertEqual(files, manifest(three)["files"])
        self.assertEqual([f["path"] for f in files],
                         ["ledger.parquet", "findings.parquet", "unreadable.bin",
                          "unreadable.jsonl"])
        told = json.loads(self.load(os.path.join(one, "run.json")))
        for entry in [*files, told["manifest"], told["report"]]:
            raw = self.load(os.path.join(one, entry["path"]))
            self.assertEqual((entry["bytes"], entry["sha256"]),
                             (len(raw), hashlib.sha256(raw).hexdigest()), entry["path"])

    def test_what_is_not_written_is_not_listed(self):
        for level, names in (("none", []), ("fates", ["ledger.parquet"]),
                             ("reasons", ["ledger.parquet", "findings.parquet"])):
            self.write("w.jsonl", GOOD % (1, 1))
            folder = self.run_folder(level, "length", "w.jsonl", "--ledger", level)
            self.assertEqual([f["path"] for f in manifest(folder)["files"]], names)
            self.assertEqual(self.differing(folder, 0), set())

    def test_a_run_that_ended_before_its_report_is_not_well(self):
        folder = self.run_it("out")
        path = os.path.join(folder, "run.json")
        told = json.loads(self.load(path))
        del told["report"]
        self.write(path, json.dumps(told))
        self.assertEqual(self.differing(folder, 1), {"report.html"})
        self.write(path, b'{"tamis":"run",')
        self.assertEqual(self.differing(folder, 1), {"run.json"})
        os.unlink(path)
        self.assertEqual(self.differing(folder, 1), {"run.json"})


if __name__ == "__main__":
    unittest.main()
