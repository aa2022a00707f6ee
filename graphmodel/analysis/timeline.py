"""Who loses which product, and when: the weeks of a shock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.analysis.holdings import WEEKS, firm_stocks, free_capacity, public_reserves
from graphmodel.analysis.remaining import kernel_recipes
from graphmodel.errors import EmptySelectionError, ParameterError
from graphmodel.kernels.timeline import Chain, Reserves, Shock, Spare, weekly
from graphmodel.network import Network
from graphmodel.processes import Processes, processes
from graphmodel.results import TimelineResult
from graphmodel.scenario import Scenario, applied

REFILL_WEEKS, SPARE_WEEKS, RAMP_WEEKS, RESTART_WEEKS = 4.0, 4.0, 26.0, 4.0
"""Times we assume where none is given: no source states them for every plant."""


def timeline(
    network: Network,
    scenario: Scenario,
    *,
    weeks: int = 104,
    duration: int | None = None,
    stocks: pd.DataFrame | None = None,
    default_days: float = 0.0,
    refill_weeks: float = REFILL_WEEKS,
    spare_weeks: float | None = SPARE_WEEKS,
    ramp_weeks: float = RAMP_WEEKS,
    restart_weeks: float = RESTART_WEEKS,
    mineral: str | None = None,
) -> TimelineResult:
    """Follow week by week what each consuming country loses of each product.

    Parameters
    ----------
    network : Network
    scenario : Scenario
        What stops, is banned or capped from week 1 on. Plants it adds run from the start.
    weeks : int
        Weeks to follow; a week is seven days, and its quantity the year's by 52.
    duration : int, optional
        Weeks the shock lasts; all the time when absent.
    stocks : DataFrame, optional
        Table of stocks instead of the network's (columns in `graphmodel.schema.TABLES`).
    default_days : float
        Days of each input held by every plant for which neither the table nor ``stock_days`` says anything. Users of
        final products hold none.
    refill_weeks : float
        Weeks in which a plant orders what its stock lacks.
    spare_weeks : float or None
        Weeks before capacity above output starts to run; None leaves all spare capacity idle.
    ramp_weeks, restart_weeks : float
        Weeks in which that capacity, and what was shut once the shock is over, come up in equal steps.
    mineral : str, optional
        Count products in the tonnes of this mineral they hold, so that they can be added.

    Returns
    -------
    TimelineResult
        ``week`` (1 is the first of the shock), ``product``, ``consumer`` (country), ``unit``, ``demand`` (of the week),
        ``loss``, ``loss_share``. The parameter ``stock_data`` says what the stocks rest on.

    Raises
    ------
    ParameterError
        If a time or number of days is not a number or out of range, or a stock states no amount.
    EmptySelectionError
        If no final demand holds the mineral.

    Notes
    -----
    Plants use their stocks of an input before they stop; buyers keep their shares of a supplier, as in the frozen
    response, and lose no more than there in any week. What their suppliers do not offer they order, a week later,
    first from public reserves and then from their other suppliers' spare capacity. Equations:
    `graphmodel.kernels.timeline.weekly`. Demand not served in a week is lost and does not come back. Without final
    demand the table is empty; loops are allowed. Cost: O(weeks · rounds · E).

    References
    ----------
    Hallegatte (2014), doi:10.1111/risa.12090.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> stop = gm.Scenario("refinery A stops").shut(node_id="refine-a")
    >>> path = gm.timeline(toy, stop, weeks=4, default_days=14)
    >>> path.table.query("consumer == 'USA'")["loss_share"].tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    times = Times(refill_weeks, spare_weeks, ramp_weeks, restart_weeks, default_days)
    require_weeks("weeks", weeks)
    require_weeks("duration", weeks if duration is None else duration)
    course = Course.of(network, scenario, stocks, times, [weeks if duration is None else duration], mineral)
    served = np.stack([lost[:, 0] for lost in course.losses(weeks)]) if weeks else np.zeros((0, len(course.groups)))
    groups = course.groups
    table = groups.loc[np.tile(np.arange(len(groups)), weeks)].reset_index(drop=True)
    table["week"] = np.repeat(np.arange(1, weeks + 1), len(groups))
    table["demand"] = np.stack(course.demands(weeks))[:, :, 0].ravel()
    table["loss"] = served.ravel()
    table["loss_share"] = table["loss"] / table["demand"].where(table["demand"] > 0)
    said = {"scenario": scenario.name, "weeks": weeks, "duration": duration, "mineral": mineral}
    return TimelineResult(
        table,
        network=network,
        parameters={**said, **times.said(), "stock_data": course.stock_data},
        units={"week": "weeks since the shock began", "demand": "unit a week", "loss": "unit a week"},
    )


