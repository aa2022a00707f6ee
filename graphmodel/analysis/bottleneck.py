"""What holds projects up: output that no next stage takes, and the place where one more unit of capacity helps most."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from graphmodel.analysis.coalitions import Priced
from graphmodel.analysis.disruptions import checked_top
from graphmodel.analysis.entry import REASONS, Entry, enter
from graphmodel.analysis.grouping import JOIN, demand_weights
from graphmodel.analysis.marginal import LEAST
from graphmodel.analysis.shutting import Running
from graphmodel.analysis.valued import Valued
from graphmodel.errors import EmptySelectionError, UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.programme import SCALE
from graphmodel.results import BottleneckResult


def bottleneck(
    network: Network,
    projects: pd.DataFrame,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    by: str | Sequence[str] = "industry",
    top: int | None = None,
    members: pd.DataFrame | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BottleneckResult:
    """Find projects whose output no next stage takes, and where more capacity would help most with all of them built.

    Parameters
    ----------
    network : Network
    projects : DataFrame
        As in `worth`.
    mineral, product, consumer, by, top
        As in `worth` under ``reroute``: 8 disruptions unless told otherwise.
    members : DataFrame, optional
        ``group`` and ``country``: alliances or regions in which buyers are looked for, and by which places are
        grouped. Without it buyers are looked for everywhere, and places are countries.
    progress : callable, optional
        Called with the number of disruptions solved and their total.

    Returns
    -------
    BottleneckResult
        Two kinds of rows. ``project``, one each and ``group`` ("" is everywhere): ``item`` and ``label``, ``stage``,
        ``material``, ``unit``, ``amount`` (its capacity a year), ``made`` (that of all projects that make the
        material), ``buyers`` (what plants of the next stage in the group could take in at capacity), ``planned`` (what
        projects there would take), ``present`` (what plants in the group make today); ``stranded_low`` and
        ``stranded_high`` (share of the output without a buyer there: if projects displace every other seller, and if
        whoever makes it in the group today sells first); ``reason`` (why it cannot enter the network, "" if it can).
        ``capacity``, one each ``group`` (country, or group of ``members``), stage and material: ``amount`` (what could
        be made there), ``value`` (final demand served more for each unit more, in the unit of the loss),
        ``value_share`` (the same for one hundredth more of all there is, as a share of final demand), both means over
        the disruptions, and ``n_disruptions`` in which it has any. Sorted by ``stranded_low`` and by ``value_share``.

    Raises
    ------
    SchemaError
        With everything that is wrong in ``projects``; see `check_projects`.
    EmptySelectionError
        If no project can enter, nothing that stops loses any demand, or ``members`` names no country of the network.
    ParameterError
        If ``top`` is below 1.
    UnknownNameError
        If ``members`` lacks a column.

    Notes
    -----
    With K_p the capacity of projects of one material, B_G what slots in the group take of it at the capacity of their
    plants, projects among them, and X_G what plants in the group make of it today,

        low = max(0, 1 - B_G / sum K),    high = max(0, 1 - max(0, B_G - X_G) / sum K)

    A slot that takes several materials counts whole for each, so ``low`` is a lower bound. Values are dual prices under
    ``reroute`` with all projects running (see `marginal_values`): right for a small step, and zero where plants of the
    place stop in the disruption. Among plants of a place the best counts for ``value``; all add up in ``value_share``.
    Where several dual solutions are optimal, one of them.

    Examples
    --------
    A mine for 2000 t where the only refinery takes 1200: two fifths find no buyer. In one of five disruptions China's
    cells stop, and a GWh more in Korea would serve 100 t of lithium.

    >>> import graphmodel as gm, pandas as pd
    >>> toy = gm.load("toy-battery")
    >>> plan = pd.DataFrame({"project_id": ["mine-c"], "name": ["Mine C"], "country": ["CAN"], "stage": ["mining"],
    ...     "material": ["lithium-ore"], "capacity": [2000.0]})
    >>> found = gm.bottleneck(toy, plan, by="node", mineral="lithium").table
    >>> found[["kind", "item", "buyers", "stranded_low", "value"]].head(2).round(3)
           kind                   item  buyers  stranded_low  value
    0   project                 mine-c  1200.0           0.4    NaN
    1  capacity  KOR:cell:lithium-cell     NaN           NaN   20.0
    """
    top = checked_top("reroute", top)
    groups = _groups(network, members)
    entry = enter(network, projects)
    weight, unit = demand_weights(network, entry.work.demand, mineral, product, consumer, evenly=mineral is None)
    counted = {"mineral": mineral, "product": product, "consumer": consumer}
    valued = Valued(entry, "reroute", counted, by, top, Running())
    helped = _helped(entry, groups, valued.priced, float(weight.sum()), progress)
    table = pd.concat([_stranded(entry, groups), helped], ignore_index=True)
    units = network.table("materials").set_index("material")["unit"]
    table["unit"] = table["material"].map(units).astype(object).fillna("")
    return BottleneckResult(
        table,
        network=network,
        parameters={
            **valued.parameters,
            "members": None if members is None else len(set(members["group"])),
            "disruptions": len(valued.names),
        },
        units={
            "stranded_low": "share of the output",
            "stranded_high": "share of the output",
            "value": f"{unit} per unit",
            "value_share": "share of final demand per 1 % more",
        },
    )


def _groups(network: Network, members: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return group and country, of groups with a country in the network."""
    if members is None:
        return None
    for column in ("group", "country"):
        if column not in members:
            raise UnknownNameError(f"members lack the column {column!r}; {nearest(column, list(members.columns))}")
    there = members.loc[members["country"].isin(network.nodes["country"]), ["group", "country"]].drop_duplicates()
    if there.empty:
        raise EmptySelectionError("members name no country of the network")
    return there.sort_values(["group", "country"], ignore_index=True)


