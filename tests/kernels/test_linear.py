"""Programmes solved again and again, and the worst closure of groups of columns, against scipy one by one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csc_array

from graphmodel.kernels.interdiction import worst_choice
from graphmodel.kernels.linear import LinearProgramme, largest, solve_each

SHORT = 10.0
"""Cost of each unit of a need not met, so that every programme has a solution."""


@st.composite
def covering(draw):
    """Draw needs met by columns with limits, the rest left short at a price; and groups of those columns."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_rows, n, n_groups = (draw(st.integers(1, most)) for most in (4, 8, 5))
    matrix = np.hstack([rng.integers(0, 3, (n_rows, n)), np.eye(n_rows)])
    cost = np.concatenate([rng.integers(0, 5, n), np.full(n_rows, SHORT)])
    upper = np.concatenate([rng.integers(0, 4, n).astype(float), np.full(n_rows, np.inf)])
    programme = LinearProgramme(cost, np.zeros(n + n_rows), upper, csc_array(matrix), rng.integers(0, 9, n_rows) * 1.0)
    groups = [np.flatnonzero(rng.random(n) < 0.4) for _ in range(n_groups)]
    return programme, groups


def without(programme, closed, left=0.0):
    """Value with the upper bounds of some columns brought down, by scipy."""
    upper = programme.upper.copy()
    upper[closed] *= left
    bounds = [(0, None if np.isinf(most) else most) for most in upper]
    answer = linprog(programme.cost, A_ub=-programme.matrix, b_ub=-programme.least, bounds=bounds)
    assert answer.status == 0
    return answer.fun


def listed(groups):
    return np.cumsum([0, *map(len, groups)]), np.concatenate(groups)


@settings(max_examples=200, deadline=None)
@given(covering(), st.sampled_from([0.0, 0.5]))
def test_every_set_by_itself_gives_what_scipy_says(drawn, left):
    programme, groups = drawn
    # pairs that begin with one group, in a row, start from that group alone
    pairs = [np.concatenate([a, np.setdiff1d(b, a)]) for a in groups for b in groups]
    indptr, columns = listed(pairs)
    lead = np.repeat([len(a) for a in groups], len(groups))
    found = solve_each(programme, indptr, columns, programme.upper[columns] * left, lead=lead)
    assert found == pytest.approx([without(programme, closed, left) for closed in pairs], abs=1e-6)


@settings(max_examples=200, deadline=None)
@given(covering(), st.integers(1, 3))
def test_the_largest_are_found_and_nothing_left_out_is_larger(drawn, top):
    programme, groups = drawn
    indptr, columns = listed(groups)
    every = np.array([without(programme, closed) for closed in groups])
    ceiling = np.minimum(every + np.arange(len(groups)) % 3, SHORT * programme.least.sum())
    found, left = largest(programme, indptr, columns, np.zeros(len(columns)), np.maximum(ceiling, every), top)
    solved = ~np.isnan(found)
    assert found[solved] == pytest.approx(every[solved], abs=1e-6)
    assert np.sort(found[solved])[-top:] == pytest.approx(np.sort(every)[-top:], abs=1e-6)
    assert left == -np.inf or left >= every[~solved].max() - 1e-6


@settings(max_examples=200, deadline=None)
@given(covering(), st.integers(1, 2))
def test_the_worst_choice_is_the_worst_of_all_choices(drawn, size):
    programme, groups = drawn
    size = min(size, len(groups))
    # no unit of a column replaces more than 2 units of each need, each worth SHORT at most
    worth = np.full(len(programme.cost), 2 * SHORT * len(programme.least))
    found = worst_choice(programme, *listed(groups), worth, size)
    every = {
        chosen: without(programme, np.unique(np.concatenate([groups[one] for one in chosen])))
        for chosen in combinations(range(len(groups)), size)
    }
    assert len(found.chosen) <= size
    assert found.value == pytest.approx(max(every.values()), rel=1e-5, abs=1e-4)
    assert found.bound >= max(every.values()) - 1e-4
