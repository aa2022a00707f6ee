"""What projects may keep served year by year, given when they start and how likely they are to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

import numpy as np
import pandas as pd

from graphmodel.analysis.disruptions import checked_top
from graphmodel.analysis.programmes import programmes_valued
from graphmodel.analysis.shutting import Running
from graphmodel.analysis.valued import tail
from graphmodel.errors import ParameterError
from graphmodel.network import Network
from graphmodel.results import OutlookResult

CHANCE = {
    "operating": 1.0,
    "ramp-up": 0.95,
    "construction": 0.8,
    "financed": 0.7,
    "development": 0.35,
    "announced": 0.15,
    "suspended": 0.1,
}
"""Chance that a project runs by its start year, by status. Ours: no record says how many were ever built."""


def outlook(
    network: Network,
    programmes: Mapping[str, pd.DataFrame],
    *,
    years: Sequence[int] = tuple(range(2025, 2036)),
    chance: Mapping[str, float] | None = None,
    response: str = "frozen",
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    by: str | Sequence[str] = "industry",
    top: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    executor: Executor | None = None,
) -> OutlookResult:
    """Follow year by year what the projects of each programme keep served, by start date and chance.

    Parameters
    ----------
    network : Network
    programmes : mapping
        Projects of each programme, as in `programme_worth`, with ``start_year`` and ``status``.
    years : sequence of int
    chance : mapping, optional
        Chance of each status; `CHANCE` when absent. 0 where it names none.
    response, mineral, product, consumer, by, top, progress, executor
        As in `worth`.

    Returns
    -------
    OutlookResult
        ``programme``, ``year``, ``n_started`` (sites whose start year has come), ``n_expected`` (the sum of their
        chances), ``n_undated`` (sites without a start year, which never start here), ``served`` (share of demand
        kept served in the mean over the disruptions), ``tail`` (by how much the mean of the worst 5 % falls), ``share``
        (of the loss without any project).

    Raises
    ------
    ParameterError
        If a chance lies outside 0 to 1, or there is no year.
    EmptySelectionError, UnknownNameError
        As in `worth`.

    Notes
    -----
    A project that may run counts with its expected capacity, the part of it that its chance is. That is not the mean
    over all outcomes, as losses are not linear in capacity, but close to it where a project is small in its market.
    Demand stays that of the base year, so later years show what projects do and not what markets will be.

    Examples
    --------
    >>> import graphmodel as gm
    >>> net = gm.load("minerals-2024-sparse")
    >>> table = gm.outlook(net, {"KR": gm.projects("KR")}, years=(2024, 2035), mineral="lithium", top=8).table
    >>> bool(table["served"].is_monotonic_increasing)
    True
    """
    if not len(years):
        raise ParameterError("years is empty, but must name at least one")
    odds = dict(CHANCE if chance is None else chance)
    for status, value in odds.items():
        if not 0 <= value <= 1:
            raise ParameterError(f"the chance of {status!r} is {value}, but must lie between 0 and 1")
    top = checked_top(response, top)
    counted = {"mineral": mineral, "product": product, "consumer": consumer}
    running = Running(executor, None, progress)
    valued, held = programmes_valued(network, programmes, response, counted, by, top, running)
    sites = valued.entry.projects.groupby(valued.entry.site)
    likely = sites["status"].first().map(odds).fillna(0.0).to_numpy(dtype=float)
    start = pd.to_numeric(sites["start_year"].min()).to_numpy(dtype=float)
    rows, present = [], [np.zeros(len(likely))]
    for programme, mine in zip(programmes, held, strict=True):
        for year in years:
            runs = mine & (start <= year)
            present.append(np.where(runs, likely, 0.0))
            rows.append((programme, year, int(runs.sum()), likely[runs].sum(), int((mine & np.isnan(start)).sum())))
    lost = valued.losses(np.array(present))
    table = pd.DataFrame(rows, columns=["programme", "year", "n_started", "n_expected", "n_undated"])
    table["served"] = lost[0].mean() - lost[1:].mean(axis=1)
    table["tail"] = tail(lost[0]) - tail(lost[1:])
    table["share"] = table["served"] / lost[0].mean()
    return OutlookResult(
        table,
        network=network,
        parameters={**valued.parameters, "disruptions": len(valued.names), "loss_without": float(lost[0].mean())},
        units=dict.fromkeys(("served", "tail"), "share of final demand"),
    )
