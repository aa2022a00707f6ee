"""Random small networks: recipes, groups, co-products, residuals, loops, parallel edges and self-loops."""

from __future__ import annotations

import pandas as pd
from hypothesis import strategies as st

import graphmodel as gm

MADE = {"mining": ["ore", "side-ore"], "making": ["salt", "metal"], "recycling": ["scrap"], "use": ["car", "phone"]}
ROLE = {"mining": "origin", "making": "process", "recycling": "recycle", "use": "sink"}
FLOWS = ["ore", "side-ore", "salt", "metal", "scrap"]
STAGES = pd.DataFrame({"stage": list(MADE), "order": [1, 2, 3, 4], "role": [ROLE[s] for s in MADE]})
MATERIALS = pd.DataFrame({"material": [*FLOWS, "car", "phone"], "unit": "t Co", "mineral": "cobalt"})
SHARES = st.sampled_from([0.0, 0.25, 0.5, 1.0])


@st.composite
def tables(draw, *, scenario=True, recipes=True, balances=True):
    """Draw the tables of a network of three to eight nodes."""
    n = draw(st.integers(3, 8))
    stage = ["mining", "making", "use", *draw(st.lists(st.sampled_from(list(MADE)), min_size=n - 3, max_size=n - 3))]
    ids = [f"{s}-{i}" for i, s in enumerate(stage)]
    country = draw(st.lists(st.sampled_from(["COD", "CHN", "USA"]), min_size=n, max_size=n))
    sellers = [i for i in range(n) if stage[i] != "use"]
    pairs = st.tuples(st.sampled_from(sellers), st.integers(0, n - 1), st.integers(0, 1), st.integers(1, 9))
    rows = []
    for a, b, which, quantity in draw(st.lists(pairs, min_size=3, max_size=16)):
        material = MADE[stage[a]][which % len(MADE[stage[a]])]
        rows.append((ids[a], ids[b], material, float(quantity)))
    nodes = pd.DataFrame({"node_id": ids, "stage": stage, "country": country})
    edges = pd.DataFrame(rows, columns=["source", "target", "material", "quantity"])
    if scenario:
        nodes["available"] = draw(st.lists(st.sampled_from([1.0, 1.0, 1.0, 0.5, 0.0]), min_size=n, max_size=n))
        left = st.sampled_from([1.0, 1.0, 1.0, 0.5, 0.0])
        edges["available"] = draw(st.lists(left, min_size=len(edges), max_size=len(edges)))
    made = {"nodes": nodes, "edges": edges, "stages": STAGES, "materials": MATERIALS}
    if recipes and draw(st.booleans()):
        made["recipes"] = draw(_recipes(ids, stage))
    if recipes and draw(st.booleans()):
        made["coproducts"] = draw(_coproducts())
    if balances and draw(st.booleans()):
        made["balances"] = draw(_balances(made))
    return made


@st.composite
def _recipes(draw, ids, stage):
    rows = {}
    amount = st.sampled_from([0.5, 1.0, 2.0])
    group = st.sampled_from(["", "feed", "aid"])
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.sampled_from(["making", "recycling", "use"]))
        output = draw(st.sampled_from(MADE[at]))
        wanted = draw(st.sampled_from(FLOWS))
        own = [i for i, s in zip(ids, stage, strict=True) if s == at] if draw(st.booleans()) else []
        node = draw(st.sampled_from(own)) if own else ""
        essential = draw(st.sampled_from(["yes", "", "no"]))
        rows[(node, output, wanted)] = (
            "" if node else at, node, output, wanted, draw(amount), draw(group), essential
        )  # fmt: skip
    return pd.DataFrame(rows.values(), columns=["stage", "node_id", "output", "input", "amount", "group", "essential"])


@st.composite
def _coproducts(draw):
    pairs = [("making", "salt", "metal"), ("making", "metal", "salt"), ("mining", "ore", "side-ore")]
    rows = {}
    for _ in range(draw(st.integers(1, 4))):
        stage, host, companion = draw(st.sampled_from(pairs))
        country = draw(st.sampled_from(["", "COD", "CHN"]))
        ratio = draw(st.sampled_from([None, 0.5, 2.0]))
        rows[(stage, country, host, companion)] = (*(stage, country, host, companion), ratio, draw(SHARES))
    return pd.DataFrame(rows.values(), columns=["stage", "country", "host", "companion", "ratio", "rigid"])


@st.composite
def _balances(draw, made):
    """State some outputs, demands and residuals, by the names recipes give them."""
    rows = {}
    sold = made["edges"].groupby(["source", "material"])["quantity"].sum()
    for (node, material), quantity in sold.items():
        if draw(st.booleans()):
            extra = draw(st.integers(0, 3))
            rows[(node, "output", material)] = (quantity + extra, float(extra))
    for node, stage in zip(made["nodes"]["node_id"], made["nodes"]["stage"], strict=True):
        if stage == "use" and draw(st.booleans()):
            product = draw(st.sampled_from(MADE["use"]))
            rows[(node, "demand", product)] = (float(draw(st.integers(1, 9))), 0.0)
        if stage != "mining" and draw(st.booleans()):
            slot = draw(st.sampled_from(["feed", "aid", *FLOWS]))
            rows[(node, "input", slot)] = (9.0, float(draw(st.integers(1, 5))))
    keys = pd.DataFrame(list(rows), columns=["node_id", "side", "item"])
    return keys.join(pd.DataFrame(list(rows.values()), columns=["quantity", "residual"]))


@st.composite
def networks(draw, *, mineral="cobalt", **options):
    """Draw a network; without a mineral its recipes may make more than they take in."""
    made = draw(tables(**options))
    return gm.Network(**{**made, "materials": MATERIALS.assign(mineral=mineral)}, name="drawn")


@st.composite
def roomy(draw, **options):
    """Draw a network in which some plants have room."""
    made = draw(tables(**options))
    room = st.sampled_from([1.0, 1.0, 1.5, 3.0])
    n = len(made["nodes"])
    nodes = made["nodes"].assign(output=1.0, capacity=draw(st.lists(room, min_size=n, max_size=n)))
    return gm.Network(**{**made, "nodes": nodes, "materials": MATERIALS.assign(mineral="")}, name="drawn")
