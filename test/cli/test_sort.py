"""sort: orders against Python's own sorting, which is stable too; and two orders in a row."""

import datetime
import functools
import json
import os
import random
import sys
import unittest
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import LawCase  # noqa: E402

UNKNOWN = object()


def known(value):
    return isinstance(value, (bool, Decimal, str, datetime.datetime))


def compare(a, b, descending=False):
    """-1, 0, 1: numbers before dates before texts before truths before unknown, whichever way."""
    if not known(a) or not known(b):
        return known(b) - known(a)
    classes = (Decimal, datetime.datetime, str, bool)
    one, two = (next(i for i, c in enumerate(classes) if isinstance(v, c)) for v in (a, b))
    if one == two and one == 2:
        a, b = a.encode(), b.encode()
    if one != two:
        return (one > two) - (one < two)
    order = (a > b) - (a < b)
    return -order if descending else order


def ordered(rows, *keys):
    """keys: (function of a row, descending). Python's sort keeps equals in their order, too."""
    def by_all(a, b):
        for key, descending in keys:
            order = compare(key(a), key(b), descending)
            if order:
                return order
        return 0
    return sorted(rows, key=functools.cmp_to_key(by_all))


def field(name):
    return lambda row: row.get(name, UNKNOWN)


def date(row):
    try:
        return datetime.datetime.fromisoformat(row["day"]).replace(tzinfo=datetime.timezone.utc)
    except (KeyError, TypeError, ValueError):
        return UNKNOWN


def words(row):
    return Decimal(len(row["text"].split()))


def any_value(rng):
    return rng.choice([
        None, True, False, [1], {"a": 1}, Decimal(rng.randrange(-50, 50)),
        Decimal(rng.randrange(-500, 500)) / 8, Decimal(2) ** 53 + rng.randrange(4),
        -Decimal(10) ** 20 - rng.randrange(4), "", "B", "a", "aé", "a\x00b", "ab", "中", "𝒳",
        str(rng.randrange(100))])


def make(count, seed=9):
    rng = random.Random(seed)
    rows = []
    for i in range(count):
        row = {"text": " ".join(rng.choice(["aa", "b", "ccc", "ü"])
                                for _ in range(rng.randrange(1, 30))), "at": i}
        if rng.random() < 0.9:
            row["value"] = any_value(rng)
        if rng.random() < 0.9:
            row["level"] = Decimal(rng.randrange(4))
        row["day"] = rng.choice([f"2026-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
                                 "soon", None])
        rows.append(row)
    return rows


def line(row):
    """JSON, a decimal as it is written."""
    plain = json.dumps({k: f"\x01{v}\x01" if isinstance(v, Decimal) else v for k, v in row.items()})
    return plain.replace('"\\u0001', "").replace('\\u0001"', "") + "\n"


