"""What sets of planned sites lose over many disruptions: the game that worth, outlook and portfolio are read from."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np

from graphmodel._types import BoolArray, FloatArray
from graphmodel.analysis.coalitions import BATCH, Priced, Rerouted, lost_by
from graphmodel.analysis.disruptions import Counted, disruptions, game_of
from graphmodel.analysis.entry import Entry
from graphmodel.analysis.grouping import demand_weights
from graphmodel.analysis.shutting import Running

TAIL = 0.05
"""Part of the disruptions, the worst, that `tail` averages."""


class Valued:
    """Losses of sets of sites, each worked out once.

    Parameters
    ----------
    entry : the network, and the sites that may enter it
    response, counted, by, top : how losses come about, what counts in them, and the disruptions
    running : how sets are swept
    """

    def __init__(
        self,
        entry: Entry,
        response: str,
        counted: Counted,
        by: str | Sequence[str],
        top: int | None,
        running: Running,
    ) -> None:
        self.entry, self.running = entry, running
        self.parameters: dict[str, object] = {"response": response, **counted, "by": by, "top": top}
        evenly = counted["mineral"] is None
        self.weight, _ = demand_weights(entry.network, entry.work.demand, **counted, evenly=evenly)  # type: ignore[arg-type]
        self.ensemble = disruptions(entry, by, top, self.weight)
        self.game = game_of(entry, response, self.ensemble, self.weight)
        self._known: dict[bytes, FloatArray] = {}
        self._priced: Priced | None = None

    def again(self, entry: Entry) -> Valued:
        """Return the same game, with the same disruptions, on other shares."""
        other = copy(self)
        other.entry, other._known, other._priced = entry, {}, None
        other.game = game_of(entry, str(self.parameters["response"]), self.ensemble, self.weight)
        return other

    @property
    def names(self) -> list[str]:
        """The disruptions."""
        return self.ensemble.names

    @property
    def n_sets(self) -> int:
        """Sets worked out."""
        return len(self._known)

    def losses(self, present: BoolArray | FloatArray) -> FloatArray:
        """Return the share lost by set (rows: the part of each site that runs) and disruption."""
        sets, back = np.unique(np.asarray(present, dtype=np.float64), axis=0, return_inverse=True)
        keys = [each.tobytes() for each in sets]
        fresh = [at for at, key in enumerate(keys) if key not in self._known]
        if fresh:
            lost = self._lost(sets[fresh][:, self.entry.site])
            self._known.update(zip([keys[at] for at in fresh], lost, strict=True))
        return np.array([self._known[key] for key in keys])[back.ravel()]

    def slopes(self, present: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what each disruption loses under ``reroute``, (W,), and its slope in each site, (W, S)."""
        lost, slope = self.priced.losses(present[self.entry.site])
        by_site = np.zeros((len(slope), len(present)))
        np.add.at(by_site.T, self.entry.site, slope.T)
        return lost, by_site

    @property
    def priced(self) -> Priced:
        """The game under ``reroute`` with prices, its solver loaded once."""
        assert isinstance(self.game, Rerouted)
        if self._priced is None:
            self._priced = Priced(self.game)
        return self._priced

    def _lost(self, present: FloatArray) -> FloatArray:
        """Work out sets of projects: in a sweep, or where a solver is loaded and they are few, with that."""
        if self._priced is not None and (self.running.executor is None or len(present) < BATCH):
            return np.array([self._priced.losses(row)[0] for row in present])
        title = f"projects in {self.entry.network.name}"
        return lost_by(self.game, present, self.running, title=title, parameters=self.parameters)


def tail(losses: FloatArray) -> FloatArray:
    """Return the mean of the worst losses along the last axis: those of the worst `TAIL` of the disruptions."""
    count = max(1, int(np.ceil(TAIL * losses.shape[-1])))
    return np.asarray(np.sort(losses, axis=-1)[..., -count:].mean(axis=-1))
