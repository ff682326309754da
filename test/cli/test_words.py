"""What the program says and refuses: every mistake has a place or a next thing to do."""

import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import TAMIS, LawCase, operators  # noqa: E402


class Words(LawCase):
    def setUp(self):
        super().setUp()
        self.source = self.write("a.jsonl", '{"text":"a","meta":{"m":1}}\n{"text":"b c"}\n')

    def refused(self, *words, says, code=2):
        done = self.tamis(*words, expect=code)
        self.assertIn(says, done.stderr.decode(), words)
        return done

    def test_a_file_is_not_held_against_itself(self):
        """By whatever spelling or link."""
        folder, name = os.path.split(self.source)
        os.symlink(name, self.path("link.jsonl"))
        os.link(self.source, self.path("hard.jsonl"))
        other = self.write("copy.jsonl", '{"text":"a","meta":{"m":1}}\n')
        for word in ("dedup.near", "dedup.exact", "decontaminate"):
            for again in (self.source, os.path.join(folder, ".", name), self.path("link.jsonl"),
                          self.path("hard.jsonl")):
                self.refused(word, self.source, "--against", again, "-o", "-",
                             says="is an input and a reference at once")
            self.tamis(word, self.source, "--against", other, "-o", "-")

    def test_selectors_are_those_that_the_descriptor_names(self):
        whole, old = "everything", self.write("old.jsonl", '{"text":"d"}\n')
        for op in operators():
            for param in (p for p in op["params"] if p["type"] == "selectors"):
                words = [op["name"], self.source, "--print-recipe", "--" + param["name"]]
                if op["name"] == "decontaminate":
                    words[1:1] = ["--against", old]
                for choice in param["choices"]:
                    said = self.tamis(*words, choice).stdout.decode()
                    self.assertEqual(choice in said, choice != param["default"])
                self.assertEqual(whole in param["choices"], op["name"] == "dedup.exact")
                if whole not in param["choices"]:
                    self.refused(*words, whole, says="is for dedup.exact")

    def test_names_that_do_not_exist(self):
        recipe = self.write("r.yaml", "inputs: {a: {path: a.jsonl}}\nsteps:\n"
                            "  - head: {zzz: 3}\noutput: {path: out}\n")
        self.refused("run", recipe, says='"head" has no parameter "zzz": it has records')
        self.refused("ops", "dedup.exat", says='did you mean "dedup.exact"')
        self.refused("ops", "nul-content", says='did you mean "null-content"')
        told = {name: self.tamis("ops", name).stdout for name in ("T1216", "null-content")}
        self.assertEqual(told["T1216"], told["null-content"])
        self.refused("run", self.source, says="tamis refine " + self.source)
        self.refused("length", self.source, "-o", "nodir/x.jsonl", says="there is no folder nodir")
        self.refused("length", self.write("x.txt", "Hello.\n"), "--container", "folder", "-o", "-",
                     says="name the folder that it lies in", code=3)

    def test_inputs_that_are_not_read(self):
        for name, data, says in [("a.parquet", "PAR1....PAR1", "a Parquet file"),
                                 ("a.csv", "a,b\n1,2\n", "mlr --icsv"),
                                 ("a.txt", "Hello.\n", "give the folder that it lies in"),
                                 ("a.zip", "PK\3\4....", "unzip FILE"),
                                 ("wide.jsonl", "{\0}\0\n\0", "iconv")]:
            self.refused("cat", self.write(name, data), says=says, code=3)
        lines = self.write("lines.txt", '{"text":"a"}\n')
        self.assertEqual(self.tamis("cat", lines).stdout, b'{"text":"a"}\n')

    def test_a_plan_names_the_format_that_would_be_written(self):
        for words, name in [(["cat", self.source], "jsonl"),
                            (["length", self.source, "-o", "b.json"], "json"),
                            (["length", self.source, "-o", "b/"], "jsonl.zst"),
                            (["length", self.source, "-o", "b.gz", "--format", "json.gz"],
                             "json.gz")]:
            told = self.tamis(*words, "--dry-run").stdout.decode()
            self.assertIn(f"output  {name}\n", told)

    def test_options_that_make_no_sense(self):
        self.refused("shuffle", self.source, "--seed", "-1", "-o", "-", says="\"seed\" takes")
        self.refused("length", self.source, "-o", "", says="needs a name")
        self.refused("length", self.source, "-o", "a/", "-o", "b/", says="given twice")
        self.assertFalse(os.path.exists(self.path("b")))
        self.refused("inspect", self.source, "-o", "rep.txt", says="-o NAME.html")
        self.assertFalse(os.path.exists(self.path("rep.txt")))

    def test_check_takes_only_what_it_uses(self):
        for words in (("-o", "chk/"), ("--shard", "1MiB"), ("--level", "3")):
            self.refused("check", self.source, *words, says="there is no option " + words[0])
        told = self.tamis("check", "--help").stdout.decode()
        self.assertEqual(told.count("--format"), 2)  # the option, and the example
        self.assertNotIn("--output", told)
        for shell in ("bash", "fish"):
            lines = [line for line in self.tamis("completions", shell).stdout.decode().splitlines()
                     if line.lstrip().startswith("check)") or "_verb check'" in line]
            self.assertTrue(lines)
            self.assertFalse([line for line in lines if "-l output" in line or "--output" in line])

    def test_a_closed_standard_input_is_no_empty_one(self):
        done = subprocess.run(["sh", "-c", 'exec "$0" cat - <&-', TAMIS], cwd=self.folder,
                              capture_output=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"standard input", done.stderr)

    def test_a_remark_on_a_verb_names_no_place(self):
        told = self.tamis("cat", self.source, "--where", "true").stderr.decode()
        self.assertIn("tamis: warning: ", told)
        self.assertNotIn("0:0", told)

    def test_rules_that_can_never_fire(self):
        recipe = ("inputs: {a: {path: a.jsonl}}\nsteps:\n  - length\n  - filter: {%s}\n"
                  "output: {path: out, format: jsonl}\n")
        for rule, code in (("keep: 'length.words < 0'", "T3101"), ("drop: '1/0 = 1'", "T3102"),
                           ("drop: 'length.words < 0'", "T3102"),
                           ("keep: 'length.words >= 0'", None), ("drop: '1/2 = 1'", None)):
            path = self.write("r.yaml", recipe % rule)
            done = self.tamis("run", path, "-o", "-", expect=2 if code == "T3101" else 0)
            if code:
                self.assertIn(code, done.stderr.decode(), rule)
            else:
                self.assertNotIn("warning", done.stderr.decode(), rule)

    def test_explain_finds_a_file_by_any_way_that_leads_to_it(self):
        os.mkdir(self.path("d"))
        self.write("d/b.jsonl", '{"text":"x"}\n')
        odd = os.fsencode(self.folder) + b"/\xff.jsonl"
        with open(odd, "wb") as out:
            out.write(b'{"text":"y"}\n')
        self.tamis("length", "a.jsonl", "d/b.jsonl", odd, "-o", "run/", "--quiet")
        for place in ("a.jsonl:2", "./a.jsonl:2", self.source + ":2", "d/../a.jsonl:2",
                      "d/b.jsonl:1", "./d//b.jsonl:1", odd + b":1", b"\xff.jsonl:1"):
            self.assertIn(b"kept", self.tamis("explain", "run", place).stdout, place)
        self.tamis("explain", "run", "d/a.jsonl:1", expect=2)
        with open(self.source, "rb") as file:
            self.tamis("length", "-", "-o", "piped/", "--quiet", stdin=file.read())
        for place in ("-:2", "-@0"):
            self.assertIn(b"kept", self.tamis("explain", "piped", place).stdout)


