"""Seeded layered networks: mines, refiners, precursors, components, makers, end users, recyclers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphmodel._types import FloatArray, IntArray
from graphmodel.kernels.cascade import Recipes

LAYERS = ("mine", "refiner", "precursor", "component", "maker", "end user", "recycler")
SIZES = (0.10, 0.12, 0.15, 0.18, 0.15, 0.20, 0.10)
N_COUNTRIES = 60
N_MATERIALS = 96
RECYCLED = 0.08
"""Share of a refiner's or precursor maker's feed that recyclers supply."""


class Layered(NamedTuple):
    """A network as arrays; edges are sorted by target and material."""

    layer: IntArray
    country: IntArray
    size: FloatArray
    source: IntArray
    target: IntArray
    material: IntArray
    quantity: FloatArray

    @property
    def n(self) -> int:
        return len(self.layer)

    @property
    def origins(self) -> IntArray:
        return np.flatnonzero(self.layer == 0)

    @property
    def demand(self) -> FloatArray:
        return np.where(self.layer == LAYERS.index("end user"), self.size, 0.0)


def layered(n: int, n_edges: int, *, rng: np.random.Generator | int = 0) -> Layered:
    """Draw a network of about ``n_edges`` edges, sizes and country shares heavy-tailed.

    A buyer needs one to five materials; each is a slot with several suppliers from the layers above, the larger
    ones more often. Refiners and precursor makers also read from recyclers, which read from end users, so that
    over half the nodes lie in one strongly connected component.
    """
    rng = np.random.default_rng(rng)
    layer = np.sort(rng.choice(len(LAYERS), n, p=SIZES))
    country = rng.choice(N_COUNTRIES, n, p=_zipf(N_COUNTRIES))
    size = rng.pareto(1.3, n) + 0.1
    members = [np.flatnonzero(layer == k) for k in range(len(LAYERS))]
    buyers = np.flatnonzero(layer > 0)
    slots = np.where(layer[buyers] == len(LAYERS) - 1, 1, rng.integers(1, 6, len(buyers)))
    per_slot = n_edges / slots.sum()
    columns = []
    for k in range(1, len(LAYERS)):
        here = layer[buyers] == k
        buyer = np.repeat(buyers[here], slots[here])
        material = np.concatenate([np.zeros(0, int), *(np.arange(count) for count in slots[here])])
        material = (material * 19 + k * 7) % N_MATERIALS
        width = 1 + rng.poisson(max(per_slot - 1, 0.0), len(buyer))
        target, material = np.repeat(buyer, width), np.repeat(material, width)
        above = members[k - 1]
        source = rng.choice(above, len(target), p=size[above] / size[above].sum())
        quantity = (rng.pareto(1.3, len(target)) + 0.1) * size[source]
        if k in (1, 2):  # one edge from a recycler for each slot, small beside the others
            recycler = rng.choice(members[-1], len(buyer))
            starts = np.cumsum(width) - width
            total = np.add.reduceat(quantity, starts) if len(quantity) else quantity
            source = np.concatenate([source, recycler])
            target = np.concatenate([target, buyer])
            material = np.concatenate([material, material[starts]])
            quantity = np.concatenate([quantity, RECYCLED / (1 - RECYCLED) * total])
        columns.append((source, target, material, quantity))
    source, target, material, quantity = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    order = np.lexsort((source, material, target))
    return Layered(layer, country, size, source[order], target[order], material[order], quantity[order])


def recipes(network: Layered) -> Recipes:
    """Return one slot for each buyer and material, filled by its suppliers in proportion to quantity."""
    key = network.target * N_MATERIALS + network.material
    first = np.flatnonzero(np.diff(key, prepend=-1))
    slot_indptr = np.append(first, len(key))
    slot_total = np.add.reduceat(network.quantity, first)
    reader = network.target[first]
    return Recipes(
        slot_indptr=slot_indptr,
        edge_supplier=network.source,
        edge_share=network.quantity / np.repeat(slot_total, np.diff(slot_indptr)),
        slot_base=np.zeros(len(first)),
        process_indptr=np.searchsorted(reader, np.arange(network.n + 1)),
        process_slot=np.arange(len(first)),
    )


def _zipf(n: int) -> FloatArray:
    weight: FloatArray = 1.0 / np.arange(1, n + 1)
    return weight / weight.sum()
