"""How much of final demand could still be delivered when nodes, or groups of nodes, are gone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.analysis.grouping import demand_weights, group_nodes, labels
from graphmodel.analysis.remaining import removable
from graphmodel.errors import ParameterError
from graphmodel.kernels.max_flow import ROUNDING, Capacities, max_flow_loss
from graphmodel.network import Network
from graphmodel.processes import processes
from graphmodel.results import MaxFlowResult


def max_flow(
    network: Network,
    *,
    by: str | Sequence[str] = "node",
    mineral: str | None = None,
    slack: float = 0.2,
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    n_threads: int = 1,
) -> MaxFlowResult:
    """Shut every node, or group of nodes, in turn and measure what could still be delivered at most.

    Parameters
    ----------
    network : Network
    by : str or list of str
        What stops, as in `removal`.
    mineral : str, optional
        Follow the tonnes of this mineral. Needed where edges or final products come in several units.
    slack : float
        Share by which every edge can carry, and every node sell, more than in the base; a node with a stated capacity
        goes up to that instead. ``inf`` leaves stated capacities as the only limit.
    members : DataFrame, optional
        ``group`` and ``country``, for ``by="alliance"``.
    equity : float
        Least share an owner must hold, for ``by="owner"``.
    n_threads : int
        Removals worked on at the same time; the answer does not depend on it.

    Returns
    -------
    MaxFlowResult
        ``removed`` (id), ``label``, ``n_nodes``, ``delivered`` (the most that still arrives, in `units`), ``loss``
        (final demand less that), ``loss_share``, ``rank`` (1 is the largest loss; equal losses share a rank).

    Raises
    ------
    ParameterError
        If ``slack`` is negative or nan.
    MixedUnitsError
        If quantities cannot be added and no mineral is named.
    EmptySelectionError
        If nothing can be grouped that way, or no final demand holds the mineral.

    Notes
    -----
    The largest flow f from origins to final demand D with

        Σ in = Σ out at every node,  f_e ≤ (1 + slack) q_e,  f_i ≤ max(1, K_i / x_i) o_i  (or (1 + slack) o_i)

    where q is the base quantity of an edge, o what a node sells, K its stated capacity and x its stated output. Origins
    start what they can sell. Another node starts what it sells or uses beyond what it receives, as in the base, so that
    the base delivers all demand. Recipes, essential inputs and hosts of co-products are left out, links that do not
    trade today too: on the links there are, no response can lose less. Scenario shares already in the network
    (``available``) lower capacities in every removal, and the loss counts them.

    With ``slack=inf`` and no stated capacities a user loses only if no route is left, as by reachability over the edges
    that carry the mineral. One flow, then each group's own flow rerouted: see `graphmodel.kernels.max_flow`.
    Without supply nodes the table by ``node`` is empty; without final demand shares are nan; loops are allowed and
    parts apart from each other do not matter.

    References
    ----------
    Ford, L. R. and Fulkerson, D. R. (1956), doi:10.4153/CJM-1956-045-5.

    Examples
    --------
    Without mine B (600 of 1000 t) mine A can sell its capacity of 500 t in place of 400.

    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> table = gm.max_flow(toy, mineral="lithium", slack=0.5).table.set_index("removed")
    >>> table.loc[["refine-a", "mine-b", "mine-a"], ["delivered", "loss", "loss_share"]]
              delivered    loss  loss_share
    removed
    refine-a        0.0  1000.0         1.0
    mine-b        500.0   500.0         0.5
    mine-a        600.0   400.0         0.4
    """
    if not slack >= 0:
        raise ParameterError(f"slack is {slack}, but must be a share of 0 or more")
    demand = processes(network).demand
    weight, unit = demand_weights(network, demand, mineral)
    if mineral is None:
        network.one_unit(pd.concat([network.edges["material"], demand["product"]]))
    wanted = np.bincount(demand["node"].to_numpy(dtype=np.int64), weight, minlength=network.n_nodes).astype(np.float64)
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    limits = _capacities(network, network.quantity(mineral), wanted, slack)
    served, lost = max_flow_loss(limits, groups.indptr, groups.members, n_threads=n_threads)
    total = float(wanted.sum())
    loss = total - served + lost
    loss = np.where(loss <= 10 * ROUNDING * total, 0.0, loss)
    table = pd.DataFrame({"removed": groups.names, "n_nodes": groups.sizes(), "delivered": total - loss, "loss": loss})
    table["label"] = labels(network, groups)
    table["loss_share"] = table["loss"] / total if total > 0 else np.nan
    table["rank"] = (table["loss_share"].fillna(0.0)).round(9).rank(method="min", ascending=False).astype(int)
    return MaxFlowResult(
        table.sort_values(["rank", "removed"]),
        network=network,
        parameters={"by": by, "mineral": mineral, "slack": slack},
        units={"delivered": unit, "loss": unit, "loss_share": "share of final demand"},
    )


def _capacities(network: Network, quantity: FloatArray, wanted: FloatArray, slack: float) -> Capacities:
    """Return what may pass where: the base with room, less what a scenario has taken."""
    n, nodes = network.n_nodes, network.nodes
    onward = network.source != network.target
    sold = np.bincount(network.source[onward], quantity[onward], minlength=n)
    received = np.bincount(network.target[onward], quantity[onward], minlength=n)
    stated = (nodes["capacity"] / nodes["output"].where(nodes["output"] > 0)).to_numpy(dtype=float)
    room = np.where(np.isnan(stated), 1.0 + slack, np.maximum(stated, 1.0))
    made = _times(sold * nodes["available"].fillna(1.0).to_numpy(dtype=float), room)
    edge = _times(quantity * network.edges["available"].fillna(1.0).to_numpy(dtype=float), 1.0 + slack)
    start = np.where(network.has_role("origin"), np.inf, np.maximum(sold + wanted - received, 0.0))
    return Capacities(
        network.source, network.target, edge, np.where(network.has_role("sink"), np.inf, made), start, wanted
    )


def _times(base: FloatArray, room: FloatArray | float) -> FloatArray:
    """Multiply where there is anything: nothing stays nothing, however much room."""
    limit = np.zeros(len(base))
    np.multiply(base, room, out=limit, where=base > 0)
    return limit
