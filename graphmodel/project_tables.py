"""The tables of projects, their backers and programmes: columns, allowed values, and what rows say of one another."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from graphmodel import datasets
from graphmodel.checks import COLUMNS, Finding
from graphmodel.convert.cells import inferred, typed
from graphmodel.convert.csvtext import parse
from graphmodel.convert.folder import read_table
from graphmodel.convert.guard import read_bytes
from graphmodel.datasets import GIVEN, MONEY
from graphmodel.errors import Problem, SchemaError, listed, nearest
from graphmodel.network import Network
from graphmodel.schema import Column, Table, clean, country_codes

STATUSES = (
    "operating", "ramp-up", "construction", "financed", "development", "announced", "suspended", "cancelled",
    "unidentified",
)  # fmt: skip
"""How far a project is."""

INSTRUMENTS = (
    *MONEY, "designation", "letter of interest", "offtake", "political support", "price floor", "stockpile purchase",
    "unknown",
)  # fmt: skip
"""What backers give."""

_GRADE = (
    Column("reference", "text", "where the row comes from", refers="references.reference"),
    Column("evidence", "text", "grade", values=("measured", "reported", "derived", "assumed")),
)
_NOTE = Column("note", "text", "remark")

PROJECTS: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "projects",
            "One row for each product of a site; nothing of a programme stands here.",
            ("project_id",),
            (
                Column("project_id", "text", "unique id", required=True),
                Column("name", "text", "name to print"),
                Column("site", "text", "site it belongs to; rows of one site are one project; itself when empty"),
                Column("owner", "text", "owner or developer"),
                Column("country", "text", "where it stands, ISO alpha-3", country=True),
                Column("control", "text", "home of the controlling owner, ISO alpha-3", country=True),
                Column("mineral", "text", "minerals it is for, joined by ;"),
                Column("stage", "text", "stage at which it enters the network"),
                Column("stages", "text", "all its stages, joined by ;"),
                Column("material", "text", "form it makes"),
                Column("capacity", "number", "a year, in the unit of the material; empty is unknown", positive=True),
                Column("capacity_unit", "text", "unit of the capacity"),
                Column("capacity_stated", "text", "as the source prints it"),
                Column("node_id", "text", "the plant in the network, if it is there"),
                Column("adds_capacity", "flag", "adds to what runs in the base year (yes when empty)"),
                Column("start_year", "integer", "first year of output"),
                Column("status", "text", "how far it is", values=STATUSES),
                Column("feed", "text", "what it needs"),
                Column("buys_from", "text", "countries or plants it buys from, joined by ;"),
                Column("sells_to", "text", "countries it sells to, joined by ;, all when empty"),
                Column("offtaker", "text", "buyers named"),
                Column("cost", "number", "money it takes, all rows in one currency and year", minimum=0),
                _NOTE,
                *_GRADE,
            ),
        ),
        Table(
            "backing",
            "Who backs a project, how and with how much; amounts in whole units of the currency.",
            ("project_id", "programme", "instrument", "amount", "announced"),
            (
                Column("project_id", "text", "project backed", required=True, refers="projects.project_id"),
                Column("programme", "text", "programme or agency", required=True, refers="programmes.programme"),
                Column("sponsor", "text", "its home: ISO alpha-3, EU, or a bank of many states", required=True),
                Column("instrument", "text", "what is given", required=True, values=INSTRUMENTS),
                Column("amount", "number", "face value; empty is unknown", positive=True),
                Column("currency", "text", "ISO 4217"),
                Column("announced", "text", "2025, 2025-03 or 2025-03-25"),
                Column(
                    "status",
                    "text",
                    "how far it is",
                    required=True,
                    values=("announced", *GIVEN, "withdrawn", "unknown"),
                ),
                _NOTE,
                *_GRADE,
            ),
        ),
        Table(
            "programmes",
            "When each programme or agency began.",
            ("programme",),
            (
                Column("programme", "text", "as in backing", required=True),
                Column("sponsor", "text", "its home, joined by ;"),
                Column("start_date", "text", "2025, 2025-03 or 2025-03-25; empty is unknown"),
                Column("until", "text", "last day, if it ended"),
                _NOTE,
                *_GRADE,
            ),
        ),
        Table(
            "exchange_rates",
            "What one unit of a currency was worth, mean of the year.",
            ("currency", "year"),
            (
                Column("currency", "text", "ISO 4217", required=True),
                Column("year", "integer", "year", required=True),
                Column("usd", "number", "US dollars for one unit", required=True, positive=True),
                _NOTE,
                *_GRADE,
            ),
        ),
        Table(
            "same_money",
            "Backings whose money another row states already; they are not added.",
            ("project_id", "programme", "instrument", "amount"),
            (
                Column("project_id", "text", "as in backing", required=True, refers="projects.project_id"),
                Column("programme", "text", "as in backing", required=True, refers="programmes.programme"),
                Column("instrument", "text", "as in backing", required=True, values=INSTRUMENTS),
                Column("amount", "number", "as in backing", positive=True),
                Column("stated_by", "text", "programme of the row that counts", required=True),
                _NOTE,
                *_GRADE,
            ),
        ),
        Table(
            "totals",
            "How many projects a programme says it has.",
            ("programme", "as_of", "kind", "value"),
            (
                Column("programme", "text", "as in backing", required=True, refers="programmes.programme"),
                Column("as_of", "text", "day of the count", required=True),
                Column("kind", "text", "what is counted", required=True, values=("all", "stage", "mineral")),
                Column("value", "text", "the stage or mineral"),
                Column("projects", "integer", "number", required=True, minimum=0),
                _NOTE,
                *_GRADE,
            ),
        ),
        Table(
            "references",
            "Where rows come from.",
            ("reference",),
            (
                Column("reference", "text", "key", required=True),
                Column("citation", "text", "who says it, where and when", required=True),
                Column("url", "text", "page"),
                Column("year", "integer", "year of the page"),
                Column("licence", "text", "terms"),
                _NOTE,
            ),
        ),
    )
}

ENTERING = ("project_id", "name", "country", "stage", "material", "capacity")
"""Columns without which a project cannot enter a network."""

DEFAULT = "minerals-2024"
"""The data set whose stages and materials the listed projects use."""

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def read_projects(path: str | os.PathLike[str], network: Network | None = None) -> pd.DataFrame:
    r"""Read projects of your own from a CSV file and check them.

    Parameters
    ----------
    path : path
        Columns as in ``gm.table("projects", "projects")``; `graphmodel.project_tables.ENTERING` must be there.
    network : Network, optional
        Says which stages and materials there are, beside those of the shipped network.

    Returns
    -------
    DataFrame
        The columns of the file, typed; unknown text is "", an unknown number nan.

    Raises
    ------
    SchemaError
        With everything that is wrong: file, line, column, value and the nearest valid one; see `check_projects`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import graphmodel as gm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "mine.csv")
    ...     _ = file.write_text("project_id,name,country,stage,material,capacity\nb,B,USA,refining,lithium-salt,5\n")
    ...     gm.read_projects(file, gm.load("toy-battery"))["capacity"].tolist()
    [5.0]
    """
    file = Path(path)
    sheet = parse(read_bytes(file), file.name)
    kinds = {str(name): inferred(sheet.frame[name]) for name in sheet.frame if name not in PROJECTS["projects"].by_name}
    frame, problems = typed(sheet.frame, kinds, file.name, sheet.lines)
    problems += sheet.problems
    if not sheet.readable:
        raise SchemaError(problems)
    return checked_projects(frame, network, needs=ENTERING, file=file.name, lines=sheet.lines, problems=problems)


def check_projects(projects: pd.DataFrame, network: Network | None = None) -> pd.DataFrame:
    """Refuse a table of projects that is wrong, and list what looks odd in it.

    Parameters
    ----------
    projects : DataFrame
        As `worth` and the other analyses of projects take it; they refuse the same.
    network : Network, optional
        Says which stages and materials there are, beside those of the shipped network.

    Returns
    -------
    DataFrame
        As `check`: ``check``, ``table``, ``row``, ``value``, ``message``. ``no_capacity``: the project is left out
        wherever capacity counts. ``early_start``: it started before any of its programmes began, so it may run without
        them.

    Raises
    ------
    SchemaError
        With everything that is wrong: an id that stands twice, two rows for one plant (the same node and material, or
        the same site, country and material), a stage, material, status or country that does not exist (with the
        nearest that does), a capacity that is not above 0, a cost below 0.

    Examples
    --------
    >>> import graphmodel as gm
    >>> found = gm.check_projects(gm.projects("MSP"), gm.load("minerals-2024"))
    >>> set(found["check"]) <= {"no_capacity", "early_start"}
    True
    """
    return findings(checked_projects(projects, network, needs=ENTERING))


def checked_projects(
    projects: pd.DataFrame,
    network: Network | None = None,
    *,
    needs: Collection[str] = (),
    file: str = "projects",
    lines: np.ndarray | None = None,
    problems: Collection[Problem] = (),
    named: bool = False,
) -> pd.DataFrame:
    """Return the columns of a table of projects typed, or raise with all that is wrong, ``problems`` among it.

    ``named`` lets a row have a material that nobody knows if it says its ``mineral``.
    """
    found = list(problems)
    missing = [name for name in needs if name not in projects and name != "project_id"]
    has = ", ".join(map(str, projects.columns))
    found += [Problem(file, 0, name, "", "column is missing", f"has: {has}") for name in missing]
    rows = _Rows(projects, file, lines)
    found += [problem for rule in (_twins, _traders) for problem in rule(rows)]
    found += _unknown(rows, network, named)
    schema, places = {"projects": PROJECTS["projects"]}, {"projects": lines} if lines is not None else None
    try:
        table = clean({"projects": projects}, schema=schema, files={"projects": file}, lines=places)["projects"]
    except SchemaError as error:
        raise SchemaError([*found, *error.problems]) from None
    if found:
        raise SchemaError(found)
    return table[list(projects.columns)]


class _Rows:
    """The text of a table of projects, and where each row stands."""

    def __init__(self, table: pd.DataFrame, file: str, lines: np.ndarray | None) -> None:
        self.file, self.lines, self.table = file, lines, table

    def text(self, column: str) -> list[str]:
        """Return the cells of a column, "" where there is none."""
        if column not in self.table:
            return [""] * len(self.table)
        return list(self.table[column].astype(object).fillna("").astype(str))

    def line(self, row: int) -> int:
        return row + 1 if self.lines is None else int(self.lines[row])

    def problem(self, row: int, column: str, message: str, hint: str = "") -> Problem:
        return Problem(self.file, self.line(row), column, self.text(column)[row], message, hint)


def _twins(rows: _Rows) -> Iterator[Problem]:
    """Two rows for one plant: what it makes would be counted twice."""
    said: set[int] = set()
    for column, others in (("node_id", ("material",)), ("site", ("material", "country"))):
        first: dict[tuple[str, ...], int] = {}
        for row, key in enumerate(zip(*map(rows.text, (column, *others)), strict=True)):
            if key[0] and key[1] and first.setdefault(key, row) != row and row not in said:
                said.add(row)
                hint = f"first on line {rows.line(first[key])}; join the two, or give each its own {column}"
                yield rows.problem(row, column, f"has a second row for {key[1]}", hint)


def _traders(rows: _Rows) -> Iterator[Problem]:
    """A country that does not exist among those bought from or sold to; ids of plants are in lower case."""
    for column in ("buys_from", "sells_to"):
        for row, cell in enumerate(rows.text(column)):
            for word in filter(None, map(str.strip, cell.split(";"))):
                if word != word.lower() and word not in country_codes():
                    hint = nearest(word, sorted(country_codes()))
                    yield Problem(rows.file, rows.line(row), column, word, "is not a country or region code", hint)


def _unknown(rows: _Rows, network: Network | None, named: bool) -> Iterator[Problem]:
    """A stage or material that neither the network nor the shipped one has; or no stage for a material."""
    mineral = rows.text("mineral")
    for column, table in (("stage", "stages"), ("material", "materials")):
        known = set(_shipped(table)) | (set() if network is None else set(network.table(table)[column]))
        nearby = sorted(known if network is None else network.table(table)[column])
        for row, word in enumerate(rows.text(column)):
            if word and word not in known and not (named and column == "material" and mineral[row]):
                yield rows.problem(row, column, f"is not in {table}", nearest(word, nearby))
            elif not word and column == "stage" and column in rows.table and rows.text("material")[row]:
                yield rows.problem(row, column, "is empty", "name the stage at which the material is made")


@cache
def _shipped(table: str) -> tuple[str, ...]:
    """Name the stages or materials of the network that the listed projects belong to."""
    return tuple(datasets.table(DEFAULT, table).iloc[:, 0])


def findings(projects: pd.DataFrame) -> pd.DataFrame:
    """List what looks odd in a checked table of projects."""
    return pd.DataFrame([found for rule in FINDINGS for found in rule(projects)], columns=list(COLUMNS))


def no_capacity(projects: pd.DataFrame) -> list[Finding]:
    """Projects without a capacity."""
    rows = projects[projects["capacity"].isna()] if "capacity" in projects else projects.head(0)
    message = "states no capacity, and is left out where capacity counts"
    return [("no_capacity", "projects", str(one), "", message) for one in rows["project_id"]]


def early_start(projects: pd.DataFrame) -> list[Finding]:
    """Projects that started before any of the programmes named in ``programmes`` began."""
    if not {"programmes", "start_year"} <= {*projects}:
        return []
    start = _starts(datasets.table("projects", "programmes"))
    found: list[Finding] = []
    for row in projects.dropna(subset=["start_year"]).itertuples():
        began = {name: start[name] for name in str(row.programmes).split("; ") if name in start}
        if began and all(row.start_year < int(date[:4]) for date in began.values()):
            said = f"started before its programmes began: {listed([f'{one} {date}' for one, date in began.items()])}"
            found.append(("early_start", "projects", str(row.project_id), f"{row.start_year:.0f}", said))
    return found


FINDINGS: tuple[Callable[[pd.DataFrame], list[Finding]], ...] = (no_capacity, early_start)
"""Every rule; each takes a checked table of projects and returns its findings."""


def _starts(programmes: pd.DataFrame) -> dict[str, str]:
    """Return the start of each programme that has one."""
    return {str(row.programme): str(row.start_date) for row in programmes.itertuples() if row.start_date}


def folder_problems(folder: Path) -> tuple[Problem, ...]:
    """List everything wrong in a folder of project tables (``projects.csv``, ``backing.csv`` …), by file and line."""
    problems: list[Problem] = []
    frames, lines = {}, {}
    for path in sorted(folder.glob("*.csv")):
        sheet = parse(read_bytes(path), path.name)
        problems += sheet.problems
        if sheet.readable:
            frames[path.stem], lines[path.stem] = sheet.frame, sheet.lines
    try:
        clean(frames, schema=PROJECTS, files={name: f"{name}.csv" for name in PROJECTS}, lines=lines)
    except SchemaError as error:
        problems += error.problems
    rows = {name: _Rows(frame, f"{name}.csv", lines[name]) for name, frame in frames.items()}
    if "projects" in rows:
        problems += [*_twins(rows["projects"]), *_traders(rows["projects"]), *_unknown(rows["projects"], None, False)]
    problems += _dates(rows)
    return tuple(sorted(problems))


def folder_findings(folder: Path) -> pd.DataFrame:
    """List what looks odd in a folder of project tables that has no problem."""
    projects = checked_projects(read_table(folder, "projects"))
    if (folder / "backing.csv").exists():
        projects, _ = datasets.with_backers(projects, read_table(folder, "backing"))
    return findings(projects)


def _dates(rows: Mapping[str, _Rows]) -> Iterator[Problem]:
    """What is no date, and what was announced before its programme began."""
    for table, column in (("backing", "announced"), ("programmes", "start_date"), ("programmes", "until")):
        for row, date in enumerate(rows[table].text(column) if table in rows else []):
            if date and not _DATE.fullmatch(date):
                yield rows[table].problem(row, column, "is not a date", "write 2025, 2025-03 or 2025-03-25")
    if not {"backing", "programmes"} <= rows.keys():
        return
    start = dict(zip(rows["programmes"].text("programme"), rows["programmes"].text("start_date"), strict=True))
    for row, programme in enumerate(rows["backing"].text("programme")):
        announced, began = rows["backing"].text("announced")[row], start.get(programme, "")
        shorter = min(len(announced), len(began))  # a year is held against a year, a month against a month
        if announced[:shorter] < began[:shorter]:
            yield rows["backing"].problem(row, "announced", f"is before {programme} began", f"on {began}")
