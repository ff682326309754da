"""dedup.near and dedup.exact where groups are as large as the data and texts as long as memory:
within their ceiling of memory, right, and in time that grows with the data and not with their
square. The time is the processor's: what else the machine does is not in it."""
# time-limit: 600

import json
import os
import random
import re
import unittest

from torturekit import SANITIZED, TortureCase

CEILING = 256 << 20
MANY = 20000 if SANITIZED else 100000


def lines(records):
    return (json.dumps(r) + "\n" for r in records)


class Hard(TortureCase):
    def near(self, records, *more, verb="dedup.near"):
        """(the manifest's counts, run.json) of a run under the ceiling."""
        source = self.write("in.jsonl", (line.encode() for line in lines(records)))
        folder, _ = self.run_folder(verb, source, "--memory", "256MiB", *more)
        with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
            told = json.load(file)
        if not SANITIZED:
            self.assertLessEqual(told["peak_memory"], CEILING, more)
        return self.assert_closes(folder), told

    def assert_near_linear(self, make, *more, most=7):
        """Four times the data take far less than sixteen times the time. make(n): records."""
        took = []
        for count in (MANY // 4, MANY):
            source = self.write("grows.jsonl", (x.encode() for x in lines(make(count))))
            _, done = self.run_folder("dedup.near", source, "--memory", "256MiB", "--threads", "1",
                                      *more)
            took.append(done.busy)
        print("%s: %.2f s, %.2f s of 4 times the data" % (self.id().split(".")[-1], *took))
        self.assertLess(took[1], most * took[0] + 0.2, more)

    def test_one_record_copied_many_times(self):
        one = {"text": " ".join(f"word{n}" for n in range(60))}
        for link in ("representative", "chain"):
            counts, _ = self.near((one for _ in range(MANY)), "--link", link)
            self.assertEqual((counts["kept"], counts["merged"]), (1, MANY - 1))
            self.assert_near_linear(lambda n: (one for _ in range(n)), "--link", link)

    def test_more_linked_records_than_memory_has_room_for(self):
        """A vertex takes 36 bytes, and there are 9 MB for them: some go to disk, and come back."""
        many = 100000 if SANITIZED else 400000
        source = self.write("same.jsonl", (b'{"text":"four words of all","i":%d}\n' % n
                                           for n in range(many)))
        ends = []
        for memory in ("64MiB", "1GiB"):
            folder, _ = self.run_folder("dedup.near", source, "--memory", memory)
            with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
                told = json.load(file)
            if not SANITIZED and memory == "64MiB":
                self.assertLessEqual(told["peak_memory"], 64 << 20)
            self.assertEqual(self.assert_closes(folder)["merged"], many - 1)
            with open(os.path.join(folder, "ledger.parquet"), "rb") as file:
                ends.append(file.read())
        self.assertEqual(*ends)

    def test_a_chain_longer_than_memory_has_room_for(self):
        """One chain of 150 texts, each like the next few, in 200,000 records: whatever memory and
        threads there are, the first is kept, and each of the others says how near it is to it."""
        many, texts, words = 50000 if SANITIZED else 200000, 150, 12
        source = self.write("chain.jsonl", (b"{\"text\":\"%s\"}\n" % " ".join(
            f"w{n * 89 % texts + k}" for k in range(words)).encode() for n in range(many)))
        ends = []
        for memory, threads in (("61MiB", 8), ("80MiB", 1), ("130MiB", 2), ("400MiB", 8)):
            folder, _ = self.run_folder("dedup.near", source, "--memory", memory, "--threads",
                                        str(threads), "--link", "chain", "--ngram", "1",
                                        "--threshold", "0.7")
            counts = self.assert_closes(folder)
            self.assertEqual((counts["kept"], counts["merged"]), (1, many - 1))
            with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
                told = json.load(file)
            if not SANITIZED and threads == 1:
                self.assertLessEqual(told["peak_memory"], 80 << 20)
            with open(os.path.join(folder, "ledger.parquet"), "rb") as file:
                ends.append(file.read())
        for line in random.Random(9).sample(range(2, many + 1), 12):
            common = max(0, words - (line - 1) * 89 % texts)
            said = self.tamis("explain", folder, f"{source}:{line}").out
            value = re.search(rb"value +([\d.]+)", said).group(1)
            self.assertAlmostEqual(float(value), common / (2 * words - common), places=2)
        for end in ends:
            self.assertEqual(end, ends[0])

    def test_many_records_that_share_one_ngram(self):
        """With a band a value they are all candidates of each other, and of one group whose sets
        do not fit; each is compared with as many as the limit says. The larger group takes three
        goes and the smaller one, so what they share is not all."""
        def records(count=MANY):
            for n in range(count):
                own = " ".join(f"r{n}_{k}" for k in range(20))
                yield {"text": "one and the same five " + own}

        self.assertEqual(self.near(records())[0]["kept"], MANY)
        for link in ("representative", "chain"):
            counts, told = self.near(records(), "--bands", "64", "--rows", "1", "--link", link)
            self.assertEqual(counts["kept"], MANY)
            self.assertGreater(told["spilled_bytes"], 1 << 20)
            self.assert_near_linear(records, "--bands", "64", "--rows", "1", "--link", link,
                                    most=11)
        self.assert_near_linear(records)

    def test_one_letter_a_million_times(self):
        texts = ["a" * 10**6, "a" * 10**6, "a" * (10**6 - 1), "a " * 500000, "a " * 10**6,
                 "\u597d" * 300000, "\u597d" * 299999]
        counts, _ = self.near({"text": t} for t in texts)
        self.assertEqual(counts["merged"], 3)  # as words: other terms, and the same one 5-gram
        counts, _ = self.near([{"text": t} for t in texts], "--units", "characters")
        self.assertEqual(counts["merged"], 4)  # as characters: three sets
        for letter in ("a", "a ", "\u597d"):
            self.assert_near_linear(lambda n, of=letter: [{"text": of * (10 * n)}] * 3)

    def test_a_million_different_words(self):
        chance = random.Random(1)
        words = [f"w{chance.randrange(10**6)}" for _ in range(10**6)]
        texts = [" ".join(words), "short", " ".join(words[:990000]), " ".join(words[:500000])]
        counts, _ = self.near({"text": t} for t in texts)
        self.assertEqual((counts["kept"], counts["merged"]), (3, 1))

    def test_many_turns_and_one_word(self):
        """A word a message: the n-grams go across them."""
        rows = [{"messages": [{"role": ("user", "assistant")[k % 2], "content": f"w{k + 9 * n}"}
                              for k in range(20000)]} for n in range(3)]
        counts, _ = self.near(rows)
        self.assertEqual((counts["kept"], counts["merged"]), (1, 2))

    def test_many_beginnings(self):
        """Conversations of many turns that share their beginnings; one is the beginning of two. All
        beginnings of one written out are 6 GB."""
        def talk(turns, last):
            return {"messages": [{"role": ("user", "assistant")[k % 2], "content":
                                  f"hello there {k}" if k < 19990 else f"{last} {k}"}
                                 for k in range(turns)]}
        rows = [talk(20000, "a"), talk(19992, "b"), talk(19990, ""), talk(20000, "c")]
        counts, _ = self.near(rows, "--prefix", verb="dedup.exact")
        self.assertEqual((counts["kept"], counts["merged"]), (3, 1))


if __name__ == "__main__":
    unittest.main()
