"""The disruptions that projects are valued over, and the game in which coalitions of projects meet them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.coalitions import Frozen, Rerouted, frozen_game, rerouted_game
from graphmodel.analysis.entry import Entry
from graphmodel.analysis.grouping import Groups, group_nodes
from graphmodel.analysis.remaining import kernel_recipes, removable, scenario_cut
from graphmodel.analysis.shutting import shutting, weighted_losses
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError, nearest

TOP = {"frozen": 64, "reroute": 8}
"""Disruptions in the ensemble unless told otherwise."""

Counted = Mapping[str, str | Sequence[str] | None]
"""Which final demand counts: mineral, product, consumer."""


class Ensemble(NamedTuple):
    """Disruptions, each as likely as another: names, and what stops in each."""

    names: list[str]
    groups: Groups
    chosen: IntArray


def checked_top(response: str, top: int | None) -> int:
    """Return how many disruptions, refusing what cannot be."""
    if response not in TOP:
        raise UnknownNameError(f"no response {response!r} for projects; {nearest(response, list(TOP))}")
    if top is not None and not top >= 1:
        raise ParameterError(f"top is {top}, but must be 1 or more")
    return TOP[response] if top is None else top


def disruptions(entry: Entry, by: str | Sequence[str], top: int | None, weight: FloatArray) -> Ensemble:
    """Choose the stops that lose most without any project, each of which loses some; all there are without ``top``."""
    groups = group_nodes(entry.network, by, among=removable(entry.network))
    nobody = kernel_recipes(entry.work)._replace(edge_share=entry.sharing.shares(np.zeros(len(entry.projects))))
    shut = shutting(entry.work, groups, nobody, weight, *scenario_cut(entry.network, entry.work))
    lost = weighted_losses(shut, np.arange(len(groups.names))[:, None])
    loses = lost > 1e-9 * weight.sum()
    if not loses.any():
        raise EmptySelectionError("no disruption loses any final demand that counts")
    chosen = np.lexsort((np.array(groups.names), -np.round(lost / max(weight.sum(), 1e-300), 9)))
    if top is not None:
        chosen = chosen[:top][loses[chosen[:top]]]
    return Ensemble([groups.names[one] for one in chosen], groups, chosen)


def game_of(entry: Entry, response: str, ensemble: Ensemble, weight: FloatArray) -> Frozen | Rerouted:
    """Lay out the game in which coalitions of projects meet the disruptions."""
    make = frozen_game if response == "frozen" else rerouted_game
    return make(entry, ensemble.groups, ensemble.chosen, weight)
