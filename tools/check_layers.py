#!/usr/bin/env python3
"""Checks that the folders of src/ include each other only as src/LAYERS allows.

LAYERS holds one line a folder, `folder : folders it may include`, and may name on the right only
what stands above, so the folders cannot form a cycle. What is checked:
  - every folder of src/ has a line, and no folder two;
  - every include of ours is written "layer/file.h", names a file that exists, and is allowed
    (the installed header, "tamis.h", is the one exception to the form);
  - no .c file is included, and headers do not include each other in a circle.

Prints one line a violation, `file:line: sentence`, and exits 1 when there is one.
"""

import argparse
import os
import re
import sys

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]*)[">]', re.M)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
PUBLIC = "tamis.h"


def read_layers(path):
    """({folder: set of folders it may include}, problems)."""
    layers, problems = {}, []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.split("#", 1)[0].strip()
            if not line:
                continue
            name, colon, rest = (piece.strip() for piece in line.partition(":"))
            if not colon or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                problems.append((path, number, "not a line `folder : folders`: %s" % line))
                continue
            if name in layers:
                problems.append((path, number, "%s has a line already" % name))
            for other in rest.split():
                if other not in layers:
                    problems.append((path, number, "%s needs %s, which does not stand above it: "
                                     "that could close a circle" % (name, other)))
            layers[name] = set(rest.split()) | {name}
    return layers, problems


def source_files(src):
    """Every .c, .h and .def below src, with its path relative to src."""
    for folder, folders, files in os.walk(src):
        folders.sort()
        for name in sorted(files):
            if name.endswith((".c", ".h", ".def")):
                path = os.path.join(folder, name)
                yield path, os.path.relpath(path, src).replace(os.sep, "/")


def includes_of(path):
    """[(line, written with quotes, name)], comments left out but line numbers kept."""
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if "include" not in text:
        return []
    text = COMMENT.sub(lambda m: "\n" * m.group().count("\n"), text)
    return [(text.count("\n", 0, m.start()) + 1, m.group(1) == '"', m.group(2))
            for m in INCLUDE.finditer(text)]


def judge_include(src, layers, layer, name, quoted):
    """What is wrong with one include, or None."""
    ours = os.path.exists(os.path.join(src, name))
    if not quoted:
        return 'write "%s" with quotes: it is ours' % name if ours else None
    if name == PUBLIC:
        return None
    if not re.fullmatch(r"([a-z0-9_]+/)+[a-z0-9_]+\.[a-z]+", name):
        return 'write "layer/file.h", not "%s"' % name
    if name.endswith(".c"):
        return "includes a .c file: %s" % name
    if not ours:
        return "there is no src/%s" % name
    target = name.split("/", 1)[0]
    if layer in layers and target not in layers[layer]:
        may = " ".join(sorted(layers[layer] - {layer})) or "nothing"
        return ("%s may not include %s (it may: %s): move the code, or change the design in "
                "src/LAYERS" % (layer, target, may))
    return None


def find_circle(graph):
    """One circle of headers as a list, or None. A walk with an explicit stack, in sorted order."""
    state = {}
    for start in sorted(graph):
        stack = [(start, iter(sorted(graph[start])))] if start not in state else []
        state.setdefault(start, 1)
        while stack:
            node, rest = stack[-1]
            for other in rest:
                if state.get(other) == 1:
                    names = [n for n, _ in stack]
                    return names[names.index(other):] + [other]
                if other in graph and other not in state:
                    state[other] = 1
                    stack.append((other, iter(sorted(graph[other]))))
                    break
            else:
                state[node] = 2
                stack.pop()
    return None


def check(root):
    """All violations of the tree at root as [(path, line, sentence)]."""
    src = os.path.join(root, "src")
    layers, problems = read_layers(os.path.join(src, "LAYERS"))
    graph, unknown = {}, set()
    for path, name in source_files(src):
        layer = name.split("/", 1)[0]
        if "/" not in name:
            problems.append((path, 1, "belongs into a layer's folder, not into src itself"))
            continue
        if layer not in layers and layer not in unknown:
            unknown.add(layer)
            problems.append((path, 1, "src/LAYERS has no line for %s" % layer))
        graph[name] = set()
        for line, quoted, target in includes_of(path):
            wrong = judge_include(src, layers, layer, target, quoted)
            if wrong:
                problems.append((path, line, wrong))
            elif quoted:
                graph[name].add(target)
    circle = find_circle(graph)
    if circle:
        text = "includes itself: " + " -> ".join(circle)
        problems.append((os.path.join(src, circle[0]), 1, text))
    return [(os.path.relpath(path, root), line, text) for path, line, text in problems]


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=here, help="root of the tree (this repository)")
    problems = check(parser.parse_args().root)
    for path, line, text in problems:
        print("%s:%d: %s" % (path, line, text))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
