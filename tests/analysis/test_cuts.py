"""Cuts and routes: by hand, against networkx and lists of all subsets and all paths."""

from __future__ import annotations

import networkx as nx
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import graphmodel as gm
from graphmodel.errors import EmptySelectionError, MixedUnitsError, ParameterError, UnknownNameError
from tests.analysis.drawn import networks
from tests.conftest import network
from tests.kernels.test_cuts import least_subset, most_apart

MANY = settings(max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def measured(result, column="value", **which):
    table = result.table
    for key, value in which.items():
        table = table[table[key] == value]
    return table.set_index("measure")[column].to_dict()


def test_all_lithium_crosses_the_refinery_and_that_of_america_a_cell_plant_too(toy):
    result = gm.cuts(toy, mineral="lithium")
    china, america = (measured(result, "members", consumer=one) for one in ("CHN", "USA"))
    assert china["dominators"] == "refine-a"
    assert america["dominators"] == "refine-a + cell-a"
    assert america["node_cut"] == "cell-a"  # 8 GWh of 100 t are less than the 1100 t of both mines
    assert measured(result, consumer="USA")["node_cut"] == pytest.approx(800)
    assert measured(result, consumer="CHN")["node_cut"] == pytest.approx(500 + 600)
    assert measured(result, consumer="CHN")["edge_cut"] == 500
    assert china["group_cut"] == "CHN"
    assert set(result.table["gap"]) == {0}


def test_three_countries_of_which_any_two_make_a_route_leave_one_route_and_need_two_cuts():
    # routes AUS>CHN, CHN>DEU and AUS>DEU: any two share a country, and no single country is on all three
    made = network(
        [("a", "mining", "AUS"), ("b", "mining", "CHN"), ("c", "mining", "AUS"),
         ("x", "making", "CHN"), ("y", "making", "DEU"), ("z", "making", "DEU"), ("user", "use", "USA")],
        [("a", "x", "ore", 1.0), ("b", "y", "ore", 1.0), ("c", "z", "ore", 1.0), ("x", "user", "metal", 1.0),
         ("y", "user", "metal", 1.0), ("z", "user", "metal", 1.0)],
    )  # fmt: skip
    result = gm.cuts(made)
    assert measured(result)["node_routes"] == 3
    assert measured(result)["group_routes"] == 1
    assert measured(result)["group_cut"] == 2
    assert measured(result, "gap")["group_routes"] == 0  # proven, though the cut alone does not prove it


def test_a_node_in_no_group_stands_for_itself():
    made = network(
        [("a", "mining", "ROW"), ("b", "mining", "ROW"), ("user", "use", "USA"), ("c", "mining", "AUS")],
        [("a", "user", "metal", 1.0), ("b", "user", "metal", 1.0), ("c", "user", "metal", 1.0)],
    )
    assert measured(gm.cuts(made))["group_routes"] == 3
    assert measured(gm.cuts(made), "members")["group_cut"] == "AUS + a + b"


def test_a_loop_hangs_on_a_joint_that_routes_need_not_cross():
    # pit-a > user directly; maker sells too, and to a mill that sells back
    made = network(
        [("pit", "mining", "AUS"), ("pit-b", "mining", "COD"), ("maker", "making", "CHN"), ("mill", "making", "KOR"),
         ("user", "use", "USA")],
        [("pit", "user", "metal", 5.0), ("pit-b", "maker", "metal", 3.0), ("maker", "mill", "metal", 1.0),
         ("mill", "maker", "metal", 1.0), ("maker", "user", "metal", 3.0)],
    )  # fmt: skip
    members = measured(gm.cuts(made), "members")
    assert members["dominators"] == ""
    assert members["articulation_points"] == "maker"


def test_a_route_begins_where_the_mineral_does_and_not_where_its_supplier_is_unknown():
    # gallium comes with alumina, whose bauxite holds none of it; a maker that needs gallium and has no supplier
    # known is no beginning
    made = network(
        [("pit", "mining", "AUS"), ("alumina", "making", "CHN"), ("user", "use", "USA")],
        [("pit", "alumina", "bauxite", 9.0), ("alumina", "user", "gallium", 5.0)],
        materials=pd.DataFrame(
            {"material": ["bauxite", "gallium"], "unit": ["t", "t Ga"], "mineral": ["aluminium", "gallium"]}
        ),
    )
    assert measured(gm.cuts(made, mineral="gallium"), "members")["dominators"] == "alumina"
    assert gm.dependence(made, mineral="gallium").table["traced"].tolist() == [1, 1]
    needs = pd.DataFrame({"stage": ["making"], "output": ["gallium"], "input": ["gallium"], "amount": [1.0]})
    result = gm.cuts(made.with_tables(recipes=needs), mineral="gallium")
    assert set(measured(result).values()) == {0}
    assert set(measured(result, "members").values()) == {""}
    assert gm.dependence(made.with_tables(recipes=needs), mineral="gallium").table["traced"].tolist() == [0, 0]


def test_without_final_demand_there_are_no_rows():
    made = network([("pit", "mining", "AUS"), ("maker", "making", "CHN")], [("pit", "maker", "ore", 1.0)])
    assert len(gm.cuts(made)) == 0


def test_bad_questions_are_refused(toy):
    for seconds in (0, -1.0, float("nan")):
        with pytest.raises(ParameterError, match=f"seconds is {seconds}, but must be above 0"):
            gm.cuts(toy, mineral="lithium", seconds=seconds)
    with pytest.raises(MixedUnitsError, match="name a mineral: lithium"):
        gm.cuts(toy)
    with pytest.raises(UnknownNameError, match="no final product 'lithium-cel'; did you mean 'lithium-cell'"):
        gm.cuts(toy, mineral="lithium", product="lithium-cel")
    with pytest.raises(ParameterError, match="corridor stops flows and not nodes"):
        gm.cuts(toy, mineral="lithium", by="corridor")


def fed(made, name):
    """Whether a node takes any, be it its own."""
    return bool((made.edges["target"] == name).any())


def graph_to(made, consumer, product):
    """Everything with a start before all mines and an end after all users of a material, by the tables."""
    graph = nx.DiGraph()
    graph.add_nodes_from(["start", "end"])
    nodes = made.nodes.set_index("node_id")
    for edge in made.edges.itertuples():
        if edge.source == edge.target or edge.quantity <= 0:
            continue
        if nodes.loc[edge.target, "stage"] == "use":
            wanted = nodes.loc[edge.target, "country"] == consumer and edge.material == product
            target = "end" if wanted else None
        else:
            target = edge.target
        if target is not None:
            before = graph.edges[edge.source, target]["capacity"] if graph.has_edge(edge.source, target) else 0.0
            graph.add_edge(edge.source, target, capacity=before + edge.quantity)
    for name in nodes.index[nodes["stage"] != "use"]:
        begins = nodes.loc[name, "stage"] == "mining" or (graph.out_degree(name) if name in graph else 0)
        if begins and (nodes.loc[name, "stage"] == "mining" or not fed(made, name)):
            graph.add_edge("start", name, capacity=1e6)
    return graph


@MANY
@given(networks(recipes=False, scenario=False, balances=False))
def test_cuts_are_those_of_networkx_and_of_all_subsets(made):
    try:
        table = gm.cuts(made, mineral="cobalt").table
    except EmptySelectionError:
        return
    nodes = made.nodes.set_index("node_id")
    supply = [name for name in nodes.index if nodes.loc[name, "stage"] != "use"]
    sold = made.edges[made.edges["source"] != made.edges["target"]].groupby("source")["quantity"].sum()
    for (consumer, product), part in table.groupby(["consumer", "product"]):
        found = part.set_index("measure")["value"]
        members = part.set_index("measure")["members"].map(lambda text: {*text.split(" + ")} - {""})
        graph = graph_to(made, consumer, product)
        if not nx.has_path(graph, "start", "end"):
            assert set(found) == {0}
            continue
        on_routes = nx.descendants(graph, "start") & nx.ancestors(graph, "end") | {"start", "end"}
        graph = graph.subgraph(on_routes).copy()
        crossed = {name for name in supply if name in graph and least_subset(graph, {name: [name]}, {name: 1}) == 1}
        assert members["dominators"] == crossed
        assert members["articulation_points"] == set(nx.articulation_points(graph.to_undirected())) & set(supply)
        each = {name: [name] for name in supply}
        assert found["node_routes"] == least_subset(graph, each, dict.fromkeys(supply, 1))
        assert found["node_routes"] == len(members["node_routes"])
        assert found["node_cut"] == pytest.approx(least_subset(graph, each, sold.reindex(supply).fillna(0.0)))
        assert found["edge_cut"] == pytest.approx(nx.minimum_cut_value(graph, "start", "end"))
        countries = {
            one: [name for name in supply if nodes.loc[name, "country"] == one] for one in ("COD", "CHN", "USA")
        }
        assert found["group_cut"] == least_subset(graph, countries, dict.fromkeys(countries, 1))
        paths = nx.all_simple_paths(graph, "start", "end")
        assert found["group_routes"] == most_apart([{nodes.loc[name, "country"] for name in p[1:-1]} for p in paths])
    assert set(table["gap"]) <= {0}


@MANY
@given(networks(recipes=False, scenario=False, balances=False))
def test_routes_that_share_no_country_share_no_node_and_never_outnumber_the_cut(made):
    try:
        table = gm.cuts(made, mineral="cobalt").table
    except EmptySelectionError:
        return
    wide = table.pivot(index=["consumer", "product"], columns="measure", values="value")
    assert (wide["group_routes"] <= wide["node_routes"]).all()
    assert (wide["group_routes"] <= wide["group_cut"]).all()
    assert ((wide["dominators"] > 0) <= (wide["node_routes"] == 1)).all()


def test_time_that_runs_out_leaves_a_gap_and_not_an_error(real):
    table = gm.cuts(real, mineral="cobalt", consumer="KOR", seconds=1e-6).table
    routes_found, cut = (table[table["measure"] == one] for one in ("group_routes", "group_cut"))
    assert (cut["gap"] >= 0).all()
    assert (routes_found["gap"] >= 0).all()
    best = gm.cuts(real, mineral="cobalt", consumer="KOR").table
    proven = best[best["measure"] == "group_cut"]
    assert (proven["gap"] == 0).all()
    assert (proven["value"].to_numpy() <= cut["value"].to_numpy()).all()


def test_korean_cars_depend_on_no_single_plant_but_on_few_countries(real):
    table = measured(gm.cuts(real, mineral="cobalt", consumer="KOR", product="ev-use"))
    assert table["dominators"] == 0
    assert table["node_routes"] > table["group_routes"] == table["group_cut"]


def test_members_of_alliances_can_be_the_groups(toy):
    members = pd.DataFrame({"group": "asia", "country": ["CHN", "KOR"]})
    result = gm.cuts(toy, mineral="lithium", consumer="USA", by="alliance", members=members)
    assert measured(result, "members")["group_cut"] == "asia"
