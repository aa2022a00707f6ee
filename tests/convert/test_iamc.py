"""Results as the table of the IAMC; pyam itself reads them in tests/interop."""

from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel import results
from graphmodel.convert.iamc import COLUMNS, LAYOUTS
from graphmodel.errors import ParameterError, UnknownNameError


@pytest.fixture
def stop():
    return gm.Scenario("mine B stops").shut(node_id="mine-b")


def value(long, region, variable):
    rows = long[(long["region"] == region) & (long["variable"] == variable)]
    assert len(rows) == 1, long["variable"].unique()
    return rows.iloc[0]["unit"], rows.iloc[0]["value"]


def test_every_layout_names_columns_of_its_result():
    for kind, layout in LAYOUTS.items():
        columns = getattr(results, kind).columns
        assert layout.place in ("", *columns)
        assert {variable.column for variable in layout.variables} <= set(columns)


def test_losses_stand_where_they_are_suffered(toy, stop):
    long = gm.to_iamc(gm.losses(toy, stop), year=2024)
    assert tuple(long.columns) == COLUMNS
    assert set(long["model"]) == {"graphmodel"}
    assert set(long["scenario"]) == {"mine B stops"}
    assert set(long["year"]) == {2024}
    # mine B digs 600 of 1000: both markets go without 60 % of 5 GWh; under adapt mine A digs 100 more
    assert value(long, "USA", "Loss|Lithium-cell|Frozen") == ("GWh/yr", pytest.approx(3.0))
    assert value(long, "CHN", "Loss Share|Lithium-cell|Frozen") == ("", pytest.approx(0.6))
    assert value(long, "CHN", "Demand|Lithium-cell") == ("GWh/yr", 5.0)  # once, not once a response
    assert set(long["region"]) == {"CHN", "USA"}


def test_losses_at_risk_stand_where_it_stops(toy):
    long = gm.to_iamc(gm.removal(toy, by="country", mineral="lithium"), year=2024, scenario="shut")
    assert value(long, "AUS", "Loss at Risk|Lithium|Frozen") == ("t lithium/yr", pytest.approx(600.0))
    assert value(long, "AUS", "Loss at Risk Share|Lithium|Frozen") == ("", pytest.approx(0.6))
    assert set(long["scenario"]) == {"shut"}


def test_what_a_removal_counts_is_part_of_the_name(toy):
    names = {
        "Loss at Risk|Frozen": {},
        "Loss at Risk|Evenly|Frozen": {"evenly": True},
        "Loss at Risk|Lithium|USA, CHN|Frozen": {"mineral": "lithium", "consumer": ["USA", "CHN"]},
        "Loss at Risk|Upstream|Lithium|Frozen": {"mineral": "lithium", "direction": "upstream"},
        "Loss at Risk|Reroute": {"response": "reroute"},
        "Loss at Risk by Control|Frozen": {"by": "control"},
    }
    for name, chosen in names.items():
        long = gm.to_iamc(gm.removal(toy, **({"by": "country"} | chosen)), year=2024)
        assert name in set(long["variable"])
        if "evenly" in chosen:
            assert set(long["unit"]) == {""}


def test_production_by_location_and_by_control_are_two_variables(toy):
    made, held = (gm.to_iamc(gm.shares(toy, by=by), year=2024) for by in ("country", "control"))
    assert value(made, "CHL", "Production|Mining|Lithium-ore") == ("t Li/yr", 400.0)
    assert value(held, "USA", "Production by Control|Mining|Lithium-ore") == ("t Li/yr", 400.0)
    assert set(made["variable"]).isdisjoint(held["variable"])


def test_what_is_grouped_otherwise_is_called_otherwise(toy):
    spread = {by: gm.to_iamc(gm.concentration(toy, by=by), year=2024, region="World") for by in ("country", "owner")}
    assert value(spread["country"], "World", "HHI|Mining|Lithium-ore")[1] == pytest.approx(0.52)
    # owners of the ore: 0.6 · 400 and 0.4 · 400, 0.75 · 600 and 0.25 · 600; Southern Metals has 160 + 150
    assert value(spread["owner"], "World", "HHI by Owner|Mining|Lithium-ore")[1] == pytest.approx(
        0.24**2 + 0.31**2 + 0.45**2
    )
    broken = gm.to_iamc(gm.breakdown(toy, by="node"), year=2024)
    assert value(broken, "USA", "Loss by Node|Lithium-cell|Frozen|Mine-b") == ("GWh/yr", pytest.approx(3.0))
    assert value(broken, "USA", "Demand|Lithium-cell") == ("GWh/yr", 5.0)


def test_supply_of_no_known_country_is_a_region_of_its_own(toy):
    nodes = toy.nodes.assign(country=toy.nodes["country"].replace("CHL", "ROW"))
    result = gm.shares(toy.with_tables(nodes=nodes))
    assert value(gm.to_iamc(result, year=2024), "Not stated", "Production|Mining|Lithium-ore")[1] == 400.0
    assert (
        value(gm.to_iamc(result, year=2024, region={"": "Rest"}), "Rest", "Production|Mining|Lithium-ore")[1] == 400.0
    )


