"""Losses after rerouting against an independent formulation, one variable for every pair of plants."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from tests.analysis.drawn import FLOWS, roomy
from tests.analysis.slow_programme import Market

HOLDERS = st.dictionaries(st.integers(0, 7), st.sampled_from([7.0, 91.0, 400.0]), max_size=4)
RESERVES = st.dictionaries(
    st.tuples(st.sampled_from(["COD", "CHN", "USA"]), st.sampled_from(FLOWS)),
    st.sampled_from([0.0, 1.0, 6.0]),
    max_size=4,
)
MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


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


@MANY
@given(roomy(), HOLDERS, RESERVES, st.sampled_from(["any", "existing"]), st.sampled_from([None, 0.25]))
def test_with_stocks_and_reserves_too(drawn, holders, reserves, links, growth):
    days = {drawn.nodes["node_id"][place]: value for place, value in holders.items() if place < drawn.n_nodes}
    firm = pd.DataFrame({"holder": "firm", "node_id": list(days), "days": list(days.values())})
    public = pd.DataFrame([("public", *at, amount) for at, amount in reserves.items()])
    public = public.set_axis(["holder", "country", "material", "quantity"][: public.shape[1]], axis=1)
    stocked = drawn.with_tables(stocks=pd.concat([firm, public]) if len(public) else firm)
    response = "reroute" if growth is None else "adapt"
    found = losses_of(stocked, response, links=links, growth=growth or 0.0, stocks=True)
    without = losses_of(stocked, response, links=links, growth=growth or 0.0)
    assert (found <= without.reindex(found.index) + 1e-6).all()
    market = Market(drawn)
    spot = 0.0 if links == "existing" else growth
    held = {"days": days, "reserves": [(*at, amount) for at, amount in reserves.items()]}
    for node, loss in found.iloc[sorted({0, len(found) - 1})].items():
        assert loss == pytest.approx(market.lost([node], growth=growth, spot=spot, **held), abs=1e-5)
