"""Which polygon every building stands in. A building on a road or just outside goes to the nearest."""

from __future__ import annotations

import numpy as np
import shapely

from districting.territory.borders import Bools, Ints, Shapes

#: A building farther than this from all land is an input fault, m.
NEAREST_M = 30.0


def place(points: Shapes, polygons: Shapes, *, land: Bools) -> tuple[Ints, Bools]:
    """Position of the polygon of each point, and which points had to be moved to the nearest.

    Parameters
    ----------
    points, polygons
        Shapes (n,) and (m,).
    land
        Shape (m,): polygons that may hold a building; open water may not.

    Returns
    -------
    tuple
        Positions, shape (n,), -1 beyond `NEAREST_M`; and a mask, shape (n,). A point on a border belongs to the
        polygon of the lowest position.
    """
    home = np.full(len(points), len(polygons), dtype=np.int64)
    candidates = np.flatnonzero(land)
    tree = shapely.STRtree(polygons[candidates])
    point, polygon = tree.query(points, predicate="intersects")
    np.minimum.at(home, point, candidates[polygon])
    lost = np.flatnonzero(home == len(polygons))
    point, polygon = tree.query_nearest(points[lost], max_distance=NEAREST_M, all_matches=True)
    np.minimum.at(home, lost[point], candidates[polygon])
    home[home == len(polygons)] = -1
    moved = np.zeros(len(points), dtype=bool)
    moved[lost] = True
    return home, moved
