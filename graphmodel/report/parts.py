"""What the page is made of: everything it shows, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import pandas as pd

from graphmodel import datasets
from graphmodel.network import Network
from graphmodel.plot.words import material_words
from graphmodel.results import LossResult, Result
from graphmodel.schema import REGIONS


@dataclass
class Content:
    """Everything the page and the figures show."""

    network: Network
    counted: Mapping[str, Any]
    """What of final demand counts: mineral, product, consumer."""
    headline: str
    sentences: dict[str, str] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    rankings: dict[str, pd.DataFrame] = field(default_factory=dict)
    stopped: dict[str, LossResult] = field(default_factory=dict)
    shown: dict[str, pd.DataFrame] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    """What figures draw, by figure."""

    @property
    def mineral(self) -> str | None:
        """The mineral in whose tonnes everything is weighed."""
        return self.counted.get("mineral")

    @property
    def whose(self) -> str:
        """Whose final demand counts, in words: "" where all does."""
        words = {**material_words(self.network), **names()}
        parts = {"for": self.counted.get("product"), "in": self.counted.get("consumer")}
        return "".join(f" {how} {words.get(name, name)}" for how, name in parts.items() if name)


@cache
def names() -> MappingProxyType[str, str]:
    """Names of countries and regions by code."""
    countries = datasets.table("reference", "countries")
    return MappingProxyType({**REGIONS, **dict(zip(countries["country"], countries["name"], strict=True))})


def place(code: str) -> str:
    """Name of a country or region; the code itself where there is none."""
    return names().get(code, code)
