"""What one change of a plan costs: flip, swap and recombination, compiled.

A `Board` never changes; a `State` is a plan with the sums that make a move cost O(size of the two districts).
The search decides which move to take; here a move is only priced and made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit

from districting.plans.problem import Floats, Ints

Words = npt.NDArray[np.uint64]
_Function = TypeVar("_Function", bound=Callable[..., Any])


def inner(function: _Function) -> _Function:
    """Compile what only compiled code calls: without the wrappers for Python a fresh machine waits less."""
    compile_it: Callable[[_Function], _Function] = njit(  # type: ignore[call-overload]  # missing in its stubs
        cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True
    )
    return compile_it(function)


class Board(NamedTuple):
    """The ground in compiled form. ``cost`` is finite: a forbidden pair carries ``dear`` on top."""

    pointers: Ints
    neighbours: Ints
    border: Floats
    cost: Floats
    seat_pointers: Ints
    seats: Ints
    anchor: Ints  # (n,): the district that a node cannot leave (fixed seats), or -1
    weights: Floats  # (q, n)
    low: Floats  # (q, k)
    high: Floats  # (q, k)
    unit: Floats  # (q,): breaches are counted in these
    first: int  # windows [0, first) are of today, the rest of the horizon
    tie_pointers: Ints
    tie_to: Ints
    tie_apart: Ints  # 1: never in one district, 0: always
    fixed: bool
    dear: float


class State(NamedTuple):
    """A plan with its sums."""

    part: Ints  # (n,)
    members: Ints  # (k, n)
    size: Ints  # (k,)
    place: Ints  # (n,): where the node stands in its district's row of members
    own: Floats  # (m,): cost of the district in which the seat stands, from that seat
    sums: Floats  # (q, k)
    served: Floats  # (k,): cost from the best seat inside
    breach: Floats  # (k,): how far outside the windows
    ties: Ints  # (k,): broken ties that touch the district
    queue: Ints  # (n,): room for walks
    mark: Ints  # (n + 1,): last walk that saw the node; the last entry counts the walks


@inner
def draw(random: Words) -> float:
    """Next number in [0, 1) of a xorshift64* generator whose state is ``random[0]``."""
    x = random[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    random[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inner
def pick(random: Words, n: int) -> int:
    """Uniform integer in [0, n)."""
    return int(draw(random) * n)


@inner
def stays_whole(board: Board, state: State, node: int, district: int) -> bool:
    """True if the district is connected without the node; its neighbours inside must reach each other."""
    part, queue, mark = state.part, state.queue, state.mark
    mark[-1] += 1
    stamp = mark[-1]
    wanted = 0
    start = -1
    for t in range(board.pointers[node], board.pointers[node + 1]):
        other = board.neighbours[t]
        if part[other] == district:
            wanted += 1
            start = other
    if wanted <= 1:
        return wanted == 1 or state.size[district] == 1
    mark[node] = stamp
    mark[start] = stamp
    queue[0] = start
    size, head, found = 1, 0, 0
    while head < size:
        here = queue[head]
        head += 1
        for t in range(board.pointers[here], board.pointers[here + 1]):
            other = board.neighbours[t]
            if other == node:
                found += 1
            elif part[other] == district and mark[other] != stamp:
                mark[other] = stamp
                queue[size] = other
                size += 1
        if found == wanted:
            return True
    return False


@inner
def breach_with(board: Board, state: State, district: int, gain: int, loss: int) -> float:
    """Breach of the windows once the district has gained and lost a node (-1: none)."""
    total = 0.0
    start = 0
    for stop in (board.first, board.weights.shape[0]):
        least = np.inf if stop > start else 0.0
        for q in range(start, stop):
            amount = state.sums[q, district]
            if gain >= 0:
                amount += board.weights[q, gain]
            if loss >= 0:
                amount -= board.weights[q, loss]
            over = max(0.0, board.low[q, district] - amount, amount - board.high[q, district]) / board.unit[q]
            least = min(least, over)
        total += least
        start = stop
    return total if total > 1e-9 else 0.0


@inner
def served_with(board: Board, state: State, district: int, gain: int, loss: int) -> float:
    """Cost from the best seat inside once the district has gained and lost a node (-1: none)."""
    own, cost = state.own, board.cost
    if board.fixed:
        value = float(own[district])
        if gain >= 0:
            value += cost[gain, district]
        if loss >= 0:
            value -= cost[loss, district]
        return value
    best = np.inf
    many = state.size[district]
    for t in range(many + 1):
        node = state.members[district, t] if t < many else gain
        if node < 0 or node == loss:
            continue
        for s in range(board.seat_pointers[node], board.seat_pointers[node + 1]):
            seat = board.seats[s]
            value = own[seat]
            if t == many:
                # a seat that comes with the node has not served this district yet
                value = 0.0
                for u in range(many):
                    value += cost[state.members[district, u], seat]
            if gain >= 0:
                value += cost[gain, seat]
            if loss >= 0:
                value -= cost[loss, seat]
            best = min(best, value)
    return best


@inner
def border_change(board: Board, state: State, node: int, old: int, new: int) -> float:
    """Change of the border charge when the node goes over."""
    change = 0.0
    for t in range(board.pointers[node], board.pointers[node + 1]):
        home = state.part[board.neighbours[t]]
        if home == old:
            change += board.border[t]
        elif home == new:
            change -= board.border[t]
    return change


@inner
def tie_changes(board: Board, state: State, node: int, old: int, new: int) -> tuple[int, int]:
    """Change of broken ties in the old and in the new district when the node goes over."""
    in_old, in_new = 0, 0
    for t in range(board.tie_pointers[node], board.tie_pointers[node + 1]):
        home = state.part[board.tie_to[t]]
        if board.tie_apart[t] == 1:
            in_old -= 1 if home == old else 0
            in_new += 1 if home == new else 0
        else:
            in_old += 1 if home == old else -1
            in_new += -1 if home == new else 1
    return in_old, in_new


@inner
def flip(board: Board, state: State, node: int, new: int) -> None:
    """Move the node to another district and bring every sum up to date."""
    old = state.part[node]
    in_old, in_new = tie_changes(board, state, node, old, new)
    state.ties[old] += in_old
    state.ties[new] += in_new
    cost, own = board.cost, state.own
    if board.fixed:
        own[old] -= cost[node, old]
        own[new] += cost[node, new]
    else:
        for s in range(board.seat_pointers[node], board.seat_pointers[node + 1]):
            seat = board.seats[s]
            total = cost[node, seat]
            for t in range(state.size[new]):
                total += cost[state.members[new, t], seat]
            own[seat] = total
        for t in range(state.size[old]):
            other = state.members[old, t]
            if other != node:
                for s in range(board.seat_pointers[other], board.seat_pointers[other + 1]):
                    own[board.seats[s]] -= cost[node, board.seats[s]]
        for t in range(state.size[new]):
            other = state.members[new, t]
            for s in range(board.seat_pointers[other], board.seat_pointers[other + 1]):
                own[board.seats[s]] += cost[node, board.seats[s]]
    last = state.members[old, state.size[old] - 1]
    spot = state.place[node]
    state.members[old, spot] = last
    state.place[last] = spot
    state.size[old] -= 1
    state.members[new, state.size[new]] = node
    state.place[node] = state.size[new]
    state.size[new] += 1
    state.part[node] = new
    for q in range(board.weights.shape[0]):
        state.sums[q, old] -= board.weights[q, node]
        state.sums[q, new] += board.weights[q, node]


@inner
def settle(board: Board, state: State, first: int, second: int) -> None:
    """Refresh cost and breach of two districts after their members have changed."""
    for district in (first, second):
        state.served[district] = served_with(board, state, district, -1, -1)
        state.breach[district] = breach_with(board, state, district, -1, -1)


@inner
def _count_seat(board: Board, state: State, district: int, seat: int) -> None:
    """Refill what the district costs from one seat."""
    total = 0.0
    for t in range(state.size[district]):
        total += board.cost[state.members[district, t], seat]
    state.own[seat] = total


@inner
def count_all(board: Board, state: State) -> float:
    """Refill every sum from ``state.part``; return the border charge. Also wipes out rounding drift."""
    # plain loops throughout: each array expression costs a fresh machine a quarter second of compiling
    for district in range(len(state.size)):
        state.size[district] = 0
        state.ties[district] = 0
        for q in range(board.weights.shape[0]):
            state.sums[q, district] = 0.0
    charge = 0.0
    for node in range(len(state.part)):
        district = state.part[node]
        state.members[district, state.size[district]] = node
        state.place[node] = state.size[district]
        state.size[district] += 1
        for q in range(board.weights.shape[0]):
            state.sums[q, district] += board.weights[q, node]
        for t in range(board.pointers[node], board.pointers[node + 1]):
            if state.part[board.neighbours[t]] != district:
                charge += 0.5 * board.border[t]
        for t in range(board.tie_pointers[node], board.tie_pointers[node + 1]):
            inside = state.part[board.tie_to[t]] == district
            if board.tie_apart[t] == 1:
                # a pair inside one district is met from both ends
                state.ties[district] += 1 if inside and board.tie_to[t] > node else 0
            elif not inside:
                state.ties[district] += 1
    for district in range(len(state.size)):
        if board.fixed:
            _count_seat(board, state, district, district)
        else:
            for t in range(state.size[district]):
                node = state.members[district, t]
                for s in range(board.seat_pointers[node], board.seat_pointers[node + 1]):
                    _count_seat(board, state, district, board.seats[s])
        settle(board, state, district, district)
    return charge


@inner
def tree_cut(board: Board, state: State, random: Words, first: int, second: int, side: Ints) -> int:
    """Draw a random tree on two neighbouring districts and cut it near balance; 0 if no cut serves.

    ``side`` (n,) is filled with 1 for the nodes that go to ``first`` and 2 for those of ``second``.
    """
    part, mark, queue = state.part, state.mark, state.queue
    total = state.size[first] + state.size[second]
    parent = np.full(total, -1, np.int64)
    frontier_from = np.empty(total * 16 + 64, np.int64)
    frontier_to = np.empty(total * 16 + 64, np.int64)
    many = 0
    mark[-1] += 1
    stamp = mark[-1]
    where = np.full(len(part), -1, np.int64)
    start = state.members[first, pick(random, state.size[first])]
    queue[0] = start
    mark[start] = stamp
    where[start] = 0
    size = 1
    newest = start
    while True:
        for t in range(board.pointers[newest], board.pointers[newest + 1]):
            other = board.neighbours[t]
            if (
                (part[other] == first or part[other] == second)
                and mark[other] != stamp
                and many < len(frontier_to)
            ):
                frontier_from[many] = newest
                frontier_to[many] = other
                many += 1
        newest = -1
        while many > 0 and newest < 0:
            spot = pick(random, many)
            tail, head = frontier_from[spot], frontier_to[spot]
            many -= 1
            frontier_from[spot], frontier_to[spot] = frontier_from[many], frontier_to[many]
            if mark[head] != stamp:
                newest = head
                mark[head] = stamp
                where[head] = size
                parent[size] = where[tail]
                queue[size] = head
                size += 1
        if newest < 0:
            break
    if size != total:
        return 0
    weight = np.empty(total)
    anchors = np.zeros(total, np.int64)
    for t in range(total):
        weight[t] = board.weights[0, queue[t]]
        anchors[t] = 1 if board.anchor[queue[t]] >= 0 else 0
    for t in range(total - 1, 0, -1):
        weight[parent[t]] += weight[t]
        anchors[parent[t]] += anchors[t]
    # among the cuts inside the windows one at random, else the one nearest to them
    chosen, least, seen = -1, np.inf, 0
    for t in range(1, total):
        if board.fixed and anchors[t] != 1:
            continue
        inner, outer = weight[t], weight[0] - weight[t]
        miss = max(0.0, board.low[0, first] - min(inner, outer), max(inner, outer) - board.high[0, first])
        if miss < least:
            chosen, least, seen = t, miss, 1
        elif miss == least:
            seen += 1
            if pick(random, seen) == 0:
                chosen = t
    if chosen < 0:
        return 0
    inside = np.zeros(total, np.int64)
    inside[chosen] = 1
    swapped = draw(random) < 0.5
    for t in range(total):
        if t > chosen and inside[parent[t]] == 1:
            inside[t] = 1
        if board.anchor[queue[t]] >= 0 and inside[t] == 1:
            swapped = board.anchor[queue[t]] == second
    for t in range(total):
        side[queue[t]] = 2 if (inside[t] == 1) == swapped else 1
    return 1
