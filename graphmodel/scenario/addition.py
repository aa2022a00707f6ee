"""Adding plants to a balanced network.

A new plant offers its output to the market of its material. Final demand stays, so what it sells others no longer
sell: they give way in proportion. A processor that gives way also buys less; a mine, or a plant that buys in the very
market it sells to, keeps what it makes as residual. Flows of every market touched move to the closest ones that
balance again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel.errors import ConvergenceError, ParameterError, Problem, SchemaError, nearest
from graphmodel.kernels.market import closest_flows
from graphmodel.network import Network
from graphmodel.processes import slot_recipes

REQUIRED = ("node_id", "stage", "country", "material", "capacity")
MOST = 0.95
"""Largest part of a market that new plants may take; beyond it the present flows say nothing of the new ones."""
ROUNDS = 50
"""Sweeps over all markets before giving up."""
SAME = 1e-12
"""Relative change below which a market's offers and needs are what they were."""


def add_projects(network: Network, projects: pd.DataFrame) -> Network:
    """Return the network with new plants running and every touched market balanced again.

    Raises
    ------
    SchemaError
        If a row names a stage or material the network does not have, repeats an id, or makes what nobody buys or
        its stage does not make.
    ConvergenceError
        If markets do not settle.
    """
    projects = projects.reset_index(drop=True)
    problems = _problems(network, projects)
    if problems:
        raise SchemaError(problems)
    state = _State.of(network)
    for row in projects.itertuples():
        used = row.capacity * float(getattr(row, "utilisation", 1.0))
        state.outputs.loc[len(state.outputs)] = [row.node_id, row.stage, row.country, row.material, used, used]
    order = network.stages.set_index("stage")["order"]
    stages = sorted(set(network.table("recipes")["stage"]), key=lambda name: (-order[name], name))
    slots = slot_recipes(network.table("recipes"))
    markets = [market for stage in stages for market in _markets(slots, stage)]
    touched, new = set(projects["material"]), set(projects["node_id"])
    for _ in range(ROUNDS):  # loops need more than one sweep
        moved = [state.rebalance(network, slots, market, touched, new) for market in markets]
        if not any(moved):
            break
    else:
        raise ConvergenceError(f"markets still move after {ROUNDS} rounds; add less at once")
    nodes = pd.concat([network.nodes, _new_nodes(network, projects)], ignore_index=True)
    return network.with_tables(nodes=nodes, edges=state.edges, balances=_balances(network, state))


