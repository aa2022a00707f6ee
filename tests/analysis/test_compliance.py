"""Benchmarks of programmes: by hand, published assessments, projects, bad input."""

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.errors import UnknownNameError
from tests.conftest import network

COBALT = pd.DataFrame({"material": ["ore", "metal", "scrap", "car"], "unit": "t Co", "mineral": "cobalt"})
ASKED = pd.DataFrame(
    [("OURS", "extraction", "extracted", 0.1, "at least", "mining"),
     ("OURS", "processing", "processed", 0.4, "at least", "making"),
     ("OURS", "recycling", "recycled", 0.25, "at least", "recycling"),
     ("OURS", "third country", "largest", 0.65, "at most", "mining;making"),
     ("OURS", "largest country", "largest import", 0.5, "at most", "making"),
     ("OURS", "import reliance", "reliance", 0.5, "at most", "making")],
    columns=["programme", "benchmark", "kind", "target", "sense", "stages"],
)  # fmt: skip
NAMED = pd.DataFrame(
    [("OURS", "Cobalt", "cobalt", "metal", ""), ("OURS", "Boron", "", "", "not in the network")],
    columns=["programme", "material", "mineral", "processed", "note"],
)
STAGES = pd.DataFrame(
    {"stage": ["collecting", "mining", "recycling", "making", "use"], "order": [1, 1, 2, 3, 4],
     "role": ["origin", "origin", "recycle", "process", "sink"]}
)  # fmt: skip


@pytest.fixture
def union():
    """France and Germany use 100 of metal: 30 made at home, 60 Chinese, 10 from nobody known."""
    return network(
        [("pit-fra", "mining", "FRA"), ("pit-cod", "mining", "COD"), ("bin-deu", "collecting", "DEU"),
         ("mill-deu", "recycling", "DEU"), ("plant-deu", "making", "DEU"), ("plant-chn", "making", "CHN"),
         ("plant-row", "making", "ROW"), ("user-fra", "use", "FRA"), ("user-usa", "use", "USA")],
        [("pit-fra", "plant-deu", "ore", 5.0), ("pit-cod", "plant-deu", "ore", 15.0), ("pit-cod", "plant-chn", "ore", 99.0),
         ("bin-deu", "mill-deu", "scrap", 20.0), ("mill-deu", "plant-deu", "scrap", 20.0),
         ("plant-deu", "user-fra", "metal", 30.0), ("plant-deu", "user-usa", "metal", 10.0),
         ("plant-chn", "user-fra", "metal", 60.0), ("plant-row", "user-fra", "metal", 10.0)],
        stages=STAGES, materials=COBALT,
    )  # fmt: skip


def found(made, **options):
    options = {"programme": "OURS", "consumer": "EU27", "benchmarks": ASKED, "materials": NAMED, **options}
    table = gm.compliance(made, **options).table
    return table[table["material"] == "Cobalt"].set_index(["benchmark", "stage"])


def test_every_kind_by_hand(union):
    members = pd.DataFrame({"group": "EU27", "country": ["FRA", "DEU"]})
    table = found(union, members=members)
    value, met = table["value"], table["met"]
    assert value["extraction", "mining"] == pytest.approx(0.05)
    assert value["processing", "making"] == pytest.approx(0.40)  # 40 made of 100 used
    assert value["recycling", "recycling"] == pytest.approx(0.20)  # what goes into recycling counts when it comes out
    assert value["third country", "mining"] == pytest.approx(0.75)  # 15 of the 20 the plant takes in
    assert value["third country", "making"] == pytest.approx(0.60)
    assert value["largest country", "making"] == pytest.approx(60 / 70)  # of imports
    assert value["import reliance", "making"] == pytest.approx((70 - 10) / (40 + 70 - 10))
    assert met.to_dict() == {
        ("extraction", "mining"): "no", ("processing", "making"): "yes", ("recycling", "recycling"): "no",
        ("third country", "mining"): "no", ("third country", "making"): "yes", ("largest country", "making"): "no",
        ("import reliance", "making"): "no",
    }  # fmt: skip
    assert table["note"]["third country", "making"] == "largest: CHN; 10.0% from no known country"
    assert table["basis"]["extraction", "mining"] == "of 100 t consumed"
    assert (table["low"] == table["high"]).all()


def test_a_material_that_is_not_there_is_said_so(union):
    table = gm.compliance(union, "OURS", consumer="FRA", benchmarks=ASKED, materials=NAMED).table
    boron = table[table["material"] == "Boron"]
    assert len(boron) == len(ASKED)
    assert boron["value"].isna().all()
    assert set(boron["met"]) == {""}
    assert set(boron["note"]) == {"not in the network"}


def test_capacity_counts_where_it_is_stated_and_more(union):
    nodes = union.nodes
    nodes.loc[nodes["node_id"] == "plant-deu", ["capacity", "output"]] = [80.0, 40.0]
    nodes.loc[nodes["node_id"] == "pit-fra", ["capacity", "output"]] = [1.0, 5.0]
    table = found(union.with_tables(nodes=nodes), counted="capacity")
    assert table["value"]["processing", "making"] == pytest.approx(0.8)
    assert table["value"]["extraction", "mining"] == pytest.approx(0.05)


