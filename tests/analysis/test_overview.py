from __future__ import annotations

import pytest

import graphmodel as gm
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


def test_an_industry_is_every_node_of_a_country_and_stage_that_makes_the_mineral(real):
    mineral = real.table("materials").set_index("material")["mineral"]
    made = real.table("balances").query("side == 'output'")
    nodes = real.nodes.set_index("node_id")
    made = made.assign(mineral=made["item"].map(mineral), country=made["node_id"].map(nodes["country"]))
    made["stage"] = made["node_id"].map(nodes["stage"])
    named = made[~made["country"].isin(gm.schema.REGIONS)]
    expected = named.groupby(["country", "stage", "mineral"])["node_id"].agg(set)
    found = gm.removal(real, by="industry", mineral="cobalt").table.set_index("removed")
    assert set(found.index) == {":".join(key) for key in expected.index}
    assert {name: len(expected[tuple(name.split(":"))]) for name in found.index} == found["n_nodes"].to_dict()


@pytest.mark.parametrize("name", ["CHN:refining:cobalt", "IDN:mining:cobalt", "CHN:refining:nickel"])
def test_shutting_a_countrys_stage_of_a_mineral_is_shutting_the_industry(real, name):
    country, stage, mineral = name.split(":")
    shut = gm.Scenario(name).shut(country=country, stage=stage, mineral=mineral)
    table = gm.losses(real, shut).table.query("response == 'frozen'")
    lost = (table["loss"] * table["product"].map(real.content("cobalt"))).sum()
    ranked = gm.removal(real, by="industry", mineral="cobalt").table.set_index("removed")
    assert ranked.loc[name, "loss"] == pytest.approx(lost)


def test_without_minerals_an_industry_is_a_countrys_stage(chain):
    found = gm.removal(chain, by="industry").table
    plain = gm.removal(chain, by="country,stage").table
    assert found[["removed", "loss"]].equals(plain[["removed", "loss"]])


def test_an_overview_of_a_network_under_a_scenario_counts_what_is_cut_already(toy):
    shut = gm.Scenario("x").shut(country="CHN", stage="refining").apply(toy)
    row = gm.overview(shut).table.iloc[0]
    assert (row["frozen_share"], row["reachability_share"]) == (1.0, 1.0)


def test_an_overview_of_nothing_says_so(toy):
    joint = toy.with_tables(nodes=toy.nodes.assign(cluster="yes"))
    with pytest.raises(EmptySelectionError, match="plant"):
        gm.overview(joint, by="plant")
    with pytest.raises(EmptySelectionError, match="no country named uses no product named"):
        gm.removal(toy, product=[])


def test_only_the_demand_asked_for_counts(real):
    one = gm.removal(real, by="industry", product="ev-use", consumer="DEU").table.set_index("removed")
    split = gm.breakdown(real, by="industry").table.query("response == 'frozen'")
    mine = split[(split["product"] == "ev-use") & (split["consumer"] == "DEU")].set_index("removed")
    assert mine["loss"].to_dict() == pytest.approx(one.loc[mine.index, "loss"].to_dict())
    assert one.loc[one.index.difference(mine.index), "loss"].max() == 0
    both = gm.removal(real, by="industry", product="ev-use", consumer=["DEU", "FRA"]).table.set_index("removed")
    other = gm.removal(real, by="industry", product="ev-use", consumer="FRA").table.set_index("removed")
    assert both["loss"].to_dict() == pytest.approx((one["loss"] + other["loss"]).to_dict())


def test_losses_of_all_consumers_add_up_to_the_worlds(sparse):
    world = gm.removal(sparse, by="country", mineral="cobalt").table.set_index("removed")["loss"]
    users = sorted(set(sparse.nodes.loc[sparse.has_role("sink"), "country"]))
    parts = []
    for user in users:
        try:
            parts.append(gm.removal(sparse, by="country", mineral="cobalt", consumer=user).table.set_index("removed"))
        except EmptySelectionError:
            continue  # uses nothing that holds cobalt
    assert sum(part["loss"] for part in parts).to_dict() == pytest.approx(world.to_dict())


def test_demand_that_does_not_exist_is_an_error_with_the_nearest_name(real):
    with pytest.raises(UnknownNameError, match=r"no consuming country 'DEV'.*DEU"):
        gm.removal(real, mineral="cobalt", consumer="DEV")
    with pytest.raises(UnknownNameError, match=r"no final product 'ev-us'.*ev-use"):
        gm.chokepoints(real, mineral="cobalt", product="ev-us")
    with pytest.raises(EmptySelectionError, match="BHR uses no ev-use"):
        gm.removal(real, product="ev-use", consumer="BHR")
    with pytest.raises(EmptySelectionError, match="holds cobalt"):
        gm.removal(real, mineral="cobalt", product="copper-use")
    with pytest.raises(MixedUnitsError):
        gm.removal(real, consumer="DEU")


def test_one_product_needs_no_mineral(real):
    result = gm.removal(real, by="country", product="ev-use")
    assert result.units["loss"] == "GWh"
    assert result.table["loss_share"].between(0, 1).all()
