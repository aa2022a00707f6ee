"""Projects and programmes on the command line, run as a user runs them."""

import io

import pandas as pd


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
    assert "minerals-2024-sparse: 32 disruptions by industry, exact, 512 coalitions" in result.stderr
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
