"""Look-through: how much of what users take passed whom, at any stage and stage by stage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.grouping import Groups, group_nodes
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.tracing import Traced, refuse_closed_loops, trace
from graphmodel.errors import UnknownNameError, nearest
from graphmodel.kernels.look_through import touch, touch_bounds
from graphmodel.network import Network
from graphmodel.results import DependenceResult

ANY = "any"
"""Stage of the rows that count a group wherever it stands."""

LEAST = 1e-12
"""Shares below this are rounding."""


def dependence(
    network: Network,
    *,
    mineral: str | None = None,
    by: str | Sequence[str] = "country",
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    stage: str | Sequence[str] | None = None,
    bounds: bool = False,
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
) -> DependenceResult:
    """Say what share of each user's mineral passed each country, owner or other group.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        Whose tonnes are followed, in whatever form an edge carries them. Needed where edges or final products come in
        several units.
    by : str or list of str
        Whom it passed, as in `removal`; ``corridor`` is no node.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    stage : str or list of str, optional
        ``any`` (the group wherever it stands) or stages; ``any`` and every stage when absent.
    bounds : bool
        Work out the least and the largest share too: one linear programme for each row with a share between 0 and 1.
    members : DataFrame, optional
        ``group`` and ``country``, for ``by="alliance"``.
    equity : float
        Least share an owner must hold, for ``by="owner"``.

    Returns
    -------
    DependenceResult
        ``consumer``, ``product``, ``stage``, ``group``; ``share`` of the mineral in what the user takes that passed
        the group there, or started there; ``low`` and ``high`` (nan unless asked for); ``quantity`` (that share of
        ``demand``), ``demand`` (mineral in the product), both in ``unit``; ``traced`` (share that comes
        from where the mineral begins: origins, and plants that make it from inputs without it, as a co-product; what is
        missing to 1 starts where nobody knows); ``hhi`` (sum of the squared shares of one stage over
        all groups; nan for ``any`` and where groups share nodes). Largest demand first, stages in order, largest share
        first; rows without a share are left out.

    Raises
    ------
    MixedUnitsError
        If quantities cannot be added and no mineral is named.
    UnknownNameError
        If there is no such stage, mineral, product, consumer or lens.
    EmptySelectionError
        If no final demand that counts holds the mineral, or nothing can be grouped that way.
    ConvergenceError
        If a loop before the users feeds only on itself, so that nothing in it starts anywhere.

    Notes
    -----
    With p_j what starts at node j, f_ij the flow from i to j and T_j = p_j + Σ_i f_ij, in tonnes of the mineral,

        avoid_j = 0 in the group, else (p_j + Σ_i f_ij avoid_i) / T_j,    share = 1 - avoid

    so every node mixes what it receives in proportion. Loops may leak as little as they like, but they must leak.
    What a node sells beyond what it receives starts there. Shares of one stage add up to at most one, unless metal
    passes the stage twice; shares of ``any`` do not add up. ``low`` and ``high`` leave open how each node shares out
    what it receives, with the flows as they are; see `graphmodel.kernels.look_through.touch_bounds`. Flows are those
    of the base: what a scenario closes (``available``) does not count. Without final demand the table is empty; parts
    apart from each other do not matter. Cost: a sparse factorisation for each group and stage.

    References
    ----------
    Duchin, F. and Levine, S. H. (2012) Embodied resource flows in a global economy. Journal of Industrial Ecology.
    https://doi.org/10.1111/j.1530-9290.2012.00498.x

    Examples
    --------
    All lithium passes the Chinese refinery, whoever mined it: the refiner is not the source.

    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> table = gm.dependence(toy, mineral="lithium", consumer="USA").table
    >>> table[["stage", "group", "share", "quantity"]]
          stage group  share  quantity
    0       any   CHN    1.0     500.0
    1       any   KOR    1.0     500.0
    2       any   AUS    0.6     300.0
    3       any   CHL    0.4     200.0
    4    mining   AUS    0.6     300.0
    5    mining   CHL    0.4     200.0
    6  refining   CHN    1.0     500.0
    7      cell   KOR    1.0     500.0
    """
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    stages = _stages(network, stage)
    traced = trace(network, mineral, product, consumer)
    ends = traced.users["end"].to_numpy(dtype=np.int64)
    refuse_closed_loops(network, traced)
    sets = _by_stage(network, groups, stages)
    met = touch(traced.flows, sets.indptr, sets.members, ends)
    began = touch(traced.flows, np.array([0, len(traced.begins)]), traced.begins, ends)[0]
    table = _table(traced, sets, met, began, bounds=bounds)
    table["hhi"] = _herfindahl(table, groups)
    order = {name: place for place, name in enumerate(stages)}
    table["place"] = table["stage"].map(order)
    table["size"] = -table["share"].astype(float).round(12)
    return DependenceResult(
        table.sort_values(["wish", "place", "size", "group"], kind="stable"),
        network=network,
        parameters={
            "mineral": mineral, "by": by, "product": product, "consumer": consumer, "stage": stage, "bounds": bounds
        },
        units={
            "share": "share of the mineral in the product", "quantity": traced.unit, "demand": traced.unit,
            "traced": "share of the mineral in the product", "hhi": "0 to 1",
        },
    )  # fmt: skip


def _stages(network: Network, stage: str | Sequence[str] | None) -> list[str]:
    """Return the stages asked for, those of the network in order."""
    table = network.stages.sort_values(["order", "stage"], kind="stable")
    known = [ANY, *table.loc[~table["role"].isin(["sink", "stock"]), "stage"].astype(str)]
    if stage is None:
        return known
    asked = [stage] if isinstance(stage, str) else list(stage)
    for name in asked:
        if name not in known:
            raise UnknownNameError(f"no stage {name!r} between origins and users; {nearest(name, known)}")
    return [name for name in known if name in asked]


def _by_stage(network: Network, groups: Groups, stages: list[str]) -> Groups:
    """Cut every group into its parts at each stage; named by stage and group in one, in the order of the stages."""
    of = network.nodes["stage"].to_numpy()
    names, parts = [], []
    for stage in stages:
        for place, name in enumerate(groups.names):
            held = groups.of(place)
            held = held if stage == ANY else held[of[held] == stage]
            if len(held):
                names.append(f"{stage}\n{name}")
                parts.append(held)
    sizes = np.array([len(part) for part in parts], dtype=np.int64)
    indptr = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    return Groups(names, indptr, np.concatenate([np.zeros(0, dtype=np.int64), *parts]))


def _table(traced: Traced, sets: Groups, met: FloatArray, began: FloatArray, *, bounds: bool) -> pd.DataFrame:
    """Average over the users of one country and product, and add bounds where they are asked for."""
    position = pd.Series(np.arange(len(traced.users)), index=traced.users["end"])
    frames = [pd.DataFrame(columns=["wish", *DependenceResult.columns[:-1]])]
    for wish, (consumer, product, demand, ends) in enumerate(traced.wishes()):
        who = position.loc[ends].to_numpy()
        weight = traced.users["demand"].to_numpy()[who] / demand
        share = met[:, who] @ weight
        chosen = np.flatnonzero(share > LEAST)
        share = np.minimum(share[chosen], 1.0)
        low, high = np.full(len(chosen), np.nan), np.full(len(chosen), np.nan)
        if bounds:
            low, high = _bounds(traced, sets, chosen, share, ends)
        parts = [sets.names[one].split("\n", 1) for one in chosen]
        frames.append(
            pd.DataFrame(
                {
                    "wish": wish, "consumer": consumer, "product": product,
                    "stage": [stage for stage, _ in parts], "group": [group for _, group in parts],
                    "share": share, "low": low, "high": high,
                    "quantity": share * demand, "demand": demand, "unit": traced.unit,
                    "traced": float(np.minimum(began[who] @ weight, 1.0)),
                }
            )
        )  # fmt: skip
    return pd.concat(frames[1:] or frames, ignore_index=True)


def _bounds(
    traced: Traced, sets: Groups, chosen: IntArray, share: FloatArray, ends: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Bound shares that lie between; one that is all or nothing is so whatever the mixing."""
    low, high = share.copy(), share.copy()
    between = np.flatnonzero(share < 1.0 - LEAST)
    parts = [sets.of(one) for one in chosen[between]]
    indptr = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum([len(part) for part in parts], dtype=np.int64)])
    members = np.concatenate([np.zeros(0, dtype=np.int64), *parts])
    least, most = touch_bounds(traced.flows, indptr, members, ends)
    # rounding of the solver must not put the proportional share outside
    low[between], high[between] = np.minimum(least, share[between]), np.maximum(most, share[between])
    return low, high


def _herfindahl(table: pd.DataFrame, groups: Groups) -> pd.Series:
    """Sum of squared shares over the groups of one stage."""
    if len(np.unique(groups.members)) < len(groups.members):
        return pd.Series(np.nan, index=table.index)
    squared = table["share"] ** 2
    total = squared.groupby([table["wish"], table["stage"]]).transform("sum")
    return total.where(table["stage"] != ANY)
