"""What stands on the axes of an uncertainty: dots, lines, words and their order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel import plot
from graphmodel.results import UncertaintyResult


def test_each_removal_is_a_dot_on_the_line_of_its_draws(toy):
    result = gm.uncertainty(toy, by="node", draws=50, top=2)
    ax = plot.uncertainty_intervals(result)
    lines, dots = ax.collections
    table = result.table
    ends = np.array([segment[:, 0] for segment in lines.get_segments()])
    assert ends == pytest.approx(table[["low", "high"]].to_numpy())
    assert np.asarray(dots.get_offsets())[:, 0] == pytest.approx(table["loss_share"].to_numpy())
    assert ax.get_yticklabels()[0].get_text() == "Refinery A"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row is on top
    assert ax.texts[0].get_text().replace("\u2009", " ") == "100 % of draws"
    assert "one of the 2 worst" in ax.get_xlabel()
    assert ax.get_xlim()[1] >= table["high"].max()


def test_only_the_worst_rows_are_drawn_and_groups_are_named_in_words(toy):
    ax = gm.uncertainty(toy, by="country", draws=20, top=1).plot()
    assert "China" in [tick.get_text() for tick in ax.get_yticklabels()]
    assert ax.get_xlabel().endswith("the worst")
    few = plot.uncertainty_intervals(gm.uncertainty(toy, by="node", draws=20), top=2)
    assert len(few.get_yticklabels()) == 2


def test_a_table_without_losses_says_so():
    empty = UncertaintyResult(pd.DataFrame(columns=list(UncertaintyResult.columns)), network="nothing")
    assert "no removal loses" in plot.uncertainty_intervals(empty).texts[0].get_text()
