from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.checks import imbalance
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError
from tests.conservation import largest_error


def left(network, node):
    return float(network.nodes.set_index("node_id").loc[node, "available"])


def frozen_losses(network, scenario):
    table = gm.losses(network, scenario).table
    return table[table["response"] == "frozen"].set_index("consumer")["loss"].to_dict()


def test_a_scenario_is_a_value(toy):
    before = toy.fingerprint
    first = gm.Scenario("first")
    second = first.shut(country="CHN")
    assert (len(first.changes), len(second.changes)) == (0, 1)
    after = second.apply(toy)
    assert toy.fingerprint == before
    assert after.name == "toy-battery with first"
    assert first.apply(toy) == toy
    with pytest.raises(AttributeError):
        first.name = "other"


def test_shut_and_derate_say_the_same_thing_twice(toy):
    assert left(gm.Scenario().shut(0.7, node_id="mine-a").apply(toy), "mine-a") == pytest.approx(0.3)
    assert left(gm.Scenario().derate(0.3, node_id="mine-a").apply(toy), "mine-a") == pytest.approx(0.3)
    assert left(gm.Scenario().shut(node_id="mine-a").apply(toy), "mine-a") == 0


def test_blows_to_one_node_multiply(toy):
    twice = gm.Scenario().shut(0.5, node_id="mine-a").shut(0.5, country="CHL")
    assert left(twice.apply(toy), "mine-a") == pytest.approx(0.25)


def test_supply_stops_and_demand_stays_unless_told(toy):
    quiet = gm.Scenario().shut(country="CHN").apply(toy)
    assert (left(quiet, "refine-a"), left(quiet, "cell-b")) == (0, 0)
    assert np.isnan(left(quiet, "ev-chn")) or left(quiet, "ev-chn") == 1
    loud = gm.Scenario().shut(country="CHN", demand=True).apply(toy)
    assert left(loud, "ev-chn") == 0
    with pytest.raises(EmptySelectionError, match="demand=True takes demand away"):
        gm.Scenario().shut(country="USA").apply(toy)


def test_banned_ore_is_lost_like_its_mine(toy):
    # 600 of 1000 t of ore come from Australia; all cells fall by 0.6
    ban = gm.Scenario().ban(material="lithium-ore", sellers={"country": "AUS"}, buyers={"country": "CHN"})
    assert frozen_losses(toy, ban) == pytest.approx({"CHN": 3, "USA": 3})
    assert ban.apply(toy).edges.set_index("edge_id")["available"].fillna(1).to_dict() == {
        "e1": 1, "e2": 0, "e3": 0, "e4": 1, "e5": 1, "e6": 1, "e7": 1, "e8": 1,
    }  # fmt: skip


def test_a_quota_loses_its_part(toy):
    # half of Australia's 600 t of 1000: everybody loses 0.3
    cap = gm.Scenario().cap(0.5, material="lithium-ore", sellers={"country": "AUS"})
    assert frozen_losses(toy, cap) == pytest.approx({"CHN": 1.5, "USA": 1.5})
    again = cap.cap(0.5, material="lithium-ore", sellers={"country": "AUS"})
    assert frozen_losses(toy, again) == pytest.approx({"CHN": 2.25, "USA": 2.25})


def test_a_ban_on_one_buyer_hurts_that_buyer(toy):
    # Korea may not sell cells to China: China loses 1 of 5 GWh, the United States none
    ban = gm.Scenario().ban(material="lithium-cell", sellers={"country": "KOR"}, buyers={"country": "CHN"})
    assert frozen_losses(toy, ban) == pytest.approx({"CHN": 1, "USA": 0})
    table = gm.losses(toy, ban).table
    assert table[table["response"] == "reachability"]["loss"].tolist() == [0, 0]  # cell plant B still sells to China


def test_a_ban_on_everything_from_one_seller_cuts_paths_too(toy):
    ban = gm.Scenario().ban(sellers={"node_id": "refine-a"})
    # there is no other refinery: both countries lose their 5 GWh under each of the four responses
    table = gm.losses(toy, ban).table
    assert table["loss"].tolist() == pytest.approx([5] * 8)


