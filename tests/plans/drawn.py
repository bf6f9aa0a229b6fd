"""Small towns drawn as text: every letter is one square atom with one building in its middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from districting.plans.plan import Plan
from districting.territory.adjacency import AdjacencyGraph
from districting.territory.atoms import Atoms
from districting.territory.layers import Layers
from districting.territory.territory import Territory

CRS = pyproj.CRS("EPSG:4547")
#: Side of a square, m.
SIDE = 200.0

Line = tuple[str, str, Sequence[tuple[float, float]]]


def rows_of(text: str) -> list[list[str]]:
    """Letters by row, the first row in the north."""
    return [line.split() for line in text.strip().splitlines()]


def flat(text: str) -> list[str | None]:
    """Letters in reading order; a dot is nothing."""
    return [None if letter == "." else letter for row in rows_of(text) for letter in row]


def town(
    communities: str,
    *,
    households: str | int = 100,
    horizon: str | None = None,
    subdistricts: str | None = None,
    compounds: str | None = None,
    zones: str | None = None,
    people_each: float = 3.0,
    seats: Mapping[str, tuple[float, float]] | None = None,
    roads: Sequence[Line] = (),
    bridges: Sequence[Line] = (),
    barriers: Sequence[Line] = (),
    lakes: Sequence[Any] = (),
) -> Territory:
    """A town. Points are in squares from the south-west corner: (1, 0.5) lies on the first border to the east.

    A road along a border is what runs along it; rail and water there is not crossable unless a road crosses it.
    """
    grid = rows_of(communities)
    height, width = len(grid), len(grid[0])
    cells = [(column, height - 1 - row) for row in range(height) for column in range(width)]
    ids = [f"a{number:03d}" for number in range(len(cells))]
    squares = [shapely.box(x * SIDE, y * SIDE, (x + 1) * SIDE, (y + 1) * SIDE) for x, y in cells]
    owner = flat(communities)
    homes = [int(v or 0) for v in flat(households)] if isinstance(households, str) else [households] * len(cells)
    later = [int(v or 0) for v in flat(horizon)] if horizon else homes
    district = flat(subdistricts) if subdistricts else ["S"] * len(cells)
    buildings = gpd.GeoDataFrame(
        {
            "households": np.array(homes, dtype=np.int64),
            "people": np.array(homes, dtype=float) * people_each,
            "registered_people": np.array(homes, dtype=float) * 2.5,
            "dwellings": np.array(homes, dtype=float) * 1.25,
            "floors": 6.0,
            "estimated": False,
            "address": pd.Series([None] * len(cells), dtype=object),
            "compound_id": pd.Series(flat(compounds) if compounds else [None] * len(cells), dtype=object),
            "community_id": pd.Series(owner, dtype=object),
            "subdistrict_id": pd.Series(district, dtype=object),
            "horizon_households": np.array(later, dtype=np.int64),
        },
        geometry=[square.centroid for square in squares],
        crs=CRS,
    )
    buildings.index = pd.Index([f"b{number:03d}" for number in range(len(cells))], name="building_id")
    land = gpd.GeoDataFrame({"community_id": owner, "subdistrict_id": district}, geometry=squares, crs=CRS)
    layers = Layers(
        crs=CRS,
        buildings=buildings,
        footprints=gpd.GeoSeries([], crs=CRS),
        roads=_roads(roads, bridges),
        barriers=_barriers(barriers, lakes),
        communities=_communities(land),
        subdistricts=_united(land, "subdistrict_id"),
        facilities=_facilities(seats or {}),
        compounds=_zones(compounds, squares, "compound_id"),
        zones=_zones(zones, squares, "zone_id"),
        planned=gpd.GeoDataFrame({"households": [], "year": []}, geometry=[], crs=CRS),
    )
    table = gpd.GeoDataFrame(
        {
            "households": homes,
            "horizon_households": later,
            "dwellings": [int(value * 1.25) for value in homes],
            "people": [value * people_each for value in homes],
            "area_m2": SIDE * SIDE,
            "x": [square.centroid.x for square in squares],
            "y": [square.centroid.y for square in squares],
            "subdistrict_id": district,
            "community_id": pd.Series(owner, dtype=object),
            "compound_id": pd.Series(flat(compounds) if compounds else [None] * len(cells), dtype=object),
            "water": False,
        },
        geometry=squares,
        crs=CRS,
    )
    table.index = pd.Index(ids, name="atom_id")
    atoms = Atoms(table, pd.Series(ids, index=buildings.index), cap=10_000)
    return Territory(layers, atoms, _graph(table, layers))


def plan(territory: Territory, text: str, *, seats: Mapping[str, tuple[float, float]] | None = None) -> Plan:
    """A plan drawn over a town; letters of today keep their identity, seats are given in squares."""
    table = territory.atoms.table
    assignment = pd.Series(flat(text), index=table.index, dtype=object)
    used = sorted(set(assignment.dropna()))
    today = territory.layers.communities
    where = {**_seats_of(territory.layers), **(seats or {})}
    communities = pd.DataFrame(
        {
            "name": [today["name"].get(letter, f"{letter}社区") for letter in used],
            "subdistrict_id": [table.loc[assignment == letter, "subdistrict_id"].iloc[0] for letter in used],
            "origin": pd.Series([letter if letter in today.index else None for letter in used], dtype=object),
            "seat_x": [where.get(letter, (np.nan, np.nan))[0] * SIDE for letter in used],
            "seat_y": [where.get(letter, (np.nan, np.nan))[1] * SIDE for letter in used],
            "seat_kind": pd.Series(
                ["existing" if letter in today.index else "candidate" for letter in used], dtype=object
            ),
        },
    )
    communities.loc[communities["seat_x"].isna(), "seat_kind"] = None
    communities.index = pd.Index(used, name="community_id")
    return Plan("drawn", "hand", assignment, communities)


def _seats_of(layers: Layers) -> dict[str, tuple[float, float]]:
    """Today's seats in squares."""
    found = layers.facilities
    return {
        owner: (point.x / SIDE, point.y / SIDE)
        for owner, point in zip(found["community_id"], found.geometry, strict=True)
    }


