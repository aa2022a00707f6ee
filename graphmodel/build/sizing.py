"""How much each node makes: country totals, named plants, and what is left of a country's stage.

Totals come from three places. A material sized by `control` takes the country totals of its named source;
one sized by `input` is made from whatever feed the same country supplies; one sized by `need` is made to the
amount the next stage needs, in the shares its source gives. Needs are therefore found from the last stage upwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum  # exact, so that every Python adds to the same last digit

import numpy as np
import pandas as pd

from graphmodel.build.places import Places
from graphmodel.build.recipes import Group, Recipes
from graphmodel.build.remainders import families, remainder_id
from graphmodel.build.sources import SHARE, Sources
from graphmodel.errors import SchemaError

SMALL_REMAINDER = 1e-3
"""A remainder below this share of its total is given to the named plants instead of a node of its own."""

CELL = ["stage", "material", "country"]


@dataclass(frozen=True)
class Sized:
    """Outputs that meet every control total."""

    outputs: pd.DataFrame
    """node_id, stage, material, country, quantity, capacity; one row a node and material."""
    cells: pd.DataFrame
    """stage, material, country, total, named, scale, remainder, reference, evidence; one row a control total."""


def size(sources: Sources, recipes: Recipes, places: Places) -> Sized:
    """Give every plant and every remainder its output.

    Raises
    ------
    SchemaError
        If a plant stands under no total, or a material has no total at all.
    """
    cells = _cells(sources, recipes)
    return _fill(sources, cells, places)


def _cells(sources: Sources, recipes: Recipes) -> pd.DataFrame:
    """Country totals of every material: controls, what feeds allow, what later stages need, co-products."""
    cells = _control_cells(sources)
    order = sources.keyed["stages"]["order"]
    materials = sources["materials"].assign(order=lambda frame: frame["stage"].map(order))
    left = materials[materials["sized_by"] == "input"].sort_values(["order", "material"])
    cells, left = _sized_by_input(sources, recipes, cells, left)
    needed = materials[materials["sized_by"] == "need"].sort_values(["order", "material"], ascending=[False, True])
    for row in needed.itertuples():
        total = _needed(sources, recipes, cells, row.material)
        cells = pd.concat([cells, _need_cells(sources, row.material, row.stage, row.mineral, total)], ignore_index=True)
    cells = pd.concat([cells, _companion_cells(sources, cells)], ignore_index=True)
    cells, left = _sized_by_input(sources, recipes, cells, left)
    rows = sources["materials"]
    unsized = rows.index[~rows["material"].isin(cells["material"])]
    if len(unsized):
        hint = "add controls, or a recipe that sizes it"
        raise SchemaError(sources.problem("materials", int(p), "material", "has no total", hint) for p in unsized)
    return cells[cells["total"] > 0].sort_values(CELL).reset_index(drop=True)


def _sized_by_input(
    sources: Sources, recipes: Recipes, cells: pd.DataFrame, left: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Size every material whose feeds are all sized; return the cells and what is still left."""
    waiting = []
    for row in left.itertuples():
        feeds = {
            m
            for stage in recipes.stages_making(row.material)
            for g in recipes.groups(stage, row.material)
            for m in g.inputs
        }
        if feeds and feeds <= set(cells["material"]):
            cells = pd.concat(
                [cells, _input_cells(sources, recipes, cells, row.material, row.mineral)], ignore_index=True
            )
        else:
            waiting.append(row.Index)
    return cells, left.loc[waiting]


def _absolute(sources: Sources) -> pd.DataFrame:
    controls = sources["controls"]
    return controls[(controls["role"] == "control") & (controls["unit"] != SHARE) & (controls["country"] != "WLD")]


def _control_cells(sources: Sources) -> pd.DataFrame:
    """Absolute totals, split over forms by the mix of the country or of the world."""
    rows = []
    for row in _absolute(sources).itertuples():
        split = {row.material: 1.0} if row.material else sources.mix(row.stage, row.mineral, row.country)
        if not split:
            raise SchemaError(
                [sources.problem("controls", int(row.Index), "mineral", "has no mix to split it by form")]
            )
        for material, share in split.items():
            rows.append(_cell(row.stage, material, row.country, row.quantity * share, row.reference, row.evidence))
    return pd.DataFrame(rows, columns=[*CELL, "total", "reference", "evidence"])


def _cell(stage: str, material: str, country: str, total: float, reference: str, evidence: str) -> dict[str, object]:
    return {
        "stage": stage,
        "material": material,
        "country": country,
        "total": total,
        "reference": reference,
        "evidence": evidence,
    }


