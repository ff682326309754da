"""clean.text against a plain reading of its own words, on random texts: whether a text is ASCII
(and takes the short way through the code) or not may make no difference to what is repaired."""

import json
import os
import random
import re
import subprocess
import tempfile
import unittest

TAMIS = os.environ.get("TAMIS", "build/release/tamis")
FIXES = ("control", "zero_width", "line_ends", "trailing_space", "blank_runs")
PIECES = ["a", "b c", " ", "\t", "\n", "\n\n", "\r\n", "\r", "\x01", "\x7f", "```\n", "~~~", "  "]
STRAY = "[\u200b\u2060\ufeff\u00ad\u180e]"


def line_and_end(text):
    return re.findall(r"([^\r\n]*)(\r\n|\r|\n|\Z)", text)


def repaired(text, fixes):
    out, fenced, blank_lines = [], False, 0
    for line, end in line_and_end(text):
        fence = line.strip(" \t\f\v").startswith(("```", "~~~"))
        fenced ^= fence
        if fence or fenced:
            blank_lines = 0
            out.append(line + end)
            continue
        blank_lines = 0 if line.strip(" \t\f\v") else blank_lines + 1
        if "blank_runs" in fixes and blank_lines > 1 and end:
            continue
        if "trailing_space" in fixes:
            line = line.rstrip(" \t")
        if "control" in fixes:
            line = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "", line)
        if "zero_width" in fixes:
            line = re.sub(STRAY, "", line)
        if "line_ends" in fixes and end:
            end = "\n"
        out.append(line + end)
    return "".join(out)


class CleanText(unittest.TestCase):
    def clean(self, texts, fixes):
        with tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP")) as folder:
            recipe, data = os.path.join(folder, "r.yaml"), os.path.join(folder, "in.jsonl")
            with open(recipe, "w") as file:
                file.write("steps:\n  - clean.text: {fix: [%s]}\n" % ", ".join(fixes))
            with open(data, "w") as file:
                file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
            done = subprocess.run([TAMIS, "run", recipe, data, "-o", "-", "--quiet"],
                                  capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line)["text"] for line in done.stdout.splitlines()]

    def test_what_is_repaired_does_not_depend_on_ascii(self):
        chosen = random.Random(1)
        for ascii_only in (True, False):
            pieces = PIECES if ascii_only else PIECES + ["é", "\u200b", "\u00ad", "\x85"]
            for turn in range(8):
                fixes = [fix for fix in FIXES if turn == 0 or chosen.random() < 0.5] or FIXES[:1]
                texts = ["x"] + ["".join(chosen.choice(pieces) for _ in range(chosen.randint(1, 9)))
                                 for _ in range(2000)]
                for text, got in zip(texts, self.clean(texts, fixes)):
                    self.assertEqual(got, repaired(text, fixes), (text, fixes))

    def test_a_text_begins_with_at_most_one_blank_line(self):
        texts = ["\n\nx", "\n\né", "\n\n", "\nx", "x\n\n\ny"]
        self.assertEqual(self.clean(texts, ["blank_runs"]), ["\nx", "\né", "\n", "\nx", "x\n\ny"])


if __name__ == "__main__":
    unittest.main()
