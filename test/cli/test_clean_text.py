"""clean.text against a plain reading of its own words, on random texts made of what is hard for it:
whether a text is ASCII (and takes the short way through the code) or not makes no difference, one
pass is as good as two, and no word is lost or joined to another. Every set of fixes is tried."""

import itertools
import json
import os
import random
import re
import subprocess
import tempfile
import unicodedata
import unittest

TAMIS = os.environ.get("TAMIS", "build/release/tamis")
FIXES = ("unicode", "control", "zero_width", "line_ends", "trailing_space", "blank_runs")
ASCII = ["a", "e", "b c", " ", "\t", "\n", "\n\n", "\r\n", "\r", "\x01", "\x7f", "  ", "\f", "\v",
         "\x1c", "\x1f", "\x1e", "```\n", "~~~", "```", "`", "~", "````", "- ", "1. ", "    ",
         "\n```\n", "\n~~~~ x\n", "\x1b", "[", "\x1b[0m", "\x1b[1;31m",
         "\x1b[?25 h", "\x1b[", "3m"]
ODD = ["é", "e\u0301", "\u0301", "\u0323", "\u200b", "\u00ad", "\ufeff", "\x85", "\u3000",
       "\u2000", "\u1fef", "\u1fef" * 3, "\u1100\u1161", "\u11a8", "\u200d", "\u2028", "日本",
       "\u0345", "\u00a0", "\U0001F372"]
CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
SEQUENCE = r"\x1b\[[0-?]*[ -/]*[@-~]"
STRAY = "[\u200b\u2060\ufeff\u00ad\u180e]"


class Fences:
    """CommonMark 0.31, 4.5, in the columns of the list items that a line can belong to."""

    def __init__(self, items=(), open_row=None):
        self.items, self.open_row = items, open_row

    def behind(self, line):
        """(what is known behind this line, is it code or the edge of code)."""
        line = line.expandtabs(4)
        body = line.lstrip(" ")
        column = len(line) - len(body)
        if self.open_row:
            mark, length, margin = self.open_row
            row = body.rstrip(" ")
            closed = row == mark * len(row) and len(row) >= length and column <= margin + 3
            return Fences(self.items, None if closed else self.open_row), True
        if not body:
            return self, False
        items = [item for item in self.items if item <= column]
        while True:
            margin = items[-1] if items else 0
            if column > margin + 3:
                return Fences(items), False
            row = re.match(r"(`{3,})[^`]*$|(~{3,})", body)
            if row:
                row = row[1] or row[2]
                return Fences(items, (row[0], len(row), margin)), True
            rule = re.fullmatch(r"([-*])( *\1){2,} *", body)
            item = re.match(r"([-+*]|[0-9]{1,9}[.)])( +|$)", body)
            if not item or rule or len(items) == 16:
                return Fences(items), False
            text = body[item.end():]
            far = len(item[2]) > 4 or not text
            items.append(column + len(item[1]) + (1 if far else len(item[2])))
            column, body = column + item.end(), text


def mended(line, fixes, goes_on=False):
    """A line outside of fences, without its line end; goes_on: another text follows it."""
    if "control" in fixes:
        line = re.sub(SEQUENCE, "", line)
    if "zero_width" in fixes:
        line = re.sub(STRAY, "", line)
    if "control" in fixes:
        line = re.sub("(?![\x1c-\x1f])[%s]" % CONTROL, "", line)
        line = re.sub(r"(?<=\S)[\x1c-\x1f]+(?=\S%s)" % (r"|\Z" * goes_on), " ", line)
        line = re.sub("[\x1c-\x1f]", "", line)
    if "unicode" in fixes:
        line = unicodedata.normalize("NFC", line)
    return line.rstrip(" \t") if "trailing_space" in fixes and not goes_on else line


def broken(line, fixes, goes_on):
    """Where a control ends this line before its line end, or None."""
    for at, c in enumerate(line if goes_on else line[:-1]):
        if c in "\v\f\x85" and "control" in fixes and mended(line[:at], fixes).strip(" \t"):
            return at
    return None


