"""Where nodes stand in the network: every measure with its meaning, its caveat and its rule for parallel edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from graphmodel import plugins
from graphmodel._types import FloatArray, IntArray
from graphmodel.errors import ParameterError, UnknownNameError, listed, nearest
from graphmodel.kernels import centrality as direct
from graphmodel.kernels import centrality_paths as paths
from graphmodel.network import Network
from graphmodel.results import CentralityResult


@dataclass(frozen=True)
class View:
    """A network as the measures see it: ends, weights, origins and demand."""

    n: int
    source: IntArray
    target: IntArray
    weight: FloatArray
    origins: IntArray
    demand: FloatArray

    @property
    def flows(self) -> tuple[int, IntArray, IntArray, FloatArray]:
        """Arguments of a measure on flows."""
        return self.n, self.source, self.target, self.weight

    @property
    def links(self) -> tuple[int, IntArray, IntArray]:
        """Arguments of a measure on links alone."""
        return self.n, self.source, self.target


@dataclass(frozen=True)
class Measure:
    """One number a node: how it is computed, what it says, what it misses, what parallel edges do."""

    compute: Callable[[View], FloatArray | IntArray]
    meaning: str
    caveat: str
    parallel: str


ADD = "flows add"
ONCE = "existence counts once"
NEAR = "flows add, distance is one over the sum"

MEASURES: dict[str, Measure] = {
    "out_strength": Measure(
        lambda v: direct.strength(*v.flows, side="out"),
        "what the node delivers",
        "size alone: says nothing of who could replace it",
        ADD,
    ),
    "in_strength": Measure(
        lambda v: direct.strength(*v.flows, side="in"),
        "what the node takes in",
        "blind to substitutes of its inputs",
        ADD,
    ),
    "throughput": Measure(
        lambda v: direct.throughput(*v.flows),
        "what enters and leaves, halved, as a share of all flow",
        "origins and users count half",
        ADD,
    ),
    "out_degree": Measure(
        lambda v: direct.degree(*v.links, side="out"), "number of buyers", "a trickle counts like a river", ONCE
    ),
    "in_degree": Measure(
        lambda v: direct.degree(*v.links, side="in"), "number of suppliers", "a trickle counts like a river", ONCE
    ),
    "betweenness": Measure(
        lambda v: paths.betweenness(*v.links),
        "shortest paths in steps that pass through the node",
        "zero for every mine, however large: nothing passes through a source",
        ONCE,
    ),
    "betweenness_by_flow": Measure(
        lambda v: paths.betweenness_by_flow(*v.flows),
        "shortest paths through the node where a strong flow is a short distance",
        "material does not choose shortest paths; zero for every mine",
        NEAR,
    ),
    "betweenness_to_demand": Measure(
        lambda v: paths.betweenness_to_demand(*v.links, v.origins, np.flatnonzero(v.demand > 0)),
        "shortest paths from origins to final demand that pass through the node",
        "zero for mines; in a dense network nearly all paths are equally short",
        ONCE,
    ),
    "pagerank": Measure(
        lambda v: direct.page_rank(*v.flows),
        "how much flow ends up at the node, step by step",
        "ranks users high, suppliers low",
        ADD,
    ),
    "reversed_pagerank": Measure(
        lambda v: direct.page_rank(*v.flows, against_flow=True),
        "how much of everybody's supply leads back to the node",
        "the jump to random nodes rewards being reachable, not being needed",
        ADD,
    ),
    "total_requirements": Measure(
        lambda v: direct.total_requirements(*v.flows),
        "what one more unit of the node calls for from all its suppliers, near and far (Katz, Leontief)",
        "linear: every input replaceable in proportion, none essential",
        ADD,
    ),
    "closeness_to_demand": Measure(
        lambda v: paths.closeness_to_demand(*v.links, v.demand),
        "how few steps lead to final demand",
        "being near is not being needed",
        ONCE,
    ),
    "core_number": Measure(
        lambda v: paths.core_number(*v.links),
        "largest k such that the node lies in a part where all have k neighbours",
        "high where many substitutes exist, which is the opposite of a chokepoint",
        ONCE,
    ),
    "largest_dependence": Measure(
        lambda v: direct.largest_dependence(*v.flows),
        "largest share of any one buyer's intake that comes from the node",
        "a tiny buyer counts like a large one",
        ADD,
    ),
    "n_dependents": Measure(
        lambda v: direct.n_dependents(*v.flows, least=0.25),
        "number of buyers that take a quarter or more of their intake from the node",
        "counts buyers, not what they make",
        ADD,
    ),
    "trophic_level": Measure(
        lambda v: direct.trophic_level(*v.flows),
        "how many steps above the start of its chain the node stands",
        "a position, not an importance",
        ADD,
    ),
    "constraint": Measure(
        lambda v: paths.constraint(*v.flows),
        "how far the node's partners are tied to each other (Burt)",
        "about bargaining, not about supply; nan without partners",
        ADD,
    ),
    "hub": Measure(
        lambda v: paths.hubs_and_authorities(*v.flows)[0],
        "supplier of the buyers many others supply",
        "local: two steps",
        ADD,
    ),
    "authority": Measure(
        lambda v: paths.hubs_and_authorities(*v.flows)[1],
        "buyer of the suppliers many others buy from",
        "local: two steps",
        ADD,
    ),
    "eigenvector": Measure(
        lambda v: paths.eigenvector(*v.flows),
        "rank of the node by the rank of its suppliers, on the largest loop core only",
        "nan outside the core, which in a supply chain is almost everywhere",
        ADD,
    ),
}
"""Every measure by name."""

Added = Callable[[Network, str | None], pd.Series]
"""A measure of another package: network and mineral in, one value a node by ``node_id`` out."""


def centrality(
    network: Network, *, measures: Sequence[str] | None = None, mineral: str | None = None
) -> CentralityResult:
    """Compute measures of each node's position.

    Parameters
    ----------
    network : Network
    measures : list of str, optional
        Names in `MEASURES`, or of measures that other packages add; all in `MEASURES` when absent.
    mineral : str, optional
        Weigh edges by tonnes of this mineral; edges without it are left out. Needed where units differ.

    Returns
    -------
    CentralityResult
        ``node_id``, ``measure``, ``value``, ``rank`` (1 is the highest value of the measure; nan has none), nodes in
        the order of the nodes table. `MEASURES` holds each measure's meaning, caveat and rule for parallel edges.

    Raises
    ------
    UnknownNameError
        If there is no such measure.
    MixedUnitsError
        If edges come in several units and no mineral is named.
    ParameterError
        If a measure of another package returns no Series of values by ``node_id``.

    Notes
    -----
    A package adds measures by entry points of the group ``graphmodel.measures``: a name, and a function of network and
    mineral (None where none is named) that returns a Series by ``node_id``. A node it leaves out has nan; a measure
    that cannot be loaded is left out with a `PluginWarning`.

    A measure describes a position; it does not predict loss. Compare it with `removal`. An empty network gives an
    empty table; on a disconnected one every measure is defined part by part, ``eigenvector`` on one part only.

    References
    ----------
    Each measure's own are in `graphmodel.kernels.centrality` and `graphmodel.kernels.centrality_paths`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.centrality(toy, measures=["betweenness"], mineral="lithium").table.query("rank == 1")
        node_id      measure  value  rank
    6  refine-a  betweenness    8.0   1.0
    """
    chosen = list(MEASURES) if measures is None else list(measures)
    added = added_measures(chosen)
    require_measures(chosen, [*MEASURES, *added])
    view = _view(network, mineral)
    ids = network.nodes["node_id"]
    frames = []
    for name in chosen:
        if name in added:
            value = _of_others(name, added[name], network, mineral)
        else:
            value = pd.Series(np.asarray(MEASURES[name].compute(view), dtype=float))
        rank = value.round(12).rank(method="min", ascending=False)
        frames.append(pd.DataFrame({"node_id": ids, "measure": name, "value": value, "rank": rank}))
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(CentralityResult.columns))
    return CentralityResult(table, network=network, parameters={"measures": chosen, "mineral": mineral})


def added_measures(names: Sequence[str]) -> dict[str, Added]:
    """Return those of the measures named that are not ours but other packages'."""
    others = [name for name in names if name not in MEASURES]
    if not others:
        return {}
    entries = plugins.offered("graphmodel.measures", MEASURES)
    chosen = [entries[name] for name in others if name in entries]
    loaded = plugins.load(chosen, lambda value: "" if callable(value) else "is no function")
    return cast("dict[str, Added]", loaded)


