"""A market of supplies and needs that need not be equal: the closest flows, and what stays over on either side."""

from __future__ import annotations

import numpy as np

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.errors import ConvergenceError
from graphmodel.kernels.balance import proportional_fit

RARE = 1e-6
"""Weight of need that no supplier meets: a last resort."""
NOTHING = 1e-10
"""Share of a market below which a flow is dust: it would only blur the totals of the nodes it joins."""


def closest_flows(
    rows: IntArray,
    cols: IntArray,
    prior: FloatArray,
    supply: FloatArray,
    need: FloatArray,
    *,
    may_keep: BoolArray | None = None,
) -> FloatArray:
    """Return the flows closest to a prior that meet as much of every need as can be met.

    Parameters
    ----------
    rows, cols : supplier and consumer of each pair, (E,)
    prior : weight of each pair, positive, (E,)
    supply, need : what each supplier has and each consumer wants, in one unit
    may_keep : suppliers that may be left with part of what they have; all when absent

    Returns
    -------
    FloatArray
        Flow on each pair, (E,). What a row keeps and what a column misses is the difference to its total.

    Raises
    ------
    ConvergenceError
        If the pairs cannot carry any such flow.

    Notes
    -----
    Supply over need goes to a column of its own, weighed by size; need over supply comes from a row of its own. Each is
    tried alone before both together, so that nobody goes short where the pairs can help it. Cost: that of
    `proportional_fit`, at most three times.

    Examples
    --------
    >>> suppliers, consumers = np.array([0, 1]), np.array([0, 0])
    >>> closest_flows(suppliers, consumers, np.ones(2), np.array([6.0, 6.0]), np.array([9.0])).round(9)
    array([4.5, 4.5])
    """
    n, m = len(supply), len(need)
    over, short = float(supply.sum()), float(need.sum())
    keepers = np.arange(n) if may_keep is None else np.flatnonzero(may_keep)
    keepers = keepers[supply[keepers] > 0]
    wanting = np.flatnonzero(need > 0)
    kept = (keepers, np.full(len(keepers), m), supply[keepers])
    missed = (np.full(len(wanting), n), wanting, RARE * need[wanting])
    idle = (np.array([n]), np.array([m]), np.array([over + short]))
    attempts = []
    if over >= short:
        attempts.append(([kept], supply, np.append(need, over - short)))
    else:
        attempts.append(([missed], np.append(supply, short - over), need))
    attempts.append(([kept, missed, idle], np.append(supply, short), np.append(need, over)))
    failure: ConvergenceError | None = None
    for slack, row_total, col_total in attempts:
        at, to, weight = (np.concatenate([part[k] for part in ((rows, cols, prior), *slack)]) for k in range(3))
        try:
            at, to = at.astype(np.int64), to.astype(np.int64)
            flow = proportional_fit(at, to, weight, row_total, col_total)
        except ConvergenceError as error:
            failure = error
            continue
        return _without_dust(flow, at, to, row_total, col_total)[: len(rows)]
    raise ConvergenceError(f"no flow fits this market: {failure}")


def _without_dust(
    flow: FloatArray, rows: IntArray, cols: IntArray, row_total: FloatArray, col_total: FloatArray
) -> FloatArray:
    """Drop flows too small to mean anything and fit the rest to the same totals."""
    kept = flow > NOTHING * row_total.sum()
    if kept.all():
        return flow
    clean = np.zeros_like(flow)
    try:
        clean[kept] = proportional_fit(rows[kept], cols[kept], flow[kept], row_total, col_total)
    except ConvergenceError:
        return flow  # some node has nothing but dust: it keeps it
    return clean
