#!/usr/bin/env python3
"""Writes the Python methods of all operators from `tamis ops --tables`.

    tools/gen_python.py --tamis PROGRAM --out FILE

The file is tamis/operators.py of the package: a class that Dataset inherits, with a method an
operator (`dedup.near` is `.dedup.near(...)`), typed, with a docstring that says all that the
operator's descriptor says. Names that Python keeps for itself get an underscore behind them.
"""

import argparse
import json
import keyword
import os
import subprocess
import sys
import textwrap

HEAD = '''"""The operators as methods. Written by tools/gen_python.py: change the descriptors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Optional, Union

from tamis.recipe import Scalar

if TYPE_CHECKING:
    from tamis.dataset import Dataset, Path, Reference
    from tamis.progress import Show

'''
SELECTORS = "Selector"  # of texts
WHOLE = "WholeSelector"  # and everything
VERDICTS = {
    "flag": "is only remarked on",
    "park": "is set aside for repair",
    "drop": "falls",
    "fix": "is repaired and goes on",
    "merge": "is merged into the one that stands for it",
}
PLAIN = {
    "true or false": "bool",
    "number": "Union[int, float, str]",
    "size": "Union[int, str]",
    "share": "Union[float, str]",
    "text": "str",
    "expression": "str",
    "map": "Mapping[str, Scalar]",
}
TAKES = {
    "expressions": "one expression or several",
    "true or false": "true or false",
    "size": "bytes, as a number or as in \"64MiB\"",
    "share": "a share, 0.02 or \"2%\"",
    "choice": "one of",
    "choices": "some of",
    "selectors": "selectors",
    "expression": "an expression",
    "expressions": "expressions",
}


def safe(name):
    """The name, or the name and an underscore where Python has it for itself."""
    return name + "_" if keyword.iskeyword(name) else name


def literal(choices):
    return "Literal[%s]" % ", ".join(json.dumps(choice) for choice in choices)


def type_of(param):
    """A parameter's type as an annotation."""
    kind = param["type"]
    if param["reference"]:
        return "Union[Reference, Sequence[Reference]]"
    if param["sides"]:
        return "Union[str, Sequence[str], Mapping[str, Union[Reference, Sequence[Path]]]]"
    if kind == "selectors":
        one = WHOLE if "everything" in param["choices"] else SELECTORS
        return f"Union[{one}, Sequence[{one}]]"
    if kind in ("choice", "choices"):
        one = literal(param["choices"])
        return one if kind == "choice" else f"Union[{one}, Sequence[{one}]]"
    if kind in ("list", "expressions"):
        one = "Path" if param["path"] else "str"
        return f"Union[{one}, Sequence[{one}]]"
    if kind not in PLAIN:
        sys.exit(f"gen_python.py: {param['name']} is of type {kind!r}: say in PLAIN what that is")
    return "Path" if param["path"] else PLAIN[kind]


def takes(param):
    """What a parameter takes, in words."""
    kind = param["type"]
    if param["reference"]:
        return "paths, Datasets, or names that references() knows"
    if param["sides"]:
        return "{side: paths or Dataset}, or names that references() knows"
    if kind == "number":
        said = "a number"
        if "min" in param and param["max"] < 1e15:
            said = f"{param['min']:g} to {param['max']:g}"
        elif "min" in param:
            said = f"from {param['min']:g}"
        return f"{said} {param['unit']}" if param["unit"] else said
    words = TAKES.get(kind, f"a {kind}")
    if kind in ("choice", "choices"):
        words += " " + ", ".join(param["choices"])
    return words


def described(name, param):
    """The line of a parameter in a docstring."""
    more = [takes(param)]
    if param["required"]:
        more.append("must be given")
    elif param["default"] is not None:
        more.append(f"default {param['default']}")
    says = param["help"].split("; as an option")[0]
    return filled(f"{name}: {says} ({'; '.join(more)}).", "    ", "        ")


