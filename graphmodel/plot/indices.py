"""Indices of supply risk, benchmarks and how well measures rank losses: one row an index, a benchmark, a measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.results import AgreementResult, ComplianceResult, IndexResult

INDEX_WORDS: Mapping[str, str] = {
    "hhi": "concentration (HHI)",
    "governed_sum": "governance-weighted, sum",
    "governed_product": "governance-weighted, product",
    "geopolrisk": "GeoPolRisk",
    "n_minus_one": "N-1, largest's demand left out",
    "n_minus_one_all": "N-1, over all demand",
    "import_reliance": "import reliance",
}
"""Indices between 0 and 1 that share an axis, in the order drawn; those of other scales stay in the table."""

RESPONSES: Mapping[str, tuple[str, str]] = {
    "frozen": (look.BAR, "o"),
    "adapt": ("#E69F00", "s"),
    "reroute": (look.ACCENT, "D"),
    "reachability": (look.GREY, "^"),
}
"""Colour and marker of each response."""


def index_ranges(
    result: IndexResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Mark each index between 0 and 1 by stage, with the range that supply of no known country leaves.

    Parameters
    ----------
    result : IndexResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for stages.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.scatter`.

    Notes
    -----
    Values beyond 0 and 1 (net exporters, more made elsewhere than wanted) stand at the edge as triangles, written out.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.index_ranges(gm.indices(gm.load("toy-battery"), "lithium", "CHN", stage="mining"))
    >>> ax.get_yticklabels()[0].get_text(), float(ax.collections[-1].get_offsets()[0, 0])
    ('concentration (HHI)', 0.52)
    """
    table = result.table
    table = table[table["index"].isin(INDEX_WORDS) & table["value"].notna()]
    shown = [index for index in INDEX_WORDS if index in set(table["index"])]
    stages = list(dict.fromkeys(table["stage"]))
    ax = look.axes_or_new(ax, height=26 + 3.1 * max(len(shown), 2) * max(len(stages), 2))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "no index has a value")
    words, step = names or {}, 0.8 / len(stages)
    for place, (stage, (colour, marker)) in enumerate(look.stage_styles(stages).items()):
        rows = table[table["stage"] == stage].set_index("index").reindex(shown)
        at = pd.Series([row - 0.4 + (place + 0.5) * step for row in range(len(shown))], index=rows.index)
        rows, at = rows[rows["value"].notna()], at[rows["value"].notna()]
        ax.hlines(at, rows["low"].clip(0, 1), rows["high"].clip(0, 1), color=colour, linewidth=1.6, alpha=0.5)
        inside = rows["value"].between(0, 1)
        mark = {"s": 20, "color": colour, "marker": marker, "edgecolors": look.INK, "linewidths": 0.4, "clip_on": False}
        label = look.plain(look.sentence(words.get(stage, stage)))
        ax.scatter(rows["value"][inside], at[inside], **{**mark, "zorder": 3, "label": label, **style})
        for value, row in zip(rows["value"][~inside], at[~inside], strict=True):
            side = "<" if value < 0 else ">"
            ax.scatter(min(max(value, 0), 1), row, s=16, color=colour, marker=side, clip_on=False, zorder=3)
            look.beside(ax, look.number(value, 2), min(max(value, 0), 1), row, left=value < 0)
    look.name_rows(ax, [INDEX_WORDS[index] for index in shown])
    for row in range(1, len(shown)):
        ax.axhline(row - 0.5, color=look.FAINT, linewidth=0.5)
    ax.set_xlim(0, 1)
    look.x_title(ax, f"index of {result.parameters.get('mineral')}, 0 to 1; lines: supply of no known country")
    look.tidy(ax)
    look.pad_ticks(ax, "y", 26)
    look.legend_above(look.figure_of(ax), *ax.get_legend_handles_labels(), columns=6)
    return ax


