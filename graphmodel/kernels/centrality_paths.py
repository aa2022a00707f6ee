"""Centralities that follow from paths and structure: igraph or plain arrays when small, compiled when large.

Parallel edges are merged first: distances are one over the summed flow, existence counts once. Self-loops are
dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.sparse import csr_array

from graphmodel._types import FloatArray, IntArray
from graphmodel.errors import ConvergenceError
from graphmodel.kernels import centrality_lanes as lanes
from graphmodel.kernels.centrality import flow_matrix
from graphmodel.kernels.centrality_loops import core_loop
from graphmodel.kernels.compiling import compiled
from graphmodel.kernels.sparse_late import connected_components

if TYPE_CHECKING:
    import igraph

Method = Literal["auto", "arrays", "compiled"]

LIBRARY_UP_TO = 50_000_000
"""Sources times links below which igraph or plain arrays finish before a compiler would have woken."""

EDGES_UP_TO = 50_000
"""Edges up to which work that takes one pass over them is not compiled."""

LEAST_SHARED = 6.0
"""Sources an entry must have on average for rows of 64 to pay; in long thin chains it is near one."""


def betweenness(
    n: int, source: IntArray, target: IntArray, *, method: Method = "auto", n_threads: int = 1
) -> FloatArray:
    """Count the shortest paths, in steps, that pass through each node.

    Parameters
    ----------
    n, source, target : the network; parallel edges are one path, not several, and self-loops none
    method : ``"arrays"`` is igraph, ``"compiled"`` is numba; ``"auto"`` chooses by predicted work
    n_threads : searches worked on at the same time when compiled; the answer does not depend on it

    Returns
    -------
    FloatArray
        Sum over ordered pairs of the share of their shortest paths that cross the node, ends not counted, (n,).

    Notes
    -----
    Brandes' algorithm, O(n E): by igraph, or with 64 sources side by side. Path counts are doubles; when compiled,
    sources whose counts pass 1e300 are done with logarithms, about 1e-12 a step. igraph's counts overflow to nan
    there, and then the compiled way is taken; in fewer than 1 900 nodes they cannot, as n nodes hold at most
    exp(n / e) shortest paths between two.

    References
    ----------
    Brandes, U. (2001) A faster algorithm for betweenness centrality. Journal of Mathematical Sociology 25,
    163-177. https://doi.org/10.1080/0022250X.2001.9990249

    Examples
    --------
    >>> betweenness(3, np.array([0, 1]), np.array([1, 2]))
    array([0., 1., 0.])
    """
    return _betweenness(n, source, target, np.arange(n), None, method, n_threads)


def betweenness_by_flow(n: int, source: IntArray, target: IntArray, weight: FloatArray) -> FloatArray:
    """Count the shortest paths through each node where a strong flow is a short distance.

    Notes
    -----
    Distance is one over the summed flow. Edges without flow do not exist. O(n E log n), by igraph.

    References
    ----------
    Opsahl, T., Agneessens, F. and Skvoretz, J. (2010) Node centrality in weighted networks. Social Networks 32,
    245-251. https://doi.org/10.1016/j.socnet.2010.03.006

    Examples
    --------
    The way round by 1 is shorter than the thin direct edge: 1/4 + 1/4 against 1.

    >>> betweenness_by_flow(3, np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([4.0, 4.0, 1.0]))
    array([0., 1., 0.])
    """
    flows = _flows(n, source, target, weight)
    graph = _simple(n, *flows.coords)
    # In units of the largest flow, so that igraph's comparison of lengths does not depend on the unit.
    length = flows.data.max(initial=0.0) / flows.data
    return np.asarray(graph.betweenness(weights=length.tolist()), dtype=np.float64)


def betweenness_to_demand(
    n: int, source: IntArray, target: IntArray, origins: IntArray, demand_nodes: IntArray, *,
    method: Method = "auto", n_threads: int = 1,
) -> FloatArray:  # fmt: skip
    """Count the shortest paths, in steps, from origins to demand that pass through each node.

    Parameters
    ----------
    n, source, target : the network
    origins, demand_nodes : where paths start and end
    method, n_threads : as in `betweenness`

    Returns
    -------
    FloatArray
        Sum over pairs (origin, demand node) of the share of their shortest paths that cross the node, ends not
        counted, (n,).

    Notes
    -----
    O(origins · E), as in `betweenness`.

    References
    ----------
    Brandes, U. (2008) On variants of shortest-path betweenness centrality and their generic computation. Social
    Networks 30, 136-145. https://doi.org/10.1016/j.socnet.2007.11.001

    Examples
    --------
    >>> betweenness_to_demand(4, np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([0]), np.array([2]))
    array([0., 1., 0., 0.])
    """
    if len(origins) == 0 or len(demand_nodes) == 0:
        return np.zeros(n)
    return _betweenness(n, source, target, np.unique(origins), np.unique(demand_nodes), method, n_threads)


def closeness_to_demand(
    n: int, source: IntArray, target: IntArray, demand: FloatArray, *, method: Method = "auto", n_threads: int = 1
) -> FloatArray:
    """Return how near each node is to demand: the mean of one over the steps, weighted by demand.

    Parameters
    ----------
    n, source, target : the network; existence counts once
    demand : demand at each node, (n,)
    method, n_threads : as in `betweenness`; ``"arrays"`` is numpy

    Returns
    -------
    FloatArray
        1 if all demand is one step away, 0 if none can be reached, (n,). A node's own demand is left out.

    Notes
    -----
    sum over d ≠ v of demand_d / steps(v → d), over the sum of demand_d. Searches start at
    demand nodes and go against the flow, each a bit of a word: O(demand nodes · E / 64) words, times the levels when
    by arrays.

    References
    ----------
    Marchiori, M. and Latora, V. (2000) Harmony in the small-world. Physica A 285, 539-546.
    https://doi.org/10.1016/S0378-4371(00)00311-3

    Examples
    --------
    >>> closeness_to_demand(3, np.array([0, 1]), np.array([1, 2]), np.array([0.0, 0.0, 7.0]))
    array([0.5, 1. , 0. ])
    """
    wanted = np.flatnonzero(demand > 0)
    if method == "compiled" or (method == "auto" and len(wanted) * len(source) > LIBRARY_UP_TO):
        against = lanes.links(n, target, source)
        ends = lanes.alike(lanes.links(n, source, target), wanted.astype(np.uint32))
        near = lanes.nearness(against, ends, np.asarray(demand, dtype=np.float64), n_threads=n_threads)
    else:
        near = _nearness_by_arrays(n, source, target, wanted, np.asarray(demand, dtype=np.float64))
    others = demand.sum() - demand
    mean: FloatArray = np.divide(near, others, out=np.zeros(n), where=others > 0)
    return mean


def core_number(n: int, source: IntArray, target: IntArray, *, method: Method = "auto") -> IntArray:
    """Return the largest k such that each node belongs to a part where all have k neighbours.

    Parameters
    ----------
    n, source, target : the network; existence counts once
    method : ``"arrays"`` is igraph, ``"compiled"`` is numba; ``"auto"`` chooses by the number of edges

    Returns
    -------
    IntArray
        Core numbers, (n,); 0 for a node without links.

    Notes
    -----
    On the undirected simple network. O(E).

    References
    ----------
    Batagelj, V. and Zaversnik, M. (2011) Fast algorithms for determining (generalized) core groups in social
    networks. Advances in Data Analysis and Classification 5, 129-145. https://doi.org/10.1007/s11634-010-0079-y

    Examples
    --------
    >>> core_number(4, np.array([0, 1, 2, 2]), np.array([1, 2, 0, 3]))
    array([2, 2, 2, 1])
    """
    if method == "compiled" or (method == "auto" and len(source) > EDGES_UP_TO):
        both = lanes.links(n, np.concatenate([source, target]), np.concatenate([target, source]))
        return compiled(core_loop)(both.first, both.neighbour)
    graph = _simple(n, source, target).as_undirected(mode="collapse")
    return np.asarray(graph.coreness(), dtype=np.int64)


def constraint(n: int, source: IntArray, target: IntArray, weight: FloatArray) -> FloatArray:
    """Return how far each node's partners are tied to each other, so that it cannot play them off.

    Returns
    -------
    FloatArray
        Burt's constraint, (n,); 1 for a node with a single partner, nan for one without.

    Notes
    -----
    sum over partners j of (p_ij + sum over q of p_iq p_qj)², p the share of i's flows in both directions that
    go to or come from j. By igraph.

    References
    ----------
    Burt, R. S. (2004) Structural holes and good ideas. American Journal of Sociology 110, 349-399.
    https://doi.org/10.1086/421787

    Examples
    --------
    >>> constraint(3, np.array([0, 0]), np.array([1, 2]), np.array([1.0, 1.0]))
    array([0.5, 1. , 1. ])
    """
    flows = _flows(n, source, target, weight)
    graph = _simple(n, *flows.coords)
    share = flows.data / flows.data.max(initial=1e-300)
    return np.asarray(graph.constraint(weights=share.tolist()), dtype=np.float64)


def hubs_and_authorities(
    n: int, source: IntArray, target: IntArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Rank suppliers by the buyers they serve and buyers by the suppliers they draw on, each by the other.

    Returns
    -------
    tuple of FloatArray
        Hub and authority scores, each (n,) and summing to one; all zero if nothing flows.

    Raises
    ------
    ConvergenceError
        If the leading eigenvector is not found.

    Notes
    -----
    Leading eigenvectors of W W' and W' W. Where several parts tie, each gets its share of an even start.

    References
    ----------
    Kleinberg, J. M. (1999) Authoritative sources in a hyperlinked environment. Journal of the ACM 46, 604-632.
    https://doi.org/10.1145/324133.324140

    Examples
    --------
    >>> hub, authority = hubs_and_authorities(3, np.array([0, 1]), np.array([2, 2]), np.array([3.0, 1.0]))
    >>> hub.round(9), authority.round(9)
    (array([0.75, 0.25, 0.  ]), array([0., 0., 1.]))
    """
    flows = _flows(n, source, target, weight).tocsr()
    if flows.nnz == 0:
        return np.zeros(n), np.zeros(n)
    flows = flows / flows.data.max()
    hub = _leading(csr_array(flows @ flows.T))
    authority = flows.T @ hub
    return hub, np.asarray(authority / authority.sum(), dtype=np.float64)


