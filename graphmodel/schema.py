"""The tables of a network: columns, types, units and allowed values.

Said here and nowhere else: readers, checks, descriptors and the data dictionary walk `TABLES`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from graphmodel import _shipped
from graphmodel._types import IntArray
from graphmodel.columns import (
    Cells,
    Columns,
    Numbered,
    Text,
    blank_numbers,
    blank_text,
    packed,
    read_numbers,
    read_text,
    recoded,
    words_as,
)
from graphmodel.columns import as_numbers as as_numbers
from graphmodel.errors import Problem, SchemaError, UnknownNameError, closest, nearest

Kind = Literal["text", "number", "integer", "flag"]

ROLES = ("origin", "process", "sink", "recycle", "stock")
KINDS = ("facility", "remainder", "demand", "stock")
EVIDENCE = ("measured", "reported", "derived", "assumed")
BASES = ("reported", "contract", "trade", "estimated")
SIDES = ("output", "input", "demand")
HOLDERS = ("firm", "public")
REGIONS = {
    "WLD": "World",
    "ROW": "Rest of world",
    "EU27": "European Union",
    "XEU": "Europe, country not stated",
    "XNA": "North America, country not stated",
    "XAS": "Asia without China, country not stated",
    "XSE": "Southeast Asia, country not stated",
    "XAF": "Africa, country not stated",
    "XAM": "Americas, country not stated",
    "XAP": "Asia-Pacific, country not stated",
}
"""Codes a source may give instead of a country; kept as regions, never split by guessing."""


@dataclass(frozen=True)
class Column:
    """One column: its type, whether it must be filled, and what it may hold.

    Examples
    --------
    >>> import graphmodel as gm
    >>> share = gm.schema.TABLES["owners"].by_name["share"]
    >>> share.kind, share.required, share.minimum, share.maximum
    ('number', True, 0, 1)
    """

    name: str
    kind: Kind
    description: str
    required: bool = False
    values: tuple[str, ...] = ()
    minimum: float = -math.inf
    positive: bool = False
    maximum: float = math.inf
    unit: str = ""
    refers: str = ""
    country: bool = False


@dataclass(frozen=True)
class Table:
    """One table: its columns in order and the columns that identify a row.

    Examples
    --------
    >>> import graphmodel as gm
    >>> edges = gm.schema.TABLES["edges"]
    >>> edges.key, [column.name for column in edges.columns if column.required]
    (('edge_id',), ['source', 'target', 'material', 'quantity'])
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = False
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})


