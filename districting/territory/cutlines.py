"""Which lines cut the land, at which level, and which water is open. Method §2.1.

Levels order the lines: 0 always cuts (sub-district border, water bank, railway, wall), 1 main roads,
2 tertiary, 3 residential, 4 service and pedestrian. Paths do not cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.territory.borders import (
    Bools,
    Floats,
    Ints,
    Shapes,
    polygon_parts,
    split_lines,
    two_point_lines,
    vertex_numbers,
)
from districting.territory.compounds import Units
from districting.territory.layers import Layers

LEVEL_OF_ROAD = {
    "motorway": 1,
    "trunk": 1,
    "primary": 1,
    "secondary": 1,
    "tertiary": 2,
    "residential": 3,
    "service": 4,
    "pedestrian": 4,
}
LEVELS = 5

#: A tunnel or an elevated road is one whose connected run is longer than this; shorter ones are gates, m.
RUN_LIMIT_M = 100.0
#: Water narrower than twice this is drawn as a line, not as land, m.
WATER_OPENING_M = 6.0
#: Smallest water that is an atom of its own: long water (a river), and round water (a lake), m².
RIVER_AREA_M2 = 5_000.0
LAKE_AREA_M2 = 50_000.0
#: Polsby-Popper above which water is round.
ROUND_WATER = 0.3
#: Dead ends are lengthened by at most this to the next line, m.
DEAD_END_M = 20.0
#: Compounds are drawn in from their own outline by this, so that a street along the wall still cuts, m.
COMPOUND_MARGIN_M = 8.0


@dataclass(frozen=True)
class CutLines:
    """Lines that cut, with their level, and the open water (MultiPolygon, may be empty)."""

    lines: Shapes
    level: Ints
    water: shapely.Geometry


def cut_lines(layers: Layers, units: Units) -> CutLines:
    """Gather every line that cuts, from every layer that has some."""
    water = open_water(layers.barriers)
    roads, level = _roads(layers.roads)
    expressways = _expressways(layers)
    barriers = layers.barriers[layers.barriers["kind"].isin(["rail", "water", "wall"])].geometry.to_numpy()
    hard = barriers[np.isin(shapely.get_type_id(barriers), (1, 5))]
    walls = layers.barriers[layers.barriers["kind"].eq("wall")].geometry.to_numpy()
    outlines = [
        layers.subdistricts.boundary.to_numpy(),
        shapely.boundary(walls[shapely.get_dimensions(walls) == 2]),
    ]
    lines = np.concatenate([hard, roads, expressways])
    rank = np.concatenate([np.zeros(len(hard)), level, np.ones(len(expressways))]).astype(np.int64)
    lines, rank = _without(lines, rank, water, rank >= 0)
    wholes = shapely.buffer(units.land, -COMPOUND_MARGIN_M)
    lines, rank = _without(lines, rank, shapely.union_all(wholes), rank >= 2)
    lines, rank = _lengthened(lines, rank)
    fixed = np.concatenate([*outlines, [shapely.boundary(water)]])
    lines = np.concatenate([lines, fixed])
    rank = np.concatenate([rank, np.zeros(len(fixed), dtype=np.int64)])
    parts, owner = shapely.get_parts(lines, return_index=True)
    long = shapely.length(parts) > 0
    return CutLines(lines=parts[long], level=rank[owner[long]], water=water)


def open_water(barriers: gpd.GeoDataFrame) -> shapely.Geometry:
    """Open water wide and large enough to be land of its own; ponds and ditches are not."""
    areas = barriers[barriers["kind"].eq("water")].geometry.to_numpy()
    areas = areas[shapely.get_dimensions(areas) == 2]
    opened = shapely.union_all(areas).buffer(-WATER_OPENING_M).buffer(WATER_OPENING_M, join_style="mitre")
    parts = polygon_parts(opened)
    area, length = shapely.area(parts), shapely.length(parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        is_round = 4 * np.pi * area / length**2 > ROUND_WATER
    kept = parts[area >= np.where(is_round, LAKE_AREA_M2, RIVER_AREA_M2)]
    return shapely.multipolygons(list(kept)) if len(kept) else shapely.MultiPolygon()


def long_runs(lines: Shapes, flag: Bools) -> Bools:
    """Which flagged lines belong to a connected run of flagged lines longer than `RUN_LIMIT_M`."""
    at = np.flatnonzero(flag)
    result = np.zeros(len(lines), dtype=bool)
    if not len(at):
        return result
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(lines[at], where)) for where in (0, -1)])
    node = vertex_numbers(ends)
    n = len(at)
    links = coo_array((np.ones(n), (node[:n], node[n:])), shape=(int(node.max()) + 1,) * 2)
    _, run = connected_components(links, directed=False)
    length = np.bincount(run[node[:n]], weights=shapely.length(lines[at]), minlength=int(run.max()) + 1)
    result[at] = length[run[node[:n]]] > RUN_LIMIT_M
    return result


def underground(roads: gpd.GeoDataFrame) -> Bools:
    """Which roads run in a tunnel long enough that the ground above is not divided."""
    tunnel = roads["tunnel"].to_numpy(dtype=bool) | (roads["level"].to_numpy() < 0)
    return long_runs(roads.geometry.to_numpy(), tunnel)


def elevated(roads: gpd.GeoDataFrame) -> Bools:
    """Which roads run on a viaduct long enough that people walk beneath."""
    bridge = roads["bridge"].to_numpy(dtype=bool) | (roads["level"].to_numpy() > 0)
    return long_runs(roads.geometry.to_numpy(), bridge)


def _roads(roads: gpd.GeoDataFrame) -> tuple[Shapes, Ints]:
    """Roads that cut, with their level: no path, no long tunnel, no foot bridge."""
    level = roads["road_class"].map(LEVEL_OF_ROAD).fillna(LEVELS).to_numpy(dtype=np.int64)
    tunnel = roads["tunnel"].to_numpy(dtype=bool)
    foot = roads["road_class"].eq("pedestrian").to_numpy() & roads["bridge"].to_numpy(dtype=bool)
    cuts = (level < LEVELS) & ~underground(roads) & ~foot & ~(tunnel & (level == 4))
    return roads.geometry.to_numpy()[cuts], level[cuts]


def _expressways(layers: Layers) -> Shapes:
    """Expressways among the barriers, without those that repeat a road of the roads layer."""
    kind = layers.barriers["kind"].eq("expressway").to_numpy()
    lines = layers.barriers.geometry.to_numpy()[kind]
    lines = lines[shapely.get_dimensions(lines) == 1]
    if not len(lines) or layers.roads.empty:
        return np.asarray(lines, dtype=object)
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    tree = shapely.STRtree(layers.roads.geometry.to_numpy())
    repeated = tree.query(middle, predicate="dwithin", distance=1.0)[0]
    return np.asarray(lines[~np.isin(np.arange(len(lines)), repeated)], dtype=object)


def _without(lines: Shapes, level: Ints, land: shapely.Geometry, which: Bools) -> tuple[Shapes, Ints]:
    """The lines without what of them lies in ``land``."""
    if shapely.is_empty(land):
        return lines, level
    parts = polygon_parts(land)
    pairs = shapely.STRtree(parts).query(lines, predicate="intersects")
    touched = np.unique(pairs[0][which[pairs[0]]])
    result = lines.copy()
    if len(touched) and len(parts) < 50:
        result[touched] = shapely.difference(lines[touched], land)
    else:
        for at in touched:
            near = shapely.union_all(parts[pairs[1][pairs[0] == at]])
            result[at] = shapely.difference(lines[at], near)
    kept = ~shapely.is_empty(result)
    pieces, owner = shapely.get_parts(result[kept], return_index=True)
    return pieces, level[kept][owner]


def _lengthened(lines: Shapes, level: Ints) -> tuple[Shapes, Ints]:
    """Add a stub from each dead end to the first line ahead of it, if that is near."""
    start, end, owner = split_lines(lines)
    if not len(start):
        return lines, level
    first = np.r_[True, owner[1:] != owner[:-1]]
    last = np.r_[owner[1:] != owner[:-1], True]
    tip = np.concatenate([start[first], end[last]])
    back = np.concatenate([end[first], start[last]])
    line = np.concatenate([owner[first], owner[last]])
    tree = shapely.STRtree(lines)
    touching = tree.query(shapely.points(tip), predicate="dwithin", distance=0.01)[0]
    dead = np.bincount(touching, minlength=len(tip)) <= 1
    tip, back, line = tip[dead], back[dead], line[dead]
    ahead: Floats = (tip - back) / np.hypot(*(tip - back).T)[:, None]
    rays = two_point_lines(tip + 0.05 * ahead, tip + DEAD_END_M * ahead)
    ray, hit = tree.query(rays, predicate="intersects")
    if not len(ray):
        return lines, level
    distance = shapely.distance(shapely.points(tip[ray]), shapely.intersection(rays[ray], lines[hit]))
    reach = np.full(len(tip), np.inf)
    np.minimum.at(reach, ray, distance)
    found = np.isfinite(reach)
    stubs = two_point_lines(tip[found], tip[found] + (reach[found] + 0.05)[:, None] * ahead[found])
    return np.concatenate([lines, stubs]), np.concatenate([level, level[line[found]]])
