"""Many scenarios of the cascade: countries and their pairs, draws of the shares, coalitions of projects."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import numpy as np

from graphmodel.kernels.cascade import Recipes, frozen_loss
from graphmodel.kernels.cascade_draws import frozen_loss_draws
from graphmodel.kernels.shapley import coalition_members, shapley
from tests.benchmarks.bench_frozen import TOL, products_of_sets
from tests.benchmarks.generate import Layered, layered, recipes
from tests.benchmarks.timing import race, show

SIZES = ((300, 2_000, 1.0, 40, 5), (3_000, 20_000, 1.0, 12, 3), (30_000, 300_000, 0.1, 3, 3))
"""Nodes, edges, part of the scenarios ours runs, scenarios numpy runs, repeats."""

DRAWN = ((300, 2_000, 1_000, 10, 5), (3_000, 20_000, 200, 4, 3))
"""Nodes, edges, draws of ours and of scipy, repeats; 10 000 draws are all."""

N_DRAWS = 10_000
N_PROJECTS = 14


def run(sizes=SIZES, drawn=DRAWN):
    for n, n_edges, part, n_peer, repeats in sizes:
        network = layered(n, n_edges)
        title = f"{n} nodes, {len(network.source)} edges"
        made = recipes(network)
        single, pairs = countries_and_pairs(network)
        for what, sets in (("every country", single), ("every pair of countries", pairs), projects(network)):
            against_numpy(f"{title}: {what}", made, sets, network.demand, part, n_peer, repeats)
    for row in drawn:
        draws(*row)


def countries_and_pairs(network: Layered):
    here = [np.flatnonzero((network.country == c) & (network.demand == 0)) for c in np.unique(network.country)]
    here = [nodes for nodes in here if len(nodes)]
    return here, [np.concatenate(pair) for pair in combinations(here, 2)]


def projects(network: Layered):
    """Shut one country in every coalition, and the projects that are not in it."""
    places = np.flatnonzero(network.demand == 0)
    chosen = np.sort(np.random.default_rng(2).choice(places, N_PROJECTS, replace=False))
    struck = np.flatnonzero((network.country == 0) & (network.demand == 0))
    indptr, member = coalition_members(N_PROJECTS)
    absent = [np.append(struck, chosen[member[indptr[c] : indptr[c + 1]]]) for c in range(2**N_PROJECTS)]
    return f"all coalitions of {N_PROJECTS} projects", absent


def against_numpy(title, made: Recipes, sets, weight, part, n_peer, repeats):
    chosen = sets[:: max(1, round(1 / part))] if len(sets) * part >= 128 else sets
    sample = [sets[k] for k in np.linspace(0, len(sets) - 1, n_peer).astype(int)]
    found, expected = swept(made, sample, weight), one_by_one(made, sample, weight)
    assert np.abs(found - expected).max() <= 10 * TOL * weight.sum()
    if len(sets) == 2**N_PROJECTS and len(chosen) == len(sets):
        served = weight.sum() - swept(made, sets, weight)[::-1]
        assert abs(shapley(served).sum() - (served[-1] - served[0])) <= 1e-9 * weight.sum()
    timed = race(
        {
            "frozen_loss, one thread": (partial(swept, made, chosen, weight), len(chosen) / len(sets)),
            "frozen_loss, two threads": (partial(swept, made, chosen, weight, 2), len(chosen) / len(sets)),
            "numpy, a scenario at a time": (partial(one_by_one, made, sample, weight), len(sample) / len(sets)),
        },
        repeats=repeats,
    )
    show(f"{title}, {len(sets)} scenarios", timed, ours="frozen_loss, one thread")


def swept(made: Recipes, sets, weight, n_threads=1):
    indptr = np.concatenate([[0], np.cumsum([len(nodes) for nodes in sets])])
    member = np.concatenate(sets)
    cut = np.ones(len(member))
    return frozen_loss(made, indptr, member, cut, weight, tol=TOL, method="compiled", n_threads=n_threads)


def one_by_one(made: Recipes, sets, weight):
    """Say the equations in numpy for one scenario after another."""
    fed = np.flatnonzero(np.diff(made.process_indptr))
    lost = np.empty(len(sets))
    for place, nodes in enumerate(sets):
        limit = np.ones(made.n_processes)
        limit[nodes] = 0.0
        left = limit
        while True:
            brought = np.add.reduceat(made.edge_share * left[made.edge_supplier], made.slot_indptr[:-1])
            slots = (brought + made.slot_base)[made.process_slot]
            after = limit.copy()
            after[fed] = np.minimum(limit[fed], np.minimum.reduceat(slots, made.process_indptr[fed]))
            change = np.abs(after - left).max()
            left = after
            if change <= TOL / 10:
                break
        lost[place] = weight @ (1 - left)
    return lost


def draws(n, n_edges, n_ours, n_peer, repeats):
    network = layered(n, n_edges)
    made = recipes(network)
    sets, _ = countries_and_pairs(network)
    slot = np.repeat(np.arange(len(made.slot_base)), np.diff(made.slot_indptr))

    def draw(rng):
        share = made.edge_share * np.exp(0.5 * rng.standard_normal(len(slot)))
        return share / np.bincount(slot, share)[slot]

    indptr = np.concatenate([[0], np.cumsum([len(nodes) for nodes in sets])])
    cuts = indptr, np.concatenate(sets), np.ones(indptr[-1])

    def ours(count, n_threads=1):
        options = {"rng": 0, "tol": TOL, "method": "compiled", "n_threads": n_threads}
        return frozen_loss_draws(made, *cuts, network.demand, draw, count, **options)

    def peer(count):
        key = np.random.default_rng(0).integers(2**63, size=2).astype(np.uint64)
        streams = [np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, k])) for k in range(count)]
        return np.array(
            [products_of_sets(made._replace(edge_share=draw(rng)), sets, network.demand) for rng in streams]
        )

    assert np.abs(ours(2) - peer(2)).max() <= 10 * TOL * network.demand.sum()
    timed = race(
        {
            "frozen_loss_draws, one thread": (partial(ours, n_ours), n_ours / N_DRAWS),
            "frozen_loss_draws, two threads": (partial(ours, n_ours, 2), n_ours / N_DRAWS),
            "scipy products, a draw at a time": (partial(peer, n_peer), n_peer / N_DRAWS),
        },
        repeats=repeats,
    )
    title = f"{n} nodes, {len(network.source)} edges: {N_DRAWS} draws, {len(sets)} countries removed in each"
    show(title, timed, ours="frozen_loss_draws, one thread")
