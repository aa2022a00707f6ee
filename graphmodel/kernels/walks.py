"""Least solutions of value = base + matrix @ value with nothing negative, by sweeps in the order of the flow.

A sweep in which every supplier comes before its buyers settles a network without loops at once; with loops, what
remains wrong after a sweep comes only from the few entries read before they were written.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphmodel._types import FloatArray, IntArray
from graphmodel.kernels.cascade_loops import reverse_postorder_loop
from graphmodel.kernels.compiling import compiled


class Walk(NamedTuple):
    """A matrix by row, rows in the order of evaluation, and its diagonal apart."""

    position: IntArray
    """Row of each node; suppliers come before buyers where no loop forbids it."""
    first: IntArray
    """First entry of each row, and the number of entries at the end."""
    giver: NDArray[np.uint32]
    """Row that each entry reads."""
    entry: FloatArray
    """Entries off the diagonal; entries of one pair stand side by side, not added up."""
    kept: FloatArray
    """One over one minus the diagonal."""
    late_given: FloatArray
    """Sum of each column's entries in rows evaluated before it."""
    late_read: float
    """Largest sum, over rows, of the entries that read rows evaluated later."""


class Swept(NamedTuple):
    """What a sweep leaves wrong: base + matrix @ value - value."""

    total: float
    """At most this, summed over nodes."""
    largest: float
    """At most this at any node."""


def lay_out(n: int, giver: IntArray, reader: IntArray, entry: FloatArray) -> Walk:
    """Order nodes so that most entries are written before they are read.

    Parameters
    ----------
    n : number of nodes
    giver, reader, entry : reader's value takes entry times giver's, (E,); what one pair has several times adds

    Returns
    -------
    Walk
        In the order in which a depth-first search against the flow leaves nodes, those that give to nobody first.

    Notes
    -----
    One counting sort, one search and one copy: O(n + E).
    """
    first, sorted_giver, sorted_entry = compiled(rows_loop)(n, giver, reader, entry)
    given = np.bincount(giver[giver != reader], minlength=n) > 0
    roots = np.argsort(given, kind="stable")
    position = n - 1 - compiled(reverse_postorder_loop)(first, sorted_giver, roots)
    return Walk(position, *compiled(ordered_loop)(position, first, sorted_giver, sorted_entry))


def sweep(walk: Walk, base: FloatArray, value: FloatArray) -> Swept:
    """Evaluate every row once, in place, and bound what is left wrong; O(n + E)."""
    total, largest = compiled(sweep_loop)(
        walk.first, walk.giver, walk.entry, walk.kept, walk.late_given, base, value
    )  # fmt: skip
    return Swept(total, largest * walk.late_read)


def rows_loop(
    n: int, giver: IntArray, reader: IntArray, entry: FloatArray
) -> tuple[IntArray, NDArray[np.uint32], FloatArray]:
    """Sort entries by the row that reads."""
    first = np.zeros(n + 1, dtype=np.int64)
    for edge in range(len(reader)):
        first[reader[edge] + 1] += 1
    for row in range(n):
        first[row + 1] += first[row]
    cursor = first[:n].copy()
    sorted_giver = np.empty(len(reader), dtype=np.uint32)
    sorted_entry = np.empty(len(reader))
    for edge in range(len(reader)):
        place = cursor[reader[edge]]
        cursor[reader[edge]] += 1
        sorted_giver[place] = giver[edge]
        sorted_entry[place] = entry[edge]
    return first, sorted_giver, sorted_entry


def ordered_loop(
    position: IntArray, first: IntArray, giver: NDArray[np.uint32], entry: FloatArray
) -> tuple[IntArray, NDArray[np.uint32], FloatArray, FloatArray, FloatArray, float]:
    """Put rows in order, take the diagonal out, and add up what is read before it is written; see `Walk`."""
    n = len(position)
    order = np.empty(n, dtype=np.int64)
    for node in range(n):
        order[position[node]] = node
    row_first = np.zeros(n + 1, dtype=np.int64)
    row_giver = np.empty(len(giver), dtype=np.uint32)
    row_entry = np.empty(len(giver))
    kept = np.empty(n)
    late_given = np.zeros(n)
    most = 0.0
    count = 0
    for row in range(n):
        node = order[row]
        own = 0.0
        late = 0.0
        for place in range(first[node], first[node + 1]):
            column = position[giver[place]]
            if column == row:
                own += entry[place]
                continue
            row_giver[count] = column
            row_entry[count] = entry[place]
            count += 1
            if column > row:
                late += entry[place]
                late_given[column] += entry[place]
        kept[row] = 1.0 / (1.0 - own)
        most = max(most, late)
        row_first[row + 1] = count
    return row_first, row_giver, row_entry, kept, late_given, most


def sweep_loop(
    first: IntArray,
    giver: NDArray[np.uint32],
    entry: FloatArray,
    kept: FloatArray,
    late_given: FloatArray,
    base: FloatArray,
    value: FloatArray,
) -> tuple[float, float]:
    """Evaluate the rows in order; return the change that late entries still miss, summed, and the largest change."""
    total = 0.0
    largest = 0.0
    for row in range(len(value)):
        even = base[row]
        odd = 0.0
        last = first[row + 1]
        for place in range(first[row], last - 1, 2):
            even += entry[place] * value[giver[place]]
            odd += entry[place + 1] * value[giver[place + 1]]
        if (last - first[row]) % 2:
            even += entry[last - 1] * value[giver[last - 1]]
        taken = (even + odd) * kept[row]
        change = abs(taken - value[row])
        value[row] = taken
        total += late_given[row] * change
        largest = max(largest, change)
    return total, largest
