"""What the disruption engine does on the real network, each with its wall time: one set of work, start to end."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import graphmodel as gm
from graphmodel.results import Result

NAME = "minerals-2024"
LENSES = ("country", "control", "node")
RESPONSES = ("reroute", "adapt", "frozen")
SHOCKS = ("SH001", "SH009", "SH012", "SH030", "SH031", "SH032", "SH045", "SH046", "SH050", "SH057")


def run() -> None:
    network = gm.load(NAME)
    print(f"\n{NAME}, every final product counted alike: wall time, rows, and the largest loss")
    whole = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        for by in LENSES:
            for response in RESPONSES:
                alike = partial(gm.removal, network, by=by, response=response, evenly=True, executor=pool)
                told(f"N-1 by {by}, {response}", alike)
        for response in RESPONSES:
            alike = partial(gm.pairs, network, response=response, evenly=True, executor=pool)
            told(f"N-2 of all countries, {response}", alike)
    for response in RESPONSES:
        alike = partial(gm.worst_removals, network, k=3, response=response, evenly=True, seconds=90)
        told(f"worst N-3 of countries, {response}", alike)
    for name in SHOCKS:
        told(f"104 weeks of {name}", partial(gm.timeline, network, gm.shock(name)))
    print(f"  {'all of it':44}{time.perf_counter() - whole:8.1f} s")


def told(title: str, work: Callable[[], Result]) -> None:
    begun = time.perf_counter()
    table = work().table
    worst = table.loc[table["loss_share"].astype(float).idxmax()]
    named = [str(worst[name]) for name in ("removed", "first", "second", "product", "consumer") if name in table]
    gap = f", gap {worst['gap']:.3f}" if "gap" in table else ""
    seconds = time.perf_counter() - begun
    print(
        f"  {title:44}{seconds:8.1f} s{len(table):9} rows  {worst['loss_share']:.1%} {' '.join(named)}{gap}", flush=True
    )
