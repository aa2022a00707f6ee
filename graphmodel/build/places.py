"""Countries, and the regions a source may give instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from graphmodel.schema import REGIONS


@dataclass(frozen=True)
class Places:
    """Names of countries and the regions they lie in."""

    names: Mapping[str, str]
    regions: Mapping[str, tuple[str, ...]]

    @classmethod
    def from_table(cls, countries: pd.DataFrame) -> Places:
        """Take them from the reference table of countries."""
        rows = list(countries.fillna("").itertuples())
        return cls(
            {**{str(row.country): str(row.name) for row in rows}, **REGIONS},
            {str(row.country): tuple(str(row.regions).split()) for row in rows},
        )

    def home(self, country: str, known: Collection[str]) -> str | None:
        """Return the country itself, its region or ROW, whichever ``known`` holds first."""
        codes = (country, *self.regions.get(country, ()), "ROW")
        return next((code for code in codes if code in known), None)

    def together(self, one: str, other: str) -> bool:
        """Say whether two codes are the same country, or a country and a region it lies in."""
        return one == other or one in self.regions.get(other, ()) or other in self.regions.get(one, ())

    def name(self, country: str) -> str:
        """Name to print; the code where there is none."""
        return self.names.get(country, country)
