"""Shortest paths in steps from 64 nodes at a time: layout, order of the sources and compiled loops.

A set of sources is a word with a bit for each; a row holds 64 path counts. Sources that see the network alike share a
word, so that their searches walk over the same edges at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphmodel._types import FloatArray, IntArray
from graphmodel.kernels.centrality_loops import (
    careful_loop,
    dependence_loop,
    links_loop,
    nearness_loop,
    path_count_loop,
    search_loop,
)
from graphmodel.kernels.compiling import compiled

NodeArray: TypeAlias = NDArray[np.uint32]
WordArray: TypeAlias = NDArray[np.uint64]

LANES = 64
"""Sources in one word."""

BITS: WordArray = np.uint64(1) << np.arange(LANES, dtype=np.uint64)
"""One bit for each lane."""

SHIFTS: WordArray = np.arange(0, LANES, 8, dtype=np.uint64)
"""Where each byte of a word begins."""

LANDMARKS = 16
"""Nodes whose distance tells which sources see the network alike."""

MOST_PATHS = 1e300
"""Path counts above this are carried as logarithms, since doubles end at 1.8e308."""


class Links(NamedTuple):
    """The simple network by node: each pair once, self-loops left out."""

    first: IntArray
    """First link of each node, and the number of links at the end, (n + 1,)."""
    neighbour: NodeArray
    """Node at the other end of each link."""


class Found(NamedTuple):
    """What a search found, level by level; a node has an entry for each level at which some source finds it."""

    node: NodeArray
    mask: WordArray
    """Sources that find the node at this level."""
    start: IntArray
    """First entry of each level, and the number of entries after the last."""
    n_levels: int

    @property
    def n_entries(self) -> int:
        """Entries of all levels."""
        return int(self.start[self.n_levels])


class Desk(NamedTuple):
    """Space that one thread works in: 512 bytes a node for the rows; entries take what they need, 12 bytes each."""

    node: NodeArray
    mask: WordArray
    start: IntArray
    seen: WordArray
    ahead: WordArray
    rows: FloatArray
    mix: FloatArray
    whole: NodeArray
    part: NodeArray

    @classmethod
    def of(cls, n: int, widest: int, *, rows: bool) -> Desk:
        """Return space for ``n`` nodes of at most ``widest`` links; ``rows`` only where paths are counted."""
        return cls(
            node=np.empty(LANES * n, dtype=np.uint32),
            mask=np.empty(LANES * n, dtype=np.uint64),
            start=np.zeros(n + 2, dtype=np.int64),
            seen=np.zeros(n, dtype=np.uint64),
            ahead=np.zeros(n, dtype=np.uint64),
            rows=np.zeros((n if rows else 0, LANES)),
            mix=np.zeros((1, LANES)),
            whole=np.zeros(widest + 1, dtype=np.uint32),
            part=np.zeros(widest + 1, dtype=np.uint32),
        )


def links(n: int, source: IntArray, target: IntArray) -> Links:
    """Return the different targets of each source, in order; O(n + E) by counting sort."""
    first, neighbour = compiled(links_loop)(n, source, target)
    return Links(first, neighbour)


def search(outward: Links, sources: NodeArray, desk: Desk) -> Found:
    """Find which of at most 64 sources reach each node, and at which step.

    Notes
    -----
    Breadth first, all sources at once. O(entries · links of a node); the entries are a view of the desk.
    """
    n_levels = compiled(search_loop)(
        outward.first, outward.neighbour, sources, BITS, desk.seen, desk.ahead, desk.node, desk.mask, desk.start
    )
    return Found(desk.node, desk.mask, desk.start, n_levels)


def alike(inward: Links, sources: NodeArray) -> NodeArray:
    """Order sources by their distances to a few landmarks, so that neighbours in the order search alike.

    Notes
    -----
    On layered networks of 30 000 nodes words of sources in this order meet half as many edges as in the order of
    layers, and a fifth as many as in random order. One search, against the links, and one sort.
    """
    n = len(inward.first) - 1
    if len(sources) <= LANES:
        return sources
    landmarks = np.unique(np.linspace(0, n - 1, LANDMARKS).astype(np.uint32))
    found = search(inward, landmarks, Desk.of(n, 0, rows=False))
    steps = np.zeros((n, len(landmarks)), dtype=np.int64)
    for level in range(1, found.n_levels):
        here = slice(found.start[level], found.start[level + 1])
        entry, lane = np.nonzero(found.mask[here, None] & BITS[: len(landmarks)])
        steps[found.node[here][entry], lane] = level
    return sources[np.lexsort(steps[sources].T)]


def sharing(outward: Links, sources: NodeArray) -> float:
    """Return how many sources share an entry on average, tried on the 64 in the middle."""
    middle = max(0, len(sources) // 2 - LANES // 2)
    found = search(outward, sources[middle : middle + LANES], Desk.of(len(outward.first) - 1, 0, rows=False))
    masks = found.mask[: found.n_entries]
    return float(np.unpackbits(masks.view(np.uint8)).sum() / max(1, len(masks)))


def paths_through(
    outward: Links, inward: Links, sources: NodeArray, wanted: FloatArray, *, n_threads: int = 1
) -> FloatArray:
    """Sum, over pairs of a source and a wanted node, the share of their shortest paths that cross each node.

    Parameters
    ----------
    outward, inward : links of each node with the flow and against it
    sources : where paths start, in an order from `alike`
    wanted : weight of a path that ends at the node, (n,)
    n_threads : words of sources worked on at the same time; the answer does not depend on it

    Returns
    -------
    FloatArray
        Ends not counted, (n,).

    Notes
    -----
    Brandes' two passes. A level's counts are sums of rows of the level before, and a node's dependence is a sum of
    rows of the level after, so one row a node holds the count first and then (wanted + dependence) / count. Counts
    grow like the product of the levels' widths; a word in which one passes 1e300 is done again with logarithms.
    """
    n = len(wanted)
    widest = int(max(np.diff(outward.first).max(initial=0), np.diff(inward.first).max(initial=0)))

    def of_word(word: NodeArray, desk: Desk) -> FloatArray:
        found = search(outward, word, desk)
        desk.ahead[:] = 0
        score = np.zeros(n)
        levels = desk.node, desk.mask, desk.start, found.n_levels
        space = desk.ahead, desk.rows, desk.mix, desk.whole, desk.part
        # Lanes outside a mask hold left-overs, whose products may be too large for a double; nothing reads them.
        with np.errstate(over="ignore", invalid="ignore"):
            most = compiled(path_count_loop)(inward.first, inward.neighbour, BITS, *levels, *space)
            if most > MOST_PATHS:
                return _carefully(outward, word, wanted)
            compiled(dependence_loop)(outward.first, outward.neighbour, BITS, *levels, wanted, *space, score)
        return score

    return _sum_over_words(of_word, sources, [Desk.of(n, widest, rows=True) for _ in range(n_threads)], n)


def nearness(outward: Links, sources: NodeArray, weight: FloatArray, *, n_threads: int = 1) -> FloatArray:
    """Sum, over the sources that reach each node, their weight divided by the steps it takes.

    Notes
    -----
    A word of sources adds to a node through eight tables of 256 sums, one for each byte. O(S · E / 64) words, a few
    times more where sources differ in when they arrive.
    """
    n = len(weight)

    def of_word(word: NodeArray, desk: Desk) -> FloatArray:
        found = search(outward, word, desk)
        near = np.zeros(n)
        compiled(nearness_loop)(
            desk.node, desk.mask, desk.start, found.n_levels, byte_sums(weight[word]), SHIFTS, near
        )  # fmt: skip
        return near

    return _sum_over_words(of_word, sources, [Desk.of(n, 0, rows=False) for _ in range(n_threads)], n)


def byte_sums(weight: FloatArray) -> FloatArray:
    """Return the sum of the weights of every set of lanes in one byte, for each of the eight bytes, (8, 256).

    Examples
    --------
    >>> byte_sums(np.array([5.0, 2.0]))[0, :4]
    array([0., 5., 2., 7.])
    """
    lanes = np.zeros(LANES)
    lanes[: len(weight)] = weight
    members = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    return np.ascontiguousarray(lanes.reshape(8, 8) @ members.T.astype(np.float64))


def _carefully(outward: Links, sources: NodeArray, wanted: FloatArray) -> FloatArray:
    """Do as `paths_through`, with logarithms of path counts, one source after another."""
    score = np.zeros(len(wanted))
    for source in sources.tolist():
        compiled(careful_loop)(outward.first, outward.neighbour, source, wanted, score)
    return score


def _sum_over_words(
    of_word: Callable[[NodeArray, Desk], FloatArray], sources: NodeArray, desks: list[Desk], n: int
) -> FloatArray:
    """Add up what each word of sources brings, in their order, as many at a time as there are desks."""
    free: SimpleQueue[Desk] = SimpleQueue()
    for desk in desks:
        free.put(desk)

    def at_a_desk(word: NodeArray) -> FloatArray:
        desk = free.get()
        try:
            return of_word(word, desk)
        finally:
            free.put(desk)

    total = np.zeros(n)
    words = list(_words(sources))
    with ThreadPoolExecutor(len(desks)) as pool:
        for part in pool.map(at_a_desk, words) if len(desks) > 1 else map(at_a_desk, words):
            total += part
    return total


def _words(sources: NodeArray) -> Iterator[NodeArray]:
    """Cut the sources into words."""
    for first in range(0, len(sources), LANES):
        yield sources[first : first + LANES]
