"""What is left of a network as more and more of it is removed: curves, and one number for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.centrality import MEASURES as CENTRALITIES
from graphmodel.analysis.centrality import centrality
from graphmodel.analysis.grouping import Groups, demand_weights, group_nodes
from graphmodel.analysis.inputs import frozen_processes
from graphmodel.analysis.remaining import (
    kernel_recipes,
    open_paths,
    reached_in_base,
    removable,
    scenario_cut,
)
from graphmodel.analysis.removal import removal
from graphmodel.errors import ParameterError, UnknownNameError, nearest
from graphmodel.kernels.cascade import frozen_loss
from graphmodel.kernels.percolation import largest_component, reach_left, robustness
from graphmodel.network import Network
from graphmodel.processes import processes
from graphmodel.results import PercolationResult

CURVES = ("component", "pairs", "reachability", "frozen")
"""What is followed: links alone first, final demand last."""

ORDERS = ("flow", "degree", "loss", "random", *CENTRALITIES)
"""What the order of removal goes by."""

SHORT = {"flow": ("out_strength",), "degree": ("in_degree", "out_degree")}
"""Orders that are sums of centralities."""


def percolation(
    network: Network,
    *,
    order: str | Sequence[str] = ("flow", "loss", "random"),
    measure: str | Sequence[str] = CURVES,
    by: str | Sequence[str] = "node",
    mineral: str | None = None,
    reranked: bool = False,
    seeds: int = 20,
    steps: int | None = 50,
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    rng: np.random.Generator | int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> PercolationResult:
    """Remove nodes, or groups of nodes, one after another and follow what is left.

    Parameters
    ----------
    network : Network
    order : str or list of str
        The largest first: ``flow`` (what the nodes deliver), ``degree`` (links to other nodes), ``loss`` (frozen loss
        when removed alone), any centrality in `MEASURES`, summed over a group; or ``random``. Ties keep the order of
        the nodes table or of the names of groups.
    measure : str or list of str
        ``component``: share of all nodes in the largest weakly connected part. ``pairs``: share of the pairs of an
        origin and a user that a path still joins. ``reachability``, ``frozen``: share of final demand still served,
        as in `removal`.
    by : str or list of str
        What is removed at each step, as in `removal`.
    mineral : str, optional
        Weigh flows and final demand by tonnes of this mineral. Needed where they come in several units.
    reranked : bool
        Rank what is left anew after every removal; ``loss`` then means what its removal adds.
    seeds : int
        Number of random orders.
    steps : int, optional
        Points of each curve after the start, evenly spaced; every removal when None.
    members : DataFrame, optional
        ``group`` and ``country``, for ``by="alliance"``.
    equity : float
        Least share an owner must hold, for ``by="owner"``.
    rng : numpy Generator or int
        Chance of the random orders.
    progress : callable, optional
        Called with the number of orders done and their total.

    Returns
    -------
    PercolationResult
        ``order``, ``measure``, ``n_removed``, ``removed_share`` (of what can be removed), ``value`` (share left; the
        mean of random orders), ``low`` and ``high`` (5 and 95 % of random orders, else nan), ``n_orders``,
        ``robustness`` (mean of the whole curve after the start, the same in all its rows).

    Raises
    ------
    UnknownNameError
        If there is no such order or measure.
    ParameterError
        If ``seeds`` or ``steps`` is below 1.
    MixedUnitsError
        If quantities cannot be added and no mineral is named.
    EmptySelectionError
        If nothing can be grouped that way.

    Notes
    -----
    With s(Q) what is left after Q of N removals, ``robustness`` is R = 1/N Σ s(Q) over Q = 1 … N. For ``component``,
    N nodes all linked to each other have R = (N-1)/(2N), a star whose hub goes first (N-1)/N². ``frozen`` is known at
    the steps drawn and taken as straight between them, the others are exact at any number of steps. Users and stocks
    are never removed, so ``component`` does not end at 0 where there are some. Scenario shares already in the
    network hold at every step. Costs O(E) an order for ``component`` and ``reachability``, that times the number of
    origins for ``pairs``, one frozen solution a step; ``reranked`` one ranking a removal. A network without nodes that
    can be removed has one point a curve and nan robustness; one without final demand, or without pairs, nan values.
    Loops and parts apart from each other are allowed.

    References
    ----------
    Schneider, C. M. et al. (2011), doi:10.1073/pnas.1009440108. Callaway, D. S. et al. (2000),
    doi:10.1103/PhysRevLett.85.5468.

    Examples
    --------
    The refinery goes first, and with it all final demand.

    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> table = gm.percolation(toy, order="loss", measure="frozen", mineral="lithium", steps=None).table
    >>> table[["n_removed", "value", "robustness"]].head(3)
       n_removed  value  robustness
    0          0    1.0         0.0
    1          1    0.0         0.0
    2          2    0.0         0.0
    """
    orders, measures = _known(order, ORDERS, "order"), _known(measure, CURVES, "measure")
    for name, number in (("seeds", seeds), ("steps", steps)):
        if number is not None and number < 1:
            raise ParameterError(f"{name} is {number}, but must be 1 or more")
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    n_groups = len(groups.names)
    chance = np.random.default_rng(rng)
    shown = np.unique(np.linspace(0, n_groups, (steps or n_groups) + 1).round().astype(np.int64))
    subject = _Subject(network, mineral, shown)
    score = _Score(network, groups, by, mineral, members, equity)
    frames = []
    for done, name in enumerate(orders):
        ranked = _random(n_groups, seeds, chance) if name == "random" else iter([_ranked(score, name, reranked)])
        gone_at = [_gone_at(network, groups, ranks) for ranks in ranked]
        for what in measures:
            frames.append(_curve(name, what, subject.left(what, gone_at, n_groups), shown))
        if progress is not None:
            progress(done + 1, len(orders))
    return PercolationResult(
        pd.concat(frames, ignore_index=True),
        network=network,
        parameters={"by": by, "mineral": mineral, "reranked": reranked, "seeds": seeds, "steps": steps},
        units={"value": "share left", "robustness": "mean share left"},
    )


def _known(chosen: str | Sequence[str], known: Sequence[str], what: str) -> list[str]:
    names = [chosen] if isinstance(chosen, str) else list(dict.fromkeys(chosen))
    for name in names:
        if name not in known:
            raise UnknownNameError(f"no {what} {name!r}; {nearest(name, known)}")
    if not names:
        raise ParameterError(f"no {what} named; there are: {', '.join(known)}")
    return names


def _random(n_groups: int, seeds: int, chance: np.random.Generator) -> Iterator[IntArray]:
    """Draw orders of all groups."""
    return (chance.permutation(n_groups) for _ in range(seeds))


@dataclass(frozen=True)
class _Score:
    """How large each group is, by any order but chance, among the nodes that are left."""

    network: Network
    groups: Groups
    by: str | Sequence[str]
    mineral: str | None
    members: pd.DataFrame | None
    equity: float

    def of(self, order: str, gone: IntArray) -> FloatArray:
        """Return the score of each group once the nodes in ``gone`` are removed."""
        if order == "loss":
            nodes = self.network.nodes
            if len(gone):
                nodes.loc[gone, "available"] = 0.0
            left = self.network.with_tables(nodes=nodes) if len(gone) else self.network
            table = removal(left, by=self.by, mineral=self.mineral, members=self.members, equity=self.equity).table
            loss: FloatArray = table.set_index("removed")["loss"].reindex(self.groups.names).to_numpy(dtype=float)
            return loss
        edges = self.network.edges
        edges.loc[np.isin(self.network.source, gone) | np.isin(self.network.target, gone), "quantity"] = 0.0
        left = self.network.with_tables(edges=edges) if len(gone) else self.network
        names = SHORT.get(order, (order,))
        table = centrality(left, measures=names, mineral=self.mineral).table
        value = table.pivot_table(index="node_id", values="value", aggfunc="sum")["value"]
        of_node = value.reindex(self.network.nodes["node_id"]).fillna(0.0).to_numpy(dtype=float)
        group = np.repeat(np.arange(len(self.groups.names)), self.groups.sizes())
        summed = np.bincount(group, of_node[self.groups.members], minlength=len(self.groups.names))
        return summed.astype(np.float64)


def _ranked(score: _Score, order: str, reranked: bool) -> IntArray:
    """Return the groups, the largest first."""
    n_groups = len(score.groups.names)
    if not reranked:
        return np.argsort(-_without_noise(score.of(order, np.zeros(0, dtype=np.int64))), kind="stable")
    ranked: list[int] = []
    for _ in range(n_groups):
        gone = np.unique(np.concatenate([score.groups.of(group) for group in ranked])) if ranked else np.zeros(0)
        value = _without_noise(score.of(order, gone.astype(np.int64)))
        value[ranked] = -np.inf
        ranked.append(int(np.argmax(value)))
    return np.array(ranked, dtype=np.int64)


def _without_noise(value: FloatArray) -> FloatArray:
    """Round so that values equal but for rounding tie."""
    largest = np.abs(value).max(initial=0.0)
    return np.round(value / largest, 12) if largest > 0 else np.zeros(len(value))


def _gone_at(network: Network, groups: Groups, ranked: IntArray) -> IntArray:
    """Return the step at which each node goes, one more than the last where it stays."""
    step = np.empty(len(ranked), dtype=np.int64)
    step[ranked] = np.arange(1, len(ranked) + 1)
    gone = np.full(network.n_nodes, len(ranked) + 1, dtype=np.int64)
    np.minimum.at(gone, groups.members, np.repeat(step, groups.sizes()))
    return gone


@dataclass(frozen=True)
class _Subject:
    """What is measured on one network."""

    network: Network
    mineral: str | None
    shown: IntArray

    def left(self, measure: str, gone_at: list[IntArray], n_steps: int) -> list[tuple[IntArray, FloatArray]]:
        """Return steps and what is left after each, for every order of removal."""
        if measure == "frozen":
            return [(self.shown, curve) for curve in self._frozen(gone_at)]
        one = {"component": self._component, "pairs": self._pairs, "reachability": self._reachability}[measure]
        return [(np.arange(n_steps + 1), one(gone, n_steps)) for gone in gone_at]

    def _component(self, gone_at: IntArray, n_steps: int) -> FloatArray:
        n = self.network.n_nodes
        source, target, _ = open_paths(self.network)
        runs = self.network.nodes["available"].fillna(1.0).to_numpy() > 0
        size = largest_component(n, source, target, np.where(runs, gone_at, 0), n_steps)
        return size / n if n else np.full(n_steps + 1, np.nan)

    def _pairs(self, gone_at: IntArray, n_steps: int) -> FloatArray:
        network, n = self.network, self.network.n_nodes
        users = np.zeros(n)
        users[processes(network).demand["node"].to_numpy(dtype=np.int64)] = 1.0
        carries = network.edges["quantity"].to_numpy() > 0
        stays = np.ones(n, dtype=np.int64)
        origins = np.flatnonzero(network.has_role("origin"))
        ends = network.source[carries], network.target[carries]
        before = reach_left(n, *ends, origins, users, stays, 0, together=False)[0]
        left = reach_left(n, *open_paths(network), users, gone_at, n_steps, together=False)
        return left / before if before > 0 else np.full(n_steps + 1, np.nan)

    def _reachability(self, gone_at: IntArray, n_steps: int) -> FloatArray:
        network, n = self.network, self.network.n_nodes
        demand = processes(network).demand
        weight, _ = demand_weights(network, demand, self.mineral)
        wanted = np.bincount(demand["node"].to_numpy(dtype=np.int64), weight, minlength=n).astype(np.float64)
        total = wanted.sum()
        before = wanted[reached_in_base(network)].sum()
        left = reach_left(n, *open_paths(network), wanted, gone_at, n_steps)
        return 1.0 - (before - left) / total if total > 0 else np.full(n_steps + 1, np.nan)

    def _frozen(self, gone_at: list[IntArray]) -> FloatArray:
        """Solve all steps of all orders side by side: each cuts the processes of the nodes gone by then."""
        work = frozen_processes(self.network)
        weight, _ = demand_weights(self.network, work.demand, self.mineral)
        cut, kept = scenario_cut(self.network, work)
        held = np.flatnonzero(cut > 0)
        sets, depth = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
        for gone in gone_at:
            going = np.argsort(gone[work.node], kind="stable")
            for many in np.searchsorted(gone[work.node][going], self.shown, side="right"):
                sets.append(np.concatenate([going[:many], held]))
                depth.append(np.concatenate([np.ones(many), cut[held]]))
        closed = np.cumsum([len(members) for members in sets]), np.concatenate(sets), np.concatenate(depth)
        loss = frozen_loss(kernel_recipes(work), *closed, work.weights(weight), edge_limit=kept)
        total = weight.sum()
        share = loss.reshape(len(gone_at), len(self.shown)) / (total if total > 0 else np.nan)
        return np.clip(1.0 - np.where(share < 1e-9, 0.0, share), 0.0, 1.0)


def _curve(order: str, measure: str, found: list[tuple[IntArray, FloatArray]], shown: IntArray) -> pd.DataFrame:
    """Join the curves of one order to one, with a band where there are several."""
    curves = np.array([np.interp(shown, steps, left) for steps, left in found])
    n_groups = int(shown[-1])
    low, high = np.percentile(curves, [5, 95], axis=0) if order == "random" else np.full((2, len(shown)), np.nan)
    return pd.DataFrame(
        {
            "order": order,
            "measure": measure,
            "n_removed": shown,
            "removed_share": shown / n_groups if n_groups else 0.0,
            "value": curves.mean(axis=0),
            "low": low,
            "high": high,
            "n_orders": len(found),
            "robustness": np.mean([robustness(steps, left) for steps, left in found]),
        }
    )
