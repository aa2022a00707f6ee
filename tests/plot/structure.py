"""What a figure says and spans, as plain values: a baseline that does not depend on how pixels are drawn.

``python -m tests.plot.structure`` writes it afresh, after a change that is meant.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

import graphmodel as gm
from tests.plot.written import texts

BASELINE = Path(__file__).with_name("figures.json")


def structure(figure: Figure) -> dict[str, Any]:
    """Size in mm, range of every pair of axes and all words, sorted."""
    figure.draw_without_rendering()
    ranges = [[_rounded(*ax.get_xlim()), _rounded(*ax.get_ylim())] for ax in figure.axes]
    words = sorted(text.get_text() for text in texts(figure))
    return {"size": _rounded(*(25.4 * figure.get_size_inches())), "axes": ranges, "words": words}


def _rounded(*values: float) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


if __name__ == "__main__":
    scenario = gm.Scenario("mine A halves").shut(0.5, node_id="mine-a")
    drawn = gm.figures.draw(gm.load("toy-battery"), scenario=scenario)
    known = {name: structure(one.figure) for name, one in drawn.items()}
    BASELINE.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
