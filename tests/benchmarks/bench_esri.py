"""ESRI of every firm: compiled lanes against the paper's equations in scipy, 64 shocks a batch."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from graphmodel.kernels.esri import esri
from graphmodel.kernels.esri_firms import Firms
from tests.benchmarks.generate import LAYERS, layered
from tests.benchmarks.timing import race, show

SIZES = ((3_000, 20_000, 3_000, 256, 5), (30_000, 300_000, 1_024, 128, 3))
"""Nodes, edges, firms shocked by ours and by the peer, repeats."""

SECTORS_A_LAYER = 12
TOLERANCES = (1e-2, 1e-6)
"""That of the authors' program, and ours."""


def run(sizes=SIZES):
    for eps in TOLERANCES:
        whole = []
        for n, n_edges, n_ours, n_peer, repeats in sizes:
            firms = drawn(n, n_edges)
            ours, peers = picked(n, n_ours), picked(n, n_peer)
            expected, found = by_products(firms, peers, eps), scores(firms, peers, eps)
            assert np.abs(found.esri - expected).max() <= 1e-9
            timed = race(
                {
                    "esri, one thread": (partial(scores, firms, ours, eps), n_ours / n),
                    "esri, two threads": (partial(scores, firms, ours, eps, 2), n_ours / n),
                    "scipy products, batches of 64": (partial(by_products, firms, peers, eps), n_peer / n),
                },
                repeats=repeats,
            )
            show(
                f"{n} nodes, {len(firms.source)} edges: ESRI of every firm, eps {eps:g}", timed, ours="esri, one thread"
            )
            whole.append((n, timed["esri, one thread"].whole, timed["esri, one thread"].cpu * n / n_ours))
        for (small, *before), (large, *after) in pairwise(whole):
            wall, cpu = np.log(np.divide(after, before)) / np.log(large / small)
            print(f"  grows as nodes^{wall:.2f} (cpu {cpu:.2f}) from {small} to {large}")


def picked(n, count):
    return np.sort(np.random.default_rng(1).choice(n, count, replace=False))


def drawn(n, n_edges) -> Firms:
    """Layered firms in twelve sectors a layer; end users earn all but 8 % from final demand, so every loop leaks."""
    network = layered(n, n_edges)
    rng = np.random.default_rng(2)
    sold = np.bincount(network.source, weights=network.quantity, minlength=n)
    n_sectors = SECTORS_A_LAYER * len(LAYERS)
    return Firms(
        network.source,
        network.target,
        network.quantity,
        network.layer * SECTORS_A_LAYER + rng.integers(0, SECTORS_A_LAYER, n),
        np.where(rng.random((n_sectors, n_sectors)) < 0.6, 2, 1),
        revenue=np.where(network.layer == LAYERS.index("end user"), sold / 0.08, sold),
    )


def scores(firms, nodes, eps, n_threads=1):
    sets = np.arange(len(nodes) + 1), nodes, np.ones(len(nodes))
    return esri(firms, *sets, eps=eps, method="compiled", n_threads=n_threads)


def by_products(firms, nodes, eps):
    """Say the equations in scipy: slots, then firms; a shock leaves its batch at its own last round."""
    n, sector = firms.n_firms, firms.sector
    essential = firms.essential[sector[firms.source], sector[firms.target]] == 2
    key = np.where(essential, firms.target * (sector.max() + 2) + sector[firms.source], -1 - firms.target)
    _, slot = np.unique(key, return_inverse=True)
    bought = np.bincount(firms.target, weights=firms.weight, minlength=n)[firms.target]
    share = firms.weight / np.where(essential, np.bincount(slot, weights=firms.weight)[slot], bought)
    buyer = np.zeros(slot.max() + 1, dtype=np.int64)
    buyer[slot] = firms.target
    order = np.argsort(buyer, kind="stable")
    rank = np.argsort(order)
    down = csr_array((share, (rank[slot], firms.source)), shape=(len(buyer), n))
    fed, starts = np.unique(buyer[order], return_index=True)
    up = csr_array((firms.weight / firms.revenue[firms.source], (firms.source, firms.target)), shape=(n, n))
    output = firms.output
    of_sector = csr_array((output, (sector, np.arange(n))), shape=(sector.max() + 1, n))
    guard = 1e-10 * (of_sector @ np.ones(n))[:, None]
    weight = output / output.sum()
    found = np.empty(len(nodes))
    for first in range(0, len(nodes), 64):
        block = nodes[first : first + 64]
        where = np.arange(first, first + len(block))
        limit = np.ones((n, len(block)))
        limit[block, np.arange(len(block))] = 0.0
        h = u = limit
        while len(where):
            left = of_sector @ h
            sigma = np.minimum(1.0, output[:, None] / np.where(left <= guard, 1e-300, left)[sector])
            new_h = limit.copy()
            lost = np.maximum.reduceat(down @ (sigma * (1 - h)), starts, axis=0)
            new_h[fed] = np.maximum(0.0, np.minimum(limit[fed], 1 - lost))
            new_u = np.maximum(0.0, np.minimum(limit, 1 - up @ (1 - u)))
            done = np.maximum((h - new_h).max(axis=0), (u - new_u).max(axis=0)) <= eps
            found[where[done]] = weight @ (1 - np.minimum(new_h, new_u)[:, done])
            where, limit, h, u = where[~done], limit[:, ~done], new_h[:, ~done], new_u[:, ~done]
    return found
