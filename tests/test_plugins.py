"""Data sets and measures of other packages, found by entry point; each test installs a real small distribution."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.convert import write_folder
from graphmodel.errors import ParameterError, PluginWarning, UnknownNameError

MEASURES = '''
import pandas as pd

def nameplate(network, mineral):
    """What each node could make; users have none."""
    return network.nodes.set_index("node_id")["capacity"].dropna()

def named(network, mineral):
    return pd.Series({"mine-a": 1.0 if mineral == "lithium" else 0.0})

def stranger(network, mineral):
    return pd.Series({"mine-z": 1.0})

def plain(network, mineral):
    return [1.0]

number = 3
'''


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Write a distribution with its metadata into a folder on the path, as an installer would."""
    monkeypatch.syspath_prepend(str(tmp_path))
    modules = set(sys.modules)

    def write(name, code, **groups):
        (tmp_path / f"{name}.py").write_text(code)
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [
            line
            for group, entries in groups.items()
            for line in (f"[graphmodel.{group}]", *(f"{key} = {value}" for key, value in entries.items()))
        ]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        importlib.invalidate_caches()
        return tmp_path

    yield write
    for module in set(sys.modules) - modules:
        if getattr(sys.modules[module], "__file__", None) and str(tmp_path) in str(sys.modules[module].__file__):
            del sys.modules[module]


@pytest.fixture
def with_data(install, toy, tmp_path):
    """A package that ships the toy as ``our-toy``."""
    folder = tmp_path / "shipped" / "our-toy"
    folder.parent.mkdir()
    write_folder(toy, folder)
    code = "from pathlib import Path\nfolder = Path(__file__).parent / 'shipped' / 'our-toy'\n"
    install("toydata", code, datasets={"our-toy": "toydata:folder"})
    return folder


def test_a_data_set_of_another_package_is_listed_and_loaded(with_data, toy):
    listed = gm.available().set_index("name")
    assert listed.index[-1] == "our-toy"
    assert listed.loc["our-toy", ["nodes", "edges", "path"]].tolist() == [7, 8, str(with_data)]
    assert gm.load("our-toy") == toy
    assert len(gm.table("our-toy", "nodes")) == 7
    assert gm.cite("our-toy").startswith("Toy battery chain (2024).")


def test_a_misspelt_data_set_of_another_package_is_named(with_data):
    with pytest.raises(UnknownNameError, match="did you mean 'our-toy'"):
        gm.load("ur-toy")


def test_a_package_cannot_take_the_name_of_a_shipped_data_set(install, toy):
    install("thief", "folder = '/nowhere'", datasets={"toy-battery": "thief:folder"})
    with pytest.warns(PluginWarning, match="'toy-battery' of the package thief is left out: graphmodel has that name"):
        assert list(gm.available()["name"]).count("toy-battery") == 1
    assert gm.load("toy-battery") == toy


def test_of_two_packages_with_one_name_the_first_by_its_own_name_counts(with_data, install):
    install("zdata", "folder = '/nowhere'", datasets={"our-toy": "zdata:folder"})
    with pytest.warns(PluginWarning, match="'our-toy' of the package zdata is left out: toydata has that name already"):
        assert gm.available().set_index("name").loc["our-toy", "path"] == str(with_data)


