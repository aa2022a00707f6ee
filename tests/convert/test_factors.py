from __future__ import annotations

import pytest

import graphmodel as gm
from graphmodel.errors import MissingPackageError, ParameterError, UnknownNameError

SCORE = {"AUS": 0.5, "CHL": 0.0, "CHN": -0.5, "KOR": 0.5}


@pytest.fixture
def risk(toy):
    import pandas as pd

    return gm.indices(toy, "lithium", "CHN", governance=pd.Series(SCORE), price=100.0)


def test_every_flow_gets_the_factor_of_the_stage(risk):
    # mining: HHI 0.52; all of China's ore comes from abroad, at risk 0.6 · 0.4 + 0.4 · 0.5 = 0.44
    flows = [("biosphere3", "ore"), ("ecoinvent", "concentrate")]
    ((ore, factor), (concentrate, same)) = gm.to_factors(risk, flows, stage="mining")
    assert [ore, concentrate] == flows
    assert factor == same
    copper = gm.to_factors(risk, flows, stage="mining")[0][1] / (0.52 * 0.44 * 100.0)  # one over the price of copper
    from graphmodel.kernels.indices import COPPER

    assert copper == pytest.approx(1 / COPPER)


def test_a_flow_that_is_not_named_has_no_factor(risk):
    assert gm.to_factors(risk, [], stage="mining") == []


def test_an_unknown_stage_names_the_nearest(risk):
    with pytest.raises(UnknownNameError, match="no geopolrisk_factor at stage 'minning'; did you mean 'mining'"):
        gm.to_factors(risk, [("a", "b")], stage="minning")


def test_without_a_consumer_there_is_no_factor(toy):
    with pytest.raises(ParameterError) as error:
        gm.to_factors(gm.indices(toy, "lithium", missing="mean"), [("a", "b")], stage="mining")
    assert str(error.value) == "IndexResult holds no geopolrisk_factor; make it by indices(network, mineral, consumer)"
    with pytest.raises(ParameterError, match=r"^ShareResult holds no geopolrisk_factor"):
        gm.to_factors(gm.shares(toy), [("a", "b")], stage="mining")


def test_what_is_not_known_is_no_factor(toy):
    usa = gm.indices(toy, "lithium", "USA", missing="mean")
    with pytest.raises(ParameterError, match=r"^geopolrisk_factor at mining is not known: takes none and makes none"):
        gm.to_factors(usa, [("a", "b")], stage="mining")


def test_without_pymrio_the_extra_is_named(toy, monkeypatch):
    import pandas as pd

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r'this needs pymrio: pip install "graphmodel\[interop\]"'):
        gm.to_satellite(gm.shares(toy), pd.MultiIndex.from_tuples([("r", "s")]), sectors={})
