"""Maximum flow after removals: by hand, against networkx computed anew for every removal, and laws."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmodel.errors import ParameterError
from graphmodel.kernels import max_flow as module
from graphmodel.kernels.max_flow import Capacities, max_flow, max_flow_loss
from tests.kernels.drawn import networks

MANY = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(MANY, max_examples=60)

LIMITS = st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0, 2.5, 4.0, np.inf])


@st.composite
def capacitated(draw, max_nodes=8, min_nodes=0):
    """Draw capacities that are no multiples of each other, some zero, some without limit."""
    n, source, target = draw(networks(max_nodes, min_nodes))

    def numbers(values, size):
        return np.array(draw(st.lists(values, min_size=size, max_size=size)), dtype=float)

    return Capacities(
        source,
        target,
        edge=numbers(LIMITS, len(source)),
        node=numbers(st.sampled_from([0.3, 1.1, 3.0, np.inf, np.inf]), n),
        supply=numbers(st.sampled_from([0.0, 0.0, 0.7, 2.0, np.inf]), n),
        demand=numbers(st.sampled_from([0.0, 0.0, 0.6, 1.3, 5.0]), n),
    )


def anew(capacities, removed=()):
    """Build the network without the nodes removed and ask networkx."""
    graph = nx.DiGraph()
    graph.add_nodes_from(["start", "end"])

    def join(a, b, limit):
        before = graph.edges[a, b]["capacity"] if graph.has_edge(a, b) else 0.0
        graph.add_edge(a, b, capacity=before + min(limit, 1e3))

    for node in range(capacities.n_nodes):
        if node not in removed:
            join("start", (node, "in"), capacities.supply[node])
            join((node, "in"), (node, "out"), capacities.node[node])
            join((node, "out"), "end", capacities.demand[node])
    for a, b, limit in zip(capacities.source, capacities.target, capacities.edge, strict=True):
        if a not in removed and b not in removed:
            join((a, "out"), (b, "in"), limit)
    return nx.maximum_flow_value(graph, "start", "end")


def chain(*, node=(np.inf, np.inf, np.inf), demand=5.0):
    return Capacities(
        np.array([0, 1]), np.array([1, 2]), np.array([4.0, 9.0]), np.array(node), np.array([9.0, 0, 0]),
        np.array([0, 0, demand]),
    )  # fmt: skip


def test_the_narrowest_place_sets_the_flow():
    assert max_flow(chain()) == 4  # the first edge
    assert max_flow(chain(node=(np.inf, 2.5, np.inf))) == 2.5  # the refinery
    assert max_flow(chain(demand=1.5)) == 1.5  # the user


def test_without_a_node_of_a_chain_all_is_lost():
    assert max_flow_loss(chain())[1].tolist() == [4, 4, 4]


def test_a_detour_carries_what_it_has_room_for():
    # 0 sells 6 to 3 over 1 (room 6) or 2 (room 4): without 1 four units arrive, without 2 six
    square = Capacities(
        np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3]), np.array([6.0, 4, 6, 4]), np.full(4, np.inf),
        np.array([6.0, 0, 0, 0]), np.array([0.0, 0, 0, 6]),
    )  # fmt: skip
    value, loss = max_flow_loss(square)
    assert value == 6
    assert loss.tolist() == [6, 2, 0, 6]


def test_parallel_edges_add_and_a_self_loop_carries_nothing():
    twice = Capacities(
        np.array([0, 0, 1]), np.array([1, 1, 1]), np.array([1.0, 2.0, 50.0]), np.array([np.inf, 3.5]),
        np.array([9.0, 0]), np.array([0, 9.0]),
    )  # fmt: skip
    assert max_flow(twice) == 3


def test_flow_around_a_loop_serves_nobody():
    loop = Capacities(
        np.array([0, 1]), np.array([1, 0]), np.array([5.0, 5.0]), np.full(2, np.inf), np.zeros(2), np.array([0, 3.0])
    )
    assert max_flow(loop) == 0


def test_a_node_that_makes_and_uses_needs_nobody():
    alone = Capacities(*np.zeros((2, 0), dtype=int), np.zeros(0), np.array([2.0]), np.array([3.0]), np.array([5.0]))
    assert max_flow_loss(alone) == (2.0, np.array([2.0]))


def test_an_empty_network_has_no_flow():
    value, loss = max_flow_loss(Capacities(*np.zeros((2, 0), dtype=int), *np.zeros((4, 0))))
    assert value == 0
    assert len(loss) == 0


@pytest.mark.parametrize(("name", "wrong"), [("edge", -1.0), ("node", np.nan), ("supply", -0.1), ("demand", np.inf)])
def test_a_capacity_that_cannot_be_is_refused_by_name(name, wrong):
    flow = chain()
    values = getattr(flow, name).copy()
    values[0] = wrong
    with pytest.raises(ParameterError, match=rf"{name} holds {wrong}"):
        max_flow(flow._replace(**{name: values}))


@MANY
@given(capacitated())
def test_every_removal_leaves_what_networkx_finds_anew(flow):
    value, loss = max_flow_loss(flow)
    assert value == pytest.approx(anew(flow), abs=1e-9)
    for node in range(flow.n_nodes):
        assert value - loss[node] == pytest.approx(anew(flow, {node}), abs=1e-9)


@MANY
@given(capacitated(min_nodes=1), st.data())
def test_every_group_leaves_what_networkx_finds_anew(flow, data):
    one = st.lists(st.integers(0, flow.n_nodes - 1), max_size=flow.n_nodes)
    groups = data.draw(st.lists(one, min_size=1, max_size=4))
    indptr = np.cumsum([0, *map(len, groups)])
    member = np.array([node for group in groups for node in group], dtype=np.int64)
    value, loss = max_flow_loss(flow, indptr, member, n_threads=2)
    for k, group in enumerate(groups):
        assert value - loss[k] == pytest.approx(anew(flow, set(group)), abs=1e-9)


@SOME
@given(capacitated(min_nodes=1), st.data())
def test_the_order_of_nodes_and_edges_changes_no_loss(flow, data):
    # the flow found first may differ, what is lost may not
    nodes = np.array(data.draw(st.permutations(range(flow.n_nodes))), dtype=np.int64)
    edges = np.array(data.draw(st.permutations(range(len(flow.edge)))), dtype=np.int64)
    place = np.argsort(nodes)
    turned = Capacities(
        place[flow.source[edges]], place[flow.target[edges]], flow.edge[edges], flow.node[nodes], flow.supply[nodes],
        flow.demand[nodes],
    )  # fmt: skip
    assert max_flow_loss(turned)[1] == pytest.approx(max_flow_loss(flow)[1][nodes], abs=1e-10)


@SOME
@given(capacitated(), st.sampled_from([1e-9, 1e9]))
def test_the_unit_does_not_matter(flow, unit):
    scaled = flow._replace(**{name: getattr(flow, name) * unit for name in ("edge", "node", "supply", "demand")})
    assert max_flow_loss(scaled)[1] / unit == pytest.approx(max_flow_loss(flow)[1], abs=1e-9)


@SOME
@given(capacitated(min_nodes=2))
def test_removing_more_loses_no_less(flow):
    n = flow.n_nodes
    nested = np.concatenate([np.arange(k) for k in range(n + 1)])
    loss = max_flow_loss(flow, np.cumsum([0, *range(n + 1)]), nested)[1]
    assert (np.diff(loss) >= -1e-10).all()


def test_the_compiled_loop_and_the_plain_one_agree_to_the_last_bit(monkeypatch):
    rng = np.random.default_rng(3)
    source, target = rng.integers(0, 60, 400), rng.integers(0, 60, 400)
    flow = Capacities(
        source, target, rng.pareto(1.2, 400), rng.pareto(1.2, 60) + 1, np.where(np.arange(60) < 8, np.inf, 0.0),
        np.where(np.arange(60) > 45, rng.random(60), 0.0),
    )  # fmt: skip
    plain = max_flow_loss(flow)
    monkeypatch.setattr(module, "LOOP_UP_TO", 0)
    fast = max_flow_loss(flow)
    assert plain[0] == fast[0]
    assert plain[1].tolist() == fast[1].tolist()
    assert fast[1].tolist() == max_flow_loss(flow, n_threads=3)[1].tolist()
    assert (plain[1] > 0).sum() > 10
