"""Loops behind `centrality_lanes`; plain Python when uncompiled.

A row's lanes are added whole where a neighbour stands one level off in every lane that counts, and lane by lane under
a mask where it does so in some. Rows are read only where a mask allows, so that none needs clearing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from graphmodel._types import FloatArray, IntArray


def links_loop(n: int, source: IntArray, target: IntArray) -> tuple[IntArray, NDArray[np.uint32]]:
    """Sort pairs by target, then by source, and keep each once, without self-loops."""
    by_target = np.zeros(n + 1, dtype=np.int64)
    by_source = np.zeros(n + 1, dtype=np.int64)
    for edge in range(len(source)):
        if source[edge] != target[edge]:
            by_target[target[edge] + 1] += 1
            by_source[source[edge] + 1] += 1
    for node in range(n):
        by_target[node + 1] += by_target[node]
        by_source[node + 1] += by_source[node]
    n_pairs = by_source[n]
    sorted_source = np.empty(n_pairs, dtype=np.uint32)
    sorted_target = np.empty(n_pairs, dtype=np.uint32)
    for edge in range(len(source)):
        if source[edge] != target[edge]:
            place = by_target[target[edge]]
            by_target[target[edge]] += 1
            sorted_source[place] = source[edge]
            sorted_target[place] = target[edge]
    neighbour = np.empty(n_pairs, dtype=np.uint32)
    cursor = by_source[:n].copy()
    for pair in range(n_pairs):
        start = sorted_source[pair]
        if cursor[start] == by_source[start] or neighbour[cursor[start] - 1] != sorted_target[pair]:
            neighbour[cursor[start]] = sorted_target[pair]
            cursor[start] += 1
    first = np.zeros(n + 1, dtype=np.int64)
    for node in range(n):
        first[node + 1] = first[node]
        for place in range(by_source[node], cursor[node]):
            neighbour[first[node + 1]] = neighbour[place]
            first[node + 1] += 1
    return first, neighbour[: first[n]].copy()


def search_loop(
    first: IntArray,
    neighbour: NDArray[np.uint32],
    sources: NDArray[np.uint32],
    bits: NDArray[np.uint64],
    seen: NDArray[np.uint64],
    ahead: NDArray[np.uint64],
    node: NDArray[np.uint32],
    mask: NDArray[np.uint64],
    start: IntArray,
) -> int:
    """Search breadth first from all sources at once; return the number of levels. See `Found`."""
    none = np.uint64(0)
    for place in range(len(seen)):
        seen[place] = none
        ahead[place] = none
    count = 0
    for lane in range(len(sources)):
        if seen[sources[lane]] == none:
            node[count] = sources[lane]
            count += 1
        seen[sources[lane]] |= bits[lane]
    for entry in range(count):
        mask[entry] = seen[node[entry]]
    start[0] = 0
    start[1] = count
    level = 1
    while start[level] > start[level - 1]:
        for entry in range(start[level - 1], start[level]):
            here = node[entry]
            for link in range(first[here], first[here + 1]):
                there = neighbour[link]
                fresh = mask[entry] & ~seen[there]
                if fresh != none:
                    if ahead[there] == none:
                        node[count] = there
                        count += 1
                    ahead[there] |= fresh
        for entry in range(start[level], count):
            here = node[entry]
            mask[entry] = ahead[here]
            seen[here] |= ahead[here]
            ahead[here] = none
        level += 1
        start[level] = count
    return level - 1


def path_count_loop(
    first: IntArray,
    neighbour: NDArray[np.uint32],
    bits: NDArray[np.uint64],
    node: NDArray[np.uint32],
    mask: NDArray[np.uint64],
    start: IntArray,
    n_levels: int,
    front: NDArray[np.uint64],
    rows: FloatArray,
    mix: FloatArray,
    whole: NDArray[np.uint32],
    part: NDArray[np.uint32],
) -> float:
    """Write the number of shortest paths to each node into its row, a lane for each source; return the largest."""
    none = np.uint64(0)
    most = 0.0
    for entry in range(start[0], start[1]):
        for lane in range(64):
            rows[node[entry], lane] = 1.0
    for level in range(1, n_levels):
        for entry in range(start[level - 1], start[level]):
            front[node[entry]] = mask[entry]
        for entry in range(start[level], start[level + 1]):
            here = node[entry]
            mine = mask[entry]
            n_whole = 0
            n_part = 0
            for link in range(first[here], first[here + 1]):
                there = neighbour[link]
                shared = front[there] & mine
                whole[n_whole] = there
                part[n_part] = there
                n_whole += 1 if shared == mine else 0
                n_part += 1 if shared != mine and shared != none else 0
            for lane in range(64):
                mix[0, lane] = 0.0
            for place in range(n_whole):
                there = whole[place]
                for lane in range(64):
                    mix[0, lane] += rows[there, lane]
            for place in range(n_part):
                there = part[place]
                shared = front[there] & mine
                for lane in range(64):
                    mix[0, lane] += rows[there, lane] if (shared & bits[lane]) != none else 0.0
            for lane in range(64):
                before = rows[here, lane]
                inside = (mine & bits[lane]) != none
                rows[here, lane] = mix[0, lane] if inside else before
                most = max(most, mix[0, lane] if inside else 0.0)
        for entry in range(start[level - 1], start[level]):
            front[node[entry]] = none
    return most


def dependence_loop(
    first: IntArray,
    neighbour: NDArray[np.uint32],
    bits: NDArray[np.uint64],
    node: NDArray[np.uint32],
    mask: NDArray[np.uint64],
    start: IntArray,
    n_levels: int,
    wanted: FloatArray,
    front: NDArray[np.uint64],
    rows: FloatArray,
    mix: FloatArray,
    whole: NDArray[np.uint32],
    part: NDArray[np.uint32],
    score: FloatArray,
) -> None:
    """Add to ``score`` what each source depends on the nodes behind it, from the last level to the first."""
    none = np.uint64(0)
    for level in range(n_levels - 1, 0, -1):
        for entry in range(start[level], start[level + 1]):
            here = node[entry]
            mine = mask[entry]
            n_whole = 0
            n_part = 0
            for link in range(first[here], first[here + 1]):
                there = neighbour[link]
                shared = front[there] & mine
                whole[n_whole] = there
                part[n_part] = there
                n_whole += 1 if shared == mine else 0
                n_part += 1 if shared != mine and shared != none else 0
            for lane in range(64):
                mix[0, lane] = 0.0
            for place in range(n_whole):
                there = whole[place]
                for lane in range(64):
                    mix[0, lane] += rows[there, lane]
            for place in range(n_part):
                there = part[place]
                shared = front[there] & mine
                for lane in range(64):
                    mix[0, lane] += rows[there, lane] if (shared & bits[lane]) != none else 0.0
            want = wanted[here]
            for lane in range(64):
                paths = rows[here, lane]
                inside = (mine & bits[lane]) != none
                behind = paths * mix[0, lane]
                mix[0, lane] = behind if inside else 0.0
                rows[here, lane] = (want + behind) / paths if inside else paths
            for half in (32, 16, 8):
                for lane in range(half):
                    mix[0, lane] += mix[0, lane + half]
            for lane in range(8):
                score[here] += mix[0, lane]
        if level + 1 < n_levels:
            for entry in range(start[level + 1], start[level + 2]):
                front[node[entry]] = none
        for entry in range(start[level], start[level + 1]):
            front[node[entry]] = mask[entry]
    if n_levels > 1:
        for entry in range(start[1], start[2]):
            front[node[entry]] = none


def careful_loop(
    first: IntArray, neighbour: NDArray[np.uint32], source: int, wanted: FloatArray, score: FloatArray
) -> None:
    """Add to ``score`` what one source depends on each node; path counts as logarithms, so that none is too large."""
    n = len(wanted)
    steps = np.full(n, -1, dtype=np.int64)
    paths = np.zeros(n)
    behind = np.zeros(n)
    order = np.empty(n, dtype=np.int64)
    order[0] = source
    steps[source] = 0
    count = 1
    done = 0
    while done < count:
        here = order[done]
        done += 1
        for link in range(first[here], first[here + 1]):
            there = neighbour[link]
            if steps[there] < 0:
                steps[there] = steps[here] + 1
                paths[there] = paths[here]
                order[count] = there
                count += 1
            elif steps[there] == steps[here] + 1:
                larger = max(paths[there], paths[here])
                paths[there] = larger + math.log1p(math.exp(min(paths[there], paths[here]) - larger))
    for place in range(count - 1, 0, -1):
        here = order[place]
        for link in range(first[here], first[here + 1]):
            there = neighbour[link]
            if steps[there] == steps[here] + 1:
                behind[here] += math.exp(paths[here] - paths[there]) * (wanted[there] + behind[there])
        score[here] += behind[here]


def nearness_loop(
    node: NDArray[np.uint32],
    mask: NDArray[np.uint64],
    start: IntArray,
    n_levels: int,
    byte_sum: FloatArray,
    shifts: NDArray[np.uint64],
    near: FloatArray,
) -> None:
    """Add to each node the weight of the sources that find it, divided by their steps."""
    byte = np.uint64(255)
    for level in range(1, n_levels):
        for entry in range(start[level], start[level + 1]):
            total = 0.0
            for place in range(8):
                total += byte_sum[place, (mask[entry] >> shifts[place]) & byte]
            near[node[entry]] += total / level


def core_loop(first: IntArray, neighbour: NDArray[np.uint32]) -> IntArray:
    """Peel nodes off, least linked first; a node's core is its number of links when its turn comes."""
    n = len(first) - 1
    core = np.diff(first)
    largest = 0
    for node in range(n):
        largest = max(largest, core[node])
    start = np.zeros(largest + 2, dtype=np.int64)  # where nodes with k links left begin
    for node in range(n):
        start[core[node] + 1] += 1
    for k in range(largest + 1):
        start[k + 1] += start[k]
    cursor = start.copy()
    order = np.empty(n, dtype=np.int64)
    place = np.empty(n, dtype=np.int64)
    for node in range(n):
        place[node] = cursor[core[node]]
        order[place[node]] = node
        cursor[core[node]] += 1
    for turn in range(n):
        node = order[turn]
        for link in range(first[node], first[node + 1]):
            other = neighbour[link]
            if core[other] > core[node]:
                # Swap with the first of its kind, which then is the last of the kind below.
                ahead = max(start[core[other]], turn + 1)
                displaced = order[ahead]
                order[place[other]] = displaced
                place[displaced] = place[other]
                order[ahead] = other
                place[other] = ahead
                start[core[other]] = ahead + 1
                core[other] -= 1
    return core
