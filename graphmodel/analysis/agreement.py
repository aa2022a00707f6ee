"""Which measure of position or concentration ranks what would be missed, and which misleads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.analysis.centrality import MEASURES, added_measures, centrality, require_measures
from graphmodel.analysis.grouping import Groups, group_nodes
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.removal import removal
from graphmodel.analysis.responses import RESPONSES, Links, Response
from graphmodel.analysis.sourcing import Risks, governance_scores, output
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError, nearest
from graphmodel.kernels.agreement import spearman_interval
from graphmodel.network import Network
from graphmodel.programme import GROWTH
from graphmodel.results import AgreementResult

LEVELS = frozenset({"closeness_to_demand", "core_number", "largest_dependence", "trophic_level", "constraint"})
"""Measures of which a group has the largest of its nodes; of all others it has the sum."""

CONCENTRATION = ("market_share", "governed_share", "market_hhi")
"""Measures of the market a group is largest in: its share S of a stage's output; S² times its governance risk, its part
of the governed sum; the concentration of that market, whoever holds it."""

Among = Literal["chain", "all"]
AMONG: tuple[Among, ...] = ("chain", "all")

LEAST = 5
"""Rows below which ranks are not compared."""


def agreement(
    network: Network,
    *,
    by: str | Sequence[str] = "industry",
    mineral: str | None = None,
    responses: Sequence[Response] = ("frozen", "reroute", "adapt"),
    measures: Sequence[str] | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    among: Among = "chain",
    again: Network | None = None,
    resamples: int = 1000,
    top: int = 10,
    rng: int = 0,
    growth: float = GROWTH,
    links: Links = "any",
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    progress: Callable[[int, int], None] | None = None,
    executor: Executor | None = None,
    folder: Path | str | None = None,
) -> AgreementResult:
    """Compare how measures rank nodes or groups with how much is lost without them.

    Parameters
    ----------
    network : Network
    by, mineral, product, consumer, growth, links, members, equity, executor
        As in `removal`. Where units differ a mineral is needed; centralities are those of its flows.
    responses : list of str
        The losses to compare with, of `RESPONSES`. ``adapt`` takes longest by far.
    measures : list of str, optional
        Names in `MEASURES` or `CONCENTRATION`, all of them when absent, or of measures that other packages add (of
        which a group has the sum of its nodes; see `centrality`).
    among : {"chain", "all"}
        Which rows: nodes or groups that carry or make the mineral; or also those whose stop loses anything under any
        response named, such as a nickel mine to users of cobalt, of which measures of the mineral's flows know nothing.
    again : Network, optional
        A second network in which everything is repeated, such as ``minerals-2024-sparse``.
    resamples : int
        Bootstrap samples of the rows.
    top : int
        How many of the worst removals ``top_found`` is about.
    rng : int
        Seed of the samples; every measure meets the same ones.
    progress : callable, optional
        Called with the number of sweeps done and their total.
    folder : path, optional
        Where finished parts are kept, one folder for each network and response.

    Returns
    -------
    AgreementResult
        ``network``, ``measure``, ``kind`` (position or concentration), ``response``, ``n`` (rows compared), ``rho``
        (Spearman), ``low`` and ``high`` (95 %), ``misleads`` ("yes" where the interval holds 0 or lies below it, ""
        where there is none), ``top_found`` (share of the worst ``top`` removals that are among the measure's own
        first). The best of each response first.

    Raises
    ------
    UnknownNameError
        If there is no such measure or response.
    ParameterError
        If a number is out of range, or nothing is named.
    EmptySelectionError
        If fewer than five rows can be compared.
    MixedUnitsError
        As in `removal`.

    Notes
    -----
    Other nodes and groups would agree by being nothing in both, and are left out. A group's measure is the sum of its
    nodes', or the largest (`LEVELS`). Rows are resampled as if they were independent; plants of one market are not, so
    intervals are rather too narrow. They say nothing of flows that are not known: for that, compare ``again``.

    Under ``frozen`` with proportional mixing a stop loses nearly the share of the market that stops: a high rank
    correlation of ``market_share`` there is close to a tautology. It tells more under ``reroute`` and ``adapt``.
    Cost: a sweep of `removal` for each network and response.

    References
    ----------
    Spearman (1904), doi:10.2307/1412159. Efron (1979), doi:10.1214/aos/1176344552.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> named = ["out_strength", "in_strength"]
    >>> found = gm.agreement(toy, by="node", mineral="lithium", responses=["frozen"], measures=named)
    >>> found.table[["measure", "n", "rho", "misleads"]].round(3)
            measure  n    rho misleads
    0  out_strength  5  1.000       no
    1   in_strength  5  0.649      yes
    """
    chosen, named = _checked(responses, measures, among, resamples, top)
    networks = [network] if again is None else [network, again]
    lens = {"by": by, "members": members, "equity": equity}
    counted = {"mineral": mineral, "product": product, "consumer": consumer}
    rows, sweeps = [], len(networks) * len(chosen)
    if folder is not None:
        Path(folder).mkdir(exist_ok=True)
    for place, each in enumerate(networks):
        groups = group_nodes(each, by, among=removable(each), members=members, equity=equity)
        losses = {}
        for step, response in enumerate(chosen):
            kept = None if folder is None else Path(folder) / f"{each.name}-{response}"
            swept = {} if response == "reachability" else {"executor": executor, "folder": kept}
            found = removal(each, response=response, growth=growth, links=links, **lens, **counted, **swept)  # type: ignore[arg-type]
            losses[response] = found.table.set_index("removed")["loss"].reindex(groups.names).to_numpy(dtype=float)
            if progress is not None:
                progress(place * len(chosen) + step + 1, sweeps)
        rows += _compared(each, groups, mineral, named, losses, among == "all", resamples, top, rng)
    table = pd.DataFrame(rows, columns=list(AgreementResult.columns))
    order = {response: place for place, response in enumerate(chosen)}
    first = {each.name: place for place, each in enumerate(networks)}
    table = table.assign(at=table["network"].map(first), step=table["response"].map(order), worst=-table["rho"])
    return AgreementResult(
        table.sort_values(["at", "step", "worst", "measure"], na_position="last", kind="stable"),
        network=network,
        parameters={
            "by": by,
            **counted,
            "responses": chosen,
            "among": among,
            "again": None if again is None else again.name,
            "resamples": resamples,
            "top": top,
            "rng": rng,
            "growth": growth if "adapt" in chosen else None,
            "links": links,
        },
        units={"rho": "Spearman's rank correlation, -1 to 1", "top_found": "share of the worst"},
    )


def _checked(
    responses: Sequence[Response], measures: Sequence[str] | None, among: str, resamples: int, top: int
) -> tuple[list[Response], list[str]]:
    for name, value in (("resamples", resamples), ("top", top)):
        if not value >= 1:
            raise ParameterError(f"{name} is {value}, but must be 1 or more")
    if among not in AMONG:
        raise UnknownNameError(f"no rows {among!r} to compare; {nearest(among, AMONG)}")
    chosen: list[Response] = list(dict.fromkeys([responses] if isinstance(responses, str) else responses))  # type: ignore[list-item]
    known = [*MEASURES, *CONCENTRATION]
    named = known if measures is None else list(dict.fromkeys(measures))
    for what, given, there in (("response", chosen, RESPONSES), ("measure", named, known)):
        if not given:
            raise ParameterError(f"no {what} is named; there are: {', '.join(there)}")
    unknown = [str(name) for name in chosen if name not in RESPONSES]
    if unknown:
        raise UnknownNameError(f"no response {unknown[0]!r}; {nearest(unknown[0], RESPONSES)}")
    require_measures(named, [*known, *added_measures([name for name in named if name not in known])])
    return chosen, named


def _compared(
    network: Network,
    groups: Groups,
    mineral: str | None,
    named: Sequence[str],
    losses: dict[Response, FloatArray],
    all_that_lose: bool,
    resamples: int,
    top: int,
    rng: int,
) -> list[tuple[object, ...]]:
    """One row a measure and response."""
    values = {**_positions(network, groups, mineral, named), **_markets(network, groups, mineral)}
    carries = _positions(network, groups, mineral, ["throughput"])["throughput"] > 0
    matters = carries | (values["market_share"] > 0)
    if all_that_lose:
        matters |= (np.array(list(losses.values())) > 0).any(axis=0)
    if matters.sum() < LEAST:
        raise EmptySelectionError(f"{int(matters.sum())} rows to compare in {network.name}, but it takes {LEAST}")
    rows: list[tuple[object, ...]] = []
    for measure in named:
        value = np.round(values[measure], 12)
        here = matters & ~np.isnan(value)
        kind = "concentration" if measure in CONCENTRATION else "position"
        for response, loss in losses.items():
            lost = _rounded(loss)
            rho, low, high = spearman_interval(value[here], lost[here], resamples, rng)
            misleads = "" if np.isnan(low) else "yes" if low <= 0 else "no"
            found = _found(value, lost, matters, top)
            rows.append((network.name, measure, kind, response, int(here.sum()), rho, low, high, misleads, found))
    return rows


def _rounded(loss: FloatArray) -> FloatArray:
    """Let losses that differ by less than a billionth of the largest be equal."""
    step = 1e-9 * max(float(loss.max(initial=0.0)), np.finfo(float).tiny)
    return np.asarray(np.round(loss / step) * step)


def _found(value: FloatArray, loss: FloatArray, matters: np.ndarray, top: int) -> float:
    """Return the share of the worst removals among the measure's own first; a tie that spills over is not."""
    worst = pd.Series(loss[matters]).rank(method="min", ascending=False) <= top
    worst &= loss[matters] > 0
    first = pd.Series(value[matters]).rank(method="max", ascending=False) <= top  # nan has no rank, so is never first
    return float(first[worst].mean()) if worst.any() and not np.isnan(value[matters]).all() else np.nan


