"""Corridors that flows between two countries pass: by outlets to the sea, passages between seas, or by land.

A country ships through its outlets, in shares that may depend on which side of the world the buyer lies; each pair of
seas is joined by passages. Parts of a way are taken as independent of one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import pandas as pd

from graphmodel.build.sources import Sources
from graphmodel.schema import EVIDENCE

SMALL = 5e-4
"""Share below which a corridor is left out of a pair."""
OCEAN = "ocean"
"""Leg of the ways that replace one another over land and sea."""


class _Part(NamedTuple):
    """One corridor, or none, on one of the ways between two countries."""

    corridor: str
    leg: str
    share: float
    note: str
    reference: str
    evidence: str


class _Outlet(NamedTuple):
    """One way of a country to the sea."""

    basin: str
    part: _Part


Ends = dict[tuple[str, str], list[_Part]]


def route_table(sources: Sources, nodes: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """List the corridors of every pair of countries that trade, with the share of the flow that passes.

    Notes
    -----
    A pair gets the note and reference of the part that weighs most, and the weakest evidence of what its share rests
    on. Regions have no outlet and no routes. O(pairs × outlets²).
    """
    atlas = _Atlas(sources)
    country = nodes.set_index("node_id")["country"]
    pairs = sorted({*zip(edges["source"].map(country), edges["target"].map(country), strict=True)})
    rows = [
        (corridor, seller, buyer, "", *_joined(parts))
        for seller, buyer in pairs
        if seller != buyer
        for corridor, parts in _by_corridor(atlas.parts(seller, buyer)).items()
    ]
    key = ["corridor", "source_country", "target_country", "material"]
    table = pd.DataFrame(rows, columns=[*key, "leg", "share", "note", "reference", "evidence"])
    return table[table["share"] >= SMALL].sort_values(key).reset_index(drop=True)


class _Atlas:
    """Outlets, passages and land borders, ready to look up."""

    def __init__(self, sources: Sources) -> None:
        self.side = {str(row.basin): str(row.side) for row in sources["basins"].itertuples()}
        self.outlets: dict[str, dict[str, list[_Outlet]]] = {}
        for row in sources["outlets"].itertuples():
            part = _Part(row.corridor, f"way to the sea of {row.country}", *_told(row))
            self.outlets.setdefault(row.country, {}).setdefault(row.facing, []).append(_Outlet(row.basin, part))
        self.passages: Ends = {}
        for row in sources["passages"].itertuples():
            _both_ways(self.passages, row.basin, row.other, _Part(row.corridor, row.leg, *_told(row)))
        self.land: Ends = {}
        for row in sources["overland"].itertuples():
            _both_ways(self.land, row.country, row.other, _Part(row.corridor, OCEAN, *_told(row)))

    def parts(self, seller: str, buyer: str) -> Iterator[_Part]:
        """Every corridor on every way from one country to another."""
        by_land = self.land.get((seller, buyer), [])
        yield from by_land
        by_sea = 1.0 - sum(part.share for part in by_land)
        for ours in self._ways_out(seller, buyer):
            for theirs in self._ways_out(buyer, seller):
                weight = by_sea * ours.part.share * theirs.part.share
                ends = [ours.part, theirs.part]
                yield from (part._replace(share=weight) for part in ends)
                doubtful = [part.evidence for part in (*ends, *by_land) if part.share < 1]
                for part in self.passages.get((ours.basin, theirs.basin), []):
                    yield part._replace(share=weight * part.share, evidence=_weakest([part.evidence, *doubtful]))

    def _ways_out(self, country: str, partner: str) -> list[_Outlet]:
        """Outlets a country uses towards a partner."""
        choices = self.outlets.get(country, {})
        usual = self.outlets.get(partner, {}).get("", [])
        facing = self.side[max(usual, key=lambda outlet: outlet.part.share).basin] if usual else ""
        return choices.get(facing, choices.get("", []))


class _Row(Protocol):
    """What every row of the tables says."""

    share: float
    note: str
    reference: str
    evidence: str


def _told(row: _Row) -> tuple[float, str, str, str]:
    return row.share, row.note, row.reference, row.evidence


def _both_ways(ends: Ends, one: str, other: str, part: _Part) -> None:
    for key in {(one, other), (other, one)}:
        ends.setdefault(key, []).append(part)


def _by_corridor(parts: Iterable[_Part]) -> dict[str, list[_Part]]:
    found: dict[str, list[_Part]] = {}
    for part in parts:
        if part.corridor and part.share > 0:
            found.setdefault(part.corridor, []).append(part)
    return found


def _joined(parts: list[_Part]) -> tuple[str, float, str, str, str]:
    """Leg, share, note, reference and evidence of one corridor of one pair."""
    main = max(parts, key=lambda part: part.share)
    return (
        main.leg,
        min(sum(p.share for p in parts), 1.0),
        main.note,
        main.reference,
        _weakest(p.evidence for p in parts),
    )


def _weakest(grades: Iterable[str]) -> str:
    return max(grades, key=EVIDENCE.index)
