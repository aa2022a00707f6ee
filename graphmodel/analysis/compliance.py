"""What a programme asks of an economy's supply, and whether it gets it, without and with planned projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from graphmodel import datasets
from graphmodel.analysis.sourcing import (
    PLACES,
    Place,
    by_group,
    economy,
    final_use,
    flows,
    output,
    own_regions,
    scrap_stages,
    trade_balance,
)
from graphmodel.errors import UnknownNameError, nearest
from graphmodel.kernels.indices import import_reliance
from graphmodel.network import Network
from graphmodel.results import ComplianceResult
from graphmodel.scenario import Scenario, applied
from graphmodel.schema import as_numbers

Counted = Literal["output", "capacity"]
COUNTED: tuple[Counted, ...] = ("output", "capacity")
Consumption = Literal["processed", "final"]
CONSUMPTION: tuple[Consumption, ...] = ("processed", "final")
CONSUMERS = {"CRMA": "EU27", "KOR": "KOR"}
"""Whose supply each shipped programme is about."""

LITTLE = 0.01
"""Part of consumption below which what is taken in at a stage has no largest supplier worth naming."""

SAME = 1e-9
"""Values this close to a target meet it."""


def compliance(
    network: Network,
    programme: str = "CRMA",
    *,
    consumer: str | Sequence[str] | None = None,
    scenario: Scenario | None = None,
    counted: Counted = "output",
    consumption: Consumption = "processed",
    by: Place = "country",
    benchmarks: pd.DataFrame | None = None,
    materials: pd.DataFrame | None = None,
    members: pd.DataFrame | None = None,
) -> ComplianceResult:
    """Hold an economy's supply of each material against the benchmarks of a programme.

    Parameters
    ----------
    network : Network
    programme : str
        ``CRMA``: the EU's Critical Raw Materials Act (10, 40, 25 and 65 % by 2030). ``KOR``: Korea's strategy of 2023
        (50 % in both readings, 20 % recycled, by 2030). Or one of your own tables.
    consumer : str or list of str, optional
        Whose supply; the programme's own economy when absent.
    scenario : Scenario, optional
        Usually projects added; any scenario will do. Consumption stays that of the network without it.
    counted : {"output", "capacity"}
        Whether plants count with what they make, or with what they could make where that is stated and more.
    consumption : {"processed", "final"}
        What shares are of: the processed forms the economy's users take in, or the mineral in the final products it
        wants, which counts what comes inside batteries and magnets.
    by : {"country", "control"}
        Suppliers by location, or by the home of their controlling owner.
    benchmarks, materials : DataFrame, optional
        Tables like ``gm.table("reference", "benchmarks")`` and ``"programme_materials"``.
    members : DataFrame, optional
        ``group`` and ``country``, for groups as consumers.

    Returns
    -------
    ComplianceResult
        ``material`` (as the programme names it), ``benchmark``, ``stage`` (that ``value`` is read at), ``sense`` (at
        least, at most), ``target``, ``value`` (shares), ``low`` and ``high`` (with and without the economy's own
        regions), ``met`` (yes, no, "open" where it hangs on those regions, "" where not known), ``with_scenario``,
        ``met_with`` (the same with the scenario; nan and "" without one), ``basis`` (what the value is a share of, in
        t), ``note``. Materials that the network does not hold have one row a benchmark, without a value.

    Raises
    ------
    UnknownNameError
        If there is no such programme, consumer, lens or way to count.

    Notes
    -----
    With C the consumption: ``extracted`` is what mines of the economy dig over C; ``processed`` what its plants make of
    the processed forms over C; ``recycled`` the secondary feed (scrap and recycled, new scrap included) its plants
    and users take in over C; ``largest`` the largest outside supplier's part of what the economy takes in of a
    stage's output, its own output included; ``largest import`` the same of imports alone; ``reliance`` net imports over
    consumption of the processed forms. Only direct purchases count: Congolese cobalt that is bought as Chinese
    sulphate is Chinese. Supply of no known country counts in the total, not as one country. What sources give for a
    region mostly made of the economy's countries (Europe, country not stated, for the EU) is its own in ``value``;
    ``low`` and ``high`` are the lesser and the larger of that and of leaving the region out.

    The Act sets the first three for the Union's strategic raw materials and names no consumption to divide by; holding
    each material to them is our reading. C of processed forms leaves out what comes inside imported products, so all
    shares of it are too high where parts and products are imported: compare ``consumption="final"``.

    References
    ----------
    Regulation (EU) 2024/1252, Article 5 and Annex I. IEA policy database, 17942 (Korea, MOTIE 2023).

    Examples
    --------
    Korea's cell plant takes in 600 t of lithium salt, all of it from the refinery in China.

    >>> import graphmodel as gm, pandas as pd
    >>> toy = gm.load("toy-battery")
    >>> names = pd.DataFrame([{"programme": "KOR", "material": "Lithium", "mineral": "lithium",
    ...     "processed": "lithium-salt", "note": ""}])
    >>> found = gm.compliance(toy, "KOR", consumer="KOR", materials=names).table
    >>> found.loc[found["value"].notna(), ["benchmark", "stage", "target", "value", "met"]]
             benchmark                 stage  target  value met
    2  largest country              refining     0.5    1.0  no
    3  import reliance              refining     0.5    1.0  no
    4        recycling  collection;recycling     0.2    0.0  no
    """
    _check(counted, consumption, by)
    asked = datasets.table("reference", "benchmarks") if benchmarks is None else benchmarks
    named = datasets.table("reference", "programme_materials") if materials is None else materials
    known = sorted(set(asked["programme"]))
    if programme not in known:
        raise UnknownNameError(f"no programme {programme!r}; {nearest(programme, known)}")
    asked = asked[asked["programme"] == programme]
    asked = asked.assign(target=as_numbers(asked["target"]))
    named = named[named["programme"] == programme].astype(object).fillna("")
    countries = economy(network, CONSUMERS.get(programme, programme) if consumer is None else consumer, members)
    after = None if scenario is None else applied(scenario, network)
    narrow = _Way(countries, counted, consumption, by)
    ways = [replace(narrow, countries=countries | own_regions(countries)), narrow]
    rows = []
    for material in named.to_dict("records"):
        rows += _material(network, after, {str(k): str(v) for k, v in material.items()}, asked, ways)
    table = pd.DataFrame(rows, columns=list(ComplianceResult.columns))
    return ComplianceResult(
        table,
        network=network,
        parameters={
            "programme": programme,
            "consumer": consumer,
            "scenario": None if scenario is None else scenario.name,
            "counted": counted,
            "consumption": consumption,
            "by": by,
        },
        units=dict.fromkeys(("target", "value", "with_scenario"), "share"),
    )


def _check(counted: str, consumption: str, by: str) -> None:
    for word, value, choices in (
        ("way to count plants", counted, COUNTED),
        ("consumption", consumption, CONSUMPTION),
        ("lens for suppliers", by, PLACES),
    ):
        if value not in choices:
            raise UnknownNameError(f"no {word} {value!r}; {nearest(value, choices)}")


@dataclass(frozen=True)
class _Way:
    """Whose supply, and how it is counted."""

    countries: frozenset[str]
    counted: Counted
    consumption: Consumption
    by: Place


@dataclass(frozen=True)
class _State:
    """One mineral in one network, from the economy's point of view."""

    made: pd.DataFrame
    moved: pd.DataFrame
    processed: tuple[str, ...]
    scrap: tuple[str, ...]
    way: _Way

    @classmethod
    def of(cls, network: Network, mineral: str, processed: Sequence[str], way: _Way) -> _State:
        made, moved = output(network, mineral, by=way.by), flows(network, mineral, by=way.by)
        if way.counted == "capacity":
            nodes = network.nodes.set_index("node_id")
            room = (nodes["capacity"] / nodes["output"].where(nodes["output"] > 0)).clip(lower=1.0).fillna(1.0)
            made = made.assign(quantity=made["quantity"] * made["node_id"].map(room).to_numpy(dtype=float))
        return cls(made, moved[moved["onward"]], tuple(processed), tuple(scrap_stages(network)), way)

    @classmethod
    def each(cls, network: Network, mineral: str, processed: Sequence[str], ways: Sequence[_Way]) -> list[_State]:
        """Return the state for every way to draw the economy's border."""
        first = cls.of(network, mineral, processed, ways[0])
        return [first, *(replace(first, way=way) for way in ways[1:])]

    @property
    def here(self) -> pd.Series:
        """Flows into the economy."""
        return self.moved["buyer"].isin(list(self.way.countries))

    def made_at_home(self, chosen: pd.Series) -> float:
        """Add up what the economy makes of the rows chosen."""
        return float(self.made.loc[chosen & self.made["home"].isin(list(self.way.countries)), "quantity"].sum())

    def consumed(self, network: Network, mineral: str) -> float:
        """Return what shares are of."""
        if self.way.consumption == "final":
            return final_use(network, mineral, self.way.countries)
        return self.taken_in()

    def taken_in(self) -> float:
        """Processed forms that users of the economy take in."""
        return float(self.moved.loc[self.here & self.moved["material"].isin(self.processed), "quantity"].sum())

    def share(self, kind: str, stage: str, consumed: float) -> tuple[float, str, str]:
        """Return one value, what it is a share of, and a note."""
        words = f"of {consumed:.4g} t consumed"
        if kind in ("extracted", "processed", "recycled"):
            if kind == "extracted":
                of_stage = self.made["stage"] == stage
                if not of_stage.any():
                    return np.nan, words, "nothing is mined for it in the network"
                part = self.made_at_home(of_stage)
            elif kind == "processed":
                part = self.made_at_home(self.made["material"].isin(self.processed))
            else:
                secondary = self.moved["stage"].isin(self.scrap) & (self.moved["to"] != "recycle")
                part = float(self.moved.loc[self.here & secondary, "quantity"].sum())
            return (part / consumed if consumed > 0 else np.nan), words, ""
        if kind == "reliance":
            of_forms = self.moved[self.moved["material"].isin(self.processed)]
            made = self.made_at_home(self.made["material"].isin(self.processed))
            value = import_reliance(*trade_balance(of_forms, self.way.countries), made)
            return value, "of processed forms made, bought and not sold on", ""
        return self._largest(stage, consumed, imports_only=kind == "largest import")

    def _largest(self, stage: str, consumed: float, *, imports_only: bool) -> tuple[float, str, str]:
        """The largest supplier from outside, of what the economy takes in of a stage's output, or imports of it."""
        taken = self.moved[self.here & (self.moved["stage"] == stage)]
        if imports_only:
            taken = taken[~taken["home"].isin(list(self.way.countries))]
        suppliers, unknown = by_group(taken["seller"], taken["quantity"])
        total = float(suppliers.sum()) + unknown
        words = f"of {total:.4g} t {'imported' if imports_only else 'taken in'}"
        outside = suppliers.drop(list(self.way.countries & set(suppliers.index)))
        if not total > 0:
            return np.nan, words, "takes none in at this stage"
        if total < LITTLE * consumed:
            return np.nan, words, f"takes in less than {LITTLE:.0%} of its consumption at this stage"
        if outside.empty:
            return 0.0, words, "no known supplier from outside"
        note = f"largest: {outside.index[0]}"
        if unknown > 0:
            note += f"; {unknown / total:.1%} from no known country"
        return float(outside.iloc[0]) / total, words, note


