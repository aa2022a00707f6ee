"""What the page says: every number is computed here and lands in a table beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from graphmodel import datasets
from graphmodel.analysis import (
    Response,
    breakdown,
    chokepoints,
    concentration,
    losses,
    overview,
    removal,
)
from graphmodel.analysis.grouping import node_ids
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.responses import REROUTED
from graphmodel.checks import check
from graphmodel.errors import EmptySelectionError, GraphModelError
from graphmodel.network import Network
from graphmodel.plot.places import place_name
from graphmodel.plot.words import industry_phrase, industry_words, material_words, stage_words
from graphmodel.report.disruption import add_pairs, add_percolation, add_weeks, what_rerouting_saves
from graphmodel.report.parts import Content, names, place
from graphmodel.report.projects import add_programmes, add_projects
from graphmodel.report.words import percent
from graphmodel.scenario import Scenario

RANKINGS = {"plant": "plant", "industry": "industry", "control": "home of the controlling owner"}
"""How chokepoints are grouped, and what to call it."""
RANKED: tuple[Response, ...] = ("reachability", "reroute", "frozen")
"""Responses of the rankings; adapt takes longer than all others and is worked out for the worst stops alone."""
ENDS: tuple[Response, ...] = ("reachability", "frozen")
"""Responses that are compared with the sparse reconstruction."""
SHOWN_SCENARIOS = 2
"""How many of the worst industries' removals are split by product and consumer."""


def gather(network: Network, *, counted: Mapping[str, Any], data: str | None) -> Content:
    """Run every analysis of the page; ``counted`` says which final demand (mineral, product, consumer) counts."""
    mineral = counted.get("mineral")
    rankings = {by: chokepoints(network, by=by, responses=RANKED, **counted).table for by in RANKINGS}
    sparse = _sparse(data)
    if sparse is not None:
        for by, table in rankings.items():
            for response in ENDS:
                other = removal(sparse, by=by, response=response, **counted).table
                column = table["removed"].map(other.set_index("removed")["loss_share"])
                table.insert(table.columns.get_loc(f"{response}_share") + 1, f"{response}_share_sparse", column)
    rankings = {by: _spelled(network, by, table) for by, table in rankings.items()}
    content = Content(network, counted, "", rankings=rankings)
    content.headline = _headline(content)
    content.sentences["centrality"] = _missed(network, rankings["industry"])
    content.sentences["plants"] = _no_single_point(rankings["plant"])
    for by, table in rankings.items():
        content.tables[f"chokepoints_by_{by.replace(',', '_')}"] = table
    for removed in rankings["industry"]["removed"].head(SHOWN_SCENARIOS):
        what, where = industry_phrase(network, str(removed))
        name = f"{where}: all {what} stops"
        nodes = node_ids(network, "industry", str(removed), among=removable(network))
        stop = Scenario(name).shut(node_id=nodes)
        found = losses(network, stop, mineral=mineral)
        if not content.stopped:
            if rankings["industry"]["loss"].iloc[0] > 0:
                content.results["loss_by_product"] = found
            add_weeks(content, stop)
        content.stopped[name] = found
        content.tables[f"losses_without_{str(removed).replace(':', '_')}"] = content.stopped[name].table
        content.shown[name] = _shown_losses(network, content.stopped[name].table, counted)
    add_pairs(content)
    add_percolation(content)
    content.tables["losses_by_plant"] = breakdown(network).table
    _add_overview(content)
    for lens in ("country", "control", "owner"):
        content.tables[f"concentration_by_{lens}"] = concentration(network, by=lens, mineral=mineral).table
        content.shown[lens] = _worded(network, content.tables[f"concentration_by_{lens}"])
    add_projects(content)
    add_programmes(content)
    _add_closure(content, data)
    return content


def _spelled(network: Network, by: str, table: pd.DataFrame) -> pd.DataFrame:
    """Write out the codes of countries and stages in the labels."""
    if by == "plant":
        return table
    words = {**industry_words(network), **names()}
    return table.assign(label=[place_name(removed, words) for removed in table["removed"]])


def _add_overview(content: Content) -> None:
    """The worst industry of every mineral, where the network has minerals."""
    whose = {key: value for key, value in content.counted.items() if key != "mineral"}
    try:
        content.results["overview"] = content.results["responses"] = overview(content.network, **whose)
    except EmptySelectionError:
        return
    table = content.tables["overview"] = content.results["overview"].table
    content.sentences["responses"] = what_rerouting_saves(content.network, table)
    content.shown["overview"] = _spelled(content.network, "industry", table).assign(
        mineral=[str(mineral).replace("-", " ") for mineral in table["mineral"]]
    )


