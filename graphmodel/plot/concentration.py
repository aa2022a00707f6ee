"""How concentrated each stage is: shares of countries or owners, and the range of the index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.places import country_names
from graphmodel.results import ConcentrationResult, ShareResult


def concentration_ranges(
    result: ConcentrationResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    **style: Any,
) -> Axes:
    """Draw the range of the Herfindahl-Hirschman index of each stage and material, in chain order.

    Parameters
    ----------
    result : ConcentrationResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for stages and countries.
    **style
        Passed to `matplotlib.axes.Axes.hlines`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.concentration_ranges(gm.concentration(gm.load("toy-battery")))
    >>> [words.get_text() for words in ax.texts]
    ['Australia 60 %', 'China 100 %', 'South Korea 60 %']
    """
    table = result.table
    ax = look.axes_or_new(ax, height=14 + 5 * max(len(table), 3))
    if not len(table):
        return look.nothing_to_draw(ax, "nothing is made in this network")
    words = {**country_names(), **(names or {})}
    rows = list(range(len(table)))
    low, high = table["hhi_low"].to_numpy(dtype=float), table["hhi_high"].to_numpy(dtype=float)
    ax.hlines(rows, low, high, **{"color": look.BAR, "linewidth": 3, "alpha": 0.45, **style})
    ax.scatter(low, rows, s=22, color=look.BAR, zorder=3)
    for row, entry in zip(rows, look.rows(table), strict=True):
        largest = words.get(str(entry.largest), str(entry.largest))
        words_beside = f"{largest} {look.percent(float(entry.largest_share))}" if largest else "none named"
        look.beside(ax, look.plain(words_beside), high[row], row)
    look.name_rows(ax, _row_names(zip(table["stage"], table["material"], strict=True), words, result.parameters))
    ax.set_xlim(0, 1.28)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    look.x_title(ax, "Herfindahl–Hirschman index, low to high (0 to 1)")
    look.tidy(ax)
    return ax


def _row_names(
    rows: Iterable[tuple[str, str]], words: Mapping[str, str], parameters: Mapping[str, object]
) -> list[str]:
    """Name stages, and what they make unless one mineral is counted in all of it."""
    one = parameters.get("mineral")
    return [
        look.plain(
            look.sentence(words.get(stage, stage)) + ("" if one else f" · {words.get(made) or made.replace('-', ' ')}"),
            48,
        )
        for stage, made in rows
    ]


def stage_shares(
    result: ShareResult,
    index: ConcentrationResult | None = None,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    smallest: float = 0.045,
    **style: Any,
) -> Axes:
    """Stack the shares of each stage's output, the largest first.

    Parameters
    ----------
    result : ShareResult
    index : ConcentrationResult, optional
        The same stages; its range of the index is written at the right.
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for stages and countries.
    smallest : float
        Groups below this share are joined as others.
    **style
        Passed to `matplotlib.axes.Axes.barh`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.stage_shares(gm.shares(gm.load("toy-battery")))
    >>> ax.get_yticklabels()[0].get_text(), [words.get_text() for words in ax.texts][:2]
    ('Mining · lithium ore', ['Australia 60 %', 'Chile 40 %'])
    """
    stages = result.table.groupby(["stage", "material"], sort=False)
    ax = look.axes_or_new(ax, height=16 + 9 * max(len(stages), 2))
    if not len(stages):
        return look.nothing_to_draw(ax, "nothing is made in this network")
    words = {**country_names(), **(names or {})}
    for row, (_, here) in enumerate(stages):
        left = 0.0
        for group, share in _segments(here, smallest):
            colour, hatch = _fill(group)
            ax.barh(
                row,
                share,
                left=left,
                **{"height": 0.7, "color": colour, "hatch": hatch, "edgecolor": look.PAPER, "linewidth": 0.7, **style},
            )
            _inside(ax, row, left + share / 2, share, group, {"": "not known"}.get(group, words.get(group, group)))
            left += share
    of = result.parameters.get("mineral")
    ax.set_yticks(range(len(stages)), _row_names(stages.groups, words, result.parameters))
    ax.set_ylim(len(stages) - 0.5, -1.0)
    ax.set_xlim(0, 1.28 if index is not None else 1)
    ax.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    look.write_ticks(ax.xaxis, look.percent)
    look.x_title(ax, f"share of each stage's output{f' of {words.get(str(of)) or of}' if of else ''}", loc="left")
    look.tidy(ax)
    ax.spines["bottom"].set_visible(False)
    if index is not None:
        _beside(ax, index, list(stages.groups))
    return ax


def _beside(ax: Axes, index: ConcentrationResult, stages: list[tuple[str, str]]) -> None:
    """Write the range of the index and its inverse at the right of each bar."""
    small: dict[str, Any] = {"fontsize": look.SMALL, "color": look.INK}
    entries = {(entry.stage, entry.material): entry for entry in look.rows(index.table)}
    second = 1.19 + 0.175 * max(180.0 / look.width_of(ax) - 1, 0.0)
    for row, stage in enumerate(stages):
        ax.text(1.015, row, _range(entries[stage]), va="center_baseline", **small)
        ax.text(second, row, f"{entries[stage].effective_number:.1f}", va="center_baseline", **small)
    ax.text(1.015, -0.72, "HHI, low–high", fontweight="bold", va="center", **small)
    ax.text(second, -0.72, "1 / HHI", fontweight="bold", va="center", **small)


def _segments(here: pd.DataFrame, smallest: float) -> list[tuple[str, float]]:
    """Named groups by size, then the small ones together, then what is not known."""
    pairs = [(str(group), float(share)) for group, share in zip(here["group"], here["share"], strict=True)]
    large = [pair for pair in pairs if pair[0] and pair[1] >= smallest]
    small = sum(share for group, share in pairs if group and share < smallest)
    unknown = sum(share for group, share in pairs if not group)
    return [*large, *([(look.OTHERS, small)] if small > 0 else []), *([("", unknown)] if unknown > 0 else [])]


def _fill(group: str) -> tuple[str, str]:
    if not group:
        return "#F2F2F2", "////"
    return (look.FAINT, "") if group == look.OTHERS else (look.country_colour(group), "")


def _inside(ax: Axes, row: int, middle: float, share: float, group: str, name: str) -> None:
    """Write name, or code, and share inside a segment, as much as fits."""
    letter = 0.0128 * 180.0 / look.width_of(ax)  # of the width of a plain page
    choices = (f"{name} {look.percent(share)}", f"{group} {look.percent(share)}", name, group)
    for words in choices:
        if words and len(words) * letter < share:
            ax.text(
                middle,
                row,
                look.plain(words),
                ha="center",
                va="center_baseline",
                fontsize=look.SMALL,
                color=look.ink_on(_fill(group)[0]),
            )
            return


def _range(entry: Any) -> str:
    low, high = f"{entry.hhi_low:.2f}", f"{entry.hhi_high:.2f}"
    return low if low == high else f"{low}–{high}"
