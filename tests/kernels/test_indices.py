"""Indices of supply risk: published numbers, cases by hand, slow sums, laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.kernels.indices import (
    COPPER,
    geopolrisk,
    governance_risk,
    governed_product,
    governed_sum,
    hill_bounds,
    import_reliance,
    import_risk,
    n_minus_one,
    supply_risk,
)

MANY = settings(max_examples=100, deadline=None)
SHARES = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=8)
RISKS = st.lists(st.floats(0.0, 1.0), min_size=8, max_size=8)


def test_the_worked_case_of_the_geopolrisk_library_comes_out_to_the_digits_its_scores_have():
    # geopolrisk-py, tests/test_case_2.py (GPL; numbers only): imports in 2015 of 1723782 kg from Austria, 2155207 from
    # Belgium, 53399700 from Brazil; HHI 0.304; 25000 t made at home; 2010.22 USD; score 0.11650372692337978, mid-point
    # 234.1981219359165. The library rounds governance more finely than the World Bank's release of 2022, hence 1e-6.
    score = np.array([1.14308, 0.58709, -0.33146])  # political stability 2015
    bought = np.array([1723782.0, 2155207.0, 53399700.0])
    risk = import_risk(bought, governance_risk(score), 25000.0 * 1000)
    assert risk == pytest.approx(0.3832359438269072, rel=1e-6)
    assert 0.304 * risk == pytest.approx(0.11650372692337978, rel=1e-6)
    assert 0.304 * risk * 2010.22 == pytest.approx(234.1981219359165, rel=1e-6)


@pytest.mark.parametrize(
    ("hhi", "risk", "price", "score", "factor"),
    [
        # geopolrisk-py 2.0, docs/notebooks/example.ipynb, China 2022: cobalt, lithium, rare earths, graphite, copper
        (0.4928971158048766, 0.8776058519102541, 16.24540190511184, 0.4325693932200459, 17.164243776457226),
        (0.31981095428556255, 0.3420701673022516, 44.91863982047043, 0.10939778663755512, 12.002550967511196),
        (0.5282617688739127, 0.12750347510271168, 34.578305561753844, 0.06735521129532937, 5.688704005879153),
        (0.470663478647389, 0.09011810759971987, 0.623567053906595, 0.04241530201200386, 0.06460173046648177),
        (0.10368441992479659, 0.4892134607645782, 2.676838822747666, 0.050723813898777524, 0.33164430911470666),
    ],
)
def test_printed_scores_and_factors_of_the_geopolrisk_library_are_reproduced(hhi, risk, price, score, factor):
    # two producers whose shares give the printed index: x² + (1-x)² = hhi
    large = (1 + math.sqrt(2 * hhi - 1)) / 2 if hhi > 0.5 else None
    world = np.array([large, 1 - large]) if large else equal_and_one(hhi)
    found = geopolrisk(world, np.array([1.0]), np.array([risk]), price=price)
    assert found == pytest.approx((score, factor), rel=1e-12)


def equal_and_one(hhi):
    """Shares that give an index: one larger holder, and ten equal ones."""
    # x² + (1-x)²/10 = hhi
    x = (0.2 + math.sqrt(0.04 - 4 * 1.1 * (0.1 - hhi))) / 2.2
    return np.array([x, *[(1 - x) / 10] * 10])


WGI = {
    "CHN": -0.33813, "DEU": 1.46204, "JPN": 1.33821, "KOR": 0.88151, "RUS": -0.66955, "UKR": -0.64941, "HKG": 1.317,
    "TWN": 1.12859, "GBR": 1.37245, "USA": 1.15932,
}  # fmt: skip
"""Mean of the six indicators, 2016 to 2020, release of 2022."""


def concentration(rows):
    share, score, trade = (np.array(column) for column in zip(*((s, WGI[c], t) for c, s, t in rows), strict=True))
    return governed_sum(share, governance_risk(score, scale=10.0), trade)


def test_the_published_supply_risk_of_gallium_comes_out_to_its_printed_digit():
    # EU study 2023, doi 10.2873/725585: processing, world and EU sourcing, shares and trade parameters as printed. Import
    # reliance 1, no recycling and no substitutes are ours: gallium was hardly made in the EU. Published: 3.9
    world = concentration([("CHN", 0.938, 1), ("UKR", 0.022, 1), ("RUS", 0.019, 1), ("JPN", 0.01, 1),
                           ("KOR", 0.009, 1), ("DEU", 0.003, 0.8)])  # fmt: skip
    own = concentration([("CHN", 0.69, 1), ("USA", 0.1, 1), ("GBR", 0.09, 1), ("DEU", 0.02, 0.8), ("TWN", 0.02, 1),
                         ("UKR", 0.02, 1), ("HKG", 0.01, 1), ("RUS", 0.01, 1)])  # fmt: skip
    assert (world, own) == pytest.approx((5.00, 2.75), abs=0.005)
    assert round(supply_risk(world, own, 1.0), 1) == 3.9


def test_heavy_rare_earths_all_separated_in_china_lie_just_above_the_published_supply_risk():
    # 2 * (2.5 + 0.33813) = 5.676; published 5.1, so that recycling and substitutes take off a tenth
    upper = supply_risk(concentration([("CHN", 1.0, 1)]), math.nan, 1.0)
    assert upper == pytest.approx(5.676, abs=1e-3)
    assert 0.85 * upper < 5.1 < upper


def test_governance_is_turned_round_and_held_within_its_scale():
    assert governance_risk(np.array([2.5, -2.5, 3.0, -3.0])).tolist() == [0, 1, 0, 1]


def test_the_two_weighted_forms_differ():
    # all of the bad country's small share counts in the product (mean risk 0.2), its square only (0.04) in the sum
    share, risk = np.array([0.8, 0.2]), np.array([0.0, 1.0])
    assert governed_sum(share, risk) == pytest.approx(0.04)
    assert governed_product(share, risk) == pytest.approx(0.68 * 0.2)


@MANY
@given(SHARES, RISKS)
def test_sums_are_what_loops_add_up(weights, risks):
    share, risk = np.array(weights) / sum(weights), np.array(risks[: len(weights)])
    summed, square, mean = 0.0, 0.0, 0.0
    for s, g in zip(share, risk, strict=True):
        summed += s * s * g
        square += s * s
        mean += s * g
    assert governed_sum(share, risk) == pytest.approx(summed)
    assert governed_product(share, risk) == pytest.approx(square * mean)
    assert governed_sum(share, risk) <= square + 1e-12
    assert governed_sum(share, np.full(len(share), 0.3)) == pytest.approx(
        governed_product(share, np.full(len(share), 0.3))
    )


@MANY
@given(SHARES, st.floats(0.01, 0.9), st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, math.inf]), st.integers(1, 6))
def test_any_way_to_split_the_rest_lies_between_the_bounds(weights, rest, order, parts):
    named = np.array(weights) / sum(weights) * (1 - rest)
    low, high = hill_bounds(named, rest, order)
    everyone = [*named, *[rest / parts] * parts]
    if math.isinf(order):
        number = 1 / max(everyone)
    elif order == 1:
        number = math.exp(-sum(s * math.log(s) for s in everyone))
    else:
        number = sum(s**order for s in everyone) ** (1 / (1 - order))
    assert low - 1e-9 <= number <= high + 1e-9
    if parts == 1:
        assert number == pytest.approx(low)


def test_bounds_meet_where_all_are_named_and_are_nan_where_nobody_is():
    assert hill_bounds(np.array([0.5, 0.5]), 0.0, 2.0) == (2.0, 2.0)
    assert all(map(math.isnan, hill_bounds(np.array([]), 0.0, 2.0)))
    assert hill_bounds(np.array([]), 1.0, 2.0) == (1.0, math.inf)


def test_imports_from_inside_a_region_carry_no_risk():
    # 50 of 100 from a partner, 50 from outside at risk 0.6
    assert import_risk(np.array([50.0, 50.0]), np.array([0.0, 0.6])) == pytest.approx(0.3)


def test_an_economy_that_neither_buys_nor_makes_has_no_score():
    assert math.isnan(import_risk(np.array([]), np.array([])))
    assert all(map(math.isnan, geopolrisk(np.array([1.0]), np.array([]), np.array([]))))


def test_a_score_has_no_factor_without_a_price():
    score, factor = geopolrisk(np.array([1.0]), np.array([2.0]), np.array([0.5]))
    assert score == 0.5
    assert math.isnan(factor)
    assert geopolrisk(np.array([1.0]), np.array([2.0]), np.array([0.5]), price=COPPER)[1] == pytest.approx(0.5)


def test_supply_risk_goes_from_own_sourcing_to_half_and_half():
    assert supply_risk(6.0, 2.0, 0.0) == 2.0
    assert supply_risk(6.0, 2.0, 1.0) == 4.0
    assert supply_risk(6.0, 2.0, -3.0) == 2.0  # a net exporter depends on nobody
    assert supply_risk(6.0, math.nan, 0.4) == 6.0
    assert supply_risk(math.nan, 2.0, 0.4) == 2.0
    assert supply_risk(6.0, 2.0, 1.0, recycling=0.5, substitution=0.5) == 1.0


def test_reliance_is_not_known_without_consumption():
    assert import_reliance(80, 20, 40) == 0.6
    assert import_reliance(0, 50, 100) == -1
    assert math.isnan(import_reliance(0, 100, 100))


def test_without_the_largest_supplier_the_rest_serves_part_of_demand():
    # 100 made, 70 by the largest, who uses 40 of 100: 30 left for 60, or for all 100
    supply, demand = np.array([20.0, 70.0, 10.0]), np.array([0.0, 40.0, 60.0])
    assert n_minus_one(supply, demand) == (0.5, 0.3)
    assert all(map(math.isnan, n_minus_one(np.zeros(2), np.ones(2))))
    assert math.isnan(n_minus_one(np.array([1.0, 2.0]), np.array([0.0, 1.0]))[0])


@MANY
@given(SHARES, RISKS, st.floats(0.1, 10))
def test_units_and_the_order_of_countries_do_not_matter(weights, risks, factor):
    supply, risk = np.array(weights), np.array(risks[: len(weights)])
    one = geopolrisk(supply, supply, risk, 0.5)[0]
    other = geopolrisk(supply[::-1] * factor, supply[::-1] * factor, risk[::-1], 0.5 * factor)[0]
    assert one == pytest.approx(other)
