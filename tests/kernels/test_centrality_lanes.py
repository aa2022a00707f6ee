"""Path measures and walks, compiled and by arrays: by hand, against networkx or dense algebra, and their laws."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import ConvergenceError
from graphmodel.kernels import centrality as flows
from graphmodel.kernels import centrality_lanes as lanes
from graphmodel.kernels import centrality_paths as paths
from tests.kernels.drawn import networks

WAYS = ("arrays", "compiled")


@st.composite
def wide(draw):
    """Draw networks of more nodes than a word has bits: loops, self-loops, parallel edges, lone nodes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(60, 150))
    n_edges = draw(st.integers(0, 5 * n))
    return n, rng.integers(0, n, n_edges), rng.integers(0, max(1, n - 10), n_edges)


def simple(n, source, target):
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from((a, b) for a, b in zip(source.tolist(), target.tolist(), strict=True) if a != b)
    return graph


def in_order(scores):
    return [scores[node] for node in sorted(scores)]


def ladder(n_rungs):
    """Return diamonds in a row: each doubles the number of shortest paths."""
    left = 3 * np.arange(n_rungs)
    source = np.concatenate([left, left, left + 1, left + 2])
    target = np.concatenate([left + 1, left + 2, left + 3, left + 3])
    return 3 * n_rungs + 1, source, target


@pytest.mark.parametrize("way", WAYS)
def test_the_only_way_through_is_crossed_by_every_path(way):
    # 0 and 1 sell to 2 (twice, one path), 2 to 3 and 4, 4 to itself and back to 2; pairs through 2: {0, 1} x {3, 4}, 4 -> 3
    star = 5, np.array([0, 0, 1, 2, 2, 4, 4]), np.array([2, 2, 2, 3, 4, 4, 2])
    assert paths.betweenness(*star, method=way).tolist() == [0, 0, 5, 0, 0]
    # from the mines to 3 alone: 0 -> 3 and 1 -> 3
    ends = np.array([0, 1]), np.array([3])
    assert paths.betweenness_to_demand(*star, *ends, method=way).tolist() == [0, 0, 2, 0, 0]


@pytest.mark.parametrize("way", WAYS)
def test_two_equally_short_ways_share_the_path(way):
    # 0 -> 1 | 2 -> 3 -> 4: of the pairs 0-3 and 0-4 each way takes half; 3 lies on 0-4, 1-4, 2-4
    assert paths.betweenness(5, *ends_of("01 02 13 23 34"), method=way).tolist() == [0, 1, 1, 3, 0]


def ends_of(pairs):
    return tuple(np.array([int(pair[end]) for pair in pairs.split()]) for end in (0, 1))


@pytest.mark.parametrize("way", WAYS)
def test_no_nodes_one_node_and_no_links_have_answers(way):
    nothing = np.zeros(0, dtype=np.int64)
    for n in (0, 1, 3, 70):
        assert paths.betweenness(n, nothing, nothing, method=way).tolist() == [0] * n
        assert paths.closeness_to_demand(n, nothing, nothing, np.ones(n), method=way).tolist() == [0] * n
        assert (
            paths.betweenness_to_demand(n, nothing, nothing, np.arange(n), np.arange(n), method=way).tolist() == [0] * n
        )
        assert flows.total_requirements(n, nothing, nothing, np.zeros(0), method=way).tolist() == [1] * n
        assert flows.page_rank(n, nothing, nothing, np.zeros(0), method=way) == pytest.approx(np.full(n, 1 / max(n, 1)))
    loop = np.zeros(1, dtype=np.int64)
    assert paths.betweenness(1, loop, loop, method=way).tolist() == [0]
    assert flows.page_rank(1, loop, loop, np.ones(1), method=way).tolist() == [1]


@settings(max_examples=200, deadline=None)
@given(networks())
def test_paths_on_small_networks_are_those_networkx_finds(network):
    check_paths(network)


@settings(max_examples=12, deadline=None)
@given(wide())
def test_paths_on_networks_wider_than_a_word_are_those_networkx_finds(network):
    check_paths(network)


