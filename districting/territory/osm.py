"""OpenStreetMap at the door: extracts (``.osm``, ``.pbf``) from disk, and a place from the network.

The only module that knows osmium and osmnx. An extract becomes the same table as any other file, with the
columns that the roles understand, in degrees (EPSG:4326).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from districting.errors import Fault, LayerError
from districting.territory.damage import file_fault
from districting.territory.specs import LayerSpec, Role
from districting.territory.words import words

_SUFFIXES = (".osm", ".pbf", ".osm.gz", ".osm.bz2", ".o5m")

_RAILS = frozenset({"rail", "light_rail", "narrow_gauge"})
_WATERWAYS = frozenset({"river", "canal", "riverbank", "dock"})
_WATERS = frozenset({"water", "wetland", "bay", "strait"})
_WALLS = frozenset({"city_wall"})
_CENTRES = frozenset({"community_centre", "townhall", "social_facility", "public_building"})

#: Values of ``building`` where nobody lives.
_NOT_HOMES = frozenset(words("homes")["not_homes"])


#: Roles that an extract can play.
EXTRACT_ROLES: tuple[Role, ...] = ("roads", "barriers", "buildings", "facilities")


def is_extract(path: Path) -> bool:
    """Whether a file is an OSM extract, by its name."""
    return path.name.lower().endswith(_SUFFIXES)


@dataclass(frozen=True)
class _Wanted:
    """Which objects a role takes from an extract: keys to look at, as lines, areas or points."""

    keys: tuple[str, ...]
    lines: bool = False
    areas: bool = False
    points: bool = False


_WANTED: Mapping[str, _Wanted] = {
    "roads": _Wanted(("highway",), lines=True),
    "barriers": _Wanted(("railway", "waterway", "natural", "barrier"), lines=True, areas=True),
    "buildings": _Wanted(("building",), areas=True),
    "facilities": _Wanted(("amenity",), areas=True, points=True),
}


def read_extract(path: Path, role: str) -> tuple[gpd.GeoDataFrame, int]:
    """The objects of an extract that play a role.

    Parameters
    ----------
    path
        ``.osm``, ``.pbf`` or a packed one.
    role
        ``roads``, ``barriers``, ``buildings`` or ``facilities``.

    Returns
    -------
    tuple
        The table (EPSG:4326; text columns named as the roles know them) and how many objects were left out
        because the extract lacks their nodes: ways cut at its edge.

    Raises
    ------
    LayerError
        If an extract cannot play this role, or is damaged.
    """
    if role not in _WANTED:
        values = {"file": path.name, "role": role, "known": ", ".join(_WANTED)}
        raise LayerError([Fault("fault.osm_role", values)])
    wanted = _WANTED[role]
    rows: list[dict[str, Any]] = []
    shapes: list[bytes | None] = []
    lost = 0
    try:
        for row, shape in _objects(path, wanted, role):
            if shape is None:
                lost += 1
                continue
            rows.append(row)
            shapes.append(shape)
    except RuntimeError as error:
        raise LayerError([file_fault(path, error)]) from error
    table = pd.DataFrame(rows, columns=list(_NO_ROW[role]), dtype=object)
    return gpd.GeoDataFrame(
        table, geometry=shapely.from_wkb(np.array(shapes, dtype=object)), crs="EPSG:4326"
    ), lost


def _objects(path: Path, wanted: _Wanted, role: str) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    """Row and shape (WKB) of each object wanted; the shape is None where nodes are missing."""
    factory: Any = osmium.geom.WKBFactory()
    reader = osmium.FileProcessor(str(path)).with_locations()
    if wanted.areas:
        reader = reader.with_areas(osmium.filter.KeyFilter(*wanted.keys))
    found: Any  # osmium's own union of classes does not narrow
    for found in reader.with_filter(osmium.filter.KeyFilter(*wanted.keys)):
        if found.is_area():
            row = _ROWS[role](dict(found.tags), True) if wanted.areas else None
            make = factory.create_multipolygon
        elif found.is_way() and wanted.lines:
            tags = dict(found.tags)
            # a closed way with an area's tags arrives again as an area
            closed = wanted.areas and found.is_closed() and "railway" not in tags and "barrier" not in tags
            row = None if closed else _ROWS[role](tags, False)
            make = factory.create_linestring
        elif found.is_node() and wanted.points:
            row = _ROWS[role](dict(found.tags), False)
            make = factory.create_point
        else:
            continue
        if row is None:
            continue
        letter, number = _origin(found)
        try:
            shape = bytes.fromhex(make(found))
        except (osmium.InvalidLocationError, RuntimeError):
            yield row, None
            continue
        yield {_ID[role]: f"{letter}{number}", **row}, shape


def _origin(found: Any) -> tuple[str, int]:
    """Kind and number of the OSM object behind a row: n, w or r, as OSM writes it."""
    if found.is_area():
        return ("w" if found.from_way() else "r"), found.orig_id()
    return ("w" if found.is_way() else "n"), found.id


def _road(tags: Mapping[str, str], area: bool) -> dict[str, Any] | None:
    """A road's row; squares mapped as areas are left to the ground."""
    if tags.get("area") == "yes":
        return None
    return {
        "road_class": tags["highway"],
        "name": tags.get("name"),
        "bridge": tags.get("bridge"),
        "tunnel": tags.get("tunnel"),
        "level": tags.get("layer"),
    }


def _barrier(tags: Mapping[str, str], area: bool) -> dict[str, Any] | None:
    """A barrier's row: railways on the ground, rivers and canals, water with area, city walls."""
    underground = tags.get("tunnel") not in (None, "no")
    kind = None
    if not area and tags.get("railway") in _RAILS and not underground and "service" not in tags:
        kind = "rail"
    elif (tags.get("waterway") in _WATERWAYS and not underground) or (area and tags.get("natural") in _WATERS):
        kind = "water"
    elif not area and tags.get("barrier") in _WALLS:
        kind = "wall"
    return {"kind": kind, "name": tags.get("name")} if kind else None


