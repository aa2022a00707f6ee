"""Look-through, import reliance and cuts on the command line, run as a user runs them."""

import io

import pandas as pd
import pytest


def table_of(result):
    return pd.read_csv(io.StringIO(result.stdout), keep_default_na=False, na_values=[""])


def test_dependence_is_told_by_user_stage_and_group(run):
    words = ("dependence", "toy-battery", "-m", "lithium", "-c", "USA", "--stage", "mining", "--bounds", "-f", "csv")
    table = table_of(run(*words)).set_index("group")
    assert table["share"].to_dict() == pytest.approx({"AUS": 0.6, "CHL": 0.4})
    assert table.loc["AUS", ["low", "high"]].tolist() == pytest.approx([0.2, 1.0])
    assert "weighed by lithium" in run("dependence", "toy-battery").stderr
    assert "did you mean 'mining'" in run("dependence", "toy-battery", "--stage", "minning", code=1).stderr


def test_reliance_is_told_by_country_and_stage(run):
    table = table_of(run("reliance", "toy-battery", "-m", "lithium", "-g", "KOR", "-f", "csv")).set_index("stage")
    assert table.loc["refining", "nir"] == 1
    assert set(table["group"]) == {"KOR"}
    assert "no country 'KRO' makes or trades lithium" in run("reliance", "toy-battery", "-g", "KRO", code=1).stderr
    by_form = table_of(run("reliance", "toy-battery", "--by", "alliance", "--level", "material", "-f", "csv"))
    assert "lithium-salt" in set(by_form["material"])


def test_cuts_are_told_by_user(run):
    table = table_of(run("cuts", "toy-battery", "-m", "lithium", "-c", "CHN", "-f", "csv")).set_index("measure")
    assert table.loc["dominators", "members"] == "refine-a"
    assert table.loc["group_cut", "members"] == "CHN"
    by_control = table_of(run("cuts", "toy-battery", "-m", "lithium", "--by", "control", "-f", "csv"))
    assert set(by_control["measure"]) >= {"group_routes", "node_cut"}
    assert "seconds is 0.0, but must be above 0" in run("cuts", "toy-battery", "--seconds", "0", code=1).stderr
