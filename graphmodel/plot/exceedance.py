"""How losses spread over stops: the share of stops that lose at least so much, on logarithmic axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.removal import row_names
from graphmodel.results import RemovalResult

CURVES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "plant": ("single plants", {"color": "#56B4E9", "marker": "o"}),
    "industry": ("a country's plants at one stage", {"color": "#D55E00", "marker": "s"}),
    "country": ("whole countries", {"color": "#00456F", "marker": "^"}),
}
"""Words, colour (light to dark) and mark of the usual lenses."""

LEAST = 1e-4
"""Smallest share of final demand shown."""


def exceedance_curves(
    results: Mapping[str, RemovalResult],
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Draw the share of all stops that lose at least so much, one curve a lens, the largest stop of each named.

    Parameters
    ----------
    results : mapping of RemovalResult
        By lens.
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for stages and other codes in ids.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.plot`.

    Notes
    -----
    Stops that lose nothing count in the share and have no point. Losses below 0.01 % of final demand are left out.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> ax = gm.plot.exceedance_curves({by: gm.removal(toy, by=by) for by in ("plant", "country")})
    >>> [words.get_text() for words in ax.texts]
    ['Refinery A, 100 %', 'China, 100 %']
    """
    ax = look.axes_or_new(ax, height=85)
    look.head(ax, title)
    ends, none = [], []
    for lens, result in results.items():
        table = result.table
        losing = table[table["loss_share"] >= LEAST].sort_values("loss_share", ascending=False, kind="stable")
        words, mark = CURVES.get(lens, (f"by {lens}", {"color": look.MARK, "marker": "D"}))
        if not len(losing):
            none += [f"{words}: none of {len(table)} loses"] * bool(len(table))
            continue
        loss, share = losing["loss_share"].to_numpy(dtype=float), np.arange(1, len(losing) + 1) / len(table)
        line = {**mark, "markersize": 3.0, "linewidth": 0.8, "drawstyle": "steps-post", "clip_on": False, "zorder": 3}
        ax.plot(loss, share, **{**line, "label": words, **style})
        ends.append((share.item(0), loss.item(0), row_names(losing.head(1), names)[0], str(mark["color"])))
    if not ends:
        return look.nothing_to_draw(ax, "no stop loses any final demand")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(LEAST, 1.0)
    lowest = min(part for part, *_ in ends)
    ax.set_ylim(0.4 * lowest, 1.0)
    height = look.figure_of(ax).get_size_inches()[1] * 72 * 0.7
    gap = 1.5 * look.SMALL / height * np.log10(1.0 / (0.4 * lowest))
    level = -float("inf")
    for part, size, name, colour in sorted(ends):
        level = max(level + gap, float(np.log10(part)))
        line = {
            "arrowstyle": "-",
            "color": colour,
            "linewidth": 0.8,
            "linestyle": ":",
            "shrinkB": 3,
            "relpos": (1, 0.9),
        }
        named = ax.annotate(
            look.plain(f"{name}, {look.percent(size)}", 48), (size, part),
            xytext=(LEAST * 1.25, 10 ** (level - 0.6 * gap)),  # below the curve, which ends with a level line
            ha="left", va="center_baseline", fontsize=look.SMALL, color=look.INK, path_effects=look.HALO, zorder=5,
            arrowprops=line,
        )  # fmt: skip
        named.set_in_layout(False)
    for place, words in enumerate(none):
        said = ax.annotate(
            words, (0.03, 0.98), xycoords="axes fraction", xytext=(0, -1.5 * look.SMALL * place),
            textcoords="offset points", va="top", fontsize=look.SMALL, color=look.INK,
        )  # fmt: skip
        said.set_in_layout(False)
    for axis in (ax.xaxis, ax.yaxis):
        look.write_ticks(axis, lambda value: f"{100 * value:.4g}\u2009%")
    look.x_title(ax, "share of final demand lost")
    look.y_title(ax, "share of stops that lose as much or more")
    look.tidy(ax, grid="y")
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(True)
    ax.minorticks_off()
    return ax
