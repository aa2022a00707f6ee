"""Routes of the shipped network: from seas, outlets and borders to pairs of countries."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.build import source_problems
from graphmodel.build.routes import route_table
from graphmodel.build.sources import SOURCES, Sources
from graphmodel.schema import REGIONS, clean

WHY = {"reference": "map", "evidence": "derived", "note": ""}


def sources(**rows):
    """Source tables with transport only."""
    names = ("references", "basins", "outlets", "passages", "overland")
    given = {"references": [{"reference": "map", "citation": "a map"}], **rows}
    frames = {
        name: pd.DataFrame([{**(WHY if name != "references" else {}), **row} for row in given.get(name, [])],
                           columns=[column.name for column in SOURCES[name].columns])
        for name in names
    }  # fmt: skip
    return Sources(clean(frames, schema={name: SOURCES[name] for name in names}), {})


def expand(tables, *pairs):
    places = sorted({place for pair in pairs for place in pair})
    nodes = pd.DataFrame({"node_id": places, "country": places})
    return route_table(tables, nodes, pd.DataFrame(pairs, columns=["source", "target"])).set_index(
        ["corridor", "source_country", "target_country"]
    )["share"]


def test_outlets_passages_and_land_make_a_route():
    tables = sources(
        basins=[{"basin": "west", "side": "atlantic"}, {"basin": "east", "side": "pacific"}],
        outlets=[
            {"country": "ZMB", "facing": "", "basin": "west", "corridor": "rail", "share": 0.4},
            {"country": "ZMB", "facing": "", "basin": "east", "corridor": "", "share": 0.6},
            {"country": "CHN", "facing": "", "basin": "east", "corridor": "", "share": 1},
        ],
        passages=[{"basin": "east", "other": "west", "corridor": "cape", "leg": "ocean", "share": 0.5}],
        overland=[{"country": "CHN", "other": "ZMB", "corridor": "road", "share": 0.1}],
    )
    found = expand(tables, ("ZMB", "CHN"), ("CHN", "CHN"), ("CHN", "ROW"))
    # a tenth by road; of the rest 0.4 by rail to the western sea and half of that round the cape
    assert found.to_dict() == pytest.approx(
        {("road", "ZMB", "CHN"): 0.1, ("rail", "ZMB", "CHN"): 0.36, ("cape", "ZMB", "CHN"): 0.18}
    )


def test_a_country_faces_its_partner():
    tables = sources(
        basins=[{"basin": "west", "side": "atlantic"}, {"basin": "east", "side": "pacific"}],
        outlets=[
            {"country": "USA", "facing": "pacific", "basin": "east", "corridor": "", "share": 1},
            {"country": "USA", "facing": "", "basin": "west", "corridor": "", "share": 1},
            {"country": "CHN", "facing": "", "basin": "east", "corridor": "", "share": 1},
            {"country": "DEU", "facing": "", "basin": "west", "corridor": "", "share": 1},
        ],
        passages=[{"basin": "east", "other": "west", "corridor": "canal", "leg": "ocean", "share": 1}],
    )
    found = expand(tables, ("USA", "CHN"), ("USA", "DEU"), ("CHN", "DEU"))
    assert found.to_dict() == {("canal", "CHN", "DEU"): 1}


@pytest.fixture(scope="module")
def table():
    return gm.load("minerals-2024").table("routes")


def test_shares_of_a_leg_are_at_most_the_whole(table):
    assert table.groupby(["source_country", "target_country", "leg"])["share"].sum().max() <= 1 + 1e-9


def share(table, corridor, source, target):
    here = (table["corridor"] == corridor) & (table["source_country"] == source) & (table["target_country"] == target)
    return float(table.loc[here, "share"].sum())


def test_published_ways_are_met(table):
    assert share(table, "dar-es-salaam", "COD", "CHN") == pytest.approx(0.66)
    assert share(table, "lobito", "COD", "USA") == pytest.approx(0.013)
    assert share(table, "suez", "CHN", "NLD") / share(table, "cape-of-good-hope", "CHN", "NLD") == pytest.approx(3 / 7)
    for gulf in ("ARE", "BHR", "QAT", "IRN"):
        rows = table[(table["corridor"] == "hormuz") & (table["source_country"] == gulf)]
        outside = rows[~rows["target_country"].isin(["ARE", "BHR", "QAT", "IRN", "SAU", "TUR", "ARM", "IRQ", "KWT"])]
        assert (outside["share"] == 1).all(), gulf
    assert share(table, "malacca", "CHL", "CHN") == share(table, "hormuz", "AUS", "CHN") == 0
    assert share(table, "us-canada-border", "CAN", "USA") == pytest.approx(0.9)


def test_every_country_that_trades_has_a_way_out():
    network, folder = gm.load("minerals-2024"), Path(gm.datasets.root()) / "minerals-2024" / "sources"
    outlets = pd.read_csv(folder / "transport" / "outlets.csv", keep_default_na=False)
    assert set(network.nodes["country"]) - set(REGIONS) - set(outlets["country"]) == set()


def test_ways_that_do_not_add_up_are_refused(tmp_path):
    folder = tmp_path / "sources"
    shutil.copytree(gm.datasets.root() / "minerals-2024" / "sources", folder)
    outlets, passages = folder / "transport" / "outlets.csv", folder / "transport" / "passages.csv"
    outlets.write_text(
        outlets.read_text().replace("COD,,atlantic-africa,lobito,0.013", "COD,,atlantic-africa,lobito,0.5")
    )
    passages.write_text(passages.read_text().replace("black-sea,gulf,suez,ocean,0.3", "black-sea,gulf,suez,ocean,0.9"))
    found = [str(problem) for problem in source_problems(folder)]
    assert any("outlets of COD sum to 1.4870, not 1" in problem for problem in found)
    assert any("black-sea and gulf and ocean share 1.6000 out, above 1" in problem for problem in found)
    assert len(found) == 2
