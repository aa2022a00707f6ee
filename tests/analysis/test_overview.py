from __future__ import annotations

import pytest

import graphmodel as gm
from graphmodel.analysis.grouping import industry
from graphmodel.errors import EmptySelectionError, MixedUnitsError, UnknownNameError


@pytest.fixture(scope="module")
def worst(real):
    return gm.overview(real).table.set_index("mineral")


@pytest.mark.parametrize("mineral", ["cobalt", "nickel"])
def test_the_worst_industry_of_a_mineral_is_that_of_a_removal_weighed_by_it(real, worst, mineral):
    for response, column in (("frozen", "frozen_share"), ("reachability", "reachability_share")):
        table = gm.removal(real, by="industry", mineral=mineral, response=response).table.set_index("removed")
        if response == "frozen":
            assert table.index[0] == worst.loc[mineral, "removed"]
            assert (table["loss_share"] >= 0.1).sum() == worst.loc[mineral, "n_above_tenth"]
        assert table.loc[worst.loc[mineral, "removed"], "loss_share"] == pytest.approx(worst.loc[mineral, column])


def test_an_industry_is_what_one_country_does_at_one_stage_with_one_mineral(real):
    found = set(gm.removal(real, by="industry", mineral="cobalt").table["removed"])
    nodes = real.nodes[~real.has_role("sink") & ~real.has_role("stock")]
    nodes = nodes[~nodes["country"].isin(gm.schema.REGIONS)]
    assert found == set(nodes["country"] + ":" + nodes["stage"] + ":" + nodes["mineral"])
    shut = gm.Scenario("China's cobalt").shut(**industry("CHN:refining:cobalt"))
    whole = gm.losses(real, shut).table.query("response == 'frozen'")
    content = whole["product"].map(real.content("cobalt"))
    table = gm.removal(real, by="industry", mineral="cobalt").table.set_index("removed")
    assert (whole["loss"] * content).sum() == pytest.approx(table.loc["CHN:refining:cobalt", "loss"])


def test_nodes_that_state_no_mineral_are_industries_of_country_and_stage(toy):
    found = gm.removal(toy, by="industry").table
    plain = gm.removal(toy, by="country,stage").table
    assert dict(zip(found["removed"], found["loss"], strict=True)) == dict(
        zip(plain["removed"], plain["loss"], strict=True)
    )


def test_only_the_demand_asked_for_counts(real):
    one = gm.removal(real, by="industry", product="ev-use", consumer="DEU").table.set_index("removed")
    split = gm.breakdown(real, by="industry").table.query("response == 'frozen'")
    mine = split[(split["product"] == "ev-use") & (split["consumer"] == "DEU")].set_index("removed")
    assert mine["loss"].to_dict() == pytest.approx(one.loc[mine.index, "loss"].to_dict())
    assert one.loc[one.index.difference(mine.index), "loss"].max() == 0
    both = gm.removal(real, by="industry", product="ev-use", consumer=["DEU", "FRA"]).table.set_index("removed")
    other = gm.removal(real, by="industry", product="ev-use", consumer="FRA").table.set_index("removed")
    assert both["loss"].to_dict() == pytest.approx((one["loss"] + other["loss"]).to_dict())


def test_losses_of_all_consumers_add_up_to_the_worlds(real):
    world = gm.removal(real, by="country", mineral="cobalt").table.set_index("removed")["loss"]
    users = sorted(set(real.nodes.loc[real.has_role("sink"), "country"]))
    parts = []
    for user in users:
        try:
            parts.append(gm.removal(real, by="country", mineral="cobalt", consumer=user).table.set_index("removed"))
        except EmptySelectionError:
            continue  # uses nothing that holds cobalt
    assert sum(part["loss"] for part in parts).to_dict() == pytest.approx(world.to_dict())


def test_demand_that_does_not_exist_is_an_error_with_the_nearest_name(real):
    with pytest.raises(UnknownNameError, match=r"no consuming country 'DEV'.*DEU"):
        gm.removal(real, mineral="cobalt", consumer="DEV")
    with pytest.raises(UnknownNameError, match=r"no final product 'ev-us'.*ev-use"):
        gm.chokepoints(real, mineral="cobalt", product="ev-us")
    with pytest.raises(EmptySelectionError, match="BHR does not use ev-use"):
        gm.removal(real, product="ev-use", consumer="BHR")
    with pytest.raises(EmptySelectionError, match="holds cobalt"):
        gm.removal(real, mineral="cobalt", product="copper-use")
    with pytest.raises(MixedUnitsError):
        gm.removal(real, consumer="DEU")


def test_one_product_needs_no_mineral(real):
    result = gm.removal(real, by="country", product="ev-use")
    assert result.units["loss"] == "GWh"
    assert result.table["loss_share"].between(0, 1).all()
