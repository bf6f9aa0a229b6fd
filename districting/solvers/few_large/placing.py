"""Good seats for few districts: share out, move each seat to its middle, and again, from many beginnings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from districting.plans.problem import Floats, Ints, Window
from districting.progress import Stop, never
from districting.solvers.few_large.sharing import Shares, share_out


@dataclass(frozen=True)
class Placed:
    """Seats, ascending, and how their land is shared out."""

    seats: Ints
    shares: Shares


def place_seats(
    cost: Floats, window: Window, number: int, *, seed: int, starts: int, stop: Stop = never
) -> list[Placed]:
    """Seats that their own land, shared out in divisible nodes, would not move; best first.

    Lloyd's alternation with sizes: each step costs no more than the one before, so it settles.

    Parameters
    ----------
    cost
        Shape (n, n), finite: column j is a seat in node j.
    window
        Of every district.
    number
        Seats, at most n.
    seed
        Of the first seats, drawn far apart (k-means++).
    starts
        Draws.
    stop
        Asked before each draw but the first.
    """
    rng = np.random.default_rng(seed)
    weights = window.weights
    seen: set[tuple[int, ...]] = set()
    found = []
    for start in range(starts):
        if start and stop():
            break
        seats, slopes = np.sort(_draw_seats(cost, weights, number, rng)), None
        while tuple(seats.tolist()) not in seen:
            seen.add(tuple(seats.tolist()))
            shares = share_out(cost[:, seats], seats, weights, window.low, window.high, slopes)
            if not np.isfinite(shares.value):
                break
            middles = np.array([_middle(cost, shares.share[:, j]) for j in range(number)], dtype=np.int64)
            order = np.argsort(middles, kind="stable")
            if len(set(middles.tolist())) < number or np.array_equal(middles[order], seats):
                found.append(Placed(seats, shares))
                break
            seats, slopes = middles[order], shares.slopes[order]
    return sorted(found, key=lambda placed: (placed.shares.value, placed.seats.tolist()))


def _draw_seats(cost: Floats, weights: Floats, number: int, rng: np.random.Generator) -> Ints:
    """Nodes drawn one by one, by weight and then by what they cost to serve from those drawn."""
    n = len(weights)
    seats = [int(rng.choice(n, p=(weights + 1e-9) / (weights + 1e-9).sum()))]
    while len(seats) < number:
        away: Floats = cost[:, seats].min(axis=1).clip(min=0.0)
        away[seats] = 0.0
        if np.count_nonzero(away) == 0:
            away = np.ones(n)
            away[seats] = 0.0
        seats.append(int(rng.choice(n, p=away / away.sum())))
    return np.array(seats, dtype=np.int64)


def _middle(cost: Floats, share: Floats) -> int:
    """Node of the land from which all of it is served at least cost."""
    inside = np.flatnonzero(share > 0.0)
    return int(inside[np.argmin(share[inside] @ cost[np.ix_(inside, inside)])])
