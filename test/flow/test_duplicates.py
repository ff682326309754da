"""What the manifest says of duplicates against a naive count in Python, on random data: masses,
clusters, who shares with whom, what stands on two sides of a split; whatever the threads, the
memory and the number of sources."""
# time-limit: 200

import collections
import json
import os
import random
import subprocess
import tempfile
import unittest

try:
    import pyarrow.parquet as parquet
except ImportError:
    parquet = None

TAMIS = os.path.abspath(os.environ.get("TAMIS", "build/release/tamis"))
FLOORS = [1 << (b - 1) // 2 | ((1 << (b - 1) // 2) // 2 if (b - 1) % 2 else 0) if b else 0
          for b in range(40)]
ROWS = 12


def size_bin(n):
    return max(floor for floor in FLOORS if floor <= n)


def value_bin(value):
    return min(int(value * 20), 19) * 5 / 100


class Run:
    """A run folder: its records with their texts, by the ledger's places."""

    def __init__(self, folder, lines):
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            self.manifest = json.load(file)
        self.ledger = parquet.read_table(os.path.join(folder, "ledger.parquet")).to_pylist()
        self.findings = parquet.read_table(os.path.join(folder, "findings.parquet")).to_pylist()
        self.paths = [i["path"] for i in self.manifest["inputs"]]
        self.by_place = {r["place"]: r for r in self.ledger}
        self.chars = {r["place"]: len(lines[r["source"]][r["line"] - 1]) for r in self.ledger}
        names = [s["name"] for s in self.manifest["steps"]]
        self.at = {name: i for i, name in enumerate(names)}

    def step(self, name):
        return self.manifest["steps"][self.at[name]]

    def seen(self, name):
        """Records that came to a step: those that did not fall before it."""
        at = self.at[name]
        return [r for r in self.ledger if r["step"] is None or self.at[r["step"]] >= at]

    def repeats(self, name):
        """(record, the one it repeats, value) of all that a step found."""
        pairs = [(r["place"], r["other_place"], r["value"]) for r in self.ledger
                 if r["step"] == name and r["other_place"]]
        return sorted(pairs + [(f["place"], f["other_place"], f["value"]) for f in self.findings
                               if f["step"] == name and f["other_place"] and f["code"] != "T1703"])

    def path(self, place):
        number = (place >> 40) - 1
        if number < len(self.paths):
            return self.paths[number]
        return self.manifest["references"][number - len(self.paths)]["path"]


