"""A table as arrays: numbers as they are, text as codes into its words.

A million edges name a hundred materials and a hundred thousand nodes; what is true of a word is asked once a word, and
a table of strings is made only for whoever wants to look at one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graphmodel._types import BoolArray, FloatArray, IntArray

Words: TypeAlias = NDArray[np.object_]

_APART = "\x1f"
_WORTH_JOINING = 1_000


@dataclass(frozen=True)
class Text:
    """Text cells as codes into their distinct words, in the order in which they first stand."""

    codes: IntArray
    words: Words

    def __post_init__(self) -> None:
        self.codes.flags.writeable = False

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def all_differ(self) -> bool:
        """Whether no cell stands twice."""
        return len(self.words) == len(self.codes)

    def cell(self, row: int) -> str:
        """Return one cell."""
        return str(self.words[self.codes[row]])

    def cells(self) -> Words:
        """Return the cells as strings."""
        return self.words[self.codes]

    def rows(self, of_words: BoolArray) -> IntArray:
        """Return the rows that hold one of the words marked."""
        return np.flatnonzero(of_words[self.codes]) if of_words.any() else np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Ids:
    """Text cells that all differ, in one string: an eighth of the memory of as many strings."""

    joined: str
    n_rows: int

    def __len__(self) -> int:
        return self.n_rows

    @property
    def codes(self) -> IntArray:
        """Each cell's word is its own."""
        return np.arange(self.n_rows)

    @property
    def words(self) -> Words:
        """The cells as strings."""
        return np.array(self.joined.split(_APART), dtype=object)

    def cells(self) -> Words:
        """Return the cells as strings."""
        return self.words


@dataclass(frozen=True)
class Numbered:
    """Ids nobody gave: the row numbers, from ``e1``."""

    n_rows: int

    def __len__(self) -> int:
        return self.n_rows

    @property
    def codes(self) -> IntArray:
        """Each cell's word is its own."""
        return np.arange(self.n_rows)

    @property
    def words(self) -> Words:
        """The cells as strings."""
        return np.array([f"e{number}" for number in range(1, self.n_rows + 1)], dtype=object)

    def cells(self) -> Words:
        """Return the cells as strings."""
        return self.words


Cells: TypeAlias = Text | Ids | Numbered | FloatArray | pd.Series
"""One column: text, numbers (nan where unknown), or, beyond the schema, whatever the user gave."""


class Columns:
    """A table that has been checked, column by column; nobody changes it."""

    def __init__(self, n_rows: int, cells: Mapping[str, Cells]) -> None:
        self._n_rows, self._cells = n_rows, dict(cells)

    def __len__(self) -> int:
        return self._n_rows

    def __contains__(self, name: str) -> bool:
        return name in self._cells

    def get(self, name: str) -> Cells | None:
        """Return one column, None where there is no such column."""
        return self._cells.get(name)

    def text(self, name: str) -> Text | Ids | Numbered:
        """Return a column of text."""
        cells = self._cells[name]
        if not isinstance(cells, Text | Ids | Numbered):
            raise TypeError(f"{name} is no column of text")
        return cells

    def number(self, name: str) -> FloatArray:
        """Return a column of numbers, read-only, nan where unknown."""
        cells = self._cells[name]
        if not isinstance(cells, np.ndarray):
            raise TypeError(f"{name} is no column of numbers")
        return cells

    def replaced(self, cells: Mapping[str, Cells]) -> Columns:
        """Return the table with other cells in some columns."""
        return Columns(self._n_rows, {**self._cells, **cells})

    def frame(self) -> pd.DataFrame:
        """Write the table out, text as strings."""
        return pd.DataFrame({name: _series(cells) for name, cells in self._cells.items()})


def _series(cells: Cells) -> pd.Series:
    if isinstance(cells, pd.Series):
        return cells
    if isinstance(cells, np.ndarray):
        return pd.Series(cells)
    return pd.Series(cells.cells(), dtype=object)


def blank_text(n_rows: int) -> Text:
    """Return text nobody gave: the empty word everywhere, whatever the number of rows in one byte."""
    return Text(np.broadcast_to(np.int8(0), n_rows), np.array([""] * min(n_rows, 1), dtype=object))


def blank_numbers(n_rows: int) -> FloatArray:
    """Return numbers nobody gave: nan everywhere, in eight bytes."""
    return np.broadcast_to(np.nan, n_rows)


