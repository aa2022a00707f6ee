"""The fewest labels that cut all routes to one user, for networks that change little from one search to the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphmodel._types import IntArray
from graphmodel.kernels.cuts import Routes


def fewest_labels(
    paths: Routes, label: IntArray, met: Sequence[int] = (), *, most: float = np.inf
) -> tuple[int | None, list[int]]:
    """Find the fewest labels that cut all routes; sets of labels are the bits of whole numbers.

    Parameters
    ----------
    paths : from `graphmodel.kernels.cuts.routes`
    label : label of each vertex, -1 for none, (n_nodes,)
    met : sets of labels that hold a route each, as found in a part of these routes
    most : that there are fewer labels than this need not be looked for

    Returns
    -------
    tuple
        The labels; none of them where there is no route, or one without a label; None where they are no fewer than
        ``most``. And the sets met, those given first.

    Notes
    -----
    As in `graphmodel.kernels.label_cuts.label_routes` the cut hits every smallest set of labels that holds a route;
    sets are found as they are missed. That is NP-hard: the smallest hitting set is found by branching on a set not yet
    hit, bounded by sets that share no label. Where nearly all sets are known already that takes a tenth of a
    millisecond, too short for a solver. Sets and searches are bits of whole numbers, a step for each vertex reached.

    Examples
    --------
    Mines of label 0 and 1, a refinery each, of label 1 and 2: one route is (0, 1), the other (1, 2).

    >>> from graphmodel.kernels.cuts import routes
    >>> ends = np.array([0, 1, 2, 3]), np.array([2, 3, 4, 4])
    >>> paths = routes(5, *ends, np.array([0, 1]), np.array([4]), np.array([True] * 4 + [False]))
    >>> fewest_labels(paths, np.array([0, 1, 1, 2, -1]))
    (2, [3, 6])
    """
    carried = _Carried(paths, label)
    sets = list(met)
    while True:
        chosen = _hitting(sets, most)
        if chosen is None:
            return None, sets
        removed, missed = chosen, False
        while (held := carried.smallest(removed)) is not None:
            if not held:
                return 0, sets
            sets.append(held)
            removed |= held
            missed = True
        if not missed:
            return chosen, sets


def members(labels: int) -> list[int]:
    """List the labels of a set.

    Examples
    --------
    >>> members(6)
    [1, 2]
    """
    found = []
    while labels:
        low = labels & -labels
        found.append(low.bit_length() - 1)
        labels ^= low
    return found


class _Carried:
    """Routes as bits: the vertices after each, and those of each label."""

    def __init__(self, paths: Routes, label: IntArray) -> None:
        n = paths.n_nodes
        self._after, self._before, self._of = [0] * (n + 2), [0] * (n + 2), {-1: 0}
        for tail, head in zip(paths.tail.tolist(), paths.head.tolist(), strict=True):
            self._after[tail] |= 1 << head
            self._before[head] |= 1 << tail
        self._label = label.tolist()
        for vertex, one in enumerate(self._label):
            self._of[one] = self._of.get(one, 0) | 1 << vertex
        self._start, self._end, self._every = n, n + 1, (1 << (n + 2)) - 1

    def smallest(self, removed: int) -> int | None:
        """Return labels that hold a route around those removed, none of which can be spared; None if there is none."""
        alive = self._every
        for one in members(removed):
            alive &= ~self._of.get(one, 0)
        held = self._route(alive)
        for one in members(held or 0):
            if held is not None and held >> one & 1:
                other = self._route(self._only(held & ~(1 << one)))
                held = held if other is None else other
        return held

    def _only(self, labels: int) -> int:
        """Return the vertices that carry no other label than these."""
        alive = self._of[-1] | 1 << self._start | 1 << self._end
        for one in members(labels):
            alive |= self._of[one]
        return alive

    def _route(self, alive: int) -> int | None:
        """Return the labels of a shortest route along vertices that are alive."""
        steps, reached, seen = [], 1 << self._start, 0
        while not reached >> self._end & 1:
            if not reached:
                return None
            steps.append(reached)
            seen |= reached
            onward = 0
            for vertex in members(reached):
                onward |= self._after[vertex]
            reached = onward & alive & ~seen
        labels, at = 0, self._end
        for step in reversed(steps[1:]):
            at = members(step & self._before[at])[0]
            labels |= 1 << self._label[at] if self._label[at] >= 0 else 0
        return labels


def _hitting(sets: Sequence[int], most: float) -> int | None:
    """Return the fewest labels of which every set holds one; None where there are no fewer than ``most``."""
    best: tuple[float, int | None] = (most, None)
    open_ = [(0, 0, sorted(sets, key=int.bit_count))]
    while open_:
        size, chosen, left = open_.pop()
        if not left:
            best = (size, chosen) if size < best[0] else best
            continue
        apart, bound = 0, size
        for one in left:
            if not one & apart:
                apart |= one
                bound += 1
        if bound >= best[0]:
            continue
        branches = []
        barred = 0
        for label in sorted(members(left[0]), key=lambda label: -sum(one >> label & 1 for one in left)):
            rest = [one & ~barred for one in left if not one >> label & 1]
            if all(rest):
                branches.append((size + 1, chosen | 1 << label, sorted(rest, key=int.bit_count)))
            barred |= 1 << label
        open_ += reversed(branches)  # the label in most sets first
    return best[1]
