"""Colours of communities: neighbours differ, and a community keeps its colour from plan to plan."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

#: Fills, calm, each five steps of lightness (CIE L*) from the next: apart for every colour vision, in grey print,
#: and still where an unchanged community's fill is faded (tests/reports/test_colours.py). Found by search over
#: lightness and chroma of six hues. Reds and violets are left to findings and changes.
PALETTE = ("#a1d2ac", "#d89f7f", "#ffeedc", "#8fbee7", "#e4d58d", "#dfe2f3")

#: Communities across a street are neighbours to the eye.
_ACROSS_STREET_M = 30.0


def colour_communities(outlines: Iterable[gpd.GeoSeries]) -> pd.Series[int]:
    """Position in `PALETTE` of every community of several plans.

    Colours the union of the adjacencies of all plans (DSATUR: Brélaz 1979), so that a community keeps one
    colour and neighbours differ in every plan. Among the colours that are free, the least used is taken; if
    none is free, the one that clashes with the fewest neighbours.

    Parameters
    ----------
    outlines
        One per plan: polygons indexed by ``community_id``, one metric CRS. Plans may hold different ids.

    Returns
    -------
    Series
        Index ``community_id`` of all plans, sorted.
    """
    plans = [series[~(series.is_empty | series.isna())] for series in outlines]
    ids = sorted({str(community_id) for series in plans for community_id in series.index})
    position = {community_id: i for i, community_id in enumerate(ids)}
    neighbours: list[set[int]] = [set() for _ in ids]
    for series in plans:
        here = [position[str(community_id)] for community_id in series.index]
        for a, b in _touching(series):
            if here[a] != here[b]:
                neighbours[here[a]].add(here[b])
    return pd.Series(_dsatur(neighbours), index=pd.Index(ids, name="community_id"), name="colour", dtype="int64")


def _touching(series: gpd.GeoSeries) -> list[tuple[int, int]]:
    """Pairs of positions, both ways round, of polygons that lie within a street's width of each other."""
    geometry = series.to_numpy()
    pairs = shapely.STRtree(geometry).query(geometry, predicate="dwithin", distance=_ACROSS_STREET_M)
    return [(int(a), int(b)) for a, b in pairs.T]


def _dsatur(neighbours: list[set[int]]) -> list[int]:
    """Colour the node with the most differently coloured neighbours first; ties by degree, then position."""
    colour = [-1] * len(neighbours)
    used = np.zeros(len(PALETTE), dtype=np.int64)
    waiting = set(range(len(neighbours)))
    seen: list[set[int]] = [set() for _ in neighbours]
    while waiting:
        node = max(waiting, key=lambda i: (len(seen[i]), len(neighbours[i]), -i))
        waiting.remove(node)
        clashes = [sum(colour[other] == shade for other in neighbours[node]) for shade in range(len(PALETTE))]
        colour[node] = min(range(len(PALETTE)), key=lambda shade: (clashes[shade], used[shade], shade))
        used[colour[node]] += 1
        for other in neighbours[node]:
            seen[other].add(colour[node])
    return colour
