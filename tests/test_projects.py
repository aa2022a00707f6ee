"""The open project table: what every row must be, and how complete it is."""

from collections import defaultdict

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
    names = ("projects", "backing", "references", "totals", "programmes", "exchange_rates", "same_money")
    return {name: gm.table("projects", name) for name in names}


def test_every_row_has_a_reference_and_a_grade(tables):
    known = set(tables["references"]["reference"])
    for name in set(tables) - {"references"}:
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


def test_money_adds_up_row_by_row(tables):
    # the same sums in plain loops: what a contract promises or has paid, what is only announced, and what is unknown
    rates = {(row.currency, row.year): row.usd for row in tables["exchange_rates"].itertuples()}
    same = {(r.project_id, r.programme, r.instrument, str(r.amount)) for r in tables["same_money"].itertuples()}
    site = gm.projects().set_index("project_id")["site"]
    sums = {name: defaultdict(float) for name in ("public_usd", "announced_usd", "unknown_amounts")}
    for row in tables["backing"].itertuples():
        money = row.instrument in ("grant", "loan", "loan guarantee", "equity", "tax credit")
        if not money or row.status == "withdrawn":
            continue
        if (row.project_id, row.programme, row.instrument, str(row.amount)) in same:
            continue
        rate = 1.0 if row.currency == "USD" else rates.get((row.currency, int(row.announced[:4] or 0)))
        if rate is None or pd.isna(row.amount):
            sums["unknown_amounts"][site[row.project_id]] += 1
        else:
            given = "public_usd" if row.status in ("committed", "disbursed") else "announced_usd"
            sums[given][site[row.project_id]] += row.amount * rate
    listed = gm.projects().drop_duplicates("site").set_index("site")
    for name in ("public_usd", "announced_usd"):
        assert listed[name].dropna().to_dict() == pytest.approx(sums[name])
    assert listed["unknown_amounts"].loc[lambda count: count > 0].to_dict() == sums["unknown_amounts"]


def test_money_is_what_a_site_got_from_all_its_backers():
    listed = gm.projects().set_index("project_id")
    # 3.805 bn of the note; 9.63 bn and 0.25 bn were withdrawn
    assert listed.loc["ford-glendale-kentucky", "public_usd"] == 3_805_040_000
    # a loan of 4.7 bn stands in two rows, once for each name of its lenders; 0.76 bn of equity comes on top
    assert listed.loc["korea-zinc-clarksville", "announced_usd"] == pytest.approx(4.7e9 + 0.76e9)
    assert pd.isna(listed.loc["aguablanca-monesterio", "public_usd"])  # a title is no money, and unknown is not zero
    some = gm.projects("MSP").set_index("project_id")["public_usd"]  # what others gave to its sites counts too
    assert some.equals(listed.loc[some.index, "public_usd"])
    assert (listed.groupby("site")[["public_usd", "announced_usd"]].nunique() <= 1).all(axis=None)


def test_every_year_of_money_has_a_rate_and_rates_are_near_published_ones(tables):
    rates = tables["exchange_rates"].set_index(["currency", "year"])["usd"]
    paid = tables["backing"].dropna(subset=["amount"]).query("currency != 'USD' and announced != ''")
    assert {(row.currency, int(row.announced[:4])) for row in paid.itertuples()} <= set(rates.index)
    # annual averages of the Federal Reserve (G.5A, releases of 2021-01-04 and 2024-02-01); noon in New York, not 16:00
    published = {
        ("AUD", 2022): 0.6951, ("AUD", 2023): 0.6644, ("EUR", 2020): 1.1410, ("EUR", 2023): 1.0817,
        ("GBP", 2023): 1.2440, ("CAD", 2020): 1 / 1.3422, ("CAD", 2023): 1 / 1.3494, ("JPY", 2018): 1 / 110.3974,
        ("KRW", 2023): 1 / 1306.7637,
    }  # fmt: skip
    for key, value in published.items():
        assert rates[key] == pytest.approx(value, rel=0.0025)


def test_every_programme_that_backs_anything_is_listed_with_its_start(tables):
    programmes = tables["programmes"].set_index("programme")
    assert set(tables["backing"]["programme"]) == set(programmes.index)
    assert programmes.loc[["MSP", "EU CRMA"], "start_date"].tolist() == ["2022-06-14", "2024-05-23"]
    dated = programmes["start_date"] != ""
    assert dated.sum() >= 30
    assert (programmes.loc[~dated, "reference"] == "not-verified").all()  # not looked up, or no one start
