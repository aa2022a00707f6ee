"""What a network holds against a shock: stocks of users, public reserves, and capacity above output."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.errors import ParameterError, listed
from graphmodel.kernels.timeline import Reserves
from graphmodel.network import Network
from graphmodel.processes import Processes
from graphmodel.programme import Held

WEEKS = 52
"""Weeks in a year: a week's quantity is the year's by 52."""

DAYS = 7

_SPECIAL = ("country", "stage", "material", "node_id")
"""What makes a row more special, the weakest first."""


def supplies(network: Network, work: Processes) -> pd.DataFrame:
    """List the supplies that come over an edge, one row each.

    Returns
    -------
    DataFrame
        ``edge`` (position among the supplies), ``slot``, ``material``, ``share`` of the slot's need, ``quantity`` a
        week, and the buyer's ``node_id``, ``stage``, ``country``, ``sink`` and ``stock_days``.
    """
    here = np.flatnonzero(work.row >= 0)
    row = work.row[here]
    slot = work.slot[here]
    table = pd.DataFrame({"edge": here, "slot": slot, "share": work.share[here]})
    table["material"] = network.edges["material"].to_numpy()[row]
    table["quantity"] = network.edges["quantity"].to_numpy(dtype=float)[row] / WEEKS
    buyer = network.nodes.iloc[network.target[row]]
    for column in ("node_id", "stage", "country", "stock_days"):
        table[column] = buyer[column].to_numpy()
    return table.assign(sink=network.has_role("sink")[network.target[row]])


def firm_stocks(network: Network, work: Processes, default_days: float) -> tuple[FloatArray, str]:
    """Return the weeks of its need each slot holds, and a sentence on what that rests on.

    Notes
    -----
    For each input of each user: the most special row of ``stocks`` that fits (a node before a material, a material
    before a stage, a stage before a country), else the node's ``stock_days``, else ``default_days`` for all but users
    of final products. A quantity is shared out among those it fits by what they use. A slot of several inputs holds
    their days in proportion to its shares.
    """
    table = supplies(network, work)
    rows = network.table("stocks")
    rows = rows[rows["holder"] == "firm"]
    _require_amounts(rows)
    days = table["stock_days"].to_numpy(dtype=float)
    n_nodes = int(network.nodes["stock_days"].notna().sum())
    days = np.where(np.isnan(days), np.where(table["sink"].to_numpy(dtype=bool), 0.0, default_days), days)
    special = sum((rows[column] != "").astype(int) * 2**place for place, column in enumerate(_SPECIAL))
    brought = np.bincount(table["slot"], table["share"], minlength=len(work.slot_base))
    unused = 0
    for position in np.argsort(np.asarray(special), kind="stable"):  # at most some hundred rows
        row = rows.iloc[position]
        fits = _fits(table, row)
        unused += not fits.any()
        if not np.isnan(row["days"]):
            days[fits] = row["days"]
        elif fits.any():
            used = table["quantity"].to_numpy()[fits].sum()
            # a quantity lasts longer in a slot that needs part of it from elsewhere
            days[fits] = DAYS * row["quantity"] / used * brought[table["slot"].to_numpy()[fits]] if used > 0 else 0.0
    held = np.bincount(table["slot"], table["share"] * days / DAYS, minlength=len(work.slot_base)).astype(float)
    weeks = np.divide(held, brought, where=brought > 0, out=np.zeros(len(held)))
    n_public = int((network.table("stocks")["holder"] == "public").sum())
    return weeks, _said(len(rows), unused, n_public, n_nodes, default_days)


def public_reserves(network: Network, work: Processes) -> Reserves | None:
    """Return the public reserves of a network, one a row and material; none if there is none.

    Notes
    -----
    A reserve serves the users of its material in its country (everywhere when empty). ``days`` are days of what
    these use in the base. A row without a material is a reserve of each material used there, and needs ``days``.
    """
    amount, release, trigger, edges, quantity = [], [], [], [], []
    for row, _, served in _reserves(network, work):
        used = float(served["quantity"].sum())
        amount.append(row["quantity"] if np.isnan(row["days"]) else row["days"] / DAYS * used)
        release.append(1.0 if np.isnan(row["release"]) else row["release"])
        trigger.append(0.0 if np.isnan(row["trigger"]) else row["trigger"])
        edges.append(served["edge"].to_numpy(dtype=np.int64))
        quantity.append(served["quantity"].to_numpy(dtype=float))
    if not amount:
        return None
    indptr = np.concatenate([[0], np.cumsum([len(part) for part in edges])]).astype(np.int64)
    levels = [np.array(values, dtype=float) for values in (amount, release, trigger)]
    return Reserves(levels[0], levels[1], levels[2], indptr, np.concatenate(edges), np.concatenate(quantity))


def held_for_a_year(network: Network, work: Processes) -> Held:
    """Return what firms hold and what public reserves can give within a year, whatever triggers their release."""
    weeks, _ = firm_stocks(network, work, 0.0)
    stock = np.where(work.need > 0, weeks / WEEKS, 0.0)
    reserves = public_reserves(network, work)
    if reserves is None:
        nothing = np.zeros(0, dtype=np.int64)
        return Held(stock, np.zeros(0, dtype=object), np.zeros(0), np.zeros(1, dtype=np.int64), nothing, np.zeros(0))
    names = [f"{row['country'] or 'everywhere'}: {material}" for row, material, _ in _reserves(network, work)]
    amount = reserves.amount * np.minimum(1.0, WEEKS * reserves.release)
    entry = pd.DataFrame(
        {
            "reserve": np.repeat(np.arange(len(amount)), np.diff(reserves.indptr)),
            "slot": work.slot[reserves.edge],
            "relative": work.relative[reserves.edge],
        }
    )
    entry = entry[(amount[entry["reserve"]] > 0) & (work.need[entry["slot"]] > 0)]
    entry = entry.drop_duplicates(["reserve", "slot"]).sort_values(["reserve", "slot"])
    kept, of_kept = np.unique(entry["reserve"].to_numpy(dtype=np.int64), return_inverse=True)
    slot = entry["slot"].to_numpy(dtype=np.int64)
    taken = work.need[slot] * entry["relative"].to_numpy(dtype=float)
    indptr = np.searchsorted(of_kept, np.arange(len(kept) + 1)).astype(np.int64)
    return Held(stock, np.array(names, dtype=object)[kept], amount[kept], indptr, slot, taken)


def free_capacity(network: Network, work: Processes) -> tuple[FloatArray, FloatArray]:
    """Return what each process could make above its base output, as a share of it: at once, and later.

    Notes
    -----
    ``spare`` of its node is there at once; what ``capacity`` leaves above output and spare comes later. Where a node
    makes several products all of them grow alike. A node without capacity, and a user, has nothing to spare.
    """
    nodes = network.nodes
    made = work.output
    alone = np.bincount(work.node, minlength=network.n_nodes) == 1
    own = np.bincount(work.node, made, minlength=network.n_nodes)
    output = nodes["output"].to_numpy(dtype=float)
    output = np.where(np.isnan(output) & alone, own, output)
    known = (output > 0) & ~network.has_role("sink")
    base = np.where(known, output, 1.0)
    at_once = np.where(known, nodes["spare"].fillna(0.0).to_numpy(dtype=float) / base, 0.0)
    above = np.where(known, nodes["capacity"].fillna(0.0).to_numpy(dtype=float) / base - 1.0, 0.0)
    return at_once[work.node], np.maximum(above - at_once, 0.0)[work.node]


def _reserves(network: Network, work: Processes) -> Iterator[tuple[pd.Series, str, pd.DataFrame]]:
    """Yield each public reserve: its row of ``stocks``, its material, and the supplies it can stand in for."""
    rows = network.table("stocks")
    rows = rows[rows["holder"] == "public"]
    _require_amounts(rows)
    table = supplies(network, work)
    for row in (rows.iloc[position] for position in range(len(rows))):
        for material, served in table[_fits(table, row)].groupby("material", sort=True):
            yield row, str(material), served


def _fits(table: pd.DataFrame, row: pd.Series) -> np.ndarray:
    """Say which supplies go to a holder the row speaks of."""
    fits = np.ones(len(table), dtype=bool)
    for column in _SPECIAL:
        if row[column] != "":
            fits &= (table[column] == row[column]).to_numpy(dtype=bool)
    return fits


def _require_amounts(rows: pd.DataFrame) -> None:
    """Refuse rows that say neither days nor quantity, or a quantity of nothing in particular."""
    empty = rows[rows["days"].isna() & rows["quantity"].isna()]
    if len(empty):
        raise ParameterError(f"a stock needs days or a quantity; {_where(empty)} has neither")
    vague = rows[rows["days"].isna() & (rows["material"] == "")]
    if len(vague):
        raise ParameterError(f"a stock in quantity needs a material; {_where(vague)} has none")


def _where(rows: pd.DataFrame) -> str:
    keys = ["holder", "country", "stage", "node_id", "material"]
    return listed(["the row of " + (", ".join(filter(None, row)) or "nobody") for row in rows[keys].to_numpy()])


def _said(n_rows: int, unused: int, n_public: int, n_nodes: int, default_days: float) -> str:
    """Say what the stocks rest on."""
    parts = []
    if n_rows:
        parts.append(
            f"{n_rows} row{'s' * (n_rows > 1)} of firms' stocks"
            + (f" ({unused} of them fit no user)" if unused else "")
        )
    if n_public:
        parts.append(f"{n_public} public reserve{'s' * (n_public > 1)}")
    if n_nodes:
        parts.append(f"stock_days of {n_nodes} node{'s' * (n_nodes > 1)}")
    if default_days > 0:
        parts.append(f"{default_days:g} days, assumed, where nothing is stated")
    return "; ".join(parts) or "no data on stocks: nobody holds any, and every loss begins at once"
