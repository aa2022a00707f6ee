"""Data sets that ship with the package or with others, past disruptions among them, and networks read from a path."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from graphmodel import _shipped, plugins
from graphmodel.convert import descriptor as descriptors
from graphmodel.convert.files import read
from graphmodel.convert.folder import extra_tables, read_folder, read_table
from graphmodel.errors import DataPackageError, EmptySelectionError, UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.scenario import Scenario, read_where


def available() -> pd.DataFrame:
    """List the data sets that ship with the package, then those that other installed packages add.

    Returns
    -------
    DataFrame
        ``name``, ``title``, ``year``, ``nodes``, ``edges`` (rows), ``licence``, ``size_mb``, ``path``.

    Notes
    -----
    A package adds data sets by entry points of the group ``graphmodel.datasets``: a name, and an object that is the
    path of a folder with ``datapackage.json``. One that cannot be used is left out with a `PluginWarning`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> gm.available().set_index("name").loc["toy-battery", ["nodes", "edges"]].tolist()
    [7, 8]
    """
    columns = ["name", "title", "year", "nodes", "edges", "licence", "size_mb", "path"]
    folders = {**_folders(), **_added()}
    return pd.DataFrame([_row(name, folder) for name, folder in folders.items()], columns=columns)


def load(name_or_path: str | os.PathLike[str]) -> Network:
    """Load a data set by name, or a network of your own from a path.

    Parameters
    ----------
    name_or_path : str or path
        A name listed by `available`, or a path that `read` takes: a folder of CSV files, a ``.graphml`` …

    Raises
    ------
    UnknownNameError
        If it is neither.

    Examples
    --------
    >>> import graphmodel as gm
    >>> gm.load("toy-battery").n_nodes
    7
    """
    folder = _named(name_or_path)
    if folder is not None:
        return read_folder(folder)
    if Path(name_or_path).exists():
        return read(name_or_path)
    raise _unknown(name_or_path)


def table(name: str | os.PathLike[str], resource: str) -> pd.DataFrame:
    """Read one table of a data set, or of a folder of your own, such as ``references`` or ``closure``.

    Examples
    --------
    >>> import graphmodel as gm
    >>> gm.table("toy-battery", "references")["reference"].tolist()
    ['toy']
    """
    return read_table(_folder(name), resource)


SPONSORS = {
    "EU": "EU", "US": "USA", "JP": "JPN", "KR": "KOR", "AU": "AUS", "CA": "CAN", "UK": "GBR", "DE": "DEU", "WBG": "WBG",
}  # fmt: skip
"""Short names of those who back projects."""


PROGRAMMES = ("MSP", "EU", "US", "JP", "KR", "AU", "CA")
"""Whose projects are compared unless told otherwise."""

MONEY = ("grant", "loan", "loan guarantee", "equity", "tax credit")
"""Instruments that are money, each at its face value; purchases, prices, letters and titles are none."""

GIVEN = ("committed", "disbursed")
"""What the status of a backing says where the money is promised in a contract, or paid."""


def projects(programme: str | None = None) -> pd.DataFrame:
    """List alliance-backed projects, one row for each product of a site.

    Parameters
    ----------
    programme : str, optional
        Only those backed by this programme (``MSP``, ``US DPA Title III`` …) or sponsor (``EU``, ``US``, ``JP``,
        ``KR``, ``AU``, ``CA``, ``UK`` …).

    Returns
    -------
    DataFrame
        The columns of ``gm.table("projects", "projects")``, with ``site`` filled in, and from
        ``gm.table("projects", "backing")``, the same on all rows of a site, ``programmes`` and ``sponsors`` (joined by
        "; "), ``public_usd`` (money committed or paid by all its backers, in dollars of the year it was announced; nan
        where no such amount is known), ``announced_usd`` (announced only, or of unknown fate) and ``unknown_amounts``
        (backings with money whose amount in dollars is not known, so that the sums are too low).

    Raises
    ------
    UnknownNameError
        If nobody of that name backs anything, with the nearest that does.

    Notes
    -----
    Instruments in `graphmodel.datasets.MONEY` count at face value: a guaranteed or repaid dollar as much as one given.
    Offtakes, price floors, stockpile purchases, letters of interest and designations count for nothing, and neither
    does what was withdrawn. Amounts are converted at the yearly means of ``gm.table("projects", "exchange_rates")``;
    one in another currency without a date, or from a year without a rate, is unknown. Money that two rows state is
    added once: ``gm.table("projects", "same_money")`` names the second row.

    Examples
    --------
    >>> import graphmodel as gm
    >>> listed = gm.projects("JP")
    >>> bool(listed["sponsors"].str.contains("JPN").all())
    True

    What one lender committed to a mine:

    >>> float(gm.projects("MSP").set_index("project_id").loc["serra-verde-pela-ema", "public_usd"])
    565000000.0
    """
    listed, backing = with_backers(table("projects", "projects"), table("projects", "backing"))
    if programme is not None:
        chosen = backing["programme"].eq(programme) | backing["sponsor"].eq(SPONSORS.get(programme, programme))
        if not chosen.any():
            known = sorted({*backing["programme"], *backing["sponsor"], *SPONSORS})
            raise UnknownNameError(f"no programme or sponsor {programme!r}; {nearest(programme, known)}")
        listed = listed[listed["site"].isin(backing.loc[chosen, "site"])]
    money = _money(backing)
    listed = listed.assign(**{name: listed["site"].map(money[name]) for name in money})
    return listed.fillna({"unknown_amounts": 0}).astype({"unknown_amounts": int})


def with_backers(projects: pd.DataFrame, backing: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return projects with ``site``, ``programmes`` and ``sponsors`` filled in, and backing with ``site``.

    Examples
    --------
    >>> import pandas as pd
    >>> from graphmodel import datasets
    >>> plants = pd.DataFrame({"project_id": ["mine", "plant"], "site": ["", "mine"]})
    >>> backing = pd.DataFrame({"project_id": ["plant", "mine"], "programme": ["MSP", "EU CRMA"],
    ...     "sponsor": ["USA", "EU"]})
    >>> datasets.with_backers(plants, backing)[0]
      project_id  site    programmes sponsors
    0       mine  mine  EU CRMA; MSP  EU; USA
    1      plant  mine  EU CRMA; MSP  EU; USA
    """
    own = projects["project_id"]
    projects = projects.assign(site=projects["site"].where(projects["site"].fillna("") != "", own))
    backing = backing.assign(site=backing["project_id"].map(projects.set_index("project_id")["site"]))
    by_site = backing.sort_values(["programme", "sponsor"]).groupby("site")
    for name, column in (("programmes", "programme"), ("sponsors", "sponsor")):
        joined = by_site[column].agg(lambda each: "; ".join(dict.fromkeys(each)))
        projects = projects.assign(**{name: projects["site"].map(joined).fillna("")})
    return projects, backing


