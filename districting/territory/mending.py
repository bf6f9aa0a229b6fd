"""Geometry that is mended on reading, where mending is safe, and the faults where it is not.

Every repair is logged as a note with its count and examples; nothing is repaired silently.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.errors import Fault
from districting.territory.columns import fault_of
from districting.territory.files import FileTable

#: A self-crossing outline is mended on its own if that changes the area by less than this, in m².
SAFE_REPAIR_M2 = 1.0

_SHAPES = {"Point": 0, "LineString": 1, "LinearRing": 1, "Polygon": 3, "MultiPoint": 4, "MultiLineString": 5,
           "MultiPolygon": 6, "GeometryCollection": 7}  # fmt: skip
_POINTS, _LINES, _POLYGONS = (0, 4), (1, 2, 5), (3, 6)

#: Kinds of geometry that each role takes.
ALLOWED: Mapping[str, tuple[int, ...]] = {
    "buildings": (*_POINTS, *_POLYGONS),
    "roads": _LINES,
    "barriers": (*_LINES, *_POLYGONS),
    "communities": _POLYGONS,
    "subdistricts": _POLYGONS,
    "facilities": (*_POINTS, *_POLYGONS),
    "compounds": _POLYGONS,
    "zones": _POLYGONS,
    "planned": (*_POINTS, *_POLYGONS),
}
#: Roles whose outlines decide where people belong: a repair that moves land is not ours to make.
_STRICT = ("communities", "subdistricts", "compounds")
#: Roles in which a feature without a place loses people or land.
_NEEDED = ("buildings", "communities", "subdistricts", "planned")


def mend_geometry(found: FileTable, *, named: pd.Series) -> tuple[npt.NDArray[np.object_], list[Fault]]:
    """Geometry of a layer in metres, mended; None where a feature has none or is to be left out.

    Missing and empty geometry is left out (a fault where people or land would be lost); collections give up
    their part of the right kind; invalid polygons are made valid.

    Parameters
    ----------
    found
        The layer, in the case's CRS.
    named
        What to call each feature in a sentence.

    Returns
    -------
    tuple
        Geometry, shape (n,), and faults and notes.
    """
    role = found.spec.role
    shapes = found.table.geometry.to_numpy().copy()
    notes: list[Fault] = []
    shapes = _from_collections(shapes, ALLOWED[role])
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if empty.any():
        key = "fault.layer_no_geometry" if role in _NEEDED else "note.layer_no_geometry"
        notes.append(fault_of(key, found, empty, named))
        shapes[empty] = None
    kinds = shapely.get_type_id(shapes)
    wrong = ~empty & ~np.isin(kinds, ALLOWED[role])
    if wrong.any():
        seen = sorted({name for name, number in _SHAPES.items() if number in set(kinds[wrong].tolist())})
        notes.append(fault_of("fault.layer_geometry", found, wrong, named, seen=", ".join(seen)))
        shapes[wrong] = None
    invalid = ~shapely.is_missing(shapes) & ~shapely.is_valid(shapes) & np.isin(kinds, _POLYGONS)
    if invalid.any():
        mended = _valid_polygons(shapes[invalid])
        change = np.abs(shapely.area(mended) - shapely.area(shapes[invalid]))
        unsafe = np.zeros(len(shapes), dtype=bool)
        if role in _STRICT:
            unsafe[np.flatnonzero(invalid)[change >= SAFE_REPAIR_M2]] = True
        if unsafe.any():
            reason = str(shapely.is_valid_reason(shapes[unsafe][0]))
            notes.append(fault_of("fault.layer_self_crossing", found, unsafe, named, reason=reason))
        safe = invalid & ~unsafe
        if safe.any():
            area = float(change[~unsafe[invalid]].sum())
            notes.append(fault_of("note.layer_made_valid", found, safe, named, area_m2=area))
        shapes[invalid] = mended
        gone = invalid & shapely.is_empty(shapes)
        shapes[gone] = None
    return shapes, notes


def _valid_polygons(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Polygons made valid, without the lines that a collapse leaves behind."""
    mended = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    return _from_collections(np.atleast_1d(mended), _POLYGONS)


def _from_collections(shapes: npt.NDArray[np.object_], allowed: tuple[int, ...]) -> npt.NDArray[np.object_]:
    """Collections replaced by the union of their parts of an allowed kind; everything else as it is."""
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == 7)
    if not len(mixed):
        return shapes
    taken = shapes.copy()
    for i in mixed:  # collections are rare: CAD exports and repairs
        parts = shapely.get_parts(shapes[i])
        fitting = parts[np.isin(shapely.get_type_id(parts), allowed)]
        taken[i] = shapely.union_all(fitting) if len(fitting) else None
    return taken


def single_lines(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, int]:
    """Every part a row of its own, ids with ``#2``, ``#3`` … where they repeat; and how many rows were parted."""
    multi = shapely.get_num_geometries(table.geometry.to_numpy()) > 1
    parts = table.explode(index_parts=False)
    turn = parts.groupby(level=0, sort=False).cumcount().to_numpy()
    ids = parts.index.to_numpy(dtype=object, copy=True)
    ids[turn > 0] = [f"{name}#{i + 1}" for name, i in zip(ids[turn > 0], turn[turn > 0], strict=True)]
    parts.index = pd.Index(ids, dtype=object, name=table.index.name)
    return parts, int(multi.sum())
