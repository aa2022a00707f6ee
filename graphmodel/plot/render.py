"""A figure as the bytes of a file: the same figure gives the same bytes."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from textwrap import fill
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.collections import Collection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox, BboxBase

from graphmodel.plot.page import page
from graphmodel.plot.style import PAPER

FORMATS = ("pdf", "svg", "png")
"""Formats a figure can be rendered in."""

_FIXED = {
    "svg.hashsalt": "graphmodel",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "text.hinting": "no_hinting",
}
"""Settings of every file; without hinting text is as wide on a screen as in print."""

LAYOUT_DPI = 600

PLACES = 6
"""Decimals of places on a page, as shares of its width and height."""

_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def settings(*changes: Mapping[str, Any]) -> Iterator[None]:
    """Hold matplotlib's default settings, with changes; they are the process's, so threads wait for one another."""
    with _ONE_AT_A_TIME, matplotlib.style.context(["default", *map(dict, changes)]):
        yield


def settle(figure: Figure) -> None:
    """Lay a figure out once and for all, so that every file shows the same."""
    dpi = figure.dpi
    _scale_marks(figure, page().scale)
    with settings(_FIXED):
        figure.set_dpi(LAYOUT_DPI)
        _wrap_titles(figure)
        figure.draw_without_rendering()
        _round_places(figure)
        _move_titles(figure)
        figure.set_dpi(dpi)
        figure.set_layout_engine(None)  # "none" would leave an engine, and with it one more drawing of every file


def _round_places(figure: Figure) -> None:
    """Round where axes stand: the solver of the layout adds up in the order of addresses in memory."""
    for ax in figure.axes:
        ax.set_position(np.round(ax.get_position(original=True).bounds, PLACES).tolist())


def _titles(figure: Figure) -> Iterator[tuple[Text, Bbox, BboxBase]]:
    """Titles and names of horizontal axes, each with its extent and that of what holds it."""
    for text in filter(Text.get_text, figure.texts):
        yield text, text.get_window_extent(), figure.bbox
    for ax in figure.axes:
        titles = [child for child in ax.get_children() if isinstance(child, Text) and child not in ax.texts]
        for text in filter(Text.get_text, [ax.xaxis.label, *titles]):
            yield text, text.get_window_extent(), ax.bbox


def _wrap_titles(figure: Figure) -> None:
    """Break titles wider than the page into lines."""
    for text, extent, _ in _titles(figure):
        room = 0.98 * figure.bbox.width / extent.width
        if room < 1:
            lines = text.get_text().split("\n")
            letters = int(room * max(map(len, lines)))
            text.set_text("\n".join(fill(line, letters) for line in lines))


def _move_titles(figure: Figure) -> None:
    """Move titles that stick out of the page back onto it."""
    for text, extent, holder in _titles(figure):
        if extent.x0 < figure.bbox.x0 or extent.x1 > figure.bbox.x1:
            edge = 0.01 * figure.bbox.width
            aside = max(edge - extent.x0, 0.0) or min(figure.bbox.x1 - edge - extent.x1, 0.0)
            text.set_x(round(text.get_position()[0] + aside / holder.width, PLACES))


def _scale_marks(figure: Figure, scale: float) -> None:
    """Scale lines and marks, which are drawn for a plain page; type is scaled where it is written."""
    if scale == 1:
        return
    for artist in figure.findobj():
        if isinstance(artist, Annotation) and artist.arrow_patch is not None:
            artist.arrow_patch.set_linewidth(scale * artist.arrow_patch.get_linewidth())
        elif isinstance(artist, Line2D):
            artist.set(
                linewidth=scale * artist.get_linewidth(),
                markersize=scale * artist.get_markersize(),
                markeredgewidth=scale * artist.get_markeredgewidth(),
            )
        elif isinstance(artist, Collection):
            artist.set_linewidth((scale * np.atleast_1d(artist.get_linewidth())).tolist())
            if isinstance(artist, PathCollection):
                artist.set_sizes([scale**2 * size for size in artist.get_sizes()])
        elif isinstance(artist, Patch):
            artist.set_linewidth(scale * artist.get_linewidth())
            if isinstance(artist, FancyArrowPatch):
                artist.set_mutation_scale(scale * artist.get_mutation_scale())


def render(
    figure: Figure, kind: str, *, title: str = "", creator: str = "graphmodel", about: str = "", dpi: int = 300
) -> bytes:
    """Render a figure in one of `FORMATS`, whatever the user's settings.

    Notes
    -----
    Fonts are embedded in PDF, text is drawn as paths in SVG. The metadata carry no date.
    """
    words = [_printable(text) for text in (title, creator, about)]
    keys: dict[str, tuple[str, str, str, str]] = {
        "pdf": ("Title", "Creator", "Subject", "CreationDate"),
        "svg": ("Title", "Creator", "Description", "Date"),
        "png": ("Title", "Software", "Description", "Creation Time"),
    }
    metadata: dict[str, str | None] = dict(zip(keys[kind], [*words, None], strict=True))
    if kind == "png":
        del metadata["Creation Time"]
    buffer = io.BytesIO()
    with settings(_FIXED):
        figure.savefig(buffer, format=kind, dpi=dpi if kind == "png" else 72, metadata=metadata, facecolor=PAPER)
    return buffer.getvalue()


def _printable(words: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in words)
