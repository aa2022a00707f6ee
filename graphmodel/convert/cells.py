"""Columns beyond the schema: which type they have, and how their cells are spelled as text."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd

from graphmodel.errors import Problem
from graphmodel.schema import TABLES, as_numbers

Spelling = Literal["string", "number", "integer", "boolean"]
"""Types of a column in a descriptor; the schema's text and flags are strings."""

_INFERRED: dict[str, Spelling] = {
    "floating": "number",
    "mixed-integer-float": "number",
    "integer": "integer",
    "boolean": "boolean",
}
_BOOLEANS = {"true": True, "false": False}


def spelling(table: str, column: str, cells: pd.Series) -> Spelling:
    """Say which type a column has: the schema's, or for a further column what its cells show."""
    known = TABLES[table].by_name.get(column) if table in TABLES else None
    if known is not None:
        return "number" if known.kind in ("number", "integer") else "string"
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(object)
    if pd.api.types.is_float_dtype(cells.dtype):
        return "number"
    return _INFERRED.get(pd.api.types.infer_dtype(cells, skipna=True), "string")


def to_text(cells: pd.Series, kind: Spelling) -> list[str]:
    """Spell cells as text: numbers by ``repr`` and without ``.0``, unknown as nothing."""
    if kind == "number":
        return [_number(value) for value in as_numbers(cells).tolist()]
    missing = cells.isna().tolist()
    values = cells.astype(object).tolist()
    if kind == "boolean":
        return ["" if gone else str(bool(value)).lower() for value, gone in zip(values, missing, strict=True)]
    return ["" if gone else str(value) for value, gone in zip(values, missing, strict=True)]


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    text = repr(value)
    return text[:-2] if text.endswith(".0") and text != "-0.0" else text


def to_values(cells: pd.Series, kind: Spelling) -> list[object]:
    """Return cells as plain Python values: unknown text is ``""``, an unknown number nan, else None."""
    if kind == "number":
        return list(as_numbers(cells).tolist())
    missing = cells.isna().tolist()
    values = cells.astype(object).tolist()
    make: Callable[[Any], object] = {"string": str, "integer": int, "boolean": bool}[kind]
    unknown = "" if kind == "string" else None
    return [unknown if gone else make(value) for value, gone in zip(values, missing, strict=True)]


def from_values(cells: list[object], kind: Spelling | None) -> pd.Series:
    """Make a column of Python values, of the type named or else of the type they show."""
    column = pd.Series(cells, dtype=object)
    kind = kind or spelling("", "", column)
    if kind == "number":
        return pd.Series(as_numbers(column))
    missing = column.isna()
    if kind == "string":
        return column.where(~missing, "")
    whole = not missing.any()
    return _packed([None if gone else value for value, gone in zip(cells, missing, strict=True)], kind, whole=whole)


def from_text(cells: pd.Series, kind: Spelling) -> tuple[pd.Series, np.ndarray]:
    """Read text cells as their type; the second array marks those that do not have it."""
    if kind == "string":
        return cells, np.zeros(len(cells), dtype=bool)
    empty = (cells == "").to_numpy(dtype=bool)
    if kind == "number":
        value = as_numbers(cells)
        bad = np.isnan(value) & ~empty
        return pd.Series(value, index=cells.index), bad
    read = [_boolean(cell) if kind == "boolean" else _integer(cell) for cell in cells]
    bad = np.array([value is None for value in read], dtype=bool) & ~empty
    return _packed(read, kind, whole=not empty.any() and not bad.any()).set_axis(cells.index), bad


def _boolean(cell: str) -> bool | None:
    return _BOOLEANS.get(cell.casefold())


def _integer(cell: str) -> int | None:
    digits = cell.removeprefix("-")
    return int(cell) if digits.isascii() and digits.isdigit() and len(digits) <= 1000 else None


def _packed(read: list[Any], kind: Spelling, *, whole: bool) -> pd.Series:
    """Use the narrowest dtype that holds every value, Python objects failing that."""
    series = pd.Series(read, dtype=object)
    if whole and kind == "boolean":
        return series.astype(bool)
    if whole and all(isinstance(value, int) and -(2**63) <= value < 2**63 for value in read):
        return series.astype(np.int64)
    return series


def typed(
    frame: pd.DataFrame, kinds: dict[str, Spelling], file: str, lines: np.ndarray | None = None
) -> tuple[pd.DataFrame, list[Problem]]:
    """Read the named columns of a table of text as their types."""
    columns: dict[str, pd.Series] = {str(name): frame[name] for name in frame.columns}
    problems: list[Problem] = []
    for name, kind in kinds.items():
        if name not in columns or kind == "string":
            continue
        columns[name], bad = from_text(frame[name], kind)
        for position in np.flatnonzero(bad):
            line = int(lines[position]) if lines is not None else int(position) + 1
            problems.append(Problem(file, line, name, str(frame[name].iloc[position]), f"is not a {kind}"))
    return pd.DataFrame(columns, index=frame.index), problems


def inferred(cells: pd.Series) -> Spelling:
    """Guess the type of text cells; numbers only if each is spelled as we would spell it."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return "string"
    if all(cell in ("true", "false") for cell in filled):
        return "boolean"
    if all((value := _integer(cell)) is not None and str(value) == cell for cell in filled):
        return "integer" if len(filled) == len(cells) else "number"
    numbers = as_numbers(pd.Series(filled, dtype=object))
    return "number" if [_number(value) for value in numbers.tolist()] == filled else "string"


def filled_columns(table: str, frame: pd.DataFrame) -> list[str]:
    """List the columns of a table worth writing: all but optional ones nobody filled."""
    columns, key = TABLES[table].by_name, TABLES[table].key
    return [
        name
        for name in frame.columns
        if name in key
        or name not in columns
        or columns[name].required
        or not (frame[name].isna() | (frame[name] == "")).all()
    ]
