"""Which uncertain numbers move the worst loss: one at a time, and by their part in its variance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.grouping import Groups, demand_weights, group_nodes
from graphmodel.analysis.inputs import frozen_processes
from graphmodel.analysis.remaining import kernel_recipes, removable, scenario_cut
from graphmodel.analysis.shutting import shutting, weighted_losses
from graphmodel.analysis.uncertainty import INTERVAL, SPREAD, FlowDoubt, flow_doubt, shares_of
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError, nearest
from graphmodel.kernels.cascade_draws import frozen_loss_shares
from graphmodel.kernels.paths import reachable
from graphmodel.kernels.sobol import sobol_indices
from graphmodel.network import Network
from graphmodel.processes import Processes
from graphmodel.results import SensitivityResult

WATCHED = 16
"""Groups among which the worst is sought: those that lose most with the flows as they stand."""

RESAMPLED = 200
"""How often draws are drawn from the draws, for the intervals of the indices."""

DIGITS = 9
"""Decimals of a share of final demand; what lies beyond is rounding, which has a variance too."""

Seed = np.random.Generator | int | None
Setting = Callable[[int], FloatArray]
"""Turns a number into every flow, as a multiple of what it stands at."""
Worst = Callable[[Setting, int], tuple[FloatArray, IntArray]]

REST = "rest"
"""Name of the totals that have no index of their own, taken together."""


def sensitivity(
    network: Network,
    *,
    by: str | Sequence[str] = "industry",
    removed: str | None = None,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    draws: int = 0,
    top: int = 8,
    rng: Seed = 0,
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    n_threads: int = 1,
) -> SensitivityResult:
    """Set each uncertain number to its low and its high in turn, and follow the largest loss of any removal.

    Parameters
    ----------
    network : Network
    by, mineral, product, consumer, members, equity
        As in `removal`.
    removed : str, optional
        Follow the loss of this group; the largest of any group when absent.
    draws : int
        Draws for Sobol indices, each worked out once more for every input that has one; 0 for none.
    top : int
        How many totals have indices of their own, the ones that move the loss most; all others have one together.
    rng : Generator or int, optional
        Seed. The same seed gives the same draws, whatever ``n_threads``; None takes a new one each time.
    n_threads : int
        Settings worked on at the same time.

    Returns
    -------
    SensitivityResult
        One row an input: ``input`` (id), ``kind``: ``total``, all that a ``country`` sells of a ``material``, or
        ``flows``, each flow of one ``basis`` by itself; ``n_flows``; ``factor_low`` and ``factor_high``, what the
        number is set to as a multiple of what it stands at (of several, the median); ``low`` and ``high``, the share
        of final demand then lost; ``low_removed`` and ``high_removed``, the group that loses it; ``swing``, from the
        least to the most of ``low``, ``high`` and the loss with the flows as they stand (``loss_share`` in
        ``parameters``); ``rank``. With draws ``first`` and ``total``, the shares of the variance of the loss that
        would be gone if this input were known, and that would stay if all others were; with ``_low`` and ``_high``,
        between which nine tenths of resampled draws lie. A last row ``rest`` has the indices of the other totals.
        Sorted by rank.

    Raises
    ------
    ParameterError
        If ``draws`` or ``top`` is negative, or ``draws`` is 1.
    EmptySelectionError
        If nothing can be grouped that way, or no group loses any final demand that counts.
    MixedUnitsError, UnknownNameError
        As in `removal`; or if there is no such group.

    Notes
    -----
    Inputs vary as in `uncertainty`: low and high are the 5 and 95 % quantiles of what is drawn there. One at a time
    the flows of a basis all move to their low, or to their high, together: that changes who supplies whom only where
    a need is met by flows of several bases, so the swing of ``flows`` is not their whole effect; the indices are, as
    there each flow is drawn by itself. Inputs that reach no final demand that counts are left out. Of all groups only
    the 16 that lose most with the flows as they stand can become the worst.

    Cost: two sweeps of those groups an input; and ``draws`` times the number of inputs with indices plus two.

    References
    ----------
    Saltelli et al. (2010), doi:10.1016/j.cpc.2009.09.018. Jansen (1999), doi:10.1016/S0010-4655(98)00154-4.

    Examples
    --------
    The refinery takes in 600 t from Australia and 400 t from Chile. At its low Australia sells 0.795 · 600 = 477 t, or
    477 / 877 = 54.4 % of what comes in.

    >>> import graphmodel as gm
    >>> table = gm.sensitivity(gm.load("toy-battery"), by="country", removed="AUS", mineral="lithium").table
    >>> table.loc[table["kind"] == "total", ["input", "factor_low", "factor_high", "low", "high"]].head(2).round(3)
                 input  factor_low  factor_high    low   high
    1  AUS:lithium-ore       0.795        1.205  0.544  0.644
    2  CHL:lithium-ore       0.795        1.205  0.654  0.555
    """
    for name, value in (("draws", draws), ("top", top)):
        if not value >= 0:
            raise ParameterError(f"{name} is {value}, but must be 0 or more")
    if draws == 1:
        raise ParameterError("draws is 1, but a variance takes 2 or more; 0 for none")
    work = frozen_processes(network)
    weight, _ = demand_weights(network, work.demand, mineral, product, consumer)
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    shut = shutting(work, groups, kernel_recipes(work), weight, *scenario_cut(network, work))
    lost = weighted_losses(shut, np.arange(len(groups.names))[:, None])
    watched = _watched(groups, lost, removed)
    sets, renewed, whole = shut.sets(watched[:, None]), shares_of(work), float(weight.sum())

    def worst(factor: Setting, n: int) -> tuple[FloatArray, IntArray]:
        """Return the largest share lost, and by whose stop, with flows at each of n sets of multiples."""
        found = frozen_loss_shares(
            shut.recipes, *sets, shut.weight, lambda number: renewed(factor(number)), n,
            edge_limit=shut.edge_limit, n_threads=n_threads,
        )  # fmt: skip
        return np.round(found.max(axis=1) / whole, DIGITS), watched[found.argmax(axis=1)]

    doubt = flow_doubt(network)
    inputs = _inputs(network, work, doubt, shut.weight)
    table = pd.DataFrame([one._asdict() for one in inputs], columns=list(Input._fields)).drop(columns="edges")
    table["n_flows"] = [len(one.edges) for one in inputs]
    setting, table["factor_low"], table["factor_high"] = _levels(doubt, inputs)
    share, who = worst(setting, 2 * len(inputs))
    names = np.array(groups.names, dtype=object)[who].reshape(-1, 2)
    (table["low"], table["high"]), (table["low_removed"], table["high_removed"]) = share.reshape(-1, 2).T, names.T
    stands = round(float(lost[watched].max()) / whole, DIGITS)
    ends = table[["low", "high"]].assign(stands=stands)
    table["swing"] = (ends.max(axis=1) - ends.min(axis=1)).round(DIGITS)
    table["rank"] = table["swing"].rank(method="min", ascending=False).astype(int)
    table, spread = _with_indices(table, inputs, doubt, worst, draws, top, rng)
    return SensitivityResult(
        table.sort_values(["rank", "input"], kind="stable"),
        network=network,
        parameters={
            "by": by,
            "mineral": mineral,
            "product": product,
            "consumer": consumer,
            "removed": removed,
            "worst": groups.names[watched[0]],
            "loss_share": stands,
            "sd": spread,
            "draws": draws,
            "top": top,
            "rng": rng if isinstance(rng, int) and draws else None,
        },
        units=dict.fromkeys(("low", "high", "swing"), "share of final demand"),
    )


class Input(NamedTuple):
    """Numbers that vary together: a country's total of a material, or all flows of one basis."""

    input: str
    kind: str
    country: str
    material: str
    basis: str
    edges: IntArray


