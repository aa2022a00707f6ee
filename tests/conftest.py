"""Named networks that tests share; a network never changes, so one of each is enough."""

from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm

STAGES = pd.DataFrame(
    {
        "stage": ["mining", "making", "recycling", "use"],
        "order": [1, 2, 3, 4],
        "role": ["origin", "process", "recycle", "sink"],
    }
)


def network(nodes, edges, *, stages=STAGES, **tables):
    """Make a network from tuples: (node_id, stage, country), (source, target, material, quantity)."""
    return gm.Network(
        pd.DataFrame(nodes, columns=["node_id", "stage", "country"]),
        pd.DataFrame(edges, columns=["source", "target", "material", "quantity"]),
        stages,
        **tables,
    )


def shared_ore(output=(5.0, 5.0), capacity=(5.0, 5.0)):
    """A mine digs 15 of ore: 5 make 5 cars, 10 make 5 phones."""
    base = network(
        [("mine-x", "mining", "COD"), ("plant-car", "making", "CHN"), ("plant-phone", "making", "KOR"),
         ("user-car", "use", "USA"), ("user-phone", "use", "DEU")],
        [("mine-x", "plant-car", "ore", 5.0), ("mine-x", "plant-phone", "ore", 10.0),
         ("plant-car", "user-car", "car", 5.0), ("plant-phone", "user-phone", "phone", 5.0)],
        recipes=pd.DataFrame({"stage": "making", "output": ["car", "phone"], "input": "ore", "amount": [1.0, 2.0]}),
    )  # fmt: skip
    none = [float("nan")]
    return base.with_tables(
        nodes=base.nodes.assign(output=[15.0, *output, *none * 2], capacity=[15.0, *capacity, *none * 2])
    )


@pytest.fixture(scope="session")
def toy():
    """Two mines, one refinery, two cell plants, two markets."""
    return gm.load("toy-battery")


@pytest.fixture(scope="session")
def balanced_toy(toy):
    """The toy with what every node makes and needs written down, so that plants can be added."""
    rows = [
        ("mine-a", "output", "lithium-ore", 400),
        ("mine-b", "output", "lithium-ore", 600),
        ("refine-a", "input", "lithium-ore", 1000),
        ("refine-a", "output", "lithium-salt", 1000),
        ("cell-a", "input", "lithium-salt", 600),
        ("cell-a", "output", "lithium-cell", 6),
        ("cell-b", "input", "lithium-salt", 400),
        ("cell-b", "output", "lithium-cell", 4),
        ("ev-usa", "demand", "car", 5),
        ("ev-usa", "input", "lithium-cell", 5),
        ("ev-chn", "demand", "car", 5),
        ("ev-chn", "input", "lithium-cell", 5),
    ]
    balances = pd.DataFrame(rows, columns=["node_id", "side", "item", "quantity"]).assign(residual=0.0)
    car = pd.DataFrame([{"material": "car", "unit": "GWh", "stage": "use", "mineral": "battery"}])
    recipe = pd.DataFrame([{"stage": "use", "output": "car", "input": "lithium-cell", "amount": 1.0}])
    content = pd.DataFrame([{"material": "car", "mineral": "lithium", "amount": 100.0}])
    return toy.with_tables(
        name="balanced toy",
        balances=balances,
        materials=pd.concat([toy.table("materials"), car], ignore_index=True),
        recipes=pd.concat([toy.table("recipes"), recipe], ignore_index=True),
        composition=pd.concat([toy.table("composition"), content], ignore_index=True),
    )


@pytest.fixture(scope="session")
def chain():
    """One mine, one plant, one user, and nothing but the columns that must be there."""
    return network(
        [("mine-x", "mining", "COD"), ("plant-x", "making", "CHN"), ("user-x", "use", "USA")],
        [("mine-x", "plant-x", "ore", 10.0), ("plant-x", "user-x", "metal", 10.0)],
    )


@pytest.fixture(scope="session")
def loop():
    """A plant that takes 60 from a mine and 40 from a recycler, which lives on the plant's own scrap."""
    return network(
        [
            ("mine-x", "mining", "COD"),
            ("plant-x", "making", "CHN"),
            ("recycler-x", "recycling", "KOR"),
            ("user-x", "use", "USA"),
        ],
        [
            ("mine-x", "plant-x", "ore", 60.0),
            ("recycler-x", "plant-x", "salt", 40.0),
            ("plant-x", "recycler-x", "scrap", 40.0),
            ("plant-x", "user-x", "metal", 100.0),
        ],
        recipes=pd.DataFrame(
            {
                "stage": ["making", "making", "making", "making"],
                "output": ["metal", "metal", "scrap", "scrap"],
                "input": ["ore", "salt", "ore", "salt"],
                "amount": [1.0, 1.0, 1.0, 1.0],
                "group": "feed",
            }
        ),
    )


@pytest.fixture(scope="session")
def real():
    """The real network, dense reconstruction."""
    return gm.load("minerals-2024")


@pytest.fixture(scope="session")
def sparse():
    """The real network, sparse reconstruction."""
    return gm.load("minerals-2024-sparse")
