"""What sets of planned sites lose over many disruptions: the game that worth, outlook and portfolio are read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray
from graphmodel.analysis.coalitions import BATCH, Priced, Rerouted, lost_by
from graphmodel.analysis.disruptions import Counted, staged
from graphmodel.analysis.entry import Entry, enter
from graphmodel.analysis.shutting import Running
from graphmodel.network import Network

TAIL = 0.05
"""Part of the disruptions, the worst, that `tail` averages."""


class Valued:
    """Losses of sets of sites, each worked out once.

    Parameters
    ----------
    entry : the network, and the sites that may enter it
    response, counted, by, top : the disruptions, as in `staged`
    running : how sets are swept
    """

    def __init__(
        self,
        entry: Entry,
        response: str,
        counted: Counted,
        by: str | Sequence[str],
        top: int,
        running: Running,
    ) -> None:
        self.entry, self.running = entry, running
        self.parameters: dict[str, object] = {"response": response, **counted, "by": by, "top": top}
        self.game, self.names = staged(entry, response, counted, by, top)
        self._known: dict[bytes, FloatArray] = {}
        self._priced: Priced | None = None

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


def programmes_valued(
    network: Network,
    programmes: Mapping[str, pd.DataFrame],
    response: str,
    counted: Counted,
    by: str | Sequence[str],
    top: int,
    running: Running,
) -> tuple[Valued, BoolArray]:
    """Let the projects of several programmes enter; return their game, and which sites each programme has, (P, S)."""
    union = pd.concat(list(programmes.values())).drop_duplicates("project_id", ignore_index=True)
    valued = Valued(enter(network, union), response, counted, by, top, running)
    return valued, np.array([valued.entry.sites_of(each["project_id"]) for each in programmes.values()])


def tail(losses: FloatArray) -> FloatArray:
    """Return the mean of the worst losses along the last axis: those of the worst `TAIL` of the disruptions."""
    count = max(1, int(np.ceil(TAIL * losses.shape[-1])))
    return np.asarray(np.sort(losses, axis=-1)[..., -count:].mean(axis=-1))
