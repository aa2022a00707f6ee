"""Look-through: what part of what arrives somewhere passed a group of nodes on its way, and how sure that is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.kernels.linear import LinearProgramme, solve_each
from graphmodel.kernels.max_flow import Capacities, max_flow_loss
from graphmodel.kernels.paths import reachable
from graphmodel.kernels.sparse_late import connected_components, splu

LEAST_START = 1e-9
"""Share of what a node handles below which what it seems to start is rounding."""


class Mix(NamedTuple):
    """What flows, what each node handles, and the part of it that starts there.

    Parameters
    ----------
    source, target : ends of each edge, (E,); no self-loops
    quantity : flow on each edge, above 0, (E,)
    total : the larger of what arrives at a node and what leaves it or is wanted there, (n,)
    start : what of ``total`` does not arrive, (n,)
    """

    source: IntArray
    target: IntArray
    quantity: FloatArray
    total: FloatArray
    start: FloatArray

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.total)

    @property
    def share(self) -> FloatArray:
        """Part of what its buyer handles that each edge brings."""
        return self.quantity / self.total[self.target]


def mix(source: IntArray, target: IntArray, quantity: FloatArray, wanted: FloatArray) -> Mix:
    """Read what each node handles from the flows.

    Parameters
    ----------
    source, target, quantity : edges; self-loops and edges without flow are left out
    wanted : what ends at each node, (n,)

    Notes
    -----
    A node that sells or uses more than it receives starts the rest; one that receives more loses the rest, of each
    supplier in proportion.

    Examples
    --------
    >>> found = mix(np.array([0]), np.array([1]), np.array([3.0]), wanted=np.array([0.0, 4.0]))
    >>> found.total, found.start
    (array([3., 4.]), array([3., 1.]))
    """
    n = len(wanted)
    kept = (source != target) & (quantity > 0)
    source, target, quantity = source[kept], target[kept], quantity[kept]
    arriving = np.bincount(target, quantity, minlength=n).astype(np.float64)
    leaving = np.maximum(np.bincount(source, quantity, minlength=n), wanted)
    start = np.maximum(leaving - arriving, 0.0)
    start[start <= LEAST_START * leaving] = 0.0
    return Mix(source, target, quantity, arriving + start, start)


def closed_loops(flows: Mix, users: IntArray) -> IntArray:
    """Return the nodes before ``users`` that only feed one another, so that nothing of theirs starts anywhere.

    Examples
    --------
    >>> found = mix(np.array([0, 1, 1]), np.array([1, 0, 2]), np.array([1.0, 1.0, 0.0]), np.array([0.0, 0.0, 0.0]))
    >>> closed_loops(found, np.array([1]))
    array([0, 1])
    """
    n = flows.n_nodes
    before = reachable(n, flows.target, flows.source, users)
    begun = reachable(n, flows.source, flows.target, np.flatnonzero(flows.start > 0))
    lost = before & ~begun & (flows.total > 0)
    inside = lost[flows.source] & lost[flows.target]
    rows, columns = flows.source[inside], flows.target[inside]
    graph = csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    _, part = connected_components(graph, connection="strong")
    return np.flatnonzero(lost & (np.bincount(part)[part] > 1))


def touch(flows: Mix, indptr: IntArray, members: IntArray, users: IntArray) -> FloatArray:
    """Return what part of what ``users`` handle passed, or started in, each group.

    Parameters
    ----------
    flows : from `mix`, without closed loops before the users
    indptr, members : nodes of each group, (G + 1,) and (M,); groups may overlap
    users : where it arrives, (U,)

    Returns
    -------
    FloatArray
        Shares between 0 and 1, (G, U).

    Notes
    -----
    With each node's suppliers mixed in proportion, h is 1 in the group and elsewhere ``h_j = Σ f_ij h_i / T_j``: the
    chance that a tonne traced back from j meets the group. One sparse factorisation a group, of the nodes before the
    users only.

    Examples
    --------
    Half of what node 2 uses comes from node 0.

    >>> flows = mix(np.array([0, 1]), np.array([2, 2]), np.array([5.0, 5.0]), np.array([0, 0, 10.0]))
    >>> touch(flows, np.array([0, 1]), np.array([0]), np.array([2]))
    array([[0.5]])
    """
    n_groups = len(indptr) - 1
    before = reachable(flows.n_nodes, flows.target, flows.source, users) & (flows.total > 0)
    place = np.cumsum(before) - 1
    n = int(before.sum())
    used = before[flows.target]
    rows, columns = place[flows.target[used]], place[flows.source[used]]
    mixing = coo_array((flows.share[used], (rows, columns)), shape=(n, n)).tocsc()
    ones = coo_array((np.ones(n), (np.arange(n), np.arange(n))), shape=(n, n)).tocsc()
    result = np.zeros((n_groups, len(users)))
    known = before[users]
    for group in range(n_groups):  # one factorisation each, about 1 ms at 500 nodes
        inside = np.zeros(n)
        chosen = members[indptr[group] : indptr[group + 1]]
        inside[place[chosen[before[chosen]]]] = 1.0
        if not inside.any():
            continue
        outside = csc_array((mixing.data * (1.0 - inside)[mixing.indices], mixing.indices, mixing.indptr), (n, n))
        met = splu(csc_array(ones - outside)).solve(inside)
        result[group, known] = np.clip(met[place[users[known]]], 0.0, 1.0)
    return result


def touch_bounds(flows: Mix, indptr: IntArray, members: IntArray, users: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the least and the largest part of what users handle together that can have passed each group.

    Parameters
    ----------
    flows, indptr, members : as in `touch`
    users : where it arrives, taken together

    Returns
    -------
    tuple
        Least and largest share, (G,) each.

    Notes
    -----
    Flows on edges are as they are; how a node shares out what it receives among its buyers is free. The least share
    is what cannot arrive around the group: one minus a maximum flow over the base flows, for all groups by
    `graphmodel.kernels.max_flow.max_flow_loss`. The largest is a linear programme of two layers, before and after the
    group, that share every edge: 2 E + 3 n columns, restarted from group to group.

    Examples
    --------
    Mines 0 and 1 feed refinery 2, which sells half to 3 and half to 4: node 3 may have all of mine 0, or nothing.

    >>> ends = np.array([0, 1, 2, 2]), np.array([2, 2, 3, 4])
    >>> flows = mix(*ends, np.full(4, 5.0), np.array([0, 0, 0, 5.0, 5.0]))
    >>> touch_bounds(flows, np.array([0, 1]), np.array([0]), np.array([3]))
    (array([0.]), array([1.]))
    """
    n_groups = len(indptr) - 1
    whole = float(flows.total[users].sum())
    if not whole > 0 or n_groups == 0:
        return np.full(n_groups, np.nan), np.full(n_groups, np.nan)
    part, place = _before(flows, users)
    held = place[members] >= 0
    sizes = np.add.reduceat(np.append(held, False).astype(np.int64), indptr[:-1]) * (np.diff(indptr) > 0)
    indptr, members = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), place[members[held]]
    users = place[users[flows.total[users] > 0]]
    demand = np.zeros(part.n_nodes)
    demand[users] = part.total[users]
    limits = Capacities(
        part.source, part.target, part.quantity, np.full(part.n_nodes, np.inf), part.start, demand
    )  # fmt: skip
    _, low = max_flow_loss(limits, indptr, members)
    programme, switch = _two_layers(part, users)
    high = 0.0 - solve_each(programme, indptr, switch + members, part.total[members])
    return np.clip(low / whole, 0.0, 1.0), np.clip(high / whole, 0.0, 1.0)


