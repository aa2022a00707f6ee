"""Figures of structure: plants along the chain, trade, shares by stage, dependence, and a stop that runs down."""

from __future__ import annotations

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel import figures, plot
from graphmodel.analysis.stage_losses import stage_losses
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError
from graphmodel.plot.render import render
from tests.conftest import network

NAMES = ("layered_network", "mineral_stage_heat", "downstream_vulnerability", "dependence_matrix", "chord")
ORE = pd.DataFrame([{"material": "ore", "unit": "t Co", "mineral": "cobalt"}])


def texts(ax):
    return [text.get_text().replace("\u2009", " ") for text in ax.texts]


def drawn_texts(figure):
    """Every text of a figure that is printed, with its box."""
    figure.set_dpi(300)
    figure.draw_without_rendering()
    for ax in figure.axes:
        ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()] if ax.axison else []
        legends = [legend for legend in (ax.get_legend(), *figure.legends) if legend]
        words = [*ax.texts, *ticks, ax.xaxis.label, ax.title, ax._left_title, *figure.texts]
        for text in [*words, *(text for legend in legends for text in legend.get_texts())]:
            if text.get_text() and text.get_visible():
                yield text


def test_no_two_texts_overlap_and_none_is_cut(real):
    for mineral in ("cobalt", "gallium", "natural-graphite"):
        drawn = figures.draw(real, NAMES, mineral=mineral)
        assert list(drawn) == list(NAMES)
        for name, (figure, _) in drawn.items():
            found = {id(text): text for text in drawn_texts(figure)}.values()
            straight = [text for text in found if text.get_rotation() % 90 == 0]
            boxes = [(text.get_text(), text.get_window_extent()) for text in straight]
            shrunk = [(words, box.expanded(0.96, 0.72)) for words, box in boxes]
            clashes = [(a, b) for i, (a, one) in enumerate(shrunk) for b, two in shrunk[i + 1 :] if one.overlaps(two)]
            assert clashes == [], name
            cut = [text.get_text() for text in found if not _inside(text.get_window_extent(), figure.bbox)]
            assert cut == [], name


def _inside(box, page):
    return box.x0 >= -1 and box.y0 >= -1 and box.x1 <= page.x1 + 1 and box.y1 <= page.y1 + 1


def test_the_same_network_gives_the_same_bytes(toy):
    one, two = (figures.draw(toy, NAMES) for _ in range(2))
    for name in NAMES:
        assert render(one[name].figure, "pdf") == render(two[name].figure, "pdf")
        pd.testing.assert_frame_equal(one[name].table, two[name].table)


def test_without_a_mineral_each_says_what_to_fill(chain):
    for name in NAMES:
        with pytest.raises(ParameterError, match="composition"):
            figures.draw(chain, [name])


def test_a_stopped_mine_takes_its_share_of_every_stage(toy):
    stop = gm.Scenario("mine B stops").shut(node_id="mine-b")  # 600 of 1000 t
    table = figures.downstream_vulnerability(toy, scenario=stop).table.set_index("label")
    assert table.loc["Mining", ["output", "cut", "reachability", "frozen"]].tolist() == [1000, 600, 600, 600]
    # the refinery still has mine A: nothing is beyond reach, six tenths are missing, none is stopped there
    for label in ("Refining", "Cell making", "All final products", "Lithium cell"):
        assert table.loc[label, ["cut", "reachability", "frozen"]].tolist() == pytest.approx([0, 0, 600])
        assert table.loc[label, "frozen_share"] == pytest.approx(0.6)


def test_half_a_mine_is_no_mine_out_of_reach(toy):
    half = gm.Scenario("mine A halves").shut(0.5, node_id="mine-a")  # 200 of 1000 t
    table = stage_losses(toy, half, mineral="lithium").set_index("node_id")
    assert table.loc["mine-a", ["cut", "reachability", "frozen"]].tolist() == [200, 0, 200]
    assert table.loc["refine-a", "frozen"] == pytest.approx(200)