def _watched(groups: Groups, lost: FloatArray, removed: str | None) -> IntArray:
    """Return the groups whose loss is followed, the worst first."""
    if removed is not None and removed not in groups.names:
        raise UnknownNameError(f"nothing called {removed!r} is removed; {nearest(removed, groups.names)}")
    worst = np.lexsort((np.array(groups.names, dtype=str), -lost))[:WATCHED]
    worst = worst if removed is None else np.array([groups.names.index(removed)])
    worst = worst[lost[worst] > 0]
    if not len(worst):
        raise EmptySelectionError(f"without {removed or 'any group'} no final demand that counts is lost")
    return worst


def _inputs(network: Network, work: Processes, doubt: FlowDoubt, weight: FloatArray) -> list[Input]:
    """List the totals and the bases of all flows on the way to final demand that counts."""
    n = work.n_processes
    buyer, bought = np.concatenate([work.reader, n + work.slot]), np.concatenate([n + work.process_slot, work.supplier])
    on_the_way = reachable(n + len(work.slot_base), buyer, bought, np.flatnonzero(weight > 0))
    rows = np.unique(work.row[on_the_way[n + work.slot] & (work.row >= 0)])
    basis = network.edges["basis"].where(network.edges["basis"].isin(list(SPREAD)), "estimated").to_numpy()[rows]
    sold = list(zip(doubt.sold["country"], doubt.sold["material"], strict=True))
    totals = [
        Input(f"{country}:{material}", "total", country, material, "", rows[doubt.total[rows] == one])
        for one, (country, material) in enumerate(sold)
    ]
    stated = [Input(f"flows:{one}", "flows", "", "", one, rows[basis == one]) for one in SPREAD]
    return [one for one in totals + stated if len(one.edges)]


