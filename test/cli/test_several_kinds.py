"""Sets of several example kinds and layouts, and mappings that lead nowhere: nothing is taken for
something else, and nothing is merged because neither record has what is compared.

Covers flow/sampling.c, plan/builtin.c, op/chosen.c, and of dedup.exact within: and alike:
(op/dedup/exact_rounds.c, spellings.c)."""

import itertools
import json
import os
import random
import subprocess
import tempfile
import unittest

TAMIS = os.path.abspath(os.environ.get("TAMIS", "build/release/tamis"))


def chat(*texts):
    roles = itertools.cycle(("user", "assistant"))
    return {"messages": [{"role": r, "content": t} for r, t in zip(roles, texts)]}


class SeveralKinds(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(self.tmp.cleanup)

    def run_it(self, rows, *words):
        path = os.path.join(self.tmp.name, "in.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        words = [path if word == "IN" else word for word in words]
        done = subprocess.run([TAMIS, *words, "-o", "-"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def test_refine_says_which_recipe_it_chose(self):
        for rows, name in (([chat("a", "b")], "sft"), ([{"text": "a"}], "corpus"),
                           ([chat("a", "b"), {"text": "a"}], "mixed")):
            _, said = self.run_it(rows, "refine", "IN")
            self.assertTrue(said.startswith(f"recipe: {name} ("), said)
            _, said = self.run_it(rows, "refine", "IN", "--quiet")
            self.assertEqual(said, "")

    def test_the_recipe_of_the_commonest_kind_is_not_used_on_the_others(self):
        pairs = [{"prompt": p, "chosen": "x", "rejected": "y"} for p in "abc"]
        chats = [chat("Write a poem.", "Roses are red."), chat("Write a poem.", "An ode.")]
        kept, _ = self.run_it(pairs + chats, "refine", "IN")
        self.assertEqual(kept, pairs + chats)
        prompts = [{"prompt": p} for p in "abc"]
        answered = [{"prompt": "c", "completion": x} for x in ("x", "quite another")]
        kept, _ = self.run_it(prompts + answered, "refine", "IN")
        self.assertEqual(kept, prompts + answered)

    def test_refine_merges_what_is_the_same_of_one_kind_and_label_only(self):
        chance = random.Random(6)
        rows = []
        for number in range(300):
            p, c = chance.choice("ab"), chance.choice("xy")
            rows.append(chance.choice((
                {"prompt": p, "completion": c}, {"prompt": p, "completion": c, "label": True},
                {"prompt": p, "completion": c, "label": False}, {"prompt": p},
                {"prompt": p, "completion": c, "score": chance.choice((1, 2))},
                chat(p, c), {"prompt": p, "chosen": c, "rejected": "z"}, {"text": c})))
            rows[-1]["n"] = number
        kept, _ = self.run_it(rows, "refine", "IN")
        first, want = set(), []
        for row in rows:
            same = {k: v for k, v in row.items() if k != "n"}
            if "messages" in same:  # a completion is the end of the same conversation
                same = dict(zip(("prompt", "completion"), (m["content"] for m in row["messages"])))
            key = json.dumps(same, sort_keys=True)
            if key not in first:
                want.append(row)
            first.add(key)
        self.assertEqual(kept, want)

    def test_labels_of_classified_texts_stay(self):
        rows = [{"text": "hello", "label": label} for label in ("x", "y", "x", 1, None)]
        kept, _ = self.run_it(rows, "refine", "IN")
        self.assertEqual(kept, rows[:2] + rows[3:])
        kept, said = self.run_it(rows + [chat("a", "b")], "refine", "IN")
        self.assertIn("recipe: mixed", said)
        self.assertEqual(kept, rows[:2] + rows[3:] + [chat("a", "b")])

    def test_within_compares_records_of_equal_values_only(self):
        chance = random.Random(7)
        rows = [{"text": chance.choice("ab"), "lang": chance.choice(("en", "de", None, 1, "1"))}
                for _ in range(60)]
        kept, _ = self.run_it(rows, "dedup.exact", "IN", "--within", "$.lang")
        want = list({(r["text"], repr(r["lang"])): r for r in reversed(rows)}.values())[::-1]
        self.assertEqual({(r["text"], repr(r["lang"])) for r in kept},
                         {(r["text"], repr(r["lang"])) for r in want})
        self.assertEqual(len(kept), len(want))

    def test_what_stands_beside_the_messages_tells_records_apart(self):
        tool = {"type": "function", "function": {"name": "look", "parameters": {}}}
        same = chat("What is this" + " and that" * 9, "A cat" + " or a dog" * 9)
        rows = [{**same, **more} for more in (
            {"images": ["a.png"]}, {"images": ["b.png"]}, {"images": []}, {"tools": [tool]},
            {"videos": ["a.mp4"]}, {"n": 1}, {"images": None, "n": 2},
            {"images": ["a.png"], "n": 3})]
        for words in (("dedup.exact",), ("dedup.near",), ("refine",),
                      ("dedup.exact", "--by", "prompt,response")):
            kept, _ = self.run_it(rows, words[0], "IN", *words[1:])
            self.assertEqual(kept, rows[:5], words)
        kept, _ = self.run_it(rows, "dedup.exact", "IN", "--by", "response")
        self.assertEqual(kept, rows[:1])
        grows = [chat("a", "b"), {**chat("a", "b"), "tools": [tool]},
                 {**chat("a", "b", "c", "d"), "tools": [tool]}]
        kept, _ = self.run_it(grows, "dedup.exact", "IN", "--prefix")
        self.assertEqual(kept, [grows[0], grows[2]])

    def test_refine_merges_equal_texts_and_tells_of_other_spellings(self):
        code = [{"prompt": "Fix it", "completion": f"if a:\n    b()\n{gap}c()"}
                for gap in ("", "    ", "")]
        names = [{"prompt": "In capitals?", "completion": word}
                 for word in ("NATO", "nato", "nato")]
        kept, said = self.run_it(code + names, "refine", "IN")
        self.assertEqual(kept, code[:2] + names[:2])
        self.assertIn("[exact-duplicate 2, spelled-otherwise 2]", said)

    def test_spellings_as_an_oracle_tells_them(self):
        chance = random.Random(8)
        for flags in (True, False):
            rows = [{"text": "".join(chance.choices(("a", "A", "b", " ", "  "), k=3)) + "x", "n": n}
                    for n in range(200)]
            words = ("--alike", "flag") if flags else ()
            kept, _ = self.run_it(rows, "dedup.exact", "IN", "--normalise", "case,space", *words)
            first = {}
            for row in rows:
                folded = " ".join(row["text"].casefold().split())
                first.setdefault(row["text"] if flags else folded, row)
            self.assertEqual(kept, list(first.values()))

    def test_so_many_spellings_of_a_text_are_remembered_whatever_the_threads(self):
        words = ["".join(c.upper() if i >> k & 1 else c for k, c in enumerate("abcdefghijklmnop"))
                 for i in range(8300)]
        rows = [{"text": word} for word in words * 2]
        for threads, memory in (("1", "64MiB"), ("3", "256MiB")):
            kept, _ = self.run_it(rows, "dedup.exact", "IN", "--normalise", "case", "--alike",
                                  "flag", "--threads", threads, "--memory", memory)
            self.assertEqual(kept, rows[:8300] + rows[8300 + 8192:])

    def test_spellings_across_inputs_have_one_cluster(self):
        texts = {"a": ["nato"], "b": ["NATO", "NATO", "nato", "Nato", "Nato"]}
        paths = {}
        for name, words in texts.items():
            paths[name] = os.path.join(self.tmp.name, name + ".jsonl")
            with open(paths[name], "w", encoding="utf-8") as file:
                file.writelines(json.dumps({"text": word}) + "\n" for word in words)
        for across, want in (("all", [0, 1, 4]), ("inputs", [0, 1, 2, 4, 5])):
            step = {"normalise": ["case"], "alike": "flag", "across": across}
            recipe = os.path.join(self.tmp.name, across + ".json")
            with open(recipe, "w", encoding="utf-8") as file:
                json.dump({"inputs": {k: {"path": v} for k, v in paths.items()},
                           "steps": [{"dedup.exact": step}]}, file)
            folder = os.path.join(self.tmp.name, across)
            done = subprocess.run([TAMIS, "run", recipe, "-o", folder + "/", "--json"],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            stories = []
            for k, words in texts.items():
                for line in range(1, len(words) + 1):
                    said = subprocess.run([TAMIS, "explain", folder, f"{paths[k]}:{line}",
                                           "--json"], capture_output=True, text=True)
                    self.assertEqual(said.returncode, 0, said.stderr)
                    stories += json.loads(said.stdout)["records"]
            fates = [story["fate"] for story in stories]
            clusters = {story["signals"]["dedup.exact.cluster"] for story in stories}
            self.assertEqual([i for i, fate in enumerate(fates) if fate == "kept"], want)
            self.assertEqual(len(clusters), 1)
            with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
                found = json.load(file)["steps"][0]["findings"]
            self.assertEqual(found, {"T1701": 3, "T1702": 2} if across == "all"
                             else {"T1701": 1, "T1702": 4})

    def test_turns_of_a_record_where_nothing_else_asks_for_texts(self):
        rows = [{"text": "a"}, chat("a", "b"), chat("a", "b", "c", "d")]
        for condition, want in (("turns() >= 1", rows), ("turns() = 2", rows[1:2]),
                                ("turns() > 1", rows[1:])):
            self.assertEqual(self.run_it(rows, "filter", "IN", "--keep", condition)[0], want)
        tagged, _ = self.run_it(rows, "tag", "IN", "--set", "t==turns()")
        self.assertEqual([r["t"] for r in tagged], [1, 2, 4])

    def test_a_mapping_that_leads_nowhere_is_remarked(self):
        rows = [{"in": {"q": q}, "a": "Yes."} for q in "abc"]
        for words, said in (
                (("prompt=in.question", "response=a"), "map: prompt: in.question leads nowhere"),
                (("prompt=in.q", "response=a", "label=in.ok"), "map: label: in.ok leads nowhere"),
                (("prompt=in.q", "response=a"), None)):
            maps = itertools.chain.from_iterable(("--map", word) for word in words)
            _, told = self.run_it(rows, "refine", "IN", *maps)
            self.assertEqual("T3112" in told, said is not None, told)
            self.assertIn(said or "recipe:", told)

    def test_sets_one_behind_another_and_many_files_are_looked_into(self):
        first = [{"instruction": f"question {i} of many", "output": f"answer {i}"}
                 for i in range(40000)]
        second = [{"conversations": [{"from": "human", "value": f"q{i}"},
                                     {"from": "gpt", "value": "a"}]} for i in range(1500)]
        self.assertEqual(self.run_it(first + second, "length", "IN")[0], first + second)
        folder = os.path.join(self.tmp.name, "many")
        os.mkdir(folder)
        for i, row in enumerate(first[:40] + second[:1]):
            with open(os.path.join(folder, f"{i:03}.jsonl"), "w", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        done = subprocess.run([TAMIS, "length", folder, "-o", "-"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout.count("\n")), (0, 41), done.stderr)

    def test_a_layout_that_the_sample_misses_is_named_and_can_be_read(self):
        rows = [chat(f"q{i}", "a") for i in range(4000)]
        rows.insert(3990, {"instruction": "x", "output": "y"})
        path = os.path.join(self.tmp.name, "late.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        done = subprocess.run([TAMIS, "length", path, "-o", "-", "--limit-unreadable", "1"],
                              capture_output=True, text=True)
        self.assertIn("it is alpaca: read both with --layout messages,alpaca (T1020)", done.stderr)
        kept, _ = self.run_it(rows, "length", "IN", "--layout", "messages,alpaca")
        self.assertEqual(kept, rows)
        done = subprocess.run([TAMIS, "length", path, "--layout", "messages,alpacca"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn('there is no layout "alpacca"; did you mean "alpaca"?', done.stderr)

    def test_an_input_that_is_not_there_ends_with_3(self):
        for words in (("cat", "missing.jsonl"), ("refine", "no*.jsonl"), ("check", "no/where")):
            done = subprocess.run([TAMIS, *words], capture_output=True, text=True,
                                  cwd=self.tmp.name, env={**os.environ, "TAMIS": TAMIS})
            self.assertEqual(done.returncode, 3, done.stderr)


if __name__ == "__main__":
    unittest.main()
