"""Dataset: inputs and the steps to take, gathered lazily and carried out by whatever asks for it.

Every method that adds something gives a new Dataset, so a chain can be kept and branched. Steps are
checked as they are added, with the parameters' own tables; nothing of the inputs is read before
`plan`, `run`, `write`, `counts`, an iteration or one of the `to_` methods asks for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, Protocol, Union, overload

from tamis import _tamis
from tamis.errors import FindingsError, warn_of
from tamis.operators import Operators
from tamis.progress import Show, Shown
from tamis.recipe import Scalar, to_yaml
from tamis.run import Run
from tamis.tables import Plain, kept, table_of

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped,import-not-found,unused-ignore]
    import polars  # type: ignore[import-not-found,unused-ignore]
    import pyarrow  # type: ignore[import-untyped,import-not-found,unused-ignore]

Path = Union[str, os.PathLike[str]]
Source = Union[Path, "ArrowStream", Sequence[Union[Path, "ArrowStream"]]]
Reference = Union[Path, "ArrowStream", "Dataset"]
RECORDS, PARTS, CHANGES = 0, 1, 2  # tamis_table
BESIDES = ("seed", "threads", "progress")  # settings that are neither limits nor output


class ArrowStream(Protocol):
    """A table of pyarrow, pandas, polars, DuckDB or whoever else gives Arrow streams."""

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object: ...


def read(
    *sources: Source,
    layout: Optional[str] = None,
    map: Optional[Mapping[str, str]] = None,
    tags: Optional[Mapping[str, Scalar]] = None,
    utf8: Optional[str] = None,
    container: Optional[str] = None,
    codec: Optional[str] = None,
) -> Dataset:
    """A Dataset of files, patterns (`*`, `?`, `[..]`, `**`) and folders, or of tables in memory.

    A row of a table is a record whose fields are the columns. What is kept of it comes back as a
    table of the same library with the same types; a reader that can be read once is read now.

    Args:
        sources: paths, lists of paths, or tables.
        layout: the layout all records have; without it, it is found out from a sample.
        map: where the parts of an example stand in a record of another form: name to path.
        tags: constant fields that are set on each record.
        utf8: "strict" (bytes that are not UTF-8 make a record unreadable) or "replace".
        container: the container, where the content does not say it.
        codec: the compression, where the content does not say it.
    """
    paths: list[str] = []
    tables: dict[str, Any] = {}
    for group in sources:
        for source in group if isinstance(group, (list, tuple)) else [group]:
            if isinstance(source, Dataset):
                raise TypeError("a Dataset is read already: add it, or its steps, to another")
            table = table_of(source)
            if table is not None:
                name = _free_name("table", {*tables, *paths})
                tables[name] = table
            elif not isinstance(source, (str, bytes, os.PathLike)):
                raise TypeError(_no_source(type(source).__name__))
            paths.append(os.fsdecode(source) if table is None else name)
    if not paths:
        raise ValueError("read needs a path or a table, or several")
    said = dict(layout=layout, map=map, tags=tags, utf8=utf8, container=container, codec=codec)
    args: dict[str, Any] = {"path": paths if len(paths) > 1 else paths[0]}
    args.update({name: value for name, value in said.items() if value is not None})
    return Dataset({"input": args}, {}, (), {}, tables)


class Dataset(Operators):
    """Inputs and steps. Made by `read`; every operator is a method that adds a step."""

    def __init__(
        self,
        inputs: Mapping[str, Mapping[str, Any]],
        references: Mapping[str, Mapping[str, Any]],
        steps: Sequence[Mapping[str, Any]],
        settings: Mapping[str, Any],
        tables: Mapping[str, Any],
    ) -> None:
        self._inputs, self._references = dict(inputs), dict(references)
        self._steps, self._settings = tuple(steps), dict(settings)
        self._tables = dict(tables)  # by the name that a path in the recipe has

    # ---- gathering ---------------------------------------------------------------------------

    def _with(self, **changed: Any) -> Dataset:
        now = dict(
            inputs=self._inputs,
            references=self._references,
            steps=self._steps,
            settings=self._settings,
            tables=self._tables,
        )
        return Dataset(**{**now, **changed})

    def _set(self, settings: Mapping[str, Any]) -> Dataset:
        said = {name: value for name, value in settings.items() if value is not None}
        return self._with(settings={**self._settings, **said}) if said else self

    def _step(
        self,
        op: str,
        params: Mapping[str, Any],
        references: Sequence[str] = (),
        sides: Sequence[str] = (),
    ) -> Dataset:
        said = {name: value for name, value in params.items() if value is not None}
        known, tables = dict(self._references), dict(self._tables)
        for name in references:
            if name in said:
                said[name] = _refer(known, tables, said[name])
        for name in sides:
            if isinstance(said.get(name), Mapping):
                named = said[name]
                known.update({side: _input_of(named[side], tables) for side in named})
                said[name] = list(named)
        made = self._with(steps=(*self._steps, {op: said}), references=known, tables=tables)
        _tamis.check("recipe", _coded(made.recipe()))
        return made

    def references(self, **named: Union[Source, Dataset]) -> Dataset:
        """Names files that steps compare with, for their `against`."""
        known, tables = dict(self._references), dict(self._tables)
        known.update({name: _input_of(value, tables) for name, value in named.items()})
        return self._with(references=known, tables=tables)

    def __add__(self, other: Dataset) -> Dataset:
        """The records of both, in this order. Steps come after the sum."""
        if self._steps or other._steps:
            raise ValueError("add datasets before their first step: a run has one stream")
        tables = dict(self._tables)
        inputs = list(self._inputs.values())
        inputs += [_renamed(args, other._tables, tables) for args in other._inputs.values()]
        known = dict(self._references)
        for name, args in other._references.items():
            known[name] = _renamed(args, other._tables, tables)
        names = ["input", *(f"input_{number}" for number in range(2, len(inputs) + 1))]
        settings = {**self._settings, **other._settings}
        return Dataset(dict(zip(names, inputs)), known, (), settings, tables)

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
            [(name.encode(), table.source()) for name, table in self._tables.items()],
        )

    def _carry_out(self, plan: _tamis.Plan) -> dict[str, Any]:
        """Runs a plan to its end; what it came to, as `tamis run --json` prints it."""
        try:
            warn_of(plan.json())
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
        callback = Shown(made._settings.get("progress")).callback
        return made._begin(PARTS if parts else RECORDS, callback)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """What is kept, for whoever reads Arrow streams; each call runs anew."""
        made = self._result(False) if self._rows_of() else self.stream()
        capsule: object = made.__arrow_c_stream__(requested_schema)
        return capsule

    def to_arrow(
        self,
        *,
        parts: bool = False,
        threads: Optional[int] = None,
        memory: Union[int, str, None] = None,
        seed: Optional[int] = None,
        progress: Show = None,
    ) -> pyarrow.Table:
        """What is kept as a pyarrow Table; no buffer of the engine's is copied. Of a table: its
        rows and columns, with route and signals behind them."""
        import pyarrow

        made = self._set(dict(threads=threads, memory=memory, seed=seed, progress=progress))
        result = made._result(parts)
        return result if isinstance(result, pyarrow.Table) else pyarrow.table(result)

    def to_pandas(
        self,
        *,
        parts: bool = False,
        threads: Optional[int] = None,
        memory: Union[int, str, None] = None,
        seed: Optional[int] = None,
        progress: Show = None,
    ) -> pandas.DataFrame:
        """What is kept as a pandas DataFrame (by way of pyarrow, where it is not of one)."""
        import pandas

        made = self._set(dict(threads=threads, memory=memory, seed=seed, progress=progress))
        result = made._result(parts)
        if isinstance(result, pandas.DataFrame):
            return result
        import pyarrow

        return pyarrow.table(result).to_pandas()

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
        result = made._result(parts)
        return result if isinstance(result, polars.DataFrame) else polars.DataFrame(result)

    def _begin(
        self, shape: int, progress: Optional[Callable[..., object]], warn: bool = True
    ) -> _tamis.Stream:
        plan = self._open()
        try:
            if warn:
                warn_of(plan.json())
            return plan.stream(shape, progress)
        finally:
            plan.close()  # when the stream is gone

    def _collect(self, shape: int, warn: bool = True) -> _tamis.Stream:
        """All batches, read here: what goes wrong is ours to say, and no reader's."""
        with Shown(self._settings.get("progress")) as shown:
            return self._begin(shape, shown.callback, warn).collect()

    def _rows_of(self) -> list[Any]:
        """The tables that the records are rows of; none when some come from files, or from tables
        of several libraries."""
        paths: list[str] = []
        for args in self._inputs.values():
            path = args["path"]
            paths.extend([path] if isinstance(path, str) else path)
        tables = [self._tables.get(path) for path in paths]
        kind = type(tables[0])
        same = kind is not type(None) and all(type(table) is kind for table in tables)
        return tables if same and kind is not Plain else []

    def _result(self, parts: bool) -> Any:
        """What is kept: a table of the inputs' kind, or a stream."""
        tables = [] if parts else self._rows_of()
        if not tables:
            return self._collect(PARTS if parts else RECORDS)
        whole = self._with(steps=(), settings={**self._settings, "unreadable": "100%"})
        return kept(tables, self._collect(CHANGES), lambda: whole._collect(RECORDS, warn=False))

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


