"""A figure with its table, and what several figures ask of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from graphmodel import analysis
from graphmodel.analysis.grouping import node_ids
from graphmodel.analysis.remaining import removable
from graphmodel.errors import ParameterError
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.render import render, settle
from graphmodel.plot.words import industry_phrase, industry_words, material_words
from graphmodel.plot.words import whose as said_whose
from graphmodel.scenario import Scenario


class Drawn(NamedTuple):
    """A figure and the table it draws; ``table.attrs`` name the network, its fingerprint and the style.

    Examples
    --------
    >>> import graphmodel as gm
    >>> figure, table = gm.figures.stage_shares(gm.load("toy-battery"))
    >>> table.attrs["network"], table.attrs["style"], len(figure.axes)
    ('toy-battery', 'plain', 1)
    """

    figure: Figure
    table: pd.DataFrame

    def _repr_png_(self) -> bytes:
        """Show the figure in a notebook."""
        return render(self.figure, "png", dpi=150)


def finished(figure: Figure, table: pd.DataFrame, network: Network) -> Drawn:
    """Settle the layout once, so that every file shows the same, and name the data."""
    settle(figure)
    table = table.reset_index(drop=True)
    table.attrs.update(network=network.name, fingerprint=network.fingerprint, style=look.page().name)
    return Drawn(figure, table)


def whose(network: Network, product: str | Sequence[str] | None, consumer: str | Sequence[str] | None) -> str:
    """Say whose demand counts, "" where all does."""
    return said_whose({**industry_words(network), **material_words(network)}, product, consumer)


def worst_stop(network: Network, counted: Mapping[str, Any]) -> Scenario:
    """Stop the industry without which most of the demand that counts is lost."""
    table = analysis.removal(network, by="industry", **counted).table
    if not table["loss"].gt(0).any():
        raise ParameterError("no country's stage loses any demand; name a scenario")
    worst = str(table["removed"].iloc[0])
    what, where = industry_phrase(network, worst)
    nodes = node_ids(network, "industry", worst, among=removable(network))
    return Scenario(f"{where}: all {what} stops").shut(node_id=nodes)


def contained(mineral: str | None) -> str:
    """Say in what products are counted."""
    return f"in {mineral.replace('-', ' ')} contained" if mineral else "every product alike"
