"""Positions in the network, alone and against the loss they claim to predict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.errors import UnknownNameError, nearest
from graphmodel.plot import style as look
from graphmodel.plot.removal import row_names
from graphmodel.results import CentralityResult, ChokepointResult

_NOT_MEASURES = ("rank", "removed", "label", "n_nodes", "loss", "frozen_share", "reachability_share", "spearman")


def centrality_ranking(
    result: CentralityResult,
    *,
    measure: str | None = None,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    **style: Any,
) -> Axes:
    """Rank nodes by one measure, the highest on top.

    Parameters
    ----------
    result : CentralityResult
    measure : str, optional
        The first in the table when absent.
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of rows.
    names : mapping, optional
        Words to print for node ids.
    **style
        Passed to `matplotlib.axes.Axes.barh`.

    Raises
    ------
    UnknownNameError
        If the table has no such measure.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> ax = gm.plot.centrality_ranking(gm.centrality(toy, mineral="lithium"), measure="betweenness", top=2)
    >>> [(label.get_text(), float(bar.get_width())) for label, bar in zip(ax.get_yticklabels(), ax.patches)]
    [('refine-a', 8.0), ('cell-a', 4.5)]
    """
    table = result.table
    chosen = look.chosen_or_first(measure, table["measure"], "measure")
    table = table[(table["measure"] == chosen) & table["value"].notna()]
    table = table.sort_values(["rank", "node_id"], kind="stable").head(top)
    ax = look.axes_or_new(ax, height=12 + 5 * max(len(table), 3))
    if not len(table):
        return look.nothing_to_draw(ax, "no node has a value of this measure")
    words = names or {}
    ax.barh(range(len(table)), table["value"], **{"color": look.BAR, "height": 0.7, **style})
    for row, value in enumerate(table["value"]):
        look.beside(ax, look.number(value), max(value, 0.0), row)
    look.name_rows(ax, [look.plain(words.get(node, node), 44) for node in table["node_id"]])
    ax.margins(x=0.1)
    look.write_ticks(ax.xaxis, look.number)
    look.x_title(ax, chosen.replace("_", " "))
    look.tidy(ax)
    return ax


def centrality_against_loss(
    result: ChokepointResult,
    *,
    measure: str = "betweenness",
    ax: Axes | None = None,
    labelled: int = 5,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Set one measure of position against what is lost, and name what stands out.

    Parameters
    ----------
    result : ChokepointResult
    measure : str
        One of the measures in the table.
    ax : Axes, optional
        Drawn on a new figure when absent.
    labelled : int
        How many points are named: those that lose most, and the most central one.
    names : mapping, optional
        Words to print for stages and other codes in ids.
    title : str
        Printed above, from the left; the measure when absent.
    **style
        Passed to `matplotlib.axes.Axes.scatter`.

    Raises
    ------
    UnknownNameError
        If the table has no such measure.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> ax = gm.plot.centrality_against_loss(gm.chokepoints(toy, mineral="lithium"), labelled=3)
    >>> [words.get_text() for words in ax.texts]
    ['Refinery A', 'Cell plant A']
    """
    table = result.table
    known = [str(column) for column in table if column not in _NOT_MEASURES]
    if measure not in known:
        raise UnknownNameError(f"no measure {measure!r} in this result; {nearest(measure, known)}")
    ax = look.axes_or_new(ax, height=80, width=88)
    table = table[table[measure].notna() & table["frozen_share"].notna()].reset_index(drop=True)
    words = measure.replace("_", " ")
    if "spearman" in table and len(table):
        words = f"{words}, Spearman {look.number(float(table['spearman'].iloc[0]), 2)}"
    look.head(ax, title or look.sentence(words))
    if not len(table):
        return look.nothing_to_draw(ax, "nothing to compare")
    ax.scatter(
        table[measure],
        table["frozen_share"],
        **{
            "s": 16,
            "color": look.BAR,
            "alpha": 0.75,
            "edgecolors": look.PAPER,
            "linewidths": 0.4,
            "clip_on": False,
            **style,
        },
    )
    width = float(table[measure].max()) or 1.0
    height = float(table["frozen_share"].max()) or 1.0
    ax.set_xlim(-0.03 * width, 1.04 * width)
    ax.set_ylim(-0.03 * height, 1.12 * height)
    _name_outliers(ax, table, measure, labelled, names, (width, height))
    look.write_ticks(ax.xaxis, look.number)
    ax.xaxis.set_major_locator(look.few_ticks())
    look.write_ticks(ax.yaxis, look.percent)
    ax.yaxis.set_major_locator(look.few_ticks())
    look.x_title(ax, words.partition(",")[0])
    look.tidy(ax, grid="y")
    return ax


def _name_outliers(
    ax: Axes,
    table: pd.DataFrame,
    measure: str,
    labelled: int,
    names: Mapping[str, str] | None,
    extent: tuple[float, float],
) -> None:
    """Name the largest losses and the most central, each where it covers no other; one with no such place goes bare."""
    lost = list(table.sort_values(["frozen_share", "removed"], ascending=[False, True]).index[: max(labelled - 1, 0)])
    central = list(table.sort_values([measure, "removed"], ascending=[False, True]).index[:1])
    chosen = table.loc[list(dict.fromkeys([*lost, *central]))[:labelled]]
    box = ax.get_window_extent()
    per_point = look.figure_of(ax).dpi / 72
    letter, line = 0.5 * look.SMALL * per_point / box.width, 1.25 * look.SMALL * per_point / box.height
    width, height = extent
    points = list(zip(chosen[measure] / width, chosen["frozen_share"] / height, strict=True))
    every = zip(table[measure] / width, table["frozen_share"] / height, strict=True)
    taken: list[_Box] = [(x - 0.01, y - 0.015, x + 0.01, y + 0.015) for x, y in every]
    for label, (x, y) in zip(row_names(chosen, names), points, strict=True):
        words, room = look.plain(label, 44), max(int(max(x, 1 - x) / letter), 8)
        if len(words) > room:  # fits on neither side in one line
            words = "\n".join(look.plain(part, room) for part in label.split(" · "))
        lines = words.split("\n")
        found = _free_place(x, y, (max(map(len, lines)) * letter, len(lines) * line), taken)
        if found is None:
            continue
        left, place = found
        ax.annotate(
            words,
            (x * width, y * height),
            xytext=((x - 0.035 if left else x + 0.035) * width, place * height),
            ha="right" if left else "left",
            va="center",
            fontsize=look.SMALL,
            color=look.INK,
            path_effects=list(look.HALO),
            arrowprops={"arrowstyle": "-", "color": look.GREY, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 2},
        )


_Box = tuple[float, float, float, float]


def _free_place(x: float, y: float, size: tuple[float, float], taken: list[_Box]) -> tuple[bool, float] | None:
    """Find the nearest place beside a point, all as shares of the axes, that nothing has; note it as taken."""
    width, line = size
    fits = [left for left in (False, True) if (x - width - 0.04 >= -0.02 if left else x + width + 0.04 <= 1.05)]
    for step in (0, 0.5, -0.5, 1, -1, 1.5, -1.5, 2, -2, 3, -3, 4, -4):
        for left in fits or [x > 0.5]:
            place = y + step * line
            start = x - 0.035 - width if left else x + 0.035
            box = (start, place - line / 2, start + width, place + line / 2)
            free = all(box[2] <= b[0] or b[2] <= box[0] or box[3] <= b[1] or b[3] <= box[1] for b in taken)
            if free and 0 <= place <= 1.1:
                taken.append(box)
                return left, place
    return None
