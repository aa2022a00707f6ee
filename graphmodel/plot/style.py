"""Colours, markers, sizes and the way text from data is written: said here, used by every plot."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.ticker import MaxNLocator

from graphmodel.errors import UnknownNameError, nearest
from graphmodel.plot.page import SMALL as SMALL_POINTS
from graphmodel.plot.page import page as page

if TYPE_CHECKING:
    WIDTH: float
    """Width of a figure over all columns, in mm, in the style that holds."""
    SMALL: float
    TEXT: float
    HEAD: float
    """Font sizes in points, in the style that holds."""
    HALO: Sequence[AbstractPathEffect]
    """White edge that keeps a label readable on a coloured ground."""
else:

    def __getattr__(name: str) -> object:
        """Read a size of the style that holds at the moment it is asked for."""
        if name not in _SIZES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return _SIZES[name]()


INK, FAINT, GREY, PAPER = "#222222", "#D9D9D9", "#9A9A9A", "#FFFFFF"
BAR, MARK, ACCENT = "#0072B2", "#222222", "#D55E00"
"""Main bar, mark on it, and the colour of what stands out (Okabe-Ito blue, ink, vermillion)."""

HEAT = LinearSegmentedColormap.from_list("loss", ["#FFF7EC", "#FDBB84", "#D55E00", "#6B1F00"])
"""Colours of a share lost, from none to all."""

STAGES: Mapping[str, tuple[str, str]] = {
    "mining": ("#7A4B12", "o"),
    "collection": ("#5B3A75", "v"),
    "recycling": ("#4CC79A", "P"),
    "intermediate": ("#E69F00", "s"),
    "refining": ("#00558C", "D"),
    "pcam": ("#79C4EE", "^"),
    "cam": ("#8C3D73", "p"),
    "cell": ("#F0E442", "h"),
    "vehicle": ("#B84300", "X"),
    "use": ("#BDBDBD", "*"),
    "stock": ("#6E6E6E", "d"),
}
"""Colour and marker of the stages we know; neighbours in the chain differ in lightness."""

APART = 15.0
"""By how much the lightness of one stage and the next differs, where there is a choice."""

SPARE_STAGES = (
    ("#D55E00", "o"),
    ("#56B4E9", "s"),
    ("#00734F", "D"),
    ("#F0E442", "^"),
    ("#00456F", "v"),
    ("#E6A9CB", "p"),
    ("#5C3A00", "h"),
    ("#9BD6C1", "P"),
)
"""Colours and markers of further stages, dark and light in turn."""

LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#62398F", "#7A4B12")
"""Colours of lines on one panel, in order."""

DASHES: Sequence[Any] = ("-", (0, (5, 1.5)), (0, (1.3, 1.3)), (0, (5, 1.3, 1.3, 1.3)))
"""Dashes of lines on one panel, in turn; lines of the same dash differ in lightness."""

COUNTRIES: Mapping[str, str] = {
    "CHN": "#D55E00",
    "COD": "#0072B2",
    "IDN": "#009E73",
    "KOR": "#C578AC",
    "JPN": "#62398F",
    "USA": "#56B4E9",
    "AUS": "#E69F00",
    "FIN": "#00456F",
    "CHL": "#7A4B12",
    "CAN": "#A6DAB8",
    "RUS": "#7F1D1D",
    "DEU": "#E6D321",
    "PHL": "#5C7F00",
}
"""Colour of the countries that matter most; every other one is grey. Any two differ to a deuteranope too."""

GREYS = ("#5E5E5E", "#A6A6A6", "#7E7E7E")
"""Greys, dark and light in turn, of countries without a colour where several stand side by side."""

HOLLOW: Mapping[str, Any] = {
    "marker": "D",
    "s": 14,
    "color": PAPER,
    "edgecolors": MARK,
    "linewidths": 0.9,
    "zorder": 3,
    "clip_on": False,
}
"""Mark of a second number on the row of a bar."""

OTHERS = "others"
"""Name of small groups taken together."""


def points(at_plain: float) -> float:
    """Scale a length in points to the style that holds."""
    return at_plain * page().scale


_SIZES: Mapping[str, Callable[[], Any]] = {
    "WIDTH": lambda: page().width,
    "SMALL": lambda: page().small,
    "TEXT": lambda: page().text,
    "HEAD": lambda: page().head,
    "HALO": lambda: (withStroke(linewidth=points(1.6), foreground=PAPER),),
}


def stage_styles(stages: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Give every stage its colour and marker; one we do not know takes a spare one, unlike the stage before it."""
    names = list(dict.fromkeys(stages))
    taken = {STAGES[name][0] for name in names if name in STAGES}
    spare = [style for style in SPARE_STAGES if style[0] not in taken] or list(SPARE_STAGES)
    left: list[tuple[str, str]] = []
    given: dict[str, tuple[str, str]] = {}
    before = 0.0
    for name in names:
        left = left or list(spare)
        chosen = STAGES.get(name)
        if chosen is None:
            chosen = next((one for one in left if abs(luminance(one[0]) - before) > APART), left[0])
            left.remove(chosen)
        given[name], before = chosen, luminance(chosen[0])
    return given


