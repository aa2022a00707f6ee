"""From sized nodes and fitted flows to the tables of a data package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel.build.closure import basis_table, closure_table, large_estimates
from graphmodel.build.consistency import require_consistent
from graphmodel.build.flows import DIGITS, Flows, balance
from graphmodel.build.places import Places
from graphmodel.build.recipes import Recipes
from graphmodel.build.sizing import Sized, size
from graphmodel.build.sources import Sources
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
        "nodes": _nodes(sources, sized, places),
        "materials": _like("materials", sources["materials"]).sort_values("material"),
        "composition": _like("composition", sources["composition"]).sort_values(["material", "mineral"]),
        "recipes": _like("recipes", recipes.table).sort_values(["stage", "output", "input"]),
        "coproducts": _like("coproducts", sources["coproducts"]).sort_values(["stage", "host", "companion"]),
        "owners": _owners(sources, sized),
    }
    low, high = _bounds(flows)
    dense = {
        **shared,
        "edges": _edges(flows.dense, low, high),
        "balances": balances(recipes, sized, flows, flows.dense),
    }
    sparse = {
        **shared,
        "edges": _edges(flows.sparse, low, high),
        "balances": balances(recipes, sized, flows, flows.sparse),
    }
    extra = {
        "references": _references(sources),
        "controls": _controls(sources, sized),
        "closure": closure_table(sources, recipes, sized, flows, dense["balances"]),
        "basis": basis_table(dense["edges"]),
        "large_estimates": large_estimates(
            dense["edges"], dense["nodes"], sources["materials"].set_index("material")["traded"]
        ),
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


def _nodes(sources: Sources, sized: Sized, places: Places) -> pd.DataFrame:
    """Plants as curated, and one node for every remainder, demand and stock."""
    plants = sources["plants"].set_index("node_id")
    mineral, unit = (sources["materials"].set_index("material")[name] for name in ("mineral", "unit"))
    cells = sized.cells.set_index(["stage", "material", "country"])
    rows = []
    for node_id, made in sized.outputs.groupby("node_id", sort=True):
        controlled = [key in cells.index for key in zip(made["stage"], made["material"], made["country"], strict=True)]
        first = (made[controlled] if any(controlled) else made).sort_values("quantity", ascending=False).iloc[0]
        own = _main_mineral(sources, str(node_id), first, plants, mineral)
        main = made[made["material"].map(mineral) == own]
        main = main[main["material"].map(unit) == unit[main.loc[main["quantity"].idxmax(), "material"]]]
        output = {"node_id": node_id, "mineral": own, "output": float(main["quantity"].sum())}
        if node_id in plants.index:
            rows.append({**output, **_facility(sources, str(node_id), plants.loc[node_id], main)})
        else:
            cell = cells.loc[(first["stage"], first["material"], first["country"])]
            rows.append({**output, **_unnamed(sources, places, first, cell)})
    return pd.DataFrame(rows).sort_values("node_id").reset_index(drop=True)


def _facility(sources: Sources, node_id: str, plant: pd.Series, main: pd.DataFrame) -> dict[str, object]:
    """Describe a named plant; reference and evidence are those of its main output, the site has its own.

    Its capacity is known only where that of every main output is.
    """
    stated = sources["plant_outputs"].set_index(["node_id", "material"])
    largest = stated.loc[(node_id, main.sort_values("quantity")["material"].iloc[-1])]
    kept = ["name", "operator", "stage", "country", "control", "status", "start_year", "lat", "lon"]
    return {
        **plant[kept],
        "kind": "facility",
        "cluster": plant["cluster"] or "no",
        "capacity": stated["capacity"].reindex([(node_id, m) for m in main["material"]]).sum(skipna=False),
        "reference": largest["reference"],
        "evidence": largest["evidence"],
        "site_reference": plant["reference"],
    }


def _unnamed(sources: Sources, places: Places, first: pd.Series, cell: pd.Series) -> dict[str, object]:
    """Describe a remainder, a demand or a stock."""
    stage = sources["stages"].set_index("stage").loc[first["stage"]]
    kind = {"sink": "demand", "stock": "stock"}.get(stage["role"], "remainder")
    materials = sources["materials"].set_index("material")
    first_label = materials.loc[first["material"], "label"]
    what = f"Other {_trade(first, materials, str(stage['label']))}" if kind == "remainder" else first_label
    return {
        "name": f"{what}, {places.name(first['country'])}",
        "kind": kind,
        "stage": first["stage"],
        "country": first["country"],
        "control": first["country"] if kind == "demand" else "",
        "capacity": np.nan,
        "cluster": "yes" if kind == "remainder" else "no",
        "reference": cell["reference"],
        "evidence": "derived" if kind == "remainder" else cell["evidence"],
        "site_reference": "",
    }


def _trade(first: pd.Series, materials: pd.DataFrame, stage: str) -> str:
    """Say what a remainder does: "copper refining", or "cathode" where a product family adds nothing to the stage."""
    material = materials.loc[first["material"]]
    words = str(material["mineral"]).replace("-", " ")
    return f"{words} {stage.lower()}" if str(material["unit"]).startswith("t ") else stage.lower()


def _main_mineral(sources: Sources, node_id: str, first: pd.Series, plants: pd.DataFrame, mineral: pd.Series) -> str:
    """The mineral a node's capacity and output are given in: its chain's own, else its largest."""
    if node_id in plants.index:
        chain = str(plants.loc[node_id, "chain"])
        own = sources["plant_outputs"]
        if chain in set(own.loc[own["node_id"] == node_id, "material"].map(mineral)):
            return chain
    return str(mineral[first["material"]])


def _owners(sources: Sources, sized: Sized) -> pd.DataFrame:
    owners = _like("owners", sources["owners"])
    return owners[owners["node_id"].isin(sized.outputs["node_id"])].sort_values(["node_id", "owner"])


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
    unit = sources["materials"].set_index("material")["unit"]
    mineral = sources["materials"].set_index("material")["mineral"]
    cells = sized.cells.assign(unit=sized.cells["material"].map(unit), mineral=sized.cells["material"].map(mineral))
    cells["low"], cells["high"] = _spread(sources["controls"].query("role == 'bound' and unit != 'share'"), cells)
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
    """Low and high of each total: bounds of its form, or of all forms of its mineral in proportion; nan where none."""
    low, high = np.full(len(cells), np.nan), np.full(len(cells), np.nan)
    for what, rows in (("material", bounds[bounds["material"] != ""]), ("mineral", bounds[bounds["material"] == ""])):
        keys = ["stage", what, "country", "unit"]
        found = rows.groupby(keys)["quantity"].agg(["min", "max"]).reindex(pd.MultiIndex.from_frame(cells[keys]))
        share = (cells["total"] / cells.groupby(keys)["total"].transform("sum")).to_numpy(dtype=float)
        low = np.fmin(low, found["min"].to_numpy(dtype=float) * share)
        high = np.fmax(high, found["max"].to_numpy(dtype=float) * share)
    known, total = ~np.isnan(low), cells["total"].to_numpy(dtype=float)
    return np.where(known, np.fmin(low, total), np.nan), np.where(known, np.fmax(high, total), np.nan)
