"""Where people get across a railway or water: roads over, under or on the level, and bridges. Method §3.2."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.territory.borders import Bools, Ints, Segments, Shapes

#: A road is followed this far to either side of a border to see which atoms it joins, m.
REACH_M = 6.0
#: Two roads that meet a border within this of each other make one crossing, m.
MEET_M = 15.0
#: A bridge ends at a bank within this, m.
BANK_M = 15.0


def crossed(
    edges: Ints, pairs: Ints, edge_of_segment: Ints, segments: Segments, polygons: Shapes, roads: gpd.GeoDataFrame
) -> Ints:
    """Which of ``edges`` have a road that leads from one side of the border to the other.

    Any road counts, paths, tunnels and bridges too: all of them carry people. A road that runs along the border
    or ends there does not.
    """
    if not len(edges) or roads.empty:
        return edges[:0]
    which = np.isin(edge_of_segment, edges)
    number = np.searchsorted(edges, edge_of_segment[which])
    order = np.argsort(number, kind="stable")
    borders: Shapes = np.asarray(
        shapely.multilinestrings(segments.take(which).lines()[order], indices=number[order]), dtype=object
    )
    lines = roads.geometry.to_numpy()
    border, road = shapely.STRtree(lines).query(borders, predicate="intersects")
    meeting = shapely.intersection(borders[border], lines[road])
    points, pair = shapely.get_parts(shapely.extract_unique_points(meeting), return_index=True)
    if not len(points):
        return edges[:0]
    line = lines[road[pair]]
    at = shapely.line_locate_point(line, points)
    rim = borders[border[pair]]
    tables = []
    for step in (-REACH_M, REACH_M):
        ahead = np.clip(at + step, 0.0, shapely.length(line))
        walked = np.abs(ahead - at)
        spot = shapely.line_interpolate_point(line, ahead)
        # A road along the border leaves it by little within so short a walk.
        leaves = (shapely.distance(spot, rim) > walked * 0.5) & (walked > 0.5)
        for side in (0, 1):
            shore = polygons[pairs[edges[border[pair]], side]]
            rows = np.flatnonzero(leaves & shapely.contains_properly(shore, spot))
            tables.append(pd.DataFrame({"edge": border[pair[rows]], "side": side, "row": rows}))
    touches = pd.concat(tables, ignore_index=True)
    xy = shapely.get_coordinates(points)
    found = []
    for edge in np.unique(touches["edge"].to_numpy()):
        rows = touches[touches["edge"] == edge]
        one = xy[rows.loc[rows["side"] == 0, "row"].to_numpy()]
        two = xy[rows.loc[rows["side"] == 1, "row"].to_numpy()]
        if len(one) and len(two) and np.hypot(*(one[:, None] - two[None]).transpose(2, 0, 1)).min() <= MEET_M:
            found.append(int(edge))
    return edges[np.array(found, dtype=np.int64)]


def bridge_links(roads: gpd.GeoDataFrame, polygons: Shapes, water: Bools, subdistrict: Ints) -> Ints:
    """Pairs of land atoms of one sub-district that a bridge over open water joins.

    Returns
    -------
    array
        Shape (links, 2), positions, each row ascending, rows sorted and unique.
    """
    wet, dry = np.flatnonzero(water), np.flatnonzero(~water)
    none = np.zeros((0, 2), dtype=np.int64)
    if not len(wet) or not len(dry) or roads.empty:
        return none
    over = roads[~roads["tunnel"].to_numpy(dtype=bool)].geometry.to_numpy()
    body, road = shapely.STRtree(over).query(polygons[wet], predicate="intersects")
    if not len(road):
        return none
    spans = shapely.line_merge(shapely.union_all(shapely.intersection(over[road], polygons[wet[body]])))
    parts = shapely.get_parts(spans)
    parts = parts[shapely.length(parts) > 0]
    ends = shapely.get_parts(shapely.boundary(shapely.line_merge(parts)))
    end, bridge = shapely.STRtree(parts).query(ends, predicate="dwithin", distance=0.01)
    # Spans that meet over the water are one bridge.
    label = _connected(end, bridge, len(ends), len(parts))
    spot, bank = shapely.STRtree(polygons[dry]).query_nearest(ends, max_distance=BANK_M, all_matches=False)
    table = pd.DataFrame({"bridge": label[spot], "atom": dry[bank]}).drop_duplicates()
    table["subdistrict"] = subdistrict[table["atom"].to_numpy()]
    both = table.merge(table, on=["bridge", "subdistrict"])
    both = both[both["atom_x"] < both["atom_y"]]
    if both.empty:
        return none
    return np.unique(both[["atom_x", "atom_y"]].to_numpy(dtype=np.int64), axis=0)


def _connected(end: Ints, bridge: Ints, n_ends: int, n_bridges: int) -> Ints:
    """Label of the connected bridge that each end belongs to."""
    size = n_ends + n_bridges
    links = coo_array((np.ones(len(end)), (end, n_ends + bridge)), shape=(size, size))
    label: Ints = connected_components(links, directed=False)[1][:n_ends].astype(np.int64)
    return label
