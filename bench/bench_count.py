"""Counting the records of a .zst and a .gz: `tamis cat` validates every record, splits and passes
it on; the rival only decompresses. Two threads for us, as zstd -d and gzip -d have one each."""

import os
import subprocess

import benchkit as kit


def packed(path, tool, suffix):
    target = path + suffix
    if not os.path.exists(target):
        with open(target + ".new", "wb") as out:
            subprocess.run([tool, "-c", path], stdout=out, check=True)
        os.rename(target + ".new", target)
    return target


def measure():
    met = True
    kit.need("zstd", "gzip")
    for shape in ("chats", "docs"):
        for tool, suffix in (("zstd", ".zst"), ("gzip", ".gz")):
            path = packed(kit.words(shape), tool, suffix)
            ours = [kit.TAMIS, "cat", path, "--threads", "2"]
            if subprocess.run(ours, stdout=subprocess.PIPE).stdout.count(b"\n") != \
                    subprocess.run([tool, "-dc", path], stdout=subprocess.PIPE).stdout.count(b"\n"):
                raise RuntimeError("not the same number of records")
            a, b = kit.pair(ours, [tool, "-dc", path])
            met &= kit.claim(f"count-{shape}{suffix}", f"every record of a {suffix} ({shape}), "
                             "2 threads", f"{tool} -d", 1.15, a, b, kit.describe(path),
                             at_most=True)
    return met


if __name__ == "__main__":
    kit.main(measure)
