"""One mineral traced to its users with any planned plants in place: whom it passes, and by how many routes.

Who sells how much follows from `graphmodel.analysis.entry`: present sellers of a market give up the same part of every
flow, and the plant that takes it sends a flow of its own to the same place. What each node mixes adds up as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.analysis.entry import Entry
from graphmodel.analysis.grouping import Groups
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.tracing import refuse_closed_loops, trace
from graphmodel.kernels.cuts import routes
from graphmodel.kernels.label_sets import fewest_labels, members
from graphmodel.kernels.look_through import Mix, touch
from graphmodel.kernels.paths import reachable


class Joined:
    """Flows of one mineral with any projects in place.

    Nodes are those of ``entry.network``, then the ends of `graphmodel.analysis.tracing`; ``places`` are the projects.
    """

    def __init__(
        self,
        entry: Entry,
        mineral: str | None,
        product: str | Sequence[str] | None = None,
        consumer: str | Sequence[str] | None = None,
    ) -> None:
        self.entry = entry
        self.traced = traced = trace(entry.network, mineral, product, consumer)
        refuse_closed_loops(entry.network, traced)
        work, sharing = entry.work, entry.sharing
        of_row = np.full(entry.network.n_edges, -1, dtype=np.int64)
        of_row[work.row[work.row >= 0]] = sharing.market[work.row >= 0]
        self._market = of_row[traced.edge]
        self._sells = np.unique(sharing.taken.tocsr()[self._market[self._market >= 0]].indices)
        self.places = traced.place[entry.first :]
        first = work.process_indptr[entry.first]
        owner = np.full(len(work.need), -1, dtype=np.int64)
        owner[work.process_slot[first:]] = work.reader[first:] - entry.first
        self._feed = np.flatnonzero(owner[work.slot] >= 0)
        self._eater = owner[work.slot[self._feed]]
        self._feeder = traced.place[work.supplier[self._feed]]
        content = entry.network.content(mineral) if mineral is not None else None

        def held(process: IntArray) -> FloatArray:
            product = work.product[process]
            return np.ones(len(product)) if content is None else content.reindex(product).fillna(0.0).to_numpy()

        self._fed = work.need[work.slot[self._feed]] * work.relative[self._feed] * held(work.supplier[self._feed])
        self._made = work.quantity[entry.first :] * held(np.arange(entry.first, work.n_processes))

    def flows(self, present: FloatArray) -> Mix:
        """Return what flows with each project at a part of its capacity, 0 to 1, (N,)."""
        base = self.traced.flows
        sold = self.entry.sharing.sold(present)
        given = np.append(sold.sum(axis=1), 0.0)[self._market]
        taken = sold[np.maximum(self._market, 0)].tocoo()
        flow, project = taken.coords
        eats = present[self._eater] > 0
        fed = self._fed[eats] * self.entry.sharing.shares(present)[self._feed[eats]]
        quantity = [
            base.quantity * (1.0 - given),
            base.quantity[flow] * np.where(self._market[flow] < 0, 0.0, taken.data),
        ]
        source = np.concatenate([base.source, self.places[project], self._feeder[eats]])
        target = np.concatenate([base.target, base.target[flow], self.places[self._eater[eats]]])
        carried = np.concatenate([*quantity, fed])
        kept = (carried > 0) & (source != target)
        source, target, carried = source[kept], target[kept], carried[kept]
        arriving = np.bincount(target, carried, minlength=base.n_nodes)
        leaving = np.bincount(source, carried, minlength=base.n_nodes)
        total = np.where(base.total > 0, base.total, leaving)  # a peer that fed nobody but itself may feed a project
        total[self.places] = np.maximum(arriving[self.places], self._made * present)
        return Mix(source, target, carried, total, np.maximum(total - arriving, 0.0))

    def enters(self, present: FloatArray) -> bool:
        """Say whether any project that runs sells some of the mineral."""
        return bool((present[self._sells] > 0).any())

    def touched(self, flows: Mix, indptr: IntArray, held: IntArray) -> FloatArray:
        """Return the share of the final demand that counts which passed each group, (G,)."""
        users = self.traced.users
        met = touch(flows, indptr, held, users["end"].to_numpy(dtype=np.int64))
        return np.asarray(met @ (users["demand"] / users["demand"].sum()).to_numpy(dtype=float))


class _Wish(NamedTuple):
    """What one country uses of one product; sets of groups as in `graphmodel.kernels.label_sets`."""

    part: float
    """Its part of the demand that counts."""
    ends: IntArray
    cut: int
    """Fewest groups without which no route is left."""
    met: list[int]
    """Sets of groups that hold a route each."""


class GroupCut:
    """How few groups cut all routes to each user, with any projects in place."""

    def __init__(self, joined: Joined, groups: Groups) -> None:
        self.joined = joined
        network, flows = joined.entry.network, joined.traced.flows
        self._supply = np.zeros(flows.n_nodes, dtype=np.bool_)
        self._supply[: network.n_nodes] = removable(network)
        self._group = np.full(flows.n_nodes, -1, dtype=np.int64)
        self._group[groups.members] = np.repeat(np.arange(len(groups.names)), groups.sizes())
        alone = np.flatnonzero(self._supply & (self._group < 0))
        self._group[alone] = len(groups.names) + np.arange(len(alone))
        wishes = joined.traced.wishes()
        demand = sum(wish[2] for wish in wishes)
        self._base = []
        for _, _, wanted, ends in wishes:
            cut, met = self._fewest(flows, joined.traced.begins, ends)
            assert cut is not None  # there is no bound to reach
            self._base.append(_Wish(wanted / demand, ends, cut, met))

    def mean(self, flows: Mix, present: FloatArray) -> float:
        """Return the mean number of groups, users weighed by their demand, with the flows of `Joined.flows`.

        Projects add links and leave none out. Where the groups that cut the routes before still do, they are the
        fewest; otherwise there are no more than those and the projects' own.
        """
        origins = self._origins(flows)
        own = set(self._group[self.joined.places[present > 0]].tolist())
        around: dict[int, BoolArray] = {}
        total = 0.0
        for wish in self._base:
            before = members(wish.cut)
            if wish.cut not in around:
                alive = ~np.isin(self._group, before)
                around[wish.cut] = reachable(flows.n_nodes, flows.source, flows.target, origins, alive)
            n_groups = len(before)
            if around[wish.cut][wish.ends].any():
                most = len(own.union(before))
                cut, _ = self._fewest(flows, origins, wish.ends, wish.met, most)
                n_groups = most if cut is None else cut.bit_count()
            total += wish.part * n_groups
        return total

    def _origins(self, flows: Mix) -> IntArray:
        """Return where the mineral begins, projects to which none of it comes among them."""
        places = self.joined.places
        unfed = ~np.isin(places, flows.target) & (flows.total[places] > 0)
        return np.union1d(self.joined.traced.begins, places[unfed])

    def _fewest(
        self, flows: Mix, origins: IntArray, ends: IntArray, met: Sequence[int] = (), most: float = np.inf
    ) -> tuple[int | None, list[int]]:
        """Return groups that cut all routes, None where they are no fewer than ``most``, and sets that hold a route."""
        paths = routes(flows.n_nodes, flows.source, flows.target, origins, ends, self._supply)
        return fewest_labels(paths, self._group[paths.node], met, most=most)
