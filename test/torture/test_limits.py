"""The limits that have a name, each at its edge: depth and length stand in test_odd_inputs.py; here
are parts, what one record may hold without a limit (calls, findings), the share of unreadable
records, what is not UTF-8, and UTF-16 and UTF-32 with and without a mark."""

import codecs
import json
import os
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


class OneRecord(TortureCase):
    """What has no limit takes time in proportion: these runs took hours, or found the wrong thing,
    when each finding was placed from the record's beginning and calls stood in a short list."""

    MANY = ("--max-parts", "1000000")

    def findings(self, record, *words):
        source = self.write("a.jsonl", json.dumps(record, ensure_ascii=False) + "\n")
        done = self.tamis("check", source, "--format", "json", *self.MANY, *words, expect=(0, 1))
        with open(source, encoding="utf-8") as file:
            return file.read(), json.loads(done.out)["findings"]

    @staticmethod
    def agent(calls, answered, tools=1, name="f{}"):
        """A question, many calls with their answers, a last word."""
        def call(n):
            of = name.format(n % tools)
            return {"role": "assistant", "content": None, "tool_calls": [
                {"id": f"c{n}", "type": "function", "function": {"name": of, "arguments": "{}"}}]}
        rows = [{"role": "user", "content": "é"}]
        rows += [call(n) for n in range(calls)]
        rows += [{"role": "tool", "tool_call_id": f"c{n}", "content": "r"} for n in answered]
        listed = [{"type": "function", "function": {"name": f"f{n}"}} for n in range(tools)]
        return {"messages": [*rows, {"role": "assistant", "content": "done"}], "tools": listed}

    def test_any_number_of_open_calls(self):
        for calls in (255, 256, 257, 300, 60000):
            _, found = self.findings(self.agent(calls, reversed(range(calls))))
            self.assertEqual(found, [], calls)

    def test_among_many_calls_the_wrong_one_is_named(self):
        record = self.agent(1000, [n for n in range(1000) if n != 700])
        record["messages"].insert(-1, {"role": "user", "content": "and now?"})
        _, (found,) = self.findings(record)
        self.assertEqual((found["code"], found["path"]), ("T1220", "messages[701].tool_calls[0]"))
        record = self.agent(1000, [*range(1000), 999])
        _, (found,) = self.findings(record)
        self.assertEqual((found["code"], found["path"]),
                         ("T1218", "messages[2001].tool_call_id"))
        record = self.agent(1000, range(1000))
        record["messages"][900]["tool_calls"][0]["id"] = "c3"
        _, found = self.findings(record)
        self.assertEqual([f["code"] for f in found], ["T1219", "T1218"])

    def test_any_number_of_tools(self):
        _, found = self.findings(self.agent(20000, range(20000), tools=20000))
        self.assertEqual(found, [])
        record = self.agent(500, range(500), tools=500)
        record["tools"].append(record["tools"][400])
        _, (found,) = self.findings(record)
        self.assertEqual((found["code"], found["path"]), ("T1224", "tools[500].function.name"))

    def test_any_number_of_texts_with_findings(self):
        rows = [{"role": "user", "content": f"{n} é  \n"} for n in range(60000)]
        line = json.dumps({"messages": rows}, ensure_ascii=False).encode() + b"\n"
        source = self.write("a.jsonl", line)
        folder, _ = self.run_folder("clean.text", source, *self.MANY)
        self.assertEqual(data(folder), line.replace(b"  \\n", b"\\n"))
        self.assert_closes(folder)

    def test_places_in_a_record_of_many_findings_are_right(self):
        calls = [{"id": f"ü{n}", "function": {"name": "f", "arguments": "x" * (n % 7)}}
                 for n in range(20000)]
        record = {"messages": [{"role": "user", "content": "a"},
                               {"role": "assistant", "content": None, "tool_calls": calls}]}
        text, found = self.findings(record)
        self.assertEqual(len(found), 20000)
        begin, at = 0, '"arguments": '
        for n, row in enumerate(found):
            begin = text.index(at, begin) + len(at)
            self.assertEqual((row["line"], row["column"], row["path"]),
                             (1, begin + 1,
                              f"messages[1].tool_calls[{n}].function.arguments"))


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

    def test_what_stood_there_is_told_and_kept(self):
        """The code unit that the file has, at its place; unreadable.bin has it as WTF-8."""
        for name, mark in self.MARKS.items():
            size, order = (2, 4)["32" in name], ("little", "big")["be" in name]
            units = [(0xD83D, "half a surrogate pair (0xD83D) stands alone"),
                     (0xDE00, "half a surrogate pair (0xDE00) stands alone")]
            if size == 4:
                units.append((0x110000, "this is no character (0x110000)"))
            for unit, said in units:
                line = ('{"text":"é'.encode(name) + unit.to_bytes(size, order) +
                        'y"}\n'.encode(name))
                source = self.write("w.jsonl", mark + self.WHOLE.encode(name) + line)
                folder, _ = self.run_folder("length", source, "--limit-unreadable", "1")
                (row,) = unreadable(folder)
                self.assertEqual((row["code"], row["line"], row["column"]), ("T1008", 3, 11))
                self.assertTrue(row["message"].startswith(said + ": mend the file"), row["message"])
                with open(os.path.join(folder, "unreadable.bin"), "rb") as file:
                    kept = file.read()
                bad = kept[len('{"text":"é'.encode()):-len('y"}')]
                self.assertEqual(row["ill_formed"], " ".join(f"0x{b:02X}" for b in bad))
                if unit < 0x10000:
                    self.assertEqual(bad, chr(unit).encode("utf-8", "surrogatepass"))
                else:
                    self.assertEqual(bad, b"\xf4\x90\x80\x80")
                out = self.tamis("cat", source, "--utf8", "replace", expect=0).out
                self.assertEqual(out.decode(), self.WHOLE + '{"text":"é\ufffdy"}\n')

    def test_a_file_that_ends_inside_a_character(self):
        whole = codecs.BOM_UTF16_LE + '{"text":"a'.encode("utf-16-le")
        source = self.write("w.jsonl", whole + b"b")
        folder, _ = self.run_folder("length", source, expect=(1, 3))
        self.assertIn("the file ends inside a character (0x62)", unreadable(folder)[0]["message"])

    def test_texts_of_a_folder(self):
        os.makedirs(os.path.join(self.folder, "texts"))
        self.write("texts/a.txt", codecs.BOM_UTF16_BE + "one\n\u00e9".encode("utf-16-be") +
                   b"\xd8\x3d" + "x".encode("utf-16-be"))
        folder, _ = self.run_folder("length", os.path.join(self.folder, "texts"), expect=(1, 3))
        (row,) = unreadable(folder)
        self.assertEqual((row["line"], row["column"], row["ill_formed"]),
                         (2, 2, "0xED 0xA0 0xBD"))
        self.assertIn("half a surrogate pair (0xD83D) stands alone", row["message"])


if __name__ == "__main__":
    unittest.main()