Row = tuple[str, str, str, str, float, float, float, float, str, float, str, str, str]


def _material(
    network: Network, after: Network | None, material: dict[str, str], asked: pd.DataFrame, ways: Sequence[_Way]
) -> list[Row]:
    """Every benchmark of one material."""
    mineral, processed = material["mineral"], [form for form in material["processed"].split(";") if form]
    if mineral not in network.minerals:
        note = material["note"] or "not in the network"
        blank = (np.nan, np.nan, np.nan, "", np.nan, "", "", note)
        return [
            (material["material"], str(row["benchmark"]), "", str(row["sense"]), float(row["target"]), *blank)
            for row in asked.to_dict("records")
        ]
    before = _State.each(network, mineral, processed, ways)
    then = _State.each(after, mineral, processed, ways) if after is not None else []
    consumed = [state.consumed(network, mineral) for state in before]
    rows: list[Row] = []
    for row in asked.to_dict("records"):
        kind, sense, target = str(row["kind"]), str(row["sense"]), float(row["target"])
        each = str(row["stages"]).split(";") if kind in ("extracted", "largest", "largest import") else [row["stages"]]
        for stage in map(str, each):
            found = [state.share(kind, stage, whole) for state, whole in zip(before, consumed, strict=True)]
            later = [state.share(kind, stage, whole)[0] for state, whole in zip(then, consumed, strict=False)]
            values = [value for value, _, _ in found]
            ends = [value for value in values if not np.isnan(value)] or [np.nan]
            note = "; ".join(filter(None, (found[0][2], material["note"])))
            rows.append(
                (material["material"], str(row["benchmark"]), stage, sense, target, values[0], min(ends), max(ends),
                 _met(values, sense, target), later[0] if later else np.nan, _met(later, sense, target),
                 found[0][1], note)
            )  # fmt: skip
    return rows


def _met(values: Sequence[float], sense: str, target: float) -> str:
    """Say whether a value meets its target: the first one decides what is known, the others whether it is sure."""
    if not values or np.isnan(values[0]):
        return ""
    known = [value for value in values if not np.isnan(value)]
    enough = {value >= target - SAME if sense == "at least" else value <= target + SAME for value in known}
    if len(enough) > 1:
        return "open"
    return "yes" if enough.pop() else "no"
