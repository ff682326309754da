"""A recipe on Apache Spark, with the data and the ledger that one machine would give.

    import tamis.spark
    result = tamis.spark.run("recipe.yaml", spark, folder="/shared/runs/support")

Spark does what it is good at, bringing equal keys together and sorting; everything on either side
of that is libtamis in the executors' Python workers (mapInArrow), reading the inputs with its own
reader. A stage of the plan becomes

    map over splits -> repartition(n, key) + sortWithinPartitions -> reduce -> decisions

and decisions go back to the split they are about by one more shuffle. Between stages rows lie as
Parquet in the run folder's .tamis/, so a lost executor costs its tasks and no more. The driver holds
counts, folded states and the counters of connected components, never data. Inputs and the run
folder are paths that every machine sees.
"""

import json
import math
import os
import shutil
import sys
import uuid

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import functions as F

from tamis import stages
from tamis.errors import UsageError, of_status
from tamis.stages import DECISION, FACT, ROWS, STATE, Plan

SEAM = "what long, stage long, split long, key binary, `order` binary, rid binary, data binary"

_plans = {}  # of this process, by run: a worker opens a plan once


def _plan(job):
    """The worker's plan, with all that is known told to it."""
    plan = _plans.get(job.value["run"])
    if plan is None:
        for old in _plans.values():
            old.close()
        _plans.clear()
        plan = _plans[job.value["run"]] = Plan.of_ticket(job.value["ticket"])
    for stage, state in job.value["told"].items():
        plan.tell(stage, state)
    return plan


def _groups(batches, column):
    """Batches sorted by a column, cut where it changes: pairs of a value and its batches. Each must
    be read to its end, or is skipped, before the next."""
    batches = iter(batches)
    left = None

    def rows():  # of the value at hand, from `left` on
        nonlocal left
        value = left.column(column)[0].as_py()
        while left is not None:
            values = left.column(column).to_numpy()
            count = int(values.searchsorted(value, side="right"))
            if count:
                yield left.slice(0, count)
            if count < left.num_rows:
                left = left.slice(count)
                return
            left = next((batch for batch in batches if batch.num_rows), None)

    left = next((batch for batch in batches if batch.num_rows), None)
    while left is not None:
        mine = rows()
        yield left.column(column)[0].as_py(), mine
        for _ in mine:
            pass


def _only(schema, names):
    return pa.schema([schema.field(name) for name in names])


def _given(batches, names):
    """A schema and the batches, both with some columns only: what a plan's methods take."""
    batches = iter(batches)
    first = next(batches, None)
    if first is None:
        return _only(ROWS, names), []

    def all_of_them():
        yield first.select(names)
        for batch in batches:
            yield batch.select(names)

    return _only(first.schema, names), all_of_them()


def _with_reader(reader):
    with reader:
        yield from reader


# ---- in the executors ---------------------------------------------------------------------------


def _map_splits(job, stage):
    """Splits by number, without decisions."""

    def run(batches):
        plan = _plan(job)
        for batch in batches:
            for split in batch.column("split").to_pylist():
                yield from _with_reader(plan.map(stage, split))

    return run


def _map_decided(job, stage):
    """Splits with their decisions: sorted by split, a row of stage -1 first."""

    def run(batches):
        plan = _plan(job)
        for split, mine in _groups(batches, "split"):
            mark = next(mine)
            rest = [mark.slice(1)] if mark.num_rows > 1 else []
            names = ["what", "stage", "split", "rid", "data"]
            given = _given(_chain(rest, mine), names)
            yield from _with_reader(plan.map(stage, split, given))

    return run


def _chain(first, rest):
    yield from first
    yield from rest


def _reduce_groups(job, stage):
    def run(batches):
        given = _given(batches, ["key", "order", "rid", "data"])
        yield from _with_reader(_plan(job).reduce(stage, 0, given))

    return run


def _reduce_ranks(job, stage, first):
    """Sorted stretches by their number; first: how many rows stand before each."""

    def run(batches):
        plan = _plan(job)
        for part, mine in _groups(batches, "part"):
            given = _given(mine, ["order", "rid"])
            yield from _with_reader(plan.reduce(stage, first[part], given))

    return run


def _put(job, stage):
    def run(batches):
        part = TaskContext.get().partitionId()
        given = _given(batches, ["order", "rid", "data"])
        yield from _with_reader(_plan(job).reduce(stage, part, given))

    return run


