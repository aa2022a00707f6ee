"""How sure the ranking of removals is, given how well each supplier's share is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.grouping import Groups, demand_weights, group_nodes, labels
from graphmodel.analysis.inputs import frozen_processes
from graphmodel.analysis.remaining import kernel_recipes, removable, scenario_cut
from graphmodel.analysis.shutting import shutting, weighted_losses
from graphmodel.errors import ParameterError
from graphmodel.kernels.cascade_draws import frozen_loss_draws
from graphmodel.network import Network
from graphmodel.processes import Processes
from graphmodel.results import UncertaintyResult

DOUBT = {"measured": 0.02, "reported": 0.05, "derived": 0.1, "assumed": 0.3}
"""Half-width, as a share of the number, taken for each grade where no source gives a low and a high. Ours."""

SPREAD = {"reported": 0.05, "contract": 0.15, "trade": 0.3, "estimated": 0.6}
"""Standard deviation of the logarithm of a flow that has no low and high, by what it rests on. Ours.

Two thirds of the draws of an estimated flow lie between 0.55 and 1.8 times its value.
"""

INTERVAL = (0.05, 0.95)
"""Quantiles given as low and high."""

NOTHING = 1e-9
"""Shares of final demand that differ by less rank the same."""


def uncertainty(
    network: Network,
    *,
    by: str | Sequence[str] = "country",
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    draws: int = 1000,
    top: int = 5,
    rng: np.random.Generator | int | None = 0,
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    n_threads: int = 1,
) -> UncertaintyResult:
    """Shut every group in turn in many draws of who supplies whom, and measure how far the losses spread.

    Parameters
    ----------
    network : Network
    by, mineral, product, consumer, members, equity
        As in `removal`.
    draws : int
        Number of draws. A probability is known to about ``0.5 / sqrt(draws)``.
    top : int
        How many ranks ``p_top`` counts.
    rng : Generator or int, optional
        Seed. The same seed gives the same draws, whatever ``n_threads``; None takes a new one each time.
    n_threads : int
        Draws worked on at the same time.

    Returns
    -------
    UncertaintyResult
        ``removed``, ``label``, ``n_nodes``; ``loss_share`` of final demand with the flows as they stand (the frozen
        response), its ``rank``; over the draws ``low`` and ``high`` (5 % and 95 % of them lie below), ``mean``, ``sd``,
        ``rank_low`` and ``rank_high`` (nine tenths of the draws rank it from one to the other), ``p_first`` and
        ``p_top``, the share of draws in which nothing, or fewer than ``top`` groups, lose more; ``n_draws``. Sorted by
        rank.

    Raises
    ------
    ParameterError
        If ``draws`` or ``top`` is less than one.
    MixedUnitsError, EmptySelectionError, UnknownNameError
        As in `removal`.

    Notes
    -----
    Only the shares of suppliers are uncertain here. With x the stated flow, the flow of edge e of material m from
    country c in one draw is ``x_e · a_e · b_cm``: a is triangular between low and high where the table gives them,
    else lognormal with median 1 and the `SPREAD` of its basis (``estimated`` where none is stated); b is triangular
    around 1 with the half-width `DOUBT` of the grades of the country's nodes (``assumed`` where none is stated), and
    common to all that the country sells of the material. Flows into a slot are then scaled so that its need is met
    as before. Needs, recipes, demand, co-products and who is in the network are taken as known.

    A group that loses nothing ranks first only where every group loses nothing. Without final demand shares are nan.
    Cost: ``draws`` sweeps over all groups that lose anything with the flows as they stand; the others, which no flow
    that is there connects to a user, lose nothing in any draw.

    Examples
    --------
    >>> import graphmodel as gm
    >>> found = gm.uncertainty(gm.load("toy-battery"), by="node", draws=200).table
    >>> found[["removed", "loss_share", "p_first"]].head(2)
        removed  loss_share  p_first
    0  refine-a         1.0      1.0
    1    cell-a         0.6      0.0
    >>> cell = found.set_index("removed").loc["cell-a"]
    >>> bool(cell["low"] < 0.6 < cell["high"])
    True
    """
    for name, value in (("draws", draws), ("top", top)):
        if not value >= 1:
            raise ParameterError(f"{name} is {value}, but must be 1 or more")
    work = frozen_processes(network)
    weight, _ = demand_weights(network, work.demand, mineral, product, consumer)
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    shut = shutting(work, groups, kernel_recipes(work), weight, *scenario_cut(network, work))
    base = weighted_losses(shut, np.arange(len(groups.names))[:, None])
    at_risk = np.flatnonzero(base > 0)
    lost = np.zeros((draws, len(base)))
    lost[:, at_risk] = frozen_loss_draws(
        shut.recipes, *shut.sets(at_risk[:, None]), shut.weight, share_draw(network, work), draws,
        rng=rng, edge_limit=shut.edge_limit, n_threads=n_threads,
    )  # fmt: skip
    return UncertaintyResult(
        _table(network, groups, base, lost, float(weight.sum()), top),
        network=network,
        parameters={
            "by": by,
            "mineral": mineral,
            "product": product,
            "consumer": consumer,
            "draws": draws,
            "top": top,
            "rng": rng if isinstance(rng, int) else None,
        },
        units=dict.fromkeys(("loss_share", "low", "high", "mean", "sd"), "share of final demand"),
    )


def share_draw(network: Network, work: Processes) -> Callable[[np.random.Generator], FloatArray]:
    """Return a function that draws the share of every supply from a generator; see `uncertainty`."""
    factors, renewed = flow_draw(network), shares_of(work)
    return lambda rng: renewed(factors(rng))


def shares_of(work: Processes) -> Callable[[FloatArray], FloatArray]:
    """Return a function that turns flows, as multiples of what they stand at, into the share of every supply."""
    slot = work.slot
    met = np.bincount(slot, work.share, minlength=len(work.slot_base))

    def renewed(factor: FloatArray) -> FloatArray:
        share = np.append(factor, 1.0)[work.row] * work.share  # the last for links inside a node, whose row is -1
        brought = np.bincount(slot, share, minlength=len(met))
        scale = np.divide(met, brought, out=np.ones(len(met)), where=brought > 0)
        return share * scale[slot]

    return renewed


def flow_draw(network: Network) -> Callable[[np.random.Generator], FloatArray]:
    """Return a function that draws every flow, as a multiple of what it stands at, from a generator."""
    doubt = flow_doubt(network)

    def draw(rng: np.random.Generator) -> FloatArray:
        normal = rng.standard_normal(len(doubt.total))
        return doubt.flows(normal) * doubt.totals(rng.random(len(doubt.sold)))[doubt.total]

    return draw


class FlowDoubt(NamedTuple):
    """How far flows may be from what they stand at: each by itself, and all that a country sells of a material.

    Parameters
    ----------
    spread : standard deviation of the logarithm of each flow, (E,)
    ranged : flows that give a low and a high instead
    least, most : these, as multiples of the flow
    sold : country and material of each total
    total : total that each flow belongs to, (E,)
    half_width : of each total, as a share of it
    """

    spread: FloatArray
    ranged: IntArray
    least: FloatArray
    most: FloatArray
    sold: pd.DataFrame
    total: IntArray
    half_width: FloatArray

    def flows(self, normal: FloatArray) -> FloatArray:
        """Turn a normal number for each flow into a multiple of it."""
        from scipy.special import ndtr  # noqa: PLC0415 - loads slowly; only what draws needs it

        factor = np.exp(self.spread * normal)
        factor[self.ranged] = triangular(ndtr(normal[self.ranged]), self.least, self.most)
        return factor

    def totals(self, uniform: FloatArray) -> FloatArray:
        """Turn a uniform number for each total into a multiple of it."""
        return triangular(uniform, 1.0 - self.half_width, 1.0 + self.half_width)


def flow_doubt(network: Network) -> FlowDoubt:
    """Read how far flows may be from what they stand at from their ranges, their basis and their sellers' grades."""
    edges, nodes = network.edges, network.nodes
    value = edges["quantity"].to_numpy(dtype=float)
    low = np.fmin(edges["low"].to_numpy(dtype=float), value)  # fmin: a bound not given is the value itself
    high = np.fmax(edges["high"].to_numpy(dtype=float), value)
    ranged = np.flatnonzero((high > low) & (value > 0))
    seller = pd.DataFrame({"country": nodes["country"].to_numpy()[network.source], "material": edges["material"]})
    groups = seller.groupby(["country", "material"], sort=True)
    total = groups.ngroup().to_numpy(dtype=np.int64)
    graded = nodes["evidence"].map(DOUBT).fillna(DOUBT["assumed"]).to_numpy(dtype=float)[network.source]
    weight = np.maximum(value, np.finfo(float).tiny)
    n_totals = groups.ngroups
    return FlowDoubt(
        spread=edges["basis"].map(SPREAD).fillna(SPREAD["estimated"]).to_numpy(dtype=float),
        ranged=ranged,
        least=low[ranged] / value[ranged],
        most=high[ranged] / value[ranged],
        sold=groups.size().reset_index()[["country", "material"]],
        total=total,
        half_width=np.bincount(total, weight * graded, minlength=n_totals)
        / np.bincount(total, weight, minlength=n_totals),
    )


