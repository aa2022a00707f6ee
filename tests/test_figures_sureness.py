"""Figures of how sure losses are and of what programmes plan: their tables by another way, their words apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel import figures
from graphmodel.analysis.outlook import CHANCE
from graphmodel.errors import ParameterError
from graphmodel.plot.render import render

NAMES = ("cascade_sizes", "rank_stability", "tornado", "programme_dumbbells", "project_timeline")


@pytest.fixture(scope="module")
def gallium(real):
    return figures.draw(real, NAMES, mineral="gallium")


def words_apart(figure):
    """Name pairs of words that lie on each other, and words that leave the page."""
    figure.draw_without_rendering()
    found = [text for legend in figure.legends for text in legend.get_texts()]
    found += [text for text in (figure._supxlabel, figure._supylabel) if text is not None]
    for ax in figure.axes:
        found += [*ax.texts, ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label]
        across, up = sorted(ax.get_xlim()), sorted(ax.get_ylim())
        found += [one for one in ax.get_xticklabels() if across[0] <= one.get_position()[0] <= across[1]]
        found += [one for one in ax.get_yticklabels() if up[0] <= one.get_position()[1] <= up[1]]
    boxes = [(text.get_text(), text.get_window_extent().expanded(0.97, 0.75)) for text in found if text.get_text()]
    clashes = [(a, b) for i, (a, one) in enumerate(boxes) for b, two in boxes[i + 1 :] if one.overlaps(two)]
    page = figure.bbox
    outside = [name for name, box in boxes if box.x0 < 0 or box.x1 > page.width or box.y0 < 0 or box.y1 > page.height]
    return clashes, outside


@pytest.mark.parametrize("name", NAMES)
def test_no_two_words_lie_on_each_other_and_none_is_cut(gallium, name):
    assert words_apart(gallium[name].figure) == ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_the_same_input_gives_the_same_bytes(real, gallium, name):
    again = figures.draw(real, [name], mineral="gallium")[name]
    assert render(again.figure, "svg") == render(gallium[name].figure, "svg")
    pd.testing.assert_frame_equal(again.table, gallium[name].table)


def test_the_share_of_stops_that_lose_as_much_is_counted(gallium):
    table = gallium["cascade_sizes"].table
    assert set(table["by"]) == {"plant", "industry", "country"}
    for _, rows in table.groupby(["by", "response"]):
        loss = rows["loss_share"].to_numpy()
        assert rows["at_least"].to_numpy() == pytest.approx([(loss >= one).mean() for one in loss])


def test_ranks_stand_beside_those_of_the_other_reconstruction(gallium, sparse):
    table = gallium["rank_stability"].table.set_index("removed")
    ranks = gm.removal(sparse, by="industry", mineral="gallium").table.set_index("removed")["rank"]
    assert (table["rank_again"] == ranks.reindex(table.index)).all()
    assert (table["rank_low"] <= table["rank_high"]).all()
    axes = gallium["rank_stability"].figure.axes[0]
    assert len(axes.get_yticklabels()) == 10


def test_a_changed_network_has_no_other_reconstruction(real):
    stopped = gm.Scenario().shut(0.5, country="COD", stage="mining").apply(real)
    assert "rank_again" not in figures.rank_stability(stopped, mineral="gallium").table


def test_the_worst_stop_is_named_over_its_tornado(gallium):
    axes = gallium["tornado"].figure.axes[0]
    assert any("lost without China · intermediate · aluminium" in text.get_text() for text in axes.texts)


def test_losses_with_programmes_are_those_without_less_what_they_avert(real, gallium):
    table = gallium["programme_dumbbells"].table
    listed = {name: gm.projects(name) for name in gm.datasets.PROGRAMMES}
    worth = gm.programme_worth(real, listed, mineral="gallium").table.set_index("programme")
    rows = table[table["programme"] != "all together"].assign(
        averted=lambda frame: frame["without"] - frame["with_projects"]
    )
    for measure, part in rows.groupby("measure"):
        assert part.set_index("programme")["averted"].to_dict() == pytest.approx(worth[measure].to_dict(), abs=1e-12)
    assert table.groupby("measure")["programme"].last().eq("all together").all()
    lost = gm.removal(real, by="industry", mineral="gallium").table["loss_share"]
    without = table.groupby("measure")["without"].first()
    assert without["worst"] == pytest.approx(lost.max())
    assert without["alone"] == pytest.approx(lost.head(64).mean())  # over the 64 worst stops
    assert without["tail"] == pytest.approx(lost.head(4).mean())  # 5 % of 64, rounded up
    mean = table[table["measure"] == "alone"].set_index("programme")["with_projects"]
    assert mean["all together"] <= mean.min() + 0.01


def test_start_years_add_up_to_all_that_projects_state(real, gallium):
    table = gallium["project_timeline"].table
    listed, content = gm.projects(), real.content("gallium")
    mine = listed[listed["material"].map(content).gt(0) & ~listed["status"].isin(["cancelled", "unidentified"])]
    capacity = mine["capacity"] * mine["material"].map(content)
    assert table["capacity"].sum() == pytest.approx(capacity.sum())
    assert table["expected"].sum() == pytest.approx((capacity * mine["status"].map(CHANCE)).sum())
    dated = table[table["start"] == "2028"]
    assert dated["capacity"].sum() == pytest.approx(capacity[mine["start_year"] == 2028].sum())


def test_years_before_and_after_have_columns_of_their_own(toy):
    plan = pd.DataFrame(
        {
            "project_id": ["a", "b", "c", "d"],
            "mineral": "lithium",
            "stage": "refining",
            "material": ["lithium-salt", "lithium-salt", "lithium-salt", "unheard-of"],
            "capacity": [10.0, 20.0, 40.0, 5.0],
            "start_year": [2018, 2040, np.nan, 2030],
            "status": ["operating", "announced", "development", "development"],
        }
    )
    figure, table = figures.project_timeline(toy, projects=plan)
    stated = table[table["capacity"] > 0].set_index("start")
    assert stated["capacity"].to_dict() == {"to 2019": 10, "from 2036": 20, "no year": 40}
    assert stated["expected"].to_dict() == pytest.approx({"to 2019": 10, "from 2036": 3, "no year": 14})
    assert table["capacity"].isna().sum() == 1  # what the network does not know has no tonnes
    assert "sites that state no capacity: 1 in refining" in figure._supxlabel.get_text()
    with pytest.raises(ParameterError, match="no project states a capacity"):
        figures.project_timeline(toy, projects=plan.assign(capacity=np.nan))
