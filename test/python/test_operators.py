"""Every operator is a method of Dataset: with all its parameters, documented, typed, and doing what
its descriptor's examples say.

The examples are run through the methods and compared with the `out` and `fates` that the descriptor
gives, so neither the names nor the values can get lost on the way.
"""
# time-limit: 300

import inspect
import json
import keyword
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from python_package import ROOT, need, package

package()
need("pyarrow")
import tamis  # noqa: E402
from tamis import _tamis  # noqa: E402
from tamis.operators import Operators  # noqa: E402

OPS = json.loads(_tamis.ops())


def parsed(text):
    """The value of a step's parameters as the examples write them: YAML in one line."""
    value, rest = parse(text.strip())
    assert not rest.strip(), rest
    return value


def parse(text):
    if text[0] in "{[":
        close = {"{": "}", "[": "]"}[text[0]]
        rest, out = text[1:].lstrip(), {} if text[0] == "{" else []
        while rest[0] != close:
            if isinstance(out, dict):
                key, rest = re.match(r"([^:]+): *(.*)\Z", rest, re.S).groups()
                out[key], rest = parse(rest)
            else:
                item, rest = parse(rest)
                out.append(item)
            rest = rest.lstrip().removeprefix(",").lstrip()
        return out, rest[1:]
    if text[0] == '"':
        raw, rest = re.match(r'("(?:[^"\\]|\\.)*")(.*)\Z', text, re.S).groups()
        return json.loads(raw), rest
    raw, rest = re.match(r"([^,\]}]*)(.*)\Z", text, re.S).groups()
    raw = raw.strip()
    try:
        return json.loads(raw), rest
    except ValueError:
        return raw, rest


def method_of(dataset, name):
    """dataset.dedup.near for "dedup.near"."""
    for part in name.split("."):
        dataset = getattr(dataset, part + "_" if keyword.iskeyword(part) else part)
    return dataset


def function_of(name):
    """The function behind the method; a group that is an operator itself is called."""
    method = method_of(tamis.read("x"), name)
    return method if inspect.ismethod(method) else method.__call__


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path

    def test_every_example_of_every_operator(self):
        count = 0
        for op in OPS:
            for number, example in enumerate(op["examples"]):
                with self.subTest(op=op["name"], example=example["title"]):
                    self.check_example(op, number, example)
                    count += 1
        self.assertGreaterEqual(count, len(OPS))

    def check_example(self, op, number, example):
        dataset = tamis.read(self.write(f"{op['name']}-{number}.jsonl", example["in"]))
        if "reference" in example:
            reference = self.write(f"{op['name']}-{number}-r.jsonl", example["reference"])
            dataset = dataset.references(reference=reference)
        params = parsed(example["recipe"])
        if op["name"] == "decontaminate" and "against" not in params:
            params["against"] = "reference"
        made = method_of(dataset, op["name"])(**params)
        run = made.run(os.path.join(self.folder, f"{op['name']}-{number}"))
        out = b"".join(b"%s\n" % record for record in run.read().records(bytes))
        if not op["reorders"]:
            self.assertEqual(list(made.records(bytes)), example["out"].encode().splitlines())
        self.assertEqual(out.decode(), example["out"])
        rows = run.ledger(["path", "fate"]).to_pylist()
        fates = [row["fate"] for row in rows if row["path"] == 0]
        self.assertEqual(" ".join(fates), example["fates"])


class Methods(unittest.TestCase):
    def test_every_operator_and_every_parameter_is_there(self):
        for op in OPS:
            with self.subTest(op=op["name"]):
                self.check_method(op)

    def check_method(self, op):
        function = function_of(op["name"])
        given = inspect.signature(function).parameters
        names = [p["name"] + "_" * keyword.iskeyword(p["name"]) for p in op["params"]]
        names += ["name"] + (["then"] if op["then"] else [])
        rest = [p["name"] + "s" for p in op["params"] if p["rest"]]
        self.assertEqual(list(given), names + rest)
        says = " ".join(function.__doc__.split())
        for param in op["params"]:
            self.assertIn(" ".join(param["help"].split("; as an")[0].split()), says)
            if param["default"] is not None:
                self.assertIn(f"default {param['default']}", says)
        for code in op["codes"]:
            self.assertIn(f"{code['code']} {code['name']}: ", says)
        for text in (op["source"], op["why"]):
            self.assertIn(" ".join((text or "").split()), says)

    def test_no_operator_is_hidden_by_a_method(self):
        both = set(vars(tamis.Dataset)) & set(vars(Operators))
        self.assertEqual([name for name in both if not name.startswith("__")], [])

    def test_words_of_python_get_an_underscore(self):
        sys.path.insert(0, os.path.join(ROOT, "tools"))
        self.addCleanup(sys.path.remove, os.path.join(ROOT, "tools"))
        import gen_python

        like = next(op for op in OPS if op["name"] == "split")
        param = {**next(p for p in like["params"] if p["type"] == "text"), "name": "from"}
        op = {**like, "name": "import", "params": [param], "then": []}
        made = gen_python.method(op, gen_python.safe(op["name"]), "", "self")
        scope = {}
        exec("from __future__ import annotations\nfrom typing import Any\n" + made, scope)

        class Seen:
            def _step(self, name, params):
                return name, params

        self.assertEqual(scope["import_"](Seen(), "a", name="n"),
                         ("import", {"from": "a", "name": "n"}))

    def test_settings_are_those_of_the_tables(self):
        said = json.loads(subprocess.run([os.environ.get("TAMIS") or os.path.join(
            ROOT, "build/release/tamis"), "ops", "--tables"], check=True,
            stdout=subprocess.PIPE).stdout)
        names = {p["name"] for p in said["limits"] + said["output"]} - {"path"}
        names |= {"seed", "threads", "progress"}
        self.assertEqual(set(inspect.signature(Operators.options).parameters) - {"self"}, names)
        reads = {p["name"] for p in said["input"]} - {"path"} | {"sources"}
        self.assertEqual(set(inspect.signature(tamis.read).parameters), reads)


if __name__ == "__main__":
    unittest.main()
