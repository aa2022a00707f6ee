"""Which published statements agree with the data, which did once, and which do not."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
import pandas as pd

from graphmodel import datasets
from graphmodel.analysis.claim_measures import NOT_ANNOUNCED, WORK, Facts, Figure, none_because, published
from graphmodel.analysis.claim_tables import Claim, claim_rows, read_claims, read_vintages
from graphmodel.network import Network
from graphmodel.results import ClaimsResult

VERDICTS = ("holds", "held in that vintage", "does not hold", "cannot be tested")
LATE = 1.0
"""Years by which statistics may lag behind what a claim speaks of."""

EXACT = 1e-9
"""Part of a number by which rounding may be off."""


def claims(
    network: Network,
    claims: pd.DataFrame | str | os.PathLike[str] | None = None,
    *,
    vintages: pd.DataFrame | None = None,
    members: pd.DataFrame | None = None,
    projects: pd.DataFrame | None = None,
) -> ClaimsResult:
    """Test published statements against the network, alliances, projects and published figures.

    Parameters
    ----------
    network : Network
    claims : DataFrame or path, optional
        Statements, or a CSV file of them, with the columns of ``gm.table("claims", "claims")``; those where absent.
    vintages : DataFrame, optional
        Published figures, with the columns of ``gm.table("claims", "vintages")``; those where absent.
    members, projects : DataFrame, optional
        As ``gm.table("alliances", "members")`` and ``gm.projects()``; those where absent.

    Returns
    -------
    ClaimsResult
        One row a claim, in the order given: ``claim_id``, ``statement``, ``kind``, ``relation``, ``claimed``,
        ``claimed_high``, ``unit``, ``year`` it speaks of; ``figure`` (in the same unit; nan where there is none) and
        ``figure_year``; ``verdict``; ``reason``; ``reference`` of the figure; ``evidence``: the weakest grade that
        carries a tenth or more of it.

    Raises
    ------
    SchemaError
        With every breach of the tables: an unknown measure, a column that a measure needs, a code, a date …

    Notes
    -----
    No verdict is written down; each follows from the number claimed c, its relation and tolerance t, and the figures f:

    - ``holds``: the present figure agrees: ``|f - c| <= t`` (about), ``f >= c - t`` (at least), ``f <= c + t`` (at
      most), ``f > c`` (above), ``f < c`` (below), ``c - t <= f <= high + t`` (between). Present is the network's own
      figure, or that of a complete list; else the newest published one.
    - ``held in that vintage``: it does not, but a published figure of the year of the claim, or before, does.
    - ``does not hold``: no such figure does, or a list of all there is does not name it.
    - ``cannot be tested``: there is no figure; the claim speaks of a year that lies more than one after it; or only a
      list that is not complete was counted, and more of it could make the claim true or false.

    Losses of claims are frozen, by country. Bias: a statement in words is read as a number (column ``note`` of the
    table says how), mostly the mildest that still means it; published figures may share a source with the claim.
    An empty network leaves what rests on alliances, projects and published figures.

    References
    ----------
    U.S. Geological Survey (2026), Mineral Commodity Summaries 2026; what each claim and figure rests on stands in
    ``gm.table("claims", "references")``.

    Examples
    --------
    The toy's only refinery stands in China; mines stand in Australia and Chile.

    >>> import graphmodel as gm, pandas as pd
    >>> said = pd.DataFrame({"claim_id": ["a", "b"], "statement": ["China refines all", "Chile mines 90 %"],
    ...     "kind": "share", "measure": "share_of_stage", "mineral": "lithium", "stage": ["refining", "mining"],
    ...     "country": ["CHN", "CHL"], "claimed": [100, 90], "unit": "%", "reference": "toy"})
    >>> gm.claims(gm.load("toy-battery"), said).table[["claimed", "figure", "verdict"]]
       claimed  figure        verdict
    0    100.0   100.0          holds
    1     90.0    40.0  does not hold
    """
    said = read_claims(claims)
    facts = Facts(
        network,
        datasets.table("alliances", "members") if members is None else members,
        datasets.projects() if projects is None else projects,
        read_vintages(vintages),
    )
    found = [_with_note(_judged(facts, claim), claim) for claim in claim_rows(said)]
    table = said[["claim_id", "statement", "kind", "relation", "claimed", "claimed_high", "unit", "year"]].assign(
        figure=[each.figure.value for each in found],
        figure_year=[each.figure.year for each in found],
        verdict=[each.verdict for each in found],
        reason=[each.reason for each in found],
        reference=[each.figure.reference for each in found],
        evidence=[each.figure.evidence for each in found],
    )
    counts = table["verdict"].value_counts()
    return ClaimsResult(
        table,
        network=network,
        parameters={verdict: int(counts.get(verdict, 0)) for verdict in VERDICTS},
        units={"claimed": "see column unit", "figure": "see column unit"},
    )


class _Judged(NamedTuple):
    figure: Figure
    verdict: str
    reason: str


def _judged(facts: Facts, claim: Claim) -> _Judged:
    """Measure a claim and say how it fares."""
    if claim.measure == "none":
        return _Judged(none_because(""), "cannot be tested", claim.note or "no measure")
    own = WORK[claim.measure](facts, claim) if claim.measure in WORK else none_because("no published figure is known")
    others = published(facts, claim)
    if own.least and others:  # a list that is complete goes before one that is not, which is only told
        others[0] = others[0]._replace(note="; ".join(filter(None, (others[0].note, own.note))))
    ordered = [*others, own] if own.least else [own, *others]
    figures = [figure for figure in ordered if not np.isnan(figure.value)]
    if not figures:
        verdict = "does not hold" if own.note.startswith(NOT_ANNOUNCED) else "cannot be tested"
        return _Judged(own, verdict, own.note)
    present, earlier = figures[0], [figure for figure in figures[1:] if not figure.least]
    if claim.year > present.year + LATE:
        reason = f"speaks of {claim.year:.0f}; {_said(claim, present)} is the newest figure"
        return _Judged(present, "cannot be tested", reason)
    if present.least:
        return _counted(claim, present)
    if agrees(claim, present.value):
        return _Judged(present, "holds", _words(claim, present))
    for figure in earlier:
        if agrees(claim, figure.value) and not figure.year > claim.year:
            once = f"{_said(claim, figure)} ({', '.join(filter(None, (figure.reference, figure.note)))})"
            return _Judged(present, "held in that vintage", f"{once}; now {_words(claim, present)}")
    return _Judged(present, "does not hold", _words(claim, present))


def _with_note(judged: _Judged, claim: Claim) -> _Judged:
    """Add how the statement was read to the reason."""
    if claim.measure == "none" or not claim.note:
        return judged
    return judged._replace(reason=f"{judged.reason} ({claim.note})")


def agrees(claim: Claim, value: float) -> bool:
    """Say whether a figure stands to the number claimed as the claim says."""
    slack = (0.0 if np.isnan(claim.tolerance) else claim.tolerance) + EXACT * max(abs(claim.claimed), 1.0)
    high = claim.claimed_high if claim.relation == "between" else claim.claimed
    return {
        "at least": value >= claim.claimed - slack,
        "at most": value <= claim.claimed + slack,
        "above": value > claim.claimed,
        "below": value < claim.claimed,
    }.get(claim.relation, claim.claimed - slack <= value <= high + slack)


def _counted(claim: Claim, figure: Figure) -> _Judged:
    """Judge by a lower bound: what it cannot settle stays open."""
    slack = 0.0 if np.isnan(claim.tolerance) else claim.tolerance
    most = {"at least": np.inf, "above": np.inf, "between": claim.claimed_high}.get(claim.relation, claim.claimed)
    if claim.relation in ("at least", "above") and agrees(claim, figure.value):
        return _Judged(figure, "holds", _words(claim, figure))
    if figure.value > most + slack or (claim.relation == "below" and figure.value >= claim.claimed):
        return _Judged(figure, "does not hold", _words(claim, figure))
    reason = f"at least {_said(claim, figure)}, but the list counted is not complete"
    return _Judged(figure, "cannot be tested", "; ".join(filter(None, (reason, figure.note))))


def _said(claim: Claim, figure: Figure) -> str:
    """Write a figure with its unit and year."""
    unit = "" if claim.unit in ("", "year", "rank") else f" {_unit(claim.unit, figure.value)}"
    rank = "rank " if claim.unit == "rank" else ""
    when = "" if claim.unit == "year" or np.isnan(figure.year) else f" in {figure.year:.0f}"
    return f"{rank}{_number(figure.value)}{unit}{when}"


def _unit(unit: str, value: float) -> str:
    """Write a unit in the singular where there is one of it."""
    if value != 1 or not unit.isalpha() or not unit.endswith("s"):
        return unit
    return f"{unit[:-3]}y" if unit.endswith("ies") else unit[:-1]


def _words(claim: Claim, figure: Figure) -> str:
    """Say what was found against what was claimed."""
    relation = "" if claim.relation in ("", "about", "between") else f"{claim.relation} "
    high = f" to {_number(claim.claimed_high)}" if claim.relation == "between" else ""
    words = f"{_said(claim, figure)}, {relation}{_number(claim.claimed)}{high} claimed"
    return "; ".join(filter(None, (words, figure.note)))


def _number(value: float) -> str:
    """Write a number as it is read, without thousands or needless decimals."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
