"""Print the table of benchmarks: ``python -m tests.benchmarks [reachability] [frozen] [centrality] [esri] [real]``."""

from __future__ import annotations

import sys

from tests.benchmarks import bench_centrality, bench_esri, bench_frozen, bench_reachability, bench_real
from tests.benchmarks.timing import versions

BENCHMARKS = {
    "reachability": bench_reachability.run,
    "frozen": bench_frozen.run,
    "centrality": bench_centrality.run,
    "esri": bench_esri.run,
    "real": bench_real.run,
}

if __name__ == "__main__":
    print(versions())
    for name in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[name]()
