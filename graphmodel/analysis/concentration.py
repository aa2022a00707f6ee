"""How concentrated each stage is, over location, control or equity, with bounds for what is not assigned."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel.analysis.shares import Lens, shares
from graphmodel.network import Network
from graphmodel.results import ConcentrationResult


def concentration(network: Network, *, by: Lens = "country", mineral: str | None = None) -> ConcentrationResult:
    """Measure how few countries, controlling countries or owners make each material at each stage.

    Parameters
    ----------
    network : Network
    by : {"country", "control", "owner"}
        Location; home of the controlling owner; shareholders by their equity.
    mineral : str, optional
        Add all materials of a stage in tonnes of this mineral, one row a stage. Without it one row a material.

    Returns
    -------
    ConcentrationResult
        ``stage``, ``material`` (or the mineral), ``unit``, ``quantity`` made a year, ``n_groups`` named, ``hhi_low``
        and ``hhi_high`` (0 to 1; the unassigned part split to nothing, or one group), ``effective_number``
        (1 / hhi_low), ``largest``, ``largest_share``, ``unassigned_share``.

    Raises
    ------
    UnknownNameError
        If there is no such lens, or no material holds the mineral.

    Notes
    -----
    ``HHI = Σ S_c²``; with an unassigned share o it lies between ``Σ named S_c²`` and that plus o². Shares are of all
    that is made, unassigned included. Final demand is not made by anyone and is left out. Regions such as ROW count
    as unassigned. Output is what `balances` state, else what edges carry. An empty network gives an empty table.

    References
    ----------
    Rhoades (1993), Federal Reserve Bulletin 79, 188. Hill (1973), doi:10.2307/1934352.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> gm.concentration(toy).table[["stage", "largest", "largest_share", "hhi_low"]]
          stage largest  largest_share  hhi_low
    0    mining     AUS            0.6     0.52
    1  refining     CHN            1.0     1.00
    2      cell     KOR            0.6     0.52
    """
    shared = shares(network, by=by, mineral=mineral).table
    keys = ["stage", "material", "unit"]
    rows = [_row(key[0], key[1], key[2], group) for key, group in shared.groupby(keys, sort=False)]
    table = pd.DataFrame(rows, columns=list(ConcentrationResult.columns))
    return ConcentrationResult(
        table,
        network=network,
        parameters={"by": by, "mineral": mineral},
        units={"hhi_low": "0 to 1", "hhi_high": "0 to 1", "quantity": "see column unit"},
    )


def _row(stage: str, material: str, unit: str, rows: pd.DataFrame) -> tuple[object, ...]:
    """Concentration of one stage."""
    share = rows.set_index("group")["share"]
    unassigned = float(share.get("", 0.0))
    named = share.drop("", errors="ignore")
    low = float((named**2).sum())
    return (
        stage,
        material,
        unit,
        rows["quantity"].sum(),
        len(named),
        low,
        low + unassigned**2,
        1 / low if low else np.nan,
        str(named.index[0]) if len(named) else "",
        float(named.iloc[0]) if len(named) else np.nan,
        unassigned,
    )
