"""Numbers and names as a reader wants them."""

from __future__ import annotations

import math


def percent(share: float) -> str:
    """Write a share as percent; a dash where unknown.

    Examples
    --------
    >>> percent(0.749), percent(0.0042), percent(0.00034), percent(0), percent(float("nan"))
    ('74.9 %', '0.4 %', '0.034 %', '0 %', '–')
    """
    if share is None or math.isnan(share):
        return "–"
    if share == 0:
        return "0 %"
    if abs(share) < 0.0005:
        return f"{100 * share:.2g} %" if abs(share) >= 0.00005 else "under 0.01 %"
    return f"{100 * share:.1f} %" if abs(share) < 0.9995 else f"{100 * share:.0f} %"


def amount(value: float) -> str:
    """Write a quantity with three significant digits and narrow spaces between thousands.

    Examples
    --------
    >>> amount(226000.4).replace("\u202f", "'"), amount(12.345), amount(0), amount(float("nan"))
    ("226'000", '12.3', '0', '–')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.3g}"


def plain(value: object) -> str:
    """Write anything else; a dash where there is nothing."""
    return "–" if value is None or value == "" or (isinstance(value, float) and math.isnan(value)) else str(value)
