"""Losses after rerouting: closed cases, an independent formulation, and the laws that hold between responses."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from tests.analysis.drawn import networks
from tests.analysis.slow_programme import Market

MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(MANY, max_examples=40)


@st.composite
def roomy(draw, **options):
    """Draw a network in which some plants have room, and no mineral is named, so that recipes may gain."""
    drawn = draw(networks(**options))
    room = st.sampled_from([1.0, 1.0, 1.5, 3.0])
    nodes = drawn.nodes.assign(output=1.0)
    nodes["capacity"] = draw(st.lists(room, min_size=len(nodes), max_size=len(nodes)))
    return drawn.with_tables(nodes=nodes, materials=drawn.table("materials").assign(mineral=""))


def losses_of(network, response, **options):
    return gm.removal(network, response=response, **options).table.set_index("removed")["loss"]


def below(less, more):
    """Whether one loss is nowhere above another."""
    return bool((less <= more.reindex(less.index) + 1e-6).all())


@MANY
@given(roomy(), st.sampled_from([1.0, 0.5]), st.sampled_from(["any", "existing"]), st.sampled_from([None, 0.0, 0.25]))
def test_rerouting_loses_what_one_variable_for_every_pair_of_plants_says(drawn, severity, links, growth):
    response = "reroute" if growth is None else "adapt"
    found = losses_of(drawn, response, links=links, severity=severity, growth=growth or 0.0)
    spot = 0.0 if links == "existing" else growth
    market = Market(drawn)
    for node, loss in found.items():
        assert loss == pytest.approx(market.lost([node], severity, growth=growth, spot=spot), abs=1e-5)
