"""A network as a data package: one CSV file a table and a descriptor that vouches for them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from graphmodel.columns import Columns
from graphmodel.convert import descriptor as descriptors
from graphmodel.convert.atomic import replace_file, replace_folder
from graphmodel.convert.cells import Spelling, filled_columns, inferred, spelling, to_text, typed
from graphmodel.convert.csvtext import Sheet, parse, render, unreadable, unwritable
from graphmodel.convert.descriptor import FILE, RESOURCE_NAME, Resource
from graphmodel.convert.guard import read_bytes
from graphmodel.errors import (
    DataPackageError,
    ParameterError,
    Problem,
    SchemaError,
    UnknownNameError,
    UntrustedFileError,
    listed,
    nearest,
)
from graphmodel.network import Network, from_checked
from graphmodel.schema import TABLES, checked

CSV_LIMIT_MB = 1024.0
"""Largest CSV file read."""

_REWRITE = "if you edited the files yourself, rewrite the descriptor: graphmodel check {} --update"


def write_folder(
    network: Network, path: str | os.PathLike[str], *, extra: Mapping[str, pd.DataFrame] | None = None
) -> None:
    """Write a network as a folder of CSV files with a descriptor.

    Parameters
    ----------
    network : Network
        Its description (title, year, licences, sources …) goes into the descriptor.
    path : path
        A new or empty folder, or a data package of ours, which is replaced; files in it that are not
        part of the package stay.
    extra : mapping of DataFrame, optional
        Further tables by name, such as ``references`` or ``closure``; `read_table` reads them.

    Raises
    ------
    DataPackageError
        If the folder holds something else.
    SchemaError
        If a cell cannot be written as UTF-8 text.

    Notes
    -----
    Same network, same bytes. Rows are sorted by the table's key (stages by their order); apart from that
    order everything comes back exactly. Optional columns without a value are left out. Columns beyond the schema
    hold text, numbers or booleans; anything else becomes text. All files are written, or none.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_folder(toy, f"{folder}/mine")
    ...     read_folder(f"{folder}/mine") == toy
    True
    """
    target = Path(path)
    former = _former(target)
    tables = {name: _sorted(name, network.table(name)) for name in network.table_names}
    for name, frame in (extra or {}).items():
        _check_extra(name)
        tables[name] = frame
    contents = _rendered(tables)
    files = {f"{name}.csv": raw for name, (_, _, raw) in contents.items()}
    described = descriptors.describe(network.name, network.description, contents, former)
    stale = (
        {resource.path for resource in descriptors.resources(former, target).values()} - files.keys()
        if former
        else set()
    )
    replace_folder(target, {**files, FILE: described}, stale=sorted(stale))


def _former(target: Path) -> dict[str, object] | None:
    """Return the descriptor of the package to be replaced; refuse a folder that is none of ours."""
    if not target.exists():
        return None
    if not target.is_dir():
        raise DataPackageError(f"{target}: is a file, not a folder")
    files = sorted(entry.name for entry in target.iterdir() if not entry.is_dir())
    if not files:
        return None
    former = descriptors.read(target)
    if not descriptors.is_ours(former):
        hint = f"choose an empty folder; {_REWRITE.format(target)}" if former is None else "choose an empty folder"
        raise DataPackageError(f"{target}: holds {listed(files)}, which graphmodel did not write; {hint}")
    return former


def _check_extra(name: str) -> None:
    if name in TABLES:
        raise ParameterError(f"{name!r} is a table of the network; change it with Network.with_tables")
    if not RESOURCE_NAME.fullmatch(name):
        raise ParameterError(f"{name!r} cannot name a table; use small letters, digits, - and _")


def _sorted(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Sort a table by its key, and leave out optional columns nobody filled."""
    key = ["order", "stage"] if name == "stages" else list(TABLES[name].key)
    return frame.sort_values(key, kind="stable")[filled_columns(name, frame)]


def _rendered(tables: Mapping[str, pd.DataFrame]) -> dict[str, tuple[dict[str, Spelling], int, bytes]]:
    """Turn tables into the bytes of their files, with the types of their columns."""
    contents: dict[str, tuple[dict[str, Spelling], int, bytes]] = {}
    problems: list[Problem] = []
    for name, frame in tables.items():
        kinds = {str(column): spelling(name, str(column), frame[column]) for column in frame.columns}
        columns = {str(column): to_text(frame[column], kinds[str(column)]) for column in frame.columns}
        found = unwritable(columns, name)
        problems += found
        if not found:
            contents[name] = (kinds, len(frame), render(columns))
    if problems:
        raise SchemaError(problems)
    return contents


@dataclass
class _Package:
    """A folder as found: its tables as text, and what is wrong with the files."""

    folder: Path
    descriptor: dict[str, object] | None
    resources: dict[str, Resource]
    sheets: dict[str, Sheet] = field(default_factory=dict)
    changed: list[Problem] = field(default_factory=list)

    def file(self, name: str) -> str:
        return self.resources[name].path if name in self.resources else f"{name}.csv"


