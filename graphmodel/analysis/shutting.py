"""Groups of nodes shut together, in arrays: what every frozen sweep shares and what one part of it computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.grouping import Groups
from graphmodel.kernels.cascade import Recipes, frozen, frozen_loss
from graphmodel.kernels.cascade_lanes import ranges
from graphmodel.processes import Processes
from graphmodel.sweeps import sweep

Shared = TypeVar("Shared")

BATCH = 512
"""Sets in one part of a sweep; fixed, so that the same parts are made wherever they are worked on."""


class Running(NamedTuple):
    """How a sweep runs: on what, kept where, told to whom."""

    executor: Executor | None = None
    folder: Path | str | None = None
    progress: Callable[[int, int], None] | None = None

    def tell(self, done: int, total: int) -> None:
        """Say how far a sweep is."""
        if self.progress is not None:
            self.progress(done, total)


class Shutting(NamedTuple):
    """What it takes to shut any groups together, in CSR form; the last group is what a scenario has cut already."""

    recipes: Recipes
    weight: FloatArray
    edge_limit: FloatArray | None
    indptr: IntArray
    process: IntArray
    depth: FloatArray

    def sets(self, together: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Return pointers, processes and depths of sets of groups, one set a row; what is cut already is in each."""
        groups = np.column_stack([together, np.full(len(together), len(self.indptr) - 2)])
        length = np.diff(self.indptr)[groups]
        entries = ranges(self.indptr[groups].ravel(), length.ravel())
        indptr = np.concatenate([[0], np.cumsum(length.sum(axis=1))]).astype(np.int64)
        return indptr, self.process[entries], self.depth[entries]


def shutting(
    work: Processes,
    groups: Groups,
    recipes: Recipes,
    weight: FloatArray,
    cut: FloatArray,
    edge_limit: FloatArray | None,
    severity: float = 1.0,
) -> Shutting:
    """Lay out the processes that each group stops.

    Parameters
    ----------
    work, recipes : the network's processes, and what the kernel reads of them
    groups : nodes that stop together
    weight : weight of each row of ``work.demand`` in the loss
    cut, edge_limit : what a scenario has cut from each process, and left of each supply
    severity : part of what is left that stops
    """
    ends, mine = group_processes(work, groups)
    held = np.flatnonzero(cut > 0)
    return Shutting(
        recipes,
        work.weights(weight),
        edge_limit,
        np.append(ends, len(mine) + len(held)).astype(np.int64),
        np.concatenate([mine, held]),
        np.concatenate([1.0 - (1.0 - cut[mine]) * (1.0 - severity), cut[held]]),
    )


def group_processes(work: Processes, groups: Groups) -> tuple[IntArray, IntArray]:
    """List the processes of each group's nodes: pointers by group, and processes."""
    by_node = np.argsort(work.node, kind="stable")
    start = np.searchsorted(work.node[by_node], np.arange(work.node.max(initial=-1) + 2))
    count = np.diff(start)[groups.members]
    ends = np.concatenate([[0], np.cumsum(count)])[groups.indptr]
    return ends, by_node[ranges(start[groups.members], count)]


def frozen_losses(
    shut: Shutting, together: IntArray, running: Running, *, title: str, parameters: Mapping[str, object]
) -> FloatArray:
    """Return the loss of every set of groups, (S,); ``together`` is (S, k). Without an executor on all cores."""
    with all_cores(running, worthwhile=len(together) > BATCH) as on:
        return swept(weighted_losses, together, shut, on, batch=BATCH, title=title, parameters=parameters)


@contextmanager
def all_cores(running: Running, *, worthwhile: bool) -> Iterator[Running]:
    """Run on a thread for each core where nobody names an executor: kernels let go of the interpreter."""
    if running.executor is not None or not worthwhile:
        yield running
        return
    with ThreadPoolExecutor(_cores()) as pool:
        yield running._replace(executor=pool)


def _cores() -> int:
    """Count the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def swept(
    work: Callable[[Shared, IntArray], FloatArray],
    together: IntArray,
    shared: Shared,
    running: Running,
    *,
    batch: int,
    title: str,
    parameters: Mapping[str, object],
) -> FloatArray:
    """Return what ``work`` finds for every set of groups, (S,), so many sets in one part of a sweep."""
    parts = [together[first : first + batch] for first in range(0, len(together), batch)]
    sizes = [len(part) for part in parts]
    found = sweep(work, parts, shared=shared, sizes=sizes, title=title, parameters=parameters, **running._asdict())
    return np.concatenate([np.zeros(0), *found])


def weighted_losses(shut: Shutting, together: IntArray) -> FloatArray:
    """Return the weighted loss of each set of groups: one part of a sweep."""
    return frozen_loss(shut.recipes, *shut.sets(together), shut.weight, edge_limit=shut.edge_limit)


def losses_by_user(shut: Shutting, together: IntArray) -> FloatArray:
    """Return the share each weighted process loses, a row a set of groups: one part of a sweep."""
    indptr, process, depth = shut.sets(together)
    limit = np.ones((len(shut.weight), len(together)))
    cells = process, np.repeat(np.arange(len(together)), np.diff(indptr))
    np.minimum.at(limit, cells, 1.0 - depth)
    left = frozen(shut.recipes, limit, edge_limit=shut.edge_limit)
    return np.ascontiguousarray(1.0 - left[shut.weight > 0].T)
