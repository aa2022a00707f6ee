"""All inputs essential or none, and losses upstream, against the slow, obvious way on random networks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphmodel as gm
from tests.analysis.drawn import networks
from tests.analysis.slow import Slow
from tests.analysis.test_removal_oracle import HALF, MANY, SOME, loss_of


@MANY
@given(networks(), st.sampled_from(["leontief", "linear"]), st.sampled_from([1.0, 0.5]))
def test_with_all_inputs_essential_or_none_removal_is_what_the_rules_say(network, inputs, severity):
    slow = Slow(network, inputs)
    for node, loss in loss_of(gm.removal(network, inputs=inputs, severity=severity)).items():
        assert loss == pytest.approx(sum(slow.frozen([node], severity).values()), abs=1e-6)


@HALF
@given(networks(), st.sampled_from([1.0, 0.5]))
def test_upstream_removal_is_what_buyers_no_longer_take(network, severity):
    slow = Slow(network)
    table = gm.removal(network, direction="upstream", severity=severity).table.set_index("removed")
    for node, row in table.iterrows():
        whole, loss = slow.outlets([node], severity)
        assert row["loss"] == pytest.approx(loss, abs=1e-6)
        assert whole == 0 or row["loss_share"] == pytest.approx(loss / whole, abs=1e-6)


@SOME
@given(networks(scenario=False, balances=False))
def test_linear_loses_no_more_than_recipes_and_these_no_more_than_leontief(network):
    linear, recipes, leontief = (
        loss_of(gm.removal(network, inputs=inputs)) for inputs in ("linear", "recipes", "leontief")
    )
    assert all(linear[node] <= loss + 1e-6 for node, loss in leontief.items())
    assert all(recipes[node] <= loss + 1e-6 for node, loss in leontief.items())


@SOME
@given(networks(scenario=False, balances=False))
def test_reachability_is_below_leontief_where_everything_traces_to_an_origin(network):
    if Slow(network, "leontief").traces():
        reach = loss_of(gm.removal(network, response="reachability"))
        leontief = loss_of(gm.removal(network, inputs="leontief"))
        assert all(loss <= leontief[node] + 1e-6 for node, loss in reach.items())


@SOME
@given(networks(), st.sampled_from([0.0, 0.3, 0.6]))
def test_a_harder_blow_leaves_origins_no_more_outlets(network, severity):
    soft, hard = (
        loss_of(gm.removal(network, direction="upstream", severity=share)) for share in (severity, severity + 0.4)
    )
    assert all(soft[node] <= hard[node] + 1e-6 for node in soft)
