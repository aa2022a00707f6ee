"""The frozen response in many draws of the shares: the same sets of processes are cut in each of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graphmodel._types import FloatArray, IntArray
from graphmodel.kernels.cascade import ARRAYS_UP_TO, CutSets, Method, blocks, frozen_loss, settled, shares, side_by_side
from graphmodel.kernels.cascade_lanes import Recipes, lay_out, reweigh

DRAWS_A_PART = 16
"""Draws a thread works on before it takes the next."""


def frozen_loss_draws(
    recipes: Recipes,
    set_indptr: IntArray,
    set_process: IntArray,
    severity: FloatArray,
    weight: FloatArray,
    draw: Callable[[np.random.Generator], FloatArray],
    n_draws: int,
    *,
    rng: np.random.Generator | int | None = None,
    edge_limit: FloatArray | None = None,
    tol: float = 1e-10,
    max_rounds: int = 10_000,
    method: Method = "auto",
    n_threads: int = 1,
) -> FloatArray:
    """Return the weighted output lost when each set of processes is cut, in each draw of the shares.

    Parameters
    ----------
    recipes : the network's slots and processes; its shares give the order of evaluation
    set_indptr, set_process, severity, weight : as in `frozen_loss`
    draw : turns a generator into the share of every edge, (E,), not negative; called once a draw, by several threads
    n_draws : number of draws
    rng : seed of all draws
    edge_limit, tol, max_rounds, method, n_threads : as in `frozen_loss`

    Returns
    -------
    FloatArray
        (n_draws, S), in units of ``weight``.

    Raises
    ------
    ConvergenceError
        If a loop has not settled after ``max_rounds``.

    Notes
    -----
    Every draw has a stream of its own (Philox, counter = number of the draw), so that draw 7 is the same draw
    whatever the number of draws, threads and batches. The layout is made once and takes the shares of each draw in
    place. Cost: O(D · rounds · E · S), and O(D · E) to draw. Memory: that of `frozen_loss`, and a copy of the shares
    a thread.

    References
    ----------
    Salmon, J. K. et al. (2011) Parallel random numbers: as easy as 1, 2, 3. SC '11.
    https://doi.org/10.1145/2063384.2063405

    Examples
    --------
    A refinery (2) takes a share of its ore from mine 0, drawn between 0 and 1, and the rest from mine 1.

    >>> recipes = Recipes(
    ...     slot_indptr=np.array([0, 2]), edge_supplier=np.array([0, 1]), edge_share=np.array([0.75, 0.25]),
    ...     slot_base=np.array([0.0]), process_indptr=np.array([0, 0, 0, 1]), process_slot=np.array([0]),
    ... )
    >>> def draw(rng):
    ...     first = rng.random()
    ...     return np.array([first, 1 - first])
    >>> each_mine = np.arange(3), np.arange(2), np.ones(2)
    >>> lost = frozen_loss_draws(recipes, *each_mine, np.array([0.0, 0.0, 1.0]), draw, 1000, rng=0)
    >>> lost.shape, bool(np.allclose(lost.sum(axis=1), 1)), float(lost[:, 0].mean().round(1))
    ((1000, 2), True, 0.5)
    """
    key = np.random.default_rng(rng).integers(2**63, size=2).astype(np.uint64)

    def drawn(number: int) -> FloatArray:
        return draw(np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, number])))

    return frozen_loss_shares(
        recipes, set_indptr, set_process, severity, weight, drawn, n_draws,
        edge_limit=edge_limit, tol=tol, max_rounds=max_rounds, method=method, n_threads=n_threads,
    )  # fmt: skip


def frozen_loss_shares(
    recipes: Recipes,
    set_indptr: IntArray,
    set_process: IntArray,
    severity: FloatArray,
    weight: FloatArray,
    share: Callable[[int], FloatArray],
    n: int,
    *,
    edge_limit: FloatArray | None = None,
    tol: float = 1e-10,
    max_rounds: int = 10_000,
    method: Method = "auto",
    n_threads: int = 1,
) -> FloatArray:
    """Return the weighted output lost when each set of processes is cut, under each of ``n`` sets of shares.

    Parameters
    ----------
    share : turns 0 to n - 1 into the share of every edge, (E,), not negative; called by several threads
    n : how many there are
    recipes, set_indptr, set_process, severity, weight, edge_limit, tol, max_rounds, method, n_threads
        As in `frozen_loss_draws`.

    Returns
    -------
    FloatArray
        (n, S), in units of ``weight``.

    Notes
    -----
    As `frozen_loss_draws`, whose shares come from a generator.

    Examples
    --------
    >>> recipes = Recipes(
    ...     slot_indptr=np.array([0, 2]), edge_supplier=np.array([0, 1]), edge_share=np.array([0.75, 0.25]),
    ...     slot_base=np.array([0.0]), process_indptr=np.array([0, 0, 0, 1]), process_slot=np.array([0]),
    ... )
    >>> mine = np.array([0, 1]), np.array([0]), np.ones(1)
    >>> lost = frozen_loss_shares(recipes, *mine, np.array([0.0, 0, 1]), lambda k: np.array([k / 2, 1 - k / 2]), 3)
    >>> lost.ravel().tolist()
    [0.0, 0.5, 1.0]
    """
    sets = CutSets(set_indptr, set_process, severity)
    if method == "arrays" or (method == "auto" and len(recipes.edge_supplier) * sets.n_sets * n <= ARRAYS_UP_TO):
        rows = [
            frozen_loss(
                recipes._replace(edge_share=share(number)), *sets, weight,
                edge_limit=edge_limit, tol=tol, max_rounds=max_rounds, method=method,
            )
            for number in range(n)
        ]  # fmt: skip
        return np.array(rows).reshape(n, sets.n_sets)

    lanes = lay_out(*shares(recipes, edge_limit))
    row_weight = np.zeros(lanes.n_rows)
    row_weight[lanes.position] = weight
    batches = list(blocks(sets.by_first_position(lanes.position)))
    lost = np.empty((n, sets.n_sets))

    def of_part(part: range) -> None:
        for number in part:
            after, shortfall = shares(recipes._replace(edge_share=share(number)), edge_limit)
            renewed = reweigh(lanes, after.edge_share, shortfall)
            for block in batches:
                loss = sets.losses(block, lanes.position, lanes.n_rows)
                lost[number, block] = settled(renewed, loss, row_weight, tol, max_rounds)[: len(block)]

    parts = [range(n)[first : first + DRAWS_A_PART] for first in range(0, n, DRAWS_A_PART)]
    for _ in side_by_side(of_part, parts, n_threads):
        pass
    return lost
