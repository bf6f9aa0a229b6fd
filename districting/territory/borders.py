"""Borders of a coverage, segment by segment: who lies on either side of each. Method §3.

A coverage's neighbours share their vertices exactly, so a border is found by matching segments, without any
geometric test. What runs along a border is `districting.territory.courses`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]

#: Vertices are matched on a grid of this width: far below any real distance, far above rounding, m.
VERTEX_GRID_M = 1e-4
#: Vertices of neighbours nearer than this are one after cleaning; more would move the outline, m.
SNAP_M = 0.002


@dataclass(frozen=True)
class Segments:
    """Straight pieces of all borders of a coverage.

    Parameters
    ----------
    first, second
        Shape (n,), positions of the polygons on either side, ``first`` < ``second``; ``second`` is -1 on the
        outline of the coverage.
    start, end
        Shape (n, 2), m; oriented along the ring of ``first``.
    """

    first: Ints
    second: Ints
    start: Floats
    end: Floats

    @property
    def length_m(self) -> Floats:
        """Length of each segment."""
        length: Floats = np.hypot(*(self.end - self.start).T)
        return length

    def lines(self) -> Shapes:
        """The segments as geometry."""
        return two_point_lines(self.start, self.end)

    def take(self, where: Bools | Ints) -> Segments:
        """Some of the segments."""
        return Segments(self.first[where], self.second[where], self.start[where], self.end[where])


def two_point_lines(start: Floats, end: Floats) -> Shapes:
    """Straight lines between paired points, each shape (n, 2)."""
    lines: Shapes = np.asarray(shapely.linestrings(np.stack([start, end], axis=1)), dtype=object)
    return lines


def split_lines(lines: Shapes) -> tuple[Floats, Floats, Ints]:
    """Start, end and line position of every straight segment of ``lines``; segments of no length left out."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    same &= (xy[1:] != xy[:-1]).any(axis=1)
    return xy[:-1][same], xy[1:][same], line[:-1][same].astype(np.int64)


def vertex_numbers(xy: Floats) -> Ints:
    """Number the distinct points of ``xy``, shape (n, 2), matched on `VERTEX_GRID_M`."""
    if not len(xy):
        return np.zeros(0, dtype=np.int64)
    grid = np.rint((xy - xy.min(axis=0)) / VERTEX_GRID_M).astype(np.int64)
    _, number = np.unique(grid[:, 0] * (int(grid[:, 1].max()) + 1) + grid[:, 1], return_inverse=True)
    return number.astype(np.int64)


def segment_numbers(start: Floats, end: Floats) -> Ints:
    """Number the distinct segments, whichever way they run."""
    number = vertex_numbers(np.concatenate([start, end]))
    a, b = number[: len(start)], number[len(start) :]
    _, found = np.unique(np.minimum(a, b) * (len(number) + 1) + np.maximum(a, b), return_inverse=True)
    return found.astype(np.int64)


def border_segments(polygons: Shapes) -> Segments:
    """All segments of the polygons' rings, each once, with the polygon on either side.

    Parameters
    ----------
    polygons
        A valid coverage: Polygons or MultiPolygons, shape (n,).
    """
    parts, owner = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    start, end, ring = split_lines(rings)
    side = owner[part[ring]].astype(np.int64)
    number = segment_numbers(start, end)
    order = np.lexsort((side, number))
    number, side = number[order], side[order]
    leads = np.r_[True, number[1:] != number[:-1]] if len(number) else np.zeros(0, dtype=bool)
    lead = np.flatnonzero(leads)
    paired = np.zeros(len(lead), dtype=bool)
    inside = lead + 1 < len(number)
    paired[inside] = number[lead[inside] + 1] == number[lead[inside]]
    second = np.full(len(lead), -1, dtype=np.int64)
    second[paired] = side[lead[paired] + 1]
    same = second == side[lead]
    keep = order[lead[~same]]
    return Segments(side[lead[~same]], second[~same], start[keep], end[keep])


def neighbour_lengths(segments: Segments) -> pd.DataFrame:
    """Shared length of each touching pair: columns ``first``, ``second``, ``shared_m``; sorted by pair."""
    inner = segments.second >= 0
    table = pd.DataFrame(
        {"first": segments.first[inner], "second": segments.second[inner], "shared_m": segments.length_m[inner]}
    )
    return table.groupby(["first", "second"], sort=True)[["shared_m"]].sum().reset_index()


def clean_coverage(polygons: Shapes) -> tuple[Shapes, Ints]:
    """The polygons with the vertices of neighbours matched, as single polygons, with the position of each before.

    Cuts end on a neighbour's side where that has no vertex yet; only matched vertices make a valid coverage.
    """
    cleaned = shapely.coverage_clean(polygons, snapping_distance=SNAP_M)  # type: ignore[attr-defined]
    parts, source = shapely.get_parts(cleaned, return_index=True)
    land = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 0)
    return np.asarray(parts[land], dtype=object), source[land].astype(np.int64)


def polygon_parts(geometry: Any) -> Shapes:
    """The polygons inside any geometry, shape (n,); lines and points that an overlay leaves are dropped."""
    parts: Shapes = np.asarray(shapely.get_parts(shapely.get_parts(geometry)), dtype=object)
    polygons: Shapes = parts[shapely.get_type_id(parts) == 3]
    return polygons


def dissolved(polygons: Shapes, group: Ints) -> tuple[Shapes, Ints]:
    """Union of each group of a coverage, as single polygons, with the group of each; sorted by group."""
    order = np.argsort(group, kind="stable")
    numbers, begins = np.unique(group[order], return_index=True)
    members: Sequence[Ints] = np.split(order, begins[1:]) if len(numbers) else []
    unions = np.empty(len(numbers), dtype=object)
    for at, member in enumerate(members):
        if len(member) == 1:
            unions[at] = polygons[member[0]]
        else:
            unions[at] = shapely.coverage_union_all(polygons[member])
    parts, owner = shapely.get_parts(unions, return_index=True)
    return np.asarray(parts, dtype=object), numbers[owner].astype(np.int64)
