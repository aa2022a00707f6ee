"""What is written on a figure: which words touch, and which leave the page."""

from __future__ import annotations

from itertools import combinations

from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox


def texts(figure: Figure) -> list[Text]:
    """Every text that is seen; of ticks only those within their axis."""
    hidden: set[int] = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            every = {id(label) for tick in axis.get_major_ticks() for label in (tick.label1, tick.label2)}
            drawn = {id(label) for tick in axis._update_ticks() for label in (tick.label1, tick.label2)}
            hidden |= every - drawn if ax.axison else {*every, id(axis.label)}
    found = figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible())
    return [text for text in found if id(text) not in hidden and text.get_text().strip()]


def boxes(figure: Figure) -> list[tuple[str, Bbox, Path]]:
    """Words, extent and the slightly smaller outline, turned as the text is, of everything written."""
    figure.set_dpi(300)
    figure.draw_without_rendering()
    found = []
    for text in texts(figure):
        turn = text.get_rotation()
        extent = Text.get_window_extent(text)  # of an annotation: without its line
        text.set_rotation(0)
        level = Text.get_window_extent(text)
        text.set_rotation(turn)
        wide, high = 0.96 * level.width, 0.72 * level.height
        middle = ((extent.x0 + extent.x1) / 2, (extent.y0 + extent.y1) / 2)
        place = Affine2D().translate(-0.5, -0.5).scale(wide, high).rotate_deg(turn).translate(*middle)
        found.append((text.get_text(), extent, Path.unit_rectangle().transformed(place)))
    return found


def clashes(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that touch."""
    return [
        (one, other)
        for (one, a, outline), (other, b, other_outline) in combinations(boxes(figure), 2)
        if a.overlaps(b) and outline.intersects_path(other_outline, filled=True)
    ]


def cut(figure: Figure) -> list[str]:
    """Texts that leave the page."""
    page = figure.bbox
    edge = 0.002 * page.width
    return [
        words
        for words, box, _ in boxes(figure)
        if min(box.x0 - page.x0, page.x1 - box.x1, box.y0 - page.y0, page.y1 - box.y1) < -edge
    ]