def _evidence() -> tuple[Column, Column]:
    return (
        Column("reference", "text", "where the row comes from: a key of the package's references"),
        Column("evidence", "text", "grade of the number", values=EVIDENCE),
    )


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "stages",
            "Stages of the value chain in the order material passes through them.",
            ("stage",),
            (
                Column("stage", "text", "name of the stage", required=True),
                Column("order", "integer", "position along the chain", required=True),
                Column("role", "text", "part the stage plays", required=True, values=ROLES),
                Column("label", "text", "name to print"),
            ),
            required=True,
        ),
        Table(
            "nodes",
            "Facilities, remainders of a country's stage, final demand and stocks.",
            ("node_id",),
            (
                Column("node_id", "text", "unique id", required=True),
                Column("name", "text", "name to print"),
                Column("kind", "text", "what the node stands for", values=KINDS),
                Column("stage", "text", "stage of the node", required=True, refers="stages.stage"),
                Column("country", "text", "where it stands, ISO alpha-3", required=True, country=True),
                Column("control", "text", "home of the controlling owner, ISO alpha-3", country=True),
                Column("capacity", "number", "nameplate a year", minimum=0, unit="unit of its output"),
                Column("output", "number", "output in the base year", minimum=0, unit="unit of its output"),
                Column("spare", "number", "capacity that can be used at once", minimum=0, unit="unit of its output"),
                Column("stock_days", "number", "days of input held", minimum=0, unit="days"),
                Column("status", "text", "operating, ramp-up, suspended …"),
                Column("start_year", "integer", "first year of output"),
                Column("lat", "number", "latitude", minimum=-90, maximum=90, unit="degrees"),
                Column("lon", "number", "longitude", minimum=-180, maximum=180, unit="degrees"),
                Column("cluster", "flag", "joins several sites; out of rankings of single plants"),
                Column("available", "number", "share of the node left by a scenario", minimum=0, maximum=1),
                *_evidence(),
            ),
            required=True,
        ),
        Table(
            "edges",
            "Flows of one material a year between two nodes; parallel edges are rows of their own.",
            ("edge_id",),
            (
                Column("edge_id", "text", "unique id; numbered when absent"),
                Column("source", "text", "supplier", required=True, refers="nodes.node_id"),
                Column("target", "text", "buyer", required=True, refers="nodes.node_id"),
                Column("material", "text", "form that flows", required=True, refers="materials.material"),
                Column("quantity", "number", "flow a year", required=True, minimum=0, unit="unit of the material"),
                Column("low", "number", "low value", minimum=0, unit="unit of the material"),
                Column("high", "number", "high value", minimum=0, unit="unit of the material"),
                Column("basis", "text", "what the flow rests on", values=BASES),
                Column("available", "number", "share of the edge left by a scenario", minimum=0, maximum=1),
                Column(
                    "delivered",
                    "number",
                    "part of the quantity that comes before any response, where a scenario wants more; all when empty",
                    minimum=0,
                    unit="unit of the material",
                ),
                Column(
                    "tariff", "number", "duty a scenario puts on it, on top of the base", minimum=0, unit="of value"
                ),
                *_evidence(),
            ),
            required=True,
        ),
        Table(
            "materials",
            "Forms that flow, each with its unit.",
            ("material",),
            (
                Column("material", "text", "unique id", required=True),
                Column("label", "text", "name to print"),
                Column("form", "text", "chemical or trade form"),
                Column("mineral", "text", "element or product family"),
                Column("unit", "text", "unit of its quantities", required=True),
                Column("stage", "text", "stage that makes it", refers="stages.stage"),
                Column("note", "text", "remark"),
                *_evidence(),
            ),
        ),
        Table(
            "composition",
            "Tonnes of element in one unit of a material.",
            ("material", "mineral"),
            (
                Column("material", "text", "material", required=True, refers="materials.material"),
                Column("mineral", "text", "element it holds", required=True),
                Column("amount", "number", "element per unit", required=True, minimum=0, unit="t per unit"),
                Column("low", "number", "low value", minimum=0, unit="t per unit"),
                Column("high", "number", "high value", minimum=0, unit="t per unit"),
                Column("note", "text", "remark"),
                *_evidence(),
            ),
        ),
        Table(
            "recipes",
            "Input needed for one unit of output; inputs of one group replace one another.",
            ("stage", "node_id", "output", "input"),
            (
                Column("stage", "text", "stage the recipe holds for", refers="stages.stage"),
                Column("node_id", "text", "node it holds for, instead of a stage", refers="nodes.node_id"),
                Column("output", "text", "material made", required=True, refers="materials.material"),
                Column("input", "text", "material used", required=True, refers="materials.material"),
                Column(
                    "amount", "number", "input per unit of output", required=True, positive=True, unit="input/output"
                ),
                Column("group", "text", "inputs that can replace one another; the input itself when empty"),
                Column("essential", "flag", "output stops without it (yes when empty)"),
                Column("note", "text", "remark"),
                *_evidence(),
            ),
        ),
        Table(
            "coproducts",
            "Outputs that come from one process and stop together.",
            ("stage", "country", "host", "companion"),
            (
                Column("stage", "text", "stage of the process", required=True, refers="stages.stage"),
                Column("country", "text", "country it holds for; all when empty", country=True),
                Column(
                    "host", "text", "material that pays for the process", required=True, refers="materials.material"
                ),
                Column("companion", "text", "material that comes with it", required=True, refers="materials.material"),
                Column("ratio", "number", "companion per unit of host", minimum=0, unit="companion/host"),
                Column("rigid", "number", "share that cannot be made without the host", minimum=0, maximum=1),
                Column("note", "text", "remark"),
                *_evidence(),
            ),
        ),
        Table(
            "owners",
            "Equity shares; those of one node sum to one.",
            ("node_id", "owner"),
            (
                Column("node_id", "text", "node owned", required=True, refers="nodes.node_id"),
                Column("owner", "text", "shareholder", required=True),
                Column("owner_country", "text", "home of the shareholder, ISO alpha-3", country=True),
                Column("share", "number", "equity share", required=True, minimum=0, maximum=1),
                Column("note", "text", "remark"),
                *_evidence(),
            ),
        ),
        Table(
            "restrictions",
            "Who may not sell what to whom, and what is left of the base flow; written by scenarios.",
            ("restriction", "side", "node_id", "material"),
            (
                Column("restriction", "text", "name of the restriction", required=True),
                Column("side", "text", "which end of the flow the node is", required=True, values=("seller", "buyer")),
                Column("node_id", "text", "node at that end", required=True, refers="nodes.node_id"),
                Column("material", "text", "material restricted; all when empty", refers="materials.material"),
                Column("share", "number", "part of the base flow that may pass", required=True, minimum=0, maximum=1),
            ),
        ),
        Table(
            "balances",
            "What each node makes and needs of each material, and the part no edge carries.",
            ("node_id", "side", "item"),
            (
                Column("node_id", "text", "node", required=True, refers="nodes.node_id"),
                Column("side", "text", "made to sell, needed, or wanted by final users", required=True, values=SIDES),
                Column("item", "text", "material made, input group needed, or final product", required=True),
                Column(
                    "quantity", "number", "made or needed a year", required=True, minimum=0, unit="unit of the item"
                ),
                Column("residual", "number", "part no edge carries", required=True, minimum=0, unit="unit of the item"),
            ),
        ),
        Table(
            "stocks",
            "Inputs held by those who use them, and public reserves; where several rows fit, the most special counts.",
            ("holder", "country", "stage", "node_id", "material"),
            (
                Column("holder", "text", "who holds it", required=True, values=HOLDERS),
                Column("country", "text", "where it is held, ISO alpha-3; everywhere when empty", country=True),
                Column("stage", "text", "stage of the users; all when empty", refers="stages.stage"),
                Column("node_id", "text", "one user; all when empty", refers="nodes.node_id"),
                Column("material", "text", "input held; every input when empty", refers="materials.material"),
                Column("days", "number", "days of use held", minimum=0, unit="days"),
                Column("quantity", "number", "held, instead of days", minimum=0, unit="unit of the material"),
                Column("release", "number", "public: share that may leave in a week; 1 if empty", minimum=0, maximum=1),
                Column(
                    "trigger", "number", "public: shortage above which it is released; 0 if empty", minimum=0, maximum=1
                ),
                Column("note", "text", "remark"),
                *_evidence(),
            ),
        ),
        Table(
            "routes",
            "Which part of the flows from one country to another passes which strait, canal, railway or border.",
            ("corridor", "source_country", "target_country", "material"),
            (
                Column("corridor", "text", "corridor passed", required=True),
                Column("source_country", "text", "seller's country, ISO alpha-3", required=True, country=True),
                Column("target_country", "text", "buyer's country, ISO alpha-3", required=True, country=True),
                Column(
                    "material",
                    "text",
                    "form it holds for, before the row for all forms; all when empty",
                    refers="materials.material",
                ),
                Column(
                    "leg", "text", "part of the way; corridors of one leg replace one another and their shares add up"
                ),
                Column("share", "number", "part of the flow that passes", required=True, minimum=0, maximum=1),
                Column("available", "number", "share of the corridor left by a scenario", minimum=0, maximum=1),
                Column("note", "text", "remark"),
                *_evidence(),
            ),
        ),
    )
}

