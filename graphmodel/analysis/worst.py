"""The few nodes, or groups of nodes, whose stop together loses most."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.grouping import Groups, demand_weights, group_nodes
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.responses import (
    Closing,
    How,
    Links,
    Response,
    response_programme,
    set_losses,
)
from graphmodel.analysis.shutting import Running, group_processes
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError, nearest
from graphmodel.kernels.interdiction import worst_choice
from graphmodel.kernels.linear import Solver, largest
from graphmodel.network import Network
from graphmodel.processes import processes
from graphmodel.programme import GROWTH, SCALE, Programme
from graphmodel.results import WorstResult

Method = Literal["auto", "bounds", "milp"]
METHODS: tuple[Method, ...] = ("auto", "bounds", "milp")

MOST_SETS = 2_000_000
"""Sets up to which ``auto`` goes through all of them."""

MOST_PRICE = 2.0
"""Most that one base output of a plant is taken to be worth in the mixed-integer programme, in all final demand."""


def worst_removals(
    network: Network,
    *,
    k: int = 3,
    by: str | Sequence[str] = "country",
    response: Response = "reroute",
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    evenly: bool = False,
    severity: float = 1.0,
    growth: float = GROWTH,
    links: Links = "any",
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    method: Method = "auto",
    seconds: float = 600.0,
    progress: Callable[[int, int], None] | None = None,
) -> WorstResult:
    """Find the one, two, … k nodes or groups whose stop together loses most.

    Parameters
    ----------
    network : Network
    k : int
        Largest number that stop together.
    by, mineral, product, consumer, evenly, severity, growth, links, members, equity
        As in `removal`.
    response : {"reroute", "adapt", "frozen"}
    method : {"auto", "bounds", "milp"}
        ``bounds`` goes through all sets, the most promising first, until none left can be worse; ``milp`` solves one
        mixed-integer programme a size (``severity`` must be 1, not for ``frozen``); ``auto`` takes bounds up to two
        million sets.
    seconds : float
        Time for each size; what is found and proven by then comes back.
    progress : callable, optional
        Called with the number of sets bounded and their total.

    Returns
    -------
    WorstResult
        One row a size: ``n_removed``, ``removed`` (ids joined by " + "), ``loss`` (in `units`), ``loss_share``,
        ``bound_share`` (no set of that size loses more), ``gap`` (between the two; 0 is proven), ``n_sets``,
        ``n_solved`` (programmes solved), ``method``.

    Raises
    ------
    ParameterError
        If ``k`` is below one or above the number of groups, or there are too many sets for ``bounds``.
    SolverLimitError
        If the mixed-integer programme finds nothing in time.

    Notes
    -----
    The loss grows with the set but is not submodular (a mine and a refinery complement one another), so the best set
    need not hold the best smaller one, and going greedily proves nothing. ``bounds``: loss after rerouting is at most
    the frozen loss of the set, and that at most the sum over its members; sets are cut off by the second, ordered by
    the first and solved until the next bound is below the worst loss found. ``milp``: see
    `graphmodel.kernels.interdiction`; a bound there holds as long as one base output of a plant is worth at most
    `MOST_PRICE` times all final demand.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.worst_removals(toy, k=2, by="node").table[["n_removed", "removed", "loss_share", "gap"]]
       n_removed          removed  loss_share  gap
    0          1         refine-a         1.0  0.0
    1          2  cell-a + cell-b         1.0  0.0
    """
    how = How(response, severity, growth, links, running=Running(progress=progress)).checked()
    if response == "reachability":
        raise ParameterError("worst sets under reachability are a matter of cuts; ask for reroute, adapt or frozen")
    if method not in METHODS:
        raise UnknownNameError(f"no method {method!r}; {nearest(method, METHODS)}")
    if method == "milp" and (response == "frozen" or severity != 1):
        raise ParameterError("method='milp' closes plants wholly, under reroute or adapt; use method='bounds'")
    work = processes(network)
    weight, unit = demand_weights(network, work.demand, mineral, product, consumer, evenly=evenly)
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    if not groups.names:
        raise EmptySelectionError(f"no node can be grouped by {by}")
    if not 1 <= k <= len(groups.names):
        raise ParameterError(f"k is {k}, but must lie between 1 and the {len(groups.names)} groups by {by}")
    search = _Search(network, groups, weight, how, seconds)
    rows = []
    for size in range(1, k + 1):
        n_sets = math.comb(len(groups.names), size)
        through_all = method == "bounds" or (method == "auto" and n_sets <= MOST_SETS)
        if method == "bounds" and n_sets > MOST_SETS:
            raise ParameterError(f"{n_sets} sets of {size} are too many to go through; use method='milp'")
        if not through_all and response == "frozen":
            raise ParameterError(f"{n_sets} sets of {size} are too many under frozen; group more coarsely")
        found = search.through_all(size) if through_all else search.at_once(size)
        rows.append({"n_removed": size, "n_sets": n_sets, "method": "bounds" if through_all else "milp", **found})
    table = pd.DataFrame(rows)
    table["loss"] = table["loss_share"] * weight.sum()
    counted = {"mineral": mineral, "product": product, "consumer": consumer, "evenly": evenly or None}
    return WorstResult(
        table,
        network=network,
        parameters={"by": by, "k": k, **counted, **how.said(), "seconds": seconds},
        units={"loss": unit, "loss_share": "share of final demand", "bound_share": "share of final demand"},
    )


class _Search:
    """What every size of set needs, and the worst set of the size before."""

    def __init__(self, network: Network, groups: Groups, weight: FloatArray, how: How, seconds: float) -> None:
        self.network, self.groups, self.weight, self.how, self.seconds = network, groups, weight, how, seconds
        self.alone = self._frozen(np.arange(len(groups.names))[:, None])
        self.least = 0.0
        """Loss share of the worst smaller set: the worst one more loses no less."""
        self.written: Programme | None = None
        if how.response != "frozen":
            self.written = response_programme(network, weight, how)
            indptr, process = group_processes(processes(network), groups)
            self.closing = Closing(self.written.linear, indptr, process, how.severity)

    def through_all(self, size: int) -> dict[str, object]:
        """Bound all sets of a size and solve the most promising until none left can be worse."""
        sets = _sets(len(self.groups.names), size)
        sets = sets[self.alone[sets].sum(axis=1) >= self.least - 1e-9]
        frozen = self._frozen(sets)
        if self.written is None:
            return self._found(sets[int(frozen.argmax())], frozen.max(), frozen.max(), 0)
        indptr, columns, upper = self.closing.sets(sets)
        ceiling = self.written.value(np.minimum(frozen, 1.0))
        value, left = largest(self.written.linear, indptr, columns, upper, ceiling, 1, seconds=self.seconds)
        lost = self.written.loss_share(value)
        best = int(np.nanargmax(lost))
        bound = max(lost[best], float(self.written.loss_share(np.array(left))) if np.isfinite(left) else 0.0)
        return self._found(sets[best], lost[best], bound, int((~np.isnan(value)).sum()))

    def at_once(self, size: int) -> dict[str, object]:
        """Solve one mixed-integer programme for the worst set of a size."""
        assert self.written is not None  # frozen has no programme, and was refused
        linear = self.written.linear
        dearest = np.full(len(linear.cost), MOST_PRICE * SCALE)
        begun = time.monotonic()
        chosen = worst_choice(linear, self.closing.indptr, self.closing.process, dearest, size, seconds=self.seconds)
        together = chosen.chosen[None, :]
        solver = Solver(linear, seconds=max(self.seconds - (time.monotonic() - begun), 10.0))
        solver.solve()
        _, columns, upper = self.closing.sets(together)
        lost = float(self.written.loss_share(np.array(solver.value_with(columns, upper))))
        bound = max(lost, float(self.written.loss_share(np.array(chosen.bound))))
        return self._found(chosen.chosen, lost, min(bound, 1.0), 1)

    def _frozen(self, sets: IntArray) -> FloatArray:
        """Frozen loss share of every set, which no rerouting exceeds."""
        how = self.how._replace(response="frozen")
        loss = set_losses(self.network, self.groups, self.weight, sets, how, title="worst sets", asked={})
        return loss / self.weight.sum() if self.weight.sum() > 0 else np.zeros(len(loss))

    def _found(self, together: IntArray, lost: float, bound: float, n_solved: int) -> dict[str, object]:
        self.least = max(self.least, float(lost))
        gap = bound - lost if bound - lost > 1e-9 else 0.0
        names = " + ".join(self.groups.names[one] for one in together)
        return {"removed": names, "loss_share": lost, "bound_share": lost + gap, "gap": gap, "n_solved": n_solved}


def _sets(n: int, size: int) -> IntArray:
    """List the sets of so many out of n, a row each."""
    count = math.comb(n, size)
    flat = np.fromiter((one for some in combinations(range(n), size) for one in some), np.int64, count * size)
    return flat.reshape(count, size)
