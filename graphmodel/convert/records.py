"""A network as plain records, the form every graph format carries."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from graphmodel.columns import Columns
from graphmodel.convert.cells import Spelling, filled_columns, from_values, spelling, to_values
from graphmodel.errors import DataPackageError, Problem, SchemaError, UntrustedFileError
from graphmodel.network import Network, from_checked
from graphmodel.schema import TABLES, checked

VERSION = 1
"""Version of what we store in graphs and files; a reader refuses what is newer than itself."""

COLUMN_LIMIT = 1000
"""Most attributes a table may have; each is a column, and a column takes memory for every row."""

Record = dict[str, Any]


@dataclass(frozen=True)
class Document:
    """Name, description and tables of a network as records, with the types of columns beyond the schema."""

    name: str
    description: Mapping[str, object]
    tables: Mapping[str, Sequence[Record]]
    columns: Mapping[str, Mapping[str, Spelling]] = field(default_factory=dict)


def to_document(network: Network, *, filled: bool) -> Document:
    """Take a network apart; ``filled`` leaves out optional columns nobody filled."""
    tables: dict[str, list[Record]] = {}
    columns: dict[str, dict[str, Spelling]] = {}
    for table in network.table_names:
        frame = network.table(table)
        names = [str(name) for name in (filled_columns(table, frame) if filled else frame.columns)]
        kinds = {name: spelling(table, name, frame[name]) for name in names}
        values = [to_values(frame[name], kinds[name]) for name in names]
        tables[table] = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
        further = {name: kind for name, kind in kinds.items() if name not in TABLES[table].by_name}
        if further:
            columns[table] = further
    return Document(network.name, dict(network.description), tables, columns)


def to_network(document: Document, origin: str) -> Network:
    """Put a network together; ``origin`` names the file or graph in messages."""
    frames: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    places = {table: f"{origin}[{table}]" for table in TABLES}
    for table, rows in document.tables.items():
        frames[table], found = _frame(table, rows, document.columns.get(table, {}), places.get(table, origin))
        problems += found
    tables: dict[str, Columns] = {}
    try:
        tables = checked(frames, files=places)
    except SchemaError as error:
        said = {(problem.table, problem.line, problem.column) for problem in problems}
        problems += [found for found in error.problems if (found.table, found.line, found.column) not in said]
    if problems:
        raise SchemaError(problems)
    return from_checked(tables, document.name, document.description)


def _frame(
    table: str, rows: Sequence[Record], kinds: Mapping[str, Spelling], place: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Make a table of records; a value missing in some is unknown there."""
    names: dict[str, None] = dict.fromkeys(kinds)
    for row in rows:
        names.update(dict.fromkeys(row))
        if len(names) > COLUMN_LIMIT:
            raise UntrustedFileError(f"{place}: has more than {COLUMN_LIMIT} different attributes")
    known = TABLES[table].by_name if table in TABLES else {}
    columns: dict[str, pd.Series] = {}
    problems: list[Problem] = []
    for name in names:
        cells = [_plain(row.get(name)) for row in rows]
        problems += _not_plain(cells, str(name), place)
        columns[str(name)] = pd.Series(cells, dtype=object) if name in known else from_values(cells, kinds.get(name))
    if not columns:
        columns = {name: pd.Series(dtype=object) for name in known}
    return pd.DataFrame(columns), problems


def _plain(value: object) -> object:
    """Unwrap a numpy scalar; what is missing becomes None, what is no single value stays for the check."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if value is pd.NA or value is pd.NaT else value


def _not_plain(cells: list[object], name: str, place: str) -> list[Problem]:
    """List values that are no text, number or flag, and blank them."""
    problems: list[Problem] = []
    for position, value in enumerate(cells):
        if isinstance(value, datetime.date):
            cells[position] = str(value)
        elif value is not None and not isinstance(value, str | int | float | bool):
            hint = "take the attribute out or write it as text"
            problems.append(Problem(place, position + 1, name, repr(value)[:40], "is not a single value", hint))
            cells[position] = None
    return problems


def read_head(found: object, origin: str) -> Document:
    """Check what a file says of name, description, tables and column types.

    Raises
    ------
    SchemaError
        If it has another shape.
    DataPackageError
        If it is newer than this version of graphmodel.
    """
    head = found if isinstance(found, dict) else {}
    version = head.get("version", VERSION)
    if not isinstance(version, int) or version > VERSION:
        raise DataPackageError(f"{origin}: is of version {version}; this graphmodel reads up to {VERSION}: update it")
    name, description = head.get("name", "network"), head.get("description", {})
    tables, columns = head.get("tables", {}), head.get("columns", {})
    problems = [
        Problem(origin, 0, key, "", f"is not {shape}")
        for key, value, kind, shape in (
            ("name", name, str, "text"),
            ("description", description, dict, "an object"),
            ("tables", tables, dict, "an object of tables"),
            ("columns", columns, dict, "an object of column types"),
        )
        if not isinstance(value, kind)
    ]
    if not problems:
        problems += [
            Problem(origin, 0, str(table), "", "is not a list of records")
            for table, rows in tables.items()
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows)
        ]
        problems += [
            Problem(origin, 0, str(table), "", "does not give a type for each column")
            for table, kinds in columns.items()
            if not isinstance(kinds, dict) or not {*kinds.values()} <= {"string", "number", "integer", "boolean"}
        ]
    if problems:
        raise SchemaError(problems)
    return Document(name, description, tables, columns)


def refuse_columns(document: Document, table: str, reserved: Sequence[str], file_format: str) -> None:
    """Refuse further columns whose name means something else in a file format."""
    clash = [name for name in document.columns.get(table, {}) if name in reserved]
    if clash:
        message = f"{file_format} uses this name itself"
        raise SchemaError([Problem(table, 0, name, "", message, "rename the column") for name in clash])


def in_order(rows: list[Record], key: str, order: object) -> list[Record]:
    """Put rows back in the order noted; rows the note does not know come last."""
    if not isinstance(order, list) or not order:
        return rows
    position = {str(name): place for place, name in enumerate(order)}
    return sorted(rows, key=lambda row: position.get(str(row.get(key)), len(position)))
