from __future__ import annotations

import numpy as np
import pytest

import graphmodel as gm
from graphmodel.errors import MissingPackageError, ParameterError, UnknownNameError

xarray = pytest.importorskip("xarray", reason="arrays are tested with the dev extra")


@pytest.fixture
def lost(toy):
    return gm.losses(toy, gm.Scenario("mine B stops").shut(node_id="mine-b"))


def test_every_number_stands_where_its_row_says(lost):
    dims = ["response", "product", "consumer"]
    cube = gm.to_xarray(lost, dims)
    assert isinstance(cube, xarray.Dataset)
    assert dict(cube.sizes) == {"response": 4, "product": 1, "consumer": 2}
    for row in lost.table.to_dict("records"):
        at = {name: row[name] for name in dims}
        for column in ("demand", "loss", "loss_share", "unit"):
            assert cube[column].sel(at).item() == row[column]


def test_a_table_comes_back_as_it_went(lost):
    dims = ["response", "product", "consumer"]
    back = gm.to_xarray(lost, dims).to_dataframe().reset_index()[list(lost.columns)]
    assert back.to_dict("records") == lost.table.to_dict("records")  # in the order of the table


def test_what_has_no_row_is_nan_or_empty(toy):
    made = gm.to_xarray(gm.shares(toy), ["material", "group"])
    assert np.isnan(made["quantity"].sel(material="lithium-ore", group="KOR"))
    assert made["unit"].sel(material="lithium-ore", group="KOR").item() == ""
    assert made["quantity"].sum() == 600 + 400 + 1000 + 6 + 4


def test_units_are_those_of_the_rows_or_of_the_result(toy, lost):
    cube = gm.to_xarray(lost, ["response", "product", "consumer"])
    assert {name: cube[name].attrs.get("units") for name in cube.data_vars} == {
        "unit": None, "demand": "GWh", "loss": "GWh", "loss_share": "1"
    }  # fmt: skip
    spread = gm.to_xarray(gm.concentration(toy), ["stage"])
    assert spread["quantity"].attrs["units"] == "see unit"  # t and GWh
    assert spread["hhi_low"].attrs["units"] == "1"
    assert "units" not in spread["n_groups"].attrs
    weekly = gm.to_xarray(gm.timeline(toy, gm.Scenario("x").shut(node_id="mine-b"), weeks=2), ["week", "consumer"])
    assert weekly["loss"].attrs["units"] == "GWh a week"


def test_a_cube_says_where_it_comes_from(lost):
    cube = gm.to_xarray(lost, ["response", "product", "consumer"])
    assert cube.attrs["network"] == "toy-battery"
    assert cube.attrs["result"] == "LossResult"
    assert cube.attrs["scenario"] == "mine B stops"
    assert "stocks" not in cube.attrs  # none were given
    assert all(isinstance(each, str) for each in cube.attrs.values())


def test_one_dimension_may_stand_alone(toy):
    cube = gm.to_xarray(gm.removal(toy, by="country"), "removed")
    assert cube["removed"].values.tolist() == ["CHN", "AUS", "KOR", "CHL"]  # worst first, as in the table
    assert cube["loss"].values.tolist() == pytest.approx([10.0, 6.0, 6.0, 4.0])


@pytest.mark.parametrize(
    ("dims", "error", "message"),
    [
        (["response", "consumers"], UnknownNameError, "no column 'consumers'; did you mean 'consumer'?"),
        ([], ParameterError,
         "no dims are named; there are: response, product, consumer, unit, demand, loss, loss_share"),
        (["response", "product"], ParameterError,
         "several rows are reachability / lithium-cell; name a dim more that tells them apart, of: "
         "consumer, unit, demand, loss, loss_share"),
    ],
)  # fmt: skip
def test_dims_that_tell_no_rows_apart_are_refused(lost, dims, error, message):
    with pytest.raises(error) as caught:
        gm.to_xarray(lost, dims)
    assert str(caught.value) == message


def test_without_xarray_the_extra_is_named(lost, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r'this needs xarray: pip install "graphmodel\[interop\]"'):
        gm.to_xarray(lost, ["response"])
