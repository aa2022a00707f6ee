"""Indices of supply risk the literature uses, worked out from the network's own shares and flows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.analysis.sourcing import (
    MISSING,
    PLACES,
    Missing,
    Place,
    Risks,
    assessed_stages,
    by_group,
    checked_mineral,
    economy,
    flows,
    governance_scores,
    output,
    own_regions,
    prices,
    trade_balance,
    trade_parameter,
)
from graphmodel.errors import ParameterError, UnknownNameError, nearest
from graphmodel.kernels import indices as of
from graphmodel.network import Network
from graphmodel.results import IndexResult

ORDERS = {0.0: "named", 1.0: "entropy", 2.0: "hhi", np.inf: "largest"}
Row = tuple[str, str, float, float, float, float, str]


def indices(
    network: Network,
    mineral: str,
    consumer: str | Sequence[str] | None = None,
    *,
    stage: str | None = None,
    by: Place = "country",
    governance: pd.Series | None = None,
    missing: Missing | float = "refuse",
    recycling: float = 0.0,
    substitution: float = 1.0,
    price: float | None = None,
    members: pd.DataFrame | None = None,
) -> IndexResult:
    """Work out the indices of supply risk of one mineral, stage by stage.

    Parameters
    ----------
    network : Network
    mineral : str
        All materials of a stage are added in tonnes of it.
    consumer : str or list of str, optional
        Whose risk: a country, a group such as ``EU27``, or several. Without one only the indices of the world's supply.
    stage : str, optional
        Only this stage; every stage that makes the mineral when absent.
    by : {"country", "control"}
        Suppliers by location, or by the home of their controlling owner.
    governance : Series, optional
        Score of each country from -2.5 (worst) to 2.5. When absent the shipped tables: political stability of 2024
        for GeoPolRisk, the mean of all six indicators for the others.
    missing : {"refuse", "mean", "worst"} or float
        What a supplying country without a score gets: an error; the mean risk of those that have one, by quantity; the
        worst; or this risk, 0 to 1 (geopolrisk-py takes 0.5). Never none.
    recycling : float
        End-of-life recycling input rate in the EU supply risk. The network does not tell old scrap from new, so it
        cannot say; with none the risk is at its upper end.
    substitution : float
        Substitution index SI_SR in the EU supply risk; 1, the upper end, where nothing can take the mineral's place.
    price : float, optional
        US dollars per kilogram, for the characterisation factor; the shipped price of 2024 when absent.
    members : DataFrame, optional
        ``group`` and ``country``, for groups as consumers.

    Returns
    -------
    IndexResult
        ``index``, ``stage`` ("largest": the larger EU supply risk of extraction and processing), ``value``,
        ``low`` and ``high`` (what supply of no known country could make of it), ``unknown_share`` of
        supply, ``note``. Indices: ``hhi``, ``effective_named``, ``effective_entropy``, ``effective_hhi``,
        ``effective_largest`` (Hill numbers of order 0, 1, 2, inf), ``governed_sum`` and ``governed_product`` (0 to 1),
        ``n_minus_one`` and ``n_minus_one_all`` (shares of demand); with a consumer ``import_reliance`` (share),
        ``geopolrisk`` (0 to 1), ``geopolrisk_factor`` (kg Cu-eq/kg) and ``eu_supply_risk`` (0 to 10 and a little more).

    Raises
    ------
    UnknownNameError
        If there is no such mineral, stage, consumer, lens or policy.
    EmptySelectionError
        If nobody makes the mineral.
    ParameterError
        If a supplier has no score and ``missing`` is ``refuse``, or a number is out of range.

    Notes
    -----
    The equations are in `graphmodel.kernels.indices`. World supply is what the stage makes; an economy's intake is
    what flows onward from the stage to its nodes, its own included. Supply of no known country (regions) counts in all
    totals: as ever smaller holders of mean risk in ``value``, the best governed of the known in ``low``, one holder of
    the worst in ``high``. Regions mostly made of the economy's countries (Europe, country not stated, for the EU) are
    part of it. Trade parameters of the EU's study apply where the consumer is ``EU27``; 1 otherwise.
    An index is of shares, not of what would be lost: see `agreement`. Loops and parts apart do not matter.

    References
    ----------
    Gemechu et al. (2015), doi:10.1111/jiec.12279. Koyamparambath et al. (2024), doi:10.1016/j.resconrec.2024.107801.
    European Commission (2017), doi:10.2873/769526. Blengini et al. (2017), doi:10.2760/73303. Hill (1973),
    doi:10.2307/1934352. IEA (2025), Global Critical Minerals Outlook.

    Examples
    --------
    Mining: Australia 600 t, Chile 400 t; all goes to the refinery in China.

    >>> import graphmodel as gm, pandas as pd
    >>> toy = gm.load("toy-battery")
    >>> score = pd.Series({"AUS": 0.5, "CHL": 0.0, "CHN": -0.5, "KOR": 0.5})
    >>> found = gm.indices(toy, "lithium", "CHN", governance=score, stage="mining").table.set_index("index")["value"]
    >>> found[["hhi", "governed_sum", "governed_product", "geopolrisk"]].round(4).to_dict()
    {'hhi': 0.52, 'governed_sum': 0.224, 'governed_product': 0.2288, 'geopolrisk': 0.2288}
    """
    _check(missing, recycling, substitution, price, by)
    checked_mineral(network, mineral)
    made, moved = output(network, mineral, by=by), flows(network, mineral, by=by)
    stages = list(dict.fromkeys(made["stage"]))
    if stage is not None and stage not in stages:
        raise UnknownNameError(f"no stage {stage!r} that makes {mineral}; {nearest(stage, stages)}")
    countries = None if consumer is None else economy(network, consumer, members)
    if countries is not None:
        countries |= own_regions(countries)
    stable, mean = (
        Risks(governance if governance is not None else governance_scores(indicator), missing)
        for indicator in ("political_stability", "mean_of_six")
    )
    rows: list[Row] = []
    for name in [stage] if stage is not None else stages:
        here = made[made["stage"] == name]
        bought = moved[(moved["stage"] == name) & moved["onward"]]
        rows += _world(name, here, bought, mean)
        if countries is not None:
            rows += _economy(name, here, bought, countries, stable, _price(mineral, price))
            own = _Own(countries, mineral, consumer == "EU27", mean)
            rows.append(own.supply_risk(name, here, bought, recycling, substitution))
    rows += _largest(rows)
    table = pd.DataFrame(rows, columns=list(IndexResult.columns))
    asked = {"mineral": mineral, "consumer": consumer, "stage": stage, "by": by, "missing": missing}
    return IndexResult(
        table,
        network=network,
        parameters={**asked, "recycling": recycling, "substitution": substitution, "price": price},
        units={"value": "see the index", "unknown_share": "share of supply"},
    )


def _check(missing: object, recycling: float, substitution: float, price: float | None, by: str) -> None:
    if by not in PLACES:
        raise UnknownNameError(f"no lens {by!r} for suppliers; {nearest(by, PLACES)}")
    if isinstance(missing, str) and missing not in MISSING:
        raise UnknownNameError(f"no policy {missing!r} for missing scores; {nearest(missing, MISSING)}")
    rates: dict[str, object] = {"recycling": recycling, "substitution": substitution, "missing": missing}
    for name, value in rates.items():
        if isinstance(value, float | int) and not 0 <= value <= 1:
            raise ParameterError(f"{name} is {value}, but must lie between 0 and 1")
    if price is not None and not price >= 0:
        raise ParameterError(f"price is {price}, but must be 0 or more")


def _world(stage: str, made: pd.DataFrame, bought: pd.DataFrame, risks: Risks) -> list[Row]:
    """Indices of the world's supply at one stage."""
    supply, unknown = by_group(made["group"], made["quantity"])
    total = float(supply.sum()) + unknown
    share, open_share = supply.to_numpy(dtype=float) / total, unknown / total
    risk = risks.of(supply)
    square = float(np.sum(share**2))
    rows: list[Row] = [("hhi", stage, square, square, square + open_share**2, open_share, "")]
    for order, name in ORDERS.items():
        least, most = of.hill_bounds(share, open_share, order)
        value = most if np.isfinite(most) else least
        note = "" if np.isfinite(most) else "no upper limit: who makes the rest is not known"
        rows.append((f"effective_{name}", stage, value, least, most, open_share, note))
    summed = of.governed_sum(share, risk)
    rows.append(("governed_sum", stage, summed, summed, summed + open_share**2, open_share, ""))
    middle, best, worst = _linear(share, risk, open_share)
    rows.append(
        ("governed_product", stage, square * middle, square * best, (square + open_share**2) * worst, open_share, "")
    )
    used, _ = by_group(bought["buyer"], bought["quantity"])
    places = supply.index.union(used.index)
    found = of.n_minus_one(*(each.reindex(places, fill_value=0.0).to_numpy(dtype=float) for each in (supply, used)))
    largest = str(supply.index[0]) if len(supply) else "nobody"
    for name, value, words in zip(
        ("n_minus_one", "n_minus_one_all"), found, ("its own demand left out", "over all demand"), strict=True
    ):
        open_demand = unknown / float(used.sum()) if used.sum() > 0 else np.nan
        rows.append((name, stage, value, value, value + open_demand, open_share, f"without {largest}, {words}"))
    return rows


