"""What each node does, in arrays: processes, the slots they draw from, and who fills the slots.

A node that makes several products runs one *process* for each. A process draws from one *slot* for every group of
inputs that replace one another, and needs all of its slots; suppliers share a slot in proportion to what they
deliver. This is the form in which kernels take a network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.network import Network


@dataclass(frozen=True)
class Processes:
    """Processes, slots and demand of a network.

    ``E`` supplies, ``K`` slots, ``P`` processes: ``slot_indptr`` (K+1) bounds the supplies of each slot;
    ``supplier`` (E) is the process that delivers, ``share`` (E) its share of what the slot needs; ``row`` (E) the
    edge, -1 for a link inside a node; ``slot_base`` (K) is the part of the need that no supplier in the network
    meets and that no removal touches. ``process_indptr`` (P+1) and ``process_slot`` list the slots of each process.

    In quantities a year: ``quantity`` (P) is what a process makes or, as a user, wants; ``sold`` (P) the part of it
    that edges carry away, as a share; ``room`` (P) the most it could make, as a multiple of what it makes; ``need``
    (K) what a slot takes in, in units of its reference input, 0 for a co-product's host; ``draw`` the share of that
    need of each entry of ``process_slot``; ``relative`` (E) how much of the supplier's product stands for one unit of
    the need.
    """

    node: IntArray
    product: np.ndarray
    slot_indptr: IntArray
    supplier: IntArray
    share: FloatArray
    row: IntArray
    slot_base: FloatArray
    process_indptr: IntArray
    process_slot: IntArray
    quantity: FloatArray
    sold: FloatArray
    room: FloatArray
    need: FloatArray
    draw: FloatArray
    relative: FloatArray
    accepts: pd.DataFrame
    wanted: pd.DataFrame

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    @property
    def demand(self) -> pd.DataFrame:
        """process, node, product, quantity: final demand a scenario has not taken away, one row a node and product."""
        return self.wanted.copy()

    @property
    def n_processes(self) -> int:
        """Number of processes."""
        return len(self.node)

    @property
    def accepted(self) -> pd.DataFrame:
        """slot, material, relative: what fills each slot, bought today or not; hosts of co-products left out."""
        return self.accepts.copy()

    @property
    def output(self) -> FloatArray:
        """What each process makes a year: what is stated, or what edges carry away where that is more."""
        return self.quantity * np.maximum(self.sold, 1.0)

    @property
    def slot_node(self) -> IntArray:
        """Node of each slot."""
        node = np.full(len(self.need), -1, dtype=np.int64)
        node[self.process_slot] = self.node[self.reader]
        return node

    @property
    def reader(self) -> IntArray:
        """Process of each entry of ``process_slot``."""
        return np.repeat(np.arange(self.n_processes), np.diff(self.process_indptr))

    @property
    def slot(self) -> IntArray:
        """Slot that each supply fills."""
        return np.repeat(np.arange(len(self.slot_base)), np.diff(self.slot_indptr))

    def weights(self, weight: FloatArray) -> FloatArray:
        """Give every process the weight of its row of `demand`, and all others none."""
        of_process = np.zeros(self.n_processes)
        of_process[self.wanted["process"].to_numpy(dtype=np.int64)] = weight
        return of_process

    def limits(self, available: FloatArray) -> FloatArray:
        """Spread what is left of each node over its processes; users can use whatever they still want."""
        left = available[self.node]
        left[self.wanted["process"].to_numpy(dtype=np.int64)] = 1.0
        return left


def processes(network: Network) -> Processes:
    """Read the processes of a network from its edges, recipes, co-products and balances.

    Notes
    -----
    Without recipes for a stage every input material is a slot of its own, needed by all products of the node.
    Without balances a node needs just what its edges bring, and a user wants every material it receives for itself.
    """
    return network.once(_processes)


def _processes(network: Network) -> Processes:
    return read_processes(network, essential_recipes(network))


def read_processes(network: Network, recipes: pd.DataFrame) -> Processes:
    """Read the processes of a network by these recipes instead of its own essential ones; they keep their order."""
    made = _products(network)
    needs = _needs(network, made, recipes)
    companions = _companion_supplies(network, made)
    slots = pd.concat([needs[["node", "slot"]], companions[["node", "slot"]]], ignore_index=True).drop_duplicates()
    slots = slots.sort_values(["node", "slot"]).assign(wish=np.arange(len(slots)))
    supplies = _edge_supplies(network, made, needs.merge(slots, on=["node", "slot"]))
    if len(companions):
        supplies = pd.concat([supplies, companions.merge(slots, on=["node", "slot"])[supplies.columns]])
    filled = np.bincount(supplies["wish"].to_numpy(), minlength=len(slots)) > 0
    supplies["code"] = (np.cumsum(filled) - 1)[supplies["wish"].to_numpy()]
    slots = slots.loc[filled, ["node", "slot"]].reset_index(drop=True)
    slots["code"] = slots.index
    accepts = needs.merge(slots, on=["node", "slot"])[["code", "input", "relative"]]
    accepts = accepts.drop_duplicates(["code", "input"]).sort_values(["code", "input"], ignore_index=True)
    supplies = supplies.iloc[np.lexsort([supplies[name].to_numpy() for name in ("supplier", "row", "code")])]
    slot_need = _slot_needs(network, supplies, slots)
    firm = (supplies["effective"] - supplies["free"]).to_numpy(dtype=float)
    share = firm / slot_need["need"].to_numpy()[supplies["code"].to_numpy()]
    links = _draws(made, needs, slots)
    carried = _carried(network, made)
    quantity = made["quantity"].to_numpy(dtype=float)
    quantity = np.where(quantity > 0, quantity, carried)
    hosted = slots["slot"].str.startswith(_COMPANION).to_numpy(dtype=bool)
    return Processes(
        node=made["node"].to_numpy(dtype=np.int64),
        product=made["product"].to_numpy(),
        slot_indptr=_indptr(supplies["code"].to_numpy(), len(slots)),
        supplier=supplies["supplier"].to_numpy(dtype=np.int64),
        share=share,
        row=supplies["row"].to_numpy(dtype=np.int64),
        slot_base=slot_need["base"].to_numpy(dtype=float),
        process_indptr=_indptr(links["process"].to_numpy(), len(made)),
        process_slot=links["code"].to_numpy(dtype=np.int64),
        quantity=quantity,
        sold=np.divide(carried, quantity, out=np.zeros(len(made)), where=quantity > 0),
        room=_room(network)[made["node"].to_numpy(dtype=np.int64)],
        need=np.where(hosted, 0.0, slot_need["need"].to_numpy(dtype=float)),
        draw=links["draw"].to_numpy(dtype=float),
        relative=supplies["relative"].to_numpy(dtype=float),
        accepts=accepts.rename(columns={"code": "slot", "input": "material"}),
        wanted=_demand(network, made),
    )


def _carried(network: Network, made: pd.DataFrame) -> FloatArray:
    """Return what edges carry away of each process's product before any response."""
    edges = network.columns("edges")
    delivered = edges.number("delivered")
    comes = np.where(np.isnan(delivered), edges.number("quantity"), delivered)
    traded = _traded(network, network.source, comes)
    return traded.reindex(_pair(network, made["node"], made["product"])).fillna(0.0).to_numpy()


