"""Whom a user's mineral passed, stage by stage: a heat map of shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.cells import name_cells, share_cells
from graphmodel.plot.places import country_names, place_name
from graphmodel.results import DependenceResult


def dependence_by_stage(
    result: DependenceResult,
    *,
    ax: Axes | None = None,
    consumer: str | None = None,
    product: str | None = None,
    top: int = 12,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Show what share of one user's mineral passed each group, a row a stage, a column a group.

    Parameters
    ----------
    result : DependenceResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    consumer, product : str, optional
        Whose; those of the largest demand when absent.
    top : int
        Number of groups, those with the largest shares.
    names : mapping, optional
        Words to print for stages, products and other codes.
    title : str
        Printed above, from the left; the user and product when absent.
    **style
        Passed to `matplotlib.axes.Axes.pcolormesh`.

    Raises
    ------
    UnknownNameError
        If the table has no such consumer, or no such product of it.

    Notes
    -----
    Shares below half a hundredth are left blank, and so are groups and stages that have no others.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> ax = gm.plot.dependence_by_stage(gm.dependence(toy, mineral="lithium"), consumer="USA")
    >>> [(place.get_text(), share.get_text()) for place, share in zip(ax.get_xticklabels(), ax.texts)]
    [('China', '100'), ('South Korea', '100'), ('Australia', '60'), ('Chile', '40')]
    """
    table = result.table
    consumer = look.chosen_or_first(consumer, table["consumer"], "consumer")
    table = table[table["consumer"] == consumer]
    product = look.chosen_or_first(product, table["product"], "product")
    table = table[(table["product"] == product) & (table["share"] >= 0.005)]
    words = {**country_names(), **(names or {})}
    stages = list(dict.fromkeys(table["stage"]))
    largest = table.groupby("group")["share"].agg(["max", "sum"]).round(9).reset_index()
    groups = list(largest.sort_values(["max", "sum", "group"], ascending=[False, False, True])["group"].head(top))
    ax = look.axes_or_new(ax, height=40 + 6.5 * max(len(stages), 3))
    mineral = str(result.parameters.get("mineral") or "").replace("-", " ")
    user = f"{place_name(consumer, words)}, {words.get(product, product).replace('-', ' ')}"
    look.head(ax, title or look.sentence(": ".join(filter(None, [mineral, user])) if consumer else ""))
    if not groups:
        return look.nothing_to_draw(ax, "nothing that is used passed any group")
    shares = table.pivot(index="stage", columns="group", values="share").reindex(index=stages, columns=groups)
    share_cells(ax, shares.to_numpy(dtype=float), style)
    labels = [look.plain(place_name(group, words), 24) for group in groups]
    rows = ["at any stage" if stage == "any" else words.get(stage, stage) for stage in stages]
    name_cells(ax, [look.plain(look.sentence(word), 24) for word in rows], labels)
    look.x_title(ax, "share that passed, %", loc="left")
    return ax
