"""The tables of a network: columns, types, units and allowed values.

Said here and nowhere else: readers, checks, descriptors and the data dictionary walk `TABLES`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.errors import Problem, SchemaError, nearest

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
    """One column: its type, whether it must be filled, and what it may hold."""

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
    """One table: its columns in order and the columns that identify a row."""

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

_MISSING_TEXT = ""
_HINTS = 20
_TRUE = {"yes", "true", "1"}
_FALSE = {"no", "false", "0", ""}


def country_codes() -> frozenset[str]:
    """Return the ISO alpha-3 codes and the region codes a country column may hold.

    Examples
    --------
    >>> {"COD", "NAM", "ROW"} <= country_codes()
    True
    """
    return _ISO | REGIONS.keys()


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
    """
    schema, files, lines = schema or TABLES, files or {}, lines or {}
    problems: list[Problem] = []
    for name in frames:
        if name not in schema:
            problems.append(Problem(files.get(name, name), 0, "", name, "unknown table", nearest(name, schema)))
    cleaned: dict[str, pd.DataFrame] = {}
    for name, table in schema.items():
        if name not in frames:
            if table.required:
                problems.append(Problem(files.get(name, name), 0, "", "", "table is missing", f"needs {_needs(table)}"))
            continue
        place = _Place(files.get(name, name), lines.get(name))
        frame, found = _clean_table(table, frames[name], place)
        problems += found
        cleaned[name] = frame
    problems += _reference_problems(schema, cleaned, files, lines)
    if problems:
        raise SchemaError(problems)
    return cleaned


@dataclass(frozen=True)
class _Place:
    """Where the rows of a table stand in its file."""

    file: str
    lines: np.ndarray | None

    def line(self, position: int) -> int:
        return int(self.lines[position]) if self.lines is not None else position + 1

    def problems(
        self, frame: pd.DataFrame, bad: np.ndarray, column: str, message: str, hint: str = ""
    ) -> Iterator[Problem]:
        shown = frame.get(column, None)
        for position in np.flatnonzero(bad):
            value = "" if shown is None else str(shown.iloc[position])
            yield Problem(self.file, self.line(int(position)), column, value, message, hint)


def _needs(table: Table) -> str:
    return "columns " + ", ".join(column.name for column in table.columns if column.required)


