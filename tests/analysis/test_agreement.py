"""How measures rank losses: by hand, against scipy on drawn networks, what misleads, bad input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from scipy.stats import spearmanr

import graphmodel as gm
from graphmodel.analysis.agreement import CONCENTRATION
from graphmodel.analysis.remaining import removable
from graphmodel.errors import EmptySelectionError, MixedUnitsError, ParameterError, UnknownNameError
from tests.analysis.drawn import networks
from tests.conftest import network

SOME = settings(max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def test_the_toy_by_hand(toy):
    # losses by node: refine-a 1000, cell-a 600, mine-b 600, cell-b 400, mine-a 400; what they sell is just that
    table = gm.agreement(toy, by="node", mineral="lithium", responses=["frozen"]).table.set_index("measure")
    assert table.loc["out_strength", "rho"] == pytest.approx(1)
    assert table.loc["market_share", "rho"] == pytest.approx(1)
    # mines take nothing in: in-strength 1000, 600, 0, 400, 0: ranks 5, 4, 1.5, 3, 1.5 against 5, 3.5, 3.5, 1.5, 1.5
    # d = 0, 0.5, -2, 1.5, 0: with ties, the correlation of the ranks themselves
    ranks = [[5, 4, 1.5, 3, 1.5], [5, 3.5, 3.5, 1.5, 1.5]]
    assert table.loc["in_strength", "rho"] == pytest.approx(np.corrcoef(ranks)[0, 1])
    assert set(table["n"]) <= {5, 0}
    assert table.loc["eigenvector", ["rho", "top_found"]].isna().all()
    assert table.loc["eigenvector", "misleads"] == ""
    assert (table["kind"] == "concentration").sum() == len(CONCENTRATION)


def test_the_largest_of_each_measure_are_looked_for_among_the_worst(toy):
    table = gm.agreement(toy, by="node", mineral="lithium", responses=["frozen"], top=1).table.set_index("measure")
    assert table.loc["betweenness", "top_found"] == 1  # the refinery is both
    assert table.loc["out_degree", "top_found"] == 0  # it ties with cell-a, which spills over


def test_groups_that_lose_without_carrying_count_only_on_request():
    # without acid, which holds no cobalt, nothing is made
    made = network(
        [(f"pit-{i}", "mining", "COD") for i in range(5)]
        + [("acid", "mining", "CHN"), ("maker", "making", "CHN"), ("user", "use", "USA")],
        [(f"pit-{i}", "maker", "ore", float(i + 1)) for i in range(5)]
        + [("acid", "maker", "acid", 2.0), ("maker", "user", "metal", 15.0)],
        materials=pd.DataFrame(
            {"material": ["ore", "acid", "metal"], "unit": ["t Co", "t", "t Co"], "mineral": ["cobalt", "", "cobalt"]}
        ),
    )
    options = {"by": "node", "mineral": "cobalt", "responses": ["frozen"], "measures": ["out_strength"]}
    chain, everybody = (gm.agreement(made, among=among, **options).table.iloc[0] for among in ("chain", "all"))
    assert (chain["n"], everybody["n"]) == (6, 7)
    assert chain["rho"] == pytest.approx(1)
    assert everybody["rho"] < chain["rho"]


def test_a_second_network_repeats_everything(toy):
    again = toy.with_tables(name="again")
    table = gm.agreement(toy, by="node", mineral="lithium", responses=["frozen", "reroute"], again=again).table
    one, other = (table[table["network"] == name].drop(columns="network") for name in (toy.name, "again"))
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))
    assert list(dict.fromkeys(table["response"])) == ["frozen", "reroute"]


def test_the_same_seed_gives_the_same_table(toy):
    options = {"by": "node", "mineral": "lithium", "responses": ["frozen"], "resamples": 50}
    assert gm.agreement(toy, rng=4, **options).table.equals(gm.agreement(toy, rng=4, **options).table)


def test_finished_parts_are_kept(toy, tmp_path):
    options = {"by": "node", "mineral": "lithium", "responses": ["frozen"], "measures": ["out_strength"]}
    one = gm.agreement(toy, folder=tmp_path / "parts", **options)
    assert list((tmp_path / "parts").iterdir())
    assert one.table.equals(gm.agreement(toy, folder=tmp_path / "parts", **options).table)


def test_what_cannot_be_is_refused(toy):
    with pytest.raises(UnknownNameError, match="no response 'frosen'; did you mean 'frozen'"):
        gm.agreement(toy, mineral="lithium", responses=["frosen"])
    with pytest.raises(UnknownNameError, match="no measure 'market_sharer'; did you mean 'market_share'"):
        gm.agreement(toy, mineral="lithium", measures=["market_sharer"])
    with pytest.raises(UnknownNameError, match="no rows 'some' to compare; there are: all, chain"):
        gm.agreement(toy, mineral="lithium", among="some")
    with pytest.raises(ParameterError, match="no response is named; there are: reachability, reroute"):
        gm.agreement(toy, mineral="lithium", responses=[])
    with pytest.raises(ParameterError, match="resamples is 0, but must be 1 or more"):
        gm.agreement(toy, mineral="lithium", resamples=0)
    with pytest.raises(EmptySelectionError, match="3 rows to compare in toy-battery, but it takes 5"):
        gm.agreement(toy, by="stage", mineral="lithium", responses=["frozen"])
    with pytest.raises(MixedUnitsError, match="name a mineral: lithium"):
        gm.agreement(toy)


def test_frozen_losses_in_cobalt_follow_flow_and_not_betweenness(real):
    named = ["out_strength", "market_share", "betweenness", "trophic_level"]
    table = gm.agreement(real, mineral="cobalt", responses=["frozen"], measures=named).table.set_index("measure")
    assert table.loc["out_strength", "rho"] > 0.9
    assert table.loc["betweenness", "misleads"] == "yes"
    assert table.loc["trophic_level", "high"] < 0
    assert table.loc["out_strength", "misleads"] == table.loc["market_share", "misleads"] == "no"


@SOME
@given(networks(scenario=False))
@pytest.mark.filterwarnings("ignore::scipy.stats.ConstantInputWarning")
def test_correlations_are_those_scipy_finds_row_by_row(made):
    ids = made.nodes["node_id"].to_numpy()[removable(made)]
    named = ["out_strength", "in_degree", "market_share"]
    try:
        found = gm.agreement(made, by="node", mineral="cobalt", responses=["frozen"], measures=named, resamples=5).table
    except EmptySelectionError:
        return
    loss = gm.removal(made, mineral="cobalt").table.set_index("removed")["loss"]
    made_by, total = {}, {}
    stage = dict(zip(made.nodes["node_id"], made.nodes["stage"], strict=True))
    stated = made.table("balances").query("side == 'output'")
    made_of = {(row.node_id, row.item): row.quantity for row in stated.itertuples()}
    sold = made.edges.groupby(["source", "material"])["quantity"].sum().to_dict()
    for (node, _), quantity in {**sold, **made_of}.items():
        made_by[node] = made_by.get(node, 0.0) + quantity
        total[stage[node]] = total.get(stage[node], 0.0) + quantity
    values = {
        "out_strength": {node: made.edges.loc[made.edges["source"] == node, "quantity"].sum() for node in ids},
        "in_degree": {node: len({*made.edges.loc[made.edges["target"] == node, "source"]} - {node}) for node in ids},
        "market_share": {node: made_by.get(node, 0.0) / total.get(stage[node], 1.0) for node in ids},
    }
    touched = {*made.edges["source"], *made.edges["target"], *made_by}
    rows = [node for node in ids if node in touched]
    for measure, value in values.items():
        lost = [round(loss[node], 9) for node in rows]
        expected = spearmanr([round(value[node], 12) for node in rows], lost).statistic
        row = found[found["measure"] == measure].iloc[0]
        assert row["n"] == len(rows)
        assert row["rho"] == pytest.approx(expected, nan_ok=True), measure
