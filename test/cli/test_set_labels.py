"""What later steps see of what tag has set. A label that a step sets is the one that they see: the
same records come out of one recipe as out of two runs through a file, for every layout that has
labels and for map:. What they do not see is told.

Covers record/label.c, record/reread.c and the fact `label` of expressions."""

import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../laws"))
from lawkit import LawCase, manifest  # noqa: E402

RULES = {"label": [{"label": "= $.vote > 0"}, {"label": "= $.vote"}, {"label": "up"},
                   {"label": "= label = 'true'"}],
         "kto_tag": [{"kto_tag": "= $.vote = 1"}, {"label": "= $.vote > 1", "kto_tag": "x"}],
         "score": [{"score": "= $.vote"}, {"reward": "= $.vote"}],
         "margin": [{"margin": "= $.vote", "score_chosen": "= $.vote + 1"}]}
LAYOUT = {"label": "unpaired", "kto_tag": "unpaired", "score": "scored", "margin": "preference"}
LATER = ([{"check.record": {"then": "flag"}}],
         [{"dedup.exact": {"within": ["label"], "by": "response"}}],
         [{"filter": {"keep": "label = 'true' or label = 'up' or number(label) > 1"}}],
         [{"tag": {"name": "then", "set": {"seen": "= label"}}}],
         [{"check.labels": {}}])


def record(chance, own, number):
    text = chance.choice(["a", "b", "c d"])
    row = {"label": {"prompt": "p", "completion": text, "label": chance.choice([True, 1, "up"])},
           "kto_tag": {"instruction": "p", "output": text, "kto_tag": chance.choice([True, False])},
           "score": {"prompt": "p", "response": text, "score": chance.choice([0.5, 2])},
           "margin": {"prompt": "p", "chosen": text, "rejected": "no", "margin": 1}}[own]
    return {**row, "vote": chance.choice([-1, 0, 1, 2]), "number": number}


class SetLabels(LawCase):
    def run_steps(self, name, source, steps, **more):
        recipe = {"steps": steps, "inputs": {"in": {"path": source, **more}},
                  "output": {"format": "jsonl"}}
        folder = self.run_folder(name, "run", self.write(name + ".json", json.dumps(recipe)))
        with open(os.path.join(folder, "data-00000.jsonl"), encoding="utf-8") as file:
            return file.read(), [s["findings"] for s in manifest(folder)["steps"]][-1]

    def compare(self, name, rows, rule, later, **more):
        source = self.write(name + ".jsonl", "".join(json.dumps(r) + "\n" for r in rows))
        tag = {"tag": {"set": rule}}
        once = self.run_steps(name + "-once", source, [tag] + later, **more)
        between, _ = self.run_steps(name + "-first", source, [tag], **more)
        middle = self.write(name + "-middle.jsonl", between)
        self.assertEqual(once, self.run_steps(name + "-then", middle, later, **more),
                         (rule, later))

    def test_one_recipe_does_what_two_runs_do(self):
        chance = random.Random(4)
        for own, rules in RULES.items():
            rows = [record(chance, own, i) for i in range(40)]
            for n, rule in enumerate(rules):
                for k, later in enumerate(LATER):
                    self.compare(f"{own}{n}{k}", rows, rule, later, layout=LAYOUT[own])

    def test_through_a_mapping(self):
        rows = [{"q": "p", "a": text, "feedback": {"thumb": thumb}}
                for text in "ab" for thumb in (0, 1, 1)]
        rule = {"feedback.thumb": "= $.feedback.thumb = 1"}
        for k, later in enumerate(LATER):
            self.compare(f"m{k}", rows, rule, later,
                         map={"prompt": "q", "response": "a", "label": "feedback.thumb"})

    def test_a_removed_label_is_none(self):
        path = self.write("r.jsonl", '{"prompt":"p","completion":"c","label":true,"n":1}\n')
        recipe = self.write("r.yaml", "steps:\n  - tag: {remove: [label]}\n"
                            "  - filter: {keep: label is null}\n")
        self.assertEqual(self.tamis("run", recipe, path, "-o", "-", "--quiet").stdout,
                         b'{"prompt":"p","completion":"c","n":1}\n')

    def test_ids_name_what_was_read(self):
        path = self.write("i.jsonl", '{"prompt":"p","completion":"c","label":1}\n')
        ids = []
        for name, more in (("with", ["--set", "label== $.label = 1"]), ("without", [])):
            folder = self.run_folder(name, "tag", path, *(more or ["--set", "other=1"]))
            told = json.loads(self.tamis("explain", folder, path + ":1", "--json").stdout)
            ids.append(told["records"][0]["id"])
        self.assertEqual(ids[0], ids[1])

    def test_a_text_label_stands_without_quotes(self):
        path = self.write("q.jsonl", "".join(
            json.dumps({"prompt": "p", "completion": str(i), "label": label}) + "\n"
            for i, label in enumerate(["up", "do\"wn", "b\\s", "\u00fc", "", True, 1, None])))
        for text, count in (("label = 'up'", 1), ("label = 'do\"wn'", 1), (r"label = 'b\\s'", 1),
                            ("label = '\u00fc'", 1), ("label = ''", 1), ("label = 'true'", 1),
                            ("label = '1'", 1), ("label = '\"up\"'", 0)):
            out = self.tamis("filter", path, "--keep", text, "-o", "-", "--quiet").stdout
            self.assertEqual(out.count(b"\n"), count, text)
        path = self.write("two.jsonl", "".join(
            json.dumps({"prompt": "p", "completion": "c", "label": label}) + "\n"
            for label in (True, "true", 5, "5", None, "null", "up", "up")))
        out = self.tamis("dedup.exact", path, "--within", "label", "-o", "-", "--quiet").stdout
        self.assertEqual(out.count(b"\n"), 7)  # the two "up" alone are one
        done = self.tamis("filter", path, "--keep", "label = true", expect=2).stderr.decode()
        self.assertIn("label is a text, as in label = 'true'; the field is $.label", done)