def _money(backing: pd.DataFrame) -> pd.DataFrame:
    """Add up money in dollars by site."""
    twice = table("projects", "same_money")[["project_id", "programme", "instrument", "amount"]].assign(again=True)
    money = backing[backing["instrument"].isin(MONEY) & (backing["status"] != "withdrawn")]
    money = money.merge(twice, how="left")
    money = money[money["again"].isna()]
    rates = table("projects", "exchange_rates")
    rates = rates.assign(year=rates["year"].astype(str))[["currency", "year", "usd"]]
    money = money.assign(year=money["announced"].str[:4]).merge(rates, on=["currency", "year"], how="left")
    dollars = money["amount"] * money["usd"].where(money["currency"] != "USD", 1.0)
    given = money["status"].isin(GIVEN)
    sums = {"public_usd": dollars.where(given), "announced_usd": dollars.where(~given)}
    by_site = pd.DataFrame(sums).groupby(money["site"]).sum(min_count=1)
    return by_site.assign(unknown_amounts=dollars.isna().groupby(money["site"]).sum())


def project_totals() -> pd.DataFrame:
    """Compare the projects listed here with the numbers that programmes have published.

    Returns
    -------
    DataFrame
        ``programme``, ``as_of``, ``kind`` (all, stage or mineral), ``value``, ``published``, ``listed`` (sites),
        ``missing`` (published and not listed; below zero where more are listed), ``reference``. Stages and minerals of
        one project overlap, in what is published as here.

    Examples
    --------
    >>> import graphmodel as gm
    >>> every = gm.project_totals().query("kind == 'all'").set_index("programme")
    >>> every.loc["EU CRMA", ["published", "listed", "missing"]].tolist()
    [47, 47, 0]
    """
    totals = table("projects", "totals")
    backed = {programme: projects(programme) for programme in totals["programme"].unique()}
    rows = []
    for row in totals.itertuples():
        mine = backed[row.programme]
        if row.kind == "stage":
            mine = mine[mine["stages"].map(lambda stages, wanted=row.value: wanted in _phases(stages))]
        elif row.kind == "mineral":
            mine = mine[mine["mineral"].str.contains(row.value, regex=False)]
        rows.append(mine["site"].nunique())
    published = totals["projects"].astype(int)
    compared = totals.assign(published=published, listed=rows, missing=published - np.array(rows, dtype=int))
    order = ["programme", "as_of", "kind", "value", "published", "listed", "missing", "reference"]
    return compared[order].fillna("")


