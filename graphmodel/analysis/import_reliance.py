"""Import reliance by the two official formulas, with the terms that nobody knows named."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray
from graphmodel.analysis.grouping import group_nodes
from graphmodel.errors import UnknownNameError, nearest
from graphmodel.network import Network
from graphmodel.processes import node_slots
from graphmodel.results import ImportRelianceResult

Level = Literal["stage", "material"]
LEVELS: tuple[Level, ...] = ("stage", "material")

Region = Literal["country", "alliance"]
REGIONS: tuple[Region, ...] = ("country", "alliance")

LEAST = 1e-9
"""Tonnes below which a term is rounding."""


def import_reliance(
    network: Network,
    mineral: str,
    *,
    by: Region = "country",
    level: Level = "stage",
    members: pd.DataFrame | None = None,
) -> ImportRelianceResult:
    """Say how far each country, or alliance, relies on imports of a mineral, stage by stage or form by form.

    Parameters
    ----------
    network : Network
    mineral : str
        Whose tonnes count, in whatever form they cross a border.
    by : {"country", "alliance"}
        Whose borders count: trade inside an alliance is no import.
    level : {"stage", "material"}
        Add all forms that one stage makes, or take each form by itself.
    members : DataFrame, optional
        ``group`` and ``country``, for ``by="alliance"``.

    Returns
    -------
    ImportRelianceResult
        ``group``, ``stage``, ``material`` (the mineral where forms are added), ``unit``; in tonnes of the mineral
        ``production``, ``imports``, ``exports``, ``stock_draw`` (out of stocks less into them; nan where no stock is
        known), ``consumption`` (apparent: all four, an unknown draw as none); ``nir`` and ``ir``, shares of
        consumption with and without the draw, negative for net exporters, nan where consumption is not above 0;
        ``unplaced`` (made, but no buyer known: it may have been exported), ``unmet`` (needed, but no supplier known:
        the most that may have been imported besides), ``estimated_share`` (of imports and exports together that no
        source gives), ``unknown`` (which of stock_draw, unplaced and unmet are not known). Stages in order, largest
        consumption first.

    Raises
    ------
    UnknownNameError
        If no material holds the mineral, or there is no such level or region.
    EmptySelectionError
        If no node has a country.

    Notes
    -----
    USGS, net import reliance, and EU, import reliance, with I imports, E exports, S the draw from stocks, P all
    production, primary and secondary:

        NIR = (I - E + S) / (P + I - E + S)        IR = (I - E) / (P + I - E)

    Nothing is clipped. What one stage makes from what the same stage made counts twice at the level of stages. Flows
    are those of the base: closures of a scenario (``available``) do not count. Rows without production and trade are
    left out; a network that does not trade gives rows with 0, an empty one an empty table. Loops do not matter.

    References
    ----------
    U.S. Geological Survey (2026) Mineral Commodity Summaries 2026, footnotes on net import reliance.

    European Commission (2017) Methodology for establishing the EU list of critical raw materials.
    https://doi.org/10.2873/769526

    Examples
    --------
    China refines all lithium and digs none; of 1000 t of salt Korea takes 600.

    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> table = gm.import_reliance(toy, "lithium").table
    >>> table.loc[table["stage"] == "refining", ["group", "production", "imports", "exports", "consumption", "nir"]]
      group  production  imports  exports  consumption  nir
    3   KOR         0.0    600.0      0.0        600.0  1.0
    4   CHN      1000.0      0.0    600.0        400.0 -1.5
    """
    if level not in LEVELS:
        raise UnknownNameError(f"no level {level!r}; {nearest(level, LEVELS)}")
    if by not in REGIONS:
        raise UnknownNameError(f"borders are those of a country or an alliance, not {by!r}; {nearest(by, REGIONS)}")
    content = network.content(mineral)
    groups = group_nodes(network, by, among=np.ones(network.n_nodes, dtype=np.bool_), members=members)
    forms = _forms(network, content)
    stage = forms["stage"].to_numpy(dtype=object)
    books = _books(network, mineral, forms, level)
    frames = []
    for place, name in enumerate(groups.names):
        inside = np.zeros(network.n_nodes, dtype=np.bool_)
        inside[groups.of(place)] = True
        frames.append(books.terms(inside, len(forms)).assign(group=name, stage=stage, material=forms.index.to_numpy()))
    table = pd.concat(frames, ignore_index=True)
    if level == "stage":
        table = table.groupby(["group", "stage"], as_index=False, sort=False).sum(min_count=1, numeric_only=True)
        table["material"] = mineral
    table = _shares(table).assign(unit=f"t {mineral}")
    order = network.stages.set_index("stage")["order"]
    table["order"] = table["stage"].map(order).fillna(np.inf)
    table = table.sort_values(
        ["order", "stage", "material", "consumption", "group"], ascending=[True] * 3 + [False, True]
    )
    return ImportRelianceResult(
        table,
        network=network,
        parameters={"mineral": mineral, "by": by, "level": level},
        units={"nir": "share of apparent consumption", "ir": "share of apparent consumption"},
    )


def _forms(network: Network, content: pd.Series) -> pd.DataFrame:
    """Forms that hold the mineral: the stage of each, stated or that of its main seller, and tonnes in one unit."""
    held = content[content > 0]
    stated = network.table("materials").set_index("material")["stage"].reindex(held.index)
    edges = network.edges.assign(maker=network.nodes["stage"].to_numpy()[network.source])
    sold = edges.groupby(["material", "maker"], as_index=False)["quantity"].sum()
    sold = sold.sort_values(["quantity", "maker"], ascending=[False, True], kind="stable").drop_duplicates("material")
    seller = sold.set_index("material")["maker"].reindex(held.index)
    stage = stated.where(stated.notna() & (stated != ""), seller).astype(object).fillna("")
    return pd.DataFrame({"stage": stage, "content": held}).sort_index()


class _Books(NamedTuple):
    """Everything that is added up, as arrays: what edges carry, what nodes make and what they lack of each form."""

    edges: pd.DataFrame
    """source, target, form (positions), quantity, guessed, into and out of a stock: edges that carry the mineral."""
    made: pd.DataFrame
    """node, form, quantity, residual."""
    short: pd.DataFrame
    """node, form, quantity: as if each form that could fill a need filled all of it."""

    def terms(self, inside: BoolArray, n_forms: int) -> pd.DataFrame:
        """Add up every term for the nodes inside, one row a form."""
        edges, made, short = self.edges, self.made, self.short
        comes, goes = inside[edges["target"].to_numpy()], inside[edges["source"].to_numpy()]

        def by_form(rows: pd.DataFrame, column: str = "quantity") -> FloatArray:
            added = np.bincount(rows["form"].to_numpy(), rows[column].to_numpy(dtype=float), minlength=n_forms)
            return added.astype(np.float64)

        stored, drawn = edges[comes & edges["into"].to_numpy()], edges[goes & edges["out"].to_numpy()]
        has_stock = np.zeros(n_forms, dtype=np.bool_)
        has_stock[pd.concat([stored, drawn])["form"].to_numpy()] = True
        made = made[inside[made["node"].to_numpy()]]
        return pd.DataFrame(
            {
                "production": by_form(made),
                "imports": by_form(edges[comes & ~goes]),
                "exports": by_form(edges[goes & ~comes]),
                "stock_draw": np.where(has_stock, by_form(drawn) - by_form(stored), np.nan),
                "unplaced": by_form(made, "residual"),
                "unmet": by_form(short[inside[short["node"].to_numpy()]]),
                "estimated": by_form(edges[(comes ^ goes) & edges["guessed"].to_numpy()]),
            }
        )


def _books(network: Network, mineral: str, forms: pd.DataFrame, level: Level) -> _Books:
    stock = network.has_role("stock")
    position = pd.Series(np.arange(network.n_nodes), index=network.nodes["node_id"])
    form = pd.Index(forms.index)
    edges = pd.DataFrame(
        {
            "source": network.source,
            "target": network.target,
            "form": form.get_indexer(network.edges["material"]),
            "quantity": network.quantity(mineral),
            "guessed": (network.edges["basis"] == "estimated").to_numpy(dtype=bool),
            "into": stock[network.target],
            "out": stock[network.source],
        }
    )
    edges = edges[(edges["form"] >= 0) & (edges["quantity"] > 0)]
    stated = network.table("balances")
    stated = stated.assign(node=stated["node_id"].map(position).astype(np.int64))
    output = stated[stated["side"] == "output"].assign(form=lambda rows: form.get_indexer(rows["item"]))
    for column in ("quantity", "residual"):
        output[column] *= forms["content"].reindex(output["item"]).to_numpy(dtype=float)
    sold = edges.groupby(["source", "form"], as_index=False)["quantity"].sum().rename(columns={"source": "node"})
    made = pd.concat([output[output["form"] >= 0], sold.assign(residual=0.0)], ignore_index=True)
    made = made.drop_duplicates(["node", "form"])
    return _Books(edges, made[~stock[made["node"].to_numpy()]], _short(network, stated, forms, level))


def _short(network: Network, stated: pd.DataFrame, forms: pd.DataFrame, level: Level) -> pd.DataFrame:
    """Needs that no edge meets, once for each form that could meet them, or once for each stage that makes one."""
    lacking = stated[(stated["side"] == "input") & (stated["residual"] > 0)]
    could = lacking.merge(node_slots(network), left_on=["node_id", "item"], right_on=["node_id", "slot"])
    could = could[could["input"].isin(forms.index)].drop_duplicates(["node_id", "slot", "input"])
    told = forms.reindex(could["input"])
    could = could.assign(
        form=pd.Index(forms.index).get_indexer(could["input"]),
        quantity=could["residual"] * could["relative"] * told["content"].to_numpy(dtype=float),
        made_at=told["stage"].to_numpy() if level == "stage" else could["input"].to_numpy(),
    )
    could = could.sort_values("quantity", ascending=False, kind="stable")
    return could.drop_duplicates(["node_id", "slot", "made_at"])[["node", "form", "quantity"]]


def _shares(table: pd.DataFrame) -> pd.DataFrame:
    """Work out both shares and say what is not known; rows without production and trade go."""
    table = table[(table[["production", "imports", "exports"]] > LEAST).any(axis=1)].copy()
    net = table["imports"] - table["exports"]
    draw = table["stock_draw"].fillna(0.0)
    european = table["production"] + net
    table["consumption"] = european + draw
    table["nir"] = (net + draw) / table["consumption"].where(table["consumption"] > LEAST)
    table["ir"] = net / european.where(european > LEAST)
    trade = table["imports"] + table["exports"]
    table["estimated_share"] = table["estimated"] / trade.where(trade > LEAST)
    missing = {
        "stock_draw": table["stock_draw"].isna(),
        "unplaced": table["unplaced"] > LEAST,
        "unmet": table["unmet"] > LEAST,
    }
    words = pd.DataFrame({name: np.where(there, name, "") for name, there in missing.items()}, index=table.index)
    table["unknown"] = ["; ".join(filter(None, row)) for row in words.itertuples(index=False)]
    return table
