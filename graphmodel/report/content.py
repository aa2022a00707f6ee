"""What the page says: every number is computed here and lands in a table beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

import pandas as pd

from graphmodel import datasets
from graphmodel.analysis import breakdown, chokepoints, concentration, diversification, losses, removal
from graphmodel.analysis.removal import RESPONSES
from graphmodel.checks import check
from graphmodel.errors import GraphModelError
from graphmodel.network import Network
from graphmodel.plot.places import place_name
from graphmodel.report.words import percent
from graphmodel.results import DiversificationResult, LossResult
from graphmodel.scenario import Scenario
from graphmodel.schema import REGIONS

RANKINGS = {"plant": "plant", "country,stage": "country and stage", "control": "home of the controlling owner"}
"""How chokepoints are grouped, and what to call it."""
SHOWN_SCENARIOS = 2
"""How many of the worst country-and-stage removals are split by product and consumer."""


@dataclass
class Content:
    """Everything the page and the figures show."""

    network: Network
    mineral: str | None
    headline: str
    sentences: dict[str, str] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    rankings: dict[str, pd.DataFrame] = field(default_factory=dict)
    stopped: dict[str, LossResult] = field(default_factory=dict)
    shown: dict[str, pd.DataFrame] = field(default_factory=dict)
    projects: DiversificationResult | None = None
    scenario: Scenario | None = None
    """The projects added, for the figures."""


def gather(network: Network, *, mineral: str | None, data: str | None) -> Content:
    """Run every analysis of the page."""
    rankings = {by: chokepoints(network, by=by, mineral=mineral).table for by in RANKINGS}
    sparse = _sparse(data)
    if sparse is not None:
        for by, table in rankings.items():
            for response in RESPONSES:
                other = removal(sparse, by=by, mineral=mineral, response=response).table
                column = table["removed"].map(other.set_index("removed")["loss_share"])
                table.insert(table.columns.get_loc(f"{response}_share") + 1, f"{response}_share_sparse", column)
    rankings = {by: _spelled(network, by, table) for by, table in rankings.items()}
    content = Content(network, mineral, _headline(network, rankings["country,stage"], mineral), rankings=rankings)
    content.sentences["centrality"] = _missed(network, rankings["country,stage"])
    content.sentences["plants"] = _no_single_point(rankings["plant"])
    for by, table in rankings.items():
        content.tables[f"chokepoints_by_{by.replace(',', '_')}"] = table
    for removed in rankings["country,stage"]["removed"].head(SHOWN_SCENARIOS):
        country, stage = str(removed).split(":")
        name = f"{_place(country)} stops {_stages(network)[stage]}"
        content.stopped[name] = losses(network, Scenario(name).shut(country=country, stage=stage))
        content.tables[f"losses_without_{country}_{stage}"] = content.stopped[name].table
        content.shown[name] = _shown_losses(network, content.stopped[name].table, mineral)
    content.tables["losses_by_plant"] = breakdown(network).table
    for lens in ("country", "control", "owner"):
        content.tables[f"concentration_by_{lens}"] = concentration(network, by=lens, mineral=mineral).table
        content.shown[lens] = _worded(network, content.tables[f"concentration_by_{lens}"])
    _add_projects(content)
    _add_closure(content, data)
    return content


@cache
def _names() -> MappingProxyType[str, str]:
    """Names of countries and regions by code."""
    countries = datasets.table("reference", "countries")
    return MappingProxyType({**REGIONS, **dict(zip(countries["country"], countries["name"], strict=True))})


def _place(code: str) -> str:
    """Name of a country or region; the code itself where there is none."""
    return _names().get(code, code)


def _stages(network: Network) -> dict[str, str]:
    """Printed name of every stage, in lower case."""
    stages = network.stages
    return {row.stage: str(row.label or row.stage).lower() for row in stages.itertuples()}


def _spelled(network: Network, by: str, table: pd.DataFrame) -> pd.DataFrame:
    """Write out the codes of countries and stages in the labels."""
    if by == "plant":
        return table
    words = {**_names(), **_stages(network)}
    return table.assign(label=[place_name(removed, words) for removed in table["removed"]])


def _shown_losses(network: Network, table: pd.DataFrame, mineral: str | None) -> pd.DataFrame:
    """Frozen losses of products that hold the mineral, largest tonnage first, codes written out."""
    rows = table[table["response"] == "frozen"]
    weight = rows["product"].map(network.content(mineral)).fillna(0.0) if mineral else 1.0
    rows = (
        rows.assign(weight=rows["loss"] * weight)
        .query("weight > 0")
        .sort_values("weight", ascending=False, kind="stable")
    )
    names = network.table("materials").set_index("material")["label"]
    product = [names.get(product) or product for product in rows["product"]]
    return rows.assign(product=product, consumer=rows["consumer"].map(_place))


def _sparse(data: str | None) -> Network | None:
    """The sparse reconstruction of a shipped data set, where there is one."""
    names = set(datasets.available()["name"])
    return datasets.load(f"{data}-sparse") if f"{data}-sparse" in names else None


def _headline(network: Network, ranking: pd.DataFrame, mineral: str | None) -> str:
    if ranking.empty or ranking["loss"].iloc[0] == 0:
        return "No country's stage is missed: no final demand is lost when any one of them stops."
    first = ranking.iloc[0]
    country, stage = str(first["removed"]).split(":")
    what = f"the {mineral} in final products" if mineral else "final demand"
    low, high = (_with_sparse(first, response) for response in RESPONSES)
    return (
        f"Without {_stages(network)[stage]} in {_place(country)}, the world loses from {low} of {what} if any path "
        f"left is enough to {high} if nobody replaces a supplier."
    )


def _with_sparse(row: pd.Series, response: str) -> str:
    """Write a share, and that of the sparse reconstruction where there is one."""
    share, other = percent(row[f"{response}_share"]), row.get(f"{response}_share_sparse")
    return share if other is None else f"{share} (sparse reconstruction: {percent(other)})"


def _missed(network: Network, ranking: pd.DataFrame) -> str:
    """Name the largest loss that a betweenness of zero hides."""
    hidden = ranking[(ranking["betweenness"] == 0) & (ranking["frozen_share"] > 0)]
    if hidden.empty:
        return ""
    row = hidden.iloc[0]
    country, stage = str(row["removed"]).split(":")
    place = int(row["rank"])
    return (
        f"Betweenness counts what passes through a place. {_stages(network)[stage].capitalize()} in {_place(country)} "
        f"is number {place} by loss ({percent(row['frozen_share'])} frozen) and has a betweenness of exactly 0, as "
        "nothing passes through a source. PageRank follows flow downstream: makers of final goods high, mines low; "
        "reversed, it rewards being reached by many, not being needed. Neither knows that an input can be essential."
    )


def _no_single_point(plants: pd.DataFrame) -> str:
    dense = int((plants["reachability_share"] > 0).sum())
    words = f"{dense} single plants cut" if dense else "No single plant cuts"
    words += " some users off completely"
    if "reachability_share_sparse" in plants:
        other = plants.sort_values("reachability_share_sparse", ascending=False).query("reachability_share_sparse > 0")
        named = ", ".join(f"{r.label} {percent(r.reachability_share_sparse)}" for r in other.head(3).itertuples())
        words += (
            f" on the dense reconstruction, {len(other) or 'none'} on the sparse one{f' ({named})' if named else ''}"
        )
    return (
        f"{words}. In a densely estimated network some other path nearly always remains, which is why reachability is "
        "only the lower bound."
    )


def _add_projects(content: Content) -> None:
    """What a first set of alliance-backed projects changes, where they fit this network."""
    network = content.network
    try:
        projects = datasets.table("projects", "projects")
    except GraphModelError:
        return
    sold = set(network.table("recipes")["input"])
    fits = projects["material"].isin(sold) & (projects["adds_capacity"] == "yes") & projects["capacity"].notna()
    chosen = projects[fits & ~projects["node_id"].isin(network.nodes["node_id"])]
    if chosen.empty or network.table("balances").empty:
        return
    scenario = Scenario("alliance projects").add(chosen)
    content.scenario = scenario
    content.projects = diversification(network, scenario, mineral=content.mineral)
    table = content.projects.table
    unit = network.table("materials").set_index("material")["unit"]
    content.tables["projects"] = chosen.assign(unit=chosen["material"].map(unit))
    content.tables["projects_change"] = table
    by_country = table[table["lens"] == "country"].set_index(["measure", "stage"])
    worst, shares = by_country.loc[("worst_loss", "all")], by_country.loc["largest_share"]
    stages = _stages(network)
    moved = [
        f"{stages[str(stage)]} from {percent(row['without'])} to {percent(row['with_scenario'])}"
        for stage, row in shares[shares["change"] < 0].sort_values("change").head(2).iterrows()
    ]
    content.sentences["projects"] = (
        f"{len(chosen)} listed projects (announced, paused or studied) at full capacity, whatever their chance of "
        f"being built, would lower the largest country's share of {' and of '.join(moved)}, but the worst loss when "
        f"one country stops at every stage only from {percent(worst['without'])} to {percent(worst['with_scenario'])}. "
        f"{_what_gets_worse(table)}"
    )


def _what_gets_worse(table: pd.DataFrame) -> str:
    """Name the losses that the projects raise, by location and by control."""
    words = {
        "worst_loss": "the worst loss",
        "worst_loss_outside": "the worst loss outside the worst group",
        "mean_loss": "the mean loss",
    }
    lenses = {"country": "by location", "control": "by control"}
    raised = table[table["measure"].isin(list(words)) & (table["change"] > 1e-4)]
    if raised.empty:
        return "No measure of loss gets worse."
    listed = [
        f"{words[row.measure]} {lenses[row.lens]} (from {percent(row.without)} to {percent(row.with_scenario)})"
        for row in raised.itertuples()
    ]
    return f"Some measures get worse: {'; '.join(listed)}."


def _worded(network: Network, table: pd.DataFrame) -> pd.DataFrame:
    """Write out the codes of stages and countries."""
    return table.assign(stage=table["stage"].map(_stages(network)), largest=table["largest"].map(_place))


def _graded(network: Network, mineral: str | None) -> str:
    """Say how much of the flow, and of the named plants' output, is no more than judgement."""
    edges, nodes = network.edges, network.nodes
    flow = pd.Series(network.quantity(mineral)).groupby(edges["evidence"].to_numpy()).sum()
    plants = nodes[nodes["kind"].isin(["facility", ""])]
    made = plants["evidence"].eq("assumed").mean()
    share = flow.get("assumed", 0.0) / flow.sum() if flow.sum() else 0.0
    return (
        f"{percent(share)} of all flow{f' of {mineral}' if mineral else ''}, added over stages, and {percent(made)} of "
        "the named plants rest on judgement (grade assumed): no source was seen for the figure itself."
    )


def _add_closure(content: Content, data: str | None) -> None:
    """How the data close and what they rest on."""
    nodes, edges = content.network.nodes, content.network.edges
    counts = [
        {"table": name, "evidence": str(grade) or "not stated", "rows": int(n)}
        for name, frame in (("nodes", nodes), ("edges", edges))
        for grade, n in frame["evidence"].value_counts().sort_index().items()
    ]
    content.tables["evidence"] = pd.DataFrame(counts, columns=["table", "evidence", "rows"])
    content.sentences["evidence"] = _graded(content.network, content.mineral)
    content.tables["findings"] = check(content.network)
    for name in ("closure", "basis", "large_estimates", "references"):
        try:
            content.tables[name] = datasets.table(data or "", name)
        except GraphModelError:
            continue  # a network of the user's own has no such table, and the page leaves the part out
    if "large_estimates" in content.tables:
        unit = content.network.table("materials").set_index("material")["unit"]
        listed = content.tables["large_estimates"]
        content.tables["large_estimates"] = listed.assign(unit=listed["material"].map(unit))
