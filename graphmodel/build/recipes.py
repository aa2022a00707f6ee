"""Recipes by stage: which inputs a product needs and which of them replace one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from graphmodel.build.sources import Sources
from graphmodel.errors import Problem, SchemaError


@dataclass(frozen=True)
class Group:
    """Inputs of one stage that replace one another, pooled over its products.

    `base` is the need of the reference input per unit of each product; `relative` is how much of another input
    stands for one unit of the reference input; `amount` is each input per unit of the first product, which sizes
    products made of one feed.
    """

    stage: str
    name: str
    base: Mapping[str, float]
    relative: Mapping[str, float]
    amount: Mapping[str, float]

    @property
    def inputs(self) -> list[str]:
        """Materials of the group."""
        return list(self.relative)


class Recipes:
    """All groups of a package, looked up by stage, product or input."""

    def __init__(self, sources: Sources) -> None:
        table = sources["recipes"].copy()
        table["group"] = table["group"].where(table["group"] != "", table["input"])
        problems: list[Problem] = []
        self.all: list[Group] = []
        for stage, rows in table.groupby("stage", sort=True):
            for pool in _pools(rows):
                labels = sorted(set(pool["group"]))
                shared = table[(table["stage"] == stage) & table["group"].isin(labels) & ~table.index.isin(pool.index)]
                name = labels[0] if len(labels) == 1 and not len(shared) else " or ".join(sorted(set(pool["input"])))
                group, found = _group(sources, str(stage), name, pool)
                self.all.append(group)
                problems += found
        if problems:
            raise SchemaError(problems)
        self.table = self._renamed(table)

    def _renamed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give every row the name of its pool, so that one name never joins inputs that do not replace one another."""
        name = {
            (group.stage, product, material): group.name
            for group in self.all
            for product in group.base
            for material in group.inputs
        }
        keys = zip(table["stage"], table["output"], table["input"], strict=True)
        return table.assign(group=[name[key] for key in keys])

    def groups(self, stage: str, product: str) -> list[Group]:
        """List the groups a product of a stage needs."""
        return [group for group in self.all if group.stage == stage and product in group.base]

    def taking(self, material: str) -> Iterator[Group]:
        """Walk the groups that can take a material."""
        return (group for group in self.all if material in group.relative)

    def stages_making(self, product: str) -> list[str]:
        """Stages with a recipe for a product."""
        return sorted({group.stage for group in self.all if product in group.base})

    def made_from(self, stage: str, inputs: list[str]) -> set[str]:
        """Products of a stage that need any of the inputs."""
        return {
            product
            for group in self.all
            if group.stage == stage and set(inputs) & set(group.inputs)
            for product in group.base
        }


def _pools(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows of one stage, cut into pools: groups of all products that take the very same inputs."""
    inputs = rows.groupby(["output", "group"])["input"].transform(lambda names: " | ".join(sorted(names)))
    return [pool for _, pool in rows.groupby(inputs, sort=True)]


def _group(sources: Sources, stage: str, name: str, rows: pd.DataFrame) -> tuple[Group, list[Problem]]:
    amounts = rows.pivot(index="output", columns="input", values="amount")
    base = amounts.iloc[:, 0]  # the first input by name is the reference, here as in `graphmodel.processes`
    ratio = amounts.div(base, axis=0)
    relative = ratio.mean()
    problems = []
    for position in rows.index:
        row = rows.loc[position]
        here = ratio.loc[row["output"], row["input"]]
        if not abs(here / relative[row["input"]] - 1) < 1e-6:
            hint = "inputs of one group must replace one another in the same proportion for every product"
            problems.append(sources.problem("recipes", int(position), "amount", f"does not fit group {name!r}:", hint))
    first = amounts.iloc[0]
    return (
        Group(
            stage,
            name,
            {str(k): float(v) for k, v in base.items()},
            {str(k): float(v) for k, v in relative.items()},
            {str(k): float(v) for k, v in first.items()},
        ),
        problems,
    )
