"""The atoms as a drawing: every border between two atoms stored once, every atom as the borders around it.

A plan on top of it is one label per atom; outlines of communities, differences between plans and the land that
changed all follow from the labels in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mosaic:
    """Borders of n atoms.

    Parameters
    ----------
    xy
        Shape (p, 2): points of all arcs one after another, m.
    arc_start
        Shape (a + 1,): arc i holds points ``arc_start[i]`` to ``arc_start[i + 1]``.
    left, right
        Shape (a,): positions of the atoms on its two sides; ``right`` is −1 on the outer edge.
    ring_start
        Shape (r + 1,): ring j follows the arcs ``refs[ring_start[j]:ring_start[j + 1]]``.
    ring_atom
        Shape (r,): the atom that ring j belongs to; holes are rings of their own, wound the other way.
    refs
        Arc i walked forwards is i, backwards −1 − i.
    """

    xy: Floats
    arc_start: Ints
    left: Ints
    right: Ints
    ring_start: Ints
    ring_atom: Ints
    refs: Ints


def draw_mosaic(atoms: gpd.GeoSeries, *, tolerance_m: float = 1.0) -> Mosaic:
    """Borders of a valid coverage, simplified once for both sides.

    Parameters
    ----------
    atoms
        Polygons that meet vertex to vertex (`shapely.coverage_is_valid`), metric CRS.
    tolerance_m
        Largest detail lost (Visvalingam & Whyatt on shared edges, `shapely.coverage_simplify`).
    """
    polygons = shapely.coverage_simplify(atoms.to_numpy(), tolerance_m) if len(atoms) else atoms.to_numpy()
    parts, part_atom = shapely.get_parts(polygons, return_index=True)
    # One winding for all: then the two sides of a border walk it in opposite directions.
    parts = shapely.orient_polygons(parts)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    ring_atom = part_atom[ring_part].astype(np.int32)
    corners, corner_ring = shapely.get_coordinates(rings, return_index=True)
    if not len(corners):
        nothing = np.zeros(0, dtype=np.int32)
        one = np.zeros(1, dtype=np.int32)
        return Mosaic(np.zeros((0, 2)), one, nothing, nothing, one, nothing, nothing)

    # Points by number: the same place has the same number whichever ring names it.
    places, number = np.unique(corners, axis=0, return_inverse=True)
    number = number.ravel()
    inside = corner_ring[:-1] == corner_ring[1:]
    start, end = number[:-1][inside], number[1:][inside]
    ring = corner_ring[:-1][inside]
    atom = ring_atom[ring]

    # Segments by number, with the atom across.
    pair = np.sort(np.column_stack([start, end]), axis=1)
    segments, segment = np.unique(pair, axis=0, return_inverse=True)
    segment = segment.ravel()
    low = np.full(len(segments), np.iinfo(np.int32).max, dtype=np.int32)
    high = np.full(len(segments), -1, dtype=np.int32)
    np.minimum.at(low, segment, atom)
    np.maximum.at(high, segment, atom)
    across = np.where(low[segment] == atom, high[segment], low[segment])
    across = np.where(across == atom, -1, across)

    # Arcs end where three borders meet, and where any ring starts, so that both sides break at the same places.
    first = np.r_[True, ring[1:] != ring[:-1]]
    node = np.bincount(segments.ravel(), minlength=len(places)) != 2
    node[start[first]] = True
    breaks = first | node[start] | np.r_[True, across[1:] != across[:-1]]
    return _link(places, start, end, ring, atom, across, segment, breaks, ring_atom, len(segments))


def _link(
    places: Floats,
    start: npt.NDArray[np.intp],
    end: npt.NDArray[np.intp],
    ring: npt.NDArray[np.intp],
    atom: npt.NDArray[np.int32],
    across: npt.NDArray[np.int32],
    segment: npt.NDArray[np.intp],
    breaks: npt.NDArray[np.bool_],
    ring_atom: Ints,
    n_segments: int,
) -> Mosaic:
    """Runs of segments along the rings become arcs; the second of two sides refers to the first backwards."""
    heads = np.flatnonzero(breaks)
    tails = np.r_[heads[1:], len(start)]
    arc_of = np.full(n_segments, -1, dtype=np.int64)
    pieces: list[Floats] = []
    left, right, refs, ring_refs = [], [], [], []
    for head, tail in zip(heads, tails, strict=True):
        known = arc_of[segment[head]]
        if known < 0:
            known = len(pieces)
            arc_of[segment[head:tail]] = known
            pieces.append(places[np.r_[start[head:tail], end[tail - 1]]])
            left.append(atom[head])
            right.append(across[head])
            refs.append(known)
        else:
            refs.append(-1 - known)
        ring_refs.append(ring[head])
    counts = np.bincount(np.asarray(ring_refs), minlength=len(ring_atom))
    return Mosaic(
        xy=np.concatenate(pieces),
        arc_start=np.cumsum([0, *(len(piece) for piece in pieces)]).astype(np.int32),
        left=np.asarray(left, dtype=np.int32),
        right=np.asarray(right, dtype=np.int32),
        ring_start=np.r_[0, np.cumsum(counts)].astype(np.int32),
        ring_atom=ring_atom,
        refs=np.asarray(refs, dtype=np.int32),
    )
