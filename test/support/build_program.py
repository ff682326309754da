"""Builds a helper program (test/programs/NAME.c) with the flags and the library of the build under
test, into the test's own folder. For tests that hold our output against other programs'."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def make_variable(variant, build, name):
    command = ["make", "-s", "-C", ROOT, "V=" + variant, "BUILD=" + build, "print-" + name]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def _run(line):
    subprocess.run(line, shell=True, check=True, cwd=ROOT)


def build_program(name, folder, helpers=()):
    """The path of the built program; `helpers` are the names of files in test/support."""
    out = os.environ.get("TAMIS_BUILD", os.path.join(ROOT, "build/release"))
    build, variant = os.path.split(os.path.abspath(out))
    target = os.path.join(folder, name)
    link, flags, libraries = [make_variable(variant, build, n)
                              for n in ("LINK", "CPPFLAGS_ALL", "DEP_LIBS")]
    sources = " ".join(["test/programs/%s.c" % name, *("test/support/%s.c" % h for h in helpers)])
    _run("%s %s -Itest -Itest/support -o %s %s %s/libtamis.a %s -lm"
         % (link, flags, target, sources, os.path.abspath(out), libraries))
    return target


def build_shared(name, folder, sources):
    """The path of a shared library of the program and some of our sources: the objects of
    libtamis.a are made for programs and cannot go into one."""
    target = os.path.join(folder, name + ".so")
    flags, libraries = [make_variable("release", "build", n) for n in ("CPPFLAGS_ALL", "DEP_LIBS")]
    _run("cc -std=c17 -O1 -fPIC -pthread %s -shared -o %s test/programs/%s.c %s %s -lm"
         % (flags, target, name, " ".join(sources), libraries))
    return target
