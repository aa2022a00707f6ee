"""How soon each product first fails."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel.analysis.holdings import DAYS
from graphmodel.errors import ParameterError, UnknownNameError, nearest
from graphmodel.results import FirstFailureResult, TimelineResult

KEYS = {"product": ["product", "unit"], "consumer": ["product", "consumer", "unit"]}


def first_failure(path: TimelineResult, *, by: str = "product", threshold: float = 0.01) -> FirstFailureResult:
    """Find the day on which each product first lacks more than a share of its demand.

    Parameters
    ----------
    path : TimelineResult
        What `timeline` found.
    by : {"product", "consumer"}
        Over all consumers, or for each consuming country by itself.
    threshold : float
        Share of the week's demand above which a product fails, 0 to 1.

    Returns
    -------
    FirstFailureResult
        ``product``, ``consumer`` ("" over all), ``unit``, ``day`` (days served before the first week that fails; nan if
        none does), ``worst_share`` (of any week), ``worst_week``, ``loss`` (over all weeks). The soonest first.

    Raises
    ------
    ParameterError
        If the threshold does not lie between 0 and 1.

    Notes
    -----
    Weeks are the steps of a timeline, so a day is a multiple of seven: 0 fails in the first week.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
    >>> path = gm.timeline(toy, stop, weeks=9, default_days=14, spare_weeks=None)
    >>> gm.first_failure(path).table[["product", "day", "worst_share"]]
            product   day  worst_share
    0  lithium-cell  42.0          0.6
    """
    if by not in KEYS:
        raise UnknownNameError(f"cannot tell failures by {by!r}; {nearest(by, KEYS)}")
    if not 0 <= threshold <= 1:
        raise ParameterError(f"threshold is {threshold}, but must lie between 0 and 1")
    weekly = path.table.groupby([*KEYS[by], "week"], as_index=False, sort=True)[["demand", "loss"]].sum()
    weekly["share"] = weekly["loss"] / weekly["demand"].where(weekly["demand"] > 0)
    weekly["failed"] = weekly["week"].where(weekly["share"] > threshold)
    grouped = weekly.groupby(KEYS[by], sort=True)
    table = grouped.agg(first=("failed", "min"), worst_share=("share", "max"), loss=("loss", "sum")).reset_index()
    worst = weekly.sort_values(["share", "week"], ascending=[False, True]).drop_duplicates(KEYS[by])
    table = table.merge(worst[[*KEYS[by], "week"]].rename(columns={"week": "worst_week"}), on=KEYS[by])
    table["day"] = DAYS * (table["first"].astype(float) - 1.0)
    table["worst_week"] = table["worst_week"].astype(float).where(table["worst_share"] > 0, np.nan)
    if "consumer" not in table:
        table["consumer"] = ""
    table = table.sort_values(["day", "worst_share", "product", "consumer"], ascending=[True, False, True, True])
    parameters = {**path.parameters, "by": by, "threshold": threshold}
    found = FirstFailureResult(pd.DataFrame(table), network=path.network, parameters=parameters, units={"day": "days"})
    found.words = path.words
    return found
