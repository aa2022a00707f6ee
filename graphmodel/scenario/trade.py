"""Markets that find a new balance one after another, from final use back to the mines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.errors import ConvergenceError, ParameterError
from graphmodel.kernels.market import closest_flows
from graphmodel.kernels.sparse_late import connected_components
from graphmodel.network import Network
from graphmodel.processes import slot_recipes, stands_in

MOST = 0.95
"""Largest part of a market that new plants may take; beyond it the present flows say nothing of the new ones."""
ROUNDS = 50
"""Sweeps over all markets before giving up."""
SAME = 1e-12
"""Relative change below which a market's offers and needs are what they were."""


@dataclass
class _Market:
    """Rows of the outputs, needs and flows that meet in one market."""

    sellers: IntArray
    buyers: IntArray
    flows: IntArray
    settled: FloatArray | None = None
    """Offers and needs when it was last balanced."""


class Trade:
    """What a network with new plants makes, needs and moves while its markets settle.

    Rows of ``outputs`` and of ``needs`` stay; ``made`` and ``offered`` of each output change, and ``carried`` by each
    flow from ``seller`` (a row of outputs) to ``buyer`` (one of needs). New flows stand after the edges of the network.
    """

    def __init__(self, network: Network, projects: pd.DataFrame) -> None:
        self.network, edges = network, network.edges
        self.slots = slots = _numbered_slots(network)
        inputs = slots.drop_duplicates("input").set_index("input")
        self.outputs = outputs = _outputs(network, projects)
        for column in ("market", "code"):
            outputs[column] = outputs["material"].map(inputs[column]).fillna(-1).astype(np.int64)
        self.uses = _uses(slots, outputs)
        self.needs = needs = self.uses.drop_duplicates("need").sort_values("need", ignore_index=True)
        self.made, self.offered = (outputs[name].to_numpy(dtype=float, copy=True) for name in ("quantity", "offered"))
        self.unit = outputs["material"].map(slots.groupby("input")["relative"].first()).to_numpy(dtype=float)
        self.old = ~outputs["node_id"].isin(projects["node_id"]).to_numpy(dtype=bool)
        origin = network.stages.query("role == 'origin'")["stage"]
        self.gives_way = self.old & ~outputs["stage"].isin(origin).to_numpy(dtype=bool)
        self.gives_way &= ~stands_in(outputs, needs, ["node_id", "market"])
        self.takes = np.zeros((len(inputs), slots["kind"].max() + 1), dtype=np.bool_)
        self.takes[slots["code"], slots["kind"]] = True

        wanted = needs.merge(slots[["kind", "input"]].drop_duplicates(), on="kind")
        made = outputs.rename_axis("seller").reset_index()
        self.seller = _last(made, "seller", ["node_id", "material"], edges[["source", "material"]])
        self.buyer = _last(wanted, "need", ["node_id", "input"], edges[["target", "material"]])
        self.carried = edges["quantity"].to_numpy(dtype=float, copy=True)
        self.market = edges["material"].map(inputs["market"]).fillna(-1).astype(np.int64)
        rows = [column.groupby(column).indices for column in (outputs["market"], needs["market"], self.market)]
        none = np.zeros(0, dtype=np.int64)
        self.markets = {number: _Market(*(of.get(number, none) for of in rows)) for number in inputs["market"]}

        order = -slots["stage"].map(network.stages.set_index("stage")["order"])
        turns = slots.assign(order=order).sort_values(["order", "stage", "slot"]).drop_duplicates(["stage", "market"])
        self.turns = turns["market"].tolist()
        self.feeding = slots.groupby(slots["output"].map(inputs["market"]))["market"].agg(set).to_dict()
        self.touched = set(inputs.loc[projects["material"], "market"])
        self.moved: list[int] = []

    def settle(self) -> None:
        """Balance markets from the last stage to the first until none moves; loops need more than one sweep.

        Raises
        ------
        ParameterError
            If new plants would take nearly a whole market, or a flow has no seller or no buyer that is known.
        ConvergenceError
            If markets still move after many sweeps.
        """
        for _ in range(ROUNDS):
            moved = [number for number in self.turns if number in self.touched and self._rebalance(number)]
            if not moved:
                return
            self.moved += moved
        raise ConvergenceError(f"markets still move after {ROUNDS} rounds; add less at once")

    def _needed(self) -> FloatArray:
        """Each need, from what its node now makes; compensated sums, lest rounding keep a loop moving."""
        wants = self.uses["base"].to_numpy(dtype=float) * self.made[self.uses["maker"]]
        return pd.Series(wants).groupby(self.uses["need"].to_numpy()).sum().to_numpy()

    def _rebalance(self, number: int) -> bool:
        """Balance a market if what it offers or needs has changed; say whether it had."""
        market = self.markets[number]
        sellers, unit, old = market.sellers, self.unit[market.sellers], self.old[market.sellers]
        offered, need = self.offered[sellers] / unit, self._needed()[market.buyers]
        state, before = np.concatenate([offered, need]), market.settled
        if before is not None and (np.abs(state - before) <= SAME * before).all():
            return False
        fresh, wanted = offered[~old].sum(), need.sum()
        if fresh > MOST * wanted:
            names = ", ".join(sorted(set(self.slots.loc[self.slots["market"] == number, "input"])))
            if wanted == 0:
                raise ParameterError(f"nobody needs {names} today, so new plants have nobody to sell it to")
            raise ParameterError(f"new plants would cover {fresh / wanted:.0%} of {names}, above {MOST:.0%}")
        shipped = np.where(old, self._move(market, offered, need), offered)
        gives_way = self.gives_way[sellers] & (offered > 0)
        self.made[sellers] *= np.divide(shipped, offered, out=np.ones_like(offered), where=gives_way)
        self.offered[sellers] = shipped * unit
        market.settled = np.concatenate([shipped, need])
        self.touched |= self.feeding.get(number, set())
        return True

    def _move(self, market: _Market, offered: FloatArray, need: FloatArray) -> FloatArray:
        """Replace the flows of a market by the closest that meet the needs; return what each seller ships.

        A new seller is linked to every buyer that can take its material, a new buyer to every seller of what it can
        take, both by size.
        """
        sellers, buyers, flows = market.sellers, market.buyers, market.flows
        self._check(flows)
        at, to = np.searchsorted(sellers, self.seller[flows]), np.searchsorted(buyers, self.buyer[flows])
        offers, wants = offered > 0, need > 0
        fresh, lone = offers.copy(), wants.copy()
        fresh[at], lone[to] = False, False
        links, feeds = self._pairs(market, fresh, wants), self._pairs(market, offers & ~fresh, lone)
        feeds = feeds[:, np.argsort(feeds[1], kind="stable")]
        weights = [offered[i] * need[j] / total for (i, j), total in ((links, need.sum()), (feeds, offered.sum()))]
        new_at, new_to = np.concatenate([links, feeds], axis=1)
        prior = np.concatenate([self.carried[flows] / self.unit[sellers[at]], *weights])
        at, to = np.concatenate([at, new_at]), np.concatenate([to, new_to])
        flow = closest_flows(at, to, prior, offered, need, may_keep=self.old[sellers])
        added = len(self.seller) + np.arange(len(new_at))
        self.seller = np.append(self.seller, sellers[new_at])
        self.buyer = np.append(self.buyer, buyers[new_to])
        self.carried = np.append(self.carried, np.zeros(len(added)))
        self.carried[np.append(flows, added)] = flow * self.unit[sellers[at]]
        market.flows = np.append(flows[self.carried[flows] > 0], added)
        return np.bincount(at, weights=flow, minlength=len(sellers)).astype(np.float64)

    def _check(self, flows: IntArray) -> None:
        lost = flows[(self.seller[flows] < 0) | (self.buyer[flows] < 0)]
        if len(lost):
            row = self.network.edges.iloc[lost[0]]
            flow = f"{row['material']} from {row['source']} to {row['target']}"
            raise ParameterError(f"balances and recipes must tell who makes and who needs {flow}")

    def _pairs(self, market: _Market, sells: BoolArray, buys: BoolArray) -> IntArray:
        """Positions in the market of each of some sellers and of those of some buyers that can use its material."""
        i, j = np.flatnonzero(sells), np.flatnonzero(buys)
        code, kind = self.outputs["code"].to_numpy()[market.sellers[i]], self.needs["kind"].to_numpy()[market.buyers[j]]
        at, to = np.nonzero(self.takes[np.ix_(code, kind)])
        return np.stack([i[at], j[to]])

    def edges(self) -> pd.DataFrame:
        """Edges after the change: markets that did not move, then the others, in the order of their last moves."""
        edges = self.network.edges
        seller, buyer = self.seller[len(edges) :], self.buyer[len(edges) :]
        new = self.outputs[["node_id", "material"]].iloc[seller].set_axis(["source", "material"], axis=1)
        new = new.assign(
            target=self.needs["node_id"].to_numpy()[buyer], basis="estimated", evidence="assumed", reference="scenario"
        )
        new["edge_id"] = new["material"] + ":" + new["source"] + ":" + new["target"]
        order = list(dict.fromkeys(reversed(self.moved)))[::-1]
        moved = np.concatenate([np.zeros(0, dtype=np.int64), *(self.markets[number].flows for number in order)])
        table = pd.concat([edges, new], ignore_index=True).assign(quantity=self.carried)
        table.loc[moved, ["low", "high"]] = np.nan
        return table.iloc[np.append(np.flatnonzero(~self.market.isin(order)), moved)].reset_index(drop=True)

    def balances(self, edges: pd.DataFrame) -> pd.DataFrame:
        """Balances after the change, residuals taken from the edges."""
        network, need = self.network, self._needed()
        outputs = self.outputs.rename(columns={"material": "item"}).assign(quantity=self.made)
        final = network.nodes.loc[network.has_role("sink") | network.has_role("stock"), "node_id"]
        is_final = outputs["node_id"].isin(final)
        sent = _sums(edges["quantity"], edges[["source", "material"]], outputs[["node_id", "item"]])
        outputs["side"] = np.where(is_final, "demand", "output")
        outputs["residual"] = np.where(is_final, 0.0, np.maximum(self.made - sent, 0.0))
        rules = self.slots[["stage", "output", "input", "slot", "relative"]]
        fed = outputs[["node_id", "stage", "item"]].merge(
            rules, left_on=["stage", "item"], right_on=["stage", "output"]
        )
        fed = fed.drop_duplicates(["node_id", "slot", "input"])
        into = edges.merge(fed, left_on=["target", "material"], right_on=["node_id", "input"])
        needs = self.needs.rename(columns={"slot": "item"}).assign(side="input", quantity=need)
        got = _sums(into["quantity"] / into["relative"], into[["target", "slot"]], needs[["node_id", "item"]])
        needs["residual"] = np.where(need - got > 1e-9 * need, need - got, 0.0)
        columns = ["node_id", "side", "item", "quantity", "residual"]
        return pd.concat([outputs[columns], needs[columns]], ignore_index=True)


