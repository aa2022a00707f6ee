"""The command line, run as a user runs it."""

import io
import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from click.testing import CliRunner

from graphmodel import datasets
from graphmodel.cli import main


@pytest.fixture
def run():
    def invoke(*words, code=0):
        result = CliRunner().invoke(main, list(words))
        assert result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def mine(run, tmp_path):
    folder = tmp_path / "mine"
    run("init", str(folder))
    return folder


def test_shipped_data_sets_are_listed(run):
    assert "toy-battery" in run("datasets").stdout
    rows = json.loads(run("datasets", "--format", "json").stdout)
    assert {"toy-battery", "minerals-2024", "minerals-2024-sparse"} <= {row["name"] for row in rows}


def test_a_summary_counts_every_stage(run):
    table = run("summary", "toy-battery", "--format", "csv").stdout
    assert table.splitlines()[1].startswith("mining,origin,2,2,2,3")


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


def test_a_timeline_tells_the_day_of_failure_and_what_stocks_rest_on(run):
    words = ("timeline", "toy-battery", "-w", "node_id=refine-a", "--weeks", "8", "-f", "csv")
    held = run(*words, "--default-days", "14")
    assert pd.read_csv(io.StringIO(held.stdout))["day"].tolist() == [14]
    assert "14 days, assumed" in held.stderr
    none = run(*words, "--table", "weeks")
    assert "nobody holds any" in none.stderr
    assert len(none.stdout.splitlines()) == 1 + 8 * 2
    curve = pd.read_csv(io.StringIO(run(*words, "--table", "durations").stdout))
    assert curve["duration"].tolist() == [1, 2, 4, 8]
    assert "leave --duration out" in run(*words, "--table", "durations", "--duration", "2", code=2).stderr


def test_shutting_a_mine_shows_who_loses_what(run):
    rows = json.loads(run("remove", "toy-battery", "-w", "node_id=mine-b", "-f", "json").stdout)
    frozen = {row["consumer"]: row["loss"] for row in rows if row["response"] == "frozen"}
    assert frozen == {"CHN": pytest.approx(3), "USA": pytest.approx(3)}  # 600 of 1000 t is 60 % of 5 GWh each


def test_half_a_mine_costs_half_as_much(run):
    rows = json.loads(run("remove", "toy-battery", "-w", "node_id=mine-b", "--severity", "0.5", "-f", "json").stdout)
    assert sum(row["loss"] for row in rows if row["response"] == "frozen") == pytest.approx(3)


def test_a_ban_leaves_the_home_market(run):
    args = ("toy-battery", "--ban", "all", "-w", "country=KOR", "--to", "outside=KOR", "-f", "json")
    frozen = {r["consumer"]: r["loss"] for r in json.loads(run("remove", *args).stdout) if r["response"] == "frozen"}
    assert frozen == {"CHN": pytest.approx(1), "USA": pytest.approx(5)}


def test_a_corridor_is_closed_for_one_consumer(run):
    out = run("remove", "--corridor", "malacca", "--severity", "0.5", "--consumer", "JPN", "-f", "csv").stdout
    rows = pd.read_csv(io.StringIO(out))
    assert set(rows["consumer"]) == {"JPN"}
    assert rows["loss"].sum() > 0


def test_a_shock_comes_again(run):
    out = run("remove", "--shock", "SH020", "--product", "gallium-other-use", "-f", "csv").stdout
    assert pd.read_csv(io.StringIO(out)).set_index(["response", "consumer"]).loc[("frozen", "USA"), "loss"] > 0


def test_what_cannot_be_removed_is_wrong_usage(run):
    assert "nothing stops" in run("remove", "toy-battery", code=2).stderr
    assert "it needs --ban" in run("remove", "toy-battery", "--to", "country=CHN", code=2).stderr
    assert "did you mean 'malacca'" in run("remove", "--corridor", "malaca", code=1).stderr
    assert (
        "no product 'lithium-cel'"
        in run("remove", "toy-battery", "-w", "country=CHN", "-p", "lithium-cel", code=1).stderr
    )