def eigenvector(n: int, source: IntArray, target: IntArray, weight: FloatArray) -> FloatArray:
    """Rank the nodes of the largest loop core by the rank of those who supply them.

    Returns
    -------
    FloatArray
        Scores that sum to one on the largest strongly connected component, nan elsewhere, (n,). All nan without
        a loop of two nodes or more. Of equally large components the one with the most flow inside counts.

    Raises
    ------
    ConvergenceError
        If the leading eigenvector is not found.

    Notes
    -----
    x_j is proportional to the sum over i of w_ij x_i. Outside a strongly connected component the equation gives
    zeros or depends on rounding, hence nan.

    References
    ----------
    Bonacich, P. (1987) Power and centrality: a family of measures. American Journal of Sociology 92, 1170-1182.
    https://doi.org/10.1086/228631

    Examples
    --------
    >>> eigenvector(3, np.array([0, 1, 1]), np.array([1, 0, 2]), np.array([4.0, 1.0, 9.0])).round(9)
    array([0.33333333, 0.66666667,        nan])
    """
    flows = _flows(n, source, target, weight).tocsr()
    n_parts, part = connected_components(flows, directed=True, connection="strong")
    score = np.full(n, np.nan)
    size = np.bincount(part, minlength=n_parts)
    if size.max(initial=0) < 2:
        return score
    entries = flows.tocoo()
    suppliers, buyers = entries.coords
    inside = part[suppliers] == part[buyers]
    held = np.bincount(part[suppliers[inside]], weights=entries.data[inside], minlength=n_parts)
    core = np.flatnonzero(part == np.lexsort((held, size))[-1])
    matrix = flows[core][:, core]
    score[core] = _leading(csr_array(matrix.T / matrix.data.max()), symmetric=False)
    return score


