"""Frozen shares: by hand, against a plain loop, and the laws any shock must keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import ConvergenceError
from graphmodel.kernels.cascade import Recipes, frozen, frozen_loss

METHODS = ("arrays", "compiled")


def recipes_from(slots, processes, base=None):
    """Build recipes from lists: slots of (supplier, share) pairs, processes of slot numbers."""
    edges = [edge for slot in slots for edge in slot]
    return Recipes(
        slot_indptr=np.cumsum([0, *map(len, slots)]),
        edge_supplier=np.array([supplier for supplier, _ in edges], dtype=np.int64),
        edge_share=np.array([share for _, share in edges], dtype=float),
        slot_base=np.zeros(len(slots)) if base is None else np.asarray(base, dtype=float),
        process_indptr=np.cumsum([0, *map(len, processes)]),
        process_slot=np.array([slot for process in processes for slot in process], dtype=np.int64),
    )


def plain_loop(recipes, limit, rounds=3000):
    """Say the definition: every process again and again from its limit downward."""
    left = limit.copy()
    for _ in range(rounds):
        before = left.copy()
        for process in range(recipes.n_processes):
            lowest = limit[process].copy()
            for entry in range(recipes.process_indptr[process], recipes.process_indptr[process + 1]):
                slot = recipes.process_slot[entry]
                mix = np.full(limit.shape[1], recipes.slot_base[slot])
                for edge in range(recipes.slot_indptr[slot], recipes.slot_indptr[slot + 1]):
                    mix += recipes.edge_share[edge] * before[recipes.edge_supplier[edge]]
                lowest = np.minimum(lowest, mix)
            left[process] = lowest
        if np.array_equal(left, before):
            break
    return left


@st.composite
def leaking_recipes(draw):
    """Draw random recipes with loops, self-loops, parallel edges, shared slots and outside supply."""
    n_processes = draw(st.integers(1, 8))
    n_slots = draw(st.integers(0, 8))
    seed = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    slots, base = [], []
    for _ in range(n_slots):
        suppliers = seed.integers(0, n_processes, seed.integers(0, 5))
        outside = seed.choice([0.1, 0.5, 1.0]) if len(suppliers) else 1.0
        share = seed.dirichlet(np.ones(len(suppliers))) * (1 - outside) if len(suppliers) else []
        slots.append(list(zip(suppliers, share, strict=True)))
        base.append(outside)
    processes = [
        sorted(set(seed.integers(0, n_slots, seed.integers(0, 4)))) if n_slots else [] for _ in range(n_processes)
    ]
    limit = np.where(seed.random((n_processes, 3)) < 0.6, 1.0, seed.random((n_processes, 3)).round(1))
    return recipes_from(slots, processes, base), limit


@pytest.fixture
def chain():
    """Two mines (0, 1) feed a refinery (2) with 3/4 and 1/4; a maker (3) needs it and mine 1."""
    return recipes_from([[(0, 0.75), (1, 0.25)], [(2, 1.0)], [(1, 1.0)]], [[], [], [0], [1, 2]])


@pytest.fixture
def loop():
    """A maker (1) takes 0.8 from a mine (0) and 0.2 from a recycler (2) that lives on the maker."""
    return recipes_from([[(0, 0.8), (2, 0.2)], [(1, 1.0)]], [[], [0], [1]])


@pytest.mark.parametrize("method", METHODS)
def test_the_scarcest_input_decides(chain, method):
    limit = np.array([[0.5, 1, 1, 1], [1, 0.2, 1, 1], [1, 1, 1, 0.3]], dtype=float).T
    left = frozen(chain, limit, method=method)
    # half of mine 0: refinery 0.75 * 0.5 + 0.25 = 0.625, and the maker has no more than that
    assert left[:, 0] == pytest.approx([0.5, 1, 0.625, 0.625])
    # mine 1 at 0.2: refinery 0.75 + 0.25 * 0.2 = 0.8, but the maker needs mine 1 itself
    assert left[:, 1] == pytest.approx([1, 0.2, 0.8, 0.2])
    assert left[:, 2] == pytest.approx([1, 1, 1, 0.3])  # nothing flows upstream


@pytest.mark.parametrize("method", METHODS)
def test_a_recycling_loop_amplifies_a_shock_by_its_gain(loop, method):
    left = frozen(loop, np.array([[0.5], [1.0], [1.0]]), method=method)
    # loss of the maker: x = 0.8 * 0.5 + 0.2 x, so x = 0.5
    assert left[:, 0] == pytest.approx([0.5, 0.5, 0.5], abs=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_without_shock_everything_runs_exactly(loop, method):
    assert (frozen(loop, np.ones((3, 2)), method=method) == 1.0).all()


@pytest.mark.parametrize("method", METHODS)
def test_two_that_only_feed_each_other_fall_together(method):
    closed = recipes_from([[(1, 1.0)], [(0, 1.0)]], [[0], [1]])
    left = frozen(closed, np.array([[0.4, 1.0], [1.0, 1.0]]), method=method)
    assert left == pytest.approx(np.array([[0.4, 1.0], [0.4, 1.0]]))


@pytest.mark.parametrize("method", METHODS)
def test_a_closed_loop_that_settles_slowly_still_settles(method):
    # q and r live on p; p takes half of each. q at 0.2: r = p and p = (0.2 + p) / 2, so p = 0.2.
    closed = recipes_from([[(1, 0.5), (2, 0.5)], [(0, 1.0)], [(0, 1.0)]], [[0], [1], [2]])
    left = frozen(closed, np.array([[1.0], [0.2], [1.0]]), method=method)
    assert left == pytest.approx(np.full((3, 1), 0.2), abs=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_a_closed_loop_whose_shares_add_up_to_a_hair_above_one_still_settles(method):
    # p lives on itself with 1/3 + 2/3 + 1e-15: shut by half, it would creep up by the last digit for ever
    rounded = recipes_from([[(0, 1 / 3), (0, 2 / 3 + 1e-15)]], [[0]])
    assert sum(rounded.edge_share) > 1
    left = frozen(rounded, np.array([[0.5, 0.0]]), method=method)
    assert left == pytest.approx(np.array([[0.5, 0.0]]), abs=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_the_true_error_of_a_slow_loop_is_below_tol(method):
    # x = 0.01 * 0.5 + 0.99 x: x = 0.5; a change of 1e-6 would still be an error of 1e-4
    slow = recipes_from([[(0, 0.01), (1, 0.99)]], [[], [0]])
    left = frozen(slow, np.array([[0.5], [1.0]]), tol=1e-6, method=method)
    assert abs(left[1, 0] - 0.5) <= 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_too_few_rounds_raise_rather_than_return_almost(method):
    slow = recipes_from([[(0, 0.01), (1, 0.99)]], [[], [0]])
    with pytest.raises(ConvergenceError, match="rounds"):
        frozen(slow, np.array([[0.5], [1.0]]), max_rounds=5, method=method)
    with pytest.raises(ConvergenceError, match="rounds"):
        frozen_loss(slow, np.array([0, 1]), np.array([0]), np.array([0.5]), np.ones(2), max_rounds=5, method=method)


def test_a_chain_longer_than_the_array_rounds_goes_to_the_compiled_path():
    length = 300
    long = recipes_from([[(k, 1.0)] for k in range(length - 1)], [[], *[[k] for k in range(length - 1)]])
    limit = np.ones((length, 1))
    limit[0] = 0.25
    assert frozen(long, limit) == pytest.approx(np.full((length, 1), 0.25))
    first = np.array([0, 1]), np.array([0]), np.array([0.75])
    assert frozen_loss(long, *first, np.ones(length)) == pytest.approx([0.75 * length])


@pytest.mark.parametrize("method", METHODS)
def test_nothing_in_gives_nothing_out(method):
    empty = recipes_from([], [])
    assert frozen(empty, np.ones((0, 3)), method=method).shape == (0, 3)
    alone = recipes_from([], [[]])
    assert frozen(alone, np.array([[0.3]]), method=method) == pytest.approx(0.3)
    assert frozen(alone, np.ones((1, 0)), method=method).shape == (1, 0)
    none = np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
    assert frozen_loss(alone, *none, np.ones(1), method=method).shape == (0,)


@pytest.mark.parametrize("method", METHODS)
def test_a_slot_short_in_the_base_limits_its_reader_without_any_shock(method):
    short = recipes_from([[(0, 0.5)]], [[], [0]], base=[0.2])
    assert frozen(short, np.ones((2, 1)), method=method)[:, 0] == pytest.approx([1, 0.7])


@pytest.mark.parametrize("method", METHODS)
def test_a_cut_edge_counts_as_its_share_lost(chain, method):
    left = frozen(chain, np.ones((4, 1)), edge_limit=np.array([0.0, 1, 1, 1]), method=method)
    assert left[:, 0] == pytest.approx([1, 1, 0.25, 0.25])


@settings(max_examples=200, deadline=None)
@given(leaking_recipes())
def test_both_paths_equal_the_definition_said_slowly(drawn):
    recipes, limit = drawn
    slow = plain_loop(recipes, limit)
    for method in METHODS:
        assert frozen(recipes, limit, method=method) == pytest.approx(slow, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(leaking_recipes(), st.integers(0, 2**32 - 1))
def test_a_deeper_cut_leaves_no_one_with_more(drawn, seed):
    recipes, limit = drawn
    deeper = limit * np.random.default_rng(seed).random(limit.shape)
    for method in METHODS:
        gained = frozen(recipes, deeper, method=method) - frozen(recipes, limit, method=method)
        assert (gained <= 1e-9).all()


@settings(max_examples=100, deadline=None)
@given(leaking_recipes())
def test_the_streamed_loss_equals_the_loss_of_all_scenarios_at_once(drawn):
    recipes, limit = drawn
    n_processes = recipes.n_processes
    weight = np.arange(1.0, n_processes + 1)
    sets = np.arange(4) * n_processes, np.tile(np.arange(n_processes), 3), (1 - limit).T.ravel()
    whole = weight @ (1 - frozen(recipes, limit, method="arrays"))
    for method in METHODS:
        assert frozen_loss(recipes, *sets, weight, method=method) == pytest.approx(whole, abs=1e-8)


def test_the_deeper_of_two_cuts_counts_and_threads_change_nothing(loop):
    each = np.arange(0, 402, 2), np.tile([0, 0], 200), np.tile([0.5, 0.25], 200)
    one = frozen_loss(loop, *each, np.array([0.0, 2.0, 0.0]), method="compiled")
    two = frozen_loss(loop, *each, np.array([0.0, 2.0, 0.0]), method="compiled", n_threads=2)
    assert one == pytest.approx(np.ones(200))
    assert np.array_equal(one, two)


@settings(max_examples=100, deadline=None)
@given(leaking_recipes(), st.randoms(use_true_random=False))
def test_relabelling_processes_relabels_the_answer(drawn, random):
    recipes, limit = drawn
    new = list(range(recipes.n_processes))
    random.shuffle(new)
    new = np.array(new)
    old = np.argsort(new)
    slots = np.split(recipes.process_slot, recipes.process_indptr[1:-1])
    renamed = recipes._replace(
        edge_supplier=new[recipes.edge_supplier],
        process_indptr=np.cumsum([0, *(len(slots[k]) for k in old)]),
        process_slot=np.concatenate([slots[k] for k in old]),
    )
    for method in METHODS:
        expected = frozen(recipes, limit, method=method)
        assert frozen(renamed, limit[old], method=method)[new] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(leaking_recipes())
def test_splitting_every_edge_in_two_halves_changes_nothing(drawn):
    recipes, limit = drawn
    halves = recipes._replace(
        slot_indptr=recipes.slot_indptr * 2,
        edge_supplier=np.repeat(recipes.edge_supplier, 2),
        edge_share=np.repeat(recipes.edge_share / 2, 2),
    )
    for method in METHODS:
        expected = frozen(recipes, limit, method=method)
        assert frozen(halves, limit, method=method) == pytest.approx(expected, abs=1e-9)
