"""The law harness: every operator of the registry, unasked.

Its own examples; the same bytes in data and ledger for threads 1, 3, 8 and batches of 1, 7, 4096
records and without SIMD; killed and resumed; a second pass over its own output changes nothing;
sums that close. (Over a hostile exchange: test/flow/test_hostile.c.) A new operator is tested by
being in the registry: where its defaults ask for nothing, SETTINGS below says what to try (a
missing entry fails).
"""

# time-limit: 600

import json
import os
import random
import subprocess
import time
import unittest

from lawkit import TAMIS, LawCase, digest, manifest, operators

# What to try an operator with on the demo's chats; REFERENCE is a file of some of them.
SETTINGS = {
    "check.record": [[], ["--profile", "strict", "--then", "drop"]],
    "check.labels": [[], ["--then", "park"]],
    "length": [[]],
    "filter": [
        ["--keep", "words(response) >= 20"],
        ["--park", "contains(all, 'bees')", "--drop", "$.meta.rating < 3"],
    ],
    "tag": [
        ["--set", "origin=demo", "--set", "meta.words== words(response)", "--remove", "meta.id"]
    ],
    "clean.text": [[], ["--fix", "unicode,control,zero_width,line_ends,trailing_space,blank_runs"]],
    "split.turns": [[]],
    "dedup.exact": [
        ["--by", "prompt,response"],
        ["--normalise", "unicode,zero_width,case,space", "--keep", "max $.meta.rating,longest"],
    ],
    "dedup.near": [
        ["--threshold", "0.7", "--ngram", "3"],
        ["--by", "response", "--link", "chain", "--units", "characters", "--threshold", "0.8"],
        ["--sketch", "classic", "--keep", "max $.meta.rating,longest", "--compare-most", "2"],
        ["--sketch", "text-dedup", "--bands", "20", "--rows", "4", "--by", "prompt"],
        ["--across", "none", "--against", "REFERENCE", "--threshold", "0.7"],
        ["--within", "$.meta.rating,label", "--threshold", "0.7", "--ngram", "3"],
    ],
    "index": [[], ["--by", "response", "--turn", "-1"]],
    "decontaminate": [
        ["--against", "REFERENCE", "--ngram", "8"],
        ["--against", "REFERENCE", "--ngram", "3", "--overlap", "50%", "--then", "park"],
        ["--against", "REFERENCE", "--ngram", "5", "--fix", "cut"],
    ],
    "split": [
        ["--eval", "10%"],
        ["--eval", "10%", "--test", "100", "--group", "$.meta.id,$.meta.rating",
         "--stratify", "$.meta.rating"],
    ],
    "sample": [
        ["--share", "30%"],
        ["--count", "200", "--stratify", "$.meta.rating", "--floor", "9"],
        ["--nested", "10%,25%,100%"],
    ],
    "shuffle": [[]],
    "sort": [["--by", "max $.meta.rating,words(response)"], ["--by", "response,longest"]],
    "head": [["--records", "500"]],
}
# Operators whose second application must change nothing more.
IDEMPOTENT = {
    "check.record",
    "check.labels",
    "length",
    "filter",
    "tag",
    "clean.text",
    "dedup.exact",
    "dedup.near",
    "decontaminate",
    "index",
    "split",
    "sort",
    "head",
}


def json_object(line):
    """Whether it is a record that a reference may hold: those must be readable."""
    try:
        return isinstance(json.loads(line.lstrip(b"\xef\xbb\xbf").decode("utf-8")), dict)
    except ValueError:
        return False


