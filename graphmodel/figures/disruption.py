"""Figures of the disruption engine: four responses, two stops together, weeks of a shock, ever more removed."""

from __future__ import annotations

from collections.abc import Sequence

from graphmodel import analysis, plot
from graphmodel.errors import ParameterError
from graphmodel.figures.drawing import Drawn, finished, whose, worst_stop
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_table import main_mineral
from graphmodel.plot.words import industry_words, material_words
from graphmodel.results import OverviewResult, PairResult, PercolationResult, TimelineResult
from graphmodel.scenario import Scenario


def responses(
    network: Network,
    *,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    result: OverviewResult | None = None,
) -> Drawn:
    """Set the four losses of every mineral's worst stop on one line each: what rerouting could save.

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
    >>> drawn = gm.figures.responses(gm.load("toy-battery"))
    >>> drawn.table[["mineral", "removed", "reroute_share", "frozen_share"]]
       mineral               removed  reroute_share  frozen_share
    0  lithium  CHN:refining:lithium            1.0           1.0
    """
    result = result or analysis.overview(network, product=product, consumer=consumer)
    top = look.rows_that_fit(len(result), around=30, each=4.6)
    figure = look.new_figure(height=30 + 4.6 * max(top, 3))
    ax = figure.add_subplot()
    plot.response_ranges(result, ax=ax, top=top, names=industry_words(network))
    look.x_title(
        ax,
        f"share of final demand{whose(network, product, consumer)} lost, in tonnes of each mineral · frozen → reroute"
        f"{look.some_of(top, len(result))}",
    )
    look.legend_above(figure, *ax.get_legend_handles_labels(), columns=2)
    return finished(figure, result.table, network)


def pairs(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    top: int = 12,
    result: PairResult | None = None,
) -> Drawn:
    """Show what is lost when two countries stop together, and each alone.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    top : int
        Number of countries.
    result : PairResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or no pair loses any demand.

    Examples
    --------
    >>> import graphmodel as gm
    >>> drawn = gm.figures.pairs(gm.load("toy-battery"))
    >>> drawn.table[["first", "second", "first_share", "second_share", "loss_share"]].head(2)
      first second  first_share  second_share  loss_share
    0   AUS    CHL          0.6           0.4         1.0
    1   AUS    CHN          0.6           1.0         1.0
    """
    chosen = mineral or main_mineral(network)
    result = result or analysis.pairs(network, mineral=chosen, product=product, consumer=consumer)
    if not result.table["loss"].gt(0).any():
        raise ParameterError(f"no two countries together lose any demand for {chosen}")
    shown = min(top, len({*result.table["first"], *result.table["second"]}))
    shown = look.rows_that_fit(shown, around=38, each=7.2)
    figure = look.new_figure(look.across(26 + 7 * max(shown, 8)), height=38 + 7.2 * shown)
    plot.pair_map(result, ax=figure.add_subplot(), top=shown, names=industry_words(network))
    return finished(figure, result.table, network)


def loss_over_weeks(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    scenario: Scenario | None = None,
    result: TimelineResult | None = None,
) -> Drawn:
    """Follow week by week what is lost of each product in a scenario.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        Only products that hold it are shown; the one found at most stages when absent.
    product, consumer : str or list of str, optional
        Show only these products or countries.
    scenario : Scenario, optional
        The industry whose stop loses most, when absent.
    result : TimelineResult, optional
        Worked out before for the same network, mineral and scenario.

    Raises
    ------
    ParameterError
        If there is no final demand that counts.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
    >>> drawn = gm.figures.loss_over_weeks(gm.load("toy-battery"), scenario=stop)
    >>> drawn.table.loc[[0, 10, 103], ["week", "product", "loss_share"]]
         week       product  loss_share
    0       1  lithium-cell         0.6
    10     11  lithium-cell         0.5
    103   104  lithium-cell         0.5
    """
    path = _counted(network, mineral, product, consumer, scenario, result)
    figure = look.new_figure(height=100)
    plot.loss_over_weeks(path, ax=figure.add_subplot(), names=material_words(network))
    table = path.table.groupby(["week", "product", "unit"], as_index=False, sort=True)[["demand", "loss"]].sum()
    table["loss_share"] = table["loss"] / table["demand"].where(table["demand"] > 0)
    return finished(figure, table, network)


def first_failure(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    scenario: Scenario | None = None,
    result: TimelineResult | None = None,
) -> Drawn:
    """Mark the day on which each product first fails in a scenario.

    Parameters
    ----------
    network, mineral, product, consumer, scenario, result
        As in `loss_over_weeks`.

    Raises
    ------
    ParameterError
        If there is no final demand that counts.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
    >>> drawn = gm.figures.first_failure(gm.load("toy-battery"), scenario=stop)
    >>> drawn.table[["product", "day", "worst_share"]]
            product  day  worst_share
    0  lithium-cell  0.0          0.6
    """
    found = analysis.first_failure(_counted(network, mineral, product, consumer, scenario, result))
    top = look.rows_that_fit(min(len(found), 30), around=24, each=5.2)
    figure = look.new_figure(height=24 + 5.2 * max(top, 3))
    plot.failure_days(found, ax=figure.add_subplot(), top=top, names=material_words(network))
    return finished(figure, found.table, network)


def _counted(
    network: Network,
    mineral: str | None,
    product: str | Sequence[str] | None,
    consumer: str | Sequence[str] | None,
    scenario: Scenario | None,
    result: TimelineResult | None,
) -> TimelineResult:
    """The weeks of a scenario, of the demand that counts."""
    chosen = mineral or main_mineral(network)
    counted = {"mineral": chosen, "product": product, "consumer": consumer}
    if result is None:
        result = analysis.timeline(network, scenario or worst_stop(network, counted), mineral=chosen)
    table = result.table
    for column, named in (("product", product), ("consumer", consumer)):
        if named is not None:
            table = table[table[column].isin([named] if isinstance(named, str) else list(named))]
    if not len(table):
        raise ParameterError(f"no final demand that counts holds {chosen}, so there is none to lose")
    return result.of(table)


SHOWN = {"reachability": "a  Any path left is enough", "frozen": "b  Nobody replaces a supplier"}
"""Panels of `percolation`."""


def percolation(network: Network, *, mineral: str | None = None, result: PercolationResult | None = None) -> Drawn:
    """Follow what is still served as more and more countries are removed, the largest first or at random.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    result : PercolationResult, optional
        Worked out before for the same network and mineral.

    Raises
    ------
    ParameterError
        If no material holds a mineral.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.figures.percolation(gm.load("toy-battery")).table
    >>> table.loc[(table["order"] == "flow") & (table["n_removed"] < 2), ["measure", "removed_share", "value"]]
            measure  removed_share  value
    0  reachability           0.00    1.0
    1  reachability           0.25    0.0
    5        frozen           0.00    1.0
    6        frozen           0.25    0.0
    """
    chosen = mineral or main_mineral(network)
    result = result or analysis.percolation(network, by="country", mineral=chosen, measure=tuple(SHOWN))
    figure = look.new_figure(height=82)
    axes = figure.subplots(1, len(SHOWN))
    for ax, (measure, title) in zip(axes, SHOWN.items(), strict=True):
        plot.percolation_curves(result, measure=measure, ax=ax, title=title)
    note = "Arrows: R, the mean height of each line. Band: nine tenths of the random orders."
    figure.supxlabel(note, fontsize=look.SMALL, color=look.INK, x=0.01, ha="left")
    return finished(figure, result.table, network)
