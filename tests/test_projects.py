"""The open project table: what every row must be, and how complete it is."""

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.analysis.entry import enter
from graphmodel.errors import UnknownNameError

STATUS = {
    "operating",
    "ramp-up",
    "construction",
    "financed",
    "development",
    "announced",
    "suspended",
    "cancelled",
    "unidentified",
}


@pytest.fixture(scope="module")
def tables():
    return {name: gm.table("projects", name) for name in ("projects", "backing", "references", "totals")}


def test_every_row_has_a_reference_and_a_grade(tables):
    known = set(tables["references"]["reference"])
    for name in ("projects", "backing", "totals"):
        assert set(tables[name]["reference"]) <= known
        assert set(tables[name]["evidence"]) <= {"reported", "derived", "assumed"}
    assert tables["projects"]["project_id"].is_unique
    assert tables["references"]["reference"].is_unique
    assert set(tables["backing"]["project_id"]) <= set(tables["projects"]["project_id"])


def test_what_a_project_makes_is_a_material_of_the_network_in_its_unit(tables):
    unit = gm.load("minerals-2024").table("materials").set_index("material")["unit"]
    made = tables["projects"].query("material != ''").dropna(subset="capacity")
    assert set(made["material"]) <= set(unit.index)
    assert (made["capacity_unit"] == made["material"].map(unit)).all()
    assert (made["capacity"] > 0).all()
    assert set(tables["projects"]["status"]) <= STATUS
    nodes = set(gm.load("minerals-2024").nodes["node_id"])
    assert set(tables["projects"]["node_id"].fillna("")) <= {*nodes, ""}


def test_there_are_enough_of_them_and_most_rest_on_a_page(tables):
    projects = tables["projects"].merge(tables["references"][["reference", "url"]], on="reference")
    on_a_page = projects["evidence"].isin(["reported", "derived"]) & projects["url"].fillna("").str.count("/").ge(3)
    assert len(projects) >= 160
    assert on_a_page.mean() >= 0.6


def test_amounts_have_a_currency_and_are_whole_units(tables):
    paid = tables["backing"].dropna(subset=["amount"])
    assert (paid["currency"].str.len() == 3).all()
    assert (paid["amount"] >= 10_000).all()  # none is in millions


def test_published_totals_stand_beside_what_is_listed():
    every = gm.project_totals().query("kind == 'all'").set_index("programme")
    assert every["published"].to_dict() == {"MSP": 32, "EU CRMA": 47, "EU CRMA third country": 13}
    assert every.loc[["EU CRMA", "EU CRMA third country"], "missing"].tolist() == [0, 0]
    assert every.loc["MSP", "missing"] == 32 - every.loc["MSP", "listed"] > 0  # the partnership never printed its list


def test_projects_are_found_by_programme_and_by_sponsor():
    assert set(gm.projects("JOGMEC")["project_id"]) <= set(gm.projects("JP")["project_id"])
    assert gm.projects("MSP")["programmes"].str.contains("MSP").all()
    with pytest.raises(UnknownNameError, match="no programme or sponsor 'MPS'; did you mean 'MSP'"):
        gm.projects("MPS")


def test_mistakes_of_earlier_lists_are_recorded(tables):
    backing = tables["backing"].set_index("project_id")
    assert "US EXIM" not in set(
        backing.loc[backing.index.str.startswith("lynas"), "programme"]
    )  # 120 million were not EXIM's
    mahenge = backing.loc[["mahenge-graphite"]]
    assert "offtake" not in set(mahenge["instrument"])  # no purchase commitment
    assert (
        pd.isna(backing.loc["argentina-lithium-unnamed", "reference"])
        or backing.loc["argentina-lithium-unnamed", "evidence"] == "assumed"
    )


def test_all_products_of_a_site_have_its_backers(tables):
    listed = gm.projects()
    assert (listed.groupby("site")[["programmes", "sponsors"]].nunique() == 1).all(axis=None)
    cobalt = listed.set_index("project_id").loc["kabanga-cobalt"]
    assert cobalt["site"] == "kabanga"
    assert "MSP" in cobalt["programmes"].split("; ")
    assert "kabanga-cobalt" not in set(tables["backing"]["project_id"])  # so it is found by its site
    assert {"kabanga", "kabanga-cobalt"} <= set(gm.projects("MSP")["project_id"])


def test_a_project_at_a_plant_of_the_network_says_that_it_states_what_it_adds(tables):
    projects = tables["projects"].dropna(subset=["capacity"])
    grows = projects[(projects["node_id"].fillna("") != "") & (projects["adds_capacity"] == "yes")]
    assert grows["note"].str.contains("ADDED tonnes").all()
    capacity = grows.set_index("project_id")["capacity"]
    assert capacity["posco-pilbara-gwangyang"] == 3556  # 21500 t of the second train x 0.1654; the first is in the node
    assert capacity["us-antimony-thompson-falls"] == 1603  # 500 short tons x 12 x 0.907 less 3840


def test_most_of_the_projects_can_enter_the_network():
    listed = gm.projects()
    entry = enter(gm.load("minerals-2024"), listed)
    assert len(entry.projects) >= 0.65 * len(listed)


def test_the_partnership_began_with_ten_countries_and_the_union():
    partners = gm.table("alliances", "members").query("group == 'MSP'").set_index("country")["start_date"]
    began = set(partners[partners == "2022-06-14"].index)
    assert began == {"AUS", "CAN", "DEU", "EU27", "FIN", "FRA", "GBR", "JPN", "KOR", "SWE", "USA"}
    assert partners.drop(list(began)).sort_values().index.tolist() == ["NOR", "ITA", "IND", "EST", "BEL"]