def test_what_means_nothing_is_refused(toy):
    with pytest.raises(ParameterError, match="shut needs a selection"):
        gm.Scenario().shut()
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(ParameterError, match="must lie between 0 and 1"):
            gm.Scenario().shut(share, country="CHN")
        with pytest.raises(ParameterError, match="must lie between 0 and 1"):
            gm.Scenario().cap(share)
    with pytest.raises(UnknownNameError, match="did you mean 'lithium-ore'"):
        gm.Scenario().ban(material="lithium-oar").apply(toy)
    with pytest.raises(EmptySelectionError, match="no edge carries lithium-ore from country=KOR"):
        gm.Scenario().ban(material="lithium-ore", sellers={"country": "KOR"}).apply(toy)
    with pytest.raises(EmptySelectionError, match="country AUS has stage: mining"):
        gm.Scenario().shut(country="AUS", stage="refining").apply(toy)


def project(**columns):
    row = {"node_id": "new", "stage": "mining", "country": "CAN", "material": "lithium-ore", "capacity": 200.0}
    return pd.DataFrame([{**row, **columns}])


def test_the_balanced_toy_balances(balanced_toy):
    assert largest_error(balanced_toy)[0] == 0
    assert imbalance(balanced_toy)["error"].max() == 0


def test_old_mines_give_way_to_a_new_one(balanced_toy):
    # the refinery still takes 1000 t: 200 from the new mine, the old ones 0.8 of what they sold, parallel edges alike
    after = gm.Scenario().add(project()).apply(balanced_toy)
    ore = after.edges[after.edges["material"] == "lithium-ore"].set_index("edge_id")["quantity"]
    assert ore.to_dict() == pytest.approx({"e1": 320, "e2": 280, "e3": 200, "lithium-ore:new:refine-a": 200})
    made = after.table("balances").query("side == 'output' and item == 'lithium-ore'").set_index("node_id")
    assert made["quantity"].to_dict() == pytest.approx({"mine-a": 400, "mine-b": 600, "new": 200})
    assert made["residual"].to_dict() == pytest.approx({"mine-a": 80, "mine-b": 120, "new": 0})
    assert after.n_nodes == 8
    assert after.nodes.set_index("node_id").loc["new", ["kind", "output"]].tolist() == ["facility", 200]


def test_a_new_plant_takes_ore_from_the_old_one(balanced_toy):
    # 100 of 1000 t of salt from Canada: the old refinery makes 900 and buys 900; the mines still sell 1000
    plant = project(stage="refining", material="lithium-salt", capacity=200.0, utilisation=0.5)
    after = gm.Scenario().add(plant).apply(balanced_toy)
    made = after.table("balances").set_index(["node_id", "side", "item"])["quantity"]
    assert made[("refine-a", "output", "lithium-salt")] == pytest.approx(900)
    assert made[("new", "output", "lithium-salt")] == 100
    assert made[("new", "input", "lithium-ore")] == pytest.approx(100)
    ore = after.edges[after.edges["material"] == "lithium-ore"].groupby("target")["quantity"].sum()
    assert ore.to_dict() == pytest.approx({"refine-a": 900, "new": 100})
    assert gm.removal(after).table.set_index("removed").loc["refine-a", "loss"] == pytest.approx(9)


@pytest.mark.parametrize(
    ("stage", "material", "capacity"),
    [("mining", "lithium-ore", 300.0), ("refining", "lithium-salt", 400.0), ("cell", "lithium-cell", 3.0)],
)
def test_after_adding_everything_balances_and_demand_is_the_same(balanced_toy, stage, material, capacity):
    after = gm.Scenario().add(project(stage=stage, material=material, capacity=capacity)).apply(balanced_toy)
    assert imbalance(after)["error"].max() <= 1e-9
    assert largest_error(after)[0] <= 1e-9
    demand = [
        n.table("balances").query("side == 'demand'").set_index(["node_id", "item"])["quantity"]
        for n in (balanced_toy, after)
    ]
    pd.testing.assert_series_equal(*demand, check_like=True)
    hhi = [gm.concentration(n).table.set_index("material").loc[material, "hhi_low"] for n in (balanced_toy, after)]
    assert hhi[1] < hhi[0]