def _fold(job, stage):
    def run(batches):
        plan, state = _plan(job), None
        for batch in batches:
            for other in batch.column("data").to_pylist():
                state = other if state is None else plan.fold(stage, state, other)
        if state is not None:
            yield _row(what=STATE, stage=stage, data=state)

    return run


def _join(job):
    def run(batches):
        for _ in batches:
            pass
        yield _row(data=json.dumps(_plan(job).join()).encode())

    return run


def _row(**values):
    blank = {"what": 0, "stage": 0, "split": 0, "key": b"", "order": b"", "rid": b"", "data": b""}
    row = {**blank, **values}
    return pa.RecordBatch.from_pydict({name: [row[name]] for name in ROWS.names}, schema=ROWS)


# ---- on the driver ------------------------------------------------------------------------------


class _Driver:
    def __init__(self, spark, plan, folder, split_bytes, partitions):
        self.spark, self.plan = spark, plan
        self.run_name = uuid.uuid4().hex
        self.ticket = plan.ticket(split_bytes)
        shape = plan.stages()
        self.stages, self.splits = shape["stages"], shape["splits"]
        self.of_stream = shape["of_stream"]
        for split in self.splits:
            if not os.path.isabs(split["path"]):
                raise UsageError(
                    f"{split['path']} begins in a working folder, and every executor has its own: "
                    "name inputs by absolute paths",
                )
        self.told = {}
        self.left = None  # facts that the last stage left for the next
        self.decisions = {}  # by stage
        self.work = os.path.join(os.path.abspath(folder), ".tamis", "spark")
        parallel = spark.sparkContext.defaultParallelism
        self.partitions = partitions or max(2 * parallel, len(self.splits))
        self.slots = {}

    def job(self):
        job = {"run": self.run_name, "ticket": self.ticket, "told": self.told}
        return self.spark.sparkContext.broadcast(job)

    def keep(self, rows, name):
        """Rows written down: they are read more than once, and made once."""
        path = "file://" + os.path.join(self.work, name)
        rows.write.mode("overwrite").option("compression", "zstd").parquet(path)
        return self.spark.read.parquet(path)

    def slots_of(self, count):
        """For each partition a number that repartition(count, ...) sends there: hashes collide, and
        two splits in one task would take twice the time of another's one."""
        while count not in self.slots:
            found, seen = {}, 16 * count
            while len(found) < count:
                numbers = self.spark.range(0, seen, 1, 1)
                where = F.expr(f"cast(pmod(hash(id), {count}) as int)")
                rows = numbers.groupBy(where.alias("at")).agg(F.min("id").alias("slot")).collect()
                found = {row["at"]: row["slot"] for row in rows}
                seen *= 4
            self.slots[count] = [found[at] for at in range(count)]
        return self.slots[count]

    # -- map --

    def numbers_of(self, stage):
        first = self.of_stream if stage["references_only"] else 0
        return list(range(first, len(self.splits) if stage["references"] else self.of_stream))

    def map(self, stage, numbers=None):
        """The rows of a stage's map, to be made when they are asked for."""
        numbers = self.numbers_of(stage) if numbers is None else numbers
        if not numbers:
            return self.spark.createDataFrame([], SEAM)
        slots = [
            (number, slot) for number, slot in zip(numbers, self.slots_of(len(numbers)))
        ]
        table = self.spark.createDataFrame(slots, "split long, slot long")
        given = [self.decisions[i] for i in stage["joins"] if self.decisions.get(i) is not None]
        spread = table.repartition(len(numbers), "slot")
        if not given:
            return spread.mapInArrow(_map_splits(self.job(), stage["number"]), SEAM)
        none = F.lit(b"")
        marks = table.select(
            "slot",
            F.lit(DECISION).cast("long").alias("what"),
            F.lit(-1).cast("long").alias("stage"),
            "split",
            none.alias("rid"),
            none.alias("data"),
        )
        rows = marks
        for decisions in given:
            mine = decisions.join(F.broadcast(table), "split")
            rows = rows.unionByName(mine.select("slot", "what", "stage", "split", "rid", "data"))
        rows = rows.repartition(len(numbers), "slot")
        rows = rows.sortWithinPartitions("split", "stage", "rid", "data")
        return rows.mapInArrow(_map_decided(self.job(), stage["number"]), SEAM)

    def facts(self, stage):
        """What a stage brings together."""
        if stage["observes"]:
            return self.map(stage)
        facts, self.left = self.left, None
        return facts

    def take(self, stage, rows):
        """Decisions and facts that a stage made."""
        rows = self.keep(rows, f"stage-{stage['number']:02d}")
        self.decisions[stage["number"]] = rows.where(F.col("what") == DECISION)
        self.left = rows.where(F.col("what") == FACT) if stage["leaves"] else None

    # -- stages, by how --

    def group(self, stage, facts=None):
        facts = self.facts(stage) if facts is None else facts
        sort = ["key", "order", "rid", "data"]
        facts = facts.select(*sort).repartition(self.partitions, "key").sortWithinPartitions(*sort)
        self.take(stage, facts.mapInArrow(_reduce_groups(self.job(), stage["number"]), SEAM))

    def components(self, stage):
        edges = self.facts(stage).select(F.col("rid").alias("u"), F.col("data").alias("v"))
        edges = self.keep(edges, f"edges-{stage['number']:02d}")
        named = _components(edges, lambda rows, name: self.keep(rows, name), stage["number"])
        none = F.lit(b"")
        named = named.select(
            F.col("v").alias("key"), none.alias("order"), F.col("u").alias("rid"), none.alias("data")
        )
        self.group(stage, named)

    def sort(self, stage):
        number = stage["number"]
        facts = self.keep(self.facts(stage).select("order", "rid"), f"facts-{number:02d}")
        ranged = facts.repartitionByRange(self.partitions, "order", "rid")
        parts = self.keep(
            ranged.withColumn("part", F.spark_partition_id().cast("long")), f"parts-{number:02d}"
        )
        counts = dict(parts.groupBy("part").count().collect())
        first, before = {}, 0
        for part in sorted(counts):
            first[part] = before
            before += counts[part]
        sort = ["part", "order", "rid"]
        parts = parts.repartition(self.partitions, "part").sortWithinPartitions(*sort)
        self.take(stage, parts.mapInArrow(_reduce_ranks(self.job(), number, first), SEAM))

    def fold(self, stage):
        number = stage["number"]
        states = self.map(stage)
        some = states.repartition(max(1, math.isqrt(len(self.splits))))
        merged = None
        for row in some.mapInArrow(_fold(self.job(), number), SEAM).select("data").collect():
            state = bytes(row["data"])
            merged = state if merged is None else self.plan.fold(number, merged, state)
        self.tell(number, merged)

    def table(self, stage):
        sort = ["key", "order", "rid", "data"]
        facts = self.facts(stage).select(*sort).repartition(1).sortWithinPartitions(*sort)
        rows = facts.mapInArrow(_reduce_groups(self.job(), stage["number"]), SEAM)
        for row in rows.where(F.col("what") == STATE).select("data").collect():
            self.tell(stage["number"], bytes(row["data"]))

    def head(self, stage):
        limit, before, told = stage["head"], 0, bytes(24)
        rows = self.map(stage).select("split", "data").collect()
        for split, live in sorted((row["split"], bytes(row["data"])) for row in rows):
            live = int.from_bytes(live, sys.byteorder)
            if before < limit <= before + live:
                told = (1).to_bytes(8, sys.byteorder) + self.nth(stage, split, limit - before)
            before += live
        self.tell(stage["number"], told)

    def nth(self, stage, split, number):
        """The rid of one live record of a split."""
        job, at, told = self.job(), stage["number"], number.to_bytes(8, sys.byteorder)
        rows = self.map_one(stage, split, lambda plan, given: plan.map(at, split, given), told, job)
        return bytes(rows.select("data").collect()[0]["data"])

    def map_one(self, stage, split, call, told, job):
        names = ["what", "stage", "split", "rid", "data"]
        given = [self.decisions[i] for i in stage["joins"] if self.decisions.get(i) is not None]
        none = F.lit(b"")
        rows = self.spark.range(1).select(
            F.lit(STATE).cast("long").alias("what"),
            F.lit(-1).cast("long").alias("stage"),
            F.lit(split).cast("long").alias("split"),
            none.alias("rid"),
            F.lit(told).alias("data"),
        )
        for decisions in given:
            rows = rows.unionByName(decisions.where(F.col("split") == split).select(*names))
        rows = rows.repartition(1).sortWithinPartitions("stage", "rid", "data")

        def run(batches):
            yield from _with_reader(call(_plan(job), _given(batches, names)))

        return rows.mapInArrow(run, SEAM)

    def write(self, stage):
        rows = self.map(stage)
        if stage["leaves"]:
            self.left = self.keep(rows.select("order", "rid", "data"), "records")
        else:
            rows.write.format("noop").mode("overwrite").save()

    def put(self, stage):
        sort = ["order", "rid"]
        facts, self.left = self.left, None
        facts = facts.repartitionByRange(self.partitions, *sort).sortWithinPartitions(*sort)
        rows = facts.mapInArrow(_put(self.job(), stage["number"]), SEAM)
        rows.write.format("noop").mode("overwrite").save()

    def digest(self, stage):
        cut = [i for i in self.numbers_of(stage) if self.splits[i]["to"] and not self.splits[i]["from"]]
        self.map(stage, cut).write.format("noop").mode("overwrite").save()

    # -- all --

    def tell(self, stage, told):
        self.plan.tell(stage, told)
        self.told[stage] = told

    def run(self, digests):
        for stage in self.stages:
            if stage["how"] == "digest" and not digests:
                continue
            getattr(self, stage["how"])(stage)

    def join(self):
        one = self.spark.range(0, 1, 1, 1).mapInArrow(_join(self.job()), SEAM)
        return json.loads(bytes(one.select("data").collect()[0]["data"]))