def _clean_table(table: Table, frame: pd.DataFrame, place: _Place) -> tuple[pd.DataFrame, list[Problem]]:
    """Type one table and list its own breaches."""
    problems: list[Problem] = []
    names = [str(name) for name in frame.columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    for name in doubled:
        problems.append(Problem(place.file, 0, name, "", "column stands twice"))
    if doubled:
        return frame.iloc[:0], problems
    missing = [column.name for column in table.columns if column.required and column.name not in names]
    for name in missing:
        problems.append(
            Problem(place.file, 0, name, "", "column is missing", f"has: {', '.join(names) or 'no column'}")
        )
    if not len(frame) and not missing and table.required:
        problems.append(Problem(place.file, 0, "", "", "table is empty", f"needs {_needs(table)}"))
    out: dict[str, pd.Series] = {}
    for column in table.columns:
        if column.name in missing:
            continue
        given = frame[column.name] if column.name in names else pd.Series([_MISSING_TEXT] * len(frame), dtype=object)
        series, found = _clean_column(column, given.reset_index(drop=True), place)
        out[column.name] = series
        problems += found
    for name in names:
        if name not in table.by_name:
            out[name] = frame[name].reset_index(drop=True)
    result = pd.DataFrame(out)
    if "edge_id" in table.key and len(result):
        _number_edges(result)
    problems += _key_problems(table, result, place)
    return result, problems


def _number_edges(edges: pd.DataFrame) -> None:
    """Give every edge without an id its row number."""
    unnamed = edges["edge_id"] == ""
    if unnamed.any():
        numbers = np.char.add("e", (np.arange(len(edges)) + 1).astype(str))
        edges["edge_id"] = edges["edge_id"].where(~unnamed, pd.Series(numbers, dtype=object))


def _clean_column(column: Column, given: pd.Series, place: _Place) -> tuple[pd.Series, list[Problem]]:
    if column.kind in ("number", "integer"):
        return _clean_number(column, given, place)
    text = _as_text(given)
    frame = pd.DataFrame({column.name: text})
    problems: list[Problem] = []
    if column.kind == "flag":
        folded = text.str.casefold()
        bad = ~folded.isin(_TRUE | _FALSE).to_numpy(dtype=bool)
        problems += place.problems(frame, bad, column.name, "is not a flag", "write yes or no")
        text = folded.map(lambda value: "yes" if value in _TRUE else ("no" if value in ("no", "false", "0") else ""))
        return text.astype(object), problems
    if column.required:
        problems += place.problems(frame, (text == "").to_numpy(dtype=bool), column.name, "is empty")
    if column.values:
        bad = ~text.isin([*column.values, ""]).to_numpy(dtype=bool)
        problems += _unknown(place, frame, bad, column.name, "is not allowed", column.values)
    if column.country:
        bad = ~text.isin([*country_codes(), ""]).to_numpy(dtype=bool)
        problems += _unknown(place, frame, bad, column.name, "is not a country or region code", sorted(country_codes()))
    return text, problems


def _unknown(
    place: _Place, frame: pd.DataFrame, bad: np.ndarray, column: str, message: str, known: list[str] | tuple[str, ...]
) -> Iterator[Problem]:
    """One problem a bad cell; the first few different values each with the nearest known one, which is slow to find."""
    hints: dict[str, str] = {}
    for problem in place.problems(frame, bad, column, message):
        if problem.value not in hints and len(hints) < _HINTS:
            hints[problem.value] = nearest(problem.value, known)
        yield Problem(problem.table, problem.line, column, problem.value, message, hints.get(problem.value, ""))


def _as_text(given: pd.Series) -> pd.Series:
    missing = given.isna().to_numpy(dtype=bool)
    if not missing.any() and pd.api.types.infer_dtype(given, skipna=False) == "string":
        return given.astype(object)
    text = pd.Series(given.astype(object).map(_one_text), dtype=object)
    return text.where(~missing, _MISSING_TEXT)


def _one_text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _clean_number(column: Column, given: pd.Series, place: _Place) -> tuple[pd.Series, list[Problem]]:
    frame = pd.DataFrame({column.name: given})
    empty = given.isna().to_numpy(dtype=bool) | (given.astype(object) == "").to_numpy(dtype=bool)
    value = as_numbers(given)
    number = pd.Series(value.copy())
    problems: list[Problem] = []
    problems += place.problems(frame, np.isnan(value) & ~empty, column.name, "is not a number")
    if column.required:
        problems += place.problems(frame, empty, column.name, "is empty", "leave a row out rather than its number")
    problems += place.problems(frame, np.isinf(value), column.name, "is not finite")
    finite = np.isfinite(value)
    low, high = finite & (value < column.minimum), finite & (value > column.maximum)
    problems += place.problems(frame, finite & column.positive & (value <= 0), column.name, "is not above 0")
    problems += place.problems(frame, low, column.name, f"is below {column.minimum:g}")
    problems += place.problems(frame, high, column.name, f"is above {column.maximum:g}")
    if column.kind == "integer":
        problems += place.problems(frame, finite & (value != np.round(value)), column.name, "is not a whole number")
    return number, problems


def as_numbers(given: pd.Series) -> FloatArray:
    """Read cells as float64, nan where a cell is empty or no number.

    Notes
    -----
    Text is rounded correctly, so that what was written by ``repr`` comes back exactly; pandas 2 and 3 differ here.

    Examples
    --------
    >>> as_numbers(pd.Series(["0.1", "", "1_000", 3], dtype=object)).tolist()
    [0.1, nan, nan, 3.0]
    """
    if pd.api.types.is_numeric_dtype(given.dtype):
        return given.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.fromiter(map(_one_number, given), dtype=np.float64, count=len(given))


def _one_number(value: object) -> float:
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _key_problems(table: Table, frame: pd.DataFrame, place: _Place) -> Iterator[Problem]:
    key = [name for name in table.key if name in frame]
    if len(key) < len(table.key) or not len(frame):
        return
    again = frame.duplicated(key, keep="first").to_numpy(dtype=bool)
    if not again.any():
        return
    values = list(zip(*(frame[name].astype(str) for name in key), strict=True))
    first = {value: position for position, value in reversed(list(enumerate(values)))}
    for position in np.flatnonzero(again):
        value = values[position]
        hint = f"first on line {place.line(first[value])}"
        yield Problem(place.file, place.line(int(position)), ", ".join(key), " / ".join(value), "stands twice", hint)


def _reference_problems(
    schema: Mapping[str, Table],
    frames: Mapping[str, pd.DataFrame],
    files: Mapping[str, str],
    lines: Mapping[str, np.ndarray],
) -> Iterator[Problem]:
    """List cells that name a row of another table that does not exist."""
    for name, frame in frames.items():
        place = _Place(files.get(name, name), lines.get(name))
        for column in schema[name].columns:
            other, _, target = column.refers.partition(".")
            if not column.refers or other not in frames or target not in frames[other] or column.name not in frame:
                continue
            known = frames[other][target]
            bad = ~frame[column.name].isin([*known, ""]).to_numpy(dtype=bool)
            yield from _unknown(place, frame, bad, column.name, f"is not in {other}", sorted(map(str, known)))


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
