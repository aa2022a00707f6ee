"""Projects and programmes on the command line, run as a user runs them."""

import io

import pandas as pd
import pytest


def csv(result):
    return pd.read_csv(io.StringIO(result.stdout))


def test_projects_are_listed_by_programme(run):
    table = csv(run("projects", "--programme", "MSP", "--format", "csv"))
    assert table["programmes"].str.contains("MSP").all()
    assert "no programme or sponsor 'MSQ'; did you mean 'MSP'" in run("projects", "--programme", "MSQ", code=1).stderr
    totals = csv(run("projects", "--totals", "--format", "csv"))
    assert totals.loc[totals["kind"] == "all", "published"].tolist() == [32, 47, 13]


def test_worth_says_its_ensemble_and_how_alike_the_other_network_ranks(run):
    words = ["worth", "minerals-2024-sparse", "--programme", "MSP", "--mineral", "cobalt", "--disruptions", "32"]
    result = run(*words, "--again", "minerals-2024-sparse", "--format", "csv")
    assert "minerals-2024-sparse: 32 disruptions by industry, exact, 1024 coalitions" in result.stderr
    assert "rank correlation with minerals-2024-sparse: 1.00" in result.stderr
    table = csv(result)
    assert table["worth"].dropna().tolist() == table["worth_again"].dropna().tolist()
    assert (table["reason"].notna() == table["worth"].isna()).all()


def test_programmes_are_compared(run):
    words = ["programmes", "minerals-2024-sparse", "--programme", "KR", "--programme", "JP", "--mineral", "cobalt"]
    result = run(*words, "--disruptions", "8", "--format", "csv")
    assert "8 disruptions by industry: mean loss" in result.stderr
    table = csv(result)
    assert set(table["programme"]) == {"KR", "JP"}
    assert (table["n_entering"] < table["n_projects"]).all()


@pytest.fixture
def own(tmp_path):
    rows = [
        ("refine-b", "Refinery B", "USA", "refining", "lithium-salt", 250.0),
        ("refine-c", "Refinery C", "CAN", "refining", "lithium-salt", 400.0),
        ("mine-c", "Mine C", "CAN", "mining", "lithium-ore", 500.0),
    ]
    columns = ["project_id", "name", "country", "stage", "material", "capacity"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "own.csv", index=False)
    costs = pd.DataFrame({"project_id": ["refine-b", "refine-c", "mine-c"], "cost": [100, 400, 10]})
    costs.to_csv(tmp_path / "costs.csv", index=False)
    return tmp_path


def table(result):
    return pd.read_csv(io.StringIO(result.stdout), keep_default_na=False)


def test_the_best_set_within_a_budget_leads(run, own):
    asked = ["portfolio", "toy-battery", "--projects", str(own / "own.csv"), "--by", "node", "--disruptions", "1"]
    result = run(*asked, "--costs", str(own / "costs.csv"), "--budget", "150", "--format", "csv")
    assert table(result).loc[0, "projects"] == "refine-b"
    assert "3 projects can enter, 0 cannot; 1 disruptions by node" in result.stderr
    limited = run(*asked, "--limit", "stage=refining:1", "--exclude", "mine-c", "--format", "csv")
    assert table(limited).loc[0, "projects"] == "refine-c"
    assert "refine-c" in run(*asked, "--count", "1", "--response", "reroute").stdout


def test_what_cannot_be_asked_of_a_portfolio_is_refused(run, own):
    asked = ["portfolio", "toy-battery", "--projects", str(own / "own.csv"), "--by", "node"]
    assert "budget is -1, but must be 0 or more" in run(*asked, "--budget", "-1", code=1).stderr
    assert "write COLUMN=VALUE:MOST" in run(*asked, "--limit", "stage:mining", code=2).stderr
    assert "did you mean 'stage'" in run(*asked, "--limit", "stag=mining:1", code=1).stderr
    assert "leave it out with --projects" in run(*asked, "--programme", "MSP", code=2).stderr
    assert "has no column cost" in run(*asked, "--costs", str(own / "own.csv"), code=2).stderr


def test_stranded_projects_and_places_are_two_tables(run, own):
    asked = ["bottleneck", "toy-battery", "--projects", str(own / "own.csv"), "--by", "node", "-m", "lithium"]
    out = run(*asked, "--country", "KOR").stdout
    assert "stranded_low" in out
    assert "KOR:cell:lithium-cell" in out
    rows = table(run(*asked, "--format", "csv"))
    assert set(rows["kind"]) == {"project", "capacity"}
    assert "no alliance 'MPS'" in run(*asked, "--alliance", "MPS", code=1).stderr


def test_empty_cells_can_be_listed(run, own):
    asked = ["coverage", "toy-battery", "--projects", str(own / "own.csv")]
    rows = table(run(*asked, "--status", "left out", "--stage", "refining", "--format", "csv"))
    assert rows["region"].tolist() == ["CHN"]
    assert "did you mean 'lithium'" in run(*asked, "-m", "litium", code=1).stderr


