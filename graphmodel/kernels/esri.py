"""The economic systemic risk index: what stops, downstream and upstream, when firms fall away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from graphmodel._types import FloatArray, IntArray
from graphmodel.errors import ConvergenceError, ParameterError
from graphmodel.kernels.cascade_lanes import ranges
from graphmodel.kernels.esri_firms import ESSENTIAL, Firms, Guard, Markets, Pull, downstream, markets, upstream
from graphmodel.kernels.esri_lanes import LANES, Side, totals

__all__ = ["ESSENTIAL", "Firms", "Scores", "esri"]

Method = Literal["auto", "arrays", "compiled"]

NARROWEST = 16
"""Shocks in a batch, down to which it is narrowed when half of them have stopped."""

ARRAYS_UP_TO = 1_000_000
"""Edges times shocks below which plain arrays finish before a compiler would have woken."""


class Scores(NamedTuple):
    """Weighted output lost under each shock, as a share, and the rounds it took."""

    esri: FloatArray
    esri_down: FloatArray
    esri_up: FloatArray
    iterations: IntArray


def esri(
    firms: Firms,
    set_indptr: IntArray,
    set_firm: IntArray,
    severity: FloatArray,
    *,
    node_weight: FloatArray | None = None,
    replaceable: bool = True,
    eps: float = 1e-6,
    guard: Guard = "relative",
    max_rounds: int = 10_000,
    method: Method = "auto",
    n_threads: int = 1,
) -> Scores:
    """Return the economic systemic risk index of each shock.

    Parameters
    ----------
    firms : flows, sectors and how inputs are needed
    set_indptr : first entry of each shock in ``set_firm``, and their number at the end, (S + 1,)
    set_firm : firms hit by each shock; where one occurs twice the deeper cut counts
    severity : part of the firm's output that is cut, in [0, 1], one for each entry of ``set_firm``
    node_weight : weight of each firm, (n,); its share of all output when left out
    replaceable : whether firms of one sector stand in for one another
    eps : change of any firm, downstream or upstream, at which a shock stops
    guard : output left in a sector below which nobody is left to replace anybody: 1e-10 of the sector's output, or
        1e-10 as it stands, for parity with the authors' program; scores depend on the unit then
    max_rounds : rounds allowed
    method : ``"arrays"`` is numpy and scipy, ``"compiled"`` is numba; ``"auto"`` chooses by predicted work
    n_threads : batches worked on at the same time; the answer does not depend on it

    Returns
    -------
    Scores
        ``esri``, ``esri_down``, ``esri_up`` and ``iterations`` of each shock, (S,).

    Raises
    ------
    ParameterError
        If a number is not one, negative or outside its range.
    ConvergenceError
        If a shock has not settled after ``max_rounds``.

    Notes
    -----
    With W sales, p sectors, k classes of input and ψ the shock, from h = u = 1 - ψ, both from the old h and u:

        L_ij = W_ij / (all of class k that j buys) if essential, W_ij / (all j buys) if linear, times purchases / cost
        U_ij = W_ij / revenue_i
        σ_i = min(1, out_i / Σ_{l in p_i} out_l h_l)
        A_jk = 1 - Σ_{i in k} σ_i L_ij (1 - h_i)
        h_j ← max(0, min(1 - ψ_j, min over essential k of A_jk, 1 - Σ over linear k of (1 - A_jk)))
        u_i ← max(0, min(1 - ψ_i, 1 - Σ_j U_ij (1 - u_j)))

    until neither changes by more than ``eps``; the score is Σ w (1 - min(h, u)), with h or u alone for the parts.
    Every shock stops at its own round, so scores do not depend on its neighbours. Cost: O(rounds · E · S) at most;
    firms whose neighbours do not move are skipped. Memory: the shares, and 256 · n doubles a thread.

    References
    ----------
    Diem, C. et al. (2022) Quantifying firm-level economic systemic risk from nation-wide supply networks.
    Scientific Reports 12, 7719. https://doi.org/10.1038/s41598-022-11522-z

    Examples
    --------
    Two mines (0, 1) of one sector sell 3 and 1 to a refinery (2), which sells 4 to a maker (3) with sales of its own.

    >>> firms = Firms(np.array([0, 1, 2]), np.array([2, 2, 3]), np.array([3.0, 1.0, 4.0]), np.array([0, 0, 1, 2]),
    ...               np.full(3, ESSENTIAL))
    >>> each = np.arange(5), np.arange(4), np.ones(4)
    >>> esri(firms, *each, replaceable=False).esri_down.tolist()
    [0.75, 0.25, 0.5, 0.0]
    >>> esri(firms, *each).esri.round(4).tolist()
    [0.75, 0.1667, 1.0, 1.0]
    """
    _require(firms, severity, eps)
    output = firms.output
    weight = output / output.sum() if node_weight is None and output.any() else node_weight
    weight = np.zeros(firms.n_firms) if weight is None else np.asarray(weight, dtype=float)
    sides = _Sides(
        downstream(firms),
        upstream(firms),
        markets(firms, guard) if replaceable else None,
        weight,
    )
    shocks = _Shocks(set_indptr, set_firm, severity)
    small = len(firms.source) * shocks.n_shocks <= ARRAYS_UP_TO
    found = np.zeros((4, shocks.n_shocks))
    batches = list(_blocks(_alike(firms, shocks)))
    if method == "arrays" or (method == "auto" and small):
        for block in batches:
            found[:, block] = _by_arrays(sides, shocks.losses(block, firms.n_firms), eps, max_rounds)
    else:
        waiting = iter(batches)

        def work(_: int) -> None:
            solve = _by_lanes(sides, firms.n_firms, eps, max_rounds)
            for block in waiting:
                found[:, block] = solve(shocks, block)

        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(work, range(n_threads)))
    return Scores(found[2], found[0], found[1], found[3].astype(np.int64))


class _Sides(NamedTuple):
    down: Pull
    up: Pull
    markets: Markets | None
    weight: FloatArray


class _Shocks(NamedTuple):
    """Sets of firms, each entry with its severity."""

    indptr: IntArray
    firm: IntArray
    severity: FloatArray

    @property
    def n_shocks(self) -> int:
        return len(self.indptr) - 1

    def entries(self, block: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Return firm, lane and severity of each cut in a batch."""
        length = np.diff(self.indptr)[block]
        entry = ranges(self.indptr[block], length)
        return self.firm[entry], np.repeat(np.arange(len(block)), length), self.severity[entry]

    def losses(self, block: IntArray, n_firms: int) -> FloatArray:
        """Return the losses by firm and shock that the cuts themselves cause."""
        firm, lane, cut = self.entries(block)
        loss = np.zeros((n_firms, len(block)))
        np.maximum.at(loss, (firm, lane), cut)
        return loss


