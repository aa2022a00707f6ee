"""Names that options take: the same as the package's own, refused with the nearest, and offered to the shell."""

import os
import subprocess
import sys

import pytest

import graphmodel as gm
from graphmodel.analysis.effects import MEASURES
from graphmodel.analysis.grouping import LENSES
from graphmodel.analysis.indices import MISSING
from graphmodel.analysis.percolation import CURVES, ORDERS
from graphmodel.cli import names


def test_names_are_those_of_the_package():
    assert names.LENSES == LENSES
    assert tuple(gm.figures.STYLES) == names.STYLES
    assert names.FILES == gm.figures.FILES
    assert tuple(gm.figures.FIGURES) == names.FIGURES
    assert tuple(MEASURES) == names.EFFECTS
    assert names.CURVES == CURVES
    assert names.ORDERS == ORDERS
    assert names.MISSING == MISSING


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("percolation", "--order", "flo"), "flow"),
        (("percolation", "--measure", "pair"), "pairs"),
        (("effects", "--measure", "hh"), "hhi"),
        (("indices", "-m", "lithium", "--missing", "men"), "mean"),
        (("export", "-o", "nowhere", "--format", "jsn"), "json"),
    ],
)
def test_a_wrong_name_is_wrong_usage_and_gets_the_nearest(run, words, near):
    assert f"did you mean {near!r}?" in run(words[0], "toy-battery", *words[1:], code=2).stderr


def offered(*words):
    """What the shell is offered in place of the last word, and by which modules."""
    code = "import sys; sys.argv = ['graphmodel']; from graphmodel.__main__ import main\n"
    code += "try: main()\nfinally: sys.stderr.write(' '.join({'pandas', 'numba', 'matplotlib'} & set(sys.modules)))"
    asked = {"COMP_WORDS": " ".join(("graphmodel", *words)), "COMP_CWORD": str(len(words))}
    environment = {**os.environ, **asked, "_GRAPHMODEL_COMPLETE": "bash_complete"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line.startswith("plain,")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("chokepoints", "--mineral", "co"), ["cobalt", "copper"]),
        (("chokepoints", "toy-battery", "--mineral", "l"), ["lithium"]),
        (("remove", "toy-battery", "--consumer", ""), ["CHN", "USA"]),
        (("figures", "--style", "s"), ["science", "slide"]),
        (("figures", "--only", "pairs,cho"), ["pairs,chokepoints", "pairs,chord"]),
        (("removal", "--by", "co"), ["country", "control", "corridor"]),
        (("worth", "--by", "ow"), ["owner"]),
        (("summary", "toy"), ["toy-battery"]),
        (("cite", "minerals-2024-"), ["minerals-2024-sparse"]),
        (("summary", "nowhere/"), []),
    ],
)
def test_the_shell_is_offered_names_and_nothing_heavy_is_loaded(words, expected):
    assert offered(*words) == expected
