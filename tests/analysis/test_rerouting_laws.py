"""Laws of losses after rerouting, each under its conditions, with a network in which it is false without them."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from tests.analysis.drawn import networks, roomy
from tests.analysis.slow import Slow
from tests.conftest import network

SOME = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(SOME, max_examples=12)
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


def shared_ore(output=(5.0, 5.0), capacity=(5.0, 5.0)):
    """A mine digs 15 of ore: 5 make 5 cars, 10 make 5 phones."""
    base = network(
        [("mine-x", "mining", "COD"), ("plant-car", "making", "CHN"), ("plant-phone", "making", "KOR"),
         ("user-car", "use", "USA"), ("user-phone", "use", "DEU")],
        [("mine-x", "plant-car", "ore", 5.0), ("mine-x", "plant-phone", "ore", 10.0),
         ("plant-car", "user-car", "car", 5.0), ("plant-phone", "user-phone", "phone", 5.0)],
        recipes=pd.DataFrame({"stage": "making", "output": ["car", "phone"], "input": "ore", "amount": [1.0, 2.0]}),
    )  # fmt: skip
    none = [float("nan")]
    return base.with_tables(
        nodes=base.nodes.assign(output=[15.0, *output, *none * 2], capacity=[15.0, *capacity, *none * 2])
    )


def by_product(base, scenario, response):
    table = gm.losses(base, scenario).table
    return table[table["response"] == response].set_index("product")["loss"].to_dict()


@SOME
@given(roomy(), st.sampled_from([1.0, 0.5]))
def test_rerouting_loses_no_more_than_slow_adaptation_and_that_no_more_than_frozen_shares(drawn, severity):
    lost = [losses_of(drawn, response, severity=severity, links="existing") for response in RESPONSES]
    assert nowhere_above(lost[0], lost[1])
    assert nowhere_above(lost[1], lost[2])
    anyone = [losses_of(drawn, response, severity=severity, links="any") for response in RESPONSES]
    assert nowhere_above(anyone[0], anyone[1])
    assert nowhere_above(anyone[1], anyone[2])
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


def test_a_user_with_a_stock_of_what_comes_from_nowhere_loses_less_than_reachability_says():
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
@given(roomy(scenario=False), REROUTED, LINKS)
def test_more_capacity_never_raises_the_total_loss(drawn, response, links):
    before = losses_of(drawn, response, links=links, severity=0.5)
    nodes = drawn.nodes
    more = drawn.with_tables(nodes=nodes.assign(capacity=nodes["capacity"] * 1.5))
    spare = drawn.with_tables(nodes=nodes.assign(spare=nodes["capacity"] - nodes["output"] + 0.5))
    for changed in (more, spare):
        assert nowhere_above(losses_of(changed, response, links=links, severity=0.5), before)


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


def split(drawn, node):
    """Cut a node into two halves that share every flow, capacity and residual equally."""

    def halved(table, keys, amounts):
        table = table.assign(**{name: table[name] * 1.0 for name in amounts})
        for key in keys:
            here = table[key] == node
            half = table[here].assign(**{name: table.loc[here, name] / 2 for name in amounts})
            table = pd.concat([table[~here], half, half.assign(**{key: "other half"})], ignore_index=True)
        return table

    edges = halved(drawn.edges.drop(columns="edge_id"), ["source", "target"], ["quantity"])
    nodes = halved(drawn.nodes.assign(control=drawn.nodes["country"]), ["node_id"], ["capacity", "output"])
    made = {
        "nodes": nodes,
        "edges": edges,
        "balances": halved(drawn.table("balances"), ["node_id"], ["quantity", "residual"]),
        "recipes": halved(drawn.table("recipes"), ["node_id"], []),
    }
    return drawn.with_tables(**{name: table for name, table in made.items() if len(table)})


def held_together(drawn, node):
    """Give one node, or its halves, an owner of their own."""
    mine = drawn.nodes["node_id"].isin([node, "other half"])
    owners = pd.DataFrame({"node_id": drawn.nodes.loc[mine, "node_id"], "owner": "one owner", "share": 1.0})
    return drawn.with_tables(owners=owners)


@SOME
@given(roomy(), st.data(), LINKS, st.sampled_from([1.0, 0.5]))
def test_two_halves_that_stop_together_lose_what_the_whole_did(drawn, data, links, severity):
    node = data.draw(st.sampled_from(drawn.nodes.loc[~drawn.has_role("sink"), "node_id"].tolist()))
    whole, halves = (held_together(one, node) for one in (drawn, split(drawn, node)))
    for response in RESPONSES:
        lost = [losses_of(one, response, by="owner", links=links, severity=severity) for one in (whole, halves)]
        assert lost[0].to_dict() == pytest.approx(lost[1].to_dict(), abs=CLOSE)


@FEW
@given(roomy(), st.data(), st.sampled_from([0.0, 9.0]))
def test_two_halves_that_stop_together_run_down_their_stocks_alike(drawn, data, days):
    node = data.draw(st.sampled_from(drawn.nodes.loc[~drawn.has_role("sink"), "node_id"].tolist()))
    stocked = drawn.with_tables(nodes=drawn.nodes.assign(stock_days=days))
    lost = []
    for one in (stocked, split(stocked, node)):
        both = [name for name in one.nodes["node_id"] if name in (node, "other half")]
        table = gm.timeline(one, gm.Scenario().shut(node_id=both), weeks=4, spare_weeks=None).table
        lost.append(table.groupby(["week", "product", "consumer"])["loss"].sum().to_dict())
    assert lost[0] == pytest.approx(lost[1], abs=CLOSE)


def test_two_halves_that_stop_one_at_a_time_lose_less_than_the_whole(chain):
    # half the plant makes half the metal
    halves = split(chain, "plant-x")
    assert losses_of(chain, "frozen")["plant-x"] == 10
    assert losses_of(halves, "frozen")[["plant-x", "other half"]].tolist() == [5, 5]


@SOME
@given(roomy(), LINKS, st.randoms(use_true_random=False))
def test_names_and_the_order_of_rows_change_nothing(drawn, links, random):
    ids = drawn.nodes["node_id"].tolist()
    fresh = dict(zip(ids, random.sample([f"n{i}" for i in range(len(ids))], len(ids)), strict=True))

    def moved(table):
        columns = [name for name in ("node_id", "source", "target") if name in table]
        table = table.assign(**{name: table[name].map(lambda old: fresh.get(old, old)) for name in columns})
        return table.iloc[random.sample(range(len(table)), len(table))]

    made = {name: moved(drawn.table(name)) for name in drawn.table_names}
    made["edges"] = made["edges"].drop(columns="edge_id")
    other = gm.Network(**made, name=drawn.name)
    for response in RESPONSES:
        before, after = (losses_of(one, response, links=links, severity=0.7) for one in (drawn, other))
        assert before.rename(fresh).to_dict() == pytest.approx(after.to_dict(), abs=CLOSE)


@SOME
@given(roomy())
def test_flows_that_may_grow_without_end_over_present_links_are_rerouting_over_present_links(drawn):
    endless = losses_of(drawn, "adapt", links="existing", growth=1e4)
    assert endless.to_dict() == pytest.approx(losses_of(drawn, "reroute", links="existing").to_dict(), abs=1e-5)


@st.composite
def one_buyer_each(draw):
    """Draw a network in which whoever sells sells one product to one buyer, and nobody has room."""
    drawn = draw(networks(mineral="", recipes=False, balances=False))
    edges = drawn.edges.drop_duplicates("source")
    return drawn.with_tables(edges=edges)


@SOME
@given(one_buyer_each(), st.sampled_from([1.0, 0.5]))
def test_without_growth_or_room_and_with_one_buyer_each_slow_adaptation_is_frozen(drawn, severity):
    still = losses_of(drawn, "adapt", links="existing", growth=0.0, severity=severity)
    assert still.to_dict() == pytest.approx(losses_of(drawn, "frozen", severity=severity).to_dict(), abs=CLOSE)


def test_without_growth_a_seller_of_two_still_chooses_whom_it_serves():
    # as above, 7.5 of ore: no flow grows, yet all the cars are made and 3.75 phones lost, where frozen shares lose 5
    half = losses_of(shared_ore(), "adapt", links="existing", growth=0.0, severity=0.5)
    assert half["mine-x"] == pytest.approx(3.75)
    assert losses_of(shared_ore(), "frozen", severity=0.5)["mine-x"] == pytest.approx(5)


def test_without_growth_a_plant_with_room_makes_up_for_the_half_that_stops(chain):
    # the plant could make 20 and makes 10; half of it makes 10.  Frozen shares lose half of what it makes
    roomier = chain.with_tables(nodes=chain.nodes.assign(output=10.0, capacity=20.0))
    assert losses_of(roomier, "adapt", links="existing", growth=0.0, severity=0.5)["plant-x"] == 0
    assert losses_of(roomier, "frozen", severity=0.5)["plant-x"] == 5


@FEW
@given(networks(recipes=False, scenario=False), LINKS, st.sampled_from(["COD", "CHN", "USA"]))
def test_losses_by_product_add_up_to_the_loss_of_the_same_removal(drawn, links, country):
    supply = drawn.nodes.loc[~drawn.has_role("sink"), "country"]
    if country not in set(supply):
        return
    held = pd.DataFrame({"material": ["ore", "car", "phone"], "mineral": "cobalt", "amount": [1.0, 2.0, 0.5]})
    drawn = drawn.with_tables(composition=held)
    weights = drawn.content("cobalt")
    stop = gm.Scenario().shut(country=country)
    evenly = gm.losses(drawn, stop, links=links).table
    for response in ("reachability", *RESPONSES):
        share = evenly[evenly["response"] == response].groupby("product")[["loss", "demand"]].sum()
        mean = (share["loss"] / share["demand"]).mean()
        removed = losses_of(drawn, response, by="country", evenly=True, links=links)[country]
        assert mean == pytest.approx(removed, abs=CLOSE)
    if not (weights.reindex(sorted(set(evenly["product"]))).fillna(0) > 0).any():
        return
    weighed = gm.losses(drawn, stop, mineral="cobalt", links=links).table
    for response in ("reachability", *RESPONSES):
        rows = weighed[weighed["response"] == response]
        tonnes = (rows["loss"] * rows["product"].map(weights).fillna(0.0)).sum()
        removed = losses_of(drawn, response, by="country", mineral="cobalt", links=links)[country]
        assert tonnes == pytest.approx(removed, abs=CLOSE)
