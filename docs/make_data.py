"""Write docs/data.md: what the shipped network holds, what each total rests on, and what would be worth knowing better."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import graphmodel as gm
from graphmodel.schema import EVIDENCE

NAME = "minerals-2024"
LARGEST = 100
"""Plants whose evidence is counted: those with the largest part of what their stage makes of a form."""
MUCH = 1 / 3
"""Share of a form from which a country's total is counted."""

LOOKED_UP = """While the chains were written, 344 plants and 288 country shares were looked up one by one, the largest first. Of the plants 49 were seen in a source
for the figure itself, 116 could be computed from what was seen and 157 were not found and stay *assumed*; of the shares 36, 113 and 130. The rest were left out, split or merged.
What the grades are now:

"""

HEAD = """# What the data rest on

Generated from `{name}` by `docs/make_data.py`; `graphmodel quality` prints its main tables for any built data set. How totals, plants and flows are made to agree:
[methods/closure.md](methods/closure.md). How to add or correct a number: [contributing-data.md](contributing-data.md).

{counts}

Evidence: *measured* (counted by a statistical office or the company), *reported* (the figure was seen in its source), *derived* (computed from
reported figures), *assumed* (judgement; no source was seen for the figure itself). Basis of a flow: *reported*, *contract*, *trade*, *estimated*: where its pattern comes from; the quantity is what meets
all totals and may differ much from the row.
Two-sided: supply and need come from different references, so the residual means something; one-sided: one follows from the other, or was chosen with the other in view, and no claim is made.
"""


def page() -> str:
    """Return the whole page."""
    network = gm.load(NAME)
    tables = gm.datasets.extras(NAME)
    parts = [HEAD.format(name=NAME, counts=_counts(network))]
    parts.append("## The largest plants and country shares\n\n" + _largest(network, tables["controls"]))
    parts.append("## Capacities and stocks\n\n" + _capacities_and_stocks(network))
    parts.append("## The ten weakest data that matter most\n\n" + _weakest())
    parts.append("## Material by material\n\n" + _materials(network))
    parts.append("## Where sources disagree most\n\n" + _spread(tables["controls"]))
    return "\n".join(parts)


def _counts(network: gm.Network) -> str:
    nodes = network.nodes
    plants = nodes[nodes["kind"] == "facility"]
    single = plants[plants["cluster"] != "yes"]
    return (
        f"{network.n_nodes} nodes ({len(single)} single plants, {len(plants) - len(single)} clusters, "
        f"{(nodes['kind'] == 'remainder').sum()} remainders of a country's stage, {(nodes['kind'] == 'demand').sum()} "
        f"final demands, {(nodes['kind'] == 'stock').sum()} stocks), {network.n_edges} flows of "
        f"{network.edges['material'].nunique()} forms, {len(network.minerals)} minerals: {', '.join(network.minerals)}."
    )


def _largest(network: gm.Network, controls: pd.DataFrame) -> str:
    """Evidence of the largest plants of each stage, and of country shares above a third."""
    nodes = network.nodes.set_index("node_id")
    made = network.table("balances").query("side == 'output'")
    made = made.assign(share=made["quantity"] / made.groupby("item")["quantity"].transform("sum"))
    plants = made[made["node_id"].map(nodes["kind"] == "facility") & (made["node_id"].map(nodes["cluster"]) != "yes")]
    top = plants.groupby("node_id")["share"].max().nlargest(LARGEST).index
    shares = controls.assign(share=controls["total"] / controls.groupby("material")["total"].transform("sum"))
    much = shares[shares["share"] > MUCH]
    final = set(network.stages.query("role in ('sink', 'stock')")["stage"])
    rows = {
        f"the {LARGEST} single plants with the largest share of a form": nodes.loc[top, "evidence"],
        "country totals above a third of a form that is made": much[~much["stage"].isin(final)]["evidence"],
        "country totals above a third of a final use": much[much["stage"].isin(final)]["evidence"],
        "all single plants": nodes[(nodes["kind"] == "facility") & (nodes["cluster"] != "yes")]["evidence"],
        "all country totals": controls["evidence"],
    }
    table = pd.DataFrame({name: grades.value_counts().reindex(EVIDENCE, fill_value=0) for name, grades in rows.items()})
    return LOOKED_UP + _markdown(table.T.rename_axis("number of").reset_index())