class Duplicates(unittest.TestCase):
    def setUp(self):
        if parquet is None:
            self.skipTest("pyarrow is not installed")
        self.tmp = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(self.tmp.cleanup)

    def write(self, name, text):
        with open(os.path.join(self.tmp.name, name), "w", encoding="utf-8") as file:
            file.write(text)

    def make(self, seed, sources, records):
        """Sources of records from one pool of texts, some with a word changed."""
        rng = random.Random(seed)
        words = ["w\u00e9%d" % i if i % 9 == 0 else "w%d" % i for i in range(500)]
        pool = [[rng.choice(words) for _ in range(rng.randint(2, 30))] for _ in range(records)]
        lines = {}
        for s in range(sources):
            rows = []
            for i in range(rng.randint(records // 2, records) if s else records):
                text = list(rng.choice(pool))
                while rng.random() < 0.4:
                    text[rng.randrange(len(text))] = rng.choice(words)
                row = {"text": " ".join(text), "user": rng.randrange(40), "n": i}
                rows.append(json.dumps(row, ensure_ascii=False))
            lines["s%02d.jsonl" % s] = rows
            self.write("s%02d.jsonl" % s, "\n".join(rows) + "\n")
        self.write("ref.jsonl", "".join(json.dumps({"text": " ".join(t)}) + "\n"
                                        for t in pool[:records // 20]))
        return lines

    def run_recipe(self, recipe, lines, *words, out="out"):
        self.write("r.yaml", recipe)
        done = subprocess.run([TAMIS, "run", "r.yaml", "-o", out + "/", "-q", "--overwrite",
                               *words], cwd=self.tmp.name, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return Run(os.path.join(self.tmp.name, out), lines)

    def rows_of(self, run, lines):
        """path -> row; the largest files have their own."""
        def size(path):
            return os.path.getsize(os.path.join(self.tmp.name, path))
        own = sorted(sorted(run.paths, key=lambda p: (-size(p), run.paths.index(p)))[:ROWS],
                     key=run.paths.index)
        return {p: own.index(p) if p in own else len(own) for p in lines}, own

    def check_masses(self, run, name, lines):
        told = run.step(name)["duplicates"]
        pairs, seen = run.repeats(name), run.seen(name)
        found = {p[0] for p in pairs}
        self.assertEqual(told["found"], len(found))
        self.assertEqual(told["characters"], sum(run.chars[r["place"]] for r in seen))
        self.assertEqual(told["characters_found"], sum(run.chars[p] for p in found))
        merged = [p for p in found if run.by_place[p]["step"] == name
                  and run.by_place[p]["fate"] == "merged"]
        self.assertEqual(told["characters_merged"], sum(run.chars[p] for p in merged))
        row, own = self.rows_of(run, lines)
        shown = [s["source"] for s in told["sources"]]
        self.assertEqual(shown, own + [None] * (len(run.paths) > len(own)))
        for i, source in enumerate(told["sources"]):
            mine = [r["place"] for r in seen if row[r["source"]] == i]
            self.assertEqual(source["records"], len(mine))
            self.assertEqual(source["characters"], sum(run.chars[p] for p in mine))
            self.assertEqual(source["found"], sum(p in found for p in mine))
            self.assertEqual(source["characters_found"],
                             sum(run.chars[p] for p in mine if p in found))

    def check_clusters(self, run, name, lines):
        told = run.step(name)["duplicates"]
        row, _ = self.rows_of(run, lines)
        clusters, items = {}, {}
        for place, other, value in run.repeats(name):
            into = clusters if other in run.by_place else items
            into.setdefault(other, []).append((place, value))
        c = told["clusters"]
        self.assertEqual((c["count"], c["records"]),
                         (len(clusters), sum(len(m) for m in clusters.values())))
        self.assertEqual((c["items"], c["item_records"]),
                         (len(items), sum(len(m) for m in items.values())))
        both = {**clusters, **items}
        sizes = collections.Counter(size_bin(len(m) + 1) for m in both.values())
        self.assertEqual([tuple(s) for s in c["sizes"]], sorted(sizes.items()))
        values = collections.Counter(value_bin(v) for m in both.values() for _, v in m
                                     if v is not None)
        self.assertEqual([tuple(v) for v in c["values"]], sorted(values.items()))
        ranked = sorted(both.items(), key=lambda m: (-len(m[1]), m[0]))[:5]
        for one, (first, members) in zip(c["biggest"], ranked):
            known = sorted((v, p) for p, v in members if v is not None)
            self.assertEqual(one["others"], len(members))
            self.assertEqual(one["first"], {"source": run.path(first), "place": first, "path": 0})
            least = known[0][1] if known else min(p for p, _ in members)
            self.assertEqual(one["least"], {"source": run.path(least), "place": least, "path": 0})
            for key, at in (("value", 0), ("second", 1)):
                wanted = round(known[at][0], 6) if len(known) > at else None
                self.assertEqual(one[key], wanted)
        self.assertEqual(len(c["biggest"]), len(ranked))
        shared = [[0] * len(told["sources"]) for _ in told["sources"]]
        for first, members in clusters.items():
            of = [row[run.path(p)] for p in [first] + [m[0] for m in members]]
            for i, a in enumerate(of):
                for b in set(of[:i] + of[i + 1:]):
                    shared[a][b] += 1
        self.assertEqual([s["shared"] for s in told["sources"]], shared)
        at_items = collections.Counter(row[run.path(p)] for m in items.values() for p, _ in m)
        self.assertEqual([s["references"] for s in told["sources"]],
                         [at_items[i] for i in range(len(told["sources"]))])

    def check_sides(self, run, name, side_before):
        """side_before: the side that a record had been given before it fell."""
        told = {(s["route"], s["other"]): (s["kept"], s["fell"])
                for s in run.step(name)["duplicates"]["sides"]}
        clusters = {}
        for place, other, _ in run.repeats(name):
            if other in run.by_place:
                clusters.setdefault(other, []).append(place)
        kept, fell = collections.Counter(), collections.Counter()
        for first, members in clusters.items():
            routes = [run.by_place[p]["route"] for p in [first] + members]
            for i, a in enumerate(routes):
                for b in {r for r in routes[:i] + routes[i + 1:]}:
                    if a and b and a != b:
                        kept[a, b] += 1
            for p in members:
                mine = run.by_place[p]["step"] == name
                a, b = side_before.get(p) if mine else None, run.by_place[first]["route"]
                if a and b and a != b:
                    fell[a, b] += 1
        wanted = {pair: (kept[pair], fell[pair]) for pair in set(kept) | set(fell)}
        self.assertEqual(told, wanted)
        return wanted

    def test_masses_clusters_and_shares(self):
        for seed, sources in ((1, 1), (2, 3), (3, 15)):
            lines = self.make(seed, sources, 240)
            names = ", ".join(lines)
            run = self.run_recipe(f"""
inputs: {{a: s00.jsonl, b: {{path: [{names.replace('s00.jsonl', '').lstrip(', ')}]}}}}
references: {{ref: ref.jsonl}}
steps:
  - dedup.exact: {{by: all, against: [ref]}}
  - dedup.near: {{threshold: 0.5, ngram: 2, keep: [longest, first]}}
""" if sources > 1 else """
inputs: {a: s00.jsonl}
references: {ref: ref.jsonl}
steps:
  - dedup.exact: {by: all}
  - dedup.near: {threshold: 0.6, ngram: 2, link: chain, then: flag, against: [ref]}
""", lines)
            for name in ("dedup.exact", "dedup.near"):
                self.check_masses(run, name, lines)
                self.check_clusters(run, name, lines)
                self.assertGreater(run.step(name)["duplicates"]["found"], 20)
            self.check_exact(run, lines)

    def test_where_nobody_stands_for_others_the_clusters_are_the_same(self):
        lines = self.make(7, 3, 240)
        inputs = "inputs: {a: [s00.jsonl, s01.jsonl, s02.jsonl]}\nsteps:\n"
        for step in ("dedup.exact: {SLOT}", "dedup.near: {threshold: 0.5, ngram: 2, SLOT}",
                     "dedup.near: {threshold: 0.5, ngram: 2, link: chain, SLOT}"):
            for then in ("", ", then: flag"):
                told = []
                for slot in ("keep: max $.absent", "keep: none"):
                    recipe = inputs + "  - " + step.replace("SLOT", slot + then) + "\n"
                    run = self.run_recipe(recipe, lines)
                    told.append(run.manifest["steps"][0]["duplicates"])
                first, none = told
                self.assertEqual(none["clusters"], first["clusters"])
                self.assertEqual([s["shared"] for s in none["sources"]],
                                 [s["shared"] for s in first["sources"]])
                self.assertEqual(none["found"], first["found"] + first["clusters"]["count"])
                self.assertGreater(first["clusters"]["count"], 10)

    def check_exact(self, run, lines):
        """Not from the ledger: texts that were there before, or in the reference."""
        with open(os.path.join(self.tmp.name, "ref.jsonl"), encoding="utf-8") as file:
            known = {json.loads(line)["text"] for line in file}
        if not run.step("dedup.exact")["params"]["against"]:
            known = set()
        found = collections.Counter()
        for path in run.paths:
            for line in lines[path]:
                text = json.loads(line)["text"]
                found[path] += text in known
                known.add(text)
        told = run.step("dedup.exact")["duplicates"]
        self.assertEqual(told["found"], sum(found.values()))
        for source in told["sources"]:
            if source["source"]:
                self.assertEqual(source["found"], found[source["source"]], source["source"])

    def test_what_stands_on_two_sides(self):
        lines = self.make(4, 3, 300)
        inputs = "inputs: {a: [s00.jsonl, s01.jsonl, s02.jsonl]}\n"
        split = "  - split: {into: {eval: 20%, test: 10%}, group: [$.user]}\n"
        flags = ("  - dedup.exact: {then: flag}\n"
                 "  - dedup.near: {threshold: 0.6, ngram: 2, then: flag}\n")
        one = self.run_recipe(inputs + "steps:\n" + flags + split, lines, out="one")
        side = {r["place"]: r["route"] for r in one.ledger}
        for name in ("dedup.exact", "dedup.near"):
            wanted = self.check_sides(one, name, {})
            self.assertGreater(len(wanted), 2)
            self.assertTrue(all(k and not f for k, f in wanted.values()))
        same = collections.Counter()
        by_text = {}
        for r in one.ledger:
            text = json.loads(lines[r["source"]][r["line"] - 1])["text"]
            by_text.setdefault(text, []).append(r["route"])
        for routes in by_text.values():
            for a in routes:
                for b in set(routes) - {a}:
                    same[a, b] += 1
        told = {(s["route"], s["other"]): s["records"] for s in one.step("split")["same"]}
        self.assertEqual(told, same)
        self.assertEqual(told, {pair: kept for pair, (kept, _) in
                                self.check_sides(one, "dedup.exact", {}).items()})
        # Behind the split they fall, and none is left; before it they fell without a side.
        merges = flags.replace(", then: flag", "").replace("{then: flag}", "{}")
        two = self.run_recipe(inputs + "steps:\n" + split + merges, lines, out="two")
        for name in ("dedup.exact", "dedup.near"):
            wanted = self.check_sides(two, name, side)
            self.assertTrue(wanted and all(f and not k for k, f in wanted.values()))
        self.assertEqual(two.step("split")["same"], [])
        three = self.run_recipe(inputs + "steps:\n" + merges + split, lines, out="three")
        for name in ("dedup.exact", "dedup.near"):
            self.assertEqual(three.step(name)["duplicates"]["sides"], [])

    def test_nothing_depends_on_threads_memory_or_the_ledger(self):
        lines = self.make(5, 14, 200)
        recipe = ("inputs: {a: 's*.jsonl'}\nsteps:\n  - dedup.exact: {then: flag}\n"
                  "  - split: {eval: 20%, group: [$.user]}\n"
                  "  - dedup.near: {threshold: 0.6, ngram: 2}\noutput: {ledger: LEDGER}\n")
        told = []
        for words in (["--threads", "1"], ["--threads", "3", "--memory", "100MiB"]):
            run = self.run_recipe(recipe.replace("LEDGER", "signals"), lines, *words)
            told.append(run.manifest["steps"])
        self.assertEqual(told[0], told[1])
        self.write("r.yaml", recipe.replace("LEDGER", "none"))
        done = subprocess.run([TAMIS, "run", "r.yaml", "-o", "none/", "--json"],
                              cwd=self.tmp.name, capture_output=True, text=True, check=True)
        steps = json.loads(done.stdout)["steps"]
        self.assertIsNone(steps[1]["same"])
        for step, other in zip(steps, told[0]):
            if "duplicates" in step:
                self.assertIsNone(step["duplicates"].pop("sides"))
                other["duplicates"].pop("sides")
                self.assertEqual(step["duplicates"], other["duplicates"])

    def test_clusters_that_do_not_fit_into_memory_are_the_same(self):
        rng = random.Random(9)
        rows = ['{"text":"record %d","user":%d}' % (rng.randrange(20000), rng.randrange(997))
                for _ in range(60000)]
        self.write("big.jsonl", "\n".join(rows) + "\n")
        recipe = ("inputs: {a: big.jsonl}\nsteps:\n  - dedup.exact: {then: flag}\n"
                  "  - split: {eval: 10%, group: [$.user]}\n")
        told = []
        for memory in ("1GiB", "60MiB"):
            run = self.run_recipe(recipe, {"big.jsonl": rows}, "--memory", memory)
            told.append(run.manifest["steps"])
        with open(os.path.join(self.tmp.name, "out/run.json"), encoding="utf-8") as file:
            self.assertGreater(json.load(file)["spilled_bytes"], 1 << 20)
        self.assertEqual(told[0], told[1])
        counts = collections.Counter(json.loads(row)["text"] for row in rows)
        clusters = told[1][0]["duplicates"]["clusters"]
        self.assertEqual(clusters["count"], sum(n > 1 for n in counts.values()))
        self.assertEqual(clusters["biggest"][0]["others"], max(counts.values()) - 1)

    def test_a_thousand_sources_have_thirteen_rows(self):
        text = '{"text":"the very same words in every one"}\n'
        os.mkdir(os.path.join(self.tmp.name, "many"))
        for i in range(1000):
            self.write("many/%04d.jsonl" % i, text * (2 if i == 700 else 1))
        self.write("r.yaml", "inputs: {a: 'many/*.jsonl'}\nsteps: [dedup.exact]\n")
        done = subprocess.run([TAMIS, "run", "r.yaml", "-o", "out/", "-q"], cwd=self.tmp.name,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(self.tmp.name, "out/manifest.json"), encoding="utf-8") as file:
            told = json.load(file)["steps"][0]["duplicates"]
        rows = told["sources"]
        self.assertEqual([r["source"] for r in rows],
                         ["many/%04d.jsonl" % i for i in range(11)] + ["many/0700.jsonl", None])
        self.assertEqual([r["records"] for r in rows], [1] * 11 + [2, 988])
        self.assertEqual([r["found"] for r in rows], [0] + [1] * 10 + [2, 988])
        self.assertEqual(rows[0]["shared"], [0] + [1] * 12)
        self.assertEqual(rows[11]["shared"], [2] * 13)
        self.assertEqual(rows[12]["shared"], [988] * 13)
        self.assertEqual(told["clusters"]["sizes"], [[768, 1]])


if __name__ == "__main__":
    unittest.main()
