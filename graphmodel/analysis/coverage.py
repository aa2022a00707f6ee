"""What a programme leaves out: minerals, stages and regions in which it backs nothing."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from graphmodel import datasets
from graphmodel.analysis.entry import OFF
from graphmodel.analysis.remaining import removable
from graphmodel.errors import ParameterError, UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.processes import processes
from graphmodel.project_tables import checked_projects
from graphmodel.results import CoverageResult

REGIONS = {
    "XSE": "Southeast Asia",
    "XNA": "North America",
    "XAM": "Latin America and Caribbean",
    "XAF": "Africa",
    "XEU": "Europe",
    "CHN": "China",
    "XAS": "Asia, other",
    "XAP": "Oceania",
}
"""Parts of the world, each country in the first it belongs to; from the regions of the table of countries (UN M49)."""

WHOLE = {"XSE": "XSE", "XNA": "XNA", "XAF": "XAF", "XEU": "XEU", "EU27": "XEU"}
"""Codes a row may give instead of a country that lie in one part of the world."""

ELSEWHERE = "not stated"
"""Region of a country that stands in none."""


def coverage(
    network: Network,
    projects: pd.DataFrame,
    *,
    minerals: Collection[str] | None = None,
    stages: Collection[str] | None = None,
    regions: pd.DataFrame | None = None,
) -> CoverageResult:
    """Lay out what projects cover of each mineral, stage and region, empty cells among it.

    Parameters
    ----------
    network : Network
        Says which minerals are made into what at which stage, and where it happens today.
    projects : DataFrame
        ``project_id``, ``country``, ``stage``, ``material``; ``capacity`` (a year, in the unit of the material) and,
        for materials that the network does not have, ``mineral``.
    minerals, stages : list of str, optional
        Only these.
    regions : DataFrame, optional
        ``group`` and ``country``, in place of eight parts of the world; a country may stand in several.

    Returns
    -------
    CoverageResult
        One row each ``mineral``, ``stage`` at which the network makes something of it, and ``region``; with
        ``region_name``; ``status``: ``covered`` (a project is there), ``left out`` (plants make it there today, and no
        project does) or ``nobody`` (neither); ``n_projects``, ``n_unknown`` (those of them without a capacity),
        ``capacity`` (tonnes of the mineral in what they can make a year; nan where none of them says), ``made`` (tonnes
        of it in what plants there make in the base year), ``made_share`` (of all made at that stage), ``projects`` (ids
        joined by "; "). In the order of minerals, of the chain, and of regions.

    Raises
    ------
    SchemaError
        With everything that is wrong in ``projects``; see `check_projects`.
    UnknownNameError
        If a mineral, a stage or a column does not exist, with the nearest that does.
    ParameterError
        If nothing is asked for.

    Notes
    -----
    A project counts for every mineral its material holds (a cathode for lithium, nickel, cobalt and manganese), so
    rows of several minerals do not add up to a number of projects, and tonnes of different minerals are never added.
    The same tonne is counted at each stage. Projects that are cancelled, or that nobody can identify, count for
    nothing; any other status counts in full.

    Regions follow the table of countries: UN M49, but for Mexico, which stands in North America, China by itself, and
    the rest of Asia together.

    References
    ----------
    United Nations Statistics Division, Standard country or area codes for statistical use (M49).
    https://unstats.un.org/unsd/methodology/m49/

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> toy = gm.load("toy-battery")
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "country": ["USA"], "stage": ["refining"],
    ...     "material": ["lithium-salt"], "capacity": [500.0]})
    >>> table = gm.coverage(toy, plan).table
    >>> table.loc[table["status"] != "nobody", ["stage", "region", "status", "capacity", "made"]]
           stage region    status  capacity    made
    2     mining    XAM  left out       0.0   400.0
    7     mining    XAP  left out       0.0   600.0
    9   refining    XNA   covered     500.0     0.0
    13  refining    CHN  left out       0.0  1000.0
    21      cell    CHN  left out       0.0   400.0
    22      cell    XAS  left out       0.0   600.0
    """
    projects = checked_projects(projects, network, needs=("country", "stage", "material"), named=True)
    made, backed = _made(network), _backed(network, projects)
    cells = pd.concat([made[["mineral", "stage"]], backed[["mineral", "stage"]]]).drop_duplicates()
    wanted = _asked(minerals, sorted(set(cells["mineral"])), "mineral")
    at = _asked(stages, sorted({*network.stages["stage"], *cells["stage"]}), "stage")
    if not wanted or not at:
        raise ParameterError(f"no {'stage' if wanted else 'mineral'} is asked for")
    cells = cells[cells["mineral"].isin(wanted) & cells["stage"].isin(at)]
    places, names = _places(regions)
    keys = ["mineral", "stage", "region"]
    here = _placed(made, places)
    there = _placed(backed, places)
    names |= dict.fromkeys(sorted({*here["region"], *there["region"]} - names.keys()), ELSEWHERE)
    table = cells.merge(pd.DataFrame({"region": list(names)}), how="cross")
    table = table.merge(here.groupby(keys, as_index=False)["made"].sum(), on=keys, how="left")
    table = table.merge(_counted(there, keys), on=keys, how="left")
    table["region_name"] = table["region"].map(names)
    table = table.fillna({"made": 0.0, "n_projects": 0, "n_unknown": 0, "projects": ""})
    table = table.astype({"n_projects": int, "n_unknown": int})
    table["capacity"] = table["capacity"].where(table["n_projects"] > 0, 0.0)
    total = made.groupby(keys[:2], as_index=False)["made"].sum().rename(columns={"made": "total"})
    table = table.merge(total, on=keys[:2], how="left")
    table["made_share"] = table["made"] / table["total"]
    empty = np.where(table["made"] > 0, "left out", "nobody")
    table["status"] = np.where(table["n_projects"] > 0, "covered", empty)
    table = _in_order(table, network, list(names))
    return CoverageResult(
        table,
        network=network,
        parameters={
            "projects": len(projects),
            "minerals": list(minerals) if minerals is not None else None,
            "stages": list(stages) if stages is not None else None,
            "regions": None if regions is None else "given",
        },
        units={"capacity": "t of the mineral a year", "made": "t of the mineral a year"},
    )


def _asked(given: Collection[str] | None, known: list[str], what: str) -> list[str]:
    """Return the names asked for, all where none is given."""
    if given is None:
        return known
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if name not in known:
            raise UnknownNameError(f"no {what} {name!r}; {nearest(name, known)}")
    return names


def _contents(network: Network) -> pd.DataFrame:
    """List what each material holds: material, mineral, content (tonnes in one unit)."""
    held = [
        pd.DataFrame({"material": content.index, "mineral": mineral, "content": content.to_numpy(dtype=float)})
        for mineral in network.minerals
        for content in [network.content(mineral)]
    ]
    table = pd.concat([pd.DataFrame({"material": [], "mineral": [], "content": []}, dtype=object), *held])
    return table[table["content"].astype(float) > 0].astype({"content": float})


def _made(network: Network) -> pd.DataFrame:
    """List what is made of each mineral at each stage and in each country: mineral, stage, country, made (tonnes)."""
    work, nodes = processes(network), network.nodes
    node = work.node[removable(network)[work.node]]
    product = work.product[removable(network)[work.node]]
    output = work.output[removable(network)[work.node]]
    table = pd.DataFrame(
        {
            "stage": nodes["stage"].to_numpy(dtype=object)[node],
            "country": nodes["country"].to_numpy(dtype=object)[node],
            "material": product,
            "output": output,
        }
    ).merge(_contents(network), on="material")
    table["made"] = table["output"] * table["content"]
    table = table[table["made"] > 0]
    return table.groupby(["mineral", "stage", "country"], as_index=False)["made"].sum()


def _backed(network: Network, projects: pd.DataFrame) -> pd.DataFrame:
    """List projects by the minerals in what they make: mineral, stage, country, project_id, capacity (tonnes)."""
    if "status" in projects:
        projects = projects[~projects["status"].isin(OFF)]
    table = projects[["project_id", "stage", "country", "material"]].copy()
    table["amount"] = projects["capacity"].to_numpy(dtype=float) if "capacity" in projects else np.nan
    table["own"] = projects["mineral"].fillna("").to_numpy(dtype=object) if "mineral" in projects else ""
    table = table.merge(_contents(network), on="material", how="left")
    table["mineral"] = table["mineral"].where(table["mineral"].notna(), table["own"])
    table["capacity"] = table["amount"] * table["content"]
    return table[table["mineral"] != ""][["mineral", "stage", "country", "project_id", "capacity"]]


def _places(regions: pd.DataFrame | None) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return region and country, and the names of regions in order."""
    if regions is not None:
        for column in ("group", "country"):
            if column not in regions:
                raise UnknownNameError(f"regions lack the column {column!r}; {nearest(column, list(regions.columns))}")
        places = regions[["group", "country"]].drop_duplicates().rename(columns={"group": "region"})
        return places, {str(region): str(region) for region in places["region"].unique()}
    known = datasets.table("reference", "countries")[["country", "regions"]].fillna("").astype(str)
    own = [{*cell.split(), country} for country, cell in known.itertuples(index=False)]
    first = [next((region for region in REGIONS if region in some), ELSEWHERE) for some in own]
    places = pd.DataFrame({"country": known["country"], "region": first})
    themselves = pd.DataFrame({"country": list(WHOLE), "region": list(WHOLE.values())})
    return pd.concat([places, themselves], ignore_index=True), dict(REGIONS)


def _placed(table: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Put rows into the regions of their countries."""
    return table.merge(places, on="country", how="left").fillna({"region": ELSEWHERE})


def _counted(there: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Count projects by cell: n_projects, n_unknown, capacity (nan where none states one), projects."""
    grouped = there.sort_values("project_id").groupby(keys)
    return grouped.agg(
        n_projects=("project_id", "nunique"),
        n_unknown=("capacity", lambda some: int(some.isna().sum())),
        capacity=("capacity", lambda some: some.sum(min_count=1)),
        projects=("project_id", lambda some: "; ".join(dict.fromkeys(some))),
    ).reset_index()


def _in_order(table: pd.DataFrame, network: Network, regions: list[str]) -> pd.DataFrame:
    """Sort by mineral, then along the chain, then by region."""
    chain = list(network.stages.sort_values(["order", "stage"])["stage"])
    chain += sorted(set(table["stage"]) - set(chain))
    along, across = ({name: at for at, name in enumerate(names)} for names in (chain, regions))
    ranked = table.assign(_stage=table["stage"].map(along), _region=table["region"].map(across))
    return ranked.sort_values(["mineral", "_stage", "_region"])
