"""Results as the long table that integrated assessment models exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from graphmodel.errors import ParameterError, UnknownNameError, listed, nearest

if TYPE_CHECKING:
    from graphmodel.results import Result

COLUMNS = ("model", "scenario", "region", "variable", "unit", "year", "value")
NOT_STATED = "Not stated"
"""Region of what nobody is known to make."""


@dataclass(frozen=True)
class Variable:
    """One column of numbers: its name, the columns or parameters whose words follow it, and its unit."""

    name: str
    column: str
    words: tuple[str, ...]
    unit: str = "{unit}/yr"
    of_groups: bool = True
    """Whether it depends on what nodes are grouped by."""


@dataclass(frozen=True)
class Layout:
    """Which column holds the place, "" for none, and what becomes a variable."""

    place: str
    variables: tuple[Variable, ...]


_MADE = ("stage", "material")
_RISK = ("evenly", "direction", "mineral", "product", "consumer", "response")
_KEPT = ("mineral", "product", "consumer", "response", "programme")
_USE = ("mineral", "product", "stage", "group")

LAYOUTS: dict[str, Layout] = {
    "ShareResult": Layout(
        "group",
        (Variable("Production", "quantity", _MADE), Variable("Production Share", "share", _MADE, "")),
    ),
    "ConcentrationResult": Layout(
        "",
        (
            Variable("HHI", "hhi_low", _MADE, ""),
            Variable("HHI High", "hhi_high", _MADE, ""),
            Variable("Largest Share", "largest_share", _MADE, ""),
        ),
    ),
    "RemovalResult": Layout(
        "removed",
        (Variable("Loss at Risk", "loss", _RISK), Variable("Loss at Risk Share", "loss_share", _RISK, "")),
    ),
    "LossResult": Layout(
        "consumer",
        (
            Variable("Demand", "demand", ("product",)),
            Variable("Loss", "loss", ("product", "response")),
            Variable("Loss Share", "loss_share", ("product", "response"), ""),
        ),
    ),
    "BreakdownResult": Layout(
        "consumer",
        (
            Variable("Demand", "demand", ("product",), of_groups=False),
            Variable("Loss", "loss", ("product", "response", "removed")),
            Variable("Loss Share", "loss_share", ("product", "response", "removed"), ""),
        ),
    ),
    "TimelineResult": Layout(
        "consumer",
        (
            Variable("Demand", "demand", ("product",), "{unit}/week"),
            Variable("Loss", "loss", ("product",), "{unit}/week"),
            Variable("Loss Share", "loss_share", ("product",), ""),
        ),
    ),
    "DependenceResult": Layout(
        "consumer",
        (
            Variable("Dependence", "share", _USE, ""),
            Variable("Dependence Low", "low", _USE, ""),
            Variable("Dependence High", "high", _USE, ""),
            Variable("Dependence Quantity", "quantity", _USE),
        ),
    ),
    "ImportRelianceResult": Layout(
        "group",
        (
            Variable("Production", "production", _MADE),
            Variable("Imports", "imports", _MADE),
            Variable("Exports", "exports", _MADE),
            Variable("Apparent Consumption", "consumption", _MADE),
            Variable("Net Import Reliance", "nir", _MADE, ""),
            Variable("Import Reliance", "ir", _MADE, ""),
        ),
    ),
    "OutlookResult": Layout(
        "",
        (
            Variable("Demand Kept Served", "served", _KEPT, ""),
            Variable("Worst Losses Avoided", "tail", _KEPT, ""),
        ),
    ),
}
"""Results that can become variables, by the name of their class."""

_PLACES = ("country", "control")
"""Lenses whose groups are places."""


def to_iamc(
    result: Result,
    *,
    model: str = "graphmodel",
    scenario: str | None = None,
    region: str | Mapping[str, str] | None = None,
    year: int | None = None,
) -> pd.DataFrame:
    """Turn a result into the long table of the IAMC, as pyam reads it.

    Parameters
    ----------
    result : Result
        Of `shares`, `concentration`, `removal`, `losses`, `breakdown`, `timeline`, `dependence`, `import_reliance` or
        `outlook`; those of groups by country, or by the country of control.
    model : str
    scenario : str, optional
        That of the result when absent, ``base`` where it has none.
    region : str or mapping, optional
        Names for the codes of the result's places, or the one region of a result that has none, such as ``World``.
    year : int, optional
        The base year, where the result holds no years of its own.

    Returns
    -------
    DataFrame
        ``model``, ``scenario``, ``region``, ``variable``, ``unit`` ("" for a share), ``year``, ``value``; for a
        timeline ``subannual`` too, the week. Unknown numbers are left out.

    Raises
    ------
    UnknownNameError
        If nothing of this result can become a variable.
    ParameterError
        If it has no region, no year, or two of its places would be one region.

    Notes
    -----
    Variables are ``Loss|Lithium-cell|Frozen``: what is counted, then the words of the row. ``Loss`` is what the region
    itself loses; ``Loss at Risk`` what users everywhere lose when the region stops, which does not add up over
    regions. Responses are alternatives, not parts: never add them. By another lens than country a variable is called
    so (``HHI by Control``). Severity, growth and links are not in the name; a ``scenario`` of your own should say them.
    Supply of no known country is the region ``Not stated``.

    References
    ----------
    Huppmann et al. (2021), doi:10.12688/openreseurope.13633.2.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> lost = gm.losses(toy, gm.Scenario("mine B stops").shut(node_id="mine-b"))
    >>> table = gm.to_iamc(lost, year=2024).set_index(["region", "variable"])
    >>> table.loc[("USA", "Loss|Lithium-cell|Frozen"), "unit"]
    'GWh/yr'
    >>> round(float(table.loc[("USA", "Loss|Lithium-cell|Frozen"), "value"]), 6)
    3.0
    """
    layout = _layout(result)
    table = result.table
    lens = _lens(result.parameters.get("by"))
    places, years = _regions(result, table, layout.place, region), _years(result, table, year)
    made = str(scenario or result.parameters.get("scenario") or "base")
    week = {"subannual": "Week " + table["week"].astype(str)} if "week" in table else {}
    parts = []
    for variable in layout.variables:
        words = [_words(result, table, name) for name in variable.words]
        called = variable.name + (lens if variable.of_groups else "")
        name = pd.Series(called, index=table.index, dtype=object).str.cat(words)
        unit = _units(result, table, variable)
        row = {"model": model, "scenario": made, "region": places, "variable": name, "unit": unit, **week}
        parts.append(pd.DataFrame({**row, "year": years, "value": table[variable.column]}, index=table.index))
    long = pd.concat(parts, ignore_index=True).dropna(subset="value")
    long = long.drop_duplicates(ignore_index=True)  # demand stands in the rows of every response
    return long[[*COLUMNS[:5], *week, *COLUMNS[5:]]]


def _lens(by: object) -> str:
    """Return what a variable of groups is called besides its name, "" for those by country."""
    keys = by if isinstance(by, str) else ", ".join(map(str, by)) if isinstance(by, list | tuple) else "country"
    return "" if keys == "country" else f" by {keys.title()}"


def _layout(result: Result) -> Layout:
    """Return the layout of a result, if it has one and its groups are places."""
    kind = type(result).__name__
    if kind not in LAYOUTS:
        raise UnknownNameError(f"no variables are known of a {kind}; {nearest(kind, LAYOUTS)}")
    layout, by = LAYOUTS[kind], result.parameters.get("by")
    if layout.place in ("group", "removed") and by not in _PLACES:
        raise ParameterError(f"{kind} is by {by!r}, which are no regions; make it by='country' or by='control'")
    return layout


def _regions(result: Result, table: pd.DataFrame, place: str, region: str | Mapping[str, str] | None) -> pd.Series:
    kind = type(result).__name__
    if place:
        if isinstance(region, str):
            raise ParameterError(f"{kind} has regions of its own; give a mapping of their codes, not {region!r}")
        codes = table[place].astype(object)
        names = {code: code or NOT_STATED for code in codes}
        names |= {code: name for code, name in (region or {}).items() if code in names}
        merged = sorted({name for name in names.values() if list(names.values()).count(name) > 1})
        if merged:
            wrong = f"several places would be one region: {listed(merged)}"
            raise ParameterError(f"{wrong}; shares and losses do not add up")
        return codes.map(names)
    if not isinstance(region, str):
        raise ParameterError(f"{kind} has no region; name the one it is about, for example region='World'")
    return pd.Series(region, index=table.index, dtype=object)


def _years(result: Result, table: pd.DataFrame, year: int | None) -> pd.Series:
    if ("year" in table) == (year is not None):
        wrong = "has years of its own; leave year out" if year is not None else "has no year; give that of its network"
        raise ParameterError(f"{type(result).__name__} {wrong}")
    return table["year"].astype(int) if year is None else pd.Series(int(year), index=table.index)


def _words(result: Result, table: pd.DataFrame, name: str) -> pd.Series:
    """Return the next part of each variable, with its bar; nothing where the parameter was not given."""
    if name in table:
        return table[name].astype(str).map(_part).astype(object)
    given = result.parameters.get(name)
    words = [name] if given is True else [given] if isinstance(given, str) else list(given or ())  # type: ignore[call-overload]
    return pd.Series(_part(", ".join(words)) if words else "", index=table.index, dtype=object)


def _part(word: str) -> str:
    """Write a word as part of a variable: capital first, and no bar inside."""
    return "|" + word[:1].upper() + word[1:].replace("|", "/")


def _units(result: Result, table: pd.DataFrame, variable: Variable) -> pd.Series | str:
    """Write the unit of a column: that of its row where there is one, "" for a share."""
    if "{unit}" not in variable.unit:
        return variable.unit
    own = result.units.get(variable.column, "")
    if own.startswith("share"):
        return ""
    unit = table["unit"] if "unit" in table else pd.Series(own, index=table.index)
    return unit.map(lambda each: variable.unit.format(unit=each or "unit")).astype(object)
