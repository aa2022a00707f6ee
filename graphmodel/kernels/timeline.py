"""Week by week: stocks first, then spare capacity as it ramps up, in a network whose shares stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.errors import ConvergenceError
from graphmodel.kernels.cascade import ROUNDING
from graphmodel.kernels.cascade_lanes import Recipes


class Chain(NamedTuple):
    """Who reads what, and how much of each process's output goes where.

    Parameters
    ----------
    recipes : slots and processes; ``edge`` below stands for a supply of a slot
    use : part of the slot's need that each entry of ``process_slot`` uses in the base
    sold : part of the supplier's base output on each edge, (E,); 0 for a link inside a node
    gain : base need of the slot (weeks) that one base week of the supplier's output brings, (E,); 0 where no more
        than in the base can be bought
    runs : processes that make what they can whatever their buyers take: users, and hosts of co-products, (P,)
    """

    recipes: Recipes
    use: FloatArray
    sold: FloatArray
    gain: FloatArray
    runs: BoolArray


class Shock(NamedTuple):
    """What is left of processes and edges during a shock and after it; scenarios are columns.

    Parameters
    ----------
    during, after : largest output of each process as a share of its base, in [0, 1], (P, S) and (P,)
    edge_during, edge_after : part of each edge that is still delivered, (E,)
    duration : weeks the shock lasts, (S,)
    restart_weeks : weeks in which what was shut comes back in equal steps; edges come back at once
    """

    during: FloatArray
    after: FloatArray
    edge_during: FloatArray
    edge_after: FloatArray
    duration: IntArray
    restart_weeks: float


class Spare(NamedTuple):
    """Capacity above base output, as a share of it.

    Parameters
    ----------
    at_once : from the first week, (P,)
    later : what comes on top after ``wait_weeks``, in equal steps over ``ramp_weeks``, (P,)
    """

    at_once: FloatArray
    later: FloatArray
    wait_weeks: float
    ramp_weeks: float

    def share(self, week: int) -> FloatArray:
        """Return the spare capacity of every process in a week, the first of which is 1."""
        steps = (week - self.wait_weeks) / max(self.ramp_weeks, 1.0)
        return self.at_once + self.later * min(max(steps, 0.0), 1.0)


class Reserves(NamedTuple):
    """Public reserves of one material each, for buyers in one place.

    Parameters
    ----------
    amount : held at the start, (J,)
    release : largest part of ``amount`` that leaves in a week, (J,)
    trigger : shortage of the supply watched above which it is released, (J,)
    indptr, edge : supplies each reserve watches and can stand in for, (J + 1,) and entries
    quantity : what each of these brings in a base week, in the reserve's unit
    """

    amount: FloatArray
    release: FloatArray
    trigger: FloatArray
    indptr: IntArray
    edge: IntArray
    quantity: FloatArray


class Week(NamedTuple):
    """One week; output in base weeks, stocks at its end in weeks of base need, scenarios as columns."""

    possible: FloatArray
    """What each process can make, and the part of each user's need that is met, (P, S)."""
    made: FloatArray
    """What each process makes: no more than its buyers take, (P, S)."""
    stock: FloatArray
    """Stock of each slot at the end of the week, (K, S)."""
    reserve: FloatArray
    """What is left of each public reserve, (J, S)."""


