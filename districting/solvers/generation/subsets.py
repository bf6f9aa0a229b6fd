"""Subset rows that a fractional choice of regions breaks: of three nodes, at most one region holds two."""

from __future__ import annotations

import numpy as np
from numba import njit

from districting.plans.problem import Floats, Ints
from districting.solvers.annealing.search import Regions


@njit(cache=True)
def _triples(pairs: Floats, most: int, least: float) -> Ints:
    """Triples whose pairs together are held by more than one region; ``pairs`` (n, n)."""
    n = len(pairs)
    found = np.empty((most, 3), np.int64)
    count = 0
    for i in range(n):
        for j in range(i + 1, n):
            for k in range(j + 1, n):
                if pairs[i, j] + pairs[i, k] + pairs[j, k] > 1.0 + least and count < most:
                    found[count, 0], found[count, 1], found[count, 2] = i, j, k
                    count += 1
    return found[:count]


def violated_triples(regions: Regions, values: Floats, n: int, known: Ints, most: int) -> Ints:
    """The most violated sets of three nodes, shape (≤ most, 3), none of them known, each node in at most five."""
    used = np.flatnonzero((values > 1e-6) & (values < 1.0 - 1e-6))
    inside = np.zeros((len(used), n))
    for row, r in enumerate(used):
        inside[row, regions.members[regions.pointers[r] : regions.pointers[r + 1]]] = 1.0
    pairs = np.ascontiguousarray((inside * values[used][:, None]).T @ inside)
    np.fill_diagonal(pairs, 0.0)
    found = _triples(pairs, 200_000, 1e-3)
    if not len(found):
        return found
    held = inside[:, found[:, 0]] + inside[:, found[:, 1]] + inside[:, found[:, 2]]
    excess = (values[used] @ (held >= 2.0)) - 1.0
    seen = {tuple(row) for row in known.tolist()}
    often = np.zeros(n, dtype=np.int64)
    kept: list[list[int]] = []
    for at in np.argsort(-excess, kind="stable"):
        nodes = found[at].tolist()
        if excess[at] <= 1e-3 or len(kept) == most:
            break
        if tuple(nodes) not in seen and often[nodes].max() < 5:
            kept.append(nodes)
            often[nodes] += 1
    return np.array(kept, dtype=np.int64).reshape(-1, 3)
