"""Rank correlation and its interval: scipy says the same, and the interval behaves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from graphmodel.kernels.agreement import spearman, spearman_interval

NUMBERS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=20)


@settings(max_examples=100, deadline=None)
@given(NUMBERS)
@pytest.mark.filterwarnings("ignore")
def test_each_row_is_what_scipy_finds_ties_and_all(pairs):
    first, second = np.array(pairs, dtype=float).T
    found = spearman(np.array([first, first[::-1]]), np.array([second, second[::-1]]))
    expected = spearmanr(first, second).statistic
    assert found == pytest.approx([expected, expected], nan_ok=True)


def test_the_interval_is_what_resampling_one_by_one_gives():
    rng = np.random.default_rng(3)
    first = rng.normal(size=30)
    second = first + rng.normal(size=30)
    rho, low, high = spearman_interval(first, second, 200, 7)
    drawn, generator = [], np.random.default_rng(7)
    for rows in generator.integers(30, size=(200, 30)):
        drawn.append(spearmanr(first[rows], second[rows]).statistic)
    assert rho == pytest.approx(spearmanr(first, second).statistic)
    assert (low, high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))


def test_what_does_not_vary_has_no_correlation():
    assert np.isnan(spearman_interval(np.ones(5), np.arange(5.0), 10, 0)).all()
    assert np.isnan(spearman_interval(np.array([]), np.array([]), 10, 0)).all()


def test_the_same_seed_gives_the_same_interval():
    first, second = np.random.default_rng(1).normal(size=(2, 40))
    assert spearman_interval(first, second, 50, 5) == spearman_interval(first, second, 50, 5)
