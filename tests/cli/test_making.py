"""Figures from the command line: what is written, what is skipped and why, and what is refused before any work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import graphmodel as gm

LACKS = ("closure", "diversification", "programmes", "programme_dumbbells", "project_timeline", "tornado")
MADE = [name for name in gm.figures.FIGURES if name not in LACKS]
"""What the toy network has without a scenario."""


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """Two runs of a plain call, in processes of their own, without a display and with every warning an error."""
    runs = []
    for seed in ("1", "2"):
        out = tmp_path_factory.mktemp("figures") / "deep" / "out"
        environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
        environment |= {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(gm.__file__).parents[1])}
        command = [sys.executable, "-W", "error", "-m", "graphmodel", "figures", "toy-battery", "-o", str(out)]
        command += ["--style", "nature", "--dpi", "80"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        runs.append((out, done))
    return runs


def test_every_figure_comes_in_every_format_with_one_list(twice):
    out, done = twice[0]
    expected = {f"{name}.{form}" for name in MADE for form in ("pdf", "svg", "png", "csv")} | {"figures.json"}
    assert {path.name for path in out.iterdir()} == expected
    assert all(f"wrote {out / name}" in done.stderr for name in expected)
    assert done.stdout == ""


def test_what_cannot_be_drawn_is_said_with_the_reason(twice):
    _, done = twice[0]
    assert "skipped diversification: no listed project fits toy-battery" in done.stderr
    assert "skipped closure: 'toy-battery' comes without tables closure and basis" in done.stderr
    assert "Warning" not in done.stderr


def test_two_runs_write_the_same_bytes(twice):
    (one, _), (two, _) = twice
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name


def test_pictures_and_list_carry_the_command_that_makes_them_again(twice, run, tmp_path):
    out, _ = twice[0]
    known = json.loads((out / "figures.json").read_text(encoding="utf-8"))
    command = known["pairs"]["command"]
    assert command == "graphmodel figures toy-battery --style nature --mineral lithium --dpi 80"
    for form in ("pdf", "svg", "png"):
        assert command.encode() in (out / f"pairs.{form}").read_bytes()
    assert command.encode() not in (out / "pairs.csv").read_bytes()
    run(*command.split()[1:], "--only", "stage_shares", "-f", "csv", "-o", str(tmp_path))
    assert (tmp_path / "stage_shares.csv").read_bytes() == (out / "stage_shares.csv").read_bytes()


def test_figures_and_formats_can_be_chosen(run, tmp_path):
    run("figures", "toy-battery", "-o", str(tmp_path), "--only", "pairs, stage_shares", "--format", "csv,svg")
    assert {path.name for path in tmp_path.iterdir()} == {
        "pairs.csv", "pairs.svg", "stage_shares.csv", "stage_shares.svg", "figures.json",
    }  # fmt: skip


def test_a_consumer_is_counted_alone(run, tmp_path):
    run("figures", "toy-battery", "-o", str(tmp_path), "--only", "loss_by_product", "-c", "USA", "-f", "csv")
    assert "USA" in (tmp_path / "loss_by_product.csv").read_text()
    assert "CHN" not in (tmp_path / "loss_by_product.csv").read_text().replace("CHN:refining", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--style", "natur"], "'--style': there is no 'natur'; did you mean 'nature'?"),
        (["--only", "pairs,chokepoint"], "'--only': there is no 'chokepoint'; did you mean 'chokepoints'?"),
        (["--format", "pdf,pgn"], "there is no 'pgn'; did you mean 'png'?"),
        (["--format", ","], "there is no ','; there are: csv, pdf, png, svg"),
        (["--to", "country=CHN"], "it needs --ban"),
        (["--severity", "0.5"], "nothing stops"),
        (["--mineral", "lithum"], "did you mean 'lithium'?"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(run, tmp_path, options, message):
    code = 1 if "--mineral" in options else 2  # which minerals there are is a question of the data
    assert message in run("figures", "toy-battery", "-o", str(tmp_path / "out"), *options, code=code).stderr
    assert not (tmp_path / "out").exists()


def test_figures_of_one_scenario_show_the_one_asked_for(run, tmp_path):
    words = ["figures", "toy-battery", "-o", str(tmp_path), "--only", "loss_over_weeks,diversification", "-f", "csv"]
    done = run(*words, "-w", "node_id=mine-b", "-w", "name=Mine B", "--severity", "0.5")
    assert "shut 50% of 1 node: mine-b" in done.stderr
    weeks = (tmp_path / "loss_over_weeks.csv").read_text().splitlines()
    assert float(weeks[1].rpartition(",")[2]) == pytest.approx(0.3)  # half of 600 of 1000 t
    command = json.loads((tmp_path / "figures.json").read_text())["diversification"]["command"]
    assert command.endswith("--where node_id=mine-b --where 'name=Mine B' --severity 0.5")


def test_no_reason_speaks_python(twice):
    assert "scenario=" not in twice[0][1].stderr


def test_a_figure_asked_for_that_cannot_be_drawn_is_an_error(run, tmp_path):
    done = run("figures", "toy-battery", "-o", str(tmp_path / "out"), "--only", "pairs,closure", code=1)
    assert "comes without tables closure and basis" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_in_place_of_the_folder_is_one_clear_error(run, tmp_path):
    (tmp_path / "out").write_text("mine")
    done = run("figures", "toy-battery", "-o", str(tmp_path / "out"), "--only", "pairs", code=1)
    assert done.stderr.strip().splitlines()[-1] == f"Error: {tmp_path / 'out'}: is a file, not a folder"


def test_a_folder_below_a_file_is_one_clear_error(run, tmp_path):
    (tmp_path / "file").write_text("mine")
    done = run("figures", "toy-battery", "-o", str(tmp_path / "file" / "out"), "--only", "pairs", code=1)
    assert "no figure was written" in done.stderr
