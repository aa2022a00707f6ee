"""Worked examples as printed: inputs and results of others, recomputed to their digits.

Where inputs are printed rounded, the range the rounding leaves is worked out and the printed result must lie in it.
"""

from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np
import pytest

from graphmodel.kernels.concentration import herfindahl, hill_numbers, largest_share
from graphmodel.kernels.indices import (
    governance_risk,
    governed_sum,
    import_reliance,
    n_minus_one,
    supply_risk,
)
from graphmodel.kernels.shapley import from_orders, shapley


def one_group(kernel, quantity, *rest):
    return float(kernel(np.array(quantity, float), np.zeros(len(quantity), int), 1, *rest)[0])


def test_the_department_of_justice_gets_2600_from_four_firms():
    # US Department of Justice, Antitrust Division, page "Herfindahl-Hirschman Index": shares of 30, 30, 20 and 20
    # percent, HHI 2,600 (30² + 30² + 20² + 20²); 10,000 where a single firm controls the market
    assert round(10_000 * one_group(herfindahl, [30, 30, 20, 20])) == 2_600
    assert 10_000 * one_group(herfindahl, [7]) == 10_000


GIRDLED = [46, 22, 17, 15, 15, 9, 8, 6, 6, 4, *[2] * 4, *[1] * 12]
LOGGED = [88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, *[4] * 3, *[3] * 4, *[2] * 4, *[1] * 14]


@pytest.mark.parametrize(
    ("abundance", "printed"),
    [(GIRDLED, ("26.000", "12.060", "7.840")), (LOGGED, ("37.000", "14.421", "6.761"))],
)
def test_hill_numbers_of_the_spiders_are_those_of_the_inext_vignette(abundance, printed):
    # Spiders of Chao et al. (2014), Ecological Monographs 84, 45-67, doi:10.1890/13-0133.1; R package iNEXT, data set
    # `spider`; vignette "A Quick Introduction to iNEXT via Examples", table $AsyEst, column Observed: species
    # richness, Shannon diversity, Simpson diversity
    assert tuple(f"{one_group(hill_numbers, abundance, order):.3f}" for order in (0, 1, 2)) == printed
    assert one_group(hill_numbers, abundance, np.inf) == 1 / one_group(largest_share, abundance)


# USGS, Mineral Commodity Summaries 2026, chapter of each, table "Salient Statistics - United States": production,
# imports for consumption, exports, and net import reliance in percent of apparent consumption, 2021 to 2025. These are
# the chapters that define consumption as production + imports - exports, without stocks, and print every term. Zinc
# counts no stocks since 2023. Rhenium's imports are metal and perrhenate, diamond's production made and secondary.
SALIENT = {
    "magnesium compounds": ([432, 412, 428, 398, 400], [647, 591, 490, 496, 640], [95, 104, 89, 62, 60],
                            [56, 54, 48, 52, 59]),
    "rhenium": ([9290, 8870, 9410, 9310, 9800], [15900 + 6020, 11000 + 8810, 10200 + 4890, 12600 + 7450, 23000 + 7800],
                [0, 92, 689, 735, 2200], [70, 69, 61, 68, 75]),
    "titanium mineral concentrates": ([100, 200, 100, 100, 100], [969, 952, 638, 658, 730], [20, 110, 40, 5, 10],
                                      [90, 81, 86, 87, 88]),
    "diamond (industrial)": ([132 + 1.2, 150 + 14.4, 152 + 14, 159 + 14.9, 160 + 15], [261, 303, 264, 238, 170],
                             [99.1, 94, 74, 73.3, 72], [55, 56, 53, 49, 35]),
    "garnet (industrial)": ([81700, 76400, 71900, 74200, 77000], [145000, 268000, 151000, 155000, 210000],
                            [20400, 23300, 20000, 24400, 22000], [60, 76, 65, 64, 71]),
    "pumice and pumicite": ([504, 295, 438, 410, 430], [87, 103, 53, 144, 64], [11, 14, 11, 11, 15],
                            [13, 23, 9, 24, 10]),
    "zinc, refined": ([220, 220, 220], [705, 590, 600], [3, 2, 2], [76, 73, 73]),
}  # fmt: skip
ROWS = [
    (name, year, *row)
    for name, table in SALIENT.items()
    for year, row in zip(range(2026 - len(table[0]), 2026), zip(*table, strict=True), strict=True)
]


