"""One change of a scenario, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

Kind = Literal["shut", "ban", "cap", "quota", "tariff", "close", "add", "demand", "yields", "recycling", "substitute"]


@dataclass(frozen=True, eq=False)
class Change:
    """One change of a scenario.

    ``amount`` is what the verb says: a share left, a quantity, a rate or a factor. ``where`` chooses nodes, sellers or
    recipes, ``buyers`` the other end of flows; ``material`` and ``mineral`` narrow what flows.
    """

    kind: Kind
    amount: float
    where: Mapping[str, object] = field(default_factory=dict)
    buyers: Mapping[str, object] = field(default_factory=dict)
    material: tuple[str, ...] = ()
    mineral: tuple[str, ...] = ()
    corridors: tuple[str, ...] = ()
    replacement: str = ""
    demand: bool = False
    projects: pd.DataFrame | None = None
