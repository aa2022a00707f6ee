"""Who loses which product when each node, or each group of nodes, is shut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.analysis.grouping import Groups, group_nodes
from graphmodel.analysis.inputs import frozen_processes
from graphmodel.analysis.remaining import kernel_recipes, open_paths, reached_in_base, removable, scenario_cut
from graphmodel.analysis.shutting import BATCH, losses_by_user, shutting
from graphmodel.kernels.cascade import frozen
from graphmodel.kernels.paths import reachable
from graphmodel.network import Network
from graphmodel.processes import Processes
from graphmodel.results import BreakdownResult


def breakdown(
    network: Network,
    *,
    by: str | Sequence[str] = "plant",
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
) -> BreakdownResult:
    """Shut every plant, or group of nodes, in turn and split the loss by product and consuming country.

    Parameters
    ----------
    network : Network
    by, members, equity
        As in `removal`.

    Returns
    -------
    BreakdownResult
        ``removed``, ``response``, ``product``, ``consumer`` (country), ``unit``, ``demand``, ``loss``, ``loss_share``.
        Rows without a loss are left out.

    Notes
    -----
    Same responses as `removal`, product by product, so that no weights are needed.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.breakdown(gm.load("toy-battery")).table
    >>> table.query("removed == 'cell-b'")[["response", "consumer", "demand", "loss"]]
      response consumer  demand  loss
    3   frozen      CHN     5.0   4.0
    """
    work = frozen_processes(network)
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity, flows=True)
    demand = work.demand.assign(
        consumer=network.nodes["country"].to_numpy()[work.demand["node"].to_numpy(dtype=np.int64)]
    )
    units = network.table("materials").set_index("material")["unit"]
    demand["unit"] = demand["product"].map(units).astype(object).fillna("")
    parts = [
        _tabled(groups, demand, response, lost)
        for response, lost in (
            ("reachability", unreached(network, groups, demand)),
            ("frozen", lost_shares(network, work, groups, demand)),
        )
    ]
    table = pd.concat(parts, ignore_index=True)
    order = table["response"].map({"reachability": 0, "frozen": 1})
    table = table.assign(order=order).sort_values(["removed", "order", "product", "consumer"])
    return BreakdownResult(table, network=network, parameters={"by": by})


def lost_shares(network: Network, work: Processes, groups: Groups, demand: pd.DataFrame) -> FloatArray:
    """Share lost of each demand (rows) for each group (columns), frozen."""
    cut, kept = scenario_cut(network, work)
    recipes = kernel_recipes(work)
    rows = demand["process"].to_numpy(dtype=np.int64)
    lost = np.empty((len(demand), len(groups.names)))
    if groups.edge_left is not None:
        for group in range(len(groups.names)):  # a network has a dozen corridors
            _, left = scenario_cut(network, work, groups.left(group))
            lost[:, group] = 1.0 - frozen(recipes, (1.0 - cut)[:, None], edge_limit=left)[rows, 0]
        return np.where(lost < 1e-9, 0.0, lost)
    shut = shutting(work, groups, recipes, np.ones(len(demand)), cut, kept)
    place = np.searchsorted(np.flatnonzero(shut.weight), rows)
    for first in range(0, len(groups.names), BATCH):
        together = np.arange(first, min(first + BATCH, len(groups.names)))
        lost[:, together] = losses_by_user(shut, together[:, None]).T[place]
    return np.where(lost < 1e-9, 0.0, lost)


def unreached(network: Network, groups: Groups, demand: pd.DataFrame) -> FloatArray:
    """Whether each demand (rows) has lost every origin without each group (columns), or to a scenario already."""
    paths = open_paths(network)
    node = demand["node"].to_numpy(dtype=np.int64)
    fed = reached_in_base(network)[node]
    lost = np.zeros((len(demand), len(groups.names)))
    for group in range(len(groups.names)):
        if groups.edge_left is not None:
            paths = open_paths(network, groups.left(group))
        alive = np.ones(network.n_nodes, dtype=bool)
        alive[groups.of(group)] = False
        lost[:, group] = fed & ~reachable(network.n_nodes, *paths, alive)[node]
    return lost


def _tabled(groups: Groups, demand: pd.DataFrame, response: str, lost: FloatArray) -> pd.DataFrame:
    """One row a removed group, product and consumer that loses something."""
    at, group = np.nonzero(lost)
    rows = demand.iloc[at].assign(removed=np.array(groups.names, dtype=object)[group], response=response)
    rows["loss"] = rows["quantity"].to_numpy(dtype=float) * lost[at, group]
    keys = ["removed", "response", "product", "consumer", "unit"]
    losses = rows.groupby(keys, as_index=False, sort=True)["loss"].sum()
    total = demand.groupby(["product", "consumer"])["quantity"].sum()
    losses["demand"] = total.loc[pd.MultiIndex.from_frame(losses[["product", "consumer"]])].to_numpy()
    return losses.assign(loss_share=losses["loss"] / losses["demand"])
