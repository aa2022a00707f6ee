"""Pairs of removals: by hand, against the slow way, and laws with the cases in which they fail."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis.remaining import removable
from graphmodel.errors import EmptySelectionError, FolderError, ParameterError, UnknownNameError
from graphmodel.kernels.pairs import pair_bounds
from tests.analysis.drawn import networks
from tests.analysis.slow import Slow
from tests.conftest import network

module = sys.modules["graphmodel.analysis.pairs"]  # the name in the package is the function

MANY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(MANY, max_examples=15)


def by_pair(result, column="loss"):
    table = result.table
    return dict(zip(zip(table["first"], table["second"], strict=True), table[column], strict=True))


def groups_of(network, by):
    chosen = network.nodes[removable(network)]
    return {name: rows["node_id"].tolist() for name, rows in chosen.groupby("node_id" if by == "node" else by)}


def some(found):
    """Return at most three of the pairs: the slow way takes its time."""
    return sorted(found)[:: 1 + len(found) // 3]


def bare(network):
    """Return the network without what a scenario has cut."""
    return network.with_tables(
        nodes=network.nodes.drop(columns="available"), edges=network.edges.drop(columns="available")
    )


def test_a_pair_loses_what_is_left_of_neither(toy):
    # cell A makes 6 of 10 GWh, mine B brings 0.6 of the ore: without both cell B is left with 0.4 of its 4 GWh
    found = by_pair(gm.pairs(toy, by="node"))
    assert found[("cell-a", "mine-b")] == pytest.approx(10 - 1.6)
    assert found[("cell-b", "mine-a")] == pytest.approx(10 - 0.6 * 6)
    assert found[("mine-a", "mine-b")] == found[("cell-a", "cell-b")] == pytest.approx(10)


def test_a_mine_and_the_refinery_behind_it_are_no_worse_than_the_worse_of_them(chain):
    row = gm.pairs(chain, by="node").table.iloc[0]
    assert (row["first"], row["second"], row["loss"]) == ("mine-x", "plant-x", 10)
    assert row["extra"] == 0
    assert row["synergy"] == -10  # each alone loses all


def test_mines_that_stand_in_for_one_another_are_worse_together():
    either = network(
        [("m", "mining", "COD"), ("n", "mining", "CHL"), ("u", "use", "USA")],
        [("m", "u", "ore", 7.0), ("n", "u", "ore", 3.0)],
    )
    row = gm.pairs(either, by="node", response="reachability").table.iloc[0]
    assert (row["loss"], row["first_share"], row["second_share"]) == (10, 0, 0)
    assert (row["extra"], row["synergy"]) == (10, 10)
    row = gm.pairs(either, by="node").table.iloc[0]  # frozen: nobody stands in for anybody, losses add
    assert (row["loss"], row["first_share"], row["second_share"]) == pytest.approx((10, 0.7, 0.3))
    assert (row["extra"], row["synergy"]) == (pytest.approx(3), 0)


def test_two_essential_inputs_overlap():
    # ore and acid, half of each from one seller: without both half the metal is lost, not all of it
    both = network(
        [(n, "mining", c) for n, c in zip("abcd", ["COD", "CHL", "AUS", "PER"], strict=True)]
        + [("p", "making", "CHN"), ("u", "use", "USA")],
        [
            ("a", "p", "ore", 5.0),
            ("b", "p", "ore", 5.0),
            ("c", "p", "acid", 5.0),
            ("d", "p", "acid", 5.0),
            ("p", "u", "metal", 8.0),
        ],
    )
    found, synergy = by_pair(gm.pairs(both, by="node")), by_pair(gm.pairs(both, by="node"), "synergy")
    assert found[("a", "c")] == pytest.approx(4)
    assert synergy[("a", "c")] == pytest.approx(-4)
    assert found[("a", "b")] == pytest.approx(8)
    assert synergy[("a", "b")] == 0


def test_a_loop_dies_with_its_mine_whoever_else_stops(loop):
    found = by_pair(gm.pairs(loop, by="node"))
    assert found == pytest.approx(
        {("mine-x", "plant-x"): 100, ("mine-x", "recycler-x"): 100, ("plant-x", "recycler-x"): 100}, abs=1e-6
    )


def test_countries_control_and_owners_pair_as_they_group(toy):
    # Chile and Australia hold both mines; Eastern Metals owns 75 % of mine B, Northern Metals cell plants
    assert by_pair(gm.pairs(toy))[("AUS", "CHL")] == pytest.approx(10)
    assert set(by_pair(gm.pairs(toy, by="control"))) == {("CHN", "KOR"), ("CHN", "USA"), ("KOR", "USA")}
    assert len(gm.pairs(toy, by="owner")) == 1
    members = pd.DataFrame({"group": ["south", "south", "east"], "country": ["CHL", "AUS", "AUS"]})
    overlap = gm.pairs(toy, by="alliance", members=members).table.iloc[0]
    assert overlap["loss"] == pytest.approx(10)  # both mines, though mine B stands in both groups
    assert overlap["extra"] == 0


def test_labels_and_ranks_read_like_those_of_removal(toy):
    table = gm.pairs(toy, by="node").table
    assert table.loc[0, ["first", "second", "first_label"]].tolist() == ["cell-a", "cell-b", "Cell plant A"]
    assert table["rank"].tolist() == [1] * 6 + [7, 8, 8, 10]
    assert gm.pairs(toy).table["first_label"].tolist() == gm.pairs(toy).table["first"].tolist()
    assert gm.pairs(toy, mineral="lithium").units["synergy"] == "t lithium"


@MANY
@given(networks(), st.sampled_from(["node", "country"]))
def test_frozen_losses_of_pairs_are_what_the_rules_say(network, by):
    slow, groups = Slow(network), groups_of(network, by)
    base = sum(slow.frozen([]).values())
    result = gm.pairs(network, by=by)
    found, synergy = by_pair(result), by_pair(result, "synergy")
    assert set(found) == set(combinations(sorted(groups), 2))
    for a, b in some(found):
        both, one, other = (sum(slow.frozen(nodes).values()) for nodes in (groups[a] + groups[b], groups[a], groups[b]))
        assert found[a, b] == pytest.approx(both, abs=1e-6)
        assert synergy[a, b] == pytest.approx(both - one - other + base, abs=1e-6)


@MANY
@given(networks(), st.sampled_from(["node", "country"]))
def test_reachability_of_pairs_is_what_is_left_after_removing_and_searching(network, by):
    slow, before, groups = Slow(network), Slow(bare(network)), groups_of(network, by)
    found = by_pair(gm.pairs(network, by=by, response="reachability"))
    for a, b in some(found):
        assert found[a, b] == pytest.approx(sum(slow.unreached(groups[a] + groups[b], base=before).values()))


@SOME
@given(networks(), st.integers(1, 12))
def test_the_largest_pairs_are_the_first_of_all_pairs(network, top):
    every, largest = gm.pairs(network, by="node"), gm.pairs(network, by="node", top=top)
    expected = every.table["loss"].head(top).to_numpy()
    np.testing.assert_allclose(largest.table["loss"], expected, atol=1e-6)
    for pair, loss in by_pair(largest).items():
        assert loss == pytest.approx(by_pair(every)[pair], abs=1e-6)


@SOME
@given(networks(), st.sampled_from(["frozen", "reachability"]))
def test_two_lose_no_less_than_one(network, response):
    table = gm.pairs(network, by="node", response=response).table
    assert (table["extra"] >= -1e-6).all()


@SOME
@given(networks(scenario=False))
def test_frozen_losses_never_more_than_add(network):
    assert (gm.pairs(network, by="node").table["synergy"] <= 1e-6).all()


def test_a_scenario_can_hide_what_two_more_stops_do_together():
    # the kept counter-example: a scenario has halved the acid, so either half of the ore is not missed, but both are
    hidden = network(
        [
            ("a", "mining", "COD"),
            ("b", "mining", "CHL"),
            ("c", "mining", "AUS"),
            ("p", "making", "CHN"),
            ("u", "use", "USA"),
        ],
        [("a", "p", "ore", 5.0), ("b", "p", "ore", 5.0), ("c", "p", "acid", 1.0), ("p", "u", "metal", 8.0)],
    )
    halved = gm.Scenario().shut(0.5, node_id="c").apply(hidden)
    row = gm.pairs(halved, by="node").table.set_index(["first", "second"]).loc[("a", "b")]
    assert (row["first_share"], row["second_share"], row["loss"]) == pytest.approx((0.5, 0.5, 8))
    assert row["synergy"] == pytest.approx(4)  # 8 - 4 - 4 + 4


@SOME
@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_names_does_not_matter(network, chance):
    ids = network.nodes["node_id"].tolist()
    names = [f"x{place}" for place in range(len(ids))]
    chance.shuffle(names)
    new = dict(zip(ids, names, strict=True))
    tables = {name: network.table(name) for name in network.table_names}
    tables["nodes"] = tables["nodes"].assign(node_id=tables["nodes"]["node_id"].map(new))
    edges = tables["edges"]
    tables["edges"] = edges.assign(source=edges["source"].map(new), target=edges["target"].map(new))
    for name in {"recipes", "balances"} & set(tables):
        tables[name] = tables[name].assign(node_id=tables[name]["node_id"].map(lambda node: new.get(node, "")))
    turned = by_pair(gm.pairs(gm.Network(**tables), by="node"))
    for (a, b), loss in by_pair(gm.pairs(network, by="node")).items():
        assert turned[tuple(sorted((new[a], new[b])))] == pytest.approx(loss, abs=1e-6)


def test_bounds_enclose_and_where_they_meet_nothing_is_worked_out(toy, monkeypatch):
    worked = []
    real = module.frozen_losses
    monkeypatch.setattr(module, "frozen_losses", lambda shut, pairs, *rest, **named: (
        worked.extend(map(tuple, pairs.tolist())), real(shut, pairs, *rest, **named))[1])  # fmt: skip
    gm.pairs(toy, by="node")
    names = toy.nodes["node_id"][removable(toy)].tolist()
    # without the refinery everything is lost, whatever else stops; the other six pairs share users they do not ruin
    assert len(worked) == 6
    assert "refine-a" not in {names[group] for pair in worked for group in pair}


def test_bounds_leave_out_only_what_cannot_be_among_the_largest():
    lost, weight = np.array([[0.9, 0.0], [0.0, 0.5], [0.1, 0.1], [0.0, 0.0]]), np.array([10.0, 10.0])
    every = pair_bounds(lost, weight)
    assert len(every.first) == 6
    few = pair_bounds(lost, weight, top=1)
    assert (few.first.tolist(), few.second.tolist()) == ([0], [1])  # 9 + 5; the next may lose 11 at most
    assert (few.lower.tolist(), few.upper.tolist()) == ([14.0], [14.0])
    assert len(pair_bounds(lost[:1], weight).first) == len(pair_bounds(lost[:0], weight, top=3).first) == 0


def test_a_single_group_makes_no_pair(chain):
    alone = network([("m", "mining", "COD"), ("u", "use", "USA")], [("m", "u", "ore", 1.0)])
    for response in ("frozen", "reachability"):
        assert len(gm.pairs(alone, response=response)) == 0
        assert (
            len(gm.pairs(chain.with_tables(nodes=chain.nodes.assign(kind="remainder")), by="plant", response=response))
            == 0
        )


def test_without_demand_pairs_lose_nothing():
    no_users = network([("m", "mining", "COD"), ("p", "making", "CHN")], [("m", "p", "ore", 1.0)])
    table = gm.pairs(no_users, by="node").table
    assert table["loss"].tolist() == [0]
    assert table["loss_share"].isna().all()


def test_threads_and_a_folder_change_nothing(real, tmp_path):
    here = gm.pairs(real, mineral="cobalt", by="plant", top=50).table
    with ThreadPoolExecutor(2) as threads:
        named = {"mineral": "cobalt", "by": "plant", "executor": threads, "folder": tmp_path / "kept"}
        assert here.equals(gm.pairs(real, **named, top=50).table)
        told = []
        assert here.equals(gm.pairs(real, **named, top=50, progress=lambda *now: told.append(now)).table)
        assert len(told) == 1  # all found in the folder
        assert told[0][0] == told[0][1]
        with pytest.raises(FolderError, match="top is 50 there and 500 here"):
            gm.pairs(real, **named, top=500)


def test_removal_goes_on_from_its_folder(real, tmp_path):
    named = {"mineral": "cobalt", "folder": tmp_path / "kept"}
    first = gm.removal(real, **named).table
    assert first.equals(gm.removal(real, mineral="cobalt").table)
    assert first.equals(gm.removal(real, **named).table)
    with pytest.raises(FolderError, match=r"severity is 1.0 there and 0.5 here"):
        gm.removal(real, **named, severity=0.5)
    with pytest.raises(ParameterError, match="executor and folder are for the other responses"):
        gm.removal(real, **named, response="reachability")


def test_what_cannot_be_paired_is_refused(toy, monkeypatch):
    with pytest.raises(UnknownNameError, match="did you mean 'frozen'"):
        gm.pairs(toy, response="froze")
    for top in (0, float("nan")):
        with pytest.raises(ParameterError, match=f"top is {top}, but must be at least 1"):
            gm.pairs(toy, top=top)
    with pytest.raises(EmptySelectionError):
        gm.pairs(toy.with_tables(nodes=toy.nodes.assign(control="")), by="control")
    monkeypatch.setattr(module, "MOST_PAIRS", 9)
    with pytest.raises(ParameterError, match="5 groups make 10 pairs; ask for the largest with top=1000"):
        gm.pairs(toy, by="node")
    assert len(gm.pairs(toy, by="node", top=3)) == 3
