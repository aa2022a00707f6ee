"""Centralities that follow from paths and structure, most of them delegated to igraph.

Parallel edges are merged first: distances are one over the summed flow, existence counts once. Self-loops are
dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, eigs, eigsh

from graphmodel._types import FloatArray, IntArray
from graphmodel.errors import ConvergenceError
from graphmodel.kernels.centrality import flow_matrix

if TYPE_CHECKING:
    import igraph
