"""Colours that survive a black-and-white printer, and text that cannot do harm."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from matplotlib.figure import Figure

from graphmodel.plot import style

CHAIN = ["mining", "intermediate", "refining", "pcam", "cam", "cell", "vehicle", "use"]


@pytest.mark.parametrize(("left", "right"), list(pairwise(CHAIN)))
def test_stages_next_to_each_other_differ_in_grey(left, right):
    first, second = (style.luminance(style.STAGES[stage][0]) for stage in (left, right))
    assert abs(first - second) > 15


@pytest.mark.parametrize(("left", "right"), [("collection", "recycling"), ("recycling", "refining"), ("use", "stock")])
def test_the_recycling_loop_differs_in_grey_too(left, right):
    first, second = (style.luminance(style.STAGES[stage][0]) for stage in (left, right))
    assert abs(first - second) > 15


def test_no_two_stages_share_colour_or_marker():
    colours, markers = zip(*style.STAGES.values(), strict=True)
    assert len(set(colours)) == len(set(markers)) == len(style.STAGES)


def test_stages_we_do_not_know_take_spare_styles_and_known_ones_keep_theirs():
    styles = style.stage_styles(["mining", "wafer", "fab"])
    assert styles["mining"] == style.STAGES["mining"]
    assert styles["wafer"] != styles["fab"]


def test_a_spare_style_is_unlike_the_stages_that_are_there():
    chain = ["mining", "refining", "anode", "cell", "vehicle", "fab", "magnet", "use"]  # yellow is the cells'
    styles = style.stage_styles(chain)
    assert len({colour for colour, _ in styles.values()}) == len(chain)
    light = [style.luminance(styles[stage][0]) for stage in chain]
    assert all(abs(light[here] - light[here - 1]) > style.APART for here in (2, 5, 6))
    assert len(style.stage_styles([f"stage {place}" for place in range(30)])) == 30  # more than there are spare ones


def test_neighbouring_spare_colours_differ_in_grey():
    light = [style.luminance(colour) for colour, _ in style.SPARE_STAGES]
    assert all(abs(a - b) > 12 for a, b in pairwise(light))


@pytest.mark.parametrize(
    "name",
    [
        "$\\frac{",
        "a_b^c $x$ \\alpha",
        "钴冶炼厂",
        "مصفاة الكوبالت",
        "<b>&amp;</b>",
        "line\nbreak\t\0",
        "🏭",
        "\\$",
        "x" * 500,
    ],
)
def test_any_name_can_be_drawn_in_any_format(name):
    figure = Figure()
    ax = figure.add_subplot()
    ax.set_title(style.plain(name))
    ax.set_yticks([0], [style.plain(name)])
    for kind in ("png", "svg", "pdf"):
        figure.savefig(io.BytesIO(), format=kind)


def test_a_dollar_sign_is_a_dollar_sign():
    figure = Figure()
    text = figure.text(0, 0, style.plain("pay $5 or $6"))
    words, is_math = text._preprocess_math(text.get_text())
    assert (words, is_math) == ("pay $5 or $6", False)


def test_glyphs_the_font_lacks_are_written_as_their_code():
    assert style.plain("钴") == "‹94B4›"
    assert style.plain("Côte d'Ivoire – 5 %") == "Côte d'Ivoire – 5 %"


def test_long_names_are_cut():
    assert len(style.plain("x" * 500, 40)) == 40


def test_ink_on_a_colour_reads():
    assert style.ink_on("#FFFFFF") == style.INK
    assert style.ink_on("#000000") == style.PAPER
