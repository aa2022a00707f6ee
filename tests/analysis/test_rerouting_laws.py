"""Laws of losses after rerouting, each under its conditions, with a network in which it is false without them."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from tests.analysis.drawn import roomy
from tests.analysis.slow import Slow
from tests.conftest import network, shared_ore

SOME = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(SOME, max_examples=6)
RESPONSES = ("reroute", "adapt", "frozen")
REROUTED = st.sampled_from(["reroute", "adapt"])
LINKS = st.sampled_from(["any", "existing"])
CLOSE = 1e-6  # of quantities between 1 and 100


def losses_of(network, response, **options):
    return gm.removal(network, response=response, **options).table.set_index("removed")["loss"]


def least(base, scenario, response):
    """Final demand lost once a scenario happens."""
    table = gm.losses(base, scenario).table
    return table.loc[table["response"] == response, "loss"].sum()


def nowhere_above(less, more):
    return bool((less <= more.reindex(less.index) + CLOSE).all())


@st.composite
def fed(draw):
    """Draw a network without scenario or residuals, every plant and user of which buys ore."""
    drawn = draw(roomy(scenario=False, balances=False))
    buyers = drawn.nodes.loc[drawn.nodes["stage"] != "mining", "node_id"]
    ore = pd.DataFrame({"source": "mining-0", "target": buyers, "material": "ore", "quantity": 2.0})
    edges = pd.concat([drawn.edges.drop(columns="edge_id"), ore], ignore_index=True)
    return drawn.with_tables(edges=edges)


def by_product(base, scenario, response):
    table = gm.losses(base, scenario).table
    return table[table["response"] == response].set_index("product")["loss"].to_dict()


@SOME
@given(roomy(), st.sampled_from([1.0, 0.5]))
def test_rerouting_loses_no_more_than_slow_adaptation_and_that_no_more_than_frozen_shares(drawn, severity):
    lost = [losses_of(drawn, response, severity=severity, links="existing") for response in RESPONSES]
    assert nowhere_above(lost[0], lost[1])
    assert nowhere_above(lost[1], lost[2])
    anyone = [losses_of(drawn, response, severity=severity, links="any") for response in RESPONSES[:2]]
    assert nowhere_above(anyone[0], anyone[1])
    assert nowhere_above(anyone[0], lost[0])
    assert nowhere_above(anyone[1], lost[1])


@SOME
@given(fed())
def test_over_present_links_rerouting_loses_no_less_than_reachability_where_all_traces_to_a_mine(drawn):
    if Slow(drawn).traces():
        assert nowhere_above(losses_of(drawn, "reachability"), losses_of(drawn, "reroute", links="existing"))


def test_a_new_link_can_serve_whom_no_present_path_reaches():
    # two chains side by side; mine-b could dig 20 and digs 10: without mine-a it feeds both users, over a new link
    chains = network(
        [("mine-a", "mining", "COD"), ("mine-b", "mining", "AUS"), ("user-a", "use", "USA"), ("user-b", "use", "DEU")],
        [("mine-a", "user-a", "ore", 10.0), ("mine-b", "user-b", "ore", 10.0)],
    )
    chains = chains.with_tables(nodes=chains.nodes.assign(output=10.0, capacity=20.0))
    assert losses_of(chains, "reachability")["mine-a"] == 10
    assert losses_of(chains, "reroute")["mine-a"] == 0
    assert losses_of(chains, "reroute", links="existing")["mine-a"] == 10


def test_a_plant_that_also_buys_outside_the_network_loses_less_than_reachability_says():
    # half of what the plant needs comes from outside the network, so half runs on though no path from a mine is left
    residual = pd.DataFrame(
        [{"node_id": "plant-x", "side": "input", "item": "ore", "quantity": 20.0, "residual": 10.0}]
    )
    outside = network(
        [("mine-x", "mining", "COD"), ("plant-x", "making", "CHN"), ("user-x", "use", "USA")],
        [("mine-x", "plant-x", "ore", 10.0), ("plant-x", "user-x", "metal", 20.0)],
        balances=residual,
    )
    assert losses_of(outside, "reachability")["mine-x"] == 20
    assert losses_of(outside, "reroute", links="existing")["mine-x"] == pytest.approx(10)


def test_one_product_can_lose_more_when_the_sum_loses_less():
    # of 7.5 of ore frozen shares make 2.5 cars and 2.5 phones; the least loss is 5 cars (5 ore) and 1.25 phones
    half = gm.Scenario().shut(0.5, node_id="mine-x")
    assert by_product(shared_ore(), half, "frozen") == pytest.approx({"car": 2.5, "phone": 2.5})
    assert by_product(shared_ore(), half, "reroute") == pytest.approx({"car": 0, "phone": 3.75})


@FEW
@given(roomy(), REROUTED, LINKS, st.sampled_from([0.0, 0.3, 0.6]))
def test_a_harder_blow_loses_no_less_after_rerouting(drawn, response, links, severity):
    soft, hard = (losses_of(drawn, response, links=links, severity=s) for s in (severity, severity + 0.4))
    assert nowhere_above(soft, hard)


@SOME
@given(roomy(), st.sampled_from(RESPONSES), LINKS)
def test_two_countries_together_lose_no_less_than_either(drawn, response, links):
    bloc = drawn.nodes["country"].replace({"USA": "CHN"})
    both = losses_of(drawn.with_tables(nodes=drawn.nodes.assign(control=bloc)), response, by="control", links=links)
    alone = losses_of(drawn, response, by="country", links=links)
    for country, loss in alone.items():
        assert loss <= both["CHN" if country == "USA" else country] + CLOSE


def test_two_countries_together_can_lose_less_where_their_demand_goes_too():
    # the mine feeds users in China and the United States; if the American demand goes with a plant nobody needs ...
    base = network(
        [
            ("mine-x", "mining", "COD"),
            ("user-chn", "use", "CHN"),
            ("user-usa", "use", "USA"),
            ("idle", "making", "USA"),
        ],
        [("mine-x", "user-chn", "ore", 5.0), ("mine-x", "user-usa", "ore", 5.0)],
    )
    mine = gm.Scenario().shut(country="COD")
    more = mine.shut(country="USA", demand=True)
    for response in RESPONSES:
        assert least(base, mine, response) == 10
        assert least(base, more, response) == 5  # ... 5 of the 10 are not wanted any more


@SOME
@given(roomy(scenario=False), REROUTED, LINKS, st.sampled_from(["capacity", "spare"]))
def test_more_capacity_never_raises_the_total_loss(drawn, response, links, what):
    nodes = drawn.nodes
    more = nodes["capacity"] * 1.5 if what == "capacity" else nodes["capacity"] - nodes["output"] + 0.5
    before, after = (
        losses_of(one, response, links=links, severity=0.5)
        for one in (drawn, drawn.with_tables(nodes=nodes.assign(**{what: more})))
    )
    assert nowhere_above(after, before)


@FEW
@given(roomy(), REROUTED, LINKS, st.sampled_from([0.0, 0.5]), st.data())
def test_a_restriction_lifted_never_raises_the_total_loss(drawn, response, links, left, data):
    material = data.draw(st.sampled_from(sorted(set(drawn.edges["material"]))))
    seller = data.draw(st.sampled_from(sorted(set(drawn.nodes["country"][drawn.source]))))
    flows = {"material": material, "sellers": {"country": seller}}
    if not ((drawn.edges["material"] == material) & (drawn.nodes["country"].to_numpy()[drawn.source] == seller)).any():
        return
    held = gm.Scenario().cap(left, **flows).apply(drawn)
    looser = gm.Scenario().cap((1 + left) / 2, **flows).apply(drawn)
    lost = [losses_of(one, response, links=links, severity=0.5) for one in (drawn, looser, held)]
    assert nowhere_above(lost[0], lost[1])
    assert nowhere_above(lost[1], lost[2])


def test_more_capacity_for_one_product_can_take_the_input_of_another():
    # 7.5 of ore and half a car plant: 2.5 cars (2.5 ore) and 2.5 phones (5 ore).  With room for 5 cars they take 5 of
    # the ore, and phones keep 2.5 of it: the sum of 5 lost falls to 3.75, but phones lose 3.75 and not 2.5
    half = gm.Scenario().shut(0.5, node_id=["mine-x", "plant-car"])
    assert by_product(shared_ore(), half, "reroute") == pytest.approx({"car": 2.5, "phone": 2.5})
    roomier = shared_ore(capacity=(10.0, 5.0))
    assert by_product(roomier, half, "reroute") == pytest.approx({"car": 0, "phone": 3.75})
