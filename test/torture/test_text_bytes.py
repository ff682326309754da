"""Text that breaks other tools: the 222 sequences of utf8tests, the 515 naughty strings and every
one of the 1,112,064 Unicode scalar values, raw and as escapes. What is UTF-8 comes out byte for
byte, through cat and through run; what is not is unreadable at its place, or read as U+FFFD when
that was asked for."""

import json
import os
import re
import unittest

from torturekit import TORTURE, TortureCase, data, needs, unreadable

UTF8TESTS = os.path.join(TORTURE, "utf8tests.txt")
BLNS = os.path.join(TORTURE, "blns.json")
KERNELS = ("scalar", "avx2", "avx512")
FILTER_AND_TAG = """
inputs: {all: {path: "%s"}}
steps:
  - filter: {keep: "$.n >= 0"}
  - tag: {set: {seen: true}}
output: {format: jsonl}
"""


def utf8_tests():
    """(name, bytes, what is read when bad bytes become U+FFFD, or None when all are good)."""
    tests = []
    with open(UTF8TESTS, encoding="ascii", errors="surrogateescape") as file:
        for line in file:
            match = re.match(r"([0-9.]+): ?(valid|valid hex|invalid hex):(.*)\n", line)
            if not match:
                continue
            name, kind, rest = match.groups()
            if kind == "valid":
                tests.append((name, rest.encode(errors="surrogateescape"), None))
            elif kind == "valid hex":
                tests.append((name, bytes.fromhex(rest), None))
            else:
                parts = ["" if p.strip() == "nothing" else p for p in rest.split(":")]
                tests.append((name, bytes.fromhex(parts[0]), bytes.fromhex(parts[2])))
    return tests


def plain(raw):
    """Whether the bytes may stand raw in a JSON string."""
    return not any(c < 0x20 or c in b'"\\' for c in raw)


@needs(UTF8TESTS, "utf8tests")
class Utf8(TortureCase):
    def setUp(self):
        super().setUp()
        self.tests = [t for t in utf8_tests() if plain(t[1])]

    def lines(self, prefix):
        return [b'{"text":"%s%s|"}' % (prefix, raw) for _, raw, _ in self.tests]

    def test_all_of_them_are_tried(self):
        self.assertEqual(len(utf8_tests()), 222)
        self.assertGreaterEqual(len(self.tests), 205)
        for name, raw, _ in utf8_tests():
            if not plain(raw):  # a control character is no text of JSON, however it is written
                done = self.tamis("cat", self.write("c.jsonl", b'{"text":"a%sb"}\n' % raw))
                self.assertEqual(done.code, 3, name)

    def test_good_ones_pass_and_bad_ones_have_a_place(self):
        """At every offset from a kernel's block that matters, with every kernel."""
        for kernel in KERNELS:
            for pad in (0, 1, 15, 30, 31, 52, 53, 54, 55, 63):
                prefix = b"." * pad
                lines = self.lines(prefix)
                source = self.write("a.jsonl", b"".join(line + b"\n" for line in lines))
                done = self.tamis("check", source, "--format", "json", "--layout", "text",
                                  env={"TAMIS_SIMD": kernel})
                found = {f["line"]: f for f in json.loads(done.out)["findings"]
                         if f["code"] == "T1008"}
                for number, (name, raw, wanted) in enumerate(self.tests, 1):
                    self.assertEqual(number in found, wanted is not None, (kernel, pad, name))
                    if wanted is None:
                        continue
                    good = self.good_prefix(raw)
                    self.assertEqual(found[number]["column"], 10 + pad + len(good), name)

    def good_prefix(self, raw):
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            return raw[:error.start].decode("utf-8")

    def test_cat_and_run_write_the_good_ones_as_they_came(self):
        lines = self.lines(b"")
        source = self.write("a.jsonl", b"".join(line + b"\n" for line in lines))
        good = b"".join(line + b"\n" for line, test in zip(lines, self.tests) if test[2] is None)
        done = self.tamis("cat", source, "--limit-unreadable", "100%", expect=0)
        self.assertEqual(done.out, good)
        folder, _ = self.run_folder("length", source, "--limit-unreadable", "100%")
        self.assertEqual(data(folder), good)
        self.assertEqual({u["code"] for u in unreadable(folder)}, {"T1008"})

    def test_replace_reads_the_bad_ones_as_stated_and_says_so(self):
        for kernel in KERNELS:
            lines = self.lines(b"")
            source = self.write("a.jsonl", b"".join(line + b"\n" for line in lines))
            wanted = b"".join(b'{"text":"%s|"}\n' % (raw if fixed is None else fixed)
                              for _, raw, fixed in self.tests)
            folder = self.path("r" + kernel)
            self.tamis("length", source, "--utf8", "replace", "-o", folder + "/", "--format",
                       "jsonl", expect=0, env={"TAMIS_SIMD": kernel})
            self.assertEqual(data(folder), wanted)
            self.assertEqual(unreadable(folder), [])
        done = self.tamis("check", source, "--utf8", "replace", "--format", "json")
        bad = {n for n, test in enumerate(self.tests, 1) if test[2] is not None}
        said = {f["line"] for f in json.loads(done.out)["findings"] if "U+FFFD" in f["message"]}
        self.assertEqual(said, bad)
        done = self.tamis("cat", source, "--utf8", "replace", expect=0)
        self.assertEqual(done.out, wanted)