def _stars(pairs):
    """How many pairs there are and what they are, as two numbers."""
    seen = pairs.agg(F.count("*").alias("n"), F.expr("bit_xor(xxhash64(u, v))").alias("x"))
    return tuple(seen.collect()[0])


def _components(edges, keep, number):
    """(u, v) for every u that an edge touches, v the lowest rid it is connected with.

    Rounds of large-star and small-star (Kiveris et al. 2014, "Connected components in MapReduce and
    beyond"): each links vertices to the lowest neighbour seen; a logarithmic number of rounds ends
    at stars around the lowest of each component. Only two numbers a round reach the driver."""
    loops = edges.where("u = v").select("u", "v")
    pairs = edges.where("u <> v").selectExpr("greatest(u, v) as u", "least(u, v) as v").distinct()
    pairs = keep(pairs, f"stars-{number:02d}-000")
    before, after, turn = None, _stars(pairs), 0
    while before != after:
        both = pairs.unionByName(pairs.select(F.col("v").alias("u"), F.col("u").alias("v")))
        large = both.selectExpr("u", "v", "least(u, min(v) over (partition by u)) as m")
        large = large.where("v > u").selectExpr("v as u", "m as v").distinct()
        small = large.selectExpr("u", "v", "min(v) over (partition by u) as m")
        linked = small.where("v <> m").selectExpr("v as u", "m as v")
        linked = linked.unionByName(small.selectExpr("u", "m as v")).distinct()
        turn += 1
        pairs = keep(linked, f"stars-{number:02d}-{turn:03d}")
        before, after = after, _stars(pairs)
    roots = pairs.selectExpr("v as u", "v").distinct()
    every = pairs.unionByName(roots).unionByName(loops)
    return every.groupBy("u").agg(F.min("v").alias("v"))


