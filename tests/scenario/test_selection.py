from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError
from graphmodel.scenario import select

MEMBERS = pd.DataFrame({"group": ["south", "south", "west", "far"], "country": ["CHL", "AUS", "USA", "NAM"]})


@pytest.mark.parametrize(
    ("where", "chosen"),
    [
        ({"node_id": "mine-a"}, {"mine-a"}),
        ({"country": "CHN"}, {"refine-a", "cell-b", "ev-chn"}),
        ({"country": ["CHN", "KOR"]}, {"refine-a", "cell-b", "ev-chn", "cell-a"}),
        ({"country": ("CHL",)}, {"mine-a"}),
        ({"country": pd.Series(["CHL"])}, {"mine-a"}),
        ({"country": "CHN", "stage": "cell"}, {"cell-b"}),
        ({"control": "CHN", "stage": ["mining", "refining"]}, {"mine-b", "refine-a"}),
        ({"kind": "demand"}, {"ev-usa", "ev-chn"}),
        ({"capacity": 500}, {"mine-a"}),
        ({"capacity": [500.0, "600"]}, {"mine-a", "mine-b"}),
        ({"cluster": "no", "stage": "refining"}, {"refine-a"}),
        ({"owner": "Northern Metals"}, {"mine-a"}),
        ({"owner": "Southern Metals", "equity": 0.4}, {"mine-a"}),
        ({"owner": "Southern Metals", "equity": 0.25}, {"mine-a", "mine-b"}),
        ({"owner": ["Southern Metals", "Northern Metals"], "equity": 1}, {"mine-a"}),
        ({"owner": "CHN"}, {"mine-b"}),
        ({"owner": "CHL", "equity": 0.25}, {"mine-a", "mine-b"}),
        ({"alliance": "south"}, {"mine-a", "mine-b"}),
        ({"alliance": ["south", "west"]}, {"mine-a", "mine-b", "ev-usa"}),
        ({"outside": "south", "stage": "use"}, {"ev-usa", "ev-chn"}),
        ({"outside": "west", "role": "sink"}, {"ev-chn"}),
        ({"material": "lithium-ore"}, {"mine-a", "mine-b"}),
        ({"material": ["lithium-salt", "lithium-cell"]}, {"refine-a", "cell-a", "cell-b"}),
        ({"role": "origin"}, {"mine-a", "mine-b"}),
        ({"role": ["process", "sink"], "country": "KOR"}, {"cell-a"}),
    ],
)
def test_nodes_are_chosen_by(toy, where, chosen):
    assert set(toy.nodes["node_id"][select(toy, where, members=MEMBERS)]) == chosen


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ({"country": "CHM"}, "'CHM': did you mean 'CHN'"),
        ({"country": "chn"}, "did you mean 'CHN'"),
        ({"contry": "CHN"}, "cannot select by 'contry'; did you mean 'country'"),
        ({"stage": "refinning"}, "did you mean 'refining'"),
        ({"owner": "Nothern Metals"}, "did you mean 'Northern Metals'"),
        ({"alliance": "soth"}, "did you mean 'south'"),
        ({"material": "lithium-oar"}, "did you mean 'lithium-ore'"),
        ({"role": "proces"}, "did you mean 'process'"),
        ({"country": ["CHN", "ABC", "DEF"]}, "'ABC': there are"),
    ],
)
def test_an_unknown_word_gets_the_nearest(toy, where, hint):
    with pytest.raises(UnknownNameError, match=hint):
        select(toy, where, members=MEMBERS)


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ({"country": "AUS", "stage": "refining"}, "country AUS has stage: mining"),
        ({"owner": "CHL"}, "held are 40% of mine-a, 25% of mine-b"),
        ({"alliance": "far"}, "nodes stand in AUS, CHL, CHN, KOR, USA"),
        ({"country": []}, "country can be AUS, CHL, CHN, KOR, USA"),
        ({"role": "stock"}, "no node has role='stock'"),
    ],
)
def test_an_empty_selection_says_what_there_is(toy, where, hint):
    with pytest.raises(EmptySelectionError, match=hint):
        select(toy, where, members=MEMBERS)


def test_what_contradicts_itself_is_refused(toy):
    with pytest.raises(ParameterError, match="equity needs an owner"):
        select(toy, {"equity": 0.5})
    for equity in (0, 1.5, "half", float("nan")):
        with pytest.raises(ParameterError, match="must lie above 0 and at most at 1"):
            select(toy, {"owner": "CHN", "equity": equity})
    with pytest.raises(ParameterError, match=r"gm\.table\('alliances', 'members'\)"):
        select(toy, {"alliance": "south"})


def test_shipped_alliances_can_be_used(real):
    members = gm.table("alliances", "members")
    chosen = select(real, {"alliance": "ASEAN"}, members=members)
    assert set(real.nodes["country"][chosen]) <= set(members.loc[members["group"] == "ASEAN", "country"])
    assert "IDN" in set(real.nodes["country"][chosen])
