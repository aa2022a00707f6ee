"""What the page knows of a network: its tables and the arrays of the frozen response, as plain columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from graphmodel import datasets
from graphmodel.analysis.inputs import frozen_processes
from graphmodel.analysis.remaining import kernel_recipes, removable, scenario_cut
from graphmodel.kernels.cascade import ARRAY_ROUNDS, shares
from graphmodel.kernels.cascade_loops import LAST_DIGIT
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.places import country_names
from graphmodel.plot.words import material_words, stage_words
from graphmodel.processes import Processes

MOST_EDGES = 1_000_000
"""Flows up to which a browser works out a loss; of a larger network the page shows the facts alone."""

FACTS = ("name", "kind", "stage", "country", "control", "status", "evidence", "operator")
NUMBERS = ("capacity", "output", "start_year")
REFERENCES = ("reference", "site_reference", "capacity_reference")

TOLERANCE, ROUNDS = 1e-10, 10_000
"""As in `graphmodel.kernels.cascade.frozen`."""


def gather(network: Network, data: str | None) -> dict[str, Any]:
    """Gather the page's content; ``data`` names the data set whose references are looked up."""
    work = frozen_processes(network)
    nodes, edges = network.nodes, network.edges
    known = network.table("materials")["material"].astype(str)
    materials = sorted({*edges["material"].astype(str), *map(str, work.product), *known})
    code = {material: place for place, material in enumerate(materials)}
    product = np.array([code[str(name)] for name in work.product], dtype=np.int64)
    return {
        "name": network.name,
        "title": str(network.description.get("title", "") or network.name),
        "year": str(network.description.get("year", "")),
        "fingerprint": network.fingerprint,
        "stages": _stages(network),
        "countries": _countries(nodes),
        "grey": look.GREY,
        "heat": [to_hex(look.HEAT(share)) for share in (0.0, 1 / 3, 2 / 3, 1.0)],
        "materials": _materials(network, materials),
        "holds": _holds(network, code),
        "nodes": _nodes(network),
        "edges": {
            "source": network.source.tolist(),
            "target": network.target.tolist(),
            "material": [code[str(name)] for name in edges["material"]],
            "quantity": _numbers(edges["quantity"]),
            "basis": _text(edges["basis"]),
            "evidence": _text(edges["evidence"]),
            "reference": _text(edges["reference"]),
        },
        "processes": {"node": work.node.tolist(), "product": product.tolist(), "output": _numbers(work.output)},
        "demand": {
            "process": work.demand["process"].tolist(),
            "quantity": _numbers(work.demand["quantity"]),
        },
        "frozen": _frozen(network, work) if network.n_edges <= MOST_EDGES else None,
        "references": _references(network, data),
    }


def _frozen(network: Network, work: Processes) -> dict[str, Any]:
    """The processes as the kernel takes them, what a scenario has cut already, and when to stop."""
    cut, limit = scenario_cut(network, work)
    recipes, shortfall = shares(kernel_recipes(work), limit)
    return {
        "slot_indptr": recipes.slot_indptr.tolist(),
        "supplier": recipes.edge_supplier.tolist(),
        "share": recipes.edge_share.tolist(),
        "shortfall": shortfall.tolist(),
        "process_indptr": recipes.process_indptr.tolist(),
        "process_slot": recipes.process_slot.tolist(),
        "cut": cut.tolist(),
        "last_digit": LAST_DIGIT,
        "tolerance": TOLERANCE,
        "rounds": ROUNDS,
        "height_rounds": ARRAY_ROUNDS,
    }


def _stages(network: Network) -> list[dict[str, Any]]:
    """Stages that hold nodes, in order, each with its colour."""
    stages = network.stages.sort_values("order", kind="stable")
    stages = stages[stages["stage"].isin(network.nodes["stage"])]
    words, styles = stage_words(network, lower=False), look.stage_styles(map(str, stages["stage"]))
    return [
        {
            "stage": str(row.stage),
            "label": words[str(row.stage)],
            "order": int(row.order),
            "role": str(row.role),
            "colour": styles[str(row.stage)][0],
        }
        for row in look.rows(stages)
    ]


