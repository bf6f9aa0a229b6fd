"""Communities that are in one piece today stay in one piece when the land is cut. Method §2.5.

Slivers, blocks and noise go to whoever lives beside them; where such land was all that held a community together,
it is cut out again along today's border and kept.
"""

from __future__ import annotations

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from districting.territory.borders import Floats, Ints, Shapes, clean_coverage, polygon_parts
from districting.territory.courses import Courses
from districting.territory.layers import Layers
from districting.territory.pieces import Homes, Pieces
from districting.territory.slivers import MAIN_RADIUS_M, SMALL_RADIUS_M, inscribed_radius_m
from districting.territory.walking import WALK_M, walks

#: Land of a community inside another's piece counts from this area, m².
LINK_AREA_M2 = 30.0
#: Land of a community in which others live around goes back to it from this area, m².
WIDE_AREA_M2 = 20_000.0


def lands_held(polygons: Shapes, lands: Shapes) -> tuple[Ints, Ints, Floats]:
    """Which polygon holds how much of which community's land: positions of both, and m²."""
    piece, community = shapely.STRtree(lands).query(polygons, predicate="intersects")
    area = shapely.area(shapely.intersection(polygons[piece], lands[community]))
    return piece.astype(np.int64), community.astype(np.int64), area


def today_of(polygons: Shapes, by_community: Ints, lands: Shapes) -> Ints:
    """Today's community of each polygon: of most households, else of most area; ``len(lands)`` for none.

    Parameters
    ----------
    polygons
        Shape (n,).
    by_community
        Shape (n, communities + 1), households, the last column for none.
    lands
        Shape (communities,).
    """
    weight = by_community.astype(float)
    empty = np.flatnonzero(weight.sum(axis=1) == 0)
    piece, community, area = lands_held(polygons[empty], lands)
    np.add.at(weight, (empty[piece], community), area)
    held = weight[empty, :-1].sum(axis=1)
    weight[empty, -1] = np.maximum(shapely.area(polygons[empty]) - held, 0.0)
    found: Ints = weight.argmax(axis=1).astype(np.int64)
    return found


def hold_together(pieces: Pieces, homes: Homes, layers: Layers, hard: Courses) -> Pieces:
    """Pieces, with the land cut out that a community needs to stay what it is today.

    A community with households but without a piece, because others are the majority everywhere, gets its land;
    wide land without households of a community goes back to it; and a community that is in one piece today is tied
    together again, sub-district by sub-district and part by part of its polygon. What a railway or water without
    a crossing divides today stays divided.
    """
    lands: Shapes = layers.communities.geometry.to_numpy()
    pieces = _given_back(pieces, homes, lands)
    return _tied(pieces, homes, layers, hard)


def _given_back(pieces: Pieces, homes: Homes, lands: Shapes) -> Pieces:
    """Pieces with the land of absent communities, and wide land, cut out of the pieces of others."""
    today = _labels(pieces, homes, lands)
    piece, community, area = lands_held(pieces.polygons, lands)
    lived = np.bincount(homes.community[homes.community >= 0], weights=homes.households[homes.community >= 0])
    absent = np.setdiff1d(np.flatnonzero(lived), today)
    theirs = (today[piece] != community) & ~pieces.water[piece]
    wanted = np.flatnonzero(theirs & (np.isin(community, absent) | (area >= WIDE_AREA_M2)))
    cuts: dict[int, list[shapely.Geometry]] = {}
    for at in wanted[np.lexsort((community[wanted], piece[wanted]))]:
        shapes = polygon_parts(shapely.intersection(pieces.polygons[piece[at]], lands[community[at]]))
        radius = SMALL_RADIUS_M if community[at] in absent else MAIN_RADIUS_M
        wide = shapes[inscribed_radius_m(shapes) >= radius]
        if len(wide):
            cuts.setdefault(int(piece[at]), []).extend(wide)
    return _cut_out(pieces, homes, cuts) if cuts else pieces


