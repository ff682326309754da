"""Tables in memory as inputs, and what is kept of them as the same kind of table.

The engine reads the rows where they lie and says which came through and which were changed; the
rows themselves are taken from the table, so a type or a value that JSON cannot hold is not lost.
Of a changed row only those columns are written anew that differ, and in nested ones only those
leaves. One class for each library says how that is done with its own means: `Arrow` (pyarrow, and
whatever else gives Arrow streams), `Polars`, `Pandas`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

if TYPE_CHECKING:
    from tamis import _tamis

ROW = (1 << 40) - 1  # of a place: the number of the row; above it stands that of the source
BOOKS = 4  # columns of a stream of changes before route and signals
# Rows that stand together are taken as slices, which costs nothing a row but a chunk a stretch:
# when those are long, in rows or in bytes.
LONG_RUN = 512
LONG_RUN_BYTES = 16 << 10


class Change(NamedTuple):
    """A kept row that differs from what was read."""

    at: int  # among the kept rows
    place: int
    was: Optional[dict[str, Any]]  # None: a step made it of the row at that place
    now: dict[str, Any]


def _change(at: int, place: int, was: Optional[str], now: str) -> Change:
    return Change(at, place, None if was is None else json.loads(was), json.loads(now))


class Arrow:
    """A pyarrow Table."""

    def __init__(self, native: Any) -> None:
        import pyarrow

        self.native = native if isinstance(native, pyarrow.Table) else pyarrow.table(native)

    def source(self) -> Any:
        """What the engine reads: an object with __arrow_c_stream__."""
        return self.native

    @staticmethod
    def joined(parts: Sequence[Any]) -> Any:
        import pyarrow

        return parts[0] if len(parts) == 1 else pyarrow.concat_tables(
            parts, promote_options="default"
        )

    @staticmethod
    def changes(stream: _tamis.Stream) -> Any:
        import pyarrow

        return pyarrow.table(stream)

    @staticmethod
    def pick(native: Any, books: Any, firsts: Sequence[int]) -> Any:
        """The rows that the books name, in their order."""
        import pyarrow
        import pyarrow.compute as pc

        rows = pc.bit_wise_and(books["place"], pyarrow.scalar(ROW, pyarrow.uint64()))
        if len(firsts) > 1:
            sources = pc.subtract(pc.shift_right(books["place"], 40), 1)
            rows = pc.add(rows, pyarrow.array(firsts, pyarrow.uint64()).take(sources))
        rows = rows.combine_chunks() if isinstance(rows, pyarrow.ChunkedArray) else rows
        runs = _runs(rows, _row_bytes(native))
        if runs is not None:
            slices = [native.slice(first, count) for first, count in runs]
            return pyarrow.concat_tables(slices) if slices else native.slice(0, 0)
        columns = [_taken(column, rows) for column in native.columns]
        return pyarrow.table(columns, schema=native.schema)

    @staticmethod
    def changed(books: Any) -> list[Change]:
        import pyarrow.compute as pc

        if not books.num_rows:  # pyarrow 21 crashes over no chunks
            return []
        at = pc.indices_nonzero(pc.is_valid(books["now"]))
        rows = books.select(["place", "was", "now"]).take(at)
        return list(map(_change, at.to_pylist(), *(c.to_pylist() for c in rows.columns)))

    @staticmethod
    def rows(native: Any, at: Sequence[int]) -> list[dict[str, Any]]:
        rows = [_taken(column, at) for column in native.columns]
        return [dict(zip(native.column_names, row)) for row in zip(*(c.to_pylist() for c in rows))]

    @staticmethod
    def values(books: Any, name: str) -> list[Any]:
        return list(books[name].to_pylist())

    @staticmethod
    def signals(books: Any) -> list[str]:
        """Names of what stands behind the books: route and signals."""
        return list(books.column_names[BOOKS:])

    @staticmethod
    def names(native: Any) -> list[str]:
        return list(native.column_names)

    @staticmethod
    def put(native: Any, name: str, at: Sequence[int], values: list[Any]) -> Any:
        """Other values in some rows of a column."""
        import pyarrow

        number = native.column_names.index(name)
        field, column = native.schema.field(number), native.column(number)
        new = pyarrow.array([_entries(value, field.type) for value in values], field.type)
        rows = list(range(len(column)))
        for turn, i in enumerate(at):
            rows[i] = len(column) + turn
        column = pyarrow.chunked_array([*column.chunks, new], field.type)
        if not field.nullable and new.null_count:
            field = field.with_nullable(True)
        return native.set_column(number, field, _taken(column, rows))

    @staticmethod
    def add(native: Any, name: str, values: list[Any]) -> Any:
        import pyarrow

        return native.append_column(name, pyarrow.array(values))

    @staticmethod
    def beside(native: Any, books: Any) -> Any:
        """With route and signals behind the columns."""
        for name in books.column_names[BOOKS:]:
            native = native.append_column(books.schema.field(name), books[name])
        return native

    @staticmethod
    def drop(native: Any, names: list[str]) -> Any:
        return native.drop_columns(names)


class Polars:
    """A polars DataFrame."""

    def __init__(self, native: Any) -> None:
        self.native = native

    def source(self) -> Any:
        return self.native

    @staticmethod
    def joined(parts: Sequence[Any]) -> Any:
        import polars

        return parts[0] if len(parts) == 1 else polars.concat(parts, how="diagonal")

    @staticmethod
    def changes(stream: _tamis.Stream) -> Any:
        import polars

        return polars.DataFrame(stream)

    @staticmethod
    def pick(native: Any, books: Any, firsts: Sequence[int]) -> Any:
        import polars

        place = books["place"]
        rows = place % (ROW + 1)
        if len(firsts) > 1:
            rows = rows + polars.Series(firsts, dtype=polars.UInt64).gather(place // (ROW + 1) - 1)
        return native[rows]

    @staticmethod
    def changed(books: Any) -> list[Change]:
        at = books["now"].is_not_null().arg_true()
        rows = (books[name].gather(at) for name in ("place", "was", "now"))
        return list(map(_change, at, *rows))

    @staticmethod
    def rows(native: Any, at: Sequence[int]) -> list[dict[str, Any]]:
        return list(native[list(at)].to_dicts())

    @staticmethod
    def values(books: Any, name: str) -> list[Any]:
        return list(books[name])

    @staticmethod
    def signals(books: Any) -> list[str]:
        return list(books.columns[BOOKS:])

    @staticmethod
    def names(native: Any) -> list[str]:
        return list(native.columns)

    @staticmethod
    def put(native: Any, name: str, at: Sequence[int], values: list[Any]) -> Any:
        import polars

        column = native[name]
        rows = list(range(len(column)))
        for turn, i in enumerate(at):
            rows[i] = len(column) + turn
        new = polars.Series(name, values, dtype=column.dtype)
        return native.with_columns(column.append(new).gather(rows).alias(name))

    @staticmethod
    def add(native: Any, name: str, values: list[Any]) -> Any:
        import polars

        return native.with_columns(polars.Series(name, values))

    @staticmethod
    def beside(native: Any, books: Any) -> Any:
        return native.hstack(books.get_columns()[BOOKS:])

    @staticmethod
    def drop(native: Any, names: list[str]) -> Any:
        return native.drop(names)


class Pandas:
    """A pandas DataFrame; pyarrow stands between it and the engine."""

    def __init__(self, native: Any) -> None:
        self.native = native
        if not all(isinstance(name, str) for name in native.columns):
            raise TypeError("columns are called by texts, and some of this DataFrame are not")

    def source(self) -> Any:
        import pyarrow

        return pyarrow.Table.from_pandas(self.native, preserve_index=False)

    @staticmethod
    def joined(parts: Sequence[Any]) -> Any:
        import pandas

        return parts[0] if len(parts) == 1 else pandas.concat(parts)

    @staticmethod
    def changes(stream: _tamis.Stream) -> Any:
        return Arrow.changes(stream)

    @staticmethod
    def pick(native: Any, books: Any, firsts: Sequence[int]) -> Any:
        place = books["place"].to_numpy()
        rows = place & ROW
        if len(firsts) > 1:
            import numpy

            rows = rows + numpy.array(firsts, "uint64")[(place >> 40) - 1]
        return native.iloc[rows.astype("int64")]

    @staticmethod
    def changed(books: Any) -> list[Change]:
        return Arrow.changed(books)

    @staticmethod
    def rows(native: Any, at: Sequence[int]) -> list[dict[str, Any]]:
        return list(native.iloc[list(at)].to_dict("records"))

    @staticmethod
    def values(books: Any, name: str) -> list[Any]:
        return Arrow.values(books, name)

    @staticmethod
    def signals(books: Any) -> list[str]:
        return Arrow.signals(books)

    @staticmethod
    def names(native: Any) -> list[str]:
        return list(native.columns)

    @staticmethod
    def put(native: Any, name: str, at: Sequence[int], values: list[Any]) -> Any:
        import pandas

        column = list(native[name])
        for i, value in zip(at, values):
            column[i] = value
        series = pandas.Series(column, index=native.index, dtype=native[name].dtype)
        return native.assign(**{name: series})

    @staticmethod
    def add(native: Any, name: str, values: list[Any]) -> Any:
        import pandas

        return native.assign(**{name: pandas.Series(values, index=native.index)})

    @staticmethod
    def beside(native: Any, books: Any) -> Any:
        more = books.select(books.column_names[BOOKS:]).to_pandas()
        more.index = native.index
        return native.assign(**{name: more[name] for name in more.columns})

    @staticmethod
    def drop(native: Any, names: list[str]) -> Any:
        return native.drop(columns=names)


class Plain:
    """A table of another library, where pyarrow is not installed: it is read, and what is kept
    comes as records, as from files."""

    def __init__(self, native: Any) -> None:
        self.native = native

    def source(self) -> Any:
        return self.native


def table_of(source: Any) -> Any:
    """The class that knows a table, holding it; None: this is no table."""
    kind = type(source).__module__.partition(".")[0]
    if kind == "polars" and type(source).__name__ == "DataFrame":
        return Polars(source)
    if kind == "pandas" and type(source).__name__ == "DataFrame":
        return Pandas(source)
    if not hasattr(source, "__arrow_c_stream__") and not hasattr(source, "__arrow_c_array__"):
        return None
    try:
        import pyarrow
    except ImportError:
        return Plain(source)
    if not hasattr(source, "__arrow_c_stream__"):
        source = pyarrow.Table.from_batches([pyarrow.record_batch(source)])
    return Arrow(source)


# ---- what is kept ------------------------------------------------------------------------------


def kept(
    tables: Sequence[Any], stream: _tamis.Stream, read: Callable[[], _tamis.Stream]
) -> Any:
    """The rows that came through, as the tables' own kind, with all that was changed in them.
    `read` gives all records as they were, for those that a step made of others."""
    table = tables[0]
    books = table.changes(stream)
    firsts, total = [], 0
    for one in tables:
        firsts.append(total)
        total += len(one.native)
    native = table.pick(table.joined([one.native for one in tables]), books, firsts)
    changes = table.changed(books)
    if any(change.was is None for change in changes):
        changes = _with_parents(changes, table, table.changes(read()))
    if changes:
        native = _apply(table, native, changes)
    taken = set(table.names(native))
    for name in table.signals(books):
        if name in taken:
            raise ValueError(
                f"the table has a column {name!r} already: give the step another name=, or the "
                "column"
            )
    return table.beside(native, books)


def _with_parents(changes: list[Change], table: Any, records: Any) -> list[Change]:
    """A record that was made differs from the row that it was made of."""
    wanted = {change.place for change in changes if change.was is None}
    pairs = zip(table.values(records, "place"), table.values(records, "record"))
    parents = {place: json.loads(record) for place, record in pairs if place in wanted}
    return [
        change if change.was is not None else change._replace(was=parents[change.place])
        for change in changes
    ]


def _apply(table: Any, native: Any, changes: list[Change]) -> Any:
    names = table.names(native)
    before = table.rows(native, [change.at for change in changes])
    puts: dict[str, tuple[list[int], list[Any]]] = {}
    adds: dict[str, dict[int, Any]] = {}
    gone: dict[str, int] = dict.fromkeys(names, 0)
    for change, row in zip(changes, before):
        was = change.was or {}
        for name in names:
            if name not in change.now:
                gone[name] += 1
                value = None
            elif name in was and _same(was[name], change.now[name]):
                continue
            else:
                value = _merged(row[name], was.get(name), change.now[name])
            at, values = puts.setdefault(name, ([], []))
            at.append(change.at)
            values.append(value)
        for name, value in change.now.items():
            if name not in gone:
                adds.setdefault(name, {})[change.at] = value
    dropped = [name for name, count in gone.items() if count == len(native)]
    for name, (at, values) in puts.items():
        if name not in dropped:
            native = _fitting(table.put, native, name, at, values)
    for name, some in adds.items():
        native = _fitting(table.add, native, name, [some.get(i) for i in range(len(native))])
    return table.drop(native, dropped) if dropped else native


def _fitting(put: Any, native: Any, name: str, *values: Any) -> Any:
    try:
        return put(native, name, *values)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"column {name!r} of the table cannot hold what a step put there: {error}"
        ) from error


def _same(a: Any, b: Any) -> bool:
    """Equality of JSON values, where 1, 1.0 and true are three."""
    return json.dumps(a) == json.dumps(b)


def _merged(value: Any, was: Any, now: Any) -> Any:
    """The table's own value with those leaves changed that were."""
    if _same(was, now):
        return value
    if isinstance(now, dict) and isinstance(was, dict) and isinstance(value, dict):
        return {name: _merged(value.get(name), was.get(name), now[name]) for name in now}
    if isinstance(now, list) and isinstance(was, list) and value is not None:
        values = list(value)
        equal = {json.dumps(old): mine for mine, old in zip(values, was)}
        some = [equal.get(json.dumps(item), item) for item in now]
        olds = zip(values, was, now)
        return [_merged(*old) for old in olds] + some[min(len(values), len(was)):]
    return now


