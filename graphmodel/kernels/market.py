"""A market of supplies and needs that need not be equal: the closest flows, and what stays over on either side."""

from __future__ import annotations

import numpy as np

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.errors import ConvergenceError
from graphmodel.kernels.balance import proportional_fit

NOTHING = 1e-9
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
    A maximum flow says how much can be met at all. The rest of supply goes to a column of its own, the rest of need
    comes from a row of its own, both weighed by size; the fit then has equal margins. Cost: one maximum flow and that
    of `proportional_fit`, twice where dust is dropped.

    Examples
    --------
    >>> suppliers, consumers = np.array([0, 1]), np.array([0, 0])
    >>> closest_flows(suppliers, consumers, np.ones(2), np.array([6.0, 6.0]), np.array([9.0])).round(9)
    array([4.5, 4.5])
    """
    n, m = len(supply), len(need)
    over, short = float(supply.sum()), float(need.sum())
    most = _most(rows, cols, supply, need)
    parts = [(rows, cols, prior)]
    row_total, col_total = supply, need
    if short > most:
        parts.append((np.full(m, n), np.arange(m), need))
        row_total = np.append(supply, short - most)
    if over > most:
        keepers = np.arange(n) if may_keep is None else np.flatnonzero(may_keep)
        parts.append((keepers, np.full(len(keepers), m), supply[keepers]))
        col_total = np.append(need, over - most)
    at, to, weight = (np.concatenate([part[k] for part in parts]) for k in range(3))
    open_pairs = weight > 0
    at, to, weight = at[open_pairs].astype(np.int64), to[open_pairs].astype(np.int64), weight[open_pairs]
    try:
        flow = proportional_fit(at, to, weight, row_total, col_total)
    except ConvergenceError as error:
        raise ConvergenceError(f"no flow fits this market: {error}") from error
    spread = np.zeros(len(open_pairs))
    spread[open_pairs] = _without_dust(flow, at, to, row_total, col_total)
    return spread[: len(rows)]


def _most(rows: IntArray, cols: IntArray, supply: FloatArray, need: FloatArray) -> float:
    """Return the most the pairs can carry; all of the smaller side where rounding alone stands in the way."""
    import igraph  # noqa: PLC0415 - loads pyplot

    n, m, total = len(supply), len(need), float(min(supply.sum(), need.sum()))
    if total == 0:
        return 0.0
    start, end = n + m, n + m + 1
    source = np.concatenate([rows, np.full(n, start), n + np.arange(m)])
    target = np.concatenate([n + cols, np.arange(n), np.full(m, end)])
    capacity = np.concatenate([np.full(len(rows), 2.0), supply / total, need / total])
    graph = igraph.Graph(n=end + 1, edges=np.column_stack([source, target]), directed=True)
    share = float(graph.maxflow_value(start, end, capacity=capacity.tolist()))
    return total if share > 1 - NOTHING else share * total


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