def _tied(pieces: Pieces, homes: Homes, layers: Layers, hard: Courses) -> Pieces:
    """Pieces with the least land cut out that makes the pieces of each community one again."""
    lands: Shapes = layers.communities.geometry.to_numpy()
    today = _labels(pieces, homes, lands)
    table = walks(pieces.polygons, pieces.subdistrict, pieces.water, hard, layers)
    table = table[table["walk_m"] >= WALK_M]
    first, second = table["first"].to_numpy(), table["second"].to_numpy()
    n = len(pieces.polygons)
    same = (today[first] == today[second]) & (today[first] < len(lands))
    links = coo_array((np.ones(int(same.sum())), (first[same], second[same])), shape=(n, n))
    group = connected_components(links, directed=False)[1].astype(np.int64)
    owned = np.flatnonzero(today < len(lands))
    key = today[owned] * (int(pieces.subdistrict.max(initial=0)) + 1) + pieces.subdistrict[owned]
    cuts: dict[int, list[shapely.Geometry]] = {}
    tree = shapely.STRtree(pieces.polygons)
    for number in _several(key, group[owned]):
        mine = owned[key == number]
        community, subdistrict = int(today[mine[0]]), int(pieces.subdistrict[mine[0]])
        land = shapely.intersection(lands[community], layers.subdistricts.geometry.iloc[subdistrict])
        for part in polygon_parts(land):
            inside = mine[shapely.area(shapely.intersection(pieces.polygons[mine], part)) > LINK_AREA_M2]
            if len(np.unique(group[inside])) < 2:
                continue
            hosts = np.sort(tree.query(part, predicate="intersects"))
            hosts = hosts[(today[hosts] != community) & (pieces.subdistrict[hosts] == subdistrict)]
            hosts = hosts[~pieces.water[hosts]]
            for host, shape in _links(pieces.polygons, inside, group[inside], hosts, part):
                cuts.setdefault(host, []).append(shape)
    return _cut_out(pieces, homes, cuts) if cuts else pieces


def _labels(pieces: Pieces, homes: Homes, lands: Shapes) -> Ints:
    """Today's community of each piece of land; none for water."""
    today = today_of(pieces.polygons, pieces.by_community(homes), lands)
    return np.where(pieces.water, len(lands), today).astype(np.int64)


def _several(key: Ints, group: Ints) -> Ints:
    """Keys with more than one group."""
    pairs = np.unique(np.stack([key, group], axis=1), axis=0)
    numbers, count = np.unique(pairs[:, 0], return_counts=True)
    return numbers[count > 1].astype(np.int64)


def _links(
    polygons: Shapes, mine: Ints, group: Ints, hosts: Ints, land: shapely.Geometry
) -> list[tuple[int, shapely.Geometry]]:
    """The least land of others' pieces that ties the groups together, each with the piece that holds it."""
    parts, host = shapely.get_parts(shapely.intersection(polygons[hosts], land), return_index=True)
    inner, at = shapely.get_parts(parts, return_index=True)
    host = host[at]
    large = (shapely.get_dimensions(inner) == 2) & (shapely.area(inner) > LINK_AREA_M2)
    inner, host = inner[large], hosts[host[large]]
    if not len(inner):
        return []
    shapes = np.concatenate([polygons[mine], inner])
    one, two = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=0.01)
    one, two = one[one < two], two[one < two]
    border = shapely.length(shapely.intersection(shapely.boundary(shapes[one]), shapely.boundary(shapes[two])))
    kept = border >= WALK_M
    one, two = one[kept], two[kept]
    # Entering a shape costs its area; what the community holds already is free.
    cost = np.concatenate([np.full(len(mine), 1e-3), shapely.area(inner)])
    n = len(shapes)
    ways = coo_array((np.r_[cost[two], cost[one]], (np.r_[one, two], np.r_[two, one])), shape=(n, n)).tocsr()
    names = np.unique(group)
    joined = [np.flatnonzero(group == names[0])]
    rest = list(names[1:])
    taken: set[int] = set()
    while rest:
        distance, before, _ = dijkstra(
            ways, indices=np.concatenate(joined), min_only=True, return_predecessors=True
        )
        ends = [
            int(np.flatnonzero(group == name)[np.argmin(distance[: len(mine)][group == name])]) for name in rest
        ]
        nearest = int(np.argmin(distance[ends]))
        if not np.isfinite(distance[ends[nearest]]):
            break
        step = ends[nearest]
        path = []
        while step >= 0:
            path.append(step)
            step = int(before[step])
        taken.update(step for step in path if step >= len(mine))
        joined.append(np.array(path, dtype=np.int64))
        joined.append(np.flatnonzero(group == rest.pop(nearest)))
    return [(int(host[step - len(mine)]), inner[step - len(mine)]) for step in sorted(taken)]


def _cut_out(pieces: Pieces, homes: Homes, cuts: dict[int, list[shapely.Geometry]]) -> Pieces:
    """The pieces with some land of theirs made pieces of its own."""
    made: list[shapely.Geometry] = []
    source: list[int] = []
    for at in sorted(cuts):
        left = pieces.polygons[at]
        parts: list[shapely.Geometry] = []
        for shape in cuts[at]:
            parts.extend(polygon_parts(shapely.intersection(left, shape)))
            left = shapely.difference(left, shape)
        parts.extend(polygon_parts(left))
        made.extend(parts)
        source.extend([at] * len(parts))
    kept = np.setdiff1d(np.arange(len(pieces.polygons)), np.array(sorted(cuts)))
    polygons = np.concatenate([pieces.polygons[kept], np.array(made, dtype=object)])
    owner = np.concatenate([kept, np.array(source, dtype=np.int64)])
    parts_, at_ = clean_coverage(polygons)
    return pieces.replaced(parts_, owner[at_], homes)
