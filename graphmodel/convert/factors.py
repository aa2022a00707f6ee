"""Supply risk as characterisation factors of life-cycle assessment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from graphmodel.errors import ParameterError, UnknownNameError, nearest

if TYPE_CHECKING:
    from graphmodel.results import IndexResult

FACTOR = "geopolrisk_factor"

Key = tuple[str, str]
"""Database and code of a flow in brightway."""


def to_factors(result: IndexResult, flows: Iterable[Key], *, stage: str) -> list[tuple[Key, float]]:
    """Turn GeoPolRisk into characterisation factors, as ``bw2data.Method(...).write`` takes them.

    Parameters
    ----------
    result : IndexResult
        Of `indices`, of one mineral and one consumer.
    flows : list of (database, code)
        Flows of the mineral, each counted in kilograms of it: of the biosphere, or products of the technosphere.
    stage : str
        Stage whose trade counts, such as ``refining``.

    Returns
    -------
    list of (flow, factor)
        The same factor for each, in kg Cu-eq per kg. Factors of several minerals are lists to be joined.

    Raises
    ------
    ParameterError
        If the result holds no factor, or it is not known: for lack of a price, or as the consumer takes none.
    UnknownNameError
        If the result has no such stage.

    Notes
    -----
    A flow measured in anything but kilograms of the element, such as an ore or an oxide, needs the factor times its
    content. Bounds of the factor are ``low`` and ``high`` of the result; what is passed on is ``value``.

    References
    ----------
    Koyamparambath et al. (2024), doi:10.1016/j.resconrec.2024.107801.

    Examples
    --------
    >>> import graphmodel as gm
    >>> risk = gm.indices(gm.load("toy-battery"), "lithium", "CHN", price=100.0, missing="mean")
    >>> (key, factor), = gm.to_factors(risk, [("biosphere3", "lithium-in-ground")], stage="mining")
    >>> key, factor > 0
    (('biosphere3', 'lithium-in-ground'), True)
    """
    table = result.table
    if FACTOR not in set(table.get("index", ())):
        raise ParameterError(
            f"{type(result).__name__} holds no {FACTOR}; make it by indices(network, mineral, consumer)"
        )
    rows = table[table["index"] == FACTOR].set_index("stage")
    if stage not in rows.index:
        raise UnknownNameError(f"no {FACTOR} at stage {stage!r}; {nearest(stage, rows.index)}")
    factor = float(rows.loc[stage, "value"])
    if not np.isfinite(factor):
        raise ParameterError(f"{FACTOR} at {stage} is not known: {rows.loc[stage, 'note']}")
    return [(flow, factor) for flow in flows]
