"""Which removal loses most: ranked bars, with the least loss as a mark on the same row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.places import country_names, place_name
from graphmodel.plot.words import demand_lost
from graphmodel.results import (
    BottleneckResult,
    ChokepointResult,
    EsriResult,
    MarginalResult,
    MaxFlowResult,
    OverviewResult,
    RemovalResult,
    ReroutingResult,
    WorstResult,
)

RESPONSES = {
    "frozen": "frozen: nobody replaces a supplier",
    "adapt": "adapt: flows grow by a share",
    "reroute": "reroute: everyone may buy from whoever can make more",
    "reachability": "reachability: no path from any origin is left",
}
"""What the responses are called in a legend."""


def removal_ranking(
    result: RemovalResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank removals by the share of final demand lost, the worst on top.

    Parameters
    ----------
    result : RemovalResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of rows.
    names : mapping, optional
        Words to print for stages and other codes in ids.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.barh`.

    Notes
    -----
    Rows that lose nothing are left out; an empty table leaves a note on the axes.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.removal_ranking(gm.removal(gm.load("toy-battery")), top=3)
    >>> [(label.get_text(), float(bar.get_width())) for label, bar in zip(ax.get_yticklabels(), ax.patches)]
    [('Refinery A', 1.0), ('Cell plant A', 0.6), ('Mine B', 0.6)]
    """
    table = result.table.rename(columns={"loss_share": "share"}).assign(least=float("nan"))
    response = str(result.parameters.get("response", ""))
    return _ranking(
        table, (RESPONSES.get(response, response), ""), ax, top, names, title, style, axis=demand_lost(result, names)
    )


