"""What each role takes from a file: its columns in our types and words, its geometry mended.

One function a role. Ids may still be None and belonging is open; `districting.territory.sources` joins the files
of a role and settles both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.errors import Fault
from districting.territory.columns import (
    as_text,
    count,
    examples,
    fault_of,
    missing_columns,
    number,
    source_column,
    text,
)
from districting.territory.files import FileTable
from districting.territory.homes import estimated_households
from districting.territory.mending import mend_geometry
from districting.territory.planned import planned_columns
from districting.territory.specs import ROLE_COLUMNS, STAFF_COLUMNS, Role
from districting.territory.vocabulary import (
    barrier_kinds,
    road_classes,
    room_uses,
    says_candidate,
    says_estimated,
    truths,
)

Taken = tuple[gpd.GeoDataFrame, list[Fault]]

#: Unknown words in a vocabulary up to this share of the rows are taken for the most ordinary one, and logged.
_STRAY_SHARE = 0.05


def take(found: FileTable) -> Taken:
    """The rows of a file in its role; index 0 … n-1, a column for every column of the role.

    Parameters
    ----------
    found
        A file's table, in the case's CRS.

    Returns
    -------
    tuple
        The table (rows without a usable place are left out, with a fault or a note) and faults and notes.
    """
    return _TAKE[found.spec.role](found)


def row_names(found: FileTable) -> pd.Series:
    """What to call each row in a sentence: its id where the file has one, else ``#`` and its number."""
    ids = text(found, ROLE_COLUMNS[found.spec.role][0])
    running = pd.Series([f"#{i}" for i in range(1, len(ids) + 1)], index=ids.index, dtype=object)
    return ids.where(ids.notna(), running)


def _taken(found: FileTable, columns: Mapping[str, pd.Series], named: pd.Series) -> Taken:
    """Columns and mended geometry as one table, rows without a place left out."""
    shapes, faults = mend_geometry(found, named=named)
    table = gpd.GeoDataFrame(dict(columns), geometry=shapes, crs=found.table.crs, index=found.table.index)
    return table[~shapely.is_missing(shapes)].reset_index(drop=True), faults


def _texts(found: FileTable, *columns: str) -> dict[str, pd.Series]:
    return {column: text(found, column) for column in columns}


def _buildings(found: FileTable) -> Taken:
    """Buildings as points, footprints beside them, households counted or estimated."""
    named = row_names(found)
    faults = missing_columns(found)
    columns = _texts(found, "building_id", "address", "compound_id", "community_id", "subdistrict_id")
    for ours in ("people", "registered_people", "dwellings", "floors"):
        columns[ours], wrong = number(found, ours, named=named)
        faults += wrong
    counted = source_column(found, "households")
    told = source_column(found, "estimated")
    if found.spec.household_points:
        columns["households"] = pd.Series(1, index=named.index, dtype="int64")
        columns["estimated"] = pd.Series(False, index=named.index)
    elif counted is not None:
        columns["households"], wrong = count(found, "households", named=named)
        faults += wrong
        there = told is not None and told in found.table.columns
        columns["estimated"] = says_estimated(found.table[told]) if there else pd.Series(False, index=named.index)
    else:
        homes = truths(found.table[use]) if (use := source_column(found, "residential")) in found.table else None
        columns["households"], wrong = estimated_households(found, columns, homes=homes, named=named)
        columns["estimated"] = pd.Series(True, index=named.index)
        faults += wrong
    table, wrong = _taken(found, columns, named)
    faults += wrong
    shapes = table.geometry.to_numpy()
    footprint = np.isin(shapely.get_type_id(shapes), (3, 6))
    table["footprint"] = np.where(footprint, shapes, None)
    points = shapes.copy()
    points[footprint] = shapely.point_on_surface(shapes[footprint])
    many = shapely.get_type_id(points) == 4
    points[many] = shapely.centroid(points[many])
    return table.set_geometry(gpd.GeoSeries(points, index=table.index, crs=table.crs)), faults


def _roads(found: FileTable) -> Taken:
    """Roads in our classes."""
    named = row_names(found)
    faults = missing_columns(found, required=("road_class",))
    columns = _texts(found, "road_id", "name")
    for flag in ("bridge", "tunnel"):
        theirs = source_column(found, flag)
        there = theirs is not None and theirs in found.table.columns
        columns[flag] = truths(found.table[theirs]) if there else pd.Series(False, index=named.index)
    level = pd.to_numeric(text(found, "level"), errors="coerce").fillna(0)
    columns["level"] = level.clip(-9, 9).round().astype("int64")
    words = text(found, "road_class")
    columns["road_class"], wrong = _in_our_words(found, words, road_classes(words), ordinary="residential")
    faults += wrong if source_column(found, "road_class") in found.table.columns else []
    table, wrong = _taken(found, columns, named)
    return table[table["road_class"] != ""].reset_index(drop=True), faults + wrong


def _barriers(found: FileTable) -> Taken:
    """Barriers in our kinds."""
    named = row_names(found)
    stated = found.spec.kind
    faults = missing_columns(found, required=() if stated else ("kind",))
    columns = _texts(found, "barrier_id", "name")
    words = pd.Series(stated, index=named.index, dtype=object) if stated else text(found, "kind")
    columns["kind"], wrong = _in_our_words(found, words, barrier_kinds(words), ordinary=None)
    faults += wrong if stated or source_column(found, "kind") in found.table.columns else []
    table, wrong = _taken(found, columns, named)
    return table[table["kind"] != ""].reset_index(drop=True), faults + wrong