def _numbered_slots(network: Network) -> pd.DataFrame:
    """Recipes with their slots, and numbers for each input (code), each slot of a stage (kind) and each market.

    Inputs share a market where any stage lets them replace one another.
    """
    slots = slot_recipes(network.table("recipes"))
    code, kind = pd.factorize(slots["input"])[0], slots.groupby(["stage", "slot"]).ngroup().to_numpy()
    size = code.max() + kind.max() + 2
    joined = csr_array((np.ones(len(slots)), (code, code.max() + 1 + kind)), shape=(size, size))
    return slots.assign(code=code, kind=kind, market=connected_components(joined, directed=False)[1][code])


def _outputs(network: Network, projects: pd.DataFrame) -> pd.DataFrame:
    """What each node makes of each material and what of it is offered; new plants come last."""
    made, nodes = network.table("balances").query("side != 'input'"), network.nodes.set_index("node_id")
    old = pd.DataFrame(
        {
            "node_id": made["node_id"],
            "stage": made["node_id"].map(nodes["stage"]),
            "country": made["node_id"].map(nodes["country"]),
            "material": made["item"],
            "quantity": made["quantity"],
            "offered": made["quantity"] - made["residual"],
        }
    )
    used = projects["capacity"] * projects.get("utilisation", 1.0)
    new = projects[["node_id", "stage", "country", "material"]].assign(quantity=used, offered=used)
    return pd.concat([old, new], ignore_index=True)


