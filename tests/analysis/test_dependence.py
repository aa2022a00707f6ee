"""Look-through: by hand, against a slow fixed point and programmes over all paths, and what must hold anywhere."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import graphmodel as gm
from graphmodel.errors import ConvergenceError, EmptySelectionError, MixedUnitsError, ParameterError, UnknownNameError
from tests.analysis.drawn import networks
from tests.conftest import network

MANY = settings(max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
SOME = settings(MANY, max_examples=20)


def shares(result, column="share"):
    """(consumer, product, stage, group) -> value."""
    return result.table.set_index(["consumer", "product", "stage", "group"])[column].to_dict()


def slow(made):
    """Ask every final product, in dictionaries, by the rules; also say whether some loop never leaks."""
    nodes = {row.node_id: row for row in made.nodes.itertuples()}
    role = dict(zip(made.stages["stage"], made.stages["role"], strict=True))
    final = {name for name, row in nodes.items() if role[row.stage] == "sink"}
    wanted = {}
    for row in made.table("balances").itertuples():
        if row.side == "demand":
            wanted[(row.node_id, row.item)] = row.quantity
    stated = {name for name, _ in wanted}
    flows = defaultdict(float)
    for edge in made.edges.itertuples():
        if edge.source == edge.target:
            continue
        if edge.target not in final:
            flows[edge.source, edge.target] += edge.quantity
        elif edge.target in stated:
            mine = {key: value for key, value in wanted.items() if key[0] == edge.target}
            for key, value in mine.items():
                flows[edge.source, key] += edge.quantity * value / sum(mine.values())
        else:
            flows[edge.source, (edge.target, edge.material)] += edge.quantity
    for _, user in list(flows):
        if isinstance(user, tuple) and user[0] not in stated:
            wanted[user] = sum(value for (_, to), value in flows.items() if to == user)
    places = {*nodes, *wanted}
    into, out = (defaultdict(float) for _ in range(2))
    for (a, b), value in flows.items():
        into[b] += value
        out[a] += value
    total = {place: max(into[place], out[place], wanted.get(place, 0.0)) for place in places}
    start = {place: total[place] - into[place] for place in places}
    return nodes, flows, wanted, total, start


def slow_touch(made, inside):
    nodes, flows, wanted, total, _ = slow(made)
    suppliers = defaultdict(list)
    for (a, b), value in flows.items():
        if value > 0:
            suppliers[b].append((a, value / total[b]))
    touched = {place: 1.0 if place in inside else 0.0 for place in total}
    for _ in range(20_000):
        new = {
            place: 1.0 if place in inside else sum(share * touched[a] for a, share in suppliers[place])
            for place in touched
        }
        change = max(abs(new[place] - touched[place]) for place in touched)
        touched = new
        if change < 1e-14:
            break
    result = defaultdict(float)
    for user, quantity in wanted.items():
        if quantity > 0:
            result[nodes[user[0]].country, user[1]] += quantity * touched[user]
    return result


def has_closed_loop(made):
    """Whether something before a user comes from nowhere, by removing again and again what is fed from outside."""
    _, flows, wanted, _, start = slow(made)
    graph = nx.DiGraph([ends for ends, value in flows.items() if value > 0])
    begun = {place for place in graph if start[place] > 0}
    fed = begun.union(*[nx.descendants(graph, place) for place in begun])
    users = [user for user, quantity in wanted.items() if quantity > 0 and user in graph]
    before = set(users).union(*[nx.ancestors(graph, user) for user in users])
    return bool(before - fed)


def test_the_refiner_is_not_the_source(toy):
    # all salt is refined in China, of ore from Australia (600 t) and Chile (400 t); vehicles in the United States get
    # Korean cells only, those in China 400 t from the Chinese and 100 t from the Korean plant
    share = shares(gm.dependence(toy, mineral="lithium"))
    cell = "lithium-cell"
    assert share["USA", cell, "refining", "CHN"] == 1
    assert share["USA", cell, "mining", "AUS"] == pytest.approx(0.6)
    assert ("USA", cell, "mining", "CHN") not in share
    assert share["CHN", cell, "cell", "KOR"] == pytest.approx(0.2)
    assert share["USA", cell, "any", "CHN"] == 1
    # by control mine B is Chinese and mine A American
    control = shares(gm.dependence(toy, mineral="lithium", by="control", stage="mining"))
    assert control == pytest.approx({("USA", cell, "mining", "CHN"): 0.6, ("USA", cell, "mining", "USA"): 0.4,
                                     ("CHN", cell, "mining", "CHN"): 0.6, ("CHN", cell, "mining", "USA"): 0.4})  # fmt: skip


def test_concentration_of_a_stage_is_the_sum_of_its_squared_shares(toy):
    table = gm.dependence(toy, mineral="lithium", consumer="CHN").table
    by_stage = table.drop_duplicates("stage").set_index("stage")["hhi"]
    assert by_stage["mining"] == pytest.approx(0.6**2 + 0.4**2)
    assert by_stage["cell"] == pytest.approx(0.8**2 + 0.2**2)
    assert np.isnan(by_stage["any"])
    overlapping = pd.DataFrame({"group": ["one", "two"], "country": "AUS"})
    both = gm.dependence(toy, mineral="lithium", by="alliance", members=overlapping).table
    assert both["hhi"].isna().all()


def test_tonnes_are_shares_of_what_is_in_the_product(toy):
    table = gm.dependence(toy, mineral="lithium", consumer="USA", stage="mining").table
    assert table["demand"].tolist() == [500, 500]  # 5 GWh of 100 t
    assert table["quantity"].tolist() == pytest.approx([300, 200])
    assert table["unit"].tolist() == ["t lithium"] * 2


def test_bounds_are_what_the_refinery_could_send_where(toy):
    # 500 of 1000 t of salt end in each market; 600 come from Australia: at least 100 and at most 500 in each
    result = gm.dependence(toy, mineral="lithium", consumer="USA", stage="mining", bounds=True).table
    assert result.set_index("group")[["low", "high"]].loc["AUS"].tolist() == pytest.approx([0.2, 1.0])
    assert result.set_index("group")[["low", "high"]].loc["CHL"].tolist() == pytest.approx([0.0, 0.8])
    assert gm.dependence(toy, mineral="lithium").table[["low", "high"]].isna().all(axis=None)


def test_what_comes_round_again_has_passed_the_recycler(loop):
    # of 100 t into the plant 40 come from the recycler, who lives on the plant's scrap: every tonne passed the mine, and
    # the chance to have come round at least once is the recycler's 40 of 100
    share = shares(gm.dependence(loop))
    assert share["USA", "metal", "mining", "COD"] == pytest.approx(60 / 140 / (1 - 40 / 140))


def test_what_nobody_is_known_to_have_sold_starts_at_the_plant():
    # the plant sells 10 and receives 4
    made = network(
        [("pit", "mining", "AUS"), ("maker", "making", "CHN"), ("user", "use", "USA")],
        [("pit", "maker", "ore", 4.0), ("maker", "user", "metal", 10.0)],
    )
    table = gm.dependence(made).table.set_index(["stage", "group"])
    assert table.loc[("mining", "AUS"), "share"] == pytest.approx(0.4)
    assert table.loc[("making", "CHN"), "share"] == 1
    assert set(table["traced"].round(12)) == {0.4}


def test_two_products_of_one_user_keep_their_suppliers_apart():
    made = network(
        [("pit-a", "mining", "AUS"), ("pit-b", "mining", "COD"), ("user", "use", "USA")],
        [("pit-a", "user", "ore", 4.0), ("pit-b", "user", "salt", 6.0)],
    )
    share = shares(gm.dependence(made, stage="any"))
    assert share == {("USA", "ore", "any", "AUS"): 1.0, ("USA", "salt", "any", "COD"): 1.0}


def test_a_loop_that_feeds_only_on_itself_is_refused_and_named():
    def loop_of(there, back, sold):
        return network(
            [("pit", "mining", "AUS"), ("maker", "making", "CHN"), ("mill", "making", "KOR"), ("user", "use", "USA")],
            [("pit", "user", "metal", 5.0), ("maker", "mill", "metal", there), ("mill", "maker", "metal", back),
             ("mill", "user", "metal", sold)],
        )  # fmt: skip

    assert len(gm.dependence(loop_of(3.0, 3.0, 0.0)))  # no user takes anything from it
    # the mill sells one tonne more than it receives, and half of the third that the user has from it came round
    leaks = shares(gm.dependence(loop_of(3.0, 3.0, 1.0), stage="any"))
    assert leaks["USA", "metal", "any", "KOR"] == pytest.approx(1 / 6)
    with pytest.raises(
        ConvergenceError, match=r"^maker, mill feed only one another; nothing they sell starts anywhere, "
    ):
        gm.dependence(loop_of(4.0, 3.0, 1e-10).with_tables(edges=loop_of(3.0, 3.0, 1e-10).edges))


def test_lone_nodes_self_loops_and_parallel_edges_change_nothing(toy):
    before = shares(gm.dependence(toy, mineral="lithium"))
    edges = toy.edges
    halves = pd.concat([edges.assign(quantity=edges["quantity"] / 2)] * 2, ignore_index=True)
    halves["edge_id"] = [f"half-{row}" for row in range(len(halves))]
    own = edges.head(1).assign(edge_id="own", target="mine-a", quantity=99.0)
    lone = toy.nodes.head(1).assign(node_id="lone")
    changed = toy.with_tables(
        edges=pd.concat([halves, own], ignore_index=True), nodes=pd.concat([toy.nodes, lone], ignore_index=True)
    )
    assert shares(gm.dependence(changed, mineral="lithium")) == pytest.approx(before)


def test_bad_questions_are_refused_with_the_nearest_answer(toy):
    with pytest.raises(
        UnknownNameError, match="no stage 'refinning' between origins and users; did you mean 'refining'"
    ):
        gm.dependence(toy, mineral="lithium", stage="refinning")
    with pytest.raises(UnknownNameError, match="no stage 'use'"):
        gm.dependence(toy, mineral="lithium", stage="use")
    with pytest.raises(UnknownNameError, match="no material holds 'cobalt'"):
        gm.dependence(toy, mineral="cobalt")
    with pytest.raises(UnknownNameError, match="no consuming country 'KOR'"):
        gm.dependence(toy, mineral="lithium", consumer="KOR")
    with pytest.raises(ParameterError, match="corridor stops flows and not nodes"):
        gm.dependence(toy, mineral="lithium", by="corridor")
    with pytest.raises(MixedUnitsError, match="name a mineral: lithium"):
        gm.dependence(toy)
    none = pd.DataFrame({"group": ["nobody"], "country": ["ATA"]})
    with pytest.raises(EmptySelectionError, match="alliance"):
        gm.dependence(toy, mineral="lithium", by="alliance", members=none)


@MANY
@given(networks(recipes=False, scenario=False), st.sampled_from(["country", "stage", "node"]))
def test_shares_are_those_of_a_slow_fixed_point(made, by):
    closed = has_closed_loop(made)
    try:
        result = gm.dependence(made, mineral="cobalt", by=by, stage="any")
    except ConvergenceError:
        assert closed
        return
    except EmptySelectionError:
        return
    assert not closed
    found, table = shares(result), result.table
    column = "node_id" if by == "node" else by
    supply = made.nodes[made.nodes["stage"] != "use"]
    for name, members in supply.groupby(column)["node_id"]:
        wanted = slow_touch(made, set(members))
        for (consumer, product), quantity in wanted.items():
            demand = table.loc[(table["consumer"] == consumer) & (table["product"] == product), "demand"]
            share = found.get((consumer, product, "any", name), 0.0)
            if len(demand):
                assert share * demand.iloc[0] == pytest.approx(quantity, abs=1e-6)


@st.composite
def layered(draw):
    """Mines, makers and users in layers, so that all paths can be listed."""
    ids = [f"{stage}-{n}" for stage in ("mining", "making", "recycling", "use") for n in range(2)]
    layer = [name.split("-")[0] for name in ids]
    pairs = [(a, b) for i, a in enumerate(ids) for j, b in enumerate(ids) if i // 2 < j // 2]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=4, max_size=12, unique=True))
    edges = [(a, b, "metal", float(draw(st.integers(1, 9)))) for a, b in chosen]
    countries = draw(st.lists(st.sampled_from(["COD", "CHN", "USA"]), min_size=8, max_size=8))
    return network(list(zip(ids, layer, countries, strict=True)), edges)


def over_all_paths(made, inside, consumer):
    """Least and largest part of what a country's users take that can have passed some nodes, by listing paths."""
    nodes, flows, wanted, total, start = slow(made)
    users = [user for user in wanted if nodes[user[0]].country == consumer and wanted[user] > 0]
    graph = nx.DiGraph([ends for ends, value in flows.items() if value > 0])
    edges = {ends: row for row, ends in enumerate(graph.edges)}
    starts = {place: len(edges) + row for row, place in enumerate(p for p in graph if start[p] > 0)}
    paths = []
    for place in starts:
        for user in users:
            paths += [[place]] if place == user else nx.all_simple_paths(graph, place, user)
    matrix = np.zeros((len(edges) + len(starts), len(paths)))
    for column, path in enumerate(paths):
        matrix[starts[path[0]], column] = 1
        for ends in pairwise(path):
            matrix[edges[ends], column] = 1
    limit = np.array([*(flows[ends] for ends in edges), *(start[place] for place in starts)])
    uses = np.array([bool(set(path) & inside) for path in paths])
    whole = sum(total[user] for user in users)
    most = [-linprog(-mask.astype(float), A_ub=matrix, b_ub=limit).fun for mask in (uses, ~uses)]
    return 1 - most[1] / whole, most[0] / whole


