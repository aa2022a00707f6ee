"""Published figures: each a function of a network that returns the figure and the table it draws."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.style
import pandas as pd

import graphmodel
from graphmodel import analysis, datasets, plot
from graphmodel.analysis.chokepoints import BESIDE
from graphmodel.convert.atomic import replace_file
from graphmodel.datasets import PROGRAMMES
from graphmodel.errors import (
    DataPackageError,
    EmptySelectionError,
    GraphModelError,
    ParameterError,
    UnknownNameError,
    listed,
    nearest,
)
from graphmodel.figures.disruption import first_failure as first_failure
from graphmodel.figures.disruption import loss_over_weeks as loss_over_weeks
from graphmodel.figures.disruption import pairs as pairs
from graphmodel.figures.disruption import percolation as percolation
from graphmodel.figures.disruption import responses as responses
from graphmodel.figures.drawing import Drawn as Drawn
from graphmodel.figures.drawing import finished, whose, worst_stop
from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.flow_diagram import HEIGHT
from graphmodel.plot.flow_table import main_mineral
from graphmodel.plot.render import FORMATS, render
from graphmodel.plot.words import industry_words, material_words, stage_words
from graphmodel.results import (
    ChokepointResult,
    DiversificationResult,
    LossResult,
    OverviewResult,
    ProgrammeResult,
    Result,
)
from graphmodel.scenario import Scenario


class Drawings(dict[str, Drawn]):
    """Figures by name; `skipped` says why others were not drawn."""

    def __init__(self, drawn: Mapping[str, Drawn], skipped: Mapping[str, str]) -> None:
        super().__init__(drawn)
        self.skipped = dict(skipped)


ENDS: tuple[analysis.Response, ...] = ("reachability", "frozen")
"""The least loss and the most, where a figure shows these alone."""


def chokepoints(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    top: int = 12,
) -> Drawn:
    """Rank what is lost without each plant, each country's stage and each controlling country.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    top : int
        Rows of each panel.

    Raises
    ------
    ParameterError
        If no material holds a mineral.
    """
    chosen = mineral or main_mineral(network)
    counted: dict[str, Any] = {"mineral": chosen, "product": product, "consumer": consumer}
    panels = (
        ("a  Single plants", "plant"),
        ("b  A country's plants at one stage", "industry"),
        ("c  All plants one country's firms control", "control"),
    )
    results = {by: _or_none(analysis.chokepoints, network, by=by, responses=ENDS, **counted) for _, by in panels}
    tables = {by: _worst(result, top) for by, result in results.items() if result is not None}
    if not tables:  # say why
        analysis.chokepoints(network, by="industry", responses=ENDS, **counted)
    rows = {by: max(len(table), 2) for by, table in tables.items()}
    figure = look.new_figure(height=24 + 10 * len(rows) + 3.9 * sum(rows.values()))
    axes = figure.subplots(len(rows), squeeze=False, height_ratios=[n + 0.6 for n in rows.values()])[:, 0]
    drawn = [(title, by) for title, by in panels if by in tables]
    for ax, (title, by) in zip(axes, drawn, strict=True):
        result = results[by]
        if result is not None:
            plot.chokepoint_ranking(result, ax=ax, top=top, names=industry_words(network), title=title)
        ax.set_xlabel("")
    widest = max([float(table["frozen_share"].max()) for table in tables.values() if len(table)] or [1.0])
    for ax in axes:
        ax.set_xlim(0, 1.08 * widest)
    look.x_title(axes[-1], f"share of final demand{whose(network, product, consumer)} lost, in {chosen} contained")
    handles, labels = axes[0].get_legend_handles_labels()
    look.legend_above(figure, handles[::-1], labels[::-1])
    table = pd.concat([table.assign(by=by) for by, table in tables.items()], ignore_index=True)
    return finished(figure, table[["by", *[name for name in table if name != "by"]]], network)


def _worst(result: Result, top: int) -> pd.DataFrame:
    table = result.table
    return table[table["frozen_share"] > 0].sort_values(["rank", "removed"], kind="stable").head(top)


def _or_none(run: Callable[..., Any], network: Network, **options: Any) -> Any:
    """Run an analysis, or return None where nothing can be grouped that way."""
    try:
        return run(network, **options)
    except EmptySelectionError:
        return None


def overview(
    network: Network,
    *,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    result: OverviewResult | None = None,
) -> Drawn:
    """Rank minerals by what final products lose of each without its worst industry.

    Parameters
    ----------
    network : Network
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    result : OverviewResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    EmptySelectionError
        If nothing can be grouped, or no final demand that counts holds any mineral.
    """
    result = result or analysis.overview(network, product=product, consumer=consumer)
    figure = look.new_figure(height=24 + 4.2 * max(len(result), 3))
    ax = figure.add_subplot()
    plot.overview_ranking(result, ax=ax, names=industry_words(network))
    look.x_title(ax, f"share of final demand{whose(network, product, consumer)} lost, in tonnes of each mineral")
    handles, labels = ax.get_legend_handles_labels()
    look.legend_above(figure, handles[::-1], labels[::-1])
    return finished(figure, result.table, network)


def flow_diagram(network: Network, *, mineral: str | None = None, colour: str = "country") -> Drawn:
    """Draw what flows from mine to use, stage by stage and country by country, with recycling below.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    colour : {"country", "stage"}
        What ribbons are coloured by.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or none of it flows.
    """
    table = plot.flow_table(network, mineral=mineral or main_mineral(network))
    figure = look.new_figure(height=HEIGHT)
    plot.draw_flows(table, network.stages, colour=colour, ax=look.whole_axes(figure))
    return finished(figure, table, network)


def world_map(network: Network, *, mineral: str | None = None, n_flows: int = 40) -> Drawn:
    """Draw where a mineral is handled and its largest flows between countries.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    n_flows : int
        Number of flows, the largest first.

    Raises
    ------
    ParameterError
        If no material holds a mineral, none of it flows, or no node has a place.
    """
    table = plot.map_table(network, mineral=mineral or main_mineral(network), n_flows=n_flows)
    if table["lat"].isna().all():
        raise ParameterError("no node has coordinates or a country with a label point; fill `lat` and `lon` in nodes")
    ax = plot.draw_map(table, network.stages)
    return finished(look.figure_of(ax), table, network)


def stage_shares(network: Network, *, mineral: str | None = None) -> Drawn:
    """Stack countries' shares of each stage, with the range of the Herfindahl-Hirschman index.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.

    Raises
    ------
    ParameterError
        If no material holds a mineral, or nothing is made.
    """
    chosen = mineral or main_mineral(network)
    result = analysis.concentration(network, by="country", mineral=chosen)
    if not len(result):
        raise ParameterError(f"no node makes anything that holds {chosen}")
    shares = analysis.shares(network, by="country", mineral=chosen)
    figure = look.new_figure(height=18 + 8 * len(result))
    plot.stage_shares(shares, result, ax=figure.add_subplot(), names=stage_words(network, lower=False))
    index = result.table[["stage", "quantity", "unit", "hhi_low", "hhi_high", "effective_number"]]
    table = shares.table.drop(columns=["material", "unit"])
    return finished(figure, table.merge(index.rename(columns={"quantity": "stage_quantity"}), on="stage"), network)


def centrality_against_loss(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    by: str = "industry",
) -> Drawn:
    """Set measures of position against the loss they claim to predict.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    by : str
        What a point stands for: ``"industry"``, ``"plant"`` or any grouping of `removal`.

    Raises
    ------
    ParameterError
        If no material holds a mineral.
    EmptySelectionError
        If nothing can be grouped that way.
    """
    chosen = mineral or main_mineral(network)
    result = analysis.chokepoints(network, by=by, responses=ENDS, mineral=chosen, product=product, consumer=consumer)
    table = result.table
    table = table[table["out_strength"] > 0]  # what handles none of the mineral has no position in its network
    result = ChokepointResult(table, network=result.network, parameters=result.parameters, units=result.units)
    measures = list(BESIDE)
    figure = look.new_figure(height=118)
    columns = 3
    axes = figure.subplots(-(-len(measures) // columns), columns, squeeze=False, sharey=True).ravel()
    for place, (ax, measure) in enumerate(zip(axes, measures, strict=False)):
        plot.centrality_against_loss(result, measure=measure, ax=ax, names=industry_words(network), labelled=5)
        ax.set_xlabel("")
        if place % columns == 0:
            look.y_title(ax, "frozen loss, share of demand")
    for ax in axes[len(measures) :]:
        ax.set_axis_off()
        what = "stage of one country" if by == "industry" else by
        ax.text(
            0.0,
            0.95,
            f"Each point: one {look.plain(what)}\nthat delivers {look.plain(chosen)}.\n"
            "High and left: much is lost,\nbut the measure does not see it.",
            transform=ax.transAxes,
            va="top",
            fontsize=look.TEXT,
            color=look.INK,
            linespacing=1.5,
        )
    return finished(figure, result.table, network)


def loss_by_product(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    scenario: Scenario | None = None,
) -> Drawn:
    """Show which consuming country loses which product in a scenario.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        Only products that hold it are shown; the one found at most stages when absent.
    product, consumer : str or list of str, optional
        Show only these products or countries.
    scenario : Scenario, optional
        The industry whose stop loses most, when absent.

    Raises
    ------
    ParameterError
        If there is no final demand.
    """
    held = mineral or main_mineral(network)
    counted = {"mineral": held, "product": product, "consumer": consumer}
    chosen = scenario or worst_stop(network, counted)
    whole = analysis.losses(network, chosen, mineral=held)
    rows = whole.table[whole.table["product"].map(network.content(held)).fillna(0.0) > 0]
    for column, named in (("product", product), ("consumer", consumer)):
        if named is not None:
            values = [named] if isinstance(named, str) else list(named)
            unknown = [value for value in values if value not in set(whole.table[column])]
            if unknown:
                raise UnknownNameError(f"no {column} {unknown[0]!r}; {nearest(unknown[0], set(whole.table[column]))}")
            rows = rows[rows[column].isin(values)]
    result = LossResult(rows, network=whole.network, parameters=whole.parameters, units=whole.units)
    table = rows.query("response == 'frozen' and demand > 0")
    if not len(table):
        raise ParameterError(f"no final demand that counts holds {held}, so there is none to lose")
    figure = look.new_figure(height=36 + 8 * table["product"].nunique())
    plot.loss_by_product(result, ax=figure.add_subplot(), names=material_words(network), title=chosen.name)
    return finished(figure, table, network)


def diversification(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    scenario: Scenario | None = None,
    result: DiversificationResult | None = None,
) -> Drawn:
    """Compare measures without and with a scenario, such as an alliance's projects.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    scenario : Scenario
        What is added or changed.
    result : DiversificationResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    ParameterError
        If neither a scenario nor a result is given, or no material holds a mineral.
    """
    if scenario is None and result is None:
        raise ParameterError("diversification compares with a scenario; give one as scenario=…")
    if result is None:
        assert scenario is not None
        mineral = mineral or main_mineral(network)
        result = analysis.diversification(network, scenario, mineral=mineral, product=product, consumer=consumer)
    name = str(result.parameters["scenario"])
    table = result.table
    lost = [measure for measure in dict.fromkeys(table["measure"]) if "loss" in measure]
    shown = [measure for measure in dict.fromkeys(table["measure"]) if measure not in lost]
    above, below = (max(int(table["measure"].isin(group).sum()), 1) for group in (shown[:1], lost))
    figure = look.new_figure(height=42 + 4.1 * (above + below))
    spread = figure.add_gridspec(2, max(len(shown), 1), height_ratios=(above + 1, below + 1))
    axes = [figure.add_subplot(spread[0, place]) for place in range(len(shown))]
    for ax, measure in zip(axes, shown, strict=True):
        plot.before_and_after(result, measure=measure, ax=ax, names=stage_words(network, lower=False))
        if ax is not axes[0]:
            ax.set_yticklabels([])
    axes.append(figure.add_subplot(spread[1, :]))
    plot.dumbbells(result, lost, ax=axes[-1], title="final demand lost, share", names=stage_words(network))
    handles, labels = axes[0].get_legend_handles_labels()
    look.legend_above(figure, handles, labels)
    figure.suptitle(look.plain(name, 90), fontsize=look.HEAD, fontweight="bold", color=look.INK, x=0.01, ha="left")
    return finished(figure, table, network)


def programmes(
    network: Network,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    result: ProgrammeResult | None = None,
) -> Drawn:
    """Rank alliances and sponsors by what all their listed projects together keep served.

    Parameters
    ----------
    network : Network
    mineral : str, optional
        Count final demand in tonnes of it; every product alike when absent.
    product, consumer : str or list of str, optional
        Count only the final demand for these products, or of these countries.
    result : ProgrammeResult, optional
        Worked out before for the same network and demand.

    Raises
    ------
    EmptySelectionError
        If no listed project can enter the network.
    """
    if result is None:
        listed = {name: datasets.projects(name) for name in PROGRAMMES}
        result = analysis.programme_worth(network, listed, mineral=mineral, product=product, consumer=consumer)
    figure = look.new_figure(height=34 + 6 * len(result))
    plot.programme_ranking(result, ax=figure.add_subplot())
    return finished(figure, result.table, network)


def closure(network: Network, *, mineral: str | None = None) -> Drawn:
    """Show how well a data package closes and what its flows rest on.

    Parameters
    ----------
    network : Network
        Of a data package with the tables ``closure`` and ``basis``.
    mineral : str, optional
        Only materials that hold it; the one found at most stages when absent.

    Raises
    ------
    ParameterError
        If the network's data package has no such tables, or no material holds a mineral.
    """
    try:
        closes, basis = datasets.table(network.name, "closure"), datasets.table(network.name, "basis")
    except GraphModelError as error:
        raise ParameterError(f"{network.name!r} comes without tables closure and basis: {error}") from error
    held = network.content(mineral or main_mineral(network))
    closes = closes[closes["material"].map(held).fillna(0.0) > 0]
    shares = closes[["material"]].merge(basis, on="material", how="left").fillna(0.0)
    figure = look.new_figure(height=30 + 4.2 * len(closes))
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
    words = material_words(network)
    plot.closure_bars(closes, ax=left, names=words)
    plot.basis_bars(shares, ax=right, names=words)
    right.set_yticklabels([])
    look.head(left, "a  What is made, and what of it flows")
    look.head(right, "b  What flows rest on")
    for ax in (left, right):
        look.legend_below(ax)
    return finished(figure, closes.merge(basis, on="material", how="left"), network)


FIGURES: dict[str, Callable[..., Drawn]] = {
    "overview": overview,
    "responses": responses,
    "chokepoints": chokepoints,
    "flow_diagram": flow_diagram,
    "world_map": world_map,
    "stage_shares": stage_shares,
    "centrality_against_loss": centrality_against_loss,
    "loss_by_product": loss_by_product,
    "loss_over_weeks": loss_over_weeks,
    "first_failure": first_failure,
    "pairs": pairs,
    "percolation": percolation,
    "diversification": diversification,
    "programmes": programmes,
    "closure": closure,
}
"""Every published figure by name."""

COUNTED = ("mineral", "product", "consumer")
TAKES: dict[str, tuple[str, ...]] = {
    "overview": ("product", "consumer", "result"),
    "responses": ("product", "consumer", "result"),
    "chokepoints": COUNTED,
    "centrality_against_loss": COUNTED,
    "loss_by_product": (*COUNTED, "scenario"),
    "loss_over_weeks": (*COUNTED, "scenario", "result"),
    "first_failure": (*COUNTED, "scenario", "result"),
    "pairs": (*COUNTED, "result"),
    "percolation": ("mineral", "result"),
    "diversification": (*COUNTED, "scenario", "result"),
    "programmes": (*COUNTED, "result"),
}
"""What `draw` hands to a figure, where it is not the mineral alone."""


def draw(
    network: Network,
    names: Iterable[str] | None = None,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    scenario: Scenario | None = None,
    results: Mapping[str, Result] | None = None,
) -> Drawings:
    """Draw figures in matplotlib's default style, whatever the user's settings.

    Parameters
    ----------
    network : Network
    names : list of str, optional
        Keys of `FIGURES`; all that can be drawn when absent.
    mineral : str, optional
        The one found at most stages when absent.
    product, consumer : str or list of str, optional
        For figures of losses: count only these products, or these countries.
    scenario : Scenario, optional
        For figures of one scenario.
    results : mapping of Result, optional
        What was worked out before for the same network and demand, by figure, so that it is not done again.

    Returns
    -------
    Drawings
        A dict of `Drawn` by name. When no names are given, figures the network lacks something for are left out
        and ``skipped`` says why, by name.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    ParameterError
        If a figure that was named cannot be drawn.

    Examples
    --------
    >>> import graphmodel as gm
    >>> drawn = gm.figures.draw(gm.load("toy-battery"), ["chokepoints"])
    >>> drawn["chokepoints"].table["label"].iloc[0]
    'Refinery A'
    """
    chosen = list(FIGURES) if names is None else [names] if isinstance(names, str) else list(names)
    unknown = [name for name in chosen if name not in FIGURES]
    if unknown:
        raise UnknownNameError(f"no figure {listed(unknown)}; {nearest(unknown[0], FIGURES)}")
    options = {"mineral": mineral, "product": product, "consumer": consumer, "scenario": scenario}
    drawn: dict[str, Drawn] = {}
    skipped: dict[str, str] = {}
    with matplotlib.style.context("default"):
        for name in chosen:
            given = {**options, "result": (results or {}).get(name)}
            taken = {key: given[key] for key in TAKES.get(name, ("mineral",))}
            try:
                drawn[name] = FIGURES[name](network, **taken)
            except (ParameterError, EmptySelectionError) as error:
                if names is not None:
                    raise
                skipped[name] = str(error)
    return Drawings(drawn, skipped)


def save(
    drawn: Mapping[str, Drawn],
    out: str | os.PathLike[str],
    *,
    formats: Sequence[str] = FORMATS,
    command: str = "",
    dpi: int = 300,
) -> list[Path]:
    """Write every figure in each format, and its table as CSV; the same input gives the same bytes.

    Parameters
    ----------
    drawn : mapping of Drawn
        As `draw` returns it; the keys become file names.
    out : path
        Folder; made if it does not exist.
    formats : list of str
        Of ``pdf``, ``svg`` and ``png``.
    command : str
        How the figures were made, written into each file.
    dpi : int
        Resolution of PNG.

    Returns
    -------
    list of Path
        Files written: each appears whole or not at all.

    Raises
    ------
    UnknownNameError
        If there is no such format.
    DataPackageError
        If ``out`` is a file.

    Notes
    -----
    Files name graphmodel's version, the network and its fingerprint, and carry no date.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UnknownNameError(f"no format {unknown[0]!r}; {nearest(unknown[0], FORMATS)}")
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise DataPackageError(f"{folder}: is a file, not a folder")
    creator = f"graphmodel {graphmodel.__version__}"
    files: dict[str, bytes] = {}
    for name, (figure, table) in drawn.items():
        about = f"network {table.attrs.get('network', '')}, data {table.attrs.get('fingerprint', '')}"
        about = f"{about}, command: {command}" if command else about
        for kind in formats:
            files[f"{name}.{kind}"] = render(figure, kind, title=name, creator=creator, about=about, dpi=dpi)
        files[f"{name}.csv"] = table.to_csv(index=False, lineterminator="\n").encode("utf-8", "backslashreplace")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        replace_file(folder / name, content)
    return [folder / name for name in files]
