"""Centralities: by hand, against networkx or dense algebra, and their laws."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import ConvergenceError
from graphmodel.kernels import centrality as flows
from graphmodel.kernels import centrality_paths as paths
from tests.kernels.drawn import networks

MEASURES = {
    "in": lambda *g: flows.strength(*g, side="in"),
    "out": lambda *g: flows.strength(*g, side="out"),
    "throughput": flows.throughput,
    "largest_dependence": flows.largest_dependence,
    "trophic_level": flows.trophic_level,
    "page_rank": flows.page_rank,
    "reversed_page_rank": lambda *g: flows.page_rank(*g, against_flow=True),
    "betweenness_by_flow": paths.betweenness_by_flow,
    "constraint": paths.constraint,
    "hub": lambda *g: paths.hubs_and_authorities(*g)[0],
    "authority": lambda *g: paths.hubs_and_authorities(*g)[1],
}
"""Measures of (n, source, target, weight), to which the laws apply."""


@st.composite
def weighted(draw, min_nodes=1):
    n, source, target = draw(networks(min_nodes=min_nodes))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return n, source, target, rng.lognormal(0, 1, len(source))


def merged(n, source, target, weight=None):
    """Merge parallel edges the slow way and drop self-loops."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    weight = np.ones(len(source)) if weight is None else weight
    for a, b, w in zip(source.tolist(), target.tolist(), weight.tolist(), strict=True):
        if a != b:
            before = graph.get_edge_data(a, b, {"weight": 0.0})["weight"]
            graph.add_edge(a, b, weight=before + w)
    for _, _, data in graph.edges(data=True):
        data["distance"] = 1 / data["weight"]
    return graph


def dense(n, source, target, weight, *, loops=True):
    matrix = np.zeros((n, n))
    for a, b, w in zip(source, target, weight, strict=True):
        if loops or a != b:
            matrix[a, b] += w
    return matrix


def in_order(scores):
    return [scores[node] for node in sorted(scores)]


@pytest.fixture
def chain():
    """Mine 0 sells 3 + 1 to refiner 1, who sells 2 to maker 2 and keeps 5 in a loop of its own."""
    return 3, np.array([0, 0, 1, 1]), np.array([1, 1, 2, 1]), np.array([3.0, 1.0, 2.0, 5.0])


def test_strengths_add_parallel_edges_and_degrees_count_them_once(chain):
    assert flows.strength(*chain, side="in").tolist() == [0, 9, 2]
    assert flows.strength(*chain, side="out").tolist() == [4, 7, 0]
    assert flows.degree(*chain[:3], side="in").tolist() == [0, 1, 1]
    assert flows.degree(*chain[:3], side="out").tolist() == [1, 1, 0]
    assert flows.throughput(*chain).tolist() == [4 / 22, 16 / 22, 2 / 22]


def test_a_supplier_with_a_quarter_of_the_inflow_has_a_dependent():
    fork = 4, np.array([0, 1, 2, 0]), np.array([3, 3, 3, 2]), np.array([1.0, 1.0, 2.0, 9.0])
    assert flows.n_dependents(*fork).tolist() == [2, 1, 1, 0]
    assert flows.n_dependents(*fork, least=0.5).tolist() == [1, 0, 1, 0]
    assert flows.largest_dependence(*fork).tolist() == [1, 0.25, 0.5, 0]


def test_total_requirements_grow_with_the_chain_and_its_loops():
    # 2 takes 1.0 from 1, and 1 takes 0.8 from 0 and 0.2 from 2: x1 = 1 + 0.8 + 0.2 x2, x2 = 1 + x1
    loop = 3, np.array([0, 2, 1]), np.array([1, 1, 2]), np.array([8.0, 2.0, 10.0])
    assert flows.total_requirements(*loop) == pytest.approx([1, 2.5, 3.5])


def test_a_loop_that_feeds_only_on_itself_has_no_total_requirements():
    with pytest.raises(ConvergenceError, match="loop of 2 nodes"):
        flows.total_requirements(2, np.array([0, 1]), np.array([1, 0]), np.ones(2))


def test_levels_rise_by_one_a_step_and_a_cycle_is_level():
    assert flows.trophic_level(3, np.array([0, 1]), np.array([1, 2]), np.array([9.0, 0.1])) == pytest.approx([0, 1, 2])
    ring = 3, np.array([0, 1, 2]), np.array([1, 2, 0]), np.ones(3)
    assert flows.trophic_level(*ring) == pytest.approx([0, 0, 0], abs=1e-12)


def test_nearness_to_demand_is_the_weighted_mean_of_one_over_the_steps():
    # 0 -> 1 -> 2 with demand 3 at 1 and 1 at 2: node 0: (3/1 + 1/2) / 4; node 1: (1/1) / 1, its own left out
    near = paths.closeness_to_demand(3, np.array([0, 1]), np.array([1, 2]), np.array([0.0, 3.0, 1.0]))
    assert near == pytest.approx([3.5 / 4, 1, 0])


def test_one_node_and_no_nodes_have_answers():
    nothing, no_flow = np.zeros(0, dtype=np.int64), np.zeros(0)
    for n in (0, 1):
        for name, measure in MEASURES.items():
            assert measure(n, nothing, nothing, no_flow).shape == (n,), name
        assert flows.total_requirements(n, nothing, nothing, no_flow).tolist() == [1.0] * n
        assert np.isnan(paths.eigenvector(n, nothing, nothing, no_flow)).all()
        assert paths.betweenness(n, nothing, nothing).tolist() == [0] * n
        assert paths.core_number(n, nothing, nothing).tolist() == [0] * n
        assert paths.closeness_to_demand(n, nothing, nothing, np.ones(n)).tolist() == [0] * n
        assert paths.betweenness_to_demand(n, nothing, nothing, nothing, nothing).tolist() == [0] * n


