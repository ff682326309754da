"""Rows of Arrow tables for tests: a column of every type that has a form as JSON, and what a row
has to be as JSON, by its types and pyarrow's own values."""

import base64
import datetime as dt
import decimal
import json
import re

import numpy
import pandas
import pyarrow as pa


class Number(str):
    """A JSON number with a point or an exponent, as it is spelled."""


def parse(text):
    return json.loads(text, parse_float=Number)


def is_type(kind, *names):
    return any(getattr(pa.types, "is_" + name)(kind) for name in names)


def seconds_of(value):
    """A duration as pyarrow gives it, in nanoseconds."""
    if isinstance(value, dt.timedelta):
        return (value.days * 86400 + value.seconds) * 10**9 + value.microseconds * 1000
    return value.value  # pandas, for nanoseconds


class Same:
    """Compares what stands in a record with what pyarrow says of the value, by its type."""

    def __init__(self, case):
        self.case = case

    def row(self, schema, got, want):
        self.case.assertEqual(list(got), [field.name for field in schema])
        for field in schema:
            with self.case.subTest(column=field.name, type=str(field.type)):
                self.value(field.type, got[field.name], want[field.name])

    def value(self, kind, got, want):
        equal = self.case.assertEqual
        if pa.types.is_dictionary(kind):
            self.value(kind.value_type, got, want)
        elif want is None:
            equal(got, None)
        elif is_type(kind, "map"):
            self.map(kind, got, want)
        elif is_type(kind, "list", "large_list", "fixed_size_list", "list_view", "large_list_view"):
            equal(len(got), len(want))
            for one, other in zip(got, want):
                self.value(kind.value_type, one, other)
        elif is_type(kind, "struct"):
            equal(list(got), [field.name for field in kind])
            for field in kind:
                self.value(field.type, got[field.name], want[field.name])
        elif is_type(kind, "floating"):
            self.floating(kind, got, want)
        elif is_type(kind, "decimal"):
            equal(decimal.Decimal(got), want)
            equal(len(str(got).partition(".")[2]), max(kind.scale, 0))
        elif is_type(kind, "binary", "large_binary", "binary_view", "fixed_size_binary"):
            equal(got, base64.b64encode(want).decode())
        elif is_type(kind, "temporal"):
            self.time(kind, got, want)
        else:
            equal(got, want)
            equal(type(got), type(want))

    def map(self, kind, got, want):
        if is_type(kind.key_type, "string", "large_string", "string_view"):
            self.case.assertEqual(list(got), [key for key, _ in want])
            pairs = list(got.items())
        else:
            pairs = [(entry["key"], entry["value"]) for entry in got]
        self.case.assertEqual(len(pairs), len(want))
        for (key, value), (wanted_key, wanted) in zip(pairs, want):
            if not isinstance(key, str):
                self.value(kind.key_type, key, wanted_key)
            self.value(kind.item_type, value, wanted)

    def floating(self, kind, got, want):
        if not numpy.isfinite(want):
            self.case.assertIsNone(got)
            return
        self.case.assertIsInstance(got, Number)
        if pa.types.is_float64(kind):
            self.case.assertEqual(got, repr(want))
            return
        narrow = {16: numpy.float16, 32: numpy.float32}[kind.bit_width](want)
        self.case.assertEqual(type(narrow)(got), narrow)
        digits = numpy.format_float_scientific(abs(narrow), unique=True, trim="-").split("e")[0]
        mine = re.sub(r"e.*|[-.]", "", got).strip("0")
        self.case.assertEqual(mine, digits.replace(".", "").strip("0"))

    def time(self, kind, got, want):
        equal = self.case.assertEqual
        if is_type(kind, "duration"):
            match = re.fullmatch(r"(-?)PT(\d+)(?:\.(\d{3}|\d{6}|\d{9}))?S", got)
            size = int(match[2]) * 10**9 + int((match[3] or "0").ljust(9, "0"))
            equal(-size if match[1] else size, seconds_of(want))
        elif is_type(kind, "date"):
            equal(got, want.isoformat())
        elif is_type(kind, "time"):
            equal(dt.time.fromisoformat(got), want)
        elif kind.unit == "ns":
            equal(pandas.Timestamp(got), want if kind.tz is None else want.tz_convert("UTC"))
        else:
            equal(dt.datetime.fromisoformat(got), want)
            equal(got.endswith("Z"), kind.tz is not None)


ODD_TEXTS = ["", "a", "quote \" and \\ back", "line\nbreak\r\n\ttab", "\x00\x01\x1f\x7f", "üöä€🍳",
             "x" * 31, "y" * 32, "z" * 33, "twelve bytes", "thirteen byte", "\u2028\u2029",
             "\"" * 40, "\n" * 70, "日本語のテキスト" * 9, "</script>", "\b\f"]


def some(rng, values, rows, nulls=0.2):
    return [None if rng.random() < nulls else rng.choice(values) for _ in range(rows)]


def integers(bits, signed):
    low, high = (-2**(bits - 1), 2**(bits - 1) - 1) if signed else (0, 2**bits - 1)
    return [low, low + 1, 0, 1, 9, 10, 99, 100, high - 1, high]


