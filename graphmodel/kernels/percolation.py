"""What stays joined while nodes are removed one after another: every step of one order in one pass backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np
from scipy.sparse import csr_array

from graphmodel._types import FloatArray, IntArray
from graphmodel.kernels.compiling import compiled

P = ParamSpec("P")
R = TypeVar("R")

LOOP_UP_TO = 20_000
"""Nodes plus edges (times searches) below which the plain Python loop ends before the compiler wakes."""


def largest_component(n: int, source: IntArray, target: IntArray, gone_at: IntArray, n_steps: int) -> IntArray:
    """Count the nodes of the largest weakly connected component after each step of a removal.

    Parameters
    ----------
    n : number of nodes
    source, target : ends of each edge, (E,); parallel edges and self-loops change nothing
    gone_at : step at which each node is removed, (n,); 0 if it was never there, more than ``n_steps`` if it stays
    n_steps : number of steps

    Returns
    -------
    IntArray
        Size after 0, 1, … ``n_steps`` steps, (n_steps + 1,); 0 where no node is left.

    Notes
    -----
    Nodes are put back from the last step to the first and joined by union-find, so all steps together cost
    O(E α(n)) in place of a search each.

    References
    ----------
    Newman, M. E. J. and Ziff, R. M. (2000) Efficient Monte Carlo algorithm and high-precision results for percolation.
    Physical Review Letters 85, 4104. https://doi.org/10.1103/PhysRevLett.85.4104

    Examples
    --------
    A hub (0) with three leaves; the hub goes first, then leaf 1.

    >>> star = np.array([0, 0, 0]), np.array([1, 2, 3])
    >>> largest_component(4, *star, gone_at=np.array([1, 2, 3, 3]), n_steps=2).tolist()
    [4, 1, 1]
    """
    both = _successors(n, np.concatenate([source, target]), np.concatenate([target, source]))
    returning = np.argsort(-gone_at, kind="stable")
    return _fast(component_loop, n + both.nnz)(*_pointers(both), returning, gone_at, n_steps)


def reach_left(
    n: int,
    source: IntArray,
    target: IntArray,
    starts: IntArray,
    weight: FloatArray,
    gone_at: IntArray,
    n_steps: int,
    *,
    together: bool = True,
) -> FloatArray:
    """Sum the weight of the nodes that a path still reaches after each step of a removal.

    Parameters
    ----------
    n, source, target, gone_at, n_steps : as in `largest_component`
    starts : nodes where paths start
    weight : weight of each node in the sum, (n,)
    together : count a node once if any start reaches it; otherwise once for each start that does

    Returns
    -------
    FloatArray
        Sum after 0, 1, … ``n_steps`` steps, (n_steps + 1,). A start that is left reaches itself.

    Notes
    -----
    The last step at which a node is reached is the widest path to it, a path being as wide as the step at which its
    first node goes. One search with a bucket for each step: O(E + n_steps), for each start if not together.

    Examples
    --------
    Two mines (0, 1) before a user (2); mine 0 goes first, then mine 1.

    >>> flow = np.array([0, 1]), np.array([2, 2]), np.array([0, 1]), np.array([0.0, 0.0, 7.0])
    >>> reach_left(3, *flow, gone_at=np.array([1, 2, 3]), n_steps=2).tolist()
    [7.0, 7.0, 0.0]
    >>> reach_left(3, *flow, gone_at=np.array([1, 2, 3]), n_steps=2, together=False).tolist()
    [14.0, 7.0, 0.0]
    """
    graph = _successors(n, source, target)
    searches = 1 if together else len(starts)
    first = np.array([0, len(starts)]) if together else np.arange(len(starts) + 1)
    until = _fast(width_loop, searches * (n + graph.nnz))(
        *_pointers(graph), first, starts, weight, np.minimum(gone_at, n_steps + 1), n_steps
    )
    left: FloatArray = np.cumsum(until[::-1])[::-1][1:]
    return left


def robustness(steps: IntArray, left: FloatArray) -> float:
    """Return the mean of a curve over every step but the start, straight between the steps given.

    Notes
    -----
    With every step given and ``left`` the share of all nodes in the largest component this is the robustness
    R = 1/N Σ s(Q), Q = 1 … N (Schneider et al. 2011); nan without steps.

    Examples
    --------
    Four nodes all linked to each other: 3/4, 2/4, 1/4 and 0 are left, so R = 6/16.

    >>> robustness(np.arange(5), np.array([4, 3, 2, 1, 0]) / 4)
    0.375
    """
    n_steps = int(steps[-1])
    if not n_steps:
        return float("nan")
    return float(np.interp(np.arange(1, n_steps + 1), steps, left).mean())


def component_loop(
    indptr: IntArray, indices: IntArray, returning: IntArray, gone_at: IntArray, n_steps: int
) -> IntArray:
    """Put the nodes back and follow the largest component; see `largest_component`."""
    n = len(gone_at)
    size = np.zeros(n, dtype=np.int64)  # 0: not back yet
    above = np.arange(n)
    largest = np.zeros(n_steps + 1, dtype=np.int64)
    place = 0
    most = 0
    for step in range(n_steps, -1, -1):
        while place < n and gone_at[returning[place]] > step:
            node = returning[place]
            place += 1
            size[node] = 1
            root = node
            for entry in range(indptr[node], indptr[node + 1]):
                other = indices[entry]
                if size[other] == 0:
                    continue
                while above[other] != other:
                    above[other] = above[above[other]]
                    other = above[other]
                if other == root:
                    continue
                if size[other] > size[root]:
                    root, other = other, root
                above[other] = root
                size[root] += size[other]
            most = max(most, size[root])
        largest[step] = most
    return largest


def width_loop(
    indptr: IntArray,
    indices: IntArray,
    first: IntArray,
    starts: IntArray,
    weight: FloatArray,
    gone_at: IntArray,
    n_steps: int,
) -> FloatArray:
    """Sum, by the step at which it ends, the weight every search reaches; see `reach_left`."""
    n = len(gone_at)
    until = np.zeros(n_steps + 2)
    bucket = np.full(n_steps + 2, -1, dtype=np.int64)
    after = np.empty(n, dtype=np.int64)
    seen_by = np.full(n, -1, dtype=np.int64)
    for search in range(len(first) - 1):
        for entry in range(first[search], first[search + 1]):
            node = starts[entry]
            if seen_by[node] != search:
                seen_by[node] = search
                after[node] = bucket[gone_at[node]]
                bucket[gone_at[node]] = node
        for width in range(n_steps + 1, -1, -1):
            while bucket[width] >= 0:
                node = bucket[width]
                bucket[width] = after[node]
                until[width] += weight[node]
                for entry in range(indptr[node], indptr[node + 1]):
                    other = indices[entry]
                    if seen_by[other] != search:
                        seen_by[other] = search
                        narrow = min(width, gone_at[other])
                        after[other] = bucket[narrow]
                        bucket[narrow] = other
    return until


def _successors(n: int, source: IntArray, target: IntArray) -> csr_array:
    """Return the successors of each node, each once."""
    graph = csr_array((np.ones(len(source)), (source, target)), shape=(n, n))
    graph.sum_duplicates()
    return graph


def _pointers(graph: csr_array) -> tuple[IntArray, IntArray]:
    return graph.indptr.astype(np.int64), graph.indices.astype(np.int64)


def _fast(loop: Callable[P, R], work: int) -> Callable[P, R]:
    """Return the loop compiled, or as it is where it would end before the compiler had woken."""
    return loop if work <= LOOP_UP_TO else compiled(loop)
