"""Losses after rerouting against an independent formulation, one variable for every pair of plants."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from tests.analysis.drawn import roomy
from tests.analysis.slow_programme import Market

MANY = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def losses_of(network, response, **options):
    return gm.removal(network, response=response, **options).table.set_index("removed")["loss"]


@MANY
@given(roomy(), st.sampled_from([1.0, 0.5]), st.sampled_from(["any", "existing"]), st.sampled_from([None, 0.0, 0.25]))
def test_rerouting_loses_what_one_variable_for_every_pair_of_plants_says(drawn, severity, links, growth):
    response = "reroute" if growth is None else "adapt"
    found = losses_of(drawn, response, links=links, severity=severity, growth=growth or 0.0)
    spot = 0.0 if links == "existing" else growth
    market = Market(drawn)
    three = found.iloc[sorted({0, len(found) // 2, len(found) - 1})]  # of the largest, a middling and the smallest loss
    for node, loss in three.items():
        assert loss == pytest.approx(market.lost([node], severity, growth=growth, spot=spot), abs=1e-5)
