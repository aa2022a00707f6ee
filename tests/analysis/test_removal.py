from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.errors import EmptySelectionError, MixedUnitsError, ParameterError, UnknownNameError
from tests.conftest import network

MEMBERS = pd.DataFrame({"group": ["south", "south", "east"], "country": ["CHL", "AUS", "CHN"]})


def loss_of(result):
    return result.table.set_index("removed")["loss"].to_dict()


def test_the_only_refinery_is_a_chokepoint(toy):
    # 10 GWh of demand; cell A makes 6, cell B 4; mine A brings 0.4 of the ore, mine B 0.6 in two parallel edges
    assert loss_of(gm.removal(toy)) == pytest.approx(
        {"refine-a": 10, "cell-a": 6, "mine-b": 6, "cell-b": 4, "mine-a": 4}
    )


def test_any_path_left_is_enough_for_reachability(toy):
    # cell A alone serves the United States (5 GWh); China also buys from cell B; either mine can feed the refinery
    found = loss_of(gm.removal(toy, response="reachability"))
    assert found == {"refine-a": 10, "cell-a": 5, "cell-b": 0, "mine-a": 0, "mine-b": 0}


def test_both_mines_together_stop_everything(toy):
    for response in ("frozen", "reachability"):
        found = loss_of(gm.removal(toy, by="stage", response=response))
        assert found == pytest.approx({"mining": 10, "refining": 10, "cell": 10})


def test_location_control_and_ownership_are_different_questions(toy):
    # China holds refinery and cell B; it also controls mine B in Australia; Eastern Metals owns 75 % of mine B
    assert loss_of(gm.removal(toy, by="country")) == pytest.approx({"CHN": 10, "KOR": 6, "AUS": 6, "CHL": 4})
    assert loss_of(gm.removal(toy, by="control")) == pytest.approx({"CHN": 10, "KOR": 6, "USA": 4})
    assert loss_of(gm.removal(toy, by="owner")) == pytest.approx({"Eastern Metals": 6, "Northern Metals": 4})
    assert loss_of(gm.removal(toy, by="owner", equity=0.25))["Southern Metals"] == pytest.approx(10)  # both mines
    assert loss_of(gm.removal(toy, by="alliance", members=MEMBERS)) == pytest.approx({"south": 10, "east": 10})


def test_columns_can_be_joined(toy):
    for by in ("country,stage", ["country", "stage"]):
        found = loss_of(gm.removal(toy, by=by))
        assert found == pytest.approx(
            {"CHN:refining": 10, "CHN:cell": 4, "KOR:cell": 6, "AUS:mining": 6, "CHL:mining": 4}
        )


def test_half_a_mine_loses_half(toy):
    assert loss_of(gm.removal(toy, severity=0.5)) == pytest.approx(
        {node: loss / 2 for node, loss in loss_of(gm.removal(toy)).items()}
    )
    assert set(loss_of(gm.removal(toy, severity=0)).values()) == {0}


def test_tonnes_of_a_mineral_weigh_products(toy):
    result = gm.removal(toy, mineral="lithium")
    assert loss_of(result)["refine-a"] == pytest.approx(1000)  # 10 GWh of 100 t each
    assert result.units["loss"] == "t lithium"


def test_equal_losses_share_a_rank(toy):
    table = gm.removal(toy).table
    assert table["removed"].tolist() == ["refine-a", "cell-a", "mine-b", "cell-b", "mine-a"]
    assert table["rank"].tolist() == [1, 2, 2, 4, 4]
    assert table["label"].tolist()[0] == "Refinery A"
    assert table["loss_share"].tolist() == pytest.approx([1, 0.6, 0.6, 0.4, 0.4])


def test_a_chain_breaks_anywhere(chain):
    for response in ("frozen", "reachability"):
        assert loss_of(gm.removal(chain, response=response)) == {"mine-x": 10, "plant-x": 10}