def _betweenness(
    n: int, source: IntArray, target: IntArray, origins: IntArray, ends: IntArray | None, method: Method, n_threads: int
) -> FloatArray:
    """Sum the shares of shortest paths from ``origins`` to ``ends``, or to all nodes."""
    if n == 0:
        return np.zeros(0)
    sources = np.asarray(origins, dtype=np.uint32)
    if method == "arrays" or (method == "auto" and len(origins) * len(source) <= LIBRARY_UP_TO):
        graph = _simple(n, source, target)
        limits = {} if ends is None else {"sources": origins.tolist(), "targets": ends.tolist()}
        score = np.asarray(graph.betweenness(**limits), dtype=np.float64)
        if method == "arrays" or np.isfinite(score).all():
            return score
    outward, inward = lanes.links(n, source, target), lanes.links(n, target, source)
    sources = lanes.alike(inward, sources)
    overflowed = method == "auto" and len(origins) * len(source) <= LIBRARY_UP_TO
    if method == "auto" and not overflowed and lanes.sharing(outward, sources) < LEAST_SHARED:
        return _betweenness(n, source, target, origins, ends, "arrays", n_threads)
    wanted = np.ones(n)
    if ends is not None:
        wanted = np.zeros(n)
        wanted[ends] = 1.0
    return lanes.paths_through(outward, inward, sources, wanted, n_threads=n_threads)


