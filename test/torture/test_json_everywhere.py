"""JSONTestSuite at every entry of the program: 95 files accepted, 188 refused, and the 35 that a
reader may take or refuse treated alike by cat, check, refine, run and inside of a JSON array.
Whoever is refused has a place. And elements that span lines: written as one line, told apart from
line breaks where none may be, with places that are those of the file."""

import json
import os
import unittest

from torturekit import (JSON_CODES, TORTURE, TortureCase, data, json_suite, manifest, needs,
                        unreadable)

SUITE = os.path.join(TORTURE, "json_test_suite.jsonl.gz")
RECIPE = """
inputs: {all: {path: "%s"}}
steps:
  - filter: {keep: "$.n >= 0"}
output: {format: jsonl}
limits: {unreadable: 100%%}
"""
# As files these hold no value: no records, which is well (an empty file is an empty dataset).
NOTHING = {"n_structure_no_data.json", "n_single_space.json", "n_structure_UTF8_BOM_no_data.json"}
# As files these begin with a byte order mark, which says what they are. Inside a line it does not.
MARKED = {"i_string_UTF-16LE_with_BOM.json", "i_structure_UTF-8_BOM_empty_object.json"}


@needs(SUITE, "JSONTestSuite")
class Suite(TortureCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = json_suite()
        cls.lines = [(name, want, b'{"text":"t","n":%d,"v":%s}' % (number, value))
                     for number, (name, want, value) in enumerate(cls.suite)
                     if b"\n" not in value and b"\r" not in value]

    def test_the_suite_is_whole(self):
        for want, count in (("accept", 95), ("reject", 188), ("either", 35)):
            self.assertEqual(sum(1 for row in self.suite if row[1] == want), count)

    def test_each_file_by_itself_through_cat(self):
        either = {}
        for name, want, value in self.suite:
            with self.subTest(file=name):
                done = self.tamis("cat", self.write("one.json", value))
                said = [s.code for s in done.said()]
                refused = "(T1121)" in done.words()  # UTF-16 without a mark: no place but itself
                self.assertEqual(bool(said) or refused, done.code != 0)
                if want == "accept":
                    self.assertEqual(done.code, 0, done.words())
                elif want == "reject" and name not in NOTHING:
                    self.assertIn(done.code, (1, 3), done.words())
                    self.assertTrue(set(said) <= JSON_CODES, said)
                elif name in NOTHING:
                    self.assertEqual((done.code, done.out), (0, b""))
                either[name] = done.code == 0
        self.check_either(either, marked=True)

    def check_either(self, accepted, marked=False):
        """Not UTF-8 is refused and all else of the 35 is taken; so said once, held everywhere."""
        for name, want, value in self.suite:
            if want != "either" or name not in accepted:
                continue
            if name in MARKED:
                self.assertEqual(accepted[name], marked, name)
                continue
            try:
                value.decode("utf-8")
                text = b"\0" not in value
            except UnicodeDecodeError:
                text = False
            self.assertEqual(accepted[name], text, name)

    def judge(self, bad_lines):
        accepted = {}
        for number, (name, want, _) in enumerate(self.lines, 1):
            accepted[name] = number not in bad_lines
            if want != "either":
                self.assertEqual(accepted[name], want == "accept", name)
        self.check_either(accepted)
        return accepted

    def write_lines(self):
        return self.write("all.jsonl", b"".join(line + b"\n" for _, _, line in self.lines))

    def good(self, accepted):
        return b"".join(line + b"\n" for name, _, line in self.lines if accepted[name])

    def test_as_values_in_lines_through_cat(self):
        done = self.tamis("cat", self.write_lines(), "--limit-unreadable", "100%", expect=0)
        shown = [s.line for s in done.said()]
        self.assertEqual(len(shown), 10, "the first ten are shown, the others counted")
        wrong = {n for n, (name, _, line) in enumerate(self.lines, 1)
                 if line not in done.out.split(b"\n")}
        self.assertEqual(done.out, self.good(self.judge(wrong)))

    def test_as_values_in_lines_through_check(self):
        done = self.tamis("check", self.write_lines(), "--format", "json", "--profile", "free",
                          expect=1)
        found = json.loads(done.out)["findings"]
        self.judge({f["line"] for f in found if f["code"] in JSON_CODES})
        for f in found:
            self.assertGreater(f["column"], 0)

    def test_as_values_in_lines_through_refine_and_run(self):
        source = self.write_lines()
        refined, _ = self.run_folder("refine", source, "--layout", "text",
                                     "--limit-unreadable", "100%")
        bad = [u for u in unreadable(refined)]
        self.assertTrue({u["code"] for u in bad} <= JSON_CODES)
        self.judge({u["line"] for u in bad})
        recipe = self.write("r.yaml", RECIPE % source)
        run, _ = self.run_folder("run", recipe)
        accepted = self.judge({u["line"] for u in unreadable(run)})
        self.assertEqual(data(run), self.good(accepted))
        self.assertEqual([u["line"] for u in unreadable(run)], [u["line"] for u in bad])
        with open(os.path.join(run, "unreadable.bin"), "rb") as file:
            kept = file.read()
        for u in unreadable(run):
            self.assertEqual(kept[u["at"]:u["at"] + u["bytes"]], self.lines[u["line"] - 1][2])
        self.assert_closes(run)

    def test_as_elements_of_an_array(self):
        """One array a file, with a good element before it and one behind it."""
        first, last = b'{"text":"before","n":1}', b'{"text":"behind","n":2}'
        accepted = {}
        for name, want, value in self.suite:
            middle = b'{"text":"t","n":0,"v":%s}' % value
            source = self.write("a.json", b"[%s,\n%s,\n%s]" % (first, middle, last))
            done = self.tamis("cat", source)
            lines = done.out.split(b"\n")
            with self.subTest(file=name):
                self.assertEqual(lines[0], first)
                accepted[name] = done.code == 0
                flat = middle.replace(b"\n", b"").replace(b"\r", b"")
                self.assertEqual(flat in lines[1:], accepted[name])
                if accepted[name]:
                    self.assertEqual(lines, [first, flat, last, b""])
                else:
                    self.assertGreaterEqual(done.said()[0].line, 2)
                if want != "either":
                    self.assertEqual(accepted[name], want == "accept", done.words())
        self.check_either(accepted)


class SpanningLines(TortureCase):
    """Elements of arrays as people and programs print them."""

    def test_a_line_break_inside_a_string_is_refused_where_it_stands(self):
        source = self.write("a.json", b'[{"text":"new\nline"},\r\n{"text":\n"x"}]')
        done = self.tamis("cat", source, expect=1)
        self.assertEqual(done.out, b'{"text":"x"}\n')
        (said,) = done.said()
        self.assertEqual((said.line, said.column, said.code), (1, 14, "T1007"))

    def test_numbers_on_two_lines_do_not_grow_together(self):
        source = self.write("a.json", b'[{"text":"a","n":[1\n2]},\n{"text":"a","n":tr\nue}]')
        done = self.tamis("cat", source, expect=3)
        self.assertEqual(done.out, b"")
        self.assertEqual([(s.line, s.column) for s in done.said()], [(2, 1), (3, 17)])

    def test_places_are_those_of_the_file(self):
        text = ('[\n {"text":"good"},\n {"text":\n   "bad \\x esc"},\n {"text":"é", "n": tru},'
                '{"text":"ü","n":1} {"text":"z"}]\n')
        done = self.tamis("cat", self.write("a.json", text), expect=1)
        self.assertEqual([(s.line, s.column, s.code) for s in done.said()],
                         [(4, 9, "T1006"), (5, 20, "T1004"), (5, 44, "T1111")])
        self.assertEqual(done.out.decode(), '{"text":"good"}\n{"text":"ü","n":1}\n')

    def test_places_far_behind_the_first_block_are_those_of_the_file(self):
        """One line of many blocks, and many lines; characters, not bytes."""
        for gap in ("", "\n"):
            pieces = ['{"text":"%s %d"}' % ("é" * 500, n) for n in range(9000)]
            pieces[8000] = '{"text":"é", "n": nul}'
            text = "[" + ("," + gap).join(pieces) + "]"
            at = text.index("nul}")
            begin = text.rfind("\n", 0, at) + 1
            done = self.tamis("cat", self.write("a.json", text), expect=0, keep_out=False)
            (said,) = done.said()
            self.assertEqual((said.line, said.column),
                             (text.count("\n", 0, at) + 1, at - begin + 1))

    def test_findings_and_raw_bytes_too(self):
        record = ('{"messages":[\n  {"role":"user","content":"q"},\n  {"role":"assistant",\n'
                  '   "content":""}]}')
        broken = '{"text":\n "a",\n "b" 1}'
        source = self.write("a.json", "[\n" + record + ",\n" + broken + "\n]\n")
        done = self.tamis("check", source, expect=1)
        places = [(s.line, s.column, s.code) for s in done.said(done.out)]
        self.assertEqual(places, [(5, 15, "T1202"), (8, 6, "T1010")])
        folder, _ = self.run_folder("refine", source, expect=1)
        with open(os.path.join(folder, "unreadable.bin"), "rb") as file:
            self.assertEqual(file.read(), broken.encode())
        self.assertEqual(data(folder, "parked"), record.replace("\n", "").encode() + b"\n")
        self.assertEqual(manifest(folder)["counts"]["read"], 2)
        told = self.tamis("explain", folder, source + ":3", expect=0)
        self.assertIn(b'"role":"user"', told.out)

    def test_a_kept_element_that_spans_lines_is_replayed(self):
        source = self.write("a.json", '[\n{"text":\n"a \\u0007 b"}\n]')
        folder, _ = self.run_folder("refine", source)
        self.assertEqual(data(folder), b'{"text":"a  b"}\n')
        told = self.tamis("explain", folder, source + ":2", expect=0)
        self.assertIn(b"written", told.out)


if __name__ == "__main__":
    unittest.main()
