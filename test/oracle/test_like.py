"""dedup.near as datasketch does it, over whole sets and any number of functions and seed: who is
left is what the package's own index leaves, for whoever shares a band is merged. The tool draws all
factors before all addends, so another number of functions gives other sketches altogether."""

import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import LawCase  # noqa: E402

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


class Like(LawCase):
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
                ("dedup.near", "--bands 10 --rows 3 --hashes 64", "hashes"),
                ("dedup.near", "--units words --char-ngram 3", "char_ngram"),
                ("dedup.near", "--units characters --ngram 3", "ngram"),
                ("dedup.near", "--sketch datasketch --bands 32 --rows 4 --hashes 100", "100"),
                ("dedup.exact", "--alike flag", "normalise"),
                ("sort", "--by first", "first")]:
            self.assertIn(word, self.refused(op, *options.split()), (op, options))


if __name__ == "__main__":
    unittest.main()