def check_paths(network):
    n = network[0]
    graph = simple(*network)
    origins, wanted = np.arange(0, n, 2), np.arange(0, n, 3)
    every = in_order(nx.betweenness_centrality(graph, normalized=False))
    some = in_order(nx.betweenness_centrality_subset(graph, origins.tolist(), wanted.tolist()))
    assert paths.betweenness(*network, method="compiled") == pytest.approx(every, rel=1e-9, abs=1e-9)
    found = paths.betweenness_to_demand(*network, origins, wanted, method="compiled")
    assert found == pytest.approx(some, rel=1e-9, abs=1e-9)
    demand = np.where(np.arange(n) % 3 == 0, 0.0, np.arange(n) + 0.5)
    steps = dict(nx.all_pairs_shortest_path_length(graph))
    near = [sum(demand[d] / s for d, s in steps[v].items() if s > 0) for v in range(n)]
    mean = [near[v] / (demand.sum() - demand[v]) if demand.sum() > demand[v] else 0.0 for v in range(n)]
    for way in WAYS:
        assert paths.closeness_to_demand(*network, demand, method=way) == pytest.approx(mean, rel=1e-9, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(networks(max_nodes=14))
def test_cores_are_those_networkx_finds(network):
    cores = in_order(nx.core_number(simple(*network).to_undirected()))
    for way in WAYS:
        assert paths.core_number(*network, method=way).tolist() == cores


@pytest.mark.parametrize("way", WAYS)
def test_a_triangle_with_a_tail_has_a_core_of_two(way):
    assert paths.core_number(5, *ends_of("01 12 20 23 32 33"), method=way).tolist() == [2, 2, 2, 1, 0]


@settings(max_examples=8, deadline=None)
@given(network=wide(), random=st.randoms(use_true_random=False))
def test_names_and_the_number_of_threads_do_not_matter(network, random):
    n, source, target = network
    new = list(range(n))
    random.shuffle(new)
    new = np.array(new)
    demand = np.arange(n, dtype=float)
    moved = np.empty(n)
    moved[new] = demand
    for measure, options in ((paths.betweenness, ()), (paths.closeness_to_demand, (demand,))):
        score = measure(n, source, target, *options, method="compiled")
        again = measure(n, source, target, *options, method="compiled", n_threads=2)
        assert again.tobytes() == score.tobytes()
        renamed = measure(n, new[source], new[target], *((moved,) if options else ()), method="compiled")
        assert renamed[new] == pytest.approx(score, rel=1e-12, abs=1e-12)


@settings(max_examples=10, deadline=None)
@given(wide())
def test_what_lies_between_all_pairs_is_the_sum_of_their_inner_steps(network):
    # every shortest path of d steps crosses d - 1 nodes
    steps = dict(nx.all_pairs_shortest_path_length(simple(*network)))
    inner = sum(d - 1 for reached in steps.values() for d in reached.values() if d > 0)
    assert paths.betweenness(*network, method="compiled").sum() == pytest.approx(inner)


def test_counts_beyond_the_largest_double_are_carried_as_logarithms():
    # 1100 diamonds: 2^1100 shortest paths. From node 0, half of what lies beyond a diamond crosses each of its middle
    # nodes; from node 1, itself in the middle of the first, half of what lies beyond every later one.
    n_rungs = 1100
    n, source, target = ladder(n_rungs)
    outward, inward = lanes.links(n, source, target), lanes.links(n, target, source)
    found = lanes.paths_through(outward, inward, np.arange(2, dtype=np.uint32), np.ones(n))
    beyond = n - 3.0 * np.arange(1, n_rungs + 1)
    beyond[0] /= 2
    assert found[2::3] == pytest.approx(beyond, rel=1e-9)


def test_counts_below_the_largest_double_agree_with_logarithms():
    n, source, target = ladder(40)
    outward, inward = lanes.links(n, source, target), lanes.links(n, target, source)
    sources = np.arange(n, dtype=np.uint32)[:30]
    score = lanes.paths_through(outward, inward, sources, np.ones(n))
    assert lanes._carefully(outward, sources, np.ones(n)) == pytest.approx(score, rel=1e-11)


def test_a_long_thin_chain_is_left_to_the_library(monkeypatch):
    # In a chain every node is found at a different step from every source: a word holds one source at a time.
    n = 200
    chain = n, np.arange(n - 1), np.arange(1, n)
    assert lanes.sharing(lanes.links(*chain), np.arange(n, dtype=np.uint32)) < paths.LEAST_SHARED
    monkeypatch.setattr(paths, "LIBRARY_UP_TO", 10)
    before = np.arange(n)
    # a node with k before it and n - 1 - k behind it lies between k (n - 1 - k) pairs
    assert paths.betweenness(*chain).tolist() == (before * (n - 1 - before)).tolist()


def test_links_are_sorted_and_each_is_there_once():
    found = lanes.links(4, np.array([2, 0, 2, 1, 2, 3]), np.array([3, 1, 0, 1, 3, 0]))
    assert found.first.tolist() == [0, 1, 1, 3, 4]
    assert found.neighbour.tolist() == [1, 0, 3, 0]


@settings(max_examples=200, deadline=None)
@given(networks(min_nodes=1), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5, 0.85, 0.99]))
def test_swept_ranks_equal_dense_algebra(network, seed, damping):
    n, source, target = network
    weight = np.random.default_rng(seed).lognormal(0, 1, len(source))
    walk = np.zeros((n, n))
    np.add.at(walk, (source, target), weight)
    leaving = walk.sum(axis=1, keepdims=True)
    step = np.where(leaving > 0, walk / np.where(leaving > 0, leaving, 1), 1 / n)
    rank = np.linalg.solve(np.eye(n) - damping * step.T, np.full(n, (1 - damping) / n))
    found = flows.page_rank(n, source, target, weight, damping=damping, method="compiled")
    assert np.abs(found - rank).sum() < 2e-12


