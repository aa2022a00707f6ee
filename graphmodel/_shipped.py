"""Where the data that ship with the package lie, and their tables as plain text: for what must not wait for pandas."""

from __future__ import annotations

import csv
from pathlib import Path

_PACKAGED = Path(__file__).parent / "_datasets"


def root() -> Path:
    """Where data sets lie: in the wheel, or beside the package in a repository."""
    return _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parent.parent / "datasets"


def rows(folder: str | Path, table: str) -> list[dict[str, str]]:
    """Read a table of a shipped data set, or of a folder; none where there is no such file."""
    path = root() / folder / f"{table}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
