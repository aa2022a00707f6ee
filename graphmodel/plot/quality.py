"""What totals rest on, and which numbers would be most worth knowing better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.closure import name_materials, stacked
from graphmodel.results import QualityResult, WeakestResult

GRADE_COLOURS = {"measured": "#003F6B", "reported": "#0072B2", "derived": "#7FC4EE", "assumed": "#E8E8E8"}
"""From dark to pale as evidence weakens."""


def evidence_bars(
    result: QualityResult,
    *,
    ax: Axes | None = None,
    top: int = 30,
    names: Mapping[str, str] | None = None,
    **style: Any,
) -> Axes:
    """Stack the share of each material's total by evidence, the weakest on top.

    Parameters
    ----------
    result : QualityResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of materials.
    names : mapping, optional
        Words to print for materials.
    **style
        Passed to `matplotlib.axes.Axes.barh`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.evidence_bars(gm.quality("minerals-2024"), top=3)
    >>> len(ax.get_yticklabels()), ax.get_legend().get_texts()[-1].get_text()
    (3, 'assumed')
    """
    table = result.table.sort_values(["total_assumed", "material"], ascending=[False, True], kind="stable").head(top)
    ax = look.axes_or_new(ax, height=20 + 4.5 * max(len(table), 3))
    if not len(table):
        return look.nothing_to_draw(ax, "no material has a total")
    stacked(ax, table, GRADE_COLOURS, prefix="total_", **style)
    name_materials(ax, table, names)
    ax.set_xlim(0, 1)
    look.x_title(ax, "share of the total by evidence", loc="left")
    look.legend_below(ax)
    return ax


def weakest_ranking(
    result: WeakestResult, *, ax: Axes | None = None, names: Mapping[str, str] | None = None, **style: Any
) -> Axes:
    """Rank the numbers that would be most worth knowing better, the worthiest on top.

    Parameters
    ----------
    result : WeakestResult
    ax, names, **style
        As in `evidence_bars`.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> row = dict.fromkeys(gm.results.WeakestResult.columns, "") | {"item": "CHN:refining:lithium-salt", "value": 0.25}
    >>> ax = gm.plot.weakest_ranking(gm.results.WeakestResult(pd.DataFrame([row]), network="toy-battery"))
    >>> ax.get_yticklabels()[0].get_text(), float(ax.patches[0].get_width())
    ('CHN · refining · lithium-salt', 0.25)
    """
    table = result.table
    ax = look.axes_or_new(ax, height=16 + 5 * max(len(table), 3))
    if not len(table):
        return look.nothing_to_draw(ax, "no number is in doubt")
    words = names or {}
    ax.barh(range(len(table)), table["value"], **{"color": look.BAR, "height": 0.7, **style})
    for row, value in enumerate(table["value"]):
        look.beside(ax, look.percent(value), value, row)
    labels = [" · ".join(words.get(part, part) for part in str(item).split(":")) for item in table["item"]]
    look.name_rows(ax, [look.plain(label, 56) for label in labels])
    ax.margins(x=0.12)
    look.write_ticks(ax.xaxis, look.percent)
    look.x_title(ax, "final demand of which it is not known whether it hangs on the number")
    look.tidy(ax)
    return ax
