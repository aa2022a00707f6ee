"""The loop behind `max_flow`: move what is in excess to where it lacks, within what the arcs have left.

As plain Python about 1 µs an arc looked at; measured for every node removed at 300 nodes and 2,000 edges: 4 s as plain
Python, 0.01 s compiled.
"""

from __future__ import annotations

import numpy as np

from graphmodel._types import FloatArray, IntArray


def reroute_loop(
    indptr: IntArray,
    head: IntArray,
    mate: IntArray,
    capacity: FloatArray,
    residual: FloatArray,
    group_indptr: IntArray,
    group_member: IntArray,
    amount: float,
    tiny: float,
) -> FloatArray:
    """Return what each group's flow cannot be moved to other routes; ``residual`` is as before at the end.

    With ``amount`` above 0 there are no groups: that much is moved from the last vertex but one to the last, it stays
    moved, and what could not be is returned.
    """
    n_vertices = len(indptr) - 1
    n_groups = 1 if amount > 0 else len(group_indptr) - 1
    unmet = np.zeros(n_groups)
    excess = np.zeros(n_vertices)
    lacking = np.zeros(n_vertices)
    givers = np.empty(n_vertices, dtype=np.int64)
    takers = np.empty(n_vertices, dtype=np.int64)
    forward = np.zeros(n_vertices, dtype=np.int64)  # the phase's stamp plus the distance from a giver
    backward = np.zeros(n_vertices, dtype=np.int64)  # the phase's stamp plus the distance to a taker
    cursor = np.empty(n_vertices, dtype=np.int64)
    ahead = np.empty(n_vertices, dtype=np.int64)  # queue of the search from givers
    behind = np.empty(n_vertices, dtype=np.int64)  # queue of the search from takers
    route = np.empty(n_vertices + 1, dtype=np.int64)
    route_arc = np.empty(n_vertices + 1, dtype=np.int64)
    changed = np.empty(len(head), dtype=np.int64)
    before = np.empty(len(head))
    changed_in = np.full(len(head), -1, dtype=np.int64)
    stamp = 1
    for group in range(n_groups):
        n_givers = 0
        n_takers = 0
        n_changed = 0
        left = 0.0
        if amount > 0:
            givers[0] = n_vertices - 2
            excess[n_vertices - 2] = amount
            takers[0] = n_vertices - 1
            lacking[n_vertices - 1] = amount
            n_givers = 1
            n_takers = 1
            left = amount
        else:
            # What flowed into the group stays with its senders, what flowed out lacks its takers.
            for entry in range(group_indptr[group], group_indptr[group + 1]):
                member = group_member[entry]
                for arc in range(indptr[member], indptr[member + 1]):
                    if changed_in[arc] == group:
                        continue
                    back = mate[arc]
                    flow = capacity[arc] - residual[arc]
                    changed_in[arc] = group
                    changed_in[back] = group
                    changed[n_changed] = arc
                    before[n_changed] = residual[arc]
                    changed[n_changed + 1] = back
                    before[n_changed + 1] = residual[back]
                    n_changed += 2
                    residual[arc] = 0.0
                    residual[back] = 0.0
                    other = head[arc]
                    if flow > tiny:
                        if lacking[other] == 0.0:
                            takers[n_takers] = other
                            n_takers += 1
                        lacking[other] += flow
                    elif flow < -tiny:
                        if excess[other] == 0.0:
                            givers[n_givers] = other
                            n_givers += 1
                        excess[other] -= flow
                        left -= flow
            for entry in range(group_indptr[group], group_indptr[group + 1]):
                member = group_member[entry]  # flow between members is nobody's loss
                left -= excess[member]
                excess[member] = 0.0
                lacking[member] = 0.0
            for place in range(n_givers):
                giver = givers[place]
                same = min(excess[giver], lacking[giver])
                excess[giver] -= same
                lacking[giver] -= same
                left -= same

        while left > tiny:
            # Levels from both ends, the end with fewer arcs before it next, until they meet.
            stamp += n_vertices + 2
            n_ahead = 0
            n_behind = 0
            arcs_ahead = 0
            arcs_behind = 0
            for place in range(n_givers):
                giver = givers[place]
                if excess[giver] > tiny:
                    forward[giver] = stamp
                    cursor[giver] = indptr[giver]
                    ahead[n_ahead] = giver
                    n_ahead += 1
                    arcs_ahead += indptr[giver + 1] - indptr[giver]
            for place in range(n_takers):
                taker = takers[place]
                if lacking[taker] > tiny:
                    backward[taker] = stamp
                    cursor[taker] = indptr[taker]
                    behind[n_behind] = taker
                    n_behind += 1
                    arcs_behind += indptr[taker + 1] - indptr[taker]
            first_ahead = 0
            first_behind = 0
            depth_ahead = 0
            depth_behind = 0
            met = False
            while not met and first_ahead < n_ahead and first_behind < n_behind:
                if arcs_ahead <= arcs_behind:
                    depth_ahead += 1
                    arcs_ahead = 0
                    last = n_ahead
                    for place in range(first_ahead, last):
                        vertex = ahead[place]
                        for arc in range(indptr[vertex], indptr[vertex + 1]):
                            other = head[arc]
                            if forward[other] < stamp and residual[arc] > tiny:
                                forward[other] = stamp + depth_ahead
                                cursor[other] = indptr[other]
                                ahead[n_ahead] = other
                                n_ahead += 1
                                arcs_ahead += indptr[other + 1] - indptr[other]
                                if backward[other] >= stamp:
                                    met = True
                    first_ahead = last
                else:
                    depth_behind += 1
                    arcs_behind = 0
                    last = n_behind
                    for place in range(first_behind, last):
                        vertex = behind[place]
                        for arc in range(indptr[vertex], indptr[vertex + 1]):
                            other = head[arc]
                            if backward[other] < stamp and residual[mate[arc]] > tiny:
                                backward[other] = stamp + depth_behind
                                cursor[other] = indptr[other]
                                behind[n_behind] = other
                                n_behind += 1
                                arcs_behind += indptr[other + 1] - indptr[other]
                                if forward[other] >= stamp:
                                    met = True
                    first_behind = last
            if not met:
                break

            # Push along shortest routes, each vertex's arcs tried once.
            length = depth_ahead + depth_behind
            for place in range(n_givers):
                giver = givers[place]
                if excess[giver] <= tiny or (depth_ahead == 0 and backward[giver] != stamp + depth_behind):
                    continue
                depth = 0
                route[0] = giver
                while True:
                    vertex = route[depth]
                    if depth == length:
                        step = min(excess[giver], lacking[vertex])
                        for k in range(length):
                            step = min(step, residual[route_arc[k]])
                        back_to = length - 1
                        for k in range(length - 1, -1, -1):
                            arc = route_arc[k]
                            back = mate[arc]
                            if amount == 0.0 and changed_in[arc] != group:
                                changed_in[arc] = group
                                changed_in[back] = group
                                changed[n_changed] = arc
                                before[n_changed] = residual[arc]
                                changed[n_changed + 1] = back
                                before[n_changed + 1] = residual[back]
                                n_changed += 2
                            residual[arc] -= step
                            residual[back] += step
                            if residual[arc] <= tiny:
                                back_to = k
                        excess[giver] -= step
                        lacking[vertex] -= step
                        left -= step
                        if lacking[vertex] <= tiny:
                            cursor[route[length - 1]] += 1
                        if excess[giver] <= tiny:
                            break
                        depth = back_to
                        continue
                    found = False
                    ends = indptr[vertex + 1]
                    while cursor[vertex] < ends:
                        arc = cursor[vertex]
                        if residual[arc] > tiny:
                            other = head[arc]
                            if depth + 1 < depth_ahead:
                                found = forward[other] == stamp + depth + 1
                            else:
                                found = backward[other] == stamp + length - depth - 1
                            if found and depth + 1 == length and lacking[other] <= tiny:
                                found = False
                        if found:
                            route_arc[depth] = arc
                            depth += 1
                            route[depth] = other
                            break
                        cursor[vertex] += 1
                    if not found:
                        if depth == 0:
                            break
                        depth -= 1
                        cursor[route[depth]] += 1

        for place in range(n_givers):
            unmet[group] += excess[givers[place]]
            excess[givers[place]] = 0.0
        for place in range(n_takers):
            lacking[takers[place]] = 0.0
        for place in range(n_changed):
            residual[changed[place]] = before[place]
    return unmet
