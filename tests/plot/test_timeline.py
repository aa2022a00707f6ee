"""What stands on the axes of losses over time."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

import graphmodel as gm
from graphmodel import plot


@pytest.fixture(scope="module")
def course(toy):
    stop = gm.Scenario("no refinery").shut(node_id="refine-a")
    return gm.timeline(toy, stop, weeks=8, duration=5, default_days=14, restart_weeks=0, spare_weeks=None)


def texts(ax):
    return [text.get_text().replace("\u2009", " ") for text in ax.texts]


def test_a_line_steps_down_to_zero_after_the_shock(course):
    ax = plot.loss_over_weeks(course, names={"lithium-cell": "cells"})
    (line,) = ax.patches[:1]
    assert line.get_data().values.tolist() == [0, 0, 1, 1, 1, 0, 0, 0]
    assert "Cells" in texts(ax)
    assert "Stocks: 14 days, assumed, where nothing is stated" in texts(ax)
    assert ax.get_title(loc="left") == "no refinery"


def test_a_dot_stands_on_the_day_of_failure(course):
    ax = plot.failure_days(gm.first_failure(course))
    assert ax.collections[1].get_offsets().tolist() == [[14, 0]]
    assert "14 · up to 100 %" in texts(ax)


def test_what_never_fails_stands_hollow_at_the_edge(course):
    ax = plot.failure_days(gm.first_failure(course, by="consumer", threshold=1.0), names={"lithium-cell": "cells"})
    assert ax.collections[-1].get_offsets().tolist() == [[56, 0], [56, 1]]
    assert texts(ax)[0] == "never within 8 weeks (up to 100 %)"
    assert ax.get_yticklabels()[0].get_text() == "Cells, China"


def test_rows_left_out_are_counted(course):
    ax = plot.failure_days(gm.first_failure(course, by="consumer"), top=1)
    assert "Not shown: 1 that fail no sooner" in texts(ax)


def test_a_duration_curve_counts_weeks(toy):
    stop = gm.Scenario("no refinery").shut(node_id="refine-a")
    curve = gm.duration_curve(toy, stop, durations=(1, 4, 8), weeks=8, default_days=14, restart_weeks=0)
    ax = plot.duration_lines(curve)
    assert ax.lines[1].get_ydata() == pytest.approx([0, 2, 6])
    assert [tick for tick in ax.get_xticks() if tick] == [1, 4, 8]


def test_nothing_lost_is_said_and_all_pictures_can_be_drawn(toy, course):
    calm = gm.timeline(toy, gm.Scenario("nothing"), weeks=3)
    assert texts(plot.loss_over_weeks(calm)) == ["no product loses anything in these weeks"]
    curve = gm.duration_curve(toy, gm.Scenario("nothing"), durations=(1,), weeks=2)
    assert texts(plot.duration_lines(curve)) == ["no product loses anything for any duration"]
    assert np.isnan(gm.first_failure(calm).table["day"]).all()
    for result in (course, gm.first_failure(course), gm.first_failure(calm)):
        figure = result.plot().get_figure()
        assert isinstance(figure, Figure)
        figure.canvas.draw()
