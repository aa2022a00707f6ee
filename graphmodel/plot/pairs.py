"""What is lost when two stop together: a heat map of pairs, each one alone on the diagonal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.cells import name_cells, share_cells
from graphmodel.plot.places import country_names, place_name
from graphmodel.results import PairResult


def pair_map(
    result: PairResult,
    *,
    ax: Axes | None = None,
    top: int = 12,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Show the share of final demand lost without both of two groups, below the diagonal.

    Parameters
    ----------
    result : PairResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of groups: those that lose most alone, then those of the worst pairs.
    names : mapping, optional
        Words to print for stages and other codes in ids.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.pcolormesh`.

    Notes
    -----
    On the diagonal, in bold, stands what is lost without one alone. Groups that lose nothing in any pair, and pairs
    that are not in the table, are left out.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.pair_map(gm.pairs(gm.load("toy-battery"), by="node"), top=3)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Refinery A', 'Cell plant A', 'Mine B']
    >>> [words.get_text() for words in ax.texts]
    ['100', '100', '60', '100', '84', '60']
    """
    table = result.table
    shown = _most_lost(table)[:top]
    ax = look.axes_or_new(ax, height=34 + 7.5 * max(len(shown), 3))
    look.head(ax, title)
    if len(shown) < 2:
        return look.nothing_to_draw(ax, "no pair loses any final demand")
    values = _lower_triangle(table, shown)
    share_cells(ax, values, style, bold=lambda row, column: row == column)
    words = {**country_names(), **(names or {})}
    labels = [look.plain(_name(group, label, words), 34) for group, label in shown]
    name_cells(ax, labels, labels)
    response = str(result.parameters.get("response", ""))
    look.x_title(ax, f"share of final demand lost without both, % ({response}); bold: without one alone")
    return ax


def _most_lost(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Groups and labels by what is lost without them alone, then by their worst pair."""
    sides = [
        table[[side, f"{side}_label", f"{side}_share", "loss_share"]].set_axis(
            ["group", "label", "alone", "worst"], axis=1
        )
        for side in ("first", "second")
    ]
    groups = pd.concat(sides, ignore_index=True)
    groups = groups.groupby(["group", "label"], as_index=False).max().round(9)  # ties go by name
    groups = groups[(groups["alone"] > 0) | (groups["worst"] > groups["alone"])]
    groups = groups.sort_values(["alone", "worst", "group"], ascending=[False, False, True])
    return list(zip(groups["group"].astype(str), groups["label"].astype(str), strict=True))


def _lower_triangle(table: pd.DataFrame, shown: list[tuple[str, str]]) -> np.ndarray:
    """Shares lost by row and column, the worse of the two as the column; each alone on the diagonal."""
    place = {group: row for row, (group, _) in enumerate(shown)}
    values = np.full((len(shown), len(shown)), np.nan)
    for pair in look.rows(table[table["first"].isin(place) & table["second"].isin(place)]):
        one, other = place[pair.first], place[pair.second]
        values[max(one, other), min(one, other)] = pair.loss_share
        values[one, one], values[other, other] = pair.first_share, pair.second_share
    return values


def _name(group: str, label: str, words: Mapping[str, str]) -> str:
    return label if label != group else place_name(group, words)
