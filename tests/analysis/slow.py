"""The frozen response the slow, obvious way: dictionaries and loops, written from the rules and not from the code.

Rules. A node makes each product it states or sells; a user that states nothing wants each material it receives. A
product needs every input group of its recipe (the node's own recipe before the stage's); inputs not essential stand
apart, and their losses add up, each by its share of all the product takes in; without recipes at its stage, every material the node buys. Inside a group suppliers replace one another
in the shares they have, one unit of another input counted at its amount in the recipe; groups of one name at one
node are one, whichever product they are for; what no edge brings (residual) stays. A co-product falls with its hosts in the same node by the rigid share. Whoever is shut or
derated makes at most what is left; nobody finds another supplier.
"""

from __future__ import annotations

from collections import defaultdict

ROUNDS = 4000


class Slow:
    """A network as plain dictionaries."""

    def __init__(self, network, inputs="recipes"):
        self.inputs = inputs
        self.nodes = {row.node_id: row for row in network.nodes.itertuples()}
        self.edges = list(network.edges.itertuples())
        self.role = dict(zip(network.stages["stage"], network.stages["role"], strict=True))
        self.recipes = sorted(network.table("recipes").itertuples(), key=lambda row: row.input)
        self.coproducts = list(network.table("coproducts").itertuples())
        self.balances = list(network.table("balances").itertuples())
        self.made = self._products()
        self.amount, self.optional = {}, set()
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
        firm = {row.group or row.input for row in rows if row.essential != "no"}
        for row in rows:
            name = row.group or row.input
            apart = row.essential == "no"
            name += " apart" * (apart and name in firm)
            first.setdefault(name, row.amount)
            groups[name][row.input] = row.amount / first[name]
            self.amount[process, name] = first[name]
            if apart:
                self.optional.add((process, name))
        if not rows and process in self.alone:
            return {product: {product: 1.0}}
        if not rows and not any(r.stage == stage and r.node_id == "" for r in self.recipes):
            return {e.material: {e.material: 1.0} for e in self.edges if e.target == node}
        return groups

    def _slots_of(self, process):
        """For each group: (residual, [(supplier process, edge, amount in the group's unit)])."""
        node, product = process
        slots = []
        for name, own in self._groups(process).items():
            inputs = self._joint(node, name)
            supplies = [
                ((e.source, e.material), e.edge_id, e.quantity / inputs[e.material])
                for e in self.edges
                if e.target == node and e.material in inputs
            ]
            residual = sum(
                r.residual for r in self.balances if r.node_id == node and r.side == "input" and r.item == name
            )
            if supplies:
                linear = self.inputs == "linear" or (self.inputs == "recipes" and (process, name) in self.optional)
                slots.append((residual, supplies, linear, self._intake(process, name, own, residual, supplies)))
        whole = sum(intake for *_, intake in slots)
        slots = [(r, s, (i / whole if whole else 1 / len(slots)) if linear else None) for r, s, linear, i in slots]
        residual, supplies = self._hosts_of(node, product)
        return [*slots, (residual, supplies, None)] if supplies else slots

    def _joint(self, node, name):
        """The inputs of all groups of one name at a node."""
        joint = {}
        for process in sorted(process for process in self.made if process[0] == node):
            for material, relative in self._groups(process).get(name, {}).items():
                joint.setdefault(material, relative)
        return joint

    def _intake(self, process, name, inputs, residual, supplies):
        """What a process takes from a group for one unit of output; without recipe, what the node takes of it."""
        supplies = [supply for supply in supplies if supply[0][1] in inputs]
        brought = sum(amount for _, _, amount in supplies)
        if (process, name) not in self.amount:
            return brought + residual if brought else 0.0
        if not brought:
            return 0.0
        base = self.amount[process, name]
        return sum(amount * inputs[seller[1]] for seller, _, amount in supplies) / brought * base

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
                new, lost = h[process], 0.0
                for residual, supplies, weight in slots:
                    need = residual + sum(amount for _, _, amount in supplies)
                    if need > 0:
                        got = sum(a * h[s] * (1.0 if e is None else kept[e]) for s, e, a in supplies)
                        met = (residual + got) / need
                        new = min(new, met if weight is None else 1.0)
                        lost += 0.0 if weight is None else weight * (1 - met)
                new = min(new, 1 - lost)
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

    def outlets(self, removed, severity=1.0):
        """What origins no longer sell when the nodes removed take only a part: (all they sell, what is lost)."""
        limit, kept = self.available()
        for node in removed:
            limit[node] *= 1 - severity
        made = {
            p: max(q, sum(e.quantity for e in self.edges if (e.source, e.material) == p)) for p, q in self.made.items()
        }
        sales = defaultdict(list)
        for edge in self.edges:
            for buyer, part in self._buyers(edge, made).items():
                sales[edge.source, edge.material].append((buyer, edge.edge_id, edge.quantity * part))
        u = {process: limit[process[0]] for process in made}
        for _ in range(ROUNDS):
            new = {}
            for process in made:
                unsold = made[process] - sum(quantity for *_, quantity in sales[process])
                sold = sum(quantity * kept[edge] * u[buyer] for buyer, edge, quantity in sales[process])
                left = (max(unsold, 0.0) + sold) / made[process] if made[process] > 0 and sales[process] else 1.0
                new[process] = min(limit[process[0]], left)
            change = max(abs(new[p] - u[p]) for p in made)
            u = new
            if change < 1e-14:
                break
        origins = [p for p in made if self.role[self.nodes[p[0]].stage] == "origin"]
        return sum(made[p] for p in origins), sum(made[p] * (1 - u[p]) for p in origins)

    def _buyers(self, edge, made):
        """How an edge splits among the processes of its buyer."""
        here = [process for process in self.made if process[0] == edge.target]
        pairs = []
        for process in here:
            for name, own in self._groups(process).items():
                inputs = self._joint(edge.target, name)
                if edge.material in inputs:
                    fed = [
                        ((e.source, e.material), None, e.quantity / inputs[e.material])
                        for e in self.edges
                        if e.target == edge.target and e.material in inputs
                    ]
                    told = (process, name) in self.amount
                    need = self._intake(process, name, own, 0.0, fed) * made[process] if told else None
                    pairs.append((process, need))
        pairs = pairs or [(process, 0.0) for process in here]
        needs = [need for _, need in pairs]
        alike = None in needs or sum(needs) == 0
        parts = defaultdict(float)
        for process, need in pairs:
            parts[process] += 1 / len(pairs) if alike else need / sum(needs)
        return parts

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
        if any(residual > 0 for slots in self.slots.values() for residual, *_ in slots):
            return False
        traced = {p for p, slots in self.slots.items() if not slots and self.role[self.nodes[p[0]].stage] == "origin"}
        while True:
            more = {
                p
                for p, slots in self.slots.items()
                if any(amount > 0 and s in traced for _, supplies, _ in slots for s, _, amount in supplies)
            }
            if more <= traced:
                return traced >= set(self.slots)
            traced |= more
