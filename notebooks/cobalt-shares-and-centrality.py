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
# # Cobalt: where shares and centrality mislead
#
# The usual ways to find a chokepoint are a country's share of a stage and a node's betweenness. Here both stand beside what final users really lose when something stops.

# %%
import graphmodel as gm

net = gm.load("minerals-2024")
sparse = gm.load("minerals-2024-sparse")

# %% [markdown]
# Shares first: who is largest at each stage, and how concentrated it is. `hhi_low` and `hhi_high` differ by what nobody names.

# %%
columns = ["stage", "largest", "largest_share", "hhi_low", "hhi_high"]
gm.concentration(net, mineral="cobalt").table[columns].round(2)

# %%
gm.figures.draw(net, ["stage_shares"], mineral="cobalt")["stage_shares"]

# %% [markdown]
# By that table a stage with one dominant country is a chokepoint. But a share says nothing of what hangs on it, nor of who could step in. Losses without each industry, from the least to the most:

# %%
worst = gm.chokepoints(net, by="industry", mineral="cobalt", responses=["reachability", "reroute", "frozen"]).table
worst[["removed", "reachability_share", "reroute_share", "frozen_share", "betweenness"]].head(8).round(3)

# %% [markdown]
# Betweenness counts paths *through* a node. A mine lies at the start of its paths, so the country that mines most of the world's cobalt scores nothing.

# %%
congo = worst.set_index("removed").loc["COD:mining:cobalt"]
print(f"DR Congo, mining: {congo['frozen_share']:.0%} lost at most, {congo['reroute_share']:.0%} rerouted")
print(f"betweenness {congo['betweenness']:.0f}")

# %% [markdown]
# Which measures rank industries as losses do? `rho` is the rank correlation, with the interval of 95 % of resamples; below or at zero it misleads. Under `frozen` a loss is nearly a share, so a high value proves little: read `reroute`.

# %%
agree = gm.agreement(net, mineral="cobalt", responses=["frozen", "reroute"], again=sparse, resamples=300)
table = agree.table
table[table["measure"].isin(["out_strength", "betweenness", "pagerank", "market_share", "market_hhi"])].round(2)

# %%
gm.figures.draw(net, ["centrality_against_loss"], mineral="cobalt")["centrality_against_loss"]

# %% [markdown]
# The refiner is not the source. Of the cobalt in Korea's nickel-based car batteries, what passed China at any stage, at refining, and at mining, if all blend alike.

# %%
passed = gm.dependence(net, mineral="cobalt", consumer="KOR", product="ev-use").table
columns = ["stage", "group", "share", "quantity", "demand", "unit"]
passed.query("group in ['CHN', 'COD'] and share > 0.01")[columns].round(3)

# %% [markdown]
# How firm is all that? Flows nobody reports are drawn anew many times; the bar is nine tenths of the ranks.

# %%
gm.figures.draw(net, ["rank_stability"], mineral="cobalt")["rank_stability"]
