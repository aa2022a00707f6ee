"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Collection, Mapping
from pathlib import Path

from graphmodel.errors import DataPackageError


def replace_file(path: Path, content: bytes) -> None:
    """Write one file beside its place, then rename it there."""
    if path.is_dir():
        raise DataPackageError(f"{path}: is a folder, not a file")
    _require_parent(path)
    beside = _sibling(path)
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def replace_folder(path: Path, files: Mapping[str, bytes], *, stale: Collection[str] = ()) -> None:
    """Write files into a folder: all of them, or none.

    A new folder is written beside its place and renamed. In a folder that exists the files are exchanged one by
    one, in the order given, and put back if that fails; files in ``stale`` go, any other stays as it is. It may be
    the root of a disk: nothing is written outside it.
    """
    path = path.resolve()
    _require_parent(path)
    beside = _sibling(path / path.name if path.exists() else path)
    try:
        beside.mkdir()
        for name, content in files.items():
            (beside / name).parent.mkdir(parents=True, exist_ok=True)
            (beside / name).write_bytes(content)
        if path.exists():
            _exchange(beside, path, files, stale)
        else:
            beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _exchange(beside: Path, path: Path, files: Mapping[str, bytes], stale: Collection[str]) -> None:
    """Move old files out and new files in; undo every move if one fails."""
    old = beside / "old"
    old.mkdir()
    moves = [(path / name, old / name) for name in [*files, *stale] if (path / name).exists()]
    moves += [(beside / name, path / name) for name in files]
    done: list[tuple[Path, Path]] = []
    try:
        for here, there in moves:
            there.parent.mkdir(parents=True, exist_ok=True)
            here.rename(there)
            done.append((here, there))
    except BaseException:
        for here, there in reversed(done):
            there.rename(here)
        raise


def _require_parent(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise DataPackageError(f"{path.absolute().parent}: no such folder; make it first")


def _sibling(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
