"""What is known of who supplies whom, as a prior for the flows.

It nests: trade between countries, contracts between plants inside their country pair, size where nothing is known,
and a small floor, so that a missing trade code does not force an absurd route.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.build.places import Places

FLOOR = 1e-4
"""Weight of plain proportionality under every known trade pattern."""


@dataclass(frozen=True)
class Prior:
    """Permitted pairs of one material with their weight and what it rests on.

    ``supplier`` and ``consumer`` are positions in the market's tables; ``basis`` is one of the edge bases.
    """

    supplier: IntArray
    consumer: IntArray
    weight: FloatArray
    basis: np.ndarray
    reference: np.ndarray
    evidence: np.ndarray


def prior(
    suppliers: pd.DataFrame,
    consumers: pd.DataFrame,
    trade: pd.DataFrame,
    contracts: pd.DataFrame,
    places: Places,
    *,
    traded: bool,
) -> Prior:
    """Weigh every permitted pair of supplier and consumer of one material.

    Parameters
    ----------
    suppliers : position, node_id, country, quantity (common unit)
    consumers : position, node_id, country, quantity (common unit)
    trade, contracts : rows of this material, in the common unit
    traded : whether the material crosses borders
    """
    supply = suppliers.groupby("country", sort=True)["quantity"].sum()
    need = consumers.groupby("country", sort=True)["quantity"].sum()
    listed, known = _pair_table(trade, supply, need, places)
    weight_between = _between_countries(supply, need, listed, known)
    sold, bought = (contracts.groupby(end)["quantity"].sum() for end in ("source", "target"))
    here_by, there_by = _by_country(suppliers, sold), _by_country(consumers, bought)
    agreed: dict[str, list[Any]] = {}
    for row in contracts.itertuples():
        agreed.setdefault(str(row.source), []).append(row)
    pairs = []
    trade_row = dict(listed.iterrows()) | _kept_at_home(listed, known)
    for (a, here), between in zip(here_by.items(), weight_between.to_numpy(dtype=float), strict=True):
        for (b, there), weight_of_pair in zip(there_by.items(), between.tolist(), strict=True):
            if not traded and not places.together(a, b):
                continue
            contract, rows = _contracted(agreed, here, there)
            weight = _inside_pair(weight_of_pair, here, there, contract)
            left, right = np.nonzero(weight > 0)
            told = trade_row.get((a, b))
            ground = ("estimated", "", "assumed") if told is None else _grounds(told, "trade")
            grounds = [ground] * len(left)
            for place, cell in enumerate(zip(left.tolist(), right.tolist(), strict=True) if rows else ()):
                if cell in rows:
                    grounds[place] = _grounds(rows[cell], str(rows[cell]["basis"]))
            pairs.append((here.position[left], there.position[right], weight[left, right], grounds))
    at, to, weights = (np.concatenate([pair[k] for pair in pairs] or [np.empty(0)]) for k in range(3))
    words = np.array([ground for pair in pairs for ground in pair[3]], dtype=object).reshape(-1, 3)
    return Prior(at.astype(np.int64), to.astype(np.int64), weights.astype(float), *words.T)


def _grounds(row: Mapping[str, object], basis: str) -> tuple[str, str, str]:
    """Return basis, reference and evidence of a flow: a pattern nobody has reported is an estimate, even if written."""
    evidence = str(row["evidence"])
    return "estimated" if evidence == "assumed" else basis, str(row["reference"]), evidence


def _pair_table(
    trade: pd.DataFrame, supply: pd.Series, need: pd.Series, places: Places
) -> tuple[pd.DataFrame, set[str]]:
    """Trade rows between countries the market has, regions standing in for their countries."""
    exporter = [code if code in supply.index else None for code in trade["exporter"]]
    importer = [places.home(code, set(need.index)) for code in trade["importer"]]
    rows = trade.assign(exporter=exporter, importer=importer).dropna(subset=["exporter", "importer"])
    rows = rows.sort_values(["exporter", "importer", "quantity"], ascending=[True, True, False], kind="stable")
    pairs = rows.groupby(["exporter", "importer"], sort=True).agg(
        quantity=("quantity", "sum"), reference=("reference", "first"), evidence=("evidence", "first")
    )
    return pairs, {str(code) for code in rows["exporter"]}


def _kept_at_home(listed: pd.DataFrame, known: set[str]) -> dict[tuple[str, str], pd.Series]:
    """What an exporter with listed trade keeps: output less exports, on the word of its largest export row."""
    largest = {a: listed.loc[[a]].sort_values("quantity").iloc[-1] for a in known}
    return {(a, a): largest[a] for a in sorted(known) if (a, a) not in listed.index}


def _between_countries(supply: pd.Series, need: pd.Series, listed: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """Trade where it is listed, what an exporter keeps at home, and size for exporters not listed at all."""
    by_size = pd.DataFrame(np.outer(supply, need) / need.sum(), index=supply.index, columns=need.index)
    table = by_size.copy()
    table.loc[sorted(known)] = 0.0
    for (a, b), row in listed.iterrows():
        table.loc[a, b] = row["quantity"]
    for a in sorted(known & set(need.index)):
        if (a, a) not in listed.index:
            table.loc[a, a] = max(supply[a] - table.loc[a].sum(), 0.0)
    return table + FLOOR * by_size


class _Side(NamedTuple):
    """Suppliers or consumers of one country."""

    position: IntArray
    node_id: np.ndarray
    quantity: FloatArray
    left: FloatArray
    """Size not yet under contract with anyone."""


def _by_country(nodes: pd.DataFrame, agreed: pd.Series) -> dict[str, _Side]:
    """Split suppliers or consumers by country, in order of its code."""
    under_contract = nodes["node_id"].map(agreed).fillna(0.0).to_numpy(dtype=float)
    size = nodes["quantity"].to_numpy(dtype=float)
    # A floor of a hundredth, so that no pair becomes impossible.
    nodes = nodes.assign(left=np.maximum(size - under_contract, 0.01 * size))
    columns = ["position", "node_id", "quantity", "left"]
    return {
        str(country): _Side(*(rows[name].to_numpy() for name in columns))
        for country, rows in nodes.groupby("country", sort=True)
    }


def _contracted(
    agreed: Mapping[str, list[Any]], here: _Side, there: _Side
) -> tuple[FloatArray, dict[tuple[int, int], dict[str, object]]]:
    """Return what is under contract between suppliers and consumers of two countries, and the rows that say so."""
    quantity = np.zeros((len(here.node_id), len(there.node_id)))
    rows: dict[tuple[int, int], dict[str, object]] = {}
    for i, source in enumerate(here.node_id):
        for row in agreed.get(source, ()):
            for j in np.flatnonzero(there.node_id == row.target).tolist():
                quantity[i, j] = min(float(row.quantity), float(here.quantity[i]))
                if quantity[i, j] > 0:
                    rows[i, j] = row._asdict()
    return quantity, rows


def _inside_pair(between: float, here: _Side, there: _Side, contract: FloatArray) -> FloatArray:
    """Contracts first; the rest of the pair by what size they leave."""
    rest = max(between - contract.sum(), FLOOR * between)
    return contract + rest * np.outer(here.left / here.left.sum(), there.left / there.left.sum())