@dataclass
class _State:
    """Outputs, needs and edges while they move."""

    outputs: pd.DataFrame
    edges: pd.DataFrame
    solved: dict[frozenset[str], np.ndarray]
    """Offers and needs of each market when it was last balanced."""

    @classmethod
    def of(cls, network: Network) -> _State:
        balances, nodes = network.table("balances"), network.nodes.set_index("node_id")
        if balances.empty or network.table("recipes").empty:
            raise ParameterError("adding plants needs a network with recipes and balances")
        made = balances[balances["side"] != "input"]
        outputs = pd.DataFrame(
            {
                "node_id": made["node_id"],
                "stage": made["node_id"].map(nodes["stage"]),
                "country": made["node_id"].map(nodes["country"]),
                "material": made["item"],
                "quantity": made["quantity"],
                "offered": made["quantity"] - made["residual"],
            }
        ).reset_index(drop=True)
        return cls(outputs, network.edges, {})

    def rebalance(
        self, network: Network, slots: pd.DataFrame, market: set[str], touched: set[str], new: set[str]
    ) -> bool:
        """Balance one market if it is touched and has changed; say whether it had."""
        if not market & touched:
            return False
        relative = _relative(slots, market)
        sellers = self.outputs[self.outputs["material"].isin(market)]
        takers = slots[slots["input"].isin(market)][["stage", "slot"]].drop_duplicates()
        buyers = _needs(slots, self.outputs).merge(takers, on=["stage", "slot"]).reset_index(drop=True)
        old = ~sellers["node_id"].isin(new).to_numpy()
        unit = sellers["material"].map(relative).to_numpy(dtype=float)
        offered = sellers["offered"].to_numpy(dtype=float) / unit
        need = buyers["need"].to_numpy(dtype=float)
        state, before = np.concatenate([offered, need]), self.solved.get(frozenset(market))
        if before is not None and (np.abs(state - before) <= SAME * before).all():
            return False
        fresh = offered[~old].sum()
        if fresh > MOST * need.sum():
            share = fresh / need.sum()
            raise ParameterError(f"new plants would cover {share:.0%} of {', '.join(sorted(market))}, above {MOST:.0%}")
        shipped = np.where(old, self._move_edges(sellers, buyers, slots, relative, offered, need, old), offered)
        gives_way = old & ~sellers["stage"].isin(_origins(network)).to_numpy() & (offered > 0)
        gives_way &= ~sellers["node_id"].isin(buyers["node_id"]).to_numpy()
        left = np.where(gives_way, shipped / np.where(offered > 0, offered, 1.0), 1.0)
        self.outputs.loc[sellers.index, "quantity"] = sellers["quantity"].to_numpy(dtype=float) * left
        self.outputs.loc[sellers.index, "offered"] = shipped * unit
        self.solved[frozenset(market)] = np.concatenate([shipped, need])
        touched |= set(slots.loc[slots["output"].isin(market), "input"])
        return True

    def _move_edges(
        self,
        sellers: pd.DataFrame,
        buyers: pd.DataFrame,
        slots: pd.DataFrame,
        relative: pd.Series,
        offered: np.ndarray,
        need: np.ndarray,
        old: np.ndarray,
    ) -> np.ndarray:
        """Replace the edges of one market by the closest that meet the needs; return what each seller ships."""
        row = {(r.node_id, r.material): k for k, r in enumerate(sellers.itertuples())}
        accepts = slots.groupby(["stage", "slot"])["input"].agg(set)
        column: dict[tuple[str, str], int] = {}
        for k, buyer in enumerate(buyers.itertuples()):
            for material in accepts[(buyer.stage, buyer.slot)]:
                column[(buyer.node_id, material)] = k
        here = self.edges["material"].isin(relative.index)
        present = self.edges[here]
        i = np.array([row[key] for key in zip(present["source"], present["material"], strict=True)], dtype=np.int64)
        j = np.array([column[key] for key in zip(present["target"], present["material"], strict=True)], dtype=np.int64)
        weight = (present["quantity"] / present["material"].map(relative)).to_numpy(dtype=float)
        linked = set(i)
        fresh = [k for k in range(len(sellers)) if k not in linked and offered[k] > 0]
        added_i, added_j, added_w = _first_links(fresh, sellers, buyers, accepts, offered, need)
        lone = [k for k in range(len(buyers)) if k not in set(j) and need[k] > 0]
        feed_i, feed_j, feed_w = _first_feeds(lone, set(fresh), sellers, buyers, accepts, offered, need)
        new_i, new_j = np.concatenate([added_i, feed_i]), np.concatenate([added_j, feed_j])
        pairs = pd.DataFrame({"i": np.concatenate([i, new_i]), "j": np.concatenate([j, new_j])}).astype(np.int64)
        pairs["weight"] = np.concatenate([weight, added_w, feed_w])
        at, to = pairs["i"].to_numpy(), pairs["j"].to_numpy()
        flow = closest_flows(at, to, pairs["weight"].to_numpy(), offered, need, may_keep=old)
        scale = sellers["material"].map(relative).to_numpy(dtype=float)
        quantity = flow * scale[pairs["i"].to_numpy()]
        kept = present.assign(quantity=quantity[: len(present)], low=np.nan, high=np.nan)
        extra = pd.DataFrame(
            {
                "source": sellers["node_id"].to_numpy()[new_i.astype(int)],
                "target": buyers["node_id"].to_numpy()[new_j.astype(int)],
                "material": sellers["material"].to_numpy()[new_i.astype(int)],
                "quantity": quantity[len(present) :],
                "basis": "estimated",
                "evidence": "assumed",
                "reference": "scenario",
            }
        )
        extra["edge_id"] = extra["material"] + ":" + extra["source"] + ":" + extra["target"]
        self.edges = pd.concat([self.edges[~here], kept[kept["quantity"] > 0], extra], ignore_index=True)
        return np.bincount(at, weights=flow, minlength=len(sellers))