def test_what_comes_inside_products_counts_with_final_consumption(union):
    edges = union.edges
    cars = pd.DataFrame({"source": ["plant-chn"], "target": ["user-fra"], "material": ["car"], "quantity": [100.0]})
    more = union.with_tables(edges=pd.concat([edges.drop(columns="edge_id"), cars], ignore_index=True))
    assert found(more)["value"]["processing", "making"] == pytest.approx(0.4)
    assert found(more, consumption="final")["value"]["processing", "making"] == pytest.approx(0.2)


def test_a_region_mostly_of_the_economy_leaves_a_benchmark_open(union):
    # another 100 go to Europe, country not stated: 40 of 100, or of 200
    edges = union.edges.drop(columns="edge_id")
    row = pd.DataFrame({"source": ["plant-chn"], "target": ["user-xeu"], "material": ["metal"], "quantity": [100.0]})
    node = pd.DataFrame({"node_id": ["user-xeu"], "stage": ["use"], "country": ["XEU"]})
    wider = union.with_tables(
        nodes=pd.concat([union.nodes, node], ignore_index=True), edges=pd.concat([edges, row], ignore_index=True)
    )
    table = found(wider)
    assert table.loc[("processing", "making"), ["value", "low", "high"]].tolist() == pytest.approx([0.2, 0.2, 0.4])
    assert table["met"]["processing", "making"] == "open"
    assert table["met"]["extraction", "mining"] == "no"


def test_a_plant_that_is_shut_does_not_count(union):
    stop = gm.Scenario("plant stops").shut(node_id="plant-deu")
    table = found(union, scenario=stop)
    assert table["with_scenario"]["processing", "making"] == 0
    assert table["met_with"]["processing", "making"] == "no"
    assert table["value"]["processing", "making"] == pytest.approx(0.4)


def test_a_new_refinery_counts_with_the_scenario(balanced_toy):
    plan = pd.DataFrame({"node_id": ["refine-b"], "name": ["Refinery B"], "country": ["USA"], "control": ["USA"],
                         "stage": ["refining"], "material": ["lithium-salt"], "capacity": [300.0]})  # fmt: skip
    named = pd.DataFrame({"programme": ["CRMA"], "material": ["Lithium"], "mineral": ["lithium"],
                          "processed": ["lithium-salt"], "note": [""]})  # fmt: skip
    table = gm.compliance(
        balanced_toy, consumer="KOR", scenario=gm.Scenario("refinery B").add(plan), materials=named
    ).table
    third = table[(table["benchmark"] == "third country") & (table["stage"] == "refining")].iloc[0]
    # Korea takes 600 t, all Chinese; then the Chinese refinery gives way to 300 of 1000 t, the same part at each buyer
    assert third["value"] == 1
    assert third["with_scenario"] == pytest.approx(0.7)
    assert (third["met"], third["met_with"]) == ("no", "no")


def test_an_economy_that_uses_nothing_has_no_shares(union):
    table = found(union, consumer="COD")
    assert table.loc[[("extraction", "mining"), ("processing", "making")], "value"].isna().all()


def test_what_cannot_be_is_refused(toy):
    with pytest.raises(UnknownNameError, match="no programme 'CRMB'; did you mean 'CRMA'"):
        gm.compliance(toy, "CRMB")
    with pytest.raises(UnknownNameError, match="no way to count plants 'nameplate'; there are: capacity, output"):
        gm.compliance(toy, counted="nameplate")
    with pytest.raises(UnknownNameError, match="no consumption 'finall'; did you mean 'final'"):
        gm.compliance(toy, consumption="finall")
    with pytest.raises(UnknownNameError, match="no lens for suppliers 'owner'; there are: control, country"):
        gm.compliance(toy, by="owner")


def test_the_union_stands_where_its_own_monitoring_saw_it(real):
    # European Commission monitoring of the 8th Environment Action Programme, year 2022: processing above 40 % for copper,
    # cobalt and germanium, below for bismuth and gallium, none for lithium; extraction above 10 % for copper and nickel,
    # below 2 % for bismuth, germanium and rare earths; more than 65 % from one country for bismuth, gallium, rare earths
    table = gm.compliance(real).table.set_index(["material", "benchmark", "stage"])["met"]
    for material in ("Copper", "Cobalt", "Germanium"):
        assert table[material, "processing", "refining"] == "yes"
    for material in ("Bismuth", "Gallium", "Lithium (battery grade)"):
        assert table[material, "processing", "refining"] == "no"
    for material in ("Copper", "Nickel (battery grade)"):
        assert table[material, "extraction", "mining"] == "yes"
    for material in ("Bismuth", "Germanium", "Rare earths for magnets: Nd, Pr"):
        assert table[material, "extraction", "mining"] == "no"
    for material in ("Bismuth", "Gallium", "Rare earths for magnets: Nd, Pr", "Rare earths for magnets: Dy, Tb"):
        assert table[material, "third country", "refining"] == "no"


def test_the_shipped_lists_are_complete():
    named = gm.table("reference", "programme_materials")
    assert named["programme"].value_counts().to_dict() == {"CRMA": 20, "KOR": 9}  # 17 and 10, some told apart or joined
    asked = gm.table("reference", "benchmarks")
    assert asked.assign(target=asked["target"].astype(float)).groupby("programme")["target"].apply(list).to_dict() == {
        "CRMA": [0.1, 0.4, 0.25, 0.65], "KOR": [0.5, 0.5, 0.2],
    }  # fmt: skip
    known = set(gm.table("reference", "references")["reference"])
    for name in ("benchmarks", "programme_materials", "governance", "prices", "trade_parameters"):
        assert set(gm.table("reference", name)["reference"]) <= known
