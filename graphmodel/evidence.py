"""How good the numbers of a built data set are, and which of them would be most worth knowing better."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd

from graphmodel import datasets
from graphmodel.analysis.breakdown import lost_shares
from graphmodel.analysis.grouping import JOIN, Groups, group_nodes, mineral_weights
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.uncertainty import DOUBT
from graphmodel.errors import DataPackageError, ParameterError
from graphmodel.network import Network
from graphmodel.processes import makers, processes
from graphmodel.results import QualityResult, WeakestResult
from graphmodel.schema import BASES, EVIDENCE

NEEDED = ("closure", "controls")


def quality(data: str | os.PathLike[str]) -> QualityResult:
    """Say, material by material, what its total rests on, how well it closes and what its flows rest on.

    Parameters
    ----------
    data : str or path
        A built data set by name, or a folder that `graphmodel.build.build` wrote.

    Returns
    -------
    QualityResult
        ``mineral``, ``stage``, ``material``, ``unit``, ``supply`` (made a year), ``n_plants`` and ``named_share``
        (plants and clusters by name, and their part of the supply), ``control`` (reference of the largest part of the
        total), ``sided``, ``residual_share`` (made but not shipped), ``need_residual_share``; share of the supply by
        evidence of its country totals (``total_measured`` …) and share of the flow by basis (``flow_reported`` …).

    Raises
    ------
    DataPackageError
        If the data set was not built, so that it has no totals and no closure.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.quality("minerals-2024").table.set_index("material")
    >>> table.loc["cobalt-hydroxide", ["mineral", "sided"]].tolist()
    ['cobalt', 'two-sided']
    """
    network, tables = _built(data)
    materials = network.table("materials").set_index("material")
    controls, closure = tables["controls"], tables["closure"].set_index("material")
    made = controls.groupby("material")[["total", "named"]].sum()
    rows = pd.DataFrame(index=made.index).join(materials[["mineral", "stage", "unit"]])
    rows["supply"] = made["total"]
    rows["n_plants"] = _plants_making(network).reindex(rows.index).fillna(0).astype(int)
    rows["named_share"] = made["named"] / made["total"]
    largest = controls.groupby(["material", "reference"])["total"].sum().sort_values(kind="stable")
    rows["control"] = largest.reset_index("reference").groupby("material")["reference"].last()
    for column in ("sided", "residual_share", "need_residual_share"):
        rows[column] = closure[column].reindex(rows.index)
    rows = rows.join(_parts(controls, "total", "evidence", EVIDENCE).add_prefix("total_"))
    rows = rows.join(_parts(network.edges, "quantity", "basis", BASES).add_prefix("flow_"))
    order = network.stages.set_index("stage")["order"]
    rows = rows.reset_index().assign(order=lambda frame: frame["stage"].map(order))
    return QualityResult(rows.sort_values(["mineral", "order", "material"]), network=network)


def weakest_data(data: str | os.PathLike[str], *, top: int | None = 10) -> WeakestResult:
    """Rank country totals and plants by what better knowledge of them would settle.

    Parameters
    ----------
    data : str or path
        A built data set by name, or a folder that `graphmodel.build.build` wrote.
    top : int, optional
        Number of rows; all when None.

    Returns
    -------
    WeakestResult
        ``kind`` (country total or plant), ``item`` (country, stage and form, or node), ``mineral``, ``loss_share``
        (frozen loss of the mineral in final products when all that make it there stop; of a product family the mineral
        that loses most), ``doubt`` (half-width of the number, as a share of it), ``value`` (their product: the part of
        final demand of which we do not know whether it hangs on it),
        ``evidence``, ``reference``, ``improve`` (what would help).

    Notes
    -----
    A frozen loss is close to proportional to the size of what stops, so an error of ``doubt`` in the number moves the
    loss by about ``loss_share × doubt``, to first order: the value of better information for the ranking of
    chokepoints. A total of a region counts the nodes that stand under the region's code alone, so plants named in its
    countries are left out; totals of final uses are not ranked. ``doubt`` is half the range between the low and the
    high of the sources where there is one, else `DOUBT` by grade.

    Examples
    --------
    >>> import graphmodel as gm
    >>> weakest = gm.weakest_data("minerals-2024", top=3).table
    >>> bool((weakest["value"] == weakest["loss_share"] * weakest["doubt"]).all())
    True
    """
    network, tables = _built(data)
    if top is not None and top < 1:
        raise ParameterError(f"top is {top}; it must be 1 or more, or None for all")
    rows = [*_totals(network, tables["controls"]), *_plants(network)]
    table = pd.DataFrame(rows).assign(value=lambda frame: frame["loss_share"] * frame["doubt"])
    table = table.sort_values(["value", "item"], ascending=[False, True], kind="stable").head(
        top if top is not None else len(table)
    )
    return WeakestResult(table, network=network, parameters={"top": top})


def _built(data: str | os.PathLike[str]) -> tuple[Network, dict[str, pd.DataFrame]]:
    tables = datasets.extras(data)
    missing = [name for name in NEEDED if name not in tables]
    if missing:
        raise DataPackageError(
            f"{data}: has no table {' and '.join(missing)}; only a built data set says how it closes"
        )
    return datasets.load(data), tables


def _parts(frame: pd.DataFrame, amount: str, column: str, values: tuple[str, ...]) -> pd.DataFrame:
    """Split each material's amount by what a column says, as shares."""
    wide = frame.pivot_table(index="material", columns=column, values=amount, aggfunc="sum", fill_value=0.0)
    return wide.reindex(columns=list(values), fill_value=0.0).div(wide.sum(axis=1), axis=0)


