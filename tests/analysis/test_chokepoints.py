"""Losses under every response side by side, for every stop and for every mineral's worst one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis import RESPONSES
from graphmodel.errors import ParameterError, UnknownNameError
from tests.analysis.drawn import networks
from tests.analysis.slow_programme import Market
from tests.analysis.test_rerouting import roomy

MANY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(MANY, max_examples=10)  # against `removal`, which has an oracle of its own


def test_a_mine_that_stops_loses_less_the_more_others_may_do(toy):
    row = gm.chokepoints(toy, mineral="lithium").table.set_index("removed").loc["mine-b"]
    # mine A goes from 400 up to its nameplate of 500 of 1000 t
    assert row[[f"{response}_share" for response in RESPONSES]].tolist() == pytest.approx([0, 0.5, 0.5, 0.6])


@pytest.mark.parametrize("response", RESPONSES)
def test_each_column_is_the_removal_under_its_response(toy, response):
    table = gm.chokepoints(toy, by="country", evenly=True, growth=0.02).table.set_index("removed")
    alone = gm.removal(toy, by="country", evenly=True, growth=0.02, response=response).table.set_index("removed")
    assert table[f"{response}_share"].to_dict() == pytest.approx(alone["loss_share"].to_dict())


def test_stops_are_ranked_by_the_most_pessimistic_response_asked_for(toy):
    result = gm.chokepoints(toy, mineral="lithium", responses=["reroute", "reachability"])
    assert result.parameters["responses"] == ("reachability", "reroute")
    assert result.table["removed"].tolist() == ["refine-a", "cell-a", "mine-b", "mine-a", "cell-b"]
    assert result.table[["adapt_share", "frozen_share"]].isna().all(axis=None)
    assert result.table["loss"].tolist() == pytest.approx([1000, 600, 500, 400, 200])


def test_progress_goes_from_nothing_to_all_over_every_response(toy):
    told = []
    gm.chokepoints(toy, mineral="lithium", progress=lambda done, total: told.append(done / total))
    assert told == sorted(told)
    assert told[-1] == 1


def test_responses_that_are_none_are_refused_by_name(toy):
    with pytest.raises(UnknownNameError, match="did you mean 'frozen'"):
        gm.chokepoints(toy, mineral="lithium", responses=["frozn"])
    with pytest.raises(ParameterError, match="responses is empty"):
        gm.chokepoints(toy, mineral="lithium", responses=[])


@SOME
@given(networks(recipes=False), st.sampled_from(["any", "existing"]))
def test_the_overview_reroutes_its_worst_stop_as_a_removal_would(drawn, links):
    assume(len(drawn.table("materials")) and (drawn.edges["material"].isin(["ore", "salt", "metal"])).any())
    try:
        rows = gm.overview(drawn, by="node", links=links).table
    except gm.errors.EmptySelectionError:
        return
    for row in rows.itertuples():
        for response in RESPONSES:
            table = gm.removal(drawn, response=response, mineral=row.mineral, links=links).table.set_index("removed")
            assert getattr(row, f"{response}_share") == pytest.approx(table.loc[row.removed, "loss_share"], abs=1e-6)
        assert row.gap == pytest.approx(max(row.frozen_share - row.reroute_share, 0), abs=1e-9)


@MANY
@given(roomy(), st.sampled_from([None, 0.25]))
def test_two_that_stop_together_lose_what_one_variable_for_every_pair_of_plants_says(drawn, growth):
    response = "reroute" if growth is None else "adapt"
    table = gm.pairs(drawn, by="node", response=response, growth=growth or 0.0).table
    market = Market(drawn)
    nothing = market.lost([], 1.0, growth=growth, spot=growth)
    for row in table.head(2).itertuples():
        both, one, other = (
            market.lost(nodes, 1.0, growth=growth, spot=growth)
            for nodes in ([row.first, row.second], [row.first], [row.second])
        )
        assert row.loss == pytest.approx(both, abs=1e-5)
        assert row.synergy == pytest.approx(both - one - other + nothing, abs=1e-4)
        assert row.loss >= max(one, other) - 1e-5