def columns(rng, rows):
    """A column of every type that has a form as JSON."""
    out = {"null": pa.nulls(rows)}

    def add(name, kind, values, nulls=0.2):
        out[name] = pa.array(some(rng, values, rows, nulls), type=kind)

    add("bool", pa.bool_(), [True, False])
    for bits in (8, 16, 32, 64):
        add("i%d" % bits, getattr(pa, "int%d" % bits)(), integers(bits, True))
        add("u%d" % bits, getattr(pa, "uint%d" % bits)(), integers(bits, False), 0)
    floats = [0.0, -0.0, 0.1, 1.0, 1e16, 1e15, 123456.789, 1e-5, 0.0001, 5e-324,
              1.7976931348623157e308, float("nan"), float("inf"), -float("inf")]
    floats += [rng.random() for _ in range(30)]
    add("f64", pa.float64(), floats)
    add("f32", pa.float32(), [numpy.float32(f) for f in floats if abs(f) < 1e38 or f != f])
    add("f16", pa.float16(), [numpy.float16(f) for f in floats if abs(f) < 6e4])
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        add(str(kind), kind, ODD_TEXTS)
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        add(str(kind), kind, [b"", b"a", b"ab", b"abc", b"\xff\x00" * 30])
    add("fixed", pa.binary(5), [b"\x00\xff\x10ab", b"abcde"])
    for bits, digits in ((32, 9), (64, 18), (128, 38), (256, 76)):
        for scale in (0, 2, digits, -3):
            numbers = [0, 1, -1, 12345, 10**digits - 1, 1 - 10**digits, rng.randrange(10**digits)]
            raw = [(n or 0).to_bytes(bits // 8, "little", signed=True)
                   for n in some(rng, numbers, rows)]
            kind = getattr(pa, "decimal%d" % bits)(digits, scale)
            out[str(kind)] = pa.Array.from_buffers(kind, rows, [None, pa.py_buffer(b"".join(raw))])
    days = [dt.date(1970, 1, 1), dt.date(1969, 12, 31), dt.date(2024, 2, 29), dt.date(1, 1, 1),
            dt.date(9999, 12, 31), dt.date(1900, 3, 1)]
    add("date32", pa.date32(), days)
    add("date64", pa.date64(), days)
    clocks = [dt.time(0), dt.time(23, 59, 59), dt.time(12, 30, 5, 123000), dt.time(1, 2, 3, 456789)]
    add("time_s", pa.time32("s"), [c.replace(microsecond=0) for c in clocks])
    add("time_ms", pa.time32("ms"), [c.replace(microsecond=c.microsecond // 1000 * 1000)
                                     for c in clocks])
    add("time_us", pa.time64("us"), clocks)
    add("time_ns", pa.time64("ns"), clocks)
    moments = [dt.datetime.combine(day, clock) for day in days[:4] for clock in clocks]
    nearer = [m for m in moments if m.year > 1700]
    for unit in ("s", "ms", "us", "ns"):
        step = {"s": 10**6, "ms": 1000, "us": 1, "ns": 1}[unit]
        cut = [m.replace(microsecond=m.microsecond // step * step)
               for m in (nearer if unit == "ns" else moments)]
        add("ts_" + unit, pa.timestamp(unit), cut)
        utc = [m.replace(tzinfo=dt.timezone.utc) for m in cut]
        add("tz_" + unit, pa.timestamp(unit, "UTC"), utc)
        spans = [dt.timedelta(0), dt.timedelta(days=3, seconds=5), -dt.timedelta(seconds=90)]
        add("span_" + unit, pa.duration(unit), spans)
    add("span_fine", pa.duration("us"), [dt.timedelta(microseconds=n) for n in (1, -1, 1500000)])
    add("zone", pa.timestamp("ms", "Europe/Zurich"), [dt.datetime(2024, 7, 1, 12,
                                                                  tzinfo=dt.timezone.utc)])
    nested(rng, rows, add)
    indices = pa.array(some(rng, range(4), rows), pa.uint32())
    values = pa.array(["", "b \n", None, "d"], pa.large_string())
    out["wide_dictionary"] = pa.DictionaryArray.from_arrays(indices, values)
    return out


def nested(rng, rows, add):
    lists = [[], [1], [1, None, 3], list(range(20))]
    add("list", pa.list_(pa.int64()), lists)
    add("large_list", pa.large_list(pa.int64()), lists)
    add("list_view", pa.list_view(pa.int64()), lists)
    add("large_list_view", pa.large_list_view(pa.int64()), lists)
    add("fixed_list", pa.list_(pa.string(), 2), [["a", None], ["", "b\n"]])
    message = pa.struct([("role", pa.string()), ("content", pa.string()),
                         ("calls", pa.list_(pa.struct([("name", pa.string_view())])))])
    said = [{"role": "user", "content": text, "calls": None} for text in ODD_TEXTS]
    said += [{"role": "assistant", "content": None, "calls": [{"name": "f"}, None, {"name": None}]}]
    add("struct", message, said)
    add("messages", pa.list_(message), [[], said[:3], said[-2:], [None]])
    add("empty", pa.struct([]), [{}])
    add("map", pa.map_(pa.string(), pa.int32()), [[], [("a", 1), ("b \"", None)], [("", 3)]])
    add("map_view", pa.map_(pa.string_view(), pa.list_(pa.bool_())), [[("k", [True, None])]])
    add("map_int", pa.map_(pa.int16(), pa.string()), [[], [(1, "x"), (-2, None)]])
    words = some(rng, ["red", "green", "blue \"", None], rows)
    add("dictionary", pa.dictionary(pa.int8(), pa.string()), words, 0)
    add("list_of_dictionary", pa.list_(pa.dictionary(pa.int16(), pa.string())),
        [["red", None, "blue"], []])
