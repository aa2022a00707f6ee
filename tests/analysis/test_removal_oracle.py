"""Removal and losses against the slow, obvious way on random networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis.remaining import removable
from tests.analysis.drawn import networks, tables
from tests.analysis.slow import Slow

MANY = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
HALF = settings(MANY, max_examples=50)
SOME = settings(MANY, max_examples=15)
FEW = settings(MANY, max_examples=8)


def supply(network):
    return network.nodes["node_id"][removable(network)].tolist()


def loss_of(result):
    return result.table.set_index("removed")["loss"].to_dict()


def groups_by_country(network):
    chosen = network.nodes[removable(network)]
    return {name: rows["node_id"].tolist() for name, rows in chosen.groupby("country")}


@MANY
@given(networks(), st.sampled_from([1.0, 0.5]), st.sampled_from(["node", "country"]))
def test_frozen_removal_of_nodes_and_groups_is_what_the_rules_say(network, severity, by):
    slow = Slow(network)
    found = loss_of(gm.removal(network, by=by, severity=severity))
    groups = groups_by_country(network) if by == "country" else {node: [node] for node in supply(network)}
    assert set(found) == set(groups)
    for name, loss in found.items():
        assert loss == pytest.approx(sum(slow.frozen(groups[name], severity).values()), abs=1e-6)


@SOME
@given(networks(), st.sampled_from(["node", "country"]))
def test_reachability_is_what_is_left_after_removing_and_searching(network, by):
    slow = Slow(network)
    before = gm.Network(
        network.nodes.drop(columns="available"),
        network.edges.drop(columns="available"),
        network.stages,
        **{name: network.table(name) for name in network.table_names if name not in ("nodes", "edges", "stages")},
    )
    groups = groups_by_country(network) if by == "country" else {node: [node] for node in supply(network)}
    found = loss_of(gm.removal(network, by=by, response="reachability"))
    for name, nodes in groups.items():
        assert found[name] == pytest.approx(sum(slow.unreached(nodes, base=Slow(before)).values()))


@SOME
@given(networks(scenario=False, mineral=""), st.data())
def test_losses_of_a_scenario_are_what_the_rules_say(network, data):
    node = data.draw(st.sampled_from(supply(network)))
    share = data.draw(st.sampled_from([1.0, 0.5]))
    material = data.draw(st.sampled_from(sorted(set(network.edges["material"]))))
    quota = data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    user = network.nodes.query("stage == 'use'")["node_id"].iloc[0]
    scenario = gm.Scenario().shut(share, node_id=node).cap(quota, material=material)
    scenario = scenario.shut(0.5, demand=True, node_id=user) if data.draw(st.booleans()) else scenario
    slow = Slow(scenario.apply(network))
    lost = {"frozen": slow.frozen([]), "reachability": slow.unreached([], base=Slow(network))}
    country = network.nodes.set_index("node_id")["country"]
    table = gm.losses(network, scenario).table
    for response, by_process in lost.items():
        expected = pd.Series(by_process, dtype=float)
        keys = [[product for _, product in by_process], [country[node] for node, _ in by_process]]
        expected = expected.groupby(keys).sum()
        found = table[table["response"] == response].set_index(["product", "consumer"])["loss"]
        assert found.to_dict() == pytest.approx(expected.to_dict(), abs=1e-6)


@FEW
@given(networks(scenario=False))
def test_breakdown_adds_up_to_removal(network):
    table = gm.breakdown(network, by="node").table
    for response in ("frozen", "reachability"):
        expected = {k: v for k, v in loss_of(gm.removal(network, response=response)).items() if v > 1e-6}
        found = table[table["response"] == response].groupby("removed")["loss"].sum()
        assert found[found > 1e-6].to_dict() == pytest.approx(expected, abs=1e-6)


@HALF
@given(networks(scenario=False, balances=False), st.sampled_from(["node", "country"]))
def test_reachability_is_the_lower_bound_where_everything_traces_to_an_origin(network, by):
    if Slow(network).traces():  # about one in four; drawing again until it does takes longer
        frozen, reach = (loss_of(gm.removal(network, by=by, response=r)) for r in ("frozen", "reachability"))
        assert all(loss <= frozen[name] + 1e-6 for name, loss in reach.items())


@FEW
@given(networks(), st.sampled_from([0.0, 0.3, 0.6]))
def test_a_harder_blow_loses_no_less(network, severity):
    soft, hard = (loss_of(gm.removal(network, severity=s)) for s in (severity, severity + 0.4))
    assert all(soft[name] <= hard[name] + 1e-6 for name in soft)


@FEW
@given(networks(), st.sampled_from(["frozen", "reachability"]))
def test_removing_more_loses_no_less(network, response):
    nodes = loss_of(gm.removal(network, response=response))
    countries = loss_of(gm.removal(network, by="country", response=response))
    country = network.nodes.set_index("node_id")["country"]
    assert all(loss <= countries[country[node]] + 1e-6 for node, loss in nodes.items())


@FEW
@given(tables(), st.randoms(use_true_random=False), st.sampled_from(["frozen", "reachability"]))
def test_relabelling_nodes_permutes(drawn, chance, response):
    ids = drawn["nodes"]["node_id"].tolist()
    names = [f"x{i}" for i in range(len(ids))]
    chance.shuffle(names)
    new = dict(zip(ids, names, strict=True))
    turned = {name: frame.copy() for name, frame in drawn.items()}
    turned["nodes"]["node_id"] = [new[i] for i in ids]
    turned["nodes"] = turned["nodes"].sort_values("node_id")
    turned["edges"] = (
        turned["edges"]
        .assign(source=turned["edges"]["source"].map(new), target=turned["edges"]["target"].map(new))
        .iloc[::-1]
    )
    for name in ("recipes", "balances"):
        if name in turned:
            turned[name]["node_id"] = turned[name]["node_id"].map(lambda i: new.get(i, ""))
    before = loss_of(gm.removal(gm.Network(**drawn), response=response))
    after = loss_of(gm.removal(gm.Network(**turned), response=response))
    assert after == pytest.approx({new[node]: loss for node, loss in before.items()}, abs=1e-6)


@FEW
@given(networks(), st.sampled_from(["frozen", "reachability"]))
def test_splitting_every_edge_in_two_halves_changes_nothing(network, response):
    edges = network.edges
    half = edges.assign(quantity=edges["quantity"] / 2)
    split = pd.concat([half, half.assign(edge_id=half["edge_id"] + "'")], ignore_index=True)
    assert loss_of(gm.removal(network.with_tables(edges=split), response=response)) == pytest.approx(
        loss_of(gm.removal(network, response=response)), abs=1e-6
    )


@FEW
@given(networks(), st.sampled_from([0.001, 7.0, 1e6]))
def test_a_change_of_unit_changes_no_share(network, factor):
    edges, balances = network.edges, network.table("balances")
    scaled = network.with_tables(
        edges=edges.assign(quantity=edges["quantity"] * factor),
        balances=balances.assign(quantity=balances["quantity"] * factor, residual=balances["residual"] * factor),
    )
    before, after = (gm.removal(n).table.set_index("removed")["loss_share"] for n in (network, scaled))
    np.testing.assert_allclose(after.reindex(before.index), before, atol=1e-8)
