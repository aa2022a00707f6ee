"""The chain from mine to use: bars of countries at each stage, ribbons between them, recycling in its own lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from graphmodel.errors import UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_layout import Bar, Layout, Ribbon, lay_out, sides_of
from graphmodel.plot.flow_table import flow_table, main_mineral
from graphmodel.plot.places import country_names

BAR_MM, LETTER_MM, LINE_MM = 2.0, 1.2, 2.75
"""Width of a bar, width of a letter and height of a line of text."""
BOLD = 1.35
"""How much wider a letter of a heading is."""

COLOURS = ("country", "stage")
"""What ribbons can be coloured by."""

HEIGHT = 118.0
"""Height of a new figure, in mm."""


def flow_diagram(
    network: Network,
    *,
    mineral: str | None = None,
    colour: str = "country",
    ax: Axes | None = None,
    smallest: float = 0.017,
    **style: Any,
) -> Axes:
    """Draw what flows from stage to stage, in tonnes of contained mineral.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    colour : {"country", "stage"}
        Colour of ribbons and bars: country, or stage, of the supplier.
    ax : Axes, optional
        Drawn on a new figure when absent.
    smallest : float
        Countries that handle less than this share of the largest stage are joined as others.
    **style
        Passed to every ribbon, a `matplotlib.patches.PathPatch`.

    Returns
    -------
    Axes
        Bars from left to right in stage order; recycling below, running back from right to left.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or none of it flows.
    UnknownNameError
        If there is no such mineral or colouring.

    Notes
    -----
    Drawn from `flow_table`. A bar is as high as the larger of what comes in and what goes out. Flows within a
    stage are left out.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.flow_diagram(gm.load("toy-battery"), mineral="lithium")
    >>> {"South Korea 600", "Chile 400"} <= {words.get_text() for words in ax.texts}
    True
    """
    flows = flow_table(network, mineral=mineral or main_mineral(network), smallest=smallest)
    return draw_flows(flows, network.stages, colour=colour, ax=ax, **style)


def draw_flows(
    flows: pd.DataFrame, stages: pd.DataFrame, *, colour: str = "country", ax: Axes | None = None, **style: Any
) -> Axes:
    """Draw a `flow_table`; parameters as in `flow_diagram`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> flows = gm.plot.flow_table(toy, mineral="lithium")
    >>> ax = gm.plot.draw_flows(flows[flows["target_stage"] == "refining"], toy.stages)
    >>> "Australia 600" in {words.get_text() for words in ax.texts}
    True
    """
    if colour not in COLOURS:
        raise UnknownNameError(f"cannot colour by {colour!r}; {nearest(colour, COLOURS)}")
    flows = flows[flows["source_stage"] != flows["target_stage"]]
    ax = look.whole_axes(look.new_figure(height=HEIGHT)) if ax is None else ax
    ax.set_axis_off()
    if not len(flows):
        return look.nothing_to_draw(ax, "all flows stay within one stage")
    layout = lay_out(flows, stages)
    divisor, unit = look.scaled(layout.height, str(flows["unit"].iloc[0]))
    labels = {row.stage: row.label or row.stage for row in look.rows(stages)}
    scene = _Scene(ax, layout, divisor, labels, colour, style)
    scene.set_extent()
    scene.ribbons()
    scene.bars()
    scene.heads(unit)
    return ax


@dataclass
class _Scene:
    """Axes with everything the parts of the drawing share."""

    ax: Axes
    layout: Layout
    divisor: float
    labels: Mapping[str, str]
    colour: str
    style: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.names = country_names()
        self.stage_style = look.stage_styles(self.labels)
        dots = self.ax.get_window_extent()
        dpi, scale = look.figure_of(self.ax).dpi, look.page().scale  # lengths below are those of the plain page
        wide, high = (max(side / dpi * 25.4 / scale, 50.0) for side in (dots.width, dots.height))
        columns = max([bar.x for bar in self.layout.bars] + [1.0]) + 0.04
        last = [bar for bar in self.layout.bars if bar.x > columns - 1.04]
        self.last_column, self.letters = columns - 1.04, 99
        widest = max([len(self._label(bar)) for bar in last] + [10])
        heads = [BOLD * len(self._head(bar.stage)) - BAR_MM / LETTER_MM for bar in last]
        room = 4.0 + LETTER_MM * max([widest, *heads])
        per_mm = columns / max(wide - room, 1.0)
        self.right = columns - 0.04 + room * per_mm
        self.bar = BAR_MM * per_mm
        main = [len(self._head(stage)) for column in self.layout.columns for stage in column]
        crowded = BOLD * LETTER_MM * max([*main, 0]) > 1.0 / per_mm
        self.head_size = look.SMALL + look.points(0.0 if crowded else 0.5)
        self.letters = int((1.0 / per_mm - BAR_MM - 1.0) / LETTER_MM)
        self.below = self.layout.bottom + 0.055 * self.layout.height
        self.above = -0.11 * self.layout.height
        self.line = LINE_MM * (self.below - self.above) / high
        self.across = per_mm * high / (self.below - self.above)

    def set_extent(self) -> None:
        self.ax.set_xlim(-0.04, self.right)
        self.ax.set_ylim(self.below, self.above)

    def ribbons(self) -> None:
        channel: dict[str, float] = {}
        turning = [r for r in self.layout.ribbons if r.kind == "return"]
        for ribbon in sorted(turning, key=lambda r: -(r.source if r.target.lane else r.target).y):
            self._patch(ribbon, self._turn(ribbon, channel), front=True)
        for ribbon in self.layout.ribbons:
            if ribbon.kind != "return":
                self._patch(ribbon, self._sweep(ribbon), front=ribbon.source.lane)

    def _patch(self, ribbon: Ribbon, path: Path, *, front: bool) -> None:
        skips = len(ribbon.points) > 2
        lane = ribbon.source.lane or ribbon.target.lane
        drawn = {
            "facecolor": self._colour_of(ribbon),
            "edgecolor": "none",
            "linewidth": 0,
            "alpha": 0.8 if lane else (0.34 if skips else 0.5),
            "zorder": 2.2 if front else (1.0 if skips else 1.5),
            **self.style,
        }
        self.ax.add_patch(PathPatch(path, **drawn))

    def _colour_of(self, ribbon: Ribbon) -> str:
        recycled = [bar.stage for bar in (ribbon.source, ribbon.target) if bar.lane]
        if recycled:
            return self.stage_style[recycled[0]][0]
        return self._bar_colour(ribbon.source)

    def _bar_colour(self, bar: Bar) -> str:
        if self.colour == "stage" or bar.lane:
            return self.stage_style[bar.stage][0]
        return look.country_colour(bar.country)

    def _sweep(self, ribbon: Ribbon) -> Path:
        """Outline of a ribbon that swings from bar to bar."""
        leaves, _ = sides_of(ribbon)
        backward = leaves == "left"
        upper: list[tuple[float, float]] = []
        points = ribbon.points
        for place, (x, y) in enumerate(points):
            if place > 0:
                upper.append((x + (self.bar if backward else 0.0), y))
            if place < len(points) - 1:
                upper.append((x + (0.0 if backward else self.bar), y))
        vertices, codes = [upper[0]], [Path.MOVETO]
        _curve(vertices, codes, upper[1:])
        lower = [(x, y + ribbon.width) for x, y in reversed(upper)]
        vertices.append(lower[0])
        codes.append(Path.LINETO)
        _curve(vertices, codes, lower[1:])
        return Path([*vertices, upper[0]], [*codes, Path.CLOSEPOLY])

    def _turn(self, ribbon: Ribbon, channel: dict[str, float]) -> Path:
        """Outline of a ribbon that turns back: out of a bar, down or up at the side, into the lane."""
        right = ribbon.target.lane
        upper, lower = (ribbon.points[0], ribbon.points[-1]) if right else (ribbon.points[-1], ribbon.points[0])
        thick = ribbon.width * self.across
        side = "right" if right else "left"
        inner = channel.get(side, 0.0)
        channel[side] = inner + thick
        sign = 1.0 if right else -1.0
        bar_x = upper[0] + (self.bar if right else 0.0)
        lane_x = lower[0] + (self.bar if right else 0.0)
        near = bar_x + sign * (0.24 + inner)
        far = near + sign * thick
        radius_y = min(0.035 * self.layout.height, (lower[1] - upper[1]) / 3)
        width = ribbon.width
        radius_x = 0.14
        outer = _bend(bar_x, upper[1], far, lane_x, lower[1] + width, radius_x + thick, radius_y + width, sign)
        inside = _bend(bar_x, upper[1] + width, near, lane_x, lower[1], radius_x, radius_y, sign)
        vertices = [point for point, _ in outer] + [point for point, _ in reversed(inside)] + [outer[0][0]]
        codes = [code for _, code in outer]
        codes += [Path.LINETO, *_reversed_codes([code for _, code in inside]), Path.CLOSEPOLY]
        return Path(vertices, codes)

    def bars(self) -> None:
        by_column: dict[float, list[Bar]] = {}
        for bar in self.layout.bars:
            self.ax.add_patch(
                Rectangle(
                    (bar.x, bar.y), self.bar, bar.height, facecolor=self._bar_colour(bar), edgecolor="none", zorder=3
                )
            )
            by_column.setdefault(bar.x, []).append(bar)
        for column in by_column.values():
            self._name(sorted(column, key=lambda bar: bar.y))

    def _label(self, bar: Bar) -> str:
        """Name and quantity; the country's code where the name would run into the next column."""
        amount = look.quantity(bar.height / self.divisor)
        label = f"{look.plain(look.sentence(self.names.get(bar.country, bar.country)), 18)} {amount}"
        crowded = len(label) > self.letters and bar.x <= self.last_column
        return f"{look.plain(bar.country, 18)} {amount}" if crowded else label

    def _name(self, bars: list[Bar]) -> None:
        """Name the bars of one column, moved apart where they would touch."""
        heights = spread([bar.middle for bar in bars], self.line)
        for bar, y in zip(bars, heights, strict=True):
            self.ax.text(
                bar.x + self.bar + 0.035,
                y,
                self._label(bar),
                fontsize=look.SMALL,
                color=look.INK,
                va="center",
                zorder=5,
                path_effects=list(look.HALO),
            )

    def _head(self, stage: str) -> str:
        return look.plain(self.labels.get(stage, stage), 20)

    def heads(self, unit: str) -> None:
        """Write stages and their totals above their bars, and the unit below all."""
        stages = [stage for column in self.layout.columns for stage in column] + self.layout.lane
        for stage in stages:
            bars = [bar for bar in self.layout.bars if bar.stage == stage]
            top = min(bar.y for bar in bars)
            total = sum(bar.height for bar in bars)
            for words, lift, weight in (
                (self._head(stage), 1.55, "bold"),
                (look.quantity(total / self.divisor), 0.45, "normal"),
            ):
                self.ax.text(
                    bars[0].x,
                    top - lift * self.line,
                    words,
                    fontsize=self.head_size,
                    fontweight=weight,
                    color=look.INK,
                    va="bottom",
                    zorder=5,
                    path_effects=list(look.HALO),
                )
        words = look.plain(unit.replace("t ", "t of contained ", 1))
        who = "supplying country" if self.colour == "country" else "supplying stage"
        self.ax.text(
            0,
            0,
            f"Heights and numbers: {words} a year. Colour: {who}; pale: passes a stage by.",
            transform=self.ax.transAxes,
            fontsize=look.SMALL,
            color=look.INK,
            va="bottom",
        )


