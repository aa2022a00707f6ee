"""What one more unit would be worth: of a plant's capacity, of a material on the market, of a link."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel.analysis.rerouting import Answer, least_loss
from graphmodel.analysis.responses import How, Links
from graphmodel.network import Network
from graphmodel.programme import GROWTH, SCALE
from graphmodel.results import MarginalResult
from graphmodel.scenario import Scenario, applied

LEAST = 1e-9
"""Smallest value, as a share of final demand for the whole of what is priced, that is listed."""


def marginal_values(
    network: Network,
    scenario: Scenario,
    *,
    response: str = "reroute",
    mineral: str | None = None,
    growth: float = GROWTH,
    links: Links = "any",
    stocks: bool = False,
) -> MarginalResult:
    """Say what one more unit of capacity, material, stock or passage would be worth once a scenario happens.

    Parameters
    ----------
    network, scenario, response, mineral, growth, links, stocks
        As in `rerouting`.

    Returns
    -------
    MarginalResult
        ``kind``: ``capacity`` (of a node for a material), ``material`` (a unit more on the market), ``link`` (an edge
        that may carry no more), ``restriction``, ``stock`` (of a node), ``reserve`` (public); ``item``, ``label``,
        ``country``, ``stage``, ``material``, ``unit`` (of what is priced); ``value``: final demand served more for each
        unit more, in units of the loss; ``value_share``: the same for one hundredth more of all there is (of a node's
        stock: of its yearly need), as a share of final demand. Sorted by ``value_share``; only what has a value.

    Notes
    -----
    Dual values of the first programme (`graphmodel.programme`): right for a small step, and an upper bound of what a
    large one would bring, as each further unit is worth no more than the last. Where several dual solutions are
    optimal, one of them. In a network that loses nothing, nothing has a value.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
    >>> table = gm.marginal_values(toy, stop).table
    >>> table[["kind", "item", "value", "value_share"]].tail(3)
           kind          item  value  value_share
    2  material  lithium-salt  0.001        0.010
    3  capacity        mine-b  0.001        0.006
    4  capacity        mine-a  0.001        0.004
    """
    answer = least_loss(applied(scenario, network), mineral, How(response, growth=growth, links=links, stocks=stocks))
    table = pd.concat([_of_bounds(answer), _of_rows(answer)], ignore_index=True)
    table = table[table["value_share"] > LEAST]
    return MarginalResult(
        table.sort_values(["value_share", "kind", "item", "material"], ascending=[False, True, True, True]),
        network=network,
        parameters={
            "scenario": scenario.name,
            "response": response,
            "mineral": mineral,
            "growth": growth,
            "links": links,
            "stocks": stocks or None,
        },
        units={"value": f"{answer.unit} per unit", "value_share": "share of final demand per 1 % more"},
    )


def _of_bounds(answer: Answer) -> pd.DataFrame:
    """Values of capacities, links and stocks."""
    columns, work, network = answer.written.columns, answer.work, answer.network
    price = answer.solution.bound_price / SCALE
    frames = []
    supply = answer.written.supply
    supply = supply[price[supply] > 0]
    made = pd.DataFrame({"kind": "capacity", "node": work.node[supply], "material": work.product[supply]})
    frames.append(made.assign(price=price[supply], amount=work.quantity[supply]))
    here = np.flatnonzero((columns["kind"] == "edge") & (price > 0))
    row = columns["item"].to_numpy()[here].astype(np.int64)
    edges = network.edges.iloc[row].reset_index(drop=True)
    carried = pd.DataFrame({"kind": "link", "node": network.target[row], "material": edges["material"]})
    item = edges["source"] + " → " + edges["target"]
    frames.append(carried.assign(item=item, price=price[here], amount=edges["quantity"]))
    here = np.flatnonzero((columns["kind"] == "stock") & (price > 0))
    slot = columns["item"].to_numpy()[here].astype(np.int64)
    main = work.accepted.groupby("slot")["material"].first().reindex(np.arange(len(work.need))).fillna("").to_numpy()
    held = pd.DataFrame({"kind": "stock", "node": work.slot_node[slot], "material": main[slot]})
    frames.append(held.assign(price=price[here], amount=work.need[slot]))
    table = pd.concat(frames, ignore_index=True)
    nodes = network.nodes.iloc[table["node"].to_numpy(dtype=np.int64)].reset_index(drop=True)
    table = table.assign(
        item=table["item"].where(table["item"].notna(), nodes["node_id"]),
        label=nodes["name"].where(nodes["name"] != "", nodes["node_id"]),
        country=nodes["country"],
        stage=nodes["stage"],
    )
    return _valued(answer, table)


def _of_rows(answer: Answer) -> pd.DataFrame:
    """Values of materials on the market and of restrictions."""
    rows = answer.written.rows.assign(price=answer.solution.price / SCALE)
    rows = rows[rows["kind"].isin(["market", "restriction", "reserve"]) & (rows["price"] > 0)].reset_index(drop=True)
    item = rows["item"].astype(str)
    table = rows.assign(kind=rows["kind"].replace("market", "material"), item=item, label=item, country="", stage="")
    material = item.where(rows["kind"] == "market", item.str.rpartition(": ")[2])
    return _valued(answer, table.assign(material=material))


def _valued(answer: Answer, table: pd.DataFrame) -> pd.DataFrame:
    """Turn prices into values of one unit, and of one hundredth of all there is."""
    unit = answer.network.table("materials").set_index("material")["unit"]
    amount = table["amount"].astype(float)
    return table.assign(
        unit=table["material"].map(unit).astype(object).fillna(""),
        value=table["price"] * answer.weight.sum() / amount.where(amount > 0),
        value_share=table["price"] / 100.0,
    )[list(MarginalResult.columns)]
