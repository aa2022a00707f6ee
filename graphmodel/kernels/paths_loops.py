"""Loops behind `paths`: the same source runs as Python when small and compiled when large.

Measured for `reach_loss` at 10^5 nodes and 3.8 · 10^5 edges: 1.9 s as plain Python, 0.05 s compiled.
"""

from __future__ import annotations

import numpy as np

from graphmodel._types import FloatArray, IntArray


def dominators_loop(
    indptr: IntArray, indices: IntArray, reverse_indptr: IntArray, reverse_indices: IntArray, root: int
) -> tuple[IntArray, IntArray]:
    """Return the nodes reached from ``root`` in preorder and each one's dominator as a preorder number."""
    n_nodes = len(indptr) - 1
    number = np.full(n_nodes, -1, dtype=np.int64)
    vertex = np.empty(n_nodes, dtype=np.int64)
    parent = np.zeros(n_nodes, dtype=np.int64)
    cursor = indptr[:-1].copy()
    stack = np.empty(n_nodes, dtype=np.int64)
    number[root] = 0
    vertex[0] = root
    stack[0] = root
    depth = 1
    count = 1
    while depth:
        node = stack[depth - 1]
        if cursor[node] == indptr[node + 1]:
            depth -= 1
            continue
        successor = indices[cursor[node]]
        cursor[node] += 1
        if number[successor] < 0:
            number[successor] = count
            vertex[count] = successor
            parent[count] = number[node]
            stack[depth] = successor
            depth += 1
            count += 1

    # From here on everything is a preorder number. ``best``: smallest semidominator on the way to ``above``.
    semi = parent[:count].copy()
    best = np.arange(count)
    above = parent[:count].copy()
    for node in range(count - 1, 0, -1):
        original = vertex[node]
        for place in range(reverse_indptr[original], reverse_indptr[original + 1]):
            start = number[reverse_indices[place]]
            if start < 0:
                continue
            if start > node:
                top = start
                depth = 0
                while above[top] > node:
                    stack[depth] = top
                    depth += 1
                    top = above[top]
                while depth:
                    depth -= 1
                    lower = stack[depth]
                    best[lower] = min(best[lower], best[top])
                    above[lower] = above[top]
                    top = lower
                start = best[start]
            semi[node] = min(semi[node], start)
        best[node] = semi[node]

    dominator = parent[:count].copy()
    for node in range(1, count):
        while dominator[node] > semi[node]:
            dominator[node] = dominator[dominator[node]]
    return vertex[:count], dominator


def subtree_loop(dominator: IntArray, amount: FloatArray) -> FloatArray:
    """Sum the amounts in each node's subtree; parents have the smaller numbers."""
    below = amount.copy()
    for node in range(len(below) - 1, 0, -1):
        below[dominator[node]] += below[node]
    return below


def groups_loop(
    indptr: IntArray,
    indices: IntArray,
    wanted: FloatArray,
    group_indptr: IntArray,
    group_members: IntArray,
) -> FloatArray:
    """Return the wanted demand not reached from the last node without each group, 64 groups to a word."""
    n_nodes = len(indptr) - 1
    n_groups = len(group_indptr) - 1
    lost = np.zeros(n_groups)
    one = np.uint64(1)
    every = ~np.uint64(0)
    queue = np.empty(n_nodes, dtype=np.int64)
    for first in range(0, n_groups, 64):
        alive = np.full(n_nodes, every)
        for bit in range(min(64, n_groups - first)):
            for entry in range(group_indptr[first + bit], group_indptr[first + bit + 1]):
                alive[group_members[entry]] &= ~(one << np.uint64(bit))
        reached = np.zeros(n_nodes, dtype=np.uint64)
        waiting = np.zeros(n_nodes, dtype=np.bool_)
        reached[n_nodes - 1] = every
        queue[0] = n_nodes - 1
        head = 0
        length = 1
        while length:
            node = queue[head]
            head = (head + 1) % n_nodes
            length -= 1
            waiting[node] = False
            for place in range(indptr[node], indptr[node + 1]):
                successor = indices[place]
                arriving = reached[node] & alive[successor] & ~reached[successor]
                if arriving != 0:
                    reached[successor] |= arriving
                    if not waiting[successor]:
                        waiting[successor] = True
                        queue[(head + length) % n_nodes] = successor
                        length += 1
        for node in range(n_nodes):
            if wanted[node] != 0 and reached[node] != every:
                for bit in range(min(64, n_groups - first)):
                    if not reached[node] & (one << np.uint64(bit)):
                        lost[first + bit] += wanted[node]
    return lost
