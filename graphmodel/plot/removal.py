"""Which removal loses most: ranked bars, with the least loss as a mark on the same row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.places import country_names, place_name
from graphmodel.results import ChokepointResult, MaxFlowResult, OverviewResult, RemovalResult

RESPONSES = {
    "frozen": "frozen: nobody replaces a supplier",
    "reachability": "reachability: no path from any origin is left",
}
"""What the responses are called in a legend."""


def removal_ranking(
    result: RemovalResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank removals by the share of final demand lost, the worst on top.

    Parameters
    ----------
    result : RemovalResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of rows.
    names : mapping, optional
        Words to print for stages and other codes in ids.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.barh`.

    Notes
    -----
    Rows that lose nothing are left out; an empty table leaves a note on the axes.
    """
    table = result.table.rename(columns={"loss_share": "share"}).assign(least=float("nan"))
    response = str(result.parameters.get("response", ""))
    return _ranking(table, (RESPONSES.get(response, response), ""), ax, top, names, title, style)


def max_flow_ranking(
    result: MaxFlowResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank removals by the share of final demand that cannot be delivered, the worst on top.

    Parameters
    ----------
    result : MaxFlowResult
    ax, top, names, title, **style
        As in `removal_ranking`.
    """
    table = result.table.rename(columns={"loss_share": "share"}).assign(least=float("nan"))
    return _ranking(table, ("more than links and capacities let through", ""), ax, top, names, title, style)


def chokepoint_ranking(
    result: ChokepointResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank removals by frozen loss as bars, with the loss by reachability as a mark on the same row.

    Parameters
    ----------
    result : ChokepointResult
    ax, top, names, title, **style
        As in `removal_ranking`.
    """
    table = result.table.rename(columns={"frozen_share": "share", "reachability_share": "least"})
    return _ranking(table, (RESPONSES["frozen"], RESPONSES["reachability"]), ax, top, names, title, style)


def overview_ranking(
    result: OverviewResult,
    *,
    ax: Axes | None = None,
    top: int = 40,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank minerals by what is lost of each without its worst group, named beside it.

    Parameters
    ----------
    result : OverviewResult
    ax, top, names, title, **style
        As in `removal_ranking`.
    """
    table = result.table.rename(columns={"frozen_share": "share", "reachability_share": "least"})
    words = {**country_names(), **(names or {})}
    pairs = zip(table["mineral"].astype(str), table["removed"].astype(str), strict=True)
    # the group's own mineral is said only where it is another one
    table["label"] = [
        f"{look.sentence(mineral.replace('-', ' '))}: {place_name(removed, {**words, mineral: ''})}"
        for mineral, removed in pairs
    ]
    legend = (RESPONSES["frozen"], RESPONSES["reachability"])
    return _ranking(table.assign(rank=range(len(table))), legend, ax, top, names, title, style)


def _ranking(
    table: pd.DataFrame,
    legend: tuple[str, str],
    ax: Axes | None,
    top: int,
    names: Mapping[str, str] | None,
    title: str,
    style: Mapping[str, Any],
) -> Axes:
    """Draw ``share`` as bars and ``least`` as marks, where there is one."""
    table = table[table["share"] > 0].sort_values(["rank", "removed"], kind="stable").head(top)
    ax = look.axes_or_new(ax, height=12 + 5 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "no removal loses any final demand")
    rows = range(len(table))
    ax.barh(rows, table["share"], **{"color": look.BAR, "height": 0.7, "label": legend[0], **style})
    known = table["least"].notna().to_numpy()
    if known.any():
        ax.scatter(
            table["least"][known],
            [row for row, there in zip(rows, known, strict=True) if there],
            **look.HOLLOW,
            label=legend[1],
        )
    ends = table[["share", "least"]].max(axis=1)
    for row, share, end in zip(rows, table["share"], ends, strict=True):
        look.beside(ax, look.percent(share), end, row)
    look.name_rows(ax, [look.plain(label, 56) for label in row_names(table, names)])
    ax.set_xlim(0, 1.08 * ends.max())
    look.write_ticks(ax.xaxis, look.percent)
    look.x_title(ax, "share of final demand lost")
    look.tidy(ax)
    ax.tick_params(axis="y", pad=7)
    return ax


def row_names(table: pd.DataFrame, names: Mapping[str, str] | None) -> list[str]:
    """Name what was removed: single nodes as they are, ids of groups with their codes in words."""
    words = {**country_names(), **(names or {})}
    pairs = zip(table["removed"].astype(str), table["label"].astype(str), strict=True)
    return [label if label != removed else place_name(removed, words) for removed, label in pairs]
