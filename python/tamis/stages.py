"""A run cut into splits and stages: the face of libtamis that tamis.spark is built on.

The functions are those of include/tamis.h under "One run on many machines", which says what a stage
is and what its rows hold. Rows cross as pyarrow readers through the Arrow C interface, so nothing
is copied on the way.
"""

from __future__ import annotations

import json
import os

import pyarrow as pa

from tamis import _tamis
from tamis.dataset import Dataset
from tamis.errors import TamisError, UsageError, warn_of

FACT, DECISION, STATE = 0, 1, 2

ROWS = pa.schema(
    [
        pa.field("what", pa.int64()),
        pa.field("stage", pa.int64()),
        pa.field("split", pa.int64()),
        pa.field("key", pa.binary()),
        pa.field("order", pa.binary()),
        pa.field("rid", pa.binary()),
        pa.field("data", pa.binary()),
    ]
)


def _bytes(value):
    return None if value is None else os.fsencode(value)


def _texts(values):
    return None if values is None else [os.fsencode(value) for value in values]


def _rows(batches):
    """What the extension reads: a pair of schema and batches as a reader, or None."""
    return None if batches is None else pa.RecordBatchReader.from_batches(*batches)


def recipe_of(recipe):
    """A recipe as (text or path, whether it is a path): of a Dataset, a path, or a text. One line
    that is no YAML map is a path, be it there or not."""
    if isinstance(recipe, Dataset):
        if recipe._tables:
            raise UsageError(
                "a table in this process's memory cannot be read on other machines: write it to "
                "files that all of them see, and read those"
            )
        return recipe.recipe(), False
    if isinstance(recipe, os.PathLike):
        return os.fspath(recipe), True
    return recipe, "\n" not in recipe and (os.path.exists(recipe) or ": " not in recipe)


def output_of(recipe, is_file):
    """The folder that a recipe, as text or a file's path, says under output."""
    name, text = "recipe", os.fsencode(recipe)
    if is_file:
        name = os.fspath(recipe)
        with open(recipe, "rb") as file:
            text = file.read()
    path = _tamis.output(name, text)
    if path and (os.path.isdir(path) or "." not in os.path.basename(path)):
        return path
    if path:
        raise UsageError(
            f"the recipe writes into the file {path}, and a run on Spark has a folder: "
            'give folder="/shared/runs/NAME"'
        )
    raise UsageError(
        'a run on Spark needs a folder that every machine sees: give folder="/shared/runs/NAME", or '
        "say it in the recipe, output: {path: /shared/runs/NAME/}"
    )


class Plan:
    """One plan, as a driver (Plan.open, then ticket) or as a worker (Plan.of_ticket) has it."""

    def __init__(self, plan):
        self._plan = plan

    @classmethod
    def open(
        cls, *, recipe=None, recipe_file=None, inputs=None, settings=None, folder, overwrite=False
    ):
        """Reads the recipe and samples the inputs; writes nothing."""
        recipe, recipe_file, folder = _bytes(recipe), _bytes(recipe_file), _bytes(folder)
        settings, inputs = _texts(settings), _texts(inputs)
        return cls(
            _tamis.open(
                recipe, None, recipe_file, None, None, settings, inputs, folder, None, 1, overwrite,
                True, None,
            )
        )

    @classmethod
    def of_ticket(cls, ticket):
        """The plan that the ticket was written for; looks at no input."""
        return cls(_tamis.open_ticket(ticket))

    def warn(self):
        """Says what is remarked on the plan, as warnings."""
        warn_of(self._plan.json())

    def ticket(self, split_bytes=0):
        return self._plan.ticket(split_bytes)

    def stages(self):
        """Splits and stages, as tamis_stages_json describes them."""
        return json.loads(self._plan.stages())

    def tell(self, stage, told):
        self._plan.tell(stage, told)

    def fold(self, stage, into, state):
        """Merges two states into a new one."""
        return self._plan.fold(stage, into, state)

    def map(self, stage, split, decisions=None):
        """Rows of one split; decisions: a pair of schema and batches, or None."""
        return pa.RecordBatchReader.from_stream(self._plan.map(stage, split, _rows(decisions)))

    def reduce(self, stage, first, facts):
        """Rows of sorted facts, a pair of schema and batches."""
        return pa.RecordBatchReader.from_stream(self._plan.reduce(stage, first, _rows(facts)))

    def begin(self):
        self._plan.begin()

    def join(self):
        """Puts the run folder together; what came of it and, where that is bad, the arguments of
        errors.of_status."""
        bad = None
        try:
            self._plan.join(None)
        except TamisError as e:
            bad = [e.status, e.message, e.code, e.source, e.line, e.column]
        text = self._plan.result()
        return {"error": bad, "result": text and json.loads(text)}

    def end(self):
        self._plan.end()

    def close(self):
        self._plan.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
