"""Dataset: inputs and the steps to take, gathered lazily and carried out by whatever asks for it.

Every method that adds something gives a new Dataset, so a chain can be kept and branched. Steps are
checked as they are added, with the parameters' own tables; nothing of the inputs is read before
`plan`, `run`, `write`, `counts`, an iteration or one of the `to_` methods asks for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union, overload

from tamis import _tamis
from tamis.errors import FindingsError
from tamis.operators import Operators
from tamis.progress import Show, Shown
from tamis.recipe import Scalar, to_yaml
from tamis.run import Run

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped,import-not-found,unused-ignore]
    import polars  # type: ignore[import-not-found,unused-ignore]
    import pyarrow  # type: ignore[import-untyped,import-not-found,unused-ignore]

Path = Union[str, os.PathLike[str]]
Source = Union[Path, Sequence[Path]]
Reference = Union[Path, "Dataset"]
RECORDS, PARTS = 0, 1  # tamis_table
BESIDES = ("seed", "threads", "progress")  # settings that are neither limits nor output


def read(
    *sources: Source,
    layout: Optional[str] = None,
    map: Optional[Mapping[str, str]] = None,
    tags: Optional[Mapping[str, Scalar]] = None,
    utf8: Optional[str] = None,
    container: Optional[str] = None,
    codec: Optional[str] = None,
) -> Dataset:
    """A Dataset of files, patterns (`*`, `?`, `[..]`, `**`) and folders.

    Args:
        sources: paths, or lists of paths.
        layout: the layout all records have; without it, it is found out from a sample.
        map: where the parts of an example stand in a record of another form: name to path.
        tags: constant fields that are set on each record.
        utf8: "strict" (bytes that are not UTF-8 make a record unreadable) or "replace".
        container: the container, where the content does not say it.
        codec: the compression, where the content does not say it.
    """
    paths: list[str] = []
    for source in sources:
        if isinstance(source, (str, os.PathLike)):
            paths.append(os.fsdecode(source))
        else:
            paths.extend(os.fsdecode(path) for path in source)
    if not paths:
        raise ValueError("read needs a path, or several")
    said = dict(layout=layout, map=map, tags=tags, utf8=utf8, container=container, codec=codec)
    args: dict[str, Any] = {"path": paths if len(paths) > 1 else paths[0]}
    args.update({name: value for name, value in said.items() if value is not None})
    return Dataset({"input": args}, {}, (), {})


class Dataset(Operators):
    """Inputs and steps. Made by `read`; every operator is a method that adds a step."""

    def __init__(
        self,
        inputs: Mapping[str, Mapping[str, Any]],
        references: Mapping[str, Mapping[str, Any]],
        steps: Sequence[Mapping[str, Any]],
        settings: Mapping[str, Any],
    ) -> None:
        self._inputs, self._references = dict(inputs), dict(references)
        self._steps, self._settings = tuple(steps), dict(settings)

    # ---- gathering ---------------------------------------------------------------------------

    def _with(self, **changed: Any) -> Dataset:
        now = dict(
            inputs=self._inputs,
            references=self._references,
            steps=self._steps,
            settings=self._settings,
        )
        return Dataset(**{**now, **changed})

    def _set(self, settings: Mapping[str, Any]) -> Dataset:
        said = {name: value for name, value in settings.items() if value is not None}
        return self._with(settings={**self._settings, **said}) if said else self

    def _step(
        self, op: str, params: Mapping[str, Any], references: Sequence[str] = ()
    ) -> Dataset:
        said = {name: value for name, value in params.items() if value is not None}
        known = dict(self._references)
        for name in references:
            if name in said:
                said[name] = _refer(known, said[name])
        made = self._with(steps=(*self._steps, {op: said}), references=known)
        _tamis.check("recipe", _coded(made.recipe()))
        return made

    def references(self, **named: Union[Source, Dataset]) -> Dataset:
        """Names files that steps compare with, for their `against`."""
        known = dict(self._references)
        known.update({name: _input_of(value) for name, value in named.items()})
        return self._with(references=known)

    def __add__(self, other: Dataset) -> Dataset:
        """The records of both, in this order. Steps come after the sum."""
        if self._steps or other._steps:
            raise ValueError("add datasets before their first step: a run has one stream")
        inputs = list(self._inputs.values()) + list(other._inputs.values())
        names = ["input", *(f"input_{number}" for number in range(2, len(inputs) + 1))]
        return Dataset(
            dict(zip(names, inputs)),
            {**self._references, **other._references},
            (),
            {**self._settings, **other._settings},
        )

    # ---- looking -----------------------------------------------------------------------------

    def _tree(self) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        if "seed" in self._settings:
            tree["seed"] = self._settings["seed"]
        tree["inputs"] = self._inputs
        if self._references:
            tree["references"] = self._references
        tree["steps"] = list(self._steps)
        for section, names in Operators._SECTIONS.items():
            said = {name: self._settings[name] for name in names if name in self._settings}
            if said:
                tree[section] = said
        return tree

    def recipe(self, format: str = "yaml") -> str:
        """What was gathered, as a recipe that `tamis run` takes: "yaml" or "json"."""
        if format == "yaml":
            return to_yaml(self._tree())
        if format == "json":
            return json.dumps(self._tree(), ensure_ascii=False, default=os.fspath)
        raise ValueError('a recipe is written as "yaml" or "json"')

    def plan(self) -> dict[str, Any]:
        """What would be done: inputs and their layouts, steps with all parameters, cost, remarks;
        what `tamis run --dry-run --json` prints. Reads a sample, writes nothing."""
        plan = self._open()
        try:
            return dict(json.loads(plan.preview()))
        finally:
            plan.close()

    def __repr__(self) -> str:
        return "Dataset:\n" + "".join(f"  {line}\n" for line in self.recipe().splitlines())

    # ---- doing -------------------------------------------------------------------------------

    def _open(
        self,
        folder: Optional[Path] = None,
        file: Optional[Path] = None,
        overwrite: bool = False,
        resume: bool = True,
    ) -> _tamis.Plan:
        return _tamis.open(
            _coded(self.recipe()),
            b"recipe",
            None,
            None,
            None,
            None,
            None,
            None if folder is None else os.fsencode(folder),
            None if file is None else os.fsencode(file),
            self._settings.get("threads", 0),
            overwrite,
            resume,
        )

    def _carry_out(self, plan: _tamis.Plan) -> dict[str, Any]:
        """Runs a plan to its end; what it came to, as `tamis run --json` prints it."""
        try:
            with Shown(self._settings.get("progress")) as shown:
                plan.run(shown.callback)
            return dict(json.loads(plan.result() or "{}"))
        finally:
            plan.close()

    def run(
        self,
        folder: Path,
        *,
        overwrite: bool = False,
        resume: bool = True,
        threads: Optional[int] = None,
        memory: Union[int, str, None] = None,
        seed: Optional[int] = None,
        progress: Show = None,
    ) -> Run:
        """Runs into a folder: data, ledger, findings, manifest, report.

        Ctrl-C leaves a folder that the same call takes up again, unless `resume` is false. With
        `overwrite` a finished run of that name is replaced.

        Raises:
            FindingsError: too much is unreadable; the folder is complete, and in its `run`.
        """
        made = self._set(dict(threads=threads, memory=memory, seed=seed, progress=progress))
        try:
            made._carry_out(made._open(folder=folder, overwrite=overwrite, resume=resume))
        except FindingsError as error:
            error.run = Run(folder)
            raise
        return Run(folder)

    def write(
        self,
        path: Path,
        *,
        overwrite: bool = False,
        threads: Optional[int] = None,
        memory: Union[int, str, None] = None,
        seed: Optional[int] = None,
        progress: Show = None,
    ) -> dict[str, int]:
        """Writes the data to one file, its format by its name; gives the counts."""
        made = self._set(dict(threads=threads, memory=memory, seed=seed, progress=progress))
        result = made._carry_out(made._open(file=path, overwrite=overwrite))
        return dict(result["counts"])

    def counts(
        self,
        *,
        threads: Optional[int] = None,
        memory: Union[int, str, None] = None,
        seed: Optional[int] = None,
        progress: Show = None,
    ) -> dict[str, int]:
        """Runs and writes nothing: what the steps would do, as counts."""
        made = self._set(dict(threads=threads, memory=memory, seed=seed, progress=progress))
        return dict(made._carry_out(made._open())["counts"])

    # ---- records -----------------------------------------------------------------------------

    def stream(
        self,
        *,
        parts: bool = False,
        threads: Optional[int] = None,
        memory: Union[int, str, None] = None,
        seed: Optional[int] = None,
        progress: Show = None,
    ) -> _tamis.Stream:
        """Runs, and gives what is kept as an Arrow stream while the run goes on behind it: an
        object with `__arrow_c_stream__`, to be read once. At its end, `result()` is what the run
        came to, as JSON.

        One row a record (place, path, source, line, layout, record, and a column a signal), or with
        `parts` one row a text (part, role, kind, turn, answer, response, text).
        """
        made = self._set(dict(threads=threads, memory=memory, seed=seed, progress=progress))
        return made._begin(parts, Shown(made._settings.get("progress")).callback)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """What is kept, for whoever reads Arrow streams; each call runs anew."""
        return self.stream().__arrow_c_stream__(requested_schema)

    def to_arrow(
        self,
        *,
        parts: bool = False,
        threads: Optional[int] = None,
        memory: Union[int, str, None] = None,
        seed: Optional[int] = None,
        progress: Show = None,
    ) -> pyarrow.Table:
        """What is kept as a pyarrow Table; no buffer is copied."""
        import pyarrow

        made = self._set(dict(threads=threads, memory=memory, seed=seed, progress=progress))
        return pyarrow.table(made._collect(parts))

    def to_pandas(
        self,
        *,
        parts: bool = False,
        threads: Optional[int] = None,
        memory: Union[int, str, None] = None,
        seed: Optional[int] = None,
        progress: Show = None,
    ) -> pandas.DataFrame:
        """What is kept as a pandas DataFrame (by way of pyarrow)."""
        table = self.to_arrow(
            parts=parts, threads=threads, memory=memory, seed=seed, progress=progress
        )
        return table.to_pandas()

    def to_polars(
        self,
        *,
        parts: bool = False,
        threads: Optional[int] = None,
        memory: Union[int, str, None] = None,
        seed: Optional[int] = None,
        progress: Show = None,
    ) -> polars.DataFrame:
        """What is kept as a polars DataFrame."""
        import polars

        made = self._set(dict(threads=threads, memory=memory, seed=seed, progress=progress))
        return polars.DataFrame(made._collect(parts))

    def _begin(
        self, parts: bool, progress: Optional[Callable[..., object]]
    ) -> _tamis.Stream:
        plan = self._open()
        stream = plan.stream(PARTS if parts else RECORDS, progress)
        plan.close()  # when the stream is gone
        return stream

    def _collect(self, parts: bool) -> _tamis.Stream:
        """All batches, read here: what goes wrong is ours to say, and no reader's."""
        with Shown(self._settings.get("progress")) as shown:
            return self._begin(parts, shown.callback).collect()

    @overload
    def records(self, form: type[bytes]) -> Iterator[bytes]: ...
    @overload
    def records(self, form: type[str]) -> Iterator[str]: ...
    @overload
    def records(self, form: type[dict[str, Any]] = ...) -> Iterator[dict[str, Any]]: ...

    def records(self, form: Any = dict) -> Iterator[Any]:
        """The records that are kept, one by one: as `bytes` or `str` (their JSON text, byte for
        byte where no step changed it) or as `dict`."""
        turns: dict[type, Callable[[bytes], Any]] = {
            bytes: bytes,
            str: lambda raw: raw.decode("utf-8"),
            dict: json.loads,
        }
        turn = turns.get(form)
        if turn is None:
            raise TypeError("records come as bytes, str or dict")
        stream = self.stream()
        while (batch := stream.read("record")) is not None:
            yield from map(turn, batch)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.records(dict)


# ---- inputs and references ---------------------------------------------------------------------


def _coded(recipe: str) -> bytes:
    return recipe.encode("utf-8", "surrogateescape")


def _input_of(source: Union[Source, Dataset]) -> dict[str, Any]:
    dataset = source if isinstance(source, Dataset) else read(source)
    if dataset._steps or len(dataset._inputs) != 1:
        raise ValueError("a reference is files as they are: one read, without steps")
    return dict(dataset._inputs["input"])


def _refer(known: dict[str, Mapping[str, Any]], said: Any) -> list[str]:
    """The names of references that a step asks for. What is no name yet is files and gets one."""
    items = [said] if isinstance(said, (str, os.PathLike, Dataset)) else list(said)
    names = [item for item in items if isinstance(item, str) and item in known]
    paths = [item for item in items if not isinstance(item, Dataset) and item not in names]
    inputs = [_input_of(item) for item in items if isinstance(item, Dataset)]
    if paths:
        inputs.insert(0, _input_of(paths))
    for args in inputs:
        name, number = "reference", 2
        while name in known:
            name, number = f"reference_{number}", number + 1
        known[name] = args
        names.append(name)
    return names
