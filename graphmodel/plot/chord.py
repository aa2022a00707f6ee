"""Trade in a circle: an arc for each place, ribbons from those that send to those that take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Wedge
from matplotlib.path import Path

from graphmodel._types import FloatArray
from graphmodel.plot import style as look
from graphmodel.plot.flow_diagram import spread
from graphmodel.plot.places import country_names

GAP = 0.035
"""Angle between two arcs, in radians."""

RING, SENT, TAKEN = (1.02, 1.08), 1.0, 0.95
"""Radii of the arcs, and of the two ends of a ribbon: it stops short of the place that takes it."""

STEP = 0.02
"""Angle between two points of an arc, in radians."""

LINE = 0.125
"""Height of a label of two lines, where the radius is 1 and a new figure has its full height."""

BOTTOM, TOP, HEIGHT = -1.42, 1.26, 128.0
"""Ends of the drawing, and height of a new figure in mm."""


@dataclass(eq=False)
class Place:
    """One arc; ``ends`` are the angles of each ribbon's end by partner and direction."""

    name: str
    sent: float
    taken: float
    start: float = 0.0
    stop: float = 0.0
    ends: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)


def draw_chord(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
    note: str = "",
    **style: Any,
) -> Axes:
    """Draw what places send one another as ribbons in a circle.

    Parameters
    ----------
    table : DataFrame
        ``source``, ``target``, ``unit``, ``quantity``; one row a pair and direction. What stays in a place is left out.
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for places.
    title, note : str
        Printed above, and at the foot.
    **style
        Passed to every ribbon, a `matplotlib.patches.PathPatch`.

    Notes
    -----
    Places stand clockwise from the top, the largest trade first, `OTHERS` last. An arc is as long as what a place
    sends and takes. A ribbon has the colour of the sender, touches its arc, and ends a little before the taker's.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> trade = pd.DataFrame({"source": ["AUS", "CHN"], "target": ["CHN", "KOR"], "unit": "t lithium",
    ...     "quantity": [600.0, 400.0]})
    >>> ax = gm.plot.draw_chord(trade)
    >>> print(ax.texts[0].get_text())
    China
    sends 400, takes 600
    """
    table = table[(table["source"] != table["target"]) & (table["quantity"] > 0)]
    high = min(HEIGHT, look.page().depth / look.page().scale)
    ax = look.whole_axes(look.new_figure(height=high)) if ax is None else ax
    ax.set_axis_off()
    if not len(table):
        return look.nothing_to_draw(ax, "nothing crosses a border")
    places = _set_out(table)
    colours = look.country_colours(places)
    for name, place in places.items():
        ax.add_patch(
            Wedge(
                (0, 0), RING[1], _degrees(place.stop), _degrees(place.start), width=RING[1] - RING[0],
                facecolor=colours[name], edgecolor="none", zorder=3,
            )
        )  # fmt: skip
    for row in look.rows(table.sort_values(["quantity", "source", "target"], ascending=[False, True, True])):
        path = _ribbon(places[row.source].ends[row.target, "sent"], places[row.target].ends[row.source, "taken"])
        drawn = {
            "facecolor": colours[row.source], "alpha": 0.7, "edgecolor": colours[row.source], "linewidth": 0.2,
            "zorder": 2, **style,
        }  # fmt: skip
        ax.add_patch(PathPatch(path, **drawn))
    dots = ax.get_window_extent()
    wide, line = (TOP - BOTTOM) / 2 * dots.width / dots.height, LINE * HEIGHT / high
    ax.set_xlim(-wide, wide)
    ax.set_ylim(BOTTOM, TOP)
    ax.set_aspect("equal")
    divisor, unit = look.scaled(float(table["quantity"].sum()), str(table["unit"].iloc[0]))
    words = {**country_names(), **(names or {})}
    _label(ax, list(places.values()), divisor, words, line)
    if title:
        ax.text(-wide, TOP, look.plain(title, 60), fontsize=look.HEAD, fontweight="bold", color=look.INK, va="top")
    contained = unit.replace("t ", "t of contained ", 1).replace("-", " ")
    for row, words_below in enumerate((note, f"Numbers: {contained} a year.")):
        ax.text(
            -wide,
            BOTTOM + row * line / 2,
            look.plain(words_below, 130),
            fontsize=look.SMALL,
            color=look.INK,
            va="bottom",
        )
    return ax


