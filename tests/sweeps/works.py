"""What workers do in these tests: at module level, so that other processes find it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from graphmodel.errors import ConvergenceError


def scaled(shared, part):
    """Multiply what is shared."""
    return shared[0] * np.asarray(part, dtype=float)


def noted(shared, part):
    """Leave a mark for each call."""
    array, folder = shared
    (Path(folder) / f"{part}-{os.getpid()}-{time.monotonic_ns()}").touch()
    return array * part


def slow(shared, part):
    time.sleep(0.1)
    return shared[0] * part


def thirds_fail(shared, part):
    if part == 3:
        raise ConvergenceError("a loop of 2 processes still changes")
    return shared[0] * part


def dies_once(shared, part):
    """Kill the worker that first meets part 5."""
    array, folder = shared
    mark = Path(folder) / "killed"
    if part == 5 and not mark.exists():
        time.sleep(0.2)  # so that parts before are back
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return array * part
