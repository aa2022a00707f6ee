"""Balances: by hand, against the optimality conditions, and their margins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graphmodel.errors import ConvergenceError, ParameterError
from graphmodel.kernels.balance import proportional_fit, prune, sparse_fit


def margins(rows, cols, flow, n_rows, n_cols):
    return np.bincount(rows, flow, n_rows), np.bincount(cols, flow, n_cols)


@st.composite
def feasible(draw):
    """Draw edges, weights and margins that some positive flow has; sizes over twelve orders of magnitude."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_rows, n_cols = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    rows, cols = np.nonzero(rng.random((n_rows, n_cols)) < draw(st.sampled_from([0.3, 0.6, 1.0])))
    assume(len(rows))
    truth = rng.lognormal(0, draw(st.sampled_from([0.5, 4.0])), len(rows))
    if draw(st.booleans()):  # on the border: some edges must be zero
        truth[rng.random(len(rows)) < 0.5] = 0
    return rows, cols, rng.lognormal(0, 2, len(rows)), *margins(rows, cols, truth, n_rows, n_cols)


@pytest.fixture
def square():
    return np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])


def test_an_even_prior_gives_the_product_of_shares(square):
    # 3 : 1 by rows, 2 : 2 by columns, of 4: 3 * 2 / 4 = 1.5
    flow = proportional_fit(*square, np.ones(4), np.array([3.0, 1.0]), np.array([2.0, 2.0]))
    assert flow == pytest.approx([1.5, 1.5, 0.5, 0.5])


def test_fitting_keeps_the_odds_ratio_of_the_prior(square):
    prior = np.array([4.0, 1.0, 1.0, 3.0])
    flow = proportional_fit(*square, prior, np.array([5.0, 6.0]), np.array([4.0, 7.0]))
    assert flow[0] * flow[3] / (flow[1] * flow[2]) == pytest.approx(12)


def test_an_edge_that_must_be_zero_is_zero_and_the_rest_exact():
    # row 1 serves column 0 only and fills it, so row 0 must leave column 0 alone; plain scaling needs 1e12 rounds
    flow = proportional_fit(np.array([0, 0, 1]), np.array([0, 1, 0]), np.ones(3), np.ones(2), np.ones(2))
    assert flow == pytest.approx([0, 1, 1], abs=1e-12)


def test_a_prior_of_very_unlike_weights_is_finished_by_newton(square):
    prior = np.array([1.0, 1e-14, 1e-14, 1.0])
    flow = proportional_fit(*square, prior, np.array([3.0, 1.0]), np.array([1.0, 3.0]))
    # odds ratio 1e28 with margins 3, 1 and 1, 3: f00 = 1 - y, f01 = 2 + y, f10 = y, f11 = 1 - y, y = 5e-29
    assert flow == pytest.approx([1, 2, 0, 1], abs=1e-11)


def test_edges_that_cannot_carry_the_margins_are_refused_by_name():
    with pytest.raises(ConvergenceError, match="rows 1 hold 2 and reach only columns 0, which take 1"):
        proportional_fit(
            np.array([0, 0, 1]), np.array([0, 1, 0]), np.ones(3), np.array([1.0, 2.0]), np.array([1.0, 2.0])
        )
    with pytest.raises(ConvergenceError, match="row 1 can use no edge"):
        sparse_fit(np.array([0]), np.array([0]), np.ones(1), np.ones(2), np.array([2.0]))
    with pytest.raises(ConvergenceError, match="rows 1 hold"):
        sparse_fit(np.array([0, 0, 1]), np.array([0, 1, 0]), np.ones(3), np.array([1.0, 2.0]), np.array([1.0, 2.0]))


def test_margins_that_contradict_each_other_are_refused(square):
    with pytest.raises(ParameterError, match="sum to"):
        proportional_fit(*square, np.ones(4), np.ones(2), np.array([1.0, 2.0]))
    with pytest.raises(ParameterError, match="negative"):
        sparse_fit(*square, np.ones(4), np.array([2.0, -1.0]), np.array([1.0, 0.0]))
    with pytest.raises(ParameterError, match="keep"):
        prune(np.ones(4), *square, keep=0)


