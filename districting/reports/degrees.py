"""Land and points as browsers want them: WGS 84 degrees with 6 decimals (0.1 m), as GeoJSON or plain lists."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely


def features(geometry: gpd.GeoSeries, rows: pd.DataFrame) -> dict[str, Any]:
    """GeoJSON in degrees with 6 decimals (0.1 m); polygons that meet are simplified together, to 1 m."""
    shapes = geometry.to_numpy()
    if len(shapes) and (shapely.get_dimensions(shapes) == 2).all():
        together = bool(shapely.coverage_is_valid(shapes))
        shapes = shapely.coverage_simplify(shapes, 1.0) if together else shapely.simplify(shapes, 1.0)
    lonlat = gpd.GeoSeries(shapes, crs=geometry.crs).to_crs(4326).to_numpy()
    lonlat = shapely.transform(lonlat, lambda xy: np.round(xy, 6))
    properties = rows.to_dict("records") if len(rows.columns) else [{} for _ in shapes]
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": own, "geometry": shapely.geometry.mapping(shape)}
            for own, shape in zip(properties, lonlat, strict=True)
        ],
    }


def degrees(x: Any, y: Any, crs: Any) -> tuple[list[float], list[float]]:
    """Points in degrees, 6 decimals."""
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=crs).to_crs(4326)
    return points.x.round(6).tolist(), points.y.round(6).tolist()


def script_json(value: Any) -> str:
    """JSON that may stand inside a script."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
