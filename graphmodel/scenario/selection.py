"""Which nodes a scenario means: by any column of the nodes table, by owner, alliance, material or role."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray
from graphmodel.errors import EmptySelectionError, ParameterError, UnknownNameError, listed, nearest
from graphmodel.network import Network
from graphmodel.processes import makers
from graphmodel.schema import TABLES, as_numbers

Where = Mapping[str, object]

SPECIAL = ("owner", "equity", "alliance", "outside", "material", "mineral", "role")
"""Keys of a selection that are not columns of the nodes table."""


def select(network: Network, where: Where, *, members: pd.DataFrame | None = None) -> BoolArray:
    """Say which nodes a selection means; all its conditions hold together.

    Parameters
    ----------
    network : Network
    where : mapping
        A column of the nodes table, or ``owner`` (with ``equity``, the least share, 0.5 when absent), ``alliance``,
        ``outside`` (everything not in that alliance or country), ``material`` (what the node makes), ``mineral`` (of
        what it makes), ``role``; each with one value or a list of them.
    members : DataFrame, optional
        ``group`` and ``country``: who belongs to which alliance. Needed for ``alliance``, and for ``outside`` one.

    Raises
    ------
    UnknownNameError
        If a key or value does not exist, with the nearest that does.
    EmptySelectionError
        If nothing matches.

    Examples
    --------
    >>> import graphmodel as gm
    >>> from graphmodel.scenario import select
    >>> toy = gm.load("toy-battery")
    >>> toy.nodes.loc[select(toy, {"country": "CHN", "stage": "refining"}), "node_id"].tolist()
    ['refine-a']
    >>> toy.nodes.loc[select(toy, {"owner": "Eastern Metals"}), "node_id"].tolist()
    ['mine-b']
    """
    nodes = network.nodes
    chosen = np.ones(network.n_nodes, dtype=bool)
    if "equity" in where and "owner" not in where:
        raise ParameterError("equity needs an owner")
    for key, value in where.items():
        if key == "equity":
            continue
        values = _values(value)
        if key == "owner":
            chosen &= _owned(network, values, where.get("equity", 0.5))
        elif key in ("alliance", "outside"):
            named = _countries(members, values) if key == "alliance" else _inside(network, members, values)
            inside = nodes["country"].isin(named).to_numpy(dtype=bool)
            chosen &= inside if key == "alliance" else ~inside
        elif key in ("material", "mineral"):
            chosen &= _makes(network, "product" if key == "material" else key, values)
        elif key == "role":
            chosen &= np.logical_or.reduce([network.has_role(role) for role in values])
        elif key in nodes:
            chosen &= _matches(nodes[key], key, values)
        else:
            known = [*TABLES["nodes"].by_name, *SPECIAL]
            raise UnknownNameError(f"cannot select by {key!r}; {nearest(key, known)}")
    if not chosen.any():
        said = ", ".join(f"{key}={value!r}" for key, value in where.items())
        raise EmptySelectionError(f"no node has {said}; {_what_exists(network, where, members)}")
    return chosen


def read_where(parts: Iterable[str]) -> dict[str, object]:
    """Read a selection from text: KEY=VALUE each, several values joined by commas.

    Raises
    ------
    ParameterError
        If a part has no key or no value, holds several conditions, or an equity is no number.

    Examples
    --------
    >>> from graphmodel.scenario import read_where
    >>> read_where(["country=CHN,KOR", "stage=refining"])
    {'country': ['CHN', 'KOR'], 'stage': 'refining'}
    """
    where: dict[str, object] = {}
    for part in parts:
        key, _, value = part.strip().partition("=")
        if not key or not value:
            raise ParameterError(f"{part!r} is not KEY=VALUE, for example country=CHN")
        conditions = re.split(",(?=[^,=]+=)", part.strip())
        if len(conditions) > 1:
            raise ParameterError(f"{part!r} holds several conditions; repeat it for each: {', then '.join(conditions)}")
        values = value.split(",")
        where[key] = values if len(values) > 1 else value
        if key == "equity":
            try:
                where[key] = float(value)
            except ValueError:
                raise ParameterError(f"equity is {value!r}, not a number") from None
    return where


def _values(value: object) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [str(value)]
    return [str(item) for item in value]


def _matches(column: pd.Series, key: str, values: list[str]) -> BoolArray:
    text = _as_words(column)
    values = list(_as_words(pd.Series(values, dtype=object)))
    _require(values, set(text) - {""}, f"{key} of a node")
    return text.isin(values).to_numpy(dtype=bool)


def _as_words(column: pd.Series) -> pd.Series:
    """Text as it stands and numbers in one spelling, "" where nothing is known."""
    number = pd.Series(as_numbers(column), index=column.index)
    return column.where(number.isna(), number.map("{:.15g}".format)).astype(object).where(column.notna(), "")


def _require(values: list[str], known: set[str], what: str) -> None:
    unknown = [value for value in values if value not in known]
    if unknown:
        hints = "; ".join(f"{value!r}: {nearest(value, sorted(known))}" for value in unknown[:5])
        raise UnknownNameError(f"not the {what}: {hints}")


def _owned(network: Network, values: list[str], equity: object) -> BoolArray:
    owners = network.table("owners")
    _require(values, set(owners["owner"]) | set(owners["owner_country"]) - {""}, "owner of a node")
    if not isinstance(equity, int | float) or not 0 < equity <= 1:
        raise ParameterError(f"equity is {equity!r}, but must lie above 0 and at most at 1")
    held = owners[owners["owner"].isin(values) | owners["owner_country"].isin(values)]
    share = held.groupby("node_id")["share"].sum().reindex(network.nodes["node_id"]).fillna(0.0)
    return share.to_numpy(dtype=float) >= equity - 1e-9


def _countries(members: pd.DataFrame | None, values: list[str]) -> set[str]:
    if members is None:
        raise ParameterError(
            "an alliance needs a table of members (group, country); load one with gm.table('alliances', 'members')"
        )
    _require(values, set(members["group"].astype(str)), "name of an alliance")
    return set(members.loc[members["group"].astype(str).isin(values), "country"].astype(str))


def _inside(network: Network, members: pd.DataFrame | None, values: list[str]) -> set[str]:
    """Countries of the alliances named, and countries named themselves; an alliance comes first."""
    groups = set() if members is None else set(members["group"].astype(str))
    own = {value for value in values if value not in groups and value in set(network.nodes["country"])}
    alliances = [value for value in values if value not in own]
    return own | (_countries(members, alliances) if alliances else set())


def _makes(network: Network, column: str, values: list[str]) -> BoolArray:
    made = makers(network)
    _require(
        values, set(made[column]) - {""}, "material of the network" if column == "product" else "mineral of a node"
    )
    chosen = np.zeros(network.n_nodes, dtype=bool)
    chosen[made.loc[made[column].isin(values), "node"].to_numpy(dtype=np.int64)] = True
    return chosen


def _what_exists(network: Network, where: Where, members: pd.DataFrame | None) -> str:
    """List, for the conditions named, what there is instead."""
    nodes = network.nodes
    keys = [key for key in where if key in nodes]
    if len(keys) >= 2:
        first = _values(where[keys[0]])
        near = nodes[_as_words(nodes[keys[0]]).isin(first)]
        return f"{keys[0]} {', '.join(first)} has {keys[1]}: {listed(sorted(set(_as_words(near[keys[1]]))))}"
    if "owner" in where:
        owners = network.table("owners")
        names = _values(where["owner"])
        held = owners[owners["owner"].isin(names) | owners["owner_country"].isin(names)]
        shares = held.groupby("node_id")["share"].sum().sort_values(ascending=False)
        return (
            f"held are {listed([f'{share:.0%} of {node}' for node, share in shares.items()])}; equity= lowers the bar"
        )
    if "alliance" in where:
        countries = set(nodes["country"]) - _countries(members, _values(where["alliance"]))
        return f"nodes stand in {listed(sorted(countries))}, none of them a member"
    if len(keys) == 1 and len(where) == 1:
        return f"{keys[0]} can be {listed(sorted(set(_as_words(nodes[keys[0]])) - {''}))}"
    return "each condition holds somewhere, but nowhere all of them"
