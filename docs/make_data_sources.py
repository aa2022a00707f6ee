"""Write docs/data-sources.md from the schema of the source tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from graphmodel.build import SOURCES
from graphmodel.project_tables import PROJECTS
from graphmodel.schema import Table

HEAD = """# Source tables, and how to add to them

A data package is built from hand-kept tables in `datasets/<name>/sources/<chain>/`. A chain is a folder; the builder joins the same table over all
chains, so that the next chain is data and not code. `stages` stands once, beside the chains. CSV, UTF-8, sorted by key; empty is unknown, never zero; every row has a
`reference` (a key of `references`) and an `evidence` grade: measured, reported (seen in its source), derived (computed from reported) or assumed.

How to add a plant, a link, a chain or a year, and what `graphmodel check` says of it: [contributing-data.md](contributing-data.md). What the shipped data rest on: [data.md](data.md).
How totals, plants and flows are made to agree: [methods/closure.md](methods/closure.md).
"""

OF_PROJECTS = """
## Projects and their backers

The tables in `datasets/projects/`, read with `gm.table("projects", NAME)`; `gm.projects()` joins them. A table of your own needs `project_id`, `name`, `country`, `stage`, `material` and
`capacity`; it may have any column more."""


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *_tables(SOURCES, "##"), OF_PROJECTS, *_tables(PROJECTS, "###")]) + "\n"


def _tables(tables: Mapping[str, Table], head: str) -> Iterator[str]:
    """Describe tables one after another."""
    for table in tables.values():
        key = ", ".join(f"`{name}`" for name in table.key)
        yield f"\n{head} {table.name}\n\n{table.description} Key: {key}.\n"
        yield "| column | type | must be filled | meaning |\n|---|---|---|---|"
        for column in table.columns:
            values = f" ({', '.join(column.values)})" if column.values else ""
            filled = "yes" if column.required else ""
            yield f"| {column.name} | {column.kind} | {filled} | {column.description}{values} |"


if __name__ == "__main__":
    Path(__file__).with_name("data-sources.md").write_text(page(), encoding="utf-8")
