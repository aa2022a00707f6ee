"""Which projects to back: by hand, against every set one by one, and what is refused."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import block_diag, csr_array, hstack, vstack

import graphmodel as gm
from graphmodel.analysis.coalitions import rerouted_game
from graphmodel.analysis.disruptions import disruptions
from graphmodel.analysis.entry import enter
from graphmodel.analysis.grouping import demand_weights
from graphmodel.analysis.portfolio import _duration
from graphmodel.errors import ConvergenceError, EmptySelectionError, ParameterError, SchemaError, UnknownNameError
from graphmodel.programme import SCALE
from tests.analysis.drawn import roomy
from tests.analysis.test_worth import plan

SOME = settings(max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def chosen(result, method=None):
    """The set a method chose, and its row."""
    table = result.table.query("kind == 'chosen'")
    row = table.iloc[0] if method is None else table[table["method"] == method].iloc[0]
    return set(filter(None, row["projects"].split(" + "))), row


def loss_with(network, projects, ids, **asked):
    """The mean loss with some projects and no others, by the function that values coalitions."""
    some = projects[projects["project_id"].isin(ids)]
    quick = {"method": "sampled", "pairs": 1, **asked}
    if some.empty:
        return gm.worth(network, projects, **quick).parameters["loss_without"]
    return gm.worth(network, some, **quick).parameters["loss_with_all"]


REFINERIES = plan(
    ("refine-b", "USA", "refining", "lithium-salt", 250.0),
    ("refine-c", "CAN", "refining", "lithium-salt", 400.0),
    ("mine-c", "CAN", "mining", "lithium-ore", 500.0),
    cost=[100.0, 400.0, 10.0],
    sponsors=["USA; JPN", "CAN", "JPN"],
)


def test_the_larger_refinery_is_taken_where_one_may_be(toy):
    # all salt hangs on refinery A. B takes a quarter of its market, C four tenths; a mine sells to A, which stops
    found = gm.portfolio(toy, REFINERIES, count=1, by="node", top=1)
    ids, row = chosen(found)
    assert ids == {"refine-c"}
    assert row["loss"] == pytest.approx(0.6)
    assert row["gap"] == 0
    assert chosen(gm.portfolio(toy, REFINERIES, by="node", top=1))[1]["loss"] == pytest.approx(0.35)  # 1 - .25 - .4


def test_a_budget_buys_what_it_can(toy):
    # C costs 400; with 150 only B (100) and the mine (10) can be had, and the mine saves nothing
    ids, row = chosen(gm.portfolio(toy, REFINERIES, budget=150, by="node", top=1))
    assert ids == {"refine-b"}
    assert row["cost"] == 100
    assert row["loss"] == pytest.approx(0.75)
    frontier = gm.portfolio(toy, REFINERIES, budget=500, by="node", top=1).table.query("kind == 'frontier'")
    assert frontier["limit"].tolist() == [100, 200, 300, 400, 500]
    assert frontier["loss"].tolist() == pytest.approx([0.75, 0.75, 0.75, 0.6, 0.35])


def test_rows_of_one_site_are_one_project(toy):
    # B and C stand at one site: one project, which takes .25 + .4 of the market; B's cost is the first stated
    joined = REFINERIES.assign(site=["twins", "twins", ""])
    found = gm.portfolio(toy, joined, count=1, by="node", top=1)
    ids, row = chosen(found)
    assert ids == {"refine-b"}
    assert row["loss"] == pytest.approx(0.35)
    assert row["cost"] == 100
    assert found.parameters["projects"] == 2
    limited = {"country": {"CAN": 0}}  # one of the twins and the mine are in Canada
    with pytest.raises(ParameterError, match="refine-b: required, but together above a limit"):
        gm.portfolio(toy, joined, by="node", top=1, required=["refine-c"], limits=limited)


def test_a_project_without_a_cost_is_not_bought_and_counted(toy):
    unknown = REFINERIES.assign(cost=[np.nan, 400.0, 10.0])
    found = gm.portfolio(toy, unknown, budget=500, by="node", top=1)
    assert chosen(found)[0] == {"refine-c"}
    assert found.parameters["without_cost"] == 1


def test_limits_count_every_value_of_a_cell(toy):
    # at most none that Japan backs leaves refinery C
    assert chosen(gm.portfolio(toy, REFINERIES, limits={"sponsors": {"JPN": 0}}, by="node", top=1))[0] == {"refine-c"}
    one = gm.portfolio(toy, REFINERIES, limits={"stage": {"refining": 1}}, by="node", top=1)
    assert chosen(one)[0] == {"refine-c"}
    members = pd.DataFrame({"group": ["north"], "country": ["CAN"]})
    none = gm.portfolio(toy, REFINERIES, limits={"alliance": {"north": 0}}, members=members, by="node", top=1)
    assert chosen(none)[0] == {"refine-b"}


def test_who_is_required_is_in_and_who_is_excluded_is_out(toy):
    asked = {"by": "node", "top": 1, "count": 1}
    assert chosen(gm.portfolio(toy, REFINERIES, required=["mine-c"], **asked))[0] == {"mine-c"}
    assert chosen(gm.portfolio(toy, REFINERIES, excluded=["refine-c"], **asked))[0] == {"refine-b"}


def test_a_programme_stands_beside_the_best_set_as_large(toy):
    given_sets = {"theirs": ["refine-b", "mine-c"], "nobody": []}
    table = gm.portfolio(toy, REFINERIES, compare=given_sets, by="node", top=1).table
    theirs = table[(table["kind"] == "given") & (table["name"] == "theirs")].iloc[0]
    best = table[(table["kind"] == "matched") & (table["name"] == "theirs")].iloc[0]
    assert theirs["loss"] == pytest.approx(0.75)
    assert best["loss"] == pytest.approx(0.35)
    assert best["n_projects"] == 2
    assert not len(table[(table["kind"] == "matched") & (table["name"] == "nobody")])
    # what they cost, 110, buys no more than refinery B
    paid = gm.portfolio(toy, REFINERIES, budget=500, compare=given_sets, by="node", top=1).table
    best = paid[(paid["kind"] == "matched") & (paid["name"] == "theirs")].iloc[0]
    assert (best["limit"], best["loss"]) == (110, pytest.approx(0.75))


def test_the_worst_disruption_can_choose_another_set(toy):
    # without A all is lost; without mine B 0.6. A second mine of 600 halves what hangs on each mine; refinery B of 100
    # leaves 0.9 of the worst. In the mean over five stops the mine saves more: see below
    both = plan(
        ("refine-b", "USA", "refining", "lithium-salt", 100.0), ("mine-c", "CAN", "mining", "lithium-ore", 500.0)
    )
    table = {aim: gm.portfolio(toy, both, count=1, aim=aim, by="node", top=5) for aim in ("expected", "worst")}
    # mean: refinery B saves 0.1 of five; mine C saves half of 0.6 and of 0.4, 0.5 of five
    assert chosen(table["expected"])[0] == {"mine-c"}
    assert chosen(table["expected"])[1]["expected"] == pytest.approx((1 + 0.6 + 0.3 + 0.4 + 0.2) / 5)
    assert chosen(table["worst"])[0] == {"refine-b"}
    assert chosen(table["worst"])[1]["loss"] == pytest.approx(0.9)


def test_rerouted_a_mine_and_the_room_it_needs_go_together(toy):
    # refinery A stops: only a refinery helps. Mine B stops: 500 t can be dug, a mine of 200 serves 0.2 more
    plans = plan(
        ("refine-b", "USA", "refining", "lithium-salt", 300.0), ("mine-c", "CAN", "mining", "lithium-ore", 200.0)
    )
    found = gm.portfolio(toy, plans, response="reroute", by="node", mineral="lithium")
    assert found.parameters["method"] == "milp"
    every = gm.portfolio(toy, plans, response="reroute", by="node", mineral="lithium", method="all")
    assert chosen(found)[1]["loss"] == pytest.approx(chosen(every)[1]["loss"], abs=1e-7)


def test_greedy_takes_neither_of_two_that_need_one_another_and_the_gap_says_so(toy):
    # both mines and the refinery are Australian, and Australia stops: a refinery without ore serves nothing, nor a mine
    # without a refinery; together they serve 500 of 1000 t
    there = toy.nodes["node_id"].isin(["mine-a", "mine-b", "refine-a"])
    half = toy.with_tables(nodes=toy.nodes.assign(country=toy.nodes["country"].mask(there, "AUS")))
    plans = plan(
        ("refine-b", "USA", "refining", "lithium-salt", 500.0), ("mine-c", "CAN", "mining", "lithium-ore", 500.0)
    )
    found = gm.portfolio(half, plans, response="reroute", by="country", top=1, mineral="lithium")
    assert chosen(found, "milp")[0] == {"refine-b", "mine-c"}
    assert chosen(found, "milp")[1]["loss"] == pytest.approx(0.5)
    assert chosen(found, "greedy")[0] == set()
    assert chosen(found, "greedy")[1]["gap"] == pytest.approx(0.5, abs=1e-6)


FIFTEEN = plan(
    *[(f"mine-{k}", "USA", "mining", "lithium-ore", 10.0 * (k % 5 + 1)) for k in range(8)],
    *[(f"refine-{k}", "CAN", "refining", "lithium-salt", 15.0 * (k % 4 + 1)) for k in range(7)],
    cost=[float(k * 7 % 11 + 1) for k in range(15)],
)


@pytest.mark.parametrize("aim", ["expected", "worst"])
def test_fifteen_projects_are_chosen_as_brute_force_would(toy, aim):
    asked = {"by": "node", "mineral": "lithium", "top": 5, "aim": aim, "response": "reroute", "budget": 9.0}
    found = gm.portfolio(toy, FIFTEEN, **asked)
    every = gm.portfolio(toy, FIFTEEN[FIFTEEN["cost"] <= 9], method="all", **asked)
    assert chosen(found, "milp")[1]["loss"] == pytest.approx(chosen(every, "all")[1]["loss"], abs=1e-6)
    assert chosen(found, "milp")[1]["gap"] == 0


def test_all_sets_of_fifteen_projects_under_frozen_shares(toy):
    found = gm.portfolio(toy, FIFTEEN, budget=12.0, by="node", top=2)
    best = np.inf
    cost = FIFTEEN["cost"].to_numpy()
    sets = [set(some) for size in range(4) for some in combinations(range(15), size) if cost[list(some)].sum() <= 12]
    for some in sets[::40]:  # any of them is no better
        ids = FIFTEEN["project_id"].iloc[list(some)]
        best = min(best, loss_with(toy, FIFTEEN, ids, by="node", top=2))
    assert chosen(found)[1]["loss"] <= best + 1e-9


def drawn_plan(network, data):
    """Two to five projects that the network's own plants are peers of."""
    sells = network.edges.merge(network.nodes[["node_id", "stage"]], left_on="source", right_on="node_id")
    kinds = sells[["stage", "material"]].drop_duplicates().sort_values(["stage", "material"]).to_numpy().tolist()
    rows = data.draw(
        st.lists(
            st.tuples(st.sampled_from(kinds), st.sampled_from(["COD", "CHN", "USA", "CAN"]), st.sampled_from([1.0, 4.0])),
            min_size=2, max_size=5,
        )
    )  # fmt: skip
    plans = plan(*[(f"new-{k}", country, *kind, size) for k, (kind, country, size) in enumerate(rows)])
    cost = data.draw(st.lists(st.integers(0, 5), min_size=len(rows), max_size=len(rows)))
    return plans.assign(cost=[float(one) for one in cost])


