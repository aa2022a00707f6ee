"""A runner of commands, and a folder of one's own."""

import pytest
from click.testing import CliRunner

from graphmodel.cli import main


@pytest.fixture
def run():
    def invoke(*words, code=0):
        result = CliRunner().invoke(main, list(words))
        assert result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def mine(run, tmp_path):
    folder = tmp_path / "mine"
    run("init", str(folder))
    return folder
