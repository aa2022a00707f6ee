"""Networks as networkx or igraph objects, and back, without losing a parallel edge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from graphmodel.convert.records import VERSION, Document, Record, in_order, read_head, to_document, to_network
from graphmodel.errors import ParameterError
from graphmodel.network import Network
from graphmodel.schema import TABLES

if TYPE_CHECKING:
    import igraph
    import networkx as nx

_APART = ("nodes", "edges")


def to_networkx(network: Network) -> nx.MultiDiGraph:
    """Turn a network into a networkx graph that keeps every row and column.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes by ``node_id``, edges keyed by ``edge_id``; attributes are the columns of the tables, unknown numbers nan.
        ``graph.graph`` holds the name, the description and the other tables, each a list of records.

    Notes
    -----
    Edges of networkx have no order of their own, so theirs is noted in ``graph.graph["graphmodel"]``.

    Examples
    --------
    >>> import graphmodel as gm
    >>> graph = gm.to_networkx(gm.load("toy-battery"))
    >>> graph.number_of_edges("mine-b", "refine-a")
    2
    >>> graph.edges["mine-a", "refine-a", "e1"]["quantity"]
    400.0
    """
    import networkx as nx  # noqa: PLC0415 - loads slowly; reading a data set does not need it

    document = to_document(network, filled=False)
    graph = nx.MultiDiGraph(**_graph_attributes(document))
    graph.add_nodes_from((row.pop("node_id"), row) for row in map(dict, document.tables["nodes"]))
    graph.add_edges_from(
        (row.pop("source"), row.pop("target"), row.pop("edge_id"), row) for row in map(dict, document.tables["edges"])
    )
    order = [row["edge_id"] for row in document.tables["edges"]]
    if order != [key for _, _, key in graph.edges(keys=True)]:
        graph.graph["graphmodel"]["edge_order"] = order
    return graph


def from_networkx(graph: nx.DiGraph, *, stages: pd.DataFrame | None = None, name: str | None = None) -> Network:
    """Make a network of a directed networkx graph, ours or your own.

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        Nodes need attributes ``stage`` and ``country``, edges ``material`` and ``quantity``; edges point the way
        material flows. Keys of a multigraph are edge ids where all are text and different.
    stages : DataFrame, optional
        The stages table; not needed where ``graph.graph["stages"]`` holds it.
    name : str, optional
        Name of the network; that of the graph otherwise.

    Raises
    ------
    ParameterError
        If the graph is undirected.
    SchemaError
        With every attribute that is missing or wrong.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.from_networkx(gm.to_networkx(toy)) == toy
    True
    """
    if not graph.is_directed():
        raise ParameterError("the graph is undirected; make a DiGraph whose edges point the way material flows")
    nodes: list[Record] = [{**data, "node_id": str(node)} for node, data in graph.nodes(data=True)]
    triples = (
        graph.edges(keys=True, data=True)
        if graph.is_multigraph()
        else ((u, v, "", d) for u, v, d in graph.edges(data=True))
    )
    edges: list[Record] = [
        {"edge_id": key, **data, "source": str(source), "target": str(target)} for source, target, key, data in triples
    ]
    _drop_keys_that_are_no_ids(edges)
    return _assemble(nodes, edges, graph.graph, stages, name)


def _drop_keys_that_are_no_ids(edges: list[Record]) -> None:
    """Drop keys (0, 1 … or a material) that tell parallel edges apart but not all edges; they are numbered then."""
    keys = [edge["edge_id"] for edge in edges]
    if not all(isinstance(key, str) for key in keys) or len(set(keys)) < len(keys):
        for edge in edges:
            edge["edge_id"] = ""


def to_igraph(network: Network) -> igraph.Graph:
    """Turn a network into an igraph graph that keeps every row and column.

    Returns
    -------
    igraph.Graph
        Vertices and edges in the order of the tables, with the columns as attributes (find a vertex by
        ``graph.vs.find(node_id=...)``). Graph attributes hold the name, the description and the other tables.

    Examples
    --------
    >>> import graphmodel as gm
    >>> graph = gm.to_igraph(gm.load("toy-battery"))
    >>> graph.vcount(), graph.ecount(), graph.has_multiple()
    (7, 8, True)
    """
    import igraph  # noqa: PLC0415 - imports pyplot

    document = to_document(network, filled=False)
    graph = igraph.Graph(
        n=network.n_nodes,
        edges=list(zip(network.source.tolist(), network.target.tolist(), strict=True)),
        directed=True,
        graph_attrs=_graph_attributes(document),
    )
    for column in network.nodes.columns:
        graph.vs[column] = [row[column] for row in document.tables["nodes"]]
    for column in network.edges.columns.drop(["source", "target"]):
        graph.es[column] = [row[column] for row in document.tables["edges"]]
    return graph


def from_igraph(graph: igraph.Graph, *, stages: pd.DataFrame | None = None, name: str | None = None) -> Network:
    """Make a network of a directed igraph graph, ours or your own.

    Parameters
    ----------
    graph : igraph.Graph
        Vertices are known by ``node_id``, else by ``name``, else by their number; they need attributes ``stage`` and
        ``country``, edges ``material`` and ``quantity``.
    stages : DataFrame, optional
        The stages table; not needed where the graph attribute ``stages`` holds it.
    name : str, optional
        Name of the network; that of the graph otherwise.

    Raises
    ------
    ParameterError
        If the graph is undirected.
    SchemaError
        With every attribute that is missing or wrong.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.from_igraph(gm.to_igraph(toy)) == toy
    True
    """
    if not graph.is_directed():
        raise ParameterError(
            "the graph is undirected; make one with directed=True whose edges point the way material flows"
        )
    known_by = next((key for key in ("node_id", "name") if key in graph.vs.attributes()), "")
    names = (
        [str(value) for value in graph.vs[known_by]] if known_by else [str(index) for index in range(graph.vcount())]
    )
    nodes: list[Record] = [{**vertex.attributes(), "node_id": names[vertex.index]} for vertex in graph.vs]
    edges: list[Record] = [
        {**edge.attributes(), "source": names[edge.source], "target": names[edge.target]} for edge in graph.es
    ]
    attributes = {key: graph[key] for key in graph.attributes()}
    return _assemble(nodes, edges, attributes, stages, name)


def _graph_attributes(document: Document) -> dict[str, Any]:
    """Store what nodes and edges do not carry on the graph itself."""
    return {
        "name": document.name,
        "description": dict(document.description),
        **{table: rows for table, rows in document.tables.items() if table not in _APART},
        "graphmodel": {"version": VERSION, "columns": document.columns},
    }


def _assemble(
    nodes: list[Record],
    edges: list[Record],
    attributes: Mapping[str, Any],
    stages: pd.DataFrame | None,
    name: str | None,
) -> Network:
    """Join nodes, edges and the tables stored on a graph."""
    ours = attributes.get("graphmodel")
    ours = ours if isinstance(ours, dict) else {}
    tables = {table: attributes[table] for table in TABLES if table in attributes and table not in _APART}
    if stages is not None:
        tables["stages"] = stages.to_dict("records")
    known = {"name": str(name or attributes.get("name") or "network"), "tables": tables}
    description = attributes.get("description")
    known["description"] = description if isinstance(description, dict) else {}
    head = read_head({**known, "version": ours.get("version", VERSION), "columns": ours.get("columns", {})}, "graph")
    rows = {"nodes": nodes, "edges": in_order(edges, "edge_id", ours.get("edge_order"))}
    return to_network(Document(head.name, head.description, {**rows, **head.tables}, head.columns), "graph")