def country_colour(country: str) -> str:
    """Give a country its colour, grey where it has none of its own."""
    return "#BDBDBD" if country == OTHERS else COUNTRIES.get(country, GREY)


def country_colours(countries: Iterable[str]) -> dict[str, str]:
    """Give countries their colours, and those that have none of their own greys in turn."""
    names = list(dict.fromkeys(countries))
    grey = [name for name in names if name not in COUNTRIES and name != OTHERS]
    turn = {name: GREYS[place % len(GREYS)] for place, name in enumerate(grey)}
    return {name: turn.get(name) or country_colour(name) for name in names}


def luminance(colour: str) -> float:
    """Return the lightness (CIE L*, 0 to 100) of ``#RRGGBB``.

    Examples
    --------
    >>> round(luminance("#000000")), round(luminance("#FFFFFF"))
    (0, 100)
    """
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * light ** (1 / 3) - 16 if light > 0.008856 else 903.3 * light


def ink_on(colour: str) -> str:
    """Return dark or white ink, whichever reads better on a colour."""
    return INK if luminance(colour) > 55 else PAPER


def quantity(value: float) -> str:
    """Write a number for a label: no decimals from ten on.

    Examples
    --------
    >>> quantity(204.32), quantity(9.04), quantity(35.0)
    ('204', '9.0', '35')
    """
    return f"{value:.1f}" if abs(value) < 9.95 else f"{value:,.0f}".replace(",", "\u2009")


def new_figure(width: float | None = None, height: float = 90.0) -> Figure:
    """Make an empty figure without pyplot and so without a display.

    Sizes are mm at the type size of ``plain``: the style that holds scales them. On a slide the figure takes the
    whole page, and where it needs more, a larger page of the same shape.
    """
    style = page()
    wide = style.width if width is None else min(width * style.scale, style.width)
    high = height * style.scale
    engine = ConstrainedLayoutEngine(w_pad=0.07 * style.scale, h_pad=0.05 * style.scale)
    if not style.fills:
        high = max(0.9 * high, min(high, style.depth))  # rows may stand a little closer
        return Figure(figsize=(wide / 25.4, high / 25.4), layout=engine)
    larger = high / style.depth if 0.8 * high > style.depth else 1.0  # rows stand closer if that is enough
    taken = min(1.6 * high / style.depth, 1.0)  # few rows leave the foot of the slide empty
    engine.set(rect=(0.0, 1.0 - taken, 1.0, taken))
    return Figure(figsize=(larger * style.width / 25.4, larger * style.depth / 25.4), layout=engine)


def across(needed: float) -> float:
    """Return the width of one column if so many mm of ``plain`` fit into it, else of the page; in mm of ``plain``."""
    style = page()
    return (style.column if needed * style.scale <= style.column else style.width) / style.scale


def rows_that_fit(rows: int, *, around: float, each: float) -> int:
    """Return how many of so many rows fit on the page, with what stands around them; in mm of ``plain``."""
    style = page()
    room = style.depth / style.scale - around
    return min(rows, max(int(room / each), 1)) if math.isfinite(room) else rows


def some_of(shown: int, rows: int) -> str:
    """Say how many of the rows are shown, "" where all are."""
    return f" · {shown} of {rows} shown" if shown < rows else ""


def axes_or_new(ax: Axes | None, height: float = 90.0, width: float | None = None) -> Axes:
    """Return the axes given, or those of a new figure; in a notebook one that shows itself at the end of the cell."""
    if ax is not None:
        return ax
    figure = new_figure(width, height)
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
        from matplotlib import pyplot  # noqa: PLC0415 - keeps every figure; notebooks close them at the end of a cell

        figure = pyplot.figure(figsize=figure.get_size_inches(), layout=figure.get_layout_engine())
    return figure.add_subplot()


def figure_of(ax: Axes) -> Figure:
    """Return the figure axes stand in."""
    figure = ax.get_figure(root=True)
    return figure if figure is not None else new_figure()


