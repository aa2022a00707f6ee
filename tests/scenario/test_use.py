"""Demand, yields, recycling and substitutes."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.checks import imbalance
from graphmodel.errors import EmptySelectionError, InfeasibleError, ParameterError, UnknownNameError
from tests.analysis.drawn import networks
from tests.conftest import network

MANY = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def frozen(network, scenario):
    table = gm.losses(network, scenario).table
    return table[table["response"] == "frozen"].groupby("consumer")[["demand", "loss"]].sum()


def test_demand_that_goes_away_is_not_lost(toy):
    table = frozen(toy, gm.Scenario().demand(0.5, country="USA"))
    assert table.loc["USA"].tolist() == [2.5, 0]
    assert table.loc["CHN"].tolist() == [5, 0]


@pytest.mark.parametrize("which", ["toy", "balanced_toy"])
def test_demand_that_is_added_nobody_delivers(which, request):
    base = request.getfixturevalue(which)
    table = frozen(base, gm.Scenario().demand(1.2, country="USA"))
    assert table.loc["USA"].tolist() == pytest.approx([6, 1])
    # half the ore on top: of 6 GWh 5 come, of these half
    table = frozen(base, gm.Scenario().demand(1.2, country="USA").shut(0.5, stage="mining"))
    assert table.loc["USA"].tolist() == pytest.approx([6, 3.5])


def test_all_demand_grows_when_no_user_is_named(toy):
    assert frozen(toy, gm.Scenario().demand(2))["loss"].tolist() == pytest.approx([5, 5])
    with pytest.raises(EmptySelectionError, match="holds no final demand; there is some in CHN, USA"):
        gm.Scenario().demand(2, country="KOR").apply(toy)
    for factor in (-1, float("nan")):
        with pytest.raises(ParameterError, match=f"factor is {factor}"):
            gm.Scenario().demand(factor)


@MANY
@given(networks(mineral=""), st.sampled_from([0.0, 0.5, 1.0, 1.5, 3.0]))
def test_what_is_served_never_exceeds_what_was_served_before(network, factor):
    before = frozen(network, gm.Scenario())
    after = frozen(network, gm.Scenario().demand(factor))
    assert after["demand"].tolist() == pytest.approx((before["demand"] * factor).tolist(), abs=1e-6)
    # what no edge brings grows with demand; the rest does not: never more served than demand, never less than before
    served, grown = (t["demand"] - t["loss"] for t in (before, after))
    assert (grown <= served * max(factor, 1.0) + 1e-6).all()
    if factor >= 1:
        assert (grown >= served - 1e-6).all()


def test_a_yield_a_tenth_lower_loses_a_tenth(toy, balanced_toy):
    for base in (toy, balanced_toy):
        table = frozen(base, gm.Scenario().yields(0.9, stage="cell"))
        assert table["loss"].tolist() == pytest.approx([0.5, 0.5])
        recipe = gm.Scenario().yields(0.9, stage="cell").apply(base).table("recipes").query("stage == 'cell'")
        assert recipe["amount"].iloc[0] == pytest.approx(100 / 0.9)


def test_a_better_yield_buys_less_and_loses_nothing(balanced_toy):
    after = gm.Scenario().yields(1.25, stage="cell", material="lithium-salt").apply(balanced_toy)
    salt = after.edges[after.edges["material"] == "lithium-salt"]
    assert salt["quantity"].sum() == pytest.approx(800)
    wanted = after.table("balances").query("side == 'input' and item == 'lithium-salt'")
    assert wanted["quantity"].sum() == pytest.approx(800)
    # where each stage loses a fifth of the lithium, one unit of each product can be made of four fifths of its input
    held = pd.DataFrame({"material": ["lithium-salt", "lithium-cell", "car"], "amount": [0.8, 64.0, 51.2]})
    leaking = balanced_toy.with_tables(composition=held.assign(mineral="lithium"))
    assert (gm.losses(leaking, gm.Scenario().yields(1.25)).table["loss"] == 0).all()


def test_a_yield_above_what_goes_in_is_refused(balanced_toy):
    with pytest.raises(InfeasibleError, match="recipe cell: lithium-cell: 100 t out of 80 t taken in"):
        gm.losses(balanced_toy, gm.Scenario().yields(1.25))


def test_a_yield_of_one_recipe_among_several_outputs_weighs_by_need(loop):
    # the plant makes 100 of metal and 40 of scrap from 100 of feed: only metal's need grows, to 200 + 40 of 140
    after = gm.Scenario().yields(0.5, output="metal").apply(loop)
    ore = after.edges.set_index("material").loc["ore"]
    assert ore["quantity"] == pytest.approx(60 * 240 / 140)
    assert ore["available"] == pytest.approx(140 / 240)


def test_recipes_that_do_not_exist_are_refused(toy):
    with pytest.raises(UnknownNameError, match="no recipe has stage 'sell'; did you mean 'cell'"):
        gm.Scenario().yields(0.9, stage="sell").apply(toy)
    with pytest.raises(UnknownNameError, match="no recipe uses 'lithium-oar'"):
        gm.Scenario().yields(0.9, material="lithium-oar").apply(toy)
    with pytest.raises(EmptySelectionError, match="lithium-salt at refining use it"):
        gm.Scenario().yields(0.9, stage="cell", material="lithium-ore").apply(toy)
    for factor in (0, -1, float("nan")):
        with pytest.raises(ParameterError, match=f"factor is {factor}"):
            gm.Scenario().yields(factor)


def test_less_recycling_is_lost_and_users_of_other_stages_are_untouched(loop):
    shut = gm.Scenario().shut(0.5, node_id="recycler-x").apply(loop)
    assert gm.Scenario().recycling(0.5).apply(loop) == shut.with_tables(name="same")


def test_no_recycler_is_said(toy):
    with pytest.raises(EmptySelectionError, match="stages that recycle: none"):
        gm.Scenario().recycling(0.5).apply(toy)
    with pytest.raises(ParameterError, match="needs a network with recipes and balances"):
        gm.Scenario().recycling(2).apply(network(
            [("mine-x", "mining", "COD"), ("old-x", "recycling", "KOR"), ("user-x", "use", "USA")],
            [("mine-x", "user-x", "metal", 1.0), ("old-x", "user-x", "metal", 1.0)],
        ))  # fmt: skip


def test_more_recycling_in_the_real_network_balances_and_displaces_mines(real):
    more = gm.Scenario().recycling(1.5, country="KOR", stage="recycling").apply(real)
    assert imbalance(more)["error"].max() <= 1e-9
    nodes = more.nodes.set_index("node_id")
    fresh = nodes.index[nodes["status"] == "project"]
    assert len(fresh) > 0
    assert (nodes.loc[fresh, "country"] == "KOR").all()


def test_a_substitute_widens_a_recipe_and_moves_nothing(balanced_toy):
    swap = gm.Scenario().substitute("lithium-salt", by="lithium-ore", stage="cell", ratio=2)
    recipe = swap.apply(balanced_toy).table("recipes").query("stage == 'cell'").set_index("input")
    assert recipe["amount"].to_dict() == {"lithium-salt": 100, "lithium-ore": 200}
    assert recipe.loc["lithium-ore", "group"] == "lithium-salt"
    assert (gm.losses(balanced_toy, swap).table["loss"] == 0).all()
    stop = gm.Scenario().shut(0.5, node_id="refine-a")
    with_swap, without = (gm.losses(base, stop).table for base in (swap.apply(balanced_toy), balanced_toy))
    unmoved = with_swap["response"].isin(["reachability", "frozen"])
    pd.testing.assert_frame_equal(with_swap[unmoved], without[unmoved])
    # half the refinery makes 600 t of salt, 6 GWh; the mines could dig 1100 t, so 500 t of ore make 2.5 GWh more
    lost = [table[table["response"] == "reroute"]["loss"].sum() for table in (without, with_swap)]
    assert lost == pytest.approx([4, 1.5])


def test_a_substitute_that_means_nothing_is_refused(balanced_toy):
    with pytest.raises(UnknownNameError, match="no material 'sodium'"):
        gm.Scenario().substitute("lithium-salt", by="sodium").apply(balanced_toy)
    with pytest.raises(ParameterError, match="cannot stand in for itself"):
        gm.Scenario().substitute("lithium-salt", by="lithium-salt")
    twice = gm.Scenario().substitute("lithium-salt", by="lithium-ore", stage="cell")
    with pytest.raises(ParameterError, match="stands in these recipes already"):
        twice.substitute("lithium-salt", by="lithium-ore", stage="cell").apply(balanced_toy)
    with pytest.raises(EmptySelectionError, match="lithium-cell at cell use it"):
        gm.Scenario().substitute("lithium-salt", by="lithium-ore", stage="refining").apply(balanced_toy)
