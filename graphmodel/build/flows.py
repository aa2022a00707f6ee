"""The closest balanced flows, market by market, in a dense and a sparse reconstruction.

A market is a set of materials that replace one another together with the stages that take them. Inside it every
supplier's output and every consumer's need is met by the flows closest to the prior; what cannot be met is a
residual, shown and never plugged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum  # exact, so that every Python adds to the same last digit

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.build.places import Places
from graphmodel.build.prior import prior
from graphmodel.build.recipes import Group, Recipes
from graphmodel.build.sizing import Sized
from graphmodel.build.sources import Sources
from graphmodel.errors import ConvergenceError, SchemaError
from graphmodel.kernels.balance import prune, sparse_fit
from graphmodel.kernels.market import NOTHING, closest_flows

KEPT = 0.991
"""Share of each material's flow that the kept edges carry before the cut part is routed again.

A little above the 99 % promised, as routing again may empty one of them.
"""
MINOR_SHARE = 1e-3
"""Weight of an input a product's mix leaves out: possible, but not expected."""
DIGITS = 12
"""Significant digits of a shipped flow: finer than any balance is checked, coarse enough to repeat."""


@dataclass(frozen=True)
class Flows:
    """Edges of both reconstructions, needs, and the closure of every market."""

    dense: pd.DataFrame
    sparse: pd.DataFrame
    needs: pd.DataFrame
    """node_id, country, stage, item, product, quantity: need of each input group for each product."""
    markets: pd.DataFrame
    """market, material, supply, need (of the market, common unit), cut: share of the flow on edges left out."""


def balance(sources: Sources, recipes: Recipes, sized: Sized, places: Places) -> Flows:
    """Fit the flows of every market.

    Raises
    ------
    SchemaError
        If inputs of one market replace one another in different proportions at different stages.
    ConvergenceError
        If a market cannot be balanced, naming its worst node.
    """
    needs = node_needs(recipes, sized.outputs)
    dense, sparse, closure = [], [], []
    for market in _markets(sources, recipes):
        edges, thin, row = _fit(sources, recipes, _part(market, sized.outputs, needs), places)
        dense.append(edges)
        sparse.append(thin)
        closure.append(row)
    columns = ["source", "target", "material", "quantity", "basis", "reference", "evidence"]
    return Flows(_finished(dense, columns), _finished(sparse, columns), needs, pd.concat(closure, ignore_index=True))


def node_needs(recipes: Recipes, outputs: pd.DataFrame) -> pd.DataFrame:
    """List what each node needs of each input group, in units of the group's reference input."""
    columns = ["node_id", "country", "stage", "item", "product", "quantity"]
    rows = [
        (row.node_id, row.country, group.stage, group.name, row.material, group.base[row.material] * row.quantity)
        for row in outputs.itertuples()
        for group in recipes.groups(row.stage, row.material)
    ]
    table = pd.DataFrame(rows, columns=columns)
    return table[table["quantity"] > 0].sort_values(["node_id", "item", "product"]).reset_index(drop=True)


@dataclass(frozen=True)
class _Market:
    """Materials and groups joined by substitution."""

    name: str
    materials: list[str]
    groups: list[Group]
    relative: dict[str, float]


@dataclass(frozen=True)
class _Part:
    """A market with its suppliers and consumers."""

    market: _Market
    suppliers: pd.DataFrame
    consumers: pd.DataFrame
    groups: dict[tuple[str, str], Group]


def _markets(sources: Sources, recipes: Recipes) -> Iterator[_Market]:
    """Join groups that share a material."""
    left = list(recipes.all)
    while left:
        groups = [left.pop(0)]
        materials = set(groups[0].relative)
        while more := [group for group in left if materials & set(group.relative)]:
            for group in more:
                left.remove(group)
                groups.append(group)
                materials |= set(group.relative)
        relative: dict[str, float] = {}
        for group in groups:
            for material, value in group.relative.items():
                if abs(relative.setdefault(material, value) / value - 1) > 1e-6:
                    recipe = sources["recipes"]
                    at = recipe.index[(recipe["stage"] == group.stage) & (recipe["input"] == material)][0]
                    hint = "one material must replace the others in the same proportion at every stage"
                    raise SchemaError(
                        [sources.problem("recipes", int(at), "amount", f"of {material} does not fit its market:", hint)]
                    )
        yield _Market(" | ".join(sorted(materials)), sorted(materials), groups, relative)


