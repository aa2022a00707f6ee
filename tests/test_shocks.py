"""Past disruptions: the table, and that they run on the shipped network."""

from __future__ import annotations

import pytest

import graphmodel as gm
from graphmodel.errors import EmptySelectionError, UnknownNameError
from graphmodel.schema import EVIDENCE

RUN = ["SH001", "SH017", "SH022", "SH030", "SH031", "SH032", "SH035", "SH045", "SH050", "SH054", "SH057"]


def lost(network, scenario):
    table = gm.losses(network, scenario).table
    return table[table["response"] == "frozen"]


@pytest.mark.parametrize("name", RUN)
def test_what_happened_once_can_happen_again(sparse, name):
    assert lost(sparse, gm.shock(name))["loss"].sum() > 0


def test_every_shock_with_a_change_is_a_scenario():
    changes = gm.table("shocks", "changes")
    assert set(changes["shock_id"]) <= set(gm.table("shocks", "shocks")["shock_id"])
    for name in sorted(set(changes["shock_id"])):
        assert len(gm.shock(name).changes) == (changes["shock_id"] == name).sum()


def test_the_cobalt_quota_leaves_what_was_announced(real):
    # 96 600 t a year of 194 802 t that left the country
    after = gm.shock("SH031").apply(real)
    edges, country = after.edges, after.nodes["country"].to_numpy()
    out = (
        (country[after.source] == "COD") & (country[after.target] != "COD") & (edges["material"] == "cobalt-hydroxide")
    )
    assert (edges["quantity"] * edges["available"].fillna(1.0))[out].sum() == pytest.approx(96600)


def test_a_ban_on_one_buyer_is_felt_by_that_buyer_most(real):
    table = lost(real, gm.shock("SH020")).query("product == 'gallium-other-use'")
    assert table.set_index("consumer")["loss_share"].idxmax() == "USA"


def test_rows_are_graded_and_point_at_a_reference():
    known = set(gm.table("shocks", "references")["reference"])
    for name in ("shocks", "changes"):
        table = gm.table("shocks", name)
        assert set(table["reference"]) <= known
        assert set(table["evidence"]) <= set(EVIDENCE)
        memory = table[table["reference"] == "own-estimate"]
        assert set(memory["evidence"]) == {"assumed"}


def test_a_shock_that_is_unknown_or_moved_no_flow_is_refused():
    with pytest.raises(UnknownNameError, match="no shock 'SH30'; did you mean 'SH030'"):
        gm.shock("SH30")
    with pytest.raises(EmptySelectionError, match=r"SH011 \(exchange market halt"):
        gm.shock("SH011")
