"""Which sets of projects may be chosen: budget, number, limits by column, who must and who must not be in."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray
from graphmodel.analysis.entry import Entry
from graphmodel.errors import ParameterError, UnknownNameError, listed, nearest
from graphmodel.kernels.choice import Rows

Limits = Mapping[str, Mapping[str, int]]

ROUNDING = 1e-9
"""Part of a budget by which costs that add up to it may miss it."""


@dataclass(frozen=True)
class Rules:
    """Sets of sites that may be chosen.

    ``cost`` (N,) is nan where unknown; ``matrix`` (R, N) and ``most`` (R,) hold the limits by column; ``must`` and
    ``may`` (N,) say who is always in and who may be.
    """

    cost: FloatArray
    matrix: FloatArray
    most: FloatArray
    must: BoolArray
    may: BoolArray
    budget: float | None = None
    count: int | None = None

    def within(self, *, budget: float | None, count: int | None) -> Rules:
        """Return the same rules with another budget and number."""
        may = self.may & ~np.isnan(self.cost) if budget is not None else self.may
        return replace(self, budget=budget, count=count, may=may | self.must)

    def rows(self) -> Rows:
        """Write the rules down for a programme."""
        matrix, most = [self.matrix], [self.most]
        if self.budget is not None:
            matrix.append(np.nan_to_num(self.cost)[None, :])
            most.append(np.array([self.budget * (1.0 + ROUNDING)]))
        if self.count is not None:
            matrix.append(np.ones((1, len(self.cost))))
            most.append(np.array([float(self.count)]))
        lower, upper = self.must.astype(np.float64), self.may.astype(np.float64)
        return Rows(np.vstack(matrix), np.concatenate(most), lower, upper)

    def allow(self, present: BoolArray) -> BoolArray:
        """Say which sets, one a row, keep the rules."""
        rows = self.rows()
        inside = (present >= self.must).all(axis=1) & (present <= self.may).all(axis=1)
        kept = present.astype(np.float64) @ rows.matrix.T <= rows.most * (1.0 + ROUNDING)
        return np.asarray(inside & kept.all(axis=1))

    def n_sets(self) -> int:
        """Count the sets to go through: those of the right number, whatever their cost."""
        free = int((self.may & ~self.must).sum())
        most = free if self.count is None else min(self.count - int(self.must.sum()), free)
        return sum(math.comb(free, size) for size in range(most + 1))

    def sets(self) -> BoolArray:
        """List all sets that may be chosen, one a row, small ones first."""
        free = np.flatnonzero(self.may & ~self.must)
        most = len(free) if self.count is None else min(self.count - int(self.must.sum()), len(free))
        found = [np.tile(self.must, (1, 1))]
        for size in range(1, most + 1):
            member = np.array(list(combinations(free, size)), dtype=np.int64)
            some = np.tile(self.must, (len(member), 1))
            some[np.arange(len(member))[:, None], member] = True
            found.append(some)
        every = np.vstack(found)
        return every[self.allow(every)]


def rules_of(
    entry: Entry,
    *,
    budget: float | None,
    count: int | None,
    limits: Limits | None,
    required: Collection[str],
    excluded: Collection[str],
    members: pd.DataFrame | None,
) -> Rules:
    """Read the rules, and refuse what cannot be kept.

    Raises
    ------
    ParameterError
        If a number is negative, a budget fits no project, or what must be in cannot be.
    UnknownNameError
        If a column, a value or a project does not exist, with the nearest that does.
    """
    sites = entry.sites
    required, excluded = _ids(entry, required, "required"), _ids(entry, excluded, "excluded")
    _require_entering(entry, required)
    both = sorted(set(required) & set(excluded))
    if both:
        raise ParameterError(f"{listed(both)}: required and excluded at once")
    if budget is not None and not budget >= 0:
        raise ParameterError(f"budget is {budget:g}, but must be 0 or more")
    if count is not None and not count >= 1:
        raise ParameterError(f"count is {count}, but must be 1 or more")
    cost = _costs(sites, budget)
    matrix, most = _limited(entry, limits or {}, members)
    rules = Rules(cost, matrix, most, entry.sites_of(required), ~entry.sites_of(excluded))
    rules = rules.within(budget=budget, count=count)
    _require_room(rules, sites)
    return rules


def members_of(entry: Entry, chosen: Collection[str], what: str) -> BoolArray:
    """Say which sites that can enter are named; those that cannot are passed over."""
    return entry.sites_of(_ids(entry, chosen, what))


def _ids(entry: Entry, given: Collection[str], what: str) -> list[str]:
    """Return the ids given, refusing those that no project has."""
    if isinstance(given, str):
        given = [given]
    known = [*entry.projects["project_id"], *entry.left_out["project_id"]]
    for one in given:
        if one not in known:
            raise UnknownNameError(f"no project {one!r}, {what}; {nearest(one, known)}")
    return list(given)


def _require_entering(entry: Entry, required: list[str]) -> None:
    out = entry.left_out[entry.left_out["project_id"].isin(required)]
    if len(out):
        said = [f"{row.project_id} {row.reason}" for row in out.itertuples()]
        raise ParameterError(f"required, but cannot enter: {listed(said)}")


def _costs(projects: pd.DataFrame, budget: float | None) -> FloatArray:
    """Return the cost of each project, nan where unknown; a budget needs some."""
    if "cost" not in projects:
        if budget is not None:
            raise UnknownNameError("a budget needs the column 'cost' in projects, all in one currency and year")
        return np.full(len(projects), np.nan)
    cost = projects["cost"].to_numpy(dtype=float)
    if budget is None:
        return cost
    if np.isnan(cost).all():
        raise ParameterError("a budget needs costs, but no project that can enter has one")
    least = int(np.nanargmin(cost))
    if cost[least] > budget * (1 + ROUNDING):
        cheapest = f"{projects['project_id'].iloc[least]}, costs {cost[least]:g}"
        raise ParameterError(f"budget {budget:g} fits no project; the cheapest, {cheapest}")
    return cost


def _limited(entry: Entry, limits: Limits, members: pd.DataFrame | None) -> tuple[FloatArray, FloatArray]:
    """Turn limits into rows; a site counts for every value of its projects, and of a cell joined by ";"."""
    rows, most = [np.zeros((0, len(entry.sites)))], []
    for column, values in limits.items():
        by_project = pd.Series(_values(entry.projects, column, members), dtype=object)
        held = by_project.groupby(entry.site).agg(lambda each: set().union(*each))
        for value, number in values.items():
            if not number >= 0:
                raise ParameterError(f"limit of {column} {value!r} is {number}, but must be 0 or more")
            counts = np.array([value in some for some in held])
            if not counts.any():
                known = sorted({one for some in held for one in some})
                raise UnknownNameError(f"no project has {column} {value!r}; {nearest(value, known)}")
            rows.append(counts[None, :].astype(float))
            most.append(float(number))
    return np.vstack(rows), np.array(most, dtype=float)


def _values(projects: pd.DataFrame, column: str, members: pd.DataFrame | None) -> list[set[str]]:
    if column == "alliance" and column not in projects:
        if members is None:
            raise ParameterError("a limit by alliance needs a table of members (group, country)")
        groups = members.groupby("country")["group"].agg(set)
        return [set(groups.get(country, ())) for country in projects["country"]]
    if column not in projects:
        raise UnknownNameError(f"no column {column!r} to limit projects by; {nearest(column, list(projects.columns))}")
    cells = projects[column].fillna("").astype(str)
    return [{one.strip() for one in cell.split(";") if one.strip()} for cell in cells]


def _require_room(rules: Rules, projects: pd.DataFrame) -> None:
    """Refuse rules that those who must be in already break."""
    if rules.allow(rules.must[None, :])[0]:
        return
    together = listed(list(projects.loc[rules.must, "project_id"]))
    if rules.budget is not None and np.isnan(rules.cost[rules.must]).any():
        unknown = listed(list(projects.loc[rules.must & np.isnan(rules.cost), "project_id"]))
        raise ParameterError(f"required, but without a cost to hold against the budget: {unknown}")
    asked = int(rules.must.sum())
    if rules.count is not None and asked > rules.count:
        raise ParameterError(f"{asked} projects are required ({together}), but count is {rules.count}")
    if rules.budget is not None and rules.cost[rules.must].sum() > rules.budget:
        raise ParameterError(f"{together} cost {rules.cost[rules.must].sum():g}, above the budget of {rules.budget:g}")
    raise ParameterError(f"{together}: required, but together above a limit")
