"""Restrictions on who sells what to whom, in a linear programme."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.network import Network
from graphmodel.programme.builder import Builder


class Limits:
    """Restrictions a scenario has put on who sells what to whom, each with what it leaves of the base flow."""

    def __init__(self, network: Network, build: Builder) -> None:
        table = network.table("restrictions")
        position = pd.Series(np.arange(network.n_nodes), index=network.nodes["node_id"])
        edges = network.edges
        quantity = edges["quantity"].to_numpy(dtype=float)
        self.rules: list[_Rule] = []
        for (name, material), rows in table.groupby(["restriction", "material"], sort=True):
            sides = {
                side: np.isin(np.arange(network.n_nodes), position[rows.loc[rows["side"] == side, "node_id"]])
                for side in ("seller", "buyer")
            }
            between = sides["seller"][network.source] & sides["buyer"][network.target]
            carried = edges["material"] == material if material else edges["material"] != ""
            for one in sorted(set(edges["material"][carried])) or [material]:
                hit = between & (edges["material"] == one).to_numpy(dtype=bool)
                share, base = float(rows["share"].iloc[0]), float(quantity[hit].sum())
                row = -1
                if share * base > 0:
                    label = np.array([f"{name}: {one}"])
                    row = int(build.add_rows("restriction", label, np.array([-share]), base)[0])
                self.rules.append(_Rule(str(one), sides["seller"], sides["buyer"], hit, base, row))

    def hit(self, network: Network) -> BoolArray:
        """Say which edges a restriction names."""
        named = [rule.edges for rule in self.rules]
        return np.logical_or.reduce(named) if named else np.zeros(network.n_edges, dtype=bool)

    def count_edges(self, build: Builder, edge: IntArray, column: IntArray, amount: FloatArray) -> None:
        """Count deliveries over edges in the restrictions that name them."""
        for rule in self.rules:
            here = np.flatnonzero(rule.edges[edge])
            if rule.row >= 0 and len(here):
                build.put(np.full(len(here), rule.row), column[here], -amount[here] / rule.base)

    def classes(
        self, build: Builder, material: str, seller: IntArray, buyer: IntArray, total: float
    ) -> tuple[IntArray, IntArray, IntArray | None]:
        """Class sellers and buyers by the restrictions they fall under; add what passes between two classes.

        Returns the class of each seller and buyer, and the column by pair of classes, -1 where nothing may pass; no
        columns, and one class, where no restriction touches the material.
        """
        rules = [rule for rule in self.rules if rule.material == material]
        if not rules:
            return np.zeros(len(seller), np.int64), np.zeros(len(buyer), np.int64), None
        sells, a = np.unique(np.array([r.sellers[seller] for r in rules]), axis=1, return_inverse=True)
        buys, b = np.unique(np.array([r.buyers[buyer] for r in rules]), axis=1, return_inverse=True)
        both = sells[:, :, None] & buys[:, None, :]
        closed = np.array([rule.row < 0 for rule in rules])
        passes = ~(both & closed[:, None, None]).any(axis=0)
        columns = np.full(passes.shape, -1)
        columns[passes] = build.add_columns("passage", np.full(passes.sum(), material), np.full(passes.sum(), np.inf))
        for k, rule in enumerate(rules):
            under = columns[both[k] & passes]
            if rule.row >= 0 and len(under):
                build.put(np.full(len(under), rule.row), under, -total / rule.base)
        return a.astype(np.int64).ravel(), b.astype(np.int64).ravel(), columns


@dataclass(frozen=True)
class _Rule:
    """One restriction of one material."""

    material: str
    sellers: BoolArray
    buyers: BoolArray
    edges: BoolArray
    base: float
    row: int
    """Row of what may pass; -1 where nothing may."""
