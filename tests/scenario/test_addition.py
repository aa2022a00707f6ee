"""Plants added to a network, held against dictionaries and loops."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.errors import ConvergenceError, ParameterError
from tests.analysis.drawn import FLOWS, MADE, MATERIALS, STAGES
from tests.scenario.slow_addition import added

MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
MAKERS = ("making", "recycling", "use")


@st.composite
def balanced(draw):
    """Draw a network whose balances state all outputs: replaceable inputs, loops, parallel edges, unmet needs."""
    rules, rows = {}, []
    for stage in MAKERS:
        groups = {item: draw(st.sampled_from(["", "feed"])) for item in FLOWS}  # one slot of a node for each material
        for output in MADE[stage]:
            rules[stage, output] = draw(st.lists(st.sampled_from(FLOWS), min_size=1, max_size=2, unique=True))
            for wanted in rules[stage, output]:
                rows.append((stage, output, wanted, draw(st.sampled_from([0.5, 1.0, 2.0])), groups[wanted]))
    stages = [*MADE, *draw(st.lists(st.sampled_from(list(MADE)), max_size=5))]
    nodes = [(f"{stage}-{i}", stage, draw(st.sampled_from(["COD", "CHN"]))) for i, stage in enumerate(stages)]
    made = {
        (node, item): draw(st.integers(0, 5)) for node, stage, _ in nodes for item in MADE[stage] if draw(st.booleans())
    }
    stage_of = {node: stage for node, stage, _ in nodes}
    links = [
        (source, target, item)
        for source, item in made
        for target, product in made
        if item in rules.get((stage_of[target], product), ())
    ]
    assume(links)
    edges = [
        (*link, float(draw(st.integers(1, 9))))
        for link in draw(st.lists(st.sampled_from(links), min_size=1, max_size=20))
    ]
    sold = {key: sum(q for source, _, item, q in edges if (source, item) == key) for key in made}
    balances = [
        (
            node,
            "demand" if stage_of[node] == "use" else "output",
            item,
            sold[node, item] + extra,
            float(extra) * (stage_of[node] != "use"),
        )
        for (node, item), extra in made.items()
    ]
    return gm.Network(
        pd.DataFrame(nodes, columns=["node_id", "stage", "country"]),
        pd.DataFrame(edges, columns=["source", "target", "material", "quantity"]).assign(
            edge_id=[f"e{i}" for i in range(len(edges))]
        ),
        STAGES,
        materials=MATERIALS,
        recipes=pd.DataFrame(rows, columns=["stage", "output", "input", "amount", "group"]),
        balances=pd.DataFrame(balances, columns=["node_id", "side", "item", "quantity", "residual"]),
    )


@st.composite
def plants(draw):
    """Draw some new plants."""
    places = [(stage, item) for stage in MADE for item in MADE[stage] if stage != "use"]
    chosen = draw(st.lists(st.sampled_from(places), min_size=1, max_size=3))
    return pd.DataFrame(
        [(f"new-{i}", *place, "USA", draw(st.sampled_from([0.5, 2.0, 6.0]))) for i, place in enumerate(chosen)],
        columns=["node_id", "stage", "material", "country", "capacity"],
    )


def mine(material):
    row = {"node_id": "new", "stage": "mining", "country": "CAN", "material": material, "capacity": 1.0}
    return pd.DataFrame([row])


def assert_same(after, projects, before):
    flows, balances = added(before, projects)
    assert after.edges.set_index("edge_id")["quantity"].to_dict() == pytest.approx(flows, rel=1e-9, abs=1e-9)
    stated = after.table("balances").set_index(["node_id", "side", "item"])
    quantity, residual = ({key: pair[k] for key, pair in balances.items()} for k in (0, 1))
    assert stated["quantity"].to_dict() == pytest.approx(quantity, rel=1e-9, abs=1e-9)
    kept = {
        key: (residual[key] - value) / max(quantity[key], 1e-9) for key, value in stated["residual"].to_dict().items()
    }
    assert kept == pytest.approx(dict.fromkeys(residual, 0.0), abs=1e-9)  # what is over or missing, as a share


@MANY
@given(balanced(), plants())
def test_markets_move_as_loops_over_every_pair_say(before, projects):
    projects = projects[projects["material"].isin(before.table("recipes")["input"])]
    try:
        after = gm.Scenario().add(projects).apply(before)
    except (ParameterError, ConvergenceError) as error:
        with pytest.raises(type(error)):
            added(before, projects)
        return
    assert_same(after, projects, before)


@pytest.mark.parametrize("which", ["real", "sparse"])
def test_all_listed_projects_move_the_real_network_as_loops_say(which, request):
    before, listed = request.getfixturevalue(which), gm.projects()
    fits = listed["material"].isin(before.table("recipes")["input"]) & (listed["adds_capacity"] == "yes")
    fits &= listed["capacity"].notna() & ~listed["status"].isin(["cancelled", "unidentified"])
    fits &= ~listed["project_id"].isin(before.nodes["node_id"])
    projects = listed[fits].drop(columns="node_id").rename(columns={"project_id": "node_id"})
    assert len(projects) > 100
    assert_same(gm.Scenario().add(projects).apply(before), projects, before)


def test_a_plant_whose_product_nobody_needs_is_refused(balanced_toy):
    # coke is bought to make steel, and no plant makes steel
    materials = pd.DataFrame({"material": ["coke", "steel"], "unit": "t", "mineral": ""})
    recipe = pd.DataFrame([{"stage": "refining", "output": "steel", "input": "coke", "amount": 1.0}])
    before = balanced_toy.with_tables(
        materials=pd.concat([balanced_toy.table("materials"), materials], ignore_index=True),
        recipes=pd.concat([balanced_toy.table("recipes"), recipe], ignore_index=True),
    )
    with pytest.raises(ParameterError, match="nobody needs coke"):
        gm.Scenario().add(mine("coke")).apply(before)


def test_a_flow_whose_seller_states_no_output_stops_the_market(balanced_toy):
    silent = balanced_toy.with_tables(balances=balanced_toy.table("balances").query("node_id != 'mine-a'"))
    told = "balances and recipes must tell who makes and who needs lithium-ore from mine-a to refine-a"
    with pytest.raises(ParameterError, match=told):
        gm.Scenario().add(mine("lithium-ore")).apply(silent)


def test_recipes_of_single_nodes_are_refused(balanced_toy):
    own = balanced_toy.table("recipes").query("stage == 'refining'").assign(stage="", node_id="refine-a")
    before = balanced_toy.with_tables(recipes=pd.concat([balanced_toy.table("recipes"), own], ignore_index=True))
    with pytest.raises(ParameterError, match="knows recipes of stages only; refine-a has one of its own"):
        gm.Scenario().add(mine("lithium-ore")).apply(before)