def rounded(amount, digits):
    """Return the least and the most that is printed as this amount."""
    unit = 10.0 ** max(math.floor(math.log10(amount)) + 1 - digits, 0) if amount else 0.0
    return amount - unit / 2, amount + unit / 2


@pytest.mark.parametrize(("name", "year", "produced", "imports", "exports", "printed"), ROWS)
def test_net_import_reliance_is_that_of_the_commodity_summaries(name, year, produced, imports, exports, printed):
    # Amounts are printed to three digits at most, the estimates of 2025 to two, titanium's production to 100,000 tons.
    digits = 2 if year == 2025 else 3
    domestic = rounded(produced, 1 if name.startswith("titanium") else digits)
    corners = product(rounded(imports, digits), rounded(exports, digits), domestic)
    reach = [100 * import_reliance(*corner) for corner in corners]
    assert min(reach) <= printed + 0.5
    assert max(reach) >= printed - 0.5


def test_all_but_four_net_import_reliances_need_no_leave_for_rounding():
    off = [(name, year) for name, year, p, i, e, printed in ROWS if round(100 * import_reliance(i, e, p)) != printed]
    # 60.48, 67.48 and 74.48 for 61, 68 and 75; 35.9 for 35
    assert off == [("rhenium", 2023), ("rhenium", 2024), ("rhenium", 2025), ("diamond (industrial)", 2025)]


# EU study 2023, doi 10.2873/725585: shares of world extraction in percent and trade parameters as printed; governance
# is the mean of the six indicators, 2016 to 2020, in the release of 2022. Shares printed as < 0.1 % are left out.
COBALT = [
    (3.9, 1, 1.53451), (0.2, 1, -0.21308), (4.1, 1, 1.59645), (3.8, 1, -0.33813), (62.8, 1.1, -1.61134),
    (3.6, 1, -0.45746), (1.3, 0.8, 1.76523), (0.3, 1, -0.13908), (2.0, 1, -0.74684), (1.6, 1, -0.30855),
    (2.1, 1, -0.58602), (2.7, 1, -0.31674), (6.6, 1, -0.66955), (0.8, 1, 0.07686), (0.1, 1, -0.47759),
    (0.4, 1, 1.15932), (1.7, 1.1, -0.43196), (0.4, 1, -1.2262),
]  # fmt: skip
VANADIUM = [(7.6, 1, -0.21308), (61.6, 1, -0.33813), (0.4, 1, -0.13692), (19.8, 1, -0.66955), (10.6, 1, 0.07686),
            (0.1, 1, 1.15932)]  # fmt: skip
NIOBIUM = [(91.8, 1, -0.21308), (6.6, 1, 1.59645), (0.6, 1, -1.61134), (0.1, 1, -1.06326), (0.6, 1, -0.66955),
           (0.2, 1, -0.02723)]  # fmt: skip
BERYLLIUM = [(1.5, 1, -0.21308), (26.0, 1, -0.33813), (0.3, 1, -0.74684), (3.6, 1, -0.83009), (0.4, 1, -1.06326),
             (0.4, 1, -0.02723), (0.6, 1, -0.61251), (67.3, 1, 1.15932)]  # fmt: skip


def at_most(rows, recycling, leave):
    """Return the supply risk of world extraction alone at SI 1; leave is what rounding takes off each share."""
    share, trade, score = np.array(rows, float).T
    world = governed_sum((share + leave) / 100, governance_risk(score, scale=10.0), trade)
    return supply_risk(world, math.nan, 1.0, recycling=recycling)


