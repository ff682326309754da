#!/usr/bin/env python3
"""docs/reference/contract.md against a real run: every file, field and column it names is there
with that type, none is there that it does not name, and what it says of nulls and sums holds."""
# time-limit: 120

import json
import os
import re
import stat
import subprocess
import tempfile
import unittest

try:
    import pyarrow.parquet as parquet
except ImportError:
    parquet = None

TAMIS = os.path.abspath(os.environ.get("TAMIS", "build/release/tamis"))
PAGE = "docs/reference/contract.md"
RECORDS = [
    '{"prompt":"a","completion":"one two"}',
    '{"prompt":"a","completion":"one two","note":1}',
    '{"prompt":"b","completion":""}',
    '{"prompt":"c","completion":"x\\u200by"}',
    '{"prompt":"d","completion":"z"',
    '{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"r"},'
    '{"role":"user","content":"s"},{"role":"assistant","content":"t u"}]}',
]
RECIPE = """
seed: 3
references: reference.jsonl
steps:
  - check.record
  - clean.text
  - split.turns
  - length
  - filter: {drop: "length.words > 99"}
  - dedup.exact
  - decontaminate
  - split: {eval: 30%}
limits: {unreadable: 50%}
"""
TYPES = {"text": str, "number": (int, float), "object": dict, "list": list,
         "true or false": bool, "text or null": (str, type(None)),
         "number or null": (int, float, type(None)), "list or null": (list, type(None)),
         "object or null": (dict, type(None))}
FLAGS = """
steps:
  - dedup.exact: {then: flag}
  - split: {eval: 1, group: [$.user]}
"""


