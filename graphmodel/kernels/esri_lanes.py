"""The economic systemic risk index with 64 shocks side by side: compiled loops and one round of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.kernels.compiling import compiled
from graphmodel.kernels.esri_firms import Markets, Pull

LANES = 64
"""Shocks in one row: eight cache lines of doubles."""


class Side:
    """Losses on one side of the firms, downstream or upstream, of one batch of shocks.

    ``loss`` is what each firm has lost, ``shown`` what its neighbours read in the next round: the loss of the round
    before, weighed by how hard the firm is to replace where it has a market.
    """

    def __init__(self, pull: Pull, n_firms: int, markets: Markets | None = None) -> None:
        self.pull = pull
        self.markets = markets
        self.wide = np.zeros((n_firms, LANES)), np.zeros((n_firms, LANES))
        self.n_sectors = len(markets.whole) if markets else 0
        self.loss, self.shown = self.wide
        self.gone = np.zeros((self.n_sectors, LANES))
        self.seen = np.zeros(n_firms, dtype=np.bool_)
        self.touched = np.zeros(n_firms, dtype=np.bool_)
        self.moved = np.zeros(n_firms, dtype=np.bool_)
        self.news = np.zeros(n_firms, dtype=np.bool_)
        self.change = np.zeros(LANES)

    def keep(self, lanes: IntArray) -> None:
        """Go on with some of the lanes only."""
        self.loss, self.shown = self.loss.take(lanes, axis=1), self.shown.take(lanes, axis=1)
        self.gone, self.change = self.gone.take(lanes, axis=1), self.change[lanes]

    def shock(self, firms: IntArray, floor: FloatArray) -> None:
        """Forget the batch before and set the losses the shocks themselves cause, (firms, lanes)."""
        stale = np.flatnonzero(self.touched)
        self.loss, self.shown = self.wide
        self.loss[stale] = 0.0
        self.shown[stale] = 0.0
        self.touched[:] = self.moved[:] = False
        self.loss[firms] = floor
        self.touched[firms] = self.moved[firms] = floor.any(axis=1)
        self.gone = np.zeros((self.n_sectors, LANES))
        self.change = np.zeros(LANES)
        if self.markets is not None:
            np.add.at(self.gone, self.markets.sector[firms], self.markets.output[firms, None] * floor)

    def advance(self, floor_row: IntArray, floor: FloatArray) -> None:
        """Make one round: every firm from the losses of the round before."""
        self.seen[:] = self.touched
        markets = self.markets
        if markets is None:
            compiled(show_loop)(self.loss, self.moved, self.shown, self.news)
            sector, output = NOWHERE
        else:
            sector, output = markets.sector, markets.output
            compiled(show_replaceable_loop)(
                markets.first_firm, markets.firm, output, markets.whole, markets.guard, self.gone, self.loss,
                self.seen, self.moved, self.shown, self.news,
            )  # fmt: skip
        compiled(pull_loop)(
            *self.pull, self.shown, self.seen, self.news, floor_row, floor, sector, output, self.loss, self.touched,
            self.moved, self.gone, self.change,
        )  # fmt: skip


NOWHERE = np.zeros(0, dtype=np.int64), np.zeros(0)
"""Sector and output where nobody replaces anybody."""

SCARCE = 1e-3
"""Share of a sector below which what is left is summed anew, so that its digits hold."""


def totals(down: Side, up: Side, weight: FloatArray) -> FloatArray:
    """Return the weighted losses of each lane: downstream, upstream, the larger of both firm by firm, (3, lanes)."""
    return compiled(totals_loop)(down.loss, up.loss, down.touched, up.touched, weight)


def show_loop(loss: FloatArray, moved: BoolArray, shown: FloatArray, news: BoolArray) -> None:
    """Show each loss that moved to the neighbours."""
    n_firms, n_lanes = loss.shape
    for firm in range(n_firms):
        news[firm] = moved[firm]
        if moved[firm]:
            for lane in range(n_lanes):
                shown[firm, lane] = loss[firm, lane]


def show_replaceable_loop(
    first_firm: IntArray,
    firm: IntArray,
    output: FloatArray,
    whole: FloatArray,
    guard: FloatArray,
    gone: FloatArray,
    loss: FloatArray,
    touched: BoolArray,
    moved: BoolArray,
    shown: FloatArray,
    news: BoolArray,
) -> None:
    """Show each loss times the share of the sector's remaining output that the firm stands for."""
    n_lanes = loss.shape[1]
    left = np.zeros((1, n_lanes))
    for sector in range(len(first_firm) - 1):
        stirred = False
        for place in range(first_firm[sector], first_firm[sector + 1]):
            news[firm[place]] = False
            if moved[firm[place]]:
                stirred = True
        if not stirred:
            continue
        least = np.inf
        for lane in range(n_lanes):
            left[0, lane] = whole[sector] - gone[sector, lane]
            least = min(least, left[0, lane])
        if least < SCARCE * whole[sector]:
            left[:] = 0.0
            for place in range(first_firm[sector], first_firm[sector + 1]):
                for lane in range(n_lanes):
                    left[0, lane] += output[firm[place]] * (1.0 - loss[firm[place], lane])
        for lane in range(n_lanes):
            left[0, lane] = 1.0 / left[0, lane] if left[0, lane] > guard[sector] else 1e300
        for place in range(first_firm[sector], first_firm[sector + 1]):
            member = firm[place]
            if touched[member]:
                made = output[member]
                step = 0.0
                for lane in range(n_lanes):
                    seen = min(1.0, made * left[0, lane]) * loss[member, lane]
                    step = max(step, abs(seen - shown[member, lane]))
                    shown[member, lane] = seen
                news[member] = step > 0


