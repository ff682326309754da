"""Run: a finished run folder, read back."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Optional, Union

from tamis import _tamis
from tamis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow  # type: ignore[import-untyped,import-not-found,unused-ignore]

    from tamis.dataset import Dataset


def _manifest_of(folder: str) -> dict[str, Any]:
    try:
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            manifest = json.load(file)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{folder} is no finished run folder (no manifest.json)") from None
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or "counts" not in manifest:
        raise InputError(f"{folder} is no finished run folder (manifest.json is not a run's)")
    return manifest


class Run:
    """A run folder: counts, steps, ledger, findings, the data, and any record's story."""

    def __init__(self, folder: Union[str, os.PathLike[str]]) -> None:
        self.folder = os.fsdecode(folder)
        self.manifest = _manifest_of(self.folder)

    @property
    def counts(self) -> dict[str, int]:
        """read + made = kept + dropped + merged + parked + replaced + unreadable."""
        return dict(self.manifest["counts"])

    @property
    def steps(self) -> list[dict[str, Any]]:
        """What each step came to, in order."""
        return list(self.manifest["steps"])

    @property
    def recipe(self) -> str:
        """The recipe that was run, as YAML."""
        return str(self.manifest["recipe"])

    def files(self, route: Optional[str] = None) -> list[str]:
        """The data files, or those of one route ("train"; "parked" for what was set aside)."""
        return [
            os.path.join(self.folder, out["path"])
            for out in self.manifest["outputs"]
            if (out["route"] == route if route else out["route"] != "parked")
        ]

    def read(self, route: Optional[str] = None) -> Dataset:
        """The data, or one route of it, as a Dataset."""
        from tamis.dataset import read

        return read(self.files(route))

    def _parquet(self, name: str, columns: Optional[Sequence[str]]) -> pyarrow.Table:
        import pyarrow.parquet as pq  # type: ignore[import-untyped,import-not-found,unused-ignore]

        path = os.path.join(self.folder, name)
        return pq.read_table(path, columns=list(columns) if columns else None)

    def ledger(self, columns: Optional[Sequence[str]] = None) -> pyarrow.Table:
        """One row a record: its fate, who decided, by which value, and its signals."""
        return self._parquet("ledger.parquet", columns)

    def findings(self, columns: Optional[Sequence[str]] = None) -> pyarrow.Table:
        """One row a finding: step, code, and where in the record."""
        return self._parquet("findings.parquet", columns)

    def explain(self, place: str) -> dict[str, Any]:
        """A record's story: "train.jsonl:1042", "train.jsonl@OFFSET", or "PLACE/PATH" as in the
        ledger. Reads the record again, and says when its source has changed since."""
        story = _tamis.explain(os.fsencode(self.folder), os.fsencode(place))
        return dict(json.loads(story))

    def __repr__(self) -> str:
        counts = self.counts
        return f"Run({self.folder!r}: {counts['read']} read, {counts['kept']} kept)"
