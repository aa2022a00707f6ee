from __future__ import annotations

import warnings

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.errors import ParameterError, SchemaError, UntrustedFileError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # igraph imports pyplot, which may warn
    import igraph

STAGES = pd.DataFrame({"stage": ["mining", "use"], "order": [1, 2], "role": ["origin", "sink"]})


def test_networkx_holds_every_row_and_column(toy):
    graph = gm.to_networkx(toy)
    assert isinstance(graph, nx.MultiDiGraph)
    assert list(graph) == toy.nodes["node_id"].tolist()
    assert graph.number_of_edges("mine-b", "refine-a") == 2  # a contract and an estimate
    assert graph.edges["mine-b", "refine-a", "e2"]["basis"] == "contract"
    assert np.isnan(graph.nodes["ev-usa"]["capacity"])
    assert graph.graph["name"] == "toy-battery"
    assert [row["stage"] for row in graph.graph["stages"]] == ["mining", "refining", "cell", "use"]
    assert gm.from_networkx(graph) == toy
    assert dict(gm.from_networkx(graph).description) == dict(toy.description)


def test_igraph_holds_every_row_and_column(toy):
    graph = gm.to_igraph(toy)
    assert graph.is_directed()
    assert graph.vs["node_id"] == toy.nodes["node_id"].tolist()
    assert graph.es["quantity"] == toy.edges["quantity"].tolist()
    assert graph.is_multiple().count(True) == 1
    assert graph["name"] == "toy-battery"
    assert gm.from_igraph(graph) == toy


@pytest.mark.parametrize(("there", "back"), [(gm.to_networkx, gm.from_networkx), (gm.to_igraph, gm.from_igraph)])
def test_the_order_of_rows_survives(toy, there, back):
    shuffled = toy.with_tables(nodes=toy.nodes[::-1], edges=toy.edges.sample(frac=1, random_state=1))
    again = back(there(shuffled))
    assert again == shuffled
    for table, key in (("nodes", "node_id"), ("edges", "edge_id")):
        assert again.table(table)[key].tolist() == shuffled.table(table)[key].tolist() != toy.table(table)[key].tolist()


@pytest.mark.parametrize(("there", "back"), [(gm.to_networkx, gm.from_networkx), (gm.to_igraph, gm.from_igraph)])
def test_changing_the_graph_leaves_the_network_alone(toy, there, back):
    before = toy.fingerprint
    graph = there(toy)
    if isinstance(graph, nx.Graph):
        graph.nodes["mine-a"]["capacity"] = 7.0
    else:
        graph.vs.find(node_id="mine-a")["capacity"] = 7.0
    assert back(graph).nodes.set_index("node_id").loc["mine-a", "capacity"] == 7
    assert gm.load("toy-battery").fingerprint == before == toy.with_tables().fingerprint


def test_an_edge_taken_out_or_added_keeps_the_order_of_the_others(toy):
    graph = gm.to_networkx(toy.with_tables(edges=toy.edges[::-1]))
    graph.remove_edge("mine-b", "refine-a", "e3")
    graph.add_edge("mine-a", "refine-a", "new", material="lithium-ore", quantity=1)
    assert gm.from_networkx(graph).edges["edge_id"].tolist() == ["e8", "e7", "e6", "e5", "e4", "e2", "e1", "new"]


def test_a_graph_of_ones_own_becomes_a_network():
    graph = nx.DiGraph(name="mine")
    graph.add_node(1, stage="mining", country="CHL", depth=np.int64(3))
    graph.add_node(2, stage="use", country="USA", depth=np.int64(0))
    graph.add_edge(1, 2, material="lithium", quantity=np.float64(5))
    network = gm.from_networkx(graph, stages=STAGES)
    assert network.name == "mine"
    assert network.nodes[["node_id", "depth"]].to_numpy().tolist() == [["1", 3], ["2", 0]]
    assert network.edges.loc[0, ["edge_id", "source", "target", "quantity"]].tolist() == ["e1", "1", "2", 5]


def test_keys_that_tell_only_parallel_edges_apart_are_no_ids():
    graph = nx.MultiDiGraph()
    graph.add_node("m", stage="mining", country="CHL")
    graph.add_node("n", stage="mining", country="AUS")
    graph.add_node("u", stage="use", country="USA")
    for source in "mn":
        for _ in range(2):
            graph.add_edge(source, "u", material="lithium", quantity=1)
    assert gm.from_networkx(graph, stages=STAGES, name="x").edges["edge_id"].tolist() == ["e1", "e2", "e3", "e4"]


def test_an_igraph_of_ones_own_becomes_a_network():
    graph = igraph.Graph(n=2, edges=[(0, 1), (0, 1), (1, 1)], directed=True)
    graph.vs["name"] = ["m", "u"]
    graph.vs["stage"], graph.vs["country"] = ["mining", "use"], ["CHL", "USA"]
    graph.es["material"], graph.es["quantity"] = "lithium", [1, 2, 3]
    network = gm.from_igraph(graph, stages=STAGES)
    assert network.edges["source"].tolist() == ["m", "m", "u"]
    assert network.edges["target"].tolist() == ["u", "u", "u"]  # parallel edges and a loop


def test_undirected_graphs_are_refused():
    with pytest.raises(ParameterError, match="undirected"):
        gm.from_networkx(nx.MultiGraph(), stages=STAGES)
    with pytest.raises(ParameterError, match="undirected"):
        gm.from_igraph(igraph.Graph(n=1), stages=STAGES)


def test_everything_that_is_missing_is_said_at_once():
    graph = nx.DiGraph()
    graph.add_node("m", stage="minning", country="Chile", position=(1, 2))
    graph.add_node("u", stage="use", country="USA")
    graph.add_edge("m", "u", material="lithium", quantity="much")
    with pytest.raises(SchemaError) as caught:
        gm.from_networkx(graph, stages=STAGES)
    assert [str(problem).split(" (")[0] for problem in caught.value.problems] == [
        "graph[edges]:1:quantity: is not a number 'much'",
        "graph[nodes]:1:country: is not a country or region code 'Chile'",
        "graph[nodes]:1:position: is not a single value '(1, 2)'",
        "graph[nodes]:1:stage: is not in stages 'minning'",
    ]


def test_a_graph_without_stages_says_so():
    graph = nx.DiGraph()
    graph.add_node("m", stage="mining", country="CHL")
    graph.add_edge("m", "m", material="lithium", quantity=1)
    with pytest.raises(SchemaError, match=r"graph\[stages\]: table is missing"):
        gm.from_networkx(graph)


def test_an_attribute_for_every_node_is_refused():
    graph = nx.DiGraph()
    graph.add_nodes_from((n, {f"a{n}": 1}) for n in range(2000))
    with pytest.raises(UntrustedFileError, match="more than 1000 different attributes"):
        gm.from_networkx(graph, stages=STAGES)
