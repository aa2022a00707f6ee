"""Tables of ours read by pyam, xarray's file writers, pymrio and brightway."""

from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.errors import ParameterError, UnknownNameError

pytestmark = pytest.mark.filterwarnings("ignore")

SECTORS = {"mining": "mining", "refining": "manufactoring", "cell": "manufactoring"}
REGIONS = {"AUS": "reg1", "CHL": "reg2", "CHN": "reg3", "KOR": "reg4"}


@pytest.fixture
def stop():
    return gm.Scenario("mine B stops").shut(node_id="mine-b")


@pytest.fixture
def mrio(package):
    return package("pymrio").load_test()


def same(frame, long):
    """Whether pyam holds the rows we gave it, in whatever order."""
    keys = [name for name in long if name != "value"]
    mine, theirs = (each[list(long)].sort_values(keys, ignore_index=True) for each in (long, frame.data))
    pd.testing.assert_frame_equal(mine, theirs, check_dtype=False)


def results(toy, stop):
    return {
        "shares": (gm.shares(toy), {}),
        "control": (gm.shares(toy, by="control"), {}),
        "concentration": (gm.concentration(toy), {"region": "World"}),
        "removal": (gm.removal(toy, by="country", mineral="lithium"), {}),
        "losses": (gm.losses(toy, stop), {}),
        "breakdown": (gm.breakdown(toy, by="country"), {}),
        "timeline": (gm.timeline(toy, stop, weeks=3), {}),
        "dependence": (gm.dependence(toy, mineral="lithium"), {}),
        "import_reliance": (gm.import_reliance(toy, "lithium"), {}),
    }


@pytest.mark.parametrize("name", list(results(gm.load("toy-battery"), gm.Scenario("none").shut(node_id="mine-b"))))
def test_pyam_reads_every_table_and_writes_it_back(package, toy, stop, tmp_path, name):
    pyam = package("pyam")
    result, chosen = results(toy, stop)[name]
    long = gm.to_iamc(result, year=2024, **chosen)
    frame = pyam.IamDataFrame(long)
    same(frame, long)
    frame.to_csv(tmp_path / "wide.csv")
    same(pyam.IamDataFrame(tmp_path / "wide.csv"), long)
    assert "value" not in pd.read_csv(tmp_path / "wide.csv")


def test_pyam_reads_the_real_network(package, sparse):
    pyam = package("pyam")
    long = gm.to_iamc(gm.removal(sparse, by="country", mineral="cobalt"), year=2024, scenario="2024")
    frame = pyam.IamDataFrame(long).filter(variable="Loss at Risk Share|Cobalt|Frozen", region="COD")
    assert frame.data["value"].item() == pytest.approx(long.set_index(["variable", "region"])["value"]
                                                       ["Loss at Risk Share|Cobalt|Frozen", "COD"])  # fmt: skip


def test_the_code_of_the_page_makes_a_pyam_frame(package, code):
    package("pyam")
    space: dict[str, object] = {}
    exec(code("import pyam"), space)
    assert space["lost"].region == ["China", "USA"]
    assert space["lost"].filter(variable="Loss|Lithium-cell|Frozen").data["value"].tolist() == [3.0, 3.0]


def test_labelled_losses_survive_a_netcdf_file(package, toy, stop, tmp_path):
    package("netCDF4")
    xr = package("xarray")
    cube = gm.to_xarray(gm.losses(toy, stop), ["response", "product", "consumer"])
    cube.to_netcdf(tmp_path / "losses.nc")
    with xr.open_dataset(tmp_path / "losses.nc") as read:
        assert read.identical(cube)


def test_production_is_a_satellite_account(mrio, toy):
    account = gm.to_satellite(gm.shares(toy), mrio.Z.columns, sectors=SECTORS, regions=REGIONS)
    # ore 600 in AUS and 400 in CHL, salt 1000 in CHN, cells 6 in KOR and 4 in CHN
    assert account.F.loc["production of lithium-ore", ("reg1", "mining")] == 600
    assert account.F.loc["production of lithium-ore", ("reg2", "mining")] == 400
    assert account.F.loc["production of lithium-salt", ("reg3", "manufactoring")] == 1000
    assert account.F.loc["production of lithium-cell", ("reg4", "manufactoring")] == 6
    assert account.F.loc["production of lithium-cell", ("reg3", "manufactoring")] == 4
    assert account.F.to_numpy().sum() == 600 + 400 + 1000 + 6 + 4
    assert account.unit["unit"].tolist() == ["t Li", "t Li", "GWh"]
    assert account.F.columns.equals(mrio.Z.columns)


def test_the_example_of_a_satellite_account_holds(mrio):
    found = doctest.DocTestParser().get_doctest(gm.to_satellite.__doc__, {}, "to_satellite", None, None)
    for line in found.examples:
        line.options.clear()  # skipped where pymrio is not installed
    assert doctest.DocTestRunner().run(found) == (0, 5)


