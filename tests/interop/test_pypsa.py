"""The recipe for PyPSA on the page gives what we lose under reroute over present links."""

from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def to_pypsa(package, code):
    package("pypsa")
    recipe = code("def to_pypsa").partition("\n\n\nn = ")[0]
    space: dict[str, object] = {}
    exec(recipe, space)
    return space["to_pypsa"]


def solved(n):
    status, condition = n.optimize(solver_name="highs", log_to_console=False)
    assert (status, condition) == ("ok", "optimal")
    return n.objective


def without(to_pypsa, network, node):
    n = to_pypsa(network)
    part = n.generators if node in n.generators.index else n.links
    part.loc[node, "p_nom"] = 0.0
    return solved(n)


def two_refineries(toy):
    """A second refinery that now serves cell plant B, and could make 350 t more; both take from both mines."""
    nodes, edges = toy.nodes, toy.edges
    second = nodes[nodes["node_id"] == "refine-a"].assign(node_id="refine-b", output=400.0, capacity=750.0, spare=350.0)
    first = nodes["node_id"].eq("refine-a")
    nodes = nodes.assign(output=nodes["output"].mask(first, 600.0), capacity=nodes["capacity"].mask(first, 700.0))
    nodes = nodes.assign(spare=nodes["spare"].mask(first, 100.0))
    edges = edges[~edges["edge_id"].isin(["e2", "e3", "e5"])]
    more = [("e2", "mine-b", "refine-a", "lithium-ore", 200.0), ("e3", "mine-b", "refine-b", "lithium-ore", 400.0),
            ("e5", "refine-b", "cell-b", "lithium-salt", 400.0), ("e9", "refine-b", "cell-a", "lithium-salt", 1e-6),
            ("e10", "refine-a", "cell-b", "lithium-salt", 1e-6)]  # fmt: skip
    columns = ["edge_id", "source", "target", "material", "quantity"]
    edges = pd.concat([edges, pd.DataFrame(more, columns=columns)], ignore_index=True)
    return toy.with_tables(nodes=pd.concat([nodes, second], ignore_index=True), edges=edges, name="two refineries")


def two_inputs():
    """A cell takes 2 of salt and 1 of graphite, each from two makers of which one could make more."""
    ids = [("salt-a", "mining", "CHL"), ("salt-b", "mining", "AUS"), ("carbon-a", "mining", "CHN"),
           ("carbon-b", "mining", "MOZ"), ("cell-a", "making", "KOR"), ("cell-b", "making", "CHN"),
           ("car-a", "use", "USA")]  # fmt: skip
    output = [12.0, 8.0, 7.0, 3.0, 6.0, 4.0, None]
    spare = [0.0, 4.0, 1.0, 0.0, 2.0, 1.0, None]
    nodes = pd.DataFrame(ids, columns=["node_id", "stage", "country"]).assign(output=output, spare=spare)
    flows = [("salt-a", "cell-a", "salt", 12.0), ("salt-b", "cell-b", "salt", 8.0), ("carbon-a", "cell-a", "carbon", 6.0),
             ("carbon-a", "cell-b", "carbon", 1.0), ("carbon-b", "cell-b", "carbon", 3.0),
             ("cell-a", "car-a", "cell", 6.0), ("cell-b", "car-a", "cell", 4.0)]  # fmt: skip
    edges = pd.DataFrame(flows, columns=["source", "target", "material", "quantity"])
    stages = pd.DataFrame({"stage": ["mining", "making", "use"], "order": [1, 2, 3],
                           "role": ["origin", "process", "sink"]})  # fmt: skip
    recipes = pd.DataFrame({"stage": "making", "output": "cell", "input": ["salt", "carbon"], "amount": [2.0, 1.0]})
    return gm.Network(nodes, edges, stages, recipes=recipes, name="two inputs")


@pytest.mark.parametrize("make", [lambda toy: toy, two_refineries, lambda toy: two_inputs()])
def test_what_is_not_served_without_each_plant_is_our_loss_over_present_links(to_pypsa, toy, make):
    network = make(toy)
    ours = gm.removal(network, by="node", response="reroute", links="existing").table.set_index("removed")["loss"]
    assert len(ours)
    assert solved(to_pypsa(network)) == pytest.approx(0.0, abs=1e-6)  # the base year is served whole
    theirs = pd.Series({node: without(to_pypsa, network, node) for node in ours.index})
    pd.testing.assert_series_equal(theirs, ours, check_names=False, atol=1e-5, rtol=1e-6)


def test_served_demand_of_each_user_in_the_base_is_what_it_receives(to_pypsa, toy):
    n = to_pypsa(toy)
    solved(n)
    served = {
        load: n.loads.loc[load, "p_set"] - n.generators_t.p[f"not served {load}"].item() for load in n.loads.index
    }
    assert served == pytest.approx({"lithium-cell @ ev-chn": 5.0, "lithium-cell @ ev-usa": 5.0})


def test_new_links_lose_less_than_the_recipe_tells(to_pypsa, toy):
    network = two_inputs()
    ours = gm.removal(network, by="node", response="reroute").table.set_index("removed")["loss"]
    # without salt-a the 4 t that salt-b could make more reach cell-b alone over present links
    assert ours["salt-a"] < without(to_pypsa, network, "salt-a")


def test_the_code_of_the_page_stops_a_cell_plant(package, code, toy):
    package("pypsa")
    space = {"toy": toy}
    exec(code("def to_pypsa"), space)
    ours = gm.removal(toy, by="node", response="reroute", links="existing").table.set_index("removed")["loss"]
    assert space["not_served"] == pytest.approx(ours["cell-a"])
