"""What source tables say of one another: units, places, editions, and forms that must meet.

A single table is checked as it is read (`graphmodel.build.sources`); here everything wrong between tables is found,
all of it at once, before anything is built.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from graphmodel.build.sources import SHARE, SOURCES, Sources
from graphmodel.errors import Problem, SchemaError, listed
from graphmodel.schema import REGIONS

GROUPS = ("WLD", "EU27")
"""Codes that stand for countries named beside them: a total for one would count its members twice."""
TIMES_NAMEPLATE = 1.5
"""Times its capacity above which a plant's output must be a slip."""
FAR = 50
"""Times other sources above, or below, which a total must be in another unit."""
OWN_ESTIMATE = "own-estimate"
"""Reference of judgement."""

_CELL = ["stage", "material", "country"]


def require_consistent(sources: Sources) -> None:
    """Refuse sources that contradict themselves.

    Raises
    ------
    SchemaError
        With everything that is wrong between the tables.
    """
    found = [problem for find in _CHECKS for problem in find(sources)]
    if found:
        raise SchemaError(found)


def _units(sources: Sources) -> Iterator[Problem]:
    """Quantities in another unit than their material's: nothing is converted by guessing."""
    unit = sources.keyed["materials"]["unit"]
    for table in ("plant_outputs", "trade", "contracts", "controls"):
        for position, row in enumerate(sources[table].itertuples()):
            named = [row.material] if row.material else list(sources.mix(row.stage, row.mineral, row.country))
            expected = sorted({unit[material] for material in named})
            if named and row.unit not in ("", SHARE, *expected):
                what = row.material or row.mineral
                hint = f"no conversion is known; use {listed(expected)}"
                yield sources.problem(table, position, "unit", f"is not the unit of {what}", hint)


def _shares(sources: Sources) -> Iterator[Problem]:
    """A mix whose shares do not sum to one."""
    for (stage, mineral, country), rows in sources["mix"].groupby(["stage", "mineral", "country"], sort=True):
        total = rows["share"].sum()
        if abs(total - 1) > 5e-3:
            what = f"shares of {stage} {mineral} {country} sum to {total:.4f}, not 1: first is"
            yield sources.problem("mix", int(rows.index[0]), "share", what)


def _ways(sources: Sources) -> Iterator[Problem]:
    """Parts of what a country ships that are more than the whole, or, by its outlets, less."""
    for (country, facing), rows in sources["outlets"].groupby(["country", "facing"], sort=True):
        total = rows["share"].sum()
        if abs(total - 1) > 1e-9:
            what = f"outlets of {country}{f' facing {facing}' if facing else ''} sum to {total:.4f}, not 1: first is"
            yield sources.problem("outlets", int(rows.index[0]), "share", what)
    for table, end, leg in (("passages", "basin", ["leg"]), ("overland", "country", [])):
        rows = sources[table]
        ends = rows[[end, "other"]].min(axis=1), rows[[end, "other"]].max(axis=1)
        for key, alike in rows.groupby([*ends, *(rows[name] for name in leg)], sort=True):
            if alike["share"].sum() > 1 + 1e-9:
                what = f"{' and '.join(map(str, key))} share {alike['share'].sum():.4f} out, above 1: first is"
                yield sources.problem(table, int(alike.index[0]), "share", what)


def _open_ends(sources: Sources) -> Iterator[Problem]:
    """A form made but nowhere used, or used but nowhere made."""
    materials, recipes, coproducts = sources["materials"], sources["recipes"], sources["coproducts"]
    roles = sources.keyed["stages"]["role"]
    used = set(recipes["input"])
    made = sources.stated.union(recipes["output"], coproducts["companion"], coproducts["host"])
    for position, row in enumerate(materials.itertuples()):
        role = roles[row.stage]
        if role not in ("sink", "stock") and row.material not in used:
            hint = "add a recipe that takes it"
            yield sources.problem("materials", position, "material", "is made but nowhere used", hint)
        if role != "origin" and row.material not in made:
            yield sources.problem("materials", position, "material", "is nowhere made", "add a recipe that makes it")


def _owners(sources: Sources) -> Iterator[Problem]:
    """Equity that adds up to more than the whole."""
    for _, rows in sources["owners"].groupby("node_id", sort=True):
        total = rows["share"].sum()
        if total > 1.005:
            yield sources.problem("owners", int(rows.index[0]), "node_id", f"shares sum to {total:.3f}, above 1, for")


def _stages_of(sources: Sources) -> dict[str, set[str]]:
    """Return the stages at which each form is made."""
    materials = sources["materials"][["stage", "material"]]
    recipes = sources["recipes"][["stage", "output"]].set_axis(["stage", "material"], axis=1)
    companions = sources["coproducts"][["stage", "companion"]].set_axis(["stage", "material"], axis=1)
    totals = [sources[name][["stage", "material"]] for name in ("controls", "mix")]
    made_at: dict[str, set[str]] = {}
    for row in pd.concat([materials, recipes, companions, *totals]).itertuples():
        made_at.setdefault(str(row.material), set()).add(str(row.stage))
    return made_at


