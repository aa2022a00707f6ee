"""The nodes table: plants as curated, and one node for every remainder, demand and stock."""

from __future__ import annotations

import pandas as pd

from graphmodel.build.capacity import capacities
from graphmodel.build.places import Places
from graphmodel.build.sizing import CELL, Sized
from graphmodel.build.sources import Sources

_CURATED = ["name", "operator", "stage", "country", "control", "status", "start_year", "lat", "lon"]


def node_table(sources: Sources, sized: Sized, places: Places) -> pd.DataFrame:
    """Describe every node that makes or wants something.

    Output and capacity add the forms of one mineral in the unit of the largest: the mineral of its chain where a plant
    makes that, else that of its largest output.
    """
    materials = sources.keyed["materials"]
    made = sized.outputs.join(materials[["mineral", "unit"]], on="material")
    cells = sized.cells.set_index(CELL)
    made["own_total"] = pd.MultiIndex.from_frame(made[CELL]).isin(cells.index)
    made = made.sort_values(["node_id", "own_total", "quantity"], ascending=[True, False, False], kind="stable")
    first = made.drop_duplicates("node_id").set_index("node_id")
    own = _own_mineral(sources, first)
    main = made[made["mineral"] == made["node_id"].map(own)]
    main = main.sort_values(["node_id", "quantity"], ascending=[True, False], kind="stable")
    largest = main.drop_duplicates("node_id").set_index("node_id")
    main = main[main["unit"] == main["node_id"].map(largest["unit"])]
    nodes = pd.DataFrame({"output": main.groupby("node_id")["quantity"].sum()})
    nodes = nodes.reindex(first.index)
    named = nodes.index.isin(sources["plants"]["node_id"])
    plants = _facilities(sources, largest.loc[nodes.index[named], "material"])
    others = _unnamed(sources, cells, first[~named], places)
    described = pd.concat([plants, others]).reindex(nodes.index)
    described = described.join(capacities(sources, main, described["status"]))
    return nodes.join(described).rename_axis("node_id").reset_index()


def _own_mineral(sources: Sources, first: pd.DataFrame) -> pd.Series:
    """Return the mineral a node's output is given in."""
    minerals = sources["plant_outputs"]["material"].map(sources.keyed["materials"]["mineral"])
    makes = set(zip(sources["plant_outputs"]["node_id"], minerals, strict=True))
    chain = sources.keyed["plants"]["chain"].reindex(first.index)
    of_chain = [pair in makes for pair in zip(first.index, chain, strict=True)]
    return first["mineral"].where(~pd.Series(of_chain, index=first.index, dtype=bool), chain)


def _facilities(sources: Sources, largest: pd.Series) -> pd.DataFrame:
    """Describe named plants; reference and evidence are those of their main output, the site has its own."""
    stated = sources.keyed["plant_outputs"]
    plants = sources.keyed["plants"].loc[largest.index]
    output = stated.loc[pd.MultiIndex.from_arrays([largest.index, largest])].set_axis(largest.index)
    return plants[_CURATED].assign(
        kind="facility",
        cluster=plants["cluster"].where(plants["cluster"] != "", "no"),
        reference=output["reference"],
        evidence=output["evidence"],
        site_reference=plants["reference"],
    )


def _unnamed(sources: Sources, cells: pd.DataFrame, first: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Describe remainders, demands and stocks."""
    stages, materials = sources.keyed["stages"], sources.keyed["materials"]
    kind = first["stage"].map(stages["role"]).map({"sink": "demand", "stock": "stock"}).fillna("remainder")
    rest = kind == "remainder"
    words = [_work(materials.loc[row.material], str(stages.loc[row.stage, "label"])) for row in first.itertuples()]
    what = ("Other " + pd.Series(words, index=first.index)).where(rest, first["material"].map(materials["label"]))
    cell = cells.loc[pd.MultiIndex.from_frame(first[CELL])].set_axis(first.index)
    return pd.DataFrame(
        {
            "name": what + ", " + first["country"].map(places.name),
            "kind": kind,
            "stage": first["stage"],
            "country": first["country"],
            "control": first["country"].where(kind == "demand", ""),
            "cluster": rest.map({True: "yes", False: "no"}),
            "reference": cell["reference"],
            "evidence": cell["evidence"].where(~rest, "derived"),
            "site_reference": "",
        }
    )


def _work(material: pd.Series, stage: str) -> str:
    """Say what a remainder does: "copper refining", or "cathode" where a product family adds nothing to the stage."""
    words = str(material["mineral"]).replace("-", " ")
    return f"{words} {stage.lower()}" if str(material["unit"]).startswith("t ") else stage.lower()
