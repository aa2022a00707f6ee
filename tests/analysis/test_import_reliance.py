"""Import reliance by both formulas: by hand, against loops over the tables, and what is not known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import graphmodel as gm
from graphmodel.errors import ParameterError, UnknownNameError
from tests.analysis.drawn import networks
from tests.conftest import STAGES, network

MANY = settings(max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
STORED = pd.concat([STAGES, pd.DataFrame([{"stage": "store", "order": 5, "role": "stock"}])], ignore_index=True)
METAL = pd.DataFrame({"material": ["metal"], "unit": ["t Co"], "mineral": ["cobalt"]})


def rows(result):
    return result.table.set_index(["group", "material"])


def test_a_country_that_refines_foreign_ore_relies_on_imports_of_ore_only(toy):
    # China buys 1000 t of ore and digs none; of the 1000 t of salt it makes, 600 go to Korea
    table = rows(gm.import_reliance(toy, "lithium", level="material"))
    assert table.loc[("CHN", "lithium-ore"), ["nir", "ir"]].tolist() == [1, 1]
    salt = table.loc[("CHN", "lithium-salt")]
    assert salt[["production", "imports", "exports", "consumption"]].tolist() == [1000, 0, 600, 400]
    assert salt["ir"] == -600 / 400
    assert table.loc[("KOR", "lithium-salt"), "nir"] == 1
    # cells are converted: 100 t in one GWh; China makes 4 GWh and buys 1
    assert table.loc[("CHN", "lithium-cell"), "ir"] == pytest.approx(100 / 500)
    assert np.isnan(table.loc[("AUS", "lithium-ore"), "ir"])  # it uses none of what it digs


def test_what_goes_into_stock_is_no_consumption_by_the_american_formula():
    # 10 made, 6 bought, 2 sold abroad, 4 laid up: 10 by the American formula, with net imports and draw of 0
    made = network(
        [("maker", "making", "USA"), ("other", "making", "CHN"), ("pile", "store", "USA"), ("user", "use", "USA"),
         ("abroad", "use", "CHN")],
        [("maker", "user", "metal", 8.0), ("other", "pile", "metal", 4.0), ("other", "user", "metal", 2.0),
         ("maker", "abroad", "metal", 2.0)],
        stages=STORED, materials=METAL,
    )  # fmt: skip
    table = rows(gm.import_reliance(made, "cobalt"))
    usa = table.loc[("USA", "cobalt")]
    assert usa[["production", "imports", "exports", "stock_draw", "consumption"]].tolist() == [10, 6, 2, -4, 10]
    assert usa["nir"] == (6 - 2 - 4) / (10 + 6 - 2 - 4)
    assert usa["ir"] == (6 - 2) / (10 + 6 - 2)
    assert usa["unknown"] == ""
    assert table.loc[("CHN", "cobalt"), "unknown"] == "stock_draw"


def test_trade_inside_an_alliance_is_no_import(toy):
    members = pd.DataFrame({"group": "east", "country": ["CHN", "KOR"]})
    table = rows(gm.import_reliance(toy, "lithium", by="alliance", level="material", members=members))
    assert table.loc[("east", "lithium-salt"), ["imports", "exports", "ir"]].tolist() == [0, 0, 0]
    assert table.loc[("east", "lithium-cell"), "exports"] == 500


def test_what_has_no_known_buyer_or_supplier_is_named(balanced_toy):
    balances = balanced_toy.table("balances")
    lost = (balances["node_id"] == "mine-a") & (balances["side"] == "output")
    balances.loc[lost, ["quantity", "residual"]] = [450, 50]
    lacking = (balances["node_id"] == "cell-b") & (balances["side"] == "input")
    balances.loc[lacking, ["quantity", "residual"]] = [430, 30]
    table = rows(gm.import_reliance(balanced_toy.with_tables(balances=balances), "lithium", level="material"))
    mine = table.loc[("CHL", "lithium-ore")]
    assert mine[["production", "unplaced"]].tolist() == [450, 50]
    assert mine["unknown"] == "stock_draw; unplaced"
    assert table.loc[("CHN", "lithium-salt"), ["unmet", "unknown"]].tolist() == [30, "stock_draw; unmet"]


def test_a_need_that_several_forms_could_fill_counts_once_a_stage(loop):
    materials = pd.DataFrame({"material": ["ore", "salt", "scrap", "metal"], "unit": "t Co", "mineral": "cobalt"})
    balances = pd.DataFrame(
        [("plant-x", "input", "feed", 107.0, 7.0)], columns=["node_id", "side", "item", "quantity", "residual"]
    )
    made = loop.with_tables(materials=materials, balances=balances)
    by_form = rows(gm.import_reliance(made, "cobalt", level="material"))["unmet"]
    assert by_form[("CHN", "ore")] == by_form[("CHN", "salt")] == 7  # either may have filled it
    one_stage = materials.assign(stage=["mining", "mining", "making", "making"])
    by_stage = gm.import_reliance(made.with_tables(materials=one_stage), "cobalt").table
    assert by_stage.query("group == 'CHN' and stage == 'mining'")["unmet"].tolist() == [7]


def test_bad_questions_are_refused_with_the_nearest_answer(toy):
    with pytest.raises(UnknownNameError, match="no level 'stages'; did you mean 'stage'"):
        gm.import_reliance(toy, "lithium", level="stages")
    with pytest.raises(UnknownNameError, match="borders are those of a country or an alliance, not 'control'"):
        gm.import_reliance(toy, "lithium", by="control")
    with pytest.raises(UnknownNameError, match="no material holds 'lithum'; did you mean 'lithium'"):
        gm.import_reliance(toy, "lithum")
    with pytest.raises(ParameterError, match="grouping by alliance needs a table of members"):
        gm.import_reliance(toy, "lithium", by="alliance")


def slow(made):
    """Production, imports and exports of every country and material, by loops."""
    country = dict(zip(made.nodes["node_id"], made.nodes["country"], strict=True))
    role = dict(zip(made.stages["stage"], made.stages["role"], strict=True))
    stock = {n for n, s in zip(made.nodes["node_id"], made.nodes["stage"], strict=True) if role[s] == "stock"}
    made_by, imports, exports = {}, {}, {}
    for edge in made.edges.itertuples():
        if edge.source not in stock:
            made_by[edge.source, edge.material] = made_by.get((edge.source, edge.material), 0) + edge.quantity
        here, there = country[edge.source], country[edge.target]
        if here != there:
            imports[there, edge.material] = imports.get((there, edge.material), 0) + edge.quantity
            exports[here, edge.material] = exports.get((here, edge.material), 0) + edge.quantity
    for row in made.table("balances").itertuples():
        if row.side == "output":
            made_by[row.node_id, row.item] = row.quantity
    production = {}
    for (node, material), quantity in made_by.items():
        key = country[node], material
        production[key] = production.get(key, 0) + quantity
    return production, imports, exports


@MANY
@given(networks(scenario=False))
def test_terms_are_those_of_loops_over_the_tables(made):
    table = rows(gm.import_reliance(made, "cobalt", level="material"))
    for column, wanted in zip(("production", "imports", "exports"), slow(made), strict=True):
        found = table[column][table[column] > 0].to_dict()
        assert found == pytest.approx({key: value for key, value in wanted.items() if value > 0})
    net = table["imports"] - table["exports"]
    known = table["consumption"] > 1e-9
    assert table["ir"][known].tolist() == pytest.approx((net / (table["production"] + net))[known].tolist())
    assert table["nir"].tolist() == pytest.approx(table["ir"].tolist(), nan_ok=True)  # no stocks are drawn here


@MANY
@given(networks(scenario=False))
def test_what_is_imported_is_exported_and_stages_add_up(made):
    by_form = gm.import_reliance(made, "cobalt", level="material").table
    trade = by_form.groupby("material")[["imports", "exports"]].sum()
    assert trade["imports"].tolist() == pytest.approx(trade["exports"].tolist())
    by_stage = gm.import_reliance(made, "cobalt").table
    assert by_stage["production"].sum() == pytest.approx(by_form["production"].sum())
    assert by_stage["imports"].sum() == pytest.approx(by_form["imports"].sum())


def test_korea_imports_its_gallium_and_the_dr_congo_sells_its_cobalt(real):
    gallium = gm.import_reliance(real, "gallium").table.set_index(["group", "stage"])
    assert gallium.loc[("KOR", "refining"), "nir"] == 1
    cobalt = gm.import_reliance(real, "cobalt").table.set_index(["group", "stage"])
    assert cobalt.loc[("COD", "intermediate"), "nir"] < -5
    assert cobalt.loc[("CHN", "intermediate"), "nir"] == pytest.approx(1)
