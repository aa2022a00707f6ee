"""Losses after rerouting on real networks against scipy, which starts from nothing every time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

import graphmodel as gm
from graphmodel.analysis.grouping import demand_weights
from graphmodel.analysis.responses import How, response_programme
from graphmodel.processes import processes


def least(written, closed):
    """Share of final demand lost with some outputs closed, by scipy."""
    linear = written.linear
    upper = linear.upper.copy()
    upper[closed] = 0.0
    bounds = np.column_stack([linear.lower, upper])
    answer = linprog(linear.cost, A_ub=-linear.matrix, b_ub=-linear.least, bounds=bounds, method="highs-ipm")
    assert answer.status == 0, answer.message
    return float(written.loss_share(np.array([answer.fun]))[0])


@pytest.mark.parametrize("response", ["reroute", "adapt"])
@pytest.mark.parametrize(("name", "countries"), [("toy", ["AUS", "CHL", "KOR"]), ("sparse", ["CHN", "COD", "JPN"])])
def test_three_countries_lose_what_scipy_says(request, name, countries, response):
    base = request.getfixturevalue(name)
    work = processes(base)
    weight, _ = demand_weights(base, work.demand, None, evenly=True)
    written = response_programme(base, weight, How(response))
    three = base.nodes["country"].where(base.nodes["country"].isin(countries), "")
    marked = base.with_tables(nodes=base.nodes.assign(control=three))
    found = gm.removal(marked, by="control", response=response, evenly=True).table.set_index("removed")["loss_share"]
    supply = np.isin(np.arange(work.n_processes), written.supply)
    for country in countries:
        closed = supply & (base.nodes["country"].to_numpy()[work.node] == country)
        assert found[country] == pytest.approx(least(written, np.flatnonzero(closed)), abs=1e-7)