def test_empty_margins_and_rows_without_total_give_zero(square):
    nothing = np.zeros(0, dtype=np.int64)
    assert proportional_fit(nothing, nothing, np.zeros(0), np.zeros(2), np.zeros(0)).shape == (0,)
    assert sparse_fit(nothing, nothing, np.zeros(0), np.zeros(0), np.zeros(0)).shape == (0,)
    assert prune(np.zeros(0), nothing, nothing).shape == (0,)
    assert prune(np.zeros(4), *square).tolist() == [0, 0, 0, 0]
    totals = np.array([0.0, 2.0]), np.array([1.0, 1.0])
    assert proportional_fit(*square, np.ones(4), *totals).tolist() == [0, 0, 1, 1]
    assert sparse_fit(*square, np.ones(4), *totals).tolist() == [0, 0, 1, 1]


def test_parallel_edges_share_in_proportion_to_their_prior():
    flow = proportional_fit(np.zeros(2, int), np.zeros(2, int), np.array([1.0, 3.0]), np.array([8.0]), np.array([8.0]))
    assert flow == pytest.approx([2, 6])


def test_the_cheapest_flows_use_a_forest(square):
    flow = sparse_fit(*square, np.array([1.0, 2.0, 2.0, 1.0]), np.array([3.0, 1.0]), np.array([2.0, 2.0]))
    assert flow.tolist() == [2, 1, 0, 1]  # cost 2 + 2 + 1 = 5; the other vertex, 1 2 1 0, costs 7


def test_margins_nine_orders_of_magnitude_apart_are_met(square):
    totals = np.array([1e6, 1e-3]), np.array([1e6 - 1e-3, 2e-3])
    flow = sparse_fit(*square, np.array([1.0, 2.0, 2.0, 1.0]), *totals)
    assert flow == pytest.approx([1e6 - 1e-3, 1e-3, 0, 1e-3], rel=1e-6)


def test_pruning_moves_the_cut_part_to_the_kept_edges(square):
    # 50 and 48 carry 98 of 100; rows hold 51 and 49, columns take 51 and 49, so the two kept edges carry all
    assert prune(np.array([50.0, 1.0, 1.0, 48.0]), *square, keep=0.98) == pytest.approx([51, 0, 0, 49])


def test_a_cut_edge_comes_back_where_the_kept_ones_cannot_carry_the_margins(square):
    # rows hold 52 and 48, columns take 50 and 50: two units must cross from row 0 to column 1
    assert prune(np.array([50.0, 2.0, 0.0, 48.0]), *square, keep=0.98) == pytest.approx([50, 2, 0, 48])


def test_keeping_everything_changes_nothing(square):
    flow = np.array([5.0, 1.0, 0.0, 4.0])
    assert np.array_equal(prune(flow, *square, keep=1.0), flow)


@settings(max_examples=300, deadline=None)
@given(feasible())
def test_fitted_flows_have_their_margins_and_the_form_of_the_closest(drawn):
    rows, cols, prior, row_total, col_total = drawn
    flow = proportional_fit(*drawn)
    total = row_total.sum()
    found = margins(rows, cols, flow, len(row_total), len(col_total))
    assert (flow >= 0).all()
    assert np.abs(found[0] - row_total).max() <= 2e-12 * total
    assert np.abs(found[1] - col_total).max() <= 2e-12 * total
    positive = flow > 1e-6 * total
    design = np.zeros((len(rows), len(row_total) + len(col_total)))
    design[np.arange(len(rows)), rows] = 1
    design[np.arange(len(rows)), len(row_total) + cols] = 1
    ratio = np.log(flow[positive] / prior[positive])
    fitted = design[positive] @ np.linalg.lstsq(design[positive], ratio, rcond=None)[0]
    assert fitted == pytest.approx(ratio, abs=1e-4)  # f = prior * exp(a + b)


