"""Published figures: each a function of a network that returns the figure and the table it draws."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from pathlib import Path

from matplotlib.font_manager import get_font_names

import graphmodel
from graphmodel.convert.atomic import replace_folder
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
from graphmodel.plot.page import STYLES as STYLES
from graphmodel.plot.page import page, using
from graphmodel.plot.render import FORMATS, render, settings
from graphmodel.results import Result
from graphmodel.scenario import Scenario


class Drawings(dict[str, Drawn]):
    """Figures by name; `skipped` says why others were not drawn.

    Examples
    --------
    >>> import graphmodel as gm
    >>> drawn = gm.figures.draw(gm.load("toy-battery"), ["chord", "closure"], skip=True)
    >>> list(drawn), drawn.skipped
    (['chord'], {'closure': "'toy-battery' comes without tables closure and basis"})
    """

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

FILES = (*FORMATS, "csv")
"""Formats `save` writes: pictures, and the plotted table."""

MANIFEST = "figures.json"
"""What `save` lists its files in."""


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
    style: str = "plain",
    system_fonts: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Drawings:
    """Draw figures for a page of a journal or a slide, whatever the user's settings of matplotlib.

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
    style : str
        One of `STYLES`: ``plain``, ``nature``, ``elsevier``, ``acs``, ``science`` or ``slide``. It sets the width of
        the page, the size of type and how many rows fit.
    system_fonts : bool
        Set type in the font the journal asks for, where this machine has it; files then differ between machines.
    progress : callable, optional
        Called with figures done and their total.

    Returns
    -------
    Drawings
        A dict of `Drawn` by name; ``skipped`` says why others are left out, by name.

    Raises
    ------
    UnknownNameError
        If there is no such figure or style.
    ParameterError
        If a figure cannot be drawn and ``skip`` is not set.

    Notes
    -----
    The font is DejaVu Sans, which comes with matplotlib, so that every machine writes the same bytes. Threads draw one
    after another, as matplotlib's settings are the process's.

    Examples
    --------
    >>> import graphmodel as gm
    >>> drawn = gm.figures.draw(gm.load("toy-battery"), ["chokepoints"])
    >>> drawn["chokepoints"].table["label"].iloc[0]
    'Refinery A'
    """
    chosen = list(FIGURES) if names is None else [names] if isinstance(names, str) else list(names)
    check_names(chosen, FIGURES, "figure")
    options = {"mineral": mineral, "product": product, "consumer": consumer, "scenario": scenario}
    drawn: dict[str, Drawn] = {}
    skipped: dict[str, str] = {}
    with using(style), settings({"font.family": _families(system_fonts)}):
        for place, name in enumerate(chosen):
            given = {**options, "result": (results or {}).get(name)}
            takes = signature(FIGURES[name]).parameters
            try:
                drawn[name] = FIGURES[name](network, **{key: given[key] for key in given if key in takes})
            except (ParameterError, EmptySelectionError) as error:
                if not (names is None if skip is None else skip):
                    raise
                skipped[name] = str(error)
            if progress is not None:
                progress(place + 1, len(chosen))
    return Drawings(drawn, skipped)


def check_names(names: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse names that are not known, with the nearest one.

    Raises
    ------
    UnknownNameError
        If a name is not known.

    Examples
    --------
    >>> import graphmodel as gm
    >>> gm.figures.check_names(["chord", "closures"], gm.figures.FIGURES, "figure")
    Traceback (most recent call last):
        ...
    graphmodel.errors.UnknownNameError: no figure closures; did you mean 'closure'?
    """
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UnknownNameError(f"no {what} {listed(unknown)}; {nearest(unknown[0], known)}")


def _families(system_fonts: bool) -> list[str]:
    """Fonts to set type in: matplotlib's own, unless the machine's are wanted and there."""
    wanted = page().fonts if system_fonts else ()
    return [*(name for name in wanted if name in get_font_names()), "sans-serif"]


def save(
    drawn: Mapping[str, Drawn],
    out: str | os.PathLike[str],
    *,
    formats: Sequence[str] = FILES,
    command: str = "",
    dpi: int = 300,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write every figure in each format, and a list of the files; the same input gives the same bytes.

    Parameters
    ----------
    drawn : mapping of Drawn
        As `draw` returns it; the keys become file names.
    out : path
        Folder; made if it does not exist. Other files in it stay.
    formats : list of str
        Of ``pdf``, ``svg``, ``png`` and ``csv``, the plotted table.
    command : str
        How the figures were made, written into each picture and the list.
    dpi : int
        Resolution of PNG.
    progress : callable, optional
        Called with figures done and their total.

    Returns
    -------
    list of Path
        Files written, ``figures.json`` last: all of them, or none. It says for each figure its ``title``, ``command``,
        ``version`` of graphmodel, ``network``, ``fingerprint`` of the data, ``style``, and its ``files`` with their
        SHA-256.

    Raises
    ------
    UnknownNameError
        If there is no such format.
    DataPackageError
        If ``out`` is a file, or cannot be written.

    Notes
    -----
    Pictures name graphmodel's version, the network and its fingerprint, and carry no date; tables are bare.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> drawn = gm.figures.draw(gm.load("toy-battery"), ["chord"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [file.name for file in gm.figures.save(drawn, folder, formats=["svg", "csv"])]
    ['chord.svg', 'chord.csv', 'figures.json']
    """
    check_names(formats, FILES, "format")
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise DataPackageError(f"{folder}: is a file, not a folder")
    files: dict[str, bytes] = {}
    entries: dict[str, object] = {}
    for place, (name, one) in enumerate(drawn.items()):
        here = {f"{name}.{kind}": _content(name, one, kind, command, dpi) for kind in dict.fromkeys(formats)}
        entries[name] = {
            "title": _title(name),
            "command": command,
            "version": graphmodel.__version__,
            **{key: one.table.attrs.get(key, "") for key in ("network", "fingerprint", "style")},
            "files": {file: hashlib.sha256(content).hexdigest() for file, content in here.items()},
        }
        files |= here
        if progress is not None:
            progress(place + 1, len(drawn))
    files[MANIFEST] = (json.dumps(entries, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        replace_folder(folder, files)
    except OSError as error:
        if isinstance(error, DataPackageError):
            raise
        raise DataPackageError(f"{folder}: {error.strerror or error}; no figure was written") from error
    return [folder / name for name in files]


def _content(name: str, drawn: Drawn, kind: str, command: str, dpi: int) -> bytes:
    """One file of a figure."""
    figure, table = drawn
    if kind == "csv":
        return table.to_csv(index=False, lineterminator="\n").encode("utf-8", "backslashreplace")
    about = f"network {table.attrs.get('network', '')}, data {table.attrs.get('fingerprint', '')}"
    about = f"{about}, command: {command}" if command else about
    return render(figure, kind, title=name, creator=f"graphmodel {graphmodel.__version__}", about=about, dpi=dpi)


def _title(name: str) -> str:
    """What a figure shows, in the first line of its documentation."""
    return (FIGURES[name].__doc__ or "").partition("\n")[0] if name in FIGURES else name