def _input_cells(sources: Sources, recipes: Recipes, cells: pd.DataFrame, material: str, mineral: str) -> pd.DataFrame:
    """Make a material from the feed that the same country supplies.

    All of a feed that does not cross borders becomes product, split among products by a mix or by what named plants
    make of each; of a feed that does, only what named plants make.
    """
    traded = sources.keyed["materials"]["traded"] != "no"
    named = _named(sources)
    rows = []
    for stage in recipes.stages_making(material):
        group = recipes.groups(stage, material)[0]  # the first group sizes the output; others follow as needs
        feed = cells[cells["material"].isin(group.inputs)]
        siblings = sorted(recipes.made_from(stage, [m for m in group.inputs if not traded[m]]))
        for country, supply in feed.groupby("country", sort=True):
            kept = supply[~supply["material"].map(traded)]
            at_home = fsum(row.total / group.amount[row.material] for row in kept.itertuples())
            share = _share_among(sources, stage, mineral, str(country), material, siblings, named)
            from_abroad = fsum(row.total / group.amount[row.material] for row in supply.itertuples()) - at_home
            made = float(named.get((stage, material, str(country)), 0.0))
            quantity = at_home * share + min(max(made - at_home * share, 0.0), from_abroad)
            if quantity > 0:
                rows.append(_cell(stage, material, str(country), quantity, supply["reference"].iloc[0], "derived"))
    return pd.DataFrame(rows, columns=[*CELL, "total", "reference", "evidence"])


def _named(sources: Sources) -> pd.Series:
    """What named plants make, or could make where their output is unknown, by stage, material and country."""
    plants = sources.keyed["plants"][["stage", "country"]]
    made = sources["plant_outputs"].join(plants, on="node_id")
    return made["output"].fillna(made["capacity"]).groupby([made["stage"], made["material"], made["country"]]).sum()


def _share_among(
    sources: Sources, stage: str, mineral: str, country: str, material: str, siblings: list[str], named: pd.Series
) -> float:
    """Part of a home feed that becomes one of the products made from it."""
    if siblings in ([], [material]):
        return 1.0
    mix = sources.mix(stage, mineral, country)
    weights = {m: mix[m] if m in mix else 0.0 if mix else float(named.get((stage, m, country), 0.0)) for m in siblings}
    total = fsum(weights.values())
    return weights[material] / total if total else 0.0


def _need_cells(sources: Sources, material: str, stage: str, mineral: str, total: float) -> pd.DataFrame:
    """Share out among countries what the next stages need of a material."""
    controls = sources["controls"]
    here = (controls["stage"] == stage) & (controls["role"] == "control") & (controls["unit"] == SHARE)
    rows = controls[here & (controls["material"] == material)]
    if not len(rows):
        rows = controls[here & (controls["mineral"] == mineral) & (controls["material"] == "")]
    rows = rows[rows["country"] != "WLD"]
    shares = rows["quantity"] / rows["quantity"].sum()
    table = rows[["stage", "country", "reference", "evidence"]].assign(material=material, total=shares * total)
    return table[[*CELL, "total", "reference", "evidence"]]


def _needed(sources: Sources, recipes: Recipes, cells: pd.DataFrame, material: str) -> float:
    """World need of a material by everything already sized."""
    sized_by = sources.keyed["materials"]["sized_by"]
    supplied = cells.groupby("material")["total"].sum()
    needed = 0.0
    for group in recipes.taking(material):
        takers = cells[(cells["stage"] == group.stage) & cells["material"].isin(list(group.base))]
        fixed = fsum(supplied.get(m, 0.0) / group.relative[m] for m in group.inputs if sized_by[m] != "need")
        rivals = [m for m in group.inputs if sized_by[m] == "need"]
        need = fsum(row.total * group.base[row.material] for row in takers.itertuples())
        split = fsum(
            row.total * group.base[row.material] * split_of(sources, group, row.material, row.country, rivals)[material]
            for row in takers.itertuples()
        )
        if need > 0:
            needed += split * max(1.0 - fixed / need, 0.0) * group.relative[material]
    return needed


def split_of(sources: Sources, group: Group, product: str, country: str, rivals: list[str]) -> dict[str, float]:
    """Split what a product takes of inputs that replace one another; equal parts where no mix is given."""
    mix = sources.mix(group.stage, product, country)
    weights = {material: mix.get(material, 0.0) for material in rivals}
    total = fsum(weights.values())
    return {m: (w / total if total else 1.0 / len(rivals)) for m, w in weights.items()}


def _following(sources: Sources, made: pd.DataFrame) -> pd.DataFrame:
    """Co-products that follow their hosts and have no plants or totals of their own, row by row of ``made``.

    ``made`` holds stage, material, country and a quantity; the result repeats its rows with the companion's amount.
    """
    pairs = sources["coproducts"]
    pairs = pairs[~pairs["companion"].isin(sources.stated)].rename(columns={"host": "material", "country": "only"})
    rows = made.merge(pairs[["stage", "material", "only", "companion", "ratio"]], on=["stage", "material"])
    rows = rows[(rows["only"] == "") | (rows["only"] == rows["country"])]
    return rows.assign(material=rows["companion"]).drop(columns=["only", "companion"])


