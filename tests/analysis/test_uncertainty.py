"""How far losses spread when shares of suppliers are drawn: by hand, against plain loops, and what must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.uncertainty import DOUBT, SPREAD, flow_draw, share_draw
from graphmodel.errors import EmptySelectionError, ParameterError
from graphmodel.processes import processes
from graphmodel.schema import BASES, EVIDENCE
from tests.analysis.drawn import networks
from tests.analysis.slow import Slow
from tests.conftest import network as small

MANY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(MANY, max_examples=10)


@pytest.fixture
def sure(monkeypatch):
    """Leave no doubt but what low and high say."""
    for grade in EVIDENCE:
        monkeypatch.setitem(DOUBT, grade, 1e-12)
    for basis in BASES:
        monkeypatch.setitem(SPREAD, basis, 0.0)


def two_mines(**columns):
    """Two mines in two countries sell 75 and 25 to one plant, which serves one user."""
    network = small(
        [
            ("mine-x", "mining", "COD"),
            ("mine-y", "mining", "ZMB"),
            ("plant-x", "making", "CHN"),
            ("user-x", "use", "USA"),
        ],
        [
            ("mine-x", "plant-x", "ore", 75.0),
            ("mine-y", "plant-x", "ore", 25.0),
            ("plant-x", "user-x", "metal", 100.0),
        ],
    )
    return network.with_tables(edges=network.edges.assign(**columns))


def streams(seed, n):
    """The generator of each draw, as the kernel makes them."""
    key = np.random.default_rng(seed).integers(2**63, size=2).astype(np.uint64)
    return [np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, number])) for number in range(n)]


def slow_losses(network, factor, groups):
    """Draw the network in dictionaries: flows into a slot times their factors, then scaled to bring what they did."""
    slow = Slow(network)
    drawn = dict(zip(network.edges["edge_id"], factor, strict=True))
    for process, slots in slow.slots.items():
        slow.slots[process] = []
        for residual, supplies, linear in slots:
            before = sum(amount for _, _, amount in supplies)
            moved = [(s, e, amount * (1.0 if e is None else drawn[e])) for s, e, amount in supplies]
            after = sum(amount for _, _, amount in moved)
            scale = before / after if after > 0 else 1.0
            slow.slots[process].append((residual, [(s, e, amount * scale) for s, e, amount in moved], linear))
    return [sum(slow.frozen(nodes).values()) for nodes in groups]


@MANY
@given(networks(), st.integers(0, 2**32 - 1))
def test_the_spread_is_that_of_the_rules_said_slowly_in_every_draw(network, seed):
    chosen = network.nodes[removable(network)]
    groups = {name: rows["node_id"].tolist() for name, rows in chosen.groupby("country")}
    table = gm.uncertainty(network, draws=3, top=2, rng=seed).table.set_index("removed")
    assert set(table.index) == set(groups)
    draw = flow_draw(network)
    demand = processes(network).demand["quantity"].sum()
    if demand == 0:
        assert table["mean"].isna().all()
        return
    lost = np.array([slow_losses(network, draw(rng), groups.values()) for rng in streams(seed, 3)]) / demand
    for column, name in enumerate(groups):
        assert table.loc[name, "mean"] == pytest.approx(lost[:, column].mean(), abs=1e-8)
        assert table.loc[name, "sd"] == pytest.approx(np.std(lost[:, column], ddof=1), abs=1e-7)
        # of three draws the 5 % quantile lies a tenth of the way from the least to the middle one
        least, middle, most = sorted(lost[:, column])
        assert table.loc[name, "low"] == pytest.approx(0.9 * least + 0.1 * middle, abs=1e-8)
        assert table.loc[name, "high"] == pytest.approx(0.9 * most + 0.1 * middle, abs=1e-8)
        ranks = [1 + sum(other > row[column] + 1e-7 for other in row) for row in lost]
        assert table.loc[name, "p_first"] == pytest.approx(np.mean([rank == 1 for rank in ranks]))
        assert table.loc[name, ["rank_low", "rank_high"]].tolist() == [min(ranks), max(ranks)]  # of three draws


def test_the_share_of_a_mine_spreads_between_its_low_and_high(sure):
    # Mine X sells 60 to 90 beside a fixed 25 of Y: its share is drawn from 60/85 = 0.706 to 90/115 = 0.783.
    network = two_mines(low=[60.0, np.nan, np.nan], high=[90.0, np.nan, np.nan])
    row = gm.uncertainty(network, draws=2000).table.set_index("removed").loc["COD"]
    assert row["loss_share"] == 0.75
    assert 60 / 85 < row["low"] < row["high"] < 90 / 115
    # x triangular (60, 75, 90): 5 % below 60 + sqrt(0.05 · 30 · 15) = 64.74, a share of 64.74 / 89.74 = 0.7214
    assert row["low"] == pytest.approx(0.7214, abs=0.004)
    assert row["high"] == pytest.approx(85.26 / 110.26, abs=0.004)


def test_nine_tenths_of_the_draws_lie_between_the_ranks():
    # A quarter of the ore is Y's, give or take; in no draw is it more than half, so X stays first and Y behind it.
    table = gm.uncertainty(two_mines(basis="reported"), draws=100).table.set_index("removed")
    # the maker loses everything, as does the user without it
    assert table.loc[["CHN", "COD", "ZMB"], "rank_low"].tolist() == [1, 2, 3]
    assert table.loc[["CHN", "COD", "ZMB"], "rank_high"].tolist() == [1, 2, 3]
    # 50 and 50: either may be second
    network = two_mines(basis="reported")
    network = network.with_tables(edges=network.edges.assign(quantity=[50.0, 50.0, 100.0]))
    table = gm.uncertainty(network, draws=100).table.set_index("removed")
    assert table.loc["COD", ["rank", "rank_low", "rank_high"]].tolist() == [2, 2, 3]


def test_without_any_doubt_every_draw_is_the_network_as_it_stands(sure, toy):
    table = gm.uncertainty(toy, by="node", draws=20).table
    for column in ("low", "high", "mean"):
        assert table[column].to_numpy() == pytest.approx(table["loss_share"].to_numpy(), abs=1e-9)
    assert table.set_index("removed").loc["refine-a", "p_first"] == 1


def test_the_losses_as_they_stand_are_those_of_removal(toy):
    found = gm.uncertainty(toy, by="node", draws=5).table
    expected = gm.removal(toy, by="node").table
    for column in ("removed", "label", "n_nodes", "rank"):
        assert found[column].tolist() == expected[column].tolist()
    assert found["loss_share"].to_numpy() == pytest.approx(expected["loss_share"].to_numpy())


def test_a_better_known_basis_spreads_less():
    sd = [
        gm.uncertainty(two_mines(basis=basis), draws=100).table.set_index("removed").loc["COD", "sd"]
        for basis in ("reported", "contract", "trade", "estimated")
    ]
    assert sd == sorted(sd)
    assert sd[0] < sd[-1] / 2


def test_a_better_known_output_spreads_less():
    sd = []
    for grade in EVIDENCE:
        network = two_mines(basis="reported")
        network = network.with_tables(nodes=network.nodes.assign(evidence=grade))
        sd.append(gm.uncertainty(network, draws=100).table.set_index("removed").loc["COD", "sd"])
    assert sd == sorted(sd)


def test_a_doubt_about_a_total_moves_all_that_the_country_sells_of_it():
    network = small(
        [("m", "mining", "COD"), ("p", "making", "CHN"), ("q", "making", "KOR"), ("u", "use", "USA")],
        [("m", "p", "ore", 1.0), ("m", "q", "ore", 1.0), ("p", "u", "metal", 1.0), ("q", "u", "metal", 1.0)],
    )
    network = network.with_tables(edges=network.edges.assign(low=1.0, high=1.0, basis="reported"))
    ratio = np.array([flow_draw(network)(np.random.default_rng(seed)) for seed in range(150)])
    assert np.corrcoef(ratio[:, 0], ratio[:, 1])[0, 1] > 0.7  # one seller: 0.3 of doubt in common, 0.05 each
    assert abs(np.corrcoef(ratio[:, 2], ratio[:, 3])[0, 1]) < 0.3  # two countries


@SOME
@given(networks(), st.integers(0, 2**32 - 1))
def test_every_slot_still_gets_what_it_got(network, seed):
    work = processes(network)
    share = share_draw(network, work)(np.random.default_rng(seed))
    slot = np.repeat(np.arange(len(work.slot_base)), np.diff(work.slot_indptr))
    assert (share >= 0).all()
    for values in (share, work.share):
        assert values[work.share == 0] == pytest.approx(0.0)
    n = len(work.slot_base)
    assert np.bincount(slot, share, n) == pytest.approx(np.bincount(slot, work.share, n), abs=1e-12)


@SOME
@given(networks())
def test_quantiles_probabilities_and_shares_keep_their_order(network):
    table = gm.uncertainty(network, draws=4, top=2).table
    if table["mean"].isna().any():
        return
    assert (table["low"] <= table["high"] + 1e-12).all()
    assert (table["p_first"] <= table["p_top"]).all()
    assert table["p_first"].sum() >= 1 - 1e-12  # ties share the first rank
    assert table["mean"].between(0, 1 + 1e-9).all()


def test_the_seed_alone_decides(toy):
    first = gm.uncertainty(toy, draws=30, rng=1).table
    pd.testing.assert_frame_equal(first, gm.uncertainty(toy, draws=30, rng=1, n_threads=2).table)
    pd.testing.assert_frame_equal(first, gm.uncertainty(toy, draws=30, rng=np.random.default_rng(1)).table)
    assert not first.equals(gm.uncertainty(toy, draws=30, rng=2).table)


def test_what_a_scenario_has_shut_stays_shut_in_every_draw():
    network = gm.Scenario().shut(node_id="plant-x").apply(two_mines())
    table = gm.uncertainty(network, draws=5).table
    assert table[["loss_share", "low", "high", "p_first"]].to_numpy() == pytest.approx(1.0)


def test_without_final_demand_there_is_no_share_of_it_and_a_network_without_plants_has_no_rows():
    idle = small([("mine-x", "mining", "COD"), ("plant-x", "making", "CHN")], [("mine-x", "plant-x", "ore", 1.0)])
    table = gm.uncertainty(idle, draws=2).table
    assert table["mean"].isna().all()  # no demand, so no share of it
    assert (table["rank"] == 1).all()
    clusters = two_mines()
    clusters = clusters.with_tables(nodes=clusters.nodes.assign(cluster="yes"))
    assert len(gm.uncertainty(clusters, by="plant", draws=2)) == 0


def test_one_draw_has_no_spread(toy):
    table = gm.uncertainty(toy, draws=1).table
    assert table["sd"].isna().all()
    assert (table["low"] == table["high"]).all()


def test_numbers_that_mean_nothing_are_refused(toy):
    with pytest.raises(ParameterError, match="draws is 0"):
        gm.uncertainty(toy, draws=0)
    with pytest.raises(ParameterError, match="top is nan"):
        gm.uncertainty(toy, top=float("nan"))
    with pytest.raises(EmptySelectionError):
        gm.uncertainty(two_mines(), by="owner")
