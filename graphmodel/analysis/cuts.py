"""What all routes to a user must cross, the least that cuts them, and how many routes there are that share nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.analysis.grouping import Groups, group_nodes
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.tracing import Traced, trace
from graphmodel.errors import ParameterError
from graphmodel.kernels.cuts import Routes, articulation_points, crossed_by_all, least_edges, least_nodes, routes
from graphmodel.kernels.label_cuts import label_routes
from graphmodel.network import Network
from graphmodel.results import CutResult

MEASURES = {
    "dominators": "nodes every route crosses",
    "articulation_points": "nodes that hold the routes together, direction forgotten",
    "node_routes": "routes that share no node",
    "group_routes": "routes that share no country, or other group",
    "group_cut": "fewest groups without which no route is left",
    "node_cut": "least capacity of nodes without which no route is left",
    "edge_cut": "least flow of edges without which no route is left",
}
"""What is measured for each user, and what it means."""


def cuts(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    by: str | Sequence[str] = "country",
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    seconds: float = 10.0,
) -> CutResult:
    """Say for each user and product what no route avoids, what cuts all of them, and how many share nothing.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        Routes are those of edges that carry it, from where it begins to users. Needed where edges or final products
        come in several units.
    product, consumer : str or list of str, optional
        Only final demand for these products, or of these countries.
    by : str or list of str
        Groups that routes should not share, as in `removal`: ``country``, ``control``, ``owner`` … A node in no group
        stands for itself; one in several shares with all of them.
    members : DataFrame, optional
        ``group`` and ``country``, for ``by="alliance"``.
    equity : float
        Least share an owner must hold, for ``by="owner"``.
    seconds : float
        Time for the fewest groups of one user and product, and again for the routes; then the gap is told.

    Returns
    -------
    CutResult
        ``consumer``, ``product``, ``measure``, ``value`` with its ``unit``, ``gap`` (0: proven; else by how much
        ``value`` may still be too large, for routes too small), ``members``, ``demand`` (tonnes of the mineral in the
        product). Measures, in this order:

        ``dominators`` : nodes that every route crosses; ``members`` names them, joined by " + ", origins first.
        ``articulation_points`` : nodes without which the routes, direction forgotten, fall apart. A loop may hang on
        one that not every route crosses, and a link against the direction may lead around one that every route crosses.
        ``node_routes`` : most routes of which no two share a node, which is the fewest nodes that cut all of them;
        ``members`` names such nodes.
        ``group_routes`` : most routes of which no two share a group; ``members`` gives the groups of each,
        joined by ">".
        ``group_cut`` : fewest groups that cut all routes, at least as many as ``group_routes``.
        ``node_cut`` : least capacity, in tonnes of the mineral a year, of nodes that cut all routes.
        ``edge_cut`` : least flow of edges that cut all routes; ``members`` names edges.

        Where several cuts are least, one of them is named. Users without any route have 0 everywhere.

    Raises
    ------
    ParameterError
        If ``seconds`` is not above 0.
    MixedUnitsError
        If quantities cannot be added and no mineral is named.
    UnknownNameError
        If there is no such mineral, product, consumer or lens.
    EmptySelectionError
        If no final demand that counts holds the mineral, or nothing can be grouped that way.

    Notes
    -----
    Routes begin at origins, and at plants that make the mineral from inputs without it, as a co-product; what another
    plant sells beyond what it receives has no known route. Nodes are suppliers only: users and stocks cannot be cut.
    Recipes are left out: a route carries the mineral, and an aid without it is no route. A node's capacity is what it
    sells of the mineral times the larger of 1 and stated capacity over stated output. At base flows the least
    edges are nearly always the user's own last purchases, as edges before them carry what others take too. All but
    the two measures by group are exact and cost a few sweeps of the edges (dominator tree; maximum flow on split nodes;
    Menger's theorem); those by group are NP-hard, see `graphmodel.kernels.label_cuts`. Loops and parallel edges are
    allowed, parts apart from each other do not matter, closures of a scenario (``available``) do not count.

    References
    ----------
    Menger, K. (1927) Zur allgemeinen Kurventheorie. Fundamenta Mathematicae 10, 96-115.
    https://doi.org/10.4064/fm-10-1-96-115

    Zhang, P. et al. (2011) Approximation and hardness results for label cut and related problems. Journal of
    Combinatorial Optimization 21, 192-208. https://doi.org/10.1007/s10878-009-9222-0

    Examples
    --------
    Vehicles in China can have cells from two plants, but all lithium passes one refinery. Its capacity of 1200 t is
    above that of both mines.

    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.cuts(toy, mineral="lithium", consumer="CHN").table[["measure", "value", "unit", "members"]]
                   measure   value       unit          members
    0           dominators     1.0      nodes         refine-a
    1  articulation_points     1.0      nodes         refine-a
    2          node_routes     1.0     routes         refine-a
    3         group_routes     1.0     routes          CHL>CHN
    4            group_cut     1.0     groups              CHN
    5             node_cut  1100.0  t lithium  mine-a + mine-b
    6             edge_cut   500.0  t lithium          e7 + e8
    """
    if not seconds > 0:
        raise ParameterError(f"seconds is {seconds}, but must be above 0")
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    traced = trace(network, mineral, product, consumer)
    ground = _ground(network, mineral, traced, groups)
    rows = [
        (consumer, product, *found, demand)
        for consumer, product, demand, ends in traced.wishes()
        for found in _measured(ground, ends, traced.unit, seconds)
    ]
    return CutResult(
        pd.DataFrame(rows, columns=list(CutResult.columns)),
        network=network,
        parameters={"mineral": mineral, "by": by, "product": product, "consumer": consumer, "seconds": seconds},
        units={"demand": traced.unit},
    )


class _Ground(NamedTuple):
    """What the routes to every user are found on."""

    traced: Traced
    origins: IntArray
    removable: BoolArray
    node_capacity: FloatArray
    node_names: np.ndarray
    edge_names: np.ndarray
    label_indptr: IntArray
    label: IntArray
    """Group of each node; nodes in none have one of their own."""
    label_names: np.ndarray


def _ground(network: Network, mineral: str | None, traced: Traced, groups: Groups) -> _Ground:
    n = traced.flows.n_nodes
    supply = np.zeros(n, dtype=np.bool_)
    supply[: network.n_nodes] = removable(network)
    node = np.concatenate([groups.members, np.setdiff1d(np.flatnonzero(supply), groups.members)])
    ids = network.nodes["node_id"].to_numpy(dtype=object)
    alone = node[len(groups.members) :]
    label = np.concatenate(
        [np.repeat(np.arange(len(groups.names)), groups.sizes()), len(groups.names) + np.arange(len(alone))]
    )
    order = np.lexsort((label, node))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(node, minlength=n))]).astype(np.int64)
    nodes = network.nodes
    room = (nodes["capacity"] / nodes["output"].where(nodes["output"] > 0)).fillna(1.0).to_numpy(dtype=float)
    capacity = np.zeros(n)
    onward = network.source != network.target
    sold = np.bincount(network.source[onward], network.quantity(mineral)[onward], minlength=network.n_nodes)
    capacity[: network.n_nodes] = sold * np.maximum(room, 1.0)
    return _Ground(
        traced,
        traced.begins,
        supply,
        capacity,
        ids,
        network.edges["edge_id"].to_numpy(dtype=object),
        indptr,
        label[order],
        np.concatenate([np.array(groups.names, dtype=object), ids[alone]]),
    )


def _measured(
    ground: _Ground, ends: IntArray, unit: str, seconds: float
) -> Iterator[tuple[str, float, str, float, str]]:
    """Yield measure, value, unit, gap and members, in the order of `MEASURES`."""
    flows = ground.traced.flows
    paths = routes(flows.n_nodes, flows.source, flows.target, ground.origins, ends, ground.removable)
    names, ones = ground.node_names, np.ones(flows.n_nodes)
    crossed, holding = crossed_by_all(paths), articulation_points(paths)
    yield "dominators", float(len(crossed)), "nodes", 0.0, _joined(names[crossed])
    yield "articulation_points", float(len(holding)), "nodes", 0.0, _joined(names[holding])
    count, nodes = least_nodes(paths, ones)
    yield "node_routes", count, "routes", 0.0, _joined(names[nodes])
    yield from _by_group(ground, paths, seconds)
    capacity, nodes = least_nodes(paths, ground.node_capacity)
    yield "node_cut", capacity, unit, 0.0, _joined(names[nodes])
    flow, edges = least_edges(paths, flows.quantity)
    yield "edge_cut", flow, unit, 0.0, _joined(ground.edge_names[ground.traced.edge[edges]])


def _by_group(ground: _Ground, paths: Routes, seconds: float) -> Iterator[tuple[str, float, str, float, str]]:
    """Yield the two measures by group."""
    sizes = np.diff(ground.label_indptr)[paths.node]
    held = [ground.label[ground.label_indptr[v] : ground.label_indptr[v + 1]] for v in paths.node]
    indptr = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    code, label = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *held]), return_inverse=True)
    found = label_routes(paths, indptr, label, seconds=seconds)
    words = ground.label_names[code]
    ways = sorted(_way(words, indptr, label, route) for route in found.routes)
    n_routes, n_cut = float(len(found.routes)), float(len(found.cut))
    yield "group_routes", n_routes, "routes", found.routes_bound - n_routes, _joined(ways)
    yield "group_cut", n_cut, "groups", n_cut - found.cut_bound, _joined(words[found.cut])


def _way(words: np.ndarray, indptr: IntArray, label: IntArray, route: IntArray) -> str:
    """Name the groups a route passes, each once, in the order in which it meets them."""
    passed = [words[one] for vertex in route for one in label[indptr[vertex] : indptr[vertex + 1]]]
    return ">".join(dict.fromkeys(map(str, passed)))


def _joined(names: Sequence[str] | np.ndarray) -> str:
    return " + ".join(map(str, names))
