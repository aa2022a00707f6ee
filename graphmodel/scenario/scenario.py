"""A scenario: a named list of changes, applied to a network to give another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.scenario.addition import add_projects
from graphmodel.scenario.selection import Where, select

Kind = Literal["shut", "ban", "cap", "add"]


@dataclass(frozen=True, eq=False)
class Change:
    """One change of a scenario."""

    kind: Kind
    share: float
    where: Mapping[str, object] = field(default_factory=dict)
    buyers: Mapping[str, object] = field(default_factory=dict)
    material: str | None = None
    demand: bool = False
    projects: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class Scenario:
    """A named list of changes that turns one network into another.

    Every method returns a new scenario; nothing happens before `apply`. Shutting and derating act on supply: demand
    of the selected nodes stays, unless ``demand=True``.

    Parameters
    ----------
    name : str
    changes : tuple of Change
    members : DataFrame, optional
        ``group`` and ``country``, for selections by alliance.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> half = gm.Scenario("half of Chile").shut(0.5, country="CHL")
    >>> float(half.apply(toy).nodes.set_index("node_id").loc["mine-a", "available"])
    0.5
    >>> no_exports = gm.Scenario("China sells no cells").ban(
    ...     material="lithium-cell", sellers={"country": "CHN"}, buyers={"country": "USA"})
    >>> no_exports.apply(toy)
    Traceback (most recent call last):
    graphmodel.errors.EmptySelectionError: no edge carries lithium-cell from country=CHN to country=USA
    """

    name: str = "scenario"
    changes: tuple[Change, ...] = ()
    members: pd.DataFrame | None = field(default=None, compare=False, repr=False)

    def shut(self, share: float = 1.0, *, demand: bool = False, **where: object) -> Scenario:
        """Stop a share of the selected nodes (all of it by default).

        Parameters
        ----------
        share : float
            Part that stops, 0 to 1.
        demand : bool
            Let final demand among the selected nodes go too.
        **where
            Selection, as in `graphmodel.scenario.select`.
        """
        _require_share(share)
        if not where:
            raise ParameterError("shut needs a selection, for example country='CHN', stage='refining'")
        return self._with(Change("shut", 1.0 - share, where, demand=demand))

    def derate(self, share_left: float, **where: object) -> Scenario:
        """Leave the selected nodes only a share of their output."""
        return self.shut(1.0 - share_left, demand=False, **where)

    def ban(
        self, *, material: str | None = None, sellers: Where | None = None, buyers: Where | None = None
    ) -> Scenario:
        """Stop flows of a material, or of all, from some nodes to others."""
        return self.cap(0.0, material=material, sellers=sellers, buyers=buyers)

    def cap(
        self,
        share_left: float,
        *,
        material: str | None = None,
        sellers: Where | None = None,
        buyers: Where | None = None,
    ) -> Scenario:
        """Leave flows only a share of their base quantity, as a quota does."""
        _require_share(share_left)
        kind: Kind = "ban" if share_left == 0 else "cap"
        return self._with(Change(kind, share_left, dict(sellers or {}), dict(buyers or {}), material))

    def add(self, projects: pd.DataFrame) -> Scenario:
        """Add plants that do not run yet; they displace part of what others deliver.

        Parameters
        ----------
        projects : DataFrame
            ``node_id``, ``stage``, ``country``, ``material``, ``capacity`` (a year, in the material's unit);
            ``name``, ``control``, ``utilisation`` (1 when absent) may be there.

        Notes
        -----
        See `graphmodel.scenario.addition` for how flows move.
        """
        return self._with(Change("add", 1.0, projects=projects.copy()))

    def apply(self, network: Network) -> Network:
        """Return the network with all changes made, in the order declared.

        Raises
        ------
        EmptySelectionError, UnknownNameError
            If a change means nothing in this network.
        """
        for change in self.changes:
            if change.kind == "add":
                assert change.projects is not None  # add() always sets it
                network = add_projects(network, change.projects)
            elif change.kind == "shut":
                network = _derated(network, change, self.members)
            else:
                network = _capped(network, change, self.members)
        return network.with_tables(name=f"{network.name} with {self.name}")

    def _with(self, change: Change) -> Scenario:
        return replace(self, changes=(*self.changes, change))


def _require_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise ParameterError(f"share is {share}, but must lie between 0 and 1")


def _left(column: pd.Series, chosen: BoolArray, share: float) -> pd.Series:
    """Lower what is available to a share of it where chosen."""
    available = column.fillna(1.0).to_numpy(dtype=float)
    return pd.Series(np.where(chosen, available * share, available), index=column.index)


def _derated(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    chosen = select(network, change.where, members=members)
    supply = chosen if change.demand else chosen & ~network.has_role("sink")
    if not supply.any():
        raise EmptySelectionError("the selection holds final demand only; demand=True takes demand away")
    nodes = network.nodes
    nodes["available"] = _left(nodes["available"], supply, change.share)
    return network.with_tables(nodes=nodes)


def _capped(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    edges = network.edges
    chosen = np.ones(network.n_edges, dtype=bool)
    if change.material is not None:
        if change.material not in set(edges["material"]):
            raise UnknownNameError(
                f"no edge carries {change.material!r}; {nearest(change.material, set(edges['material']))}"
            )
        chosen &= (edges["material"] == change.material).to_numpy(dtype=bool)
    for where, ends in ((change.where, network.source), (change.buyers, network.target)):
        if where:
            chosen &= select(network, where, members=members)[ends]
    if not chosen.any():
        said = [f"{word} {_said(where)}" for word, where in (("from", change.where), ("to", change.buyers)) if where]
        raise EmptySelectionError(f"no edge carries {change.material or 'anything'} {' '.join(said)}")
    edges["available"] = _left(edges["available"], chosen, change.share)
    return network.with_tables(edges=edges)


def _said(where: Where) -> str:
    return ", ".join(f"{key}={value}" for key, value in where.items())
