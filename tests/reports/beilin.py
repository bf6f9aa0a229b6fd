"""Xi'an Beilin as a territory, straight from the reference files: its blocks serve as atoms."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from districting.plans.plan import Plan
from districting.territory.adjacency import AdjacencyGraph
from districting.territory.atoms import Atoms
from districting.territory.layers import Layers
from districting.territory.territory import Territory
from tests.places import DATA

FOLDER = DATA / "xian_beilin"


def beilin() -> Territory:
    """The district."""
    subdistricts = _read("subdistricts", "name")
    subdistricts.index.name = "subdistrict_id"
    subdistricts["name"] = subdistricts.index
    communities = _read("communities", "community_id")
    numbers = communities.groupby("subdistrict").cumcount() + 1
    names = communities["subdistrict"].str.removesuffix("街道") + numbers.astype(str) + "社区"
    communities = communities.assign(name=names, code=communities.index, subdistrict_id=communities["subdistrict"])
    buildings = _read("buildings", "building_id")
    households = buildings["households"].astype("int64")
    buildings = buildings.assign(
        households=households,
        horizon_households=households,
        people=households * 2.6,
        registered_people=np.nan,
        dwellings=buildings["dwellings"].astype(float),
        floors=buildings["floors"].astype(float),
        estimated=True,
        address=None,
        compound_id=None,
        subdistrict_id=buildings["subdistrict"],
    )
    facilities = gpd.read_file(FOLDER / "facilities.gpkg")
    facilities.index = pd.Index([f"F{i:03}" for i in range(len(facilities))], name="facility_id")
    facilities = facilities.assign(name="服务中心", floor_area_m2=np.nan)
    roads = gpd.read_file(FOLDER / "roads.gpkg")
    roads.index = pd.Index(roads["road_id"].astype(str), name="road_id")
    roads = roads.assign(bridge=roads["bridge"] == "T", tunnel=roads["tunnel"] == "T", level=0).sort_index()
    barriers = gpd.read_file(FOLDER / "barriers.gpkg")
    barriers.index = pd.Index([f"B{i:03}" for i in range(len(barriers))], name="barrier_id")
    barriers["kind"] = barriers["kind"].where(barriers["kind"] == "expressway", "wall")
    empty = gpd.GeoDataFrame({"name": []}, geometry=[], crs=communities.crs)
    layers = Layers(
        communities.crs,
        buildings,
        gpd.GeoSeries([], crs=communities.crs),
        roads,
        barriers,
        communities[["name", "code", "subdistrict_id", "geometry"]],
        subdistricts,
        facilities,
        empty,
        empty,
        empty,
        generated=True,
    )
    blocks = _read("blocks", "block_id")
    blocks.index.name = "atom_id"
    inside = blocks.geometry.representative_point()
    blocks = blocks.assign(
        households=blocks["households"].astype("int64"),
        area_m2=blocks.area,
        subdistrict_id=blocks["subdistrict"],
        x=inside.x,
        y=inside.y,
        compound_id=None,
        water=False,
    )
    return Territory(layers, Atoms(blocks, buildings["block_id"], 1000), no_graph())


def no_graph() -> AdjacencyGraph:
    """No report reads the graph."""
    return AdjacencyGraph(pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), pd.DataFrame())


def shuffled_plan(territory: Territory, plan_id: str, *, share: float, seed: int) -> Plan:
    """A plan that moves some atoms to a neighbour: good to look at, not to adopt."""
    table = territory.atoms.table
    rng = np.random.default_rng(seed)
    assignment = table["community_id"].copy()
    left, right = table.sindex.query(table.geometry, predicate="touches")
    for a, b in zip(left, right, strict=True):
        same = table["subdistrict_id"].iloc[a] == table["subdistrict_id"].iloc[b]
        if same and assignment.iloc[a] != assignment.iloc[b] and rng.random() < share:
            assignment.iloc[a] = assignment.iloc[b]
    communities = territory.layers.communities
    used = communities.loc[sorted(set(assignment)), ["name", "subdistrict_id"]]
    seats = territory.layers.facilities.drop_duplicates("community_id").set_index("community_id")
    used = used.assign(
        origin=used.index,
        seat_x=seats.geometry.x.reindex(used.index),
        seat_y=seats.geometry.y.reindex(used.index),
        seat_kind="existing",
    )
    return Plan(plan_id, "adjust", assignment, used)


def _read(layer: str, index: str) -> gpd.GeoDataFrame:
    return gpd.read_file(FOLDER / f"{layer}.gpkg").set_index(index).sort_index()
