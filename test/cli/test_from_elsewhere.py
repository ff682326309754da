"""A run that is looked at from another folder than it was started in, and one whose manifest is
damaged. Covers src/flow/runnames.c and src/flow/started.c."""

import json
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import TAMIS, LawCase  # noqa: E402

RAW = '{"text":"one"}'


class Elsewhere(LawCase):
    def setUp(self):
        super().setUp()
        for name in ("home", "away"):
            os.mkdir(self.path(name))
        self.write("home/a.jsonl", (RAW + '\n{"text":"two"}\n').encode())
        self.at("home", "length", "a.jsonl", "-o", "run/", "-q")
        self.at("home", "length", "a.jsonl", "-o", "kept.jsonl", "--run", "beside/", "-q")

    def at(self, where, *words, expect=0):
        done = subprocess.run([TAMIS, *words], cwd=self.path(where), capture_output=True)
        self.assertEqual(done.returncode, expect, done.stderr.decode() + done.stdout.decode())
        return done.stdout.decode()

    def test_a_run_is_explained_and_audited_from_anywhere(self):
        for run in ("run", "beside"):
            for where, folder in (("home", run), ("away", "../home/" + run), (".", "home/" + run)):
                self.assertIn("well", self.at(where, "audit", folder))
                file = self.path("home", "a.jsonl")
                for place in ("a.jsonl", file, os.path.relpath(file, self.path(where))):
                    told = self.at(where, "explain", folder, place + ":1")
                    self.assertIn("raw        " + RAW, told)

    def test_a_file_of_that_name_that_lies_here_is_not_taken_for_it(self):
        self.write("away/a.jsonl", b'{"text":"another"}\n')
        self.at("away", "audit", "../home/run")
        self.assertIn(RAW, self.at("away", "explain", "../home/run", "a.jsonl:1"))

    def test_what_was_moved_with_its_run_is_found_from_where_it_is(self):
        os.rename(self.path("home"), self.path("new"))
        self.at("new", "audit", "run")
        self.assertIn(RAW, self.at("new", "explain", "run", "a.jsonl:1"))
        said = self.at("away", "audit", "../new/run", expect=1)
        tried = "neither %s nor a.jsonl is there" % self.path("home", "a.jsonl")
        self.assertIn("it is gone: " + tried, said)
        self.assertIn("(the source cannot be read again: %s)" % tried,
                      self.at("away", "explain", "../new/run", "a.jsonl:1"))

    def test_manifests_do_not_know_where_they_were_made(self):
        shutil.copytree(self.path("home"), self.path("away"), dirs_exist_ok=True,
                        copy_function=shutil.copy2)
        with open(self.path("home", "run", "manifest.json"), "rb") as file:
            self.assertNotIn(self.path("home").encode(), file.read())
        with open(self.path("home", "run", "run.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["started_in"], self.path("home"))

    def test_a_damaged_manifest_is_no_reason_to_read_all_files_as_data(self):
        for damaged in (b'{"tamis":"manifest","outp', b"", b"[]"):
            self.write("home/run/manifest.json", damaged)
            done = self.tamis("cat", "home/run", expect=3)
            self.assertIn("the manifest.json of the run in home/run is damaged",
                          done.stderr.decode())
        os.remove(self.path("home/run/run.json"))
        os.remove(self.path("home/run/ledger.parquet"))
        self.tamis("cat", "home/run", "-o", "x.jsonl")  # any folder that has a manifest.json


if __name__ == "__main__":
    unittest.main()
