"""Figures of who is joined to whom: plants along the chain, trade between countries."""

from __future__ import annotations

from typing import Any

import pandas as pd

from graphmodel import plot
from graphmodel.errors import ParameterError
from graphmodel.figures.drawing import Drawn, finished
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_table import country_flows, main_mineral, node_table
from graphmodel.plot.places import country_names

SIDES = ["source", "target"]


def layered_network(
    network: Network, *, mineral: str | None = None, n_links: int = 250, colour: str = "country"
) -> Drawn:
    """Draw which plant feeds which: nodes in columns by stage, the largest links between them.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    n_links : int
        Number of links, the largest first; nodes without any are left out.
    colour : {"country", "stage"}
        What marks and links are coloured by.

    Returns
    -------
    Drawn
        One row a link: ``source``, ``target`` (node ids), their ``_name``, ``_stage``, ``_country`` and
        ``_quantity`` (what the node handles), ``unit``, ``quantity``. Parallel edges are added.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or none of it flows.

    Examples
    --------
    >>> import graphmodel as gm
    >>> table = gm.figures.layered_network(gm.load("toy-battery"), n_links=2).table
    >>> table[["source_name", "target_name", "unit", "quantity"]]
      source_name   target_name       unit  quantity
    0      Mine B    Refinery A  t lithium     600.0
    1  Refinery A  Cell plant A  t lithium     600.0
    """
    chosen = mineral or main_mineral(network)
    edges = network.edges[["source", "target"]].assign(quantity=network.quantity(chosen))
    stocks = network.has_role("stock")[network.target]
    edges = edges[(edges["quantity"] > 0) & (edges["source"] != edges["target"]) & ~stocks]
    links = edges.groupby(["source", "target"], as_index=False, sort=True)["quantity"].sum()
    if not len(links):
        raise ParameterError(f"no edge of {network.name!r} carries {chosen}, so there is no flow to draw")
    whole, total = len(links), float(links["quantity"].sum())
    links = links.assign(size=-links["quantity"].round(6)).sort_values(["size", "source", "target"], kind="stable")
    links = links.head(n_links).drop(columns="size")
    handled = node_table(network, mineral=chosen)
    handled = handled[handled["node_id"].isin({*edges["source"], *edges["target"]})]
    nodes = handled[handled["node_id"].isin({*links["source"], *links["target"]})]
    nodes = nodes.assign(**_labels(network, nodes))
    note = f"Areas and widths: tonnes of contained {chosen.replace('-', ' ')} a year. "
    if whole > len(links):
        share = look.percent(float(links["quantity"].sum()) / total)
        most = look.number(whole, 6)
        note += (
            f"The {len(links)} largest of {most} links: {share} of all tonnes, {len(nodes)} of {len(handled)} nodes."
        )
    else:
        note += "All links are drawn."
    ax = plot.draw_layers(links, nodes, network.stages, colour=colour, note=note)
    about = nodes.set_index("node_id")[["name", "stage", "country", "quantity"]]
    table = links.join(about.add_prefix("source_"), on="source").join(about.add_prefix("target_"), on="target")
    ends = [column for column in table if column.startswith(("source", "target"))]
    return finished(look.figure_of(ax), table.assign(unit=f"t {chosen}")[[*ends, "unit", "quantity"]], network)


def _labels(network: Network, nodes: pd.DataFrame) -> dict[str, Any]:
    """Say which nodes are single plants, and name these; others by country, and users by what they use it for."""
    words = country_names()
    about = network.nodes.set_index("node_id").assign(user=network.has_role("sink"))
    plants, labels = [], []
    for row in look.rows(nodes):
        rest, user = about.at[row.node_id, "kind"] == "remainder", about.at[row.node_id, "user"]
        country, name = words.get(row.country, row.country), row.name or row.node_id
        plants.append(not rest and not user)
        # a country has a node for each of its uses
        labels.append(f"{row.country} · {name.removesuffix(f', {country}')}" if user else country if rest else name)
    return {"plant": plants, "label": labels}


def chord(network: Network, *, mineral: str | None = None, top: int = 11, members: pd.DataFrame | None = None) -> Drawn:
    """Draw the trade of a mineral between countries, in all its forms, as ribbons in a circle.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    top : int
        Number of places, those that trade most first; the rest, and the rest of the world, are taken together.
    members : DataFrame, optional
        ``group`` and ``country``: countries joined to one place, as in an alliance.

    Returns
    -------
    Drawn
        ``source``, ``target`` (country, group, or "others"), ``unit``, ``quantity``. What stays within a place is left
        out; what others trade among themselves is in the table and is not drawn.

    Raises
    ------
    ParameterError
        If no material holds a mineral, none of it crosses a border, or a country is in two groups.

    Notes
    -----
    Tonnes of the mineral contained count each time they cross a border: as ore, as metal and in the product.

    Examples
    --------
    >>> import graphmodel as gm
    >>> allies = gm.load("toy-battery").nodes[["country"]].query("country in ['AUS', 'USA']").assign(group="allies")
    >>> gm.figures.chord(gm.load("toy-battery"), members=allies).table[["source", "target", "quantity"]]
       source  target  quantity
    0     CHL     CHN     400.0
    1     CHN     KOR     600.0
    2     KOR     CHN     100.0
    3     KOR  allies     500.0
    4  allies     CHN     600.0
    """
    chosen = mineral or main_mineral(network)
    flows = country_flows(network, mineral=chosen)
    if members is not None:
        twice = members.loc[members["country"].duplicated(), "country"]
        if len(twice):
            raise ParameterError(f"{twice.iloc[0]} is in more than one group; a country has one place in the circle")
        joined = dict(zip(members["country"], members["group"], strict=True))
        flows = flows.assign(**{side: flows[side].map(lambda code: joined.get(code, code)) for side in SIDES})
    flows = flows[flows["source"] != flows["target"]]
    if not len(flows):
        raise ParameterError(f"no {chosen} crosses a border in {network.name!r}")
    ends = pd.concat([flows[[side, "quantity"]].set_axis(["place", "quantity"], axis=1) for side in SIDES])
    traded = ends[ends["place"] != "ROW"].groupby("place")["quantity"].sum().round(6)
    kept = set(traded.sort_values(ascending=False, kind="stable").index[:top])
    flows = flows.assign(**{side: flows[side].where(flows[side].isin(kept), look.OTHERS) for side in SIDES})
    table = flows.groupby([*SIDES, "unit"], as_index=False, sort=True)[["quantity"]].sum()
    among = float(table.loc[table["source"] == table["target"], "quantity"].sum())
    note = "Tonnes count at every border they cross. Colour, and the end that touches its arc: the sender."
    if among:
        note += f" Not drawn: {look.percent(among / float(table['quantity'].sum()))} among others."
    words = (
        {}
        if members is None or "group_name" not in members
        else dict(zip(members["group"], members["group_name"], strict=True))
    )
    ax = plot.draw_chord(
        table, names=words, title=f"{look.sentence(chosen.replace('-', ' '))} across borders", note=note
    )
    return finished(look.figure_of(ax), table, network)