def test_the_end_of_the_chain_is_what_losses_say(real):
    stop = gm.Scenario("Indonesia").shut(country="IDN", stage="mining")
    users = stage_losses(real, stop, mineral="nickel").query("final")
    expected = gm.losses(real, stop, mineral="nickel").table
    held = real.content("nickel")
    for response in ("reachability", "frozen"):
        rows = expected[expected["response"] == response]
        tonnes = (rows["loss"] * rows["product"].map(held).fillna(0)).groupby(rows["product"]).sum()
        assert users.groupby("product")[response].sum().to_dict() == pytest.approx(
            {name: tonnes[name] for name in users["product"].unique()}
        )


def test_a_bar_holds_what_is_stopped_and_what_is_missing(toy):
    figure, table = figures.downstream_vulnerability(toy)
    widths = [patch.get_width() for patch in figure.axes[0].patches]
    stages = table[table["panel"] == "stage"]
    assert widths == [*[1.0] * 3, *stages["frozen_share"], *stages["cut_share"]]
    assert stages["cut_share"].tolist() == [0, 1, 0]  # China's refining
    assert figure.get_suptitle() == "China: all lithium refining stops"
    assert texts(figure.axes[0]) == ["0 % of 1 000", "100 % of 1 000", "100 % of 1 000"]


def test_only_the_users_asked_for_are_shown(real):
    stop = gm.Scenario("DR Congo").shut(country="COD", stage="mining")
    table = figures.downstream_vulnerability(
        real, mineral="cobalt", product="ev-use", consumer="JPN", scenario=stop
    ).table
    products = table[table["panel"] == "product"]
    assert products["product"].tolist() == ["", "ev-use"]
    wanted = gm.losses(real, stop).table.query("response == 'frozen' and product == 'ev-use' and consumer == 'JPN'")
    assert products["frozen_share"].to_numpy() == pytest.approx(wanted["loss_share"].iloc[0])
    with pytest.raises(UnknownNameError, match="no product 'ev-uses'; did you mean 'ev-use'"):
        figures.downstream_vulnerability(real, mineral="cobalt", product="ev-uses", scenario=stop)


def test_a_stop_without_users_is_refused():
    pair = network([("m", "mining", "COD"), ("p", "making", "CHN")], [("m", "p", "ore", 1.0)], materials=ORE)
    with pytest.raises((ParameterError, EmptySelectionError)):
        figures.downstream_vulnerability(pair)


def test_cells_hold_the_largest_maker_and_its_share(toy, real):
    figure, table = figures.mineral_stage_heat(toy)
    assert texts(figure.axes[0]) == ["AUS\n60", "CHN\n100", "KOR\n60", "Battery"]
    assert table["hhi_low"].tolist() == pytest.approx([0.52, 1.0, 0.52])
    whole = figures.mineral_stage_heat(real).table
    assert set(whole["mineral"]) == set(real.minerals)
    assert list(dict.fromkeys(whole["family"])) == ["Battery", "Magnet", "Chip", "Host", "Other"]
    made = gm.shares(real, mineral="tungsten").table.query("group != ''")
    expected = made.groupby("stage")["share"].max().to_dict()
    assert whole[whole["mineral"] == "tungsten"].set_index("stage")["largest_share"].to_dict() == pytest.approx(
        expected
    )


def test_who_controls_is_another_lens(real):
    table = figures.mineral_stage_heat(real, lens="control").table.query("mineral == 'cobalt'").set_index("stage")
    expected = gm.concentration(real, by="control", mineral="cobalt").table.set_index("stage")
    assert table["largest"].to_dict() == expected["largest"].to_dict()
    assert table.loc["mining", "largest"] == "CHN"  # not the DR Congo, where the mines are
    with pytest.raises(UnknownNameError, match="no lens 'owner'"):
        figures.mineral_stage_heat(real, lens="owner")


def test_a_maker_behind_the_unknown_has_a_question_mark():
    row = {"family": "Chip", "mineral": "tin", "stage": "mining", "largest_share": 0.3}
    table = pd.DataFrame([{**row, "largest": "PER", "unassigned_share": 0.3}, {**row, "stage": "x", "largest": "",
                          "largest_share": float("nan"), "unassigned_share": 1.0}])  # fmt: skip
    ax = plot.largest_by_stage(table, stages=["mining", "x"])
    assert texts(ax) == ["PER?\n30", "?", "Chip"]


