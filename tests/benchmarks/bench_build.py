"""Building a network from tables of text against igraph on the same tables, and the memory it then takes."""

from __future__ import annotations

import gc
import subprocess
import sys
from functools import partial

import igraph
import networkx as nx
import numpy as np
import pandas as pd

import graphmodel as gm
from graphmodel.schema import country_codes
from tests.benchmarks.generate import LAYERS, N_COUNTRIES, N_MATERIALS, layered
from tests.benchmarks.timing import race, show

SIZES = ((300, 2_000, 25), (3_000, 20_000, 11), (30_000, 300_000, 5), (100_000, 1_000_000, 3))
"""Nodes, edges, repeats."""

ROLES = ("origin", "process", "process", "process", "process", "sink", "recycle")


def run(sizes=SIZES):
    whole = []
    for n, n_edges, repeats in sizes:
        nodes, edges, stages = tables(n, n_edges)
        network, graph = gm.Network(nodes, edges, stages), by_igraph(nodes, edges)
        ends = np.array(graph.get_edgelist())
        assert (ends[:, 0] == network.source).all()
        assert (ends[:, 1] == network.target).all()
        contenders = {
            "Network, checked": (partial(gm.Network, nodes, edges, stages), 1),
            "the same, every edge with an id": (partial(gm.Network, nodes, identified(edges), stages), 1),
            "igraph Graph.DataFrame": (partial(by_igraph, nodes, edges), 1),
        }
        timed = race(contenders, repeats=repeats)
        show(f"{n} nodes, {len(edges)} edges: from tables of text", timed, ours="Network, checked")
        whole.append((len(edges), timed["Network, checked"].wall))
    grown = np.diff(np.log(np.array(whole)), axis=0)
    print("  growth exponent in edges:", ", ".join(f"{time / size:.2f}" for size, time in grown))
    memory()


def tables(n, n_edges, *, rng=0):
    """Return nodes, edges and stages as a user has them: ids, countries, stages and materials as text."""
    drawn = layered(n, n_edges, rng=rng)
    ids = np.array([f"plant-{number:06d}" for number in range(drawn.n)])
    countries = np.array(sorted(code for code in country_codes() if len(code) == 3)[:N_COUNTRIES])
    materials = np.array([f"material {number}" for number in range(N_MATERIALS)])
    nodes = pd.DataFrame({"node_id": ids, "stage": np.array(LAYERS)[drawn.layer], "country": countries[drawn.country]})
    ends = {"source": ids[drawn.source], "target": ids[drawn.target]}
    edges = pd.DataFrame({**ends, "material": materials[drawn.material], "quantity": drawn.quantity})
    stages = pd.DataFrame({"stage": LAYERS, "order": np.arange(len(LAYERS)), "role": ROLES})
    return nodes, edges, stages


def identified(edges):
    return edges.assign(edge_id=[f"flow-{number}" for number in range(len(edges))])


def by_igraph(nodes, edges):
    return igraph.Graph.DataFrame(edges, directed=True, vertices=nodes, use_vids=False)


def by_networkx(nodes, edges):
    graph = nx.from_pandas_edgelist(edges, edge_attr=["material", "quantity"], create_using=nx.MultiDiGraph)
    nx.set_node_attributes(graph, nodes.set_index("node_id").to_dict("index"))
    return graph


def resident():
    """Return the resident bytes of this process, what is freed given back first as far as it can be."""
    gc.collect()
    try:
        import pyarrow  # pandas may hold text in it, and its pool keeps what was freed
    except ImportError:
        pass
    else:
        pyarrow.default_memory_pool().release_unused()
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) * 1024


def measured(kind, n, n_edges):
    """Print how many bytes a network holds resident for each edge, its tables of text being there before."""
    nodes, edges, stages = tables(n, n_edges)
    if kind == "ids":
        edges = identified(edges)
    if kind == "networkx":
        make = partial(by_networkx, nodes, edges)
    else:
        make = partial(gm.Network, nodes, edges, stages)
        small = gm.Network(*tables(300, 2_000))
        assert len(small.source) == small.n_edges
    before = resident()
    made = make()
    if kind != "networkx":
        assert len(made.source) == len(made.target) == len(edges)
    print((resident() - before) / len(edges))


def memory(sizes=((30_000, 300_000), (100_000, 1_000_000))):
    """Measure, each in a process of its own, what a network holds with the codes of its edges' ends worked out."""
    print("\nResident bytes for each edge, in a process of its own")
    for n, n_edges in sizes:
        found = {kind: _in_child(kind, n, n_edges) for kind in ("plain", "ids", "networkx")}
        print(
            f"  {n} nodes, {n_edges} edges: {found['plain']:.0f} without and {found['ids']:.0f} with ids of edges;",
            end="",
        )
        print(f" networkx {found['networkx']:.0f}")


def _in_child(kind, n, n_edges):
    code = f"from tests.benchmarks.bench_build import measured; measured({kind!r}, {n}, {n_edges})"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
