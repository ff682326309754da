"""dedup.near with within: only records whose fields are equal are compared. Held against the oracle
of nearkit.py, which compares every pair, and against runs over each part by itself.

Covers op/dedup/within.c, and of near.c what is apart; also what takes no within: and no prefix:."""

import os
import random
import unittest

import nearkit as near
from dedupkit import DedupCase, lines

LANGS = ["en", "de", 1, "1", True, None, "absent", 1.5]


class Apart(near.Oracle):
    def __init__(self, apart, *given, **more):
        self.apart = apart
        super().__init__(*given, **more)

    def near(self, a, b):
        return super().near(a, b) if self.apart[a] == self.apart[b] else 0.0


def labelled(chance, count):
    """Families of similar texts of which a part has other fields; two in eight say nothing."""
    langs = chance.sample(LANGS, chance.randrange(2, len(LANGS)))
    out = []
    for record in near.made(chance, count):
        lang = chance.choice(langs)
        if lang != "absent":
            record["lang"] = lang
        record["meta"] = {"part": chance.randrange(2)}
        out.append(record)
    return out


def lang_of(record):
    lang = record.get("lang")
    return (type(lang).__name__ if not isinstance(lang, float) else "int", lang)


FIELDS = {
    "$.lang": lang_of,
    "$.meta.part": lambda r: r["meta"]["part"],
    "$.lang,$.meta.part": lambda r: (lang_of(r), r["meta"]["part"]),
}


class Within(DedupCase):
    def check(self, inputs, references, fields, order, **settings):
        records, sources, ranks = near.ranked(inputs, references,
                                              settings.get("across", "all"))
        oracle = Apart([FIELDS[fields](r) for r in records], [r["text"] for r in records], ranks,
                       [0 if not n else near.ORDERS[order](r, n)
                        for r, n in zip(records, sources)], **settings)
        more = ["--keep", order, "--within", fields, *near.SURE]
        for key, value in settings.items():
            more += ["--" + key, str(value)]
        folder = self.merge("dedup.near", inputs, *more, references=references)
        stay = [r["id"] for n, r in enumerate(records)
                if n >= len(references) and n not in oracle.merged]
        self.assertEqual(self.ids(folder), stay)
        return len(oracle.merged)

    def settings(self, chance):
        return {"threshold": chance.choice((0.5, 0.7, 0.8, 1.0)), "ngram": chance.choice((1, 3, 5)),
                "link": chance.choice(("representative", "chain"))}

    def test_one_input(self):
        chance, total = random.Random(11), 0
        for trial in range(30):
            order, fields = chance.choice(list(near.ORDERS)), chance.choice(list(FIELDS))
            settings = self.settings(chance)
            with self.subTest(trial=trial, order=order, fields=fields, **settings):
                total += self.check([labelled(chance, 120)], [], fields, order, **settings)
        self.assertGreater(total, 300)  # the data are a test

    def test_across_inputs_and_against_a_reference(self):
        chance, total = random.Random(12), 0
        for trial in range(20):
            records = labelled(chance, 120)
            parts = [records[:50], records[50:90], records[90:]]
            settings = self.settings(chance)
            settings["across"] = chance.choice(("all", "inputs", "none"))
            references = []
            if settings["across"] != "inputs":
                references, parts = parts[0], [parts[1] + parts[2]]
            fields = chance.choice(("$.lang", "$.meta.part"))
            with self.subTest(trial=trial, fields=fields, **settings):
                total += self.check(parts, references, fields, "max $.score", **settings)
        self.assertGreater(total, 100)

    def test_it_is_a_run_over_each_part(self):
        """Also of what other tools do, whose sketches are not compared."""
        chance = random.Random(13)
        records = labelled(chance, 600)
        for sketch in ("fast", "classic", "datasketch", "datatrove", "text-dedup-spark"):
            more = ["--sketch", sketch, "--ngram", "2"]
            parts = [[r for r in records if r["meta"]["part"] == part] for part in (0, 1)]
            alone = [self.ids(self.merge("dedup.near", [part], *more)) for part in parts]
            kept = self.ids(self.merge("dedup.near", [records], *more, "--within", "$.meta.part"))
            self.assertEqual(kept, sorted(sum(alone, [])))
            together = self.ids(self.merge("dedup.near", [records], *more))
            self.assertLess(len(together), len(kept))

    def test_kinds_labels_and_signals(self):
        rows = [{"prompt": "two and two?", "completion": "four", "label": yes}
                for yes in (True, False, True)]
        folder = self.merge("dedup.near", [rows], "--within", "label")
        self.assertEqual(self.kept(folder), rows[:2])
        path = self.write("in.jsonl", lines([{"text": t} for t in ("No", "no!", "NO", "no?")]))
        for fields, kept in (("length.chars", 2), ("kind", 1)):
            recipe = self.write("r.yaml", "inputs: {a: {path: %s}}\nsteps: [length, "
                                "{dedup.near: {within: [%s]}}]\n" % (path, fields))
            done = self.tamis("run", recipe, "-q", "-o", "-")
            self.assertEqual(len(done.stdout.splitlines()), kept, fields)

    def test_what_references_do_not_have_is_refused(self):
        path = self.write("in.jsonl", lines([{"text": "No", "lang": "en"}]))
        index = os.path.join(self.folder, "in.index.jsonl")
        self.tamis("index", path, "-q", "-o", index, "--overwrite")
        new = self.write("new.jsonl", lines([{"text": "no", "lang": "en"}]))
        done = self.tamis("dedup.near", new, "--against", index, "--within", "$.lang", "-q", "-o",
                          "-", expect=2)
        self.assertIn("within: asks for fields, which an index does not hold", done.stderr.decode())
        recipe = self.write("r.yaml", "inputs: {a: {path: %s}}\nreferences: {old: {path: %s}}\n"
                            "steps: [length, {dedup.near: {against: [old], within: [length.words]"
                            "}}]\n" % (new, path))
        done = self.tamis("run", recipe, "-q", "-o", "-", expect=2)
        self.assertIn("within: names the signal length.words", done.stderr.decode())

    def test_prefix_is_for_exact_duplicates(self):
        path = self.write("in.jsonl", lines([{"text": "No"}]))
        recipe = self.write("r.yaml", "inputs: {a: {path: %s}}\nsteps: [{dedup.near: {prefix: true"
                            "}}]\n" % path)
        for words in (("dedup.near", path, "--prefix"), ("run", recipe)):
            done = self.tamis(*words, "-q", "-o", "-", expect=2)
            self.assertIn("takes no prefix: logs of one conversation", done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
