"""Indices, benchmarks and agreement on the command line."""

import io

import pandas as pd

from graphmodel import datasets
from graphmodel.cli.group import mineral_of


def test_indices_of_a_mineral_for_a_group(run):
    out = run("indices", "-m", "cobalt", "-c", "EU27", "--missing", "mean", "--stage", "refining", "-f", "csv").stdout
    table = pd.read_csv(io.StringIO(out))
    assert {"hhi", "geopolrisk", "eu_supply_risk"} <= set(table["index"])
    assert table.loc[table["index"] == "hhi", "value"].between(0.4, 0.9).all()


def test_a_risk_may_stand_for_a_missing_score(run):
    assert "hhi" in run("indices", "toy-battery", "--missing", "0.5").stdout
    assert "did you mean 'mean'" in run("indices", "toy-battery", "--missing", "meen", code=2).stderr


def test_benchmarks_without_projects_show_no_columns_for_them(run):
    out = run("compliance", "--programme", "KOR").stdout
    assert "largest: CHN" in out
    assert "met_with" not in out


def test_projects_that_can_enter_are_added(run, monkeypatch):
    listed = pd.DataFrame(
        {"project_id": ["new-ga", "nothing"], "name": ["New gallium", "Nothing"], "country": ["FRA", "FRA"],
         "control": ["FRA", "FRA"], "stage": ["refining", "refining"], "material": ["gallium-crude", "gallium-crude"],
         "capacity": [20.0, float("nan")]}
    )  # fmt: skip
    monkeypatch.setattr(datasets, "projects", lambda programme=None: listed)
    done = run("compliance", "--projects", "EU", "-f", "csv")
    assert "1 of 2 projects can enter minerals-2024" in done.stderr
    table = pd.read_csv(io.StringIO(done.stdout)).query("material == 'Gallium' and benchmark == 'processing'").iloc[0]
    assert table["with_scenario"] > table["value"]
    assert (table["met"], table["met_with"]) == ("no", "yes")


def test_agreement_says_which_measures_mislead(run):
    done = run("agreement", "toy-battery", "--by", "node", "--response", "frozen", "--resamples", "50", "-f", "csv")
    assert "toy-battery, frozen: these mislead (interval at or below 0): " in done.stderr
    assert pd.read_csv(io.StringIO(done.stdout)).iloc[0]["rho"] == 1


def test_examples_stand_on_lines_of_their_own(run):
    for name in ("indices", "compliance", "agreement"):
        out = run(name, "--help").stdout
        examples = [line.strip() for line in out.splitlines() if line.strip().startswith("graphmodel ")]
        assert len(examples) >= 2
        assert all(example.startswith(f"graphmodel {name}") for example in examples)


def test_only_minerals_that_final_demand_holds_are_offered_as_weights(real, toy, capsys):
    assert "high-purity-quartz" in real.minerals  # which no product holds
    assert mineral_of(real, None) == "cobalt"
    said = capsys.readouterr().err
    assert "high-purity-quartz" not in said
    assert "choose another with --mineral: aluminium, " in said
    idle = toy.with_tables(edges=toy.edges[toy.edges["source"] == "mine-a"])  # nobody is served
    assert mineral_of(idle, None) == "lithium"
