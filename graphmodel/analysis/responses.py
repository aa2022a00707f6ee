"""What is lost when groups of nodes stop, under each of the four responses."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.grouping import Groups
from graphmodel.analysis.holdings import held_for_a_year
from graphmodel.analysis.inputs import DIRECTIONS, INPUTS, Direction, Inputs, frozen_processes
from graphmodel.analysis.remaining import (
    cut_off,
    kernel_recipes,
    open_paths,
    reached_in_base,
    scenario_cut,
)
from graphmodel.analysis.shutting import Running, frozen_losses, group_processes, shutting, swept
from graphmodel.errors import ParameterError, UnknownNameError, nearest
from graphmodel.kernels.cascade import frozen_loss
from graphmodel.kernels.linear import LinearProgramme, Solver, solve_each
from graphmodel.kernels.paths import reach_loss, reach_loss_groups, reachable
from graphmodel.network import Network
from graphmodel.processes import Processes, processes
from graphmodel.programme import GROWTH, Held, Programme, programme

Response = Literal["reachability", "reroute", "adapt", "frozen"]
RESPONSES: tuple[Response, ...] = ("reachability", "reroute", "adapt", "frozen")
"""From the least loss to the most: any path left is enough; everyone may buy from whoever can make more; flows may
grow by a share; nobody can replace a supplier."""

REROUTED = ("reroute", "adapt")
"""Responses that are linear programmes."""

Links = Literal["any", "existing"]
LINKS: tuple[Links, ...] = ("any", "existing")

BATCH = 128
"""Programmes in one part of a sweep; each part solves the base once more."""


class How(NamedTuple):
    """How a network responds, and how the sweep runs."""

    response: str
    severity: float = 1.0
    growth: float = GROWTH
    links: str = "any"
    stocks: bool = False
    inputs: Inputs = "recipes"
    direction: Direction = "downstream"
    running: Running = Running()

    def work(self, network: Network) -> Processes:
        """Return the processes through which a stop spreads."""
        if self.response == "frozen":
            return frozen_processes(network, self.inputs, self.direction)
        return processes(network)

    def held(self, network: Network) -> Held | None:
        """Return the stocks that count."""
        return held_for_a_year(network, processes(network)) if self.stocks else None

    def checked(self) -> How:
        """Return it, refusing what cannot be."""
        if self.response not in RESPONSES:
            raise UnknownNameError(f"no response {self.response!r}; {nearest(self.response, RESPONSES)}")
        if self.links not in LINKS:
            raise UnknownNameError(f"no links {self.links!r}; {nearest(self.links, LINKS)}")
        if self.inputs not in INPUTS:
            raise UnknownNameError(f"no inputs {self.inputs!r}; {nearest(self.inputs, INPUTS)}")
        if self.direction not in DIRECTIONS:
            raise UnknownNameError(f"no direction {self.direction!r}; {nearest(self.direction, DIRECTIONS)}")
        if self.response != "frozen" and (self.inputs, self.direction) != ("recipes", "downstream"):
            raise ParameterError(f"{self.response} follows the recipes downstream; inputs and direction are for frozen")
        if not 0 <= self.severity <= 1:
            raise ParameterError(f"severity is {self.severity}, but must lie between 0 and 1")
        if not 0 <= self.growth < np.inf:
            raise ParameterError(f"growth is {self.growth}, but must be a share of 0 or more")
        if self.stocks and self.response not in REROUTED:
            raise ParameterError(
                f"stocks count for a year under {' and '.join(REROUTED)}; under fixed shares timeline follows them"
            )
        if self.response == "reachability":
            if self.severity != 1:
                raise ParameterError("reachability asks whether any path is left; it needs severity=1")
            if self.running.executor is not None or self.running.folder is not None:
                raise ParameterError("reachability is one search; executor and folder are for the other responses")
        return self

    def said(self) -> dict[str, object]:
        """Return it as parameters of a result."""
        rerouted = self.response in REROUTED
        return {
            "response": self.response,
            "severity": self.severity,
            "growth": self.growth if self.response == "adapt" else None,
            "links": self.links if rerouted else None,
            "stocks": self.stocks or None,
            "inputs": None if self.inputs == "recipes" else self.inputs,
            "direction": None if self.direction == "downstream" else self.direction,
        }


def group_losses(
    network: Network, groups: Groups, weight: FloatArray, how: How, *, asked: Mapping[str, object]
) -> FloatArray:
    """Return the weighted demand lost without each group, in units of ``weight``."""
    work = how.work(network)
    if how.response == "reachability":
        return _reachability(network, work, groups, weight, how)
    if groups.edge_left is not None:
        loss = (_rerouted_flows if how.response in REROUTED else _frozen_flows)(network, work, groups, weight, how)
    else:
        alone = np.arange(len(groups.names))[:, None]
        loss = set_losses(network, groups, weight, alone, how, title=f"removal in {network.name}", asked=asked)
    return np.where(loss < 1e-9 * max(weight.sum(), 1e-300), 0.0, loss)


def set_losses(
    network: Network,
    groups: Groups,
    weight: FloatArray,
    together: IntArray,
    how: How,
    *,
    title: str,
    asked: Mapping[str, object],
) -> FloatArray:
    """Return the weighted demand lost without every set of groups, (S,); ``together`` (S, k) are the sets.

    Programmes are solved soonest where sets that follow one another differ in their last group alone, a small one.
    """
    work = how.work(network)
    if how.response == "frozen":
        shut = shutting(work, groups, kernel_recipes(work), weight, *scenario_cut(network, work), how.severity)
        return frozen_losses(shut, together, how.running, title=title, parameters=asked)
    if how.response not in REROUTED:
        raise ParameterError(f"sets of groups under {how.response} are searched, not swept")
    written = response_programme(network, weight, how)
    indptr, process = group_processes(work, groups)
    model = Closing(written.linear, indptr, process, how.severity)
    value = swept(values_without, together, model, how.running, batch=BATCH, title=title, parameters=asked)
    return written.loss_share(value) * weight.sum()


class Closing(NamedTuple):
    """A programme, and the outputs that each group closes."""

    linear: LinearProgramme
    indptr: IntArray
    process: IntArray
    severity: float

    def sets(self, together: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Return pointers, columns (those of the first groups of a set first) and new bounds of sets, one a row."""
        of_group = [np.unique(self.process[a:b]) for a, b in pairwise(self.indptr)]
        nothing = np.zeros(0, dtype=np.int64)
        closed = [pd.unique(np.concatenate([nothing, *(of_group[group] for group in row)])) for row in together]
        indptr = np.concatenate([[0], np.cumsum([len(one) for one in closed])]).astype(np.int64)
        columns = np.concatenate([nothing, *closed])
        return indptr, columns, self.linear.upper[columns] * (1.0 - self.severity)


