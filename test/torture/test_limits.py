"""The limits that have a name, each at its edge: depth and length stand in test_odd_inputs.py; here
are parts, the share of unreadable records, what is not UTF-8, and UTF-16 and UTF-32 with and
without a mark."""

import codecs
import json
import unittest

from torturekit import TortureCase, data, manifest, unreadable

GOOD = b'{"text":"a"}\n'
BAD = b'{"text":\n'


def chat(turns):
    rows = [{"role": ("user", "assistant")[n % 2], "content": f"t{n}"} for n in range(turns)]
    return (json.dumps({"messages": rows}) + "\n").encode()


class Parts(TortureCase):
    def test_parts_at_the_limit_and_one_above(self):
        for limit in (2, 10, 500):
            source = self.write("a.jsonl", chat(limit) + chat(limit + 2) + chat(2))
            folder, done = self.run_folder("length", source, "--max-parts", str(limit), expect=1)
            self.assertEqual(data(folder), chat(limit) + chat(2))
            (row,) = unreadable(folder)
            self.assertEqual((row["line"], row["code"]), (2, "T1022"))
            self.assertIn("--max-parts", done.words())
            self.assertIn(str(limit), row["message"])
            self.tamis("length", source, "--max-parts", str(limit + 2), "-o", "-", expect=0)

    def test_the_default_is_65536(self):
        source = self.write("a.jsonl", chat(65536) + chat(65538))
        folder, _ = self.run_folder("length", source, expect=1)
        self.assertEqual(data(folder), chat(65536))
        self.assertEqual([u["code"] for u in unreadable(folder)], ["T1022"])


class Unreadable(TortureCase):
    def code(self, good, bad, *words, verb="cat"):
        source = self.write("a.jsonl", GOOD * good + BAD * bad)
        more = ["-o", self.path("r") + "/", "--overwrite"] if verb != "cat" else []
        return self.tamis(verb, source, *words, *more)

    def test_five_percent_is_the_default(self):
        for verb in ("cat", "length", "refine"):
            self.assertEqual(self.code(95, 5, verb=verb).code, 0)
            self.assertEqual(self.code(94, 6, verb=verb).code, 1)
            self.assertEqual(self.code(0, 3, verb=verb).code, 3)
            self.assertEqual(self.code(0, 0, verb=verb).code, 0)

    def test_a_count_and_a_share(self):
        for limit, bad, code in (("0", 0, 0), ("0", 1, 1), ("1", 1, 0), ("1", 2, 1), ("0%", 1, 1),
                                 ("0.1%", 1, 0), ("0.1%", 2, 1), ("100%", 999, 0),
                                 ("100", 100, 0), ("100", 101, 1), ("12.5%", 125, 0),
                                 ("12.5%", 126, 1)):
            done = self.code(1000 - bad, bad, "--limit-unreadable", limit)
            self.assertEqual(done.code, code, (limit, bad))
            if code:
                self.assertIn("--limit-unreadable", done.words())

    def test_the_result_is_there_whatever_the_exit_code(self):
        done = self.code(10, 10, verb="length")
        self.assertEqual(done.code, 1)
        counts = self.assert_closes(self.path("r"))
        self.assertEqual((counts["kept"], counts["unreadable"]), (10, 10))

    def test_nonsense_is_refused(self):
        for limit in ("x", "-1", "101%", "5%%", "", "%", "1e3", "nan%"):
            self.assertEqual(self.code(1, 0, "--limit-unreadable", limit).code, 2, limit)


