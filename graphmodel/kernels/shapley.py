"""What each member of a coalition adds: exact Shapley values and interactions from the value of every coalition.

Coalition c holds member i where bit i of c is set; there are 2^n of them, the empty one first.
"""

from __future__ import annotations

from math import comb

import numpy as np

from graphmodel._types import FloatArray, IntArray
from graphmodel.errors import ParameterError

MOST_MEMBERS = 20
"""Members above which a million coalitions and more would have to be valued."""


def coalition_members(n: int) -> tuple[IntArray, IntArray]:
    """List the members of all coalitions of ``n``.

    Parameters
    ----------
    n : number of members, 0 to 20

    Returns
    -------
    indptr, member
        First entry of each coalition in ``member`` and their number at the end, (2^n + 1,); members in rising order.

    Raises
    ------
    ParameterError
        If there are too many members, or fewer than none.

    Notes
    -----
    Sixty-four coalitions in a row differ in the first six members alone. Give the members furthest upstream the
    highest numbers, and such a batch has most of what it cuts in common. The coalition without is the mirror image:
    coalition ``2^n - 1 - c`` holds the members that c lacks. Cost: O(n 2^n).

    Examples
    --------
    >>> indptr, member = coalition_members(2)
    >>> indptr.tolist(), member.tolist()  # {}, {0}, {1}, {0, 1}
    ([0, 0, 1, 2, 4], [0, 1, 0, 1])
    """
    if not 0 <= n <= MOST_MEMBERS:
        raise ParameterError(f"there are {n} members, but all coalitions can be listed for 0 to {MOST_MEMBERS} only")
    holds = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    indptr = np.concatenate([[0], np.cumsum(holds.sum(axis=1))]).astype(np.int64)
    return indptr, np.nonzero(holds)[1].astype(np.int64)


def shapley(values: FloatArray) -> FloatArray:
    """Share the value of the whole among its members, each by what it adds on average.

    Parameters
    ----------
    values : value of every coalition, (2^n,), or of several games side by side, (2^n, m)

    Returns
    -------
    FloatArray
        Shapley value of each member, (n,) or (n, m), in the unit of ``values``.

    Raises
    ------
    ParameterError
        If the number of values is no power of two, or one of them is no finite number.

    Notes
    -----
    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! · (v(S + i) - v(S)). They add up to v(all) - v(none).
    Cost: O(n 2^n).

    References
    ----------
    Shapley, L. S. (1953) A value for n-person games. Contributions to the Theory of Games II, 307-317.
    https://doi.org/10.1515/9781400881970-018

    Examples
    --------
    One left glove (0) and two right ones (1, 2); a pair is worth 1.

    >>> shapley(np.array([0, 0, 0, 1, 0, 1, 0, 1.0])).round(6)
    array([0.666667, 0.166667, 0.166667])
    """
    values, n = _checked(values)
    size = _sizes(n)
    weight = np.array([1.0 / (n * comb(n - 1, k)) for k in range(n)])
    share = np.empty((n, *values.shape[1:]))
    for member in range(n):
        without, added = _split(values, member)
        of = _split(size, member)[0]
        share[member] = np.tensordot(weight[of], added - without, axes=1)
    return share


def interactions(values: FloatArray) -> FloatArray:
    """Say how much two members add together beyond what each adds alone.

    Parameters
    ----------
    values : value of every coalition, (2^n,)

    Returns
    -------
    FloatArray
        Shapley interaction index of each pair, (n, n), symmetric, nan on the diagonal. Positive: complements, such as a
        mine and the refinery it feeds; negative: substitutes.

    Raises
    ------
    ParameterError
        As in `shapley`.

    Notes
    -----
    I_ij = sum over S without i and j of |S|! (n - |S| - 2)! / (n - 1)! · (v(S + ij) - v(S + i) - v(S + j) + v(S)).
    Cost: O(n^2 2^n).

    References
    ----------
    Grabisch, M., Roubens, M. (1999) An axiomatic approach to the concept of interaction among players in cooperative
    games. International Journal of Game Theory 28, 547-565. https://doi.org/10.1007/s001820050125

    Examples
    --------
    >>> interactions(np.array([0, 0, 0, 1.0])).tolist()  # neither is worth anything alone
    [[nan, 1.0], [1.0, nan]]
    """
    values, n = _checked(values)
    if values.ndim > 1:
        raise ParameterError(f"values have shape {values.shape}; interactions take one game, (2^n,)")
    size = _sizes(n)
    weight = np.array([1.0 / ((n - 1) * comb(n - 2, k)) for k in range(n - 1)])
    index = np.full((n, n), np.nan)
    for second in range(n):
        without, added = _split(values, second)
        gain, of = added - without, _split(size, second)[0]
        for first in range(second):
            alone, together = _split(gain, first)
            index[first, second] = index[second, first] = weight[_split(of, first)[0]] @ (together - alone)
    return index


