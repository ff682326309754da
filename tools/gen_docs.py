#!/usr/bin/env python3
"""Writes the generated pages of docs/reference from `tamis ops --tables`.

    tools/gen_docs.py --tamis PROGRAM [--check] [--out FOLDER]

Every page is a pure function of the program's tables, so a page that differs is out of date.
--check writes nothing and exits 1 when one does. Hand-written pages (contract.md, benchmarks.md)
are not touched.
"""

import argparse
import json
import os
import subprocess
import sys
import textwrap

WIDTH = 96  # of prose; tables are as wide as they are
NOTE = ("<!-- Written by tools/gen_docs.sh from the program's own tables: change those, "
        "not this. -->")
HAND_WRITTEN = [
    ("contract.md", "the files of a run folder, column by column; what scripts can rely on"),
    ("benchmarks.md", "how fast it is, each figure beside a rival's in the same run"),
]
VERDICTS = {
    "flag": "is only remarked on",
    "park": "is set aside for repair",
    "drop": "falls",
    "fix": "is repaired and goes on",
    "merge": "is merged into the one that stands for it",
}
TYPES = {
    "boolean": "`true`, `false`, `yes`, `no`, `on`, `off`",
    "number": "a number",
    "size": "bytes: `64MiB`, `2GB`, `4096`",
    "share": "a share: `2%` or `0.02`",
    "text": "a text",
    "choice": "one of its choices",
    "choices": "some of its choices: `[a, b]` or `\"a, b\"`",
    "selectors": "one or more selectors: `response` or `[prompt, response]`",
    "expression": "an expression ([its language](../guide/expressions.md))",
    "list": "a list: `[a, b]` or `\"a, b\"`",
    "map": "names with values: `{a: 1, b: x}`; on the command line `NAME=VALUE`, repeatable",
}


# ---- small pieces of Markdown -------------------------------------------------------------------


def wrapped(text, indent=""):
    """A paragraph, filled."""
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False)


