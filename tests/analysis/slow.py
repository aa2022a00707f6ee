"""The frozen response the slow, obvious way: dictionaries and loops, written from the rules and not from the code.

Rules. A node makes each product it states or sells; a user that states nothing wants each material it receives. A
product needs every input group of its recipe (the node's own recipe before the stage's; inputs not essential are
left out); without recipes at its stage, every material the node buys. Inside a group suppliers replace one another
in the shares they have, one unit of another input counted at its amount in the recipe; what no edge brings
(residual) stays. A co-product falls with its hosts in the same node by the rigid share. Whoever is shut or
derated makes at most what is left; nobody finds another supplier.
"""

from __future__ import annotations

from collections import defaultdict

ROUNDS = 4000


class Slow:
    """A network as plain dictionaries."""

    def __init__(self, network):
        self.nodes = {row.node_id: row for row in network.nodes.itertuples()}
        self.edges = list(network.edges.itertuples())
        self.role = dict(zip(network.stages["stage"], network.stages["role"], strict=True))
        self.recipes = [row for row in network.table("recipes").itertuples() if row.essential != "no"]
        self.coproducts = list(network.table("coproducts").itertuples())
        self.balances = list(network.table("balances").itertuples())
        self.made = self._products()
        self.slots = {process: self._slots_of(process) for process in self.made}

    def is_final(self, node):
        return self.role[self.nodes[node].stage] == "sink"

    def _products(self):
        """(node, product) -> quantity."""
        made = {}
        for edge in self.edges:
            key = (edge.source, edge.material)
            made[key] = made.get(key, 0.0) + edge.quantity
        for row in self.balances:
            if row.side != "input":
                made[(row.node_id, row.item)] = row.quantity
        self.alone = set()
        for node in self.nodes:
            if any(owner == node for owner, _ in made):
                continue
            got = defaultdict(float)
            for edge in self.edges:
                if edge.target == node:
                    got[edge.material] += edge.quantity
            if self.is_final(node) and got:
                for material, quantity in got.items():
                    made[(node, material)] = quantity
                    self.alone.add((node, material))
            else:
                made[(node, self.nodes[node].stage)] = 0.0
        return made

    def _groups(self, process):
        """Group name -> {input: amount relative to the first input of the group}."""
        node, product = process
        rows = [r for r in self.recipes if r.node_id == node and r.output == product]
        stage = self.nodes[node].stage
        if not rows:
            rows = [r for r in self.recipes if r.node_id == "" and r.stage == stage and r.output == product]
        groups = defaultdict(dict)
        first = {}
        for row in rows:
            name = row.group or row.input
            first.setdefault(name, row.amount)
            groups[name][row.input] = row.amount / first[name]
        if not rows and process in self.alone:
            return {product: {product: 1.0}}
        if not rows and not any(r.stage == stage and r.node_id == "" for r in self.recipes):
            return {e.material: {e.material: 1.0} for e in self.edges if e.target == node}
        return groups

    def _slots_of(self, process):
        """For each group: (residual, [(supplier process, edge, amount in the group's unit)])."""
        node, product = process
        slots = []
        for name, inputs in self._groups(process).items():
            supplies = [
                ((e.source, e.material), e.edge_id, e.quantity / inputs[e.material])
                for e in self.edges
                if e.target == node and e.material in inputs
            ]
            residual = sum(
                r.residual for r in self.balances if r.node_id == node and r.side == "input" and r.item == name
            )
            slots.append((residual, supplies))
        slots.append(self._hosts_of(node, product))
        return [(residual, supplies) for residual, supplies in slots if supplies]

    def _hosts_of(self, node, companion):
        free, supplies = 0.0, []
        stage, country = self.nodes[node].stage, self.nodes[node].country
        for (owner, host), quantity in self.made.items():
            rules = [
                r
                for r in self.coproducts
                if owner == node
                and r.stage == stage
                and r.host == host
                and r.companion == companion
                and r.country in ("", country)
            ]
            rules.sort(key=lambda r: r.country == "")  # the country's own rule before the general one
            for rule in rules[:1]:
                ratio = 1.0 if rule.ratio != rule.ratio else rule.ratio
                rigid = 1.0 if rule.rigid != rule.rigid else rule.rigid
                free += quantity * ratio * (1 - rigid)
                supplies.append(((owner, host), None, quantity * ratio * rigid))
        return free, supplies

    def left(self, limit, kept):
        """What each process still makes, given what is left of each node and each edge."""
        h = {process: 1.0 if self.is_final(process[0]) else limit[process[0]] for process in self.made}
        for _ in range(ROUNDS):
            change = 0.0
            for process, slots in self.slots.items():
                new = h[process]
                for residual, supplies in slots:
                    need = residual + sum(amount for _, _, amount in supplies)
                    if need > 0:
                        got = sum(a * h[s] * (1.0 if e is None else kept[e]) for s, e, a in supplies)
                        new = min(new, (residual + got) / need)
                change = max(change, h[process] - new)
                h[process] = new
            if change < 1e-14:
                break
        return h

    def available(self):
        limit = {i: 1.0 if n.available != n.available else n.available for i, n in self.nodes.items()}
        kept = {e.edge_id: 1.0 if e.available != e.available else e.available for e in self.edges}
        return limit, kept

    def frozen(self, removed, severity=1.0):
        """Final demand lost when the nodes removed make only a part: {(node, product): loss}."""
        limit, kept = self.available()
        wanted = dict(limit)
        for node in removed:
            limit[node] *= 1 - severity
        h = self.left(limit, kept)
        return {p: q * wanted[p[0]] * (1 - h[p]) for p, q in self.made.items() if self.is_final(p[0])}

    def reached(self, removed=()):
        """Nodes a path from an origin reaches, over what runs and carries something."""
        limit, kept = self.available()
        alive = {node for node in self.nodes if limit[node] > 0 and node not in removed}
        found = {node for node in alive if self.role[self.nodes[node].stage] == "origin"}
        while True:
            more = {
                e.target
                for e in self.edges
                if e.quantity > 0 and kept[e.edge_id] > 0 and e.source in found and e.target in alive
            }
            if more <= found:
                return found
            found |= more

    def unreached(self, removed, *, base):
        """Final demand no path reaches any more, of what one reached in ``base``."""
        limit, _ = self.available()
        found, before = self.reached(removed), base.reached()
        return {
            p: q * limit[p[0]] if p[0] in before and p[0] not in found else 0.0
            for p, q in self.made.items()
            if self.is_final(p[0])
        }

    def traces(self):
        """Whether every process leads back to an origin, input by input, and nothing comes from nowhere."""
        if any(residual > 0 for slots in self.slots.values() for residual, _ in slots):
            return False
        traced = {p for p, slots in self.slots.items() if not slots and self.role[self.nodes[p[0]].stage] == "origin"}
        while True:
            more = {
                p
                for p, slots in self.slots.items()
                if any(amount > 0 and s in traced for _, supplies in slots for s, _, amount in supplies)
            }
            if more <= traced:
                return traced >= set(self.slots)
            traced |= more