_HINTS = 20
_TRUE = {"yes", "true", "1"}
_FALSE = {"no", "false", "0"}


def country_codes() -> frozenset[str]:
    """Return the ISO alpha-3 codes and the region codes a country column may hold.

    Examples
    --------
    >>> {"COD", "NAM", "ROW"} <= country_codes()
    True
    """
    return _ISO | REGIONS.keys()


def json_schema(table: str | Table | None = None) -> dict[str, object]:
    """Return the JSON Schema of one table as a list of rows, or of a network as an object of all tables.

    Parameters
    ----------
    table : str or Table, optional
        A name in `TABLES`, or a table that belongs to no network; all tables of a network when absent.

    Returns
    -------
    dict
        JSON Schema 2020-12. Each column has its description, its unit (under ``unit``) and its limits. Unknown text
        is ``""`` and an unknown number null; further columns are allowed.

    Raises
    ------
    UnknownNameError
        If there is no such table.

    Notes
    -----
    It says what `clean` asks of each cell. What it cannot say: that keys differ between rows, and that a name stands
    in another table.

    Examples
    --------
    >>> quantity = json_schema("edges")["items"]["properties"]["quantity"]
    >>> quantity["minimum"], quantity["unit"]
    (0, 'unit of the material')
    """
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    countries = {"$defs": {"country": {"enum": sorted(country_codes())}}}
    if table is not None:
        if isinstance(table, str) and table not in TABLES:
            raise UnknownNameError(f"no table {table!r}; {nearest(table, TABLES)}")
        return head | _rows_schema(TABLES[table] if isinstance(table, str) else table) | countries
    rows = {each.name: _rows_schema(each) for each in TABLES.values()}
    whole: dict[str, object] = {
        "title": "network",
        "type": "object",
        "required": [name for name in rows if TABLES[name].required],
        "additionalProperties": False,
        "properties": rows,
    }
    return head | whole | countries


