"""What each planned plant changes by itself, and what all change together: market, losses, cuts, dependence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.analysis.disruptions import Counted, checked_top
from graphmodel.analysis.entry import Entry, enter
from graphmodel.analysis.grouping import Groups, group_nodes, mineral_weights
from graphmodel.analysis.joined import GroupCut, Joined
from graphmodel.analysis.remaining import removable
from graphmodel.analysis.shutting import Running
from graphmodel.analysis.valued import Valued, tail
from graphmodel.errors import ParameterError, UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.results import EffectResult
from graphmodel.schema import REGIONS

LENSES = ("country", "control")
"""By location, and by the home of the controlling owner."""

MEASURES = {
    "hhi": "0 to 1",
    "effective_suppliers": "groups",
    "largest_share": "share of what is made",
    "worst_loss": "share of final demand",
    "expected_loss": "share of final demand",
    "cvar95": "share of final demand",
    "group_cut": "groups",
    "dependence": "share of final demand",
}
"""What is measured, and its unit."""

MARKET, LOSSES, TRACED = list(MEASURES)[:3], list(MEASURES)[3:6], list(MEASURES)[6:]

ALL = "all"
"""Name of the rows of all sites together."""

LEAST = 1e-12
"""Changes up to this are rounding."""


def effects(
    network: Network,
    projects: pd.DataFrame,
    *,
    response: str = "frozen",
    by: str | Sequence[str] = LENSES,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    measures: str | Sequence[str] | None = None,
    each: bool = True,
    progress: Callable[[int, int], None] | None = None,
    executor: Executor | None = None,
    folder: Path | str | None = None,
) -> EffectResult:
    """Say what each project changes when it enters alone, and what all of them change together.

    Parameters
    ----------
    network : Network
    projects : DataFrame
        As in `worth`, with ``control`` for the lens of that name.
    response : {"frozen", "reroute"}
        How losses come about; the other measures follow the shares with which projects enter.
    by : {"country", "control"} or both
        Lens: where a plant stands, or the home of its controlling owner.
    mineral, product, consumer
        What counts as served, as in `worth`. Without a mineral losses count every final product the same, cuts and
        dependence every mineral that final products hold.
    measures : str or list of str, optional
        Some of those below; all when absent.
    each : bool
        Whether to enter each site alone too, not only all together.
    progress, executor, folder
        As in `removal`, for the losses; the folder gets one of its own for each lens.

    Returns
    -------
    EffectResult
        One row a site, lens and measure, then all sites together: ``project_id`` (the last rows: ``all``), ``name``,
        ``country``, ``control``, ``stage``, ``material`` (of the site's first row), ``lens``, ``measure``, ``before``,
        ``after``, ``change``, ``unit``. Measures, the first three of the market of ``material``, whatever stage makes
        it; for all together one row a material:

        ``hhi`` : sum of the squared shares that named groups have of what is made, as in `concentration`.
        ``effective_suppliers`` : 1 / hhi.
        ``largest_share`` : of the group that is largest then.
        ``worst_loss``, ``expected_loss``, ``cvar95`` : of final demand, when one group stops: the most, the mean over
        all groups that hold a plant or a project, the mean of the worst 5 % of them.
        ``group_cut`` : fewest groups without which no route is left, as in `cuts`, in the mean over users and products
        weighed by their demand; no more routes than this share no group.
        ``dependence`` : share of the final demand that passed one group at any stage, as in `dependence`; the group is
        the one with the largest share before, and stands in ``parameters``.

    Raises
    ------
    EmptySelectionError
        If no project can enter, nothing can be grouped by the lens, or no stop loses anything.
    UnknownNameError
        If there is no such lens, measure, response, mineral, product or consumer.
    ConvergenceError
        As in `dependence`.

    Notes
    -----
    With d_k the part of each market that project k takes and D their sum, at most 0.95 (`graphmodel.analysis.entry`),
    every flow f of the material becomes (1 - D) f, with d_k f beside it from the project, so that of what i makes
    x_i - D Σ f is left; what is made in all, needed and wanted stays. A project feeds on what its peers feed on.
    Every stop is as likely as another: a plant in a new place is one more stop that hits somebody, so ``expected_loss``
    may rise where ``worst_loss`` falls. Projects add links and leave none out, so ``group_cut`` never falls, and for a
    site rises by one at most for each user. Who is in no group counts in the whole of a market but in no share, and
    stands for itself in ``group_cut``. Cost: all stops of all sites side by side; a sparse factorisation for each site,
    mineral and lens; a search for each user and one among sets of groups for those whose cut a site goes around.

    References
    ----------
    Hill, M. O. (1973) Diversity and evenness: a unifying notation and its consequences. Ecology 54, 427-432.
    https://doi.org/10.2307/1934352

    Rockafellar, R. T. and Uryasev, S. (2000) Optimization of conditional value-at-risk. Journal of Risk 2, 21-41.
    https://doi.org/10.21314/JOR.2000.038

    Examples
    --------
    A second refinery, in another country, takes half the market of the only one: shares of 1/2 and 1/2.

    >>> import graphmodel as gm, pandas as pd
    >>> toy = gm.load("toy-battery")
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "name": ["Refinery B"], "country": ["USA"],
    ...     "stage": ["refining"], "material": ["lithium-salt"], "capacity": [500.0]})
    >>> found = gm.effects(toy, plan, by="country", measures=["hhi", "effective_suppliers", "group_cut"])
    >>> found.table[["project_id", "measure", "before", "after", "change"]].head(3)
      project_id              measure  before  after  change
    0   refine-b                  hhi     1.0    0.5    -0.5
    1   refine-b  effective_suppliers     1.0    2.0     1.0
    2   refine-b            group_cut     1.0    1.5     0.5
    """
    lenses = _chosen(by, LENSES, "lens of projects")
    wanted = _chosen(list(MEASURES) if measures is None else measures, list(MEASURES), "measure of projects")
    checked_top(response, None)
    entry = enter(network, projects)
    asked = _Asked(entry, lenses, wanted, {"mineral": mineral, "product": product, "consumer": consumer})
    n = len(entry.sites)
    sets = np.vstack([np.zeros((1, n)), np.eye(n) if each else np.zeros((0, n)), np.ones((1, n))])
    minerals = asked.minerals() if set(wanted) & set(TRACED) else []
    by_loss = set(wanted) & set(LOSSES)
    if folder is not None:
        Path(folder).mkdir(exist_ok=True)
    running = Running(executor, folder, progress)
    steps = _Steps(running, len(sets) * ((len(lenses) if by_loss else 0) + len(minerals)))
    found = _losses(asked, sets, response, steps) if by_loss else {}
    traced, places = _traced(asked, sets, minerals, steps) if minerals else ({}, {})
    return EffectResult(
        _table(asked, sets, {**found, **traced}),
        network=network,
        parameters={
            "response": response, **asked.counted, "by": lenses, "measures": wanted, "projects": n,
            "left_out": len(entry.left_out), "place": places,
        },
    )  # fmt: skip


def _chosen(names: str | Sequence[str], known: Sequence[str], what: str) -> list[str]:
    """Return names in the order known, refusing others."""
    asked = [names] if isinstance(names, str) else list(names)
    if not asked:
        raise ParameterError(f"no {what} is named; there are: {', '.join(known)}")
    for name in asked:
        if name not in known:
            raise UnknownNameError(f"no {what} {name!r}; {nearest(name, known)}")
    return [name for name in known if name in asked]


class _Asked(NamedTuple):
    """The projects, and what is asked of them."""

    entry: Entry
    lenses: list[str]
    wanted: list[str]
    counted: Counted

    def minerals(self) -> list[str | None]:
        """Minerals to trace: the one named, or all that the final demand that counts holds."""
        if self.counted["mineral"] is not None or not self.entry.network.minerals:
            return [self.counted["mineral"]]  # type: ignore[list-item]
        chosen = {key: self.counted[key] for key in ("product", "consumer")}
        return list(mineral_weights(self.entry.network, self.entry.work.demand, **chosen))

    def groups(self, lens: str) -> Groups:
        """Group what can stop, projects among it."""
        return group_nodes(self.entry.network, lens, among=removable(self.entry.network))


class _Steps:
    """Tells how many sets, of all over all parts, are done."""

    def __init__(self, running: Running, total: int) -> None:
        self.running, self.total, self.done = running, total, 0

    def within(self, n_sets: int, name: str) -> Running:
        """Return how a sweep of so many sets runs as a part of this."""
        before, folder = self.done, self.running.folder
        self.done += n_sets
        return Running(
            self.running.executor,
            None if folder is None else Path(folder) / name,
            lambda done, _: self.running.tell(before + done, self.total),
        )

    def step(self) -> None:
        """One set more."""
        self.done += 1
        self.running.tell(self.done, self.total)


Found = dict[tuple[str, str], FloatArray]
"""Value of each set, by lens and measure."""


def _losses(asked: _Asked, sets: FloatArray, response: str, steps: _Steps) -> Found:
    found = {}
    for lens in asked.lenses:
        running = steps.within(len(sets), lens)
        lost = Valued(asked.entry, response, asked.counted, lens, None, running).losses(sets)
        for measure, value in zip(LOSSES, (lost.max(axis=1), lost.mean(axis=1), tail(lost)), strict=True):
            found[lens, measure] = value
    return found


def _traced(asked: _Asked, sets: FloatArray, minerals: list[str | None], steps: _Steps) -> tuple[Found, dict[str, str]]:
    """Return group cuts and dependence, and whom the demand depends on most."""
    entry, chosen = asked.entry, {key: asked.counted[key] for key in ("product", "consumer")}
    all_joined = [Joined(entry, mineral, **chosen) for mineral in minerals]
    groups = {lens: asked.groups(lens) for lens in asked.lenses}
    places = {}
    if "dependence" in asked.wanted:
        for lens, of in groups.items():
            shares = [joined.touched(joined.traced.flows, of.indptr, of.members) for joined in all_joined]
            places[lens] = int(np.mean(shares, axis=0).round(12).argmax())
    parts = [groups[lens].of(place) for lens, place in places.items()]
    indptr = np.cumsum([0, *map(len, parts)])
    members = np.concatenate([np.zeros(0, dtype=np.int64), *parts])
    found = {(lens, measure): np.zeros(len(sets)) for lens in asked.lenses for measure in TRACED}
    for joined in all_joined:
        counts = {lens: GroupCut(joined, of) for lens, of in groups.items() if "group_cut" in asked.wanted}
        first: dict[tuple[str, str], float] = {}
        for at, present in enumerate(sets[:, entry.site]):
            if at == 0 or joined.enters(present):
                flows = joined.flows(present)
                now = {(lens, "group_cut"): count.mean(flows, present) for lens, count in counts.items()}
                touched = joined.touched(flows, indptr, members)
                now |= {(lens, "dependence"): float(value) for lens, value in zip(places, touched, strict=True)}
                first = first or now
            else:
                now = first
            for key, value in now.items():
                found[key][at] += value / len(all_joined)
            steps.step()
    return found, {lens: groups[lens].names[place] for lens, place in places.items()}


class _Made:
    """What each process makes with any projects in place."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        work = entry.work
        supply = np.flatnonzero(work.row >= 0)
        supply = supply[np.unique(work.row[supply], return_index=True)[1]]  # an edge may fill several needs
        self._quantity = entry.network.edges["quantity"].to_numpy(dtype=float)[work.row[supply]]
        self._market, self._seller = entry.sharing.market[supply], work.supplier[supply]

    def by(self, present: FloatArray) -> FloatArray:
        """Return it with each project at a part of its capacity, 0 to 1, (N,)."""
        work, first = self.entry.work, self.entry.first
        sold = self.entry.sharing.sold(present)
        given = self._quantity * sold.sum(axis=1)[self._market]
        left = work.output[:first] - np.bincount(self._seller, given, minlength=first)
        traded = np.bincount(self._market, self._quantity, minlength=sold.shape[0])
        return np.concatenate([left, traded @ sold])


