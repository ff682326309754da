"""How far a run is: what a callback is told, and a line for terminals."""

from __future__ import annotations

import sys
import time
from typing import Any, Callable, NamedTuple, Optional, TextIO, Union


class Progress(NamedTuple):
    """One look at a run; numbers are of this pass, and of one moment each."""

    bytes: int  # of input, decoded
    bytes_total: int  # an estimate for compressed inputs; 0: not known
    records: int
    kept: int
    fallen: int  # dropped, merged or parked
    unreadable: int
    memory: int  # bytes that the library has allocated now
    number: int  # of the pass, from 1; 0: not begun
    passes: int
    seconds: float  # since the plan was opened
    doing: str  # "dedup.exact: hash", "writing"


Show = Union[bool, Callable[[Progress], object], None]


class Line:
    """A line on a terminal that says how far it is, four times a second, and then goes."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._next = out, 0.0

    def __call__(self, now: Progress) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 0.25
        part = f"{100 * min(1.0, now.bytes / now.bytes_total):3.0f} %" if now.bytes_total else ""
        text = (
            f"{now.doing}  pass {now.number}/{now.passes}  {part}  {now.records:,} records  "
            f"{now.memory / 1e6:.0f} MB  {now.seconds:.0f} s"
        )
        self._out.write("\r\x1b[K" + text[:120])
        self._out.flush()

    def done(self) -> None:
        if self._next:
            self._out.write("\r\x1b[K")
            self._out.flush()


class Shown:
    """Who is told of a run's progress, as a context: `callback` is for the extension."""

    def __init__(self, show: Show) -> None:
        self._line: Optional[Line] = None
        tell: Optional[Callable[[Progress], object]] = None
        if show is True:
            if sys.stderr is not None and sys.stderr.isatty():
                tell = self._line = Line(sys.stderr)
        elif callable(show):
            tell = show
        elif show:
            raise TypeError("progress is true, false or a function that takes a Progress")
        self.callback: Optional[Callable[..., object]] = None
        if tell is not None:
            told = tell
            self.callback = lambda *values: told(Progress(*values))

    def __enter__(self) -> Shown:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._line:
            self._line.done()