def _set_out(table: pd.DataFrame) -> dict[str, Place]:
    """Give every place its arc, and every ribbon its part of two arcs."""
    sent, taken = (table.groupby(side)["quantity"].sum() for side in ("source", "target"))
    places = [
        Place(str(name), float(sent.get(name, 0.0)), float(taken.get(name, 0.0)))
        for name in sorted({*table["source"], *table["target"]})
    ]
    places.sort(key=lambda place: (place.name == look.OTHERS, -round(place.sent + place.taken, 6), place.name))
    per = (2 * np.pi - GAP * len(places)) / sum(place.sent + place.taken for place in places)
    flows = {(row.source, row.target): row.quantity for row in look.rows(table)}
    angle = GAP / 2
    for at, place in enumerate(places):
        place.start = angle
        # partners just before a place at the start of its arc, those just after it at the end, so that few cross
        for partner in [places[at - turn] for turn in range(1, len(places))]:
            for way, pair in (
                ("sent", (place.name, partner.name)),
                ("taken", (partner.name, place.name)),
            ):
                end = angle + per * flows.get(pair, 0.0)
                place.ends[partner.name, way] = (angle, end)
                angle = end
        place.stop = angle
        angle += GAP
    return {place.name: place for place in places}


def _at(angle: float | FloatArray, radius: float) -> FloatArray:
    """Point at an angle clockwise from the top."""
    return radius * np.column_stack([np.sin(np.atleast_1d(angle)), np.cos(np.atleast_1d(angle))])


def _degrees(angle: float) -> float:
    """Angle as matplotlib counts it: from the right, against the clock."""
    return 90.0 - float(np.degrees(angle))


def _ribbon(sent: tuple[float, float], taken: tuple[float, float]) -> Path:
    """Outline: along the sender's arc, through the middle, along the taker's, and back."""
    first, second = (
        _at(np.linspace(*ends, max(int((ends[1] - ends[0]) / STEP), 1) + 1), radius)
        for ends, radius in ((sent, SENT), (taken, TAKEN))
    )
    there, back = _bend(sent[1], taken[0]), _bend(taken[1], sent[0])
    points = np.concatenate([first, there, second, back, first[:1]])
    first_lines, second_lines = ([Path.LINETO] * (len(side) - 1) for side in (first, second))
    turn = [Path.CURVE3] * 2
    return Path(points, [Path.MOVETO, *first_lines, *turn, *second_lines, *turn])


def _bend(one: float, other: float) -> FloatArray:
    """Point a curve bends towards: the middle for places that face one another, near the edge for neighbours."""
    apart = np.pi - abs(np.pi - abs(one - other) % (2 * np.pi))
    between = _at(one, 1.0) + _at(other, 1.0)
    length = float(np.hypot(*between[0]))
    return between / length * 0.92 * (1.0 - apart / np.pi) ** 1.5 if length > 1e-9 else np.zeros((1, 2))


def _label(ax: Axes, places: list[Place], divisor: float, words: Mapping[str, str], line: float) -> None:
    """Name places on both sides of the circle, moved apart where they would touch, with a line to their arcs."""
    for right in (True, False):
        side = [place for place in places if (np.sin((place.start + place.stop) / 2) >= 0) == right]
        middles = {place.name: _at((place.start + place.stop) / 2, RING[1] + 0.01)[0] for place in side}
        side.sort(key=lambda place: float(middles[place.name][1]))
        heights = spread([1.06 * float(middles[place.name][1]) for place in side], line)
        limit = TOP - line / 2
        for at in reversed(range(len(heights))):  # none above the page
            heights[at] = min(heights[at], limit)
            limit = heights[at] - line
        for place, y in zip(side, heights, strict=True):
            x0, y0 = (float(value) for value in middles[place.name])
            reach = float(np.sqrt(max(1.16**2 - y**2, 0.0)))
            x = max(reach, abs(x0) + 0.04) * (1 if right else -1)
            ax.plot([x0, x], [y0, y], color=look.GREY, linewidth=0.5, zorder=1)
            name = look.plain(look.sentence(words.get(place.name, place.name)), 26)
            ways = (("sends", place.sent / divisor), ("takes", place.taken / divisor))
            numbers = ", ".join(f"{way} {look.quantity(size)}" for way, size in ways if size >= 0.05)
            ax.text(
                x + (0.02 if right else -0.02), y, f"{name}\n{numbers}", ha="left" if right else "right", va="center",
                fontsize=look.SMALL, color=look.INK, linespacing=1.1, zorder=5,
            )  # fmt: skip
