"""What a fresh process takes: to import, to tell the version, and from CSV files to what every node's removal loses."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.benchmarks.bench_build import tables

SIZES = ((300, 2_000), (3_000, 20_000))
"""Nodes, edges."""

PEER = "import numpy, scipy.sparse, pandas, networkx"
SWEEP = "import graphmodel as gm; assert len(gm.removal(gm.load({!r}), by='node'))"


def run(sizes=SIZES, repeats=5):
    starts = {
        "python": ["-c", "pass"],
        "import numpy": ["-c", "import numpy"],
        "import graphmodel": ["-c", "import graphmodel"],
        "graphmodel --version": ["-m", "graphmodel", "--version"],
    }
    taken = interleaved({name: (call, {}) for name, call in starts.items()}, repeats=2 * repeats)
    print("\nStarting, median seconds of a fresh process, by the clock and of the processor")
    for name, (wall, cpu) in taken.items():
        print(f"  {name:34}{wall:10.4f}{cpu:10.4f}")
    imports, version = (taken[name][0] for name in ("import graphmodel", "graphmodel --version"))
    print(f"  import graphmodel is {imports / taken['import numpy'][0]:.2f} times import numpy,", end="")
    print(f" --version {version / taken['python'][0]:.2f} times the bare interpreter")
    with tempfile.TemporaryDirectory() as home:
        for n, n_edges in sizes:
            sweep(Path(home), n, n_edges, repeats)


def sweep(home, n, n_edges, repeats):
    """Race CSV to table against the imports that any other way would start with; the compiler's cache cold and warm."""
    folder, warm = home / f"network-{n}", home / f"cache-{n}"
    folder.mkdir()
    for name, frame in zip(("nodes", "edges", "stages"), tables(n, n_edges), strict=True):
        frame.to_csv(folder / f"{name}.csv", index=False)
    ours = ["-c", SWEEP.format(str(folder))]
    fresh_process(ours, {"NUMBA_CACHE_DIR": str(warm)})
    taken = interleaved({"peer": (["-c", PEER], {}), "warm": (ours, {"NUMBA_CACHE_DIR": str(warm)})}, repeats=repeats)
    colds = [{"NUMBA_CACHE_DIR": str(home / f"cold-{n}-{turn}")} for turn in range(3)]
    cold = np.median([fresh_process(ours, settings) for settings in colds], axis=0)
    print(
        f"\n{n} nodes, {n_edges} edges, CSV to frozen loss of every node, in a fresh process: by the clock and of the processor"
    )
    peer = taken["peer"]
    print(f"  importing numpy, scipy.sparse, pandas, networkx {peer[0]:.3f} s, {peer[1]:.3f} s")
    for name, found in (("compiled code cached", taken["warm"]), ("nothing cached", cold)):
        print(f"  {name} {found[0]:.3f} s, {found[1]:.3f} s:", "{:.2f} and {:.2f} times as long".format(*found / peer))


def interleaved(calls, *, repeats):
    """Return median seconds of each call, by the clock and of the processor, all of them run in turn."""
    taken = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, (arguments, settings) in calls.items():
            seconds = fresh_process(arguments, settings)
            if turn:
                taken[name].append(seconds)
    return {name: np.median(seconds, axis=0) for name, seconds in taken.items()}


def fresh_process(arguments, settings):
    before, start = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **settings})
    wall, after = time.perf_counter() - start, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system