def _stranded(entry: Entry, groups: pd.DataFrame | None) -> pd.DataFrame:
    """One row a project and group: what it makes, and who there could take it."""
    projects = entry.projects
    trade = _by_place(entry)
    everywhere = trade.drop(columns="country").groupby("material").sum().assign(group="").reset_index()
    if groups is not None:
        here = groups.merge(trade, on="country").drop(columns="country")
        everywhere = here.groupby(["group", "material"]).sum().reset_index()
    wanted = pd.DataFrame({"group": [""] if groups is None else groups["group"].unique()})
    named = ["project_id", "name", "stage", "material", "capacity"]
    rows = projects[named].merge(wanted, how="cross").merge(everywhere, on=["group", "material"], how="left")
    amounts = ["buyers", "planned", "present"]
    rows[amounts] = rows[amounts].fillna(0.0)
    rows["made"] = rows["material"].map(projects.groupby("material")["capacity"].sum())
    takes = rows["buyers"] + rows["planned"]
    rows["stranded_low"] = (1.0 - takes / rows["made"]).clip(0.0, 1.0)
    rows["stranded_high"] = (1.0 - (takes - rows["present"]).clip(lower=0.0) / rows["made"]).clip(0.0, 1.0)
    out = entry.left_out[[*named, "reason"]].merge(wanted, how="cross")
    nobody = np.where(out["reason"] == REASONS["buyers"], 1.0, np.nan)  # nobody in the network buys it
    rows = pd.concat([rows, out.assign(stranded_low=nobody, stranded_high=nobody)], ignore_index=True)
    rows = rows.rename(columns={"project_id": "item", "name": "label", "capacity": "amount"})
    rows = rows.assign(kind="project", value=np.nan, value_share=np.nan, n_disruptions=np.nan)
    rows["reason"] = rows["reason"].fillna("")
    rows = rows.sort_values(["stranded_low", "stranded_high", "item", "group"], ascending=[False, False, True, True])
    return rows[[name for name in BottleneckResult.columns if name != "unit"]]


