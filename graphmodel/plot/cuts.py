"""How many routes to each user share no country, and which few cut them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.places import country_names, place_name
from graphmodel.results import CutResult


def route_bars(
    result: CutResult,
    *,
    ax: Axes | None = None,
    product: str | None = None,
    top: int = 20,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Show for each user of one product how many routes share no group, and which groups cut all of them.

    Parameters
    ----------
    result : CutResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    product : str, optional
        The one of the largest demand that any route reaches when absent.
    top : int
        Number of users, those with the largest demand.
    names : mapping, optional
        Words to print for groups, products and nodes.
    title : str
        Printed above, from the left; the product when absent.
    **style
        Passed to `matplotlib.axes.Axes.barh`.

    Raises
    ------
    UnknownNameError
        If the table has no such product.

    Notes
    -----
    Few routes first. Beside each bar stand the fewest groups without which no route is left; a mark shows how many
    routes there may be at most where that is not proven. Users without a route have no bar.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.route_bars(gm.cuts(gm.load("toy-battery"), mineral="lithium"))
    >>> [(user.get_text(), cut.get_text()) for user, cut in zip(ax.get_yticklabels(), ax.texts)]
    [('China', '1: China'), ('United States', '1: South Korea')]
    """
    table = result.table.sort_values("value", key=lambda value: value == 0, kind="stable")  # who has routes first
    product = look.chosen_or_first(product, table["product"], "product")
    table = table[table["product"] == product]
    many = table[table["measure"] == "group_routes"].sort_values("demand", ascending=False, kind="stable").head(top)
    few = table[table["measure"] == "group_cut"].set_index("consumer")["members"]
    many = many.sort_values(["value", "demand"], ascending=[True, False], kind="stable").reset_index(drop=True)
    words = {**country_names(), **(names or {})}
    by = result.parameters.get("by", "country")
    by = by if isinstance(by, str) else ", ".join(map(str, by)) if isinstance(by, list | tuple) else "group"
    ax = look.axes_or_new(ax, height=20 + 5 * max(len(many), 3))
    look.head(ax, title or look.sentence(words.get(product, product).replace("-", " ")))
    if not len(many):
        return look.nothing_to_draw(ax, "nobody uses any of it")
    rows = range(len(many))
    ax.barh(rows, many["value"], **{"color": look.BAR, "height": 0.7, **style})
    open_rows = [row for row in rows if many["gap"][row] > 0]
    most = many["value"] + many["gap"]
    if open_rows:
        ax.scatter(most[open_rows], open_rows, **look.HOLLOW, label="no more than")
    for row, entry in enumerate(look.rows(many)):
        cut = [place_name(one, words) for one in str(few.get(entry.consumer, "")).split(" + ") if one]
        told = f"{entry.value:.0f}: {' + '.join(cut)}" if cut else "no route"
        look.beside(ax, look.plain(told, 84), float(most[row]), row)
    look.name_rows(ax, [look.plain(place_name(consumer, words), 40) for consumer in many["consumer"]])
    ax.set_xlim(0, 3.0 * max(1.0, float(most.max())))
    ax.set_xticks(range(int(most.max()) + 1))
    mark = "; mark: there are no more" if open_rows else ""
    look.x_title(ax, f"routes that share no {by}; beside: without these none is left{mark}", loc="left")
    look.tidy(ax)
    ax.grid(False)  # whole numbers are written beside the bars, and lines would cross them
    return ax
