"""The documentation site: it builds without a warning, leaves out no public name and shows every figure."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import graphmodel as gm
from tests.public_names import names

DOCS = Path(__file__).parent.parent / "docs"


def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("sphinx_gallery", reason="the site needs the extra docs")
    pytest.importorskip("myst_nb", reason="the site needs the extra docs")
    # the gallery's figures are drawn by their own tests
    words = ["-W", "--keep-going", "-q", "-b", "html", "-D", "plot_gallery=0", "-d", str(tmp_path / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *words, str(DOCS), str(tmp_path / "html")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    pages = {page.relative_to(tmp_path / "html").as_posix() for page in (tmp_path / "html").rglob("*.html")}
    assert {"index.html", "methods/worth.html", "generated/api/graphmodel.worth.html"} <= pages
    worth = (tmp_path / "html" / "methods" / "worth.html").read_text()
    loaded = [line for line in worth.splitlines() if "src=" in line and "http" in line]
    assert not loaded  # nothing comes from outside, formulas neither


def test_every_public_name_has_a_task():
    made = runpy.run_path(str(DOCS / "made.py"))
    page = made["api"]()
    drawn = [name for name in names() if re.fullmatch(r"graphmodel\.(figures|plot)\.[a-z]\w+", name)]
    assert {"graphmodel.figures.chord", "graphmodel.plot.removal_ranking", "graphmodel.plot.using"} <= set(drawn)
    assert [name for name in (*(f"graphmodel.{name}" for name in gm._PUBLIC), *drawn) if f"{name}\n" not in page] == []


def test_every_figure_has_a_script_in_the_gallery():
    assert {script.stem for script in (DOCS / "gallery").glob("*.py")} == set(gm.figures.FIGURES)
