"""Source tables in, closed and sourced data packages out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from graphmodel import datasets
from graphmodel.build.consistency import require_consistent
from graphmodel.build.package import Package, assemble
from graphmodel.build.places import Places
from graphmodel.build.recipes import Recipes
from graphmodel.build.sizing import size
from graphmodel.build.sources import SOURCES, read_sources
from graphmodel.convert.folder import write_folder
from graphmodel.errors import Problem, SchemaError, UnknownNameError, nearest
from graphmodel.network import Network

__all__ = ["BUILDS", "SOURCES", "build", "source_problems"]

BUILDS = {
    "minerals-2024": {
        "title": "Mineral value chains 2024: battery, magnet and chip minerals from mine to use",
        "year": 2024,
        "mineral": "cobalt",
        "licences": [
            {
                "name": "CC-BY-4.0",
                "title": "Creative Commons Attribution 4.0 International",
                "path": "https://creativecommons.org/licenses/by/4.0/",
            }
        ],
    }
}
"""Data packages made from source tables, and what each says of itself."""

SPARSE = "-sparse"
"""Ending of the name under which the sparse reconstruction ships."""


def build(
    name: str,
    *,
    sources: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Package:
    r"""Make a data package from its source tables and write both reconstructions.

    Parameters
    ----------
    name : str
        A key of `BUILDS`.
    sources : path, optional
        Folder of source tables, ``datasets/<name>/sources`` when absent.
    out : path, optional
        Folder in which ``<name>`` and ``<name>-sparse`` are written, ``datasets`` when absent.
    progress : callable, optional
        Called with the name of each step.

    Raises
    ------
    UnknownNameError
        If there is no such build.
    SchemaError
        With everything wrong in the source tables; nothing is written.
    ConvergenceError
        If flows cannot be balanced; nothing is written.

    Notes
    -----
    Same sources, same bytes.

    Examples
    --------
    A mine of 60 in a country that digs 100: what no named plant digs is a node of its own.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import graphmodel as gm
    >>> tables = {
    ...     "references": "reference,citation,year\nbook,A book,2024\n",
    ...     "stages": "stage,order,role\nmining,1,origin\nuse,2,sink\n",
    ...     "materials": "material,mineral,unit,stage,traded,sized_by,reference,evidence\n"
    ...     "ore,cobalt,t Co,mining,yes,control,book,reported\nalloy,cobalt,t Co,use,no,control,book,reported\n",
    ...     "recipes": "stage,output,input,amount,reference,evidence\nuse,alloy,ore,1,book,reported\n",
    ...     "controls": "stage,mineral,material,country,year,quantity,unit,role,reference,evidence\n"
    ...     "mining,cobalt,ore,COD,2024,100,t Co,control,book,reported\n"
    ...     "use,cobalt,alloy,CHN,2024,80,t Co,control,book,reported\n",
    ...     "plants": "node_id,name,stage,country,reference,evidence\nmine-a,Mine A,mining,COD,book,reported\n",
    ...     "plant_outputs": "node_id,material,output,unit,reference,evidence\nmine-a,ore,60,t Co,book,reported\n",
    ... }
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, text in tables.items():
    ...         _ = Path(folder, f"{name}.csv").write_text(text)
    ...     package = gm.build.build("minerals-2024", sources=folder, out=f"{folder}/made")
    ...     gm.read(f"{folder}/made/minerals-2024").edges[["source", "target", "quantity"]]
                       source     target  quantity
    0                  mine-a  alloy-chn      48.0
    1  rest-mining-cobalt-cod  alloy-chn      32.0
    """
    if name not in BUILDS:
        raise UnknownNameError(f"no build {name!r}; {nearest(name, BUILDS)}")
    say = progress or (lambda step: None)
    home = datasets.root()
    say("reading source tables")
    tables = read_sources(Path(sources) if sources else home / name / "sources")
    say("sizing nodes and balancing flows")
    package = assemble(tables, _places(home))
    target = Path(out) if out else home
    say("writing")
    target.mkdir(parents=True, exist_ok=True)
    about = {**BUILDS[name], "sources": _citations(package.extra["references"])}
    for ending, frames, kind in (("", package.dense, "dense"), (SPARSE, package.sparse, "sparse")):
        network = Network(**frames, name=name + ending, description={**about, "reconstruction": kind})
        write_folder(network, target / (name + ending), extra=package.extra)
    return package


def source_problems(folder: str | os.PathLike[str]) -> list[Problem]:
    r"""List everything that is wrong in a folder of source tables, without building.

    Raises
    ------
    DataPackageError
        If there is no source table at all.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import graphmodel as gm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "stages.csv").write_text("stage,order,role\nmining,1,orgin\n")
    ...     [str(problem) for problem in gm.build.source_problems(folder) if problem.line]
    ["stages.csv:2:role: is not allowed 'orgin' (did you mean 'origin'?)"]
    """
    try:
        sources = read_sources(Path(folder))
        require_consistent(sources)
        size(sources, Recipes(sources), _places(datasets.root()))
    except SchemaError as error:
        return list(error.problems)
    return []


def _places(home: Path) -> Places:
    return Places.from_table(pd.read_csv(home / "reference" / "countries.csv", keep_default_na=False))


def _citations(references: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {"title": row.citation, "path": row.url} if row.url else {"title": row.citation}
        for row in references.itertuples()
    ]