def _nearness_by_arrays(n: int, source: IntArray, target: IntArray, ends: IntArray, demand: FloatArray) -> FloatArray:
    """Sum demand over steps, with all ends as bits of rows of words, level by level."""
    near = np.zeros(n)
    order = np.argsort(source, kind="stable")
    starts = np.flatnonzero(np.diff(source[order], prepend=-1))
    sellers, buyers = source[order][starts], target[order]
    width = -(-len(ends) // lanes.LANES)
    # A thousand ends at a time bounds the gathered rows to 128 bytes an edge.
    for first in range(0, width, 16):
        block = ends[first * lanes.LANES : (first + 16) * lanes.LANES]
        words = -(-len(block) // lanes.LANES)
        front = np.zeros((n, words), dtype=np.uint64)
        lane = np.arange(len(block))
        front[block, lane // lanes.LANES] = lanes.BITS[lane % lanes.LANES]
        seen = front.copy()
        weight = np.zeros(words * lanes.LANES)
        weight[: len(block)] = demand[block]
        table = np.concatenate([lanes.byte_sums(part) for part in weight.reshape(words, lanes.LANES)])
        level = 0
        while front.any():
            level += 1
            ahead = np.zeros_like(front)
            if len(starts):
                ahead[sellers] = np.bitwise_or.reduceat(front[buyers], starts, axis=0)
            front = ahead & ~seen
            seen |= front
            found = np.flatnonzero(front.any(axis=1))
            sets = front[found].view(np.uint8)
            near[found] += table[np.arange(8 * words), sets].sum(axis=1) / level
    return near


def _leading(matrix: csr_array, *, symmetric: bool = True) -> FloatArray:
    """Return the leading eigenvector nearest to an even one, positive and summing to one."""
    from scipy.sparse.linalg import ArpackNoConvergence, eigs, eigsh  # noqa: PLC0415 - loads scipy.linalg

    n = matrix.shape[0]
    if n <= 20:  # below this ARPACK has no room to work in
        values, vectors = np.linalg.eigh(matrix.toarray()) if symmetric else np.linalg.eig(matrix.toarray())
        top = values.real >= values.real.max() - 1e-9 * abs(values.real.max())
        vector = (vectors[:, top] @ vectors[:, top].T @ np.ones(n)) if symmetric else vectors[:, top][:, 0]
    else:
        try:
            solve, which = (eigsh, "LA") if symmetric else (eigs, "LR")
            vector = solve(matrix, k=1, which=which, v0=np.ones(n))[1][:, 0]
        except ArpackNoConvergence as error:
            raise ConvergenceError(f"leading eigenvector not found: {error}") from error
    vector = np.abs(vector.real)
    return np.asarray(vector / vector.sum(), dtype=np.float64)


def _flows(n: int, source: IntArray, target: IntArray, weight: FloatArray) -> csr_array:
    """Return summed flows as coordinates, self-loops left out."""
    apart = source != target
    return flow_matrix(n, source[apart], target[apart], weight[apart]).tocoo()


def _simple(n: int, source: IntArray, target: IntArray) -> igraph.Graph:
    """Return the network as igraph, each pair once and in order, self-loops left out."""
    import igraph  # noqa: PLC0415 - loads pyplot

    if len(source) > EDGES_UP_TO:
        first, neighbour = lanes.links(n, source, target)
        pairs = np.column_stack([np.repeat(np.arange(n), np.diff(first)), neighbour.astype(np.int64)])
    else:
        keys = np.unique((source.astype(np.int64) * n + target)[source != target])
        pairs = np.column_stack([keys // max(n, 1), keys % max(n, 1)])
    return igraph.Graph(n=n, edges=pairs, directed=True)
