"""The flow diagram: what is added up, where it stands, what is written."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from graphmodel import plot
from graphmodel.errors import ParameterError, UnknownNameError
from graphmodel.plot.flow_diagram import spread
from graphmodel.plot.flow_layout import lay_out
from graphmodel.plot.flow_table import FLOW_COLUMNS, flow_table, main_mineral

STAGES = pd.DataFrame(
    {
        "stage": ["mining", "making", "recycling", "use"],
        "order": [1, 2, 3, 4],
        "role": ["origin", "process", "recycle", "sink"],
        "label": "",
    }
)


def flows(*rows):
    table = pd.DataFrame(rows, columns=["source_stage", "source", "target_stage", "target", "quantity"])
    return table.assign(unit="t cobalt")[list(FLOW_COLUMNS)]


LOOP = flows(
    ("mining", "COD", "making", "CHN", 60.0),
    ("recycling", "KOR", "making", "CHN", 40.0),
    ("making", "CHN", "recycling", "KOR", 40.0),
    ("making", "CHN", "use", "USA", 100.0),
    ("mining", "COD", "use", "USA", 5.0),
)


def words(ax):
    return [text.get_text().replace("\u2009", " ") for text in ax.texts]


def test_parallel_edges_add_up(toy):
    table = flow_table(toy, mineral="lithium").set_index(["source", "target"])
    assert table.loc[("AUS", "CHN"), "quantity"] == 600  # 350 + 250
    assert set(table["unit"]) == {"t lithium"}


def test_nothing_is_lost_when_small_countries_are_joined(toy):
    whole, joined = (flow_table(toy, mineral="lithium", smallest=share) for share in (0.0, 0.45))
    assert "others" in set(joined["source"])
    assert joined["quantity"].sum() == whole["quantity"].sum()


def test_real_flows_are_kept_to_the_tonne(real):
    table = flow_table(real, mineral="cobalt")
    assert table["quantity"].sum() == pytest.approx(real.quantity("cobalt").sum())
    assert len(set(table["source"])) < real.nodes["country"].nunique()


def test_the_main_mineral_is_the_one_at_most_stages(toy, real):
    assert main_mineral(toy) == "lithium"
    assert main_mineral(real) == "cobalt"


def test_bars_are_as_high_as_what_they_handle():
    layout = lay_out(LOOP, STAGES)
    heights = {bar.stage: bar.height for bar in layout.bars}
    assert heights == {"mining": 65, "making": 140, "recycling": 40, "use": 105}


def test_stages_stand_in_order_and_recycling_below():
    layout = lay_out(LOOP, STAGES)
    place = {bar.stage: bar.x for bar in layout.bars}
    assert layout.columns == [["mining"], ["making"], ["use"]]
    assert layout.lane == ["recycling"]
    assert place["mining"] < place["making"] < place["use"]
    lowest = max(bar.y + bar.height for bar in layout.bars if not bar.lane)
    assert all(bar.y > lowest for bar in layout.bars if bar.lane)


def test_a_flow_that_skips_a_stage_passes_below_its_bars():
    layout = lay_out(LOOP, STAGES)
    skipping = next(ribbon for ribbon in layout.ribbons if len(ribbon.points) > 2)
    making = next(bar for bar in layout.bars if bar.stage == "making")
    assert (skipping.source.stage, skipping.target.stage) == ("mining", "use")
    assert skipping.points[1][1] >= making.y + making.height


def test_ribbons_stay_on_their_bars_and_do_not_overlap(real):
    layout = lay_out(flow_table(real, mineral="cobalt"), real.stages)
    ends = {}
    for ribbon in layout.ribbons:
        for bar, (_, y), side in ((ribbon.source, ribbon.points[0], "out"), (ribbon.target, ribbon.points[-1], "in")):
            assert bar.y - 1e-6 <= y
            assert y + ribbon.width <= bar.y + bar.height + 1e-6
            ends.setdefault((id(bar), side, ribbon.kind if bar.lane else ""), []).append((y, y + ribbon.width))
    for spans in ends.values():
        spans.sort()
        assert all(above[1] <= below[0] + 1e-6 for above, below in pairwise(spans))


def test_bars_of_a_column_do_not_overlap(real):
    layout = lay_out(flow_table(real, mineral="cobalt"), real.stages)
    for x in {bar.x for bar in layout.bars}:
        column = sorted((bar for bar in layout.bars if bar.x == x), key=lambda bar: bar.y)
        assert all(a.y + a.height < b.y for a, b in pairwise(column))


def test_every_bar_is_named_with_its_tonnage(toy):
    ax = plot.flow_diagram(toy)
    assert {"Australia 600", "Chile 400", "China 1 000", "South Korea 600", "United States 500"} <= set(words(ax))
    assert {"Mining", "Refining", "Cell making", "Use"} <= set(words(ax))
    assert any("t of contained lithium" in text for text in words(ax))


def test_no_two_labels_of_the_real_diagram_overlap(real):
    ax = plot.flow_diagram(real)
    ax.figure.set_dpi(300)
    ax.figure.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent()) for text in ax.texts]
    shrunk = [(name, box.expanded(0.96, 0.72)) for name, box in boxes]
    clashes = [(a, b) for i, (a, one) in enumerate(shrunk) for b, two in shrunk[i + 1 :] if one.overlaps(two)]
    assert clashes == []
    page = ax.figure.bbox
    assert all(box.x0 >= 0 and box.x1 <= page.width for _, box in boxes)


def test_ribbons_take_the_colour_of_the_supplier_or_of_its_stage(toy):
    by_country = {patch.get_facecolor() for patch in plot.flow_diagram(toy).patches}
    by_stage = {patch.get_facecolor() for patch in plot.flow_diagram(toy, colour="stage").patches}
    assert by_country != by_stage
    with pytest.raises(UnknownNameError, match="did you mean 'country'"):
        plot.flow_diagram(toy, colour="countri")


def test_flows_within_one_stage_are_left_out():
    table = flows(("mining", "COD", "mining", "COD", 5.0))
    assert "one stage" in plot.draw_flows(table, STAGES).texts[0].get_text()


def test_flows_back_along_the_chain_and_loops_are_drawn():
    table = flows(("making", "CHN", "mining", "COD", 5.0), ("mining", "COD", "making", "CHN", 9.0))
    plot.draw_flows(table, STAGES).figure.draw_without_rendering()
    plot.draw_flows(LOOP, STAGES).figure.draw_without_rendering()


def test_a_network_without_a_mineral_says_what_to_fill(chain):
    with pytest.raises(ParameterError, match="composition"):
        plot.flow_diagram(chain)


def test_a_mineral_that_does_not_flow_is_refused(toy):
    with pytest.raises(ParameterError, match="carries lithium"):
        plot.flow_diagram(toy.with_tables(edges=toy.edges.assign(quantity=0.0)), mineral="lithium")
    with pytest.raises(UnknownNameError, match="did you mean 'lithium'"):
        plot.flow_diagram(toy, mineral="litium")


def test_labels_are_moved_apart_and_keep_their_order():
    assert spread([0.0, 0.0, 0.0], 1.0) == [-1.0, 0.0, 1.0]
    assert spread([], 1.0) == []
    places = spread([0.0, 0.1, 0.2, 5.0, 5.1], 1.0)
    assert all(b - a >= 1 - 1e-9 for a, b in pairwise(places))
