"""Where a mineral is handled and where it goes: marks on a map, arcs between countries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_table import country_flows, main_mineral, node_table
from graphmodel.plot.places import country_points, outline, robinson

LARGEST_CIRCLE = 420.0
"""Area of the largest circle, in square points."""

MAP_HEIGHT = 94.0
"""Height of a new figure 180 mm wide, in mm."""

LARGEST_WIDTH = 5.0
"""Width of the largest flow, in points."""


def map_table(network: Network, *, mineral: str, n_flows: int = 40) -> pd.DataFrame:
    """Return what the map shows: nodes with a place, and the largest flows between countries.

    Returns
    -------
    DataFrame
        ``what`` ("node" or "flow"), ``id``, ``name``, ``stage`` (of a flow: of its supplier), ``country`` (of a flow:
        the supplier's), ``target`` (country), ``lat``, ``lon``, ``target_lat``, ``target_lon``, ``unit``, ``quantity``.
        A node without coordinates stands at its country's label point; regions have no place (nan) and are not drawn.

    Raises
    ------
    ParameterError
        If none of the mineral flows.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.plot.map_table(gm.load("toy-battery"), mineral="lithium", n_flows=1)
    >>> table.loc[table["what"] == "flow", ["stage", "country", "target", "quantity"]]
        stage country target  quantity
    7  mining     AUS    CHN     600.0
    """
    points = country_points()
    flows = country_flows(network, mineral=mineral)
    flows = flows[flows["source"] != flows["target"]]
    between = flows.groupby(["source_stage", "source", "target", "unit"], as_index=False, sort=True)["quantity"].sum()
    drawn = between["source"].isin(points.index) & between["target"].isin(points.index)
    between = between[drawn].sort_values(["quantity", "source", "target"], ascending=[False, True, True]).head(n_flows)
    start, end = points.reindex(between["source"]), points.reindex(between["target"])
    arcs = pd.DataFrame(
        {
            "what": "flow",
            "id": between["source"] + ":" + between["source_stage"] + ":" + between["target"],
            "name": "",
            "stage": between["source_stage"],
            "country": between["source"],
            "target": between["target"],
            "lat": start["lat"].to_numpy(),
            "lon": start["lon"].to_numpy(),
            "target_lat": end["lat"].to_numpy(),
            "target_lon": end["lon"].to_numpy(),
            "unit": between["unit"],
            "quantity": between["quantity"],
        }
    )
    nodes = node_table(network, mineral=mineral).rename(columns={"node_id": "id"})
    own = points.reindex(nodes["country"]).reset_index(drop=True)
    known = nodes["lat"].notna() & nodes["lon"].notna()
    nodes["lat"], nodes["lon"] = nodes["lat"].where(known, own["lat"]), nodes["lon"].where(known, own["lon"])
    nodes = nodes.assign(what="node", target="", target_lat=np.nan, target_lon=np.nan)
    return pd.concat([nodes[arcs.columns], arcs], ignore_index=True)


def world_map(
    network: Network,
    *,
    mineral: str | None = None,
    ax: Axes | None = None,
    n_flows: int = 40,
    **style: Any,
) -> Axes:
    """Draw nodes as marks by contained tonnage and the largest flows between countries as arcs.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    ax : Axes, optional
        Drawn on a new figure when absent.
    n_flows : int
        Number of flows, the largest first.
    **style
        Passed to the marks, `matplotlib.axes.Axes.scatter`.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or none of it flows.

    Notes
    -----
    Drawn from `map_table`; Robinson projection. A mark's area is the tonnage, its shape and colour the stage; arcs run
    between label points of countries and take the colour of the supplier's stage.

    Examples
    --------
    >>> import graphmodel as gm
    >>> ax = gm.plot.world_map(gm.load("toy-battery"), mineral="lithium")
    >>> ax.get_legend().get_texts()[-1].get_text()
    '500 t lithium between countries'
    """
    table = map_table(network, mineral=mineral or main_mineral(network), n_flows=n_flows)
    return draw_map(table, network.stages, ax=ax, **style)


def draw_map(table: pd.DataFrame, stages: pd.DataFrame, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw a `map_table`; parameters as in `world_map`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> table = gm.plot.map_table(toy, mineral="lithium", n_flows=2)
    >>> ax = gm.plot.draw_map(table, toy.stages)
    >>> len(ax.patches)
    2
    """
    ax = look.whole_axes(look.new_figure(height=MAP_HEIGHT * look.across(180) / 180), below=0.11) if ax is None else ax
    ax.set_axis_off()
    rings = [np.column_stack(robinson(ring[:, 0], ring[:, 1], whole=True)) for ring in outline()]
    ax.add_collection(PolyCollection(rings, facecolor="#EEEEEE", edgecolor="#D2D2D2", linewidth=0.3, zorder=0))
    ordered = stages.sort_values("order", kind="stable")
    styles = look.stage_styles(ordered["stage"])
    placed = table[table["lat"].notna() & table["lon"].notna()]
    nodes = placed[placed["what"] == "node"].sort_values(["quantity", "id"], ascending=[False, True])
    arcs = placed[(placed["what"] == "flow") & placed["target_lat"].notna()]
    _draw_arcs(ax, arcs.sort_values(["quantity", "id"]), styles)
    largest = float(nodes["quantity"].max()) if len(nodes) else 1.0
    x, y = robinson(nodes["lon"].to_numpy(dtype=float), nodes["lat"].to_numpy(dtype=float))
    marks = ax.scatter(
        x,
        y,
        s=LARGEST_CIRCLE * nodes["quantity"].to_numpy(dtype=float) / largest + 1.5,
        c=[styles[stage][0] for stage in nodes["stage"]],
        **{"alpha": 0.85, "edgecolors": look.PAPER, "linewidths": 0.5, "zorder": 3, **style},
    )
    if len(nodes):
        marks.set_paths([_mark(styles[stage][1]) for stage in nodes["stage"]])
    ax.set_aspect("equal")
    ax.set_xlim(-2.62, 2.66)
    ax.set_ylim(-1.16, 1.33)
    unit = str(table["unit"].iloc[0]).replace("-", " ") if len(table) else ""
    widest = float(arcs["quantity"].max()) if len(arcs) else 0.0
    _legends(ax, ordered, styles, set(nodes["stage"]), (largest, widest), unit)
    _say_what_is_left_out(ax, table, unit)
    return ax


def _mark(marker: str) -> Path:
    """Outline of a marker as large as the circle of the same size: area is quantity, shape is stage."""
    shape = MarkerStyle(marker)
    outline = shape.get_path().transformed(shape.get_transform())
    x, y = np.asarray(outline.to_polygons()[0], dtype=np.float64).T
    area = abs(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2
    return outline.transformed(Affine2D().scale((np.pi / 4 / area) ** 0.5))


def _draw_arcs(ax: Axes, arcs: pd.DataFrame, styles: Mapping[str, tuple[str, str]]) -> None:
    x0, y0 = robinson(arcs["lon"].to_numpy(dtype=float), arcs["lat"].to_numpy(dtype=float))
    x1, y1 = robinson(arcs["target_lon"].to_numpy(dtype=float), arcs["target_lat"].to_numpy(dtype=float))
    largest = float(arcs["quantity"].max()) if len(arcs) else 1.0
    for place, row in enumerate(look.rows(arcs)):
        width = max(LARGEST_WIDTH * float(row.quantity) / largest, 0.35)
        dx, dy = x1[place] - x0[place], y1[place] - y0[place]
        bow = (x0[place] + x1[place]) / 2 - 0.22 * dy, (y0[place] + y1[place]) / 2 + 0.22 * abs(dx)
        path = Path([(x0[place], y0[place]), bow, (x1[place], y1[place])], [Path.MOVETO, Path.CURVE3, Path.CURVE3])
        ax.add_patch(
            FancyArrowPatch(
                path=path,
                arrowstyle=f"-|>,head_length={1.6 + 0.9 * width:.2f},head_width={0.9 + 0.6 * width:.2f}",
                mutation_scale=1,
                linewidth=width,
                color=styles[row.stage][0],
                alpha=0.6,
                zorder=2,
                shrinkA=0,
                shrinkB=1,
                capstyle="butt",
                joinstyle="miter",
            )
        )


def _legends(
    ax: Axes,
    stages: pd.DataFrame,
    styles: Mapping[str, tuple[str, str]],
    drawn: set[str],
    largest: tuple[float, float],
    unit: str,
) -> None:
    """Stages along the bottom, sizes and widths at the lower left."""
    shown = [row for row in look.rows(stages) if row.stage in drawn]
    n_columns = min(len(shown), 6) or 1
    shown = _row_by_row(shown, n_columns)
    colours = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=styles[row.stage][1],
            markersize=6,
            color=styles[row.stage][0],
            label=look.plain(row.label or row.stage, 22),
        )
        for row in shown
    ]
    common: dict[str, Any] = {"fontsize": look.SMALL, "frameon": False, "labelcolor": look.INK, "borderaxespad": 0.0}
    first = ax.legend(
        handles=colours,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=n_columns,
        handletextpad=0.2,
        columnspacing=1.2,
        **common,
    )
    ax.add_artist(first)
    steps = [round_down(largest[0]), round_down(largest[0] / 5), round_down(largest[0] / 25)]
    sizes: list[Any] = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker="o",
            markersize=(LARGEST_CIRCLE * step / largest[0]) ** 0.5,
            markerfacecolor="none",
            markeredgecolor=look.INK,
            markeredgewidth=0.7,
            label=f"{look.number(step)} {unit}",
        )
        for step in steps
    ]
    if largest[1]:
        step = round_down(largest[1])
        sizes.append(
            Line2D(
                [],
                [],
                color=look.GREY,
                linewidth=LARGEST_WIDTH * step / largest[1],
                solid_capstyle="butt",
                label=f"{look.number(step)} {unit} between countries",
            )
        )
    ax.legend(
        handles=sizes, loc="lower left", bbox_to_anchor=(0.0, 0.02), handletextpad=1.0, labelspacing=1.6, **common
    )