def weekly(
    chain: Chain,
    shock: Shock,
    stock: FloatArray,
    *,
    weeks: int,
    refill_weeks: float = 4.0,
    spare: Spare | None = None,
    reserves: Reserves | None = None,
    tol: float = 1e-12,
    max_rounds: int = 10_000,
) -> Iterator[Week]:
    """Walk through the weeks of a shock, many scenarios side by side.

    Parameters
    ----------
    chain, shock : the network and what happens to it
    stock : weeks of base need each slot holds before the shock, which it goes back to, (K,)
    weeks : weeks to walk
    refill_weeks : weeks in which a slot orders what its stock lacks
    spare : capacity above base output; none if left out
    reserves : public reserves; none if left out
    tol : largest change of an output at which a week is settled
    max_rounds : rounds allowed to one week

    Yields
    ------
    Week

    Raises
    ------
    ConvergenceError
        If a loop has not settled after ``max_rounds``.

    Notes
    -----
    In week t, with stock S of slot k, limit L of process p, w the share and κ what is left of edge e, the greatest
    solution of

        offer_k = base_k + Σ_e w_e κ_e min(1, h_supplier(e)) + extra_k + reserve_k
        h_p     = min(L_p, min over slots k of p of S_k + offer_k)

    is what each process can make. Each buyer is offered its base share of a supplier and no more, as in `frozen`. What
    is made is the greatest solution x ≤ h in which nobody makes more than is taken:

        taken_k = min(offer_k, use_k + (target_k - S_k) / refill_weeks),  use_k = Σ_p u_pk x_p
        x_p     = h_p · (1 - Σ_e v_e (1 - κ_e taken_k / offer_k)),        S_k += taken_k - use_k

    What a buyer wanted beyond its offers (without those of the last week's extra orders) is, next week, first met from
    public reserves and then ordered from the slot's other suppliers in proportion to their free capacity. Orders travel
    one tier a week, deliveries within the week. With no stock, no spare capacity and no reserve, ``possible`` of every
    week is `frozen`; stocks only add to it. Without a shock all stays as it is.

    Cost: O(weeks · rounds · E · S); rounds is the length of the longest chain, more with loops.

    References
    ----------
    Hallegatte, S. (2014) Modeling the role of inventories and heterogeneity in the assessment of the economic costs of
    natural disasters. Risk Analysis 34, 152-167. https://doi.org/10.1111/risa.12090

    Examples
    --------
    A mine (0) that stops feeds a plant (1) that holds two weeks of ore.

    >>> recipes = Recipes(*map(np.array, ([0, 1], [0], [1.0], [0.0], [0, 0, 1], [0])))
    >>> chain = Chain(recipes, *(np.ones(1), np.ones(1), np.zeros(1)), runs=np.array([False, True]))
    >>> stop = Shock(np.array([[0.0], [1.0]]), np.ones(2), np.ones(1), np.ones(1), np.array([9]), 0.0)
    >>> [float(week.possible[1, 0]) for week in weekly(chain, stop, np.array([2.0]), weeks=4)]
    [1.0, 1.0, 0.0, 0.0]
    """
    walk = _Walk(chain, shock, stock, refill_weeks, spare, reserves, tol, max_rounds)
    for week in range(1, weeks + 1):
        yield walk.step(week)


