"""Styles: what holds in a block, for one thread, and nothing after it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

import graphmodel as gm
from graphmodel import plot
from graphmodel.errors import UnknownNameError
from graphmodel.plot import style as look
from graphmodel.plot.page import STYLES, page, using
from graphmodel.plot.render import FORMATS, render, settle
from tests.plot.written import clashes, cut


def test_a_style_holds_within_its_block_alone():
    assert (look.WIDTH, look.SMALL, look.TEXT, look.HEAD) == (180, 7, 8, 9)
    with using("slide"):
        assert (look.SMALL, look.TEXT, look.HEAD) == (14, 16, 18)
        with using("nature"):
            assert look.WIDTH == 183
        assert look.SMALL == 14
    assert (look.WIDTH, look.SMALL) == (180, 7)


def test_an_error_leaves_no_style_behind():
    with pytest.raises(ZeroDivisionError), using("slide"):
        1 / 0  # noqa: B018
    assert page() is STYLES["plain"]


def test_an_unknown_style_names_the_nearest():
    with pytest.raises(UnknownNameError, match="no style 'elsevir'; did you mean 'elsevier'"), using("elsevir"):
        pass


def test_threads_have_styles_of_their_own():
    both = Barrier(2)

    def size(name):
        with using(name):
            both.wait()  # the other one holds its style now
            return look.SMALL

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(size, ["slide", "plain"])) == [14, 7]


def test_sizes_that_are_not_there_are_missed():
    with pytest.raises(AttributeError, match="SMALLER"):
        look.SMALLER  # noqa: B018


def test_journals_sizes_are_those_they_ask_for():
    nature, science = STYLES["nature"], STYLES["science"]
    assert (nature.width, nature.column, nature.head) == (183, 89, 7)
    assert nature.small >= 5
    assert (science.width / 25.4, science.column / 25.4) == pytest.approx((7.25, 3.6), abs=0.005)
    assert science.small >= 6
    assert science.head <= 9
    assert (STYLES["acs"].width / 25.4, STYLES["acs"].column / 25.4) == pytest.approx((7, 3.33), abs=0.005)
    assert (STYLES["elsevier"].width, STYLES["elsevier"].column, STYLES["elsevier"].small) == (190, 90, 7)
    assert STYLES["slide"].width / STYLES["slide"].depth == pytest.approx(16 / 9)


def test_what_is_narrow_takes_one_column():
    with using("nature"):  # 89 mm of type at 7/9 hold what takes 114.4 mm at full size
        assert look.across(114) == pytest.approx(89 * 9 / 7)
        assert look.across(115) == pytest.approx(183 * 9 / 7)
    assert look.across(40) == 180


def test_rows_that_do_not_fit_the_page_are_left_out():
    with using("slide"):  # 190.5 mm of type at double size: 95.25 mm; (95.25 - 15.25) / 4 = 20 rows
        assert look.rows_that_fit(30, around=15.25, each=4) == 20
        assert look.rows_that_fit(7, around=15.25, each=4) == 7
        assert look.rows_that_fit(7, around=200, each=4) == 1
    assert look.rows_that_fit(10**6, around=15, each=4) == 10**6
    assert look.some_of(20, 30) == " · 20 of 30 shown"
    assert look.some_of(7, 7) == ""


def test_a_slide_that_is_too_small_grows_in_its_own_shape():
    with using("slide"):
        wide, high = look.new_figure(height=240).get_size_inches()
    assert wide / high == pytest.approx(16 / 9)
    assert high * 25.4 == pytest.approx(240 * 2)


def test_lines_and_marks_grow_with_type():
    def drawn(name):
        with using(name):
            figure = look.new_figure()
            ax = figure.add_subplot()
            ax.plot([0, 1], linewidth=1.5, marker="o", markersize=3)
            ax.scatter([0], [0], s=16, linewidths=0.5)
            ax.annotate("", (0, 0), (1, 1), arrowprops={"arrowstyle": "-", "linewidth": 0.6})
            settle(figure)
        line, marks, arrow = ax.lines[0], ax.collections[0], ax.texts[0].arrow_patch
        return [line.get_linewidth(), line.get_markersize(), marks.get_sizes()[0], marks.get_linewidths()[0],
                arrow.get_linewidth()]  # fmt: skip

    assert drawn("slide") == pytest.approx([3, 6, 64, 1, 1.2])  # areas grow fourfold
    assert drawn("plain") == pytest.approx([1.5, 3, 16, 0.5, 0.6])


@pytest.mark.parametrize("name", STYLES)
def test_default_plots_follow_the_style(toy, name):
    with using(name):
        ax = gm.removal(toy).plot()
        assert {text.get_fontsize() for text in ax.texts} == {STYLES[name].small}
    assert ax.figure.get_size_inches()[0] * 25.4 == pytest.approx(STYLES[name].width)
    assert clashes(ax.figure) == cut(ax.figure) == []


def test_a_long_title_is_broken_or_moved_onto_the_page():
    with using("nature"):
        figure = look.new_figure(look.across(60), height=60)
        ax = figure.add_subplot()
        ax.set_yticks([0.5], ["a rather long name of a row"])
        look.x_title(
            ax, "share of final demand lost without both of them, in percent (frozen); bold: without one alone"
        )
        look.head(ax, "half of all the mines of one country stop for as long as it takes them to start again")
        settle(figure)
    assert cut(figure) == []
    assert "\n" in ax.get_xlabel()


def test_lines_of_a_wide_note_stay_lines():
    with using("acs"):
        figure = look.new_figure()
        figure.add_subplot()
        figure.supxlabel("one line of words that is far too wide for any column of a journal " * 3 + "\nand another")
        settle(figure)
    lines = figure.texts[0].get_text().split("\n")
    assert len(lines) > 2
    assert lines[-1] == "and another"
    assert cut(figure) == []


class Shaken(ConstrainedLayoutEngine):
    """Places axes as matplotlib does but for the last bits, which its solver takes from addresses in memory."""

    def __init__(self, ulps):
        super().__init__()
        self.ulps = ulps

    def execute(self, fig):
        super().execute(fig)
        for ax in fig.axes:
            x, y, width, height = ax.get_position(original=True).bounds
            ax.set_position([x, y, width, height + self.ulps * np.spacing(height)])


@pytest.mark.parametrize("kind", FORMATS)
def test_the_last_bits_of_the_layout_reach_no_file(toy, kind):
    def drawn(ulps, settled=True):
        figure = look.new_figure()
        figure.set_layout_engine(Shaken(ulps))
        plot.removal_ranking(gm.removal(toy), ax=figure.add_subplot())
        look.head(figure.axes[0], "a long title that has to be moved or broken " * 4)
        if settled:
            settle(figure)
        return render(figure, kind)

    assert len({drawn(ulps) for ulps in (0, 1, -1, 5)}) == 1
    if kind == "svg":  # the names of what clips are digests of every bit
        assert drawn(0, settled=False) != drawn(5, settled=False)


def test_the_helper_sees_what_touches_and_what_is_cut():
    figure = Figure()
    FigureCanvasAgg(figure)
    for x, words in ((0.5, "hello"), (0.52, "world"), (0.98, "cut off")):
        figure.text(x, 0.5, words)
    assert clashes(figure) == [("hello", "world")]
    assert cut(figure) == ["cut off"]


def test_every_plot_scales(toy):
    with using("slide"):
        ax = plot.flow_diagram(toy)
    assert clashes(ax.figure) == cut(ax.figure) == []