def _free_name(name: str, taken: Container[str]) -> str:
    """The name, or the first of name_2, name_3 ... that is not taken."""
    made, number = name, 2
    while made in taken:
        made, number = f"{name}_{number}", number + 1
    return made


def _renamed(
    args: Mapping[str, Any], tables: Mapping[str, Any], into: dict[str, Any]
) -> dict[str, Any]:
    """An input whose tables are put among others, where they may need other names."""
    one = isinstance(args["path"], str)
    paths = [args["path"]] if one else list(args["path"])
    for i, path in enumerate(paths):
        if path in tables:
            paths[i] = _free_name("table", into)
            into[paths[i]] = tables[path]
    return {**args, "path": paths[0] if one else paths}


def _no_source(kind: str) -> str:
    """What is said to somebody who reads what is neither a path nor a table."""
    hint = {
        "LazyFrame": ": collect() it first",
        "dict": ": pyarrow.Table.from_pylist makes a table of rows, from_pydict one of columns",
        "Series": ": to_frame() makes a table of it",
    }.get(kind, "")
    return f"read takes paths and tables (of pyarrow, pandas, polars, DuckDB ...), not {kind}{hint}"


def _input_of(source: Any, tables: dict[str, Any]) -> dict[str, Any]:
    """What a reference reads; its tables are put among the others."""
    dataset = source if isinstance(source, Dataset) else read(source)
    if dataset._steps or len(dataset._inputs) != 1:
        raise ValueError("a reference is files or a table as they are: one read, without steps")
    return _renamed(dataset._inputs["input"], dataset._tables, tables)


def _refer(
    known: dict[str, Mapping[str, Any]], tables: dict[str, Any], said: Any
) -> list[str]:
    """The names of references that a step asks for. What is no name yet gets one: the files
    together, and each table and Dataset for itself."""
    items = list(said) if isinstance(said, (list, tuple)) else [said]
    names = [item for item in items if isinstance(item, str) and item in known]
    files = [item for item in items if isinstance(item, (str, os.PathLike)) and item not in names]
    inputs = [_input_of(files, tables)] if files else []
    inputs += [
        _input_of(item, tables) for item in items if not isinstance(item, (str, os.PathLike))
    ]
    for args in inputs:
        names.append(_free_name("reference", known))
        known[names[-1]] = args
    return names
