"""Maximum flow from origins to final demand, and what of it is lost when each node, or each group, is removed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, ParamSpec, TypeVar

import numpy as np

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.errors import ParameterError
from graphmodel.kernels.compiling import compiled
from graphmodel.kernels.max_flow_loops import reroute_loop
from graphmodel.kernels.paths import reachable

P = ParamSpec("P")
R = TypeVar("R")

TINY = 1e-13
"""What an arc has left counts as nothing below this share of all demand."""

ROUNDING = 1e-11
"""A loss below this share of all demand is rounding, and none."""

LOOP_UP_TO = 20_000
"""Arcs times removals below which the plain Python loop ends before the compiler wakes."""


class Capacities(NamedTuple):
    """How much may pass: along each edge, through each node, in at origins and out at final demand.

    Parameters
    ----------
    source, target : ends of each edge, (E,); parallel edges add, self-loops carry nothing
    edge : largest flow on each edge, (E,); infinite where nothing limits it
    node : largest flow through each node, (n,); infinite where nothing limits it
    supply : largest flow that starts at each node, (n,)
    demand : largest flow that ends at each node, (n,); finite
    """

    source: IntArray
    target: IntArray
    edge: FloatArray
    node: FloatArray
    supply: FloatArray
    demand: FloatArray

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node)


def max_flow(capacities: Capacities) -> float:
    """Return the largest flow from supply to demand.

    Parameters
    ----------
    capacities : what may pass where

    Returns
    -------
    float
        In units of ``capacities``, with an error of rounding: at most 1e-13 of all demand for each edge of a
        minimum cut.

    Raises
    ------
    ParameterError
        If a capacity is negative or nan, or a demand not finite.

    Notes
    -----
    Shortest augmenting routes, level by level from both ends (Dinic): O(V² E) at worst, a few sweeps of the edges on
    chains of few stages. A node whose capacity its edges cannot exceed is not split.

    References
    ----------
    Dinic, E. A. (1970) Algorithm for solution of a problem of maximum flow in a network with power estimation. Soviet
    Mathematics Doklady 11, 1277-1280.

    Examples
    --------
    A mine of 5 feeds a refinery that can take 3.

    >>> no = np.zeros(3)
    >>> flow = Capacities(
    ...     source=np.array([0, 1]), target=np.array([1, 2]), edge=np.array([np.inf, np.inf]),
    ...     node=np.array([np.inf, 3.0, np.inf]), supply=np.array([5.0, 0, 0]), demand=np.array([0, 0, 9.0]),
    ... )
    >>> max_flow(flow)
    3.0
    """
    return _base(_lay_out(capacities), work=len(capacities.edge))[0]


def max_flow_loss(
    capacities: Capacities,
    group_indptr: IntArray | None = None,
    group_member: IntArray | None = None,
    *,
    n_threads: int = 1,
) -> tuple[float, FloatArray]:
    """Return the largest flow, and what of it is lost when each node or group of nodes is removed.

    Parameters
    ----------
    capacities : what may pass where
    group_indptr : first member of each group, and the number of entries at the end, (G + 1,); every node by itself
        if left out
    group_member : nodes of each group; groups may overlap
    n_threads : batches worked on at the same time; the answer does not depend on it

    Returns
    -------
    tuple
        The largest flow, and for each group how much smaller it is without the group, (G,). Demand and supply of the
        members go with them.

    Raises
    ------
    ParameterError
        If a capacity is negative or nan, or a demand not finite.

    Notes
    -----
    One maximum flow f, then for each group X what flowed through it, f(X), is moved from the senders to the takers
    within what the other arcs have left, and everything is put back. With M the most that can be moved,

        loss(X) = f(X) - M

    whatever maximum flow was found first: what a new maximum flow differs by, at most loss(X) of it ends at the
    super-source, so at least f(X) - loss(X) goes from senders to takers; and what cannot be moved is taken back to both
    terminals along the routes it came, at the cost of one unit each. A group without flow loses nothing and costs
    nothing. Routes may cross the terminals. The search grows from both ends until they meet, so that a short detour
    costs a few nodes; only where something is lost one end is searched to exhaustion.

    Examples
    --------
    Two mines (0, 1) of 4 and 2 feed a maker (2) that wants 5; the second could not deliver more.

    >>> flow = Capacities(
    ...     source=np.array([0, 1]), target=np.array([2, 2]), edge=np.array([9.0, 9.0]), node=np.full(3, np.inf),
    ...     supply=np.array([4.0, 2.0, 0]), demand=np.array([0, 0, 5.0]),
    ... )
    >>> max_flow_loss(flow)
    (5.0, array([3., 1., 5.]))
    """
    n = capacities.n_nodes
    if group_indptr is None or group_member is None:
        group_indptr, group_member = np.arange(n + 1), np.arange(n)
    n_groups = len(group_indptr) - 1
    arcs = _lay_out(capacities)
    work = n_groups * len(arcs.head)
    value, residual = _base(arcs, work=work)
    indptr, member = _vertices_of(arcs, group_indptr, group_member)
    run = _fast(reroute_loop, work)

    def of_batch(first: int, last: int) -> FloatArray:
        inside = indptr[first : last + 1]
        return run(
            arcs.indptr, arcs.head, arcs.mate, arcs.capacity, residual.copy(), inside, member, 0.0, arcs.tiny
        )  # fmt: skip

    ends = np.linspace(0, n_groups, n_threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(n_threads) as pool:
        loss = np.concatenate(list(pool.map(of_batch, ends[:-1], ends[1:])))
    return value, np.where(loss <= ROUNDING * arcs.total, 0.0, loss)


class _Arcs(NamedTuple):
    """Both directions of every link as arcs sorted by vertex; the last two vertices are the terminals."""

    indptr: IntArray
    head: IntArray
    mate: IntArray
    capacity: FloatArray
    entry: IntArray
    """Vertex where flow enters each node; -1 where no flow can pass."""
    leave: IntArray
    """Vertex where flow leaves each node: another one where its capacity may bind."""
    total: float

    @property
    def tiny(self) -> float:
        return TINY * self.total


def _lay_out(capacities: Capacities) -> _Arcs:
    """Keep what lies between supply and demand, split the nodes that may bind, join links of a pair."""
    _check(capacities)
    total = float(capacities.demand.sum())
    n = capacities.n_nodes
    passes = _useful(capacities)
    source, target = capacities.source, capacities.target
    kept = passes[source] & passes[target] & (source != target) & (capacities.edge > 0)
    source, target, edge = source[kept], target[kept], np.minimum(capacities.edge[kept], total)
    supply = np.where(passes, np.minimum(capacities.supply, total), 0.0)
    demand = np.where(passes, capacities.demand, 0.0)
    arriving = np.bincount(target, edge, minlength=n) + supply
    departing = np.bincount(source, edge, minlength=n) + demand
    splits = passes & (capacities.node < np.minimum(arriving, departing))

    n_passing, n_split = int(passes.sum()), int(splits.sum())
    entry, leave = np.full(n, -1), np.full(n, -1)
    entry[passes] = np.arange(n_passing)
    leave[passes] = entry[passes]
    leave[splits] = n_passing + np.arange(n_split)
    n_vertices = n_passing + n_split + 2
    starts, ends = np.flatnonzero(supply > 0), np.flatnonzero(demand > 0)
    tail = np.concatenate([leave[source], entry[splits], np.full(len(starts), n_vertices - 2), leave[ends]])
    head = np.concatenate([entry[target], leave[splits], entry[starts], np.full(len(ends), n_vertices - 1)])
    flow = np.concatenate([edge, capacities.node[splits], supply[starts], demand[ends]])
    return _Arcs(*_paired(n_vertices, tail, head, flow), entry, leave, total)


def _check(capacities: Capacities) -> None:
    for name in ("edge", "node", "supply", "demand"):
        values = getattr(capacities, name)
        wrong = values[~(values >= 0) | (np.isinf(values) if name == "demand" else False)]
        if len(wrong):
            right = "at least 0 and finite" if name == "demand" else "at least 0"
            raise ParameterError(f"{name} holds {wrong[0]}, but must be {right}")


def _useful(capacities: Capacities) -> BoolArray:
    """Nodes on some route from supply to demand."""
    n, open_edge = capacities.n_nodes, capacities.edge > 0
    source, target = capacities.source[open_edge], capacities.target[open_edge]
    alive = capacities.node > 0
    fed = reachable(n, source, target, np.flatnonzero(capacities.supply > 0), alive)
    wanted = reachable(n, target, source, np.flatnonzero(capacities.demand > 0), alive)
    return fed & wanted


def _paired(
    n_vertices: int, tail: IntArray, head: IntArray, flow: FloatArray
) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """Return indptr, head, mate and capacity of both directions of every pair of vertices, each pair once."""
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    pair, code = np.unique(low * n_vertices + high, return_inverse=True)
    n_pairs = len(pair)
    upward = tail == low
    along = np.bincount(code[upward], flow[upward], minlength=n_pairs)
    against = np.bincount(code[~upward], flow[~upward], minlength=n_pairs)
    low, high = pair // n_vertices, pair % n_vertices
    order = np.argsort(np.concatenate([low, high]), kind="stable")
    place = np.empty(2 * n_pairs, dtype=np.int64)
    place[order] = np.arange(2 * n_pairs)
    mate = np.concatenate([place[n_pairs:], place[:n_pairs]])[order]
    degree = np.bincount(low, minlength=n_vertices) + np.bincount(high, minlength=n_vertices)
    indptr = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(degree)])
    return indptr, np.concatenate([high, low])[order], mate, np.concatenate([along, against])[order]


def _base(arcs: _Arcs, *, work: int) -> tuple[float, FloatArray]:
    """Return a maximum flow's value, and what it leaves of every arc."""
    residual = arcs.capacity.copy()
    if arcs.total == 0:
        return 0.0, residual
    nobody = np.zeros(1, dtype=np.int64)
    unmet = _fast(reroute_loop, work)(
        arcs.indptr, arcs.head, arcs.mate, arcs.capacity, residual, nobody, nobody, arcs.total, arcs.tiny
    )  # fmt: skip
    return arcs.total - float(unmet[0]), residual


def _vertices_of(arcs: _Arcs, indptr: IntArray, member: IntArray) -> tuple[IntArray, IntArray]:
    """Return the vertices of each group."""
    passes = arcs.entry[member] >= 0
    splits = passes & (arcs.leave[member] != arcs.entry[member])
    count = passes.astype(np.int64) + splits
    end = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(count)])
    vertex = np.empty(int(end[-1]), dtype=np.int64)
    vertex[end[:-1][passes]] = arcs.entry[member[passes]]
    vertex[end[:-1][splits] + 1] = arcs.leave[member[splits]]
    return end[indptr], vertex


def _fast(loop: Callable[P, R], work: int) -> Callable[P, R]:
    """Return the loop compiled, or as it is where it would end before the compiler had woken."""
    return loop if work <= LOOP_UP_TO else compiled(loop)
