"""Indices of variance: known ones, and those of scipy on the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import sobol_indices as by_scipy

from graphmodel.kernels.sobol import sobol_indices


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_the_same_numbers_give_the_indices_that_scipy_finds(seed, d):
    one, other, *mixed = np.random.default_rng(seed).normal(3.0, 2.0, size=(d + 2, 64))
    found = by_scipy(
        func={"f_A": one[None], "f_B": other[None], "f_AB": np.array(mixed)[:, None]}, n=64, method="saltelli_2010"
    )
    first, total = sobol_indices(one, other, np.array(mixed))
    assert first == pytest.approx(found.first_order)
    assert total == pytest.approx(found.total_order)


def test_ishigami():
    # Ishigami and Homma (1990) with a = 7, b = 0.1: first 0.314, 0.442, 0; total 0.558, 0.442, 0.244
    def ishigami(x):
        return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])

    a, b = np.random.default_rng(0).uniform(-np.pi, np.pi, size=(2, 3, 200_000))
    pages = [np.where(np.arange(3)[:, None] == i, b, a) for i in range(3)]
    first, total = sobol_indices(ishigami(a), ishigami(b), np.array([ishigami(page) for page in pages]))
    assert first == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert total == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)


def test_what_does_not_vary_has_no_indices():
    first, total = sobol_indices(np.ones(4), np.ones(4), np.ones((2, 4)))
    assert np.isnan([*first, *total]).all()
