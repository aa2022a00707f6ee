"""Figures of shares in rows and columns: minerals by stage, users by the places their mineral passed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from graphmodel import analysis, datasets, plot
from graphmodel.analysis.dependence import ANY
from graphmodel.analysis.shares import Lens
from graphmodel.errors import ParameterError, UnknownNameError, nearest
from graphmodel.figures.drawing import Drawn, finished
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_table import main_mineral
from graphmodel.plot.places import country_names
from graphmodel.plot.words import industry_words, stage_words
from graphmodel.results import DependenceResult

FAMILIES = {
    "Battery": (
        *("lithium", "cobalt", "nickel", "manganese", "natural-graphite", "synthetic-graphite"),
        *("phosphorus", "fluorine"),
    ),
    "Magnet": ("rare-earths", "neodymium-praseodymium", "dysprosium-terbium"),
    "Chip": ("silicon", "high-purity-quartz", "gallium", "germanium", "indium", "tungsten", "tin"),
    "Host": ("copper", "aluminium", "zinc", "lead"),
}
"""Minerals by what they mainly end in, or what others come with; those not named stand under `REST`."""

REST = "Other"

MAKERS = {"country": "country that makes most", "control": "whose firms control most"}
"""What `mineral_stage_heat` can show."""


def mineral_stage_heat(network: Network, *, lens: Lens = "country") -> Drawn:
    """Show who makes most of every mineral at every stage, and what share of all that is made.

    Parameters
    ----------
    network : Network
    lens : {"country", "control"}
        By where plants stand, or by the home of who controls them.

    Returns
    -------
    Drawn
        One row a mineral and stage: ``family``, ``mineral``, ``stage``, then the columns of `concentration`.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or nothing is made.
    UnknownNameError
        If there is no such lens here.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.figures.mineral_stage_heat(gm.load("toy-battery"), lens="control").table
    >>> table[["mineral", "stage", "largest", "largest_share"]]
       mineral     stage largest  largest_share
    0  lithium    mining     CHN            0.6
    1  lithium  refining     CHN            1.0
    2  lithium      cell     KOR            0.6
    """
    if lens not in MAKERS:
        raise UnknownNameError(f"no lens {lens!r} for this figure; {nearest(lens, MAKERS)}")
    main_mineral(network)  # raises where no material holds any
    family = {mineral: name for name, minerals in FAMILIES.items() for mineral in minerals}
    order = [*family, *sorted(set(network.minerals) - set(family))]
    parts = [
        analysis.concentration(network, by=lens, mineral=mineral).table.assign(
            mineral=mineral, family=family.get(mineral, REST)
        )
        for mineral in order
        if mineral in network.minerals
    ]
    table = pd.concat(parts, ignore_index=True).drop(columns="material")
    if not len(table):
        raise ParameterError(f"no node of {network.name!r} makes anything that holds a mineral")
    # stages of one order: the one that most minerals pass first
    place = network.stages.set_index("stage")["order"]
    often = table["stage"].value_counts()
    columns = sorted(set(table["stage"]), key=lambda stage: (place[stage], -often[stage], stage))
    every = table["mineral"].nunique()
    heads = 4.7 * table["family"].nunique()
    shown, top = table, look.rows_that_fit(every, around=44 + heads, each=5.6)
    if top < every:  # those made in fewest hands over all their stages, and no heads
        top, heads = look.rows_that_fit(every, around=34, each=5.6), 0.0
        hands = table.groupby("mineral")["largest_share"].mean().sort_values(ascending=False, kind="stable")
        shown = table[table["mineral"].isin(hands.index[:top])].assign(family="")
    figure = look.new_figure(height=44 + heads + 6.3 * top)
    words = stage_words(network, lower=False)
    ax = plot.largest_by_stage(
        shown,
        stages=[stage for stage in columns if (shown["stage"] == stage).any()],
        ax=figure.add_subplot(),
        names=words,
    )
    unsure = "; ?: as much or more is unknown" if (shown["largest_share"] <= shown["unassigned_share"]).any() else ""
    look.x_title(ax, f"{MAKERS[lens]}, and its share of the whole, %{unsure}{look.some_of(top, every)}", loc="left")
    return finished(figure, table[["family", "mineral", *table.columns.drop(["family", "mineral"])]], network)


def dependence_matrix(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    stage: str = ANY,
    groups: Sequence[str] = ("EU27", "MSP"),
    top: int = 12,
    result: DependenceResult | None = None,
) -> Drawn:
    """Show what share of each large user's mineral passed each country, however many hands it went through.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only these final products, or these countries.
    stage : str
        Where it passed; wherever it did when absent.
    groups : list of str
        Alliances of the shipped membership table, each a row: what its countries use together.
    top : int
        Number of consuming countries, those of the largest use, and of places, those that most passed.
    result : DependenceResult, optional
        Worked out before by country, for the same network and demand.

    Returns
    -------
    Drawn
        ``kind`` of user (all, alliance, country), ``user``, ``label``, ``group`` (place), ``share``, ``quantity``,
        ``demand``, ``unit``, ``own`` (whether the place is the user, or in it).

    Raises
    ------
    ParameterError
        If no material holds a mineral, or nothing that is used passed the stage.
    UnknownNameError
        If there is no such stage or alliance.

    Notes
    -----
    A user's products count by the tonnes they hold. Shares of one row add up to more than 1 where the mineral
    passes several countries.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.figures.dependence_matrix(gm.load("toy-battery"), stage="cell", groups=[]).table
    >>> table.loc[table["kind"] == "country", ["user", "group", "share"]]
      user group  share
    2  CHN   KOR    0.2
    3  CHN   CHN    0.8
    4  USA   KOR    1.0
    5  USA   CHN    0.0
    """
    chosen = mineral or main_mineral(network)
    members = datasets.table("alliances", "members")
    unknown = [name for name in groups if name not in set(members["group"])]
    if unknown:
        raise UnknownNameError(f"no alliance {unknown[0]!r}; {nearest(unknown[0], sorted(set(members['group'])))}")
    if result is None:
        stages = list(dict.fromkeys([ANY, stage]))
        result = analysis.dependence(network, mineral=chosen, product=product, consumer=consumer, stage=stages)
    # every use has rows of ANY, also what never passed the stage
    uses = result.table.drop_duplicates(["consumer", "product"]).groupby("consumer")["demand"].sum()
    passed = result.table[result.table["stage"] == stage]
    passed = passed.groupby(["consumer", "group"])["quantity"].sum().unstack(fill_value=0.0)
    if not passed.size:
        raise ParameterError(f"no {chosen} that is used passed {stage!r}")
    passed = passed.reindex(uses.index, fill_value=0.0)
    places = list(passed.sum().round(6).sort_values(ascending=False, kind="stable").index[:top])
    above = 1 + len(groups)
    top = max(look.rows_that_fit(top + above, around=34, each=6) - above, min(top, 3))
    largest = list(uses.round(6).sort_values(ascending=False, kind="stable").index[:top])
    names = members.drop_duplicates("group").set_index("group")["group_name"]
    users = [("all", "", "All users", list(uses.index))]
    for name in groups:
        users.append(("alliance", name, str(names[name]), sorted(members.loc[members["group"] == name, "country"])))
    words = country_names()
    users += [("country", name, look.sentence(words.get(name, name)), [name]) for name in largest]
    parts = []
    for kind, user, label, countries in users:
        here = uses.index.intersection(countries)
        if len(here):
            demand, quantity = float(uses[here].sum()), passed.loc[here, places].sum()
            parts.append(
                pd.DataFrame(
                    {
                        "kind": kind, "user": user, "label": label, "group": places,
                        "share": quantity.to_numpy() / demand, "quantity": quantity.to_numpy(), "demand": demand,
                        "unit": str(result.table["unit"].iloc[0]),
                        "own": [kind != "all" and place in countries for place in places],
                    }
                )
            )  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    figure = look.new_figure(height=48 + 6 * len(parts))
    where = "at any stage" if stage == ANY else f"at {stage_words(network)[stage]}"
    title = f"{look.sentence(chosen.replace('-', ' '))} that passed each country {where}"
    plot.dependence_matrix(table, ax=figure.add_subplot(), names=industry_words(network), title=title)
    return finished(figure, table, network)