def _part(market: _Market, outputs: pd.DataFrame, needs: pd.DataFrame) -> _Part:
    """Take the suppliers and consumers of a market, all in one common unit."""
    suppliers = outputs[outputs["material"].isin(market.materials)].copy()
    suppliers["quantity"] = suppliers["quantity"] / suppliers["material"].map(market.relative)
    wanted = {(group.stage, group.name): group for group in market.groups}
    mine = [(row.stage, row.item) in wanted for row in needs.itertuples()]
    return _Part(market, suppliers, needs[np.array(mine, dtype=bool)].copy(), wanted)


def _fit(
    sources: Sources, recipes: Recipes, part: _Part, places: Places
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    suppliers = part.suppliers.reset_index(drop=True).assign(position=lambda frame: frame.index)
    by_node = part.consumers.groupby(["node_id", "country", "stage", "item"], as_index=False, sort=True)[
        "quantity"
    ].sum()
    consumers = by_node.assign(position=by_node.index)
    supply, need = suppliers["quantity"].to_numpy(dtype=float), consumers["quantity"].to_numpy(dtype=float)
    closure = suppliers.groupby("material", sort=True)["quantity"].sum().rename("supply").reset_index()
    closure = closure.assign(market=part.market.name, market_supply=supply.sum(), market_need=need.sum(), cut=0.0)
    if not len(suppliers) or not len(consumers):
        return pd.DataFrame(), pd.DataFrame(), closure
    pairs = _pairs(sources, part, suppliers, consumers, places)
    i, j, weight = pairs["i"].to_numpy(), pairs["j"].to_numpy(), pairs["weight"].to_numpy(dtype=float)
    try:
        flow = _closest(i, j, weight, supply, need, _may_keep(suppliers, recipes, sources))
    except ConvergenceError as error:
        raise ConvergenceError(f"market {part.market.name}: {error}; {_worst(suppliers, consumers)}") from error
    shipped = np.bincount(i, weights=flow, minlength=len(supply)).astype(float)
    met = np.bincount(j, weights=flow, minlength=len(need)).astype(float)
    used = (shipped[i] > 0) & (met[j] > 0)
    kept, thin = np.zeros_like(flow), np.zeros_like(flow)
    form = pd.factorize(suppliers["material"])[0].astype(np.int64)[i]
    kept[used] = _clear(prune(flow[used], i[used], j[used], KEPT, kind=form[used]))
    unlikely = -np.log(weight[used] / (shipped[i] * met[j])[used])
    thin[used] = _clear(sparse_fit(i[used], j[used], unlikely, shipped, met))
    gone = pd.Series(np.where(kept > 0, 0.0, flow)).groupby(suppliers["material"].to_numpy()[i]).sum()
    whole = pd.Series(flow).groupby(suppliers["material"].to_numpy()[i]).sum()
    closure["cut"] = closure["material"].map(gone / whole.where(whole > 0)).fillna(0.0)
    return _edges(pairs, kept, part, suppliers, consumers), _edges(pairs, thin, part, suppliers, consumers), closure


def _clear(flow: FloatArray) -> FloatArray:
    """Leave out what is next to nothing: such an edge would come and go with the rounding of the machine."""
    return np.where(flow > NOTHING * flow.sum(), flow, 0.0)


def _may_keep(suppliers: pd.DataFrame, recipes: Recipes, sources: Sources) -> BoolArray:
    """Suppliers that may be left with a residual: not those that made only what the feed of their country allows."""
    sized_by = sources.keyed["materials"]["sized_by"]
    from_feed = [
        sized_by[row.material] == "input" and row.stage in recipes.stages_making(row.material)
        for row in suppliers.itertuples()
    ]
    return ~np.array(from_feed, dtype=bool)


def _closest(
    i: IntArray, j: IntArray, weight: FloatArray, supply: FloatArray, need: FloatArray, may_keep: BoolArray
) -> FloatArray:
    """Closest flows; where they cannot leave the residual with those who may keep it, anyone may."""
    try:
        return closest_flows(i, j, weight, supply, need, may_keep=may_keep)
    except ConvergenceError:
        return closest_flows(i, j, weight, supply, need)


def _worst(suppliers: pd.DataFrame, consumers: pd.DataFrame) -> str:
    big = suppliers.nlargest(1, "quantity").iloc[0]
    need = consumers.nlargest(1, "quantity").iloc[0]
    return f"largest supplier {big['node_id']}, largest consumer {need['node_id']}"


def _pairs(
    sources: Sources, part: _Part, suppliers: pd.DataFrame, consumers: pd.DataFrame, places: Places
) -> pd.DataFrame:
    """All permitted pairs of the market with their prior, one material after another."""
    traded = sources.keyed["materials"]["traded"]
    frames = []
    for material, rows in suppliers.groupby("material", sort=True):
        relative = part.market.relative[str(material)]
        trade, contracts = (_of(sources[name], str(material), relative) for name in ("trade", "contracts"))
        wanting = _wanting(sources, part, consumers, str(material))
        found = prior(rows, wanting, trade, contracts, places, traded=traded[material] != "no")
        frames.append(
            pd.DataFrame(
                {
                    "i": found.supplier,
                    "j": found.consumer,
                    "weight": found.weight,
                    "basis": found.basis,
                    "reference": found.reference,
                    "evidence": found.evidence,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _wanting(sources: Sources, part: _Part, consumers: pd.DataFrame, material: str) -> pd.DataFrame:
    """Consumers that can take a material, weighed by what their products take of it where a mix is given."""
    weight: dict[tuple[str, str], float] = {}
    for row in part.consumers.itertuples():
        group = part.groups[(row.stage, row.item)]
        if material in group.relative:
            mix = sources.mix(row.stage, row.product, row.country)
            share = (
                mix.get(material, 0.0) / fsum(mix.get(m, 0.0) for m in group.inputs)
                if set(mix) & set(group.inputs)
                else 1.0
            )
            key = (row.node_id, row.item)
            weight[key] = weight.get(key, 0.0) + row.quantity * max(share, MINOR_SHARE)
    keys = list(zip(consumers["node_id"], consumers["item"], strict=True))
    takes = [key in weight for key in keys]
    return consumers[takes].assign(quantity=[weight[key] for key in keys if key in weight])


def _of(table: pd.DataFrame, material: str, relative: float) -> pd.DataFrame:
    rows = table[table["material"] == material]
    return rows.assign(quantity=rows["quantity"] / relative)


def _edges(
    pairs: pd.DataFrame, flow: FloatArray, part: _Part, suppliers: pd.DataFrame, consumers: pd.DataFrame
) -> pd.DataFrame:
    """Turn kept flows into edges in the unit of their material."""
    kept = flow > 0
    rows = pairs[kept]
    i, j = rows["i"].to_numpy(), rows["j"].to_numpy()
    material = suppliers["material"].to_numpy()[i]
    relative = pd.Series(material).map(part.market.relative).to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "source": suppliers["node_id"].to_numpy()[i],
            "target": consumers["node_id"].to_numpy()[j],
            "material": material,
            "quantity": flow[kept] * relative,
            "basis": rows["basis"].to_numpy(),
            "reference": rows["reference"].to_numpy(),
            "evidence": rows["evidence"].to_numpy(),
        }
    )


def _finished(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    table = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)[columns]
    table["quantity"] = [float(f"{value:.{DIGITS}g}") for value in table["quantity"]]
    return table.sort_values(["material", "source", "target"]).reset_index(drop=True)
