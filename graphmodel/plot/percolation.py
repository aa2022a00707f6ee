"""What is left as more and more is removed: one curve an order, the band of random orders behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.results import PercolationResult

ORDERS = {
    "flow": ("by flow", look.BAR, look.DASHES[0]),
    "loss": ("by loss", look.ACCENT, look.DASHES[1]),
    "degree": ("by links", "#009E73", look.DASHES[3]),
    "random": ("at random", "#6E6E6E", look.DASHES[2]),
}
"""Words, colour and dash of the usual orders."""

SPARE = ("#CC79A7", "#7A4B12", "#56B4E9", "#62398F", "#E69F00", "#00456F")
"""Colours of further orders, which take the dashes in turn."""


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

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> ax = gm.plot.percolation_curves(gm.percolation(toy, order="loss", measure="frozen", mineral="lithium"))
    >>> [words.get_text() for words in ax.texts]
    ['by loss, R = 0']
    """
    chosen = look.chosen_or_first(measure, result.table["measure"].astype(str), "measure")
    table = result.table
    table = table[(table["measure"] == chosen) & table["value"].notna()]
    ax = look.axes_or_new(ax, height=85)
    look.head(ax, title)
    if not len(table) or not table["n_removed"].max():
        return look.nothing_to_draw(ax, "nothing is removed, or nothing was there to lose")
    curves = {str(order): curve.sort_values("n_removed") for order, curve in table.groupby("order", sort=False)}
    lines = _lines(curves)
    for order, curve in curves.items():
        if curve["low"].notna().any():
            ax.fill_between(
                curve["removed_share"], curve["low"], curve["high"], color=lines[order]["color"], alpha=0.18, lw=0
            )
        ax.plot(curve["removed_share"], curve["value"], **{**lines[order], **style})
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.03)
    for axis in (ax.xaxis, ax.yaxis):
        look.write_ticks(axis, look.percent)
    ax.xaxis.set_major_locator(look.few_ticks())
    by = str(result.parameters.get("by", "node"))
    look.x_title(ax, f"share of {MANY.get(by, by + 's')} removed")
    look.y_title(ax, LEFT.get(chosen, chosen))
    look.tidy(ax, grid="y")
    _name_curves(ax, curves, lines, names or {})
    return ax


def _lines(orders: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Colour, dash and width of each curve."""
    other = [order for order in orders if order not in ORDERS]
    looks = {
        order: (SPARE[place % len(SPARE)], look.DASHES[place % len(look.DASHES)]) for place, order in enumerate(other)
    }
    looks |= {order: (colour, dash) for order, (_, colour, dash) in ORDERS.items()}
    return {order: {"color": looks[order][0], "linestyle": looks[order][1], "linewidth": 1.5} for order in orders}


def _name_curves(
    ax: Axes, curves: Mapping[str, pd.DataFrame], lines: Mapping[str, dict[str, Any]], names: Mapping[str, str]
) -> None:
    """Mark R, the mean height of each curve, right of the axes; write the name there with a piece of its line."""
    height = look.figure_of(ax).get_size_inches()[1] * 72 * ax.get_position().height
    top = ax.get_ylim()[1]
    gap = 1.45 * look.SMALL / height * top
    mean = {order: float(curve["robustness"].iloc[0]) for order, curve in curves.items()}
    ranked = sorted(curves, key=lambda order: mean[order])
    for order, level in zip(ranked, _apart([mean[order] for order in ranked], gap, top), strict=True):
        said = names.get(order) or (ORDERS[order][0] if order in ORDERS else f"by {order.replace('_', ' ')}")
        line = {**lines[order], "clip_on": False}
        ax.plot(1.012, mean[order], **{**line, "marker": "<", "markersize": 3.5})
        ax.plot([1.02, 1.05], [mean[order], level], **{**line, "linestyle": "-", "linewidth": 0.6})
        ax.plot([1.05, 1.16], [level, level], **line)
        words = look.plain(f"{said}, R = {look.number(mean[order], 2)}", 60)
        look.beside(ax, words, 1.16, level, offset=3)


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