def read_folder(path: str | os.PathLike[str], *, verify: bool = True) -> Network:
    r"""Read a network from a folder of CSV files, with or without a descriptor.

    Parameters
    ----------
    path : path
        ``nodes.csv``, ``edges.csv`` and ``stages.csv`` suffice.
    verify : bool
        Compare the files with the sizes and hashes in ``datapackage.json``, where there is one.

    Raises
    ------
    DataPackageError
        If the folder or a file is missing, or a file is not what the descriptor vouches for.
    SchemaError
        With every breach in all tables: file, line, column and the nearest valid value.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "stages.csv").write_text("stage,order,role\nmining,1,origin\nuse,2,sink\n")
    ...     _ = Path(folder, "nodes.csv").write_text("node_id,stage,country\nmine,mining,CHL\ncars,use,USA\n")
    ...     _ = Path(folder, "edges.csv").write_text("source,target,material,quantity\nmine,cars,lithium,5\n")
    ...     read_folder(folder).n_edges
    1
    """
    package = _open(Path(path))
    for name in _network_tables(package):
        _read_sheet(package, name)
    if verify and package.changed:
        raise _changed(package)
    frames, problems = _frames(package)
    if problems:
        raise SchemaError(problems)
    described = package.descriptor or {}
    name = descriptors.network_name(described, package.folder)
    return from_checked(frames, name, descriptors.description(described))


def read_table(path: str | os.PathLike[str], resource: str) -> pd.DataFrame:
    """Read one table of a data package, be it of the network or a further one.

    Raises
    ------
    UnknownNameError
        If the package has no such table.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gm.write(gm.load("toy-battery"), f"{folder}/toy")
    ...     read_table(f"{folder}/toy", "stages")["role"].tolist()
    ['origin', 'process', 'process', 'sink']
    """
    package = _open(Path(path))
    if resource not in package.resources:
        raise UnknownNameError(f"{package.folder}: no table {resource!r}; {nearest(resource, package.resources)}")
    _read_sheet(package, resource)
    sheet = package.sheets[resource]
    frame, problems = typed(sheet.frame, _kinds(package, resource), package.file(resource), sheet.lines)
    if sheet.problems or problems:
        raise SchemaError([*sheet.problems, *problems])
    if package.changed:
        raise _changed(package)
    return frame


def extra_tables(path: str | os.PathLike[str]) -> dict[str, pd.DataFrame]:
    """Read the tables of a folder that are no part of a network, such as ``references``, by name.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm, pandas as pd
    >>> notes = pd.DataFrame({"note": ["invented"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_folder(gm.load("toy-battery"), f"{folder}/toy", extra={"notes": notes})
    ...     list(extra_tables(f"{folder}/toy"))
    ['notes']
    """
    return {name: read_table(path, name) for name in _open(Path(path)).resources if name not in TABLES}


def folder_problems(path: str | os.PathLike[str]) -> tuple[Problem, ...]:
    r"""List everything that keeps a folder from being read, without raising.

    Returns
    -------
    tuple of Problem
        Empty when `read_folder` would succeed. Files that only differ from their description come last.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import graphmodel as gm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gm.write(gm.load("toy-battery"), f"{folder}/toy")
    ...     _ = Path(folder, "toy", "stages.csv").write_text("stage,order,role\nmining,1,orgin\n")
    ...     print(folder_problems(f"{folder}/toy")[0])
    materials.csv:2:stage: is not in stages 'cell' (there are: mining)
    """
    try:
        package = _open(Path(path))
        for name in package.resources:
            _read_sheet(package, name)
    except (DataPackageError, UntrustedFileError) as error:
        return (Problem(str(path), 0, "", "", str(error)),)
    problems = _frames(package)[1]
    for name in package.resources.keys() - TABLES.keys():
        sheet = package.sheets[name]
        problems += sheet.problems
        problems += typed(sheet.frame, _kinds(package, name), package.file(name), sheet.lines)[1]
    return tuple(dict.fromkeys([*sorted(problems), *sorted(package.changed)]))


def update_descriptor(path: str | os.PathLike[str]) -> None:
    """Rewrite ``datapackage.json`` after the tables of a folder were edited.

    Every ``<table>.csv`` in the folder becomes a table of the package. What the descriptor said of the package
    (title, licences, sources …) stays.

    Raises
    ------
    SchemaError
        With every breach; the descriptor is then left as it was.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import graphmodel as gm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gm.write(gm.load("toy-battery"), f"{folder}/toy")
    ...     file = Path(folder, "toy", "edges.csv")
    ...     _ = file.write_text(file.read_text().replace("lithium-ore,400", "lithium-ore,450"))
    ...     update_descriptor(f"{folder}/toy")
    ...     float(gm.read(f"{folder}/toy").edges["quantity"].iloc[0])
    450.0
    """
    folder = Path(path)
    package = _open(folder)
    package.resources = _found_resources(folder, package.resources)
    package.changed.clear()
    for name in package.resources:
        _read_sheet(package, name)
    problems = _frames(package)[1]
    for name in package.resources.keys() - TABLES.keys():
        problems += package.sheets[name].problems
    if problems:
        raise SchemaError(problems)
    contents = {
        name: (_kinds(package, name), len(sheet.frame), (folder / package.file(name)).read_bytes())
        for name, sheet in package.sheets.items()
    }
    former = package.descriptor or {}
    name = descriptors.network_name(former, folder)
    replace_file(folder / FILE, descriptors.describe(name, descriptors.description(former), contents, former))


