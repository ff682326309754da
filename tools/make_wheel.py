#!/usr/bin/env python3
"""Makes the wheel of the Python package, the same bytes from the same build.

    make wheel                                  builds, then calls this
    tools/make_wheel.py --tree DIR --out DIR    the wheel of a tree that `make python` made

It is the build backend of pyproject.toml too (PEP 517), so `pip install .` builds with make and
installs what this makes. A wheel is a zip with three files of metadata (PEP 427), which is less to
write than another builder's configuration; nothing has to be downloaded for it. Times in it are
those of SOURCE_DATE_EPOCH, or 1980. Debug information is left out.
"""

import argparse
import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ABI = "cp39-abi3"  # as Py_LIMITED_API in the Makefile
METADATA = """Metadata-Version: 2.1
Name: tamis
Version: {version}
Summary: Dataset engineering for post-training: a recipe in, a clean dataset and its account out
License: Apache-2.0
License-File: LICENSE
Requires-Python: >=3.9
Classifier: License :: OSI Approved :: Apache Software License
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: C
Classifier: Programming Language :: Python :: 3
Classifier: Typing :: Typed
Provides-Extra: arrow
Requires-Dist: pyarrow >=15; extra == "arrow"
Provides-Extra: spark
Requires-Dist: pyarrow >=15; extra == "spark"
Requires-Dist: pyspark >=4; extra == "spark"
"""
WHEEL = "Wheel-Version: 1.0\nGenerator: tamis ({version})\nRoot-Is-Purelib: false\nTag: {tag}\n"


def load(path):
    with open(path, "rb") as file:
        return file.read()


def version():
    return load(os.path.join(ROOT, "VERSION")).decode().strip()


def tag():
    return f"{ABI}-linux_{os.uname().machine}"


def stripped(path):
    """A shared object without what only a debugger reads."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "stripped")
        subprocess.run(["strip", "--strip-unneeded", "-o", out, path], check=True)
        return load(out)


def contents(tree):
    """{name in the wheel: (bytes, mode)} of everything but RECORD."""
    info, files = f"tamis-{version()}.dist-info", {}
    package = os.path.join(tree, "tamis")
    ours = {name for name in os.listdir(os.path.join(ROOT, "python/tamis"))
            if name.endswith((".py", ".pyi")) or name == "py.typed"}
    for name in sorted(ours | {"operators.py", "_tamis.abi3.so"}):
        path = os.path.join(package, name)
        shared = name.endswith(".so")
        files[f"tamis/{name}"] = (stripped(path), 0o755) if shared else (load(path), 0o644)
    said = {"version": version(), "tag": tag()}
    files[f"{info}/METADATA"] = (METADATA.format(**said).encode(), 0o644)
    files[f"{info}/WHEEL"] = (WHEEL.format(**said).encode(), 0o644)
    files[f"{info}/licenses/LICENSE"] = (load(os.path.join(ROOT, "LICENSE")), 0o644)
    return files


def record_of(files):
    """The list of all files with their digests (PEP 376)."""
    rows = []
    for name, (body, _) in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(body)}\n")
    rows.append(f"tamis-{version()}.dist-info/RECORD,,\n")
    return "".join(rows).encode()


def make_wheel(tree, folder):
    """Writes the wheel and gives its name."""
    files = contents(tree)
    files[f"tamis-{version()}.dist-info/RECORD"] = (record_of(files), 0o644)
    name = f"tamis-{version()}-{tag()}.whl"
    stamp = time.gmtime(max(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), 315532800))[:6]
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    with zipfile.ZipFile(path + ".new", "w") as out:
        for entry, (body, mode) in files.items():
            info = zipfile.ZipInfo(entry, stamp)
            info.create_system, info.external_attr = 3, (0o100000 | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(info, body, compresslevel=6)
    os.replace(path + ".new", path)
    return name


# ---- the build backend (PEP 517) ---------------------------------------------------------------


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Called by pip in the root of the project."""
    jobs = str(len(os.sched_getaffinity(0)))
    subprocess.run(["make", "-C", ROOT, "-j" + jobs, "python"], check=True, stdout=sys.stderr)
    return make_wheel(os.path.join(ROOT, "build/release/python"), wheel_directory)


def build_sdist(sdist_directory, config_settings=None):
    """The files under version control, as git packs them."""
    name = f"tamis-{version()}.tar.gz"
    path = os.path.join(sdist_directory, name)
    subprocess.run(["git", "-C", ROOT, "archive", "--format=tar.gz", "-o", os.path.abspath(path),
                    f"--prefix=tamis-{version()}/", "HEAD"], check=True)
    return name


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tree", required=True, help="what `make python` made")
    parser.add_argument("--out", required=True, help="the folder for the wheel")
    options = parser.parse_args()
    if not shutil.which("strip"):
        sys.exit("make_wheel.py: strip is missing: it comes with binutils (tools/setup.sh build)")
    print(os.path.join(options.out, make_wheel(options.tree, options.out)))


if __name__ == "__main__":
    main()
