"""How much each node could make: its nameplate, or its output over the utilisation of its stage."""

from __future__ import annotations

import pandas as pd

from graphmodel.build.sources import Sources
from graphmodel.schema import EVIDENCE

NOT_AT_ONCE = ("ramp-up", "suspended", "stopped")
"""First words of the states of a plant whose idle capacity nobody can call on within weeks."""


def capacities(sources: Sources, made: pd.DataFrame, status: pd.Series) -> pd.DataFrame:
    """Return capacity, its reference and its grade, and what of it is idle but cannot be used at once.

    Parameters
    ----------
    sources : Sources
    made : DataFrame
        ``node_id``, ``stage``, ``mineral``, ``material``, ``country``, ``quantity`` and the plant's own ``capacity``;
        the rows of one node share a unit.
    status : Series
        State of each node, by node.

    Returns
    -------
    DataFrame
        By node: ``capacity``, nan unless that of all its forms is known; ``spare``, zero where the plant is being run
        in or stands still and unknown elsewhere; ``capacity_reference`` and ``capacity_evidence``, those of the form
        that is graded weakest.

    Notes
    -----
    A nameplate goes before a utilisation, also where the output has passed it.
    """
    forms = pd.concat([_nameplates(sources, made), _by_utilisation(sources, made)])
    forms = made[["node_id", "material"]].merge(forms, on=["node_id", "material"], how="left")
    forms["grade"] = forms["capacity_evidence"].map({grade: rank for rank, grade in enumerate(EVIDENCE)})
    weakest = forms.sort_values("grade", ascending=False, kind="stable", na_position="first").drop_duplicates("node_id")
    table = weakest.set_index("node_id")[["capacity_reference", "capacity_evidence"]].fillna("")
    table.insert(0, "capacity", forms.groupby("node_id")["capacity"].agg(lambda column: column.sum(skipna=False)))
    waits = status.reindex(table.index).fillna("").str.startswith(NOT_AT_ONCE)
    table.insert(1, "spare", pd.Series(0.0, index=table.index).where(waits))
    return table


def _nameplates(sources: Sources, made: pd.DataFrame) -> pd.DataFrame:
    """Give what plants could make of each form by their own account."""
    known = made.loc[made["capacity"].notna(), ["node_id", "material", "capacity"]]
    graded = sources["plant_outputs"][["node_id", "material", "reference", "evidence"]]
    return _described(known.merge(graded, on=["node_id", "material"], how="left"))


def _by_utilisation(sources: Sources, made: pd.DataFrame) -> pd.DataFrame:
    """Give what the others could make of each form, had they run at capacity; the most special row decides."""
    rows = sources.keyed["utilisation"]
    found = []
    for row in made[made["capacity"].isna()].itertuples():
        choices = [(row.stage, row.mineral, form, place) for form in (row.material, "") for place in (row.country, "")]
        key = next((choice for choice in choices if choice in rows.index), None)
        if key is not None:
            used = rows.loc[key]
            found.append((row.node_id, row.material, row.quantity / used.utilisation, used.reference, used.evidence))
    return _described(pd.DataFrame(found, columns=["node_id", "material", "capacity", "reference", "evidence"]))


def _described(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.rename(columns={name: f"capacity_{name}" for name in ("reference", "evidence")})
