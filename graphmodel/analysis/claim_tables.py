"""Tables of published statements and of published figures: their columns, and every breach in them at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from graphmodel import datasets
from graphmodel.convert.csvtext import parse
from graphmodel.convert.guard import read_bytes
from graphmodel.errors import Problem, SchemaError, nearest
from graphmodel.schema import EVIDENCE, Column, Table, clean, country_codes

KINDS = ("share", "count", "amount", "date", "membership", "ranking", "target", "other")
RELATIONS = ("about", "at least", "at most", "above", "below", "between")

_EITHER = "material or mineral"

MEASURES: Mapping[str, tuple[str, ...]] = {
    "none": (),
    # of the network
    "share_of_stage": ("stage", "country", _EITHER),
    "control_share": ("stage", "country", "partner", _EITHER),
    "rank_of_stage": ("stage", "country", _EITHER),
    "top_of_stage": ("stage", "country", _EITHER),
    "minerals_led": ("stage", "country"),
    "minerals_made": ("stage", "country"),
    "worst_loss": ("country", "mineral"),
    "reach_loss": ("country", "mineral"),
    "losses_led": ("country",),
    "top_losses": ("country",),
    "largest_source": ("country",),
    "uses_count": ("item",),
    "inputs_count": ("stage",),
    "plants_count": ("stage", "country"),
    "operator_plants": ("item",),
    "contract_links": ("stage", "country"),
    # of alliances, projects and past disruptions
    "membership": ("group", "country"),
    "members_count": ("group",),
    "overlap": ("group",),
    "founded": ("group",),
    "projects_count": ("programme",),
    "shocks_count": ("country",),
    # of published figures alone
    "backing_amount": ("programme", "item"),
    "policy_target": ("country", "item"),
    "reserve_share": ("country", "mineral"),
    "output_growth": ("stage", "country", "mineral"),
    "demand_growth": ("item or mineral",),
    "demand_ratio": ("item",),
    "market_size": ("item",),
    "need_saving": ("item",),
    "investment_saving": ("item",),
    "investment_gain": ("item",),
    "feed_share": ("item",),
    "import_reliance": ("country", "item"),
    "minerals_sourced": ("country", "partner"),
    "revenue_rank": ("country", "item"),
    "revenue_share": ("country", "item"),
    "gdp_share": ("group",),
    "list_size": ("item",),
    "release_days": ("country", "item"),
    "chair_since": ("group", "country"),
    "chair_until": ("group", "country"),
    "project_regions": ("programme",),
}
"""What a claim can be measured by, and the columns each measure needs."""

_ABOUT = (
    Column("mineral", "text", "mineral it is about; several joined by a blank"),
    Column("material", "text", "form it is about; several joined by a blank"),
    Column("stage", "text", "stage it is about"),
    Column("country", "text", "country or region, ISO alpha-3; several joined by a blank"),
    Column("partner", "text", "second country: who controls, sells, uses or is hit", country=True),
    Column("group", "text", "alliance; two joined by a blank where they are compared"),
    Column("programme", "text", "what backs projects"),
    Column("item", "text", "what else it is about: a project, a list, a firm, a sum"),
)
KEYS = tuple(column.name for column in _ABOUT)
"""Columns that say what a claim, or a published figure, is about."""

_SOURCE = (
    Column("reference", "text", "where it comes from: a key of the references", required=True),
    Column("evidence", "text", "grade", values=EVIDENCE),
    Column("note", "text", "how the statement is read, and other remarks"),
)

CLAIMS = Table(
    "claims",
    "Published statements, each with what would measure it.",
    ("claim_id",),
    (
        Column("claim_id", "text", "unique id", required=True),
        Column("statement", "text", "what is said, in one line", required=True),
        Column("kind", "text", "kind of statement", required=True, values=KINDS),
        Column("measure", "text", "what measures it; none where nothing does", required=True, values=tuple(MEASURES)),
        *_ABOUT,
        Column("date", "text", "day it speaks of, YYYY-MM-DD"),
        Column("relation", "text", "how the figure has to stand to the number; about when empty", values=RELATIONS),
        Column("claimed", "number", "the number"),
        Column("claimed_high", "number", "upper end, with between"),
        Column("unit", "text", "unit of the number"),
        Column("year", "integer", "year it speaks of"),
        Column("tolerance", "number", "how far off still agrees, in the unit; 0 when empty", minimum=0),
        *_SOURCE,
    ),
    required=True,
)

VINTAGES = Table(
    "vintages",
    "Published figures of one year each; the same figure of another year or edition is another row.",
    ("measure", *KEYS, "year", "reference"),
    (
        Column("measure", "text", "what it measures", required=True, values=tuple(MEASURES)[1:]),
        *_ABOUT,
        Column("figure", "number", "the figure", required=True),
        Column("unit", "text", "its unit", required=True),
        Column("year", "integer", "year it is of", required=True),
        *_SOURCE,
    ),
)


class Claim(NamedTuple):
    """One row of a table of claims; an unknown number is nan."""

    claim_id: str
    statement: str
    kind: str
    measure: str
    mineral: str
    material: str
    stage: str
    country: str
    partner: str
    group: str
    programme: str
    item: str
    date: str
    relation: str
    claimed: float
    claimed_high: float
    unit: str
    year: float
    tolerance: float
    note: str


def claim_rows(table: pd.DataFrame) -> list[Claim]:
    """Return the rows of a checked table."""
    return [Claim(*row) for row in table[list(Claim._fields)].itertuples(index=False, name=None)]


def read_claims(given: pd.DataFrame | str | os.PathLike[str] | None) -> pd.DataFrame:
    """Return a table of claims, checked: the shipped one, a frame, or a CSV file.

    Raises
    ------
    SchemaError
        With every breach of the table.
    """
    if given is None:
        return _checked(CLAIMS, datasets.table("claims", "claims"), "claims")
    if isinstance(given, pd.DataFrame):
        return _checked(CLAIMS, given, "claims")
    path = Path(given)
    sheet = parse(read_bytes(path), path.name)
    if not sheet.readable:
        raise SchemaError(sheet.problems)
    return _checked(CLAIMS, sheet.frame, path.name, sheet.lines, sheet.problems)


def read_vintages(given: pd.DataFrame | None) -> pd.DataFrame:
    """Return a table of published figures, checked: the shipped one where none is given."""
    return _checked(VINTAGES, datasets.table("claims", "vintages") if given is None else given, "vintages")


def _checked(
    table: Table,
    frame: pd.DataFrame,
    file: str,
    lines: np.ndarray | None = None,
    known: tuple[Problem, ...] = (),
) -> pd.DataFrame:
    """Check a table by its columns and then by what its rows mean, and say all that is wrong together."""
    problems, schema = list(known), {table.name: table}
    at = {} if lines is None else {table.name: lines}
    try:
        typed = clean({table.name: frame}, schema=schema, files={table.name: file}, lines=at)[table.name]
    except SchemaError as error:
        typed, problems = frame, [*problems, *error.problems]
    place = np.arange(1, len(frame) + 1) if lines is None else lines
    problems += _row_problems(table, typed, file, place)
    if problems:
        raise SchemaError(set(problems))
    return typed[list(table.by_name)]


def _row_problems(table: Table, frame: pd.DataFrame, file: str, lines: np.ndarray) -> Iterator[Problem]:
    """List what the columns one by one do not show: codes in lists, columns a measure needs, ranges, dates."""
    columns = [name for name in dict.fromkeys(frame.columns) if name in table.by_name]
    frame = frame.loc[:, ~frame.columns.duplicated()]
    text = frame[columns].astype(object).where(frame[columns].notna(), "").astype(str)
    for line, row in zip(lines.tolist(), text.to_dict("records"), strict=True):
        cells = dict.fromkeys(table.by_name, "") | {str(name): cell.strip() for name, cell in row.items()}
        for code in cells["country"].split():
            if code not in country_codes():
                hint = nearest(code, sorted(country_codes()))
                yield Problem(file, line, "country", code, "is not a country or region code", hint)
        for needed in MEASURES.get(cells["measure"], ()) if table is CLAIMS else ():
            if not any(cells[name] for name in needed.split(" or ")):
                yield Problem(file, line, needed, "", f"is empty; {cells['measure']} needs it")
        if table is CLAIMS and cells["measure"] in MEASURES and cells["measure"] != "none":
            yield from _number_problems(cells, file, line)
        if cells.get("date") and not _is_date(cells["date"]):
            yield Problem(file, line, "date", cells["date"], "is not a date", "write YYYY-MM-DD")


def _number_problems(cells: Mapping[str, str], file: str, line: int) -> Iterator[Problem]:
    if not cells["claimed"]:
        yield Problem(file, line, "claimed", "", "is empty", "a claim that is measured needs a number")
    if cells["relation"] == "between" and not cells["claimed_high"]:
        yield Problem(file, line, "claimed_high", "", "is empty", "between needs both ends")
    low, high = (_number(cells[name]) for name in ("claimed", "claimed_high"))
    if high < low:
        yield Problem(file, line, "claimed_high", cells["claimed_high"], "is below claimed")


def _number(cell: str) -> float:
    return float(pd.to_numeric(pd.Series([cell]), errors="coerce").iloc[0])


def _is_date(cell: str) -> bool:
    try:
        return date.fromisoformat(cell).isoformat() == cell
    except ValueError:
        return False