def section(title):
    """The rows of the first table below a heading, header and ruler left out."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    part = re.search(r"^##+ %s\n(.*?)(?=^##|\Z)" % re.escape(title), text, re.M | re.S)
    assert part, title
    rows = [line for line in part.group(1).split("\n") if line.startswith("|")][2:]
    cells = [[c.strip() for c in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
    return [[re.sub(r"^`([^`]*)`$", r"\1", c) for c in row] for row in cells]


def fields(value, prefix=""):
    """name -> values of all fields of an object; those in lists of objects as list[].name."""
    found = {}
    for name, inner in value.items():
        found.setdefault(prefix + name, []).append(inner)
        if isinstance(inner, dict) and name in ("reader", "duplicates", "clusters", "manifest",
                                                 "report", "items"):
            for key, values in fields(inner, prefix + name + ".").items():
                found.setdefault(key, []).extend(values)
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            for one in inner:
                for key, values in fields(one, prefix + name + "[].").items():
                    found.setdefault(key, []).extend(values)
    return found


class Contract(unittest.TestCase):
    """One run with every fate but dropped, and the page beside it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        cls.root = cls.folder.name
        cls.run_folder = os.path.join(cls.root, "out")
        with open(os.path.join(cls.root, "in.jsonl"), "w", encoding="utf-8") as file:
            file.write("\n".join(RECORDS) + "\n")
        with open(os.path.join(cls.root, "reference.jsonl"), "w", encoding="utf-8") as file:
            file.write('{"text":"five terms of a benchmark"}\n')
        with open(os.path.join(cls.root, "r.yaml"), "w", encoding="utf-8") as file:
            file.write(RECIPE)
        done = subprocess.run([TAMIS, "run", "r.yaml", "in.jsonl", "-o", "out/", "--json"],
                              cwd=cls.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stderr.decode()
        cls.said = json.loads(done.stdout)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def load(self, name):
        with open(os.path.join(self.run_folder, name), encoding="utf-8") as file:
            return json.load(file)

    def compare(self, title, value, opaque=()):
        """The page's table of an object's fields, and the object."""
        rows = section(title)
        found = {name: values for name, values in fields(value).items()
                 if not any(name.startswith(o + ".") or name.startswith(o + "[]") for o in opaque)}
        self.assertEqual([row[0] for row in rows if row[0] not in found], [], "named, not there")
        self.assertEqual([n for n in found if n not in [r[0] for r in rows]], [], "not named")
        for name, kind, *_ in rows:
            for one in found[name]:
                self.assertIsInstance(one, TYPES[kind], name)
                self.assertEqual(isinstance(one, bool), kind == "true or false", name)

    def test_the_folder_holds_the_files_that_the_page_names(self):
        rows = section("A run folder")
        names = [re.escape(r[0]).replace("NNNNN", r"\d{5}").replace("FORMAT", r"jsonl\.zst")
                 for r in rows]
        there = {re.sub("^(train|eval)-", "data-", name): name  # the split's routes
                 for name in sorted(os.listdir(self.run_folder))}
        for name in there:
            self.assertTrue(any(re.fullmatch(n, name) for n in names), name)
        for row, pattern in zip(rows, names):
            files = [n for n in there if re.fullmatch(pattern, n)]
            if "unfinished" in row[1] or "while a process" in row[1]:
                self.assertEqual(files, [], row[0])
                continue
            self.assertTrue(files, row[0])
            mode = os.stat(os.path.join(self.run_folder, there[files[0]])).st_mode
            private = not mode & (stat.S_IRGRP | stat.S_IROTH)
            self.assertEqual(private, row[2] == "the owner", row[0])

    def test_the_manifest_has_the_fields_that_the_page_names(self):
        told = self.load("manifest.json")
        same = '{"text":"a","user":1}\n{"text":"a","user":2}\n'
        told["steps"] += self.run_again("sides", FLAGS, same)["steps"]
        self.compare("manifest.json", told, opaque=["plan"])

    def test_the_counts_are_those_of_the_page_and_close(self):
        names = [row[0] for row in section("Counts")]
        manifest = self.load("manifest.json")
        for counts in [manifest["counts"]] + [s["counts"] for s in manifest["steps"]]:
            self.assertEqual(list(counts), names)
            self.assertEqual(counts["read"] + counts["made"], sum(counts[n] for n in names[2:8]))
        self.assertEqual(manifest["counts"]["unreadable"], 1)
        self.assertEqual({s["counts"]["written"] for s in manifest["steps"]}, {0})

    def test_run_json_has_the_fields_that_the_page_names(self):
        self.compare("run.json", self.load("run.json"))

    def test_json_on_standard_output_has_the_fields_that_the_page_names(self):
        self.compare("--json", self.said, opaque=["steps", "inputs", "references", "outputs"])
        rows = {row[0]: row[2] for row in section("--json")}
        for name in ("inputs", "outputs"):
            self.assertEqual(list(self.said[name][0]), re.findall(r"\w+", rows[name]))

    def test_unreadable_jsonl_has_the_fields_that_the_page_names(self):
        with open(os.path.join(self.run_folder, "unreadable.jsonl"), encoding="utf-8") as file:
            lost = json.loads(file.readline())
        self.assertNotIn("ill_formed", lost)
        self.compare("unreadable.jsonl", {**lost, **self.of_bad_bytes()})
        with open(os.path.join(self.run_folder, "unreadable.bin"), encoding="utf-8") as file:
            self.assertEqual(file.read()[lost["at"]:lost["at"] + lost["bytes"]], RECORDS[4])

    def of_bad_bytes(self):
        with open(os.path.join(self.root, "bad.jsonl"), "wb") as file:
            file.write(b'{"text":"a\xff"}\n{"text":"b"}\n')
        subprocess.run([TAMIS, "cat", "bad.jsonl", "-o", "bad/", "--limit-unreadable", "1", "-q"],
                       cwd=self.root, check=True, stderr=subprocess.DEVNULL)
        with open(os.path.join(self.root, "bad/unreadable.jsonl"), encoding="utf-8") as file:
            return json.loads(file.readline())

    def check_columns(self, name, title, more=()):
        if parquet is None:
            self.skipTest("pyarrow is not installed")
        table = parquet.read_table(os.path.join(self.run_folder, name))
        rows = section(title)
        self.assertEqual(table.column_names[:len(rows)], [row[0] for row in rows])
        self.assertEqual(table.column_names[len(rows):], list(more))
        kinds = {"uint64": "uint64", "text": "string", "double": "double"}
        for column, kind, null, _ in rows:
            self.assertEqual(str(table.schema.field(column).type), kinds[kind], column)
            self.assertEqual(table.schema.field(column).nullable, null != "never", column)
        return table.to_pylist()

    def test_the_ledger_has_the_columns_that_the_page_names(self):
        signals = ["length." + s for s in ("chars words turns system user assistant tool "
                                           "reasoning call response response_words").split()]
        signals += ["dedup.exact.cluster"]
        rows = self.check_columns("ledger.parquet", "ledger.parquet", signals)
        self.assertEqual([r["fate"] for r in rows], ["kept", "merged", "parked", "kept",
                                                     "unreadable", "replaced", "kept", "kept"])
        fates = [f.strip("`") for f in re.findall(r"`\w+`", [
            r[3] for r in section("ledger.parquet") if r[0] == "fate"][0])]
        self.assertLessEqual({r["fate"] for r in rows}, set(fates))
        self.assertEqual([(r["place"], r["path"]) for r in rows],
                         sorted((r["place"], r["path"]) for r in rows))
        offset = 0
        for line, row in enumerate(r for r in rows if not r["path"]):
            self.assertEqual(row["place"], 1 << 40 | offset)
            self.assertEqual(row["line"], line + 1)
            offset += len(RECORDS[line].encode()) + 1
        self.assertEqual([r["path"] >> 48 for r in rows if r["path"]], [1, 2])
        for r in rows:
            kept = r["fate"] == "kept"
            self.assertEqual(r["step"] is None, r["fate"] in ("kept", "unreadable"))
            self.assertEqual(r["rule"] is None, r["fate"] in ("kept", "replaced"))
            self.assertIn(r["route"], ("train", "eval") if kept else (None,))
            self.assertEqual(r["copies"], 1 if kept else 0)
            self.assertEqual(r["other_place"] is None, r["fate"] != "merged")
        self.assertEqual(rows[1]["other_place"], rows[0]["place"])

    def test_the_findings_have_the_columns_that_the_page_names(self):
        rows = self.check_columns("findings.parquet", "findings.parquet")
        at = {r["code"]: r for r in rows}
        self.assertEqual(sorted(at), ["T1202", "T1303", "T1703"])
        self.assertEqual(at["T1303"]["part"], "completion")
        self.assertEqual(at["T1303"]["at"], 1)

    def run_again(self, name, recipe, source):
        """The manifest of another recipe."""
        for file, text in ((name + ".yaml", recipe), (name + ".jsonl", source)):
            with open(os.path.join(self.root, file), "w", encoding="utf-8") as out:
                out.write(text)
        subprocess.run([TAMIS, "run", name + ".yaml", name + ".jsonl", "-o", name + "/", "-q"],
                       cwd=self.root, check=True)
        folder = os.path.join(self.root, name)
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            return json.load(file)

    def findings_of(self, name):
        if parquet is None:
            self.skipTest("pyarrow is not installed")
        return parquet.read_table(os.path.join(self.root, name, "findings.parquet")).to_pylist()

    def test_what_a_set_step_only_flags_is_a_finding(self):
        same = '{"text":"a"}\n' * 3
        manifest = self.run_again("flags", "steps: [dedup.exact: {then: flag}]\n", same)
        rows = self.findings_of("flags")
        self.assertEqual(manifest["counts"]["kept"], 3)
        self.assertEqual([r["code"] for r in rows], ["T1701", "T1701"])
        self.assertEqual({r["other_place"] for r in rows}, {1 << 40})
        manifest = self.run_again("drawn", "steps: [sample: {count: 1, then: flag}]\n", same)
        rows = self.findings_of("drawn")
        self.assertEqual(manifest["counts"]["kept"], 3)
        self.assertEqual([r["code"] for r in rows], ["T1501", "T1501"])

    def test_the_recipe_in_the_manifest_runs_again_and_gives_the_same(self):
        one = self.run_again("first", "steps: [head: {records: 2}]\n", '{"text":"a"}\n' * 3)
        with open(os.path.join(self.root, "again.yaml"), "w", encoding="utf-8") as out:
            out.write(one["recipe"])
        subprocess.run([TAMIS, "run", "again.yaml", "-o", "again/", "-q"], cwd=self.root,
                       check=True)
        with open(os.path.join(self.root, "again/manifest.json"), encoding="utf-8") as file:
            two = json.load(file)
        two["plan"]["recipe"] = one["plan"]["recipe"]  # the file's name
        self.assertEqual(one, two)

    def test_the_exit_codes_are_the_programs(self):
        tables = json.loads(subprocess.run([TAMIS, "ops", "--tables"], check=True,
                                           stdout=subprocess.PIPE).stdout)
        self.assertEqual([row[0] for row in section("Exit codes")],
                         sorted({str(e["exit"]) for e in tables["exits"]}))


if __name__ == "__main__":
    unittest.main()
