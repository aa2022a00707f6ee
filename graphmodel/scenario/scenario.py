"""A scenario: a named list of changes, applied to a network to give another."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from graphmodel.errors import EmptySelectionError, ParameterError
from graphmodel.network import Network
from graphmodel.scenario.addition import add_projects
from graphmodel.scenario.change import Change, Kind
from graphmodel.scenario.corridors import close
from graphmodel.scenario.flows import cap, lowered, quota, tariff
from graphmodel.scenario.selection import Where, select
from graphmodel.scenario.use import demand, recycling, substitute, yields

Names = str | Sequence[str]
"""One name or several."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """A named list of changes that turns one network into another.

    Every method returns a new scenario; nothing happens before `apply`. Shutting and derating act on supply: demand
    of the selected nodes stays, unless ``demand=True``. Changes add to one another in the order declared; declare
    projects first.

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
    >>> exports = gm.Scenario("Korea exports no cells").ban(
    ...     material="lithium-cell", sellers={"country": "KOR"}, buyers={"outside": "KOR"})
    >>> table = gm.losses(toy, exports.demand(0.5, country="USA")).table
    >>> table.query("response == 'frozen'")[["consumer", "demand", "loss"]]
      consumer  demand  loss
    6      CHN     5.0   1.0
    7      USA     2.5   2.5
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

        Examples
        --------
        >>> import graphmodel as gm
        >>> half = gm.Scenario("half of mine B").shut(0.5, node_id="mine-b")
        >>> gm.losses(gm.load("toy-battery"), half).table.query("response == 'frozen'")["loss"].sum().round(6).item()
        3.0
        """
        _require_share(share)
        if not where:
            raise ParameterError("shut needs a selection, for example country='CHN', stage='refining'")
        return self._with(Change("shut", 1.0 - share, where, demand=demand))

    def derate(self, share_left: float, **where: object) -> Scenario:
        """Leave the selected nodes only a share of their output.

        Examples
        --------
        >>> import graphmodel as gm
        >>> less = gm.Scenario("mine B at 0.8").derate(0.8, node_id="mine-b")
        >>> gm.losses(gm.load("toy-battery"), less).table.query("response == 'frozen'")["loss"].sum().round(6).item()
        1.2
        """
        _require_share(share_left, "share_left")
        return self.shut(1.0 - share_left, demand=False, **where)

    def ban(
        self,
        *,
        material: Names = (),
        mineral: Names = (),
        sellers: Where | None = None,
        buyers: Where | None = None,
    ) -> Scenario:
        """Stop flows of materials, or of all forms of minerals, or of everything, from some nodes to others.

        Examples
        --------
        >>> import graphmodel as gm
        >>> ban = gm.Scenario("no cells from Korea").ban(material="lithium-cell", sellers={"country": "KOR"})
        >>> gm.losses(gm.load("toy-battery"), ban).table.query("response == 'frozen'")["loss"].sum().round(6).item()
        6.0
        """
        return self.cap(0.0, material=material, mineral=mineral, sellers=sellers, buyers=buyers)

    def cap(
        self,
        share_left: float,
        *,
        material: Names = (),
        mineral: Names = (),
        sellers: Where | None = None,
        buyers: Where | None = None,
    ) -> Scenario:
        """Leave flows only a share of what they carry.

        An export control is ``sellers={"country": "CHN"}, buyers={"outside": "CHN"}``.

        Examples
        --------
        >>> import graphmodel as gm
        >>> cap = gm.Scenario("half the ore").cap(0.5, material="lithium-ore", sellers={"country": "AUS"})
        >>> gm.losses(gm.load("toy-battery"), cap).table.query("response == 'frozen'")["loss"].sum().round(6).item()
        3.0
        """
        _require_share(share_left)
        kind: Kind = "ban" if share_left == 0 else "cap"
        return self._flows(kind, share_left, material, mineral, sellers, buyers)

    def quota(
        self,
        quantity: float,
        *,
        material: Names = (),
        mineral: Names = (),
        sellers: Where | None = None,
        buyers: Where | None = None,
    ) -> Scenario:
        """Leave the chosen flows a quantity together, shared in proportion to what they carry.

        Parameters
        ----------
        quantity : float
            A year: tonnes of the mineral where one is named, else the unit that the flows share.
        material, mineral, sellers, buyers
            As in `cap`.

        Examples
        --------
        >>> import graphmodel as gm
        >>> quota = gm.Scenario("300 t of ore").quota(300, material="lithium-ore", sellers={"country": "AUS"})
        >>> gm.losses(gm.load("toy-battery"), quota).table.query("response == 'frozen'")["loss"].sum().round(6).item()
        3.0
        """
        _require_positive("quantity", quantity, zero=True)
        return self._flows("quota", quantity, material, mineral, sellers, buyers)

    def tariff(
        self,
        rate: float,
        *,
        material: Names = (),
        mineral: Names = (),
        sellers: Where | None = None,
        buyers: Where | None = None,
    ) -> Scenario:
        """Put a duty on the chosen flows, a share of their value (0.25 is 25 %); duties on one flow add up.

        It is written down in the edges' ``tariff`` and moves no flow by itself: where buyers can choose, it makes
        some links dearer than others.

        Examples
        --------
        >>> import graphmodel as gm
        >>> duty = gm.Scenario("a quarter").tariff(0.25, material="lithium-cell", buyers={"country": "USA"})
        >>> duty.apply(gm.load("toy-battery")).edges["tariff"].max().item()
        0.25
        """
        _require_positive("rate", rate, zero=True)
        return self._flows("tariff", rate, material, mineral, sellers, buyers)

    def close(self, corridor: Names, share: float = 1.0) -> Scenario:
        """Close a share of one corridor, or of each of several.

        Parameters
        ----------
        corridor : str or list of str
            Names in the network's ``routes`` table.
        share : float
            Part that is closed, 0 to 1.

        Notes
        -----
        Of a flow that passes corridors of the legs l with shares r, ``prod_l (1 - sum_{c in l} r_c s_c)`` is left.
        Corridors of one leg replace one another, so closing all of them stops the flow; the parts that pass two legs
        are taken as independent.

        Examples
        --------
        >>> import graphmodel as gm
        >>> strait = gm.Scenario("half of a strait").close("hormuz", 0.5)
        >>> strait.changes[0].corridors
        ('hormuz',)
        """
        _require_share(share)
        return self._with(Change("close", 1.0 - share, corridors=_names(corridor)))

    def add(self, projects: pd.DataFrame) -> Scenario:
        """Add plants that do not run yet; they displace part of what others deliver.

        Parameters
        ----------
        projects : DataFrame
            ``node_id`` or ``project_id``, ``stage``, ``country``, ``material``, ``capacity`` (a year, in the material's
            unit); ``name``, ``control``, ``utilisation`` (1 when absent) may be there.

        Notes
        -----
        See `graphmodel.scenario.addition` for how flows move.

        Examples
        --------
        >>> import graphmodel as gm
        >>> import pandas as pd
        >>> plan = pd.DataFrame({"project_id": ["refine-b"], "stage": ["refining"], "country": ["CAN"],
        ...     "material": ["lithium-salt"], "capacity": [300.0]})
        >>> [change.kind for change in gm.Scenario("a refinery").add(plan).changes]
        ['add']
        """
        if "project_id" in projects:  # whose node_id, if any, is the plant it belongs to
            projects = projects.drop(columns="node_id", errors="ignore").rename(columns={"project_id": "node_id"})
        return self._with(Change("add", 1.0, projects=projects.copy()))

    def demand(self, factor: float, **where: object) -> Scenario:
        """Scale final demand; what is taken away is not lost, what is added nobody delivers yet.

        Parameters
        ----------
        factor : float
            1.2 is a fifth more.
        **where
            Selection, as in `graphmodel.scenario.select`; all final demand when absent.

        Examples
        --------
        >>> import graphmodel as gm
        >>> more = gm.Scenario("a fifth more").demand(1.2, country="USA")
        >>> gm.losses(gm.load("toy-battery"), more).table.query("response == 'frozen'")["loss"].sum().round(6).item()
        1.0
        """
        _require_positive("factor", factor, zero=True)
        return self._with(Change("demand", factor, where))

    def yields(
        self, factor: float, *, stage: str | None = None, output: str | None = None, material: Names = ()
    ) -> Scenario:
        """Scale yields: one unit of output needs 1/factor of its inputs.

        Parameters
        ----------
        factor : float
            0.9 loses a tenth of what came out; above 1 less is bought, and what is saved stays with its sellers.
        stage, output, material : optional
            Recipes of one stage, of one output, of one input and what stands in for it; all when absent.

        Examples
        --------
        >>> import graphmodel as gm
        >>> worse = gm.Scenario("a tenth lost in refining").yields(0.9, stage="refining")
        >>> gm.losses(gm.load("toy-battery"), worse).table.query("response == 'frozen'")["loss"].sum().round(6).item()
        1.0
        """
        _require_positive("factor", factor)
        return self._with(Change("yields", factor, _recipes(stage, output), material=_names(material)))

    def recycling(self, factor: float, **where: object) -> Scenario:
        """Scale what recyclers make (stages of role ``recycle``); more of it displaces what others sell.

        Parameters
        ----------
        factor : float
            2 is twice as much, made beside the old plants, without co-products; it needs recipes and balances, as
            `add` does.
        **where
            Which recyclers, as in `graphmodel.scenario.select`; all when absent.

        Examples
        --------
        >>> import graphmodel as gm
        >>> gm.Scenario("twice the scrap").recycling(2, country="CHN").changes[0].kind
        'recycling'
        """
        _require_positive("factor", factor, zero=True)
        return self._with(Change("recycling", factor, where))

    def substitute(
        self, material: str, by: str, *, stage: str | None = None, output: str | None = None, ratio: float = 1.0
    ) -> Scenario:
        """Let a material stand in for another wherever the recipes named use it.

        Parameters
        ----------
        material, by : str
            Input replaced, and what may replace it.
        stage, output : optional
            Only recipes of this stage, or for this output.
        ratio : float
            Units of ``by`` for one unit of ``material``.

        Notes
        -----
        No flow moves by itself: it widens what a buyer may take when it can choose its suppliers.

        Examples
        --------
        >>> import graphmodel as gm
        >>> other = gm.Scenario("salt B").substitute("lithium-salt", "lithium-ore", stage="cell", ratio=2.0)
        >>> other.changes[0].replacement
        'lithium-ore'
        """
        _require_positive("ratio", ratio)
        if material == by:
            raise ParameterError(f"{material} cannot stand in for itself")
        return self._with(Change("substitute", ratio, _recipes(stage, output), material=(material,), replacement=by))

    def apply(self, network: Network) -> Network:
        """Return the network with all changes made, in the order declared.

        Raises
        ------
        EmptySelectionError, UnknownNameError
            If a change means nothing in this network.

        Examples
        --------
        >>> import graphmodel as gm
        >>> gm.Scenario("no mine B").shut(node_id="mine-b").apply(gm.load("toy-battery")).name
        'toy-battery with no mine B'
        """
        for change in self.changes:
            network = _APPLY[change.kind](network, change, self.members)
        return network.with_tables(name=f"{network.name} with {self.name}")

    def _flows(
        self,
        kind: Kind,
        amount: float,
        material: Names,
        mineral: Names,
        sellers: Where | None,
        buyers: Where | None,
    ) -> Scenario:
        ends = dict(sellers or {}), dict(buyers or {})
        return self._with(Change(kind, amount, *ends, _names(material), _names(mineral)))

    def _with(self, change: Change) -> Scenario:
        return replace(self, changes=(*self.changes, change))


def applied(scenario: Scenario, network: Network) -> Network:
    """Return the network after a scenario, as every analysis of one does; refuse what is none."""
    if not isinstance(scenario, Scenario):
        hint = "make one first: gm.Scenario('China stops').shut(country='CHN')"
        raise ParameterError(f"scenario is {scenario!r:.40}, but must be a Scenario; {hint}")
    return scenario.apply(network)


def _names(value: Names | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _recipes(stage: str | None, output: str | None) -> dict[str, object]:
    return {key: value for key, value in (("stage", stage), ("output", output)) if value is not None}


def _require_share(share: float, name: str = "share") -> None:
    if not 0 <= share <= 1:
        raise ParameterError(f"{name} is {share}, but must lie between 0 and 1")


def _require_positive(what: str, value: float, *, zero: bool = False) -> None:
    if not math.isfinite(value) or value < 0 or (value == 0 and not zero):
        raise ParameterError(f"{what} is {value}, but must be a number {'not below' if zero else 'above'} 0")


def _shut(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    chosen = select(network, change.where, members=members)
    supply = chosen if change.demand else chosen & ~network.has_role("sink")
    if not supply.any():
        raise EmptySelectionError("the selection holds final demand only; demand=True takes demand away")
    nodes = network.nodes
    nodes["available"] = lowered(nodes["available"], supply, change.amount)
    return network.with_tables(nodes=nodes)


def _add(network: Network, change: Change, members: pd.DataFrame | None) -> Network:
    assert change.projects is not None  # add() always sets it
    return add_projects(network, change.projects)


_APPLY: dict[Kind, Callable[[Network, Change, pd.DataFrame | None], Network]] = {
    "shut": _shut,
    "ban": cap,
    "cap": cap,
    "quota": quota,
    "tariff": tariff,
    "close": close,
    "add": _add,
    "demand": demand,
    "yields": yields,
    "recycling": recycling,
    "substitute": substitute,
}
"""What each kind of change does to a network."""
