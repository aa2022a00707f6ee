"""The network as a linear programme: what can still be served when everyone looks for another supplier.

All variables are shares of the base year. A process makes at most what its plant can; what it sells goes over the
network's edges, or into the market of its material; a slot fills from edges and markets; final demand is served as
far as its slots are filled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.errors import ParameterError
from graphmodel.kernels.linear import LinearProgramme
from graphmodel.network import Network
from graphmodel.processes import Processes, processes
from graphmodel.programme.base_year import require_feasible_base
from graphmodel.programme.builder import Builder
from graphmodel.programme.limits import Limits

GROWTH = 0.1
"""Share by which flows may grow under `adapt` unless told otherwise."""

SCALE = 1e6
"""Sum of the objective's weights: far above the solver's tolerance, so that small users count."""


LEAST = 1e-9
"""Loss share below which there is none: what the solver's tolerance may leave."""


@dataclass(frozen=True)
class Programme:
    """A linear programme and what its columns and rows stand for.

    The first columns are the outputs of the processes; ``columns`` and ``rows`` (kind, item) name all of them in
    order: an ``output``, ``spot sale`` or ``seller`` by process, an ``edge`` by row of the edges table, a ``slot`` or
    ``stock`` by slot, a ``purchase`` by row of `Processes.accepted`. ``weight`` is the share of all final demand that
    one unit of each output serves.
    """

    linear: LinearProgramme
    columns: pd.DataFrame
    rows: pd.DataFrame
    weight: FloatArray
    supply: IntArray
    """Processes that are not final demand."""

    def weighed(self, demand: pd.DataFrame, weight: FloatArray) -> Programme:
        """Return the same programme with other weights of the rows of final demand (`Processes.demand`)."""
        reward = _reward(demand, weight, self.linear.upper[: len(self.weight)])
        cost = self.linear.cost.copy()
        cost[: len(reward)] = -SCALE * reward
        return replace(self, linear=self.linear._replace(cost=cost), weight=reward)

    def value(self, loss_share: FloatArray) -> FloatArray:
        """Turn shares of final demand lost into values of the objective."""
        return SCALE * (np.asarray(loss_share) - self._wanted())

    def loss_share(self, value: FloatArray) -> FloatArray:
        """Turn values of the objective into shares of final demand lost."""
        lost = self._wanted() + np.asarray(value) / SCALE
        return np.where(lost < LEAST, 0.0, lost)

    def _wanted(self) -> float:
        return float(self.weight @ self.linear.upper[: len(self.weight)])


class Held(NamedTuple):
    """What can be drawn on within the year.

    Parameters
    ----------
    slot : stock of each slot, as a share of its yearly need, (K,)
    reserve : names of the public reserves, which end in ``: `` and the material, (J,)
    amount : what each can give, (J,)
    indptr, served : slots each reserve serves, (J + 1,) and entries
    taken : what the whole need of each of these takes of the reserve, in the unit of its amount
    """

    slot: FloatArray
    reserve: np.ndarray
    amount: FloatArray
    indptr: IntArray
    served: IntArray
    taken: FloatArray

    @property
    def slots(self) -> BoolArray:
        """Say which slots have anything to draw on."""
        has = self.slot > 0
        has[self.served] = True
        return has