class ReadOtherwise(LawCase):
    def found(self, row, tag, *more):
        path = self.write("row.jsonl", json.dumps(row) + "\n")
        steps = [{"tag": tag}] + [{name: {}} for name in more]
        recipe = self.write("row.json", json.dumps({"steps": steps}))
        folder = self.run_folder("row", "run", recipe, path, "--overwrite")
        self.story = json.loads(self.tamis("explain", folder, path + ":1", "--json").stdout)
        return manifest(folder)["steps"][0]["findings"].get("T1416", 0)

    def test_what_later_steps_do_not_see_is_told(self):
        chat = {"messages": [{"role": "human", "content": "a"},
                             {"role": "assistant", "content": "b"}], "n": 1}
        alpaca = {"instruction": "a", "input": None, "output": "b"}
        for row, tag, told in (
                (chat, {"set": {"messages[0].role": "user"}}, 1),
                (chat, {"set": {"messages[0].content": "c"}}, 0),
                (chat, {"set": {"messages[1]": "x"}}, 1),
                (chat, {"set": {"meta.x": "y", "output": "z"}}, 0),
                (chat, {"remove": ["messages[1]"]}, 0),
                (chat, {"remove": ["messages"]}, 1),
                (alpaca, {"set": {"input": "more"}}, 1),
                ({"instruction": "a", "output": "b"}, {"set": {"input": "more"}}, 1),
                ({"instruction": "a", "input": "c", "output": "b"}, {"set": {"input": "d"}}, 0),
                ({"instruction": "a", "input": "c", "output": "b"}, {"remove": ["input"]}, 0),
                ({"prompt": "a", "completion": "b", "label": 1}, {"set": {"label": "= 1 = 1"}}, 0),
                ({"text": "a"}, {"set": {"text": "= 1 + 1"}}, 1)):
            self.assertEqual(self.found(row, tag, "length"), told, (row, tag))
            self.assertEqual(self.found(row, tag), 0, "nobody comes behind it")

    def test_each_change_names_its_field(self):
        row = {"text": "a", "s1": "x", "mid": 1, "s2": [1], "last": {"k": 1, "l": 2}}
        for tag, places in (({"remove": ["s1", "mid", "s2", "last.l"]}, None),
                            ({"remove": ["text", "s1", "mid", "s2", "last"]}, None),
                            ({"set": {"q": 1, 'meta["a b"].c': "x", "last.k": 3}},
                             ["last.k", 'meta["a b"].c', "q"])):
            self.found(row, tag)
            told = [f["part"] for f in self.story["records"][0]["findings"]]
            self.assertEqual(sorted(told), sorted(places or tag["remove"]), tag)


if __name__ == "__main__":
    unittest.main()
