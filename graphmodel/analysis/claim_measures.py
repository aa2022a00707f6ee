"""What measures a published statement: one figure from the network, alliances, projects, shocks or published tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from graphmodel import datasets
from graphmodel._types import FloatArray
from graphmodel.analysis.breakdown import lost_shares, unreached
from graphmodel.analysis.claim_tables import KEYS, Claim
from graphmodel.analysis.grouping import Groups, demand_weights, group_nodes
from graphmodel.analysis.inputs import frozen_processes
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.shares import outputs
from graphmodel.errors import nearest
from graphmodel.network import Network
from graphmodel.processes import Processes
from graphmodel.schema import EVIDENCE, REGIONS

TENTH = 0.1
"""Part of a figure that has to rest on a grade for it to count as the weakest."""

MAKER = 0.01
"""Share of the world from which on a country counts as making a mineral."""

PLANTS = ("facility", "")
"""Kinds of node that are a plant; one of no stated kind counts as one."""


class Figure(NamedTuple):
    """One measured number, or nan and why there is none."""

    value: float
    year: float = np.nan
    reference: str = ""
    evidence: str = ""
    note: str = ""
    least: bool = False
    """Whether it is only a lower bound: a list that is known not to be complete was counted."""


def none_because(reason: str) -> Figure:
    """Return a figure that is not known."""
    return Figure(np.nan, note=reason)


class Facts:
    """What figures are taken from; what several claims share is worked out once."""

    def __init__(self, network: Network, members: pd.DataFrame, projects: pd.DataFrame, vintages: pd.DataFrame) -> None:
        self.network, self.members, self.projects, self.vintages = network, members, projects, vintages
        year = pd.to_numeric(pd.Series([network.description.get("year")]), errors="coerce").iloc[0]
        self.year = float(year)
        self._made: dict[str | None, pd.DataFrame] = {}

    def no_mineral(self, mineral: str) -> str:
        """Say that the network does not have a mineral, and the nearest it has."""
        return f"the network has no mineral {mineral!r}; {nearest(mineral, self.network.minerals)}"

    def made(self, mineral: str | None) -> pd.DataFrame:
        """Return what nodes make, with their country, control, reference and evidence."""
        if mineral not in self._made:
            nodes = self.network.nodes[["node_id", "country", "control", "reference", "evidence"]]
            self._made[mineral] = outputs(self.network, mineral).merge(nodes, on="node_id")
        return self._made[mineral]

    @cached_property
    def work(self) -> Processes:
        """Return the processes of the network."""
        return frozen_processes(self.network)

    @cached_property
    def countries(self) -> Groups:
        """Return the nodes of each country that may stop; none where no country is known."""
        among = removable(self.network)
        if self.network.nodes["country"][among].isin([*REGIONS, ""]).all():
            return Groups([], np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64))
        return group_nodes(self.network, "country", among=among)

    @cached_property
    def lost(self) -> pd.DataFrame:
        """Return the share lost of each demand (rows) without each country (columns), frozen."""
        lost = lost_shares(self.network, self.work, self.countries, self.work.demand)
        return pd.DataFrame(lost, columns=self.countries.names)

    @cached_property
    def weights(self) -> Mapping[str, FloatArray]:
        """Return the tonnes of each mineral in each demand; minerals that no demand holds are left out."""
        product, quantity = self.work.demand["product"], self.work.demand["quantity"].to_numpy(dtype=float)
        held = {
            mineral: quantity * product.map(self.network.content(mineral)).fillna(0.0).to_numpy(dtype=float)
            for mineral in self.network.minerals
        }
        return {mineral: weight for mineral, weight in held.items() if weight.sum() > 0}

    @cached_property
    def lost_by_mineral(self) -> pd.DataFrame:
        """Return the share of each mineral (rows) lost without each country (columns)."""
        rows = [weight @ self.lost.to_numpy() / weight.sum() for weight in self.weights.values()]
        return pd.DataFrame(rows, list(self.weights), self.lost.columns)

    def figure(
        self, value: float, rows: pd.DataFrame, weight: pd.Series | None = None, note: str = "", source: str = ""
    ) -> Figure:
        """Return a number of the network, graded by the rows that carry it, by weight where they have one."""
        weight = pd.Series(1.0, rows.index) if weight is None else weight
        parts = weight.groupby(rows["evidence"]).sum() / max(float(weight.sum()), 1e-300)
        grades = [grade for grade in EVIDENCE if parts.get(grade, 0.0) >= TENTH]
        references = weight[rows["reference"] != ""].groupby(rows["reference"]).sum()
        reference = str(references.idxmax()) if len(references) else source or self.network.name
        return Figure(value, self.year, reference, grades[-1] if grades else "", note)


Work = Callable[[Facts, Claim], Figure]


def _stage_output(facts: Facts, claim: Claim) -> pd.DataFrame | str:
    """Return who makes what the claim is about, or why nobody is known to."""
    stages = facts.network.stages["stage"].tolist()
    if claim.stage not in stages:
        return f"the network has no stage {claim.stage!r}; {nearest(claim.stage, stages)}"
    if not claim.material and claim.mineral not in facts.network.minerals:
        return facts.no_mineral(claim.mineral)
    made = facts.made(None if claim.material else claim.mineral)
    made = made[made["stage"] == claim.stage]
    if claim.material:
        made = made[made["material"].isin(claim.material.split())]
        if made["unit"].nunique() > 1:
            return f"{claim.material} come in several units: {', '.join(sorted(set(made['unit'])))}"
    return made if len(made) else f"the network makes no {claim.material or claim.mineral} at stage {claim.stage}"


def _by_country(made: pd.DataFrame) -> pd.Series:
    """Share of all that is made by each country, largest first; regions are left out, their output counts."""
    share = made.groupby("country")["quantity"].sum() / made["quantity"].sum()
    named = share[~share.index.isin([*REGIONS, ""])]
    return named.sort_values(ascending=False, kind="stable")


def _share_of_stage(facts: Facts, claim: Claim) -> Figure:
    made = _stage_output(facts, claim)
    if isinstance(made, str):
        return none_because(made)
    own = made[made["country"].isin(claim.country.split())]
    return facts.figure(100 * own["quantity"].sum() / made["quantity"].sum(), own, own["quantity"])


def _control_share(facts: Facts, claim: Claim) -> Figure:
    made = _stage_output(facts, claim)
    if isinstance(made, str):
        return none_because(made)
    there = made[made["country"].isin(claim.country.split())]
    if there.empty:
        return none_because(f"{claim.country} makes none of it")
    held = there.loc[there["control"] == claim.partner, "quantity"].sum()
    unknown = there.loc[there["control"] == "", "quantity"].sum() / there["quantity"].sum()
    note = f"control of {unknown:.0%} is not known" if unknown > 0 else ""
    return facts.figure(100 * held / there["quantity"].sum(), there, there["quantity"], note)


def _rank_of_stage(facts: Facts, claim: Claim) -> Figure:
    made = _stage_output(facts, claim)
    if isinstance(made, str):
        return none_because(made)
    share = _by_country(made)
    if claim.country not in share.index:
        return none_because(f"{claim.country} makes none of it")
    rank = 1 + int((share > share[claim.country]).sum())
    return facts.figure(rank, made, made["quantity"], f"{share[claim.country]:.1%} of the world")


def _top_of_stage(facts: Facts, claim: Claim) -> Figure:
    made = _stage_output(facts, claim)
    if isinstance(made, str):
        return none_because(made)
    named = claim.country.split()
    top = _by_country(made).head(len(named))
    note = "largest: " + ", ".join(f"{country} {share:.1%}" for country, share in top.items())
    return facts.figure(len(set(named) & set(top.index)), made, made["quantity"], note)


def _largest_makers(facts: Facts, stage: str) -> dict[str, pd.Series]:
    """Share of each country in each mineral that the stage makes."""
    found = {}
    for mineral in facts.network.minerals:
        made = facts.made(mineral)
        made = made[made["stage"] == stage]
        if len(made):
            found[mineral] = _by_country(made)
    return found


def _minerals_led(facts: Facts, claim: Claim) -> Figure:
    makers = _largest_makers(facts, claim.stage)
    if not makers:
        return none_because(f"the network makes no mineral at stage {claim.stage!r}")
    led = [mineral for mineral, share in makers.items() if len(share) and share.index[0] == claim.country]
    rows = facts.made(None)
    rows = rows[rows["stage"] == claim.stage]
    note = f"{len(led)} of {len(makers)} minerals"
    return facts.figure(100 * len(led) / len(makers), rows, note=note)


def _minerals_made(facts: Facts, claim: Claim) -> Figure:
    makers = _largest_makers(facts, claim.stage)
    if not makers:
        return none_because(f"the network makes no mineral at stage {claim.stage!r}")
    made = [mineral for mineral, share in makers.items() if share.get(claim.country, 0.0) >= MAKER]
    rows = facts.made(None)
    rows = rows[rows["stage"] == claim.stage]
    return facts.figure(len(made), rows, note=", ".join(made))


def _lost(facts: Facts, claim: Claim, lost: Callable[[str], pd.Series]) -> Figure:
    """Smallest loss among the minerals named, without one country; of one country's users where there is a partner."""
    unknown = [mineral for mineral in claim.mineral.split() if mineral not in facts.network.minerals]
    if unknown:
        return none_because(facts.no_mineral(unknown[0]))
    if claim.country not in facts.countries.names:
        return none_because(f"no plant of the network stands in {claim.country!r}")
    demand = facts.work.demand
    place = facts.network.nodes["country"].to_numpy()[demand["node"].to_numpy(dtype=np.int64)]
    if claim.partner and claim.partner not in set(place):
        return none_because(f"{claim.partner} has no final demand in the network")
    shares = {}
    for mineral in claim.mineral.split():
        held = facts.weights.get(mineral, np.zeros(len(demand)))
        weight = np.where((place == claim.partner) | (not claim.partner), held, 0.0)
        if not weight.sum() > 0:
            return none_because(f"no final demand{f' of {claim.partner}' * bool(claim.partner)} holds {mineral}")
        shares[mineral] = float(100 * weight @ lost(claim.country).to_numpy() / weight.sum())
    note = ", ".join(f"{mineral} {share:.3g} %" for mineral, share in shares.items()) if len(shares) > 1 else ""
    return _modelled(facts, min(shares.values()), note)


