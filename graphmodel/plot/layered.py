"""Which plant feeds which: nodes in columns by stage, the largest links between them as curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.path import Path

from graphmodel.errors import UnknownNameError, nearest
from graphmodel.plot import style as look
from graphmodel.plot.flow_diagram import COLOURS
from graphmodel.plot.flow_layout import recycling_lane
from graphmodel.plot.places import country_names

LANE_MM, LINE_MM = 36.0, 2.9
"""Height of the recycling lane and of a line of text."""

TALLEST_MM, LOWEST_MM, EACH_MM = 138.0, 45.0, 5.0
"""Height of the columns: at most, at least, and for each node of the longest."""

LARGEST_MM, LEAST_MM, GAP_MM = 4.2, 0.45, 0.45
"""Radius of the largest and the least mark, and space between two marks of a column."""

THICK, THIN = 6.0, 0.3
"""Width of the largest link and the least, in points."""

SWEEPS = 8
SIDE_MM, ROOM_MM = 9.0, 36.0
"""Space left of the first column, and right of the last for names."""

HEAD_MM, FOOT_MM = 11.0, 15.0
"""Space above the columns for the names of stages, and below for the legend."""

LETTERS = 26
"""Letters of a name where there is room."""


@dataclass(eq=False)
class Mark:
    """One node: where it stands, in mm, and how large."""

    node_id: str
    label: str
    stage: str
    country: str
    plant: bool
    quantity: float
    x: float
    radius: float
    y: float = 0.0


def draw_layers(
    links: pd.DataFrame,
    nodes: pd.DataFrame,
    stages: pd.DataFrame,
    *,
    colour: str = "country",
    named: int = 7,
    note: str = "",
    ax: Axes | None = None,
    **style: Any,
) -> Axes:
    """Draw nodes in columns by stage, from left to right, and links between them.

    Parameters
    ----------
    links : DataFrame
        ``source``, ``target`` (node ids) and ``quantity``.
    nodes : DataFrame
        ``node_id``, ``label``, ``stage``, ``country``, ``plant`` (one plant, rather than many or a user),
        ``quantity``.
    stages : DataFrame
        Of the network.
    colour : {"country", "stage"}
        Colour of marks and links: country, or stage, of the supplier.
    named : int
        Nodes named in each column, the largest first; fewer where they would touch.
    note : str
        Printed at the foot.
    ax : Axes, optional
        Drawn on a new figure when absent.
    **style
        Passed to the `matplotlib.collections.PathCollection` of links.

    Raises
    ------
    UnknownNameError
        If there is no such colouring.

    Notes
    -----
    Areas of marks and widths of links grow with quantity. Recycling, and the origins that feed only it, stand in a
    lane below. Order within a column follows what a node is joined to, so that few links cross.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> links = pd.DataFrame({"source": ["mine-a"], "target": "refine-a", "quantity": 400.0})
    >>> nodes = pd.DataFrame({"node_id": ["mine-a", "refine-a"], "label": ["Mine A", "Refinery A"],
    ...     "stage": ["mining", "refining"], "country": ["CHL", "CHN"], "plant": True, "quantity": 400.0})
    >>> ax = gm.plot.draw_layers(links, nodes, gm.load("toy-battery").stages)
    >>> [words.get_text() for words in ax.texts]
    ['Mining', 'Refining', 'Mine A', 'Refinery A', '']
    """
    if colour not in COLOURS:
        raise UnknownNameError(f"cannot colour by {colour!r}; {nearest(colour, COLOURS)}")
    stage_of = nodes.set_index("node_id")["stage"]
    flows = pd.DataFrame(
        {
            "source_stage": links["source"].map(stage_of),
            "target_stage": links["target"].map(stage_of),
            "quantity": links["quantity"],
        }
    )
    used = stages[stages["stage"].isin(set(nodes["stage"]))].sort_values("order", kind="stable")
    lane = recycling_lane(flows, used)
    longest = nodes["stage"].map(used.set_index("stage")["order"])[~nodes["stage"].isin(lane)].value_counts().max()
    tall = min(max(EACH_MM * longest, LOWEST_MM), TALLEST_MM) if len(links) else LOWEST_MM
    around = (LANE_MM if lane else 0.0) + HEAD_MM + FOOT_MM
    tall = min(tall, max(0.98 * look.page().depth / look.page().scale - around, LOWEST_MM))
    high = tall + (LANE_MM if lane else 0.0)
    if ax is None:
        ax = look.whole_axes(look.new_figure(height=(high + HEAD_MM + FOOT_MM) / 0.98))
    ax.set_axis_off()
    if not len(links):
        return look.nothing_to_draw(ax, "no node feeds another")
    wide = look.width_of(ax) * 0.98
    ax.set_xlim(0, wide)
    ax.set_ylim(high + FOOT_MM, -HEAD_MM)
    marks = _place(links, nodes, used, flows, lane, tall, wide)
    styles = look.stage_styles(stages["stage"])
    colours = {
        mark.node_id: styles[mark.stage][0] if colour == "stage" else look.country_colour(mark.country)
        for mark in marks.values()
    }
    _links(ax, links, marks, colours, set(lane), style)
    _marks(ax, marks, colours)
    heads = _heads(ax, marks, used, lane)
    _names(ax, marks, named, heads)
    _foot(ax, marks, colours if colour == "country" else {}, high, note)
    return ax


def _place(
    links: pd.DataFrame,
    nodes: pd.DataFrame,
    stages: pd.DataFrame,
    flows: pd.DataFrame,
    lane: Sequence[str],
    tall: float,
    wide: float,
) -> dict[str, Mark]:
    """Set out the marks of every column and of the lane."""
    columns = [list(part["stage"]) for _, part in stages[~stages["stage"].isin(lane)].groupby("order", sort=True)]
    at = {stage: float(x) for x, column in enumerate(columns) for stage in column}
    fed = [at[stage] for stage in flows.loc[flows["source_stage"].isin(lane), "target_stage"] if stage in at]
    for number, stage in enumerate(lane):  # right of what they feed, so that links run back
        at[stage] = min(min(fed, default=0.0) + 1.5 + 2.0 * number, max(len(columns) - 1.0 + number, 1.0))
    right = max(at.values())
    step = (wide - SIDE_MM - ROOM_MM) / max(right, 1.0)
    largest = float(nodes["quantity"].max())
    marks = {
        row.node_id: Mark(
            row.node_id, row.label, row.stage, row.country, row.plant, row.quantity, SIDE_MM + at[row.stage] * step,
            max(LARGEST_MM * (row.quantity / largest) ** 0.5, LEAST_MM),
        )
        for row in look.rows(nodes.sort_values(["quantity", "node_id"], ascending=[False, True]))
    }  # fmt: skip
    groups = {stage: [mark for mark in marks.values() if mark.stage == stage] for stage in at}
    joined: dict[str, list[tuple[str, float]]] = {}
    for row in look.rows(links):
        joined.setdefault(row.source, []).append((row.target, row.quantity))
        joined.setdefault(row.target, []).append((row.source, row.quantity))
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else columns[::-1]:
            for stage in column:
                if sweep:
                    groups[stage].sort(key=lambda mark: (_pull(mark, joined, marks), -mark.quantity, mark.node_id))
            _stack([groups[stage] for stage in column], 0.0, tall)
    for stage in lane:
        groups[stage].sort(key=lambda mark: (mark.country, -mark.quantity, mark.node_id))
        _stack([groups[stage]], tall + 9.0, tall + LANE_MM)
    return marks


def _pull(mark: Mark, joined: Mapping[str, Sequence[tuple[str, float]]], marks: Mapping[str, Mark]) -> float:
    """Mean height of what a node is joined to, by the square root of quantity: small links count too."""
    ends = [(marks[other].y, quantity**0.5) for other, quantity in joined.get(mark.node_id, ())]
    whole = sum(weight for _, weight in ends)
    return sum(y * weight for y, weight in ends) / whole if whole else mark.y


def _stack(groups: Sequence[Sequence[Mark]], top: float, bottom: float) -> None:
    """Stand groups of marks below one another, evenly over the height; marks shrink where there are too many."""
    sizes = [2 * mark.radius for group in groups for mark in group]
    head = 9.0  # between two stages of one column, for the name of the lower one
    room = bottom - top - head * (len(groups) - 1)
    gap = (room - sum(sizes)) / max(len(sizes), 1)
    shrink = 1.0 if gap >= GAP_MM else max(room / len(sizes) - GAP_MM, 0.1) / (sum(sizes) / len(sizes))
    gap = max(gap, GAP_MM)
    y = top
    for group in groups:
        for mark in group:
            mark.radius *= shrink
            mark.y = y + gap / 2 + mark.radius
            y += 2 * mark.radius + gap
        y += head


def _links(
    ax: Axes,
    links: pd.DataFrame,
    marks: Mapping[str, Mark],
    colours: Mapping[str, str],
    lane: set[str],
    style: Mapping[str, Any],
) -> None:
    """Draw links as curves, thin ones on top of thick ones."""
    largest = float(links["quantity"].max())
    rows = list(look.rows(links.sort_values(["quantity", "source", "target"], ascending=[False, True, True])))
    paths = [_curve(marks[row.source], marks[row.target], lane) for row in rows]
    parts = [row.quantity / largest for row in rows]
    ax.add_collection(
        PathCollection(
            paths,
            **{
                "facecolors": "none",
                "edgecolors": [
                    to_rgba(colours[row.source], 0.3 + 0.45 * part**0.5) for row, part in zip(rows, parts, strict=True)
                ],
                "linewidths": [THIN + (THICK - THIN) * part for part in parts],
                "zorder": 1,
                **style,
            },
        ),
        autolim=False,
    )


def _curve(source: Mark, target: Mark, lane: set[str]) -> Path:
    """Join two marks: in an S to the right; round the side where it goes back or stays in its column."""
    start, end = (source.x, source.y), (target.x, target.y)
    reach = 0.5 * (target.x - source.x)
    if target.x > source.x + 1.0 or {source.stage, target.stage} <= lane:
        bends = (source.x + reach, source.y), (target.x - reach, target.y)
    elif source.stage in lane:  # out to the left, up and in from the left
        bends = (source.x - 14.0, source.y), (target.x - 14.0, target.y)
    else:
        bends = (source.x + 14.0, source.y), (target.x + 14.0, target.y)
    return Path([start, *bends, end], [Path.MOVETO, *[Path.CURVE4] * 3])


def _marks(ax: Axes, marks: Mapping[str, Mark], colours: Mapping[str, str]) -> None:
    """Draw single plants as discs, all others as squares."""
    points = 72 / 25.4
    for plant, shape in ((True, "o"), (False, "s")):
        chosen = [mark for mark in marks.values() if mark.plant is plant]
        side = 2.0 if plant else 3.1416**0.5  # so that equal areas mean equal tonnes
        ax.scatter(
            [mark.x for mark in chosen],
            [mark.y for mark in chosen],
            s=[(side * mark.radius * points) ** 2 for mark in chosen],
            c=[colours[mark.node_id] for mark in chosen],
            marker=shape,
            edgecolors=look.PAPER,
            linewidths=0.3,
            zorder=3,
        )


_Box = tuple[float, float, float, float]


def _heads(ax: Axes, marks: Mapping[str, Mark], stages: pd.DataFrame, lane: Sequence[str]) -> list[_Box]:
    """Name stages, those of one line in turn a line higher so that none touch; return where the words stand."""
    taken: list[_Box] = []
    xs = sorted({mark.x for mark in marks.values() if mark.stage not in lane})
    named: set[float] = set()
    for row in look.rows(stages):
        column = [mark for mark in marks.values() if mark.stage == row.stage]
        x = column[0].x
        first = row.stage not in lane and x not in named
        named |= {x} if first else set()
        raised = LINE_MM + 0.8 if first and len(xs) > 6 and xs.index(x) % 2 else 0.0
        y = -2.5 - raised if first else min(mark.y - mark.radius for mark in column) - 1.6
        words = look.plain(row.label or row.stage, 16)
        half = 0.6 * look.width_mm(words)  # bold is wider
        taken.append((x - half, y - LINE_MM, x + half, y))
        ax.text(
            x, y, words, ha="center", va="bottom",
            fontsize=look.SMALL + look.points(0.5), fontweight="bold",
            color=look.INK, zorder=6, path_effects=list(look.HALO),
        )  # fmt: skip
    return taken


def _names(ax: Axes, marks: Mapping[str, Mark], named: int, heads: list[_Box]) -> None:
    """Name the largest nodes of each stage where there is room: whole beside, above or below, else cut short."""
    ranked = sorted(marks.values(), key=lambda mark: (-mark.quantity, mark.node_id))
    chosen = [mark for stage in dict.fromkeys(mark.stage for mark in ranked) for mark in _largest(ranked, stage, named)]
    last = max(mark.x for mark in ranked)
    taken = heads + [
        (mark.x - mark.radius, mark.y - mark.radius, mark.x + mark.radius, mark.y + mark.radius) for mark in ranked
    ]
    for mark in sorted(chosen, key=lambda mark: (-mark.quantity, mark.node_id)):
        right, above = mark.radius + 0.7, mark.radius + 0.5 * LINE_MM
        sites = [(right, 0.0, "left"), (0.0, -above, "center"), (0.0, above, "center")]
        if mark.x == last:  # there is room beside it
            sites = sites[:1]
        shorter = [(letters, sites[0]) for letters in range(LETTERS - 1, 5, -1)]
        for letters, (over, down, side) in [*((LETTERS, site) for site in sites), *shorter]:
            words = look.plain(mark.label, letters)
            x, y, wide = mark.x + over, mark.y + down, look.width_mm(words) + 0.6
            left = x if side == "left" else x - wide / 2
            box = (left, y - LINE_MM / 2, left + wide, y + LINE_MM / 2)
            inside = left > 0 and box[1] > 0 and box[2] < ax.get_xlim()[1]
            if inside and not any(_touch(box, other) for other in taken):
                taken.append(box)
                ax.text(
                    x, y, words, ha=side, va="center_baseline", fontsize=look.SMALL, color=look.INK, zorder=5,
                    path_effects=list(look.HALO),
                )  # fmt: skip
                break


def _largest(ranked: Sequence[Mark], stage: str, named: int) -> list[Mark]:
    return [mark for mark in ranked if mark.stage == stage][:named]


def _touch(one: _Box, two: _Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _foot(ax: Axes, marks: Mapping[str, Mark], colours: Mapping[str, str], high: float, note: str) -> None:
    """Say below what colours, marks and widths mean."""
    names = country_names()
    sizes: dict[str, float] = {}
    for mark in marks.values():
        if mark.node_id in colours:
            country = mark.country if mark.country in look.COUNTRIES else ""
            sizes[country] = sizes.get(country, 0.0) + mark.quantity
    shown = sorted((country for country in sizes if country), key=lambda country: -sizes[country])
    entries = [(look.country_colour(country), look.plain(names.get(country, country), 18)) for country in shown]
    if "" in sizes:
        entries.append((look.GREY, "other countries"))
    dots: dict[str, Any] = {"linestyle": "none", "markersize": 5, "markeredgecolor": "none"}
    handles = [Line2D([], [], marker="D", color=shade, label=words, **dots) for shade, words in entries]
    handles += [
        Line2D([], [], marker="o", color=look.INK, label="a plant", **dots),
        Line2D([], [], marker="s", color=look.INK, label="rest of a country, or users", **dots),
    ]
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.0, high + 1.0), bbox_transform=ax.transData,
        ncols=8, borderaxespad=0.0, fontsize=look.SMALL, frameon=False, labelcolor=look.INK, handletextpad=0.1,
        columnspacing=1.0 if look.width_of(ax) > 175 else 0.3, handlelength=1.4,
    )  # fmt: skip
    ax.text(1.5, high + FOOT_MM - 0.5, look.plain(note, 150), fontsize=look.SMALL, color=look.INK, va="bottom")
