"""Losses after rerouting worked out by hand, one mechanism at a time."""

from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.errors import ParameterError
from tests.conftest import network

FEED = pd.DataFrame(
    {"stage": "making", "output": "cell", "input": ["cobalt", "iron"], "amount": [1.0, 2.0], "group": "feed"}
)


def lost(base, scenario, response="reroute", **options):
    """Final demand lost in all."""
    table = gm.losses(base, scenario, **options).table
    return pytest.approx(table.loc[table["response"] == response, "loss"].sum(), abs=1e-6)


def with_room(base, **capacities):
    """State what plants make, as much as they sell, and how much they could."""
    sold = base.edges.groupby("source")["quantity"].sum()
    nodes = base.nodes
    names = nodes["node_id"].str.replace("-", "_")
    output = nodes["node_id"].map(sold).where(names.isin(list(capacities)))
    return base.with_tables(nodes=nodes.assign(output=output, capacity=names.map(capacities)))


def stop(*nodes, share=1.0):
    return gm.Scenario().shut(share, node_id=list(nodes))


def two_sellers(b_capacity=20.0):
    """Mines A and B sell 10 each to users in the United States and Germany."""
    base = network(
        [
            ("mine-a", "mining", "COD"),
            ("mine-b", "mining", "AUS"),
            ("user-usa", "use", "USA"),
            ("user-deu", "use", "DEU"),
        ],
        [("mine-a", "user-usa", "ore", 10.0), ("mine-b", "user-deu", "ore", 10.0)],
    )
    return with_room(base, mine_a=10.0, mine_b=b_capacity)


def test_two_tonnes_of_ore_make_one_of_metal():
    base = network(
        [
            ("mine-x", "mining", "COD"),
            ("mine-y", "mining", "AUS"),
            ("plant-x", "making", "CHN"),
            ("user-x", "use", "USA"),
        ],
        [("mine-x", "plant-x", "ore", 16.0), ("mine-y", "plant-x", "ore", 4.0), ("plant-x", "user-x", "metal", 10.0)],
        recipes=pd.DataFrame({"stage": ["making"], "output": "metal", "input": "ore", "amount": [2.0]}),
    )
    # mine Y could dig 10 and digs 4: without mine X its 10 of ore make 5 of metal; frozen, its 4 make 2
    base = with_room(base, mine_y=10.0)
    assert lost(base, stop("mine-x")) == 5
    assert lost(base, stop("mine-x"), "frozen") == 8
    # flows may grow by a quarter, and new ones reach a quarter of the 20 taken in: 5 + 5 of ore
    assert lost(base, stop("mine-x"), "adapt", growth=0.25) == 5
    assert lost(base, stop("mine-x"), "adapt", growth=0.25, links="existing") == 7.5


def test_a_cobalt_free_cathode_takes_over_as_far_as_there_is_iron():
    base = network(
        [
            ("mine-co", "mining", "COD"),
            ("mine-fe", "mining", "AUS"),
            ("plant-x", "making", "CHN"),
            ("user-x", "use", "USA"),
        ],
        [
            ("mine-co", "plant-x", "cobalt", 8.0),
            ("mine-fe", "plant-x", "iron", 4.0),
            ("plant-x", "user-x", "cell", 10.0),
        ],
        recipes=FEED,
    )
    # 8 of cobalt and 4 of iron, two for one, make 10 cells.  Without cobalt 12 of iron make 6, 20 make all
    assert lost(with_room(base, mine_fe=12.0), stop("mine-co")) == 4
    assert lost(with_room(base, mine_fe=20.0), stop("mine-co")) == 0
    assert lost(with_room(base, mine_fe=20.0), stop("mine-co"), "frozen") == 8


def copper_and_cobalt(rigid):
    """A mine that needs acid for 100 of copper, with which 10 of cobalt come."""
    return network(
        [
            ("acid-x", "mining", "ZMB"),
            ("mine-x", "making", "COD"),
            ("user-cu", "use", "CHN"),
            ("user-co", "use", "USA"),
        ],
        [
            ("acid-x", "mine-x", "acid", 50.0),
            ("mine-x", "user-cu", "copper", 100.0),
            ("mine-x", "user-co", "cobalt", 10.0),
        ],
        recipes=pd.DataFrame({"stage": ["making"], "output": "copper", "input": "acid", "amount": [0.5]}),
        coproducts=pd.DataFrame(
            {"stage": ["making"], "host": "copper", "companion": "cobalt", "ratio": [0.1], "rigid": [rigid]}
        ),
    )


