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
# # Gallium and germanium, 2023 to 2026
#
# In August 2023 China put exports of both under licence; in December 2024 it banned them to the United States, and in November 2025 suspended the ban for a year. What did users stand to lose, and how soon? Demand and flows are those of 2024 throughout: this is what each step would cost that year, not a history.

# %%
import graphmodel as gm

net = gm.load("minerals-2024")
shocks = gm.table("shocks", "shocks")
both = shocks[shocks["mineral"].isin(["gallium", "germanium"]) & (shocks["start_date"] >= "2023")]
both[["shock_id", "kind", "mineral", "imposer", "target", "start_date"]]

# %% [markdown]
# Who makes the two, stage by stage:

# %%
columns = ["stage", "largest", "largest_share", "hhi_low", "hhi_high"]
gm.concentration(net, mineral="gallium").table[columns].round(2)

# %%
gm.concentration(net, mineral="germanium").table[columns].round(2)

# %% [markdown]
# The ban on gallium to the United States as a scenario. `reachability` is the least loss (any path left will do), `reroute` what is lost if everyone may buy elsewhere at once, `frozen` the most (nobody finds another supplier).

# %%
ban = gm.shock("SH020")
lost = gm.losses(net, ban, mineral="gallium").table
table = lost.pivot_table(index=["consumer", "product"], columns="response", values="loss_share")
table[table.max(axis=1) > 0.01][["reachability", "reroute", "adapt", "frozen"]].round(2)

# %% [markdown]
# In August 2023 nothing left the country for a month. Stocks bridge that: nothing is lost. What if it had lasted a year? Stocks are the weakest numbers here, half of them assumed.

# %%
month, year = (gm.timeline(net, gm.shock("SH017"), weeks=52, duration=weeks, mineral="gallium") for weeks in (4, 52))
print(f"most any user loses in any week after a month without exports: {month.table['loss_share'].max():.0%}")
year.plot();

# %% [markdown]
# And without China at all, the worst case: what is lost with and without what plants and states hold.

# %%
for mineral in ("gallium", "germanium"):
    for stocks in (False, True):
        rerouted = gm.removal(net, by="country", mineral=mineral, response="reroute", stocks=stocks)
        china = rerouted.table.set_index("removed")["loss_share"]["CHN"]
        print(f"{mineral}, without China, stocks {'used' if stocks else 'untouched'}: {china:.0%} lost")

# %% [markdown]
# Gallium is won from the liquor of alumina refineries, so the worst stop may be one of aluminium. All four responses, for both minerals:

# %%
gm.overview(net).table.query("mineral in ['gallium', 'germanium']").round(3)

# %% [markdown]
# What do the listed allied projects change? Cells of the table are capacity by mineral and stage; zero rows are what programmes leave out.

# %%
projects = gm.projects()
projects = projects[projects["mineral"].str.contains("gallium|germanium")]
projects[["project_id", "country", "stage", "capacity", "capacity_unit", "start_year", "status", "programmes"]]

# %%
listed = {name: gm.projects(name) for name in ("MSP", "US", "JP", "EU")}
gm.programme_worth(net, listed, mineral="gallium").table[["programme", "n_entering", "alone", "share"]].round(4)
