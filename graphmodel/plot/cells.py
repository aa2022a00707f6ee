"""Shares as cells of a grid: shaded from none to all, with the hundredths written in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from graphmodel._types import FloatArray
from graphmodel.plot import style as look

DARK = 0.6
"""Shares above this are shaded so dark that they take white ink."""

EDGES: Mapping[str, Any] = {"edgecolors": look.PAPER, "linewidth": 1.2}
"""White lines between cells."""

FEWEST = 8
"""Columns that there is room for, so that few cells are not drawn large."""


def share_cells(
    ax: Axes,
    values: FloatArray,
    style: Mapping[str, Any],
    *,
    bold: Callable[[int, int], bool] = lambda row, column: False,
) -> None:
    """Shade and write every share that is known, one a row and column; ``bold`` says which are set in bold."""
    shade(ax, values, np.arange(len(values) + 1.0), style)
    for row, column in np.argwhere(~np.isnan(values)).tolist():
        weight = "bold" if bold(row, column) else "normal"
        share = float(values[row, column])
        write(ax, column, row + 0.5, hundredths(share), share, va="center_baseline", fontweight=weight)


def shade(ax: Axes, values: FloatArray, rows: FloatArray, style: Mapping[str, Any]) -> None:
    """Shade one cell a share, from 0 to 1; ``rows`` are the edges of the rows."""
    edges = np.arange(values.shape[1] + 1.0)
    heat: dict[str, Any] = {"cmap": look.HEAT, "vmin": 0, "vmax": 1}
    ax.pcolormesh(edges, rows, np.ma.masked_invalid(values), **{**heat, **EDGES, **style})


def write(ax: Axes, column: int, y: float, words: str, share: float, **place: Any) -> None:
    """Write in the middle of a cell, in the ink that reads on its shade."""
    place = {"ha": "center", "va": "center", "fontsize": look.SMALL, **place}
    ax.text(column + 0.5, y, words, color=look.PAPER if share > DARK else look.INK, **place)


def hundredths(share: float) -> str:
    """Write a share as percent without the sign, so that it fits a cell.

    Examples
    --------
    >>> hundredths(0.734), hundredths(0.0004).replace(chr(0x2009), " ")
    ('73', '<0.1')
    """
    return look.percent(share).removesuffix("%").strip()


def name_cells(ax: Axes, rows: Sequence[str], columns: Sequence[str], *, fewest: int = FEWEST) -> None:
    """Name rows and columns of a grid, the first row on top, without axes; words are taken as safe."""
    ax.set_xticks(np.arange(len(columns)) + 0.5, list(columns), rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(np.arange(len(rows)) + 0.5, list(rows))
    ax.set_xlim(0, max(len(columns), fewest))
    ax.set_ylim(len(rows), 0)
    look.tidy(ax, grid="none")
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
