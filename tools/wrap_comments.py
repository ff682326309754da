#!/usr/bin/env python3
"""Wraps comments that go beyond 100 columns; the part of `make fmt` that clang-format is not asked.

    tools/wrap_comments.py FILE...

clang-format would reflow tables and examples in comments too, so it leaves comments alone. This
moves only what is too long:
  - a paragraph of a block comment is filled again from its first long line to its end; lines
    indented by more than one space after the star (examples, tables) are left as they are;
  - a rule `/* ---- title ---- */` gets as many dashes as fit;
  - a comment that stands after code goes onto a line of its own above it.
What it cannot wrap it leaves, and the tidy check names it.
"""

import re
import sys
import textwrap

COLUMNS = 100
RULE = re.compile(r"^(\s*)/\* (-+) (.*?) -+ ?\*/$")
AFTER_CODE = re.compile(r"^(\s*)(\S.*?)\s*(/\*.*\*/)$")
PROSE = re.compile(r"^(\s*)(/\*| \*) (?! )(.*)$")


def wrap_rule(line):
    indent, dashes, title = RULE.match(line).groups()
    head = "%s/* %s %s " % (indent, dashes, title)
    return head + "-" * (COLUMNS - len(head) - 3) + " */"


def fill(prefix_first, prefix, words, closes):
    """The words as lines of a comment; the last one keeps room for the closing mark."""
    text = " ".join(words)
    if closes:
        text += "\u00a0*/"  # a no-break space: the mark never stands alone
    lines = textwrap.wrap(text, COLUMNS, initial_indent=prefix_first, subsequent_indent=prefix,
                          break_long_words=False, break_on_hyphens=False)
    return [line.replace("\u00a0*/", " */") for line in lines]


def wrap_paragraph(lines, at):
    """Fills the paragraph from line `at`; (new lines, how many old ones they replace) or None."""
    match = PROSE.match(lines[at])
    if not match:
        return None
    indent, opener, text = match.groups()
    first, rest = indent + opener + " ", indent + " * "
    words, end = [], at
    while True:
        closes = text.endswith("*/")
        words += (text[:-2] if closes else text).split()
        end += 1
        if closes or end >= len(lines):
            break
        match = PROSE.match(lines[end])
        if not match or match.group(2) != " *" or match.group(3)[:2] in ("- ", "* "):
            break
        if lines[end].strip() == "*/":
            break
        text = match.group(3)
    return fill(first, rest, words, closes), end - at


def wrap_text(text):
    """The whole file, wrapped."""
    lines, out, at, inside = text.split("\n"), [], 0, False
    while at < len(lines):
        line = lines[at]
        starts = line.lstrip().startswith("/*")
        if len(line) > COLUMNS and not line.endswith("\\") and "://" not in line:
            new = None
            if RULE.match(line):
                new = ([wrap_rule(line)], 1)
            elif starts or inside:
                new = wrap_paragraph(lines, at)
            elif AFTER_CODE.match(line):
                indent, code, comment = AFTER_CODE.match(line).groups()
                if "/*" not in code and not code.startswith(("*", "#")):
                    above, _ = wrap_paragraph([indent + comment], 0)
                    new = (above + [indent + code], 1)
            if new:
                out += new[0]
                at += new[1]
                inside = "*/" not in new[0][-1] and (starts or inside)
                continue
        if starts or inside:
            inside = "*/" not in line
        out.append(line)
        at += 1
    return "\n".join(out)


def main():
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8", newline="") as file:
            old = file.read()
        new = wrap_text(old)
        if new != old:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
