"""How a stop runs down a chain: what each stage, then each final product, loses."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.removal import RESPONSES


def loss_steps(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    title: str = "",
    unit: str = "",
    largest: float | None = None,
    **style: Any,
) -> Axes:
    """Draw one bar a row, in the order given: what is stopped there, what is lost for want of inputs.

    Parameters
    ----------
    table : DataFrame
        ``label``, ``output`` (in ``unit``), and as shares of it ``cut_share``, ``frozen_share``,
        ``reachability_share``.
    ax : Axes, optional
        Drawn on a new figure when absent.
    title : str
        Printed above, from the left.
    unit : str
        Unit of ``output``.
    largest : float, optional
        Largest output of all panels that stand together; that of this table when absent.
    **style
        Passed to `matplotlib.axes.Axes.barh`.

    Notes
    -----
    The pale bar is all that is made. A diamond marks the least loss, by reachability. An empty table leaves a note.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> lost = pd.DataFrame({"label": ["Refining", "Cells"], "output": [1000.0, 1000.0], "cut_share": [0.5, 0.0],
    ...     "frozen_share": [0.5, 0.5], "reachability_share": [0.5, 0.0]})
    >>> ax = gm.plot.loss_steps(lost, unit="t lithium")
    >>> [float(bar.get_width()) for bar in ax.patches]
    [1.0, 1.0, 0.5, 0.5, 0.5, 0.0]
    """
    ax = look.axes_or_new(ax, height=20 + 5 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "nothing is made that could be lost")
    rows = range(len(table))
    bars: dict[str, Any] = {"height": 0.7, **style}
    ax.barh(rows, 1.0, **{**bars, "color": look.FAINT, "label": "all that is made or used"})
    ax.barh(rows, table["frozen_share"], **{"color": look.BAR, "label": RESPONSES["frozen"], **bars})
    ax.barh(rows, table["cut_share"], **{**bars, "color": look.ACCENT, "hatch": "////", "edgecolor": look.PAPER,
                                         "linewidth": 0, "label": "of which stopped here"})  # fmt: skip
    ax.scatter(table["reachability_share"], rows, **look.HOLLOW, label=RESPONSES["reachability"])
    divisor, words = look.scaled(largest or float(table["output"].max()), unit)
    for row, each in zip(rows, look.rows(table), strict=True):
        low, high = look.percent(each.reachability_share), look.percent(each.frozen_share)
        span = high if low == high else f"{low.removesuffix('%').strip()}–{high}"
        look.beside(ax, f"{span} of {look.quantity(each.output / divisor)}", 1.0, row, offset=7.0)
    look.name_rows(ax, [look.plain(label, 44) for label in table["label"]])
    ax.set_xlim(0, 1.0)
    look.write_ticks(ax.xaxis, look.percent)
    look.x_title(
        ax, f"share lost; numbers: of so many {words.replace('t ', 't of contained ', 1).replace('-', ' ')} a year"
    )
    look.tidy(ax)
    look.pad_ticks(ax, "y", 7)
    return ax
