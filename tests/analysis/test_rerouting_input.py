"""What the engine refuses: each with one error that names the culprit, the value and what would be right."""

from __future__ import annotations

import re
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csc_array

import graphmodel as gm
from graphmodel.errors import (
    EmptySelectionError,
    ExecutorError,
    InfeasibleError,
    MixedUnitsError,
    ParameterError,
    SchemaError,
    SolverLimitError,
    UnknownNameError,
)
from graphmodel.kernels.linear import LinearProgramme, Solver, solve_each
from tests.conftest import network

NO_NUMBERS = [float("nan"), float("inf"), -0.5]
STOP = gm.Scenario().shut(country="AUS")


def changed(base, name, row, column, value):
    table = base.table(name)
    table.loc[row, column] = value
    return base.with_tables(**{name: table})


@pytest.mark.parametrize("value", [*NO_NUMBERS, 1.5])
@pytest.mark.parametrize("response", ["reachability", "reroute", "adapt", "frozen"])
def test_a_severity_that_is_no_share_is_refused(toy, response, value):
    with pytest.raises(ParameterError, match=f"severity is {value}, but must lie between 0 and 1"):
        gm.removal(toy, response=response, severity=value)


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_a_growth_that_is_no_share_is_refused_by_all_who_take_one(toy, value):
    said = f"growth is {value}, but must be a share of 0 or more"
    for asks in (
        lambda: gm.removal(toy, response="adapt", growth=value),
        lambda: gm.losses(toy, STOP, growth=value),
        lambda: gm.rerouting(toy, STOP, response="adapt", growth=value),
        lambda: gm.marginal_values(toy, STOP, response="adapt", growth=value),
    ):
        with pytest.raises(ParameterError, match=said):
            asks()


@pytest.mark.parametrize("column", ["capacity", "output", "spare", "stock_days", "available"])
@pytest.mark.parametrize(("value", "said"), [(float("inf"), "is not finite 'inf'"), (-1.0, "is below 0 '-1.0'")])
def test_the_schema_refuses_nodes_without_bounds_or_below_zero(toy, column, value, said):
    with pytest.raises(SchemaError, match=f"nodes:1:{column}: {said}"):
        changed(toy, "nodes", 0, column, value)


@pytest.mark.parametrize("column", ["quantity", "delivered", "available", "tariff"])
@pytest.mark.parametrize(("value", "said"), [(float("inf"), "is not finite 'inf'"), (-1.0, "is below 0 '-1.0'")])
def test_the_schema_refuses_edges_without_bounds_or_below_zero(toy, column, value, said):
    with pytest.raises(SchemaError, match=f"edges:1:{column}: {said}"):
        changed(toy, "edges", 0, column, value)


def test_a_number_that_is_not_there_is_unknown_but_a_flow_must_have_one(toy):
    assert gm.removal(changed(toy, "nodes", 0, "capacity", float("nan")), response="reroute").table["loss"].max() == 10
    with pytest.raises(SchemaError, match="edges:1:quantity: is empty 'nan'"):
        changed(toy, "edges", 0, "quantity", float("nan"))


@pytest.mark.parametrize(("column", "value"), [("days", -3.0), ("quantity", -3.0), ("days", float("inf"))])
def test_stocks_below_zero_or_without_end_are_refused(toy, column, value):
    with pytest.raises(SchemaError, match=rf"stocks:1:{column}: is (below 0|not finite) '{value}'"):
        toy.with_tables(stocks=pd.DataFrame([{"holder": "firm", column: value}]))


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_a_scenario_refuses_what_is_no_number_when_it_is_declared(value):
    empty = gm.Scenario()
    for asks, name in (
        (lambda: empty.tariff(value), "rate"),
        (lambda: empty.quota(value), "quantity"),
        (lambda: empty.cap(value), "share"),
        (lambda: empty.close("x", value), "share"),
        (lambda: empty.shut(value, country="CHN"), "share"),
        (lambda: empty.derate(value, country="CHN"), "share_left"),
        (lambda: empty.demand(value), "factor"),
        (lambda: empty.yields(value), "factor"),
        (lambda: empty.recycling(value), "factor"),
        (lambda: empty.substitute("a", "b", ratio=value), "ratio"),
    ):
        with pytest.raises(ParameterError, match=f"^{name} is {value}, but must"):
            asks()


