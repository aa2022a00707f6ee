"""What a scenario changes: each measure before and after, joined by a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.results import DiversificationResult

_IN_WORDS = {
    "hhi": "HHI (0 to 1)",
    "effective_number": "effective number",
    "largest_share": "largest share",
    "worst_loss": "largest loss",
    "worst_loss_outside": "largest loss outside the worst",
    "mean_loss": "mean loss",
}


def before_and_after(
    result: DiversificationResult,
    *,
    measure: str | None = None,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    **style: Any,
) -> Axes:
    """Join the value without and with a scenario by a line, one row a stage and lens.

    Parameters
    ----------
    result : DiversificationResult
    measure : str, optional
        The first in the table when absent; measures differ in scale, so one is drawn at a time.
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for stages.
    **style
        Passed to `matplotlib.axes.Axes.hlines`.

    Raises
    ------
    UnknownNameError
        If the table has no such measure.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("mine A halves").shut(0.5, node_id="mine-a")
    >>> found = gm.diversification(gm.load("toy-battery"), stop, mineral="lithium")
    >>> ax = gm.plot.before_and_after(found, measure="worst_loss_outside")
    >>> ax.get_yticklabels()[0].get_text(), [float(dots.get_offsets()[0, 0].round(6)) for dots in ax.collections[1:]]
    ('By country', [0.6, 0.8])
    """
    chosen = look.chosen_or_first(measure, result.table["measure"], "measure")
    return dumbbells(result, [chosen], ax=ax, names=names, title=_IN_WORDS.get(chosen, chosen), **style)


def dumbbells(
    result: DiversificationResult,
    measures: list[str],
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Draw several measures of one scale on the same axes, one row a measure, stage and lens.

    Parameters
    ----------
    result : DiversificationResult
    measures : list of str
        Measures in the table.
    ax, names, **style
        As in `before_and_after`.
    title : str
        Printed above, from the left.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("mine A halves").shut(0.5, node_id="mine-a")
    >>> found = gm.diversification(gm.load("toy-battery"), stop, mineral="lithium")
    >>> ax = gm.plot.dumbbells(found, ["worst_loss", "worst_loss_outside"])
    >>> ax.get_yticklabels()[1].get_text()
    'Largest loss outside the worst · by country'
    """
    table = result.table
    table = table[table["measure"].isin(measures)].reset_index(drop=True)
    ax = look.axes_or_new(ax, height=18 + 4.5 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "nothing to compare")
    rows = range(len(table))
    before, after = table["without"].to_numpy(dtype=float), table["with_scenario"].to_numpy(dtype=float)
    ax.hlines(rows, before, after, **{"color": look.GREY, "linewidth": 1.6, "zorder": 1, **style})
    ax.scatter(before, rows, s=24, color=look.PAPER, edgecolors=look.MARK, linewidths=0.9, zorder=2, label="without")
    ax.scatter(after, rows, s=24, color=look.BAR, zorder=3, label="with the scenario")
    for row, pair in enumerate(zip(before, after, strict=True)):
        look.beside(ax, _change(*pair), max([value for value in pair if value == value], default=0.0), row)
    labels = [_row_name(entry, names or {}, many=len(measures) > 1) for entry in look.rows(table)]
    look.name_rows(ax, [look.plain(look.sentence(label), 48) for label in labels])
    largest = max([value for value in (*before, *after) if value == value], default=0.0)
    ax.set_xlim(0, 1.3 * largest if largest > 0 else 1.0)
    look.write_ticks(ax.xaxis, look.number)
    ax.xaxis.set_major_locator(look.few_ticks())
    look.tidy(ax)
    return ax


def _row_name(entry: Any, names: Mapping[str, str], *, many: bool) -> str:
    stage = "" if entry.stage == "all" else names.get(entry.stage, entry.stage)
    parts = [_IN_WORDS.get(entry.measure, entry.measure) if many else "", stage, f"by {entry.lens}"]
    return " · ".join(part for part in parts if part)


def _change(before: float, after: float) -> str:
    """Write both values, or one where nothing changes."""
    texts = look.number(before, 2), look.number(after, 2)
    return texts[0] if texts[0] == texts[1] else " → ".join(texts)
