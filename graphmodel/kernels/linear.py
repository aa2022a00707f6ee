"""Linear programmes solved again and again: HiGHS, started from the solution of the base."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csc_array

from graphmodel._types import FloatArray, IntArray
from graphmodel.errors import ConvergenceError, SolverLimitError

TOLERANCE = 1e-9
"""Largest violation of a row, and of the sign of a reduced cost."""

USUAL = 1e-7
"""The same where rounding leaves no better."""


class LinearProgramme(NamedTuple):
    """Minimise ``cost · x`` subject to ``lower <= x <= upper`` and ``matrix @ x >= least``.

    Parameters
    ----------
    cost, lower, upper : one entry a column, (C,)
    matrix : (R, C)
    least : one entry a row, (R,)
    """

    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    matrix: csc_array
    least: FloatArray


class Solution(NamedTuple):
    """What solves a programme: ``value`` of the objective, ``x`` (C,), ``price`` of rows (R,) and of bounds (C,).

    A price is what the value falls by when the row asks for one less, or the bound allows one more; 0 where it does
    not bind.
    """

    value: float
    x: FloatArray
    price: FloatArray
    bound_price: FloatArray


class Solver:
    """One programme held in HiGHS, solved under changed bounds and costs.

    Parameters
    ----------
    programme : LinearProgramme
    seconds : time one solve may take

    Notes
    -----
    After the first solve every other starts from its basis: with only bounds changed that basis is dual feasible, and
    the dual simplex method needs few steps. The optimal value does not depend on where a solve starts; among
    several optimal points, the one found may.

    References
    ----------
    Huangfu, Q. and Hall, J. A. J. (2018) Parallelizing the dual revised simplex method. Mathematical Programming
    Computation 10, 119-142. https://doi.org/10.1007/s12532-017-0130-5

    Examples
    --------
    Buy two units of whichever is cheaper; the cheap one is short.

    >>> wanted = LinearProgramme(
    ...     cost=np.array([1.0, 3.0]), lower=np.zeros(2), upper=np.array([1.5, 9.0]),
    ...     matrix=csc_array(np.array([[1.0, 1.0]])), least=np.array([2.0]))
    >>> solver = Solver(wanted)
    >>> solver.solve().x
    array([1.5, 0.5])
    >>> solver.value_with(np.array([0]), np.array([0.0]))
    6.0
    """

    def __init__(self, programme: LinearProgramme, *, seconds: float = np.inf) -> None:
        import highspy  # noqa: PLC0415 - a solver is loaded only by what solves

        self.programme = programme
        self.seconds = float(seconds)
        self._status = highspy.HighsModelStatus
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
        ):
            self._highs.setOptionValue(option, value)
        self._highs.passModel(_model(highspy, programme))
        self._basis: Any = None

    def solve(self) -> Solution:
        """Solve the programme as it stands now."""
        self._run("the base")
        return self._found()

    def _found(self) -> Solution:
        solution, info = self._highs.getSolution(), self._highs.getInfo()
        return Solution(
            float(info.objective_function_value),
            np.asarray(solution.col_value),
            np.asarray(solution.row_dual),
            np.maximum(-np.asarray(solution.col_dual), 0.0),
        )

    def value_with(self, columns: IntArray, upper: FloatArray, *, start: Any = None) -> float:
        """Return the optimal value with other upper bounds on some columns, which then get theirs back.

        Parameters
        ----------
        columns, upper : columns whose bounds change, and the bounds
        start : what `basis` gave after another solve; that of the first solve when absent

        Raises
        ------
        SolverLimitError
            If time runs out; the error holds the best bound.
        """
        with self._changed(columns, upper, start):
            return float(self._highs.getInfo().objective_function_value)

    def solution_with(self, columns: IntArray, upper: FloatArray, *, start: Any = None) -> Solution:
        """Return the whole solution, prices with it, where `value_with` returns the value alone."""
        with self._changed(columns, upper, start):
            return self._found()

    @contextmanager
    def _changed(self, columns: IntArray, upper: FloatArray, start: Any) -> Iterator[None]:
        """Hold other upper bounds, solved; what HiGHS knows of the solution goes when they are put back."""
        self._bound(columns, upper)
        self._highs.setBasis(self._basis if start is None else start)
        try:
            self._run(f"{len(columns)} bounds changed")
            yield
        finally:
            self._bound(columns, self.programme.upper[columns])

    def basis(self) -> Any:
        """Return where the last solve ended, to start another from."""
        return self._highs.getBasis()

    def _bound(self, columns: IntArray, upper: FloatArray) -> None:
        if len(columns):
            lower = np.minimum(self.programme.lower[columns], upper)
            self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper.astype(float))

    def _run(self, what: str) -> None:
        """Solve; where rounding stops the solver, again without a start, then at its usual tolerance."""
        for tolerance, afresh in ((TOLERANCE, False), (TOLERANCE, True), (USUAL, True)):
            self._tolerate(tolerance)
            if afresh:
                self._highs.clearSolver()
            # the clock of HiGHS goes on from solve to solve, and its limit with it
            self._highs.setOptionValue("time_limit", self._highs.getRunTime() + self.seconds)
            self._highs.run()
            status = self._highs.getModelStatus()
            if status == self._status.kOptimal:
                self._tolerate(TOLERANCE)
                if self._basis is None:
                    self._basis = self._highs.getBasis()
                return
            if status == self._status.kTimeLimit:
                raise SolverLimitError(what, self._proven())
        raise ConvergenceError(f"{what}: the solver stopped with {self._highs.modelStatusToString(status)!r}")

    def _tolerate(self, tolerance: float) -> None:
        for side in ("primal", "dual"):
            self._highs.setOptionValue(f"{side}_feasibility_tolerance", tolerance)

    def _proven(self) -> float:
        """Return the best lower bound that the prices found so far prove, or no prices at all (weak duality)."""
        model, programme = self._highs.getLp(), self.programme
        lower, upper = np.asarray(model.col_lower_), np.asarray(model.col_upper_)
        found = np.asarray(self._highs.getSolution().row_dual)
        bounds = []
        for price in (np.zeros(len(programme.least)), np.maximum(found, 0.0)):
            if len(price) == len(programme.least):
                reduced = programme.cost - programme.matrix.T @ price
                reduced[(np.abs(reduced) <= TOLERANCE) | np.isnan(reduced)] = 0.0
                ends = np.where(reduced < 0, upper, lower)
                bounds.append(price @ programme.least + reduced[reduced != 0] @ ends[reduced != 0])
        return float(np.max(bounds))


def solve_each(
    programme: LinearProgramme,
    indptr: IntArray,
    columns: IntArray,
    upper: FloatArray,
    *,
    lead: IntArray | None = None,
    seconds: float = np.inf,
) -> FloatArray:
    """Return the optimal value under each set of changed upper bounds.

    Parameters
    ----------
    programme : LinearProgramme
    indptr : first entry of each set in ``columns``, and their number at the end, (S + 1,)
    columns, upper : columns whose bounds change, and the bounds
    lead : how many of its first columns each set may share with the sets beside it, (S,); none when absent
    seconds : time one solve may take

    Notes
    -----
    One cold solve and S warm ones from its basis. Sets that begin with the same ``lead`` columns start from the
    basis of these alone, solved once while they follow one another. Loads no more than one model, so parts of a sweep
    can run in any process.
    """
    solver = Solver(programme, seconds=seconds)
    solver.solve()
    value = np.empty(len(indptr) - 1)
    shared, start = columns[:0], None
    for one, (first, last) in enumerate(pairwise(indptr)):
        if lead is not None and not np.array_equal(shared, columns[first : first + lead[one]]):
            begins = slice(first, first + lead[one])
            shared = columns[begins]
            solver.value_with(shared, upper[begins])
            start = solver.basis()
        value[one] = solver.value_with(columns[first:last], upper[first:last], start=start)
    return value


def largest(
    programme: LinearProgramme,
    indptr: IntArray,
    columns: IntArray,
    upper: FloatArray,
    ceiling: FloatArray,
    top: int,
    *,
    slack: float = 1e-9,
    seconds: float = np.inf,
) -> tuple[FloatArray, float]:
    """Find the ``top`` largest optimal values without solving every set.

    Parameters
    ----------
    ceiling : no value is larger than this, (S,)
    slack : accuracy of ``ceiling``, relative to the programme's largest cost
    seconds : time after which no further set is begun

    Returns
    -------
    tuple
        Values by set, nan where the set was never solved; and the largest value a set not solved can have, -inf where
        all were. Where that is below the ``top`` largest values found, these are proven.

    Notes
    -----
    Sets are solved in the order of their ceilings until the next ceiling is below the ``top`` largest value found.
    """
    begun = time.monotonic()
    solver = Solver(programme)
    solver.solve()
    value = np.full(len(ceiling), np.nan)
    found: list[float] = []
    allowance = slack * float(np.abs(programme.cost).max(initial=0.0))
    for one in np.argsort(-ceiling, kind="stable"):
        if len(found) == top and ceiling[one] + allowance < found[0]:
            return value, float(ceiling[one])
        if found and time.monotonic() - begun > seconds:
            return value, float(ceiling[one])
        entries = slice(indptr[one], indptr[one + 1])
        value[one] = solver.value_with(columns[entries], upper[entries])
        heapq.heappush(found, float(value[one]))
        if len(found) > top:
            heapq.heappop(found)
    return value, -np.inf


def _model(highspy: Any, programme: LinearProgramme) -> Any:
    """Hand the arrays to HiGHS."""
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = programme.matrix.shape
    model.col_cost_ = programme.cost
    model.col_lower_, model.col_upper_ = programme.lower, programme.upper
    model.row_lower_ = programme.least
    model.row_upper_ = np.full(len(programme.least), np.inf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = programme.matrix.indptr
    model.a_matrix_.index_ = programme.matrix.indices
    model.a_matrix_.value_ = programme.matrix.data
    return model
