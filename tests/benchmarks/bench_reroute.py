"""Loss after rerouting without every node: one warm-started model against solving each programme afresh."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csc_array

from graphmodel.kernels.cascade import frozen_loss
from graphmodel.kernels.linear import LinearProgramme, Solver, largest, solve_each
from tests.benchmarks.generate import LAYERS, Layered, layered, recipes
from tests.benchmarks.timing import race, show

SIZES = ((300, 2_000, 300, 24, 5), (3_000, 20_000, 300, 12, 3))
"""Nodes, edges, nodes removed by ours and by the peers, repeats."""

TOP = 20
SCALE = 1e6


def run(sizes=SIZES):
    for n, n_edges, n_ours, n_peer, repeats in sizes:
        network = layered(n, n_edges)
        wanted = written(network)
        ours, peers = picked(n, n_ours), picked(n, n_peer)
        found = values(wanted, peers)
        for cold in (by_linprog, by_fresh_model):
            assert np.abs(cold(wanted, peers) - found).max() <= 1e-6 * SCALE
        share = {"ours": n_ours / n, "peer": n_peer / n}
        timed = race(
            {
                "warm starts from the base": (partial(values, wanted, ours), share["ours"]),
                "HiGHS afresh, presolve": (partial(by_fresh_model, wanted, peers), share["peer"]),
                "scipy linprog, dual simplex": (partial(by_linprog, wanted, peers, "highs-ds"), share["peer"]),
                "scipy linprog, interior point": (partial(by_linprog, wanted, peers, "highs-ipm"), share["peer"]),
            },
            repeats=repeats,
        )
        title = f"{n} nodes, {len(network.source)} edges: loss after rerouting of every node"
        show(title, timed, ours="warm starts from the base")
        every = np.arange(n)
        value, _ = largest(wanted, np.arange(n + 1), every, np.zeros(n), ceilings(network, every), TOP)
        solved = int((~np.isnan(value)).sum())
        print(f"  the {TOP} largest losses proven with {solved} of {n} programmes ({solved / n:.1%})")
        if n <= sizes[0][0]:
            every = values(wanted, every)
            best = np.sort(every)[-TOP:]
            assert np.allclose(np.sort(value[~np.isnan(value)])[-TOP:], best, atol=1e-6 * SCALE)


def picked(n, count):
    return np.sort(np.random.default_rng(1).choice(n, count, replace=False))


def written(network: Layered) -> LinearProgramme:
    """Outputs of nodes and flows of edges as shares of the base, a fifth of the plants with a tenth to spare."""
    made, n, n_edges = recipes(network), network.n, len(network.source)
    sold = np.bincount(network.source, network.quantity, minlength=n)
    slot = np.repeat(np.arange(len(made.slot_base)), np.diff(made.slot_indptr))
    reader = np.repeat(np.arange(n), np.diff(made.process_indptr))
    edge = np.arange(n_edges)
    sells = np.flatnonzero(sold > 0)
    seller_row = np.full(n, -1)
    seller_row[sells] = len(reader) + np.arange(len(sells))
    row = np.concatenate([slot, np.arange(len(reader)), seller_row[sells], seller_row[network.source]])
    column = np.concatenate([n + edge, reader, sells, n + edge])
    value = np.concatenate(
        [made.edge_share, -np.ones(len(reader)), np.ones(len(sells)), -network.quantity / sold[network.source]]
    )
    shape = (len(reader) + len(sells), n + n_edges)
    room = np.where(np.random.default_rng(2).random(n) < 0.2, 1.1, 1.0)
    room[network.layer == LAYERS.index("end user")] = 1.0
    return LinearProgramme(
        cost=np.concatenate([-SCALE * network.demand / network.demand.sum(), np.zeros(n_edges)]),
        lower=np.zeros(shape[1]),
        upper=np.concatenate([room, np.full(n_edges, np.inf)]),
        matrix=csc_array(coo_array((value, (row, column)), shape=shape)),
        least=np.zeros(shape[0]),
    )


def values(wanted, nodes):
    return solve_each(wanted, np.arange(len(nodes) + 1), nodes, np.zeros(len(nodes)))


def ceilings(network, nodes):
    """Values of the objective under the cascade, which no rerouting exceeds."""
    sets = np.arange(len(nodes) + 1), nodes, np.ones(len(nodes))
    return SCALE * (frozen_loss(recipes(network), *sets, network.demand) / network.demand.sum() - 1.0)


def without(wanted, node):
    upper = wanted.upper.copy()
    upper[node] = 0.0
    return wanted._replace(upper=upper)


def by_fresh_model(wanted, nodes):
    return np.array([Solver(without(wanted, node)).solve().value for node in nodes])


def by_linprog(wanted, nodes, method="highs"):
    found = []
    for node in nodes:
        one = without(wanted, node)
        bounds = np.column_stack([one.lower, one.upper])
        found.append(linprog(one.cost, A_ub=-one.matrix, b_ub=-one.least, bounds=bounds, method=method).fun)
    return np.array(found)
