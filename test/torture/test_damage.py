"""Compressed files that were cut, spoiled, padded, glued together or made to burst: what comes
before the damage is used and counted, the damage is one unreadable record with a place, and nothing
damaged ends with exit 0. Bombs meet a limit with a name, in bounded memory."""
# time-limit: 400

import gzip
import os
import random
import shutil
import subprocess
import unittest
import zlib

from torturekit import MIB, SANITIZED, TORTURE, TortureCase, data, manifest, needs, unreadable

CAP = 192 * MIB
GIB_OF_ROWS = os.path.join(TORTURE, "files", "bomb_256MiB_rows.jsonl.gz")
SKIPPABLE = b"\x50\x2a\x4d\x18\x07\0\0\0padding"


def rows(count, seed=5):
    """Lines that do not compress to nothing."""
    random.seed(seed)
    words = ["".join(random.choices("abcdefghij", k=random.randint(2, 9))) for _ in range(3000)]
    return [b'{"id":%d,"text":"%s"}\n' % (n, " ".join(random.choices(words, k=9)).encode())
            for n in range(count)]


def zstd(raw, *options):
    return subprocess.run(["zstd", "-qc", "--check", *options], input=raw, stdout=subprocess.PIPE,
                          check=True).stdout


def inflate(packed):
    """All that zlib gets out of the members of a gzip file that may be cut."""
    out = b""
    while packed:
        one = zlib.decompressobj(wbits=31)
        try:
            out += one.decompress(packed)
        except zlib.error:
            break
        packed = one.unused_data
    return out


