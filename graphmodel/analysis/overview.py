"""The worst chokepoint of every mineral, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.analysis.breakdown import lost_shares, unreached
from graphmodel.analysis.grouping import JOIN, Groups, group_nodes, mineral_weights
from graphmodel.analysis.inputs import frozen_processes
from graphmodel.analysis.remaining import removable
from graphmodel.errors import EmptySelectionError
from graphmodel.network import Network
from graphmodel.results import OverviewResult


def overview(
    network: Network,
    *,
    by: str | Sequence[str] = "industry",
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
) -> OverviewResult:
    """Find, for every mineral, the group whose removal loses most of it in final products.

    Parameters
    ----------
    network : Network
    by : str or list of str
        What is shut in turn, as in `removal`; ``industry`` is what one country does at one stage with one mineral.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    members, equity
        As in `removal`.

    Returns
    -------
    OverviewResult
        One row a mineral: ``mineral``, ``demand`` (t in final products), ``removed`` (the group), ``frozen_share`` and
        ``reachability_share`` (of that demand), ``n_above_tenth``: how many groups each lose a tenth or more of it.
        Sorted by frozen share.

    Raises
    ------
    EmptySelectionError
        If nothing can be grouped that way, or no final demand holds any mineral.

    Notes
    -----
    Every group is shut once for all minerals: one sweep of the cascade, weighed by what products hold.

    Examples
    --------
    >>> import graphmodel as gm
    >>> gm.overview(gm.load("toy-battery")).table[["mineral", "removed", "frozen_share", "reachability_share"]]
       mineral               removed  frozen_share  reachability_share
    0  lithium  CHN:refining:lithium           1.0                 1.0
    """
    work = frozen_processes(network)
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    if not groups.names:
        raise EmptySelectionError(f"no node can be grouped by {by}")
    weights = mineral_weights(network, work.demand, product, consumer)
    lost = lost_shares(network, work, groups, work.demand)
    rows = []
    for mineral, weight in weights.items():
        share = weight.to_numpy() @ lost / weight.sum()
        worst = _worst(share, groups.names, str(mineral))
        cut_off = unreached(network, _only(groups, worst), work.demand)[:, 0]
        rows.append(
            {
                "mineral": mineral,
                "demand": weight.sum(),
                "removed": groups.names[worst],
                "frozen_share": share[worst],
                "reachability_share": weight.to_numpy() @ cut_off / weight.sum(),
                "n_above_tenth": int((share >= 0.1).sum()),
            }
        )
    table = pd.DataFrame(rows).sort_values(["frozen_share", "mineral"], ascending=[False, True], kind="stable")
    return OverviewResult(
        table,
        network=network.name,
        parameters={"by": by, "product": product, "consumer": consumer},
        units={"demand": "t", "frozen_share": "share of final demand", "reachability_share": "share of final demand"},
    )


def _worst(share: FloatArray, names: list[str], mineral: str) -> int:
    """Return the group that loses most; of several that lose the same, one that bears the mineral's name."""
    most = np.flatnonzero(share >= share.max() - 1e-9)
    own = [group for group in most.tolist() if names[group].endswith(f"{JOIN}{mineral}")]
    return int(own[0] if own else most[0])


def _only(groups: Groups, one: int) -> Groups:
    """Keep one group of several."""
    members = groups.of(one)
    left = None if groups.edge_left is None else groups.edge_left[[one]]
    return Groups([groups.names[one]], np.array([0, len(members)]), members, edge_left=left)
