from __future__ import annotations

from pathlib import Path

import pytest

import graphmodel as gm
from graphmodel.convert import write_folder


@pytest.fixture
def toy() -> gm.Network:
    return gm.load("toy-battery")


@pytest.fixture
def package(toy: gm.Network, tmp_path: Path) -> Path:
    """A data package on disk that a test may damage."""
    write_folder(toy, tmp_path / "package")
    return tmp_path / "package"


@pytest.fixture
def bare(toy: gm.Network, tmp_path: Path) -> Path:
    """A folder of tables without descriptor, as a user makes it."""
    folder = tmp_path / "bare"
    write_folder(toy, folder)
    (folder / "datapackage.json").unlink()
    return folder