class NotUtf8(TortureCase):
    LATIN = '{"n":1.0,"text":"café \\u00e9"}\n'.encode("latin-1")

    def test_by_default_it_is_unreadable_with_line_column_and_byte(self):
        source = self.write("a.jsonl", GOOD + self.LATIN + GOOD)
        folder, done = self.run_folder("refine", source, expect=1)
        (said,) = done.said()
        self.assertEqual((said.line, said.column, said.code), (2, 21, "T1008"))
        (row,) = unreadable(folder)
        self.assertEqual((row["line"], row["column"], row["offset"]), (2, 21, 13))
        with open(self.path(folder, "unreadable.bin"), "rb") as file:
            self.assertEqual(file.read(), self.LATIN[:-1])
        self.assertIn("--utf8 replace", done.words())

    def test_replace_reads_it_with_a_finding_and_an_edit_that_is_told(self):
        source = self.write("a.jsonl", GOOD + self.LATIN)
        folder, _ = self.run_folder("refine", source, "--utf8", "replace")
        repaired = '{"n":1.0,"text":"caf\ufffd \\u00e9"}\n'.encode()
        self.assertEqual(data(folder), GOOD + repaired)
        told = self.tamis("explain", folder, "a.jsonl:2", expect=0).out.decode()
        self.assertIn("U+FFFD", told)
        self.assertIn("\ufffd", told.split("written")[1])
        done = self.tamis("check", source, "--utf8", "replace", "--format", "json", expect=0)
        (found,) = json.loads(done.out)["findings"]
        self.assertEqual((found["line"], found["level"]), (2, "warning"))
        self.assertIn("U+FFFD", json.dumps(found))
        self.assertIn("utf8: replace", manifest(folder)["recipe"])

    def test_only_what_is_not_utf8_is_replaced(self):
        source = self.write("a.jsonl", b'{"text":"\xf0\x9f\x98\x80 \xff \xef\xbf\xbd"}\n')
        done = self.tamis("cat", source, "--utf8", "replace", expect=0)
        self.assertEqual(done.out, '{"text":"\U0001f600 \ufffd \ufffd"}\n'.encode())
        broken = self.write("b.jsonl", b'{"text":\xff}\n')
        self.tamis("cat", broken, "--utf8", "replace", expect=3)


class Wide(TortureCase):
    WHOLE = '{"text":"é 漢字 \U0001f600"}\n{"text":"b"}\n'
    MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE,
             "utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE}

    def test_with_a_mark_it_is_transcoded(self):
        for name, mark in self.MARKS.items():
            raw = mark + self.WHOLE.encode(name)
            source = self.write("w.jsonl", raw)
            self.assertEqual(self.tamis("cat", source, expect=0).out, self.WHOLE.encode())
            folder, _ = self.run_folder("refine", source)
            self.assertEqual(data(folder), self.WHOLE.encode())
            told = manifest(folder)["inputs"][0]
            self.assertEqual(told["encoding"].upper(), name.upper().replace("-LE", "LE")
                             .replace("-BE", "BE"))
            self.assertEqual(told["bytes"], len(raw))
            self.assert_closes(folder)
            bad = self.write("x.jsonl", mark + (self.WHOLE + '{"é":}\n').encode(name))
            done = self.tamis("cat", bad, "--limit-unreadable", "1", expect=0)
            self.assertEqual([(s.line, s.column) for s in done.said()], [(3, 6)])

    def test_without_a_mark_it_is_refused_with_advice(self):
        for name in self.MARKS:
            source = self.write("w.jsonl", self.WHOLE.encode(name))
            for verb in ("cat", "check", "refine"):
                done = self.tamis(verb, source, expect=(2, 3))
                self.assertIn("(T1121)", done.words())
                self.assertIn("iconv", done.words())

    def test_half_a_unit_and_half_a_pair_are_told(self):
        for raw in (codecs.BOM_UTF16_LE + '{"text":"a"}'.encode("utf-16-le") + b"\n",
                    codecs.BOM_UTF16_LE + '{"text":"'.encode("utf-16-le") + b"\x3d\xd8" +
                    '"}\n'.encode("utf-16-le")):
            source = self.write("w.jsonl", raw)
            folder, _ = self.run_folder("length", source, expect=(1, 3))
            counts = self.assert_closes(folder)
            self.assertEqual(counts["unreadable"], 1)
            self.assertIn(unreadable(folder)[0]["code"], ("T1003", "T1008"))
        folder, _ = self.run_folder("length", source, "--utf8", "replace")
        self.assertEqual(data(folder), '{"text":"\ufffd"}\n'.encode())
        done = self.tamis("check", source, "--utf8", "replace", "--format", "json", expect=0)
        self.assertIn("U+FFFD", json.dumps(json.loads(done.out)["findings"]))


if __name__ == "__main__":
    unittest.main()
