"""Look-through against a dense inverse and programmes in another form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from graphmodel.kernels.look_through import closed_loops, mix, touch, touch_bounds

MANY = settings(max_examples=200, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@st.composite
def flows(draw):
    """Up to eight nodes with loops, parallel edges, self-loops and empty edges; the last one uses something."""
    n = draw(st.integers(2, 8))
    ends = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1, max_size=18))
    source, target = np.array(ends).T
    quantity = np.array(draw(st.lists(st.integers(0, 9), min_size=len(ends), max_size=len(ends))), dtype=float)
    wanted = np.zeros(n)
    wanted[-1] = draw(st.integers(1, 9))
    group = np.unique(draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=3)))
    return mix(source, target, quantity, wanted), group


def dense(found, group):
    """Chance to have met the group, by a dense inverse of walks that end there."""
    n = found.n_nodes
    share = np.zeros((n, n))
    np.add.at(share, (found.target, found.source), found.share)
    outside = np.setdiff1d(np.arange(n), group)
    inner = np.eye(len(outside)) - share[np.ix_(outside, outside)]
    met = np.ones(n)
    if len(outside):
        met[outside] = np.linalg.lstsq(inner, share[np.ix_(outside, group)].sum(axis=1), rcond=None)[0]
    return met


@MANY
@given(flows())
def test_shares_are_those_of_a_dense_inverse(drawn):
    found, group = drawn
    user = np.array([found.n_nodes - 1])
    if len(closed_loops(found, user)):
        return
    share = touch(found, np.array([0, len(group)]), group, user)[0, 0]
    # nodes that the user does not reach back to may stand in closed loops, and do not matter
    before = reached_back(found, user[0])
    assert share == pytest.approx(restricted(found, group, before), abs=1e-9)


def reached_back(found, user):
    before, edge = {user}, True
    while edge:
        more = {int(a) for a, b in zip(found.source, found.target, strict=True) if b in before} - before
        before, edge = before | more, bool(more)
    return np.array(sorted(before))


def restricted(found, group, before):
    inside = np.isin(found.target, before)
    place = {int(v): row for row, v in enumerate(before)}
    part = found._replace(
        source=np.array([place[int(v)] for v in found.source[inside]], dtype=np.int64),
        target=np.array([place[int(v)] for v in found.target[inside]], dtype=np.int64),
        quantity=found.quantity[inside], total=found.total[before], start=found.start[before],
    )  # fmt: skip
    chosen = np.array([place[int(v)] for v in group if int(v) in place], dtype=np.int64)
    return dense(part, chosen)[place[found.n_nodes - 1]] if len(chosen) else 0.0


def by_programme(found, group, user):
    """Least and largest share from equations of balance: flow that has not met the group, and flow that has."""
    n, edges = found.n_nodes, len(found.source)
    inside = np.isin(np.arange(n), group)
    # columns: not met (E), met (E), starts (n), ends not met, ends met
    columns = 2 * edges + n + 2
    rows, right = [], []
    for v in range(n):
        fresh, met = np.zeros(columns), np.zeros(columns)
        into, out = found.target == v, found.source == v
        fresh[:edges] += into
        met[edges : 2 * edges] += into
        fresh[2 * edges + v] = 1
        if v == user:
            fresh[-2] -= 1
            met[-1] -= 1
        if inside[v]:  # whatever arrives, leaves met
            met += fresh
            met[edges : 2 * edges] -= out
            fresh = np.zeros(columns)
            fresh[:edges] = out  # nothing leaves unmet
        else:
            fresh[:edges] -= out
            met[edges : 2 * edges] -= out
        rows += [fresh, met]
        right += [0.0, 0.0]
    equal, level = np.array(rows), np.array(right)
    both = np.zeros((edges + n, columns))
    both[np.arange(edges), np.arange(edges)] = both[np.arange(edges), edges + np.arange(edges)] = 1
    both[edges + np.arange(n), 2 * edges + np.arange(n)] = 1
    most = np.concatenate([found.quantity, found.start])
    whole = found.total[user]
    ends = np.zeros((1, columns))
    ends[0, -2:] = 1
    aim = np.zeros(columns)
    aim[-1] = 1
    solved = [
        linprog(sign * aim, A_ub=both, b_ub=most, A_eq=np.vstack([equal, ends]), b_eq=np.append(level, whole))
        for sign in (1, -1)
    ]
    return solved[0].fun / whole, -solved[1].fun / whole


@MANY
@given(flows())
def test_bounds_are_those_of_a_programme_in_another_form(drawn):
    found, group = drawn
    user = found.n_nodes - 1
    if len(closed_loops(found, np.array([user]))) or user in group or (found.source == user).any():
        return
    low, high = touch_bounds(found, np.array([0, len(group)]), group, np.array([user]))
    share = touch(found, np.array([0, len(group)]), group, np.array([user]))[0, 0]
    least, most = by_programme(found, group, user)
    assert low[0] == pytest.approx(least, abs=1e-6)
    assert high[0] == pytest.approx(most, abs=1e-6)
    assert low[0] - 1e-9 <= share <= high[0] + 1e-9


def test_no_groups_and_users_of_nothing_have_no_bounds():
    found = mix(np.array([0]), np.array([1]), np.array([1.0]), np.array([0.0, 1.0, 0.0]))
    none = np.zeros(0, dtype=np.int64)
    low, high = touch_bounds(found, np.zeros(1, dtype=np.int64), none, np.array([1]))
    assert len(low) == len(high) == 0
    low, high = touch_bounds(found, np.array([0, 1]), np.array([0]), np.array([2]))
    assert np.isnan(low[0])
    assert np.isnan(high[0])


def test_a_group_beside_the_routes_is_met_by_nothing():
    found = mix(np.array([0, 2]), np.array([1, 3]), np.array([1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    for groups in ((np.array([0, 1, 2]), np.array([2, 0])), (np.array([0, 1, 1, 2]), np.array([2, 0]))):
        low, high = touch_bounds(found, *groups, np.array([1]))
        assert low.tolist()[-1] == high.tolist()[-1] == 1
        assert set(low.tolist()[:-1]) == set(high.tolist()[:-1]) == {0}
