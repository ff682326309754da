"""check.record on calls of functions and their results, through `tamis check`: which result answers
which call, what a call and a tool need, and a model in Python that searches through lists."""

import json
import random
import unittest

from checkkit import ASKS, SAYS, CheckCase, answer, chat


class Calls(CheckCase):
    """Which results answer which calls, by id, or by name and order."""

    @staticmethod
    def calls(*names, ids=None):
        made = [{"function": {"name": n, "arguments": {}}} for n in names]
        for call, given in zip(made, ids or []):
            call["id"] = given
        return answer(content=None, tool_calls=made)

    @staticmethod
    def result(**keys):
        return {"role": "tool", "content": "r", **keys}

    def test_without_ids_by_name_and_order(self):
        f, g, bare = self.result(name="f"), self.result(name="g"), self.result()
        padded = self.result(name="f", tool_call_id=None)
        self.expect([
            (chat(ASKS, self.calls("f"), f, SAYS), []),
            (chat(ASKS, self.calls("f"), bare, SAYS), []),
            (chat(ASKS, self.calls("f"), padded, SAYS), []),
            (chat(ASKS, self.calls("f", ids=[None]), padded, SAYS), []),
            (chat(ASKS, self.calls("f", ids=[""]), self.result(tool_call_id=""), SAYS), []),
            (chat(ASKS, self.calls("f", "g"), f, g, SAYS), []),
            (chat(ASKS, self.calls("f", "g"), g, f, SAYS), []),
            (chat(ASKS, self.calls("f", "g"), bare, bare, SAYS), []),
            (chat(ASKS, self.calls("f", "f"), f, f, SAYS), []),
            (chat(ASKS, self.calls("f", "g"), g, bare, SAYS), []),
            (chat(ASKS, self.calls("f"), f, self.calls("f"), f, SAYS, ASKS, SAYS), []),
            (chat(ASKS, self.calls("f"), g, SAYS), ["T1218"]),
            (chat(ASKS, self.calls("f"), f, f, SAYS), ["T1218"]),
            (chat(ASKS, self.calls("f"), bare, bare, SAYS), ["T1218"]),
            (chat(ASKS, self.calls("f", "g"), bare, f, SAYS), ["T1218"]),  # bare answered f
            (chat(ASKS, self.calls("f", "g"), f, SAYS, ASKS, SAYS), ["T1220"]),
            (chat(ASKS, self.calls("f", "g"), f, SAYS), []),  # open at the end: policy
            (chat(ASKS, self.calls("f"), SAYS, ASKS, self.calls("f"), f, SAYS), ["T1220"]),
            (chat(ASKS, self.calls("f"), {"role": "function", "name": "f", "content": "r"}, SAYS,
                  ASKS, SAYS), []),
            (chat(ASKS, self.calls("f"), {"role": "ipython", "content": "r"}, SAYS, ASKS, SAYS),
             []),
        ])

    def test_ids_are_asked_for_where_there_are_some(self):
        one, two = self.result(tool_call_id="c1"), self.result(tool_call_id="c2")
        both = self.calls("f", "g", ids=["c1", "c2"])
        self.expect([
            (chat(ASKS, both, one, two, SAYS), []),
            (chat(ASKS, both, two, one, SAYS), []),
            (chat(ASKS, both, one, one, SAYS), ["T1218"]),
            (chat(ASKS, both, self.result(name="f"), two, SAYS), ["T1218"]),
            (chat(ASKS, self.calls("f"), one, SAYS), ["T1218"]),
            (chat(ASKS, self.calls("f", "g", ids=["c1"]), self.result(name="g"), one, SAYS), []),
            (chat(ASKS, self.calls("f", "g", ids=["c1"]), self.result(), one, SAYS), []),
            (chat(ASKS, self.calls("f", "g", ids=["c1", "c1"]), one, SAYS), ["T1219"]),
            (chat(ASKS, both, one, SAYS, ASKS, SAYS), ["T1220"]),
        ])

    def test_each_answer_of_a_pair_goes_on_from_the_prompt(self):
        one = self.result(tool_call_id="c1")
        with_id, without = self.calls("f", ids=["c1"]), self.calls("f")
        ends, other = [one, SAYS], [one, answer(content="No.")]
        named = self.result(name="f")
        self.expect([
            ({"prompt": [ASKS], "chosen": [with_id, *ends], "rejected": [with_id, *other]}, []),
            ({"prompt": [ASKS, with_id], "chosen": ends, "rejected": other}, []),
            ({"prompt": [ASKS, without], "chosen": [named, SAYS],
              "rejected": [named, answer(content="No.")]}, []),
            ({"prompt": [ASKS, with_id, one], "chosen": [SAYS], "rejected": other}, ["T1218"]),
            # an id that the prompt used, used again: by one answer, by both, after it was answered
            ({"prompt": [ASKS, with_id], "chosen": [one, with_id, *ends], "rejected": other}, []),
            ({"prompt": [ASKS, with_id], "chosen": [one, with_id, *ends],
              "rejected": [one, with_id, *other]}, []),
            ({"prompt": [ASKS, with_id, one, SAYS, ASKS, with_id], "chosen": [one, with_id, *ends],
              "rejected": other}, []),
            ({"prompt": [ASKS, with_id, one], "chosen": [with_id, *ends],
              "rejected": [with_id, *other]}, []),
            ({"prompt": [ASKS, with_id, one], "chosen": [with_id, *ends], "rejected": other},
             ["T1218"]),
            ({"prompt": [ASKS, with_id], "chosen": [one, with_id, *ends],
              "rejected": [one, *other]}, ["T1218"]),
            ({"prompt": [ASKS, with_id], "chosen": ends, "rejected": [with_id, *other]},
             ["T1219"]),
            ({"prompt": [ASKS], "chosen": [with_id, *ends], "rejected": other}, ["T1218"]),
        ])

    def test_a_call_has_arguments_and_a_name(self):
        """V8: arguments parse as an object; V11: characters of names."""
        def call(**function):
            return chat(ASKS, answer(content=None, tool_calls=[{"id": "c", "type": "function",
                                                                "function": function}]))

        def old(**function):
            return chat(ASKS, answer(content=None, function_call=function))

        for made in (call, old):
            self.expect([(made(name="f", arguments="{}"), []), (made(name="f", arguments={}), []),
                         (made(name="f"), ["T1221"]), (made(name="f", arguments=None), ["T1221"]),
                         (made(name="f", arguments="[]"), ["T1221"]),
                         (made(name="f", arguments='"{}"'), ["T1221"]),
                         (made(name="", arguments="{}"), ["T1229"]),
                         (made(name=None, arguments="{}"), ["T1229"]),
                         (made(arguments="{}"), ["T1229"]),
                         (made(name="f g", arguments="{}"), ["T1227"]),
                         (made(name="f" * 65, arguments="{}"), ["T1227"]),
                         (made(name="f" * 64, arguments="{}"), []),
                         (made(name="a-B_9", arguments="{}"), [])])
        tools = [{"type": "function", "function": {"name": "f"}}]
        self.expect([({**call(name="", arguments="{}"), "tools": tools}, ["T1229"]),
                     ({**call(name="g", arguments="{}"), "tools": tools}, ["T1222"]),
                     ({**call(name="f", arguments="{}"), "tools": tools}, [])])
        whole = [({"name": "f", "arguments": {}}, []), ({"name": "f"}, ["T1221"]),
                 ({"arguments": {}}, ["T1221"])]
        self.expect([({"conversations": [{"from": "human", "value": "a"},
                                         {"from": "function_call", "value": json.dumps(value)},
                                         {"from": "observation", "value": "r"},
                                         {"from": "gpt", "value": "b"}]}, want)
                     for value, want in whole])

    def test_a_tool_has_a_type(self):
        """V9: {type: function, function: {...}}."""
        function = {"name": "f", "parameters": {}}
        tools = [({"type": "function", "function": function}, []),
                 ({"function": function}, ["T1223"]),
                 ({"type": None, "function": function}, ["T1223"]),
                 ({"type": "tool", "function": function}, ["T1223"]), (function, ["T1223"])]
        self.expect([(chat(ASKS, SAYS, tools=[tool]), want) for tool, want in tools])

    def test_the_place_is_that_of_the_id_or_the_name(self):
        line = json.dumps(chat(ASKS, self.calls("f"), self.result(name="g"), SAYS))
        self.assertTrue(self.found([line])[0][0][1].startswith('"g"'))
        line = json.dumps(chat(ASKS, self.calls("f"), self.result(tool_call_id="zz"), SAYS))
        self.assertTrue(self.found([line])[0][0][1].startswith('"zz"'))

    def test_against_a_model(self):
        """Random calls and results, and a few lines of Python that search through lists."""
        chance = random.Random(5)

        def model(messages):
            out, waiting = [], []
            for m in messages:
                if m["role"] == "user":
                    out += ["T1220"] if waiting else []
                    waiting = []
                for call in m.get("tool_calls", ()):
                    given = call.get("id")
                    if given and given in [w[0] for w in waiting]:
                        out.append("T1219")
                    else:
                        waiting.append((given, call["function"]["name"]))
                if m["role"] == "tool":
                    given, name = m.get("tool_call_id"), m.get("name")
                    mine = [w for w in waiting if (w[0] == given if given else
                                                   not w[0] and name in (None, w[1]))]
                    if mine:
                        waiting.remove(mine[0])
                    else:
                        out.append("T1218")
            return sorted(out)

        records = []
        for _ in range(2000):
            messages = [ASKS]
            for _ in range(chance.randrange(1, 7)):
                ids = [chance.choice((None, None, "c1", "c2")) for _ in range(3)]
                names = [chance.choice("fg") for _ in range(chance.randrange(1, 4))]
                messages.append(self.calls(*names, ids=ids))
                for _ in range(chance.randrange(4)):
                    keys = {"name": chance.choice("fg")} if chance.random() < 0.6 else {}
                    if chance.random() < 0.4:
                        keys["tool_call_id"] = chance.choice(("c1", "c2"))
                    messages.append(self.result(**keys))
                if chance.random() < 0.4:
                    messages += [SAYS, ASKS]
            records.append(chat(*messages, SAYS))
        wanted = [model(r["messages"]) for r in records]
        for record, want, have in zip(records, wanted, self.codes(records)):
            self.assertEqual([c for c in have if c in ("T1218", "T1219", "T1220")], want,
                             json.dumps(record))
        self.assertGreater(sum(not w for w in wanted), 50)


if __name__ == "__main__":
    unittest.main()