class Operators(LawCase):
    def setUp(self):
        super().setUp()
        self.files = self.demo()
        with open(self.files[0], "rb") as file:
            lines = [line for line in file.read().splitlines() if json_object(line)]
        self.reference = self.write("reference.jsonl", b"\n".join(lines[::40]) + b"\n")

    def files_for(self, op, files, records=1500):
        """Answers with labels, some with both, for the operator that looks at nothing else."""
        if op != "check.labels":
            return files
        chance = random.Random(records)
        rows = (
            {
                "prompt": f"what is {n % (records // 2)}?" + " please" * 40,
                "completion": "a number",
                "label": chance.random() < 0.7,
            }
            for n in range(records)
        )
        return [self.write("labelled.jsonl", "".join(json.dumps(row) + "\n" for row in rows))]

    def filled(self, given):
        return [self.reference if word == "REFERENCE" else word for word in given]

    def outcome(self, name, op, words, *more, env=None):
        words = [*self.files_for(op, self.files), *self.filled(words), *more]
        folder = self.run_folder(name, op, *words, env=env, expect=None)
        return self.data(folder), digest(os.path.join(folder, "ledger.parquet")), folder

    def test_every_operator_has_settings(self):
        self.assertEqual(sorted(op["name"] for op in operators()), sorted(SETTINGS))

    def test_examples(self):
        for op in operators():
            for number, example in enumerate(op["examples"]):
                with self.subTest(op=op["name"], example=example["title"]):
                    self.check_example(op, number, example)

    def check_example(self, op, number, example):
        source = self.write("in.jsonl", example["in"])
        text = f"steps:\n  - {op['name']}: {example['recipe']}\n"
        if "reference" in example:
            path = self.write("example-reference.jsonl", example["reference"])
            text += f"references: {json.dumps(path)}\n"
        recipe = self.write("recipe.yaml", text)
        folder = self.run_folder(f"{op['name']}-{number}", "run", recipe, source)
        self.assertEqual(self.data(folder).decode(), example["out"])
        fates = []
        for line in range(1, example["in"].count("\n") + 1):
            told = self.tamis("explain", folder, f"in.jsonl:{line}", "--json", expect=None)
            if told.returncode == 0:
                fates.append(json.loads(told.stdout)["records"][0]["fate"])
        self.assertEqual(" ".join(fates), example["fates"])

    def test_same_bytes_for_threads_batches_and_kernels(self):
        for op in operators():
            for number, words in enumerate(SETTINGS.get(op["name"], [])):
                with self.subTest(op=op["name"], words=words):
                    self.check_same(f"{op['name']}-{number}", op["name"], words)

    def check_same(self, name, op, words):
        first = self.outcome(name, op, words, "--threads", "1")[:2]
        ways = [
            ("--threads", "3"),
            ("--threads", "8"),
            ("--threads", "2", "--batch-records", "1"),
            ("--threads", "3", "--batch-records", "7"),
            ("--batch-records", "4096"),
            ("--memory", "100MiB", "--threads", "2"),
        ]
        for number, way in enumerate(ways):
            self.assertEqual(self.outcome(f"{name}-w{number}", op, words, *way)[:2], first, way)
        plain = self.outcome(f"{name}-scalar", op, words, env={"TAMIS_SIMD": "scalar"})[:2]
        self.assertEqual(plain, first, "TAMIS_SIMD=scalar")

    def test_sums_close_and_audit_agrees(self):
        for op in operators():
            for number, words in enumerate(SETTINGS.get(op["name"], [])):
                with self.subTest(op=op["name"], words=words):
                    folder = self.outcome(f"{op['name']}-{number}", op["name"], words)[2]
                    told = manifest(folder)
                    for counts in [told["counts"]] + [step["counts"] for step in told["steps"]]:
                        fates = sum(
                            counts[f]
                            for f in (
                                "kept",
                                "dropped",
                                "merged",
                                "parked",
                                "replaced",
                                "unreadable",
                            )
                        )
                        self.assertEqual(counts["read"] + counts["made"], fates)
                    self.tamis("audit", folder)

    def test_idempotent(self):
        for op in sorted(IDEMPOTENT):
            for number, words in enumerate(SETTINGS[op]):
                with self.subTest(op=op, words=words):
                    data = self.outcome(f"{op}-{number}", op, words)[0]
                    again = self.write("again.jsonl", data)
                    folder = self.run_folder(
                        f"{op}-{number}-again", op, again, *self.filled(words), expect=None
                    )
                    self.assertEqual(self.data(folder), data)

    def test_killed_and_resumed(self):
        files = self.demo(records=12000, seed=4)
        chance = random.Random(1)
        for op in operators():
            for number, words in enumerate(SETTINGS[op["name"]]):
                with self.subTest(op=op["name"], words=words):
                    given = self.files_for(op["name"], files, 12000)
                    self.check_killed(f"k-{op['name']}-{number}", op["name"], given, words, chance)

    def check_killed(self, name, op, files, words, chance):
        began = time.monotonic()
        words = self.filled(words)
        whole = self.run_folder(f"{name}-whole", op, *files, *words, expect=None)
        took = time.monotonic() - began
        folder = self.path(name)
        command = [TAMIS, op, *files, *words, "-o", folder + "/", "--quiet"]
        for _ in range(2):
            with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=self.folder) as child:
                time.sleep(chance.random() * took)
                child.kill()
            if os.path.exists(os.path.join(folder, "manifest.json")):
                break  # it was done before the blow
        if not os.path.exists(os.path.join(folder, "manifest.json")):
            self.tamis(*command[1:], expect=None)
        self.assertEqual(self.data(folder), self.data(whole))
        for told in ("ledger.parquet", "findings.parquet"):
            self.assertEqual(digest(os.path.join(folder, told)), digest(os.path.join(whole, told)))

    def test_memory_within_the_ceiling(self):
        build = os.environ.get("TAMIS_BUILD", "release")
        # a sanitizer has memory of its own
        honest = os.path.basename(build) in ("release", "clang")
        files = self.demo(records=40000 if honest else 4000, seed=5)
        for op in operators():
            for number, words in enumerate(SETTINGS[op["name"]]):
                with self.subTest(op=op["name"], words=words):
                    folder = self.run_folder(
                        f"m-{op['name']}-{number}",
                        op["name"],
                        *self.files_for(op["name"], files, 40000 if honest else 4000),
                        *self.filled(words),
                        "--memory",
                        "110MiB",
                        "--threads",
                        "2",
                    )
                    with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
                        told = json.load(file)
                    if honest:
                        self.assertLessEqual(told["peak_memory"], 110 << 20)


if __name__ == "__main__":
    unittest.main()
