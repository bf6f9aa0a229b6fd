"""The adopted plan as layers of the GeoPackage, written in the same transaction as its status.

GDAL writes in transactions of its own, so SQLite writes the rows; their encoding is that of OGC 12-128r19, §2.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from districting.errors import Fault, PlanError
from districting.records.store import Change
from districting.reports.geopackage import Style, qml

#: Identifier of a reference system that has no number of EPSG.
_OWN_SRS = 100000

#: Table → geometry type, name for people, columns beside geometry and plan, how QGIS draws it.
_LAYERS: dict[str, tuple[str, str, tuple[str, ...], Style]] = {
    "adopted_communities": (
        "MULTIPOLYGON",
        "现行社区 Adopted communities",
        (
            "community_id", "name", "code", "subdistrict", "households", "people", "area_m2", "action",
            "seat_x", "seat_y", "colour",
        ),
        Style("fill_by_colour", label="name", outline="#1d2733", width_mm=0.4),
    ),
    "adopted_buildings": (
        "POINT",
        "现行社区的楼栋 Buildings by adopted community",
        ("building_id", "community_id", "households"),
        Style("point", fill="#6b7480", size_mm=0.8),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class AdoptedLayers:
    """Communities and buildings of a plan as rows, ready to be written.

    Parameters
    ----------
    srs
        (name, srs_id, organization, its number, definition) of ``gpkg_spatial_ref_sys``.
    rows, bounds
        By table: geometry and columns of each row; west, south, east, north, m.
    """

    srs: tuple[str, int, str, int, str]
    rows: dict[str, list[tuple[Any, ...]]]
    bounds: dict[str, tuple[float, ...]]

    @classmethod
    def read(cls, place: Path) -> AdoptedLayers:
        """The layers of a plan's folder, from its ``plan.gpkg``.

        Raises
        ------
        PlanError
            If there is none: then nothing can stand on the map.
        """
        if not (place / "plan.gpkg").is_file():
            raise PlanError([Fault("fault.adopt_no_map", {"folder": place.name})])
        communities = gpd.read_file(place / "plan.gpkg", layer="communities")
        buildings = gpd.read_file(place / "plan.gpkg", layer="buildings")
        srs = _srs(pyproj.CRS(communities.crs))
        rows, bounds = {}, {}
        for table, layer in (("adopted_communities", communities), ("adopted_buildings", buildings)):
            columns = _LAYERS[table][2]
            shapes = encoded(layer.geometry.to_numpy(), srs[1])
            told = layer.reindex(columns=list(columns)).astype(object)
            told = told.where(pd.notna(told), None)
            rows[table] = list(zip(shapes, *(told[column].tolist() for column in columns), strict=True))
            bounds[table] = tuple(map(float, layer.total_bounds))
        return cls(srs, rows, bounds)

    def write(self, change: Change, *, plan_ref: str, document: str, date: str) -> None:
        """Let these be the adopted layers, in place of those before."""
        clear(change)
        change.write(
            "INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)",
            self.srs,
        )
        for table, (kind, title, columns, style) in _LAYERS.items():
            change.write(
                "INSERT INTO gpkg_contents "
                "(table_name, data_type, identifier, description, min_x, min_y, max_x, max_y, srs_id) "
                "VALUES (?, 'features', ?, ?, ?, ?, ?, ?, ?)",
                (table, table, title, *self.bounds[table], self.srs[1]),
            )
            change.write(
                "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (table, kind, self.srs[1])
            )
            change.write(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                "styleName, styleQML, styleSLD, useAsDefault, description, owner) "
                "VALUES ('', '', ?, 'geom', ?, ?, '', 1, '', '')",
                (table, table, qml(style)),
            )
            told = ("document", "date") if table == "adopted_communities" else ()
            names = ("geom", *columns, "plan_ref", *told)
            more = (plan_ref, document, date)[: 1 + len(told)]
            change.write_all(
                f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
                [(*row, *more) for row in self.rows[table]],
            )


def clear(change: Change) -> None:
    """Take the adopted layers out: the case has no adopted plan."""
    for table in _LAYERS:
        change.write(f"DELETE FROM {table}")
        change.write("DELETE FROM layer_styles WHERE f_table_name = ?", (table,))
        change.write("DELETE FROM gpkg_geometry_columns WHERE table_name = ?", (table,))
        change.write("DELETE FROM gpkg_contents WHERE table_name = ?", (table,))


def encoded(shapes: Any, srs_id: int) -> list[bytes]:
    """Geometries as a GeoPackage holds them: its header, little-endian with an envelope, then WKB.

    Polygons become MultiPolygons, since a layer has one type; points need no envelope.
    """
    parts = np.array(shapes, dtype=object)
    single = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts[single] = shapely.multipolygons(parts[single][:, None])
    flat = shapely.to_wkb(shapely.force_2d(parts), byte_order=1)
    west, south, east, north = np.asarray(shapely.bounds(parts), dtype=np.float64).T
    return [
        struct.pack("<2sBBi", b"GP", 0, 0b00000001, srs_id) + wkb
        if point
        else struct.pack("<2sBBi4d", b"GP", 0, 0b00000011, srs_id, w, e, s, n) + wkb
        for point, wkb, w, s, e, n in zip(
            shapely.get_type_id(parts) == shapely.GeometryType.POINT, flat, west, south, east, north, strict=True
        )
    ]


def _srs(crs: pyproj.CRS) -> tuple[str, int, str, int, str]:
    """A reference system as ``gpkg_spatial_ref_sys`` tells it."""
    number = crs.to_epsg()
    definition = crs.to_wkt("WKT1_GDAL")
    if number is None:
        return (crs.name, _OWN_SRS, "NONE", _OWN_SRS, definition)
    return (crs.name, number, "EPSG", number, definition)
