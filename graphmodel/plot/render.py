"""A figure as the bytes of a file: the same figure gives the same bytes."""

from __future__ import annotations

import io

import matplotlib.style
from matplotlib.figure import Figure

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


def settle(figure: Figure) -> None:
    """Lay a figure out once and for all, so that every file shows the same."""
    dpi = figure.dpi
    with matplotlib.style.context(["default", _FIXED]):
        figure.set_dpi(LAYOUT_DPI)
        figure.draw_without_rendering()
        figure.set_dpi(dpi)
    figure.set_layout_engine("none")


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
    with matplotlib.style.context(["default", _FIXED]):
        figure.savefig(buffer, format=kind, dpi=dpi if kind == "png" else 72, metadata=metadata, facecolor=PAPER)
    return buffer.getvalue()


def _printable(words: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in words)
