"""Routes to one user: what they all cross, and the least that cuts them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.kernels.paths import dominator_tree, reachable

STEPS = 2.0**40
"""Capacities are cut to whole steps, so many in all, so that a flow is exact and its cut is the least one."""


class Routes(NamedTuple):
    """What lies on some route from an origin to a user; vertices are numbered anew.

    Two more vertices follow the nodes: ``n_nodes``, before all origins, and ``n_nodes + 1``, after all users.
    """

    node: IntArray
    """Node behind each vertex, the last two left out."""
    edge: IntArray
    """Edge behind each arc; -1 where an arc only starts or ends a route."""
    tail: IntArray
    head: IntArray
    removable: BoolArray
    """Whether each node may be cut, and not only passed."""

    @property
    def n_nodes(self) -> int:
        """Number of nodes on routes."""
        return len(self.node)


def routes(
    n: int, source: IntArray, target: IntArray, origins: IntArray, users: IntArray, removable: BoolArray
) -> Routes:
    """Keep what lies on routes from origins to users.

    Parameters
    ----------
    n, source, target : the network
    origins, users : where routes start and end
    removable : nodes that may be cut, (n,)

    Notes
    -----
    Two searches, O(n + E).

    Examples
    --------
    >>> routes(4, np.array([0, 1, 1]), np.array([1, 2, 3]), np.array([0]), np.array([2]), np.ones(4, bool)).node
    array([0, 1, 2])
    """
    kept = reachable(n, source, target, origins) & reachable(n, target, source, users)
    place = np.cumsum(kept) - 1
    node = np.flatnonzero(kept)
    inside = np.flatnonzero(kept[source] & kept[target] & (source != target))
    begin, end = place[origins[kept[origins]]], place[users[kept[users]]]
    none = np.full(len(begin) + len(end), -1)
    return Routes(
        node,
        np.concatenate([inside, none]),
        np.concatenate([place[source[inside]], np.full(len(begin), len(node)), end]),
        np.concatenate([place[target[inside]], begin, np.full(len(end), len(node) + 1)]),
        removable[node],
    )


def crossed_by_all(paths: Routes) -> IntArray:
    """Return the nodes that every route crosses, in the order in which they come.

    Notes
    -----
    The dominators of the end, from `graphmodel.kernels.paths.dominator_tree`; nodes that may not be cut left out.

    Examples
    --------
    >>> ends = np.array([0, 1, 2]), np.array([2, 2, 3])
    >>> crossed_by_all(routes(4, *ends, np.array([0, 1]), np.array([3]), np.array([True, True, True, False])))
    array([2])
    """
    n = paths.n_nodes
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    tree = dominator_tree(n + 2, paths.tail, paths.head, np.array([n]))
    crossed = []
    at = int(tree[n + 1])
    while 0 <= at < n:
        crossed.append(at)
        at = int(tree[at])
    found = np.array(crossed[::-1], dtype=np.int64)
    return paths.node[found[paths.removable[found]]]


def articulation_points(paths: Routes) -> IntArray:
    """Return the nodes without which the routes, direction forgotten, fall into parts.

    Notes
    -----
    Neither more nor less than the nodes that all routes cross: a link against the direction may lead around one of
    those, and a node where a loop hangs is an articulation point too. O(n + E), by igraph.

    Examples
    --------
    >>> ends = np.array([0, 1, 2]), np.array([2, 2, 3])
    >>> articulation_points(routes(4, *ends, np.array([0, 1]), np.array([3]), np.array([True, True, True, False])))
    array([2])
    """
    import igraph  # noqa: PLC0415 - loads pyplot

    graph = igraph.Graph(n=paths.n_nodes + 2, edges=np.column_stack([paths.tail, paths.head]))
    found = np.array([v for v in sorted(graph.articulation_points()) if v < paths.n_nodes], dtype=np.int64)
    return paths.node[found[paths.removable[found]]]


def least_nodes(paths: Routes, capacity: FloatArray) -> tuple[float, IntArray]:
    """Return the least capacity of nodes that cuts all routes, and such nodes.

    Parameters
    ----------
    paths : from `routes`
    capacity : of each node of the network, (n,); with ones the answer counts nodes, and so the routes that share none

    Returns
    -------
    tuple
        Summed capacity and nodes, of one of the least cuts; nan and none where a route crosses no node that may be
        cut.

    Notes
    -----
    Every node becomes an arc of its capacity; a maximum flow by igraph, exact in steps of 2^-40 of all capacity.

    References
    ----------
    Ford, L. R. and Fulkerson, D. R. (1956), doi:10.4153/CJM-1956-045-5.

    Examples
    --------
    Two mines of 5 and 4 before a refinery of 10 and a user.

    >>> ends = np.array([0, 1, 2]), np.array([2, 2, 3])
    >>> found = routes(4, *ends, np.array([0, 1]), np.array([3]), np.array([True, True, True, False]))
    >>> least_nodes(found, np.array([5.0, 4.0, 10.0, 0.0]))
    (9.0, array([0, 1]))
    """
    n = paths.n_nodes
    own = np.where(paths.removable, capacity[paths.node], np.inf)
    # the vertex where a node's flow leaves follows all others
    leave = np.concatenate([n + 2 + np.arange(n), [n, n + 1]])
    tail = np.concatenate([np.arange(n), leave[paths.tail]])
    head = np.concatenate([leave[:n], paths.head])
    arcs = _least_arcs(2 * n + 2, tail, head, np.concatenate([own, np.full(len(paths.tail), np.inf)]), n)
    if arcs is None:
        return np.nan, np.zeros(0, dtype=np.int64)
    return float(own[arcs].sum()), paths.node[arcs]


def least_edges(paths: Routes, capacity: FloatArray) -> tuple[float, IntArray]:
    """Return the least capacity of edges that cuts all routes, and such edges.

    Parameters
    ----------
    paths : from `routes`
    capacity : of each edge of the network, (E,)

    Returns
    -------
    tuple
        Summed capacity and edges; nan and none where a user is an origin itself. As `least_nodes` otherwise.

    Examples
    --------
    >>> ends = np.array([0, 1, 2]), np.array([2, 2, 3])
    >>> found = routes(4, *ends, np.array([0, 1]), np.array([3]), np.ones(4, bool))
    >>> least_edges(found, np.array([5.0, 4.0, 8.0]))
    (8.0, array([2]))
    """
    own = np.where(paths.edge >= 0, capacity[paths.edge], np.inf)
    arcs = _least_arcs(paths.n_nodes + 2, paths.tail, paths.head, own, paths.n_nodes)
    if arcs is None:
        return np.nan, np.zeros(0, dtype=np.int64)
    return float(own[arcs].sum()), np.sort(paths.edge[arcs])


def _least_arcs(n: int, tail: IntArray, head: IntArray, capacity: FloatArray, start: int) -> IntArray | None:
    """Return the arcs of a least cut between vertex ``start`` and the next; none where no finite cut is."""
    import igraph  # noqa: PLC0415 - loads pyplot

    finite = np.isfinite(capacity)
    total = float(capacity[finite].sum())
    steps = np.where(finite, np.ceil(capacity / total * STEPS) if total > 0 else 0.0, 2 * STEPS + len(tail))
    graph = igraph.Graph(n=n, edges=np.column_stack([tail, head]), directed=True)
    found = np.array(graph.mincut(start, start + 1, capacity=steps.tolist()).cut, dtype=np.int64)
    return found if finite[found].all() else None
