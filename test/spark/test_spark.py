"""Recipes on a real Spark session, two executors in processes of their own: the same data byte for
byte and the same ledger value for value as on one machine. Skips where Java or pyspark is absent.
"""
# time-limit: 600

import importlib.util
import os
import shutil
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../laws"))
from lawkit import LawCase, manifest, operators  # noqa: E402
from python_package import package  # noqa: E402

if shutil.which("java") is None:
    raise unittest.SkipTest("Java is not installed (tools/setup.sh test): no Spark without it")
for module in ("pyspark", "pyarrow"):
    if importlib.util.find_spec(module) is None:
        raise unittest.SkipTest("%s is not installed (tools/setup.sh test)" % module)
PYTHON = package()

import pyarrow.parquet as pq  # noqa: E402

SESSION, EXECUTORS = None, 2


def setUpModule():
    global SESSION
    os.environ.update(PYSPARK_PYTHON=sys.executable, PYTHONPATH=PYTHON)
    from pyspark.sql import SparkSession

    here = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
    SESSION = (
        SparkSession.builder.master(f"local-cluster[{EXECUTORS},1,1024]")
        .appName("tamis")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.codegen.wholeStage", "false")  # compiling takes longer than running
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.local.dir", here)
        .config("spark.sql.warehouse.dir", here)
        .config("spark.executorEnv.PYTHONPATH", PYTHON)
        .config("spark.network.timeout", "600s")  # a busy machine loses no executor
        .config("spark.python.authenticate.socketTimeout", "300s")
        .getOrCreate()
    )
    SESSION.sparkContext.setLogLevel("ERROR")
    unittest.addModuleCleanup(shutil.rmtree, here, ignore_errors=True)
    unittest.addModuleCleanup(SESSION.stop)
    context = SESSION.sparkContext._jsc.sc()
    while context.getExecutorMemoryStatus().size() < 1 + EXECUTORS:  # and the driver
        time.sleep(0.1)


def processes():
    """Of the executors' Python workers: their parents, which the executors start."""

    def who(batches):
        import pyarrow

        for batch in batches:
            yield pyarrow.RecordBatch.from_pydict({"id": [os.getppid()] * batch.num_rows})

    rows = SESSION.range(0, 64, 1, 8).mapInArrow(who, "id long").distinct().collect()
    return {row["id"] for row in rows}


class SparkAndOneMachine(LawCase):
    def compare(self, recipe, inputs, split_bytes, more=()):
        import tamis.spark

        recipe = self.write("recipe.yaml", recipe)
        one = self.run_folder("one", "run", recipe, *inputs, expect=None)
        many = self.path("many")
        result = tamis.spark.run(
            recipe,
            SESSION,
            folder=many,
            inputs=list(inputs),
            split_bytes=split_bytes,
            partitions=2,
        )
        here, there = manifest(one), manifest(many)
        self.assertEqual(there["counts"], here["counts"])
        self.assertEqual(there["identity"], here["identity"])
        self.assertEqual(there["steps"], here["steps"])
        self.assertEqual(there["inputs"], here["inputs"])
        self.assertEqual(result["counts"], here["counts"])
        self.assertGreater(len(there["outputs"]), len(here["outputs"]))
        routes = {output["route"] for output in here["outputs"]}
        self.assertEqual(routes, {output["route"] for output in there["outputs"]})
        for route in routes:
            self.assertEqual(self.decoded(many, route), self.decoded(one, route), route)
        for name in ("ledger.parquet", "findings.parquet"):
            a, b = (pq.read_table(os.path.join(run, name)) for run in (one, many))
            self.assertTrue(a.equals(b), name)
        for name in ("unreadable.bin", "unreadable.jsonl", *more):
            self.assertEqual(self.load(many, name), self.load(one, name), name)
        self.assertFalse(os.path.exists(os.path.join(many, ".tamis")))
        self.tamis("audit", many)
        return here

    def decoded(self, run, route):
        paths = [o["path"] for o in manifest(run)["outputs"] if o["route"] == route]
        return b"".join(self.decode(os.path.join(run, path)) for path in paths)

    def load(self, run, name):
        path = os.path.join(run, name)
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            return file.read()

    def test_two_executors_are_there(self):
        self.assertEqual(len(processes() - {os.getpid()}), EXECUTORS)

    def test_check_clean_exact_near_and_split(self):
        recipe = (
            "limits: {unreadable: 10%}\nsteps:\n  - check.record: {then: park}\n"
            "  - clean.text: {}\n  - dedup.exact: {}\n  - dedup.near: {threshold: 0.8}\n"
        )
        if any(op["name"] == "split" for op in operators()):
            recipe += "  - split: {eval: 10%}\n"
        here = self.compare(recipe, self.demo(records=3000, files=3), 400_000)
        steps = {step["name"]: step["counts"] for step in here["steps"]}
        self.assertGreater(steps["dedup.exact"]["merged"], 20)
        self.assertGreater(here["counts"]["parked"], 20)
        self.assertGreater(here["counts"]["unreadable"], 5)

    def test_clusters_on_the_sides_of_an_earlier_split(self):
        def rows(name, first, last):
            lines = b"".join(
                b'{"text":"words of x%d y%d z%d w%d and more","user":%d}\n'
                % (i * 7 % 60, i % 20, i % 28, i % 35, i % 50)
                for i in range(first, last)
            )
            return self.write(name, lines)

        recipe = (
            "references:\n  train: {path: %s}\n  eval: {path: %s}\nsteps:\n"
            "  - dedup.near: {ngram: 1, threshold: 0.7, link: chain, then: flag, against: "
            "[train, eval]}\n  - split: {eval: 30%%, group: [dedup.near.cluster], earlier: "
            "[train, eval]}\noutput: {ledger: signals}\n"
        ) % (rows("old-train.jsonl", 1000, 1060), rows("old-eval.jsonl", 2000, 2020))
        here = self.compare(recipe, [rows("new.jsonl", 0, 400)], 9_000)
        counts = here["steps"][1]["routes"]
        self.assertTrue(all(route["records"] > 10 for route in counts), counts)
        self.assertGreater(here["counts"]["parked"], 10)

    def test_a_head_and_another_order(self):
        rows = b"".join(
            b'{"text":"some words of record %d"}\n' % (i * 3 % 700) for i in range(1000)
        )
        path = self.write("rows.jsonl", rows)
        recipe = "seed: 5\nsteps:\n  - dedup.exact: {keep: [longest]}\n  - head: {records: 431}\n"
        self.compare(recipe, [path], 12_000)
        shutil.rmtree(self.path("one"))
        shutil.rmtree(self.path("many"))
        recipe = "seed: 5\nsteps:\n  - sample: {count: 400}\n  - shuffle: {}\n"
        self.compare(recipe, [path], 12_000)

    def test_errors_have_their_place(self):
        import tamis.spark
        recipe = self.write("recipe.yaml", "steps:\n  - dedup.exakt: {}\n")
        with self.assertRaises(tamis.UsageError) as raised:
            tamis.spark.run(recipe, SESSION, folder=self.path("none"), inputs=[recipe])
        self.assertEqual(raised.exception.line, 2)
        self.assertIn("dedup.exact", str(raised.exception))


if __name__ == "__main__":
    unittest.main()