@pytest.mark.parametrize(
    ("rows", "recycling", "printed"),
    [(COBALT, 0.22, 2.8), (VANADIUM, 0.06, 2.3)],
)
def test_supply_risks_that_hang_on_world_extraction_alone_come_out_to_their_printed_digit(rows, recycling, printed):
    # Without EU sourcing in the study import reliance does not count. End-of-life recycling input rates as in the
    # factsheets of SCRREEN. That nothing takes their place (SI 1) is ours: their printed SI has not been found.
    assert round(at_most(rows, recycling, 0.0), 1) == printed
    low, high = at_most(rows, recycling + 0.005, -0.05), at_most(rows, recycling - 0.005, 0.05)
    assert low - 0.05 <= printed <= high + 0.05


def test_niobium_lies_below_its_bound_and_beryllium_does_not_come_out():
    # The other two whose extraction counts and whose EU sourcing is not given. Niobium, no recycling: 4.58 at SI 1,
    # printed 4.4, which is SI 0.96. Beryllium: 1.61 at most, printed 1.8, which these shares do not allow.
    assert at_most(NIOBIUM, 0.0, 0.0) == pytest.approx(4.58, abs=0.005)
    assert at_most(BERYLLIUM, 0.0, 0.05) < 1.8 - 0.05


@pytest.mark.parametrize(
    ("largest", "world", "demand", "over_all", "printed"),
    [
        # IEA Critical Minerals Data Explorer, May 2025, 2035: refined supply of the largest supplier and of the world
        # (base case), total demand (STEPS), kt; Global Critical Minerals Outlook 2025: N-1 share
        (2045.3, 4427.958, 5129.894794, 0.464, 0.55),  # nickel without Indonesia, "less than 55 %"
        (281.854311, 461.196152, 694.592792, 0.258, 0.65),  # lithium without China
        (254.457759, 333.393974, 328.761052, 0.240, 0.65),  # cobalt without China
        (86.444702, 114.500744, 140.119719, 0.200, 0.35),  # rare earths without China, "35-40 %"
    ],
)
def test_the_rest_serves_less_of_all_demand_than_iea_prints(largest, world, demand, over_all, printed):
    # IEA leaves out the largest supplier's own demand, which its open tables do not give: a bound, no recomputation.
    rest = (world - largest) / 2
    found = n_minus_one(np.array([largest, rest, rest]), np.array([0.0, demand, 0.0]))[1]
    assert found == pytest.approx(over_all, abs=5e-4)
    assert found < printed


def game(n, value):
    return np.array([float(value({i for i in range(n) if c >> i & 1})) for c in range(2**n)])


def test_power_in_a_vote_of_four_is_that_printed_for_stach():
    # Stach (2011) "Shapley-Shubik index", Encyclopedia of Power, 603-606, as in the R package CoopGame 0.2.2, page
    # shapleyShubikIndex: votes 10, 10, 20, 30, quota 50: 0.08333333 0.08333333 0.25000000 0.58333333
    votes = [10, 10, 20, 30]
    won = game(4, lambda s: sum(votes[i] for i in s) >= 50)
    assert shapley(won).round(8).tolist() == [0.08333333, 0.08333333, 0.25, 0.58333333]


def test_costs_of_three_and_of_a_union_of_two_are_those_printed_for_owen():
    # R package GameTheoryAllocation 1.0, manual, pages 7 and 8: costs 1, 1, 2 alone, the dearest for each coalition;
    # Shapley value 0.3333333 0.3333333 1.333333; Owen value (Owen 1977) with the union {1, 2}: 0.25 0.25 1.5
    costs = [1, 1, 2]
    runway = game(3, lambda s: max((costs[i] for i in s), default=0))
    assert [f"{share:.7g}" for share in shapley(runway)] == ["0.3333333", "0.3333333", "1.333333"]
    together = [order for order in permutations(range(3)) if order[1] != 2]  # members of the union stand side by side
    orders = np.array([row for order in together if order < order[::-1] for row in (order, order[::-1])])
    number = np.cumsum(np.column_stack([np.zeros(len(orders), int), 1 << orders]), axis=1)
    assert from_orders(orders, runway[number])[0].tolist() == [0.25, 0.25, 1.5]
