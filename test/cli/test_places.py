"""Every place that is printed is one that explain takes, and tells of one record: where many stand
on a line, as in an array that json.dump wrote, they are told apart by their columns."""

import json
import os
import re
import subprocess
import tempfile
import unittest

TAMIS = os.path.abspath(os.environ.get("TAMIS", "build/release/tamis"))


def record(number):
    """Every 30th has no answer, every 50th is the one before once more."""
    number -= number % 50 == 49
    return {"instruction": f"\u00e4\U0001F600 say {number} in words", "input": "",
            "output": "" if number % 30 == 7 else f"The number\u200b is {number}, in words."}


class Places(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        cls.addClassCleanup(cls.tmp.cleanup)
        cls.rows = [record(number) for number in range(330)]
        cls.write("one.json", json.dumps(cls.rows, ensure_ascii=False))
        cls.write("few.json", json.dumps(cls.rows[:10]))
        cls.write("tall.json", json.dumps(cls.rows[:60], indent=1).replace("},\n {", "}, {"))
        cls.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in cls.rows[:60]))
        for name in ("one.json", "few.json", "tall.json", "rows.jsonl"):
            cls.tamis("refine", name, "-o", "r_" + name + "/")

    @classmethod
    def write(cls, name, text):
        with open(os.path.join(cls.tmp.name, name), "w", encoding="utf-8") as file:
            file.write(text)

    @classmethod
    def tamis(cls, *words, code=0):
        done = subprocess.run([TAMIS, *words], cwd=cls.tmp.name, capture_output=True, text=True)
        assert done.returncode == code, (words, done.returncode, done.stderr)
        return done

    def stories(self, name, place):
        return json.loads(self.tamis("explain", "r_" + name, place, "--json").stdout)["records"]

    def test_places_of_findings(self):
        for name in ("one.json", "few.json", "tall.json", "rows.jsonl"):
            lines = self.tamis("check", name, "--format", "json", code=1).stdout
            findings = json.loads(lines)["findings"]
            self.assertTrue(findings)
            for f in findings:
                place = f"{name}:{f['line']}:{f['column']}"
                self.assertEqual([s["offset"] for s in self.stories(name, place)], [f["offset"]],
                                 place)

    def test_places_of_what_is_unreadable(self):
        bad = '[{"text":"a"},{"text":\n"\u00e4" 1},{"text":"b"},{"x" 2},{"text":"c"} {"text":"d"}]'
        self.write("bad.json", bad)
        self.tamis("refine", "bad.json", "-o", "r_bad.json/", "--limit-unreadable", "100%", code=1)
        with open(os.path.join(self.tmp.name, "r_bad.json", "unreadable.jsonl")) as file:
            lost = [json.loads(line) for line in file]
        self.assertEqual([row["line"] for row in lost], [2, 2, 2])
        with open(os.path.join(self.tmp.name, "r_bad.json", "report.html")) as file:
            page = file.read()
        for row in lost:
            place = f"bad.json:2:{row['column']}"
            self.assertEqual([(s["offset"], s["code"]) for s in self.stories("bad.json", place)],
                             [(row["offset"], row["code"])])
            self.assertIn(place, page)

    def test_first_and_last_column(self):
        text = json.dumps(self.rows, ensure_ascii=False)
        at = 1
        for row in self.rows[:8]:
            length = len(json.dumps(row, ensure_ascii=False))
            for column in (at + 1, at + length):
                told, = self.stories("one.json", f"one.json:1:{column}")
                self.assertEqual(json.loads(told["raw"]), row)
                self.assertEqual(told["offset"], len(text[:at].encode()))
            at += length + 2

    def test_between_two_records_stands_none(self):
        length = len(json.dumps(self.rows[0], ensure_ascii=False))
        for column in (1, length + 2, length + 3, 10 ** 9):
            said = self.tamis("explain", "r_one.json", f"one.json:1:{column}", code=2)
            self.assertIn("no record of this run stands at", said.stderr)

    def test_a_line_of_many_records_says_how_to_name_one(self):
        said = self.tamis("explain", "r_one.json", "one.json:1", code=2)
        self.assertEqual(said.stdout, "")
        self.assertIn("330 records of this run stand on one.json:1", said.stderr)
        self.assertIn("name one by its column (one.json:1:2, ", said.stderr)
        named = re.findall(r"one\.json:1:\d+", said.stderr)
        self.assertTrue(named)
        for place, row in zip(named, self.rows):
            told, = self.stories("one.json", place)
            self.assertEqual(json.loads(told["raw"]), row)

    def test_a_line_of_few_records_tells_all(self):
        self.assertEqual(len(self.stories("few.json", "few.json:1")), 10)
        self.assertEqual(len(self.stories("rows.jsonl", "rows.jsonl:3")), 1)

    def test_what_explain_prints_can_be_asked_again(self):
        told = self.tamis("explain", "r_few.json", "few.json:1").stdout
        heads = re.findall(r"^few\.json:1:\d+$", told, re.M)
        self.assertEqual(len(heads), 10)
        for head in heads:
            self.assertEqual(self.tamis("explain", "r_few.json", head).stdout.split("\n")[0], head)
        column = len(json.dumps(self.rows[:49], ensure_ascii=False)) + 2
        told = self.tamis("explain", "r_one.json", f"one.json:1:{column}").stdout
        self.assertIn("fate       merged", told)
        other, = re.findall(r"other +(one\.json:1:\d+)", told)
        self.assertEqual([json.loads(s["raw"]) for s in self.stories("one.json", other)],
                         [self.rows[48]])

    def test_of_lines_the_column_is_only_said(self):
        self.assertEqual(self.stories("rows.jsonl", "rows.jsonl:3:40"),
                         self.stories("rows.jsonl", "rows.jsonl:3"))
        self.assertEqual(self.tamis("explain", "r_rows.jsonl", "rows.jsonl:3:40").stdout[:13],
                         "rows.jsonl:3\n")

    def test_a_file_whose_name_ends_as_a_place_does(self):
        self.write("odd:1", json.dumps(self.rows[0]) + "\n" + json.dumps(self.rows[1]) + "\n")
        self.tamis("refine", "odd:1", "-o", "r_odd")
        for place in ("odd:1:2", "odd:1:2:5"):
            told = json.loads(self.tamis("explain", "r_odd", place, "--json").stdout)["records"]
            self.assertEqual([s["line"] for s in told], [2])

    def test_without_the_source_a_line_is_still_told(self):
        self.write("gone.json", json.dumps(self.rows[:20]))
        self.tamis("refine", "gone.json", "-o", "r_gone.json/")
        os.unlink(os.path.join(self.tmp.name, "gone.json"))
        said = self.tamis("explain", "r_gone.json", "gone.json:1:9", code=2).stderr
        self.assertIn("20 records of this run stand on gone.json:1", said)
        named = re.findall(r"gone\.json@\d+", said)
        self.assertEqual(len(self.stories("gone.json", named[1])), 1)

    def test_clusters_of_inspect_and_of_the_report(self):
        said = self.tamis("inspect", "one.json").stdout
        places = re.findall(r"^ +(one\.json:1:\d+)  ", said[said.index("biggest clusters"):], re.M)
        self.assertGreater(len(places), 3)
        self.assertEqual(len(set(places)), len(places))
        for place in places:
            self.assertEqual(len(self.stories("one.json", place)), 1)
        self.tamis("dedup.exact", "one.json", "-o", "dup")
        with open(os.path.join(self.tmp.name, "dup", "report.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertLessEqual(set(places[:4]), set(re.findall(r"one\.json:1:\d+", page)))
        self.assertNotRegex(page, r"one\.json:1\b(?!:)")


if __name__ == "__main__":
    unittest.main()
