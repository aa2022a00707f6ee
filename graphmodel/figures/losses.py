"""Figures of what is lost without whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from graphmodel import analysis, plot
from graphmodel.analysis.chokepoints import BESIDE
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError, nearest
from graphmodel.figures.drawing import Drawn, contained, finished, whose, worst_stop
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_table import main_mineral
from graphmodel.plot.words import industry_words, material_words
from graphmodel.results import (
    LossResult,
    OverviewResult,
    Result,
)
from graphmodel.scenario import Scenario

MEASURES = {"pagerank": "PageRank", "reversed_pagerank": "Reversed PageRank"}
"""Measures that are names."""

ENDS: tuple[analysis.Response, ...] = ("reachability", "frozen")
"""The least loss and the most, where a figure shows these alone."""


def overview(
    network: Network,
    *,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    result: OverviewResult | None = None,
) -> Drawn:
    """Rank minerals by what final products lose of each without its worst industry.

    Parameters
    ----------
    network : Network
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    result : OverviewResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    EmptySelectionError
        If nothing can be grouped, or no final demand that counts holds any mineral.

    Examples
    --------
    >>> import graphmodel as gm
    >>> drawn = gm.figures.overview(gm.load("toy-battery"))
    >>> [label.get_text() for label in drawn.figure.axes[0].get_yticklabels()]
    ['Lithium: China · refining']
    """
    result = result or analysis.overview(network, product=product, consumer=consumer)
    top = look.rows_that_fit(len(result), around=24, each=4.2)
    figure = look.new_figure(height=24 + 4.2 * max(top, 3))
    ax = figure.add_subplot()
    plot.overview_ranking(result, ax=ax, top=top, names=industry_words(network))
    look.x_title(
        ax,
        f"share of final demand{whose(network, product, consumer)} lost, in tonnes of each mineral"
        f"{look.some_of(top, len(result))}",
    )
    handles, labels = ax.get_legend_handles_labels()
    look.legend_above(figure, handles[::-1], labels[::-1])
    return finished(figure, result.table, network)


def chokepoints(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    top: int = 12,
) -> Drawn:
    """Rank what is lost without each plant, each country's stage and each controlling country.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    top : int
        Rows of each panel.

    Raises
    ------
    ParameterError
        If no material holds a mineral.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.figures.chokepoints(gm.load("toy-battery")).table
    >>> table.loc[table["rank"] == 1, ["by", "label", "frozen_share"]]
              by                 label  frozen_share
    0      plant            Refinery A           1.0
    5   industry  CHN:refining:lithium           1.0
    10   control                   CHN           1.0
    """
    chosen = mineral or main_mineral(network)
    counted: dict[str, Any] = {"mineral": chosen, "product": product, "consumer": consumer}
    panels = (
        ("a  Single plants", "plant"),
        ("b  A country's plants at one stage", "industry"),
        ("c  All plants one country's firms control", "control"),
    )
    results = {by: _or_none(analysis.chokepoints, network, by=by, responses=ENDS, **counted) for _, by in panels}
    top = look.rows_that_fit(3 * top, around=54, each=3.9) // 3
    tables = {by: _worst(result, top) for by, result in results.items() if result is not None}
    if not tables:  # say why
        analysis.chokepoints(network, by="industry", responses=ENDS, **counted)
    rows = {by: max(len(table), 2) for by, table in tables.items()}
    figure = look.new_figure(height=24 + 10 * len(rows) + 3.9 * sum(rows.values()))
    axes = figure.subplots(len(rows), squeeze=False, height_ratios=[n + 0.6 for n in rows.values()])[:, 0]
    drawn = [(title, by) for title, by in panels if by in tables]
    for ax, (title, by) in zip(axes, drawn, strict=True):
        result = results[by]
        if result is not None:
            plot.chokepoint_ranking(result, ax=ax, top=top, names=industry_words(network), title=title)
        ax.set_xlabel("")
    widest = max([float(table["frozen_share"].max()) for table in tables.values() if len(table)] or [1.0])
    for ax in axes:
        ax.set_xlim(0, 1.08 * widest)
    look.x_title(
        axes[-1],
        f"share of final demand{whose(network, product, consumer)} lost, {contained(chosen)}",
    )
    handles, labels = axes[0].get_legend_handles_labels()
    look.legend_above(figure, handles[::-1], labels[::-1])
    table = pd.concat([table.assign(by=by) for by, table in tables.items()], ignore_index=True)
    return finished(figure, table[["by", *[name for name in table if name != "by"]]], network)


def _worst(result: Result, top: int) -> pd.DataFrame:
    table = result.table
    return table[table["frozen_share"] > 0].sort_values(["rank", "removed"], kind="stable").head(top)


def _or_none(run: Callable[..., Any], network: Network, **options: Any) -> Any:
    """Run an analysis, or return None where nothing can be grouped that way."""
    try:
        return run(network, **options)
    except EmptySelectionError:
        return None


def centrality_against_loss(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    by: str = "industry",
) -> Drawn:
    """Set measures of position against the loss they claim to predict.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    by : str
        What a point stands for: ``"industry"``, ``"plant"`` or any grouping of `removal`.

    Raises
    ------
    ParameterError
        If no material holds a mineral.
    EmptySelectionError
        If nothing can be grouped that way.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.figures.centrality_against_loss(gm.load("toy-battery"), by="plant").table
    >>> table.loc[table["label"].isin(["Mine B", "Cell plant A"]), ["label", "betweenness", "frozen_share"]]
              label  betweenness  frozen_share
    1  Cell plant A          4.5           0.6
    2        Mine B          0.0           0.6
    """
    chosen = mineral or main_mineral(network)
    result = analysis.chokepoints(network, by=by, responses=ENDS, mineral=chosen, product=product, consumer=consumer)
    table = result.table
    table = table[table["out_strength"] > 0]  # what handles none of the mineral has no position in its network
    result = result.of(table)
    measures = list(BESIDE)
    figure = look.new_figure(height=118)
    columns = 3
    axes = figure.subplots(-(-len(measures) // columns), columns, squeeze=False, sharey=True).ravel()
    for place, (ax, measure) in enumerate(zip(axes, measures, strict=False)):
        title = f"{'abcdefgh'[place]}  {MEASURES.get(measure) or look.sentence(measure.replace('_', ' '))}"
        plot.centrality_against_loss(
            result, measure=measure, ax=ax, names=industry_words(network), labelled=5, title=title
        )
        ax.set_xlabel("")
        if place % columns == 0:
            look.y_title(ax, "frozen loss, share of demand")
    for ax in axes[len(measures) :]:
        ax.set_axis_off()
        what = "stage of one country" if by == "industry" else by
        ax.text(
            0.0,
            0.95,
            f"Each point: one {look.plain(what)}\nthat delivers {look.plain(chosen.replace('-', ' '))}.\n"
            "High and left: much is lost,\nbut the measure does not see it.",
            transform=ax.transAxes,
            va="top",
            fontsize=look.TEXT,
            color=look.INK,
            linespacing=1.5,
        )
    return finished(figure, result.table, network)


def loss_by_product(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    scenario: Scenario | None = None,
    result: LossResult | None = None,
) -> Drawn:
    """Show which consuming country loses which product in a scenario.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        Only products that hold it are shown; the one found at most stages when absent.
    product, consumer : str or list of str, optional
        Show only these products or countries.
    scenario : Scenario, optional
        The industry whose stop loses most, when absent.
    result : LossResult, optional
        Worked out before for the same network and scenario.

    Raises
    ------
    ParameterError
        If there is no final demand.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("cell plant B stops").shut(node_id="cell-b")
    >>> drawn = gm.figures.loss_by_product(gm.load("toy-battery"), scenario=stop)
    >>> drawn.table[["product", "consumer", "loss_share"]]
            product consumer  loss_share
    0  lithium-cell      CHN         0.8
    1  lithium-cell      USA         0.0
    """
    held = mineral or main_mineral(network)
    if result is None:
        counted = {"mineral": held, "product": product, "consumer": consumer}
        result = analysis.losses(network, scenario or worst_stop(network, counted), mineral=held)
    whole, name = result, str(result.parameters["scenario"])
    rows = whole.table[whole.table["product"].map(network.content(held)).fillna(0.0) > 0]
    for column, named in (("product", product), ("consumer", consumer)):
        if named is not None:
            values = [named] if isinstance(named, str) else list(named)
            unknown = [value for value in values if value not in set(whole.table[column])]
            if unknown:
                raise UnknownNameError(f"no {column} {unknown[0]!r}; {nearest(unknown[0], set(whole.table[column]))}")
            rows = rows[rows[column].isin(values)]
    result = whole.of(rows)
    table = rows.query("response == 'frozen' and demand > 0")
    if not len(table):
        raise ParameterError(f"no final demand that counts holds {held}, so there is none to lose")
    worst = table.groupby("product")["loss_share"].max().sort_values(ascending=False, kind="stable").index
    top = look.rows_that_fit(len(worst), around=36, each=8)
    if top < len(worst):
        rows = rows[rows["product"].isin(worst[:top])]
        result = whole.of(rows)
    n_columns = min(max(table["consumer"].nunique(), 8), 24)
    figure = look.new_figure(look.across(45 + 8 * n_columns), height=36 + 8 * top)
    ax = plot.loss_by_product(result, ax=figure.add_subplot(), names=material_words(network), title=name)
    look.x_title(ax, ax.get_xlabel() + look.some_of(top, len(worst)))
    return finished(figure, table, network)