def _worst_loss(facts: Facts, claim: Claim) -> Figure:
    return _lost(facts, claim, lambda country: facts.lost[country])


def _reach_loss(facts: Facts, claim: Claim) -> Figure:
    def cut_off(country: str) -> pd.Series:
        nodes = facts.countries.of(facts.countries.names.index(country))
        alone = Groups([country], np.array([0, len(nodes)]), nodes)
        return pd.Series(unreached(facts.network, alone, facts.work.demand)[:, 0])

    return _lost(facts, claim, cut_off)


def _losses_led(facts: Facts, claim: Claim) -> Figure:
    if claim.country not in facts.lost_by_mineral:
        return none_because(f"no plant of the network stands in {claim.country!r}")
    if facts.lost_by_mineral.empty:
        return none_because("no final demand of the network holds a mineral")
    worst = facts.lost_by_mineral.max(axis=1)
    led = (facts.lost_by_mineral[claim.country] >= worst - 1e-9) & (worst > 0)
    return _modelled(facts, 100 * float(led.mean()), f"{int(led.sum())} of {len(led)} minerals")


def _top_losses(facts: Facts, claim: Claim) -> Figure:
    named = claim.country.split()
    if facts.work.demand.empty or not facts.countries.names:
        return none_because("the network has no final demand, or no plant whose country is known")
    weight, _ = demand_weights(facts.network, facts.work.demand, None, evenly=True)
    lost = pd.Series(weight @ facts.lost.to_numpy() / weight.sum(), facts.lost.columns)
    top = lost.sort_values(ascending=False, kind="stable").head(len(named))
    note = "largest: " + ", ".join(f"{country} {share:.1%}" for country, share in top.items())
    return _modelled(facts, len(set(named) & set(top.index)), note)


