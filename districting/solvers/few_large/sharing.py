"""Given seats: how their land is shared out at least cost inside the window, nodes divisible.

A transportation problem with few sinks. It is solved exactly by shortest augmenting paths on a graph of the seats
alone: an arc j → l is the node of j that is cheapest to hand to l, per unit of weight. Its multipliers give duals
for the bound of all seats, its value a lower bound for every plan with these seats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from districting.plans.problem import Floats, Ints


@dataclass(frozen=True)
class Shares:
    """The cheapest sharing out.

    Parameters
    ----------
    value
        Its cost, from the multipliers: a lower bound whatever they are; inf where the windows cannot be met.
    slopes
        Shape (k,), multiplier of each seat's size.
    share
        Shape (n, k), part of each node that goes to each seat; at most k − 1 nodes are divided but for ties.
    """

    value: float
    slopes: Floats
    share: Floats


@njit(cache=True)
def _augment(
    cost: Floats, home: Ints, weights: Floats, low: float, high: float, slopes: Floats, share: Floats
) -> float:  # fmt: skip
    """Shift weight along shortest paths until every window holds; update slopes; return the dual value, or inf.

    ``cost`` is (n, k); ``home`` (k,) the node of each seat, which stays with it. Node k of the small graph is the
    common sink, which takes anything from low to high of each seat.
    """
    n, k = cost.shape
    owner = np.full(n, -1, np.int64)
    for j in range(k):
        if home[j] >= 0:
            owner[home[j]] = j
    load = np.zeros(k)
    for i in range(n):
        best = owner[i]
        if best < 0:
            best = 0
            for j in range(1, k):
                if cost[i, j] - slopes[j] * weights[i] < cost[i, best] - slopes[best] * weights[i]:
                    best = j
        for j in range(k):
            share[i, j] = 0.0
        share[i, best] = 1.0
        load[best] += weights[i]
    total = load.sum()
    if total < low * k * (1 - 1e-12) or total > high * k * (1 + 1e-12):
        return np.inf
    small = 1e-9 * max(1.0, total)
    # what each seat passes to the sink: at the bound that its multiplier asks for
    flow = np.empty(k)
    for j in range(k):
        flow[j] = low if slopes[j] > 0.0 else (high if slopes[j] < 0.0 else min(max(load[j], low), high))
    excess = np.empty(k + 1)
    for _ in range(50 * n + 1000):
        for j in range(k):
            excess[j] = load[j] - flow[j]
        excess[k] = flow.sum() - total
        # arcs and their least reduced cost
        length = np.full((k + 1, k + 1), np.inf)
        via = np.full((k + 1, k + 1), -1, np.int64)
        for i in range(n):
            if weights[i] <= 0.0 or owner[i] >= 0:
                continue
            for j in range(k):
                if share[i, j] > 1e-12:
                    here = cost[i, j] - slopes[j] * weights[i]
                    for other in range(k):
                        if other != j:
                            step = (cost[i, other] - slopes[other] * weights[i] - here) / weights[i]
                            if step < length[j, other]:
                                length[j, other] = step
                                via[j, other] = i
        for j in range(k):
            if flow[j] < high - small:
                length[j, k] = slopes[j]
            if flow[j] > low + small:
                length[k, j] = -slopes[j]
        # shortest ways from everything in excess (Bellman-Ford; at most k + 1 nodes)
        far = np.full(k + 1, np.inf)
        before = np.full(k + 1, -1, np.int64)
        source = False
        for v in range(k + 1):
            if excess[v] > small:
                far[v] = 0.0
                source = True
        if not source:
            break
        for _ in range(k + 2):
            changed = False
            for u in range(k + 1):
                if far[u] < np.inf:
                    for v in range(k + 1):
                        if far[u] + max(0.0, length[u, v]) < far[v]:
                            far[v] = far[u] + max(0.0, length[u, v])
                            before[v] = u
                            changed = True
            if not changed:
                break
        goal = -1
        for v in range(k + 1):
            if excess[v] < -small and far[v] < np.inf and (goal < 0 or far[v] < far[goal]):
                goal = v
        if goal < 0:
            return np.inf
        reach = far[goal]
        amount = -excess[goal]
        v = goal
        while before[v] >= 0:
            u = before[v]
            if v == k:
                amount = min(amount, high - flow[u])
            elif u == k:
                amount = min(amount, flow[v] - low)
            else:
                amount = min(amount, share[via[u, v], u] * weights[via[u, v]])
            v = u
        amount = min(amount, excess[v])
        v = goal
        while before[v] >= 0:
            u = before[v]
            if v == k:
                flow[u] += amount
            elif u == k:
                flow[v] -= amount
            else:
                i = via[u, v]
                part = min(share[i, u], amount / weights[i])
                share[i, u] -= part
                share[i, v] += part
                if share[i, u] < 1e-12:
                    share[i, v] += share[i, u]
                    share[i, u] = 0.0
                load[u] -= amount
                load[v] += amount
            v = u
        # potentials, those of the sink kept at 0
        at_sink = min(far[k], reach)
        for j in range(k):
            slopes[j] += min(far[j], reach) - at_sink
    value = 0.0
    for j in range(k):
        value += slopes[j] * (low if slopes[j] >= 0.0 else high)
    for i in range(n):
        if owner[i] >= 0:
            value += cost[i, owner[i]] - slopes[owner[i]] * weights[i]
        else:
            least = np.inf
            for j in range(k):
                least = min(least, cost[i, j] - slopes[j] * weights[i])
            value += least
    return value


def share_out(
    cost: Floats, home: Ints, weights: Floats, low: float, high: float, slopes: Floats | None = None
) -> Shares:
    """Share the nodes out among seats.

    Parameters
    ----------
    cost
        Shape (n, k), finite.
    home
        Shape (k,), node in which each seat stands; it is not given away. −1: none.
    weights
        Shape (n,), ≥ 0.
    low, high
        The window of every seat.
    slopes
        Multipliers to begin with, e.g. of nearly the same seats.
    """
    n, k = cost.shape
    at = np.zeros(k) if slopes is None else slopes.copy()
    share = np.zeros((n, k))
    value = _augment(np.ascontiguousarray(cost), home, weights, low, high, at, share)
    return Shares(float(value), at, share)


def duals_of(cost: Floats, home: Ints, weights: Floats, slopes: Floats) -> Floats:
    """Duals of the nodes that belong to the multipliers, shape (n,)."""
    reduced: Floats = cost - slopes[None, :] * weights[:, None]
    duals: Floats = reduced.min(axis=1)
    seated = np.flatnonzero(home >= 0)
    duals[home[seated]] = reduced[home[seated], seated]
    return duals
