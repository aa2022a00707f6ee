"""How sure a ranking of removals is: a dot for the loss as it stands, a line for the range of the draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.removal import row_names
from graphmodel.results import RemovalResult, UncertaintyResult


def uncertainty_intervals(
    result: UncertaintyResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Draw the loss of each removal as a dot and nine tenths of its draws as a line, the worst on top.

    Parameters
    ----------
    result : UncertaintyResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of rows.
    names : mapping, optional
        Words to print for stages and other codes in ids.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.hlines`.

    Notes
    -----
    Rows that lose nothing are left out; an empty table leaves a note on the axes. Written beside a row: in what share
    of the draws it is among the worst, as many as the analysis was asked for. A dot may lie outside its line where
    the flows as they stand are at one end of their range.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.uncertainty_intervals(gm.uncertainty(gm.load("toy-battery"), by="node", draws=20), top=2)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Refinery A', 'Cell plant A']
    """
    table = result.table
    table = table[(table["loss_share"] > 0) | (table["high"] > 0)].head(top)
    ax = look.axes_or_new(ax, height=16 + 5 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "no removal loses any final demand")
    n_worst = int(str(result.parameters.get("top", 1)))
    rows = range(len(table))
    line = {"color": look.BAR, "linewidth": 3.0, "alpha": 0.55, "label": "nine tenths of the draws", **style}
    ax.hlines(rows, table["low"], table["high"], **line)
    ax.scatter(table["loss_share"], rows, s=14, color=look.MARK, zorder=3, clip_on=False, label="flows as they stand")
    ends = table[["loss_share", "high"]].max(axis=1)
    for row, end, chance in zip(rows, ends, table["p_top"], strict=True):
        if chance > 0:
            look.beside(ax, f"{look.percent(chance)} of draws", end, row, offset=7.0)
    look.name_rows(ax, [look.plain(label, 56) for label in row_names(table, names)])
    ax.set_xlim(0, 1.2 * ends.max())
    look.write_ticks(ax.xaxis, look.percent)
    worst = "the worst" if n_worst == 1 else f"one of the {n_worst} worst"
    look.x_title(ax, f"share of final demand lost; beside it, the draws in which it is {worst}")
    look.tidy(ax)
    look.pad_ticks(ax, "y", 7)
    look.legend_above(look.figure_of(ax), *ax.get_legend_handles_labels())
    return ax


MANY_RANKS = 30
"""Beyond this rank the axis of ranks is logarithmic."""


def rank_intervals(
    result: UncertaintyResult,
    *,
    again: RemovalResult | None = None,
    ax: Axes | None = None,
    top: int = 10,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Draw the rank of each removal as a dot and that of nine tenths of its draws as a line, the worst on top.

    Parameters
    ----------
    result : UncertaintyResult
    again : RemovalResult, optional
        The same removals in another reconstruction of the flows; its ranks are marked on the same rows.
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of rows.
    names : mapping, optional
        Words to print for stages and other codes in ids.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.hlines`.

    Notes
    -----
    Rows that lose nothing are left out. Written right of a row: in what share of the draws nothing loses more, where
    there are such draws.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.rank_intervals(gm.uncertainty(gm.load("toy-battery"), by="node", draws=20), top=3)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Refinery A', 'Cell plant A', 'Mine B']
    >>> [float(rank) for rank in ax.collections[-1].get_offsets()[:, 0]]
    [1.0, 2.0, 2.0]
    """
    table = result.table
    table = table[table["loss_share"] > 0].head(top)
    ax = look.axes_or_new(ax, height=16 + 5 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "no removal loses any final demand")
    rows = range(len(table))
    line = {"color": look.BAR, "linewidth": 3.0, "alpha": 0.55, "label": "nine tenths of the draws", **style}
    ax.hlines(rows, table["rank_low"] - 0.12, table["rank_high"] + 0.12, **line)  # a range of one rank is seen too
    ends = table[["rank", "rank_high"]].max(axis=1)
    if again is not None:
        ranks = table["removed"].map(again.table.set_index("removed")["rank"]).astype(float)
        ax.scatter(ranks, rows, **{**look.HOLLOW, "s": 42}, label="the other reconstruction")
        ends = ends.where(ranks.isna(), ranks.where(ranks > ends, ends))
    ax.scatter(table["rank"], rows, s=14, color=look.MARK, zorder=4, clip_on=False, label="flows as they stand")
    for row, chance in zip(rows, table["p_first"], strict=True):
        if chance > 0:
            ax.annotate(
                f"first in {look.percent(chance)}", (1.0, row), xycoords=("axes fraction", "data"), xytext=(4, 0),
                textcoords="offset points", va="center_baseline", fontsize=look.SMALL, color=look.INK,
            )  # fmt: skip
    look.name_rows(ax, [look.plain(label, 56) for label in row_names(table, names)])
    if ends.max() > MANY_RANKS:
        ax.set_xscale("log")
        ax.set_xticks([rank for rank in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if rank <= 1.3 * ends.max()])
        ax.set_xlim(0.9, 1.3 * ends.max())
        ax.minorticks_off()
    else:
        ax.set_xlim(0.6, ends.max() + 0.6)
        ax.xaxis.set_major_locator(look.few_whole_ticks())
    ax.xaxis.set_major_formatter(lambda rank, _: f"{rank:.0f}")
    look.x_title(ax, "rank by final demand lost, 1 the worst")
    look.tidy(ax)
    ax.tick_params(axis="y", pad=7)
    look.legend_above(look.figure_of(ax), *ax.get_legend_handles_labels())
    return ax
