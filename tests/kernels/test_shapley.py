"""Shapley values: games worked by hand, the definition by permutations, and the axioms."""

from __future__ import annotations

from itertools import combinations, pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import ParameterError
from graphmodel.kernels.cascade import frozen_loss
from graphmodel.kernels.shapley import coalition_members, draw_orders, from_orders, interactions, shapley
from tests.kernels.test_cascade import recipes_from


def game(n, value):
    """Value every coalition, given as a set of members."""
    return np.array([float(value({i for i in range(n) if c >> i & 1})) for c in range(2**n)])


def by_permutations(values):
    """Say the definition: what each adds to those that came before it, over all orders of arrival."""
    n = len(values).bit_length() - 1
    orders = list(permutations(range(n)))
    share = np.zeros(n)
    for order in orders:
        before = 0
        for member in order:
            share[member] += values[before | 1 << member] - values[before]
            before |= 1 << member
    return share / len(orders)


def by_pairs_of_arrivals(values):
    """Say what two add together, over all orders in which they arrive as one, next to each other."""
    n = len(values).bit_length() - 1
    index = np.full((n, n), np.nan)
    for i, j in combinations(range(n), 2):
        orders = list(permutations([k for k in range(n) if k != j]))
        total = 0.0
        for order in orders:
            s = sum(1 << k for k in order[: order.index(i)])
            total += values[s | 1 << i | 1 << j] - values[s | 1 << i] - values[s | 1 << j] + values[s]
        index[i, j] = index[j, i] = total / len(orders)
    return index


games = st.integers(0, 6).flatmap(
    lambda n: st.lists(st.floats(-1e3, 1e3), min_size=2**n, max_size=2**n).map(lambda row: np.array(row))
)


def test_the_only_left_glove_takes_two_thirds_of_the_pair():
    # arrivals in which the left glove completes a pair: all but those where it comes first: 4 of 6
    # a right glove completes it only as second after the left one: 1 of 6 each
    gloves = game(3, lambda s: 0 in s and len(s) > 1)
    assert shapley(gloves) == pytest.approx([4 / 6, 1 / 6, 1 / 6])


def test_airlines_share_each_stretch_of_the_runway_they_need():
    # Rule of Littlechild and Owen (1973), Management Science 20, 370-372; the usual textbook numbers.
    # runways of 8, 11, 13 and 18: the first 8 by four, 3 more by three, 2 more by two, 5 more by one
    lengths = [8, 11, 13, 18]
    runway = game(4, lambda s: max((lengths[i] for i in s), default=0))
    assert shapley(runway) == pytest.approx([2, 2 + 1, 2 + 1 + 1, 2 + 1 + 1 + 5])


def test_a_mine_and_its_refinery_are_complements_and_two_mines_substitutes():
    # mines 0 and 1 and a refinery 2: served 1 where the refinery has a mine
    chain = game(3, lambda s: 2 in s and len(s) > 1)
    index = interactions(chain)
    # pair (mine, refinery): S = {}: 1, S = {other mine}: 1 - 0 - 1 + 0 = 0; weights 1/2: 1/2
    assert index[0, 2] == index[1, 2] == pytest.approx(0.5)
    # pair of mines: S = {}: 0, S = {refinery}: 1 - 1 - 1 + 0 = -1: -1/2
    assert index[0, 1] == pytest.approx(-0.5)
    assert np.isnan(np.diag(index)).all()