def test_worth_sets_money_against_tonnes(run, own):
    asked = ["worth", "toy-battery", "--projects", str(own / "own.csv"), "--by", "node", "--disruptions", "1"]
    rows = table(run(*asked, "--mineral", "lithium", "--cost", str(own / "costs.csv"), "--format", "csv"))
    refine_b = rows.set_index("project_id").loc["refine-b"]  # 250 t a year for 100
    assert float(refine_b["cost_per_unit"]) == pytest.approx(0.4)
    assert "name their --mineral" in run(*asked, "--cost", "capacity", code=2).stderr
    missing = run(*asked, "--mineral", "lithium", "--cost", "capacty", code=2).stderr
    assert "no column and no file 'capacty'; did you mean 'capacity'?" in missing
    assert "column stage holds no numbers" in run(*asked, "--mineral", "lithium", "--cost", "stage", code=2).stderr


def test_public_money_is_a_cost_for_both_commands(run):
    asked = ["minerals-2024", "--programme", "MSP", "--mineral", "cobalt", "--cost", "public_usd"]
    result = run("worth", *asked)
    assert "cost_per_unit" in result.stdout
    assert "left out, runs already: balama" in result.stderr
    rows = table(run("portfolio", *asked, "--budget", "1e9", "--format", "csv"))
    assert 0 < float(rows.loc[0, "cost"]) <= 1e9


@pytest.mark.parametrize("name", ["worth", "portfolio", "bottleneck", "coverage"])
def test_a_table_of_ones_own_is_refused_by_line(run, own, name):
    (own / "wrong.csv").write_text(
        "project_id,name,country,stage,material,capacity\na,A,USA,refinning,lithium-salt,5\nb,B,USA,refining,salt,-5\n"
    )
    said = run(name, "toy-battery", "--projects", str(own / "wrong.csv"), code=1).stderr
    assert "3 problem(s):" in said
    assert "wrong.csv:2:stage: is not in stages 'refinning' (did you mean 'refining'?)" in said
    assert "wrong.csv:3:capacity: is not above 0 '-5'" in said
    assert "wrong.csv:3:material: is not in materials 'salt' (there are: lithium-cell, " in said


def test_what_is_odd_in_a_table_of_ones_own_is_told(run, own):
    more = "project_id,name,country,stage,material,capacity,start_year,programmes\n"
    more += "a,A,USA,refining,lithium-salt,,,\nb,B,USA,refining,lithium-salt,5,2019,MSP\n"
    (own / "odd.csv").write_text(more)
    said = run("coverage", "toy-battery", "--projects", str(own / "odd.csv")).stderr
    assert "odd.csv: a: states no capacity, and is left out where capacity counts" in said
    assert "odd.csv: b: started before its programmes began: MSP 2022-06-14" in said


def test_the_tables_of_projects_can_be_checked(run, own):
    from graphmodel import datasets

    fine = run("check", str(datasets.root() / "projects"))
    assert "tables of projects: no problems" in fine.stderr
    (own / "own.csv").unlink()
    (own / "costs.csv").unlink()
    (own / "projects.csv").write_text("project_id,stage,capacity\na,mining,5\n")
    assert "no problems, 0 finding(s)" in run("check", str(own)).stderr
    assert "other tables have no descriptor" in run("check", str(own), "--update", code=2).stderr
    (own / "projects.csv").write_text("project_id,stage\na,minning\n")
    wrong = run("check", str(own), "--format", "csv", code=1)
    assert table(wrong)[["table", "line", "column", "value"]].to_numpy().tolist() == [
        ["projects.csv", 2, "stage", "minning"]
    ]


@pytest.mark.parametrize("name", ["worth", "portfolio", "bottleneck", "coverage"])
def test_help_shows_examples(run, name):
    out = run(name, "--help").stdout
    assert "\\" not in out
    assert sum(line.strip().startswith(f"graphmodel {name}") for line in out.splitlines()) >= 2


def test_effects_are_told_by_lens_and_measure(run, own):
    asked = ["effects", "toy-battery", "--projects", str(own / "own.csv"), "--by", "country", "--format", "csv"]
    result = run(*asked, "--measure", "hhi", "--measure", "dependence")
    assert "3 sites can enter, 0 projects cannot" in result.stderr
    assert "dependence by country is on CHN" in result.stderr
    found = table(result)
    assert found["measure"].unique().tolist() == ["hhi", "dependence"]
    assert found.loc[0, "after"] == pytest.approx(0.75**2 + 0.25**2)
    together = table(run(*asked, "--measure", "hhi", "--together"))
    assert together["project_id"].tolist() == ["all", "all"]
    assert "lithium-ore" in run(*asked[:4], "--measure", "hhi").stdout
    assert "did you mean 'hhi'" in run(*asked, "--measure", "hh", code=2).stderr
