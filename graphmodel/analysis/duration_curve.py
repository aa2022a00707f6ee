"""How much is lost as a shock lasts longer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from graphmodel.analysis.timeline import (
    RAMP_WEEKS,
    REFILL_WEEKS,
    RESTART_WEEKS,
    SPARE_WEEKS,
    Course,
    Times,
    require_weeks,
)
from graphmodel.errors import ParameterError
from graphmodel.network import Network
from graphmodel.results import DurationResult
from graphmodel.scenario import Scenario

DURATIONS = (1, 2, 4, 8, 13, 26, 52, 104)


def duration_curve(
    network: Network,
    scenario: Scenario,
    *,
    durations: Sequence[int] = DURATIONS,
    weeks: int = 104,
    stocks: pd.DataFrame | None = None,
    default_days: float = 0.0,
    refill_weeks: float = REFILL_WEEKS,
    spare_weeks: float | None = SPARE_WEEKS,
    ramp_weeks: float = RAMP_WEEKS,
    restart_weeks: float = RESTART_WEEKS,
    mineral: str | None = None,
) -> DurationResult:
    """Measure what is lost of each product over all weeks, for shocks that last from a week to two years.

    Parameters
    ----------
    network, scenario
        As in `timeline`.
    durations : sequence of int
        Weeks the shock lasts.
    weeks : int
        Weeks over which losses are added up; the same for every duration.
    stocks, default_days, refill_weeks, spare_weeks, ramp_weeks, restart_weeks, mineral
        As in `timeline`.

    Returns
    -------
    DurationResult
        ``duration``, ``product``, ``unit``, ``demand`` (over all weeks), ``loss``, ``loss_share``, ``weeks_lost`` (the
        loss in weeks of demand).

    Raises
    ------
    ParameterError
        If no duration is given, or one is no whole number from 0 to ``weeks``.

    Notes
    -----
    All durations are walked through side by side. Where stocks outlast a shock nothing is lost; a curve that starts
    late and then rises by a week a week is a stock that runs out.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("refinery A stops").shut(node_id="refine-a")
    >>> curve = gm.duration_curve(gm.load("toy-battery"), stop, durations=(1, 2, 4), default_days=14, restart_weeks=0)
    >>> curve.table[["duration", "product", "weeks_lost"]]
       duration       product  weeks_lost
    0         1  lithium-cell         0.0
    1         2  lithium-cell         0.0
    2         4  lithium-cell         2.0
    """
    times = Times(refill_weeks, spare_weeks, ramp_weeks, restart_weeks, default_days)
    require_weeks("weeks", weeks)
    if not len(durations):
        raise ParameterError("durations is empty, but must hold at least one number of weeks")
    for duration in durations:
        require_weeks("duration", duration)
        if duration > weeks:
            raise ParameterError(f"duration is {duration}, but at most the {weeks} weeks looked at can be shut")
    course = Course.of(network, scenario, stocks, times, list(durations), mineral)
    lost, wanted = np.sum(course.losses(weeks), axis=0), np.sum(course.demands(weeks), axis=0)
    groups = course.groups
    table = pd.concat(
        [groups.assign(duration=weeks_shut, demand=wanted[:, lane], loss=lost[:, lane])
         for lane, weeks_shut in enumerate(durations)]
    )  # fmt: skip
    table = table.groupby(["duration", "product", "unit"], as_index=False, sort=True)[["demand", "loss"]].sum()
    table["loss_share"] = table["loss"] / table["demand"].where(table["demand"] > 0)
    table["weeks_lost"] = table["loss_share"] * weeks
    said = {"scenario": scenario.name, "durations": tuple(durations), "weeks": weeks, "mineral": mineral}
    return DurationResult(
        table,
        network=network,
        parameters={**said, **times.said(), "stock_data": course.stock_data},
        units={"duration": "weeks", "weeks_lost": "weeks of demand"},
    )
