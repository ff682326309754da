"""Law 4 for a record that is large itself: --memory holds whatever it is, a text, a text of
escapes, or numbers without end, and whatever is done to it. What there is no room for is
unreadable, with its place, what it would need and its bytes; the others go on; and how many threads
there are changes nothing. Records are written in pieces: see torturekit on peaks."""
# time-limit: 240

import hashlib
import itertools
import json
import os
import re
import unittest

from torturekit import MIB, TortureCase, manifest, unreadable

NEEDS = re.compile(r"needs --memory (\d+)MiB at least")
QUIET = ("--limit-unreadable", "100%", "--quiet")
WORDS = b"some words that a text may hold, and %d more of them; "


def words(count):
    done, number = 0, 0
    while done < count:
        piece = WORDS % number
        yield piece[:count - done]
        done += len(piece)
        number += 1


def escapes(count):
    piece = b"\\u00e9\\u4e2d\\n\\u200b \\ud83d\\ude00 " * 1000
    yield from itertools.repeat(piece, count // len(piece))


def long_record(kind, size, more=b""):
    """Pieces of one record of about `size` bytes."""
    if kind == "numbers":
        yield b'{"text":"a"%s,"v":[' % more
        for _ in range(size // MIB):
            yield b"1," * (MIB // 2)
        yield b"1]}\n"
        return
    if kind == "brackets":
        yield b'{"text":"a"%s,"v":[' % more
        for _ in range(size // MIB):
            yield b"[]," * (MIB // 3)
        yield b"1]}\n"
        return
    yield b'{"text":"'
    yield from escapes(size) if kind == "escapes" else words(size)
    yield b'"%s}\n' % more


def ordinary(begin, count):
    for n in range(begin, begin + count):
        yield b'{"text":"%d: %s"}\n' % (n, WORDS % n * (n % 17 + 1))


def mixed(kind, size, count=1500):
    """Ordinary records, and two long ones that are the same but for a field."""
    yield from ordinary(0, count)
    yield from long_record(kind, size)
    yield from ordinary(count, count)
    yield from long_record(kind, size, b',"n":1')
    yield from ordinary(2 * count, count)


def digest(folder):
    """Of the data that were written."""
    done = hashlib.sha256()
    for output in manifest(folder)["outputs"]:
        with open(os.path.join(folder, output["path"]), "rb") as file:
            while piece := file.read(MIB):
                done.update(piece)
    return done.hexdigest()


class LongRecords(TortureCase):
    VERBS = (("refine",), ("dedup.near",), ("dedup.exact",), ("sort", "--by", "$.text"),
             ("split", "--eval", "10%"), ("clean.text", "--on", "all"))
    COUNT = 4502

    def holds(self, mib, threads, *given, folder=None):
        """The run keeps to its ceiling and loses nothing; gives its folder."""
        folder = folder or self.path(f"r{self.runs}")
        done = self.tamis(*given, "--memory", f"{mib}MiB", "--threads", str(threads), "-o",
                          folder + "/", *QUIET, expect=0)
        self.assert_peak(done, mib * MIB)
        counts = manifest(folder)["counts"]
        self.assertFalse(manifest(folder)["damaged"])  # what comes behind it is read
        self.assertEqual(counts["read"], self.COUNT)
        self.assertEqual(counts["read"], sum(counts[fate] for fate in (
            "kept", "dropped", "merged", "parked", "replaced", "unreadable")))
        for lost in unreadable(folder):
            self.assertIn(lost["code"], ("T1014", "T1112"))
            self.assertRegex(lost["message"], NEEDS)
            self.assertEqual(lost["left_out"] == 0, lost["code"] == "T1014")
        return folder

    def test_the_ceiling(self):
        """Verbs and threads take turns, so that each meets each kind and size."""
        turn = 0
        for kind in ("words", "numbers", "escapes"):
            for size in (MIB + 4096, 8 * MIB, 46 * MIB):
                source = self.write("a.jsonl", mixed(kind, size))
                for mib in (64, 128) if size < 46 * MIB else (64, 300):
                    for verb in (self.VERBS[turn % 6], self.VERBS[(turn + 3) % 6]):
                        with self.subTest(kind=kind, mib=size // MIB, memory=mib, verb=verb):
                            self.holds(mib, 1 + turn // 3 % 2, verb[0], source, *verb[1:])
                    turn += 1
                    done = self.tamis("cat", source, "--memory", f"{mib}MiB", *QUIET,
                                      keep_out=False, expect=(0, 1))
                    self.assert_peak(done, mib * MIB)

    def test_by_default_the_longest_lines_are_read(self):
        for verb, mib in (("dedup.near", 30), ("dedup.exact", 63)):
            source = self.write("a.jsonl", mixed("words", mib * MIB))
            folder = self.holds(1024, 2, verb, source, "--format", "jsonl", "--ledger", "none")
            counts = manifest(folder)["counts"]
            self.assertEqual((counts["merged"], counts["unreadable"]), (1, 0))

    def test_brackets(self):
        source = self.write("a.jsonl", mixed("brackets", 20 * MIB))
        for mib in (64, 200):
            folder = self.holds(mib, 2, "length", source)
            self.assertEqual(len(unreadable(folder)), 2)

    def test_threads_change_nothing(self):
        source = self.write("a.jsonl", itertools.chain(mixed("numbers", 5 * MIB, 200),
                                                       mixed("words", 7 * MIB, 200),
                                                       mixed("escapes", 9 * MIB, 200)))
        self.COUNT = 1806
        for verb in (("dedup.near",), ("refine",)):
            seen = set()
            for threads in (1, 3):
                folder = self.holds(100, threads, *verb, source, "--format", "jsonl")
                with open(os.path.join(folder, "unreadable.jsonl"), "rb") as file:
                    seen.add((digest(folder), file.read()))
            self.assertEqual(len(seen), 1, verb)

    def test_what_is_said_to_be_needed(self):
        """A line that is too long is read with the memory that was said; numbers with more."""
        self.COUNT = 602
        for kind, size in (("words", 12 * MIB), ("numbers", 4 * MIB)):
            source = self.write("a.jsonl", mixed(kind, size, 200))
            mib, asked = 72, [72]
            while lost := unreadable(self.holds(mib, 2, "length", source)):
                least = int(NEEDS.search(lost[0]["message"]).group(1))
                self.assertGreater(least, mib)
                asked.append(mib := least)
            self.assertGreater(len(asked), 1)
            self.assertLess(len(asked), 12 if kind == "numbers" else 6, asked)

    def test_what_is_said_to_be_enough_is(self):
        """One try more, whatever the record holds; both limits where both are in the way."""
        def pieces():
            yield from ordinary(0, 3)
            if kind == "terms":  # as many as there can be
                yield from (b'{"text":"', b"a " * (size // 2), b'"}\n')
            else:
                yield from long_record(kind, size)
        cases = (("numbers", 5 * MIB, ("refine",), r"and (\d+)MiB is enough", 0),
                 ("terms", 5 * MIB, ("decontaminate",), r"and (\d+)MiB is enough", 0),
                 ("words", 66 * MIB, ("length",), r"--memory (\d+)MiB at least", 67))
        for number, (kind, size, verb, said, line) in enumerate(cases):
            source = self.write("a.jsonl", pieces())
            if verb == ("decontaminate",):
                verb += ("--against", self.write("ref.jsonl", [b'{"text":"%s"}' % (WORDS % 7)]))
            out = self.path(f"e{number}/")
            self.tamis(verb[0], source, *verb[1:], "--memory", "80MiB", "-o", out, *QUIET)
            (lost,) = unreadable(out)
            more = ()
            if line:
                self.assertIn(f"it needs --max-line {line}MiB and --memory", lost["message"])
                more = ("--max-line", f"{line}MiB")
            mib = int(re.search(said, lost["message"]).group(1))
            done = self.tamis(verb[0], source, *verb[1:], "--memory", f"{mib}MiB", *more, "-o",
                              out, "--overwrite", *QUIET)
            self.assert_peak(done, mib * MIB)
            self.assertEqual(unreadable(out), [], verb)

    def test_the_longest_that_the_plan_says(self):
        source = self.write("a.jsonl", ordinary(0, 3))
        for verb in ("cat", "length", "shuffle"):
            folder = self.path(f"r{self.runs}")
            to = ("--memory", "80MiB", "-o", folder + "/", "--format", "jsonl")
            told = self.tamis(verb, source, *to, "--dry-run", "--json", expect=0)
            longest = json.loads(told.out)["longest_record"]
            self.assertLess(longest, 40 * MIB)
            both = self.write("b.jsonl", itertools.chain(
                ordinary(0, 5), long_record("words", longest - 11),
                long_record("words", longest - 10), ordinary(5, 5)))
            self.tamis(verb, both, *to, *QUIET, expect=(0, 1))
            self.assertEqual([lost["code"] for lost in unreadable(folder)], ["T1112"])
            self.assertEqual(unreadable(folder)[0]["line"], 7)
            self.assertFalse(manifest(folder)["damaged"])

    def test_containers(self):
        self.COUNT = 604
        codes = []
        for name in ("a.json", "b.jsonl"):
            pieces = itertools.chain(mixed("words", 12 * MIB, 200), long_record("numbers", 3 * MIB))
            if name == "a.json":
                array = (piece.replace(b"\n", b",") for piece in pieces)
                pieces = itertools.chain([b"["], array, [b'{"text":"last"}]'])
            else:
                pieces = itertools.chain(pieces, [b'{"text":"last"}'])
            source = self.write(name, pieces)
            folder = self.holds(72, 2, "length", source)
            codes.append([lost["code"] for lost in unreadable(folder)])
        self.assertEqual(codes[0], codes[1])
        self.assertEqual(codes[0], ["T1112", "T1112", "T1014"])

    def test_a_resumed_run_knows_what_was_refused(self):
        self.COUNT = 45002
        source = self.write("a.jsonl", mixed("numbers", 5 * MIB, 15000))
        recipe = self.write("r.yaml", f"inputs: {{i: {source}}}\nsteps: [dedup.exact: "
                                      "{by: everything}, shuffle: {}]\noutput: {format: jsonl}\n")
        whole = self.holds(72, 2, "run", recipe)
        broken = self.path("broken")
        self.tamis("run", recipe, "--memory", "72MiB", "--max-disk", "10KiB", "-o", broken + "/",
                   *QUIET, expect=(2, 3, 5))
        self.assertFalse(os.path.exists(os.path.join(broken, "manifest.json")))
        self.holds(72, 1, "run", recipe, folder=broken)
        with open(os.path.join(broken, "run.json"), encoding="utf-8") as file:
            self.assertTrue(json.load(file)["resumed"])
        self.assertEqual(digest(broken), digest(whole))
        self.assertEqual(unreadable(broken), unreadable(whole))
        self.assertEqual(len(unreadable(whole)), 2)


if __name__ == "__main__":
    unittest.main()
