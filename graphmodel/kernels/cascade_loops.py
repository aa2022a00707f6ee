"""Loops of the frozen response, written to be compiled: evaluation order and the sweep over 64 scenarios."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from graphmodel._types import BoolArray, FloatArray, IntArray

LAST_DIGIT = 1e-14
"""A rise of a share no larger than this is rounding: shares that add up to a hair above one would rise for ever."""


def reverse_postorder_loop(indptr: IntArray, indices: IntArray, roots: IntArray) -> IntArray:
    """Rank rows by decreasing time at which a depth-first search leaves them."""
    n_rows = len(indptr) - 1
    number = np.full(n_rows, -1, dtype=np.int64)
    cursor = indptr[:-1].copy()
    seen = np.zeros(n_rows, dtype=np.bool_)
    stack = np.empty(n_rows, dtype=np.int64)
    left = n_rows
    for root in roots:
        if seen[root]:
            continue
        seen[root] = True
        stack[0] = root
        depth = 1
        while depth:
            row = stack[depth - 1]
            if cursor[row] < indptr[row + 1]:
                successor = indices[cursor[row]]
                cursor[row] += 1
                if not seen[successor]:
                    seen[successor] = True
                    stack[depth] = successor
                    depth += 1
            else:
                depth -= 1
                left -= 1
                number[row] = left
    return number


def readiest_first_loop(indptr: IntArray, indices: IntArray, share: FloatArray, rank: IntArray) -> IntArray:
    """Order rows by rank, and within one by the share that still comes from rows not yet placed."""
    n_rows = len(rank)
    pending = np.zeros(n_rows)
    for row in range(n_rows):
        for place in range(indptr[row], indptr[row + 1]):
            if rank[indices[place]] == rank[row] and indices[place] != row:
                pending[indices[place]] += share[place]
    heap = [(rank[row], pending[row], row) for row in range(n_rows)]
    heapq.heapify(heap)
    placed = np.zeros(n_rows, dtype=np.bool_)
    order = np.empty(n_rows, dtype=np.int64)
    count = 0
    while count < n_rows:
        _, _, row = heapq.heappop(heap)
        if placed[row]:
            continue
        placed[row] = True
        order[count] = row
        count += 1
        for place in range(indptr[row], indptr[row + 1]):
            reader = indices[place]
            if rank[reader] == rank[row] and not placed[reader]:
                pending[reader] -= share[place]
                heapq.heappush(heap, (rank[reader], pending[reader], reader))
    return order


def settle_loop(
    component_start: IntArray,
    cyclic: BoolArray,
    error_bound: FloatArray,
    first_slot: IntArray,
    first_edge: IntArray,
    supplier: NDArray[np.uint32],
    share: FloatArray,
    shortfall: FloatArray,
    loss: FloatArray,
    touched: BoolArray,
    weight: FloatArray,
    allowance: float,
    max_rounds: int,
    last_change: FloatArray,
) -> FloatArray:
    """Sweep the components in order, each to its fixed point; see `settle`."""
    n_rows, n_lanes = loss.shape
    changed = np.zeros(n_rows, dtype=np.int64)  # time of the last change; 0 = still untouched
    checked = np.zeros(n_rows, dtype=np.int64)  # time of the last evaluation
    scratch = np.zeros((2, n_lanes))  # mix of a slot; largest rise of the round
    for row in range(n_rows):
        if touched[row]:
            changed[row] = 1
    clock = 1
    for component in range(len(cyclic)):
        before = np.inf
        rate = 0.0
        for turn in range(max_rounds):
            for row in range(component_start[component], component_start[component + 1]):
                stale = False
                for slot in range(first_slot[row], first_slot[row + 1]):
                    if checked[row] == 0 and shortfall[slot] > 0:
                        stale = True
                    for edge in range(first_edge[slot], first_edge[slot + 1]):
                        if changed[supplier[edge]] > checked[row]:
                            stale = True
                            break
                    if stale:
                        break
                if not stale:
                    continue
                clock += 1
                checked[row] = clock
                rising = 0
                for slot in range(first_slot[row], first_slot[row + 1]):
                    for lane in range(n_lanes):
                        scratch[0, lane] = shortfall[slot]
                    for edge in range(first_edge[slot], first_edge[slot + 1]):
                        seller = supplier[edge]
                        if changed[seller]:
                            part = share[edge]
                            for lane in range(n_lanes):
                                scratch[0, lane] += part * loss[seller, lane]
                    # A count of lanes becomes vector code, where a largest float over lanes would not.
                    higher = 0
                    for lane in range(n_lanes):
                        higher += scratch[0, lane] > loss[row, lane]
                    if higher:
                        rising += higher
                        for lane in range(n_lanes):
                            scratch[1, lane] = max(scratch[1, lane], scratch[0, lane] - loss[row, lane])
                        for lane in range(n_lanes):
                            loss[row, lane] = max(loss[row, lane], scratch[0, lane])
                if rising:
                    clock += 1
                    changed[row] = clock
            largest = 0.0
            for lane in range(n_lanes):
                largest = max(largest, scratch[1, lane])
                scratch[1, lane] = 0.0
            if not cyclic[component] or largest <= LAST_DIGIT or largest * error_bound[component] <= allowance:
                break
            if error_bound[component] > 1e300:  # closed loop: no bound, so go by the slowest of recent rates
                rate = max(0.5 * rate, largest / before)
                if turn > 2 and rate < 1 and largest * rate <= 0.01 * allowance * (1 - rate):
                    break
            before = largest
            if turn == max_rounds - 1:
                last_change[component] = largest
    total = np.zeros(n_lanes)
    for row in range(n_rows):
        touched[row] = changed[row] > 0
        if touched[row] and weight[row] != 0:
            for lane in range(n_lanes):
                total[lane] += weight[row] * loss[row, lane]
    return total
