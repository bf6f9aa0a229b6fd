"""Straight cuts between rows of buildings, for pieces above the cap and for pieces too long. Method §2.6.

A cut runs along the grain of the land or of its buildings, in the widest gap that divides the households well.
Compounds and phases that stay whole are on one side of it: the cut follows their limits where it meets them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree

from districting.territory.borders import Bools, Floats, Ints, Shapes, polygon_parts, two_point_lines
from districting.territory.grouping import LEAST_COMPACT
from districting.territory.pieces import Homes, Pieces, extent_m, polsby_popper

#: A gap of this width is as good as any; narrower ones count in proportion, m.
WIDE_GAP_M = 40.0
#: Weights of the cut's length over the root of the area, of imbalance, and of a cut across the grain.
LENGTH_WEIGHT = 0.8
IMBALANCE_WEIGHT = 3.0
DIAGONAL_PENALTY = 0.6
#: Penalty of a cut after which the sides need one part more than the whole.
EXTRA_PART_WEIGHT = 1.0
#: Imbalance up to this is looked at first.
TOLERANCE = 0.15
#: Candidate gaps measured in full, per direction.
CANDIDATES = 6
#: A half less compact than this (Polsby-Popper) is a wedge; so many further cuts are tried for one without.
WEDGE_COMPACT = 0.45
WEDGE_TRIES = 12
#: Land longer than this is cut across; land without households only where it is longer still, or narrow, m.
LONG_M = 1_200.0
LONG_EMPTY_M = 2_400.0
EMPTY_COMPACT = 0.4
#: Spindly land shorter than this is left as it is: a cut would not make it better, m.
SPINDLY_EXTENT_M = 500.0


@dataclass(frozen=True)
class _Items:
    """What a cut does not split, inside one piece: single buildings and whole units."""

    xy: Floats
    households: Ints
    outline: Floats
    outline_item: Ints
    land: Shapes

    def take(self, which: Ints) -> _Items:
        """Some of the items."""
        number = np.full(len(self.xy), -1, dtype=np.int64)
        number[which] = np.arange(len(which))
        kept = number[self.outline_item] >= 0
        return _Items(
            self.xy[which],
            self.households[which],
            self.outline[kept],
            number[self.outline_item[kept]],
            self.land[which],
        )


def cut_by_buildings(pieces: Pieces, homes: Homes, *, units: Shapes, footprints: Shapes, cap: int) -> Pieces:
    """Cut pieces above the cap, or longer than people walk, into straight-edged parts.

    Parameters
    ----------
    pieces, homes
        The cover so far and the buildings.
    units
        Land of each unit of ``homes.unit``.
    footprints
        Shape (buildings,), Polygon or None.
    cap
        Households that a piece may hold unless it is one building or one unit.
    """
    households = pieces.households(homes)
    cut = np.flatnonzero(~pieces.water & ((households > cap) | too_long(pieces.polygons, households > 0)))
    if not len(cut):
        return pieces
    order = np.argsort(pieces.home, kind="stable")
    begin = np.searchsorted(pieces.home[order], cut)
    end = np.searchsorted(pieces.home[order], cut, side="right")
    made: list[shapely.Geometry] = []
    source: list[int] = []
    for at, low, high in zip(cut, begin, end, strict=True):
        items = _items(order[low:high], homes, units, footprints)
        parts = _divide(pieces.polygons[at], items, cap=cap)
        made.extend(parts)
        source.extend([int(at)] * len(parts))
    kept = np.setdiff1d(np.arange(len(pieces.polygons)), cut)
    polygons = np.concatenate([pieces.polygons[kept], np.array(made, dtype=object)])
    return pieces.replaced(polygons, np.concatenate([kept, np.array(source, dtype=np.int64)]), homes)


def too_long(polygons: Shapes, inhabited: Bools) -> Bools:
    """Which pieces are longer than people walk, or a long thread; empty land may be larger."""
    extent = extent_m(polygons)
    compact = polsby_popper(shapely.area(polygons), shapely.length(polygons))
    long = (extent > LONG_M) & (inhabited | (extent > LONG_EMPTY_M) | (compact < EMPTY_COMPACT))
    return long | ((extent > SPINDLY_EXTENT_M) & (compact < LEAST_COMPACT))


def _items(members: Ints, homes: Homes, units: Shapes, footprints: Shapes) -> _Items:
    """Items of one piece: a unit stands for all its buildings there."""
    unit = homes.unit[members]
    key = np.where(unit >= 0, unit, np.arange(len(members)) + len(units))
    number, first, item = np.unique(key, return_index=True, return_inverse=True)
    n = len(number)
    weight = np.maximum(homes.households[members], 1e-3)
    total = np.bincount(item, weights=weight, minlength=n)
    points = shapely.get_coordinates(homes.points[members])
    xy = np.stack([np.bincount(item, weights=weight * points[:, k], minlength=n) / total for k in (0, 1)], axis=1)
    land = np.full(n, None, dtype=object)
    is_unit = number < len(units)
    land[is_unit] = units[number[is_unit]]
    shape = land.copy()
    shape[~is_unit] = footprints[members[first[~is_unit]]]
    drawn, drawn_item = shapely.get_coordinates(shape, return_index=True)
    households = np.bincount(item, weights=homes.households[members], minlength=n).astype(np.int64)
    return _Items(
        xy=xy,
        households=households,
        outline=np.concatenate([points, drawn]),
        outline_item=np.concatenate([item, drawn_item]).astype(np.int64),
        land=land,
    )


def _divide(polygon: shapely.Polygon, items: _Items, *, cap: int) -> list[shapely.Geometry]:
    """Cut a piece until every part is within the cap and no longer than needed."""
    done: list[shapely.Geometry] = []
    todo = [(polygon, items)]
    while todo:
        land, inside = todo.pop()
        total = int(inside.households.sum())
        over = total > cap and (inside.households > 0).sum() > 1
        if not over and not too_long(np.array([land], dtype=object), np.array([total > 0]))[0]:
            done.append(land)
            continue
        halves = _cut_once(land, inside, cap=cap if over else None)
        if len(halves) < 2:
            done.append(land)
            continue
        todo.extend(reversed(halves))
    return done


def _cut_once(land: shapely.Polygon, items: _Items, *, cap: int | None) -> list[tuple[shapely.Polygon, _Items]]:
    """Cut a piece by the best straight line; ``cap`` None asks for a shorter piece, not a smaller one."""
    found: list[tuple[float, shapely.Geometry, Bools]] = []
    centre = np.array([land.centroid.x, land.centroid.y])
    for angle, penalty in _directions(land, items):
        normal = np.array([np.cos(angle), np.sin(angle)])
        position, worth = _gaps(land, items, normal, cap=cap)
        if not len(position):
            continue
        reach = land.length * np.array([-normal[1], normal[0]])
        foot = position[:, None] * normal + centre - normal * (centre @ normal)
        lines = two_point_lines(foot - reach, foot + reach)
        length = shapely.length(shapely.intersection(lines, land))
        score = worth - penalty - LENGTH_WEIGHT * length / np.sqrt(land.area)
        found.extend(
            (float(score[at]), lines[at], items.xy @ normal > position[at]) for at in np.flatnonzero(length > 0)
        )
    found.sort(key=lambda cut: -cut[0])
    wedges: list[tuple[shapely.Polygon, _Items]] = []
    for tried, (_, line, above) in enumerate(found):
        halves = _split(land, items, line, above)
        lived = sum(bool(inside.households.sum()) for _, inside in halves)
        # A home that was moved in from the water may stand beyond the land that the line divides.
        if len(halves) < 2 or (cap is not None and lived < 2):
            continue
        shapes = np.array([half for half, _ in halves], dtype=object)
        if polsby_popper(shapely.area(shapes), shapely.length(shapes)).min() >= WEDGE_COMPACT:
            return halves
        wedges = wedges or halves
        if tried >= WEDGE_TRIES:
            break
    return wedges


def _directions(land: shapely.Polygon, items: _Items) -> list[tuple[float, float]]:
    """Angles of the cut's normal with their penalty: the grain of the outline, of the buildings, and diagonals."""
    xy = shapely.get_coordinates(shapely.get_exterior_ring(land))
    grain = [_grain(np.diff(xy, axis=0))]
    if len(items.xy) >= 6:
        tree = cKDTree(items.xy)
        _, near = tree.query(items.xy, k=min(5, len(items.xy)))
        steps = (items.xy[near[:, 1:]] - items.xy[:, None]).reshape(-1, 2)
        length = np.hypot(*steps.T)[:, None]
        grain.append(_grain(steps / np.maximum(length, 1e-6) ** 1.5))
    found = [(angle + turn, 0.0) for angle in grain for turn in (0.0, np.pi / 2)]
    return [*found, *((grain[0] + turn, DIAGONAL_PENALTY) for turn in (np.pi / 4, 3 * np.pi / 4))]


