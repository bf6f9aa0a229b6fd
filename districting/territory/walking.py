"""Which pieces of land people can walk between, while the land is still being cut. Method §2.5."""

from __future__ import annotations

import numpy as np
import pandas as pd

from districting.territory.borders import Bools, Ints, Shapes, border_segments
from districting.territory.courses import Courses, sample_borders
from districting.territory.crossings import crossed
from districting.territory.layers import Layers

#: Shortest border that people can be said to walk across, m.
WALK_M = 10.0


def walks(polygons: Shapes, subdistrict: Ints, water: Bools, hard: Courses, layers: Layers) -> pd.DataFrame:
    """Neighbours of one sub-district, with what of their border can be walked across.

    Parameters
    ----------
    polygons, subdistrict, water
        A valid coverage, shape (n,).
    hard
        The railways and waters of ``layers``.
    layers
        For the roads that lead across.

    Returns
    -------
    DataFrame
        Columns ``first`` < ``second`` (positions), ``shared_m``, ``walk_m``: the border free of railway and water,
        all of it where a road crosses, 0 between land and open water. Sorted by pair.
    """
    segments = border_segments(polygons)
    inner = segments.second >= 0
    inner[inner] = subdistrict[segments.first[inner]] == subdistrict[segments.second[inner]]
    segments = segments.take(inner)
    pairs, edge = np.unique(np.stack([segments.first, segments.second], axis=1), axis=0, return_inverse=True)
    edge = edge.reshape(-1).astype(np.int64)
    shared = np.bincount(edge, weights=segments.length_m, minlength=len(pairs))
    walk = shared.copy()
    if len(hard.rank):
        samples = sample_borders(segments.start, segments.end, edge, hard)
        walk = np.bincount(samples.owner, weights=samples.length_m * ~samples.hard, minlength=len(pairs))
        barred = np.flatnonzero((shared >= WALK_M) & (walk < WALK_M) & ~water[pairs].any(axis=1))
        over = crossed(barred, pairs, edge, segments, polygons, layers.roads)
        walk[over] = shared[over]
    walk[water[pairs].any(axis=1)] = 0.0
    return pd.DataFrame({"first": pairs[:, 0], "second": pairs[:, 1], "shared_m": shared, "walk_m": walk})
