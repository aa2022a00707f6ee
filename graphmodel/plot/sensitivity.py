"""What moves the worst loss: for each uncertain number a bar to the loss at its low and one to that at its high."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.places import country_names, place_name
from graphmodel.results import SensitivityResult

FLOWS = {
    "reported": "All reported flows",
    "contract": "All flows by contract",
    "trade": "All flows by trade statistics",
    "estimated": "All estimated flows",
}
"""What flows of one basis are called."""


def sensitivity_tornado(
    result: SensitivityResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    demand: str = "final demand",
    **style: Any,
) -> Axes:
    """Draw how far the worst loss moves when one number after another is at its low and at its high.

    Parameters
    ----------
    result : SensitivityResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of rows, of those that move the loss.
    names : mapping, optional
        Words to print for materials and stages.
    title : str
        Printed above, from the left.
    demand : str
        What is lost, in words.
    **style
        Passed to `matplotlib.axes.Axes.barh`, for the bars to the loss at the high.

    Notes
    -----
    Bars start at the loss with the flows as they stand. Written beside a row: how many hundredths of final demand lie
    between its ends and, where there are draws, its total share of the variance.

    Examples
    --------
    >>> import graphmodel as gm
    >>> found = gm.sensitivity(gm.load("toy-battery"), by="country", removed="AUS", mineral="lithium")
    >>> ax = gm.plot.sensitivity_tornado(found, top=2)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['All estimated flows', 'Australia sells lithium ore']
    """
    table = result.table
    table = table[table["swing"] > 0].head(top).reset_index(drop=True)
    ax = look.axes_or_new(ax, height=22 + 5 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "no uncertain number moves the loss")
    stands = float(str(result.parameters["loss_share"]))
    rows = range(len(table))
    box = {"edgecolor": look.MARK, "linewidth": 0.5, "height": 0.7, "zorder": 2}
    pale = {**box, "color": look.FAINT, "label": "number at its low: 5 % of draws below"}
    dark = {**box, "color": look.BAR, "label": "at its high: 5 % above", **style}
    for end, mark in (("low", pale), ("high", dark)):
        ax.barh(rows, table[end] - stands, left=stands, **mark)
    shorter = table["low"].sub(stands).abs() < table["high"].sub(stands).abs()
    for row in rows:  # where both ends lie on one side, the shorter bar stands before the longer
        ax.patches[row].set_zorder(3 if shorter[row] else 2)
    ax.axvline(stands, color=look.MARK, linewidth=0.9, zorder=4)
    least, most = table[["low", "high"]].min().min(), table[["low", "high"]].max().max()
    least, most = min(least, stands), max(most, stands)
    ends = table[["low", "high"]].max(axis=1).clip(lower=stands)
    for row, end in zip(look.rows(table), ends, strict=True):
        known = f" · {look.percent(max(row.total, 0.0))} of variance" if row.total == row.total else ""
        look.beside(ax, f"{look.number(100 * row.swing, 2)}{known}", end, row.Index, offset=5.0)
    words = {**country_names(), **(names or {})}
    look.name_rows(ax, [look.plain(_named(row, words), 64) for row in look.rows(table)])
    ax.set_xlim(least - 0.04 * (most - least), most + (0.4 if table["total"].notna().any() else 0.12) * (most - least))
    left, right = ax.get_xlim()
    late = stands - left > 0.3 * (right - left)
    stop = place_name(str(result.parameters["worst"]), words)
    ax.annotate(
        look.plain(f"flows as they stand: {look.percent(stands)} lost without {stop}", 90),
        (stands, -0.6), xytext=(3 if late else -3, 3), textcoords="offset points", ha="right" if late else "left",
        va="bottom", fontsize=look.SMALL, color=look.INK, annotation_clip=False,
    )  # fmt: skip
    ax.xaxis.set_major_locator(look.few_ticks())
    look.write_ticks(ax.xaxis, lambda share: look.fine_percent(share, most - least))
    look.x_title(ax, f"share of {demand} lost; beside a bar, its span in points", loc="right")
    look.tidy(ax)
    ax.tick_params(axis="y", pad=7)
    look.legend_above(look.figure_of(ax), *ax.get_legend_handles_labels())
    return ax


def _named(row: Any, words: Mapping[str, str]) -> str:
    if row.kind == "flows":
        return FLOWS.get(row.basis, row.basis)
    material = words.get(row.material, row.material.replace("-", " "))
    material = material[:1].lower() + material[1:] if material.split()[0][1:].islower() else material
    return f"{words.get(row.country, row.country)} sells {material}"
