"""Of all ways to lose the least, the most even one, and of those the one that changes least."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array, hstack, vstack

from graphmodel._types import FloatArray, IntArray
from graphmodel.kernels.linear import LinearProgramme, Solver
from graphmodel.programme.programme import SCALE, Programme

SLACK = 1e-9
"""Share of final demand the second programme may lose beyond the first."""

WHOLE = 1e3
"""All final demand in the row that keeps the least loss: far above the solver's tolerance, and its slack too."""

TRANCHES = 10
"""Parts into which each demand is cut, so that a shortage is shared."""

FIRST = 1e4
"""Worth of serving all final demand evenly, beside that of not trading anew a whole world's supply of one material."""


def least_change(
    written: Programme, lowest: float, demand: IntArray, share: FloatArray, base: FloatArray, tariff: FloatArray
) -> FloatArray:
    """Solve again for an even spread of the least loss, and the least new trade.

    Parameters
    ----------
    written : Programme
        With edges.
    lowest : float
        Value of the objective that loses least.
    demand : array
        Columns of final demand.
    share : array
        Weight of each demand in what is shared evenly; sums to one.
    base : array
        What each edge column carries in the base year; one elsewhere.
    tariff : array
        Duty on each edge, and on what a seller sells on the market, as a share of value, 0.25 for 25 %.

    Returns
    -------
    FloatArray
        Values of the columns, (C,).

    Notes
    -----
    Each demand is cut into `TRANCHES` parts, of which each is worth a little less than the one before: the first
    tenth of every user comes before the last tenth of any, as far as the least loss leaves a choice. New trade,
    over a new link or beyond what an edge carried, costs one for each unit, counted as a share of the world's
    supply of its material; a tariff is paid on old and new alike, on the market at the mean of the
    seller's links of today. No prices are known, so a duty of 100 % weighs as
    much as turning to a new supplier.
    """
    linear, n = written.linear, len(written.columns)
    extent = written.columns["extent"].fillna(0.0).to_numpy()
    is_edge = (written.columns["kind"] == "edge").to_numpy()
    growing = np.flatnonzero(is_edge & (linear.upper > base))
    old = np.where(is_edge, tariff, 0.5 + tariff) * extent  # on the market both who sells and who buys are counted
    cost = np.concatenate([old, ((1.0 + tariff) * extent)[growing], *_tranche_costs(share)])
    kept = np.where(is_edge, np.minimum(linear.upper, base), linear.upper)
    part = linear.upper[demand] / TRANCHES
    n_new = len(growing) + TRANCHES * len(demand)
    served = np.concatenate([-linear.cost, np.zeros(n_new)]) / SCALE * WHOLE
    split = csc_array(
        (np.ones(len(demand)), (np.arange(len(demand)), demand)), shape=(len(demand), n)
    )  # what a user gets fills its parts
    parts = hstack([csc_array((len(demand), len(growing))), *[-_identity(len(demand))] * TRANCHES])
    matrix = vstack(
        [
            hstack([linear.matrix, linear.matrix[:, growing], csc_array((len(linear.least), TRANCHES * len(demand)))]),
            hstack([split, parts]),
            csc_array(served[None, :]),
        ]
    )
    second = LinearProgramme(
        cost=cost,
        lower=np.zeros(n + n_new),
        upper=np.concatenate([kept, linear.upper[growing] - base[growing], *[part] * TRANCHES]),
        matrix=csc_array(matrix),
        least=np.concatenate([linear.least, np.zeros(len(demand)), [(-lowest / SCALE - SLACK) * WHOLE]]),
    )
    solution = Solver(second).solve()
    x = solution.x[:n].copy()
    x[growing] += solution.x[n : n + len(growing)]
    return x


def _tranche_costs(share: FloatArray) -> list[FloatArray]:
    """Worth of each part of each demand, falling from the first to the last."""
    return [-FIRST * share * (2.0 - part / TRANCHES) for part in range(TRANCHES)]


def _identity(n: int) -> csc_array:
    return csc_array((np.ones(n), (np.arange(n), np.arange(n))), shape=(n, n))