def brute(network, plans, budget, **asked):
    """Every set within the budget, each valued by itself."""
    cost = plans.set_index("project_id")["cost"]
    ids = list(plans["project_id"])
    sets = [
        some for size in range(len(ids) + 1) for some in combinations(ids, size) if cost[list(some)].sum() <= budget
    ]
    return min(loss_with(network, plans, some, **asked) for some in sets)


@SOME
@given(roomy(scenario=False), st.data(), st.sampled_from(["frozen", "reroute"]))
def test_the_set_found_is_the_best_of_all_within_the_budget(network, data, response):
    plans = drawn_plan(network, data)
    budget = float(data.draw(st.integers(5, 10)))
    asked = {"by": "node", "response": response, "top": 4}
    try:
        expected = brute(network, plans, budget, **asked)
        found = gm.portfolio(network, plans, budget=budget, **asked)
    except (EmptySelectionError, ConvergenceError):  # nothing to lose, or a loop that hardly leaks
        assume(False)
    for method in {"frozen": ["all"], "reroute": ["milp"]}[response]:
        assert chosen(found, method)[1]["loss"] == pytest.approx(expected, abs=1e-6)
    assert chosen(found, "greedy")[1]["loss"] >= expected - 1e-6
    assert chosen(found)[1]["cost"] <= budget
    frontier = found.table.query("kind == 'frontier'")["loss"]
    assert (frontier.diff().dropna() <= 1e-9).all()  # a larger budget loses no more


