"""The command line as a whole: help, builds, pipes."""

import signal
import subprocess
import sys
import time
from pathlib import Path

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
    for name in main.commands:
        out = run(name, "--help").stdout
        assert "\\" not in out
        assert "\b" not in out
        examples = [line.strip() for line in out.splitlines() if line.strip().startswith("graphmodel ")]
        assert examples, name
        assert all(example.startswith(f"graphmodel {name}") for example in examples)


def test_output_into_a_closed_pipe_leaves_no_traceback():
    command = f"{sys.executable} -m graphmodel cite minerals-2024 | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in done.stderr


def test_an_interrupted_command_says_so_and_exits_with_130(tmp_path):
    # pairs of industries under adapt take minutes
    words = [sys.executable, "-m", "graphmodel", "pairs", "--by", "industry", "--response", "adapt", "-m", "cobalt"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        time.sleep(6)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=120)
    assert run.returncode == 130
    assert said.rstrip().endswith("interrupted")
    assert "Traceback" not in said


def test_plain_output_has_no_colour_and_completion_is_offered(run):
    command = [sys.executable, "-m", "graphmodel", "summary", "toy-battery"]
    plain = subprocess.run(command, capture_output=True, check=True).stdout
    assert b"\x1b" not in plain
    script = subprocess.run(
        ["bash", "-c", f'_GRAPHMODEL_COMPLETE=bash_source "{Path(sys.executable).parent}/graphmodel"'],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "_graphmodel_completion" in script.stdout
