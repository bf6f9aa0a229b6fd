"""The two reference places as `Layers`, read plainly; they lie beside the checkout and may be absent."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from districting.territory.layers import Layers
from tests.places import DATA

WATER = {"river": "water", "lake": "water", "rail": "rail", "expressway": "expressway"}


def layers_from_shared(name: str) -> Layers:
    """Reference place ``name`` with our column names; no cleaning beyond exploding multi-part lines."""
    folder = DATA / name
    subdistricts = gpd.read_file(folder / "subdistricts.gpkg")
    crs = subdistricts.crs
    if "subdistrict_id" not in subdistricts:
        subdistricts["subdistrict_id"] = subdistricts["name"]
    subdistricts = subdistricts.set_index("subdistrict_id")[["name", "geometry"]].sort_index()
    if not shapely.coverage_is_valid(subdistricts.geometry.to_numpy()):
        cleaned = shapely.coverage_clean(subdistricts.geometry.to_numpy(), snapping_distance=0.01)
        subdistricts = subdistricts.set_geometry(gpd.GeoSeries(cleaned, subdistricts.index, crs=crs))

    communities = gpd.read_file(folder / "communities.gpkg").set_index("community_id").sort_index()
    communities["code"] = communities.index
    communities["name"] = communities.index

    buildings = gpd.read_file(folder / "buildings.gpkg").set_index("building_id").sort_index()
    where = shapely.STRtree(subdistricts.geometry.to_numpy()).query_nearest(
        buildings.geometry.to_numpy(), all_matches=False
    )
    buildings["subdistrict_id"] = subdistricts.index.to_numpy()[where[1]]
    buildings["households"] = buildings["households"].fillna(0).astype("int64")
    buildings["horizon_households"] = buildings["households"]
    for column in ("people", "registered_people", "dwellings", "floors"):
        buildings[column] = buildings[column].astype(float) if column in buildings else np.nan
    buildings["estimated"] = True
    for column in ("address", "compound_id", "community_id"):
        buildings[column] = buildings.get(column)

    roads = gpd.read_file(folder / "roads.gpkg").explode(ignore_index=True)
    for column in ("bridge", "tunnel"):
        roads[column] = roads[column].eq("T") if column in roads else False
    roads["level"] = 0
    roads = roads[["road_class", "name", "bridge", "tunnel", "level", "geometry"]]
    roads.index = pd.Index([f"r{i:06d}" for i in range(len(roads))], name="road_id")

    found = pyogrio.list_layers(folder / "barriers.gpkg")[:, 0]
    barriers = pd.concat([gpd.read_file(folder / "barriers.gpkg", layer=layer) for layer in found])
    barriers["kind"] = barriers["kind"].map(lambda kind: "wall" if "wall" in kind else WATER.get(kind))
    barriers = barriers[barriers["kind"].notna()].explode(ignore_index=True)
    barriers.index = pd.Index([f"b{i:05d}" for i in range(len(barriers))], name="barrier_id")

    facilities = gpd.read_file(folder / "facilities.gpkg")
    facilities.index = pd.Index([f"f{i:04d}" for i in range(len(facilities))], name="facility_id")
    empty = gpd.GeoDataFrame({"name": [], "phase": []}, geometry=[], crs=crs)
    return Layers(
        crs=crs,
        buildings=buildings,
        footprints=gpd.GeoSeries([], crs=crs),
        roads=roads,
        barriers=barriers,
        communities=communities,
        subdistricts=subdistricts,
        facilities=facilities,
        compounds=empty,
        zones=empty,
        planned=empty,
    )
