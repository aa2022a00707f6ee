"""The few whose stop together loses most: by hand, against going through all sets, and what is refused."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.errors import ParameterError, UnknownNameError
from tests.analysis.drawn import roomy

SOME = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def slowly(network, size, response):
    """The worst set, each shut as a scenario of its own."""
    nodes = gm.removal(network, response=response).table["removed"]
    worst = 0.0
    for together in combinations(nodes, size):
        stopped = gm.Scenario().shut(node_id=list(together)).apply(network)
        work = gm.removal(stopped, response=response, severity=0.0).table["loss"]
        worst = max(worst, float(work.max()))
    return worst


def test_two_mines_are_worse_than_one_and_either_cell_plant_is_not_enough(toy):
    # frozen: refinery A alone takes all 10 GWh, so no pair takes more
    table = gm.worst_removals(toy, k=2, by="node", response="frozen").table
    assert table["loss"].tolist() == [10, 10]
    assert table["gap"].tolist() == [0, 0]
    # rerouted among mines alone: mine B costs 5 (mine A can add 100 t of 600), both mines everything
    mines = gm.worst_removals(toy, k=2, by="country", response="reroute").table
    assert mines["removed"].tolist()[0] == "CHN"
    assert mines["loss"].tolist() == [10, 10]


@SOME
@given(roomy(scenario=False), st.sampled_from(["reroute", "frozen"]), st.integers(1, 2))
def test_no_set_of_that_size_loses_more(drawn, response, size):
    n = len(gm.removal(drawn).table)
    size = min(size, n)
    row = gm.worst_removals(drawn, k=size, by="node", response=response).table.iloc[-1]
    assert row["gap"] == 0
    assert row["loss"] == pytest.approx(slowly(drawn, size, response), abs=1e-5)


@SOME
@given(roomy(scenario=False))
def test_one_integer_programme_finds_what_going_through_all_sets_finds(drawn):
    size = min(2, len(gm.removal(drawn).table))
    through_all = gm.worst_removals(drawn, k=size, by="node", method="bounds").table
    at_once = gm.worst_removals(drawn, k=size, by="node", method="milp").table
    assert at_once["loss"].to_numpy() == pytest.approx(through_all["loss"].to_numpy(), rel=1e-5, abs=1e-5)
    assert (at_once["bound_share"] >= through_all["loss_share"] - 1e-6).all()


def test_more_that_stop_lose_no_less(sparse):
    table = gm.worst_removals(sparse, k=2, by="control", mineral="gallium").table
    assert table["loss"].is_monotonic_increasing
    assert table.loc[0, "removed"] == "CHN"


def test_what_cannot_be_searched_is_refused(toy):
    with pytest.raises(UnknownNameError, match="did you mean 'milp'"):
        gm.worst_removals(toy, method="mip")
    with pytest.raises(ParameterError, match="k is 0"):
        gm.worst_removals(toy, k=0)
    with pytest.raises(ParameterError, match="k is 9, but must lie between 1 and the 5 groups by node"):
        gm.worst_removals(toy, k=9, by="node")
    with pytest.raises(ParameterError, match="a matter of cuts"):
        gm.worst_removals(toy, response="reachability")
    with pytest.raises(ParameterError, match="closes plants wholly"):
        gm.worst_removals(toy, method="milp", severity=0.5)


def test_time_that_runs_out_is_told_as_a_gap(sparse):
    row = gm.worst_removals(sparse, k=2, evenly=True, response="adapt", seconds=0.0).table.iloc[-1]
    assert row["n_solved"] == 1
    assert row["bound_share"] >= row["loss_share"]
