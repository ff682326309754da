"""What a folder stands for when it is named as an input: its data, or its texts, and nothing that a
run made; what is left out is told (flow/input_folder.c)."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import LawCase, manifest  # noqa: E402

ONE = b'{"text":"one"}\n'
TWO = b'{"text":"two"}\n'


class FolderInputs(LawCase):
    def put(self, name, data=ONE):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        self.write(name, data)

    def cat(self, *words, expect=0):
        done = self.tamis("cat", *words, expect=expect)
        return done.stdout, done.stderr.decode()

    def sources(self, folder):
        return [source["path"] for source in manifest(self.path(folder))["inputs"]]

    def test_the_folder_of_the_data_is_worked_in_again_and_again(self):
        self.put("a.jsonl", ONE + TWO)
        self.put("sub/b.jsonl", TWO)
        self.tamis("length", ".", "-o", "clean/", "-q")
        for turn, words in enumerate((["-o", "clean2/"], ["-o", "clean/", "--overwrite"],
                                      ["-o", "sub/deep/"])):
            said = self.tamis("length", ".", *words).stderr.decode()
            self.assertIn("left out what earlier runs made: clean, ", said)
            self.assertIn("runs/last", said)
            self.assertEqual(self.sources(words[1]), ["./a.jsonl", "./sub/b.jsonl"], turn)
        out, said = self.cat(".")
        self.assertEqual(out, ONE + TWO + TWO)
        self.assertIn("clean, clean2, runs/last, sub/deep", said)
        self.assertNotIn("clean", self.tamis("inspect", ".").stdout.decode())
        self.assertEqual(self.cat(self.folder)[0], ONE + TWO + TWO)  # from above it
        self.assertEqual(self.cat("clean")[0], ONE + TWO + TWO)  # a run that is named is read
        self.assertIn("runs holds nothing but what earlier runs made",
                      self.cat("runs", expect=3)[1])

    def test_what_looks_like_a_run_and_is_none_is_data(self):
        self.put("runs/1.jsonl", ONE)
        self.put("x/manifest.json", b'{"id":1}\n')
        self.put("x/data.jsonl", TWO)
        self.assertEqual(self.cat("."), (ONE + TWO + b'{"id":1}\n', ""))

    def test_an_unfinished_run_is_no_data(self):
        self.put("a.jsonl")
        self.put("half/.tamis/plan", b"x\n")
        self.put("half/data-00000.jsonl", TWO)
        out, said = self.cat(".")
        self.assertEqual(out, ONE)
        self.assertIn("half", said)

    def test_texts_of_runs_are_not_among_the_texts(self):
        self.put("docs/a.txt", b"a")
        self.tamis("length", "docs", "-o", "docs/out/", "-q")
        self.put("docs/out/notes.md", b"mine")
        self.tamis("length", "docs", "-o", "docs/more/", "-q")
        self.assertEqual(self.cat("docs")[0], b'{"path":"a.txt","text":"a"}\n')
        self.tamis("audit", "docs/more")
        self.assertIn(b"docs/a.txt", self.tamis("explain", "docs/more", "docs/a.txt:1").stdout)

    def test_a_run_folder_does_not_take_texts_away_from_its_own_input(self):
        self.put("docs/a.txt", b"a")
        self.put("docs/sub/b.txt", b"b")
        said = self.tamis("length", "docs", "-o", "docs/sub/", expect=2).stderr.decode()
        self.assertIn("docs/sub holds texts of docs", said)
        self.assertFalse(os.path.exists(self.path("docs/sub/.tamis")))
        self.assertEqual(self.cat("docs")[0].count(b"\n"), 2)

    def test_a_dataset_as_it_is_downloaded(self):
        self.put("hf/data/train.jsonl", ONE)
        self.put("hf/data/test.json", b"[" + TWO.strip() + b"]")
        self.put("hf/README.md", b"---\nlicense: mit\n---\n# Card\n")
        self.put("hf/LICENSE", b"MIT License\n\n[full text]\n")
        self.put("hf/dataset_infos.json", b'{"default": {"features": {}}}')
        self.put("hf/setup.cfg", b"[metadata]\nname = x\n")
        self.put("hf/part-00000", TWO)
        self.put("hf/_SUCCESS", b"")
        self.put("hf/table.csv", b"a,b\n1,2\n")
        self.put("hf/cat.png", b"\x89PNG\r\n\x1a\n\0\0")
        folder = self.path("out")
        done = self.tamis("length", "hf", "-o", "out/")
        self.assertEqual(self.sources("out"),
                         ["hf/data/test.json", "hf/data/train.jsonl", "hf/part-00000"])
        self.assertEqual(self.data(folder), TWO + ONE + TWO)
        said = done.stderr.decode().splitlines()
        self.assertIn("left out texts beside data: README.md (--container folder", said[0])
        self.assertIn("does not read: table.csv (", said[1])
        for name in ("LICENSE", "_SUCCESS", "cat.png", "dataset_infos.json", "setup.cfg"):
            self.assertIn(name, said[2])
        out, told = self.cat("hf", "--container", "folder")
        self.assertEqual([json.loads(line)["path"] for line in out.splitlines()], ["README.md"])
        self.assertIn("left out what is no text", told)
        self.assertEqual(self.cat("hf", "--quiet")[1], "")

    def test_both_by_a_recipe(self):
        self.put("hf/train.jsonl", ONE)
        self.put("hf/a.md", b"a")
        self.write("r.yaml", "inputs:\n  data: {path: hf}\n"
                             "  texts: {path: hf, container: folder}\nsteps: [length]\n")
        self.tamis("run", "r.yaml", "-o", "out/", "-q")
        self.assertEqual(self.data(self.path("out")), ONE + b'{"path":"a.md","text":"a"}\n')

    def test_a_card_is_no_training_record_where_the_data_cannot_be_read(self):
        self.put("hf/README.md", b"# Card\n")
        self.put("hf/data/train.parquet", b"PAR1\0\0\0\0PAR1")
        self.put("hf/a.png", b"\x89PNG\r\n\x1a\n\0\0")
        out, said = self.cat("hf", expect=3)
        self.assertEqual(out, b"")
        self.assertIn("hf/data/train.parquet: error: this is a Parquet file", said)

    def test_texts_among_pictures(self):
        self.put("docs/a.md", b"a")
        self.put("docs/fig.png", b"\x89PNG\r\n\x1a\n\0\0")
        out, said = self.cat("docs")
        self.assertEqual(out, b'{"path":"a.md","text":"a"}\n')
        self.assertIn("fig.png", said)

    def test_a_name_that_says_json_is_kept_to(self):
        self.put("d/a.jsonl", ONE)
        self.put("d/b.jsonl.xz", b"\xfd7zXZ\0\0\4")
        self.assertIn("d/b.jsonl.xz: error: this is xz", self.cat("d", expect=3)[1])
        os.remove(self.path("d/b.jsonl.xz"))
        self.put("d/c.jsonl", b"not json\n")
        self.assertIn("d/c.jsonl:1:", self.cat("d", expect=1)[1])

    def test_nothing_there(self):
        os.makedirs(self.path("empty/sub"))
        self.put("hidden/.x.jsonl", ONE)
        self.put("cards/dataset_info.json", b"{}")
        self.put("cards/README.md", b"# Card\n")
        self.put("a.jsonl")
        for name, word in (("empty", "empty is empty"),
                           ("hidden", "hidden holds only hidden files"),
                           ("cards", "--container folder takes its texts")):
            self.assertIn(word, self.cat(name, expect=3)[1])
            out, said = self.cat("a.jsonl", name)
            self.assertEqual(out, ONE)
            self.assertIn(f"note: {name}", said)
        said = self.tamis("dedup.exact", "a.jsonl", "--against", "empty", expect=3).stderr
        self.assertIn(b"empty is empty", said)


if __name__ == "__main__":
    unittest.main()