def triangular(uniform: FloatArray, least: FloatArray, most: FloatArray) -> FloatArray:
    """Turn uniform numbers into triangular ones between ``least`` and ``most``, 1 the likeliest."""
    width = most - least
    rising = uniform * width <= 1.0 - least
    up = least + np.sqrt(uniform * width * (1.0 - least))
    return np.where(rising, up, most - np.sqrt((1.0 - uniform) * width * (most - 1.0)))


def _table(
    network: Network, groups: Groups, base: FloatArray, lost: FloatArray, total: float, top: int
) -> pd.DataFrame:
    """Return one row a group; ``lost`` is by draw and group, of ``total`` final demand."""
    step = NOTHING * max(total, np.finfo(float).tiny)
    ranks, base_rank = _ranks(lost, step), _ranks(base[None, :], step)[0]
    whole = total if total > 0 else np.nan
    base, lost = np.where(base < step, 0.0, base) / whole, np.where(lost < step, 0.0, lost) / whole
    table = pd.DataFrame({"removed": groups.names, "n_nodes": groups.sizes(), "loss_share": base})
    table["label"] = labels(network, groups)
    table["rank"] = base_rank
    table["low"], table["high"] = np.quantile(lost, INTERVAL, axis=0)
    table["mean"] = lost.mean(axis=0)
    table["sd"] = lost.std(axis=0, ddof=1) if len(lost) > 1 else np.nan
    table["rank_low"] = np.quantile(ranks, INTERVAL[0], axis=0, method="lower")
    table["rank_high"] = np.quantile(ranks, INTERVAL[1], axis=0, method="higher")
    table["p_first"] = (ranks == 1).mean(axis=0)
    table["p_top"] = (ranks <= top).mean(axis=0)
    table["n_draws"] = len(lost)
    return table.sort_values(["rank", "removed"])


def _ranks(loss: FloatArray, step: float) -> IntArray:
    """Rank the groups of each draw by loss in whole steps; 1 is the largest, and equal losses share a rank."""
    from scipy.stats import rankdata  # noqa: PLC0415 - loads slowly; only draws are ranked

    if not loss.size:
        return np.zeros(loss.shape, dtype=np.int64)
    return np.asarray(rankdata(-np.round(loss / step), axis=1, method="min")).astype(np.int64)
