"""A network as a folder of Parquet files, for large networks."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from graphmodel.convert.atomic import replace_folder
from graphmodel.convert.extras import require
from graphmodel.convert.guard import LIMIT_MB, parse_json, read_bytes
from graphmodel.convert.node_link import encode
from graphmodel.convert.records import VERSION, Document, Record, read_head, to_document, to_network
from graphmodel.errors import DataPackageError, Problem, SchemaError, UntrustedFileError, listed
from graphmodel.network import Network
from graphmodel.schema import TABLES

if TYPE_CHECKING:
    import pyarrow as pa

HEAD = "network.json"


def write_parquet(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network as a folder of Parquet files.

    Parameters
    ----------
    path : path
        A new or empty folder, or one written by this function, which is replaced.

    Notes
    -----
    Rows keep their order; ``network.json`` holds the name and the description.

    Raises
    ------
    MissingPackageError
        If pyarrow is not installed.
    DataPackageError
        If the folder holds something else.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import graphmodel as gm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_parquet(gm.load("toy-battery"), f"{folder}/toy")
    ...     sorted(file.name for file in Path(folder, "toy").iterdir())[:3]
    ['composition.parquet', 'edges.parquet', 'materials.parquet']
    """
    require("pyarrow", "parquet")
    import pyarrow as pa  # noqa: PLC0415 - an extra
    import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

    target = Path(path)
    present = sorted(entry.name for entry in target.iterdir() if not entry.is_dir()) if target.is_dir() else []
    if (present and HEAD not in present) or target.is_file():
        raise DataPackageError(
            f"{target}: holds {listed(present)}, which graphmodel did not write; choose an empty folder"
        )
    document = to_document(network, filled=True)
    types = {"string": pa.string(), "number": pa.float64(), "boolean": pa.bool_()}
    files: dict[str, bytes] = {}
    for name, rows in document.tables.items():
        columns = list(rows[0]) if rows else [column.name for column in TABLES[name].columns if column.required]
        arrays: dict[str, pa.Array] = {}
        for column in columns:
            kind = _kind(name, column, document)
            cells = [row[column] for row in rows]
            if kind == "integer" and any(value is not None and abs(value) >= 2**63 for value in cells):
                kind, cells = "string", [None if value is None else str(value) for value in cells]
            try:
                arrays[column] = pa.array(cells, type=types.get(kind))
            except (pa.ArrowException, UnicodeError) as error:
                raise SchemaError([Problem(name, 0, column, "", f"cannot be written as Parquet: {error}")]) from error
        buffer = io.BytesIO()
        pq.write_table(pa.table(arrays), buffer)
        files[f"{name}.parquet"] = buffer.getvalue()
    files[HEAD] = encode(
        {"version": VERSION, "name": document.name, "description": document.description, "columns": document.columns}
    )
    stale = {f"{name}.parquet" for name in TABLES} & set(present) - files.keys()
    replace_folder(target, files, stale=sorted(stale))


def _kind(table: str, column: str, document: Document) -> str:
    known = TABLES[table].by_name.get(column)
    if known is None:
        return document.columns[table][column]
    return "number" if known.kind in ("number", "integer") else "string"


def read_parquet(path: str | os.PathLike[str], *, limit_mb: float = 4 * LIMIT_MB) -> Network:
    """Read a network from a folder of Parquet files named after their tables.

    Parameters
    ----------
    limit_mb : float
        Refuse a table that is larger, on disk or unpacked.

    Raises
    ------
    MissingPackageError
        If pyarrow is not installed.
    DataPackageError
        If there is no such folder, or it holds no tables.
    UntrustedFileError
        If a table is too large.
    SchemaError
        If a file is damaged or the tables break the schema.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_parquet(toy, f"{folder}/toy")
    ...     read_parquet(f"{folder}/toy") == toy
    True
    """
    require("pyarrow", "parquet")
    folder = Path(path)
    names = [name for name in TABLES if (folder / f"{name}.parquet").is_file()]
    if not names:
        raise DataPackageError(f"{folder}: holds no tables; needs nodes.parquet, edges.parquet, stages.parquet")
    stored = (
        parse_json(read_bytes(folder / HEAD), HEAD) if (folder / HEAD).is_file() else {"name": folder.resolve().name}
    )
    head = read_head(stored, HEAD)
    tables = {name: _records(folder / f"{name}.parquet", limit_mb) for name in names}
    return to_network(Document(head.name, head.description, tables, head.columns), folder.name)


def _records(file: Path, limit_mb: float) -> list[Record]:
    """Read one table, unless what it unpacks to is too large."""
    import pyarrow as pa  # noqa: PLC0415 - an extra
    import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

    raw = read_bytes(file, limit_mb=limit_mb)
    try:
        opened = pq.ParquetFile(io.BytesIO(raw))
        said = opened.metadata
        groups = sum(said.row_group(group).total_byte_size for group in range(said.num_row_groups))
        unpacked = max(groups, said.num_rows * said.num_columns * 8)
        if unpacked > limit_mb * 1e6:
            size = f"{unpacked / 1e6:.0f} MB unpacked"
            raise UntrustedFileError(
                f"{file}: {size} is above the limit of {limit_mb:g} MB (raise limit_mb if you trust it)"
            )
        return _rows(opened.read())
    except (pa.ArrowException, OSError) as error:
        raise SchemaError([Problem(file.name, 0, "", "", f"is damaged or no Parquet: {error}")]) from error


def _rows(table: pa.Table) -> list[Record]:
    rows: list[Record] = table.to_pylist()
    return rows