def _blocks(order: IntArray) -> Iterator[IntArray]:
    return (order[first : first + LANES] for first in range(0, len(order), LANES))


def _alike(firms: Firms, shocks: _Shocks) -> IntArray:
    """Order shocks by the largest buyer of their first firm: those that spread alike share a batch."""
    buyer = np.full(firms.n_firms, -1)
    rising = np.argsort(firms.weight, kind="stable")
    buyer[firms.source[rising]] = firms.target[rising]
    first = np.full(shocks.n_shocks, -1)
    hit = np.diff(shocks.indptr) > 0
    first[hit] = buyer[shocks.firm[shocks.indptr[:-1][hit]]]
    return np.argsort(first, kind="stable")


def _by_lanes(sides: _Sides, n_firms: int, eps: float, max_rounds: int) -> Callable[[_Shocks, IntArray], FloatArray]:
    """Return a function that scores one batch in a workspace of its own."""
    down, up = Side(sides.down, n_firms, sides.markets), Side(sides.up, n_firms)

    def solve(shocks: _Shocks, block: IntArray) -> FloatArray:
        firm, lane, cut = shocks.entries(block)
        hit, row = np.unique(firm, return_inverse=True)
        floor = np.zeros((len(hit), LANES))
        np.maximum.at(floor, (row, lane), cut)
        floor_row = np.full(n_firms, -1)
        floor_row[hit] = np.arange(len(hit))
        down.shock(hit, floor)
        up.shock(hit, floor)
        found = np.zeros((4, LANES))
        lanes = np.arange(LANES)
        running = lanes < len(block)
        for turn in range(1, max_rounds + 1):
            down.advance(floor_row, floor)
            up.advance(floor_row, floor)
            done = running & (np.maximum(down.change, up.change) <= eps)
            if done.any():
                found[:3, lanes[done]] = totals(down, up, sides.weight)[:, done]
                found[3, lanes[done]] = turn
                running &= ~done
                if not running.any():
                    return found[:, : len(block)]
                if 2 * running.sum() <= len(lanes) > NARROWEST:
                    kept = np.flatnonzero(running)[: len(lanes) // 2]
                    lanes, running, floor = lanes[kept], running[kept], floor.take(kept, axis=1)
                    down.keep(kept)
                    up.keep(kept)
        raise _unsettled(np.maximum(down.change, up.change)[running], max_rounds)

    return solve


def _by_arrays(sides: _Sides, shock: FloatArray, eps: float, max_rounds: int) -> FloatArray:
    """Score one batch in plain arrays."""
    n_firms, n_shocks = shock.shape
    steps = [_stepper(pull, n_firms) for pull in (sides.down, sides.up)]
    down, up = shock.copy(), shock.copy()
    found = np.zeros((4, n_shocks))
    running = np.arange(n_shocks)
    floor = shock
    for turn in range(1, max_rounds + 1):
        shown = down if sides.markets is None else down * _replaceability(sides.markets, down)
        after = np.maximum(floor, steps[0](shown)), np.maximum(floor, steps[1](up))
        change = np.maximum((after[0] - down).max(axis=0, initial=0.0), (after[1] - up).max(axis=0, initial=0.0))
        down, up = after
        done = change <= eps
        if done.any():
            lost = down[:, done], up[:, done]
            found[:3, running[done]] = sides.weight @ np.array([*lost, np.maximum(*lost)])
            found[3, running[done]] = turn
            running, floor, down, up = running[~done], floor[:, ~done], down[:, ~done], up[:, ~done]
        if not len(running):
            return found
    raise _unsettled(change, max_rounds)


def _stepper(pull: Pull, n_firms: int) -> Callable[[FloatArray], FloatArray]:
    """Return a function from what neighbours show to the loss of every firm's scarcest slot."""
    shape = (len(pull.first_edge) - 1, n_firms)
    mixing = csr_array((pull.share, pull.neighbour.astype(np.int64), pull.first_edge), shape=shape)
    reading = np.flatnonzero(np.diff(pull.first_slot))
    starts = pull.first_slot[reading]

    def step(shown: FloatArray) -> FloatArray:
        loss = np.zeros_like(shown)
        if len(reading):
            loss[reading] = np.minimum(1.0, np.maximum.reduceat(mixing @ shown, starts, axis=0))
        return loss

    return step


def _replaceability(markets: Markets, down: FloatArray) -> FloatArray:
    """Return the share of its sector's remaining output that each firm stands for."""
    output = markets.output
    shape = (len(markets.whole), len(output))
    left = csr_array((output[markets.firm], markets.firm, markets.first_firm), shape=shape) @ (1.0 - down)
    left = np.where(left > markets.guard[:, None], left, 0.0)[markets.sector]
    made = np.broadcast_to(output[:, None], left.shape)
    return np.minimum(1.0, np.divide(made, left, out=np.ones_like(left), where=left > 0))


def _unsettled(change: FloatArray, max_rounds: int) -> ConvergenceError:
    return ConvergenceError(
        f"{len(change)} shocks still change by up to {change.max():.2g} after {max_rounds} rounds; "
        "allow more rounds or a larger eps, or let the network leak"
    )


def _require(firms: Firms, severity: FloatArray, eps: float) -> None:
    """Refuse numbers that cannot be."""
    for name in ("weight", "revenue", "cost"):
        values = getattr(firms, name)
        if values is not None and not (np.isfinite(values) & (np.asarray(values) >= 0)).all():
            wrong = values[~(np.isfinite(values) & (values >= 0))][0]
            raise ParameterError(f"{name} holds {wrong}, but must be a number of at least 0")
    if not ((severity >= 0) & (severity <= 1)).all():
        wrong = severity[~((severity >= 0) & (severity <= 1))][0]
        raise ParameterError(f"severity holds {wrong}, but must lie between 0 and 1")
    if not 0 < eps < 1:
        raise ParameterError(f"eps is {eps}, but must lie above 0 and below 1")
