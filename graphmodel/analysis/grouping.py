"""What stands or falls together: nodes by themselves, by column, owner or alliance, or the flows through a corridor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.processes import makers
from graphmodel.scenario.corridors import edges_left
from graphmodel.schema import REGIONS

LENSES = ("plant", "node", "industry", "country", "control", "owner", "alliance", "stage", "kind", "corridor")
"""What can be shut together; several columns may be joined, as ``country,stage``.

``plant`` is every single facility by itself, clusters and remainders left out; ``node`` is every node by itself;
``industry`` is every node of one country and stage that makes a form of one mineral, such as ``CHN:refining:cobalt``;
a node that makes several minerals stands in several, and where the tables name no mineral it is ``CHN:refining``;
``corridor`` shuts no node but the part of each flow that passes it.
"""

JOIN = ":"


@dataclass(frozen=True)
class Groups:
    """Sets of nodes with a name each, in CSR form."""

    names: list[str]
    indptr: IntArray
    members: IntArray
    of_one_node: bool = False
    """Whether each group is one node, under its id."""
    edge_left: FloatArray | None = None
    """Share of each edge (columns) left without the group (rows), where groups are parts of flows and hold no node."""

    def of(self, group: int) -> IntArray:
        """Return the nodes of one group."""
        return self.members[self.indptr[group] : self.indptr[group + 1]]

    def left(self, group: int, severity: float = 1.0) -> FloatArray | None:
        """Return the share of each edge left when a part of the group stops; None where groups are nodes."""
        return None if self.edge_left is None else 1.0 - severity * (1.0 - self.edge_left[group])

    def sizes(self) -> IntArray:
        """Count the nodes of each group."""
        return np.diff(self.indptr)


def group_nodes(
    network: Network,
    by: str | Sequence[str],
    *,
    among: BoolArray,
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    flows: bool = False,
) -> Groups:
    """Group the nodes of ``among``.

    Parameters
    ----------
    by : a lens, or several node columns joined by a comma or given as a list
    among : nodes that may be grouped
    members : ``group`` and ``country``, for alliances
    equity : least share an owner must hold of a node
    flows : whether ``corridor``, which stops flows and no node, will do

    Raises
    ------
    UnknownNameError
        If there is no such lens or column.
    ParameterError
        If the lens stops flows where only nodes will do.
    EmptySelectionError
        If no node can be grouped that way; by node or by plant there are no groups then, and no error.
    """
    keys = by.split(",") if isinstance(by, str) else list(by)
    if keys == ["node"]:
        return _each_alone(network, among)
    if keys == ["plant"]:
        return _each_alone(network, among & _single_facility(network))
    if keys == ["corridor"]:
        if not flows:
            raise ParameterError("corridor stops flows and not nodes; name a lens of nodes, for example 'country'")
        return _corridors(network)
    if keys == ["owner"]:
        pairs = _owner_pairs(network, equity)
    elif keys == ["alliance"]:
        pairs = _alliance_pairs(network, members)
    elif keys == ["industry"]:
        pairs = _industry_pairs(network)
    else:
        pairs = _column_pairs(network, keys)
    pairs = pairs[among[pairs["node"].to_numpy(dtype=np.int64)]]
    if not len(pairs):
        raise EmptySelectionError(f"no node can be grouped by {', '.join(keys)}; the column or table is empty")
    pairs = pairs.drop_duplicates().sort_values(["name", "node"])
    codes, names = pd.factorize(pairs["name"], sort=True)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(codes))]).astype(np.int64)
    return Groups(list(map(str, names)), indptr, pairs["node"].to_numpy(dtype=np.int64))


def labels(network: Network, groups: Groups) -> np.ndarray:
    """Return what to call each group: a node by its name where it has one, another group by its own."""
    ids = np.array(groups.names, dtype=object)
    if not groups.of_one_node:
        return ids
    names = network.nodes["name"].to_numpy(dtype=object)[groups.members]
    return np.where(names != "", names, ids)


def _each_alone(network: Network, among: BoolArray) -> Groups:
    positions = np.flatnonzero(among)
    names = network.nodes["node_id"].to_numpy()[positions]
    return Groups(list(map(str, names)), np.arange(len(positions) + 1), positions, of_one_node=True)


def _corridors(network: Network) -> Groups:
    names, left = edges_left(network)
    return Groups(names, np.zeros(len(names) + 1, dtype=np.int64), np.zeros(0, dtype=np.int64), edge_left=left)


def _single_facility(network: Network) -> BoolArray:
    """Nodes that are one plant: no cluster, no remainder; a node of no stated kind counts as one."""
    nodes = network.nodes
    return (nodes["kind"].isin(["facility", ""]) & (nodes["cluster"] != "yes")).to_numpy(dtype=bool)


def _column_pairs(network: Network, keys: list[str]) -> pd.DataFrame:
    nodes = network.nodes
    unknown = [key for key in keys if key not in nodes]
    if unknown:
        if unknown[0] in LENSES:
            raise UnknownNameError(f"cannot group by {','.join(keys)}; {unknown[0]} is no column and stands alone")
        raise UnknownNameError(f"cannot group by {unknown[0]!r}; {nearest(unknown[0], [*LENSES, *nodes.columns])}")
    text = nodes[keys].astype(str)
    known = (text != "").all(axis=1) & ~text.isin(list(REGIONS)).any(axis=1)
    name = text[keys[0]]
    for key in keys[1:]:
        name = name + JOIN + text[key]
    return pd.DataFrame({"node": np.arange(len(nodes)), "name": name})[known]


def _industry_pairs(network: Network) -> pd.DataFrame:
    """Nodes of each country and stage by the minerals they make; a node that makes several stands in several."""
    places = _column_pairs(network, ["country", "stage"]).merge(
        makers(network)[["node", "mineral"]], on="node", how="left"
    )
    mineral = places["mineral"].fillna("").astype(str)
    return places.assign(name=places["name"] + mineral.where(mineral == "", JOIN + mineral))[["node", "name"]]


def node_ids(network: Network, by: str | Sequence[str], name: str, *, among: BoolArray) -> list[str]:
    """Return the ids of the nodes in one group, to shut just these in a `Scenario`."""
    groups = group_nodes(network, by, among=among)
    members = groups.of(groups.names.index(name))
    return [str(node) for node in network.nodes["node_id"].to_numpy()[members]]


def _owner_pairs(network: Network, equity: float) -> pd.DataFrame:
    if not 0 < equity <= 1:
        raise ParameterError(f"equity is {equity}, but must lie above 0 and at most at 1")
    owners = network.table("owners")
    held = owners[owners["share"] >= equity - 1e-9]
    position = pd.Series(np.arange(network.n_nodes), index=network.nodes["node_id"])
    return pd.DataFrame({"node": held["node_id"].map(position).to_numpy(), "name": held["owner"].to_numpy()})


def _alliance_pairs(network: Network, members: pd.DataFrame | None) -> pd.DataFrame:
    if members is None:
        raise ParameterError("grouping by alliance needs a table of members (group, country)")
    nodes = pd.DataFrame({"node": np.arange(network.n_nodes), "country": network.nodes["country"]})
    joined = nodes.merge(members[["group", "country"]].astype(str), on="country")
    return joined.rename(columns={"group": "name"})[["node", "name"]]


def demand_weights(
    network: Network,
    demand: pd.DataFrame,
    mineral: str | None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    *,
    evenly: bool = False,
) -> tuple[FloatArray, str]:
    """Weigh final demand in tonnes of one mineral, evenly by product, or in its own unit where there is only one.

    Demand for other products than ``product``, or of other countries than ``consumer``, weighs nothing.

    Raises
    ------
    UnknownNameError
        If there is no final demand for that product, or of that country.
    MixedUnitsError
        If products come in several units and no mineral is named.
    EmptySelectionError
        If no final demand is left, or none of it holds the mineral.
    """
    country = pd.Series(network.nodes["country"].to_numpy()[demand["node"].to_numpy(dtype=np.int64)])
    counts = _among(demand["product"], product, "final product") & _among(country, consumer, "consuming country")
    if not counts.any() and not (product is None and consumer is None):
        raise EmptySelectionError(
            f"{_said(consumer) or 'no country named'} uses no {_said(product) or 'product named'}"
        )
    quantity = np.where(counts, demand["quantity"].to_numpy(dtype=float), 0.0)
    if evenly:
        if mineral is not None:
            raise ParameterError(f"weigh products by {mineral} or evenly, not both")
        total = pd.Series(quantity).groupby(demand["product"].to_numpy()).transform("sum").to_numpy()
        n_products = demand["product"][quantity > 0].nunique()
        return quantity / np.where(total > 0, total, 1.0) / max(n_products, 1), "share of demand, mean over products"
    if mineral is None:
        return quantity, network.one_unit(demand["product"][counts])
    held = demand["product"].map(network.content(mineral)).fillna(0.0).to_numpy(dtype=float)
    if not (quantity * held > 0).any():
        which = f" for {_said(product)}" * bool(product) + f" of {_said(consumer)}" * bool(consumer)
        raise EmptySelectionError(f"no final demand{which} holds {mineral}")
    return quantity * held, f"t {mineral}"


def mineral_weights(
    network: Network,
    demand: pd.DataFrame,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Weigh final demand (rows) in tonnes of each mineral (columns) that any of it holds.

    Raises
    ------
    EmptySelectionError
        If no final demand that counts holds a mineral.
    """
    weights = {}
    for mineral in network.minerals:
        try:
            weights[mineral] = demand_weights(network, demand, mineral, product, consumer)[0]
        except EmptySelectionError:
            continue  # no final product that counts holds it
    if not weights:
        raise EmptySelectionError("no final demand that counts holds a mineral")
    return pd.DataFrame(weights)


def _among(column: pd.Series, chosen: str | Sequence[str] | None, what: str) -> BoolArray:
    """Say which rows hold one of the values chosen; all of them where none is named."""
    if chosen is None:
        return np.ones(len(column), dtype=bool)
    values = [chosen] if isinstance(chosen, str) else list(chosen)
    for value in values:
        if value not in set(column):
            raise UnknownNameError(f"no {what} {value!r}; {nearest(value, sorted(set(column)))}")
    return column.isin(values).to_numpy(dtype=bool)


def _said(chosen: str | Sequence[str] | None) -> str:
    return chosen if isinstance(chosen, str) else ", ".join(chosen or ())