def test_each_user_passes_the_refinery(toy):
    figure, table = figures.dependence_matrix(toy, groups=["MSP"])
    share = table.set_index(["label", "group"])["share"]
    assert share["All users", "CHN"] == 1  # the only refinery
    assert share["All users", "KOR"] == pytest.approx(0.6)  # cells: 500 for the US, 100 for China, of 1000
    assert share["China", "KOR"] == pytest.approx(0.2)
    assert share["United States", "AUS"] == pytest.approx(0.6)
    assert table.query("own")["user"].unique().tolist() == ["MSP", "CHN"]
    rows = [tick.get_text().replace("\u2009", " ") for tick in figure.axes[0].get_yticklabels()]
    assert rows == [
        "All users  1 000",
        "Minerals Security Partnership partners  500",
        "China  500",
        "United States  500",
    ]
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == [
        "China",
        "Australia",
        "South Korea",
        "Chile",
    ]


def test_shares_of_a_group_weigh_its_countries_by_use(real):
    table = figures.dependence_matrix(real, mineral="cobalt", stage="refining").table
    rows = gm.dependence(real, mineral="cobalt", stage=["any", "refining"]).table
    members = gm.datasets.table("alliances", "members").query("group == 'EU27'")["country"]
    of = rows[rows["consumer"].isin(members)]
    demand = of.drop_duplicates(["consumer", "product"])["demand"].sum()
    passed = of.query("stage == 'refining' and group == 'CHN'")["quantity"].sum()
    assert table.set_index(["user", "group"])["share"]["EU27", "CHN"] == pytest.approx(passed / demand)
    largest = rows.drop_duplicates(["consumer", "product"]).groupby("consumer")["demand"].sum().nlargest(12)
    assert table.query("kind == 'country'")["user"].unique().tolist() == largest.index.tolist()


def test_an_unknown_alliance_or_stage_names_the_nearest(toy):
    with pytest.raises(UnknownNameError, match="no alliance 'EU'"):
        figures.dependence_matrix(toy, groups=["EU"])
    with pytest.raises(UnknownNameError, match="did you mean 'refining'"):
        figures.dependence_matrix(toy, stage="refinin")


def test_every_link_of_a_small_network_is_a_curve(toy):
    figure, table = figures.layered_network(toy)
    ax = figure.axes[0]
    assert table["quantity"].tolist() == [600, 600, 500, 400, 400, 400, 100]  # mine B's two edges are one link
    assert len(ax.collections[0].get_paths()) == 7
    assert [round(float(width), 3) for width in ax.collections[0].get_linewidths()] == [
        6.0,
        6.0,
        5.05,
        4.1,
        4.1,
        4.1,
        1.25,
    ]  # 0.3 + 5.7 times the share of the largest, 600
    assert {"Mining", "Refining", "Cell making", "Use", "Mine A", "Refinery A"} <= set(texts(ax))
    assert texts(ax)[-1].endswith("All links are drawn.")
    x = {words: ax.texts[place].get_position()[0] for place, words in enumerate(texts(ax))}
    assert x["Mining"] < x["Refining"] < x["Cell making"] < x["Use"]


def test_what_is_left_out_is_said(real):
    figure, table = figures.layered_network(real, mineral="gallium", n_links=20)
    edges = real.edges[["source", "target"]].assign(quantity=real.quantity("gallium")).query("quantity > 0")
    stock = real.nodes.set_index("node_id")["stage"].eq("stock")
    sums = edges[~edges["target"].map(stock)].groupby(["source", "target"])["quantity"].sum()
    assert table["quantity"].tolist() == pytest.approx(sums.nlargest(20).tolist())
    share = 100 * table["quantity"].sum() / sums.sum()
    assert f"The 20 largest of {len(sums)} links: {share:.0f} % of all tonnes" in texts(figure.axes[0])[-1]


