"""One frozen ensemble on threads, on a pool of processes and on a Dask cluster: the same bytes, what the way costs (G19)."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import numpy as np

from graphmodel.kernels.cascade import frozen_loss
from graphmodel.sweeps import sweep
from tests.benchmarks.bench_frozen import TOL, picked
from tests.benchmarks.generate import layered, recipes
from tests.benchmarks.timing import race, show

SIZES = ((30_000, 300_000, 24_576, 2_048, 3),)
"""Nodes, edges, nodes removed, removals a part, repeats."""


def run(sizes=SIZES):
    from distributed import Client, LocalCluster

    for n, n_edges, n_removed, batch, repeats in sizes:
        network = layered(n, n_edges)
        shared = (recipes(network), network.demand)
        nodes = picked(n, n_removed)
        parts = [nodes[first : first + batch] for first in range(0, n_removed, batch)]
        cluster = LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None)
        with cluster, Client(cluster) as client, ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2) as processes:
            calls = {
                "two threads": partial(sweep, removed, parts, shared=shared, executor=threads),
                "Dask, two workers": partial(sweep, removed, parts, shared=shared, executor=client.get_executor()),
                "pool of two processes": partial(sweep, removed, parts, shared=shared, executor=processes),
            }
            found = [np.concatenate(call()).tobytes() for call in calls.values()]  # and the compiler wakes everywhere
            assert len(set(found)) == 1
            timed = race({name: (call, 1) for name, call in calls.items()}, repeats=repeats)
        title = f"{n} nodes, {len(network.source)} edges: frozen loss of {n_removed} removals in parts of {batch}"
        show(f"{title}; cpu s is that of this process alone", timed, ours="two threads")


def removed(shared, nodes):
    made, weight = shared
    sets = np.arange(len(nodes) + 1), nodes, np.ones(len(nodes))
    return frozen_loss(made, *sets, weight, tol=TOL, method="compiled")
