"""What could still be delivered: by hand, against networkx, and where it stands among the other losses."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis.remaining import removable
from graphmodel.errors import EmptySelectionError, MixedUnitsError, ParameterError
from tests.analysis.drawn import networks
from tests.analysis.slow import Slow
from tests.conftest import network

MANY = settings(max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
SOME = settings(MANY, max_examples=15)


def loss_of(result):
    return result.table.set_index("removed")["loss"].to_dict()


def by_networkx(made, slack, removed=()):
    """Write the capacities down from the rules, node by node, and ask networkx."""
    graph = nx.DiGraph()
    graph.add_nodes_from(["start", "end"])
    known, edges = made.nodes.set_index("node_id"), [e for e in made.edges.itertuples() if e.source != e.target]
    role = dict(zip(made.stages["stage"], made.stages["role"], strict=True))
    wanted = dict.fromkeys(known.index, 0.0)
    available = {node: 1.0 if value != value else value for node, value in known["available"].items()}
    for (node, _), quantity in Slow(made).made.items():
        if role[known.loc[node, "stage"]] == "sink":
            wanted[node] += quantity * available[node]

    def join(a, b, limit):
        before = graph.edges[a, b]["capacity"] if graph.has_edge(a, b) else 0.0
        graph.add_edge(a, b, capacity=before + limit)

    for node, entry in known.iterrows():
        sold = sum(e.quantity for e in edges if e.source == node)
        got = sum(e.quantity for e in edges if e.target == node)
        if node in removed:
            continue
        start = 1e6 if role[entry.stage] == "origin" else max(sold + wanted[node] - got, 0.0)
        join("start", (node, "in"), start)
        user = role[entry.stage] == "sink"
        join((node, "in"), (node, "out"), 1e6 if user else sold * (1 + slack) * available[node])
        join((node, "out"), "end", wanted[node])
    for e in edges:
        if not {e.source, e.target} & set(removed):
            left = 1.0 if e.available != e.available else e.available
            join((e.source, "out"), (e.target, "in"), e.quantity * (1 + slack) * left)
    return sum(wanted.values()) - nx.maximum_flow_value(graph, "start", "end")


def test_the_only_refinery_stops_all_and_mine_a_can_stand_in_up_to_its_capacity(toy):
    # without mine B (600) mine A sells its capacity of 500; cell plant A alone sells 6 * 8/6 = 8 GWh = 800 t, but its
    # link to China carries 1 GWh * 1.5: 500 + 150 arrive
    loss = loss_of(gm.max_flow(toy, mineral="lithium", slack=0.5))
    assert loss == pytest.approx({"refine-a": 1000, "mine-b": 500, "mine-a": 400, "cell-a": 600, "cell-b": 350})


def test_room_on_links_lets_the_other_plant_deliver(toy):
    # with any amount on each link only cell plant A's 8 GWh limit what arrives without cell plant B
    loss = loss_of(gm.max_flow(toy, mineral="lithium", slack=float("inf")))
    assert loss["cell-b"] == pytest.approx(200)


def test_a_country_is_removed_as_one(toy):
    table = gm.max_flow(toy, by="country", mineral="lithium").table.set_index("removed")
    assert table.loc["CHN", "loss_share"] == 1
    assert table.loc["CHN", "n_nodes"] == 2
    assert (table["delivered"] + table["loss"] == 1000).all()


def test_closures_of_a_scenario_count_in_every_removal(toy):
    half = gm.Scenario().shut(0.5, node_id="refine-a").apply(toy)  # it could make 1200, so 600 are left
    assert loss_of(gm.max_flow(half, mineral="lithium"))["cell-b"] >= 400
    assert loss_of(gm.max_flow(half, mineral="lithium"))["refine-a"] == 1000


def test_what_comes_from_outside_stays_when_others_go():
    # the maker sells 10 of which a mine brings 4: six come from outside the network
    made = network(
        [("pit", "mining", "AUS"), ("maker", "making", "CHN"), ("user", "use", "USA")],
        [("pit", "maker", "ore", 4.0), ("maker", "user", "metal", 10.0)],
    )
    assert loss_of(gm.max_flow(made)) == {"maker": 10, "pit": 4}


def test_loops_parallel_edges_self_loops_and_lone_nodes():
    made = network(
        [("pit", "mining", "AUS"), ("maker", "making", "CHN"), ("mill", "making", "CHN"), ("user", "use", "USA"),
         ("lone", "mining", "COD")],
        [("pit", "maker", "ore", 2.0), ("pit", "maker", "dust", 3.0), ("maker", "maker", "metal", 7.0),
         ("maker", "mill", "metal", 1.0), ("mill", "maker", "scrap", 1.0), ("maker", "user", "metal", 5.0)],
    )  # fmt: skip
    assert loss_of(gm.max_flow(made)) == {"pit": 5, "maker": 5, "mill": 0, "lone": 0}


def test_without_supply_there_is_nothing_to_remove_and_without_demand_nothing_to_lose():
    user = network([("user", "use", "USA")], [("user", "user", "metal", 1.0)])
    assert len(gm.max_flow(user)) == 0
    makers = network([("pit", "mining", "AUS"), ("maker", "making", "CHN")], [("pit", "maker", "ore", 1.0)])
    table = gm.max_flow(makers).table
    assert table["loss"].tolist() == [0, 0]
    assert table["loss_share"].isna().all()


def test_slack_that_cannot_be_is_refused(toy):
    for slack in (-0.1, float("nan")):
        with pytest.raises(ParameterError, match=f"slack is {slack}"):
            gm.max_flow(toy, mineral="lithium", slack=slack)


def test_units_that_cannot_be_added_need_a_mineral(toy):
    with pytest.raises(MixedUnitsError, match="name a mineral: lithium"):
        gm.max_flow(toy)


def test_grouping_that_finds_nobody_is_refused(toy):
    none = pd.DataFrame({"group": ["nobody"], "country": ["ATA"]})
    with pytest.raises(EmptySelectionError, match="alliance"):
        gm.max_flow(toy, by="alliance", mineral="lithium", members=none)


@MANY
@given(networks(recipes=False), st.sampled_from([0.0, 0.3, 2.0]), st.integers(0, 100))
def test_a_loss_is_the_one_networkx_finds_from_the_rules(made, slack, which):
    node, loss = sorted(loss_of(gm.max_flow(made, slack=slack)).items())[which % len(removable(made).nonzero()[0])]
    assert loss == pytest.approx(by_networkx(made, slack, {node}), abs=1e-8)


@SOME
@given(networks(scenario=False))
def test_more_slack_loses_no_more(made):
    losses = [gm.max_flow(made, slack=slack).table.set_index("removed")["loss"] for slack in (0.0, 0.3, np.inf)]
    for tight, loose in pairwise(losses):
        assert (loose <= tight.reindex(loose.index) + 1e-9).all()


@SOME
@given(networks(scenario=False, recipes=False, balances=False))
def test_loss_lies_between_reachability_and_frozen_once_all_starts_at_origins(drawn):
    made = fed_from_a_mine(drawn)
    frozen, reached = (loss_of(gm.removal(made, response=response)) for response in ("frozen", "reachability"))
    free, tight = (loss_of(gm.max_flow(made, slack=slack)) for slack in (np.inf, 0.0))
    for node in tight:
        assert free[node] == pytest.approx(reached[node], abs=1e-8)
        assert reached[node] <= tight[node] + 1e-8
        assert tight[node] <= frozen[node] + 1e-8


def fed_from_a_mine(made):
    """Let a mine bring what any other node sells beyond what it receives."""
    sold = np.bincount(made.source, made.quantity(), minlength=made.n_nodes)
    received = np.bincount(made.target, made.quantity(), minlength=made.n_nodes)
    short = np.flatnonzero(~made.has_role("origin") & (sold > received))
    ids = made.nodes["node_id"].to_numpy()
    mine = ids[made.has_role("origin")][0]
    brought = pd.DataFrame(
        {"source": mine, "target": ids[short], "material": "ore", "quantity": (sold - received)[short]}
    )
    return made.with_tables(edges=pd.concat([made.edges.drop(columns="edge_id"), brought], ignore_index=True))


def test_what_comes_from_outside_can_make_the_loss_smaller_than_by_reachability():
    # the maker needs no mine for six tenths of what it sells; reachability says all is cut off with the mine
    made = network(
        [("pit", "mining", "AUS"), ("maker", "making", "CHN"), ("user", "use", "USA")],
        [("pit", "maker", "ore", 4.0), ("maker", "user", "metal", 10.0)],
    )
    assert loss_of(gm.max_flow(made, slack=0.0))["pit"] == 4
    assert loss_of(gm.removal(made, response="reachability"))["pit"] == 10


def test_an_essential_aid_is_not_missed():
    # a maker needs acid that holds none of the metal: frozen stops, the flow of metal does not
    made = network(
        [("pit", "mining", "AUS"), ("acid", "mining", "CHN"), ("maker", "making", "CHN"), ("user", "use", "USA")],
        [("pit", "maker", "ore", 5.0), ("acid", "maker", "acid", 2.0), ("maker", "user", "metal", 5.0)],
        materials=pd.DataFrame(
            {"material": ["ore", "acid", "metal"], "unit": ["t Co", "t", "t Co"], "mineral": ["cobalt", "", "cobalt"]}
        ),
    )
    assert loss_of(gm.max_flow(made, mineral="cobalt"))["acid"] == 0
    assert loss_of(gm.removal(made, mineral="cobalt"))["acid"] == 5