def filled(text, first="", rest=""):
    return textwrap.fill(text, 88, initial_indent=first, subsequent_indent=rest,
                         break_long_words=False, break_on_hyphens=False)


def sentence(text):
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def docstring(op):
    """All that a descriptor says of an operator."""
    lines = [filled(sentence(op["summary"]), "", ""), "", filled(op["why"]), "", "Args:"]
    lines += [described(safe(p["name"]), p) for p in op["params"]]
    lines += [f"    {p['name']}s: the same, by their names." for p in op["params"] if p["rest"]]
    lines.append(filled(f"name: the step's name in the ledger and before its signals (default "
                        f"{op['name']}).", "    ", "        "))
    if op["then"]:
        each = "; ".join(f"{verdict}: {VERDICTS[verdict]}" for verdict in op["then"])
        lines.append(filled(f"then: what happens to a record in which the step finds something "
                            f"({each}).", "    ", "        "))
    if op["signals"]:
        lines += ["", "Signals:"]
        for signal in op["signals"]:
            unit = f" ({signal['unit']})" if signal["unit"] else ""
            lines.append(filled(f"{signal['name']}: {signal['help']}{unit}.", "    ", "        "))
    if op["codes"]:
        lines += ["", "Finds:"]
        for code in op["codes"]:
            lines.append(filled(f"{code['code']} {code['name']}: {code['sentence']} (the record: "
                                f"{code['verdict']}).", "    ", "        "))
    lines += ["", "Raises:", "    UsageError: a parameter is wrong; the message names it."]
    if op["source"]:
        lines += ["", filled(f"Source: {op['source']}.")]
    return "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''")


def fenced(text, indent):
    """A docstring, indented."""
    return textwrap.indent(f'"""{text}\n"""', indent)


def arguments(op):
    """(name, annotation) of a method's parameters; the first may be given by its place."""
    args = [(safe(p["name"]), type_of(p)) for p in op["params"]]
    args.append(("name", "str"))
    if op["then"]:
        args.append(("then", literal(op["then"])))
    return args


def signature(op, first="self"):
    """The parameters of a method, one a line."""
    args = [f"{name}: Optional[{kind}] = None" for name, kind in arguments(op)]
    keyed = 1 if op["params"] else 0
    rest = [f"**{p['name']}s: Scalar" for p in op["params"] if p["rest"]]
    return [first, *args[:keyed], "*", *args[keyed:], *rest]


def method(op, name, indent, target):
    """A method that adds the operator's step to `target`."""
    lines = [f"def {name}("] + [f"    {part}," for part in signature(op)] + [") -> Dataset:"]
    lines.append(fenced(docstring(op), "    "))
    given = ", ".join(f'"{p["name"]}": {safe(p["name"])}' for p in op["params"])
    common = ', "then": then' if op["then"] else ""
    given = (given + ", " if given else "") + '"name": name' + common
    rest = "".join(f", **{p['name']}s" for p in op["params"] if p["rest"])
    lines.append("    params: dict[str, Any] = {%s%s}" % (given, rest))
    references = tuple(p["name"] for p in op["params"] if p["reference"])
    sides = tuple(p["name"] for p in op["params"] if p["sides"])
    more = f", {references!r}" if references else ""
    more += f", sides={sides!r}" if sides else ""
    lines.append(f'    return {target}._step("{op["name"]}", params{more})')
    return textwrap.indent("\n".join(lines), indent)


def group_class(name, ops, own):
    """The class behind `.dedup`, with its methods; `own` is the operator of that very name."""
    title = f"_{name.capitalize()}"
    says = f"Operators {name}.*" if not own else f"The operator {name}, and {name}.*"
    lines = [f"class {title}:", f'    """{says}."""', "",
             "    def __init__(self, dataset: Operators) -> None:",
             "        self._dataset = dataset", ""]
    if own:
        lines += [method(own, "__call__", "    ", "self._dataset"), ""]
    for op in ops:
        lines += [method(op, safe(op["name"].split(".", 1)[1]), "    ", "self._dataset"), ""]
    return "\n".join(lines)


