"""What must not change a loss after rerouting: halves, names, order, growth without end, and how losses are added."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from tests.analysis.drawn import networks, roomy
from tests.conftest import shared_ore

SOME = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(SOME, max_examples=6)
RESPONSES = ("reroute", "adapt", "frozen")
LINKS = st.sampled_from(["any", "existing"])
CLOSE = 1e-6  # of quantities between 1 and 100


def losses_of(network, response, **options):
    return gm.removal(network, response=response, **options).table.set_index("removed")["loss"]


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
    """Draw a network in which whoever sells sells one product to one buyer, all links are open and nobody has room."""
    drawn = draw(networks(mineral="", recipes=False, balances=False, scenario=False))
    return drawn.with_tables(edges=drawn.edges.drop_duplicates("source"))


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


def test_half_a_plant_fills_half_a_link_unless_shares_are_frozen(chain):
    # the link may carry 5 of 10 and half the plant makes 5: these can all pass; in frozen shares half of them do
    narrow = gm.Scenario().cap(0.5, material="metal").apply(chain)
    assert losses_of(narrow, "adapt", links="existing", growth=0.0, severity=0.5)["plant-x"] == 5
    assert losses_of(narrow, "frozen", severity=0.5)["plant-x"] == 7.5


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
    evenly = gm.losses(drawn, stop, links=links).table.query("demand > 0")
    if evenly.empty:
        return
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
