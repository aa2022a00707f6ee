"""Planned plants in a network: what they would make, to whom they would sell, what they need; any set of them at once.

Demand stays. A plant that enters takes a part of its material's market from all who sell there now, in the same
proportion at every buyer it may sell to. What it needs it buys as the plants that make the same at the same stage do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csc_array, csr_array

from graphmodel._types import BoolArray, FloatArray, IntArray
from graphmodel.errors import EmptySelectionError
from graphmodel.network import Network
from graphmodel.processes import Processes, processes
from graphmodel.project_tables import ENTERING, checked_projects

MOST = 0.95
"""Largest part of a market that new plants may take together; beyond it they share it by size."""

OFF = ("cancelled", "unidentified")
"""What a project's status says where there is none."""

REASONS = {
    "capacity": "states no capacity",
    "exists": "runs already",
    "stage": "stands at a stage the network does not have",
    "material": "makes what the network does not have",
    "buyers": "makes what nobody buys in the base year",
    "peers": "makes what no plant of its stage makes in the base year, so that its needs are not known",
    "off": "is cancelled, or nobody knows what it is",
}
"""Why a project is left out."""


class Sharing(NamedTuple):
    """Who has which share of every supply, whatever projects run.

    Parameters
    ----------
    alone : share of each supply if its seller were in the market by itself: the present share of present sellers, and
        for a project what it takes, (E,)
    market : slot and material a supply belongs to, -1 inside a node, (E,)
    project : project that sells it, -1 for present sellers, (E,)
    taken : part of each market that each project takes, (markets, projects)
    """

    alone: FloatArray
    market: IntArray
    project: IntArray
    taken: csc_array

    def sold(self, present: FloatArray) -> csr_array:
        """Return the part of each market that each project has, and present sellers give up, (markets, N)."""
        runs = self.taken.multiply(present[None, :]).tocsr()
        crowd = np.maximum(runs.sum(axis=1) / MOST, 1.0)
        return csr_array(runs.multiply(1.0 / crowd[:, None]))

    def shares(self, present: FloatArray) -> FloatArray:
        """Return the share of every supply when each project runs at a part of its capacity, 0 to 1, (N,)."""
        part = self.taken @ present
        crowd = np.append(np.maximum(part / MOST, 1.0), 1.0)[self.market]
        given_way = np.append(np.minimum(part, MOST), 0.0)[self.market]
        runs = np.append(present, 1.0)[self.project]
        return np.where(self.project >= 0, self.alone * runs / crowd, self.alone * (1.0 - given_way))


@dataclass(frozen=True)
class Entry:
    """A network, and the plants that may enter it as further processes, the last ones of `work`.

    ``network`` holds their nodes, without edges; ``present`` does not.
    """

    present: Network
    network: Network
    projects: pd.DataFrame
    left_out: pd.DataFrame
    """Projects that cannot enter, each with its ``reason``."""
    work: Processes
    first: int
    """The first of the projects' processes."""
    sharing: Sharing

    @property
    def site(self) -> IntArray:
        """Number of the site of each project, in the order of the first row of each."""
        return np.asarray(pd.factorize(site_names(self.projects))[0], dtype=np.int64)

    @property
    def sites(self) -> pd.DataFrame:
        """The first row of each site, with the first cost that its rows state."""
        first = self.projects[~pd.Series(self.site).duplicated().to_numpy()].reset_index(drop=True)
        return first.assign(cost=self.projects["cost"].groupby(self.site).first()) if "cost" in first else first

    def sites_of(self, project_ids: Collection[str]) -> BoolArray:
        """Say which sites hold any of these projects; those that cannot enter are passed over."""
        held = self.projects["project_id"].isin(project_ids).to_numpy(dtype=np.int64)
        return np.bincount(self.site, held) > 0


def site_names(projects: pd.DataFrame) -> pd.Series:
    """Return the site of each project: itself, unless the column ``site`` names one."""
    named = projects.get("site", pd.Series("", index=projects.index)).fillna("")
    return named.where(named != "", projects["project_id"])


