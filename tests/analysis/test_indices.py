"""Indices of supply risk in a network: by hand, against loops over its tables, laws, bad input."""

import math

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import graphmodel as gm
from graphmodel.analysis.sourcing import economy, flows, own_regions, scrap_stages, trade_parameter
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError
from tests.analysis.drawn import networks
from tests.conftest import network

SCORE = pd.Series({"AUS": 0.5, "CHL": 0.0, "CHN": -0.5, "KOR": 0.5, "USA": 1.0})
SOME = settings(max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
COBALT = pd.DataFrame({"material": ["ore", "metal"], "unit": "t Co", "mineral": "cobalt"})


def values(found, column="value"):
    table = found.table
    return table.set_index(["index", "stage"])[column].to_dict()


def test_the_toy_by_hand(toy):
    # mining: AUS 600, CHL 400 of 1000; risks 0.4 and 0.5
    found = values(gm.indices(toy, "lithium", "CHN", governance=SCORE))
    assert found["hhi", "mining"] == pytest.approx(0.52)
    assert found["governed_sum", "mining"] == pytest.approx(0.36 * 0.4 + 0.16 * 0.5)
    assert found["governed_product", "mining"] == pytest.approx(0.52 * 0.44)
    assert found["effective_named", "mining"] == 2
    assert found["effective_hhi", "mining"] == pytest.approx(1 / 0.52)
    assert found["effective_largest", "mining"] == pytest.approx(1 / 0.6)
    # China imports all 1000 t of ore: 0.52 * (0.6 * 0.4 + 0.4 * 0.5); a net importer of all
    assert found["geopolrisk", "mining"] == pytest.approx(0.52 * 0.44)
    assert found["import_reliance", "mining"] == 1
    # without Australia 400 t are left for China's 1000 t
    assert found["n_minus_one", "mining"] == pytest.approx(0.4)
    # EU method: world 10 * 0.224, own sourcing the same: reliance does not matter
    assert found["eu_supply_risk", "mining"] == pytest.approx(2.24)
    # refining is all Chinese: 10 * 0.6, and China sells 600 t on; reliance -600/400
    assert found["eu_supply_risk", "refining"] == pytest.approx(6.0)
    assert found["eu_supply_risk", "largest"] == pytest.approx(6.0)
    assert found["geopolrisk", "refining"] == 0


def test_a_price_makes_the_characterisation_factor(toy):
    found = values(gm.indices(toy, "lithium", "CHN", governance=SCORE, price=0.409412948))
    assert found["geopolrisk_factor", "mining"] == pytest.approx(found["geopolrisk", "mining"])
    shipped = gm.indices(toy, "lithium", "CHN", governance=SCORE, stage="mining").table
    assert "62.8 USD/kg" in shipped.loc[shipped["index"] == "geopolrisk_factor", "note"].item()


def test_supply_of_no_known_country_widens_the_range():
    # 60 of 100 from the Congo (risk 0.8), 40 from a region: the rest may be many, or one of the worst
    made = network(
        [("pit", "mining", "COD"), ("rest", "mining", "ROW"), ("plant", "making", "CHN"), ("user", "use", "USA")],
        [("pit", "plant", "ore", 60.0), ("rest", "plant", "ore", 40.0), ("plant", "user", "metal", 100.0)],
        materials=COBALT,
    )
    score = pd.Series({"COD": -1.5, "CHN": 0.0})
    found = gm.indices(made, "cobalt", "CHN", governance=score, stage="mining")
    low, high = values(found, "low"), values(found, "high")
    assert (low["hhi", "mining"], high["hhi", "mining"]) == pytest.approx((0.36, 0.52))
    assert (low["governed_sum", "mining"], high["governed_sum", "mining"]) == pytest.approx((0.288, 0.288 + 0.16))
    assert low["effective_hhi", "mining"] == pytest.approx(1 / 0.52)
    # import risk 0.8 on average or at best, 0.6 * 0.8 + 0.4 at worst
    assert values(found)["geopolrisk", "mining"] == pytest.approx(0.36 * 0.8)
    assert high["geopolrisk", "mining"] == pytest.approx(0.52 * 0.88)
    assert values(found, "unknown_share")["hhi", "mining"] == pytest.approx(0.4)


def test_a_missing_score_needs_a_policy_and_is_never_none(toy):
    known = SCORE.drop("CHL")
    with pytest.raises(
        ParameterError, match="no governance score for CHL; give scores, or say missing='mean', 'worst'"
    ):
        gm.indices(toy, "lithium", governance=known, stage="mining")

    def risk(missing):
        return values(gm.indices(toy, "lithium", governance=known, stage="mining", missing=missing))[
            "governed_sum", "mining"
        ]

    assert risk("mean") == pytest.approx(0.36 * 0.4 + 0.16 * 0.4)
    assert risk("worst") == pytest.approx(0.36 * 0.4 + 0.16)
    assert risk(0.5) == pytest.approx(0.36 * 0.4 + 0.16 * 0.5)


def test_what_cannot_be_is_refused(toy):
    with pytest.raises(UnknownNameError, match="no stage 'minning' that makes lithium; did you mean 'mining'"):
        gm.indices(toy, "lithium", stage="minning")
    with pytest.raises(UnknownNameError, match="no policy 'zero' for missing scores; there are: mean, refuse, worst"):
        gm.indices(toy, "lithium", missing="zero")
    with pytest.raises(UnknownNameError, match="no lens 'owner' for suppliers"):
        gm.indices(toy, "lithium", by="owner")
    with pytest.raises(UnknownNameError, match="no country or group 'EU28'; did you mean 'EU27'"):
        gm.indices(toy, "lithium", "EU28")
    with pytest.raises(ParameterError, match=r"recycling is 1\.5, but must lie between 0 and 1"):
        gm.indices(toy, "lithium", "CHN", recycling=1.5)
    with pytest.raises(ParameterError, match=r"missing is -0\.1, but must lie between 0 and 1"):
        gm.indices(toy, "lithium", missing=-0.1)
    with pytest.raises(ParameterError, match="price is -1, but must be 0 or more"):
        gm.indices(toy, "lithium", "CHN", price=-1)
    with pytest.raises(UnknownNameError, match="no material holds 'lithum'; did you mean 'lithium'"):
        gm.indices(toy, "lithum")
    idle = network([("pit", "mining", "COD"), ("user", "use", "USA")], [("pit", "user", "ore", 0.0)], materials=COBALT)
    with pytest.raises(EmptySelectionError, match="nobody in network makes cobalt"):
        gm.indices(idle, "cobalt")


def test_control_moves_supply_to_the_owners_home(toy):
    owned = toy.with_tables(nodes=toy.nodes.assign(control="CHN"))
    found = values(gm.indices(owned, "lithium", governance=SCORE, by="control"))
    assert found["hhi", "mining"] == 1
    assert found["governed_sum", "mining"] == pytest.approx(0.6)


def test_groups_are_economies_and_europe_not_stated_is_the_unions(real):
    union = economy(real, "EU27")
    assert len(union) == 27
    assert economy(real, ["EU27", "NOR"]) == union | {"NOR"}
    assert own_regions(union) == {"EU27", "XEU"}
    assert own_regions(frozenset({"KOR"})) == frozenset()


def test_trade_parameters_are_those_of_the_study():
    union = frozenset({"FIN"})
    assert trade_parameter("nickel", "mining", ["IDN", "FIN", "AUS"], union).tolist() == [1.3, 0.8, 1.0]


def test_what_feeds_recycling_is_secondary(real, toy):
    assert scrap_stages(real) == ["collection", "recycling"]
    assert scrap_stages(toy) == []


def test_heavy_rare_earths_come_close_to_the_published_supply_risk(real):
    # EU study 2023: 5.1, on shares of 2016 to 2020; ours are of 2024, without substitutes
    found = values(gm.indices(real, "dysprosium-terbium", "EU27", missing="mean"))
    assert 4.6 < found["eu_supply_risk", "largest"] < 6.0


def test_gallium_is_the_most_concentrated_of_the_battery_and_chip_minerals(real):
    most = {m: values(gm.indices(real, m, missing="mean"))["hhi", "refining"] for m in ("gallium", "nickel", "copper")}
    assert most["gallium"] > 0.9 > 2 * max(most["nickel"], most["copper"])


@SOME
@given(networks(scenario=False))
def test_indices_are_what_loops_over_the_tables_give(made):
    scores = pd.Series({"COD": -1.5, "CHN": -0.25, "USA": 1.0})
    risk = {code: (2.5 - score) / 5 for code, score in scores.items()}
    found = values(gm.indices(made, "cobalt", "CHN", governance=scores))
    country, stage = (dict(zip(made.nodes["node_id"], made.nodes[c], strict=True)) for c in ("country", "stage"))
    order = dict(zip(made.stages["stage"], made.stages["order"], strict=True))
    stated = {
        (row.node_id, row.item): row.quantity for row in made.table("balances").itertuples() if row.side == "output"
    }
    sold = {}
    for edge in made.edges.itertuples():
        sold[edge.source, edge.material] = sold.get((edge.source, edge.material), 0.0) + edge.quantity
    for name in {stage[node] for node, _ in [*sold, *stated]}:
        supply, bought, domestic, exports = {}, {}, 0.0, 0.0
        for (node, _), quantity in {**sold, **stated}.items():
            if stage[node] == name:
                supply[country[node]] = supply.get(country[node], 0.0) + quantity
        total = sum(supply.values())
        assert found["hhi", name] == pytest.approx(sum((q / total) ** 2 for q in supply.values()))
        assert found["governed_sum", name] == pytest.approx(sum((q / total) ** 2 * risk[c] for c, q in supply.items()))
        domestic = supply.get("CHN", 0.0)
        for edge in made.edges.itertuples():
            if stage[edge.source] == name and order[stage[edge.target]] > order[name]:
                if country[edge.target] == "CHN" and country[edge.source] != "CHN":
                    bought[country[edge.source]] = bought.get(country[edge.source], 0.0) + edge.quantity
                exports += edge.quantity * (country[edge.source] == "CHN" != country[edge.target])
        whole = domestic + sum(bought.values())
        if whole:
            score = found["hhi", name] * sum(q * risk[c] for c, q in bought.items()) / whole
            assert found["geopolrisk", name] == pytest.approx(score)
        used = whole - exports
        if used > 1e-9:
            assert found["import_reliance", name] == pytest.approx((sum(bought.values()) - exports) / used)
        else:
            assert math.isnan(found["import_reliance", name])


@SOME
@given(networks(scenario=False))
def test_values_lie_within_their_ranges_and_flows_add_up(made):
    table = gm.indices(made, "cobalt", "USA", missing="mean").table
    known = table[table["value"].notna()]
    assert (known["low"] <= known["value"] + 1e-9).all()
    assert (known["value"] <= known["high"] + 1e-9).all()
    assert flows(made, "cobalt")["quantity"].sum() == pytest.approx(made.edges["quantity"].sum())
