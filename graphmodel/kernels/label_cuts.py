"""Routes that share no label, such as a country, and the fewest labels that cut them all."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.kernels.cuts import Routes

ROUNDING = 1e-7
"""What a solver may miss a weight of 1 by."""


class Labelled(NamedTuple):
    """Fewest labels that cut all routes, and the most routes found that share none, each with what is proven.

    Parameters
    ----------
    cut : labels, (C,); empty where a route carries no label
    cut_bound : no cut has fewer
    routes : vertices of each route in order, the start and the end left out
    routes_bound : there are no more
    """

    cut: IntArray
    cut_bound: int
    routes: list[IntArray]
    routes_bound: int


def label_routes(paths: Routes, indptr: IntArray, label: IntArray, *, seconds: float = np.inf) -> Labelled:
    """Find the fewest labels that cut all routes, and the most routes of which no two share a label.

    Parameters
    ----------
    paths : from `graphmodel.kernels.cuts.routes`
    indptr, label : labels of each vertex, (n_nodes + 1,) and (M,); a vertex may carry several, or none
    seconds : time for the cut, and again for the routes; then what is proven is told

    Notes
    -----
    Both are NP-hard. Any two labels of a route matter only through the smallest sets of labels that hold a route.
    The cut hits each such set: sets are found as they are missed, and the smallest hitting set is an integer
    programme of one binary a label. No more routes can share nothing than a cut has labels, or than labels weigh in
    all where every set weighs 1 at least (column generation: the lightest set is found, by an integer programme if need
    be, until none is lighter). All sets found are packed by another integer programme; if that gives fewer routes than
    this bound, a last one, with a flow for each route on all arcs, finds more or proves that there are none.

    References
    ----------
    Zhang, P. et al. (2011) Approximation and hardness results for label cut and related problems. Journal of
    Combinatorial Optimization 21, 192-208. https://doi.org/10.1007/s10878-009-9222-0

    Examples
    --------
    Mines of label 0 and 1, a refinery each, of label 1 and 2: one route is (0, 1), the other (1, 2).

    >>> from graphmodel.kernels.cuts import routes
    >>> ends = np.array([0, 1, 2, 3]), np.array([2, 3, 4, 4])
    >>> paths = routes(5, *ends, np.array([0, 1]), np.array([4]), np.array([True] * 4 + [False]))
    >>> found = label_routes(paths, np.array([0, 1, 2, 3, 4, 4]), np.array([0, 1, 1, 2]))
    >>> found.cut, len(found.routes), found.routes_bound
    (array([1]), 1, 1)
    """
    carried = _Carried.of(paths, indptr, label)
    if carried.route(np.zeros(carried.n_labels, dtype=np.bool_)) is None:
        return Labelled(np.zeros(0, dtype=np.int64), 0, [], 0)
    begun = time.monotonic()
    cut, bound, sets = _fewest(carried, begun + seconds)
    if cut is None:
        return Labelled(np.zeros(0, dtype=np.int64), 0, [], len(paths.node))
    chosen = _packed(sets)
    most = int(cut.sum())
    if len(chosen) < most:
        until = time.monotonic() + seconds
        most = min(most, _weighed(carried, sets, until))
        chosen = _packed(sets)
        if len(chosen) < most:
            assigned, most = _assigned(carried, most, len(chosen), max(until - time.monotonic(), 0.0))
            chosen = assigned if len(assigned) > len(chosen) else chosen
    found = [carried.route(~only) for only in chosen]
    return Labelled(np.flatnonzero(cut), bound, [route for route in found if route is not None], most)


class _Carried(NamedTuple):
    """Routes as a graph, and which labels each vertex carries."""

    n_nodes: int
    tail: IntArray
    head: IntArray
    carries: csr_array
    """Vertices by labels; the start and the end carry none."""

    @classmethod
    def of(cls, paths: Routes, indptr: IntArray, label: IntArray) -> _Carried:
        """Number the labels from 0 and drop parallel arcs."""
        n = paths.n_nodes
        arcs = np.unique(paths.tail * (n + 2) + paths.head)
        pointer = np.concatenate([indptr, [indptr[-1]] * 2])
        n_labels = int(label.max(initial=-1)) + 1
        carries = csr_array((np.ones(len(label), dtype=np.int64), label, pointer), shape=(n + 2, n_labels))
        return cls(n, arcs // (n + 2), arcs % (n + 2), carries)

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return int(self.carries.shape[1])

    def route(self, removed: BoolArray) -> IntArray | None:
        """Return the vertices of a shortest route around the labels removed; None where there is none."""
        from scipy.sparse.csgraph import breadth_first_order  # noqa: PLC0415 - loads scipy.linalg

        alive = self.carries @ removed.astype(np.int64) == 0
        kept = alive[self.tail] & alive[self.head]
        n, end = self.n_nodes, self.n_nodes + 1
        ends = self.tail[kept], self.head[kept]
        graph = csr_array((np.ones(len(ends[0])), ends), shape=(n + 2, n + 2))
        _, before = breadth_first_order(graph, n, return_predecessors=True)
        return None if before[end] < 0 else self._back(before, end)

    def light_route(self, weight: FloatArray) -> IntArray:
        """Return a route whose vertices weigh least, a label counted as often as it is met."""
        from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415 - loads scipy.linalg

        n, end = self.n_nodes, self.n_nodes + 1
        # no arc may weigh nothing, or it would be none
        length = (self.carries @ np.maximum(weight, 0.0) + ROUNDING)[self.head]
        graph = csr_array((length, (self.tail, self.head)), shape=(n + 2, n + 2))
        _, before = dijkstra(graph, indices=n, return_predecessors=True)
        return self._back(before, end)

    def flow(self) -> tuple[csr_array, csr_array, csr_array]:
        """Return rows of a programme for one route: balance at nodes, flow within labels held, arrival at the end.

        Columns: flow on each arc, and whether the route holds each label.
        """
        n, arcs, labels = self.n_nodes, len(self.tail), self.n_labels
        arc = np.arange(arcs)
        into = csr_array((np.ones(arcs), (self.head, arc)), shape=(n + 2, arcs))
        out = csr_array((np.ones(arcs), (self.tail, arc)), shape=(n + 2, arcs))
        vertex, label = self.carries.tocoo().coords
        pair = np.arange(len(vertex))
        uses = csr_array((np.ones(len(pair)), (pair, label)), shape=(len(pair), labels))
        balance = hstack([(into - out)[:n], csr_array((n, labels))])
        arrives = hstack([into[n + 1 :], csr_array((1, labels))])
        return csr_array(balance), csr_array(hstack([into[vertex], -uses])), csr_array(arrives)

    def _back(self, before: np.ndarray, end: int) -> IntArray:
        """Walk back from the end to the start."""
        route, at = [], int(before[end])
        while at != self.n_nodes:
            route.append(at)
            at = int(before[at])
        return np.array(route[::-1], dtype=np.int64)

    def labels(self, route: IntArray) -> BoolArray:
        """Say which labels a route carries."""
        return np.asarray(self.carries[route].sum(axis=0), dtype=np.int64).ravel() > 0

    def smallest(self, removed: BoolArray) -> BoolArray | None:
        """Return labels that hold a route around those removed, none of which can be spared."""
        route = self.route(removed)
        if route is None:
            return None
        held = self.labels(route)
        for one in np.flatnonzero(held):
            if held[one]:
                held[one] = False
                other = self.route(~held)
                held = held if other is None else self.labels(other)
                held[one] |= other is None
        return held


def _fewest(carried: _Carried, until: float) -> tuple[BoolArray | None, int, list[BoolArray]]:
    """Return a smallest cut, what is proven of its size, and the sets of labels met on the way."""
    sets: list[BoolArray] = []
    best = np.ones(carried.n_labels, dtype=np.bool_)
    bound = 0
    while True:
        chosen = _hitting(sets, carried.n_labels, until)
        if chosen is None:
            return best, bound, sets
        bound = int(chosen.sum())
        removed, missed = chosen.copy(), 0
        while (held := carried.smallest(removed)) is not None:
            if not held.any():
                return None, 0, sets
            sets.append(held)
            removed |= held
            missed += 1
        best = removed if removed.sum() < best.sum() else best
        if missed == 0:
            return chosen, bound, sets


def _hitting(sets: list[BoolArray], n_labels: int, until: float) -> BoolArray | None:
    """Return the fewest labels of which every set holds one; None where time runs out."""
    if not sets:
        return np.zeros(n_labels, dtype=np.bool_)
    left = until - time.monotonic()
    if left <= 0:
        return None
    found = _solve(np.ones(n_labels), csr_array(np.array(sets, dtype=float)), 1.0, np.inf, left)
    return None if found.x is None or found.status != 0 else found.x > 0.5


def _packed(sets: list[BoolArray]) -> list[BoolArray]:
    """Choose the most sets of which no two share a label."""
    rows = np.unique(np.array(sets), axis=0)
    found = _solve(-np.ones(len(rows)), csr_array(rows.T.astype(float)), -np.inf, 1.0, np.inf)
    return [rows[one] for one in np.flatnonzero(found.x > 0.5)]


def _weighed(carried: _Carried, sets: list[BoolArray], until: float) -> int:
    """Return the least that labels weigh in all, in whole routes; sets found lighter than 1 on the way are added."""
    while True:
        found = _solve(np.ones(carried.n_labels), csr_array(np.array(sets, dtype=float)), 1.0, np.inf, np.inf, 0)
        held, least = carried.labels(carried.light_route(found.x)), 0.0
        if found.x[held].sum() >= 1.0 - ROUNDING:
            held, least = _lightest(carried, found.x, max(until - time.monotonic(), 0.0))
        if least >= 1.0 - ROUNDING or time.monotonic() > until:
            whole = found.fun / least if least > 0 else carried.n_labels
            return int(np.floor(whole + carried.n_labels * ROUNDING))
        sets.append(held)


def _lightest(carried: _Carried, weight: FloatArray, seconds: float) -> tuple[BoolArray, float]:
    """Return the labels of a route whose labels weigh least, each counted once, and a bound on that weight.

    Columns: flow on each arc, and one binary for each label.
    """
    arcs, labels = len(carried.tail), carried.n_labels
    balance, within, arrives = carried.flow()
    rows = csr_array(vstack([balance, within, arrives]))
    lower = np.concatenate([np.zeros(balance.shape[0]), np.full(within.shape[0], -np.inf), [1.0]])
    upper = np.concatenate([np.zeros(balance.shape[0] + within.shape[0]), [1.0]])
    whole = np.concatenate([np.zeros(arcs), np.ones(labels)])
    found = _solve(np.concatenate([np.zeros(arcs), weight]), rows, lower, upper, seconds, whole)
    bound = 0.0 if found.mip_dual_bound is None else max(float(found.mip_dual_bound), 0.0)
    if found.x is None:
        return np.ones(labels, dtype=np.bool_), bound
    route = carried.route(found.x[arcs:] < 0.5)
    return (np.ones(labels, dtype=np.bool_) if route is None else carried.labels(route)), bound


def _assigned(carried: _Carried, most: int, least: int, seconds: float) -> tuple[list[BoolArray], int]:
    """Give labels to so many routes at most; return the labels of each route found, and a bound on their number.

    Columns, for every route: flow on each arc, and one binary for each label.
    """
    n, arcs, labels = carried.n_nodes, len(carried.tail), carried.n_labels
    balance, within, arrives = carried.flow()
    eye = csr_array(np.eye(most))
    order = csr_array(np.eye(most - 1, most, k=1) - np.eye(most - 1, most))
    once = hstack([csr_array((labels, arcs)), csr_array(np.eye(labels))])
    parts = [
        (_kron(eye, balance), 0.0, 0.0),
        (_kron(eye, within), -np.inf, 0.0),
        (_kron(eye, arrives), -np.inf, 1.0),
        (_kron(order, arrives), -np.inf, 0.0),
        (_kron(csr_array(np.ones((1, most))), once), -np.inf, 1.0),
        (_kron(csr_array(np.ones((1, most))), arrives), float(least), np.inf),
    ]
    lower = np.concatenate([np.full(part.shape[0], low) for part, low, _ in parts])
    upper = np.concatenate([np.full(part.shape[0], high) for part, _, high in parts])
    aim = -np.tile(np.concatenate([(carried.head == n + 1).astype(float), np.zeros(labels)]), most)
    whole = np.tile(np.concatenate([np.zeros(arcs), np.ones(labels)]), most)
    found = _solve(aim, csr_array(vstack([part for part, _, _ in parts])), lower, upper, seconds, whole)
    bound = most
    if found.mip_dual_bound is not None and np.isfinite(found.mip_dual_bound):
        bound = min(most, int(np.floor(-found.mip_dual_bound + 1e-6)))
    if found.x is None:
        return [], max(bound, least)
    given = found.x.reshape(most, arcs + labels)[:, arcs:] > 0.5
    routed = [only for only in given if carried.route(~only) is not None]
    return routed, max(bound, len(routed), least)


def _kron(left: csr_array, right: csr_array) -> csr_array:
    from scipy.sparse import kron  # noqa: PLC0415 - seldom needed

    return csr_array(kron(left, right))


def _solve(aim: Any, matrix: csr_array, lower: Any, upper: Any, seconds: float, whole: Any = 1) -> Any:
    """Minimise over columns between 0 and 1, whole where told."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - loads slowly

    options = {"time_limit": float(seconds)} if np.isfinite(seconds) else {}
    return milp(
        aim, constraints=LinearConstraint(matrix, lower, upper), bounds=Bounds(0.0, 1.0),
        integrality=np.broadcast_to(whole, len(aim)), options=options,
    )  # fmt: skip
