"""What stands on the axes of portfolios, bottlenecks and coverage."""

from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel import plot
from graphmodel.errors import UnknownNameError
from tests.analysis.test_portfolio import REFINERIES
from tests.analysis.test_worth import plan
from tests.plot.test_rankings import bars, empty, names, texts


def test_the_frontier_falls_and_sets_given_stand_above_it(toy):
    found = gm.portfolio(toy, REFINERIES, compare={"theirs": ["refine-b", "mine-c"]}, by="node", top=1)
    ax = found.plot()
    x, y = ax.lines[0].get_data()
    assert list(x) == [0, 1, 2]
    assert list(y) == pytest.approx([1, 0.6, 0.35])
    assert "theirs" in texts(ax)
    assert ax.get_xlabel() == "projects in the set"
    paid = gm.portfolio(toy, REFINERIES, budget=500, by="node", top=1).plot()
    assert paid.get_xlabel() == "cost"
    assert list(paid.lines[0].get_data()[0]) == [0, 100, 200, 300, 400, 500]


def test_places_are_ranked_in_millionths(toy):
    found = gm.bottleneck(
        toy, plan(("mine-c", "CAN", "mining", "lithium-ore", 1.0)), by="node", mineral="lithium", top=3
    )
    ax = found.plot()
    assert names(ax)[0] in (
        "South Korea · cell making · Lithium cell",
        "China · cell making · Lithium cell",
        "Chile · mining · Lithium ore",
    )
    assert texts(ax)[0] == plot.style.number(1e6 * bars(ax)[0]).replace("\u2009", " ")


def test_stranded_projects_span_low_to_high(toy):
    found = gm.bottleneck(toy, plan(("mine-c", "CAN", "mining", "lithium-ore", 2000.0)), by="node", mineral="lithium")
    ax = plot.stranded_ranges(found)
    assert [float(points.get_offsets()[0][0]) for points in ax.collections[1:]] == pytest.approx([0.4, 0.9])
    with pytest.raises(UnknownNameError, match="no group 'west'"):
        plot.stranded_ranges(found, group="west")


def test_counts_stand_in_their_cells_and_points_where_nothing_is(toy):
    found = gm.coverage(toy, plan(("refine-b", "USA", "refining", "lithium-salt", 250.0)))
    ax = found.plot()
    assert texts(ax) == ["·", "1", "·"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["Mining", "Refining", "Cell making"]
    assert texts(plot.coverage_map(found, region="XSE")) == ["·", "·", "·"]
    with pytest.raises(UnknownNameError, match="no region 'XZZ'"):
        plot.coverage_map(found, region="XZZ")


@pytest.mark.parametrize("kind", [gm.results.PortfolioResult, gm.results.BottleneckResult, gm.results.CoverageResult])
def test_an_empty_result_says_so(kind):
    assert len(empty(kind).plot().texts) == 1
    if kind is gm.results.BottleneckResult:
        assert len(plot.stranded_ranges(empty(kind)).texts) == 1


def test_a_region_table_of_ones_own_can_be_drawn(toy):
    regions = pd.DataFrame({"group": ["north"], "country": ["CAN"]})
    found = gm.coverage(toy, plan(("mine-c", "CAN", "mining", "lithium-ore", 1.0)), regions=regions)
    assert "1" in texts(plot.coverage_map(found, region=["north"]))