def _plant_stages(sources: Sources) -> Iterator[Problem]:
    """A plant that makes what its stage does not make, or nothing at all."""
    plants, outputs = sources["plants"], sources["plant_outputs"]
    made_at = _stages_of(sources)
    stage = sources.keyed["plants"]["stage"]
    for position, row in enumerate(outputs.itertuples()):
        where = made_at[row.material]
        if stage[row.node_id] not in where:
            said = f"of {row.node_id} is made at {listed(sorted(where))}, but the plant stands at {stage[row.node_id]}"
            hint = "a site with two stages is two plants"
            yield sources.problem("plant_outputs", position, "material", said, hint)
    for position in plants.index[~plants["node_id"].isin(outputs["node_id"])]:
        yield sources.problem("plants", int(position), "node_id", "makes nothing", "add a row to plant_outputs")


def _places(sources: Sources) -> Iterator[Problem]:
    """A group of countries where one country must stand."""
    single = (("plants", "country"), ("plants", "control"), ("owners", "owner_country"), ("stocks", "country"))
    for table, column in single:
        rows = sources[table]
        for position in rows.index[rows[column].isin(list(REGIONS))]:
            hint = "name the country" + (", or leave it empty" if column != "country" else "")
            yield sources.problem(table, int(position), column, "is a group of countries", hint)
    controls = sources["controls"]
    grouped = (controls["role"] == "control") & controls["country"].isin(GROUPS)
    for position in controls.index[grouped]:
        hint = "give the countries, with ROW for the rest, or make it a bound"
        yield sources.problem("controls", int(position), "country", "is a group of countries", hint)


def _double_totals(sources: Sources) -> Iterator[Problem]:
    """Two totals for one country's output."""
    controls = sources["controls"]
    chosen = controls[controls["role"] == "control"]
    again = chosen.duplicated(["stage", "mineral", "material", "country"], keep="first")
    for position in chosen.index[again]:
        what = "is a second control for one total"
        yield sources.problem("controls", int(position), "reference", what, "make it a bound")
    for (stage, mineral, country), rows in chosen.groupby(["stage", "mineral", "country"]):
        if (rows["material"] == "").any() and (rows["material"] != "").any():
            what = f"{stage} {mineral} {country} is controlled as a whole and by form"
            yield sources.problem("controls", int(rows.index[0]), "material", what)


def _editions(sources: Sources) -> Iterator[Problem]:
    """A total whose source may change unseen: neither the edition nor the year the number is for may be open."""
    edition = sources["references"].set_index("reference")["year"]
    controls = sources["controls"]
    chosen = controls[controls["role"] == "control"]
    for position in chosen.index[chosen["reference"].map(edition).isna()]:
        hint = "give the year of the edition in references"
        yield sources.problem("controls", int(position), "reference", "is not pinned to an edition", hint)
    for position in chosen.index[chosen["year"].isna()]:
        yield sources.problem("controls", int(position), "year", "must say which year the total is for")


def _plant_outputs(sources: Sources) -> Iterator[Problem]:
    """A plant that makes far more than it could."""
    outputs = sources["plant_outputs"]
    for position in outputs.index[outputs["output"] > TIMES_NAMEPLATE * outputs["capacity"]]:
        said = f"is more than {TIMES_NAMEPLATE:g} times the capacity of {outputs.loc[position, 'capacity']:g}"
        yield sources.problem("plant_outputs", int(position), "output", said, "leave empty what is not known")


def _contract_ends(sources: Sources) -> Iterator[Problem]:
    """A contract whose supplier does not make the form, or whose buyer needs none of it."""
    outputs, recipes = sources["plant_outputs"], sources["recipes"]
    stage = sources.keyed["plants"]["stage"]
    makes = outputs.groupby("node_id")["material"].agg(set).to_dict()
    needs = recipes.groupby(["stage", "output"])["input"].agg(set).to_dict()
    companions = set(sources["coproducts"]["companion"])
    for position, row in enumerate(sources["contracts"].itertuples()):
        if row.material not in makes.get(row.source, set()) | companions:
            said = f"does not make {row.material}"
            yield sources.problem("contracts", position, "source", said, "add a row to plant_outputs")
        bought = [needs.get((stage[row.target], made), set()) for made in makes.get(row.target, ())]
        if not any(row.material in inputs for inputs in bought):
            yield sources.problem("contracts", position, "target", f"uses no {row.material}", "a title is no flow")


def _need_shares(sources: Sources) -> Iterator[Problem]:
    """Country shares of one need that do not sum to one."""
    controls = sources["controls"]
    shares = controls[(controls["role"] == "control") & (controls["unit"] == SHARE)]
    for (stage, mineral, material), rows in shares.groupby(["stage", "mineral", "material"], sort=True):
        total = rows["quantity"].sum()
        if abs(total - 1) > 0.03:
            what = f"country shares of {stage} {material or mineral} sum to {total:.3f}, not 1: first is"
            yield sources.problem("controls", int(rows.index[0]), "quantity", what)


