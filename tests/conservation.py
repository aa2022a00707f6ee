"""Mass balance of a network from its tables alone, independent of `graphmodel.checks`."""

from __future__ import annotations

from collections import defaultdict


def largest_error(network):
    """Largest relative error over all nodes, with its place: what is made, sent, needed and received must agree."""
    stage = network.nodes.set_index("node_id")["stage"].to_dict()
    quantity, residual = {}, {}
    for row in network.table("balances").itertuples():
        quantity[(row.node_id, row.side, row.item)] = row.quantity
        residual[(row.node_id, row.side, row.item)] = row.residual
    amount, relative, made_of = {}, {}, defaultdict(list)
    for row in network.table("recipes").itertuples():
        slot = row.group or row.input
        amount.setdefault((row.stage, row.output, slot), row.amount)
        relative[(row.stage, row.output, slot, row.input)] = row.amount / amount[(row.stage, row.output, slot)]
        made_of[(row.stage, row.output)].append(slot)
    need, takes = defaultdict(float), {}
    for (node, side, item), made in quantity.items():
        if side != "input":
            for slot in set(made_of[(stage[node], item)]):
                need[(node, slot)] += made * amount[(stage[node], item, slot)]
                for (at, output, name, wanted), value in relative.items():
                    if (at, output, name) == (stage[node], item, slot):
                        takes.setdefault((node, wanted), {})[slot] = value
    sent, got = defaultdict(float), defaultdict(float)
    for edge in network.edges.itertuples():
        sent[(edge.source, edge.material)] += edge.quantity
        slots = takes[(edge.target, edge.material)]
        assert len(slots) == 1, f"{edge.edge_id} could fill {sorted(slots)}"
        ((slot, value),) = slots.items()
        got[(edge.target, slot)] += edge.quantity / value
    errors = {}
    for (node, side, item), made in quantity.items():
        carried = {"output": sent.get((node, item), 0.0), "input": got.get((node, item), 0.0), "demand": made}[side]
        whole = max(made, 1e-300)
        errors[(node, side, item)] = abs(made - carried - residual[(node, side, item)]) / whole
        assert 0 <= residual[(node, side, item)] <= made * (1 + 1e-9)
    for key in sent:
        assert (key[0], "output", key[1]) in quantity, f"{key} is sent but not made"
    for (node, slot), wanted in need.items():
        stated = quantity.get((node, "input", slot), 0.0)
        errors[(node, "recipe", slot)] = abs(stated - wanted) / max(wanted, 1e-300) if wanted > 0 else 0.0
    return max((error, place) for place, error in errors.items())