def _grain(steps: Floats) -> float:
    """Main direction modulo a right angle, weighted by length: the fourth harmonic."""
    vectors = steps[:, 0] + 1j * steps[:, 1]
    length = np.abs(vectors)
    ahead = length > 0
    fourth = (length[ahead] * (vectors[ahead] / length[ahead]) ** 4).sum()
    return float(np.angle(fourth) / 4)


def _gaps(land: shapely.Polygon, items: _Items, normal: Floats, *, cap: int | None) -> tuple[Floats, Floats]:
    """Promising positions along ``normal`` and their worth: width of the gap less imbalance."""
    outline = shapely.get_coordinates(land) @ normal
    low_end, high_end = float(outline.min()), float(outline.max())
    span = high_end - low_end
    n = len(items.xy)
    if n < 2:
        if cap is not None:
            return np.zeros(0), np.zeros(0)
        position = np.array([(low_end + high_end) / 2])
        return position, np.array([1.0 - _shortfall(span)])
    along = items.outline @ normal
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, items.outline_item, along)
    np.maximum.at(high, items.outline_item, along)
    order = np.argsort(items.xy @ normal, kind="stable")
    centre = (items.xy @ normal)[order]
    left = np.maximum.accumulate(high[order])[:-1]
    right = np.minimum.accumulate(low[order][::-1])[::-1][1:]
    gap = right - left
    # Phases that share a limit leave a gap of nothing, and that limit is the cut.
    position = np.where(gap > -1.0, (left + right) / 2, (centre[:-1] + centre[1:]) / 2)
    worth = np.clip(gap, -WIDE_GAP_M, WIDE_GAP_M) / WIDE_GAP_M
    if cap is None:
        imbalance = np.abs(position - (low_end + high_end) / 2) / span
        worth = worth - _shortfall(span)
    else:
        households = items.households[order]
        total = int(households.sum())
        parts = max(int(np.ceil(total / cap)), 2)
        share = np.cumsum(households)[:-1] / total
        imbalance = np.abs(share - (parts // 2) / parts)
        imbalance = np.minimum(imbalance, np.abs(share - (parts - parts // 2) / parts))
        imbalance = np.where((share <= 0) | (share >= 1), np.inf, imbalance)
        below = np.cumsum(households)[:-1]
        # Two sides that need more parts than the whole mean another cut, and none runs along a road.
        needed = np.ceil(below / cap) + np.ceil((total - below) / cap)
        worth = worth - EXTRA_PART_WEIGHT * (needed > parts)
    inside = (position > low_end) & (position < high_end) & np.isfinite(imbalance)
    near = inside & (imbalance <= TOLERANCE)
    if near.any():
        inside = near
    worth = np.where(inside, worth - IMBALANCE_WEIGHT * np.where(inside, imbalance, 0.0), -np.inf)
    chosen = np.argsort(-worth, kind="stable")[: min(CANDIDATES, int(inside.sum()))]
    return position[chosen], worth[chosen]


def _shortfall(span: float) -> float:
    """Penalty of a length cut that does not cross the long way."""
    return 2.0 * LONG_M / max(span, 1.0)


def _split(
    land: shapely.Polygon, items: _Items, line: shapely.Geometry, above: Bools
) -> list[tuple[shapely.Polygon, _Items]]:
    """Parts of the land on either side of the line, units kept whole, each with its items."""
    # The whole line, not its part inside: only a line that crosses the outline is noded with it.
    edges = shapely.union(shapely.boundary(land), line)
    faces = polygon_parts(shapely.polygonize(shapely.get_parts(edges)))
    faces = faces[shapely.contains_properly(land, shapely.point_on_surface(faces))]
    if len(faces) < 2:
        return []
    is_unit = np.array([shape is not None and not shape.is_empty for shape in items.land], dtype=bool)
    crossing = is_unit & shapely.intersects(items.land, line)
    if crossing.any():
        faces = _follow_units(faces, land, items, line, above, crossing)
    parts = [face for face in faces if face.area > 0]
    tree = shapely.STRtree(parts)
    item, part = tree.query_nearest(shapely.points(items.xy), all_matches=False)
    return [(face, items.take(item[part == at])) for at, face in enumerate(parts)]


def _follow_units(
    faces: Shapes,
    land: shapely.Polygon,
    items: _Items,
    line: shapely.Geometry,
    above: Bools,
    crossing: Bools,
) -> Shapes:
    """The two sides after every unit on the line was given whole to the side of its centre."""
    (x0, y0), (x1, y1) = shapely.get_coordinates(line)
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    side = (x1 - x0) * (inner[:, 1] - y0) - (y1 - y0) * (inner[:, 0] - x0)
    centre = (x1 - x0) * (items.xy[:, 1] - y0) - (y1 - y0) * (items.xy[:, 0] - x0)
    side_of_above = np.sign(centre[above].sum()) if above.any() else 1.0
    upper = shapely.union_all(faces[np.sign(side) == side_of_above])
    mine = shapely.union_all(items.land[crossing & above])
    theirs = shapely.union_all(items.land[crossing & ~above])
    upper = shapely.intersection(shapely.union(shapely.difference(upper, theirs), mine), land)
    return np.concatenate([polygon_parts(upper), polygon_parts(shapely.difference(land, upper))])
