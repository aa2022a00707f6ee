"""Figures of a stop that runs down a chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from graphmodel import plot
from graphmodel.analysis.stage_losses import stage_losses
from graphmodel.errors import ParameterError, UnknownNameError, nearest
from graphmodel.figures.drawing import Drawn, finished, whose, worst_stop
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_table import main_mineral
from graphmodel.plot.words import material_words, stage_words
from graphmodel.scenario import Scenario

LOST = ("cut", "reachability", "frozen")


def downstream_vulnerability(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    scenario: Scenario | None = None,
    top: int = 14,
) -> Drawn:
    """Follow a stop down the chain: what each stage makes less, and which final products lose it.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        What is counted at every stage; the one found at most stages when absent.
    product, consumer : str or list of str, optional
        Show only these final products, or what these countries use of them; stages stay whole.
    scenario : Scenario, optional
        The industry whose stop loses most, when absent.
    top : int
        Final products shown, those that lose most tonnes first; the rest are taken together.

    Returns
    -------
    Drawn
        The table has one row a stage, then one a final product: ``panel``, ``stage``, ``product``, ``label``,
        ``unit``, ``output`` (made a year; of users, wanted), ``cut`` (stopped by the scenario itself),
        ``reachability`` and ``frozen`` (least and most lost), and these three as shares of ``output``.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or no final demand that counts holds this one.

    Notes
    -----
    Stages along one chain handle the same tonnes, so their losses do not add up. A plant counts at its stage with all
    products that hold the mineral.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stop = gm.Scenario("mine B stops").shut(node_id="mine-b")
    >>> table = gm.figures.downstream_vulnerability(gm.load("toy-battery"), scenario=stop).table
    >>> table[["panel", "label", "cut_share", "frozen_share"]]
         panel               label  cut_share  frozen_share
    0    stage              Mining        0.6           0.6
    1    stage            Refining        0.0           0.6
    2    stage         Cell making        0.0           0.6
    3  product  All final products        0.0           0.6
    4  product        Lithium cell        0.0           0.6
    """
    chosen = mineral or main_mineral(network)
    counted: dict[str, Any] = {"mineral": chosen, "product": product, "consumer": consumer}
    scenario = scenario or worst_stop(network, counted)
    lost = stage_losses(network, scenario, mineral=chosen)
    made, used = lost[~lost["final"]], _wanted(lost[lost["final"]], product, consumer)
    if not len(used):
        raise ParameterError(f"no final demand that counts holds {chosen}, so there is none to lose")
    stages, products = _summed(made, ["order", "stage"]).assign(product=""), _summed(used, ["product"])
    stages["label"] = stages["stage"].map(stage_words(network, lower=False))
    whole = _summed(used.assign(product=""), ["product"]).assign(label="All final products", panel="product")
    products["label"] = products["product"].map(lambda name: material_words(network).get(name, name))
    products = products.sort_values(["frozen", "output", "product"], ascending=[False, False, True], kind="stable")
    room = look.rows_that_fit(top + 2, around=36 + 4.9 * len(stages), each=4.9)
    top = max(room - 2, min(top, 3))  # beside all products, and the rest
    rest = products.iloc[top:]
    if len(rest):
        few = rest.assign(product="others")
        rest = _summed(few, ["product"]).assign(label=f"{len(rest)} other final products")
    products = pd.concat([whole, products.head(top), rest], ignore_index=True)
    table = pd.concat([stages.assign(panel="stage"), products.assign(panel="product")], ignore_index=True)
    for name in LOST:
        table[f"{name}_share"] = table[name] / table["output"]
    table = table.assign(unit=f"t {chosen}", stage=table["stage"].fillna(""))
    high = [max(int((table["panel"] == panel).sum()), 2) for panel in ("stage", "product")]
    figure = look.new_figure(height=46 + 4.9 * sum(high))
    axes = figure.subplots(2, height_ratios=[n + 0.6 for n in high])
    heads = (
        ("stage", "a  Stage by stage, from mine to plant"),
        ("product", f"b  Final products{whose(network, None, consumer)}"),
    )
    for ax, (panel, title) in zip(axes, heads, strict=True):
        rows = table[table["panel"] == panel]
        plot.loss_steps(rows, ax=ax, title=title, unit=f"t {chosen}", largest=float(table["output"].max()))
    axes[0].set_xlabel("")
    figure.suptitle(
        look.plain(scenario.name, 90), fontsize=look.HEAD, fontweight="bold", color=look.INK, x=0.01, ha="left"
    )
    look.legend_under(figure, *axes[0].get_legend_handles_labels(), columns=2)
    columns = ["panel", "stage", "product", "label", "unit", "output", *LOST, *[f"{name}_share" for name in LOST]]
    return finished(figure, table[columns], network)


def _summed(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return rows.groupby(keys, as_index=False, sort=True)[["output", *LOST]].sum()


def _wanted(
    used: pd.DataFrame, product: str | Sequence[str] | None, consumer: str | Sequence[str] | None
) -> pd.DataFrame:
    """Keep the users and products asked for."""
    kept = used
    for column, named in (("product", product), ("country", consumer)):
        if named is not None:
            values = [named] if isinstance(named, str) else list(named)
            unknown = [value for value in values if value not in set(used[column])]
            if unknown:
                what = "consumer" if column == "country" else column
                raise UnknownNameError(f"no {what} {unknown[0]!r}; {nearest(unknown[0], set(used[column]))}")
            kept = kept[kept[column].isin(values)]
    return kept