def _first_links(
    fresh: list[int],
    sellers: pd.DataFrame,
    buyers: pd.DataFrame,
    accepts: pd.Series,
    offered: np.ndarray,
    need: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A new seller's prior: every buyer that can take its material, by size."""
    rows = [
        (k, b, offered[k] * need[b] / need.sum())
        for k in fresh
        for b, buyer in enumerate(buyers.itertuples())
        if sellers["material"].iloc[k] in accepts[(buyer.stage, buyer.slot)] and need[b] > 0
    ]
    return _columns(rows)


def _first_feeds(
    lone: list[int],
    linked: set[int],
    sellers: pd.DataFrame,
    buyers: pd.DataFrame,
    accepts: pd.Series,
    offered: np.ndarray,
    need: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A new buyer's prior: every seller of what it can take, by size; new sellers are linked to it already."""
    rows = [
        (k, b, offered[k] * need[b] / offered.sum())
        for b in lone
        for k, material in enumerate(sellers["material"])
        if k not in linked and offered[k] > 0 and material in accepts[(buyers["stage"].iloc[b], buyers["slot"].iloc[b])]
    ]
    return _columns(rows)


def _columns(rows: list[tuple[int, int, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = np.array(rows, dtype=float).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def _origins(network: Network) -> set[str]:
    stages = network.stages
    return set(stages.loc[stages["role"] == "origin", "stage"])


def _markets(slots: pd.DataFrame, stage: str) -> list[set[str]]:
    """Inputs of a stage, joined where any stage lets them replace one another."""
    groups = [set(rows["input"]) for _, rows in slots.groupby(["stage", "slot"], sort=True)]
    found: list[set[str]] = []
    for inputs in (set(rows["input"]) for _, rows in slots[slots["stage"] == stage].groupby("slot", sort=True)):
        joined = set(inputs)
        while more := [group for group in groups if group & joined and not group <= joined]:
            joined |= set().union(*more)
        if joined not in found:
            found.append(joined)
    return found


def _relative(slots: pd.DataFrame, market: set[str]) -> pd.Series:
    """Units of each input that stand for one unit of the market."""
    return slots[slots["input"].isin(market)].groupby("input")["relative"].first()


def _needs(slots: pd.DataFrame, outputs: pd.DataFrame) -> pd.DataFrame:
    """Need of each node and slot, from what it now makes."""
    base = slots.drop_duplicates(["stage", "output", "slot"])[["stage", "output", "slot", "base"]]
    made = outputs.merge(base, left_on=["stage", "material"], right_on=["stage", "output"])
    made["need"] = made["quantity"] * made["base"]
    return made.groupby(["node_id", "country", "stage", "slot"], as_index=False, sort=True)["need"].sum()


def _balances(network: Network, state: _State) -> pd.DataFrame:
    """Balances after the change, residuals taken from the edges."""
    final = set(network.nodes.loc[network.has_role("sink") | network.has_role("stock"), "node_id"])
    sent = state.edges.groupby(["source", "material"])["quantity"].sum()
    rows = []
    for row in state.outputs.itertuples():
        shipped = float(sent.get((row.node_id, row.material), 0.0))
        side, residual = ("demand", 0.0) if row.node_id in final else ("output", max(row.quantity - shipped, 0.0))
        rows.append((row.node_id, side, row.material, row.quantity, residual))
    slots = slot_recipes(network.table("recipes"))
    key = state.outputs.merge(
        slots.drop(columns="node_id"), left_on=["stage", "material"], right_on=["stage", "output"]
    )
    key = key[["node_id", "input", "slot", "relative"]].drop_duplicates(["node_id", "slot", "input"])
    into = state.edges.merge(key, left_on=["target", "material"], right_on=["node_id", "input"])
    got = (into["quantity"] / into["relative"]).groupby([into["target"], into["slot"]]).sum()
    for need in _needs(slots, state.outputs).itertuples():
        residual = max(need.need - float(got.get((need.node_id, need.slot), 0.0)), 0.0)
        rows.append((need.node_id, "input", need.slot, need.need, residual if residual > 1e-9 * need.need else 0.0))
    return pd.DataFrame(rows, columns=["node_id", "side", "item", "quantity", "residual"])


def _new_nodes(network: Network, projects: pd.DataFrame) -> pd.DataFrame:
    rows = projects.drop_duplicates("node_id")
    known = [column for column in network.nodes if column in rows]
    made = (
        projects.assign(used=projects["capacity"] * projects.get("utilisation", 1.0)).groupby("node_id")["used"].sum()
    )
    return rows[known].assign(kind="facility", cluster="no", status="project", output=rows["node_id"].map(made))


def _problems(network: Network, projects: pd.DataFrame) -> list[Problem]:
    missing = [name for name in REQUIRED if name not in projects]
    if missing:
        return [
            Problem("projects", 0, name, "", "column is missing", f"needs {', '.join(REQUIRED)}") for name in missing
        ]
    problems = []
    recipes = network.table("recipes")
    made, origins = set(zip(recipes["stage"], recipes["output"], strict=True)), _origins(network)
    existing = set(network.nodes["node_id"])
    for position, row in enumerate(projects.itertuples(), start=1):
        if row.node_id in existing:
            problems.append(Problem("projects", position, "node_id", str(row.node_id), "is in the network already"))
        if row.stage not in set(network.stages["stage"]):
            hint = nearest(str(row.stage), network.stages["stage"])
            problems.append(Problem("projects", position, "stage", str(row.stage), "is not a stage", hint))
        if row.material not in set(recipes["input"]):
            hint = nearest(str(row.material), set(recipes["input"]))
            problems.append(
                Problem("projects", position, "material", str(row.material), "is not bought by anyone", hint)
            )
        elif row.stage in set(network.stages["stage"]) - origins and (row.stage, row.material) not in made:
            hint = nearest(str(row.material), {output for stage, output in made if stage == row.stage})
            problems.append(
                Problem("projects", position, "material", str(row.material), f"is not made at {row.stage}", hint)
            )
        if not 0 <= getattr(row, "utilisation", 1.0) <= 1:
            problems.append(Problem("projects", position, "utilisation", str(row.utilisation), "is not a share"))
        if not np.isfinite(row.capacity) or row.capacity <= 0:
            problems.append(Problem("projects", position, "capacity", str(row.capacity), "is not a positive number"))
    return problems