def _modelled(facts: Facts, value: float, note: str) -> Figure:
    """Grade a loss: it rests on flows, of which none is better than derived."""
    edges = facts.network.edges
    found = facts.figure(value, edges, note=note)
    return found._replace(reference=facts.network.name, evidence=weakest([found.evidence, "derived"]))


def _largest_source(facts: Facts, claim: Claim) -> Figure:
    network = facts.network
    country = network.nodes["country"].to_numpy(dtype=object)
    seller, buyer = country[network.source], country[network.target]
    bought = (buyer == claim.country) & (seller != claim.country)
    if claim.stage:
        bought &= network.nodes["stage"].to_numpy(dtype=object)[network.target] == claim.stage
    shares = {}
    for mineral in claim.mineral.split() or network.minerals:
        if mineral not in network.minerals:
            return none_because(facts.no_mineral(mineral))
        flow = pd.Series(network.quantity(mineral)[bought]).groupby(seller[bought]).sum()
        named = flow[~flow.index.isin(list(REGIONS))]
        if flow.sum() > 0 and len(named):
            shares[mineral] = 100 * named.max() / flow.sum()
    if not shares:
        return none_because(f"{claim.country} buys nothing of it from abroad in the network")
    rows = network.edges[bought]
    note = f"mean over {len(shares)} minerals" if len(shares) > 1 else ""
    return facts.figure(float(np.mean(list(shares.values()))), rows, note=note)


