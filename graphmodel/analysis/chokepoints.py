"""Losses under every response with centralities beside them: what would be missed, and which measure sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pandas as pd

from graphmodel.analysis.centrality import centrality
from graphmodel.analysis.grouping import group_nodes
from graphmodel.analysis.removal import removal
from graphmodel.analysis.responses import RESPONSES, Links, Response
from graphmodel.errors import MixedUnitsError, ParameterError, UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.programme import GROWTH
from graphmodel.results import ChokepointResult

BESIDE = ("out_strength", "betweenness", "betweenness_by_flow", "pagerank", "reversed_pagerank")
"""Measures shown beside the losses."""


def chokepoints(
    network: Network,
    *,
    by: str | Sequence[str] = "plant",
    responses: Sequence[Response] = RESPONSES,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    evenly: bool = False,
    growth: float = GROWTH,
    links: Links = "any",
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
    progress: Callable[[int, int], None] | None = None,
    executor: Executor | None = None,
    folder: Path | str | None = None,
) -> ChokepointResult:
    """Rank nodes or groups by what is lost without them, with centralities beside.

    Parameters
    ----------
    network : Network
    by : str or list of str
        As in `removal`; ``plant`` leaves out clusters and remainders, which are no single point of failure.
    responses : list of str
        Those worked out, of `RESPONSES`; shares of the others are nan. ``adapt`` takes longest by far.
    mineral, product, consumer, evenly, growth, links, members, equity, progress, executor
        As in `removal`. Centralities are those of the whole network, whoever's demand counts; nan without a mineral
        where flows come in several units.
    folder : path, optional
        As in `removal`; each response has its own folder in it.

    Returns
    -------
    ChokepointResult
        ``rank``, ``removed``, ``label``, ``n_nodes``, ``loss``, ``reachability_share``, ``reroute_share``,
        ``adapt_share``, ``frozen_share`` (of all final demand counted), then the measures of `BESIDE`, each summed over
        the group's nodes. ``rank`` and ``loss`` are of the most pessimistic response worked out.

    Raises
    ------
    ParameterError
        If no response is named.
    MixedUnitsError, EmptySelectionError, UnknownNameError
        As in `removal`.

    Notes
    -----
    Frozen is the upper end (nobody finds another supplier), reachability the lower (any path left is enough); the gap
    from frozen to reroute is what could at most be saved by buying elsewhere. Cost: a sweep of `removal` for each
    response.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> table = gm.chokepoints(toy, mineral="lithium").table
    >>> table.rename(columns=lambda name: name.removesuffix("_share"))[["removed", *gm.analysis.RESPONSES]]
        removed  reachability  reroute  adapt  frozen
    0  refine-a           1.0      1.0   1.00     1.0
    1    cell-a           0.5      0.6   0.60     0.6
    2    mine-b           0.0      0.5   0.50     0.6
    3    cell-b           0.0      0.2   0.34     0.4
    4    mine-a           0.0      0.4   0.40     0.4
    >>> table[["removed", "betweenness"]].head(3)
        removed  betweenness
    0  refine-a          8.0
    1    cell-a          4.5
    2    mine-b          0.0
    """
    chosen = _in_order(responses)
    counted = {"mineral": mineral, "product": product, "consumer": consumer, "evenly": evenly}
    alike = {"by": by, **counted, "growth": growth, "links": links, "members": members, "equity": equity}
    if folder is not None:
        Path(folder).mkdir(exist_ok=True)
    found = {}
    for place, response in enumerate(chosen):
        run: dict[str, object] = {"progress": _part(progress, place, len(chosen))}
        if response != "reachability":  # one search, with nothing to share out or to keep
            run |= {"executor": executor, "folder": Path(folder) / response if folder is not None else None}
        found[response] = removal(network, response=response, **alike, **run)  # type: ignore[arg-type]
    ranked = found[chosen[-1]]
    table = ranked.table
    for response in RESPONSES:
        shares = found[response].table.set_index("removed")["loss_share"] if response in found else {}
        table[f"{response}_share"] = table["removed"].map(shares).astype(float)
    table = table.merge(_summed(network, by, mineral, members, equity), on="removed", how="left")
    shares_of = {f"{response}_share": "share of final demand" for response in chosen}
    return ChokepointResult(
        table,
        network=network,
        parameters={
            "by": by,
            **counted,
            "evenly": evenly or None,
            "responses": chosen,
            "growth": growth if "adapt" in chosen else None,
            "links": links if {"reroute", "adapt"} & set(chosen) else None,
        },
        units={"loss": ranked.units["loss"], **shares_of},
    )


def _in_order(responses: Sequence[Response]) -> tuple[Response, ...]:
    """Return the responses from the least loss to the most, refusing what is none."""
    named = [responses] if isinstance(responses, str) else list(responses)
    unknown = [response for response in named if response not in RESPONSES]
    if unknown:
        raise UnknownNameError(f"no response {unknown[0]!r}; {nearest(str(unknown[0]), RESPONSES)}")
    if not named:
        raise ParameterError(f"responses is empty, but must name at least one of {', '.join(RESPONSES)}")
    return tuple(response for response in RESPONSES if response in named)


def _part(progress: Callable[[int, int], None] | None, place: int, parts: int) -> Callable[[int, int], None] | None:
    """Tell the progress of one of several sweeps as a part of all."""
    if progress is None:
        return None
    return lambda done, total: progress(place * total + done, parts * total)


def _summed(
    network: Network, by: str | Sequence[str], mineral: str | None, members: pd.DataFrame | None, equity: float
) -> pd.DataFrame:
    """Add up each measure over the nodes of each group."""
    wide = _measured(network, mineral).reindex(network.nodes["node_id"])
    everything = np.ones(network.n_nodes, dtype=bool)
    groups = group_nodes(network, by, among=everything, members=members, equity=equity, flows=True)
    values = wide[list(BESIDE)].to_numpy()[groups.members]
    which = np.repeat(np.arange(len(groups.names)), groups.sizes())
    table = pd.DataFrame(values, columns=list(BESIDE)).groupby(which, sort=True).sum(min_count=1)
    return table.reindex(range(len(groups.names))).assign(removed=groups.names)  # a corridor holds no node


def _measured(network: Network, mineral: str | None) -> pd.DataFrame:
    """Every measure of `BESIDE` by node; nan where flows come in units that cannot be added."""
    try:
        table = centrality(network, measures=BESIDE, mineral=mineral).table
    except MixedUnitsError:
        return pd.DataFrame(np.nan, index=network.nodes["node_id"], columns=list(BESIDE))
    return table.pivot(index="node_id", columns="measure", values="value")