def _traded(network: Network, end: IntArray, quantity: FloatArray, among: BoolArray | None = None) -> pd.Series:
    """Add up quantities by the node at one end and material, both in one number; see `_pair` and `_apart`."""
    material = network.columns("edges").text("material")
    pair = end * len(material.words) + material.codes
    if among is not None:
        pair, quantity = pair[among], quantity[among]
    return pd.Series(quantity).groupby(pair).sum()


def _pair(network: Network, node: pd.Series, material: pd.Series) -> IntArray:
    """Return node and material as one number, below zero where no edge carries the material."""
    words = network.columns("edges").text("material").words
    code = pd.Index(words, dtype=object).get_indexer(material)
    return np.where(code < 0, -1, node.to_numpy(dtype=np.int64) * len(words) + code)


def _apart(network: Network, pair: IntArray) -> tuple[IntArray, np.ndarray]:
    """Return the node and the material that one number stands for."""
    words = network.columns("edges").text("material").words
    return pair // len(words), words[pair % len(words)]


def _room(network: Network) -> FloatArray:
    """Return the most each node could make within the year, as a multiple of what it makes.

    What is known to be spare counts before the nameplate: a plant still ramping up may have none of it to spare.
    """
    nodes = network.nodes
    output = nodes["output"].to_numpy(dtype=float)
    known = np.where(output > 0, output, np.nan)
    nameplate = nodes["capacity"].to_numpy(dtype=float) / known
    spare = 1.0 + nodes["spare"].to_numpy(dtype=float) / known
    return np.fmax(1.0, np.where(np.isnan(spare), nameplate, spare))


