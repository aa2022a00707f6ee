"""When planned capacity comes on: bars by start year, the part that is likely to come in a darker tone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look


def start_bars(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    scale: float = 1.0,
    ax: Axes | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Stack what is expected of the capacity that starts in each year, and the rest of it.

    Parameters
    ----------
    table : DataFrame
        ``start`` (one of ``columns``), ``capacity`` and ``expected``, the part of it that its chance is; rows of one
        start are added up.
    columns : list of str
        Years, or other names of when, from left to right.
    scale : float
        What numbers are divided by.
    ax : Axes, optional
        Drawn on a new figure when absent.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.bar`, for what is expected.

    Notes
    -----
    Above each bar stands its capacity.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> starts = pd.DataFrame({"start": ["2026", "2026"], "capacity": [300.0, 200.0], "expected": [240.0, 70.0]})
    >>> ax = gm.plot.start_bars(starts, ["2026", "2027"])
    >>> [float(bar.get_height()) for bar in ax.patches], ax.texts[0].get_text()
    ([310.0, 0.0, 190.0, 0.0], '500')
    """
    ax = look.axes_or_new(ax, height=45)
    look.head(ax, title)
    sums = table.groupby("start")[["capacity", "expected"]].sum().reindex(list(columns)).fillna(0.0) / scale
    if not sums["capacity"].max() > 0:
        return look.nothing_to_draw(ax, "nobody states a capacity")
    at = range(len(columns))
    box: dict[str, Any] = {"width": 0.72, "edgecolor": look.MARK, "linewidth": 0.5}
    rest = sums["capacity"] - sums["expected"]
    ax.bar(at, sums["expected"], **{**box, "color": look.BAR, "label": "expected: capacity times chance", **style})
    ax.bar(at, rest, bottom=sums["expected"], **box, color=look.FAINT, label="the rest of what is planned")
    for place, capacity in zip(at, sums["capacity"], strict=True):
        if capacity > 0:
            ax.annotate(
                look.number(capacity, 2), (place, capacity), xytext=(0, 2), textcoords="offset points",
                ha="center", va="bottom", fontsize=look.SMALL, color=look.INK,
            )  # fmt: skip
    ax.set_xlim(-0.6, len(columns) - 0.4)
    ax.set_ylim(0, 1.25 * sums["capacity"].max())
    ax.set_xticks(list(at), [look.plain(name) for name in columns])
    ax.yaxis.set_major_locator(look.few_ticks())
    look.write_ticks(ax.yaxis, look.number)
    look.tidy(ax, grid="y")
    ax.spines["bottom"].set_visible(True)
    return ax
