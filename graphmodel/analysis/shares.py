"""Who makes how much at each stage, by location, control or equity."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from graphmodel.errors import UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.results import ShareResult
from graphmodel.schema import REGIONS

Lens = Literal["country", "control", "owner"]
LENSES: tuple[Lens, ...] = ("country", "control", "owner")


def shares(network: Network, *, by: Lens = "country", mineral: str | None = None) -> ShareResult:
    """Share out what each stage makes among countries, controlling countries or owners.

    Parameters
    ----------
    network : Network
    by : {"country", "control", "owner"}
        Location; home of the controlling owner; shareholders by their equity.
    mineral : str, optional
        Add all materials of a stage in tonnes of this mineral. Without it each material stands alone, in its unit.

    Returns
    -------
    ShareResult
        ``stage``, ``material`` (or the mineral), ``unit``, ``group`` ("" where nobody is known), ``quantity`` a year,
        ``share`` of all that is made, unassigned included. Stages in order, groups by size.

    Raises
    ------
    UnknownNameError
        If there is no such lens, or no material holds the mineral.

    Notes
    -----
    Output is what `balances` state, else what edges carry. Final demand is not made by anyone and is left out. Regions
    such as ROW count as not known. An empty network gives an empty table.

    Examples
    --------
    >>> import graphmodel as gm
    >>> gm.shares(gm.load("toy-battery")).table[["stage", "group", "share"]].head(3)
          stage group  share
    0    mining   AUS    0.6
    1    mining   CHL    0.4
    2  refining   CHN    1.0
    """
    if by not in LENSES:
        raise UnknownNameError(f"cannot share out by {by!r}; {nearest(by, LENSES)}")
    held = _assigned(network, outputs(network, mineral), by)
    keys = ["order", "stage", "material", "unit"]
    table = held.groupby([*keys, "group"], as_index=False, sort=True)["quantity"].sum()
    table = table[table["quantity"] > 0]
    table["share"] = table["quantity"] / table.groupby(keys)["quantity"].transform("sum")
    table = table.sort_values([*keys, "quantity", "group"], ascending=[True] * 4 + [False, True])
    return ShareResult(table, network=network, parameters={"by": by, "mineral": mineral})


def outputs(network: Network, mineral: str | None) -> pd.DataFrame:
    """List the output of every supply node: node_id, stage, order, material, unit, quantity."""
    edges = network.edges
    sold = edges.groupby(["source", "material"], as_index=False)["quantity"].sum()
    sold = sold.rename(columns={"source": "node_id"})
    balances = network.table("balances")
    stated = balances[balances["side"] == "output"].rename(columns={"item": "material"})
    made = pd.concat([stated, sold], ignore_index=True).drop_duplicates(["node_id", "material"])
    nodes = network.nodes.set_index("node_id")
    made["stage"] = made["node_id"].map(nodes["stage"])
    made["order"] = made["stage"].map(network.stages.set_index("stage")["order"])
    made["unit"] = (
        made["material"].map(network.table("materials").set_index("material")["unit"]).astype(object).fillna("")
    )
    if mineral is not None:
        made["quantity"] *= made["material"].map(network.content(mineral)).to_numpy(dtype=float)
        made["material"], made["unit"] = mineral, f"t {mineral}"
    made = made[made["quantity"] > 0]
    return made[["node_id", "stage", "order", "material", "unit", "quantity"]]


def _assigned(network: Network, made: pd.DataFrame, by: Lens) -> pd.DataFrame:
    """Give every quantity to its group; "" where the group is not known."""
    if by != "owner":
        group = made["node_id"].map(network.nodes.set_index("node_id")[by])
        return made.assign(group=group.where(~group.isin(list(REGIONS)), ""))
    owners = network.table("owners")[["node_id", "owner", "share"]]
    held = made.merge(owners, on="node_id")
    held["quantity"] *= held["share"]
    given = held.groupby(["node_id", "stage", "material"])["quantity"].sum()
    index = pd.MultiIndex.from_frame(made[["node_id", "stage", "material"]])
    wanted = made.groupby(["node_id", "stage", "material"])["quantity"].sum().reindex(index).to_numpy()
    left = np.maximum(1.0 - given.reindex(index).fillna(0.0).to_numpy() / wanted, 0.0)
    unknown = made.assign(quantity=made["quantity"] * left, group="")
    return pd.concat([held.rename(columns={"owner": "group"}), unknown], ignore_index=True)
