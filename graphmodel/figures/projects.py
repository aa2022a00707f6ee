"""Figures of what projects change."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from graphmodel import analysis, datasets, plot
from graphmodel.analysis.entry import OFF, site_names
from graphmodel.analysis.outlook import CHANCE
from graphmodel.datasets import PROGRAMMES
from graphmodel.errors import ParameterError
from graphmodel.figures.drawing import Drawn, contained, finished, whose
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_table import main_mineral
from graphmodel.plot.places import backer_name
from graphmodel.plot.words import stage_words
from graphmodel.results import (
    DiversificationResult,
    ProgrammeResult,
)
from graphmodel.scenario import Scenario


def diversification(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    scenario: Scenario | None = None,
    result: DiversificationResult | None = None,
) -> Drawn:
    """Compare measures without and with a scenario, such as an alliance's projects.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    scenario : Scenario, optional
        What is added or changed; all projects of `listed` at full capacity when absent.
    result : DiversificationResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    ParameterError
        If no scenario is given and no listed project fits, or no material holds a mineral.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("mine A halves").shut(0.5, node_id="mine-a")
    >>> table = gm.figures.diversification(gm.load("toy-battery"), scenario=stop).table
    >>> table.loc[table["measure"] == "worst_loss_outside", ["lens", "without", "with_scenario"]].round(6)
           lens  without  with_scenario
    19  country      0.6           0.80
    22  control      0.6           0.68
    """
    if result is None:
        mineral = mineral or main_mineral(network)
        scenario = scenario or _all_listed(network, mineral)
        result = analysis.diversification(network, scenario, mineral=mineral, product=product, consumer=consumer)
    name = str(result.parameters["scenario"])
    table = result.table
    lost = [measure for measure in dict.fromkeys(table["measure"]) if "loss" in measure]
    shown = [measure for measure in dict.fromkeys(table["measure"]) if measure not in lost]
    n_rows = int(table["measure"].isin([*shown[:1], *lost]).sum())
    if look.rows_that_fit(n_rows, around=42, each=4.1) < n_rows:  # a slide shows the first lens alone
        first = table[table["lens"] == table["lens"].iloc[0]]
        result = result.of(first)
    above, below = (max(int(result.table["measure"].isin(group).sum()), 1) for group in (shown[:1], lost))
    figure = look.new_figure(height=42 + 4.1 * (above + below))
    spread = figure.add_gridspec(2, max(len(shown), 1), height_ratios=(above + 1, below + 1))
    axes = [figure.add_subplot(spread[0, place]) for place in range(len(shown))]
    for letter, ax, measure in zip("abcdefgh", axes, shown, strict=False):
        plot.before_and_after(result, measure=measure, ax=ax, names=stage_words(network, lower=False))
        look.head(ax, f"{letter}  {look.sentence(ax.get_title(loc='left'))}")
        if ax is not axes[0]:
            ax.set_yticklabels([])
    axes.append(figure.add_subplot(spread[1, :]))
    title = f"{'abcdefgh'[len(shown)]}  Final demand lost, share"
    plot.dumbbells(result, lost, ax=axes[-1], title=title, names=stage_words(network))
    handles, labels = axes[0].get_legend_handles_labels()
    look.legend_above(figure, handles, labels)
    bold = {"fontsize": look.HEAD, "fontweight": "bold", "color": look.INK}
    figure.suptitle(look.sentence(look.plain(name, 90)), x=0.01, ha="left", **bold)
    return finished(figure, table, network)


def listed(network: Network, mineral: str | None) -> pd.DataFrame:
    """Return the listed projects that add to a material of the mineral which somebody in the network buys.

    Examples
    --------
    >>> import graphmodel as gm
    >>> listed(gm.load("minerals-2024"), "gallium")["country"].tolist()
    ['USA', 'USA', 'GRC', 'KOR', 'CAN', 'AUS']
    """
    projects = datasets.projects()
    fits = projects["material"].isin(network.table("recipes")["input"])
    fits &= projects["adds_capacity"].eq("yes") & projects["capacity"].notna() & ~projects["status"].isin(OFF)
    if mineral:
        fits &= projects["material"].map(network.content(mineral)).fillna(0.0) > 0
    return projects[fits & ~projects["project_id"].isin(network.nodes["node_id"])]


def _all_listed(network: Network, mineral: str) -> Scenario:
    """All listed projects that fit, at full capacity."""
    projects = listed(network, mineral)
    if projects.empty or network.table("balances").empty:
        raise ParameterError(f"no listed project fits {network.name}, so there is nothing to compare; give a scenario")
    return Scenario("all listed projects at full capacity").add(projects)


def programmes(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    result: ProgrammeResult | None = None,
) -> Drawn:
    """Rank alliances and sponsors by what all their listed projects together keep served.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        Count final demand in tonnes of it; every product alike when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    result : ProgrammeResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    EmptySelectionError
        If no listed project can enter the network.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> toy = gm.load("toy-battery")
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "name": "Refinery B", "country": "USA", "stage": "refining",
    ...     "material": "lithium-salt", "capacity": 500.0})
    >>> found = gm.programme_worth(toy, {"Ours": plan}, by="node", top=1)
    >>> gm.figures.programmes(toy, result=found).table[["programme", "n_entering", "alone"]]
      programme  n_entering  alone
    0      Ours           1    0.5
    """
    result = result or _worth(network, mineral, product, consumer)
    figure = look.new_figure(height=34 + 6 * len(result))
    plot.programme_ranking(result, ax=figure.add_subplot())
    return finished(figure, result.table, network)


def _worth(
    network: Network,
    mineral: str | None,
    product: str | Sequence[str] | None,
    consumer: str | Sequence[str] | None,
) -> ProgrammeResult:
    listed = {name: datasets.projects(name) for name in PROGRAMMES}
    return analysis.programme_worth(network, listed, mineral=mineral, product=product, consumer=consumer)


AVERTED = {
    "alone": ("loss", "a  Mean loss"),
    "worst": ("worst", "b  Worst loss"),
    "tail": ("tail", "c  Mean of worst 5\u2009%"),
}
"""Panels of `programme_dumbbells`: the column of what is averted, the loss it is of, and the title."""

TOGETHER = "all together"


def programme_dumbbells(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    result: ProgrammeResult | None = None,
) -> Drawn:
    """Set the losses with all projects of each programme beside those without any, all programmes together last.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        Count final demand in tonnes of it; every product alike when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    result : ProgrammeResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    EmptySelectionError
        If no listed project can enter the network.

    Notes
    -----
    Seen: how little or how much all that a programme lists changes, on average and where it is worst; a dot right of
    the open one is a loss that grows, as new plants can displace sellers that a stop would have spared. The axes do not
    begin at 0. In brackets: how many of the sites listed can enter.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> toy = gm.load("toy-battery")
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "name": "Refinery B", "country": "USA", "stage": "refining",
    ...     "material": "lithium-salt", "capacity": 500.0})
    >>> found = gm.programme_worth(toy, {"Ours": plan}, by="node", top=1)
    >>> gm.figures.programme_dumbbells(toy, result=found).table.head(2)
          programme measure  without  with_projects
    0  all together   alone      1.0            0.5
    1  all together   worst      1.0            0.5
    """
    result = result or _worth(network, mineral, product, consumer)
    whole, table = result.parameters, result.table.set_index("programme")
    names = [name for name in PROGRAMMES if name in table.index]
    rows = []
    for column, (loss, _) in AVERTED.items():
        without, everyone = (float(str(whole[f"{loss}_{end}"])) for end in ("without", "with_all"))
        for name in names:
            row = f"{backer_name(name)} ({table['n_entering'][name]} of {table['n_projects'][name]})"
            rows.append((name, row, column, without, without - table[column][name]))
        rows.append((TOGETHER, look.sentence(TOGETHER), column, without, everyone))
    drawn = pd.DataFrame(rows, columns=["programme", "row", "measure", "without", "with_projects"])
    figure = look.new_figure(height=32 + 5 * (len(names) + 1))
    axes = figure.subplots(1, len(AVERTED))
    for ax, (column, (_, title)) in zip(axes, AVERTED.items(), strict=True):
        plot.loss_dumbbells(drawn[drawn["measure"] == column].reset_index(drop=True), ax=ax, title=title)
        if ax is not axes[0]:
            ax.set_yticklabels([])
    demand = f"final demand{whose(network, product, consumer)}"
    look.x_title(axes[1], f"share of {demand} lost, {contained(mineral)}; beside it, the change in points")
    look.legend_above(figure, *axes[0].get_legend_handles_labels())
    return finished(figure, drawn.drop(columns="row"), network)


FIRST, LAST = 2020, 2035
"""Years of `project_timeline`."""

EARLIER, LATER, UNDATED = f"to {FIRST - 1}", f"from {LAST + 1}", "no year"


def project_timeline(network: Network, *, mineral: str | None = None, projects: pd.DataFrame | None = None) -> Drawn:
    """Show how much planned capacity starts in which year at each stage, and how much of it is likely to.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        Capacity counts in tonnes of it contained; the one found at most stages when absent.
    projects : DataFrame, optional
        As `graphmodel.projects` lists them; all of these when absent.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or no project states a capacity of a material that holds this one.

    Notes
    -----
    Seen: a panel a stage, as tonnes at one stage become tonnes at the next and cannot be added to them; each with an
    axis of its own. The dark part is capacity times the chance of the project's status, as in `graphmodel.outlook`.
    Projects that are cancelled, or that nobody can identify, are left out; those that state no year have a bar of
    their own, those that state no capacity are counted below.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "name": "Refinery B", "country": "USA", "stage": "refining",
    ...     "material": "lithium-salt", "capacity": 500.0, "mineral": "lithium", "status": "construction",
    ...     "start_year": 2027})
    >>> drawn = gm.figures.project_timeline(gm.load("toy-battery"), projects=plan)
    >>> drawn.table[["stage", "start", "capacity", "expected"]]
          stage start  capacity  expected
    0  refining  2027     500.0     400.0
    """
    chosen = mineral or main_mineral(network)
    table = _starts(network, datasets.projects() if projects is None else projects, chosen)
    known = table[table["capacity"] > 0]
    if not len(known):
        raise ParameterError(f"no project states a capacity of a material of {network.name} that holds {chosen}")
    columns = [EARLIER, *map(str, range(FIRST, LAST + 1)), LATER, UNDATED]
    columns = [name for name in columns if name not in (EARLIER, LATER) or (known["start"] == name).any()]
    words = stage_words(network, lower=False)
    every = [stage for stage in dict.fromkeys(table["stage"]) if (known["stage"] == stage).any()]
    top = look.rows_that_fit(len(every), around=34, each=19)
    sites = known.groupby("stage")["n_sites"].sum().reindex(every).sort_values(ascending=False, kind="stable")
    stages = [stage for stage in every if stage in sites.index[:top]]
    figure = look.new_figure(height=34 + 22 * len(stages))
    axes = figure.subplots(len(stages), squeeze=False, sharex=True)[:, 0]
    largest = known.groupby(["stage", "start"])["capacity"].sum().max()
    scale, unit = look.scaled(float(largest), f"t of {chosen.replace('-', ' ')} a year")
    for ax, stage in zip(axes, stages, strict=True):
        rows = known[known["stage"] == stage]
        dated, undated = (rows.loc[rows["start"].eq(UNDATED) == no_year, "n_sites"].sum() for no_year in (False, True))
        word = "site" if dated == 1 else "sites"
        title = f"{words.get(stage, look.sentence(stage))}: {dated} {word} with a start year, {undated} without"
        plot.start_bars(rows, columns, scale=scale, ax=ax, title=title)
    some = f"; {len(stages)} of {len(every)} stages shown" if len(stages) < len(every) else ""
    figure.supylabel(look.plain(unit), fontsize=look.TEXT, color=look.INK)
    missing = table[table["capacity"].isna()].groupby("stage", sort=False)["n_sites"].sum()
    lower = stage_words(network)
    unsaid = (
        ", ".join(f"{n} in {lower.get(stage, stage or 'no stage named')}" for stage, n in missing.items()) or "none"
    )
    odds = ", ".join(f"{status} {look.percent(chance)}" for status, chance in CHANCE.items())
    notes = f"chance by status: {odds}\nsites that state no capacity: {look.plain(unsaid, 110)}{some}"
    figure.supxlabel(notes, fontsize=look.SMALL, color=look.INK)
    look.legend_above(figure, *axes[0].get_legend_handles_labels())
    return finished(figure, table, network)


def _starts(network: Network, projects: pd.DataFrame, mineral: str) -> pd.DataFrame:
    """Add up projects of a mineral: stage, start, status, n_sites, capacity (tonnes of it), expected; nan unknown."""
    content = network.content(mineral)
    held = projects["material"].map(content)
    named = projects["mineral"].fillna("").str.split("; ").map(lambda names: mineral in names)
    wanted = held.gt(0) | held.isna() & named
    rows = projects[wanted & ~projects["status"].isin(OFF)].copy()
    rows["capacity"] = rows["capacity"] * held
    rows["expected"] = rows["capacity"] * rows["status"].map(CHANCE).fillna(0.0)
    year = pd.to_numeric(rows["start_year"])
    rows["start"] = year.map(lambda one: UNDATED if one != one else f"{one:.0f}")
    rows["start"] = rows["start"].mask(year < FIRST, EARLIER).mask(year > LAST, LATER)
    rows["stated"], rows["n_sites"] = rows["capacity"] > 0, site_names(rows)
    keys = ["stage", "start", "status", "stated"]
    table = rows.groupby(keys, as_index=False).agg(
        n_sites=("n_sites", "nunique"), capacity=("capacity", "sum"), expected=("expected", "sum")
    )
    table.loc[~table["stated"], ["capacity", "expected"]] = float("nan")
    place = {stage: at for at, stage in enumerate(network.stages.sort_values("order")["stage"])}
    table["place"] = table["stage"].map(place).fillna(len(place))
    return table.sort_values(["place", *keys]).drop(columns=["place", "stated"])
