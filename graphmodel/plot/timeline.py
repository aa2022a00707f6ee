"""Losses over time: the weeks of a shock, how soon each product fails, and how much more a longer shock costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from graphmodel.plot import style as look
from graphmodel.plot.flow_diagram import spread
from graphmodel.plot.places import country_names
from graphmodel.results import DurationResult, FirstFailureResult, TimelineResult

APART = 0.042
"""Least distance of two labels beside lines, as a share of the height of the axes."""


def loss_over_weeks(
    result: TimelineResult,
    *,
    ax: Axes | None = None,
    top: int = 8,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Draw the share of demand lost in each week, one labelled line a product, all consumers together.

    Parameters
    ----------
    result : TimelineResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of products: those that lose the largest share over all weeks.
    names : mapping, optional
        Words to print for products.
    title : str
        Printed above, from the left; the scenario's name when absent.
    **style
        Passed to `matplotlib.axes.Axes.plot`.

    Notes
    -----
    Products that lose nothing are left out. Below the axes stands what the stocks rest on.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("refinery A stops").shut(node_id="refine-a")
    >>> ax = gm.plot.loss_over_weeks(gm.timeline(gm.load("toy-battery"), stop, weeks=4, default_days=14))
    >>> ax.get_title(loc="left"), [words.get_text() for words in ax.texts]
    ('refinery A stops', ['Lithium-cell', 'Stocks: 14 days, assumed, where nothing is stated'])
    """
    weekly = result.table.groupby(["product", "week"], as_index=False, sort=True)[["demand", "loss"]].sum()
    share = _shares(weekly, "week", top)
    ax = look.axes_or_new(ax, height=100)
    look.head(ax, title or str(result.parameters.get("scenario") or ""))
    if not len(share):
        return look.nothing_to_draw(ax, "no product loses anything in these weeks")
    _lines(ax, share, names or {}, style, step=True)
    duration = result.parameters.get("duration")
    weeks = float(share.columns.max())
    if isinstance(duration, int) and duration < weeks:
        ax.axvspan(0, duration, color=look.FAINT, alpha=0.35, linewidth=0, zorder=0)
        ax.annotate(
            "shock", (0.0, 1.0), xycoords=("data", "axes fraction"), xytext=(look.points(3), look.points(-9)),
            textcoords="offset points", fontsize=look.SMALL, color=look.INK,
        )  # fmt: skip
    ax.set_xlim(0, weeks)
    look.x_title(ax, "weeks since the shock began")
    _note(ax, f"Stocks: {_stocks(result.parameters)}", below=30)
    look.y_title(ax, "share of the week's demand lost")
    return ax


