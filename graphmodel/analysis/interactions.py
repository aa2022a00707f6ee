"""Which planned plants need or replace each other: what two add together beyond what each adds by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.analysis.disruptions import checked_top
from graphmodel.analysis.entry import enter
from graphmodel.analysis.shutting import Running
from graphmodel.analysis.valued import Valued
from graphmodel.analysis.worth import MOST_EXACT, every_set
from graphmodel.errors import EmptySelectionError
from graphmodel.kernels.shapley import interactions as of_every_set
from graphmodel.network import Network
from graphmodel.results import InteractionResult

SAME = 1e-12
"""Shares of final demand below which two projects have nothing to do with each other."""


def interactions(
    network: Network,
    projects: pd.DataFrame,
    *,
    response: str = "frozen",
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    by: str | Sequence[str] = "industry",
    top: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    executor: Executor | None = None,
    folder: Path | str | None = None,
) -> InteractionResult:
    """Say which projects complement and which replace one another.

    Parameters
    ----------
    network, projects, response, mineral, product, consumer, by, top, progress, executor, folder
        As in `worth`.

    Returns
    -------
    InteractionResult
        One row a pair of sites: ``first``, ``second``, ``first_name``, ``second_name``; ``interaction`` (share of
        demand that both keep served beyond what each does by itself, mean over the disruptions, and over what other
        projects run), ``alone`` (with no other project), ``last`` (with all others), ``kind`` (``complements``,
        ``substitutes``, or ``independent``), ``rank`` by size.

    Raises
    ------
    EmptySelectionError
        If fewer than two projects can enter, or no disruption loses anything.
    UnknownNameError, ParameterError
        As in `worth`.

    Notes
    -----
    With v(S) as in `worth`, ``alone`` is v(ij) - v(i) - v(j) + v(none), ``last`` the same with all others running, and
    ``interaction`` the Shapley interaction index, its mean over sets of others by size, where every set is worked out
    (up to 16 sites under ``frozen``, 12 under ``reroute``); above, the mean of ``alone`` and ``last``; ``method`` in
    ``parameters`` says which. Two plants of one material share a market and mostly replace one another;
    a mine and the refinery that it feeds can complement. Cost: 2^n sets, or about n^2.

    References
    ----------
    Grabisch, M., Roubens, M. (1999) An axiomatic approach to the concept of interaction among players in cooperative
    games. International Journal of Game Theory 28, 547-565. https://doi.org/10.1007/s001820050125

    Examples
    --------
    Each of two cells is worth something only where the refinery does not stop; they share one market.

    >>> import graphmodel as gm, pandas as pd
    >>> toy = gm.load("toy-battery")
    >>> plan = pd.DataFrame({"project_id": ["refine-b", "refine-c"], "name": ["B", "C"], "country": ["USA", "CAN"],
    ...     "stage": "refining", "material": "lithium-salt", "capacity": [600.0, 600.0]})
    >>> found = gm.interactions(toy, plan, by="node", top=1).table
    >>> found[["first", "second", "interaction", "kind"]].round(3)
          first    second  interaction         kind
    0  refine-b  refine-c        -0.25  substitutes
    """
    top = checked_top(response, top)
    entry = enter(network, projects)
    n = len(entry.sites)
    if n < 2:
        raise EmptySelectionError(f"only {entry.sites['project_id'][0]} can enter {network.name}; a pair takes two")
    counted = {"mineral": mineral, "product": product, "consumer": consumer}
    valued = Valued(entry, response, counted, by, top, Running(executor, folder, progress))
    first, second = np.triu_indices(n, 1)
    alone, last = (_together(valued, sets, first, second) for sets in _ends(n, first, second))
    exact = n <= MOST_EXACT[response]
    index = (alone + last) / 2.0
    if exact:
        index = of_every_set(-valued.losses(every_set(n)).mean(axis=1))[first, second]
    ids, names = (entry.sites[column].to_numpy(dtype=object) for column in ("project_id", "name"))
    table = pd.DataFrame(
        {"first": ids[first], "second": ids[second], "first_name": names[first], "second_name": names[second]}
    )
    for column, found in (("interaction", index), ("alone", alone), ("last", last)):
        table[column] = np.where(np.abs(found) > SAME, found, 0.0)
    table["kind"] = np.select(
        [table["interaction"] > 0, table["interaction"] < 0], ["complements", "substitutes"], "independent"
    )
    table["rank"] = table["interaction"].abs().round(12).rank(method="min", ascending=False)
    return InteractionResult(
        table.sort_values(["rank", "first", "second"]),
        network=network,
        parameters={
            **valued.parameters,
            "disruptions": len(valued.names),
            "method": "exact" if exact else "ends",
            "sites": n,
        },
        units=dict.fromkeys(("interaction", "alone", "last"), "share of final demand"),
    )


def _ends(n: int, first: IntArray, second: IntArray) -> tuple[BoolArray, BoolArray]:
    """List nobody, each and each pair, and the same sets turned round."""
    each = np.eye(n, dtype=bool)
    few = np.vstack([np.zeros((1, n), dtype=bool), each, each[first] | each[second]])
    return few, ~few


def _together(valued: Valued, sets: BoolArray, first: IntArray, second: IntArray) -> FloatArray:
    """Return what pairs add beyond what each adds."""
    value = -valued.losses(sets).mean(axis=1)
    each, pair = value[1 : -len(first)], value[-len(first) :]
    return pair - each[first] - each[second] + value[0]