@needs(BLNS, "the list of naughty strings")
class Naughty(TortureCase):
    def test_naughty_strings_pass_cat_and_run_byte_for_byte(self):
        with open(BLNS, encoding="utf-8") as file:
            strings = json.load(file)
        self.assertEqual(len(strings), 515)
        for escaped in (False, True):
            lines = [json.dumps({"n": n, "messages": [{"role": "user", "content": s},
                                                      {"role": "assistant", "content": s}], s: s},
                                ensure_ascii=escaped).encode()
                     for n, s in enumerate(strings)]
            source = self.write("a.jsonl", b"".join(line + b"\n" for line in lines))
            self.assertEqual(self.tamis("cat", source, expect=0).out,
                             b"".join(line + b"\n" for line in lines))
            folder, _ = self.run_folder("run", self.write("r.yaml", FILTER_AND_TAG % source))
            out = data(folder).split(b"\n")
            self.assertEqual(len(out), 516)
            for line, got in zip(lines, out):
                self.assertEqual(got, line[:-1] + b', "seen": true}')
            again = self.path("again%d.json" % escaped)
            self.tamis("tag", os.path.join(folder, "data-00000.jsonl"), "--remove", "seen", "-o",
                       again, expect=0)
            with open(again, "rb") as file:
                self.assertEqual([json.loads(line) for line in lines], json.load(file))
            self.assertEqual(self.tamis("cat", again, expect=0).out,
                             b"".join(line + b"\n" for line in lines))


class Scalars(TortureCase):
    """In records of 512 values; each twice, raw and escaped."""

    @classmethod
    def setUpClass(cls):
        scalars = [c for c in range(0x110000) if not 0xd800 <= c <= 0xdfff]
        assert len(scalars) == 1112064
        cls.lines = []
        for at in range(0, len(scalars), 512):
            some = scalars[at:at + 512]
            raw = "".join(chr(c) if c >= 0x20 and c not in (0x22, 0x5c) else "\\u%04x" % c
                          for c in some)
            text = "".join(map(chr, some)).encode("utf-16-be")
            escaped = "".join("\\u%s" % text[i:i + 2].hex() for i in range(0, len(text), 2))
            cls.lines.append(('{"text":"%s","esc":"%s"}' % (raw, escaped)).encode())
        cls.whole = b"".join(line + b"\n" for line in cls.lines)

    def test_every_scalar_value_round_trips_through_cat_and_run(self):
        source = self.write("a.jsonl", self.whole)
        self.assertEqual(self.tamis("cat", source, expect=0).out, self.whole)
        for kernel in KERNELS:
            folder = self.path(kernel)
            self.tamis("filter", "--keep", "$.text = $.esc", source, "-o", folder + "/",
                       "--format", "jsonl", expect=0, env={"TAMIS_SIMD": kernel})
            self.assertTrue(data(folder) == self.whole, kernel)

    def test_the_rest_of_a_text_that_was_edited_keeps_its_bytes(self):
        """A text of all scalar values is cut at its end; all before the cut is what it was."""
        edited = b"".join(line.replace(b'","esc', b'x","esc') + b"\n" for line in self.lines[1:])
        spaced = edited.replace(b'x","esc', b'x \t","esc').replace(b" \t\"", b" \\t\"")
        source = self.write("a.jsonl", spaced)
        folder, _ = self.run_folder("clean.text", "--fix", "trailing_space", source)
        self.assertTrue(data(folder) == edited)

    def test_an_array_and_utf16_carry_them_too(self):
        array = b"[" + b",\r\n".join(self.lines) + b"]"
        self.assertTrue(self.tamis("cat", self.write("a.json", array)).out == self.whole)
        for codec in ("utf-16", "utf-32"):
            wide = self.whole.decode().encode(codec)
            done = self.tamis("cat", self.write("w.jsonl", wide), expect=0)
            self.assertTrue(done.out == self.whole, codec)


if __name__ == "__main__":
    unittest.main()
