"""The conformance modes of dedup.near against the packages themselves: signatures and band keys of
datasketch, datatrove and text-dedup, bit for bit, over made-up texts: ASCII, other scripts, short,
empty, marks, symbols, numbers, contractions, final sigmas.

The packages are heavy, so they live in an environment of their own (tools/setup.sh bench makes
build/rivals); without it this test skips. What they gave for a few texts is also kept in
test/unit/op/test_conform.c, which runs everywhere.
"""

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


def known(point):
    """Characters of Unicode 11 or so, which all tables involved agree on: for texts of any
    character."""
    c = chr(point)
    return not 0xD800 <= point < 0xE000 and unicodedata.category(c) not in ("Cn", "Co")


def any_text(rng, plain):
    """Characters from anywhere, a space now and then."""
    out = []
    for _ in range(rng.randint(5, 60)):
        c = rng.randrange(0x3000) if rng.random() < 0.8 else rng.randrange(0x20000)
        out.append(chr(c) if known(c) and c not in plain else rng.choice("abc 0.'Σ"))
        if rng.random() < 0.3:
            out.append(" ")
    return "".join(out)


# Signs whose decomposition leaves "=", "<" or ">", which the tokenizer takes for operators.
CROSSED = {0x2260, 0x226E, 0x226F}


def texts(seed=11):
    rng = random.Random(seed)
    out = ["", " ", "\n", "a", "...", "No.", "one two three four", "one two three four five",
           "one two three four five six", "word " * 50, "a" * 3000, "😀" * 100, "‘s " * 9]
    out += [text(rng, rng.randint(1, 12)) for _ in range(150)]
    out += [text(rng, rng.randint(20, 300)) for _ in range(60)]
    out += [" ".join(rng.choice(SYLLABLES) for _ in range(rng.randint(5, 400))) for _ in range(60)]
    out += [any_text(rng, CROSSED) for _ in range(150)]
    return out


def ask(**question):
    done = subprocess.run([RIVALS, "-B", ASKER], input=json.dumps(question).encode(),
                          capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-2000:])
    return json.loads(done.stdout)


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


def setUpModule():
    global FOLDER, PROGRAM, TEXTS
    if not os.access(RIVALS, os.X_OK):
        raise unittest.SkipTest(
            "datasketch, datatrove and text-dedup are not installed: tools/setup.sh bench does")
    try:
        print(ask(about=True))
    except RuntimeError as why:
        raise unittest.SkipTest(f"the packages cannot be used: {str(why)[-200:]}")
    FOLDER = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
    PROGRAM = build_program("conform_feed", FOLDER.name)
    TEXTS = texts()


def tearDownModule():
    FOLDER.cleanup()


class Conform(unittest.TestCase):
    maxDiff = 2000

    def same(self, tool, hash="own", language="en", ngram=5, bands=14, rows=8, hashes=0, least=1,
             seed=1, only=None):
        question = {"tool": tool, "hash": hash, "language": language, "ngram": ngram,
                    "bands": bands, "rows": rows, "hashes": hashes or bands * rows,
                    "least": least, "seed": seed, "texts": only or TEXTS}
        theirs, mine = ask(**question), ours(question)
        self.assertEqual(len(theirs), len(mine))
        for text_, a, b in zip(question["texts"], theirs, mine):
            self.assertEqual(a, b, f"{tool}: {text_!r}")
        return sum(1 for x in theirs if x)

    def test_datasketch_by_default(self):
        self.assertGreater(self.same("datasketch"), 300)
        self.same("datasketch", ngram=2, bands=5, rows=25, hashes=128, seed=12345)
        self.same("datasketch", ngram=1, bands=2, rows=1, seed=0)

    def test_datasketch_with_64_bits(self):
        self.same("datasketch-64", ngram=3, hashes=128, seed=7)

    def test_datasketch_before_2(self):
        self.same("datasketch-legacy", ngram=3, hashes=128)
        self.same("datasketch-legacy", bands=20, rows=6, seed=4294967295)

    def test_datatrove_words_of_english(self):
        self.words("en")

    def test_datatrove_words_of_other_languages(self):
        self.words("xx")

    def words(self, language):
        question = {"tool": "datatrove", "hash": "words", "language": language, "ngram": 5,
                    "bands": 1, "rows": 1, "hashes": 1, "least": 1, "seed": 1, "texts": TEXTS}
        theirs, data, at = ask(**question), fed(question), 0
        for text_, expected in zip(TEXTS, theirs):
            size = struct.unpack_from("<I", data, at)[0]
            at += 4 + size
            self.assertEqual(expected, data[at - size:at].decode(), repr(text_))

    def test_datatrove(self):
        self.assertGreater(self.same("datatrove"), 200)
        self.same("datatrove", language="xx", ngram=2, bands=3, rows=5, seed=99)
        self.same("datatrove", hash="sha1", ngram=3)

    def test_datatrove_with_32_bits(self):
        self.same("datatrove-32", ngram=3)
        self.same("datatrove-32", hash="sha1", ngram=3)

    def test_text_dedup(self):
        self.assertGreater(self.same("text-dedup", seed=42), 300)
        self.same("text-dedup", hash="xxhash", ngram=2, bands=25, rows=10, hashes=250, least=5,
                  seed=42)

    def test_text_dedup_with_32_bits(self):
        self.same("text-dedup-32", ngram=3, hashes=120, least=5, seed=42)
        self.same("text-dedup-32", hash="xxhash", seed=42)

    def test_text_dedup_on_spark(self):
        self.same("text-dedup-spark", ngram=3, hashes=120, least=5, seed=42)


if __name__ == "__main__":
    unittest.main()
