"""Whether the base year can have happened: the losses are measured from it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel.errors import InfeasibleError, listed
from graphmodel.network import Network

TOLERATED = 0.05
"""Share by which a plant may pass its nameplate, as plants do, before the base year is refused."""


def require_feasible_base(network: Network) -> None:
    """Refuse a network whose base year breaks its own limits.

    Raises
    ------
    InfeasibleError
        With the nodes that make more than they can, or the recipes that make more of a mineral than they take in.
    """
    nodes = network.nodes
    nodes = nodes.assign(made=nodes["output"].fillna(_sold(network)))
    over = nodes[nodes["made"] > nodes["capacity"] * (1 + TOLERATED)]
    said = [
        f"node {r.node_id!r} makes {r.made:g} with a capacity of {r.capacity:g}, {r.made - r.capacity:g} too much"
        for r in over.itertuples()
    ]
    said += [f"recipe {r.at}: {r.message}" for r in gaining_recipes(network).itertuples()]
    if said:
        raise InfeasibleError("the base year breaks its own limits: " + listed(said))


def _sold(network: Network) -> pd.Series:
    """What each node sells where that can be held against its capacity: one product, or any with a capacity of 0."""
    edges = network.edges
    sold = edges["delivered"].fillna(edges["quantity"]).groupby([network.source, edges["material"]]).sum()
    by_node = sold.groupby(level=0).agg(["sum", "size"]).reindex(range(network.n_nodes))
    comparable = (by_node["size"] == 1) | (network.nodes["capacity"] == 0)
    return by_node["sum"].where(comparable)


def gaining_recipes(network: Network) -> pd.DataFrame:
    """List recipes that put out more than they take in, of the minerals they take in: at, out, taken, message.

    Minerals are added up, as feed is split over products that come out of it together by mass and not by element.
    """
    recipes = network.table("recipes")
    keys = ["stage", "node_id", "output"]
    recipes = recipes.assign(slot=recipes["group"].where(recipes["group"] != "", recipes["input"]))
    balance = pd.DataFrame({"out": 0.0, "taken": 0.0}, index=pd.MultiIndex.from_frame(recipes[keys].drop_duplicates()))
    for mineral in network.minerals if len(recipes) else ():
        content = network.content(mineral)
        held = recipes["amount"] * recipes["input"].map(content).fillna(0.0).astype(float)
        taken = held.groupby([recipes[key] for key in [*keys, "slot"]]).max().groupby(level=keys).sum()
        taken = taken.reindex(balance.index)
        out = balance.index.get_level_values("output").map(content).fillna(0.0).astype(float)
        balance["taken"] += taken
        balance["out"] += np.where(taken > 0, out, 0.0)
    gains = balance[balance["out"] > balance["taken"] * (1 + TOLERATED)].reset_index()
    at = gains["node_id"].where(gains["node_id"] != "", gains["stage"]) + ": " + gains["output"]
    message = [f"{row.out:g} t out of {row.taken:g} t taken in" for row in gains.itertuples()]
    return gains.assign(at=at, message=message)[["at", "out", "taken", "message"]]