class _Walk:
    """The state between two weeks, and the matrices that do not change."""

    def __init__(
        self,
        chain: Chain,
        shock: Shock,
        stock: FloatArray,
        refill_weeks: float,
        spare: Spare | None,
        reserves: Reserves | None,
        tol: float,
        max_rounds: int,
    ) -> None:
        recipes, n_lanes = chain.recipes, len(shock.duration)
        self.chain, self.shock, self.spare = chain, shock, spare
        self.refill_weeks, self.tol, self.max_rounds = refill_weeks, tol, max_rounds
        self.n_slots, self.n_processes = len(recipes.slot_base), recipes.n_processes
        self.slot = np.repeat(np.arange(self.n_slots), np.diff(recipes.slot_indptr))
        self.fed = np.flatnonzero(np.diff(recipes.process_indptr))
        reader = np.repeat(np.arange(self.n_processes), np.diff(recipes.process_indptr))
        self.using = _matrix(chain.use, recipes.process_slot, reader, (self.n_slots, self.n_processes))
        self.phases = [_Phase(chain, self.slot, kept) for kept in (shock.edge_after, shock.edge_during)]
        self.target = stock[:, None]
        self.stock = np.repeat(self.target, n_lanes, axis=1)
        open_edge = (chain.gain > 0) & (shock.edge_during == 1) & (shock.edge_after == 1)
        if spare is not None:
            open_edge &= (spare.at_once + spare.later)[recipes.edge_supplier] > 0
        self.extra = _Extra(chain, self.slot, np.flatnonzero(open_edge if spare is not None else open_edge & False))
        self.ordered = np.zeros((len(self.extra.edge), n_lanes))
        self.pools = _Pools(chain, self.slot, reserves, n_lanes) if reserves is not None else None
        self.given = np.zeros((self.n_slots, n_lanes))

    def step(self, week: int) -> Week:
        """Settle one week and place the orders of the next."""
        shocked = week <= self.shock.duration
        limit = self._limit(week, shocked)
        wanted = self.extra.of_supplier(self.ordered, self.n_processes)
        possible, regular, offer = self._possible(limit, wanted, shocked)
        above = np.minimum(possible - regular, wanted)
        made, use, taken, saleable = self._made(regular, above, wanted, offer, shocked)
        self.stock = np.maximum(self.stock + (taken - use), 0.0)
        if self.pools is not None:
            self.pools.pay(self.given, _refused(taken, offer))
        self._order(week, np.minimum(limit, saleable + wanted), regular, shocked)
        left = self.pools.left if self.pools is not None else np.zeros((0, len(shocked)))
        return Week(possible, made, self.stock.copy(), left.copy())

    def _limit(self, week: int, shocked: BoolArray) -> FloatArray:
        """Largest output of each process: what the shock leaves, restarting after it, with spare capacity on top."""
        after = self.shock.after[:, None]
        back = np.clip((week - self.shock.duration) / max(self.shock.restart_weeks, 1.0), 0.0, 1.0)
        limit = np.where(shocked, self.shock.during, after - (after - self.shock.during) * (1.0 - back))
        return limit * (1.0 + self.spare.share(week))[:, None] if self.spare is not None else limit

    def _by_phase(self, method: str, values: FloatArray, shocked: BoolArray) -> FloatArray:
        """Apply what holds during the shock to the lanes in it, and what holds after it to the others."""
        if self.phases[0].same_as(self.phases[1]) or shocked.all():
            return getattr(self.phases[1], method)(values)
        if not shocked.any():
            return getattr(self.phases[0], method)(values)
        mixed: FloatArray = np.where(shocked, *(getattr(phase, method)(values) for phase in self.phases[::-1]))
        return mixed

    def _possible(
        self, limit: FloatArray, wanted: FloatArray, shocked: BoolArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Greatest fixed point of what processes can make: all of it, the part for base buyers, and the offers."""
        recipes = self.chain.recipes
        possible = limit.copy()
        starts = recipes.process_indptr[self.fed]
        share = np.divide(self.ordered, wanted[self.extra.supplier], where=self.ordered > 0, out=self.ordered * 0.0)
        for _ in range(self.max_rounds):
            regular = np.minimum(possible, 1.0)
            offer = self._by_phase("offered", 1.0 - regular, shocked) + self.given
            if len(self.ordered):
                offer += self.extra.to_slots(share * np.minimum(possible - regular, wanted)[self.extra.supplier])
            if not len(self.fed):
                return possible, regular, offer
            supply = np.minimum.reduceat((self.stock + offer)[recipes.process_slot], starts, axis=0)
            lower = np.minimum(possible[self.fed], supply)
            change = float(np.max(possible[self.fed] - lower, initial=0.0))
            possible[self.fed] = lower
            if change <= self.tol:
                return possible, np.minimum(possible, 1.0), offer
        raise ConvergenceError(f"outputs of a week still change by {change:.2g} after {self.max_rounds} rounds")

    def _made(
        self, regular: FloatArray, above: FloatArray, wanted: FloatArray, offer: FloatArray, shocked: BoolArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Greatest output that buyers take; what slots use and take; what each could sell of a full output."""
        gap = (self.target - self.stock) / self.refill_weeks
        made = regular + above
        for _ in range(self.max_rounds):
            use = 1.0 - self.using @ (1.0 - made)
            taken = np.minimum(offer, use + gap)
            refused = _refused(taken, offer)
            saleable = np.where(self.chain.runs[:, None], 1.0, 1.0 - self._by_phase("unsold", refused, shocked))
            fewer = regular * saleable + above
            if len(self.ordered):
                fewer -= self.extra.unsold(self.ordered, wanted, above, refused)
            change = float(np.max(made - fewer, initial=0.0))
            if change <= self.tol:
                return made, use, taken, saleable
            made = np.minimum(made, fewer)
        raise ConvergenceError(f"sales of a week still change by {change:.2g} after {self.max_rounds} rounds")

    def _order(self, week: int, wished: FloatArray, regular: FloatArray, shocked: BoolArray) -> None:
        """Ask public reserves, then suppliers with free capacity, for what the base suppliers do not offer."""
        if self.pools is None and not len(self.ordered):
            return
        offer = self._by_phase("offered", 1.0 - regular, shocked)
        gap = (self.target - self.stock) / self.refill_weeks
        lacking = 1.0 - self.using @ (1.0 - wished) + gap - offer
        lacking = np.where(lacking > ROUNDING, lacking, 0.0)
        if self.pools is not None:
            delivered = self._by_phase("delivered", regular, shocked)
            self.given = self.pools.release(lacking, delivered)
            lacking = np.maximum(lacking - self.given, 0.0)
        if len(self.ordered):
            free = np.maximum(self._limit(week + 1, week + 1 <= self.shock.duration) - 1.0, 0.0)
            self.ordered = self.extra.split(lacking, free)


class _Phase:
    """Deliveries while the shock lasts, or after it."""

    def __init__(self, chain: Chain, slot: IntArray, kept: FloatArray) -> None:
        recipes, shape = chain.recipes, (len(chain.recipes.slot_base), chain.recipes.n_processes)
        self.kept = kept
        share = recipes.edge_share * kept
        missing = 1.0 - recipes.slot_base - np.bincount(slot, share, minlength=shape[0])
        self.missing = np.where(np.abs(missing) <= ROUNDING, 0.0, missing)[:, None]
        self.share = _matrix(share, slot, recipes.edge_supplier, shape)
        self.sold = _matrix(chain.sold * kept, recipes.edge_supplier, slot, shape[::-1])
        self.shut_out = np.bincount(recipes.edge_supplier, chain.sold * (1.0 - kept), minlength=shape[1])[:, None]
        self.supplier = recipes.edge_supplier

    def same_as(self, other: _Phase) -> bool:
        return bool(np.array_equal(self.kept, other.kept))

    def offered(self, loss: FloatArray) -> FloatArray:
        """What slots are offered, given what suppliers lack."""
        return 1.0 - self.missing - self.share @ loss

    def unsold(self, refused: FloatArray) -> FloatArray:
        """Part of each process's output that nobody takes."""
        return self.shut_out + self.sold @ refused

    def delivered(self, regular: FloatArray) -> FloatArray:
        """Part of its base quantity that each edge can bring."""
        return self.kept[:, None] * regular[self.supplier]


class _Extra:
    """Orders beyond the base on edges whose supplier has capacity to spare."""

    def __init__(self, chain: Chain, slot: IntArray, edge: IntArray) -> None:
        self.edge, self.slot = edge, slot[edge]
        self.supplier = chain.recipes.edge_supplier[edge]
        self.gain = chain.gain[edge][:, None]
        everyone = np.arange(len(edge))
        n_slots, n_processes = len(chain.recipes.slot_base), chain.recipes.n_processes
        self.by_slot = _matrix(np.ones(len(edge)), self.slot, everyone, (n_slots, len(edge)))
        self.by_supplier = _matrix(np.ones(len(edge)), self.supplier, everyone, (n_processes, len(edge)))

    def of_supplier(self, ordered: FloatArray, n_processes: int) -> FloatArray:
        """Orders each process has, in its base weeks."""
        return self.by_supplier @ ordered if len(ordered) else np.zeros((n_processes, ordered.shape[1]))

    def to_slots(self, delivered: FloatArray) -> FloatArray:
        return self.by_slot @ (self.gain * delivered)

    def unsold(self, ordered: FloatArray, wanted: FloatArray, above: FloatArray, refused: FloatArray) -> FloatArray:
        """What is not taken of the output made for extra orders."""
        share = np.divide(above, wanted, where=wanted > 0, out=np.zeros_like(above))
        return share * (self.by_supplier @ (ordered * refused[self.slot]))

    def split(self, lacking: FloatArray, free: FloatArray) -> FloatArray:
        """Order what slots lack from their suppliers in proportion to free capacity."""
        offered = self.gain * free[self.supplier]
        total = (self.by_slot @ offered)[self.slot]
        part = np.divide(lacking[self.slot], total, where=total > 0, out=np.zeros_like(total))
        return part * free[self.supplier]


class _Pools:
    """Public reserves while they empty."""

    def __init__(self, chain: Chain, slot: IntArray, reserves: Reserves, n_lanes: int) -> None:
        self.reserves, self.left = reserves, np.repeat(reserves.amount[:, None], n_lanes, axis=1)
        n_reserves = len(reserves.amount)
        owner = np.repeat(np.arange(n_reserves), np.diff(reserves.indptr))
        total = np.bincount(owner, reserves.quantity, minlength=n_reserves)
        part = reserves.quantity / np.where(total > 0, total, 1.0)[owner]
        self.watch = _matrix(part, owner, reserves.edge, (n_reserves, len(slot)))
        pair, entry = np.unique(np.stack([owner, slot[reserves.edge]]), axis=1, return_inverse=True)
        self.owner, self.slot = pair
        entry = entry.ravel()
        bought = np.bincount(entry, reserves.quantity, minlength=len(self.owner))
        share = np.bincount(entry, chain.recipes.edge_share[reserves.edge], minlength=len(self.owner))
        # base weeks of the slot's need that one unit of the material stands for
        self.gain = np.where(bought > 0, share / np.where(bought > 0, bought, 1.0), 0.0)[:, None]
        pairs = np.arange(len(self.owner))
        self.by_owner = _matrix(np.ones(len(pairs)), self.owner, pairs, (n_reserves, len(pairs)))
        self.by_slot = _matrix(np.ones(len(pairs)), self.slot, pairs, (len(chain.recipes.slot_base), len(pairs)))
        self.sent = np.zeros((len(pairs), n_lanes))

    def release(self, lacking: FloatArray, delivered: FloatArray) -> FloatArray:
        """Let out what slots lack, within the weekly limit; weeks of need by slot."""
        short = 1.0 - self.watch @ delivered
        open_ = short > self.reserves.trigger[:, None] + ROUNDING
        most = np.where(open_, np.minimum(self.left, (self.reserves.release * self.reserves.amount)[:, None]), 0.0)
        # several reserves of one slot share what it lacks by what they could send
        reach = self.gain * most[self.owner]
        total = (self.by_slot @ reach)[self.slot]
        fair = np.divide(reach, total, where=total > 0, out=np.zeros_like(reach)) * lacking[self.slot]
        asked = np.divide(fair, self.gain, where=self.gain > 0, out=np.zeros_like(fair))
        wanted = self.by_owner @ asked
        part = np.minimum(1.0, np.divide(most, wanted, where=wanted > 0, out=np.ones_like(most)))
        self.sent = asked * part[self.owner]
        return self.by_slot @ (self.gain * self.sent)

    def pay(self, given: FloatArray, refused: FloatArray) -> None:
        """Take from the reserves what was sent and not refused."""
        if given.any():
            gone = self.by_owner @ (self.sent * (1.0 - refused[self.slot]))
            self.left = np.maximum(self.left - gone, 0.0)


def _refused(taken: FloatArray, offer: FloatArray) -> FloatArray:
    """Part of what a slot is offered that it does not take."""
    return np.where(taken < offer, 1.0 - taken / np.where(offer > 0, offer, 1.0), 0.0)


def _matrix(values: FloatArray, row: IntArray, column: IntArray, shape: tuple[int, int]) -> csr_array:
    return csr_array((values, (row, column)), shape=shape)
