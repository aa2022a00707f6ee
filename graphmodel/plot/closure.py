"""How well a data package closes: what is made against what flows, and what the flows rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.schema import BASES

BASIS_COLOURS = dict(zip(BASES, ("#00456F", "#009E73", "#79C4EE", "#E8E8E8"), strict=True))


def closure_bars(
    closure: pd.DataFrame, *, ax: Axes | None = None, names: Mapping[str, str] | None = None, **style: Any
) -> Axes:
    """Show how much of each material's supply flows, and how much is left over.

    Parameters
    ----------
    closure : DataFrame
        ``material``, ``unit``, ``supply``, ``shipped``, ``residual``, ``residual_share``, ``need_residual_share``,
        ``sided``: the table of that name in a data package.
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for materials.
    **style
        Passed to `matplotlib.axes.Axes.barh`.

    Notes
    -----
    A filled mark stands by materials whose supply and need come from different references, so that the residual
    means something; a hollow one by the others.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> made = pd.DataFrame({"material": ["cobalt-ore"], "unit": "t Co", "supply": 800.0, "shipped": 600.0,
    ...     "residual": 200.0, "residual_share": 0.25, "need_residual_share": 0.0, "sided": "two-sided"})
    >>> ax = gm.plot.closure_bars(made, names={"cobalt-ore": "Ore"})
    >>> ax.get_yticklabels()[0].get_text(), [float(bar.get_width()) for bar in ax.patches]
    ('Ore', [0.75, 0.25])
    """
    ax = look.axes_or_new(ax, height=16 + 4.5 * max(len(closure), 3))
    if not len(closure):
        return look.nothing_to_draw(ax, "the closure table is empty")
    rows = range(len(closure))
    unmet = closure["residual_share"].to_numpy(dtype=float)
    bar = {"height": 0.72, "linewidth": 0, **style}
    ax.barh(rows, 1 - unmet, **{"color": look.BAR, "label": "shipped", **bar})
    ax.barh(rows, unmet, left=1 - unmet, **{"color": "#F3C9A8", "label": "residual: made, not shipped", **bar})
    two_sided = (closure["sided"] == "two-sided").to_numpy()
    for sided, words in ((True, "two-sided"), (False, "one-sided")):
        here = [row for row, two in zip(rows, two_sided, strict=True) if two == sided]
        colour = look.MARK if sided else look.PAPER
        ax.scatter([-0.035] * len(here), here, s=14, color=colour, edgecolors=look.MARK, linewidths=0.8, label=words)
    for row, entry in enumerate(look.rows(closure)):
        look.beside(ax, _amount(float(entry.supply), str(entry.unit)), 1.0, row, offset=3)
        if entry.residual_share > 0.0005:
            ax.text(
                0.985 - float(entry.residual_share),
                row,
                look.percent(float(entry.residual_share)),
                ha="right",
                va="center_baseline",
                fontsize=look.SMALL,
                color=look.PAPER,
            )
    name_materials(ax, closure, names)
    ax.set_xlim(-0.07, 1.45)
    look.x_title(ax, "share of supply, and supply a year", loc="left")
    return ax


def _amount(supply: float, unit: str) -> str:
    """Write a supply, also in a unit that is of thousands itself.

    Examples
    --------
    >>> _amount(35.0, "GWh"), _amount(590.0, "1000 wafers (300 mm)")
    ('35 GWh', '590 thousand wafers (300 mm)')
    """
    if unit.startswith("1000 "):
        supply, unit = 1000 * supply, unit.removeprefix("1000 ")
    divisor, unit = look.scaled(supply, unit)
    return f"{look.number(supply / divisor)} {look.plain(unit, 24)}"


def basis_bars(
    basis: pd.DataFrame, *, ax: Axes | None = None, names: Mapping[str, str] | None = None, **style: Any
) -> Axes:
    """Stack what each material's flow rests on.

    Parameters
    ----------
    basis : DataFrame
        ``material`` and the share of flow on each basis: the table of that name in a data package.
    ax, names, **style
        As in `closure_bars`.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> rests_on = pd.DataFrame({"material": ["cobalt-ore"], "reported": 0.0, "contract": 0.0,
    ...     "trade": 0.25, "estimated": 0.75})
    >>> [float(bar.get_width()) for bar in gm.plot.basis_bars(rests_on).patches]
    [0.0, 0.0, 0.25, 0.75]
    """
    ax = look.axes_or_new(ax, height=16 + 4.5 * max(len(basis), 3))
    if not len(basis):
        return look.nothing_to_draw(ax, "the basis table is empty")
    stacked(ax, basis, BASIS_COLOURS, **style)
    name_materials(ax, basis, names)
    ax.set_xlim(0, 1)
    look.x_title(ax, "share of flow by basis", loc="left")
    return ax


def stacked(ax: Axes, table: pd.DataFrame, colours: Mapping[str, str], *, prefix: str = "", **style: Any) -> None:
    """Stack shares from the left, one column of the table after another; missing shares count nothing."""
    left = pd.Series(0.0, index=table.index)
    for name, colour in colours.items():
        share = table[prefix + name].astype(float).fillna(0.0)
        bar = {"height": 0.72, "color": colour, "label": name, "linewidth": 0, **style}
        ax.barh(range(len(table)), share, left=left, **bar)
        left = left + share


def name_materials(ax: Axes, table: pd.DataFrame, names: Mapping[str, str] | None) -> None:
    """Label one row a material, along an axis of shares."""
    words = names or {}
    labels = [look.plain(look.sentence(words.get(material, material)), 40) for material in table["material"]]
    look.name_rows(ax, labels)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    look.write_ticks(ax.xaxis, look.percent)
    look.tidy(ax)
    ax.spines["bottom"].set_bounds(0, 1)