def run(
    recipe,
    spark,
    *,
    folder=None,
    inputs=None,
    settings=None,
    overwrite=False,
    split_bytes=0,
    partitions=None,
    digests=True,
):
    """Carries a recipe out on Spark; the result as a dict, as `tamis run --json` prints it.

    recipe: a file's path, the recipe as text, or a tamis.Dataset. folder, inputs: paths that every machine sees;
    without a folder, it is the output path of the recipe.
    settings: as of tamis_options ("limits.memory=2GiB"). split_bytes: how files that can be cut are
    cut (64 MiB). partitions: of a shuffle. digests: SHA-256 of inputs that were cut, which reads
    them once more. A finished run that is bad (too many unreadable records) raises FindingsError, and
    its folder is there."""
    recipe, is_file = stages.recipe_of(recipe)
    given = {"recipe_file": recipe} if is_file else {"recipe": recipe}
    folder = stages.output_of(recipe, is_file) if folder is None else folder
    with Plan.open(
        inputs=inputs, settings=settings, folder=os.path.abspath(folder), overwrite=overwrite, **given
    ) as plan:
        plan.warn()
        driver = _Driver(spark, plan, folder, split_bytes, partitions)
        plan.begin()
        driver.run(digests)
        done = driver.join()
        shutil.rmtree(driver.work, ignore_errors=True)
        if done["result"] is not None:
            plan.end()
    if done["error"]:
        raise of_status(*done["error"])
    return done["result"]
