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
# # Reproduce a published figure
#
# A figure is a function of the data: the same input gives the same bytes, on any machine, with no date and no path in the file.

# %%
import hashlib
import json
import tempfile
from pathlib import Path

import pandas as pd

import graphmodel as gm

net = gm.load("minerals-2024")
folder = Path(tempfile.mkdtemp())

# %% [markdown]
# For the page of a journal: width, type and lines follow the style.

# %%
drawn = gm.figures.draw(net, ["chokepoints"], mineral="cobalt", style="nature")
drawn["chokepoints"]

# %%
files = gm.figures.save(drawn, folder / "once")
[path.name for path in files]

# %% [markdown]
# The same once more, into another folder: not a byte differs.

# %%
again = gm.figures.save(gm.figures.draw(net, ["chokepoints"], mineral="cobalt", style="nature"), folder / "again")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


all(digest(one) == digest(other) for one, other in zip(files, again, strict=True))

# %% [markdown]
# Beside each figure lie the numbers it shows, and one list says how all were made: version, data, style and the hash of every file.

# %%
pd.read_csv(folder / "once" / "chokepoints.csv").head(3)

# %%
print(json.dumps(json.loads((folder / "once" / "figures.json").read_text()), indent=1)[:900])

# %% [markdown]
# From the command line, all figures at once:
#
# ```
# graphmodel figures --style nature --mineral cobalt -o figures
# graphmodel figures --only chokepoints,world_map --format pdf -o figures
# ```
#
# Who cites the figure cites the data too; the fingerprint says which.

# %%
print(net.fingerprint)
print(gm.cite("minerals-2024").splitlines()[0])
