"""Pages that are made from the code: the API by task, the data dictionary and what is new."""

from __future__ import annotations

from pathlib import Path

import graphmodel
from graphmodel import plot
from graphmodel.errors import UnknownNameError, listed
from graphmodel.figures import FIGURES
from graphmodel.schema import TABLES, Column

HERE = Path(__file__).parent
KINDS = {"feature": "New", "fix": "Mended"}

PLOTS = sorted(name for name, each in vars(plot).items() if getattr(each, "__module__", "").startswith(plot.__name__))
"""Functions of `graphmodel.plot`."""

TASKS = {
    "Read, check and write": (
        "available", "load", "table", "read", "write", "check", "cite", "from_networkx", "to_networkx", "from_igraph",
        "to_igraph", "Network", "Network.explore", "Network.summary", "Network.with_tables",
    ),
    "Let something happen": (
        "Scenario", "Scenario.shut", "Scenario.derate", "Scenario.ban", "Scenario.cap", "Scenario.quota",
        "Scenario.tariff", "Scenario.close", "Scenario.add", "Scenario.demand", "Scenario.yields",
        "Scenario.recycling", "Scenario.substitute", "Scenario.apply", "shock",
    ),
    "Find chokepoints by removal": (
        "overview", "chokepoints", "removal", "breakdown", "losses", "pairs", "worst_removals", "max_flow",
        "percolation", "rerouting", "marginal_values", "timeline", "first_failure", "duration_curve", "esri",
        "sensitivity", "uncertainty",
    ),
    "Measure position, concentration and dependence": (
        "centrality", "agreement", "concentration", "shares", "dependence", "import_reliance", "cuts", "indices",
        "compliance",
    ),
    "Judge projects and programmes": (
        "projects", "project_totals", "check_projects", "read_projects", "worth", "effects", "interactions", "programme_worth",
        "outlook", "portfolio", "bottleneck", "coverage", "diversification", "claims",
    ),
    "Know what numbers rest on": ("quality", "weakest_data"),
    "Draw published figures": (
        "figures.draw", "figures.save", "figures.check_names", "figures.Drawings", "figures.Drawn", "figures.FIGURES",
        *(f"figures.{name}" for name in FIGURES),
    ),
    "Draw results": ("results.Result.plot", *(f"plot.{name}" for name in PLOTS)),
    "Hand on to other models": ("to_iamc", "to_xarray", "to_satellite", "to_factors", "schema.json_schema"),
    "Errors": ("GraphModelError", "SchemaError"),
}  # fmt: skip
"""Public names by what they are for."""


def api() -> str:
    """List every public name by task; raise if one is left out."""
    named = {name.split(".")[0] for names in TASKS.values() for name in names}
    missing = sorted(set(graphmodel._PUBLIC) - named)
    if missing:
        raise UnknownNameError(f"no task in docs/made.py names: {listed(missing)}")
    parts = ["# API by task", "Everything is imported as `import graphmodel as gm`; heavy libraries load on first use."]
    for task, names in TASKS.items():
        listed_names = "\n".join(f"   graphmodel.{name}" for name in names)
        parts.append(f"## {task}\n\n```{{eval-rst}}\n.. autosummary::\n   :toctree: api\n\n{listed_names}\n```")
    return "\n\n".join([*parts, ""])


def dictionary() -> str:
    """Describe every table of a network, column by column."""
    parts = ["# Data dictionary", "What the tables of a network hold; `graphmodel check` tells every breach."]
    for table in TABLES.values():
        needed = "" if table.required else " May be missing."
        key = ", ".join(f"`{name}`" for name in table.key)
        parts += [f"## {table.name}", f"{table.description} A row is known by {key}.{needed}"]
        rows = ["| column | type | meaning | allowed |", "|---|---|---|---|"]
        rows += [
            f"| `{column.name}`{' *' if column.required else ''} | {column.kind} | {_meaning(column)} | {_allowed(column)} |"
            for column in table.columns
        ]
        parts.append("\n".join(rows))
    return "\n\n".join([*parts, "\\* must be filled", ""])


def changes() -> str:
    """List the notes of `docs/changes` by kind."""
    parts = ["# What is new"]
    for kind, title in KINDS.items():
        notes = [file.read_text(encoding="utf-8").strip() for file in sorted((HERE / "changes").glob(f"*.{kind}.md"))]
        parts += [f"## {title}", "\n".join(f"- {' '.join(note.split())}" for note in notes)]
    return "\n\n".join([*parts, ""])


def _meaning(column: Column) -> str:
    unit = f" ({column.unit})" if column.unit else ""
    return f"{column.description}{unit}".replace("|", "\\|")


def _allowed(column: Column) -> str:
    if column.values:
        return ", ".join(f"`{value}`" for value in column.values)
    if column.refers:
        return f"a value of `{column.refers}`"
    if column.country:
        return "ISO alpha-3 or a region"
    if column.kind not in ("number", "integer"):
        return ""
    low = "above 0" if column.positive else f"{column.minimum:g} or more" if column.minimum > float("-inf") else ""
    high = f"{column.maximum:g} or less" if column.maximum < float("inf") else ""
    return ", ".join(filter(None, (low, high)))