def _before(flows: Mix, users: IntArray) -> tuple[Mix, IntArray]:
    """Keep the nodes before the users, and say where each one went; -1 where it is left out."""
    kept: BoolArray = reachable(flows.n_nodes, flows.target, flows.source, users) & (flows.total > 0)
    place = np.where(kept, np.cumsum(kept) - 1, -1)
    inside = kept[flows.target] & kept[flows.source]
    return Mix(
        place[flows.source[inside]],
        place[flows.target[inside]],
        flows.quantity[inside],
        flows.total[kept],
        flows.start[kept],
    ), place


def _two_layers(flows: Mix, users: IntArray) -> tuple[LinearProgramme, int]:
    """Write down the most that can reach the users after the group; also say where the columns of its nodes begin.

    Columns: flow before the group and after it (E each), what starts, switches layer and ends at each node (n each).
    """
    n, edges = flows.n_nodes, len(flows.source)
    node, edge = np.arange(n), np.arange(edges)
    start, switch, end = 2 * edges, 2 * edges + n, 2 * edges + 2 * n
    one = np.ones
    entries = [  # row, column, value: each node keeps its balance in both layers, each edge its flow
        (flows.target, edge, one(edges)),
        (flows.source, edge, -one(edges)),
        (node, start + node, one(n)),
        (node, switch + node, -one(n)),
        (n + flows.target, edges + edge, one(edges)),
        (n + flows.source, edges + edge, -one(edges)),
        (n + node, switch + node, one(n)),
        (n + node, end + node, -one(n)),
        (2 * n + edge, edge, -one(edges)),
        (2 * n + edge, edges + edge, -one(edges)),
    ]
    row, column, value = (np.concatenate(part) for part in zip(*entries, strict=True))
    matrix = csc_array((value, (row, column)), shape=(2 * n + edges, 2 * edges + 3 * n))
    finish = np.zeros(n)
    finish[users] = flows.total[users]
    upper = np.concatenate([flows.quantity, flows.quantity, flows.start, np.zeros(n), finish])
    cost = np.zeros(len(upper))
    cost[end:] = -1.0
    least = np.concatenate([np.zeros(2 * n), -flows.quantity])
    return LinearProgramme(cost, np.zeros(len(upper)), upper, matrix, least), switch
