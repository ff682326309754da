"""A plan that asks for no role and no text takes any JSON, as jq would; one that does, does not."""

import json
import os
import subprocess
import tempfile
import unittest

TAMIS = os.environ.get("TAMIS", "build/release/tamis")
LINES = ['{"a": 1}', "[1, 2]", '{"a": 3, "text": "x"}', "7"]


class AnyJson(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(self.tmp.cleanup)
        self.file = os.path.join(self.tmp.name, "any.jsonl")
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("\n".join(LINES) + "\n")

    def run_it(self, *words):
        return subprocess.run([TAMIS, *words], capture_output=True, text=True)

    def test_fields_are_enough(self):
        done = self.run_it("filter", self.file, "--keep", "$.a >= 1", "-o", "-")
        self.assertEqual((done.returncode, done.stdout.splitlines()), (0, [LINES[0], LINES[2]]))

    def test_head_and_tag_take_any_record(self):
        done = self.run_it("head", self.file, "--records", "2", "-o", "-")
        self.assertEqual((done.returncode, done.stdout.splitlines()), (0, LINES[:2]))
        done = self.run_it("tag", self.file, "--set", "b=2", "-o", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        first = json.loads(done.stdout.splitlines()[0])
        self.assertEqual((list(first), first["a"]), (["a", "b"], 1))

    def test_a_selector_asks_for_a_layout(self):
        done = self.run_it("filter", self.file, "--keep", "words(document) >= 1",
                           "--limit-unreadable", "100%", "-o", "-")
        self.assertEqual(done.stdout.splitlines(), [LINES[2]])
        self.assertIn("T1020", done.stderr)

    def test_a_named_layout_is_held_to(self):
        done = self.run_it("filter", self.file, "--keep", "$.a >= 1", "--layout", "text",
                           "--limit-unreadable", "100%", "-o", "-")
        self.assertEqual(done.stdout.splitlines(), [LINES[2]])

    def test_values_one_behind_another_on_a_line(self):
        two = '{"text":"a"} {"text":"b"}'
        for name, text, code in (("one.json", two, 0), ("one.jsonl", two + "\n\n", 0),
                                 ("more.jsonl", two + '\n{"text":"c"}\n', 1)):
            path = os.path.join(self.tmp.name, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            done = self.run_it("cat", path)
            want = ['{"text":"c"}'] if code else two.split()
            self.assertEqual((done.returncode, done.stdout.splitlines()), (code, want), name)
            if code:
                self.assertIn(":1:14: error:", done.stderr)
                self.assertIn("--container json reads values one after another", done.stderr)
                done = self.run_it("cat", path, "--container", "json")
                self.assertEqual(done.stdout.splitlines(), two.split() + want)

    def test_the_dry_run_says_so(self):
        done = self.run_it("filter", self.file, "--keep", "$.a >= 1", "--dry-run")
        self.assertIn("any JSON", done.stdout)


if __name__ == "__main__":
    unittest.main()
