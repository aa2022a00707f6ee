"""The table behind the flow diagram and the map: what flows between countries and stages."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel.errors import ParameterError
from graphmodel.network import Network
from graphmodel.plot.style import OTHERS

FLOW_COLUMNS = ("source_stage", "source", "target_stage", "target", "unit", "quantity")


def main_mineral(network: Network) -> str:
    """Return the mineral that is found at most stages; the first by name where several are.

    Raises
    ------
    ParameterError
        If no material holds a mineral that can be measured in tonnes.
    """
    if not network.minerals:
        raise ParameterError("no material holds a mineral; fill `composition`, or units such as 't Co'")
    stage = network.nodes["stage"].to_numpy()[network.source]
    return max(network.minerals, key=lambda mineral: len(set(stage[network.quantity(mineral) > 0])))


def flow_table(network: Network, *, mineral: str, smallest: float = 0.017) -> pd.DataFrame:
    """Add up what flows between each stage and country and the next.

    Parameters
    ----------
    network : Network
    mineral : str
        Quantities are tonnes of it.
    smallest : float
        A country that handles less than this share of the largest stage goes to "others" of its stage, and so does
        the rest of the world.

    Returns
    -------
    DataFrame
        ``source_stage``, ``source`` (country, or "others"), ``target_stage``, ``target``, ``unit``, ``quantity``;
        parallel edges are added.

    Raises
    ------
    UnknownNameError
        If no material holds the mineral.
    ParameterError
        If none of it flows.

    Examples
    --------
    >>> import graphmodel as gm
    >>> flows = gm.plot.flow_table(gm.load("toy-battery"), mineral="lithium")
    >>> flows.loc[flows["source_stage"] == "mining", ["source", "target_stage", "target", "quantity"]]
      source target_stage target  quantity
    3    AUS     refining    CHN     600.0
    4    CHL     refining    CHN     400.0
    """
    flows = country_flows(network, mineral=mineral)
    sent = flows.groupby(["source_stage", "source"])["quantity"].sum()
    taken = flows.groupby(["target_stage", "target"])["quantity"].sum()
    handled = pd.concat([sent.rename_axis(["stage", "country"]), taken.rename_axis(["stage", "country"])], axis=1).max(
        axis=1
    )
    largest = max(sent.groupby(level=0).sum().max(), taken.groupby(level=0).sum().max())
    kept = set(handled[handled >= smallest * largest].index)
    for side in ("source", "target"):
        pairs = zip(flows[f"{side}_stage"], flows[side], strict=True)
        flows[side] = [pair[1] if pair in kept and pair[1] != "ROW" else OTHERS for pair in pairs]
    keys = [column for column in FLOW_COLUMNS if column != "quantity"]
    return flows.groupby(keys, as_index=False, sort=True)[["quantity"]].sum()


def country_flows(network: Network, *, mineral: str) -> pd.DataFrame:
    """Add up what flows between each stage and country and the next, every country by itself.

    Raises
    ------
    UnknownNameError
        If no material holds the mineral.
    ParameterError
        If none of it flows.
    """
    stage, country = network.nodes["stage"].to_numpy(), network.nodes["country"].to_numpy()
    flows = pd.DataFrame(
        {
            "source_stage": stage[network.source],
            "source": country[network.source],
            "target_stage": stage[network.target],
            "target": country[network.target],
            "unit": f"t {mineral}",
            "quantity": network.quantity(mineral),
        }
    )
    flows = flows[flows["quantity"] > 0]
    if not len(flows):
        raise ParameterError(f"no edge of {network.name!r} carries {mineral}, so there is no flow to draw")
    keys = [column for column in FLOW_COLUMNS if column != "quantity"]
    return flows.groupby(keys, as_index=False, sort=True)[["quantity"]].sum()


def node_table(network: Network, *, mineral: str) -> pd.DataFrame:
    """Return what each node handles of a mineral and where it stands.

    Returns
    -------
    DataFrame
        ``node_id``, ``name``, ``stage``, ``country``, ``lat``, ``lon`` (nan where not stated), ``unit``, ``quantity``:
        the larger of what comes in and what goes out. Nodes without any are left out.
    """
    quantity = network.quantity(mineral)
    incoming = np.bincount(network.target, quantity, minlength=network.n_nodes)
    outgoing = np.bincount(network.source, quantity, minlength=network.n_nodes)
    table = network.nodes[["node_id", "name", "stage", "country", "lat", "lon"]].assign(
        unit=f"t {mineral}", quantity=np.maximum(incoming, outgoing)
    )
    return (
        table[table["quantity"] > 0]
        .sort_values(["quantity", "node_id"], ascending=[False, True])
        .reset_index(drop=True)
    )
