"""Plausibility: what the schema allows but a reader would question, as a table of findings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd

from graphmodel.kernels.paths import reachable
from graphmodel.network import Network
from graphmodel.processes import node_slots, processes, slot_recipes

TOLERANCE = 1e-9
"""Largest relative error of a balance."""

COLUMNS = ("check", "table", "row", "value", "message")


def check(network: Network) -> pd.DataFrame:
    """List what looks wrong in a network that the schema allows.

    Returns
    -------
    DataFrame
        ``check`` (name of the rule), ``table``, ``row`` (id), ``value``, ``message``. Empty when nothing is found.

    Notes
    -----
    Findings, not errors: a network with findings can be analysed. Rules are in `CHECKS`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> len(gm.check(gm.load("toy-battery")))
    0
    """
    findings = [found for rule in CHECKS for found in rule(network)]
    return pd.DataFrame(findings, columns=list(COLUMNS))


Finding = tuple[str, str, str, str, str]


def isolated_nodes(network: Network) -> list[Finding]:
    """Nodes that no edge touches.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.checks.isolated_nodes(toy.with_tables(edges=toy.edges[toy.edges["source"] != "mine-a"]))
    [('isolated_nodes', 'nodes', 'mine-a', '', 'no edge touches it')]
    """
    touched = np.zeros(network.n_nodes, dtype=bool)
    touched[network.source] = touched[network.target] = True
    ids = network.nodes["node_id"][~touched]
    return [("isolated_nodes", "nodes", str(node), "", "no edge touches it") for node in ids]


def self_loops(network: Network) -> list[Finding]:
    """Edges from a node to itself.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.checks.self_loops(toy.with_tables(edges=toy.edges.replace({"target": {"cell-b": "refine-a"}})))
    [('self_loops', 'edges', 'e5', 'refine-a', 'leads from a node to itself')]
    """
    loops = network.edges[network.source == network.target]
    return [
        ("self_loops", "edges", str(r.edge_id), str(r.source), "leads from a node to itself")
        for r in loops.itertuples()
    ]


def empty_edges(network: Network) -> list[Finding]:
    """Edges that carry nothing.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.checks.empty_edges(toy.with_tables(edges=toy.edges.replace({"quantity": {400.0: 0.0}})))
    [('empty_edges', 'edges', 'e1', '0', 'carries nothing'), ('empty_edges', 'edges', 'e5', '0', 'carries nothing')]
    """
    edges = network.edges
    rows = edges[edges["quantity"] == 0]
    return [("empty_edges", "edges", str(row.edge_id), "0", "carries nothing") for row in rows.itertuples()]


def untraced_nodes(network: Network) -> list[Finding]:
    """Nodes that sell or use something no origin can have supplied.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.checks.untraced_nodes(toy.with_tables(edges=toy.edges[toy.edges["target"] != "cell-b"]))
    [('untraced_nodes', 'nodes', 'cell-b', '', 'no path leads to it from an origin')]
    """
    reached = reachable(network.n_nodes, network.source, network.target, np.flatnonzero(network.has_role("origin")))
    touched = np.union1d(network.source, network.target)
    missing = touched[~reached[touched]]
    ids = network.nodes["node_id"].to_numpy()[missing]
    return [("untraced_nodes", "nodes", str(node), "", "no path leads to it from an origin") for node in ids]


OVER_NAMEPLATE = 0.05
"""Share by which a plant may pass its nameplate before it is odd."""


def output_above_capacity(network: Network) -> list[Finding]:
    """Nodes whose output exceeds their nameplate by more than plants are known to.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.checks.output_above_capacity(toy.with_tables(nodes=toy.nodes.replace({"output": {400.0: 650.0}})))
    [('output_above_capacity', 'nodes', 'mine-a', '650', 'output is above the capacity of 500')]
    """
    nodes = network.nodes
    rows = nodes[nodes["output"] > nodes["capacity"] * (1 + OVER_NAMEPLATE)]
    return [
        (
            "output_above_capacity",
            "nodes",
            str(r.node_id),
            f"{r.output:g}",
            f"output is above the capacity of {r.capacity:g}",
        )
        for r in rows.itertuples()
    ]


ROUNDING = 0.005
"""Share by which numbers written down with few digits may miss one another."""


def sales_above_output(network: Network) -> list[Finding]:
    """Nodes from which edges carry away more than they make, where no balances are stated.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.checks.sales_above_output(toy.with_tables(edges=toy.edges.replace({"quantity": {350.0: 850.0}})))
    [('sales_above_output', 'nodes', 'mine-b', '1100', 'sells 1100 of lithium-ore, but makes 600')]
    """
    makers = _makers(network)
    return [
        (
            "sales_above_output",
            "nodes",
            str(r.node_id),
            f"{r.sold:g}",
            f"sells {r.sold:g} of {r.product}, but makes {r.output:g}",
        )
        for r in makers[makers["sold"] > makers["output"] * (1 + ROUNDING)].itertuples()
    ]


def inputs_above_need(network: Network) -> list[Finding]:
    """Nodes to which edges bring more than their output takes by its recipe, where no balances are stated.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.checks.inputs_above_need(toy.with_tables(edges=toy.edges.replace({"quantity": {350.0: 850.0}})))
    [('inputs_above_need', 'nodes', 'refine-a', '1500', 'takes in 1500 of lithium-ore, but makes 1000 from 1000')]
    """
    makers = _makers(network)
    recipes = slot_recipes(network.table("recipes")).rename(columns={"output": "product"})
    own = makers.merge(recipes[recipes["node_id"] != ""].drop(columns="stage"), on=["node_id", "product"])
    others = makers[~makers["node_id"].isin(own["node_id"])]
    common = others.merge(recipes[recipes["node_id"] == ""].drop(columns="node_id"), on=["stage", "product"])
    needs = pd.concat([own, common], ignore_index=True)
    edges = network.edges[["target", "material", "quantity"]]
    taken = needs.merge(edges, left_on=["node_id", "input"], right_on=["target", "material"])
    taken = taken.assign(got=taken["quantity"] / taken["relative"], need=taken["output"] * taken["base"])
    slots = taken.groupby(["node_id", "slot"], as_index=False).agg({"got": "sum", "need": "first", "output": "first"})
    return [
        (
            "inputs_above_need",
            "nodes",
            str(r.node_id),
            f"{r.got:g}",
            f"takes in {r.got:g} of {r.slot}, but makes {r.output:g} from {r.need:g}",
        )
        for r in slots[slots["got"] > slots["need"] * (1 + ROUNDING)].itertuples()
    ]


def _makers(network: Network) -> pd.DataFrame:
    """Nodes that state an output and sell one product: node_id, stage, output, product, sold; none beside balances."""
    sold = network.edges.groupby(["source", "material"], as_index=False)["quantity"].sum()
    sold = sold[~sold["source"].duplicated(keep=False)]
    sold = sold.rename(columns={"source": "node_id", "material": "product", "quantity": "sold"})
    stated = network.nodes[["node_id", "stage", "output"]].dropna(subset="output")
    return stated.merge(sold.iloc[:0] if len(network.table("balances")) else sold, on="node_id")


def owners_above_one(network: Network) -> list[Finding]:
    """Nodes owned to more than a whole.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> owners = toy.table("owners").replace({"share": {0.4: 0.5}})
    >>> gm.checks.owners_above_one(toy.with_tables(owners=owners))
    [('owners_above_one', 'owners', 'mine-a', '1.100', 'equity shares sum to more than 1')]
    """
    total = network.table("owners").groupby("node_id")["share"].sum()
    return [
        ("owners_above_one", "owners", str(node), f"{share:.3f}", "equity shares sum to more than 1")
        for node, share in total[total > 1.005].items()
    ]


def routes_above_one(network: Network) -> list[Finding]:
    """Corridors that replace one another and together carry more than the whole flow.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> routes = pd.DataFrame({"corridor": ["Suez", "Cape"], "source_country": "AUS", "target_country": "CHN",
    ...     "leg": "to Europe", "share": [0.7, 0.4]})
    >>> gm.checks.routes_above_one(gm.load("toy-battery").with_tables(routes=routes))
    [('routes_above_one', 'routes', 'AUS CHN to Europe', '1.100', 'shares sum to more than 1')]
    """
    routes = network.table("routes")
    leg = routes["leg"].where(routes["leg"] != "", routes["corridor"])
    pair = [routes["source_country"], routes["target_country"], routes["material"], leg.rename("leg")]
    total = routes.groupby(pair)["share"].sum()
    return [
        (
            "routes_above_one",
            "routes",
            " ".join(filter(None, map(str, key))),
            f"{share:.3f}",
            "shares sum to more than 1",
        )
        for key, share in total[total > 1 + TOLERANCE].items()
    ]


def unbalanced_nodes(network: Network) -> list[Finding]:
    """Nodes whose edges and residual do not add up to what they make or need.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> stated = pd.DataFrame({"node_id": ["mine-a"], "side": "output", "item": "lithium-ore", "quantity": 500.0,
    ...     "residual": 0.0})
    >>> found = gm.checks.unbalanced_nodes(gm.load("toy-battery").with_tables(balances=stated))
    >>> [row for row in found if row[2].startswith("mine-a")]
    [('unbalanced_nodes', 'balances', 'mine-a output lithium-ore', '2.00e-01', 'edges and residual do not add up')]
    """
    gap = imbalance(network)
    bad = gap[gap["error"] > TOLERANCE]
    return [
        (
            "unbalanced_nodes",
            "balances",
            f"{r.node_id} {r.side} {r.item}",
            f"{r.error:.2e}",
            "edges and residual do not add up",
        )
        for r in bad.itertuples()
    ]


def imbalance(network: Network) -> pd.DataFrame:
    """Compare stated balances with edges.

    Returns
    -------
    DataFrame
        ``node_id``, ``side``, ``item``, ``error``: difference as a share of the quantity.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> stated = pd.DataFrame({"node_id": ["mine-a"], "side": "output", "item": "lithium-ore", "quantity": 500.0,
    ...     "residual": 0.0})
    >>> gap = gm.checks.imbalance(gm.load("toy-battery").with_tables(balances=stated))
    >>> gap[(gap["node_id"] == "mine-a") & (gap["side"] == "output")]
      node_id    side         item  error
    6  mine-a  output  lithium-ore    0.2
    """
    balances, edges = network.table("balances"), network.edges
    balances = balances[balances["side"] != "demand"]
    sent = edges.groupby(["source", "material"])["quantity"].sum()
    sent.index.names = ["node_id", "item"]
    slots = node_slots(network).rename(columns={"node_id": "target", "input": "material", "slot": "item"})
    into = edges.merge(slots, on=["target", "material"])
    got = (into["quantity"] / into["relative"]).groupby([into["target"], into["item"]]).sum()
    got.index.names = ["node_id", "item"]
    carried = pd.concat(
        [
            sent.rename("carried").reset_index().assign(side="output"),
            got.rename("carried").reset_index().assign(side="input"),
        ]
    )
    how: Literal["outer", "left"] = "outer" if len(balances) else "left"  # once one flow is stated, all must be
    joined = balances.merge(carried, on=["node_id", "side", "item"], how=how)
    joined = joined.fillna({"quantity": 0.0, "residual": 0.0, "carried": 0.0})
    size = joined[["quantity", "carried"]].max(axis=1)
    error = (joined["quantity"] - joined["carried"] - joined["residual"]).abs() / size.where(size > 0)
    return joined.assign(error=error.fillna(0.0))[["node_id", "side", "item", "error"]]


def unused_rules(network: Network) -> list[Finding]:
    """Rows of recipes and co-products that match nothing the network makes.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> recipes = toy.table("recipes").replace({"output": {"lithium-salt": "lithium-cell"}})
    >>> gm.checks.unused_rules(toy.with_tables(recipes=recipes))
    [('unused_rules', 'recipes', 'refining lithium-cell lithium-ore', 'lithium-cell', 'no node of the stage makes it')]
    """
    work = processes(network)
    made = network.nodes[["node_id", "stage", "country"]].iloc[work.node].assign(product=work.product)
    return [*_unused_recipes(network, made), *_unused_coproducts(network, made)]


def _unused_recipes(network: Network, made: pd.DataFrame) -> list[Finding]:
    """Recipes of a stage no node has, or of an output that none of its nodes makes."""
    by_node, by_stage = (set(zip(made[key], made["product"], strict=True)) for key in ("node_id", "stage"))
    present = set(made["stage"])
    found: list[Finding] = []
    for row in network.table("recipes").itertuples():
        holder, makers = (row.node_id, by_node) if row.node_id else (row.stage, by_stage)
        if (holder, row.output) in makers:
            continue
        if row.node_id:
            why = "the node does not make it"
        else:
            why = "no node of the stage makes it" if row.stage in present else f"no node has stage {row.stage!r}"
        found.append(("unused_rules", "recipes", f"{holder} {row.output} {row.input}", str(row.output), why))
    return found


def _unused_coproducts(network: Network, made: pd.DataFrame) -> list[Finding]:
    """Co-products of which no node of the stage, and of the country if one is named, makes both."""
    found: list[Finding] = []
    for row in network.table("coproducts").itertuples():
        here = made[(made["stage"] == row.stage) & ((row.country == "") | (made["country"] == row.country))]
        hosts, companions = (set(here.loc[here["product"] == item, "node_id"]) for item in (row.host, row.companion))
        if not hosts & companions:
            name = " ".join(part for part in (row.stage, row.country, row.host, row.companion) if part)
            found.append(("unused_rules", "coproducts", name, str(row.companion), "no node makes both"))
    return found


def missing_references(network: Network) -> list[Finding]:
    """Rows without a source.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.checks.missing_references(toy.with_tables(edges=toy.edges.assign(reference="")))[0]
    ('missing_references', 'edges', 'e1', '', 'has no reference')
    """
    found: list[Finding] = []
    for table, key in (("nodes", "node_id"), ("edges", "edge_id")):
        rows = network.table(table)
        for row_id in rows.loc[rows["reference"] == "", key]:
            found.append(("missing_references", table, str(row_id), "", "has no reference"))
    return found


CHECKS: tuple[Callable[[Network], list[Finding]], ...] = (
    isolated_nodes,
    self_loops,
    empty_edges,
    untraced_nodes,
    output_above_capacity,
    sales_above_output,
    inputs_above_need,
    owners_above_one,
    routes_above_one,
    unbalanced_nodes,
    unused_rules,
    missing_references,
)
"""Every rule; each takes a network and returns its findings."""
