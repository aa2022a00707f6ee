"""Draws of the shares: each draw is the cascade with the drawn shares, whatever the threads, batches and number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import ConvergenceError
from graphmodel.kernels.cascade import frozen_loss
from graphmodel.kernels.cascade_draws import frozen_loss_draws
from graphmodel.kernels.cascade_lanes import lay_out, reweigh
from tests.kernels.test_cascade import METHODS, leaking_recipes, plain_loop, recipes_from


def each(n):
    return np.arange(n + 1), np.arange(n), np.ones(n)


def redrawn(recipes):
    """Return a draw that keeps what each slot gets from all its suppliers together."""
    slot = np.repeat(np.arange(len(recipes.slot_base)), np.diff(recipes.slot_indptr))
    total = np.bincount(slot, recipes.edge_share, minlength=len(recipes.slot_base))

    def draw(rng):
        share = recipes.edge_share * rng.lognormal(0.0, 0.5, len(slot))
        return share * (total / np.maximum(np.bincount(slot, share, minlength=len(total)), 1e-300))[slot]

    return draw


@pytest.mark.parametrize("method", METHODS)
def test_a_mine_matters_as_much_as_the_share_drawn_for_it(method):
    two_mines = recipes_from([[(0, 0.75), (1, 0.25)]], [[], [], [0]])
    drawn = []

    def draw(rng):
        first = rng.random()
        drawn.append(first)
        return np.array([first, 1 - first])

    lost = frozen_loss_draws(two_mines, *each(2), np.array([0.0, 0.0, 10.0]), draw, 5, rng=0, method=method)
    assert lost[:, 0] == pytest.approx(10 * np.array(drawn))
    assert lost.sum(axis=1) == pytest.approx(np.full(5, 10.0))


@settings(max_examples=200, deadline=None)
@given(leaking_recipes(), st.integers(0, 2**32 - 1))
def test_every_draw_equals_the_definition_said_slowly(drawn, seed):
    recipes, _ = drawn
    n = recipes.n_processes
    weight, kept = np.arange(1.0, n + 1), []
    draw = redrawn(recipes)

    def noted(rng):
        kept.append(draw(rng))
        return kept[-1]

    lost = frozen_loss_draws(recipes, *each(n), weight, noted, 3, rng=seed, method="compiled")
    for number, share in enumerate(kept):
        slow = plain_loop(recipes._replace(edge_share=share), 1.0 - np.eye(n))
        assert lost[number] == pytest.approx(weight @ (1 - slow), abs=1e-8)


def test_threads_batches_and_the_number_of_draws_change_no_draw():
    rng = np.random.default_rng(3)
    n = 90  # two batches of sets
    slots = [[(int(a), 0.45), (int(b), 0.45)] for a, b in rng.integers(0, n, (n, 2))]
    ring = recipes_from(slots, [[k] for k in range(n)], base=np.full(n, 0.1))
    arguments = ring, *each(n), np.ones(n), redrawn(ring)
    one = frozen_loss_draws(*arguments, 40, rng=7, method="compiled")
    two = frozen_loss_draws(*arguments, 40, rng=7, method="compiled", n_threads=2)
    few = frozen_loss_draws(*arguments, 5, rng=7, method="compiled")
    plain = frozen_loss_draws(*arguments, 5, rng=7, method="arrays")
    assert np.array_equal(one, two)
    assert np.array_equal(one[:5], few)
    assert few == pytest.approx(plain, abs=1e-7)
    assert not np.array_equal(one, frozen_loss_draws(*arguments, 40, rng=8, method="compiled"))


def test_draws_without_spread_all_give_the_loss_in_the_base():
    loop = recipes_from([[(0, 0.8), (2, 0.2)], [(1, 1.0)]], [[], [0], [1]])
    base = frozen_loss(loop, *each(3), np.ones(3))
    lost = frozen_loss_draws(loop, *each(3), np.ones(3), lambda rng: loop.edge_share, 4, method="compiled")
    assert lost == pytest.approx(np.tile(base, (4, 1)), abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_cut_edge_stays_cut_in_every_draw(method):
    two_mines = recipes_from([[(0, 0.75), (1, 0.25)]], [[], [], [0]])
    one = np.array([0, 1]), np.array([1]), np.ones(1)
    lost = frozen_loss_draws(
        two_mines,
        *one,
        np.array([0.0, 0.0, 1.0]),
        redrawn(two_mines),
        3,
        edge_limit=np.array([0.0, 1.0]),
        method=method,
    )
    assert lost == pytest.approx(np.ones((3, 1)))  # mine 0 is cut off, mine 1 shut


def test_a_loop_that_leaks_less_in_a_draw_is_still_settled_to_the_tolerance():
    # x = a + (1 - a) x · 1 with x = 1 exactly where mine 0 is shut, whatever the leak a
    slow = recipes_from([[(0, 0.5), (1, 0.5)]], [[], [0]])
    half = np.array([0, 1]), np.array([0]), np.array([0.5])
    lost = frozen_loss_draws(
        slow, *half, np.array([0.0, 1.0]), lambda rng: np.array([0.01, 0.99]), 1, tol=1e-6, method="compiled"
    )
    assert abs(lost[0, 0] - 0.5) <= 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_too_few_rounds_in_a_draw_raise(method):
    slow = recipes_from([[(0, 0.01), (1, 0.99)]], [[], [0]])
    half = np.array([0, 1]), np.array([0]), np.array([0.5])
    with pytest.raises(ConvergenceError, match="rounds"):
        frozen_loss_draws(slow, *half, np.ones(2), lambda rng: slow.edge_share, 2, max_rounds=5, method=method)


@pytest.mark.parametrize("method", METHODS)
def test_no_draw_no_set_and_no_process_give_empty_tables(method):
    none = np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
    empty = recipes_from([], [])
    assert frozen_loss_draws(empty, *none, np.zeros(0), lambda rng: np.zeros(0), 3, method=method).shape == (3, 0)
    alone = recipes_from([], [[]])
    assert frozen_loss_draws(alone, *each(1), np.ones(1), lambda rng: np.zeros(0), 0, method=method).shape == (0, 1)
    assert frozen_loss_draws(alone, *each(1), np.ones(1), lambda rng: np.zeros(0), 2, method=method).tolist() == [
        [1.0],
        [1.0],
    ]


@settings(max_examples=100, deadline=None)
@given(leaking_recipes())
def test_a_layout_given_its_own_shares_again_is_the_same_layout(drawn):
    recipes, _ = drawn
    shortfall = np.zeros(len(recipes.slot_base))
    lanes = lay_out(recipes, shortfall)
    again = reweigh(lanes, recipes.edge_share, shortfall)
    assert np.array_equal(again.share, lanes.share)
    assert (again.error_bound >= lanes.error_bound).all()  # heights only rise, so the bound stays one
