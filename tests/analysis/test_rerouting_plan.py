"""The plan behind a loss after rerouting: nothing comes from nowhere, nobody makes more than it can."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis.rerouting import least_loss, plan_of
from graphmodel.analysis.responses import How
from tests.analysis.drawn import roomy
from tests.conftest import shared_ore

SOME = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(SOME, max_examples=15)
RELATIVE = 1e-9


def plan(changed, response, links, growth=0.25):
    return plan_of(least_loss(changed, None, How(response, growth=growth, links=links)))


class Flows:
    """What a plan moves, in quantities a year, read column by column."""

    def __init__(self, found):
        work, edges, x = found.work, found.network.edges, found.x
        self.made = x[: work.n_processes] * work.quantity
        self.sold = np.zeros(work.n_processes)  # by process
        self.taken = np.zeros(len(work.need))  # by slot, as a share of its need
        self.offered, self.bought = defaultdict(float), defaultdict(float)  # on the market, by material
        self.over_edges = {}
        process_of = {(n, m): p for p, (n, m) in enumerate(zip(work.node, work.product, strict=True))}
        slot_of = np.repeat(np.arange(len(work.need)), np.diff(work.slot_indptr))
        accepted = work.accepted
        for kind, item, value in zip(found.written.columns["kind"], found.written.columns["item"], x, strict=True):
            if kind == "edge":
                edge = edges.iloc[item]
                self.over_edges[item] = edge["quantity"] * value
                self.sold[process_of[(found.network.source[item], edge["material"])]] += edge["quantity"] * value
                for supply in np.flatnonzero(work.row == item):
                    self.taken[slot_of[supply]] += work.share[supply] * value
            elif kind == "spot sale":
                self.sold[item] += work.quantity[item] * value
                self.offered[work.product[item]] += work.quantity[item] * value
            elif kind == "purchase":
                entry = accepted.iloc[item]
                self.taken[entry["slot"]] += value
                self.bought[entry["material"]] += value * work.need[entry["slot"]] * entry["relative"]


@SOME
@given(
    roomy(),
    st.sampled_from(["reroute", "adapt"]),
    st.sampled_from(["any", "existing"]),
    st.sampled_from([1.0, 0.5]),
    st.data(),
)
def test_at_every_node_purchases_cover_the_recipe_and_sales_what_is_made(drawn, response, links, severity, data):
    node = data.draw(st.sampled_from(drawn.nodes.loc[~drawn.has_role("sink"), "node_id"].tolist()))
    found = plan(gm.Scenario().shut(severity, node_id=node).apply(drawn), response, links)
    work, flows = found.work, Flows(found)
    most = found.written.linear.upper[: work.n_processes] * work.quantity
    assert (found.x >= 0).all()
    assert (flows.made <= most * (1 + RELATIVE)).all()
    assert (flows.sold <= flows.made * work.sold + RELATIVE * work.quantity).all()
    used = np.zeros(len(work.need))
    made = np.divide(flows.made, work.quantity, out=np.zeros(work.n_processes), where=work.quantity > 0)
    made[work.quantity == 0] = found.x[: work.n_processes][work.quantity == 0]
    for process in range(work.n_processes):
        for entry in range(work.process_indptr[process], work.process_indptr[process + 1]):
            used[work.process_slot[entry]] += work.draw[entry] * made[process]
    slots = work.need > 0
    assert (used[slots] <= (flows.taken + work.slot_base)[slots] + RELATIVE).all()
    assert set(flows.bought) <= set(flows.offered)
    for material, quantity in flows.bought.items():
        world = work.quantity[work.product == material].sum()
        assert quantity == pytest.approx(flows.offered[material], abs=RELATIVE * world)


@FEW
@given(roomy(), st.sampled_from(["reroute", "adapt"]), st.sampled_from([0.0, 0.5]), st.data())
def test_who_may_sell_a_share_sells_no_more_over_old_links_and_new(drawn, response, left, data):
    edge = data.draw(st.sampled_from(range(drawn.n_edges)))
    material, country = drawn.edges["material"].iloc[edge], drawn.nodes["country"].iloc[drawn.source[edge]]
    flows_of = {"material": material, "sellers": {"country": country}}
    found = plan(gm.Scenario().cap(left, **flows_of).apply(drawn), response, "any")
    flows, work = Flows(found), found.work
    held = (work.product == material) & (drawn.nodes["country"].to_numpy()[work.node] == country)
    held &= ~drawn.has_role("sink")[work.node]
    carried = drawn.edges["quantity"].groupby([drawn.source, drawn.edges["material"]]).sum()
    base = sum(carried.get((work.node[process], material), 0.0) for process in np.flatnonzero(held))
    assert flows.sold[held].sum() <= left * base * (1 + RELATIVE) + RELATIVE


def test_the_plan_of_half_a_mine_adds_up_by_hand():
    # 7.5 of ore: 5 for all 5 cars, 2.5 for 1.25 phones
    found = plan(gm.Scenario().shut(0.5, node_id="mine-x").apply(shared_ore()), "reroute", "existing")
    flows = Flows(found)
    made = dict(zip(found.work.product, flows.made, strict=True))
    assert made["ore"] == pytest.approx(7.5)
    assert sum(flows.over_edges[row] for row in (0, 1)) == pytest.approx(7.5)
    assert not flows.offered
