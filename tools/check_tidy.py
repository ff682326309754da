#!/usr/bin/env python3
"""Checks the house rules a compiler does not know. Prints `file:line: code: sentence`, exits 1.

  header      a .c, .h or .def opens with a comment that says something (at least 12 words)
  file-size   500 lines are much (a warning), 800 too many; tools/tidy_tables.txt lists the data
              tables that may be longer
  function    a function has at most 70 lines; tools/tidy_allow.txt lists the exceptions, and only
              shrinks: an entry's number is the length itself, so it falls with it
  banned      calls that overflow, depend on the locale or hide an exit (BANNED, OUTSIDE_BASE)
  heap        malloc and its kin stand in src/base/alloc.c only
  exit        exit and abort stand in src/cli and src/base/def.c only
  posix       headers of the operating system stand in src/base (and src/cli) only
  format      the format of a printf-like call is a string literal
  name        a public function is tm_something, a type has no _t, no two files share a name
  guard       the include guard of src/a/b.h is TM_A_B_H
  leftover    notes to oneself: T.O.D.O. and its kin, without the dots
  text        lines of at most 100 columns, no tabs, no spaces at the end, UTF-8, a final newline

Everything is checked in src and include; test, examples and bench may call what they like but for
BANNED. The scanner blanks out comments and strings first, so a word in a comment is no call.
"""

import argparse
import collections
import os
import re
import subprocess
import sys

MAX_LINES, WARN_LINES, MAX_FUNCTION, MAX_COLUMNS, MIN_WORDS = 800, 500, 70, 100, 12
FOLDERS = ("src", "include", "test", "examples", "bench", "tools")
ALLOW, TABLES = "tools/tidy_allow.txt", "tools/tidy_tables.txt"

BANNED = {
    "strcpy": "tm_buf or memcpy", "strcat": "tm_buf", "strncpy": "memcpy", "strncat": "tm_buf",
    "stpcpy": "memcpy", "sprintf": "snprintf or tm_buf", "vsprintf": "vsnprintf",
    "strtok": "tm_str", "strtok_r": "tm_str", "atoi": "the parsers of base", "atol": "the same",
    "atoll": "the same", "atof": "the same", "gets": "tm_buf", "alloca": "an arena",
    "longjmp": "a tm_status", "setjmp": "a tm_status", "sigsetjmp": "a tm_status",
    "siglongjmp": "a tm_status", "system": "nothing: data is never a command",
    "popen": "nothing: data is never a command", "tmpnam": "base/fs.h", "mktemp": "base/fs.h",
}
OUTSIDE_BASE = {}
for _names, _instead in (
        ("strtod strtof strtold strtol strtoul strtoll strtoull strtoimax strtoumax sscanf fscanf "
         "scanf", "the parsers of base (locale, errno)"),
        ("isalpha isdigit isalnum isspace isupper islower ispunct isprint iscntrl isxdigit isgraph "
         "isblank tolower toupper strcasecmp strncasecmp strcoll setlocale", "text (locale)"),
        ("rand srand random srandom drand48 rand_r", "the seeded generator of base/hash.h"),
        ("time clock gettimeofday clock_gettime localtime gmtime strftime ctime asctime",
         "base: no clock in a result"),
        ("getenv secure_getenv", "base"), ("strerror perror", "tm_fail_errno")):
    OUTSIDE_BASE.update(dict.fromkeys(_names.split(), _instead))
HEAP = set("malloc calloc realloc reallocarray free aligned_alloc posix_memalign memalign valloc "
           "strdup strndup asprintf vasprintf getline getdelim open_memstream".split())
EXIT = set("exit _exit _Exit quick_exit abort atexit".split())
POSIX = re.compile(r"(unistd|fcntl|pthread|dirent|signal|poll|errno|locale|setjmp|glob|termios|"
                   r"sched|spawn|dlfcn|wchar|wctype|ctype|time|sys/\w+)\.h$")
FORMATS = {"printf": 0, "fprintf": 1, "dprintf": 1, "snprintf": 2, "syslog": 1}
LEFTOVER = re.compile(r"\b(%s)\b" % "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")))
CALL = re.compile(r"(?<![\w.])(?<!->)([A-Za-z_]\w*)\s*\(")
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)

Problem = collections.namedtuple("Problem", "path line code text")


# ---- reading -----------------------------------------------------------------------------------