def test_all_plants_that_make_more_than_they_can_are_counted_and_the_first_named_with_the_excess(toy):
    nodes = toy.nodes
    small = toy.with_tables(nodes=nodes.assign(capacity=nodes["output"] / 2, name=""))
    for asks in (
        lambda: gm.removal(small, response="reroute"),
        lambda: gm.removal(small, response="adapt", by="country"),
        lambda: gm.losses(small, STOP),
        lambda: gm.rerouting(small, STOP),
    ):
        with pytest.raises(InfeasibleError) as caught:
            asks()
        said = str(caught.value)
        assert "node 'cell-a' makes 6 with a capacity of 3, 3 too much" in said
        assert said.count("too much") == 5  # refinery, two cell plants, two mines
    assert gm.removal(small).table["loss"].max() == 10  # frozen shares ask for no capacity


@pytest.mark.parametrize("output", [400.0, float("nan")])
def test_a_capacity_of_nothing_beside_flows_is_refused_whether_output_is_stated_or_sold(toy, output):
    dead = changed(changed(toy, "nodes", 4, "capacity", 0.0), "nodes", 4, "output", output)
    assert dead.nodes["node_id"][4] == "mine-a"
    with pytest.raises(InfeasibleError, match="node 'mine-a' makes 400 with a capacity of 0, 400 too much"):
        gm.removal(dead, response="reroute")


def test_a_loop_of_plants_without_capacity_is_refused_and_one_without_flows_loses_nothing():
    def circle(quantity, capacity):
        base = network(
            [("mine-x", "mining", "COD"), ("plant-x", "making", "CHN"), ("plant-y", "making", "KOR"), ("user-x", "use", "USA")],
            [("mine-x", "user-x", "ore", 1.0), ("plant-x", "plant-y", "salt", quantity), ("plant-y", "plant-x", "metal", quantity)],
        )  # fmt: skip
        return base.with_tables(nodes=base.nodes.assign(capacity=[None, capacity, capacity, None]))

    with pytest.raises(InfeasibleError, match=r"node 'plant-x' makes 5 .* 'plant-y' makes 5"):
        gm.removal(circle(5.0, 0.0), response="reroute")
    for response in ("reroute", "adapt", "frozen"):
        idle = gm.removal(circle(0.0, 0.0), response=response).table.set_index("removed")["loss"]
        assert idle.to_dict() == {"mine-x": 1, "plant-x": 0, "plant-y": 0}


def test_a_recipe_that_makes_a_mineral_out_of_nothing_is_refused(toy):
    recipes = toy.table("recipes")
    gaining = toy.with_tables(recipes=recipes.assign(amount=recipes["amount"] / 2))
    with pytest.raises(InfeasibleError, match="recipe cell: lithium-cell: 100 t out of 50 t taken in"):
        gm.rerouting(gaining, STOP)


def test_names_that_do_not_exist_are_refused_with_those_that_do(toy):
    for asks, said in (
        (lambda: gm.removal(toy, response="rerout"), "no response 'rerout'; did you mean 'reroute'"),
        (lambda: gm.rerouting(toy, STOP, response="frozen"), "no rerouting response 'frozen'; there are: adapt, reroute"),
        (lambda: gm.marginal_values(toy, STOP, response="frozen"), "no rerouting response 'frozen'"),
        (lambda: gm.losses(toy, STOP, links="all"), "no links 'all'; there are: any, existing"),
        (lambda: gm.removal(toy, by="contry"), "cannot group by 'contry'; did you mean 'country'"),
        (lambda: gm.losses(toy, gm.Scenario().shut(country="XXX")), "'XXX': there are: AUS, CHL, CHN, KOR, USA"),
        (lambda: gm.removal(toy, response="reroute", mineral="cobalt"), "no material holds 'cobalt'; there are: lithium"),
    ):  # fmt: skip
        with pytest.raises(UnknownNameError, match=re.escape(said)):
            asks()


