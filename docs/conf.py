"""The documentation site: the pages of this folder, the gallery, the notebooks and the API.

``sphinx-build -W --keep-going -b html docs docs/_build/html`` needs the extra ``docs`` and no internet.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sphinx_gallery.scrapers import figure_rst
from sphinx_gallery.sorting import FileNameSortKey

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import made  # noqa: E402 - beside this file

import graphmodel  # noqa: E402
from graphmodel.plot.render import render  # noqa: E402

project = "graphmodel"
author = "The graphmodel developers"
project_copyright = author
release = version = graphmodel.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
    "sphinx-mathjax-offline",
]
exclude_patterns = [
    "_build",
    "changes",
    "gallery",
    "jupyter_execute",
    *(f"generated/gallery/*.{kind}" for kind in ("ipynb", "json", "py", "zip")),
]
templates_path: list[str] = []
suppress_warnings = ["config.cache"]  # the gallery's settings are objects

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # notebooks are run by the tests; the site shows their steps

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections say them
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False


def scraper(block, block_vars, gallery_conf) -> str:
    """Save what an example has drawn; the figures do not live in pyplot."""
    drawn = block_vars["example_globals"].pop("drawn", {})
    paths = []
    for one in drawn.values():
        path = next(block_vars["image_path_iterator"])
        Path(path).write_bytes(render(one.figure, "png", dpi=150))
        paths.append(path)
    return figure_rst(paths, gallery_conf["src_dir"])


sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "generated/gallery",
    "filename_pattern": r".*\.py$",
    "within_subsection_order": FileNameSortKey,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "show_memory": False,
    "write_computation_times": False,
    "abort_on_example_error": True,
    "matplotlib_animations": False,
    "capture_repr": (),
    "image_scrapers": (scraper,),
}

html_theme = "pydata_sphinx_theme"
html_title = "graphmodel"
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "header_links_before_dropdown": 4,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": []}


def setup(app) -> None:
    """Write the pages that are made before anything is read."""
    folder = HERE / "generated"
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    for notebook in sorted((HERE.parent / "notebooks").glob("*.ipynb")):
        shutil.copy(notebook, folder / "notebooks" / notebook.name)
    pages = {"api": made.api(), "data-dictionary": made.dictionary(), "changes": made.changes()}
    for name, page in pages.items():
        (folder / f"{name}.md").write_text(page, encoding="utf-8")
