"""dedup.near as datasketch does it, over whole sets and any number of functions and seed: who is
left is what the package's own index leaves, for whoever shares a band is merged. The tool draws all
factors before all addends, so another number of functions gives other sketches altogether.

With the options of datatrove and text-dedup who is left is told by the keys of bands, as
test_conform.py holds them against what the packages gave."""

import collections
import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import LawCase  # noqa: E402
import test_conform as conform  # noqa: E402

try:
    import datasketch
except ImportError as missing:
    raise unittest.SkipTest("%s is not installed (tools/setup.sh test)" % missing.name)


def texts(rng):
    words = ["w%d" % i for i in range(300)]
    out = []
    for _ in range(120):
        base = [rng.choice(words) for _ in range(rng.randint(8, 40))]
        out.append(base)
        for _ in range(3):
            copy = list(base)
            for _ in range(rng.randint(0, 3)):
                copy[rng.randrange(len(copy))] = rng.choice(words)
            out.append(copy)
    rng.shuffle(out)
    return out


def left(rows, hashes, bands, rows_a_band, seed):
    up = list(range(len(rows)))

    def root(i):
        while up[i] != i:
            i = up[i]
        return i
    index = datasketch.MinHashLSH(num_perm=hashes, params=(bands, rows_a_band))
    for i, words in enumerate(rows):
        sketch = datasketch.MinHash(num_perm=hashes, seed=seed)
        sketch.update_batch([" ".join(words[k:k + 5]).encode() for k in range(len(words) - 4)])
        for other in index.query(sketch):
            low, high = sorted((root(i), root(int(other))))
            up[high] = low
        index.insert(str(i), sketch)
    return [i for i in range(len(rows)) if root(i) == i]


def setUpModule():
    conform.setUpModule()


def tearDownModule():
    conform.tearDownModule()


def left_of_bands(answers):
    """[signature, keys by band] of each text, or None where the tool leaves it out."""
    up = list(range(len(answers)))

    def root(i):
        while up[i] != i:
            i = up[i]
        return i
    first = collections.defaultdict(list)
    for i, answer in enumerate(answers):
        for band in enumerate(answer[1] if answer else ()):
            first[band].append(i)
    for of_band in first.values():
        for i in of_band[1:]:
            low, high = sorted((root(of_band[0]), root(i)))
            up[high] = low
    return [i for i in range(len(answers)) if root(i) == i]


class Like(LawCase):
    def test_options_of_datatrove_and_text_dedup(self):
        rows = conform.texts()[:280]
        rows += [text + " and more" for text in rows] + [text.upper() for text in rows]
        source = self.write("in.jsonl", "".join(
            json.dumps({"text": text, "n": n}) + "\n" for n, text in enumerate(rows)))
        seen = set()
        for tool, options in [
                ("datatrove", {}), ("datatrove", {"hash": "sha1"}), ("datatrove-32", {}),
                ("datatrove", {"language": "xx"}), ("datatrove-32", {"hash": "sha1", "seed": 9}),
                ("text-dedup", {"least": 5}), ("text-dedup", {"least": 1}),
                ("text-dedup", {"least": 30}), ("text-dedup", {"hash": "xxhash", "least": 5}),
                ("text-dedup-32", {"hash": "xxhash", "least": 9}),
                ("text-dedup-spark", {"least": 12})]:
            words, given = [], {"ngram": 2, "bands": 25, "rows": 4, "hashes": 100, **options}
            for name, value in given.items():
                of_tool = name in options
                if name == "hashes" and tool.startswith("datatrove"):
                    continue
                value = {"xx": "any"}.get(value, value)
                words += ["--" + "sketch-" * of_tool + name, str(value)]
            if tool.startswith("text-dedup"):
                given["seed"] = 42
            want = left_of_bands(conform.ours(conform.question(tool, given, rows)))
            out = self.tamis("dedup.near", source, "--sketch", tool, *words, "-o", "-",
                             "--quiet").stdout
            got = [json.loads(line)["n"] for line in out.splitlines()]
            self.assertEqual(got, want, (tool, options))
            self.assertLess(len(want), len(rows) - 50)
            seen.add(tuple(want))
        self.assertGreater(len(seen), 6)  # the options make a difference

    def test_numbers_of_functions_and_seeds(self):
        rows = texts(random.Random(5))
        source = self.write("in.jsonl", "".join(
            json.dumps({"text": " ".join(words), "n": n}) + "\n" for n, words in enumerate(rows)))
        for hashes, bands, per, seed in [(128, 9, 13, 1), (256, 32, 4, 1), (256, 25, 10, 1),
                                         (64, 12, 5, 1), (100, 20, 5, 3), (128, 32, 4, 7)]:
            given = {"hashes": hashes, "bands": bands, "rows": per, "sketch-seed": seed}
            words = [word for k, v in given.items() for word in ("--" + k, str(v))]
            out = self.tamis("dedup.near", source, "--sketch", "datasketch", *words, "-o", "-",
                             "--quiet").stdout
            got = [json.loads(line)["n"] for line in out.splitlines()]
            self.assertEqual(got, left(rows, hashes, bands, per, seed), (hashes, bands, per, seed))

    def refused(self, op, *options):
        source = self.write("one.jsonl", '{"text":"a b c"}\n')
        done = self.tamis(op, source, *options, "-o", "-", expect=2)
        return done.stderr.decode()

    def test_what_would_be_ignored_is_refused(self):
        for op, options, word in [
                ("dedup.near", "--sketch datasketch --char-ngram 3", "char_ngram"),
                ("dedup.near", "--sketch datatrove --hashes 112", "hashes"),
                ("dedup.near", "--sketch text-dedup --sketch-seed 3", "42"),
                ("dedup.near", "--sketch-seed 3", "sketch_seed"),
                ("dedup.near", "--sketch classic --sketch-hash sha1", "sketch_hash"),
                ("dedup.near", "--sketch-language any", "sketch_language"),
                ("dedup.near", "--sketch-least 0", "sketch_least"),
                ("dedup.near", "--sketch datasketch --sketch-hash xxhash", "sha1"),
                ("dedup.near", "--sketch text-dedup-spark --sketch-hash sha1", "xxh32"),
                ("dedup.near", "--sketch text-dedup --sketch-language any", "datatrove"),
                ("dedup.near", "--sketch datatrove --sketch-least 3", "text-dedup"),
                ("dedup.near", "--bands 10 --rows 3 --hashes 64", "hashes"),
                ("dedup.near", "--units words --char-ngram 3", "char_ngram"),
                ("dedup.near", "--units characters --ngram 3", "ngram"),
                ("dedup.near", "--sketch datasketch --bands 32 --rows 4 --hashes 100", "100"),
                ("dedup.exact", "--alike flag", "normalise"),
                ("sort", "--by first", "first")]:
            self.assertIn(word, self.refused(op, *options.split()), (op, options))


if __name__ == "__main__":
    unittest.main()