def _uses_count(facts: Facts, claim: Claim) -> Figure:
    demand = facts.work.demand
    used = set(demand.loc[demand["quantity"] > 0, "product"])
    named = [name.strip() for name in claim.item.split(";")]
    missing = [name for name in named if name not in used]
    nodes = facts.network.nodes
    rows = nodes[facts.network.has_role("sink")]
    note = f"not a final use: {', '.join(missing)}" if missing else ""
    return facts.figure(len(named) - len(missing), rows, note=note)


def _inputs_count(facts: Facts, claim: Claim) -> Figure:
    network = facts.network
    stage = network.nodes["stage"].to_numpy(dtype=object)
    into = (stage[network.target] == claim.stage) & (stage[network.source] != claim.stage)
    if not into.any():
        return none_because(f"nothing flows into stage {claim.stage!r} of the network")
    taken = set(network.edges["material"][into])
    held = [mineral for mineral in network.minerals if (network.content(mineral).reindex(list(taken)) > 0).any()]
    rows = network.edges[into]
    return facts.figure(len(held), rows, note=", ".join(held))


def _plants_count(facts: Facts, claim: Claim) -> Figure:
    if claim.mineral and claim.mineral not in facts.network.minerals:
        return none_because(facts.no_mineral(claim.mineral))
    nodes = facts.network.nodes
    here = nodes[(nodes["stage"] == claim.stage) & nodes["country"].isin(claim.country.split())]
    here = here[here["kind"].isin(PLANTS)]
    if claim.mineral:
        here = here[here["node_id"].isin(facts.made(claim.mineral)["node_id"])]
    return facts.figure(len(here), here)._replace(least=True)


def _operator_plants(facts: Facts, claim: Claim) -> Figure:
    nodes = facts.network.nodes
    words = nodes["name"] + " " + (nodes["operator"].fillna("") if "operator" in nodes else "")
    owners = facts.network.table("owners")
    owned = owners.loc[owners["owner"].str.contains(claim.item, case=False, regex=False), "node_id"]
    named = words.str.contains(claim.item, case=False, regex=False) | nodes["node_id"].isin(owned)
    if claim.stage:
        named &= nodes["stage"] == claim.stage
    if claim.country:
        named &= nodes["country"].isin(claim.country.split())
    here = nodes[named & nodes["kind"].isin(PLANTS)]
    return facts.figure(len(here), here)._replace(least=True)


def _contract_links(facts: Facts, claim: Claim) -> Figure:
    network, edges = facts.network, facts.network.edges
    nodes = network.nodes
    there = (nodes["stage"] == claim.stage) & nodes["country"].isin(claim.country.split())
    ends = there.to_numpy(dtype=bool)
    rows = edges[edges["basis"].isin(["contract", "reported"]) & (ends[network.source] | ends[network.target])]
    return facts.figure(len(rows), rows)._replace(least=True)


