"""Print the tables of benchmarks: ``python -m tests.benchmarks``, or only those named."""

from __future__ import annotations

import sys
from importlib import import_module

from tests.benchmarks.timing import versions

BENCHMARKS = (
    "build",
    "fresh",
    "reachability",
    "frozen",
    "esri",
    "scenarios",
    "centrality",
    "reroute",
    "max_flow",
    "real",
    "engine",
    "sweeps",
)

if __name__ == "__main__":
    print(versions())
    for name in sys.argv[1:] or BENCHMARKS:
        import_module(f"tests.benchmarks.bench_{name}").run()
