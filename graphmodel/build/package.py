"""From sized nodes and fitted flows to the tables of a data package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel.build.closure import basis_table, closure_table, large_estimates
from graphmodel.build.consistency import require_consistent
from graphmodel.build.flows import DIGITS, Flows, balance
from graphmodel.build.nodes import node_table
from graphmodel.build.places import Places
from graphmodel.build.recipes import Recipes
from graphmodel.build.routes import route_table
from graphmodel.build.sizing import Sized, size
from graphmodel.build.sources import SHARE, Sources
from graphmodel.schema import TABLES

OWN_REFERENCE = "graphmodel-closure"
"""Reference of what the builder itself derives: remainders and estimated flows."""


@dataclass(frozen=True)
class Package:
    """Everything a build makes: both networks' tables and the tables that say how well they close."""

    dense: Mapping[str, pd.DataFrame]
    sparse: Mapping[str, pd.DataFrame]
    extra: Mapping[str, pd.DataFrame]


def assemble(sources: Sources, places: Places) -> Package:
    """Build the network of all chains in ``sources``.

    Raises
    ------
    SchemaError
        If the sources contradict each other; nothing is made.
    ConvergenceError
        If flows cannot be balanced.
    """
    require_consistent(sources)
    recipes = Recipes(sources)
    sized = size(sources, recipes, places)
    flows = balance(sources, recipes, sized, places)
    shared = {
        "stages": sources["stages"].drop(columns="chain", errors="ignore").sort_values("order"),
        "nodes": node_table(sources, sized, places),
        "materials": _like("materials", sources["materials"]).sort_values("material"),
        "composition": _like("composition", sources["composition"]).sort_values(["material", "mineral"]),
        "recipes": _like("recipes", recipes.table).sort_values(["stage", "output", "input"]),
        "coproducts": _like("coproducts", sources["coproducts"]).sort_values(["stage", "host", "companion"]),
        "owners": _owners(sources, sized),
        "stocks": _stocks(sources, sized),
    }
    low, high = _bounds(flows)
    dense = {
        **shared,
        "edges": _edges(flows.dense, low, high),
        "balances": balances(recipes, sized, flows, flows.dense),
        "routes": route_table(sources, shared["nodes"], flows.dense),
    }
    sparse = {
        **shared,
        "edges": _edges(flows.sparse, low, high),
        "balances": balances(recipes, sized, flows, flows.sparse),
        "routes": route_table(sources, shared["nodes"], flows.sparse),
    }
    extra = {
        "references": _references(sources),
        "controls": _controls(sources, sized),
        "closure": closure_table(sources, recipes, sized, flows, dense["balances"]),
        "basis": basis_table(dense["edges"]),
        "large_estimates": large_estimates(dense["edges"], dense["nodes"], sources.keyed["materials"]["traded"]),
    }
    return Package(_rounded_tables(dense), _rounded_tables(sparse), _rounded_tables(extra))


def _rounded_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Cut what follows the last meaningful digit, so that the bytes do not depend on the machine that built them."""
    return {name: frame.apply(_rounded_column) for name, frame in tables.items()}


def _rounded_column(column: pd.Series) -> pd.Series:
    if column.dtype.kind != "f":
        return column
    return column.map(lambda value: _rounded(value) if np.isfinite(value) else value)


def _like(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the columns the schema of a network knows."""
    return frame[[column.name for column in TABLES[name].columns if column.name in frame]]


def _owners(sources: Sources, sized: Sized) -> pd.DataFrame:
    owners = _like("owners", sources["owners"])
    return owners[owners["node_id"].isin(sized.outputs["node_id"])].sort_values(["node_id", "owner"])


def _stocks(sources: Sources, sized: Sized) -> pd.DataFrame:
    stocks = _like("stocks", sources["stocks"])
    there = (stocks["node_id"] == "") | stocks["node_id"].isin(sized.outputs["node_id"])
    return stocks[there].sort_values(list(TABLES["stocks"].key))


def _bounds(flows: Flows) -> tuple[pd.Series, pd.Series]:
    """Low and high of each flow: the smaller and larger of the two reconstructions."""
    key = ["source", "target", "material"]
    both = (
        flows.dense.set_index(key)["quantity"]
        .to_frame("dense")
        .join(flows.sparse.set_index(key)["quantity"].rename("sparse"), how="outer")
        .fillna(0.0)
    )
    return both.min(axis=1), both.max(axis=1)


def _edges(flow: pd.DataFrame, low: pd.Series, high: pd.Series) -> pd.DataFrame:
    index = pd.MultiIndex.from_frame(flow[["source", "target", "material"]])
    edges = flow.assign(low=low.loc[index].to_numpy(), high=high.loc[index].to_numpy())
    edges["reference"] = edges["reference"].where(edges["reference"] != "", OWN_REFERENCE)
    edges["edge_id"] = edges["material"] + ":" + edges["source"] + ":" + edges["target"]
    columns = ["edge_id", "source", "target", "material", "quantity", "low", "high", "basis", "reference", "evidence"]
    return edges[columns].sort_values("edge_id").reset_index(drop=True)


