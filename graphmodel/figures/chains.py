"""Figures of a network as it stands: flows, places, shares and how well the data close."""

from __future__ import annotations

from graphmodel import analysis, datasets, plot
from graphmodel.errors import GraphModelError, ParameterError
from graphmodel.figures.drawing import Drawn, finished
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_diagram import HEIGHT
from graphmodel.plot.flow_table import main_mineral
from graphmodel.plot.words import material_words, stage_words


def flow_diagram(network: Network, *, mineral: str | None = None, colour: str = "country") -> Drawn:
    """Draw what flows from mine to use, stage by stage and country by country, with recycling below.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    colour : {"country", "stage"}
        What ribbons are coloured by.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or none of it flows.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.figures.flow_diagram(gm.load("toy-battery")).table
    >>> table.loc[table["source"] == "KOR", ["source_stage", "target", "unit", "quantity"]]
      source_stage target       unit  quantity
    1         cell    CHN  t lithium     100.0
    2         cell    USA  t lithium     500.0
    """
    table = plot.flow_table(network, mineral=mineral or main_mineral(network))
    figure = look.new_figure(height=HEIGHT)
    plot.draw_flows(table, network.stages, colour=colour, ax=look.whole_axes(figure))
    return finished(figure, table, network)


def world_map(network: Network, *, mineral: str | None = None, n_flows: int = 40) -> Drawn:
    """Draw where a mineral is handled and its largest flows between countries.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    n_flows : int
        Number of flows, the largest first.

    Raises
    ------
    ParameterError
        If no material holds a mineral, none of it flows, or no node has a place.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.figures.world_map(gm.load("toy-battery"), n_flows=2).table
    >>> table.loc[table["what"] == "flow", ["country", "target", "quantity"]]
      country target  quantity
    7     AUS    CHN     600.0
    8     CHN    KOR     600.0
    """
    table = plot.map_table(network, mineral=mineral or main_mineral(network), n_flows=n_flows)
    if table["lat"].isna().all():
        raise ParameterError("no node has coordinates or a country with a label point; fill `lat` and `lon` in nodes")
    ax = plot.draw_map(table, network.stages)
    return finished(look.figure_of(ax), table, network)


def stage_shares(network: Network, *, mineral: str | None = None) -> Drawn:
    """Stack countries' shares of each stage, with the range of the Herfindahl-Hirschman index.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or nothing is made.

    Examples
    --------
    >>> import graphmodel as gm
    >>> drawn = gm.figures.stage_shares(gm.load("toy-battery"))
    >>> drawn.table[["stage", "group", "share", "effective_number"]].head(3).round(2)
          stage group  share  effective_number
    0    mining   AUS    0.6              1.92
    1    mining   CHL    0.4              1.92
    2  refining   CHN    1.0              1.00
    """
    chosen = mineral or main_mineral(network)
    result = analysis.concentration(network, by="country", mineral=chosen)
    if not len(result):
        raise ParameterError(f"no node makes anything that holds {chosen}")
    shares = analysis.shares(network, by="country", mineral=chosen)
    figure = look.new_figure(height=18 + 8 * len(result))
    plot.stage_shares(shares, result, ax=figure.add_subplot(), names=stage_words(network, lower=False))
    index = result.table[["stage", "quantity", "unit", "hhi_low", "hhi_high", "effective_number"]]
    table = shares.table.drop(columns=["material", "unit"])
    return finished(figure, table.merge(index.rename(columns={"quantity": "stage_quantity"}), on="stage"), network)


def closure(network: Network, *, mineral: str | None = None) -> Drawn:
    """Show how well a data package closes and what its flows rest on.

    Parameters
    ----------
    network : Network
        Of a data package with the tables ``closure`` and ``basis``.
    mineral : str, optional
        Only materials that hold it; the one found at most stages when absent.

    Raises
    ------
    ParameterError
        If the network's data package has no such tables, or no material holds a mineral.

    Examples
    --------
    >>> import graphmodel as gm
    >>> drawn = gm.figures.closure(gm.load("minerals-2024"), mineral="gallium")
    >>> bool((drawn.table["shipped"] <= drawn.table["supply"]).all()), len(drawn.figure.axes)
    (True, 2)
    """
    try:
        closes, basis = datasets.table(network.name, "closure"), datasets.table(network.name, "basis")
    except GraphModelError as error:
        raise ParameterError(f"{network.name!r} comes without tables closure and basis") from error
    held = network.content(mineral or main_mineral(network))
    closes = closes[closes["material"].map(held).fillna(0.0) > 0]
    shown = look.rows_that_fit(len(closes), around=30, each=4.2)
    whole = closes
    closes = whole[whole["supply"].rank(method="first", ascending=False, na_option="bottom") <= shown]
    shares = closes[["material"]].merge(basis, on="material", how="left").fillna(0.0)
    figure = look.new_figure(height=30 + 4.2 * len(closes))
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
    words = material_words(network)
    plot.closure_bars(closes, ax=left, names=words)
    plot.basis_bars(shares, ax=right, names=words)
    if shown < len(whole):
        look.x_title(left, f"share, and supply a year{look.some_of(shown, len(whole))}", loc="left")
    right.set_yticklabels([])
    look.head(left, "a  What is made, and what of it flows")
    look.head(right, "b  What flows rest on")
    look.legend_below(left)
    look.legend_below(right, right=True)
    return finished(figure, whole.merge(basis, on="material", how="left"), network)