def _companion_cells(sources: Sources, cells: pd.DataFrame) -> pd.DataFrame:
    """Country totals of co-products that follow their hosts."""
    rows = _following(sources, cells)
    rows = rows.assign(total=rows["total"] * rows["ratio"], evidence="derived")
    return rows.groupby(CELL, as_index=False, sort=True).agg(
        total=("total", "sum"), reference=("reference", "first"), evidence=("evidence", "first")
    )


def _fill(sources: Sources, cells: pd.DataFrame, places: Places) -> Sized:
    """Put named plants under their totals and the rest into one remainder a country, stage and family of outputs."""
    known = {key: set(rows["country"]) for key, rows in cells.groupby(["stage", "material"])}
    plants = sources.keyed["plants"][["stage", "country"]]
    made = sources["plant_outputs"].join(plants, on="node_id")
    companions = set(sources["coproducts"]["companion"])
    made["cell"] = [places.home(r.country, known.get((r.stage, r.material), set())) for r in made.itertuples()]
    orphans = made.index[made["cell"].isna() & ~made["material"].isin(companions)]
    if len(orphans):
        raise SchemaError(
            sources.problem(
                "plant_outputs", int(p), "material", f"no total covers {made.loc[p, 'country']} for", "add a control"
            )
            for p in orphans
        )
    final = sources.keyed["stages"]["role"].isin(["sink", "stock"])
    follows = set(_following(sources, cells)["material"])
    family = families(sources, cells)
    at_cell = dict(iter(made.groupby(["stage", "material", "cell"], sort=False)))
    rows, filled = [], []
    for cell in cells[~cells["material"].isin(follows)].itertuples():
        here = at_cell.get((cell.stage, cell.material, cell.country), made.iloc[:0])
        quantity, scale = _scaled(here["output"].to_numpy(), here["capacity"].to_numpy(), cell.total)
        for row, amount in zip(here.itertuples(), quantity, strict=True):
            if amount > 0:
                rows.append((row.node_id, cell.stage, cell.material, row.country, amount, row.capacity))
        rest = cell.total - quantity.sum()
        if rest > SMALL_REMAINDER * cell.total:
            rows.append(
                (
                    f"{cell.material}-{cell.country.lower()}"
                    if final[cell.stage]
                    else remainder_id(cell.stage, cell.country, family[cell.stage, cell.material, cell.country]),
                    cell.stage,
                    cell.material,
                    cell.country,
                    rest,
                    np.nan,
                )
            )
        else:
            rest = 0.0
        filled.append((*cell[1:], quantity.sum(), scale, rest))
    outputs = pd.DataFrame(rows, columns=["node_id", "stage", "material", "country", "quantity", "capacity"])
    extra = _following(sources, outputs)
    extra = extra.assign(quantity=extra["quantity"] * extra["ratio"], capacity=np.nan)
    keys = ["node_id", "stage", "material", "country"]
    extra = extra.groupby(keys, as_index=False, sort=True)[["quantity", "capacity"]].sum(min_count=1)
    outputs = pd.concat([outputs, extra[list(outputs)]], ignore_index=True)
    columns = [*CELL, "total", "reference", "evidence", "named", "scale", "remainder"]
    return Sized(
        outputs.sort_values(["node_id", "material"]).reset_index(drop=True), pd.DataFrame(filled, columns=columns)
    )


def _scaled(output: np.ndarray, capacity: np.ndarray, total: float) -> tuple[np.ndarray, float]:
    """Fit named plants under a total: nameplates give way first, known outputs only if they must.

    Plants below the total keep what they are known to make; a plant of which neither output nor
    capacity is known shares equally in half of what the others leave.
    """
    known = ~np.isnan(output)
    quantity = np.where(known, output, capacity)
    blank = np.isnan(quantity)
    quantity = np.where(blank, 0.0, quantity)
    fixed, flexible = quantity[known].sum(), quantity[~known].sum()
    if fixed + flexible > total:
        if fixed > total or flexible == 0:
            scale = total / (fixed + flexible)
            quantity = quantity * scale
        else:
            scale = (total - fixed) / flexible
            quantity = np.where(known, quantity, quantity * scale)
    else:
        scale = 1.0
    left = total - quantity.sum()
    if blank.any() and left > 0:
        quantity = np.where(blank, 0.5 * left / blank.sum(), quantity)
        left = total - quantity.sum()
    if 0 < left <= SMALL_REMAINDER * total and quantity.sum() > 0:
        quantity = quantity * (total / quantity.sum())
    return quantity, float(scale)
