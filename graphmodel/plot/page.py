"""The page a figure is drawn for: its width and depth, and how large type and rows are on it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from graphmodel.errors import UnknownNameError, nearest

SMALL, TEXT, HEAD = 7.0, 8.0, 9.0
"""Font sizes in points at scale 1."""


@dataclass(frozen=True)
class Style:
    """A page; lengths in mm.

    Parameters
    ----------
    name : str
    width, column : float
        Of a page over all columns, and of one column.
    depth : float
        No figure is higher, as far as it can leave rows out.
    scale : float
        How much larger type, rows, lines and marks are than in ``plain``.
    fills : bool
        Every figure takes the whole depth, as on a slide.
    fonts : tuple of str
        What the journal asks for, best first; used only where a caller wants the machine's own fonts.
    """

    name: str
    width: float
    column: float
    depth: float = math.inf
    scale: float = 1.0
    fills: bool = False
    fonts: tuple[str, ...] = ()

    @property
    def small(self) -> float:
        """Size of labels, in points."""
        return SMALL * self.scale

    @property
    def text(self) -> float:
        """Size of titles of axes, in points."""
        return TEXT * self.scale

    @property
    def head(self) -> float:
        """Size of titles of panels, in points."""
        return HEAD * self.scale


STYLES: Mapping[str, Style] = {
    style.name: style
    for style in (
        Style("plain", 180.0, 180.0),
        Style("nature", 183.0, 89.0, 170.0, scale=7 / HEAD, fonts=("Arial", "Helvetica")),
        Style("elsevier", 190.0, 90.0, 240.0, fonts=("Arial", "Helvetica")),
        Style("acs", 177.8, 84.6, 232.8, fonts=("Helvetica", "Arial")),
        Style("science", 184.1, 91.4, 243.4, fonts=("Arial", "Helvetica")),
        Style("slide", 190.5 * 16 / 9, 190.5 * 16 / 9, 190.5, scale=14 / SMALL, fills=True),
    )
}
"""Pages by name; where the numbers come from is said in docs/figures.md."""

_HOLDS: ContextVar[Style] = ContextVar("style", default=STYLES["plain"])


def page() -> Style:
    """Return the style that holds here."""
    return _HOLDS.get()


@contextmanager
def using(name: str) -> Iterator[Style]:
    """Draw for a style within a block, in this thread or task only.

    Raises
    ------
    UnknownNameError
        If there is no such style.

    Examples
    --------
    >>> import graphmodel as gm
    >>> lost = gm.removal(gm.load("toy-battery"))
    >>> with gm.plot.using("slide"):
    ...     on_slide = lost.plot()
    >>> [round(25.4 * float(ax.figure.get_figwidth()), 1) for ax in (on_slide, lost.plot())]
    [338.7, 180.0]
    """
    if name not in STYLES:
        raise UnknownNameError(f"no style {name!r}; {nearest(name, STYLES)}")
    before = _HOLDS.set(STYLES[name])
    try:
        yield STYLES[name]
    finally:
        _HOLDS.reset(before)
