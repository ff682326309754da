"""Law 4 where a run leaves more behind than it reads: --memory holds for many very short records
and for a record that gives many others. What the runs wrote is read line by line: see torturekit
on peaks."""
# time-limit: 500

import gzip
import itertools
import json
import os
import random
import re
import shutil
import unittest

from torturekit import MIB, TortureCase, manifest


def chat(turns, text="x" * 10):
    rows = [{"role": ("user", "assistant")[n % 2], "content": text} for n in range(turns)]
    return json.dumps({"messages": rows}) + "\n"


class Memory(TortureCase):
    MOST = ("--limit-unreadable", "100%", "--quiet")

    def holds(self, mib, *words, expect=0):
        """The run keeps to its ceiling; gives its folder."""
        folder = self.path(f"r{self.runs}")
        done = self.tamis(*words, "--memory", f"{mib}MiB", "-o", folder + "/", *self.MOST,
                          expect=expect)
        self.assert_peak(done, mib * MIB)
        return folder

    def test_short_records(self):
        count = 400000
        for line in ("{x\n", '{"text":""}\n'):
            source = self.write("a.jsonl", line * count)
            code = 0 if line[1] == '"' else 3
            for words in (("length",), ("check.record",), ("length", "--ledger", "none")):
                folder = self.holds(64, *words, source, expect=code)
                counts = manifest(folder)["counts"]
                self.assertEqual(counts["read"], count)
                self.assertEqual(counts["unreadable"], count if code else 0)
            self.assert_peak(self.tamis("cat", source, "--memory", "64MiB", *self.MOST,
                                        keep_out=False, expect=code), 64 * MIB)

    def test_short_records_said_one_by_one(self):
        source = self.write("a.jsonl", "{x\n" * 300000)
        done = self.tamis("check", source, "--format", "json", "--memory", "80MiB", expect=(1, 3))
        self.assert_peak(done, 80 * MIB)
        with open(done.out_path, "rb") as out:
            self.assertEqual(sum(b'"T1012"' in line for line in out), 300000)

    def test_a_record_that_gives_many(self):
        for threads in ("1", "3"):
            source = self.write("a.jsonl", chat(2) + chat(2400) + chat(4))
            folder = self.holds(112, "split.turns", source, "--threads", threads, "--format",
                                "jsonl")
            counts = self.assert_closes(folder)
            self.assertEqual((counts["read"], counts["made"], counts["replaced"]), (3, 1202, 2))
            wanted = [2, *range(2, 2401, 2), 2, 4]
            with open(os.path.join(folder, "data-00000.jsonl"), encoding="utf-8") as lines:
                for line in lines:
                    self.assertEqual(line, chat(wanted.pop(0)))
            self.assertEqual(wanted, [])

    def test_more_children_than_a_record_can_have(self):
        words = ("--max-parts", "1000000")
        rows = [{"role": "assistant", "content": ""}] * 65536
        source = self.write("a.jsonl", chat(4) + json.dumps({"messages": rows}) + "\n" + chat(2))
        folder, _ = self.run_folder("split.turns", source, *words)
        counts = self.assert_closes(folder)
        self.assertEqual((counts["made"], counts["parked"], counts["kept"]), (2, 1, 3))
        done = self.tamis("explain", folder, source + ":2", expect=0)
        self.assertIn("T1602", done.out.decode())

    def questions(self):
        """150,000 items; what comes first compresses badly, and the rest well. Made line by line,
        because a child's peak is at least its parent's memory."""
        rng = random.Random(4)
        for _ in range(2000):
            yield json.dumps({"text": f"{rng.getrandbits(4000):x}"}).encode() + b"\n"
        fill = "in the shop that sold all items of the old town at noon"
        for i in range(150000):
            text = f"q{i} asks what was item {i * 7} in year {i % 97} {fill}"
            yield json.dumps({"text": text}).encode() + b"\n"

    def compressed(self):
        plain, packed, zipped = (self.path("bench.jsonl" + end) for end in ("", ".zst", ".gz"))
        self.write("bench.jsonl", self.questions())
        self.tamis("length", plain, "-o", packed, "--quiet", expect=0)
        with open(plain, "rb") as data, gzip.open(zipped, "wb") as out:
            shutil.copyfileobj(data, out)
        return packed, zipped

    def test_what_is_held_of_a_compressed_input(self):
        """Decoded blocks are held while there is room, and facts and long records come first: the
        ceiling stays, and what is written is the same under any."""
        long = json.dumps({"text": "long " * (6 << 18)}).encode() + b"\n"
        self.write("more.jsonl", itertools.chain(self.questions(), [long]))
        sources, wanted = [*self.compressed(), self.path("more.jsonl")], None
        words = ("dedup.near", *sources, "--by", "document", "--threshold", "0.9")
        for mib, threads in ((96, "1"), (192, "2"), (512, "2")):
            folder = self.holds(mib, *words, "--threads", threads, "--format", "jsonl", "--ledger",
                                "none")
            told = manifest(folder)
            said = (told["counts"], told["outputs"], told["inputs"])
            wanted = wanted or said
            self.assertEqual(said, wanted, mib)

    def least(self, words, mib):
        """Asked for again and again with the limit that was named last; what was said by then."""
        said = []
        for _ in range(4):
            done = self.tamis(*words, "--memory", f"{mib}MiB", "-o", self.path(f"l{self.runs}/"),
                              "--quiet", expect=(0, 2))
            self.assert_peak(done, mib * MIB)
            if done.code == 0:
                return mib, said
            said.append(done.words())
            mib = int(re.search(r"needs --memory (\d+)MiB at least", said[-1])[1])
        return self.fail(said)

    def test_a_benchmark_that_is_larger_than_it_looks(self):
        """Refused with a limit that then does, beforehand or once its items are counted."""
        rows = itertools.islice(self.questions(), 2000, 2010)
        source = self.write("a.jsonl", [*rows, b'{"text":"else"}\n'])
        for reference in self.compressed():
            words = ("decontaminate", source, "--against", reference)
            mib, said = self.least(words, 64)
            self.assertIn("the table of the references", said[-1])
            counts = manifest(self.holds(mib, *words))["counts"]
            self.assertEqual((counts["dropped"], counts["kept"]), (10, 1))
            done = self.tamis(*words, "--memory", f"{mib - 1}MiB", "-o", self.path("less/"),
                              expect=2)
            self.assertIn(f"needs --memory {mib}MiB at least", done.words())

    def test_a_benchmark_with_more_terms_than_bytes_let_expect(self):
        """A character of Chinese is a term; threads share what is left."""
        rng = random.Random(5)

        def texts(count):
            for _ in range(count):
                text = "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(1000))
                yield json.dumps({"text": text}, ensure_ascii=False).encode() + b"\n"
        reference = self.write("bench.jsonl", texts(1500))
        source = self.write("a.jsonl", texts(1))
        for threads in ("1", "3"):
            words = ("decontaminate", source, "--against", reference, "--threads", threads)
            mib, said = self.least(words, 82)
            self.assertIn("the table of the references", said[-1])
            self.holds(mib, *words)


if __name__ == "__main__":
    unittest.main()
