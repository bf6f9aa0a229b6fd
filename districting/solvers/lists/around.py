"""What lies around one seat under prices: nodes that a district may hold, and what each choice costs. Compiled.

See `connected` for the formulas.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from districting.plans.problem import Floats, Ints
from districting.solvers.annealing.moves import inner
from districting.solvers.lists.flow import push

Members = npt.NDArray[np.int32]


class Pairs(NamedTuple):
    """Nodes that a seat may still serve, by seat in compressed rows, with their cost."""

    pointers: Ints
    nodes: Members
    cost: Floats


class Field(NamedTuple):
    """What the walk sees of a ground with one window."""

    cost: Floats  # (n, m)
    host: Ints
    weights: Floats
    low: float
    highs: Floats  # (m,)
    pointers: Ints
    neighbours: Ints
    half: Floats  # half of each border
    seat_pointers: Ints
    seats: Ints
    bordered: bool


class Around(NamedTuple):
    """Nodes around a seat, numbered anew, and room for the walk among them."""

    nodes: Ints
    gains: Floats  # cost from the seat − price
    weight: Floats
    starts: Ints  # arcs in compressed rows
    heads: Ints
    charge: Floats  # u→v: what it costs to have u inside and v outside
    take: Floats  # what it costs to have the node inside
    leave: Floats  # … outside
    state: Ints  # 0 unseen, 1 on the frontier, 2 inside, 3 outside
    queue: Ints
    where: Ints  # (n,): new number of a node, −1 elsewhere


@inner
def room_around(field: Field, widest: int) -> Around:
    """Room for as many nodes."""
    n, arcs = field.cost.shape[0], len(field.neighbours)
    return Around(
        np.empty(widest, np.int64), np.empty(widest), np.empty(widest), np.empty(widest + 1, np.int64),
        np.empty(arcs, np.int64), np.empty(arcs), np.empty(widest), np.empty(widest), np.empty(widest, np.int64),
        np.empty(widest, np.int64), np.full(n, -1, np.int64),
    )  # fmt: skip


@inner
def multiplier(gains: Floats, weights: Floats, many: int, home: int, low: float, high: float) -> float:
    """λ that prices the window best for nodes worth ``gains``, borders left out; ``home`` is always in."""
    amount = 0.0
    for i in range(many):
        if i == home or gains[i] < 0.0:
            amount += weights[i]
    if low <= amount <= high:
        return 0.0
    ratio = np.empty(many)
    for i in range(many):
        ratio[i] = gains[i] / weights[i] if weights[i] > 0.0 and i != home else np.inf
    order = np.argsort(ratio)
    amount = weights[home]
    goal = low if amount < low else high
    first = True
    for t in range(many):
        i = order[t]
        if ratio[i] == np.inf:
            break
        if first and ratio[i] >= 0.0:
            # everything that pays is in: the window was not full, so it is the lower bound that binds
            goal = low
            first = False
        amount += weights[i]
        if amount >= goal and (ratio[i] < 0.0) == (goal == high):
            return float(ratio[i])
    return 0.0


@inner
def _join(field: Field, around: Around, many: int) -> None:
    """Arcs between the first ``many`` nodes, and half of each border on them."""
    for i in range(many):
        around.where[around.nodes[i]] = i
    arcs = 0
    for i in range(many):
        around.starts[i] = arcs
        for a in range(field.pointers[around.nodes[i]], field.pointers[around.nodes[i] + 1]):
            other = around.where[field.neighbours[a]]
            if other >= 0:
                around.heads[arcs] = other
                around.charge[arcs] = field.half[a]
                arcs += 1
    around.starts[many] = arcs


@inner
def _forget(around: Around, many: int) -> None:
    """Wipe the numbers of the first ``many`` nodes."""
    for i in range(many):
        around.where[around.nodes[i]] = -1


@inner
def _move(around: Around, old: int, new: int) -> None:
    """Give a node a new number."""
    around.nodes[new] = around.nodes[old]
    around.gains[new] = around.gains[old]
    around.weight[new] = around.weight[old]


@inner
def _hang_together(around: Around, many: int, home: int) -> int:
    """Mark with state 1 what hangs together with ``home``, with 0 the rest; return how many do."""
    state, queue = around.state, around.queue
    for i in range(many):
        state[i] = 0
    state[home] = 1
    queue[0] = home
    size, head = 1, 0
    while head < size:
        here = queue[head]
        head += 1
        for a in range(around.starts[here], around.starts[here + 1]):
            other = around.heads[a]
            if state[other] == 0:
                state[other] = 1
                queue[size] = other
                size += 1
    return size


@inner
def look_around(
    field: Field, pairs: Pairs, duals: Floats, seat: int, limit: float, around: Around
) -> tuple[int, int, float, float]:
    """Gather what a district of the seat below the limit may hold, and charge every choice.

    Returns
    -------
    many, home, lam, least
        Nodes gathered (0: no district is below the limit), the number of the seat's node, λ, and the least value
        of E, to which ``take``, ``leave`` and ``charge`` add.
    """
    many, home, high = 0, -1, field.highs[seat]
    for p in range(pairs.pointers[seat], pairs.pointers[seat + 1]):
        node = pairs.nodes[p]
        if node == field.host[seat]:
            home = many
        around.nodes[many] = node
        around.gains[many] = pairs.cost[p] - duals[node]
        around.weight[many] = field.weights[node]
        many += 1
    if home < 0:
        return 0, 0, 0.0, 0.0
    lam, const = 0.0, 0.0
    # what is left out raises the least value, and that leaves out more
    for _ in range(3):
        lam = multiplier(around.gains, around.weight, many, home, field.low, high)
        const = lam * (field.low if lam >= 0.0 else high) + around.gains[home] - lam * around.weight[home]
        least = const
        for i in range(many):
            if i != home:
                least += min(0.0, around.gains[i] - lam * around.weight[i])
        if least > limit:
            return 0, 0, 0.0, 0.0
        left, own = 0, home
        for i in range(many):
            if i == own or least + max(0.0, around.gains[i] - lam * around.weight[i]) <= limit:
                _move(around, i, left)
                if i == own:
                    home = left
                left += 1
        shrunk = left < many
        many = left
        _join(field, around, many)
        together = _hang_together(around, many, home)
        _forget(around, many)
        if together < many:
            left, own = 0, home
            for i in range(many):
                if around.state[i] == 1:
                    _move(around, i, left)
                    if i == own:
                        home = left
                    left += 1
            many = left
        elif not shrunk:
            break
    _join(field, around, many)
    if field.bordered:
        least = push(
            field.pointers, field.neighbours, field.half, around.nodes, around.where, many, home, around.starts,
            around.heads, around.charge, around.gains, around.weight, lam, const, around.take, around.leave,
        )  # fmt: skip
    else:
        least = const
        for i in range(many):
            gain = around.gains[i] - lam * around.weight[i] if i != home else 0.0
            around.take[i] = max(0.0, gain)
            around.leave[i] = max(0.0, -gain)
            least += min(0.0, gain)
        for a in range(around.starts[many]):
            around.charge[a] = 0.0
    _forget(around, many)
    if least > limit:
        return 0, 0, 0.0, 0.0
    return many, home, lam, least
