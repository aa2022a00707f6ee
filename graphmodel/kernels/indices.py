"""Indices of supply risk as functions of shares: governance-weighted concentration, GeoPolRisk, EU supply risk, N-1."""

from __future__ import annotations

import numpy as np

from graphmodel._types import FloatArray
from graphmodel.kernels.concentration import hill_numbers

COPPER = 0.409412948
"""Mean GeoPolRisk of copper in OECD countries, 2017 to 2021, USD/kg: what characterisation factors are divided by.

Koyamparambath et al. (2024), doi:10.1016/j.resconrec.2024.107801; as in geopolrisk-py 2.0.1.
"""


def governance_risk(score: FloatArray, *, scale: float = 1.0) -> FloatArray:
    """Turn Worldwide Governance Indicators into a risk: 0 is the best governed, ``scale`` the worst.

    Parameters
    ----------
    score : estimates on the World Bank's scale from -2.5 (worst) to 2.5
    scale : 1 as in GeoPolRisk, 10 as in the EU method

    Returns
    -------
    FloatArray
        ``scale · (2.5 - score) / 5``, held within 0 and ``scale``; nan where the score is.

    Examples
    --------
    >>> governance_risk(np.array([-2.5, 0.0, 2.6, np.nan]), scale=10.0)
    array([10.,  5.,  0., nan])
    """
    return np.asarray(scale * np.clip((2.5 - score) / 5.0, 0.0, 1.0), dtype=np.float64)


def governed_sum(share: FloatArray, risk: FloatArray, trade: FloatArray | float = 1.0) -> float:
    """Sum squared shares, each times the risk of its country: who is large and badly governed at once counts.

    Parameters
    ----------
    share : shares of countries in supply, 0 to 1
    risk : of each country, on any scale
    trade : trade parameter t of each country; 1 where trade is free

    Returns
    -------
    float
        ``Σ S² g t``, on the scale of the risk.

    References
    ----------
    European Commission (2017) Methodology for establishing the EU list of critical raw materials, doi:10.2873/769526.

    Examples
    --------
    >>> governed_sum(np.array([0.5, 0.5]), np.array([4.0, 8.0]))
    3.0
    """
    return float(np.sum(share**2 * risk * trade))


def governed_product(share: FloatArray, risk: FloatArray) -> float:
    """Multiply the concentration of supply by its mean risk; another index than `governed_sum`.

    Returns
    -------
    float
        ``Σ S² · Σ S g``. Equal to the sum form where all countries are equally risky.

    Examples
    --------
    >>> share, risk = np.array([0.8, 0.2]), np.array([1.0, 0.0])
    >>> round(governed_product(share, risk), 3), round(governed_sum(share, risk), 3)
    (0.544, 0.64)
    """
    return float(np.sum(share**2) * np.sum(share * risk))


def hill_bounds(share: FloatArray, residual: float, order: float) -> tuple[float, float]:
    """Bound the effective number of holders where some of the supply is assigned to nobody.

    Parameters
    ----------
    share : of the holders named; named and residual together are 1
    residual : share assigned to nobody
    order : as in `hill_numbers`: 0, 1, 2 … ``inf``

    Returns
    -------
    tuple of float
        Least, one holder has the whole residual; most, ever more and smaller holders share it. The most has no
        limit (``inf``) for orders up to 1. nan where there is neither.

    Notes
    -----
    The lower bound supposes, as `herfindahl_bounds` does, that the residual belongs to nobody who is named.

    Examples
    --------
    >>> [round(number, 3) for number in hill_bounds(np.array([0.6, 0.2]), 0.2, 2.0)]
    [2.273, 2.5]
    >>> hill_bounds(np.array([0.6, 0.2]), 0.2, 1.0)[1]
    inf
    """
    held = np.append(share[share > 0], residual) if residual > 0 else share[share > 0]
    if not len(held):
        return np.nan, np.nan
    least = float(hill_numbers(held, np.zeros(len(held), dtype=np.int64), 1, order)[0])
    if not residual > 0:
        return least, least
    named = share[share > 0]
    if order <= 1 or not len(named):
        return least, np.inf
    largest = named.max()
    if np.isinf(order):
        return least, float(1.0 / largest)
    powers = np.log(np.sum((named / largest) ** order)) + order * np.log(largest)
    return least, float(np.exp(powers / (1.0 - order)))