def enter(network: Network, projects: pd.DataFrame, *, work: Processes | None = None) -> Entry:
    """Let projects enter a network.

    Parameters
    ----------
    network : Network
    projects : DataFrame
        ``project_id``, ``name``, ``country``, ``control``, ``stage``, ``material``, ``capacity`` (a year, in the unit
        of the material); may hold ``sells_to`` and ``buys_from`` (countries joined by ";", all when empty),
        ``adds_capacity``, ``status``, and ``site``: rows of one site enter together. Other columns are kept. All of
        them: `graphmodel.project_tables.PROJECTS`.
    work : Processes, optional
        The network's processes, where their shares are others than its own; the projects have entered before.

    Raises
    ------
    SchemaError
        With everything that is wrong in the table; see `check_projects`.
    EmptySelectionError
        If none of them can enter.
    """
    if work is None:
        work, projects = processes(network), checked_projects(projects, network, needs=ENTERING)
    projects = projects.reset_index(drop=True)
    reason = _reasons(network, work, projects)
    chosen = projects[reason == ""].reset_index(drop=True)
    left_out = projects.assign(reason=reason.map(REASONS))[reason != ""].reset_index(drop=True)
    if chosen.empty:
        said = "; ".join(f"{row.project_id} {row.reason}" for row in left_out.head(5).itertuples())
        raise EmptySelectionError(f"no project can enter {network.name}: {said or 'the table is empty'}")
    return _Builder(network, work, chosen).entry(left_out)


def _reasons(network: Network, work: Processes, projects: pd.DataFrame) -> pd.Series:
    """Say why each project cannot enter; "" where it can."""
    nodes, materials = network.nodes, set(network.table("materials")["material"])
    stages = set(network.stages["stage"])
    origin = set(network.stages.loc[network.stages["role"] == "origin", "stage"])  # refines its own ore: needs nothing
    made = set(zip(nodes["stage"].to_numpy()[work.node], work.product, strict=True))
    bought = set(network.edges["material"].to_numpy()[work.row[work.row >= 0]])  # over edges that fill a need
    status = projects["status"] if "status" in projects else pd.Series("", index=projects.index)
    adds = projects["adds_capacity"] if "adds_capacity" in projects else pd.Series("yes", index=projects.index)

    def reason(row: pd.Series) -> str:
        if status[row.name] in OFF:
            return "off"
        if adds[row.name] == "no":
            return "exists"
        if not row["capacity"] > 0:
            return "capacity"
        if row["stage"] not in stages:
            return "stage"
        if row["material"] not in materials:
            return "material"
        if row["material"] not in bought:
            return "buyers"
        if row["stage"] not in origin and (row["stage"], row["material"]) not in made:
            return "peers"
        return ""

    return pd.Series([reason(row) for _, row in projects.iterrows()], index=projects.index, dtype=object)