def test_an_owner_is_selected_by_equity(run):
    out = run("remove", "toy-battery", "-w", "owner=Southern Metals", "-w", "equity=0.3").stdout
    assert "frozen" in out


def test_an_alliance_brings_its_members(run):
    assert "frozen" in run("remove", "toy-battery", "-w", "outside=G7").stdout


def test_a_misspelt_stage_names_the_nearest(run):
    error = run("remove", "toy-battery", "-w", "stage=refinning", code=1).stderr
    assert "refining" in error
    assert "Traceback" not in error


@pytest.mark.parametrize("word", ["country", "=CHN", "country="])
def test_a_selection_that_is_not_key_and_value_is_wrong_usage(run, word):
    assert "KEY=VALUE" in run("remove", "toy-battery", "-w", word, code=2).stderr


def test_an_equity_that_is_no_number_is_wrong_usage(run):
    assert "not a number" in run("remove", "toy-battery", "-w", "owner=X", "-w", "equity=much", code=2).stderr


def test_an_unknown_data_set_names_the_nearest(run):
    assert "toy-battery" in run("summary", "toy-batery", code=1).stderr


def test_losses_are_split_plant_by_plant(run):
    table = run("breakdown", "toy-battery", "--format", "csv").stdout
    assert "cell-b,frozen,use" in table or "cell-b,frozen,lithium-cell" in table


def test_plants_are_ranked_unless_told_otherwise(run):
    for command in ("chokepoints", "breakdown"):
        assert "[default: plant]" in " ".join(run(command, "--help").stdout.split())
        by_plant, by_default = (run(command, "toy-battery", *more).stdout for more in (["--by", "plant"], []))
        assert by_plant == by_default != run(command, "toy-battery", "--by", "country").stdout


def test_closure_tables_are_printed_for_a_built_data_set(run):
    out = run("closure", "minerals-2024").stdout
    assert "cobalt-hydroxide" in out
    assert "two-sided" in out
    assert "large_estimates" in out


def test_closure_of_a_network_without_such_tables_says_so(run):
    assert "closure" in run("closure", "toy-battery", code=1).stderr


def test_only_the_closure_tables_a_folder_has_get_a_heading(run, mine):
    (mine / "basis.csv").write_text("basis,edges\nestimated,8\n")
    run("check", str(mine), "--update")
    out = run("closure", str(mine)).stdout
    assert "estimated" in out
    assert "large_estimates" not in out


def test_closure_of_a_single_file_says_that_only_folders_have_such_tables(run, tmp_path):
    path = str(tmp_path / "toy.json")
    run("export", "toy-battery", "-o", path)
    assert "folder of CSV files" in run("closure", path, code=1).stderr


def test_a_folder_of_ones_own_is_cited_by_its_name(run, mine):
    lines = run("cite", str(mine)).stdout.splitlines()
    assert lines[0].startswith("mine (2024).")
    assert lines[1].startswith("- Invented for teaching")


def test_years_are_cited_as_whole_numbers(run):
    out = run("cite", "minerals-2024").stdout
    assert ".0)" not in out
    assert "(2025)" in out


def test_sources_are_cited(run):
    assert "USGS" in run("cite", "minerals-2024").stdout or "Geological Survey" in run("cite", "minerals-2024").stdout


@pytest.mark.parametrize("ending", ["json", "graphml", "gexf"])
def test_an_export_comes_back_equal(run, tmp_path, ending):
    import graphmodel as gm

    path = tmp_path / f"toy.{ending}"
    run("export", "toy-battery", "-o", str(path))
    assert gm.read(path) == gm.load("toy-battery")