def _countries(nodes: pd.DataFrame) -> dict[str, list[str]]:
    """Name and colour of every country that stands in a node."""
    used = sorted({*nodes["country"].astype(str), *nodes["control"].astype(str)} - {""})
    names = country_names()
    return {code: [names.get(code, code), look.country_colour(code)] for code in used}


def _materials(network: Network, materials: list[str]) -> dict[str, list[str]]:
    names = material_words(network)
    units = network.table("materials").set_index("material")["unit"]
    return {
        "id": materials,
        "label": [names.get(name, name) for name in materials],
        "unit": [str(units.get(name, "")) for name in materials],
    }


def _holds(network: Network, code: dict[str, int]) -> dict[str, dict[int, float]]:
    """Tonnes of each mineral in one unit of each material that holds any, or is a form of it."""
    materials = network.table("materials")
    holds = {}
    for mineral in network.minerals:
        amount = network.content(mineral).to_numpy(dtype=float)
        listed = (amount > 0) | (materials["mineral"] == mineral).to_numpy(dtype=bool)
        names = materials["material"].astype(str)[listed]
        holds[mineral] = {code[name]: float(held) for name, held in zip(names, amount[listed], strict=True)}
    return holds


def _nodes(network: Network) -> dict[str, list[Any]]:
    nodes = network.nodes
    columns: dict[str, list[Any]] = {"id": _text(nodes["node_id"])}
    columns |= {name: _text(nodes[name]) for name in FACTS if name in nodes}
    columns |= {name: _numbers(nodes[name]) for name in NUMBERS}
    columns["cluster"] = [int(flag == "yes") for flag in nodes["cluster"]]
    columns["owners"] = _owners(network)
    said = [_text(nodes[name]) for name in REFERENCES if name in nodes]
    columns["references"] = [_keys(keys) for keys in zip(*said, strict=True)]
    columns["removable"] = removable(network).astype(int).tolist()
    return columns


def _owners(network: Network) -> list[str]:
    """Owners of each node with country and share, largest first."""
    owners = network.table("owners").sort_values(["share", "owner"], ascending=[False, True], kind="stable")
    held: dict[str, list[str]] = {}
    for row in look.rows(owners):
        country = f" ({row.owner_country})" if row.owner_country else ""
        share = f" {look.percent(row.share)}" if pd.notna(row.share) else ""
        held.setdefault(str(row.node_id), []).append(f"{row.owner}{country}{share}")
    return ["; ".join(held.get(str(node), [])) for node in network.nodes["node_id"]]


def _references(network: Network, data: str | None) -> dict[str, list[str]]:
    """Citation and address of every reference a node or flow names, where the data set lists it."""
    name = data if data is not None else network.name.split(" with ")[0]
    if data is None and name not in set(datasets.available()["name"]):
        return {}
    listed = datasets.extras(name).get("references")
    if listed is None:
        return {}
    columns = [network.nodes[name] for name in REFERENCES if name in network.nodes] + [network.edges["reference"]]
    used = set(_keys(pd.unique(pd.concat(columns).astype(str))))
    rows = listed[listed["reference"].astype(str).isin(used)].astype(object).fillna("")
    return {
        str(row.reference): [str(row.citation), str(row.url) if re.match(r"https?://", str(row.url)) else ""]
        for row in look.rows(rows.reindex(columns=["reference", "citation", "url"], fill_value=""))
    }


def _keys(cells: Iterable[str]) -> list[str]:
    """Keys of references in cells that may hold several each, every one once."""
    return list(dict.fromkeys(key for cell in cells for key in cell.split("; ") if key))


def _text(column: pd.Series) -> list[str]:
    return [str(value) for value in column.astype(object).fillna("")]


def _numbers(column: Any) -> list[float | None]:
    """Numbers as they are, none where nothing is known."""
    values = np.asarray(column, dtype=float)
    return [float(value) if np.isfinite(value) else None for value in values]
