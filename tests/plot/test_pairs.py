"""What stands on the map of pairs."""

from __future__ import annotations

import numpy as np

import graphmodel as gm
from graphmodel import plot


def cells(ax):
    """Numbers by row and column."""
    return {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in ax.texts}


def labels(ax):
    return [tick.get_text() for tick in ax.get_yticklabels()]


def test_the_worst_stands_first_and_both_below_the_diagonal(toy):
    ax = plot.pair_map(gm.pairs(toy, by="node"))
    assert labels(ax) == ["Refinery A", "Cell plant A", "Mine B", "Cell plant B", "Mine A"]
    found = cells(ax)
    assert [found[row, row] for row in range(5)] == ["100", "60", "60", "40", "40"]
    assert found[2, 1] == "84"  # cell plant A and mine B
    assert found[4, 2] == "100"  # both mines
    assert (1, 2) not in found


def test_countries_are_named_and_few_are_shown(toy):
    ax = plot.pair_map(gm.pairs(toy), top=3)
    assert labels(ax) == ["China", "Australia", "South Korea"]
    assert len(ax.texts) == 6
    assert "without both" in ax.get_xlabel()


def test_pairs_that_are_not_in_the_table_stay_white(toy):
    ax = gm.pairs(toy, by="node", top=7).plot()
    assert np.ma.count_masked(ax.collections[0].get_array()) > 10
    ax.figure.draw_without_rendering()


def test_one_group_makes_no_map(chain):
    ax = gm.pairs(chain.with_tables(nodes=chain.nodes.assign(country="CHN"))).plot()
    assert ax.texts[0].get_text() == "no pair loses any final demand"