def test_a_loop_dies_without_fresh_ore(loop):
    # without the mine the plant falls to 0.4 of itself, then 0.4 of that …; without the recycler to 0.6
    found = loss_of(gm.removal(loop))
    assert found == pytest.approx({"mine-x": 100, "plant-x": 100, "recycler-x": 40}, abs=1e-6)
    # half the mine: h = 0.3 + 0.4 h, so h = 0.5
    assert loss_of(gm.removal(loop, severity=0.5))["mine-x"] == pytest.approx(50, abs=1e-6)
    assert loss_of(gm.removal(loop, response="reachability")) == {"mine-x": 100, "plant-x": 100, "recycler-x": 0}


def test_parts_that_do_not_touch_do_not_hurt_each_other():
    two = network(
        [
            ("m", "mining", "COD"),
            ("n", "mining", "CHL"),
            ("u", "use", "USA"),
            ("v", "use", "DEU"),
            ("idle", "mining", "AUS"),
        ],
        [("m", "u", "ore", 7.0), ("n", "v", "ore", 3.0)],
    )
    for response in ("frozen", "reachability"):
        assert loss_of(gm.removal(two, response=response)) == {"m": 7, "n": 3, "idle": 0}


def test_a_self_loop_neither_feeds_nor_starves_for_ever():
    # half of what the plant takes is its own; without the mine it starves: h = 0.5 h
    selfish = network(
        [("m", "mining", "COD"), ("p", "making", "CHN"), ("u", "use", "USA")],
        [("m", "p", "metal", 5.0), ("p", "p", "metal", 5.0), ("p", "u", "metal", 5.0)],
    )
    assert loss_of(gm.removal(selfish)) == pytest.approx({"m": 5, "p": 5}, abs=1e-6)


def test_a_user_wants_every_material_for_itself():
    # cells and magnets without a recipe are two wishes, not one product that both must feed
    both = network(
        [("m", "mining", "COD"), ("n", "mining", "CHL"), ("u", "use", "USA")],
        [("m", "u", "cells", 10.0), ("n", "u", "magnets", 5.0)],
    )
    assert loss_of(gm.removal(both)) == {"m": 10, "n": 5}


def test_products_in_different_units_are_not_added():
    units = pd.DataFrame({"material": ["cells", "magnets"], "unit": ["GWh", "t Nd"], "mineral": ["", "neodymium"]})
    both = network(
        [("m", "mining", "COD"), ("n", "mining", "CHL"), ("u", "use", "USA")],
        [("m", "u", "cells", 10.0), ("n", "u", "magnets", 5.0)],
        materials=units,
    )
    with pytest.raises(MixedUnitsError, match="GWh, t Nd, which cannot be added; name a mineral: neodymium"):
        gm.removal(both)
    assert loss_of(gm.removal(both, mineral="neodymium")) == {"m": 0, "n": 5}


def test_two_inputs_that_replace_one_another_add_and_two_essential_ones_do_not():
    nodes = [("m", "mining", "COD"), ("n", "mining", "CHL"), ("p", "making", "CHN"), ("u", "use", "USA")]
    edges = [("m", "p", "ore", 75.0), ("n", "p", "scrap", 50.0), ("p", "u", "metal", 100.0)]
    recipe = pd.DataFrame({"stage": "making", "output": "metal", "input": ["ore", "scrap"], "amount": [1.0, 2.0]})
    # 2 t of scrap stand for 1 t of ore: the feed is 75 + 50 / 2 = 100, a quarter of it scrap
    joined = network(nodes, edges, recipes=recipe.assign(group="feed"))
    assert loss_of(gm.removal(joined)) == pytest.approx({"m": 75, "n": 25, "p": 100})
    assert loss_of(gm.removal(network(nodes, edges, recipes=recipe))) == pytest.approx({"m": 100, "n": 100, "p": 100})


