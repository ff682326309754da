"""Text functions against Python's: normal forms (unicodedata.normalize), lower case, case folding,
words, the normaliser of dedup.exact, repair of broken UTF-8, UTF-16 and UTF-32 input, and JSON
strings.

Python and utf8proc carry tables of different Unicode versions. A character is asked about if both
know it: normal forms and foldings of assigned characters never change (Unicode stability policies),
so for these the two must agree whatever their versions. Lower case is not covered by that promise,
but for a character that had none before; such a one would be named by this test.
"""

import ctypes
import itertools
import json
import os
import random
import re
import sys
import tempfile
import unicodedata
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from build_program import build_shared  # noqa: E402

FORMS = ("NFC", "NFD", "NFKC", "NFKD")


def setUpModule():
    global FOLDER, LIB
    FOLDER = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
    sources = ["src/base/*.c", "src/text/*.c", "src/op/normalise.c"]
    LIB = ctypes.CDLL(build_shared("text_feed", FOLDER.name, sources))
    LIB.text_change.restype = ctypes.c_void_p
    LIB.text_change.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t,
                                ctypes.POINTER(ctypes.c_size_t)]
    LIB.text_count.restype = ctypes.c_uint64
    LIB.text_count.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
    LIB.text_unicode_version.restype = ctypes.c_char_p


def tearDownModule():
    FOLDER.cleanup()


def change(how, data):
    size = ctypes.c_size_t()
    out = LIB.text_change(how.encode(), data, len(data), ctypes.byref(size))
    return ctypes.string_at(out, size.value)


# What docs/guide/duplicates.md lists.
MARKS = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
STEPS = ("zero_width", "unicode", "case", "space")


def key(text, steps):
    if "zero_width" in steps:
        text = MARKS.sub("", text)
    if "unicode" in steps:
        text = unicodedata.normalize("NFC", text)
    if "case" in steps:
        text = text.casefold()
    if "unicode" in steps and "case" in steps:
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split()) if "space" in steps else text


def count(what, data):
    return LIB.text_count(what.encode(), data, len(data))


def text_of(data):
    return data.decode("utf-8", "surrogatepass")


def bytes_of(text):
    return text.encode("utf-8", "surrogatepass")


def is_asked(point):
    return (not 0xD800 <= point < 0xE000 and unicodedata.category(chr(point)) != "Cn"
            and LIB.text_is_assigned(point))


def assigned():
    return [chr(point) for point in range(0x110000) if is_asked(point)]


def code_points(text):
    return " ".join("U+%04X" % ord(c) for c in text)