def test_footprints_of_a_satellite_account_add_up_to_production(mrio, toy):
    mrio.minerals = gm.to_satellite(gm.shares(toy), mrio.Z.columns, sectors=SECTORS, regions=REGIONS)
    mrio.calc_all()
    np.testing.assert_allclose(mrio.minerals.D_cba.sum(axis=1), mrio.minerals.F.sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(mrio.minerals.D_pba.sum(axis=1), mrio.minerals.F.sum(axis=1), rtol=1e-6)
    # S is production per output of the sector
    output = mrio.x.loc[("reg2", "mining"), "indout"]
    assert mrio.minerals.S.loc["production of lithium-ore", ("reg2", "mining")] == pytest.approx(400 / output)


def test_production_of_two_countries_in_one_region_adds_up(mrio, toy):
    regions = REGIONS | {"CHL": "reg1"}
    account = gm.to_satellite(gm.shares(toy), mrio.Z.columns, sectors=SECTORS, regions=regions)
    assert account.F.loc["production of lithium-ore", ("reg1", "mining")] == 1000


def test_a_material_counts_before_its_stage(mrio, toy):
    sectors = SECTORS | {"lithium-cell": "electricity"}
    account = gm.to_satellite(gm.shares(toy), mrio.Z.columns, sectors=sectors, regions=REGIONS)
    assert account.F.loc["production of lithium-cell", ("reg4", "electricity")] == 6


def test_loss_at_risk_stands_where_the_industry_is(mrio, toy):
    result = gm.removal(toy, by="country,stage", mineral="lithium")
    sectors = SECTORS | {"cell": "electricity"}
    account = gm.to_satellite(result, mrio.Z.columns, sectors=sectors, regions=REGIONS, name="risk")
    losses = result.table.set_index("removed")["loss"]
    found = account.F.loc["loss at risk (lithium, frozen)"]
    assert account.unit["unit"].tolist() == ["t lithium"]
    assert found["reg3", "manufactoring"] == losses["CHN:refining"] == 1000
    assert found["reg3", "electricity"] == losses["CHN:cell"] == 400
    assert found["reg1", "mining"] == losses["AUS:mining"] == 600


def test_losses_that_would_fall_together_are_refused(mrio, toy):
    result = gm.removal(toy, by="country,stage")
    with pytest.raises(ParameterError, match=r"^several losses would fall on reg3, manufactoring; they overlap and do"):
        gm.to_satellite(result, mrio.Z.columns, sectors=SECTORS, regions=REGIONS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"regions": {"AUS": "reg1"}},
         "no region of the model for: CHL, CHN, KOR; name it in regions (there are: reg1, reg2, reg3, reg4, reg5 … (6 in all))"),
        ({"regions": REGIONS | {"CHL": "reg22"}},
         "no region of the model for: CHL; name it in regions (did you mean 'reg2'?)"),
        ({"sectors": SECTORS | {"cell": "manufacturing"}},
         "no sector of the model for: cell; name it in sectors (did you mean 'manufactoring'?)"),
    ],
)  # fmt: skip
def test_what_has_no_place_in_the_model_is_named(mrio, toy, change, message):
    with pytest.raises(UnknownNameError) as error:
        gm.to_satellite(gm.shares(toy), mrio.Z.columns, **({"sectors": SECTORS, "regions": REGIONS} | change))
    assert str(error.value) == message


def test_other_results_are_no_account(mrio, toy):
    with pytest.raises(ParameterError) as error:
        gm.to_satellite(gm.shares(toy, by="owner"), mrio.Z.columns, sectors=SECTORS)
    assert str(error.value) == (
        "ShareResult by 'owner' is no account; make shares by country, or removal by country,stage"
    )


def test_the_code_of_the_page_makes_a_footprint(package, code, toy):
    package("pymrio")
    space = {"gm": gm, "toy": toy}
    exec(code("import pymrio"), space)
    assert space["footprint"].sum(axis=1).round(6).to_dict() == {
        "production of lithium-ore": 1000, "production of lithium-salt": 1000, "production of lithium-cell": 10
    }  # fmt: skip


def test_the_code_of_the_page_writes_a_method_that_brightway_reads(package, code, toy, tmp_path, monkeypatch):
    monkeypatch.setenv("BRIGHTWAY2_DIR", str(tmp_path))
    bw2data = package("bw2data")
    bw2data.Database("biosphere3").write(
        {("biosphere3", "lithium"): {"name": "Lithium, in ground", "unit": "kilogram", "type": "emission",
                                     "exchanges": []}}
    )  # fmt: skip
    space = {"gm": gm, "toy": toy}
    exec(code("import bw2data").replace('bw2data.projects.set_current("minerals")\n', ""), space)
    method = bw2data.Method(("graphmodel", "GeoPolRisk", "CHN"))
    ((key, factor),) = method.load()
    index = space["risk"].table.set_index(["index", "stage"])["value"]
    assert bw2data.get_node(id=key) if isinstance(key, int) else tuple(key) == ("biosphere3", "lithium")
    assert factor == pytest.approx(index["geopolrisk_factor", "mining"])
    assert method.metadata["unit"] == "kg Cu-eq"
    assert len(method.datapackage().data) > 0