def _uses(slots: pd.DataFrame, outputs: pd.DataFrame) -> pd.DataFrame:
    """What each output (its row is ``maker``) takes of each slot; ``need`` numbers the slots of all nodes by name."""
    rules = slots.drop_duplicates(["stage", "output", "slot"])
    rules = rules[["stage", "output", "slot", "base", "kind", "market"]]
    made = outputs[["node_id", "country", "stage", "material"]].rename_axis("maker").reset_index()
    uses = made.merge(rules, left_on=["stage", "material"], right_on=["stage", "output"])
    return uses.assign(need=uses.groupby(["node_id", "country", "stage", "slot"], dropna=False).ngroup())


def _last(table: pd.DataFrame, value: str, keys: list[str], rows: pd.DataFrame) -> IntArray:
    """The value in the last row of a table that has the keys of each of some rows; -1 where none has."""
    known = table.drop_duplicates(keys, keep="last").set_index(keys)[value]
    return known.reindex(pd.MultiIndex.from_frame(rows), fill_value=-1).to_numpy(dtype=np.int64)


def _sums(values: pd.Series, keys: pd.DataFrame, rows: pd.DataFrame) -> FloatArray:
    """Sum of the values with the keys of each of some rows; 0 where there are none."""
    summed = values.groupby([keys[name] for name in keys]).sum()
    return summed.reindex(pd.MultiIndex.from_frame(rows), fill_value=0.0).to_numpy(dtype=float)
