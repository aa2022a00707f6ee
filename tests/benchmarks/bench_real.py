"""The whole real network: load, one sweep over every node, the overview of minerals, centralities, in seconds and as ratios."""

from __future__ import annotations

from functools import partial

import numpy as np

import graphmodel as gm
from graphmodel.analysis.remaining import kernel_recipes
from graphmodel.kernels.cascade import frozen_loss
from graphmodel.processes import processes
from tests.benchmarks.bench_frozen import TOL, by_products
from tests.benchmarks.timing import race, show

NAME = "minerals-2024"


def run(repeats=3):
    network = gm.load(NAME)
    work = processes(network)
    made = kernel_recipes(work)
    weight = np.zeros(work.n_processes)
    weight[work.demand["process"].to_numpy(dtype=np.int64)] = 1.0
    every = np.arange(work.n_processes)
    assert np.abs(swept(made, every, weight) - by_products(made, every, weight)).max() <= 10 * TOL * weight.sum()
    size = f"{network.n_nodes} nodes, {network.n_edges} edges, {work.n_processes} processes"
    timed = race(
        {
            "frozen_loss, one thread": (partial(swept, made, every, weight), 1),
            "scipy products, batches of 64": (partial(by_products, made, every, weight), 1),
        },
        repeats=repeats,
    )
    show(f"{NAME}, {size}: frozen loss of every process", timed, ours="frozen_loss, one thread")
    mineral = network.description.get("mineral")
    timed = race(
        {
            "load": (partial(gm.load, NAME), 1),
            "removal of every node, names and table": (partial(gm.removal, network, mineral=mineral), 1),
            "overview of all minerals": (partial(gm.overview, network), 1),
            "five centralities and both losses": (partial(gm.chokepoints, network, by="industry", mineral=mineral), 1),
            "all centralities": (partial(gm.centrality, network, mineral=mineral), 1),
        },
        repeats=repeats,
    )
    show(f"{NAME}: what a user calls", timed, ours="load")


def swept(made, every, weight):
    return frozen_loss(made, np.arange(len(every) + 1), every, np.ones(len(every)), weight, tol=TOL, method="compiled")
