"""check.record through `tamis check`: what each record is said to be, against expectations written
by hand from the rules of the formats (V1 to V15), and against a small model in Python. What calls
of functions need is in test_check_calls.py."""

import json
import os
import random
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../laws"))
from lawkit import manifest  # noqa: E402
from checkkit import ASKS, CALL, SAYS, SEEN, UNSEEN, CheckCase, answer, chat, lines  # noqa: E402


class Empty(CheckCase):
    def test_null_content_needs_a_call_or_a_refusal(self):
        nothing = [{}, {"tool_calls": None}, {"tool_calls": []}, {"refusal": None}, {"refusal": ""},
                   {"refusal": " \u200b"}, {"function_call": None}, {"function_call": {}},
                   {"refusal": 7}, {"tool_calls": [], "function_call": None, "refusal": None},
                   {"reasoning_content": "I think so."}]
        something = [{"tool_calls": [CALL]}, {"function_call": {"name": "f", "arguments": "{}"}},
                     {"refusal": "I may not."},
                     {"tool_calls": [CALL], "refusal": None, "function_call": None}]
        self.expect([(chat(ASKS, answer(content=None, **keys)), ["T1216"]) for keys in nothing] +
                    [(chat(ASKS, answer(content=None, **keys)), []) for keys in something])
        self.expect([(chat(ASKS, answer(content="", **keys)), ["T1202"]) for keys in nothing] +
                    [(chat(ASKS, answer(content="", **keys)), []) for keys in something])
        self.expect([(chat({"role": "user", "content": None, "tool_calls": [CALL]}, SAYS),
                      ["T1216"])])

    def test_a_slot_that_a_table_left_null_is_none(self):
        """pandas and CSV write null where nothing was filled in; one of the slots has to be."""
        def alpaca(**keys):
            return {"instruction": "a", "output": "b", **keys}
        self.expect([(alpaca(**keys), []) for keys in
                     ({"input": None}, {"system": None}, {"input": None, "system": None},
                      {"context": None}, {"instruction": None, "input": "a"})] +
                    [(alpaca(instruction=text, input=None), ["T1201"]) for text in UNSEEN] +
                    [(alpaca(instruction=None, input=None), ["T1216", "T1216"]),
                     (alpaca(instruction=None), ["T1216"]),
                     (alpaca(output=None, input=None), ["T1216"]),
                     ({"prompt": "a", "completion": "b", "system": None}, [])])

    def test_what_cannot_be_seen_is_empty(self):
        self.expect([(chat(ASKS, answer(content=text)), ["T1202"]) for text in UNSEEN])
        self.expect([(chat(ASKS, answer(content=text)), []) for text in SEEN])
        self.expect([({"text": text}, ["T1202"]) for text in UNSEEN] +
                    [({"text": text}, []) for text in SEEN])
        blocks = [{"type": "text", "text": ""}, {"type": "text", "text": "\u200b"}]
        self.expect([(chat(ASKS, answer(content=blocks)), ["T1202"]),
                     (chat(ASKS, answer(content=blocks + [{"type": "text", "text": "a"}])), []),
                     (chat(ASKS, answer(content=blocks + [{"type": "image_url"}])), ["T1240"])])

    def test_both_sides_of_a_pair(self):
        for text in UNSEEN:
            pairs = [({"prompt": "p", "chosen": text, "rejected": "x"}, ["T1202"]),
                     ({"prompt": "p", "chosen": "x", "rejected": text}, ["T1202"]),
                     ({"prompt": "p", "chosen": text, "rejected": ""}, ["T1202", "T1202", "T1230"]),
                     (chat(ASKS, chosen=answer(content=text), rejected=SAYS), ["T1202"]),
                     ({"prompt": "p", "chosen": [answer(content=text)], "rejected": [SAYS]},
                      ["T1202"]),
                     ({"chosen": [ASKS, SAYS], "rejected": [ASKS, answer(content=text)]},
                      ["T1202"]),
                     ({"prompt": text, "chosen": "x", "rejected": "y"}, ["T1201"])]
            self.expect(pairs)
        self.expect([({"prompt": [ASKS], "chosen": [], "rejected": [SAYS]}, ["T1202"]),
                     ({"chosen": [ASKS, SAYS, ASKS, answer(content="Two.")],
                       "rejected": [ASKS, SAYS]}, ["T1202"])])

    def test_the_place_is_that_of_the_empty_side(self):
        (found,) = self.found(['{"prompt":"p","chosen":"x","rejected":" "}'])
        self.assertEqual(found, [("T1202", ' "}')])
        (found,) = self.found([json.dumps(chat(ASKS, answer(content=""), ASKS, SAYS))])
        self.assertEqual([code for code, _ in found], ["T1202"])
        self.assertEqual(found[0][1].count("Because."), 1)

    def test_every_assistant_message_of_a_conversation(self):
        none = answer(content=" ")
        tool = {"role": "tool", "tool_call_id": "c1", "content": "r1"}
        calls = answer(content=None, tool_calls=[CALL])
        self.expect([
            (chat(ASKS, none, ASKS, SAYS), ["T1202"]),
            (chat(ASKS, none, ASKS, none), ["T1202", "T1202"]),
            (chat(ASKS, answer(content="", weight=0), ASKS, SAYS), ["T1201"]),
            (chat(ASKS, answer(content="", weight=1), ASKS, SAYS), ["T1202"]),
            (chat(ASKS, answer(content="", weight=None), ASKS, SAYS), ["T1202"]),
            (chat(ASKS, calls, tool, none), ["T1202"]),
            (chat(ASKS, calls, {**tool, "content": ""}, SAYS), []),
            (chat(ASKS, answer(content="", reasoning_content="Hm.")), ["T1202"]),
            (chat(ASKS, answer(reasoning_content="Hm.")), ["T1202"]),
            (chat(ASKS, answer(content="", tool_calls=[CALL])), []),
            (chat({"role": "user"}, SAYS), ["T1206"]),
            (chat({"role": "system", "content": ""}, ASKS, SAYS), []),
            ({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": ""},
                                {"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
             ["T1202"]),
        ])

    def test_context_is_not_trained(self):
        """What a completion or a pair has before it is context: a remark, not an error."""
        asks_again = [ASKS, answer(content=""), ASKS]
        self.expect([
            ({"prompt": asks_again, "completion": [SAYS]}, ["T1201"]),
            ({"prompt": asks_again, "completion": [answer(content="")]}, ["T1201", "T1202"]),
            ({"prompt": asks_again, "chosen": [SAYS], "rejected": [answer(content="No.")]},
             ["T1201"]),
            ({"prompt": asks_again}, ["T1201"]),
            (chat(*asks_again, SAYS, label=True), ["T1201"]),
            ({"instruction": "a", "input": "", "output": "b", "history": [["c", ""]]}, ["T1201"]),
            ({"instruction": "a", "input": "", "output": "b"}, []),
            ({"instruction": "a", "output": ""}, ["T1202"]),
        ])


class Pairs(CheckCase):
    def test_same_is_what_nobody_can_tell_apart(self):
        same = [("a", "a"), ("a \nb", "a\r\nb\n"), ("a", "a\u200b"), ("a", "\ufeffa \u0007"),
                ("\u00ada b", "a\u200b b"), ("if a:\n    b", "if a:\t\n    b \n\n")]
        other = [("a", "b"), ("ab", "a b"), ("a", "A"), ("\u0301", ""), ("a b", "a\n b"),
                 ("if a:\n    b\nc", "if a:\n    b\n    c"), ("a b", "a  b"), (" a", "a")]
        self.expect([({"prompt": "p", "chosen": a, "rejected": b}, ["T1230"]) for a, b in same])
        self.assertFalse([codes for codes in self.codes(
            [{"prompt": "p", "chosen": a, "rejected": b} for a, b in other]) if "T1230" in codes])

    def test_white_space_alone_is_remarked(self):
        """V14: equal after white space is evened out, which in code may be the whole point."""
        alone = [("x y", "x  y\n"), ("a b", "a\n b"), ("if a:\n    b\nc", "if a:\n    b\n    c"),
                 (" a", "a"), ("a\tb", "a b"), ("a\u00a0b", "a \u3000 b"), ("a\n\nb", "a\nb")]
        other = [("ab", "a b"), ("a b", "a c"), ("a b", "a b c"), ("a", "A"), ("a. b", "a b")]
        self.expect([({"prompt": "p", "chosen": a, "rejected": b}, ["T1234"]) for a, b in alone])
        self.expect([({"prompt": [ASKS], "chosen": [answer(content=a)],
                       "rejected": [answer(content=b)]}, ["T1234"]) for a, b in alone])
        self.expect([({"prompt": "p", "chosen": a, "rejected": b}, []) for a, b in other])
        two = {"prompt": [ASKS], "chosen": [answer(content="a b"), ASKS, SAYS],
               "rejected": [answer(content="a  b"), ASKS, SAYS]}
        split = {"prompt": [ASKS], "chosen": [answer(content="a"), ASKS, answer(content="b c")],
                 "rejected": [answer(content="a b"), ASKS, answer(content="c")]}
        self.expect([(two, ["T1234"]), (split, ["T1235"])])

    def test_such_a_pair_is_kept_and_passes(self):
        source = self.write("space.jsonl", lines([
            {"prompt": "p", "chosen": "if a:\n    b\nc", "rejected": "if a:\n    b\n    c"}]))
        self.assertEqual(self.tamis("check", source).returncode, 0)
        folder = self.run_folder("kept", "refine", source)
        self.assertEqual(manifest(folder)["counts"]["kept"], 1)

    def test_more_than_one_difference_is_remarked(self):
        """V14: exactly one differing span, or a flag."""
        def said(*texts):
            return [{"role": ("assistant", "user")[n % 2], "content": t}
                    for n, t in enumerate(texts)]

        def pair(a, b):
            return {"prompt": [ASKS], "chosen": said(*a), "rejected": said(*b)}

        self.expect([(pair("abc", "abd"), []), (pair("abc", "dbc"), []), (pair("abc", "def"), []),
                     (pair("abc", "dec"), []), (pair("abc", "dbe"), ["T1235"]),
                     (pair("abcde", "fbcdg"), ["T1235"]), (pair("abcde", "fbgdh"), ["T1235"]),
                     (pair("abc", "d"), []), (pair("a", "bcd"), []), (pair("abc", "a"), []),
                     (pair("abc", "dbcef"), ["T1235"])])
        ((code, at),) = self.found([pair("abc", "dbe")])[0]
        self.assertEqual((code, at[:35]), ("T1235", '{"role": "assistant", "content": "c'))

    def test_other_functions_and_pictures_are_not_the_same(self):
        def calls(name):
            function = {"name": name, "arguments": "{}"}
            return [answer(content=None, tool_calls=[{**CALL, "function": function}])]

        def shows(url):
            return [answer(content=[{"type": "image_url", "image_url": {"url": url}}])]

        self.expect([({"prompt": [ASKS], "chosen": calls("f"), "rejected": calls("g")}, []),
                     ({"prompt": [ASKS], "chosen": calls("f"), "rejected": calls("f")}, ["T1230"]),
                     ({"prompt": [ASKS], "chosen": shows("a"), "rejected": shows("b")},
                      ["T1240", "T1240"])])

    def test_strings_without_a_prompt_begin_alike(self):
        self.expect([({"chosen": "\u200bHuman: a", "rejected": "Human: b"}, []),
                     ({"chosen": "\u200ba", "rejected": "\u200bb"}, ["T1231"]),
                     ({"chosen": "\u00e9a", "rejected": "\u00e8b"}, ["T1231"])])


class Roles(CheckCase):
    def test_words_that_no_template_knows(self):
        """V3: the role is known. A list that is sharegpt's may use sharegpt's words."""
        def talk(user, assistant):
            return [{"role": user, "content": "Why?"}, {"role": assistant, "content": "So."}]

        self.expect([(chat(*talk("user", "assistant")), [])] +
                    [(chat(*talk("user", word)), ["T1228"])
                     for word in ("gpt", "bot", "model", "ai", "chatgpt")] +
                    [(chat(*talk("human", "assistant")), ["T1228"]),
                     (chat(*talk("human", "gpt")), ["T1228", "T1228"]),
                     (chat(*talk("narrator", "assistant")), ["T1211"]),
                     ({"prompt": talk("human", "gpt")[:1], "completion": [SAYS]}, ["T1228"]),
                     ({"conversations": talk("human", "gpt")}, []),
                     ({"conversations": [{"from": "human", "value": "a"},
                                         {"from": "gpt", "value": "b"}]}, [])])
        ((_, at), _) = self.found([chat(*talk("human", "gpt"))])[0]
        self.assertTrue(at.startswith('"human"'))
        source = self.write("roles.jsonl", lines([chat(*talk("human", "gpt"))]))
        told = self.tamis("check", source, expect=None).stdout.decode()
        self.assertIn("messages[0].role: chat templates do not know this role: human is user",
                      told)


class Content(CheckCase):
    def test_content_that_is_required(self):
        """V1: required strings are present. An assistant may call instead (V6)."""
        tool = {"role": "tool", "tool_call_id": "c1"}
        calls = answer(tool_calls=[CALL])
        self.expect([(chat({"role": "user"}, SAYS), ["T1206"]),
                     (chat({"role": "user", "name": "n"}, SAYS), ["T1206"]),
                     (chat({"role": "system"}, ASKS, SAYS), ["T1206"]),
                     (chat(ASKS, calls, tool, SAYS), ["T1206"]),
                     (chat(ASKS, calls, {**tool, "content": ""}, SAYS), []),
                     (chat(ASKS, calls), []), (chat({"role": "user", "content": ""}, SAYS),
                                               ["T1201"]),
                     ({"prompt": [{"role": "user"}], "completion": [SAYS]}, ["T1206"])])


class Weights(CheckCase):
    def test_a_weight_that_is_none_is_said_once(self):
        def weigh(*weights):
            return chat(*[m for w in weights for m in (ASKS, {**SAYS, "weight": w})])

        self.expect([(weigh(-1), ["T1225"]), (weigh("1"), ["T1225"]), (weigh(True), ["T1225"]),
                     (weigh(0), ["T1226"]), (weigh(0, 0), ["T1226"]), (weigh(0, -1), ["T1225"]),
                     (weigh(-1, -2), ["T1225", "T1225"]), (weigh(0, 1), []), (weigh(0.5), []),
                     (weigh(None), []), (weigh(None, 0), [])])

    def test_keys_that_a_table_filled_with_null(self):
        function = {"name": "f", "description": None, "parameters": None}
        tool = {"type": "function", "function": function}
        said = {**SAYS, "tool_calls": None, "tool_call_id": None, "name": None, "weight": None}
        self.expect([(chat({**ASKS, "weight": None}, said, tools=[tool]), []),
                     (chat(ASKS, said, tools=None), [])])


class Labels(CheckCase):
    def test_a_label_that_is_no_boolean_is_found(self):
        def label(value, **more):
            return {"prompt": "p", "completion": "c", "label": value, **more}

        bad = (1, 0, "true", "false", "True", 0.5, [], {}, "good", -1)
        for value in bad:
            self.expect([(label(value), ["T1233"])])
        self.expect([(label(True), []), (label(False), []), (label(1), ["T1233"]),
                     (label(None), ["T1233"]), (label(None, kto_tag=True), []),
                     (label(True, kto_tag=None), []), ({"prompt": "p", "completion": "c"}, []),
                     (label("a", score=2), []), (chat(ASKS, SAYS, label=0), ["T1233"]),
                     (chat(ASKS, SAYS, label=None), ["T1233"]), (chat(ASKS, SAYS), [])])
        (found,) = self.found(['{"label":"false","prompt":"p","completion":"c"}'])
        self.assertEqual(found, [("T1233", '"false","prompt":"p","completion":"c"}')])

    def test_a_column_of_nulls_is_no_label(self):
        rows = [{"prompt": "p", "completion": "c", "label": None}] * 2
        self.expect([(row, []) for row in rows])
        self.expect([(chat(ASKS, SAYS, label="physics"), []), (chat(ASKS, SAYS, label=2), [])])
        self.expect([({"prompt": "p", "completion": "c", "label": 3}, [])],
                    "--layout", "prompt-completion")

    def test_refine_parks_them_and_trains_none(self):
        source = self.write("k.jsonl", lines([{"prompt": "p", "completion": str(n), "label": v}
                                              for n, v in enumerate((True, 1, "false", None))]))
        folder = self.run_folder("out", "refine", source)
        self.assertEqual([json.loads(x)["completion"] for x in self.data(folder).splitlines()],
                         ["0"])
        self.assertEqual(manifest(folder)["counts"]["parked"], 3)

    def test_a_label_by_a_path(self):
        words = ("--map", "prompt=q", "--map", "response=a", "--map", "label=m.ok")
        self.expect([({"q": "p", "a": "c", "m": {"ok": True}}, []),
                     ({"q": "p", "a": "c", "m": {"ok": 1}}, ["T1233"]),
                     ({"q": "p", "a": "c", "label": 1}, ["T1233"]),
                     ({"q": "p", "a": "c", "m": {"ok": False}, "label": 1}, [])], *words)


class Scores(CheckCase):
    def test_a_score_that_is_no_number_is_found_beside_those_that_are(self):
        def scored(**more):
            return {"prompt": "p", "response": "r", **more}

        bad = ("5", "N/A", None, True, [], {}, [5], "")
        for key in ("score", "reward"):
            self.expect([(scored(**{key: 5}), [])] +
                        [(scored(**{key: value}), ["T1236"]) for value in bad])
        self.expect([(scored(score=-0.5), []), (scored(score="a", reward=1), []),
                     (scored(score=None, reward=1e3), []), (scored(score=1, reward="a"), []),
                     (scored(score=None, reward="a"), ["T1236"]), (scored(), []),
                     (scored(label=True, score="a"), []), (chat(ASKS, SAYS), []),
                     (chat(ASKS, SAYS, score="5"), ["T1236"]), (chat(ASKS, SAYS, score=5), [])])
        (_, found) = self.found(['{"score":1,"prompt":"p","response":"r"}',
                                 '{"score":"5","prompt":"p","response":"r"}'])
        self.assertEqual(found, [("T1236", '"5","prompt":"p","response":"r"}')])

    def test_where_none_is_a_number_there_is_no_score(self):
        rows = [{"prompt": "p", "response": "r", "score": s} for s in (None, "good", "5")]
        self.expect([(row, []) for row in rows])
        self.expect([(chat(ASKS, SAYS, score="good"), [])])
        self.expect([(row, ["T1236"]) for row in rows], "--layout", "scored")
        self.expect([(row, []) for row in [*rows, {**rows[0], "score": 1}]],
                    "--layout", "prompt-completion")

    def test_refine_parks_them(self):
        source = self.write("s.jsonl", lines([{"prompt": "p", "response": str(n), "score": s}
                                              for n, s in enumerate((5, "5", None))]))
        folder = self.run_folder("out", "refine", source)
        self.assertEqual([json.loads(x)["response"] for x in self.data(folder).splitlines()],
                         ["0"])
        self.assertEqual(manifest(folder)["counts"]["parked"], 2)

    def test_a_score_by_a_path(self):
        words = ("--map", "prompt=q", "--map", "response=a", "--map", "score=m.s")
        self.expect([({"q": "p", "a": "c", "m": {"s": 1}}, []),
                     ({"q": "p", "a": "c", "m": {"s": "1"}}, ["T1236"]),
                     ({"q": "p", "a": "c", "score": 1}, ["T1236"])], *words)


class Prompts(CheckCase):
    def test_a_prompt_that_is_absent(self):
        words = ("--map", "prompt=q.text", "--map", "response=a")
        self.expect([({"q": {"text": "p"}, "a": "c"}, []), ({"a": "c"}, ["T1205"]),
                     ({"q": {}, "a": "c"}, ["T1205"]), ({"q": {"text": " "}, "a": "c"}, ["T1201"]),
                     ({"q": {"text": "p"}}, ["T1202"])], *words)
        self.expect([({"prompt": [], "completion": "c"}, ["T1205"]),
                     ({"prompt": [ASKS], "completion": "c"}, []),
                     ({"prompt": [], "chosen": [SAYS], "rejected": [answer(content="No.")]},
                      ["T1205"])])


    def test_a_conversation_that_begins_with_the_assistant(self):
        """Nothing was asked: a remark, for the record was fine for all who take any order."""
        system, again = {"role": "system", "content": "Be brief."}, answer(content="No.")
        gpt, human = {"from": "gpt", "value": "x"}, {"from": "human", "value": "y"}
        none = [(chat(SAYS), ["T1205"]), (chat(system, SAYS), ["T1205"]),
                ({"conversations": [gpt]}, ["T1205"]),
                ({"conversations": [gpt], "system": "s"}, ["T1205"]),
                (chat(SAYS, score=2), ["T1205"]), (chat(SAYS, label=True), ["T1205"]),
                (chat(system, chosen=SAYS, rejected=again), ["T1205"]),
                ({"chosen": [system, SAYS], "rejected": [system, again]}, ["T1205"]),
                ({"chosen": [SAYS], "rejected": [answer(content="But.")]}, ["T1205"]),
                ({"chosen": [SAYS], "rejected": [again]}, ["T1231"]),
                ({"prompt": [system], "completion": [SAYS]}, ["T1205"]),
                (chat(answer(content=None, tool_calls=[CALL]),
                      {"role": "tool", "tool_call_id": "c1", "content": "r"}, SAYS), ["T1205"])]
        greets = [(chat(SAYS, ASKS, again), ["T1205"]),
                  ({"conversations": [gpt, human, gpt]}, ["T1205"])]
        fine = [(chat(ASKS, SAYS), []), (chat(system, ASKS, SAYS), []),
                (chat({**SAYS, "weight": 0}, ASKS, again), []),
                (chat(SAYS, ASKS, again, label=True), []),
                ({"prompt": [SAYS, ASKS], "completion": [again]}, []),
                ({"prompt": [SAYS], "completion": " And so on."}, ["T1213"]),
                ({"prompt": [system, SAYS, ASKS]}, []), (chat(SAYS, ASKS, chosen=SAYS,
                                                              rejected=again), []),
                ({"prompt": "", "completion": "c"}, ["T1201"]), ({"text": "t"}, []),
                ({"chosen": "Human: a", "rejected": "Human: b"}, [])]
        self.expect(none + greets + fine)
        self.expect(none[:-1] + [(record, []) for record, _ in greets], "--profile", "free")
        self.expect([(chat(SAYS), ["T1205", "T1213"]), (chat(ASKS, SAYS), [])],
                    "--profile", "strict")
        self.expect([({"a": "c"}, [])], "--map", "response=a")
        ((_, at),) = self.found([chat(system, SAYS)])[0]
        self.assertEqual(at, json.dumps(SAYS) + "]}")

    def test_such_a_conversation_is_kept(self):
        source = self.write("greets.jsonl", lines([chat(SAYS, ASKS, SAYS)]))
        self.assertEqual(self.tamis("check", source).returncode, 0)
        folder = self.run_folder("out", "refine", source)
        self.assertEqual(manifest(folder)["counts"]["kept"], 1)


class Refined(CheckCase):
    """What `refine` writes has no error left: no step after the check makes one."""

    def clean(self, name, *sources):
        folder = self.run_folder(name, "refine", *sources, expect=None)
        out = self.write(name + ".jsonl", self.data(folder))
        done = self.tamis("check", out, expect=None)
        self.assertEqual(done.returncode, 0, done.stdout.decode()[:2000])
        self.assertNotIn(b": error:", done.stdout)
        return manifest(folder)

    def test_the_demo(self):
        told = self.clean("demo", *self.demo())
        self.assertGreater(told["counts"]["kept"], 1000)

    @staticmethod
    def nasty(chance):
        pieces = UNSEEN + ["a", "b", "a b", "```\nx \u200b\n```", "~~~", "\r\n", "\r", "\x0b",
                           "\x0c", "\x1c", "\u2028", "\u200c", "{}", "\\", '"', "\x00"]
        return "".join(chance.choice(pieces) for _ in range(chance.choice((0, 1, 1, 2, 2, 3, 5))))

    def record(self, chance, kind):
        def text():
            return self.nasty(chance)

        def said():
            keys = {"content": chance.choice((text(), text(), text(), None))}
            for key, values in (("refusal", (None, "", text())), ("reasoning_content", (text(),)),
                                ("tool_calls", (None, [], [CALL])), ("weight", (None, 0, 1))):
                if chance.random() < 0.15:
                    keys[key] = chance.choice(values)
            return answer(**keys)

        def talk():
            out = []
            for _ in range(chance.choice((1, 1, 2, 3))):
                out += [{"role": "user", "content": text()}, said()]
            return out

        if kind == "sft":
            return chat(*talk())
        if kind == "pair":
            one = {"prompt": text(), "chosen": text(), "rejected": text()}
            two = {"prompt": [ASKS], "chosen": [said()], "rejected": [said()]}
            three = {"chosen": text(), "rejected": text()}
            return chance.choice((one, two, three))
        if kind == "unpaired":
            return {"prompt": text(), "completion": text(),
                    "label": chance.choice((True, False, True, False, None, 1, "true"))}
        return {"text": text()}

    def test_nasty_data(self):
        for kind in ("sft", "pair", "unpaired", "corpus"):
            chance = random.Random(kind)
            records = [self.record(chance, kind) for _ in range(1500)]
            ascii_too = [json.dumps(r, ensure_ascii=n % 2 == 0) for n, r in enumerate(records)]
            told = self.clean(kind, self.write(kind + "-in.jsonl", "\n".join(ascii_too) + "\n"))
            self.assertGreater(told["counts"]["kept"], 50, kind)
            self.assertGreater(told["counts"]["parked"], 50, kind)

    def test_empty_answers_against_a_model(self):
        """T1202 and T1216 of random conversations, said by a few lines of Python."""
        unseen = set("".join(UNSEEN)) | set(map(chr, range(33)))

        def blank(value):
            return all(c in unseen for c in value)

        def codes(record):
            out = []
            for m in record["messages"]:
                content, refusal = m["content"], m.get("refusal")
                excused = bool(m.get("tool_calls")) or bool(refusal and not blank(refusal))
                if m["role"] == "user" and blank(content):
                    out.append("T1201")
                if m["role"] == "assistant" and content is None and not excused:
                    out.append("T1216")
                if m["role"] == "assistant" and content is not None and blank(content):
                    if not excused:
                        out.append("T1201" if m.get("weight") == 0 else "T1202")
            return sorted(out)

        unseen |= set("\u200c\u2028\x0b\x0c\x1c\r")
        chance = random.Random(11)
        records = [self.record(chance, "sft") for _ in range(3000)]
        got = self.codes(records)
        wanted = [codes(r) for r in records]
        for record, want, have in zip(records, wanted, got):
            have = [c for c in have if re.fullmatch("T1201|T1202|T1216", c)]
            self.assertEqual(have, want, json.dumps(record))
        self.assertGreater(sum("T1202" in w for w in wanted), 100)


if __name__ == "__main__":
    unittest.main()
