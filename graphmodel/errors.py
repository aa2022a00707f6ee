"""Every exception graphmodel raises on purpose, and every warning.

Each inherits `GraphModelError` and the built-in a caller would expect, so that
``except ValueError`` and ``except graphmodel.GraphModelError`` both work.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from operator import eq

SHOWN = 5
"""How many values, and how many problems, a message spells out."""


class GraphModelError(Exception):
    """Base of every error raised on purpose.

    Examples
    --------
    >>> import graphmodel as gm
    >>> try:
    ...     gm.load("toy-batery")
    ... except gm.GraphModelError as error:
    ...     print(error)
    no data set or file 'toy-batery'; did you mean 'toy-battery'?
    """


class UnknownNameError(GraphModelError, LookupError):
    """A stage, country, material, measure, data set … that does not exist."""


class MixedUnitsError(GraphModelError, ValueError):
    """Quantities in different units would have been added."""


class ParameterError(GraphModelError, ValueError):
    """An argument outside its range, or two that contradict each other."""


class EmptySelectionError(GraphModelError, ValueError):
    """A selection that matches nothing."""


class ConvergenceError(GraphModelError, ArithmeticError):
    """An iteration that did not reach its tolerance."""


class InfeasibleError(GraphModelError, ValueError):
    """A base year that breaks its own limits, so that no loss can be measured from it."""


class SolverLimitError(GraphModelError, TimeoutError):
    """A solver that ran out of time; `bound` is what it had proven, `best` the best it had found (nan if nothing)."""

    def __init__(self, what: str, bound: float, best: float = float("nan")) -> None:
        self.bound, self.best = bound, best
        super().__init__(f"{what}: out of time; proven so far: at least {bound:.6g}, found: {best:.6g}")


class DataPackageError(GraphModelError, OSError):
    """A data package that is missing, incomplete, changed or half-written."""


class FolderError(GraphModelError, OSError):
    """A folder of a sweep that holds another sweep or a damaged part, or cannot be written."""


class ExecutorError(GraphModelError, RuntimeError):
    """An executor whose workers died or that stopped before all parts were done."""


class UntrustedFileError(GraphModelError, ValueError):
    """A file refused before it is read: too large, or with constructs that can do harm."""


class MissingPackageError(GraphModelError, ImportError):
    """A package that only an extra of graphmodel brings is not installed."""


class GraphModelWarning(UserWarning):
    """Base of every warning given on purpose."""


class ClosedNetworkWarning(GraphModelWarning):
    """Nodes that trade only among themselves, so that a tolerance decides what they lose."""


class PluginWarning(GraphModelWarning):
    """Something another package offers that cannot be used; everything else works on."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with one cell, row or table.

    Parameters
    ----------
    table : name of the table, or of the file it was read from
    line : line in the file, or 1-based row where the table came as a frame; 0 for the whole table
    column : column, or "" for the whole row
    value : the offending value as text, or ""
    message : what is wrong
    hint : what would be right, or ""

    Examples
    --------
    >>> from graphmodel.errors import Problem
    >>> print(Problem("edges.csv", 7, "quantity", "-3", "is too small", "0 or more"))
    edges.csv:7:quantity: is too small '-3' (0 or more)
    """

    table: str
    line: int
    column: str
    value: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.table, self.line, self.column) if part)
        value = f" {self.value!r}" if self.value else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}: {self.message}{value}{hint}"


class SchemaError(GraphModelError, ValueError):
    """Tables that break the schema; `problems` lists every breach.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> try:
    ...     toy.with_tables(nodes=toy.nodes.replace({"stage": {"refining": "refinning"}}))
    ... except gm.SchemaError as error:
    ...     print(error.problems[0])
    nodes:7:stage: is not in stages 'refinning' (did you mean 'refining'?)
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems))
        shown = [str(problem) for problem in self.problems[:SHOWN]]
        more = len(self.problems) - len(shown)
        if more > 0:
            shown.append(f"… and {more} more; all are in the error's `problems`")
        count = f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}"
        super().__init__("\n  ".join([f"{count}:", *shown]))


def nearest(value: str, known: Iterable[str]) -> str:
    """Say which known name is closest to ``value``, or list the first few.

    Examples
    --------
    >>> nearest("refinning", ["mining", "refining"])
    "did you mean 'refining'?"
    >>> nearest("x", ["mining", "refining"])
    'there are: mining, refining'
    """
    names = [str(name) for name in known]
    match = closest(str(value), names)
    if match is not None:
        return f"did you mean {match!r}?"
    if not names:
        return "there are none"
    return f"there are: {listed(sorted(names))}"


def closest(value: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known name most like ``value``, or None; of several alike, one of its letters, or that begins as it.

    Examples
    --------
    >>> closest("KRO", ["KIR", "KOR", "ROW"]), closest("AUX", ["AUS", "SAU"]), closest("x", ["mining"])
    ('KOR', 'AUS', None)
    """
    folded = {name.casefold(): name for name in known}
    wanted = value.casefold()
    near = difflib.get_close_matches(wanted, folded, n=max(len(folded), 1), cutoff=cutoff)
    ratio = [difflib.SequenceMatcher(None, name, wanted).ratio() for name in near]
    alike = [name for name, one in zip(near, ratio, strict=True) if one == ratio[0]]

    def likeness(name: str) -> tuple[bool, int, int]:
        begins = sum(takewhile(bool, map(eq, name, wanted)))
        return sorted(name) == sorted(wanted), begins, sum(map(eq, name, wanted))

    return folded[max(alike, key=likeness)] if alike else None


def listed(values: Sequence[object]) -> str:
    """Join at most five values and say how many are left out.

    Examples
    --------
    >>> listed([1, 2, 3, 4, 5, 6, 7])
    '1, 2, 3, 4, 5 … (7 in all)'
    """
    shown = ", ".join(str(value) for value in values[:SHOWN])
    return shown if len(values) <= SHOWN else f"{shown} … ({len(values)} in all)"
