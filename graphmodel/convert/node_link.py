"""A network as node-link JSON, the form d3 and networkx read."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from graphmodel.convert.atomic import replace_file
from graphmodel.convert.guard import LIMIT_MB, parse_json, read_bytes
from graphmodel.convert.records import VERSION, Document, Record, read_head, refuse_columns, to_document, to_network
from graphmodel.errors import ParameterError, Problem, SchemaError
from graphmodel.network import Network

_SURROGATE = re.compile("[\ud800-\udfff]")
_BROKEN = 3
_dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def write_json(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network as one node-link JSON file.

    Notes
    -----
    ``networkx.node_link_graph(json.load(file), edges="edges")`` reads it too. Rows keep their order, unknown
    numbers are null, the other tables lie under ``graph``.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_json(toy, f"{folder}/toy.json")
    ...     read_json(f"{folder}/toy.json") == toy
    True
    """
    document = to_document(network, filled=True)
    refuse_columns(document, "nodes", ("id",), "JSON")
    refuse_columns(document, "edges", ("key",), "JSON")
    _refuse_infinite(document)
    tables = {name: rows for name, rows in document.tables.items() if name not in ("nodes", "edges")}
    whole = {
        "format": "graphmodel",
        "directed": True,
        "multigraph": True,
        "graph": {
            "version": VERSION,
            "name": document.name,
            "description": document.description,
            "tables": {name: [_nulled(row) for row in rows] for name, rows in tables.items()},
            "columns": document.columns,
        },
        "nodes": [_nulled(_renamed(row, "node_id", "id")) for row in document.tables["nodes"]],
        "edges": [_nulled(_renamed(row, "edge_id", "key")) for row in document.tables["edges"]],
    }
    replace_file(Path(path), encode(whole))


def encode(value: Mapping[str, object]) -> bytes:
    """Write JSON with one record a line, so that versions can be compared.

    Raises
    ------
    ParameterError
        If a network's description holds what JSON cannot.
    """
    try:
        text = _lines(value, depth=0)
    except (TypeError, ValueError) as error:
        message = f"the network's description cannot be written as JSON: {error}; use text, numbers, lists and dicts"
        raise ParameterError(message) from error
    return (_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n").encode()


def _lines(value: object, *, depth: int) -> str:
    """Break lines between the entries of the outer objects and lists only."""
    if isinstance(value, Mapping) and depth < _BROKEN:
        entries = [f"{json.dumps(str(key))}: {_lines(entry, depth=depth + 1)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(entries) + "\n}" if entries else "{}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(_dumps(entry) for entry in value) + "\n]"
    return _dumps(value)


def _renamed(row: Record, old: str, new: str) -> Record:
    return {(new if name == old else name): value for name, value in row.items()}


def _nulled(row: Record) -> Record:
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def _refuse_infinite(document: Document) -> None:
    """Say where a further column holds what JSON has no word for."""
    problems = [
        Problem(table, position + 1, name, str(row[name]), "is not finite, which JSON cannot say")
        for table, kinds in document.columns.items()
        for name, kind in kinds.items()
        if kind == "number"
        for position, row in enumerate(document.tables[table])
        if math.isinf(row[name])
    ]
    if problems:
        raise SchemaError(problems)


def read_json(path: str | os.PathLike[str], *, limit_mb: float = LIMIT_MB) -> Network:
    """Read a network from node-link JSON, ours or another's.

    Parameters
    ----------
    path : path
        Another's file needs its stages under ``graph.tables.stages``; edges may be called ``links``.
    limit_mb : float
        Refuse larger files.

    Raises
    ------
    UntrustedFileError
        If the file is too large or nested too deep.
    SchemaError
        If it is no JSON, with the line, or holds no network, with every breach.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_json(gm.load("toy-battery"), f"{folder}/toy.json")
    ...     read_json(f"{folder}/toy.json").stages["stage"].tolist()
    ['mining', 'refining', 'cell', 'use']
    """
    file = Path(path)
    found = parse_json(read_bytes(file, limit_mb=limit_mb), file.name)
    if not isinstance(found, dict):
        raise SchemaError([Problem(file.name, 1, "", "", "is no graph", 'needs an object with "nodes" and "edges"')])
    if found.get("directed") is False:
        raise ParameterError(f"{file}: the graph is undirected; edges must point the way material flows")
    head = read_head(found.get("graph", {}), file.name)
    links = "edges" if "edges" in found else "links"
    problems = list(_shape_problems(found, ("nodes", links), file.name))
    if problems:
        raise SchemaError(problems)
    nodes = [_renamed(row, "id", "node_id") for row in found["nodes"]]
    edges = [_renamed(row, "key", "edge_id") for row in found[links]]
    for edge in edges:
        if not isinstance(edge.get("edge_id"), str):
            edge["edge_id"] = ""
    tables = {"nodes": nodes, "edges": edges, **head.tables}
    return to_network(Document(head.name, head.description, tables, head.columns), file.name)


def _shape_problems(found: Record, names: tuple[str, str], file: str) -> Iterable[Problem]:
    for name in names:
        rows = found.get(name)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            yield Problem(file, 0, name, "", "is not a list of records")