def _by_place(entry: Entry) -> pd.DataFrame:
    """What each country could take and makes of each material: buyers, planned (projects), present, a year."""
    work = entry.work
    final = np.zeros(work.n_processes, dtype=bool)
    final[work.demand["process"].to_numpy(dtype=np.int64)] = True
    room = np.where(final, 1.0, work.room)
    drawn = np.bincount(work.process_slot, work.draw * room[work.reader], minlength=len(work.need))
    accepts = work.accepted
    slot = accepts["slot"].to_numpy(dtype=np.int64)
    country = entry.network.nodes["country"].to_numpy(dtype=object)
    first = entry.network.n_nodes - len(entry.projects)
    taken = work.need[slot] * drawn[slot] * accepts["relative"].to_numpy(dtype=float)
    own = work.slot_node[slot] >= first
    bought = pd.DataFrame(
        {
            "country": country[work.slot_node[slot]],
            "material": accepts["material"].to_numpy(dtype=object),
            "buyers": np.where(own, 0.0, taken),
            "planned": np.where(own, taken, 0.0),
            "present": 0.0,
        }
    )
    made = pd.DataFrame({"country": country[work.node], "material": work.product, "present": work.output})
    made = made[: entry.first].assign(buyers=0.0, planned=0.0)
    return pd.concat([bought, made], ignore_index=True).groupby(["country", "material"]).sum().reset_index()


def _helped(
    entry: Entry,
    groups: pd.DataFrame | None,
    priced: Priced,
    total: float,
    progress: Callable[[int, int], None] | None,
) -> pd.DataFrame:
    """One row a place, stage and material: what one more unit of capacity is worth, mean over the disruptions."""
    work, nodes = entry.work, entry.network.nodes
    final = np.zeros(work.n_processes, dtype=bool)
    final[work.demand["process"].to_numpy(dtype=np.int64)] = True
    supply = np.flatnonzero(~final & (work.quantity > 0))
    plants = pd.DataFrame({"process": supply, "material": work.product[supply]})
    node = nodes.iloc[work.node[supply]].reset_index(drop=True)
    plants = plants.assign(country=node["country"], stage=node["stage"])
    plants["amount"] = work.quantity[supply] * work.room[supply]
    plants = plants.assign(group=plants["country"]) if groups is None else plants.merge(groups, on="country")
    keys = ["group", "stage", "material"]
    found = []
    solved = priced.solve(np.ones(len(entry.projects)))
    for one, solution in enumerate(solved):
        of = plants["process"].to_numpy(dtype=np.int64)
        price = solution.bound_price[of] / SCALE
        price[np.isin(of, priced.game.shut(one))] = 0.0
        each = plants[keys].assign(value=price * total / work.quantity[of], value_share=price / 100.0)
        found.append(each.groupby(keys).agg(value=("value", "max"), value_share=("value_share", "sum")).reset_index())
        if progress is not None:
            progress(one + 1, len(solved))
    table = pd.concat(found, ignore_index=True)
    table = table.assign(n_disruptions=(table["value_share"] > LEAST).astype(int)).groupby(keys, as_index=False).sum()
    table[["value", "value_share"]] /= len(solved)
    table = table.merge(plants.groupby(keys, as_index=False)["amount"].sum(), on=keys)
    table = table[table["value_share"] > LEAST]
    table["item"] = table["group"] + JOIN + table["stage"] + JOIN + table["material"]
    table = table.assign(kind="capacity", label=table["item"], reason="")
    for name in ("made", "buyers", "planned", "present", "stranded_low", "stranded_high"):
        table[name] = np.nan
    table = table.sort_values(["value_share", "item"], ascending=[False, True])
    return table[[name for name in BottleneckResult.columns if name != "unit"]]
