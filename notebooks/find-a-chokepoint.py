# ---
# jupyter:
#   jupytext:
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
# # Find a chokepoint
#
# From data to a figure in eleven cells: which plant, industry, country or owner would the world's users miss most, of which mineral? Nothing is downloaded.

# %%
import graphmodel as gm

net = gm.load("minerals-2024")
net

# %% [markdown]
# Every mineral's worst chokepoint: what final products lose of it when an *industry* stops, that is, what one country does at one stage with one mineral. Losses are shares of final demand, from the least (`reachability`: any path left is enough) to the most (`frozen`: nobody finds another supplier). The worst stop for a mineral may be an industry of another, because products need several.

# %%
gm.overview(net).table.round(3)

# %% [markdown]
# Take cobalt. What does each stage look like, by location? `hhi_low` and `hhi_high` differ by the part whose maker nobody names.

# %%
shares = gm.concentration(net, mineral="cobalt")
shares.table[["stage", "largest", "largest_share", "hhi_low", "hhi_high", "effective_number"]].round(3)

# %% [markdown]
# A large share is not yet a chokepoint. Shut every industry in turn and measure what final users lose. Next to it stands betweenness, the measure most often used to find chokepoints in networks.

# %%
worst = gm.chokepoints(net, by="industry", mineral="cobalt", responses=["reachability", "reroute", "frozen"])
mining = worst.table.set_index("removed").loc["COD:mining:cobalt"]
print(f"DR Congo, mining: frozen loss {mining['frozen_share']:.0%}, betweenness {mining['betweenness']:.0f}")
columns = ["removed", "reachability_share", "reroute_share", "frozen_share", "out_strength", "betweenness"]
worst.table[columns].head(8).round(3)

# %% [markdown]
# Betweenness does not find the mines: nothing passes *through* a source. Who would lose what without China's cobalt refining, if nobody found another supplier?

# %%
stop = gm.Scenario("China stops refining cobalt").shut(country="CHN", stage="refining", mineral="cobalt")
lost = gm.losses(net, stop).table.query("response == 'frozen' and product in ['ev-use', 'superalloys']")
lost.pivot(index="consumer", columns="product", values="loss_share").round(2)

# %% [markdown]
# One country's view: which industries would Korea miss most for the gallium in what it uses?

# %%
korea = gm.chokepoints(net, by="industry", mineral="gallium", consumer="KOR", responses=["reachability", "frozen"])
korea.table[["removed", "reachability_share", "frozen_share"]].head(8).round(3)

# %% [markdown]
# How sure is that? Flows nobody reports are estimates. The sparse reconstruction carries the same totals on as few links as it can. Where the two columns differ, the loss rests on who is thought to supply whom: quote both.

# %%
import pandas as pd

networks = {"dense": net, "sparse": gm.load("minerals-2024-sparse")}
losses = {
    name: gm.removal(each, by="industry", mineral="cobalt").table.set_index("removed")["loss_share"]
    for name, each in networks.items()
}
pd.DataFrame(losses).sort_values("dense", ascending=False).head(8).round(3)

# %% [markdown]
# And which number would be most worth knowing better? `value` is the loss that hangs on it times the doubt in it.

# %%
gm.weakest_data("minerals-2024", top=5).table.round(3)

# %% [markdown]
# The figure for the paper. `gm.figures.save` writes it as PDF, SVG and PNG, and the plotted numbers as CSV.

# %%
gm.figures.draw(net, ["chokepoints"], mineral="cobalt")["chokepoints"]

# %% [markdown]
# To look around: click a plant, search, filter, shut things. The page works in this notebook and, saved by `page.save("cobalt.html")`, as one file that loads nothing. The ranking from above stands beside the picture, with its worst row chosen.

# %%
page = net.explore(worst)
page

# %% [markdown]
# Every number has a source and a grade of evidence. `gm.cite("minerals-2024")` prints all sources; cite them with the data.

# %%
print(gm.cite("minerals-2024")[:400])