def test_an_input_that_is_not_essential_costs_its_share_of_all_a_process_takes_in():
    nodes = [("m", "mining", "COD"), ("n", "mining", "CHL"), ("p", "making", "CHN"), ("u", "use", "USA")]
    edges = [("m", "p", "ore", 75.0), ("n", "p", "scrap", 50.0), ("p", "u", "metal", 100.0)]
    recipe = pd.DataFrame({"stage": "making", "output": "metal", "input": ["ore", "scrap"], "amount": [3.0, 2.0]})
    # for 1 t of metal 3 of ore and 2 of scrap: scrap is 2/5 of what the plant takes in
    spare = network(nodes, edges, recipes=recipe.assign(essential=["yes", "no"]))
    assert loss_of(gm.removal(spare)) == pytest.approx({"m": 100, "n": 40, "p": 100})
    assert loss_of(gm.removal(spare, severity=0.5)) == pytest.approx({"m": 50, "n": 20, "p": 50})
    assert loss_of(gm.removal(spare, inputs="leontief")) == pytest.approx({"m": 100, "n": 100, "p": 100})
    assert loss_of(gm.removal(spare, inputs="linear")) == pytest.approx({"m": 60, "n": 40, "p": 100})
    # both stand apart even in one group: an essential input never leans on one that is not
    joined = network(nodes, edges, recipes=recipe.assign(essential=["yes", "no"], group="feed"))
    assert loss_of(gm.removal(joined)) == pytest.approx({"m": 100, "n": 40, "p": 100})


def test_inputs_in_several_units_count_by_the_minerals_they_hold():
    # 1 GWh of cells for 2 t of lithium in them, 6 t of cobalt beside: 2 of 8 t; without composition, one of two
    nodes = [("m", "mining", "COD"), ("n", "mining", "CHL"), ("p", "making", "CHN"), ("u", "use", "USA")]
    tables = dict(
        nodes=nodes,
        edges=[("m", "p", "cells", 1.0), ("n", "p", "salt", 6.0), ("p", "u", "packs", 1.0)],
        materials=pd.DataFrame(
            {"material": ["cells", "salt", "packs"], "unit": ["GWh", "t Co", "GWh"], "mineral": ["", "cobalt", ""]}
        ),
    )
    held = pd.DataFrame({"material": ["cells"], "mineral": ["lithium"], "amount": [2.0]})
    recipe = pd.DataFrame({"stage": "making", "output": "packs", "input": ["cells", "salt"], "amount": [1.0, 6.0]})
    weighed = network(**tables, composition=held, recipes=recipe)
    assert loss_of(gm.removal(weighed, inputs="linear")) == pytest.approx({"m": 0.25, "n": 0.75, "p": 1})
    silent = network(**tables, composition=held)
    assert loss_of(gm.removal(silent, inputs="linear")) == pytest.approx({"m": 0.25, "n": 0.75, "p": 1})
    # where both hold cobalt it alone counts: 3 beside 6
    common = pd.concat([held, held.assign(mineral="cobalt", amount=3.0)])
    both = network(**tables, composition=common, recipes=recipe)
    assert loss_of(gm.removal(both, inputs="linear")) == pytest.approx({"m": 3 / 9, "n": 6 / 9, "p": 1})
    nothing = tables | {"materials": tables["materials"].assign(unit=["GWh", "t", "GWh"])}
    assert loss_of(gm.removal(network(**nothing, recipes=recipe), inputs="linear")) == pytest.approx(
        {"m": 0.5, "n": 0.5, "p": 1}
    )


def test_a_co_product_hangs_on_its_host_whatever_the_inputs_do():
    hosted = network(
        [("m", "mining", "COD"), ("p", "making", "CHN"), ("u", "use", "USA")],
        [("m", "p", "ore", 5.0), ("p", "u", "copper", 5.0), ("p", "u", "cobalt", 1.0)],
        recipes=pd.DataFrame({"stage": ["making"], "output": ["copper"], "input": ["ore"], "amount": [1.0]}),
        coproducts=pd.DataFrame({"stage": ["making"], "host": ["copper"], "companion": ["cobalt"], "rigid": [1.0]}),
    )
    for inputs in ("recipes", "leontief", "linear"):
        assert loss_of(gm.removal(hosted, inputs=inputs)) == pytest.approx({"m": 6, "p": 6})


def test_upstream_origins_lose_what_their_buyers_no_longer_take(toy, chain, loop):
    # without cell A the refinery sells 400 of 1000, so both mines 0.4 of what they made: 600 of 1000 lost
    found = loss_of(gm.removal(toy, direction="upstream"))
    assert found == pytest.approx({"refine-a": 1000, "cell-a": 600, "mine-b": 600, "cell-b": 400, "mine-a": 400})
    assert loss_of(gm.removal(chain, direction="upstream", severity=0.5)) == {"mine-x": 5, "plant-x": 5}
    # the recycler takes 40 of 140 the plant makes: metal still sells, so ore is needed as before but for the scrap
    upstream = gm.removal(loop, direction="upstream")
    assert upstream.units["loss_share"] == "share of all outlets"
    assert upstream.parameters["direction"] == "upstream"
    assert loss_of(upstream) == pytest.approx({"mine-x": 60, "plant-x": 60, "recycler-x": 60 * 40 / 140})


