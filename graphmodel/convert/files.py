"""One door for every format: write a network to a path, read one from it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from graphmodel.convert.folder import read_folder, write_folder
from graphmodel.convert.markup import read_gexf, read_graphml, write_gexf, write_graphml
from graphmodel.convert.node_link import read_json, write_json
from graphmodel.convert.parquet import read_parquet, write_parquet
from graphmodel.errors import DataPackageError, UnknownNameError, nearest
from graphmodel.network import Network

Format = Literal["folder", "json", "graphml", "gexf", "parquet"]

_WRITERS: dict[str, Callable[[Network, Path], None]] = {
    "folder": write_folder,
    "json": write_json,
    "graphml": write_graphml,
    "gexf": write_gexf,
    "parquet": write_parquet,
}
_READERS: dict[str, Callable[[Path], Network]] = {
    "folder": read_folder,
    "json": read_json,
    "graphml": read_graphml,
    "gexf": read_gexf,
    "parquet": read_parquet,
}


def write(network: Network, path: str | os.PathLike[str], format: Format | None = None) -> None:
    """Write a network to a file or folder.

    Parameters
    ----------
    network : Network
        What to write.
    path : path
        ``.json``, ``.graphml`` and ``.gexf`` are files, ``.parquet`` is a folder of Parquet files, and a path without
        extension a folder of CSV files with a descriptor.
    format : str, optional
        ``folder``, ``json``, ``graphml``, ``gexf`` or ``parquet``, whatever the extension.

    Raises
    ------
    UnknownNameError
        If the extension or format is not one of these.

    Notes
    -----
    A file or folder appears whole or not at all.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gm.write(toy, f"{folder}/toy.graphml")
    ...     gm.read(f"{folder}/toy.graphml") == toy
    True
    """
    target = Path(path)
    _WRITERS[format_of(target, format)](network, target)


def read(path: str | os.PathLike[str], format: Format | None = None) -> Network:
    """Read a network from a file or folder that `write` made, or one like it.

    Parameters
    ----------
    path : path
        A ``.json``, ``.graphml`` or ``.gexf`` file, or a folder of CSV or Parquet files.
    format : str, optional
        ``folder``, ``json``, ``graphml``, ``gexf`` or ``parquet``, whatever the extension.

    Raises
    ------
    DataPackageError
        If there is no such file or folder.
    UnknownNameError
        If the extension or format is not one of these.
    SchemaError, UntrustedFileError
        If the content breaks the schema or is refused; see `read_folder`, `read_json`, `read_graphml`.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gm.write(gm.load("toy-battery"), f"{folder}/toy")
    ...     gm.read(f"{folder}/toy").n_edges
    8
    """
    origin = Path(path)
    if not origin.exists():
        raise DataPackageError(f"{origin}: no such file or folder")
    return _READERS[format_of(origin, format)](origin)


def format_of(path: Path, said: str | None) -> str:
    """Tell the format by what is said, by what a folder holds, or by the extension.

    Examples
    --------
    >>> from pathlib import Path
    >>> format_of(Path("toy.graphml"), None), format_of(Path("toy"), None), format_of(Path("toy"), "json")
    ('graphml', 'folder', 'json')
    """
    known = get_args(Format)
    if said is not None:
        if said not in known:
            raise UnknownNameError(f"no format {said!r}; {nearest(said, known)}")
        return said
    extension = path.suffix.lower().removeprefix(".")
    if path.is_dir():
        return "parquet" if extension == "parquet" or any(path.glob("*.parquet")) else "folder"
    if not extension:
        return "folder"
    if extension not in known or extension == "folder":
        extensions = [f".{name}" for name in known if name != "folder"]
        hint = nearest(path.suffix, extensions)
        raise UnknownNameError(
            f"{path}: no format has the extension {path.suffix!r}; {hint} (none for a folder of CSV files)"
        )
    return extension
