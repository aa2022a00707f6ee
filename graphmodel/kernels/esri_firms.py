"""Firms as the economic systemic risk index reads them: who loses how much of what when a neighbour stops."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphmodel._types import BoolArray, FloatArray, IntArray

Guard = Literal["relative", "absolute"]

ESSENTIAL, LINEAR, NEGLIGIBLE = 2, 1, 0
"""How a buyer needs an input: not at all without it, in proportion to its share of all inputs, not at all."""

GUARD = 1e-10
"""Output left in a sector, as a share of its output, at which nobody is left to replace anybody."""


class Firms(NamedTuple):
    """Who sells how much to whom, and how the buyers need it.

    Parameters
    ----------
    source, target : seller and buyer of each flow, (E,)
    weight : size of the flow, all in one unit, (E,)
    sector : sector of each firm, 0, 1, …, (n,)
    essential : 2, 1 or 0 for each flow, (E,), or for each sector that sells (rows) and buys (columns)
    kind : class of input each flow counts in, (E,); the sector of its seller when left out
    revenue : all a firm earns, its sales included, (n,); its sales when left out
    cost : all a firm spends on inputs, its purchases included, (n,); its purchases when left out
    """

    source: IntArray
    target: IntArray
    weight: FloatArray
    sector: IntArray
    essential: IntArray
    kind: IntArray | None = None
    revenue: FloatArray | None = None
    cost: FloatArray | None = None

    @property
    def n_firms(self) -> int:
        """Number of firms."""
        return len(self.sector)

    @property
    def output(self) -> FloatArray:
        """Sales of each firm."""
        return np.bincount(self.source, weights=self.weight, minlength=self.n_firms).astype(np.float64)

    @property
    def classes(self) -> IntArray:
        """How the buyer needs each flow: 2, 1 or 0."""
        if self.essential.ndim == 1:
            return self.essential
        return self.essential[self.sector[self.source], self.sector[self.target]]


class Pull(NamedTuple):
    """What each firm reads: suppliers by slot going downstream, buyers in a single slot going upstream."""

    first_slot: IntArray
    """First slot of each firm, and the number of slots at the end."""
    first_edge: IntArray
    """First edge of each slot, and the number of edges at the end."""
    neighbour: NDArray[np.uint32]
    """Firm each edge reads."""
    share: FloatArray
    """Loss of the slot per unit loss of that firm."""


class Markets(NamedTuple):
    """Firms by sector, for the suppliers left to replace one that stops."""

    first_firm: IntArray
    """First entry of each sector in ``firm``, and their number at the end."""
    firm: IntArray
    sector: IntArray
    """Sector of each firm."""
    output: FloatArray
    """Output of each firm."""
    whole: FloatArray
    """Output of each sector."""
    guard: FloatArray
    """Output left in a sector at which nobody is left to replace anybody."""


def downstream(firms: Firms) -> Pull:
    """Return what each buyer reads: a slot for every essential class of input, one for all linear inputs."""
    source, target, bought = firms.source, firms.target, firms.weight
    n_firms, classes = firms.n_firms, firms.classes
    kind = firms.sector[source] if firms.kind is None else firms.kind
    intake = np.bincount(target, weights=bought, minlength=n_firms)
    n_kinds = int(kind.max(initial=-1)) + 1
    _, same = np.unique(target * n_kinds + kind, return_inverse=True)
    of_kind = np.bincount(same, weights=bought)[same] if len(same) else bought
    whole = np.where(classes == ESSENTIAL, of_kind, intake[target])
    share = np.divide(bought, whole, out=np.zeros_like(bought), where=whole > 0)
    if firms.cost is not None:
        spent = (intake > 0) & (firms.cost > 0)
        share *= np.divide(intake, firms.cost, out=np.ones(n_firms), where=spent)[target]
    slot = target * (n_kinds + 1) + np.where(classes == ESSENTIAL, kind, n_kinds)
    kept = np.flatnonzero((classes != NEGLIGIBLE) & (share > 0))
    return _pull(n_firms, slot[kept], slot[kept] // (n_kinds + 1), source[kept], share[kept])


def upstream(firms: Firms) -> Pull:
    """Return what each seller reads: the firms it sells to, by their share of what it earns."""
    earned = firms.output if firms.revenue is None else firms.revenue
    whole = earned[firms.source]
    share = np.divide(firms.weight, whole, out=np.zeros_like(firms.weight), where=whole > 0)
    kept = np.flatnonzero(share > 0)
    return _pull(firms.n_firms, firms.source[kept], firms.source[kept], firms.target[kept], share[kept])


def _pull(n_firms: int, slot: IntArray, reader: IntArray, neighbour: IntArray, share: FloatArray) -> Pull:
    """Sort edges by slot, and slots by the firm that reads them."""
    order = np.lexsort((neighbour, slot))
    first = np.flatnonzero(np.diff(slot[order], prepend=-1))
    return Pull(
        first_slot=np.searchsorted(reader[order][first], np.arange(n_firms + 1)),
        first_edge=np.append(first, len(order)),
        neighbour=neighbour[order].astype(np.uint32),
        share=share[order],
    )


def markets(firms: Firms, guard: Guard) -> Markets:
    """Group firms by sector, with what each sector makes."""
    output = firms.output
    made = np.bincount(firms.sector, weights=output).astype(np.float64)
    return Markets(
        first_firm=np.searchsorted(np.sort(firms.sector), np.arange(len(made) + 1)),
        firm=np.argsort(firms.sector, kind="stable"),
        sector=firms.sector,
        output=output,
        whole=made,
        guard=GUARD * made if guard == "relative" else np.full_like(made, GUARD),
    )


def closed(pull: Pull) -> BoolArray:
    """Say which firms read only from one another, so that a shock among them never dies out by itself.

    Notes
    -----
    The largest set in which every firm has a slot that the set fills completely. Cost: O(E) for each firm on the
    longest way out.
    """
    n_firms = len(pull.first_slot) - 1
    reader = np.repeat(np.arange(n_firms), np.diff(pull.first_slot))
    slot = np.repeat(np.arange(len(reader)), np.diff(pull.first_edge))
    inside = np.ones(n_firms, dtype=np.bool_)
    while True:
        filled = np.bincount(slot, weights=pull.share * inside[pull.neighbour], minlength=len(reader)) >= 1 - 1e-9
        kept = np.zeros(n_firms, dtype=np.bool_)
        kept[reader[filled]] = True
        kept &= inside
        if (kept == inside).all():
            return inside
        inside = kept
