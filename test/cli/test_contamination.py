"""The report's section on contamination, read as a browser without scripts would: its table of
benchmarks and sources and what is marked in its cards, against text planted at known places; what
was not looked for, where an item stands (flow/reference_items.c, record_place.c), and what is
said of a reference that cannot be read (flow/bad_reference.c)."""

import collections
import gzip
import html
import json
import os
import random
import re
import subprocess
import unittest

from dedupkit import DedupCase, lines
from lawkit import TAMIS, manifest

FILLER = "nothing of interest happens in this record number {} of the source called {}"
TRAINS = "If a train leaves at noon and another at one, when do the %s trains meet on the way?"
EXAMS = {
    "sums": [TRAINS % n for n in ("two", "three", "four")],
    "facts": ["What is the height of the %s hill by the old sea?" % n for n in ("green", "red")],
    "idle": ["A text that stands in no record at all, however long one looks for it in them"],
}
PLANTED = {  # source: [(exam, number of the item)], one a record
    "a.jsonl": [("sums", 0), ("sums", 1), ("facts", 0)],
    "b<i>.jsonl": [("sums", 0)],
    "c.jsonl": [],
}
CELL = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.S)


def plain(markup):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", markup)).split())


class Contamination(DedupCase):
    def said_by(self, name, *words):
        """A run's folder, and what it said at its end."""
        folder = os.path.join(self.folder, name)
        return folder, self.tamis(*words, "-o", folder + "/").stderr.decode()

    def planted(self, name, steps, **more):
        inputs, references = {}, {}
        for number, (source, hits) in enumerate(PLANTED.items()):
            rows = [{"text": FILLER.format(n, number)} for n in range(10)]
            rows += [{"text": "Q <b>%d</b>: %s & so on" % (n, EXAMS[exam][item].upper())}
                     for n, (exam, item) in enumerate(hits)]
            inputs["in%d" % number] = self.write(source, lines(rows))
        for exam, items in EXAMS.items():
            rows = [{"q": text, "n": "x"} for text in items]
            path = self.write(exam + ".jsonl", lines(rows))
            references[exam] = {"path": path, "map": {"prompt": "q", "response": "n"}}
        recipe = {"inputs": inputs, "references": references, "steps": steps, **more}
        return self.run_folder(name, "run", self.write(name + ".json", json.dumps(recipe)))

    def page(self, folder):
        with open(os.path.join(folder, "report.html"), encoding="utf-8") as file:
            return file.read()

    def table(self, page, head):
        text = page[page.index(head):]
        text = text[text.index("<table"):text.index("</table>")]
        return [[plain(cell) for cell in CELL.findall(row)] for row in text.split("<tr")[1:]]

    def test_the_table_counts_each_benchmark_in_each_source(self):
        folder = self.planted("table", [{"decontaminate": {"then": "flag"}}])
        want = {exam: [sum(e == exam for e, _ in hits) for hits in PLANTED.values()]
                for exam in EXAMS}
        step = manifest(folder)["steps"][0]
        self.assertEqual({r["reference"]: r["sources"] for r in step["references"]}, want)
        page = self.page(folder)
        rows = self.table(page, "Which benchmarks stand in which sources")
        self.assertEqual([re.sub(r".*/", "", c) for c in rows[0][2:]], list(PLANTED))
        counts = {row[0].split()[0]: [cell.split()[0] for cell in row[1:]] for row in rows[1:4]}
        self.assertEqual(counts, {exam: [str(n) for n in (sum(row), *row)]
                                  for exam, row in want.items()})
        self.assertEqual([c.split()[0] for c in rows[4][1:]], ["4", "3", "1", "0"])
        self.assertEqual(rows[5][1:], ["34", "13", "11", "10"])
        for absent in ("Clusters by their number", "Records by similarity", "records repeat",
                       "<h2>Duplicates", "<script", "b<i>"):
            self.assertNotIn(absent, page)

    def test_cards_mark_what_was_matched_on_both_sides(self):
        folder = self.planted("cards", [{"decontaminate": {"then": "flag"}}])
        page = self.page(folder)
        found = {}
        for card in re.findall(r"<article class=\"pair\">(.*?)</article>", page, re.S):
            places = [plain(b) for b in re.findall(r"<b class=\"wrap\">(.*?)</b>", card)]
            texts = [plain(p) for p in re.findall(r"<pre>(.*?)</pre>", card, re.S)]
            marks = [[plain(m) for m in re.findall(r"<mark>(.*?)</mark>", p, re.S)]
                     for p in re.findall(r"<pre>(.*?)</pre>", card, re.S)]
            found[tuple(re.sub(r".*/", "", p) for p in places)] = (texts, marks)
        want = {}
        for source, hits in PLANTED.items():
            for n, (exam, item) in enumerate(hits):
                want.setdefault((exam, item), ("%s:%d" % (source, 11 + n), n))
        self.assertEqual(len(found), len(want))
        for (exam, item), (place, n) in want.items():
            texts, marks = found[(place, "%s.jsonl:%d" % (exam, item + 1))]
            text = EXAMS[exam][item]
            self.assertEqual(texts, ["Q <b>%d</b>: %s & so on" % (n, text.upper()), text])
            self.assertEqual(marks, [[text[:-1].upper()], [text[:-1]]])

    def test_stretches_of_one_item_are_all_marked(self):
        item = "alpha beta gamma delta epsilon zeta eta theta iota kappa"
        exam = self.write("letters.jsonl", lines([{"text": item}]))
        text = "Zeta eta theta! And then: ALPHA beta, gamma; kappa alpha."
        source = self.write("one.jsonl", lines([{"text": text}, {"text": "other"}]))
        folder = self.run_folder("stretches", "decontaminate", source, "--against", exam, "--ngram",
                                 "3", "--then", "park")
        page = self.page(folder)
        marks = re.findall(r"<mark>(.*?)</mark>", page)
        self.assertEqual(marks, ["Zeta eta theta", "ALPHA beta, gamma",
                                 "alpha beta gamma", "zeta eta theta"])
        self.assertIn("25 % of it found", page)  # 2 of its 8 trigrams

    def test_without_findings_the_page_says_so(self):
        folder = self.planted("fates", [{"decontaminate": {"then": "flag"}}],
                              output={"ledger": "fates"})
        page = self.page(folder)
        self.assertIn("keeps no findings", page)
        self.assertNotIn("<article class=\"pair\">", page)

    def test_only_references_that_were_looked_at_have_rows(self):
        folder = self.planted("named", [
            {"decontaminate": {"against": ["facts"], "then": "flag"}},
            {"dedup.exact": {"against": ["sums"], "then": "flag"}}])
        page = self.page(folder)
        rows = self.table(page, "Which benchmarks stand in which sources")
        self.assertEqual([row[0].split()[0] for row in rows[1:-1]], ["facts"])
        rows = self.table(page, "Which references repeat in which sources")
        self.assertEqual([row[0].split()[0] for row in rows[1:-1]], ["sums"])

    def test_texts_left_out_are_counted_by_reason(self):
        rng = random.Random(5)
        rows = [{"prompt": " ".join("w%d" % rng.randrange(99) for _ in range(rng.randrange(20))),
                 "completion": " ".join("a%d" % n for n in range(rng.randrange(20)))}
                for _ in range(300)]
        exam = self.write("exam.jsonl", lines(rows))
        other = self.write("other.jsonl", lines([{"text": "one two three four five six"}]))
        source = self.write("source.jsonl", lines([{"text": "nothing"}]))
        for short in ("exact", "none"):
            want = collections.Counter(records=300)
            for row in rows:
                for key, text in row.items():
                    n = len(text.split())
                    want["too_short" if n < 4 else "looked_for" if n >= 11 else
                         "short" if short == "none" else
                         "short_answer" if key == "completion" else "looked_for"] += 1
            for number, more in enumerate(([], ["--threads", "2", "--batch-records", "7"])):
                folder, said = self.said_by(
                    "left-%s-%d" % (short, number), "decontaminate", source, "--against", exam,
                    "--against", other, "--ngram", "11", "--least", "4", "--short", short, *more)
                files = manifest(folder)["steps"][0]["references"]
                self.assertEqual(+collections.Counter(files[0]["items"]), want)
                self.assertEqual(files[1]["items"]["records"], 1)
                self.assertEqual(files[1]["items"]["short" if short == "none" else "looked_for"], 1)
            looked = want["looked_for"] + (short == "exact")
            self.assertIn("looked for %17d  of 601 texts of references" % looked, said)
            self.assertIn("too_short %d" % want["too_short"], said)
            cells = self.table(self.page(folder), "What was looked for")
            self.assertEqual(cells[1][1:3], ["300", str(want["looked_for"])])

    def test_an_empty_reference_is_said(self):
        source = self.write("source.jsonl", lines([{"text": "a b c d e f g h"}] * 2))
        full = self.write("full.jsonl", lines([{"text": "one two three four five six"}]))
        blank = self.write("blank.jsonl", b"\n  \n\n")
        nothing = self.write("nothing.jsonl", b"")
        packed = self.write("packed.jsonl.gz", gzip.compress(b""))
        for op in ("decontaminate", "dedup.near", "dedup.exact"):
            for path in (blank, nothing, packed):
                name = "%s-%s" % (op, os.path.basename(path))
                folder, said = self.said_by(name, op, source, "--against", path, "--against",
                                            full)
                warning = "%s: warning: this reference holds no record" % path
                self.assertEqual(said.count("warning"), 1)
                self.assertIn(warning, said)
                told = manifest(folder)["references"]
                self.assertEqual([r["empty"] for r in told], [True, False])
                self.assertIn("this reference holds no record", self.page(folder))
        _, said = self.said_by("full", "dedup.near", source, "--against", full)
        self.assertNotIn("warning", said)
        read, write = os.pipe()
        os.close(write)
        done = subprocess.run([TAMIS, "dedup.exact", source, "--against",
                               "/dev/fd/%d" % read, "-o", os.path.join(self.folder, "pipe/")],
                              pass_fds=[read], capture_output=True, text=True)
        os.close(read)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("holds no record", done.stderr)

    def test_records_of_references_are_named_by_line(self):
        text = EXAMS["sums"][0]
        source = self.write("source.jsonl", lines([{"text": "Q: " + text}, {"text": text}]))
        rows = lines([{"text": "Nothing %d" % n} for n in range(40)])
        files = {"exam.jsonl": "\n" + rows + "\n\n" + json.dumps({"text": text}) + "\n",
                 "list.json": "[%s,\n\n{\"text\":\n\"%s\"}]" % (
                     ",\n".join(rows.splitlines()), text)}
        os.mkdir(self.path("texts"))
        for n in range(3):
            self.write("texts/%d.txt" % n, text if n == 1 else "Nothing %d" % n)
        places = {"exam.jsonl": "exam.jsonl:44", "list.json": "list.json:42:1",
                  "texts": "texts/1.txt:1"}
        for name, place in places.items():
            path = self.write(name, files[name]) if name in files else self.path(name)
            for op in ("decontaminate", "dedup.exact"):
                folder = self.run_folder(op + "-" + name, op, source, "--against", path)
                told = self.tamis("explain", folder, "source.jsonl:2").stdout.decode()
                others = set(re.findall(r"(?m)^  other +(.*)$", told))
                self.assertEqual(others, {self.path(place)}, told)
                told = json.loads(self.tamis("explain", folder, "source.jsonl:2", "--json").stdout)
                self.assertEqual(told["records"][0]["other"], self.path(place))
        for other in ("\n" + files["exam.jsonl"][:-1], "other bytes"):  # as long, or not
            self.write("exam.jsonl", other)
            told = self.tamis("explain", self.path("decontaminate-exam.jsonl"), "source.jsonl:2")
            self.assertIn(b"exam.jsonl@", told.stdout)  # nobody knows where it stands now

    def test_what_cannot_be_read_of_a_reference_is_named_by_line(self):
        source = self.write("source.jsonl", lines([{"text": "a"}]))
        rows = lines([{"text": "Nothing %d" % n} for n in range(40)])
        cases = (("layout", '{"n": 5}', ":1", "T1020"), ("json", '{"text": ', ":10", "T1002"),
                 ("long", "x" * 5000, "", "T1110"))
        os.mkdir(self.path("long"))
        for name, bad, column, code in cases:
            path = self.write(name + ".jsonl", rows + "\n" + bad + "\n" + rows)
            done = self.tamis("decontaminate", source, "--against", path, "--max-line", "4096",
                              "-o", self.path(name) + "/", expect=3).stderr.decode()
            self.assertIn("%s:42%s: error: " % (path, column), done)
            self.assertTrue(done.endswith("(%s)\n" % code), done)
            self.assertEqual(os.path.exists(self.path(name)), name == "long", "as it was before")
        self.assertEqual(os.listdir(self.path("long")), [])

    def test_a_reference_that_no_layout_reads_says_what_would(self):
        """A recipe's map: where that would, and not where the record itself is to be mended."""
        source = self.write("source.jsonl", lines([{"text": "a"}]))
        held = json.dumps({"data": [{"text": "a"}], "n": 1})
        for bad, says, mapped in (('{"question": "x", "n": 5}', "its keys: question, n", True),
                                  ('{"text": 5}', "text is a number where a text belongs", False),
                                  ('{"text": {"a": "b"}}', "text is an object where", True),
                                  (held, "jq -c '.data[]' FILE > records.jsonl (T1020)", False)):
            path = self.write("bad.jsonl", bad + "\n")
            said = self.tamis("decontaminate", source, "--against", path, "-o", self.path("out/"),
                              expect=3).stderr.decode()
            self.assertIn(says, said)
            self.assertEqual("references: {NAME" in said, mapped, said)
            self.assertNotIn("try ", said)
            self.assertNotIn("warning: ", said)

    def test_what_to_do_about_a_broken_line_of_a_reference_does_it(self):
        source = self.write("source.jsonl", lines([{"text": "a"}]))
        path = self.write("exam.jsonl", '{"text": "one"}\n{"text": \n')
        words = ["decontaminate", source, "-o", self.path("out") + "/", "--against"]
        said = self.tamis(*words, path, expect=3).stderr.decode()
        command = re.search(r"leave it out: (.*) \(T", said).group(1)
        self.assertEqual(command, "tamis cat %s > whole.jsonl" % path)
        whole = self.tamis("cat", path, expect=1).stdout
        self.tamis(*words, self.write("whole.jsonl", whole))


if __name__ == "__main__":
    unittest.main()