def test_what_origins_make_and_no_edge_takes_stays_sold():
    # the mine makes 20, the plant takes 10 of it
    part = network(
        [("m", "mining", "COD"), ("p", "making", "CHN"), ("u", "use", "USA")],
        [("m", "p", "ore", 10.0), ("p", "u", "metal", 10.0)],
        balances=pd.DataFrame(
            {"node_id": ["m"], "side": ["output"], "item": ["ore"], "quantity": [20.0], "residual": [10.0]}
        ),
    )
    table = gm.removal(part, direction="upstream").table.set_index("removed")
    assert table["loss"].to_dict() == pytest.approx({"m": 20, "p": 10})
    assert table.loc["p", "loss_share"] == pytest.approx(0.5)


def test_demand_that_a_scenario_takes_away_is_an_outlet_lost(chain):
    less = gm.Scenario().shut(0.25, demand=True, node_id="user-x").apply(chain)
    assert loss_of(gm.removal(less, direction="upstream", severity=0)) == pytest.approx({"mine-x": 2.5, "plant-x": 2.5})


def test_a_plants_own_recipe_is_nobody_elses():
    own = network(
        [("m", "mining", "COD"), ("p", "making", "CHN"), ("q", "making", "KOR"), ("u", "use", "USA")],
        [("m", "p", "ore", 5.0), ("m", "q", "ore", 5.0), ("p", "u", "metal", 5.0), ("q", "u", "metal", 5.0)],
        recipes=pd.DataFrame(
            {"stage": ["making"], "node_id": ["p"], "output": ["metal"], "input": ["acid"], "amount": [1.0]}
        ),
    )
    # p needs acid, which nobody sells here, and no ore; q has no recipe and needs the ore it buys
    assert loss_of(gm.removal(own))["m"] == pytest.approx(5)


def test_cobalt_falls_with_its_copper():
    mine = dict(
        nodes=[("m", "mining", "COD"), ("u", "use", "USA"), ("w", "use", "CHN")],
        edges=[("m", "u", "copper", 100.0), ("m", "w", "cobalt", 10.0)],
    )
    pair = {"stage": ["mining"], "host": ["copper"], "companion": ["cobalt"], "ratio": [0.1]}

    def lost(network):
        table = gm.losses(network, gm.Scenario().shut(0.5, node_id="m")).table
        return table[table["response"] == "frozen"].set_index("product")["loss"].to_dict()

    for rigid in (1.0, 0.0):
        hosted = network(**mine, coproducts=pd.DataFrame({**pair, "rigid": [rigid]}))
        assert lost(hosted) == pytest.approx({"copper": 50, "cobalt": 5})


def test_a_companion_falls_by_the_rigid_share_of_what_stops_its_host():
    # copper needs acid; without acid the mine makes no copper, and cobalt keeps only what does not need copper
    def lost(rigid):
        found = network(
            [("acid", "mining", "ZMB"), ("m", "making", "COD"), ("u", "use", "USA"), ("w", "use", "CHN")],
            [("acid", "m", "acid", 5.0), ("m", "u", "copper", 100.0), ("m", "w", "cobalt", 10.0)],
            recipes=pd.DataFrame({"stage": ["making"], "output": ["copper"], "input": ["acid"], "amount": [0.05]}),
            coproducts=pd.DataFrame(
                {"stage": ["making"], "host": ["copper"], "companion": ["cobalt"], "ratio": [0.1], "rigid": [rigid]}
            ),
        )
        return loss_of(gm.removal(found))["acid"]

    assert lost(1.0) == pytest.approx(110)
    assert lost(0.4) == pytest.approx(104)
    assert lost(0.0) == pytest.approx(100)