def _group_on(facts: Facts, group: str, day: str) -> pd.DataFrame:
    """Return the members of a group on a day, or today where none is named."""
    rows = facts.members[facts.members["group"] == group].fillna("")
    end = rows["end_date"].astype(str)
    return rows[(rows["start_date"].astype(str) <= (day or "9999")) & ((end == "") | (end > (day or "9999")))]


def _member_figure(facts: Facts, claim: Claim, value: float, rows: pd.DataFrame, note: str = "") -> Figure:
    groups = facts.members[facts.members["group"].isin(claim.group.split())]
    starts = pd.to_numeric(groups["start_date"].astype(str).str[:4], errors="coerce")
    year = float(claim.date[:4]) if claim.date else float(starts.max())
    rows = rows if len(rows) else groups
    return facts.figure(value, rows, note=note, source="alliances")._replace(year=year)


def _no_group(facts: Facts, claim: Claim) -> str:
    known = sorted(set(facts.members["group"]))
    unknown = [group for group in claim.group.split() if group not in known]
    return f"no alliance {unknown[0]!r} in the table of members; {nearest(unknown[0], known)}" if unknown else ""


def _membership(facts: Facts, claim: Claim) -> Figure:
    if reason := _no_group(facts, claim):
        return none_because(reason)
    named = claim.country.split()
    members = _group_on(facts, claim.group, claim.date)
    rows = members[members["country"].isin(named)]
    missing = [country for country in named if country not in set(rows["country"])]
    note = f"no member: {', '.join(missing)}" if missing else ""
    return _member_figure(facts, claim, rows["country"].nunique(), rows, note)


def _members_count(facts: Facts, claim: Claim) -> Figure:
    if reason := _no_group(facts, claim):
        return none_because(reason)
    members = _group_on(facts, claim.group, claim.date)
    return _member_figure(facts, claim, members["country"].nunique(), members)


def _overlap(facts: Facts, claim: Claim) -> Figure:
    if reason := _no_group(facts, claim):
        return none_because(reason)
    members = [_group_on(facts, group, claim.date) for group in claim.group.split()]
    both = set.intersection(*(set(rows["country"]) for rows in members))
    rows = pd.concat([each[each["country"].isin(both)] for each in members], ignore_index=True)
    note = f"in all of them: {', '.join(sorted(both))}" if both else ""
    return _member_figure(facts, claim, len(both), rows, note)


def _founded(facts: Facts, claim: Claim) -> Figure:
    if reason := _no_group(facts, claim):
        return none_because(reason)
    rows = facts.members[facts.members["group"] == claim.group]
    starts = pd.to_numeric(rows["start_date"].astype(str).str[:4], errors="coerce")
    if starts.isna().all():
        return none_because(f"no date of {claim.group} is known")
    first = rows[starts == starts.min()]
    return _member_figure(facts, claim, float(starts.min()), first)


def _projects_count(facts: Facts, claim: Claim) -> Figure:
    listed = facts.projects
    programmes = listed["programmes"].fillna("").str.split("; ")
    wanted = programmes.map(lambda names: any(name.startswith(claim.programme) for name in names)).astype(bool)
    for column, value in (("mineral", claim.mineral), ("stage", claim.stage), ("material", claim.material)):
        if value and column not in listed:
            return none_because(f"the table of projects has no column {column}")
        if value:
            wanted &= listed[column] == value
    if claim.country:
        regions = _regions(facts.members)
        wanted &= listed["country"].map(lambda country: claim.country in regions.get(country, {country})).astype(bool)
    rows = listed[wanted]
    note = f"{len(rows)} named in the table of projects, which is known not to be complete"
    found = facts.figure(len(rows), rows, note=note, source="projects")
    return found._replace(least=True, year=claim.year)


def _regions(members: pd.DataFrame) -> Mapping[str, set[str]]:
    """Codes that hold each country: its own, its regions, and the EU."""
    table = datasets.table("reference", "countries")
    union = set(members.loc[members["group"] == "EU27", "country"])
    return {
        country: {country, *str(regions).split(), *({"EU27"} if country in union else set())}
        for country, regions in zip(table["country"], table["regions"].fillna(""), strict=True)
    }