@settings(max_examples=200, deadline=None)
@given(weighted())
def test_delegated_measures_equal_networkx_on_the_merged_network(network):
    n, source, target, _ = network
    graph = merged(*network)
    origins, wanted = np.arange(0, n, 2), np.arange(0, n, 3)
    raw = {"normalized": False}
    assert paths.betweenness(n, source, target) == pytest.approx(in_order(nx.betweenness_centrality(graph, **raw)))
    assert paths.betweenness_by_flow(*network) == pytest.approx(
        in_order(nx.betweenness_centrality(graph, weight="distance", **raw))
    )
    subset = nx.betweenness_centrality_subset(graph, origins.tolist(), wanted.tolist())
    assert paths.betweenness_to_demand(n, source, target, origins, wanted) == pytest.approx(in_order(subset))
    assert paths.core_number(n, source, target).tolist() == in_order(nx.core_number(graph.to_undirected()))
    assert paths.constraint(*network) == pytest.approx(
        in_order(nx.constraint(graph, weight="weight")), nan_ok=True, abs=1e-9
    )
    steps = dict(nx.all_pairs_shortest_path_length(graph))
    demand = np.arange(n, dtype=float)
    expected = [
        sum(demand[d] / s for d, s in steps[v].items() if s > 0) / max(demand.sum() - demand[v], 1e-300)
        for v in range(n)
    ]
    assert paths.closeness_to_demand(n, source, target, demand) == pytest.approx(expected)


@settings(max_examples=200, deadline=None)
@given(weighted())
def test_ranks_and_levels_equal_dense_algebra(network):
    n, *_ = network
    matrix = dense(*network)
    for walk, against in ((matrix, False), (matrix.T, True)):
        leaving = walk.sum(axis=1)
        step = np.where(leaving[:, None] > 0, walk / np.where(leaving > 0, leaving, 1)[:, None], 1 / n)
        rank = np.linalg.solve(np.eye(n) - 0.85 * step.T, np.full(n, 0.15 / n))
        assert flows.page_rank(*network, against_flow=against) == pytest.approx(rank, abs=1e-11)
    apart = dense(*network, loops=False)
    arriving, leaving = apart.sum(axis=0), apart.sum(axis=1)
    level = np.linalg.pinv(np.diag(arriving + leaving) - apart - apart.T) @ (arriving - leaving)
    for part in nx.weakly_connected_components(merged(*network)):
        part = sorted(part)
        assert flows.trophic_level(*network)[part] == pytest.approx(level[part] - level[part].min(), abs=1e-6)


@settings(max_examples=200, deadline=None)
@given(weighted())
def test_total_requirements_equal_the_dense_inverse(network):
    n, source, target, weight = network
    # a node more that feeds everyone makes every loop leak
    source = np.concatenate([source, np.full(n, n)])
    target = np.concatenate([target, np.arange(n)])
    network = n + 1, source, target, np.concatenate([weight, np.full(n, 0.5)])
    matrix = dense(*network)
    total = np.maximum(matrix.sum(axis=0), matrix.sum(axis=1))
    recipe = matrix / np.where(total > 0, total, 1)
    expected = np.linalg.inv(np.eye(n + 1) - recipe).sum(axis=0)
    assert flows.total_requirements(*network) == pytest.approx(expected)


@settings(max_examples=200, deadline=None)
@given(weighted())
def test_hubs_and_eigenvector_solve_their_equations(network):
    matrix = dense(*network, loops=False)
    hub, authority = paths.hubs_and_authorities(*network)
    if matrix.any():
        assert hub.sum() == pytest.approx(1)
        again = matrix @ authority
        assert again / again.sum() == pytest.approx(hub, abs=1e-7)
    score = paths.eigenvector(*network)
    core = np.flatnonzero(~np.isnan(score))
    largest = max((len(c) for c in nx.strongly_connected_components(merged(*network))), default=0)
    assert len(core) == (largest if largest > 1 else 0)
    if len(core):
        again = matrix[np.ix_(core, core)].T @ score[core]
        assert again / again.sum() == pytest.approx(score[core], abs=1e-7)
        assert (score[core] > 0).all()


def test_large_cores_and_hubs_solve_their_equations_too():
    rng = np.random.default_rng(3)
    n, around = 40, np.arange(40)
    source = np.concatenate([around, rng.integers(0, n, 80)])
    target = np.concatenate([(around + 1) % n, rng.integers(0, n, 80)])
    network = n, source, target, rng.lognormal(0, 1, len(source))
    matrix = dense(*network, loops=False)
    score, (hub, authority) = paths.eigenvector(*network), paths.hubs_and_authorities(*network)
    assert matrix.T @ score / (matrix.T @ score).sum() == pytest.approx(score, abs=1e-9)
    assert matrix @ authority / (matrix @ authority).sum() == pytest.approx(hub, abs=1e-9)


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=40, deadline=None)
@given(network=weighted(), random=st.randoms(use_true_random=False))
def test_names_splits_and_units_do_not_matter(name, network, random):
    n, source, target, weight = network
    measure = MEASURES[name]
    score = measure(*network)
    new = list(range(n))
    random.shuffle(new)
    new = np.array(new, dtype=np.int64)
    assert measure(n, new[source], new[target], weight)[new] == pytest.approx(score, nan_ok=True, abs=1e-7)
    halves = (np.concatenate([ends, ends]) for ends in (source, target))
    assert measure(n, *halves, np.tile(weight / 2, 2)) == pytest.approx(score, nan_ok=True, abs=1e-7)
    if name not in ("in", "out"):
        assert measure(n, source, target, 1e5 * weight) == pytest.approx(score, nan_ok=True, abs=1e-7)