@MANY
@given(layered(), st.sampled_from(["COD", "CHN", "USA"]))
def test_bounds_are_those_over_all_paths(made, group):
    try:
        table = gm.dependence(made, by="country", stage="any", bounds=True).table
    except EmptySelectionError:
        return
    inside = set(made.nodes.query("country == @group and stage != 'use'")["node_id"])
    for row in table[table["group"] == group].itertuples():
        low, high = over_all_paths(made, inside, row.consumer)
        assert (row.low, row.high) == pytest.approx((low, high), abs=1e-6)


@SOME
@given(networks(scenario=False))
def test_the_share_lies_between_its_bounds_and_a_larger_group_is_met_by_more(made):
    try:
        by_stage = gm.dependence(made, mineral="cobalt", by="country", bounds=True)
    except (ConvergenceError, EmptySelectionError):
        return
    table = by_stage.table
    assert (table["low"] <= table["share"]).all()
    assert (table["share"] <= table["high"]).all()
    assert (table["low"] >= 0).all()
    assert (table["high"] <= 1).all()
    whole = table[table["stage"] == "any"].set_index(["consumer", "product", "group"])["share"]
    part = table[table["stage"] != "any"].set_index(["consumer", "product", "group"])["share"]
    assert (part <= whole.reindex(part.index) + 1e-9).all()