def property_of(name, own):
    """The property that gives a group."""
    says = docstring(own) if own else f"Operators {name}.*"
    body = ["@property", f"def {safe(name)}(self) -> _{name.capitalize()}:", fenced(says, "    "),
            f"    return _{name.capitalize()}(self)"]
    return textwrap.indent("\n".join(body), "    ")


def options_method(tables):
    """What a recipe may say beside its steps, as one method."""
    sections = {"limits": tables["limits"],
                "output": [p for p in tables["output"] if p["name"] != "path"]}
    params = [{**p, "section": s} for s, list_ in sections.items() for p in list_]
    args = ["seed: Optional[int] = None", "threads: Optional[int] = None",
            "progress: Show = None"]
    args += [f"{safe(p['name'])}: Optional[{type_of(p)}] = None" for p in params]
    lines = ["def options(", "    self,", "    *,"] + [f"    {a}," for a in args]
    doc = ["What a run may use, how much may be wrong, and how the result is written.", "", "Args:",
           "    seed: decides all that is left to chance (default 0).",
           "    threads: workers; decides no result (default: one a processor).",
           filled("progress: true for a line on a terminal, or a function that is told a Progress "
                  "about 20 times a second.", "    ", "        ")]
    doc += [described(safe(p["name"]), p) for p in params]
    lines += [") -> Dataset:", fenced("\n".join(doc), "    "), "    return self._set({"]
    lines += [f'        "{n}": {n},' for n in ("seed", "threads", "progress")]
    lines += [f'        "{p["name"]}": {safe(p["name"])},' for p in params]
    lines.append("    })")
    table = {s: tuple(p["name"] for p in list_) for s, list_ in sections.items()}
    return (f"    _SECTIONS: ClassVar[dict[str, tuple[str, ...]]] = {table!r}\n\n"
            + textwrap.indent("\n".join(lines), "    "))


def write_file(tables):
    """The text of operators.py."""
    ops = tables["operators"]
    single = {op["name"]: op for op in ops if "." not in op["name"]}
    groups = {}
    for op in ops:
        if "." in op["name"]:
            groups.setdefault(op["name"].split(".", 1)[0], []).append(op)
    whole = max((p["choices"] for op in ops for p in op["params"] if p["type"] == "selectors"),
                key=len)
    texts = [name for name in whole if name != "everything"]
    parts = [HEAD + f"{SELECTORS} = {literal(texts)}\n{WHOLE} = {literal(whole)}\n\n"]
    parts += [group_class(name, list_, single.get(name)) + "\n" for name, list_ in groups.items()]
    parts.append('class Operators:\n    """Every operator as a method; Dataset is one of these."""'
                 "\n\n    if TYPE_CHECKING:\n\n"
                 "        def _step(\n            self, op: str, params: Mapping[str, Any],"
                 " references: Sequence[str] = (),\n            sides: Sequence[str] = (),\n"
                 "        ) -> Dataset: ...\n"
                 "        def _set(self, settings: Mapping[str, Any]) -> Dataset: ...\n")
    parts.append(options_method(tables) + "\n")
    for name, op in single.items():
        if name not in groups:
            parts.append(method(op, safe(name), "    ", "self") + "\n")
    for name in groups:
        parts.append(property_of(name, single.get(name)) + "\n")
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tamis", required=True, help="the program")
    parser.add_argument("--out", required=True, help="the file to write")
    options = parser.parse_args()
    said = subprocess.run([options.tamis, "ops", "--tables"], check=True, stdout=subprocess.PIPE)
    text = write_file(json.loads(said.stdout))
    with open(options.out + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(options.out + ".new", options.out)


if __name__ == "__main__":
    main()