def _building(tags: Mapping[str, str], area: bool) -> dict[str, Any] | None:
    """A building's row: floors, dwellings, address, and whether people may live in it."""
    if tags["building"] == "no":
        return None
    return {
        "floors": tags.get("building:levels"),
        "dwellings": tags.get("building:flats"),
        "residential": "no" if tags["building"] in _NOT_HOMES else "yes",
        "address": _address(tags),
    }


def _address(tags: Mapping[str, str]) -> str | None:
    """Street and number, each way round as the place writes it; None where there is neither."""
    street = tags.get("addr:street") or tags.get("addr:place") or ""
    number = tags.get("addr:housenumber", "")
    if not street and not number:
        return None
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in street)
    return f"{street}{number}" if chinese else f"{street} {number}".strip()


def _facility(tags: Mapping[str, str], area: bool) -> dict[str, Any] | None:
    """A service point's row; ``kind`` is OSM's amenity, for the case's ``where``."""
    if tags.get("amenity") not in _CENTRES:
        return None
    return {"kind": tags["amenity"], "name": tags.get("name")}


_ROWS = {"roads": _road, "barriers": _barrier, "buildings": _building, "facilities": _facility}
_ID = {"roads": "road_id", "barriers": "barrier_id", "buildings": "building_id", "facilities": "facility_id"}
_NO_ROW = {
    "roads": ("road_id", "road_class", "name", "bridge", "tunnel", "level"),
    "barriers": ("barrier_id", "kind", "name"),
    "buildings": ("building_id", "floors", "dwellings", "residential", "address"),
    "facilities": ("facility_id", "kind", "name"),
}


def rows_from_features(features: gpd.GeoDataFrame, role: str) -> gpd.GeoDataFrame:
    """Objects as osmnx gives them (index ``element, id``; one column per tag) as a table of a role.

    Parameters
    ----------
    features
        Geometry in degrees; tags as columns, NaN where an object lacks one.
    role
        ``roads``, ``barriers``, ``buildings`` or ``facilities``.

    Returns
    -------
    GeoDataFrame
        The columns that `read_extract` gives, in the order of the ids.
    """
    areas = features.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()
    wanted = _WANTED[role]
    key = list(wanted.keys)
    tags = features.drop(columns=features.geometry.name)
    rows, places, seen = [], [], set()
    for place, (index, record) in enumerate(zip(features.index, tags.to_dict("records"), strict=True)):
        own = {name: str(value) for name, value in record.items() if isinstance(value, str | int)}
        allowed = wanted.areas if areas[place] else wanted.lines or wanted.points
        row = _ROWS[role](own, bool(areas[place])) if allowed and any(k in own for k in key) else None
        identity = f"{str(index[0])[0]}{index[1]}" if isinstance(index, tuple) else str(index)
        if row is None or identity in seen:
            continue
        seen.add(identity)
        rows.append({_ID[role]: identity, **row})
        places.append(place)
    table = pd.DataFrame(rows, columns=list(_NO_ROW[role]), dtype=object)
    made = gpd.GeoDataFrame(table, geometry=features.geometry.to_numpy()[places], crs=features.crs)
    return made.sort_values(_ID[role], ignore_index=True)


#: What is asked of OpenStreetMap for each role.
_QUERIES: Mapping[str, dict[str, bool | str | list[str]]] = {
    "roads": {"highway": True},
    "barriers": {
        "railway": sorted(_RAILS),
        "waterway": sorted(_WATERWAYS),
        "natural": sorted(_WATERS),
        "barrier": sorted(_WALLS),
    },
    "buildings": {"building": True},
}


def download_place(place: str, folder: Path) -> tuple[LayerSpec, ...]:
    """Roads, barriers and buildings of a place from OpenStreetMap, as GeoPackages in ``folder``.

    Needs the extra ``osm`` and a network. © OpenStreetMap contributors, ODbL 1.0.

    Parameters
    ----------
    place
        A name that OpenStreetMap's search knows, e.g. ``"碑林区, 西安"``.
    folder
        Made if absent; files of the same name are replaced.

    Returns
    -------
    tuple of LayerSpec
        One per file written, with paths relative to ``folder``.

    Raises
    ------
    LayerError
        If osmnx is not installed, or the place cannot be had.
    """
    try:
        import osmnx
    except ImportError as error:
        raise LayerError([Fault("fault.osm_not_installed", {})]) from error
    folder.mkdir(parents=True, exist_ok=True)
    specs = []
    for role, query in _QUERIES.items():
        try:
            features = osmnx.features_from_place(place, tags=query)
        except (OSError, ValueError, TypeError) as error:
            raise LayerError(
                [Fault("fault.osm_place", {"place": place, "role": role, "why": str(error)})]
            ) from error
        table = rows_from_features(features, role)
        path = folder / f"{role}.gpkg"
        path.unlink(missing_ok=True)
        for layer, part in _by_shape(table, role):
            part.to_file(path, layer=layer, driver="GPKG")
            specs.append(LayerSpec(role, path.name, layer=layer))  # type: ignore[arg-type]
    return tuple(specs)


def _by_shape(table: gpd.GeoDataFrame, role: str) -> Iterator[tuple[str, gpd.GeoDataFrame]]:
    """The table in layers of one kind of geometry, as GIS programs expect them."""
    areas = table.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    if areas.any() and not areas.all():
        yield f"{role}_lines", table[~areas]
        yield f"{role}_polygons", table[areas]
    else:
        yield role, table