def _plants_making(network: Network) -> pd.Series:
    """Number of plants by name that make each material."""
    plants = network.nodes.loc[network.nodes["kind"] == "facility", "node_id"]
    made = network.table("balances").query("side == 'output'")
    return made[made["node_id"].isin(plants)].groupby("item")["node_id"].nunique()


def _lost(network: Network, groups: Groups) -> pd.DataFrame:
    """Share of each mineral in final products (columns) lost without each group (rows), frozen."""
    work = processes(network)
    weights = mineral_weights(network, work.demand)
    lost = lost_shares(network, work, groups, work.demand)
    return pd.DataFrame(lost.T @ weights.to_numpy() / weights.to_numpy().sum(axis=0), groups.names, weights.columns)


def _totals(network: Network, controls: pd.DataFrame) -> list[dict[str, object]]:
    """Country totals of one form each, with what is lost when all nodes that make it there stop."""
    made = makers(network)
    nodes = network.nodes.iloc[made["node"].to_numpy(dtype=np.int64)].reset_index(drop=True)
    made = made.assign(stage=nodes["stage"], country=nodes["country"])[removable(network)[made["node"]]]
    makes = made.groupby(["stage", "product", "country"])["node"].agg(list)
    controls = controls.assign(doubt=_doubt(controls))
    keys = pd.MultiIndex.from_frame(controls[["stage", "material", "country"]])
    controls = controls[keys.isin(makes.index)].reset_index(drop=True)
    members = [makes[row.stage, row.material, row.country] for row in controls.itertuples()]
    indptr = np.concatenate([[0], np.cumsum([len(group) for group in members])]).astype(np.int64)
    names = (controls["country"] + JOIN + controls["stage"] + JOIN + controls["material"]).tolist()
    lost = _lost(network, Groups(names, indptr, np.concatenate(members).astype(np.int64)))
    return [
        {
            "kind": "country total",
            "item": name,
            "mineral": (of := str(cell["mineral"]) if cell["mineral"] in lost else str(shares.idxmax())),
            "loss_share": shares[of],
            "doubt": cell["doubt"],
            "evidence": cell["evidence"],
            "reference": cell["reference"],
            "improve": _for_total(cell),
        }
        for (name, shares), (_, cell) in zip(lost.iterrows(), controls.iterrows(), strict=True)
    ]


def _plants(network: Network) -> list[dict[str, object]]:
    """Single plants, each with the mineral that loses most without it."""
    lost = _lost(network, group_nodes(network, "plant", among=removable(network)))
    nodes = network.nodes.set_index("node_id")
    return [
        {
            "kind": "plant",
            "item": name,
            "mineral": row.idxmax(),
            "loss_share": row.max(),
            "doubt": DOUBT.get(str(nodes.loc[name, "evidence"]), DOUBT["assumed"]),
            "evidence": nodes.loc[name, "evidence"],
            "reference": nodes.loc[name, "reference"],
            "improve": "find what it made in the base year: annual report, regulator, customs of a single exporter",
        }
        for name, row in lost.iterrows()
    ]


def _doubt(controls: pd.DataFrame) -> np.ndarray:
    graded = controls["evidence"].map(DOUBT).fillna(DOUBT["assumed"]).to_numpy(dtype=float)
    spread = ((controls["high"] - controls["low"]) / (2 * controls["total"])).to_numpy(dtype=float)
    # sources that agree may have copied one another: no doubt is less than that of a measured number
    return np.where(np.isnan(spread), graded, np.clip(spread, DOUBT["measured"], 1.0))


def _for_total(cell: pd.Series) -> str:
    if pd.notna(cell["low"]) and cell["high"] > cell["low"]:
        return f"sources give {cell['low']:.4g} to {cell['high']:.4g} {cell['unit']}: find out which counts what"
    if cell["evidence"] == "assumed":
        return "find a published total: national statistics, geological survey, trade of the form"
    if cell["evidence"] == "derived":
        return "replace what is computed by a published total"
    return "find a second source to check the first"