def test_a_folder_carries_the_further_tables_over_and_a_file_does_not(run, tmp_path):
    import graphmodel as gm
    from graphmodel import datasets

    for form in ([], ["-f", "csv"]):
        folder = tmp_path / f"copy{len(form)}"
        run("export", "minerals-2024", "-o", str(folder), *form)
        assert gm.read(folder) == gm.load("minerals-2024")
        for name in ("references", "closure"):
            assert (folder / f"{name}.csv").read_bytes() == (datasets.root() / f"minerals-2024/{name}.csv").read_bytes()
        assert run("closure", str(folder)).stdout == run("closure", "minerals-2024").stdout
    run("export", str(folder), "-o", str(tmp_path / "copy.json"))
    run("export", str(tmp_path / "copy.json"), "-o", str(tmp_path / "again"))
    assert not (tmp_path / "again" / "references.csv").exists()
    assert "references" in run("export", "--help").stdout


def test_edited_references_are_not_left_behind_in_silence(run, mine, tmp_path):
    (mine / "references.csv").write_text("reference\ntoy\n")
    assert "references.csv" in run("export", str(mine), "-o", str(tmp_path / "copy"), code=1).stderr
    assert not (tmp_path / "copy").exists()


def test_parquet_without_pyarrow_is_one_message(run, tmp_path, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    error = run("export", "toy-battery", "-o", str(tmp_path / "toy"), "-f", "parquet", code=1).stderr
    assert 'pip install "graphmodel[parquet]"' in error


@pytest.mark.parametrize("words", [("init",), ("export", "toy-battery", "-o")])
def test_edits_are_kept_unless_force_is_said(run, mine, words):
    original = (mine / "nodes.csv").read_bytes()
    edited = original + b"mine-c,mining,AUS\n"
    (mine / "nodes.csv").write_bytes(edited)
    error = run(*words, str(mine), code=1).stderr
    assert str(mine) in error
    assert "--force" in error
    assert (mine / "nodes.csv").read_bytes() == edited
    run(*words, str(mine), "--force")
    assert (mine / "nodes.csv").read_bytes() == original
    assert "no problems" in run("check", str(mine)).stderr


def test_a_file_is_never_replaced_by_a_folder(run, tmp_path):
    (tmp_path / "notes").write_text("mine")
    for more in ([], ["--force"]):
        assert "is a file" in run("init", str(tmp_path / "notes"), *more, code=1).stderr
    assert (tmp_path / "notes").read_text() == "mine"


def test_a_new_data_set_bears_the_name_of_its_folder(mine):
    import graphmodel as gm

    network = gm.read(mine)
    assert (network.name, network.description["title"]) == ("mine", "mine")
    assert network == gm.load("toy-battery")  # tables, not names


def test_a_fresh_folder_passes_its_check(run, mine):
    assert "no problems" in run("check", str(mine)).stderr


def test_source_tables_are_checked_without_a_build(run, tmp_path):
    home = tmp_path / "sources"
    shutil.copytree(datasets.root() / "minerals-2024" / "sources", home)
    run("check", str(home))
    controls = home / "copper" / "controls.csv"
    controls.write_text(controls.read_text().replace(",t Cu,control,", ",lb,control,"))
    result = run("check", str(home), "--format", "csv", code=1)
    table = pd.read_csv(io.StringIO(result.stdout), keep_default_na=False)
    assert (table["table"] == "copper/controls.csv").all()
    assert set(table["value"]) == {"lb"}


def test_a_check_lists_every_problem_with_its_line_and_exits_with_one(run, mine):
    nodes = (mine / "nodes.csv").read_text().replace(",CHL,", ",CHK,").replace(",mining,AUS", ",minning,AUS")
    (mine / "nodes.csv").write_text(nodes)
    edges = (mine / "edges.csv").read_text().replace("e1,mine-a", "e1,mine-z").replace(",400,", ",-400,")
    (mine / "edges.csv").write_text(edges)
    result = run("check", str(mine), "--format", "csv", code=1)
    table = pd.read_csv(io.StringIO(result.stdout), keep_default_na=False)
    assert {"CHK", "minning", "mine-z", "-400"} <= set(table["value"])
    assert (table.loc[table["column"] != "", "line"] > 0).all()
    assert "mining" in table.set_index("value").loc["minning", "hint"]


def test_an_edited_folder_is_accepted_after_update(run, mine):
    edges = (mine / "edges.csv").read_text().replace(",400,", ",500,")
    (mine / "edges.csv").write_text(edges)
    run("summary", str(mine), code=1)  # the descriptor no longer vouches for the file
    run("check", str(mine), "--update")
    run("summary", str(mine))


def test_a_build_from_no_sources_writes_nothing(run, tmp_path):
    (tmp_path / "empty").mkdir()
    run("build", "minerals-2024", "--sources", str(tmp_path / "empty"), "-o", str(tmp_path / "out"), code=1)
    assert not (tmp_path / "out").exists()


def test_an_unknown_build_names_the_nearest(run):
    assert "minerals-2024" in run("build", "minerals-2025", code=1).stderr


def test_every_command_explains_itself(run):
    for name in main.commands:
        assert "Usage" in run(name, "--help").stdout


def test_examples_stand_on_lines_of_their_own(run):
    for name in ("chokepoints", "overview", "remove", "breakdown", "quality", "report"):
        out = run(name, "--help").stdout
        assert "\\" not in out
        assert "\b" not in out
        examples = [line.strip() for line in out.splitlines() if line.strip().startswith("graphmodel ")]
        assert len(examples) >= 2
        assert all(example.startswith(f"graphmodel {name}") for example in examples)


@pytest.mark.parametrize("command", ["chokepoints", "breakdown"])
def test_alliances_are_a_lens(run, command):
    assert "AUKUS" in run(command, "toy-battery", "--by", "alliance", "--format", "csv").stdout


def test_output_into_a_closed_pipe_leaves_no_traceback():
    command = f"{sys.executable} -m graphmodel cite minerals-2024 | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in done.stderr


def test_one_countrys_demand_can_be_ranked_and_compared(run):
    rows = pd.read_csv(
        io.StringIO(run("chokepoints", "-m", "gallium", "-c", "KOR", "--by", "industry", "-f", "csv").stdout)
    )
    table = pd.read_csv(io.StringIO(run("overview", "--consumer", "KOR", "-f", "csv").stdout)).set_index("mineral")
    assert rows["frozen_share"].iloc[0] == pytest.approx(table.loc["gallium", "frozen_share"])
    wrong = run("chokepoints", "-m", "gallium", "-c", "KOT", code=1)
    assert "did you mean 'KOR'" in wrong.stderr


def test_a_product_is_weighed_by_a_mineral_it_holds(run):
    result = run("chokepoints", "--product", "wind-use", "--by", "country", "-f", "csv")
    assert "weighed by rare-earths" in result.stderr
    assert pd.read_csv(io.StringIO(result.stdout))["frozen_share"].iloc[0] > 0.5


def test_quality_prints_both_tables_or_the_one_asked_for(run):
    both = run("quality").stdout
    assert "cobalt-hydroxide" in both
    assert "loss_share" in both
    weakest = pd.read_csv(io.StringIO(run("quality", "--table", "weakest", "--top", "4", "-f", "csv").stdout))
    assert len(weakest) == 4
    assert "no table closure" in run("quality", "toy-battery", code=1).stderr


def test_sources_have_no_descriptor_to_update(run):
    sources = datasets.root() / "minerals-2024" / "sources"
    assert "no descriptor" in run("check", str(sources), "--update", code=2).stderr


def test_percolation_shows_what_is_left_after_each_removal(run):
    words = ("toy-battery", "-m", "lithium", "--order", "loss", "--measure", "frozen", "--steps", "0", "-f", "json")
    rows = json.loads(run("percolation", *words).stdout)
    assert [row["value"] for row in rows] == [1, 0, 0, 0, 0, 0]  # the only refinery goes first