class Sort(LawCase):
    def places(self, data):
        return [json.loads(text)["at"] for text in data.splitlines()]

    def run_steps(self, rows, *steps, more=(), name="sorted"):
        cut = len(rows) // 3
        inputs = [self.write(f"{name}-{i}.jsonl", "".join(map(line, part)))
                  for i, part in enumerate((rows[:cut], rows[cut:]))]
        recipe = {"inputs": inputs, "steps": list(steps), "output": {"format": "jsonl"}}
        path = self.write(name + ".json", json.dumps(recipe))
        return self.places(self.data(self.run_folder(name, "run", path, *more)))

    def check(self, rows, by, *keys):
        want = [row["at"] for row in ordered(rows, *keys)]
        self.assertEqual(self.run_steps(rows, {"sort": {"by": by}}, name=f"o{hash(str(by))}"), want)

    def test_values_of_any_type_both_ways(self):
        rows = make(1500)
        self.check(rows, ["$.value"], (field("value"), False))
        self.check(rows, ["min $.value"], (field("value"), False))
        self.check(rows, ["max $.value"], (field("value"), True))

    def test_several_items_the_first_difference_decides(self):
        rows = make(1500)
        self.check(rows, ["$.level", "max words(all)"], (field("level"), False), (words, True))
        self.check(rows, ["max $.level", "min(words(all), 5)", "$.value"], (field("level"), True),
                   (lambda row: min(words(row), Decimal(5)), False), (field("value"), False))
        self.check(rows, ["newest date($.day)", "source_order"], (date, True))
        self.check(rows, ["date($.day)", "longest"], (date, False),
                   (lambda row: Decimal(len(row["text"])), True))
        self.check(rows, ["-words(all)", "shortest"], (words, True),
                   (lambda row: Decimal(len(row["text"])), False))

    def test_texts_by_bytes_however_long(self):
        rng = random.Random(2)
        head = "x" * 3000
        rows = [{"text": head[:rng.choice([10, 3000])] + rng.choice("aéz中"), "at": i}
                for i in range(400)]
        want = [r["at"] for r in sorted(rows, key=lambda r: r["text"].encode())]
        self.assertEqual(self.run_steps(rows, {"sort": {"by": "all"}}), want)

    def test_spilled_is_as_in_memory(self):
        rng = random.Random(6)
        rows = [{"text": "%040x" % rng.getrandbits(160), "level": rng.randrange(4), "at": i}
                for i in range(60000)]
        got = self.run_steps(rows, {"sort": {"by": ["$.level", "all"]}},
                             more=["--memory", "66MiB", "--threads", "1"])
        want = sorted(rows, key=lambda row: (row["level"], row["text"].encode()))
        self.assertEqual(got, [row["at"] for row in want])
        with open(self.path("sorted", "run.json"), encoding="utf-8") as file:
            self.assertGreater(json.load(file)["spilled_bytes"], 100000)

    def test_the_order_before_it_holds_among_equals(self):
        rows = make(900)
        mixed = self.run_steps(rows, "shuffle", name="mixed")
        sources = self.run_steps(rows, "shuffle", {"sort": {"by": "source_order"}}, name="sources")
        self.assertEqual(sources, sorted(mixed, key=lambda at: at >= len(rows) // 3))
        both = self.run_steps(rows, "shuffle", {"sort": {"by": "$.level"}}, name="both")
        self.assertNotEqual(mixed, sorted(mixed))
        self.assertEqual(both, [r["at"] for r in ordered([rows[i] for i in mixed],
                                                         (field("level"), False))])
        twice = self.run_steps(rows, {"sort": {"by": "max words(all)"}},
                               {"sort": {"by": "$.level", "name": "second"}}, name="twice")
        self.assertEqual(twice, [r["at"] for r in ordered(rows, (field("level"), False),
                                                          (words, True))])
        lost = self.run_steps(rows, {"sort": {"by": "$.level"}}, "shuffle", name="lost")
        self.assertEqual(lost, mixed)

    def test_a_lost_order_is_remarked_a_kept_one_is_not(self):
        path = self.write("few.jsonl", '{"text":"a"}\n')
        for steps, said in ((["shuffle", {"sort": {"by": "all"}}], False),
                            ([{"sort": {"by": "all"}}, "shuffle"], True)):
            recipe = self.write("few.json", json.dumps({"inputs": path, "steps": steps}))
            done = self.tamis("run", recipe, "--dry-run")
            self.assertEqual(b"T3106" in done.stderr + done.stdout, said, steps)

    def test_fallen_records_and_routes(self):
        rows = make(600)
        kept = [row for row in rows if words(row) >= 10]
        path = self.write("routes.jsonl", "".join(map(line, rows)))
        recipe = {"inputs": path, "output": {"format": "jsonl"},
                  "steps": [{"filter": {"keep": "words(all) >= 10"}}, {"split": {"eval": "30%"}},
                            {"sort": {"by": "max $.level"}}]}
        folder = self.run_folder("routes", "run", self.write("routes.json", json.dumps(recipe)))
        order = [row["at"] for row in ordered(kept, (field("level"), True))]
        seen = []
        for side in ("train", "eval"):
            got = self.places(self.decode(os.path.join(folder, f"{side}-00000.jsonl")))
            self.assertEqual(got, [at for at in order if at in set(got)])
            seen += got
        self.assertEqual(sorted(seen), sorted(order))

    def test_any_json_will_do(self):
        path = self.write("any.jsonl", '{"a":{"b":2}}\n{"a":{"b":1}}\n[3]\n')
        done = self.tamis("sort", path, "--by", "$.a.b", "-o", "-", "--quiet", expect=None)
        self.assertEqual(done.stdout, b'{"a":{"b":1}}\n{"a":{"b":2}}\n[3]\n')

    def test_expressions_on_the_command_line_may_hold_commas(self):
        path = self.write("commas.jsonl", '{"t":"a,b"}\n{"t":"c"}\n{"t":"b"}\n')
        by = "max coalesce($.t = 'a,b', false), $.t"
        words = ["sort", path, "--by", by, "-o", "-", "--quiet"]
        self.assertEqual(self.tamis(*words).stdout, b'{"t":"a,b"}\n{"t":"b"}\n{"t":"c"}\n')
        words[3:4] = ["coalesce($.t in ('b', 'x'), false)", "--by", "max $.t"]
        self.assertEqual(self.tamis(*words).stdout, b'{"t":"c"}\n{"t":"a,b"}\n{"t":"b"}\n')

    def test_what_is_wrong_is_said_with_its_place(self):
        path = self.write("few.jsonl", '{"text":"a"}\n')
        for step, said in (({"sort": {"by": ["wrds(all)"]}}, b"did you mean words?"),
                           ({"sort": {"by": ["max length.words"]}}, b"later step makes"),
                           ({"sort": {"by": []}}, b"what to sort by"),
                           ({"sort": {"by": ["$.a"] * 17}}, b"16 items")):
            steps = [step, "length"]
            recipe = self.write("bad.json", json.dumps({"inputs": path, "steps": steps}))
            done = self.tamis("run", recipe, expect=2)
            self.assertIn(said, done.stderr)
            self.assertIn(b"bad.json:1:", done.stderr)


if __name__ == "__main__":
    unittest.main()
