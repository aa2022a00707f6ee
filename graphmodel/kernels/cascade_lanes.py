"""The frozen response with 64 scenarios side by side: the layout, and one batch settled in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.kernels.cascade_loops import readiest_first_loop, reverse_postorder_loop, settle_loop
from graphmodel.kernels.compiling import compiled
from graphmodel.kernels.sparse_late import connected_components

LANES = 64
"""Scenarios in one row: eight cache lines of doubles."""

CLOSED = np.inf
"""Error bound of a component from which no loop leaks."""


class Recipes(NamedTuple):
    """Who reads what: edges by slot, slots by process.

    A slot mixes its suppliers by share; a process makes as much as its scarcest slot allows.

    Parameters
    ----------
    slot_indptr : first edge of each slot, and the number of edges at the end, (K + 1,)
    edge_supplier : process each edge comes from, (E,)
    edge_share : share of the slot each edge carries in the base, not negative, (E,)
    slot_base : share of the slot that comes from outside the network, (K,)
    process_indptr : first entry of each process in ``process_slot``, and their number at the end, (P + 1,)
    process_slot : slots each process reads; several processes may read one slot
    """

    slot_indptr: IntArray
    edge_supplier: IntArray
    edge_share: FloatArray
    slot_base: FloatArray
    process_indptr: IntArray
    process_slot: IntArray

    @property
    def n_processes(self) -> int:
        """Number of processes."""
        return len(self.process_indptr) - 1


class Lanes(NamedTuple):
    """Processes in the order they are evaluated, their slots and edges contiguous."""

    position: IntArray
    """Where each process stands in the order, (P,)."""
    component_start: IntArray
    """First position of each strongly connected component, and the number of rows at the end."""
    cyclic: BoolArray
    """Whether the component holds a loop."""
    error_bound: FloatArray
    """True error of a component divided by the last change of a round."""
    height: FloatArray
    """w of each row, at least 1 + max over slots of the shares of w inside its component; its largest is the bound."""
    first_slot: IntArray
    """First slot of each row, and the number of slots at the end."""
    first_edge: IntArray
    """First edge of each slot, and the number of edges at the end."""
    supplier: NDArray[np.uint32]
    """Row that each edge reads."""
    share: FloatArray
    """Loss of the slot per unit loss of the supplier."""
    shortfall: FloatArray
    """Loss of the slot while no supplier loses anything."""
    edge_of: IntArray
    """Edge of the recipes that each edge is; -1 for the link to a slot that several processes read."""
    slot_of: IntArray
    """Slot of the recipes that each slot is; -1 for a link."""
    internal: BoolArray
    """Whether the edge stays within one component from which something leaks."""

    @property
    def n_rows(self) -> int:
        """Processes, and one row for each slot that several processes read."""
        return len(self.first_slot) - 1


def lay_out(recipes: Recipes, shortfall: FloatArray) -> Lanes:
    """Order processes so that one round settles everything but loops.

    Parameters
    ----------
    recipes : slots and processes
    shortfall : loss of each slot while no supplier loses anything, (K,)

    Returns
    -------
    Lanes
        Strongly connected components in topological order; within one, next comes the process that waits for the
        smallest share of suppliers not yet placed.

    Notes
    -----
    A slot that several processes read becomes a row of its own, so that it is mixed once. Costs two searches
    and a heap: O(E log E).
    """
    slot_indptr, edge_supplier, edge_share, _, process_indptr, process_slot = recipes
    n_processes = len(process_indptr) - 1
    reader = np.repeat(np.arange(n_processes), np.diff(process_indptr))
    readers = np.bincount(process_slot, minlength=len(slot_indptr) - 1)
    shared = np.flatnonzero(readers > 1)
    n_rows = n_processes + len(shared)
    own_row = np.full(len(readers), -1)
    own_row[shared] = n_processes + np.arange(len(shared))
    owner = np.concatenate([reader, own_row[shared]])
    slot = np.concatenate([process_slot, shared])
    linked = np.concatenate([own_row[process_slot], np.full(len(shared), -1)])
    length = np.where(linked >= 0, 1, np.diff(slot_indptr)[slot])

    edge = ranges(slot_indptr[slot], length)
    edge_linked = np.repeat(linked, length)
    is_link = edge_linked >= 0
    edge[is_link] = 0
    supplier = edge_linked
    supplier[~is_link] = edge_supplier[edge[~is_link]]
    share = np.ones(len(edge))
    share[~is_link] = edge_share[edge[~is_link]]
    entry_shortfall = np.where(linked >= 0, 0.0, shortfall[slot])

    edge_owner = np.repeat(owner, length)
    position, component = _evaluation_order(n_rows, supplier, edge_owner, share)
    by_owner = np.argsort(position[owner], kind="stable")
    edge_order = ranges((np.cumsum(length) - length)[by_owner], length[by_owner])
    supplier = position[supplier[edge_order]]
    edge_owner = position[edge_owner[edge_order]]
    internal = component[supplier] == component[edge_owner]
    n_components = int(component[-1]) + 1 if n_rows else 0
    in_loop = np.bincount(component[edge_owner[internal]], minlength=n_components) > 0
    lanes = Lanes(
        position=position[:n_processes],
        component_start=np.searchsorted(component, np.arange(n_components + 1)),
        cyclic=in_loop,
        error_bound=np.ones(n_components),
        height=np.ones(n_rows),
        first_slot=_indptr(np.bincount(owner, minlength=n_rows)[np.argsort(position)]),
        first_edge=_indptr(length[by_owner]),
        supplier=supplier.astype(np.uint32),
        share=share[edge_order],
        shortfall=entry_shortfall[by_owner],
        edge_of=np.where(is_link, -1, edge)[edge_order],
        slot_of=np.where(linked >= 0, -1, slot)[by_owner],
        internal=internal,
    )
    return _bounded(lanes)


def reweigh(lanes: Lanes, share: FloatArray, shortfall: FloatArray) -> Lanes:
    """Give the edges of a layout other shares, its order kept.

    Parameters
    ----------
    lanes : layout from `lay_out`
    share : new share of each edge of the recipes, not negative, adding to at most one in a slot, (E,)
    shortfall : loss of each slot of the recipes while no supplier loses anything, (K,)

    Notes
    -----
    O(E). The order was chosen for the old shares: other shares may need more rounds, but find the same answer. A
    component that nothing leaks from is taken to stay so.
    """
    # position -1, a link, reads what is appended
    renewed = lanes._replace(
        share=np.append(share, 1.0)[lanes.edge_of], shortfall=np.append(shortfall, 0.0)[lanes.slot_of]
    )
    return _bounded(renewed) if lanes.internal.any() else renewed


def settle(
    lanes: Lanes,
    loss: FloatArray,
    weight: FloatArray,
    tol: float,
    max_rounds: int,
) -> tuple[FloatArray, int, float]:
    """Raise ``loss`` in place to the least fixed point above it.

    Parameters
    ----------
    lanes : layout from `lay_out`
    loss : loss by row and scenario, (rows, lanes), written over
    weight : weight of each row in the total
    tol : largest true error, in max norm
    max_rounds : rounds allowed in one component

    Returns
    -------
    tuple
        Weighted loss of each scenario, a component that did not converge (-1 if all did), its last change.

    Notes
    -----
    O(rounds × edges with a touched supplier × lanes).
    """
    allowance = tol / max(1, int(lanes.cyclic.sum()))
    touched = np.asarray(loss.any(axis=1), dtype=np.bool_)
    last_change = np.zeros(len(lanes.cyclic))
    total = compiled(settle_loop)(
        lanes.component_start, lanes.cyclic, lanes.error_bound, lanes.first_slot, lanes.first_edge,
        lanes.supplier, lanes.share, lanes.shortfall, loss, touched, weight, allowance, max_rounds,
        last_change,
    )  # fmt: skip
    stuck = np.flatnonzero(last_change)
    return total, int(stuck[0]) if len(stuck) else -1, float(last_change.max(initial=0.0))


def _bounded(lanes: Lanes) -> Lanes:
    """Find the height of each row, from the one it has upward, and with it the error bound of each component."""
    if not lanes.n_rows:
        return lanes
    slack = 0.1
    height = lanes.height[:, None].copy()
    last_change = np.zeros(len(lanes.cyclic))
    compiled(settle_loop)(
        lanes.component_start, lanes.cyclic, np.ones(len(lanes.cyclic)), lanes.first_slot, lanes.first_edge,
        lanes.supplier, np.where(lanes.internal, lanes.share, 0.0), np.ones(len(lanes.shortfall)), height,
        np.ones(lanes.n_rows, dtype=bool), np.zeros(lanes.n_rows), slack, 1000, last_change,
    )  # fmt: skip
    bound = np.maximum.reduceat(height[:, 0], lanes.component_start[:-1]) / (1 - slack)
    closed = (last_change > 0) | np.isinf(lanes.error_bound)
    if not closed.any():
        return lanes._replace(error_bound=bound, height=height[:, 0])
    leaks = ~np.repeat(closed, np.diff(lanes.component_start))
    row = np.repeat(np.arange(lanes.n_rows), np.diff(lanes.first_edge[lanes.first_slot]))
    return lanes._replace(
        error_bound=np.where(closed, CLOSED, bound),
        height=np.where(leaks, height[:, 0], 1.0),
        internal=lanes.internal & leaks[row],
    )


def _evaluation_order(n_rows: int, source: IntArray, target: IntArray, share: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the position of each row, and the component at each position."""
    graph = csr_array((share, (source, target)), shape=(n_rows, n_rows))
    n_components, label = connected_components(graph, directed=True, connection="strong")
    fed = np.bincount(target, minlength=n_rows) > 0
    roots = np.argsort(fed, kind="stable")
    indptr, indices = graph.indptr.astype(np.int64), graph.indices.astype(np.int64)
    finish = compiled(reverse_postorder_loop)(indptr, indices, roots)
    # The earliest member in reverse postorder orders components topologically (Sharir 1981).
    earliest = np.full(n_components, n_rows)
    np.minimum.at(earliest, label, finish)
    rank = earliest[label]
    order = compiled(readiest_first_loop)(indptr, indices, graph.data, rank)
    position = np.empty(n_rows, dtype=np.int64)
    position[order] = np.arange(n_rows)
    changes = np.diff(rank[order]) != 0
    component = np.concatenate([np.zeros(min(n_rows, 1), dtype=np.int64), np.cumsum(changes)])
    return position, component


def ranges(start: IntArray, length: IntArray) -> IntArray:
    """Concatenate the ranges [start, start + length).

    Examples
    --------
    >>> ranges(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    shift = np.repeat(start - (np.cumsum(length) - length), length)
    return shift + np.arange(len(shift))


def _indptr(length: IntArray) -> IntArray:
    """Turn lengths into CSR pointers."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(length)])
