"""Figures of how sure losses are: what moves the worst one, how firm ranks are, and how losses spread over stops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from graphmodel import analysis, datasets, plot
from graphmodel.build import SPARSE
from graphmodel.errors import ParameterError
from graphmodel.figures.drawing import Drawn, contained, finished, whose
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_table import main_mineral
from graphmodel.plot.words import industry_words, material_words
from graphmodel.results import SensitivityResult, UncertaintyResult


def tornado(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    top: int = 12,
    result: SensitivityResult | None = None,
) -> Drawn:
    """Show how far each uncertain number moves the worst loss when it is at its low and at its high.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    top : int
        Number of rows.
    result : SensitivityResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or no number moves the loss.
    EmptySelectionError
        If no stop loses any final demand that counts.

    Notes
    -----
    Seen: what all a country sells of a material being a little more or less would change, and flows of one basis all
    being so; the line is the loss with the flows as they stand.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> found = gm.sensitivity(toy, by="country", removed="AUS", mineral="lithium")
    >>> drawn = gm.figures.tornado(toy, result=found, top=2)
    >>> [label.get_text() for label in drawn.figure.axes[0].get_yticklabels()]
    ['All estimated flows', 'Australia sells lithium ore']
    """
    chosen = mineral or main_mineral(network)
    result = result or analysis.sensitivity(network, mineral=chosen, product=product, consumer=consumer)
    moving = int((result.table["swing"] > 0).sum())
    if not moving:
        raise ParameterError(f"no uncertain number moves the worst loss of {chosen}")
    figure = look.new_figure(height=30 + 4.6 * max(min(moving, top), 3))
    ax = figure.add_subplot()
    names = {**industry_words(network), **material_words(network)}
    demand = f"final demand{whose(network, product, consumer)}, {contained(chosen)},"
    plot.sensitivity_tornado(result, ax=ax, top=top, names=names, demand=demand)
    return finished(figure, result.table, network)


def rank_stability(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    top: int = 10,
    again: Network | None = None,
    result: UncertaintyResult | None = None,
) -> Drawn:
    """Show between which ranks the worst stops of countries' industries lie, over draws and reconstructions.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    top : int
        Number of rows.
    again : Network, optional
        Another reconstruction of the same flows; for one that ships dense and sparse, the other one when absent.
    result : UncertaintyResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or no stop loses any demand.
    EmptySelectionError
        If nothing can be grouped.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> drawn = gm.figures.rank_stability(toy, result=gm.uncertainty(toy, by="node", draws=20))
    >>> drawn.table[["label", "rank", "rank_low", "rank_high"]].head(1)
            label  rank  rank_low  rank_high
    0  Refinery A     1         1          1
    """
    chosen = mineral or main_mineral(network)
    counted: dict[str, Any] = {"mineral": chosen, "product": product, "consumer": consumer}
    result = result or analysis.uncertainty(network, by="industry", draws=100, **counted)
    losing = int((result.table["loss_share"] > 0).sum())
    if not losing:
        raise ParameterError(f"no country's stage loses any final demand for {chosen}")
    again = again or _other_reconstruction(network)
    other = None if again is None else analysis.removal(again, by=str(result.parameters["by"]), **counted)
    figure = look.new_figure(height=26 + 5 * max(min(losing, top), 3))
    ax = figure.add_subplot()
    plot.rank_intervals(result, again=other, ax=ax, top=top, names=industry_words(network))
    look.x_title(
        ax,
        f"rank by final demand{whose(network, product, consumer)} lost, {contained(chosen)}; 1 the worst",
    )
    lines = result.table.query("loss_share > 0").head(top)
    if not lines["rank"].between(lines["rank_low"], lines["rank_high"]).all():
        note = "A dot lies outside its line where the flows as they stand are at one end of what was drawn."
        figure.supxlabel(note, fontsize=look.SMALL, color=look.INK, x=0.01, ha="left")
    table = result.table
    if other is not None:
        table["rank_again"] = table["removed"].map(other.table.set_index("removed")["rank"]).astype("Int64")
    return finished(figure, table, network)


SHOWN: dict[analysis.Response, str] = {
    "frozen": "a  Nobody replaces a supplier",
    "reachability": "b  Any path left is enough",
}
"""Panels of `cascade_sizes`."""


def cascade_sizes(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
) -> Drawn:
    """Show how losses spread over all single stops: how many lose little, and how much the few worst do.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or no stop loses any demand.
    EmptySelectionError
        If nothing can be grouped.

    Notes
    -----
    Seen: curves that fall slowly to the right have many stops of every size; written beside the lowest point of each
    is the largest stop. The table has every stop, with the share of stops that lose ``at_least`` as much.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.figures.cascade_sizes(gm.load("toy-battery")).table
    >>> table.loc[(table["response"] == "frozen") & (table["by"] == "country"), ["label", "loss_share", "at_least"]]
       label  loss_share  at_least
    10   CHN         1.0      0.25
    11   AUS         0.6      0.75
    12   KOR         0.6      0.75
    13   CHL         0.4      1.00
    """
    chosen = mineral or main_mineral(network)
    counted: dict[str, Any] = {"mineral": chosen, "product": product, "consumer": consumer}
    found = {
        response: {by: analysis.removal(network, by=by, response=response, **counted) for by in LENSES}
        for response in SHOWN
    }
    tables = [
        result.table.assign(
            by=by, at_least=lambda table: table["loss_share"].rank(ascending=False, method="max") / len(table)
        )
        for results in found.values()
        for by, result in results.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    if not table["loss"].gt(0).any():
        raise ParameterError(f"no stop loses any final demand for {chosen}")
    figure = look.new_figure(height=95)
    axes = figure.subplots(1, len(SHOWN), sharey=True)
    for ax, (response, title) in zip(axes, SHOWN.items(), strict=True):
        plot.exceedance_curves(found[response], ax=ax, names=industry_words(network), title=title)
    axes[1].set_ylabel("")
    look.legend_above(figure, *axes[0].get_legend_handles_labels())
    return finished(figure, table[["response", "by", "removed", "label", "n_nodes", "loss_share", "at_least"]], network)


LENSES = ("plant", "industry", "country")
"""What stops, in `cascade_sizes`."""


def _other_reconstruction(network: Network) -> Network | None:
    """The sparse counterpart of a dense data set that ships, or the other way round; None where plants differ."""
    name = network.name.removesuffix(SPARSE) if network.name.endswith(SPARSE) else network.name + SPARSE
    if name not in set(datasets.available()["name"]):
        return None
    other = datasets.load(name)
    return other if other.nodes.equals(network.nodes) else None
