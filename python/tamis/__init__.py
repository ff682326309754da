"""Tamis: raw training examples in, a clean dataset out, and an account of every record.

    import tamis

    kept = (
        tamis.read("chats/*.jsonl.gz")
        .check.record()
        .clean.text()
        .dedup.near(by="response", threshold=0.8)
        .filter("words(response) >= 3")
    )
    print(kept.recipe())
    table = kept.to_arrow()
    run = kept.run("clean/")

Every operator of the program is a method with its parameters; `help(tamis.Dataset)` lists them. The
work is done by libtamis, in as many threads as there are processors and outside the interpreter's
lock.
"""

from tamis._tamis import Stream as Stream
from tamis._tamis import version as _version
from tamis.dataset import Dataset as Dataset
from tamis.dataset import read as read
from tamis.errors import CancelledError as CancelledError
from tamis.errors import FindingsError as FindingsError
from tamis.errors import InputError as InputError
from tamis.errors import InternalError as InternalError
from tamis.errors import TamisError as TamisError
from tamis.errors import TamisWarning as TamisWarning
from tamis.errors import UsageError as UsageError
from tamis.progress import Progress as Progress
from tamis.run import Run as Run

__version__ = _version()
__all__ = [
    "CancelledError",
    "Dataset",
    "FindingsError",
    "InputError",
    "InternalError",
    "Progress",
    "Run",
    "Stream",
    "TamisError",
    "TamisWarning",
    "UsageError",
    "read",
]