def _open(folder: Path) -> _Package:
    if not folder.is_dir():
        raise DataPackageError(f"{folder}: no such folder" if not folder.exists() else f"{folder}: is not a folder")
    descriptor = descriptors.read(folder)
    bare = _found_resources(folder, {})
    if descriptor is None:
        if not bare:
            needed = ", ".join(f"{name}.csv" for name, table in TABLES.items() if table.required)
            raise DataPackageError(f"{folder}: holds no tables; needs {needed}")
        return _Package(folder, None, bare)
    package = _Package(folder, descriptor, descriptors.resources(descriptor, folder))
    for name in bare.keys() - package.resources.keys():
        package.changed.append(Problem(f"{name}.csv", 0, "", "", f"is not in {FILE}", _REWRITE.format(folder)))
    return package


def _found_resources(folder: Path, known: Mapping[str, Resource]) -> dict[str, Resource]:
    """List the CSV files of a folder by table, those of the schema first."""
    names = {entry.stem for entry in folder.glob("*.csv") if RESOURCE_NAME.fullmatch(entry.stem) and entry.is_file()}
    ordered = [*(name for name in TABLES if name in names), *sorted(names - TABLES.keys())]
    kinds = {name: known[name].kinds if name in known else {} for name in ordered}
    return {name: Resource(name, f"{name}.csv", kinds[name]) for name in ordered}


def _network_tables(package: _Package) -> list[str]:
    return [name for name in package.resources if name in TABLES]


def _read_sheet(package: _Package, name: str) -> None:
    """Read one file into the package, and note whether it is what the descriptor vouches for."""
    resource = package.resources[name]
    hint = _REWRITE.format(package.folder)
    if not (package.folder / resource.path).is_file():
        problem = Problem(resource.path, 0, "", "", f"is missing, though {FILE} lists it", "put it back")
        package.changed.append(problem)
        package.sheets[name] = unreadable(problem)
        return
    raw = read_bytes(package.folder / resource.path, limit_mb=CSV_LIMIT_MB)
    if resource.size is not None and len(raw) != resource.size:
        message = f"has {len(raw)} bytes, {FILE} says {resource.size}: half-written or edited"
        package.changed.append(Problem(resource.path, 0, "", "", message, hint))
    elif resource.digest and f"sha256:{hashlib.sha256(raw).hexdigest()}" != resource.digest:
        package.changed.append(Problem(resource.path, 0, "", "", f"differs from its hash in {FILE}: edited", hint))
    package.sheets[name] = parse(raw, resource.path)


def _changed(package: _Package) -> DataPackageError:
    problems = sorted(package.changed)
    lines = [f"{package.folder}: is not what {FILE} says:", *(str(problem) for problem in problems[:5])]
    if len(problems) > 5:
        lines.append(f"… and {len(problems) - 5} more")
    return DataPackageError("\n  ".join(lines))


def _frames(package: _Package) -> tuple[dict[str, Columns], list[Problem]]:
    """Check the tables of the network; list what is wrong once, each cell by file and line."""
    sheets = {name: package.sheets[name] for name in _network_tables(package)}
    readable = {name: sheet for name, sheet in sheets.items() if sheet.readable}
    problems = [problem for sheet in sheets.values() for problem in sheet.problems]
    frames: dict[str, pd.DataFrame] = {}
    for name, sheet in readable.items():
        kinds = {column: kind for column, kind in _kinds(package, name).items() if column not in TABLES[name].by_name}
        frames[name], found = typed(sheet.frame, kinds, package.file(name), sheet.lines)
        problems += found
    files = {name: package.file(name) for name in TABLES}
    lines = {name: sheet.lines for name, sheet in readable.items()}
    try:
        return checked(frames, files=files, lines=lines), problems
    except SchemaError as error:
        problems += _not_said_yet(error, problems, {files[name] for name in sheets.keys() - readable.keys()})
    return {}, problems


def _not_said_yet(error: SchemaError, said: list[Problem], unreadable: set[str]) -> Iterator[Problem]:
    """Leave out what follows from a row or a file already named."""
    places = {(problem.table, problem.line) for problem in said if problem.line}
    for problem in error.problems:
        if (problem.table, problem.line) not in places and problem.table not in unreadable:
            yield problem


def _kinds(package: _Package, name: str) -> dict[str, Spelling]:
    """Types of a table's columns: the schema's, the descriptor's, or what the cells show."""
    frame, said = package.sheets[name].frame, package.resources[name].kinds
    known = TABLES[name].by_name if name in TABLES else {}
    kinds: dict[str, Spelling] = {}
    for column in map(str, frame.columns):
        if column in known:
            kinds[column] = spelling(name, column, frame[column])
        else:
            kinds[column] = said[column] if column in said else inferred(frame[column])
    return kinds
