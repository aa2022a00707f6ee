"""Final demand lost when nodes, or groups of nodes, are shut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray
from graphmodel.analysis.grouping import Groups, demand_weights, group_nodes
from graphmodel.analysis.inputs import DIRECTIONS, INPUTS, Direction, Inputs, frozen_processes
from graphmodel.errors import ParameterError, UnknownNameError, nearest
from graphmodel.kernels.cascade import Recipes, frozen_loss
from graphmodel.kernels.paths import reach_loss, reach_loss_groups, reachable
from graphmodel.network import Network
from graphmodel.processes import Processes, processes
from graphmodel.results import RemovalResult

Response = Literal["reachability", "frozen"]
RESPONSES: tuple[Response, ...] = ("reachability", "frozen")
"""From the least loss to the most: any path left is enough; nobody can replace a supplier."""

BATCH = 512


def removal(
    network: Network,
    *,
    by: str | Sequence[str] = "node",
    response: Response = "frozen",
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    severity: float = 1.0,
    inputs: Inputs = "recipes",
    direction: Direction = "downstream",
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    progress: Callable[[int, int], None] | None = None,
) -> RemovalResult:
    """Shut every node, or every group of nodes, in turn and measure what final users lose.

    Parameters
    ----------
    network : Network
    by : str or list of str
        ``node`` (every supply node), ``plant`` (every single facility: no clusters, no remainders), ``industry``
        (what one country does at one stage with one mineral; nodes that make several stand in several),
        ``country``, ``control``, ``owner``, ``alliance``, ``stage`` or any column of the nodes table; several columns
        joined, as ``"country,stage"``.
    response : {"frozen", "reachability"}
        ``reachability``: a user loses only if no path from any origin is left. ``frozen``: nobody replaces a
        supplier; outputs fall with the scarcest input, suppliers of one input replace one another only in the
        shares they have. The truth lies between.
    mineral : str, optional
        Weigh products by the tonnes of this mineral they hold. Needed where products come in several units.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    severity : float
        Share of the nodes that stops (``frozen`` only; with ``reachability`` it must be 1).
    inputs : {"recipes", "leontief", "linear"}
        How outputs fall with inputs (``frozen`` only). ``recipes``: with the scarcest essential input, and with
        each other input by its share of all a process takes in. ``leontief``: with the scarcest of all. ``linear``:
        with every input by its share.
    direction : {"downstream", "upstream"}
        Where a stop spreads (``frozen`` only). ``upstream``: buyers take less, and the loss is what origins no longer
        sell; ``product`` then names what origins make, ``consumer`` does not apply, and ``inputs`` changes nothing.
    members : DataFrame, optional
        ``group`` and ``country``, for ``by="alliance"``.
    equity : float
        Least share an owner must hold, for ``by="owner"``.
    progress : callable, optional
        Called with the number of removals done and their total.

    Returns
    -------
    RemovalResult
        ``removed`` (id), ``label``, ``response``, ``n_nodes``, ``loss`` (in `units`), ``loss_share`` (of all final
        demand counted), ``rank`` (1 is the largest loss; equal losses share a rank). Sorted by loss.

    Raises
    ------
    MixedUnitsError
        If products cannot be added and no mineral is named.
    EmptySelectionError
        If nothing can be grouped that way.

    Notes
    -----
    Removal acts on supply: final demand of the removed nodes stays. Scenario shares already in the network
    (``available``) hold in every removal, and the loss counts them. ``reachability`` of all nodes is one dominator
    tree, O(E α(E)); ``frozen`` is the greatest fixed point of
    ``h_p = min(1 - severity_p, min_k (base_k + Σ share_e h_e))``, removals side by side in batches; upstream the
    slot of a process is its sales, in the shares its buyers take.
    Without supply nodes, or without single plants, the table by ``node`` or by ``plant`` is empty. A network without
    final demand loses nothing and has nan shares; loops are allowed.

    References
    ----------
    Lengauer, Tarjan (1979), doi:10.1145/357062.357071. Diem et al. (2022), doi:10.1038/s41598-022-11522-z.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.removal(toy).table[["removed", "loss", "loss_share", "rank"]].head(3)
        removed  loss  loss_share  rank
    0  refine-a  10.0         1.0     1
    1    cell-a   6.0         0.6     2
    2    mine-b   6.0         0.6     2
    >>> float(gm.removal(toy, response="reachability").table.set_index("removed").loc["mine-b", "loss"])
    0.0
    """
    if response not in RESPONSES:
        raise UnknownNameError(f"no response {response!r}; {nearest(response, RESPONSES)}")
    if not 0 <= severity <= 1:
        raise ParameterError(f"severity is {severity}, but must lie between 0 and 1")
    if response == "reachability" and severity != 1:
        raise ParameterError("reachability asks whether any path is left; it needs severity=1")
    _require_known(response, inputs, direction, consumer)
    frozen = response == "frozen"
    work = frozen_processes(network, inputs, direction) if frozen else processes(network)
    weight, unit = demand_weights(network, work.demand, mineral, product, consumer)
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    lose = _frozen if response == "frozen" else _reachability
    loss = lose(network, work, groups, weight, severity, progress)
    return RemovalResult(
        _table(network, groups, response, loss, weight.sum()),
        network=network.name,
        parameters={
            "by": by,
            "response": response,
            "mineral": mineral,
            "product": product,
            "consumer": consumer,
            "severity": severity,
            "inputs": None if inputs == "recipes" else inputs,
            "direction": None if direction == "downstream" else direction,
        },
        units={
            "loss": unit,
            "loss_share": f"share of {'final demand' if direction == 'downstream' else 'all outlets'}",
        },
    )


def _require_known(response: str, inputs: str, direction: str, consumer: str | Sequence[str] | None) -> None:
    """Refuse ways to spread that do not exist or do not go together."""
    if inputs not in INPUTS:
        raise UnknownNameError(f"no inputs {inputs!r}; {nearest(inputs, INPUTS)}")
    if direction not in DIRECTIONS:
        raise UnknownNameError(f"no direction {direction!r}; {nearest(direction, DIRECTIONS)}")
    if response == "reachability" and (inputs, direction) != ("recipes", "downstream"):
        raise ParameterError("reachability asks whether any path is left; inputs and direction need response='frozen'")
    if direction == "upstream" and consumer is not None:
        raise ParameterError("consumer counts final demand; upstream the loss is what origins sell")


def removable(network: Network) -> BoolArray:
    """Say which nodes are supply: neither users nor stocks."""
    return ~network.has_role("sink") & ~network.has_role("stock")


def _frozen(
    network: Network,
    work: Processes,
    groups: Groups,
    weight: FloatArray,
    severity: float,
    progress: Callable[[int, int], None] | None,
) -> FloatArray:
    """Loss of every group in the cascade."""
    recipes = kernel_recipes(work)
    of_process = np.zeros(work.n_processes)
    of_process[work.demand["process"].to_numpy(dtype=np.int64)] = weight
    cut, kept = scenario_cut(network, work)
    by_node = np.argsort(work.node, kind="stable")
    start = np.searchsorted(work.node[by_node], np.arange(network.n_nodes + 1))
    held = np.flatnonzero(cut > 0)
    loss = np.empty(len(groups.names))
    for first in range(0, len(loss), BATCH):
        last = min(first + BATCH, len(loss))
        sets, depth = [], []
        for group in range(first, last):
            mine = np.concatenate([by_node[start[node] : start[node + 1]] for node in groups.of(group)])
            left = (1.0 - cut[mine]) * (1.0 - severity)
            sets.append(np.concatenate([mine, held]))
            depth.append(np.concatenate([1.0 - left, cut[held]]))
        indptr = np.concatenate([[0], np.cumsum([len(members) for members in sets])]).astype(np.int64)
        loss[first:last] = frozen_loss(
            recipes, indptr, np.concatenate(sets), np.concatenate(depth), of_process, edge_limit=kept
        )
        if progress is not None:
            progress(last, len(loss))
    return np.where(loss < 1e-9 * max(weight.sum(), 1e-300), 0.0, loss)


def _reachability(
    network: Network,
    work: Processes,
    groups: Groups,
    weight: FloatArray,
    severity: float,
    progress: Callable[[int, int], None] | None,
) -> FloatArray:
    """Demand that no path from an origin reaches once a group is gone, plus what none reached before."""
    demand = np.zeros(network.n_nodes)
    np.add.at(demand, work.demand["node"].to_numpy(dtype=np.int64), weight)
    source, target, origins = open_paths(network)
    reached = reachable(network.n_nodes, source, target, origins)
    closed = demand[reached_in_base(network) & ~reached].sum()  # what a scenario in the network has cut off already
    arguments = (network.n_nodes, source, target, origins, demand)
    if (groups.sizes() == 1).all():
        loss = reach_loss(*arguments)[groups.members]
    else:
        loss = reach_loss_groups(*arguments, groups.indptr, groups.members)
    if progress is not None:
        progress(len(loss), len(loss))
    return loss + closed


def reached_in_base(network: Network) -> BoolArray:
    """Say which nodes a path from an origin reaches when no scenario closes any."""
    origins = np.flatnonzero(network.has_role("origin"))
    return reachable(network.n_nodes, network.source, network.target, origins)


def open_paths(network: Network) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges that carry something and origins that run, a scenario's closures left out."""
    edges, nodes = network.edges, network.nodes
    runs = nodes["available"].fillna(1.0).to_numpy() > 0
    open_edge = (edges["quantity"].to_numpy() > 0) & (edges["available"].fillna(1.0).to_numpy() > 0)
    open_edge &= runs[network.source] & runs[network.target]
    origins = np.flatnonzero(network.has_role("origin") & runs)
    return network.source[open_edge], network.target[open_edge], origins


