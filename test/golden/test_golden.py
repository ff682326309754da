"""The report and what the terminal shows, byte for byte, for a small messy input of our own.

What differs from run to run (times, rates, memory) is blanked out. When a change is meant, look at
the page, then: GOLDEN_WRITE=1 python3 test/golden/test_golden.py"""

import json
import os
import re
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TAMIS = os.path.join(ROOT, os.environ.get("TAMIS", "build/release/tamis"))


def chat(*contents, **more):
    roles = ["user", "assistant"] * 4
    return {"messages": [{"role": r, "content": c} for r, c in zip(roles, contents)], **more}


ROWS = [
    chat("How do I bake bread?", "Mix flour, water, salt and yeast; wait; bake.", id=1),
    chat("How do I bake bread?", "Mix flour, water, salt and yeast; wait; bake.", id=2),
    chat("What is <b>bold</b>?", "A tag: <script>alert(1)</script> & more.  ", id=3),
    chat("Name a\u200b colour.", "Blue\x07.", id=4, score=1.0),
    chat("Why?", "", id=5),
    chat("Who?", None, id=6),
    chat("Say \u202eolleh", "hello\n\n\n\nagain", id=7),
    chat("One", "1", "Two", "2", "Three", "3", id=8),
]
LINES = [json.dumps(row) for row in ROWS]
LINES.insert(3, '{"messages": [{"role": "user", "content": "cut off')
LINES.insert(5, '{"messages": [], "messages": [{"role": "user", "content": "q"}, '
                '{"role": "assistant", "content": "a"}], "id": 9}')


# Three sources with duplicates within and between them, near ones, of a reference, on two sides of
# a split; texts that would be markup, turn the line around or hide, if the page let them.
BREAD = "Mix flour, water, salt and yeast, let it rise for an hour, shape it and bake it"
HOSTILE = "</pre><script>alert(1)</script> \u202e\u05d0\u05d1 \u0000 \u2028 '\"&amp; and the rest of it"
LONG = "".join("word%d " % n for n in range(900))
DUPLICATES = {
    "a.jsonl": [BREAD, BREAD + " until it is brown", HOSTILE, "Thank you!", "as the benchmark says"],
    "b<b>.jsonl": [BREAD, "Thank you!", HOSTILE, HOSTILE + " " * 9, BREAD + " till it is brown"],
    "c.jsonl": ["Thank you!", LONG + "one", LONG + "two", "alone"],
}
DUPLICATES_RECIPE = """
inputs: {mine: a.jsonl, found: ['b<b>.jsonl', c.jsonl]}
references: {exam: exam.jsonl}
steps:
  - dedup.exact: {then: flag, against: [exam]}
  - split: {eval: 40%, group: [$.n]}
  - dedup.near: {threshold: 0.6, ngram: 3}
"""

# Two benchmarks in two sources: at the end of a long text, over two turns, in markup; items that
# would be markup, too; a record that holds both.
SUMS = "A farmer has 17 sheep & buys 5 <b>more</b>, then sells 9 of them: how many are left?"
CAPITAL = "What is the capital \u202e of \u200bChad?"
EXAMS = {
    "sums.jsonl": [{"question": SUMS, "answer": "13"}, {"question": SUMS[::-1], "answer": "31"}],
    "facts.jsonl": [{"question": CAPITAL, "answer": "N'Djamena"}],
}
CHATS = {
    "plain.jsonl": [chat("Solve: " + SUMS.upper(), "13"), chat("Hello", "Good morning!")],
    "odd<b>.jsonl": [chat(LONG, LONG + "and so: " + SUMS[:60] + "?"),
                     chat("**What is the capital of Chad?**", "So: " + SUMS),
                     chat("</pre><script>what is the CAPITAL of Chad</script>", "It is large.")],
}
CONTAMINATION_RECIPE = """
inputs: {plain: plain.jsonl, odd: 'odd<b>.jsonl'}
references:
  sums: {path: sums.jsonl, map: {prompt: question, response: answer}}
  facts: {path: facts.jsonl, map: {prompt: question, response: answer}}
steps:
  - decontaminate: {ngram: 8, then: flag}
"""


def blanked(text):
    """Without what is another time, machine or version."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
    text = re.sub(r"\b[\d.,]+ (s|MB/s|GB/s|kB/s|B/s|MB|GB)\b", r"N \1", text)
    return re.sub(r"tamis \d+\.\d+\.\d+", "tamis VERSION", text)


class Golden(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(self.tmp.cleanup)
        with open(os.path.join(self.tmp.name, "chats.jsonl"), "w", encoding="utf-8") as file:
            file.write("\n".join(LINES) + "\n")

    def tamis(self, *words):
        return subprocess.run([TAMIS, *words], cwd=self.tmp.name, capture_output=True, text=True)

    def compare(self, name, text):
        path = os.path.join(HERE, name)
        text = blanked(text)
        if os.environ.get("GOLDEN_WRITE"):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(text, file.read(), f"{name}: see the top of this file")

    def test_the_report_and_the_waterfall(self):
        done = self.tamis("refine", "chats.jsonl", "-o", "out/", "--limit-unreadable", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.compare("refine.txt", done.stderr)
        with open(os.path.join(self.tmp.name, "out/report.html"), encoding="utf-8") as file:
            self.compare("report.html", file.read())

    def test_the_report_on_duplicates(self):
        files = {name: "".join(json.dumps({"text": text, "n": n}, ensure_ascii=False) + "\n"
                               for n, text in enumerate(texts))
                 for name, texts in DUPLICATES.items()}
        files["exam.jsonl"] = json.dumps({"text": "as the benchmark says"}) + "\n"
        self.compare("duplicates.html", self.hostile_page(files, DUPLICATES_RECIPE))

    def test_the_report_on_contamination(self):
        files = {name: "".join(json.dumps(row) + "\n" for row in rows)
                 for name, rows in {**CHATS, **EXAMS}.items()}
        self.compare("contamination.html", self.hostile_page(files, CONTAMINATION_RECIPE))

    def hostile_page(self, files, recipe):
        for name, text in {**files, "r.yaml": recipe}.items():
            with open(os.path.join(self.tmp.name, name), "w", encoding="utf-8") as file:
                file.write(text)
        done = self.tamis("run", "r.yaml", "-o", "out/")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(self.tmp.name, "out/report.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertNotIn("<script", page)
        for hidden in ("b<b>", "<b>more", "\u202e", "\u2028", "\u200b", "\0"):
            self.assertNotIn(hidden, page)
        return page

    def test_inspect(self):
        self.compare("inspect.txt", self.tamis("inspect", "chats.jsonl").stdout)

    def test_the_plan(self):
        self.compare("dry_run.txt", self.tamis("refine", "chats.jsonl", "--dry-run").stdout)

    def test_explain(self):
        self.tamis("refine", "chats.jsonl", "-o", "out/", "--limit-unreadable", "1")
        told = "".join(self.tamis("explain", "out", f"chats.jsonl:{line}").stdout
                       for line in range(1, len(LINES) + 1))
        self.compare("explain.txt", told)


if __name__ == "__main__":
    unittest.main()