def _capacities_and_stocks(network: gm.Network) -> str:
    """Evidence of what nodes could make, and of what is held."""
    nodes, stocks = network.nodes, network.table("stocks")
    able = nodes["kind"].isin(["facility", "remainder"])
    rows = {
        f"capacities of plants, of {(nodes['kind'] == 'facility').sum()}": nodes[nodes["kind"] == "facility"],
        f"capacities of remainders, of {(nodes['kind'] == 'remainder').sum()}": nodes[nodes["kind"] == "remainder"],
    }
    grades = {name: table["capacity_evidence"] for name, table in rows.items()}
    grades |= {
        "stocks of firms": stocks.loc[stocks["holder"] == "firm", "evidence"],
        "public stocks": stocks.loc[stocks["holder"] == "public", "evidence"],
    }
    table = pd.DataFrame({name: kinds.value_counts().reindex(EVIDENCE, fill_value=0) for name, kinds in grades.items()})
    without = (nodes["capacity"].isna() & able).sum()
    head = (
        "A capacity is a nameplate, or output over the utilisation of the stage; the grade is that of the nameplate or of the utilisation. "
        f"For {without} plants and remainders nothing is known, and no spare is claimed.\n\n"
    )
    return head + _markdown(table.T.rename_axis("number of").reset_index())


def _weakest() -> str:
    table = gm.weakest_data(NAME, top=10).table
    shown = table.assign(
        **{name: [f"{100 * value:.1f} %" for value in table[name]] for name in ("loss_share", "doubt", "value")}
    )
    head = "Value: the part of the mineral's final demand of which we do not know whether it hangs on the item, to first order frozen loss × doubt.\n\n"
    return head + _markdown(shown)


def _materials(network: gm.Network) -> str:
    table = gm.quality(NAME).table
    label = network.table("materials").set_index("material")["label"]
    shares = [name for name in table if name.startswith(("total_", "flow_")) or name.endswith("_share")]
    percent = {name: ["" if pd.isna(value) else f"{100 * value:.0f}" for value in table[name]] for name in shares}
    table = table.assign(**percent, supply=[f"{value:.4g}" for value in table["supply"]])
    table["material"] = [label.get(name) or name for name in table["material"]]
    table["sided"] = table["sided"].fillna("final")
    short = {"named_share": "named %", "residual_share": "residual %", "need_residual_share": "need unmet %"}
    short |= {
        name: name.replace("total_", "total ").replace("flow_", "flow ") + " %" for name in shares if name not in short
    }
    return "\n".join(
        f"### {mineral.replace('-', ' ')}\n\n{_markdown(rows.drop(columns='mineral').rename(columns=short))}"
        for mineral, rows in table.groupby("mineral", sort=True)
    )


def _spread(controls: pd.DataFrame) -> str:
    known = controls[controls["low"].notna()].copy()
    known["range"] = (known["high"] - known["low"]) / known["total"]
    share = controls["total"] / controls.groupby("material")["total"].transform("sum")
    known["weight"] = known["range"] * share.loc[known.index]
    worst = known.nlargest(25, "weight")
    columns = ["material", "country", "low", "total", "high", "unit", "reference"]
    return (
        "The total is the one named source used; low and high are other sources of the same total. The 25 that move their form's world total most:\n\n"
        + _markdown(worst[columns].map(lambda value: f"{value:.4g}" if isinstance(value, float) else value))
    )


def _markdown(table: pd.DataFrame) -> str:
    rows = [list(table.columns), ["---"] * table.shape[1], *table.astype(object).fillna("").to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in rows) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("data.md").write_text(page(), encoding="utf-8")
