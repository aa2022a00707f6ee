"""What of a network still runs: nodes that count as supply, paths that are open, and what a scenario has cut."""

from __future__ import annotations

import numpy as np

from graphmodel._types import BoolArray, FloatArray
from graphmodel.analysis.grouping import Groups
from graphmodel.kernels.cascade import Recipes
from graphmodel.kernels.paths import reachable
from graphmodel.network import Network
from graphmodel.processes import Processes


def removable(network: Network) -> BoolArray:
    """Say which nodes are supply: neither users nor stocks."""
    return ~network.has_role("sink") & ~network.has_role("stock")


def reached_in_base(network: Network) -> BoolArray:
    """Say which nodes a path from an origin reaches when no scenario closes any."""
    origins = np.flatnonzero(network.has_role("origin"))
    return reachable(network.n_nodes, network.source, network.target, origins)


def open_paths(network: Network, edge_left: FloatArray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges that carry something and origins that run, closures of a scenario and of ``edge_left`` left out."""
    edges, nodes = network.edges, network.nodes
    runs = nodes["available"].fillna(1.0).to_numpy() > 0
    open_edge = (edges["quantity"].to_numpy() > 0) & (edges["available"].fillna(1.0).to_numpy() > 0)
    open_edge &= runs[network.source] & runs[network.target]
    if edge_left is not None:
        open_edge &= edge_left > 0
    origins = np.flatnonzero(network.has_role("origin") & runs)
    return network.source[open_edge], network.target[open_edge], origins


def cut_off(network: Network, reached: BoolArray, groups: Groups, group: int) -> BoolArray:
    """Say which nodes no path reaches any more once a group of flows stops."""
    return reached & ~reachable(network.n_nodes, *open_paths(network, groups.left(group)))


def kernel_recipes(work: Processes) -> Recipes:
    """Hand the processes to the cascade kernel."""
    return Recipes(work.slot_indptr, work.supplier, work.share, work.slot_base, work.process_indptr, work.process_slot)


def scenario_cut(
    network: Network, work: Processes, edge_left: FloatArray | None = None
) -> tuple[FloatArray, FloatArray | None]:
    """Return what a scenario has cut from every process, and what it and ``edge_left`` leave of every supply."""
    available = network.nodes["available"].fillna(1.0).to_numpy(dtype=float)
    kept = network.edges["available"].fillna(1.0).to_numpy(dtype=float)
    if edge_left is not None:
        kept = kept * edge_left
    limit = np.where(work.row >= 0, kept[np.maximum(work.row, 0)], 1.0) if len(kept) else np.ones(len(work.row))
    return 1.0 - work.limits(available), None if (limit == 1).all() else limit