def programme(
    network: Network,
    weight: FloatArray,
    *,
    growth: float | None = None,
    spot: float | None = None,
    held: Held | None = None,
    work: Processes | None = None,
) -> Programme:
    """Write the network down as a linear programme.

    Parameters
    ----------
    network : Network
        What a scenario has made unavailable counts.
    weight : array
        Weight of each row of final demand (`Processes.demand`) in the loss.
    growth : float, optional
        Share by which a present flow may grow; any when absent.
    spot : float, optional
        What a slot may buy from makers at large, as a share of what it takes in today; any amount when absent, and
        with 0 only present links serve.
    held : Held, optional
        Stocks and reserves that slots can draw on; none when absent.
    work : Processes, optional
        Processes in place of the network's own.

    Raises
    ------
    InfeasibleError
        If a node makes more in the base year than it can.

    Notes
    -----
    With x the output of process p as a share of its base, v the delivery over edge e and b the purchase of material
    m for slot k, both as shares of the slot's need, and Q, N the base quantities of processes and slots:

        maximise  sum over final demand d of weight_d x_d
        slot      sum of v_e + sum of b_km + base_k + stock_k + sum of reserve_jk >= sum over readers p of draw_kp x_p
        reserve   amount_j >= sum over slots of reserve_jk N_k r_km
        seller    sold_p x_p >= sum over its edges of v_e N_k r_e / Q_p + s_p
        market    sum over makers p of m of s_p Q_p >= sum over slots of b_km N_k r_km
        co-product x_c <= room_c (base + sum over hosts h of share_h x_h)
        plant     0 <= x_p <= available_p room_p

    The yield is in r and N. Everything at its base (x = 1, b = 0) is feasible, and so is the frozen fixed point. A
    host beyond its base gives its companion nothing more, so a shortage of a companion does not raise its host.
    What a node makes and sells to nobody today (`residual`) is not offered. Where nothing limits growth nor spot,
    edges and the market say the same, and edges are left out.
    """
    for name, given in (("growth", growth), ("spot", spot)):
        if given is not None and not 0 <= given < np.inf:
            raise ParameterError(f"{name} is {given}, but must be a share of 0 or more")
    network.once(require_feasible_base)
    work = processes(network) if work is None else work
    available = network.nodes["available"].fillna(1.0).to_numpy(dtype=float)[work.node]
    final = np.zeros(work.n_processes, dtype=bool)
    final[work.demand["process"].to_numpy(dtype=np.int64)] = True
    room = np.where(final, 1.0, work.room)
    build = Builder()
    outputs = build.add_columns("output", np.arange(work.n_processes), available * room)
    limits = Limits(network, build)
    by_market = growth is None and spot is None
    slots = _slot_rows(build, work, _one_way(work, held) if by_market else np.zeros(len(work.need), dtype=bool), held)
    sales = outputs
    if not by_market:
        sales = _edge_columns(build, network, work, slots, limits, growth, spot)
    if spot != 0:
        _markets(build, network, work, slots, sales, limits, spot)
    _companion_rows(build, work, room)
    reward = _reward(work.demand, weight, available)
    linear, columns, rows = build.build(-SCALE * reward)
    return Programme(linear, columns, rows, reward, np.flatnonzero(~final))


def _reward(demand: pd.DataFrame, weight: FloatArray, available: FloatArray) -> FloatArray:
    """Return the share of all final demand that one unit of each output serves."""
    total = weight.sum()
    shares = np.zeros(len(available))
    np.add.at(shares, demand["process"].to_numpy(dtype=np.int64), weight / total if total > 0 else 0.0)
    return np.divide(shares, available, out=np.zeros(len(shares)), where=available > 0)


def _one_way(work: Processes, held: Held | None) -> BoolArray:
    """Slots that one material alone fills: what they take follows from what their readers make, without a column."""
    ways = np.bincount(work.accepted["slot"].to_numpy(dtype=np.int64), minlength=len(work.need))
    alone = (ways == 1) & (work.slot_base == 0) & (work.need > 0)
    return alone if held is None else alone & ~held.slots


