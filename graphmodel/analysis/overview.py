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
from graphmodel.analysis.responses import REROUTED, RESPONSES, How, Links, response_programme, without_flows
from graphmodel.analysis.shutting import group_processes
from graphmodel.errors import EmptySelectionError
from graphmodel.kernels.linear import Solver
from graphmodel.network import Network
from graphmodel.processes import Processes
from graphmodel.programme import GROWTH, Programme
from graphmodel.results import OverviewResult


def overview(
    network: Network,
    *,
    by: str | Sequence[str] = "industry",
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    growth: float = GROWTH,
    links: Links = "any",
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
    growth, links, members, equity
        As in `removal`.

    Returns
    -------
    OverviewResult
        One row a mineral: ``mineral``, ``demand`` (t in final products), ``removed`` (the group),
        ``reachability_share``, ``reroute_share``, ``adapt_share`` and ``frozen_share`` (of that demand), ``gap``
        (frozen less reroute: what buying elsewhere could save at most), ``n_above_tenth``: how many groups each lose a
        tenth or more of it. Sorted by frozen share.

    Raises
    ------
    EmptySelectionError
        If nothing can be grouped that way, or no final demand holds any mineral.

    Notes
    -----
    The worst group is the one that loses most when nobody replaces a supplier: every group is shut once for all
    minerals, one sweep of the cascade, weighed by what products hold. Only that group is then rerouted, on one
    programme for each response whose weights alone change from mineral to mineral. Another group could lose more than
    it after rerouting; `chokepoints` works out all of them.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.overview(gm.load("toy-battery"), by="country").table
    >>> table[["removed", "reachability_share", "reroute_share", "frozen_share", "gap"]]
      removed  reachability_share  reroute_share  frozen_share  gap
    0     CHN                 1.0            1.0           1.0  0.0
    """
    work = frozen_processes(network)
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity, flows=True)
    if not groups.names:
        raise EmptySelectionError(f"no node can be grouped by {by}")
    weights = mineral_weights(network, work.demand, product, consumer)
    lost = lost_shares(network, work, groups, work.demand)
    rerouted = [_Rerouted(network, work, groups, How(response, growth=growth, links=links)) for response in REROUTED]
    rows = []
    for mineral, weight in weights.items():
        share = weight.to_numpy() @ lost / weight.sum()
        worst = _worst(share, groups.names, str(mineral))
        cut_off = unreached(network, _only(groups, worst), work.demand)[:, 0]
        after = {f"{each.how.response}_share": each.loss_share(worst, weight.to_numpy()) for each in rerouted}
        rows.append(
            {
                "mineral": mineral,
                "demand": weight.sum(),
                "removed": groups.names[worst],
                "reachability_share": weight.to_numpy() @ cut_off / weight.sum(),
                **after,
                "frozen_share": share[worst],
                "gap": max(share[worst] - after["reroute_share"], 0.0),
                "n_above_tenth": int((share >= 0.1).sum()),
            }
        )
    table = pd.DataFrame(rows).sort_values(["frozen_share", "mineral"], ascending=[False, True], kind="stable")
    return OverviewResult(
        table,
        network=network,
        parameters={"by": by, "product": product, "consumer": consumer, "growth": growth, "links": links},
        units={"demand": "t", "gap": "share of final demand"}
        | {f"{response}_share": "share of final demand" for response in RESPONSES},
    )


class _Rerouted:
    """The programme of one response, solved without one group after another, with a mineral's weights each time."""

    def __init__(self, network: Network, work: Processes, groups: Groups, how: How) -> None:
        self.network, self.demand, self.groups, self.how = network, work.demand, groups, how.checked()
        self.indptr, self.process = group_processes(work, groups)
        self.written = None if groups.edge_left is not None else self._write(network)

    def loss_share(self, group: int, weight: FloatArray) -> float:
        """Return the share of the weighted demand lost without a group."""
        written = self.written
        if written is None:  # a corridor holds back flows and shuts no node: a network of its own
            written = self._write(without_flows(self.network, self.groups, group))
        written = written.weighed(self.demand, weight)
        shut = self.process[self.indptr[group] : self.indptr[group + 1]]
        upper = written.linear.upper.copy()
        upper[shut] = 0.0
        value = Solver(written.linear._replace(upper=upper)).solve().value
        return float(written.loss_share(np.array(value)))

    def _write(self, network: Network) -> Programme:
        return response_programme(network, np.zeros(len(self.demand)), self.how)


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