def require_measures(names: Sequence[str], known: Sequence[str]) -> None:
    """Refuse a name that no measure has."""
    unknown = [str(name) for name in names if name not in known]
    if unknown:
        raise UnknownNameError(f"no measure {unknown[0]!r}; {nearest(unknown[0], known)}")


def _of_others(name: str, measure: Added, network: Network, mineral: str | None) -> pd.Series:
    """Values of a measure that is not ours, in the order of the nodes table."""
    value, ids = measure(network, mineral), network.nodes["node_id"]
    if not isinstance(value, pd.Series):
        raise ParameterError(f"measure {name!r} returned {type(value).__name__}, but must return a Series by node_id")
    strange = value.index.difference(ids)
    if len(strange) or not value.index.is_unique:
        what = f"values of {listed(list(strange))}, no nodes" if len(strange) else "two values of one node"
        raise ParameterError(f"measure {name!r} returned {what}; one value a node_id is wanted")
    return pd.Series(value.reindex(ids).to_numpy(dtype=float))


def _view(network: Network, mineral: str | None) -> View:
    """Take edges that carry something; demand is what sinks receive."""
    weight = network.quantity(mineral)
    carries = weight > 0
    source, target, weight = network.source[carries], network.target[carries], weight[carries]
    received = np.bincount(target, weights=weight, minlength=network.n_nodes)
    return View(
        network.n_nodes,
        source,
        target,
        weight,
        np.flatnonzero(network.has_role("origin")),
        np.where(network.has_role("sink"), received, 0.0),
    )
