"""Projects chosen and projects stranded: the frontier of best sets, and output that no next stage takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.places import country_names
from graphmodel.results import BottleneckResult, PortfolioResult

AIMS = {
    "expected": "final demand lost, mean over the disruptions",
    "worst": "final demand lost in the worst disruption",
}
"""What the vertical axis is called."""


def portfolio_frontier(
    result: PortfolioResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Draw the least loss for each number of projects, or budget, and where the sets given stand.

    Parameters
    ----------
    result : PortfolioResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for the sets given.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.plot`.

    Notes
    -----
    With a budget the horizontal axis is cost, and a set of unknown cost is left out. Sets given that keep the same
    place share one label. The dotted line is the loss with every project.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "name": "Refinery B", "country": "USA", "stage": "refining",
    ...     "material": "lithium-salt", "capacity": 500.0})
    >>> ax = gm.plot.portfolio_frontier(gm.portfolio(gm.load("toy-battery"), plan, by="node", top=1))
    >>> [(int(n), float(lost)) for n, lost in zip(*ax.lines[0].get_data())]
    [(0, 1.0), (1, 0.5)]
    """
    by_cost = result.parameters.get("budget") is not None
    table = result.table.assign(x=lambda frame: frame["cost"] if by_cost else frame["n_projects"])
    frontier = table[(table["kind"] == "frontier") | (table["name"] == "none")]
    frontier = frontier.assign(at=frontier["limit"].fillna(0.0)).sort_values("at")
    ax = look.axes_or_new(ax, height=85)
    look.head(ax, title)
    if len(frontier) < 2:
        return look.nothing_to_draw(ax, "no set of projects is allowed")
    line = {"color": look.BAR, "linewidth": 1.5, "marker": "o", "markersize": 3.5, "label": "best set", **style}
    ax.plot(frontier["at"], frontier["loss"], **line)
    chosen = table[(table["kind"] == "chosen") & (table["method"] == "greedy")]
    if len(chosen) and not frontier["method"].eq("greedy").any():
        ax.scatter(chosen["x"], chosen["loss"], **{**look.HOLLOW, "s": 20}, label="one after another (greedy)")
    given = table[(table["kind"] == "given") & ~table["name"].isin(["none", "all"]) & table["x"].notna()]
    ax.scatter(given["x"], given["loss"], s=20, color=look.ACCENT, zorder=3, label="sets given" if len(given) else None)
    right = max(float(frontier["at"].max()), float(given["x"].max()) if len(given) else 0.0)
    for (x, loss), same in given.groupby(["x", "loss"]):
        words = ", ".join(look.plain((names or {}).get(name, name), 40) for name in same["name"])
        look.beside(ax, look.plain(words, 60), float(x), float(loss), left=float(x) > 0.75 * right)
    every = float(table.loc[(table["kind"] == "given") & (table["name"] == "all"), "loss"].iloc[0])
    ax.axhline(every, color=look.GREY, linewidth=0.9, linestyle=":", label="all that can enter")
    ax.set_xlim(0, 1.03 * right)
    low, high = min(every, float(table["loss"].min())), float(table["loss"].max())
    room = 0.08 * (high - low) if high > low else 0.05
    ax.set_ylim(low - room, high + room)
    look.write_ticks(ax.yaxis, lambda share: look.fine_percent(share, high - low))
    said = "projects in the set"
    if by_cost:
        scale, word = look.scaled(right, "")
        look.write_ticks(ax.xaxis, lambda cost: look.number(cost / scale))
        ax.xaxis.set_major_locator(look.few_ticks())
        said = f"cost, {word}" if word else "cost"
    else:
        ax.xaxis.set_major_locator(look.few_whole_ticks())
    look.x_title(ax, said)
    look.y_title(ax, AIMS.get(str(result.parameters.get("aim")), "final demand lost"))
    look.tidy(ax, grid="y")
    ax.legend(fontsize=look.SMALL, frameon=False, loc="upper right", labelcolor=look.INK)
    return ax


def stranded_ranges(
    result: BottleneckResult,
    *,
    group: str | None = None,
    ax: Axes | None = None,
    top: int = 20,
    title: str = "",
    **style: Any,
) -> Axes:
    """Draw the share of each project's output without a buyer, from if it displaces others to if others sell first.

    Parameters
    ----------
    result : BottleneckResult
    group : str, optional
        The first in the table when absent; "" is everywhere.
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of rows.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.hlines`.

    Raises
    ------
    UnknownNameError
        If the table has no such group.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> plan = pd.DataFrame({"project_id": ["mine-c"], "name": "Mine C", "country": "CAN", "stage": "mining",
    ...     "material": "lithium-ore", "capacity": 2000.0})
    >>> ax = gm.plot.stranded_ranges(gm.bottleneck(gm.load("toy-battery"), plan, by="node", mineral="lithium"))
    >>> ax.get_yticklabels()[0].get_text(), [float(dots.get_offsets()[0, 0]) for dots in ax.collections[1:]]
    ('Mine C, lithium ore', [0.4, 0.9])
    """
    table = result.table.query("kind == 'project'")
    chosen = look.chosen_or_first(group, table["group"].astype(str), "group")
    where = country_names().get(chosen, chosen)
    table = table[(table["group"] == chosen) & (table["stranded_high"] > 0)].head(top)
    ax = look.axes_or_new(ax, height=16 + 5 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "every project finds buyers")
    rows = list(range(len(table)))
    low, high = table["stranded_low"].to_numpy(dtype=float), table["stranded_high"].to_numpy(dtype=float)
    ax.hlines(rows, low, high, **{"color": look.BAR, "linewidth": 3, "alpha": 0.45, **style})
    ax.scatter(low, rows, s=40, color=look.BAR, zorder=3, clip_on=False, label="if it displaces every other seller")
    ax.scatter(high, rows, **look.HOLLOW, label="if who makes it there today sells first")
    look.name_rows(ax, [look.plain(_project(row), 56) for row in look.rows(table)])
    ax.set_xlim(0, 1)
    look.write_ticks(ax.xaxis, look.percent)
    look.x_title(ax, f"output without a buyer{f' in {where}' if where else ''}")
    look.tidy(ax)
    look.pad_ticks(ax, "y", 7)
    look.legend_above(look.figure_of(ax), *ax.get_legend_handles_labels(), columns=2)
    return ax


def _project(row: Any) -> str:
    return f"{row.label}, {str(row.material).replace('-', ' ')}" if pd.notna(row.label) else str(row.item)
