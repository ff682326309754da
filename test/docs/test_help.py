#!/usr/bin/env python3
"""What the program says of itself: its tables are complete, help shows what may be given, a code
can be asked for, and generated pages are up to date."""
# time-limit: 60

import json
import os
import re
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TAMIS = os.path.abspath(os.environ.get("TAMIS", os.path.join(ROOT, "build/release/tamis")))
PAIRS = '{"prompt":"a b","completion":"c d e"}\n{"prompt":"f","completion":"g"}\n'


def tamis(*words, source=None, expect=0):
    """Standard output and error of a command."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP")) as folder:
        done = subprocess.run([TAMIS, *words], input=source, text=True, cwd=folder, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == expect, (words, done.returncode, done.stderr)
    return done.stdout, done.stderr


class Tables(unittest.TestCase):
    """`tamis ops --tables`."""

    @classmethod
    def setUpClass(cls):
        cls.tables = json.loads(tamis("ops", "--tables")[0])

    def test_every_code_has_a_name_a_sentence_and_help(self):
        for code in self.tables["codes"]:
            self.assertRegex(code["code"], r"^T\d{4}$")
            self.assertRegex(code["name"], r"^[a-z0-9]+(-[a-z0-9]+)*$", code)
            for key in ("sentence", "help"):
                self.assertTrue(code[key], code)
            self.assertFalse(code["sentence"].endswith("."), code)

    def test_one_table_has_a_code_only_once(self):
        seen = [(c["code"], c["where"]) for c in self.tables["codes"]]
        self.assertEqual(len(seen), len(set(seen)))

    def test_every_parameter_and_operator_is_described(self):
        params = [p for op in self.tables["operators"] for p in op["params"]]
        params += self.tables["options"] + self.tables["limits"] + self.tables["output"]
        for param in params:
            self.assertTrue(param["help"], param)
            self.assertFalse(param["help"].endswith("."), param)
        for op in self.tables["operators"]:
            self.assertGreater(len(op["why"]), 80, op["name"])
            self.assertTrue(op["examples"], op["name"])

    def test_every_verb_and_operator_has_help(self):
        for name in [c["name"] for c in self.tables["commands"] + self.tables["operators"]]:
            out, _ = tamis(name, "--help")
            self.assertTrue(out.startswith("tamis " + name), name)
            self.assertEqual([line for line in out.split("\n") if line != line.rstrip()], [], name)
            self.assertEqual(tamis("help", name)[0], out)

    def test_the_examples_of_operators_are_records(self):
        for op in self.tables["operators"]:
            for example in op["examples"]:
                for line in (example["in"] + example["out"]).split("\n"):
                    if line:
                        json.loads(line)


class Help(unittest.TestCase):
    """What a person reads."""

    def test_choices_defaults_and_limits_are_named(self):
        out, _ = tamis("dedup.exact", "--help")
        self.assertIn("case (full case folding), space (runs of white space",
                      re.sub(r"\s+", " ", out))
        out, _ = tamis("sample", "--help")
        self.assertNotIn("-1", out)
        out, _ = tamis("run", "--help")
        self.assertIn("the default; --no-resume", re.sub(r"\s+", " ", out))

    def test_a_code_can_be_asked_for(self):
        out, _ = tamis("ops", "t1701")
        self.assertIn("T1701 exact-duplicate (dedup.exact)", out)
        self.assertEqual(json.loads(tamis("ops", "T1701", "--json")[0])["verdict"], "merge")
        _, error = tamis("ops", "T9999", expect=2)
        self.assertIn("tamis ops --codes", error)

    def test_every_table_of_ops_is_there_as_json(self):
        tables = json.loads(tamis("ops", "--tables")[0])
        for word, key in (("--layouts", "layouts"), ("--codes", "codes")):
            self.assertEqual(json.loads(tamis("ops", word, "--json")[0]), tables[key])
        self.assertEqual(json.loads(tamis("ops", "--json")[0]), tables["operators"])

    def test_cat_with_a_condition_on_texts_looks_at_texts(self):
        out, _ = tamis("cat", "-", "--where", "words(response) >= 3", source=PAIRS)
        self.assertEqual(out, PAIRS.split("\n")[0] + "\n")
        _, error = tamis("cat", "-", "--where", "words(respons) > 1", source=PAIRS, expect=2)
        self.assertIn("--where, column 7: there is no \"respons\" here", error)

    def test_findings_that_are_equally_common_are_all_shown(self):
        source = '{"text":"a \\nb\\u200b"}\n'
        _, error = tamis("clean.text", "-", source=source)
        self.assertIn("[zero-width 1, trailing-space 1]", error)

    def test_inspect_counts_turns_and_names_commands_with_their_file(self):
        source = '{"text":"a"}\n{"text":"a"}\n'
        out, _ = tamis("inspect", "-", source=source)
        self.assertIn("turns a record: median 1, 90 % up to 1, most 1", out)
        self.assertIn("tamis dedup.exact -", out)
        found = json.loads(tamis("inspect", "-", "--json", source=source)[0])
        self.assertEqual(found["turns"]["records"], 2)
        self.assertEqual([f["code"] for f in found["findings"]], ["T1701"])


class Pages(unittest.TestCase):
    """The generated reference."""

    def test_the_reference_is_what_the_program_says_now(self):
        done = subprocess.run(["sh", "tools/gen_docs.sh", "--check"], cwd=ROOT, text=True,
                              env={**os.environ, "TAMIS": TAMIS}, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
