"""Coordinate reference systems at the door: what the case may use, and whether coordinates fit what is stated.

Inside the program there is one projected CRS in metres; this module is where the others end.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError

from districting.errors import Fault

#: Degrees that coordinates may lie outside the area a CRS is made for: a neighbouring 3° zone is in common use.
_MARGIN_DEG = 3.0

#: Degrees of longitude and latitude that hold China, for the suggestion of a CGCS2000 zone.
_CHINA = (73.0, 17.0, 136.0, 54.0)


def metric_crs(text: str) -> tuple[pyproj.CRS | None, list[Fault]]:
    """The case's CRS, and what is wrong with it: it must be projected, in metres.

    Examples
    --------
    >>> metric_crs("EPSG:4547")[0].name
    'CGCS2000 / 3-degree Gauss-Kruger CM 114E'
    >>> metric_crs("EPSG:4490")[1][0].key
    'fault.crs_geographic'
    """
    try:
        crs = pyproj.CRS.from_user_input(text)
    except CRSError:
        return None, [Fault("fault.crs_unknown", {"crs": text})]
    if crs.is_geographic:
        return None, [Fault("fault.crs_geographic", {"crs": text, "name": crs.name})]
    units = {axis.unit_name for axis in crs.axis_info[:2]}
    if not crs.is_projected or units != {"metre"}:
        return None, [Fault("fault.crs_unit", {"crs": text, "name": crs.name, "unit": ", ".join(sorted(units))})]
    return crs, []


def suggest_crs(longitude: float, latitude: float) -> str:
    """A metric CRS for a place: the CGCS2000 3° zone in China, else the UTM zone.

    Parameters
    ----------
    longitude, latitude
        Of the middle of the place, in degrees (WGS 84 or CGCS2000, which agree at this scale).

    Examples
    --------
    >>> suggest_crs(113.7, 34.8)
    'EPSG:4547'
    >>> suggest_crs(-71.1, 42.4)
    'EPSG:32619'
    """
    west, south, east, north = _CHINA
    if west <= longitude <= east and south <= latitude <= north:
        # EPSG 4534 … 4554 are the central meridians 75° … 135° in steps of 3°, eastings without zone prefix
        return f"EPSG:{4534 + min(max(round((longitude - 75) / 3), 0), 20)}"
    zone = int((longitude + 180) // 6) % 60 + 1
    return f"EPSG:{(32600 if latitude >= 0 else 32700) + zone}"


def to_case_crs(
    table: gpd.GeoDataFrame, *, crs: pyproj.CRS, stated: str | None, values: dict[str, object]
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """The table in the case's CRS, and what is wrong with its coordinates.

    Parameters
    ----------
    table
        As the file has it; its CRS may be missing.
    crs
        The metric CRS of the case.
    stated
        CRS that the case states for a file without one.
    values
        ``role``, ``file`` and ``layer``, for the sentences.

    Returns
    -------
    tuple
        The table in ``crs`` and the faults: no CRS, degrees where metres are stated, swapped axes, coordinates
        that lie nowhere near what the two CRSs are made for. With a fault the table is not to be used.
    """
    own = table.crs
    if stated is not None:
        try:
            said = pyproj.CRS.from_user_input(stated)
        except CRSError:
            return table, [Fault("fault.crs_unknown", {**values, "crs": stated})]
        if own is None:
            own = said
        elif not own.equals(said, ignore_axis_order=True):
            both = {**values, "stated": stated, "found": short_name(own)}
            return table, [Fault("fault.layer_crs_differs", both)]
    if own is None:
        return table, [Fault("fault.layer_no_crs", values)]
    fault = _misplaced(table, own, crs, values)
    if fault is not None:
        return table, [fault]
    placed = table if table.crs is not None else table.set_crs(own)
    return (placed.set_crs(crs, allow_override=True) if own.equals(crs, True) else placed.to_crs(crs)), []


def _misplaced(
    table: gpd.GeoDataFrame, own: pyproj.CRS, crs: pyproj.CRS, values: dict[str, object]
) -> Fault | None:
    """Why the coordinates cannot be right, or None. The middle feature decides: one stray point is no proof."""
    points = shapely.get_coordinates(shapely.centroid(table.geometry.to_numpy()))
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    x, y = np.median(points, axis=0)
    told = {**values, "crs": short_name(own), "x": f"{x:.6g}", "y": f"{y:.6g}"}
    if own.is_projected and abs(x) <= 180 and abs(y) <= 180:
        if np.abs(points).max() <= 180:
            return Fault("fault.layer_degrees", told)
    elif own.is_geographic and max(abs(x), abs(y)) > 360:
        return Fault("fault.layer_metres", told)
    if _fits(x, y, own, crs):
        return None
    return Fault("fault.layer_swapped_axes" if _fits(y, x, own, crs) else "fault.layer_far", told)


def _fits(x: float, y: float, own: pyproj.CRS, crs: pyproj.CRS) -> bool:
    """Whether a coordinate of ``own`` lies near the area that both CRSs are made for."""
    place = to_degrees(own).transform(x, y)
    if not np.isfinite(place).all() or abs(place[1]) > 90 or (own.is_geographic and abs(y) > 90):
        return False
    return all(_near(*place, area) for area in (own.area_of_use, crs.area_of_use) if area is not None)


@cache
def to_degrees(crs: pyproj.CRS) -> pyproj.Transformer:
    """From a CRS to longitude and latitude; kept, because finding the way between two CRSs takes 0.1 s."""
    return pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)


def _near(longitude: float, latitude: float, area: Any) -> bool:
    """Whether a place lies in or near an area of use."""
    inside: bool = area.south - _MARGIN_DEG <= latitude <= area.north + _MARGIN_DEG
    if area.west > area.east:  # an area across the date line
        return inside and bool(longitude >= area.west - _MARGIN_DEG or longitude <= area.east + _MARGIN_DEG)
    return inside and bool(area.west - _MARGIN_DEG <= longitude <= area.east + _MARGIN_DEG)


def short_name(crs: pyproj.CRS) -> str:
    """A CRS as people write it: its authority code, else its name."""
    authority = crs.to_authority(min_confidence=70)
    return ":".join(authority) if authority else str(crs.name)
