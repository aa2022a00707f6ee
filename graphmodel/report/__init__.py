"""One self-contained page on a network: chokepoints, who loses what, concentration, projects, closure and evidence."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader

from graphmodel import __version__, figures
from graphmodel.convert.atomic import replace_folder
from graphmodel.errors import DataPackageError
from graphmodel.network import Network
from graphmodel.report.content import gather
from graphmodel.report.parts import Content
from graphmodel.report.words import amount, percent, plain

PAGE = "report.html"

PICTURES = (
    "overview",
    "responses",
    "chokepoints",
    "flow_diagram",
    "world_map",
    "stage_shares",
    "centrality_against_loss",
    "loss_by_product",
    "loss_over_weeks",
    "first_failure",
    "pairs",
    "percolation",
    "diversification",
    "programmes",
    "closure",
)
"""Figures on the page."""


def write_report(
    network: Network,
    out: str | os.PathLike[str],
    *,
    mineral: str | None = None,
    product: str | None = None,
    consumer: str | None = None,
    data: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the page, its figures and its tables into a folder; all of it, or nothing.

    Parameters
    ----------
    network : Network
    out : path
        Folder; made when absent. Files of an earlier report in it are replaced, others stay.
    mineral : str, optional
        Mineral in which losses are weighed. Needed where products come in several units.
    product, consumer : str, optional
        Count only the final demand for this product, or of this country.
    data : str, optional
        Name of the data set, to look up its closure tables, its sparse reconstruction and its sources.
    progress : callable, optional
        Called with steps done and their total.

    Returns
    -------
    Path
        The page, ``report.html``: no script, nothing loaded from outside. Beside it ``figures/`` (PDF, SVG, PNG and the
        plotted numbers as CSV) and ``tables/`` (CSV).

    Raises
    ------
    DataPackageError
        If ``out`` is a file.

    Notes
    -----
    Same network, same bytes: no date, no path of this machine.

    Examples
    --------
    >>> import tempfile
    >>> import graphmodel as gm
    >>> from graphmodel.report import write_report
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(gm.load("toy-battery"), folder, mineral="lithium").name
    'report.html'
    """
    target = Path(out)
    if target.exists() and not target.is_dir():
        raise DataPackageError(f"{target} is a file; a report needs a folder")
    say = _steps(progress, 4)
    counted: dict[str, Any] = {"mineral": mineral, "product": product, "consumer": consumer}
    content = gather(network, counted=counted, data=data)
    say()
    drawn = figures.draw(network, PICTURES, **counted, results=content.results, skip=True)
    command = _command(network, counted, data)
    say()
    with tempfile.TemporaryDirectory() as folder:
        paths = figures.save(drawn, folder, command=command)
        files = {f"figures/{path.name}": path.read_bytes() for path in paths}
    say()
    files |= {f"tables/{name}.csv": _csv(table) for name, table in content.tables.items()}
    files[PAGE] = _page(content, drawn.skipped, files, command).encode()
    target.mkdir(parents=True, exist_ok=True)
    replace_folder(target, files)
    say()
    return target / PAGE


def _steps(progress: Callable[[int, int], None] | None, total: int) -> Callable[[], None]:
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return step


def _command(network: Network, counted: Mapping[str, str | None], data: str | None) -> str:
    """The line that makes this report; a path of this machine is left out."""
    name = data if data and os.sep not in data else network.name
    options = "".join(f" --{key} {value}" for key, value in counted.items() if value)
    return f"graphmodel report {name}{options}"


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode()


def _page(content: Content, skipped: Mapping[str, str], files: Mapping[str, bytes], command: str) -> str:
    environment = Environment(
        loader=PackageLoader("graphmodel.report", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": percent, "amount": amount, "plain": plain}
    pictures = {
        Path(name).stem: "data:image/svg+xml;base64," + base64.b64encode(raw).decode()
        for name, raw in files.items()
        if name.endswith(".svg")
    }
    return environment.get_template("page.html").render(
        content=content, pictures=pictures, skipped=skipped, command=command, version=__version__
    )
