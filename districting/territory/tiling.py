"""Layers that must tile the ground: overlaps closed where they are drawing noise, faults where they are not."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from districting.errors import Fault
from districting.territory.columns import examples

#: Overlaps of sub-districts up to this area per pair, in m², are drawing noise and are closed.
SUBDISTRICT_SLIVER_M2 = 100.0
#: Overlaps of communities up to this share of the smaller one are drawing noise, unless somebody lives there.
COMMUNITY_SLIVER_SHARE = 0.01
#: Land in no community is reported in pieces of at least this area, in m².
GAP_M2 = 100.0


def tile_subdistricts(table: gpd.GeoDataFrame, *, values: dict[str, Any]) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Sub-districts that meet without overlap.

    Parameters
    ----------
    table
        Index ``subdistrict_id``.
    values
        ``role``, ``file`` and ``layer``.

    Returns
    -------
    tuple
        The table, noise closed where two overlap by no more than `SUBDISTRICT_SLIVER_M2`; a fault where more.
    """
    shapes = table.geometry.to_numpy()
    if shapely.coverage_is_valid(shapes):
        return table, []
    pairs, areas = _overlaps(shapes)
    grave = areas > SUBDISTRICT_SLIVER_M2
    if grave.any():
        return table, [_overlap_fault(table, pairs[grave], areas[grave], values)]
    return _closed(table, areas, values)


def tile_communities(
    table: gpd.GeoDataFrame, *, homes: npt.NDArray[np.object_], values: dict[str, Any]
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Communities that meet without overlap.

    Parameters
    ----------
    table
        Index ``community_id``.
    homes
        Points of the inhabited buildings.
    values
        ``role``, ``file`` and ``layer``.

    Returns
    -------
    tuple
        The table, slivers closed. A fault where an overlap takes more than `COMMUNITY_SLIVER_SHARE` of the
        smaller community, or somebody lives in it: who is in charge there is not ours to say.
    """
    shapes = table.geometry.to_numpy()
    if shapely.coverage_is_valid(shapes):
        return table, []
    pairs, areas = _overlaps(shapes)
    smaller = shapely.area(shapes)[pairs].min(axis=1)
    grave = areas > COMMUNITY_SLIVER_SHARE * smaller
    if len(pairs) and len(homes):
        shared = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]])
        inside = shapely.STRtree(homes).query(shared, predicate="contains")[0]
        grave |= np.bincount(inside, minlength=len(pairs)) > 0
    if grave.any():
        return table, [_overlap_fault(table, pairs[grave], areas[grave], values)]
    return _closed(table, areas, values)


def _overlaps(shapes: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Pairs of positions, shape (m, 2), that share more than 0.01 m², and the areas in m²."""
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = np.column_stack([first, second])[first < second]
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    areas = shapely.area(shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]]))
    return pairs[areas > 0.01], areas[areas > 0.01]


def _overlap_fault(
    table: gpd.GeoDataFrame, pairs: npt.NDArray[np.int64], areas: npt.NDArray[np.float64], values: dict[str, Any]
) -> Fault:
    worst = np.argsort(-areas, kind="stable")
    ids = table.index.to_numpy()
    told = [f"{ids[pairs[i, 0]]}–{ids[pairs[i, 1]]} ({areas[i]:,.0f} m²)" for i in worst]
    shared = shapely.intersection(*table.geometry.to_numpy()[pairs[worst[0]]])
    place = shapely.get_coordinates(shapely.point_on_surface(shared))
    return Fault(
        "fault.layer_overlap",
        {**values, "count": len(pairs), "area_m2": float(areas.sum()), "examples": examples(told)},
        place=tuple(place[0].tolist()) if len(place) else None,
    )


def _closed(
    table: gpd.GeoDataFrame, areas: npt.NDArray[np.float64], values: dict[str, Any]
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """The layer as an exact coverage: borders noded alike, slivers given to the neighbour they border most."""
    before = table.geometry.to_numpy()
    after = shapely.coverage_clean(before, snapping_distance=0.01)  # type: ignore[attr-defined]
    moved = shapely.area(shapely.symmetric_difference(before, after))
    changed = moved > 0.01
    told = {
        **values,
        "count": int(changed.sum()),
        "overlap_m2": float(areas.sum()),
        "moved_m2": float(moved.max(initial=0.0)),
        "examples": examples(table.index[changed]) or "—",
    }
    note = Fault("note.layer_closed", told, severity="warning")
    return table.set_geometry(gpd.GeoSeries(after, index=table.index, crs=table.crs)), [note]