class Cut(TortureCase):
    """Two files of three pieces, cut at 500 places each."""

    LINES = rows(1500)
    WHOLE = b"".join(LINES)
    THIRDS = [b"".join(LINES[:500]), b"".join(LINES[500:1000]), b"".join(LINES[1000:])]

    def offsets(self, pieces):
        packed = b"".join(pieces)
        ends = {len(b"".join(pieces[:n])) for n in range(len(pieces) + 1)}
        last = len(packed)
        edges = [e + d for e in ends for d in range(-12, 13) if 0 < e + d < last]
        spread = [last * n // 560 for n in range(1, 560)]
        chosen = list(dict.fromkeys(e for e in edges + spread if e not in ends))[:500]
        self.assertEqual(len(chosen), 500)
        return packed, chosen

    def cut_at(self, packed, offset, name, could_be_read):
        source = self.write(name, packed[:offset])
        done = self.tamis("cat", source)
        out = done.out
        self.assertNotEqual(done.code, 0, offset)
        self.assertTrue(self.WHOLE.startswith(out), offset)
        self.assertGreaterEqual(len(out), could_be_read.rfind(b"\n") + 1, offset)
        (said,) = done.said()
        self.assertEqual(said.line, out.count(b"\n") + 1, offset)
        self.assertIn(said.code, ("T1101", "T1104"))  # one byte of a member could be anything
        return source, out

    def account(self, source, out, offset):
        folder, done = self.run_folder("length", source, expect=(1, 3))
        counts = self.assert_closes(folder)
        self.assertEqual(data(folder), out)
        self.assertEqual((counts["read"], counts["unreadable"]), (out.count(b"\n") + 1, 1))
        self.assertTrue(manifest(folder)["damaged"])
        (row,) = unreadable(folder)
        self.assertEqual(row["line"], out.count(b"\n") + 1)
        shutil.rmtree(folder)

    def test_gzip_cut_at_500_places(self):
        pieces = [gzip.compress(third, 6) for third in self.THIRDS]
        packed, offsets = self.offsets(pieces)
        for number, offset in enumerate(offsets):
            source, out = self.cut_at(packed, offset, "cut.jsonl.gz", inflate(packed[:offset]))
            if number % 25 == 0:
                self.account(source, out, offset)

    @unittest.skipUnless(shutil.which("zstd"), "no zstd to pack with")
    def test_zstd_cut_at_500_places(self):
        pieces = [zstd(third) for third in self.THIRDS]
        packed, offsets = self.offsets(pieces)
        ends = [len(b"".join(pieces[:n])) for n in range(4)]
        for number, offset in enumerate(offsets):
            whole = sum(1 for e in ends[1:] if e <= offset)
            source, out = self.cut_at(packed, offset, "cut.jsonl.zst",
                                      b"".join(self.THIRDS[:whole]))
            if number % 25 == 0:
                self.account(source, out, offset)

    @unittest.skipUnless(shutil.which("zstd"), "no zstd to pack with")
    def test_zstd_gives_the_blocks_before_the_cut(self):
        """Not only whole frames: one frame of many blocks, against zstd's own tool."""
        whole = b"".join(rows(30000))
        packed = zstd(whole, "-1")
        for part in (0.3, 0.5, 0.7, 0.9):
            some = packed[:int(len(packed) * part)]
            theirs = subprocess.run(["zstd", "-dcq"], input=some, stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, check=False).stdout
            ours = self.tamis("cat", self.write("a.zst", some), expect=1).out
            self.assertTrue(whole.startswith(ours))
            self.assertGreaterEqual(len(ours), theirs.rfind(b"\n") + 1)
            self.assertGreater(len(ours), len(whole) * (part - 0.2))

    def test_an_array_inside_a_cut_file_is_read_up_to_the_cut(self):
        packed = gzip.compress(b"[" + b",".join(line[:-1] for line in self.LINES) + b"]")
        done = self.tamis("cat", self.write("a.json.gz", packed[:len(packed) // 2]), expect=1)
        self.assertTrue(self.WHOLE.startswith(done.out))
        self.assertGreater(done.out.count(b"\n"), 600)
        (said,) = done.said()
        self.assertEqual((said.line, said.code), (1, "T1101"))
        before = len(b"[" + b",".join(done.out.split(b"\n")))
        self.assertEqual(said.column, before + 1)

    def test_cut_before_its_first_byte(self):
        """What an upload that failed leaves; gzip -d and zstd -d refuse it, too."""
        for name, codec in (("none.jsonl.gz", "gzip"), ("none.jsonl.zst", "zstd"),
                            ("none.json.gz", "gzip"), ("none.zst", "zstd")):
            source = self.write(name, b"")
            for verb in ("cat", "inspect", "check", "length"):
                done = self.tamis(verb, source, expect=1 if verb == "check" else 3)
                self.assertIn(b"there are no bytes, and " + codec.encode(), done.out + done.err)
                self.assertIn(b"T1101", done.out + done.err)
            self.account(source, b"", 0)
        good = self.write("good.jsonl", self.WHOLE)
        folder, _ = self.run_folder("length", good, self.write("none.jsonl.gz", b""), expect=1)
        self.assertEqual([i["unreadable"] for i in manifest(folder)["inputs"]], [0, 1])
        self.assertEqual(data(folder), self.WHOLE)
        empty = self.write("none.jsonl", b"")
        self.tamis("cat", empty, expect=0)  # nothing is a whole JSONL file
        self.tamis("cat", empty, "--codec", "gzip", expect=3)

    def test_several_files_one_of_them_cut(self):
        packed = gzip.compress(self.WHOLE)
        good = self.write("a.jsonl", self.WHOLE)
        bad = self.write("b.jsonl.gz", packed[:5000])
        last = self.write("c.jsonl.gz", packed)
        folder, done = self.run_folder("length", good, bad, last, expect=1)
        inputs = manifest(folder)["inputs"]
        self.assertEqual([i["unreadable"] for i in inputs], [0, 1, 0])
        self.assertEqual([inputs[0]["records"], inputs[2]["records"]], [1500, 1500])
        self.assert_closes(folder)
        self.tamis("cat", good, bad, "--limit-unreadable", "100%", expect=1)


class Spoiled(TortureCase):
    LINES = rows(400)
    WHOLE = b"".join(LINES)

    def same_or_told(self, packed, name):
        done = self.tamis("cat", self.write(name, packed))
        if done.code == 0:
            self.assertEqual(done.out, self.WHOLE)
        else:
            self.assertIn("error: ", done.words())
        return done.code

    def test_one_byte_wrong_is_never_taken_for_well(self):
        packed = gzip.compress(self.WHOLE, mtime=0)
        random.seed(9)
        for at in [*range(20), *range(len(packed) - 12, len(packed)),
                   *random.sample(range(len(packed)), 100)]:
            spoiled = bytearray(packed)
            spoiled[at] ^= 1 << random.randrange(8)
            code = self.same_or_told(bytes(spoiled), "s.jsonl.gz")
            if at > 20:
                self.assertNotEqual(code, 0, at)

    @unittest.skipUnless(shutil.which("zstd"), "no zstd to pack with")
    def test_one_byte_wrong_in_zstd_neither(self):
        packed = zstd(self.WHOLE)
        random.seed(9)
        for at in [*range(16), *range(len(packed) - 12, len(packed)),
                   *random.sample(range(len(packed)), 100)]:
            spoiled = bytearray(packed)
            spoiled[at] ^= 1 << random.randrange(8)
            self.same_or_told(bytes(spoiled), "s.jsonl.zst")
        spoiled = bytearray(packed)
        spoiled[-1] ^= 1
        done = self.tamis("cat", self.write("s.jsonl.zst", bytes(spoiled)), expect=1)
        self.assertEqual(done.out, self.WHOLE)
        self.assertEqual([s.code for s in done.said()], ["T1102"])

    def test_a_wrong_gzip_checksum_or_size_comes_behind_all_records(self):
        packed = gzip.compress(self.WHOLE)
        for at in (-8, -4):
            spoiled = bytearray(packed)
            spoiled[at] ^= 1
            done = self.tamis("cat", self.write("s.jsonl.gz", bytes(spoiled)), expect=1)
            self.assertEqual(done.out, self.WHOLE)
            self.assertEqual([(s.code, s.line) for s in done.said()], [("T1102", 401)])


class Glued(TortureCase):
    """What is no damage, though some readers stop there; and what is."""

    LINES = rows(300)
    WHOLE = b"".join(LINES)

    def well(self, packed, name="g.jsonl.gz"):
        done = self.tamis("cat", self.write(name, packed), expect=0)
        self.assertEqual(done.out, self.WHOLE)
        self.assertEqual(done.err, b"")

    def test_members_wherever_they_are_cut(self):
        for count in (2, 7, 300):
            step = len(self.WHOLE) // count + 1
            self.well(b"".join(gzip.compress(self.WHOLE[at:at + step])
                               for at in range(0, len(self.WHOLE), step)))

    def test_empty_members_and_zero_padding(self):
        one, none = gzip.compress(self.WHOLE), gzip.compress(b"")
        half = gzip.compress(self.WHOLE[:5000]), gzip.compress(self.WHOLE[5000:])
        self.well(none + one + none + none)
        for padding in (1, 3, 511, 512, 100000):
            self.well(one + b"\0" * padding)
        self.well(half[0] + half[1] + none + b"\0" * 1024)

    def test_a_header_with_every_field(self):
        raw = zlib.compressobj(wbits=-15)
        body = raw.compress(self.WHOLE) + raw.flush()
        head = b"\x1f\x8b\x08\x1e" + b"\0" * 6 + b"\x05\0extra" + b"a name\0" + b"a word\0"
        head += (zlib.crc32(head) & 0xffff).to_bytes(2, "little")
        tail = zlib.crc32(self.WHOLE).to_bytes(4, "little") + len(self.WHOLE).to_bytes(4, "little")
        self.well(head + body + tail)

    def test_garbage_behind_the_end_is_told(self):
        one = gzip.compress(self.WHOLE)
        for garbage in (b"x", b"\x1f", b"\x1f\x8b", b'{"text":"more"}\n', os.urandom(999),
                        b"\0\0\0x"):
            done = self.tamis("cat", self.write("g.jsonl.gz", one + garbage), expect=1)
            self.assertEqual(done.out, self.WHOLE, garbage[:9])
            (said,) = done.said()
            self.assertIn(said.code, ("T1104", "T1101"))
            self.assertEqual(said.line, 301)

    @unittest.skipUnless(shutil.which("zstd"), "no zstd to pack with")
    def test_zstd_frames_skippable_ones_and_garbage(self):
        halves = zstd(self.WHOLE[:7777]), zstd(self.WHOLE[7777:])
        self.well(b"".join(halves), "g.zst")
        self.well(halves[0] + SKIPPABLE + zstd(b"") + halves[1] + SKIPPABLE, "g.zst")
        self.well(SKIPPABLE + b"".join(halves), "g.zst")
        self.well(zstd(self.WHOLE, "--no-check"), "g.zst")
        self.well(zstd(self.WHOLE, "-19", "--long=24"), "g.zst")
        done = self.tamis("cat", self.write("n.zst", SKIPPABLE), expect=0)
        self.assertEqual(done.out, b"")
        for garbage in (b"x", b'{"text":"more"}\n', os.urandom(99), b"\x28\xb5\x2f"):
            done = self.tamis("cat", self.write("g.zst", b"".join(halves) + garbage), expect=1)
            self.assertEqual(done.out, self.WHOLE)
            (said,) = done.said()
            self.assertIn(said.code, ("T1104", "T1101", "T1103"))


class Bombs(TortureCase):
    """Few bytes in, gigabytes out: the memory stays, and the end is clear."""

    def test_a_gigabyte_in_one_line_of_gzip(self):
        member = gzip.compress(b"\0" * (16 * MIB), 9)
        source = self.write("b.gz", (member for _ in range(64)))
        self.assertLess(os.path.getsize(source), 2 * MIB)
        done = self.tamis("cat", source, expect=3)
        self.assert_peak(done, CAP)
        (said,) = done.said()
        self.assertEqual((said.line, said.column, said.code), (1, 1, "T1110"))
        self.assertIn("1073741824 bytes", said.sentence)
        self.assertIn("--max-line", said.sentence)

    def test_one_huge_line_between_good_ones_costs_one_record(self):
        member = gzip.compress(b" x" * (4 * MIB), 9)
        source = self.write("b.gz", [gzip.compress(b'{"text":"a"}\n{"text":"'), *[member] * 32,
                                     gzip.compress(b'"}\n{"text":"b"}\n')])
        folder, done = self.run_folder("length", source, "--memory", "128MiB", expect=1)
        self.assert_peak(done, CAP)
        self.assertEqual(data(folder), b'{"text":"a"}\n{"text":"b"}\n')
        self.assertEqual([(u["line"], u["code"]) for u in unreadable(folder)], [(2, "T1112")])
        self.assert_closes(folder)

    def test_an_element_of_a_gigabyte_in_an_array(self):
        member = gzip.compress(b"xy" * (4 * MIB), 9)
        source = self.write("b.json.gz", [gzip.compress(b'[{"text":"a"},\n{"text":"'),
                                          *[member] * 128, gzip.compress(b'"},\n{"text":"b"}]')])
        done = self.tamis("cat", source, expect=1)
        self.assert_peak(done, CAP)
        self.assertEqual(done.out, b'{"text":"a"}\n{"text":"b"}\n')
        self.assertEqual([(s.line, s.code) for s in done.said()], [(2, "T1110")])

    @unittest.skipUnless(shutil.which("zstd"), "no zstd to pack with")
    def test_many_equal_rows_in_zstd(self):
        frame = zstd(b'{"text":"the same again and again"}\n' * 100000)
        source = self.write("b.zst", (frame for _ in range(40)))
        self.assertLess(os.path.getsize(source), 100000)
        done = self.tamis("cat", source, "--memory", "64MiB", expect=0, keep_out=False)
        self.assert_peak(done, 96 * MIB)
        small = self.write("s.zst", (frame for _ in range(5)))
        folder, done = self.run_folder("refine", small, "--memory", "64MiB", "--ledger", "fates")
        self.assert_peak(done, 96 * MIB)
        counts = manifest(folder)["counts"]
        self.assertEqual((counts["read"], counts["kept"]), (500000, 1))

    @needs(GIB_OF_ROWS, "the torture set")
    def test_the_bomb_of_rows_of_the_torture_set(self):
        for words in (["cat"], ["check"]):
            done = self.tamis(*words, GIB_OF_ROWS, "--memory", "64MiB", expect=0, keep_out=False)
            self.assert_peak(done, 96 * MIB)
        if SANITIZED:
            return  # four million rows of one group take minutes: the smaller bomb has been refined
        folder, done = self.run_folder("refine", GIB_OF_ROWS, "--memory", "64MiB", "--ledger",
                                       "fates")
        self.assert_peak(done, 96 * MIB)
        counts = manifest(folder)["counts"]
        self.assertEqual((counts["read"], counts["merged"]), (4263936, 4263935))


if __name__ == "__main__":
    unittest.main()
