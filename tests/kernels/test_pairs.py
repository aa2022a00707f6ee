"""Bounds on pairs against the cascade itself, on random chains with loops."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.kernels.cascade import Recipes, frozen
from graphmodel.kernels.pairs import pair_bounds


def drawn(seed):
    """Draw four to nine processes, each of none to three slots of one to three suppliers; loops leak by a fifth."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 10))
    slots = [[rng.integers(0, n, rng.integers(1, 4)) for _ in range(rng.integers(0, 4))] for _ in range(n)]
    flat = [suppliers for of_process in slots for suppliers in of_process]
    shares = [0.8 * rng.dirichlet(np.ones(len(suppliers))) for suppliers in flat]
    recipes = Recipes(
        slot_indptr=np.cumsum([0, *map(len, flat)]),
        edge_supplier=np.concatenate([np.zeros(0, np.int64), *flat]),
        edge_share=np.concatenate([np.zeros(0), *shares]),
        slot_base=np.full(len(flat), 0.2),
        process_indptr=np.cumsum([0, *map(len, slots)]),
        process_slot=np.arange(len(flat)),
    )
    return recipes, rng.random(n)


def lost(recipes, *cut):
    """Share each process loses when some are cut."""
    limit = np.ones((recipes.n_processes, 1))
    limit[list(cut)] = 0.0
    return 1.0 - frozen(recipes, limit)[:, 0]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6))
def test_what_two_lose_lies_between_the_bounds_and_the_largest_are_among_those_kept(seed, top):
    recipes, weight = drawn(seed)
    n = recipes.n_processes
    alone = np.array([lost(recipes, cut) for cut in range(n)])
    joint = {pair: float(weight @ lost(recipes, *pair)) for pair in combinations(range(n), 2)}
    bounds = pair_bounds(alone, weight)
    assert list(zip(bounds.first.tolist(), bounds.second.tolist(), strict=True)) == list(joint)
    assert (bounds.lower - 1e-8 <= list(joint.values())).all()
    assert (list(joint.values()) <= bounds.upper + 1e-8).all()
    few = pair_bounds(alone, weight, top=top)
    kept = set(zip(few.first.tolist(), few.second.tolist(), strict=True))
    least = sorted(joint.values(), reverse=True)[: min(top, len(joint))][-1]
    assert {pair for pair, loss in joint.items() if loss > least + 1e-8} <= kept