def _markets(asked: _Asked, sets: FloatArray, materials: list[str]) -> dict[tuple[str, str, str], FloatArray]:
    """Return concentration in each set by lens, material and measure."""
    entry, made = asked.entry, _Made(asked.entry)
    output = np.array([made.by(present) for present in sets[:, entry.site]])
    found = {}
    for material in materials:
        makers = np.setdiff1d(np.flatnonzero(entry.work.product == material), entry.work.wanted["process"])
        for lens in asked.lenses:
            holder = entry.network.nodes[lens].to_numpy()[entry.work.node[makers]]
            code, names = pd.factorize(holder)
            held = np.zeros((len(sets), len(names)))
            np.add.at(held.T, code, output[:, makers].T)
            named = ~np.isin(names, ["", *REGIONS])  # what nobody named holds counts in the whole alone
            share = held[:, named] / held.sum(axis=1, keepdims=True)
            hhi = (share**2).sum(axis=1)
            effective = np.divide(1.0, hhi, out=np.full(len(sets), np.nan), where=hhi > 0)
            largest = share.max(axis=1, initial=0.0)
            for measure, value in zip(MARKET, (hhi, effective, largest), strict=True):
                found[lens, material, measure] = value
    return found


def _table(asked: _Asked, sets: FloatArray, found: Found) -> pd.DataFrame:
    """Write a row for each site, lens and measure, and for all sites together."""
    entry = asked.entry
    materials = list(dict.fromkeys(entry.projects["material"]))
    markets = _markets(asked, sets, materials) if set(asked.wanted) & set(MARKET) else {}
    keys = ["project_id", "name", "country", "control", "stage", "material"]
    sites = entry.sites.assign(control=entry.sites.get("control", ""))[keys].fillna("")
    who = [*sites.head(len(sets) - 2).itertuples(index=False, name=None), (ALL, "all projects", "", "", "", "")]
    rows = []
    for at, (*named, own) in enumerate(who, start=1):
        for lens in asked.lenses:
            for measure in asked.wanted:
                for material in materials if measure in MARKET and at == len(who) else [own]:
                    value = markets[lens, material, measure] if measure in MARKET else found[lens, measure]
                    rows.append((*named, material, lens, measure, value[0], value[at], MEASURES[measure]))
    table = pd.DataFrame(rows, columns=[*keys, "lens", "measure", "before", "after", "unit"])
    table["change"] = table["after"] - table["before"]
    table["change"] = table["change"].where(~(table["change"].abs() <= LEAST), 0.0)
    return table