class Tags(LawCase):
    def counted(self, folder):
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            return file.read()

    def test_each_change_of_a_field_is_told(self):
        self.write("a.jsonl", '{"text":"a","meta":{"email":"x"},"meta":{"email":"y"},"k":1}\n'
                   '{"text":"b","k":2}\n')
        recipe = self.write("r.yaml", "inputs: {a: {path: a.jsonl, tags: {k: 1, origin: real}}}\n"
                            "steps:\n  - tag: {set: {n: 1, text: z}, remove: [meta.email]}\n"
                            "output: {path: out, format: jsonl}\n")
        folder = self.run_folder("out", "run", recipe)
        told = json.loads(self.tamis("explain", folder, "a.jsonl:1", "--json").stdout)
        codes = sorted(f["code"] for f in told["records"][0]["findings"])
        self.assertEqual(codes, ["T1030", "T1033", "T1413", "T1414", "T1415"])
        told = json.loads(self.tamis("explain", folder, "a.jsonl:2", "--json").stdout)
        codes = sorted(f["code"] for f in told["records"][0]["findings"])
        self.assertEqual(codes, ["T1033", "T1034", "T1413", "T1414"])
        self.assertEqual(self.data(folder).decode(),
                         '{"text":"z","meta":{},"meta":{},"k":1,"origin":"real","n":1}\n'
                         '{"text":"z","k":1,"origin":"real","n":1}\n')


if __name__ == "__main__":
    unittest.main()
