"""One fine arrangement of all cutting lines, and the hierarchy of blocks on its faces. Method §2.2.

Geometry is made once, from all lines of every level; the blocks of a coarser level are sets of faces, found by
union-find over the edges of finer level. So blocks are nested by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.territory.borders import Bools, Ints, Shapes, border_segments, segment_numbers, split_lines
from districting.territory.cutlines import LEVELS, CutLines
from districting.territory.layers import Layers

#: A source line within this of an edge's middle is the line that the edge lies on, m.
ON_LINE_M = 0.05


@dataclass(frozen=True)
class Faces:
    """Faces of the arrangement inside the sub-districts.

    Parameters
    ----------
    polygons
        Shape (n,).
    subdistrict
        Shape (n,), position of the sub-district.
    water
        Shape (n,), open water.
    block
        Shape (n, 5), block of each face at each level; nested from left to right.
    """

    polygons: Shapes
    subdistrict: Ints
    water: Bools
    block: Ints


def arrange(layers: Layers, cut: CutLines) -> Faces:
    """Node all lines, make faces, and number the blocks of every level."""
    land = layers.subdistricts.geometry.to_numpy()
    near = shapely.STRtree(cut.lines).query(land, predicate="intersects")[1]
    used = np.unique(near)
    lines, level = cut.lines[used], cut.level[used]
    edges = shapely.get_parts(shapely.union_all(lines))
    polygons = shapely.get_parts(shapely.polygonize(edges))
    inner = shapely.point_on_surface(polygons)
    face, subdistrict = shapely.STRtree(land).query(inner, predicate="intersects")
    face, at = np.unique(face, return_index=True)
    polygons, inner = polygons[face], inner[face]
    subdistrict = subdistrict[at].astype(np.int64)
    water = np.zeros(len(polygons), dtype=bool)
    water[shapely.STRtree(inner).query(shapely.get_parts(cut.water), predicate="intersects")[1]] = True
    return Faces(polygons, subdistrict, water, _blocks(polygons, edges, _edge_levels(edges, lines, level)))


def _edge_levels(edges: Shapes, lines: Shapes, level: Ints) -> Ints:
    """Best level among the source lines that each noded edge lies on."""
    middle = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    edge, line = shapely.STRtree(lines).query(middle, predicate="dwithin", distance=ON_LINE_M)
    found = np.full(len(edges), LEVELS - 1, dtype=np.int64)
    np.minimum.at(found, edge, level[line])
    return found


def _blocks(polygons: Shapes, edges: Shapes, level: Ints) -> Ints:
    """Block of each face at each level: faces that no line of that level or a coarser one parts."""
    segments = border_segments(polygons)
    inner = segments.second >= 0
    segments = segments.take(inner)
    start, end, edge = split_lines(edges)
    number = segment_numbers(np.concatenate([segments.start, start]), np.concatenate([segments.end, end]))
    n = len(segments.first)
    level_of = np.full(int(number.max(initial=0)) + 1, LEVELS - 1, dtype=np.int64)
    np.minimum.at(level_of, number[n:], level[edge])
    parted = level_of[number[:n]]
    block = np.empty((len(polygons), LEVELS), dtype=np.int64)
    for at in range(LEVELS):
        open_ = parted > at
        links = coo_array(
            (np.ones(int(open_.sum())), (segments.first[open_], segments.second[open_])),
            shape=(len(polygons),) * 2,
        )
        block[:, at] = connected_components(links, directed=False)[1]
    return block
