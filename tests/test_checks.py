from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.checks import CHECKS, imbalance
from tests.conftest import network


def found(network):
    return {(row.check, row.row) for row in gm.check(network).itertuples()} - {
        (row.check, row.row) for row in gm.check(network).itertuples() if row.check == "missing_references"
    }


def test_every_rule_says_what_it_looks_for():
    assert all(rule.__doc__ for rule in CHECKS)


def test_a_good_network_has_no_findings(toy):
    table = gm.check(toy)
    assert len(table) == 0
    assert list(table) == ["check", "table", "row", "value", "message"]


def test_a_self_loop_is_a_finding_and_no_error():
    selfish = network([("m", "mining", "COD"), ("u", "use", "USA")], [("m", "u", "ore", 1.0), ("m", "m", "ore", 1.0)])
    assert found(selfish) == {("self_loops", "e2")}


def test_what_stands_apart_is_found():
    apart = network(
        [("m", "mining", "COD"), ("p", "making", "CHN"), ("u", "use", "USA"), ("idle", "making", "CHN")],
        [("m", "u", "ore", 1.0), ("p", "u", "metal", 1.0), ("m", "u", "ore", 0.0)],
    )
    assert found(apart) == {("isolated_nodes", "idle"), ("untraced_nodes", "p"), ("empty_edges", "e3")}


def test_a_loop_that_no_origin_feeds_is_untraced():
    endless = network(
        [("m", "mining", "COD"), ("p", "making", "CHN"), ("q", "making", "CHN"), ("u", "use", "USA")],
        [("p", "q", "metal", 1.0), ("q", "p", "metal", 1.0), ("q", "u", "metal", 1.0), ("m", "m", "ore", 1.0)],
    )
    assert {("untraced_nodes", node) for node in ("p", "q", "u")} <= found(endless)


def test_output_above_nameplate_and_owners_above_one_are_found(toy):
    nodes = toy.nodes
    nodes.loc[nodes["node_id"] == "cell-a", "output"] = 9.0  # of 8
    owners = toy.table("owners")
    owners.loc[0, "share"] = 0.7  # with 0.4 of another
    assert found(toy.with_tables(nodes=nodes, owners=owners)) == {
        ("output_above_capacity", "cell-a"),
        ("owners_above_one", "mine-a"),
    }


def test_a_flow_that_does_not_add_up_is_found(balanced_toy):
    assert found(balanced_toy) == set()
    edges = balanced_toy.edges
    edges.loc[edges["edge_id"] == "e4", "quantity"] = 599.0  # refine-a made 1000, cell-a needs 600
    broken = balanced_toy.with_tables(edges=edges)
    assert found(broken) == {
        ("unbalanced_nodes", "refine-a output lithium-salt"),
        ("unbalanced_nodes", "cell-a input lithium-salt"),
    }
    assert imbalance(broken)["error"].max() == pytest.approx(1 / 600)


def test_a_mine_that_sells_more_than_it_makes_is_named_with_both(toy):
    edges = toy.edges
    edges.loc[edges["edge_id"] == "e1", "quantity"] = 900.0  # mine-a makes 400; refine-a makes 1000 from 1000
    table = gm.check(toy.with_tables(edges=edges)).set_index("check")
    assert table.loc["sales_above_output", ["row", "message"]].tolist() == [
        "mine-a",
        "sells 900 of lithium-ore, but makes 400",
    ]
    assert table.loc["inputs_above_need", ["row", "value"]].tolist() == ["refine-a", "1500"]


def test_a_further_mine_feeds_a_refinery_more_than_it_needs(toy):
    nodes = pd.concat([toy.nodes, toy.nodes[toy.nodes["node_id"] == "mine-a"].assign(node_id="mine-c")])
    edges = pd.concat([toy.edges, toy.edges[toy.edges["edge_id"] == "e1"].assign(edge_id="e9", source="mine-c")])
    assert found(toy.with_tables(nodes=nodes, edges=edges)) == {("inputs_above_need", "refine-a")}


