"""The command line as a whole: help, builds, pipes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graphmodel.cli import main
from graphmodel.cli.contents import CONTENTS


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


def test_commands_are_listed_once_by_what_they_are_for_and_none_is_cut(run):
    listed = [name for lines in CONTENTS.values() for name in lines]
    assert sorted(listed) == sorted(main.commands)
    out = run("--help").stdout
    assert out.index("Start here:") < out.index("One scenario:")
    assert "..." not in out.partition("Start here:")[2]
    for lines in CONTENTS.values():
        for name, line in lines.items():
            assert f"  {name} " in out
            assert line in out


@pytest.mark.parametrize("words", ["quality", "closure", "schema", "cite minerals-2024", "closure --format json"])
def test_a_reader_that_has_seen_enough_is_no_error(words):
    # the pipe is closed before anything is written to it
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "graphmodel", *words.split()]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr in ("", f"{words}:\n")


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
