"""What other installed packages add by entry point: data sets and measures."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, Literal

from graphmodel.errors import PluginWarning

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Group = Literal["graphmodel.datasets", "graphmodel.measures"]


def offered(group: Group, taken: Container[str]) -> dict[str, EntryPoint]:
    """Name what other packages offer, without importing them, in order of the names.

    A name that is ``taken`` stays ours; of two packages with one name the first by its own name has it.
    """
    found: dict[str, EntryPoint] = {}
    for entry in sorted(_entries(group), key=lambda entry: (entry.name, _package(entry))):
        holder = "graphmodel" if entry.name in taken else _package(found[entry.name]) if entry.name in found else ""
        if holder:
            _warn(entry, f"is left out: {holder} has that name already")
        else:
            found[entry.name] = entry
    return found


def load(entries: Iterable[EntryPoint], refuse: Callable[[object], str]) -> dict[str, object]:
    """Import what the entries stand for; one that fails is left out with a warning.

    ``refuse`` says what is wrong with a value, "" if nothing.
    """
    loaded: dict[str, object] = {}
    for entry in entries:
        try:
            value = entry.load()
        except Exception as error:  # of whatever kind: the code is not ours, and ours must go on
            _warn(entry, f"is left out: {type(error).__name__}: {error}")
            continue
        wrong = refuse(value)
        if wrong:
            _warn(entry, f"is left out: {entry.value} {wrong}")
        else:
            loaded[entry.name] = value
    return loaded


def _entries(group: Group) -> list[EntryPoint]:
    """List all entries of a group; those of a package whose entries cannot be read are left out."""
    from importlib.metadata import distributions, entry_points  # noqa: PLC0415 - slow, and most calls need none

    try:
        return list(entry_points(group=group))
    except Exception:  # one unreadable entry hides all others, so that packages are read one by one
        readable: list[EntryPoint] = []
    for package in distributions():
        try:
            readable += package.entry_points.select(group=group)
        except Exception as error:
            warnings.warn(f"{group} of the package {package.name} is left out: {error}", PluginWarning, stacklevel=3)
    return readable


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value


def _warn(entry: EntryPoint, message: str) -> None:
    words = f"{entry.group} {entry.name!r} of the package {_package(entry)} {message}"
    warnings.warn(words, PluginWarning, stacklevel=2)
