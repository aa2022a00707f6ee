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
# # Use it from another model
#
# Every result is a pandas table with its parameters and units; networks go to networkx and back; results go to labelled arrays and to the table that integrated assessment models exchange. What other packages need is in the extra `interop`.

# %%
from importlib.util import find_spec

import graphmodel as gm

net = gm.load("minerals-2024")
toy = gm.load("toy-battery")


def have(package):
    """Say whether a package is there, and how to get it if not."""
    if find_spec(package) is None:
        print(f'{package} is not installed: pip install "graphmodel[interop]"')
    return find_spec(package) is not None


# %% [markdown]
# **pandas.** The table, what was asked, and the units:

# %%
result = gm.removal(net, by="country", mineral="cobalt")
result.table.head(3)

# %%
result.parameters, result.units

# %% [markdown]
# **networkx.** A multigraph with all attributes, and the same network back:

# %%
graph = gm.to_networkx(toy)
print(graph, gm.from_networkx(graph) == toy)

# %% [markdown]
# A measure of networkx on it, set beside what is lost:

# %%
import networkx as nx

rank = nx.katz_centrality_numpy(nx.DiGraph(graph).reverse(), alpha=0.1)
gm.removal(toy, by="node").table.assign(katz=lambda table: table["removed"].map(rank))[["removed", "loss_share", "katz"]]

# %% [markdown]
# **IAMC.** Model, scenario, region, variable, unit, year, value; `pyam.IamDataFrame` reads it as it is.

# %%
stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
table = gm.to_iamc(gm.losses(toy, stop), year=2024)
table.head(4)

# %%
if have("pyam"):
    import pyam

    print(pyam.IamDataFrame(table))

# %% [markdown]
# **xarray.** You name the columns that are dimensions.

# %%
if have("xarray"):
    print(gm.to_xarray(gm.shares(toy), ["material", "group"])["share"])

# %% [markdown]
# **Loops.** A scenario is a value, so a sweep is a loop; nothing is changed in place.

# %%
for share in (0.25, 0.5, 1.0):
    cut = gm.Scenario(f"{share:.0%} of mine B").shut(share, node_id="mine-b")
    lost = gm.losses(toy, cut).table.query("response == 'frozen'")
    print(f"{cut.name}: {lost['loss'].sum() / lost['demand'].sum():.0%} lost")

# %% [markdown]
# PyPSA, input-output tables (pymrio) and life-cycle assessment (brightway): see `docs/other-models.md`.
