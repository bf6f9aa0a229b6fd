"""Walks to plans of fixed seats: annealing with a price of overload for every seat of its own. Compiled, seeded.

Where capacities are tight, hardly any connected plan is legal, and one price for all seats is too low for some and
closes the way between the others. So every seat has its own (breakout, Morris 1993): dearer whenever the seat is
found outside its window, slowly cheaper else. A move is a flip over a border, a swap, or a flip that pushes a node
of the receiving area on to a third; it is priced first, and only what the price lets through is asked whether the
areas stay whole. Some ten million moves a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from districting.plans.problem import Bools, Floats, Ints
from districting.solvers.annealing.board import board_of
from districting.solvers.annealing.construct import grow
from districting.solvers.annealing.moves import Words, draw, inner, pick
from districting.solvers.ground import Ground

#: Moves per node, and most of a walk, which cannot be stopped: a second or two.
_MOVES, _MOST_MOVES = 150_000, 40_000_000
#: Heat at the beginning and at the end, as shares of what a node costs in the mean.
_HOT, _COLD = 0.3, 0.01
#: Moves between two looks at the loads; what an overload found does to the price of its seat, and none.
_PERIOD, _DEARER, _CHEAPER = 5_000, 1.1, 0.998
#: Limits of the prices, as multiples of what a unit of weight costs in the mean.
_LEAST, _MOST = 0.1, 100.0
#: Share of the moves that change one node only.
_FLIPS = 0.4


@dataclass(frozen=True)
class Walked:
    """Where a walk has led.

    Parameters
    ----------
    part
        Shape (n,): seat of each node; the cheapest legal plan met, else the plan at the end. Always connected.
    legal
        Whether every seat's load lies in its window.
    """

    part: Ints
    legal: bool


@inner
def _outside(load: float, low: float, high: float) -> float:
    """How far a load lies outside its window."""
    return max(0.0, low - load, load - high)


@inner
def _stays_whole(
    pointers: Ints, neighbours: Ints, part: Ints, queue: Ints, mark: Ints, node: int, gain: int, area: int
) -> bool:
    """Whether an area is connected without one of its nodes, and with one more (−1: none)."""
    mark[-1] += 1
    stamp = mark[-1]
    wanted, start = 0, -1
    for t in range(pointers[node], pointers[node + 1]):
        other = neighbours[t]
        if part[other] == area or other == gain:
            wanted += 1
            start = other
    if wanted == 0:
        return False
    met = gain < 0
    if wanted == 1 and met:
        return True
    mark[node] = stamp
    mark[start] = stamp
    queue[0] = start
    size, head, found = 1, 0, 0
    while head < size:
        here = queue[head]
        head += 1
        met = met or here == gain
        for t in range(pointers[here], pointers[here + 1]):
            other = neighbours[t]
            if other == node:
                found += 1
            elif mark[other] != stamp and (part[other] == area or other == gain):
                mark[other] = stamp
                queue[size] = other
                size += 1
        if found == wanted and met:
            return True
    return False


@inner
def _touches(pointers: Ints, neighbours: Ints, part: Ints, node: int, area: int, but: int) -> bool:
    """Whether a node lies next to an area, one of its nodes left out."""
    for t in range(pointers[node], pointers[node + 1]):
        other = neighbours[t]
        if part[other] == area and other != but:
            return True
    return False


@inner
def _hand_over(members: Ints, size: Ints, place: Ints, part: Ints, node: int, new: int) -> None:
    """Move a node to another area."""
    old = part[node]
    size[old] -= 1
    last = members[old, size[old]]
    members[old, place[node]] = last
    place[last] = place[node]
    members[new, size[new]] = node
    place[node] = size[new]
    size[new] += 1
    part[node] = new


@njit(cache=True, nogil=True)
def _anneal(
    pointers: Ints, neighbours: Ints, cost: Floats, weight: Floats, low: Floats, high: Floats, fixed: Bools,
    part: Ints, best: Ints, random: Words, moves: int, hot: float, cold: float, unit: float,
) -> float:  # fmt: skip
    """Cool from ``hot`` to ``cold``; the cheapest legal plan goes to ``best``; return its cost, inf if none."""
    n, m = cost.shape
    load, price = np.zeros(m), np.full(m, unit)
    members, size, place = np.empty((m, n), np.int64), np.zeros(m, np.int64), np.empty(n, np.int64)
    queue, mark = np.empty(n + 1, np.int64), np.zeros(n + 1, np.int64)
    value, excess = 0.0, 0.0
    for i in range(n):
        s = part[i]
        load[s] += weight[i]
        value += cost[i, s]
        members[s, size[s]] = i
        place[i] = size[s]
        size[s] += 1
    for s in range(m):
        excess += _outside(load[s], low[s], high[s])
    lowest = np.inf
    pending = excess < 1e-6  # the plan is the best, and not written down yet
    if pending:
        lowest = value
    warmth, cooling = hot, (cold / hot) ** (1.0 / moves)
    for move in range(moves):
        warmth *= cooling
        if move % _PERIOD == _PERIOD - 1:
            for s in range(m):
                if _outside(load[s], low[s], high[s]) > 1e-6:
                    price[s] = min(price[s] * _DEARER, _MOST * unit)
                else:
                    price[s] = max(price[s] * _CHEAPER, _LEAST * unit)
        i = pick(random, n)
        degree = pointers[i + 1] - pointers[i]
        if fixed[i] or degree == 0:
            continue
        a, b = part[i], part[neighbours[pointers[i] + pick(random, degree)]]
        if a == b:
            continue
        change = cost[i, b] - cost[i, a]
        j, c = -1, -1
        wi, wj = weight[i], 0.0
        if draw(random) >= _FLIPS:
            j = members[b, pick(random, size[b])]
            if fixed[j]:
                continue
            c = part[neighbours[pointers[j] + pick(random, pointers[j + 1] - pointers[j])]]
            if c == b:
                continue
            change += cost[j, c] - cost[j, b]
            wj = weight[j]
        load_a, load_b = load[a] - wi, load[b] + wi - wj
        if c == a:
            load_a += wj
        more_a = _outside(load_a, low[a], high[a]) - _outside(load[a], low[a], high[a])
        more_b = _outside(load_b, low[b], high[b]) - _outside(load[b], low[b], high[b])
        more, charge = more_a + more_b, price[a] * more_a + price[b] * more_b
        if c >= 0 and c != a:
            more_c = _outside(load[c] + wj, low[c], high[c]) - _outside(load[c], low[c], high[c])
            more += more_c
            charge += price[c] * more_c
        if change + charge > 0.0 and draw(random) >= np.exp(-(change + charge) / warmth):
            continue
        swaps = j >= 0 and c == a
        if not _stays_whole(pointers, neighbours, part, queue, mark, i, j if swaps else -1, a):
            continue
        if j >= 0 and not (
            _touches(pointers, neighbours, part, i, b, j)
            and _touches(pointers, neighbours, part, j, c, i)
            and _stays_whole(pointers, neighbours, part, queue, mark, j, i, b)
        ):
            continue
        value += change
        excess += more
        better = excess < 1e-6 and value < lowest - 1e-9
        if pending and not better:
            best[:] = part
            pending = False
        _hand_over(members, size, place, part, i, b)
        load[a] -= wi
        load[b] += wi
        if j >= 0:
            _hand_over(members, size, place, part, j, c)
            load[b] -= wj
            load[c] += wj
        if better:
            lowest = value
            pending = True
    if pending:
        best[:] = part
    return float(lowest)


def walk(ground: Ground, *, seed: int, mean: float) -> Walked | None:
    """Walk from a grown plan to a cheap one that keeps to the windows.

    Parameters
    ----------
    ground
        Fixed seats and one window.
    seed
        Of everything random.
    mean
        About what a plan costs: sets the heat and the prices.

    Returns
    -------
    Walked or None
        None where no connected plan on allowed pairs was met.

    References
    ----------
    P. Morris, The breakout method for escaping from local minima, AAAI 1993.
    """
    window = ground.windows[0]
    board = board_of(ground)
    random = np.random.default_rng(seed).integers(1, np.iinfo(np.uint64).max, size=1, dtype=np.uint64)
    part = grow(board, ground.number, random)
    if part.min() < 0:
        return None
    n, total = ground.n, float(window.weights.sum())
    heat, unit = max(mean / n, 1e-9), max(mean / max(total, 1e-9), 1e-9)
    best = np.full(n, -1, dtype=np.int64)
    lowest = _anneal(
        board.pointers, board.neighbours, board.cost, board.weights[0], board.low[0],
        board.high[0], board.anchor >= 0, part, best, random, min(_MOVES * n, _MOST_MOVES), _HOT * heat,
        _COLD * heat, unit,
    )  # fmt: skip
    legal = bool(np.isfinite(lowest))
    found = best if legal else part
    return Walked(found, legal) if np.isfinite(ground.cost[np.arange(n), found]).all() else None