def _curve(vertices: list[tuple[float, float]], codes: list[Any], points: list[tuple[float, float]]) -> None:
    """Go on to each point: straight at one height, else in an S."""
    for x, y in points:
        x0, y0 = vertices[-1]
        if y == y0:
            vertices.append((x, y))
            codes.append(Path.LINETO)
            continue
        middle = (x0 + x) / 2
        vertices += [(middle, y0), (middle, y), (x, y)]
        codes += [Path.CURVE4] * 3


_Step = tuple[tuple[float, float], Any]


def _bend(
    x0: float, y0: float, side: float, x1: float, y1: float, radius_x: float, radius_y: float, sign: float
) -> list[_Step]:
    """One edge of a turn: along, round, down the side, round, and back."""
    return [
        ((x0, y0), Path.MOVETO),
        ((side - sign * radius_x, y0), Path.LINETO),
        ((side, y0), Path.CURVE3),
        ((side, y0 + radius_y), Path.CURVE3),
        ((side, y1 - radius_y), Path.LINETO),
        ((side, y1), Path.CURVE3),
        ((side - sign * radius_x, y1), Path.CURVE3),
        ((x1, y1), Path.LINETO),
    ]


def _reversed_codes(codes: list[Any]) -> list[Any]:
    """Codes of a path run backwards, its first point joined by a line already."""
    return list(reversed(codes[1:]))


def spread(places: list[float], apart: float) -> list[float]:
    """Move sorted places as little as needed to lie that far apart.

    Examples
    --------
    >>> spread([0.0, 1.0, 5.0], 2.0)
    [-0.5, 1.5, 5.0]
    """
    groups: list[tuple[float, int]] = []
    for place in places:
        groups.append((place, 1))
        while len(groups) > 1:
            (above, n), (below, m) = groups[-2], groups[-1]
            if below - above >= apart * (n + m) / 2 - 1e-12:
                break
            groups[-2:] = [((above * n + below * m) / (n + m), n + m)]
    return [middle + apart * (at - (count - 1) / 2) for middle, count in groups for at in range(count)]
