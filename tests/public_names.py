"""Public names of the package, one a line: what a release may add to, and takes from only after a warning.

``python -m tests.public_names`` writes ``tests/public_names.txt`` anew.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

import graphmodel as gm
from graphmodel.cli import main
from graphmodel.results import Result

STORED = Path(__file__).with_suffix(".txt")


def names() -> list[str]:
    """List names, arguments, columns of results, commands and options; what has two names is described under one."""
    found = {line for name in gm.__all__ for line in _described(f"graphmodel.{name}", getattr(gm, name))}
    for module in gm._MODULES:
        home = getattr(gm, module)
        for name in getattr(home, "__all__", None) or _own(home):
            line = f"graphmodel.{module}.{name}"
            found |= {line} if gm._PUBLIC.get(name) == module else set(_described(line, getattr(home, name)))
    return sorted(found | set(_commands(main, "graphmodel")))


def _own(module: object) -> list[str]:
    """What a module without a list of its own, or its parts, define: no names from elsewhere, none with an underscore."""
    home = module.__name__
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (
            f"{getattr(value, '__module__', '')}.".startswith(f"{home}.")
            if callable(value)
            else name.isupper() and name != "TYPE_CHECKING"
        )
    ]


def _described(name: str, value: object) -> Iterator[str]:
    yield name
    if inspect.isclass(value) and value.__module__.startswith("graphmodel"):
        members = [each for each in vars(value) if not each.startswith("_") and each != "columns"]
        for member in members:
            yield from _described(f"{name}.{member}", getattr(value, member))
        if issubclass(value, Result):
            yield from (f"{name}[{column}]" for column in value.columns)
        elif not issubclass(value, BaseException):
            yield from _arguments(name, value)
    elif inspect.isfunction(value):
        yield from _arguments(name, value)


def _arguments(name: str, value: object) -> Iterator[str]:
    for argument in inspect.signature(value).parameters.values():  # type: ignore[arg-type]
        if argument.name != "self":
            yield f"{name}({argument.name})"


def _commands(group: click.Command, name: str) -> Iterator[str]:
    for option in group.params:
        yield from (f"{name} {word}" for word in (option.opts if option.opts[0][0] == "-" else [f"[{option.name}]"]))
    for word, command in getattr(group, "commands", {}).items():
        yield f"{name} {word}"
        yield from _commands(command, f"{name} {word}")


if __name__ == "__main__":
    STORED.write_text("\n".join(names()) + "\n")
