"""Random networks that every kernel test draws from."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


@st.composite
def networks(draw, max_nodes=10, min_nodes=0):
    """Draw (n, source, target): loops, self-loops, parallel edges and lone nodes included."""
    n = draw(st.integers(min_nodes, max_nodes))
    ends = st.integers(0, max(n - 1, 0))
    edges = draw(st.lists(st.tuples(ends, ends), max_size=3 * n if n else 0))
    source = np.array([a for a, _ in edges], dtype=np.int64)
    target = np.array([b for _, b in edges], dtype=np.int64)
    return n, source, target
