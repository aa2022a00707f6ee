"""Who loses which product: a heat map of one scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from graphmodel.errors import UnknownNameError, nearest
from graphmodel.plot import style as look
from graphmodel.plot.cells import name_cells, share_cells
from graphmodel.plot.places import country_names, place_name
from graphmodel.results import BreakdownResult, LossResult


def loss_by_product(
    result: LossResult,
    *,
    response: str = "frozen",
    ax: Axes | None = None,
    top: int = 24,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Show the share of each consuming country's demand that is lost, product by product.

    Parameters
    ----------
    result : LossResult
    response : str
        ``frozen`` or ``reachability``.
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of countries: those that use most products first, then those that lose the largest share.
    names : mapping, optional
        Words to print for products and countries.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.pcolormesh`.

    Raises
    ------
    UnknownNameError
        If the table has no such response.

    Notes
    -----
    A hatched cell has no demand. Products are sorted by their largest loss share; those that lose nothing are left
    out, unless all do.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
    >>> ax = gm.plot.loss_by_product(gm.losses(gm.load("toy-battery"), stop))
    >>> [(user.get_text(), lost.get_text()) for user, lost in zip(ax.get_xticklabels(), ax.texts)]
    [('China', '60'), ('United States', '60')]
    """
    table = result.table
    known = list(dict.fromkeys(table["response"]))
    if len(table) and response not in known:
        raise UnknownNameError(f"no response {response!r} in this result; {nearest(response, known)}")
    table = table[(table["response"] == response) & (table["demand"] > 0)]
    most = table.groupby("product")["loss_share"].transform("max")
    kept = table[most > 0] if (most > 0).any() else table
    title = title or str(result.parameters.get("scenario") or "")
    some = look.some_of(kept["product"].nunique(), table["product"].nunique())
    axis = f"share of each country's demand lost, % ({response}); hatched: no demand{some}"
    return _heat_map(kept, ax, top, names, title, axis, style)


def breakdown_by_product(
    result: BreakdownResult,
    *,
    removed: str | None = None,
    response: str = "frozen",
    ax: Axes | None = None,
    top: int = 24,
    names: Mapping[str, str] | None = None,
    **style: Any,
) -> Axes:
    """Show what each consuming country loses of each product when one node or group is shut.

    Parameters
    ----------
    result : BreakdownResult
    removed : str, optional
        Node or group; the first in the table when absent.
    response, ax, top, names, **style
        As in `loss_by_product`.

    Raises
    ------
    UnknownNameError
        If nothing of that name loses anything.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.breakdown_by_product(gm.breakdown(gm.load("toy-battery")), removed="cell-b")
    >>> [(user.get_text(), lost.get_text()) for user, lost in zip(ax.get_xticklabels(), ax.texts)]
    [('China', '80')]
    """
    table = result.table
    chosen = look.chosen_or_first(removed, table["removed"].astype(str), "loss without")
    table = table[(table["removed"] == chosen) & (table["response"] == response)]
    title = place_name(chosen, {**country_names(), **(names or {})})
    return _heat_map(
        table,
        ax,
        top,
        names,
        title,
        f"share of each country's demand lost, % ({response}); hatched: nothing lost",
        style,
    )


def _heat_map(
    table: pd.DataFrame,
    ax: Axes | None,
    top: int,
    names: Mapping[str, str] | None,
    title: str,
    axis_title: str,
    style: Mapping[str, Any],
) -> Axes:
    """Draw ``loss_share`` by product and consumer; hatch what the table does not have."""
    words = {**country_names(), **(names or {})}
    share = table.pivot_table(index="product", columns="consumer", values="loss_share", aggfunc="max")
    consumers = sorted(
        share.columns, key=lambda code: (-share[code].count(), -share[code].max(), words.get(code, code))
    )[:top]
    products = sorted(share.index, key=lambda product: (-share.loc[product].max(), product))
    ax = look.axes_or_new(ax, height=40 + 9 * max(len(products), 1))
    look.head(ax, title)
    if not consumers:
        return look.nothing_to_draw(ax, "no final demand to lose")
    values = share.reindex(index=products, columns=consumers).to_numpy(dtype=float)
    for row, column in np.argwhere(np.isnan(values)):
        ax.add_patch(
            Rectangle((column, row), 1, 1, facecolor="#F4F4F4", edgecolor="#C8C8C8", hatch="////", linewidth=0)
        )
    share_cells(ax, values, style)
    name_cells(
        ax,
        [look.plain(look.sentence(words.get(product, product)), 40) for product in products],
        [look.plain(words.get(code, code), 22) for code in consumers],
    )
    look.x_title(ax, axis_title)
    return ax