def _demand(network: Network, made: pd.DataFrame) -> pd.DataFrame:
    """Final demand, less what a scenario takes away."""
    rows = made.loc[made["final"], ["process", "node", "product", "quantity"]].reset_index(drop=True)
    wanted = network.nodes["available"].fillna(1.0).to_numpy(dtype=float)[rows["node"].to_numpy()]
    return rows.assign(quantity=rows["quantity"] * wanted)


def makers(network: Network) -> pd.DataFrame:
    """List what each node sells, or is stated to make or want: node (position), product, mineral ("" if not stated)."""
    stated = network.table("balances")
    stated = stated[stated["side"] != "input"]
    position = pd.Series(np.arange(network.n_nodes), index=network.nodes["node_id"])
    made = pd.DataFrame(
        {
            "node": np.concatenate([network.source, stated["node_id"].map(position).to_numpy(dtype=np.int64)]),
            "product": np.concatenate([network.edges["material"].to_numpy(), stated["item"].to_numpy()]),
        }
    )
    made = made.drop_duplicates().sort_values(["node", "product"]).reset_index(drop=True)
    mineral = network.table("materials").set_index("material")["mineral"].astype(object)
    return made.assign(mineral=made["product"].map(mineral).astype(object).fillna(""))


def node_slots(network: Network) -> pd.DataFrame:
    """List what each node can use, essential or not: node_id, slot, input, relative (input per unit of the need)."""
    made = _products(network)
    needs = _needs(network, made, network.table("recipes")).drop_duplicates(["node", "slot", "input"])
    node_id = network.nodes["node_id"].to_numpy()[needs["node"].to_numpy(dtype=np.int64)]
    return needs.assign(node_id=node_id)[["node_id", "slot", "input", "relative"]].reset_index(drop=True)


def slot_recipes(recipes: pd.DataFrame) -> pd.DataFrame:
    """Return recipes with the slot each input fills.

    ``base`` is the need of the slot's reference input (the first by name, whatever the order of the rows) per unit of
    output; ``relative`` is how much of this input stands for one unit of it.
    """
    recipes = recipes.sort_values("input", kind="stable")
    recipes = recipes.assign(slot=recipes["group"].where(recipes["group"] != "", recipes["input"]))
    base = recipes.groupby(["stage", "node_id", "output", "slot"])["amount"].transform("first")
    return recipes.assign(base=base, relative=recipes["amount"] / base).sort_index()


def _indptr(codes: np.ndarray, n: int) -> IntArray:
    return np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=n))]).astype(np.int64)


def _products(network: Network) -> pd.DataFrame:
    """One row a process: node, product, quantity, whether it is final; every node has at least one."""
    traded = _traded(network, network.source, network.columns("edges").number("quantity"))
    node, product = _apart(network, traded.index.to_numpy())
    sold = pd.DataFrame({"node": node, "product": pd.Series(product, dtype=object), "quantity": traded.to_numpy()})
    position = pd.Series(np.arange(network.n_nodes), index=network.nodes["node_id"])
    stated = network.table("balances")
    stated = stated[stated["side"] != "input"].assign(node=lambda frame: frame["node_id"].map(position))
    stated = stated.rename(columns={"item": "product"})[["node", "product", "quantity"]]
    made = pd.concat([stated, sold], ignore_index=True).drop_duplicates(["node", "product"]).assign(alone=False)
    idle = np.setdiff1d(np.arange(network.n_nodes), made["node"].to_numpy(dtype=np.int64))
    made = pd.concat([made, *_undeclared(network, idle)], ignore_index=True)
    made = made.sort_values(["node", "product"], kind="stable").reset_index(drop=True)
    made["node"] = made["node"].astype(np.int64)
    made["process"] = made.index
    made["stage"] = network.nodes["stage"].to_numpy()[made["node"].to_numpy()]
    made["final"] = network.has_role("sink")[made["node"].to_numpy()]
    return made