def test_dependence_names_mineral_product_stage_and_group(toy):
    long = gm.to_iamc(gm.dependence(toy, mineral="lithium"), year=2024)
    assert value(long, "USA", "Dependence|Lithium|Lithium-cell|Mining|AUS") == ("", pytest.approx(0.6))
    assert value(long, "USA", "Dependence Quantity|Lithium|Lithium-cell|Mining|AUS")[0] == "t lithium/yr"
    assert not long["variable"].str.startswith("Dependence Low").any()  # no bounds were asked for
    assert long["value"].notna().all()


def test_import_reliance_leaves_out_what_is_not_known(toy):
    long = gm.to_iamc(gm.import_reliance(toy, "lithium"), year=2024)
    assert value(long, "KOR", "Net Import Reliance|Refining|Lithium") == ("", 1.0)
    assert value(long, "KOR", "Imports|Refining|Lithium") == ("t lithium/yr", 600.0)
    assert not ((long["region"] == "AUS") & long["variable"].eq("Import Reliance|Mining|Lithium")).any()


def test_a_breakdown_says_what_was_removed(toy):
    long = gm.to_iamc(gm.breakdown(toy, by="country"), year=2024)
    assert value(long, "USA", "Loss|Lithium-cell|Frozen|AUS") == ("GWh/yr", pytest.approx(3.0))


def test_weeks_are_subannual(toy, stop):
    long = gm.to_iamc(gm.timeline(toy, stop, weeks=3), year=2024)
    assert list(long.columns) == [*COLUMNS[:5], "subannual", *COLUMNS[5:]]
    assert long["subannual"].unique().tolist() == ["Week 1", "Week 2", "Week 3"]
    assert "GWh/week" in set(long["unit"])


def test_an_outlook_has_years_of_its_own(toy):
    table = pd.DataFrame({"programme": ["EU", "EU"], "year": [2025, 2030], "n_started": 1, "n_expected": 1.0,
                          "n_undated": 0, "served": [0.1, 0.2], "tail": [0.1, 0.3], "share": [0.5, 0.6]})  # fmt: skip
    result = results.OutlookResult(
        table, network="toy", parameters={"mineral": "cobalt", "response": "frozen"}, units={"served": "share of"}
    )
    long = gm.to_iamc(result, region="World")
    served = long[long["variable"] == "Demand Kept Served|Cobalt|Frozen|EU"]
    assert served[["year", "value"]].to_numpy().tolist() == [[2025, 0.1], [2030, 0.2]]
    with pytest.raises(ParameterError, match=r"^OutlookResult has years of its own; leave year out$"):
        gm.to_iamc(result, region="World", year=2024)


def test_a_bar_in_a_name_makes_no_new_level(toy, stop):
    table = gm.losses(toy, stop).table.assign(product="cell|A")
    long = gm.to_iamc(results.LossResult(table, network="toy"), year=2024)
    assert "Loss|Cell/A|Frozen" in set(long["variable"])
    assert set(long["scenario"]) == {"base"}


def test_regions_can_be_renamed_but_not_merged(toy, stop):
    lost = gm.losses(toy, stop)
    assert set(gm.to_iamc(lost, year=2024, region={"CHN": "China"})["region"]) == {"China", "USA"}
    with pytest.raises(ParameterError) as error:
        gm.to_iamc(gm.shares(toy), year=2024, region={"AUS": "Pacific", "CHL": "Pacific"})
    assert str(error.value) == ("several places would be one region: Pacific; shares and losses do not add up")


@pytest.mark.parametrize(
    ("make", "chosen", "error", "message"),
    [
        (lambda toy: gm.concentration(toy), {"year": 2024}, ParameterError,
         "ConcentrationResult has no region; name the one it is about, for example region='World'"),
        (lambda toy: gm.removal(toy), {"year": 2024}, ParameterError,
         "RemovalResult is by 'node', which are no regions; make it by='country' or by='control'"),
        (lambda toy: gm.shares(toy, by="owner"), {"year": 2024}, ParameterError,
         "ShareResult is by 'owner', which are no regions; make it by='country' or by='control'"),
        (lambda toy: gm.shares(toy), {"year": 2024, "region": "World"}, ParameterError,
         "ShareResult has regions of its own; give a mapping of their codes, not 'World'"),
        (lambda toy: gm.shares(toy), {}, ParameterError,
         "ShareResult has no year; give that of its network"),
        (lambda toy: gm.centrality(toy, measures=["out_degree"], mineral="lithium"), {"year": 2024}, UnknownNameError,
         "no variables are known of a CentralityResult; did you mean 'ConcentrationResult'?"),
    ],
)  # fmt: skip
def test_a_result_without_region_or_year_is_refused(toy, make, chosen, error, message):
    with pytest.raises(error) as caught:
        gm.to_iamc(make(toy), **chosen)
    assert str(caught.value) == message


def test_nothing_lost_is_an_empty_table(toy, stop):
    empty = results.LossResult(gm.losses(toy, stop).table.iloc[:0], network="toy")
    assert list(gm.to_iamc(empty, year=2024).columns) == list(COLUMNS)