def _in_our_words(
    found: FileTable, words: pd.Series, ours: pd.Series, *, ordinary: str | None
) -> tuple[pd.Series, list[Fault]]:
    """Words translated; a few strays become the ordinary word (a note), many or none-to-take are a fault."""
    strange = ours.isna().to_numpy()
    faults = []
    if strange.any():
        spelled = words.fillna("∅")[strange]
        told = examples(pd.unique(spelled.sort_values()))
        few = ordinary is not None and strange.mean() <= _STRAY_SHARE
        key = "note.layer_words" if few else f"fault.layer_words_{found.spec.role}"
        faults.append(fault_of(key, found, strange, words, examples=told, taken=ordinary or ""))
    left_out = (ours == "").to_numpy()
    if left_out.any():
        told = examples(pd.unique(words[left_out].sort_values()))
        faults.append(fault_of("note.layer_not_built", found, left_out, words, examples=told))
    return ours.where(ours.notna(), ordinary or "").astype(object), faults


def _communities(found: FileTable) -> Taken:
    """Communities; the id falls back to the name where every one has its own."""
    named = row_names(found)
    faults = missing_columns(found)
    columns = _texts(found, "community_id", "name", "code", "subdistrict_id")
    columns["community_id"] = _or_name(columns["community_id"], columns["name"])
    for ours in STAFF_COLUMNS:
        columns[ours], wrong = number(found, ours, named=named)
        faults += wrong
    table, wrong = _taken(found, columns, named)
    return table, faults + wrong


def _subdistricts(found: FileTable) -> Taken:
    """Sub-districts; the id falls back to the name where every one has its own."""
    faults = missing_columns(found)
    columns = _texts(found, "subdistrict_id", "name")
    columns["subdistrict_id"] = _or_name(columns["subdistrict_id"], columns["name"])
    table, wrong = _taken(found, columns, row_names(found))
    return table, faults + wrong


def _or_name(ids: pd.Series, names: pd.Series) -> pd.Series:
    """The names as ids, where there is no id at all and every name stands once."""
    usable = ids.isna().all() and names.notna().all() and names.is_unique
    return names.copy() if usable else ids


def _facilities(found: FileTable) -> Taken:
    """Rooms and places of communities as points, each with its use; ``service`` where none is told."""
    named = row_names(found)
    faults = missing_columns(found)
    columns = _texts(found, "facility_id", "name", "community_id")
    words = text(found, "use")
    columns["use"], wrong = _in_our_words(found, words, room_uses(words), ordinary=None)
    faults += wrong
    columns["floor_area_m2"], wrong = number(found, "floor_area_m2", named=named)
    columns["candidate"] = says_candidate(text(found, "candidate"))
    table, more = _taken(found, columns, named)
    return _as_points(table), faults + wrong + more


def _as_points(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = table.geometry.to_numpy()
    points = np.where(shapely.get_type_id(shapes) == 0, shapes, shapely.point_on_surface(shapes))
    return table.set_geometry(gpd.GeoSeries(points, index=table.index, crs=table.crs))


def _compounds(found: FileTable) -> Taken:
    """Gated compounds; the id falls back to the name where every one has its own."""
    faults = missing_columns(found)
    columns = _texts(found, "compound_id", "name", "phase")
    columns["compound_id"] = _or_name(columns["compound_id"], columns["name"])
    table, wrong = _taken(found, columns, row_names(found))
    return table, faults + wrong


def _zones(found: FileTable) -> Taken:
    """Zones, such as school zones; the kind falls back to the case's word, then to the layer's name."""
    faults = missing_columns(found)
    columns = _texts(found, "zone_id", "kind", "name")
    columns["kind"] = columns["kind"].fillna(found.spec.kind or found.layer).astype(object)
    table, wrong = _taken(found, columns, row_names(found))
    return table, faults + wrong


def _planned(found: FileTable) -> Taken:
    """Planned housing: households and the years in which they move in."""
    named = row_names(found)
    columns, faults = planned_columns(found, named)
    table, wrong = _taken(found, _texts(found, "planned_id") | columns, named)
    return table, faults + wrong


_TAKE: Mapping[Role, Callable[[FileTable], Taken]] = {
    "buildings": _buildings,
    "roads": _roads,
    "barriers": _barriers,
    "communities": _communities,
    "subdistricts": _subdistricts,
    "facilities": _facilities,
    "compounds": _compounds,
    "zones": _zones,
    "planned": _planned,
}


def known_names(ids: pd.Series, table: gpd.GeoDataFrame) -> pd.Series:
    """Ids of a role, where a file may name its members by id, by code or by a name that only one of them bears.

    Parameters
    ----------
    ids
        What the file says; None where nothing.
    table
        The members, indexed by id, with ``name`` and perhaps ``code``.

    Returns
    -------
    Series
        Ids of ``table``; unknown words stay as they are.
    """
    known: dict[str, str] = {}
    for column in ("name", "code"):
        if column in table.columns:
            words = as_text(table[column]).dropna()
            alone = words[~words.duplicated(keep=False)]
            known |= dict(zip(alone, alone.index, strict=True))
    known |= {own: own for own in table.index}
    return ids.map(lambda word: known.get(word, word), na_action="ignore").astype(object).where(ids.notna(), None)