def test_flows_that_are_rounded_unknown_or_of_several_products_are_no_finding(toy):
    edges, nodes = toy.edges, toy.nodes
    edges.loc[edges["edge_id"] == "e1", "quantity"] = 401.0  # of 400; 1001 of the 1000 that refine-a needs
    assert found(toy.with_tables(edges=edges)) == set()
    edges.loc[edges["edge_id"] == "e1", "quantity"] = 900.0
    assert found(toy.with_tables(edges=edges, nodes=nodes.assign(output=float("nan")))) == set()
    both = pd.concat([edges, edges[edges["edge_id"] == "e4"].assign(edge_id="e9", source="mine-a")])
    assert found(toy.with_tables(edges=both)) == {("inputs_above_need", "refine-a"), ("inputs_above_need", "cell-a")}


def test_a_recipe_of_a_plants_own_says_what_it_needs(toy):
    own = toy.table("recipes").iloc[[1]].assign(stage="", node_id="refine-a", amount=0.5)
    recipes = pd.concat([toy.table("recipes"), own])
    assert found(toy.with_tables(recipes=recipes)) == {("inputs_above_need", "refine-a")}  # 1000 for 500


def test_a_flow_nobody_is_said_to_make_is_found(balanced_toy):
    balances = balanced_toy.table("balances")
    silent = balances[~((balances["node_id"] == "mine-a") & (balances["side"] == "output"))]
    assert ("unbalanced_nodes", "mine-a output lithium-ore") in found(balanced_toy.with_tables(balances=silent))


def test_a_rule_that_nothing_follows_is_found():
    # the mine makes copper and cobalt, p makes metal; nobody recycles, nobody makes paint, and p makes no copper
    pair = network(
        [("m", "mining", "COD"), ("p", "making", "CHN"), ("u", "use", "USA")],
        [("m", "p", "copper", 10.0), ("m", "p", "cobalt", 1.0), ("p", "u", "metal", 5.0)],
        recipes=pd.DataFrame(
            [
                ("making", "", "metal", "copper"),
                ("making", "", "paint", "cobalt"),
                ("recycling", "", "metal", "scrap"),
                ("", "p", "metal", "cobalt"),
                ("", "p", "copper", "cobalt"),
            ],
            columns=["stage", "node_id", "output", "input"],
        ).assign(amount=1.0),
        coproducts=pd.DataFrame(
            [
                ("mining", "", "copper", "cobalt"),
                ("mining", "COD", "copper", "cobalt"),
                ("mining", "ZMB", "copper", "cobalt"),
                ("mining", "", "nickel", "cobalt"),
                ("making", "", "metal", "cobalt"),
            ],
            columns=["stage", "country", "host", "companion"],
        ),
    )
    assert found(pair) == {
        ("unused_rules", rule)
        for rule in (
            "making paint cobalt",
            "recycling metal scrap",
            "p copper cobalt",
            "mining ZMB copper cobalt",
            "mining nickel cobalt",
            "making metal cobalt",
        )
    }
    messages = gm.check(pair).set_index("row")["message"]
    assert messages["making paint cobalt"] == "no node of the stage makes it"
    assert messages["recycling metal scrap"] == "no node has stage 'recycling'"


def test_host_and_companion_of_two_different_nodes_are_no_co_products():
    apart = network(
        [("m", "mining", "COD"), ("n", "mining", "COD"), ("u", "use", "USA")],
        [("m", "u", "copper", 10.0), ("n", "u", "cobalt", 1.0)],
        coproducts=pd.DataFrame({"stage": ["mining"], "host": ["copper"], "companion": ["cobalt"]}),
    )
    assert found(apart) == {("unused_rules", "mining copper cobalt")}


def test_every_rule_of_the_real_network_is_used(real):
    assert not [row for row in found(real) if row[0] == "unused_rules"]


def test_rows_without_a_reference_are_found(chain):
    table = gm.check(chain)
    assert set(table["check"]) == {"missing_references"}
    assert set(table["row"]) == {"mine-x", "plant-x", "user-x", "e1", "e2"}


def test_without_balances_there_is_nothing_to_compare(toy):
    assert len(imbalance(toy)) == 0


def test_findings_name_rows_as_text():
    numbers = gm.Network(
        pd.DataFrame({"node_id": [1, 2], "stage": ["mining", "use"], "country": ["COD", "USA"]}),
        pd.DataFrame({"source": [1], "target": [1], "material": ["ore"], "quantity": [1.0]}),
        pd.DataFrame({"stage": ["mining", "use"], "order": [1, 2], "role": ["origin", "sink"]}),
    )
    assert ("isolated_nodes", "2") in found(numbers)