def _rows_schema(table: Table) -> dict[str, object]:
    told_apart = f"{table.description} Rows differ in {', '.join(table.key)}."
    row = {
        "type": "object",
        "required": [column.name for column in table.columns if column.required],
        "properties": {column.name: _cell_schema(column) for column in table.columns},
    }
    return {"title": table.name, "description": told_apart, "type": "array", "items": row}


def _cell_schema(column: Column) -> dict[str, object]:
    """Say what one cell may hold; what need not be filled may be empty."""
    refers = f" (a {column.refers})" if column.refers else ""
    said: dict[str, object] = {"description": column.description + refers}
    if _is_number(column):
        said["type"] = column.kind if column.required else [column.kind, "null"]
        limits = {"minimum": column.minimum, "maximum": column.maximum}
        said |= {name: limit for name, limit in limits.items() if math.isfinite(limit)}
        said |= {"exclusiveMinimum": 0} if column.positive else {}
        return said | ({"unit": column.unit} if column.unit else {})
    values = ("yes", "no") if column.kind == "flag" else column.values
    empty_too = [] if column.required else [""]
    said["type"] = "string"
    if column.country:
        code = {"$ref": "#/$defs/country"}
        return said | (code if column.required else {"anyOf": [code, {"const": ""}]})
    if values:
        return said | {"enum": [*values, *empty_too]}
    return said | ({"minLength": 1} if column.required else {})


def clean(
    frames: Mapping[str, pd.DataFrame],
    *,
    schema: Mapping[str, Table] | None = None,
    files: Mapping[str, str] | None = None,
    lines: Mapping[str, np.ndarray] | None = None,
) -> dict[str, pd.DataFrame]:
    """Check tables against the schema and return them typed, complete and sorted as given.

    Parameters
    ----------
    frames : tables by name; cells may be text (as read from CSV) or typed
    schema : tables allowed and required; `TABLES` when absent
    files : name of the file each table was read from, for messages
    lines : line of each row in its file; the row number when absent

    Returns
    -------
    dict of DataFrame
        Every table with all columns of the schema in order, further columns after them.
        Unknown text is ``""``, an unknown number nan.

    Raises
    ------
    SchemaError
        With every breach found in all tables, not only the first.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> stages = pd.DataFrame({"stage": ["mining", "use"], "order": ["1", "2"], "role": ["origin", "sink"]})
    >>> schema = {"stages": gm.schema.TABLES["stages"]}
    >>> gm.schema.clean({"stages": stages}, schema=schema)["stages"][["stage", "label", "order"]]
        stage label  order
    0  mining          1.0
    1     use          2.0
    """
    tables = checked(frames, schema=schema, files=files, lines=lines)
    return {name: table.frame() for name, table in tables.items()}


