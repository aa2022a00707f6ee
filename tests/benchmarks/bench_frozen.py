"""Frozen loss of every node: compiled lanes against scipy's sparse-times-dense product in batches."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.sparse import csr_array

from graphmodel.kernels.cascade import Recipes, frozen_loss
from tests.benchmarks.generate import layered, recipes
from tests.benchmarks.timing import race, show

SIZES = ((300, 2_000, 300, 300, 5), (3_000, 20_000, 3_000, 192, 5), (30_000, 300_000, 2_048, 64, 3))
"""Nodes, edges, nodes removed by ours and by the peer, repeats."""

TOL = 1e-9


def run(sizes=SIZES):
    for n, n_edges, n_ours, n_peer, repeats in sizes:
        network = layered(n, n_edges)
        made = recipes(network)
        ours, peers = picked(n, n_ours), picked(n, n_peer)
        expected = by_products(made, peers, network.demand)
        found = removal(made, peers, network.demand)
        assert np.abs(found - expected).max() <= 10 * TOL * network.demand.sum()
        timed = race(
            {
                "frozen_loss, one thread": (partial(removal, made, ours, network.demand), n_ours / n),
                "frozen_loss, two threads": (partial(removal, made, ours, network.demand, 2), n_ours / n),
                "scipy products, batches of 64": (partial(by_products, made, peers, network.demand), n_peer / n),
            },
            repeats=repeats,
        )
        title = f"{n} nodes, {len(network.source)} edges: frozen loss of every node, error below {TOL:g}"
        show(title, timed, ours="frozen_loss, one thread")


def picked(n, count):
    return np.sort(np.random.default_rng(1).choice(n, count, replace=False))


def removal(made: Recipes, nodes, weight, n_threads=1):
    sets = np.arange(len(nodes) + 1), nodes, np.ones(len(nodes))
    return frozen_loss(made, *sets, weight, tol=TOL, method="compiled", n_threads=n_threads)


def by_products(made: Recipes, nodes, weight):
    """Say the equations in scipy: all slots, then all processes, until nothing changes by more than TOL / 10."""
    shape = (len(made.slot_base), made.n_processes)
    mixing = csr_array((made.edge_share, made.edge_supplier, made.slot_indptr), shape=shape)
    fed = np.flatnonzero(np.diff(made.process_indptr))
    lost = np.empty(len(nodes))
    for first in range(0, len(nodes), 64):
        block = nodes[first : first + 64]
        limit = np.ones((made.n_processes, len(block)))
        limit[block, np.arange(len(block))] = 0.0
        left = limit
        while True:
            slots = (mixing @ left + made.slot_base[:, None])[made.process_slot]
            after = limit.copy()
            after[fed] = np.minimum(limit[fed], np.minimum.reduceat(slots, made.process_indptr[fed], axis=0))
            change = np.abs(after - left).max()
            left = after
            if change <= TOL / 10:
                break
        lost[first : first + 64] = weight @ (1 - left)
    return lost
