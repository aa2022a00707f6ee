"""What holds projects up: stranded output by hand and against loops, values against what more capacity really brings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.errors import ConvergenceError, EmptySelectionError, ParameterError, UnknownNameError
from graphmodel.processes import processes
from tests.analysis.drawn import roomy
from tests.analysis.test_portfolio import drawn_plan
from tests.analysis.test_worth import plan

SOME = settings(max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def stranded(result, group=""):
    table = result.table.query("kind == 'project'")
    return table[table["group"] == group].set_index("item")


def places(result):
    return result.table.query("kind == 'capacity'").set_index("item")


def groups(*pairs):
    return pd.DataFrame(pairs, columns=["group", "country"])


def test_ore_beyond_what_refineries_take_finds_no_buyer(toy):
    # refinery A takes at most 1200 t; mines of 2000 t leave 800, and with the 1000 t dug today all but 200 of them
    row = stranded(gm.bottleneck(toy, plan(("mine-c", "CAN", "mining", "lithium-ore", 2000.0)), by="node", mineral="lithium")).loc["mine-c"]  # fmt: skip
    assert (row["buyers"], row["present"], row["made"]) == (1200, 1000, 2000)
    assert row["stranded_low"] == pytest.approx(0.4)
    assert row["stranded_high"] == pytest.approx(0.9)


def test_a_planned_refinery_is_a_buyer(toy):
    both = plan(
        ("mine-c", "CAN", "mining", "lithium-ore", 2000.0), ("refine-b", "USA", "refining", "lithium-salt", 500.0)
    )
    row = stranded(gm.bottleneck(toy, both, by="node", mineral="lithium")).loc["mine-c"]
    assert row["planned"] == pytest.approx(500)
    assert row["stranded_low"] == pytest.approx(1 - 1700 / 2000)


def test_in_a_group_without_the_next_stage_all_is_stranded(toy):
    # the only refinery is Chinese; cells are made in Korea and China, from 800 and 400 t of salt at capacity
    both = plan(
        ("mine-c", "CAN", "mining", "lithium-ore", 100.0), ("refine-b", "USA", "refining", "lithium-salt", 1000.0)
    )
    members = groups(("west", "AUS"), ("west", "CAN"), ("asia", "KOR"))
    found = gm.bottleneck(toy, both, by="node", mineral="lithium", members=members)
    assert stranded(found, "west").loc["mine-c", ["stranded_low", "stranded_high"]].tolist() == [1, 1]
    salt = stranded(found, "asia").loc["refine-b"]
    assert salt["buyers"] == pytest.approx(800)
    assert salt["stranded_low"] == salt["stranded_high"] == pytest.approx(0.2)
    assert set(places(found)["group"]) <= {"west", "asia"}


def test_what_nobody_buys_is_stranded_whole(toy):
    odd = plan(("cars", "USA", "use", "lithium-cell", 5.0), ("mine-c", "CAN", "mining", "lithium-ore", 1.0))
    unsold = toy.with_tables(
        materials=pd.concat(
            [toy.table("materials"), pd.DataFrame([{"material": "tailings", "unit": "t", "mineral": ""}])],
            ignore_index=True,
        )
    )
    odd.loc[0, ["stage", "material"]] = ["mining", "tailings"]
    row = stranded(gm.bottleneck(unsold, odd, by="node", mineral="lithium")).loc["cars"]
    assert (row["stranded_low"], row["reason"]) == (1, "makes what nobody buys in the base year")


def test_the_other_mine_is_worth_a_tonne_a_tonne_when_mine_b_stops(toy):
    # worst two of today: the refinery (nothing helps but a refinery) and the Korean cells, whose stop leaves China's
    # full: a GWh more there serves 100 t. Mine B is third: each tonne dug elsewhere serves one
    plans = plan(("mine-c", "CAN", "mining", "lithium-ore", 1.0))
    found = places(gm.bottleneck(toy, plans, by="node", mineral="lithium", top=3))
    assert found.loc["CHN:cell:lithium-cell", "value"] == pytest.approx(100 / 3)
    assert found.loc["CHL:mining:lithium-ore", "value"] == pytest.approx(1 / 3)
    assert found.loc["CHL:mining:lithium-ore", "amount"] == 500
    assert found.loc["CHL:mining:lithium-ore", "n_disruptions"] == 1
    assert "AUS:mining:lithium-ore" not in found.index  # it stops itself


@SOME
@given(roomy(scenario=False), st.data())
def test_stranded_shares_are_what_loops_over_plants_say(network, data):
    plans = drawn_plan(network, data)
    members = groups(("g", "COD"), ("g", "USA"), ("h", "CHN"), ("h", "CAN"))
    try:
        found = gm.bottleneck(network, plans, by="node", members=members, top=2)
    except (EmptySelectionError, ConvergenceError):
        assume(False)
    work, country = processes(network), network.nodes["country"].tolist()
    sink = set(work.demand["process"])
    for group, there in members.groupby("group")["country"]:
        rows = stranded(found, group)
        rows = rows[rows["reason"] == ""]
        for item, row in rows.iterrows():
            takes = present = 0.0
            for accept in work.accepted.itertuples():
                if accept.material == row["material"] and country[work.slot_node[accept.slot]] in set(there):
                    for process, slot, draw in zip(work.reader, work.process_slot, work.draw, strict=True):
                        if slot == accept.slot:
                            room = 1.0 if process in sink else work.room[process]
                            takes += work.need[slot] * accept.relative * draw * room
            for process in range(work.n_processes):
                if work.product[process] == row["material"] and country[work.node[process]] in set(there):
                    present += work.output[process]
            assert row["buyers"] == pytest.approx(takes, abs=1e-9), item
            assert row["present"] == pytest.approx(present, abs=1e-9)
            made = plans.loc[
                plans["material"].eq(row["material"]) & plans["project_id"].isin(rows.index), "capacity"
            ].sum()
            assert row["made"] == pytest.approx(made)
            assert row["stranded_low"] == pytest.approx(max(0, 1 - (takes + row["planned"]) / made))
            assert row["stranded_low"] <= row["stranded_high"] + 1e-12


@SOME
@given(roomy(scenario=False), st.data())
def test_no_large_step_brings_more_than_its_value_says(network, data):
    plans = drawn_plan(network, data).head(1)
    try:
        found = gm.bottleneck(network, plans, by="node", top=3)
    except (EmptySelectionError, ConvergenceError):
        assume(False)
    place = f"{plans['country'].iloc[0]}:{plans['stage'].iloc[0]}:{plans['material'].iloc[0]}"
    more = plans.assign(capacity=plans["capacity"] + 0.5)
    asked = {"by": "node", "top": 3, "response": "reroute"}
    losses = [gm.worth(network, each, **asked).parameters["loss_with_all"] for each in (plans, more)]
    value = places(found)["value"].get(place, 0.0)
    assert losses[0] - losses[1] <= 0.5 * value + 1e-6


def test_the_order_of_projects_does_not_matter(toy):
    plans = plan(
        ("mine-c", "CAN", "mining", "lithium-ore", 900.0), ("refine-b", "USA", "refining", "lithium-salt", 500.0),
        ("mine-d", "USA", "mining", "lithium-ore", 700.0),
    )  # fmt: skip
    tables = [gm.bottleneck(toy, each, by="node", mineral="lithium").table for each in (plans, plans[::-1])]
    pd.testing.assert_frame_equal(*tables)


def test_what_cannot_be_asked_is_refused(toy):
    plans = plan(("mine-c", "CAN", "mining", "lithium-ore", 900.0))
    with pytest.raises(ParameterError, match="top is 0, but must be 1 or more"):
        gm.bottleneck(toy, plans, by="node", top=0)
    with pytest.raises(UnknownNameError, match="members lack the column 'group'; there are: alliance, country"):
        gm.bottleneck(toy, plans, by="node", members=groups().rename(columns={"group": "alliance"}))
    with pytest.raises(EmptySelectionError, match="members name no country of the network"):
        gm.bottleneck(toy, plans, by="node", members=groups(("south", "ATA")))
    with pytest.raises(EmptySelectionError, match="no project can enter toy-battery: mine-c states no capacity"):
        gm.bottleneck(toy, plans.assign(capacity=np.nan), by="node")
    with pytest.raises(UnknownNameError, match="did you mean 'lithium'"):
        gm.bottleneck(toy, plans, by="node", mineral="litium")
