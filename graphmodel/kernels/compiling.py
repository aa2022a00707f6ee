"""Compile a loop on first use, so that small networks never wake the compiler."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@cache
def compiled(loop: Callable[P, R]) -> Callable[P, R]:
    """Return the machine-code version of a plain Python loop.

    Parameters
    ----------
    loop : module-level function of arrays and numbers that calls no other function of ours

    Returns
    -------
    callable
        Same signature, same answers. It releases the interpreter lock, and its code is kept on disk for the
        next run. With ``NUMBA_DISABLE_JIT=1`` it is the loop itself.

    Notes
    -----
    Importing numba takes 0.4 s and compiling a loop 0.1 to 3 s, once per machine. Only the
    assumptions that no number is nan and that zeros have no sign are relaxed; sums keep their order. Division
    is not checked for zero, since a check in a loop keeps it from running side by side.
    """
    from numba import njit  # noqa: PLC0415 - half a second, wanted by large networks only

    machine_code: Callable[P, R] = njit(cache=True, nogil=True, error_model="numpy", fastmath={"nnan", "nsz"})(loop)
    return machine_code
