from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.errors import UnknownNameError
from tests.conftest import network


def row_of(result, stage):
    return result.table.set_index("stage").loc[stage]


def test_shares_by_location_are_squared_and_added(toy):
    mining = row_of(gm.concentration(toy), "mining")  # Chile 0.4, Australia 0.6
    assert mining["hhi_low"] == pytest.approx(0.4**2 + 0.6**2)
    assert mining["hhi_high"] == pytest.approx(mining["hhi_low"])
    assert mining["effective_number"] == pytest.approx(1 / 0.52)
    assert (mining["largest"], mining["largest_share"], mining["n_groups"]) == ("AUS", pytest.approx(0.6), 2)
    assert (mining["quantity"], mining["unit"]) == (1000, "t Li")
    assert row_of(gm.concentration(toy), "refining")["hhi_low"] == 1


def test_control_differs_from_location(toy):
    mining = row_of(gm.concentration(toy, by="control"), "mining")
    assert (mining["largest"], mining["largest_share"]) == ("CHN", pytest.approx(0.6))


def test_owners_count_by_equity_and_the_unowned_part_is_unassigned(toy):
    # Northern 0.6·0.4, Southern 0.4·0.4 + 0.25·0.6, Eastern 0.75·0.6
    mining = row_of(gm.concentration(toy, by="owner"), "mining")
    assert mining["hhi_low"] == pytest.approx(0.24**2 + 0.31**2 + 0.45**2)
    assert (mining["largest"], mining["unassigned_share"]) == ("Eastern Metals", pytest.approx(0))
    refining = row_of(gm.concentration(toy, by="owner"), "refining")  # nobody is known to own the refinery
    assert (refining["n_groups"], refining["unassigned_share"], refining["hhi_low"]) == (0, 1, 0)
    assert refining["hhi_high"] == 1
    assert pd.isna(refining["effective_number"])
    assert pd.isna(refining["largest_share"])


def test_the_rest_of_the_world_bounds_the_index():
    # 0.5 and 0.3 named, 0.2 anybody's: between 0.34 (split to nothing) and 0.34 + 0.04 (one more country)
    world = network(
        [("a", "mining", "COD"), ("b", "mining", "IDN"), ("c", "mining", "ROW"), ("u", "use", "USA")],
        [("a", "u", "ore", 50.0), ("b", "u", "ore", 30.0), ("c", "u", "ore", 20.0)],
    )
    mining = row_of(gm.concentration(world), "mining")
    assert mining["hhi_low"] == pytest.approx(0.34)
    assert mining["hhi_high"] == pytest.approx(0.38)
    assert mining["unassigned_share"] == pytest.approx(0.2)
    assert mining["n_groups"] == 2


def test_one_row_a_material_and_one_a_stage_with_a_mineral(real):
    by_material = gm.concentration(real).table
    assert not by_material.duplicated(["stage", "material"]).any()
    by_stage = gm.concentration(real, mineral="cobalt").table
    assert by_stage["stage"].is_unique
    assert (by_stage["unit"] == "t cobalt").all()
    order = real.stages.set_index("stage")["order"]
    assert by_stage["stage"].map(order).is_monotonic_increasing


def test_final_demand_is_made_by_nobody(toy, balanced_toy):
    assert "use" not in set(gm.concentration(toy).table["stage"])
    assert "use" not in set(gm.concentration(balanced_toy).table["stage"])


def test_output_that_is_not_shipped_counts_as_made(balanced_toy):
    balances = balanced_toy.table("balances")
    mine = (balances["node_id"] == "mine-a") & (balances["side"] == "output")
    more = balances.assign(
        quantity=balances["quantity"].mask(mine, 600.0), residual=balances["residual"].mask(mine, 200.0)
    )
    mining = row_of(gm.concentration(balanced_toy.with_tables(balances=more)), "mining")
    assert mining["hhi_low"] == pytest.approx(0.5)  # 600 and 600, though 200 stay in the ground


def test_splitting_an_edge_changes_no_share(toy):
    edges = toy.edges
    half = edges.assign(quantity=edges["quantity"] / 2)
    split = pd.concat([half, half.assign(edge_id=half["edge_id"] + "'")], ignore_index=True)
    pd.testing.assert_frame_equal(gm.concentration(toy.with_tables(edges=split)).table, gm.concentration(toy).table)


def test_a_network_of_users_alone_has_no_stage_to_measure():
    users = network([("u", "use", "USA")], [("u", "u", "car", 0.0)])
    assert len(gm.concentration(users).table) == 0


def test_bounds_hold_on_the_real_network(real):
    for by in ("country", "control", "owner"):
        table = gm.concentration(real, by=by).table
        assert (table["hhi_low"] <= table["hhi_high"] + 1e-12).all()
        assert (table["hhi_high"] <= 1 + 1e-9).all()
        assert table["unassigned_share"].between(-1e-9, 1 + 1e-9).all()


def test_an_unknown_lens_gets_the_nearest(toy):
    with pytest.raises(UnknownNameError, match="did you mean 'country'"):
        gm.concentration(toy, by="contry")
    with pytest.raises(UnknownNameError, match="did you mean 'lithium'"):
        gm.concentration(toy, mineral="lithum")
