"""What planned plants are worth: how much demand they keep served over many disruptions, alone, last and on average."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.analysis.disruptions import checked_top
from graphmodel.analysis.entry import Entry, enter
from graphmodel.analysis.grouping import demand_weights
from graphmodel.analysis.shutting import Running
from graphmodel.analysis.valued import Valued, tail
from graphmodel.errors import ParameterError, UnknownNameError, nearest
from graphmodel.kernels.shapley import draw_orders, from_orders, shapley
from graphmodel.network import Network
from graphmodel.results import WorthResult

Method = Literal["auto", "exact", "sampled"]
METHODS: tuple[Method, ...] = ("auto", "exact", "sampled")
MOST_EXACT = {"frozen": 16, "reroute": 12}
"""Projects up to which every coalition is worked out."""

SHARES = ("alone", "last", "worth", "error", "low", "high", "worst", "tail")
"""Columns that are shares of final demand."""


def worth(
    network: Network,
    projects: pd.DataFrame,
    *,
    response: str = "frozen",
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    by: str | Sequence[str] = "industry",
    top: int | None = None,
    cells: str | None = None,
    method: Method = "auto",
    pairs: int = 50,
    rng: np.random.Generator | int = 0,
    progress: Callable[[int, int], None] | None = None,
    executor: Executor | None = None,
    folder: Path | str | None = None,
) -> WorthResult:
    """Share what projects keep served among them.

    Parameters
    ----------
    network : Network
    projects : DataFrame
        ``project_id``, ``name``, ``country``, ``stage``, ``material``, ``capacity``; see
        `graphmodel.analysis.entry.enter` for the columns that may come on top, and ``cost``, all rows in one currency
        (such as ``public_usd`` of `projects`). Rows of one ``site`` are one project; its cost is the first they state.
    response : {"frozen", "reroute"}
    mineral, product, consumer
        What counts as served, as in `removal`; without a mineral every final product counts the same.
    by : str or list of str
        What stops in each disruption, as in `removal`; projects stop with their country, control or industry.
    top : int, optional
        How many disruptions: those that lose most without any project, each as likely as another. 64 under
        ``frozen``, 8 under ``reroute``.
    cells : str, optional
        Column of ``projects`` whose values join as one, such as ``programme``: the Owen value (sampled).
    method : {"auto", "exact", "sampled"}
        Every coalition, up to 16 projects under ``frozen`` and 12 under ``reroute``; or random orders.
    pairs : int
        Orders drawn, each with its reverse.
    rng : Generator or int
        Chance of the orders.
    progress, executor, folder
        As in `removal`.

    Returns
    -------
    WorthResult
        One row a project, or a site: ``project_id``, ``name``, ``country``, ``stage``, ``material``, ``capacity``;
        ``alone`` (share of demand that it keeps served in the mean over the disruptions, entering by itself), ``last``
        (entering after all others), ``worth`` (on average over all orders: the Shapley or Owen value), its standard
        ``error`` (0 where exact), ``low`` and ``high`` (95 %), ``worst`` and ``tail`` (by how much the worst loss, and
        the mean of the worst 5 %, fall when it enters alone); with a mineral ``served`` (``alone`` in tonnes of it a
        year), and with ``cost`` also ``cost_per_unit`` (cost over ``served``: money for each tonne a year kept served
        in the mean over the disruptions; nan where it keeps nothing served or its cost is unknown); ``rank``, and
        ``reason``: why a project is left out (nan then).

    Raises
    ------
    SchemaError
        With everything that is wrong in ``projects``; see `check_projects`.
    EmptySelectionError
        If no project can enter, or no disruption loses anything.
    ParameterError
        If there are too many projects for ``exact``, or a number is out of range.

    Notes
    -----
    v(S) is the mean share served with the projects S running at full capacity, on the demand of the base year.
    ``frozen``: a project takes the same part of its market from all who sell there; see `graphmodel.analysis.entry`.
    ``reroute``: it is capacity that may be used. The worths add up to ``v(all) - v(none)``, in ``parameters``. Negative
    where a project takes its market from safer suppliers than itself. Common random numbers: all
    coalitions meet the same disruptions. Cost: 2^n coalitions, or ``2 pairs n``, each all disruptions side by side.

    ``cost_per_unit`` sets money once against a flow a year: no lifetime, no discounting, and no chance that a
    disruption comes. It compares projects with one another; it is no price of a tonne.

    References
    ----------
    Shapley, L. S. (1953) A value for n-person games. https://doi.org/10.1515/9781400881970-018

    Owen, G. (1977) Values of games with a priori unions. https://doi.org/10.1007/978-3-642-45494-3_7

    Examples
    --------
    A second refinery as large as the only one takes half its market: half of what hangs on it is safe.

    >>> import graphmodel as gm, pandas as pd
    >>> toy = gm.load("toy-battery")
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "name": ["Refinery B"], "country": ["USA"],
    ...     "stage": ["refining"], "material": ["lithium-salt"], "capacity": [500.0]})
    >>> gm.worth(toy, plan, by="node", top=1).table[["project_id", "alone", "worth"]]
      project_id  alone  worth
    0   refine-b    0.5    0.5
    """
    top = checked_top(response, top)
    if method not in METHODS:
        raise UnknownNameError(f"no method {method!r}; {nearest(method, METHODS)}")
    if not pairs >= 1:
        raise ParameterError(f"pairs is {pairs}, but must be 1 or more")
    if cells is not None and cells not in projects:
        raise UnknownNameError(f"no column {cells!r} to join projects by; {nearest(cells, list(projects.columns))}")
    entry = enter(network, projects)
    n = len(entry.sites)
    exact = n <= MOST_EXACT[response] and cells is None if method == "auto" else method == "exact"
    if exact and n > MOST_EXACT[response]:
        raise ParameterError(
            f"{n} projects have {2.0**n:.3g} coalitions, {2.0 ** (n - MOST_EXACT[response]):.3g} times what "
            f"{MOST_EXACT[response]} have, the most that are worked out; use method='sampled' or fewer projects"
        )
    if exact and cells is not None:
        raise ParameterError("cells are sampled; use method='sampled' or 'auto'")
    counted = {"mineral": mineral, "product": product, "consumer": consumer}
    valued = Valued(entry, response, counted, by, top, Running(executor, folder, progress))
    if exact:
        found = _exact(valued, n)
    else:
        of = np.arange(n) if cells is None else pd.factorize(entry.sites[cells].fillna("").astype(str), sort=True)[0]
        found = _sampled(valued, of.astype(np.int64), pairs, np.random.default_rng(rng))
    total, units = np.nan, dict.fromkeys(SHARES, "share of final demand")
    if mineral is not None:
        weight, unit = demand_weights(entry.network, entry.work.demand, mineral, product, consumer)
        total = float(weight.sum())
        units |= {"served": f"{unit} a year", "cost_per_unit": f"cost for each {unit} a year"}
    sampled = {"pairs": None if exact else pairs, "rng": rng if isinstance(rng, int) and not exact else None}
    return WorthResult(
        _table(entry, found, total),
        network=network,
        parameters={
            **valued.parameters,
            "cells": cells,
            "disruptions": len(valued.names),
            "method": "exact" if exact else "sampled",
            **sampled,
            "coalitions": valued.n_sets,
            "loss_without": float(found.without.mean()),
            "loss_with_all": float(found.together.mean()),
        },
        units=units,
    )


class _Found(NamedTuple):
    """Values by project, and losses by disruption."""

    worth: FloatArray
    error: FloatArray
    without: FloatArray
    together: FloatArray
    alone: FloatArray
    """Losses with each project alone, (N, W)."""
    rest: FloatArray
    """Losses with all but each project, (N, W)."""


def _ends(n: int) -> np.ndarray:
    """List nobody, everybody, each alone and all but each."""
    alone = np.eye(n, dtype=bool)
    return np.vstack([np.zeros((1, n), dtype=bool), np.ones((1, n), dtype=bool), alone, ~alone])


def every_set(n: int) -> BoolArray:
    """List all sets of n, (2^n, n), in the order of `graphmodel.kernels.shapley`."""
    return (np.arange(2**n)[:, None] >> np.arange(n)) & 1 > 0


def _exact(valued: Valued, n: int) -> _Found:
    lost = valued.losses(every_set(n))
    share = shapley(-lost.mean(axis=1))
    one = 2 ** np.arange(n)
    return _Found(share, np.zeros(n), lost[0], lost[-1], lost[one], lost[2**n - 1 - one])


def _sampled(valued: Valued, cells: IntArray, pairs: int, rng: np.random.Generator) -> _Found:
    n = len(cells)
    orders = draw_orders(cells, pairs, rng)
    joined = np.zeros((len(orders), n + 1, n), dtype=bool)
    for step in range(n):
        joined[:, step + 1] = joined[:, step]
        joined[np.arange(len(orders)), step + 1, orders[:, step]] = True
    lost = valued.losses(np.vstack([joined.reshape(-1, n), _ends(n)]))
    values = -lost[: -(2 + 2 * n)].mean(axis=1).reshape(len(orders), n + 1)
    share, error = from_orders(orders, values)
    ends = lost[-(2 + 2 * n) :]
    return _Found(share, error, ends[0], ends[1], ends[2 : 2 + n], ends[2 + n :])


def _table(entry: Entry, found: _Found, total: float) -> pd.DataFrame:
    """Lay out what was found; ``total`` is the demand that counts, nan where it has no unit."""
    named = ["project_id", "name", "country", "stage", "material", "capacity", "cost"]
    table = entry.sites.reindex(columns=named)
    table["alone"] = found.without.mean() - found.alone.mean(axis=1)
    table["last"] = found.rest.mean(axis=1) - found.together.mean()
    table["worth"], table["error"] = found.worth, found.error
    table["low"], table["high"] = found.worth - 1.96 * found.error, found.worth + 1.96 * found.error
    table["worst"] = found.without.max() - found.alone.max(axis=1)
    table["tail"] = tail(found.without) - tail(found.alone)
    values = ["alone", "last", "worth", "low", "high", "worst", "tail"]
    table[values] = table[values].where(table[values].abs() > 1e-12, 0.0)
    table["rank"] = table["worth"].round(9).rank(method="min", ascending=False)
    table["served"] = table["alone"] * total
    table["cost_per_unit"] = table["cost"] / table["served"].where(table["served"] > 0)
    left_out = entry.left_out.reindex(columns=[*named, "reason"])
    table = pd.concat([table.assign(reason=""), left_out], ignore_index=True)
    return table.sort_values(["rank", "project_id"], na_position="last")
