"""The project itself: documents that are made stay made, nothing private slips in."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = {".py", ".pyi", ".md", ".toml", ".cff", ".csv", ".json", ".html", ".ipynb", ".j2", ".js", ".css"}


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return [ROOT / name for name in listed.splitlines() if Path(name).suffix in TEXT and (ROOT / name).exists()]


def test_the_page_on_source_tables_is_what_its_script_makes():
    script = ROOT / "docs" / "make_data_sources.py"
    code = f"import runpy; print(runpy.run_path({str(script)!r})['page'](), end='')"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "docs" / "data-sources.md").read_text()


def test_no_path_of_a_machine_and_no_registry_stands_in_a_tracked_file():
    words = ("/" + "root" + "/", "/" + "work" + "/", "py" + "pi.org", "python" + "hosted", "registry." + "npm")
    found = [(path.name, word) for path in tracked() for word in words if word in path.read_text(encoding="utf-8")]
    assert not found


def test_every_public_name_is_known_to_type_checkers():
    import graphmodel

    stub = (ROOT / "graphmodel" / "__init__.pyi").read_text()
    for name in graphmodel.__all__:
        assert re.search(rf"\b{name}\b", stub), name
        assert getattr(graphmodel, name) is not None


def test_an_unknown_public_name_is_an_attribute_error():
    import graphmodel

    with pytest.raises(AttributeError, match="nothing_here"):
        _ = graphmodel.nothing_here
    assert "load" in dir(graphmodel)
