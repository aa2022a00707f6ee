"""The rows of a result, each with the nodes it stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from graphmodel.analysis.grouping import group_nodes
from graphmodel.analysis.remaining import removable
from graphmodel.errors import ParameterError
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.places import place_name
from graphmodel.plot.words import industry_words, material_words
from graphmodel.processes import processes
from graphmodel.results import (
    ChokepointResult,
    EsriResult,
    LossResult,
    MaxFlowResult,
    RemovalResult,
    Result,
    UncertaintyResult,
)

TOP = 200
"""Rows shown."""

SHARES: dict[type[Result], tuple[str, str]] = {
    RemovalResult: ("loss_share", "final demand lost"),
    ChokepointResult: ("frozen_share", "final demand lost, frozen"),
    MaxFlowResult: ("loss_share", "final demand that cannot be delivered"),
    UncertaintyResult: ("loss_share", "final demand lost"),
    EsriResult: ("esri", "sales lost"),
}
"""Results whose rows are nodes or groups of nodes that were shut: their share, and what it is a share of."""


def ranking(network: Network, result: Result, *, members: pd.DataFrame | None, equity: float) -> dict[str, Any]:
    """List a result's rows, the worst first: label, share, positions of nodes; and how it was made.

    Raises
    ------
    ParameterError
        If the result is not about nodes that stop, or was made of another network.
    """
    if isinstance(result, LossResult):
        return _losers(network, result)
    if type(result) not in SHARES:
        known = ", ".join(kind.__name__ for kind in (*SHARES, LossResult))
        raise ParameterError(f"a {type(result).__name__} has no rows to open; there are: {known}")
    column, what = SHARES[type(result)]
    asked = result.parameters
    by: Any = asked.get("by", "node")
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    place = {name: number for number, name in enumerate(groups.names)}
    table = result.table.sort_values(["rank", "removed"], kind="stable").head(TOP)
    absent = [name for name in table["removed"] if name not in place]
    if absent:
        raise ParameterError(f"no {by} {absent[0]!r} in {network.name}; the result is of {result.network}")
    words = industry_words(network)
    single = groups.of_one_node or by == "owner"
    labels = table["label"] if single else [place_name(name, words) for name in table["removed"]]
    response = f", {asked['response']}" if "response" in asked else ""
    return {
        "title": f"By {by if isinstance(by, str) else ', '.join(by)}: {what}{response}",
        "label": [str(label) for label in labels],
        "share": _shares(table[column]),
        "nodes": [groups.of(place[name]).tolist() for name in table["removed"]],
        "n_rows": len(result),
        **{key: asked[key] for key in ("mineral", "product", "consumer") if isinstance(asked.get(key), str)},
    }


def _losers(network: Network, result: LossResult) -> dict[str, Any]:
    """Who loses what under a scenario: a row stands for the users of one product in one country."""
    table = result.table.query("response == 'frozen'")
    table = table.sort_values(["loss_share", "product", "consumer"], ascending=[False, True, True], kind="stable")
    demand = processes(network).demand
    country = network.nodes["country"].to_numpy()[demand["node"].to_numpy(dtype=np.int64)]
    users = demand.groupby([demand["product"].astype(str), country.astype(str)])["node"].unique()
    shown = table.head(TOP)
    words = {**industry_words(network), **material_words(network)}
    keys = list(zip(shown["product"].astype(str), shown["consumer"].astype(str), strict=True))
    return {
        "title": f"{result.parameters.get('scenario') or 'Scenario'}: share of demand lost, frozen",
        "label": [look.sentence(" · ".join(words.get(part) or part for part in key)) for key in keys],
        "share": _shares(shown["loss_share"]),
        "nodes": [users[key].tolist() if key in users.index else [] for key in keys],
        "n_rows": len(table),
    }


def _shares(column: pd.Series) -> list[float | None]:
    return [float(share) if np.isfinite(share) else None for share in column]
