"""Dead ends that no legal division can serve: land behind one atom, too small alone and too large with it.

A lane of 100 households behind a compound of 466 fits nowhere under a maximum of 500. Such a pocket makes a whole
problem infeasible; told beforehand, with what it misses its bounds by, it leaves the rest to be divided exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.plans.problem import Floats, Ints, Problem, Window


@dataclass(frozen=True)
class Pockets:
    """What sizes are counted as, so that every dead end fits.

    Parameters
    ----------
    weights
        Shape (n,): as counted, raised where a pocket is short and lowered where it is over.
    least
        Households by which every division misses its bounds for the worst of the pockets.
    """

    weights: Floats
    least: float


def settle_pockets(problem: Problem) -> Pockets:
    """Count the households of every dead end so that it fits, by as few households as arithmetic allows.

    Let C hang on the rest by v alone. The part of v takes nothing of C, or at least the lightest home next to v
    and at most max − w(v) without missing its bounds. The other parts in C share the rest: what all of them miss
    their bounds by is at least the distance from what they may hold to the nearest k · [min, max], or what v's own
    part has too much with that lightest home. C is counted as the former more or less.

    Parameters
    ----------
    problem
        One window; no atom above its maximum.
    """
    window = problem.windows[0]
    node = nodes_of(problem)
    weights = window.weights.astype(np.float64).copy()
    links = np.unique(np.sort(node[links_of(problem)], axis=1), axis=0)
    links = links[links[:, 0] != links[:, 1]]
    least, stated = 0.0, _held(node, weights)
    for neck, pocket in _dead_ends(links, int(node.max(initial=-1)) + 1):
        near = pocket[np.isin(pocket, links[(links == neck).any(axis=1)])]
        least = max(least, abs(_missing(stated, neck, pocket, near, window)[1]))
        change, _ = _missing(_held(node, weights), neck, pocket, near, window)
        if change:
            inside = np.flatnonzero(np.isin(node, pocket))
            heaviest = inside[np.argmax(weights[inside])]
            weights[heaviest] = max(weights[heaviest] + change, 0.0)
    return Pockets(weights, least)


def _held(node: Ints, weights: Floats) -> Floats:
    """Weight of each node."""
    return np.bincount(node, weights=weights).astype(np.float64)


def _missing(held: Floats, neck: int, pocket: Ints, near: Ints, window: Window) -> tuple[float, float]:
    """By how much a pocket is to count differently, and by how much every division misses the bounds for it."""
    room, lightest = max(window.high - float(held[neck]), 0.0), float(held[near].min())
    change = _change(float(held[pocket].sum()), room if lightest <= room else 0.0, window)
    return change, min(abs(change), lightest - room) if lightest > room else change


def _change(held: float, room: float, window: Window) -> float:
    """By how much land of ``held`` must count differently, if neighbours can take up to ``room``; 0 if it fits."""
    parts = np.arange(0, int(held // max(window.low, 1.0)) + 2)
    short = parts * window.low - held
    over = held - room - parts * window.high
    missed = np.maximum(np.maximum(short, over), 0.0)
    best = int(np.argmin(missed))
    return float(missed[best]) if short[best] > over[best] else -float(missed[best])


def links_of(problem: Problem) -> Ints:
    """Everything that joins two atoms, gaps included; shape (e, 2)."""
    gaps = np.array(problem.gaps, dtype=np.int64).reshape(-1, 2)
    return np.concatenate((problem.edges.reshape(-1, 2), gaps))


def nodes_of(problem: Problem) -> Ints:
    """Node of each atom: those of one compound are one."""
    ties = np.array([(group[0], one) for group in problem.compounds for one in group], dtype=np.int64)
    return _components(ties.reshape(-1, 2), problem.n)


def _components(links: Ints, n: int) -> Ints:
    graph = coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _dead_ends(links: Ints, n: int) -> Iterator[tuple[int, Ints]]:
    """Every node that parts its piece of land, with each side of it but the largest; small sides first."""
    piece = _components(links, n)
    found = []
    for neck in range(n):
        if np.count_nonzero((links == neck).any(axis=1)) < 2:
            continue
        rest = links[(links != neck).all(axis=1)]
        side = _components(rest, n)
        near = np.setdiff1d(np.flatnonzero(piece == piece[neck]), [neck])
        labels, sizes = np.unique(side[near], return_counts=True)
        if len(labels) < 2:
            continue
        largest = labels[np.argmax(sizes)]
        found += [(neck, near[side[near] == label]) for label in labels if label != largest]
    yield from sorted(found, key=lambda one: (len(one[1]), one[0], int(one[1][0])))
