"""What stands on the axes of look-through, import reliance and cuts."""

from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel import plot, results
from graphmodel.errors import UnknownNameError


def rows(ax):
    return [tick.get_text() for tick in ax.get_yticklabels()]


def texts(ax):
    return [text.get_text().replace("\u2009", " ") for text in ax.texts]


def empty(kind):
    return kind(pd.DataFrame(columns=list(kind.columns)), network="nothing")


def test_the_refiner_stands_on_another_row_than_the_source(toy):
    ax = plot.dependence_by_stage(gm.dependence(toy, mineral="lithium"), consumer="USA")
    assert rows(ax) == ["At any stage", "Mining", "Refining", "Cell"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["China", "South Korea", "Australia", "Chile"]
    assert texts(ax) == ["100", "100", "60", "40", "60", "40", "100", "100"]
    assert ax.get_title(loc="left") == "Lithium: United States, lithium cell"
    with pytest.raises(UnknownNameError, match="no consumer 'KOR' in this result"):
        plot.dependence_by_stage(gm.dependence(toy, mineral="lithium"), consumer="KOR")


def test_net_exporters_are_named_and_have_no_bar(toy):
    ax = plot.import_reliance_bars(gm.import_reliance(toy, "lithium"), stage="refining")
    assert rows(ax) == ["South Korea", "China"]
    assert [patch.get_width() for patch in ax.patches] == [1.0, 0.0]
    assert texts(ax) == ["100 % of 600", "net exporter, uses 400"]
    assert ax.get_title(loc="left") == "Lithium: refining"
    ax = gm.import_reliance(toy, "lithium").plot()
    assert ax.get_title(loc="left") == "Lithium: mining"  # where most is imported


def test_the_change_of_stocks_is_a_mark(real):
    ax = plot.import_reliance_bars(gm.import_reliance(real, "cobalt"), stage="intermediate")
    assert ax.collections[0].get_offsets().tolist() == [[1.0, 0], [0.0, 1]]  # China, DR Congo
    assert "mark: with the change of stocks" in ax.get_xlabel()


def test_routes_are_bars_with_the_countries_that_cut_them_beside(toy):
    ax = plot.route_bars(gm.cuts(toy, mineral="lithium"))
    assert rows(ax) == ["China", "United States"]
    assert [patch.get_width() for patch in ax.patches] == [1, 1]
    assert texts(ax)[0] == "1: China"
    assert ax.get_title(loc="left") == "Lithium cell"


def test_what_is_not_proven_is_a_mark(toy):
    table = gm.cuts(toy, mineral="lithium", consumer="CHN").table
    table.loc[table["measure"] == "group_routes", "gap"] = 2.0
    ax = plot.route_bars(results.CutResult(table, network="toy"))
    assert ax.collections[0].get_offsets().tolist() == [[3.0, 0]]
    assert "mark: there are no more" in ax.get_xlabel()


def test_empty_tables_leave_a_note():
    for kind in (results.DependenceResult, results.ImportRelianceResult, results.CutResult):
        ax = plot.default(empty(kind))
        assert len(ax.texts) == 1
