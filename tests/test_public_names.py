"""A public name is added knowingly, and goes only after a warning."""

from __future__ import annotations

import inspect
import re
from operator import attrgetter

import graphmodel as gm
from graphmodel.results import Result
from tests.public_names import STORED, names


def changes(stored, now):
    """Say in words what was added and what was removed; "" if nothing."""
    parts = []
    for what, these, others, advice in (
        ("removed", stored, now, "a name goes only after a warning: keep it with graphmodel._deprecation.deprecated"),
        ("added", now, stored, "if it is meant to be public, and to stay"),
    ):
        differing = sorted(set(these) - set(others))
        if differing:
            parts.append("\n  ".join([f"{len(differing)} {what} ({advice}):", *differing]))
    return "\n".join([*parts, "then: python -m tests.public_names"]) if parts else ""


def without_example(named):
    """Name functions, methods and classes that show no example; a result is shown by its analysis, an error by its base."""
    return [
        name
        for name, value in named.items()
        if (inspect.isfunction(value) or (inspect.isclass(value) and not issubclass(value, Result | BaseException)))
        and ">>>" not in (value.__doc__ or "")
    ]


def test_public_names_are_those_stored():
    difference = changes(STORED.read_text().splitlines(), names())
    assert not difference, "\n" + difference


def test_a_renamed_argument_is_one_removed_and_one_added():
    words = changes(
        ["graphmodel.removal", "graphmodel.removal(by)"], ["graphmodel.removal", "graphmodel.removal(group)"]
    )
    assert words.splitlines() == [
        "1 removed (a name goes only after a warning: keep it with graphmodel._deprecation.deprecated):",
        "  graphmodel.removal(by)",
        "1 added (if it is meant to be public, and to stay):",
        "  graphmodel.removal(group)",
        "then: python -m tests.public_names",
    ]
    assert changes(["a"], ["a"]) == ""


def test_the_list_holds_functions_arguments_columns_methods_commands_and_options():
    listed = names()
    assert {
        "graphmodel.removal",
        "graphmodel.removal(by)",
        "graphmodel.analysis.MEASURES",
        "graphmodel.to_iamc(year)",
        "graphmodel.convert.to_iamc",
        "graphmodel.errors.SchemaError",
        "graphmodel.Network.explore(mineral)",
        "graphmodel.results.LossResult[loss_share]",
        "graphmodel.plot.removal_ranking(top)",
        "graphmodel.figures.chord(members)",
        "graphmodel.figures.Drawn.table",
        "graphmodel removal",
        "graphmodel removal --by",
        "graphmodel schema [table]",
    } <= set(listed)
    assert not [line for line in listed if "._" in line and "__version__" not in line]


def test_every_public_function_method_and_class_has_an_example():
    dotted = [name.removeprefix("graphmodel.") for name in names() if re.fullmatch(r"graphmodel(\.\w+)+", name)]
    lacking = without_example({name: attrgetter(name)(gm) for name in dotted})
    assert not lacking, "\n  ".join([f"{len(lacking)} without an example (>>> in the docstring):", *lacking])


def test_what_shows_no_example_is_named():
    def shown():
        """Do it.

        >>> shown()
        """

    def bare():
        """Do it."""

    class Bare:
        def method(self):
            pass

    class BareResult(Result):
        """A table."""

    named = {"shown": shown, "bare": bare, "Bare": Bare, "Bare.method": Bare.method, "BareResult": BareResult, "N": 1}
    assert without_example(named) == ["bare", "Bare", "Bare.method"]
