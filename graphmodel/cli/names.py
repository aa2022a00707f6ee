"""Names that options take: fixed ones, refused with the nearest, and those of a data set, offered to the shell.

The package's own collections are too heavy to import for a help text or a completion; tests hold these against them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from graphmodel import _shipped
from graphmodel.cli.group import DEFAULT
from graphmodel.errors import nearest

LENSES = ("plant", "node", "industry", "country", "control", "owner", "alliance", "stage", "kind", "corridor")
STYLES = ("plain", "nature", "elsevier", "acs", "science", "slide")
FILES = ("pdf", "svg", "png", "csv")
FORMATS = ("json", "graphml", "gexf", "csv", "parquet")
FIGURES = (
    "overview", "responses", "chokepoints", "flow_diagram", "world_map", "stage_shares", "centrality_against_loss",
    "loss_by_product", "loss_over_weeks", "first_failure", "pairs", "percolation", "cascade_sizes", "rank_stability",
    "tornado", "diversification", "programmes", "programme_dumbbells", "project_timeline", "closure",
    "downstream_vulnerability", "mineral_stage_heat", "dependence_matrix", "layered_network", "chord",
)  # fmt: skip
EFFECTS = (
    "hhi", "effective_suppliers", "largest_share", "worst_loss", "expected_loss", "cvar95", "group_cut", "dependence",
)  # fmt: skip
ORDERS = (
    "flow", "degree", "loss", "random", "out_strength", "in_strength", "throughput", "out_degree", "in_degree",
    "betweenness", "betweenness_by_flow", "betweenness_to_demand", "pagerank", "reversed_pagerank",
    "total_requirements", "closeness_to_demand", "core_number", "largest_dependence", "n_dependents", "trophic_level",
    "constraint", "hub", "authority", "eigenvector",
)  # fmt: skip
CURVES = ("component", "pairs", "reachability", "frozen")
MISSING = ("refuse", "mean", "worst")


class Names(click.ParamType):  # type: ignore[type-arg]  # older click has no arguments of types
    """One of some names, or several of them joined by commas."""

    name = "name"

    def __init__(self, known: Iterable[str], *, joined: bool = False) -> None:
        self.known, self.joined = tuple(known), joined

    def convert(
        self, value: str | tuple[str, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | tuple[str, ...]:
        """Return the name, or a tuple of several; refuse others with the nearest."""
        if isinstance(value, tuple):
            return value
        names = tuple(filter(None, map(str.strip, value.split(",")))) if self.joined else (value,)
        for one in names or (value,):
            if one not in self.known:
                self.fail(f"there is no {one!r}; {nearest(one, self.known)}", param, ctx)
        return names if self.joined else value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the names, or the last of several."""
        done = incomplete.rpartition(",")[0] + "," if self.joined and "," in incomplete else ""
        return _starting([done + name for name in self.known], incomplete)


def lenses(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer what can be stopped together."""
    return _starting(LENSES, incomplete)


def data_sets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the shipped data sets, or files where none begins like that."""
    names = [folder.name for folder in _shipped.root().glob("*") if (folder / "nodes.csv").is_file()]
    return [CompletionItem(incomplete, type="file"), *_starting(sorted(names), incomplete)]


def minerals(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the minerals of the data set named before."""
    tonnes = [row for row in _rows(ctx, "materials") if re.match(r"t [A-Z][a-z]?$", row.get("unit", ""))]
    named = {row.get("mineral", "") for row in (*_rows(ctx, "composition"), *tonnes)}
    return _starting(sorted(named), incomplete)


def consumers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the countries with final demand in the data set named before."""
    final = {row.get("stage") for row in _rows(ctx, "stages") if row.get("role") == "sink"}
    found = {row.get("country", "") for row in _rows(ctx, "nodes") if row.get("stage") in final}
    return _starting(sorted(found), incomplete)


def _rows(ctx: click.Context, table: str) -> list[dict[str, str]]:
    unread = ctx.args[:1]  # an option still without its value keeps click from reading arguments
    data = str(*unread or [ctx.params.get("data") or DEFAULT])
    return _shipped.rows(data, table) or _shipped.rows(Path(data).absolute(), table)


def _starting(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name and name.startswith(incomplete)]
