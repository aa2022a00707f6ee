"""Finished parts of a sweep in a folder: a manifest that says of which sweep, and one checked array a part."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from scipy.sparse import csc_array

from graphmodel import __version__
from graphmodel._types import FloatArray
from graphmodel.errors import FolderError, ParameterError, listed

MANIFEST = "sweep.json"
LARGEST_MANIFEST = 1_000_000
"""Bytes; a larger file of that name is not ours and is not read."""

_PART = re.compile(r"part-(\d{6,})-([0-9a-f]{16})\.npy")


def fingerprint(*values: object) -> str:
    """Return sixteen digits that stand for arrays, numbers, words, functions and collections of them.

    Parameters
    ----------
    *values : arrays, sparse matrices by columns, numbers, strings, None, module-level functions
        And tuples, lists and mappings of them.

    Returns
    -------
    str
        First sixteen digits of a SHA-256 over types, shapes and contents; equal for equal values only.

    Raises
    ------
    ParameterError
        If a value is of another type.

    Examples
    --------
    >>> fingerprint(np.arange(3), "cobalt") == fingerprint(np.arange(3), "cobalt")
    True
    >>> fingerprint(np.arange(3)) == fingerprint(np.arange(3.0))
    False
    """
    digest = hashlib.sha256()
    _feed(digest.update, values)
    return digest.hexdigest()[:16]


def _feed(take: Callable[[bytes], object], value: object) -> None:
    """Hand over a value: what it is, how long it is, what it holds."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str | bytes):
        text = repr(value)
        take(f"{type(value).__name__} {len(text)} {text}".encode("utf-8", "backslashreplace"))
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        take(f"array {value.dtype.str} {value.shape} ".encode())
        take(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, csc_array):
        _feed(take, ("csc", value.shape, value.data, value.indices, value.indptr))
    elif isinstance(value, tuple | list):
        take(f"{len(value)} values ".encode())
        for entry in value:
            _feed(take, entry)
    elif isinstance(value, Mapping):
        take(f"{len(value)} pairs ".encode())
        for key in sorted(value, key=str):
            _feed(take, (key, value[key]))
    elif callable(value) and hasattr(value, "__qualname__"):
        take(f"function {value.__module__}.{value.__qualname__} ".encode())
    else:
        raise ParameterError(
            f"{type(value).__name__} has no fingerprint; use arrays, numbers, words and tuples of them"
        )


def open_folder(folder: Path, about: Mapping[str, object], n_parts: int) -> dict[int, FloatArray]:
    """Begin a sweep in a new or empty folder, or return the finished parts of the same sweep.

    Parameters
    ----------
    folder : where the parts are kept; its parent must exist
    about : what the sweep is; the folder must hold a sweep that says the same
    n_parts : number of parts

    Returns
    -------
    dict
        The array of each finished part.

    Raises
    ------
    FolderError
        If the folder cannot be made or read, or holds another sweep, a damaged part or anything else. Nothing in it
        is changed then. Hidden files are passed over.
    """
    manifest = {"graphmodel": __version__, "parts": n_parts, **about}
    content = json.dumps(manifest, indent=1, ensure_ascii=False, default=str) + "\n"
    try:
        if not folder.exists():
            folder.mkdir()
        names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise FolderError(f"{folder}: cannot keep a sweep here: {error.strerror or error}") from error
    if not names:
        _write(folder / MANIFEST, content.encode("utf-8", "backslashreplace"))
        return {}
    _compare(folder, names, json.loads(content))
    return _read_parts(folder, [name for name in names if name != MANIFEST], n_parts)


def keep_part(folder: Path, part: int, array: FloatArray) -> None:
    """Write the array of one part: all of the file or none. Its name tells the part and the digest of its bytes.

    Raises
    ------
    FolderError
        If the folder is full, read-only or gone.
    """
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    content = buffer.getvalue()
    _write(folder / f"part-{part + 1:06d}-{_digest(content)}.npy", content)


def _write(path: Path, content: bytes) -> None:
    """Write a file beside its place, then rename it there."""
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        try:
            beside.write_bytes(content)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise FolderError(
            f"{path.parent}: cannot write {path.name}: {error.strerror or error}; parts already there are whole, and "
            "the same call goes on from them"
        ) from error


def _compare(folder: Path, names: list[str], ours: Mapping[str, object]) -> None:
    """Refuse a folder whose manifest is absent, damaged or of another sweep."""
    if MANIFEST not in names:
        raise FolderError(f"{folder}: holds {listed(names)} and no {MANIFEST}; choose an empty or a new folder")
    try:
        content = (folder / MANIFEST).read_bytes()
        theirs = json.loads(content) if len(content) <= LARGEST_MANIFEST else None
    except (OSError, ValueError, RecursionError) as error:
        raise FolderError(f"{folder / MANIFEST}: cannot be read ({error}); choose another folder") from error
    if not isinstance(theirs, dict):
        raise FolderError(f"{folder / MANIFEST}: is no manifest of a sweep; choose another folder")
    there, here = _flat(theirs), _flat(ours)
    differ = [key for key in here if there.get(key) != here[key]]
    if differ:
        told = [f"{key} is {there.get(key)!r:.80} there and {here[key]!r:.80} here" for key in differ]
        raise FolderError(f"{folder}: holds another sweep: {'; '.join(told)}; choose another folder")


def _flat(manifest: Mapping[str, object]) -> dict[str, object]:
    """Put parameters beside the other entries, so that only those that differ are told."""
    parameters = manifest.get("parameters")
    return {**manifest, "parameters": None, **(parameters if isinstance(parameters, dict) else {})}


def _read_parts(folder: Path, names: list[str], n_parts: int) -> dict[int, FloatArray]:
    """Read every part; refuse what is damaged, twice there or not a part of this sweep."""
    found: dict[int, FloatArray] = {}
    foreign, damaged = [], []
    for name in names:
        match = _PART.fullmatch(name)
        part = int(match[1]) - 1 if match else -1
        if match is None or not 0 <= part < n_parts:
            foreign.append(name)
            continue
        try:
            content = (folder / name).read_bytes()
            array = np.load(io.BytesIO(content), allow_pickle=False)
        except (OSError, ValueError, EOFError, MemoryError):
            damaged.append(name)
            continue
        if _digest(content) != match[2] or part in found or array.dtype != np.float64:
            damaged.append(name)
        found[part] = array
    if foreign:
        raise FolderError(f"{folder}: {listed(foreign)} is no part of this sweep; move it away, then run again")
    if damaged:
        raise FolderError(f"{folder}: {listed(damaged)} is damaged or there twice; move it away, then run again")
    return found


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