def test_several_plants_at_several_stages_are_added_together(balanced_toy):
    both = pd.concat([project(), project(node_id="new-2", stage="refining", material="lithium-salt")])
    after = gm.Scenario().add(both).apply(balanced_toy)
    assert largest_error(after)[0] <= 1e-9
    assert after.n_nodes == 9


@pytest.mark.parametrize(
    ("stage", "material", "capacity", "country"),
    [
        ("refining", "cobalt-sulphate", 5000.0, "CAN"),
        ("mining", "cobalt-hydroxide", 20000.0, "ZMB"),
        ("cam", "cathode-nmc-high", 20000.0, "DEU"),
    ],
)
def test_a_plant_added_to_the_real_network_balances(real, stage, material, capacity, country):
    plant = project(stage=stage, material=material, capacity=capacity, country=country)
    after = gm.Scenario().add(plant).apply(real)
    assert imbalance(after)["error"].max() <= 1e-9
    error, place = largest_error(after)
    assert error <= 1e-9, place
    demand = [
        n.table("balances").query("side == 'demand'").set_index(["node_id", "item"])["quantity"].sort_index()
        for n in (real, after)
    ]
    pd.testing.assert_series_equal(*demand)
    before, now = (gm.concentration(n).table.set_index(["stage", "material"])["hhi_high"] for n in (real, after))
    assert now[(stage, material)] < before[(stage, material)]


def test_all_that_is_wrong_with_a_project_is_told_at_once(balanced_toy):
    wrong = pd.concat(
        [
            project(node_id="mine-a"),
            project(stage="minning"),
            project(node_id="x", material="lithium-oar"),
            project(node_id="y", capacity=-1.0),
            project(node_id="z", capacity=np.nan),
        ]
    )
    with pytest.raises(gm.SchemaError) as caught:
        gm.Scenario().add(wrong).apply(balanced_toy)
    found = {(p.line, p.column, p.hint) for p in caught.value.problems}
    assert found == {
        (1, "node_id", ""),
        (2, "stage", "did you mean 'mining'?"),
        (3, "material", "did you mean 'lithium-ore'?"),
        (4, "capacity", ""),
        (5, "capacity", ""),
    }


def test_a_plant_twice_or_in_an_unknown_country_is_refused(balanced_toy):
    with pytest.raises(gm.SchemaError):
        gm.Scenario().add(pd.concat([project(), project()])).apply(balanced_toy)
    with pytest.raises(gm.SchemaError, match="XYZ"):
        gm.Scenario().add(project(country="XYZ")).apply(balanced_toy)
    with pytest.raises(gm.SchemaError, match="column is missing"):
        gm.Scenario().add(project().drop(columns="capacity")).apply(balanced_toy)


def test_utilisation_is_a_share(balanced_toy):
    for utilisation in (-0.5, 1.5, np.nan):
        with pytest.raises(gm.SchemaError, match="utilisation"):
            gm.Scenario().add(project(utilisation=utilisation)).apply(balanced_toy)


def test_a_plant_must_stand_at_a_stage_that_makes_its_product(balanced_toy):
    # salt is made at refining; a cell plant that sells salt would make it of nothing
    with pytest.raises(gm.SchemaError, match="lithium-salt"):
        gm.Scenario().add(project(stage="cell", material="lithium-salt", capacity=1.0)).apply(balanced_toy)


def test_a_plant_that_would_be_nearly_the_whole_market_is_refused(balanced_toy):
    with pytest.raises(ParameterError, match="would cover 99% of lithium-ore, above 95%"):
        gm.Scenario().add(project(capacity=990.0)).apply(balanced_toy)


def test_adding_needs_balances(toy):
    with pytest.raises(ParameterError, match="needs a network with recipes and balances"):
        gm.Scenario().add(project()).apply(toy)


@pytest.mark.parametrize(
    "name", ["losses", "rerouting", "marginal_values", "timeline", "duration_curve", "diversification"]
)
@pytest.mark.parametrize("word", ["CHN", {"country": "CHN"}, None])
def test_every_analysis_of_a_scenario_says_how_to_make_one(toy, name, word):
    with pytest.raises(ParameterError, match=r"but must be a Scenario; make one first: gm\.Scenario\('China stops'\)"):
        getattr(gm, name)(toy, word)