@SOME
@given(networks(scenario=False, recipes=False, balances=False))
def test_shares_do_not_depend_on_the_unit_or_the_order_of_rows(made):
    try:
        before = shares(gm.dependence(made, mineral="cobalt"))
    except (ConvergenceError, EmptySelectionError):
        return
    edges = made.edges[::-1].assign(quantity=lambda rows: rows["quantity"] * 1e-6)
    after = shares(gm.dependence(made.with_tables(edges=edges, nodes=made.nodes[::-1]), mineral="cobalt"))
    assert after == pytest.approx(before, abs=1e-9)


def traced_to_mines(drawn):
    """Let mines buy nothing, and one of them bring what others sell beyond what they receive."""
    ids, stage = drawn.nodes["node_id"].to_numpy(), drawn.nodes["stage"].to_numpy()
    made = drawn.with_tables(edges=drawn.edges[stage[drawn.target] != "mining"])
    apart = made.source != made.target
    sold, got = (
        np.bincount(end[apart], made.quantity()[apart], minlength=made.n_nodes) for end in (made.source, made.target)
    )
    short = np.flatnonzero((stage != "mining") & (stage != "use") & (sold > got))
    brought = pd.DataFrame(
        {"source": ids[stage == "mining"][0], "target": ids[short], "material": "ore", "quantity": (sold - got)[short]}
    )
    edges = made.edges[apart].drop(columns="edge_id")
    return made.with_tables(edges=pd.concat([edges, brought], ignore_index=True))


@SOME
@given(networks(scenario=False, recipes=False, balances=False))
def test_with_inputs_that_replace_one_another_the_frozen_loss_is_the_share_that_passed(drawn):
    kept = drawn.nodes["stage"].to_numpy()[drawn.target] != "mining"
    assume((kept & (drawn.source != drawn.target)).any())
    made = traced_to_mines(drawn)
    try:
        table = gm.dependence(made, stage="any").table
    except ConvergenceError:
        return
    if not len(table):
        return
    passed = table.groupby("group")["quantity"].sum()
    lost = gm.removal(made, by="country", inputs="linear").table.set_index("removed")["loss"]
    assert lost.to_dict() == pytest.approx(passed.reindex(lost.index).fillna(0.0).to_dict(), abs=1e-6)


def test_most_of_koreas_cobalt_passes_china_though_little_is_mined_there(real):
    share = shares(gm.dependence(real, mineral="cobalt", consumer="KOR", product="ev-use"))
    assert share["KOR", "ev-use", "any", "CHN"] > 0.7
    assert share["KOR", "ev-use", "mining", "CHN"] < 0.05
    assert share["KOR", "ev-use", "mining", "COD"] > 0.5
