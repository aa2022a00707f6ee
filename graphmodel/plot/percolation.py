"""What is left as more and more is removed: one curve an order, the band of random orders behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.results import PercolationResult

ORDERS = {
    "flow": ("by flow", look.BAR),
    "loss": ("by loss", look.ACCENT),
    "degree": ("by links", "#009E73"),
    "random": ("at random", "#6E6E6E"),
}
"""Words and colour of the usual orders."""

SPARE = ("#CC79A7", "#7A4B12", "#56B4E9", "#6A3D9A", "#00456F", "#7F1D1D")

LEFT = {
    "component": "nodes in the largest part",
    "pairs": "origin–user pairs still joined",
    "reachability": "final demand still reached",
    "frozen": "final demand served (frozen)",
}
"""What the vertical axis is called."""

MANY = {"country": "countries", "industry": "industries", "alliance": "alliances", "control": "controlling countries"}


def percolation_curves(
    result: PercolationResult,
    *,
    measure: str | None = None,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Draw what is left against the share removed, one curve an order with its mean, R, beside it.

    Parameters
    ----------
    result : PercolationResult
    measure : str, optional
        The first in the table when absent.
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for orders.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.plot`.

    Raises
    ------
    UnknownNameError
        If the table has no such measure.

    Notes
    -----
    The band holds 90 % of random orders. Orders are the largest first; each is named right of the axes, at
    the height of its robustness R, the mean of the curve.
    """
    chosen = look.chosen_or_first(measure, result.table["measure"].astype(str), "measure")
    table = result.table
    table = table[(table["measure"] == chosen) & table["value"].notna()]
    ax = look.axes_or_new(ax, height=85)
    look.head(ax, title)
    if not len(table) or not table["n_removed"].max():
        return look.nothing_to_draw(ax, "nothing is removed, or nothing was there to lose")
    curves = {str(order): curve.sort_values("n_removed") for order, curve in table.groupby("order", sort=False)}
    colour = _colours(curves)
    for order, curve in curves.items():
        if curve["low"].notna().any():
            ax.fill_between(curve["removed_share"], curve["low"], curve["high"], color=colour[order], alpha=0.18, lw=0)
        ax.plot(curve["removed_share"], curve["value"], **{"color": colour[order], "linewidth": 1.5, **style})
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.03)
    for axis in (ax.xaxis, ax.yaxis):
        look.write_ticks(axis, look.percent)
    ax.xaxis.set_major_locator(look.few_ticks())
    by = str(result.parameters.get("by", "node"))
    look.x_title(ax, f"share of {MANY.get(by, by + 's')} removed")
    look.y_title(ax, LEFT.get(chosen, chosen))
    look.tidy(ax, grid="y")
    _name_curves(ax, curves, colour, names or {})
    return ax


def _colours(orders: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    other = [order for order in orders if order not in ORDERS]
    spare = {order: SPARE[place % len(SPARE)] for place, order in enumerate(other)}
    return {order: ORDERS[order][1] if order in ORDERS else spare[order] for order in orders}


def _name_curves(
    ax: Axes, curves: Mapping[str, pd.DataFrame], colour: Mapping[str, str], names: Mapping[str, str]
) -> None:
    """Mark R, the mean height of each curve, right of the axes and write the name there; all curves end alike."""
    height = look.figure_of(ax).get_size_inches()[1] * 72 * ax.get_position().height
    top = ax.get_ylim()[1]
    gap = 1.45 * look.SMALL / height * top
    mean = {order: float(curve["robustness"].iloc[0]) for order, curve in curves.items()}
    ranked = sorted(curves, key=lambda order: mean[order])
    for order, level in zip(ranked, _apart([mean[order] for order in ranked], gap, top), strict=True):
        said = names.get(order) or (ORDERS[order][0] if order in ORDERS else f"by {order.replace('_', ' ')}")
        ax.plot(1.012, mean[order], marker="<", markersize=3.5, color=colour[order], clip_on=False)
        ax.annotate(
            look.plain(f"{said}, R = {look.number(mean[order], 2)}", 60),
            (1.016, mean[order]),
            xytext=(1.05, level),
            textcoords="data",
            fontsize=look.SMALL,
            color=colour[order],
            va="center_baseline",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour[order], "linewidth": 0.6, "relpos": (0, 0.5), "shrinkA": 1},
        )


def _apart(levels: list[float], gap: float, top: float) -> list[float]:
    """Move rising levels as little as it takes to stand a gap apart, none above the top or beside the ticks below.

    Examples
    --------
    >>> [round(level, 2) for level in _apart([0.1, 0.12, 0.9], gap=0.1, top=1)]
    [0.06, 0.16, 0.9]
    """
    clusters: list[tuple[float, int]] = []  # centre and number of the levels that stand together
    for level in levels:
        centre, count = level, 1
        while clusters and clusters[-1][0] + gap * (clusters[-1][1] + count) / 2 > centre:
            other, many = clusters.pop()
            centre, count = (centre * count + other * many) / (count + many), count + many
        half = gap * (count - 1) / 2
        clusters.append((max(min(centre, top - half), half + gap / 2), count))  # not among the ticks below
    return [centre + gap * (place - (count - 1) / 2) for centre, count in clusters for place in range(count)]
