"""Corridors: straits, canals, railways and borders that flows between two countries pass.

The ``routes`` table says which part of a pair's flow passes each corridor. Corridors of one leg replace one another,
so their shares add up; legs follow one another, so a flow gets through only where all of them are open.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray
from graphmodel.errors import EmptySelectionError, UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.scenario.change import Change

PAIR = ["source_country", "target_country"]


def close(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    """Return the network with corridors closed to a share of what they let through.

    Raises
    ------
    UnknownNameError
        If there is no such corridor, with the nearest that is.
    EmptySelectionError
        If the network has no routes, or no edge passes.
    """
    routes = network.table("routes")
    known = corridor_names(network)
    for name in change.corridors:
        if name not in known:
            raise UnknownNameError(f"no corridor {name!r}; {nearest(name, known)}")
    passed = passages(network)
    chosen = passed["corridor"].isin(change.corridors)
    if not chosen.any():
        raise EmptySelectionError(
            f"no edge passes {', '.join(change.corridors)}; routes and edges share no country pair"
        )
    before = _through(passed, network.n_edges)
    after = _through(
        passed.assign(available=passed["available"].where(~chosen, passed["available"] * change.amount)),
        network.n_edges,
    )
    edges = network.edges
    edges["available"] = edges["available"].fillna(1.0) * _ratio(after, before)
    here = routes["corridor"].isin(change.corridors)
    left = routes["available"].fillna(1.0)
    routes["available"] = left.where(~here, left * change.amount)
    return network.with_tables(edges=edges, routes=routes)


def corridor_names(network: Network) -> list[str]:
    """List the corridors of a network.

    Raises
    ------
    EmptySelectionError
        If it has none.
    """
    names = sorted(set(network.table("routes")["corridor"]))
    if not names:
        raise EmptySelectionError("no corridor; the network has no routes table")
    return names


def edges_left(network: Network) -> tuple[list[str], FloatArray]:
    """Return every corridor and the share of each edge (columns) left without it (rows).

    Notes
    -----
    What scenarios have closed already stays closed. A part s of a closure leaves 1 - s (1 - left). Corridors × edges
    doubles; 0.1 GB for 12 corridors and 10^6 edges.
    """
    names = corridor_names(network)
    passed = passages(network)
    before = _through(passed, network.n_edges)
    left = np.ones((len(names), network.n_edges))
    for row, name in enumerate(names):  # a dozen at most
        shut = passed.assign(available=passed["available"].where(passed["corridor"] != name, 0.0))
        left[row] = _ratio(_through(shut, network.n_edges), before)
    return names, left


def passages(network: Network) -> pd.DataFrame:
    """List the corridors each edge passes: edge (position), corridor, leg, share, available.

    A row of ``routes`` for the edge's own material holds instead of the same corridor's row for all materials.
    """
    routes, country = network.table("routes"), network.nodes["country"].to_numpy()
    edges = pd.DataFrame(
        {
            "edge": np.arange(network.n_edges),
            "source_country": country[network.source],
            "target_country": country[network.target],
            "own": network.edges["material"].to_numpy(),
        }
    )
    passed = edges.merge(routes[["corridor", *PAIR, "material", "leg", "share", "available"]], on=PAIR)
    passed = passed[(passed["material"] == passed["own"]) | (passed["material"] == "")]
    passed = passed.sort_values("material", ascending=False, kind="stable").drop_duplicates(["edge", "corridor"])
    passed["leg"] = passed["leg"].where(passed["leg"] != "", passed["corridor"])
    return passed.assign(available=passed["available"].fillna(1.0))[["edge", "corridor", "leg", "share", "available"]]


def _through(passed: pd.DataFrame, n_edges: int) -> FloatArray:
    """Return the part of each edge that gets through all its legs."""
    through = np.ones(n_edges)
    stopped = (passed["share"] * (1.0 - passed["available"])).groupby([passed["edge"], passed["leg"]]).sum()
    stopped = stopped[stopped > 0]
    open_part = np.clip(1.0 - stopped.to_numpy(dtype=float), 0.0, 1.0)
    open_part[open_part < 1e-12] = 0.0  # shares of a leg that add up to one but for rounding
    np.multiply.at(through, stopped.index.get_level_values("edge").to_numpy(dtype=np.int64), open_part)
    return through


def _ratio(after: FloatArray, before: FloatArray) -> FloatArray:
    """Return what is left of what got through before."""
    return np.divide(after, before, out=np.zeros_like(after), where=before > 0)
