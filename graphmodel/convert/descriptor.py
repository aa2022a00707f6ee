"""The descriptor of a data package: what its tables hold, in Frictionless form."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from graphmodel.convert.cells import Spelling
from graphmodel.convert.guard import parse_json, read_bytes
from graphmodel.errors import DataPackageError, ParameterError, SchemaError, UntrustedFileError
from graphmodel.schema import TABLES, Column

FILE = "datapackage.json"
VERSION = 1
"""Version of our descriptors; a reader refuses what is newer than itself."""

RESOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_OURS = ("profile", "name", "network", "graphmodel", "resources")
_LICENCES = ("licenses", "licences")  # Frictionless spelling, ours


@dataclass(frozen=True)
class Resource:
    """One table of a package as the descriptor tells it."""

    name: str
    path: str
    kinds: Mapping[str, Spelling]
    size: int | None = None
    digest: str = ""


def describe(
    name: str,
    description: Mapping[str, object],
    contents: Mapping[str, tuple[Mapping[str, Spelling], int, bytes]],
    former: Mapping[str, object] | None = None,
) -> bytes:
    """Write a descriptor; what a former one says of titles, units and further columns is kept.

    Parameters
    ----------
    contents : types of the columns, number of rows and bytes of each table, by name
    """
    slug = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-") or "network"
    head: dict[str, object] = {"profile": "data-package", "name": slug, "graphmodel": VERSION}
    if slug != name:
        head["network"] = name
    for key, value in description.items():
        if key not in _OURS:
            head[_LICENCES[0] if key == _LICENCES[1] else key] = value
    known = _former_resources(former)
    head["resources"] = [
        _resource(table, kinds, rows, raw, known.get(table, {}), contents.keys())
        for table, (kinds, rows, raw) in contents.items()
    ]
    try:
        return (json.dumps(head, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except (TypeError, ValueError) as error:
        message = f"the network's description cannot be written as JSON: {error}; use text, numbers, lists and dicts"
        raise ParameterError(message) from error


def _former_resources(former: Mapping[str, object] | None) -> dict[str, Mapping[str, object]]:
    resources = (former or {}).get("resources")
    if not isinstance(resources, list):
        return {}
    return {str(entry.get("name")): entry for entry in resources if isinstance(entry, dict)}


def _resource(
    table: str,
    kinds: Mapping[str, Spelling],
    rows: int,
    raw: bytes,
    former: Mapping[str, object],
    tables: Iterable[str],
) -> dict[str, object]:
    out: dict[str, object] = {"name": table, "path": f"{table}.csv", "profile": "tabular-data-resource"}
    if table in TABLES:
        out["description"] = TABLES[table].description
    else:
        out |= {key: former[key] for key in ("title", "description") if key in former}
    out |= {
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(raw),
        "hash": f"sha256:{hashlib.sha256(raw).hexdigest()}",
        "rows": rows,
    }
    out["schema"] = _schema(table, kinds, former, set(tables))
    return out


def _schema(
    table: str, kinds: Mapping[str, Spelling], former: Mapping[str, object], tables: set[str]
) -> dict[str, object]:
    old = former.get("schema")
    fields = old.get("fields") if isinstance(old, dict) else None
    known = {str(f.get("name")): f for f in fields if isinstance(f, dict)} if isinstance(fields, list) else {}
    columns = TABLES[table].by_name if table in TABLES else {}
    out: dict[str, object] = {
        "fields": [
            _field(columns[name]) if name in columns else _further(name, kind, known.get(name, {}))
            for name, kind in kinds.items()
        ],
        "missingValues": [""],
    }
    if columns:
        key = [name for name in TABLES[table].key if name in kinds]
        out["primaryKey"] = key[0] if len(key) == 1 else key
        out["foreignKeys"] = [
            {"fields": name, "reference": {"resource": other, "fields": column}}
            for name in kinds
            if name in columns and (other := columns[name].refers.partition(".")[0]) in tables
            for column in [columns[name].refers.partition(".")[2]]
        ]
    return out


def _field(column: Column) -> dict[str, object]:
    types = {"text": "string", "number": "number", "integer": "integer", "flag": "boolean"}
    out: dict[str, object] = {"name": column.name, "type": types[column.kind], "description": column.description}
    if column.kind == "flag":
        out |= {"trueValues": ["yes"], "falseValues": ["no"]}
    if column.unit:
        out["unit"] = column.unit
    constraints: dict[str, object] = {}
    if column.required:
        constraints["required"] = True
    if column.values:
        constraints["enum"] = list(column.values)
    if math.isfinite(column.minimum):
        constraints["minimum"] = column.minimum
    if math.isfinite(column.maximum):
        constraints["maximum"] = column.maximum
    if constraints:
        out["constraints"] = constraints
    return out


def _further(name: str, kind: Spelling, former: Mapping[str, object]) -> dict[str, object]:
    return {"name": name, "type": kind, **{key: former[key] for key in ("description", "unit") if key in former}}


def read(folder: Path) -> dict[str, object] | None:
    """Read a folder's descriptor; None where it has none.

    Raises
    ------
    DataPackageError
        If it is damaged, or newer than this version of graphmodel.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        found = parse_json(read_bytes(path, limit_mb=16), str(path))
    except SchemaError as error:
        raise DataPackageError(f"damaged descriptor: {error.problems[0]}") from error
    except UntrustedFileError as error:
        raise DataPackageError(f"damaged descriptor: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("resources"), list):
        raise DataPackageError(f'{path}: is no data package: it has no list "resources"')
    version = found.get("graphmodel", VERSION)
    if not isinstance(version, int) or version > VERSION:
        raise DataPackageError(f"{path}: is of version {version}; this graphmodel reads up to {VERSION}: update it")
    return found


def is_ours(descriptor: Mapping[str, object] | None) -> bool:
    """Say whether graphmodel wrote the descriptor."""
    return descriptor is not None and "graphmodel" in descriptor


def resources(descriptor: Mapping[str, object], folder: Path) -> dict[str, Resource]:
    """List the tables of a package, each inside its folder."""
    entries = descriptor["resources"]
    found: dict[str, Resource] = {}
    for entry in entries if isinstance(entries, list) else []:
        resource = _read_resource(entry, folder)
        if resource.name in found:
            raise DataPackageError(f"{folder / FILE}: resource {resource.name!r} stands twice")
        found[resource.name] = resource
    return found


def _read_resource(entry: object, folder: Path) -> Resource:
    name, path = (entry.get("name"), entry.get("path")) if isinstance(entry, dict) else (None, None)
    if not isinstance(entry, dict) or not isinstance(name, str) or not isinstance(path, str):
        raise DataPackageError(f"{folder / FILE}: every resource needs a name and one path")
    if ":" in path or not (folder / path).resolve().is_relative_to(folder.resolve()):
        raise DataPackageError(f"{folder / FILE}: resource {name!r} lies outside the folder: {path}")
    size, digest = entry.get("bytes"), entry.get("hash")
    return Resource(
        name,
        path,
        _kinds(entry.get("schema")),
        size if isinstance(size, int) else None,
        digest if isinstance(digest, str) and digest.startswith("sha256:") else "",
    )


def _kinds(schema: object) -> dict[str, Spelling]:
    """Types of the columns we know how to read; all others are text."""
    fields = schema.get("fields") if isinstance(schema, dict) else None
    kinds: dict[str, Spelling] = {}
    for field in fields if isinstance(fields, list) else []:
        if not isinstance(field, dict):
            continue
        name, kind = str(field.get("name")), field.get("type")
        if kind in ("year", "integer"):
            kinds[name] = "integer"
        elif kind == "number":
            kinds[name] = "number"
        elif kind == "boolean" and "trueValues" not in field:
            kinds[name] = "boolean"
        else:
            kinds[name] = "string"
    return kinds


def description(descriptor: Mapping[str, object]) -> dict[str, object]:
    """Return what a descriptor says beyond its tables."""
    return {
        (_LICENCES[1] if key == _LICENCES[0] else key): value for key, value in descriptor.items() if key not in _OURS
    }


def network_name(descriptor: Mapping[str, object], folder: Path) -> str:
    """Return the name of the network a descriptor stands for."""
    return str(descriptor.get("network") or descriptor.get("name") or folder.resolve().name)
