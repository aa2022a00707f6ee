"""Removing more and more: by hand, against removal and searches done step by step, and laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import graphmodel as gm
from graphmodel.errors import MixedUnitsError, ParameterError, UnknownNameError
from tests.analysis.drawn import networks
from tests.analysis.slow import Slow
from tests.conftest import network

MANY = settings(max_examples=100, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
FEW = settings(MANY, max_examples=25)
EVERY = {"steps": None}


def curve(result, measure=None, order=None):
    table = result.table
    table = table[(table["measure"] == measure) | (measure is None)]
    return table[(table["order"] == order) | (order is None)].set_index("n_removed")["value"].tolist()


def star(n):
    """A trader who deals with n - 1 mines."""
    return network(
        [("a-hub", "making", "AUS"), *((f"mine-{k}", "mining", "CHN") for k in range(1, n))],
        [(f"mine-{k}", "a-hub", "ore", 1.0) for k in range(1, n)],
    )


@pytest.mark.parametrize("order", ["degree", "betweenness_by_flow", "core_number"])
def test_a_star_that_loses_its_hub_first_has_a_robustness_of_n_less_one_over_n_squared(order):
    result = gm.percolation(star(6), order=order, measure="component", **EVERY)
    assert curve(result) == pytest.approx([1, *[1 / 6] * 5, 0])
    assert result.table["robustness"].unique() == pytest.approx([5 / 36])


def test_nodes_that_all_trade_with_each_other_fall_one_by_one_in_any_order():
    ids = [f"maker-{k}" for k in range(5)]
    made = network([(i, "making", "AUS") for i in ids], [(a, b, "salt", 1.0) for a in ids for b in ids if a < b])
    table = gm.percolation(made, order=("flow", "random"), measure="component", seeds=4, **EVERY).table
    assert table["robustness"].to_numpy() == pytest.approx(4 / 10)  # (N - 1) / (2 N)
    chance = table[table["order"] == "random"]
    assert (chance["low"] == chance["high"]).all()  # the band is a line


def test_the_refinery_goes_first_by_loss_and_takes_everything(toy):
    result = gm.percolation(toy, order="loss", mineral="lithium", **EVERY)
    assert curve(result, "frozen") == [1, 0, 0, 0, 0, 0]
    assert curve(result, "pairs") == [1, 0, 0, 0, 0, 0]
    # without the refinery two cell plants and two markets hang together, without cell plant A the other and China
    assert curve(result, "component") == pytest.approx([1, 4 / 7, 2 / 7, 2 / 7, 1 / 7, 1 / 7])


def test_by_flow_the_largest_seller_goes_first(toy):
    # refinery 1000 t, then mine B and cell plant A 600 t each: the first in the nodes table is the cell plant
    result = gm.percolation(toy, order="flow", measure="reachability", mineral="lithium", **EVERY)
    assert curve(result) == [1, 0, 0, 0, 0, 0]


def test_what_goes_alone_loses_what_removal_says(toy):
    for response in ("frozen", "reachability"):
        lost = gm.removal(toy, response=response, by="country", mineral="lithium").table.set_index("removed")
        first = gm.percolation(toy, order="loss", measure=response, by="country", mineral="lithium", steps=3)
        assert first.table["n_removed"].tolist() == [0, 1, 3, 4]  # CHN, AUS, then CHL and KOR
        assert first.table["value"][1] == pytest.approx(1 - lost.loc["CHN", "loss_share"])


def test_ranking_anew_finds_what_only_now_matters():
    # two mines feed one maker, a small one feeds another: with the maker gone its mines count for nothing
    made = network(
        [("big", "mining", "AUS"), ("mid", "mining", "AUS"), ("small", "mining", "AUS"), ("one", "making", "CHN"),
         ("two", "making", "CHN"), ("user", "use", "USA")],
        [("big", "one", "ore", 5.0), ("mid", "one", "ore", 4.0), ("small", "two", "ore", 1.0),
         ("one", "user", "metal", 9.0), ("two", "user", "alloy", 1.0)],
    )  # fmt: skip
    static = gm.percolation(made, order="loss", measure="frozen", **EVERY)
    anew = gm.percolation(made, order="loss", measure="frozen", reranked=True, **EVERY)
    assert curve(static) == pytest.approx([1, 0.1, 0.1, 0.1, 0, 0])
    assert curve(anew) == pytest.approx([1, 0.1, 0, 0, 0, 0])
    by_flow = gm.percolation(made, order="flow", measure="frozen", reranked=True, **EVERY)
    assert curve(by_flow) == pytest.approx([1, 0.1, 0, 0, 0, 0])  # small and two sell 1, big and mid nothing any more


def test_the_same_seed_gives_the_same_curves_and_another_does_not():
    made = star(9)
    one, same, other = (gm.percolation(made, order="random", measure="component", rng=seed).table for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)
    assert (one["low"] <= one["value"] + 1e-12).all()
    assert (one["value"] <= one["high"] + 1e-12).all()
    assert gm.percolation(made, order="random", rng=np.random.default_rng(1), measure="component").table.equals(one)


def test_few_steps_keep_the_robustness_of_links_and_the_ends(toy):
    every, few = (
        gm.percolation(toy, order="flow", measure=("component", "pairs"), mineral="lithium", steps=steps).table
        for steps in (None, 2)
    )
    assert few["n_removed"].tolist() == [0, 2, 5] * 2
    assert set(few["robustness"]) == set(every["robustness"])


def test_what_cannot_be_is_refused(toy):
    with pytest.raises(UnknownNameError, match="no order 'flows'; did you mean 'flow'"):
        gm.percolation(toy, order="flows")
    with pytest.raises(UnknownNameError, match="no measure 'components'; did you mean 'component'"):
        gm.percolation(toy, measure="components")
    with pytest.raises(ParameterError, match="no order named"):
        gm.percolation(toy, order=[])
    for name in ("seeds", "steps"):
        with pytest.raises(ParameterError, match=f"{name} is 0"):
            gm.percolation(toy, mineral="lithium", **{name: 0})
    with pytest.raises(MixedUnitsError):
        gm.percolation(toy)


def test_without_anything_to_remove_a_curve_is_a_point_and_has_no_robustness():
    user = network([("user", "use", "USA")], [("user", "user", "metal", 1.0)])
    table = gm.percolation(user).table
    assert set(table["n_removed"]) == {0}
    assert table["robustness"].isna().all()


def test_a_network_without_demand_has_components_only():
    table = gm.percolation(star(3), order="flow", **EVERY).table.set_index("measure")
    assert table.loc["component", "value"].notna().all()
    assert table.loc[["pairs", "reachability", "frozen"], "value"].isna().all()


@MANY
@given(networks())
def test_every_step_without_replacing_paths_is_what_a_search_finds(made):
    slow, whole = Slow(made), Slow(reopened(made))
    result = gm.percolation(made, order="random", measure=("pairs", "reachability"), seeds=1, rng=5, **EVERY)
    reached, linked = curve(result, "reachability"), curve(result, "pairs")
    wanted, joined = final_demand(slow), pairs(whole, ())
    for step, gone in enumerate(removals(made)):
        if wanted:
            cut = sum(slow.unreached(gone, base=whole).values())
            assert reached[step] == pytest.approx(1 - cut / wanted, abs=1e-9)
        if joined:
            assert linked[step] == pytest.approx(pairs(slow, gone) / joined)


@FEW
@given(networks())
def test_every_step_without_replacing_suppliers_is_what_loops_find(made):
    slow = Slow(made)
    found = curve(gm.percolation(made, order="random", measure="frozen", seeds=1, rng=5, **EVERY))
    for step, gone in enumerate(removals(made)):
        if final_demand(slow):
            assert found[step] == pytest.approx(1 - sum(slow.frozen(gone).values()) / final_demand(slow), abs=1e-8)


def removals(made):
    """Walk the nodes gone after each step of the random order above."""
    supply = [node for node in made.nodes["node_id"] if not node.startswith("use")]
    order = [supply[k] for k in np.random.default_rng(5).permutation(len(supply))]
    return (set(order[:step]) for step in range(len(order) + 1))


def reopened(made):
    """The network without its scenario."""
    return made.with_tables(nodes=made.nodes.assign(available=1.0), edges=made.edges.assign(available=1.0))


def final_demand(slow):
    return sum(q * slow.available()[0][node] for (node, _), q in slow.made.items() if slow.is_final(node))


def pairs(slow, gone):
    """Count the pairs of an origin and a user that a path joins."""
    limit, kept = slow.available()
    alive = {node for node in slow.nodes if limit[node] > 0 and node not in gone}
    links = [e for e in slow.edges if e.quantity > 0 and kept[e.edge_id] > 0 and {e.source, e.target} <= alive]
    count = 0
    for origin in (node for node in alive if slow.role[slow.nodes[node].stage] == "origin"):
        found = {origin}
        while more := {e.target for e in links if e.source in found} - found:
            found |= more
        count += len(found & {node for node, _ in slow.made if slow.is_final(node)})
    return count