@settings(max_examples=200, deadline=None)
@given(feasible())
def test_sparse_flows_lie_on_a_forest_and_no_detour_is_cheaper(drawn):
    rows, cols, prior, row_total, col_total = drawn
    cost, total = -np.log(prior), row_total.sum()
    flow = sparse_fit(rows, cols, cost, row_total, col_total)
    found = margins(rows, cols, flow, len(row_total), len(col_total))
    assert (flow >= 0).all()
    assert np.abs(found[0] - row_total).max() <= 1e-12 * total
    assert np.abs(found[1] - col_total).max() <= 1e-12 * total
    assert (flow > 0).sum() <= len(row_total) + len(col_total) - 1
    # cheapest if and only if no way round the residual network saves anything (Klein 1967); HiGHS itself is no
    # oracle here: its interior point calls some of these feasible problems infeasible
    n_rows, n_nodes = len(row_total), len(row_total) + len(col_total)
    distance = np.full((n_nodes, n_nodes), np.inf)
    for row, col, price, amount in zip(rows, cols, cost, flow, strict=True):
        distance[row, n_rows + col] = price
        if amount > 1e-12 * total:
            distance[n_rows + col, row] = -price
    for via in range(n_nodes):
        distance = np.minimum(distance, distance[:, [via]] + distance[[via], :])
    assert (np.diag(distance) >= -1e-7).all()


@settings(max_examples=200, deadline=None)
@given(feasible(), st.sampled_from([0.5, 0.9, 0.99]))
def test_pruned_flows_keep_every_margin_on_fewer_edges(drawn, keep):
    rows, cols, _, row_total, col_total = drawn
    assume(row_total.sum() > 0)
    flow = proportional_fit(*drawn)
    left = prune(flow, rows, cols, keep)
    found = margins(rows, cols, left, len(row_total), len(col_total))
    assert (left >= 0).all()
    assert np.abs(found[0] - row_total).max() <= 1e-9 * row_total.sum()
    assert np.abs(found[1] - col_total).max() <= 1e-9 * row_total.sum()
    assert not left[flow == 0].any()
    assert np.array_equal(left, prune(flow, rows, cols, keep))


@settings(max_examples=60, deadline=None)
@given(feasible(), st.floats(0.5, 0.999), st.data())
def test_every_kind_keeps_its_own_share(drawn, keep, data):
    rows, cols, _, row_total, col_total = drawn
    assume(row_total.sum() > 0)
    flow = proportional_fit(*drawn)
    kind = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows))), dtype=np.int64)
    left = prune(flow, rows, cols, keep, kind=kind)
    found = margins(rows, cols, left, len(row_total), len(col_total))
    assert np.abs(found[0] - row_total).max() <= 1e-9 * row_total.sum()
    for each in range(3):
        whole = flow[kind == each].sum()
        assert flow[(kind == each) & (left > 0)].sum() >= keep * whole - 1e-9 * row_total.sum()


@settings(max_examples=100, deadline=None)
@given(feasible(), st.integers(0, 2**32 - 1))
def test_the_order_of_edges_and_the_unit_do_not_matter(drawn, seed):
    rows, cols, prior, row_total, col_total = drawn
    shuffled = np.random.default_rng(seed).permutation(len(rows))
    flow = proportional_fit(*drawn)
    again = proportional_fit(rows[shuffled], cols[shuffled], 7 * prior[shuffled], 1e6 * row_total, 1e6 * col_total)
    assert again == pytest.approx(1e6 * flow[shuffled], abs=row_total.sum())
    thin = sparse_fit(rows, cols, prior, row_total, col_total)
    assert np.array_equal(
        sparse_fit(rows[shuffled], cols[shuffled], prior[shuffled], row_total, col_total), thin[shuffled]
    )
