"""From main-road blocks down to pieces: finer roads where a block is too large, then today's borders.

Method §2.4.
"""

from __future__ import annotations

import numpy as np
import shapely

from districting.territory.arrangement import Faces
from districting.territory.borders import (
    Bools,
    Ints,
    Shapes,
    border_segments,
    clean_coverage,
    dissolved,
    neighbour_lengths,
    polygon_parts,
)
from districting.territory.cutlines import LEVELS
from districting.territory.pieces import Homes, Pieces, community_counts
from districting.territory.placement import place
from districting.territory.slivers import SMALL_RADIUS_M, inscribed_radius_m

#: A block straddles two communities when the second holds at least this many households and this share.
STRADDLE_HOUSEHOLDS = 50
STRADDLE_SHARE = 0.05
#: A block is refined for its size alone above this area, if it holds at least so many households.
WIDE_AREA_M2 = 400_000.0
WIDE_HOUSEHOLDS = 300


def refine(faces: Faces, homes: Homes, *, cap: int) -> Pieces:
    """Blocks of the main roads, refined road class by road class while they are too large or straddle."""
    home, _ = place(homes.points, faces.polygons, land=~faces.water)
    area = shapely.area(faces.polygons)
    block = faces.block[:, 1].copy()
    for level in range(2, LEVELS):
        number, block = np.unique(block, return_inverse=True)
        group = block[home]
        households = np.bincount(group, weights=homes.households, minlength=len(number))
        wide = np.bincount(block, weights=area, minlength=len(number)) > WIDE_AREA_M2
        large = households > cap
        large |= straddles(community_counts(group, homes, len(number)))
        large |= wide & (households >= WIDE_HOUSEHOLDS)
        refined = large[block]
        block = np.where(refined, len(number) + faces.block[:, level], block)
    _, block = np.unique(block, return_inverse=True)
    polygons, number = dissolved(faces.polygons, block.astype(np.int64))
    member = np.full(int(block.max(initial=0)) + 1, -1, dtype=np.int64)
    member[block[::-1]] = np.arange(len(block))[::-1]
    source = member[number]
    water = faces.water[source]
    home, _ = place(homes.points, polygons, land=~water)
    return Pieces(polygons, faces.subdistrict[source], water, faces.block[source, 1], home)


def straddles(by_community: Ints) -> Bools:
    """Which rows have a second community with enough households to be cut off."""
    if by_community.shape[1] < 2:
        return np.zeros(len(by_community), dtype=bool)
    second = np.partition(by_community, -2, axis=1)[:, -2]
    found: Bools = (second >= STRADDLE_HOUSEHOLDS) & (second >= STRADDLE_SHARE * by_community.sum(axis=1))
    return found


def cut_by_communities(pieces: Pieces, homes: Homes, communities: Shapes, units: Shapes) -> Pieces:
    """Cut pieces that still straddle along today's borders; whole units follow most of their households."""
    cut = np.flatnonzero(straddles(pieces.by_community(homes)) & ~pieces.water)
    if not len(cut):
        return pieces
    tree = shapely.STRtree(communities)
    made: list[shapely.Geometry] = []
    source: list[int] = []
    for at in cut:
        parts = _overlay(pieces, int(at), homes, communities, units, tree)
        parts = _without_noise(parts, homes, pieces.home == at)
        made.extend(parts)
        source.extend([int(at)] * len(parts))
    kept = np.setdiff1d(np.arange(len(pieces.polygons)), cut)
    polygons = np.concatenate([pieces.polygons[kept], np.array(made, dtype=object)])
    owner = np.concatenate([kept, np.array(source, dtype=np.int64)])
    return pieces.replaced(polygons, owner, homes)


def _overlay(
    pieces: Pieces, at: int, homes: Homes, communities: Shapes, units: Shapes, tree: shapely.STRtree
) -> Shapes:
    """One piece by community, with land in none as its own part."""
    polygon = pieces.polygons[at]
    inside = np.flatnonzero(pieces.home == at)
    claims: dict[int, list[shapely.Geometry]] = {}
    for unit in np.unique(homes.unit[inside]):
        members = inside[homes.unit[inside] == unit]
        if unit < 0 or shapely.is_empty(units[unit]):
            continue
        weight = np.bincount(homes.community[members] + 1, weights=homes.households[members] + 1e-6)
        claims.setdefault(int(weight.argmax()) - 1, []).append(units[unit])
    taken = shapely.union_all([shape for shapes in claims.values() for shape in shapes])
    rest = shapely.union_all(polygon_parts(shapely.difference(polygon, taken)))
    near = np.sort(tree.query(polygon, predicate="intersects"))
    lands = []
    for community in sorted({*near.tolist(), *(key for key in claims if key >= 0)}):
        own = shapely.intersection(shapely.union_all(claims.get(community, [])), polygon)
        # Where outlines touch, an overlay leaves lines beside polygons, and GEOS refuses such a mixture next time.
        kept = [polygon_parts(shapely.intersection(rest, communities[community])), polygon_parts(own)]
        lands.append(shapely.union_all(np.concatenate(kept)))
    # Overlapping communities: the first keeps the land, so that the parts still tile the piece.
    parts: list[shapely.Geometry] = []
    left = polygon
    for land in [*lands, polygon]:
        if shapely.is_empty(left) or shapely.is_empty(land):
            continue
        parts.extend(polygon_parts(shapely.intersection(land, left)))
        left = shapely.union_all(polygon_parts(shapely.difference(left, land)))
    found = np.array(parts, dtype=object)
    return found[shapely.area(found) > 0.01]


def _without_noise(parts: Shapes, homes: Homes, inside: Bools) -> Shapes:
    """Parts with few households or no width go back to the neighbour with the longest border."""
    points, households = homes.points[inside], homes.households[inside]
    while len(parts) > 1:
        parts, _ = clean_coverage(parts)
        home, _ = place(points, parts, land=np.ones(len(parts), dtype=bool))
        living = np.bincount(home[home >= 0], weights=households[home >= 0], minlength=len(parts))
        weak = (living < STRADDLE_HOUSEHOLDS) | (inscribed_radius_m(parts) < SMALL_RADIUS_M)
        if not weak.any():
            break
        least = np.flatnonzero(weak)[np.argmin(shapely.area(parts)[weak])]
        touching = neighbour_lengths(border_segments(parts))
        touching = touching[(touching["first"] == least) | (touching["second"] == least)]
        if touching.empty:
            break
        best = touching.loc[touching["shared_m"].idxmax()]
        group = np.arange(len(parts))
        group[least] = int(best["first"] + best["second"]) - least
        parts, _ = dissolved(parts, group)
    return parts
