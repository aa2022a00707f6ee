"""The frozen response: what is left when shares stay as they are and nobody finds another supplier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from scipy.sparse import csr_array

from graphmodel._types import FloatArray, IntArray
from graphmodel.errors import ConvergenceError
from graphmodel.kernels.cascade_lanes import LANES, Lanes, Recipes, lay_out, ranges, settle
from graphmodel.kernels.cascade_loops import LAST_DIGIT

__all__ = ["Method", "Recipes", "frozen", "frozen_loss"]

VECTOR = 16
"""Lanes that a compiled loop takes at a time."""

T = TypeVar("T")
R = TypeVar("R")

Method = Literal["auto", "arrays", "compiled"]

ARRAYS_UP_TO = 2_000_000
"""Edges times scenarios below which plain arrays finish before a compiler would have woken."""

ARRAY_ROUNDS = 200
"""Rounds after which ``auto`` gives a long chain or a slow loop to the compiled path."""

ROUNDING = 1e-12
"""A slot whose shares add up to one within this is full in the base."""


def frozen(
    recipes: Recipes,
    limit: FloatArray,
    *,
    edge_limit: FloatArray | None = None,
    tol: float = 1e-10,
    max_rounds: int = 10_000,
    method: Method = "auto",
) -> FloatArray:
    """Return the output left to each process when every share is kept.

    Parameters
    ----------
    recipes : the network's slots and processes
    limit : largest output of each process as a share of its base, in [0, 1], (P, S); scenarios are columns
    edge_limit : part of each edge that is still delivered, in [0, 1], (E,); all of it if left out
    tol : largest true error of any entry
    max_rounds : rounds allowed to one loop
    method : ``"arrays"`` is numpy and scipy, ``"compiled"`` is numba; ``"auto"`` chooses by predicted work

    Returns
    -------
    FloatArray
        Output of each process as a share of its base, (P, S). A process without slots keeps its limit.

    Raises
    ------
    ConvergenceError
        If a loop has not settled after ``max_rounds``.

    Notes
    -----
    The greatest solution, reached from ``h = limit`` downward, of

        s_k = base_k + sum over edges e into k of share_e · h[supplier_e]
        h_p = min(limit_p, min over slots k of p of s_k)

    the downstream part of the paper's index with all inputs essential and every supplier irreplaceable. The
    sums run on losses 1 - h, so small losses keep their digits. With w = 1 + max over slots of the sum of
    share · w, losses + change · w is a solution from above; hence the true error is at most the last change
    times max w, and iteration stops when that is at most ``tol``. Where no loop leaks (w unbounded) it stops
    when the geometric continuation of recent changes is below ``tol / 100``.

    Cost: O(rounds · E · S); without loops rounds is 1 on the compiled path and the length of the longest
    chain on the array path.

    References
    ----------
    Diem, C. et al. (2022) Quantifying firm-level economic systemic risk from nation-wide supply networks.
    Scientific Reports 12, 7719. https://doi.org/10.1038/s41598-022-11522-z

    Examples
    --------
    A mine (0) and a second mine (1) feed a refinery (2) with 3/4 and 1/4 of its ore.

    >>> recipes = Recipes(
    ...     slot_indptr=np.array([0, 2]), edge_supplier=np.array([0, 1]), edge_share=np.array([0.75, 0.25]),
    ...     slot_base=np.array([0.0]), process_indptr=np.array([0, 0, 0, 1]), process_slot=np.array([0]),
    ... )
    >>> frozen(recipes, np.array([[0.0], [1.0], [1.0]]))[:, 0]
    array([0.  , 1.  , 0.25])
    """
    n_processes, n_scenarios = limit.shape
    work = len(recipes.edge_supplier) * n_scenarios
    if method == "arrays" or (method == "auto" and work <= ARRAYS_UP_TO):
        rounds = max_rounds if method == "arrays" else min(max_rounds, ARRAY_ROUNDS)
        solve = _array_solver(recipes, edge_limit, tol, rounds)
        try:
            return 1.0 - solve(1.0 - limit)
        except ConvergenceError:
            if rounds == max_rounds:
                raise
    lanes = lay_out(*shares(recipes, edge_limit))
    left = np.empty((n_processes, n_scenarios))
    no_weight = np.zeros(lanes.n_rows)
    for first in range(0, n_scenarios, LANES):
        block = slice(first, first + LANES)
        n_here = len(range(n_scenarios)[block])
        loss = np.zeros((lanes.n_rows, whole_vectors(n_here)))
        loss[lanes.position, :n_here] = 1.0 - limit[:, block]
        settled(lanes, loss, no_weight, tol, max_rounds)
        left[:, block] = 1.0 - loss[lanes.position, :n_here]
    return left


def frozen_loss(
    recipes: Recipes,
    set_indptr: IntArray,
    set_process: IntArray,
    severity: FloatArray,
    weight: FloatArray,
    *,
    edge_limit: FloatArray | None = None,
    tol: float = 1e-10,
    max_rounds: int = 10_000,
    method: Method = "auto",
    n_threads: int = 1,
) -> FloatArray:
    """Return the weighted output lost when each set of processes is cut.

    Parameters
    ----------
    recipes : the network's slots and processes
    set_indptr : first entry of each set in ``set_process``, and their number at the end, (S + 1,)
    set_process : processes cut in each set; where one occurs twice the deeper cut counts
    severity : part of the process's output that is cut, in [0, 1], one for each entry of ``set_process``
    weight : weight of each process in the loss, (P,)
    edge_limit, tol, max_rounds, method : as in `frozen`
    n_threads : batches worked on at the same time; the answer does not depend on it

    Returns
    -------
    FloatArray
        ``sum over p of weight_p · (1 - h_p)`` for each set, (S,), in units of ``weight``.

    Raises
    ------
    ConvergenceError
        If a loop has not settled after ``max_rounds``.

    Notes
    -----
    Sets that start at the same place in the chain share a batch of 64, so a batch touches few processes;
    those it does not touch are skipped. Memory: the layout and 64 · P doubles a thread. Cost:
    O(rounds · E · S) at most. The error of an entry is at most ``tol`` times the sum of the weights.

    Examples
    --------
    >>> recipes = Recipes(
    ...     slot_indptr=np.array([0, 2]), edge_supplier=np.array([0, 1]), edge_share=np.array([0.75, 0.25]),
    ...     slot_base=np.array([0.0]), process_indptr=np.array([0, 0, 0, 1]), process_slot=np.array([0]),
    ... )
    >>> each = np.arange(4), np.arange(3), np.ones(3)
    >>> frozen_loss(recipes, *each, weight=np.array([0.0, 0.0, 20.0]))
    array([15.,  5., 20.])
    """
    sets = CutSets(set_indptr, set_process, severity)
    work = len(recipes.edge_supplier) * sets.n_sets
    if method == "arrays" or (method == "auto" and work <= ARRAYS_UP_TO):
        rounds = max_rounds if method == "arrays" else min(max_rounds, ARRAY_ROUNDS)
        solve = _array_solver(recipes, edge_limit, tol, rounds)
        lost = np.empty(sets.n_sets)
        try:
            for block in blocks(np.arange(sets.n_sets)):
                cuts = sets.losses(block, np.arange(recipes.n_processes), len(weight))
                lost[block] = weight @ solve(cuts[:, : len(block)])
        except ConvergenceError:
            if rounds == max_rounds:
                raise
        else:
            return lost
    lanes = lay_out(*shares(recipes, edge_limit))
    row_weight = np.zeros(lanes.n_rows)
    row_weight[lanes.position] = weight

    def of_block(block: IntArray) -> FloatArray:
        loss = sets.losses(block, lanes.position, lanes.n_rows)
        return settled(lanes, loss, row_weight, tol, max_rounds)[: len(block)]

    lost = np.empty(sets.n_sets)
    batches = list(blocks(sets.by_first_position(lanes.position)))
    n_threads = n_threads if work > ARRAYS_UP_TO else 1  # a few milliseconds are not worth a thread
    for block, total in zip(batches, side_by_side(of_block, batches, n_threads), strict=True):
        lost[block] = total
    return lost


def side_by_side(work: Callable[[T], R], parts: Sequence[T], n_threads: int) -> Iterator[R]:
    """Yield the work done on each part in their order, several at a time where there are threads and parts for it."""
    n_threads = min(n_threads, len(parts))
    if n_threads <= 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        yield from pool.map(work, parts)


class CutSets(NamedTuple):
    """Sets of processes, each entry with its severity."""

    indptr: IntArray
    process: IntArray
    severity: FloatArray

    @property
    def n_sets(self) -> int:
        return len(self.indptr) - 1

    def losses(self, block: IntArray, position: IntArray, n_rows: int) -> FloatArray:
        """Return the loss by row and set that the cuts themselves cause; columns beyond the sets are empty."""
        length = np.diff(self.indptr)[block]
        entries = ranges(self.indptr[block], length)
        loss = np.zeros((n_rows, whole_vectors(len(block))))
        cells = position[self.process[entries]], np.repeat(np.arange(len(block)), length)
        np.maximum.at(loss, cells, self.severity[entries])
        return loss

    def by_first_position(self, position: IntArray) -> IntArray:
        """Return the sets in the order of their most upstream process."""
        first = np.full(self.n_sets, len(position))
        np.minimum.at(first, np.repeat(np.arange(self.n_sets), np.diff(self.indptr)), position[self.process])
        return np.argsort(first, kind="stable")


def whole_vectors(n_lanes: int) -> int:
    """Round a number of lanes up, so that none is left over for slow scalar code."""
    return n_lanes if n_lanes < VECTOR // 2 else -(-n_lanes // VECTOR) * VECTOR


def blocks(order: IntArray) -> Iterator[IntArray]:
    """Cut an order into batches."""
    return (order[first : first + LANES] for first in range(0, len(order), LANES))


def shares(recipes: Recipes, edge_limit: FloatArray | None) -> tuple[Recipes, FloatArray]:
    """Return recipes of what each edge still carries, and what each slot lacks even if no supplier loses anything."""
    share = recipes.edge_share if edge_limit is None else recipes.edge_share * edge_limit
    slot = np.repeat(np.arange(len(recipes.slot_base)), np.diff(recipes.slot_indptr))
    delivered = recipes.slot_base + np.bincount(slot, weights=share, minlength=len(recipes.slot_base))
    shortfall = 1.0 - delivered
    return recipes._replace(edge_share=share), np.where(np.abs(shortfall) <= ROUNDING, 0.0, shortfall)


def settled(lanes: Lanes, loss: FloatArray, weight: FloatArray, tol: float, max_rounds: int) -> FloatArray:
    """Settle one batch and return its weighted losses."""
    total, stuck, change = settle(lanes, loss, weight, tol, max_rounds)
    if stuck >= 0:
        size = int(lanes.component_start[stuck + 1] - lanes.component_start[stuck])
        raise ConvergenceError(
            f"a loop of {size} processes still changes by {change:.2g} after {max_rounds} rounds; "
            "allow more rounds or a larger tol, or let the loop leak"
        )
    return total


def _array_solver(
    recipes: Recipes, edge_limit: FloatArray | None, tol: float, max_rounds: int
) -> Callable[[FloatArray], FloatArray]:
    """Return a function from losses by process and scenario to their fixed point, in plain arrays."""
    limited, shortfall = shares(recipes, edge_limit)
    shape = (len(recipes.slot_base), recipes.n_processes)
    mixing = csr_array((limited.edge_share, recipes.edge_supplier, recipes.slot_indptr), shape=shape)[
        recipes.process_slot
    ]
    lacking = shortfall[recipes.process_slot, None]
    fed = np.flatnonzero(np.diff(recipes.process_indptr))
    starts = recipes.process_indptr[fed]

    def scarcest(loss: FloatArray, extra: FloatArray | float) -> FloatArray:
        return np.maximum.reduceat(mixing @ loss + extra, starts, axis=0)

    # w = 1 + max over slots of the shares of w, from below, until a round adds less than a tenth.
    height = np.ones((recipes.n_processes, 1))
    bound = np.inf
    for _ in range(max_rounds if len(fed) else 0):
        taller = scarcest(height, 1.0)
        added = float(np.max(taller - height[fed]))
        if added <= 0.1:
            bound = float(height.max()) / (1.0 - added)
            break
        height[fed] = taller

    def solve(loss: FloatArray) -> FloatArray:
        loss = loss.copy()
        before, rate = np.inf, 0.0
        for turn in range(max_rounds):
            if not len(fed) or not loss.size:
                return loss
            raised = np.maximum(loss[fed], scarcest(loss, lacking))
            change = float(np.max(raised - loss[fed]))
            loss[fed] = raised
            if change <= LAST_DIGIT or change * bound <= tol:
                return loss
            if bound == np.inf:  # a closed loop: no bound, so go by the slowest of recent rates
                rate = max(0.5 * rate, change / before)
                if turn > 2 and rate < 1 and change * rate <= 0.01 * tol * (1 - rate):
                    return loss
            before = change
        raise ConvergenceError(f"losses still change by {change:.2g} after {max_rounds} rounds")

    return solve
