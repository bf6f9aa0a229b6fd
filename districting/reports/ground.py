"""What a map shows beneath the communities, from the user's own layers: roads, their names, rail, water, walls."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.territory.layers import Layers

#: Classes whose names a map writes along the line.
NAMED_CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary")

#: A piece of road shorter than this gets no name of its own.
_NAMED_FROM_M = 350.0


@dataclass(frozen=True)
class Ground:
    """Simplified lines and areas, in the case's CRS.

    Parameters
    ----------
    roads
        One row per class and name: ``road_class``, ``name`` (empty where unnamed), geometry MultiLineString.
    barriers
        One row per kind, name and shape (line or area): ``kind``, ``name``, geometry.
    names
        Where road names stand: ``name``, ``road_class``, ``x``, ``y``, ``angle`` (radians, −π/2 to π/2,
        counter-clockwise from east), ``length_m`` of the piece named.
    """

    roads: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    names: pd.DataFrame


def draw_ground(layers: Layers, *, tolerance_m: float = 1.0) -> Ground:
    """Roads and barriers merged by what they are called and simplified by ``tolerance_m``."""
    surface = layers.roads[~layers.roads["tunnel"].astype(bool)]
    roads = _merged(surface, ["road_class", "name"], tolerance_m)
    shaped = layers.barriers.assign(area=shapely.get_dimensions(layers.barriers.geometry.to_numpy()) == 2)
    return Ground(
        roads=roads,
        barriers=_merged(shaped, ["kind", "name", "area"], tolerance_m),
        names=_names(roads),
    )


def _merged(table: gpd.GeoDataFrame, by: list[str], tolerance_m: float) -> gpd.GeoDataFrame:
    """One simplified multi-geometry per group, sorted."""
    keyed = table[[*by, "geometry"]].copy()
    if "name" in by:
        keyed["name"] = keyed["name"].fillna("").astype(str)
    if keyed.empty:
        return gpd.GeoDataFrame(keyed, geometry="geometry", crs=table.crs)
    merged = keyed.dissolve(by=by, sort=True, method="unary").reset_index()
    geometry = merged.geometry.to_numpy()
    lines = shapely.get_dimensions(geometry) == 1
    geometry = np.where(lines, shapely.line_merge(geometry), geometry)
    merged["geometry"] = shapely.simplify(geometry, tolerance_m)
    return gpd.GeoDataFrame(merged, geometry="geometry", crs=table.crs)


def _names(roads: gpd.GeoDataFrame) -> pd.DataFrame:
    """The middle and direction of every long piece of a named road."""
    named = roads[(roads["name"] != "") & roads["road_class"].isin(NAMED_CLASSES)]
    pieces, row = shapely.get_parts(named.geometry.to_numpy(), return_index=True)
    length = shapely.length(pieces)
    long = length >= _NAMED_FROM_M
    pieces, row, length = pieces[long], row[long], length[long]
    before = shapely.get_coordinates(shapely.line_interpolate_point(pieces, length / 2 - 60))
    after = shapely.get_coordinates(shapely.line_interpolate_point(pieces, length / 2 + 60))
    middle = shapely.get_coordinates(shapely.line_interpolate_point(pieces, length / 2))
    angle = np.arctan2(after[:, 1] - before[:, 1], after[:, 0] - before[:, 0])
    angle = (angle + np.pi / 2) % np.pi - np.pi / 2
    return pd.DataFrame(
        {
            "name": named["name"].to_numpy()[row],
            "road_class": named["road_class"].to_numpy()[row],
            "x": middle[:, 0],
            "y": middle[:, 1],
            "angle": angle,
            "length_m": length,
        }
    )
