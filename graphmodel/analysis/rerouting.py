"""How the network would serve what it can once a scenario happens: who sells more, who buys elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.analysis.grouping import demand_weights
from graphmodel.analysis.responses import REROUTED, How, Links, response_programme
from graphmodel.errors import UnknownNameError, nearest
from graphmodel.kernels.linear import Solution, Solver
from graphmodel.network import Network
from graphmodel.processes import Processes, processes
from graphmodel.programme import GROWTH, Programme, base_flow, least_change, programme
from graphmodel.results import ReroutingResult
from graphmodel.scenario import Scenario, applied


def rerouting(
    network: Network,
    scenario: Scenario,
    *,
    response: str = "reroute",
    mineral: str | None = None,
    growth: float = GROWTH,
    links: Links = "any",
    stocks: bool = False,
) -> ReroutingResult:
    """Find how the network would serve what it can once a scenario happens, with the least new trade.

    Parameters
    ----------
    network : Network
    scenario : Scenario
    response : {"reroute", "adapt"}
    mineral : str, optional
        Serve as many tonnes of this mineral as can be; without it every final product counts the same.
    growth, links, stocks
        As in `removal`.

    Returns
    -------
    ReroutingResult
        ``flow`` (``sale``: a node sells a material; ``purchase``: a node takes it in; ``stock``: it draws on what it
        or a public reserve holds; ``served``: final demand),
        ``node_id``, ``label``, ``country``, ``stage``, ``material``, ``unit``, ``base``, ``quantity``, ``change`` (a
        year), ``change_share`` (of all that is sold, bought or served of the material in the base year) and ``new``
        (the part sold or bought over new links). Rows of flows that change.

    Notes
    -----
    Two programmes: the first loses least; the second keeps that loss, shares it evenly as far as it can, and takes
    the least new trade, in shares of the world's supply of each material. Several plans can be equally good; this
    is one of them.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
    >>> gm.rerouting(toy, stop).table[["flow", "node_id", "material", "base", "quantity"]].head(3)
           flow   node_id     material    base  quantity
    0      sale    mine-b  lithium-ore   600.0       0.0
    1      sale    mine-a  lithium-ore   400.0     500.0
    2  purchase  refine-a  lithium-ore  1000.0     500.0
    """
    answer = least_loss(applied(scenario, network), mineral, How(response, growth=growth, links=links, stocks=stocks))
    plan = plan_of(answer)
    table = pd.concat([_sales(plan), _purchases(plan), _drawn(plan), _served(plan)], ignore_index=True)
    return ReroutingResult(
        _described(plan.network, table),
        network=network,
        parameters={
            "scenario": scenario.name,
            "response": response,
            "mineral": mineral,
            "growth": growth,
            "links": links,
            "stocks": stocks or None,
        },
    )


@dataclass(frozen=True)
class Answer:
    """The least loss under one response, with the price of everything that holds it up."""

    network: Network
    work: Processes
    written: Programme
    solution: Solution
    weight: FloatArray
    unit: str
    how: How


def least_loss(changed: Network, mineral: str | None, how: How) -> Answer:
    """Solve the programme of one response on a network a scenario has changed."""
    if how.response not in REROUTED:
        raise UnknownNameError(f"no rerouting response {how.response!r}; {nearest(how.response, REROUTED)}")
    work = processes(changed)
    weight, unit = demand_weights(changed, work.demand, mineral, evenly=mineral is None)
    written = response_programme(changed, weight, how.checked())
    return Answer(changed, work, written, Solver(written.linear).solve(), weight, unit, how)


@dataclass(frozen=True)
class Plan:
    """What every column carries in one way to lose the least."""

    network: Network
    work: Processes
    written: Programme
    x: FloatArray

    @property
    def served(self) -> FloatArray:
        """Share of each row of final demand that is served."""
        process = self.work.demand["process"].to_numpy(dtype=np.int64)
        wanted = self.written.linear.upper[process]
        return np.divide(self.x[process], wanted, out=np.ones(len(process)), where=wanted > 0)


def plan_of(answer: Answer) -> Plan:
    """Choose among the ways to lose the least: the most even one, then the one that changes least."""
    network, work = answer.network, answer.work
    by_market = answer.written.columns["kind"].ne("edge").all()
    written = answer.written
    if by_market:
        written = programme(network, answer.weight, growth=0.0, held=answer.how.held(network))
    even, _ = demand_weights(network, work.demand, None, evenly=True)
    demand = work.demand["process"].to_numpy(dtype=np.int64)
    base, tariff = np.ones(len(written.columns)), np.zeros(len(written.columns))
    over = (written.columns["kind"] == "edge").to_numpy()
    row = written.columns["item"].to_numpy()[over].astype(np.int64)
    base[over] = base_flow(network)[row]
    tariff[over] = network.edges["tariff"].fillna(0.0).to_numpy(dtype=float)[row]
    at_large = (written.columns["kind"] == "spot sale").to_numpy()
    tariff[at_large] = _mean_duty(network, work)[written.columns["item"].to_numpy()[at_large].astype(np.int64)]
    return Plan(network, work, written, least_change(written, answer.solution.value, demand, even, base, tariff))


def _mean_duty(network: Network, work: Processes) -> FloatArray:
    """Return the mean duty on what each process sells today, so that a sale on the market does not go round it."""
    edges = network.edges
    keys = [network.source, edges["material"].to_numpy()]
    paid = (edges["tariff"].fillna(0.0) * edges["quantity"]).groupby(keys).sum()
    mean = paid / edges["quantity"].groupby(keys).sum()
    return mean.reindex(pd.MultiIndex.from_arrays([work.node, work.product])).fillna(0.0).to_numpy(dtype=float)


def _sales(plan: Plan) -> pd.DataFrame:
    """What each node sells of each material, in the base year and now."""
    work, columns = plan.work, plan.written.columns
    edges = plan.network.edges
    over = columns["kind"] == "edge"
    row = columns.loc[over, "item"].to_numpy(dtype=np.int64)
    quantity = edges["quantity"].to_numpy(dtype=float)[row]
    base = base_flow(plan.network)[row]
    old = pd.DataFrame(
        {
            "node": plan.network.source[row],
            "material": edges["material"].to_numpy()[row],
            "base": quantity * base,
            "quantity": quantity * plan.x[over.to_numpy()],
            "new": quantity * np.maximum(plan.x[over.to_numpy()] - base, 0.0),
        }
    )
    spot = columns["kind"] == "spot sale"
    process = columns.loc[spot, "item"].to_numpy(dtype=np.int64)
    sold = work.quantity[process] * plan.x[spot.to_numpy()]
    fresh = pd.DataFrame({"node": work.node[process], "material": work.product[process], "base": 0.0, "quantity": sold})
    return pd.concat([old, fresh.assign(new=sold)], ignore_index=True).assign(flow="sale")


def _purchases(plan: Plan) -> pd.DataFrame:
    """What each node takes in of each material."""
    work, columns = plan.work, plan.written.columns
    sales = _sales(plan)
    over = columns["kind"] == "edge"
    row = columns.loc[over, "item"].to_numpy(dtype=np.int64)
    old = sales.iloc[: len(row)].assign(node=plan.network.target[row])
    bought = columns["kind"] == "purchase"
    entry = work.accepted.iloc[columns.loc[bought, "item"].to_numpy(dtype=np.int64)]
    slot = entry["slot"].to_numpy(dtype=np.int64)
    amount = plan.x[bought.to_numpy()] * work.need[slot] * entry["relative"].to_numpy(dtype=float)
    fresh = pd.DataFrame({"node": work.slot_node[slot], "material": entry["material"].to_numpy(), "base": 0.0})
    fresh = fresh.assign(quantity=amount, new=amount)
    return pd.concat([old, fresh], ignore_index=True).assign(flow="purchase")


def _drawn(plan: Plan) -> pd.DataFrame:
    """What each node draws from its stocks and from public reserves, in units of its first input by name."""
    work, columns = plan.work, plan.written.columns
    drawn = columns["kind"].isin(["stock", "reserve draw"])
    slot = columns.loc[drawn, "item"].to_numpy(dtype=np.int64)
    entry = work.accepted.drop_duplicates("slot").set_index("slot").reindex(slot)
    amount = plan.x[drawn.to_numpy()] * work.need[slot] * entry["relative"].to_numpy(dtype=float)
    table = pd.DataFrame({"node": work.slot_node[slot], "material": entry["material"].to_numpy(), "base": 0.0})
    return table.assign(quantity=amount, new=0.0, flow="stock")


def _served(plan: Plan) -> pd.DataFrame:
    """What final users get."""
    demand = plan.work.demand.rename(columns={"product": "material", "quantity": "base"})
    demand = demand.assign(quantity=demand["base"] * plan.served, new=0.0, flow="served")
    return demand[["node", "material", "base", "quantity", "new", "flow"]]


SAME = 1e-7
"""Share of the base by which a flow must change to be listed."""


def _described(network: Network, flows: pd.DataFrame) -> pd.DataFrame:
    """Add up flows by node and material, name them, and keep those that change."""
    keys = ["flow", "node", "material"]
    flows = flows.groupby(keys, as_index=False)[["base", "quantity", "new"]].sum()
    flows["change"] = flows["quantity"] - flows["base"]
    world = flows.groupby(["flow", "material"])["base"].transform("sum")
    flows["change_share"] = flows["change"] / world.where(world > 0)
    flows = flows[(flows["change"].abs() > SAME * flows["base"]) & (flows["change"].abs() > SAME**2 * world)]
    nodes = network.nodes.iloc[flows["node"].to_numpy(dtype=np.int64)].reset_index(drop=True)
    stage = network.stages.set_index("stage")["order"]
    unit = network.table("materials").set_index("material")["unit"]
    flows = flows.reset_index(drop=True).assign(
        node_id=nodes["node_id"],
        label=nodes["name"].where(nodes["name"] != "", nodes["node_id"]),
        country=nodes["country"],
        stage=nodes["stage"],
        unit=flows["material"].map(unit).astype(object).fillna("").to_numpy(),
        order=nodes["stage"].map(stage),
    )
    flows["last"] = flows["flow"].map({"purchase": 0, "stock": 1, "sale": 2, "served": 3})
    return flows.sort_values(["order", "last", "material", "change", "node_id"], kind="stable")