def pull_loop(
    first_slot: IntArray,
    first_edge: IntArray,
    neighbour: NDArray[np.uint32],
    share: FloatArray,
    shown: FloatArray,
    seen: BoolArray,
    news: BoolArray,
    floor_row: IntArray,
    floor: FloatArray,
    sector: IntArray,
    output: FloatArray,
    loss: FloatArray,
    touched: BoolArray,
    moved: BoolArray,
    gone: FloatArray,
    change: FloatArray,
) -> None:
    """Set each firm's loss to that of its scarcest slot, where a neighbour has news; note the largest change."""
    n_firms, n_lanes = loss.shape
    mix = np.zeros((3, n_lanes))  # the slot at hand, the largest so far, the largest change of any firm
    for firm in range(n_firms):
        moved[firm] = False
        stale = False
        for edge in range(first_edge[first_slot[firm]], first_edge[first_slot[firm + 1]]):
            if news[neighbour[edge]]:
                stale = True
                break
        if not stale:
            continue
        if floor_row[firm] >= 0:
            for lane in range(n_lanes):
                mix[1, lane] = floor[floor_row[firm], lane]
        else:
            for lane in range(n_lanes):
                mix[1, lane] = 0.0
        for slot in range(first_slot[firm], first_slot[firm + 1]):
            started = False
            last = first_edge[slot + 1] - 1
            for edge in range(first_edge[slot], last):
                other = neighbour[edge]
                if seen[other]:
                    part = share[edge]
                    if started:
                        for lane in range(n_lanes):
                            mix[0, lane] += part * shown[other, lane]
                    else:
                        for lane in range(n_lanes):
                            mix[0, lane] = part * shown[other, lane]
                    started = True
            other = neighbour[last]
            part = share[last]
            if started and seen[other]:
                for lane in range(n_lanes):
                    mix[1, lane] = max(mix[1, lane], mix[0, lane] + part * shown[other, lane])
            elif started:
                for lane in range(n_lanes):
                    mix[1, lane] = max(mix[1, lane], mix[0, lane])
            elif seen[other]:
                for lane in range(n_lanes):
                    mix[1, lane] = max(mix[1, lane], part * shown[other, lane])
        step = 0.0
        for lane in range(n_lanes):
            now = min(1.0, mix[1, lane])
            rise = now - loss[firm, lane]
            step = max(step, abs(rise))
            mix[0, lane] = rise
            mix[2, lane] = max(mix[2, lane], rise)
            loss[firm, lane] = now
        if step > 0:
            moved[firm] = True
            touched[firm] = True
            if len(sector):
                made = output[firm]
                for lane in range(n_lanes):
                    gone[sector[firm], lane] += made * mix[0, lane]
    for lane in range(n_lanes):
        change[lane] = mix[2, lane]


def totals_loop(
    down: FloatArray, up: FloatArray, touched_down: BoolArray, touched_up: BoolArray, weight: FloatArray
) -> FloatArray:
    """Sum the weighted losses; see `totals`."""
    n_firms, n_lanes = down.shape
    total = np.zeros((3, n_lanes))
    for firm in range(n_firms):
        if touched_down[firm] or touched_up[firm]:
            part = weight[firm]
            for lane in range(n_lanes):
                total[0, lane] += part * down[firm, lane]
                total[1, lane] += part * up[firm, lane]
                total[2, lane] += part * max(down[firm, lane], up[firm, lane])
    return total
