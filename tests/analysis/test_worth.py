"""What planned plants are worth: by hand, against networks written out plant by plant, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis.entry import MOST, enter
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError
from graphmodel.processes import processes
from tests.analysis.drawn import networks

MANY = settings(
    max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)


def plan(*rows, **more):
    """Projects: (id, country, stage, material, capacity)."""
    table = pd.DataFrame(rows, columns=["project_id", "country", "stage", "material", "capacity"])
    return table.assign(name=table["project_id"], **more)


def values(result, column="worth"):
    return result.table.set_index("project_id")[column].to_dict()


def test_a_second_refinery_saves_what_it_takes_over_and_a_mine_saves_nothing_without_one(toy):
    # all 1000 t of salt hang on refinery A. Alone a refinery of 250 t takes a quarter of its market: 0.25 is served
    # when A stops. A mine sells to A, which stops all the same.
    both = plan(
        ("refine-b", "USA", "refining", "lithium-salt", 250.0), ("mine-c", "USA", "mining", "lithium-ore", 500.0)
    )
    found = gm.worth(toy, both, by="node", top=1)
    assert values(found) == pytest.approx({"refine-b": 0.25, "mine-c": 0.0})
    assert found.parameters["loss_without"] == 1
    assert found.parameters["loss_with_all"] == pytest.approx(0.75)


def test_a_mine_takes_its_part_of_the_market_from_both_that_are_there(toy):
    # mines A 400 and B 600 of 1000 t; mine C sells 200, so B keeps 480: without B, 0.48 is lost and not 0.6
    found = gm.worth(toy, plan(("mine-c", "USA", "mining", "lithium-ore", 200.0)), by="node", top=5)
    names = ["refine-a", "cell-a", "mine-b", "cell-b", "mine-a"]
    lost = [1.0, 0.6, 0.48, 0.4, 0.32]
    assert found.parameters["disruptions"] == len(names)
    assert values(found)["mine-c"] == pytest.approx((1.0 + 0.6 + 0.6 + 0.4 + 0.4) / 5 - np.mean(lost))


def test_a_project_stops_with_its_country(toy):
    # refinery A is Chinese, and so would be refinery B: nothing is saved when China stops
    found = gm.worth(toy, plan(("refine-b", "CHN", "refining", "lithium-salt", 500.0)), by="country", top=1)
    assert values(found)["refine-b"] == 0


def test_a_project_that_sells_to_some_serves_only_them(toy):
    # cell plant A takes 600 t of salt, in CHN; cell plant B 400 t, elsewhere. 200 t for one country serve it alone
    country = toy.nodes.set_index("node_id")["country"]
    to_b = plan(("refine-b", "USA", "refining", "lithium-salt", 200.0), sells_to=country["cell-b"])
    share = 200 / 400 if country["cell-a"] != country["cell-b"] else 200 / 1000
    entry = enter(toy, to_b)
    own = entry.sharing.shares(np.ones(1))[entry.sharing.project == 0]
    assert own.max() == pytest.approx(share)


def test_new_plants_that_would_flood_their_market_share_it_by_size(toy):
    flood = plan(("b", "USA", "refining", "lithium-salt", 3000.0), ("c", "USA", "refining", "lithium-salt", 1000.0))
    entry = enter(toy, flood)
    shares = entry.sharing.shares(np.ones(2))
    # each by itself could take all of it: of a market twice taken they get half of 95 % each
    assert shares[entry.sharing.project == 0].tolist() == pytest.approx([MOST / 2] * (entry.sharing.project == 0).sum())
    total = np.bincount(entry.work.slot, shares) + entry.work.slot_base
    assert total == pytest.approx(np.ones(len(total)))


def test_rerouted_a_project_is_capacity(toy):
    # without mine B 500 t can still be dug; 200 t more serve 0.2 more
    mine = plan(("mine-c", "USA", "mining", "lithium-ore", 200.0))
    found = gm.worth(toy, mine, response="reroute", by="node", top=8)
    # refinery A: 1; cells A: 0.6 as B is full; mine B: 0.5 and mine A: 0.4, each 0.2 less with C; cell B: by its room
    n = found.parameters["disruptions"]
    assert values(found)["mine-c"] == pytest.approx(0.2 * 2 / n)


def test_worths_add_up_to_what_all_bring(real):
    network, projects = real
    found = gm.worth(network, projects, mineral="cobalt", pairs=2, top=8)
    gain = found.parameters["loss_without"] - found.parameters["loss_with_all"]
    assert abs(found.table["worth"].sum() - gain) <= 1e-9


@pytest.fixture(scope="module")
def real():
    projects = gm.projects()
    held = (
        projects["mineral"].str.contains("cobalt") & projects["capacity"].notna() & (projects["adds_capacity"] == "yes")
    )
    return gm.load("minerals-2024-sparse"), projects[held].reset_index(drop=True)


def test_joined_by_programme_projects_still_add_up(real):
    network, projects = real
    found = gm.worth(network, projects.head(8), mineral="cobalt", pairs=2, top=8, cells="programmes")
    assert found.parameters["method"] == "sampled"
    gain = found.parameters["loss_without"] - found.parameters["loss_with_all"]
    assert abs(found.table["worth"].sum() - gain) <= 1e-9


def test_orders_and_threads_do_not_change_the_numbers(real, tmp_path):
    network, projects = real
    asked = {"mineral": "cobalt", "pairs": 2, "top": 8, "method": "sampled"}
    once = gm.worth(network, projects.head(6), **asked).table
    with ThreadPoolExecutor(2) as pool:
        kept = gm.worth(network, projects.head(6), **asked, executor=pool, folder=tmp_path / "parts").table
    pd.testing.assert_frame_equal(once, kept)
    again = gm.worth(network, projects.head(6), **asked, folder=tmp_path / "parts").table
    pd.testing.assert_frame_equal(once, again)


def written_out(network, project):
    """The network with one project as a plant with edges of its own, others giving way edge by edge."""
    edges, stage = network.edges, network.nodes.set_index("node_id")["stage"]
    sold = edges["material"] == project["material"]
    used = np.isin(np.arange(len(edges)), processes(network).row)  # edges that fill a need
    part = min(project["capacity"] / edges.loc[sold & used, "quantity"].sum(), 1.0)
    held = min(part, MOST)
    ours = edges[sold & used].assign(source=project["project_id"])
    ours["quantity"] *= part * (held / part)
    given = edges.assign(quantity=edges["quantity"].where(~(sold & used), edges["quantity"] * (1 - held)))
    peers = sorted(set(edges.loc[sold, "source"]) & set(stage[stage == project["stage"]].index))
    feed = given[given["target"].isin(peers)].assign(target=project["project_id"])
    nodes = pd.DataFrame([{"node_id": project["project_id"], "stage": project["stage"], "country": project["country"]}])
    all_edges = pd.concat([given, ours, feed], ignore_index=True)
    all_edges = all_edges[all_edges["quantity"] > 0].drop(columns="edge_id")
    return network.with_tables(nodes=pd.concat([network.nodes, nodes], ignore_index=True), edges=all_edges)


@MANY
@given(networks(scenario=False, recipes=False, balances=False), st.sampled_from([1.0, 5.0, 40.0]), st.integers(0, 3))
def test_entering_is_what_a_network_with_the_plant_written_out_says(drawn, capacity, which):
    edges, nodes = drawn.edges, drawn.nodes
    sells = edges.merge(nodes[["node_id", "stage"]], left_on="source", right_on="node_id")
    kinds = sells[["stage", "material"]].drop_duplicates().sort_values(["stage", "material"], ignore_index=True)
    kind = kinds.iloc[which % len(kinds)]
    project = {
        "project_id": "new",
        "country": "CAN",
        "stage": kind["stage"],
        "material": kind["material"],
        "capacity": capacity,
    }
    # a plant that makes two products would feed the new one with what only the other needs
    makes = edges.groupby("source")["material"].nunique()
    peers = sells.loc[(sells["stage"] == kind["stage"]) & (sells["material"] == kind["material"]), "source"]
    assume((makes[peers] == 1).all())
    # and a loop through the new plant's own market is written out in one step alone
    assume(
        not edges["target"].isin(peers).any()
        or kind["material"] not in set(edges.loc[edges["target"].isin(peers), "material"])
    )
    try:
        base = gm.removal(drawn, evenly=True).table
        found = gm.worth(drawn, plan(tuple(project.values())), by="node", top=20)
    except EmptySelectionError:
        return
    after = written_out(drawn, project)
    table = gm.removal(after, evenly=True).table.set_index("removed")["loss_share"]
    stopped = base.loc[base["loss_share"] > 1e-9, "removed"]
    weight = base.set_index("removed")["loss_share"]
    expected = float((weight[stopped] - table[stopped]).mean())
    assert values(found)["new"] == pytest.approx(expected, abs=1e-6)


def test_what_cannot_enter_is_told_apart(toy):
    rows = [
        ("fits", "USA", "mining", "lithium-ore", 10.0),
        ("empty", "USA", "mining", "lithium-ore", np.nan),
        ("other", "USA", "mining", "gallium-high-purity", 10.0),  # the shipped network has it, the toy does not
        ("elsewhere", "USA", "recycling", "lithium-ore", 10.0),
        ("odd", "USA", "refining", "lithium-ore", 10.0),
        ("gone", "USA", "mining", "lithium-ore", 10.0),
        ("old", "USA", "mining", "lithium-ore", 10.0),
    ]
    status = ["", "", "", "", "", "cancelled", ""]
    found = gm.worth(toy, plan(*rows, status=status, adds_capacity=["yes"] * 6 + ["no"]), by="node")
    reason = found.table.set_index("project_id")["reason"]
    assert reason["fits"] == ""
    assert reason["empty"] == "states no capacity"
    assert reason["other"] == "makes what the network does not have"
    assert reason["elsewhere"] == "stands at a stage the network does not have"
    assert reason["odd"].startswith("makes what no plant of its stage makes")
    assert reason["gone"].startswith("is cancelled")
    assert reason["old"] == "runs already"
    with pytest.raises(EmptySelectionError, match="no project can enter toy-battery: empty states no capacity"):
        gm.worth(toy, plan(rows[1]), by="node")


def test_what_cannot_be_asked_is_refused(toy):
    many = plan(*[(f"mine-{k}", "USA", "mining", "lithium-ore", 1.0) for k in range(17)])
    with pytest.raises(ParameterError, match=r"17 projects have 1.31e\+05 coalitions, 2 times what 16 have"):
        gm.worth(toy, many, by="node", method="exact")
    with pytest.raises(UnknownNameError, match="no response 'adapt' for projects"):
        gm.worth(toy, many, by="node", response="adapt")
    with pytest.raises(UnknownNameError, match="no column 'programm'"):
        gm.worth(toy, many, by="node", cells="programm")
    with pytest.raises(ParameterError, match="pairs is 0"):
        gm.worth(toy, many, by="node", pairs=0)


def test_a_project_counts_from_its_start_year_by_its_chance(toy):
    # refinery B would take half of A's market; under construction it counts with 0.8 of it from 2027 on
    rows = [("refine-b", "USA", "refining", "lithium-salt", 500.0), ("mine-c", "USA", "mining", "lithium-ore", 100.0)]
    both = plan(*rows, status=["construction", "announced"], start_year=[2027.0, np.nan])
    table = gm.outlook(toy, {"all": both}, years=(2026, 2027), by="node", top=1).table
    assert table["served"].tolist() == pytest.approx([0.0, 0.5 * 0.8])
    assert table["n_expected"].tolist() == [0.0, 0.8]
    assert table["n_undated"].tolist() == [1, 1]
    sure = gm.outlook(toy, {"all": both}, years=(2027,), by="node", top=1, chance={"construction": 1.0}).table
    assert sure["served"].tolist() == pytest.approx([0.5])
    with pytest.raises(ParameterError, match=r"the chance of 'construction' is 1\.5"):
        gm.outlook(toy, {"all": both}, chance={"construction": 1.5})
    with pytest.raises(ParameterError, match="years is empty"):
        gm.outlook(toy, {"all": both}, years=())


def test_money_is_set_against_the_tonnes_kept_served(toy):
    # refinery B of 250 t keeps a quarter of the 1000 t of lithium served in the one disruption: 250 t a year. It takes
    # a million, so each tonne a year 4000. The mine keeps nothing served: nothing to divide by. D does not say.
    rows = [
        ("refine-b", "USA", "refining", "lithium-salt", 250.0),
        ("mine-c", "USA", "mining", "lithium-ore", 500.0),
        ("refine-d", "CAN", "refining", "lithium-salt", 250.0),
    ]
    found = gm.worth(toy, plan(*rows, cost=[1e6, 1e6, np.nan]), by="node", top=1, mineral="lithium")
    assert values(found, "served") == pytest.approx({"refine-b": 250.0, "mine-c": 0.0, "refine-d": 250.0})
    assert values(found, "cost_per_unit") == pytest.approx(
        {"refine-b": 4000.0, "mine-c": np.nan, "refine-d": np.nan}, nan_ok=True
    )
    assert found.units["served"] == "t lithium a year"
    assert found.units["cost_per_unit"] == "cost for each t lithium a year"
    evenly = gm.worth(toy, plan(*rows, cost=[1e6, 1e6, np.nan]), by="node", top=1).table
    assert evenly[["served", "cost_per_unit"]].isna().all(axis=None)
    assert gm.worth(toy, plan(*rows), by="node", top=1, mineral="lithium").table["cost"].isna().all()


def test_a_site_costs_what_the_first_of_its_rows_states(toy):
    # both products of the site are one project: half the salt is safe, for the 300 of the second row
    rows = [("salt-1", "USA", "refining", "lithium-salt", 250.0), ("salt-2", "USA", "mining", "lithium-ore", 250.0)]
    both = plan(*rows, site=["s", "s"], cost=[np.nan, 300.0])
    found = gm.worth(toy, both, by="node", top=1, mineral="lithium").table
    assert found["project_id"].tolist() == ["salt-1"]
    assert found[["cost", "served", "cost_per_unit"]].iloc[0].tolist() == pytest.approx([300.0, 250.0, 1.2])


def test_programmes_that_share_a_project_both_count_it(toy):
    one = plan(("refine-b", "USA", "refining", "lithium-salt", 250.0))
    table = gm.programme_worth(toy, {"a": one, "b": one}, by="node", top=1).table.set_index("programme")
    assert table["alone"].to_dict() == pytest.approx({"a": 0.25, "b": 0.25})
    assert table["last"].to_dict() == pytest.approx(
        {"a": 0.25, "b": 0.25}
    )  # without one's projects the other's are gone too
    assert table["share"].tolist() == pytest.approx([0.25, 0.25])


def test_draws_give_intervals_of_programmes_and_come_again(toy):
    some = {
        "a": plan(("refine-b", "USA", "refining", "lithium-salt", 250.0), evidence="reported"),
        "b": plan(("refine-c", "CAN", "refining", "lithium-salt", 250.0), evidence="assumed"),
    }
    asked = {"by": "node", "top": 1, "draws": 200}
    found = gm.programme_worth(toy, some, **asked)
    table = found.table.set_index("programme")
    # a quarter of the market each; capacities are triangular within 5 and 30 %, so that 5 % of draws lie below
    # 1 - d (1 - sqrt(2 · 0.05)) = 1 - 0.68 d
    assert table["low"].to_dict() == pytest.approx({"a": 0.25 * (1 - 0.034), "b": 0.25 * (1 - 0.205)}, rel=0.03)
    assert table["high"].to_dict() == pytest.approx({"a": 0.25 * (1 + 0.034), "b": 0.25 * (1 + 0.205)}, rel=0.03)
    assert found.parameters["averted_low"] < found.parameters["averted"] == pytest.approx(0.5)
    pd.testing.assert_frame_equal(found.table, gm.programme_worth(toy, some, **asked).table)
    assert gm.programme_worth(toy, some, by="node", top=1).table[["low", "high"]].isna().all(axis=None)
    with pytest.raises(ParameterError, match="draws is -1, but must be 0 or more"):
        gm.programme_worth(toy, some, draws=-1)
    with pytest.raises(ParameterError, match="which reroute does not hold to; use response='frozen'"):
        gm.programme_worth(toy, some, draws=2, response="reroute")