@pytest.mark.parametrize(("rigid", "cobalt"), [(1.0, 5.0), (0.5, 2.5), (0.0, 0.0)])
def test_a_cut_in_copper_takes_the_rigid_part_of_cobalt_down(rigid, cobalt):
    table = gm.losses(copper_and_cobalt(rigid), stop("acid-x", share=0.5)).table
    for response in ("reroute", "adapt", "frozen"):
        loss = table[table["response"] == response].set_index("product")["loss"]
        assert loss.to_dict() == pytest.approx({"copper": 50, "cobalt": cobalt})


def gallium(capacity):
    """An alumina refinery sells 4 of gallium, a recycler 4; the refinery's gallium plant may have room."""
    base = network(
        [("bauxite-x", "mining", "AUS"), ("refinery-x", "making", "CHN"), ("recycler-x", "recycling", "JPN"),
         ("user-al", "use", "CHN"), ("user-ga", "use", "USA")],
        [("bauxite-x", "refinery-x", "bauxite", 200.0), ("refinery-x", "user-al", "alumina", 100.0),
         ("refinery-x", "user-ga", "gallium", 4.0), ("recycler-x", "user-ga", "gallium", 4.0)],
        recipes=pd.DataFrame({"stage": ["making"], "output": "alumina", "input": "bauxite", "amount": [2.0]}),
        coproducts=pd.DataFrame(
            {"stage": ["making"], "host": "alumina", "companion": "gallium", "ratio": [0.04], "rigid": [1.0]}
        ),
    )  # fmt: skip
    return with_room(base, refinery_x=capacity, bauxite_x=400.0)


def test_a_shortage_of_gallium_raises_neither_alumina_nor_bauxite():
    # no room: the recycler's 4 of 8 are lost.  With twice the room the gallium plant makes 8 beside the same alumina
    assert lost(gallium(104.0), stop("recycler-x")) == 4
    assert lost(gallium(208.0), stop("recycler-x")) == 0
    sales = gm.rerouting(gallium(208.0), stop("recycler-x")).table.query("flow == 'sale'").set_index("material")
    assert sales.loc["gallium"].groupby("node_id")["quantity"].sum().to_dict() == pytest.approx(
        {"refinery-x": 8, "recycler-x": 0}
    )
    assert set(sales.index) == {"gallium"}


def test_gallium_comes_only_while_alumina_runs():
    # half the bauxite, and no room there: 50 of alumina; the gallium plant, with twice the room, still makes 4 of its 4
    base = gallium(208.0)
    base = base.with_tables(nodes=base.nodes.assign(capacity=base.nodes["capacity"].replace({400.0: 200.0})))
    table = gm.losses(base, stop("bauxite-x", share=0.5)).table.query("response == 'reroute'")
    assert table.set_index("product")["loss"].to_dict() == pytest.approx({"alumina": 50, "gallium": 0})
    table = gm.losses(base, stop("bauxite-x")).table.query("response == 'reroute'")
    assert table.set_index("product")["loss"].to_dict() == pytest.approx({"alumina": 100, "gallium": 4})


def test_a_recycling_loop_that_leaks_dies_without_a_mine(loop):
    # scrap comes with metal, 40 to 100: x = 0.6 mine + 0.4 x, so half a mine is half of everything, and no mine nothing
    recipes = loop.table("recipes").query("output == 'metal'")
    scrap = {"stage": ["making"], "host": "metal", "companion": "scrap", "ratio": [0.4], "rigid": [1.0]}
    leaking = loop.with_tables(recipes=recipes, coproducts=pd.DataFrame(scrap))
    for response in ("reroute", "adapt", "frozen"):
        assert lost(leaking, stop("mine-x", share=0.5), response) == 50
        assert lost(leaking, stop("mine-x"), response) == 100