def values_without(closing: Closing, together: IntArray) -> FloatArray:
    """Return the value of the programme without each set of groups: one part of a sweep."""
    all_but_last = np.diff(closing.sets(together[:, :-1])[0])
    return solve_each(closing.linear, *closing.sets(together), lead=all_but_last)


def response_programme(network: Network, weight: FloatArray, how: How) -> Programme:
    """Write down the programme of ``reroute``, or of ``adapt`` with flows growing by at most ``growth``."""
    spot = 0.0 if how.links == "existing" else None
    held = how.held(network)
    if how.response == "reroute":
        return programme(network, weight, spot=spot, held=held)
    return programme(network, weight, growth=how.growth, spot=how.growth if spot is None else spot, held=held)


def without_flows(network: Network, groups: Groups, group: int, severity: float = 1.0) -> Network:
    """Return the network with the flows of one group held back."""
    edges = network.edges
    kept = edges["available"].fillna(1.0).to_numpy(dtype=float) * groups.left(group, severity)
    return network.with_tables(edges=edges.assign(available=kept))


def _rerouted_flows(network: Network, work: Processes, groups: Groups, weight: FloatArray, how: How) -> FloatArray:
    """Loss of every group of flows after rerouting, each a network of its own."""
    loss = np.empty(len(groups.names))
    for group in range(len(loss)):
        written = response_programme(without_flows(network, groups, group, how.severity), weight, how)
        loss[group] = written.loss_share(np.array(Solver(written.linear).solve().value)) * weight.sum()
        how.running.tell(group + 1, len(loss))
    return loss


def _frozen_flows(
    network: Network,
    work: Processes,
    groups: Groups,
    weight: FloatArray,
    how: How,
) -> FloatArray:
    """Loss of every group of flows in the cascade, each by itself: a network has a dozen corridors."""
    recipes, loss, of_process = kernel_recipes(work), np.empty(len(groups.names)), work.weights(weight)
    for group in range(len(loss)):
        cut, kept = scenario_cut(network, work, groups.left(group, how.severity))
        held = np.flatnonzero(cut > 0)
        loss[group] = frozen_loss(recipes, np.array([0, len(held)]), held, cut[held], of_process, edge_limit=kept)[0]
        how.running.tell(group + 1, len(loss))
    return loss


def _reachability(network: Network, work: Processes, groups: Groups, weight: FloatArray, how: How) -> FloatArray:
    """Demand that no path from an origin reaches once a group is gone, plus what none reached before."""
    demand = np.zeros(network.n_nodes)
    np.add.at(demand, work.demand["node"].to_numpy(dtype=np.int64), weight)
    source, target, origins = open_paths(network)
    reached = reachable(network.n_nodes, source, target, origins)
    closed = demand[reached_in_base(network) & ~reached].sum()  # what a scenario in the network has cut off already
    arguments = (network.n_nodes, source, target, origins, demand)
    if groups.edge_left is not None:
        loss = np.array([demand[cut_off(network, reached, groups, group)].sum() for group in range(len(groups.names))])
    elif (groups.sizes() == 1).all():
        loss = reach_loss(*arguments)[groups.members]
    else:
        loss = reach_loss_groups(*arguments, groups.indptr, groups.members)
    how.running.tell(len(loss), len(loss))
    return loss + closed
