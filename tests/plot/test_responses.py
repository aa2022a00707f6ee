"""Four losses of a stop on one line."""

from __future__ import annotations

import pytest

import graphmodel as gm
from graphmodel import plot
from graphmodel.results import ChokepointResult


def marks(ax):
    """Places of each mark by the first word of its name in the legend."""
    return {
        mark.get_label().partition(":")[0]: [tuple(point) for point in mark.get_offsets().tolist()]
        for mark in ax.collections
        if ":" in mark.get_label()
    }


def test_a_mine_that_stops_shows_what_each_response_loses(toy):
    ax = plot.response_ranges(gm.chokepoints(toy, mineral="lithium"))
    found = marks(ax)
    row = [tick.get_text() for tick in ax.get_yticklabels()].index("Mine B")
    shares = {response: points[row] for response, points in found.items()}
    expected = {"frozen": 0.6, "adapt": 0.5, "reroute": 0.5, "reachability": 0.0}
    assert shares == {response: (pytest.approx(share), row) for response, share in expected.items()}
    assert "flows grow by 10\u2009%" in " ".join(ax.get_legend_handles_labels()[1])


def test_beside_the_line_stand_the_frozen_loss_and_what_rerouting_leaves(toy):
    ax = plot.response_ranges(gm.chokepoints(toy, mineral="lithium"))
    assert [text.get_text().replace("\u2009", "") for text in ax.texts] == [
        "100% → 100%", "60% → 60%", "60% → 50%", "40% → 20%", "40% → 40%",
    ]  # fmt: skip


def test_a_response_that_was_not_worked_out_has_no_mark(toy):
    ax = plot.response_ranges(gm.chokepoints(toy, mineral="lithium", responses=["frozen"]))
    found = marks(ax)
    assert len(found["frozen"]) == 5
    assert found["reroute"] == found["reachability"] == []
    assert [text.get_text().replace("\u2009", "") for text in ax.texts][:2] == ["100%", "60%"]
    ax.figure.draw_without_rendering()


def test_an_overview_names_each_mineral_before_its_worst_stop(toy):
    ax = plot.response_ranges(gm.overview(toy))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["Lithium: China · refining"]


def test_a_table_without_losses_leaves_a_note(toy):
    result = gm.chokepoints(toy, mineral="lithium")
    empty = ChokepointResult(result.table.head(0), network="toy")
    assert "no removal" in plot.response_ranges(empty).texts[0].get_text()
