"""Which outputs of a country's stage stand in one remainder: those of one mineral, co-products with their host."""

from __future__ import annotations

import pandas as pd

from graphmodel.build.sources import Sources

Cell = tuple[str, str, str]
"""Stage, material, country."""


def remainder_id(stage: str, country: str, family: str) -> str:
    """Name the node for what is left of a country's stage once its named plants are taken out."""
    return f"rest-{stage}-{family}-{country.lower()}"


def families(sources: Sources, cells: pd.DataFrame) -> dict[Cell, str]:
    """Name, for every control total, the family of outputs whose remainders share a node.

    A co-product stands with its host, whatever their minerals, as it falls with it; all other outputs stand with
    those of their own mineral, so that a country's cobalt refiners and its gallium refiners stay apart.
    """
    mineral = sources.keyed["materials"]["mineral"]
    there = {(row.stage, row.material, row.country) for row in cells.itertuples()}
    hosts: dict[Cell, str] = {}
    for rule in sources["coproducts"].sort_values("host", kind="stable").itertuples():
        for country in {cell[2] for cell in there} if rule.country == "" else {rule.country}:
            if (rule.stage, rule.companion, country) in there and (rule.stage, rule.host, country) in there:
                hosts.setdefault((rule.stage, rule.companion, country), rule.host)
    return {cell: str(mineral[_host(cell, hosts)]) for cell in there}


def _host(cell: Cell, hosts: dict[Cell, str]) -> str:
    """Return the material at the end of a chain of hosts; the cell's own where it rides on none."""
    stage, material, country = cell
    seen: set[str] = set()
    while (stage, material, country) in hosts and material not in seen:
        seen.add(material)
        material = hosts[stage, material, country]
    return material
