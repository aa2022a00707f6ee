"""Frozen loss of every node: compiled lanes against scipy's products, networkx and what memory allows."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from functools import partial

import networkx as nx
import numpy as np
from numba import njit
from scipy.sparse import csr_array

from graphmodel.kernels.cascade import Recipes, frozen_loss, shares
from graphmodel.kernels.cascade_lanes import LANES, lay_out
from tests.benchmarks.generate import layered, recipes
from tests.benchmarks.timing import race, show

SIZES = (
    (300, 2_000, 300, 300, 20, 9),
    (3_000, 20_000, 3_000, 192, 4, 5),
    (30_000, 300_000, 2_048, 64, 4, 3),
    (100_000, 1_000_000, 512, 64, 0, 3),
)
"""Nodes, edges, nodes removed by ours, by scipy and by networkx, repeats."""

TOL = 1e-9


def run(sizes=SIZES):
    whole = []
    for n, n_edges, n_ours, n_peer, n_slow, repeats in sizes:
        network = layered(n, n_edges)
        made = recipes(network)
        ours, peers, slow = picked(n, n_ours), picked(n, n_peer), picked(n, n_slow)
        bound = TOL * network.demand.sum()
        found = removal(made, peers, network.demand)
        assert np.abs(found - by_products(made, peers, network.demand)).max() <= 10 * bound
        contenders = {
            "frozen_loss, one thread": (partial(removal, made, ours, network.demand), n_ours / n),
            "frozen_loss, two threads": (partial(removal, made, ours, network.demand, 2), n_ours / n),
            "scipy products, batches of 64": (partial(by_products, made, peers, network.demand), n_peer / n),
            "one pass of row reads": (row_reads(made), LANES / n),
        }
        if n_slow:
            worklist = networkx_worklist(made)
            assert np.abs(worklist(slow, network.demand) - removal(made, slow, network.demand)).max() <= 100 * bound
            contenders["networkx, work list a node"] = (partial(worklist, slow, network.demand), n_slow / n)
        timed = race(contenders, repeats=repeats)
        title = f"{n} nodes, {len(network.source)} edges: frozen loss of every node, error below {TOL:g}"
        show(title, timed, ours="frozen_loss, one thread")
        one, two = timed["frozen_loss, one thread"], timed["frozen_loss, two threads"]
        passes = mean_passes(made, ours)
        reads = timed["one pass of row reads"]
        over = one.cpu / one.share / (passes * reads.cpu / reads.share)
        print(f"  passes {passes:.1f}; {over:.2f} times the row reads of as many passes, by CPU time", end="; ")
        print(f"two threads {one.whole / two.whole:.2f} times as fast")
        whole.append((n * len(network.source), one.whole))
    grown = np.diff(np.log(np.array(whole)), axis=0)
    print("  growth exponent in nodes × edges:", ", ".join(f"{time / work:.2f}" for work, time in grown))
    memory()


def picked(n, count):
    return np.sort(np.random.default_rng(1).choice(n, count, replace=False))


def removal(made: Recipes, nodes, weight, n_threads=1):
    sets = np.arange(len(nodes) + 1), nodes, np.ones(len(nodes))
    return frozen_loss(made, *sets, weight, tol=TOL, method="compiled", n_threads=n_threads)


def by_products(made: Recipes, nodes, weight):
    """Say the equations in scipy: all slots, then all processes, until nothing changes by more than TOL / 10."""
    sets = [np.array([node]) for node in nodes]
    return products_of_sets(made, sets, weight)


def products_of_sets(made: Recipes, sets, weight):
    """Multiply the sparse shares with batches of 64 sets of processes that are shut."""
    shape = (len(made.slot_base), made.n_processes)
    mixing = csr_array((made.edge_share, made.edge_supplier, made.slot_indptr), shape=shape)
    fed = np.flatnonzero(np.diff(made.process_indptr))
    lost = np.empty(len(sets))
    for first in range(0, len(sets), LANES):
        block = sets[first : first + LANES]
        limit = np.ones((made.n_processes, len(block)))
        for lane, nodes in enumerate(block):
            limit[nodes, lane] = 0.0
        left = limit
        while True:
            slots = (mixing @ left + made.slot_base[:, None])[made.process_slot]
            after = limit.copy()
            after[fed] = np.minimum(limit[fed], np.minimum.reduceat(slots, made.process_indptr[fed], axis=0))
            change = np.abs(after - left).max()
            left = after
            if change <= TOL / 10:
                break
        lost[first : first + LANES] = weight @ (1 - left)
    return lost


def networkx_worklist(made: Recipes):
    """Recompute the buyers of whoever has changed, first in first out, on a networkx multigraph."""
    slot = np.repeat(np.arange(len(made.slot_base)), np.diff(made.slot_indptr))
    reader = np.repeat(np.arange(made.n_processes), np.diff(made.process_indptr))[slot]
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(made.n_processes))
    for a, b, k, share in zip(
        made.edge_supplier.tolist(), reader.tolist(), slot.tolist(), made.edge_share.tolist(), strict=True
    ):
        graph.add_edge(a, b, slot=k, share=share)

    def lost(nodes, weight):
        result = np.empty(len(nodes))
        for place, shut in enumerate(nodes.tolist()):
            left = dict.fromkeys(graph, 1.0)
            left[shut] = 0.0
            waiting, queued = deque(graph.successors(shut)), set(graph.successors(shut))
            while waiting:
                node = waiting.popleft()
                queued.discard(node)
                mixed = {}
                for supplier, _, edge in graph.in_edges(node, data=True):
                    mixed[edge["slot"]] = mixed.get(edge["slot"], 0.0) + edge["share"] * left[supplier]
                after = min(left[node], *mixed.values())
                if left[node] - after > TOL / 10:
                    left[node] = after
                    for buyer in graph.successors(node):
                        if buyer not in queued:
                            queued.add(buyer)
                            waiting.append(buyer)
            result[place] = sum(weight[node] * (1 - share) for node, share in left.items())
        return result

    return lost


def row_reads(made: Recipes):
    """Read, for every edge, a row of 64 doubles at the supplier, times the share: what one pass cannot do without."""
    loop = njit(nogil=True, fastmath={"nnan", "nsz"})(gather_loop)
    lanes = lay_out(*shares(made, None))
    loss, mix = np.random.default_rng(0).random((lanes.n_rows, LANES)), np.zeros((1, LANES))
    return partial(loop, lanes.first_edge, lanes.supplier, lanes.share, loss, mix)


def gather_loop(first_edge, supplier, share, loss, mix):
    for slot in range(len(first_edge) - 1):
        for lane in range(loss.shape[1]):
            mix[0, lane] = 0.0
        for edge in range(first_edge[slot], first_edge[slot + 1]):
            seller, part = supplier[edge], share[edge]
            for lane in range(loss.shape[1]):
                mix[0, lane] += part * loss[seller, lane]


def mean_passes(made: Recipes, nodes):
    """Count how often a batch needs all edges: edges of the rows evaluated, over all edges, by the plain sweep."""
    lanes = lay_out(*shares(made, None))
    order = nodes[np.argsort(lanes.position[nodes], kind="stable")]
    batches = [order[first : first + LANES] for first in range(0, len(order), LANES)]
    chosen = batches[:: max(1, len(batches) // 8)]
    count = njit(nogil=True)(edges_read_loop)
    read = 0
    for batch in chosen:
        loss = np.zeros((lanes.n_rows, len(batch)))
        loss[lanes.position[batch], np.arange(len(batch))] = 1.0
        allowance = TOL / max(1, int(lanes.cyclic.sum()))
        read += count(
            lanes.component_start, lanes.cyclic, lanes.error_bound, lanes.first_slot, lanes.first_edge,
            lanes.supplier, lanes.share, loss, allowance,
        )  # fmt: skip
    return read / (len(chosen) * len(lanes.share))


def edges_read_loop(start, cyclic, bound, first_slot, first_edge, supplier, share, loss, allowance):
    """Sweep as the kernel does, and count the edges of all rows it evaluates."""
    n_rows, n_lanes = loss.shape
    changed, checked = np.zeros(n_rows, np.int64), np.zeros(n_rows, np.int64)
    for row in range(n_rows):
        changed[row] = int(loss[row].any())
    clock, read = 1, 0
    for component in range(len(cyclic)):
        while True:
            largest = 0.0
            for row in range(start[component], start[component + 1]):
                stale = False
                for edge in range(first_edge[first_slot[row]], first_edge[first_slot[row + 1]]):
                    stale |= changed[supplier[edge]] > checked[row]
                if not stale:
                    continue
                clock += 1
                checked[row] = clock
                rise = 0.0
                for slot in range(first_slot[row], first_slot[row + 1]):
                    mix = np.zeros(n_lanes)
                    for edge in range(first_edge[slot], first_edge[slot + 1]):
                        if changed[supplier[edge]]:
                            read += 1
                            mix += share[edge] * loss[supplier[edge]]
                    rise = max(rise, (mix - loss[row]).max())
                    loss[row] = np.maximum(loss[row], mix)
                if rise > 0:
                    clock += 1
                    changed[row] = clock
                largest = max(largest, rise)
            if not cyclic[component] or largest * bound[component] <= allowance:
                break
    return read


MEASURE = """
import resource, sys
import numpy as np
from graphmodel.kernels.cascade import frozen_loss
from tests.benchmarks.bench_frozen import picked, removal
from tests.benchmarks.generate import layered, recipes
n, n_edges, n_threads = map(int, sys.argv[1:])
small = layered(300, 2000)
removal(recipes(small), np.arange(300), small.demand, n_threads)
network = layered(n, n_edges)
made = recipes(network)
def peak():
    return int([line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0]) * 1024
def now():
    return int([line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")][0]) * 1024
open("/proc/self/clear_refs", "w").write("5")
before = now()
removal(made, picked(n, 64 * 2 * n_threads), network.demand, n_threads)
print(peak() - before, sum(part.nbytes for part in made))
"""


def memory(sizes=((30_000, 300_000), (100_000, 1_000_000)), n_threads=2):
    """Measure, in a process of its own, how far a sweep raises the peak of resident memory."""
    print("\nPeak memory of a sweep, MB beyond the network itself")
    for n, n_edges in sizes:
        call = [sys.executable, "-c", MEASURE, str(n), str(n_edges), str(n_threads)]
        risen, rows = map(int, subprocess.run(call, check=True, capture_output=True, text=True).stdout.split())
        allowed = 1.2 * (rows + n_threads * 2 * n * LANES * 8)
        print(
            f"  {n} nodes, {n_threads} threads: {risen / 1e6:.0f} of {allowed / 1e6:.0f} allowed (rows {rows / 1e6:.0f})"
        )
