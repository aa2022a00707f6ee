"""Largest flow without every node: one flow rerouted, against igraph and scipy computed anew for each node."""

from __future__ import annotations

from functools import partial

import igraph
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from graphmodel.kernels.max_flow import Capacities, max_flow_loss
from tests.benchmarks.generate import Layered, layered
from tests.benchmarks.timing import race, show

SIZES = ((300, 2_000, 300, 30, 5), (3_000, 20_000, 3_000, 10, 5), (30_000, 300_000, 3_000, 3, 3))
"""Nodes, edges, nodes removed by ours and by the peers, repeats."""

LARGEST = 2**28
"""scipy takes whole numbers of 32 bits; capacities are scaled so that all demand is this."""


def run(sizes=SIZES):
    for n, n_edges, n_ours, n_peer, repeats in sizes:
        network = layered(n, n_edges)
        for name, flow in (("balanced, up to half spare", balanced(network)), ("as drawn", drawn(network))):
            ours, sample = picked(n, n_ours), picked(n, n_peer)
            value, loss = removal(flow, sample)
            by_igraph, by_scipy = igraph_peer(flow), scipy_peer(flow)
            assert np.allclose(by_igraph(sample), value - loss, rtol=0, atol=1e-8 * value)
            rounding = (len(flow.edge) + 3 * n) / LARGEST  # at most half a unit an arc
            assert np.allclose(by_scipy(sample), value - loss, rtol=0, atol=rounding * flow.demand.sum())
            timed = race(
                {
                    "max_flow_loss, one thread": (partial(removal, flow, ours), n_ours / n),
                    "max_flow_loss, two threads": (partial(removal, flow, ours, 2), n_ours / n),
                    "igraph, a flow each": (partial(by_igraph, sample), n_peer / n),
                    "scipy, a flow each": (partial(by_scipy, sample), n_peer / n),
                },
                repeats=repeats,
            )
            size = f"{n} nodes, {len(network.source)} edges"
            show(f"{size}, {name}: largest flow without every node", timed, ours="max_flow_loss, one thread")


def picked(n, count):
    return np.sort(np.random.default_rng(1).choice(n, count, replace=False))


def removal(flow: Capacities, nodes, n_threads=1):
    return max_flow_loss(flow, np.arange(len(nodes) + 1), nodes, n_threads=n_threads)


def balanced(network: Layered):
    """Flows that meet all demand in the shares drawn; edges may carry up to half more, nodes up to three tenths."""
    n = network.n
    share = network.quantity / np.bincount(network.target, network.quantity, minlength=n)[network.target]
    made = network.demand
    for _ in range(100):
        made = network.demand + np.bincount(network.source, share * made[network.target], minlength=n)
    rng = np.random.default_rng(5)
    edge = share * made[network.target] * (1 + 0.5 * rng.random(len(share)))
    return limits(network, edge, made * (1 + 0.3 * rng.random(n)))


def drawn(network: Layered):
    """Edges carry what was drawn, nodes without limit."""
    return limits(network, network.quantity, np.full(network.n, np.inf))


def limits(network: Layered, edge, node):
    return Capacities(
        network.source, network.target, edge, node, np.where(network.layer == 0, np.inf, 0.0), network.demand
    )


def split(flow: Capacities):
    """Arcs between 2 n + 2 vertices; the arc through node v is row v."""
    n, total = flow.n_nodes, flow.demand.sum()
    every = np.arange(n)
    tail = np.concatenate([every, flow.source + n, np.full(n, 2 * n), every + n])
    head = np.concatenate([every + n, flow.target, every, np.full(n, 2 * n + 1)])
    limit = np.minimum(np.concatenate([flow.node, flow.edge, flow.supply, flow.demand]), total)
    kept = (limit > 0) | (np.arange(len(limit)) < n)
    return tail[kept], head[kept], limit[kept], 2 * n + 2


def igraph_peer(flow: Capacities):
    tail, head, limit, size = split(flow)
    graph = igraph.Graph(n=size, edges=np.column_stack([tail, head]), directed=True)

    def left(nodes):
        result = np.empty(len(nodes))
        capacity = limit.tolist()
        for k, node in enumerate(nodes):
            capacity[node] = 0.0
            result[k] = graph.maxflow_value(size - 2, size - 1, capacity)
            capacity[node] = float(limit[node])
        return result

    return left


def scipy_peer(flow: Capacities):
    tail, head, limit, size = split(flow)
    unit = flow.demand.sum() / LARGEST
    graph = csr_array((limit, (tail, head)), shape=(size, size))
    graph.sum_duplicates()  # parallel edges add, and must not pass 32 bits
    graph.data = np.round(np.minimum(graph.data, flow.demand.sum()) / unit).astype(np.int32)

    def left(nodes):
        result = np.empty(len(nodes))
        for k, node in enumerate(nodes):
            place = slice(graph.indptr[node], graph.indptr[node + 1])
            before = graph.data[place].copy()
            graph.data[place] = 0
            result[k] = maximum_flow(graph, size - 2, size - 1).flow_value * unit
            graph.data[place] = before
        return result

    return left
