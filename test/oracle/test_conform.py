"""The conformance modes of dedup.near against the packages themselves: signatures and band keys of
datasketch, datatrove and text-dedup, bit for bit, over made-up texts: ASCII, other scripts, short,
empty, marks, symbols, numbers, contractions, final sigmas.

datasketch comes with the packages of the tests and is asked each time. The other two bring hundreds
of megabytes along, so they live in an environment of their own (tools/setup.sh bench makes
build/rivals). What all three gave is kept as digests in conform_golden.json, one for ten texts, and
ours is held against these everywhere. To make them anew, with build/rivals there:

    CONFORM_WRITE=1 python3 test/oracle/test_conform.py
"""
# time-limit: 300

import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unicodedata
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))
from build_program import build_program  # noqa: E402

RIVALS = os.environ.get("TAMIS_RIVALS",
                        os.path.join(HERE, "../../build/rivals/bin/python"))
GOLDEN = os.path.join(HERE, "conform_golden.json")
ASKER = os.path.join(HERE, "../support/rival_signatures.py")

SYLLABLES = ["ka", "lo", "mi", "ren", "tuv", "sha", "po", "gre", "nim", "dol"]
CONTRACTED = ["dont", "can't", "cannot", "gonna", "gotta", "im", "ima", "theyre", "they'll",
              "wouldntve", "ill", "its", "hes", "shes", "well", "we'd", "wed", "yall", "aint",
              "shant", "notve", "thereve", "whatd", "thats", "this's", "id", "i'd've", "mustn't",
              "DON'T", "ive", "em", "goin", "wont", "hell", "shell", "thisve", "itll", "itre"]
NUMBERS = ["7", "12.5", "1,000", "3.14.15", "٣٤٫٥", "१२", "0km", "12 km",
           "5kg", "9mm²", "10€", "$5", "£3", "7½", "x²", "2m³", "100%", "4kmh",
           "8am", "１２", "3µm", "6oz", "1b", "20°", "5°c", "0x1F", "12-13",
           "42nd", "7كم", "9км", "9Км", "1e9"]
SIGNS = ["©", "®", "™", "°", "→", "✓", "😀", "👍🏽", "❤️", "…", "—", "‘quoted’",
         "“said”", "‘s", "it‘s", "‚low", "·dot·", "§4", "¡hola!", "¿qué?", "؟",
         "۔", "、", "。", "『a』", "〔b〕", "⟦c⟧", "〈d〉", "₿1", "1₿", "a₿", "¥", "﷼",
         "a©b", "©©", "a→b→c", "🦀x", "x🫠", "(dont)", "‘dont’", "`code`",
         "#tag", "@you", "a_b", "a-b", "a/b", "http://x.yz/a?b=1", "e@ma.il",
         "C++", ":-)", "<3", "a\u00a0b", "a\u200bb", "a\u200db", "\u0301",
         "x\u0301y", "\x07", "a\x85b", "\u2028"]
FOREIGN = ["Straße", "ÉCOLE", "naïve", "İstanbul", "ΟΔΟΣ", "ΣΑΣ", "Σ", "ΑΣ.",
           "Ο'ΣΑ", "Σ'Σ", "ﬁne", "Ωmega", "Å", "Ǆ", "ПРИВЕТ", "ёлка", "й",
           "שלום", "שָׁלוֹם", "مرحبا", "مَرْحَبًا", "हिन्दी", "தமிழ்", "ไทย",
           "中文字", "日本語", "ひらがな", "カタカナ", "한국어", "Ａｂ", "ⅷ", "ⓐ", "①", "ª", "ǰ",
           "ẞ", "ﾊﾟ", "Ⅷ"]


def word(rng):
    kind = rng.random()
    if kind < 0.55:
        text = "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(1, 3)))
        return rng.choice((text, text, text.capitalize(), text.upper()))
    return rng.choice(rng.choice((CONTRACTED, NUMBERS, SIGNS, FOREIGN)))


def text(rng, words):
    parts = []
    for _ in range(words):
        parts.append(word(rng))
        parts.append(rng.choice((" ", " ", " ", " ", ", ", ". ", "\n", "  ", "\t", "-", "", "! ")))
    return "".join(parts)


