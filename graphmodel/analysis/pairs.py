"""Final demand lost when two nodes, or two groups of nodes, are shut together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.grouping import Groups, demand_weights, group_nodes, labels
from graphmodel.analysis.remaining import kernel_recipes, open_paths, reached_in_base, removable, scenario_cut
from graphmodel.analysis.responses import How, Links, Response, set_losses
from graphmodel.analysis.shutting import BATCH, Running, frozen_losses, losses_by_user, shutting, swept
from graphmodel.errors import ParameterError
from graphmodel.kernels.cascade_lanes import ranges
from graphmodel.kernels.pairs import SLACK, pair_bounds
from graphmodel.kernels.paths import reach_loss_groups, reachable
from graphmodel.network import Network
from graphmodel.processes import Processes
from graphmodel.programme import GROWTH
from graphmodel.results import PairResult
from graphmodel.sweeps import sweep

MOST_PAIRS = 5_000_000
"""Pairs up to which all of them are put in a table."""


def pairs(
    network: Network,
    *,
    by: str | Sequence[str] = "country",
    response: Response = "frozen",
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    evenly: bool = False,
    growth: float = GROWTH,
    links: Links = "any",
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    top: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    executor: Executor | None = None,
    folder: Path | str | None = None,
) -> PairResult:
    """Shut every pair of groups of nodes in turn and measure what final users lose.

    Parameters
    ----------
    network : Network
    by, response, mineral, product, consumer, evenly, growth, links, members, equity
        As in `removal`.
    top : int, optional
        Only the pairs of so many largest losses; pairs that cannot be among them are not worked out.
    progress : callable, optional
        Called with the number of pairs done and their total.
    executor : concurrent.futures.Executor, optional
        Where parts of 512 pairs are worked on: threads, processes or Dask.
    folder : path, optional
        Where finished parts are kept, so that the same call can go on from them.

    Returns
    -------
    PairResult
        ``first`` and ``second`` (ids, in the order of names), their labels, ``response``, ``loss`` without both (in
        `units`), ``loss_share`` (of all final demand counted), ``first_share`` and ``second_share`` (without the one
        alone), ``extra`` (loss beyond the larger of the two alone), ``synergy`` (loss beyond the sum of both alone;
        above zero where they stand in for one another, below where they lie in a row), ``rank``. Sorted by loss.

    Raises
    ------
    ParameterError
        If ``top`` is below one, or there are over five million pairs and no ``top``.
    MixedUnitsError, EmptySelectionError, UnknownNameError
        As in `removal`.
    ExecutorError, FolderError
        If a worker dies, or the folder holds something else; see `graphmodel.sweeps.sweep`.

    Notes
    -----
    ``synergy = loss(a, b) - loss(a) - loss(b) + loss of neither``; the last is zero unless a scenario in the
    network has cut something. Groups that share nodes are joined. ``frozen``: users' losses x and y alone enclose the
    joint loss, ``max(x, y) <= joint <= min(x + y, 1)``; pairs whose bounds agree to 1e-9 of all demand are not
    worked out, the others are lanes of the cascade, O(pairs E). So without a scenario synergy is never above zero.
    ``reroute``, ``adapt``: one programme a pair, from the basis of the base. ``reachability``: one search for 64
    pairs, O(pairs E / 64). Fewer than two groups give an empty table; without
    final demand nothing is lost and shares are nan; loops are allowed.

    References
    ----------
    Diem et al. (2022), doi:10.1038/s41598-022-11522-z.

    Examples
    --------
    Each mine alone is replaced as long as any path counts; without both there is no ore.

    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> result = gm.pairs(toy, by="node", response="reachability")
    >>> result.table.query("synergy > 0")[["first", "second", "loss", "extra", "synergy"]]
        first  second  loss  extra  synergy
    0  cell-a  cell-b  10.0    5.0      5.0
    3  mine-a  mine-b  10.0   10.0     10.0
    """
    how = How(response, growth=growth, links=links, running=Running(executor, folder, progress))
    how._replace(running=Running()).checked()
    if top is not None and not top >= 1:
        raise ParameterError(f"top is {top}, but must be at least 1")
    work = how.work(network)
    weight, unit = demand_weights(network, work.demand, mineral, product, consumer, evenly=evenly)
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    count = len(groups.names) * (len(groups.names) - 1) // 2
    if top is None and count > MOST_PAIRS:
        raise ParameterError(f"{len(groups.names)} groups make {count} pairs; ask for the largest with top=1000")
    counted = {"mineral": mineral, "product": product, "consumer": consumer, "evenly": evenly or None}
    asked = {"by": by, **counted, **how.said(), "top": top}
    if response == "frozen":
        together, loss, alone, base = _frozen(network, work, groups, weight, top, how.running, asked)
    elif response == "reachability":
        together, loss, alone, base = _reachability(network, work, groups, weight, how.running, asked)
    else:
        together, loss, alone, base = _rerouted(network, groups, weight, how, asked)
    table = _table(network, groups, together, loss, alone, base, float(weight.sum())).assign(response=response)
    return PairResult(
        table if top is None else table.head(top),
        network=network,
        parameters=asked,
        units={
            "loss": unit,
            "loss_share": "share of final demand",
            "first_share": "share of final demand",
            "second_share": "share of final demand",
            "extra": unit,
            "synergy": unit,
        },
    )


_Losses = tuple[IntArray, FloatArray, FloatArray, float]
"""Pairs, (S, 2), what each loses, what each group loses alone, and what is lost with none shut."""


def _frozen(
    network: Network,
    work: Processes,
    groups: Groups,
    weight: FloatArray,
    top: int | None,
    running: Running,
    asked: Mapping[str, object],
) -> _Losses:
    """Losses of the pairs in the cascade; only those that bounds leave open are worked out."""
    shut = shutting(work, groups, kernel_recipes(work), weight, *scenario_cut(network, work))
    each = np.arange(len(groups.names))[:, None]
    batches = [each[first : first + BATCH] for first in range(0, len(each), BATCH)]
    nobody = np.zeros((1, 0), dtype=np.int64)
    lost = np.concatenate(sweep(losses_by_user, [nobody, *batches], shared=shut, executor=running.executor))
    of_user = shut.weight[shut.weight > 0]
    alone = lost @ of_user
    bounds = pair_bounds(lost[1:], of_user, top=top)
    together = np.column_stack([bounds.first, bounds.second])
    loss = bounds.lower.copy()
    is_open = bounds.upper - bounds.lower > SLACK * of_user.sum()
    title = f"pairs in {network.name}"
    loss[is_open] = frozen_losses(shut, together[is_open], running, title=title, parameters=asked)
    return together, loss, alone[1:], float(alone[0])


def _rerouted(network: Network, groups: Groups, weight: FloatArray, how: How, asked: Mapping[str, object]) -> _Losses:
    """Losses of the pairs after rerouting, a programme each."""
    each = np.arange(len(groups.names))[:, None]
    quietly = how._replace(running=Running(how.running.executor))
    alone = set_losses(network, groups, weight, each, quietly, title="alone", asked=asked)
    nobody = np.zeros((1, 0), dtype=np.int64)
    base = set_losses(network, groups, weight, nobody, quietly, title="base", asked=asked)
    by_loss = np.argsort(-alone, kind="stable")
    together = by_loss[np.column_stack(np.triu_indices(len(by_loss), 1))]
    loss = set_losses(network, groups, weight, together, how, title=f"pairs in {network.name}", asked=asked)
    return together, loss, alone, float(base[0])


def _reachability(
    network: Network,
    work: Processes,
    groups: Groups,
    weight: FloatArray,
    running: Running,
    asked: Mapping[str, object],
) -> _Losses:
    """Demand that no path from an origin reaches once a pair is gone, plus what none reached before."""
    demand = np.zeros(network.n_nodes)
    np.add.at(demand, work.demand["node"].to_numpy(dtype=np.int64), weight)
    source, target, origins = open_paths(network)
    reached = reachable(network.n_nodes, source, target, origins)
    closed = float(demand[reached_in_base(network) & ~reached].sum())
    shared = (source, target, origins, demand, groups.indptr, groups.members)
    each = np.arange(len(groups.names))[:, None]
    together = np.column_stack(np.triu_indices(len(groups.names), 1)).astype(np.int64)
    title = f"pairs in {network.name}"
    loss = swept(cut_off, together, shared, running, batch=BATCH, title=title, parameters=asked)
    return together, loss + closed, cut_off(shared, each) + closed, closed


def cut_off(
    shared: tuple[IntArray, IntArray, IntArray, FloatArray, IntArray, IntArray], together: IntArray
) -> FloatArray:
    """Return the demand that each set of groups cuts off from every origin: one part of a sweep."""
    source, target, origins, demand, indptr, members = shared
    length = np.diff(indptr)[together]
    sets = np.concatenate([[0], np.cumsum(length.sum(axis=1))]).astype(np.int64)
    nodes = members[ranges(indptr[together].ravel(), length.ravel())]
    return reach_loss_groups(len(demand), source, target, origins, demand, sets, nodes)


def _table(
    network: Network,
    groups: Groups,
    together: IntArray,
    loss: FloatArray,
    alone: FloatArray,
    base: float,
    total: float,
) -> pd.DataFrame:
    """Name the pairs, compare them with each one alone and rank them."""
    least = 1e-9 * max(total, 1e-300)
    loss, alone = np.where(loss < least, 0.0, loss), np.where(alone < least, 0.0, alone)
    share = 1.0 / total if total > 0 else np.nan
    ids, names = np.array(groups.names, dtype=object), labels(network, groups)
    turned = ids[together[:, 0]] > ids[together[:, 1]]
    first, second = np.where(turned[:, None], together[:, ::-1], together).T
    extra = loss - np.maximum(alone[first], alone[second])
    synergy = loss - alone[first] - alone[second] + base
    table = pd.DataFrame(
        {
            "first": ids[first],
            "second": ids[second],
            "first_label": names[first],
            "second_label": names[second],
            "loss": loss,
            "loss_share": loss * share,
            "first_share": alone[first] * share,
            "second_share": alone[second] * share,
            "extra": np.where(np.abs(extra) < least, 0.0, extra),
            "synergy": np.where(np.abs(synergy) < least, 0.0, synergy),
        }
    )
    table["rank"] = (table["loss"] / max(total, 1e-300)).round(9).rank(method="min", ascending=False).astype(int)
    return table.sort_values(["rank", "first", "second"])
