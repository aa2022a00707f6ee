"""Rerouting the slow, obvious way: absolute quantities, one variable for every pair of seller and buyer, scipy."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.optimize import linprog

from tests.analysis.slow import Slow


class Market:
    """Everything a network could do, as named variables and rows."""

    def __init__(self, network):
        self.slow = Slow(network)
        self.network = network
        carried = defaultdict(float)
        for edge in self.slow.edges:
            carried[(edge.source, edge.material)] += edge.quantity
        self.carried = carried
        self.quantity = {p: q if q > 0 else carried[p] for p, q in self.slow.made.items()}
        self.groups = self._node_groups()

    def room(self, node):
        row = self.slow.nodes[node]
        if not row.output > 0:
            return 1.0
        if row.spare == row.spare:
            return 1 + row.spare / row.output
        return max(1.0, row.capacity / row.output) if row.capacity == row.capacity else 1.0

    def _node_groups(self):
        """(node, group) -> inputs with their amounts, readers with their weights, residual."""
        found = {}
        for process in sorted(self.quantity):
            node = process[0]
            amounts = self._first_amounts(process)
            for name, inputs in self.slow._groups(process).items():
                if (process, name) in self.slow.optional:
                    continue  # rerouting asks for essential inputs alone
                group = found.setdefault((node, name), {"inputs": {}, "readers": {}})
                for item, relative in inputs.items():
                    group["inputs"].setdefault(item, relative)
                group["readers"][process] = amounts.get(name, 1.0)
        return found

    def _first_amounts(self, process):
        """Amount of the first input by name of each group."""
        node, product = process
        rows = [r for r in self.slow.recipes if r.node_id == node and r.output == product]
        if not rows:
            stage = self.slow.nodes[node].stage
            rows = [r for r in self.slow.recipes if r.node_id == "" and r.stage == stage and r.output == product]
        first = {}
        for row in sorted((r for r in rows if r.essential != "no"), key=lambda r: r.input):
            first.setdefault(row.group or row.input, row.amount)
        return first

    def lost(self, removed, severity=1.0, *, growth=None, spot=None, days=(), reserves=()):
        """Least final demand lost, in its own unit.

        ``days``: node -> days of its need each plant holds; ``reserves``: (country, material, amount).
        """
        days = dict(days)
        limit, kept = self.slow.available()
        index, upper, rows = {}, [], []

        def variable(name, most):
            index[name] = len(upper)
            upper.append(most)
            return index[name]

        wanted, out = 0.0, {}
        for process, quantity in self.quantity.items():
            node = process[0]
            if self.slow.is_final(node):
                most = limit[node] * quantity
                wanted += most
            else:
                left = limit[node] * (1 - severity if node in removed else 1.0)
                most = left * self.room(node) * quantity
            out[process] = variable(("make", process), most)
        sells = defaultdict(list)
        fills = defaultdict(list)
        fresh = defaultdict(list)
        taken_in, held = {}, [[] for _ in reserves]
        for key, group in self.groups.items():
            node = key[0]
            bought = [e for e in self.slow.edges if e.target == node and e.material in group["inputs"]]
            if not bought:
                continue
            first = group["inputs"]
            scale = first[sorted(first)[0]]
            effective = {e.edge_id: e.quantity / (first[e.material] / scale) for e in bought}
            taken_in[key] = sum(effective.values())
            for edge in bought:
                name = ("edge", edge.edge_id)
                if name not in index:
                    most = edge.quantity * (np.inf if growth is None else 1 + growth)
                    if kept[edge.edge_id] < 1:
                        most = kept[edge.edge_id] * min(most, edge.quantity)
                    sells[(edge.source, edge.material)].append(variable(name, most))
                fills[key].append((index[name], 1 / (first[edge.material] / scale)))
            if spot != 0:
                for item, relative in first.items():
                    for process in self.quantity:
                        if process[1] == item and not self.slow.is_final(process[0]) and self.carried[process] > 0:
                            column = variable(("pair", process, key), np.inf)
                            sells[process].append(column)
                            fills[key].append((column, 1 / (relative / scale)))
                            fresh[key].append((column, 1 / (relative / scale)))
        for key in fills:
            for place, (country, material, _) in enumerate(reserves):
                bought = {e.material for e in self.slow.edges if e.target == key[0]}
                first = self.groups[key]["inputs"]
                if self.slow.nodes[key[0]].country == country and material in bought & set(first):
                    column = variable(("reserve", place, key), np.inf)
                    held[place].append((column, 1.0))
                    fills[key].append((column, first[sorted(first)[0]] / first[material]))
        rows += [(row, amount) for row, (_, _, amount) in zip(held, reserves, strict=True) if row]
        for key, entries in fills.items():
            group = self.groups[key]
            residual = sum(
                r.residual for r in self.slow.balances if r.node_id == key[0] and r.side == "input" and r.item == key[1]
            )
            need = residual + taken_in[key]
            known = {p: a * self.quantity[p] for p, a in group["readers"].items()}
            total = sum(known.values())
            n = len(group["readers"])
            row = [(column, -value) for column, value in entries]
            for process in group["readers"]:
                share = known[process] / total if total > 0 else 1 / n
                if self.quantity[process] > 0:
                    row.append((out[process], share * need / self.quantity[process]))
            rows.append((row, residual + need * days.get(key[0], 0.0) / 364))
            if spot is not None and fresh[key]:
                rows.append((fresh[key], spot * taken_in[key]))
        for process, columns in sells.items():
            quantity = self.quantity[process]
            rows.append(([(c, 1.0) for c in columns] + [(out[process], -self.carried[process] / quantity)], 0.0))
        for process, quantity in self.quantity.items():
            node, product = process
            free, hosts = self.slow._hosts_of(node, product)
            need = free + sum(amount for _, _, amount in hosts)
            residual = sum(
                r.residual
                for r in self.slow.balances
                if r.node_id == node and r.side == "input" and r.item == f"host of {product}"
            )
            if hosts and need + residual > 0 and quantity > 0:
                room = self.room(node)
                row = [(out[process], 1 / quantity)]
                row += [(out[h], -room * a / need / self.quantity[h]) for h, _, a in hosts if self.quantity[h] > 0]
                idle = sum(a for h, _, a in hosts if not self.quantity[h] > 0) / need
                rows.append((row, room * (free / need + idle)))
        matrix, least = np.zeros((len(rows), len(upper))), np.zeros(len(rows))
        for i, (row, most) in enumerate(rows):
            for column, value in row:
                matrix[i, column] += value
            least[i] = most
        cost = np.zeros(len(upper))
        for process, column in out.items():
            if self.slow.is_final(process[0]):
                cost[column] = -1.0
        answer = linprog(cost, A_ub=matrix, b_ub=least, bounds=[(0, m if np.isfinite(m) else None) for m in upper])
        assert answer.status == 0, answer.message
        return wanted + answer.fun