def _undeclared(network: Network, idle: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nodes that sell nothing: a user wants each material it receives, others make their stage's product."""
    wanting = np.zeros(network.n_nodes, dtype=np.bool_)
    wanting[idle] = network.has_role("sink")[idle]
    bought = _traded(network, network.target, network.columns("edges").number("quantity"), wanting[network.target])
    node, product = _apart(network, bought.index.to_numpy(dtype=np.int64))
    wanted = pd.DataFrame({"node": node, "product": pd.Series(product, dtype=object), "quantity": bought.to_numpy()})
    rest = np.setdiff1d(idle, wanted["node"].to_numpy())
    made = pd.DataFrame({"node": rest, "product": network.nodes["stage"].to_numpy()[rest], "quantity": 0.0})
    return wanted.assign(alone=True), made.assign(alone=False)


def essential_recipes(network: Network) -> pd.DataFrame:
    """Return the recipes whose input no output goes without."""
    recipes = network.table("recipes")
    return recipes[recipes["essential"] != "no"]


def _needs(network: Network, made: pd.DataFrame, recipes: pd.DataFrame) -> pd.DataFrame:
    """Inputs each process can use: process, node, slot, input, relative, base (need of the slot per unit of output).

    Which recipe counts, a node's own or its stage's, and whether there is one, all recipes of the network decide.
    """
    recipes = slot_recipes(recipes)[["stage", "node_id", "output", "input", "slot", "relative", "base"]]
    recipes = recipes.rename(columns={"output": "product"})
    every = network.table("recipes").rename(columns={"output": "product"})
    named = made.assign(node_id=network.nodes["node_id"].to_numpy()[made["node"].to_numpy()])
    is_special = stands_in(named, every[every["node_id"] != ""], ["node_id", "product"])
    is_told = is_special | stands_in(named, every[every["node_id"] == ""], ["stage", "product"])
    own, general = recipes[recipes["node_id"] != ""], recipes[recipes["node_id"] == ""]
    special = named[is_special].merge(own.drop(columns="stage"), on=["node_id", "product"])
    common = named[~is_special].merge(general.drop(columns="node_id"), on=["stage", "product"])
    told = pd.concat([special, common], ignore_index=True)[["process", "node", "slot", "input", "relative", "base"]]
    material = network.columns("edges").text("material")
    node, wanted = _apart(network, pd.unique(network.target * len(material.words) + material.codes))
    bought = pd.DataFrame({"node": node, "input": pd.Series(wanted, dtype=object)})
    has_recipe = made["stage"].isin(every.loc[every["node_id"] == "", "stage"])
    silent = made[(made["alone"] | ~has_recipe) & ~is_told]
    plain = silent[["process", "node", "product", "alone"]].merge(bought, on="node").assign(relative=1.0, base=1.0)
    plain = plain[~plain["alone"] | (plain["input"] == plain["product"])]
    plain["slot"] = plain["input"]
    return pd.concat([told, plain[["process", "node", "slot", "input", "relative", "base"]]], ignore_index=True)


def stands_in(rows: pd.DataFrame, among: pd.DataFrame, keys: list[str]) -> BoolArray:
    """Say which rows stand in another frame too."""
    index = pd.MultiIndex.from_frame(rows[keys])
    return np.asarray(index.isin(pd.MultiIndex.from_frame(among[keys])), dtype=np.bool_)


def _edge_supplies(network: Network, made: pd.DataFrame, needs: pd.DataFrame) -> pd.DataFrame:
    """Every edge as a supply of the slot it fills."""
    edges = network.columns("edges")
    material = edges.text("material")
    seller = _pair(network, made["node"], made["product"])
    carried = np.flatnonzero(seller >= 0)
    sold = network.source * len(material.words) + material.codes
    supplier = carried[pd.Index(seller[carried]).get_indexer(sold)]  # processes are numbered in the order of made
    taken = needs.drop_duplicates(["node", "slot", "input"])
    taken = taken[["wish", "relative"]].assign(pair=_pair(network, taken["node"], taken["input"]))
    flow = pd.DataFrame(
        {
            "row": np.arange(network.n_edges),
            "supplier": supplier,
            "pair": network.target * len(material.words) + material.codes,
            "quantity": edges.number("quantity"),
        }
    ).merge(taken, on="pair")
    flow["effective"] = flow["quantity"] / flow["relative"]
    return flow[["wish", "supplier", "row", "effective", "relative"]].assign(free=0.0)


_COMPANION = "host of "


def _companion_supplies(network: Network, made: pd.DataFrame) -> pd.DataFrame:
    """A co-product as a process that its hosts in the same node feed."""
    pairs = network.table("coproducts")
    country = network.nodes["country"].to_numpy()
    here = made.assign(country=country[made["node"].to_numpy()])
    hosts = here.merge(pairs.rename(columns={"host": "product"}), on=["stage", "product"], suffixes=("", "_rule"))
    hosts = hosts[(hosts["country_rule"] == "") | (hosts["country_rule"] == hosts["country"])]
    hosts = hosts.sort_values("country_rule", ascending=False, kind="stable")  # a country's own rule before the general
    hosts = hosts.drop_duplicates(["process", "companion"])
    companions = made.rename(columns={"product": "companion"})[["node", "companion"]]
    hosts = hosts.merge(companions, on=["node", "companion"])
    effective = (hosts["quantity"] * hosts["ratio"].fillna(1.0)).astype(float)
    return pd.DataFrame(
        {
            "node": hosts["node"].astype(np.int64),
            "slot": _COMPANION + hosts["companion"].astype(str),
            "supplier": hosts["process"].astype(np.int64),
            "row": np.full(len(hosts), -1),
            "effective": effective,
            "relative": 1.0,
            "free": effective * (1.0 - hosts["rigid"].fillna(1.0)),
        }
    )


def _slot_needs(network: Network, supplies: pd.DataFrame, slots: pd.DataFrame) -> pd.DataFrame:
    """Need of each slot and the part that no supply brings."""
    brought = np.bincount(
        supplies["code"].to_numpy(), supplies["effective"].to_numpy(dtype=float), minlength=len(slots)
    )
    stated = network.table("balances")
    stated = stated[stated["side"] == "input"].set_index(["node_id", "item"])["residual"]
    node_id = network.nodes["node_id"].to_numpy()[slots["node"].to_numpy(dtype=np.int64)]
    residual = stated.reindex(pd.MultiIndex.from_arrays([node_id, slots["slot"]])).fillna(0.0).to_numpy()
    free = np.bincount(supplies["code"].to_numpy(), supplies["free"].to_numpy(dtype=float), minlength=len(slots))
    need = np.where(brought + residual > 0, brought + residual, 1.0)
    return pd.DataFrame({"need": need, "base": np.where(brought + residual > 0, (residual + free) / need, 0.0)})


def _draws(made: pd.DataFrame, needs: pd.DataFrame, slots: pd.DataFrame) -> pd.DataFrame:
    """Slots of each process, with its share of their need: those of its recipe, and its host as a co-product."""
    links = needs[["process", "node", "slot", "base"]].drop_duplicates(["process", "slot"])
    if slots["slot"].str.startswith(_COMPANION).any():
        hosted = made.assign(slot=_COMPANION + made["product"].astype(str), base=np.nan)
        links = pd.concat([links, hosted[["process", "node", "slot", "base"]]], ignore_index=True)
    links = links.merge(slots, on=["node", "slot"]).drop_duplicates(["process", "code"])
    links = links.sort_values(["process", "code"]).reset_index(drop=True)
    wants = links["base"] * made["quantity"].to_numpy(dtype=float)[links["process"].to_numpy(dtype=np.int64)]
    total = wants.groupby(links["code"]).transform("sum")
    readers = links.groupby("code")["process"].transform("size")
    return links.assign(draw=(wants / total.where(total > 0)).fillna(1.0 / readers))
