"""Closest flows with given margins: dense and likely, sparse and extreme, or pruned to what matters."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from graphmodel._types import FloatArray, IntArray
from graphmodel.errors import ConvergenceError, ParameterError, listed
from graphmodel.kernels.balance_support import carried, fit_by_newton, spanning_forest, tree_flow
from graphmodel.kernels.sparse_late import connected_components

ROUNDING = 1e-9
"""Largest difference between the sums of the two margins that counts as rounding, as a share."""
BACKWARDS = 1e-14
"""Share of the total up to which a flow below zero is rounding."""
POLISHING = 30
"""Rounds of scaling after the margins are met as a share of the total."""


def proportional_fit(
    rows: IntArray,
    cols: IntArray,
    prior: FloatArray,
    row_total: FloatArray,
    col_total: FloatArray,
    tol: float = 1e-12,
    max_rounds: int = 300,
) -> FloatArray:
    """Scale a prior to the closest flows with the given margins.

    Parameters
    ----------
    rows, cols : row and column of each edge, (E,)
    prior : weight of each edge, positive, (E,)
    row_total : what leaves each row, not negative
    col_total : what arrives at each column; the sums of both may differ by rounding
    tol : largest difference from any margin, as a share of the total
    max_rounds : rounds of scaling before the exact method takes over

    Returns
    -------
    FloatArray
        Flow on each edge, in the unit of the margins, (E,). An edge that no flow with these margins can use is 0.

    Raises
    ------
    ParameterError
        If the margins are negative or their sums differ.
    ConvergenceError
        If the edges cannot carry the margins; the message names the rows that hold more than their columns take.

    Notes
    -----
    Minimises the sum of f ln(f / prior) under the margins, so f = prior · exp(a_row + b_col) wherever f > 0
    (Bregman 1967, https://doi.org/10.1016/0041-5553(67)90040-7). Rounds of iterative proportional fitting,
    O(E) each; if they crawl, a maximum flow tells which edges must be zero, and Newton's method finishes.

    References
    ----------
    Deming, W. E. and Stephan, F. F. (1940) On a least squares adjustment of a sampled frequency table. Annals of
    Mathematical Statistics 11, 427-444. https://doi.org/10.1214/aoms/1177731829

    Examples
    --------
    >>> rows, cols = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> proportional_fit(rows, cols, np.ones(4), np.array([3.0, 1.0]), np.array([2.0, 2.0]))
    array([1.5, 1.5, 0.5, 0.5])
    """
    row_total, col_total = _checked(row_total, col_total)
    flow = np.zeros(len(rows))
    usable = (row_total[rows] > 0) & (col_total[cols] > 0)
    _refuse_unserved(rows[usable], cols[usable], row_total, col_total)
    total = float(row_total.sum())
    if total == 0:
        return flow
    rows, cols, weight = rows[usable], cols[usable], prior[usable]
    ends = rows, cols
    fitted, error = _scaled(rows, cols, weight, row_total, col_total, tol * total, max_rounds)
    if error > tol * total:
        free = carried(rows, cols, row_total, col_total)
        fitted = np.zeros(len(rows))
        rows, cols, weight = rows[free], cols[free], weight[free]
        near, _ = _scaled(rows, cols, weight, row_total, col_total, tol * total, max_rounds)
        near = fit_by_newton(rows, cols, near, row_total, col_total, tol * total)
        near, error = _scaled(rows, cols, near, row_total, col_total, tol * total, max_rounds)
        if error > tol * total:
            left = np.abs(np.bincount(rows, weights=near, minlength=len(row_total)) - row_total)
            raise ConvergenceError(f"row {left.argmax()} is still off by {error / total:.2g} of the total")
        fitted[free] = near
    # A share of the total is a lot for a small row: further rounds bring each nearer to its own.
    flow[usable] = _scaled(*ends, fitted, row_total, col_total, 0.0, POLISHING)[0]
    return flow


def sparse_fit(
    rows: IntArray, cols: IntArray, cost: FloatArray, row_total: FloatArray, col_total: FloatArray
) -> FloatArray:
    """Return the cheapest flows with the given margins, on as many edges as a forest has.

    Parameters
    ----------
    rows, cols : row and column of each edge, (E,)
    cost : cost of a unit on each edge, any sign, (E,)
    row_total, col_total : what leaves each row and arrives at each column, not negative

    Returns
    -------
    FloatArray
        Flow on each edge, (E,); at most rows + columns - 1 are positive. Margins are met to 1e-12 of the total.

    Raises
    ------
    ParameterError
        If the margins are negative or their sums differ.
    ConvergenceError
        If the edges cannot carry the margins.

    Notes
    -----
    The transport problem min sum of cost · f, by the dual simplex of HiGHS. Its vertex is completed to a spanning
    forest by the edges of least reduced cost, and the flow is solved again on that forest by stripping leaves, so
    margins hold to rounding. Among equally cheap solutions the one returned depends on the order of the edges
    only through (row, column).

    Examples
    --------
    >>> rows, cols = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> sparse_fit(rows, cols, np.array([1.0, 2.0, 2.0, 1.0]), np.array([3.0, 1.0]), np.array([2.0, 2.0]))
    array([2., 1., 0., 1.])
    """
    row_total, col_total = _checked(row_total, col_total)
    flow = np.zeros(len(rows))
    usable = np.flatnonzero((row_total[rows] > 0) & (col_total[cols] > 0))
    _refuse_unserved(rows[usable], cols[usable], row_total, col_total)
    if len(usable) == 0:
        return flow
    order = usable[np.lexsort((cost[usable], cols[usable], rows[usable]))]
    from scipy.optimize import linprog  # noqa: PLC0415 - loads slowly; only few links are chosen so

    rows, cols, cost = rows[order], cols[order], cost[order]
    carried(rows, cols, row_total, col_total)
    total = float(row_total.sum())
    n_rows, n_cols = len(row_total), len(col_total)
    unit = total / (n_rows + n_cols)
    ends = np.concatenate([rows, n_rows + cols])
    edge = np.tile(np.arange(len(order)), 2)
    answer = linprog(
        cost,
        A_eq=csr_array((np.ones(len(ends)), (ends, edge)), shape=(n_rows + n_cols, len(order))),
        b_eq=np.concatenate([row_total, col_total]) / unit,
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if answer.x is None:
        raise ConvergenceError(f"the transport problem was not solved: {answer.message}")
    reduced = cost - answer.eqlin.marginals[rows] - answer.eqlin.marginals[n_rows + cols]
    forest = spanning_forest(rows, n_rows + cols, np.lexsort((reduced, -answer.x)), n_rows + n_cols)
    exact = tree_flow(rows[forest], cols[forest], row_total, col_total)
    for _ in range(n_rows + n_cols):
        if exact.min() >= -BACKWARDS * total:
            break
        forest = _turned(forest, int(np.argmin(exact)), rows, n_rows + cols, reduced, n_rows + n_cols)
        exact = tree_flow(rows[forest], cols[forest], row_total, col_total)
    else:
        raise ConvergenceError(
            f"margins differ too much in size: the vertex is off by {-exact.min() / total:.2g} of the total"
        )
    flow[order[forest]] = np.maximum(exact, 0.0)
    return flow


def prune(
    flow: FloatArray, rows: IntArray, cols: IntArray, keep: float = 0.99, *, kind: IntArray | None = None
) -> FloatArray:
    """Keep the largest edges and carry the same margins on them.

    Parameters
    ----------
    flow : flow on each edge, not negative, (E,)
    rows, cols : row and column of each edge
    keep : share of the flow that the largest edges must carry, in (0, 1]
    kind : kind of each edge, (E,); the share must be carried of every kind by itself; one kind when absent

    Returns
    -------
    FloatArray
        Flow on each edge, (E,), 0 where cut. Every row and column keeps its total.

    Raises
    ------
    ParameterError
        If ``keep`` is outside (0, 1].

    Notes
    -----
    The largest edges come first, ties by row and column. Where they cannot carry the margins, cut edges come back:
    those that a cheapest flow uses when kept edges are free and a cut edge costs 1 + ln(largest flow / its flow).
    That is a vertex, so it uses few, but the least number is an NP-hard question and not promised. What is cut
    is spread over the kept edges by `proportional_fit`.

    Examples
    --------
    >>> rows, cols = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> prune(np.array([50.0, 1.0, 1.0, 48.0]), rows, cols, keep=0.98)
    array([51.,  0.,  0., 49.])
    """
    if not 0 < keep <= 1:
        raise ParameterError(f"keep is {keep}; it must be above 0 and at most 1")
    n_rows, n_cols = (int(ends.max(initial=-1)) + 1 for ends in (rows, cols))
    row_total = np.bincount(rows, weights=flow, minlength=n_rows).astype(np.float64)
    col_total = np.bincount(cols, weights=flow, minlength=n_cols).astype(np.float64)
    order = np.lexsort((cols, rows, -flow))
    order = order[flow[order] > 0]
    if len(order) == 0:
        return np.zeros(len(flow))
    kept = np.zeros(len(flow), dtype=np.bool_)
    kinds = np.zeros(len(flow), dtype=np.int64) if kind is None else kind
    for each in np.unique(kinds[order]):
        mine = order[kinds[order] == each]
        cumulative = np.cumsum(flow[mine])
        kept[mine[: int(np.searchsorted(cumulative, keep * cumulative[-1] * (1 - 1e-15))) + 1]] = True
    if kept[order].all():
        return flow.copy()
    if not _can_carry(rows[kept], cols[kept], row_total, col_total):
        cost = np.where(kept[order], 0.0, 1.0 + np.log(flow[order[0]] / flow[order]))
        kept[order[sparse_fit(rows[order], cols[order], cost, row_total, col_total) > 0]] = True
        # A row or column below the rounding of the rest may have none yet: it keeps its largest edge.
        for ends in (rows, cols):
            kept[order[np.unique(ends[order], return_index=True)[1]]] = True
    pruned = np.zeros(len(flow))
    pruned[kept] = proportional_fit(rows[kept], cols[kept], flow[kept], row_total, col_total)
    return pruned


def _turned(
    forest: IntArray, backwards: int, rows: IntArray, ends: IntArray, reduced: FloatArray, n_nodes: int
) -> IntArray:
    """Replace a forest edge that would run backwards by the cheapest that joins its sides the other way."""
    rest = np.delete(forest, backwards)
    graph = csr_array((np.ones(len(rest)), (rows[rest], ends[rest])), shape=(n_nodes, n_nodes))
    side = connected_components(graph, directed=False)[1]
    gone = forest[backwards]
    other_way = np.flatnonzero((side[rows] == side[ends[gone]]) & (side[ends] == side[rows[gone]]))
    if len(other_way) == 0:
        return forest
    return np.append(rest, other_way[np.argmin(reduced[other_way])])


def _checked(row_total: FloatArray, col_total: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the margins with equal sums, or refuse them."""
    for name, margin in (("row", row_total), ("column", col_total)):
        if not (margin >= 0).all():
            worst = np.flatnonzero(~(margin >= 0))
            raise ParameterError(f"{name} totals are negative or nan at {listed(worst.tolist())}")
    row_sum, col_sum = float(row_total.sum()), float(col_total.sum())
    if abs(row_sum - col_sum) > ROUNDING * max(row_sum, col_sum):
        raise ParameterError(f"row totals sum to {row_sum:.12g}, column totals to {col_sum:.12g}")
    return row_total, col_total * (row_sum / col_sum) if col_sum else col_total


def _refuse_unserved(rows: IntArray, cols: IntArray, row_total: FloatArray, col_total: FloatArray) -> None:
    """Refuse a row or column that has a total and no edge."""
    for name, ends, margin in (("row", rows, row_total), ("column", cols, col_total)):
        alone = np.flatnonzero((np.bincount(ends, minlength=len(margin)) == 0) & (margin > 0))
        if len(alone):
            worst = alone[np.argmax(margin[alone])]
            raise ConvergenceError(
                f"{name} {listed(alone.tolist())} can use no edge; the largest, {name} {worst}, "
                f"has a total of {margin[worst]:.6g}"
            )


def _can_carry(rows: IntArray, cols: IntArray, row_total: FloatArray, col_total: FloatArray) -> bool:
    """Say whether some flow on these edges has the margins."""
    try:
        _refuse_unserved(rows, cols, row_total, col_total)
        carried(rows, cols, row_total, col_total)
    except ConvergenceError:
        return False
    return True


def _scaled(
    rows: IntArray,
    cols: IntArray,
    weight: FloatArray,
    row_total: FloatArray,
    col_total: FloatArray,
    allowed: float,
    max_rounds: int,
) -> tuple[FloatArray, float]:
    """Scale rows and columns in turn; return the flow and its largest error in a row."""
    flow = weight / weight.max(initial=0.0)
    row_sum = np.bincount(rows, weights=flow, minlength=len(row_total))
    error = np.inf
    for _ in range(max_rounds):
        flow = flow * np.divide(row_total, row_sum, out=np.zeros(len(row_sum)), where=row_sum > 0)[rows]
        col_sum = np.bincount(cols, weights=flow, minlength=len(col_total))
        flow = flow * np.divide(col_total, col_sum, out=np.zeros(len(col_sum)), where=col_sum > 0)[cols]
        row_sum = np.bincount(rows, weights=flow, minlength=len(row_total))
        error = float(np.abs(row_sum - row_total).max())
        if error <= allowed:
            break
    return flow, error
