"""Reachability: by hand, against networkx and plain removal, and its laws."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.kernels import paths
from graphmodel.kernels.cascade import Recipes, frozen_loss
from graphmodel.kernels.paths import dominator_tree, reach_loss, reach_loss_groups, reachable
from tests.kernels.drawn import networks


def some_origins(n):
    return np.arange(0, n, 3)


def as_networkx(n, source, target):
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    return graph


def reached_by_search(n, source, target, origins, removed=()):
    graph = as_networkx(n, source, target)
    graph.remove_nodes_from(removed)
    starts = [node for node in origins.tolist() if node in graph]
    return set(starts).union(*(nx.descendants(graph, node) for node in starts))


@pytest.fixture(params=["plain", "compiled"])
def either_way(request, monkeypatch):
    """Run a by-hand test with the loop as it is and compiled."""
    monkeypatch.setattr(paths, "LOOP_UP_TO", 10**9 if request.param == "plain" else -1)


@pytest.fixture
def diamond():
    """Mines 0 and 1; refinery 2 serves 3 and 4; 5 buys from 3 and 4; 6 buys from 5 and from mine 1."""
    source = np.array([0, 1, 2, 2, 3, 4, 5, 1])
    target = np.array([2, 2, 3, 4, 5, 5, 6, 6])
    return 7, source, target, np.array([0, 1])


@pytest.mark.usefixtures("either_way")
def test_the_only_refinery_dominates_everything_behind_it(diamond):
    # 5 has two ways from 2, so its last unavoidable node is 2; 6 has a way round it
    assert dominator_tree(*diamond).tolist() == [-1, -1, -1, 2, 2, 2, -1]


@pytest.mark.usefixtures("either_way")
def test_removing_the_only_refinery_loses_all_behind_it(diamond):
    demand = np.array([0, 0, 0, 1, 2, 4, 8], dtype=float)
    # 2 cuts off 3, 4 and 5: 1 + 2 + 4; the others lose their own demand only
    assert reach_loss(*diamond, demand).tolist() == [0, 0, 7, 1, 2, 4, 8]


@pytest.mark.usefixtures("either_way")
def test_groups_cut_off_what_their_members_only_jointly_hold_up(diamond):
    demand = np.array([0, 0, 0, 1, 2, 4, 8], dtype=float)
    groups = [[], [0], [0, 1], [3, 4], [2, 1]]
    indptr = np.cumsum([0, *map(len, groups)])
    members = np.array([node for group in groups for node in group])
    # both mines: everything, 15; 3 and 4: their own 3 and the 4 of node 5; 2 and 1: all of 15
    assert reach_loss_groups(*diamond, demand, indptr, members).tolist() == [0, 0, 15, 7, 15]


@pytest.mark.usefixtures("either_way")
def test_an_origin_with_another_way_in_is_still_its_own_removal():
    # 0 -> 1 -> 2, both 0 and 1 are origins: removing 1 cuts off 1 and 2, removing 0 only itself
    loss = reach_loss(3, np.array([0, 1]), np.array([1, 2]), np.array([0, 1]), np.ones(3))
    assert loss.tolist() == [1, 2, 1]


@pytest.mark.usefixtures("either_way")
def test_demand_that_nobody_reached_before_is_not_lost():
    loss = reach_loss(3, np.array([1]), np.array([2]), np.array([0]), np.ones(3))
    assert loss.tolist() == [1, 0, 0]
    assert dominator_tree(3, np.array([1]), np.array([2]), np.array([0])).tolist() == [-1, -2, -2]


@pytest.mark.usefixtures("either_way")
def test_no_nodes_no_origins_and_one_node_have_answers():
    nothing = np.zeros(0, dtype=np.int64)
    assert reach_loss(0, nothing, nothing, nothing, np.zeros(0)).shape == (0,)
    assert dominator_tree(0, nothing, nothing, nothing).shape == (0,)
    assert reachable(2, nothing, nothing, nothing).tolist() == [False, False]
    assert reach_loss(2, nothing, nothing, nothing, np.ones(2)).tolist() == [0, 0]
    assert reach_loss(1, np.zeros(1, int), np.zeros(1, int), np.zeros(1, int), np.ones(1)).tolist() == [1]
    assert reach_loss_groups(1, nothing, nothing, nothing, np.ones(1), np.zeros(1, int), nothing).shape == (0,)


def test_a_dead_origin_reaches_nothing():
    alive = np.array([False, True, True])
    assert reachable(3, np.array([0]), np.array([1]), np.array([0, 2]), alive).tolist() == [
        False,
        False,
        True,
    ]


@settings(max_examples=200, deadline=None)
@given(networks(), st.integers(0, 2**32 - 1))
def test_reachable_equals_a_search(network, seed):
    n, *_ = network
    alive = np.random.default_rng(seed).random(n) < 0.8
    found = reachable(*network, some_origins(n), alive)
    assert set(np.flatnonzero(found)) == reached_by_search(*network, some_origins(n), np.flatnonzero(~alive))


@settings(max_examples=200, deadline=None)
@given(networks())
def test_the_dominator_tree_equals_networkx(network):
    n, *_ = network
    graph = as_networkx(*network)
    graph.add_edges_from((n, origin) for origin in some_origins(n).tolist())
    graph.add_node(n)
    oracle = nx.immediate_dominators(nx.DiGraph(graph), n)
    expected = [oracle.get(node, -2) for node in range(n)]
    assert dominator_tree(*network, some_origins(n)).tolist() == [-1 if d == n else d for d in expected]


@settings(max_examples=200, deadline=None)
@given(networks())
def test_reach_loss_equals_removing_each_node_and_searching(network):
    n, *_ = network
    origins = some_origins(n)
    demand = 2.0 ** np.arange(n)
    base = reached_by_search(*network, origins)
    expected = [demand[list(base - reached_by_search(*network, origins, [v]))].sum() for v in range(n)]
    assert reach_loss(*network, origins, demand).tolist() == expected


@settings(max_examples=200, deadline=None)
@given(networks(min_nodes=1), st.integers(0, 2**32 - 1))
def test_group_loss_equals_removing_each_group_and_searching(network, seed):
    n, *_ = network
    rng = np.random.default_rng(seed)
    groups = [rng.choice(n, rng.integers(0, n + 1), replace=False) for _ in range(70)]  # more than one word
    origins, demand = some_origins(n), 2.0 ** np.arange(n)
    base = reached_by_search(*network, origins)
    expected = [demand[list(base - reached_by_search(*network, origins, group))].sum() for group in groups]
    indptr = np.cumsum([0, *map(len, groups)])
    loss = reach_loss_groups(*network, origins, demand, indptr, np.concatenate(groups))
    assert loss.tolist() == expected


@settings(max_examples=100, deadline=None)
@given(networks(), st.randoms(use_true_random=False))
def test_relabelling_nodes_relabels_the_loss(network, random):
    n, source, target = network
    new = list(range(n))
    random.shuffle(new)
    new = np.array(new, dtype=np.int64)
    demand, origins = 2.0 ** np.arange(n), some_origins(n)
    renamed = np.empty(n)
    renamed[new] = demand
    loss = reach_loss(n, new[source], new[target], new[origins], renamed)
    assert loss[new].tolist() == reach_loss(*network, origins, demand).tolist()


@settings(max_examples=100, deadline=None)
@given(networks(min_nodes=1))
def test_losing_the_way_loses_no_more_than_frozen_shares(network):
    n, source, target = network
    origins = some_origins(n)
    # every process one slot, equal shares, origins none; only nodes that trace back to an origin are kept
    kept = reachable(*network, origins)
    inside = kept[source] & kept[target] & ~np.isin(target, origins)
    source, target = source[inside], target[inside]
    order = np.argsort(target, kind="stable")
    fed, count = np.unique(target, return_counts=True)
    recipes = Recipes(
        slot_indptr=np.cumsum([0, *count]),
        edge_supplier=source[order],
        edge_share=np.repeat(1 / count, count),
        slot_base=np.zeros(len(fed)),
        process_indptr=np.searchsorted(fed, np.arange(n + 1)),
        process_slot=np.arange(len(fed)),
    )
    demand = kept.astype(float)
    ends = np.arange(n + 1), np.arange(n), np.ones(n)
    loss = reach_loss(n, source, target, origins, demand)
    assert (loss <= frozen_loss(recipes, *ends, demand) + 1e-8).all()


def test_a_long_chain_costs_in_proportion_to_its_length():
    # the answer is the number of nodes behind each; path compression must not overflow or crawl
    n = 50_000
    nodes = np.arange(n)
    loss = reach_loss(n, nodes[:-1], nodes[1:], nodes[:1], np.ones(n))
    assert np.array_equal(loss, n - nodes)
