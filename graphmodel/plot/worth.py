"""What projects and programmes keep served: alone, on top of all others, and on average."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from graphmodel.plot import style as look
from graphmodel.plot.places import backer_name
from graphmodel.results import InteractionResult, OutlookResult, ProgrammeResult, WorthResult

ALONE: dict[str, Any] = {"marker": "|", "s": 70, "color": look.MARK, "linewidths": 1.4, "zorder": 4, "label": "alone"}
LAST: dict[str, Any] = {**look.HOLLOW, "zorder": 5, "label": "on top of all others"}


def worth_ranking(result: WorthResult, *, ax: Axes | None = None, top: int = 20, title: str = "", **style: Any) -> Axes:
    """Rank projects by their worth, with what each adds alone and last; the largest on top.

    Parameters
    ----------
    result : WorthResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of rows.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.barh`.

    Notes
    -----
    Lines are 95 % intervals where orders were sampled. Projects worth nothing, or left out, have no row.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "name": "Refinery B", "country": "USA", "stage": "refining",
    ...     "material": "lithium-salt", "capacity": 500.0})
    >>> ax = gm.plot.worth_ranking(gm.worth(gm.load("toy-battery"), plan, by="node", top=1))
    >>> ax.get_yticklabels()[0].get_text(), float(ax.patches[0].get_width())
    ('Refinery B (USA, lithium salt)', 0.5)
    """
    table = result.table
    table = table[table["worth"].abs() > 0].head(top).reset_index(drop=True)
    place = " (" + table["country"] + ", " + table["material"].str.replace("-", " ") + ")"
    return _bars(
        table.assign(row=table["name"].map(lambda name: look.plain(name, 40)) + place), "worth", ax, title, style
    )


def programme_ranking(
    result: ProgrammeResult, *, ax: Axes | None = None, top: int = 20, title: str = "", **style: Any
) -> Axes:
    """Rank programmes by what all their projects together keep served, alone and on top of all others.

    Parameters
    ----------
    result : ProgrammeResult
    ax, top, title, **style
        As in `worth_ranking`.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "name": "Refinery B", "country": "USA", "stage": "refining",
    ...     "material": "lithium-salt", "capacity": 500.0})
    >>> found = gm.programme_worth(gm.load("toy-battery"), {"Ours": plan}, by="node", top=1)
    >>> ax = gm.plot.programme_ranking(found)
    >>> ax.get_yticklabels()[0].get_text(), float(ax.patches[0].get_width())
    ('Ours (1 of 1)', 0.5)
    """
    table = result.table.head(top).reset_index(drop=True)
    counted = table["n_entering"].astype(str) + " of " + table["n_projects"].astype(str)
    table["row"] = table["programme"].map(backer_name) + " (" + counted + ")"
    return _bars(table, "alone", ax, title, style)


def loss_dumbbells(table: pd.DataFrame, *, ax: Axes | None = None, title: str = "", **style: Any) -> Axes:
    """Join the loss without any project to that with each set of projects by a line, one row a set in the order given.

    Parameters
    ----------
    table : DataFrame
        ``row`` (name to print), ``without`` and ``with_projects`` (shares of final demand lost).
    ax, title, **style
        As in `worth_ranking`; ``style`` goes to `matplotlib.axes.Axes.hlines`.

    Notes
    -----
    Written beside a row: by how many hundredths of final demand the loss changes. The axis need not begin at 0.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> sets = pd.DataFrame({"row": ["Japan", "all together"], "without": 0.6, "with_projects": [0.55, 0.5]})
    >>> ax = gm.plot.loss_dumbbells(sets)
    >>> [(label.get_text(), gain.get_text()[1:]) for label, gain in zip(ax.get_yticklabels(), ax.texts)]
    [('Japan', '5.00'), ('all together', '10.00')]
    """
    ax = look.axes_or_new(ax, height=20 + 5 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "no project can enter")
    rows = range(len(table))
    before, after = table["without"].to_numpy(dtype=float), table["with_projects"].to_numpy(dtype=float)
    ax.hlines(rows, before, after, **{"color": look.GREY, "linewidth": 1.6, "zorder": 1, **style})
    ax.scatter(before, rows, s=42, color=look.PAPER, edgecolors=look.MARK, linewidths=0.9, zorder=2, label="without")
    ax.scatter(after, rows, s=18, color=look.BAR, zorder=3, label="with all its projects")
    for row in rows:
        points = f"{100 * (after[row] - before[row]):+.2f}".replace("-", "\N{MINUS SIGN}")
        look.beside(ax, "±0" if points[1:] == "0.00" else points, max(before[row], after[row]), row, offset=6.0)
    look.name_rows(ax, [look.plain(name) for name in table["row"]])
    low, high = min(before.min(), after.min()), max(before.max(), after.max())
    span = high - low if high > low else 0.1 * max(high, 0.1)
    ax.set_xlim(low - 0.08 * span, high + 0.42 * span)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 2.5, 5, 10]))
    look.write_ticks(ax.xaxis, lambda share: look.fine_percent(share, span))
    look.tidy(ax)
    return ax


def interaction_bars(
    result: InteractionResult, *, ax: Axes | None = None, top: int = 20, title: str = "", **style: Any
) -> Axes:
    """Show pairs of projects that add most more, or most less, together than each does by itself.

    Parameters
    ----------
    result : InteractionResult
    ax, top, title, **style
        As in `worth_ranking`.

    Notes
    -----
    Bars to the right are complements, those to the left substitutes.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> plan = pd.DataFrame({"project_id": ["refine-b", "refine-c"], "name": ["B", "C"], "country": ["USA", "CAN"],
    ...     "stage": "refining", "material": "lithium-salt", "capacity": 600.0})
    >>> ax = gm.plot.interaction_bars(gm.interactions(gm.load("toy-battery"), plan, by="node", top=1))
    >>> float(ax.patches[0].get_width().round())
    -250000.0
    """
    table = result.table[result.table["kind"] != "independent"].head(top).reset_index(drop=True)
    ax = look.axes_or_new(ax, height=16 + 5 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "no two projects have to do with each other")
    colours = [look.BAR if more else look.ACCENT for more in table["interaction"] > 0]
    ax.barh(range(len(table)), 1e6 * table["interaction"], **{"color": colours, "height": 0.7, **style})
    ax.axvline(0.0, color=look.MARK, linewidth=0.6)
    look.name_rows(ax, (table["first"] + "  +  " + table["second"]).tolist())
    ax.xaxis.set_major_locator(look.few_ticks())
    look.write_ticks(ax.xaxis, lambda value: f"{value:.3g}".replace("-", "\N{MINUS SIGN}"))
    look.x_title(ax, "kept served together beyond what each does, millionths of final demand")
    look.tidy(ax)
    return ax


def outlook_lines(result: OutlookResult, *, ax: Axes | None = None, title: str = "", **style: Any) -> Axes:
    """Follow year by year what the projects of each programme keep served, named at the end of each line.

    Parameters
    ----------
    result : OutlookResult
    ax, title, **style
        As in `worth_ranking`; ``style`` goes to `matplotlib.axes.Axes.plot`.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "name": "Refinery B", "country": "USA", "stage": "refining",
    ...     "material": "lithium-salt", "capacity": 500.0, "start_year": 2026, "status": "operating"})
    >>> found = gm.outlook(gm.load("toy-battery"), {"Ours": plan}, years=(2024, 2027), by="node", top=1)
    >>> ax = gm.plot.outlook_lines(found)
    >>> ax.texts[0].get_text(), [float(share) for share in ax.lines[0].get_ydata()]
    ('Ours', [0.0, 0.5])
    """
    table = result.table
    ax = look.axes_or_new(ax, height=70)
    look.head(ax, title)
    if not len(table) or not table["share"].abs().max() > 0:
        return look.nothing_to_draw(ax, "no project changes any loss")
    last = table["year"].max()
    ends = table[table["year"] == last].set_index("programme")["share"].sort_values(ascending=False)
    apart, height = 0.045 * float(ends.max()), float("inf")
    for rank, (programme, end) in enumerate(ends.items()):
        line = table[table["programme"] == programme]
        ax.plot(
            line["year"], line["share"],
            **{"color": look.BAR if rank == 0 else look.MARK, "linewidth": 1.6 if rank == 0 else 0.9, **style},
        )  # fmt: skip
        height = min(height - apart, end)  # names of lines that end close together are moved apart
        look.beside(ax, str(programme), last, height, offset=4.0)
    ax.set_xlim(table["year"].min(), last + 0.12 * max(last - table["year"].min(), 1))
    ax.set_ylim(bottom=min(0.0, table["share"].min()))
    ax.xaxis.set_major_locator(look.few_ticks())
    ax.xaxis.set_major_formatter(lambda year, _: f"{year:.0f}")
    look.write_ticks(ax.yaxis, look.percent)
    look.x_title(ax, "year, projects counted from their start on by their chance")
    look.y_title(ax, "share of the mean loss averted")
    look.tidy(ax)
    return ax


def _bars(table: pd.DataFrame, value: str, ax: Axes | None, title: str, style: dict[str, Any]) -> Axes:
    """Draw bars of one column with marks for the others."""
    ax = look.axes_or_new(ax, height=16 + 5 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "no project changes any loss")
    rows = list(range(len(table)))
    words = {"worth": "worth: mean over all orders", "alone": "alone"}[value]
    ax.barh(rows, table[value], **{"color": look.BAR, "height": 0.7, "label": words, **style})
    if value == "worth":
        ax.hlines(rows, table["low"], table["high"], color=look.MARK, linewidth=0.8, zorder=3)
        ax.scatter(table["alone"], rows, **ALONE)
    ax.scatter(table["last"], rows, **LAST)
    ends = table[[value, "last", "alone"]].max(axis=1).clip(lower=0.0)
    for row in rows:
        look.beside(ax, f"{100 * table[value][row]:.2g} %", ends[row], row, offset=7.0)
    look.name_rows(ax, table["row"].tolist())
    low, high = min(0.0, table[[value, "last", "alone"]].min().min()), float(ends.max())
    ax.set_xlim(1.06 * low - 0.01 * high, 1.16 * high)
    look.write_ticks(ax.xaxis, lambda share: f"{100 * share:.2g} %")
    look.x_title(ax, "share of final demand kept served, mean over the disruptions")
    look.tidy(ax)
    look.legend_above(look.figure_of(ax), *ax.get_legend_handles_labels(), columns=3)
    return ax
