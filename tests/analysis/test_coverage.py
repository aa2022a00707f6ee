"""What projects leave out: by hand, against loops over plants and projects, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis.coverage import REGIONS
from graphmodel.errors import ParameterError, SchemaError, UnknownNameError
from tests.analysis.drawn import networks
from tests.analysis.test_worth import plan

SOME = settings(max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def cell(result, mineral, stage, region):
    return result.table.set_index(["mineral", "stage", "region"]).loc[(mineral, stage, region)]


def test_a_refinery_covers_its_cell_and_leaves_out_where_others_refine(toy):
    found = gm.coverage(toy, plan(("refine-b", "USA", "refining", "lithium-salt", 250.0)))
    assert cell(found, "lithium", "refining", "XNA")[["status", "n_projects", "capacity"]].tolist() == [
        "covered",
        1,
        250,
    ]
    there = cell(found, "lithium", "refining", "CHN")
    assert there[["status", "made", "made_share"]].tolist() == ["left out", 1000, 1]
    assert cell(found, "lithium", "refining", "XSE")["status"] == "nobody"
    assert len(found) == 3 * len(REGIONS)  # mining, refining, cell; use is no supply


def test_a_cell_plant_holds_its_lithium(toy):
    # 100 t of lithium in a GWh: 3 GWh hold 300 t, and Korea's 6 GWh 600 t
    found = gm.coverage(toy, plan(("cell-c", "VNM", "cell", "lithium-cell", 3.0)))
    assert cell(found, "lithium", "cell", "XSE")["capacity"] == 300
    assert cell(found, "lithium", "cell", "XAS")["made"] == 600


def test_projects_without_a_capacity_are_counted_and_those_cancelled_are_not(toy):
    rows = [(f"mine-{k}", "CAN", "mining", "lithium-ore", size) for k, size in enumerate([10.0, np.nan, 5.0])]
    found = cell(gm.coverage(toy, plan(*rows, status=["", "", "cancelled"])), "lithium", "mining", "XNA")
    assert found[["n_projects", "n_unknown", "capacity", "projects"]].tolist() == [2, 1, 10, "mine-0; mine-1"]
    alone = cell(gm.coverage(toy, plan(rows[1])), "lithium", "mining", "XNA")
    assert np.isnan(alone["capacity"])


def test_what_the_network_does_not_have_counts_by_the_mineral_it_names(toy):
    odd = plan(("gallium-a", "DEU", "refining", "gallium-high-purity", 10.0), mineral="gallium")
    row = cell(gm.coverage(toy, odd), "gallium", "refining", "XEU")
    assert row["status"] == "covered"
    assert np.isnan(row["capacity"])
    assert not len(gm.coverage(toy, odd.assign(mineral="")).table.query("mineral == 'gallium'"))


def test_countries_of_no_part_of_the_world_stand_apart(toy):
    found = gm.coverage(toy, plan(("mine-c", "ROW", "mining", "lithium-ore", 1.0)))
    assert cell(found, "lithium", "mining", "not stated")["n_projects"] == 1
    assert cell(gm.coverage(toy, plan(("m", "EU27", "mining", "lithium-ore", 1.0))), "lithium", "mining", "XEU")["n_projects"] == 1  # fmt: skip


def test_every_country_stands_in_one_part_of_the_world_but_for_antarctica(toy):
    countries = gm.table("reference", "countries")["country"]
    rows = [(f"p-{code}", code, "mining", "lithium-ore", 1.0) for code in countries]
    table = gm.coverage(toy, plan(*rows), stages=["mining"]).table
    assert table["n_projects"].sum() == len(countries)
    apart = set(table.set_index("region").loc["not stated", "projects"].split("; "))
    assert apart == {"p-ATA", "p-BVT", "p-HMD", "p-SGS"}
    assert table.set_index("region").loc["CHN", "projects"] == "p-CHN"


def test_own_regions_may_overlap(toy):
    regions = pd.DataFrame({"group": ["north", "west", "west"], "country": ["CAN", "CAN", "CHL"]})
    found = gm.coverage(toy, plan(("mine-c", "CAN", "mining", "lithium-ore", 1.0)), regions=regions)
    assert cell(found, "lithium", "mining", "north")["status"] == "covered"
    assert cell(found, "lithium", "mining", "west")[["status", "made"]].tolist() == ["covered", 400]


def test_gallium_germanium_recycling_and_southeast_asia_are_named_on_the_real_network():
    network = gm.load("minerals-2024-sparse")
    listed = gm.projects()
    table = gm.coverage(network, listed).table
    for mineral in ("gallium", "germanium"):
        assert (table["mineral"] == mineral).any()
    assert (table["stage"] == "recycling").any()
    assert "Southeast Asia" in set(table["region_name"])
    assert table.groupby(["mineral", "stage"])["made_share"].sum().round(9).isin([0, 1]).all()


@SOME
@given(networks(scenario=False), st.lists(st.sampled_from(["COD", "CHN", "USA"]), min_size=1, max_size=4))
def test_cells_are_what_loops_over_plants_and_projects_say(network, countries):
    rows = [(f"p-{k}", country, "making", "salt", 2.0) for k, country in enumerate(countries)]
    regions = pd.DataFrame({"group": ["a", "b", "b"], "country": ["COD", "CHN", "USA"]})
    table = gm.coverage(network, plan(*rows), regions=regions).table
    place = {"COD": "a", "CHN": "b", "USA": "b"}
    made = {}
    sold = network.edges.groupby(["source", "material"])["quantity"].sum().to_dict()
    stated = network.table("balances").query("side == 'output'").set_index(["node_id", "item"])["quantity"].to_dict()
    for node in network.nodes.itertuples():
        for material in ("ore", "side-ore", "salt", "metal", "scrap"):
            amount = max(sold.get((node.node_id, material), 0.0), stated.get((node.node_id, material), 0.0))
            if node.stage != "use" and amount > 0:
                key = node.stage, place[node.country]
                made[key] = made.get(key, 0.0) + amount
    for row in table.itertuples():
        assert row.made == pytest.approx(made.get((row.stage, row.region), 0.0))
        backed = sum(place[country] == row.region for country in countries) if row.stage == "making" else 0
        assert (row.n_projects, row.capacity) == (backed, 2.0 * backed)
        expected = "covered" if backed else "left out" if row.made > 0 else "nobody"
        assert row.status == expected


def test_what_cannot_be_asked_is_refused(toy):
    plans = plan(("mine-c", "CAN", "mining", "lithium-ore", 900.0))
    for asked, message in (
        ({"minerals": ["litium"]}, "no mineral 'litium'; did you mean 'lithium'?"),
        ({"stages": ["minning"]}, "no stage 'minning'; did you mean 'mining'?"),
        ({"regions": pd.DataFrame({"country": ["CAN"]})}, "regions lack the column 'group'; there are: country"),
    ):
        with pytest.raises(UnknownNameError) as caught:
            gm.coverage(toy, plans, **asked)
        assert str(caught.value) == message
    with pytest.raises(SchemaError, match="projects:stage: column is missing"):
        gm.coverage(toy, plans.drop(columns="stage"))
    with pytest.raises(
        SchemaError, match=r"projects:1:material: is not in materials 'kryptonite' \(there are: lithium"
    ):
        gm.coverage(toy, plans.head(1).assign(material="kryptonite", mineral=""))
    with pytest.raises(ParameterError, match="no mineral is asked for"):
        gm.coverage(toy, plans, minerals=[])