def import_risk(quantity: FloatArray, risk: FloatArray, domestic: float = 0.0) -> float:
    """Return the share of supply that is imported, each tonne weighed by the risk of its origin.

    Parameters
    ----------
    quantity : imports by origin; those from inside a region have the risk 0
    risk : of each origin, 0 to 1
    domestic : what the economy produces itself

    Returns
    -------
    float
        ``Σ g f / (p + F)``, nan where nothing is imported and nothing produced.

    Examples
    --------
    >>> import_risk(np.array([60.0, 20.0]), np.array([0.5, 1.0]), 20.0)
    0.5
    """
    whole = domestic + float(np.sum(quantity))
    return float(np.sum(quantity * risk)) / whole if whole > 0 else np.nan


def geopolrisk(
    production: FloatArray, quantity: FloatArray, risk: FloatArray, domestic: float = 0.0, *, price: float = np.nan
) -> tuple[float, float]:
    """Score the geopolitical supply risk of a material for an importing economy.

    Parameters
    ----------
    production : of the world, by country
    quantity, risk, domestic : as in `import_risk`
    price : of the imports, USD/kg

    Returns
    -------
    tuple of float
        Score, ``HHI · Σ g f / (p + F)``, 0 to 1; characterisation factor, ``score · price / COPPER``, in kg of
        copper equivalent per kg (nan without a price).

    References
    ----------
    Gemechu et al. (2015), doi:10.1111/jiec.12279. Koyamparambath et al. (2024), doi:10.1016/j.resconrec.2024.107801.

    Examples
    --------
    >>> score, factor = geopolrisk(np.array([3.0, 1.0]), np.array([60.0, 20.0]), np.array([0.5, 1.0]), 20.0, price=2.0)
    >>> round(score, 4), round(factor, 3)
    (0.3125, 1.527)
    """
    total = float(np.sum(production))
    concentration = float(np.sum(production**2)) / total**2 if total > 0 else np.nan
    score = concentration * import_risk(quantity, risk, domestic)
    return score, score * price / COPPER


def import_reliance(imports: float, exports: float, domestic: float) -> float:
    """Return net imports as a share of apparent consumption: ``(I - E) / (P + I - E)``; nan where that is not positive.

    Negative for net exporters; `supply_risk` takes it as 0 then.

    Examples
    --------
    >>> import_reliance(80.0, 20.0, 40.0)
    0.6
    """
    consumption = domestic + imports - exports
    return (imports - exports) / consumption if consumption > 0 else np.nan


def supply_risk(
    world: float, own: float, reliance: float, *, recycling: float = 0.0, substitution: float = 1.0
) -> float:
    """Score the supply risk of one stage by the method of the EU's list of critical raw materials.

    Parameters
    ----------
    world, own : `governed_sum` of world supply, and of what the economy actually sources, its own output included, with
        risks from 0 to 10; one of them may be nan, and the other stands alone then
    reliance : import reliance, held within 0 and 1
    recycling : end-of-life recycling input rate, 0 to 1
    substitution : substitution index SI_SR, 0 to 1; 1 where nothing can take its place

    Returns
    -------
    float
        ``[H_GS · IR / 2 + H_EU · (1 - IR / 2)] · (1 - EoL_RIR) · SI_SR``. Of extraction and processing the larger
        counts.

    References
    ----------
    European Commission (2017), doi:10.2873/769526. Blengini et al. (2017), JRC, doi:10.2760/73303.

    Examples
    --------
    >>> round(supply_risk(4.0, 2.0, 0.5, recycling=0.1, substitution=0.9), 4)
    2.025
    """
    left = (1.0 - recycling) * substitution
    if np.isnan(own) or np.isnan(world):
        return float(world if np.isnan(own) else own) * left
    part = float(np.clip(reliance, 0.0, 1.0)) / 2.0
    return (world * part + own * (1.0 - part)) * left


def n_minus_one(supply: FloatArray, demand: FloatArray) -> tuple[float, float]:
    """Compare what all suppliers but the largest make with demand.

    Parameters
    ----------
    supply, demand : by country, in the same order

    Returns
    -------
    tuple of float
        Rest of supply over the demand of all but the largest supplier; over all demand. nan where there is no such
        demand or no supply, and above 1 where more is made than wanted.

    References
    ----------
    IEA (2025) Global Critical Minerals Outlook 2025.

    Examples
    --------
    >>> [round(ratio, 3) for ratio in n_minus_one(np.array([70.0, 20.0, 10.0]), np.array([40.0, 0.0, 60.0]))]
    [0.5, 0.3]
    """
    if not np.sum(supply) > 0:
        return np.nan, np.nan
    largest = int(np.argmax(supply))
    rest, all_demand = float(np.sum(supply) - supply[largest]), float(np.sum(demand))
    others = all_demand - float(demand[largest])
    return (rest / others if others > 0 else np.nan), (rest / all_demand if all_demand > 0 else np.nan)
