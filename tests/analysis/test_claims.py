"""Published statements: verdicts by hand, figures against slow ways to get them, and tables that are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis.claim_measures import WORK
from graphmodel.analysis.claim_tables import MEASURES, RELATIONS
from graphmodel.analysis.claims import VERDICTS
from graphmodel.analysis.remaining import removable
from graphmodel.errors import DataPackageError, SchemaError
from tests.analysis.drawn import networks
from tests.analysis.slow import Slow

MANY = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
NO_VINTAGES = pd.DataFrame(columns=list(gm.table("claims", "vintages").columns))
NO_PROJECTS = pd.DataFrame(columns=["project_id", "programmes", "country", "mineral", "stage", "reference", "evidence"])


def said(measure, claimed=1.0, **row):
    """One claim."""
    columns = {"claim_id": "c", "statement": "it is so", "kind": "other", "reference": "me", "unit": "%"}
    return pd.DataFrame([{**columns, "measure": measure, "claimed": claimed, **row}])


def judge(network, claims, **more):
    """The only row of the result."""
    return gm.claims(network, claims, **{"projects": NO_PROJECTS, **more}).table.iloc[0]


def verdict(network, measure, claimed, **row):
    return judge(network, said(measure, claimed, **row))["verdict"]


def vintage(measure, figure, year, **row):
    base = dict.fromkeys(NO_VINTAGES.columns, "")
    return {**base, "measure": measure, "figure": figure, "unit": "%", "year": year, "reference": f"book-{year}", **row}


# by hand: the toy digs 400 t in Chile and 600 t in Australia, refines 1000 t in China


@pytest.mark.parametrize(
    ("relation", "claimed", "tolerance", "expected"),
    [
        ("about", 40, 0, "holds"),
        ("", 40, None, "holds"),
        ("about", 45, 5, "holds"),
        ("about", 45, 4, "does not hold"),
        ("at least", 40, 0, "holds"),
        ("at least", 41, 0, "does not hold"),
        ("at most", 39, 1, "holds"),
        ("at most", 39, 0, "does not hold"),
        ("above", 40, 0, "does not hold"),
        ("above", 39, 0, "holds"),
        ("below", 40, 0, "does not hold"),
        ("below", 41, 0, "holds"),
    ],
)
def test_chile_digs_forty_per_cent(toy, relation, claimed, tolerance, expected):
    found = judge(
        toy,
        said("share_of_stage", claimed, mineral="lithium", stage="mining", country="CHL", relation=relation,
             tolerance=tolerance),
    )  # fmt: skip
    assert found["figure"] == pytest.approx(40)
    assert found["verdict"] == expected


def test_a_range_holds_between_its_ends_and_a_tolerance_widens_it(toy):
    row = {"mineral": "lithium", "stage": "mining", "country": "CHL", "relation": "between"}
    assert verdict(toy, "share_of_stage", 30, claimed_high=50, **row) == "holds"
    assert verdict(toy, "share_of_stage", 45, claimed_high=50, **row) == "does not hold"
    assert verdict(toy, "share_of_stage", 45, claimed_high=50, tolerance=5, **row) == "holds"


def test_ranks_and_tops_are_counted_by_country(toy):
    at = {"mineral": "lithium", "stage": "mining"}
    assert judge(toy, said("rank_of_stage", 2, country="CHL", **at))["figure"] == 2
    assert judge(toy, said("top_of_stage", 2, country="CHL AUS", **at))["figure"] == 2
    assert judge(toy, said("top_of_stage", 1, country="CHL", **at))["figure"] == 0  # Australia is larger
    assert judge(toy, said("minerals_led", 100, stage="refining", country="CHN"))["figure"] == 100
    assert judge(toy, said("minerals_made", 1, stage="mining", country="CHL"))["figure"] == 1


def test_without_china_all_is_lost_and_no_route_is_left(toy):
    for measure in ("worst_loss", "reach_loss"):
        assert judge(toy, said(measure, 100, mineral="lithium", country="CHN"))["figure"] == pytest.approx(100)
    assert judge(toy, said("worst_loss", 60, mineral="lithium", country="AUS"))["figure"] == pytest.approx(60)
    assert judge(toy, said("reach_loss", 0, mineral="lithium", country="AUS"))["figure"] == 0  # Chile is left
    assert judge(toy, said("losses_led", 100, country="CHN"))["figure"] == 100
    assert judge(toy, said("top_losses", 1, country="CHN"))["figure"] == 1


def test_china_buys_most_ore_from_australia(toy):
    assert judge(toy, said("largest_source", 60, country="CHN", stage="refining"))["figure"] == pytest.approx(60)


def test_a_figure_of_the_year_of_the_claim_makes_it_held_in_that_vintage(toy):
    claim = said("share_of_stage", 70, mineral="lithium", stage="mining", country="CHL", year=2021)
    key = {"mineral": "lithium", "stage": "mining", "country": "CHL"}
    then = pd.DataFrame([vintage("share_of_stage", 70, 2021, **key)])
    found = judge(toy, claim, vintages=then)
    assert found["verdict"] == "held in that vintage"
    assert found["figure"] == pytest.approx(40)
    assert "70 % in 2021 (book-2021); now 40 % in 2024" in found["reason"]
    assert judge(toy, claim, vintages=then.assign(year=2022))["verdict"] == "does not hold"  # later than the claim
    assert judge(toy, claim, vintages=then.assign(country="AUS"))["verdict"] == "does not hold"  # of another
    assert judge(toy, claim, vintages=then.assign(figure=71))["verdict"] == "does not hold"


def test_of_published_figures_the_newest_is_the_present_one(toy):
    key = {"mineral": "lithium", "country": "CHL"}
    books = pd.DataFrame([vintage("reserve_share", 22, 2021, **key), vintage("reserve_share", 44, 2025, **key)])
    found = judge(toy, said("reserve_share", 22, year=2022, **key), vintages=books)
    assert (found["figure"], found["figure_year"], found["verdict"]) == (44, 2025, "held in that vintage")
    assert judge(toy, said("reserve_share", 44, year=2025, **key), vintages=books)["verdict"] == "holds"
    assert judge(toy, said("reserve_share", 30, **key), vintages=books)["verdict"] == "does not hold"
    assert judge(toy, said("reserve_share", 30, mineral="tin", country="CHL"), vintages=books)["reason"] == (
        "no published figure is known"
    )


def test_what_speaks_of_the_future_cannot_be_tested_yet(toy):
    row = {"mineral": "lithium", "stage": "mining", "country": "CHL"}
    found = judge(toy, said("share_of_stage", 40, year=2030, **row))
    assert found["verdict"] == "cannot be tested"
    assert found["reason"] == "speaks of 2030; 40 % in 2024 is the newest figure"
    assert verdict(toy, "share_of_stage", 40, year=2025, **row) == "holds"  # statistics appear a year late


def test_members_are_counted_on_the_day():
    members = pd.DataFrame(
        [("club", "USA", "2020-01-01", ""), ("club", "KOR", "2022-06-01", ""), ("club", "RUS", "2020-01-01", "2022-03-01"),
         ("other", "KOR", "2021-01-01", "")],
        columns=["group", "country", "start_date", "end_date"],
    ).assign(reference="gazette", evidence="reported")  # fmt: skip
    toy = gm.load("toy-battery")

    def figure(measure, **row):
        return judge(toy, said(measure, 1, **row), members=members)["figure"]

    # in 2021: USA and RUS; on 2022-03-01 Russia is out; from June Korea is in
    assert figure("members_count", group="club", date="2021-01-01") == 2
    assert figure("members_count", group="club", date="2022-03-01") == 1
    assert figure("members_count", group="club") == 2
    assert figure("membership", group="club", country="USA KOR RUS", date="2021-12-31") == 2
    assert figure("overlap", group="club other", date="2022-01-01") == 0
    assert figure("overlap", group="club other", date="2023-01-01") == 1
    assert figure("founded", group="club") == 2020
    unknown = judge(toy, said("founded", 1, group="clup"), members=members)
    assert unknown["reason"] == "no alliance 'clup' in the table of members; did you mean 'club'?"


def test_a_list_that_is_not_complete_proves_at_least_and_refutes_fewer(toy):
    projects = pd.DataFrame(
        {"project_id": ["a", "b", "c"], "programmes": ["MSP", "MSP; US DFC", "US DFC"], "country": ["TZA", "KOR", "USA"],
         "mineral": "lithium", "stage": "mining", "reference": "list", "evidence": "reported"}
    )  # fmt: skip

    def judged(claimed, relation="about", vintages=NO_VINTAGES, **row):
        claim = said("projects_count", claimed, programme="MSP", relation=relation, year=2024, unit="projects", **row)
        return judge(toy, claim, projects=projects, vintages=vintages)

    assert judged(2)["figure"] == 2
    assert judged(2)["verdict"] == "cannot be tested"
    assert judged(1)["verdict"] == "does not hold"
    assert judged(2, "at least")["verdict"] == "holds"
    assert judged(3, "at least")["verdict"] == "cannot be tested"
    assert judged(1, "at most")["verdict"] == "does not hold"
    assert judged(0, country="XSE")["verdict"] == "cannot be tested"
    assert judged(0, country="XAF")["verdict"] == "does not hold"  # Tanzania
    counted = pd.DataFrame([vintage("projects_count", 32, 2024, programme="MSP")])
    found = judged(32, vintages=counted)
    assert (found["figure"], found["verdict"]) == (32, "holds")
    assert "2 named in the table of projects" in found["reason"]


def test_who_is_not_among_the_known_backers_gave_nothing(toy):
    books = pd.DataFrame([vintage("backing_amount", 120, 2022, programme="Army", item="Plant", note="contract")])
    found = judge(toy, said("backing_amount", 120, programme="Bank", item="Plant"), vintages=books)
    assert (found["figure"], found["verdict"]) == (0, "does not hold")
    assert "Bank is not named; backed by Army 120 % in 2022 (contract)" in found["reason"]
    assert judge(toy, said("backing_amount", 120, programme="Army", item="Plant"), vintages=books)["verdict"] == "holds"
    unknown = judge(toy, said("backing_amount", 120, programme="Army", item="Mine"), vintages=books)
    assert unknown["verdict"] == "cannot be tested"


def test_an_aim_that_is_not_among_those_announced_does_not_hold(toy):
    books = pd.DataFrame([vintage("policy_target", 50, 2030, country="KOR", item="imports from a few countries")])
    found = judge(toy, said("policy_target", 50, country="KOR", item="imports", year=2030), vintages=books)
    assert found["verdict"] == "does not hold"
    assert np.isnan(found["figure"])
    assert "announced by KOR: imports from a few countries 50 % (2030)" in found["reason"]
    other = judge(toy, said("policy_target", 50, country="JPN", item="imports", year=2030), vintages=books)
    assert other["verdict"] == "cannot be tested"


def test_what_the_network_does_not_hold_is_said_with_the_nearest_name(toy):
    def reason(measure="share_of_stage", **row):
        found = judge(toy, said(measure, 1, **row))
        assert found["verdict"] == "cannot be tested"
        return found["reason"]

    near = "the network has no stage 'refinning'; did you mean 'refining'?"
    assert reason(mineral="lithium", stage="refinning", country="CHN") == near
    near = "the network has no mineral 'lithum'; did you mean 'lithium'?"
    assert reason(mineral="lithum", stage="refining", country="CHN") == near
    assert reason("worst_loss", mineral="lithum", country="CHN") == near
    assert reason("worst_loss", mineral="lithium", country="FRA") == "no plant of the network stands in 'FRA'"
    assert reason("rank_of_stage", mineral="lithium", stage="mining", country="FRA") == "FRA makes none of it"


def test_a_network_without_minerals_or_countries_leaves_what_rests_elsewhere(chain):
    lost = chain.with_tables(nodes=chain.nodes.assign(country="ROW"))
    for network in (chain, lost):
        for measure, needs in MEASURES.items():
            row = {"mineral": "cobalt", "stage": "mining", "country": "CHN", "partner": "KOR", "group": "MSP"}
            row = {**row, "programme": "MSP", "item": "car"}
            assert judge(network, said(measure, 1, **row))["verdict"] in VERDICTS, needs


# an independent slow way, on drawn networks, in which every material is a tonne of cobalt

COUNTRIES = ("COD", "CHN", "USA")
NO_MEMBERS = pd.DataFrame(columns=list(gm.table("alliances", "members").columns))


def figures(network, *claims):
    """Figures of several claims, worked out together."""
    table = pd.concat([claim.assign(claim_id=f"c{row}") for row, claim in enumerate(claims)], ignore_index=True)
    result = gm.claims(network, table, vintages=NO_VINTAGES, members=NO_MEMBERS, projects=NO_PROJECTS)
    return result.table["figure"].tolist()


@MANY
@given(networks(scenario=False), st.sampled_from(["mining", "making"]))
def test_shares_and_ranks_are_those_of_plain_loops(network, stage):
    nodes = {row.node_id: row for row in network.nodes.itertuples()}
    made = {}
    for edge in network.edges.itertuples():
        made[edge.source, edge.material] = made.get((edge.source, edge.material), 0.0) + edge.quantity
    for row in network.table("balances").itertuples():
        if row.side == "output":
            made[row.node_id, row.item] = row.quantity
    by_country = dict.fromkeys(COUNTRIES, 0.0)
    for (node, _), quantity in made.items():
        if nodes[node].stage == stage:
            by_country[nodes[node].country] += quantity
    total = sum(by_country.values())
    row = {"mineral": "cobalt", "stage": stage}
    claims = [
        said(measure, country=each, **row) for measure in ("share_of_stage", "rank_of_stage") for each in COUNTRIES
    ]
    found = figures(network, *claims, said("top_of_stage", country="COD CHN", **row))
    if total == 0:
        assert np.isnan(found).all()
        return
    for country, share, rank in zip(COUNTRIES, found[:3], found[3:6], strict=True):
        assert share == pytest.approx(100 * by_country[country] / total)
        larger = sum(by_country[other] > by_country[country] for other in COUNTRIES)
        assert rank == 1 + larger if by_country[country] else np.isnan(rank)
    two = sorted(by_country.values())[-2:]
    if len(set(by_country.values())) == 3:  # no tie
        assert found[6] == sum(by_country[country] in two and by_country[country] > 0 for country in ("COD", "CHN"))


@MANY
@given(networks(scenario=False))
def test_losses_are_those_of_the_rules_worked_out_with_dictionaries(network):
    slow = Slow(network)
    wanted = sum(quantity for (node, _), quantity in slow.made.items() if slow.is_final(node))
    stops = {country: [] for country in COUNTRIES}
    for node in network.nodes[removable(network)].itertuples():
        stops[node.country].append(node.node_id)
    row = {"mineral": "cobalt"}
    claims = [said(measure, country=each, **row) for measure in ("worst_loss", "reach_loss") for each in COUNTRIES]
    found = figures(network, *claims)
    for country, frozen, reach in zip(COUNTRIES, found[:3], found[3:], strict=True):
        if not stops[country] or not wanted:
            assert np.isnan([frozen, reach]).all()
            continue
        assert frozen == pytest.approx(100 * sum(slow.frozen(stops[country]).values()) / wanted, abs=1e-6)
        cut_off = sum(slow.unreached(stops[country], base=slow).values())
        assert reach == pytest.approx(100 * cut_off / wanted, abs=1e-6)


@MANY
@given(
    st.sampled_from(RELATIONS), st.floats(-50, 50), st.floats(0, 20), st.floats(0, 20), st.floats(0, 100),
)  # fmt: skip
def test_a_wider_tolerance_never_turns_what_holds_into_what_does_not(relation, claimed, span, tolerance, figure):
    toy, books = gm.load("toy-battery"), pd.DataFrame([vintage("market_size", figure, 2024, item="x")])
    row = {"relation": relation, "claimed_high": claimed + span, "item": "x"}
    claims = [said("market_size", claimed, tolerance=each, claim_id=each, **row) for each in (tolerance, tolerance + 1)]
    table = gm.claims(toy, pd.concat(claims), vintages=books, members=NO_MEMBERS, projects=NO_PROJECTS).table
    narrow, wide = table["verdict"] == "holds"
    assert narrow <= wide


def test_the_order_of_rows_changes_nothing(toy):
    claims = gm.table("claims", "claims")
    forth, back = gm.claims(toy, claims).table, gm.claims(toy, claims.iloc[::-1]).table
    pd.testing.assert_frame_equal(forth, back.iloc[::-1].reset_index(drop=True))


# tables that are refused


def problems(claims, **more):
    with pytest.raises(SchemaError) as caught:
        gm.claims(gm.load("toy-battery"), claims, **more)
    return [str(problem) for problem in caught.value.problems]


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "claim_id,statement,kind,measure,mineral,stage,country,relation,claimed,claimed_high,date,reference\n"
        "a,one,share,share_of_stag,lithium,mining,CHL,about,1,,,me\n"
        "a,two,share,share_of_stage,lithium,,CHX,abuot,,,,me\n"
        "b,three,share,share_of_stage,lithium,mining,CHL,between,5,3,2024-13-01,\n"
    )
    assert problems(path) == [
        "mine.csv:2:measure: is not allowed 'share_of_stag' (did you mean 'share_of_stage'?)",
        "mine.csv:3:claim_id: stands twice 'a' (first on line 2)",
        "mine.csv:3:claimed: is empty (a claim that is measured needs a number)",
        "mine.csv:3:country: is not a country or region code 'CHX' (did you mean 'CHN'?)",
        "mine.csv:3:relation: is not allowed 'abuot' (did you mean 'about'?)",
        "mine.csv:3:stage: is empty; share_of_stage needs it",
        "mine.csv:4:claimed_high: is below claimed '3'",
        "mine.csv:4:date: is not a date '2024-13-01' (write YYYY-MM-DD)",
        "mine.csv:4:reference: is empty",
    ]


def test_columns_and_numbers_are_checked_too():
    assert problems(pd.DataFrame({"claim_id": ["a"]}))[0].startswith("claims:kind: column is missing (has: claim_id)")
    found = problems(said("share_of_stage", "much", stage="mining", country="CHL", mineral="lithium", tolerance=-1))
    assert found == ["claims:1:claimed: is not a number 'much'", "claims:1:tolerance: is below 0 '-1'"]
    assert problems(said("share_of_stage", 1, stage="mining", country="CHL")) == [
        "claims:1:material or mineral: is empty; share_of_stage needs it"
    ]
    ends = said("market_size", 1, item="x", relation="between")
    assert problems(ends) == ["claims:1:claimed_high: is empty (between needs both ends)"]
    assert problems(None, vintages=pd.DataFrame([vintage("none", 1, 2024)])) == [
        "vintages:1:measure: is not allowed 'none' (there are: backing_amount, chair_since, chair_until, contract_links, "
        f"control_share … ({len(MEASURES) - 1} in all))"
    ]


def test_a_file_that_is_not_there_or_no_table_is_refused(tmp_path):
    with pytest.raises(DataPackageError, match=r"none\.csv: no such file"):
        gm.claims(gm.load("toy-battery"), tmp_path / "none.csv")
    (tmp_path / "odd.csv").write_bytes(b"\xff\xfea")
    assert problems(tmp_path / "odd.csv") == ["odd.csv:1: is UTF-16 (save it as UTF-8)"]


# the shipped tables


@pytest.fixture(scope="module")
def on_the_real_network(real):
    return gm.claims(real).table.set_index("claim_id")


def test_every_measure_is_either_worked_out_or_published():
    used = set(gm.table("claims", "vintages")["measure"]) | set(WORK)
    assert set(WORK) < set(MEASURES)
    assert set(gm.table("claims", "claims")["measure"]) <= set(MEASURES)
    assert {"reserve_share", "import_reliance", "list_size"} <= used


def test_every_row_points_at_a_reference_that_is_cited_and_no_reference_is_idle():
    known = set(gm.table("claims", "references")["reference"])
    used = set(gm.table("claims", "claims")["reference"]) | set(gm.table("claims", "vintages")["reference"])
    assert used == known
    assert "verdict" not in gm.table("claims", "claims").columns  # none is written down


def test_of_the_published_statements_more_than_half_can_be_tested(on_the_real_network):
    assert len(on_the_real_network) == 126
    assert (on_the_real_network["verdict"] != "cannot be tested").sum() >= 80


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("CL022", "does not hold"),  # no MSP money for lithium in Argentina; the IFC lent 180 million
        ("CL033", "does not hold"),  # the Department of Defense, not EXIM, paid Lynas
        ("CL036", "held in that vintage"),  # 240 of 350 kt in 2023
        ("CL037", "held in that vintage"),  # 63 of 78 kt
        ("CL038", "held in that vintage"),  # 170 of 230 kt
        ("CL062", "does not hold"),  # the IEA says 325 billion, with copper
        ("CL063", "does not hold"),  # and 770 billion in 2040
        ("CL074", "does not hold"),  # the aim counts imports from a few countries
        ("CL085", "does not hold"),  # POSCO bought shares
        ("CL095", "held in that vintage"),  # 21 of 95 Mt in 2021, 62 of 140 Mt in 2025
        ("CL096", "held in that vintage"),
        ("CL097", "held in that vintage"),
        ("CL098", "held in that vintage"),
        ("CL099", "held in that vintage"),
        ("CL100", "does not hold"),  # Burma is printed NA
        ("CL101", "held in that vintage"),
        ("CL102", "does not hold"),  # the Philippines joined the Forum on 27 September 2024
        ("CL118", "held in that vintage"),  # 50 minerals in 2022, 60 in 2025
        ("CL029", "cannot be tested"),  # no source was found
    ],
)
def test_statements_known_to_be_wrong_or_old_come_out_so(on_the_real_network, claim, expected):
    assert on_the_real_network.loc[claim, "verdict"] == expected


def test_figures_of_the_network_come_with_year_reference_and_grade(on_the_real_network):
    # USGS: 226 of 301.6 kt of cobalt in 2024
    row = on_the_real_network.loc["CL038"]
    assert row["figure"] == pytest.approx(74.9, abs=0.1)
    assert (row["figure_year"], row["evidence"]) == (2024, "assumed")
    shown = on_the_real_network.query("verdict != 'cannot be tested'")
    assert (shown["reference"] != "").sum() == len(shown) - 1  # an aim that was not announced has none
    assert set(shown["evidence"]) <= {"reported", "derived", "assumed", ""}


def test_both_reconstructions_agree_on_all_but_losses(on_the_real_network, sparse):
    other = gm.claims(sparse).table.set_index("claim_id")
    apart = other.index[other["verdict"] != on_the_real_network["verdict"]]
    losses = {"CL003", "CL034", "CL041", "CL064", "CL005", "CL054"}
    assert set(apart) <= losses
