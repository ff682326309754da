"""Inputs no program expects and every user has once: a line of a gigabyte, brackets five million
deep, keys that collide, empty and blank files, pipes and devices where files should be, links in a
circle, names with line breaks. Each has a clear outcome with a place, in bounded memory, and none
hangs."""
# time-limit: 300

import itertools
import json
import os
import subprocess
import threading
import unittest

from torturekit import MIB, TortureCase, data, manifest, unreadable

CAP = 192 * MIB
GOOD = b'{"text":"a"}\n'


class Large(TortureCase):
    def test_a_line_of_a_gigabyte_through_a_pipe(self):
        piece = b'"word",' * (MIB // 7 + 1)
        count = (1 << 30) // len(piece) + 1
        for code, words in (("T1110", ["cat", "-"]),
                            ("T1112", ["length", "-", "-o", self.path("r") + "/", "--memory",
                                       "128MiB", "--format", "jsonl"])):
            pieces = itertools.chain([GOOD, b'{"text":"b","v":['],
                                     itertools.repeat(piece, count), [b"1]}\n", GOOD])
            done = self.tamis(*words, stdin=pieces, expect=1)
            self.assert_peak(done, CAP)
            (said,) = done.said()
            self.assertEqual((said.line, said.column, said.code), (2, 1, code))
            self.assertIn(str(len(piece) * count + 20), said.sentence)
        self.assertEqual(data(self.path("r")), GOOD + GOOD)
        self.assertEqual(manifest(self.path("r"))["counts"]["unreadable"], 1)

    def test_a_raised_line_limit_must_fit_into_the_memory(self):
        source = self.write("a.jsonl", GOOD)
        done = self.tamis("cat", source, "--max-line", "1GiB", expect=2)
        self.assertIn("--memory", done.words())
        self.tamis("cat", source, "--max-line", "1GiB", "--memory", "8GiB", expect=0)

    def test_a_line_just_within_and_just_above_the_limit(self):
        for limit in (100, 4095, 70000, 3 * MIB):
            lines = [b'{"text":"%s"}' % (b"x" * (limit - 11 + more)) for more in (-1, 0, 1)]
            self.assertEqual(len(lines[1]), limit)
            source = self.write("a.jsonl", b"\n".join(lines) + b"\n" + GOOD)
            done = self.tamis("cat", source, "--max-line", str(limit), expect=1)
            self.assertEqual(done.out, lines[0] + b"\n" + lines[1] + b"\n" + GOOD)
            self.assertEqual([(s.line, s.code) for s in done.said()], [(3, "T1110")])
            array = self.write("a.json", b"[%s]" % b",\n".join([*lines, GOOD[:-1]]))
            done = self.tamis("cat", array, "--max-line", str(limit), expect=1)
            self.assertEqual(done.out, lines[0] + b"\n" + lines[1] + b"\n" + GOOD)
            self.assertEqual([(s.line, s.code) for s in done.said()], [(3, "T1110")])

    def test_five_million_deep(self):
        deep = 5_000_000
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            nest = opening * deep + b"1" + closing * deep
            line = b'{"text":"a","v":%s}\n' % nest
            source = self.write("a.jsonl", GOOD + line + GOOD)
            for verb in ("cat", "check"):
                done = self.tamis(verb, source, expect=1)
                self.assert_peak(done, 2 * CAP)
                (said,) = done.said() if verb == "cat" else done.said(done.out)
                self.assertEqual((said.line, said.code), (2, "T1009"))
                # the record's own bracket is the first of the 1,024 that are allowed
                self.assertEqual(said.column, 17 + 1023 * len(opening))
        whole = self.write("a.json", b"[" * deep + b"]" * deep)
        self.assertEqual([s.code for s in self.tamis("cat", whole, expect=3).said()], ["T1009"])
        for cut in (b"[" * deep, b'{"text":' * deep, b'[{"a":' * deep):
            done = self.tamis("cat", self.write("c.json", cut), expect=3)
            self.assert_peak(done, 2 * CAP)
            self.assertTrue(done.said()[0].line == 1)

    def test_depth_at_the_limit_and_one_above(self):
        for limit in (2, 7, 1024, 3000):
            rows = [b'{"text":"a","v":' + b"[" * (limit - 1 + more) + b"]" * (limit - 1 + more) +
                    b"}" for more in (0, 1)]
            source = self.write("a.jsonl", b"\n".join(rows))
            done = self.tamis("cat", source, "--max-depth", str(limit), expect=1)
            self.assertEqual(done.out, rows[0] + b"\n")
            self.assertEqual([(s.line, s.code) for s in done.said()], [(2, "T1009")])
        self.tamis("cat", source, "--max-depth", "0", expect=2)

    def test_keys_that_collide_and_keys_that_are_equal(self):
        """65,536 keys with one value under the multiplier-31 hash, and one key 65,536 times."""
        pairs = ["".join(p) for p in itertools.product(("Aa", "BB"), repeat=16)]
        self.assertEqual(len(set(pairs)), 65536)
        rows = ['{%s,"text":"a","text2":"b"}' % ",".join('"%s":%d' % (k, n)
                                                         for n, k in enumerate(pairs)),
                '{%s}' % ",".join('"text":"%d"' % n for n in range(65536)),
                '{"text":"a",%s}' % ",".join('"\\u00%02x":%d' % (65 + n % 26, n)
                                             for n in range(65536))]
        source = self.write("a.jsonl", "".join(row + "\n" for row in rows))
        done = self.tamis("cat", source, expect=0)
        self.assertEqual(done.out, "".join(row + "\n" for row in rows).encode())
        folder, done = self.run_folder("refine", source)
        self.assert_peak(done, CAP)
        self.assert_closes(folder)
        self.assertEqual(data(folder), "".join(row + "\n" for row in rows[:2]).encode())
        done = self.tamis("check", source, "--format", "json", expect=0)
        found = json.loads(done.out)["findings"]
        self.assertEqual({f["line"] for f in found if f["code"] == "T1030"}, {2, 3})
        done = self.tamis("filter", "--keep", "$.text = '65535'", source, "-o", "-", expect=0)
        self.assertEqual(done.out, rows[1].encode() + b"\n", "of equal keys the last binds")

    def test_ten_thousand_columns(self):
        row = ("{" + ",".join('"column %d":%d' % (n, n) for n in range(10000)) +
               ',"text":"t"}').encode()
        source = self.write("a.jsonl", (row + b"\n") * 50)
        folder, done = self.run_folder("length", source)
        self.assert_peak(done, CAP)
        self.assertEqual(data(folder), (row + b"\n") * 50)
        done = self.tamis("cat", source, "--where", "$.`column 9999` = 9999")
        if done.code == 0:
            self.assertEqual(done.out, (row + b"\n") * 50)


class Little(TortureCase):
    def test_files_without_records(self):
        for name, raw in (("empty", b""), ("blank", b"\n" * 1000), ("space", b" \t \r\n \n"),
                          ("mark", b"\xef\xbb\xbf"), ("mark-blank", b"\xef\xbb\xbf\n\n"),
                          ("wide-mark", b"\xff\xfe"), ("array", b"[]"), ("array2", b" [ \n ] \n")):
            with self.subTest(file=name):
                source = self.write(name, raw)
                done = self.tamis("cat", source, expect=0)
                self.assertEqual((done.out, done.err), (b"", b""))
                done = self.tamis("check", source, expect=0)
                folder, _ = self.run_folder("refine", source)
                counts = self.assert_closes(folder)
                self.assertEqual(sum(counts.values()), 0)
                self.tamis("inspect", source, expect=0)

    def test_line_ends(self):
        rows = [b'{"text":"a\\r\\n"}', b'{"text":"b"}', b'{"text":"c"}']
        plain = b"".join(row + b"\n" for row in rows)
        for raw in (plain, plain[:-1], plain.replace(b"\n", b"\r\n"), b"\n\n" + plain + b"\n",
                    plain.replace(b"\n", b"\r\n")[:-2], b"\xef\xbb\xbf" + plain,
                    b"\r\n".join(rows), plain.replace(b"\n", b"\n \n\t\r\n")):
            source = self.write("a.jsonl", raw)
            self.assertEqual(self.tamis("cat", source, expect=0).out, plain)
            folder, _ = self.run_folder("length", source)
            self.assertEqual(data(folder), plain)

    def test_blank_lines_count_in_places(self):
        source = self.write("a.jsonl", b'\n\r\n{"text":"a"}\n\n  \n{"text":}\n')
        done = self.tamis("cat", source, expect=1)
        self.assertEqual([(s.line, s.column) for s in done.said()], [(6, 9)])

    def test_nul_bytes(self):
        self.assertEqual(self.tamis("cat", self.write("n", b"\0" * 5000), expect=3).out, b"")
        source = self.write("a.jsonl", GOOD + b"\0\0\n" + b'{"text":"a\0b"}\n' + GOOD)
        done = self.tamis("cat", source, expect=1)
        self.assertEqual(done.out, GOOD + GOOD)
        self.assertEqual([s.line for s in done.said()], [2, 3])

    def test_no_byte_of_a_binary_file_reaches_the_terminal(self):
        raw = bytes(range(256)) * 40
        done = self.tamis("cat", self.write("b.bin", raw))
        self.assertNotEqual(done.code, 0)
        self.assertEqual(done.out, b"")
        self.assertFalse(any(c < 32 and c != 10 for c in done.err), "no control characters")


class Odd(TortureCase):
    """What is no regular file, or has no decent name."""

    def fifo(self, raw, name="pipe"):
        path = self.path(name)
        if not os.path.exists(path):
            os.mkfifo(path)

        def give():
            with open(path, "wb") as pipe:
                pipe.write(raw)

        writer = threading.Thread(target=give, daemon=True)
        writer.start()
        return path

    def test_a_named_pipe_is_read_like_a_file(self):
        raw = b'{"text":"a"}\n{"text":\n{"text":"a"}\n{"text":"b"}\n' * 3000
        self.assertEqual(self.tamis("cat", self.fifo(raw), expect=1).out.count(b"\n"), 9000)
        folder, done = self.run_folder("refine", self.fifo(raw), expect=1)
        counts = self.assert_closes(folder)
        self.assertEqual((counts["read"], counts["kept"]), (12000, 2))
        self.assertIn("cannot be resumed", done.words())
        self.assertFalse(os.path.exists(os.path.join(folder, ".tamis")))
        told = self.tamis("explain", folder, "pipe:1", expect=0)
        self.assertIn(b"cannot be read again", told.out)
        told = self.tamis("explain", folder, "pipe:2", expect=0)
        self.assertIn(b'raw        {"text":\n', told.out)  # what was unreadable was kept
        self.tamis("inspect", self.fifo(raw))
        out = self.tamis("dedup.exact", self.fifo(raw), "--by", "document", "-o", "-", expect=1)
        self.assertEqual(out.out, b'{"text":"a"}\n{"text":"b"}\n')

    def test_two_pipes_and_standard_input_at_once(self):
        more = ["refine", self.fifo(GOOD, "p1"), self.fifo(b'[{"text":"b"}]', "p2"), "-"]
        folder, _ = self.run_folder(*more, stdin=b'{"text":"c"}')
        self.assertEqual(sorted(data(folder).split()), [b'{"text":"a"}', b'{"text":"b"}',
                                                        b'{"text":"c"}'])
        self.assert_closes(folder)

    def test_standard_input_in_every_shape(self):
        whole = b'{"text":"a"}\n{"text":"b"}\n'
        for raw in (whole, b'[{"text":"a"},\n{"text":"b"}]', b'[{"text":"a"},{"text":"b"}]',
                    whole[:-1], subprocess.run(["gzip", "-c"], input=whole, check=True,
                                               stdout=subprocess.PIPE).stdout):
            folder, _ = self.run_folder("dedup.exact", "-", "--by", "document", stdin=raw)
            self.assertEqual(data(folder), whole)
            self.assertEqual(self.tamis("cat", "-", stdin=raw, expect=0).out, whole)

    def test_devices(self):
        for verb in ("cat", "check"):
            self.assertEqual(self.tamis(verb, "/dev/null", expect=0).out, b"")
        folder, _ = self.run_folder("refine", "/dev/null")
        self.assertEqual(sum(manifest(folder)["counts"].values()), 0)

    def test_links_in_a_circle(self):
        os.symlink("loop", self.path("loop"))
        done = self.tamis("cat", self.path("loop"), expect=(2, 3))
        self.assertIn("loop", done.words())
        os.makedirs(self.path("d/sub"))
        for name, to in (("x", ".."), ("y", "../sub"), ("z", "../../d")):
            os.symlink(to, self.path("d/sub", name))
        for n in range(3):
            self.write(f"d/sub/{n}.jsonl", b'{"text":"%d"}\n' % n)
        self.write("d/sub/t.md", "words")
        out = self.tamis("cat", self.path("d"), expect=0).out
        self.assertEqual(sorted(out.split(b"\n")),
                         [b"", b'{"text":"0"}', b'{"text":"1"}', b'{"text":"2"}'])
        out = self.tamis("cat", self.path("d"), "--container", "folder", expect=0).out
        self.assertEqual(out, b'{"path":"sub/t.md","text":"words"}\n')
        out = self.tamis("cat", self.path("d/**/*.jsonl"), expect=0).out
        self.assertEqual(out.count(b"\n"), 3)

    def test_a_folder_deeper_than_any_limit_of_ours(self):
        deep = self.path("d", *["e"] * 100)
        os.makedirs(deep)
        with open(os.path.join(deep, "t.txt"), "w", encoding="ascii") as file:
            file.write("down here")
        self.assertIn(b"down here", self.tamis("cat", self.path("d"), expect=0).out)

    def test_a_pipe_or_device_among_the_files_of_a_folder_is_named_and_not_waited_for(self):
        os.mkdir(self.path("d"))
        self.write("d/a.jsonl", GOOD)
        os.mkfifo(self.path("d/p.jsonl"))
        done = self.tamis("cat", self.path("d"), expect=3)
        self.assertIn("d/p.jsonl: error: this is a pipe", done.words())

    def test_a_folder_and_things_that_are_not_there(self):
        os.mkdir(self.path("d"))
        for words in ([self.path("d")], [self.path("none.jsonl")], [self.path("*.none")],
                      [self.path("none/a.jsonl")], ["a" * 5000], [""]):
            done = self.tamis("cat", *words, expect=(2, 3))
            self.assertIn("error: ", done.words())
            self.tamis("refine", *words, "-o", self.path("r") + "/", expect=(2, 3))
            self.assertFalse(os.path.exists(self.path("r/manifest.json")))
        os.chmod(self.write("locked.jsonl", GOOD), 0)
        if os.geteuid():
            self.tamis("cat", self.path("locked.jsonl"), expect=(2, 3))

    def test_names_that_break_lines_and_encodings(self):
        raw = GOOD + b'{"text":\n' + b'{"text":""}\n'
        for name in (b"two words.jsonl", b"line\nbreak.jsonl", b"tab\t\x1b[31m.jsonl",
                     b"not\xff\xfeutf8.jsonl", "naïve 漢字.jsonl".encode(), b"quote\"'`$(x).jsonl",
                     b"-o.jsonl", b"a:b:3.jsonl", b"%s%n.jsonl", b"<script>.jsonl"):
            with self.subTest(name=name):
                path = self.write(name, raw)
                done = self.tamis("cat", path, expect=1)
                self.assertEqual(done.out, GOOD + b'{"text":""}\n')
                self.assertEqual(len(done.err.splitlines()), 2, done.err)
                self.assertNotIn(b"\x1b", done.err)
                (said,) = done.said()
                self.assertEqual((said.line, said.column), (2, 9))
                for form in ("json", "sarif"):
                    told = self.tamis("check", path, "--format", form, expect=1)
                    json.loads(told.out.decode("utf-8"))
                told = self.tamis("check", path, "--format", "github", expect=1)
                for line in told.out.splitlines():
                    self.assertTrue(line.startswith(b"::"), line)
                folder, _ = self.run_folder("refine", path, expect=1)
                self.assert_closes(folder)
                self.assertEqual(len(unreadable(folder)), 1)
                with open(os.path.join(folder, "report.html"), encoding="utf-8") as file:
                    self.assertNotIn("<script>.jsonl", file.read())


if __name__ == "__main__":
    unittest.main()