def _shocks_count(facts: Facts, claim: Claim) -> Figure:
    shocks = datasets.table("shocks", "shocks")
    wanted = shocks["imposer"].eq(claim.country)
    if claim.mineral:
        wanted &= shocks["mineral"].isin(claim.mineral.split())
    if claim.partner:
        wanted &= shocks["target"].eq(claim.partner)
    if not np.isnan(claim.year):
        wanted &= shocks["start_date"].astype(str).str[:4].eq(f"{claim.year:.0f}")
    rows = shocks[wanted]
    note = ", ".join(rows["shock_id"])
    return facts.figure(len(rows), rows, note=note, source="shocks")._replace(least=True, year=claim.year)


def _backing_amount(facts: Facts, claim: Claim) -> Figure:
    """Newest amount that the programme gives to the item; nothing where only others are known to back it."""
    rows = facts.vintages[(facts.vintages["measure"] == "backing_amount") & (facts.vintages["item"] == claim.item)]
    if rows.empty:
        return none_because(f"no backing of {claim.item} is in the table of published figures")
    own = rows[rows["programme"] == claim.programme].sort_values("year", kind="stable")
    if len(own):
        return _published_figure(own.iloc[-1])
    others = "; ".join(
        f"{row.programme} {row.figure:g} {row.unit} in {row.year:.0f}" + f" ({row.note})" * bool(row.note)
        for row in rows.sort_values("year").itertuples()
    )
    newest = rows.sort_values("year", kind="stable").iloc[-1]
    return _published_figure(newest)._replace(value=0.0, note=f"{claim.programme} is not named; backed by {others}")


def _policy_target(facts: Facts, claim: Claim) -> Figure:
    """Return the announced number; 0 backing of such an aim where a country's other aims are known but not this."""
    rows = facts.vintages[(facts.vintages["measure"] == "policy_target") & (facts.vintages["country"] == claim.country)]
    own = rows[rows["item"] == claim.item].sort_values("year", kind="stable")
    if len(own):
        return _published_figure(own.iloc[-1])
    if rows.empty:
        return none_because(f"no announced aim of {claim.country} is in the table of published figures")
    aims = "; ".join(f"{row.item} {row.figure:g} {row.unit} ({row.year:.0f})" for row in rows.itertuples())
    return none_because(f"{NOT_ANNOUNCED}; announced by {claim.country}: {aims}")


NOT_ANNOUNCED = "no such aim is announced"
"""How the reason begins where a country's aims are known and the one claimed is not among them."""


def _published_figure(row: pd.Series) -> Figure:
    return Figure(float(row["figure"]), float(row["year"]), row["reference"], row["evidence"], row["note"])


def published(facts: Facts, claim: Claim) -> list[Figure]:
    """Return the published figures of just what the claim is about, the newest first."""
    rows = facts.vintages[facts.vintages["measure"] == claim.measure]
    for key in KEYS:
        rows = rows[rows[key] == getattr(claim, key)]
    rows = rows.sort_values("year", ascending=False, kind="stable")
    return [_published_figure(row) for _, row in rows.iterrows()]


def weakest(grades: list[str]) -> str:
    """Return the weakest of some grades; "" where none is known."""
    known = [grade for grade in EVIDENCE if grade in grades]
    return known[-1] if known else ""


WORK: Mapping[str, Work] = {
    "share_of_stage": _share_of_stage,
    "control_share": _control_share,
    "rank_of_stage": _rank_of_stage,
    "top_of_stage": _top_of_stage,
    "minerals_led": _minerals_led,
    "minerals_made": _minerals_made,
    "worst_loss": _worst_loss,
    "reach_loss": _reach_loss,
    "losses_led": _losses_led,
    "top_losses": _top_losses,
    "largest_source": _largest_source,
    "uses_count": _uses_count,
    "inputs_count": _inputs_count,
    "plants_count": _plants_count,
    "operator_plants": _operator_plants,
    "contract_links": _contract_links,
    "membership": _membership,
    "members_count": _members_count,
    "overlap": _overlap,
    "founded": _founded,
    "projects_count": _projects_count,
    "shocks_count": _shocks_count,
    "backing_amount": _backing_amount,
    "policy_target": _policy_target,
}
"""How each measure is worked out; those not here are taken from published figures alone."""
