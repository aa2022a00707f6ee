"""The hand-kept source tables: what they hold, and how they are read and checked.

A chain is a folder of these tables; a package is the concatenation of its chains, so that the next
chain is data and not code. `SOURCES` says what each table means; `docs/data-sources.md` is made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from graphmodel.convert.csvtext import parse
from graphmodel.convert.guard import read_bytes
from graphmodel.errors import DataPackageError, Problem, SchemaError, nearest
from graphmodel.schema import EVIDENCE, HOLDERS, ROLES, Column, Table, clean

SIZED_BY = ("control", "need", "input")
SIDES_OF_THE_WORLD = ("pacific", "indian", "atlantic")
SHARE = "share"
MOST_DAYS = 2000
"""Days of use above which a stock must be a slip."""

_STAGE = Column("stage", "text", "stage of the value chain", required=True, refers="stages.stage")
_MATERIAL = Column("material", "text", "form that flows", required=True, refers="materials.material")
_COUNTRY = Column("country", "text", "ISO alpha-3 or region code", required=True, country=True)
_BASIN = Column("basin", "text", "sea", required=True, refers="basins.basin")
_YEAR = Column("year", "integer", "year the number is for", minimum=1900, maximum=2100)
_NOTE = Column("note", "text", "remark")
_GRADE = (
    Column("reference", "text", "key of the references table", required=True, refers="references.reference"),
    Column("evidence", "text", "grade of the number", required=True, values=EVIDENCE),
    _NOTE,
)


def _amount(
    name: str, description: str, *, required: bool = False, positive: bool = False, maximum: float = np.inf
) -> Column:
    return Column(name, "number", description, required=required, positive=positive, minimum=0, maximum=maximum)


SOURCES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "references",
            "Publications every row points to.",
            ("reference",),
            (
                Column("reference", "text", "short key", required=True),
                Column("citation", "text", "author or publisher, title, year", required=True),
                Column("url", "text", "where it can be found"),
                _YEAR,
                Column("licence", "text", "terms of use"),
                _NOTE,
            ),
            required=True,
        ),
        Table(
            "stages",
            "Stages in the order material passes through them.",
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
            "materials",
            "Forms that flow; how the size of each is known.",
            ("material",),
            (
                Column("material", "text", "unique id", required=True),
                Column("label", "text", "name to print"),
                Column("form", "text", "chemical or trade form"),
                Column("mineral", "text", "element or product family", required=True),
                Column("unit", "text", "unit of its quantities", required=True),
                Column("stage", "text", "stage that makes it", required=True, refers="stages.stage"),
                Column("traded", "flag", "crosses borders"),
                Column("sized_by", "text", "what its tonnage follows from", required=True, values=SIZED_BY),
                Column("fitted", "flag", "supply or need was chosen with the other in view: its residual says nothing"),
                *_GRADE,
            ),
            required=True,
        ),
        Table(
            "composition",
            "Tonnes of element in one unit of a product.",
            ("material", "mineral"),
            (
                _MATERIAL,
                Column("mineral", "text", "element", required=True),
                _amount("amount", "t of element per unit", required=True),
                _amount("low", "low value"),
                _amount("high", "high value"),
                *_GRADE,
            ),
        ),
        Table(
            "recipes",
            "Input per unit of output, yield included; inputs of one group replace one another.",
            ("stage", "output", "input"),
            (
                _STAGE,
                Column("output", "text", "material made", required=True, refers="materials.material"),
                Column("input", "text", "material used", required=True, refers="materials.material"),
                _amount("amount", "units of input per unit of output", required=True, positive=True),
                Column("group", "text", "inputs that can replace one another"),
                Column("essential", "flag", "output stops without it"),
                *_GRADE,
            ),
            required=True,
        ),
        Table(
            "controls",
            "Country totals, or country shares of a total that the next stage decides.",
            ("stage", "mineral", "material", "country", "role", "reference", "year"),
            (
                _STAGE,
                Column("mineral", "text", "element or product family", required=True),
                Column(
                    "material", "text", "one form; all of stage and mineral when empty", refers="materials.material"
                ),
                _COUNTRY,
                _YEAR,
                _amount("quantity", "total a year, or share", required=True),
                Column("unit", "text", "unit, or share", required=True),
                Column(
                    "role",
                    "text",
                    "control decides; bound is another source",
                    required=True,
                    values=("control", "bound"),
                ),
                *_GRADE,
            ),
            required=True,
        ),
        Table(
            "mix",
            "How a total over several forms splits, or what a product takes of inputs that replace one another "
            "(its name then stands in `mineral`); country WLD is the default.",
            ("stage", "mineral", "country", "material"),
            (
                _STAGE,
                Column("mineral", "text", "element or family split, or the product that takes", required=True),
                _COUNTRY,
                _MATERIAL,
                _amount("share", "share of the total", required=True, maximum=1),
                *_GRADE,
            ),
        ),
        Table(
            "plants",
            "Named facilities, one row a site.",
            ("node_id",),
            (
                Column("node_id", "text", "unique id", required=True),
                Column("name", "text", "name to print", required=True),
                Column("operator", "text", "who runs it"),
                _STAGE,
                _COUNTRY,
                Column("control", "text", "home of the controlling owner", country=True),
                Column("cluster", "flag", "joins several sites"),
                Column("status", "text", "state in the base year"),
                Column("start_year", "integer", "first year of output"),
                Column("lat", "number", "latitude", minimum=-90, maximum=90),
                Column("lon", "number", "longitude", minimum=-180, maximum=180),
                *_GRADE,
            ),
            required=True,
        ),
        Table(
            "plant_outputs",
            "What each facility makes: nameplate and output of the base year.",
            ("node_id", "material"),
            (
                Column("node_id", "text", "facility", required=True, refers="plants.node_id"),
                _MATERIAL,
                _amount("capacity", "nameplate a year"),
                _amount("output", "output of the base year"),
                Column("unit", "text", "unit of both", required=True),
                _YEAR,
                *_GRADE,
            ),
            required=True,
        ),
        Table(
            "owners",
            "Equity shares.",
            ("node_id", "owner"),
            (
                Column("node_id", "text", "facility", required=True, refers="plants.node_id"),
                Column("owner", "text", "shareholder", required=True),
                Column("owner_country", "text", "home of the shareholder", country=True),
                _amount("share", "equity share", required=True, maximum=1),
                *_GRADE,
            ),
        ),
        Table(
            "trade",
            "What countries ship to one another; a prior, not a total.",
            ("material", "exporter", "importer", "reference"),
            (
                _MATERIAL,
                Column("exporter", "text", "ISO alpha-3 or region code", required=True, country=True),
                Column("importer", "text", "ISO alpha-3 or region code", required=True, country=True),
                _amount("quantity", "flow a year in the material's unit", required=True),
                Column("unit", "text", "unit", required=True),
                _YEAR,
                *_GRADE,
            ),
        ),
        Table(
            "contracts",
            "What plants ship to one another by contract, ownership or report.",
            ("source", "target", "material"),
            (
                Column("source", "text", "supplier", required=True, refers="plants.node_id"),
                Column("target", "text", "buyer", required=True, refers="plants.node_id"),
                _MATERIAL,
                _amount("quantity", "flow a year in the material's unit", required=True),
                Column("unit", "text", "unit"),
                Column("basis", "text", "contract or reported", required=True, values=("contract", "reported")),
                *_GRADE,
            ),
        ),
        Table(
            "coproducts",
            "Outputs that come from one process.",
            ("stage", "country", "host", "companion"),
            (
                _STAGE,
                Column("country", "text", "country it holds for; all when empty", country=True),
                Column(
                    "host", "text", "material that pays for the process", required=True, refers="materials.material"
                ),
                Column("companion", "text", "material that comes with it", required=True, refers="materials.material"),
                _amount("ratio", "companion per unit of host"),
                _amount("rigid", "share that needs the host", maximum=1),
                *_GRADE,
            ),
        ),
        Table(
            "utilisation",
            "Share of its capacity a stage runs at, for those without a nameplate. A row for the form goes before one "
            "for its whole mineral, then one for the country before one for all others.",
            ("stage", "mineral", "material", "country"),
            (
                _STAGE,
                Column("mineral", "text", "element or product family", required=True),
                Column(
                    "material", "text", "one form; all of stage and mineral when empty", refers="materials.material"
                ),
                Column("country", "text", "country it holds for; all others when empty", country=True),
                _YEAR,
                Column(
                    "utilisation", "number", "output over capacity", required=True, positive=True, minimum=0, maximum=1
                ),
                *_GRADE,
            ),
        ),
        Table(
            "stocks",
            "Inputs held by those who use them, and public reserves; where several rows fit, the most special counts.",
            ("holder", "country", "stage", "node_id", "material"),
            (
                Column("holder", "text", "who holds it", required=True, values=HOLDERS),
                Column("country", "text", "where it is held; everywhere when empty", country=True),
                Column("stage", "text", "stage of the users; all when empty", refers="stages.stage"),
                Column("node_id", "text", "one user; all when empty", refers="plants.node_id"),
                Column("material", "text", "input held; every input when empty", refers="materials.material"),
                _amount("days", "days of use held", maximum=MOST_DAYS),
                _amount("quantity", "held, instead of days, in the unit of the material"),
                _amount("release", "public: share that may leave in a week; all of it when empty", maximum=1),
                _amount("trigger", "public: shortage above which it is released; any when empty", maximum=1),
                _YEAR,
                *_GRADE,
            ),
        ),
        Table(
            "basins",
            "Seas that ports lie on.",
            ("basin",),
            (
                Column("basin", "text", "sea", required=True),
                Column("side", "text", "side of the world it lies on", required=True, values=SIDES_OF_THE_WORLD),
                *_GRADE,
            ),
        ),
        Table(
            "outlets",
            "Seas a country ships by; shares of one country and side sum to one.",
            ("country", "facing", "basin", "corridor"),
            (
                _COUNTRY,
                Column(
                    "facing",
                    "text",
                    "side of the world the other country lies on; all that have no row of their own when empty",
                    values=SIDES_OF_THE_WORLD,
                ),
                _BASIN,
                Column("corridor", "text", "corridor to the port, if any"),
                _amount("share", "part of what it ships", required=True, maximum=1),
                *_GRADE,
            ),
        ),
        Table(
            "passages",
            "Corridors between two seas, both ways; those of one leg replace one another.",
            ("basin", "other", "corridor"),
            (
                _BASIN,
                Column("other", "text", "sea at the other end", required=True, refers="basins.basin"),
                Column("corridor", "text", "strait, canal or cape", required=True),
                Column("leg", "text", "part of the way; shares of one leg sum to at most one", required=True),
                _amount("share", "part of what goes between the two that passes", required=True, maximum=1),
                *_GRADE,
            ),
        ),
        Table(
            "overland",
            "What two countries send one another by land, both ways; the rest goes by sea.",
            ("country", "other", "corridor"),
            (
                _COUNTRY,
                Column("other", "text", "country at the other end, ISO alpha-3", required=True, country=True),
                Column("corridor", "text", "railway or border, if it counts as a corridor"),
                _amount("share", "part of what goes between the two", required=True, maximum=1),
                *_GRADE,
            ),
        ),
    )
}


@dataclass(frozen=True)
class Sources:
    """All source tables of a package, each the concatenation of its chains."""

    tables: Mapping[str, pd.DataFrame]
    origin: Mapping[str, tuple[np.ndarray, np.ndarray]]
    """File and line of every row, by table."""

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    @cached_property
    def keyed(self) -> Mapping[str, pd.DataFrame]:
        """Every table under its key."""
        return {name: table.set_index(list(SOURCES[name].key)) for name, table in self.tables.items()}

    @cached_property
    def stated(self) -> frozenset[str]:
        """Materials with plants, totals or a split of their own."""
        return frozenset().union(*(self[name]["material"] for name in ("plant_outputs", "controls", "mix")))

    def mix(self, stage: str, what: str, *countries: str) -> dict[str, float]:
        """Return the split of a total, or of what a product takes, for the first country that has one."""
        for country in (*countries, "WLD"):
            if found := self._mixes.get((stage, what, country)):
                return found
        return {}

    @cached_property
    def _mixes(self) -> dict[tuple[str, str, str], dict[str, float]]:
        shares = self["mix"].set_index("material")
        mixes = {}
        for (stage, what, country), rows in shares.groupby(["stage", "mineral", "country"], sort=True):
            split = rows["share"] / rows["share"].sum()
            mixes[str(stage), str(what), str(country)] = {str(m): float(share) for m, share in split.items()}
        return mixes

    def problem(self, table: str, position: int, column: str, message: str, hint: str = "") -> Problem:
        """Describe what is wrong with one row, by its file and line."""
        files, lines = self.origin[table]
        value = str(self.tables[table][column].iloc[position]) if column else ""
        return Problem(str(files[position]), int(lines[position]), column, value, message, hint)


def read_sources(folder: Path) -> Sources:
    """Read every chain folder below ``folder`` and check each table.

    Raises
    ------
    DataPackageError
        If there is no source table at all.
    SchemaError
        With every breach in every file.
    """
    paths = sorted(folder.rglob("*.csv"))
    if not paths:
        raise DataPackageError(f"{folder} holds no source tables; needs {', '.join(SOURCES)} as CSV")
    parts: dict[str, list[pd.DataFrame]] = {}
    origins: dict[str, list[tuple[str, np.ndarray]]] = {}
    problems: list[Problem] = []
    for path in paths:
        file, name = str(path.relative_to(folder)), path.stem
        sheet = parse(read_bytes(path), file)
        problems += sheet.problems
        if name not in SOURCES:
            problems.append(Problem(file, 0, "", name, "unknown table", nearest(name, SOURCES)))
            continue
        problems += _unknown_columns(sheet.frame, SOURCES[name], file)
        parts.setdefault(name, []).append(sheet.frame.assign(chain=path.parent.name))
        origins.setdefault(name, []).append((file, sheet.lines))
    if problems:
        raise SchemaError(problems)
    origin = {
        name: (
            np.concatenate([np.repeat(file, len(line)) for file, line in rows]),
            np.concatenate([line for _, line in rows]),
        )
        for name, rows in origins.items()
    }
    joined = {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}
    if "references" in joined:
        joined["references"], origin["references"] = _same_citation_once(joined["references"], origin["references"])
    tables = _clean_by_file(joined, origin)
    sources = Sources(tables, origin)
    return sources


def _unknown_columns(frame: pd.DataFrame, table: Table, file: str) -> Iterator[Problem]:
    for name in frame.columns:
        if name not in table.by_name:
            yield Problem(file, 1, str(name), "", "unknown column", nearest(str(name), table.by_name))


def _same_citation_once(
    references: pd.DataFrame, origin: tuple[np.ndarray, np.ndarray]
) -> tuple[pd.DataFrame, tuple[np.ndarray, np.ndarray]]:
    """Chains may cite the same publication; keep the first of equal keys."""
    keep = ~references["reference"].duplicated().to_numpy()
    return references[keep].reset_index(drop=True), (origin[0][keep], origin[1][keep])


def _clean_by_file(
    joined: Mapping[str, pd.DataFrame], origin: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> dict[str, pd.DataFrame]:
    """Check the joined tables; name the file and line each problem stands in."""
    try:
        cleaned = clean(joined, schema=SOURCES)
    except SchemaError as error:
        raise SchemaError(_placed(problem, origin) for problem in error.problems) from None
    empty = {name: pd.DataFrame(columns=[c.name for c in table.columns]) for name, table in SOURCES.items()}
    missing = {name: empty[name] for name in SOURCES if name not in cleaned}
    return {**clean({**joined, **missing}, schema=SOURCES)} if missing else cleaned


def _placed(problem: Problem, origin: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Problem:
    if problem.line == 0 or problem.table not in origin:
        return problem
    files, lines = origin[problem.table]
    row = problem.line - 1
    hint = problem.hint
    if hint.startswith("first on line "):
        first = int(hint.removeprefix("first on line ")) - 1
        hint = f"first in {files[first]} line {lines[first]}"
    return Problem(str(files[row]), int(lines[row]), problem.column, problem.value, problem.message, hint)
