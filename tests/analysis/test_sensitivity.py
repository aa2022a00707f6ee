"""Which doubt moves the worst loss: by hand, against plain loops, and what must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import lognorm, triang

import graphmodel as gm
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.uncertainty import DOUBT, SPREAD
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError
from graphmodel.processes import processes
from tests.analysis.drawn import networks
from tests.analysis.test_uncertainty import MANY, slow_losses, sure, two_mines  # noqa: F401 - a fixture
from tests.conftest import network as small

FEW = settings(MANY, max_examples=6)


def between(quantile, least, most):
    """Quantile of a triangle from least over 1 to most."""
    return float(triang.ppf(quantile, (1 - least) / (most - least), least, most - least))


def test_a_total_and_a_flow_at_their_ends_give_the_share_they_leave():
    # 75 of X beside 25 of Y; both graded assumed, so each total is drawn from 0.7 to 1.3 of what it is
    network = two_mines(low=[60.0, np.nan, np.nan], high=[90.0, np.nan, np.nan], basis=["reported", "trade", "trade"])
    found = gm.sensitivity(network, by="country", removed="COD")
    table = found.table.set_index("input")
    assert found.parameters["loss_share"] == 0.75
    # 5 % of a triangle from 0.7 over 1 to 1.3 lie below 0.7 + sqrt(0.05 · 0.6 · 0.3) = 0.7949
    assert table.loc["COD:ore", ["factor_low", "factor_high"]].tolist() == pytest.approx([0.79487, 1.20513], abs=1e-5)
    assert table.loc["COD:ore", "low"] == pytest.approx(75 * 0.79487 / (75 * 0.79487 + 25), abs=1e-5)
    assert table.loc["ZMB:ore", "high"] == pytest.approx(75 / (75 + 25 * 1.20513), abs=1e-5)
    # X's flow is drawn from 60 to 90: 5 % lie below 60 + sqrt(0.05 · 30 · 15) = 64.74
    assert table.loc["flows:reported", "low"] == pytest.approx(64.743 / (64.743 + 25), abs=1e-4)
    # Y's flow: exp(0.3 · 1.645) = 1.638 times 25; the maker's own flow is its user's only one
    assert table.loc["flows:trade", "high"] == pytest.approx(75 / (75 + 25 * 1.638), abs=1e-4)
    assert table.loc["CHN:metal", ["low", "high", "swing"]].tolist() == [0.75, 0.75, 0]
    assert table.loc["COD:ore", "swing"] == pytest.approx(table.loc["COD:ore", "high"] - table.loc["COD:ore", "low"])
    assert table["rank"].tolist() == sorted(table["rank"])


@pytest.mark.usefixtures("sure")
def test_the_indices_of_a_product_are_those_worked_out(monkeypatch):
    # Without the DR Congo the user loses X's share of the maker in China times that maker's share of the user.
    monkeypatch.setitem(DOUBT, "measured", 0.9)
    network = small(
        [("x", "mining", "COD"), ("y", "mining", "ZMB"), ("a", "making", "CHN"), ("b", "making", "KOR"),
         ("user", "use", "USA")],
        [("x", "a", "ore", 5.0), ("y", "a", "ore", 5.0), ("y", "b", "ore", 10.0), ("a", "user", "metal", 10.0),
         ("b", "user", "metal", 10.0)],
    )  # fmt: skip
    grade = ["measured", "assumed", "measured", "assumed", "assumed"]
    network = network.with_tables(nodes=network.nodes.assign(evidence=grade))
    found = gm.sensitivity(network, by="country", removed="COD", draws=1500)
    table = found.table.set_index("input")
    at = (np.arange(100_000) + 0.5) / 100_000
    factor = triang.ppf(at, 0.5, 0.1, 1.8)
    share = factor / (factor + 1)  # of what is sold at its factor beside as much that is known
    mean, variance = share.mean(), share.var()
    whole = 2 * mean**2 * variance + variance**2
    for one in ("COD:ore", "CHN:metal"):
        assert table.loc[one, "first"] == pytest.approx(mean**2 * variance / whole, abs=0.06)
        assert table.loc[one, "total"] == pytest.approx((mean**2 + variance) * variance / whole, abs=0.06)
        assert table.loc[one, "total_low"] < table.loc[one, "total"] < table.loc[one, "total_high"]
    assert table.loc[["ZMB:ore", "KOR:metal"], ["first", "total"]].to_numpy() == pytest.approx(0, abs=1e-9)
    assert found.parameters["sd"] == pytest.approx(np.sqrt(whole), rel=0.05)


@MANY
@given(networks())
def test_each_end_is_what_the_rules_said_slowly_give(network):
    groups = network.nodes[removable(network)].groupby("country")["node_id"].apply(list)
    whole = processes(network).demand["quantity"].sum()
    base = slow_losses(network, np.ones(network.n_edges), groups) if whole > 0 else [0.0]
    if max(base) < 1e-9:
        with pytest.raises(EmptySelectionError):
            gm.sensitivity(network, by="country")
        return
    found = gm.sensitivity(network, by="country")
    assert found.parameters["loss_share"] == pytest.approx(max(base) / whole)
    edges = network.edges.assign(country=network.nodes["country"].to_numpy()[network.source])
    for row in found.table.itertuples():
        for quantile, share in ((0.05, row.low), (0.95, row.high)):
            if row.kind == "total":  # nothing is graded, so all is assumed
                mine = (edges["country"] == row.country) & (edges["material"] == row.material)
                to = between(quantile, 1 - DOUBT["assumed"], 1 + DOUBT["assumed"])
            else:
                mine, to = edges["quantity"] > 0, lognorm.ppf(quantile, SPREAD["estimated"])
            lost = max(slow_losses(network, np.where(mine, to, 1.0), groups))
            assert share == pytest.approx(lost / whole, abs=1e-8)


@FEW
@given(networks(), st.integers(0, 1000))
def test_indices_lie_between_none_and_all_of_the_variance(network, seed):
    try:
        found = gm.sensitivity(network, by="country", draws=40, top=2, rng=seed)
    except EmptySelectionError:
        return
    table = found.table.dropna(subset="total")
    if found.parameters["sd"] < 1e-9:
        return
    assert (table["total"] >= 0).all()
    assert (table["first_low"] <= table["total_high"] + 0.1).all()
    assert table["first_low"].sum() <= 1.2
    assert table["total_high"].sum() >= 0.8


def test_inputs_without_an_index_of_their_own_are_taken_together(toy):
    options = {"by": "node", "removed": "mine-b", "mineral": "lithium"}
    found = gm.sensitivity(toy, **options, draws=20, top=1).table.set_index("input")
    assert found.index[-1] == "rest"
    flows = found.query("kind == 'total'")["n_flows"]
    assert found.loc["rest", "n_flows"] == flows.sum() - flows.iloc[0]
    assert found["total"].notna().sum() == 1 + 2 + 1  # one total, two bases, and the rest
    assert gm.sensitivity(toy, **options, draws=10, top=9).table["kind"].ne("rest").all()


def test_an_only_refinery_leaves_nothing_to_move(toy):
    # the only refinery: whatever the flows, all is lost without it
    table = gm.sensitivity(toy, by="node", mineral="lithium", draws=20).table
    assert (table["swing"] == 0).all()
    assert (table["low_removed"] == "refine-a").all()
    assert table[["first", "total"]].isna().all(axis=None)  # there is no variance to share out


def test_another_group_may_become_the_worst():
    # X loses 0.52 of the ore as it stands; at its low Y is the worst
    network = small(
        [("x", "mining", "COD"), ("y", "mining", "ZMB"), ("a", "making", "CHN"), ("user", "use", "USA")],
        [("x", "a", "ore", 52.0), ("y", "a", "ore", 48.0), ("a", "user", "metal", 100.0)],
    )
    table = gm.sensitivity(network, by="node").table.set_index("input")
    assert (table["low_removed"] == "a").all()
    nodes = network.nodes.assign(cluster=["", "", "yes", ""])  # as a cluster it is no single plant
    table = gm.sensitivity(network.with_tables(nodes=nodes), by="plant").table.set_index("input")
    assert table.loc["COD:ore", ["low_removed", "high_removed"]].tolist() == ["y", "x"]
    assert table.loc["COD:ore", "low"] == pytest.approx(48 / (48 + 52 * 0.79487), abs=1e-5)


def test_only_what_reaches_demand_that_counts_is_varied(real):
    table = gm.sensitivity(real, mineral="gallium", removed="CHN:refining:gallium").table
    made = set(table["material"]) - {""}
    assert "gallium-crude" in made
    assert not {"cobalt-sulphate", "lithium-carbonate"} & made


def test_the_seed_alone_decides(toy):
    options = {"by": "node", "removed": "mine-b", "mineral": "lithium", "draws": 16}
    first = gm.sensitivity(toy, **options).table
    pd.testing.assert_frame_equal(first, gm.sensitivity(toy, **options, n_threads=2).table)
    assert not first.equals(gm.sensitivity(toy, **options, rng=1).table)


def test_what_cannot_be_is_refused(toy):
    with pytest.raises(ParameterError, match="draws is -1, but must be 0 or more"):
        gm.sensitivity(toy, mineral="lithium", draws=-1)
    with pytest.raises(ParameterError, match="draws is 1, but a variance takes 2 or more"):
        gm.sensitivity(toy, mineral="lithium", draws=1)
    with pytest.raises(ParameterError, match="top is nan"):
        gm.sensitivity(toy, mineral="lithium", top=float("nan"))
    with pytest.raises(UnknownNameError, match="'mine-x' is removed; did you mean 'mine-b'"):
        gm.sensitivity(toy, by="node", mineral="lithium", removed="mine-x")
    idle = small([("m", "mining", "COD"), ("p", "making", "CHN")], [("m", "p", "ore", 1.0)])
    with pytest.raises(EmptySelectionError, match="without any group no final demand that counts is lost"):
        gm.sensitivity(idle)