def _slot_rows(build: Builder, work: Processes, filled: BoolArray, held: Held | None) -> IntArray:
    """Add a row for each slot that needs one and return the rows, -1 for the others."""
    slot = np.flatnonzero((work.need > 0) & ~filled)
    rows = np.full(len(work.need), -1, dtype=np.int64)
    rows[slot] = build.add_rows("slot", slot, -work.slot_base[slot])
    entry = np.flatnonzero(rows[work.process_slot] >= 0)
    build.put(rows[work.process_slot[entry]], work.reader[entry], -work.draw[entry])
    if held is not None:
        with_stock = slot[held.slot[slot] > 0]
        build.put(rows[with_stock], build.add_columns("stock", with_stock, held.slot[with_stock]), 1.0)
        reserve = build.add_rows("reserve", held.reserve, np.full(len(held.amount), -1.0), held.amount)
        drawn = build.add_columns("reserve draw", held.served, np.full(len(held.served), np.inf))
        build.put(rows[held.served], drawn, 1.0)
        of_entry = np.repeat(np.arange(len(held.amount)), np.diff(held.indptr))
        build.put(reserve[of_entry], drawn, -held.taken / held.amount[of_entry])
    return rows


def _edge_columns(
    build: Builder,
    network: Network,
    work: Processes,
    slots: IntArray,
    limits: Limits,
    growth: float | None,
    spot: float | None,
) -> IntArray:
    """Add what each edge delivers, and what each process has left for the market; return the latter's columns."""
    supply = np.flatnonzero((work.row >= 0) & (work.share > 0))
    slot = work.slot[supply]
    used, first, column = np.unique(work.row[supply], return_index=True, return_inverse=True)
    seller = work.supplier[supply[first]]
    edges = network.edges
    amount = edges["quantity"].to_numpy(dtype=float)[used]
    base = base_flow(network)[used]
    kept = edges["available"].fillna(1.0).to_numpy(dtype=float)[used] / base
    most = np.full(len(used), np.inf) if growth is None else base * (1.0 + growth)
    capped = (kept < 1 - 1e-12) & ((kept == 0) | ~limits.hit(network)[used])
    most[capped] = np.minimum(most[capped], base[capped]) * kept[capped]
    world = _world(work)
    delivered = build.add_columns("edge", used, most, amount / world[seller])
    build.put(slots[slot], delivered[column], work.share[supply])
    sells = np.flatnonzero(work.sold > 0)
    rows = np.full(work.n_processes, -1, dtype=np.int64)
    rows[sells] = build.add_rows("seller", sells, np.zeros(len(sells)))
    build.put(rows[sells], sells, work.sold[sells])
    build.put(rows[seller], delivered, -amount / work.quantity[seller])
    limits.count_edges(build, used, delivered, amount)
    sales = np.full(work.n_processes, -1, dtype=np.int64)
    if spot != 0:
        most = np.full(len(sells), np.inf)
        sales[sells] = build.add_columns("spot sale", sells, most, work.quantity[sells] / world[sells])
        build.put(rows[sells], sales[sells], -1.0)
    return sales


def base_flow(network: Network) -> FloatArray:
    """Return what each edge carries before any response, as a share of what is wanted from it."""
    edges = network.edges
    wanted = edges["quantity"].to_numpy(dtype=float)
    delivered = edges["delivered"].fillna(edges["quantity"]).to_numpy(dtype=float)
    return np.divide(delivered, wanted, out=np.ones(len(wanted)), where=wanted > 0)


def _markets(
    build: Builder,
    network: Network,
    work: Processes,
    slots: IntArray,
    sales: IntArray,
    limits: Limits,
    spot: float | None,
) -> None:
    """Let every maker of a material sell to every slot that accepts it, as far as no restriction is in the way."""
    made = pd.DataFrame({"process": np.arange(work.n_processes), "material": work.product})
    made = made[(work.sold > 0) & (sales >= 0)]
    offered = (work.quantity * np.where(sales == np.arange(work.n_processes), work.sold, 1.0))[made["process"]]
    made = made.assign(amount=offered)
    world = made.groupby("material")["amount"].sum()
    wants = work.accepted.rename_axis("entry").reset_index()
    wants = wants[wants["material"].isin(world.index) & (work.need[wants["slot"]] > 0)].reset_index(drop=True)
    wants = wants.assign(world=wants["material"].map(world))
    bought = wants.assign(column=_purchases(build, work, wants, slots, spot))
    places, none = work.slot_node, np.zeros(0, dtype=np.int64)
    rows = bought.groupby("material").indices
    for material, offers in made.groupby("material", sort=True):
        takes = bought.take(rows.get(material, none))
        total = float(world[material])
        seller, buyer, columns = limits.classes(
            build, str(material), work.node[offers["process"]], places[takes["slot"]], total
        )
        n_sellers, n_buyers = (1, 1) if columns is None else columns.shape
        source = build.add_rows("market", np.full(n_sellers, material), np.zeros(n_sellers), total)
        build.put(source[seller], sales[offers["process"]], offers["amount"].to_numpy() / total)
        target = source
        if columns is not None:
            target = build.add_rows("market", np.full(n_buyers, material), np.zeros(n_buyers), total)
            a, b = np.nonzero(columns >= 0)
            build.put(source[a], columns[a, b], -1.0)
            build.put(target[b], columns[a, b], 1.0)
        _take(build, work, takes, target[buyer], total)


