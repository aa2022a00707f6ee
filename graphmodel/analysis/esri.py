"""The economic systemic risk index of nodes and groups of nodes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.grouping import Groups, group_nodes, labels
from graphmodel.analysis.inputs import recipe_of
from graphmodel.analysis.remaining import removable
from graphmodel.errors import ClosedNetworkWarning, ParameterError, listed
from graphmodel.kernels.esri import esri as score
from graphmodel.kernels.esri_firms import ESSENTIAL, LINEAR, Firms, closed, downstream, upstream
from graphmodel.network import Network
from graphmodel.processes import slot_recipes
from graphmodel.results import EsriResult


def esri(
    network: Network,
    *,
    by: str | Sequence[str] = "node",
    mineral: str | None = None,
    replaceable: bool = True,
    severity: float = 1.0,
    tol: float = 1e-6,
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
) -> EsriResult:
    """Score how much of all sales falls away, downstream and upstream, when each node or group stops.

    Parameters
    ----------
    network : Network
    by : str or list of str
        What stops, as in `removal`.
    mineral : str, optional
        Count flows in tonnes of this mineral. Needed where materials come in several units.
    replaceable : bool
        Let nodes of one market stand in for one another by their share of what the market still makes.
    severity : float
        Share of the nodes that stops.
    tol : float
        Change of any node at which the rounds end.
    members : DataFrame, optional
        ``group`` and ``country``, for ``by="alliance"``.
    equity : float
        Least share an owner must hold, for ``by="owner"``.

    Returns
    -------
    EsriResult
        ``removed`` (id), ``label``, ``n_nodes``, ``esri`` (share of all sales lost, its own included), ``esri_down``
        and ``esri_up`` (the parts that reach customers and suppliers alone), ``iterations``, ``rank``. Sorted by
        ``esri``; ``parameters`` hold the tolerance, the most rounds any took, and the number of closed nodes.

    Raises
    ------
    MixedUnitsError
        If flows cannot be added and no mineral is named.
    EmptySelectionError
        If nothing can be grouped that way.
    ParameterError
        If ``severity`` or ``tol`` is out of range.

    Warns
    -----
    ClosedNetworkWarning
        If nodes trade only among themselves: a shock there never dies out, and the tolerance decides the score.

    Notes
    -----
    The paper's firms are nodes. A *market* (its sector) is the main material of a node at its stage; nodes of one
    market replace one another if ``replaceable``. A buyer's inputs follow the recipe of its main product: essential
    ones limit it one by one, those of one substitution group together; all others add up in proportion to
    tonnage. Where a stage has no recipe every input is essential, and to final users none is. What leaks: sales that
    no edge carries (``balances``), needs that no edge brings, and sales to final users, who never stop. Flows that a
    scenario has cut off are neither read nor counted as lost; nodes it has shut stay shut in every row.

    Weights are sales, so a loss of final users themselves weighs nothing: that is `removal`. The index counts in
    tonnes, not in value. Without edges all scores are 0; loops are allowed. The equations and their cost stand at
    `graphmodel.kernels.esri`.

    References
    ----------
    Diem, C. et al. (2022) Quantifying firm-level economic systemic risk from nation-wide supply networks.
    Scientific Reports 12, 7719. https://doi.org/10.1038/s41598-022-11522-z

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> found = gm.esri(toy, mineral="lithium")
    >>> found.table[["removed", "esri", "esri_down", "esri_up"]].round(3)
        removed   esri  esri_down  esri_up
    0  refine-a  1.000      0.667    0.667
    1    cell-a  0.600      0.200    0.600
    2    mine-b  0.600      0.600    0.200
    3    cell-b  0.400      0.133    0.400
    4    mine-a  0.311      0.311    0.133
    >>> found.parameters["iterations"]
    4
    """
    if not 0 <= severity <= 1:
        raise ParameterError(f"severity is {severity}, but must lie between 0 and 1")
    if not 0 < tol < 1:
        raise ParameterError(f"tol is {tol}, but must lie above 0 and below 1")
    groups = group_nodes(network, by, among=removable(network), members=members, equity=equity)
    firms = firms_of(network, mineral)
    n_closed = _warn_if_closed(network, firms, tol)
    scores = score(firms, *_shocks(network, groups, severity), replaceable=replaceable, eps=tol)
    table = pd.DataFrame({"removed": groups.names, "n_nodes": groups.sizes(), **scores._asdict()})
    return EsriResult(
        _ranked(network, groups, table),
        network=network,
        parameters={
            "by": by,
            "mineral": mineral,
            "replaceable": replaceable,
            "severity": severity,
            "tol": tol,
            "iterations": int(scores.iterations.max(initial=0)),
            "closed": n_closed,
        },
        units=dict.fromkeys(("esri", "esri_down", "esri_up"), "share of all sales"),
    )


def firms_of(network: Network, mineral: str | None) -> Firms:
    """Read the nodes of a network as firms that trade tonnes of one mineral, or of the one unit there is."""
    quantity = network.quantity(mineral)
    kept = network.edges["available"].fillna(1.0).to_numpy(dtype=float)
    main = _main_material(network, quantity)
    markets = network.nodes["stage"].astype(str) + "\n" + main
    essential, kind = _needs(network, main)
    sales, purchases = (
        np.bincount(ends, weights=quantity, minlength=network.n_nodes) for ends in (network.source, network.target)
    )
    beyond = _beyond_edges(network, mineral)
    return Firms(
        source=network.source,
        target=network.target,
        weight=quantity * kept,
        sector=pd.factorize(markets, sort=True)[0].astype(np.int64),
        essential=essential,
        kind=kind,
        revenue=np.maximum(sales, beyond.stated),
        cost=purchases + beyond.unsourced,
    )


def _main_material(network: Network, quantity: FloatArray) -> pd.Series:
    """Return what each node sells most of; where it sells nothing, the product it states, or nothing."""
    sold = pd.DataFrame({"node": network.source, "material": network.edges["material"], "quantity": quantity})
    stated = network.table("balances")
    stated = stated[stated["side"] != "input"]
    position = pd.Series(np.arange(network.n_nodes), index=network.nodes["node_id"])
    stated = pd.DataFrame({"node": stated["node_id"].map(position), "material": stated["item"], "quantity": -1.0})
    made = pd.concat([sold.groupby(["node", "material"], as_index=False)["quantity"].sum(), stated], ignore_index=True)
    made = made.sort_values(["quantity", "material"], ascending=[False, True], kind="stable").drop_duplicates("node")
    return made.set_index("node")["material"].astype(object).reindex(range(network.n_nodes)).fillna("")


def _needs(network: Network, main: pd.Series) -> tuple[IntArray, IntArray]:
    """Say for each edge whether its buyer can do without it, and which inputs stand in for it."""
    nodes, edges = network.nodes, network.edges
    bought = pd.DataFrame(
        {
            "node_id": edges["target"],
            "stage": nodes["stage"].to_numpy()[network.target],
            "output": main.to_numpy()[network.target],
            "input": edges["material"],
        }
    )
    told = recipe_of(network, bought)
    listed_input = told["slot"].notna().to_numpy(dtype=bool)
    user = network.has_role("sink")[network.target]
    needed = np.where(told["silent"], ~user, listed_input & (told["essential"] != "no").to_numpy(dtype=bool))
    slot = told["slot"].where(needed & listed_input, "\n" + bought["input"])
    return np.where(needed, ESSENTIAL, LINEAR), pd.factorize(slot.astype(str), sort=True)[0].astype(np.int64)


class _Beyond(NamedTuple):
    """What nodes make in all, and what they need that no edge brings."""

    stated: FloatArray
    unsourced: FloatArray


def _beyond_edges(network: Network, mineral: str | None) -> _Beyond:
    """Read the part of each node's trade that no edge carries, in the unit of the flows."""
    balances, nodes = network.table("balances"), network.nodes
    recipes = slot_recipes(network.table("recipes")).sort_values("input", kind="stable")
    stage = nodes.set_index("node_id")["stage"]
    recipes["stage"] = recipes["stage"].where(recipes["node_id"] == "", recipes["node_id"].map(stage))
    reference = recipes.drop_duplicates(["stage", "slot"]).set_index(["stage", "slot"])["input"]
    keys = pd.MultiIndex.from_arrays([balances["node_id"].map(stage), balances["item"]])
    material = balances["item"].where(balances["side"] != "input", reference.reindex(keys).to_numpy())
    material = material.fillna(balances["item"])
    if mineral is None:
        traded = set(network.edges["material"])
        unit = network.table("materials").set_index("material")["unit"]
        same = material.map(unit).isin(unit.reindex(sorted(traded)).dropna()) | material.isin(traded)
        worth = same.to_numpy(dtype=float)
    else:
        worth = material.map(network.content(mineral)).fillna(0.0).to_numpy(dtype=float)
    node = balances["node_id"].map(pd.Series(np.arange(len(nodes)), index=nodes["node_id"])).to_numpy(dtype=np.int64)
    made = np.where(balances["side"] == "output", balances["quantity"], 0.0) * worth
    lacking = np.where(balances["side"] == "input", balances["residual"], 0.0) * worth
    stated = np.bincount(node, weights=made, minlength=len(nodes)).astype(np.float64)
    return _Beyond(stated, np.bincount(node, weights=lacking, minlength=len(nodes)).astype(np.float64))


