"""Who loses which product when a scenario happens."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel.analysis.inputs import frozen_processes
from graphmodel.analysis.removal import kernel_recipes, open_paths, scenario_cut
from graphmodel.kernels.cascade import frozen
from graphmodel.kernels.paths import reachable
from graphmodel.network import Network
from graphmodel.results import LossResult
from graphmodel.scenario import Scenario


def losses(network: Network, scenario: Scenario) -> LossResult:
    """Measure what each consuming country loses of each product, under both responses.

    Parameters
    ----------
    network : Network
    scenario : Scenario
        What stops, is banned or capped. Demand it takes away itself is not counted as lost.

    Returns
    -------
    LossResult
        ``response``, ``product``, ``consumer`` (country), ``unit``, ``demand`` (a year), ``loss``, ``loss_share``.

    Notes
    -----
    Loss is counted on fixed demand against the network without the scenario. Rows of one product can be added,
    rows of different products only after conversion (`Network.content`). Without final demand the table is empty.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
    >>> gm.losses(toy, stop).table.query("response == 'frozen'")[["consumer", "demand", "loss"]]
      consumer  demand  loss
    2      CHN     5.0   3.0
    3      USA     5.0   3.0
    """
    changed = scenario.apply(network)
    work = frozen_processes(changed)
    cut, kept = scenario_cut(changed, work)
    share = frozen(kernel_recipes(work), (1.0 - cut)[:, None], edge_limit=kept)[:, 0]
    source, target, origins = open_paths(changed)
    reached = reachable(changed.n_nodes, source, target, origins)
    demand = work.demand
    process = demand["process"].to_numpy(dtype=np.int64)
    node = demand["node"].to_numpy(dtype=np.int64)
    fed_before = reachable(network.n_nodes, *open_paths(network))
    before = np.ones(len(node), dtype=bool)
    before[node < network.n_nodes] = fed_before[node[node < network.n_nodes]]
    rows = []
    for response, left in (("reachability", reached[node] | ~before), ("frozen", share[process])):
        lost = demand["quantity"].to_numpy(dtype=float) * np.clip(1.0 - left.astype(float), 0.0, 1.0)
        rows.append(demand.assign(response=response, loss=np.where(lost < 1e-12 * demand["quantity"], 0.0, lost)))
    table = pd.concat(rows, ignore_index=True)
    table["consumer"] = changed.nodes["country"].to_numpy()[table["node"].to_numpy(dtype=np.int64)]
    units = changed.table("materials").set_index("material")["unit"]
    table["unit"] = table["product"].map(units).astype(object).fillna("")
    keys = ["response", "product", "consumer", "unit"]
    summed = table.groupby(keys, as_index=False, sort=True)[["quantity", "loss"]].sum()
    summed = summed.rename(columns={"quantity": "demand"})
    summed["loss_share"] = summed["loss"] / summed["demand"].where(summed["demand"] > 0)
    order = summed["response"].map({"reachability": 0, "frozen": 1})
    summed = summed.assign(order=order).sort_values(["order", "product", "consumer"])
    return LossResult(summed, network=network.name, parameters={"scenario": scenario.name})