def _linear(share: FloatArray, risk: FloatArray, unknown: float) -> tuple[float, float, float]:
    """Return the mean risk of supply with its unknown part at the mean of the known, at the best, at the worst."""
    known = float(np.sum(share * risk))
    if not len(share):
        return np.nan, 0.0, unknown  # of nobody known there is no mean
    return known + unknown * known / float(np.sum(share)), known + unknown * float(risk.min()), known + unknown


def _economy(
    stage: str, made: pd.DataFrame, bought: pd.DataFrame, countries: frozenset[str], risks: Risks, price: float
) -> list[Row]:
    """GeoPolRisk, and import reliance, of one economy at one stage."""
    inside = made["home"].isin(list(countries))
    domestic = float(made.loc[inside, "quantity"].sum())
    imports, exports = trade_balance(bought, countries)
    reliance = of.import_reliance(imports, exports, domestic)
    rows: list[Row] = [("import_reliance", stage, reliance, reliance, reliance, 0.0, "net imports over consumption")]
    world, unmade = by_group(made["group"], made["quantity"])
    total = float(world.sum()) + unmade
    square, open_world = float(np.sum((world / total) ** 2)), unmade / total
    coming = bought[bought["buyer"].isin(list(countries)) & ~bought["home"].isin(list(countries))]
    origin, unknown = by_group(coming["seller"], coming["quantity"])
    whole = domestic + float(origin.sum()) + unknown
    if not whole > 0:
        blank = (np.nan, np.nan, np.nan, np.nan, "takes none and makes none at this stage")
        return [*rows, ("geopolrisk", stage, *blank), ("geopolrisk_factor", stage, *blank)]
    risk = np.where(origin.index.isin(list(countries)), 0.0, risks.of(origin))
    share = origin.to_numpy(dtype=float) / whole
    middle, best, worst = _linear(share, risk, unknown / whole)
    if not len(share) and not unknown:
        middle = 0.0  # all of it made at home
    score = (square * middle, square * best, (square + open_world**2) * worst)
    rows.append(("geopolrisk", stage, *score, unknown / whole, "world shares and imports of the same stage"))
    factor = tuple(part * price / of.COPPER for part in score)
    note = f"at {price:.4g} USD/kg" if np.isfinite(price) else "no price; give one"
    return [*rows, ("geopolrisk_factor", stage, factor[0], factor[1], factor[2], unknown / whole, note)]


