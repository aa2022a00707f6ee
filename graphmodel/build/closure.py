"""How well the network closes: supply against need, what flows rest on, and which large flows are only estimated."""

from __future__ import annotations

import pandas as pd

from graphmodel.build.flows import Flows
from graphmodel.build.recipes import Recipes
from graphmodel.build.sizing import Sized
from graphmodel.build.sources import Sources
from graphmodel.schema import BASES

LARGE = 0.05
"""Share of a material's flow from which an estimated country pair is listed."""


SAME = 1e-6
"""Relative gap below which supply and need are the same number."""


def closure_table(
    sources: Sources, recipes: Recipes, sized: Sized, flows: Flows, balances: pd.DataFrame
) -> pd.DataFrame:
    """Supply, need, residual and sidedness of every material that flows.

    Returns
    -------
    DataFrame
        ``supply``: what is made; ``shipped``: what edges carry; ``residual``: made but not shipped;
        ``need_residual_share``: share of the market's need no supplier meets; ``sided``: two-sided where supply
        and need come from different references, else one-sided; ``cut``: share of flow on the small edges
        that were left out.
    """
    materials = sources.keyed["materials"]
    made = balances[balances["side"] == "output"].groupby("item")[["quantity", "residual"]].sum()
    market = flows.markets.groupby("material").agg(
        market=("market", "first"), supply=("market_supply", "sum"), need=("market_need", "sum"), cut=("cut", "max")
    )
    rows = []
    for material, row in made.iterrows():
        needs_met = market.loc[material]
        rows.append(
            {
                "material": material,
                "unit": materials.loc[material, "unit"],
                "supply": row["quantity"],
                "shipped": row["quantity"] - row["residual"],
                "residual": row["residual"],
                "residual_share": row["residual"] / row["quantity"],
                "need_residual_share": _short(needs_met["supply"], needs_met["need"]),
                "sided": _sided(sources, sized, recipes, str(material), needs_met["supply"] / needs_met["need"] - 1),
                "controls": _references_of(sized, str(material)),
                "cut": needs_met["cut"],
            }
        )
    order = sources.keyed["stages"]["order"]
    table = pd.DataFrame(rows)
    rank = table["material"].map(materials["stage"]).map(order)
    return table.assign(rank=rank).sort_values(["rank", "material"]).drop(columns="rank").reset_index(drop=True)


def _short(supply: float, need: float) -> float:
    """Share of a need that supply does not reach."""
    gap = 1 - supply / need if need else 0.0
    return gap if gap > SAME else 0.0


def _sided(sources: Sources, sized: Sized, recipes: Recipes, material: str, gap: float) -> str:
    """Two-sided where supply rests on a control and need on another: neither was derived from the other.

    Totals that agree to the last digit were derived from one another, whatever their references say; so were those
    that the sources call fitted.
    """
    if abs(gap) < SAME or sources.keyed["materials"].loc[material, "fitted"] == "yes":
        return "one-sided"
    sized_by = sources.keyed["materials"]["sized_by"]
    cells = sized.cells[sized.cells["material"] == material]
    from_feed = cells["stage"].isin(recipes.stages_making(material)) & (sized_by[material] == "input")
    if sized_by[material] == "need" or from_feed.all():
        return "one-sided"
    takers = {output for group in recipes.taking(material) for output in group.base if sized_by[output] != "input"}
    supply = set(_references_of(sized, material).split("; "))
    need = {reference for taker in takers for reference in _references_of(sized, taker).split("; ")}
    return "two-sided" if need - supply else "one-sided"


def _references_of(sized: Sized, material: str) -> str:
    cells = sized.cells[sized.cells["material"] == material]
    by_total = cells.groupby("reference")["total"].sum().sort_values(ascending=False, kind="stable")
    return "; ".join(map(str, by_total.index[:3]))


def basis_table(edges: pd.DataFrame) -> pd.DataFrame:
    """Share of each material's flow on each basis, and the number of its edges."""
    total = edges.groupby("material")["quantity"].sum()
    share = edges.pivot_table(index="material", columns="basis", values="quantity", aggfunc="sum", fill_value=0.0)
    table = share.reindex(columns=list(BASES), fill_value=0.0).div(total, axis=0)
    return table.assign(n_edges=edges.groupby("material").size()).reset_index()


def large_estimates(edges: pd.DataFrame, nodes: pd.DataFrame, traded: pd.Series) -> pd.DataFrame:
    """Country pairs above a twentieth of a material's flow that rest on an estimate alone.

    Materials that do not cross borders are left out: their country pair is not in question.
    """
    edges = edges[edges["material"].map(traded) != "no"]
    country = nodes.set_index("node_id")["country"]
    pairs = edges.assign(exporter=edges["source"].map(country), importer=edges["target"].map(country))
    pairs["estimated"] = pairs["quantity"].where(pairs["basis"] == "estimated", 0.0)
    grouped = pairs.groupby(["material", "exporter", "importer"], as_index=False)[["quantity", "estimated"]].sum()
    grouped["share"] = grouped["quantity"] / grouped.groupby("material")["quantity"].transform("sum")
    large = grouped[(grouped["share"] > LARGE) & (grouped["estimated"] >= 0.999 * grouped["quantity"])]
    table = large[["material", "exporter", "importer", "quantity", "share"]]
    return table.sort_values(["material", "share"], ascending=[True, False]).reset_index(drop=True)
