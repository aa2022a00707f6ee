"""What each project changes: one measure, by location and by control."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.places import country_names
from graphmodel.results import EffectResult

WORDS = {
    "hhi": "HHI of its market",
    "effective_suppliers": "effective number of suppliers in its market",
    "largest_share": "largest share of its market",
    "worst_loss": "share of final demand lost in the worst stop",
    "expected_loss": "share of final demand lost in the mean over all stops",
    "cvar95": "share of final demand lost in the worst 5 % of stops",
    "group_cut": "fewest groups that cut all routes, mean over users",
    "dependence": "share of final demand that passed {place}",
}
"""What the horizontal axis is called."""

MARKS: dict[str, dict[str, Any]] = {
    "country": {"marker": "o", "s": 26, "color": look.BAR, "zorder": 4, "label": "by location"},
    "control": {**look.HOLLOW, "s": 20, "zorder": 5, "label": "by control"},
}


def effect_dots(
    result: EffectResult,
    *,
    measure: str | None = None,
    ax: Axes | None = None,
    top: int = 20,
    title: str = "",
    **style: Any,
) -> Axes:
    """Show what each site changes in one measure when it enters alone; the largest change on top.

    Parameters
    ----------
    result : EffectResult
    measure : str, optional
        The first in the table when absent.
    ax : Axes, optional
        Drawn on a new figure when absent.
    top : int
        Number of rows.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.hlines`, the line from no change to the marks.

    Raises
    ------
    UnknownNameError
        If the table has no such measure.

    Notes
    -----
    Sites that change nothing, and all of them together, have no row.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "name": "Refinery B", "country": "USA", "stage": "refining",
    ...     "material": "lithium-salt", "capacity": 500.0})
    >>> ax = gm.plot.effect_dots(gm.effects(gm.load("toy-battery"), plan, by="country", measures=["hhi"]))
    >>> ax.get_yticklabels()[0].get_text(), [float(x) for x in ax.collections[-1].get_offsets()[:, 0]]
    ('Refinery B (USA, lithium salt)', [-0.5])
    """
    table = result.table
    chosen = look.chosen_or_first(measure, table["measure"], "measure")
    table = table[(table["measure"] == chosen) & (table["project_id"] != "all") & (table["change"].abs() > 0)]
    size = table["change"].abs().groupby(table["project_id"]).transform("max").round(12)
    table = table.assign(size=-size).sort_values(["size", "project_id"], kind="stable")
    sites = table.drop_duplicates("project_id").head(top).reset_index(drop=True)
    ax = look.axes_or_new(ax, height=22 + 5 * max(len(sites), 3))
    look.head(ax, title)
    if not len(sites):
        return look.nothing_to_draw(ax, "no project changes this")
    row = pd.Series(sites.index, index=sites["project_id"])
    table = table[table["project_id"].isin(row.index)]
    for lens, part in table.groupby("lens", sort=False):
        at = part["project_id"].map(row)
        ax.hlines(at, 0.0, part["change"], **{"color": look.GREY, "linewidth": 1.0, "zorder": 2, **style})
        ax.scatter(part["change"], at, **MARKS[str(lens)])
    ax.axvline(0.0, color=look.MARK, linewidth=0.6, zorder=1)
    look.name_rows(
        ax, [f"{look.plain(entry.name, 36)} ({look.plain(_place(entry), 50)})" for entry in look.rows(sites)]
    )
    ax.margins(x=0.06)
    ax.xaxis.set_major_locator(look.few_ticks())
    look.write_ticks(ax.xaxis, lambda change: ("+" if change > 0 else "") + look.number(change))
    places = result.parameters.get("place")
    named = (
        sorted({str(country_names().get(name, name)) for name in places.values()}) if isinstance(places, dict) else []
    )
    look.x_title(ax, "change in " + WORDS.get(chosen, chosen).format(place=" or ".join(named)))
    look.tidy(ax)
    look.legend_above(look.figure_of(ax), *ax.get_legend_handles_labels(), columns=2)
    return ax


def _place(entry: Any) -> str:
    """Say where a site stands, who controls it if that is another country, and what it makes."""
    owned = f", of {entry.control}" if entry.control not in ("", entry.country) else ""
    return f"{entry.country}{owned}, {entry.material.replace('-', ' ')}"
