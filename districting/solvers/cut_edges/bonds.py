"""Bonds: ways to cut a connected ground into two connected sides over few edges, with weights in given ranges.

A depth-first search decides node by node on which side it lies. Each branch carries a maximum flow between the two
sides, kept from its parent and augmented: the least cut that any completion has. A branch ends where that cut, or
the weight of a side, no longer fits. Nodes that one side can no longer reach fall to the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from districting.plans.problem import Bools, Floats, Ints
from districting.progress import Stop, never

#: On which side a node lies: 0 open, 1 with the root, 2 against it.
Sides = npt.NDArray[np.int8]

#: Branches between two looks at the clock, bonds taken over at once, and bonds that are kept at all.
_STEPS, _ROOM, _MOST = 20_000, 1_000, 200_000


@dataclass(frozen=True)
class Net:
    """A connected ground: both directions of each edge, by tail.

    Parameters
    ----------
    pointers, heads
        Adjacency in compressed rows.
    edge, sense
        Of each arc: its edge, and 1 from the first end or −1 from the second.
    charge
        Of each edge, whole numbers ≥ 0.
    weights
        Of each node, ≥ 0.
    """

    pointers: Ints
    heads: Ints
    edge: Ints
    sense: Ints
    charge: Ints
    weights: Floats

    @property
    def n(self) -> int:
        """Nodes."""
        return len(self.weights)


def net_of(edges: Ints, charge: Ints, weights: Floats) -> Net:
    """The arcs of a ground by their tails."""
    n, m = len(weights), len(edges)
    tails = np.concatenate((edges[:, 0], edges[:, 1]))
    heads = np.concatenate((edges[:, 1], edges[:, 0]))
    order = np.lexsort((heads, tails))
    pointers = np.concatenate(([0], np.cumsum(np.bincount(tails, minlength=n)))).astype(np.int64)
    edge = np.concatenate((np.arange(m), np.arange(m)))[order]
    sense = np.concatenate((np.ones(m, dtype=np.int64), -np.ones(m, dtype=np.int64)))[order]
    return Net(pointers, heads[order].astype(np.int64), edge, sense, charge, weights)


def part_of(net: Net, nodes: Ints) -> Net:
    """The ground that some nodes, in ascending order, make with the edges among them."""
    place = np.full(net.n, -1, dtype=np.int64)
    place[nodes] = np.arange(len(nodes))
    tails = np.repeat(np.arange(net.n), np.diff(net.pointers))
    kept = (net.sense > 0) & (place[tails] >= 0) & (place[net.heads] >= 0)
    edges = np.column_stack((place[tails[kept]], place[net.heads[kept]]))
    return net_of(edges, net.charge[net.edge[kept]], net.weights[nodes])


@njit(cache=True)
def _augment(
    pointers: Ints, heads: Ints, edge: Ints, sense: Ints, charge: Ints,
    side: Sides, flow: Ints, value: int, budget: int, queue: Ints, entered: Ints,
) -> int:  # fmt: skip
    """Raise a flow from one side to the other until it is a maximum or beyond the budget; return its value."""
    n = len(side)
    while value <= budget:
        size = 0
        for i in range(n):
            entered[i] = -2
            if side[i] == 1:
                entered[i] = -1
                queue[size] = i
                size += 1
        head, met = 0, -1
        while head < size and met < 0:
            here = queue[head]
            head += 1
            for a in range(pointers[here], pointers[here + 1]):
                other = heads[a]
                if entered[other] == -2 and charge[edge[a]] - sense[a] * flow[edge[a]] > 0:
                    entered[other] = a
                    if side[other] == 2:
                        met = other
                        break
                    queue[size] = other
                    size += 1
        if met < 0:
            return value
        least, at = 1 << 60, met
        while entered[at] >= 0:
            a = entered[at]
            room = charge[edge[a]] - sense[a] * flow[edge[a]]
            least = min(least, room)
            at = _tail(pointers, heads, edge, a, at)
        at = met
        while entered[at] >= 0:
            a = entered[at]
            flow[edge[a]] += sense[a] * least
            at = _tail(pointers, heads, edge, a, at)
        value += least
    return value


@njit(cache=True)
def _tail(pointers: Ints, heads: Ints, edge: Ints, arc: int, head: int) -> int:
    """Where an arc begins, looked up among the arcs of its head."""
    for a in range(pointers[head], pointers[head + 1]):
        if edge[a] == edge[arc]:
            return int(heads[a])
    return -1


@njit(cache=True)
def _settle(pointers: Ints, heads: Ints, side: Sides, own: int, other: int, queue: Ints, seen: Ints) -> bool:
    """Give the other side what ``own`` no longer reaches; False where ``own`` falls apart."""
    n = len(side)
    size = 0
    for i in range(n):
        seen[i] = 0
    for i in range(n):
        if side[i] == own:
            seen[i] = 1
            queue[0] = i
            size = 1
            break
    if size == 0:
        return True
    head = 0
    while head < size:
        here = queue[head]
        head += 1
        for a in range(pointers[here], pointers[here + 1]):
            next_ = heads[a]
            if seen[next_] == 0 and side[next_] != other:
                seen[next_] = 1
                queue[size] = next_
                size += 1
    for i in range(n):
        if seen[i] == 0 and side[i] != other:
            if side[i] == own:
                return False
            side[i] = other
    return True


@njit(cache=True)
def _settled(pointers: Ints, heads: Ints, side: Sides, against: bool, queue: Ints, seen: Ints) -> bool:
    """Settle what the last decision may have cut off: a node against the root cuts the root's side, or vice versa.

    The first node against the root gives its side something to fall apart from: then both are settled.
    """
    many = 0
    for i in range(len(side)):
        many += side[i] == 2
    if against and not _settle(pointers, heads, side, 1, 2, queue, seen):
        return False
    return (against and many > 1) or _settle(pointers, heads, side, 2, 1, queue, seen)


@njit(cache=True)
def _fits(side: Sides, weights: Floats, lows: Floats, highs: Floats) -> bool:
    """Whether what is decided leaves the first side a weight in one of the ranges."""
    inside, most = 0.0, 0.0
    for i in range(len(side)):
        if side[i] == 1:
            inside += weights[i]
        if side[i] != 2:
            most += weights[i]
    fits = False
    for j in range(len(lows)):
        fits = fits or (inside <= highs[j] and most >= lows[j])
    return fits


@njit(cache=True)
def _next(pointers: Ints, heads: Ints, side: Sides) -> int:
    """An open node beside the root's side, beside both where there is one: there the cut grows either way.

    Of these, one with many open neighbours, about which it tells most.
    """
    pick, most = -1, -1
    for i in range(len(side)):
        if side[i] == 0:
            ins, outs = 0, 0
            for a in range(pointers[i], pointers[i + 1]):
                if side[heads[a]] == 1:
                    ins += 1
                elif side[heads[a]] == 2:
                    outs += 1
            score = pointers[i + 1] - pointers[i] - ins - outs + (len(side) if outs > 0 else 0)
            if ins > 0 and score > most:
                pick, most = i, score
    return pick


@njit(cache=True)
def _farthest(pointers: Ints, heads: Ints, start: int) -> int:
    """A node that takes the most steps to reach."""
    n = len(pointers) - 1
    queue, seen = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.bool_)
    queue[0], seen[start], size, head = start, True, 1, 0
    while head < size:
        here = queue[head]
        head += 1
        for a in range(pointers[here], pointers[here + 1]):
            if not seen[heads[a]]:
                seen[heads[a]] = True
                queue[size] = heads[a]
                size += 1
    return int(queue[size - 1])


@njit(cache=True)
def _walk(
    pointers: Ints, heads: Ints, edge: Ints, sense: Ints, charge: Ints,
    weights: Floats, lows: Floats, highs: Floats,
    side: Sides, flow: Ints, value: Ints, chosen: Ints, stage: Sides, depth: int,
    budget: int, best_only: bool, steps: int, sides: Bools, costs: Ints,
) -> tuple[int, int, int]:  # fmt: skip
    """Go on with the search: where it stands (−1: at its end), bonds found, and the budget left."""
    n = len(weights)
    queue, mark = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    found = 0
    while depth >= 0:
        here = side[depth]
        if stage[depth] == 0:
            if steps == 0 or found == len(costs):
                break
            steps -= 1
            if not _fits(here, weights, lows, highs) or not _settled(
                pointers, heads, here, depth == 0 or stage[depth - 1] == 1, queue, mark
            ):
                depth -= 1
                continue
            value[depth] = _augment(
                pointers, heads, edge, sense, charge, here, flow[depth], value[depth], budget, queue, mark
            )
            if value[depth] > budget:
                depth -= 1
                continue
            chosen[depth] = _next(pointers, heads, here)
            if chosen[depth] < 0:
                if (here == 2).any() and _fits(here, weights, lows, highs):
                    if best_only:
                        found, budget = 0, value[depth] - 1
                    sides[found] = here == 1
                    costs[found] = value[depth]
                    found += 1
                depth -= 1
                continue
        if stage[depth] == 2 or value[depth] > budget:
            depth -= 1
            continue
        stage[depth] += 1
        below = depth + 1
        side[below] = here
        side[below, chosen[depth]] = 2 if stage[depth] == 1 else 1
        flow[below] = flow[depth]
        value[below] = value[depth]
        stage[below] = 0
        depth = below
    return depth, found, budget


class TooLongError(Exception):
    """The search was ended before its end."""


@dataclass(frozen=True)
class Bond:
    """A cut into two connected sides: the nodes of one, ascending, and the charge of the edges between."""

    side: Ints
    charge: int


def bonds(
    net: Net, lows: Floats, highs: Floats, budget: int, *, best_only: bool = False, stop: Stop = never
) -> list[Bond]:
    """Every bond within a budget, by charge and then in the order of the search.

    Parameters
    ----------
    net
        Connected, two nodes or more.
    lows, highs
        Ranges of which the weight of a side must meet one; where one side does, the other must.
    budget
        Most that the edges between the sides may charge.
    best_only
        Only the cheapest.
    stop
        Asked every few thousand branches.

    Raises
    ------
    TooLongError
        When ``stop`` says so, or there are too many to keep.
    """
    n = net.n
    side, stage = np.zeros((n + 1, n), dtype=np.int8), np.zeros(n + 1, dtype=np.int8)
    flow = np.zeros((n + 1, len(net.charge)), dtype=np.int64)
    value, chosen = np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1, dtype=np.int64)
    room = 1 if best_only else _ROOM
    sides, costs = np.zeros((room, n), dtype=np.bool_), np.zeros(room, dtype=np.int64)
    # from the rim, where the ranges are met late on one side only: half the branches of a walk from the middle
    side[0, _farthest(net.pointers, net.heads, _farthest(net.pointers, net.heads, 0))] = 1
    depth, listed = 0, list[Bond]()
    while depth >= 0:
        depth, found, budget = _walk(
            net.pointers, net.heads, net.edge, net.sense, net.charge, net.weights, lows, highs,
            side, flow, value, chosen, stage, depth, budget, best_only, _STEPS, sides, costs,
        )  # fmt: skip
        listed += [Bond(np.flatnonzero(sides[f]), int(costs[f])) for f in range(found)]
        if depth >= 0 and (stop() or len(listed) > _MOST):
            raise TooLongError
    listed.sort(key=lambda bond: bond.charge)
    return listed[:1] if best_only else listed
