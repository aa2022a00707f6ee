"""Rankings on the command line, run as a user runs them."""

import io
import json

import pandas as pd
import pytest


def test_the_only_refinery_leads_the_ranking(run):
    lines = run("chokepoints", "toy-battery", "--mineral", "lithium", "--format", "csv").stdout.splitlines()
    assert lines[1].split(",")[1] == "refine-a"


def test_the_worst_pair_leads_its_ranking_and_goes_on_from_a_folder(run, tmp_path):
    words = ("pairs", "toy-battery", "--by", "country", "--top", "3", "--folder", str(tmp_path / "kept"))
    lines = run(*words, "--format", "csv").stdout.splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("AUS,CHL,AUS,CHL,frozen,")  # both mines
    assert run(*words, "--format", "csv").stdout.splitlines() == lines
    assert "top is 3 there and None here" in run(*words[:4], "--top", "0", *words[6:], code=1).stderr


def test_units_that_cannot_be_added_are_weighed_by_a_mineral_and_the_user_is_told(run):
    result = run("chokepoints", "toy-battery", "--top", "1")
    assert "weighed by lithium" in result.stderr
    assert "refine-a" in result.stdout


def test_losses_are_split_plant_by_plant(run):
    table = run("breakdown", "toy-battery", "--format", "csv").stdout
    assert "cell-b,frozen,use" in table or "cell-b,frozen,lithium-cell" in table


def test_plants_are_ranked_unless_told_otherwise(run):
    for command in ("chokepoints", "breakdown"):
        assert "[default: plant]" in " ".join(run(command, "--help").stdout.split())
        by_plant, by_default = (run(command, "toy-battery", *more).stdout for more in (["--by", "plant"], []))
        assert by_plant == by_default != run(command, "toy-battery", "--by", "country").stdout


@pytest.mark.parametrize("command", ["chokepoints", "breakdown"])
def test_alliances_are_a_lens(run, command):
    assert "AUKUS" in run(command, "toy-battery", "--by", "alliance", "--format", "csv").stdout


def test_one_countrys_demand_can_be_ranked_and_compared(run):
    rows = pd.read_csv(
        io.StringIO(
            run(
                "chokepoints", "-m", "gallium", "-c", "KOR", "--by", "industry", "--response", "frozen", "-f", "csv"
            ).stdout
        )
    )
    table = pd.read_csv(io.StringIO(run("overview", "--consumer", "KOR", "-f", "csv").stdout)).set_index("mineral")
    assert rows["frozen_share"].iloc[0] == pytest.approx(table.loc["gallium", "frozen_share"])
    wrong = run("chokepoints", "-m", "gallium", "-c", "KOT", code=1)
    assert "did you mean 'KOR'" in wrong.stderr


def test_a_product_is_weighed_by_a_mineral_it_holds(run):
    result = run("chokepoints", "--product", "wind-use", "--by", "country", "--response", "frozen", "-f", "csv")
    assert "weighed by rare-earths" in result.stderr
    assert pd.read_csv(io.StringIO(result.stdout))["frozen_share"].iloc[0] > 0.5


def test_percolation_shows_what_is_left_after_each_removal(run):
    words = ("toy-battery", "-m", "lithium", "--order", "loss", "--measure", "frozen", "--steps", "0", "-f", "json")
    rows = json.loads(run("percolation", *words).stdout)
    assert [row["value"] for row in rows] == [1, 0, 0, 0, 0, 0]  # the only refinery goes first


def test_one_response_is_ranked_by_itself(run):
    words = ("removal", "toy-battery", "--evenly", "--response", "reroute", "-f", "csv")
    table = pd.read_csv(io.StringIO(run(*words).stdout)).set_index("removed")["loss_share"]
    assert table["mine-b"] == pytest.approx(0.5)
    assert "weighed by" not in run(*words).stderr  # every product counts the same
    half = pd.read_csv(io.StringIO(run(*words, "--severity", "0.5").stdout)).set_index("removed")["loss_share"]
    assert half["mine-b"] == pytest.approx(0.2)  # 300 + 500 t are left of 1000


def test_a_rerouted_sweep_goes_on_from_a_folder_on_any_number_of_processes(run, tmp_path):
    words = ("removal", "toy-battery", "--response", "adapt", "--folder", str(tmp_path / "kept"), "-f", "csv")
    alone = run(*words).stdout
    assert run(*words).stdout == alone
    assert run(*words[:4], "--workers", "2", "-f", "csv").stdout == alone
    other = run(*words, "--growth", "0.3", code=1)
    assert "growth" in other.stderr


def test_chosen_responses_alone_are_worked_out(run, tmp_path):
    words = ("chokepoints", "toy-battery", "--response", "frozen", "--response", "reroute", "-f", "json")
    rows = {row["removed"]: row for row in json.loads(run(*words, "--folder", str(tmp_path / "kept")).stdout)}
    assert rows["mine-b"]["frozen_share"] == pytest.approx(0.6)
    assert rows["mine-b"]["reroute_share"] == pytest.approx(0.5)
    assert rows["mine-b"]["adapt_share"] is None
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["frozen", "reroute"]


def test_pairs_are_rerouted_too(run):
    words = ("pairs", "toy-battery", "--by", "node", "--response", "reroute", "--top", "0", "-f", "csv")
    table = pd.read_csv(io.StringIO(run(*words).stdout)).set_index(["first", "second"])
    # mine A alone: mine B stays at its 600 t; mine B alone: mine A gives 500 t; without both there is nothing
    assert table.loc[("mine-a", "mine-b"), ["first_share", "second_share", "loss_share"]].tolist() == pytest.approx(
        [0.4, 0.5, 1.0]
    )


def test_the_most_that_links_let_through_is_ranked(run):
    words = ("max-flow", "toy-battery", "--slack", "0.5", "--workers", "2", "-f", "csv")
    table = pd.read_csv(io.StringIO(run(*words).stdout)).set_index("removed")["delivered"]
    assert table[["refine-a", "mine-b", "mine-a"]].tolist() == pytest.approx([0, 500, 600])


def test_a_ranking_comes_with_its_doubt(run):
    words = ("uncertainty", "toy-battery", "--draws", "40", "-f", "csv")
    assert run(*words).stdout == run(*words, "--workers", "2").stdout
    assert run(*words).stdout != run(*words, "--seed", "1").stdout
    table = pd.read_csv(io.StringIO(run(*words, "--top", "2").stdout))
    assert table["removed"].tolist() == ["CHN", "AUS"]


def test_what_moves_the_loss_is_ranked(run):
    words = ("sensitivity", "toy-battery", "--by", "country", "--removed", "AUS", "-f", "csv")
    table = pd.read_csv(io.StringIO(run(*words, "--top", "2").stdout))
    assert table["input"].tolist() == ["flows:estimated", "AUS:lithium-ore"]
    assert table["total"].isna().all()
    drawn = pd.read_csv(io.StringIO(run(*words, "--draws", "8", "--within", "1", "--workers", "2").stdout))
    assert drawn["input"].iloc[-1] == "rest"
    assert "did you mean 'AUS'" in run(*words[:-4], "--removed", "AUT", code=1).stderr


def test_the_overview_says_what_rerouting_could_save(run):
    row = pd.read_csv(io.StringIO(run("overview", "toy-battery", "--by", "country", "-f", "csv").stdout)).iloc[0]
    assert row["gap"] == row["frozen_share"] - row["reroute_share"] == 0  # the only refinery is in China