def _united(land: gpd.GeoDataFrame, column: str) -> gpd.GeoDataFrame:
    """Squares of one letter as one area."""
    table = land[land[column].notna()].dissolve(column)
    table["name"] = [f"{letter}街道" if column == "subdistrict_id" else f"{letter}社区" for letter in table.index]
    return table.sort_index()


def _communities(land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Today's communities."""
    table = _united(land, "community_id")
    table["code"] = table.index
    return table[["name", "code", "subdistrict_id", "geometry"]]


def _lines(lines: Sequence[Line]) -> list[Any]:
    """Lines in metres."""
    return [shapely.LineString(np.array(points) * SIDE) for _, _, points in lines]


def _roads(roads: Sequence[Line], bridges: Sequence[Line]) -> gpd.GeoDataFrame:
    both = [*roads, *bridges]
    table = gpd.GeoDataFrame(
        {
            "road_class": [road[0] for road in both],
            "name": pd.Series([road[1] or None for road in both], dtype=object),
            "bridge": [False] * len(roads) + [True] * len(bridges),
            "tunnel": False,
            "level": 0,
        },
        geometry=_lines(both),
        crs=CRS,
    )
    table.index = pd.Index([f"r{number:03d}" for number in range(len(both))], name="road_id")
    return table


def _barriers(barriers: Sequence[Line], lakes: Sequence[Any]) -> gpd.GeoDataFrame:
    areas = [shapely.Polygon(np.array(points) * SIDE) for points in lakes]
    table = gpd.GeoDataFrame(
        {
            "kind": [line[0] for line in barriers] + ["water"] * len(areas),
            "name": pd.Series([line[1] or None for line in barriers] + [None] * len(areas), dtype=object),
        },
        geometry=_lines(barriers) + areas,
        crs=CRS,
    )
    table.index = pd.Index([f"x{number:03d}" for number in range(len(table))], name="barrier_id")
    return table


def _facilities(seats: Mapping[str, tuple[float, float]]) -> gpd.GeoDataFrame:
    table = gpd.GeoDataFrame(
        {
            "name": [f"{letter}社区服务中心" for letter in seats],
            "community_id": pd.Series(list(seats), dtype=object),
            "floor_area_m2": 300.0,
        },
        geometry=[shapely.Point(x * SIDE, y * SIDE) for x, y in seats.values()],
        crs=CRS,
    )
    table.index = pd.Index([f"f{number:03d}" for number in range(len(table))], name="facility_id")
    return table


def _zones(text: str | None, squares: list[Any], index: str) -> gpd.GeoDataFrame:
    """Letters of a drawing as named areas; school zones, or compounds."""
    letters = pd.Series(flat(text) if text else [], dtype=object)
    land = gpd.GeoDataFrame({index: letters}, geometry=squares if text else [], crs=CRS)
    table = land[land[index].notna()].dissolve(index)
    table["name"] = [f"{letter}小区" if index == "compound_id" else f"{letter}学区" for letter in table.index]
    table["kind"] = "school"
    return table


def _graph(table: gpd.GeoDataFrame, layers: Layers) -> AdjacencyGraph:
    """Edges between squares that share a side, with the line drawn along it."""
    shapes = table.geometry.to_numpy()
    rows, runs = [], []
    lines = [(road.road_class, road.name_, road.geometry, False) for road in _renamed(layers.roads)]
    lines += [(line.kind, line.name_, line.geometry, True) for line in _renamed(layers.barriers)]
    for a in range(len(shapes)):
        for b in range(a + 1, len(shapes)):
            side = shapes[a].intersection(shapes[b])
            if side.length < 1 or table["subdistrict_id"].iloc[a] != table["subdistrict_id"].iloc[b]:
                continue
            along = [line for line in lines if line[2].buffer(1).covers(side)]
            kind, name, _, hard = along[0] if along else ("none", None, None, False)
            over = any(line[2].crosses(side) for line in lines if not line[3])
            rows.append((table.index[a], table.index[b], side.length, kind, name, over or not hard))
            runs.append((len(rows) - 1, kind, name, side.length))
    edges = pd.DataFrame(
        rows, columns=["atom_a", "atom_b", "shared_m", "border_class", "border_name", "crossable"]
    ).rename_axis("edge_pos")
    return AdjacencyGraph(
        edges=edges,
        runs=pd.DataFrame(runs, columns=["edge_pos", "border_class", "border_name", "length_m"]),
        outer=pd.DataFrame(columns=["atom_id", "border_class", "border_name", "length_m"]),
        gaps=pd.DataFrame(columns=["atom_a", "atom_b", "gap_m"]),
    )


def _renamed(table: gpd.GeoDataFrame) -> list[Any]:
    """Rows as tuples; ``name`` would clash with the tuple's own."""
    return list(table.rename(columns={"name": "name_"}).itertuples())
