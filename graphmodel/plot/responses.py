"""One stop, four losses: how much depends on whether anyone can buy elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.places import country_names, place_name
from graphmodel.results import ChokepointResult, OverviewResult

MARKS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "frozen": (
        "frozen: nobody replaces a supplier",
        {"marker": "|", "s": 95, "color": look.BAR, "linewidths": 2.2, "zorder": 3},
    ),
    "adapt": (
        "adapt: flows grow by",
        {"marker": "o", "s": 40, "color": "none", "edgecolors": look.MARK, "linewidths": 0.9, "zorder": 4},
    ),
    "reroute": (
        "reroute: everyone buys from whoever has more",
        {"marker": "o", "s": 15, "color": look.ACCENT, "linewidths": 0, "zorder": 5},
    ),
    "reachability": ("reachability: any path left is enough", {**look.HOLLOW}),
}
"""What each response is called and how it is marked; where marks meet, each still shows."""


def response_ranges(
    result: OverviewResult | ChokepointResult,
    *,
    ax: Axes | None = None,
    top: int = 40,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Mark the losses of one stop under four responses on a line, one row a stop, the largest frozen loss on top.

    Parameters
    ----------
    result : OverviewResult or ChokepointResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of rows.
    names : mapping, optional
        Words to print for stages and other codes in ids.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.hlines`: the line from the loss after rerouting to the frozen one.

    Notes
    -----
    The thick line is what buying elsewhere could save at most; beside it stand the frozen loss and what is left
    of it after rerouting. Rows that lose nothing are left out; an unknown loss has no mark.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.response_ranges(gm.chokepoints(gm.load("toy-battery"), mineral="lithium"))
    >>> ax.get_yticklabels()[2].get_text(), ax.texts[2].get_text().replace(chr(0x2009), " ")
    ('Mine B', '60 % → 50 %')
    """
    table = result.table
    table = table[table["frozen_share"] > 0].head(top).reset_index(drop=True)
    ax = look.axes_or_new(ax, height=26 + 4.6 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "no removal loses any final demand")
    rows = list(range(len(table)))
    frozen, reroute = table["frozen_share"], table["reroute_share"]
    low, high = (getattr(table[[f"{name}_share" for name in MARKS]], edge)(axis=1) for edge in ("min", "max"))
    ax.hlines(rows, low, high, color=look.FAINT, linewidth=1.0, zorder=1)
    ax.hlines(rows, reroute, frozen, **{"color": look.FAINT, "linewidth": 4.5, "zorder": 2, **style})
    growth = result.parameters.get("growth")
    for name, (label, mark) in MARKS.items():
        if name == "adapt":
            label = f"{label} {look.percent(float(str(growth)))}" if growth is not None else f"{label} a share"
        share = table[f"{name}_share"]
        known = share.notna().to_numpy()
        ax.scatter(share[known], [row for row in rows if known[row]], **{**mark, "clip_on": False}, label=label)
    for row in rows:
        words = f"{look.percent(frozen[row])} → {look.percent(reroute[row])}"
        look.beside(ax, words if reroute[row] == reroute[row] else look.percent(frozen[row]), high[row], row, offset=7)
    look.name_rows(ax, [look.plain(label, 56) for label in _row_names(result, names)[: len(table)]])
    ax.set_xlim(-0.01 * high.max(), 1.12 * high.max())
    look.write_ticks(ax.xaxis, look.percent)
    look.x_title(ax, "share of final demand lost · frozen → reroute")
    look.tidy(ax)
    look.pad_ticks(ax, "y", 7)
    return ax


def _row_names(result: OverviewResult | ChokepointResult, names: Mapping[str, str] | None) -> list[str]:
    """Name each stop that loses something; in an overview with its mineral before it."""
    table, words = result.table, {**country_names(), **(names or {})}
    table = table[table["frozen_share"] > 0]
    if isinstance(result, OverviewResult):
        return [
            f"{look.sentence(row.mineral.replace('-', ' '))}: {place_name(row.removed, {**words, row.mineral: ''})}"
            for row in look.rows(table)
        ]
    return [row.label if row.label != row.removed else place_name(row.removed, words) for row in look.rows(table)]
