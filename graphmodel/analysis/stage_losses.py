"""What each stage of a chain makes less in a scenario, down to its final products."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel.analysis.inputs import frozen_processes
from graphmodel.analysis.remaining import kernel_recipes, open_paths, scenario_cut
from graphmodel.kernels.cascade import frozen
from graphmodel.kernels.paths import reachable
from graphmodel.network import Network
from graphmodel.scenario import Scenario, applied

ROUNDING = 1e-9
"""Shares lost below this are none, as in `losses`."""


def stage_losses(network: Network, scenario: Scenario, *, mineral: str) -> pd.DataFrame:
    """Say what each node makes of a mineral, and what of it a scenario takes: least and most.

    Returns
    -------
    DataFrame
        One row a node and product that holds the mineral: ``node_id``, ``stage``, ``order``, ``country``, ``product``,
        ``final`` (whether it is used up there), ``output`` (t of the mineral a year before the scenario; for users
        what they want after it), ``cut`` (t the scenario itself takes there), ``reachability`` and ``frozen`` (t lost).
        Stocks are left out. Under ``reachability`` a node makes all, or nothing where no path from an origin is left.
    """
    changed = applied(scenario, network)
    work = frozen_processes(changed)
    cut, kept = scenario_cut(changed, work)
    left = frozen(kernel_recipes(work), (1.0 - cut)[:, None], edge_limit=kept)[:, 0]
    reached = reachable(changed.n_nodes, *open_paths(changed))
    before = np.ones(changed.n_nodes, dtype=bool)  # what a scenario adds counts from the start
    before[: network.n_nodes] = reachable(network.n_nodes, *open_paths(network))
    table = pd.DataFrame({"product": work.product, "output": work.quantity})
    table["output"] = work.demand.set_index("process")["quantity"].reindex(table.index).fillna(table["output"])
    table["output"] *= table["product"].map(changed.content(mineral)).fillna(0.0)
    node = work.node
    table["cut"] = table["output"] * cut
    table["reachability"] = table["output"] * (before[node] & ~reached[node])
    table["frozen"] = table["output"] * np.where(left > 1.0 - ROUNDING, 0.0, 1.0 - left)
    nodes = changed.nodes.iloc[node].reset_index(drop=True)
    order = changed.stages.set_index("stage")["order"]
    table = table.assign(
        node_id=nodes["node_id"],
        stage=nodes["stage"],
        order=nodes["stage"].map(order),
        country=nodes["country"],
        final=changed.has_role("sink")[node],
    )
    table = table[(table["output"] > 0) & ~changed.has_role("stock")[node]]
    columns = ["node_id", "stage", "order", "country", "product", "final", "output", "cut", "reachability", "frozen"]
    return table.sort_values(["order", "stage", "node_id", "product"], kind="stable")[columns].reset_index(drop=True)
