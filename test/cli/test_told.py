"""What is said where nothing is kept, and what is refused rather than done without a word."""

import json
import os
import unittest
import urllib.parse

from dedupkit import DedupCase, lines


class Told(DedupCase):
    def said(self, *words, expect=0, env=None):
        return self.tamis(*words, expect=expect, **({"env": env} if env else {})).stderr.decode()

    def test_what_falls_is_counted_where_no_ledger_is_kept(self):
        """By code; that parked records are gone is said under --quiet, too."""
        file = self.write("a.jsonl", lines([{"text": "t%d" % (n % 8), "n": n} for n in range(10)]))
        recipe = self.write("r.yaml", "steps:\n  - dedup.exact: {}\n"
                            "  - filter: {park: '$.n < 3'}\n")
        for quiet in ([], ["-q"]):
            told = self.said("run", recipe, file, "-o", "-", *quiet)
            if not quiet:
                self.assertRegex(told, r"dedup\.exact +8  2 merged  "
                                 r"\[exact-duplicate 2, fields-differ 2\]")
                self.assertIn("in $.n 2; --within FIELD keeps such apart", told)
                self.assertRegex(told, r"filter +5  3 parked  \[park-true 3\]")
            self.assertIn("3 parked records were not kept: -o DIR/ or --run DIR keeps them", told)
        told = self.said("run", recipe, file, "-o", "-", "--run", "kept", "-q")
        self.assertEqual(told, "")
        told = self.said("run", recipe, file, "-o", "kept2/")
        self.assertNotIn("not kept", told)

    def test_a_folder_of_data_does_not_become_a_run(self):
        os.mkdir(self.path("data"))
        self.write("data/a.jsonl", lines([{"text": "a"}]))
        for name in ("data", "data/", "./data/../data"):
            told = self.said("head", "data", "-o", name, expect=2)
            self.assertIn("is an input of this run", told)
        self.assertEqual(os.listdir(self.path("data")), ["a.jsonl"])
        self.said("head", "data", "-o", "data/clean/")
        self.write("data/b.jsonl", lines([{"text": "b"}]))
        self.assertEqual(self.tamis("cat", "data").stdout.count(b"\n"), 2)

    def test_a_misspelt_folder_for_spill_is_not_made(self):
        file = self.write("a.jsonl", lines([{"text": "a"}]))
        told = self.said("dedup.exact", file, "-o", "-", "--spill-dir", "nowhere", expect=2)
        self.assertIn("there is no folder nowhere for the spill", told)
        self.assertFalse(os.path.exists(self.path("nowhere")))

    def test_the_environment_is_heard(self):
        file = self.write("a.jsonl", lines([{"text": "a"}]))
        for quiet, times in (([], 1), (["-q"], 0)):
            told = self.said("head", file, "-o", "-", *quiet, env={"TAMIS_SIMD": "foo"})
            self.assertEqual(told.count("TAMIS_SIMD"), times)
        told = self.said("dedup.exact", file, "-o", "-", "-q", env={"TMPDIR": self.path("none")})
        self.assertEqual(told, "")
        self.assertTrue(os.path.isdir(self.path("none")))  # the spill was in it, and is gone
        self.assertEqual(os.listdir(self.path("none")), [])

    def test_a_second_check_replaces_its_run_folder(self):
        file = self.write("a.jsonl", lines([{"text": "a"}]))
        self.said("check", file, "--run", "ck")
        self.assertIn("--overwrite", self.said("check", file, "--run", "ck", expect=2))
        self.said("check", file, "--run", "ck", "--overwrite")

    def test_names_of_files_in_the_forms_for_machines(self):
        name = "a b%,:\"é.jsonl"
        self.write(name, '{"text": }\n')
        out = self.tamis("check", name, "--format", "github", expect=1).stdout.decode()
        value = out.split("file=", 1)[1].split(",", 1)[0]
        self.assertNotIn(":", value)
        self.assertEqual(urllib.parse.unquote(value), name)
        sarif = json.loads(self.tamis("check", name, "--format", "sarif", expect=1).stdout)
        place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        self.assertEqual(uri, urllib.parse.quote(name, safe="/,"))

    def test_commas_behind_lines(self):
        """What is advised does what it is said to."""
        file = self.write("c.jsonl", '{"text":"a"},\n{"text":"b"},\n')
        told = self.said("cat", file, expect=3)
        self.assertIn("sed 's/,$//' FILE", told)
        with open(file, encoding="utf-8") as f:
            mended = "".join(line.rstrip("\n").removesuffix(",") + "\n" for line in f)
        self.assertEqual(self.tamis("cat", self.write("d.jsonl", mended)).stdout.decode(), mended)


    def test_an_empty_result_is_told(self):
        path = self.write("left.jsonl", '{"text":"a","lang":"en"}\n{"text":"b","lang":"de"}\n')
        said = "warning: no record is left: none of the 2 that came to filter went on"
        for words, told in ((["--keep", "$.lnag = 'en'"], "  [keep-unknown 2]"),
                            (["--keep", "$.lang = 'fr'"], "  [keep-false 2]"),
                            (["--drop", "$.lang is not null"], "  [drop-true 2]")):
            for more in ([], ["--quiet"], ["--json"]):
                done = self.tamis("filter", path, *words, *more, "-o", self.path("left-out.jsonl"),
                                  "--overwrite")
                self.assertIn(said + told, done.stderr.decode(), words)
        for words in (["filter", path, "--keep", "$.lang = 'en'"],
                      ["filter", self.write("e.jsonl", ""), "--keep", "$.lang = 'en'"],
                      ["dedup.exact", path, "--against",
                       self.write("old.jsonl", open(path, "rb").read())]):
            done = self.tamis(*words, "-o", "-")
            self.assertNotIn("no record is left", done.stderr.decode(), words)


if __name__ == "__main__":
    unittest.main()
