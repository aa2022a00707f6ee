"""Colours side by side differ to every eye: in lightness or mark in print, and to a deuteranope."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from matplotlib.colors import to_hex

from graphmodel import figures
from graphmodel.plot import closure, quality, style
from graphmodel.plot.percolation import ORDERS
from graphmodel.plot.responses import MARKS
from tests.plot.sight import difference, lightness

CHAIN = ["mining", "intermediate", "refining", "pcam", "cam", "cell", "vehicle", "use", "stock"]
NEIGHBOURS = [*pairwise(CHAIN), ("collection", "recycling"), ("recycling", "refining")]
GREYS = {"other countries": style.GREY, "small ones": style.country_colour(style.OTHERS), "in a stack": style.FAINT}


def seen(one: str, other: str) -> float:
    return difference(one, other, deuteranope=True)


def test_the_measures_agree_with_known_values():
    # black to white is 100; L* of the middle grey #777777 is 50; red and green of equal lightness fade to a deuteranope
    assert difference("#000000", "#FFFFFF") == pytest.approx(100, abs=0.01)
    assert lightness("#777777") == pytest.approx(50, abs=0.1)
    assert lightness("#0072B2") == pytest.approx(style.luminance("#0072B2"), abs=0.01)
    assert difference("#B45050", "#4F7F3F") > 60
    assert seen("#B45050", "#4F7F3F") < 20
    assert seen("#808080", "#808080") == 0


@pytest.mark.parametrize(("left", "right"), NEIGHBOURS)
def test_stages_in_a_row_differ(left, right):
    one, other = (style.STAGES[stage][0] for stage in (left, right))
    assert abs(lightness(one) - lightness(other)) > 15
    assert seen(one, other) > 20


def test_any_two_stages_differ_to_a_deuteranope_and_in_mark():
    for one, other in combinations(style.STAGES.values(), 2):
        assert seen(one[0], other[0]) >= 10 or one[1] != other[1]
        assert one[1] != other[1]


def test_any_two_countries_differ_to_a_deuteranope():
    # any two may meet in a stack or a flow diagram; the greys meet them, too
    colours = {**style.COUNTRIES, **GREYS}
    close = [
        (one, other)
        for one, other in combinations(colours, 2)
        if seen(colours[one], colours[other]) < 10 and not {one, other} <= set(GREYS)
    ]
    assert close == []


def test_what_is_stacked_has_white_edges_and_names(toy):
    ax = figures.stage_shares(toy).figure.axes[0]
    assert all(patch.get_edgecolor()[:3] == (1, 1, 1) and patch.get_linewidth() > 0 for patch in ax.patches)
    assert {"Australia 60 %", "Chile 40 %"} <= {text.get_text() for text in ax.texts}


def test_lines_of_the_same_dash_differ_in_grey():
    assert len(style.DASHES) < len(style.LINES)
    for place, colour in enumerate(style.LINES):
        for later in style.LINES[place + len(style.DASHES) :: len(style.DASHES)]:
            assert abs(lightness(colour) - lightness(later)) > 15
            assert seen(colour, later) > 10


def test_orders_of_removal_differ_in_dash():
    assert len({str(dash) for _, _, dash in ORDERS.values()}) == len(ORDERS)


def test_responses_differ_in_mark():
    shapes = [(mark["marker"], mark["s"], mark["color"]) for _, mark in MARKS.values()]
    assert len(set(shapes)) == len(MARKS)


@pytest.mark.parametrize("colours", [closure.BASIS_COLOURS, quality.GRADE_COLOURS], ids=["basis", "grade"])
def test_stacked_kinds_run_from_dark_to_light(colours):
    light = [lightness(colour) for colour in colours.values()]
    assert all(later - one > 15 for one, later in pairwise(light))


def test_stages_on_the_map_differ_in_mark(toy):
    marks = figures.world_map(toy).figure.axes[0].collections[1]
    assert len({path.vertices.tobytes() for path in marks.get_paths()}) == toy.nodes["stage"].nunique()


def test_heat_runs_from_light_to_dark():
    light = [lightness(to_hex(style.HEAT(step / 10))) for step in range(11)]
    assert all(one - later > 2 for one, later in pairwise(light))