def _levels(doubt: FlowDoubt, inputs: list[Input]) -> tuple[Setting, list[float], list[float]]:
    """Return what sets input after input to its low and to its high, and the medians of these as multiples."""
    from scipy.special import ndtri  # noqa: PLC0415 - loads slowly

    n, n_totals = len(doubt.total), len(doubt.sold)
    levels = [
        {"flows": doubt.flows(np.full(n, ndtri(q))), "total": doubt.totals(np.full(n_totals, q))[doubt.total]}
        for q in INTERVAL
    ]

    def setting(number: int) -> FloatArray:
        one = inputs[number // 2]
        factor = np.ones(n)
        factor[one.edges] = levels[number % 2][one.kind][one.edges]
        return factor

    low, high = ([float(np.median(level[one.kind][one.edges])) for one in inputs] for level in levels)
    return setting, low, high


def _with_indices(
    table: pd.DataFrame, inputs: list[Input], doubt: FlowDoubt, worst: Worst, draws: int, top: int, seed: Seed
) -> tuple[pd.DataFrame, float]:
    """Add the indices of the inputs that move the loss most; return also the loss's standard deviation."""
    columns = [f"{index}{end}" for index in ("first", "total") for end in ("", "_low", "_high")]
    table[columns] = np.nan
    if not draws:
        return table, float("nan")
    totals = table[table["kind"] == "total"].sort_values(["rank", "input"]).index
    chosen = [*totals[:top], *table.index[table["kind"] == "flows"]]
    groups = [inputs[one] for one in chosen]
    if len(totals) > top:
        rest = Input(REST, "total", "", "", "", np.concatenate([inputs[one].edges for one in totals[top:]]))
        groups.append(rest)
        last = {"input": REST, "kind": REST, "n_flows": len(rest.edges), "rank": len(table) + 1}
        table = pd.concat([table, pd.DataFrame([last])], ignore_index=True)
        chosen.append(len(table) - 1)
    rng = np.random.default_rng(seed)
    lost = worst(_mixed(doubt, groups, rng), draws * (len(groups) + 2))[0].reshape(draws, -1).T
    table.loc[chosen, ["first", "total"]] = np.transpose(sobol_indices(lost[0], lost[1], lost[2:]))
    again = [lost[:, rng.integers(draws, size=draws)] for _ in range(RESAMPLED)]
    ends = np.quantile([sobol_indices(one[0], one[1], one[2:]) for one in again], INTERVAL, axis=0)
    for index, (low, high) in zip(("first", "total"), ends.swapaxes(0, 1), strict=True):
        table.loc[chosen, f"{index}_low"], table.loc[chosen, f"{index}_high"] = low, high
    return table, float(lost[:2].std())


def _mixed(doubt: FlowDoubt, groups: list[Input], rng: np.random.Generator) -> Setting:
    """Return what draws all flows twice, and then takes one group after another from the second draw."""
    key = rng.integers(2**63, size=2).astype(np.uint64)

    def drawn(number: int) -> FloatArray:
        row, page = divmod(number, len(groups) + 2)
        stream = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, row]))
        one, other = (
            {
                "flows": doubt.flows(stream.standard_normal(len(doubt.total))),
                "total": doubt.totals(stream.random(len(doubt.sold)))[doubt.total],
            }
            for _ in range(2)
        )
        if page == 1:
            one = other
        elif page > 1:
            kind, edges = groups[page - 2].kind, groups[page - 2].edges
            one[kind][edges] = other[kind][edges]
        return one["flows"] * one["total"]

    return drawn
