"""Recipes as text: what a Dataset has gathered, in the YAML that the program reads.

A step a line, so that the line of a message leads to the step. Texts stand in double quotes unless
they are plain words that YAML cannot take for anything else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Union

WORD = re.compile(r"[A-Za-z][A-Za-z_.]*\Z")
TAKEN = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}

Scalar = Union[str, int, float, bool, None]


def quoted(text: str) -> str:
    """A text between double quotes, as YAML and (but for the rarest characters) JSON have it."""
    out = []
    for letter in text:
        number = ord(letter)
        if letter in ESCAPES:
            out.append(ESCAPES[letter])
        elif letter.isprintable() or 0xDC80 <= number <= 0xDCFF:  # a byte of a path, not UTF-8
            out.append(letter)
        elif number <= 0xFFFF:
            out.append("\\u%04x" % number)
        else:
            out.append("\\U%08x" % number)
    return '"' + "".join(out) + '"'


def scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)  # numpy's is a float and would say np.float64(0.5)
    if isinstance(value, str):
        plain = WORD.match(value) and value.lower() not in TAKEN
        return value if plain else quoted(value)
    if isinstance(value, os.PathLike):
        return quoted(os.fsdecode(value))
    if hasattr(value, "item"):  # a scalar of numpy or pyarrow
        return scalar(value.item())
    raise TypeError(f"a recipe holds texts, numbers, true and false, not {type(value).__name__}")


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        rows = (f"{key(name)}: {flow(item)}" for name, item in value.items())
        return "{" + ", ".join(rows) + "}"
    if getattr(value, "ndim", 0):  # an array of numpy's
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(scalar(item) for item in value) + "]"
    return scalar(value)


def key(name: str) -> str:
    return name if re.match(r"[A-Za-z_][\w.]*\Z", name, re.A) else quoted(name)


def step_line(step: Mapping[str, Any]) -> str:
    ((name, params),) = step.items()
    return f"  - {name}: {flow(params)}" if params else f"  - {name}"


def to_yaml(recipe: Mapping[str, Any]) -> str:
    """The recipe as the program reads it."""
    lines = []
    for name, value in recipe.items():
        if name == "steps":
            lines += ["steps:", *map(step_line, value)] if value else ["steps: []"]
        elif name in ("inputs", "references"):
            lines += [f"{name}:", *(f"  {key(n)}: {flow(v)}" for n, v in value.items())]
        else:
            lines.append(f"{name}: {flow(value)}")
    return "\n".join(lines) + "\n"
