"""Which projects to back: the set that loses least over many disruptions, within a budget, a number and limits."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray
from graphmodel.analysis.choosing import Limits, Rules, members_of, rules_of
from graphmodel.analysis.disruptions import checked_top
from graphmodel.analysis.entry import Entry, enter
from graphmodel.analysis.shutting import Running
from graphmodel.analysis.valued import Valued
from graphmodel.errors import ParameterError, UnknownNameError, nearest
from graphmodel.kernels.choice import PROVEN, Search
from graphmodel.network import Network
from graphmodel.results import PortfolioResult

Aim = Literal["expected", "worst"]
AIMS: tuple[Aim, ...] = ("expected", "worst")

Method = Literal["auto", "milp", "greedy", "all"]
METHODS: tuple[Method, ...] = ("auto", "milp", "greedy", "all")

MOST_SETS = {"frozen": 2**15, "reroute": 2**12}
"""Sets up to which each is worked out: all those of 15 projects, and of 12."""

STEPS = 5
"""Budgets on the frontier."""

SAME = 1e-9
"""Loss share below which two sets count as equally good."""


def portfolio(
    network: Network,
    projects: pd.DataFrame,
    *,
    budget: float | None = None,
    count: int | None = None,
    aim: Aim = "expected",
    response: str = "frozen",
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    by: str | Sequence[str] = "industry",
    top: int | None = None,
    required: Collection[str] = (),
    excluded: Collection[str] = (),
    limits: Limits | None = None,
    compare: Mapping[str, Collection[str]] | None = None,
    members: pd.DataFrame | None = None,
    method: Method = "auto",
    seconds: float = 600.0,
    progress: Callable[[int, int], None] | None = None,
    executor: Executor | None = None,
) -> PortfolioResult:
    """Choose the set of projects that keeps most demand served over many disruptions.

    Parameters
    ----------
    network : Network
    projects : DataFrame
        As in `worth`; with a ``budget`` also ``cost``, in one currency and year. A project without a cost is then not
        chosen. Rows of one ``site`` are one project; its cost is the first that they state.
    budget : float, optional
        Most that the set may cost.
    count : int, optional
        Most projects in the set.
    aim : {"expected", "worst"}
        What is made least: the mean loss over the disruptions, or the largest; the other decides between equals.
    response, mineral, product, consumer, by, top
        As in `worth`: the same disruptions.
    required, excluded : list of str
        Ids of projects that must, or must not, be in the set.
    limits : mapping, optional
        Most projects by column and value, such as ``{"stage": {"mining": 2}, "country": {"COD": 1}}``; a cell of
        several values joined by ";" counts for each. ``alliance`` reads ``members``.
    compare : mapping, optional
        Sets to hold against the best, by name: ids of projects; those that cannot enter count for nothing.
    members : DataFrame, optional
        ``group`` and ``country``, for a limit by alliance.
    method : {"auto", "milp", "greedy", "all"}
        ``all``: every set that is allowed, up to 32 768 under ``frozen`` (all sets of 15) and 4096 under
        ``reroute``. ``milp``: a mixed-integer programme (``reroute`` only). ``greedy``: one after another, always
        shown beside. ``auto``: ``milp`` under ``reroute``; else ``all`` where it can be, ``greedy`` where not.
    seconds : float
        Time for each mixed-integer programme; what is found and proven by then comes back.
    progress, executor
        As in `removal`, for ``all``.

    Returns
    -------
    PortfolioResult
        ``kind``: ``chosen`` (by each method), ``frontier`` (the best set for each number, or for steps of the
        budget), ``given`` (``none``, ``all`` that can enter, and the sets of ``compare``), ``matched`` (the best set
        with as many projects as the given one, or as costly where there is a budget, under the same other rules);
        ``name`` (of what was given), ``method``; ``limit`` (number or budget the set keeps to); ``n_projects``,
        ``projects`` (ids joined by " + "), ``cost`` (nan where one is unknown); ``loss`` (what was made least),
        ``expected``, ``worst`` (shares of final demand lost), ``bound`` (no allowed set loses less; nan where nothing
        is proven), ``gap`` (loss less bound).

    Raises
    ------
    SchemaError
        With everything that is wrong in ``projects``; see `check_projects`.
    ParameterError
        If the budget is negative or fits no project, or there are too many sets for ``all``: the message says how
        long they would take, from sets timed there and then.
    UnknownNameError
        If a column, value, project, response or method does not exist, with the nearest that does.
    EmptySelectionError
        If no project can enter, or nothing that stops loses any demand that counts.

    Notes
    -----
    With L_w(S) the loss in disruption w with the projects S running, as in `worth`,

        min over allowed S of (1 / W) sum_w L_w(S)    or    min over allowed S of max_w L_w(S)

    Under ``reroute`` a project is capacity, so L_w is the value of a linear programme, convex in the project's part;
    the mixed-integer programme over all disruptions is solved by planes (`graphmodel.kernels.choice`). Among sets
    that are equally good to 1e-9 the cheapest counts, then the smallest, then the first by order of the table. Greedy
    takes what gains most, and with a budget also what gains most for its cost, whichever ends better; gains are looked
    at again only when they come to the top, and all of them before it stops. Complements (a mine and the refinery it
    needs) can each gain nothing alone: greedy then takes neither, and the gap shows it.

    References
    ----------
    Van Slyke, R. M. and Wets, R. (1969), doi:10.1137/0117061. Minoux, M. (1978) Accelerated greedy algorithms for
    maximizing submodular set functions, doi:10.1007/BFb0006528. Khuller, S., Moss, A., Naor, J. (1999),
    doi:10.1016/S0020-0190(99)00031-9.

    Examples
    --------
    A second refinery frees half of what hangs on the only one; a mine frees nothing of it.

    >>> import graphmodel as gm, pandas as pd
    >>> toy = gm.load("toy-battery")
    >>> plan = pd.DataFrame({"project_id": ["mine-c", "refine-b"], "name": ["Mine C", "Refinery B"],
    ...     "country": ["CAN", "USA"], "stage": ["mining", "refining"], "material": ["lithium-ore", "lithium-salt"],
    ...     "capacity": [500.0, 500.0]})
    >>> found = gm.portfolio(toy, plan, count=1, by="node", top=1).table
    >>> found.loc[found["kind"] == "chosen", ["method", "projects", "loss", "gap"]]
       method  projects  loss  gap
    0     all  refine-b   0.5  0.0
    1  greedy  refine-b   0.5  0.0
    """
    top = checked_top(response, top)
    for name, chosen, known in (("method", method, METHODS), ("aim", aim, AIMS)):
        if chosen not in known:
            raise UnknownNameError(f"no {name} {chosen!r}; {nearest(chosen, known)}")
    if not seconds > 0:
        raise ParameterError(f"seconds is {seconds}, but must be above 0")
    if method == "milp" and response == "frozen":
        raise ParameterError("method='milp' is for reroute; under frozen a set is no linear programme: 'all', 'greedy'")
    entry = enter(network, projects)
    rules = rules_of(
        entry, budget=budget, count=count, limits=limits, required=required, excluded=excluded, members=members
    )
    sets = {name: members_of(entry, ids, f"compared as {name!r}") for name, ids in (compare or {}).items()}
    counted = {"mineral": mineral, "product": product, "consumer": consumer}
    running = Running(executor, None, progress)
    valued = _Aimed(aim, np.nan_to_num(rules.cost), entry, response, counted, by, top, running)
    chooser = _Chooser(valued, response, method, seconds)
    chooser.require_few(rules)
    table = pd.DataFrame(_rows(entry, chooser, rules, sets))
    return PortfolioResult(
        table,
        network=network,
        parameters={
            "aim": aim,
            "budget": budget,
            "count": count,
            **valued.parameters,
            "method": chooser.method_for(rules),
            "limits": {column: dict(values) for column, values in limits.items()} if limits else None,
            "required": list(required) or None,
            "excluded": list(excluded) or None,
            "disruptions": len(valued.names),
            "projects": len(entry.sites),
            "left_out": len(entry.left_out),
            "without_cost": int(np.isnan(rules.cost).sum()) if budget is not None else None,
            "sets": valued.n_sets,
        },
        units=dict.fromkeys(("loss", "expected", "worst", "bound", "gap"), "share of final demand"),
    )


class Chosen(NamedTuple):
    """A set, how it was found, and the least that any allowed set can lose."""

    present: BoolArray
    method: str
    bound: float


class _Aimed(Valued):
    """Sets held against each other: by what is made least, then by cost."""

    def __init__(self, aim: str, cost: FloatArray, *game: Any) -> None:
        super().__init__(*game)
        self.aim, self.cost = aim, cost

    def aims(self, present: BoolArray) -> FloatArray:
        """Return what is made least, and what decides between equals, (S, 2), rounded to what counts."""
        lost = self.losses(present)
        both = lost.mean(axis=1), lost.max(axis=1)
        pair = both if self.aim == "expected" else both[::-1]
        return np.round(np.column_stack(pair) / SAME) * SAME

    def best(self, present: BoolArray) -> BoolArray:
        """Return the best of some sets: least loss, then least cost, then fewest projects, then the first."""
        pair = self.aims(present)
        order = np.lexsort((np.arange(len(present)), present.sum(axis=1), present @ self.cost, pair[:, 1], pair[:, 0]))
        return np.asarray(present[order[0]])


class _Chooser:
    """Finds the best set under any rules by one method, and by others where it takes too many sets."""

    def __init__(self, valued: _Aimed, response: str, method: str, seconds: float) -> None:
        self.valued, self.response, self.method, self.seconds = valued, response, method, seconds
        self.search = Search(valued.slopes, len(valued.cost)) if response == "reroute" else None

    def method_for(self, rules: Rules) -> str:
        """Say how the best set under these rules is looked for."""
        if self.method == "greedy" or (self.search is not None and self.method != "all"):
            return "greedy" if self.method == "greedy" else "milp"
        return "all" if rules.n_sets() <= MOST_SETS[self.response] else "greedy"

    def require_few(self, rules: Rules) -> None:
        """Refuse to go through too many sets, and say how long it would take."""
        n_sets = rules.n_sets()
        if self.method != "all" or n_sets <= MOST_SETS[self.response]:
            return
        some = rules.must[None, :] | np.eye(len(rules.must), dtype=bool)[:5]
        self.valued.losses(some[:1])  # the first pays for what is set up once
        begun = time.perf_counter()
        self.valued.losses(some[1:])
        each = (time.perf_counter() - begun) / max(len(some) - 1, 1)
        other = "'milp' or 'greedy'" if self.search is not None else "'greedy'"
        raise ParameterError(
            f"{int(rules.may.sum())} projects make {n_sets:.3g} sets; at {each:.2g} s each (timed now) all of them "
            f"take about {_duration(each * n_sets)}; at most {MOST_SETS[self.response]} are worked out: "
            f"use method={other}, a smaller count, or fewer projects"
        )

    def best(self, rules: Rules) -> Chosen:
        """Find the best set under these rules."""
        method = self.method_for(rules)
        if method == "all":
            every = rules.sets()
            chosen = self.valued.best(every)
            return Chosen(chosen, method, float(self._loss(chosen)))
        greedy = self.greedy(rules)
        if method == "greedy" or self.search is None:
            return Chosen(greedy, "greedy", np.nan)
        self.search.value(greedy.astype(np.float64))
        worst = self.valued.aim == "worst"
        found = self.search.best(rules.rows(), worst=worst, seconds=self.seconds)
        chosen = self._pruned(self.valued.best(np.vstack([found.chosen, greedy])), rules)
        return Chosen(chosen, method, min(found.bound, self._loss(chosen)))

    def greedy(self, rules: Rules) -> BoolArray:
        """Take one project after another; with a budget the better of two orders."""
        ends = [_greedy(self.valued, rules, per_cost=False)]
        if rules.budget is not None:
            ends.append(_greedy(self.valued, rules, per_cost=True))
        return self.valued.best(np.array(ends))

    def _loss(self, chosen: BoolArray) -> float:
        return float(_summary(self.valued.losses(chosen[None, :]), self.valued.aim)[0])

    def _pruned(self, chosen: BoolArray, rules: Rules) -> BoolArray:
        """Leave out who adds nothing, the dearest first."""
        order = np.lexsort((np.arange(len(chosen)), -self.valued.cost))
        for one in order[chosen[order] & ~rules.must[order]]:
            less = chosen.copy()
            less[one] = False
            chosen = self.valued.best(np.vstack([less, chosen]))
        return chosen


def _greedy(valued: _Aimed, rules: Rules, *, per_cost: bool) -> BoolArray:
    """Add what gains most until nothing does; a gain is looked at again when it comes to the top."""
    chosen = rules.must.copy()
    rank = np.maximum(np.nan_to_num(valued.cost), 1e-12) if per_cost else np.ones(len(chosen))

    def gains(some: Sequence[int]) -> list[tuple[float, float, int]]:
        """What each adds to those chosen, as a heap wants it: the largest first."""
        if not len(some):
            return []
        with_one = np.tile(chosen, (len(some), 1))
        with_one[np.arange(len(some)), some] = True
        gain = np.round((valued.aims(chosen[None, :]) - valued.aims(with_one)) / SAME) * SAME
        return [(-a / rank[one], -b / rank[one], one) for (a, b), one in zip(gain, some, strict=True)]

    def open_to(some: Sequence[int]) -> list[int]:
        with_one = np.tile(chosen, (len(some), 1))
        with_one[np.arange(len(some)), some] = True
        return [one for one, fits in zip(some, rules.allow(with_one), strict=True) if fits] if len(some) else []

    heap = gains(open_to([int(one) for one in np.flatnonzero(rules.may & ~chosen)]))
    heapq.heapify(heap)
    fresh = {one for _, _, one in heap}
    while heap:
        first = heapq.heappop(heap)
        one = first[2]
        if not open_to([one]):
            continue
        if one not in fresh:
            fresh.add(one)
            heapq.heappush(heap, gains([one])[0])
        elif first[:2] < (0.0, 0.0):
            chosen[one] = True
            fresh = set()
        else:
            stale = [entry[2] for entry in heap if entry[2] not in fresh]
            again = gains(open_to(stale))
            if not any(entry[:2] < (0.0, 0.0) for entry in again):
                break
            fresh |= {entry[2] for entry in again}
            heap = again
            heapq.heapify(heap)
    return chosen


def _summary(lost: FloatArray, aim: str) -> FloatArray:
    """Return what is made least, by set."""
    return np.asarray(lost.mean(axis=1) if aim == "expected" else lost.max(axis=1))


def _duration(seconds: float) -> str:
    """Write a time in words.

    Examples
    --------
    >>> [_duration(time) for time in (5.0, 400.0, 8000.0, 3e6, 3e9)]
    ['5 seconds', '6.7 minutes', '2.2 hours', '35 days', '95 years']
    """
    for size, word in ((365.25 * 86400, "years"), (86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.2g} {word}"
    return f"{seconds:.2g} seconds"


def _rows(entry: Entry, chooser: _Chooser, rules: Rules, sets: Mapping[str, BoolArray]) -> list[dict[str, object]]:
    """List the sets chosen, the frontier, and the sets given with the best as large."""
    valued = chooser.valued
    ids = entry.sites["project_id"].to_numpy(dtype=object)
    free = rules.within(budget=None, count=None)

    def row(kind: str, name: str, found: Chosen, limit: float) -> dict[str, object]:
        lost = valued.losses(found.present[None, :])
        loss = float(_summary(lost, valued.aim)[0])
        gap = loss - found.bound
        gap = 0.0 if abs(gap) <= PROVEN else gap
        return {
            "kind": kind, "name": name, "method": found.method, "limit": limit,
            "n_projects": int(found.present.sum()), "projects": " + ".join(ids[found.present]),
            "cost": float(rules.cost[found.present].sum()), "loss": loss,
            "expected": float(lost.mean()), "worst": float(lost.max()), "bound": loss - gap, "gap": gap,
        }  # fmt: skip

    limit = float(rules.budget if rules.budget is not None else rules.count or np.nan)
    best = chooser.best(rules)
    rows = [row("chosen", "", best, limit)]
    if best.method != "greedy":
        rows.append(row("chosen", "", Chosen(chooser.greedy(rules), "greedy", best.bound), limit))
    for on, step in _steps(rules):
        found = chooser.best(on)
        rows.append(row("frontier", "", found, step))
        if (valued.aims(found.present[None, :]) <= valued.aims(best.present[None, :])).all():
            break  # no larger set loses less
    everyone = np.ones(len(ids), dtype=bool)
    for name, present in {"none": ~everyone, "all": everyone, **sets}.items():
        rows.append(row("given", name, Chosen(present, "", np.nan), np.nan))
    for name, present in sets.items():
        size, cost = int(present.sum()), float(rules.cost[present].sum())
        by_cost = rules.budget is not None
        on = free.within(budget=cost, count=None) if by_cost else free.within(budget=None, count=size)
        if size and not np.isnan(cost if by_cost else 0.0) and on.allow(on.must[None, :])[0]:
            rows.append(row("matched", name, chooser.best(on), cost if by_cost else float(size)))
    return rows


def _steps(rules: Rules) -> list[tuple[Rules, float]]:
    """List the rules of the frontier and the number or budget each keeps to."""
    if rules.budget is not None:
        budgets = [rules.budget * step / STEPS for step in range(1, STEPS + 1)]
        steps = [(rules.within(budget=one, count=rules.count), one) for one in budgets]
    else:
        most = int(rules.may.sum()) if rules.count is None else min(rules.count, int(rules.may.sum()))
        steps = [(rules.within(budget=None, count=one), float(one)) for one in range(1, most + 1)]
    return [(on, limit) for on, limit in steps if on.allow(on.must[None, :])[0]]
