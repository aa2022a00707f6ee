"""What the page says of rerouting, of two stops together, of the weeks of a shock, and of ever more removed."""

from __future__ import annotations

import pandas as pd

from graphmodel.analysis import first_failure, pairs, percolation, timeline
from graphmodel.network import Network
from graphmodel.plot.words import industry_phrase, material_words
from graphmodel.report.parts import Content, place
from graphmodel.report.words import percent
from graphmodel.scenario import Scenario

WEEKS = 104
"""How long the page follows a shock."""
SEEDS = 10
"""Random orders of removal."""


def what_rerouting_saves(network: Network, table: pd.DataFrame) -> str:
    """Say which mineral's worst stop could best be made up for by buying elsewhere, and which hardly at all."""

    def said(row: pd.Series) -> str:
        what, where = industry_phrase(network, str(row["removed"]))
        mineral = str(row["mineral"]).replace("-", " ")
        return f"{mineral} without the {what} stage of {where}"

    ordered = table.sort_values(["gap", "mineral"], ascending=[False, True], kind="stable")
    most, least = ordered.iloc[0], ordered.sort_values(["reroute_share"], ascending=False, kind="stable").iloc[0]
    hard = int((table["reroute_share"] >= 0.5 * table["frozen_share"]).sum())
    if most["gap"] <= 0:
        return "Buying elsewhere saves nothing of any mineral."
    return (
        f"Buying elsewhere could save most of {said(most)}: {percent(most['frozen_share'])} is lost if nobody replaces "
        f"a supplier, {percent(most['adapt_share'])} if flows may grow a little and "
        f"{percent(most['reroute_share'])} if everyone may buy from whoever has capacity to spare. For {hard} of "
        f"{len(table)} {'mineral' if len(table) == 1 else 'minerals'} more than half of the frozen loss remains even "
        f"then, the most for {said(least)} ({percent(least['reroute_share'])})."
    )


def add_weeks(content: Content, stop: Scenario) -> None:
    """Follow the worst stop week by week."""
    path = timeline(content.network, stop, weeks=WEEKS, mineral=content.mineral)
    content.results["loss_over_weeks"] = content.results["first_failure"] = path
    table = path.table
    for column in ("product", "consumer"):
        if content.counted.get(column):
            table = table[table[column] == content.counted[column]]
    found = first_failure(path.of(table)).table
    content.tables["loss_over_weeks"] = table
    content.tables["first_failure"] = found
    weekly = table.groupby("week")[["demand", "loss"]].sum()
    failing = found.dropna(subset=["day"])
    stocks = str(path.parameters["stock_data"]).partition(":")[0]
    if failing.empty:
        content.sentences["weeks"] = (
            f"No product lacks more than a hundredth of a week's demand within {WEEKS} weeks. Stocks: {stocks}."
        )
        return
    words = material_words(content.network)
    first = failing.iloc[0]
    share = weekly["loss"] / weekly["demand"]
    of_mineral = f", in tonnes of {content.mineral.replace('-', ' ')}" if content.mineral else ""
    content.sentences["weeks"] = (
        f"{words.get(str(first['product']), str(first['product']))} fails first, "
        f"{'at once' if first['day'] == 0 else f'after {first.day:.0f} days'}; {len(failing)} of {len(found)} "
        f"products lack more than a hundredth of a week's demand within {WEEKS} weeks. All together{of_mineral}, "
        f"{percent(_in_week(share, 13))} of the demand of week 13 is lost and {percent(_in_week(share, 52))} of "
        f"week 52 (stocks: {stocks})."
    )


def _in_week(share: pd.Series, week: int) -> float:
    return float(share.get(week, float("nan")))


def add_pairs(content: Content) -> None:
    """Stop every two countries together."""
    counted = content.counted
    result = pairs(content.network, by="country", **counted)
    table = content.tables["pairs_of_countries"] = result.table
    if not len(table) or table["loss"].iloc[0] <= 0:
        return
    content.results["pairs"] = result
    worst = table.iloc[0]
    more = table.sort_values(["extra", "first", "second"], ascending=[False, True, True], kind="stable").iloc[0]
    alone = max(more["first_share"], more["second_share"])
    lost, one = percent(worst["loss_share"]), percent(max(worst["first_share"], worst["second_share"]))
    content.sentences["pairs"] = (
        f"Worst is {_both(worst)} together: {lost} is lost, {'as much as' if one == lost else f'against {one}'} "
        f"without the worse of the two alone. The second stop adds most for {_both(more)}, where the loss rises from "
        f"{percent(alone)} to {percent(more['loss_share'])}."
    )


def _both(row: pd.Series) -> str:
    return f"{place(str(row['first']))} and {place(str(row['second']))}"


def add_percolation(content: Content) -> None:
    """Remove country after country; all final demand counts, whoever's it is."""
    result = percolation(
        content.network, by="country", mineral=content.mineral, measure=("reachability", "frozen"), seeds=SEEDS
    )
    content.results["percolation"] = result
    table = content.tables["percolation"] = result.table
    left = table.drop_duplicates(["order", "measure"]).set_index(["measure", "order"])["robustness"]
    curve = table[(table["order"] == "flow") & (table["measure"] == "frozen")].sort_values("n_removed")
    half = curve[curve["value"] < 0.5]
    when = f"after {half['n_removed'].iloc[0]} of {curve['n_removed'].max()} countries" if len(half) else "never"
    content.sentences["percolation"] = (
        "Countries are removed one after another, the largest by flow first, by loss, or at random. With the largest "
        f"first and no replacement, less than half of final demand is served {when}; the mean over the whole curve, R, "
        f"is {left['frozen', 'flow']:.2f} against {left['frozen', 'random']:.2f} in random order, and "
        f"{left['reachability', 'flow']:.2f} where any path left is enough."
    )