def _far_from_bounds(sources: Sources) -> Iterator[Problem]:
    """A total so far from what other sources say that a unit must have slipped."""
    controls = sources["controls"]
    controls = controls[(controls["unit"] != SHARE) & (controls["material"] != "") & (controls["quantity"] > 0)]
    others = controls[controls["role"] == "bound"].groupby([*_CELL, "unit"])["quantity"].agg(["min", "max"])
    chosen = controls[controls["role"] == "control"].join(others, on=[*_CELL, "unit"])
    far = (chosen["quantity"] > FAR * chosen["max"]) | (chosen["quantity"] < chosen["min"] / FAR)
    for position, row in chosen[far].iterrows():
        said = f"is far from other sources ({row['min']:g} to {row['max']:g} {row['unit']})"
        yield sources.problem("controls", int(str(position)), "quantity", said, "check its unit")


def _judgement(sources: Sources) -> Iterator[Problem]:
    """Judgement that is graded as if a source had been seen."""
    for table in SOURCES:
        rows = sources[table]
        if "evidence" not in rows:
            continue
        graded = (rows["reference"] == OWN_ESTIMATE) & rows["evidence"].isin(["measured", "reported"])
        for position in rows.index[graded]:
            said = f"cannot rest on {OWN_ESTIMATE}"
            yield sources.problem(table, int(position), "evidence", said, "name the source, or grade it assumed")


def _utilisation(sources: Sources) -> Iterator[Problem]:
    """A utilisation of what its stage does not make, or of a group whose members are named beside it."""
    made_at, mineral = _stages_of(sources), sources.keyed["materials"]["mineral"]
    final = sources["stages"].loc[sources["stages"]["role"].isin(["sink", "stock"]), "stage"]
    there = {(stage, mineral[form]) for form, stages in made_at.items() if form for stage in stages}
    for position, row in enumerate(sources["utilisation"].itertuples()):
        if row.stage in set(final):
            yield sources.problem("utilisation", position, "stage", "makes nothing, so it has no capacity")
        elif (row.stage, row.mineral) not in there:
            hint = f"there is: {listed(sorted(name for stage, name in there if stage == row.stage))}"
            yield sources.problem("utilisation", position, "mineral", f"is not made at {row.stage}", hint)
        elif row.material and (row.stage not in made_at[row.material] or mineral[row.material] != row.mineral):
            hint = f"it is {mineral[row.material]}, made at {listed(sorted(made_at[row.material]))}"
            said = f"is no {row.mineral} made at {row.stage}"
            yield sources.problem("utilisation", position, "material", said, hint)
        if row.country in GROUPS:
            hint = "leave it empty for all others"
            yield sources.problem("utilisation", position, "country", "is a group of countries", hint)


def _stock_amounts(sources: Sources) -> Iterator[Problem]:
    """A stock that is given neither in days nor as a quantity, or in both, or of what its holder does not use."""
    recipes = sources["recipes"]
    taken = set(zip(recipes["stage"], recipes["input"], strict=True))
    for position, row in enumerate(sources["stocks"].itertuples()):
        if pd.isna(row.days) == pd.isna(row.quantity):
            yield sources.problem(
                "stocks", position, "days", "is not the one amount", "give days or a quantity, one of the two"
            )
        if row.material and not any(row.material == form and row.stage in ("", stage) for stage, form in taken):
            said = f"is no input of {row.stage or 'any stage'}"
            yield sources.problem("stocks", position, "material", said, "name what its users take")


def _stock_holders(sources: Sources) -> Iterator[Problem]:
    """A public stock held by a plant or of anything, a firm's with rules of release, or a plant that is elsewhere."""
    plants = sources.keyed["plants"]
    for position, row in enumerate(sources["stocks"].itertuples()):
        public = row.holder == "public"
        for column in ("country", "material") if public else ():
            if not getattr(row, column):
                yield sources.problem("stocks", position, column, "of a public stock is empty", "say where and what")
        barred = ("stage", "node_id") if public else ("release", "trigger")
        for column in barred:
            value = getattr(row, column)
            if not (value == "" or pd.isna(value)):
                whose = "public" if public else "firm's"
                yield sources.problem("stocks", position, column, f"of a {whose} stock", "leave it empty")
        for column in ("stage", "country") if row.node_id else ():
            own = plants.loc[row.node_id, column]
            if getattr(row, column) not in ("", own):
                said = f"is not that of {row.node_id}"
                yield sources.problem("stocks", position, column, said, f"write {own}, or leave it empty")


_CHECKS = (
    _units,
    _shares,
    _need_shares,
    _ways,
    _open_ends,
    _plant_stages,
    _plant_outputs,
    _contract_ends,
    _places,
    _double_totals,
    _far_from_bounds,
    _editions,
    _judgement,
    _owners,
    _utilisation,
    _stock_amounts,
    _stock_holders,
)
