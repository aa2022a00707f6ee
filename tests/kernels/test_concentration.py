"""Concentration: by hand, against plain loops, and its bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.kernels.concentration import herfindahl, herfindahl_bounds, hill_numbers, largest_share, shares

amounts = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, 3.0, 1e6, 1e-6]), st.integers(0, 3)), max_size=12).map(
    lambda pairs: (np.array([q for q, _ in pairs], float), np.array([g for _, g in pairs], np.int64), 4)
)


def by_group(quantity, group, n_groups):
    """List the positive shares of each group."""
    for k in range(n_groups):
        held = [float(q) for q, g in zip(quantity, group, strict=True) if g == k and q > 0]
        yield [q / sum(held) for q in held]


def test_a_single_holder_is_one_and_an_empty_group_is_unknown():
    hhi = herfindahl(np.array([5.0, 0.0, 0.0]), np.array([0, 0, 1]), 3)
    assert hhi[0] == 1
    assert np.isnan(hhi[1:]).all()


def test_four_equal_holders_count_as_four_in_every_order():
    for order in (0, 0.5, 1, 2, 3, 400, np.inf):
        assert hill_numbers(np.full(4, 7.0), np.zeros(4, int), 1, order) == pytest.approx(4)


def test_the_residual_is_many_below_and_one_above():
    # named 50 and 30, others 20, of 100: 0.25 + 0.09 = 0.34; 0.34 + 0.04 = 0.38
    lower, upper = herfindahl_bounds(np.array([50.0, 30.0]), np.zeros(2, int), 2, np.array([20.0, 0.0]))
    assert lower[0] == pytest.approx(0.34)
    assert upper[0] == pytest.approx(0.38)
    assert np.isnan([lower[1], upper[1]]).all()


def test_nothing_named_is_bounded_by_nothing_and_one():
    lower, upper = herfindahl_bounds(np.zeros(0), np.zeros(0, int), 1, np.array([2.0]))
    assert (lower[0], upper[0]) == (0, 1)


@settings(max_examples=150, deadline=None)
@given(amounts)
def test_indices_equal_the_formulas_said_slowly(drawn):
    parts = list(by_group(*drawn))
    assert herfindahl(*drawn) == pytest.approx([sum(s * s for s in p) if p else np.nan for p in parts], nan_ok=True)
    assert largest_share(*drawn) == pytest.approx([max(p) if p else np.nan for p in parts], nan_ok=True)
    for order in (0, 0.5, 2, 3):
        expected = [sum(s**order for s in p) ** (1 / (1 - order)) if p else np.nan for p in parts]
        assert hill_numbers(*drawn, order) == pytest.approx(expected, nan_ok=True)
    entropy = [np.exp(-sum(s * np.log(s) for s in p)) if p else np.nan for p in parts]
    assert hill_numbers(*drawn, 1) == pytest.approx(entropy, nan_ok=True)


@settings(max_examples=100, deadline=None)
@given(amounts)
def test_effective_numbers_fall_with_the_order_and_ignore_the_unit(drawn):
    quantity, group, n_groups = drawn
    numbers = np.array([hill_numbers(*drawn, order) for order in (0, 0.9, 1, 1.1, 2, 5, np.inf)])
    known = ~np.isnan(numbers[0])
    assert (np.diff(numbers[:, known], axis=0) <= 1e-9).all()
    assert hill_numbers(1000 * quantity, group, n_groups, 2) == pytest.approx(numbers[4], nan_ok=True)
    assert np.nansum(shares(*drawn)) == pytest.approx(known.sum())


@settings(max_examples=100, deadline=None)
@given(amounts, st.lists(st.sampled_from([0.0, 0.1, 2.0]), min_size=4, max_size=4))
def test_any_split_of_the_residual_lies_between_the_bounds(drawn, residual):
    quantity, group, n_groups = drawn
    lower, upper = herfindahl_bounds(*drawn, np.array(residual))
    halves = np.concatenate([quantity, np.repeat(residual, 2) / 2])
    between = herfindahl(halves, np.concatenate([group, np.repeat(np.arange(4), 2)]), n_groups)
    known = ~np.isnan(between)
    assert (lower[known] <= between[known] + 1e-12).all()
    assert (between[known] <= upper[known] + 1e-12).all()
    assert np.isnan(lower[~known]).all()
