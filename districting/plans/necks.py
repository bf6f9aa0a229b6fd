"""The narrowest place that holds the homes of a community together: found by eroding its land. Method §4.

A piece of land has a neck narrower than w if, with w/2 taken off all round, its homes no longer hang together:
they lie around several remains, or so far out on a tongue that nothing remains near them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.plans.problem import Floats, Ints

#: How exactly the narrowest width is found, m.
WIDTH_STEP_M = 0.5
ROUNDING_M = 0.01
#: Homes farther than this many widths from all remains live on a tongue; the tip of a 30° corner is nearer.
TONGUE_WIDTHS = 2.0
#: A home this far outside the drawn land of its community still counts to it, m.
DRAWING_M = 1.0


@dataclass(frozen=True, eq=False)
class _Lands:
    """Single pieces of land, shape (n,), with the homes on them: position of the piece, place, households."""

    shapes: Any
    piece: Ints
    points: Any
    households: Floats

    def take(self, chosen: Ints) -> _Lands:
        """Some pieces, renumbered."""
        number = np.full(len(self.shapes), -1, dtype=np.int64)
        number[chosen] = np.arange(len(chosen))
        kept = number[self.piece] >= 0
        return _Lands(self.shapes[chosen], number[self.piece[kept]], self.points[kept], self.households[kept])


def narrow_places(
    outlines: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, codes: Ints, *, below_m: float
) -> pd.DataFrame:
    """Communities held together by a place narrower than ``below_m``.

    Parameters
    ----------
    outlines
        Index ``community_id``; (Multi)Polygon, metric CRS. Each separate part is looked at by itself.
    buildings
        Points with ``households``, same CRS.
    codes
        Shape (buildings,), position of each building's community in ``outlines``, -1 in none.
    below_m
        Widths from here on are wide enough.

    Returns
    -------
    DataFrame
        One row per community, index its position in ``outlines``: ``width_m`` of its narrowest place (to
        ``WIDTH_STEP_M``; under it only if nothing wider holds the homes together), ``households`` on the lesser
        side, ``x``, ``y`` of the place.

    Examples
    --------
    >>> rooms = [shapely.box(0, 0, 100, 100), shapely.box(100, 40, 160, 60), shapely.box(160, 0, 260, 100)]
    >>> outlines = gpd.GeoDataFrame(geometry=[shapely.union_all(rooms)], index=["A"])
    >>> homes = gpd.GeoDataFrame({"households": [9, 4]}, geometry=gpd.points_from_xy([50, 210], [50, 50]))
    >>> narrow_places(outlines, homes, np.array([0, 0]), below_m=50.0).round(0).to_dict("records")
    [{'width_m': 20.0, 'households': 4.0, 'x': 130.0, 'y': 50.0}]
    """
    lands, owner = _lands(outlines, buildings, codes)
    columns = ["width_m", "households", "x", "y"]
    almost_m = below_m - ROUNDING_M  # what is exactly as wide is wide enough
    narrow = np.flatnonzero(_eroded(lands, np.full(len(lands.shapes), almost_m))["households"] > 0)
    if not len(narrow):
        return pd.DataFrame(columns=columns, dtype=np.float64)
    lands, owner = lands.take(narrow), owner[narrow]
    low, high = np.zeros(len(narrow)), np.full(len(narrow), almost_m)
    while (high - low).max() > WIDTH_STEP_M:
        middle = (low + high) / 2
        apart = _eroded(lands, middle)["households"].to_numpy() > 0
        low, high = np.where(apart, low, middle), np.where(apart, middle, high)
    found = _eroded(lands, high).assign(width_m=high, community=owner)
    found = found.sort_values(["community", "width_m"]).drop_duplicates("community").set_index("community")
    return found[columns]


def _lands(outlines: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, codes: Ints) -> tuple[_Lands, Ints]:
    """The separate parts of all communities, and the community of each."""
    parts, owner = shapely.get_parts(outlines.geometry.to_numpy(), return_index=True)
    homes, points = buildings["households"].to_numpy(dtype=np.float64), buildings.geometry.to_numpy()
    lived = np.flatnonzero((codes >= 0) & (homes > 0))
    home, part = shapely.STRtree(parts).query(points[lived], predicate="dwithin", distance=DRAWING_M)
    own = owner[part] == codes[lived[home]]
    home, first = np.unique(home[own], return_index=True)
    lived = lived[home]
    return _Lands(parts, part[own][first].astype(np.int64), points[lived], homes[lived]), owner.astype(np.int64)


def _eroded(lands: _Lands, width_m: Floats) -> pd.DataFrame:
    """What becomes of each piece when half of ``width_m``, shape (n,), is taken off all round.

    Returns
    -------
    DataFrame
        ``households`` that no longer hang together with the others, and ``x``, ``y`` between them and the rest.
    """
    n = len(lands.shapes)
    remains, piece = shapely.get_parts(shapely.buffer(lands.shapes, -width_m / 2, quad_segs=4), return_index=True)
    left = ~shapely.is_empty(remains)
    remains, piece = remains[left], piece[left]
    home, near = shapely.STRtree(remains).query(
        lands.points, predicate="dwithin", distance=TONGUE_WIDTHS * width_m[lands.piece]
    )
    own = piece[near] == lands.piece[home]
    home, near = home[own], near[own]
    order = np.lexsort((near, shapely.distance(lands.points[home], remains[near]), home))
    home, first = np.unique(home[order], return_index=True)
    remain = np.full(len(lands.points), -1, dtype=np.int64)
    remain[home] = near[order][first]

    held = np.bincount(remain[remain >= 0], weights=lands.households[remain >= 0], minlength=len(remains))
    ranked = np.lexsort((np.arange(len(remains)), -held, piece))
    main = np.full(n, -1, dtype=np.int64)
    main[piece[ranked][::-1]] = ranked[::-1]
    loose = np.flatnonzero((remain < 0) | (remain != main[lands.piece]))
    apart = np.bincount(lands.piece[loose], weights=lands.households[loose], minlength=n)
    # The home with most households on the lesser side says where to look: between its remains and the main ones.
    loose = loose[np.lexsort((loose, -lands.households[loose], lands.piece[loose]))]
    where, at = np.unique(lands.piece[loose], return_index=True)
    example = loose[at]
    xy = np.full((n, 2), np.nan)
    xy[where] = shapely.get_coordinates(lands.points[example])
    parted = np.flatnonzero(main[where] >= 0)
    where, example = where[parted], example[parted]
    far = lands.points[example].copy()
    far[remain[example] >= 0] = remains[remain[example][remain[example] >= 0]]
    gap = shapely.shortest_line(remains[main[where]], far)
    xy[where] = shapely.get_coordinates(shapely.line_interpolate_point(gap, 0.5, normalized=True))
    return pd.DataFrame({"households": apart, "x": xy[:, 0], "y": xy[:, 1]})