def read_text(given: pd.Series) -> Text:
    """Read cells as text: yes and no for flags, whole numbers without ``.0``, the empty word where a cell is missing.

    Examples
    --------
    >>> found = read_text(pd.Series(["b", None, "a", "b"], dtype=object))
    >>> found.codes.tolist(), found.words.tolist()
    ([0, 1, 2, 0], ['b', '', 'a'])
    """
    if isinstance(given.dtype, pd.CategoricalDtype):
        place = given.cat.codes.to_numpy().astype(float)
        codes, kept = pd.factorize(np.where(place < 0, np.nan, place))
        return _worded(codes, given.cat.categories.to_numpy(dtype=object)[kept.astype(np.int64)])
    if given.dtype != object:
        codes, found = pd.factorize(given.array)
        return _worded(codes, np.asarray(found, dtype=object))
    cells = given.to_numpy()
    if pd.api.types.infer_dtype(cells, skipna=False) != "string":
        # 1, 1.0 and True are equal, so they must be told apart before they are counted as one word
        cells = np.array([_one_text(cell) for cell in cells], dtype=object)
        cells[given.isna().to_numpy(dtype=bool)] = ""
    return _worded(*pd.factorize(cells))


def words_as(text: Text, words: Iterable[str]) -> Text:
    """Replace every word of ``text``; words that become the same are one."""
    again, distinct = pd.factorize(np.array([*words], dtype=object))
    return _worded(again[text.codes], distinct)


def _worded(codes: np.ndarray, found: Words) -> Text:
    """Make text of codes, -1 where missing, into values; each word stands once."""
    words, missing = found, codes < 0
    plain = not len(words) or pd.api.types.infer_dtype(words, skipna=False) == "string"
    if not plain:
        words = np.array([_one_text(word) for word in words], dtype=object)
    if missing.any():
        codes, words, plain = np.where(missing, len(words), codes), np.append(words, ""), False
    again, distinct = (codes, words) if plain else pd.factorize(words)
    if len(distinct) < len(words):
        order, kept = pd.factorize(again[codes])
        codes, words = order, distinct[kept]
    if len(words) == 1:
        return Text(np.broadcast_to(np.int8(0), len(codes)), words)
    return Text(codes.astype(_narrowest(len(words))), words)


def _narrowest(n_words: int) -> type[np.signedinteger]:
    return np.int8 if n_words <= 2**7 else np.int16 if n_words <= 2**15 else np.int32


def _one_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def recoded(text: Text, position: IntArray, words: Words) -> Text | None:
    """Say the same text in words another column holds, if it can be said in them.

    ``position`` is where each word of the text stands among those words, -1 if nowhere.
    """
    codes = position.astype(_narrowest(len(words)))[text.codes]
    return Text(codes, words) if codes.min(initial=0) >= 0 else None


def packed(text: Text) -> Text | Ids:
    """Join cells that all differ, as ids do, if there are enough for it to matter."""
    if len(text) < _WORTH_JOINING or not text.all_differ:
        return text
    joined = _APART.join(text.words)
    return Ids(joined, len(text)) if joined.count(_APART) == len(text) - 1 else text


def read_numbers(given: pd.Series) -> tuple[FloatArray, BoolArray]:
    """Read cells as numbers, and say which cells are empty; what is neither is nan and not empty."""
    if pd.api.types.is_numeric_dtype(given.dtype):
        value = given.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
        empty = np.isnan(value)
    else:
        empty = given.isna().to_numpy(dtype=bool) | (given.astype(object) == "").to_numpy(dtype=bool)
        value = as_numbers(given)
    if empty.all():
        return blank_numbers(len(given)), empty
    value.flags.writeable = False
    return value, empty


def as_numbers(given: pd.Series) -> FloatArray:
    """Read cells as float64, nan where a cell is empty or no number.

    Notes
    -----
    Text is rounded correctly, so that what was written by ``repr`` comes back exactly; pandas 2 and 3 differ here.

    Examples
    --------
    >>> as_numbers(pd.Series(["0.1", "", "1_000", 3], dtype=object)).tolist()
    [0.1, nan, nan, 3.0]
    """
    if pd.api.types.is_numeric_dtype(given.dtype):
        return given.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.fromiter(map(_one_number, given), dtype=np.float64, count=len(given))


def _one_number(value: object) -> float:
    if value == "" or (isinstance(value, str) and ("_" in value or not value.isascii())):
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