@SOME
@given(roomy(scenario=False), st.data())
def test_it_is_the_programme_with_a_copy_for_every_disruption(network, data):
    plans = drawn_plan(network, data)
    count = data.draw(st.integers(1, 3))
    try:
        entry = enter(network, plans)
        weight, _ = demand_weights(network, entry.work.demand, None, evenly=True)
        stops = disruptions(entry, "node", 3, weight)
    except (EmptySelectionError, ConvergenceError):
        assume(False)
    game = rerouted_game(entry, stops.groups, stops.chosen, weight)
    linear, n = game.written.linear, len(game.projects)
    n_rows, n_columns = linear.matrix.shape
    copies = len(game.indptr) - 1
    matrix = block_diag([csr_array(linear.matrix)] * copies)
    links, upper = [], np.tile(linear.upper, copies)
    for one in range(copies):
        shut = game.process[game.indptr[one] : game.indptr[one + 1]]
        upper[one * n_columns + shut] = 0.0
        for at, column in enumerate(game.projects):  # x <= upper z
            row = np.zeros(copies * n_columns + n)
            row[one * n_columns + column], row[copies * n_columns + at] = -1.0, linear.upper[column]
            links.append(row)
    whole = vstack([hstack([matrix, csr_array((copies * n_rows, n))]), csr_array(np.array(links))])
    bound = [
        LinearConstraint(
            csr_array(whole), np.concatenate([np.tile(linear.least, copies), np.zeros(len(links))]), np.inf
        ),
        LinearConstraint(np.concatenate([np.zeros(copies * n_columns), np.ones(n)])[None, :], -np.inf, count),
    ]
    cost = np.concatenate([np.tile(linear.cost, copies) / copies / SCALE, np.zeros(n)])
    upper = np.concatenate([upper, np.ones(n)])
    integrality = np.concatenate([np.zeros(copies * n_columns), np.ones(n)])
    written = milp(cost, constraints=bound, bounds=(0, upper), integrality=integrality, options={"mip_rel_gap": 0})
    expected = float(game.written.loss_share(0.0)) + written.fun
    found = gm.portfolio(network, plans, count=count, by="node", response="reroute", top=3)
    assert chosen(found)[1]["loss"] == pytest.approx(expected, abs=1e-5)