def _warn_if_closed(network: Network, firms: Firms, tol: float) -> int:
    """Warn of nodes that trade only among themselves, and count them."""
    inside = closed(upstream(firms)) | closed(downstream(firms))
    if inside.any():
        names = network.nodes["node_id"].to_numpy()[inside]
        warnings.warn(
            f"nothing leaks from {listed(names.tolist())}: a shock there never dies out, so their scores depend on "
            f"tol ({tol:g}); state what they sell or buy beyond the edges in balances",
            ClosedNetworkWarning,
            stacklevel=3,
        )
    return int(inside.sum())


def _shocks(network: Network, groups: Groups, severity: float) -> tuple[IntArray, IntArray, FloatArray]:
    """Cut each group in turn, on top of what a scenario has cut already."""
    left = np.where(network.has_role("sink"), 1.0, network.nodes["available"].fillna(1.0).to_numpy(dtype=float))
    held = np.flatnonzero(left < 1)
    n_groups = len(groups.names)
    group = np.concatenate([np.repeat(np.arange(n_groups), groups.sizes()), np.repeat(np.arange(n_groups), len(held))])
    node = np.concatenate([groups.members, np.tile(held, n_groups)])
    cut = np.concatenate([1.0 - left[groups.members] * (1.0 - severity), np.tile(1.0 - left[held], n_groups)])
    order = np.argsort(group, kind="stable")
    return np.searchsorted(group[order], np.arange(n_groups + 1)), node[order], cut[order]


def _ranked(network: Network, groups: Groups, table: pd.DataFrame) -> pd.DataFrame:
    """Name and rank the groups."""
    table["label"] = labels(network, groups)
    table["rank"] = table["esri"].round(9).rank(method="min", ascending=False).astype(int)
    return table.sort_values(["rank", "removed"])
