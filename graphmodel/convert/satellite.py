"""Results as a satellite account of an input-output model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from graphmodel.convert.extras import require
from graphmodel.errors import ParameterError, UnknownNameError, listed, nearest

if TYPE_CHECKING:
    import pymrio

    from graphmodel.results import Result


def to_satellite(
    result: Result,
    industries: pd.MultiIndex,
    *,
    sectors: Mapping[str, str],
    regions: Mapping[str, str] | None = None,
    name: str = "graphmodel",
) -> pymrio.Extension:
    """Turn production, or loss at risk, into a satellite account of a pymrio model.

    Parameters
    ----------
    result : Result
        Of `shares` by country: production, one stressor a material, which adds up. Or of `removal` by
        ``country,stage``: what final users everywhere lose when that industry stops, which does not.
    industries : MultiIndex
        Region and sector of the model: ``mrio.Z.columns``.
    sectors : mapping
        Sector of the model in which each material is made, or all of a stage; a material counts before its stage.
    regions : mapping, optional
        Region of the model of each country; "" is production of no known country. A country that is not named must be
        a region itself.
    name : str

    Returns
    -------
    pymrio.Extension
        ``F`` (stressors by region and sector, 0 where there is nothing) and ``unit``, a year.

    Raises
    ------
    MissingPackageError
        If pymrio is not installed.
    UnknownNameError
        If a country has no region, or a material no sector.
    ParameterError
        If the result is no such one, or losses of several countries or stages would fall together.

    Notes
    -----
    Losses overlap: a mine and the refinery it feeds both stop the same cars. Where several countries are one region
    of the model, give `removal` a network in which they are one country. A footprint of loss at risk says how far a
    final use leans on risky industries; it is no quantity of anything.

    References
    ----------
    Stadler (2021), doi:10.5334/jors.251.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> made = gm.shares(gm.load("toy-battery"))
    >>> industries = pd.MultiIndex.from_product([["Asia", "rest"], ["mines", "plants"]], names=["region", "sector"])
    >>> account = gm.to_satellite(made, industries, sectors={"mining": "mines", "refining": "plants", "cell": "plants"},
    ...     regions={"CHN": "Asia", "KOR": "Asia", "AUS": "rest", "CHL": "rest"})  # doctest: +SKIP
    >>> account.F["rest", "mines"].tolist()  # doctest: +SKIP
    [1000.0, 0.0, 0.0]
    """
    require("pymrio", "interop")
    import pymrio  # noqa: PLC0415 - an extra

    rows = _rows(result)
    rows["region"] = rows["country"].map(lambda code: (regions or {}).get(code, code))
    known = (rows["material"].map(dict(sectors)), rows["stage"].map(dict(sectors)))
    rows["sector"] = known[0].astype(object).where(known[0].notna(), known[1])
    _require_industries(rows, industries)
    key = ["stressor", "region", "sector"]
    overlaps = rows[rows.duplicated(key) & ~rows["adds"]]
    if len(overlaps):
        where = ", ".join(str(overlaps.iloc[0][part]) for part in key[1:])
        raise ParameterError(f"several losses would fall on {where}; they overlap and do not add up")
    order = list(dict.fromkeys(rows["stressor"]))
    account = rows.groupby(key)["quantity"].sum().unstack(["region", "sector"])
    account = account.reindex(index=order, columns=industries).fillna(0.0).rename_axis("stressor")
    unit = rows.drop_duplicates("stressor").set_index("stressor")[["unit"]].loc[order]
    return pymrio.Extension(name, F=account, unit=unit)


def _rows(result: Result) -> pd.DataFrame:
    """Return stressor, country, stage, material, unit, quantity, and whether quantities of one stressor add up."""
    table, kind, lens = result.table, type(result).__name__, result.parameters.get("by")
    by = ",".join(lens) if isinstance(lens, list | tuple) else lens
    if kind == "ShareResult" and by == "country":
        stressor = "production of " + table["material"]
        rows = table.assign(stressor=stressor, country=table["group"], adds=True)
    elif kind == "RemovalResult" and by == "country,stage":
        named = (str(result.parameters[part]) for part in ("mineral", "response") if result.parameters.get(part))
        place = table["removed"].str.split(":", n=1, expand=True)
        rows = table.assign(stressor=f"loss at risk ({', '.join(named)})", country=place[0], stage=place[1])
        rows = rows.assign(material="", unit=result.units["loss"], quantity=rows["loss"], adds=False)
    else:
        raise ParameterError(f"{kind} by {by!r} is no account; make shares by country, or removal by country,stage")
    return rows[["stressor", "country", "stage", "material", "unit", "quantity", "adds"]].astype({"unit": object})


def _require_industries(rows: pd.DataFrame, industries: pd.MultiIndex) -> None:
    """Refuse rows that fall on no region or sector of the model."""
    for column, level, of in (("region", 0, "country"), ("sector", 1, "stage")):
        there = industries.get_level_values(level).unique()
        lost = rows[~rows[column].isin(there)]
        if len(lost):
            named = listed(sorted({f"{own or 'not stated'}" for own in lost[of]}))
            near = nearest(str(lost.iloc[0][column]), there)
            raise UnknownNameError(f"no {column} of the model for: {named}; name it in {column}s ({near})")
