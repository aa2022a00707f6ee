"""Adding plants to a balanced network.

A new plant offers its output to the market of its material. Final demand stays, so what it sells others no longer
sell: they give way in proportion. A processor that gives way also buys less; a mine, or a plant that buys in the very
market it sells to, keeps what it makes as residual. Flows of every market touched move to the closest ones that
balance again.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphmodel.errors import ParameterError, Problem, SchemaError, nearest
from graphmodel.network import Network
from graphmodel.scenario.trade import Trade

REQUIRED = ("node_id", "stage", "country", "material", "capacity")


def add_projects(network: Network, projects: pd.DataFrame) -> Network:
    """Return the network with new plants running and every touched market balanced again.

    Raises
    ------
    SchemaError
        If a row names a stage or material the network does not have, repeats an id, or makes what nobody buys or
        its stage does not make.
    ParameterError
        If the network lacks recipes or balances, has recipes of single nodes, or new plants would take nearly a whole
        market.
    ConvergenceError
        If markets do not settle.
    """
    projects = projects.reset_index(drop=True)
    problems = _problems(network, projects)
    if problems:
        raise SchemaError(problems)
    recipes = network.table("recipes")
    if network.table("balances").empty or recipes.empty:
        raise ParameterError("adding plants needs a network with recipes and balances")
    own = recipes.loc[recipes["node_id"] != "", "node_id"]
    if len(own):
        raise ParameterError(f"adding plants knows recipes of stages only; {own.iloc[0]} has one of its own")
    trade = Trade(network, projects)
    trade.settle()
    nodes = pd.concat([network.nodes, _new_nodes(network, projects)], ignore_index=True)
    edges = trade.edges()
    return network.with_tables(nodes=nodes, edges=edges, balances=trade.balances(edges))


def _new_nodes(network: Network, projects: pd.DataFrame) -> pd.DataFrame:
    rows = projects.drop_duplicates("node_id")
    known = [column for column in network.nodes if column in rows]
    used = projects["capacity"] * projects.get("utilisation", 1.0)
    made = rows["node_id"].map(used.groupby(projects["node_id"]).sum())
    return rows[known].assign(kind="facility", cluster="no", status="project", output=made)


def _problems(network: Network, projects: pd.DataFrame) -> list[Problem]:
    missing = [name for name in REQUIRED if name not in projects]
    if missing:
        needs = f"needs {', '.join(REQUIRED)}"
        return [Problem("projects", 0, name, "", "column is missing", needs) for name in missing]
    recipes, roles = network.table("recipes"), network.stages.set_index("stage")["role"].to_dict()
    made = set(zip(recipes["stage"], recipes["output"], strict=True))
    existing, bought = set(network.nodes["node_id"]), set(recipes["input"])
    problems = []
    for position, row in enumerate(projects.itertuples(), start=1):
        made_here = {output for stage, output in made if stage == row.stage}
        makes = row.stage in roles and roles[row.stage] != "origin"
        checks = (
            (row.node_id in existing, "node_id", "is in the network already", ()),
            (row.stage not in roles, "stage", "is not a stage", roles),
            (row.material not in bought, "material", "is not bought by anyone", bought),
            (makes and row.material in bought - made_here, "material", f"is not made at {row.stage}", made_here),
            (not 0 <= getattr(row, "utilisation", 1.0) <= 1, "utilisation", "is not a share", ()),
            (not 0 < row.capacity < np.inf, "capacity", "is not a positive number", ()),
        )
        for wrong, column, what, among in checks:
            if wrong:
                value = str(getattr(row, column))
                hint = nearest(value, among) if among else ""
                problems.append(Problem("projects", position, column, value, what, hint))
    return problems
