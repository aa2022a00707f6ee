"""What a fresh process loads and how soon it answers."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

import pytest

import graphmodel as gm

HEAVY = ("pandas", "numpy", "scipy", "matplotlib", "igraph", "numba", "networkx", "highspy", "click", "jinja2")


def run(*arguments):
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_after(code):
    return set(json.loads(run("-c", f"import sys, json; {code}; print(json.dumps(list(sys.modules)))")))


def test_importing_loads_nothing_heavy():
    assert loaded_after("import graphmodel; dir(graphmodel)").isdisjoint(HEAVY)


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("graphmodel.Network", ("matplotlib", "igraph", "numba", "networkx")),
        ("graphmodel.load('toy-battery')", ("matplotlib", "igraph", "numba", "networkx")),
        ("graphmodel.removal(graphmodel.load('toy-battery'))", ("matplotlib", "igraph", "networkx", "numba")),
        (
            "graphmodel.removal(graphmodel.load('toy-battery'))",
            ("scipy.linalg", "scipy.optimize", "scipy.stats", "scipy.sparse.csgraph", "scipy.sparse.linalg"),
        ),
        ("graphmodel.SchemaError", ("pandas", "numpy")),
    ],
)
def test_what_is_not_needed_is_not_loaded(code, absent):
    assert loaded_after(f"import graphmodel; {code}").isdisjoint(absent)


def test_version_and_help_answer_in_a_fresh_process():
    assert run("-m", "graphmodel", "--version") == f"graphmodel {gm.__version__}\n"
    assert "mineral value chains" in run("-m", "graphmodel", "--help").lower()


def test_importing_is_no_slower_than_numpy():
    times = {"numpy": [], "graphmodel": []}
    for _ in range(5):  # interleaved, so that a busy machine slows both
        for module, taken in times.items():
            start = time.perf_counter()
            run("-c", f"import {module}")
            taken.append(time.perf_counter() - start)
    assert statistics.median(times["graphmodel"]) <= 1.5 * statistics.median(times["numpy"])


def test_every_public_name_exists_and_is_declared_to_type_checkers():
    from pathlib import Path

    stub = Path(gm.__file__).with_suffix(".pyi").read_text()
    for name in gm.__all__:
        if not name.startswith("__"):
            assert hasattr(gm, name), name
            assert f" as {name}\n" in stub, name
    assert set(gm.__all__) <= set(dir(gm))
    with pytest.raises(AttributeError, match="no attribute 'netwrk'"):
        gm.netwrk  # noqa: B018 - the error is the point
