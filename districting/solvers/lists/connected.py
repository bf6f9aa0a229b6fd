"""Connected districts of one seat under prices: the cheapest, or all below a limit, exactly. Compiled.

For prices π of the nodes and a seat j, a district S that holds the host of j and keeps the window is worth

    v_j(S) = Σ_{i in S} (c_ij − π_i) + ½ Σ_{e in δ(S)} b_e

The window is priced by one multiplier λ (λ · (low − w(S)) ≤ 0 where λ ≥ 0, λ · (high − w(S)) ≤ 0 where λ < 0), so
that E(S) = Σ (c_ij − π_i − λ w_i) + ½ border + λ · bound is never above v_j(S). E is a sum over nodes and edges: a
minimum cut is its least value, and what the maximum flow leaves over (`flow`) writes E as that value plus charges
≥ 0 for each node taken, each node left and each edge cut. So a walk that takes or leaves one node of the frontier
after the other knows at each step how far above the least it is, and turns back above the limit; and a node that
is left takes with it all that only it led to. It meets every connected set once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from districting.plans.problem import Bools, Floats, Ints
from districting.solvers.annealing.moves import inner
from districting.solvers.ground import Ground
from districting.solvers.lists.around import Around, Field, Members, Pairs, look_around, room_around


class Listed(NamedTuple):
    """Districts found: members in compressed rows, the seat and the value v of each."""

    pointers: Ints
    members: Members
    seat: Ints
    value: Floats


def field_of(ground: Ground) -> Field:
    """Compile a ground that `suits`."""
    pointers, neighbours, border = ground.neighbours
    seat_pointers, seats = ground.seats_in
    window = ground.windows[0]
    highs = np.minimum(ground.highs(window), float(window.weights.sum()))
    return Field(
        ground.cost, ground.host, window.weights.astype(np.float64), float(window.low), highs, pointers,
        neighbours, 0.5 * border, seat_pointers, seats, bool((border > 0).any()),
    )  # fmt: skip


def suits(ground: Ground) -> bool:
    """Whether the walk knows every rule of the ground: one window, free seats, contiguity, no ties."""
    tied = len(ground.apart) + len(ground.together) + len(ground.broken)
    return len(ground.windows) == 1 and not ground.horizon and not tied and not ground.fixed and ground.contiguous


@inner
def _cut_off(around: Around, local: int, frontier: Ints, spot: int, many: int, lost: Ints, gone: int) -> int:
    """Leave every node that the frontier no longer leads to; return how many have been lost by now."""
    state, queue = around.state, around.queue
    size, head = 0, 0
    for t in range(spot, many):
        queue[size] = frontier[t]
        size += 1
    seen = size
    while head < size:
        here = queue[head]
        head += 1
        for a in range(around.starts[here], around.starts[here + 1]):
            other = around.heads[a]
            if state[other] == 0:
                state[other] = 4
                queue[size] = other
                size += 1
    for i in range(local):
        if state[i] == 0:
            state[i] = 3
            lost[gone] = i
            gone += 1
    for t in range(seen, size):
        state[queue[t]] = 0
    return gone


class Trail(NamedTuple):
    """The decisions of a walk, by depth, and what was true before each."""

    node: Ints
    choice: Ints  # 1 taken, 0 left
    second: Ints  # 1 once the other choice has had its turn
    swap: Ints  # where on the frontier the node was found
    many: Ints  # length of the frontier
    lost: Ints  # nodes cut off
    energy: Floats
    amount: Floats
    open: Floats  # weight not decided yet


@inner
def _new_trail(widest: int) -> Trail:
    """An empty trail."""
    whole, size = np.int64, widest + 1
    return Trail(
        np.empty(size, whole), np.empty(size, whole), np.empty(size, whole), np.empty(size, whole),
        np.empty(size, whole), np.empty(size, whole), np.empty(size), np.empty(size), np.empty(size),
    )  # fmt: skip


@inner
def _value(field: Field, around: Around, inside: Ints, size: int, mark: Ints, stamp: int) -> float:
    """V of the nodes inside, from scratch."""
    value = 0.0
    for t in range(size):
        mark[around.nodes[inside[t]]] = stamp
    for t in range(size):
        value += around.gains[inside[t]]
        if field.bordered:
            node = around.nodes[inside[t]]
            for a in range(field.pointers[node], field.pointers[node + 1]):
                if mark[field.neighbours[a]] != stamp:
                    value += field.half[a]
    return float(value)


@inner
def _best_seat(field: Field, around: Around, inside: Ints, size: int, seat: int) -> bool:
    """Whether no other seat inside serves the nodes cheaper: then they are listed there, and never needed here."""
    own = 0.0
    for t in range(size):
        own += field.cost[around.nodes[inside[t]], seat]
    for t in range(size):
        node = around.nodes[inside[t]]
        for s in range(field.seat_pointers[node], field.seat_pointers[node + 1]):
            rival = 0.0
            for u in range(size):
                rival += field.cost[around.nodes[inside[u]], field.seats[s]]
            if rival < own - 1e-9 * (1.0 + abs(own)):
                return False
    return True


@inner
def _dearer(around: Around, x: int, choice: int) -> float:
    """What a choice adds: its own charge, and the edges that it cuts."""
    more = around.take[x] if choice == 1 else around.leave[x]
    for a in range(around.starts[x], around.starts[x + 1]):
        y = around.heads[a]
        if choice == 1:
            if around.state[y] == 3:
                more += around.charge[a]
        elif around.state[y] == 2:
            # the arc that is cut runs from inside to x
            for b in range(around.starts[y], around.starts[y + 1]):
                if around.heads[b] == x:
                    more += around.charge[b]
                    break
    return float(more)


@njit(cache=True)
def walk(
    field: Field, pairs: Pairs, duals: Floats, todo: Ints, limits: Floats, everything: bool, steps: int,
    found: int, pointers: Ints, members: Members, seat_of: Ints, value_of: Floats, keep: Bools,
) -> tuple[Floats, Floats, int, bool]:  # fmt: skip
    """Districts of each seat in ``todo`` with v_j below ``limits[j]``: all, or the cheapest only.

    Parameters
    ----------
    field, pairs, duals
        The ground, the pairs left, π.
    todo, limits
        Seats, and the limit of each seat, shape (m,).
    everything
        True lists all districts, False the cheapest of each seat.
    steps
        Steps of the walk per seat; a seat that needs more is cut short.
    found, pointers, members, seat_of, value_of
        Districts in the room already, and the room; as many as fit are added.
    keep
        Shape of ``pairs.nodes``: set to False where a district below the limit cannot hold the node. Empty: not
        asked.

    Returns
    -------
    least, floor, found, complete
        Shape (m,): value of the cheapest district below the limit (inf if there is none), and a proved lower bound
        on min(v_j, limit); districts in the room; whether all that exist below the limits are there.
    """
    n, m = field.cost.shape
    least, floor = np.full(m, np.inf), np.full(m, np.inf)
    complete = True
    mark, stamp = np.full(n, -1, np.int64), 0
    widest = 1
    for j in todo:
        widest = max(widest, pairs.pointers[j + 1] - pairs.pointers[j])
    around, trail = room_around(field, widest), _new_trail(widest)
    frontier = np.empty(widest, np.int64)
    inside = np.empty(widest, np.int64)
    lost = np.empty(widest, np.int64)  # nodes cut off by what was left, newest last
    take, leave, weight, state = around.take, around.leave, around.weight, around.state
    for j in todo:
        limit, high = limits[j], field.highs[j]
        floor[j] = limit
        local, home, lam, base = look_around(field, pairs, duals, j, limit, around)
        total = 0.0  # weight of what is not decided yet
        for i in range(local):
            state[i] = 0
            if i != home:
                if base + take[i] > limit:
                    state[i] = 3  # never: and leaving it is free, for only one of the two charges is positive
                else:
                    total += weight[i]
        if len(keep) > 0:
            for i in range(local):
                if state[i] == 0:
                    around.where[around.nodes[i]] = 1
            for p in range(pairs.pointers[j], pairs.pointers[j + 1]):
                keep[p] = around.where[pairs.nodes[p]] == 1
            for i in range(local):
                around.where[around.nodes[i]] = -1
        if local == 0:
            continue
        energy, amount = base, weight[home]
        state[home] = 2
        inside[0] = home
        size, many, spot, depth, gone, taken = 1, 0, 0, 0, 0, 0
        for a in range(around.starts[home], around.starts[home + 1]):
            other = around.heads[a]
            if state[other] == 0:
                state[other] = 1
                frontier[many] = other
                many += 1
        listed = False  # the seat's own district is the last in the room
        forward = True
        while taken <= steps:
            taken += 1
            if forward and spot == many:
                # nothing left to decide
                forward = False
                if amount < field.low - 1e-9 or amount > high + 1e-9:
                    continue
                stamp += 1
                value = _value(field, around, inside, size, mark, stamp)
                if value >= limit or not _best_seat(field, around, inside, size, j):
                    continue
                least[j] = min(least[j], value)
                if not everything:
                    limit = value
                    floor[j] = value
                    found -= 1 if listed else 0
                if found + 1 >= len(pointers) or pointers[found] + size > len(members):
                    complete = False
                    continue
                for t in range(size):
                    members[pointers[found] + t] = around.nodes[inside[t]]
                seat_of[found] = j
                value_of[found] = value
                found += 1
                pointers[found] = pointers[found - 1] + size
                listed = True
                continue
            if forward:
                # the node that decides most comes first
                picked, most = spot, -1.0
                for t in range(spot, many):
                    if take[frontier[t]] + leave[frontier[t]] > most:
                        most = take[frontier[t]] + leave[frontier[t]]
                        picked = t
                x = frontier[picked]
                frontier[picked] = frontier[spot]
                frontier[spot] = x
                trail.node[depth] = x
                trail.swap[depth] = picked
                trail.many[depth] = many
                trail.energy[depth] = energy
                trail.amount[depth] = amount
                trail.open[depth] = total
                trail.lost[depth] = gone
                trail.second[depth] = 0
                spot += 1
                choice = 1 if leave[x] >= take[x] else 0
            else:
                # back to the last decision, and the other choice
                depth -= 1
                if depth < 0:
                    break
                x = trail.node[depth]
                if trail.choice[depth] == 1:
                    size -= 1
                    while many > trail.many[depth]:
                        many -= 1
                        state[frontier[many]] = 0
                state[x] = 1
                while gone > trail.lost[depth]:
                    gone -= 1
                    state[lost[gone]] = 0
                energy, amount, total = trail.energy[depth], trail.amount[depth], trail.open[depth]
                choice = 1 - trail.choice[depth]
                if trail.second[depth] == 1:
                    spot -= 1
                    frontier[spot] = frontier[trail.swap[depth]]
                    frontier[trail.swap[depth]] = x
                    continue
                trail.second[depth] = 1
            while True:
                more = _dearer(around, x, choice)
                away = weight[x]
                if choice == 1:
                    over = lam * (amount + weight[x] - field.low) if lam > 0.0 else 0.0
                    good = amount + weight[x] <= high + 1e-9 and energy + more + max(0.0, over) <= limit
                else:
                    good = amount + total - away >= field.low - 1e-9 and energy + more <= limit
                    behind = False
                    for a in range(around.starts[x], around.starts[x + 1]):
                        behind = behind or state[around.heads[a]] == 0
                    if good and behind:
                        # nodes that only x led to are out as well
                        state[x] = 3
                        gone = _cut_off(around, local, frontier, spot, many, lost, gone)
                        for t in range(trail.lost[depth], gone):
                            more += leave[lost[t]]
                            away += weight[lost[t]]
                        good = amount + total - away >= field.low - 1e-9 and energy + more <= limit
                        state[x] = 1
                        while not good and gone > trail.lost[depth]:
                            gone -= 1
                            state[lost[gone]] = 0
                if good:
                    energy += more
                    total -= away
                    trail.choice[depth] = choice
                    depth += 1
                    forward = True
                    state[x] = 3
                    if choice == 1:
                        amount += weight[x]
                        state[x] = 2
                        inside[size] = x
                        size += 1
                        for a in range(around.starts[x], around.starts[x + 1]):
                            other = around.heads[a]
                            if state[other] == 0:
                                state[other] = 1
                                frontier[many] = other
                                many += 1
                    break
                if trail.second[depth] == 0:
                    trail.second[depth] = 1
                    choice = 1 - choice
                    continue
                spot -= 1
                frontier[spot] = frontier[trail.swap[depth]]
                frontier[trail.swap[depth]] = x
                forward = False
                break
        if depth >= 0:
            complete = False
            floor[j] = min(floor[j], base)
    return least, floor, found, complete
