"""A first plan to anneal from: seats spread out, then districts grown lightest first. Compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from districting.plans.problem import Ints
from districting.solvers.annealing.moves import Board, Words, draw, inner, pick


@inner
def _spread(board: Board, number: int, random: Words) -> Ints:
    """Pick starting nodes, weighted by first weight × hops² to the nearest one picked so far (k-means++)."""
    n = len(board.pointers) - 1
    hops = np.full(n, n, np.int64)
    queue = np.empty(n * (number + 1), np.int64)
    chosen = np.empty(number, np.int64)
    for c in range(number):
        total = 0.0
        farthest = 0
        for i in range(n):
            farthest = max(farthest, hops[i])
        for i in range(n):
            # land that no start reaches comes first: each piece needs one
            if farthest < n or hops[i] == n:
                total += (board.weights[0, i] + 1e-3) * hops[i] * hops[i]
        goal = draw(random) * total
        node = -1
        for i in range(n):
            if farthest < n or hops[i] == n:
                goal -= (board.weights[0, i] + 1e-3) * hops[i] * hops[i]
                if hops[i] > 0:
                    node = i
                    if goal <= 0.0:
                        break
        chosen[c] = node
        hops[node] = 0
        queue[0] = node
        size, head = 1, 0
        while head < size:
            here = queue[head]
            head += 1
            for t in range(board.pointers[here], board.pointers[here + 1]):
                other = board.neighbours[t]
                if hops[here] + 1 < hops[other]:
                    hops[other] = hops[here] + 1
                    queue[size] = other
                    size += 1
    return chosen


@njit(cache=True)
def grow(board: Board, number: int, random: Words) -> Ints:
    """A connected plan in ``number`` districts; −1 is left where a piece has no start (then no plan exists so).

    With fixed seats each district starts at its seat.
    """
    n = len(board.pointers) - 1
    part = np.full(n, -1, np.int64)
    amount = np.zeros(number)
    growing = np.ones(number, np.int64)
    free = np.empty(n, np.int64)
    if board.fixed:
        for i in range(n):
            if board.anchor[i] >= 0:
                part[i] = board.anchor[i]
    else:
        starts = _spread(board, number, random)
        for c in range(number):
            part[starts[c]] = c
    for i in range(n):
        if part[i] >= 0:
            amount[part[i]] += board.weights[0, i] / board.high[0, part[i]]
    while True:
        lightest = -1
        for c in range(number):
            if growing[c] == 1 and (lightest < 0 or amount[c] < amount[lightest]):
                lightest = c
        if lightest < 0:
            return part
        many = 0
        for i in range(n):
            if part[i] == -1:
                for t in range(board.pointers[i], board.pointers[i + 1]):
                    if part[board.neighbours[t]] == lightest:
                        free[many] = i
                        many += 1
                        break
        if many == 0:
            growing[lightest] = 0
            continue
        node = free[pick(random, many)]
        part[node] = lightest
        amount[lightest] += board.weights[0, node] / board.high[0, lightest]
