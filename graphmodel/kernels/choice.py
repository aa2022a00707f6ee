"""The best set of members where a loss falls convexly as they join: planes under the losses, and a small programme."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array, hstack, vstack

from graphmodel._types import BoolArray, FloatArray
from graphmodel.errors import InfeasibleError

PROVEN = 1e-7
"""Gap at which a choice counts as the best there is."""

SCALE = 1e3
"""Losses go into the programme so many times larger, so that the solver's tolerance stays below the gap."""


class Choice(NamedTuple):
    """Members chosen (n,), their value, and the least value any choice can have."""

    chosen: BoolArray
    value: float
    bound: float


class Rows(NamedTuple):
    """Sets allowed: ``matrix @ chosen <= most``, and ``lower <= chosen <= upper`` (0 or 1) member by member."""

    matrix: FloatArray
    most: FloatArray
    lower: FloatArray
    upper: FloatArray


class Search:
    """Searches for the best set, under any rules, that share what earlier ones learnt.

    Parameters
    ----------
    losses : turns a set (n,), 1 where a member is in, into its losses (W,) and their slopes (W, n), not above 0
    n : number of members

    Notes
    -----
    Each loss is the value of a linear programme in which members are capacity, so it is convex in the set and never
    below the plane of its slopes at any other set. The plan with all sets written out,

        min sum_w c x_w / W   subject to   A x_w >= b,  0 <= x_wj <= u_j z_j for members,  z binary,

    is therefore solved by planes: choose z against the planes found so far, work out its losses, add their planes,
    until the choice is no better than the best set found. The value of the first is a bound at every step.

    References
    ----------
    Van Slyke, R. M. and Wets, R. (1969) L-shaped linear programs with applications to optimal control and stochastic
    programming. SIAM Journal on Applied Mathematics 17, 638-663. https://doi.org/10.1137/0117061

    Examples
    --------
    Two losses; member 0 saves half of the first, member 1 all of the second. One may join.

    >>> def losses(z):
    ...     return np.array([1 - z[0] / 2, 1 - z[1]]), np.array([[-0.5, 0.0], [0.0, -1.0]])
    >>> one = Rows(np.ones((1, 2)), np.ones(1), np.zeros(2), np.ones(2))
    >>> found = Search(losses, 2).best(one)
    >>> found.chosen.tolist(), found.value, found.bound
    ([False, True], 0.5, 0.5)
    """

    def __init__(self, losses: Callable[[FloatArray], tuple[FloatArray, FloatArray]], n: int) -> None:
        self.losses, self.n = losses, n
        self.known: dict[bytes, FloatArray] = {}
        self.slope: list[FloatArray] = []
        self.base: list[FloatArray] = []

    def value(self, chosen: FloatArray) -> FloatArray:
        """Return the losses of one set, and keep its planes."""
        key = np.asarray(chosen, dtype=np.float64).tobytes()
        if key not in self.known:
            lost, slope = self.losses(chosen)
            self.known[key] = lost
            self.slope.append(slope)
            self.base.append(lost - slope @ chosen)
        return self.known[key]

    def best(self, rows: Rows, *, worst: bool = False, seconds: float = np.inf) -> Choice:
        """Find the set of least mean loss, or of the least largest one.

        Parameters
        ----------
        rows : sets allowed
        worst : whether the largest loss counts in place of the mean
        seconds : time after which what is found and proven comes back

        Raises
        ------
        InfeasibleError
            If no set is allowed.
        """
        begun = time.monotonic()
        summary = np.max if worst else np.mean
        inside = {key: lost for key, lost in self.known.items() if _allowed(np.frombuffer(key), rows)}
        chosen = min(inside, key=lambda key: (float(summary(inside[key])), key), default=None)
        best = np.frombuffer(chosen) if chosen is not None else rows.lower
        value = float(summary(inside[chosen])) if chosen is not None else np.inf
        bound = 0.0
        self.value(rows.lower)
        while True:
            left = seconds - (time.monotonic() - begun)
            if left <= 0 and np.isfinite(value):
                break
            proposed, proven = self._propose(rows, worst, max(left, 1.0))
            bound = max(bound, proven)
            if proposed is None or bound >= value - PROVEN:
                break
            seen = proposed.tobytes() in self.known
            now = float(summary(self.value(proposed)))
            if now < value:
                best, value = proposed, now
            if seen:  # its planes touch it: nothing can be below
                bound = max(bound, min(now, value))
                break
        return Choice(best > 0.5, value, min(bound, value) if value - bound > PROVEN else value)

    def _propose(self, rows: Rows, worst: bool, seconds: float) -> tuple[FloatArray | None, float]:
        """Choose the best set against the planes there are: the set, none if time ran out, and a bound."""
        from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - loads slowly

        n_losses = len(self.base[0])
        n_under = 1 if worst else n_losses
        under = np.zeros(n_losses, dtype=np.int64) if worst else np.arange(n_losses)
        one = csc_array((np.ones(n_losses), (np.arange(n_losses), under)), shape=(n_losses, n_under))
        planes = csc_array(hstack([csc_array(-SCALE * np.vstack(self.slope)), vstack([one] * len(self.base))]))
        held = [LinearConstraint(planes, SCALE * np.concatenate(self.base), np.inf)]
        if len(rows.most):
            rules = csc_array(hstack([csc_array(rows.matrix), csc_array((len(rows.most), n_under))]))
            held.append(LinearConstraint(rules, -np.inf, rows.most))
        found = milp(
            np.concatenate([np.zeros(self.n), np.full(n_under, 1.0 / n_under)]),
            constraints=held,
            bounds=Bounds(
                np.concatenate([rows.lower, np.zeros(n_under)]), np.concatenate([rows.upper, np.full(n_under, np.inf)])
            ),
            integrality=np.concatenate([np.ones(self.n), np.zeros(n_under)]),
            options={"mip_rel_gap": 0.0, **({"time_limit": seconds} if np.isfinite(seconds) else {})},
        )
        if found.status == 2:
            raise InfeasibleError("no set is allowed: what must be in breaks a limit")
        proven = 0.0 if found.mip_dual_bound is None else float(found.mip_dual_bound) / SCALE
        if found.x is None:
            return None, proven
        return (found.x[: self.n] > 0.5).astype(np.float64), proven


def _allowed(chosen: FloatArray, rows: Rows) -> bool:
    """Say whether a set keeps the rules."""
    inside = bool((chosen >= rows.lower).all() and (chosen <= rows.upper).all())
    return inside and bool((rows.matrix @ chosen <= rows.most + 1e-9 * np.maximum(np.abs(rows.most), 1.0)).all())