@dataclass(frozen=True)
class _Own:
    """The EU method for one economy: world supply, what it sources itself, and how far it depends on imports."""

    countries: frozenset[str]
    mineral: str
    is_union: bool
    risks: Risks

    def supply_risk(
        self, stage: str, made: pd.DataFrame, bought: pd.DataFrame, recycling: float, substitution: float
    ) -> Row:
        world, open_world = self._concentration(stage, *by_group(made["group"], made["quantity"]))
        taken = bought[bought["buyer"].isin(list(self.countries))]
        own, open_own = self._concentration(stage, *by_group(taken["seller"], taken["quantity"]))
        domestic = float(made.loc[made["home"].isin(list(self.countries)), "quantity"].sum())
        reliance = of.import_reliance(*trade_balance(bought, self.countries), domestic)
        note = f"import reliance {reliance:.2f}"
        if np.isnan(own):
            note = "world supply only: takes none at this stage"
        elif np.isnan(reliance):
            reliance, note = 0.0, "sells more than it makes and buys: own sourcing only"
        value = of.supply_risk(world, own, reliance, recycling=recycling, substitution=substitution)
        high = of.supply_risk(
            world + 10 * open_world**2, own + 10 * open_own**2, reliance, recycling=recycling, substitution=substitution
        )
        return ("eu_supply_risk", stage, value, value, high, open_world, note)

    def _concentration(self, stage: str, supply: pd.Series, unknown: float) -> tuple[float, float]:
        """Governed sum, 0 to 10, and the share of no known country; nan where there is no supply."""
        total = float(supply.sum()) + unknown
        if not total > 0:
            return np.nan, 0.0
        codes = [str(code) for code in supply.index]
        trade = trade_parameter(self.mineral, stage, codes, self.countries) if self.is_union else 1.0
        risk = 10.0 * self.risks.of(supply)
        return of.governed_sum(supply.to_numpy(dtype=float) / total, risk, trade), unknown / total


def _largest(rows: Sequence[Row]) -> list[Row]:
    """The larger of extraction and processing counts in the EU method."""
    risks = [row for row in rows if row[0] == "eu_supply_risk" and row[1] in assessed_stages() and row[2] == row[2]]
    if not risks:
        return []
    most = max(risks, key=lambda row: row[2])
    return [(most[0], "largest", *most[2:6], f"at {most[1]}")]


def _price(mineral: str, given: float | None) -> float:
    return float(prices().get(mineral, np.nan)) if given is None else given
