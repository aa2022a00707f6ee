"""The parts of scipy.sparse that take a sixth of a second to load, loaded by whoever calls them first.

A small network is swept without any of them, so that its first answer need not wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.sparse import csc_array, csr_array

from graphmodel._types import FloatArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse.linalg import SuperLU


def connected_components(
    graph: csr_array, directed: bool = True, connection: Literal["weak", "strong"] = "weak"
) -> tuple[int, IntArray]:
    """Number the components of a graph; see `scipy.sparse.csgraph.connected_components`."""
    from scipy.sparse import csgraph  # noqa: PLC0415 - loads scipy.linalg

    n_components, label = csgraph.connected_components(graph, directed=directed, connection=connection)
    return int(n_components), label


def breadth_first_order(graph: csr_array, start: int) -> IntArray:
    """List the nodes that can be reached; see `scipy.sparse.csgraph.breadth_first_order`."""
    from scipy.sparse import csgraph  # noqa: PLC0415 - loads scipy.linalg

    order: IntArray = csgraph.breadth_first_order(graph, start, return_predecessors=False)
    return order


def splu(matrix: csc_array) -> SuperLU:
    """Factorise a matrix; see `scipy.sparse.linalg.splu`."""
    from scipy.sparse import linalg  # noqa: PLC0415 - loads scipy.linalg

    return linalg.splu(matrix)


def spsolve(matrix: csc_array, right: FloatArray) -> FloatArray:
    """Solve one system; see `scipy.sparse.linalg.spsolve`."""
    from scipy.sparse import linalg  # noqa: PLC0415 - loads scipy.linalg

    return np.asarray(linalg.spsolve(matrix, right), dtype=np.float64)
