"""Builds a helper program (test/programs/NAME.c) with the flags and the library of the build under
test, into the test's own folder. For tests that hold our output against other programs'."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _make_variable(variant, build, name):
    command = ["make", "-s", "-C", ROOT, "V=" + variant, "BUILD=" + build, "print-" + name]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def build_program(name, folder, shared=False):
    """The path of the built program (or shared library)."""
    out = os.environ.get("TAMIS_BUILD", os.path.join(ROOT, "build/release"))
    build, variant = os.path.split(os.path.abspath(out))
    target = os.path.join(folder, name + (".so" if shared else ""))
    flags = [_make_variable(variant, build, n) for n in ("LINK", "CPPFLAGS_ALL", "DEP_LIBS")]
    line = "%s -Itest -fPIC %s %s -o %s test/programs/%s.c %s/libtamis.a %s -lm" % (
        flags[0], flags[1], "-shared" if shared else "", target, name, os.path.abspath(out),
        flags[2])
    if shared:
        line = line.replace(" -pie ", " ").replace(" -fPIE ", " ")
    subprocess.run(line, shell=True, check=True, cwd=ROOT)
    return target
