"""What is lost in each of many disruptions with any set of planned plants running: the games whose value is shared."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.entry import Entry, Sharing
from graphmodel.analysis.grouping import Groups
from graphmodel.analysis.remaining import kernel_recipes, scenario_cut
from graphmodel.analysis.shutting import Running, Shutting, all_cores, group_processes, shutting
from graphmodel.kernels.cascade_draws import frozen_loss_shares
from graphmodel.kernels.linear import LinearProgramme, Solution, Solver, solve_each
from graphmodel.programme import SCALE, programme
from graphmodel.sweeps import sweep

BATCH = 64
"""Coalitions in one part of a sweep."""


class Frozen(NamedTuple):
    """Nobody replaces a supplier: what it takes to work out one coalition, each with its own shares."""

    shut: Shutting
    together: IntArray
    sharing: Sharing

    def lost(self, present: FloatArray) -> FloatArray:
        """Return what each disruption loses (columns) with each coalition (rows), in units of the weight."""
        shut = self.shut
        return frozen_loss_shares(
            shut.recipes, *shut.sets(self.together), shut.weight,
            lambda row: self.sharing.shares(present[row]), len(present), edge_limit=shut.edge_limit,
        )  # fmt: skip


class Rerouted(NamedTuple):
    """Everyone may buy from whoever can make more: the programme, and what each disruption closes."""

    linear: LinearProgramme
    indptr: IntArray
    process: IntArray
    projects: IntArray
    wanted: float
    scale: float

    def lost(self, present: FloatArray) -> FloatArray:
        """Return what each disruption loses (columns) with each coalition (rows), in units of the weight."""
        n_sets = len(self.indptr) - 1
        columns, upper, length = [], [], []
        for row in present:
            absent = self.projects[row < 1]
            left = self.linear.upper[absent] * row[row < 1]
            for one in range(n_sets):
                shut = np.setdiff1d(self.process[self.indptr[one] : self.indptr[one + 1]], absent)
                off = np.isin(absent, self.process[self.indptr[one] : self.indptr[one + 1]])
                columns += [absent, shut]
                upper += [np.where(off, 0.0, left), np.zeros(len(shut))]
                length.append(len(absent) + len(shut))
        indptr = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
        lead = np.repeat((present < 1).sum(axis=1), n_sets)
        value = solve_each(self.linear, indptr, np.concatenate(columns), np.concatenate(upper), lead=lead)
        return (self.wanted + value.reshape(len(present), n_sets) / self.scale).clip(min=0.0)

    def share(self, value: float) -> float:
        """Turn a value of the objective into the share of final demand lost."""
        return max((self.wanted * self.scale + value) / SCALE, 0.0)


def frozen_game(entry: Entry, groups: Groups, chosen: IntArray, weight: FloatArray) -> Frozen:
    """Lay out the cascade with every project in place, and the groups that stop in turn."""
    everyone = kernel_recipes(entry.work)._replace(edge_share=entry.sharing.shares(np.ones(len(entry.projects))))
    shut = shutting(entry.work, groups, everyone, weight, *scenario_cut(entry.network, entry.work))
    return Frozen(shut, chosen[:, None], entry.sharing)


def rerouted_game(entry: Entry, groups: Groups, chosen: IntArray, weight: FloatArray) -> Rerouted:
    """Write the programme with every project as capacity, and the processes that each group closes."""
    written = programme(entry.network, weight, work=entry.work)
    indptr, process = group_processes(entry.work, groups)
    parts = [process[indptr[one] : indptr[one + 1]] for one in chosen]
    ends = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    projects = np.arange(entry.first, entry.work.n_processes)
    total = float(weight.sum())
    scale = written.value(np.array(1.0)) - written.value(np.array(0.0))
    wanted = -float(written.value(np.array(0.0))) / float(scale) * total
    return Rerouted(written.linear, ends, np.concatenate(parts), projects, wanted, float(scale) / total)


class Priced:
    """The rerouted game one set at a time, with prices: what each disruption loses, and what more of each would save.

    Each disruption starts from where it ended with the set before.
    """

    def __init__(self, game: Rerouted) -> None:
        self.game = game
        self._solver = Solver(game.linear)
        self._solver.solve()
        self._ended: dict[int, Any] = {}
        self.shut = [game.process[a:b] for a, b in pairwise(game.indptr)]

    def solve(self, present: FloatArray) -> list[Solution]:
        """Solve every disruption with each project at a part of its capacity, 0 to 1, (N,)."""
        projects, upper = self.game.projects, self.game.linear.upper
        found = []
        for one, shut in enumerate(self.shut):
            rest = np.setdiff1d(shut, projects)
            runs = np.where(np.isin(projects, shut), 0.0, upper[projects] * present)
            columns, bounds = np.concatenate([projects, rest]), np.concatenate([runs, np.zeros(len(rest))])
            found.append(self._solver.solution_with(columns, bounds, start=self._ended.get(one)))
            self._ended[one] = self._solver.basis()
        return found

    def losses(self, present: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what each disruption loses, as a share, (W,), and its slope in each project, (W, N)."""
        projects, upper = self.game.projects, self.game.linear.upper
        lost, slope = np.empty(len(self.shut)), np.zeros((len(self.shut), len(projects)))
        for one, solution in enumerate(self.solve(present)):
            lost[one] = self.game.share(solution.value)
            runs = ~np.isin(projects, self.shut[one])
            slope[one, runs] = -solution.bound_price[projects[runs]] * upper[projects[runs]] / SCALE
        return lost, slope


def lost_by(
    game: Frozen | Rerouted, present: FloatArray, running: Running, *, title: str, parameters: Mapping[str, object]
) -> FloatArray:
    """Return what each disruption loses (columns) with each coalition (rows), swept in parts."""
    parts = [present[first : first + BATCH] for first in range(0, len(present), BATCH)]
    sizes = [len(part) for part in parts]
    with all_cores(running, worthwhile=isinstance(game, Frozen) and len(parts) > 1) as on:
        found = sweep(lost_of, parts, shared=game, sizes=sizes, title=title, parameters=parameters, **on._asdict())
    return np.concatenate(found)


def lost_of(game: Frozen | Rerouted, present: FloatArray) -> FloatArray:
    """Work out some coalitions: one part of a sweep."""
    return game.lost(present)
