"""Centralities that follow from paths and structure, most of them delegated to igraph.

Parallel edges are merged first: distances are one over the summed flow, existence counts once. Self-loops are
dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, eigs, eigsh

from graphmodel._types import FloatArray, IntArray
from graphmodel.errors import ConvergenceError
from graphmodel.kernels.centrality import flow_matrix

if TYPE_CHECKING:
    import igraph


def betweenness(n: int, source: IntArray, target: IntArray) -> FloatArray:
    """Count the shortest paths, in steps, that pass through each node.

    Returns
    -------
    FloatArray
        Sum over ordered pairs of the share of their shortest paths that cross the node, ends not counted, (n,).

    Notes
    -----
    Parallel edges are one path, not several. O(n E), by igraph.

    References
    ----------
    Brandes, U. (2001) A faster algorithm for betweenness centrality. Journal of Mathematical Sociology 25,
    163-177. https://doi.org/10.1080/0022250X.2001.9990249

    Examples
    --------
    >>> betweenness(3, np.array([0, 1]), np.array([1, 2]))
    array([0., 1., 0.])
    """
    return np.asarray(_simple(n, source, target).betweenness(), dtype=np.float64)


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
    n: int, source: IntArray, target: IntArray, origins: IntArray, demand_nodes: IntArray
) -> FloatArray:
    """Count the shortest paths, in steps, from origins to demand that pass through each node.

    Returns
    -------
    FloatArray
        Sum over pairs (origin, demand node) of the share of their shortest paths that cross the node, ends not
        counted, (n,).

    Notes
    -----
    O(origins · E), by igraph.

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
    graph = _simple(n, source, target)
    ends = {"sources": np.unique(origins).tolist(), "targets": np.unique(demand_nodes).tolist()}
    return np.asarray(graph.betweenness(**ends), dtype=np.float64)


def closeness_to_demand(n: int, source: IntArray, target: IntArray, demand: FloatArray) -> FloatArray:
    """Return how near each node is to demand: the mean of one over the steps, weighted by demand.

    Returns
    -------
    FloatArray
        1 if all demand is one step away, 0 if none can be reached, (n,). A node's own demand is left out.

    Notes
    -----
    sum over d ≠ v of demand_d / steps(v → d), over the sum of demand_d. One search for each demand node against the
    flow: O(demand nodes · E).

    References
    ----------
    Marchiori, M. and Latora, V. (2000) Harmony in the small-world. Physica A 285, 539-546.
    https://doi.org/10.1016/S0378-4371(00)00311-3

    Examples
    --------
    >>> closeness_to_demand(3, np.array([0, 1]), np.array([1, 2]), np.array([0.0, 0.0, 7.0]))
    array([0.5, 1. , 0. ])
    """
    near = np.zeros(n)
    wanted = np.flatnonzero(demand > 0)
    reverse = _simple(n, target, source)
    for first in range(0, len(wanted), 64):
        block = wanted[first : first + 64]
        steps = np.asarray(reverse.distances(source=block.tolist()), dtype=np.float64)
        near += demand[block] @ np.divide(1.0, steps, out=np.zeros(steps.shape), where=steps > 0)
    others = demand.sum() - demand
    mean: FloatArray = np.divide(near, others, out=np.zeros(n), where=others > 0)
    return mean


def core_number(n: int, source: IntArray, target: IntArray) -> IntArray:
    """Return the largest k such that each node belongs to a part where all have k neighbours.

    Notes
    -----
    On the undirected simple network. O(E), by igraph.

    References
    ----------
    Batagelj, V. and Zaversnik, M. (2011) Fast algorithms for determining (generalized) core groups in social
    networks. Advances in Data Analysis and Classification 5, 129-145. https://doi.org/10.1007/s11634-010-0079-y

    Examples
    --------
    >>> core_number(4, np.array([0, 1, 2, 2]), np.array([1, 2, 0, 3]))
    array([2, 2, 2, 1])
    """
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


def _leading(matrix: csr_array, *, symmetric: bool = True) -> FloatArray:
    """Return the leading eigenvector nearest to an even one, positive and summing to one."""
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

    pairs = np.unique((source.astype(np.int64) * n + target)[source != target])
    return igraph.Graph(n=n, edges=np.column_stack([pairs // max(n, 1), pairs % max(n, 1)]), directed=True)
