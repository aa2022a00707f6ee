"""Curves of what stays joined: closed values, searches done anew, laws."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmodel.kernels import percolation as module
from graphmodel.kernels.percolation import largest_component, reach_left, robustness
from tests.kernels.drawn import networks

MANY = settings(max_examples=220, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def removals(draw):
    """Draw a network and when each node goes; several may go at once, some were never there, some stay."""
    n, source, target = draw(networks())
    n_steps = draw(st.integers(0, 5))
    gone_at = np.array(draw(st.lists(st.integers(0, n_steps + 1), min_size=n, max_size=n)), dtype=np.int64)
    return n, source, target, gone_at, n_steps


def left_after(n, source, target, gone_at, step):
    graph = nx.DiGraph()
    graph.add_nodes_from(node for node in range(n) if gone_at[node] > step)
    graph.add_edges_from(
        (a, b) for a, b in zip(source.tolist(), target.tolist(), strict=True) if a in graph and b in graph
    )
    return graph


@pytest.mark.parametrize("n", [2, 5, 9])
def test_nodes_all_linked_to_each_other_have_the_robustness_of_a_complete_network(n):
    # Schneider et al. (2011): after Q removals n - Q are joined, so R = (n - 1) / (2 n)
    ends = np.array([(a, b) for a in range(n) for b in range(a + 1, n)]).T
    size = largest_component(n, *ends, gone_at=np.arange(1, n + 1), n_steps=n)
    assert robustness(np.arange(n + 1), size / n) == pytest.approx((n - 1) / (2 * n))


@pytest.mark.parametrize("n", [2, 5, 9])
def test_a_star_that_loses_its_hub_first_falls_apart(n):
    # n - 1 single leaves remain after the hub: s(Q) = 1/n for Q = 1 … n - 1, so R = (n - 1) / n²
    size = largest_component(n, np.zeros(n - 1, int), np.arange(1, n), gone_at=np.arange(1, n + 1), n_steps=n)
    assert robustness(np.arange(n + 1), size / n) == pytest.approx((n - 1) / n**2)


def test_nothing_removed_has_no_robustness():
    assert np.isnan(robustness(np.array([0]), np.array([1.0])))


@MANY
@given(removals())
def test_the_largest_component_is_the_one_a_search_finds(drawn):
    n, source, target, gone_at, n_steps = drawn
    found = largest_component(n, source, target, gone_at, n_steps)
    for step in range(n_steps + 1):
        parts = nx.weakly_connected_components(left_after(n, source, target, gone_at, step))
        assert found[step] == max(map(len, parts), default=0)


@MANY
@given(removals(), st.data())
def test_what_is_reached_is_what_a_search_from_each_start_finds(drawn, data):
    n, source, target, gone_at, n_steps = drawn
    starts = np.array(data.draw(st.lists(st.integers(0, n - 1), unique=True)) if n else [], dtype=np.int64)
    weight = np.array(data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n)), dtype=float)
    once = reach_left(n, source, target, starts, weight, gone_at, n_steps)
    each = reach_left(n, source, target, starts, weight, gone_at, n_steps, together=False)
    for step in range(n_steps + 1):
        graph = left_after(n, source, target, gone_at, step)
        reached = [{start, *nx.descendants(graph, start)} for start in starts.tolist() if start in graph]
        assert once[step] == sum(weight[node] for node in set().union(*reached))
        assert each[step] == sum(weight[node] for found in reached for node in found)


def test_the_compiled_loops_and_the_plain_ones_agree(monkeypatch):
    rng = np.random.default_rng(1)
    source, target, gone_at = rng.integers(0, 80, 200), rng.integers(0, 80, 200), rng.integers(0, 12, 80)
    drawn = 80, source, target

    def curves():
        return [
            largest_component(*drawn, gone_at, 10).tolist(),
            reach_left(*drawn, np.arange(9), np.ones(80), gone_at, 10, together=False).tolist(),
        ]

    plain = curves()
    monkeypatch.setattr(module, "LOOP_UP_TO", 0)
    assert curves() == plain
