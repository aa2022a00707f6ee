"""What is known of who supplies whom, as a prior for the flows.

It nests: trade between countries, contracts between plants inside their country pair, size where nothing is known,
and a small floor, so that a missing trade code does not force an absurd route.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    agreed = contracts.set_index(["source", "target"])
    sold, bought = (contracts.groupby(end)["quantity"].sum() for end in ("source", "target"))
    suppliers = suppliers.assign(left=_left(suppliers, sold))
    consumers = consumers.assign(left=_left(consumers, bought))
    rows: list[tuple[IntArray, IntArray, FloatArray]] = []
    basis: list[str] = []
    reference: list[str] = []
    evidence: list[str] = []
    trade_row = dict(listed.iterrows())
    trade_row |= _kept_at_home(listed, known)
    for a, here in suppliers.groupby("country", sort=True):
        for b, there in consumers.groupby("country", sort=True):
            if not traded and not places.together(str(a), str(b)):
                continue
            contract = _contracted(agreed, here, there)
            weight = _inside_pair(float(weight_between.loc[a, b]), here, there, contract)
            left, right = np.nonzero(weight > 0)
            rows.append((here["position"].to_numpy()[left], there["position"].to_numpy()[right], weight[left, right]))
            pair = trade_row.get((a, b))
            for i, j in zip(left, right, strict=True):
                if contract[i, j] > 0:
                    row = agreed.loc[(here["node_id"].iloc[i], there["node_id"].iloc[j])]
                    basis.append(_rests_on(row, str(row["basis"])))
                elif pair is not None:
                    row = pair
                    basis.append(_rests_on(pair, "trade"))
                else:
                    row = None
                    basis.append("estimated")
                reference.append("" if row is None else str(row["reference"]))
                evidence.append("assumed" if row is None else str(row["evidence"]))
    empty = np.empty(0, dtype=np.int64)
    return Prior(
        np.concatenate([row[0] for row in rows] or [empty]).astype(np.int64),
        np.concatenate([row[1] for row in rows] or [empty]).astype(np.int64),
        np.concatenate([row[2] for row in rows] or [np.empty(0)]).astype(float),
        np.array(basis, dtype=object),
        np.array(reference, dtype=object),
        np.array(evidence, dtype=object),
    )


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


def _rests_on(row: pd.Series, basis: str) -> str:
    """Say what a flow rests on: a pattern nobody has reported is an estimate, even where it is written down."""
    return "estimated" if str(row["evidence"]) == "assumed" else basis


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


def _contracted(agreed: pd.DataFrame, here: pd.DataFrame, there: pd.DataFrame) -> FloatArray:
    quantity = np.zeros((len(here), len(there)))
    for i, source in enumerate(here["node_id"]):
        for j, target in enumerate(there["node_id"]):
            if (source, target) in agreed.index:
                quantity[i, j] = min(float(agreed.loc[(source, target), "quantity"]), float(here["quantity"].iloc[i]))
    return quantity


def _inside_pair(between: float, here: pd.DataFrame, there: pd.DataFrame, contract: FloatArray) -> FloatArray:
    """Contracts first; the rest of the pair by what size they leave."""
    rest = max(between - contract.sum(), FLOOR * between)
    left, right = here["left"].to_numpy(dtype=float), there["left"].to_numpy(dtype=float)
    return contract + rest * np.outer(left / left.sum(), right / right.sum())


def _left(nodes: pd.DataFrame, agreed: pd.Series) -> FloatArray:
    """Size not yet under contract with anyone, with a floor of a hundredth so that no pair becomes impossible."""
    size = nodes["quantity"].to_numpy(dtype=float)
    return np.maximum(size - nodes["node_id"].map(agreed).fillna(0.0).to_numpy(dtype=float), 0.01 * size)
