"""The Python package of the build under test, made when it is not there yet.

`package()` gives the folder for PYTHONPATH and puts it first on sys.path. It skips where it cannot
be: no headers of Python, or a build with sanitizers, which no Python can load. Tests that run at
the same time take turns at building it.
"""

import fcntl
import os
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("TAMIS_BUILD", os.path.join(ROOT, "build/release")))


def package():
    variant = os.path.basename(BUILD)
    if variant not in ("release", "clang"):
        raise unittest.SkipTest("a library with sanitizers cannot be loaded by Python")
    if subprocess.run(["pkg-config", "--exists", "python3"], check=False).returncode:
        raise unittest.SkipTest("the headers of Python are not installed (tools/setup.sh test)")
    with open(os.path.join(BUILD, "python.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make = ["make", "-s", "-C", ROOT, "V=" + variant, "BUILD=" + os.path.dirname(BUILD)]
        done = subprocess.run([*make, "python"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
    if done.returncode:
        raise AssertionError("make python:\n" + done.stdout)
    tree = os.path.join(BUILD, "python")
    sys.path.insert(0, tree)
    return tree


def need(*modules):
    """Skips where a package is not installed."""
    for name in modules:
        try:
            __import__(name)
        except ImportError:
            raise unittest.SkipTest(f"{name} is not installed (tools/setup.sh test)") from None


def environment():
    """Of a child that imports the package."""
    return {**os.environ, "PYTHONPATH": os.path.join(BUILD, "python")}
