"""What is lost when buyers look for other suppliers: every group shut in turn, by linear programming."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.grouping import Groups
from graphmodel.errors import UnknownNameError, nearest
from graphmodel.kernels.linear import solve_each
from graphmodel.network import Network
from graphmodel.processes import Processes, processes
from graphmodel.programme import Programme, programme

Links = Literal["any", "existing"]
LINKS: tuple[Links, ...] = ("any", "existing")

BATCH = 64
"""Programmes solved between two reports of progress."""


def response_programme(
    network: Network, weight: FloatArray, response: str, *, growth: float, links: str = "any"
) -> Programme:
    """Write down the programme of one response: ``reroute``, or ``adapt`` with flows growing by at most ``growth``."""
    if links not in LINKS:
        raise UnknownNameError(f"no links {links!r}; {nearest(links, LINKS)}")
    spot = 0.0 if links == "existing" else None
    if response == "reroute":
        return programme(network, weight, spot=spot)
    return programme(network, weight, growth=growth, spot=growth if spot is None else spot)


def rerouted_loss(
    network: Network,
    groups: Groups,
    weight: FloatArray,
    response: str,
    *,
    severity: float,
    growth: float,
    links: str,
    progress: Callable[[int, int], None] | None = None,
) -> FloatArray:
    """Return the weighted demand lost without each group, in units of ``weight``."""
    work = processes(network)
    written = response_programme(network, weight, response, growth=growth, links=links)
    indptr, columns = group_processes(work, groups)
    upper = written.linear.upper[columns] * (1.0 - severity)
    value = np.empty(len(groups.names))
    for first in range(0, len(value), BATCH):
        last = min(first + BATCH, len(value))
        value[first:last] = solve_each(written.linear, indptr[first : last + 1], columns, upper)
        if progress is not None:
            progress(last, len(value))
    return np.array([written.loss_share(one) for one in value]) * weight.sum()


def group_processes(work: Processes, groups: Groups) -> tuple[IntArray, IntArray]:
    """List the processes of each group's nodes: pointers by group, and processes."""
    by_node = np.argsort(work.node, kind="stable")
    n_nodes = int(work.node.max(initial=-1)) + 1
    start = np.searchsorted(work.node[by_node], np.arange(n_nodes + 1))
    count = np.diff(start)[groups.members]
    run = np.cumsum(count) - count
    entries = np.repeat(start[groups.members] - run, count) + np.arange(count.sum())
    return np.concatenate([[0], np.cumsum(count)])[groups.indptr], by_node[entries]
