"""Results as labelled arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from graphmodel.convert.extras import require
from graphmodel.errors import ParameterError, UnknownNameError, nearest

if TYPE_CHECKING:
    import xarray as xr

    from graphmodel.results import Result

_QUANTITIES = {
    "base", "change", "consumption", "demand", "exports", "imports", "loss", "production", "quantity", "stock_draw",
    "supply", "unmet", "unplaced", "value",
}  # fmt: skip
"""Columns measured in the unit of their row."""


def to_xarray(result: Result, dims: Sequence[str]) -> xr.Dataset:
    """Turn a result into a Dataset: some columns are its dimensions, all others stand on them.

    Parameters
    ----------
    result : Result
    dims : list of str
        Columns that tell the rows apart, such as ``["response", "product", "consumer"]`` of `losses`.

    Returns
    -------
    xarray.Dataset
        A variable for each other column, over all ``dims``: numbers are nan where the result has no row, text is "".
        Coordinates stand in the order of the table. Numbers have ``units`` where they are known: ``1`` for a share,
        ``see unit`` where the variable ``unit`` tells. Name of the network, kind of the result and its parameters are
        attributes of the whole.

    Raises
    ------
    MissingPackageError
        If xarray is not installed.
    UnknownNameError
        If the result has no such column.
    ParameterError
        If no dimension is named, or rows share all of them.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> made = gm.to_xarray(gm.shares(toy), ["material", "group"])
    >>> float(made["quantity"].sel(material="lithium-ore", group="CHL"))
    400.0
    >>> made["share"].attrs["units"]
    '1'
    """
    require("xarray", "interop")
    import xarray as xr  # noqa: PLC0415 - an extra

    table, chosen = result.table, [dims] if isinstance(dims, str) else list(dims)
    _require_dims(table, chosen)
    text = [name for name in table if not pd.api.types.is_numeric_dtype(table[name].dtype)]
    table[text] = table[text].astype(object).fillna("")
    cube = xr.Dataset.from_dataframe(table.set_index(chosen)).reindex({name: table[name].unique() for name in chosen})
    for name in map(str, cube.data_vars):
        if name in text:
            cube[name] = cube[name].fillna("")
        elif unit := _unit(result, table, name):
            cube[name].attrs["units"] = unit
    said = {key: str(value) for key, value in result.parameters.items() if value is not None}
    return cube.assign_attrs({"network": result.network, "result": type(result).__name__, **said})


def _require_dims(table: pd.DataFrame, dims: list[str]) -> None:
    if not dims:
        raise ParameterError(f"no dims are named; there are: {', '.join(table.columns)}")
    unknown = [name for name in dims if name not in table]
    if unknown:
        raise UnknownNameError(f"no column {unknown[0]!r}; {nearest(unknown[0], table.columns)}")
    doubled = table[table.duplicated(dims)]
    if len(doubled):
        first = " / ".join(str(doubled.iloc[0][name]) for name in dims)
        others = ", ".join(name for name in table if name not in dims)
        raise ParameterError(f"several rows are {first}; name a dim more that tells them apart, of: {others}")


def _unit(result: Result, table: pd.DataFrame, column: str) -> str:
    """Return the unit of a column of numbers: 1 for a share, what the result says, or that of the rows."""
    said = result.units.get(column, "")
    if column.endswith("share") or said.startswith(("share", "0 to 1")):
        return "1"
    units = set(table["unit"]) if "unit" in table else set()
    own = units.pop() if len(units) == 1 else "see unit" if units else ""
    if said in ("", "see column unit"):
        return own if column in _QUANTITIES else ""
    return said.replace("unit", own, 1) if said.startswith("unit ") else said