@settings(max_examples=200, deadline=None)
@given(networks(min_nodes=1), st.integers(0, 2**32 - 1))
def test_swept_requirements_equal_the_dense_inverse(network, seed):
    n, source, target = network
    # a node more that feeds everyone makes every loop leak
    source, target = np.concatenate([source, np.full(n, n)]), np.concatenate([target, np.arange(n)])
    weight = np.random.default_rng(seed).lognormal(0, 1, len(source))
    matrix = np.zeros((n + 1, n + 1))
    np.add.at(matrix, (source, target), weight)
    total = np.maximum(matrix.sum(axis=0), matrix.sum(axis=1))
    expected = np.linalg.inv(np.eye(n + 1) - matrix / np.where(total > 0, total, 1)).sum(axis=0)
    for way in WAYS:
        found = flows.total_requirements(n + 1, source, target, weight, method=way)
        assert found == pytest.approx(expected, rel=1e-10)


def test_a_loop_that_hardly_leaks_is_factorised_in_the_end():
    # 0 and 1 feed each other and take one part in 10^5 from 2: x0 = 1 + x1, x1 = 1 + (1 - e) x0 + e, so x0 = 2 / e + 1
    leak = 1e-5
    slow = 3, np.array([0, 1, 2]), np.array([1, 0, 1]), np.array([1.0 - leak, 1.0, leak])
    for way in WAYS:
        assert flows.total_requirements(*slow, method=way)[0] == pytest.approx(2 / leak + 1, rel=1e-9)
    with pytest.raises(ConvergenceError, match="feeds only on itself"):
        flows.total_requirements(2, np.array([0, 1]), np.array([1, 0]), np.ones(2), method="compiled")


@settings(max_examples=30, deadline=None)
@given(network=wide(), random=st.randoms(use_true_random=False))
def test_names_do_not_matter_to_walks(network, random):
    n, source, target = network
    weight = 1.0 + np.arange(len(source)) % 7
    new = list(range(n))
    random.shuffle(new)
    new = np.array(new)
    rank = flows.page_rank(n, source, target, weight, method="compiled")
    assert flows.page_rank(n, new[source], new[target], weight, method="compiled")[new] == pytest.approx(
        rank, abs=2e-12
    )
    assert flows.page_rank(n, source, target, weight, method="arrays") == pytest.approx(rank, abs=2e-12)
