"""The files of one role as one table: ids for every row, each once, in order; columns in the types promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from districting.errors import Fault
from districting.territory.columns import examples, numbered, placed_ids
from districting.territory.mending import single_lines
from districting.territory.specs import ROLE_COLUMNS, STAFF_COLUMNS, Role

_NUMBERS = {"people": "float64", "registered_people": "float64", "dwellings": "float64", "floors": "float64",
            "floor_area_m2": "float64", "households": "int64", "horizon_households": "int64", "year": "int64",
            "level": "int64", "estimated": "bool", "bridge": "bool", "tunnel": "bool",
            **dict.fromkeys(STAFF_COLUMNS, "float64")}  # fmt: skip

#: How ids begin for features that have none.
_PREFIX: Mapping[Role, str] = {
    "buildings": "b",
    "roads": "road",
    "barriers": "barrier",
    "communities": "community",
    "subdistricts": "subdistrict",
    "facilities": "facility",
    "compounds": "compound",
    "zones": "zone",
    "planned": "project",
}


def columns_of(role: Role) -> tuple[str, ...]:
    """Columns of a role in `Layers`, without the id and the geometry."""
    return tuple(name for name in ROLE_COLUMNS[role][1:] if name != "residential")


def joined(
    role: Role, parts: Sequence[gpd.GeoDataFrame], *, crs: pyproj.CRS, values: dict[str, Any]
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """One table of a role, indexed by id: text, unique, sorted.

    Parameters
    ----------
    role
        Whose files these are.
    parts
        Tables as `roles.take` gives them; none: the empty table of the role.
    values
        ``role``, ``file`` and ``layer``.

    Returns
    -------
    tuple
        The table, and faults and notes: ids that stand twice, rows that repeat another, ids that were made.
    """
    key = ROLE_COLUMNS[role][0]
    columns = [*columns_of(role), *(["footprint"] if role == "buildings" else [])]
    if not parts:
        bare = pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
        bare.index = pd.Index([], dtype=object, name=key)
        return typed(gpd.GeoDataFrame(bare, geometry=[], crs=crs)), []
    table = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=crs)
    faults: list[Fault] = []
    nameless = table[key].isna()
    if nameless.any():
        made = (
            placed_ids(_PREFIX[role], shapely.get_coordinates(table.geometry[nameless].to_numpy()))
            if role == "buildings"
            else numbered(_PREFIX[role], len(table))[nameless.to_numpy()]
        )
        table.loc[nameless, key] = made.to_numpy()
    table, wrong = _once_each(table, key, values)
    faults += wrong
    table = table.set_index(pd.Index(table[key].to_numpy(dtype=object), dtype=object, name=key))
    table = table[[*columns, "geometry"]]
    if role in ("roads", "barriers"):
        table, parted = single_lines(table)
        if parted:
            told = {**values, "count": parted, "parts": len(table)}
            faults.append(Fault("note.layer_parted", told, severity="warning"))
    return typed(table.sort_index(kind="stable")), faults


def _once_each(table: gpd.GeoDataFrame, key: str, values: dict[str, Any]) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Rows that repeat another altogether left out; ids that stand twice are a fault, except on lines."""
    line = values["role"] in ("roads", "barriers")
    same = pd.DataFrame(table.drop(columns=[table.geometry.name, "footprint"], errors="ignore")).astype(str)
    same["geometry"] = shapely.to_wkb(table.geometry.to_numpy())
    if line:
        same = same[["geometry"]]
    repeats = same.duplicated()
    faults = []
    if repeats.any():
        told = {
            **values,
            "count": int(repeats.sum()),
            "total": len(table),
            "examples": examples(table[key][repeats]),
        }
        faults.append(Fault("note.layer_repeats", told, severity="warning"))
        table = table[~repeats].reset_index(drop=True)
    twice = table[key].duplicated()
    if twice.any() and not line:
        ids = table[key][twice].drop_duplicates()
        told = {**values, "count": len(ids), "total": len(table), "column": key, "examples": examples(ids)}
        faults.append(Fault("fault.layer_duplicate_ids", told))
    return table, faults


def typed(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The table with every column in the type that `Layers` promises; text as objects, None where unknown."""
    columns: dict[str, pd.Series] = {}
    for name in table.columns:
        column = table[name]
        if name == table.geometry.name:
            continue
        if name in _NUMBERS:
            columns[name] = column.astype(_NUMBERS[name])
        elif name == "footprint":
            columns[name] = column.astype(object)
        else:
            words = column.astype(object)
            columns[name] = words.where(words.notna(), None)
    index = pd.Index(table.index.to_numpy(dtype=object), dtype=object, name=table.index.name)
    made = gpd.GeoDataFrame(columns, index=table.index, geometry=table.geometry, crs=table.crs)
    made.index = index
    return made
