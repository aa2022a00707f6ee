"""What stands on the axes of rankings: bars, marks, labels and their order."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure

import graphmodel as gm
from graphmodel import plot, results
from graphmodel.errors import UnknownNameError


def bars(ax):
    return [round(patch.get_width(), 6) for patch in ax.patches]


def names(ax):
    return [tick.get_text() for tick in ax.get_yticklabels()]


def texts(ax):
    return [text.get_text().replace("\u2009", " ") for text in ax.texts]


def empty(kind):
    return kind(pd.DataFrame(columns=list(kind.columns)), network="nothing")


def test_the_refinery_stands_on_top_and_loses_all(toy):
    ax = plot.removal_ranking(gm.removal(toy))
    assert bars(ax) == [1.0, 0.6, 0.6, 0.4, 0.4]
    assert names(ax)[0] == "Refinery A"
    assert texts(ax)[:2] == ["100 %", "60 %"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row is on top


def test_reachability_is_a_mark_on_the_row_of_its_bar(toy):
    ax = plot.chokepoint_ranking(gm.chokepoints(toy, mineral="lithium"))
    marks = ax.collections[0].get_offsets().tolist()
    assert bars(ax) == [1.0, 0.6, 0.6, 0.4, 0.4]
    assert marks == [[1.0, 0], [0.5, 1], [0, 2], [0, 3], [0, 4]]


def test_a_results_own_plot_says_whose_demand_is_lost_in_what_and_names_its_marks(toy):
    result = gm.chokepoints(toy, by="industry", mineral="lithium", consumer="USA")
    ax = result.plot()
    assert ax.get_xlabel() == "share of final demand of United States lost, in tonnes of lithium"
    assert names(ax)[0] == "China · refining · lithium"
    (legend,) = ax.figure.legends
    assert len(legend.get_texts()) == 2
    both = plot.chokepoint_ranking(result, ax=ax.figure.add_subplot())
    assert both.figure.legends == [legend]  # where axes are given, the legend is the caller's


def test_products_that_lose_nothing_are_left_out_unless_all_do(toy):
    lost = gm.losses(toy, gm.Scenario("mine B stops").shut(node_id="mine-b"))
    spared = lost.table.assign(product="cobalt-cell", loss=0.0, loss_share=0.0)
    ax = plot.loss_by_product(lost.of(pd.concat([lost.table, spared])), names=lost.words)
    assert names(ax) == ["Lithium cell"]
    assert ax.get_xlabel().endswith("1 of 2 shown")
    assert names(plot.loss_by_product(lost.of(spared))) == ["Cobalt-cell"]


def test_codes_of_groups_are_printed_in_words(toy):
    result = gm.chokepoints(toy, by="industry", mineral="lithium")
    ax = plot.chokepoint_ranking(result, names={"cell": "cell making", "lithium": "", "battery": ""})
    assert names(ax)[0] == "China · refining"
    assert "South Korea · cell making" in names(ax)
    assert names(plot.chokepoint_ranking(result))[0] == "China · refining · lithium"


def test_only_the_top_rows_are_drawn(toy):
    assert len(bars(plot.removal_ranking(gm.removal(toy), top=2))) == 2


def test_style_keywords_reach_the_bars(toy):
    ax = plot.removal_ranking(gm.removal(toy), color="#123456")
    assert ax.patches[0].get_facecolor()[:3] == pytest.approx((0x12 / 255, 0x34 / 255, 0x56 / 255))


def test_a_measure_ranks_nodes(toy):
    ax = plot.centrality_ranking(gm.centrality(toy, mineral="lithium"), measure="betweenness", top=3)
    assert names(ax)[0] == "refine-a"
    assert bars(ax)[0] == 8
    assert ax.get_xlabel() == "betweenness"


def test_an_unknown_measure_names_the_nearest(toy):
    result = gm.centrality(toy, mineral="lithium")
    with pytest.raises(UnknownNameError, match="did you mean 'betweenness'"):
        plot.centrality_ranking(result, measure="betwenness")
    with pytest.raises(UnknownNameError, match="did you mean 'pagerank'"):
        plot.centrality_against_loss(gm.chokepoints(toy, mineral="lithium"), measure="page_rank")


def test_what_betweenness_misses_stands_high_at_the_left_and_is_named(toy):
    ax = plot.centrality_against_loss(gm.chokepoints(toy, mineral="lithium"), measure="betweenness")
    points = ax.collections[0].get_offsets().tolist()
    assert [0.0, 0.6] in points  # mine B: betweenness 0, six tenths lost
    assert "Mine B" in texts(ax)


def test_the_loss_of_each_product_and_country_stands_in_its_cell(toy):
    ax = plot.loss_by_product(gm.losses(toy, gm.Scenario("mine B stops").shut(node_id="mine-b")))
    assert texts(ax) == ["60", "60"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["China", "United States"]
    assert ax.get_title(loc="left") == "mine B stops"


def test_a_breakdown_shows_one_removal_at_a_time(toy):
    ax = plot.breakdown_by_product(gm.breakdown(toy), removed="cell-b")
    assert texts(ax) == ["80"]  # 4 of China's 5
    assert ax.get_title(loc="left") == "cell-b"
    with pytest.raises(UnknownNameError, match="did you mean 'cell-b'"):
        plot.breakdown_by_product(gm.breakdown(toy), removed="cellb")


def test_a_cell_without_demand_is_hatched():
    rows = [("frozen", "car", "USA", "t", 5.0, 1.0, 0.2), ("frozen", "phone", "CHN", "t", 5.0, 5.0, 1.0)]
    result = results.LossResult(pd.DataFrame(rows, columns=list(results.LossResult.columns)), network="two products")
    ax = plot.loss_by_product(result)
    assert [tuple(patch.get_xy()) for patch in ax.patches if patch.get_hatch()] == [(1, 0), (0, 1)]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["Phone", "Car"]  # the larger loss first
    with pytest.raises(UnknownNameError, match="did you mean 'frozen'"):
        plot.loss_by_product(result, response="froze")


def test_before_and_after_are_joined(toy):
    half = gm.Scenario("mine A halves").shut(0.5, node_id="mine-a")
    result = gm.diversification(toy, half, mineral="lithium")
    ax = plot.before_and_after(result, measure="worst_loss")
    rows = result.table.query("measure == 'worst_loss'")
    before, after = (collection.get_offsets()[:, 0].tolist() for collection in ax.collections[1:3])
    assert before == rows["without"].tolist()
    assert after == rows["with_scenario"].tolist()
    assert names(ax) == ["By country", "By control"]


def test_shares_of_a_stage_fill_the_bar(toy):
    rows = [("AUS", 0.6), ("CHL", 0.375), ("PER", 0.02), ("", 0.005)]
    table = pd.DataFrame(rows, columns=["group", "share"]).assign(
        stage="mining", material="lithium", unit="t", quantity=1
    )
    shares = results.ShareResult(table, network="toy", parameters={"mineral": "lithium"})
    ax = plot.stage_shares(shares, gm.concentration(toy, mineral="lithium"))
    mining = [patch for patch in ax.patches if abs(patch.get_y() + patch.get_height() / 2) < 0.01]
    assert [round(patch.get_width(), 6) for patch in mining] == [0.6, 0.375, 0.02, 0.005]
    assert "Australia 60 %" in texts(ax)
    assert "0.52" in texts(ax)  # 0.6² + 0.4², low and high alike


def test_shares_without_an_index_stand_alone(toy):
    ax = gm.shares(toy, mineral="lithium").plot()
    assert "HHI, low–high" not in texts(ax)
    assert "China 100 %" in texts(ax)


def test_the_index_is_drawn_from_low_to_high(toy):
    ax = plot.concentration_ranges(gm.concentration(toy, mineral="lithium"))
    assert names(ax)[1] == "Refining"
    assert texts(ax)[1] == "China 100 %"
    assert ax.collections[1].get_offsets()[:, 0].tolist() == pytest.approx([0.52, 1.0, 0.52])


def test_closure_draws_what_is_left_over_and_marks_its_sides():
    closure = pd.DataFrame(
        {
            "material": ["ore", "salt"],
            "unit": "t Co",
            "supply": [100.0, 50.0],
            "shipped": [90.0, 50.0],
            "residual": [10.0, 0.0],
            "residual_share": [0.1, 0.0],
            "need_residual_share": 0.0,
            "sided": ["two-sided", "one-sided"],
        }
    )
    ax = plot.closure_bars(closure, names={"ore": "Cobalt ore"})
    assert bars(ax) == [0.9, 1.0, 0.1, 0.0]
    assert names(ax) == ["Cobalt ore", "Salt"]
    assert [len(collection.get_offsets()) for collection in ax.collections] == [1, 1]
    assert texts(ax) == ["100 t Co", "10 %", "50 t Co"]


def test_what_flows_rest_on_adds_up_to_one():
    basis = pd.DataFrame(
        {"material": ["ore"], "reported": [0.5], "contract": [0.2], "trade": [0.2], "estimated": [0.1]}
    )
    ax = plot.basis_bars(basis)
    assert bars(ax) == [0.5, 0.2, 0.2, 0.1]
    assert sum(bars(ax)) == pytest.approx(1)


@pytest.mark.parametrize("kind", list(plot.DEFAULTS), ids=lambda kind: kind.__name__)
def test_an_empty_result_says_so_instead_of_failing(kind):
    ax = empty(kind).plot()
    assert len(ax.texts) == 1
    ax.figure.draw_without_rendering()


def test_empty_tables_of_a_package_say_so():
    for draw in (plot.closure_bars, plot.basis_bars):
        assert "empty" in draw(pd.DataFrame()).texts[0].get_text()


def test_every_result_has_a_plot():
    kinds = {kind for kind in vars(results).values() if isinstance(kind, type) and issubclass(kind, results.Result)}
    assert kinds - {results.Result} == set(plot.DEFAULTS)


def test_a_result_without_a_plot_is_refused():
    with pytest.raises(UnknownNameError, match="Result has no plot"):
        plot.default(results.Result(pd.DataFrame(), network="nothing"))


def test_a_plot_draws_on_the_axes_given(toy):
    ax = Figure().add_subplot()
    assert gm.removal(toy).plot(ax=ax) is ax


def test_names_with_markup_stay_as_they_are(toy):
    nodes = toy.nodes.assign(name="$\\frac{x$ <b>钴</b>")
    ax = plot.removal_ranking(gm.removal(toy.with_tables(nodes=nodes)))
    ax.figure.draw_without_rendering()
    assert names(ax)[0] == "\\$\\frac{x\\$ <b>‹94B4›</b>"


def test_every_order_of_removal_is_a_curve_named_with_its_mean(toy):
    result = gm.percolation(toy, order=("loss", "random"), measure="frozen", mineral="lithium", steps=None)
    ax = plot.percolation_curves(result)
    assert ax.lines[0].get_ydata().tolist() == [1, 0, 0, 0, 0, 0]
    assert "by loss, R = 0" in texts(ax)
    assert len(ax.collections) == 1  # the band of chance
    assert ax.get_xlabel() == "share of nodes removed"
