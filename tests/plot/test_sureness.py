"""What stands on the axes of sensitivities, ranks, exceedances, start years and dumbbells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel import plot
from graphmodel.results import RemovalResult, SensitivityResult, UncertaintyResult
from tests.plot.test_rankings import empty, names, texts


def test_bars_of_a_tornado_run_from_the_loss_as_it_stands_to_both_ends(toy):
    result = gm.sensitivity(toy, by="country", removed="AUS", mineral="lithium")
    ax = result.plot()
    table = result.table[result.table["swing"] > 0]
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    assert ends == pytest.approx([*table["low"], *table["high"]])
    assert {round(bar.get_x(), 9) for bar in ax.patches} == {0.6}
    assert names(ax) == [
        "All estimated flows",
        "Australia sells lithium ore",
        "Chile sells lithium ore",
        "All flows by contract",
    ]
    assert "flows as they stand: 60 % lost without Australia" in texts(ax)
    assert texts(ax)[0] == plot.style.number(100 * table["swing"].iloc[0], 2)
    drawn = gm.sensitivity(toy, by="country", removed="AUS", mineral="lithium", draws=16).plot()
    assert all("of variance" in text for text in texts(drawn)[:4])


def test_a_short_bar_stands_before_a_long_one_on_the_same_side():
    row = dict.fromkeys(SensitivityResult.columns, 0)
    row |= {"kind": "total", "input": "COD:ore", "country": "COD", "material": "ore", "low": 0.3, "high": 0.4}
    row |= {"swing": 0.2, "total": np.nan}
    parameters = {"loss_share": 0.5, "worst": "x"}
    for low, high in ((0.3, 0.4), (0.4, 0.3)):
        made = SensitivityResult(pd.DataFrame([row | {"low": low, "high": high}]), network="n", parameters=parameters)
        pale, dark = made.plot().patches
        assert (pale.get_zorder() > dark.get_zorder()) == (low > high)


def test_ranks_are_dots_on_the_line_of_their_draws_beside_those_of_another_network(toy):
    result = gm.uncertainty(toy, by="node", draws=40)
    again = gm.removal(toy, by="node", response="reachability", mineral="lithium")
    ax = plot.rank_intervals(result, again=again, top=3)
    lines, other, dots = ax.collections
    table = result.table.head(3)
    drawn = np.array(lines.get_segments())[:, :, 0] + [0.12, -0.12]  # so that a range of one rank is seen
    assert drawn == pytest.approx(table[["rank_low", "rank_high"]].to_numpy())
    assert np.asarray(dots.get_offsets())[:, 0].tolist() == table["rank"].tolist()
    ranks = again.table.set_index("removed")["rank"]
    assert np.asarray(other.get_offsets())[:, 0].tolist() == [ranks[one] for one in table["removed"]]
    assert texts(ax) == ["first in 100 %"]
    assert names(ax)[0] == "Refinery A"
    assert ax.get_xscale() == "linear"


def test_far_ranks_are_drawn_on_a_logarithmic_axis(toy):
    again = gm.removal(toy).table.assign(rank=80)
    ax = plot.rank_intervals(gm.uncertainty(toy, by="node", draws=5), again=RemovalResult(again, network="far"))
    assert ax.get_xscale() == "log"
    assert [round(tick) for tick in ax.get_xticks()] == [1, 2, 5, 10, 20, 50, 100]


def test_a_curve_counts_the_stops_that_lose_as_much_or_more(toy):
    found = {by: gm.removal(toy, by=by) for by in ("plant", "country")}
    ax = plot.exceedance_curves(found)
    for line, result in zip(ax.lines, found.values(), strict=True):
        loss = result.table["loss_share"]
        x, y = line.get_data()
        assert sorted(x, reverse=True) == list(x) == sorted(loss, reverse=True)
        assert y[-1] == 1
        for size, part in zip(x, y, strict=True):
            assert part <= (loss >= size).mean() + 1e-12
        assert y[0] == pytest.approx(1 / len(loss))
    assert "Refinery A, 100 %" in texts(ax)
    none = gm.removal(toy, by="country", response="reachability", mineral="lithium").table.assign(loss_share=0.0)
    ax = plot.exceedance_curves({**found, "stage": RemovalResult(none, network="none")})
    assert f"by stage: none of {len(none)} loses" in texts(ax)


def test_start_years_stack_what_is_expected_and_the_rest():
    table = pd.DataFrame(
        {"start": ["2026", "2026", "no year"], "capacity": [10.0, 30.0, 5.0], "expected": [8.0, 12.0, 0.0]}
    )
    ax = plot.start_bars(table, ["2025", "2026", "no year"], scale=10.0)
    heights = [bar.get_height() for bar in ax.patches]
    assert heights == [0, 2, 0, 0, 2, 0.5]
    assert texts(ax) == ["4", "0.5"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2025", "2026", "no year"]
    assert "capacity" in plot.start_bars(table.head(0), ["2025"]).texts[0].get_text()


def test_dumbbells_join_without_and_with():
    table = pd.DataFrame({"row": ["EU", "KR"], "without": [0.5, 0.5], "with_projects": [0.4, 0.5]})
    ax = plot.loss_dumbbells(table)
    assert texts(ax) == ["\N{MINUS SIGN}10.00", "±0"]
    before, after = (np.asarray(points.get_offsets())[:, 0].tolist() for points in ax.collections[1:])
    assert (before, after) == ([0.5, 0.5], [0.4, 0.5])
    assert names(ax) == ["EU", "KR"]
    assert len(plot.loss_dumbbells(table.head(0)).texts) == 1


def test_an_empty_table_says_so():
    assert "moves" in empty(SensitivityResult).plot().texts[0].get_text()
    assert "no removal" in plot.rank_intervals(empty(UncertaintyResult)).texts[0].get_text()
    assert "no stop" in plot.exceedance_curves({"plant": empty(RemovalResult)}).texts[0].get_text()