def width_of(ax: Axes) -> float:
    """Return the width of the figure axes stand in, in mm of ``plain``."""
    return float(figure_of(ax).get_size_inches()[0] * 25.4 / page().scale)


def legend_above(figure: Figure, handles: Sequence[Any], labels: Sequence[str], *, columns: int = 4) -> None:
    """Put a legend in rows of so many entries above all panels."""
    if handles:
        figure.legend(
            list(handles), list(labels), loc="outside upper right", ncols=columns, borderaxespad=0.0, **_legend()
        )


def legend_under(figure: Figure, handles: Sequence[Any], labels: Sequence[str], *, columns: int = 4) -> None:
    """Put a legend in rows of so many entries below all panels."""
    figure.legend(list(handles), list(labels), loc="outside lower left", ncols=columns, borderaxespad=0.3, **_legend())


def legend_below(ax: Axes, *, right: bool = False) -> None:
    """Put a legend in two columns below the axes and the title of their horizontal axis, from the left or the right."""
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        high = figure_of(ax).get_size_inches()[1] * 25.4 / page().scale
        below = max(0.055, 6.2 / max(high - 30, 10))  # 6.2 mm hold ticks and title; 30 mm stand around the axes
        ax.legend(
            handles,
            labels,
            loc="upper right" if right else "upper left",
            bbox_to_anchor=(1.0 if right else 0.0, -below),
            ncols=2,
            borderaxespad=0.2,
            **_legend(),
        )


def _legend() -> dict[str, Any]:
    return {
        "fontsize": page().small,
        "frameon": False,
        "labelcolor": INK,
        "handletextpad": 0.5,
        "columnspacing": 1.4,
    }


def whole_axes(figure: Figure, *, below: float = 0.01) -> Axes:
    """Add axes that fill a figure but for a narrow edge."""
    figure.set_layout_engine("none")
    return figure.add_axes((0.01, below, 0.98, 0.99 - below))


def tidy(ax: Axes, *, grid: str = "x") -> None:
    """Leave out what carries no information: two spines, tick marks; put a faint grid behind."""
    for side in ("top", "right", "left" if grid == "x" else "bottom"):
        ax.spines[side].set_visible(False)
    pad = points(matplotlib.rcParams["xtick.major.pad"])
    ax.tick_params(labelsize=page().small, length=0, pad=pad, colors=INK)
    ax.set_axisbelow(True)
    if grid in ("x", "y"):
        ax.grid(axis="x" if grid == "x" else "y", color=FAINT, linewidth=0.5)


def pad_ticks(ax: Axes, axis: Literal["x", "y"], pad: float) -> None:
    """Set labels of ticks so many points of ``plain`` off their axis."""
    ax.tick_params(axis=axis, pad=points(pad))


def nothing_to_draw(ax: Axes, why: str) -> Axes:
    """Say on the axes why they are empty."""
    ax.set_axis_off()
    ax.text(
        0.5, 0.5, plain(why, 200), transform=ax.transAxes, ha="center", va="center", fontsize=page().text, color=INK
    )
    return ax


def head(ax: Axes, words: str) -> None:
    """Print a title above the axes, from the left."""
    if words:
        pad = points(matplotlib.rcParams["axes.titlepad"])
        ax.set_title(plain(words, 110), fontsize=page().head, loc="left", color=INK, fontweight="bold", pad=pad)


def x_title(ax: Axes, words: str, **place: Any) -> None:
    """Title the horizontal axis."""
    pad = points(matplotlib.rcParams["axes.labelpad"])
    ax.set_xlabel(plain(words, 110), fontsize=page().text, color=INK, labelpad=pad, **place)


def y_title(ax: Axes, words: str) -> None:
    """Title the vertical axis."""
    ax.set_ylabel(
        plain(words, 110), fontsize=page().text, color=INK, labelpad=points(matplotlib.rcParams["axes.labelpad"])
    )


def beside(ax: Axes, words: str, x: float, y: float, *, left: bool = False, offset: float = 5.0) -> None:
    """Write right of a point, or left of it; words are taken as safe."""
    ax.annotate(
        words,
        (float(x), float(y)),
        xytext=(points(-offset if left else offset), 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center_baseline",
        fontsize=page().small,
        color=INK,
        annotation_clip=False,
    )


def sentence(words: str) -> str:
    """Begin with a capital."""
    return words[:1].upper() + words[1:]


def rows(table: pd.DataFrame) -> Iterator[Any]:
    """Walk a table row by row, columns as attributes."""
    yield from table.itertuples()


def chosen_or_first(chosen: str | None, column: Iterable[str], what: str) -> str:
    """Return what was asked for, or what a column begins with; "" where it is empty.

    Raises
    ------
    UnknownNameError
        If the column does not hold what was asked for; ``what`` says what it is.
    """
    known = list(dict.fromkeys(column))
    if chosen is not None and chosen not in known:
        raise UnknownNameError(f"no {what} {chosen!r} in this result; {nearest(chosen, known)}")
    return chosen or (known[0] if known else "")


def name_rows(ax: Axes, labels: Sequence[str]) -> None:
    """Label the rows of a ranking, the first on top; words are taken as safe."""
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)


