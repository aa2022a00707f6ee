"""The central noun: three required tables, optional ones, and the codes that join them."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import pandas as pd

from graphmodel._types import FloatArray, IntArray
from graphmodel.columns import Columns
from graphmodel.errors import MixedUnitsError, UnknownNameError, listed, nearest
from graphmodel.schema import TABLES, checked, empty

if TYPE_CHECKING:
    from graphmodel.explore import Page
    from graphmodel.results import Result

T = TypeVar("T")
_COPIES_LAZILY = int(pd.__version__.split(".")[0]) >= 3
_KEPT_CELLS = 1_000_000
"""A table of more cells is written out anew for each caller, which takes 0.1 s for a million rows, not kept."""


class Network:
    """A value chain as a directed multigraph: nodes, edges and the stages they pass.

    Parameters
    ----------
    nodes : DataFrame
        One row a facility, remainder, demand or stock; ``node_id``, ``stage`` and ``country`` must be there.
    edges : DataFrame
        One row a flow of one material; ``source``, ``target``, ``material`` and ``quantity`` must be there.
    stages : DataFrame
        ``stage``, ``order`` and ``role`` (origin, process, sink, recycle, stock).
    **optional : DataFrame
        ``materials``, ``composition``, ``recipes``, ``coproducts``, ``owners``, ``balances``, ``stocks``, ``routes``;
        columns and units as in `graphmodel.schema.TABLES`.
    name : str
        Name printed with every result.
    description : mapping
        What a data package says of itself (title, year, licence, sources …).

    Raises
    ------
    SchemaError
        With every breach in all tables.

    Notes
    -----
    A network is a value: it never changes. Tables come out as copies, arrays read-only; a changed network
    is a new one, made by a `Scenario` or from new tables. Parallel edges are rows of their own.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> toy
    <Network 'toy-battery': 7 nodes, 8 edges, 4 stages, 3 materials>
    >>> int(toy.has_role("origin").sum())
    2
    """

    def __init__(
        self,
        nodes: pd.DataFrame,
        edges: pd.DataFrame,
        stages: pd.DataFrame,
        *,
        name: str = "network",
        description: Mapping[str, object] | None = None,
        **optional: pd.DataFrame,
    ) -> None:
        frames = {"nodes": nodes, "edges": edges, "stages": stages, **optional}
        self._tables: Mapping[str, Columns] = MappingProxyType(checked(frames))
        self._written: dict[str, pd.DataFrame] = {}
        self.name = name
        self.description: Mapping[str, object] = MappingProxyType(dict(description or {}))
        self._derived: dict[Callable[[Network], object], object] = {}

    def once(self, make: Callable[[Network], T]) -> T:
        """Return what ``make`` derives from this network, worked out the first time only.

        A network never changes, so neither does what follows from it alone. Equal networks do not share it: their
        rows may stand in another order.

        Examples
        --------
        >>> import graphmodel as gm
        >>> gm.load("toy-battery").once(lambda net: net.n_nodes)
        7
        """
        if make not in self._derived:
            self._derived[make] = make(self)
        return cast("T", self._derived[make])

    @property
    def nodes(self) -> pd.DataFrame:
        """The nodes table."""
        return self.table("nodes")

    @property
    def edges(self) -> pd.DataFrame:
        """The edges table."""
        return self.table("edges")

    @property
    def stages(self) -> pd.DataFrame:
        """The stages table."""
        return self.table("stages")

    @property
    def table_names(self) -> tuple[str, ...]:
        """Tables this network has, in the order of the schema."""
        return tuple(self._tables)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self._tables["nodes"])

    @property
    def n_edges(self) -> int:
        """Number of edges, parallel ones counted each."""
        return len(self._tables["edges"])

    def table(self, name: str) -> pd.DataFrame:
        """Return one table by name; an optional one that is absent comes back empty.

        Raises
        ------
        UnknownNameError
            If the schema has no such table.

        Examples
        --------
        >>> import graphmodel as gm
        >>> gm.load("toy-battery").table("owners").shape[0] > 0
        True
        """
        if name not in self._written:
            written = self.columns(name).frame()
            if written.size > _KEPT_CELLS:
                return written
            self._written[name] = written
        return self._written[name].copy(deep=not _COPIES_LAZILY)

    def columns(self, name: str) -> Columns:
        """Return one table as arrays, text as codes into its words; none is copied, none may be changed.

        Raises
        ------
        UnknownNameError
            If the schema has no such table.
        """
        if name not in TABLES:
            raise UnknownNameError(f"no table {name!r}; {nearest(name, TABLES)}")
        return self._tables[name] if name in self._tables else empty(TABLES[name])

    def with_tables(self, *, name: str | None = None, **frames: pd.DataFrame) -> Network:
        """Return a network in which the tables named are replaced.

        Examples
        --------
        >>> import graphmodel as gm
        >>> toy = gm.load("toy-battery")
        >>> toy.with_tables(edges=toy.edges.query("quantity > 4")).n_edges
        6
        """
        return from_checked({**self._tables, **frames}, name or self.name, self.description)

    @cached_property
    def source(self) -> IntArray:
        """Position in the nodes table of each edge's supplier."""
        return self._codes("source")

    @cached_property
    def target(self) -> IntArray:
        """Position in the nodes table of each edge's buyer."""
        return self._codes("target")

    def _codes(self, column: str) -> IntArray:
        return _frozen(self._tables["edges"].text(column).codes.astype(np.int64))

    def has_role(self, role: str) -> np.ndarray:
        """Say for each node whether its stage plays ``role``.

        Raises
        ------
        UnknownNameError
            If there is no such role.

        Examples
        --------
        >>> import graphmodel as gm
        >>> gm.load("toy-battery").has_role("sink").sum().item()
        2
        """
        roles = TABLES["stages"].by_name["role"].values
        if role not in roles:
            raise UnknownNameError(f"no role {role!r}; {nearest(role, roles)}")
        plays = self._tables["stages"].text("role").cells() == role
        return plays.astype(bool)[self._tables["nodes"].text("stage").codes]

    @property
    def minerals(self) -> tuple[str, ...]:
        """Elements whose tonnage the materials can be converted to."""
        composition, materials = self.table("composition"), self.table("materials")
        own = materials.loc[materials["unit"].str.match(r"t [A-Z][a-z]?$"), "mineral"]
        return tuple(sorted({*composition["mineral"], *own} - {""}))

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Words to print for ids of stages, minerals and materials.

        A product family such as ``battery``, which says no more than its stage, is "".

        Examples
        --------
        >>> import graphmodel as gm
        >>> words = gm.load("minerals-2024").words
        >>> words["pcam"], words["natural-graphite"], words["battery"], words["ev-use"]
        ('precursor', 'natural graphite', '', 'Nickel-based EV batteries placed in use')
        """
        materials = self.table("materials")
        labels = {str(row.material): str(row.label) for row in materials.itertuples() if row.label}
        families = {str(mineral) for mineral in materials["mineral"]} - set(self.minerals)
        minerals = {**dict.fromkeys(families, ""), **{name: name.replace("-", " ") for name in self.minerals}}
        stages = {str(row.stage): str(row.label or row.stage).lower() for row in self.stages.itertuples()}
        return {**labels, **minerals, **stages}

    def content(self, mineral: str) -> pd.Series:
        """Return the tonnes of ``mineral`` in one unit of each material.

        Notes
        -----
        A material measured in tonnes of the element itself holds one; others take `composition`;
        a material in which the element is not listed holds none.

        Raises
        ------
        UnknownNameError
            If no material holds the mineral.

        Examples
        --------
        >>> import graphmodel as gm
        >>> gm.load("toy-battery").content("lithium").to_dict()
        {'lithium-cell': 100.0, 'lithium-ore': 1.0, 'lithium-salt': 1.0}
        """
        if mineral not in self.minerals:
            raise UnknownNameError(f"no material holds {mineral!r}; {nearest(mineral, self.minerals)}")
        materials, composition = self.table("materials"), self.table("composition")
        own = (materials["mineral"] == mineral) & materials["unit"].str.match(r"t [A-Z][a-z]?$")
        content = pd.Series(own.to_numpy(dtype=float), index=materials["material"].to_numpy())
        listed_rows = composition[composition["mineral"] == mineral].set_index("material")["amount"]
        return listed_rows.reindex(content.index).fillna(content)

    def quantity(self, mineral: str | None = None) -> FloatArray:
        """Return what flows on each edge, in its own unit or as tonnes of one mineral.

        Parameters
        ----------
        mineral : str, optional
            Convert to contained tonnes. Without it all edges must share a unit.

        Raises
        ------
        MixedUnitsError
            If units differ and no mineral is named.

        Examples
        --------
        >>> import graphmodel as gm
        >>> gm.load("toy-battery").quantity("lithium").sum().item()
        3000.0
        """
        edges = self._tables["edges"]
        quantity, material = edges.number("quantity"), edges.text("material")
        if mineral is not None:
            return _frozen(
                quantity * self.content(mineral).reindex(material.words).to_numpy(dtype=float)[material.codes]
            )
        self.one_unit(pd.Series(material.words[np.unique(material.codes)], dtype=object))
        return _frozen(quantity.copy())

    def one_unit(self, materials: pd.Series) -> str:
        """Return the unit the given materials share, "" where none is stated.

        Raises
        ------
        MixedUnitsError
            If there are several.

        Examples
        --------
        >>> import graphmodel as gm
        >>> import pandas as pd
        >>> gm.load("toy-battery").one_unit(pd.Series(["lithium-cell"]))
        'GWh'
        """
        units = self.units(materials)
        if len(units) > 1:
            choice = f"; name a mineral: {', '.join(self.minerals)}" if self.minerals else ""
            raise MixedUnitsError(f"quantities come in {listed(units)}, which cannot be added{choice}")
        return units[0] if units else ""

    def units(self, materials: pd.Series | None = None) -> list[str]:
        """Return the units in which the given materials (or all) are measured.

        Examples
        --------
        >>> import graphmodel as gm
        >>> gm.load("toy-battery").units()
        ['GWh', 't Li']
        """
        known = self.table("materials")
        if materials is not None:
            known = known[known["material"].isin(materials)]
        return sorted(set(known["unit"]))

    @cached_property
    def fingerprint(self) -> str:
        """First twelve digits of the SHA-256 of all tables, whatever the order of their rows."""
        digest = hashlib.sha256()
        for name in self._tables:
            digest.update(name.encode())
            frame = self.table(name).sort_values(list(TABLES[name].key), kind="stable")
            digest.update(frame.to_csv(index=False, lineterminator="\n").encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:12]

    def __eq__(self, other: object) -> bool:
        """Compare all tables; the order of rows, the name and the description do not count."""
        return isinstance(other, Network) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        n_materials = len(np.unique(self._tables["edges"].text("material").codes))
        return (
            f"<Network {self.name!r}: {self.n_nodes} nodes, {self.n_edges} edges, "
            f"{len(self._tables['stages'])} stages, {n_materials} materials>"
        )

    def explore(
        self,
        result: Result | None = None,
        *,
        mineral: str | None = None,
        data: str | None = None,
        members: pd.DataFrame | None = None,
        equity: float = 0.5,
    ) -> Page:
        """Open a page to look around in: a picture to click, facts, and what is lost when something is shut.

        Parameters
        ----------
        result : Result, optional
            Ranking to show beside, its worst row chosen: of `removal`, `chokepoints`, `losses`, `max_flow`, `esri` or
            `uncertainty`. Its mineral, product and consumer count in the page too.
        mineral : str, optional
            Open with the chain of this mineral, losses weighed by the tonnes of it that products hold.
        data : str, optional
            Data set, or folder, whose references are cited; when absent, the shipped one of this network's name.
        members : DataFrame, optional
            ``group`` and ``country``, for a result by alliance.
        equity : float
            Least share an owner must hold, for a result by owner.

        Returns
        -------
        Page
            Shows itself in a notebook, and stays usable in a saved one; ``save(path)`` writes one HTML file. It loads
            nothing, and works out losses itself, by the equations of ``removal(response="frozen")``.

        Raises
        ------
        UnknownNameError
            If no material holds the mineral.
        ParameterError
            If the result has no rows of nodes that stop, or is of another network.

        Notes
        -----
        All nodes and flows are in the page; of more than 3 000 nodes the picture shows the largest, and it says how
        many flows it leaves out. Above a million flows losses are not worked out.

        Examples
        --------
        >>> import tempfile
        >>> import graphmodel as gm
        >>> toy = gm.load("toy-battery")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     toy.explore(gm.removal(toy)).save(f"{folder}/toy.html").name
        'toy.html'
        """
        from graphmodel.explore import explore  # noqa: PLC0415 - the page knows networks, not they it

        return explore(self, result, mineral=mineral, data=data, members=members, equity=equity)

    def summary(self) -> pd.DataFrame:
        """Count nodes, clusters, countries and edges of each stage, in order.

        Returns
        -------
        DataFrame
            ``stage``, ``role``, ``n_nodes``, ``n_facilities`` (single plants), ``n_countries``,
            ``n_edges_out``.

        Examples
        --------
        >>> import graphmodel as gm
        >>> gm.load("toy-battery").summary()[["stage", "n_nodes"]].values.tolist()
        [['mining', 2], ['refining', 1], ['cell', 2], ['use', 2]]
        """
        nodes, stages = self.nodes, self.stages.sort_values("order", kind="stable")
        single = (nodes["kind"].isin(["facility", ""])) & (nodes["cluster"] != "yes")
        out = pd.Series(np.bincount(self.source, minlength=self.n_nodes), index=nodes.index)
        rows = [
            {
                "stage": row.stage,
                "role": row.role,
                "n_nodes": int((here := nodes["stage"] == row.stage).sum()),
                "n_facilities": int((here & single).sum()),
                "n_countries": nodes.loc[here, "country"].nunique(),
                "n_edges_out": int(out[here].sum()),
            }
            for row in stages.itertuples()
        ]
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        """Show counts, minerals, year and evidence in a notebook."""
        facts = {
            "nodes": self.n_nodes,
            "edges": self.n_edges,
            "minerals": ", ".join(self.minerals) or "not stated",
            "year": self.description.get("year", "not stated"),
            "evidence of edges": _shares(self.edges["evidence"]),
            "basis of edges": _shares(self.edges["basis"]),
        }
        notes = self.description.get("warnings", ())
        warnings = [str(note) for note in notes] if isinstance(notes, list | tuple) else []
        head = "".join(
            f"<tr><th>{html.escape(key)}</th><td>{html.escape(str(v))}</td></tr>" for key, v in facts.items()
        )
        tail = "".join(f"<p>⚠ {html.escape(note)}</p>" for note in warnings)
        title = html.escape(str(self.description.get("title", self.name)))
        return f"<h4>{title}</h4><table>{head}</table>{self.summary().to_html(index=False)}{tail}"


def from_checked(tables: Mapping[str, pd.DataFrame | Columns], name: str, description: Mapping[str, object]) -> Network:
    """Make a network of tables some of which have been checked before, by `graphmodel.schema.checked`.

    Raises
    ------
    SchemaError
        With every breach in the others, and every row that names one no longer there.
    """
    return Network(**cast("dict[str, pd.DataFrame]", dict(tables)), name=name, description=description)


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _shares(words: pd.Series) -> str:
    """Say how often each word stands, most frequent first."""
    counts = words.replace("", "not stated").value_counts(normalize=True)
    return ", ".join(f"{word} {share:.0%}" for word, share in counts.items())
