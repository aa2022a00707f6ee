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
# # Does the Minerals Security Partnership diversify?
#
# The partnership says it backs 32 projects. What is known of them, what could they keep served, and where can the data not tell?

# %%
import graphmodel as gm

net = gm.load("minerals-2024")
sparse = gm.load("minerals-2024-sparse")
totals = gm.project_totals()
totals[(totals["programme"] == "MSP") & (totals["kind"] == "all")]

# %% [markdown]
# The named ones. Several programmes may back one site; `public_usd` is what is known of the public money, of all backers together.

# %%
msp = gm.projects("MSP")
msp[["project_id", "country", "mineral", "stage", "capacity", "capacity_unit", "start_year", "status", "public_usd"]]

# %% [markdown]
# The worth of a project is what it adds to demand served, averaged over all orders in which projects could enter, over the 64 single-industry stops that lose most today. Full capacity, demand of 2024, nobody replaces a supplier.

# %%
worth = gm.worth(net, msp)
worth.table[["rank", "project_id", "alone", "last", "worth", "reason"]]

# %%
print(f"mean loss {worth.parameters['loss_without']:.2%} without them, {worth.parameters['loss_with_all']:.2%} with all")

# %% [markdown]
# Beside the other programmes. `low` and `high` hold nine tenths of draws of who supplies whom and of what each plant makes.

# %%
names = ("MSP", "EU", "US", "JP", "KR", "AU", "CA")
programmes = gm.programme_worth(net, {name: gm.projects(name) for name in names}, draws=10)
programmes.table[["programme", "n_projects", "n_entering", "alone", "last", "share", "low", "high"]].round(4)

# %%
programmes.plot();

# %% [markdown]
# The same on the sparse reconstruction: where the two differ, the answer hangs on flows nobody reports.

# %%
again = gm.programme_worth(sparse, {name: gm.projects(name) for name in names}).table.set_index("programme")["share"]
programmes.table.set_index("programme")[["share"]].assign(sparse=again).round(4)

# %% [markdown]
# Counted from their start years, by the chance of their status (the chances are ours):

# %%
gm.outlook(net, {"MSP": msp}, years=(2026, 2028, 2030, 2035)).table.round(5)

# %% [markdown]
# What the programme leaves out, by mineral and stage: empty cells have no project at all.

# %%
gm.coverage(net, msp).plot();

# %% [markdown]
# What the data cannot tell: the projects never named, whether any will be built, and who will own them then. Every row has a reference:

# %%
references = gm.table("projects", "references").set_index("reference")
msp[["project_id", "reference", "evidence"]].assign(url=msp["reference"].map(references["url"])).head(5)
