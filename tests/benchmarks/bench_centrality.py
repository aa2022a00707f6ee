"""Centralities of every node against igraph: paths, walks and cores; equality asserted, sampled peers labelled.

``python -m tests.benchmarks centrality`` runs all sizes; ``python -m tests.benchmarks.bench_centrality small`` ends
at 3 000 nodes. Ours starts from arrays each time; igraph is timed with its network at hand, merged and without
self-loops, which is the harder peer.
"""

from __future__ import annotations

import sys
from functools import partial

import igraph
import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import spsolve

from graphmodel.kernels import centrality as direct
from graphmodel.kernels import centrality_paths as paths
from tests.benchmarks.generate import layered
from tests.benchmarks.timing import race, show, versions

SIZES = ((300, 2_000), (3_000, 20_000), (30_000, 300_000), (100_000, 1_000_000))
"""Nodes and edges."""

ALL_SOURCES_UP_TO = 3_000
"""Nodes up to which path measures of igraph run in full; beyond, from a sample of sources."""

FULL_PATHS_UP_TO = 30_000
"""Nodes up to which our own betweenness runs in full; beyond, from a sample of sources."""

SAMPLE = 256
"""Sources of a sampled igraph run."""

OWN_SAMPLE = 64 * 40
"""Sources of a sampled run of our own; being sparse they share fewer edges than in a full run, which counts against us."""


def run(sizes=SIZES):
    for n, n_edges in sizes:
        network = layered(n, n_edges)
        links = n, network.source, network.target
        flows = *links, network.quantity
        graph = igraph.Graph(n=n, edges=np.column_stack(links[1:]), directed=True)
        graph.es["weight"] = network.quantity
        graph = graph.simplify(combine_edges="sum")
        title = f"{n} nodes, {len(network.source)} edges"
        betweenness(title, links, graph)
        closeness(title, links, graph)
        page_rank(title, flows, graph)
        requirements(title, flows)
        cores(title, links, graph)


def betweenness(title, links, graph):
    n = links[0]
    full = n <= ALL_SOURCES_UP_TO
    sample = np.linspace(0, n - 1, n if full else min(n, SAMPLE)).astype(int)
    found = paths.betweenness_to_demand(*links, sample, np.arange(n), method="compiled")
    every = np.arange(n).tolist()
    expected = np.array(graph.betweenness(sources=sample.tolist(), targets=every))
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-9 * max(1.0, expected.max()))
    ours = (lambda **options: paths.betweenness(*links, **options), 1.0)
    if n > FULL_PATHS_UP_TO:
        some = np.linspace(0, n - 1, OWN_SAMPLE).astype(int)
        ours = (lambda **options: paths.betweenness_to_demand(*links, some, np.arange(n), **options), len(some) / n)
    peer = graph.betweenness if full else partial(graph.betweenness, sources=sample.tolist(), targets=every)
    timed = race(
        {
            "betweenness, one thread": ours,
            "two threads": (partial(ours[0], n_threads=2), ours[1]),
            "igraph, graph at hand": (peer, len(sample) / n),
        },
        repeats=5 if n <= ALL_SOURCES_UP_TO else 3,
    )
    show(f"{title}: betweenness", timed, ours="betweenness, one thread")


def closeness(title, links, graph):
    n = links[0]
    full = n <= ALL_SOURCES_UP_TO
    sample = list(range(n)) if full else np.linspace(0, n - 1, SAMPLE).astype(int).tolist()
    found = paths.closeness_to_demand(*links, np.ones(n))
    expected = np.array(graph.harmonic_centrality(vertices=sample, mode="out"))
    assert np.allclose(found[sample], expected, rtol=1e-9)
    timed = race(
        {
            "closeness, one thread": (partial(paths.closeness_to_demand, *links, np.ones(n)), 1.0),
            "two threads": (partial(paths.closeness_to_demand, *links, np.ones(n), n_threads=2), 1.0),
            "igraph harmonic, graph at hand": (
                partial(graph.harmonic_centrality, vertices=sample, mode="out"),
                len(sample) / n,
            ),
            "igraph closeness, graph at hand": (partial(graph.closeness, vertices=sample, mode="out"), len(sample) / n),
        },
        repeats=5 if n <= FULL_PATHS_UP_TO else 3,
    )
    show(f"{title}: closeness to every node", timed, ours="closeness, one thread")


def page_rank(title, flows, graph):
    found = direct.page_rank(*flows)
    expected = np.array(graph.pagerank(weights="weight"))
    assert np.abs(found - expected).sum() < 1e-10
    arrays = flows[0], np.column_stack(flows[1:3]), flows[3].tolist()
    timed = race(
        {
            "page_rank": (partial(direct.page_rank, *flows), 1.0),
            "compiled whatever the size": (partial(direct.page_rank, *flows, method="compiled"), 1.0),
            "igraph, graph at hand": (partial(graph.pagerank, weights="weight"), 1.0),
            "igraph, from arrays": (partial(built_rank, *arrays), 1.0),
        }
    )
    show(f"{title}: PageRank", timed, ours="page_rank")


def requirements(title, flows):
    n = flows[0]
    found = direct.total_requirements(*flows)
    expected, rounds = repeated_products(*flows)
    assert np.allclose(found, expected, rtol=1e-9)
    contenders = {
        "total_requirements": (partial(direct.total_requirements, *flows), 1.0),
        "compiled whatever the size": (partial(direct.total_requirements, *flows, method="compiled"), 1.0),
        f"scipy, {rounds} products": (partial(repeated_products, *flows), 1.0),
    }
    if n <= ALL_SOURCES_UP_TO:
        contenders["scipy spsolve"] = (partial(factorised, *flows), 1.0)
    show(f"{title}: total requirements (Katz)", race(contenders), ours="total_requirements")


def cores(title, links, graph):
    assert (paths.core_number(*links) == np.array(undirected_cores(graph))).all()
    timed = race(
        {
            "core_number": (partial(paths.core_number, *links), 1.0),
            "igraph, graph at hand": (partial(undirected_cores, graph), 1.0),
        }
    )
    show(f"{title}: core numbers", timed, ours="core_number")


def undirected_cores(graph):
    return graph.as_undirected(mode="collapse").coreness()


def built_rank(n, edges, weight):
    return igraph.Graph(n=n, edges=edges, directed=True).pagerank(weights=weight)


def recipe(n, source, target, weight):
    arriving = np.bincount(target, weights=weight, minlength=n)
    leaving = np.bincount(source, weights=weight, minlength=n)
    share = weight / np.maximum(arriving, leaving)[target]
    return sparse.csr_array((share, (target, source)), shape=(n, n))


def repeated_products(n, source, target, weight):
    """Add up the series 1 + A' 1 + A' A' 1 + … until a term is below 1e-13 of the sum."""
    matrix = recipe(n, source, target, weight)
    total = term = np.ones(n)
    rounds = 0
    while term.max() > 1e-13 * total.max():
        term = matrix @ term
        total = total + term
        rounds += 1
    return total, rounds


def factorised(n, source, target, weight):
    return spsolve((sparse.eye_array(n) - recipe(n, source, target, weight)).tocsc(), np.ones(n))


if __name__ == "__main__":
    print(versions())
    run(SIZES[:2] if "small" in sys.argv else SIZES)
