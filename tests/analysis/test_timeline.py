"""Losses over time: by hand on the toy, and against the frozen response on random networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError
from graphmodel.processes import processes
from tests.analysis.drawn import networks
from tests.conftest import network

SOME = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(SOME, max_examples=12)
NO_REFINERY = gm.Scenario("no refinery").shut(node_id="refine-a")
HALF_THE_ORE = gm.Scenario("no mine B").shut(node_id="mine-b")
IDLE = {"spare_weeks": None}


def held(*rows):
    """Table of stocks from dictionaries."""
    return pd.DataFrame([{"holder": "firm", **row} for row in rows])


def lost(result, consumer=None):
    """Share lost of each week, of one consumer or of all."""
    table = result.table if consumer is None else result.table[result.table["consumer"] == consumer]
    sums = table.groupby("week")[["demand", "loss"]].sum()
    return (sums["loss"] / sums["demand"]).round(9).tolist()


def test_without_data_on_stocks_losses_begin_at_once_and_the_result_says_so(toy):
    path = gm.timeline(toy, NO_REFINERY, weeks=3)
    assert lost(path) == [1, 1, 1]
    assert str(path.parameters["stock_data"]).startswith("no data on stocks")


def test_two_weeks_of_salt_at_the_cell_plants_last_two_weeks(toy):
    path = gm.timeline(toy, NO_REFINERY, weeks=4, stocks=held({"stage": "cell", "days": 14.0}))
    assert lost(path) == [0, 0, 1, 1]
    assert path.parameters["stock_data"] == "1 row of firms' stocks"


def test_a_week_is_a_year_by_52(toy):
    path = gm.timeline(toy, NO_REFINERY, weeks=1).table
    assert path.set_index("consumer")["demand"].to_dict() == pytest.approx({"CHN": 5 / 52, "USA": 5 / 52})
    assert path["unit"].unique().tolist() == ["GWh"]


def test_stock_days_of_a_node_hold_where_the_table_says_nothing(toy):
    nodes = toy.nodes.assign(stock_days=np.where(toy.nodes["node_id"] == "cell-b", 7.0, np.nan))
    with_days = toy.with_tables(nodes=nodes)
    # cell-b feeds China with 4 of its 5 GWh, cell-a the rest and all of the United States
    assert lost(gm.timeline(with_days, NO_REFINERY, weeks=2), "CHN") == pytest.approx([0.2, 1])
    assert lost(gm.timeline(with_days, NO_REFINERY, weeks=2), "USA") == [1, 1]
    over = held({"stage": "cell", "days": 14.0}, {"node_id": "cell-b", "stage": "cell", "days": 0.0})
    assert lost(gm.timeline(with_days, NO_REFINERY, weeks=2, stocks=over), "CHN") == pytest.approx([0.8, 0.8])


def test_the_most_special_row_counts(toy):
    rows = held(
        {"days": 70.0},
        {"country": "KOR", "days": 7.0},
        {"stage": "cell", "country": "KOR", "days": 14.0},
        {"stage": "cell", "country": "KOR", "material": "lithium-salt", "days": 21.0},
    )
    plants = toy.nodes.query("stage == 'cell'").set_index("node_id")["country"].to_dict()
    path = gm.timeline(toy, NO_REFINERY, weeks=5, stocks=rows.iloc[::-1])
    assert plants["cell-a"] == "KOR"
    # the markets hold ten weeks too, which is why nobody loses anything yet
    assert lost(path) == [0] * 5
    path = gm.timeline(toy, NO_REFINERY, weeks=5, stocks=pd.concat([rows, held({"stage": "use", "days": 0.0})]))
    assert lost(path, "USA") == [0, 0, 0, 1, 1]


def test_a_quantity_is_shared_out_by_use(toy):
    # 1000 t of salt a year; 1000 / 26 t are two weeks of it for both plants
    path = gm.timeline(
        toy, NO_REFINERY, weeks=4, stocks=held({"stage": "cell", "material": "lithium-salt", "quantity": 1000 / 26})
    )
    assert lost(path) == [0, 0, 1, 1]


def test_a_public_stock_serves_its_own_country_a_week_late(toy):
    public = held({"holder": "public", "country": "KOR", "material": "lithium-salt", "days": 14.0, "release": 0.5})
    path = gm.timeline(toy, NO_REFINERY, weeks=5, stocks=public)
    # two weeks of what cell-a uses, half of it a week, from week 2: all of the United States, a fifth of China
    assert lost(path, "USA") == [1, 0, 0, 1, 1]
    assert lost(path, "CHN") == pytest.approx([1, 0.8, 0.8, 1, 1])
    assert path.parameters["stock_data"] == "1 public reserve"


def test_spare_capacity_of_the_other_mine_comes_after_waiting_and_ramping_up(toy):
    nodes = toy.nodes.set_index("node_id", drop=False)
    nodes["output"], nodes["capacity"], nodes["spare"] = np.nan, np.nan, np.nan
    nodes.loc["mine-a", ["output", "capacity"]] = [400.0, 600.0]
    more = toy.with_tables(nodes=nodes.reset_index(drop=True))
    path = gm.timeline(more, HALF_THE_ORE, weeks=6, spare_weeks=2, ramp_weeks=2)
    # mine A alone is 0.4 of the ore; half of its 200 t from week 3, all of it from week 4
    assert lost(path) == pytest.approx([0.6, 0.6, 0.5, 0.4, 0.4, 0.4])
    assert lost(gm.timeline(more, HALF_THE_ORE, weeks=6, **IDLE)) == pytest.approx([0.6] * 6)


def test_capacity_that_is_spare_now_is_used_a_week_after_it_is_missed(toy):
    nodes = toy.nodes.assign(capacity=np.nan, spare=np.where(toy.nodes["node_id"] == "mine-a", 200.0, np.nan))
    path = gm.timeline(toy.with_tables(nodes=nodes), HALF_THE_ORE, weeks=3)
    assert lost(path) == pytest.approx([0.6, 0.4, 0.4])


def test_after_a_ban_all_flows_again(toy):
    ban = gm.Scenario("no salt").ban(material="lithium-salt")
    assert lost(gm.timeline(toy, ban, weeks=4, duration=2)) == [1, 1, 0, 0]


def test_demand_taken_away_is_not_lost_and_comes_back(toy):
    quiet = gm.Scenario("fewer cars").shut(0.5, node_id="ev-usa", demand=True).shut(node_id="refine-a")
    path = gm.timeline(toy, quiet, weeks=2, duration=1, restart_weeks=0)
    usa = path.table.query("consumer == 'USA'")
    assert usa["demand"].tolist() == pytest.approx([2.5 / 52, 5 / 52])
    assert usa["loss"].tolist() == pytest.approx([2.5 / 52, 0])


def test_a_mineral_makes_products_addable(toy):
    path = gm.timeline(toy, NO_REFINERY, weeks=1, mineral="lithium").table
    assert path["unit"].unique().tolist() == ["t lithium"]
    assert path["loss"].sum() == pytest.approx(1000 / 52)
    with pytest.raises(UnknownNameError, match="lithium"):
        gm.timeline(toy, NO_REFINERY, mineral="litium")


def test_added_plants_run_from_the_start(balanced_toy):
    new = pd.DataFrame(
        [{"node_id": "new", "stage": "refining", "country": "AUS", "material": "lithium-salt", "capacity": 250.0}]
    )
    stop = gm.Scenario("with a new refinery").add(new).shut(node_id="refine-a")
    assert lost(gm.timeline(balanced_toy, stop, weeks=2, **IDLE)) == pytest.approx([0.75, 0.75])


def test_parallel_edges_loops_and_lone_nodes_are_nothing_special():
    odd = network(
        [
            ("mine-x", "mining", "COD"),
            ("plant-x", "making", "CHN"),
            ("user-x", "use", "USA"),
            ("lone", "making", "CHN"),
        ],
        [
            ("mine-x", "plant-x", "ore", 4.0),
            ("mine-x", "plant-x", "ore", 5.0),
            ("plant-x", "plant-x", "metal", 1.0),
            ("plant-x", "user-x", "metal", 9.0),
        ],
    )
    path = gm.timeline(odd, gm.Scenario("stop").shut(node_id="mine-x"), weeks=3, default_days=7)
    assert lost(path) == [0, 1, 1]


def test_a_network_without_users_has_no_weeks_to_lose():
    nobody = network([("mine-x", "mining", "COD")], [("mine-x", "mine-x", "ore", 1.0)])
    path = gm.timeline(nobody, gm.Scenario("stop").shut(node_id="mine-x"), weeks=2)
    assert len(path) == 0
    assert len(gm.first_failure(path)) == 0
    assert len(gm.duration_curve(nobody, gm.Scenario("stop").shut(node_id="mine-x"))) == 0


def test_the_first_day_of_the_first_week_that_fails(toy):
    path = gm.timeline(toy, HALF_THE_ORE, weeks=9, default_days=14, **IDLE)
    # refinery: 0.6 a week lacks of two weeks, gone in week 4 (0.2 left); plants: 0.4, 0.6, 0.6 of two, 0.4 left in week 7
    by_product = gm.first_failure(path).table
    assert by_product["day"].tolist() == [42]
    assert by_product["worst_share"].tolist() == pytest.approx([0.6])
    assert gm.first_failure(path, by="consumer").table["consumer"].tolist() == ["CHN", "USA"]
    assert np.isnan(gm.first_failure(path, threshold=0.7).table["day"]).all()


def test_a_stock_shifts_the_duration_curve(toy):
    curve = gm.duration_curve(toy, NO_REFINERY, durations=(1, 2, 3, 6), weeks=8, default_days=14, restart_weeks=0)
    assert curve.table["weeks_lost"].tolist() == pytest.approx([0, 0, 1, 4])
    slow = gm.duration_curve(toy, NO_REFINERY, durations=(1,), weeks=8, **IDLE)
    assert slow.table["weeks_lost"].tolist() == pytest.approx([1 + 0.75 + 0.5 + 0.25])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"weeks": 0}, "weeks is 0"),
        ({"weeks": 2.5}, "weeks is 2.5"),
        ({"duration": -1}, "duration is -1"),
        ({"default_days": float("nan")}, "default_days is nan"),
        ({"refill_weeks": 0.5}, "refill_weeks is 0.5, but must be a number of at least 1"),
        ({"spare_weeks": -1.0}, "spare_weeks is -1"),
        ({"restart_weeks": float("inf")}, "restart_weeks is inf"),
        ({"stocks": held({"stage": "cell"})}, "the row of firm, cell has neither"),
        ({"stocks": held({"stage": "cell", "quantity": 3.0})}, "needs a material"),
    ],
)
def test_times_and_stocks_that_cannot_be_are_refused_by_name(toy, wrong, said):
    with pytest.raises(ParameterError, match=said):
        gm.timeline(toy, NO_REFINERY, **wrong)


def test_negative_stocks_durations_too_long_and_unknown_words_are_refused(toy):
    with pytest.raises(gm.SchemaError, match="stocks:1:days: is below 0"):
        gm.timeline(toy, NO_REFINERY, stocks=held({"days": -3.0}))
    with pytest.raises(ParameterError, match="duration is 9"):
        gm.duration_curve(toy, NO_REFINERY, durations=(9,), weeks=8)
    with pytest.raises(ParameterError, match="durations is empty"):
        gm.duration_curve(toy, NO_REFINERY, durations=())
    path = gm.timeline(toy, NO_REFINERY, weeks=1)
    with pytest.raises(UnknownNameError, match="consumer"):
        gm.first_failure(path, by="consumers")
    with pytest.raises(ParameterError, match="threshold is nan"):
        gm.first_failure(path, threshold=float("nan"))


def test_a_mineral_no_product_holds_is_refused(toy):
    composition = pd.DataFrame([{"material": "lithium-ore", "mineral": "iron", "amount": 1.0}])
    rich = toy.with_tables(composition=pd.concat([toy.table("composition"), composition], ignore_index=True))
    with pytest.raises(EmptySelectionError, match="iron"):
        gm.timeline(rich, NO_REFINERY, mineral="iron")


def test_products_share_a_slot_by_what_their_recipes_need(loop):
    # metal 100 and scrap 40 need one unit of feed each: 100/140 and 40/140 of the slot
    work = processes(loop)
    shared = np.bincount(work.process_slot)[work.process_slot] == 2
    assert sorted(work.draw[shared]) == pytest.approx([40 / 140, 100 / 140])
    assert work.output[work.product == "metal"][0] == 100


@SOME
@given(networks(mineral=""), st.data())
def test_with_nothing_held_every_week_is_the_frozen_loss(drawn, data):
    assume((drawn.table("recipes")["essential"] != "no").all())  # the weeks follow essential inputs alone
    node = data.draw(st.sampled_from(drawn.nodes.loc[~drawn.has_role("sink"), "node_id"].tolist()))
    scenario = gm.Scenario().shut(data.draw(st.sampled_from([1.0, 0.5])), node_id=node)
    if data.draw(st.booleans()):
        scenario = scenario.cap(0.5, material=data.draw(st.sampled_from(sorted(set(drawn.edges["material"])))))
    table = gm.losses(drawn, scenario).table.query("response == 'frozen'").set_index(["product", "consumer"])
    path = gm.timeline(drawn, scenario, weeks=2, **IDLE).table
    for week in (1, 2):
        found = path[path["week"] == week].set_index(["product", "consumer"])
        assert found["loss"].to_dict() == pytest.approx((table["loss"] / 52).to_dict(), abs=1e-6)
        assert found["demand"].to_dict() == pytest.approx((table["demand"] / 52).to_dict(), abs=1e-6)


@FEW
@given(networks(mineral=""), st.sampled_from([0.0, 9.0, 40.0]))
def test_stocks_never_make_a_week_worse_than_frozen(drawn, days):
    scenario = gm.Scenario().shut(role="origin")
    worst = gm.losses(drawn, scenario).table.query("response == 'frozen'").set_index(["product", "consumer"])["loss"]
    path = gm.timeline(drawn, scenario, weeks=12, default_days=days, **IDLE).table
    limit = worst.reindex(pd.MultiIndex.from_frame(path[["product", "consumer"]])).to_numpy() / 52
    assert (path["loss"].to_numpy() <= limit + 1e-9).all()
