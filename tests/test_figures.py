"""Published figures: complete, equal byte for byte, and clear about what they lack."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import matplotlib
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel import figures
from graphmodel.convert import atomic
from graphmodel.errors import DataPackageError, ParameterError, UnknownNameError
from graphmodel.plot.page import STYLES
from tests.conftest import network
from tests.plot.structure import BASELINE, structure
from tests.plot.written import clashes, cut, texts

SCENARIO = gm.Scenario("mine A halves").shut(0.5, node_id="mine-a")

SAVE = """
import sys, graphmodel as gm
drawn = gm.figures.draw(gm.load("toy-battery"), ["chokepoints", "flow_diagram", "world_map"])
gm.figures.save(drawn, sys.argv[1], command="make")
"""


@pytest.fixture(scope="module")
def drawn(toy):
    return figures.draw(toy, scenario=SCENARIO)


def test_the_toy_network_has_every_figure_but_closure_and_projects(drawn):
    lacks = ["tornado", "programmes", "programme_dumbbells", "project_timeline", "closure"]
    assert list(drawn) == [name for name in figures.FIGURES if name not in lacks]
    assert list(drawn.skipped) == lacks
    assert "moves the worst loss" in drawn.skipped["tornado"]  # without its only refinery all is lost whatever flows
    assert "no project states a capacity" in drawn.skipped["project_timeline"]
    assert "no project can enter toy-battery" in drawn.skipped["programmes"]
    assert "closure" in drawn.skipped["closure"]


@pytest.mark.parametrize("name", figures.FIGURES)
def test_words_and_axes_are_those_of_the_baseline(drawn, name):
    # after a change that is meant: python -m tests.plot.structure
    known = json.loads(BASELINE.read_text(encoding="utf-8"))
    assert (structure(drawn[name].figure) if name in drawn else None) == known.get(name)


def test_the_real_network_has_every_figure(real):
    stop = gm.Scenario("half of the DR Congo's mines").shut(0.5, country="COD", stage="mining")
    drawn = figures.draw(real, scenario=stop)
    assert list(drawn) == list(figures.FIGURES)
    assert drawn.skipped == {}
    for figure, table in drawn.values():
        assert len(table)
        assert figure.get_size_inches()[0] == pytest.approx(180 / 25.4)
        assert figure.get_size_inches()[1] < 247 / 25.4  # a page of a journal


def test_nothing_is_smaller_than_seven_points(drawn):
    for figure, _ in drawn.values():
        for ax in figure.axes:
            sizes = [
                text.get_fontsize() for text in [*ax.texts, ax.title, *ax.get_xticklabels(), *ax.get_yticklabels()]
            ]
            assert min(sizes) >= 7


SIZES = {"plain": (7, 9), "nature": (5, 7), "elsevier": (7, 10), "acs": (4.5, 10), "science": (6, 9), "slide": (14, 18)}
"""Smallest and largest type each style allows, in points."""


@pytest.fixture(scope="module", params=STYLES)
def styled(request, toy):
    return STYLES[request.param], figures.draw(toy, scenario=SCENARIO, style=request.param)


def test_every_style_has_every_figure_on_its_page(styled, drawn):
    style, made = styled
    assert list(made) == list(drawn)
    for figure, table in made.values():
        wide, high = figure.get_size_inches() * 25.4
        assert any(wide == pytest.approx(width) for width in (style.width, style.column))
        assert high <= style.depth + 0.01
        assert table.attrs["style"] == style.name
        if style.fills:
            assert wide / high == pytest.approx(16 / 9)


def test_type_has_the_size_the_style_allows(styled):
    style, made = styled
    low, high = SIZES[style.name]
    for figure, _ in made.values():
        sizes = {text.get_fontsize() for text in texts(figure)}
        assert low <= min(sizes) <= max(sizes) <= high


def test_no_words_touch_or_leave_the_page_in_any_style(styled):
    _, made = styled
    assert {name: (clashes(one.figure), cut(one.figure)) for name, one in made.items()} == dict.fromkeys(made, ([], []))


@pytest.mark.parametrize("style", STYLES)
def test_no_words_touch_or_leave_the_page_on_real_data(real, style):
    made = figures.draw(real, ["flow_diagram", "world_map", "stage_shares", "closure"], mineral="cobalt", style=style)
    assert {name: (clashes(one.figure), cut(one.figure)) for name, one in made.items()} == dict.fromkeys(made, ([], []))
    assert all(one.figure.get_size_inches()[1] * 25.4 <= STYLES[style].depth + 0.01 for one in made.values())


def test_what_a_slide_leaves_out_is_said_and_stays_in_the_table(real):
    figure, table = figures.draw(real, ["closure"], mineral="cobalt", style="slide")["closure"]
    shown = len(figure.axes[0].get_yticks())
    assert shown < len(table)
    assert f"{shown} of {len(table)} shown" in figure.axes[0].get_xlabel()


def test_an_unknown_style_names_the_nearest(toy):
    with pytest.raises(UnknownNameError, match="no style 'natur'; did you mean 'nature'"):
        figures.draw(toy, style="natur")


def test_threads_draw_each_in_its_own_style(toy):
    def widths(style):
        made = figures.draw(toy, ["chokepoints", "stage_shares"], style=style)
        return [round(25.4 * one.figure.get_size_inches()[0], 1) for one in made.values()]

    before = dict(matplotlib.rcParams)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(widths, ["slide", "nature", "plain", "slide"]))
    assert found == [[338.7] * 2, [183.0] * 2, [180.0] * 2, [338.7] * 2]
    assert dict(matplotlib.rcParams) == before


def test_the_machines_fonts_are_used_only_where_asked_for(toy, monkeypatch):
    serif = replace(STYLES["nature"], fonts=("No Such Font", "DejaVu Serif"))
    monkeypatch.setattr("graphmodel.plot.page.STYLES", {**STYLES, "nature": serif})

    def families(**options):
        figure = figures.draw(toy, ["stage_shares"], style="nature", **options)["stage_shares"].figure
        return {text.get_fontproperties().get_name() for text in texts(figure)}

    assert families() == {"DejaVu Sans"}
    assert families(system_fonts=True) == {"DejaVu Serif"}


def test_progress_is_told_figure_by_figure(toy, tmp_path):
    steps = []
    made = figures.draw(toy, ["stage_shares", "closure"], skip=True, progress=lambda *step: steps.append(step))
    figures.save(made, tmp_path, formats=["csv"], progress=lambda *step: steps.append(step))
    assert steps == [(1, 2), (2, 2), (1, 1)]


def test_the_table_is_what_is_drawn(drawn):
    figure, table = drawn["chokepoints"]
    plants = table.query("by == 'plant'")["frozen_share"].tolist()
    assert [patch.get_width() for patch in figure.axes[0].patches] == plants == pytest.approx([1.0, 0.6, 0.6, 0.4, 0.4])


def test_shares_of_the_figure_agree_with_the_index(real):
    table = figures.stage_shares(real).table
    named = table[table["group"] != ""]
    squares = named.assign(square=named["share"] ** 2).groupby("stage")["square"].sum()
    assert squares.to_dict() == pytest.approx(table.groupby("stage")["hhi_low"].first().to_dict())
    assert table.groupby("stage")["share"].sum().to_numpy() == pytest.approx(1)


def test_without_a_scenario_the_worst_stop_is_shown(toy):
    figure, table = figures.loss_by_product(toy)
    assert figure.axes[0].get_title(loc="left") == "China: all lithium refining stops"
    assert table["loss_share"].tolist() == [1.0, 1.0]


def test_figures_name_their_data(drawn, toy):
    assert drawn["chokepoints"].table.attrs == {
        "network": toy.name,
        "fingerprint": toy.fingerprint,
        "style": "plain",
    }


def test_an_unknown_figure_names_the_nearest(toy):
    with pytest.raises(UnknownNameError, match="did you mean 'chokepoints'"):
        figures.draw(toy, ["chokepoint"])


def test_a_figure_that_was_asked_for_is_not_skipped(toy):
    with pytest.raises(ParameterError, match="no listed project fits toy-battery"):
        figures.draw(toy, ["diversification"])


def test_one_name_may_be_given_as_text(toy):
    assert list(figures.draw(toy, "stage_shares")) == ["stage_shares"]


def test_a_network_without_a_mineral_draws_nothing_and_says_why(chain):
    drawn = figures.draw(chain)
    assert drawn == {}
    assert set(drawn.skipped) == set(figures.FIGURES)
    assert "composition" in drawn.skipped["flow_diagram"]


def test_one_node_draws_nothing_and_says_why():
    ore = pd.DataFrame([{"material": "ore", "unit": "t Co", "mineral": "cobalt"}])
    alone = network([("mine-x", "mining", "COD")], [("mine-x", "mine-x", "ore", 0.0)], materials=ore)
    drawn = figures.draw(alone)
    assert drawn == {}
    assert all(drawn.skipped.values())


def test_one_edge_is_enough_for_a_diagram():
    ore = pd.DataFrame([{"material": "ore", "unit": "t Co", "mineral": "cobalt"}])
    pair = network([("m", "mining", "COD"), ("u", "use", "USA")], [("m", "u", "ore", 1.0)], materials=ore)
    drawn = figures.draw(pair)
    assert {"flow_diagram", "world_map", "chokepoints"} <= set(drawn)


def test_a_network_in_regions_only_has_no_map():
    ore = pd.DataFrame([{"material": "ore", "unit": "t Co", "mineral": "cobalt"}])
    pair = network([("m", "mining", "ROW"), ("u", "use", "XEU")], [("m", "u", "ore", 1.0)], materials=ore)
    with pytest.raises(ParameterError, match="no node has coordinates"):
        figures.world_map(pair)


def test_a_cycle_can_be_drawn(loop):
    materials = pd.DataFrame({"material": ["ore", "salt", "scrap", "metal"], "unit": "t Co", "mineral": "cobalt"})
    figures.flow_diagram(loop.with_tables(materials=materials))


def test_names_from_data_can_do_no_harm(toy, tmp_path):
    evil = "$\\frac{1}{0}$ </text><script>alert(1)</script> 钴 مصفاة"
    nodes = toy.nodes.assign(name=evil)
    stages = toy.stages.assign(label=evil)
    changed = toy.with_tables(nodes=nodes, stages=stages, name=evil)
    figures.save(figures.draw(changed, scenario=SCENARIO), tmp_path, command=evil)
    assert all("<script" not in file.read_text() for file in tmp_path.glob("*.svg"))


def test_settings_of_the_user_neither_matter_nor_change(toy, tmp_path):
    plain = figures.save(figures.draw(toy, ["chokepoints"]), tmp_path / "plain")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "none"}):
        before = dict(matplotlib.rcParams)
        styled = figures.save(figures.draw(toy, ["chokepoints"]), tmp_path / "styled")
        assert dict(matplotlib.rcParams) == before
    for one, two in zip(plain, styled, strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_two_processes_write_the_same_bytes(tmp_path):
    for place, seed, zone in (("one", "1", "UTC"), ("two", "2", "Asia/Tokyo")):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "PYTHONPATH": str(Path(gm.__file__).parents[1]),
        }
        environment.pop("DISPLAY", None)
        subprocess.run([sys.executable, "-c", SAVE, str(tmp_path / place)], check=True, env=environment)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 13
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_files_carry_version_data_and_command_and_no_date(toy, tmp_path):
    figures.save(figures.draw(toy, ["stage_shares"]), tmp_path, command="graphmodel figures toy-battery")
    svg, png, pdf = ((tmp_path / f"stage_shares.{kind}").read_bytes() for kind in ("svg", "png", "pdf"))
    for content in (svg, png, pdf):
        assert f"graphmodel {gm.__version__}".encode() in content
        assert toy.fingerprint.encode() in content
        assert b"graphmodel figures toy-battery" in content
    assert b"CreationDate" not in pdf
    assert b"dc:date" not in svg


def test_pdf_embeds_its_fonts_and_svg_draws_its_text(toy, tmp_path):
    figures.save(figures.draw(toy, ["stage_shares"]), tmp_path, formats=("pdf", "svg"))
    assert b"/FontFile2" in (tmp_path / "stage_shares.pdf").read_bytes()  # TrueType, not Type 3
    assert b"<text" not in (tmp_path / "stage_shares.svg").read_bytes()


def test_the_csv_reads_back_as_the_table(toy, tmp_path):
    drawn = figures.draw(toy, ["flow_diagram"])
    figures.save(drawn, tmp_path, formats=["csv"])
    back = pd.read_csv(tmp_path / "flow_diagram.csv", keep_default_na=False)
    assert back["quantity"].tolist() == drawn["flow_diagram"].table["quantity"].tolist()
    assert {path.name for path in tmp_path.iterdir()} == {"flow_diagram.csv", "figures.json"}


def test_folders_are_made_and_nothing_half_written_stays(toy, tmp_path):
    paths = figures.save(figures.draw(toy, ["stage_shares"]), tmp_path / "new" / "deep")
    assert sorted(path.name for path in (tmp_path / "new" / "deep").iterdir()) == sorted(path.name for path in paths)


def test_the_list_names_every_file_and_how_it_was_made(toy, tmp_path):
    made = figures.draw(toy, ["stage_shares", "pairs"], style="acs")
    paths = figures.save(made, tmp_path, formats=["svg", "csv"], command="graphmodel figures toy-battery --style acs")
    known = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert list(known) == ["stage_shares", "pairs"]
    assert known["pairs"].pop("files") == {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("pairs.svg", "pairs.csv")
    }
    assert known["pairs"] == {
        "title": "Show what is lost when two countries stop together, and each alone.",
        "command": "graphmodel figures toy-battery --style acs",
        "version": gm.__version__,
        "network": "toy-battery",
        "fingerprint": toy.fingerprint,
        "style": "acs",
    }
    assert paths[-1] == tmp_path / "figures.json"


def test_a_full_disk_leaves_the_folder_as_it_was(toy, tmp_path, monkeypatch):
    made = figures.draw(toy, ["stage_shares"])
    figures.save(made, tmp_path / "kept", command="before")
    before = {path.name: path.read_bytes() for path in (tmp_path / "kept").iterdir()}

    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(atomic.Path, "write_bytes", full)
    for folder in ("kept", "new"):
        with pytest.raises(DataPackageError, match=f"{folder}: No space left on device; no figure was written"):
            figures.save(made, tmp_path / folder, command="after")
    assert {path.name: path.read_bytes() for path in (tmp_path / "kept").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_folder_that_may_not_be_written_is_one_clear_error(toy, tmp_path, monkeypatch):
    def forbidden(path, *args, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(atomic.Path, "mkdir", forbidden)
    with pytest.raises(DataPackageError, match="Permission denied; no figure was written"):
        figures.save(figures.draw(toy, ["stage_shares"]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_other_files_in_the_folder_stay(toy, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    figures.save(figures.draw(toy, ["stage_shares"]), tmp_path, formats=["csv"])
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "stage_shares.csv", "figures.json"}


def test_a_file_is_no_folder(toy, tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(DataPackageError, match="is a file"):
        figures.save(figures.draw(toy, ["stage_shares"]), tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_an_unknown_format_names_the_nearest(drawn, tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'pdf'"):
        figures.save(drawn, tmp_path, formats=["pdff"])
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_shows_the_figure(drawn):
    assert drawn["stage_shares"]._repr_png_().startswith(b"\x89PNG")


def test_drawing_needs_no_pyplot():
    code = "import sys, graphmodel.plot; assert 'matplotlib.pyplot' not in sys.modules"
    environment = {**os.environ, "PYTHONPATH": str(Path(gm.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
