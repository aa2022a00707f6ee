"""Closing corridors: by hand, against loops, and the laws it keeps."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError
from tests.analysis.drawn import networks
from tests.analysis.slow import Slow

MANY = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(MANY, max_examples=10)
COLUMNS = ["corridor", "source_country", "target_country", "material", "leg", "share"]
NAMES = ["cape", "canal", "strait", "railway"]


def routes(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture(scope="session")
def shipped(toy):
    """Ore from Chile to China by strait A or B and then the gulf; Australia's all through the gulf but its own half."""
    return toy.with_tables(
        routes=routes(
            ("strait-a", "CHL", "CHN", "", "straits", 0.7),
            ("strait-b", "CHL", "CHN", "", "straits", 0.3),
            ("gulf", "CHL", "CHN", "", "gulf", 0.5),
            ("gulf", "AUS", "CHN", "", "gulf", 1.0),
            ("gulf", "AUS", "CHN", "lithium-ore", "gulf", 0.5),
            ("border", "USA", "KOR", "", "", 1.0),
        )
    )


def left(network, scenario):
    edges = scenario.apply(network).edges.set_index("edge_id")["available"].fillna(1.0)
    return edges[["e1", "e2", "e3"]].tolist()  # from mine-a in Chile; mine-b in Australia, twice


def frozen_loss(network, scenario):
    table = gm.losses(network, scenario).table
    return table.loc[table["response"] == "frozen", "loss"].sum()


def test_a_strait_carries_its_share(shipped):
    assert left(shipped, gm.Scenario().close("strait-a")) == pytest.approx([0.3, 1, 1])
    # 400 of 1000 t of ore come from Chile, 0.7 of them are stopped: 0.28 of 10 GWh
    assert frozen_loss(shipped, gm.Scenario().close("strait-a")) == pytest.approx(2.8)
    assert frozen_loss(shipped, gm.Scenario().close("strait-a", 0.5)) == pytest.approx(1.4)


def test_corridors_side_by_side_add_up_and_corridors_in_a_row_multiply(shipped):
    assert left(shipped, gm.Scenario().close(["strait-a", "strait-b"])) == [0, 1, 1]
    assert left(shipped, gm.Scenario().close("strait-a").close("strait-b")) == [0, 1, 1]
    assert left(shipped, gm.Scenario().close(["strait-a", "gulf"])) == pytest.approx([0.3 * 0.5, 0.5, 0.5])
    half = gm.Scenario().close("strait-a", 0.5).close("strait-b", 0.5)
    assert left(shipped, half) == pytest.approx([0.5, 1, 1])


def test_closing_a_half_twice_closes_three_quarters(shipped):
    assert left(shipped, gm.Scenario().close("strait-a", 0.5).close("strait-a", 0.5)) == pytest.approx([0.475, 1, 1])


def test_a_row_for_the_material_counts_before_the_row_for_all(shipped):
    assert left(shipped, gm.Scenario().close("gulf")) == pytest.approx([0.5, 0.5, 0.5])


def test_what_was_closed_before_stays_closed(shipped):
    once = gm.Scenario().close("strait-a").apply(shipped)
    again = gm.Scenario().close("strait-b").apply(once)
    assert again.edges.set_index("edge_id").loc["e1", "available"] == 0
    table = gm.removal(once, by="corridor").table.set_index("removed")
    assert table.loc["strait-b", "loss"] == pytest.approx(4)  # all of Chile's ore
    assert table.loc["strait-a", "loss"] == pytest.approx(2.8)  # closed already


def test_only_a_corridor_that_all_must_pass_cuts_paths(shipped):
    one = shipped.with_tables(
        routes=routes(("gulf", "CHL", "CHN", "", "", 1.0), ("gulf", "AUS", "CHN", "", "", 1.0),
                      ("pass", "CHL", "CHN", "", "", 0.99), ("pass", "AUS", "CHN", "", "", 1.0))
    )  # fmt: skip
    found = gm.removal(one, by="corridor", response="reachability").table.set_index("removed")["loss"]
    assert found.to_dict() == {"gulf": 10, "pass": 0}


def test_every_analysis_that_shuts_knows_corridors(shipped):
    # gulf 0.5 of all ore; straits 0.28 and 0.12 of it
    expected = {"gulf": 5.0, "strait-a": 2.8, "strait-b": 1.2, "border": 0.0}
    removed = gm.removal(shipped, by="corridor").table.set_index("removed")
    assert removed["loss"].to_dict() == pytest.approx(expected)
    assert set(removed["n_nodes"]) == {0}
    half = gm.removal(shipped, by="corridor", severity=0.5).table.set_index("removed")["loss"]
    assert half.to_dict() == pytest.approx({name: loss / 2 for name, loss in expected.items()})
    ranked = gm.chokepoints(shipped, by="corridor", mineral="lithium").table.set_index("removed")
    assert ranked["frozen_share"].to_dict() == pytest.approx({name: loss / 10 for name, loss in expected.items()})
    split = gm.breakdown(shipped, by="corridor").table.groupby("removed")["loss"].sum()
    assert split.to_dict() == pytest.approx({name: loss for name, loss in expected.items() if loss})
    worst = gm.overview(shipped, by="corridor").table.iloc[0]
    assert (worst["removed"], worst["frozen_share"], worst["n_above_tenth"]) == ("gulf", pytest.approx(0.5), 3)


@pytest.mark.parametrize("analysis", ["pairs", "worst_removals", "uncertainty", "percolation", "max_flow", "esri"])
def test_what_shuts_nodes_alone_refuses_corridors(shipped, analysis):
    with pytest.raises(ParameterError, match="corridor stops flows and not nodes; name a lens of nodes"):
        getattr(gm, analysis)(shipped, by="corridor", mineral="lithium")