def balances(recipes: Recipes, sized: Sized, flows: Flows, edges: pd.DataFrame) -> pd.DataFrame:
    """List what every node makes and needs, and the part its edges do not carry."""
    sent = edges.groupby(["source", "material"])["quantity"].sum()
    sinks = {row.node_id for row in sized.outputs.itertuples() if not _leaves(recipes, row.material)}
    rows = []
    for row in sized.outputs.itertuples():
        quantity = _rounded(row.quantity)
        if row.node_id in sinks:
            rows.append((row.node_id, "demand", row.material, quantity, 0.0))
            continue
        rows.append(
            (
                row.node_id,
                "output",
                row.material,
                quantity,
                max(quantity - float(sent.get((row.node_id, row.material), 0.0)), 0.0),
            )
        )
    slot = {
        (row.node_id, material): (group.name, value)
        for row in sized.outputs.itertuples()
        for group in recipes.groups(row.stage, row.material)
        for material, value in group.relative.items()
    }
    got: dict[tuple[str, str], float] = {}
    for row in edges.itertuples():
        name, value = slot[(row.target, row.material)]
        got[(row.target, name)] = got.get((row.target, name), 0.0) + row.quantity / value
    whole = flows.needs.groupby(["node_id", "item"], as_index=False, sort=True)["quantity"].sum()
    for row in whole.itertuples():
        quantity = _rounded(row.quantity)
        rows.append(
            (row.node_id, "input", row.item, quantity, max(quantity - got.get((row.node_id, row.item), 0.0), 0.0))
        )
    table = pd.DataFrame(rows, columns=["node_id", "side", "item", "quantity", "residual"])
    table["residual"] = table["residual"].where(table["residual"] > 1e-10 * table["quantity"], 0.0)
    return table.sort_values(["node_id", "side", "item"]).reset_index(drop=True)


def _leaves(recipes: Recipes, material: str) -> bool:
    return any(material in group.relative for group in recipes.all)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _references(sources: Sources) -> pd.DataFrame:
    own = {
        "reference": OWN_REFERENCE,
        "citation": "graphmodel, closest balanced flows and remainders of country totals (docs/methods/closure)",
    }
    theirs = sources["references"].drop(columns="chain")
    table = pd.concat([theirs, pd.DataFrame([own]).reindex(columns=theirs.columns)], ignore_index=True)
    words = [column for column in table if column != "year"]
    table[words] = table[words].astype(object).fillna("")
    return table.sort_values("reference").reset_index(drop=True)


def _controls(sources: Sources, sized: Sized) -> pd.DataFrame:
    """The totals used, what named plants make of them, and the bounds other sources give."""
    unit = sources.keyed["materials"]["unit"]
    mineral = sources.keyed["materials"]["mineral"]
    cells = sized.cells.assign(unit=sized.cells["material"].map(unit), mineral=sized.cells["material"].map(mineral))
    cells["low"], cells["high"] = _spread(sources["controls"].query("role == 'bound'"), cells)
    columns = [
        "stage",
        "material",
        "mineral",
        "country",
        "total",
        "low",
        "high",
        "unit",
        "named",
        "scale",
        "remainder",
        "reference",
        "evidence",
    ]
    return cells[columns].sort_values(["stage", "material", "country"]).reset_index(drop=True)


def _spread(bounds: pd.DataFrame, cells: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of each total: bounds of its form, or of all forms of its mineral in proportion; nan where none.

    A bound given as a share is taken of the world total of the same forms.
    """
    low, high = np.full(len(cells), np.nan), np.full(len(cells), np.nan)
    for what, rows in (("material", bounds[bounds["material"] != ""]), ("mineral", bounds[bounds["material"] == ""])):
        keys = ["stage", what, "country", "unit"]
        part = (cells["total"] / cells.groupby(keys)["total"].transform("sum")).to_numpy(dtype=float)
        world = cells.groupby(["stage", what, "unit"])["total"].transform("sum").to_numpy(dtype=float)
        index = pd.MultiIndex.from_frame(cells[keys])
        of_world = pd.MultiIndex.from_frame(cells[keys].assign(unit=SHARE))
        spread = rows.groupby(keys)["quantity"].agg(["min", "max"])
        for found, scale in ((spread.reindex(index), part), (spread.reindex(of_world), part * world)):
            low = np.fmin(low, found["min"].to_numpy(dtype=float) * scale)
            high = np.fmax(high, found["max"].to_numpy(dtype=float) * scale)
    known, total = ~np.isnan(low), cells["total"].to_numpy(dtype=float)
    return np.where(known, np.fmin(low, total), np.nan), np.where(known, np.fmax(high, total), np.nan)
