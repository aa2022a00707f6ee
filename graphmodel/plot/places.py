"""Names and points of countries, the outline of land, and the map projection."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from graphmodel import datasets
from graphmodel._types import FloatArray
from graphmodel.errors import DataPackageError
from graphmodel.schema import REGIONS, as_numbers

_REGION_NAMES = {code: name.removesuffix(", country not stated") for code, name in REGIONS.items()}
_SHORT = {"XEU": "Europe, other", "XAS": "Asia, other", "XNA": "North America, other", "ROW": "Rest of world"}
"""What a region that stands beside its own countries is called."""


def country_names() -> dict[str, str]:
    """Return the name to print of every country and region code."""
    table = _reference("countries")
    return {**_REGION_NAMES, **_SHORT, **dict(zip(table["country"], table["name"], strict=True))}


def country_points() -> pd.DataFrame:
    """Return ``lat`` and ``lon`` of every country's label point, by code; regions have none."""
    table = _reference("countries").set_index("country")
    points = pd.DataFrame({side: as_numbers(table[side]) for side in ("lat", "lon")}, index=table.index).dropna()
    return points.assign(lon=(points["lon"] + 180) % 360 - 180)


def outline() -> list[FloatArray]:
    """Return the rings of land, each an array of longitude and latitude; Antarctica is left out.

    A ring that crosses the date line runs on beyond 180 degrees, so that it can be drawn in one piece.
    """
    table = _reference("outline").astype({"lon": float, "lat": float})
    rings = table[table["country"] != "ATA"].groupby(["country", "ring"], sort=True)
    arrays = [ring[["lon", "lat"]].to_numpy(dtype=np.float64) for _, ring in rings]
    return [np.column_stack([np.unwrap(ring[:, 0], period=360.0), ring[:, 1]]) for ring in arrays]


def _reference(name: str) -> pd.DataFrame:
    path = datasets.root() / "reference" / f"{name}.csv"
    if not path.is_file():
        raise DataPackageError(f"{path}: missing; the reference tables ship with graphmodel")
    return pd.read_csv(path, keep_default_na=False, dtype=str)


def backer_name(short: str) -> str:
    """Return the name to print of who backs projects: the country's of a country, or the short one.

    Examples
    --------
    >>> backer_name("JP"), backer_name("MSP")
    ('Japan', 'MSP')
    """
    return country_names().get(datasets.SPONSORS.get(short, short), short)


def place_name(code: str, names: Mapping[str, str]) -> str:
    """Write an id made of codes joined by colons, as ``CHN:refining``, in words; parts named "" are left out.

    Examples
    --------
    >>> place_name("CHN:refining", {"CHN": "China"})
    'China · refining'
    """
    return " · ".join(word for part in str(code).split(":") if (word := names.get(part, part)))


_LATITUDE = np.arange(0, 91, 5)
_LENGTH = np.array(
    [
        *(1, 0.9986, 0.9954, 0.99, 0.9822, 0.973, 0.96, 0.9427, 0.9216, 0.8962),
        *(0.8679, 0.835, 0.7986, 0.7597, 0.7186, 0.6732, 0.6213, 0.5722, 0.5322),
    ]
)
_HEIGHT = np.array(
    [
        *(0, 0.062, 0.124, 0.186, 0.248, 0.31, 0.372, 0.434, 0.4958, 0.5571),
        *(0.6176, 0.6769, 0.7346, 0.7903, 0.8435, 0.8936, 0.9394, 0.9761, 1),
    ]
)


def robinson(
    lon: FloatArray, lat: FloatArray, *, centre: float = 11.0, whole: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Project degrees to the plane, in units of the sphere's radius.

    Parameters
    ----------
    lon, lat : arrays of degrees
    centre : float
        Longitude in the middle; with 11 degrees east the map is cut in the Bering Strait and no country is.
    whole : bool
        Keep the points together, as one outline, rather than move each to its side of the cut.

    References
    ----------
    Robinson (1974), International Yearbook of Cartography 14, 145.

    Examples
    --------
    >>> x, y = robinson(np.array([11.0]), np.array([90.0]))
    >>> float(x[0]), round(float(y[0]), 4)
    (0.0, 1.3523)
    """
    degrees = np.asarray(lon, dtype=np.float64) - centre
    turns = np.floor((degrees.mean() if whole else degrees) / 360 + 0.5)
    around = degrees - 360 * turns
    height = np.abs(np.asarray(lat, dtype=np.float64))
    x = 0.8487 * np.interp(height, _LATITUDE, _LENGTH) * np.radians(around)
    y = 1.3523 * np.interp(height, _LATITUDE, _HEIGHT) * np.sign(lat)
    return x, y