def repaired(text, fixes, runs_on=False):
    out, fences, blank_lines, at = [], Fences(), 0, 0
    while at < len(text):
        whole = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)").match(text, at)
        line, end = whole.groups()
        goes_on = runs_on and not end
        behind, code = fences.behind(line)
        cut = None if code else broken(line, fixes, goes_on)
        at = whole.end() if cut is None else at + cut + 1
        if code:
            fences, blank_lines = behind, 0
            out.append(line + end)
            continue
        if cut is not None:
            line, end = line[:cut], "\n"
        line = mended(line, fixes, goes_on and cut is None)
        blank_lines = 0 if line.strip(" \t") else blank_lines + 1
        if "blank_runs" in fixes and blank_lines > 1 and end:
            continue
        fences, code = fences.behind(line)
        blank_lines = 0 if code else blank_lines
        out.append(line + ("\n" if end and "line_ends" in fixes else end))
    return "".join(out)


def random_texts(seed, pieces, count):
    chosen = random.Random(seed)
    return ["x"] + ["".join(chosen.choice(pieces) for _ in range(chosen.randint(1, 12)))
                    for _ in range(count)]


class CleanText(unittest.TestCase):
    def clean(self, texts, fixes, keep=False, key="text", more=()):
        """The cleaned texts, and how many findings of each code where the run is kept."""
        with tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP")) as folder:
            recipe, data = os.path.join(folder, "r.yaml"), os.path.join(folder, "in.jsonl")
            run = os.path.join(folder, "run")
            with open(recipe, "w") as file:
                file.write("steps:\n  - clean.text: {fix: [%s]}\n" % ", ".join(fixes))
            with open(data, "w") as file:
                file.writelines(json.dumps({key: text, **dict(more)}) + "\n"
                                for text in texts)
            done = subprocess.run([TAMIS, "run", recipe, data, "-o", "-", "--quiet"]
                                  + (["--run", run] if keep else []), capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            findings = None
            if keep:
                with open(os.path.join(run, "manifest.json")) as file:
                    findings = json.load(file)["steps"][0]["findings"]
        return [json.loads(line)[key] for line in done.stdout.splitlines()], findings

    def same(self, texts, fixes):
        once, _ = self.clean(texts, fixes)
        self.assertEqual(len(once), len(texts))
        for text, got in zip(texts, once):
            self.assertEqual(got, repaired(text, fixes), (text, fixes))
        twice, findings = self.clean(once, fixes, keep=True)
        self.assertEqual(twice, once, fixes)
        self.assertEqual(findings, {}, fixes)

    def test_every_set_of_fixes_on_random_texts_once_and_twice(self):
        sets = [some for n in range(1, 7) for some in itertools.combinations(FIXES, n)]
        self.assertEqual(len(sets), 63)
        for seed, fixes in enumerate(sets):
            self.same(random_texts(seed, ASCII, 400) + random_texts(seed, ASCII + ODD, 800), fixes)

    def test_no_word_is_joined_to_another(self):
        fixes = [fix for fix in FIXES if fix != "unicode"]
        texts = random_texts(99, ASCII + ODD, 4000)
        gone = re.compile("[%s]|%s" % (CONTROL, STRAY))
        texts = [text for text in texts if not re.search(SEQUENCE, text)]  # may hold spaces
        for text, got in zip(texts, self.clean(texts, fixes)[0]):
            words = [[w for w in (gone.sub("", w) for w in t.split()) if w] for t in (text, got)]
            self.assertEqual(words[1], words[0], (text, got))

    def test_a_prompt_runs_on_in_its_completion(self):
        cases = {"The sky is ": "The sky is ", "def f(x): \n    ": "def f(x):\n    ",
                 "a \n": "a\n", "a\f": "a\n", "a\x1c": "a ", "a \u200b": "a "}
        more = {"completion": "b"}
        self.assertEqual(self.clean(list(cases), FIXES, key="prompt", more=more)[0],
                         list(cases.values()))
        for seed, fixes in enumerate([FIXES, FIXES[1:5], FIXES[:2], FIXES[4:]]):
            texts = random_texts(1000 + seed, ASCII + ODD, 1500)
            once, _ = self.clean(texts, fixes, key="prompt", more=more)
            for text, got in zip(texts, once):
                self.assertEqual(got, repaired(text, fixes, runs_on=True), (text, fixes))
            twice, findings = self.clean(once, fixes, True, "prompt", more)
            self.assertEqual((twice, findings), (once, {}))

    def test_messages_and_answers_are_trimmed_at_their_ends(self):
        with tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP")) as folder:
            data = os.path.join(folder, "in.jsonl")
            chat = [{"role": "user", "content": "q "}, {"role": "assistant", "content": "a "}]
            with open(data, "w") as file:
                for row in ({"messages": chat}, {"prompt": chat[:1], "completion": chat[1:]},
                            {"prompt": "q", "chosen": "a ", "rejected": "b "}, {"text": "t "}):
                    file.write(json.dumps(row) + "\n")
            done = subprocess.run([TAMIS, "clean.text", data, "-o", "-", "--quiet"],
                                  capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 4)
        self.assertNotIn(' "}', done.stdout)

    def test_pages_of_a_document_stay_apart(self):
        cases = {"page one\fpage two": "page one\npage two", "one\n\ftwo": "one\ntwo",
                 "one\f\ntwo\f": "one\ntwo", "a\v\vb": "a\nb", "a \x85 b": "a\n b",
                 "a\x1cb\x1f c": "a b c", "\fa\x1e": "a"}
        self.assertEqual(self.clean(list(cases), ["control", "trailing_space"])[0],
                         list(cases.values()))

    def test_a_fix_sees_what_the_others_leave(self):
        cases = {"a \u200b\nb": "a\nb", "x \x00": "x", "\n\u200b\n\n\nb": "\nb",
                 "e\u200b\u0301": "é", "a\n\u200b\n\n\nb": "a\n\nb", "e\x01\u0301": "é",
                 "\u200b```\na  \n```\nb  ": "```\na  \n```\nb"}
        self.assertEqual(self.clean(list(cases), FIXES)[0], list(cases.values()))

    def test_fences(self):
        cases = {
            "````md\nx  \n```py\ny  \n```\nz  \n````\nw  ":
                "````md\nx  \n```py\ny  \n```\nz  \n````\nw",
            "```\na  \n~~~\nb  \n```\nc  ": "```\na  \n~~~\nb  \n```\nc",
            "```\na  \n``` js\nb  \n```\nc  ": "```\na  \n``` js\nb  \n```\nc",
            "```x = 1```\ntrail  \nzw\u200bx": "```x = 1```\ntrail\nzwx",
            "~~~ `a`\nb  \n~~~~ \t\nc  ": "~~~ `a`\nb  \n~~~~ \t\nc",
            "    ```\na  \n": "    ```\na\n",
            "   ```\na  \n    ```\nb  ": "   ```\na  \n    ```\nb  ",
            "1.  Run:\n\n    ```sh\n    a  \n    ```\n    b  ":
                "1.  Run:\n\n    ```sh\n    a  \n    ```\n    b",
            "- - ```\n    a  \n    ```\nb  ": "- - ```\n    a  \n    ```\nb",
            "```\ns = \"cafe\u0301\"\n```\ncafe\u0301": "```\ns = \"cafe\u0301\"\n```\ncafé",
        }
        self.assertEqual(self.clean(list(cases), FIXES)[0], list(cases.values()))

    def test_then_flag_only_looks(self):
        texts = ["a\u200b b", "fine", "x  \ny\x07", "```\nz  \n```"]
        lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        with tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP")) as folder:
            for then, kept in (("flag", 4), ("park", 2), ("drop", 2)):
                out = os.path.join(folder, then)
                subprocess.run([TAMIS, "clean.text", "-", "--then", then, "-o", out, "--quiet"],
                               input=lines.encode(), check=True)
                with open(os.path.join(out, "manifest.json")) as file:
                    made = json.load(file)
                self.assertEqual(made["counts"]["kept"], kept)
                self.assertEqual(made["steps"][0]["findings"], {"T1302": 1, "T1303": 1, "T1305": 1})
                got = subprocess.run([TAMIS, "cat", out], capture_output=True, check=True).stdout
                want = lines.encode().splitlines(True)
                self.assertEqual(got.splitlines(True), want if kept == 4 else [want[1], want[3]])

    def test_refusals_of_then_are_true(self):
        done = subprocess.run([TAMIS, "length", "-", "--then", "flag"], input=b"",
                              capture_output=True)
        self.assertIn(b"has no findings to act on", done.stderr)

    def test_a_text_begins_with_at_most_one_blank_line(self):
        texts = ["\n\nx", "\n\né", "\n\n", "\nx", "x\n\n\ny"]
        self.assertEqual(self.clean(texts, ["blank_runs"])[0],
                         ["\nx", "\né", "\n", "\nx", "x\n\ny"])


if __name__ == "__main__":
    unittest.main()
