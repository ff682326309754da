"""The whole of refine on 1,000,000 generated records: check, clean, measure, dedup, ledger, report.

  MB/s on 2 threads (wanted: 250), 2 threads against 1 (wanted: 1.8), and with TAMIS_BENCH_LONG=1
  the peak memory with --memory 256MiB on a 10 GiB input."""

import os
import shutil

import benchkit as kit

RECORDS = int(os.environ.get("TAMIS_BENCH_RECORDS", "1000000"))


def refine(path, threads, *more):
    folder = os.path.join(kit.OUT, "tamis-refined")
    shutil.rmtree(folder, ignore_errors=True)
    result = kit.once([kit.TAMIS, "refine", path, "-o", folder + "/", "--quiet", "--threads",
                       str(threads), *more])
    shutil.rmtree(folder, ignore_errors=True)
    return result


def measure():
    path = kit.demo(RECORDS)
    size = os.path.getsize(path) / 1e6
    one, two = [], []
    refine(path, 2)
    for _ in range(kit.RUNS):
        one.append(refine(path, 1))
        two.append(refine(path, 2))
    one, two = kit.summary(one), kit.summary(two)
    rate = {"wall": round(size / 250, 3), "mib": 0}
    note = f"{size / two['wall']:.0f} MB/s on 2 threads, {size / one['wall']:.0f} on 1"
    met = kit.claim("refine-rate", f"refine of {RECORDS:,} records, 2 threads", "250 MB/s", 1.0,
                    two, rate, kit.describe(path), note=note)
    met &= kit.claim("refine-threads", "refine, 2 threads against 1", "1 thread", 1.8, two, one,
                     kit.describe(path))
    if os.environ.get("TAMIS_BENCH_LONG"):
        big = kit.words("chats", 10738)
        result = refine(big, 2, "--memory", "256MiB")
        met &= kit.claim("refine-memory", "peak memory of refine, 10 GiB, --memory 256MiB",
                         "256 MiB", 1.0, result, {"mib": 256.0}, kit.describe(big), at_most=True,
                         by="mib", note=f"{result['wall']:.0f} s on 2 threads")
    return met


if __name__ == "__main__":
    kit.main(measure)
