"""Concentration of quantities within groups: squared shares, effective numbers and their bounds."""

from __future__ import annotations

import numpy as np

from graphmodel._types import FloatArray, IntArray


def shares(quantity: FloatArray, group: IntArray, n_groups: int) -> FloatArray:
    """Return each quantity as a share of its group's total.

    Parameters
    ----------
    quantity : amounts, not negative, (k,)
    group : group of each amount, 0 … n_groups - 1
    n_groups : number of groups

    Returns
    -------
    FloatArray
        Shares in [0, 1], (k,); nan where the group's total is zero.

    Notes
    -----
    O(k). One row is one holder: add up rows of the same holder first, or the holder counts twice.

    Examples
    --------
    >>> shares(np.array([3.0, 1.0, 0.0]), np.array([0, 0, 1]), 2)
    array([0.75, 0.25,  nan])
    """
    total = np.bincount(group, weights=quantity, minlength=n_groups)[group]
    unknown = np.full(len(quantity), np.nan)
    share: FloatArray = np.divide(quantity, total, out=unknown, where=total > 0)
    return share


def herfindahl(quantity: FloatArray, group: IntArray, n_groups: int) -> FloatArray:
    """Sum the squared shares of ``quantity`` within each group; nan where empty.

    Parameters
    ----------
    quantity, group, n_groups : as in `shares`

    Returns
    -------
    FloatArray
        Sum of squared shares, 0 to 1, (n_groups,); 1 is a single holder.

    Notes
    -----
    sum S². O(k).

    References
    ----------
    Hirschman, A. O. (1964) The paternity of an index. American Economic Review 54, 761-762.

    Examples
    --------
    >>> herfindahl(np.array([3.0, 1.0]), np.array([0, 0]), 2)
    array([0.625,   nan])
    """
    return _within(shares(quantity, group, n_groups) ** 2, quantity, group, n_groups)


def hill_numbers(quantity: FloatArray, group: IntArray, n_groups: int, order: float) -> FloatArray:
    """Return the number of equal holders that would be as diverse as each group.

    Parameters
    ----------
    quantity, group, n_groups : as in `shares`
    order : weight given to large holders, not negative: 0 counts holders, 1 is exp(entropy), 2 is 1 / hhi,
        ``inf`` is 1 / largest share

    Returns
    -------
    FloatArray
        Effective number of holders, at least 1, (n_groups,); nan where empty.

    Notes
    -----
    N_q = (sum S^q)^(1 / (1 - q)); N_1 = exp(- sum S ln S). O(k).

    References
    ----------
    Hill, M. O. (1973) Diversity and evenness: a unifying notation and its consequences. Ecology 54, 427-432.
    https://doi.org/10.2307/1934352

    Examples
    --------
    >>> quantity, group = np.array([2.0, 1.0, 1.0]), np.array([0, 0, 0])
    >>> [round(float(hill_numbers(quantity, group, 1, order)[0]), 4) for order in (0, 1, 2, np.inf)]
    [3.0, 2.8284, 2.6667, 2.0]
    """
    if np.isinf(order):
        return 1.0 / largest_share(quantity, group, n_groups)
    share = shares(quantity, group, n_groups)
    held = quantity > 0
    share, group = share[held], group[held]
    if order == 1:
        return np.exp(_within(-share * np.log(share), quantity[held], group, n_groups))
    # Relative to the largest share, so that a high order cannot underflow.
    largest = largest_share(quantity[held], group, n_groups)
    powers = _within((share / largest[group]) ** order, quantity[held], group, n_groups)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.exp((np.log(powers) + order * np.log(largest)) / (1.0 - order)), dtype=np.float64)


def largest_share(quantity: FloatArray, group: IntArray, n_groups: int) -> FloatArray:
    """Return the largest share in each group; nan where empty.

    Parameters
    ----------
    quantity, group, n_groups : as in `shares`

    Returns
    -------
    FloatArray
        Largest share, 0 to 1, (n_groups,).

    Notes
    -----
    O(k).

    Examples
    --------
    >>> largest_share(np.array([3.0, 1.0]), np.array([0, 0]), 2)
    array([0.75,  nan])
    """
    share = shares(quantity, group, n_groups)
    largest = np.full(n_groups, np.nan)
    np.fmax.at(largest, group, share)
    return largest


def herfindahl_bounds(
    quantity: FloatArray, group: IntArray, n_groups: int, residual: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Bound the concentration of groups in which some holders are not named.

    Parameters
    ----------
    quantity, group, n_groups : the named holders, as in `shares`
    residual : what the holders not named have together, not negative, (n_groups,)

    Returns
    -------
    tuple of FloatArray
        Lower bound, many small holders share the residual; upper bound, one holder has all of it. Shares are of
        named and residual together. nan where both are zero.

    Notes
    -----
    lower = sum of named S², upper = lower + o² with o the residual's share. The upper bound supposes that the
    residual belongs to nobody who is named. O(k).

    Examples
    --------
    Named 6 and 2, others 2: 0.36 + 0.04, and 0.04 more if the others are one.

    >>> lower, upper = herfindahl_bounds(np.array([6.0, 2.0]), np.array([0, 0]), 1, np.array([2.0]))
    >>> lower.round(9), upper.round(9)
    (array([0.4]), array([0.44]))
    """
    everyone = np.concatenate([quantity, residual])
    share = shares(everyone, np.concatenate([group, np.arange(n_groups)]), n_groups)
    other = share[len(quantity) :]
    named = np.bincount(group, weights=share[: len(quantity)] ** 2, minlength=n_groups)
    return named + 0.0 * other, named + other**2


def _within(amount: FloatArray, quantity: FloatArray, group: IntArray, n_groups: int) -> FloatArray:
    """Sum amounts by group; nan where the group has no quantity."""
    held = quantity > 0
    summed = np.bincount(group[held], weights=amount[held], minlength=n_groups)
    return np.where(np.bincount(group[held], minlength=n_groups) > 0, summed, np.nan)