def kernel_recipes(work: Processes) -> Recipes:
    """Hand the processes to the cascade kernel."""
    return Recipes(work.slot_indptr, work.supplier, work.share, work.slot_base, work.process_indptr, work.process_slot)


def scenario_cut(network: Network, work: Processes) -> tuple[FloatArray, FloatArray | None]:
    """Return what a scenario has cut from every process, and what it has left of every supply."""
    available = network.nodes["available"].fillna(1.0).to_numpy(dtype=float)
    kept = network.edges["available"].fillna(1.0).to_numpy(dtype=float)
    limit = np.where(work.row >= 0, kept[np.maximum(work.row, 0)], 1.0) if len(kept) else np.ones(len(work.row))
    return 1.0 - work.limits(available), None if (limit == 1).all() else limit


def _table(network: Network, groups: Groups, response: str, loss: FloatArray, total: float) -> pd.DataFrame:
    table = pd.DataFrame({"removed": groups.names, "n_nodes": groups.sizes(), "loss": loss, "response": response})
    names = network.nodes.set_index("node_id")["name"]
    table["label"] = table["removed"].map(names) if groups.of_one_node else table["removed"]
    table["label"] = table["label"].where(table["label"].fillna("") != "", table["removed"])
    table["loss_share"] = table["loss"] / total if total > 0 else np.nan
    table["rank"] = table["loss"].round(9).rank(method="min", ascending=False).astype(int)
    return table.sort_values(["rank", "removed"])
