"""What is said of a recipe by what the sampled records have: selectors that name no text of them
(T3113), fields that none of them has (T3114), fields that a bare word does not name (T3115). Also
what is not said: nobody is warned of what is there, may be there, or is made by an earlier step.

Covers flow/seen.c, plan/lint_sample.c, plan/lint_fields.c, the remarks in report/page.c."""

import html
import itertools
import json
import os
import subprocess
import tempfile
import unittest

TAMIS = os.path.abspath(os.environ.get("TAMIS", "build/release/tamis"))

CORPUS = [{"text": f"document {i}", "score": i % 7, "meta": {"lang": "en"}} for i in range(600)]
PAIRS = [{"prompt": f"question {i}", "chosen": "yes", "rejected": "no"} for i in range(9)]


def chat(*texts):
    roles = itertools.cycle(("user", "assistant"))
    return {"messages": [{"role": r, "content": t} for r, t in zip(roles, texts)]}


class Remarks(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(self.tmp.cleanup)

    def write(self, name, rows):
        path = os.path.join(self.tmp.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        return path

    def run_it(self, rows, *words, reference=None, pipe=False):
        path = self.write("in.jsonl", rows)
        names = {"IN": "-" if pipe else path}
        if reference:
            names["REF"] = self.write("ref.jsonl", reference)
        command = [TAMIS, *(names.get(word, word) for word in words), "-o",
                   tempfile.mkdtemp(dir=self.tmp.name) + "/" if words[0] == "split" else "-"]
        with open(path, encoding="utf-8") as file:
            return subprocess.run(command, stdin=file if pipe else subprocess.DEVNULL,
                                  capture_output=True, text=True)

    def told(self, rows, *words, **more):
        """The remarks of a run, whose output is whatever it would be without them."""
        done = self.run_it(rows, *words, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [line for line in done.stderr.splitlines() if "warning: " in line and "(T3" in line]

    def said(self, code, part, rows, *words, **more):
        told = self.told(rows, *words, **more)
        self.assertEqual(len(told), 1, told)
        self.assertIn(part, told[0])
        self.assertIn(f"({code})", told[0])

    def test_a_selector_that_names_no_text(self):
        none = "none of the 600 records that were looked at has "
        self.said("T3113", none + "a text that by: chosen names; they have texts of document",
                  CORPUS, "dedup.near", "IN", "--by", "chosen")
        self.said("T3113", none + "a text that by: tool, call names", CORPUS, "dedup.exact", "IN",
                  "--by", "tool,call")
        self.said("T3113", "by: reasoning", CORPUS, "index", "IN", "--by", "reasoning")
        self.said("T3113", "on: tool", CORPUS, "decontaminate", "IN", "--against", "REF", "--on",
                  "tool", reference=PAIRS)
        self.said("T3113", "by: chosen", CORPUS, "dedup.near", "IN", "--by", "chosen", pipe=True)

    def test_a_selector_that_names_no_text_of_references(self):
        words = ("decontaminate", "IN", "--against", "REF", "--items")
        self.said("T3113", "none of the 600 records of references that were looked at has a text "
                  "that items: rejected names", PAIRS, *words, "rejected", reference=CORPUS)
        self.assertEqual(self.told(CORPUS, *words, "rejected", reference=PAIRS), [])

    def test_what_fits_no_layout_is_told_as_that_alone(self):
        odd = [{"question": f"q {i}", "answer": "a"} for i in range(9)]
        done = self.run_it(odd, "dedup.exact", "IN", "--by", "all")
        self.assertEqual(done.returncode, 3)
        self.assertIn("(T1020)", done.stderr)
        self.assertNotIn("warning: ", done.stderr)
        for reference in (odd, CORPUS + odd):
            done = self.run_it(PAIRS, "decontaminate", "IN", "--against", "REF", "--items", "tool",
                               reference=reference)
            self.assertEqual(done.returncode, 3)
            self.assertIn("(T1020)", done.stderr)
            self.assertNotIn("warning: ", done.stderr)
        done = self.run_it(CORPUS + odd, "dedup.exact", "IN", "--by", "tool")
        self.assertIn("none of the 609 records that were looked at has a text that by: tool",
                      done.stderr)

    def test_more_messages_than_there_are(self):
        rows = [chat("a", "b"), chat("c", "d", "e"), {"text": "f"}]
        for words, most in (((), 3), (("--by", "user"), 2), (("--by", "assistant"), 1)):
            for turn in (1, -1):
                for op in ("dedup.near", "dedup.exact"):
                    given = (op, "IN", *words, "--turn")
                    self.assertEqual(self.told(rows, *given, str(turn * most)), [])
                    self.said("T3113", f"has {most + 1} messages with a text", rows, *given,
                              str(turn * (most + 1)))

    def test_what_one_record_has_is_no_reason_for_a_remark(self):
        rows = CORPUS + PAIRS[:1]
        for by in ("chosen", "rejected", "prompt", "document", "all", "tool,chosen"):
            self.assertEqual(self.told(rows, "dedup.near", "IN", "--by", by), [])
        self.assertEqual(self.told(CORPUS, "dedup.exact", "IN", "--by", "everything"), [])
        empty = [{"prompt": "a", "completion": ""}, {"prompt": "b", "completion": " "}]
        self.assertEqual(self.told(empty, "dedup.exact", "IN", "--by", "response"), [])
        self.said("T3113", "by: response", empty[:1], "dedup.exact", "IN", "--by", "response")

    def test_a_field_that_no_record_has(self):
        for words, part in (
                (("sample", "IN", "--count", "9", "--stratify", "$.scor"),
                 "field $.scor; did you mean $.score?"),
                (("split", "IN", "--eval", "2%", "--stratify", "$.scor"), "stratify of \"split\""),
                (("dedup.exact", "IN", "--within", "$.nosuch"), "within of \"dedup.exact\""),
                (("dedup.near", "IN", "--keep", "max $.scroe,longest"), "did you mean $.score?"),
                (("sort", "IN", "--by", "$.metta.lang"), "field $.metta; did you mean $.meta?")):
            self.said("T3114", part, CORPUS, *words)

    def test_fields_that_are_or_may_be_there(self):
        rows = CORPUS + [{"text": "late", "rare": 1}]
        for words in (("sort", "IN", "--by", "$.rare"),
                      ("sort", "IN", "--by", "coalesce($.nosuch, $.score)"),
                      ("dedup.exact", "IN", "--within", "has($.nosuch)"),
                      ("dedup.exact", "IN", "--within", "$.nosuch is null"),
                      ("dedup.exact", "IN", "--within", "$.label,$.answer,$.class"),
                      ("filter", "IN", "--keep", "$.nosuch is null")):
            self.assertEqual(self.told(rows, *words), [], words)
        self.said("T3114", "$.scorre; did you mean $.score?", rows, "dedup.exact", "IN",
                  "--within", "$.label,$.answer,$.scorre")
        self.assertEqual(self.told(CORPUS, "refine", "IN"), [])

    def test_a_field_within_a_field(self):
        for words, part in (
                (("split", "IN", "--eval", "9%", "--group", "$.meta.lng"),
                 "has a field $.meta.lng; did you mean $.meta.lang?"),
                (("sample", "IN", "--count", "9", "--stratify", "$.meta.lng"), "$.meta.lang?"),
                (("sort", "IN", "--by", "$.meta.nobody"), "has a field $.meta.nobody (T3114)"),
                (("sort", "IN", "--by", "$.score.high"), "has a field $.score.high (T3114)"),
                (("sort", "IN", "--by", "$.mta.lng,$.mta.lang"), "$.mta; did you mean $.meta?"),
                (("filter", "IN", "--drop", "$.meta.lng = 'x'"), "did you mean $.meta.lang?"),
                (("tag", "IN", "--remove", "meta.lng"), "did you mean $.meta.lang?")):
            self.said("T3114", part, CORPUS, *words)
        for words in (("sort", "IN", "--by", "$.meta.lang"),
                      ("sort", "IN", "--by", "$.meta.lang.deep"),
                      ("sort", "IN", "--by", "coalesce($.meta.lng, 1)"),
                      ("tag", "IN", "--remove", "meta.nosuch")):
            self.assertEqual(self.told(CORPUS, *words), [], words)
        late = CORPUS + [{"text": "late", "meta": {"rare": 1}, "score": {"x": 1}}]
        for path in ("$.meta.rare", "$.score.x"):
            self.assertEqual(self.told(late, "sort", "IN", "--by", path), [])

    def test_what_is_within_a_field_may_not_be_known(self):
        wide = [{"text": f"a{i}", "meta": {f"k{i}": 1}, "other": {"b": i}} for i in range(300)]
        self.assertEqual(self.told(wide, "sort", "IN", "--by", "$.meta.nosuch"), [])
        self.said("T3114", "$.meta.nosuch", wide[:200], "sort", "IN", "--by", "$.meta.nosuch")
        self.said("T3114", "$.other.nosuch", wide, "sort", "IN", "--by", "$.other.nosuch")
        self.said("T3114", "$.mta; did you mean $.meta?", wide, "sort", "IN", "--by", "$.mta.k1")
        for text in ('{"lang": "en"}', ' \n{"lang": "en"}', json.dumps('{"lang": "en"}')):
            rows = [{"text": "a", "meta": text}, {"text": "b", "meta": text}]
            for inner in ("lang", "lng"):
                self.assertEqual(self.told(rows, "sort", "IN", "--by", f"$.meta.{inner}"), [])
        odd = [{"text": "a", "\0": {"a\0b": 1, "": 2, "lang": 3}, "": {"lang": 1}, "m": {"y": 1}}]
        self.assertEqual(self.told(odd, "sort", "IN", "--by", '$[""].lang'), [])
        self.said("T3114", "$.m.lang", odd, "sort", "IN", "--by", "$.m.lang")

    def test_a_field_of_a_condition_or_a_tag(self):
        for words, part in (
                (("filter", "IN", "--keep", "$.nosuch = 1"), 'keep of "filter": none of the 600'),
                (("filter", "IN", "--keep", "$.scor > 1"), "$.scor; did you mean $.score?"),
                (("filter", "IN", "--drop", "$.scor > 1"), "$.scor; did you mean $.score?"),
                (("filter", "IN", "--park", "words(document) > 3 or $.scor > 1"), 'park of'),
                (("tag", "IN", "--set", "x== $.scor + 1"), 'set of "tag"'),
                (("tag", "IN", "--remove", "$.scor"), "$.scor; did you mean $.score?"),
                (("tag", "IN", "--remove", "mta.lang"), 'remove of "tag"')):
            self.said("T3114", part, CORPUS, *words)
        told = self.told(CORPUS, "filter", "IN", "--keep", "$.a = 1 or $.b = 1")
        self.assertEqual(len(told), 2, told)
        for words in (("filter", "IN", "--drop", "$.nosuch = 1"),
                      ("filter", "IN", "--park", "$.nosuch = 1"),
                      ("filter", "IN", "--keep", "coalesce($.nosuch, 1) = 1"),
                      ("filter", "IN", "--keep", "$.score > 1"),
                      ("tag", "IN", "--set", "x== $.nosuch + 1"),
                      ("tag", "IN", "--set", "scor=1"),
                      ("tag", "IN", "--set", "scor=1", "--set", "x== $.scor"),
                      ("tag", "IN", "--remove", "nosuch"),
                      ("tag", "IN", "--remove", "meta.lang")):
            self.assertEqual(self.told(CORPUS, *words), [], words)

    def test_fields_that_tags_or_steps_set(self):
        path = self.write("in.jsonl", CORPUS)
        for steps, tags, warned in (
                ("[{sort: {by: $.part}}]", "", True),
                ("[{sort: {by: $.part}}]", ", tags: {part: a}", False),
                ("[{sort: {by: $.part}}]", ", tags: {part.of: a}", False),
                ("[{sort: {by: $.part}}]", ", tags: {parts: a}", True),
                ("[{sort: {by: $.meta.part}}]", "", True),
                ("[{sort: {by: $.meta.part}}]", ", tags: {meta.part: a}", False),
                ("[{sort: {by: $.meta.part}}]", ", tags: {$.meta.parts: a}", True),
                ("[{sort: {by: $.new.part}}]", ", tags: {new.other: a}", True),
                ("[{tag: {set: {'meta[\"part\"]': a}}}, {sort: {by: $.meta.part}}]", "", False),
                ("[{tag: {set: {'$[\"a b\"]': a}}}, {sort: {by: '$[\"a b\"]'}}]", "", False),
                ("[{tag: {set: {part: a}}}, {sort: {by: $.part}}]", "", False),
                ("[{sort: {by: $.part}}, {tag: {set: {part: a}}}]", "", True),
                ("[{tag: {set: {part: a}}}, {filter: {keep: $.part = 'a'}}]", "", False),
                ("[{filter: {keep: $.part is null or $.part = 1}}]", "", False),
                ("[{filter: {keep: $.scor is null or $.scor = 1}}]", "", True)):
            recipe = self.write("r.yaml", [])
            with open(recipe, "w", encoding="utf-8") as file:
                file.write("inputs: {a: {path: %s%s}}\nsteps: %s\n" % (path, tags, steps))
            done = subprocess.run([TAMIS, "run", recipe, "-o", "-"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("T3114" in done.stderr, warned, (steps, tags, done.stderr))

    def test_a_bare_word_that_is_a_field_as_well(self):
        rows = [{**chat("a", f"b {i}"), "user": i % 5, "kind": "x", "label": i} for i in range(60)]
        for words, part in (
                (("split", "IN", "--eval", "10%", "--group", "user"),
                 'group of "split": "user" is the text of user messages; the field of that name is '
                 '$.user'),
                (("sample", "IN", "--count", "9", "--stratify", "kind"),
                 '"kind" is the kind of example that the record is; the field'),
                (("dedup.exact", "IN", "--by", "all", "--within", "label"),
                 '"label" is the label or score of the record; the field of that name is $.label'),
                (("sort", "IN", "--by", "max user"), 'by of "sort"'),
                (("dedup.exact", "IN", "--by", "assistant", "--keep", "min user,first"),
                 'keep of "dedup.exact"')):
            self.said("T3115", part, rows, *words)
        for words in (("split", "IN", "--eval", "10%", "--group", "$.user"),
                      ("split", "IN", "--eval", "10%", "--group", "text(user)"),
                      ("split", "IN", "--eval", "10%", "--group", "assistant"),
                      ("sort", "IN", "--by", "words(user)"),
                      ("filter", "IN", "--keep", "words(user) > 0")):
            self.assertEqual(self.told(rows, *words), [], words)

    def test_a_bare_word_whose_field_holds_those_texts(self):
        labels = [{"prompt": f"q {i}", "completion": "a", "label": i % 2 == 0} for i in range(9)]
        for rows, words in ((PAIRS, ("--group", "prompt", "--stratify", "chosen")),
                            (labels, ("--stratify", "label")),
                            (CORPUS, ("--stratify", "layout")),
                            ([{"system": "s", **chat("a", "b")}] * 9, ("--group", "system"))):
            self.assertEqual(self.told(rows, "split", "IN", "--eval", "10%", *words), [], words)
        mapped = [{"user": f"q {i}", "prompt": "p", "bot": "a"} for i in range(9)]
        words = ("split", "IN", "--map", "prompt=user", "--map", "answer=bot", "--eval", "20%")
        self.assertEqual(self.told(mapped, *words, "--group", "user"), [])
        self.said("T3115", "$.prompt", mapped, *words, "--group", "prompt")

    def test_a_path_of_a_map_that_leads_nowhere(self):
        talk = [{"role": "user", "content": "a"}]
        rows = [{"request": {"messages": talk, "body": '{"texts": "t"}'}, "a b": {"c": "d"},
                 "response": {"choices": [{"message": {"role": "assistant", "content": f"b{i}"}}]}}
                for i in range(9)]
        answer = "answer=response.choices[0].message"
        for maps, end in (
                (("messages=request.mesages",), "; did you mean request.messages? (T3112)"),
                (("messages=$.requst.messages",), "; did you mean request.messages? (T3112)"),
                (("messages=requst.mesages",), "; did you mean request.messages? (T3112)"),
                (("messages=requst.nosuch",), "; did you mean request? (T3112)"),
                (("messages=request.nosuch",), "in any of the first 9 records (T3112)"),
                (("messages=nosuch.nowhere",), "in any of the first 9 records (T3112)"),
                (("prompt=request.body.text",), "in any of the first 9 records (T3112)"),
                (("prompt=request.bdy.texts",), "; did you mean request.body.texts? (T3112)"),
                (("prompt=a_b.c",), '; did you mean ["a b"].c? (T3112)')):
            words = itertools.chain.from_iterable(("--map", pair) for pair in (*maps, answer))
            told = self.told(rows, "length", "IN", *words)
            self.assertEqual(len(told), 1, told)
            self.assertTrue(told[0].endswith(end), told[0])
        self.said("T3112", "; did you mean request.messages, response.choices[0].message?", rows,
                  "length", "IN", "--map", "messages=request.mesages", "--map",
                  "answer=response.choises[0].message", "--map", "prompt=request.body.texts")

    def test_records_with_very_many_keys_say_nothing(self):
        rows = [{"text": f"a{i}", f"key{i}": 1} for i in range(300)]
        self.assertEqual(self.told(rows, "sort", "IN", "--by", "$.nosuch"), [])
        self.said("T3114", "$.nosuch", rows[:200], "sort", "IN", "--by", "$.nosuch")

    def test_remarks_stand_in_the_manifest_and_the_report(self):
        path, folder = self.write("in.jsonl", CORPUS), os.path.join(self.tmp.name, "out")
        subprocess.run([TAMIS, "dedup.near", path, "--by", "chosen", "-o", folder + "/"],
                       capture_output=True, check=True)
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            lint = json.load(file)["plan"]["lint"]
        self.assertEqual([remark["code"] for remark in lint], ["T3113"])
        with open(os.path.join(folder, "report.html"), encoding="utf-8") as file:
            self.assertIn(lint[0]["sentence"], html.unescape(file.read()))


if __name__ == "__main__":
    unittest.main()
