"""Chokepoints, losses, breakdown and diversification on networks worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.analysis import ANALYSES
from tests.conftest import network


def test_every_analysis_is_public():
    assert all(getattr(gm, name) is function for name, function in ANALYSES.items())


def test_chokepoints_set_losses_beside_measures(toy):
    table = gm.chokepoints(toy, mineral="lithium").table.set_index("removed")
    assert table["frozen_share"].to_dict() == pytest.approx(
        {"refine-a": 1, "cell-a": 0.6, "mine-b": 0.6, "cell-b": 0.4, "mine-a": 0.4}
    )
    assert table["reachability_share"].to_dict() == pytest.approx(
        {"refine-a": 1, "cell-a": 0.5, "mine-b": 0, "cell-b": 0, "mine-a": 0}
    )
    assert table.loc["mine-b", ["out_strength", "betweenness"]].tolist() == [600, 0]
    assert (
        gm.chokepoints(toy, by="country", mineral="lithium").table.set_index("removed").loc["CHN", "out_strength"]
        == 1400
    )


def test_chokepoints_and_breakdown_take_single_plants_unless_told_otherwise(toy):
    nodes = toy.nodes
    nodes.loc[nodes["node_id"] == "mine-b", "cluster"] = "yes"
    joined = toy.with_tables(nodes=nodes)
    single = {"refine-a", "cell-a", "cell-b", "mine-a"}
    for analysis, mineral in ((gm.chokepoints, {"mineral": "lithium"}), (gm.breakdown, {})):
        assert set(analysis(joined, **mineral).table["removed"]) == single
        assert set(analysis(joined, by="node", **mineral).table["removed"]) == {*single, "mine-b"}


def test_losses_by_product_and_country(toy):
    # mine B is 0.6 of the ore: everybody loses 0.6; mine A can add 100 to its 400 t (nameplate 500), so that half is
    # left once anyone may buy from it; flows may grow to 440 t or, over new links, by a tenth of the 1 000 t; reachability
    # sees mine A left
    table = gm.losses(toy, gm.Scenario().shut(node_id="mine-b")).table.set_index(["response", "consumer"])
    assert table["demand"].tolist() == [5] * 8
    assert table.loc["frozen", "loss"].to_dict() == pytest.approx({"CHN": 3, "USA": 3})
    assert table.loc["reroute", "loss"].to_dict() == pytest.approx({"CHN": 2.5, "USA": 2.5})
    assert table.loc["adapt", "loss"].to_dict() == pytest.approx({"CHN": 2.5, "USA": 2.5})
    assert table.loc["reachability", "loss"].to_dict() == {"CHN": 0, "USA": 0}
    assert set(table["unit"]) == {"GWh"}
    assert set(table["product"]) == {"lithium-cell"}


def test_losses_differ_between_countries(toy):
    # without cell plant A the United States lose all 5 GWh, China 1 of 5
    table = gm.losses(toy, gm.Scenario().shut(node_id="cell-a")).table.set_index(["response", "consumer"])
    assert table.loc["frozen", "loss"].to_dict() == pytest.approx({"CHN": 1, "USA": 5})
    assert table.loc["reachability", "loss"].to_dict() == {"CHN": 0, "USA": 5}


def test_demand_taken_away_is_not_lost(toy):
    gone = gm.Scenario().shut(country="USA", demand=True)
    table = gm.losses(toy, gone).table.set_index(["response", "consumer"])
    assert table["loss"].tolist() == [0] * 8
    assert table.loc["frozen", "demand"].to_dict() == {"CHN": 5, "USA": 0}
    half = gm.Scenario().shut(0.5, country="USA", demand=True).shut(node_id="cell-a")
    table = gm.losses(toy, half).table.set_index(["response", "consumer"])
    assert table.loc["frozen", "loss"].to_dict() == pytest.approx({"CHN": 1, "USA": 2.5})


def test_nothing_happens_and_nothing_is_lost(toy, loop):
    for which in (toy, loop):
        nothing = gm.Scenario().shut(0.0, stage=which.stages["stage"].iloc[0])
        assert gm.losses(which, nothing).table["loss"].sum() == pytest.approx(0, abs=1e-9)


def test_without_users_there_are_no_rows():
    no_users = network([("m", "mining", "COD"), ("p", "making", "CHN")], [("m", "p", "ore", 1.0)])
    assert len(gm.losses(no_users, gm.Scenario().shut(node_id="m"))) == 0
    assert len(gm.breakdown(no_users)) == 0
    assert len(gm.chokepoints(no_users)) == 2


def test_breakdown_splits_by_country(toy):
    table = gm.breakdown(toy).table
    cell_a = table[(table["removed"] == "cell-a") & (table["response"] == "frozen")].set_index("consumer")
    assert cell_a["loss"].to_dict() == pytest.approx({"CHN": 1, "USA": 5})
    assert cell_a["loss_share"].to_dict() == pytest.approx({"CHN": 0.2, "USA": 1})


def test_a_second_mine_diversifies(balanced_toy):
    mine = pd.DataFrame(
        {
            "node_id": ["mine-c"],
            "stage": ["mining"],
            "country": ["CAN"],
            "material": ["lithium-ore"],
            "capacity": [200.0],
        }
    )
    table = gm.diversification(balanced_toy, gm.Scenario("mine C").add(mine), mineral="lithium").table
    mining = table[(table["stage"] == "mining") & (table["lens"] == "country")].set_index("measure")
    # 400, 600 and 200 t are made; the index falls from 0.52 to (4 + 9 + 1) / 36
    assert mining.loc["hhi", "without"] == pytest.approx(0.52)
    assert mining.loc["hhi", "with_scenario"] == pytest.approx(14 / 36)
    assert mining.loc["largest_share", "change"] == pytest.approx(0.5 - 0.6)
    worst = table[(table["measure"] == "worst_loss") & (table["lens"] == "country")].iloc[0]
    assert (worst["without"], worst["with_scenario"]) == (1, 1)  # all ore still passes one refinery in China


def test_a_scenario_that_opens_a_new_stage_of_a_mineral_shows_in_the_table(balanced_toy):
    nothing = gm.Scenario("nothing").shut(0.0, node_id="mine-a")
    table = gm.diversification(balanced_toy, nothing, mineral="lithium").table
    assert table["change"].abs().max() == pytest.approx(0, abs=1e-9)
    assert set(table["lens"]) == {"country", "control"}
