"""Quotas, tariffs and bans by mineral and to outsiders; every selection with every verb."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.errors import EmptySelectionError, MixedUnitsError, ParameterError, UnknownNameError
from graphmodel.scenario import select
from tests.analysis.drawn import networks
from tests.analysis.slow import Slow

MANY = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
MEMBERS = pd.DataFrame({"group": ["south", "south", "west", "far"], "country": ["CHL", "AUS", "USA", "NAM"]})


def frozen(network, scenario):
    table = gm.losses(network, scenario).table
    return table[table["response"] == "frozen"].set_index("consumer")["loss"].to_dict()


def left(network, scenario):
    return scenario.apply(network).edges.set_index("edge_id")["available"].fillna(1.0).to_dict()


def test_an_export_control_leaves_the_home_market_alone(toy):
    # Korea's plant sells 5 GWh to the United States and 1 to China, both outside Korea; China's sells at home
    out = gm.Scenario().ban(sellers={"stage": "cell"}, buyers={"outside": "CHN"})
    assert frozen(toy, out) == pytest.approx({"CHN": 0, "USA": 5})


def test_outside_an_alliance_and_a_country_are_complements(toy):
    for where, chosen in (
        ({"outside": ["south", "CHN"]}, {"cell-a", "ev-usa"}),
        ({"outside": "west"}, {"mine-a", "mine-b", "refine-a", "cell-a", "cell-b", "ev-chn"}),
        ({"outside": "KOR", "stage": "cell"}, {"cell-b"}),
    ):
        assert set(toy.nodes["node_id"][select(toy, where, members=MEMBERS)]) == chosen
    assert set(toy.nodes["node_id"][select(toy, {"outside": "KOR", "stage": "cell"})]) == {"cell-b"}
    with pytest.raises(UnknownNameError, match="name of an alliance"):
        select(toy, {"outside": "KOREA"}, members=MEMBERS)
    with pytest.raises(ParameterError, match="table of members"):
        select(toy, {"outside": "west"})


def test_a_ban_on_a_mineral_covers_all_its_forms(toy):
    # ore and salt and cells are labelled lithium: nothing that flows out of China's refinery moves
    by_mineral = gm.Scenario().ban(mineral="lithium", sellers={"node_id": "refine-a"})
    by_form = gm.Scenario().ban(material=["lithium-salt"], sellers={"node_id": "refine-a"})
    assert left(toy, by_mineral) == left(toy, by_form)
    with pytest.raises(UnknownNameError, match="no edge carries 'lithum'; did you mean 'lithium'"):
        gm.Scenario().ban(mineral="lithum").apply(toy)


def test_a_quota_is_shared_in_proportion(toy):
    # 1000 t of ore flow, 250 t are allowed: each flow keeps a quarter
    quota = gm.Scenario().quota(250, material="lithium-ore")
    kept = left(toy, quota)
    assert {kept[edge] for edge in ("e1", "e2", "e3")} == {0.25}
    assert frozen(toy, quota) == pytest.approx({"CHN": 3.75, "USA": 3.75})
    assert left(toy, gm.Scenario().quota(300, mineral="lithium", sellers={"country": "AUS"}))["e2"] == 0.5


def test_a_quota_counts_what_is_left_and_a_wide_one_changes_nothing(toy):
    half_then_quota = gm.Scenario().cap(0.5, material="lithium-ore").quota(250, material="lithium-ore")
    assert left(toy, half_then_quota)["e1"] == pytest.approx(0.25)  # 500 t flow, 250 may
    assert left(toy, gm.Scenario().quota(2000, material="lithium-ore"))["e1"] == 1
    assert left(toy, gm.Scenario().quota(0, material="lithium-ore"))["e1"] == 0


def test_a_quota_needs_one_unit_or_a_mineral(toy):
    with pytest.raises(MixedUnitsError, match="name a mineral"):
        gm.Scenario().quota(10).apply(toy)
    # forms of lithium: 1000 t of ore and 1000 t of salt; cells are a form of the battery
    assert left(toy, gm.Scenario().quota(1500, mineral="lithium"))["e1"] == pytest.approx(0.75)
    nothing = gm.Scenario().ban(material="lithium-ore").quota(10, material="lithium-ore")
    with pytest.raises(EmptySelectionError, match="carry no quantity"):
        nothing.apply(toy)
    for quantity in (-1, float("nan"), float("inf")):
        with pytest.raises(ParameterError, match=f"quantity is {quantity}"):
            gm.Scenario().quota(quantity)


@settings(MANY, max_examples=15)
@given(networks(mineral=""), st.floats(0, 40))
def test_after_a_quota_at_most_the_quota_flows(network, quantity):
    flows = network.edges["quantity"] * network.edges["available"].fillna(1.0)
    if not flows.sum() > 0:
        return
    after = gm.Scenario().quota(quantity).apply(network).edges
    assert (after["quantity"] * after["available"].fillna(1.0)).sum() == pytest.approx(min(quantity, flows.sum()))


@MANY
@given(
    networks(mineral=""),
    st.sampled_from(["COD", "CHN", "USA"]),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from(["ore", ""]),
)
def test_an_export_cap_is_what_the_rules_say(network, country, share, material):
    home = network.nodes.set_index("node_id")["country"]
    edges, hit = network.edges, []
    for edge in edges.itertuples():
        hit.append(home[edge.source] == country != home[edge.target] and edge.material == (material or edge.material))
    if not any(hit) or country not in set(home) or {country} == set(home):
        return
    edges["available"] = edges["available"].fillna(1.0) * np.where(hit, share, 1.0)
    expected = sum(Slow(network.with_tables(edges=edges)).frozen([]).values())
    cap = gm.Scenario().cap(share, material=material or (), sellers={"country": country}, buyers={"outside": country})
    table = gm.losses(network, cap).table
    assert table.loc[table["response"] == "frozen", "loss"].sum() == pytest.approx(expected, abs=1e-6)


def test_duties_are_written_down_and_add_up(toy):
    duties = (
        gm.Scenario().tariff(0.25, sellers={"country": "CHN"}).tariff(0.1, material="lithium-salt").apply(toy).edges
    )
    duty = duties.set_index("edge_id")["tariff"]
    salt = duties.set_index("edge_id")["material"] == "lithium-salt"
    assert duty[salt].tolist() == pytest.approx([0.35] * int(salt.sum()))
    assert np.isnan(duty["e1"])
    assert (gm.losses(toy, gm.Scenario().tariff(0.25)).table["loss"] == 0).all()
    for rate in (-0.1, float("nan")):
        with pytest.raises(ParameterError, match=f"rate is {rate}"):
            gm.Scenario().tariff(rate)


def test_an_empty_flow_says_what_does_flow(toy):
    with pytest.raises(EmptySelectionError, match="it flows AUS to CHN, CHL to CHN"):
        gm.Scenario().ban(material="lithium-ore", sellers={"country": "KOR"}).apply(toy)


SELECTIONS = [
    ({"owner": "Southern Metals", "equity": 0.4}, {"mine-a"}, {"owner": "Southern Metal"}, "did you mean"),
    ({"owner": "CHL", "equity": 0.25}, {"mine-a", "mine-b"}, {"owner": "CHL"}, "equity= lowers the bar"),
    ({"control": "CHN", "role": "origin"}, {"mine-b"}, {"control": "CHM"}, "did you mean 'CHN'"),
    ({"alliance": "south"}, {"mine-a", "mine-b"}, {"alliance": "far"}, "nodes stand in"),
    ({"outside": "south", "role": "process"}, {"refine-a", "cell-a", "cell-b"}, {"outside": "soth"}, "did you mean"),
    ({"stage": "cell"}, {"cell-a", "cell-b"}, {"stage": "cel"}, "did you mean 'cell'"),
    ({"material": "lithium-ore"}, {"mine-a", "mine-b"}, {"material": "lithium-oar"}, "did you mean 'lithium-ore'"),
    ({"mineral": "lithium", "stage": "refining"}, {"refine-a"}, {"mineral": "litium"}, "did you mean 'lithium'"),
    ({"country": "CHN", "stage": "cell"}, {"cell-b"}, {"country": "AUS", "stage": "cell"}, "has stage: mining"),
]


@pytest.mark.parametrize(("where", "chosen", "wrong", "hint"), SELECTIONS)
def test_every_selection_works_with_every_verb(toy, where, chosen, wrong, hint):
    scenario = gm.Scenario(members=MEMBERS)
    nodes = scenario.shut(0.4, **where).apply(toy).nodes.set_index("node_id")["available"].fillna(1.0)
    assert set(nodes.index[np.isclose(nodes, 0.6)]) == chosen
    assert (nodes.drop(list(chosen)) == 1).all()
    edges = toy.edges.set_index("edge_id")
    sold = set(edges.index[edges["source"].isin(chosen)])
    for verb, amount in (("ban", ()), ("cap", (0.5,)), ("quota", (0.0,)), ("tariff", (0.2,))):
        options = {"mineral": ["lithium", "battery"]} if verb == "quota" else {}
        after = getattr(scenario, verb)(*amount, sellers=where, **options).apply(toy).edges.set_index("edge_id")
        touched = after["tariff"].notna() if verb == "tariff" else after["available"].fillna(1.0) < 1
        assert set(after.index[touched]) == sold
    for declare in (
        lambda: scenario.shut(**wrong),
        lambda: scenario.ban(sellers=wrong),
        lambda: scenario.cap(0.5, buyers=wrong),
    ):
        with pytest.raises((UnknownNameError, EmptySelectionError), match=hint):
            declare().apply(toy)


def test_several_changes_happen_at_once(toy):
    # half of mine A (0.2 of the ore) and a ban on the last flow of Australia's two, on top of each other
    both = gm.Scenario(members=MEMBERS).shut(0.5, node_id="mine-a").cap(0.5, sellers={"alliance": "south"})
    # ore left: 400 · 0.5 · 0.5 + 600 · 0.5 = 400 of 1000
    assert frozen(toy, both) == pytest.approx({"CHN": 3, "USA": 3})
