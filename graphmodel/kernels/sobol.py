"""Which inputs the variance of an output comes from."""

from __future__ import annotations

import numpy as np

from graphmodel._types import FloatArray


def sobol_indices(one: FloatArray, other: FloatArray, mixed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return first-order and total Sobol indices of groups of inputs, (d,) each; nan where the output is constant.

    Parameters
    ----------
    one, other : output in n draws of all inputs, and in n further ones, (n,)
    mixed : output with the inputs of one group taken from the further draws and all else from the first, (d, n)

    Notes
    -----
    With f(A), f(B) and f(AB_i) the three, less their mean, and V the variance of f(A) and f(B) together:
    S_i = mean(f(B) (f(AB_i) - f(A))) / V (Saltelli et al. 2010, table 2 b), T_i = mean((f(A) - f(AB_i))²) / 2V
    (Jansen 1999). O(d n). Estimates may lie a little outside 0 to 1, and S_i above T_i.

    References
    ----------
    Jansen (1999), doi:10.1016/S0010-4655(98)00154-4. Saltelli et al. (2010), doi:10.1016/j.cpc.2009.09.018.

    Examples
    --------
    >>> a, b = np.random.default_rng(0).random((2, 2, 4096))  # f = x + 2 y: variances 1/12 and 4/12
    >>> def f(x, y):
    ...     return x + 2 * y
    >>> first, total = sobol_indices(f(*a), f(*b), np.array([f(b[0], a[1]), f(a[0], b[1])]))
    >>> first.round(1).tolist(), total.round(1).tolist()
    ([0.2, 0.8], [0.2, 0.8])
    """
    both = np.concatenate([one, other])
    if not np.ptp(both) > 0:
        return np.full(len(mixed), np.nan), np.full(len(mixed), np.nan)
    moved, variance = mixed - one, both.var()
    return ((other - both.mean()) * moved).mean(axis=1) / variance, 0.5 * (moved**2).mean(axis=1) / variance
