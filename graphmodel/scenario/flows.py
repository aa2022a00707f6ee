"""Changes of flows: bans, caps, quotas and tariffs between the nodes of two selections."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray
from graphmodel.errors import EmptySelectionError, UnknownNameError, listed, nearest
from graphmodel.network import Network
from graphmodel.scenario.change import Change
from graphmodel.scenario.selection import Where, select


def cap(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    """Leave the chosen flows a share of what they carry."""
    return _restricted(network, change, members, chosen_edges(network, change, members), change.amount)


def quota(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    """Leave the chosen flows a quantity together, each its proportional part; more than they carry changes nothing.

    Raises
    ------
    MixedUnitsError
        If they come in several units and no mineral is named.
    EmptySelectionError
        If none of them holds the mineral.
    """
    chosen = chosen_edges(network, change, members)
    carried = _carried(network, chosen, change.mineral)
    if not carried.sum() > 0:
        raise EmptySelectionError(
            f"the flows chosen carry no {', '.join(change.mineral) or 'quantity'}; nothing to cap"
        )
    share = min(1.0, change.amount / float(carried.sum()))
    return _restricted(network, change, members, chosen & (carried > 0), share)


def tariff(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    """Add a duty to the chosen flows; duties on one flow add up."""
    chosen = chosen_edges(network, change, members)
    edges = network.edges
    duty = edges["tariff"].to_numpy(dtype=float)
    edges["tariff"] = np.where(chosen, np.nan_to_num(duty) + change.amount, duty)
    return network.with_tables(edges=edges)


def chosen_edges(network: Network, change: Change, members: pd.DataFrame | None) -> BoolArray:
    """Say which edges a change means.

    Raises
    ------
    UnknownNameError
        If no edge carries the material or mineral, with the nearest that is carried.
    EmptySelectionError
        If nothing flows between the selections, with what does.
    """
    material = network.edges["material"]
    mineral = network.table("materials").set_index("material")["mineral"]
    chosen = np.ones(network.n_edges, dtype=bool)
    for column, values in (
        (material, change.material),
        (material.map(mineral).astype(object).fillna(""), change.mineral),
    ):
        for value in values:
            if value not in set(column):
                raise UnknownNameError(f"no edge carries {value!r}; {nearest(value, set(column) - {''})}")
        if values:
            chosen &= column.isin(values).to_numpy(dtype=bool)
    goods = chosen.copy()
    for where, ends in ((change.where, network.source), (change.buyers, network.target)):
        if where:
            chosen &= select(network, where, members=members)[ends]
    if not chosen.any():
        said = [f"{word} {_said(where)}" for word, where in (("from", change.where), ("to", change.buyers)) if where]
        what = ", ".join((*change.material, *change.mineral)) or "anything"
        raise EmptySelectionError(f"no edge carries {what} {' '.join(said)}; {_pairs(network, goods)}")
    return chosen


def _said(where: Where) -> str:
    return ", ".join(f"{key}={value}" for key, value in where.items())


def _pairs(network: Network, goods: BoolArray) -> str:
    """Say between which countries the goods do flow."""
    country = network.nodes["country"].to_numpy()
    pairs = sorted({*zip(country[network.source][goods], country[network.target][goods], strict=True)})
    return f"it flows {listed([f'{seller} to {buyer}' for seller, buyer in pairs])}" if pairs else "nothing flows"


def _carried(network: Network, chosen: BoolArray, mineral: tuple[str, ...]) -> FloatArray:
    """What each chosen edge still carries: tonnes of the minerals, or its own unit."""
    edges = network.edges
    left = edges["quantity"].to_numpy(dtype=float) * edges["available"].fillna(1.0).to_numpy(dtype=float)
    if not mineral:
        network.one_unit(edges["material"][chosen])
        return np.where(chosen, left, 0.0)
    known = [name for name in mineral if name in network.minerals]
    held = sum(
        (edges["material"].map(network.content(name)).fillna(0.0) for name in known), pd.Series(0.0, edges.index)
    )
    return np.where(chosen, left * held.to_numpy(dtype=float), 0.0)


def _restricted(
    network: Network, change: Change, members: pd.DataFrame | None, chosen: BoolArray, share: float
) -> Network:
    """Leave the chosen flows a share, and write down who may not sell what to whom beyond it."""
    edges = network.edges
    edges["available"] = lowered(edges["available"], chosen, share)
    before = network.table("restrictions")
    name = f"{change.kind} {before['restriction'].nunique() + 1}"
    everyone = np.ones(network.n_nodes, dtype=bool)
    sides = {
        side: select(network, where, members=members) if where else everyone
        for side, where in (("seller", change.where), ("buyer", change.buyers))
    }
    made = set(edges["material"][chosen]) if change.material or change.mineral else {""}
    rows = pd.MultiIndex.from_product([sorted(made), list(sides)], names=["material", "side"]).to_frame(index=False)
    rows["node_id"] = [network.nodes["node_id"].to_numpy()[sides[side]] for side in rows["side"]]
    rows = rows.explode("node_id", ignore_index=True).assign(restriction=name, share=share)
    return network.with_tables(edges=edges, restrictions=pd.concat([before, rows], ignore_index=True))


def lowered(column: pd.Series, chosen: BoolArray, share: float) -> pd.Series:
    """Lower what is available to a share of it where chosen."""
    available = column.fillna(1.0).to_numpy(dtype=float)
    return pd.Series(np.where(chosen, available * share, available), index=column.index)
