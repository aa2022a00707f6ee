# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: -all
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Your own data in ten minutes
#
# A network is a folder of CSV files. Start from the seven-node toy, change it, let the checks tell what is wrong, and draw a figure. Everything is written to a temporary folder.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import graphmodel as gm

folder = Path(tempfile.mkdtemp()) / "mine"
gm.write(gm.load("toy-battery"), folder)
sorted(path.name for path in folder.iterdir())

# %% [markdown]
# On the command line: `graphmodel init mine`. Three tables are needed: `stages`, `nodes`, `edges`.

# %%
nodes, edges = pd.read_csv(folder / "nodes.csv"), pd.read_csv(folder / "edges.csv")
edges[["source", "target", "material", "quantity"]]

# %% [markdown]
# Add a second refinery that takes half of mine B's larger flow. A country is misspelt on purpose.

# %%
new = nodes[nodes["node_id"] == "refine-a"].assign(
    node_id="refine-b", name="Refinery B", country="Canda", control="CAN", output=350.0
)
toy = gm.load("toy-battery")
rest = {name: toy.table(name) for name in toy.table_names if name not in ("nodes", "edges")}
try:
    gm.Network(pd.concat([nodes, new]), edges, **rest)
except gm.GraphModelError as error:
    print(error)

# %% [markdown]
# The message names table, line, column and value, all problems at once; `graphmodel check mine` says the same of a folder. Mend it, and move the flows: 350 t of ore go to B, and 350 t of salt leave it for cell plant A.

# %%
new["country"] = "CAN"
moved = edges.copy()
ore = (moved["source"] == "mine-b") & (moved["quantity"] == 350.0)
moved.loc[ore, "target"] = "refine-b"
salt = (moved["source"] == "refine-a") & (moved["target"] == "cell-a")
moved.loc[salt, "quantity"] -= 350.0
moved = pd.concat([moved, moved[salt].assign(edge_id="new", source="refine-b", quantity=350.0)], ignore_index=True)
nodes.loc[nodes["node_id"] == "refine-a", "output"] -= 350.0

mine = gm.Network(pd.concat([nodes, new], ignore_index=True), moved, name="mine", **rest)
mine.summary()

# %% [markdown]
# What would users lose without each plant?

# %%
gm.removal(mine, by="node").table[["removed", "loss_share"]]

# %% [markdown]
# And before the second refinery:

# %%
gm.removal(toy, by="node").table[["removed", "loss_share"]]

# %% [markdown]
# The plausibility checks, a figure, and the folder for others:

# %%
gm.check(mine)

# %%
gm.figures.draw(mine, ["flow_diagram"])["flow_diagram"]

# %%
gm.write(mine, folder.parent / "shared")
gm.read(folder.parent / "shared") == mine