class Unicode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.points = assigned()
        python, ours = unicodedata.unidata_version, LIB.text_unicode_version().decode()
        print("Unicode %s in Python, %s in utf8proc: %d code points both know"
              % (python, ours, len(cls.points)))

    def all_the_same(self, texts, ours, theirs, what):
        """One call for all texts: a newline between them neither joins nor changes."""
        joined = "\n".join(texts)
        got = text_of(change(ours, bytes_of(joined))).split("\n")
        want = [theirs(text) for text in texts]
        wrong = ["%s: %s, not %s" % tuple(map(code_points, three))
                 for three in zip(texts, got, want) if three[1] != three[2]]
        self.assertEqual(len(got), len(want))
        self.assertEqual(wrong[:20], [], what)

    def test_there_is_enough_to_ask(self):
        self.assertGreater(len(self.points), 270000)

    def test_every_code_point_in_every_form(self):
        texts = [c for c in self.points if c != "\n"]
        for form in FORMS:
            self.all_the_same(texts, form, lambda t: unicodedata.normalize(form, t), form)

    def test_every_code_point_between_letters_and_marks(self):
        special = [c for c in self.points if unicodedata.decomposition(c)
                   or unicodedata.combining(c) or 0x1100 <= ord(c) < 0x1200]
        texts = ["%s%s%s" % (a, c, b) for c in special
                 for a, b in (("a\u0323", "\u0301"), ("\u0915", "\u0327e"), ("\u1100", "\u11a8"))]
        for form in FORMS:
            self.all_the_same(texts, form, lambda t: unicodedata.normalize(form, t), form)

    def test_is_form(self):
        chosen = random.Random(3)
        marks = [c for c in self.points if unicodedata.combining(c)]
        others = [c for c in self.points if unicodedata.decomposition(c)]
        for _ in range(20000):
            text = "".join(chosen.choice(chosen.choice((marks, others, "ae\u0301")))
                           for _ in range(chosen.randint(1, 4)))
            for form in FORMS:
                self.assertEqual(bool(count(form, bytes_of(text))),
                                 unicodedata.is_normalized(form, text), (form, code_points(text)))

    def test_random_strings_with_marks(self):
        chosen = random.Random(1)
        marks = [c for c in self.points if unicodedata.combining(c)]
        composed = [c for c in self.points if unicodedata.decomposition(c)]
        jamo = [chr(c) for c in range(0x1100, 0x1200)] + ["\uac00", "\ud7a3", "\uac1c"]
        texts = []
        for _ in range(30000):
            pools = chosen.choice(((marks, composed), (marks, "aeiou"), (jamo,), (jamo, marks),
                                   (self.points,), (marks, composed, jamo, "a ", self.points)))
            text = "".join(chosen.choice(chosen.choice(pools))
                           for _ in range(chosen.randint(1, chosen.choice((4, 12, 60)))))
            texts.append(text.replace("\n", ""))
        for form in FORMS:
            self.all_the_same(texts, form, lambda t: unicodedata.normalize(form, t), form)

    def test_lower_case(self):
        # Between two letters, so that Python's final-sigma rule, which we leave out, does not act.
        texts = ["a%sa" % c for c in self.points if c != "\n"]
        self.all_the_same(texts, "lower", str.lower, "lower case")

    def test_case_folding(self):
        texts = [c for c in self.points if c != "\n"]
        self.all_the_same(texts, "fold", str.casefold, "case folding")

    def random_texts(self, seed, count):
        chosen = random.Random(seed)
        marks = [c for c in self.points if unicodedata.combining(c)]
        cased = [c for c in self.points if c.casefold() != c or c.upper() != c]
        hidden = [c for c in self.points if MARKS.match(c)]
        self.assertEqual(len(hidden), 19)
        pools = (marks, cased, hidden, self.points, "aEJ", " \t\n\u00a0\u3000",
                 "\u0301\u0323\u030c")
        return ["".join(chosen.choice(chosen.choice(pools)) for _ in range(chosen.randint(1, 9)))
                for _ in range(count)]

    def test_the_normaliser(self):
        sets = [some for n in range(5) for some in itertools.combinations(STEPS, n)]
        for seed, steps in enumerate(sets):
            how = "normalise " + " ".join(steps)
            for text in self.random_texts(seed, 1000):
                self.assertEqual(text_of(change(how, bytes_of(text))), key(text, steps),
                                 (how, code_points(text)))

    def test_the_same_text_has_one_key(self):
        """Canonical caseless matching (Unicode 15.0, D145), and marks anywhere. U+0345, which folds
        to a letter and so may come to stand before a mark, is left out."""
        chosen = random.Random(7)
        how = "normalise " + " ".join(STEPS)
        for text in self.random_texts(8, 6000):
            if "\u0345" in unicodedata.normalize("NFD", text):
                continue
            at = chosen.randint(0, len(text))
            want = change(how, bytes_of(text))
            for other in (unicodedata.normalize("NFD", text), unicodedata.normalize("NFC", text),
                          text.casefold(), text[:at] + "\u200b" + text[at:],
                          unicodedata.normalize("NFD", text.casefold())):
                self.assertEqual(change(how, bytes_of(other)), want,
                                 (code_points(text), code_points(other)))

    def test_words_and_characters(self):
        chosen = random.Random(2)
        space = [c for c in self.points if c.isspace()]
        self.assertEqual(len(space), 29)
        for c in self.points:
            self.assertEqual(count("words", bytes_of("a%sb" % c)), len(("a%sb" % c).split()),
                             code_points(c))
        for _ in range(20000):
            text = "".join(chosen.choice(chosen.choice((space, self.points, "abc", "  ")))
                           for _ in range(chosen.randint(0, 60)))
            self.assertEqual(count("words", bytes_of(text)), len(text.split()), code_points(text))
            self.assertEqual(count("chars", bytes_of(text)), len(text))


class Bytes(unittest.TestCase):
    def test_repair_of_broken_utf8(self):
        chosen = random.Random(4)
        pieces = [b"a", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x8d\xb2", b"\xed\xa0\x80",
                  b"\xf4\x90\x80", b"\xe0\x9f", b"\xc0\xaf", b"\xf0\x8f", b"\xf1\x80\x80", b"\xff"]
        for turn in range(60000):
            data = b"".join(chosen.choice(pieces) for _ in range(chosen.randint(0, 8)))
            if turn % 2:
                data = bytes(b if chosen.random() < 0.8 else chosen.randrange(128, 256)
                             for b in data)
            self.assertEqual(change("repair", data), data.decode("utf-8", "replace").encode(), data)

    def test_wide_input(self):
        chosen = random.Random(5)
        for name in ("UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"):
            for _ in range(3000):
                text = "".join(chr(chosen.choice((97, 0xE9, 0x20AC, 0x1F372, 0x10FFFF, 0xFFFF, 0)))
                               for _ in range(chosen.randint(0, 20)))
                self.assertEqual(change(name, text.encode(name.lower())), text.encode())

    def test_json_strings(self):
        chosen = random.Random(6)
        pieces = ["a", "\\n", "\\\\", "\\\"", "\\u00e9", "\\ud83d", "\\ude00", "\\ud83d\\ude00",
                  "\\u0000", "é", "🍲", "\\/", "\\b\\f\\r\\t", "plain words between them " * 3]
        for _ in range(30000):
            inside = "".join(chosen.choice(pieces) for _ in range(chosen.randint(0, 9)))
            text = json.loads('"%s"' % inside)
            got = change("unescape", inside.encode())
            self.assertEqual(got, bytes_of(text), inside)
            again = change("escape", got).decode()
            self.assertEqual(json.loads('"%s"' % again), text, inside)


if __name__ == "__main__":
    unittest.main()