def max_flow_ranking(
    result: MaxFlowResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank removals by the share of final demand that cannot be delivered, the worst on top.

    Parameters
    ----------
    result : MaxFlowResult
    ax, top, names, title, **style
        As in `removal_ranking`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.max_flow_ranking(gm.max_flow(gm.load("toy-battery"), mineral="lithium", slack=0.5), top=3)
    >>> [(label.get_text(), round(float(bar.get_width()), 6)) for label, bar in zip(ax.get_yticklabels(), ax.patches)]
    [('Refinery A', 1.0), ('Cell plant A', 0.6), ('Mine B', 0.5)]
    """
    table = result.table.rename(columns={"loss_share": "share"}).assign(least=float("nan"))
    legend = "more than links and capacities let through", ""
    return _ranking(table, legend, ax, top, names, title, style, axis=demand_lost(result, names))


def chokepoint_ranking(
    result: ChokepointResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank removals by frozen loss as bars, with the loss by reachability as a mark on the same row.

    Parameters
    ----------
    result : ChokepointResult
    ax, top, names, title, **style
        As in `removal_ranking`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.chokepoint_ranking(gm.chokepoints(gm.load("toy-battery"), mineral="lithium"), top=2)
    >>> [(label.get_text(), float(bar.get_width())) for label, bar in zip(ax.get_yticklabels(), ax.patches)]
    [('Refinery A', 1.0), ('Cell plant A', 0.6)]
    >>> [float(share) for share in ax.collections[0].get_offsets()[:, 0]]
    [1.0, 0.5]
    """
    table = result.table.rename(columns={"frozen_share": "share", "reachability_share": "least"})
    legend = RESPONSES["frozen"], RESPONSES["reachability"]
    return _ranking(table, legend, ax, top, names, title, style, axis=demand_lost(result, names))


def overview_ranking(
    result: OverviewResult,
    *,
    ax: Axes | None = None,
    top: int = 40,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank minerals by what is lost of each without its worst group, named beside it.

    Parameters
    ----------
    result : OverviewResult
    ax, top, names, title, **style
        As in `removal_ranking`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.overview_ranking(gm.overview(gm.load("toy-battery"), by="country"))
    >>> ax.get_yticklabels()[0].get_text(), float(ax.patches[0].get_width())
    ('Lithium: China', 1.0)
    """
    table = result.table.rename(columns={"frozen_share": "share", "reachability_share": "least"})
    words = {**country_names(), **(names or {})}
    pairs = zip(table["mineral"].astype(str), table["removed"].astype(str), strict=True)
    # the group's own mineral is said only where it is another one
    table["label"] = [
        f"{look.sentence(mineral.replace('-', ' '))}: {place_name(removed, {**words, mineral: ''})}"
        for mineral, removed in pairs
    ]
    legend = (RESPONSES["frozen"], RESPONSES["reachability"])
    axis = f"{demand_lost(result, names)}, in tonnes of each mineral"
    return _ranking(table.assign(rank=range(len(table))), legend, ax, top, names, title, style, axis=axis)


def worst_ranking(
    result: WorstResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Show what the worst one, two, three … lose together, with a mark at what no other set can exceed.

    Parameters
    ----------
    result : WorstResult
    ax, top, names, title, **style
        As in `removal_ranking`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.worst_ranking(gm.worst_removals(gm.load("toy-battery"), k=2, by="node"))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['refine-a', 'cell-a + cell-b']
    """
    words = {**country_names(), **(names or {})}
    table = result.table.rename(columns={"loss_share": "share", "n_removed": "rank"})
    table["least"] = table["bound_share"].where(table["gap"] > 0)
    table["label"] = [" + ".join(place_name(one, words) for one in ids.split(" + ")) for ids in table["removed"]]
    response = str(result.parameters.get("response", ""))
    legend = RESPONSES.get(response, response), "bound: no other set loses more"
    return _ranking(table, legend, ax, top, names, title, style, axis=demand_lost(result, names))


def esri_ranking(
    result: EsriResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank removals by the share of all sales that falls away with them, with a mark at what falls away downstream.

    Parameters
    ----------
    result : EsriResult
    ax, top, names, title, **style
        As in `removal_ranking`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.esri_ranking(gm.esri(gm.load("toy-battery"), mineral="lithium"), top=3)
    >>> [(label.get_text(), round(float(bar.get_width()), 3)) for label, bar in zip(ax.get_yticklabels(), ax.patches)]
    [('Refinery A', 1.0), ('Cell plant A', 0.6), ('Mine B', 0.6)]
    """
    table = result.table.rename(columns={"esri": "share", "esri_down": "least"})
    legend = "downstream and upstream", "downstream alone"
    return _ranking(table, legend, ax, top, names, title, style, axis="share of all sales lost")


def marginal_ranking(
    result: MarginalResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank capacities, materials and links by what one hundredth more of each would be worth.

    Parameters
    ----------
    result : MarginalResult
    ax, top, names, title, **style
        As in `removal_ranking`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
    >>> ax = gm.plot.marginal_ranking(gm.marginal_values(gm.load("toy-battery"), stop))
    >>> [label.get_text() for label in ax.get_yticklabels()][-2:]
    ['capacity: Mine B, lithium ore', 'capacity: Mine A, lithium ore']
    """
    table = result.table.rename(columns={"value_share": "share", "item": "removed"}).assign(least=float("nan"))
    table["rank"] = range(len(table))
    made = table["material"].map(lambda name: _made(name, names))
    table["label"] = (table["kind"] + ": " + made).where(
        table["kind"] == "material", table["kind"] + ": " + table["label"] + ", " + made
    )
    legend = "dual value", ""
    axis = "share of final demand regained with 1 % more"
    return _ranking(table, legend, ax, top, names, title, style, axis=axis)


def bottleneck_ranking(
    result: BottleneckResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank places and stages by what one hundredth more capacity there would be worth with all projects built.

    Parameters
    ----------
    result : BottleneckResult
    ax, top, names, title, **style
        As in `removal_ranking`.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> plan = pd.DataFrame({"project_id": ["mine-c"], "name": "Mine C", "country": "CAN", "stage": "mining",
    ...     "material": "lithium-ore", "capacity": 2000.0})
    >>> ax = gm.plot.bottleneck_ranking(gm.bottleneck(gm.load("toy-battery"), plan, by="node", mineral="lithium"))
    >>> ax.get_yticklabels()[0].get_text(), ax.get_legend_handles_labels()[1]
    ('South Korea · cell · lithium cell', ['dual value'])
    """
    table = result.table.query("kind == 'capacity'").rename(columns={"value_share": "share", "item": "removed"})
    words = {**country_names(), **(names or {})}
    rows = zip(table["group"].astype(str), table["stage"].astype(str), table["material"].astype(str), strict=True)
    table["label"] = [
        f"{words.get(group, group)} · {words.get(stage, stage)} · {words.get(made, made.replace('-', ' '))}"
        for group, stage, made in rows
    ]
    axis = "millionths of final demand regained with 1 % more, mean over the disruptions"
    table = table.assign(rank=range(len(table)), least=float("nan"))
    return _ranking(
        table, ("dual value", ""), ax, top, names, title, style,
        axis=axis, nothing="no capacity is short", write=lambda share: look.number(1e6 * share),
    )  # fmt: skip


def rerouting_ranking(
    result: ReroutingResult,
    *,
    ax: Axes | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Rank those who sell more once a scenario happens, as a share of all that is sold of the material.

    Parameters
    ----------
    result : ReroutingResult
    ax, top, names, title, **style
        As in `removal_ranking`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
    >>> ax = gm.plot.rerouting_ranking(gm.rerouting(gm.load("toy-battery"), stop))
    >>> ax.get_yticklabels()[0].get_text(), round(float(ax.patches[0].get_width()), 6)
    ('Mine A, lithium ore', 0.1)
    """
    table = result.table.query("flow == 'sale' and change > 0").rename(columns={"change_share": "share"})
    table = table.sort_values(["share", "node_id"], ascending=[False, True], kind="stable")
    table = table.assign(rank=range(len(table)), removed=table["node_id"], least=float("nan"))
    table["label"] = table["label"] + ", " + table["material"].map(lambda name: _made(name, names))
    axis = "sold more, as a share of all that is sold of the material"
    return _ranking(table, ("more sold", ""), ax, top, names, title, style, axis=axis)


def _made(material: str, names: Mapping[str, str] | None) -> str:
    return (names or {}).get(material) or str(material).replace("-", " ")


def _ranking(
    table: pd.DataFrame,
    legend: tuple[str, str],
    ax: Axes | None,
    top: int,
    names: Mapping[str, str] | None,
    title: str,
    style: Mapping[str, Any],
    *,
    axis: str,
    nothing: str = "no removal loses any final demand",
    write: Callable[[float], str] = look.percent,
) -> Axes:
    """Draw ``share`` as bars and ``least`` as marks, where there is one."""
    table = table[table["share"] > 0].sort_values(["rank", "removed"], kind="stable").head(top)
    alone = ax is None
    ax = look.axes_or_new(ax, height=(18 if alone else 12) + 5 * max(len(table), 3))
    look.head(ax, title)
    if not len(table):
        return look.nothing_to_draw(ax, nothing)
    rows = range(len(table))
    ax.barh(rows, table["share"], **{"color": look.BAR, "height": 0.7, "label": legend[0], **style})
    known = table["least"].notna().to_numpy()
    if known.any():
        ax.scatter(
            table["least"][known],
            [row for row, there in zip(rows, known, strict=True) if there],
            **look.HOLLOW,
            label=legend[1],
        )
    ends = table[["share", "least"]].max(axis=1)
    for row, share, end in zip(rows, table["share"], ends, strict=True):
        look.beside(ax, write(share), end, row)
    look.name_rows(ax, [look.plain(label, 56) for label in row_names(table, names)])
    ax.set_xlim(0, 1.08 * ends.max())
    look.write_ticks(ax.xaxis, write)
    look.x_title(ax, axis)
    look.tidy(ax)
    look.pad_ticks(ax, "y", 7)
    if alone:
        look.legend_above(look.figure_of(ax), *ax.get_legend_handles_labels())
    return ax


def row_names(table: pd.DataFrame, names: Mapping[str, str] | None) -> list[str]:
    """Name what was removed: single nodes as they are, ids of groups with their codes in words."""
    words = {**country_names(), **(names or {})}
    pairs = zip(table["removed"].astype(str), table["label"].astype(str), strict=True)
    return [label if label != removed else place_name(removed, words) for removed, label in pairs]
