from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import ConvergenceError
from graphmodel.kernels.market import closest_flows

ALL = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])


def margins(flow, rows, cols, n, m):
    return np.bincount(rows, flow, minlength=n), np.bincount(cols, flow, minlength=m)


def test_equal_supply_and_need_follow_the_prior():
    # rows 6 and 4, columns 5 and 5, no preference: independence
    flow = closest_flows(*ALL, np.ones(4), np.array([6.0, 4.0]), np.array([5.0, 5.0]))
    assert flow == pytest.approx([3, 3, 2, 2])


def test_too_much_supply_leaves_every_seller_his_part():
    flow = closest_flows(
        np.array([0, 1]), np.array([0, 0]), np.array([6.0, 3.0]), np.array([6.0, 3.0]), np.array([6.0])
    )
    assert flow == pytest.approx([4, 2])


def test_too_much_need_leaves_every_buyer_short_by_size():
    flow = closest_flows(
        np.array([0, 0]), np.array([0, 1]), np.array([4.0, 2.0]), np.array([3.0]), np.array([4.0, 2.0])
    )
    assert flow == pytest.approx([2, 1])


def test_only_those_who_may_keep_do():
    flow = closest_flows(
        np.array([0, 1]),
        np.array([0, 0]),
        np.ones(2),
        np.array([6.0, 3.0]),
        np.array([6.0]),
        may_keep=np.array([True, False]),
    )
    assert flow == pytest.approx([3, 3])


def test_who_has_no_partner_keeps_or_misses_all():
    # the second seller reaches nobody, the second buyer nobody reaches
    flow = closest_flows(np.array([0]), np.array([0]), np.ones(1), np.array([5.0, 5.0]), np.array([5.0, 5.0]))
    assert flow == pytest.approx([5])


def test_pairs_that_cannot_carry_what_must_be_sold_are_refused():
    with pytest.raises(ConvergenceError, match="no flow fits this market"):
        closest_flows(
            np.array([0]),
            np.array([0]),
            np.ones(1),
            np.array([5.0, 5.0]),
            np.array([20.0]),
            may_keep=np.array([True, False]),
        )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=4),
    st.lists(st.integers(0, 9), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_nobody_sells_more_than_he_has_and_the_short_side_is_met(supply, need, chance):
    n, m = len(supply), len(need)
    rows, cols = (ends.ravel() for ends in np.indices((n, m)))
    prior = np.array([chance.uniform(0.1, 1) for _ in rows])
    supply, need = np.array(supply, dtype=float), np.array(need, dtype=float)
    flow = closest_flows(rows, cols, prior, supply, need)
    sold, bought = margins(flow, rows, cols, n, m)
    assert (flow >= 0).all()
    assert (sold <= supply + 1e-9).all()
    assert (bought <= need + 1e-9).all()
    assert flow.sum() == pytest.approx(min(supply.sum(), need.sum()), abs=1e-9)
