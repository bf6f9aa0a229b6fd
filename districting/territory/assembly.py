"""How the roles fit together: which land is whose, who lives where, and what contradicts what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from districting.errors import Fault
from districting.territory.belonging import containing, land_of_buildings, most_of, nearest_m
from districting.territory.columns import examples
from districting.territory.homes import with_planned
from districting.territory.joining_files import typed
from districting.territory.layers import Layers
from districting.territory.roles import known_names
from districting.territory.specs import STAFF_COLUMNS, Role
from districting.territory.tiling import GAP_M2, tile_communities, tile_subdistricts

#: How far outside every sub-district a building may stand and still belong, in m.
NEAR_M = 30.0
#: How far outside a community a building of the town may stand and still belong, in m: the width of a drawn line.
LINE_M = 1.0
#: Land in no community narrower than this is a strip between two drawings of one border, in m.
STRIP_M = 15.0
#: How far outside its compound's outline, in m: outlines follow the wall, points may stand on it.
COMPOUND_NEAR_M = 2.0
#: Roads and barriers further than this from every sub-district, in m, are left out.
SURROUNDINGS_M = 500.0

Tables = Mapping[Role, gpd.GeoDataFrame]
Origin = Mapping[Role, dict[str, Any]]


def assemble(
    tables: Tables, *, origin: Origin, broken: frozenset[str], crs: pyproj.CRS, horizon: int | None
) -> tuple[Layers | None, list[Fault]]:
    """The roles' tables as `Layers`, each row knowing where it belongs.

    Parameters
    ----------
    tables
        One per role, indexed by id.
    origin
        ``role``, ``file`` and ``layer`` of each role, for the sentences.
    broken
        Roles with errors; what rests on them is not judged.
    crs, horizon
        As for `read_layers`.

    Returns
    -------
    tuple
        The layers (None where something they rest on is missing or broken), and faults and notes.
    """
    if broken & {"buildings", "subdistricts", "communities"} or not len(tables["buildings"]):
        return None, []
    faults: list[Fault] = []
    communities, subdistricts = tables["communities"], tables["subdistricts"]
    communities = _named(communities)
    if len(subdistricts):
        subdistricts, wrong = tile_subdistricts(subdistricts, values=origin["subdistricts"])
    else:
        subdistricts, wrong = _land_of_communities(communities, values=origin["communities"])
    faults += wrong
    if any(fault.severity == "error" for fault in wrong) or not len(subdistricts):
        return None, faults
    subdistricts = _named(subdistricts)

    compounds = tables["compounds"]
    buildings = _in_compounds(tables["buildings"], compounds)
    buildings, wrong = with_planned(buildings, tables["planned"], compounds, horizon=horizon)
    buildings = _in_compounds(buildings, compounds)
    faults += wrong
    buildings, wrong = _in_subdistricts(buildings, subdistricts, values=origin["buildings"])
    faults += wrong
    inhabited = (buildings["horizon_households"] > 0).to_numpy()
    derived = not len(communities) and bool(buildings["community_id"].notna().any())
    if derived:
        communities = _derived(buildings, subdistricts)
    elif len(communities):
        homes = buildings.geometry.to_numpy()[inhabited]
        communities, wrong = tile_communities(communities, homes=homes, values=origin["communities"])
        faults += wrong
        communities, wrong = _communities_in(communities, subdistricts, values=origin["communities"])
        faults += wrong
    else:
        faults.append(Fault("note.no_communities", {}, severity="warning"))
    buildings, wrong = _in_communities(buildings, communities, subdistricts, values=origin["buildings"])
    faults += wrong
    facilities, wrong = _facilities_in(tables["facilities"], communities, values=origin["facilities"])
    faults += wrong
    lines: dict[Role, gpd.GeoDataFrame] = {}
    for role in ("roads", "barriers"):
        lines[role], wrong = _near(tables[role], subdistricts, values=origin[role])
        faults += wrong
    if not len(tables["roads"]) and "roads" not in broken:
        faults.append(Fault("note.no_roads", {}, severity="warning"))
    drawn = buildings["footprint"].notna()
    layers = Layers(
        crs=crs,
        buildings=typed(buildings.drop(columns="footprint")),
        footprints=gpd.GeoSeries(buildings.loc[drawn, "footprint"], crs=crs, name="footprint"),
        roads=lines["roads"],
        barriers=lines["barriers"],
        communities=typed(communities),
        subdistricts=typed(subdistricts),
        facilities=typed(facilities),
        compounds=compounds,
        zones=tables["zones"],
        planned=tables["planned"],
        derived_communities=derived,
    )
    return layers, faults


def _named(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The table with the id for a name where there is none."""
    ids = pd.Series(table.index, index=table.index, dtype=object)
    return table.assign(name=table["name"].where(table["name"].notna(), ids))


