"""How far apart two colours look, to most eyes, to a deuteranope and in grey."""

from __future__ import annotations

import math
from collections.abc import Sequence

DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
"""Linear RGB as seen without the middle cone: Machado, Oliveira & Fernandes (2009), doi:10.1109/TVCG.2009.113."""

SRGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
WHITE = tuple(sum(row) for row in SRGB_TO_XYZ)


def lightness(colour: str) -> float:
    """CIE L*, 0 to 100."""
    return _lab(_linear(colour))[0]


def difference(one: str, other: str, *, deuteranope: bool = False) -> float:
    """CIE 1976 colour difference, the distance in L*a*b*."""
    seen = [_times(DEUTERANOPIA, _linear(colour)) if deuteranope else _linear(colour) for colour in (one, other)]
    return math.dist(*(_lab([min(max(part, 0.0), 1.0) for part in colour]) for colour in seen))


def apart(one: str, other: str) -> bool:
    """Two colours side by side can be told apart by a deuteranope."""
    return difference(one, other, deuteranope=True) >= 10


def _linear(colour: str) -> list[float]:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _times(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _lab(linear: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = (_root(part / white) for part, white in zip(_times(SRGB_TO_XYZ, linear), WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(share: float) -> float:
    return share ** (1 / 3) if share > (6 / 29) ** 3 else share / (3 * (6 / 29) ** 2) + 4 / 29
