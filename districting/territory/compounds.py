"""Compounds (小区) as units that a cut does not split, and the land of each. Method §2."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.territory.borders import Ints, Shapes
from districting.territory.layers import Layers

#: Compounds without a polygon get the hull of their buildings, unless it is wider than this, m.
HULL_LIMIT_M = 600.0
#: Rows of the compounds layer that share a name and a gap below this are phases of one compound, m.
PHASE_GAP_M = 100.0


@dataclass(frozen=True)
class Units:
    """What stays whole when land is cut: compounds up to the cap, else their phases up to the cap.

    Parameters
    ----------
    land
        Polygon or MultiPolygon of each unit, shape (n,).
    of_building
        Shape (buildings,), the unit of each building, -1 for none.
    compound
        Shape (buildings,), object: the compound that each building stands in, phases taken together; None.
    """

    land: Shapes
    of_building: Ints
    compound: Shapes


def whole_units(layers: Layers, *, cap: int) -> Units:
    """Units of the case: compounds of at most ``cap`` households, or the phases of larger ones."""
    buildings = layers.buildings
    given = buildings["compound_id"].astype(object).where(buildings["compound_id"].notna(), None)
    row = given.to_numpy(dtype=object)
    whole_of = _compound_of_row(layers.compounds)
    compound = np.array([whole_of.get(value, value) for value in row], dtype=object)
    households = buildings["households"].to_numpy()
    ours = np.array([value is not None for value in compound], dtype=bool)
    total = pd.Series(households[ours]).groupby(pd.Index(compound[ours])).sum()
    of_row = pd.Series(households[ours]).groupby(pd.Index(row[ours])).sum()
    unit: list[str | None] = []
    for part, whole in zip(row, compound, strict=True):
        if whole is None:
            unit.append(None)
        elif total[whole] <= cap:
            unit.append(str(whole))
        elif part in whole_of and of_row[part] <= cap:
            unit.append(f"{whole}\n{part}")
        else:
            unit.append(None)
    codes, names = pd.factorize(pd.Series(unit, dtype=object), sort=True)
    land = _land(layers, codes.astype(np.int64), row, len(names))
    return Units(land=land, of_building=codes.astype(np.int64), compound=compound)


def _compound_of_row(compounds: gpd.GeoDataFrame) -> dict[str, str]:
    """Row of the layer → compound: rows of one name with phases that lie side by side are one."""
    if compounds.empty or "phase" not in compounds or "name" not in compounds:
        return {}
    phased = compounds[compounds["phase"].notna() & compounds["name"].notna()]
    found: dict[str, str] = {}
    for _, rows in phased.groupby("name", sort=True):
        if len(rows) < 2:
            continue
        geometry = rows.geometry.to_numpy()
        near = shapely.STRtree(geometry).query(geometry, predicate="dwithin", distance=PHASE_GAP_M)
        reach = np.arange(len(rows))
        for _ in range(len(rows)):
            before = reach.copy()
            np.minimum.at(reach, near[0], reach[near[1]])
            if (before == reach).all():
                break
        for at, first in zip(rows.index, reach, strict=True):
            found[str(at)] = str(rows.index[first])
    return found


def _land(layers: Layers, unit: Ints, row: Shapes, n: int) -> Shapes:
    """Land of each unit: its polygons, or the hull of its buildings where it has none."""
    land = np.full(n, None, dtype=object)
    points = layers.buildings.geometry.to_numpy()
    for members in _groups(unit, n):
        polygons = layers.compounds.reindex(sorted(set(row[members]))).geometry
        shapes = [shape for shape in polygons if shape is not None]
        if shapes:
            land[unit[members[0]]] = shapely.union_all(shapes)
            continue
        hull = shapely.convex_hull(shapely.multipoints(points[members])).buffer(1.0)
        if shapely.length(hull) <= 2 * HULL_LIMIT_M:
            land[unit[members[0]]] = hull
    empty = np.array([shape is None for shape in land], dtype=bool)
    land[empty] = shapely.Polygon()
    return land


def _groups(unit: Ints, n: int) -> list[Ints]:
    """Building positions of each unit, in the order of the units."""
    order = np.argsort(unit, kind="stable")
    begins = np.searchsorted(unit[order], np.arange(n + 1))
    return [order[begins[at] : begins[at + 1]] for at in range(n)]
