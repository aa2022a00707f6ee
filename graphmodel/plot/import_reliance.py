"""Who relies on imports: ranked bars of one stage or form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.places import country_names, place_name
from graphmodel.results import ImportRelianceResult


def import_reliance_bars(
    result: ImportRelianceResult,
    *,
    ax: Axes | None = None,
    stage: str | None = None,
    material: str | None = None,
    top: int = 15,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Show the import reliance of the largest users of what one stage makes, the largest on top.

    Parameters
    ----------
    result : ImportRelianceResult
    ax : Axes, optional
        Drawn on a new figure when absent.
    stage, material : str, optional
        Which rows; those of the largest import when absent.
    top : int
        Number of rows.
    names : mapping, optional
        Words to print for stages, materials and other codes.
    title : str
        Printed above, from the left; the mineral and the stage or form when absent.
    **style
        Passed to `matplotlib.axes.Axes.barh`.

    Raises
    ------
    UnknownNameError
        If the table has no such stage, or no such material of it.

    Notes
    -----
    Bars are EU import reliance, cut at 0 for net exporters, which are named; the mark is USGS net import reliance
    where a change of stocks is known. Beside each bar stands apparent consumption. Who uses nothing is left out.

    Examples
    --------
    >>> import graphmodel as gm
    >>> found = gm.import_reliance(gm.load("toy-battery"), "lithium")
    >>> ax = gm.plot.import_reliance_bars(found, stage="cell")
    >>> [(user.get_text(), float(bar.get_width())) for user, bar in zip(ax.get_yticklabels(), ax.patches)]
    [('China', 0.2), ('United States', 1.0)]
    """
    table = result.table
    table = table[table["consumption"] > 0].sort_values(["imports", "group"], ascending=[False, True])
    stage = look.chosen_or_first(stage, table["stage"], "stage")
    table = table[table["stage"] == stage]
    material = look.chosen_or_first(material, table["material"], "material")
    table = table[table["material"] == material].sort_values(["consumption", "group"], ascending=[False, True])
    table = table.head(top).reset_index(drop=True)
    words = {**country_names(), **(names or {})}
    mineral = str(result.parameters.get("mineral", "")).replace("-", " ")
    what = words.get(stage, stage) if material == result.parameters.get("mineral") else words.get(material, material)
    ax = look.axes_or_new(ax, height=22 + 5 * max(len(table), 3))
    look.head(ax, title or look.sentence(f"{mineral}: {what.replace('-', ' ')}" if len(table) else ""))
    if not len(table):
        return look.nothing_to_draw(ax, "nobody uses any of it")
    rows = range(len(table))
    shown = table["ir"].clip(0.0, 1.0).fillna(0.0)
    ax.barh(rows, shown, **{"color": look.BAR, "height": 0.7, "label": "import reliance (EU)", **style})
    known = [row for row in rows if table["stock_draw"].notna()[row]]
    if known:
        marks = table["nir"].clip(0.0, 1.0)[known]
        ax.scatter(marks, known, **look.HOLLOW, label="net import reliance (USGS)")
    divisor, unit = look.scaled(float(table["consumption"].max()), str(table["unit"][0]))
    for row, entry in enumerate(look.rows(table)):
        used = look.number(entry.consumption / divisor)
        text = f"net exporter, uses {used}" if entry.ir < 0 else f"{look.percent(entry.ir)} of {used}"
        end = float(max(shown[row], min(max(entry.nir, 0.0), 1.0) if row in known else 0.0))
        look.beside(ax, text, end, row)
    look.name_rows(ax, [look.plain(place_name(group, words), 40) for group in table["group"]])
    ax.set_xlim(0, 1.0)
    look.write_ticks(ax.xaxis, look.percent)
    stocks = "; mark: with the change of stocks (USGS)" if known else ""
    look.x_title(ax, f"net imports, share of apparent consumption (in {unit}){stocks}", loc="left")
    look.tidy(ax)
    return ax
