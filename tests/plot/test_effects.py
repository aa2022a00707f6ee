"""What stands on the axes of effects."""

from __future__ import annotations

import pytest

import graphmodel as gm
from graphmodel import plot
from graphmodel.errors import UnknownNameError
from tests.analysis.test_worth import plan
from tests.plot.test_rankings import empty, names, texts


@pytest.fixture
def found(toy):
    rows = [
        ("refine-b", "USA", "refining", "lithium-salt", 500.0),
        ("mine-c", "CHL", "mining", "lithium-ore", 200.0),
        ("refine-c", "CHN", "refining", "lithium-salt", 500.0),
    ]
    return gm.effects(toy, plan(*rows, control=["USA", "AUS", "CHN"]), measures=["hhi", "dependence"])


def test_the_largest_change_is_on_top_and_what_changes_nothing_has_no_row(found):
    ax = found.plot()
    assert names(ax) == ["refine-b (USA, lithium salt)", "mine-c (CHL, of AUS, lithium ore)"]
    marks = {dots.get_label(): dots.get_offsets().tolist() for dots in ax.collections if dots.get_label()[:2] == "by"}
    # by country Chile has 320 + 200 of 1000 t then: 0.52² + 0.48² - 0.52; by control 0.32² + 0.48² + 0.2² - 0.52
    assert [x for x, _ in marks["by location"]] == pytest.approx([-0.5, -0.0192])
    assert [x for x, _ in marks["by control"]] == pytest.approx([-0.5, -0.1472])
    assert [y for _, y in marks["by control"]] == [0, 1]
    assert ax.get_xlabel() == "change in HHI of its market"


def test_one_measure_is_drawn_at_a_time(found):
    ax = plot.effect_dots(found, measure="dependence", top=1)
    assert len(names(ax)) == 1
    assert ax.get_xlabel() == "change in share of final demand that passed China"
    with pytest.raises(UnknownNameError, match="no measure 'hh' in this result; did you mean 'hhi'"):
        plot.effect_dots(found, measure="hh")


def test_where_nothing_changes_the_axes_say_so(toy):
    same = gm.effects(toy, plan(("refine-c", "CHN", "refining", "lithium-salt", 500.0)), by="country", measures="hhi")
    assert texts(same.plot()) == ["no project changes this"]
    assert len(empty(gm.results.EffectResult).plot().texts) == 1
