from __future__ import annotations

import json

import pytest

import graphmodel as gm
from graphmodel import _shipped, datasets
from graphmodel.convert import write_folder
from graphmodel.errors import DataPackageError, UnknownNameError


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of data sets as a wheel holds it, with one that is none."""
    (tmp_path / "_datasets").mkdir()
    gm.write(gm.load("toy-battery"), tmp_path / "_datasets" / "toy-copy")
    (tmp_path / "_datasets" / "projects").mkdir()
    (tmp_path / "_datasets" / "projects" / "projects.csv").write_text("a\n1\n")
    monkeypatch.setattr(_shipped, "_PACKAGED", tmp_path / "_datasets")
    return tmp_path / "_datasets"


def test_the_toy_has_seven_nodes():
    toy = gm.load("toy-battery")
    assert (toy.n_nodes, toy.n_edges, toy.name) == (7, 8, "toy-battery")


def test_available_counts_rows_without_reading_them():
    row = gm.available().set_index("name").loc["toy-battery"]
    assert (row["nodes"], row["edges"], row["year"], row["licence"]) == (7, 8, 2024, "MIT")
    assert row["size_mb"] < 0.1


def test_a_wheel_brings_its_own_data_sets(home):
    assert gm.available()["name"].tolist() == ["toy-copy"]  # projects has no descriptor
    assert gm.load("toy-copy").n_nodes == 7
    with pytest.raises(UnknownNameError, match="did you mean 'toy-copy'"):
        gm.load("toy-cpoy")


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownNameError, match="no data set or file 'toy-batery'; did you mean 'toy-battery'"):
        gm.load("toy-batery")
    with pytest.raises(UnknownNameError, match="did you mean 'toy-battery'"):
        gm.cite("toybattery")
    with pytest.raises(UnknownNameError, match="no table 'refs'"):
        gm.table("toy-battery", "refs")


def test_a_path_is_loaded_too(tmp_path):
    toy = gm.load("toy-battery")
    gm.write(toy, tmp_path / "mine")
    gm.write(toy, tmp_path / "mine.json")
    assert gm.load(tmp_path / "mine") == gm.load(str(tmp_path / "mine.json")) == toy


def test_a_data_set_without_references_cites_itself(home):
    assert gm.cite("toy-copy") == "Toy battery chain (2024). Data package of graphmodel, licence MIT."


def test_a_citation_leaves_out_what_is_not_known(home):
    (home / "toy-copy" / "references.csv").write_text("reference,citation,url,year\na,USGS (2025),https://x.org,\n")
    datasets_row = json.loads((home / "toy-copy" / "datapackage.json").read_text())
    assert datasets_row["title"] == "Toy battery chain"
    from graphmodel.convert import update_descriptor

    update_descriptor(home / "toy-copy")
    assert gm.cite("toy-copy").splitlines()[1] == "- USGS (2025). https://x.org"


def test_years_of_a_column_with_gaps_are_whole(home):
    (home / "toy-copy" / "references.csv").write_text("reference,citation,year\na,USGS,2025\nb,BGS,\n")
    from graphmodel.convert import update_descriptor

    update_descriptor(home / "toy-copy")
    assert gm.cite("toy-copy").splitlines()[1:] == ["- USGS (2025).", "- BGS."]


def test_tables_of_a_folder_of_ones_own_are_read_too(tmp_path):
    toy = gm.load("toy-battery")
    references = gm.table("toy-battery", "references")
    write_folder(toy, tmp_path / "mine", extra={"references": references})
    assert gm.table(tmp_path / "mine", "references").equals(references)
    assert list(datasets.extras(tmp_path / "mine")) == ["references"]
    gm.write(toy, tmp_path / "mine.json")
    assert datasets.extras(tmp_path / "mine.json") == {}
    with pytest.raises(DataPackageError, match="folder of CSV files"):
        gm.cite(tmp_path / "mine.json")
    with pytest.raises(UnknownNameError):
        gm.table(tmp_path / "absent", "references")


def test_a_build_states_its_licence_as_frictionless_does(home):
    from graphmodel.build import BUILDS

    toy = gm.load("toy-copy")
    for name, about in BUILDS.items():
        tables = {table: toy.table(table) for table in toy.table_names}
        write_folder(gm.Network(**tables, name=name, description=about), home / name)
        assert gm.available().set_index("name").loc[name, "licence"] == "CC-BY-4.0"


def test_every_row_of_the_toy_has_a_reference_that_exists():
    known = set(gm.table("toy-battery", "references")["reference"])
    toy = gm.load("toy-battery")
    for name in ("nodes", "edges", "materials", "recipes", "owners"):
        assert set(toy.table(name)["reference"]) <= known