def test_the_order_of_the_table_does_not_change_the_loss(toy):
    asked = {"count": 4, "by": "node", "mineral": "lithium", "response": "reroute"}
    forth, back = (gm.portfolio(toy, plans, **asked) for plans in (FIFTEEN, FIFTEEN[::-1]))
    assert chosen(forth)[1]["loss"] == pytest.approx(chosen(back)[1]["loss"], abs=1e-7)


def refused(toy, message, error=ParameterError, plans=REFINERIES, **asked):
    with pytest.raises(error) as caught:
        gm.portfolio(toy, plans, by="node", top=1, **asked)
    assert str(caught.value) == message


def test_what_cannot_be_asked_is_refused(toy):
    refused(toy, "budget is -1, but must be 0 or more", budget=-1)
    refused(toy, "budget 5 fits no project; the cheapest, mine-c, costs 10", budget=5)
    refused(toy, "count is 0, but must be 1 or more", count=0)
    refused(toy, "seconds is 0, but must be above 0", seconds=0)
    with pytest.raises(ParameterError, match="top is 0, but must be 1 or more"):
        gm.portfolio(toy, REFINERIES, by="node", top=0)
    unknown = UnknownNameError
    refused(toy, "no column 'stgae' to limit projects by; did you mean 'stage'?", unknown, limits={"stgae": {"x": 1}})
    refused(toy, "no project has stage 'refinig'; did you mean 'refining'?", unknown, limits={"stage": {"refinig": 1}})
    refused(toy, "limit of stage 'mining' is -1, but must be 0 or more", limits={"stage": {"mining": -1}})
    refused(toy, "a limit by alliance needs a table of members (group, country)", limits={"alliance": {"MSP": 1}})
    refused(toy, "no project 'refine-d', required; did you mean 'refine-c'?", unknown, required=["refine-d"])
    refused(toy, "no project 'mine-d', compared as 'MSP'; did you mean 'mine-c'?", unknown, compare={"MSP": ["mine-d"]})
    refused(toy, "mine-c: required and excluded at once", required=["mine-c"], excluded=["mine-c"])
    refused(toy, "2 projects are required (refine-b, mine-c), but count is 1", required=["mine-c", "refine-b"], count=1)
    refused(toy, "refine-c cost 400, above the budget of 150", required=["refine-c"], budget=150)
    refused(
        toy, "refine-c: required, but together above a limit", required=["refine-c"], limits={"country": {"CAN": 0}}
    )
    refused(toy, "no response 'adapt' for projects; there are: frozen, reroute", unknown, response="adapt")
    refused(toy, "no method 'greedi'; did you mean 'greedy'?", unknown, method="greedi")
    refused(toy, "no aim 'worse'; did you mean 'worst'?", unknown, aim="worse")
    refused(
        toy, "method='milp' is for reroute; under frozen a set is no linear programme: 'all', 'greedy'", method="milp"
    )
    without = REFINERIES.drop(columns="cost")
    missing = "a budget needs the column 'cost' in projects, all in one currency and year"
    refused(toy, missing, unknown, plans=without, budget=10)
    refused(
        toy, "a budget needs costs, but no project that can enter has one", plans=without.assign(cost=np.nan), budget=10
    )
    below = "1 problem:\n  projects:3:cost: is below 0 '-1.0'"
    refused(toy, below, SchemaError, plans=REFINERIES.assign(cost=[1.0, 1.0, -1.0]))
    twice = "1 problem:\n  projects:4:project_id: stands twice 'refine-b' (first on line 1)"
    refused(toy, twice, SchemaError, plans=pd.concat([REFINERIES, REFINERIES.head(1)]))
    old = plan(("a", "USA", "mining", "lithium-ore", 1.0), ("b", "USA", "mining", "lithium-ore", 1.0))
    old = old.assign(adds_capacity=["yes", "no"])
    refused(toy, "required, but cannot enter: b runs already", plans=old, required=["b"])


def test_too_many_sets_say_how_long_they_would_take(toy):
    many = plan(*[(f"mine-{k}", "USA", "mining", "lithium-ore", 1.0) for k in range(20)])
    with pytest.raises(
        ParameterError, match=r"20 projects make 1.05e\+06 sets; at .* s each .* about .*; at most 32768"
    ):
        gm.portfolio(toy, many, by="node", top=1, method="all")
    found = gm.portfolio(toy, many, by="node", top=1)
    assert found.parameters["method"] == "greedy"
    assert np.isnan(chosen(found)[1]["gap"])
    assert gm.portfolio(toy, many, by="node", top=1, count=2).parameters["method"] == "all"


def test_a_time_reads_as_one_would_say_it():
    assert _duration(0.5) == "0.5 seconds"
    assert _duration(7200) == "2 hours"