def test_recycling_stands_below_all_else(loop):
    unit = pd.DataFrame({"material": ["ore", "salt", "scrap", "metal"], "unit": "t Co", "mineral": "cobalt"})
    figure, _ = figures.layered_network(loop.with_tables(materials=unit))
    y = {text.get_text(): text.get_position()[1] for text in figure.axes[0].texts}
    assert y["recycling"] > max(y["mining"], y["making"], y["use"])  # the axis points down


def test_marks_take_the_colour_asked_for(toy):
    with pytest.raises(UnknownNameError, match="did you mean 'stage'"):
        figures.layered_network(toy, colour="stages")
    country, stage = (figures.layered_network(toy, colour=colour).figure for colour in ("country", "stage"))
    assert (
        country.axes[0].collections[0].get_edgecolors().tolist()
        != stage.axes[0].collections[0].get_edgecolors().tolist()
    )


def test_trade_is_what_crosses_borders(toy, real):
    table = figures.chord(toy).table.set_index(["source", "target"])["quantity"]
    # mines to the refinery in China, its salt to Korea, cells from there; China's own are no trade
    assert table.to_dict() == {
        ("AUS", "CHN"): 600, ("CHL", "CHN"): 400, ("CHN", "KOR"): 600, ("KOR", "CHN"): 100, ("KOR", "USA"): 500,
    }  # fmt: skip
    country = real.nodes["country"].to_numpy()
    crosses = country[real.source] != country[real.target]
    total = figures.chord(real, mineral="lithium").table["quantity"].sum()
    assert total == pytest.approx(real.quantity("lithium")[crosses].sum())


def test_an_arc_is_as_long_as_what_a_place_trades(toy):
    figure, table = figures.chord(toy)
    wedges, ribbons = (
        [patch for patch in figure.axes[0].patches if hasattr(patch, "theta1") is arc] for arc in (True, False)
    )
    angle = sorted(abs(wedge.theta2 - wedge.theta1) for wedge in wedges)
    traded = sorted([1700, 1200, 600, 500, 400])  # China, Korea, Australia, United States, Chile
    assert [one / angle[0] for one in angle] == pytest.approx([one / traded[0] for one in traded])
    assert len(ribbons) == len(table)
    assert "China\nsends 600, takes 1 100" in texts(figure.axes[0])


def test_countries_of_a_group_are_one_place(toy):
    asia = pd.DataFrame({"group": "Asia", "country": ["CHN", "KOR"]})
    table = figures.chord(toy, members=asia).table
    assert table[["source", "target", "quantity"]].to_numpy().tolist() == [
        ["AUS", "Asia", 600.0], ["Asia", "USA", 500.0], ["CHL", "Asia", 400.0],
    ]  # fmt: skip
    with pytest.raises(ParameterError, match="CHN is in more than one group"):
        figures.chord(toy, members=pd.concat([asia, asia.assign(group="other")]))


def test_small_traders_are_taken_together(toy):
    table = figures.chord(toy, top=2).table  # China and Korea trade most
    assert table[["source", "target", "quantity"]].to_numpy().tolist() == [
        ["CHN", "KOR", 600.0], ["KOR", "CHN", 100.0], ["KOR", "others", 500.0], ["others", "CHN", 1000.0],
    ]  # fmt: skip


def test_a_country_alone_has_no_trade():
    pair = network([("m", "mining", "COD"), ("u", "use", "COD")], [("m", "u", "ore", 1.0)], materials=ORE)
    with pytest.raises(ParameterError, match="no cobalt crosses a border"):
        figures.chord(pair)


def test_empty_tables_say_so():
    heat = pd.DataFrame(columns=["family", "mineral", "stage"])
    assert "no mineral" in texts(plot.largest_by_stage(heat, stages=[]))[0]
    assert "crosses" in texts(plot.draw_chord(pd.DataFrame(columns=["source", "target", "quantity"])))[0]
    assert "nothing is made" in texts(plot.loss_steps(pd.DataFrame(columns=["output"])))[0]
