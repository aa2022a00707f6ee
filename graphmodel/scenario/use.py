"""Changes of what is wanted and how it is made: demand, yields, recycling, substitutes.

Nobody delivers more because more is wanted: a buyer that wants g times as much gets the old quantity, so that its
flows carry 1/g of what is wanted until a response finds more.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError, listed, nearest
from graphmodel.network import Network
from graphmodel.processes import slot_recipes
from graphmodel.scenario.addition import add_projects
from graphmodel.scenario.change import Change
from graphmodel.scenario.flows import lowered
from graphmodel.scenario.selection import select


def demand(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    """Scale the final demand of the chosen nodes."""
    chosen = network.has_role("sink")
    if change.where:
        chosen = chosen & select(network, change.where, members=members)
    if not chosen.any():
        users = sorted(set(network.nodes["country"][network.has_role("sink")]))
        raise EmptySelectionError(f"the selection holds no final demand; there is some in {listed(users)}")
    if change.amount <= 1:
        return _nodes_lowered(network, chosen, change.amount)
    wanted = network.table("balances")
    ids = set(network.nodes["node_id"][chosen])
    grows = wanted["node_id"].isin(ids)
    wanted[["quantity", "residual"]] *= np.where(grows, change.amount, 1.0)[:, None]
    edge_growth = np.where(chosen[network.target], change.amount, 1.0)
    return _wanting(network, edge_growth, wanted)


def yields(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    """Scale what the chosen recipes need for one unit of output, by one over the factor."""
    recipes = network.table("recipes")
    matched = _matched(recipes, change)
    slots = slot_recipes(recipes)
    if change.material:  # all that can stand in for the input change with it
        keys = ["stage", "node_id", "output", "slot"]
        named = slots.loc[matched & slots["input"].isin(change.material), keys].drop_duplicates()
        matched &= pd.MultiIndex.from_frame(slots[keys]).isin(pd.MultiIndex.from_frame(named))
    if not matched.any():
        raise EmptySelectionError(f"no recipe {_said(change)}; {_recipes_there(recipes, change)}")
    recipes["amount"] = recipes["amount"].where(~matched, recipes["amount"] / change.amount)
    growth = _need_growth(network, slots, matched, 1.0 / change.amount)
    edge_growth = _at(growth, network.edges["target"], network.edges["material"], "input")
    wanted = network.table("balances")
    inputs = (wanted["side"] == "input").to_numpy(dtype=bool)
    grown = np.where(inputs, _at(growth, wanted["node_id"], wanted["item"], "slot"), 1.0)
    wanted[["quantity", "residual"]] *= grown[:, None]
    return _wanting(network.with_tables(recipes=recipes), edge_growth, wanted)


def recycling(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    """Scale what the chosen recyclers make; more of it takes the place of what others sell."""
    chosen = network.has_role("recycle")
    if change.where:
        chosen = chosen & select(network, change.where, members=members)
    if not chosen.any():
        stages = network.stages
        there = sorted(stages.loc[stages["role"] == "recycle", "stage"])
        raise EmptySelectionError(f"the selection holds no recycler; stages that recycle: {listed(there) or 'none'}")
    if change.amount <= 1:
        return _nodes_lowered(network, chosen, change.amount)
    nodes, made = network.nodes[chosen], network.table("balances")
    made = made[(made["side"] == "output") & made["node_id"].isin(nodes["node_id"]) & (made["quantity"] > 0)]
    if made.empty:
        raise ParameterError("more recycling needs a network with recipes and balances")
    more = made.merge(nodes[["node_id", "stage", "country", "control"]], on="node_id")
    told = pd.MultiIndex.from_frame(network.table("recipes")[["stage", "output"]])
    more = more[pd.MultiIndex.from_frame(more[["stage", "item"]]).isin(told)]  # no co-products: they come with hosts
    more = more.rename(columns={"item": "material"}).assign(
        node_id=more["node_id"] + " more", capacity=more["quantity"] * (change.amount - 1.0)
    )
    columns = ["node_id", "stage", "country", "control", "material", "capacity"]
    return add_projects(network, more[columns])


def substitute(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    """Let another material stand in for an input of the chosen recipes."""
    recipes, materials = network.table("recipes"), network.table("materials")
    known = set(materials["material"])
    if known and change.replacement not in known:
        raise UnknownNameError(f"no material {change.replacement!r}; {nearest(change.replacement, known)}")
    matched = _matched(recipes, change) & recipes["input"].isin(change.material)
    if not matched.any():
        raise EmptySelectionError(f"no recipe {_said(change)}; {_recipes_there(recipes, change)}")
    rows = recipes[matched]
    rows = rows.assign(
        group=rows["group"].where(rows["group"] != "", rows["input"]),
        input=change.replacement,
        amount=rows["amount"] * change.amount,
        note="substitute of a scenario",
        reference="scenario",
        evidence="assumed",
    )
    keys = ["stage", "node_id", "output", "input"]
    fresh = ~pd.MultiIndex.from_frame(rows[keys]).isin(pd.MultiIndex.from_frame(recipes[keys]))
    if not fresh.any():
        raise ParameterError(f"{change.replacement} stands in these recipes already")
    return network.with_tables(recipes=pd.concat([recipes, rows[fresh]], ignore_index=True))


def _nodes_lowered(network: Network, chosen: BoolArray, share: float) -> Network:
    nodes = network.nodes
    nodes["available"] = lowered(nodes["available"], chosen, share)
    return network.with_tables(nodes=nodes)


def _wanting(network: Network, growth: FloatArray, wanted: pd.DataFrame) -> Network:
    """Scale what each edge is wanted to carry; where that is more, the old quantity is what comes."""
    edges = network.edges
    delivered = edges["delivered"].fillna(edges["quantity"]) * np.minimum(growth, 1.0)
    edges["delivered"] = delivered.where(edges["delivered"].notna() | (growth > 1))
    for column in ("quantity", "low", "high"):
        edges[column] = edges[column] * growth
    edges["available"] = edges["available"].fillna(1.0) / np.maximum(growth, 1.0)
    tables = {"edges": edges} if wanted.empty else {"edges": edges, "balances": wanted}
    return network.with_tables(**tables)


def _matched(recipes: pd.DataFrame, change: Change) -> BoolArray:
    """Recipes of the stage and output named."""
    matched = np.ones(len(recipes), dtype=bool)
    for key, value in change.where.items():
        column = recipes[key]
        if value not in set(column):
            raise UnknownNameError(f"no recipe has {key} {value!r}; {nearest(str(value), set(column) - {''})}")
        matched &= (column == value).to_numpy(dtype=bool)
    for value in change.material:
        if value not in set(recipes["input"]):
            raise UnknownNameError(f"no recipe uses {value!r}; {nearest(value, set(recipes['input']))}")
    return matched


def _said(change: Change) -> str:
    said = [f"with {key} {value}" for key, value in change.where.items()]
    return " ".join([*said, *(f"uses {name}" for name in change.material)])


def _recipes_there(recipes: pd.DataFrame, change: Change) -> str:
    """Say what the recipes named do use, or which use the material."""
    if recipes.empty:
        return "the network has no recipes"
    here = recipes[recipes["input"].isin(change.material)]
    return f"{listed(sorted({f'{row.output} at {row.stage or row.node_id}' for row in here.itertuples()}))} use it"


def _need_growth(network: Network, slots: pd.DataFrame, matched: BoolArray, factor: float) -> pd.DataFrame:
    """By how much the need of each node's slots grows, over all it makes: node_id, slot, input, growth."""
    sold = network.edges.groupby(["source", "material"], as_index=False)["quantity"].sum()
    sold = sold.rename(columns={"source": "node_id", "material": "output"})
    stated = network.table("balances").query("side != 'input'").rename(columns={"item": "output"})
    made = pd.concat([stated[["node_id", "output", "quantity"]], sold], ignore_index=True)
    made = made.drop_duplicates(["node_id", "output"])
    made["stage"] = made["node_id"].map(network.nodes.set_index("node_id")["stage"])
    rules = slots.assign(factor=np.where(matched, factor, 1.0))[
        ["stage", "node_id", "output", "input", "slot", "base", "factor"]
    ]
    own = made.drop(columns="stage").merge(
        rules[rules["node_id"] != ""].drop(columns="stage"), on=["node_id", "output"]
    )
    told = pd.MultiIndex.from_frame(own[["node_id", "output"]])
    rest = made[~pd.MultiIndex.from_frame(made[["node_id", "output"]]).isin(told)]
    general = rules[rules["node_id"] == ""].drop(columns="node_id")
    needs = pd.concat([own, rest.merge(general, on=["stage", "output"])], ignore_index=True)
    needs["need"] = needs["quantity"] * needs["base"]
    needs["grown"] = needs["need"] * needs["factor"]
    needs = needs[needs["need"] > 0]
    summed = needs.groupby(["node_id", "slot", "input"], as_index=False, sort=True)[["need", "grown"]].sum()
    return summed.assign(growth=summed["grown"] / summed["need"])


def _at(growth: pd.DataFrame, node: pd.Series, item: pd.Series, column: str) -> FloatArray:
    """Growth at each node and item, one where nothing changes."""
    by_key = growth.groupby(["node_id", column])["growth"].max()
    index = pd.MultiIndex.from_arrays([node.astype(object), item.astype(object)])
    return by_key.reindex(index).fillna(1.0).to_numpy(dtype=float)
