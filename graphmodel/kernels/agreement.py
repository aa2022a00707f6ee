"""How well one ranking agrees with another, and how sure that is: Spearman's correlation over resampled rows."""

from __future__ import annotations

import numpy as np

from graphmodel._types import FloatArray

CHUNK = 2_000_000
"""Cells of resampled rows ranked at a time."""


def spearman(first: FloatArray, second: FloatArray) -> FloatArray:
    """Correlate the ranks of two sets of numbers, row by row; equal numbers share the mean of their ranks.

    Parameters
    ----------
    first, second : (rows, n)

    Returns
    -------
    FloatArray
        -1 to 1, (rows,); nan where either has no two different numbers.

    Notes
    -----
    O(rows · n log n).

    References
    ----------
    Spearman, C. (1904) The proof and measurement of association between two things, doi:10.2307/1412159.

    Examples
    --------
    >>> spearman(np.array([[1.0, 2.0, 3.0]]), np.array([[10.0, 30.0, 20.0]]))
    array([0.5])
    """
    from scipy.stats import rankdata  # noqa: PLC0415 - loads slowly; only rankings need it

    ranks = [rankdata(values, axis=1) for values in (first, second)]
    apart = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
    spread = np.sqrt((apart[0] ** 2).sum(axis=1) * (apart[1] ** 2).sum(axis=1))
    together = (apart[0] * apart[1]).sum(axis=1)
    return np.divide(together, spread, out=np.full(len(spread), np.nan), where=spread > 0)


def spearman_interval(
    first: FloatArray, second: FloatArray, resamples: int, rng: np.random.Generator | int, level: float = 0.95
) -> tuple[float, float, float]:
    """Return Spearman's correlation and the interval it falls into when rows are drawn anew with replacement.

    Parameters
    ----------
    first, second : (n,)
    resamples : number of draws of n rows
    rng : chance of the draws
    level : share of the draws within the interval

    Returns
    -------
    tuple of float
        Correlation, low, high (percentiles of the draws in which it is defined); nan where it is not defined.

    References
    ----------
    Efron, B. (1979) Bootstrap methods: another look at the jackknife, doi:10.1214/aos/1176344552.

    Examples
    --------
    >>> x = np.arange(20.0)
    >>> spearman_interval(x, x**3, 200, 0)
    (1.0, 1.0, 1.0)
    """
    rho, n = float(spearman(first[None], second[None])[0]) if len(first) else np.nan, len(first)
    if np.isnan(rho):
        return np.nan, np.nan, np.nan
    generator = np.random.default_rng(rng)
    drawn = np.empty(resamples)
    step = max(1, CHUNK // n)
    for start in range(0, resamples, step):
        rows = generator.integers(n, size=(min(step, resamples - start), n))
        drawn[start : start + step] = spearman(first[rows], second[rows])
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return rho, np.nan, np.nan
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return rho, float(low), float(high)