def _land_of_communities(
    communities: gpd.GeoDataFrame, *, values: dict[str, Any]
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Sub-districts from the communities: by their column where all have one, else one for all."""
    named = communities["subdistrict_id"]
    groups = named if named.notna().all() else pd.Series("全域", index=communities.index, dtype=object)
    land = communities[["geometry"]].assign(subdistrict_id=groups).dissolve("subdistrict_id", sort=True)
    land["name"] = land.index.to_numpy(dtype=object)
    told = {**values, "count": len(land), "examples": examples(land.index)}
    return typed(land[["name", "geometry"]]), [
        Fault("note.subdistricts_from_communities", told, severity="warning")
    ]


def _in_subdistricts(
    buildings: gpd.GeoDataFrame, subdistricts: gpd.GeoDataFrame, *, values: dict[str, Any]
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Buildings with their sub-district; inhabited ones outside every one are a fault, others are left out."""
    faults = []
    points = buildings.geometry.to_numpy()
    where, near = containing(points, subdistricts.geometry, within_m=NEAR_M)
    if near:
        told = {**values, "count": near, "total": len(points), "near_m": NEAR_M}
        faults.append(Fault("note.buildings_near", told, severity="warning"))
    outside = pd.isna(where)
    lost = outside & (buildings["horizon_households"] > 0).to_numpy()
    if lost.any():
        away = nearest_m(points[lost], subdistricts.geometry)
        ids = [f"{name} ({metres:,.0f} m)" for name, metres in zip(buildings.index[lost], away, strict=True)]
        told = {
            **values,
            "count": int(lost.sum()),
            "total": len(points),
            "households": int(buildings.loc[lost, "horizon_households"].sum()),
            "near_m": NEAR_M,
            "examples": examples(ids),
        }
        faults.append(Fault("fault.buildings_outside", told, place=_xy(points[lost][0])))
    elif outside.any():
        told = {**values, "count": int(outside.sum()), "examples": examples(buildings.index[outside])}
        faults.append(Fault("note.buildings_left_out", told, severity="warning"))
    said = known_names(buildings["subdistrict_id"], subdistricts)
    faults += _unknown(said, subdistricts.index, column="subdistrict_id", values=values)
    kept = buildings.assign(subdistrict_id=said.where(said.notna(), where))
    return (kept if lost.any() else kept[~outside]), faults


def _unknown(said: pd.Series, ids: pd.Index, *, column: str, values: dict[str, Any]) -> list[Fault]:
    """A fault if a column names what its layer does not hold."""
    strange = said.notna() & ~said.isin(ids)
    if not strange.any():
        return []
    words = said[strange].value_counts()
    told = {
        **values,
        "column": column,
        "count": int(strange.sum()),
        "total": len(said),
        "examples": examples(sorted(words.index)),
        "known": examples(ids),
    }
    return [Fault("fault.layer_unknown_id", told)]


def _derived(buildings: gpd.GeoDataFrame, subdistricts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Communities that only the buildings' column names, with the land of their buildings."""
    land = land_of_buildings(buildings, subdistricts)
    land["name"] = land.index.to_numpy(dtype=object)
    land["code"] = None
    land[list(STAFF_COLUMNS)] = np.nan
    return land[["name", "code", "subdistrict_id", *STAFF_COLUMNS, "geometry"]]


def _communities_in(
    communities: gpd.GeoDataFrame, subdistricts: gpd.GeoDataFrame, *, values: dict[str, Any]
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Communities with their sub-district, from their column or by most of their land; codes that are ids."""
    said = known_names(communities["subdistrict_id"], subdistricts)
    faults = _unknown(said, subdistricts.index, column="subdistrict_id", values=values)
    open_ = said.isna()
    said[open_] = most_of(communities.geometry[open_], subdistricts.geometry)
    stray = said.isna()
    if stray.any():
        told = {**values, "count": int(stray.sum()), "examples": examples(communities.index[stray])}
        faults.append(Fault("fault.communities_outside", told))
    ids = pd.Series(communities.index, index=communities.index, dtype=object)
    code = communities["code"]
    code = code.where(code.notna(), ids.where(ids.str.fullmatch(r"\d{9,12}"), None))
    faults += _gap_notes(communities, subdistricts, values=values)
    return communities.assign(subdistrict_id=said, code=code), faults


def _gap_notes(
    communities: gpd.GeoDataFrame, subdistricts: gpd.GeoDataFrame, *, values: dict[str, Any]
) -> list[Fault]:
    """A fault for strips between communities, a note on wider land in no community; drawing noise is neither.

    A strip is a border that was drawn twice. Who draws communities without their streets says ``gaps = true``.
    """
    shapes = communities.geometry.to_numpy()
    land = shapely.coverage_union_all(shapes) if shapely.coverage_is_valid(shapes) else shapely.union_all(shapes)
    pieces = shapely.get_parts(shapely.difference(subdistricts.geometry.to_numpy(), land))
    area, outline = shapely.area(pieces), shapely.length(pieces)
    real = (area >= GAP_M2) & (2 * area > outline)  # on average wider than a metre
    strip = real & (2 * area < STRIP_M * outline)
    found = []
    for key, severity, chosen in (
        ("fault.communities_gapped", "error", strip & (not values.get("gaps"))),
        ("note.land_in_no_community", "warning", real if values.get("gaps") else real & ~strip),
    ):
        if chosen.any():
            place = _xy(shapely.point_on_surface(pieces[chosen][np.argmax(area[chosen])]))
            beside = shapely.STRtree(shapes).query(pieces[chosen], predicate="dwithin", distance=LINE_M)[1]
            told = {
                **values,
                "count": int(chosen.sum()),
                "area_m2": float(area[chosen].sum()),
                "examples": examples(communities.index[np.unique(beside)]),
                "place": f"{place[0]:.0f}, {place[1]:.0f}",
            }
            found.append(Fault(key, told, severity, place))
    return found


def _in_communities(
    buildings: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    subdistricts: gpd.GeoDataFrame,
    *,
    values: dict[str, Any],
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Buildings with their community: from the column, else by place."""
    said = known_names(buildings["community_id"], communities)
    faults = _unknown(said, communities.index, column="community_id", values=values)
    open_ = said.isna().to_numpy()
    points = buildings.geometry.to_numpy()[open_]
    where, _ = containing(points, communities.geometry, within_m=LINE_M)
    # Who stands outside the drawn town is near it; who stands on land in no community is in none.
    inside, _ = containing(points, subdistricts.geometry, within_m=0.0)
    beyond = pd.isna(where) & pd.isna(inside)
    where[beyond] = containing(points[beyond], communities.geometry, within_m=NEAR_M)[0]
    settled = said.to_numpy(dtype=object).copy()
    settled[open_] = where
    homeless = pd.isna(settled) & (buildings["households"] > 0).to_numpy()
    if homeless.any() and len(communities):
        told = {
            **values,
            "count": int(homeless.sum()),
            "households": int(buildings.loc[homeless, "households"].sum()),
            "examples": examples(buildings.index[homeless]),
        }
        place = _xy(buildings.geometry.to_numpy()[homeless][0])
        faults.append(Fault("note.homes_in_no_community", told, "warning", place))
    return buildings.assign(community_id=settled), faults


def _in_compounds(buildings: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Buildings with their compound: from the column, else by place."""
    if not len(compounds):
        return buildings
    said = known_names(buildings["compound_id"], compounds).to_numpy(dtype=object).copy()
    open_ = pd.isna(said)
    said[open_] = containing(buildings.geometry.to_numpy()[open_], compounds.geometry, within_m=COMPOUND_NEAR_M)[0]
    return buildings.assign(compound_id=said)


def _facilities_in(
    facilities: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, *, values: dict[str, Any]
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Service centres with their community: whose the file says they are, else where they stand."""
    if not len(facilities):
        return facilities, []
    said = known_names(facilities["community_id"], communities)
    faults = _unknown(said, communities.index, column="community_id", values=values) if len(communities) else []
    settled = said.to_numpy(dtype=object).copy()
    open_ = pd.isna(settled)
    settled[open_] = containing(facilities.geometry.to_numpy()[open_], communities.geometry, within_m=0.0)[0]
    return facilities.assign(community_id=settled), faults


def _near(
    table: gpd.GeoDataFrame, subdistricts: gpd.GeoDataFrame, *, values: dict[str, Any]
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Roads or barriers in and around the sub-districts; a layer that lies elsewhere altogether is a fault."""
    if not len(table):
        return table, []
    west, south, east, north = subdistricts.total_bounds
    bounds = shapely.bounds(table.geometry.to_numpy())
    kept: npt.NDArray[np.bool_] = (
        (bounds[:, 0] <= east + SURROUNDINGS_M)
        & (bounds[:, 2] >= west - SURROUNDINGS_M)
        & (bounds[:, 1] <= north + SURROUNDINGS_M)
        & (bounds[:, 3] >= south - SURROUNDINGS_M)
    )
    if kept.all():
        return table, []
    if not kept.any():
        return table, [Fault("fault.layer_elsewhere", {**values, "count": len(table)})]
    told = {**values, "count": int((~kept).sum()), "total": len(table), "near_m": SURROUNDINGS_M}
    return table[kept], [Fault("note.lines_left_out", told, severity="warning")]


def _xy(point: shapely.Geometry) -> tuple[float, float]:
    return (float(shapely.get_x(point)), float(shapely.get_y(point)))
