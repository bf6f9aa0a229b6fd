"""Connected regions around one seat, the cheapest or all below a limit: exact branch and bound, compiled.

The price of a region S is Σ_{i in S} g_i + Σ_{e leaves S} w_e + penalties ≥ 0, g of either sign. Each frontier
node is taken or barred for good, so every set is met once. A branch is cut off by a bound in two steps: a flow f
with |f_e| ≤ w_e moves border charges into the nodes (w|x_u − x_v| ≥ f (x_u − x_v), the dual of a minimum cut);
then the nodes still in reach fill the size window as a fractional knapsack. Decided nodes fold what their borders
still cost into their neighbours, so the bound ends exact.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from districting.plans.problem import Bools, Floats, Ints
from districting.solvers.annealing.moves import inner


class Soil(NamedTuple):
    """What all seats share, compiled.

    ``charge`` follows ``neighbours``: what the region pays where that arc leaves it; ``inner``: what it pays for
    the edge where both ends lie inside. ``back`` is the position of
    the opposite arc. Windows [0, first) are of today, the rest of the horizon; any one of each suffices.
    ``cut_nodes`` (c, 3) are sets of which two nodes together cost ``penalty``. ``size`` (n,) and ``target`` with
    ``stray``: what a unit of |size − target| costs.
    """

    pointers: Ints
    neighbours: Ints
    charge: Floats
    inner: Floats
    back: Ints
    weights: Floats  # (q, n)
    low: Floats  # (q,)
    high: Floats  # (q,)
    first: int
    tie_pointers: Ints
    tie_to: Ints
    tie_apart: Ints
    set_pointers: Ints  # sets that may not lie inside as wholes
    set_nodes: Ints
    cut_pointers: Ints  # cuts of each node
    cut_of: Ints
    penalty: Floats
    size: Floats
    target: float
    stray: float


@inner
def push(soil: Soil, price: Floats, free: Bools, root: int, flow: Floats) -> None:
    """Raise the bound by a maximum flow: from nodes that pay to be in, and the root, to nodes that cost.

    ``price`` becomes g_u + Σ_v f_uv; ``flow`` holds f of each arc. Shortest augmenting ways.
    """
    n = len(price)
    queue = np.empty(n, np.int64)
    came = np.empty(n, np.int64)  # arc by which the way came, −2 unseen, −1 source
    while True:
        came[:] = -2
        filled = 0
        for u in range(n):
            if u == root or (free[u] and price[u] < -1e-9):
                came[u] = -1
                queue[filled] = u
                filled += 1
        head = 0
        goal = -1
        while head < filled and goal < 0:
            u = queue[head]
            head += 1
            for a in range(soil.pointers[u], soil.pointers[u + 1]):
                v = soil.neighbours[a]
                if free[v] and v != root and came[v] == -2 and soil.charge[a] - flow[a] > 1e-9:
                    came[v] = a
                    if price[v] > 1e-9:
                        goal = v
                        break
                    queue[filled] = v
                    filled += 1
        if goal < 0:
            return
        amount = price[goal]
        v = goal
        while came[v] >= 0:
            amount = min(amount, soil.charge[came[v]] - flow[came[v]])
            v = soil.neighbours[soil.back[came[v]]]
        if v != root:
            amount = min(amount, -price[v])
        price[v] += amount
        price[goal] -= amount
        v = goal
        while came[v] >= 0:
            flow[came[v]] += amount
            flow[soil.back[came[v]]] -= amount
            v = soil.neighbours[soil.back[came[v]]]


@inner
def fill(
    soil: Soil, q: int, amount: float, price: Floats, state: Ints, must: int, reached: Ints, many: int,
    order: Ints, ratio: Floats,
) -> float:  # fmt: skip
    """Least Σ price of what is still added from the nodes reached so that window q can hold; inf if it cannot."""
    room = soil.high[q] - amount
    lack = soil.low[q] - amount
    if room < -1e-9:
        return np.inf
    total = 0.0
    count = 0
    open_weight = 0.0
    for t in range(many):
        v = reached[t]
        weight = soil.weights[q, v]
        if v == must:
            room -= weight
            lack -= weight
            total += price[v]
        elif weight <= 0.0:
            total += min(0.0, price[v])
        elif weight <= room + 1e-9:
            open_weight += weight
            value = price[v] / weight
            spot = count
            while spot > 0 and ratio[spot - 1] > value:
                ratio[spot] = ratio[spot - 1]
                order[spot] = order[spot - 1]
                spot -= 1
            ratio[spot] = value
            order[spot] = v
            count += 1
    if room < -1e-9 or open_weight < lack - 1e-9:
        return np.inf
    for t in range(count):
        if ratio[t] >= 0.0 and lack <= 0.0:
            break
        wanted = min(room, soil.weights[q, order[t]])
        if ratio[t] >= 0.0:
            wanted = min(wanted, lack)
        total += ratio[t] * wanted
        room -= wanted
        lack -= wanted
        if room <= 0.0:
            break
    return total


@inner
def stray_at_least(soil: Soil, amount: float, room: float) -> float:
    """Least charge for missing the target from here on."""
    if soil.stray <= 0.0:
        return 0.0
    over = amount - soil.target
    under = soil.target - amount - room
    return soil.stray * max(over, under, 0.0)


@inner
def holds(soil: Soil, sums: Floats, state: Ints, inside: Ints, many: int) -> bool:
    """Whether the region keeps windows, ties and sets to be broken."""
    fits = False
    for q in range(soil.first):
        fits = fits or soil.low[q] - 1e-9 <= sums[q] <= soil.high[q] + 1e-9
    later = soil.first == len(sums)
    for q in range(soil.first, len(sums)):
        later = later or soil.low[q] - 1e-9 <= sums[q] <= soil.high[q] + 1e-9
    if not fits or not later:
        return False
    for t in range(many):
        u = inside[t]
        for a in range(soil.tie_pointers[u], soil.tie_pointers[u + 1]):
            if (state[soil.tie_to[a]] == 1) == (soil.tie_apart[a] == 1):
                return False
    for s in range(len(soil.set_pointers) - 1):
        whole = True
        for t in range(soil.set_pointers[s], soil.set_pointers[s + 1]):
            whole = whole and state[soil.set_nodes[t]] == 1
        if whole:
            return False
    return True


@njit(cache=True)
def grow_regions(
    soil: Soil, root: int, must: int, gains: Floats, allowed: Bools, start: float, limit: float, tighten: bool,
    most_steps: int, members: npt.NDArray[np.int32], starts: Ints, prices: Floats,
) -> tuple[int, bool, float, int]:  # fmt: skip
    """Regions that hold root and must (−1: none) and cost at most ``limit``, written to the room given.

    Parameters
    ----------
    gains
        Shape (n,), g_i where allowed.
    start
        A constant of every region's price.
    tighten
        True: each region found lowers the limit to its price, so the last one is the cheapest.
    most_steps
        Branches looked at before giving up.
    members, starts, prices
        Room: nodes, begin of each region, price of each. Full room also ends the work.

    Returns
    -------
    count, complete, bound, steps
        Regions written; True if no other region costs less than the limit; a valid lower bound on the price of
        every region at the root of the search (inf: there is none).
    """
    n = len(gains)
    windows = len(soil.low)
    state = np.zeros(n, np.int64)  # 0 open, 1 inside, 2 barred
    price = np.zeros(n)
    flow = np.zeros(len(soil.neighbours))
    for u in range(n):
        if not allowed[u]:
            state[u] = 2
    for u in range(n):
        if state[u] == 0:
            price[u] = gains[u]
            for a in range(soil.pointers[u], soil.pointers[u + 1]):
                if not allowed[soil.neighbours[a]]:
                    price[u] += soil.charge[a]
    if not allowed[root] or (must >= 0 and not allowed[must]):
        return 0, True, np.inf, 0
    push(soil, price, allowed, root, flow)
    inside = np.empty(n, np.int64)
    sums = np.zeros(windows)
    hits = np.zeros(len(soil.penalty), np.int64)
    reached = np.empty(n, np.int64)
    seen = np.zeros(n, np.int64)
    order = np.empty(n, np.int64)
    ratio = np.empty(n)
    # a trail of decisions; each remembers the sums before it
    node_at = np.empty(n + 1, np.int64)
    taken_at = np.zeros(n + 1, np.int64)
    folded_at = np.empty(n + 1)
    exact_at = np.empty(n + 1)
    depth = 0
    many = 0
    folded = start
    exact = start
    count = 0
    filled = 0
    steps = 0
    stamp = 0
    root_bound = np.inf
    node = root
    taking = True
    complete = True
    while True:
        # decide `node`
        node_at[depth], taken_at[depth], folded_at[depth], exact_at[depth] = (
            node,
            1 if taking else 0,
            folded,
            exact,
        )
        depth += 1
        if taking:
            folded += price[node]
            exact += gains[node]
            state[node] = 1
            inside[many] = node
            many += 1
            for q in range(windows):
                sums[q] += soil.weights[q, node]
            for a in range(soil.pointers[node], soil.pointers[node + 1]):
                v = soil.neighbours[a]
                if state[v] == 1:
                    exact += soil.inner[a] - soil.charge[a]
                else:
                    exact += soil.charge[a]
                if state[v] == 0:
                    slack = soil.charge[a] - flow[a]
                    folded += slack
                    price[v] += soil.inner[a] - slack
            for a in range(soil.cut_pointers[node], soil.cut_pointers[node + 1]):
                hits[soil.cut_of[a]] += 1
                if hits[soil.cut_of[a]] == 2:
                    folded += soil.penalty[soil.cut_of[a]]
                    exact += soil.penalty[soil.cut_of[a]]
        else:
            state[node] = 2
            for a in range(soil.pointers[node], soil.pointers[node + 1]):
                v = soil.neighbours[a]
                if state[v] == 0:
                    price[v] += soil.charge[a] + flow[a]
        steps += 1
        if steps > most_steps:
            return count, False, root_bound, steps
        if taking:
            total = exact + stray_at_least(soil, _size(soil, inside, many), 0.0)
            if total <= limit and (must < 0 or state[must] == 1) and holds(soil, sums, state, inside, many):
                if count + 1 >= len(starts) or filled + many > len(members):
                    return count, False, root_bound, steps
                for t in range(many):
                    members[filled + t] = inside[t]
                filled += many
                prices[count] = total
                count += 1
                starts[count] = filled
                if tighten:
                    limit = total - 1e-9 * (1.0 + abs(total))
        # what is still in reach, and how cheap it can get
        stamp += 1
        reachable = 0
        best = -1
        for t in range(many):
            u = inside[t]
            for a in range(soil.pointers[u], soil.pointers[u + 1]):
                v = soil.neighbours[a]
                if state[v] == 0 and seen[v] != stamp:
                    seen[v] = stamp
                    reached[reachable] = v
                    reachable += 1
                    if best < 0 or price[v] < price[best] or (price[v] == price[best] and v < best):
                        best = v
        head = 0
        while head < reachable:
            u = reached[head]
            head += 1
            for a in range(soil.pointers[u], soil.pointers[u + 1]):
                v = soil.neighbours[a]
                if state[v] == 0 and seen[v] != stamp:
                    seen[v] = stamp
                    reached[reachable] = v
                    reachable += 1
        bound = np.inf
        wanted = -1
        if must >= 0 and state[must] != 1:
            wanted = must
        if wanted < 0 or seen[wanted] == stamp:
            for q in range(soil.first):
                bound = min(bound, fill(soil, q, sums[q], price, state, wanted, reached, reachable, order, ratio))
            if bound < np.inf and soil.first < windows:
                later = np.inf
                for q in range(soil.first, windows):
                    later = min(
                        later, fill(soil, q, sums[q], price, state, wanted, reached, reachable, order, ratio)
                    )
                bound = max(bound, later)
            if bound < np.inf and soil.stray > 0.0:
                room = 0.0
                for t in range(reachable):
                    room += soil.size[reached[t]]
                bound += stray_at_least(soil, _size(soil, inside, many), room)
        bound += folded
        if depth == 1:
            root_bound = bound
        if best >= 0 and bound <= limit:
            node, taking = best, True
            continue
        # back to the last node that was taken, and bar it
        while depth > 0:
            depth -= 1
            node = node_at[depth]
            state[node] = 0
            if taken_at[depth] == 0:
                for a in range(soil.pointers[node], soil.pointers[node + 1]):
                    v = soil.neighbours[a]
                    if state[v] == 0:
                        price[v] -= soil.charge[a] + flow[a]
                continue
            many -= 1
            for q in range(windows):
                sums[q] -= soil.weights[q, node]
            for a in range(soil.pointers[node], soil.pointers[node + 1]):
                v = soil.neighbours[a]
                if state[v] == 0:
                    price[v] += soil.charge[a] - flow[a] - soil.inner[a]
            for a in range(soil.cut_pointers[node], soil.cut_pointers[node + 1]):
                hits[soil.cut_of[a]] -= 1
            folded, exact = folded_at[depth], exact_at[depth]
            if node == root:
                return count, complete, root_bound, steps
            if node == must:
                continue
            taking = False
            break
        if depth == 0 and node == root:
            return count, complete, root_bound, steps


@inner
def _size(soil: Soil, inside: Ints, many: int) -> float:
    """Size in the measure of the target."""
    if soil.stray <= 0.0:
        return 0.0
    size = 0.0
    for t in range(many):
        size += soil.size[inside[t]]
    return size