def checked(
    frames: Mapping[str, pd.DataFrame | Columns],
    *,
    schema: Mapping[str, Table] | None = None,
    files: Mapping[str, str] | None = None,
    lines: Mapping[str, np.ndarray] | None = None,
) -> dict[str, Columns]:
    """Check tables as `clean` does, and return them as columns, in the order of the schema.

    A table that comes as columns has been checked before; only what it refers to is looked up again.

    Notes
    -----
    O(rows) once a column, to find its words; what the schema asks of text is asked once a word.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> stages = pd.DataFrame({"stage": ["mining"], "order": [1], "role": ["orgin"]})
    >>> gm.schema.checked({"stages": stages}, schema={"stages": gm.schema.TABLES["stages"]})
    Traceback (most recent call last):
        ...
    graphmodel.errors.SchemaError: 1 problem:
      stages:1:role: is not allowed 'orgin' (did you mean 'origin'?)
    """
    schema, files, lines = schema or TABLES, files or {}, lines or {}
    problems: list[Problem] = []
    for name in frames:
        if name not in schema:
            problems.append(Problem(files.get(name, name), 0, "", name, "unknown table", nearest(name, schema)))
    tables: dict[str, Columns] = {}
    for name, table in schema.items():
        place = _Place(files.get(name, name), lines.get(name))
        given = frames.get(name)
        if isinstance(given, Columns):
            tables[name] = given
        elif given is not None:
            tables[name] = _checked_table(table, given, place, problems)
        elif table.required:
            problems.append(Problem(place.file, 0, "", "", "table is missing", f"needs {_needs(table)}"))
    places = {name: _Place(files.get(name, name), lines.get(name)) for name in tables}
    tables = _joined(schema, tables, places, problems)
    if problems:
        raise SchemaError(problems)
    return tables


def empty(table: Table) -> Columns:
    """Return a table without rows.

    Examples
    --------
    >>> import graphmodel as gm
    >>> list(gm.schema.empty(gm.schema.TABLES["composition"]).frame())[:3]
    ['material', 'mineral', 'amount']
    """
    return Columns(0, {column.name: _blank(column, 0) for column in table.columns})


@dataclass(frozen=True)
class _Place:
    """Where the rows of a table stand in its file."""

    file: str
    lines: np.ndarray | None

    def line(self, row: int) -> int:
        return int(self.lines[row]) if self.lines is not None else row + 1

    def problems(
        self, rows: np.ndarray, cell: Callable[[int], object], column: str, message: str, hint: str = ""
    ) -> Iterator[Problem]:
        for row in rows.tolist():
            yield Problem(self.file, self.line(row), column, str(cell(row)), message, hint)

    def unknown(
        self, rows: np.ndarray, text: Text, column: str, message: str, hint: Callable[[str], str]
    ) -> Iterator[Problem]:
        """One problem a bad cell; the first few different values each with a hint, slow to find."""
        hints: dict[str, str] = {}
        for row in rows.tolist():
            value = text.cell(row)
            if value not in hints and len(hints) < _HINTS:
                hints[value] = hint(value)
            yield Problem(self.file, self.line(row), column, value, message, hints.get(value, ""))


def _needs(table: Table) -> str:
    return "columns " + ", ".join(column.name for column in table.columns if column.required)


