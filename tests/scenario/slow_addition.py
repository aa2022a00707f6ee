"""Adding plants the slow, obvious way: dictionaries, every seller of a market with every buyer in turn."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from graphmodel.errors import ConvergenceError, ParameterError
from graphmodel.kernels.market import closest_flows


def added(network, projects):
    """Return flows by edge id, and quantity and residual of every balance, with the projects running."""
    slow = Slow(network, projects)
    slow.settle()
    return {edge["id"]: edge["quantity"] for edge in slow.edges}, slow.balances()


class Slow:
    def __init__(self, network, projects):
        nodes = network.nodes.set_index("node_id")
        self.stage, self.country = nodes["stage"].to_dict(), nodes["country"].to_dict()
        stages = network.stages.set_index("stage")
        self.role, self.order = stages["role"].to_dict(), stages["order"].to_dict()
        self.edges = [
            {"id": e.edge_id, "ends": (e.source, e.target), "material": e.material, "quantity": e.quantity}
            for e in network.edges.itertuples()
        ]
        self.made, self.offered = {}, {}
        for row in network.table("balances").itertuples():
            if row.side != "input":
                self.made[row.node_id, row.item] = row.quantity
                self.offered[row.node_id, row.item] = row.quantity - row.residual
        self.new = set(projects["node_id"])
        for row in projects.itertuples():
            self.stage[row.node_id], self.country[row.node_id] = row.stage, row.country
            self.made[row.node_id, row.material] = self.offered[row.node_id, row.material] = row.capacity
        self.materials = set(projects["material"])
        self._read_recipes(network)
        self.settled = {}

    def _read_recipes(self, network):
        rows = [
            (r.stage, r.output, r.group or r.input, r.input, r.amount) for r in network.table("recipes").itertuples()
        ]
        self.amounts, self.relative, self.unit, self.inputs = defaultdict(dict), {}, {}, defaultdict(set)
        for stage, output, slot, _, amount in sorted(rows, key=lambda row: row[3]):
            self.amounts[stage, output].setdefault(slot, amount)
        for stage, output, slot, item, amount in rows:
            self.relative[stage, output, slot, item] = amount / self.amounts[stage, output][slot]
            self.unit.setdefault(item, self.relative[stage, output, slot, item])
            self.inputs[stage, slot].add(item)

    def market(self, items):
        """All that replaces any of these anywhere, and what replaces that."""
        wider = set(items).union(*(group for group in self.inputs.values() if group & set(items)))
        return frozenset(wider) if wider == set(items) else self.market(wider)

    def needs(self):
        """What each node wants of each slot, by the names of both."""
        need = defaultdict(float)
        for (node, material), quantity in self.made.items():
            for slot, amount in self.amounts[self.stage[node], material].items():
                need[node, slot] += quantity * amount
        return {key: need[key] for key in sorted(need)}

    def settle(self):
        turns = []
        for stage in sorted({stage for stage, _ in self.inputs}, key=lambda name: (-self.order[name], name)):
            found = [self.market(self.inputs[at, slot]) for at, slot in sorted(self.inputs) if at == stage]
            turns += list(dict.fromkeys(found))
        for _ in range(50):
            if not sum(self.rebalance(market) for market in turns):
                return
        raise ConvergenceError("markets still move after 50 rounds; add less at once")

    def rebalance(self, market):
        if not market & self.materials:
            return False
        sellers = [key for key in self.made if key[1] in market]
        need = {key: n for key, n in self.needs().items() if self.inputs[self.stage[key[0]], key[1]] & market}
        offered = {key: self.offered[key] / self.unit[key[1]] for key in sellers}
        now = np.array([*offered.values(), *need.values()])
        if market in self.settled and (abs(now - self.settled[market]) <= 1e-12 * self.settled[market]).all():
            return False
        fresh, wanted = sum(offered[key] for key in sellers if key[0] in self.new), sum(need.values())
        if fresh > 0.95 * wanted:
            raise ParameterError(f"new plants would cover too much of {', '.join(sorted(market))}")
        shipped = self.trade(market, sellers, offered, need)
        for node, material in sellers:
            key = (node, material)
            if node in self.new:
                shipped[key] = offered[key]
            elif (
                self.role[self.stage[node]] != "origin" and all(node != buyer for buyer, _ in need) and offered[key] > 0
            ):
                self.made[key] *= shipped[key] / offered[key]
            self.offered[key] = shipped[key] * self.unit[material]
        self.settled[market] = np.array([*shipped.values(), *need.values()])
        self.materials |= {item for (_, output, _, item) in self.relative if output in market}
        return True

    def trade(self, market, sellers, offered, need):
        """Replace the flows of the market; return what each seller ships."""
        present = [edge for edge in self.edges if edge["material"] in market]
        pairs = []
        for edge in present:
            takers = [key for key in need if key[0] == edge["ends"][1] and edge["material"] in self.taken(key)]
            pairs.append(
                ((edge["ends"][0], edge["material"]), takers[-1], edge["quantity"] / self.unit[edge["material"]])
            )
        linked, fed = {seller for seller, _, _ in pairs}, {buyer for _, buyer, _ in pairs}
        wanted, supplied = sum(need.values()), sum(offered.values())
        for seller in sellers:
            for buyer in need:
                if offered[seller] > 0 and need[buyer] > 0 and seller[1] in self.taken(buyer):
                    if seller not in linked:
                        pairs.append((seller, buyer, offered[seller] * need[buyer] / wanted))
                    elif buyer not in fed:
                        pairs.append((seller, buyer, offered[seller] * need[buyer] / supplied))
        flow = closest_flows(
            np.array([sellers.index(seller) for seller, _, _ in pairs], dtype=np.int64),
            np.array([list(need).index(buyer) for _, buyer, _ in pairs], dtype=np.int64),
            np.array([weight for _, _, weight in pairs]),
            np.array(list(offered.values())),
            np.array(list(need.values())),
            may_keep=np.array([seller[0] not in self.new for seller in sellers]),
        )
        shipped = dict.fromkeys(sellers, 0.0)
        self.edges = [edge for edge in self.edges if edge["material"] not in market]
        for at, (seller, buyer, _) in enumerate(pairs):
            node, material = seller
            shipped[seller] += flow[at]
            quantity = flow[at] * self.unit[material]
            if at < len(present) and quantity > 0:
                self.edges.append({**present[at], "quantity": quantity})
            elif at >= len(present):
                name = f"{material}:{node}:{buyer[0]}"
                self.edges.append({"id": name, "ends": (node, buyer[0]), "material": material, "quantity": quantity})
        return shipped

    def taken(self, key):
        return self.inputs[self.stage[key[0]], key[1]]

    def balances(self):
        sent, came, found = defaultdict(float), defaultdict(list), {}
        for edge in self.edges:
            sent[edge["ends"][0], edge["material"]] += edge["quantity"]
            came[edge["ends"][1]].append(edge)
        for (node, material), quantity in self.made.items():
            final = self.role[self.stage[node]] in ("sink", "stock")
            kept = 0.0 if final else max(quantity - sent[node, material], 0.0)
            found[node, "demand" if final else "output", material] = quantity, kept
        for (node, slot), need in self.needs().items():
            value = {}
            for (stage, output, name, item), relative in self.relative.items():
                if (stage, name) == (self.stage[node], slot) and (node, output) in self.made:
                    value.setdefault(item, relative)
            got = sum(e["quantity"] / value[e["material"]] for e in came[node] if e["material"] in value)
            found[node, "input", slot] = need, need - got if need - got > 1e-9 * need else 0.0
        return found
