"""Who loses which product when a scenario happens."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.analysis.inputs import frozen_processes
from graphmodel.analysis.remaining import kernel_recipes, open_paths, scenario_cut
from graphmodel.analysis.rerouting import least_loss, plan_of
from graphmodel.analysis.responses import REROUTED, RESPONSES, How, Links
from graphmodel.kernels.cascade import frozen
from graphmodel.kernels.paths import reachable
from graphmodel.network import Network
from graphmodel.programme import GROWTH
from graphmodel.results import LossResult
from graphmodel.scenario import Scenario, applied


def losses(
    network: Network,
    scenario: Scenario,
    *,
    mineral: str | None = None,
    growth: float = GROWTH,
    links: Links = "any",
    stocks: bool = False,
) -> LossResult:
    """Measure what each consuming country loses of each product, under every response.

    Parameters
    ----------
    network : Network
    scenario : Scenario
        What stops, is banned or capped. Demand it takes away itself is not counted as lost.
    mineral : str, optional
        Under ``reroute`` and ``adapt``, serve as many tonnes of this mineral as can be; without it every product counts
        the same.
    growth, links, stocks
        As in `removal`.

    Returns
    -------
    LossResult
        ``response``, ``product``, ``consumer`` (country), ``unit``, ``demand`` (a year), ``loss``, ``loss_share``.

    Notes
    -----
    Loss is counted on fixed demand against the network without the scenario. Rows of one product can be added, rows of
    different products only after conversion (`Network.content`). Under ``reroute`` and ``adapt`` the sum over all
    products is the least there can be; who bears it is one of several ways, the most even (`rerouting`), so a
    single product may lose more there than under ``frozen``. Without final demand the table is empty.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
    >>> gm.losses(toy, stop).table.query("response == 'frozen'")[["consumer", "demand", "loss"]]
      consumer  demand  loss
    6      CHN     5.0   3.0
    7      USA     5.0   3.0
    """
    changed = applied(scenario, network)
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
    left_by: dict[str, FloatArray] = {"reachability": reached[node] | ~before, "frozen": share[process]}
    for response in REROUTED:
        how = How(response, growth=growth, links=links, stocks=stocks)
        left_by[response] = plan_of(least_loss(changed, mineral, how)).served
    rows = []
    for response in RESPONSES:
        left = left_by[response]
        lost = demand["quantity"].to_numpy(dtype=float) * np.clip(1.0 - left.astype(float), 0.0, 1.0)
        rows.append(demand.assign(response=response, loss=np.where(lost < 1e-9 * demand["quantity"], 0.0, lost)))
    table = pd.concat(rows, ignore_index=True)
    table["consumer"] = changed.nodes["country"].to_numpy()[table["node"].to_numpy(dtype=np.int64)]
    units = changed.table("materials").set_index("material")["unit"]
    table["unit"] = table["product"].map(units).astype(object).fillna("")
    keys = ["response", "product", "consumer", "unit"]
    summed = table.groupby(keys, as_index=False, sort=True)[["quantity", "loss"]].sum()
    summed = summed.rename(columns={"quantity": "demand"})
    summed["loss_share"] = summed["loss"] / summed["demand"].where(summed["demand"] > 0)
    order = summed["response"].map(RESPONSES.index)
    summed = summed.assign(order=order).sort_values(["order", "product", "consumer"])
    return LossResult(
        summed,
        network=network,
        parameters={"scenario": scenario.name, "growth": growth, "links": links, "stocks": stocks or None},
    )
