"""Bounds that need no solver: what must move whatever the plan."""

from __future__ import annotations

import numpy as np

from districting.plans.problem import Floats, Ints, Problem
from districting.solvers.exact.parts.sites import kept, oversized


def moved_at_least(problem: Problem) -> float:
    """Households that every plan moves out of oversized communities: at least sum of (H_o − room U)+.

    With a window in another measure, the atoms with the most of it per household would leave first (a fractional
    knapsack); of two windows the easier one counts. Kept communities move nobody.
    """
    total = 0.0
    for community in sorted(oversized(problem) - kept(problem)):
        own = problem.today == community
        households = problem.households[own]
        total += min(
            _least_out(window.weights[own], households, window.high * (1.0 - problem.headroom))
            for window in problem.windows
        )
    return float(np.ceil(total - 1e-6))


def _least_out(weights: Floats, households: Ints, high: float) -> float:
    """Fewest households, in fractions of atoms, to take out so that the weights left sum to ``high`` at most."""
    excess = float(weights.sum()) - high
    if excess <= 0:
        return 0.0
    price = np.where(weights > 0, households / np.maximum(weights, 1e-12), np.inf)
    order = np.argsort(price, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(weights[order])[:-1]])
    taken = np.clip(excess - before, 0.0, weights[order])
    return float((taken * np.where(np.isfinite(price[order]), price[order], 0.0)).sum())
