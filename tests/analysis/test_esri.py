from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis.remaining import removable
from graphmodel.errors import ClosedNetworkWarning, EmptySelectionError, MixedUnitsError, ParameterError
from tests.analysis.drawn import networks
from tests.conftest import network

SOME = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(SOME, max_examples=10)

RECIPE = {"stage": "making", "output": "metal", "input": ["ore", "scrap"], "amount": [1.0, 1.0]}
TWO_FEEDS = dict(
    nodes=[("m", "mining", "COD"), ("n", "recycling", "CHL"), ("p", "making", "CHN"), ("u", "use", "USA")],
    edges=[("m", "p", "ore", 3.0), ("n", "p", "scrap", 1.0), ("p", "u", "metal", 4.0)],
)


def column(result, name="esri"):
    return result.table.set_index("removed")[name].to_dict()


def quietly(*args, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClosedNetworkWarning)
        return gm.esri(*args, **how)


def test_the_toy_by_hand(toy):
    # t of lithium sold: mines 400 and 600, refinery 1000, cells 600 and 400: weights 2/15, 1/5, 1/3, 1/5, 2/15
    alone = gm.esri(toy, mineral="lithium", replaceable=False)
    assert column(alone, "esri_down") == pytest.approx(
        {"mine-a": 0.4, "mine-b": 0.6, "refine-a": 2 / 3, "cell-a": 1 / 5, "cell-b": 2 / 15}
    )
    assert column(alone, "esri_up") == pytest.approx(
        {"mine-a": 2 / 15, "mine-b": 1 / 5, "refine-a": 2 / 3, "cell-a": 0.6, "cell-b": 0.4}
    )
    # without mine A mine B still makes 600: 400 / 600 of the refinery's 0.4 is lost, down the chain
    assert column(gm.esri(toy, mineral="lithium"))["mine-a"] == pytest.approx(2 / 15 + 0.4 * 2 / 3 * (1 / 3 + 1 / 3))
    assert alone.parameters["tol"] == 1e-6
    assert alone.parameters["closed"] == 0
    assert alone.parameters["iterations"] == 4


def test_half_a_mine_costs_half(toy):
    whole, half = (gm.esri(toy, mineral="lithium", replaceable=False, severity=s) for s in (1.0, 0.5))
    assert column(half) == pytest.approx({node: value / 2 for node, value in column(whole).items()})


def test_essential_inputs_limit_a_plant_and_a_group_stands_together():
    recipes = pd.DataFrame(RECIPE)

    def lost(**tables):
        return column(gm.esri(network(**TWO_FEEDS, **tables)), "esri_down")

    # weights 3/8, 1/8, 4/8, 0
    both = {"m": 3 / 8 + 4 / 8, "n": 1 / 8 + 4 / 8, "p": 4 / 8}
    assert lost(recipes=recipes) == pytest.approx(both)
    assert lost() == pytest.approx(both)  # without a recipe every input is essential
    group = {"m": 3 / 8 + 3 / 4 * 4 / 8, "n": 1 / 8 + 1 / 4 * 4 / 8, "p": 4 / 8}
    assert lost(recipes=recipes.assign(group="feed")) == pytest.approx(group)
    assert lost(recipes=recipes.assign(essential="no")) == pytest.approx(group)
    mixed = recipes.assign(essential=["yes", "no"])
    assert lost(recipes=mixed) == pytest.approx({"m": 3 / 8 + 4 / 8, "n": 1 / 8 + 1 / 4 * 4 / 8, "p": 4 / 8})
    assert lost(recipes=recipes.iloc[:1]) == pytest.approx({"m": 7 / 8, "n": 1 / 8 + 1 / 8, "p": 4 / 8})


def test_a_plants_own_recipe_goes_before_that_of_its_stage():
    own = pd.DataFrame({**RECIPE, "essential": ["yes", "no"]})
    own = pd.concat([own, own.assign(stage="", node_id="p", essential=["no", "yes"])], ignore_index=True).fillna("")
    found = column(gm.esri(network(**TWO_FEEDS, recipes=own)), "esri_down")
    assert found == pytest.approx({"m": 3 / 8 + 3 / 4 * 4 / 8, "n": 1 / 8 + 4 / 8, "p": 4 / 8})


def test_what_no_edge_carries_leaks():
    # the mine makes 6 and sells 3 of it here; the plant needs 8 and gets 4 here
    balances = pd.DataFrame(
        {
            "node_id": ["m", "p"],
            "side": ["output", "input"],
            "item": ["ore", "feed"],
            "quantity": [6.0, 8.0],
            "residual": [3.0, 4.0],
        }
    )
    leaking = network(**TWO_FEEDS, recipes=pd.DataFrame({**RECIPE, "group": "feed"}), balances=balances)
    found = gm.esri(leaking)
    assert column(found, "esri_down")["m"] == pytest.approx(3 / 8 + 3 / 8 * 4 / 8)
    assert column(found, "esri_up")["p"] == pytest.approx(4 / 8 + 3 / 8 / 2 + 1 / 8)


