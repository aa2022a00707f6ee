from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.analysis import MEASURES
from graphmodel.errors import ConvergenceError, MixedUnitsError, UnknownNameError
from tests.conftest import network


def values(network, measure, **options):
    table = gm.centrality(network, measures=[measure], **options).table
    return table.set_index("node_id")["value"].to_dict()


def test_every_measure_says_what_it_means_what_it_misses_and_what_parallel_edges_do():
    for name, measure in MEASURES.items():
        assert measure.meaning, name
        assert measure.caveat, name
        assert measure.parallel.startswith(("flows add", "existence counts once")), name


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_runs_on_every_kind_of_network(measure, toy, chain, loop):
    apart = network(
        [
            ("m", "mining", "COD"),
            ("n", "mining", "CHL"),
            ("u", "use", "USA"),
            ("v", "use", "DEU"),
            ("idle", "mining", "AUS"),
        ],
        [("m", "u", "ore", 7.0), ("m", "u", "ore", 1.0), ("n", "v", "ore", 3.0), ("n", "n", "ore", 1.0)],
    )
    alone = network([("m", "mining", "COD")], [("m", "m", "ore", 1.0)])
    lone = [] if measure == "total_requirements" else [(alone, None)]
    idle = network([("m", "mining", "COD"), ("u", "use", "USA")], [("m", "u", "ore", 0.0)])
    for which, mineral in ((toy, "lithium"), (chain, None), (loop, None), (apart, None), (idle, None), *lone):
        table = gm.centrality(which, measures=[measure], mineral=mineral).table
        assert table["node_id"].tolist() == which.nodes["node_id"].tolist()
        assert not np.isinf(table["value"]).any()
        known = table.dropna(subset=["value"])
        assert known["rank"].notna().all()
        if len(known):
            assert known.loc[known["rank"] == 1, "value"].max() == known["value"].max()


def test_a_node_that_feeds_on_nothing_but_itself_has_endless_requirements():
    alone = network([("m", "mining", "COD")], [("m", "m", "ore", 1.0)])
    with pytest.raises(ConvergenceError, match="feeds only on itself"):
        gm.centrality(alone, measures=["total_requirements"])


def test_values_on_the_toy_by_hand(toy):
    # tonnes of lithium: ore 400, 350 + 250; salt 600, 400; cells 500, 100, 400
    by_hand = {
        "out_strength": {"mine-a": 400, "mine-b": 600, "refine-a": 1000, "cell-a": 600, "cell-b": 400, "ev-usa": 0},
        "in_strength": {"mine-a": 0, "refine-a": 1000, "cell-a": 600, "ev-usa": 500, "ev-chn": 500},
        "out_degree": {"mine-b": 1, "refine-a": 2, "cell-a": 2, "cell-b": 1},  # parallel edges are one buyer
        "in_degree": {"refine-a": 2, "ev-chn": 2, "mine-a": 0},
        "throughput": {
            "refine-a": 2000 / 6000,
            "mine-a": 400 / 6000,
            "ev-usa": 500 / 6000,
        },  # half of in and out by 3000
        "betweenness": {"mine-a": 0, "mine-b": 0, "refine-a": 8, "cell-a": 4.5, "cell-b": 1.5},
        "largest_dependence": {"refine-a": 1, "mine-b": 0.6, "mine-a": 0.4, "cell-a": 1, "cell-b": 0.8},
        "n_dependents": {"mine-a": 1, "mine-b": 1, "refine-a": 2, "cell-a": 1, "cell-b": 1},  # cell A: 0.2 of China
        "trophic_level": {"mine-a": 0, "mine-b": 0, "refine-a": 1, "cell-a": 2, "ev-usa": 3},
        "core_number": {"mine-a": 1, "refine-a": 2, "cell-a": 2, "ev-usa": 1, "ev-chn": 2},
    }
    for measure, expected in by_hand.items():
        found = values(toy, measure, mineral="lithium")
        least = min(found.values()) if measure == "trophic_level" else 0  # levels count from the start of the chain
        for node, value in expected.items():
            assert found[node] - least == pytest.approx(value, abs=1e-6), (measure, node)


