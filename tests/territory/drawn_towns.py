"""Small towns drawn by hand: streets, homes and borders in metres, as `Layers`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import LineString, Point, box

from districting.territory.layers import Layers

CRS = "EPSG:4547"


def town(
    land: Mapping[str, shapely.Geometry],
    *,
    homes: Sequence[tuple[float, float, int]],
    roads: Sequence[tuple[str, Sequence[tuple[float, float]]] | Mapping[str, Any]] = (),
    barriers: Sequence[tuple[str, shapely.Geometry]] = (),
    communities: Mapping[str, shapely.Geometry] | None = None,
    compounds: Mapping[str, shapely.Geometry] | None = None,
    phases: Mapping[str, tuple[str, str]] | None = None,
    footprints: Mapping[str, shapely.Geometry] | None = None,
) -> Layers:
    """A town of ``land`` (sub-district → polygon) with homes (x, y, households), numbered ``h000`` onwards."""
    subdistricts = gpd.GeoDataFrame({"name": list(land)}, index=list(land), geometry=list(land.values()), crs=CRS)
    subdistricts.index.name = "subdistrict_id"
    areas = communities if communities is not None else {f"C-{name}": shape for name, shape in land.items()}
    community = gpd.GeoDataFrame(
        {"name": list(areas), "code": list(areas), "subdistrict_id": next(iter(land))},
        index=pd.Index(list(areas), name="community_id"),
        geometry=list(areas.values()),
        crs=CRS,
    ).sort_index()
    points = [Point(x, y) for x, y, _ in homes]
    fences = dict(compounds or {})
    buildings = gpd.GeoDataFrame(
        {
            "households": np.array([n for _, _, n in homes], dtype=np.int64),
            "horizon_households": np.array([n for _, _, n in homes], dtype=np.int64),
            "people": np.array([2.5 * n for _, _, n in homes]),
            "registered_people": np.nan,
            "dwellings": np.array([float(n) for _, _, n in homes]),
            "floors": np.nan,
            "estimated": False,
            "address": None,
        },
        index=pd.Index([f"h{i:03d}" for i in range(len(homes))], name="building_id"),
        geometry=points,
        crs=CRS,
    )
    buildings["community_id"] = _holders(points, areas)
    buildings["subdistrict_id"] = _holders(points, land)
    buildings["compound_id"] = _holders(points, fences)
    drawn = [{"road_class": r[0], "line": r[1]} if isinstance(r, tuple) else dict(r) for r in roads]
    streets = gpd.GeoDataFrame(
        {
            "road_class": [r["road_class"] for r in drawn],
            "name": [r.get("name") for r in drawn],
            "bridge": [bool(r.get("bridge", False)) for r in drawn],
            "tunnel": [bool(r.get("tunnel", False)) for r in drawn],
            "level": np.array([r.get("level", 0) for r in drawn], dtype=np.int64),
        },
        index=pd.Index([f"r{i:03d}" for i in range(len(drawn))], name="road_id"),
        geometry=[LineString(r["line"]) for r in drawn],
        crs=CRS,
    )
    obstacles = gpd.GeoDataFrame(
        {"kind": [kind for kind, _ in barriers], "name": [None] * len(barriers)},
        index=pd.Index([f"b{i:03d}" for i in range(len(barriers))], name="barrier_id"),
        geometry=[shape for _, shape in barriers],
        crs=CRS,
    )
    fenced = gpd.GeoDataFrame(
        {
            "name": [(phases or {}).get(key, (key, None))[0] for key in fences],
            "phase": [(phases or {}).get(key, (key, None))[1] for key in fences],
        },
        index=pd.Index(list(fences), name="compound_id", dtype=object),
        geometry=list(fences.values()),
        crs=CRS,
    )
    none = gpd.GeoDataFrame({"name": []}, geometry=[], crs=CRS)
    return Layers(
        crs=subdistricts.crs,
        buildings=buildings,
        footprints=gpd.GeoSeries(list((footprints or {}).values()), index=list(footprints or {}), crs=CRS),
        roads=streets,
        barriers=obstacles,
        communities=community,
        subdistricts=subdistricts,
        facilities=none,
        compounds=fenced,
        zones=none,
        planned=none,
    )


def rows(
    x0: float, y0: float, x1: float, y1: float, *, step: float, households: int
) -> list[tuple[float, float, int]]:
    """Homes on a regular grid of ``step`` metres inside a rectangle."""
    xs, ys = np.meshgrid(np.arange(x0 + step / 2, x1, step), np.arange(y0 + step / 2, y1, step))
    return [(float(x), float(y), households) for x, y in zip(xs.ravel(), ys.ravel(), strict=True)]


def cross_roads(size: float, *, road_class: str = "primary") -> list[tuple[str, list[tuple[float, float]]]]:
    """Two straight roads through the middle of a square town, reaching beyond its edge."""
    half = size / 2
    return [(road_class, [(-50, half), (size + 50, half)]), (road_class, [(half, -50), (half, size + 50)])]


def square(size: float) -> shapely.Geometry:
    """The land of a square town with its corner at the origin."""
    return box(0, 0, size, size)


def _holders(points: Sequence[Point], areas: Mapping[str, shapely.Geometry]) -> pd.Series:
    """Name of the area that each point stands in, None for none."""
    found = [next((name for name, shape in areas.items() if shape.covers(point)), None) for point in points]
    return np.array([*found, None], dtype=object)[:-1]