def _phases(stages: str) -> set[str]:
    """Name the stages of a project as programmes do."""
    listed = {stage.strip() for stage in str(stages).split(";")}
    phases = {"upstream", "extraction"} if "mining" in listed else set()
    if listed & {"recycling", "collection"}:
        phases.add("recycling")
    return phases | ({"midstream", "processing"} if listed - {"mining", "recycling", "collection", ""} else set())


def shock(shock_id: str) -> Scenario:
    """Return a past or announced disruption as a scenario; ``gm.table("shocks", "shocks")`` lists them.

    Parameters
    ----------
    shock_id : str
        A row of ``shocks`` that has changes in ``changes``: what stops, where, how much of it, for how many weeks.

    Raises
    ------
    UnknownNameError
        If there is no such shock, with the nearest that is.
    EmptySelectionError
        If the shock moved prices or rules only, or touches nothing that the shipped network holds.

    Notes
    -----
    A scenario stops a rate of flow; ``weeks`` in ``changes`` says for how long. Shocks before or in the base year of a
    network are applied to that year, as if they came again.

    Examples
    --------
    >>> import graphmodel as gm
    >>> gm.shock("SH020").name
    'SH020: export ban, gallium, CHN to USA, 2024'
    """
    known, steps = table("shocks", "shocks").set_index("shock_id"), table("shocks", "changes")
    if shock_id not in known.index:
        raise UnknownNameError(f"no shock {shock_id!r}; {nearest(shock_id, known.index)}")
    row, steps = known.loc[shock_id], steps[steps["shock_id"] == shock_id].sort_values("order")
    if steps.empty:
        raise EmptySelectionError(f"{shock_id} ({row['kind']}) changes no flow of the shipped network")
    ends = f"{row['imposer']} to {row['target']}"
    scenario = Scenario(f"{shock_id}: {row['kind']}, {row['mineral']}, {ends}, {str(row['start_date'])[:4]}")
    for step in steps.to_dict("records"):
        scenario = _happened(scenario, {str(key): value for key, value in step.items()})
    return scenario


def _happened(scenario: Scenario, step: Mapping[str, object]) -> Scenario:
    """Add one row of ``changes`` to a scenario."""
    words = {key: str(step[key]) if isinstance(step[key], str) else "" for key in _STEP}
    amount = float(str(step["amount"]))
    where, buyers = (read_where(filter(None, words[key].split(";"))) for key in ("where", "buyers"))
    names = {key: words[key].split(",") if words[key] else [] for key in ("material", "mineral", "corridor")}
    if step["kind"] == "shut":
        return scenario.shut(amount, **where)  # type: ignore[arg-type]
    if step["kind"] == "close":
        return scenario.close(names["corridor"], amount)
    flows = {"material": names["material"], "mineral": names["mineral"], "sellers": where, "buyers": buyers}
    if step["kind"] == "quota":
        return scenario.quota(amount, **flows)  # type: ignore[arg-type]
    return scenario.cap(1.0 - amount, **flows)  # type: ignore[arg-type]


def extras(name_or_path: str | os.PathLike[str]) -> dict[str, pd.DataFrame]:
    """Read the tables beside a network, such as ``references`` and ``closure``; none where it is a single file.

    Examples
    --------
    >>> from graphmodel import datasets
    >>> list(datasets.extras("toy-battery"))
    ['references']
    """
    own = Path(name_or_path)
    if own.exists() and not any(own.glob("*.csv")) and _named(name_or_path) is None:
        return {}
    return extra_tables(_folder(name_or_path))


