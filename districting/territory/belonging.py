"""Who lies in what: buildings in communities, communities in sub-districts; the land of a list of buildings."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

Points = npt.NDArray[np.object_]


def containing(points: Points, areas: gpd.GeoSeries, *, within_m: float) -> tuple[npt.NDArray[np.object_], int]:
    """The area that each point lies in, or the nearest within a tolerance.

    Parameters
    ----------
    points
        shape (n,), projected CRS in m.
    areas
        Polygons indexed by id; a point in several belongs to the first in order.
    within_m
        How far outside a point may lie.

    Returns
    -------
    tuple
        Ids, shape (n,), None where no area is near; and how many points lay outside but near.
    """
    found = np.full(len(points), None, dtype=object)
    if not len(areas) or not len(points):
        return found, 0
    ids, shapes = areas.index.to_numpy(dtype=object), areas.to_numpy()
    shapely.prepare(shapes)
    tree = shapely.STRtree(shapes)
    point_pos, area_pos = tree.query(points, predicate="intersects")
    order = np.lexsort((area_pos, point_pos))
    first_of, first = np.unique(point_pos[order], return_index=True)
    found[first_of] = ids[area_pos[order][first]]
    outside = np.flatnonzero(pd.isna(found))
    if not len(outside) or within_m <= 0:
        return found, 0
    near_pos, area_pos = tree.query_nearest(points[outside], max_distance=within_m, all_matches=False)
    found[outside[near_pos]] = ids[area_pos]
    return found, len(near_pos)


def nearest_m(points: Points, areas: gpd.GeoSeries) -> npt.NDArray[np.float64]:
    """Distance of each point to the nearest area in m, shape (n,); 0 inside."""
    distances = np.full(len(points), np.inf)
    if len(points) and len(areas):
        pos, found = shapely.STRtree(areas.to_numpy()).query_nearest(
            points, return_distance=True, all_matches=False
        )
        distances[pos[0]] = found
    return distances


def most_of(shapes: gpd.GeoSeries, areas: gpd.GeoSeries) -> npt.NDArray[np.object_]:
    """The area that holds the largest part of each shape; None where none touches it. Shape (n,)."""
    found = np.full(len(shapes), None, dtype=object)
    if not len(areas) or not len(shapes):
        return found
    own, other = shapes.to_numpy(), areas.to_numpy()
    shape_pos, area_pos = shapely.STRtree(other).query(own, predicate="intersects")
    shared = shapely.area(shapely.intersection(own[shape_pos], other[area_pos]))
    order = np.lexsort((area_pos, -shared, shape_pos))
    first_of, first = np.unique(shape_pos[order], return_index=True)
    best = order[first]
    some = shared[best] > 0
    found[first_of[some]] = areas.index.to_numpy(dtype=object)[area_pos[best][some]]
    return found


def land_of_buildings(buildings: gpd.GeoDataFrame, subdistricts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Land of the communities that only a column of the buildings names.

    Each building stands for its Voronoi cell among the buildings of its sub-district, clipped to it; a
    community is the union of its cells. Every sub-district is covered, without overlap.

    Parameters
    ----------
    buildings
        Points with ``community_id`` and ``subdistrict_id``; rows without either have no say.
    subdistricts
        Polygons indexed by ``subdistrict_id``.

    Returns
    -------
    GeoDataFrame
        Index ``community_id``, sorted; columns ``subdistrict_id`` (that of most of its buildings) and geometry.
    """
    known = buildings[buildings["community_id"].notna() & buildings["subdistrict_id"].notna()]
    pieces: list[gpd.GeoDataFrame] = []
    for subdistrict_id, members in known.groupby("subdistrict_id", sort=True):
        land = subdistricts.geometry.loc[subdistrict_id]
        # one cell a place: the first building of those at the same coordinates stands for all
        alone = members.loc[
            ~pd.Series(shapely.to_wkb(members.geometry.to_numpy()), index=members.index).duplicated()
        ]
        cells = _cells(alone.geometry.to_numpy(), land)
        piece = gpd.GeoDataFrame(
            {"community_id": alone["community_id"].to_numpy(), "subdistrict_id": subdistrict_id},
            geometry=cells,
            crs=buildings.crs,
        )
        pieces.append(piece.dissolve("community_id", as_index=False, sort=True))
    if not pieces:
        empty = {"subdistrict_id": np.array([], dtype=object)}
        return gpd.GeoDataFrame(empty, geometry=[], crs=buildings.crs, index=pd.Index([], name="community_id"))
    land_of = pd.concat(pieces, ignore_index=True).dissolve("community_id", sort=True)
    main = known.groupby("community_id")["subdistrict_id"].agg(lambda ids: ids.mode().iloc[0])
    land_of["subdistrict_id"] = main.reindex(land_of.index).astype(object)
    return land_of[["subdistrict_id", "geometry"]]


def _cells(points: Points, land: shapely.Geometry) -> npt.NDArray[np.object_]:
    """The Voronoi cell of each point, clipped to the land."""
    if len(points) == 1:
        return np.array([land], dtype=object)
    diagram = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=land, ordered=True)
    return np.asarray(shapely.intersection(shapely.get_parts(diagram), land))