def test_nodes_that_trade_only_among_themselves_are_told():
    closed = network(
        [("m", "mining", "COD"), ("p", "making", "CHN"), ("q", "making", "KOR"), ("u", "use", "USA")],
        [("p", "q", "metal", 1.0), ("q", "p", "metal", 1.0), ("m", "u", "ore", 2.0)],
    )
    with pytest.warns(ClosedNetworkWarning, match="nothing leaks from p, q: .* depend on tol"):
        result = gm.esri(closed)
    assert result.parameters["closed"] == 2


def test_a_recycling_loop_that_leaks_says_nothing(loop):
    # the plant sells 100 of 140 to its user, and takes 60 of 100 from the mine
    assert gm.esri(loop).parameters["closed"] == 0


def test_what_a_scenario_has_closed_stays_closed(toy):
    shut = gm.Scenario().shut(node_id="mine-a").apply(toy)
    found = column(gm.esri(shut, mineral="lithium", replaceable=False))
    assert found["mine-a"] == pytest.approx(0.4)
    assert found["mine-b"] == pytest.approx(1)  # no ore is left
    banned = gm.Scenario().ban(sellers={"node_id": "mine-a"}).apply(toy)
    # mine A sells nothing; 600 of the 1000 the refinery spends comes from mine B, of 2600 sold in all
    found = column(gm.esri(banned, mineral="lithium", replaceable=False), "esri_down")
    assert found["mine-b"] == pytest.approx((600 + 0.6 * 2000) / 2600)
    assert found["mine-a"] == 0


def test_groups_stop_together(toy):
    found = gm.esri(toy, by="stage", mineral="lithium")
    assert column(found) == pytest.approx({"mining": 1, "refining": 1, "cell": 1})
    assert found.table["n_nodes"].tolist() == [2, 2, 1]
    assert column(gm.esri(toy, by="country", mineral="lithium"))["CHN"] == pytest.approx(1)


def test_networks_with_little_in_them(chain):
    assert column(gm.esri(chain)) == pytest.approx({"mine-x": 1, "plant-x": 1})
    alone = network([("m", "mining", "COD")], [("m", "m", "ore", 0.0)])
    assert column(quietly(alone)) == {"m": 0}
    apart = network(
        [("m", "mining", "COD"), ("n", "mining", "CHL"), ("u", "use", "USA"), ("v", "use", "DEU")],
        [("m", "u", "ore", 3.0), ("m", "u", "ore", 3.0), ("n", "v", "ore", 4.0)],
    )
    assert column(gm.esri(apart)) == pytest.approx({"m": 0.6, "n": 0.4})


@SOME
@given(networks(recipes=False, scenario=False), st.sampled_from([1e-6, 7.0, 1e9]))
def test_a_change_of_tonnage_changes_no_score(net, factor):
    balances = net.table("balances")
    scaled = net.with_tables(
        edges=net.edges.assign(quantity=net.edges["quantity"] * factor),
        balances=balances.assign(quantity=balances["quantity"] * factor, residual=balances["residual"] * factor),
    )
    before, after = (column(quietly(n)) for n in (net, scaled))
    assert after == pytest.approx(before, abs=1e-6)


@SOME
@given(networks())
def test_every_score_lies_between_its_own_sales_and_all(net):
    table = quietly(net, replaceable=False).table.set_index("removed")
    kept = net.edges["available"].fillna(1.0).to_numpy()
    sold = np.bincount(net.source, weights=net.edges["quantity"] * kept, minlength=net.n_nodes)
    own = pd.Series(sold / max(sold.sum(), 1e-300), index=net.nodes["node_id"])[removable(net)]
    assert (table["esri"] >= own.reindex(table.index) - 1e-9).all()
    assert (table["esri"] <= 1 + 1e-9).all()
    assert (table["esri"] <= table["esri_down"] + table["esri_up"] + 1e-9).all()


@FEW
@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_nodes_and_edges_changes_no_score(net, chance):
    order = chance.sample(range(net.n_edges), net.n_edges)
    turned = net.with_tables(nodes=net.nodes.iloc[::-1], edges=net.edges.iloc[order])
    assert column(quietly(turned)) == pytest.approx(column(quietly(net)), abs=1e-9)


def test_the_real_network_leaks_and_names_its_chokepoints(real):
    result = gm.esri(real, by="industry", mineral="gallium")
    assert result.parameters["closed"] == 0
    assert result.table["removed"].iloc[0].startswith("CHN:")
    assert result.table["esri"].between(0, 1).all()


def test_what_cannot_be_asked_is_refused(toy, real):
    with pytest.raises(MixedUnitsError, match="name a mineral"):
        gm.esri(toy)
    with pytest.raises(ParameterError, match="severity is nan, but must lie between 0 and 1"):
        gm.esri(toy, mineral="lithium", severity=np.nan)
    with pytest.raises(ParameterError, match="tol is 0, but must lie above 0"):
        gm.esri(toy, mineral="lithium", tol=0)
    with pytest.raises(EmptySelectionError, match="no node can be grouped by alliance"):
        gm.esri(toy, by="alliance", mineral="lithium", members=pd.DataFrame({"group": ["x"], "country": ["NAM"]}))
