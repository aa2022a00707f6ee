"""How concentrated each stage is, over location, control or equity, with bounds for what is not assigned."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from graphmodel.errors import UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.results import ConcentrationResult
from graphmodel.schema import REGIONS

Lens = Literal["country", "control", "owner"]
LENSES: tuple[Lens, ...] = ("country", "control", "owner")


def concentration(network: Network, *, by: Lens = "country", mineral: str | None = None) -> ConcentrationResult:
    """Measure how few countries, controlling countries or owners make each material at each stage.

    Parameters
    ----------
    network : Network
    by : {"country", "control", "owner"}
        Location; home of the controlling owner; shareholders by their equity.
    mineral : str, optional
        Add all materials of a stage in tonnes of this mineral, one row a stage. Without it one row a material.

    Returns
    -------
    ConcentrationResult
        ``stage``, ``material`` (or the mineral), ``unit``, ``quantity`` made a year, ``n_groups`` named, ``hhi_low``
        and ``hhi_high`` (0 to 1; the unassigned part split to nothing, or one group), ``effective_number``
        (1 / hhi_low), ``largest``, ``largest_share``, ``unassigned_share``.

    Notes
    -----
    ``HHI = Σ S_c²``; with an unassigned share o it lies between ``Σ named S_c²`` and that plus o². Shares are of all
    that is made, unassigned included. Final demand is not made by anyone and is left out. Regions such as ROW count
    as unassigned. Output is what `balances` state, else what edges carry. An empty network gives an empty table.

    References
    ----------
    Rhoades (1993), Federal Reserve Bulletin 79, 188. Hill (1973), doi:10.2307/1934352.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.concentration(toy).table[["stage", "largest", "largest_share", "hhi_low"]]
          stage largest  largest_share  hhi_low
    0    mining     AUS            0.6     0.52
    1  refining     CHN            1.0     1.00
    2      cell     KOR            0.6     0.52
    """
    if by not in LENSES:
        raise UnknownNameError(f"cannot measure concentration by {by!r}; {nearest(by, LENSES)}")
    made = _made(network, mineral)
    shares = _assigned(network, made, by)
    rows = [
        _row(key[1], key[2], key[3], group)
        for key, group in shares.groupby(["order", "stage", "material", "unit"], sort=True)
    ]
    table = pd.DataFrame(rows, columns=list(ConcentrationResult.columns))
    return ConcentrationResult(
        table,
        network=network.name,
        parameters={"by": by, "mineral": mineral},
        units={"hhi_low": "0 to 1", "hhi_high": "0 to 1", "quantity": "see column unit"},
    )


def _made(network: Network, mineral: str | None) -> pd.DataFrame:
    """Output of every supply node: node_id, stage, order, material, unit, quantity."""
    edges = network.edges
    sold = edges.groupby(["source", "material"], as_index=False)["quantity"].sum()
    sold = sold.rename(columns={"source": "node_id"})
    balances = network.table("balances")
    stated = balances[balances["side"] == "output"].rename(columns={"item": "material"})
    made = pd.concat([stated, sold], ignore_index=True).drop_duplicates(["node_id", "material"])
    nodes = network.nodes.set_index("node_id")
    made["stage"] = made["node_id"].map(nodes["stage"])
    made["order"] = made["stage"].map(network.stages.set_index("stage")["order"])
    made["unit"] = made["material"].map(network.table("materials").set_index("material")["unit"]).fillna("")
    if mineral is not None:
        made["quantity"] *= made["material"].map(network.content(mineral)).to_numpy(dtype=float)
        made["material"], made["unit"] = mineral, f"t {mineral}"
    made = made[made["quantity"] > 0]
    return made[["node_id", "stage", "order", "material", "unit", "quantity"]]


def _assigned(network: Network, made: pd.DataFrame, by: Lens) -> pd.DataFrame:
    """Give every quantity to its group; "" where the group is not known."""
    if by != "owner":
        group = made["node_id"].map(network.nodes.set_index("node_id")[by])
        return made.assign(group=group.where(~group.isin(list(REGIONS)), ""))
    owners = network.table("owners")[["node_id", "owner", "share"]]
    held = made.merge(owners, on="node_id")
    held["quantity"] *= held["share"]
    given = held.groupby(["node_id", "stage", "material"])["quantity"].sum()
    index = pd.MultiIndex.from_frame(made[["node_id", "stage", "material"]])
    rest = made["quantity"].to_numpy() - given.reindex(index).fillna(0.0).to_numpy()
    unknown = made.assign(quantity=np.maximum(rest, 0.0), group="")
    return pd.concat([held.rename(columns={"owner": "group"}), unknown], ignore_index=True)


def _row(stage: str, material: str, unit: str, rows: pd.DataFrame) -> tuple[object, ...]:
    total = rows["quantity"].sum()
    share = rows.groupby("group")["quantity"].sum() / total
    unassigned = float(share.get("", 0.0))
    named = share.drop("", errors="ignore").sort_values(ascending=False, kind="stable")
    low = float((named**2).sum())
    return (
        stage,
        material,
        unit,
        total,
        len(named),
        low,
        low + unassigned**2,
        1 / low if low else np.nan,
        str(named.index[0]) if len(named) else "",
        float(named.iloc[0]) if len(named) else np.nan,
        unassigned,
    )