def write_ticks(axis: Axis, write: Callable[[float], str]) -> None:
    """Write the numbers along an axis as `number` or `percent` does."""
    axis.set_major_formatter(lambda value, _: write(value))


def few_ticks() -> MaxNLocator:
    """Place at most five round ticks."""
    return MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10])


def few_whole_ticks() -> MaxNLocator:
    """Place a few ticks at whole numbers."""
    return MaxNLocator(nbins=8, integer=True)


def plain(value: object, limit: int = 40) -> str:
    r"""Make text from data safe to draw: one line, no mathematics, no missing glyph, not too long.

    Glyphs the font lacks are written as their code point.

    Examples
    --------
    >>> plain("a $x^2$ mine")
    'a \\$x^2\\$ mine'
    >>> plain("钴 plant")
    '‹94B4› plant'
    >>> plain("a name that goes on and on", 12)
    'a name that…'
    """
    words = " ".join("".join(mark if mark.isprintable() else " " for mark in str(value)).split())
    if len(words) > limit:
        words = words[: limit - 1].rstrip(" ,;·") + "…"
    known = _glyphs(findfont(FontProperties()))
    drawn = "".join(mark if ord(mark) in known else f"‹{ord(mark):04X}›" for mark in words)
    return drawn.replace("$", r"\$")


@lru_cache(maxsize=8)
def _glyphs(path: str) -> frozenset[int]:
    """Code points a font can draw."""
    return frozenset(get_font(path).get_charmap())


def width_mm(words: str) -> float:
    """Return how wide a label is, in mm of ``plain``."""
    path = findfont(FontProperties())
    return sum(_advance(path, letter) for letter in words) * SMALL_POINTS / 72 * 25.4


@lru_cache(maxsize=1024)
def _advance(path: str, letter: str) -> float:
    """Width of a letter in a font of one point."""
    font = get_font(path)
    font.set_size(10.0, 72)
    return float(font.load_char(ord(letter), flags=LoadFlags.NO_HINTING).linearHoriAdvance) / 65536 / 10.0


def number(value: float, digits: int = 3) -> str:
    """Write a number with thin spaces between thousands, rounded to so many digits.

    Examples
    --------
    >>> number(204321.7).replace(chr(0x2009), " ")
    '204 000'
    >>> number(0.12345), number(3), number(float("nan"))
    ('0.123', '3', '–')
    """
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    text = f"{rounded:,.{max(places, 0)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−").replace(",", "\u2009")


def percent(share: float) -> str:
    """Write a share as percent.

    Examples
    --------
    >>> [percent(share).replace(chr(0x2009), " ") for share in (0.734, 0.0123, 0.0004, 0, 1)]
    ['73 %', '1.2 %', '<0.1 %', '0 %', '100 %']
    """
    if not math.isfinite(share):
        return "–"
    value = 100 * share
    if 0 < value < 0.1:
        return "<0.1\u2009%"
    text = f"{value:.0f}" if value >= 9.95 or value == 0 else f"{value:.1f}".removesuffix(".0")
    return f"{text}\u2009%"


def fine_percent(share: float, span: float) -> str:
    """Write a share as percent, with the decimals that ticks on an axis of this span need.

    Examples
    --------
    >>> [fine_percent(0.0526, span).replace(chr(0x2009), " ") for span in (0.5, 0.04, 0.004)]
    ['5 %', '5.3 %', '5.26 %']
    """
    places = max(0, math.ceil(-math.log10(10 * span))) if span > 0 else 1
    return f"{100 * share:.{places}f}\u2009%"


def scaled(largest: float, unit: str) -> tuple[float, str]:
    """Return the divisor and unit in which numbers up to ``largest`` read well.

    Examples
    --------
    >>> scaled(204000.0, "t Co"), scaled(900.0, "t natural-graphite")
    ((1000.0, 'thousand t Co'), (1.0, 't natural graphite'))
    """
    unit = unit.replace("-", " ")
    for factor, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if largest >= 10 * factor:
            return factor, f"{word} {unit}".strip()
    return 1.0, unit
