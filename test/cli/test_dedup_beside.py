"""What is not text is not lost on deduplication: pictures, called
functions, fields that no layout knows."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from dedupkit import DedupCase  # noqa: E402
from lawkit import LawCase  # noqa: E402

LONG = "Please say in one short sentence what is to be seen here and nothing else at all"


def picture(url):
    return {"messages": [
        {"role": "user", "content": [{"type": "text", "text": LONG},
                                     {"type": "image_url", "image_url": {"url": url}}]},
        {"role": "assistant", "content": "A cat that sleeps in the warm sun."}]}


def call(name, arguments):
    function = {"name": name}
    if arguments is not None:
        function["arguments"] = arguments
    return {"messages": [
        {"role": "user", "content": LONG},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c", "type": "function", "function": function}]}]}


class Beside(LawCase):
    def lines(self, name, rows):
        return self.write(name, "".join(json.dumps(row) + "\n" for row in rows))

    def merged(self, rows, *words):
        """Which of the rows, from 0, did not come out."""
        source = self.lines("in.jsonl", [dict(row, n=n) for n, row in enumerate(rows)])
        out = self.tamis(*words, source, "-o", "-", "--quiet").stdout
        left = {json.loads(line)["n"] for line in out.splitlines()}
        return [n for n in range(len(rows)) if n not in left]

    def test_pictures(self):
        rows = [picture("data:AAA"), picture("data:BBB"), picture("data:AAA")]
        for words in (["refine"], ["dedup.exact"], ["dedup.exact", "--by", "prompt"],
                      ["dedup.exact", "--normalise", "case,space"], ["dedup.near"],
                      ["dedup.near", "--link", "chain"]):
            self.assertEqual(self.merged(rows, *words), [2], words)
        self.assertEqual(self.merged(rows, "dedup.exact", "--by", "response"), [1, 2])
        self.assertEqual(self.merged(rows, "dedup.near", "--by", "response"), [1, 2])
        self.assertEqual(self.merged([picture("data:AbC"), picture("data:aBc")],
                                     "dedup.exact", "--normalise", "case"), [])

    def test_the_same_in_other_blanks_and_escapes(self):
        """Two exports of one set: compact, with blanks, with everything escaped."""
        tools = [{"name": "caf\u00e9/x", "parameters": {"type": "object", "n": 1.50}}]
        asked = dict(call("f", "{}"), tools=tools)
        other = dict(call("f", "{}"), tools=[{"name": "tea"}])
        spellings = [(", ", ": "), (",", ":"), (" ,\t", " : ")]
        for rows in ([asked, other], [picture("http://x/1"), picture("http://x/2")]):
            lines = [json.dumps(row, separators=how, ensure_ascii=ascii).replace("/", slash)
                     for row in rows for how in spellings for ascii in (True, False)
                     for slash in ("/", "\\/")]
            source = self.write("in.jsonl", "".join(line + "\n" for line in lines))
            for words in (["dedup.exact"], ["dedup.exact", "--by", "everything"], ["dedup.near"]):
                out = self.tamis(*words, source, "-o", "-", "--quiet").stdout
                self.assertEqual([json.loads(line) for line in out.splitlines()], rows, words)

    def test_called_functions(self):
        for arguments in ("{}", None, {"city": "Oslo"}):
            rows = [call("f", arguments), call("g", arguments), call("f", arguments)]
            for by in ("all", "call", "response"):
                out = self.merged(rows, "dedup.exact", "--by", by)
                self.assertEqual(out, [2], (arguments, by))
            self.assertEqual(self.merged(rows, "dedup.near"), [2])
            parked = [0, 1, 2] if arguments is None else [2]  # a call without arguments is an error
            self.assertEqual(self.merged(rows, "refine"), parked)

    def test_values_of_the_wrong_type(self):
        rows = [{"messages": [{"role": "user", "content": "p"},
                              {"role": "assistant", "content": v}]}
                for v in (7, 8, 7)]
        self.assertEqual(self.merged(rows, "dedup.exact"), [2])

    def test_everything_is_the_whole_record(self):
        text = ('{"text":"Red","n":1}\n{"text":"Red","n":2}\n{"text": "\\u0052ed",\t"n": 1}\n'
                '{"text":"Red","m":1}\n{"text":"red","n":1}\n{"n":1,"text":"Red"}\n'
                '{"text":"Red","n":[1]}\n{"text":"Red ","n":1}\n')
        rows = text.splitlines(keepends=True)
        source = self.write("a.jsonl", text)

        def left(*words):
            return self.tamis(*words, source, "-o", "-", "--quiet").stdout.decode()
        self.assertEqual(left("dedup.exact", "--by", "everything"),
                         "".join(r for n, r in enumerate(rows) if n != 2))
        self.assertEqual(left("dedup.exact", "--by", "everything", "--normalise", "case,space"),
                         "".join(r for n, r in enumerate(rows) if n not in (2, 4, 7)))
        recipe = self.write("r.yaml", 'inputs: {a: {path: a.jsonl}}\nsteps:\n'
                            '  - clean.text: {fix: [trailing_space]}\n'
                            '  - dedup.exact: {by: everything}\noutput: {format: jsonl}\n')
        out = self.tamis("run", recipe, "-o", "-", "--quiet").stdout.decode()
        self.assertEqual(out, "".join(r for n, r in enumerate(rows) if n not in (2, 7)))
        for more in ("--turn=1", "--prefix"):
            done = self.tamis("dedup.exact", source, "--by", "everything", more, "-o", "-",
                              expect=2)
            self.assertIn(b"whole records", done.stderr)

    def test_an_index_tells_them_apart_too(self):
        old = self.lines("old.jsonl", [picture("data:AAA"), call("f", "{}")])
        new = self.lines("new.jsonl", [picture("data:AAA"), picture("data:BBB"), call("f", "{}"),
                                       call("g", "{}")])
        self.tamis("index", old, "-o", self.path("index.jsonl"), "--quiet")
        for against in (old, self.path("index.jsonl")):
            out = self.tamis("dedup.near", new, "--across", "none", "--against", against, "-o", "-",
                             "--quiet").stdout.decode()
            self.assertEqual([json.loads(line) for line in out.splitlines()],
                             [picture("data:BBB"), call("g", "{}")])


class InMessages(DedupCase):
    """What one message says beside its content: a refusal, and how much it is trained."""

    def rows(self, *messages):
        return [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", **m}]}
                for m in messages]

    def test_refusals_are_texts(self):
        rows = self.rows({"content": None, "refusal": "I can not."},
                         {"content": None, "refusal": "I will not."},
                         {"content": "I can not.", "refusal": ""}, {"content": "I can not."},
                         {"refusal": "I can not.", "content": None})
        for op in "dedup.exact", "dedup.near":
            kept = self.kept(self.merge(op, [rows], "--keep", "first", name=op))
            want = rows[:3] if op == "dedup.exact" else None
            if want:
                self.assertEqual(kept, want)
            self.assertIn(rows[1], kept)

    def test_weights_count(self):
        text = "one two three four five six seven eight nine ten"
        rows = self.rows({"content": text}, {"content": text, "weight": 0},
                         {"content": text, "weight": 1}, {"content": text, "weight": None},
                         {"content": text, "weight": 0}, {"weight": 0.5, "content": text},
                         {"content": text, "weight": 1.0})
        for op in "dedup.exact", "dedup.near":
            for by in "all", "response":
                folder = self.merge(op, [rows], "--by", by, "--keep", "first", name=op)
                self.assertEqual(self.kept(folder), [rows[0], rows[1], rows[5]])
        folder = self.merge("dedup.exact", [rows], "--by", "user", name="user")
        self.assertEqual(len(self.kept(folder)), 1)


if __name__ == "__main__":
    unittest.main()
