"""What runs along a drawn outline, and what cuts through a drawn community. Geometry only, no graph.

Plans of atoms know this from `AdjacencyGraph`; polygons drawn by hand, and today's, are measured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.plans.problem import Floats, Ints
from districting.territory.layers import Layers

#: A border follows a line if it runs within this of it: half a wide main road with its pavements, m.
ALONG_M = 20.0
#: … and in its direction to within this.
BEARING_DEG = 30.0
#: Step at which outlines are compared with lines, m.
STEP_M = 10.0
#: A line counts as crossing a community once more than this of it lies deeper than `ALONG_M` inside, m.
CROSSING_M = 100.0

#: Class of border that each kind of barrier makes.
BARRIER_CLASSES = {"rail": "rail", "water": "water", "wall": "wall", "expressway": "elevated"}


def lines_of(layers: Layers, classes: Sequence[str]) -> gpd.GeoDataFrame:
    """Roads (not in tunnels) and barriers of the classes named, as lines; areas by their outline.

    Returns
    -------
    GeoDataFrame
        Columns ``border_class``, ``name``, geometry; positions as index.
    """
    roads = layers.roads[~layers.roads["tunnel"].astype(bool)]
    barriers = layers.barriers
    areas = shapely.get_dimensions(barriers.geometry.to_numpy()) == 2
    shapes = barriers.geometry.to_numpy().copy()
    shapes[areas] = shapely.boundary(shapes[areas])
    found = pd.concat(
        [
            pd.DataFrame({"border_class": roads["road_class"], "name": roads["name"], "geometry": roads.geometry}),
            pd.DataFrame(
                {
                    "border_class": barriers["kind"].map(BARRIER_CLASSES),
                    "name": barriers["name"],
                    "geometry": shapes,
                }
            ),
        ],
        ignore_index=True,
    )
    kept = found[found["border_class"].isin(classes)].reset_index(drop=True)
    return gpd.GeoDataFrame(kept, geometry="geometry", crs=layers.crs)


def border_share(outlines: gpd.GeoDataFrame, layers: Layers, classes: Sequence[str]) -> pd.Series[float]:
    """Share of each outline that follows a road, river, railway or wall of the classes named: see `border_shares`.

    Returns
    -------
    Series
        float in [0, 1], index of ``outlines``; 0 without lines.
    """
    return border_shares(outlines, layers, classes).sum(axis=1)


def border_shares(outlines: gpd.GeoDataFrame, layers: Layers, classes: Sequence[str]) -> pd.DataFrame:
    """Share of each outline that follows a line of each class.

    Each outline is looked at every ``STEP_M``: it follows a line there if one lies within ``ALONG_M`` and runs
    in its direction to within ``BEARING_DEG``. Where several do, the class named first counts. Method §4.

    Returns
    -------
    DataFrame
        float in [0, 1], index of ``outlines``, a column per class in the order given; rows sum to at most 1.
    """
    ranks = list(dict.fromkeys(classes))
    segments, owner = _steps(outlines)
    table = lines_of(layers, classes)
    rank_of = pd.Series(range(len(ranks)), index=ranks)
    lines, source = _pieces(table.geometry.to_numpy())
    rank = rank_of.loc[table["border_class"]].to_numpy(dtype=np.int64)[source]
    middle = shapely.line_interpolate_point(segments, 0.5, normalized=True)
    at, line = shapely.STRtree(lines).query(middle, predicate="dwithin", distance=ALONG_M)
    parallel = _angle_deg(_bearing(segments[at]), _bearing(lines[line])) <= BEARING_DEG
    along = np.full(len(segments), len(ranks), dtype=np.int64)
    np.minimum.at(along, at[parallel], rank[line[parallel]])
    size = len(ranks) + 1
    length = np.bincount(
        owner * size + along, weights=shapely.length(segments), minlength=size * len(outlines)
    ).reshape(-1, size)
    whole = length.sum(axis=1, keepdims=True)
    share = np.divide(length, whole, out=np.zeros_like(length), where=whole > 0)
    return pd.DataFrame(share[:, :-1], index=outlines.index, columns=ranks)


def crossings(
    outlines: gpd.GeoDataFrame, layers: Layers, classes: Sequence[str], *, passable: bool
) -> pd.DataFrame:
    """Communities with households on both sides of lines of the classes named.

    A line that lies deeper than ``ALONG_M`` inside for more than ``CROSSING_M`` cuts the community into faces;
    where households live in more than one of them, all but the largest group lie across. Faces no wider than
    2 × ``ALONG_M`` are medians and verges, no side. Carriageways side by side count their length once.

    Parameters
    ----------
    passable
        True for railways and rivers: a road across joins both banks, so only lines without a crossing count.

    Returns
    -------
    DataFrame
        Index ``community_id``: ``line_m`` (length inside), ``border_class``, ``name`` (of the longest line),
        ``households`` (across), ``x``, ``y`` (middle of the longest line inside).
    """
    lines = lines_of(layers, classes)
    shapes, line_shapes = outlines.geometry.to_numpy(), lines.geometry.to_numpy()
    who, which = shapely.STRtree(line_shapes).query(shapes, predicate="intersects").astype(np.int64)
    candidates = np.unique(who)
    deep = np.full(len(shapes), shapely.Polygon(), dtype=object)
    deep[candidates] = shapely.buffer(shapes[candidates], -ALONG_M)
    inside = shapely.intersection(line_shapes[which], deep[who])
    length = shapely.length(inside)
    total_m = _corridor_m(inside, who, len(shapes))
    homes, roads = _Located(layers.buildings), _Located(layers.roads)
    rows = []
    for pos in np.flatnonzero(total_m > CROSSING_M):
        members = np.flatnonzero(who == pos)
        across = _households_across(shapes[pos], line_shapes[which[members]], homes, roads if passable else None)
        if across:
            longest = members[np.argmax(length[members])]
            middle = shapely.line_interpolate_point(_longest_part(inside[longest]), 0.5, normalized=True)
            line = lines.iloc[which[longest]]
            what = (outlines.index[pos], float(total_m[pos]), line["border_class"], line["name"])
            rows.append((*what, across, middle.x, middle.y))
    columns = ["community_id", "line_m", "border_class", "name", "households", "x", "y"]
    return pd.DataFrame(rows, columns=columns).set_index("community_id")


class _Located:
    """A layer with its spatial index."""

    def __init__(self, table: gpd.GeoDataFrame) -> None:
        self.table = table
        self.tree = shapely.STRtree(table.geometry.to_numpy())

    def within(self, shape: Any) -> gpd.GeoDataFrame:
        """Rows that touch a shape."""
        return self.table.iloc[np.sort(self.tree.query(shape, predicate="intersects"))]


def _households_across(shape: Any, lines: Any, homes: _Located, roads: _Located | None) -> int:
    """Households of a community outside the largest group of faces that its lines cut it into."""
    noded = shapely.union_all(np.r_[np.atleast_1d(shapely.boundary(shape)), shapely.intersection(lines, shape)])
    faces = np.asarray(shapely.get_parts(shapely.polygonize([noded])))
    faces = faces[shapely.covered_by(shapely.point_on_surface(faces), shape)]
    wide = ~shapely.is_empty(shapely.buffer(faces, -ALONG_M))
    if len(faces) < 2:
        return 0
    buildings = homes.within(shape)
    tree = shapely.STRtree(faces)
    building_pos, face = tree.query(buildings.geometry.to_numpy(), predicate="intersects")
    _, first = np.unique(building_pos, return_index=True)
    households = buildings["households"].to_numpy()[building_pos[first]]
    by_face = np.bincount(face[first], weights=households, minlength=len(faces))
    group = np.arange(len(faces))
    if roads is not None:
        ways = roads.within(shape).geometry.to_numpy()
        way_pos, reached = tree.query(ways, predicate="intersects")
        enters = shapely.length(shapely.intersection(ways[way_pos], faces[reached])) > 1.0
        group = joined(len(faces), way_pos[enters], reached[enters])
    by_group = np.bincount(group, weights=by_face * wide, minlength=len(faces))
    return int(by_group.sum() - by_group.max())


def _corridor_m(lines: Any, owner: Ints, count: int) -> Floats:
    """Length of lines by owner, those within ``ALONG_M`` of each other counted once: area of their corridor."""
    corridor = np.zeros(count)
    kept = np.flatnonzero(shapely.length(lines) > 0)
    if len(kept):
        kept = kept[np.argsort(owner[kept], kind="stable")]
        present, group = np.unique(owner[kept], return_inverse=True)
        bands: Any = shapely.geometrycollections(
            shapely.buffer(lines[kept], ALONG_M, cap_style="flat"), indices=group
        )
        corridor[present] = shapely.area(shapely.union_all(bands[:, None], axis=1)) / (2 * ALONG_M)
    return corridor


def joined(count: int, key: Ints, member: Ints) -> Ints:
    """Label of the connected group of each of ``count`` members; members with one key belong together."""
    keys, key_pos = np.unique(key, return_inverse=True)
    size = count + len(keys)
    links = coo_array((np.ones(len(member)), (member, count + key_pos)), shape=(size, size))
    labels = np.asarray(connected_components(links, directed=False)[1][:count], dtype=np.int64)
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _steps(outlines: gpd.GeoDataFrame) -> tuple[Any, Ints]:
    """Straight steps of at most ``STEP_M`` along every outline, and the position of their community."""
    rings = shapely.boundary(outlines.geometry.to_numpy())
    segments, owner = _pieces(shapely.segmentize(rings, STEP_M))
    return segments, owner


def _pieces(lines: Any) -> tuple[Any, Ints]:
    """Every straight segment of lines, and the position of its line."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    points, line = shapely.get_coordinates(parts, return_index=True)
    joined = np.flatnonzero(line[1:] == line[:-1])
    pairs = np.stack([points[joined], points[joined + 1]], axis=1)
    return shapely.linestrings(pairs), owner[line[joined]]


def _bearing(segments: Any) -> Floats:
    """Direction of straight segments, degrees in [0, 180)."""
    ends = shapely.get_coordinates(segments).reshape(-1, 2, 2)
    delta = ends[:, 1] - ends[:, 0]
    return np.degrees(np.arctan2(delta[:, 1], delta[:, 0])) % 180.0


def _angle_deg(one: Floats, other: Floats) -> Floats:
    """Angle between two directions, degrees in [0, 90]."""
    turn = np.abs(one - other) % 180.0
    return np.minimum(turn, 180.0 - turn)


def _longest_part(geometry: Any) -> Any:
    """The longest line of a multi-part one."""
    parts = shapely.get_parts(geometry)
    return parts[np.argmax(shapely.length(parts))]
