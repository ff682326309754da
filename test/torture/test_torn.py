"""What is decoded and is no record is not thrown away: a line that a cut goes through, an array
from where it broke to its end, a record longer than the limit. All of it stands in unreadable.bin,
up to 1 MiB of each, and what is left out is counted."""
# time-limit: 120

import gzip
import json
import os
import shutil
import subprocess
import unittest

from torturekit import MIB, TortureCase, data, manifest, unreadable
from test_damage import inflate, rows, zstd

EVEN_ONE = ("--limit-unreadable", "100%")


class TornCase(TortureCase):
    def lost(self, folder):
        """[(code, kept bytes, left out)] of the folder; its sums close."""
        self.assert_closes(folder)
        with open(os.path.join(folder, "unreadable.bin"), "rb") as file:
            raw = file.read()
        told = unreadable(folder)
        self.assertEqual(sum(u["bytes"] for u in told), len(raw))
        return [(u["code"], raw[u["at"]:u["at"] + u["bytes"]], u["left_out"]) for u in told]

    def read(self, source, *words):
        """The kept bytes of a run over a file, by any number of threads."""
        folder, _ = self.run_folder("length", source, *words, "--threads", "1", expect=(0, 1, 3))
        again, _ = self.run_folder("length", source, *words, "--threads", "3", expect=(0, 1, 3))
        self.assertEqual(self.lost(folder), self.lost(again))
        self.assertEqual(manifest(folder)["files"], manifest(again)["files"])
        return folder, self.lost(folder)


class Arrays(TornCase):
    def test_a_broken_array_is_kept_from_there_to_its_end(self):
        for text, good, bad in (
            (b'[{"text":"a"},{"text":"unclosed},{"text":"c"}]', 1, 14),
            (b'[{"text":"a"}\n {"text":"b"},{"text":"c"}]', 1, 15),
            (b'[{"text":"a"},{"text":"b"}', 2, 26),
            (b'[{"text":"a"}] {"text":"b"}', 1, 15),
            (b'[{"text":"a"},,{"text":"b"}]', 1, 14),
        ):
            folder, lost = self.read(self.write("a.json", text))
            self.assertEqual(data(folder).count(b"\n"), good, text)
            self.assertEqual(lost, [("T1111", text[bad:], 0)], text)

    def test_a_bad_element_costs_itself(self):
        text = b'[{"text":"a"},\n {"text":nul},{"text":"\xff"},\n {"text":"c"}]'
        folder, lost = self.read(self.write("a.json", text), *EVEN_ONE)
        self.assertEqual(data(folder), b'{"text":"a"}\n{"text":"c"}\n')
        self.assertEqual([raw for _, raw, _ in lost], [b'{"text":nul}', b'{"text":"\xff"}'])

    def test_of_a_long_rest_the_first_mebibyte_is_kept(self):
        rest = b'{"text":"b"},' * 200_000 + b'{"text":"c"}]'
        _, lost = self.read(self.write("a.json", b'[{"text":"a"} ' + rest))
        self.assertEqual(lost, [("T1111", rest[:MIB], len(rest) - MIB)])


class Cut(TornCase):
    WHOLE = b"".join(rows(1500))

    def all_is_there(self, name, packed, decoded):
        folder, lost = self.read(self.write(name, packed))
        ((_, torn, left_out),) = lost
        self.assertEqual(left_out, 0)
        self.assertEqual(data(folder) + torn, decoded, len(packed))
        self.assertNotIn(b"\n", torn)

    def test_every_byte_that_gzip_gives_is_in_the_data_or_kept(self):
        packed = gzip.compress(self.WHOLE, 6)
        for part in range(1, 20):
            some = packed[:len(packed) * part // 20]
            self.all_is_there("a.jsonl.gz", some, inflate(some))

    @unittest.skipUnless(shutil.which("zstd"), "no zstd to pack with")
    def test_every_byte_that_zstd_gives_is_in_the_data_or_kept(self):
        whole = b"".join(rows(20000))
        packed = zstd(whole, "-1")
        for part in range(1, 6):
            some = packed[:len(packed) * part // 6]
            theirs = subprocess.run(["zstd", "-dcq"], input=some, stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, check=False).stdout
            self.assertTrue(theirs)
            self.all_is_there("a.jsonl.zst", some, theirs)

    def test_an_element_of_a_cut_array(self):
        whole = b"[" + b",".join(self.WHOLE.split(b"\n")[:-1]) + b"]"
        packed = gzip.compress(whole)
        some = packed[:len(packed) // 2]
        folder, lost = self.read(self.write("a.json.gz", some))
        ((code, torn, left_out),) = lost
        self.assertEqual((code, left_out), ("T1101", 0))
        self.assertTrue(torn.startswith(b'{"id":'))
        got = b"[" + data(folder).replace(b"\n", b",") + torn
        self.assertEqual(got, inflate(some))

    def test_a_torn_line_of_a_pipe_is_told_by_explain(self):
        packed = gzip.compress(self.WHOLE)
        some = packed[:len(packed) // 2]
        folder, _ = self.run_folder("length", "-", stdin=some, expect=1)
        line = data(folder).count(b"\n") + 1
        torn = inflate(some).split(b"\n")[-1].decode()
        told = json.loads(self.tamis("explain", folder, f"-:{line}", "--json", expect=0).out)
        self.assertEqual([(r["code"], r["raw"]) for r in told["records"]], [("T1101", torn)])


class TooLong(TornCase):
    SHORT = b'{"text":"a"}'

    @staticmethod
    def of(size):
        return b'{"text":"' + b"0123456789" * (size // 10) + b'"}'

    def test_a_short_one_is_whole_and_of_a_long_one_the_first_mebibyte(self):
        for limit, size in (("1000", 1001), ("1000", MIB - 11), ("1000", MIB + 20),
                            ("1000", 3 * MIB), ("2MiB", 2 * MIB + 10), ("2MiB", 5 * MIB)):
            line = self.of(size)
            for name, text in (("a.jsonl", self.SHORT + b"\n" + line + b"\n" + self.SHORT),
                               ("b.jsonl", self.SHORT + b"\n" + line),
                               ("a.json", b"[" + self.SHORT + b",\n" + line + b",\n" + self.SHORT +
                                b"]")):
                folder, lost = self.read(self.write(name, text), "--max-line", limit)
                self.assertEqual(data(folder).count(b"\n"), 1 if name == "b.jsonl" else 2)
                self.assertEqual(lost, [("T1110", line[:MIB], max(len(line) - MIB, 0))],
                                 (limit, size, name))

    def test_explain_says_how_much_was_left_out(self):
        line = self.of(2 * MIB)
        folder, _ = self.run_folder("length", self.write("a.jsonl", line + b"\n" + self.SHORT),
                                    "--max-line", "1000", expect=1)
        told = self.tamis("explain", folder, "a.jsonl:1", expect=0).out.decode()
        self.assertIn(f"left_out   {len(line) - MIB}\n", told)
        self.assertIn(line[:MIB].decode(), told)


if __name__ == "__main__":
    unittest.main()
