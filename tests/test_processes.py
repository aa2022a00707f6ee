from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.processes import node_slots, processes
from tests.conftest import network


def test_the_toy_in_arrays(toy):
    work = processes(toy)
    ids = toy.nodes["node_id"].to_numpy()
    assert sorted(zip(ids[work.node], work.product, strict=True)) == [
        ("cell-a", "lithium-cell"),
        ("cell-b", "lithium-cell"),
        ("ev-chn", "lithium-cell"),
        ("ev-usa", "lithium-cell"),
        ("mine-a", "lithium-ore"),
        ("mine-b", "lithium-ore"),
        ("refine-a", "lithium-salt"),
    ]
    # every edge fills one slot; a slot's shares add up to one; both parallel edges are there
    assert sorted(work.row) == list(range(8))
    whole = np.add.reduceat(work.share, work.slot_indptr[:-1])
    np.testing.assert_allclose(whole + work.slot_base, 1)
    assert work.demand["quantity"].tolist() == [5, 5]


def test_limits_reach_every_process_but_users(toy):
    work = processes(toy)
    left = work.limits(np.full(toy.n_nodes, 0.25))
    final = np.isin(np.arange(work.n_processes), work.demand["process"])
    assert (left[final] == 1).all()
    assert (left[~final] == 0.25).all()
    assert work.limits(np.ones((toy.n_nodes, 3))).shape == (7, 3)


def test_a_slot_counts_inputs_at_their_worth():
    # 2 t of scrap stand for 1 t of ore: 75 + 25, and a residual of 100 of the same feed
    feed = network(
        [("m", "mining", "COD"), ("n", "mining", "CHL"), ("p", "making", "CHN"), ("u", "use", "USA")],
        [("m", "p", "ore", 75.0), ("n", "p", "scrap", 50.0), ("p", "u", "metal", 100.0)],
        recipes=pd.DataFrame(
            {"stage": "making", "output": "metal", "input": ["ore", "scrap"], "amount": [1.0, 2.0], "group": "feed"}
        ),
        balances=pd.DataFrame(
            {"node_id": ["p"], "side": ["input"], "item": ["feed"], "quantity": [200.0], "residual": [100.0]}
        ),
    )
    work = processes(feed)
    slot = int(np.flatnonzero(work.slot_base > 0)[0])
    mine = slice(work.slot_indptr[slot], work.slot_indptr[slot + 1])
    assert sorted(work.share[mine]) == pytest.approx([0.125, 0.375])
    assert work.slot_base[slot] == pytest.approx(0.5)
    assert node_slots(feed).set_index("input")["relative"].to_dict() == {"ore": 1, "scrap": 2, "metal": 1}


def test_every_node_has_a_process_even_when_idle():
    idle = network([("m", "mining", "COD"), ("p", "making", "CHN"), ("u", "use", "USA")], [("m", "p", "ore", 1.0)])
    work = processes(idle)
    assert sorted(work.node) == [0, 1, 2]
    assert work.demand["quantity"].tolist() == [0]


def test_a_recipe_amount_of_zero_is_refused():
    zero = dict(
        nodes=[("m", "mining", "COD"), ("p", "making", "CHN"), ("u", "use", "USA")],
        edges=[("m", "p", "ore", 5.0), ("p", "u", "metal", 5.0)],
        recipes=pd.DataFrame({"stage": ["making"], "output": ["metal"], "input": ["ore"], "amount": [0.0]}),
    )
    with pytest.raises(ValueError, match="amount"):
        network(**zero)


def test_the_order_of_rows_changes_neither_a_loss_nor_equality():
    # one slot of z and a in the proportion 2 to 1, and a residual: the reference input is the first by name
    tables = dict(
        nodes=[("m1", "mining", "COD"), ("m2", "mining", "CHL"), ("p", "making", "CHN"), ("u", "use", "USA")],
        edges=[("m1", "p", "z", 5.0), ("m2", "p", "a", 2.0), ("p", "u", "metal", 5.0)],
    )
    recipes = pd.DataFrame(
        {"stage": "making", "output": "metal", "input": ["z", "a"], "amount": [2.0, 1.0], "group": "feed"}
    )
    balances = pd.DataFrame(
        {"node_id": ["p"], "side": ["input"], "item": ["feed"], "quantity": [5.0], "residual": [0.5]}
    )
    there = network(**tables, recipes=recipes, balances=balances)
    back = network(**tables, recipes=recipes.iloc[::-1], balances=balances)
    lost = [gm.removal(net).table.set_index("removed").loc["m1", "loss_share"] for net in (there, back)]
    assert lost[0] == pytest.approx(0.5)  # 5 of z stand for 2.5 of a; need 5 = 2.5 + 2 + 0.5
    assert lost[1] == pytest.approx(lost[0])
    assert there == back