def test_a_countrys_own_rule_of_co_production_goes_before_the_general_one():
    def lost(country):
        found = network(
            [("acid", "mining", "ZMB"), ("m", "making", country), ("u", "use", "USA"), ("w", "use", "CHN")],
            [("acid", "m", "acid", 5.0), ("m", "u", "copper", 100.0), ("m", "w", "cobalt", 10.0)],
            recipes=pd.DataFrame({"stage": ["making"], "output": ["copper"], "input": ["acid"], "amount": [0.05]}),
            coproducts=pd.DataFrame(
                {
                    "stage": "making",
                    "country": ["", "CUB"],
                    "host": "copper",
                    "companion": "cobalt",
                    "rigid": [1.0, 0.0],
                }
            ),
        )
        return loss_of(gm.removal(found))["acid"]

    assert lost("COD") == pytest.approx(110)
    assert lost("CUB") == pytest.approx(100)


def test_what_nobody_delivers_cannot_be_taken_away():
    # the kept counter-example to reachability <= frozen: half of the need has no supplier in the network
    half = network(
        [("m", "mining", "COD"), ("u", "use", "USA")],
        [("m", "u", "ore", 50.0)],
        recipes=pd.DataFrame({"stage": ["use"], "output": ["car"], "input": ["ore"], "amount": [1.0]}),
        balances=pd.DataFrame(
            {
                "node_id": ["u", "u"],
                "side": ["demand", "input"],
                "item": ["car", "ore"],
                "quantity": [100.0, 100.0],
                "residual": [0.0, 50.0],
            }
        ),
    )
    assert loss_of(gm.removal(half)) == pytest.approx({"m": 50})
    assert loss_of(gm.removal(half, response="reachability")) == {"m": 100}


def test_a_supplier_from_nowhere_breaks_the_order_of_responses():
    # p makes metal of nothing: frozen keeps its half, reachability does not see it
    strange = network(
        [("m", "mining", "COD"), ("p", "making", "CHN"), ("u", "use", "USA")],
        [("m", "u", "metal", 5.0), ("p", "u", "metal", 5.0)],
    )
    assert loss_of(gm.removal(strange))["m"] == pytest.approx(5)
    assert loss_of(gm.removal(strange, response="reachability"))["m"] == 10


def test_what_a_scenario_has_closed_stays_closed_and_counts(toy):
    closed = gm.Scenario().shut(node_id="mine-a").apply(toy)
    # without mine A cells make 3.6 and 2.4 GWh; whatever stops on top, at least 4 GWh are lost
    assert loss_of(gm.removal(closed)) == pytest.approx(
        {"refine-a": 10, "mine-b": 10, "cell-a": 7.6, "cell-b": 6.4, "mine-a": 4}
    )


def test_without_demand_there_is_nothing_to_lose():
    no_users = network([("m", "mining", "COD"), ("p", "making", "CHN")], [("m", "p", "ore", 1.0)])
    table = gm.removal(no_users).table
    assert table["loss"].tolist() == [0, 0]
    assert table["loss_share"].isna().all()


def test_one_node_alone_loses_nothing():
    alone = network([("m", "mining", "COD")], [("m", "m", "ore", 1.0)])
    assert loss_of(gm.removal(alone)) == {"m": 0}
    assert loss_of(gm.removal(alone, response="reachability")) == {"m": 0}


def test_clusters_and_remainders_are_no_single_plants(real):
    table = gm.removal(real, by="plant", mineral="cobalt").table
    nodes = real.nodes.set_index("node_id").loc[table["removed"]]
    assert (nodes["kind"] == "facility").all()
    assert (nodes["cluster"] != "yes").all()
    assert len(table) < len(gm.removal(real, mineral="cobalt").table)