def test_the_largest_mine_has_no_betweenness():
    # like cobalt ore of the DR Congo in 2022: most of the supply, on nobody's way
    trade = network(
        [
            ("congo", "mining", "COD"),
            ("cuba", "mining", "CUB"),
            ("hub", "making", "BEL"),
            ("u", "use", "USA"),
            ("v", "use", "DEU"),
        ],
        [
            ("congo", "hub", "ore", 90.0),
            ("cuba", "hub", "ore", 10.0),
            ("hub", "u", "metal", 50.0),
            ("hub", "v", "metal", 50.0),
        ],
    )
    for measure in ("betweenness", "betweenness_by_flow", "betweenness_to_demand"):
        found = values(trade, measure)
        assert found["congo"] == found["cuba"] == 0
        assert found["hub"] > 0
    assert gm.removal(trade).table.set_index("removed").loc["congo", "loss_share"] == pytest.approx(0.9)


def test_real_mines_that_buy_nothing_have_no_betweenness(real):
    found = values(real, "betweenness", mineral="cobalt")
    strength = values(real, "out_strength", mineral="cobalt")
    buyers = set(real.edges["target"])
    mines = [n for n in real.nodes["node_id"][real.has_role("origin")] if n not in buyers]
    assert max(strength[m] for m in mines) > 10_000  # tonnes: larger than most refineries
    assert {found[m] for m in mines} == {0}


def test_betweenness_is_what_networkx_finds(loop, toy):
    for which in (loop, toy):
        graph = nx.DiGraph(list(zip(which.edges["source"], which.edges["target"], strict=True)))
        expected = nx.betweenness_centrality(graph, normalized=False)
        mineral = None if which is loop else "lithium"
        assert values(which, "betweenness", mineral=mineral) == pytest.approx(expected)


@pytest.mark.parametrize("measure", [name for name, m in MEASURES.items() if name != "trophic_level"])
def test_splitting_an_edge_in_two_changes_no_measure(measure, toy):
    edges = toy.edges
    half = edges.assign(quantity=edges["quantity"] / 2)
    split = toy.with_tables(edges=pd.concat([half, half.assign(edge_id=half["edge_id"] + "'")], ignore_index=True))
    assert values(split, measure, mineral="lithium") == pytest.approx(
        values(toy, measure, mineral="lithium"), nan_ok=True
    )


@pytest.mark.parametrize("measure", MEASURES)
def test_relabelling_permutes_every_measure(measure, loop):
    new = {node: f"z{i}" for i, node in enumerate(loop.nodes["node_id"])}
    turned = loop.with_tables(
        nodes=loop.nodes.assign(node_id=loop.nodes["node_id"].map(new)).iloc[::-1],
        edges=loop.edges.assign(source=loop.edges["source"].map(new), target=loop.edges["target"].map(new)).iloc[::-1],
    )
    expected = {new[node]: value for node, value in values(loop, measure).items()}
    assert values(turned, measure) == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_edges_without_the_mineral_are_left_out(real):
    strength = values(real, "out_strength", mineral="nickel")
    content = real.content("nickel")
    edges = real.edges
    expected = (edges["quantity"] * edges["material"].map(content)).groupby(edges["source"]).sum()
    some = expected.nlargest(5)
    assert {node: strength[node] for node in some.index} == pytest.approx(some.to_dict())


def test_units_that_differ_need_a_mineral(toy):
    with pytest.raises(MixedUnitsError, match="name a mineral: lithium"):
        gm.centrality(toy)
    with pytest.raises(UnknownNameError, match="did you mean 'betweenness'"):
        gm.centrality(toy, measures=["betweeness"], mineral="lithium")


def test_no_measures_give_an_empty_table(toy):
    assert len(gm.centrality(toy, measures=[], mineral="lithium")) == 0