@pytest.mark.parametrize(
    ("code", "value", "words"),
    [
        ("raise RuntimeError('out of luck')", "broken:folder", "RuntimeError: out of luck"),
        ("import nothing_like_it", "broken:folder", "ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("other = 1", "broken:folder", "AttributeError: "),
        ("folder = 3", "broken:folder", "broken:folder is 3, but must be the path of a folder with datapackage.json"),
        ("folder = '/nowhere'", "broken:folder", "broken:folder is '/nowhere', but must be the path"),
        ("folder = 3", "broken:", "is left out: "),
    ],
)
def test_a_broken_data_set_warns_by_name_and_the_others_stay(install, code, value, words):
    install("broken", code, datasets={"half": value})
    with pytest.warns(PluginWarning) as seen:
        assert "toy-battery" in set(gm.available()["name"])
    assert str(seen[0].message).startswith("graphmodel.datasets ")  # and the entry, where it can be read
    assert " of the package broken is left out: " in str(seen[0].message)
    assert words in str(seen[0].message)
    with pytest.warns(PluginWarning), pytest.raises(UnknownNameError):
        gm.load("half")


def test_a_broken_package_breaks_neither_import_nor_a_shipped_data_set(install):
    folder = install("broken", "raise SystemError", datasets={"half": "broken:x"}, measures={"bad": "broken:x"})
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import graphmodel as gm; toy = gm.load('toy-battery');"
        "gm.centrality(toy, mineral='lithium'); print('broken' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_a_measure_of_another_package_stands_beside_ours(install, toy):
    install("ranks", MEASURES, measures={"nameplate": "ranks:nameplate"})
    table = gm.centrality(toy, measures=["nameplate", "out_degree"], mineral="lithium").table
    assert table["measure"].unique().tolist() == ["nameplate", "out_degree"]
    found = table[table["measure"] == "nameplate"].set_index("node_id")
    assert list(found.index) == list(toy.nodes["node_id"])
    assert found.loc["refine-a", ["value", "rank"]].tolist() == [1200, 1]  # 500, 600, 1200 t; 8 and 4 GWh
    assert found.loc[["ev-chn", "ev-usa"], ["value", "rank"]].isna().all(axis=None)  # markets have no nameplate
    assert set(gm.centrality(toy, mineral="lithium").table["measure"]) == set(gm.analysis.MEASURES)  # ours alone


def test_a_measure_is_told_the_mineral(install, toy):
    install("ranks", MEASURES, measures={"named": "ranks:named"})
    table = gm.centrality(toy, measures=["named"], mineral="lithium").table.set_index("node_id")
    assert table.loc["mine-a", "value"] == 1


def test_agreement_judges_a_measure_of_another_package(install, toy):
    install("ranks", MEASURES, measures={"nameplate": "ranks:nameplate"})
    table = gm.agreement(
        toy, by="node", mineral="lithium", responses=["frozen"], measures=["nameplate", "out_strength"]
    ).table.set_index("measure")
    assert table.loc["nameplate", ["kind", "n"]].tolist() == ["position", 5]
    # losses 10 6 6 4 4 of refine-a, mine-b, cell-a, mine-a, cell-b; nameplates 1200 600 8 500 4
    expected = pd.Series([10, 6, 6, 4, 4]).corr(pd.Series([1200, 600, 8, 500, 4]), method="spearman")
    assert table.loc["nameplate", "rho"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("stranger", "measure 'stranger' returned values of mine-z, no nodes; one value a node_id is wanted"),
        ("plain", "measure 'plain' returned list, but must return a Series by node_id"),
    ],
)
def test_a_measure_that_returns_something_else_is_refused(install, toy, name, message):
    install("ranks", MEASURES, measures={name: f"ranks:{name}"})
    with pytest.raises(ParameterError) as error:
        gm.centrality(toy, measures=[name], mineral="lithium")
    assert str(error.value) == message


def test_a_measure_that_is_no_function_is_unknown_and_warned_of(install, toy):
    install("ranks", MEASURES, measures={"number": "ranks:number"})
    with (
        pytest.warns(PluginWarning, match="'number' of the package ranks is left out: ranks:number is no function"),
        pytest.raises(UnknownNameError, match="no measure 'number'"),
    ):
        gm.centrality(toy, measures=["number"], mineral="lithium")


def test_what_is_not_named_is_not_imported(install, toy):
    install("ranks", "raise RuntimeError", measures={"nameplate": "ranks:nameplate"})
    gm.centrality(toy, measures=["out_degree"], mineral="lithium")
    with pytest.raises(UnknownNameError, match="no measure 'out_degre'; did you mean 'out_degree'"):
        gm.centrality(toy, measures=["out_degre"], mineral="lithium")
    assert "ranks" not in sys.modules
