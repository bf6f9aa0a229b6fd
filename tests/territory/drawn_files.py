"""A town of two sub-districts, four communities and eight buildings, drawn as files for the tests of reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from districting.errors import Fault, LayerError
from districting.territory.layers import Layers
from districting.territory.sources import read_layers
from districting.territory.specs import ROLES, LayerSpec

CRS = "EPSG:4547"
#: South-west corner, in the zone of 114° E: about 113.7° E, 34.8° N.
X, Y = 472000.0, 3852000.0


def frame(
    columns: Mapping[str, Sequence[object]], shapes: Sequence[object], crs: str | None = CRS
) -> gpd.GeoDataFrame:
    """A table of the town; shapes are drawn in m from its south-west corner."""
    moved = shapely.transform(list(shapes), lambda xy: xy + np.array([X, Y]))
    return gpd.GeoDataFrame(dict(columns), geometry=list(moved), crs=crs)


def town() -> dict[str, gpd.GeoDataFrame]:
    """Its layers: two sub-districts of 200 × 200 m, two communities in each, two buildings in each of those."""
    box = shapely.box
    return {
        "subdistricts": frame({"name": ["东街街道", "西街街道"]}, [box(200, 0, 400, 200), box(0, 0, 200, 200)]),
        "communities": frame(
            {"community_id": ["001", "002", "003", "004"], "name": ["甲社区", "乙社区", "丙社区", "丁社区"]},
            [box(100 * i, 0, 100 * (i + 1), 200) for i in range(4)],
        ),
        "buildings": frame(
            {"building_id": [f"0{i}" for i in range(8)], "households": [10, 20, 30, 40, 50, 60, 70, 0]},
            [shapely.Point(50 * i + 25, 55 + 10 * i) for i in range(8)],
        ),
        "roads": frame(
            {"road_id": [1, 2], "road_class": ["主干路", "支路"], "name": ["中心路", None], "bridge": ["F", "T"]},
            [shapely.LineString([(200, 0), (200, 200)]), shapely.LineString([(0, 100), (400, 100)])],
        ),
        "barriers": frame({"kind": ["护城河"], "name": ["护城河"]}, [shapely.LineString([(100, 0), (100, 200)])]),
        "facilities": frame(
            {"kind": ["社区服务中心", "学校"], "name": ["甲站", "小学"]},
            shapely.points([[50, 50], [60, 60]]),
        ),
    }


def write(folder: Path, tables: Mapping[str, gpd.GeoDataFrame]) -> list[LayerSpec]:
    """Every table as ``<role>.parquet`` (the fastest to write), and the specs that read them."""
    for role, table in tables.items():
        table.to_parquet(folder / f"{role}.parquet")
    where = {"facilities": "kind = '社区服务中心'"}
    return [LayerSpec(role, f"{role}.parquet", where=where.get(role)) for role in ROLES if role in tables]


def read(folder: Path, tables: Mapping[str, gpd.GeoDataFrame], **options: object) -> Layers:
    """The tables through files."""
    return read_layers(write(folder, tables), crs=CRS, folder=folder, **options)  # type: ignore[arg-type]


def faults_of(specs: Sequence[LayerSpec], folder: Path, *, crs: str = CRS) -> tuple[Fault, ...]:
    """The faults of reading; fails if there are none."""
    try:
        read_layers(specs, crs=crs, folder=folder)
    except LayerError as error:
        return error.faults
    raise AssertionError("the layers were read without a fault")


def with_role(specs: Sequence[LayerSpec], spec: LayerSpec) -> list[LayerSpec]:
    """The specs with one role given otherwise."""
    return [*(other for other in specs if other.role != spec.role), spec]
