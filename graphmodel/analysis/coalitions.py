"""What is lost in each of many disruptions with any set of planned plants running: the games whose value is shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.entry import Entry, Sharing
from graphmodel.analysis.grouping import Groups
from graphmodel.analysis.remaining import kernel_recipes, scenario_cut
from graphmodel.analysis.shutting import Running, Shutting, all_cores, group_processes, shutting
from graphmodel.kernels.cascade_draws import frozen_loss_shares
from graphmodel.kernels.linear import Solution, Solver, solve_each
from graphmodel.programme import SCALE, Programme, programme
from graphmodel.sweeps import sweep

BATCH = 64
"""Coalitions in one part of a sweep."""


class Frozen(NamedTuple):
    """Nobody replaces a supplier: what it takes to work out one coalition, each with its own shares."""

    shut: Shutting
    together: IntArray
    sharing: Sharing

    def lost(self, present: FloatArray) -> FloatArray:
        """Return the share of final demand that each disruption (columns) loses with each coalition (rows)."""
        shut = self.shut
        lost = frozen_loss_shares(
            shut.recipes, *shut.sets(self.together), shut.weight,
            lambda row: self.sharing.shares(present[row]), len(present), edge_limit=shut.edge_limit,
        )  # fmt: skip
        return lost / shut.weight.sum()


class Rerouted(NamedTuple):
    """Everyone may buy from whoever can make more: the programme, and what each disruption closes."""

    written: Programme
    indptr: IntArray
    process: IntArray
    projects: IntArray

    def lost(self, present: FloatArray) -> FloatArray:
        """Return the share of final demand that each disruption (columns) loses with each coalition (rows)."""
        changed = [self.changed(row, one) for row in present for one in range(len(self.indptr) - 1)]
        columns, upper = zip(*changed, strict=True)
        indptr = np.concatenate([[0], np.cumsum([len(each) for each in columns])]).astype(np.int64)
        lead = np.repeat((present < 1).sum(axis=1), len(self.indptr) - 1)
        value = solve_each(self.written.linear, indptr, np.concatenate(columns), np.concatenate(upper), lead=lead)
        return self.written.loss_share(value).reshape(len(present), -1)

    def shut(self, one: int) -> IntArray:
        """Return the processes that a disruption closes."""
        return self.process[self.indptr[one] : self.indptr[one + 1]]

    def changed(self, present: FloatArray, one: int) -> tuple[IntArray, FloatArray]:
        """Return the columns that a coalition and a disruption bound, projects first, and their bounds."""
        part, shut = present < 1, self.shut(one)
        absent = self.projects[part]
        left = np.where(np.isin(absent, shut), 0.0, self.written.linear.upper[absent] * present[part])
        rest = np.setdiff1d(shut, absent)
        return np.concatenate([absent, rest]), np.concatenate([left, np.zeros(len(rest))])


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
    return Rerouted(written, ends, np.concatenate(parts), np.arange(entry.first, entry.work.n_processes))


class Priced:
    """The rerouted game one set at a time, with prices: what each disruption loses, and what more of each would save.

    Each disruption starts from where it ended with the set before.
    """

    def __init__(self, game: Rerouted) -> None:
        self.game = game
        self._solver = Solver(game.written.linear)
        self._solver.solve()
        self._ended: list[Any] = [None] * (len(game.indptr) - 1)

    def solve(self, present: FloatArray) -> list[Solution]:
        """Solve every disruption with each project at a part of its capacity, 0 to 1, (N,)."""
        found = []
        for one, start in enumerate(self._ended):
            found.append(self._solver.solution_with(*self.game.changed(present, one), start=start))
            self._ended[one] = self._solver.basis()
        return found

    def losses(self, present: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what each disruption loses, as a share, (W,), and its slope in each project, (W, N)."""
        game, solved = self.game, self.solve(present)
        price = np.array([solution.bound_price[game.projects] for solution in solved])
        price[[np.isin(game.projects, game.shut(one)) for one in range(len(solved))]] = 0.0
        lost = game.written.loss_share(np.array([solution.value for solution in solved]))
        return lost, -price * game.written.linear.upper[game.projects] / SCALE


def lost_by(
    game: Frozen | Rerouted, present: FloatArray, running: Running, *, title: str, parameters: Mapping[str, object]
) -> FloatArray:
    """Return the share that each disruption (columns) loses with each coalition (rows), swept in parts."""
    parts = [present[first : first + BATCH] for first in range(0, len(present), BATCH)]
    sizes = [len(part) for part in parts]
    with all_cores(running, worthwhile=isinstance(game, Frozen) and len(parts) > 1) as on:
        found = sweep(lost_of, parts, shared=game, sizes=sizes, title=title, parameters=parameters, **on._asdict())
    return np.concatenate(found)


def lost_of(game: Frozen | Rerouted, present: FloatArray) -> FloatArray:
    """Work out some coalitions: one part of a sweep."""
    return game.lost(present)