def _positions(network: Network, groups: Groups, mineral: str | None, named: Sequence[str]) -> dict[str, FloatArray]:
    """Every measure of position by group; nan where no node has one."""
    wanted = [name for name in named if name not in CONCENTRATION]
    table = centrality(network, measures=wanted, mineral=mineral).table
    which = np.repeat(np.arange(len(groups.names)), groups.sizes())
    found = {}
    for name in wanted:
        nodes = table.loc[table["measure"] == name, "value"].to_numpy(dtype=float)
        grouped = pd.Series(nodes[groups.members]).groupby(which, sort=True)
        found[name] = (grouped.max() if name in LEVELS else grouped.sum(min_count=1)).to_numpy(dtype=float)
    return found


def _markets(network: Network, groups: Groups, mineral: str | None) -> dict[str, FloatArray]:
    """Measures of the market each group is largest in; share 0 where it makes nothing."""
    made = output(network, mineral)
    market = made["stage"] if mineral is not None else made["stage"] + " " + made["material"]
    made = made.assign(market=market, share=made["quantity"] / made.groupby(market)["quantity"].transform("sum"))
    named = made[made["group"] != ""]
    squares = named.groupby(["market", "group"])["share"].sum().pow(2).groupby("market").sum()
    supply = made.groupby("group")["quantity"].sum()
    risks = pd.Series(Risks(governance_scores("mean_of_six"), "mean").of(supply), index=supply.index)
    made = made.assign(risk=made["share"] * made["group"].map(risks).to_numpy(dtype=float))
    position = pd.Series(np.arange(network.n_nodes), index=network.nodes["node_id"])
    node = made["node_id"].map(position)
    which = pd.DataFrame({"node": groups.members, "of": np.repeat(np.arange(len(groups.names)), groups.sizes())})
    joined = which.merge(made.assign(node=node), on="node")
    held = joined.groupby(["of", "market"], as_index=False)[["share", "risk"]].sum()
    held = held.sort_values(["of", "share", "market"], ascending=[True, False, True]).drop_duplicates("of")
    held = held.set_index("of").reindex(range(len(groups.names)))
    share = held["share"].fillna(0.0).to_numpy(dtype=float)
    return {
        "market_share": share,
        "governed_share": share * held["risk"].fillna(0.0).to_numpy(dtype=float),
        "market_hhi": held["market"].map(squares).fillna(0.0).to_numpy(dtype=float),
    }