def cell(text):
    """Text that stands in a table."""
    return str(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def table(head, rows):
    """A table as a list of lines, ended by an empty one."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(cell(c) for c in row) + " |" for row in rows] + [""]


def anchor(heading):
    """The id a heading gets on the usual forges."""
    kept = [c for c in heading.lower() if c.isalnum() or c in " -_"]
    return "".join(kept).replace(" ", "-")


def sentence(text):
    """A help text with its first letter large and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else text + "."


def option(name):
    return "--" + name.replace("_", "-")


def number(value):
    return f"{value:,.15g}" if value < 1e15 else "no limit"


# ---- parameters ---------------------------------------------------------------------------------


def value_of(param):
    """What may be given: type, choices, range, unit."""
    said = param["type"]
    if said == "selectors":
        said = "[selectors](../guide/records-and-layouts.md#parts-and-selectors)"
    elif param.get("choices"):
        said += ": " + ", ".join(f"`{c}`" for c in param["choices"])
    if "min" in param:
        low = 0 if param["default"] == "-1" else param["min"]
        most = number(param["max"])
        said += f", at least {number(low)}" if most == "no limit" else f", {number(low)} to {most}"
    if param["unit"]:
        said += ", in " + param["unit"] if "min" not in param else " " + param["unit"]
    return said


def default_of(param):
    if param["required"]:
        return "must be given"
    return f"`{param['default']}`" if param["default"] not in (None, "", "-1") else ""


def params_table(params, as_options=False):
    rows = []
    for p in params:
        name = option(p["name"]) if as_options else p["name"]
        letter = f"`-{p['letter']}`, " if "letter" in p and as_options else ""
        rows.append((f"{letter}`{name}`", value_of(p), default_of(p), sentence(p["help"])))
    return table(["option" if as_options else "key", "value", "default", ""], rows)


# ---- pages --------------------------------------------------------------------------------------


def example_lines(op, example):
    lines = [f"*{example['title']}*", "", "```yaml", "steps:",
             f"  - {op['name']}: {example['recipe']}", "```", ""]
    lines += ["```text"]
    for line in example.get("reference", "").rstrip("\n").split("\n"):
        lines += ["reference: " + line] if line else []
    lines += ["< " + line for line in example["in"].rstrip("\n").split("\n")]
    lines += ["> " + line for line in example["out"].rstrip("\n").split("\n") if line]
    lines += [f"fates: {example['fates']}", "```", ""]
    return lines


def operator_lines(op):
    lines = [f"### {op['name']}", "", wrapped(sentence(op["summary"])), "", wrapped(op["why"]), ""]
    facts = [f"Shape: {op['shape']}.", f"Revision: {op['rev']}."]
    if op["rounds"]:
        rounds = ", ".join(f"`{r['name']}` ({r['how']}{'' if r['always'] else ', if needed'})"
                           for r in op["rounds"])
        facts.append(f"Rounds over the whole set: {rounds}.")
    if op["reorders"]:
        facts.append("Gives the records a new order.")
    if op["then"]:
        facts.append("`then:` may be " + ", ".join(f"`{v}`" for v in op["then"]) + ".")
    if op["source"]:
        facts.append(f"Source: {op['source']}.")
    lines += [wrapped(" ".join(facts)), ""]
    if op["params"]:
        lines += params_table(op["params"])
    if op["signals"]:
        lines += table(["signal", "unit", ""],
                       [(f"`{op['name']}.{s['name']}`", s["unit"] or s["type"],
                         sentence(s["help"])) for s in op["signals"]])
    if op["codes"]:
        lines += table(["finding", "rule", "the record", ""],
                       [(f"[{c['code']}](codes.md#{c['code'].lower()})", f"`{c['name']}`",
                         VERDICTS.get(c["verdict"], ""), sentence(c["sentence"]))
                        for c in op["codes"]])
    for example in op["examples"]:
        lines += example_lines(op, example)
    return lines


def page_operators(t):
    """operators.md"""
    groups = list(dict.fromkeys(op["group"] for op in t["operators"]))
    lines = [wrapped("Each operator is a step of a [recipe](recipe.md) and a verb of the "
                     "[command line](cli.md), where its parameters are options. In the examples "
                     "`<` is a record read, `>` one written; all of them run as tests."), ""]
    for group in groups:
        names = [op["name"] for op in t["operators"] if op["group"] == group]
        lines.append(f"* {group}: " + ", ".join(f"[{n}](#{anchor(n)})" for n in names))
    lines.append("")
    for group in groups:
        lines += [f"## Group: {group}", ""]
        for op in t["operators"]:
            if op["group"] == group:
                lines += operator_lines(op)
    return "Operators", lines


def page_codes(t):
    """codes.md"""
    lines = [wrapped("A code stands in round brackets behind every message about data or a recipe, "
                     "in `findings.parquet`, in `unreadable.jsonl` and in the manifest. "
                     "`tamis ops T1701` prints what stands here."), ""]
    kinds = [("Records that cannot be read", lambda w: w == "record"),
             ("Sources that cannot be read, or not to their end", lambda w: w == "source"),
             ("Findings of the reader", lambda w: w == "reader"),
             ("Findings of operators",
              lambda w: w not in ("record", "source", "reader") and not w.startswith("recipe")),
             ("Remarks on recipes", lambda w: w.startswith("recipe"))]
    seen = set()
    for title, wanted in kinds:
        lines += [f"## {title}", ""]
        for c in sorted((c for c in t["codes"] if wanted(c["where"])), key=lambda c: c["code"]):
            heading = c["code"] if c["code"] not in seen else f"{c['code']} {c['name']}"
            seen.add(c["code"])
            lines += [f"### {heading}", "", f"`{c['name']}`: {sentence(c['sentence'])}", ""]
            facts = []
            if c["where"] in ("recipe, an error", "recipe, a warning"):
                facts.append("The run stops before it begins." if c["where"].endswith("error")
                             else "A warning: the run goes on.")
            elif c["where"] not in ("record", "source", "reader"):
                facts.append(f"Found by [{c['where']}](operators.md#{anchor(c['where'])}).")
            if c["verdict"] in VERDICTS:
                fixed = "." if c["fixed_verdict"] else ", unless `then:` says otherwise."
                facts.append(f"The record {VERDICTS[c['verdict']]}{fixed}")
            cure = [f"To mend it or see more: `tamis {c['cure']}`."] if c["cure"] else []
            lines += [wrapped(" ".join(facts + [sentence(c["help"])] + cure)), ""]
    return "Codes", lines


def page_recipe(t):
    """recipe.md"""
    lines = [wrapped("Every key a recipe may hold. How recipes are meant is told in the "
                     "[guide](../guide/recipes.md); for editors there is a JSON Schema, "
                     "[recipe.schema.json](recipe.schema.json), which `tamis ops --schema` prints "
                     "too."), ""]
    lines += table(["key", "value", ""], [
        ("`seed`", "a number from 0", "Decides all that is left to chance. Default `0`."),
        ("`inputs`", "paths, or names with inputs", "What is read, in this order."),
        ("`references`", "the same", "What steps compare with; never part of the output."),
        ("`steps`", "a list", "An operator's name, or one key: the name with its parameters."),
        ("`output`", "a path, or the keys below", "Where the result goes."),
        ("`limits`", "the keys below", "What may be used, and how much may be wrong."),
    ])
    lines += ["## An input", ""] + params_table(t["input"])
    lines += ["## A step", "", wrapped("Besides the parameters of its operator:"), ""]
    lines += table(["key", "value", "default", ""], [
        ("`name`", "a letter, then letters, digits, `_` or `.`; 64 at most", "the operator's name",
         "The step's name in the ledger and report, and in front of its signals."),
        ("`then`", ", ".join(f"`{v}`" for v in VERDICTS), "each finding's own",
         "What happens to a record in which the step finds something."),
    ])
    lines += ["The operators: " + ", ".join(
        f"[{op['name']}](operators.md#{anchor(op['name'])})" for op in t["operators"]) + ".", ""]
    lines += ["## output", ""] + params_table(t["output"])
    lines += ["## limits", ""] + params_table(t["limits"])
    types = [p["type"] for op in t["operators"] for p in op["params"]]
    types += [p["type"] for key in ("input", "output", "limits") for p in t[key]]
    lines += ["## Types of values", ""]
    lines += table(["type", "is written"], [(k, TYPES[k]) for k in TYPES if k in types])
    return "Recipes, key by key", lines


def page_cli(t):
    """cli.md"""
    lines = ["```text", "tamis VERB [INPUT...] [-o OUT] [options]", "```", "",
             wrapped("Inputs are files, folders, patterns, finished runs (what they kept) or `-` "
                     "(standard input). `-o DIR/` makes a run folder, "
                     "`-o FILE` writes just the data; with neither, data go to "
                     "standard output when that is a pipe, and to a new folder under `runs/` when "
                     "it is a terminal. `last` is the folder of the latest run. Some options have "
                     "a letter, `-o`, `-q`, `-h` and `-j` of every verb that runs, and `-n` of "
                     "`head` and `sample`: `-n 5` and `-n5` are both right. `--no-FLAG` "
                     "switches a flag off; behind `--` everything is an input."), ""]
    lines += ["## Verbs", ""]
    for c in t["commands"]:
        lines += [f"### tamis {c['name']}", "", "```text",
                  f"tamis {c['name']} {c['words']}".rstrip(), "```", "", wrapped(c["why"]), "",
                  "```text", c["example"], "```", ""]
        if c["params"]:
            lines += params_table(c["params"], True)
        if c["json"]:
            arrays = " (an array for operators, layouts and codes)" if c["name"] == "ops" else ""
            lines += [f"With `--json` it prints one JSON object{arrays}.", ""]
        if c["runs"]:
            without = ", ".join(f"`--{name.replace('_', '-')}`" for name in c["without"])
            lines += ["And the [options of every verb that runs](#options-of-every-verb-that-runs)"
                      + (f", but for {without}." if without else "."), ""]
    lines += ["## Operators as verbs", "",
              wrapped("Each operator is a verb that runs a recipe of that one step; its parameters "
                      "are its options, and these are those of every step:"), ""]
    lines += params_table(t["step"], True)
    lines += table(["verb", ""], [(f"[`tamis {op['name']}`](operators.md#{anchor(op['name'])})",
                                   sentence(op["summary"])) for op in t["operators"]])
    lines += ["## Options of every verb that runs", ""] + params_table(t["options"], True)
    exits = {}
    for e in t["exits"]:
        exits.setdefault(e["exit"], []).append(e["meaning"])
    lines += ["## Exit codes", ""]
    lines += table(["code", "when"], [(k, "; ".join(v)) for k, v in sorted(exits.items())])
    lines += ["## Environment", ""]
    lines += table(["variable", ""], [
        ("`TAMIS_SIMD`", "`scalar`, `avx2` or `avx512` forces a kernel; results do not change.")])
    return "Command line", lines


def page_inputs(t):
    """inputs.md"""
    lines = [wrapped("What is read and written. A file is told by its content; its name only "
                     "breaks ties. How layouts bind is told in [the guide]"
                     "(../guide/records-and-layouts.md)."), "", "## Layouts", ""]
    lines += [wrapped("In the order in which they are tried; the first that fits a record is its "
                      "layout."), ""]
    lines += table(["layout", "example kind", "keys", ""],
                   [(f"`{x['name']}`", x["kind"], x["keys"], sentence(x["summary"]))
                    for x in t["layouts"]])
    lines += ["One record of each, in the same order:", "", "```json"]
    lines += [x["example"] for x in t["layouts"]] + ["```", ""]

    def files(title, rows):
        said = []
        for x in rows:
            state = {(True, True): "read and written", (True, False): "read",
                     (False, True): "written"}.get((x["reads"], x["writes"]), "not in this version")
            said.append((f"`{x['name']}`", x["extensions"] or "", state, sentence(x["summary"])))
        return [f"## {title}", ""] + table([title.lower()[:-1], "usual ending", "", ""], said)

    lines += files("Containers", t["containers"]) + files("Codecs", t["codecs"])
    return "Layouts, containers and codecs", lines


PAGES = [
    ("operators.md", "every operator: parameters, signals, findings, examples", page_operators),
    ("recipe.md", "every key of a recipe, with type and default", page_recipe),
    ("cli.md", "every verb and option, exit codes", page_cli),
    ("codes.md", "every code: what it means and what to do", page_codes),
    ("inputs.md", "layouts, containers and codecs", page_inputs),
]


def make_pages(program):
    """All generated files: name to text."""
    def ask(*words):
        return subprocess.run([program, *words], check=True, stdout=subprocess.PIPE).stdout

    tables = json.loads(ask("ops", "--tables"))
    files = {}
    for name, _, make in PAGES:
        title, lines = make(tables)
        text = "\n".join([NOTE, "", f"# {title}", ""] + lines)
        files[name] = text.rstrip("\n") + "\n"
    index = [NOTE, "", "# Reference", ""]
    index += [f"* [{name}]({name}): {what}" for name, what, _ in PAGES]
    index += ["* [recipe.schema.json](recipe.schema.json): JSON Schema of recipes, for editors"]
    index += [f"* [{name}]({name}): {what}" for name, what in HAND_WRITTEN
              if os.path.exists(os.path.join("docs/reference", name))]
    files["README.md"] = "\n".join(index) + "\n"
    schema = json.loads(ask("ops", "--schema"))
    files["recipe.schema.json"] = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
    return files


def read_or_none(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tamis", default="build/release/tamis")
    parser.add_argument("--out", default="docs/reference")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; exit 1 on a difference")
    args = parser.parse_args()
    files = make_pages(args.tamis)
    stale = [name for name, text in files.items()
             if read_or_none(os.path.join(args.out, name)) != text]
    if args.check:
        for name in stale:
            print(f"{args.out}/{name} is out of date: run make docs and commit it")
        return 1 if stale else 0
    os.makedirs(args.out, exist_ok=True)
    for name in stale:
        with open(os.path.join(args.out, name), "w", encoding="utf-8") as file:
            file.write(files[name])
        print(f"wrote {args.out}/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
