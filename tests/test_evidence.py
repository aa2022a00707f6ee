from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.errors import DataPackageError, ParameterError
from graphmodel.evidence import DOUBT

NAME = "minerals-2024"


@pytest.fixture(scope="module")
def graded():
    return gm.quality(NAME).table.set_index("material")


@pytest.fixture(scope="module")
def ranked():
    return gm.weakest_data(NAME, top=None).table


def test_every_material_with_a_total_has_its_sources_and_its_closure(graded, real):
    controls = gm.table(NAME, "controls")
    assert set(graded.index) == set(controls["material"])
    totals = graded[[name for name in graded if name.startswith("total_")]].sum(axis=1)
    assert np.allclose(totals, 1)
    flows = graded[[name for name in graded if name.startswith("flow_")]].sum(axis=1, min_count=1).dropna()
    assert np.allclose(flows, 1)
    assert set(flows.index) == set(real.edges["material"]) & set(graded.index)
    assert graded["supply"].sum() == pytest.approx(controls["total"].sum())
    assert graded.loc["cobalt-hydroxide", "control"] == "usgs-mcs-2026-cobalt"
    assert (graded["named_share"] <= 1 + 1e-9).all()


def test_the_value_of_knowing_better_is_loss_times_doubt(ranked):
    assert (ranked["value"] == ranked["loss_share"] * ranked["doubt"]).all()
    assert ranked["value"].is_monotonic_decreasing
    assert ranked["doubt"].between(DOUBT["measured"], 1).all()
    assert ranked["loss_share"].between(0, 1).all()
    assert not ranked.duplicated(["kind", "item"]).any()


def test_a_totals_loss_is_that_of_all_nodes_that_make_the_form_there(ranked, real):
    rows = ranked[ranked["kind"] == "country total"].set_index("item")
    for item in ("CHN:refining:cobalt-sulphate", "IDN:intermediate:cobalt-mhp", "CHN:intermediate:gallium-liquor"):
        country, stage, material = item.split(":")
        shut = gm.Scenario(item).shut(country=country, stage=stage, material=material)
        table = gm.losses(real, shut).table.query("response == 'frozen'")
        held = table["product"].map(real.content(rows.loc[item, "mineral"])).fillna(0.0)
        assert (table["loss"] * held).sum() / (table["demand"] * held).sum() == pytest.approx(
            rows.loc[item, "loss_share"]
        )


def test_doubt_is_half_the_range_of_the_sources_or_follows_from_the_grade(ranked):
    controls = gm.table(NAME, "controls")
    controls["item"] = controls["country"] + ":" + controls["stage"] + ":" + controls["material"]
    both = ranked.merge(controls, on="item", suffixes=("", "_control"))
    known = both["low"].notna()
    half = ((both["high"] - both["low"]) / (2 * both["total"])).clip(DOUBT["measured"], 1)
    assert np.allclose(both["doubt"][known], half[known])
    assert (both["doubt"][~known] == both["evidence"][~known].map(DOUBT)).all()


def test_only_a_built_data_set_has_quality():
    for ask in (gm.quality, gm.weakest_data):
        with pytest.raises(DataPackageError, match="no table closure and controls"):
            ask("toy-battery")
    with pytest.raises(ParameterError, match="top is 0"):
        gm.weakest_data(NAME, top=0)


def test_both_tables_draw(graded):
    assert len(gm.quality(NAME).plot().patches)
    assert len(gm.weakest_data(NAME, top=5).plot().patches) == 5


def test_the_page_on_the_data_is_what_its_script_makes():
    script = Path(__file__).parent.parent / "docs" / "make_data.py"
    spec = importlib.util.spec_from_file_location("make_data", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (script.parent / "data.md").read_text(encoding="utf-8") == module.page()


def test_bounds_of_one_form_do_not_spread_over_its_mineral():
    controls = gm.table(NAME, "controls")
    known = controls[controls["low"].notna()]
    assert (known["low"] <= known["total"] * (1 + 1e-9)).all()
    assert (known["total"] <= known["high"] * (1 + 1e-9)).all()
    gallium = known.set_index(["country", "material"]).loc[("CHN", "gallium-crude")]
    assert isinstance(gallium, pd.Series)
    assert gallium["high"] < 1600  # a capacity is no bound of an output


def test_a_bound_given_as_a_share_is_taken_of_the_worlds_total():
    controls = gm.table(NAME, "controls").set_index(["country", "material"])
    world = controls.xs("germanium-refined", level="material")["total"].sum()
    assert controls.loc[("CHN", "germanium-refined"), "high"] == pytest.approx(0.831 * world)  # EU study 2023
