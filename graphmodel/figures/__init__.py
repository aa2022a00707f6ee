"""Published figures: each a function of a network that returns the figure and the table it draws."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from pathlib import Path

import matplotlib.style

import graphmodel
from graphmodel.convert.atomic import replace_file
from graphmodel.errors import DataPackageError, EmptySelectionError, ParameterError, UnknownNameError, listed, nearest
from graphmodel.figures.chains import closure as closure
from graphmodel.figures.chains import flow_diagram as flow_diagram
from graphmodel.figures.chains import stage_shares as stage_shares
from graphmodel.figures.chains import world_map as world_map
from graphmodel.figures.disruption import first_failure as first_failure
from graphmodel.figures.disruption import loss_over_weeks as loss_over_weeks
from graphmodel.figures.disruption import pairs as pairs
from graphmodel.figures.disruption import percolation as percolation
from graphmodel.figures.disruption import responses as responses
from graphmodel.figures.downstream import downstream_vulnerability as downstream_vulnerability
from graphmodel.figures.drawing import Drawn as Drawn
from graphmodel.figures.losses import centrality_against_loss as centrality_against_loss
from graphmodel.figures.losses import chokepoints as chokepoints
from graphmodel.figures.losses import loss_by_product as loss_by_product
from graphmodel.figures.losses import overview as overview
from graphmodel.figures.matrices import dependence_matrix as dependence_matrix
from graphmodel.figures.matrices import mineral_stage_heat as mineral_stage_heat
from graphmodel.figures.projects import diversification as diversification
from graphmodel.figures.projects import programme_dumbbells as programme_dumbbells
from graphmodel.figures.projects import programmes as programmes
from graphmodel.figures.projects import project_timeline as project_timeline
from graphmodel.figures.structure import chord as chord
from graphmodel.figures.structure import layered_network as layered_network
from graphmodel.figures.sureness import cascade_sizes as cascade_sizes
from graphmodel.figures.sureness import rank_stability as rank_stability
from graphmodel.figures.sureness import tornado as tornado
from graphmodel.network import Network
from graphmodel.plot.render import FORMATS, render
from graphmodel.results import Result
from graphmodel.scenario import Scenario


class Drawings(dict[str, Drawn]):
    """Figures by name; `skipped` says why others were not drawn."""

    def __init__(self, drawn: Mapping[str, Drawn], skipped: Mapping[str, str]) -> None:
        super().__init__(drawn)
        self.skipped = dict(skipped)


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
    "cascade_sizes": cascade_sizes,
    "rank_stability": rank_stability,
    "tornado": tornado,
    "diversification": diversification,
    "programmes": programmes,
    "programme_dumbbells": programme_dumbbells,
    "project_timeline": project_timeline,
    "closure": closure,
    "downstream_vulnerability": downstream_vulnerability,
    "mineral_stage_heat": mineral_stage_heat,
    "dependence_matrix": dependence_matrix,
    "layered_network": layered_network,
    "chord": chord,
}
"""Every published figure by name."""


def draw(
    network: Network,
    names: Iterable[str] | None = None,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    scenario: Scenario | None = None,
    results: Mapping[str, Result] | None = None,
    skip: bool | None = None,
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

    skip : bool, optional
        Leave out figures the network lacks something for, rather than raise; as a rule when no names are given.

    Returns
    -------
    Drawings
        A dict of `Drawn` by name; ``skipped`` says why others are left out, by name.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    ParameterError
        If a figure cannot be drawn and ``skip`` is not set.

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
            takes = signature(FIGURES[name]).parameters
            try:
                drawn[name] = FIGURES[name](network, **{key: given[key] for key in given if key in takes})
            except (ParameterError, EmptySelectionError) as error:
                if not (names is None if skip is None else skip):
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
