"""Centralities of every node against igraph, on synthetic networks: what delegation costs, what our own kernels gain."""

from __future__ import annotations

from functools import partial

import igraph
import numpy as np

from graphmodel.kernels import centrality as direct
from graphmodel.kernels import centrality_paths as paths
from tests.benchmarks.generate import layered
from tests.benchmarks.timing import race, show

SIZES = ((3_000, 20_000, 3), (30_000, 300_000, 3), (100_000, 1_000_000, 1))
"""Nodes, edges, repeats; path measures stop at the first size, as igraph would take hours at the third."""


def run(sizes=SIZES):
    for n, n_edges, repeats in sizes:
        network = layered(n, n_edges)
        links = n, network.source, network.target
        weight = network.quantity
        single = igraph_of(*links, weight, one_edge_a_pair=True)
        title = f"{n} nodes, {len(network.source)} edges"
        found = direct.page_rank(*links, weight)
        expected = np.array(single.pagerank(weights="weight"))
        assert np.abs(found - expected).max() < 1e-6
        timed = race(
            {
                "page_rank": (partial(direct.page_rank, *links, weight), 1),
                "igraph, graph at hand": (partial(single.pagerank, weights="weight"), 1),
                "igraph, graph built from arrays": (partial(built_rank, *links, weight), 1),
            },
            repeats=repeats,
        )
        show(f"{title}: PageRank", timed, ours="page_rank")
        if n == sizes[0][0]:
            path_measures(title, links, single, repeats)


def path_measures(title, links, single, repeats):
    found = paths.betweenness(*links)
    assert np.allclose(found, single.betweenness(), rtol=1e-9, atol=1e-6)
    timed = race(
        {
            "betweenness": (partial(paths.betweenness, *links), 1),
            "igraph, graph at hand": (single.betweenness, 1),
        },
        repeats=repeats,
    )
    show(f"{title}: betweenness, delegated to igraph", timed, ours="betweenness")


def igraph_of(n, source, target, weight, *, one_edge_a_pair):
    graph = igraph.Graph(n=n, edges=np.column_stack([source, target]), directed=True)
    graph.es["weight"] = weight
    return graph.simplify(loops=False, combine_edges="sum") if one_edge_a_pair else graph


def built_rank(n, source, target, weight):
    return igraph_of(n, source, target, weight, one_edge_a_pair=False).pagerank(weights="weight")
