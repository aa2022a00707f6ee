"""One mineral traced to its users: every final product of every user as an end of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.grouping import demand_weights
from graphmodel.errors import ConvergenceError, listed
from graphmodel.kernels.look_through import Mix, closed_loops, mix
from graphmodel.network import Network
from graphmodel.processes import Processes, node_slots, processes


class Traced(NamedTuple):
    """Flows of one mineral; the nodes of the network come first, then one end for every product of every user."""

    flows: Mix
    edge: IntArray
    """Row of the network's edge behind each flow."""
    users: pd.DataFrame
    """consumer, product, demand (of the mineral), end (its position): final demand that counts."""
    unit: str
    place: IntArray
    """Where each process of the network stands: its node, or its end."""
    begins: IntArray
    """Nodes where the mineral begins: origins, and plants that make it from inputs without it, as a co-product."""

    def wishes(self) -> list[tuple[str, str, float, IntArray]]:
        """List who wants what: consumer, product, demand, ends; the largest demand first."""
        rows = [
            (str(consumer), str(product), float(part["demand"].sum()), part["end"].to_numpy(dtype=np.int64))
            for (consumer, product), part in self.users.groupby(["consumer", "product"], sort=True)
        ]
        return sorted(rows, key=lambda row: -row[2])


def trace(
    network: Network,
    mineral: str | None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
) -> Traced:
    """Follow the tonnes of one mineral along the edges, and into each product of a user that takes several.

    Without a mineral everything must come in one unit.

    Raises
    ------
    MixedUnitsError
        If no mineral is named and quantities come in several units.
    UnknownNameError
        If no material holds the mineral, or there is no final demand for that product or of that country.
    EmptySelectionError
        If no final demand that counts holds the mineral.
    """
    work = processes(network)
    demand = work.demand
    weight, unit = demand_weights(network, demand, mineral, product, consumer)
    final = network.has_role("sink")[work.node]
    end = np.where(final, network.n_nodes + np.cumsum(final) - 1, -1)
    carried = network.quantity(mineral)
    wanted = np.zeros(network.n_nodes + int(final.sum()))
    if mineral is None:
        network.one_unit(pd.concat([network.edges["material"], demand["product"]]))
        held = np.ones(len(demand))
    else:
        held = demand["product"].map(network.content(mineral)).fillna(0.0).to_numpy(dtype=float)
    wanted[end[demand["process"].to_numpy(dtype=np.int64)]] = held * demand["quantity"].to_numpy(dtype=float)

    plain = np.flatnonzero(~network.has_role("sink")[network.target])
    row, into, part = _into_products(work, end)
    edge = np.concatenate([plain, row])
    source = _sellers(network, work, end)[edge]
    target = np.concatenate([network.target[plain], into])
    quantity = np.concatenate([carried[plain], carried[row] * part])
    kept = (quantity > 0) & (source != target)
    flows = mix(source[kept], target[kept], quantity[kept], wanted)
    counts = weight > 0
    users = pd.DataFrame(
        {
            "consumer": network.nodes["country"].to_numpy()[demand["node"].to_numpy(dtype=np.int64)][counts],
            "product": demand["product"].to_numpy()[counts],
            "demand": weight[counts],
            "end": end[demand["process"].to_numpy(dtype=np.int64)][counts],
        }
    )
    place = np.where(final, end, work.node)
    return Traced(flows, edge[kept], users, unit, place, _begins(network, flows, mineral))


def refuse_closed_loops(network: Network, traced: Traced) -> None:
    """Refuse loops before the users that feed only on themselves.

    Raises
    ------
    ConvergenceError
        If there is one, so that nothing in it starts anywhere.
    """
    stuck = closed_loops(traced.flows, traced.users["end"].to_numpy(dtype=np.int64))
    if len(stuck):
        names = [str(node) for node in network.nodes["node_id"].to_numpy()[stuck]]
        raise ConvergenceError(
            f"{listed(names)} feed only one another; nothing they sell starts anywhere, so its origin cannot be said"
        )


def _begins(network: Network, flows: Mix, mineral: str | None) -> IntArray:
    """Origins, and nodes that sell the mineral although none arrives and none of their recipes asks for it."""
    arrives = np.bincount(flows.target, minlength=flows.n_nodes)[: network.n_nodes] > 0
    alone = ~arrives & (flows.start[: network.n_nodes] > 0)
    could = node_slots(network)
    if mineral is not None:
        content = network.content(mineral)
        could = could[could["input"].map(content).fillna(0.0) > 0]
    asks = network.nodes["node_id"].isin(could["node_id"]).to_numpy(dtype=bool)
    return np.flatnonzero(network.has_role("origin") | (alone & ~asks))


def _into_products(work: Processes, end: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Split what a user buys among its products: edge, end and part of the edge.

    Products that share a slot take it by their needs; an edge that fills several slots is cut into equal parts.
    """
    supplied = pd.DataFrame({"slot": work.slot, "row": work.row})[work.row >= 0]
    drawn = pd.DataFrame({"slot": work.process_slot, "end": end[work.reader], "part": work.draw})
    links = supplied.merge(drawn[drawn["end"] >= 0], on="slot")
    whole = links.groupby("row")["part"].transform("sum")
    part = (links["part"] / whole.where(whole > 1, 1.0)).to_numpy(dtype=float)
    return links["row"].to_numpy(dtype=np.int64), links["end"].to_numpy(dtype=np.int64), part


def _sellers(network: Network, work: Processes, end: IntArray) -> IntArray:
    """Where each edge starts: its node, or the end of the product if a user sells one."""
    source = network.source.copy()
    sold = np.flatnonzero(network.has_role("sink")[network.source])
    if len(sold):
        made = pd.MultiIndex.from_arrays([work.node, work.product])
        material = network.edges["material"].to_numpy()[sold]
        source[sold] = end[made.get_indexer(pd.MultiIndex.from_arrays([network.source[sold], material]))]
    return source
