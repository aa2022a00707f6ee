"""Routes, cuts and labels against networkx and lists of all subsets and all paths."""

from __future__ import annotations

from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from graphmodel.kernels.cuts import articulation_points, crossed_by_all, least_edges, least_nodes, routes
from graphmodel.kernels.label_cuts import _assigned, _Carried, label_routes

MANY = settings(max_examples=200, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@st.composite
def mazes(draw):
    """Up to seven vertices with loops, parallel edges and self-loops; the last may not be cut."""
    n = draw(st.integers(2, 7))
    ends = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1, max_size=14))
    source, target = np.array(ends).T
    size = len(ends)
    weight = np.array(draw(st.lists(st.integers(1, 9), min_size=size, max_size=size)), dtype=float)
    capacity = np.array(draw(st.lists(st.integers(1, 9), min_size=n, max_size=n)), dtype=float)
    origins = np.unique(draw(st.lists(st.integers(0, n - 2), min_size=1, max_size=2)))
    return n, source, target, weight, capacity, origins


def graph_of(n, source, target, weight, origins):
    graph = nx.DiGraph([("start", int(v)) for v in origins], capacity=np.inf)
    graph.add_edge(n - 1, "end", capacity=np.inf)
    for v in origins:
        graph.add_edge("start", int(v), capacity=1e6)
    for a, b, w in zip(source.tolist(), target.tolist(), weight.tolist(), strict=True):
        if a != b:
            before = graph.edges[a, b]["capacity"] if graph.has_edge(a, b) else 0.0
            graph.add_edge(a, b, capacity=before + w)
    graph.edges[n - 1, "end"]["capacity"] = 1e6
    return graph


def least_subset(graph, names, weight):
    """The least weight of names that cut start from end, trying all subsets; ``names`` maps each to its vertices."""
    best = np.inf
    for size in range(len(names) + 1):
        for chosen in combinations(sorted(names), size):
            total = sum(weight[name] for name in chosen)
            if total < best:
                left = graph.copy()
                left.remove_nodes_from([v for name in chosen for v in names[name] if v in left])
                best = best if nx.has_path(left, "start", "end") else total
    return best


def most_apart(sets):
    """The most sets that share nothing, trying all."""
    if not sets:
        return 0
    first, rest = sets[0], sets[1:]
    return max(most_apart(rest), 1 + most_apart([other for other in rest if not first & other]))


@MANY
@given(mazes())
def test_cuts_are_those_of_all_subsets_and_of_networkx(drawn):
    n, source, target, weight, capacity, origins = drawn
    paths = routes(n, source, target, origins, np.array([n - 1]), np.arange(n) < n - 1)
    graph = graph_of(n, source, target, weight, origins)
    count, nodes = least_nodes(paths, np.ones(n))
    least, chosen = least_nodes(paths, capacity)
    flow, edges = least_edges(paths, weight)
    if not nx.has_path(graph, "start", "end"):
        assert (count, least, flow, len(crossed_by_all(paths)), paths.n_nodes) == (0, 0, 0, 0, 0)
        return
    keep = nx.descendants(graph, "start") & nx.ancestors(graph, "end") | {"start", "end"}
    graph = graph.subgraph(keep).copy()
    each = {v: [v] for v in range(n - 1)}
    assert count == len(nodes) == least_subset(graph, each, np.ones(n))
    assert least == pytest.approx(least_subset(graph, each, capacity))
    assert least == pytest.approx(capacity[chosen].sum())
    assert flow == pytest.approx(nx.minimum_cut_value(graph, "start", "end"))
    left = graph.copy()
    left.remove_edges_from([(int(source[e]), int(target[e])) for e in edges])
    assert not nx.has_path(left, "start", "end")
    crossed = {v for v in range(n - 1) if v in graph and least_subset(graph, {v: [v]}, np.ones(n)) == 1}
    assert set(crossed_by_all(paths).tolist()) == crossed
    joints = set(nx.articulation_points(graph.to_undirected())) & set(range(n - 1))
    assert set(articulation_points(paths).tolist()) == joints


def test_capacities_of_very_different_size_are_told_apart():
    # two plants side by side of 1e-6 and 1e6 before one of 1e6 + 2e-6: the pair is less by a part in 1e12
    paths = routes(
        4, np.array([0, 1, 2]), np.array([2, 2, 3]), np.array([0, 1]), np.array([3]), np.array([True] * 3 + [False])
    )
    value, nodes = least_nodes(paths, np.array([1e-3, 1e6, 1e6 + 2.0, 0.0]))
    assert value == pytest.approx(1e6 + 1e-3)
    assert nodes.tolist() == [0, 1]


def test_a_route_that_crosses_nothing_removable_cannot_be_cut():
    paths = routes(2, np.array([0]), np.array([1]), np.array([0]), np.array([1]), np.zeros(2, dtype=bool))
    value, nodes = least_nodes(paths, np.ones(2))
    assert np.isnan(value)
    assert len(nodes) == 0
    found = label_routes(paths, np.zeros(3, dtype=np.int64), np.zeros(0, dtype=np.int64))
    assert (len(found.cut), len(found.routes)) == (0, 0)


@st.composite
def labelled(draw):
    """Layers of vertices of one or two of six labels."""
    layers = [[f"{layer}{n}" for n in range(draw(st.integers(2, 4)))] for layer in "abc"]
    names = [name for layer in layers for name in layer]
    ends = [(a, b) for one, two in pairwise(layers) for a in one for b in two]
    chosen = draw(st.lists(st.sampled_from(ends), min_size=4, max_size=14, unique=True))
    label = st.lists(st.integers(0, 5), min_size=1, max_size=2, unique=True)
    return layers, names, chosen, {name: sorted(draw(label)) for name in names}


@MANY
@given(labelled())
def test_routes_and_cuts_by_label_are_those_of_all_subsets(drawn):
    layers, names, chosen, labels = drawn
    at = {name: place for place, name in enumerate(names)}
    end = len(names)
    edges = [(at[a], at[b]) for a, b in chosen] + [(at[c], end) for c in layers[2]]
    source, target = np.array(edges).T
    supply = np.array([True] * end + [False])
    paths = routes(end + 1, source, target, np.array([at[a] for a in layers[0]]), np.array([end]), supply)
    held = [labels[names[v]] if v < end else [] for v in paths.node]
    indptr = np.concatenate([[0], np.cumsum([len(one) for one in held])]).astype(np.int64)
    found = label_routes(paths, indptr, np.array([one for many in held for one in many], dtype=np.int64))
    graph = nx.DiGraph(chosen)
    graph.add_nodes_from(["start", "end"])
    graph.add_edges_from(("start", a) for a in layers[0])
    graph.add_edges_from((c, "end") for c in layers[2])
    sets = [{x for name in p[1:-1] for x in labels[name]} for p in nx.all_simple_paths(graph, "start", "end")]
    if not sets:
        assert (len(found.cut), len(found.routes)) == (0, 0)
        return
    by_label = {x: [name for name in names if x in labels[name]] for x in range(6)}
    assert len(found.cut) == found.cut_bound == least_subset(graph, by_label, dict.fromkeys(by_label, 1))
    assert len(found.routes) == found.routes_bound == most_apart(sets)
    carried = _Carried.of(paths, indptr, np.array([one for many in held for one in many], dtype=np.int64))
    given, most = _assigned(carried, len(found.cut), 0, np.inf)  # the last resort finds the same
    assert len(given) == most == most_apart(sets)
    used = [x for route in found.routes for x in {x for v in route for x in held[v]}]
    assert len(used) == len(set(used))