def known(point, tables=unicodedata):
    """Characters which all tables of Unicode involved agree on: for texts of any character."""
    c = chr(point)
    return not 0xD800 <= point < 0xE000 and tables.category(c) not in ("Cn", "Co")


def any_text(rng, plain, tables):
    """Characters from anywhere, a space now and then."""
    out = []
    for _ in range(rng.randint(5, 60)):
        c = rng.randrange(0x3000) if rng.random() < 0.8 else rng.randrange(0x20000)
        out.append(chr(c) if known(c, tables) and c not in plain else rng.choice("abc 0.'Σ"))
        if rng.random() < 0.3:
            out.append(" ")
    return "".join(out)


# Signs whose decomposition leaves "=", "<" or ">", which the tokenizer takes for operators.
CROSSED = {0x2260, 0x226E, 0x226F}


def texts(seed=11, tables=unicodedata.ucd_3_2_0):
    """The same for every version of Python, as long as the tables are those of Unicode 3.2."""
    rng = random.Random(seed)
    out = ["", " ", "\n", "a", "...", "No.", "one two three four", "one two three four five",
           "one two three four five six", "word " * 50, "a" * 3000, "😀" * 100, "‘s " * 9]
    out += [text(rng, rng.randint(1, 12)) for _ in range(150)]
    out += [text(rng, rng.randint(20, 300)) for _ in range(60)]
    out += [" ".join(rng.choice(SYLLABLES) for _ in range(rng.randint(5, 400))) for _ in range(60)]
    out += [any_text(rng, CROSSED, tables) for _ in range(150)]
    return out


# What is asked of each tool: where nothing is said, what question() says.
QUESTIONS = [
    ("datasketch", {}),
    ("datasketch", {"ngram": 2, "bands": 5, "rows": 25, "hashes": 128, "seed": 12345}),
    ("datasketch", {"ngram": 1, "bands": 2, "rows": 1, "seed": 0}),
    ("datasketch-64", {"ngram": 3, "hashes": 128, "seed": 7}),
    ("datasketch-legacy", {"ngram": 3, "hashes": 128}),
    ("datasketch-legacy", {"bands": 20, "rows": 6, "seed": 4294967295}),
    ("datatrove", {}),
    ("datatrove", {"language": "xx", "ngram": 2, "bands": 3, "rows": 5, "seed": 99}),
    ("datatrove", {"hash": "sha1", "ngram": 3}),
    ("datatrove-32", {"ngram": 3}),
    ("datatrove-32", {"hash": "sha1", "ngram": 3}),
    ("datatrove", {"hash": "words", "bands": 1, "rows": 1}),
    ("datatrove", {"hash": "words", "language": "xx", "bands": 1, "rows": 1}),
    ("text-dedup", {"seed": 42}),
    ("text-dedup", {"hash": "xxhash", "ngram": 2, "bands": 25, "rows": 10, "hashes": 250,
                    "least": 5, "seed": 42}),
    ("text-dedup-32", {"ngram": 3, "hashes": 120, "least": 5, "seed": 42}),
    ("text-dedup-32", {"hash": "xxhash", "seed": 42}),
    ("text-dedup-spark", {"ngram": 3, "hashes": 120, "least": 5, "seed": 42}),
]


def question(tool, given, asked):
    out = {"tool": tool, "hash": "own", "language": "en", "ngram": 5, "bands": 14, "rows": 8,
           "least": 1, "seed": 1, "texts": asked, **given}
    return {"hashes": out["bands"] * out["rows"], **out}


def name_of(tool, given):
    return " ".join([tool, *("%s=%s" % item for item in given.items())])


def ask(python, **asked):
    done = subprocess.run([python, "-B", ASKER], input=json.dumps(asked).encode(),
                          capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-2000:])
    return json.loads(done.stdout)


def has(tool):
    """The Python that has the package of a tool, or None."""
    package = next(p for p in ("datasketch", "datatrove", "text_dedup")
                   if tool.startswith(p.replace("_", "-")))
    for python in (RIVALS, sys.executable):
        if os.access(python, os.X_OK) and not subprocess.run(
                [python, "-c", "import importlib.util, sys; "
                 "sys.exit(importlib.util.find_spec(sys.argv[1]) is None)", package]).returncode:
            return python
    return None