def failure_days(
    result: FirstFailureResult,
    *,
    ax: Axes | None = None,
    top: int = 30,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Mark the day on which each product first fails, the soonest on top.

    Parameters
    ----------
    result : FirstFailureResult
    ax, names, title
        As in `loss_over_weeks`.
    top : int
        Number of rows.
    **style
        Passed to `matplotlib.axes.Axes.scatter`.

    Notes
    -----
    Beside each dot stands the day and the largest share lost in any week. What never fails in the weeks looked at
    stands hollow at the right edge.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("refinery A stops").shut(node_id="refine-a")
    >>> path = gm.timeline(gm.load("toy-battery"), stop, weeks=4, default_days=14)
    >>> ax = gm.plot.failure_days(gm.first_failure(path))
    >>> ax.get_yticklabels()[0].get_text(), ax.texts[0].get_text().replace(chr(0x2009), " ")
    ('Lithium-cell', '14 · up to 100 %')
    """
    table, words = result.table.head(top), {**country_names(), **(names or {})}
    ax = look.axes_or_new(ax, height=16 + 4.6 * max(len(table), 3))
    look.head(ax, title or str(result.parameters.get("scenario") or ""))
    if not len(table):
        return look.nothing_to_draw(ax, "no product to fail")
    day = table["day"].to_numpy(dtype=float)
    end = float(7 * _weeks(result.parameters))
    fails = ~np.isnan(day)
    rows = np.arange(len(table))
    ax.hlines(rows[fails], 0, day[fails], color=look.FAINT, linewidth=1.2, zorder=1)
    ax.scatter(day[fails], rows[fails], **{"s": 26, "color": look.ACCENT, "zorder": 3, "clip_on": False, **style})
    if (~fails).any():
        ax.scatter(np.full((~fails).sum(), end), rows[~fails], **{**look.HOLLOW, "s": 16})
    for row, entry in enumerate(look.rows(table)):
        if np.isnan(entry.day):
            words_beside = f"never within {_long(end)}" + (
                f" (up to {look.percent(entry.worst_share)})" if entry.worst_share > 0 else ""
            )
            look.beside(ax, words_beside, end, row, left=True)
        else:
            look.beside(ax, f"{entry.day:.0f} · up to {look.percent(entry.worst_share)}", entry.day, row, offset=6)
    labels = [", ".join(words.get(str(part), str(part)) for part in (e.product, e.consumer) if part)
              for e in look.rows(table)]  # fmt: skip
    look.name_rows(ax, [look.plain(look.sentence(label), 52) for label in labels])
    edge = end if not fails.all() else max(1.4 * float(day.max()), 7.0)
    ax.set_xlim(-0.01 * edge, edge)
    ax.xaxis.set_major_locator(look.few_ticks())
    threshold = float(str(result.parameters.get("threshold", 0.01)))
    look.x_title(
        ax,
        f"days until over {look.percent(threshold)} of a week's demand is lost; beside it, the most lost in any week",
        loc="right",
    )
    left = result.table.iloc[top:]
    if len(left):
        never = int(left["day"].isna().sum())
        parts = [(len(left) - never, "fail no sooner"), (never, f"never fail within {_long(end)}")]
        _note(ax, "Not shown: " + ", ".join(f"{n} that {what}" for n, what in parts if n), below=30)
    look.tidy(ax)
    return ax


def duration_lines(
    result: DurationResult,
    *,
    ax: Axes | None = None,
    top: int = 8,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Draw the loss, in weeks of demand, against how long the shock lasts, one labelled line a product.

    Parameters
    ----------
    result : DurationResult
    ax, top, names, title, **style
        As in `loss_over_weeks`.

    Notes
    -----
    Both axes are linear in weeks; the thin diagonal is a product that is lost from the first day to the last. A line
    that leaves zero later is a stock that holds out; one above the diagonal would restart slowly.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("refinery A stops").shut(node_id="refine-a")
    >>> ax = gm.plot.duration_lines(gm.duration_curve(gm.load("toy-battery"), stop, durations=(4, 8), default_days=14,
    ...     restart_weeks=0))
    >>> [round(float(lost), 6) for lost in ax.lines[-1].get_ydata()]
    [2.0, 6.0]
    """
    ax = look.axes_or_new(ax, height=100)
    look.head(ax, title or str(result.parameters.get("scenario") or ""))
    lost = _shares(result.table.rename(columns={"duration": "week"}), "week", top)
    if not len(lost):
        return look.nothing_to_draw(ax, "no product loses anything for any duration")
    lost = lost * _weeks(result.parameters)
    longest = float(lost.columns.max())
    ax.plot([0, longest], [0, longest], color=look.GREY, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
    _lines(ax, lost, names or {}, style, step=False)
    look.write_ticks(ax.yaxis, look.number)
    ax.set_xlim(0, longest)
    durations = [float(weeks) for weeks in lost.columns]
    apart = [w for k, w in enumerate(durations) if k == len(durations) - 1 or durations[k + 1] - w > 0.035 * longest]
    ax.xaxis.set_major_locator(FixedLocator(apart))
    ax.xaxis.set_minor_locator(NullLocator())
    look.x_title(ax, "weeks the shock lasts (dashed: all lost)")
    _note(ax, f"Stocks: {_stocks(result.parameters)}", below=30)
    look.y_title(ax, f"weeks of demand lost within {_weeks(result.parameters)} weeks")
    return ax


def _shares(table: pd.DataFrame, column: str, top: int) -> pd.DataFrame:
    """Loss shares of the products that lose most, one a row, weeks as columns."""
    total = table.groupby("product")[["demand", "loss"]].sum()
    total = total[(total["loss"] > 0) & (total["demand"] > 0)]
    chosen = (total["loss"] / total["demand"]).sort_values(ascending=False, kind="stable").head(top).index
    table = table[table["product"].isin(chosen)]
    share = table["loss"] / table["demand"].where(table["demand"] > 0)
    wide = table.assign(share=share).pivot(index="product", columns=column, values="share")
    return wide.reindex(chosen)


def _lines(ax: Axes, values: pd.DataFrame, names: Mapping[str, str], style: Mapping[str, Any], *, step: bool) -> None:
    """Draw one line a row and name it at its end, names moved apart where they would touch."""
    weeks = values.columns.to_numpy(dtype=float)
    highest = max(float(np.nanmax(values.to_numpy())) * 1.04, 1e-9)
    ax.set_ylim(0, highest)
    colours = [look.LINES[place % len(look.LINES)] for place in range(len(values))]
    dashes = [look.DASHES[place % len(look.DASHES)] for place in range(len(values))]
    for (_, row), colour, dash in zip(values.iterrows(), colours, dashes, strict=True):
        heights = row.to_numpy(dtype=float)
        if step:  # a week's loss holds for the whole week
            ax.stairs(heights, np.concatenate([weeks - 1, weeks[-1:]]),
                      **{"color": colour, "linestyle": dash, "linewidth": 1.5, "baseline": None, **style})  # fmt: skip
        else:
            line = {"color": colour, "linestyle": dash, "linewidth": 1.5, "marker": "o", "markersize": 2.6}
            ax.plot(weeks, heights, **{**line, **style})
    ends = values.ffill(axis=1).iloc[:, -1].to_numpy(dtype=float) / highest
    led = bool(ends.max() > 0.1)  # where all is over at the end, names stand in a list beside the lines
    if not led:
        ends = np.linspace(0.97, 0.97 - APART * 1.1 * (len(ends) - 1), len(ends))
    order = np.argsort(ends, kind="stable")
    places = _inside(spread([float(ends[k]) for k in order], APART))
    for k, place in zip(order, places, strict=True):
        name = str(values.index[k])
        line = {"arrowstyle": "-", "color": colours[k], "linewidth": 0.9 if led else 1.5, "relpos": (0.0, 0.5)}
        if not led:
            line["linestyle"] = dashes[k]
        ax.annotate(
            look.plain(look.sentence(names.get(name, name)), 46),
            (1.0 if led else 1.015, float(ends[k]) if led else place),
            xycoords="axes fraction",
            xytext=(1.05, place),
            textcoords="axes fraction",
            va="center",
            fontsize=look.SMALL,
            color=look.INK,
            annotation_clip=False,
            arrowprops={**line, "shrinkA": 2, "shrinkB": 0},
        )
    look.write_ticks(ax.yaxis, look.percent)
    look.tidy(ax, grid="y")


def _note(ax: Axes, words: str, *, below: float) -> None:
    """Write a line of small print below the axes, from the left."""
    ax.annotate(
        look.plain(words, 120), (0.0, 0.0), xycoords="axes fraction", xytext=(0, look.points(-below)),
        textcoords="offset points", va="top", fontsize=look.SMALL, color=look.INK, annotation_clip=False,
    )  # fmt: skip


def _inside(places: Sequence[float]) -> list[float]:
    """Shift labels that would hang out below or above the axes."""
    low, high = min(places, default=0.0), max(places, default=0.0)
    shift = max(0.0, -low) if low < 0 else min(0.0, 1.0 - high)
    return [place + shift for place in places]


def _stocks(parameters: Mapping[str, object]) -> str:
    return str(parameters.get("stock_data", "not stated")).partition(":")[0]


def _weeks(parameters: Mapping[str, object]) -> int:
    return int(str(parameters.get("weeks", 104)))


def _long(days: float) -> str:
    """Say a time in years where it is whole years of 52 weeks, else in weeks."""
    weeks = round(days / 7)
    if weeks % 52:
        return f"{weeks} weeks"
    return "a year" if weeks == 52 else f"{weeks // 52} years"
