"""split: sides against what its page promises, worked out again in Python (op/split/split_bonds.c:
who hangs together; split_rounds.c: on which side; plan/recipe_sides.c: --earlier)."""

import collections
import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import LawCase, manifest  # noqa: E402


def records(count, seed=4):
    rng = random.Random(seed)
    return [{"text": f"record {i}", "user": rng.randrange(count // 7),
             "org": rng.choice([None, None, rng.randrange(count)]),
             "lang": rng.choice("aaab") if i % 50 else "c"} for i in range(count)]


def components(rows, fields):
    """The group of each row: rows that share a value of any field, through others too."""
    parent = list(range(len(rows)))

    def root(v):
        while parent[v] != v:
            v = parent[v]
        return v

    seen = {}
    for i, row in enumerate(rows):
        for field in fields:
            if row.get(field) is not None:
                first = seen.setdefault((field, row[field]), i)
                parent[root(i)] = root(first)
    return [root(i) for i in range(len(rows))]


def expected_bridges(rows, old, fields):
    """Texts of new records: those that hold values of two sides themselves, those that a chain of
    others makes bridges of, and the side of those that an earlier split holds on one."""
    anchors = collections.defaultdict(set)
    for side, held in old.items():
        for r in held:
            for field in fields:
                if r[field] is not None:
                    anchors[field, r[field]].add(side)
    told = {r["text"]: set().union(*(anchors.get((f, r[f]), set()) for f in fields)) for r in rows}
    own = {text for text, on in told.items() if len(on) > 1}
    rest = [r for r in rows if r["text"] not in own]
    # what an earlier split holds binds nobody anew: who holds it is told its side
    loose = [{f: None if (f, r[f]) in anchors else r[f] for f in fields} for r in rest]
    group = components(loose, fields)
    on = collections.defaultdict(set)
    for r, g in zip(rest, group):
        on[g] |= told[r["text"]]
    chained = {r["text"] for r, g in zip(rest, group) if len(on[g]) > 1}
    fixed = {r["text"]: next(iter(on[g])) for r, g in zip(rest, group) if len(on[g]) == 1}
    return own, chained, fixed


class Split(LawCase):
    def lines(self, name, rows):
        return self.write(name, "".join(json.dumps(r) + "\n" for r in rows))

    def split(self, name, rows, step, references=None):
        """{text: side}, and the run's folder."""
        recipe = {"inputs": self.lines(name + ".jsonl", rows), "steps": [{"split": step}],
                  "output": {"format": "jsonl"}}
        if references:
            recipe["references"] = references
        path = self.write(name + ".json", json.dumps(recipe))
        folder = self.run_folder(name, "run", path)
        sides = self.routes(folder)
        self.assertEqual(len(sides), len(rows))
        return sides, folder

    def test_shares_are_about_what_was_asked_and_never_move(self):
        rows = records(6000)
        step = {"eval": "10%", "test": "0.05", "group": ["$.user"]}
        few, _ = self.split("few", rows[:3000], step)
        all_of_them, folder = self.split("all", rows, step)
        self.assertEqual({t: all_of_them[t] for t in few}, few)
        counts = collections.Counter(all_of_them.values())
        self.assertLess(abs(counts["eval"] - 600), 150)
        self.assertLess(abs(counts["test"] - 300), 120)
        routes = {r["route"]: r["records"] for r in manifest(folder)["steps"][0]["routes"]}
        self.assertEqual(routes, dict(counts))

    def test_order_does_not_matter(self):
        rows = records(2000)
        mixed = random.Random(3).sample(rows, len(rows))
        for number, step in enumerate([{"eval": "10%", "group": ["$.user", "$.org"]},
                                       {"eval": 200, "group": ["$.user"]},
                                       {"eval": "10%", "stratify": "$.lang"}]):
            one, _ = self.split(f"one{number}", rows, step)
            two, _ = self.split(f"two{number}", mixed, step)
            self.assertEqual(one, two, step)

    def test_groups_over_several_fields_stay_whole(self):
        rows = records(3000)
        sides, _ = self.split("groups", rows, {"eval": "20%", "group": ["$.user", "$.org"]})
        of_group = collections.defaultdict(set)
        for row, group in zip(rows, components(rows, ["user", "org"])):
            of_group[group].add(sides[row["text"]])
        self.assertTrue(all(len(s) == 1 for s in of_group.values()))
        self.assertEqual(set().union(*of_group.values()), {"train", "eval"})

    def test_shares_are_met_whatever_binds_the_groups(self):
        """A component of many values is no likelier to come to a side than one of few."""
        rows = [{"text": f"r{i} {k}", "user": i * 5 + k // 2, "doc": i * 5 + (k + 1) // 2 % 5}
                for i in range(600) for k in range(10)]
        self.assertEqual(len(set(components(rows, ["user", "doc"]))), 600)
        for share, fields in ((2, ["user"]), (2, ["user", "doc"]), (50, ["user", "doc"])):
            off = []
            for seed in range(5):
                step = {"eval": f"{share}%", "test": "2%", "group": [f"$.{f}" for f in fields]}
                path = self.write("ring.json", json.dumps(
                    {"seed": seed, "inputs": self.lines("ring.jsonl", rows),
                     "steps": [{"split": step}], "output": {"format": "jsonl"}}))
                folder = self.run_folder(f"ring{share}{len(fields)}{seed}", "run", path)
                counts = {o["route"]: o["records"] for o in manifest(folder)["outputs"]}
                off.append(counts.get("eval", 0) - 60 * share)
            groups = 600 * 5  # four standard deviations of the mean, or of the sum of five runs
            limit = 4 * 10 * (groups * share / 100 * (1 - share / 100)) ** 0.5
            self.assertLess(abs(sum(off)), limit, (share, fields, off))

    def test_numbers_are_met_to_within_half_a_group(self):
        rows = records(3000)
        sides, _ = self.split("exact", rows, {"eval": 500, "test": 100})
        self.assertEqual(collections.Counter(sides.values()),
                         {"train": 2400, "eval": 500, "test": 100})
        sides, _ = self.split("grouped", rows, {"eval": 500, "group": ["$.user"]})
        largest = max(collections.Counter(r["user"] for r in rows).values())
        got = collections.Counter(sides.values())["eval"]
        self.assertLessEqual(abs(got - 500), largest / 2 + 1)

    def test_many_strata_and_sides_are_met_exactly(self):
        """However many strata: each side has what was asked, and a stratum's part of it is the
        exact part rounded up or down."""
        rng = random.Random(11)
        rows = [{"text": f"r{i}", "k": i} for i in range(30)]
        seen = set()
        for seed in range(3):
            step = {"eval": 10, "test": 10, "dev": 10, "stratify": "$.k"}
            path = self.write("seed.json", json.dumps(
                {"seed": seed, "inputs": self.lines("seed.jsonl", rows), "steps": [{"split": step}],
                 "output": {"format": "jsonl"}}))
            sides = self.routes(self.run_folder(f"seed{seed}", "run", path))
            self.assertEqual(sorted(sides.values()), sorted(["eval", "test", "dev"] * 10))
            seen.add(tuple(sorted(sides.items())))
        self.assertEqual(len(seen), 3, "the seed decides")
        for trial in range(16):
            count, strata = rng.randrange(4, 300), rng.randrange(1, 120)
            rows = [{"text": f"r{i}", "k": min(rng.randrange(strata), rng.randrange(strata))}
                    for i in range(count)]
            names = ["eval", "test", "dev", "probe"][:rng.randrange(1, 5)]
            asked = {n: rng.randrange(1 + count // len(names)) for n in names}
            sides, _ = self.split(f"many{trial}", rows, dict(asked, stratify="$.k"))
            asked["train"] = count - sum(asked.values())
            got = collections.Counter(sides.values())
            self.assertEqual(got, {n: c for n, c in asked.items() if c}, trial)
            of_stratum = collections.Counter(r["k"] for r in rows)
            both = collections.Counter((r["k"], sides[r["text"]]) for r in rows)
            for k, of in of_stratum.items():
                for name, size in asked.items():
                    self.assertLess(abs(both[k, name] * count - of * size), count, (trial, k, name))

    def test_groups_in_many_strata_are_met_to_within_the_largest(self):
        rng = random.Random(12)
        for trial in range(8):
            count, strata = rng.randrange(100, 500), rng.randrange(2, 150)
            of_user = [rng.randrange(strata) for _ in range(count)]
            users = [rng.randrange(count // 3) for _ in range(count)]
            rows = [{"text": f"r{i}", "user": u, "k": of_user[u]} for i, u in enumerate(users)]
            step = {"eval": count // 5, "test": count // 4, "dev": count // 3}
            sides, _ = self.split(f"strata{trial}", rows,
                                  dict(step, group="$.user", stratify="$.k"))
            largest = max(collections.Counter(users).values())
            got = collections.Counter(sides.values())
            for name, size in step.items():
                self.assertLessEqual(abs(got[name] - size), largest, (trial, got, step))
            for user in set(users):
                self.assertEqual(len({sides[r["text"]] for r in rows if r["user"] == user}), 1)

    def test_strata_have_their_part(self):
        rows = records(3000)
        sides, _ = self.split("strata", rows, {"eval": "10%", "stratify": "$.lang"})
        all_of = collections.Counter(r["lang"] for r in rows)
        of_eval = collections.Counter(r["lang"] for r in rows if sides[r["text"]] == "eval")
        self.assertEqual(sum(of_eval.values()), 300)
        for lang, count in all_of.items():
            self.assertLessEqual(abs(of_eval[lang] - count / 10), 1, lang)

    def test_an_earlier_split_holds_and_bridges_are_parked(self):
        rows = [dict(r, org=None) for r in records(1000)]
        sides, _ = self.split("old", rows, {"eval": "20%", "group": ["$.user"]})
        old = {side: self.lines(f"old-{side}.jsonl", [r for r in rows if sides[r["text"]] == side])
               for side in ("train", "eval")}
        on = {r["user"]: sides[r["text"]] for r in rows}
        train = next(u for u, s in on.items() if s == "train")
        evals = next(u for u, s in on.items() if s == "eval")
        fresh = [{"text": f"new {u}", "user": u, "org": None} for u in sorted(on)]
        bridge = [{"text": "bridge 1", "user": train, "org": "x"},
                  {"text": "bridge 2", "user": evals, "org": "x"}]
        step = {"eval": "50%", "group": ["$.user", "$.org"], "earlier": ["train", "eval"]}
        got, _ = self.split("new", [r for r in fresh if r["user"] not in (train, evals)] + bridge,
                            step, references=old)
        self.assertEqual(got.pop("bridge 1"), "parked")
        self.assertEqual(got.pop("bridge 2"), "parked")
        for text, side in got.items():
            self.assertEqual(side, on[int(text.split()[1])], text)

    def test_one_bridge_does_not_park_those_it_touches(self):
        old = {"eval": self.lines("was-eval.jsonl", [{"text": "o1", "user": 2, "doc": 90}]),
               "train": self.lines("was-train.jsonl", [{"text": "o2", "user": 1, "doc": 3}])}
        rows = [{"text": f"r{i}", "user": 2, "doc": 1000 + i} for i in range(50)]
        rows.insert(7, {"text": "bridge", "user": 2, "doc": 3})
        for eval_size in ("50%", 25):
            sides, folder = self.split(
                f"one-{eval_size}".strip("%"), rows,
                {"eval": eval_size, "group": ["$.user", "$.doc"], "earlier": list(old)}, old)
            self.assertEqual(sides.pop("bridge"), "parked")
            self.assertEqual(set(sides.values()), {"eval"})
            self.assertEqual(manifest(folder)["steps"][0]["findings"], {"T1541": 1})

    def test_joint_strata_have_their_part_of_every_side(self):
        chance = random.Random(3)
        rows = [{"text": f"r{i}", "lang": chance.choice("aab"), "kind": chance.choice("xyy")}
                for i in range(900)]
        sides, _ = self.split("joint", rows, {"eval": "20%", "stratify": ["$.lang", "$.kind"]})
        sizes = collections.Counter((r["lang"], r["kind"]) for r in rows)
        of_eval = collections.Counter((r["lang"], r["kind"]) for r in rows
                                      if sides[r["text"]] == "eval")
        for stratum, size in sizes.items():
            self.assertLessEqual(abs(of_eval[stratum] - size / 5), 1, stratum)

    def test_a_side_far_from_its_size_is_told(self):
        rows = [{"text": f"r{i}", "user": i % 90, "day": i // 200} for i in range(1000)]
        path = self.lines("chained.jsonl", rows)
        words = ["split", path, "--eval", "10%", "-o", self.path("far/"), "--overwrite", "-q"]
        for seed in range(4):  # one group of all: on the one side or on the other
            done = self.tamis(*words, "--group", "$.user", "--group", "$.day", "--seed", str(seed))
            said = done.stderr.decode()
            self.assertRegex(said, "warning: side eval has (0|1,000) records where 100 were asked: "
                             "the largest group, which is never parted, has 1,000")
        self.assertEqual(self.tamis(*words, "--group", "$.user").stderr, b"")

    def test_the_rest_may_be_named_where_all_shares_make_one(self):
        path = self.lines("rest.jsonl", records(400))
        words = ["split", path, "--dev", "10%", "--test", "10%", "--format", "jsonl", "-q"]
        plain = self.run_folder("rest", *words)
        named = self.run_folder("named", *words, "--train", "80%")
        self.assertEqual(self.routes(plain), self.routes(named))
        for more in (["--train", "70%"], ["--train", "100"], ["--train", "90%"]):
            done = self.tamis(*words, *more, "-o", self.path("no/"), expect=2)
            self.assertIn('"train" is the side that gets the rest', done.stderr.decode())
            self.assertIn("--rest NAME", done.stderr.decode())

    def test_a_chain_of_new_records_parks_the_chain_alone(self):
        """Hundreds of records of the side that the chain touches stay where they are."""
        old = {"eval": self.lines("far.jsonl", [{"text": "o1", "user": 2, "doc": 90}]),
               "train": self.lines("near.jsonl", [{"text": "o2", "user": 1, "doc": 3}])}
        rows = [{"text": f"r{i}", "user": 1 + i % 2, "doc": 1000 + i} for i in range(400)]
        rows += [{"text": "one end", "user": 1, "doc": 7}, {"text": "other end", "user": 2,
                                                            "doc": 7}]
        for eval_size in ("50%", 200):
            sides, folder = self.split(
                f"chain-{eval_size}".strip("%"), rows,
                {"eval": eval_size, "group": ["$.user", "$.doc"], "earlier": list(old)}, old)
            self.assertEqual({t for t, side in sides.items() if side == "parked"},
                             {"one end", "other end"})
            self.assertEqual(manifest(folder)["steps"][0]["findings"], {"T1544": 2})
            for i in range(400):
                self.assertEqual(sides[f"r{i}"], "eval" if i % 2 else "train")

    def test_bridges_as_an_oracle_finds_them(self):
        rng, parked = random.Random(17), collections.Counter()
        for trial in range(16):
            values = [rng.choice([9, 15, 40]) for _ in range(2)]

            def row(name):
                return {"text": name, "user": rng.choice([None, *range(values[0])]),
                        "doc": rng.choice([None, None, *range(values[1])])}

            old = {side: [row(f"{side} {i}") for i in range(rng.choice([1, 2, 5]))]
                   for side in ("train", "eval")}
            rows = [row(f"new {i}") for i in range(rng.choice([5, 10, 20, 40]))]
            own, chained, fixed = expected_bridges(rows, old, ("user", "doc"))
            sides, folder = self.split(
                f"oracle{trial}", rows,
                {"eval": "40%", "group": ["$.user", "$.doc"], "earlier": ["train", "eval"]},
                {side: self.lines(f"oracle{trial}-{side}.jsonl", r) for side, r in old.items()})
            want = {"T1541": len(own), "T1544": len(chained)}
            found = manifest(folder)["steps"][0]["findings"]
            self.assertEqual({code: found.get(code, 0) for code in want}, want, trial)
            self.assertEqual({t for t, side in sides.items() if side == "parked"}, own | chained)
            self.assertEqual({t: sides[t] for t in fixed}, fixed)
            groups = collections.defaultdict(set)
            kept = [r for r in rows if sides[r["text"]] != "parked"]
            for r, group in zip(kept, components(kept, ("user", "doc"))):
                groups[group].add(sides[r["text"]])
            self.assertTrue(all(len(on) == 1 for on in groups.values()))
            parked += want
        self.assertTrue(parked["T1541"] and parked["T1544"], parked)

    def test_a_field_that_no_record_has_is_remarked(self):
        rows = [{"text": f"r{i}", "user": i // 3, "tags": [i]} for i in range(60)]
        path = self.lines("misspelt.jsonl", rows)
        for number, (words, found) in enumerate(
                [(["--group", "$.usre"], {"T1542": 60}), (["--group", "$.user"], {}),
                 (["--group", "$.user,$.tags"], {"T1542": 60}),
                 (["--stratify", "$.nobody"], {"T1543": 60})]):
            folder = self.path(f"misspelt{number}/")
            done = self.tamis("split", path, "--eval", "10%", *words, "-o", folder)
            self.assertEqual(manifest(folder)["steps"][0]["findings"], found)
            self.assertEqual(b"-value 60]" in done.stderr, bool(found), done.stderr)

    def test_the_largest_group_is_named_where_a_side_is_off(self):
        rows = records(500) + [{"text": "many %d" % n, "user": -1, "org": None, "lang": "d"}
                               for n in range(300)]
        path = self.write("in.jsonl", "".join(json.dumps(r) + "\n" for r in rows))
        for fields in (["user"], ["user", "org"]):
            largest = max(collections.Counter(components(rows, fields)).values())
            self.assertGreaterEqual(largest, 300)
            for size in ("10%", "100"):
                for threads in ("1", "2"):
                    group = ",".join("$." + f for f in fields)
                    done = self.tamis("split", path, "--eval", size, "--group", group, "--threads",
                                      threads, "--overwrite", "-o", self.path("out") + "/")
                    step = manifest(self.path("out"))["steps"][0]
                    self.assertEqual(step["largest_group"], largest)
                    off = any(route["off"] for route in step["routes"])
                    said = "largest group %14d  records, %.1f %% of all" % (largest, largest / 8)
                    self.assertEqual(said in done.stderr.decode(), off, done.stderr.decode())
        self.tamis("split", path, "--eval", "10%", "-o", self.path("alone") + "/")
        self.assertEqual(manifest(self.path("alone"))["steps"][0]["largest_group"], 0)

    def test_names_of_sides(self):
        """Sides under into: and beside it are all sides; a misspelt option is none."""
        rows = [{"text": f"r{i}"} for i in range(40)]
        for step in ({"eval": 8, "into": {"test": 4}}, {"into": {"test": 4}, "eval": 8}):
            sides, _ = self.split("both" + next(iter(step)), rows, step)
            self.assertEqual(collections.Counter(sides.values()),
                             {"train": 28, "eval": 8, "test": 4})
        path = self.lines("names.jsonl", rows)
        self.tamis("split", path, "--into", "test=4", "--eval", "8", "-o", self.path("names/"))
        counts = {o["route"]: o["records"] for o in manifest(self.path("names"))["outputs"]}
        self.assertEqual(counts, {"train": 28, "eval": 8, "test": 4})
        for words, said in ((["--eval", "8", "--thread", "2"], b"did you mean --threads?"),
                            (["--eval", "8", "--seeed", "7"], b"did you mean --seed?"),
                            (["--eval", "8", "--statify", "5"], b"did you mean --stratify?"),
                            (["--eval", "8", "--gruop", "5"], b"did you mean --group?"),
                            (["--parked", "60%"], b"hold what a run sets aside")):
            self.assertIn(said, self.tamis("split", path, *words, expect=2).stderr)

    def test_a_slip_of_a_parameter_is_no_side_in_a_recipe_either(self):
        path = self.lines("slips.jsonl", [{"text": f"r{i}"} for i in range(40)])
        for given, said in (("statify: 5", 'did you mean "stratify"?'),
                            ("ealier: 5", 'did you mean "earlier"?'),
                            ("sed: 7", 'did you mean "seed"?'), ("thn: 7", 'did you mean "then"?'),
                            ("seed: 7", "which stands at its top")):
            recipe = self.write("slip.yaml", "inputs: %s\nsteps:\n  - split: {eval: 8, %s}\n"
                                % (path, given))
            done = self.tamis("run", recipe, "-o", self.path("slip/"), expect=2).stderr.decode()
            self.assertIn(said, done)
            self.assertIn("slip.yaml:3:22:", done)
        # names of other words are sides, and under into: all are
        for step in ("test: 4, dev: 3", "into: {statify: 4, seed: 3}", "seen: 4, into: {rst: 3}"):
            recipe = self.write("names.yaml", "inputs: %s\nsteps:\n  - split: {%s}\n"
                                % (path, step))
            folder = self.path("names%d" % len(step))
            self.tamis("run", recipe, "-o", folder + "/")
            counts = [o["records"] for o in manifest(folder)["outputs"]]
            self.assertEqual(sorted(counts), [3, 4, 33])

    def test_the_earlier_split_as_an_option(self):
        """Its files by name, by pairs, or its folder: as references of a recipe say it."""
        rows = records(300)
        old, new = self.lines("old.jsonl", rows[:200]), self.lines("new.jsonl", rows[200:])
        common = ["--eval", "40", "--group", "$.user"]
        folder = self.run_folder("old", "split", old, *common)
        names = {s: next(n for n in sorted(os.listdir(folder)) if n.startswith(s + "-"))
                 for s in ("train", "eval")}
        files = {s: os.path.join(folder, n) for s, n in names.items()}
        recipe = {"inputs": new, "references": {s: {"path": p} for s, p in files.items()},
                  "steps": [{"split": {"eval": 40, "group": ["$.user"],
                                       "earlier": ["eval", "train"]}}]}
        as_recipe = self.run_folder("r", "run", self.write("e.json", json.dumps(recipe)))
        want = [(o["route"], o["sha256_decoded"]) for o in manifest(as_recipe)["outputs"]]
        self.assertEqual(len(want), 2)
        first = self.run_folder("first", "split", new, *common, "--earlier", "none")
        self.assertNotEqual(want, [(o["route"], o["sha256_decoded"])
                                   for o in manifest(first)["outputs"]])
        for number, words in enumerate(([",".join(files.values())], [folder], [folder + "/"],
                                        ["eval=" + files["eval"], "train=" + files["train"]])):
            more = [w for word in words for w in ("--earlier", word)]
            got = self.run_folder("e%d" % number, "split", new, *common, *more)
            self.assertEqual([(o["route"], o["sha256_decoded"])
                              for o in manifest(got)["outputs"]], want, words)
        for word, code, said in (("tset=" + files["eval"], 2, '"tset" is no side'),
                                 (self.path("nothing"), 3, "no file matches")):
            done = self.tamis("split", new, *common, "--earlier", word, "-o", "-", expect=code)
            self.assertIn(said, done.stderr.decode())

    def test_children_stay_on_the_side_of_their_parent(self):
        talks = [{"messages": [{"role": role, "content": f"{i} {turn}"} for turn in range(2)
                               for role in ("user", "assistant")]} for i in range(400)]
        recipe = {"inputs": self.lines("talks.jsonl", talks), "output": {"format": "jsonl"},
                  "steps": [{"split": {"eval": "30%"}}, "split.turns"]}
        folder = self.run_folder("talks", "run", self.write("talks.json", json.dumps(recipe)))
        sides = collections.defaultdict(set)
        counts = collections.Counter()
        for output in manifest(folder)["outputs"]:
            for line in self.decode(os.path.join(folder, output["path"])).splitlines():
                parent = json.loads(line)["messages"][0]["content"]
                sides[parent].add(output["route"])
                counts[output["route"]] += 1
        self.assertEqual(sum(counts.values()), 800)
        self.assertTrue(180 < counts["eval"] < 300, counts)
        self.assertTrue(all(len(s) == 1 for s in sides.values()))

    def test_nothing_of_an_old_split_stays_in_its_folder(self):
        path, folder = self.lines("twice.jsonl", records(200)), self.path("twice")
        self.tamis("split", path, "--eval", "50%", "-o", folder + "/", "--quiet")
        mine = {"train-of-mine.jsonl": b"{}\n", ".eval-00000.jsonl.zst.tmp-1-1": b"killed"}
        for name, data in mine.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        self.assertIn("eval-*", manifest(folder)["raw_text"])
        words = ["sample", path, "--share", "50%", "-o", folder + "/", "--quiet"]
        self.assertIn(b"finished run", self.tamis(*words, expect=None).stderr)
        self.tamis(*words, "--overwrite")
        left = [n for n in os.listdir(folder) if "train" in n or "eval" in n]
        self.assertEqual(left, ["train-of-mine.jsonl"])
        self.assertEqual(manifest(folder)["raw_text"][0], "data-*")

    def test_a_side_is_not_written_over_while_it_is_read(self):
        path, folder = self.lines("own.jsonl", records(200)), self.path("own")
        self.tamis("split", path, "--eval", "50%", "-o", folder + "/", "--quiet")
        train = os.path.join(folder, "train-00000.jsonl.zst")
        before = self.decode(train)
        for verb in (["split", "--test", "10%"], ["sample", "--count", "5"]):
            done = self.tamis(*verb, train, "-o", folder + "/", "--overwrite", expect=2)
            self.assertIn(b"is an input of this run", done.stderr)
        self.assertEqual(self.decode(train), before)
        strange = self.path("strange")
        os.mkdir(strange)
        with open(os.path.join(strange, "train-00000.jsonl"), "w", encoding="utf-8") as file:
            file.write("{}\n")
        done = self.tamis("split", path, "--eval", "50%", "-o", strange + "/", expect=None)
        self.assertIn(b"of no run", done.stderr)

    def test_a_sample_before_it_does_not_lean_to_a_side(self):
        rows = records(6000)
        recipe = {"inputs": self.lines("leans.jsonl", rows), "output": {"format": "jsonl"},
                  "steps": [{"sample": {"share": "20%"}}, {"split": {"eval": "10%"}}]}
        folder = self.run_folder("leans", "run", self.write("leans.json", json.dumps(recipe)))
        counts = {o["route"]: o["records"] for o in manifest(folder)["outputs"]}
        self.assertTrue(70 < counts["eval"] < 170, counts)


if __name__ == "__main__":
    unittest.main()
