"""Demand cut off by every node: one dominator tree against one search a node."""

from __future__ import annotations

from functools import partial

import igraph
import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from graphmodel.kernels.paths import dominator_tree, reach_loss, reachable
from tests.benchmarks.generate import Layered, layered
from tests.benchmarks.timing import race, show

SIZES = ((3_000, 20_000, 48), (30_000, 300_000, 12), (100_000, 1_000_000, 4))
"""Nodes, edges, nodes removed by the peers."""


def run(sizes=SIZES, repeats=5):
    for n, n_edges, n_sampled in sizes:
        network = layered(n, n_edges)
        sample = np.sort(np.random.default_rng(1).choice(n, n_sampled, replace=False))
        args = n, network.source, network.target, network.origins
        by_scipy, by_igraph, by_networkx = scipy_peer(network), igraph_peer(network), networkx_peer(network)
        loss = reach_loss(*args, network.demand)
        for peer in (by_scipy, by_igraph, by_networkx):
            assert np.allclose(peer(sample), loss[sample], rtol=1e-9), peer
        share = n_sampled / n
        timed = race(
            {
                "reach_loss, every node": (partial(reach_loss, *args, network.demand), 1.0),
                "scipy breadth-first, a node each": (partial(by_scipy, sample), share),
                "igraph copy and subcomponent": (partial(by_igraph, sample), share),
                "networkx remove and descendants": (partial(by_networkx, sample), share),
            },
            repeats=repeats,
        )
        show(f"{n} nodes, {len(network.source)} edges: reach lost", timed, ours="reach_loss, every node")
        compare_dominators(network, repeats)


def compare_dominators(network: Layered, repeats):
    """Compare our dominator tree with igraph's, with and without building igraph's network."""
    n = network.n
    pairs = np.concatenate(
        [
            np.column_stack([network.source, network.target]),
            np.column_stack([np.full(len(network.origins), n), network.origins]),
        ]
    )
    ready = igraph.Graph(n=n + 1, edges=pairs, directed=True)
    args = n, network.source, network.target, network.origins
    theirs = np.asarray(ready.dominator(n))[:n]
    ours = dominator_tree(*args)
    found = reachable(*args)
    assert np.array_equal(np.where(ours == -1, n, ours)[found], theirs[found])
    timed = race(
        {
            "dominator_tree": (partial(dominator_tree, *args), 1.0),
            "igraph, network built each time": (
                lambda: igraph.Graph(n=n + 1, edges=pairs, directed=True).dominator(n),
                1.0,
            ),
            "igraph, network at hand": (lambda: ready.dominator(n), 1.0),
        },
        repeats=repeats,
    )
    show("  dominator tree alone", timed, ours="dominator_tree")


def scipy_peer(network: Layered):
    """Search from a super-source after turning the removed node's out-edges on itself."""
    n = network.n
    rows = np.concatenate([network.source, np.full(len(network.origins), n)])
    columns = np.concatenate([network.target, network.origins])
    graph = csr_array((np.ones(len(rows)), (rows, columns)), shape=(n + 1, n + 1))
    base = np.append(np.where(reachable(n, network.source, network.target, network.origins), network.demand, 0), 0)

    def lost(sample):
        result = np.empty(len(sample))
        for k, node in enumerate(sample):
            edges = slice(graph.indptr[node], graph.indptr[node + 1])
            kept = graph.indices[edges].copy()
            graph.indices[edges] = node
            found = breadth_first_order(graph, n, return_predecessors=False)
            graph.indices[edges] = kept
            result[k] = base.sum() - base[found].sum() + (base[node] if node in found else 0.0)
        return result

    return lost


def igraph_peer(network: Layered):
    n = network.n
    pairs = [*zip(network.source.tolist(), network.target.tolist(), strict=True)]
    pairs += [(n, origin) for origin in network.origins.tolist()]
    graph = igraph.Graph(n=n + 1, edges=pairs, directed=True)
    base = np.append(network.demand, 0)
    served = base[graph.subcomponent(n, mode="out")].sum()

    def lost(sample):
        result = np.empty(len(sample))
        for k, node in enumerate(sample):
            without = graph.copy()
            without.delete_edges(without.incident(int(node), mode="all"))
            result[k] = served - base[without.subcomponent(n, mode="out")].sum()
        return result

    return lost


def networkx_peer(network: Layered):
    n = network.n
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n + 1))
    graph.add_edges_from(zip(network.source.tolist(), network.target.tolist(), strict=True))
    graph.add_edges_from((n, origin) for origin in network.origins.tolist())
    base = np.append(network.demand, 0)
    served = base[list(nx.descendants(graph, n))].sum()

    def lost(sample):
        result = np.empty(len(sample))
        for k, node in enumerate(sample.tolist()):
            before = [*graph.in_edges(node), *graph.out_edges(node)]
            graph.remove_node(node)
            result[k] = served - base[list(nx.descendants(graph, n))].sum()
            graph.add_edges_from(before)
        return result

    return lost
