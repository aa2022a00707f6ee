"""What the page says of alliance-backed projects: what they change, and whether the partnerships work."""

from __future__ import annotations

import pandas as pd

from graphmodel import datasets
from graphmodel.analysis import diversification, programme_worth, worth
from graphmodel.errors import EmptySelectionError, GraphModelError
from graphmodel.figures.projects import listed
from graphmodel.plot.words import stage_words
from graphmodel.report.parts import Content
from graphmodel.report.words import percent
from graphmodel.scenario import Scenario

PAIRS = 5
"""Orders drawn for the page, each with its reverse; `graphmodel worth` draws more."""


def add_projects(content: Content) -> None:
    """What a first set of alliance-backed projects changes, where they fit this network."""
    network = content.network
    chosen = listed(network, content.mineral)
    if chosen.empty or network.table("balances").empty:
        return
    scenario = Scenario("alliance projects").add(chosen)
    content.results["diversification"] = diversification(network, scenario, **content.counted)
    table = content.results["diversification"].table
    unit = network.table("materials").set_index("material")["unit"]
    content.tables["projects"] = chosen.assign(unit=chosen["material"].map(unit))
    content.tables["projects_change"] = table
    by_country = table[table["lens"] == "country"].set_index(["measure", "stage"])
    worst, shares = by_country.loc[("worst_loss", "all")], by_country.loc["largest_share"]
    stages = stage_words(network)
    moved = [
        f"{stages[str(stage)]} from {percent(row['without'])} to {percent(row['with_scenario'])}"
        for stage, row in shares[shares["change"] < 0].sort_values("change").head(2).iterrows()
    ]
    few = bool(worst["without"] - worst["with_scenario"] < 0.1 * worst["without"])
    content.sentences["projects"] = (
        f"{len(chosen)} listed projects, from announced to running up, at full capacity, whatever their chance of "
        f"being built, would lower the largest country's share of {' and of '.join(moved)}, but the worst loss when "
        f"one country stops at every stage {'only ' * few}from {percent(worst['without'])} to "
        f"{percent(worst['with_scenario'])}. {_what_gets_worse(table)}"
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


def add_programmes(content: Content) -> None:
    """Compare the programmes, and rank the projects in the page's mineral."""
    network, counted = content.network, content.counted
    try:
        every = datasets.projects()
        listed = {name: datasets.projects(name) for name in datasets.PROGRAMMES}
        result = programme_worth(network, listed, **counted)
    except (EmptySelectionError, GraphModelError):
        return  # none of the projects makes what this network trades
    table = result.table
    mine = every[every["mineral"].str.contains(content.mineral, regex=False)] if content.mineral else every
    ranked = worth(network, mine if len(mine) else every, pairs=PAIRS, **counted)
    content.results["programmes"] = result
    content.tables["programmes"], content.tables["worth_of_projects"] = table, ranked.table
    content.shown["worth"] = ranked.table.query("reason == ''").head(15)
    without, after = (float(str(result.parameters[name])) for name in ("loss_without", "loss_with_all"))
    first, totals = table.iloc[0], datasets.project_totals().query("kind == 'all'").set_index("programme")
    partnership = table.set_index("programme").loc["MSP"]
    unknown = int(every["capacity"].isna().sum())
    content.sentences["programmes"] = (
        f"Over {result.parameters['disruptions']} single stops, the worst of today and each as likely as another, "
        f"{percent(without)} of final demand{content.whose} is lost in the mean. All listed projects of these backers, "
        f"at full capacity whatever their chance of being built, would bring that to {percent(after)}: they avert "
        f"{percent(1 - after / without)} of the loss. Those backed by {first['programme']} avert "
        f"{percent(first['share'])}, the {int(partnership['n_entering'])} that can be modelled of the Minerals "
        "Security Partnership's "
        f"{totals.loc['MSP', 'published']} avert {percent(partnership['share'])}. What the data cannot tell: {unknown} "
        f"of {len(every)} listed projects state no capacity in a form the network trades, and "
        f"{totals.loc['MSP', 'missing']} of the Partnership's projects were never named."
    )
