"""Interleaved repeats, medians and CPU time beside wall time."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Timed(NamedTuple):
    """Medians of one contender; ``share`` is the part of the work it did."""

    wall: float
    cpu: float
    share: float

    @property
    def whole(self) -> float:
        """Wall time extrapolated to all of the work."""
        return self.wall / self.share


def race(contenders: dict[str, tuple[Callable[[], object], float]], *, repeats: int = 5) -> dict[str, Timed]:
    """Run the contenders in turn, once to warm up, and return medians."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for turn in range(repeats + 1):
        for name, (call, _) in contenders.items():
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            if turn:
                runs[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    medians = {name: np.median(times, axis=0) for name, times in runs.items()}
    return {name: Timed(*medians[name].tolist(), contenders[name][1]) for name in contenders}


def show(title: str, timed: dict[str, Timed], *, ours: str) -> None:
    """Print one line for each contender; ratio is how many times longer than ours all of the work takes."""
    print(f"\n{title}")
    print(f"  {'':34}{'median s':>10}{'cpu s':>10}{'share run':>11}{'all, s':>11}{'ratio':>10}")
    for name, run in timed.items():
        ratio = run.whole / timed[ours].whole
        share = "all" if run.share == 1 else f"1/{1 / run.share:.0f}"
        print(f"  {name:34}{run.wall:10.4f}{run.cpu:10.4f}{share:>11}{run.whole:11.4g}{ratio:10.1f}")


def versions() -> str:
    """Name the interpreter and the packages that take part."""
    packages = ("numpy", "scipy", "numba", "igraph", "networkx")
    named = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return f"Python {platform.python_version()}, {named}; {platform.machine()}"
