"""How a stop spreads when nobody finds another partner: by the scarcest input, in proportion, or to the sellers."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Literal

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.kernels.cascade_lanes import ranges
from graphmodel.network import Network
from graphmodel.processes import Processes, processes, read_processes, slot_recipes, stands_in

Inputs = Literal["recipes", "leontief", "linear"]
INPUTS: tuple[Inputs, ...] = ("recipes", "leontief", "linear")
"""As the recipes say, all inputs essential, or all in proportion to their share of what a process takes in."""

Direction = Literal["downstream", "upstream"]
DIRECTIONS: tuple[Direction, ...] = ("downstream", "upstream")
"""From suppliers to final users, or from buyers to origins."""

APART = " (not essential)"


class Sales(Processes):
    """Processes that lose what their buyers no longer take; `demand` lists what origins sell."""

    def limits(self, available: FloatArray) -> FloatArray:
        """Spread what is left of each node over its processes, final users included."""
        return available[self.node]


def frozen_processes(network: Network, inputs: Inputs = "recipes", direction: Direction = "downstream") -> Processes:
    """Return the processes of a network with the slots through which a stop spreads.

    Parameters
    ----------
    network : Network
    inputs : {"recipes", "leontief", "linear"}
        ``recipes``: essential inputs one by one, the others together in one slot, each by its share of all the
        process takes in. ``leontief``: every input is essential. ``linear``: none is.
    direction : {"downstream", "upstream"}
        ``upstream``: one slot for each process that sells, filled by its buyers in the shares they take.

    Notes
    -----
    The share of an input is that of its amount in the recipe where all inputs of the process come in one unit, else
    of the tonnes it holds of a mineral that all of them hold, else of all minerals; where none holds any, all count
    the same. A co-product hangs on its host
    in every case, and never passes a loss of sales on. Costs one more reading of the network's tables, once.
    """
    if direction == "upstream":
        return network.once(_sales)
    if inputs == "linear":
        return network.once(_linear)
    if (network.table("recipes")["essential"] != "no").all():
        return processes(network)
    return network.once(_all_essential if inputs == "leontief" else _mixed)


def recipe_of(network: Network, rows: pd.DataFrame) -> pd.DataFrame:
    """Look up the recipe of each row (node_id, stage, output, input).

    Returns
    -------
    DataFrame
        ``slot``, ``amount`` (nan where the recipe lists no such input), ``essential``, and ``silent`` where neither
        the node nor its stage has a recipe. A node's own recipe goes before that of its stage.
    """
    recipes = slot_recipes(network.table("recipes"))
    columns = ["slot", "amount", "essential"]
    own = recipes[recipes["node_id"] != ""].drop_duplicates(["node_id", "output", "input"])
    general = recipes[recipes["node_id"] == ""]
    special = stands_in(rows, own, ["node_id", "output"])
    found = rows.merge(own[["node_id", "output", "input", *columns]], on=["node_id", "output", "input"], how="left")
    common = rows.merge(general[["stage", "output", "input", *columns]], on=["stage", "output", "input"], how="left")
    found.loc[~special, columns] = common.loc[~special, columns]
    return found[columns].assign(silent=~special & ~rows["stage"].isin(general["stage"]).to_numpy(dtype=bool))


def _all_essential(network: Network) -> Processes:
    """Every input as an essential slot; one that is not essential leaves the group of those that are."""
    recipes = slot_recipes(network.table("recipes"))
    optional = recipes["essential"] == "no"
    keys = ["stage", "node_id", "output", "slot"]
    shared = optional & stands_in(recipes, recipes[~optional], keys)
    recipes["group"] = recipes["group"].mask(shared, recipes["slot"] + APART)
    return read_processes(network, recipes.drop(columns=["slot", "base", "relative"]))


def _mixed(network: Network) -> Processes:
    work, draws = _read(network)
    return _with_linear(work, draws, draws["linear"].to_numpy(dtype=bool))


def _linear(network: Network) -> Processes:
    work, draws = _read(network)
    return _with_linear(work, draws, ~draws["host"].to_numpy(dtype=bool))


def _read(network: Network) -> tuple[Processes, pd.DataFrame]:
    work = frozen_processes(network, "leontief")
    return work, _draws(network, work)


def _draws(network: Network, work: Processes) -> pd.DataFrame:
    """List the slots of each process as `process_slot` does: host, linear, needed (a year), weight (share of all).

    ``needed`` is what the process takes from the slot, in the units of its inputs; nan where no recipe tells.
    """
    entry = pd.DataFrame({"process": work.reader, "slot": work.process_slot})
    entry["entry"] = entry.index
    entry["host"] = work.row[work.slot_indptr[work.process_slot]] < 0
    taken = entry.merge(_brought(network, work), on="slot")
    process = taken["process"].to_numpy(dtype=np.int64)
    taken["node_id"] = network.nodes["node_id"].to_numpy()[work.node[process]]
    taken["stage"] = network.nodes["stage"].to_numpy()[work.node[process]]
    taken["output"] = work.product[process]
    told = recipe_of(network, taken[["node_id", "stage", "output", "input"]])
    taken = taken.join(told.drop(columns="slot"))[
        told["silent"] | told["amount"].notna()
    ]  # the slot may hold what another product needs
    part = taken["share"] / taken.groupby("entry")["share"].transform("sum")
    per_unit = (part * taken["amount"]).where(~taken["silent"], taken["quantity"]).fillna(0.0)
    taken["intake"] = per_unit * _worth(network, taken)
    taken["needed"] = per_unit.where(~taken["silent"]) * _made(network, work)[taken["process"]]
    taken["linear"] = taken["essential"] == "no"
    of_entry = taken["entry"].to_numpy(dtype=np.int64)
    for column in ("needed", "intake", "linear"):
        entry[column] = np.bincount(of_entry, weights=taken[column].to_numpy(dtype=float), minlength=len(entry))
    entry["linear"] = entry["linear"] > 0
    own = entry[~entry["host"]]
    total = own.groupby("process")["intake"].transform("sum")
    alike = 1.0 / own.groupby("process")["slot"].transform("size")
    weight = (own["intake"] / total.where(total > 0)).fillna(alike)
    return entry.assign(weight=weight.reindex(entry.index).fillna(0.0))


def _brought(network: Network, work: Processes) -> pd.DataFrame:
    """List what edges bring to each slot: slot, input, share (of the need), quantity (scaled to the whole need)."""
    bought = work.row >= 0
    edges = network.edges
    brought = pd.DataFrame(
        {
            "slot": work.slot[bought],
            "input": edges["material"].to_numpy()[work.row[bought]],
            "share": work.share[bought],
            "quantity": edges["quantity"].to_numpy(dtype=float)[work.row[bought]],
        }
    )
    brought = brought.groupby(["slot", "input"], as_index=False, sort=True).sum()
    whole = brought.groupby("slot")["share"].transform("sum")
    return brought.assign(quantity=brought["quantity"] / whole.where(whole > 0, 1.0))


def _worth(network: Network, taken: pd.DataFrame) -> FloatArray:
    """Weigh a unit of each input: 1 where all of the process share a unit, else what it holds.

    Of a mineral that all inputs of the process hold, the first by name, as a family (rare earths) may be listed beside
    its members; else of all minerals together.
    """
    units = network.table("materials").set_index("material")["unit"]
    unit = taken["input"].map(units).astype(object).fillna("")
    one_unit = unit.groupby(taken["process"]).transform("nunique") == 1
    if one_unit.all():
        return np.ones(len(taken))
    held = pd.DataFrame({mineral: taken["input"].map(network.content(mineral)) for mineral in network.minerals})
    held = held.fillna(0.0)
    in_all = (held > 0).groupby(taken["process"]).transform("all").to_numpy(dtype=bool)
    amount = held.to_numpy(dtype=float)
    if amount.shape[1]:
        first = amount[np.arange(len(amount)), in_all.argmax(axis=1)]
        amount = np.where(in_all.any(axis=1), first, amount.sum(axis=1))
    else:
        amount = np.zeros(len(taken))
    return np.where(one_unit, 1.0, amount)


def _made(network: Network, work: Processes) -> FloatArray:
    """Return what each process makes or sells a year, whichever is more."""
    edges = network.edges
    sold = pd.DataFrame({"node": network.source, "product": edges["material"], "quantity": edges["quantity"]})
    stated = network.table("balances")
    stated = stated[stated["side"] != "input"]
    position = pd.Series(np.arange(network.n_nodes), index=network.nodes["node_id"])
    stated = pd.DataFrame(
        {"node": stated["node_id"].map(position), "product": stated["item"], "quantity": stated["quantity"]}
    )
    keys = ["node", "product"]
    made = pd.concat([sold.groupby(keys)["quantity"].sum(), stated.groupby(keys)["quantity"].sum()])
    made = made.groupby(level=keys).max()
    wanted = pd.MultiIndex.from_arrays([work.node, work.product])
    return made.reindex(wanted).fillna(0.0).to_numpy(dtype=float)


def _with_linear(work: Processes, draws: pd.DataFrame, linear: BoolArray) -> Processes:
    """Join the chosen slots of each process in one that loses the sum of theirs, by weight; leave the others."""
    if not linear.any():
        return work
    essential, joined = draws[~linear], draws[linear]
    kept = np.unique(essential["slot"].to_numpy(dtype=np.int64))
    new_code = np.searchsorted(kept, np.arange(len(work.slot_base)))
    length = np.diff(work.slot_indptr)
    slot = joined["slot"].to_numpy(dtype=np.int64)
    weight = joined["weight"].to_numpy(dtype=float)
    process, of_join = np.unique(joined["process"].to_numpy(dtype=np.int64), return_inverse=True)
    edges = np.concatenate([ranges(work.slot_indptr[kept], length[kept]), ranges(work.slot_indptr[slot], length[slot])])
    share = work.share[edges]
    share[length[kept].sum() :] *= np.repeat(weight, length[slot])
    base = 1.0 - np.bincount(of_join, weights=weight * (1.0 - work.slot_base[slot]), minlength=len(process))
    of_slot = np.concatenate([length[kept], np.bincount(of_join, weights=length[slot], minlength=len(process))])
    reader = np.concatenate([essential["process"].to_numpy(dtype=np.int64), process])
    code = np.concatenate([new_code[essential["slot"].to_numpy(dtype=np.int64)], len(kept) + np.arange(len(process))])
    order = np.lexsort((code, reader))
    return replace(
        work,
        slot_indptr=np.concatenate([[0], np.cumsum(of_slot)]).astype(np.int64),
        supplier=work.supplier[edges],
        share=share,
        row=work.row[edges],
        slot_base=np.concatenate([work.slot_base[kept], base]),
        process_indptr=np.searchsorted(reader[order], np.arange(work.n_processes + 1)),
        process_slot=code[order],
    )


def _sales(network: Network) -> Processes:
    """Every process that sells reads the processes that buy from it, by their share of what it makes."""
    work, draws = _read(network)
    made = _made(network, work)
    buyers = _buyers(network, work, draws)
    edges = network.edges
    seller = pd.Series(np.arange(work.n_processes), index=pd.MultiIndex.from_arrays([work.node, work.product]))
    keys = pd.MultiIndex.from_arrays([network.source, edges["material"]])
    row = buyers["row"].to_numpy(dtype=np.int64)
    buyers["seller"] = seller.reindex(keys).to_numpy(dtype=np.int64)[row]
    sold = edges["quantity"].to_numpy(dtype=float)[row] * buyers["part"].to_numpy(dtype=float)
    buyers = buyers.assign(sold=sold)[sold > 0].sort_values(["seller", "row", "buyer"], ignore_index=True)
    sells, first = np.unique(buyers["seller"].to_numpy(dtype=np.int64), return_index=True)
    of_seller = buyers["seller"].to_numpy(dtype=np.int64)
    share = buyers["sold"].to_numpy(dtype=float) / made[of_seller]
    carried = np.bincount(of_seller, weights=share, minlength=work.n_processes)[sells]
    changed: dict[str, object] = {
        "slot_indptr": np.append(first, len(buyers)).astype(np.int64),
        "supplier": buyers["buyer"].to_numpy(dtype=np.int64),
        "share": share,
        "row": buyers["row"].to_numpy(dtype=np.int64),
        "slot_base": np.maximum(0.0, 1.0 - carried),
        "process_indptr": np.searchsorted(sells, np.arange(work.n_processes + 1)),
        "process_slot": np.arange(len(sells)),
        "wanted": _outlets(network, work, made),
    }
    kept = {field.name: getattr(work, field.name) for field in fields(Processes)}
    return Sales(**{**kept, **changed})


def _buyers(network: Network, work: Processes, draws: pd.DataFrame) -> pd.DataFrame:
    """Split every edge among the processes of its buyer: row, buyer, part.

    By what each needs of the input; equally where no recipe tells, and among all processes where none uses it.
    """
    supply = pd.DataFrame({"row": work.row, "slot": work.slot})
    used = supply[supply["row"] >= 0].merge(draws[["slot", "process", "needed"]], on="slot")
    unused = pd.DataFrame({"row": np.setdiff1d(np.arange(network.n_edges), work.row)})
    unused["node"] = network.target[unused["row"].to_numpy(dtype=np.int64)]
    whole = pd.DataFrame({"node": work.node, "process": np.arange(work.n_processes), "needed": 0.0})
    pairs = pd.concat([used, unused.merge(whole, on="node")], ignore_index=True)[["row", "process", "needed"]]
    row = pairs["row"].to_numpy(dtype=np.int64)
    total = np.bincount(row, weights=pairs["needed"].to_numpy(dtype=float))[row]  # nan where one of them is not told
    part = np.where(total > 0, pairs["needed"] / np.where(total > 0, total, 1.0), 1.0 / np.bincount(row)[row])
    return (
        pairs.assign(part=part)
        .groupby(["row", "process"], as_index=False)["part"]
        .sum()
        .rename(columns={"process": "buyer"})
    )


def _outlets(network: Network, work: Processes, made: FloatArray) -> pd.DataFrame:
    """List what origins make to sell: process, node, product, quantity."""
    process: IntArray = np.flatnonzero(network.has_role("origin")[work.node] & (made > 0))
    return pd.DataFrame(
        {
            "process": process,
            "node": work.node[process],
            "product": work.product[process],
            "quantity": made[process],
        }
    )
