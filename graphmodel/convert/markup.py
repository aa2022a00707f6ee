"""A network as GraphML or GEXF, for Gephi, Cytoscape and yEd."""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from graphmodel.convert.atomic import replace_file
from graphmodel.convert.guard import LIMIT_MB, check_xml, parse_json, read_bytes
from graphmodel.convert.node_link import encode
from graphmodel.convert.records import VERSION, Document, Record, in_order, read_head, to_document, to_network
from graphmodel.errors import ParameterError, Problem, SchemaError
from graphmodel.network import Network

if TYPE_CHECKING:
    import networkx as nx

_KEY = "graphmodel"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_META = re.compile(rb"<meta .*?</meta>", re.DOTALL)
_GEXF_NAMES = (
    *("id", "label", "key", "networkx_key", "weight", "type", "start", "end", "pid"),
    *("viz", "parents", "slices", "spells", "for"),
)
_ESCAPE = "column:"


def write_graphml(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network as GraphML.

    Notes
    -----
    Nodes and edges carry the columns of their tables, unknown values left out; the other tables lie as
    JSON in the graph attribute ``graphmodel``.

    Raises
    ------
    SchemaError
        If a cell holds a control character, which XML cannot carry.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_graphml(toy, f"{folder}/toy.graphml")
    ...     read_graphml(f"{folder}/toy.graphml") == toy
    True
    """
    import networkx as nx  # noqa: PLC0415 - loads slowly; reading a data set does not need it

    document = to_document(network, filled=True)
    _refuse_not_xml(document)
    graph, stored = _graph(document)
    graph.graph[_KEY] = stored
    buffer = io.BytesIO()
    nx.write_graphml_xml(graph, buffer)
    replace_file(Path(path), _exact(buffer.getvalue()))


def read_graphml(path: str | os.PathLike[str], *, limit_mb: float = LIMIT_MB) -> Network:
    """Read a network from GraphML, ours or another's.

    Parameters
    ----------
    path : path
        Another's file needs the stages table as JSON in the graph attribute ``graphmodel``
        (``{"tables": {"stages": [...]}}``); or read it with networkx and use `from_networkx`.
    limit_mb : float
        Refuse larger files before reading them.

    Raises
    ------
    UntrustedFileError
        If the file is too large, has a DOCTYPE, or is nested too deep.
    SchemaError
        If it is not well-formed, with the line, or holds no network, with every breach.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_graphml(gm.load("toy-battery"), f"{folder}/toy.graphml")
    ...     read_graphml(f"{folder}/toy.graphml").table("owners").shape
    (4, 7)
    """
    import networkx as nx  # noqa: PLC0415 - loads slowly; reading a data set does not need it

    def parse(raw: bytes) -> nx.DiGraph:
        return nx.read_graphml(io.BytesIO(raw), edge_key_type=str, force_multigraph=True)

    file = Path(path)
    raw = read_bytes(file, limit_mb=limit_mb)
    graph = _parsed(raw, file, parse)
    return _network(graph, graph.graph.get(_KEY), file)


def write_gexf(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network as GEXF 1.2, with plant names as labels.

    Notes
    -----
    As GraphML, with the other tables as JSON in the description of the file. A further column whose name
    GEXF uses itself (``label``, ``weight``, ``start`` …) is written as ``column:label`` and comes back as it was.

    Raises
    ------
    SchemaError
        If a cell holds a control character, which XML cannot carry.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_gexf(toy, f"{folder}/toy.gexf")
    ...     read_gexf(f"{folder}/toy.gexf") == toy
    True
    """
    import networkx as nx  # noqa: PLC0415 - loads slowly; reading a data set does not need it

    document = to_document(network, filled=True)
    _refuse_not_xml(document)
    graph, stored = _graph(document, rename=_escaped)
    for node, data in graph.nodes(data=True):
        data["label"] = data.get("name") or node
    for _, _, key, data in graph.edges(keys=True, data=True):
        data["id"] = key
    buffer = io.BytesIO()
    nx.write_gexf(graph, buffer, prettyprint=False)
    meta = f"<meta><creator>{_KEY}</creator><description>{escape(stored)}</description></meta>".encode()
    raw = _META.sub(lambda _: meta, buffer.getvalue(), count=1)
    replace_file(Path(path), _exact(raw))


def read_gexf(path: str | os.PathLike[str], *, limit_mb: float = LIMIT_MB) -> Network:
    """Read a network from GEXF, ours or another's.

    Parameters
    ----------
    path : path
        Another's file needs the stages table as JSON in the description of the file
        (``{"tables": {"stages": [...]}}``); or read it with networkx and use `from_networkx`.
    limit_mb : float
        Refuse larger files before reading them.

    Raises
    ------
    UntrustedFileError
        If the file is too large, has a DOCTYPE, or is nested too deep.
    SchemaError
        If it is not well-formed, with the line, or holds no network, with every breach.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_gexf(gm.load("toy-battery"), f"{folder}/toy.gexf")
    ...     read_gexf(f"{folder}/toy.gexf").nodes["name"].iloc[0]
    'Cell plant A'
    """
    import networkx as nx  # noqa: PLC0415 - loads slowly; reading a data set does not need it

    def parse(raw: bytes) -> nx.DiGraph:
        return nx.read_gexf(io.BytesIO(raw))

    file = Path(path)
    raw = read_bytes(file, limit_mb=limit_mb)
    graph = _parsed(raw, file, parse)
    for node, data in graph.nodes(data=True):
        label = data.pop("label", None)
        if label and label != node:
            data.setdefault("name", label)
        _restore(data)
    for *_, data in graph.edges(data=True):
        data["edge_id"] = data.pop("id", "")
        _restore(data)
    description = ElementTree.fromstring(raw).find("{*}meta/{*}description")
    return _network(graph, description.text if description is not None else None, file)


def _graph(document: Document, rename: Callable[[str], str] = str) -> tuple[nx.MultiDiGraph, str]:
    """Make a graph without unknown values, and the JSON of what it does not hold."""
    import networkx as nx  # noqa: PLC0415 - loads slowly; reading a data set does not need it

    nodes, edges = document.tables["nodes"], document.tables["edges"]
    graph = nx.MultiDiGraph()
    graph.add_nodes_from((row["node_id"], _known(row, ("node_id",), rename)) for row in nodes)
    ends = ("source", "target", "edge_id")
    graph.add_edges_from((*(row[end] for end in ends), _known(row, ends, rename)) for row in edges)
    _refuse_not_xml(document)
    stored: dict[str, Any] = {
        "version": VERSION,
        "name": document.name,
        "description": document.description,
        "tables": {
            name: [_known(row, (), str) for row in rows]
            for name, rows in document.tables.items()
            if name not in ("nodes", "edges")
        },
        "columns": document.columns,
    }
    order = [row["edge_id"] for row in edges]
    if order != [key for _, _, key in graph.edges(keys=True)]:
        stored["edge_order"] = order
    text = encode(stored).decode()
    return graph, _NOT_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _known(row: Record, without: tuple[str, ...], rename: Callable[[str], str]) -> Record:
    """Drop unknown values and the columns that the graph holds in its own way."""
    return {
        rename(name): value
        for name, value in row.items()
        if name not in without
        and value is not None
        and value != ""
        and not (isinstance(value, float) and math.isnan(value))
    }


def _refuse_not_xml(document: Document) -> None:
    problems = [
        Problem(table, position, name, ascii(cell)[1:21], "holds a control character, which XML cannot carry")
        for table in ("nodes", "edges")
        for position, row in enumerate([{name: name for name in document.tables[table][0]}, *document.tables[table]])
        for name, cell in row.items()
        if isinstance(cell, str) and not cell.isprintable() and _NOT_XML.search(cell)
    ]
    if problems:
        raise SchemaError(problems)


def _exact(raw: bytes) -> bytes:
    """Keep carriage returns in text, which a parser would otherwise turn into line feeds."""
    return raw.replace(b"\r", b"&#13;")


def _escaped(name: str) -> str:
    return f"{_ESCAPE}{name}" if name in _GEXF_NAMES or name.startswith(_ESCAPE) else name


def _restore(data: Record) -> None:
    """Give escaped columns their own names again."""
    for name in [name for name in data if name.startswith(_ESCAPE)]:
        data[name.removeprefix(_ESCAPE)] = data.pop(name)


def _parsed(raw: bytes, file: Path, parse: Callable[[bytes], nx.DiGraph]) -> nx.DiGraph:
    """Check XML, then have networkx build the graph, and see that nothing was merged or dropped."""
    import networkx as nx  # noqa: PLC0415 - loads slowly; reading a data set does not need it

    counts = check_xml(raw, file.name)
    try:
        graph = parse(raw)
    except (nx.NetworkXError, ValueError, KeyError, TypeError, AttributeError, StopIteration, RuntimeError) as error:
        raise SchemaError([Problem(file.name, 0, "", "", f"cannot be read as a graph: {error!r}")]) from error
    if not graph.is_directed():
        raise ParameterError(f"{file}: the graph is undirected; edges must point the way material flows")
    built = {"node": graph.number_of_nodes(), "edge": graph.number_of_edges()}
    problems = [
        Problem(
            file.name, 0, "", "", f"holds {counts[what]} {what}s, of which {n} can be read", "take nested graphs apart"
        )
        for what, n in built.items()
        if n < counts[what]
    ]
    if problems:
        raise SchemaError(problems)
    return graph


def _network(graph: nx.DiGraph, stored: object, file: Path) -> Network:
    """Join a graph with the tables stored beside it."""
    said = parse_json(stored.encode(), f"{file.name}[{_KEY}]") if isinstance(stored, str) and stored.strip() else {}
    head = read_head(said, file.name)
    nodes: list[Record] = [{**data, "node_id": node} for node, data in graph.nodes(data=True)]
    edges = in_order(list(_edges(graph)), "edge_id", said.get("edge_order") if isinstance(said, dict) else None)
    tables = {"nodes": nodes, "edges": edges, **head.tables}
    return to_network(Document(head.name, head.description, tables, head.columns), file.name)


def _edges(graph: nx.DiGraph) -> Iterable[Record]:
    """Edges as records; a multigraph's keys are their ids where the file gave them."""
    if graph.is_multigraph():
        for source, target, key, data in graph.edges(keys=True, data=True):
            yield {"edge_id": key if isinstance(key, str) else "", **data, "source": source, "target": target}
    else:
        for source, target, data in graph.edges(data=True):
            yield {**data, "source": source, "target": target}