def test_what_matches_nothing_says_what_there_is(toy):
    with pytest.raises(EmptySelectionError, match="country AUS has stage: mining"):
        gm.losses(toy, gm.Scenario().shut(country="AUS", stage="cell"))
    for asks in (lambda: gm.removal(toy, by="corridor"), lambda: gm.losses(toy, gm.Scenario().close("Hormuz"))):
        with pytest.raises(EmptySelectionError, match="the network has no routes table"):
            asks()


def test_a_mineral_that_no_final_product_holds_is_refused(toy):
    content = pd.DataFrame([{"material": "lithium-ore", "mineral": "iron", "amount": 1.0}])
    rich = toy.with_tables(composition=pd.concat([toy.table("composition"), content], ignore_index=True))
    for asks in (
        lambda: gm.removal(rich, response="reroute", mineral="iron"),
        lambda: gm.losses(rich, STOP, mineral="iron"),
        lambda: gm.marginal_values(rich, STOP, mineral="iron"),
    ):
        with pytest.raises(EmptySelectionError, match="no final demand holds iron"):
            asks()


def test_products_in_several_units_need_a_mineral_or_evenly(toy):
    edges = pd.concat(
        [toy.edges, pd.DataFrame([{"source": "mine-a", "target": "ev-usa", "material": "lithium-ore", "quantity": 1.0}])],
        ignore_index=True,
    ).drop(columns="edge_id")  # fmt: skip
    mixed = toy.with_tables(edges=edges)
    with pytest.raises(MixedUnitsError, match=r"GWh, t Li, which cannot be added; name a mineral: lithium"):
        gm.removal(mixed, response="reroute")
    assert len(gm.removal(mixed, response="reroute", evenly=True).table) == 5
    with pytest.raises(ParameterError, match="weigh products by lithium or evenly, not both"):
        gm.removal(mixed, response="reroute", mineral="lithium", evenly=True)


class Dying(Executor):
    """An executor whose workers die at the first call."""

    _max_workers = 1

    def submit(self, *_, **__):
        future = Future()
        future.set_exception(BrokenProcessPool("a worker died"))
        return future


@pytest.mark.parametrize("response", ["reroute", "adapt", "frozen"])
def test_an_executor_that_dies_is_named(toy, response):
    with pytest.raises(ExecutorError, match="died"):
        gm.removal(toy, response=response, executor=Dying())


def dense(n):
    rng = np.random.default_rng(1)
    matrix = csc_array(rng.random((n, n)))
    return LinearProgramme(rng.random(n), np.zeros(n), np.ones(n), matrix, rng.random(n) * n / 10)


def test_a_solver_out_of_time_says_what_it_had_proven():
    hard = dense(400)
    with pytest.raises(SolverLimitError, match="the base: out of time; proven so far: at least") as caught:
        Solver(hard, seconds=0.0).solve()
    assert 0 <= caught.value.bound <= Solver(hard).solve().value
    nothing = np.zeros(2, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
    with pytest.raises(SolverLimitError):
        solve_each(hard, *nothing, seconds=0.0)


def test_time_is_counted_from_the_start_of_each_solve_and_not_of_the_first():
    # the clock of the solver goes on from solve to solve: here it stands at 100 s when the second one begins
    easy = dense(20)
    solver = Solver(easy, seconds=2.0)
    solver.solve()
    solver._highs.getRunTime = lambda: 100.0
    assert solver.value_with(np.array([0]), np.array([1.0])) == pytest.approx(solver.solve().value)
    assert solver._highs.getOptionValue("time_limit")[1] == 102


def test_sets_that_begin_alike_give_what_each_gives_by_itself():
    # three columns closed together with each of five more, then each of those alone
    wanted, first = dense(20), np.array([0, 1, 2])
    sets = [np.append(first, other) for other in range(3, 8)] + [np.array([other]) for other in range(3, 8)]
    indptr = np.cumsum([0, *map(len, sets)])
    columns = np.concatenate(sets)
    alike = solve_each(wanted, indptr, columns, np.zeros(len(columns)), lead=np.array([3] * 5 + [0] * 5))
    alone = []
    for closed in sets:
        upper = wanted.upper.copy()
        upper[closed] = 0.0
        alone.append(Solver(wanted._replace(upper=upper)).solve().value)
    assert alike == pytest.approx(alone, abs=1e-9)
