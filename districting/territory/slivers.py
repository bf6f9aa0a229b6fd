"""Slivers: land between carriageways, on ramps and roundabouts. Method §2.3.

A sliver is divided among its neighbours along its medial axis, so that the border between them becomes one line
in the middle of the road. An ordinary street has no sliver and stays on its own line.
"""

from __future__ import annotations

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.territory.arrangement import Faces
from districting.territory.borders import (
    Bools,
    Floats,
    Ints,
    Segments,
    Shapes,
    border_segments,
    clean_coverage,
    dissolved,
    polygon_parts,
)
from districting.territory.cutlines import LEVELS

#: Inscribed radius below which a block of a main-road level, or of a lower one, is a sliver, m.
MAIN_RADIUS_M = 20.0
SMALL_RADIUS_M = 8.0
#: A main-road block this narrow is a sliver if it is also long: area over squared width above `CORRIDOR_RATIO`.
CORRIDOR_RADIUS_M = 40.0
CORRIDOR_RATIO = 3.0
#: Smallest block of a main-road level, and of a lower one, m².
MAIN_AREA_M2 = 5_000.0
SMALL_AREA_M2 = 600.0
#: Households that a main-road sliver may hold: on land between carriageways, where an address is rarely right, and
#: on a small block (kiosks, a station). A sliver of a lower level holds none.
CORRIDOR_HOUSEHOLDS = 150
MAIN_HOUSEHOLDS = 50
#: How closely the radius is measured when slivers are told from blocks, m.
RADIUS_TOLERANCE_M = 1.0
#: Sites of the medial axis: spacing along an edge, and distance of the first and last from the junction, m.
SITE_SPACING_M = 3.0
SITE_INSET_M = 0.4


def inscribed_radius_m(polygons: Shapes, *, tolerance_m: float = 0.25) -> Floats:
    """Radius of the largest circle inside each polygon, m."""
    radius: Floats = shapely.length(shapely.maximum_inscribed_circle(polygons, tolerance=tolerance_m))
    return radius


def absorb_slivers(faces: Faces, households: Ints) -> Faces:
    """Divide every sliver among the faces around it.

    Parameters
    ----------
    faces
        The arrangement.
    households
        Shape (faces,).

    Returns
    -------
    Faces
        Fewer faces, the same cover; a sliver without a neighbour in its sub-district stays.
    """
    sliver = _slivers(faces, households)
    if not sliver.any():
        return faces
    segments = border_segments(faces.polygons)
    segments = segments.take(segments.second >= 0)
    segments = segments.take(faces.subdistrict[segments.first] == faces.subdistrict[segments.second])
    both = sliver[segments.first] & sliver[segments.second]
    n = len(faces.polygons)
    links = coo_array((np.ones(int(both.sum())), (segments.first[both], segments.second[both])), shape=(n, n))
    _, cluster = connected_components(links, directed=False)
    rim = segments.take(sliver[segments.first] != sliver[segments.second])
    inner_first = sliver[rim.first]
    inside = np.where(inner_first, rim.first, rim.second)
    outside = np.where(inner_first, rim.second, rim.first)
    usable = ~faces.water[outside]
    rim, inside, outside = rim.take(usable), inside[usable], outside[usable]
    pieces, owner = _divide(faces.polygons, sliver, cluster.astype(np.int64), rim, inside, outside)
    gone = np.isin(cluster, np.unique(cluster[inside])) & sliver
    return _grown(faces, gone, pieces, owner)


def _slivers(faces: Faces, households: Ints) -> Bools:
    """Faces that belong to a sliver block of any level."""
    found = np.zeros(len(faces.polygons), dtype=bool)
    for level in range(1, LEVELS):
        block = np.where(faces.water, -1, faces.block[:, level])
        polygons, number = dissolved(faces.polygons[block >= 0], block[block >= 0])
        living = np.bincount(
            block[block >= 0], weights=households[block >= 0], minlength=int(block.max(initial=0)) + 1
        )
        area = shapely.area(polygons)
        least = CORRIDOR_RADIUS_M if level == 1 else SMALL_RADIUS_M
        # Area over perimeter never exceeds the inscribed radius: wide blocks need no circle, nor do full ones.
        at_least = area / shapely.length(polygons)
        few = living[number] <= (CORRIDOR_HOUSEHOLDS if level == 1 else 0)
        narrow = np.flatnonzero((at_least < SMALL_RADIUS_M) | ((at_least < least) & few))
        radius = np.full(len(polygons), np.inf)
        radius[narrow] = inscribed_radius_m(polygons[narrow], tolerance_m=RADIUS_TOLERANCE_M)
        if level == 1:
            long = (radius < CORRIDOR_RADIUS_M) & (area > CORRIDOR_RATIO * (2 * radius) ** 2)
            weak = ((radius < MAIN_RADIUS_M) | long) & (living[number] <= CORRIDOR_HOUSEHOLDS)
            weak |= (area < MAIN_AREA_M2) & (living[number] <= MAIN_HOUSEHOLDS)
        else:
            weak = ((radius < SMALL_RADIUS_M) | (area < SMALL_AREA_M2)) & (living[number] == 0)
        found |= np.isin(block, number[weak | (radius < SMALL_RADIUS_M)]) & ~faces.water
    return found