def test_a_loop_whose_recipes_ask_for_more_than_its_flows_bring_feeds_itself(loop):
    # 100 of feed make 100 of metal and 40 of scrap, one for one: 140.  All the scrap then takes 40/140 of the feed, 28.6,
    # and brings 40 back.  Half a mine: of 30 + 40 that leaves 41.4 for metal, which takes 71.4 for 100, so 58.  No
    # mine: 11.4 are left for 16 of metal.  No mineral is named here, so that nobody can say that mass is gained
    assert lost(loop, stop("mine-x", share=0.5), "frozen") == 50
    assert lost(loop, stop("mine-x", share=0.5)) == 42
    assert lost(loop, stop("mine-x")) == 84


def test_a_ban_between_two_countries_is_walked_round_over_new_links_only():
    ban = gm.Scenario().ban(material="ore", sellers={"country": "COD"}, buyers={"country": "USA"})
    # mine A sells to Germany instead, mine B to the United States
    assert lost(two_sellers(10.0), ban) == 0
    assert lost(two_sellers(10.0), ban, links="existing") == 10
    # new links may reach a tenth of the 10 that each user takes in
    assert lost(two_sellers(10.0), ban, "adapt") == 9
    # a ban on all buyers cannot be walked round: mine B makes 10 for two users who want 20
    assert lost(two_sellers(10.0), gm.Scenario().ban(material="ore", sellers={"country": "COD"})) == 10


def test_a_quota_limits_all_that_pass_it_together():
    # mine A sells 10 to each user and may sell 10 in all; mine B sells 10 to the United States and could dig 20
    base = network(
        [
            ("mine-a", "mining", "COD"),
            ("mine-b", "mining", "AUS"),
            ("user-usa", "use", "USA"),
            ("user-deu", "use", "DEU"),
        ],
        [("mine-a", "user-usa", "ore", 10.0), ("mine-b", "user-usa", "ore", 10.0), ("mine-a", "user-deu", "ore", 10.0)],
    )
    base = with_room(base, mine_b=20.0)
    quota = gm.Scenario().quota(10.0, material="ore", sellers={"country": "COD"})
    assert lost(base, quota, links="existing") == 0  # all of it goes to Germany, mine B serves the United States
    assert lost(base, quota) == 0
    assert lost(base, quota, "frozen") == 10
    assert lost(with_room(base, mine_b=16.0), quota) == 4


@pytest.mark.parametrize(
    ("rate", "capacity", "moved"), [(0.5, 20.0, 0), (1.5, 20.0, 10), (1.5, 16.0, 6), (9.0, 10.0, 0)]
)
def test_a_tariff_moves_what_has_somewhere_else_to_go_and_costs_more_than_turning_there(rate, capacity, moved):
    base = network(
        [("mine-a", "mining", "COD"), ("mine-b", "mining", "AUS"), ("user-x", "use", "USA")],
        [("mine-a", "user-x", "ore", 10.0), ("mine-b", "user-x", "ore", 10.0)],
    )
    duty = gm.Scenario().tariff(rate, material="ore", sellers={"country": "COD"})
    base = with_room(base, mine_b=capacity)
    assert lost(base, duty) == 0
    sales = gm.rerouting(base, duty).table.query("flow == 'sale'").set_index("node_id")["change"]
    assert sales.to_dict() == pytest.approx({"mine-a": -moved, "mine-b": moved} if moved else {})


def test_what_is_known_not_to_be_spare_counts_before_the_nameplate():
    base = two_sellers(20.0)
    assert lost(base, stop("mine-a")) == 0
    assert lost(base.with_tables(nodes=base.nodes.assign(spare=[None, 0.0, None, None])), stop("mine-a")) == 10
    assert lost(base.with_tables(nodes=base.nodes.assign(spare=[None, 4.0, None, None])), stop("mine-a")) == 6


def test_demand_that_grows_is_lost_until_somebody_makes_more():
    # the United States want 15 and get 10; mine B could dig 13 and digs 10
    more = gm.Scenario().demand(1.5, country="USA")
    assert lost(two_sellers(10.0), more) == 5
    assert lost(two_sellers(13.0), more) == 2
    assert lost(two_sellers(13.0), more, links="existing") == 5
    assert lost(two_sellers(13.0), more, "frozen") == 5


