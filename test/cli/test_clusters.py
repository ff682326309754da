"""Clusters as signals, and sides that hold them together: against components worked out in Python
from all pairs. Shares, numbers and strata of split without clusters: test_split.py."""

import collections
import json
import os
import random
import unittest

from dedupkit import DedupCase, lines
from lawkit import manifest

NEAR = {"by": "all", "ngram": 1, "threshold": 0.6, "bands": 200, "rows": 1, "link": "chain",
        "then": "flag"}  # so many bands that no pair above the threshold is missed


def chain_texts(count, seed):
    """Drifting families of texts, some of one, and their sets of words."""
    rng = random.Random(seed)
    texts, word = [], 0
    while len(texts) < count:
        own = ["w%d" % (word + n) for n in range(20)]
        for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
            texts.append(" ".join(own))
            word += 100
            for n in rng.sample(range(20), 3):
                own[n] = "w%d" % (word + n)
        word += 1000
    rng.shuffle(texts)
    return texts[:count]


def jaccard(a, b):
    a, b = set(a.split()), set(b.split())
    return len(a & b) / len(a | b)


def components(count, linked):
    """The name of each one's component: its lowest member."""
    name = list(range(count))
    for a in range(count):
        for b in range(a):
            if name[a] != name[b] and linked(a, b):
                low, high = sorted((name[a], name[b]))
                name = [low if n == high else n for n in name]
    return name


