"""Which projects need or replace each other: by hand, against every set one by one, and what is refused."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.errors import ConvergenceError, EmptySelectionError, UnknownNameError
from tests.analysis.drawn import roomy
from tests.analysis.test_portfolio import drawn_plan, loss_with
from tests.analysis.test_worth import plan

SOME = settings(max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))

REFINERY_AND_CELL = plan(
    ("refine-b", "USA", "refining", "lithium-salt", 500.0), ("cell-c", "USA", "cell", "lithium-cell", 5.0)
)


def test_a_refinery_and_a_cell_plant_complement_each_other(toy):
    # China holds refinery A, with all the salt, and cell B. The refinery alone fills half of cell A, which serves 0.6:
    # 0.3. The cell plant alone has no salt: 0. Both: half of the salt for cell C (half of the market) and for cell A
    # (0.3 of it): 0.4, which is 0.1 more.
    found = gm.interactions(toy, REFINERY_AND_CELL, by="country", top=1).table.iloc[0]
    assert found["kind"] == "complements"
    assert found[["interaction", "alone", "last"]].tolist() == pytest.approx([0.1] * 3)


def test_two_refineries_replace_each_other_once_the_market_is_full(toy):
    # half the market each; new plants take 0.95 of it at most, so together 0.05 less
    both = plan(("b", "USA", "refining", "lithium-salt", 500.0), ("c", "CAN", "refining", "lithium-salt", 500.0))
    found = gm.interactions(toy, both, by="node", top=1).table.iloc[0]
    assert found["kind"] == "substitutes"
    assert found["interaction"] == pytest.approx(-0.05)
    small = both.assign(capacity=100.0)
    assert gm.interactions(toy, small, by="node", top=1).table["kind"].tolist() == ["independent"]


@SOME
@pytest.mark.parametrize("response", ["frozen", "reroute"])
@given(network=roomy(scenario=False), data=st.data())
def test_pairs_are_what_every_set_one_by_one_says(response, network, data):
    plans = drawn_plan(network, data)
    asked = {"by": "node", "response": response, "top": 3}
    try:
        found = gm.interactions(network, plans, **asked).table.set_index(["first", "second"])
    except (EmptySelectionError, ConvergenceError):
        assume(False)
    ids = sorted({*found.index.get_level_values(0), *found.index.get_level_values(1)})
    value = {
        frozenset(some): -loss_with(network, plans, some, **asked)
        for size in range(len(ids) + 1)
        for some in combinations(ids, size)
    }
    n = len(ids)
    for (i, j), row in found.iterrows():
        index = 0.0
        for some in map(frozenset, (some for size in range(n - 1) for some in combinations(set(ids) - {i, j}, size))):
            more = value[some | {i, j}] - value[some | {i}] - value[some | {j}] + value[some]
            index += factorial(len(some)) * factorial(n - len(some) - 2) / factorial(n - 1) * more
            if not some:
                assert row["alone"] == pytest.approx(more, abs=1e-6)
            if len(some) == n - 2:
                assert row["last"] == pytest.approx(more, abs=1e-6)
        assert row["interaction"] == pytest.approx(index, abs=1e-6)


def test_more_sites_than_can_be_gone_through_show_both_ends(toy):
    many = plan(*((f"refine-{one:02d}", "USA", "refining", "lithium-salt", 100.0) for one in range(18)))
    found = gm.interactions(toy, many, by="node", top=1)
    assert found.parameters["method"] == "ends"
    assert len(found.table) == 18 * 17 // 2
    # alone two of a tenth each add up; of 18 that share 0.95 of the market equally nobody is missed
    assert found.table["alone"].abs().max() < 1e-9
    assert found.table["last"].abs().max() < 1e-9


def test_what_cannot_be_asked_is_refused(toy):
    with pytest.raises(EmptySelectionError, match="only refine-b can enter toy-battery; a pair takes two"):
        gm.interactions(toy, REFINERY_AND_CELL.head(1))
    with pytest.raises(UnknownNameError, match="no response 'rerouted' for projects; did you mean 'reroute'"):
        gm.interactions(toy, REFINERY_AND_CELL, response="rerouted")


def test_pairs_are_drawn(toy):
    pairs = pd.concat([REFINERY_AND_CELL, plan(("refine-c", "CAN", "refining", "lithium-salt", 600.0))])
    ax = gm.interactions(toy, pairs, by="country", top=1).plot()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert "refine-b  +  cell-c" in names