@settings(max_examples=200, deadline=None)
@given(games)
def test_shares_equal_the_average_over_all_orders_of_arrival(values):
    assert shapley(values) == pytest.approx(by_permutations(values), abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(games)
def test_interactions_equal_the_average_over_orders_in_which_two_arrive_together(values):
    assert interactions(values) == pytest.approx(by_pairs_of_arrivals(values), abs=1e-9, nan_ok=True)


@settings(max_examples=200, deadline=None)
@given(games)
def test_shares_add_up_to_what_all_are_worth_beyond_nothing(values):
    assert abs(shapley(values).sum() - (values[-1] - values[0])) <= 1e-9


def test_shares_of_fourteen_add_up_to_nine_digits():
    values = np.random.default_rng(0).random(2**14)
    assert abs(shapley(values).sum() - (values[-1] - values[0])) <= 1e-9


@settings(max_examples=50, deadline=None)
@given(games, st.floats(-5, 5))
def test_several_games_side_by_side_are_shared_each_by_itself(values, factor):
    both = shapley(np.column_stack([values, factor * values]))
    assert both[:, 0] == pytest.approx(shapley(values), abs=1e-9)
    assert both[:, 1] == pytest.approx(factor * shapley(values), abs=1e-7)


def test_coalitions_are_listed_in_the_order_of_their_number():
    indptr, member = coalition_members(5)
    for number in range(32):
        assert member[indptr[number] : indptr[number + 1]].tolist() == [i for i in range(5) if number >> i & 1]
    assert coalition_members(0)[0].tolist() == [0, 0]


def test_coalitions_of_plants_that_run_are_valued_as_lanes_of_the_cascade():
    # Mines 0 (3/4) and 1 (1/4) feed refinery 2. Of the three, those not in the coalition are shut.
    chain = recipes_from([[(0, 0.75), (1, 0.25)]], [[], [], [0]])
    indptr, member = coalition_members(3)
    served = 1.0 - frozen_loss(chain, indptr, member, np.ones(len(member)), np.array([0.0, 0.0, 1.0]))
    values = served[::-1]  # coalition c runs where the coalition of all others is shut
    # v: {0,2} 0.75, {1,2} 0.25, {0,1,2} 1; the game is the sum of two pairs worth 0.75 and 0.25
    assert shapley(values) == pytest.approx([0.375, 0.125, 0.5])
    assert interactions(values)[0, 2] == pytest.approx(0.75)


def test_games_that_are_none_are_refused_by_name():
    with pytest.raises(ParameterError, match="3 values"):
        shapley(np.zeros(3))
    with pytest.raises(ParameterError, match="0 values"):
        shapley(np.zeros(0))
    with pytest.raises(ParameterError, match="coalition 1 is nan"):
        interactions(np.array([0.0, np.nan]))
    with pytest.raises(ParameterError, match="one game"):
        interactions(np.zeros((4, 2)))
    with pytest.raises(ParameterError, match="21 members"):
        coalition_members(21)


def test_a_mine_worth_nothing_alone_and_a_refinery_worth_ten_share_thirty():
    # orders: mine first 0 then 30, refinery first 10 then 20: mine (0 + 20) / 2, refinery (30 + 10) / 2
    assert shapley(np.array([0.0, 0.0, 10.0, 30.0])).tolist() == [10, 20]


def joined(orders, values):
    """Value of nobody, of the first, of the first two, … in each order."""
    number = np.cumsum(np.column_stack([np.zeros(len(orders), int), 1 << orders]), axis=1)
    return values[number]


def test_sampled_shares_lie_within_three_standard_errors_of_the_exact_ones():
    rng = np.random.default_rng(7)
    far = 0
    for _ in range(50):
        values = rng.random(2**6).cumsum() * rng.random()
        orders = draw_orders(np.zeros(6, dtype=int), 200, rng)
        share, error = from_orders(orders, joined(orders, values))
        assert abs(share.sum() - (values[-1] - values[0])) <= 1e-9
        far += int((np.abs(share - shapley(values)) > 3 * error).sum())
    assert far <= 3  # of 300 shares; three in a thousand lie further off by chance


def by_cells(values, cells):
    """The Owen value: the average over all orders in which the members of a cell arrive together."""
    n, total, count = len(cells), np.zeros(len(cells)), 0
    for order in permutations(range(n)):
        seen = [cells[i] for i in order]
        if sum(a != b for a, b in pairwise(seen)) + 1 == len(set(cells)):
            held = 0
            for i in order:
                total[i] += values[held | 1 << i] - values[held]
                held |= 1 << i
            count += 1
    return total / count


def test_members_of_a_cell_that_join_together_share_by_owen():
    values = np.random.default_rng(3).random(2**5)
    cells = np.array([0, 1, 1, 2, 1])
    orders = draw_orders(cells, 3000, np.random.default_rng(4))
    share, error = from_orders(orders, joined(orders, values))
    assert (np.abs(share - by_cells(values, cells)) <= 3 * error).all()
    assert (np.diff(cells[orders], axis=1) != 0).sum(axis=1).tolist() == [2] * 6000