@dataclass(frozen=True)
class Times:
    """The times an answer rests on, checked."""

    refill_weeks: float
    spare_weeks: float | None
    ramp_weeks: float
    restart_weeks: float
    default_days: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            least = 1 if name == "refill_weeks" else 0
            if value is not None and not (math.isfinite(value) and value >= least):
                raise ParameterError(f"{name} is {value}, but must be a number of at least {least}")

    def said(self) -> dict[str, object]:
        """Return them as parameters of a result."""
        return dict(vars(self))


@dataclass(frozen=True)
class Course:
    """A scenario in arrays, ready to be walked through; durations are lanes."""

    chain: Chain
    shock: Shock
    stock: FloatArray
    reserves: Reserves | None
    spare: Spare | None
    refill_weeks: float
    groups: pd.DataFrame
    group: IntArray
    process: IntArray
    demand_during: FloatArray
    demand_after: FloatArray
    stock_data: str

    @classmethod
    def of(
        cls,
        network: Network,
        scenario: Scenario,
        stocks: pd.DataFrame | None,
        times: Times,
        durations: Sequence[int],
        mineral: str | None,
    ) -> Course:
        """Read what a network, a scenario and its times mean."""
        if stocks is not None:
            network = network.with_tables(stocks=stocks)
        changed = applied(scenario, network)
        work = processes(changed)
        made = work.output
        stock, stock_data = firm_stocks(changed, work, times.default_days)
        demand, groups = _demand(changed, work, made, mineral)
        available, own_available = _before(network, changed, "nodes", "node_id", work.node)
        user = np.isin(np.arange(work.n_processes), work.demand["process"])
        spare = None
        if times.spare_weeks is not None:
            spare = Spare(*free_capacity(changed, work), times.spare_weeks, times.ramp_weeks)
        edge, own_edge = _before(network, changed, "edges", "edge_id", np.maximum(work.row, 0))
        inside = work.row < 0
        shock = Shock(
            during=np.repeat(np.where(user, 1.0, available)[:, None], len(durations), axis=1),
            after=np.where(user, 1.0, own_available),
            edge_during=np.where(inside, 1.0, edge),
            edge_after=np.where(inside, 1.0, own_edge),
            duration=np.array(durations, dtype=np.int64),
            restart_weeks=times.restart_weeks,
        )
        process = demand["process"].to_numpy(dtype=np.int64)
        weight = demand["weight"].to_numpy(dtype=float) / WEEKS
        return cls(
            chain=kernel_chain(changed, work, made, user),
            shock=shock,
            stock=stock,
            reserves=public_reserves(changed, work),
            spare=spare,
            refill_weeks=times.refill_weeks,
            groups=groups,
            group=demand["group"].to_numpy(dtype=np.int64),
            process=process,
            demand_during=weight * available[process],
            demand_after=weight * own_available[process],
            stock_data=stock_data,
        )

    def demands(self, weeks: int) -> list[FloatArray]:
        """Return what each group wants in each week, one column a duration."""
        phases = [self._by_group(self.demand_after[:, None]), self._by_group(self.demand_during[:, None])]
        return [np.where(week <= self.shock.duration, phases[1], phases[0]) for week in range(1, weeks + 1)]

    def losses(self, weeks: int) -> list[FloatArray]:
        """Return what each group loses in each week, one column a duration."""
        walk = weekly(
            self.chain,
            self.shock,
            self.stock,
            weeks=weeks,
            refill_weeks=self.refill_weeks,
            spare=self.spare,
            reserves=self.reserves,
        )
        lost = []
        for number, week in enumerate(walk, start=1):
            missing = np.clip(1.0 - week.possible[self.process], 0.0, 1.0)
            missing[missing < 1e-12] = 0.0
            wanted = np.where(number <= self.shock.duration, self.demand_during[:, None], self.demand_after[:, None])
            lost.append(self._by_group(missing * wanted))
        return lost

    def _by_group(self, values: FloatArray) -> FloatArray:
        summed = np.zeros((len(self.groups), values.shape[1]))
        np.add.at(summed, self.group, values)
        return summed