class Clusters(DedupCase):
    def recipe(self, name, rows, steps, expect=0, references=None):
        path = self.write(name + ".jsonl", lines(rows))
        recipe = {"inputs": path, "steps": steps,
                  "output": {"format": "jsonl", "ledger": "signals"}}
        if references:
            recipe["references"] = references
        return self.run_folder(name, "run", self.write(name + ".json", json.dumps(recipe)),
                               expect=expect)

    def sides(self, folder):
        """{id: side} of all that was written, parked records too."""
        sides = {}
        for output in manifest(folder)["outputs"]:
            for line in self.decode(os.path.join(folder, output["path"])).splitlines():
                sides[json.loads(line)["id"]] = output["route"]
        return sides

    def check_names(self, folder, signal, name):
        """The signal says the same of all members of a component, the place of one of them, and
        nothing of one that is alone."""
        rows, _ = self.ledger(folder)
        self.assertEqual(len(rows), len(name))
        members = collections.defaultdict(list)
        for n, component in enumerate(name):
            members[component].append(n)
        for component in members.values():
            said = {rows[n][signal] for n in component}
            if len(component) == 1:
                self.assertEqual(said, {None})
                continue
            self.assertEqual(len(said), 1, component)
            self.assertIn(int(said.pop()), {rows[n]["place"] for n in component})
        self.assertTrue(any(len(c) > 3 for c in members.values()))

    def check_sides(self, sides, name):
        of = collections.defaultdict(set)
        for n, component in enumerate(name):
            of[component].add(sides[n])
        self.assertTrue(all(len(s) == 1 for s in of.values()))
        self.assertEqual(set().union(*of.values()), {"train", "eval"})

    def test_chains_are_named_and_stay_on_one_side(self):
        texts = chain_texts(300, seed=3)
        name = components(300, lambda a, b: jaccard(texts[a], texts[b]) >= 0.6)
        rows = [{"id": n, "text": text} for n, text in enumerate(texts)]
        for size in ("30%", 90):
            folder = self.recipe("chains-%s" % size, rows, [
                {"dedup.near": NEAR},
                {"split": {"eval": size, "group": ["dedup.near.cluster"], "earlier": "none"}}])
            self.check_names(folder, "dedup.near.cluster", name)
            self.check_sides(self.sides(folder), name)
        counts = collections.Counter(self.sides(folder).values())
        largest = max(collections.Counter(name).values())
        self.assertLessEqual(abs(counts["eval"] - 90), largest / 2 + 1)

    def test_stars_are_a_record_and_what_it_stands_for(self):
        texts = chain_texts(300, seed=4)
        rows = [{"id": n, "text": text} for n, text in enumerate(texts)]
        folder = self.recipe("stars", rows, [{"dedup.near": {**NEAR, "link": "representative"}}])
        into, place = {}, {}
        for row in self.ledger(folder)[0]:
            place[row["place"]] = row
        for finding in self.findings(folder):
            self.assertEqual(finding["code"], "T1711")
            into[finding["place"]] = finding["other_place"]
        self.assertGreater(len(into), 50)
        leads = set(into.values())
        self.assertFalse(leads & set(into))
        for at, row in place.items():
            want = into.get(at, at if at in leads else None)
            self.assertEqual(row["dedup.near.cluster"], want and str(want))

    def test_who_has_a_duplicate_is_a_filter(self):
        texts = chain_texts(200, seed=5)
        name = components(200, lambda a, b: jaccard(texts[a], texts[b]) >= 0.6)
        alone = {c for c, n in collections.Counter(name).items() if n == 1}
        rows = [{"id": n, "text": text} for n, text in enumerate(texts)]
        folder = self.recipe("twins", rows, [
            {"dedup.near": NEAR}, {"filter": {"drop": "dedup.near.cluster is null"}}])
        self.assertEqual(set(self.ids(folder)), {n for n in range(200) if name[n] not in alone})

    def test_equal_texts_and_beginnings(self):
        rng = random.Random(6)
        texts = ["Text %d" % rng.randrange(150) for _ in range(250)]
        texts = [t.upper() if rng.random() < 0.2 else t for t in texts]
        name = components(250, lambda a, b: texts[a].lower() == texts[b].lower())
        rows = [{"id": n, "text": text} for n, text in enumerate(texts)]
        step = {"dedup.exact": {"normalise": ["case"], "then": "flag"}}
        split = {"split": {"eval": "30%", "group": ["dedup.exact.cluster"], "earlier": "none"}}
        folder = self.recipe("equal", rows, [step, split])
        self.check_names(folder, "dedup.exact.cluster", name)
        self.check_sides(self.sides(folder), name)
        talk = ["Hi", "Hello!", "And?", "That is all."]
        rows = [{"id": n, "messages": [
                    {"role": "user" if m % 2 == 0 else "assistant", "content": text}
                    for m, text in enumerate(talk[:length])]}
                for n, length in enumerate((2, 4, 2, 4))]
        rows.append({"id": 4, "messages": [{"role": "user", "content": "Else"}]})
        folder = self.recipe("begin", rows, [
            {"dedup.exact": {"by": "all", "prefix": True, "then": "flag"}}])
        rows, _ = self.ledger(folder)
        self.assertEqual([r["dedup.exact.cluster"] for r in rows],
                         [str(rows[1]["place"])] * 4 + [None])

    def test_nobody_kept_and_merged_records_have_names_too(self):
        texts = ["a b c", "a b c", "d e f", "g h i", "a b c"]
        rows = [{"id": n, "text": text} for n, text in enumerate(texts)]
        number = 0
        for op, more in (("dedup.exact", {}), ("dedup.near", {}), ("dedup.near", NEAR),
                         ("dedup.near", {"sketch": "datasketch", "by": "all", "ngram": 1})):
            for keep in ([], ["none"]):
                step = {**more, **({"keep": keep} if keep else {})}
                step.pop("then", None)
                number += 1
                folder = self.recipe("names-%d" % number, rows, [{op: step}])
                self.assertEqual(self.ids(folder), [2, 3] if keep else [0, 2, 3])
                told, _ = self.ledger(folder)
                name = told[0][op + ".cluster"]  # with none, ties are drawn: any of the three
                self.assertIn(name, [str(told[n]["place"]) for n in ((0, 1, 4) if keep else (0,))])
                self.assertEqual([r[op + ".cluster"] for r in told],
                                 [name, name, None, None, name], (op, step))

    def test_children_are_of_the_cluster_of_their_parent(self):
        texts = chain_texts(120, seed=7)
        name = components(120, lambda a, b: jaccard(texts[a], texts[b]) >= 0.6)
        rows = [{"messages": [m for turn in range(2) for m in (
                    {"role": "user", "content": text if turn == 0 else "%d?" % n},
                    {"role": "assistant", "content": "%d of %d" % (turn, n)})]}
                for n, text in enumerate(texts)]
        folder = self.recipe("children", rows, [
            {"dedup.near": {**NEAR, "by": "user", "turn": 0}}, "split.turns",
            {"split": {"eval": "40%", "group": ["dedup.near.cluster"], "earlier": "none"}}])
        of = collections.defaultdict(set)
        for output in manifest(folder)["outputs"]:
            for line in self.decode(os.path.join(folder, output["path"])).splitlines():
                text = json.loads(line)["messages"][0]["content"]
                of[name[texts.index(text)]].add(output["route"])
        sizes = collections.Counter(name)
        self.assertTrue(all(len(s) == 1 for c, s in of.items() if sizes[c] > 1))
        self.assertEqual(set().union(*of.values()), {"train", "eval"})

    def grown(self, seed):
        """A split of the first half, then all with its sides as references."""
        texts = chain_texts(400, seed=seed)
        rows = [{"id": n, "text": text} for n, text in enumerate(texts)]
        old = self.recipe("old", rows[:200], [
            {"dedup.near": NEAR},
            {"split": {"eval": "40%", "group": ["dedup.near.cluster"], "earlier": "none"}}])
        return texts, rows, self.sides(old), {
            side: os.path.join(old, side + "-00000.jsonl") for side in ("train", "eval")}

    def test_an_earlier_split_binds_clusters_and_bridges_are_parked(self):
        bridges = 0
        for seed in (8, 9, 10):
            texts, rows, was, sides = self.grown(seed)
            name = components(400, lambda a, b: jaccard(texts[a], texts[b]) >= 0.6)
            step = {"eval": "40%", "group": ["dedup.near.cluster"], "earlier": ["train", "eval"]}
            new = self.recipe("new", rows[200:], [
                {"dedup.near": {**NEAR, "against": ["train", "eval"]}}, {"split": step}],
                references=sides)
            got = self.sides(new)
            touches = collections.defaultdict(set)  # sides of the earlier split, by component
            for n, side in was.items():
                touches[name[n]].add(side)
            free = collections.defaultdict(set)
            for n in range(200, 400):
                old = touches[name[n]]
                if len(old) == 2:
                    self.assertEqual(got[n], "parked")
                    bridges += 1
                elif old:
                    self.assertEqual(got[n], *old)
                else:
                    free[name[n]].add(got[n])
            self.assertTrue(all(len(s) == 1 for s in free.values()))
            self.assertEqual(set().union(*free.values()), {"train", "eval"})
            for folder in ("old", "new"):
                os.rename(self.path(folder), self.path("%s-%d" % (folder, seed)))
        self.assertGreater(bridges, 3)

    def test_what_a_recipe_forgets_is_said(self):
        _, rows, _, sides = self.grown(11)
        path = self.write("more.jsonl", lines(rows[200:]))
        step = {"eval": "40%", "group": ["dedup.near.cluster"]}

        def said(near, split, expect=0):
            recipe = {"inputs": path, "references": sides,
                      "steps": [{"dedup.near": near}, {"split": split}]}
            done = self.tamis("run", self.write("said.json", json.dumps(recipe)), "--dry-run",
                              expect=expect)
            return (done.stdout + done.stderr).decode()

        both = {**NEAR, "against": ["train", "eval"]}
        bound = {**step, "earlier": ["train", "eval"]}
        self.assertNotIn("T31", said(both, bound))
        told = said(both, step, expect=2)
        for word in ('"dedup.near.cluster"', "earlier: [train, eval]", "earlier: none"):
            self.assertIn(word, told)
        said(both, {**step, "earlier": "none"})
        said(both, {**step, "eval": 80})  # a number of records promises no stability
        said(both, {**step, "stratify": "dedup.near.units"})
        said(both, {**step, "group": ["$.id", "dedup.near.cluster"]}, expect=2)
        said(both, {**step, "group": ["dedup.near.units"]})
        self.assertIn('no reference "none"', said(both, {**step, "earlier": ["none", "train"]}, 2))
        told = said({**NEAR, "against": ["train"]}, bound, expect=2)
        self.assertIn("(T3110)", told)
        self.assertIn('side "eval"', told)
        self.assertIn("(T3110)", said(NEAR, bound, expect=2))
        self.assertIn("(T3111)", said({**both, "link": "representative"}, bound))
        other = {**bound, "group": ["length.words"]}
        recipe = {"inputs": path, "references": sides, "steps": ["length", {"split": other}]}
        done = self.tamis("run", self.write("said.json", json.dumps(recipe)), expect=2)
        self.assertIn(b"which the records of earlier: do not have", done.stderr)

    def test_random_groups_of_fields_and_clusters_are_whole(self):
        """Users, documents, near and exact clusters at once; the same bytes whatever the threads,
        batches and memory."""
        for seed in range(12):
            rng = random.Random(seed)
            texts = chain_texts(250, seed=20 + seed)
            for n in rng.sample(range(250), 20):
                texts[n] = rng.choice(texts)
            rows = [{"id": n, "text": text, "user": rng.choice([None, rng.randrange(400)]),
                     "doc": rng.choice([None, None, rng.randrange(300)]), "lang": rng.choice("abc")}
                    for n, text in enumerate(texts)]
            fields = rng.sample(["user", "doc"], rng.randrange(3))
            by = rng.sample(["near", "exact"], rng.randrange(1, 3))

            def linked(a, b):
                return (any(rows[a][f] is not None and rows[a][f] == rows[b][f] for f in fields)
                        or "exact" in by and texts[a] == texts[b]
                        or "near" in by and jaccard(texts[a], texts[b]) >= 0.6)

            name = components(250, linked)
            step = {"group": ["$." + f for f in fields] + ["dedup.%s.cluster" % b for b in by],
                    "eval": rng.choice(["30%", 75]), "test": rng.choice(["10%", 20])}
            rng.shuffle(step["group"])
            shares = isinstance(step["eval"], str) and isinstance(step["test"], str)
            if rng.random() < 0.3:
                step["stratify"], shares = "$.lang", False
            if shares:
                step["earlier"] = "none"
            steps = [{"dedup.near": NEAR}, {"dedup.exact": {"then": "flag"}}, {"split": step}]
            folder = self.recipe("random-%d" % seed, rows, steps)
            sides = self.sides(folder)
            of = collections.defaultdict(set)
            for n, component in enumerate(name):
                of[component].add(sides[n])
            self.assertTrue(all(len(s) == 1 for s in of.values()), (seed, step))
            self.assertLessEqual({"train", "eval"}, set(sides.values()))
            self.check_sizes(folder, step, sides)
            if seed % 4 == 0:
                self.check_same_bytes("random-%d" % seed, folder)

    def check_sizes(self, folder, step, sides):
        """What the manifest says of sizes, worked out again."""
        counts = collections.Counter(sides.values())
        for route in manifest(folder)["steps"][-1]["routes"]:
            asked, records = step.get(route["route"]), counts[route["route"]]
            self.assertEqual(route["records"], records)
            if asked is None:
                self.assertEqual((route["asked"], route["wanted"], route["off"]), ("", None, None))
                continue
            want = asked if isinstance(asked, int) else int(
                float(asked[:-1]) / 100 * sum(counts.values()) + 0.5)
            self.assertEqual((route["wanted"], route["off"]), (want, records - want))

    def check_same_bytes(self, name, folder):
        recipe = self.path(name + ".json")
        for words in (["--threads", "1", "--batch-records", "1"],
                      ["--threads", "3", "--batch-records", "7"], ["--memory", "64MiB"]):
            again = self.run_folder(name + "-again", "run", recipe, *words, "--overwrite")
            names = sorted(o["path"] for o in manifest(folder)["outputs"])
            self.assertEqual(names, sorted(o["path"] for o in manifest(again)["outputs"]))
            for file in names:
                self.assertEqual(self.decode(os.path.join(again, file)),
                                 self.decode(os.path.join(folder, file)), (words, file))
            self.assertEqual(self.ledger(again), self.ledger(folder), words)

    def test_the_waterfall_and_the_page_say_how_far_off_sizes_are(self):
        rows = [{"text": "text %d" % n, "user": n // 10} for n in range(200)]
        path = self.write("sizes.jsonl", lines(rows))
        done = self.tamis("split", path, "--eval", "10%", "--test", "15", "--group", "$.user",
                          "--seed", "5", "-o", self.path("sizes") + "/")
        told = done.stderr.decode()
        route = {r["route"]: r for r in manifest(self.path("sizes"))["steps"][0]["routes"]}
        self.assertEqual(sum(r["records"] for r in route.values()), 200)
        self.assertEqual((route["eval"]["wanted"], route["test"]["wanted"]), (20, 15))
        for side, asked in (("eval", "10% asked, or 20"), ("test", "15 asked")):
            off, records = route[side]["off"], route[side]["records"]
            more = ": %d more" % off if off > 0 else ": %d fewer" % -off if off else ""
            self.assertRegex(told, r"(?m)^ +%s +%d  %s%s$" % (side, records, asked, more))
        self.assertNotEqual(route["test"]["off"], 0)  # 15 are no tens
        with open(os.path.join(self.path("sizes"), "report.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("The sides of the split", page)
        self.assertIn('<td class="n">%+d</td>' % route["test"]["off"], page)


if __name__ == "__main__":
    unittest.main()