def test_a_substitute_makes_rerouting_possible():
    # plant X makes 8 of cobalt cells, plant Y 2 of iron cells; mine Fe could dig 10 more, enough for 5 cells
    base = network(
        [("mine-co", "mining", "COD"), ("mine-fe", "mining", "AUS"), ("plant-x", "making", "CHN"), ("plant-y", "making", "KOR"),
         ("user-x", "use", "USA")],
        [("mine-co", "plant-x", "cobalt", 8.0), ("mine-fe", "plant-y", "iron", 4.0), ("plant-x", "user-x", "cell", 8.0),
         ("plant-y", "user-x", "iron-cell", 2.0)],
        recipes=pd.DataFrame(
            {"stage": "making", "output": ["cell", "iron-cell"], "input": ["cobalt", "iron"], "amount": [1.0, 2.0]}
        ),
    )  # fmt: skip
    base = with_room(base, mine_fe=14.0)
    swap = gm.Scenario().substitute("cobalt", by="iron", ratio=2.0)
    assert lost(base, stop("mine-co")) == 8
    assert lost(swap.apply(base), stop("mine-co")) == 3
    assert lost(swap.apply(base), stop("mine-co"), links="existing") == 8


def test_the_value_of_capacity_is_what_one_percent_more_of_it_saves(toy):
    halt = stop("mine-b")
    value = (
        gm.marginal_values(toy, halt, mineral="lithium").table.query("kind == 'capacity'").set_index("item")["value"]
    )
    # all of mine A's 500 t reach a user: one tonne more of ore is one tonne of lithium more in cells
    assert value["mine-a"] == pytest.approx(1)

    def loss(spare):
        nodes = toy.nodes
        nodes.loc[nodes["node_id"] == "mine-a", "spare"] = spare
        table = gm.removal(toy.with_tables(nodes=nodes), response="reroute", mineral="lithium").table
        return table.set_index("removed").loc["mine-b", "loss"]

    assert loss(100.0) - loss(105.0) == pytest.approx(5 * value["mine-a"])


def test_the_value_of_a_small_step_bounds_what_a_large_one_saves():
    # mine A stops and mine B is full: one more of ore is worth one, up to the 10 that are missing
    base, halt = two_sellers(10.0), stop("mine-a")
    values = gm.marginal_values(base, halt).table.query("kind == 'capacity'").set_index("item")
    assert values.loc["mine-b", "value_share"] == pytest.approx(0.005)  # 1 % more is 0.1 of 20
    assert lost(two_sellers(10.1), halt) == 9.9
    assert lost(two_sellers(40.0), halt) == 0


def test_stocks_and_reserves_serve_until_they_are_used_up(toy):
    # mine B's 600 of 1000 t stop and mine A digs 500 at most: 500 are missing, half of 10 GWh
    halt = stop("mine-b")
    at_plant = pd.DataFrame({"holder": ["firm"], "node_id": "refine-a", "material": "lithium-ore", "quantity": 200.0})
    public = pd.DataFrame({"holder": ["public"], "country": "CHN", "material": "lithium-ore", "quantity": 200.0})
    slow = public.assign(quantity=4000.0, release=0.001)  # 52 weeks of 4 t are 208 t
    assert lost(toy.with_tables(stocks=at_plant), halt) == 5  # not counted unless asked for
    assert lost(toy.with_tables(stocks=at_plant), halt, stocks=True) == 3
    assert lost(toy.with_tables(stocks=public), halt, stocks=True) == 3
    assert lost(toy.with_tables(stocks=slow), halt, stocks=True) == 2.92
    both = toy.with_tables(stocks=pd.concat([at_plant, public]))
    assert lost(both, halt, stocks=True) == 1
    drawn = gm.rerouting(both, halt, stocks=True).table.query("flow == 'stock'")
    assert drawn[["node_id", "material", "quantity"]].to_numpy().tolist() == [["refine-a", "lithium-ore", 400.0]]
    # one tonne more of either is a thousandth of the need, on which all final demand hangs
    values = gm.marginal_values(both, halt, stocks=True).table.set_index(["kind", "item"])["value"]
    assert values["stock", "refine-a"] == pytest.approx(0.001)
    assert values["reserve", "CHN: lithium-ore"] == pytest.approx(0.001)


def test_stocks_count_where_suppliers_can_be_replaced():
    with pytest.raises(ParameterError, match="stocks count for a year under reroute and adapt"):
        gm.removal(two_sellers(), stocks=True)
