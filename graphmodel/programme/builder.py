"""A linear programme while it grows: columns and rows, each with what it stands for."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csc_array

from graphmodel._types import FloatArray, IntArray
from graphmodel.kernels.linear import LinearProgramme


class Builder:
    """Columns and rows as they are added, each with what it stands for."""

    def __init__(self) -> None:
        self.kinds: list[tuple[str, np.ndarray]] = []
        self.row_kinds: list[tuple[str, np.ndarray]] = []
        self.extents: list[FloatArray] = []
        self.amounts: list[FloatArray] = []
        self.lower: list[FloatArray] = []
        self.upper: list[FloatArray] = []
        self.least: list[FloatArray] = []
        self.entries: list[tuple[IntArray, IntArray, FloatArray]] = []
        self.n_columns = 0
        self.n_rows = 0

    def add_columns(
        self, kind: str, item: np.ndarray, upper: FloatArray, extent: FloatArray | float = np.nan
    ) -> IntArray:
        """Add columns from zero to ``upper`` and return their positions.

        ``extent`` is what one unit of a column carries, as a share of the world's supply of the material.
        """
        self.kinds.append((kind, item))
        self.extents.append(np.broadcast_to(np.asarray(extent, dtype=float), (len(item),)))
        self.lower.append(np.zeros(len(item)))
        self.upper.append(np.asarray(upper, dtype=float))
        self.n_columns += len(item)
        return np.arange(self.n_columns - len(item), self.n_columns)

    def add_rows(self, kind: str, item: np.ndarray, least: FloatArray, amount: FloatArray | float = np.nan) -> IntArray:
        """Add rows and return their positions; ``amount`` is the quantity that one unit of a row stands for."""
        self.row_kinds.append((kind, item))
        self.amounts.append(np.broadcast_to(np.asarray(amount, dtype=float), (len(item),)))
        self.least.append(np.asarray(least, dtype=float))
        self.n_rows += len(item)
        return np.arange(self.n_rows - len(item), self.n_rows)

    def put(self, row: IntArray, column: IntArray, value: FloatArray | float) -> None:
        """Add to the matrix."""
        self.entries.append((row, column, np.broadcast_to(np.asarray(value, dtype=float), row.shape)))

    def build(self, cost: FloatArray) -> tuple[LinearProgramme, pd.DataFrame, pd.DataFrame]:
        """Put the programme together; entries of one place add up."""
        row, column, value = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        shape = (self.n_rows, self.n_columns)
        matrix = csc_array(coo_array((value, (row, column)), shape=shape))
        matrix.sum_duplicates()
        linear = LinearProgramme(
            np.concatenate([cost, np.zeros(self.n_columns - len(cost))]),
            np.concatenate(self.lower),
            np.concatenate(self.upper),
            matrix,
            np.concatenate(self.least) if self.least else np.zeros(0),
        )
        columns = _named(self.kinds).assign(extent=np.concatenate(self.extents))
        amounts = np.concatenate([*self.amounts, np.zeros(0)])
        return linear, columns, _named(self.row_kinds).assign(amount=amounts)


def _named(kinds: list[tuple[str, np.ndarray]]) -> pd.DataFrame:
    frames = [pd.DataFrame({"kind": kind, "item": item.astype(object)}) for kind, item in kinds]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["kind", "item"])