def kernel_chain(network: Network, work: Processes, made: FloatArray, user: np.ndarray) -> Chain:
    """Hand the processes, and how much of each output goes where, to the kernel."""
    edge = work.row >= 0
    row = np.maximum(work.row, 0)
    quantity = np.where(edge, network.edges["quantity"].to_numpy(dtype=float)[row], 0.0) if len(row) else work.share
    output = made[work.supplier]
    part = np.divide(quantity, output, where=output > 0, out=np.zeros(len(quantity)))
    times = np.bincount(row[edge], minlength=max(network.n_edges, 1))[row]  # one edge may fill several slots of a node
    runs = user.copy()
    runs[work.supplier[~edge]] = True
    return Chain(
        recipes=kernel_recipes(work),
        use=work.draw,
        sold=part / np.maximum(times, 1),
        gain=np.divide(work.share, part, where=part > 0, out=np.zeros(len(part))),
        runs=runs,
    )


def _before(
    network: Network, changed: Network, table: str, key: str, position: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return what a scenario leaves of each node or edge, and what there was before it (all of what it adds)."""
    now = changed.table(table)
    was = network.table(table).set_index(key)["available"].reindex(now[key])
    columns = (series.fillna(1.0).to_numpy(dtype=float) for series in (now["available"], was))
    left, own = (column[position] if len(column) else np.ones(len(position)) for column in columns)
    return left, own


def _demand(
    network: Network, work: Processes, made: FloatArray, mineral: str | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Final demand with its weight and group, and the groups: product, consumer, unit."""
    demand = work.demand[["process", "node", "product"]]
    demand = demand.assign(weight=made[demand["process"].to_numpy(dtype=np.int64)])
    if mineral is not None:
        demand["weight"] *= demand["product"].map(network.content(mineral)).fillna(0.0).to_numpy(dtype=float)
        demand = demand[demand["weight"] > 0].reset_index(drop=True)
        if demand.empty:
            raise EmptySelectionError(f"no final demand holds {mineral}")
    demand["consumer"] = network.nodes["country"].to_numpy()[demand["node"].to_numpy(dtype=np.int64)]
    units = network.table("materials").set_index("material")["unit"]
    unit = demand["product"].map(units).astype(object).fillna("") if mineral is None else f"t {mineral}"
    demand["unit"] = unit
    keys = ["product", "consumer", "unit"]
    groups = demand[keys].drop_duplicates().sort_values(keys).reset_index(drop=True)
    demand["group"] = (
        groups.reset_index().set_index(keys)["index"].loc[pd.MultiIndex.from_frame(demand[keys])].to_numpy()
    )
    return demand, groups


def require_weeks(name: str, value: int) -> None:
    """Refuse what is no whole number of weeks."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < (name == "weeks"):
        raise ParameterError(f"{name} is {value!r}, but must be a whole number of at least {int(name == 'weeks')}")
