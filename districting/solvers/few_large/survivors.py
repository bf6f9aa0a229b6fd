"""Pairs (seat, node) that a plan cheaper than the best one may still use, from the reduced costs of a bound."""

from __future__ import annotations

import numpy as np
from numba import njit

from districting.plans.problem import Bools, Floats, Ints
from districting.solvers.few_large.lagrange import Knapsacks, Priced
from districting.solvers.ground import Ground


@njit(cache=True)
def _excess(
    cost: Floats, host: Ints, duals: Floats, weights: Floats, seats: Ints, slopes: Floats, slack: Floats,
    pointers: Ints, neighbours: Ints, contiguous: bool, keep: Bools,
) -> None:  # fmt: skip
    """Mark (seat, node) pairs whose cheapest way from the seat costs no more than the seat's slack.

    A district that holds the node costs at least what the nodes on a way to it cost above the bound; without
    contiguity only the node itself.
    """
    n = len(duals)
    far = np.empty(n)
    # each direction of an edge is pushed at most once
    heap_key = np.empty(len(neighbours) + 2)
    heap_node = np.empty(len(neighbours) + 2, np.int64)
    for at in range(len(seats)):
        seat = seats[at]
        home = host[seat]
        if slack[at] < 0.0:
            continue
        slope = slopes[seat]
        if not contiguous:
            for i in range(n):
                if np.isfinite(cost[seat, i]):
                    above = cost[seat, i] - duals[i] - slope * weights[i]
                    keep[seat, i] = i == home or above <= slack[at]
            continue
        for i in range(n):
            far[i] = np.inf
        far[home] = 0.0
        heap_key[0], heap_node[0] = 0.0, home
        size = 1
        while size > 0:
            key, node = heap_key[0], heap_node[0]
            size -= 1
            last_key, last_node = heap_key[size], heap_node[size]
            hole = 0
            while 2 * hole + 1 < size:
                child = 2 * hole + 1
                if child + 1 < size and heap_key[child + 1] < heap_key[child]:
                    child += 1
                if heap_key[child] >= last_key:
                    break
                heap_key[hole], heap_node[hole] = heap_key[child], heap_node[child]
                hole = child
            heap_key[hole], heap_node[hole] = last_key, last_node
            if key > far[node]:
                continue
            keep[seat, node] = True
            for t in range(pointers[node], pointers[node + 1]):
                other = neighbours[t]
                if not np.isfinite(cost[seat, other]):
                    continue
                further = key + max(0.0, cost[seat, other] - duals[other] - slope * weights[other])
                if further < far[other] and further <= slack[at]:
                    far[other] = further
                    hole = size
                    size += 1
                    while hole > 0 and heap_key[(hole - 1) // 2] > further:
                        heap_key[hole], heap_node[hole] = heap_key[(hole - 1) // 2], heap_node[(hole - 1) // 2]
                        hole = (hole - 1) // 2
                    heap_key[hole], heap_node[hole] = further, other


def surviving_pairs(knapsacks: Knapsacks, ground: Ground, priced: Priced, upper: float) -> Bools:
    """Pairs (seat, node), shape (m, n), that a plan cheaper than ``upper`` may use; False for whole seats too.

    With the seat open the bound is value + v_j − what it replaces; a connected district that holds the node also
    holds a way to it, and each node of the way costs at least max(0, r_i − λ_j w_i) more.
    """
    keep = np.zeros(knapsacks.cost.shape, dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        slack = upper + 1e-7 * max(1.0, abs(upper)) - (priced.value + priced.values - priced.replaced)
    seats = np.flatnonzero(np.isfinite(priced.values) & (slack >= 0.0))
    pointers, neighbours, _ = ground.neighbours
    _excess(
        knapsacks.cost, knapsacks.host, priced.duals, knapsacks.weights, seats, priced.slopes, slack[seats],
        pointers, neighbours, ground.contiguous, keep,
    )  # fmt: skip
    return keep
