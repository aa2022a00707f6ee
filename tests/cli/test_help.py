"""The command line as a whole: help, builds, pipes."""

import subprocess
import sys

from graphmodel.cli import main


def test_a_build_from_no_sources_writes_nothing(run, tmp_path):
    (tmp_path / "empty").mkdir()
    run("build", "minerals-2024", "--sources", str(tmp_path / "empty"), "-o", str(tmp_path / "out"), code=1)
    assert not (tmp_path / "out").exists()


def test_an_unknown_build_names_the_nearest(run):
    assert "minerals-2024" in run("build", "minerals-2025", code=1).stderr


def test_every_command_explains_itself(run):
    for name in main.commands:
        assert "Usage" in run(name, "--help").stdout


def test_examples_stand_on_lines_of_their_own(run):
    for name in (
        "chokepoints",
        "claims",
        "removal",
        "pairs",
        "overview",
        "remove",
        "rerouting",
        "max-flow",
        "uncertainty",
        "sensitivity",
        "dependence",
        "reliance",
        "cuts",
        "report",
    ):
        out = run(name, "--help").stdout
        assert "\\" not in out
        assert "\b" not in out
        examples = [line.strip() for line in out.splitlines() if line.strip().startswith("graphmodel ")]
        assert len(examples) >= 2
        assert all(example.startswith(f"graphmodel {name}") for example in examples)


def test_output_into_a_closed_pipe_leaves_no_traceback():
    command = f"{sys.executable} -m graphmodel cite minerals-2024 | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in done.stderr
