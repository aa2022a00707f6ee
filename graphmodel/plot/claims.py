"""Published statements: the number claimed and the figure found, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.results import ClaimsResult

VERDICT_LOOKS: Mapping[str, tuple[str, str]] = {
    "does not hold": ("#D55E00", "X"),
    "held in that vintage": ("#E69F00", "s"),
    "holds": ("#0072B2", "o"),
    "cannot be tested": ("#9A9A9A", "v"),
}
"""Colour and marker of each verdict, the worst first."""

CLAIMED: Mapping[str, Any] = {"marker": "|", "s": 70, "color": look.MARK, "linewidths": 1.5, "zorder": 4}
"""Mark of the number claimed: a tick that lies over the figure and does not hide it."""


def claim_dumbbells(result: ClaimsResult, *, ax: Axes | None = None, top: int = 30, **style: Any) -> Axes:
    """Draw the claims that are shares: a tick where the number claimed lies, a mark for the figure.

    Claims in other units, and those without a figure, have no place on the axis; the legend counts all of them.

    Parameters
    ----------
    result : ClaimsResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of rows: first those that do not hold, then by how far they are off.
    **style
        Passed to `matplotlib.axes.Axes.hlines`.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> said = pd.DataFrame({"claim_id": ["a"], "statement": "Chile mines 90 %", "kind": "share",
    ...     "measure": "share_of_stage", "mineral": "lithium", "stage": "mining", "country": "CHL", "claimed": 90,
    ...     "unit": "%", "reference": "toy"})
    >>> ax = gm.plot.claim_dumbbells(gm.claims(gm.load("toy-battery"), said))
    >>> ax.get_legend().get_texts()[0].get_text()
    'does not hold (1 of 1)'
    """
    table = _shares(result.table).head(top)
    ax = look.axes_or_new(ax, height=24 + 5 * max(len(table), 3))
    if not len(table):
        return look.nothing_to_draw(ax, "no claim is a share with a figure")
    rows = range(len(table))
    ends = table[["nearest", "figure"]]
    ax.hlines(rows, ends.min(axis=1), ends.max(axis=1), **{"color": look.GREY, "linewidth": 1.0, "zorder": 1, **style})
    for row, entry in zip(rows, look.rows(table), strict=True):
        high = entry.claimed_high if entry.relation == "between" else entry.claimed
        ax.plot([entry.claimed, high], [row, row], color=look.MARK, linewidth=2.4, zorder=2)
        ax.scatter([entry.claimed, high], [row, row], **CLAIMED)
    for verdict, (colour, marker) in VERDICT_LOOKS.items():
        place = [row for row, said in zip(rows, table["verdict"], strict=True) if said == verdict]
        number = int((result.table["verdict"] == verdict).sum())
        label = f"{verdict} ({number} of {len(result)})"
        ax.scatter(table["figure"].iloc[place], place, s=22, color=colour, marker=marker, zorder=3, label=label)
    ax.scatter([], [], label="number claimed", **CLAIMED)
    look.name_rows(ax, [look.plain(statement, 58) for statement in table["statement"]])
    ax.set_xlim(-1.5, 101.5)
    look.write_ticks(ax.xaxis, lambda value: look.percent(value / 100))
    look.x_title(ax, "number claimed and figure found", loc="left")
    look.tidy(ax)
    look.legend_below(ax)
    return ax


def _shares(table: pd.DataFrame) -> pd.DataFrame:
    """Claims in per cent that have a figure, the least true first."""
    shares = table[table["unit"].str.startswith("%") & table["figure"].between(0, 100)]
    shares = shares[shares["claimed"].between(0, 100)]
    high = shares["claimed_high"].where(shares["relation"] == "between", shares["claimed"])
    shares = shares.assign(nearest=shares["figure"].clip(shares["claimed"], high))
    order = {verdict: place for place, verdict in enumerate(VERDICT_LOOKS)}
    shares = shares.assign(order=shares["verdict"].map(order), off=(shares["figure"] - shares["nearest"]).abs())
    return shares.sort_values(["order", "off", "claim_id"], ascending=[True, False, True], kind="stable")
