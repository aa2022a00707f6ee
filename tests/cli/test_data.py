"""Data sets on the command line: listed, checked, closed, exported, cited."""

import io
import json
import shutil

import pandas as pd
import pytest

from graphmodel import datasets
from graphmodel.schema import json_schema


def test_shipped_data_sets_are_listed(run):
    assert "toy-battery" in run("datasets").stdout
    rows = json.loads(run("datasets", "--format", "json").stdout)
    assert {"toy-battery", "minerals-2024", "minerals-2024-sparse"} <= {row["name"] for row in rows}


def test_a_summary_counts_every_stage(run):
    table = run("summary", "toy-battery", "--format", "csv").stdout
    assert table.splitlines()[1].startswith("mining,origin,2,2,2,3")


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


def test_an_unknown_data_set_names_the_nearest(run):
    assert "toy-battery" in run("summary", "toy-batery", code=1).stderr


def test_closure_tables_are_printed_for_a_built_data_set(run):
    result = run("closure", "minerals-2024")
    assert "cobalt-hydroxide" in result.stdout
    assert "two-sided" in result.stdout
    assert result.stderr.split() == ["closure:", "basis:", "large_estimates:"]


def test_closure_of_a_network_without_such_tables_says_so(run):
    assert "closure" in run("closure", "toy-battery", code=1).stderr


def test_only_the_closure_tables_a_folder_has_get_a_heading(run, mine):
    (mine / "basis.csv").write_text("basis,edges\nestimated,8\n")
    run("check", str(mine), "--update")
    result = run("closure", str(mine))
    assert "estimated" in result.stdout
    assert "large_estimates" not in result.stderr


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
    cells = table["column"] != ""
    assert (table.loc[cells, "line"].astype(int) > 0).all()
    assert "mining" in table.set_index("value").loc["minning", "hint"]
    # files that differ from their description come after what is wrong in them, and stand on no line
    assert cells.tolist() == sorted(cells, reverse=True)
    assert set(table.loc[~cells, "line"]) == {""}
    assert table.loc[~cells, "message"].str.contains("half-written or edited").all()


def test_a_deleted_table_is_said_once_to_be_missing(run, mine):
    (mine / "recipes.csv").unlink()
    result = run("check", str(mine), "-f", "csv", code=1)
    assert result.stdout.splitlines()[1:] == [
        'recipes.csv,,,,"is missing, though datapackage.json lists it",put it back'
    ]


def test_a_misspelt_header_is_named_beside_the_column_it_stands_for(run, mine):
    (mine / "edges.csv").write_text((mine / "edges.csv").read_text().replace("quantity", "quantitiy"))
    out = run("check", str(mine), "-f", "csv", code=1).stdout
    assert "edges.csv,,quantity,,column is missing,did you mean it by 'quantitiy'?" in out


def test_a_country_misspelt_or_spelt_out_gets_its_code(run, mine):
    nodes = (mine / "nodes.csv").read_text()
    (mine / "nodes.csv").write_text(nodes.replace(",KOR,KOR,", ",South Korea,KRO,").replace(",AUS,", ",AUX,"))
    table = pd.read_csv(io.StringIO(run("check", str(mine), "-f", "csv", code=1).stdout)).set_index("value")
    assert table.loc["South Korea", "hint"] == table.loc["KRO", "hint"] == "did you mean 'KOR'?"
    assert table.loc["AUX", "hint"] in ("did you mean 'AUS'?", "did you mean 'AUT'?")


def test_a_mine_that_sells_more_than_it_makes_is_a_finding(run, mine):
    (mine / "edges.csv").write_text((mine / "edges.csv").read_text().replace("lithium-ore,400", "lithium-ore,900"))
    result = run("check", str(mine), "--update")
    assert "no problems, 2 finding(s)" in result.stderr
    assert "sells 900 of lithium-ore, but makes 400" in result.stdout
    assert "takes in 1500 of lithium-ore, but makes 1000 from 1000" in result.stdout


def test_several_tables_are_one_json_document_and_csv_holds_one(run):
    assert list(json.loads(run("closure", "-f", "json").stdout)) == ["closure", "basis", "large_estimates"]
    both = json.loads(run("quality", "-f", "json").stdout)
    assert {name: type(rows) for name, rows in both.items()} == {"quality": list, "weakest": list}
    assert json.loads(run("quality", "--table", "quality", "-f", "json").stdout) == both["quality"]
    for name, tables in (("quality", "quality, weakest"), ("closure", "closure, basis, large_estimates")):
        error = run(name, "-f", "csv", code=2).stderr
        assert f"csv holds one table; name it with --table: {tables}" in error


def test_an_edited_folder_is_accepted_after_update(run, mine):
    edges = (mine / "edges.csv").read_text().replace(",400,", ",500,")
    (mine / "edges.csv").write_text(edges)
    run("summary", str(mine), code=1)  # the descriptor no longer vouches for the file
    run("check", str(mine), "--update")
    run("summary", str(mine))


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


def test_the_schema_of_a_table_and_of_a_network_are_printed(run):
    assert json.loads(run("schema", "edges").stdout) == json_schema("edges")
    assert json.loads(run("schema").stdout) == json_schema()
    assert "did you mean 'edges'" in run("schema", "edge", code=1).stderr


def test_tables_beside_a_network_have_schemas_that_hold_for_those_shipped(run):
    jsonschema = pytest.importorskip("jsonschema", reason="schemas are checked with the dev extra")
    home = datasets.root()
    folders = {
        "projects": home / "projects",
        "claims": home / "claims",
        "sources": home / "minerals-2024" / "sources" / "cobalt",
    }
    for name in ("projects/projects", "projects/backing", "claims/vintages", "sources/plants", "sources/trade"):
        folder, _, table = name.partition("/")
        said = json.loads(run("schema", name).stdout)
        jsonschema.Draft202012Validator.check_schema(said)
        rows = pd.read_csv(folders[folder] / f"{table}.csv", keep_default_na=False, dtype=str)
        asked = said["items"]["properties"]
        assert set(said["items"]["required"]) <= set(rows)
        for column in set(asked) & set(rows):
            if "enum" in asked[column]:
                assert set(rows[column]) <= set(asked[column]["enum"]), (name, column)
    assert "did you mean 'projects/backing'" in run("schema", "projects/backin", code=1).stderr