def benchmark_marks(
    result: ComplianceResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Set every known value beside its target, filled where it is met, and an arrow to what the scenario makes of it.

    Parameters
    ----------
    result : ComplianceResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for stages.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.scatter`.

    Notes
    -----
    Values above 1 stand at the edge, written out. A grey line runs from the low to the high value.
    Rows without a value are left out.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> names = pd.DataFrame([{"programme": "KOR", "material": "Lithium", "mineral": "lithium",
    ...     "processed": "lithium-salt", "note": ""}])
    >>> ax = gm.plot.benchmark_marks(gm.compliance(gm.load("toy-battery"), "KOR", consumer="KOR", materials=names))
    >>> ax.get_yticklabels()[0].get_text()
    'Lithium · largest country (refining)'
    """
    table = result.table
    table = table[table["value"].notna()].reset_index(drop=True)
    ax = look.axes_or_new(ax, height=22 + 3.7 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "no benchmark has a value in this network")
    words = names or {}
    ax.hlines(range(len(table)), 0, table["value"].clip(0, 1), color=look.FAINT, linewidth=1.2, zorder=1)
    ax.scatter(table["target"], range(len(table)), marker="|", s=70, color=look.MARK, zorder=3, label="target")
    ends = table[["low", "high"]].clip(0, 1)
    ax.hlines(range(len(table)), ends["low"], ends["high"], color=look.GREY, linewidth=2.6, alpha=0.7, zorder=2)
    for met, label, colour in (("yes", "met", look.BAR), ("no", "not met", look.ACCENT), ("open", "open", look.MARK)):
        rows = table[table["met"] == met]
        if not len(rows):
            continue
        fill = {"color": colour} if met == "yes" else {"color": look.PAPER, "edgecolors": colour, "linewidths": 1.1}
        mark = {"s": 20, "zorder": 4, "clip_on": False, "label": label, **fill, **style}
        ax.scatter(rows["value"].clip(0, 1), rows.index, **mark)
    for row, value in zip(table.index, table["value"], strict=True):
        if not 0 <= value <= 1:
            look.beside(ax, look.percent(float(value)), min(max(value, 0.0), 1.0), row, left=value < 0)
    moved = table[table["with_scenario"].notna() & ((table["with_scenario"] - table["value"]).abs() > 1e-3)]
    for row, entry in zip(moved.index, look.rows(moved), strict=True):
        ends = [(min(max(float(end), 0.0), 1.0), row) for end in (entry.with_scenario, entry.value)]
        arrow = {"arrowstyle": "-|>", "color": look.INK, "linewidth": 0.9, "shrinkA": 2.5, "shrinkB": 0}
        ax.annotate("", ends[0], ends[1], arrowprops=arrow, zorder=5)
    look.name_rows(ax, [_benchmark_name(entry, words) for entry in look.rows(table)])
    ax.set_xlim(0, 1)
    look.write_ticks(ax.xaxis, look.percent)
    arrows = "; arrows: with the scenario" if len(moved) else ""
    look.x_title(ax, f"share, as the benchmark reads it{arrows}")
    look.tidy(ax)
    look.pad_ticks(ax, "y", 9)
    look.legend_above(look.figure_of(ax), *ax.get_legend_handles_labels(), columns=4)
    return ax


def _benchmark_name(entry: Any, words: Mapping[str, str]) -> str:
    stage = str(entry.stage)
    at = f" ({words.get(stage, stage)})" if entry.benchmark in _BY_STAGE else ""
    return look.plain(f"{entry.material} · {entry.benchmark}{at}", 64)


_BY_STAGE = ("third country", "largest country")
"""Benchmarks read at several stages."""


def agreement_intervals(
    result: AgreementResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Draw each measure's rank correlation with the losses as a dot with its interval, the best on top.

    Parameters
    ----------
    result : AgreementResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for measures.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.scatter`.

    Notes
    -----
    One colour and marker a response; the second network is hollow. Measures are in the order of their mean correlation
    in the first network. A line that touches 0 belongs to a measure that misleads.

    Examples
    --------
    >>> import graphmodel as gm
    >>> found = gm.agreement(gm.load("toy-battery"), by="node", mineral="lithium", responses=["frozen"],
    ...     measures=["in_strength", "out_strength"])
    >>> [label.get_text() for label in gm.plot.agreement_intervals(found).get_yticklabels()]
    ['out strength', 'in strength']
    """
    table = result.table
    table = table[table["rho"].notna()]
    ax = look.axes_or_new(ax, height=28 + 5.6 * max(table["measure"].nunique(), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, "no measure can be compared")
    networks, responses = (list(dict.fromkeys(table[column])) for column in ("network", "response"))
    order = table[table["network"] == networks[0]].groupby("measure")["rho"].mean()
    order = order.reindex(table["measure"].unique()).sort_values(ascending=False, kind="stable", na_position="last")
    row_of = {measure: row for row, measure in enumerate(order.index)}
    ax.axvline(0, color=look.INK, linewidth=0.8, zorder=1)
    series = [(response, network) for response in responses for network in networks]
    for place, (response, network) in enumerate(series):
        rows = table[(table["response"] == response) & (table["network"] == network)]
        at = rows["measure"].map(row_of) + (place + 0.5) * 0.76 / len(series) - 0.38
        (colour, marker), again = RESPONSES[response], network != networks[0]
        ax.hlines(at, rows["low"], rows["high"], color=colour, linewidth=1.1, alpha=0.55, zorder=2)
        fill = {"color": look.PAPER, "edgecolors": colour, "linewidths": 0.9} if again else {"color": colour}
        label = response if len(networks) == 1 else f"{response}, {network}"
        ax.scatter(rows["rho"], at, **{"s": 13, "marker": marker, "zorder": 3, "label": label, **fill, **style})
    words = names or {}
    look.name_rows(ax, [look.plain(words.get(name, name.replace("_", " "))) for name in order.index])
    for row in range(1, len(order)):
        ax.axhline(row - 0.5, color=look.FAINT, linewidth=0.4, zorder=0)
    ax.set_xlim(min(-0.45, float(table["low"].min()) - 0.03), 1.02)
    look.x_title(ax, "rank correlation with the loss (Spearman), 95 % interval; a line across 0 misleads")
    look.tidy(ax)
    look.legend_above(look.figure_of(ax), *ax.get_legend_handles_labels(), columns=len(responses))
    return ax
