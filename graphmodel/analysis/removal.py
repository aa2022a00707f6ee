"""Final demand lost when nodes, or groups of nodes, are shut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.analysis.grouping import Groups, demand_weights, group_nodes, labels
from graphmodel.analysis.inputs import Direction, Inputs
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.responses import How, Links, Response, group_losses
from graphmodel.analysis.shutting import Running
from graphmodel.errors import ParameterError
from graphmodel.network import Network
from graphmodel.programme import GROWTH
from graphmodel.results import RemovalResult


def removal(
    network: Network,
    *,
    by: str | Sequence[str] = "node",
    response: Response = "frozen",
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    evenly: bool = False,
    severity: float = 1.0,
    growth: float = GROWTH,
    links: Links = "any",
    stocks: bool = False,
    inputs: Inputs = "recipes",
    direction: Direction = "downstream",
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    progress: Callable[[int, int], None] | None = None,
    executor: Executor | None = None,
    folder: Path | str | None = None,
) -> RemovalResult:
    """Shut every node, or every group of nodes, in turn and measure what final users lose.

    Parameters
    ----------
    network : Network
    by : str or list of str
        ``node`` (every supply node), ``plant`` (every single facility: no clusters, no remainders), ``industry``
        (what one country does at one stage with one mineral; nodes that make several stand in several),
        ``country``, ``control``, ``owner``, ``alliance``, ``stage`` or any column of the nodes table; several columns
        joined, as ``"country,stage"``; ``corridor``: no node, but the flows that pass it, see `Scenario.close`.
    response : {"frozen", "adapt", "reroute", "reachability"}
        ``reachability``: a user loses only if no path from any origin is left. ``reroute``: everyone may buy from
        whoever has capacity to spare, within recipes. ``adapt``: the same, but flows grow by no more than ``growth``.
        ``frozen``: nobody replaces a supplier; outputs fall with the scarcest input, suppliers of one input replace
        one another only in the shares they have.
    mineral : str, optional
        Weigh products by the tonnes of this mineral they hold. Where products come in several units, this or
        ``evenly`` is needed.
    evenly : bool
        Let every final product count the same: the loss is the mean, over products, of the share lost.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries' users. With ``reroute`` and ``adapt``
        the plan serves it before all other demand: a lower bound of what it loses.
    severity : float
        Share of the nodes, or of the corridor, that stops (with ``reachability`` it must be 1).
    growth : float
        With ``adapt``: share by which present flows may grow, and which new links may reach of what a buyer takes in.
    links : {"any", "existing"}
        With ``reroute`` and ``adapt``: whether a buyer may turn to every maker of what it can use, or only to those
        it buys from today.
    stocks : bool
        With ``reroute`` and ``adapt``: whether plants may use up within the year what they and public reserves hold
        (table ``stocks``). Over time, and under fixed shares, `timeline` follows them.
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
    executor : concurrent.futures.Executor, optional
        Where parts of a sweep are worked on: threads, processes or Dask.
    folder : path, optional
        Where finished parts are kept, so that the same call can go on from them.

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
    ExecutorError, FolderError
        If a worker dies, or the folder holds something else; see `graphmodel.sweeps.sweep`.

    Notes
    -----
    Removal acts on supply: final demand of the removed nodes stays. Scenario shares already in the network
    (``available``) hold in every removal, and the loss counts them. ``reachability`` of all nodes is one dominator
    tree, O(E α(E)); ``frozen`` is the greatest fixed point of
    ``h_p = min(1 - severity_p, min_k (base_k + Σ share_e h_e))``, removals side by side in batches; upstream the
    slot of a process is its sales, in the shares its buyers take. ``reroute`` and ``adapt`` are linear
    programmes (`graphmodel.programme`), each solved from the basis of the base year. With
    ``links="existing"``, every use traced to an origin and no unsourced need, losses rise in the order of
    `RESPONSES`; new links can bring ``reroute`` below ``reachability``.
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
    how = How(
        response, severity, growth, links, stocks, inputs, direction, Running(executor, folder, progress)
    ).checked()
    if direction == "upstream" and consumer is not None:
        raise ParameterError("consumer counts final demand; upstream the loss is what origins sell")
    work = how.work(network)
    weight, unit = demand_weights(network, work.demand, mineral, product, consumer, evenly=evenly)
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity, flows=True)
    counted = {"mineral": mineral, "product": product, "consumer": consumer, "evenly": evenly or None}
    asked = {"by": by, **counted, **how.said()}
    loss = group_losses(network, groups, weight, how, asked=asked)
    whole = "final demand" if direction == "downstream" else "all outlets"
    return RemovalResult(
        _table(network, groups, response, loss, weight.sum()),
        network=network,
        parameters=asked,
        units={"loss": unit, "loss_share": f"share of {whole}"},
    )


def _table(network: Network, groups: Groups, response: str, loss: FloatArray, total: float) -> pd.DataFrame:
    table = pd.DataFrame({"removed": groups.names, "n_nodes": groups.sizes(), "loss": loss, "response": response})
    table["label"] = labels(network, groups)
    table["loss_share"] = table["loss"] / total if total > 0 else np.nan
    table["rank"] = table["loss"].round(9).rank(method="min", ascending=False).astype(int)
    return table.sort_values(["rank", "removed"])
