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


class Outputs(LawCase):
    """What a run reads is none of the files it writes."""

    def setUp(self):
        super().setUp()
        self.write("a.jsonl", LINES)

    def refused(self, path, *words, word=b"is an input of this run", stdin=None):
        with open(self.path(path), "rb") as file:
            before = file.read()
        done = self.tamis(*words, stdin=stdin, expect=2)
        self.assertIn(word, done.stderr, words)
        with open(self.path(path), "rb") as file:
            self.assertEqual(file.read(), before, words)
        left = [n for n in os.listdir(self.folder) if ".tmp-" in n]
        self.assertEqual(left, [], words)

    def test_the_page_of_inspect(self):
        self.write("data.html", LINES)
        os.symlink("data.html", self.path("link.html"))
        os.link(self.path("data.html"), self.path("hard.html"))
        os.mkdir(self.path("sub"))
        for page in ("data.html", "./data.html", "sub/../data.html", "link.html", "hard.html",
                     self.path("data.html")):
            self.refused("data.html", "inspect", "data.html", "-o", page, "--overwrite")
            self.refused("data.html", "inspect", "a.jsonl", "data.html", "-o", page, "--overwrite")
        self.tamis("inspect", "data.html", "-o", "page.html")
        self.tamis("inspect", "data.html", "-o", "page.html", "--overwrite")

    def test_the_recipe(self):
        recipe = "inputs: {a: {path: a.jsonl}}\nsteps: [length]\n"
        self.write("rr.yaml", recipe)
        word = b"is the recipe of this run"
        for name in ("rr.yaml", "./rr.yaml"):
            self.refused("rr.yaml", "run", "rr.yaml", "-o", name, "--overwrite", "--format",
                         "jsonl", word=word)
        self.write("r2.yaml", recipe + "output: {path: r2.yaml}\n")
        self.refused("r2.yaml", "run", "r2.yaml", "--overwrite", "--format", "jsonl", word=word)
        os.mkdir(self.path("out"))
        self.write("out/run.json", recipe)
        self.refused("out/run.json", "run", "out/run.json", "-o", "out/", "--overwrite", word=word)

    def test_data_by_any_name(self):
        for path in ("./a.jsonl", self.path("a.jsonl")):
            self.refused("a.jsonl", "length", "a.jsonl", "-o", path, "--overwrite")
        self.refused("a.jsonl", "length", "*.jsonl", "-o", "a.jsonl", "--overwrite")

    def test_one_text_of_a_folder(self):
        os.makedirs(self.path("fold/deep"))
        self.write("fold/a.txt", "one")
        self.write("fold/deep/b.txt", "two")
        for name in ("fold/a.txt", "fold/deep/b.txt"):
            self.refused(name, "length", "fold", "-o", name, "--overwrite", "--format", "jsonl")

    def test_a_reference(self):
        self.write("b.jsonl", LINES)
        recipe = ("inputs: {a: {path: a.jsonl}}\nreferences: {r: {path: b.jsonl}}\n"
                  "steps: [{dedup.exact: {against: r}}]\n")
        self.write("rr.yaml", recipe)
        self.refused("b.jsonl", "run", "rr.yaml", "-o", "b.jsonl", "--overwrite")

    def test_the_name_of_the_last_run(self):
        os.mkdir(self.path("runs"))
        self.write("runs/last", LINES)
        self.refused("runs/last", "length", "runs/last", "-o", "x/")


if __name__ == "__main__":
    unittest.main()