def _checked(values: FloatArray) -> tuple[FloatArray, int]:
    """Return the values as numbers and how many members there are."""
    values = np.asarray(values, dtype=np.float64)
    n = len(values).bit_length() - 1 if values.ndim else -1
    if n < 0 or len(values) != 2**n:
        raise ParameterError(f"there are {values.size if n < 0 else len(values)} values; n members have 2^n coalitions")
    if not np.isfinite(values).all():
        worst = int(np.argwhere(~np.isfinite(values))[0][0])
        raise ParameterError(f"the value of coalition {worst} is {values[worst]}, but must be a finite number")
    return values, n


def _sizes(n: int) -> IntArray:
    """Count the members of every coalition."""
    size = np.zeros(1, dtype=np.int64)
    for _ in range(n):
        size = np.concatenate([size, size + 1])
    return size


def _split(table: np.ndarray, member: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the coalitions without a member and, in the same order, those with it; itself left out."""
    cube = table.reshape(-1, 2, 2**member, *table.shape[1:])
    rest = (-1, *table.shape[1:])
    return cube[:, 0].reshape(rest), cube[:, 1].reshape(rest)


def draw_orders(cells: IntArray, pairs: int, rng: np.random.Generator) -> IntArray:
    """Draw orders in which members join, each followed by its reverse.

    Parameters
    ----------
    cells : cell of each member, (n,); the members of a cell join one after another, cells and members in random order
    pairs : number of orders and reverses
    rng : chance

    Returns
    -------
    IntArray
        One order a row, (2 pairs, n). With a cell for each member, or one cell for all, orders of the Shapley value;
        else of the Owen value.

    References
    ----------
    Castro, J., Gómez, D., Tejada, J. (2009) Polynomial calculation of the Shapley value based on sampling. Computers &
    Operations Research 36, 1726-1730. https://doi.org/10.1016/j.cor.2008.04.004

    Owen, G. (1977) Values of games with a priori unions. Mathematical Economics and Game Theory, 76-88.
    https://doi.org/10.1007/978-3-642-45494-3_7

    Examples
    --------
    >>> orders = draw_orders(np.array([0, 1, 0]), 2, np.random.default_rng(0))
    >>> orders.shape, bool((orders[1] == orders[0][::-1]).all())
    ((4, 3), True)
    """
    n, n_cells = len(cells), int(cells.max(initial=-1)) + 1
    orders = np.empty((2 * pairs, n), dtype=np.int64)
    for pair in range(pairs):
        order = np.lexsort((rng.random(n), rng.permutation(n_cells)[cells]))
        orders[2 * pair], orders[2 * pair + 1] = order, order[::-1]
    return orders


def from_orders(orders: IntArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Average what each member adds when it joins, and say how sure the average is.

    Parameters
    ----------
    orders : as `draw_orders` gives them, (2 pairs, n)
    values : value of nobody, of the first, of the first two, … in each order, (2 pairs, n + 1)

    Returns
    -------
    share, error
        Estimate of each member's value, (n,), and its standard error; nan with one pair.

    Notes
    -----
    What all add up to is the value of everybody in every order, so the shares sum to it to rounding. The error is
    that of the means of an order and its reverse, which vary less than orders by themselves.

    Examples
    --------
    One left glove (0) and two right ones: the truth is 2/3, 1/6, 1/6.

    >>> orders = draw_orders(np.zeros(3, dtype=int), 500, np.random.default_rng(0))
    >>> pairs = [[0] + [min(1, (row[:k] == 0).sum() * (row[:k] > 0).sum()) for k in (1, 2, 3)] for row in orders]
    >>> share, error = from_orders(orders, np.array(pairs, dtype=float))
    >>> bool((np.abs(share - [2 / 3, 1 / 6, 1 / 6]) < 3 * error).all()), float(share.sum().round(9))
    (True, 1.0)
    """
    added = np.empty(orders.shape)
    np.put_along_axis(added, orders, np.diff(values, axis=1), axis=1)
    pairs = (added[0::2] + added[1::2]) / 2.0
    error = pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs)) if len(pairs) > 1 else np.full(orders.shape[1], np.nan)
    return pairs.mean(axis=0), error