def _row_by_row(entries: list[Any], n_columns: int) -> list[Any]:
    """Order entries so that a legend, which fills its columns one by one, reads along its rows.

    Examples
    --------
    >>> _row_by_row([1, 2, 3, 4, 5], 3)
    [1, 4, 2, 5, 3]
    """
    return [entry for column in range(n_columns) for entry in entries[column::n_columns]]


def round_down(value: float) -> float:
    """Round down to 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> round_down(163000.0), round_down(0.7)
    (100000.0, 0.5)
    """
    if value <= 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(step for step in (1.0, 2.0, 5.0) if step * power <= value * (1 + 1e-12)) * power)


def _say_what_is_left_out(ax: Axes, table: pd.DataFrame, unit: str) -> None:
    """Print what nodes without a place handle."""
    lost = table[(table["what"] == "node") & (table["lat"].isna() | table["lon"].isna())]
    if not len(lost):
        return
    divisor, words = look.scaled(float(lost["quantity"].max()), unit)
    largest = look.number(float(lost["quantity"].max()) / divisor)
    ax.text(
        1.0,
        0.0,
        f"{len(lost)} nodes of regions have no place\n(the largest handles {largest} {look.plain(words)})",
        transform=ax.transAxes,
        ha="right",
        va="bottom",
        fontsize=look.SMALL,
        color=look.INK,
    )