def _shown_losses(network: Network, table: pd.DataFrame, counted: Mapping[str, Any]) -> pd.DataFrame:
    """Frozen losses of products that count and hold the mineral, largest tonnage first, codes written out."""
    mineral = counted.get("mineral")
    keys = ["product", "consumer"]
    rows = table[table["response"] == "frozen"]
    for response in REROUTED:
        other = table[table["response"] == response]
        rows = rows.merge(other[[*keys, "loss_share"]].rename(columns={"loss_share": f"{response}_share"}), on=keys)
    for column in ("product", "consumer"):
        if counted.get(column):
            rows = rows[rows[column] == counted[column]]
    weight = rows["product"].map(network.content(mineral)).fillna(0.0) if mineral else 1.0
    rows = (
        rows.assign(weight=rows["loss"] * weight)
        .query("weight > 0")
        .sort_values("weight", ascending=False, kind="stable")
    )
    names = material_words(network)
    product = [names.get(product, product) for product in rows["product"]]
    return rows.assign(product=product, consumer=rows["consumer"].map(place))


def _sparse(data: str | None) -> Network | None:
    """The sparse reconstruction of a shipped data set, where there is one."""
    names = set(datasets.available()["name"])
    return datasets.load(f"{data}-sparse") if f"{data}-sparse" in names else None


def _headline(content: Content) -> str:
    network, ranking = content.network, content.rankings["industry"]
    if ranking.empty or ranking["loss"].iloc[0] == 0:
        return "No country's stage is missed: no final demand is lost when any one of them stops."
    first = ranking.iloc[0]
    work, where = industry_phrase(network, str(first["removed"]))
    what = f"the {content.mineral.replace('-', ' ')} in final products" if content.mineral else "final demand"
    who = place(str(content.counted["consumer"])) if content.counted.get("consumer") else "the world"
    product = material_words(network).get(str(content.counted.get("product")), "")
    low, high = (_with_sparse(first, response) for response in ENDS)
    of = f"of {what}{f' ({product})' if product else ''}"
    lost = (
        f"{low} {of} even if any path left is enough"
        if low == high
        else f"from {low} {of} if any path left is enough to {high} if nobody replaces a supplier"
    )
    served = f", and {who} is served first" if content.counted.get("consumer") else ""
    return (
        f"Without the {work} stage of {where}, {who} loses {lost}; {percent(first['reroute_share'])} remain lost if "
        f"everyone may buy from whoever has capacity to spare{served}."
    )


def _with_sparse(row: pd.Series, response: str) -> str:
    """Write a share, and that of the sparse reconstruction where there is one."""
    share, other = percent(row[f"{response}_share"]), row.get(f"{response}_share_sparse")
    return share if other is None else f"{share} (sparse reconstruction: {percent(other)})"


def _missed(network: Network, ranking: pd.DataFrame) -> str:
    """Name the largest loss that a betweenness of zero hides."""
    origins = set(network.stages.loc[network.stages["role"] == "origin", "stage"])
    missed = ranking[(ranking["betweenness"] == 0) & (ranking["frozen_share"] > 0)]
    hidden = missed[[str(removed).split(":")[1] in origins for removed in missed["removed"]]]
    if hidden.empty:
        return ""
    row = hidden.iloc[0]
    work, where = industry_phrase(network, str(row["removed"]))
    place = int(row["rank"])
    return (
        f"Betweenness counts what passes through a place. The {work} stage of {where} "
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


def _worded(network: Network, table: pd.DataFrame) -> pd.DataFrame:
    """Write out the codes of stages and countries."""
    return table.assign(stage=table["stage"].map(stage_words(network)), largest=table["largest"].map(place))


def _handling(network: Network, mineral: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the flows that hold a mineral, or all that carry anything, and the nodes they join."""
    flows = network.edges[network.quantity(mineral) > 0]
    nodes = network.nodes
    return flows, nodes[nodes["node_id"].isin({*flows["source"], *flows["target"]})]


def _graded(network: Network, mineral: str | None) -> str:
    """Say how much of the flow, and of the named plants' output, is no more than judgement."""
    flow = pd.Series(network.quantity(mineral)).groupby(network.edges["evidence"].to_numpy()).sum()
    ends = _handling(network, mineral)[1]
    made = ends[ends["kind"].isin(["facility", ""])]["evidence"].eq("assumed").mean()
    share = flow.get("assumed", 0.0) / flow.sum() if flow.sum() else 0.0
    return (
        f"{percent(share)} of all flow{f' of {mineral}' if mineral else ''}, added over stages, and {percent(made)} of "
        "the named plants that handle it rest on judgement (grade assumed): no source was seen for the figure itself."
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
    for name in ("closure", "basis", "large_estimates"):
        if name in content.tables:
            table = content.tables[name]
            held = (
                table["material"].map(content.network.content(content.mineral)) > 0 if content.mineral else slice(None)
            )
            content.shown[name] = table.loc[held]
    if "references" in content.tables:
        content.shown["references"] = _cited(content)


def _cited(content: Content) -> pd.DataFrame:
    """Publications behind the flows of the mineral and the plants they join."""
    references = content.tables["references"]
    flows, ends = _handling(content.network, content.mineral)
    keys = {
        *flows["reference"],
        *(key for name in ("reference", "site_reference") if name in ends for key in ends[name]),
    }
    return references[references["reference"].isin(keys)]