class Source:
    """One file: its text, and its code with comments blanked and strings emptied."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), "rb") as file:
            self.bytes = file.read()
        self.text = self.bytes.decode("utf-8", "replace")
        self.lines = self.text.split("\n")
        self.is_c = path.endswith((".c", ".h", ".def"))
        self.code = TOKEN.sub(blank, self.text) if self.is_c else ""
        self.folder = path.split("/", 1)[0]

    def line_at(self, offset):
        return self.code.count("\n", 0, offset) + 1


def blank(match):
    """A comment becomes spaces, a string keeps its quotes: offsets and line numbers stay."""
    text = match.group()
    if text[0] in "\"'":
        return text[0] + "_" * (len(text) - 2) + text[0]
    return re.sub(r"[^\n]", " ", text)


def find_sources(root):
    """Our text files, sorted. Corpora and golden files are data and are left alone."""
    for top in FOLDERS:
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders[:] = sorted(f for f in folders
                                if f not in ("corpus", "data", "golden", "__pycache__"))
            for name in sorted(files):
                path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
                if name.endswith((".c", ".h", ".def", ".py", ".sh")):
                    yield Source(root, path)


def read_list(root, path):
    """The lines of a list file, without comments; none when there is no such file."""
    try:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            return parse_list(file.read())
    except FileNotFoundError:
        return []


def parse_list(text):
    rows = [line.split("#", 1)[0].split() for line in text.splitlines()]
    return [row for row in rows if row]


def read_allow(rows):
    return {(row[0], row[1]): int(row[2]) for row in rows if len(row) == 3 and row[2].isdigit()}


# ---- the rules of one file ---------------------------------------------------------------------


def check_text(source, tables):
    """Columns, tabs, trailing space, encoding, leftovers, length."""
    def say(line, code, text):
        return Problem(source.path, line, code, text)

    try:
        source.bytes.decode("utf-8")
    except UnicodeDecodeError as error:
        yield say(source.bytes.count(b"\n", 0, error.start) + 1, "text", "not UTF-8")
    if source.bytes and not source.bytes.endswith(b"\n"):
        yield say(len(source.lines), "text", "no newline at the end")
    for number, line in enumerate(source.lines, 1):
        if len(line) > MAX_COLUMNS and "://" not in line and source.path not in tables:
            yield say(number, "text", "%d columns, at most %d" % (len(line), MAX_COLUMNS))
        if line != line.rstrip():
            yield say(number, "text", "space at the end of the line")
        if source.is_c and "\t" in line:
            yield say(number, "text", "a tab: indent with 4 spaces")
        if LEFTOVER.search(line):
            yield say(number, "leftover", "finish it, or say why it is right: " + line.strip()[:60])
    count = len(source.lines) - 1
    if source.path not in tables and count > WARN_LINES:
        code, most = ("file-size", MAX_LINES) if count > MAX_LINES else ("warning", WARN_LINES)
        yield say(1, code, "%d lines, more than %d: is it one thing?" % (count, most))


def check_header(source):
    """The opening comment, and a header's guard."""
    text = re.sub(r"\A(\s*//[^\n]*SPDX[^\n]*\n|\s*/\*\s*SPDX[^\n]*\*/\n)", "", source.text)
    opening = re.match(r"\s*(/\*.*?\*/|(?://[^\n]*\n)+)", text, re.S)
    words = re.findall(r"[A-Za-z][A-Za-z'-]+", opening.group(1)) if opening else []
    if len(words) < MIN_WORDS:
        yield Problem(source.path, 1, "header", "open with a comment that says what this is, how "
                      "and why (%d words, at least %d)" % (len(words), MIN_WORDS))
    if source.path.endswith(".h") and source.folder in ("src", "include"):
        name = source.path.split("/", 1)[1]
        guard = "TM_" + re.sub(r"\W", "_", name).upper()
        guard = "TAMIS_H" if name == "tamis.h" else guard
        if not re.search(r"^#ifndef %s\n#define %s$" % (guard, guard), source.code, re.M):
            yield Problem(source.path, 1, "guard", "the include guard is " + guard)


def check_calls(source):
    """Calls that a place may not make."""
    path, inner = source.path, source.folder in ("src", "include")
    in_base = path.startswith("src/base/")
    for match in CALL.finditer(source.code):
        name, line = match.group(1), None
        if name in BANNED:
            line, code, text = match.start(), "banned", "%s(): use %s" % (name, BANNED[name])
        elif not inner:
            continue
        elif name in OUTSIDE_BASE and not in_base:
            line, code = match.start(), "banned"
            text = "%s() outside src/base: use %s" % (name, OUTSIDE_BASE[name])
        elif name in HEAP and path != "src/base/alloc.c":
            line, code, text = match.start(), "heap", "%s(): use base/alloc.h or an arena" % name
        elif name in EXIT and not path.startswith("src/cli/") and path != "src/base/def.c":
            line, code, text = match.start(), "exit", "%s(): return a tm_status, or assert" % name
        elif name in FORMATS and not literal_format(source.code, match.end(), FORMATS[name]):
            line, code, text = match.start(), "format", "the format of %s() is no literal" % name
        if line is not None:
            yield Problem(path, source.line_at(line), code, text)
    for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]*<([^>]*)>", source.code, re.M):
        if inner and POSIX.match(match.group(1)) and not path.startswith(("src/base/", "src/cli/")):
            yield Problem(path, source.line_at(match.start()), "posix",
                          "<%s> belongs into src/base, behind a header of ours" % match.group(1))
    for match in re.finditer(r"\btypedef\b[^;{}]*\b(\w+_t)\s*;|\}\s*(\w+_t)\s*;", source.code):
        yield Problem(path, source.line_at(match.start()), "name", "a type of ours has no _t: %s" %
                      (match.group(1) or match.group(2)))