def test_a_plant_is_a_single_facility_of_supply():
    # four mines bring 1, 2, 3 and 4; a cluster joins sites, a remainder is no plant, a user and a stock are no supply
    nodes = pd.DataFrame(
        {
            "node_id": ["named", "plain", "joined", "rest", "user", "store"],
            "name": ["Named Mine", "", "", "", "", ""],
            "stage": ["mining", "mining", "mining", "mining", "use", "store"],
            "country": "COD",
            "kind": ["facility", "", "facility", "remainder", "facility", "facility"],
            "cluster": ["", "", "yes", "", "", ""],
        }
    )
    edges = pd.DataFrame(
        {
            "source": ["named", "plain", "joined", "rest", "named"],
            "target": ["user", "user", "user", "user", "store"],
            "material": "ore",
            "quantity": [1.0, 2.0, 3.0, 4.0, 0.0],
        }
    )
    stages = pd.DataFrame(
        {"stage": ["mining", "store", "use"], "order": [1, 2, 3], "role": ["origin", "stock", "sink"]}
    )
    mines = gm.Network(nodes, edges, stages)
    for by in ("plant", ["plant"]):
        table = gm.removal(mines, by=by).table
        assert table["removed"].tolist() == ["plain", "named"]
        assert table["loss"].tolist() == pytest.approx([2, 1])
        assert table["label"].tolist() == ["plain", "Named Mine"]
    assert loss_of(gm.removal(mines)) == pytest.approx({"named": 1, "plain": 2, "joined": 3, "rest": 4})


def test_without_single_plants_there_is_none_to_shut(chain):
    nobody = chain.with_tables(nodes=chain.nodes.assign(kind="remainder"))
    for response in ("frozen", "reachability"):
        assert len(gm.removal(nobody, by="plant", response=response).table) == 0
    assert len(gm.chokepoints(nobody)) == len(gm.breakdown(nobody)) == 0
    assert len(gm.chokepoints(nobody, by="node")) == 2


def test_progress_is_told(toy):
    told = []
    gm.removal(toy, progress=lambda done, total: told.append((done, total)))
    assert told == [(5, 5)]


def test_what_cannot_be_asked_is_refused_with_what_can(toy):
    with pytest.raises(UnknownNameError, match="did you mean 'frozen'"):
        gm.removal(toy, response="froze")
    with pytest.raises(UnknownNameError, match="did you mean 'country'"):
        gm.removal(toy, by="contry")
    with pytest.raises(UnknownNameError, match="cannot group by plant,stage; plant is no column and stands alone"):
        gm.removal(toy, by="plant,stage")
    with pytest.raises(ParameterError, match=r"severity is 1.5, but must lie between 0 and 1"):
        gm.removal(toy, severity=1.5)
    with pytest.raises(ParameterError, match="severity is nan"):
        gm.removal(toy, severity=np.nan)
    with pytest.raises(ParameterError, match="needs severity=1"):
        gm.removal(toy, response="reachability", severity=0.5)
    with pytest.raises(ParameterError, match="needs a table of members"):
        gm.removal(toy, by="alliance")
    with pytest.raises(UnknownNameError, match="did you mean 'lithium'"):
        gm.removal(toy, mineral="litium")
    with pytest.raises(ParameterError, match="equity is 0"):
        gm.removal(toy, by="owner", equity=0)


def test_ways_to_spread_that_do_not_exist_or_go_together_are_refused(toy):
    with pytest.raises(UnknownNameError, match="did you mean 'leontief'"):
        gm.removal(toy, inputs="leontieff")
    with pytest.raises(UnknownNameError, match="did you mean 'upstream'"):
        gm.removal(toy, direction="up-stream")
    with pytest.raises(ParameterError, match="inputs and direction are for frozen"):
        gm.removal(toy, response="reachability", inputs="linear")
    with pytest.raises(ParameterError, match="consumer counts final demand"):
        gm.removal(toy, direction="upstream", consumer="USA")


def test_grouping_by_something_nobody_has_is_refused(chain):
    for by in ("control", "owner"):
        with pytest.raises(EmptySelectionError, match=f"no node can be grouped by {by}"):
            gm.removal(chain, by=by)


def test_regions_are_no_group_of_countries(real):
    assert not set(gm.removal(real, by="country", mineral="cobalt").table["removed"]) & set(gm.schema.REGIONS)


def test_the_result_keeps_its_parameters_and_hands_out_copies(toy):
    result = gm.removal(toy, by="country")
    handed_out = result.table
    handed_out.iloc[0, 0] = "changed"
    assert result.table.iloc[0, 0] == "CHN"
    assert (result.network, result.parameters["by"], len(result)) == ("toy-battery", "country", 4)
    assert list(result.table) == list(result.columns)
    assert "<RemovalResult of 'toy-battery'" in repr(result)
