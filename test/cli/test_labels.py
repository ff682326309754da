"""check.labels: what the labels of a set say together, against a model in Python: which records
share prompt and answer with one of the other label, which one each names, and which label is
absent. Over random sets of several layouts, threads, orders and batches.

Covers op/check/labels.c, the step that `check` adds, and the place of the other record in
explain."""

import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../laws"))
from lawkit import LawCase, manifest  # noqa: E402

PROMPTS = ["2+2?", "2+2? ", "Why?", "caf\u00e9", "cafe\u0301", "", " "]
ANSWERS = ["4", "4 ", "four", "", "\u00e9", "e\u0301"]
LABELS = [True, False, None, 1, 0, "true", "false"]


def said(role, text):
    return [{"role": role, "content": text}]


class Labels(LawCase):
    def record(self, chance, labels):
        """A random record, and what it is to be compared by: (texts, label), or None."""
        prompt, answer = chance.choice(PROMPTS), chance.choice(ANSWERS)
        label = chance.choice(labels)
        texts = (prompt, answer)
        kind = chance.randrange(6)
        if kind == 0:
            return {"prompt": prompt, "chosen": answer, "rejected": "no"}, None
        if kind == 1:
            return {"messages": said("user", prompt) + said("assistant", answer)}, None
        if kind == 2:
            row = {"prompt": said("user", prompt), "completion": said("assistant", answer)}
        elif kind == 3:  # another order of keys, and one that no layout knows
            row = {"n": chance.randrange(9), "completion": answer, "prompt": prompt}
        elif kind == 4:  # a system message is part of what was asked
            row = {"prompt": said("system", "Be brief.") + said("user", prompt),
                   "completion": said("assistant", answer)}
            texts = ("Be brief.", prompt, answer)
        else:
            row = {"prompt": prompt, "completion": answer}
        row["label"] = label
        return row, (texts, label) if isinstance(label, bool) else None

    def expected(self, told):
        """Of each record's (texts, label): the line that it names, or None; and the remark."""
        first, other = {}, []
        for line, at in enumerate(told, 1):
            if at and any(at[0]):
                first.setdefault(at, line)
        for at in told:
            other.append(first.get((at[0], not at[1])) if at and any(at[0]) else None)
        labels = [at[1] for at in told if at]
        code = {(True,): "T1242", (False,): "T1243"}.get(tuple(sorted(set(labels))))
        return other, (code, len(labels)) if code else None

    def found(self, folder):
        """The same of a run, by its findings."""
        import pyarrow.parquet as parquet

        def rows(name):
            return parquet.read_table(os.path.join(folder, name)).to_pylist()

        line = {row["place"]: row["line"] for row in rows("ledger.parquet")}
        other, remark = [None] * len(line), None
        for row in rows("findings.parquet"):
            if row["code"] == "T1241":
                other[line[row["place"]] - 1] = line[row["other_place"]]
            else:
                self.assertIsNone(remark)
                remark = (row["code"], row["value"], line[row["place"]])
        return other, remark

    def test_random_sets(self):
        for seed in range(12):
            chance = random.Random(seed)
            labels = [LABELS, [True, False], [True, None], [False, 0, "x"]][seed % 4]
            made = [self.record(chance, labels) for _ in range(chance.choice((1, 30, 400)))]
            told = [at for _, at in made]
            path = self.write("in.jsonl", "".join(
                json.dumps(row, ensure_ascii=chance.random() < 0.5) + "\n" for row, _ in made))
            other, remark = self.expected(told)
            if remark:
                remark += (next(n for n, at in enumerate(told, 1) if at),)
            for threads, batch in ((1, 4096), (2, 1), (8, 7)):
                with self.subTest(seed=seed, threads=threads):
                    folder = self.run_folder(
                        f"r{seed}-{threads}", "check.labels", path, "--threads", str(threads),
                        "--batch-records", str(batch), "--layout",
                        "unpaired,preference,messages")
                    self.assertEqual(self.found(folder), (other, remark))
                    with open(path, "rb") as file:
                        self.assertEqual(self.data(folder), file.read())

    def test_order_changes_nothing_but_who_is_named(self):
        """The same records, by their texts, hold both labels in any order."""
        chance = random.Random(99)
        rows = [{"prompt": f"q{chance.randrange(200)}", "completion": "a",
                 "label": chance.random() < 0.8, "n": n} for n in range(900)]
        want = None
        for seed in range(3):
            random.Random(seed).shuffle(rows)
            path = self.write("s.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
            folder = self.run_folder(f"s{seed}", "check.labels", path, "--then", "drop")
            kept = sorted(json.loads(line)["n"] for line in self.data(folder).splitlines())
            self.assertEqual(kept, want or kept)
            want = kept
        sides = {}
        for row in rows:
            sides.setdefault(row["prompt"], set()).add(row["label"])
        self.assertEqual(want, sorted(r["n"] for r in rows if len(sides[r["prompt"]]) == 1))

    def test_a_text_that_many_share(self):
        """One that says no, behind and before very many that say yes, with little memory."""
        text = "long words " * 900
        rows = [{"prompt": text, "completion": "a", "label": True} for _ in range(6000)]
        for at in (0, 3000, 5999):
            rows[at]["label"] = False
            path = self.write("m.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
            folder = self.run_folder(f"m{at}", "check.labels", path, "--memory", "110MiB")
            with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
                peak = json.load(file)["peak_memory"]
            if os.path.basename(os.environ.get("TAMIS_BUILD", "release")) in ("release", "clang"):
                self.assertLessEqual(peak, 110 << 20)  # a sanitizer has memory of its own
            other, remark = self.found(folder)
            want = [at + 1] * 6000
            want[at] = 2 if at == 0 else 1
            self.assertEqual((other, remark), (want, None))
            rows[at]["label"] = True

    def test_check_and_refine_tell_both(self):
        both = [{"prompt": "2+2?", "completion": "4", "label": n == 0} for n in range(2)]
        one = [{"prompt": f"{n}+{n}?", "completion": "4", "label": True} for n in range(3)]
        for rows, codes, words in ((both, ["T1241", "T1241"], "the other label"),
                                   (one, ["T1242"], "(T1242, 3 records)")):
            path = self.write("kto.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
            with open(path, "rb") as file:
                data = file.read()
            told = json.loads(self.tamis("check", path, "--format", "json").stdout)
            self.assertEqual([f["code"] for f in told["findings"]], codes)
            piped = self.tamis("check", "-", stdin=data)
            self.assertIn(words, piped.stdout.decode())
            folder = self.run_folder("refined-" + codes[0], "refine", path)
            step = next(s for s in manifest(folder)["steps"] if s["op"] == "check.labels")
            self.assertEqual(step["findings"], {codes[0]: len(codes)})
        folder = self.path("refined-T1241")
        for line in (1, 2):
            told = self.tamis("explain", folder, f"kto.jsonl:{line}", "--json").stdout
            path = os.path.basename(json.loads(told)["records"][0]["findings"][0]["other"])
            self.assertEqual(path, f"kto.jsonl:{3 - line}")

    def test_other_kinds_are_checked_as_before(self):
        path = self.write("a.jsonl", json.dumps({"prompt": "a", "completion": "b"}) + "\n")
        told = self.tamis("check", path, "--print-recipe").stdout.decode()
        self.assertNotIn("check.labels", told)
        path = self.write("b.jsonl", json.dumps(
            {"prompt": "a", "completion": "b", "label": False}) + "\n")
        told = self.tamis("check", path, "--print-recipe").stdout.decode()
        self.assertIn("check.labels", told)


if __name__ == "__main__":
    unittest.main()
