"""How dedup.near grows: short records, 0.625, 2.5 and 10 million of them, under --memory 2GiB, so
that facts spill. Each step has four times the records of the one before; its time may be at most
4.6 times as long. Peak memory stands beside each; it may not go beyond the ceiling.

  TAMIS_BENCH_NEAR_RECORDS   records of the greatest file (10000000)
"""

import os
import subprocess

import benchkit as kit

MOST = int(os.environ.get("TAMIS_BENCH_NEAR_RECORDS", "10000000"))
CEILING_MIB = 2048


def data(records):
    path = os.path.join(kit.FOLDER, f"many-{records}.jsonl")
    if not os.path.exists(path):
        os.makedirs(kit.FOLDER, exist_ok=True)
        with open(path + ".new", "wb") as out:
            subprocess.run([kit.program("make_many"), str(records)], stdout=out, check=True)
        os.rename(path + ".new", path)
    return path


def measure():
    met, before = True, None
    out = os.path.join(kit.OUT, "near-growth.jsonl")
    for records in (MOST // 16, MOST // 4, MOST):
        path = data(records)
        about = kit.describe(path)  # reads the whole file: no run waits for the disk
        command = [kit.TAMIS, "dedup.near", path, "--by", "document", "--memory", "2GiB",
                   "--threads", "2", "-q", "-o", "-"]
        runs = [kit.once(command, out) for _ in range(3 if records < MOST else 2)]
        now = kit.summary(runs)
        with open(out, "rb") as file:
            kept = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
        print(f"   {records} records, {os.path.getsize(path) / 1e6:.0f} MB: {now['wall']} s, "
              f"{now['mib']:.0f} MiB, {kept} kept")
        if now["mib"] > CEILING_MIB:
            print("   FALLS SHORT: beyond the ceiling")
            met = False
        if before:
            met &= kit.claim(f"near-growth-{records}", f"near dedup of {records} short records",
                             f"{records // 4} records", 4.6, now, before, about,
                             at_most=True)
        before = now
    os.remove(out)
    return met


if __name__ == "__main__":
    kit.main(measure)