def fed(question):
    command = [PROGRAM, question["tool"], question["hash"], question["language"]]
    command += [str(question[name]) for name in
                ("ngram", "bands", "rows", "hashes", "least", "seed")]
    packed = b"".join(struct.pack("<I", len(raw)) + raw
                      for raw in (t.encode() for t in question["texts"]))
    done = subprocess.run(command, input=packed, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def ours(question):
    """In the form of rival_signatures.py."""
    data, at, out = fed(question), 0, []

    def number():
        nonlocal at
        at += 4
        return struct.unpack_from("<I", data, at - 4)[0]

    while at < len(data):
        count = number()
        values = list(struct.unpack_from(f"<{count}Q", data, at))
        at += 8 * count
        keys = []
        for _ in range(question["bands"] if count else 0):
            size = number()
            keys.append(data[at:at + size].hex())
            at += size
        out.append([values, keys] if count else None)
    return out


def ours_of_words(asked):
    data, at, out = fed(asked), 0, []
    while at < len(data):
        size = struct.unpack_from("<I", data, at)[0]
        at += 4 + size
        out.append(data[at - size:at].decode())
    return out


def mine(asked):
    return ours_of_words(asked) if asked["hash"] == "words" else ours(asked)


def digests(answers):
    """One for each ten of them."""
    return [hashlib.sha256(json.dumps(answers[at:at + 10]).encode()).hexdigest()[:16]
            for at in range(0, len(answers), 10)]


def setUpModule():
    global FOLDER, PROGRAM
    FOLDER = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
    PROGRAM = build_program("conform_feed", FOLDER.name)


def tearDownModule():
    FOLDER.cleanup()


class Golden(unittest.TestCase):
    """What the packages gave, everywhere."""

    def test_same_signatures_and_keys(self):
        asked = texts()
        with open(GOLDEN, encoding="utf-8") as file:
            known_ones = json.load(file)
        self.assertEqual(digests(asked), known_ones["texts"], "the texts are others: make it anew")
        self.assertEqual(len(known_ones["answers"]), len(QUESTIONS))
        for tool, given in QUESTIONS:
            got = digests(mine(question(tool, given, asked)))
            for at, (a, b) in enumerate(zip(got, known_ones["answers"][name_of(tool, given)])):
                self.assertEqual(a, b, f"{name_of(tool, given)}: texts {10 * at} to {10 * at + 9}")


class Packages(unittest.TestCase):
    """The packages asked now, where they are installed, also over characters of newer Unicode."""

    maxDiff = 2000

    def check(self, prefix):
        asked = texts() + texts(12, unicodedata)[-150:]
        python = has(prefix)
        if not python:
            self.skipTest("%s is not installed: tools/setup.sh bench does" % prefix)
        for tool, given in QUESTIONS:
            if not tool.startswith(prefix):
                continue
            one = question(tool, given, asked)
            theirs, own = ask(python, **one), mine(one)
            self.assertEqual(len(theirs), len(asked))
            self.assertEqual(len(own), len(asked))
            self.assertGreater(sum(1 for x in theirs if x), 200)
            for text_, a, b in zip(asked, theirs, own):
                self.assertEqual(a, b, f"{name_of(tool, given)}: {text_!r}")

    def test_datasketch(self):
        self.check("datasketch")

    def test_datatrove(self):
        self.check("datatrove")

    def test_text_dedup(self):
        self.check("text-dedup")


def write_golden():
    asked, answers = texts(), {}
    for tool, given in QUESTIONS:
        answers[name_of(tool, given)] = digests(ask(RIVALS, **question(tool, given, asked)))
    with open(GOLDEN, "w", encoding="utf-8") as file:
        json.dump({**ask(RIVALS, about=True), "texts": digests(asked), "answers": answers}, file,
                  indent=1)
        file.write("\n")


if __name__ == "__main__":
    if os.environ.get("CONFORM_WRITE"):
        write_golden()
    else:
        unittest.main()
