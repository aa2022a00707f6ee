"""Losses under both responses with centralities beside them: what would be missed, and which measure sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from graphmodel.analysis.centrality import centrality
from graphmodel.analysis.grouping import group_nodes
from graphmodel.analysis.removal import removal
from graphmodel.errors import MixedUnitsError
from graphmodel.network import Network
from graphmodel.results import ChokepointResult

BESIDE = ("out_strength", "betweenness", "betweenness_by_flow", "pagerank", "reversed_pagerank")
"""Measures shown beside the losses."""


def chokepoints(
    network: Network,
    *,
    by: str | Sequence[str] = "plant",
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    progress: Callable[[int, int], None] | None = None,
) -> ChokepointResult:
    """Rank nodes or groups by what is lost without them, with centralities beside.

    Parameters
    ----------
    network : Network
    by : str or list of str
        As in `removal`; ``plant`` leaves out clusters and remainders, which are no single point of failure.
    mineral, product, consumer, members, equity, progress
        As in `removal`. Centralities are those of the whole network, whoever's demand counts; nan without a mineral
        where flows come in several units.

    Returns
    -------
    ChokepointResult
        ``rank`` by frozen loss, ``removed``, ``label``, ``n_nodes``, ``loss`` (frozen), ``frozen_share``,
        ``reachability_share``, then the measures of `BESIDE`, each summed over the group's nodes.

    Notes
    -----
    Frozen is the upper end (nobody finds another supplier), reachability the lower (any path left is enough).

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> table = gm.chokepoints(toy, mineral="lithium").table
    >>> table[["removed", "frozen_share", "reachability_share", "betweenness"]]
        removed  frozen_share  reachability_share  betweenness
    0  refine-a           1.0                 1.0          8.0
    1    cell-a           0.6                 0.5          4.5
    2    mine-b           0.6                 0.0          0.0
    3    cell-b           0.4                 0.0          1.5
    4    mine-a           0.4                 0.0          0.0
    """
    counted = {"mineral": mineral, "product": product, "consumer": consumer}
    alike = {"by": by, **counted, "members": members, "equity": equity}
    frozen = removal(network, response="frozen", progress=progress, **alike)  # type: ignore[arg-type]
    reach = removal(network, response="reachability", **alike).table  # type: ignore[arg-type]
    table = frozen.table.rename(columns={"loss_share": "frozen_share"})
    shares = reach.set_index("removed")["loss_share"]
    table["reachability_share"] = table["removed"].map(shares)
    table = table.merge(_summed(network, by, mineral, members, equity), on="removed", how="left")
    return ChokepointResult(
        table,
        network=network.name,
        parameters={"by": by, **counted},
        units={**frozen.units, "frozen_share": "share of final demand", "reachability_share": "share of final demand"},
    )


def _summed(
    network: Network, by: str | Sequence[str], mineral: str | None, members: pd.DataFrame | None, equity: float
) -> pd.DataFrame:
    """Add up each measure over the nodes of each group."""
    wide = _measured(network, mineral).reindex(network.nodes["node_id"])
    everything = np.ones(network.n_nodes, dtype=bool)
    groups = group_nodes(network, by, among=everything, members=members, equity=equity)
    values = wide[list(BESIDE)].to_numpy()[groups.members]
    which = np.repeat(np.arange(len(groups.names)), groups.sizes())
    table = pd.DataFrame(values, columns=list(BESIDE)).groupby(which, sort=True).sum(min_count=1)
    return table.reindex(range(len(groups.names))).assign(removed=groups.names)  # a corridor holds no node


def _measured(network: Network, mineral: str | None) -> pd.DataFrame:
    """Every measure of `BESIDE` by node; nan where flows come in units that cannot be added."""
    try:
        table = centrality(network, measures=BESIDE, mineral=mineral).table
    except MixedUnitsError:
        return pd.DataFrame(np.nan, index=network.nodes["node_id"], columns=list(BESIDE))
    return table.pivot(index="node_id", columns="measure", values="value")