def _divide(
    polygons: Shapes, sliver: Bools, cluster: Ints, rim: Segments, inside: Ints, outside: Ints
) -> tuple[list[shapely.Geometry], list[int]]:
    """Pieces of every cluster, each with the face that it goes to."""
    sites, site_cluster, site_face = _sites(rim, cluster[inside], outside)
    order = np.argsort(cluster, kind="stable")
    order = order[sliver[order]]
    pieces: list[shapely.Geometry] = []
    owner: list[int] = []
    numbers = np.unique(site_cluster)
    begin, end = np.searchsorted(site_cluster, numbers), np.searchsorted(site_cluster, numbers, side="right")
    low, high = np.searchsorted(cluster[order], numbers), np.searchsorted(cluster[order], numbers, side="right")
    for at in range(len(numbers)):
        land = shapely.coverage_union_all(polygons[order[low[at] : high[at]]])
        face = site_face[begin[at] : end[at]]
        if (face == face[0]).all():
            pieces.append(land)
            owner.append(int(face[0]))
            continue
        cells = shapely.voronoi_polygons(
            shapely.multipoints(sites[begin[at] : end[at]]), extend_to=land, ordered=True
        )
        # On straight rows of sites GEOS may give a cell as a polygon with stray lines.
        cell_parts, cell = shapely.get_parts(shapely.get_parts(cells), return_index=True)
        face = np.where(shapely.get_type_id(cell_parts) == 3, face[cell], -1)
        for number in np.unique(face[face >= 0]):
            held = shapely.intersection(shapely.coverage_union_all(cell_parts[face == number]), land)
            # Where cells and land touch, an overlay leaves lines beside polygons, and GEOS refuses such a mixture.
            pieces.append(shapely.multipolygons(list(polygon_parts(held))))
            owner.append(int(number))
    return pieces, owner


def _sites(rim: Segments, cluster: Ints, face: Ints) -> tuple[Floats, Ints, Ints]:
    """Sites along the rim, sorted by cluster and face: equally near to every junction on both sides of it."""
    pair, number = np.unique(np.stack([cluster, face], axis=1), axis=0, return_inverse=True)
    order = np.argsort(number, kind="stable")
    chains = shapely.line_merge(shapely.multilinestrings(rim.lines()[order], indices=number[order]))
    lines, owner = shapely.get_parts(chains, return_index=True)
    length = shapely.length(lines)
    inset = np.minimum(SITE_INSET_M, length / 2)
    count = np.maximum(np.ceil((length - 2 * inset) / SITE_SPACING_M).astype(np.int64), 0) + 1
    line = np.repeat(np.arange(len(lines)), count)
    step = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
    spacing = np.where(count > 1, (length - 2 * inset) / np.maximum(count - 1, 1), 0.0)
    points = shapely.line_interpolate_point(lines[line], inset[line] + step * spacing[line])
    xy = shapely.get_coordinates(points)
    of = pair[owner[line]]
    _, once = np.unique(np.column_stack([of[:, 0], np.round(xy, 4)]), axis=0, return_index=True)
    once = once[np.lexsort((once, of[once, 1], of[once, 0]))]
    return xy[once], of[once, 0], of[once, 1]


def _grown(faces: Faces, gone: Bools, pieces: list[shapely.Geometry], owner: list[int]) -> Faces:
    """Faces with the pieces added, as a clean coverage of single polygons."""
    polygons = faces.polygons.copy()
    added: dict[int, list[shapely.Geometry]] = {}
    for face, piece in zip(owner, pieces, strict=True):
        added.setdefault(face, []).append(piece)
    for face in sorted(added):
        polygons[face] = shapely.union_all([polygons[face], *added[face]])
    kept = np.flatnonzero(~gone)
    parts, part_of = clean_coverage(polygons[kept])
    source = kept[part_of]
    return Faces(parts, faces.subdistrict[source], faces.water[source], faces.block[source])