def test_an_unknown_or_unused_corridor_is_refused_with_what_there_is(shipped, toy):
    with pytest.raises(UnknownNameError, match="no corridor 'gulff'; did you mean 'gulf'"):
        gm.Scenario().close("gulff").apply(shipped)
    with pytest.raises(EmptySelectionError, match="no edge passes border"):
        gm.Scenario().close("border").apply(shipped)
    with pytest.raises(EmptySelectionError, match="the network has no routes table"):
        gm.Scenario().close("gulf").apply(toy)
    with pytest.raises(EmptySelectionError, match="the network has no routes table"):
        gm.removal(toy, by="corridor")
    with pytest.raises(UnknownNameError, match="corridor is no column and stands alone"):
        gm.removal(shipped, by="corridor,country")
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(ParameterError, match=f"share is {share}"):
            gm.Scenario().close("gulf", share)


def test_alternatives_that_carry_more_than_the_whole_are_found(shipped):
    assert "routes_above_one" not in set(gm.check(shipped)["check"])
    rows = shipped.table("routes")
    rows.loc[rows["corridor"] == "strait-b", "share"] = 0.4
    found = gm.check(shipped.with_tables(routes=rows)).query("check == 'routes_above_one'")
    assert found[["row", "value"]].to_numpy().tolist() == [["CHL CHN straits", "1.100"]]


@st.composite
def routed(draw):
    """A drawn network with routes: up to three corridors a pair, in two legs, shares of a leg at most one."""
    network = draw(networks())
    countries = sorted(set(network.nodes["country"]))
    rows = {}
    for _ in range(draw(st.integers(1, 8))):
        name, leg = draw(st.sampled_from(NAMES)), draw(st.sampled_from(["", "sea", "land"]))
        ends = draw(st.sampled_from(countries)), draw(st.sampled_from(countries))
        material = draw(st.sampled_from(["", "", "ore", "metal"]))
        share = draw(st.sampled_from([0.25, 0.5, 1.0]))
        rows[(name, *ends, material)] = (name, *ends, material, leg, share)
    return network.with_tables(routes=routes(*rows.values()))


def through(network, shut):
    """What each edge still lets through when each corridor in ``shut`` loses a share: loops over edges and rows."""
    country = dict(zip(network.nodes["node_id"], network.nodes["country"], strict=True))
    rows = list(network.table("routes").itertuples())
    for edge in network.edges.itertuples():
        stopped = defaultdict(float)
        for row in rows:
            here = (row.source_country, row.target_country) == (country[edge.source], country[edge.target])
            own = [r for r in rows if r[1:4] == row[1:4] and r.material == edge.material]
            if here and (row.material == edge.material or (row.material == "" and not own)):
                stopped[row.leg or row.corridor] += row.share * shut.get(row.corridor, 0.0)
        open_part = 1.0
        for part in stopped.values():
            open_part *= 1.0 - min(part, 1.0)
        yield open_part


class Closed(Slow):
    """The slow model with corridors closed."""

    def __init__(self, network):
        super().__init__(network)
        self.network, self.shut = network, {}

    def available(self):
        limit, kept = super().available()
        open_parts = through(self.network, self.shut)
        return limit, {edge: kept[edge] * part for edge, part in zip(kept, open_parts, strict=True)}


@MANY
@given(routed(), st.sampled_from([1.0, 0.5]))
def test_removal_by_corridor_is_what_the_rules_say(network, severity):
    found = gm.removal(network, by="corridor", severity=severity).table.set_index("removed")["loss"]
    assert set(found.index) == set(network.table("routes")["corridor"])
    slow = Closed(network)
    for name, loss in found.items():
        slow.shut = {name: severity}
        assert loss == pytest.approx(sum(slow.frozen([]).values()), abs=1e-6)


@FEW
@given(routed())
def test_reachability_by_corridor_is_what_is_left_after_searching(network):
    found = gm.removal(network, by="corridor", response="reachability").table.set_index("removed")["loss"]
    open_again = {"nodes": network.nodes.drop(columns="available"), "edges": network.edges.drop(columns="available")}
    before = Slow(network.with_tables(**open_again))
    slow = Closed(network)
    for name, loss in found.items():
        slow.shut = {name: 1.0}
        assert loss == pytest.approx(sum(slow.unreached([], base=before).values()))


@FEW
@given(routed(), st.permutations(NAMES), st.integers(0, 2))
def test_closing_in_any_order_or_all_at_once_is_the_same(network, order, n):
    passing = set(network.table("routes")["corridor"])
    names = [name for name in order if name in passing][: n + 1]
    together, one_by_one = gm.Scenario().close(names), gm.Scenario()
    for name in reversed(names):
        one_by_one = one_by_one.close(name)
    try:
        after = together.apply(network)
        again = one_by_one.apply(network)
    except EmptySelectionError:
        return  # some corridor that no edge passes
    pd.testing.assert_series_equal(after.edges["available"], again.edges["available"])
    expected = network.edges["available"].fillna(1.0) * list(through(network, dict.fromkeys(names, 1.0)))
    assert after.edges["available"].tolist() == pytest.approx(expected.tolist())


@FEW
@given(routed(), st.sampled_from([(0.0, 0.5), (0.5, 1.0)]))
def test_closing_more_loses_no_less(network, shares):
    less, more = (
        gm.removal(network, by="corridor", severity=s).table.set_index("removed")["loss"].sort_index() for s in shares
    )
    assert (less <= more + 1e-9).all()
