"""spopt: Max-p regions, the one heuristic of that library that keeps a lower bound on every region.

It takes no number of regions and no upper bound, so its value is told together with what it broke.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from libpysal.weights import W
from shapely import points
from spopt.region import MaxPHeuristic

from districting.solvers.bare import Instance


@dataclass(frozen=True)
class Regions:
    """What Max-p found: sum of distances, regions, and how many of them lie within the bounds."""

    value: float
    regions: int
    legal: int
    seconds: float


def max_p(instance: Instance, *, seed: int) -> Regions:
    """Regions with at least the lower bound of people each, alike in place."""
    began = time.monotonic()
    near: dict[int, list[int]] = {node: [] for node in range(instance.n)}
    for a, b in instance.edges.tolist():
        near[a].append(b)
        near[b].append(a)
    table = gpd.GeoDataFrame(
        {"x": instance.xy[:, 0], "y": instance.xy[:, 1], "pop": instance.pop}, geometry=points(instance.xy)
    )
    np.random.seed(seed)  # noqa: NPY002 - the library knows no generator of its own
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MaxPHeuristic(table, W(near), ["x", "y"], "pop", instance.low, top_n=2)
        model.solve()
    label = np.asarray(model.labels_)
    cost = instance.pop[:, None] * instance.distance() / instance.cost_scale
    value, legal = 0.0, 0
    for one in np.unique(label):
        members = np.flatnonzero(label == one)
        value += float(cost[np.ix_(members, members)].sum(axis=0).min())
        legal += bool(instance.low <= instance.pop[members].sum() <= instance.high)
    return Regions(value, len(np.unique(label)), legal, time.monotonic() - began)