def _purchases(build: Builder, work: Processes, wants: pd.DataFrame, slots: IntArray, spot: float | None) -> IntArray:
    """Add what each slot buys of each material, -1 where that follows from what its readers make."""
    slot = wants["slot"].to_numpy(dtype=np.int64)
    free = np.flatnonzero(slots[slot] >= 0)
    taken_in = np.zeros(len(work.need))
    np.add.at(taken_in, work.slot, work.share)
    most = np.full(len(free), np.inf) if spot is None else spot * taken_in[slot[free]]
    column = np.full(len(wants), -1, dtype=np.int64)
    amount = work.need[slot] * wants["relative"].to_numpy(dtype=float) / wants["world"].to_numpy(dtype=float)
    entry = wants["entry"].to_numpy(dtype=np.int64)
    column[free] = build.add_columns("purchase", entry[free], most, amount[free])
    build.put(slots[slot[free]], column[free], 1.0)
    if spot is not None:
        shared = np.flatnonzero(np.bincount(slot[free], minlength=len(work.need)) > 1)
        rows = np.full(len(work.need), -1, dtype=np.int64)
        rows[shared] = build.add_rows("spot purchases", shared, -spot * taken_in[shared])
        joint = free[rows[slot[free]] >= 0]
        build.put(rows[slot[joint]], column[joint], -1.0)
    return column


def _take(build: Builder, work: Processes, takes: pd.DataFrame, row: IntArray, total: float) -> None:
    """Take purchases out of a market, in shares of the world's supply."""
    slot = takes["slot"].to_numpy(dtype=np.int64)
    column = takes["column"].to_numpy(dtype=np.int64)
    amount = work.need[slot] * takes["relative"].to_numpy(dtype=float) / total
    own = column >= 0
    build.put(row[own], column[own], -amount[own])
    at = np.full(len(work.need), -1, dtype=np.int64)
    at[slot[~own]] = np.flatnonzero(~own)
    entry = np.flatnonzero(at[work.process_slot] >= 0)
    take = at[work.process_slot[entry]]
    build.put(row[take], work.reader[entry], -amount[take] * work.draw[entry])


def _world(work: Processes) -> FloatArray:
    """Return what all makers of each process's product sell together."""
    sold = pd.Series(work.quantity * work.sold).groupby(work.product).transform("sum").to_numpy()
    return np.where(sold > 0, sold, 1.0)


def _companion_rows(build: Builder, work: Processes, room: FloatArray) -> None:
    """Hold each co-product to what its hosts leave of it."""
    entry = np.flatnonzero(work.need[work.process_slot] == 0)
    process, slot = work.reader[entry], work.process_slot[entry]
    rows = build.add_rows("co-product", process, -room[process] * work.slot_base[slot])
    build.put(rows, process, -1.0)
    count = np.diff(work.slot_indptr)[slot]
    supply = np.concatenate([np.arange(work.slot_indptr[k], work.slot_indptr[k + 1]) for k in slot] or [slot])
    build.put(np.repeat(rows, count), work.supplier[supply], np.repeat(room[process], count) * work.share[supply])
