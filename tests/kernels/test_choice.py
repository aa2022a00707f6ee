"""The best set by planes: against every set, and against the programme of all sets written out."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, linprog, milp

from graphmodel.errors import InfeasibleError
from graphmodel.kernels.choice import Rows, Search

MANY = settings(max_examples=60, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def every(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(float)


def drawn_losses(seed, n, n_losses):
    """Losses max(0, 1 - least of what mines and what refineries give), each a small linear programme's value."""
    rng = np.random.default_rng(seed)
    ore, metal = (rng.random((n_losses, n)) * rng.integers(0, 2, (n_losses, n)) for _ in range(2))

    def losses(z):
        served = np.minimum(np.minimum(ore @ z, metal @ z), 1.0)
        slope = np.zeros((n_losses, n))
        for w in range(n_losses):
            if served[w] < 1.0:
                slope[w] = -(ore[w] if ore[w] @ z <= metal[w] @ z else metal[w])
        return 1.0 - served, slope

    return losses, ore, metal


def rules(seed, n):
    rng = np.random.default_rng(seed)
    return Rows(rng.integers(0, 4, (2, n)).astype(float), rng.integers(0, 7, 2).astype(float), np.zeros(n), np.ones(n))


@MANY
@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 4), st.booleans())
def test_the_set_found_is_the_best_of_all(seed, n, n_losses, worst):
    losses, _, _ = drawn_losses(seed, n, n_losses)
    rows = rules(seed + 1, n)
    found = Search(losses, n).best(rows, worst=worst)
    sets = every(n)
    sets = sets[(sets @ rows.matrix.T <= rows.most).all(axis=1)]
    values = [(np.max if worst else np.mean)(losses(one)[0]) for one in sets]
    assert found.value == pytest.approx(min(values), abs=1e-6)
    assert found.bound <= min(values) + 1e-6
    assert found.bound == pytest.approx(found.value, abs=1e-6)


@MANY
@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 4))
def test_it_solves_the_programme_with_all_losses_written_out(seed, n, n_losses):
    # min mean(1 - y_w), y_w <= 1, y_w <= ore_w z, y_w <= metal_w z, z binary under the rules
    losses, ore, metal = drawn_losses(seed, n, n_losses)
    rows = rules(seed + 1, n)
    eye = np.eye(n_losses)
    matrix = np.vstack(
        [np.hstack([-ore, eye]), np.hstack([-metal, eye]), np.hstack([rows.matrix, np.zeros((2, n_losses))])]
    )
    most = np.concatenate([np.zeros(2 * n_losses), rows.most])
    whole = np.concatenate([np.ones(n), np.zeros(n_losses)])
    reward = np.concatenate([np.zeros(n), np.full(n_losses, -1 / n_losses)])
    written = milp(reward, constraints=LinearConstraint(matrix, -np.inf, most), bounds=(0, 1), integrality=whole)
    assert Search(losses, n).best(rows).value == pytest.approx(1 + written.fun, abs=1e-6)
    loose = linprog(reward, matrix, most, bounds=(0, 1))
    assert Search(losses, n).best(rows).bound >= 1 + loose.fun - 1e-6  # no looser than without whole numbers


def test_a_mine_and_the_refinery_it_needs_are_chosen_together():
    # alone neither serves anything; a third member serves 0.3
    def losses(z):
        pair = z[0] <= z[1]
        slope = [-0.8, 0.0, -0.3] if pair else [0.0, -0.8, -0.3]
        return np.array([1 - 0.8 * min(z[0], z[1]) - 0.3 * z[2]]).clip(0), np.array([slope])

    two = Rows(np.ones((1, 3)), np.array([2.0]), np.zeros(3), np.ones(3))
    found = Search(losses, 3).best(two)
    assert found.chosen.tolist() == [True, True, False]
    assert found.value == pytest.approx(0.2)


def test_who_must_be_in_is_in_and_who_may_not_is_out():
    losses, _, _ = drawn_losses(3, 4, 2)
    rows = Rows(np.zeros((0, 4)), np.zeros(0), np.array([1.0, 0, 0, 0]), np.array([1.0, 0, 1, 1]))
    chosen = Search(losses, 4).best(rows).chosen
    assert chosen[0]
    assert not chosen[1]


def test_rules_nobody_can_keep_are_refused():
    losses, _, _ = drawn_losses(3, 4, 2)
    with pytest.raises(InfeasibleError, match="no set is allowed"):
        Search(losses, 4).best(Rows(np.ones((1, 4)), np.array([1.0]), np.ones(4), np.ones(4)))


def test_without_time_the_best_seen_comes_back_with_a_bound():
    losses, _, _ = drawn_losses(5, 6, 3)
    rows = Rows(np.ones((1, 6)), np.array([2.0]), np.zeros(6), np.ones(6))
    search = Search(losses, 6)
    search.value(np.eye(6)[2])
    found = search.best(rows, seconds=1e-9)
    assert found.value == pytest.approx(losses(found.chosen.astype(float))[0].mean())
    assert found.bound <= found.value