# ---- pyarrow -----------------------------------------------------------------------------------


def _row_bytes(native: Any) -> float:
    """On average; 0 where pyarrow does not know (views of texts)."""
    import pyarrow

    try:
        return float(native.nbytes / max(native.num_rows, 1))
    except pyarrow.ArrowException:
        return 0


def _runs(rows: Any, row_bytes: float) -> Optional[list[tuple[int, int]]]:
    """Stretches of numbers that follow each other, when they are long."""
    import pyarrow
    import pyarrow.compute as pc

    if not len(rows):
        return []
    following = pc.add(rows.slice(0, len(rows) - 1), pyarrow.scalar(1, rows.type))
    breaks = pc.indices_nonzero(pc.not_equal(following, rows.slice(1)))
    stretch = len(rows) / len(breaks) if len(breaks) else LONG_RUN
    if stretch < LONG_RUN and stretch * row_bytes < LONG_RUN_BYTES:
        return None
    begins = [0, *(i + 1 for i in breaks.to_pylist())]
    ends = [*begins[1:], len(rows)]
    return [(rows[a].as_py(), b - a) for a, b in zip(begins, ends)]


def _taken(column: Any, rows: Any) -> Any:
    """Some rows of a column; views of texts by way of texts, which pyarrow can take."""
    plain = _without_views(column.type)
    if plain == column.type:
        return column.take(rows)
    return column.cast(plain).take(rows).cast(column.type)


def _without_views(kind: Any) -> Any:
    """The type with large strings for views, at any depth."""
    import pyarrow

    if kind == pyarrow.string_view():
        return pyarrow.large_string()
    if kind == pyarrow.binary_view():
        return pyarrow.large_binary()
    types = pyarrow.types
    if types.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        return pyarrow.struct([f.with_type(_without_views(f.type)) for f in fields])
    if types.is_list(kind) or types.is_large_list(kind):
        made = pyarrow.list_ if types.is_list(kind) else pyarrow.large_list
        return made(kind.value_field.with_type(_without_views(kind.value_type)))
    if types.is_dictionary(kind):
        return pyarrow.dictionary(
            kind.index_type, _without_views(kind.value_type), ordered=kind.ordered
        )
    return kind


def _entries(value: Any, kind: Any) -> Any:
    """A JSON object as the entries of a map, where the type asks for them."""
    import pyarrow

    if pyarrow.types.is_map(kind) and isinstance(value, dict):
        return list(value.items())
    return value
