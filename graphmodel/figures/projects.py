"""Figures of what projects change."""

from __future__ import annotations

from collections.abc import Sequence

from graphmodel import analysis, datasets, plot
from graphmodel.datasets import PROGRAMMES
from graphmodel.errors import ParameterError
from graphmodel.figures.drawing import Drawn, finished
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_table import main_mineral
from graphmodel.plot.words import stage_words
from graphmodel.results import (
    DiversificationResult,
    ProgrammeResult,
)
from graphmodel.scenario import Scenario


def diversification(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    scenario: Scenario | None = None,
    result: DiversificationResult | None = None,
) -> Drawn:
    """Compare measures without and with a scenario, such as an alliance's projects.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    scenario : Scenario
        What is added or changed.
    result : DiversificationResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    ParameterError
        If neither a scenario nor a result is given, or no material holds a mineral.
    """
    if scenario is None and result is None:
        raise ParameterError("diversification compares with a scenario; give one as scenario=…")
    if result is None:
        assert scenario is not None
        mineral = mineral or main_mineral(network)
        result = analysis.diversification(network, scenario, mineral=mineral, product=product, consumer=consumer)
    name = str(result.parameters["scenario"])
    table = result.table
    lost = [measure for measure in dict.fromkeys(table["measure"]) if "loss" in measure]
    shown = [measure for measure in dict.fromkeys(table["measure"]) if measure not in lost]
    n_rows = int(table["measure"].isin([*shown[:1], *lost]).sum())
    if look.rows_that_fit(n_rows, around=42, each=4.1) < n_rows:  # a slide shows the first lens alone
        first = table[table["lens"] == table["lens"].iloc[0]]
        result = DiversificationResult(first, network=result.network, parameters=result.parameters, units=result.units)
    above, below = (max(int(result.table["measure"].isin(group).sum()), 1) for group in (shown[:1], lost))
    figure = look.new_figure(height=42 + 4.1 * (above + below))
    spread = figure.add_gridspec(2, max(len(shown), 1), height_ratios=(above + 1, below + 1))
    axes = [figure.add_subplot(spread[0, place]) for place in range(len(shown))]
    for ax, measure in zip(axes, shown, strict=True):
        plot.before_and_after(result, measure=measure, ax=ax, names=stage_words(network, lower=False))
        if ax is not axes[0]:
            ax.set_yticklabels([])
    axes.append(figure.add_subplot(spread[1, :]))
    plot.dumbbells(result, lost, ax=axes[-1], title="final demand lost, share", names=stage_words(network))
    handles, labels = axes[0].get_legend_handles_labels()
    look.legend_above(figure, handles, labels)
    figure.suptitle(look.plain(name, 90), fontsize=look.HEAD, fontweight="bold", color=look.INK, x=0.01, ha="left")
    return finished(figure, table, network)


def programmes(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    result: ProgrammeResult | None = None,
) -> Drawn:
    """Rank alliances and sponsors by what all their listed projects together keep served.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        Count final demand in tonnes of it; every product alike when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    result : ProgrammeResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    EmptySelectionError
        If no listed project can enter the network.
    """
    if result is None:
        listed = {name: datasets.projects(name) for name in PROGRAMMES}
        result = analysis.programme_worth(network, listed, mineral=mineral, product=product, consumer=consumer)
    figure = look.new_figure(height=34 + 6 * len(result))
    plot.programme_ranking(result, ax=figure.add_subplot())
    return finished(figure, result.table, network)