def literal_format(code, at, index):
    """Whether argument `index` of the call whose arguments begin at `at` holds a literal."""
    depth, argument, start = 0, 0, at
    for place in range(at, len(code)):
        letter = code[place]
        if letter in "([{":
            depth += 1
        elif letter in ")]}" and depth > 0:
            depth -= 1
        elif depth == 0 and letter in "),":
            if argument == index:
                return '"' in code[start:place]
            if letter == ")":
                return False
            argument, start = argument + 1, place + 1
    return False


# ---- the rules of the tree ---------------------------------------------------------------------


def list_functions(root, paths):
    """[(path, name, first line, lines)] of every function definition, from ctags."""
    if not paths:
        return []
    command = ["ctags", "-x", "--language-force=C", "--kinds-C=f", "--sort=no", "-L", "-",
               "--_xformat=%F\t%N\t%n\t%e"]
    try:
        out = subprocess.run(command, cwd=root, input="\n".join(paths), text=True, check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    except (OSError, subprocess.CalledProcessError):
        sys.exit("check_tidy.py: universal-ctags is missing: run tools/setup.sh check")
    functions = []
    for row in out.splitlines():
        path, name, first, last = (row.split("\t") + ["", ""])[:4]
        if last.isdigit():
            functions.append((path, name, int(first), int(last) - int(first) + 1))
    return functions


def check_functions(root, sources, allow):
    """Lengths against the allow list, and names of what other files can see."""
    left = dict(allow)
    c_files = [s for s in sources if s.path.endswith((".c", ".h"))]
    local = re.compile(r"\b(?:static|TM_INLINE|INLINE)\b[^;{}=]*?\b(\w+)\s*\(")
    static = {s.path: set(local.findall(s.code)) for s in c_files}
    for path, name, first, lines in list_functions(root, [s.path for s in c_files]):
        limit = left.pop((path, name), None)
        if limit is not None and lines < limit:
            yield Problem(path, first, "function", "%s() has %d lines now: lower its number in %s%s"
                          % (name, lines, ALLOW, "" if lines > MAX_FUNCTION else " (remove it)"))
        elif lines > (limit or MAX_FUNCTION):
            yield Problem(path, first, "function", "%s() has %d lines, at most %d"
                          % (name, lines, limit or MAX_FUNCTION))
        ours = {"src/api/": ("tm_", "tamis_"), "src/py/": ("tm_", "PyInit_")}.get(
            path[:path.rfind("/") + 1], ("tm_",))
        if path.startswith("src/") and name not in static[path] and name != "main" \
                and not name.startswith(ours):
            yield Problem(path, first, "name", "%s() is seen by other files: name it tm_..., or "
                          "make it static" % name)
    for (path, name), lines in sorted(left.items()):
        yield Problem(ALLOW, 1, "function", "there is no %s() in %s any more: remove its line"
                      % (name, path))


def check_ratchet(root, allow, base):
    """The allow list holds nothing that revision `base` did not hold with the same or more."""
    old = subprocess.run(["git", "show", "%s:%s" % (base, ALLOW)], cwd=root, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if old.returncode != 0:
        return
    before = read_allow(parse_list(old.stdout))
    for (path, name), lines in sorted(allow.items()):
        if lines > before.get((path, name), 0):
            yield Problem(ALLOW, 1, "function", "the list only shrinks, and %s %s %d is new since "
                          "%s: split the function" % (path, name, lines, base))


def check_names(sources):
    """No two C files share a name: a name in a message or a stack trace is then enough."""
    seen = {}
    for source in sources:
        name = os.path.basename(source.path)
        if source.is_c and name in seen:
            yield Problem(source.path, 1, "name", "%s has this name already" % seen[name])
        seen.setdefault(name, source.path)


def check(root, base=None):
    """All problems of the tree at root, sorted."""
    sources = list(find_sources(root))
    tables = {row[0] for row in read_list(root, TABLES)}
    allow = read_allow(read_list(root, ALLOW))
    problems = []
    for source in sources:
        problems += check_text(source, tables)
        if source.is_c:
            problems += check_header(source)
            problems += check_calls(source)
    problems += check_functions(root, sources, allow)
    problems += check_names(sources)
    if base:
        problems += check_ratchet(root, allow, base)
    known = {source.path for source in sources}
    problems += [Problem(TABLES, 1, "file-size", "there is no %s any more: remove its line" % path)
                 for path in sorted(tables - known)]
    return sorted(problems)


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=here, help="root of the tree (this repository)")
    parser.add_argument("--base", help="a git revision the allow list may not outgrow")
    options = parser.parse_args()
    problems = check(options.root, options.base)
    for problem in problems:
        print("%s:%d: %s: %s" % problem)
    return 1 if any(problem.code != "warning" for problem in problems) else 0


if __name__ == "__main__":
    sys.exit(main())