def _checked_table(table: Table, frame: pd.DataFrame, place: _Place, problems: list[Problem]) -> Columns:
    """Type one table and list its own breaches."""
    names = [str(name) for name in frame.columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    problems += [Problem(place.file, 0, name, "", "column stands twice") for name in doubled]
    if doubled:
        return Columns(0, {})
    missing = [column.name for column in table.columns if column.required and column.name not in names]
    for name in missing:
        problems.append(Problem(place.file, 0, name, "", "column is missing", _instead(name, names, table)))
    if not len(frame) and not missing and table.required:
        problems.append(Problem(place.file, 0, "", "", "table is empty", f"needs {_needs(table)}"))
    cells: dict[str, Cells] = {}
    for column in table.columns:
        if column.name in names:
            given = frame.iloc[:, names.index(column.name)]
            cells[column.name] = _checked_column(column, given, place, problems)
        elif column.name not in missing:
            cells[column.name] = _blank(column, len(frame))
    if "edge_id" in table.key and len(frame):
        cells["edge_id"] = _numbered(cells["edge_id"])
    problems += _key_problems(table, cells, place)
    for position, name in enumerate(names):
        if name not in table.by_name:
            cells[name] = frame.iloc[:, position].reset_index(drop=True).copy()
    return Columns(len(frame), cells)


def _instead(missing: str, names: list[str], table: Table) -> str:
    """Name the column that may be meant by a missing one, or all there are."""
    other = closest(missing, [name for name in names if name not in table.by_name])
    return f"did you mean it by {other!r}?" if other else f"has: {', '.join(names) or 'no column'}"


def _is_number(column: Column) -> bool:
    return column.kind in ("number", "integer")


def _blank(column: Column, n_rows: int) -> Cells:
    return blank_numbers(n_rows) if _is_number(column) else blank_text(n_rows)


def _numbered(given: Cells) -> Cells:
    """Give every edge without an id its row number."""
    if not isinstance(given, Text) or "" not in given.words:
        return given
    if len(given.words) == 1:
        return Numbered(len(given))
    return read_text(pd.Series(np.where(given.cells() == "", Numbered(len(given)).words, given.cells()), dtype=object))


def _checked_column(column: Column, given: pd.Series, place: _Place, problems: list[Problem]) -> Cells:
    if _is_number(column):
        return _checked_number(column, given, place, problems)
    text = read_text(given)
    words = text.words.tolist()
    if column.kind == "flag":
        folded = [word.casefold() for word in words]
        rows = text.rows(np.array([word not in {*_TRUE, *_FALSE, ""} for word in folded], dtype=bool))
        problems += place.problems(rows, text.cell, column.name, "is not a flag", "write yes or no")
        return words_as(text, ("yes" if word in _TRUE else "no" if word in _FALSE else "" for word in folded))
    if column.required and "" in words:
        rows = text.rows(text.words == "")
        problems += place.problems(rows, text.cell, column.name, "is empty")
    if column.values:
        rows = _rows_outside(text, {*column.values, ""})
        problems += place.unknown(
            rows, text, column.name, "is not allowed", lambda value: nearest(value, column.values)
        )
    if column.country:
        rows = _rows_outside(text, country_codes() | {""})
        message = "is not a country or region code"
        problems += place.unknown(rows, text, column.name, message, _nearest_country)
    return text


def _nearest_country(value: str) -> str:
    """Name the code of the country meant, be it misspelt or spelt out."""
    codes = {row["name"]: row["country"] for row in _shipped.rows("reference", "countries")}
    named = closest(value, codes, cutoff=0.8)
    return nearest(value if named is None else codes[named], country_codes())


def _rows_outside(text: Text, allowed: frozenset[str] | set[str]) -> IntArray:
    """Return the rows whose word is not allowed."""
    return text.rows(np.array([word not in allowed for word in text.words.tolist()], dtype=bool))


def _checked_number(column: Column, given: pd.Series, place: _Place, problems: list[Problem]) -> Cells:
    value, empty_cells = read_numbers(given)

    def found(bad: np.ndarray, message: str, hint: str = "") -> None:
        if bad.any():
            problems.extend(place.problems(np.flatnonzero(bad), given.iloc.__getitem__, column.name, message, hint))

    if column.required:
        found(empty_cells, "is empty", "leave a row out rather than its number")
    finite = np.isfinite(value)
    if not finite.all():
        found(np.isnan(value) & ~empty_cells, "is not a number")
        found(np.isinf(value), "is not finite")
    if column.positive:
        found(finite & (value <= 0), "is not above 0")
    if column.minimum > -math.inf:
        found(finite & (value < column.minimum), f"is below {column.minimum:g}")
    if column.maximum < math.inf:
        found(finite & (value > column.maximum), f"is above {column.maximum:g}")
    if column.kind == "integer":
        found(finite & (value != np.round(value)), "is not a whole number")
    return value


def _key_problems(table: Table, cells: Mapping[str, Cells], place: _Place) -> Iterator[Problem]:
    """List rows whose key another row has already."""
    key = [part for name in table.key if isinstance(part := cells.get(name), Text | np.ndarray)]
    if len(key) < len(table.key) or any(isinstance(part, Text) and part.all_differ for part in key):
        return
    code = np.zeros(len(key[0]), dtype=np.int64)
    for part in key:
        own, n_own = (part.codes, len(part.words)) if isinstance(part, Text) else _numbers_coded(part)
        code = pd.factorize(code * n_own + own)[0]
    if int(code.max(initial=-1)) + 1 == len(code):
        return
    first = np.unique(code, return_index=True)[1]
    for row in np.flatnonzero(first[code] != np.arange(len(code))).tolist():
        value = " / ".join(str(part.cell(row) if isinstance(part, Text) else part[row]) for part in key)
        hint = f"first on line {place.line(int(first[code[row]]))}"
        yield Problem(place.file, place.line(row), ", ".join(table.key), value, "stands twice", hint)


def _numbers_coded(value: np.ndarray) -> tuple[IntArray, int]:
    codes, found = pd.factorize(value, use_na_sentinel=False)
    return codes, len(found)


def _joined(
    schema: Mapping[str, Table],
    tables: Mapping[str, Columns],
    places: Mapping[str, _Place],
    problems: list[Problem],
) -> dict[str, Columns]:
    """List cells that name a row of another table that does not exist; say the others in that table's own words."""
    index: dict[str, pd.Index] = {}
    out: dict[str, Columns] = {}
    for name, table in tables.items():
        changed: dict[str, Cells] = {}
        for column in schema[name].columns:
            other, _, target = column.refers.partition(".")
            text, named = table.get(column.name), tables[other].get(target) if other in tables else None
            if isinstance(text, Text) and isinstance(named, Text) and text.words is not named.words:
                if column.refers not in index:
                    index[column.refers] = pd.Index(named.words, dtype=object)
                changed[column.name] = _looked_up(column, text, named, index[column.refers], places[name], problems)
        out[name] = table.replaced({**changed, **_ids_packed(schema, name, table)})
    return out


def _looked_up(
    column: Column, text: Text, named: Text, index: pd.Index, place: _Place, problems: list[Problem]
) -> Text:
    position = index.get_indexer(text.words)
    same = recoded(text, position, named.words)
    if same is not None:
        return same
    rows = text.rows((position < 0) & (text.words != ""))
    other = column.refers.partition(".")[0]
    hint = partial(nearest, known=named.words.tolist())
    problems += place.unknown(rows, text, column.name, f"is not in {other}", hint)
    return text


def _ids_packed(schema: Mapping[str, Table], name: str, table: Columns) -> dict[str, Cells]:
    """Join ids that nothing refers to, so that they take little memory."""
    referred = {column.refers for each in schema.values() for column in each.columns}
    return {
        column.name: packed(cells)
        for column in schema[name].columns
        if isinstance(cells := table.get(column.name), Text)
        if f"{name}.{column.name}" not in referred and not column.refers
    }


_ISO = frozenset(
    """
    ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH
    BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB
    CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO
    GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN
    IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA
    MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER
    NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU
    RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA
    TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT
    WLF WSM XKX YEM ZAF ZMB ZWE
    """.split()  # noqa: SIM905 - one code a word reads better than 250 literals
)