def cite(name: str | os.PathLike[str]) -> str:
    """Return the citations of a data set, or of a folder of your own, and of its sources, one a line.

    Examples
    --------
    >>> import graphmodel as gm
    >>> print(gm.cite("toy-battery"))
    Toy battery chain (2024). Data package of graphmodel, licence MIT.
    - Invented for teaching; no real plant is meant (2024). Licence MIT.
    """
    folder = _folder(name)
    row = _row(folder.resolve().name, folder)
    year = _year(row["year"])
    lines = [f"{row['title']}{year}. Data package of graphmodel, licence {row['licence'] or 'not stated'}."]
    if (folder / "references.csv").exists():
        references = read_table(folder, "references").astype(object).fillna("")
        lines += [_citation(entry) for entry in references.to_dict("records")]
    return "\n".join(lines)


def _citation(entry: Mapping[Hashable, object]) -> str:
    year = _year(entry.get("year"))
    url = f" {entry['url']}" if entry.get("url") else ""
    licence = f" Licence {entry['licence']}." if entry.get("licence") else ""
    return f"- {str(entry.get('citation', '')).rstrip('.')}{year}.{url}{licence}"


def _year(year: object) -> str:
    """Write a year in brackets; a column with gaps holds years as floats."""
    return f" ({year:g})" if isinstance(year, float) else f" ({year})" if year else ""


_STEP = ("where", "buyers", "material", "mineral", "corridor")
"""Columns of ``changes`` that say what a step touches."""


def root() -> Path:
    """Where data sets lie: in the wheel, or beside the package in a repository.

    Examples
    --------
    >>> from graphmodel import datasets
    >>> (datasets.root() / "toy-battery" / "nodes.csv").is_file()
    True
    """
    return _shipped.root()


def _folders() -> dict[str, Path]:
    home = root()
    found = sorted(home.iterdir()) if home.is_dir() else []
    return {folder.name: folder for folder in found if (folder / descriptors.FILE).is_file()}


def _added(name: str | None = None) -> dict[str, Path]:
    """Folders that other packages add: all, or the one of that name."""
    entries = plugins.offered("graphmodel.datasets", _folders())
    chosen = [entry for entry in entries.values() if name in (None, entry.name)]
    return {name: Path(str(folder)) for name, folder in plugins.load(chosen, _no_data_set).items()}


def _no_data_set(value: object) -> str:
    if isinstance(value, str | os.PathLike) and (Path(value) / descriptors.FILE).is_file():
        return ""
    return f"is {value!r}, but must be the path of a folder with {descriptors.FILE}"


def _named(name: str | os.PathLike[str]) -> Path | None:
    """Folder of the data set of that name, ours or another package's."""
    if not isinstance(name, str) or Path(name).name != name:
        return None
    return _folders().get(name) or _added(name).get(name)


def _folder(name: str | os.PathLike[str]) -> Path:
    """Folder of a data set, of tables that are no network, such as ``alliances``, or one of the user's own."""
    shipped, own = root() / name, Path(name)
    if own.name == str(name) and any(shipped.glob("*.csv")):
        return shipped
    added = _named(name)
    if added is not None:
        return added
    if not str(name) or not own.exists():
        raise _unknown(name)
    if not any(own.glob("*.csv")):
        raise DataPackageError(f"{own}: is no folder of CSV files; only such a folder has tables beside the network")
    return own


def _unknown(name: str | os.PathLike[str]) -> UnknownNameError:
    offered = plugins.offered("graphmodel.datasets", _folders())
    return UnknownNameError(f"no data set or file {str(name)!r}; {nearest(str(name), [*_folders(), *offered])}")


def _row(name: str, folder: Path) -> dict[str, object]:
    descriptor = descriptors.read(folder) or {}
    resources = descriptor.get("resources")
    entries = [entry for entry in resources if isinstance(entry, dict)] if isinstance(resources, list) else []
    rows = {entry.get("name"): entry.get("rows") for entry in entries}
    size = sum(file.stat().st_size for file in folder.glob("*.csv"))
    return {
        "name": name,
        "title": descriptor.get("title", name),
        "year": descriptor.get("year", ""),
        "nodes": rows.get("nodes"),
        "edges": rows.get("edges"),
        "licence": _licences(descriptor.get("licenses")),
        "size_mb": round(size / 1e6, 3),
        "path": str(folder),
    }


def _licences(entries: object) -> str:
    names = (
        [str(entry.get("name", "")) for entry in entries if isinstance(entry, dict)]
        if isinstance(entries, list)
        else []
    )
    return ", ".join(filter(None, names))
