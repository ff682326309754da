"""What can go wrong, as exceptions: one class for each exit status of the program; and what is
remarked on a plan before it runs, as warnings.

Each exception says where: `source`, `line` and `column` (from 1; 0 and "" where there is no place) and the
`code` of the remark (`tamis ops T1013` says all about one). The message is a sentence with what to
do next.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from tamis.run import Run


class TamisError(Exception):
    """Something that tamis says went wrong."""

    status: int = 5

    def __init__(
        self, message: str, code: str = "", source: str = "", line: int = 0, column: int = 0
    ) -> None:
        where = ":".join(str(part) for part in (source, line, column) if part)
        tail = f" ({code})" if code and f"({code})" not in message else ""
        super().__init__((f"{where}: {message}" if where else message) + tail)
        self.message, self.code = message, code
        self.source, self.line, self.column = source, line, column


class FindingsError(TamisError):
    """Done, but more records are unreadable than the limit allows, or an input is damaged. A run
    folder is complete all the same: it is in `run`."""

    status = 1
    run: Optional[Run] = None


class UsageError(TamisError):
    """A parameter or the recipe is wrong, a result is there already, or a limit is too small."""

    status = 2


class InputError(TamisError):
    """An input or a run folder is missing, or nothing in it can be read."""

    status = 3


class CancelledError(TamisError):
    """Stopped by cancel. A run folder can be taken up again."""

    status = 4


class InternalError(TamisError):
    """Memory, disk, or a fault of the library."""

    status = 5


class TamisWarning(UserWarning):
    """A remark on what a run is about to do: the program's warnings, with their `code`
    (`tamis ops T3114` says all about one)."""

    def __init__(self, sentence: str, code: str = "") -> None:
        super().__init__(f"{sentence} ({code})" if code else sentence)
        self.code = code


_CLASSES = {
    kind.status: kind for kind in (FindingsError, UsageError, InputError, CancelledError)
}


def of_status(
    status: int, message: str, code: str, source: str, line: int, column: int
) -> TamisError:
    """The exception for what the library said; called by the extension."""
    return _CLASSES.get(status, InternalError)(message, code, source, line, column)


def warn_of(plan: str) -> None:
    """Warns of each remark in a plan's JSON, at the line that called the package."""
    here = os.path.dirname(os.path.abspath(__file__))
    frame, level = sys._getframe(1), 2
    while frame.f_back and os.path.dirname(os.path.abspath(frame.f_code.co_filename)) == here:
        frame, level = frame.f_back, level + 1
    for remark in json.loads(plan)["lint"]:
        warnings.warn(TamisWarning(remark["sentence"], remark["code"]), stacklevel=level)
