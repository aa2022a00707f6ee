"""Reachability: who still traces back to an origin, and through whom all of it must pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np
from scipy.sparse import csr_array

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.kernels.compiling import compiled
from graphmodel.kernels.paths_loops import dominators_loop, groups_loop, subtree_loop
from graphmodel.kernels.sparse_late import breadth_first_order

SUPER_SOURCE = -1
UNREACHABLE = -2

P = ParamSpec("P")
R = TypeVar("R")

LOOP_UP_TO = 10_000
"""Nodes plus edges (times groups / 64) below which the plain Python loop ends before the compiler wakes."""


def reachable(
    n: int, source: IntArray, target: IntArray, origins: IntArray, alive: BoolArray | None = None
) -> BoolArray:
    """Say which nodes can be reached from any origin.

    Parameters
    ----------
    n : number of nodes
    source, target : ends of each edge, (E,)
    origins : nodes where paths start
    alive : nodes that paths may visit, (n,); all of them if left out

    Returns
    -------
    BoolArray
        True where a path from an origin arrives, (n,). An origin that is alive reaches itself.

    Notes
    -----
    One breadth-first search from a source joined to all origins: O(n + E).

    Examples
    --------
    >>> reachable(4, np.array([0, 2]), np.array([1, 3]), origins=np.array([0]))
    array([ True,  True, False, False])
    """
    if alive is not None:
        kept = alive[source] & alive[target]
        source, target, origins = source[kept], target[kept], origins[alive[origins]]
    order = breadth_first_order(_from_super_source(n, source, target, origins), n)
    found = np.zeros(n + 1, dtype=np.bool_)
    found[order] = True
    return found[:n]


def dominator_tree(n: int, source: IntArray, target: IntArray, origins: IntArray) -> IntArray:
    """Return the last node that every path from the origins to a node must cross.

    Parameters
    ----------
    n : number of nodes
    source, target : ends of each edge, (E,); parallel edges and self-loops change nothing
    origins : nodes where paths start

    Returns
    -------
    IntArray
        Immediate dominator of each node, (n,); -1 where no single node is crossed by every path (origins
        among them), -2 where no path arrives.

    Notes
    -----
    Semi-NCA: semidominators by depth-first search with path compression, then nearest common ancestors.
    O(E log n) for the first part; the second is O(n²) at worst and linear in practice.

    References
    ----------
    Georgiadis, L., Tarjan, R. E. and Werneck, R. F. (2006) Finding dominators in practice. Journal of Graph
    Algorithms and Applications 10, 69-94. https://doi.org/10.7155/jgaa.00119

    Examples
    --------
    Two mines (0, 1) and one refinery (2) before a maker (3).

    >>> dominator_tree(4, np.array([0, 1, 2]), np.array([2, 2, 3]), origins=np.array([0, 1]))
    array([-1, -1, -1,  2])
    """
    vertex, dominator = _dominators(n, source, target, origins)
    tree = np.full(n + 1, UNREACHABLE)
    tree[vertex] = vertex[dominator]
    tree[tree == n] = SUPER_SOURCE
    return tree[:n]


def reach_loss(n: int, source: IntArray, target: IntArray, origins: IntArray, demand: FloatArray) -> FloatArray:
    """Return the demand cut off from every origin when each node is removed.

    Parameters
    ----------
    n : number of nodes
    source, target : ends of each edge, (E,)
    origins : nodes where paths start
    demand : demand at each node, (n,)

    Returns
    -------
    FloatArray
        Demand no longer reached when the node is removed, in units of ``demand``, (n,). The node's own demand
        counts; demand that no origin reaches in the base does not.

    Notes
    -----
    What a node's removal cuts off is its subtree in the dominator tree, so all n removals cost one tree and
    one sum from the leaves upward, as in `dominator_tree`, in place of O(n E).

    References
    ----------
    Lengauer, T. and Tarjan, R. E. (1979) A fast algorithm for finding dominators in a flowgraph. ACM
    Transactions on Programming Languages and Systems 1, 121-141. https://doi.org/10.1145/357062.357071

    Examples
    --------
    >>> demand = np.array([0.0, 0.0, 0.0, 5.0])
    >>> reach_loss(4, np.array([0, 1, 2]), np.array([2, 2, 3]), np.array([0, 1]), demand)
    array([0., 0., 5., 5.])
    """
    vertex, dominator = _dominators(n, source, target, origins)
    below = _fast(subtree_loop, len(vertex))(dominator, np.append(demand, 0.0)[vertex])
    loss = np.zeros(n + 1)
    loss[vertex] = below
    return loss[:n]


def reach_loss_groups(
    n: int,
    source: IntArray,
    target: IntArray,
    origins: IntArray,
    demand: FloatArray,
    group_indptr: IntArray,
    group_members: IntArray,
) -> FloatArray:
    """Return the demand cut off from every origin when each group of nodes is removed.

    Parameters
    ----------
    n, source, target, origins, demand : as in `reach_loss`
    group_indptr : first member of each group, and the number of entries at the end, (G + 1,)
    group_members : nodes of each group; groups may overlap

    Returns
    -------
    FloatArray
        Demand no longer reached, members' own included, (G,).

    Notes
    -----
    One search for 64 groups, each a bit of a word that travels along the edges: O(G E / 64) words, a few
    times more where groups differ in where they block.

    Examples
    --------
    Removing both mines cuts off the maker, removing one does not.

    >>> demand = np.array([0.0, 0.0, 0.0, 5.0])
    >>> groups = np.array([0, 2, 3]), np.array([0, 1, 0])
    >>> reach_loss_groups(4, np.array([0, 1, 2]), np.array([2, 2, 3]), np.array([0, 1]), demand, *groups)
    array([5., 0.])
    """
    n_groups = len(group_indptr) - 1
    graph = _from_super_source(n, source, target, origins)
    wanted = np.append(np.where(reachable(n, source, target, origins), demand, 0.0), 0.0)
    search = _fast(groups_loop, (n + len(source)) * -(-n_groups // 64))
    return search(
        graph.indptr.astype(np.int64), graph.indices.astype(np.int64), wanted,
        group_indptr.astype(np.int64), group_members.astype(np.int64),
    )  # fmt: skip


def _from_super_source(n: int, source: IntArray, target: IntArray, origins: IntArray) -> csr_array:
    """Return the successors of each node, each once; node n precedes every origin."""
    rows = np.concatenate([source, np.full(len(origins), n)])
    columns = np.concatenate([target, origins])
    graph = csr_array((np.ones(len(rows)), (rows, columns)), shape=(n + 1, n + 1))
    graph.sum_duplicates()
    return graph


def _dominators(n: int, source: IntArray, target: IntArray, origins: IntArray) -> tuple[IntArray, IntArray]:
    """Return the reachable nodes in preorder, and each one's dominator as a preorder number."""
    graph = _from_super_source(n, source, target, origins)
    reverse = graph.T.tocsr()
    return _fast(dominators_loop, n + graph.nnz)(
        graph.indptr.astype(np.int64), graph.indices.astype(np.int64),
        reverse.indptr.astype(np.int64), reverse.indices.astype(np.int64), n,
    )  # fmt: skip


def _fast(loop: Callable[P, R], work: int) -> Callable[P, R]:
    """Return the loop compiled, or as it is where it would end before the compiler had woken."""
    return loop if work <= LOOP_UP_TO else compiled(loop)
