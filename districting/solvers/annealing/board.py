"""A ground made ready for the compiled search: forbidden pairs dear, bounds as tables, the size of a change."""

from __future__ import annotations

import numpy as np

from districting.plans.problem import Ints
from districting.solvers.annealing.moves import Board
from districting.solvers.ground import Ground


def board_of(ground: Ground) -> Board:
    """Compile a ground: forbidden pairs become dear, bounds become tables."""
    pointers, neighbours, border = ground.neighbours
    seat_pointers, seats = ground.seats_in
    k = ground.number
    windows = ground.windows + ground.horizon
    low = np.array([np.full(k, w.low) for w in windows])
    high = np.array([ground.highs(w)[:k] if ground.fixed else np.full(k, w.high) for w in windows])
    high = np.minimum(high, np.array([w.weights.sum() for w in windows])[:, None] + 1.0)
    allowed = np.isfinite(ground.cost)
    free = bool(allowed.all())  # then no copy: costs may fill a good part of the memory
    finite = ground.cost if free else np.where(allowed, ground.cost, 0.0)
    typical = finite.sum() / max(1, allowed.sum()) * ground.n / k
    dear = 10.0 * typical + 4.0 * finite.max(initial=0.0) + 1.0
    anchor = np.full(ground.n, -1, dtype=np.int64)
    if ground.fixed:
        anchor[ground.host] = np.arange(ground.m)
    ties = np.concatenate((ground.apart, ground.together))
    tie_pointers, tie_to, tie_apart = _ties(ground.n, ties, len(ground.apart))
    return Board(
        pointers, neighbours, border, ground.cost if free else np.where(allowed, ground.cost, dear), seat_pointers,
        seats, anchor,
        np.array([w.weights for w in windows], dtype=np.float64), low, high,
        np.maximum(1e-9, np.array([w.weights.sum() for w in windows]) / k), len(ground.windows),
        tie_pointers, tie_to, tie_apart, ground.fixed, dear,
    )  # fmt: skip


def _ties(n: int, pairs: Ints, apart: int) -> tuple[Ints, Ints, Ints]:
    """Ties by node in compressed rows, with their kind."""
    kind = (np.arange(len(pairs)) < apart).astype(np.int64)
    tails = np.concatenate((pairs[:, 0], pairs[:, 1]))
    order = np.argsort(tails, kind="stable")
    pointers = np.concatenate(([0], np.cumsum(np.bincount(tails, minlength=n)))).astype(np.int64)
    heads = np.concatenate((pairs[:, 1], pairs[:, 0]))
    return pointers, heads[order].astype(np.int64), np.concatenate((kind, kind))[order]


def typical_change(ground: Ground) -> float:
    """Size of a usual change: what a node pays more at its second seat than at its first, and a border."""
    allowed = np.isfinite(ground.cost)
    finite = ground.cost if allowed.all() else np.where(allowed, ground.cost, 0.0)
    per_district = finite.mean(axis=1).sum() / ground.number / ground.number**0.5
    length = float(ground.border.mean()) if len(ground.border) else 0.0
    # tight capacities need a longer way through illegal plans
    share = 0.25 if ground.fixed else 0.05
    return float(max(per_district * share, length, 1e-9))