class _Builder:
    """The present supplies, and those that projects add."""

    def __init__(self, network: Network, work: Processes, projects: pd.DataFrame) -> None:
        self.network, self.work, self.projects = network, work, projects
        self.country = network.nodes["country"].to_numpy()
        material = network.edges["material"].to_numpy()[np.maximum(work.row, 0)] if network.n_edges else work.row
        self.supply = pd.DataFrame(
            {
                "slot": work.slot,
                "supplier": work.supplier,
                "material": np.where(work.row >= 0, material, ""),
                "alone": work.share,
                "relative": work.relative,
                "row": work.row,
                "project": -1,
            }
        )
        self.slots = pd.DataFrame(
            {"slot": np.arange(len(work.need)), "need": work.need, "base": work.slot_base, "node": work.slot_node}
        )

    def entry(self, left_out: pd.DataFrame) -> Entry:
        own = pd.DataFrame(list(self._needs()), columns=["project", "slot", "like", "need", "base", "supply"])
        own["slot"] = len(self.slots) + np.arange(len(own))
        fed = [part.assign(slot=slot) for slot, part in zip(own["slot"], own["supply"], strict=True)]
        present = pd.concat([self.supply, *fed], ignore_index=True)
        market = present.groupby(["slot", "material"], sort=True).ngroup()
        present["market"] = market.where(present["material"] != "", -1)
        node = np.concatenate([self.slots["node"], self.network.n_nodes + own["project"].to_numpy(dtype=np.int64)])
        markets = self._markets(present, own, node)
        sold, taken = self._sales(markets)
        supply = pd.concat([present, sold], ignore_index=True)
        supply = supply.sort_values(["slot", "project", "row", "supplier"], kind="stable", ignore_index=True)
        return Entry(
            present=self.network,
            network=self._network(),
            projects=self.projects,
            left_out=left_out,
            work=self._work(supply, own),
            first=self.work.n_processes,
            sharing=Sharing(
                supply["alone"].to_numpy(dtype=float),
                supply["market"].to_numpy(dtype=np.int64),
                supply["project"].to_numpy(dtype=np.int64),
                taken,
            ),
        )

    def _needs(self) -> Iterator[tuple[int, int, int, float, float, pd.DataFrame]]:
        """Yield each slot of each project, filled as its peers fill theirs on average."""
        work, supply = self.work, self.supply
        stage = self.network.nodes["stage"].to_numpy()[work.node]
        entry = pd.DataFrame({"process": work.reader, "slot": work.process_slot, "draw": work.draw})
        entry["taken"] = entry["draw"] * work.need[work.process_slot]
        entry = entry[entry["taken"] > 0]
        accepts = work.accepted.groupby("slot")["material"].agg(lambda all_: " ".join(sorted(all_)))
        entry["kind"] = entry["slot"].map(accepts).fillna("")
        of_slot = supply.groupby("slot").indices
        for at, project in enumerate(self.projects.itertuples()):
            peers = np.flatnonzero((stage == project.stage) & (work.product == project.material))
            made = work.output[peers].sum()
            mine = entry[entry["process"].isin(peers)]
            for _, alike in mine.groupby("kind", sort=True):
                total = alike["taken"].sum()
                weight = alike.groupby("slot")["taken"].sum() / total
                rows = np.concatenate([of_slot[slot] for slot in weight.index if slot in of_slot])
                part = supply.iloc[rows]
                part = part.assign(alone=part["alone"].to_numpy() * weight.loc[part["slot"]].to_numpy(), row=-1)
                keys = ["supplier", "material", "project", "row"]
                part = part.groupby(keys, as_index=False).agg(alone=("alone", "sum"), relative=("relative", "mean"))
                part = self._from(part, getattr(project, "buys_from", ""))
                base = float((weight * work.slot_base[weight.index]).sum())
                yield at, -1, int(alike["slot"].iloc[0]), total / made * project.capacity, base, part

    def _from(self, part: pd.DataFrame, countries: object) -> pd.DataFrame:
        """Keep suppliers of the countries named, if there are any among them."""
        named = _listed(countries)
        here = np.isin(self.country[self.work.node[part["supplier"].to_numpy(dtype=np.int64)]], named)
        if not named or not part.loc[here, "alone"].sum() > 0:
            return part
        return part[here].assign(alone=part.loc[here, "alone"] * (part["alone"].sum() / part.loc[here, "alone"].sum()))

    def _markets(self, present: pd.DataFrame, own: pd.DataFrame, node: np.ndarray) -> pd.DataFrame:
        """List slots and materials: market, slot, material, country, filled (share of the need), relative, amount."""
        need = np.concatenate([self.slots["need"], own["need"].to_numpy(dtype=float)])
        traded = present[present["market"] >= 0]
        table = traded.groupby(["market", "slot", "material"], as_index=False).agg(
            filled=("alone", "sum"), relative=("relative", "mean")
        )
        slot = table["slot"].to_numpy(dtype=np.int64)
        country = np.concatenate([self.country, self.projects["country"].to_numpy()])[node[slot]]
        amount = need[slot] * table["filled"] * table["relative"]
        is_own = slot >= len(self.slots)  # what projects need is no part of the market they enter
        return table.assign(country=country, amount=np.where(is_own, 0.0, amount))

    def _sales(self, markets: pd.DataFrame) -> tuple[pd.DataFrame, csc_array]:
        """Let each project take the same part of every market it may sell to."""
        by_material = dict(tuple(markets.groupby("material")))
        parts, entries = [], []
        for at, project in enumerate(self.projects.itertuples()):
            open_to = by_material[project.material]
            named = _listed(getattr(project, "sells_to", ""))
            if named and open_to.loc[open_to["country"].isin(named), "amount"].sum() > 0:
                open_to = open_to[open_to["country"].isin(named)]
            part = min(project.capacity / open_to["amount"].sum(), 1.0)
            sold = open_to[["slot", "market", "material", "relative"]].assign(
                alone=open_to["filled"] * part, supplier=self.work.n_processes + at, project=at, row=-1
            )
            parts.append(sold)
            entries.append(pd.DataFrame({"market": open_to["market"], "project": at, "part": part}))
        held = pd.concat(entries, ignore_index=True)
        shape = (int(markets["market"].max()) + 1, len(self.projects))
        return pd.concat(parts), csc_array((held["part"], (held["market"], held["project"])), shape=shape)

    def _work(self, supply: pd.DataFrame, own: pd.DataFrame) -> Processes:
        """Return all processes, those of the projects last."""
        work, projects = self.work, self.projects
        n, n_slots = len(projects), len(self.slots) + len(own)
        count = np.bincount(supply["slot"], minlength=n_slots)
        owned = np.bincount(own["project"].to_numpy(dtype=np.int64), minlength=n)
        like = work.accepted.merge(own[["slot", "like"]], left_on="slot", right_on="like", suffixes=("_like", ""))
        accepts = pd.concat([work.accepted, like[["slot", "material", "relative"]]], ignore_index=True)

        def joined(present: np.ndarray, added: object) -> np.ndarray:
            return np.concatenate([present, np.asarray(added)])

        return replace(
            work,
            node=joined(work.node, self.network.n_nodes + np.arange(n)),
            product=joined(work.product, projects["material"].to_numpy(dtype=object)),
            slot_indptr=joined(np.zeros(1), np.cumsum(count)).astype(np.int64),
            supplier=supply["supplier"].to_numpy(dtype=np.int64),
            share=supply["alone"].to_numpy(dtype=float),
            row=supply["row"].to_numpy(dtype=np.int64),
            slot_base=joined(work.slot_base, own["base"].to_numpy(dtype=float)),
            process_indptr=joined(work.process_indptr, work.process_indptr[-1] + np.cumsum(owned)).astype(np.int64),
            process_slot=joined(work.process_slot, own["slot"].to_numpy(dtype=np.int64)),
            quantity=joined(work.quantity, projects["capacity"].to_numpy(dtype=float)),
            sold=joined(work.sold, np.ones(n)),
            room=joined(work.room, np.ones(n)),
            need=joined(work.need, own["need"].to_numpy(dtype=float)),
            draw=joined(work.draw, np.ones(len(own))),
            relative=supply["relative"].to_numpy(dtype=float),
            accepts=accepts.sort_values(["slot", "material"], ignore_index=True),
        )

    def _network(self) -> Network:
        """Return the network with the projects as nodes that state what they make, and no edge."""
        projects = self.projects
        taken = projects["project_id"].isin(self.network.nodes["node_id"])  # a plant that grows keeps its own node
        node_id = projects["project_id"].where(~taken, projects["project_id"] + ":project")
        nodes = pd.DataFrame(
            {
                "node_id": node_id,
                "name": projects["name"],
                "kind": "facility",
                "stage": projects["stage"],
                "country": projects["country"],
                "control": projects.get("control", ""),
                "capacity": projects["capacity"],
            }
        )
        states = {"side": "output", "item": projects["material"], "quantity": projects["capacity"]}
        made = pd.DataFrame({"node_id": node_id, **states, "residual": projects["capacity"]})
        return self.network.with_tables(
            nodes=pd.concat([self.network.nodes, nodes], ignore_index=True),
            balances=pd.concat([self.network.table("balances"), made], ignore_index=True),
        )


def _listed(countries: object) -> list[str]:
    """Read countries joined by ";"; empty for all."""
    return [] if not isinstance(countries, str) else [one.strip() for one in countries.split(";") if one.strip()]
