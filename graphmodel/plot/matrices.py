"""Matrices of shares: who makes most of each mineral at each stage, whose mineral passed whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from graphmodel.plot import style as look
from graphmodel.plot.cells import FEWEST, hundredths, shade, write
from graphmodel.plot.places import country_names, place_name

LEAST = 0.005
"""Shares below this are left blank."""

HEAD_ROW = 0.75
"""Height of a row that holds the head of a group of rows."""


def largest_by_stage(
    table: pd.DataFrame,
    *,
    stages: Sequence[str],
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Show who makes most of each mineral at each stage, and what share.

    Parameters
    ----------
    table : DataFrame
        ``family`` ("": no head), ``mineral``, ``stage``, ``largest`` (a code), ``largest_share``,
        ``unassigned_share``. Rows stand in the order of the table.
    stages : list of str
        Columns, in this order.
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for minerals and stages.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.pcolormesh`.

    Notes
    -----
    Blank: the mineral has no such stage. A code with a question mark, which the foot then explains: as much or more
    is made by unknown makers.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> made = pd.DataFrame({"family": "Battery", "mineral": "lithium", "stage": ["mining", "refining"],
    ...     "largest": ["AUS", "CHN"], "largest_share": [0.6, 1.0], "unassigned_share": 0.0})
    >>> ax = gm.plot.largest_by_stage(made, stages=["mining", "refining"])
    >>> [words.get_text().split() for words in ax.texts[:2]]
    [['AUS', '60'], ['CHN', '100']]
    """
    minerals = list(dict.fromkeys(zip(table["family"], table["mineral"], strict=True)))
    families = list(dict.fromkeys(table["family"]))
    ax = look.axes_or_new(ax, height=50 + 6.3 * len(minerals) + 4.7 * len(families))
    look.head(ax, title)
    if not minerals:
        return look.nothing_to_draw(ax, "no mineral is made in this network")
    words = names or {}
    top, tops, heads = 0.0, {}, {}
    for family in families:
        if family:
            heads[family] = top + HEAD_ROW / 2
            top += HEAD_ROW
        for pair in minerals:
            if pair[0] == family:
                tops[pair], top = top, top + 1.0
    cells = table.set_index(["family", "mineral"])
    for pair, start in tops.items():
        rows = cells.loc[[pair]]
        values = rows.set_index("stage")["largest_share"].reindex(stages).to_numpy(dtype=float)
        shade(ax, values[None, :], np.array([start, start + 1.0]), style)
        for each in look.rows(rows):
            doubt = not each.largest_share > each.unassigned_share
            lines = (
                f"{look.plain(each.largest, 4)}{'?' * doubt}\n{hundredths(each.largest_share)}" if each.largest else "?"
            )
            write(ax, list(stages).index(each.stage), start + 0.5, lines, each.largest_share, linespacing=1.0)
    for family, middle in heads.items():
        ax.text(
            0.0, middle + 0.08, look.plain(family), va="center", fontsize=look.TEXT, fontweight="bold", color=look.INK
        )
    labels = [look.plain(words.get(name, look.sentence(name.replace("-", " "))), 28) for _, name in tops]
    ax.set_yticks([start + 0.5 for start in tops.values()], labels)
    columns = [look.plain(words.get(stage, look.sentence(stage)), 24) for stage in stages]
    ax.set_xticks(np.arange(len(stages)) + 0.5, columns, rotation=55, ha="left", rotation_mode="anchor")
    _frame(ax, max(len(stages), FEWEST), top)
    return ax


def dependence_matrix(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Show what share of each user's mineral passed each place, a row a user, a column a place.

    Parameters
    ----------
    table : DataFrame
        ``kind`` (a line is drawn between kinds), ``label`` and ``demand`` of the user, ``unit``, ``group`` (a code),
        ``share``, ``own`` (whether the place is the user, or one of it). Rows and columns stand in the order of the
        table.
    ax, names, title, **style
        As in `largest_by_stage`.

    Notes
    -----
    Shares below half a hundredth are left blank, and places that have no others are left out. A frame marks what
    passes the user itself.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> passed = pd.DataFrame({"kind": "country", "label": "United States", "demand": 500.0, "unit": "t lithium",
    ...     "group": ["CHN", "AUS"], "share": [1.0, 0.6], "own": False})
    >>> ax = gm.plot.dependence_matrix(passed)
    >>> [(place.get_text(), share.get_text()) for place, share in zip(ax.get_xticklabels(), ax.texts)]
    [('China', '100'), ('Australia', '60')]
    """
    users = table.drop_duplicates(["kind", "label"])
    table = table[table.groupby("group")["share"].transform("max") >= LEAST]
    places = list(dict.fromkeys(table["group"]))
    ax = look.axes_or_new(ax, height=44 + 6 * max(len(users), 3))
    look.head(ax, title)
    if not places:
        return look.nothing_to_draw(ax, "nothing that is used passed any place")
    words = {**country_names(), **(names or {})}
    of = {pair: row for row, pair in enumerate(zip(users["kind"], users["label"], strict=True))}
    values = np.full((len(of), len(places)), np.nan)
    for each in look.rows(table):
        row, column = of[each.kind, each.label], places.index(each.group)
        if each.share >= LEAST:
            values[row, column] = each.share
            write(ax, column, row + 0.5, hundredths(each.share), each.share)
        if each.own:
            around = (column + 0.06, row + 0.08), 0.88, 0.84
            ax.add_patch(Rectangle(*around, fill=False, edgecolor=look.INK, linewidth=0.8, zorder=3))
    shade(ax, values, np.arange(len(of) + 1.0), style)
    for row, (above, below) in enumerate(pairwise(users["kind"]), start=1):
        if above != below:
            ax.axhline(row, color=look.INK, linewidth=0.6)
    divisor, unit = look.scaled(float(users["demand"].max()), str(users["unit"].iloc[0]))
    labels = [f"{look.plain(user.label, 40)}  {look.quantity(user.demand / divisor)}" for user in look.rows(users)]
    ax.set_yticks(np.arange(len(of)) + 0.5, labels)
    columns = [look.plain(look.sentence(place_name(place, words)), 24) for place in places]
    ax.set_xticks(np.arange(len(places)) + 0.5, columns, rotation=45, ha="left", rotation_mode="anchor")
    _frame(ax, max(len(places), FEWEST), len(of))
    ax.annotate(
        f"use, {unit.replace('-', ' ')} a year", (0, 0), xytext=(look.points(-3), look.points(5)),
        textcoords="offset points", ha="right", fontsize=look.SMALL, color=look.INK, annotation_clip=False,
    )  # fmt: skip
    look.x_title(ax, "share of the mineral in what is used, %; frame: passes the user itself", loc="left")
    return ax


def _frame(ax: Axes, width: float, height: float) -> None:
    """Put columns' names on top and leave out all lines."""
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    look.tidy(ax, grid="none")
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelsize=look.SMALL, colors=look.INK)
    for side in ax.spines.values():
        side.set_visible(False)
