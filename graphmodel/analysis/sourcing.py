"""Who makes a mineral at each stage, and from whom each economy takes it in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from graphmodel import datasets
from graphmodel._types import FloatArray
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError, listed, nearest
from graphmodel.kernels.indices import governance_risk
from graphmodel.network import Network
from graphmodel.processes import processes
from graphmodel.schema import REGIONS, as_numbers, country_codes

Place = Literal["country", "control"]
PLACES: tuple[Place, ...] = ("country", "control")
Missing = Literal["refuse", "mean", "worst"]
MISSING: tuple[Missing, ...] = ("refuse", "mean", "worst")
HALF = 0.5
"""Share of a region's countries from which the region counts as an economy's own."""


def economy(network: Network, consumer: str | Sequence[str], members: pd.DataFrame | None = None) -> frozenset[str]:
    """Return the countries of an economy: one country, several, or a group such as ``EU27``.

    Parameters
    ----------
    consumer : ISO alpha-3 code, name of a group, or list of codes
    members : ``group`` and ``country``; the groups that ship with the package when absent

    Raises
    ------
    UnknownNameError
        If it is neither a country nor a group with members.
    """
    codes = [consumer] if isinstance(consumer, str) else list(consumer)
    members = datasets.table("alliances", "members") if members is None else members
    groups = members.groupby("group")["country"].agg(frozenset)
    known = country_codes() - set(REGIONS)
    found: set[str] = set()
    for code in codes:
        if code not in groups and code not in known:
            present = sorted({*network.nodes["country"]} & known)
            raise UnknownNameError(f"no country or group {code!r}; {nearest(code, [*present, *groups.index])}")
        found |= groups.get(code, frozenset({code}))
    return frozenset(found)


def own_regions(countries: frozenset[str]) -> frozenset[str]:
    """Return the region codes at least half of whose countries belong to an economy, as Europe for the EU.

    Sources give such codes where they do not tell the country; most of what stands there is the economy's.
    """
    table = datasets.table("reference", "countries")[["country", "regions"]].astype(str)
    each = table.assign(region=table["regions"].str.split()).explode("region")
    inside = each["country"].isin(list(countries)).groupby(each["region"]).mean()
    return frozenset(str(region) for region in inside.index[inside >= HALF] if region in REGIONS)


def output(network: Network, mineral: str | None, *, by: Place = "country") -> pd.DataFrame:
    """Return what is made of a mineral, or of every material in its own unit, final demand left out.

    Returns
    -------
    DataFrame
        ``node_id``, ``stage``, ``order``, ``role``, ``group`` (country or control, "" where not known), ``home``
        (country or region), ``material``, ``quantity`` (a year, in t of the mineral, less what a scenario has shut).

    Notes
    -----
    Output is what `balances` state, else what edges carry.
    """
    edges, balances, nodes = network.edges, network.table("balances"), network.nodes.set_index("node_id")
    sold = edges.groupby(["source", "material"], as_index=False)["quantity"].sum()
    stated = balances[balances["side"] == "output"].rename(columns={"item": "material"})
    made = pd.concat([stated, sold.rename(columns={"source": "node_id"})], ignore_index=True)
    made = made.drop_duplicates(["node_id", "material"])[["node_id", "material", "quantity"]]
    if mineral is not None:
        made["quantity"] *= made["material"].map(network.content(mineral)).fillna(0.0).to_numpy(dtype=float)
    made["quantity"] *= made["node_id"].map(nodes["available"]).fillna(1.0).to_numpy(dtype=float)
    made = made[made["quantity"] > 0]
    made["group"] = _known(made["node_id"].map(nodes[by]))
    made["home"] = made["node_id"].map(nodes["country"])
    made["stage"] = made["node_id"].map(nodes["stage"])
    steps = network.stages.set_index("stage")
    for column in ("order", "role"):
        made[column] = made["stage"].map(steps[column])
    columns = ["node_id", "stage", "order", "role", "group", "home", "material", "quantity"]
    return made.sort_values(["order", "stage", "node_id", "material"])[columns].reset_index(drop=True)


def flows(network: Network, mineral: str, *, by: Place = "country") -> pd.DataFrame:
    """Return every flow of a mineral with both ends.

    Returns
    -------
    DataFrame
        ``seller`` (country, or control, of the supplier; "" where not known), ``home`` and ``buyer`` (countries or
        regions of the two ends), ``stage`` and ``role`` (of the supplier), ``to`` (role of the buyer), ``onward`` (the
        buyer stands later in the chain), ``material``, ``quantity`` (t of the mineral a year, less what a scenario has
        closed).
    """
    edges, nodes = network.edges, network.nodes
    quantity = network.quantity(mineral) * edges["available"].fillna(1.0).to_numpy(dtype=float)
    steps = network.stages.set_index("stage")
    stage = nodes["stage"].to_numpy()
    order, role = (nodes["stage"].map(steps[column]).to_numpy() for column in ("order", "role"))
    source, target = network.source, network.target
    table = pd.DataFrame(
        {
            "seller": _known(nodes[by]).to_numpy()[source],
            "home": nodes["country"].to_numpy()[source],
            "buyer": nodes["country"].to_numpy()[target],
            "stage": stage[source],
            "role": role[source],
            "to": role[target],
            "onward": order[target] > order[source],
            "material": edges["material"].to_numpy(),
            "quantity": quantity,
        }
    )
    return table[table["quantity"] > 0].reset_index(drop=True)


def final_use(network: Network, mineral: str, countries: frozenset[str]) -> float:
    """Return the tonnes of a mineral in the final products that an economy wants in a year."""
    demand = processes(network).demand
    held = demand["product"].map(network.content(mineral)).fillna(0.0).to_numpy(dtype=float)
    inside = network.nodes["country"].isin(list(countries)).to_numpy()[demand["node"].to_numpy(dtype=np.int64)]
    return float((held * demand["quantity"].to_numpy(dtype=float))[inside].sum())


def scrap_stages(network: Network) -> list[str]:
    """Return the stages whose output is secondary: recycling, and origins that feed recycling with anything."""
    stage, recycles = network.nodes["stage"].to_numpy(), network.has_role("recycle")
    feeds = network.source[recycles[network.target] & network.has_role("origin")[network.source]]
    return sorted({*stage[recycles], *stage[feeds]})


def trade_balance(moved: pd.DataFrame, countries: frozenset[str]) -> tuple[float, float]:
    """Return what an economy imports and exports among flows of one stage."""
    at_home, used_here = moved["home"].isin(list(countries)), moved["buyer"].isin(list(countries))
    return float(moved.loc[~at_home & used_here, "quantity"].sum()), float(
        moved.loc[at_home & ~used_here, "quantity"].sum()
    )


def by_group(groups: pd.Series, quantity: pd.Series) -> tuple[pd.Series, float]:
    """Add quantities up by group, the largest first; return them and what no group is known for."""
    summed = quantity.groupby(groups).sum()
    unknown = float(summed.get("", 0.0))
    named = summed.drop("", errors="ignore")
    return named.sort_index().sort_values(ascending=False, kind="stable"), unknown


@dataclass(frozen=True)
class Risks:
    """Risk of each country, 0 to 1, and what is done where no score is known."""

    score: pd.Series
    missing: Missing | float

    def of(self, quantity: pd.Series) -> FloatArray:
        """Return the risk of each supplier; quantities weigh those known where the rest takes their mean."""
        risk = governance_risk(self.score.reindex(quantity.index).to_numpy(dtype=float))
        blank = np.isnan(risk)
        if not blank.any():
            return risk
        if self.missing == "refuse":
            names = listed([str(code) for code in quantity.index[blank]])
            raise ParameterError(f"no governance score for {names}; give scores, or say missing='mean', 'worst' or 0.5")
        if isinstance(self.missing, float | int):
            return np.where(blank, float(self.missing), risk)
        known = quantity.to_numpy(dtype=float)[~blank]
        if self.missing == "mean" and known.sum() > 0:
            return np.where(blank, np.average(risk[~blank], weights=known), risk)
        return np.where(blank, 1.0, risk)


def governance_scores(indicator: str) -> pd.Series:
    """Return the shipped score of every country for one of the indicators of governance."""
    table = datasets.table("reference", "governance")
    table = table[table["indicator"] == indicator]
    return pd.Series(as_numbers(table["score"]), index=table["country"].to_numpy(), dtype=float)


def trade_parameter(mineral: str, stage: str, countries: Iterable[str], own: frozenset[str]) -> FloatArray:
    """Return the EU's trade parameter t of each country: 0.8 inside, above 1 where exports are taxed or capped."""
    table = datasets.table("reference", "trade_parameters")
    chosen = table[(table["mineral"] == mineral) & (table["stage"] == stage)].set_index("country")["parameter"]
    stated = chosen.astype(float).to_dict()
    return np.array([0.8 if code in own else stated.get(code, 1.0) for code in countries], dtype=np.float64)


def assessed_stages() -> list[str]:
    """Return the stages that stand for extraction and processing in the EU's law."""
    table = datasets.table("reference", "benchmarks")
    chosen = (table["programme"] == "CRMA") & table["kind"].isin(["extracted", "processed"])
    return [str(stage) for stage in table.loc[chosen, "stages"]]


def prices() -> pd.Series:
    """Return the shipped price of each mineral in dollars per kilogram of the element."""
    table = datasets.table("reference", "prices").set_index("mineral")
    return pd.Series(as_numbers(table["price"]), index=table.index, dtype=float)


def checked_mineral(network: Network, mineral: str) -> None:
    """Refuse a mineral that nothing holds or that nobody makes.

    Raises
    ------
    UnknownNameError, EmptySelectionError
    """
    network.content(mineral)
    if output(network, mineral).empty:
        raise EmptySelectionError(f"nobody in {network.name} makes {mineral}")


def _known(country: pd.Series) -> pd.Series:
    """Return countries, "" for the regions a source may give instead."""
    return country.where(~country.isin(list(REGIONS)), "").fillna("")
