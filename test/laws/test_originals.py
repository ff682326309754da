"""Law 6, against every way in which a run could take away or replace what is not its own: files of
the user's that lie in a run folder under any name, and everything that the run reads."""

import os
import unittest

from lawkit import LawCase, manifest

LINES = '{"text":"one"}\n{"text":"two"}\n'


class RunFolder(LawCase):
    def setUp(self):
        super().setUp()
        self.write("a.jsonl", LINES)

    def put(self, files):
        for name, text in files.items():
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            self.write(name, text)

    def assert_there(self, files):
        for name, text in files.items():
            with open(self.path(name), encoding="utf-8") as file:
                self.assertEqual(file.read(), text, name)

    def test_what_a_user_keeps_in_a_run_folder_stays(self):
        mine = {name: f"mine: {name}\n" for name in (
            "p/work/notes.txt", "p/work/deep/plan", "p/lock", "p/plan", "p/data-notes.txt",
            "p/data-0000.jsonl", "p/data-00000.csv", "p/parked-list.md",
            "p/ledger.parquet.old", "p/train-00000.jsonl", "p/findings.md", "p/manifest.json.bak",
            "p/.hidden", "p/.x.tmp-1-2")}
        self.put(mine)
        for words in ([], ["--overwrite"], ["--overwrite"]):
            self.tamis("length", "a.jsonl", "-o", "p/", *words)
            self.assert_there(mine)
        self.assertFalse(os.path.exists(self.path("p/.tamis")))

    def test_a_working_folder_of_somebody_else_is_refused(self):
        for n, mine in enumerate(({"notes.txt": "x"}, {"lock": "mine\n"}, {"lock": "process 1"},
                                  {"plan": "ok\n", "more": "y"})):
            mine = {f"q{n}/.tamis/{name}": text for name, text in mine.items()}
            self.put(mine)
            for words in ([], ["--overwrite"]):
                done = self.tamis("length", "a.jsonl", "-o", f"q{n}/", *words, expect=2)
                self.assertIn(b"move it away, or use another folder", done.stderr)
                self.tamis("dedup.exact", "-", "-o", f"q{n}/", *words, stdin=LINES.encode(),
                           expect=2)
                self.assert_there(mine)
                self.assertEqual(sorted(os.listdir(self.path(f"q{n}/.tamis"))),
                                 sorted(os.path.basename(name) for name in mine))

    def test_shards_of_a_route_are_not_replaced_unasked_and_go_with_their_run(self):
        mine = {"r/train-00000.jsonl.zst": "mine"}
        self.put(mine)
        split = ["split", "a.jsonl", "--eval", "1", "-o", "r/"]
        self.assertIn(b"of no run", self.tamis(*split, expect=2).stderr)
        self.assert_there(mine)
        self.tamis(*split, "--overwrite")
        written = {o["path"] for o in manifest(self.path("r"))["outputs"]}
        self.assertIn("train-00000.jsonl.zst", written)
        self.tamis("length", "a.jsonl", "-o", "r/", "--overwrite")
        self.assertEqual(written & set(os.listdir(self.path("r"))), set())


if __name__ == "__main__":
    unittest.main()
