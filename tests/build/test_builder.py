"""The builder on source tables of a few rows, each rule worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.build import build
from graphmodel.build.package import assemble
from graphmodel.build.places import Places
from graphmodel.build.sources import read_sources
from graphmodel.errors import UnknownNameError
from tests.conservation import largest_error

PLACES = Places({"COD": "DR Congo", "CHN": "China", "BEL": "Belgium"}, {"BEL": ("XEU",)})
R = "book,assumed"
TABLES = {
    "references": "reference,citation,year\nbook,A book,2024\n",
    "stages": "stage,order,role,label\nmining,1,origin,Mining\nrefining,2,process,Refining\nuse,3,sink,Use\n",
    "materials": "material,label,mineral,unit,stage,traded,sized_by,reference,evidence\n"
    f"ore,Ore,cobalt,t Co,mining,yes,control,{R}\n"
    f"metal,Metal,cobalt,t Co,refining,yes,control,{R}\n"
    f"alloy,Alloy,cobalt,t Co,use,no,control,{R}\n",
    "recipes": "stage,output,input,amount,essential,reference,evidence\n"
    f"refining,metal,ore,1,yes,{R}\nuse,alloy,metal,1,yes,{R}\n",
    "controls": "stage,mineral,material,country,year,quantity,unit,role,reference,evidence\n"
    f"mining,cobalt,ore,COD,2024,100,t Co,control,{R}\n"
    f"refining,cobalt,metal,CHN,2024,60,t Co,control,{R}\n"
    f"refining,cobalt,metal,BEL,2024,40,t Co,control,{R}\n"
    f"use,cobalt,alloy,CHN,2024,70,t Co,control,{R}\n"
    f"use,cobalt,alloy,BEL,2024,30,t Co,control,{R}\n",
    "plants": "node_id,name,stage,country,control,cluster,reference,evidence\n"
    f"mine-a,Mine A,mining,COD,CHN,no,{R}\n"
    f"mine-b,Mine B,mining,COD,COD,no,{R}\n"
    f"ref-a,Refinery A,refining,CHN,CHN,no,{R}\n"
    f"ref-b,Refinery B,refining,BEL,BEL,no,{R}\n",
    "plant_outputs": "node_id,material,capacity,output,unit,year,reference,evidence\n"
    f"mine-a,ore,90,,t Co,2024,{R}\n"
    f"mine-b,ore,60,,t Co,2024,{R}\n"
    f"ref-a,metal,70,45,t Co,2024,{R}\n"
    f"ref-b,metal,50,40,t Co,2024,{R}\n",
}


@pytest.fixture
def folder(tmp_path):
    """Source tables on disk; ``with_(table, old, new)`` changes one."""
    home = tmp_path / "sources" / "cobalt"
    home.mkdir(parents=True)
    for name, text in TABLES.items():
        (home / f"{name}.csv").write_text(text)
    return home


def change(folder, table, old, new):
    text = (folder / f"{table}.csv").read_text()
    assert old in text
    (folder / f"{table}.csv").write_text(text.replace(old, new))


def made(folder, kind="dense"):
    package = assemble(read_sources(folder.parent), PLACES)
    return gm.Network(**getattr(package, kind), name="small"), package


def outputs(network):
    table = network.table("balances").query("side != 'input'")
    return table.set_index("node_id")["quantity"].to_dict()


def flow(network, source, target):
    edges = network.edges
    return float(edges.loc[(edges["source"] == source) & (edges["target"] == target), "quantity"].sum())


def test_nameplates_above_the_total_are_scaled_down_to_it(folder):
    network, package = made(folder)
    # 90 and 60 of nameplate under a total of 100
    assert outputs(network)["mine-a"] == pytest.approx(60)
    assert outputs(network)["mine-b"] == pytest.approx(40)
    cell = package.extra["controls"].set_index(["stage", "country"]).loc[("mining", "COD")]
    assert (cell["scale"], cell["remainder"]) == (pytest.approx(2 / 3), 0)


def test_known_output_stands_before_nameplate(folder):
    change(folder, "plant_outputs", "mine-a,ore,90,,", "mine-a,ore,90,70,")
    # mine A is known to make 70; the nameplate of B gives way to the 30 left
    assert {k: v for k, v in outputs(made(folder)[0]).items() if k.startswith("mine")} == pytest.approx(
        {"mine-a": 70, "mine-b": 30}
    )


def test_what_named_plants_leave_is_one_remainder(folder):
    network, _ = made(folder)
    assert outputs(network)["ref-a"] == 45
    assert outputs(network)["rest-refining-cobalt-chn"] == pytest.approx(15)  # of 60
    rest = network.nodes.set_index("node_id").loc["rest-refining-cobalt-chn"]
    assert (rest["kind"], rest["cluster"], rest["country"]) == ("remainder", "yes", "CHN")


def test_unknown_trade_spreads_by_size(folder):
    network, _ = made(folder)
    for mine, supply in (("mine-a", 60), ("mine-b", 40)):
        for plant, need in (("ref-a", 45), ("rest-refining-cobalt-chn", 15), ("ref-b", 40)):
            assert flow(network, mine, plant) == pytest.approx(supply * need / 100)
    assert set(network.edges["basis"]) == {"estimated"}


def test_known_trade_goes_before_size(folder):
    (folder / "trade.csv").write_text(
        "material,exporter,importer,quantity,unit,year,reference,evidence\n"
        "metal,CHN,CHN,50,t Co,2024,book,derived\nmetal,CHN,BEL,10,t Co,2024,book,derived\n"
        "metal,BEL,CHN,20,t Co,2024,book,derived\nmetal,BEL,BEL,20,t Co,2024,book,derived\n"
    )
    network, _ = made(folder)
    nodes = network.nodes.set_index("node_id")["country"]
    metal = network.edges.query("material == 'metal'")
    abroad = metal[(metal["source"].map(nodes) == "CHN") & (metal["target"].map(nodes) == "BEL")]["quantity"].sum()
    assert abroad == pytest.approx(10, abs=0.05)  # by size it would be 18
    assert set(metal["basis"]) == {"trade"}


@pytest.mark.parametrize(("evidence", "basis"), [("reported", "contract"), ("assumed", "estimated")])
def test_a_contract_keeps_its_tonnes_inside_its_country_pair(folder, evidence, basis):
    (folder / "contracts.csv").write_text(
        "source,target,material,quantity,unit,basis,reference,evidence\n"
        f"mine-b,ref-b,ore,30,t Co,contract,{R.split(',')[0]},{evidence}\n"
    )
    network, _ = made(folder)
    assert flow(network, "mine-b", "ref-b") >= 30 * (1 - 1e-3)  # by size it would be 16
    assert flow(network, "mine-a", "ref-b") + flow(network, "mine-b", "ref-b") == pytest.approx(40)
    bases = network.edges.set_index(["source", "target"])["basis"]
    assert bases[("mine-b", "ref-b")] == basis  # what nobody has reported is an estimate, contract or not


def test_untraded_material_stays_at_home(folder):
    change(folder, "materials", "metal,Metal,cobalt,t Co,refining,yes", "metal,Metal,cobalt,t Co,refining,no")
    network, _ = made(folder)
    nodes = network.nodes.set_index("node_id")["country"]
    metal = network.edges.query("material == 'metal'")
    assert (metal["source"].map(nodes) == metal["target"].map(nodes)).all()
    # Belgium makes 40 for a use of 30 and keeps 10; China makes 60 for 70 and misses 10
    stay = network.table("balances").set_index(["node_id", "side"])["residual"]
    assert stay[("ref-b", "output")] == pytest.approx(10, rel=2e-3)
    assert largest_error(network)[0] <= 1e-9


def test_supply_over_need_is_a_residual_and_no_plug(folder):
    change(folder, "controls", "use,cobalt,alloy,CHN,2024,70", "use,cobalt,alloy,CHN,2024,50")
    network, package = made(folder)
    closure = package.extra["closure"].set_index("material")
    assert closure.loc["metal", ["supply", "shipped", "residual"]].tolist() == pytest.approx([100, 80, 20])
    assert closure.loc["ore", "residual"] == pytest.approx(0)
    assert set(network.nodes["kind"]) == {"facility", "remainder", "demand"}
    assert largest_error(network)[0] <= 1e-9


def test_dense_and_sparse_share_nodes_and_bound_flows(folder):
    dense, thin = made(folder)[0], made(folder, "sparse")[0]
    pd.testing.assert_frame_equal(dense.nodes, thin.nodes)
    assert thin.n_edges < dense.n_edges
    for network in (dense, thin):
        assert largest_error(network)[0] <= 1e-9
        assert gm.check(network).empty
        assert (network.edges["low"] <= network.edges["quantity"]).all()
        assert (network.edges["quantity"] <= network.edges["high"]).all()


WRONG = {
    "a form made but nowhere used": (
        "recipes", f"refining,metal,ore,1,yes,{R}\n", "", [("materials.csv", 2, "material", "nowhere used"), ("materials.csv", 3, "material", "nowhere made")][:1],
    ),
    "two controls for one total": (
        "controls", f"mining,cobalt,ore,COD,2024,100,t Co,control,{R}\n",
        f"mining,cobalt,ore,COD,2024,100,t Co,control,{R}\nmining,cobalt,ore,COD,2023,90,t Co,control,{R}\n",
        [("controls.csv", 3, "reference", "second control")],
    ),
    "another unit": ("plant_outputs", "ref-b,metal,50,40,t Co", "ref-b,metal,50,40,kt", [("plant_outputs.csv", 5, "unit", "not the unit of metal")]),
    "a unit nobody can convert": (
        "controls", "CHN,2024,70,t Co", "CHN,2024,70,wafers", [("controls.csv", 5, "unit", "not the unit of alloy")],
    ),
    "a plant in two stages": ("plant_outputs", "ref-b,metal,50,40,t Co", "ref-b,ore,50,40,t Co", [("plant_outputs.csv", 5, "material", "of ref-b is made at mining, but the plant stands at refining")]),
    "a plant that makes nothing": ("plant_outputs", f"ref-b,metal,50,40,t Co,2024,{R}\n", "", [("plants.csv", 5, "node_id", "makes nothing")]),
    "a group as a plant's country": ("plants", "ref-b,Refinery B,refining,BEL,BEL", "ref-b,Refinery B,refining,XEU,BEL", [("plants.csv", 5, "country", "is a group of countries")]),
    "a group as a country's total": ("controls", "refining,cobalt,metal,BEL", "refining,cobalt,metal,EU27", [("controls.csv", 4, "country", "is a group of countries")]),
    "a name that is no country": ("controls", "refining,cobalt,metal,BEL", "refining,cobalt,metal,ASEAN", [("controls.csv", 4, "country", "not a country")]),
    "an edition left open": ("references", "book,A book,2024", "book,A book,", [("controls.csv", 2, "reference", "is not pinned to an edition")]),
    "a total of no year": ("controls", "COD,2024,100", "COD,,100", [("controls.csv", 2, "year", "must say which year")]),
    "a plant far above its nameplate": ("plant_outputs", "ref-b,metal,50,40,t Co", "ref-b,metal,50,400,t Co", [("plant_outputs.csv", 5, "output", "more than 1.5 times the capacity")]),
    "a total in another unit": (
        "controls", f"refining,cobalt,metal,BEL,2024,40,t Co,control,{R}\n",
        f"refining,cobalt,metal,BEL,2024,40000,t Co,control,{R}\nrefining,cobalt,metal,BEL,2024,41,t Co,bound,{R}\n",
        [("controls.csv", 4, "quantity", "far from other sources")],
    ),
    "an unknown column": ("plants", "node_id,name,stage", "node_id,nam,stage", [("plants.csv", 1, "nam", "unknown column")]),
    "a plant under no total": ("plants", "mine-b,Mine B,mining,COD", "mine-b,Mine B,mining,CHN", [("plant_outputs.csv", 3, "material", "no total covers CHN")]),
    "an unknown reference": ("plants", f"ref-b,Refinery B,refining,BEL,BEL,no,{R}", "ref-b,Refinery B,refining,BEL,BEL,no,bok,assumed", [("plants.csv", 5, "reference", "is not in references")]),
    "an unknown grade": ("materials", f"alloy,Alloy,cobalt,t Co,use,no,control,{R}", "alloy,Alloy,cobalt,t Co,use,no,control,book,guessed", [("materials.csv", 4, "evidence", "is not allowed")]),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_wrong_sources_are_named_by_file_line_and_column_and_nothing_is_written(what, folder, tmp_path):
    table, old, new, expected = WRONG[what]
    change(folder, table, old, new)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(gm.SchemaError) as caught:
        build("minerals-2024", sources=folder.parent, out=out)
    found = [(p.table, p.line, p.column, p.message) for p in caught.value.problems]
    for file, line, column, message in expected:
        assert any(f == f"cobalt/{file}" and (n, c) == (line, column) and message in m for f, n, c, m in found), found
    assert list(out.iterdir()) == []


def test_a_contract_needs_a_supplier_that_makes_and_a_buyer_that_uses(folder):
    (folder / "contracts.csv").write_text(
        "source,target,material,quantity,unit,basis,reference,evidence\n"
        f"ref-a,ref-b,ore,5,t Co,contract,{R}\nmine-a,mine-b,ore,5,t Co,contract,{R}\n"
    )
    with pytest.raises(gm.SchemaError) as caught:
        made(folder)
    found = {(p.line, p.column, p.message) for p in caught.value.problems}
    assert found == {(2, "source", "does not make ore"), (3, "target", "uses no ore")}


def test_judgement_is_never_graded_as_seen(folder):
    change(folder, "references", "book,A book,2024", "book,A book,2024\nown-estimate,Our own estimate,2024")
    change(
        folder, "controls", "BEL,2024,40,t Co,control,book,assumed", "BEL,2024,40,t Co,control,own-estimate,reported"
    )
    with pytest.raises(gm.SchemaError, match=r"controls\.csv:4:evidence:.*own-estimate"):
        made(folder)


def test_country_shares_of_a_need_sum_to_one(folder):
    change(
        folder,
        "materials",
        f"metal,Metal,cobalt,t Co,refining,yes,control,{R}",
        f"metal,Metal,cobalt,t Co,refining,yes,need,{R}",
    )
    change(folder, "controls", "CHN,2024,60,t Co", "CHN,2024,0.6,share")
    change(folder, "controls", "BEL,2024,40,t Co", "BEL,2024,0.8,share")
    with pytest.raises(gm.SchemaError, match=r"country shares of refining metal sum to 1\.400"):
        made(folder)


def test_a_mix_must_sum_to_one(folder, tmp_path):
    (folder / "mix.csv").write_text(
        f"stage,mineral,country,material,share,reference,evidence\nmining,cobalt,WLD,ore,0.9,{R}\n"
    )
    with pytest.raises(
        gm.SchemaError, match=r"cobalt/mix\.csv:2:share: shares of mining cobalt WLD sum to 0\.9000, not 1"
    ):
        made(folder)


def test_a_table_that_is_none_of_ours_is_refused(folder):
    (folder / "plant.csv").write_text("a\n1\n")
    with pytest.raises(gm.SchemaError, match=r"plant\.csv: unknown table 'plant' \(did you mean 'plants'\?\)"):
        read_sources(folder.parent)


def test_no_build_of_that_name():
    with pytest.raises(UnknownNameError, match="did you mean 'minerals-2024'"):
        build("mineral-2024")


UTILISATION = "stage,mineral,material,country,utilisation,reference,evidence\n"
STOCKS = "holder,country,stage,node_id,material,days,quantity,release,reference,evidence\n"


def test_output_over_utilisation_is_capacity_where_no_nameplate_is_known(folder):
    change(folder, "plant_outputs", "ref-b,metal,50,40,", "ref-b,metal,,40,")
    (folder / "utilisation.csv").write_text(UTILISATION + "refining,cobalt,,,0.8,book,derived\n")
    nodes = made(folder)[0].nodes.set_index("node_id")
    assert nodes.loc["ref-b", "capacity"] == pytest.approx(50)  # 40 at 80 %
    assert nodes.loc["rest-refining-cobalt-chn", "capacity"] == pytest.approx(18.75)  # 15 at 80 %
    assert nodes.loc["ref-a", "capacity"] == 70  # its own nameplate, not 45 at 80 %
    assert list(nodes.loc[["ref-a", "ref-b"], "capacity_evidence"]) == ["assumed", "derived"]
    assert nodes.loc["alloy-chn", "capacity_reference"] == ""
    assert pd.isna(nodes.loc["alloy-chn", "capacity"])


def test_without_a_utilisation_nobody_has_a_capacity_but_by_its_nameplate(folder):
    capacity = made(folder)[0].nodes.set_index("node_id")["capacity"]
    assert sorted(capacity[capacity.notna()].index) == ["mine-a", "mine-b", "ref-a", "ref-b"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("refining,cobalt,,,0.5,book,derived\nrefining,cobalt,,CHN,0.6,book,derived\n", 25),
        ("refining,cobalt,,CHN,0.6,book,derived\nrefining,cobalt,metal,,0.75,book,derived\n", 20),
        ("refining,cobalt,metal,,0.5,book,derived\nrefining,cobalt,metal,CHN,1,book,derived\n", 15),
        ("refining,cobalt,metal,BEL,0.5,book,derived\n", None),
    ],
)
def test_the_form_goes_before_the_mineral_and_the_country_before_all_others(folder, rows, expected):
    (folder / "utilisation.csv").write_text(UTILISATION + rows)
    capacity = made(folder)[0].nodes.set_index("node_id").loc["rest-refining-cobalt-chn", "capacity"]  # makes 15
    assert pd.isna(capacity) if expected is None else capacity == pytest.approx(expected)


def test_a_plant_that_is_run_in_or_stands_still_has_nothing_to_spare_at_once(folder):
    change(
        folder, "plants", "node_id,name,stage,country,control,cluster,", "node_id,name,stage,country,status,cluster,"
    )
    change(folder, "plants", "ref-a,Refinery A,refining,CHN,CHN,no", "ref-a,Refinery A,refining,CHN,ramp-up,no")
    nodes = made(folder)[0].nodes.set_index("node_id")
    assert nodes.loc["ref-a", "spare"] == 0
    assert nodes["spare"].isna().sum() == len(nodes) - 1


def test_stocks_go_into_the_package_as_they_stand(folder):
    (folder / "stocks.csv").write_text(
        STOCKS + "public,BEL,,,metal,,12,0.25,book,reported\nfirm,,refining,,ore,30,,,book,assumed\n"
    )
    stocks = made(folder)[0].table("stocks").set_index("holder")
    assert stocks.loc["firm", ["stage", "material", "days"]].tolist() == ["refining", "ore", 30]
    assert stocks.loc["public", ["country", "material", "quantity", "release"]].tolist() == ["BEL", "metal", 12, 0.25]


@pytest.mark.parametrize(
    ("table", "row", "message"),
    [
        ("utilisation", "refining,cobalt,,,0,book,derived", "is not above 0"),
        ("utilisation", "refining,cobalt,,,1.2,book,derived", "is above 1"),
        ("utilisation", "refining,cobalt,,,,book,derived", "is empty"),
        ("utilisation", "refining,cobalt,,,nan,book,derived", "is not a number"),
        ("utilisation", "smelting,cobalt,,,0.5,book,derived", "is not in stages"),
        ("utilisation", "refining,gold,,,0.5,book,derived", "is not made at refining .*there is: cobalt"),
        ("utilisation", "refining,cobalt,ore,,0.5,book,derived", "is no cobalt made at refining"),
        ("utilisation", "use,cobalt,alloy,,0.5,book,derived", "makes nothing"),
        ("utilisation", "refining,cobalt,,EU27,0.5,book,derived", "is a group of countries"),
        ("utilisation", "refining,cobalt,,,0.5,book,derived\nrefining,cobalt,,,0.6,book,derived", "stands twice"),
        ("stocks", "firm,,refining,,ore,-1,,,book,derived", "is below 0"),
        ("stocks", "firm,,refining,,ore,2500,,,book,derived", "is above 2000"),
        ("stocks", "firm,,refining,,ore,,,,book,derived", "give days or a quantity"),
        ("stocks", "firm,,refining,,ore,30,40,,book,derived", "give days or a quantity"),
        ("stocks", "firm,,refining,,metal,30,,,book,derived", "is no input of refining"),
        ("stocks", "firm,,,,alloy,30,,,book,derived", "is no input of any stage"),
        ("stocks", "firm,,refining,ref-z,ore,30,,,book,derived", "is not in plants"),
        ("stocks", "firm,BEL,,ref-a,ore,30,,,book,derived", "is not that of ref-a .*write CHN"),
        ("stocks", "firm,,refining,,ore,30,,0.5,book,derived", "of a firm's stock"),
        ("stocks", "public,,,,metal,30,,,book,derived", "of a public stock is empty"),
        ("stocks", "public,BEL,refining,,ore,30,,,book,derived", "of a public stock"),
        ("stocks", "public,EU27,,,ore,30,,,book,derived", "is a group of countries"),
        ("stocks", "firm,,refining,,ore,30,,,book,derived\nfirm,,refining,,ore,40,,,book,derived", "stands twice"),
        ("stocks", "state,,refining,,ore,30,,,book,derived", "is not allowed"),
    ],
)
def test_a_utilisation_or_a_stock_that_cannot_be_is_refused(folder, table, row, message):
    (folder / f"{table}.csv").write_text({"utilisation": UTILISATION, "stocks": STOCKS}[table] + row + "\n")
    with pytest.raises(gm.SchemaError, match=rf"(?s)cobalt/{table}\.csv.*{message}"):
        made(folder)
