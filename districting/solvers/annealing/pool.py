"""Legal regions as columns: what each costs, and small grounds enumerated to the last plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numba import njit

from districting.plans.problem import Bools, Floats, Ints
from districting.solvers.annealing.search import Regions
from districting.solvers.ground import Ground


@dataclass(frozen=True)
class Pool:
    """Regions with their price.

    Parameters
    ----------
    regions
        Members of each region.
    cost
        Shape (r,): from the best seat inside, and half of the border charge (the other half is the neighbour's).
    seat
        Shape (r,): that seat.
    """

    regions: Regions
    cost: Floats
    seat: Ints

    def __len__(self) -> int:
        return len(self.regions)

    def region(self, position: int) -> Ints:
        """Nodes of one region, ascending."""
        return self.regions.members[self.regions.pointers[position] : self.regions.pointers[position + 1]]

    def taken(self, positions: Ints) -> Pool:
        """The pool of some of its regions, in the order given."""
        size = np.diff(self.regions.pointers)[positions]
        pointers = np.concatenate(([0], np.cumsum(size))).astype(np.int64)
        shift = np.repeat(self.regions.pointers[positions] - pointers[:-1], size)
        members = self.regions.members[np.arange(pointers[-1]) + shift]
        return Pool(Regions(pointers, members), self.cost[positions], self.seat[positions])

    def sums(self, values: Floats) -> Floats:
        """Sum of a node's value over each region."""
        if not len(self):
            return np.zeros(0)
        return np.add.reduceat(values[self.regions.members], self.regions.pointers[:-1])


@njit(cache=True)
def _price(
    pointers: Ints, members: Ints, cost: Floats, seat_pointers: Ints, seats: Ints, fixed: bool, host: Ints,
    around: Ints, neighbours: Ints, border: Floats,
) -> tuple[Floats, Ints]:  # fmt: skip
    """Cost and seat of each region."""
    many = len(pointers) - 1
    price = np.full(many, np.inf)
    best = np.full(many, -1, np.int64)
    owner = np.full(cost.shape[0], -1, np.int64)
    for r in range(many):
        charge = 0.0
        for t in range(pointers[r], pointers[r + 1]):
            owner[members[t]] = r
        for t in range(pointers[r], pointers[r + 1]):
            node = members[t]
            for a in range(around[node], around[node + 1]):
                if owner[neighbours[a]] != r:
                    charge += 0.5 * border[a]
            for s in range(seat_pointers[node], seat_pointers[node + 1]):
                total = 0.0
                for u in range(pointers[r], pointers[r + 1]):
                    total += cost[members[u], seats[s]]
                if total < price[r]:
                    price[r] = total
                    best[r] = seats[s]
        price[r] += charge
    return price, best


def price_regions(ground: Ground, regions: Regions) -> Pool:
    """Price regions by the ground's own cost; those without a legal seat, or in a broken set, drop out."""
    pointers, neighbours, border = ground.neighbours
    seat_pointers, seats = ground.seats_in
    cost, seat = _price(
        regions.pointers, regions.members, ground.cost, seat_pointers, seats, ground.fixed, ground.host,
        pointers, neighbours, border,
    )  # fmt: skip
    pool = Pool(regions, cost, seat)
    legal = np.isfinite(cost)
    for nodes in ground.broken:
        inside = np.zeros(ground.n)
        inside[list(nodes)] = 1.0
        legal &= pool.sums(inside) < len(nodes)
    return pool.taken(np.flatnonzero(legal))


def nearest_seats(ground: Ground, regions: Regions, cost: Floats, host: Ints) -> tuple[Floats, Ints]:
    """Cost of each region from the best of other seats than the ground's own, and that seat: inf and −1 if none.

    ``cost`` shape (n, seats), inf where a seat may not serve; ``host`` shape (seats,), the node of each.
    """
    pointers, neighbours, border = ground.neighbours
    order = np.argsort(host, kind="stable").astype(np.int64)
    begins = np.concatenate(([0], np.cumsum(np.bincount(host, minlength=ground.n)))).astype(np.int64)
    priced: tuple[Floats, Ints] = _price(
        regions.pointers, regions.members, np.ascontiguousarray(cost), begins, order, False, host, pointers,
        neighbours, np.zeros_like(border),
    )  # fmt: skip
    return priced


def regions_of(part: Ints, number: int) -> Regions:
    """The districts of a plan as regions."""
    order = np.argsort(part, kind="stable").astype(np.int64)
    return Regions(np.concatenate(([0], np.cumsum(np.bincount(part, minlength=number)))).astype(np.int64), order)


def joined(first: Regions, second: Regions) -> Regions:
    """Regions of both, in order; copies stay."""
    return Regions(
        np.concatenate((first.pointers, second.pointers[1:] + first.pointers[-1])),
        np.concatenate((first.members, second.members)),
    )


@njit(cache=True)
def _rest_fits(
    state: Ints, free: Bools, pointers: Ints, neighbours: Ints, weights: Floats, low: float, high: float,
    number: int, queue: Ints, seen: Ints, stamp: int,
) -> bool:  # fmt: skip
    """Whether each piece of the free nodes not inside (state 2) can hold whole districts, ``number`` in all."""
    fewest, most = 0, 0
    for start in range(len(state)):
        if not free[start] or state[start] == 2 or seen[start] == stamp + 1:
            continue
        amount = 0.0
        seen[start] = stamp + 1
        queue[0] = start
        size, head = 1, 0
        while head < size:
            node = queue[head]
            head += 1
            amount += weights[node]
            for t in range(pointers[node], pointers[node + 1]):
                other = neighbours[t]
                if free[other] and state[other] != 2 and seen[other] != stamp + 1:
                    seen[other] = stamp + 1
                    queue[size] = other
                    size += 1
        least = max(1, int(np.ceil(amount / high - 1e-12)))
        largest = min(size, int(amount / low + 1e-12)) if low > 0.0 else size
        if least > largest:
            return False
        fewest += least
        most += largest
    return fewest <= number <= most


@njit(cache=True)
def _grown(
    root: int, free: Bools, pointers: Ints, neighbours: Ints, weights: Floats, low: float, high: float,
    number: int, room: int,
) -> tuple[int, Ints]:  # fmt: skip
    """All connected sets of free nodes that hold the root and keep the window, and leave a rest for ``number``.

    Depth first: each frontier node is taken or barred for good, so every set is met exactly once. Returns the
    number of entries filled, or −1 if the room was too small; a set is its size, then its nodes.
    """
    n = len(free)
    out = np.empty(room, np.int64)
    filled = 0
    state = np.zeros(n, np.int64)  # 0 unseen, 1 on the frontier, 2 inside, 3 barred
    for i in range(n):
        if not free[i]:
            state[i] = 3
    frontier = np.empty(n, np.int64)
    many = 0
    inside = np.empty(n, np.int64)
    size = 1
    inside[0] = root
    state[root] = 2
    amount = weights[root]
    total = 0.0
    for i in range(n):
        if free[i]:
            total += weights[i]
    queue = np.empty(n, np.int64)
    seen = np.zeros(n, np.int64)
    stamp = 0
    for t in range(pointers[root], pointers[root + 1]):
        other = neighbours[t]
        if state[other] == 0:
            state[other] = 1
            frontier[many] = other
            many += 1
    # a trail of decisions: node, whether taken, length of the frontier before
    node_at = np.empty(n + 1, np.int64)
    taken_at = np.empty(n + 1, np.int64)
    many_at = np.empty(n + 1, np.int64)
    spot_at = np.empty(n + 1, np.int64)
    depth = 0
    spot = 0  # frontier entries before this are decided
    if low <= amount <= high and _rest_fits(
        state, free, pointers, neighbours, weights, low, high, number, queue, seen, 0
    ):
        out[0] = 1
        out[1] = root
        filled = 2
    while True:
        if spot < many:
            node = frontier[spot]
            node_at[depth], many_at[depth], spot_at[depth] = node, many, spot
            spot += 1
            if amount + weights[node] <= high:
                taken_at[depth] = 1
                depth += 1
                state[node] = 2
                inside[size] = node
                size += 1
                amount += weights[node]
                for t in range(pointers[node], pointers[node + 1]):
                    other = neighbours[t]
                    if state[other] == 0:
                        state[other] = 1
                        frontier[many] = other
                        many += 1
                stamp += 1
                # the whole rest first: it is cheap, and mostly decides
                if (
                    amount >= low
                    and number * low <= total - amount <= number * high
                    and _rest_fits(
                        state, free, pointers, neighbours, weights, low, high, number, queue, seen, stamp
                    )
                ):
                    if filled + size + 1 > room:
                        return -1, out
                    out[filled] = size
                    out[filled + 1 : filled + 1 + size] = inside[:size]
                    filled += size + 1
            else:
                taken_at[depth] = 0
                depth += 1
                state[node] = 3
            continue
        # nothing left to decide: back to the last node that was taken, and bar it
        while depth > 0 and taken_at[depth - 1] == 0:
            depth -= 1
            state[node_at[depth]] = 1
        if depth == 0:
            return filled, out
        depth -= 1
        node = node_at[depth]
        while many > many_at[depth]:
            many -= 1
            state[frontier[many]] = 0
        spot = spot_at[depth] + 1
        size -= 1
        amount -= weights[node]
        state[node] = 3
        taken_at[depth] = 0
        depth += 1


def enumerate_regions(
    ground: Ground, *, root: int, free: Bools, number: int, most: int = 20_000_000
) -> list[Ints]:
    """Every connected set of free nodes that holds ``root``, keeps the first window, and may be one of ``number``.

    It may be if each piece of the rest can hold a whole number of districts, one less than ``number`` in all.

    Raises
    ------
    MemoryError
        If there are more than fit into ``most`` entries; this is for small grounds.
    """
    window = ground.windows[0]
    pointers, neighbours, _ = ground.neighbours
    filled, out = _grown(
        root, free, pointers, neighbours, window.weights, window.low, window.high, number - 1, most
    )
    if filled < 0:
        raise MemoryError(f"more regions around node {root} than fit into {most} entries")
    found = []
    spot = 0
    while spot < filled:
        found.append(np.sort(out[spot + 1 : spot + 1 + out[spot]]))
        spot += int(out[spot]) + 1
    return found


def enumerate_plans(ground: Ground) -> Iterator[tuple[Ints, ...]]:
    """Every connected plan of a small ground inside its first window, each once.

    Regions around the heaviest node left, over and over: there are fewest of those.
    """
    yield from _complete(ground, np.ones(ground.n, dtype=np.bool_), ground.number, ())


def _complete(ground: Ground, free: Bools, number: int, done: tuple[Ints, ...]) -> Iterator[tuple[Ints, ...]]:
    """Complete a plan on the free nodes."""
    if number == 0:
        yield done
        return
    root = int(np.where(free, ground.windows[0].weights, -1.0).argmax())
    for region in enumerate_regions(ground, root=root, free=free, number=number):
        rest = free.copy()
        rest[region] = False
        yield from _complete(ground, rest, number - 1, (*done, region))
