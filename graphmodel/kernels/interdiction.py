"""The few removals that hurt most when everyone reroutes: a mixed-integer programme over the prices of the base."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array, hstack, vstack

from graphmodel._types import FloatArray, IntArray
from graphmodel.errors import SolverLimitError
from graphmodel.kernels.linear import LinearProgramme


class Interdiction(NamedTuple):
    """Groups chosen, the value their removal leads to in the programme, and the largest any choice can have."""

    chosen: IntArray
    value: float
    bound: float


def worst_choice(
    programme: LinearProgramme,
    indptr: IntArray,
    columns: IntArray,
    worth: FloatArray,
    size: int,
    *,
    seconds: float = np.inf,
) -> Interdiction:
    """Choose ``size`` groups of columns whose closure makes the least value as large as can be.

    Parameters
    ----------
    programme : LinearProgramme
        With lower bounds of zero.
    indptr, columns : first entry of each group, and their columns; groups may overlap
    worth : largest price the bound of each column can have, (C,)
    size : groups closed at most
    seconds : time allowed

    Raises
    ------
    SolverLimitError
        If time runs out before any choice is found.

    Notes
    -----
    The least value ``min {c x : A x >= b, 0 <= x <= u (1 - closed)}`` is replaced by its dual,

        max  b y - sum u_j (m_j - w_j)    A'y - m <= c,  y, m >= 0,  0 <= w_j <= m_j,  w_j <= worth_j closed_j,
             closed_j <= sum of z_g over groups g that hold j,  closed_j <= 1,  sum z <= size,  z binary,

    in which w_j is the price of a closed column, given back. The choice is right if no optimal price is above its
    ``worth``; with a smaller one the value is a lower bound of the true one. Cost: that of a mixed-integer
    programme, so give it time and read the gap.

    References
    ----------
    Wood, R. K. (1993) Deterministic network interdiction. Mathematical and Computer Modelling 17, 1-18.
    https://doi.org/10.1016/0895-7177(93)90236-R
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - loads slowly

    n_rows, n_columns = programme.matrix.shape
    n_groups = len(indptr) - 1
    held, place = np.unique(columns, return_inverse=True)
    group = np.repeat(np.arange(n_groups), np.diff(indptr))
    n = len(held)
    finite = np.isfinite(programme.upper)
    upper = np.where(finite, programme.upper, 0.0)
    # variables: y (rows), m (columns), w (held), closed (held), z (groups)
    objective = -np.concatenate([programme.least, -upper, upper[held], np.zeros(n + n_groups)])
    eye = csc_array((np.ones(n), (np.arange(n), np.arange(n))), shape=(n, n))
    pick = csc_array((np.ones(n), (np.arange(n), held)), shape=(n, n_columns))
    member = csc_array((np.ones(len(columns)), (place, group)), shape=(n, n_groups))
    member.data[:] = 1.0

    widths = (n_rows, n_columns, n, n, n_groups)

    def row(height: int, *blocks: csc_array | None) -> csc_array:
        filled = zip(blocks, widths, strict=True)
        return csc_array(hstack([csc_array((height, width)) if block is None else block for block, width in filled]))

    diagonal = csc_array((np.ones(n_columns), (np.arange(n_columns), np.arange(n_columns))), shape=(n_columns,) * 2)
    big = csc_array((worth[held], (np.arange(n), np.arange(n))), shape=(n, n))
    rows = [
        row(n_columns, csc_array(programme.matrix.T), -diagonal, None, None, None),
        row(n, None, -pick, eye, None, None),
        row(n, None, None, eye, -big, None),
        row(n, None, None, None, eye, -member),
        row(1, None, None, None, None, csc_array(np.ones((1, n_groups)))),
    ]
    limit = np.concatenate([programme.cost, np.zeros(3 * n), [float(size)]])
    most_m = np.where(finite, np.inf, 0.0)
    most = np.concatenate([np.full(n_rows, np.inf), most_m, np.full(n, np.inf), np.ones(n + n_groups)])
    whole = np.concatenate([np.zeros(n_rows + n_columns + 2 * n), np.ones(n_groups)])
    options = {"mip_rel_gap": 1e-6} | ({"time_limit": float(seconds)} if np.isfinite(seconds) else {})
    found = milp(
        objective,
        constraints=LinearConstraint(csc_array(vstack(rows)), -np.inf, limit),
        bounds=Bounds(0.0, most),
        integrality=whole,
        options=options,
    )
    if found.x is None:
        raise SolverLimitError(f"the worst {size} of {n_groups} groups", float("nan"))
    chosen = np.flatnonzero(found.x[-n_groups:] > 0.5)
    bound = found.fun if found.mip_dual_bound is None else found.mip_dual_bound
    return Interdiction(chosen, -float(found.fun), -float(bound))
